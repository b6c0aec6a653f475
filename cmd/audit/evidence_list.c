/* The list of a sample's files against its signature and against what lies in the folder. */
#include "evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char list_name[] = "evidence.tsv", head_word[] = "# nks sample list 1";

/* What may stand in a sample's folder beside the evidence of slices and the seals. */
static const char *const fixed_names[] = {"files.tsv", "population.tsv", "published.log", "sample.tsv"};

struct listing {
    struct evidence *evidence;
    struct nks_sys_list files, seals;
    char **names; /* of files and seals ("seals/NAME"), bytewise; those of seals are ours */
    size_t count, at, slices;
    int64_t lines;
};

static bool name_fits(const char *name)
{
    bool fits = strncmp(name, "slice-", 6) == 0 || strncmp(name, "seals/seal-", 11) == 0;
    for (size_t i = 0; i < sizeof fixed_names / sizeof fixed_names[0] && !fits; i++)
        fits = strcmp(name, fixed_names[i]) == 0;
    return fits;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- what lies there */

static void at_file(struct audit *audit, const char *name)
{
    char plain[NKS_PATH_MAX];
    snprintf(plain, sizeof plain, "%s", name);
    nks_text_plain(plain);
    audit_at(audit, "file %.200s", plain);
}

static enum nks_status odd_find(struct evidence *evidence, const char *dir)
{
    struct audit *audit = evidence->audit;
    struct nks_sys_list odd = {NULL, 0, false};
    NKS_TRY(nks_sys_list_odd(dir, EVIDENCE_FILES_MAX, &odd, &audit->fault));
    for (size_t i = 0; i < odd.count; i++) {
        at_file(audit, odd.names[i]);
        audit_find(audit, "it is no regular file");
    }
    nks_sys_list_free(&odd);
    return NKS_OK;
}

static enum nks_status folders_find(struct evidence *evidence, const char *dir, bool *seals)
{
    struct audit *audit = evidence->audit;
    struct nks_sys_list folders = {NULL, 0, false};
    NKS_TRY(nks_sys_list(dir, EVIDENCE_FILES_MAX, true, &folders, &audit->fault));
    for (size_t i = 0; i < folders.count; i++) {
        bool known = seals != NULL && strcmp(folders.names[i], "seals") == 0;
        at_file(audit, folders.names[i]);
        if (known)
            *seals = true;
        else
            audit_find(audit, "it is no folder of a sample");
    }
    nks_sys_list_free(&folders);
    return NKS_OK;
}

static enum nks_status names_join(struct listing *listing)
{
    struct audit *audit = listing->evidence->audit;
    listing->names = calloc(listing->files.count + listing->seals.count + 1, sizeof *listing->names);
    if (listing->names == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to verify a sample");
    for (size_t i = 0; i < listing->seals.count; i++) {
        char *name = malloc(NKS_PATH_MAX);
        if (name == NULL)
            return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to verify a sample");
        snprintf(name, NKS_PATH_MAX, "seals/%s", listing->seals.names[i]);
        listing->names[listing->count++] = name;
    }
    for (size_t i = 0; i < listing->files.count; i++) {
        char *name = listing->files.names[i];
        listing->slices += strncmp(name, "slice-", 6) == 0;
        if (strcmp(name, list_name) != 0)
            listing->names[listing->count++] = name;
    }
    qsort(listing->names, listing->count, sizeof listing->names[0], by_text);
    return NKS_OK;
}

static enum nks_status folder_read(struct listing *listing)
{
    struct evidence *evidence = listing->evidence;
    struct audit *audit = evidence->audit;
    char seals_dir[NKS_PATH_MAX];
    bool seals = false;
    if (!nks_path_join(seals_dir, evidence->dir, "seals"))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample is too long");
    NKS_TRY(nks_sys_list(evidence->dir, EVIDENCE_FILES_MAX, false, &listing->files, &audit->fault));
    NKS_TRY(odd_find(evidence, evidence->dir));
    NKS_TRY(folders_find(evidence, evidence->dir, &seals));
    if (seals) {
        NKS_TRY(nks_sys_list(seals_dir, EVIDENCE_SEALS_MAX, false, &listing->seals, &audit->fault));
        NKS_TRY(odd_find(evidence, seals_dir));
        NKS_TRY(folders_find(evidence, seals_dir, NULL));
    }
    return names_join(listing);
}

/* ---- the list */

static void extra_find(struct listing *listing)
{
    struct audit *audit = listing->evidence->audit;
    at_file(audit, listing->names[listing->at++]);
    audit_find(audit, "it is not in the list evidence.tsv");
}

static enum nks_status bytes_check(struct listing *listing, const char *name, int64_t bytes,
                                   const uint8_t hash[NKS_HASH_SIZE])
{
    struct evidence *evidence = listing->evidence;
    struct audit *audit = evidence->audit;
    char path[NKS_PATH_MAX];
    uint8_t there[NKS_HASH_SIZE];
    int64_t size = 0;
    audit_looked(audit);
    if (!nks_path_join(path, evidence->dir, name))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample is too long");
    NKS_TRY(nks_hash_file(path, there, &size, &audit->fault));
    if (size != bytes || memcmp(there, hash, sizeof there) != 0)
        audit_find(audit, "it has other bytes than the list evidence.tsv says");
    return NKS_OK;
}

/* NAME, BYTES, SHA-256: in order, so that each stands once. */
static enum nks_status list_line(struct listing *listing, struct nks_text line, char last[NKS_PATH_MAX], bool *good)
{
    struct audit *audit = listing->evidence->audit;
    char name[NKS_PATH_MAX];
    uint8_t hash[NKS_HASH_SIZE];
    uint64_t bytes = 0;
    *good = nks_text_copy(nks_text_cut(&line, '\t'), name, sizeof name) && name_fits(name) && strcmp(last, name) < 0 &&
            nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &bytes) && nks_unhex(line, hash, sizeof hash);
    if (!*good)
        return NKS_OK;
    memcpy(last, name, sizeof name);
    listing->lines++;
    while (listing->at < listing->count && strcmp(listing->names[listing->at], name) < 0)
        extra_find(listing);
    at_file(audit, name);
    if (listing->at < listing->count && strcmp(listing->names[listing->at], name) == 0) {
        listing->at++;
        return bytes_check(listing, name, (int64_t)bytes, hash);
    }
    evidence_missing(listing->evidence, "it is not there, but in the list evidence.tsv");
    return NKS_OK;
}

static enum nks_status lines_check(struct listing *listing, struct nks_text rest)
{
    struct audit *audit = listing->evidence->audit;
    struct nks_text head = nks_text_cut(&rest, '\n');
    struct nks_text word = nks_text_cut(&head, '\t');
    char last[NKS_PATH_MAX] = "";
    uint64_t files = 0;
    bool good = nks_text_is(word, head_word) && nks_text_starts(head, "files ") &&
                nks_text_number(nks_text_slice(head, 6, head.len), EVIDENCE_FILES_MAX, &files);
    while (good && rest.len > 0 && rest.ptr[0] != '#')
        NKS_TRY(list_line(listing, nks_text_cut(&rest, '\n'), last, &good));
    while (listing->at < listing->count)
        extra_find(listing);
    (void)nks_text_cut(&rest, '\n');
    audit_at(audit, "file %s", list_name);
    if (!good || rest.len > 0 || (int64_t)files != listing->lines)
        audit_find(audit, "it has not the lines of such a list");
    return NKS_OK;
}

static enum nks_status list_check(struct listing *listing)
{
    struct evidence *evidence = listing->evidence;
    char *data = NULL;
    size_t len = 0;
    NKS_TRY(evidence_file(evidence, list_name, &data, &len));
    if (data == NULL)
        return NKS_OK;
    audit_looked(evidence->audit);
    enum evidence_signed is = evidence_signature(evidence->audit, data, len);
    if (is == EVIDENCE_UNSIGNED)
        evidence_missing(evidence, "nobody signed it: the sample was drawn without the secret keys");
    else if (is == EVIDENCE_FORGED)
        audit_find(evidence->audit, "its signature does not hold");
    enum nks_status status = lines_check(listing, (struct nks_text){data, len});
    free(data);
    return status;
}

enum nks_status evidence_list_check(struct evidence *evidence, int64_t *slices)
{
    struct listing listing = {.evidence = evidence};
    enum nks_status status = folder_read(&listing);
    if (status == NKS_OK)
        status = list_check(&listing);
    *slices = (int64_t)listing.slices;
    for (size_t i = 0; i < listing.count; i++) {
        if (strncmp(listing.names[i], "seals/", 6) == 0)
            free(listing.names[i]);
    }
    free(listing.names);
    nks_sys_list_free(&listing.files);
    nks_sys_list_free(&listing.seals);
    return status;
}
