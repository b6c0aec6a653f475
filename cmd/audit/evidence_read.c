/* Reading a sample's files: only regular ones, in strict forms. */
#include "evidence.h"

#include <stdlib.h>
#include <string.h>

void evidence_missing(struct evidence *evidence, const char *words)
{
    evidence->missing++;
    audit_find(evidence->audit, "%s", words);
}

enum nks_status evidence_file(struct evidence *evidence, const char *name, char **data, size_t *len)
{
    struct audit *audit = evidence->audit;
    char path[NKS_PATH_MAX];
    *data = NULL;
    *len = 0;
    audit_at(audit, "file %.200s", name);
    if (!nks_path_join(path, evidence->dir, name))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample is too long");
    if (!nks_sys_exists(path)) {
        evidence_missing(evidence, "it is not there");
        return NKS_OK;
    }
    enum nks_status status = nks_file_read(path, EVIDENCE_FILE_MAX, data, len, &audit->fault);
    if (status != NKS_REFUSED)
        return status;
    audit_find(audit, "it is no regular file, or is too large");
    nks_fault_clear(&audit->fault);
    return NKS_OK;
}

bool evidence_ints(struct nks_text rest, int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && memchr(rest.ptr, '\t', rest.len) == NULL)
            return false;
        struct nks_text field = i + 1 < count ? nks_text_cut(&rest, '\t') : rest;
        uint64_t value = 0;
        bool negative = nks_text_starts(field, "-");
        if (negative)
            field = nks_text_slice(field, 1, field.len);
        if (!nks_text_number(field, (uint64_t)INT64_MAX + negative, &value))
            return false;
        values[i] = negative ? (int64_t)(0 - value) : (int64_t)value;
    }
    return true;
}

enum evidence_signed evidence_signature(struct audit *audit, const char *data, size_t len)
{
    static const char none[] = "\n# signature -\n", word[] = "\n# signature ";
    enum { HEX = 2 * NKS_SIGNATURE_SIZE, TAIL = sizeof word - 1 + HEX + 1 };
    uint8_t hash[NKS_HASH_SIZE], signature[NKS_SIGNATURE_SIZE];
    struct nks_fault ignored = {.status = NKS_OK};
    if (len >= sizeof none - 1 && memcmp(data + len - (sizeof none - 1), none, sizeof none - 1) == 0)
        return EVIDENCE_UNSIGNED;
    if (len < TAIL || data[len - 1] != '\n' || memcmp(data + len - TAIL, word, sizeof word - 1) != 0 ||
        !nks_unhex((struct nks_text){data + len - 1 - HEX, HEX}, signature, sizeof signature))
        return EVIDENCE_FORGED;
    nks_hash_once(data, len - TAIL + 1, hash);
    return nks_sign_verify(audit->keys, hash, sizeof hash, signature, &ignored) == NKS_OK ? EVIDENCE_SIGNED
                                                                                          : EVIDENCE_FORGED;
}
