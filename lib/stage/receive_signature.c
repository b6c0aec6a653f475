/* The signature beside a received file: taken with it, judged while it is copied, enforced before it is read. */
#include "stage/receive_signature.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

static enum nks_status path_of(const struct nks_taking *taking, const char *dir, char out[NKS_PATH_MAX])
{
    char name[NKS_PATH_MAX];
    struct nks_buf buf;
    nks_buf_init(&buf, name, sizeof name - 1);
    nks_buf_printf(&buf, "%s.p7s", taking->name);
    name[buf.len] = '\0';
    return !buf.overflow && nks_path_join(out, dir, name)
               ? NKS_OK
               : nks_fault_set(&taking->run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
}

enum nks_signature_rule nks_signature_rule_of(const struct nks_run *run, enum nks_source source, const char *party)
{
    struct nks_text name = nks_text_from(party);
    if (source == NKS_SOURCE_SENDER)
        return nks_agreement_sender_signature(&run->agreements, name, run->today);
    const struct nks_central *central = nks_central_by_name(&run->centrals, name);
    return central != NULL ? central->signature : NKS_SIGNATURE_NONE;
}

/* ---- judged */

static enum nks_status read_p7s(struct nks_signature_in *signature, const char *path)
{
    struct nks_fault *fault = &signature->taking->run->fault;
    int fd = -1;
    signature->p7s = malloc(NKS_P7S_MAX + 1); /* the one byte more shows that it is too large */
    if (signature->p7s == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to receive a signature");
    NKS_TRY(nks_sys_open_read(path, &fd, fault));
    enum nks_status status = nks_sys_read(fd, signature->p7s, NKS_P7S_MAX + 1, &signature->len, fault);
    close(fd);
    return status;
}

static enum nks_status judge(const struct nks_taking *taking, struct nks_cms *cms, struct nks_delivery_signature *out)
{
    const struct nks_signer *signers[NKS_SIGNERS_OF_PARTY_MAX];
    struct nks_cert *certs[NKS_SIGNERS_OF_PARTY_MAX] = {NULL};
    struct nks_pin pins[NKS_SIGNERS_OF_PARTY_MAX];
    size_t count = nks_signers_of(&taking->run->signers, taking->source, taking->party, signers), which = count;
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < count && status == NKS_OK; i++) {
        status = nks_cert_read(signers[i]->der.ptr, signers[i]->der.len, &certs[i], &taking->run->fault);
        pins[i] = (struct nks_pin){certs[i], signers[i]->from, signers[i]->to};
    }
    if (status == NKS_OK)
        out->verdict = nks_cms_judge(cms, pins, count, taking->run->now, &which);
    out->signer = status == NKS_OK && which < count ? signers[which]->number : 0;
    for (size_t i = 0; i < count; i++)
        nks_cert_free(certs[i]);
    return status;
}

/* The bytes of the file as it lies there now, through the signature. */
static enum nks_status add_file(struct nks_signature_in *signature, const char *path)
{
    struct nks_fault *fault = &signature->taking->run->fault;
    static char buffer[READ_SIZE];
    int fd = -1;
    NKS_TRY(nks_sys_open_read(path, &fd, fault));
    enum nks_status status = NKS_OK;
    for (size_t got = 1; got > 0 && status == NKS_OK;) {
        status = nks_sys_read(fd, buffer, sizeof buffer, &got, fault);
        if (status == NKS_OK)
            nks_signature_add(signature, buffer, got);
    }
    close(fd);
    return status;
}

static enum nks_status is_over_other_bytes(const struct nks_taking *taking, const char *p7s, const char *path,
                                           bool *other)
{
    struct nks_signature_in signature = {.taking = taking};
    struct nks_delivery_signature found = {.verdict = NKS_CMS_IGNORED};
    enum nks_status status = read_p7s(&signature, p7s);
    if (status == NKS_OK)
        status = nks_cms_open(signature.p7s, signature.len, &signature.cms, &taking->run->fault);
    if (status == NKS_OK)
        status = add_file(&signature, path);
    if (status == NKS_OK)
        status = judge(taking, signature.cms, &found);
    *other = status == NKS_OK && found.verdict == NKS_CMS_CONTENT;
    nks_signature_close(&signature);
    return status;
}

/*
 * A signature that came too late for an earlier file of this name would be taken for this one's, which would be refused
 * for it; and this one's own, when it comes, would meet the next file. So where the signature is much older than the
 * file and is over other bytes, the file waits for its own as if there were none yet. It is not looked at twice where
 * nothing is odd, and in the end it is judged as it is: a file with a bad signature is never taken as unsigned.
 */
static enum nks_status wait_for_own(const struct nks_taking *taking, const char *p7s, nks_time dropped, bool *wait)
{
    const struct nks_run *run = taking->run;
    struct nks_fault unimportant = {.status = NKS_OK};
    char path[NKS_PATH_MAX];
    int64_t size = 0;
    nks_time signed_at = 0;
    *wait = false;
    if (dropped == 0 || nks_sys_now() - dropped >= run->conf.signature_seconds ||
        nks_signature_rule_of(run, taking->source, taking->party) == NKS_SIGNATURE_NONE ||
        nks_sys_stat(p7s, &size, &signed_at, &unimportant) != NKS_OK ||
        dropped - signed_at < run->conf.signature_seconds || !nks_path_join(path, taking->dir, taking->name))
        return NKS_OK;
    const struct nks_fault before = run->fault;
    enum nks_status status = is_over_other_bytes(taking, p7s, path, wait);
    if (status == NKS_FAILED || status == NKS_REFUSED) { /* one of the two was taken back: who moves them will see it */
        taking->run->fault = before;
        status = NKS_OK;
    }
    taking->run->counts.skipped += *wait ? 1 : 0;
    return status;
}

enum nks_status nks_signature_is_alone(const struct nks_taking *taking, bool *alone)
{
    struct nks_fault unimportant = {.status = NKS_OK};
    char path[NKS_PATH_MAX], there[NKS_PATH_MAX], taken[NKS_PATH_MAX];
    int64_t size = 0;
    nks_time changed = 0;
    size_t len = strlen(taking->name);
    *alone = strcmp(taking->name + len - strlen(".p7s"), ".p7s") != 0;
    if (*alone)
        return NKS_OK;
    if (!nks_path_join(path, taking->dir, taking->name) || !nks_path_join(there, taking->dir, taking->name) ||
        !nks_path_join(taken, taking->taken, taking->name))
        return nks_fault_set(&taking->run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
    there[strlen(there) - strlen(".p7s")] = '\0';
    taken[strlen(taken) - strlen(".p7s")] = '\0';
    *alone = !nks_sys_exists(there) && !nks_sys_exists(taken) &&
             nks_sys_stat(path, &size, &changed, &unimportant) == NKS_OK &&
             nks_sys_now() - changed >= taking->run->conf.signature_seconds;
    return NKS_OK;
}

/* ---- into .taken/ and out of it */

/* A file without signature, whose party must sign, is given some time: the signature may come after it. */
static bool may_come(const struct nks_taking *taking, nks_time dropped)
{
    const struct nks_run *run = taking->run;
    return dropped != 0 && nks_sys_now() - dropped < run->conf.signature_seconds &&
           nks_signature_rule_of(run, taking->source, taking->party) == NKS_SIGNATURE_REQUIRED;
}

static bool is_readable(const char *path)
{
    struct nks_fault unimportant = {.status = NKS_OK};
    int fd = -1;
    if (nks_sys_open_read(path, &fd, &unimportant) != NKS_OK)
        return false;
    close(fd);
    return true;
}

/* A link, a pipe, one that nks may not read, or one that is still being written: the file waits for it, so that it is
 * never taken as unsigned. */
static bool is_ready(const struct nks_taking *taking, const char *path)
{
    struct nks_fault unimportant = {.status = NKS_OK};
    int64_t size = 0, settle = taking->run->conf.settle_seconds;
    nks_time changed = 0;
    if (nks_sys_stat(path, &size, &changed, &unimportant) != NKS_OK || !is_readable(path)) {
        taking->run->counts.skipped++;
        return false;
    }
    return settle == 0 || nks_sys_now() - changed >= settle;
}

enum nks_status nks_signature_fetch(const struct nks_taking *taking, nks_time dropped, bool *wait)
{
    struct nks_fault *fault = &taking->run->fault, gone = {.status = NKS_OK};
    char from[NKS_PATH_MAX], to[NKS_PATH_MAX];
    *wait = false;
    NKS_TRY(path_of(taking, taking->dir, from));
    NKS_TRY(path_of(taking, taking->taken, to));
    if (!nks_sys_exists(from)) {
        *wait = !nks_sys_exists(to) && may_come(taking, dropped);
        return NKS_OK;
    }
    if (dropped == 0 && nks_sys_exists(to))
        return NKS_OK; /* it is of a later file of this name */
    *wait = !is_ready(taking, from);
    if (!*wait)
        NKS_TRY(wait_for_own(taking, from, dropped, wait));
    if (*wait)
        return NKS_OK;
    NKS_TRY(nks_sys_unlink(to, fault)); /* of a try that was killed before its file was moved; there is a newer one */
    enum nks_status status = nks_sys_rename(from, to, &gone);
    if (status == NKS_FAILED && strcmp(gone.code, "FILE-MISSING") == 0) {
        *wait = true; /* taken back; the next run looks again */
        return NKS_OK;
    }
    if (status != NKS_OK) {
        *fault = gone;
        return status;
    }
    NKS_TRY(nks_sys_fsync_dir(taking->taken, fault));
    NKS_TRY(nks_sys_fsync_dir(taking->dir, fault));
    nks_sys_point("receive.signature");
    return NKS_OK;
}

enum nks_status nks_signature_remove(const struct nks_taking *taking)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(path_of(taking, taking->taken, path));
    if (!nks_sys_exists(path))
        return NKS_OK;
    NKS_TRY(nks_sys_unlink(path, &taking->run->fault));
    NKS_TRY(nks_sys_fsync_dir(taking->taken, &taking->run->fault));
    nks_sys_point("receive.signature-gone");
    return NKS_OK;
}

/* ---- while the file is copied */

enum nks_status nks_signature_open(const struct nks_taking *taking, struct nks_signature_in *signature)
{
    char path[NKS_PATH_MAX];
    *signature = (struct nks_signature_in){.taking = taking,
                                           .rule = nks_signature_rule_of(taking->run, taking->source, taking->party)};
    NKS_TRY(path_of(taking, taking->taken, path));
    if (!nks_sys_exists(path))
        return NKS_OK;
    NKS_TRY(read_p7s(signature, path));
    if (signature->rule == NKS_SIGNATURE_NONE)
        return NKS_OK;
    return nks_cms_open(signature->p7s, signature->len, &signature->cms, &taking->run->fault);
}

void nks_signature_add(struct nks_signature_in *signature, const void *data, size_t len)
{
    if (signature->cms != NULL)
        nks_cms_add(signature->cms, data, len);
}

void nks_signature_close(struct nks_signature_in *signature)
{
    nks_cms_free(signature->cms);
    free(signature->p7s);
    signature->cms = NULL;
    signature->p7s = NULL;
}

enum nks_status nks_signature_save(struct nks_signature_in *signature, int64_t delivery_id)
{
    struct nks_run *run = signature->taking->run;
    struct nks_delivery_signature found = {.verdict = NKS_CMS_IGNORED};
    if (signature->p7s == NULL)
        return NKS_OK;
    if (signature->cms != NULL)
        NKS_TRY(judge(signature->taking, signature->cms, &found));
    return nks_delivery_signature_save(run->exchange, delivery_id, &found,
                                       (struct nks_text){signature->p7s, signature->len}, &run->fault);
}

/* ---- enforced before the file is read */

static const enum nks_reason reasons[NKS_CMS_VERDICTS] = {
    [NKS_CMS_NONE] = NKS_REASON_SIGNATURE_MISSING,  [NKS_CMS_GOOD] = NKS_REASON_NONE,
    [NKS_CMS_FORM] = NKS_REASON_SIGNATURE_BAD,      [NKS_CMS_ALGORITHM] = NKS_REASON_SIGNATURE_BAD,
    [NKS_CMS_CONTENT] = NKS_REASON_SIGNATURE_BAD,   [NKS_CMS_SIGNER] = NKS_REASON_SIGNER_UNKNOWN,
    [NKS_CMS_SIGNATURE] = NKS_REASON_SIGNATURE_BAD, [NKS_CMS_TIME] = NKS_REASON_SIGNER_TIME,
    [NKS_CMS_IGNORED] = NKS_REASON_SIGNATURE_BAD, /* the rule became stricter since: it was never judged */
};

/* What is read again by hand has the signature of the delivery that came. */
static enum nks_status first_of(struct nks_run *run, const struct nks_delivery *delivery, int64_t *id)
{
    struct nks_delivery earlier = *delivery;
    while (earlier.replays != 0) { /* ends: a replay has a higher number than what it replays */
        bool found = false;
        int64_t later = earlier.id, wanted = earlier.replays;
        if (wanted < later)
            NKS_TRY(nks_delivery_load(run->exchange, wanted, &earlier, &found, &run->fault));
        if (!found)
            return nks_fault_set(&run->fault, NKS_INTEGRITY, "DELIVERY-ROW",
                                 "the delivery that #%lld reads again is missing", (long long)later);
    }
    *id = earlier.id;
    return NKS_OK;
}

enum nks_status nks_signature_refuses(struct nks_run *run, const struct nks_delivery *delivery, enum nks_reason *reason)
{
    enum nks_signature_rule rule = nks_signature_rule_of(run, delivery->source, delivery->party);
    struct nks_delivery_signature found;
    *reason = NKS_REASON_NONE;
    if (rule == NKS_SIGNATURE_NONE)
        return NKS_OK;
    int64_t first = delivery->id;
    NKS_TRY(first_of(run, delivery, &first));
    NKS_TRY(nks_delivery_signature_load(run->exchange, first, &found, &run->fault));
    bool known = (unsigned)found.verdict < NKS_CMS_VERDICTS;
    if (rule == NKS_SIGNATURE_REQUIRED || found.verdict != NKS_CMS_NONE)
        *reason = known ? reasons[found.verdict] : NKS_REASON_SIGNATURE_BAD;
    return NKS_OK;
}
