/* An order through the jailed reader: the header's facts, and the payments counted and added again. */
#include "exchange/verify_private.h"

#include "iso20022/spawn.h"

#include <string.h>
#include <unistd.h>

struct reading {
    struct verify *verify;
    struct verify_entry *entry;
    struct nks_hash *hash;
    int fd;
    uint64_t payments;
    struct nks_sum sum;
    bool header, complete, bad;
};

static enum nks_status source(void *user, struct nks_text *piece, struct nks_fault *fault)
{
    struct reading *reading = user;
    size_t got = 0;
    NKS_TRY(nks_sys_read(reading->fd, reading->verify->buffer, VERIFY_READ_SIZE, &got, fault));
    nks_hash_add(reading->hash, reading->verify->buffer, got);
    *piece = (struct nks_text){reading->verify->buffer, got};
    return NKS_OK;
}

static void on_header(struct reading *reading, struct nks_text record)
{
    struct verify_entry *entry = reading->entry;
    reading->header =
        nks_text_copy(nks_record_slot(record, NKS_SLOT_MSG_ID), entry->message_id, sizeof entry->message_id) &&
        nks_text_number(nks_record_slot(record, NKS_SLOT_NB_OF_TXS), UINT64_MAX, &entry->payments) &&
        nks_sum_parse(nks_record_slot(record, NKS_SLOT_CTRL_SUM), &entry->sum);
}

static void on_payment(struct reading *reading, struct nks_text record)
{
    struct nks_sum amount;
    reading->payments++;
    reading->bad |= !nks_sum_parse(nks_record_slot(record, NKS_SLOT_INSTD_AMT), &amount) ||
                    __builtin_add_overflow(reading->sum.scaled, amount.scaled, &reading->sum.scaled);
}

static enum nks_status on_frame(void *user, const struct nks_reader_frame *frame, struct nks_fault *fault)
{
    (void)fault;
    struct reading *reading = user;
    if (frame->kind == NKS_FRAME_HEADER)
        on_header(reading, frame->record);
    else if (frame->kind == NKS_FRAME_PAYMENT)
        on_payment(reading, frame->record);
    else if (frame->kind == NKS_FRAME_END)
        reading->complete = frame->end.complete == 1;
    return NKS_OK;
}

static enum nks_status pump(struct reading *reading, enum nks_reader_end *end)
{
    struct verify *verify = reading->verify;
    const struct nks_reader_calls calls = {reading, source, on_frame};
    struct nks_reader *reader = NULL;
    struct nks_reader_usage usage;
    NKS_TRY(nks_reader_open(verify->options->reader, (int64_t)reading->entry->bytes, &reader, verify->fault));
    enum nks_status status = nks_reader_pump(reader, &calls, end, verify->fault);
    nks_reader_close(reader, &usage);
    if (status == NKS_OK && *end == NKS_READER_NO_JAIL)
        return nks_fault_set(verify->fault, NKS_FAILED, "JAIL-NONE",
                             "this machine gives the reader no jail (seccomp); use a kernel that does");
    return status;
}

static enum nks_status read_order(struct reading *reading)
{
    struct verify_entry *entry = reading->entry;
    enum nks_reader_end end = NKS_READER_DONE;
    uint8_t hash[NKS_HASH_SIZE];
    NKS_TRY(pump(reading, &end));
    if (end != NKS_READER_DONE || !reading->complete || !reading->header) {
        entry->message_id[0] = '\0';
        entry->payments = 0;
        entry->sum = (struct nks_sum){0};
        verify_say(entry, NKS_VERIFY_UNREADABLE, "it is signed, and cannot be read as an order: nks check says why");
        return NKS_OK;
    }
    nks_hash_end(reading->hash, hash);
    if (memcmp(hash, entry->hash, NKS_HASH_SIZE) != 0)
        verify_say(entry, NKS_VERIFY_CHANGED, verify_changed);
    else if (reading->bad || reading->payments != entry->payments || !nks_sum_equal(reading->sum, entry->sum))
        verify_say(entry, NKS_VERIFY_FACTS, "NbOfTxs or CtrlSum of its header is not what its payments come to");
    return NKS_OK;
}

enum nks_status verify_order(struct verify *verify, const char *path, struct verify_entry *entry)
{
    struct reading reading = {.verify = verify, .entry = entry, .fd = -1, .hash = nks_hash_new()};
    if (reading.hash == NULL)
        return nks_fault_set(verify->fault, NKS_RETRY, "MEMORY", "no memory to hash a file");
    nks_sys_point("verify.signed");
    enum nks_status status = verify_open(verify, path, entry, NKS_VERIFY_CHANGED, verify_changed, &reading.fd);
    if (status == NKS_OK && reading.fd >= 0) {
        status = read_order(&reading);
        close(reading.fd);
    }
    nks_hash_free(reading.hash);
    return status;
}
