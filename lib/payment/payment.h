#ifndef NKS_PAYMENT_PAYMENT_H
#define NKS_PAYMENT_PAYMENT_H
/*
 * Payments: the batch, its groups, slices, payments and legs, their states, and their rows.
 *
 * A slice is up to NKS_SLICE_PAYMENTS payments of one batch with one execution date: the unit of memory, work, commit
 * and encryption. What a payer wrote of each payment is a record (iso20022/frame.h) inside the slice's details, one
 * blob, encrypted under the batch's own key and written once. What nks decided (accounts, parts of debt) is the slice's
 * decisions, one blob per generation, encrypted under the decision key. Rows of payments and legs are narrow.
 *
 * slice_id = batch_id << 14 | number of the slice in the batch (from 1); payment_id = slice_id << 14 | n (from 1).
 * Order: ingest creates; resolve, offset, route decide; emit reads; collect changes states of legs. Pure decisions are
 * in payee.c, check.c, status.c and know no database.
 */
#include "base/arena.h"
#include "base/date.h"
#include "base/file.h"
#include "base/money.h"
#include "base/party.h"
#include "db/db.h"
#include "denmark/account.h"
#include "denmark/holder.h"
#include "denmark/slip.h"
#include "iso20022/frame.h"
#include "iso20022/reason.h"
#include "vault/blind.h"
#include "vault/blob.h"
#include "vault/cipher.h"
#include "vault/sign.h"

enum {
    NKS_SLICE_PAYMENTS = 10000,
    NKS_SLICE_DETAILS = 8 * 1024 * 1024, /* bytes of records in one slice */
    NKS_SLICE_DECISIONS = 16 * 1024 * 1024,
    NKS_SLICE_LEGS = 80000,
    NKS_SLICE_BITS = 14,
    NKS_SLICES_MAX = (1 << NKS_SLICE_BITS) - 1, /* of one batch */
    NKS_SLICES_OPEN = 8,                        /* execution dates that may be filled at the same time */
    NKS_BATCH_REF = 16,
    NKS_LEG_ID_MAX = 36,
    NKS_HORIZON_DAYS = 366, /* how far ahead an execution date may lie */
};

/* The one place that knows how the id of a slice is made: slices of a batch stand together, in the order of numbers. */
static inline int64_t nks_slice_id(int64_t batch_id, int64_t number)
{
    return (batch_id << NKS_SLICE_BITS) + number;
}
static inline int64_t nks_slice_batch(int64_t slice_id)
{
    return slice_id >> NKS_SLICE_BITS;
}

/* ---- states: stored, so append only. doc/payment.md shows the same tables; tests/unit/test_states.c compares. */

enum nks_batch_state { NKS_BATCH_READING = 1, NKS_BATCH_ACCEPTED = 2, NKS_BATCH_REFUSED = 3 };
enum nks_slice_state {
    NKS_SLICE_READ = 1,    /* belongs to a batch that is still being read */
    NKS_SLICE_WAITING = 2, /* until it is due */
    NKS_SLICE_RESOLVED = 3,
    NKS_SLICE_OFFSET = 4,
    NKS_SLICE_ROUTED = 5,
    NKS_SLICE_EMITTED = 6, /* every leg stands in an order file */
    NKS_SLICE_STOPPED = 7,
};
enum nks_payment_state { NKS_PAYMENT_ACCEPTED = 1, NKS_PAYMENT_REJECTED = 2, NKS_PAYMENT_STOPPED = 3 };
enum nks_leg_state {
    NKS_LEG_PLANNED = 1,
    NKS_LEG_IN_FILE = 2, /* in the order file `file_id`; that file's state tells whether the central has it */
    NKS_LEG_SETTLED = 3,
    NKS_LEG_REJECTED = 4,
    NKS_LEG_RETURNED = 5,
    NKS_LEG_STOPPED = 6,
};
struct nks_state_move {
    int from, to;
    const char *by;
}; /* from 0: creation */
struct nks_state_table {
    const char *noun;
    const char *const *names; /* by number, [0] unused */
    size_t count;
    const struct nks_state_move *moves;
    size_t move_count;
};
enum nks_state_noun { NKS_STATE_BATCH, NKS_STATE_SLICE, NKS_STATE_PAYMENT, NKS_STATE_LEG, NKS_STATE_NOUNS };
const struct nks_state_table *nks_state_table(enum nks_state_noun noun);
const char *nks_state_name(enum nks_state_noun noun, int state); /* "?" for an unknown number */
bool nks_state_may_move(enum nks_state_noun noun, int from, int to);

/* ---- who is paid: from what the payer wrote (payee.c, pure) */

enum nks_payee_found { NKS_PAYEE_NONE, NKS_PAYEE_GOOD, NKS_PAYEE_BAD };
struct nks_payee {
    enum nks_payee_found found;
    enum nks_holder_kind kind;
    char id[NKS_HOLDER_ID_MAX];
    bool
        maybe_se; /* TXID: `kind` is CVR; SE when the register knows no such CVR. The same 8 digits are the SE number */
};
/* Finds the payee's id in a PAYMENT record by the table of accepted forms (DOMAIN 1.4). A scheme that the table does
 * not know is no payee id. */
void nks_payee_find(struct nks_text record, struct nks_payee *out);

enum nks_creditor_account_found { NKS_CREDITOR_ACCOUNT_NONE, NKS_CREDITOR_ACCOUNT_GOOD, NKS_CREDITOR_ACCOUNT_BAD };
/* The account the payer wrote (creditor.c). NONE: no CdtrAcct or NOTPROVIDED, the payment is incomplete. An IBAN, a
 * BBAN (a number without any scheme is one), a payment slip (scheme OCR); other schemes go to the bank as written. A
 * slip whose kortart or payment id is wrong is GOOD with kind NONE here: its fault is told by nks_creditor_facts. */
enum nks_creditor_account_found nks_creditor_account_find(struct nks_text record, struct nks_account *out);
/* The debtor account of a GROUP record; false when it is none that nks knows the form of. */
NKS_CHECKED bool nks_debtor_account_find(struct nks_text group_record, struct nks_account *out);
/* LclInstrm/Prtry of the payment, else Purp/Prtry, else LclInstrm/Prtry of the group; may be empty. */
struct nks_text nks_ydelsesart_find(struct nks_text payment_record, struct nks_text group_record);

/* ---- the rules for one payment (check.c, pure): a table, one row per rule */

struct nks_payment_facts {
    bool group_repeated; /* its PmtInfId stood earlier in the message */
    bool debtor_account_allowed, central_known;
    bool debtor_is_other; /* Dbtr/Id is the CVR number of another payer */
    bool date_good, date_past, date_beyond;
    enum nks_amount_fault amount_fault;
    int64_t amount_minor;
    bool currency_good;
    bool above_max; /* the agreement's max_payment */
    bool ydelsesart_allowed;
    enum nks_payee_found payee;
    enum nks_creditor_account_found account;
    enum nks_slip_fault slip; /* GOOD also where it is no slip */
    bool bic_bad;             /* of the creditor's bank, in a complete payment */
    bool reference_bad;       /* it says that it is an RF reference and is none */
    bool abroad;              /* complete, to an account outside of Denmark, the Faroe Islands and Greenland */
    bool address_missing, characters_bad; /* what a payment abroad needs */
};
/* Fills what the record says of the creditor's account, bank and reference, from `account` on (creditor.c, pure). */
void nks_creditor_facts(struct nks_text record, struct nks_payment_facts *facts);
/* True when a bank abroad can carry every character, as it is or by a counterpart. `text` is well-formed UTF-8. */
bool nks_text_abroad(struct nks_text text);

struct nks_payment_rule {
    enum nks_reason reason;
    bool (*broken)(const struct nks_payment_facts *facts);
};
const struct nks_payment_rule *nks_payment_rules(size_t *count);
/* The first rule broken, NKS_REASON_NONE when the payment is fine. */
enum nks_reason nks_payment_check(const struct nks_payment_facts *facts);

/* ---- the rules for a whole message (file_check.c, pure): a table too, but every broken one is told */

/* When a rule is asked, which is also the place it speaks of: the message, or the group at hand. */
enum nks_file_moment { NKS_FILE_OPENED, NKS_FILE_GROUP, NKS_FILE_GROUP_END, NKS_FILE_END };
struct nks_file_facts { /* only those of the moment are filled */
    bool sender_known;
    bool agreement_found, two_payers, too_many;
    bool count_differs, sum_differs; /* of the group, or of the message */
    bool sum_too_large, above_max_batch;
    bool message_seen;
};
struct nks_file_rule {
    enum nks_reason reason;
    enum nks_file_moment moment;
    bool (*broken)(const struct nks_file_facts *facts);
};
enum { NKS_FILE_REASONS_MAX = 12 };
const struct nks_file_rule *nks_file_rules(size_t *count);
/* Every broken rule of the moment, in the order of the table; how many. */
size_t nks_file_check(enum nks_file_moment moment, const struct nks_file_facts *facts,
                      enum nks_reason reasons[NKS_FILE_REASONS_MAX]);

/* ---- the day (execution.c, pure) */

/* The first day on which a bank carries out what it is given now: today, as long as it is a bank day before the
 * central's cut-off (`minute` and `cut_off` in minutes of Copenhagen's day), else the next bank day. */
nks_date nks_execution_earliest(nks_date today, int minute, int cut_off);
struct nks_execution {
    bool good, past, beyond; /* a date at all; gone; further ahead than NKS_HORIZON_DAYS */
    nks_date date;           /* the bank day to use; `earliest` for what will be rejected */
    enum nks_reason moved;   /* DATE_MOVED or CUT_OFF: why that is another day than was written; else NONE */
};
/* `written` is ReqdExctnDt, a date or an instant. */
void nks_execution_decide(struct nks_text written, nks_date today, nks_date earliest, struct nks_execution *out);

/* ---- the batch */

enum nks_batch_kind { NKS_BATCH_ORDER = 1, NKS_BATCH_COMPLETION = 2 };
enum nks_batch_origin {
    NKS_ORIGIN_SENDER = 1,
    NKS_ORIGIN_VENTEKONTO = 2,
    NKS_ORIGIN_RETURNED = 3,
    NKS_ORIGIN_CORRECTION = 4
};
enum nks_batch_mode { NKS_MODE_LIVE = 1, NKS_MODE_SHADOW = 2 };

struct nks_batch {
    int64_t id, delivery_id;
    enum nks_batch_kind kind;
    enum nks_batch_origin origin;
    enum nks_batch_mode mode;
    enum nks_batch_state state;
    enum nks_reason reason; /* why refused */
    enum nks_pain001_version version;
    enum nks_encoding encoding;
    int64_t agreement_id; /* 0: none found */
    char sender[NKS_PARTY_MAX], payer[NKS_PARTY_MAX];
    char ref[NKS_BATCH_REF + 1]; /* base 32, from received bytes and sender; the stem of ids and file names */
    struct nks_blind message;    /* blind key of sender | payer | MsgId; 0 when none was read */
    nks_time created;
    int64_t payments, rejected, slices, groups;
    struct nks_sum sum;
    uint8_t wrapped_key[NKS_WRAPPED_KEY];
    struct nks_cipher *cipher; /* of the details; opened by load or create, closed by nks_batch_close */
    char *header;              /* HEADER record, malloc'ed */
    size_t header_len;
    nks_time erased; /* 0: not. Then there is no cipher and no header */
};

/* ---- the slice in memory */

struct nks_destination { /* where a leg goes; part of the decisions */
    struct nks_account account;
    char party_name[141]; /* not the payee: debt authority, ventekonto, error account */
    char party_cvr[9];
    char reference[36]; /* claim or flag id */
    int64_t claim_key;  /* of a SPLIT use */
    int64_t version;    /* of the register or debt import that decided */
};
enum nks_leg_kind { /* stored: append only */
                    NKS_LEG_PAYEE = 1,
                    NKS_LEG_DEBT = 2,
                    NKS_LEG_VENTEKONTO = 3,
                    NKS_LEG_ERROR_ACCOUNT = 4,
};
struct nks_leg {
    uint32_t n;          /* of its payment */
    uint16_t generation; /* from 1 */
    uint16_t leg_no;     /* from 1 */
    uint8_t kind, state;
    uint16_t reason;
    uint32_t told; /* number of the status report after an answer that tells its final state; 0: none yet */
    int64_t amount_minor;
    int64_t central;            /* number; 0: none */
    int64_t file_id;            /* 0: in no file */
    struct nks_destination *to; /* NULL when decisions are not loaded */
};

enum nks_payment_flag {
    NKS_FLAG_COMPLETE = 1, /* the payer gave the account */
    NKS_FLAG_MAYBE_SE = 2,
    NKS_FLAG_ALTERNATIVE = 4, /* resolved as SE */
    NKS_FLAG_NO_E2E = 8,      /* EndToEndId NOTPROVIDED: no duplicate check */
    NKS_FLAG_AT_RECEIPT = 16, /* rejected while the file was read: the receipt tells it, whenever it is written */
};
enum nks_found { /* how the destination was found; stored in decisions: append only */
                 NKS_DESTINATION_NONE = 0,
                 NKS_DESTINATION_COMPLETE = 1,
                 NKS_DESTINATION_SPECIFIC = 2,
                 NKS_DESTINATION_NEMKONTO = 3,
                 NKS_DESTINATION_FALLBACK_SPECIFIC = 4,
                 NKS_DESTINATION_FALLBACK_NEMKONTO = 5,
};
struct nks_payment {
    uint32_t n;
    uint32_t group;
    uint64_t seq;
    int64_t amount_minor;
    int32_t currency; /* nks_currency_number */
    uint8_t state, holder_kind, flags;
    uint8_t found; /* enum nks_found: decided by resolve */
    bool changed;  /* differs from its row */
    uint16_t reason;
    struct nks_blind holder;
    int64_t register_version;
    nks_date account_from, account_to;
    struct nks_account *account;    /* where resolve sends it; NULL: none or complete */
    uint32_t record_at, record_len; /* in the slice's details */
    uint32_t first_leg, legs;       /* in the slice's legs, of the live generation */
};

struct nks_slice {
    int64_t id, batch_id;
    int32_t number;
    nks_date execution_date, due_date;
    enum nks_slice_state state;
    int64_t epoch;
    uint16_t generation;
    size_t count, rejected;
    struct nks_payment *payments; /* by n - 1 */
    struct nks_leg *legs;         /* by n, leg_no, as far as sorted */
    size_t leg_count, leg_cap;
    size_t legs_sorted_to; /* leg_count: all */
    char *details;
    size_t details_len, details_cap;
    struct nks_arena arena; /* of the decisions */
    bool has_details, has_decisions;
    uint8_t decision_hash[NKS_HASH_SIZE]; /* of the stored (encrypted) decisions */
    uint8_t legs_hash[NKS_HASH_SIZE], signature[NKS_SIGNATURE_SIZE];
};

struct nks_text nks_payment_record(const struct nks_slice *slice, const struct nks_payment *payment);
void nks_payment_currency(const struct nks_payment *payment, char out[4]);

NKS_CHECKED struct nks_slice *nks_slice_new(void); /* arrays for a full slice; reused by reset */
void nks_slice_reset(struct nks_slice *slice);
void nks_slice_free(struct nks_slice *slice);
/* Adds a payment with its record; NKS_REFUSED (SLICE-FULL) when it does not fit: open another slice. */
NKS_CHECKED enum nks_status nks_slice_add(struct nks_slice *slice, const struct nks_payment *payment,
                                          struct nks_text record, struct nks_fault *fault);
/* Adds a leg to a payment; `to` is copied. Before `first_leg` of payments is used again, nks_slice_legs_sort. */
NKS_CHECKED enum nks_status nks_slice_leg_add(struct nks_slice *slice, struct nks_payment *payment,
                                              enum nks_leg_kind kind, int64_t amount_minor, int64_t central,
                                              const struct nks_destination *to, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_slice_legs_sort(struct nks_slice *slice, struct nks_fault *fault);
NKS_CHECKED struct nks_account *nks_slice_account(struct nks_slice *slice, const struct nks_account *account);

/* "N" ref "-" slice "-" n "-" leg "-" generation: at most 35 characters; the InstrId of the order file. */
void nks_leg_id(const char *batch_ref, int32_t slice_number, const struct nks_leg *leg, char out[NKS_LEG_ID_MAX]);
struct nks_leg_address {
    char ref[NKS_BATCH_REF + 1];
    int32_t slice_number;
    uint32_t n;
    uint16_t leg_no, generation;
};
NKS_CHECKED bool nks_leg_id_parse(struct nks_text id, struct nks_leg_address *out);
/* A UUID derived from the leg id; version bits 4, because the pattern of the standard admits no other. */
void nks_leg_uetr(const char *leg_id, char out[37]);

/* ---- rows (store.c). Inside the caller's transaction unless said otherwise. */

struct nks_payments; /* the module on one connection */
NKS_CHECKED enum nks_status nks_payments_open(struct nks_db *db, struct nks_keys *keys, struct nks_payments **out,
                                              struct nks_fault *fault);
void nks_payments_close(struct nks_payments *payments);

NKS_CHECKED enum nks_status nks_batch_create(struct nks_payments *payments, struct nks_batch *batch,
                                             struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_batch_load(struct nks_payments *payments, int64_t id, struct nks_batch *batch,
                                           bool *found, struct nks_fault *fault);
/* The stem of its ids; "" when there is no such batch. */
NKS_CHECKED enum nks_status nks_batch_ref(struct nks_payments *payments, int64_t batch_id, char ref[NKS_BATCH_REF + 1],
                                          struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_batch_find_ref(struct nks_payments *payments, const char *ref, int64_t *id,
                                               struct nks_fault *fault); /* *id 0: none */
/* The delivery that a batch came with; 0: none. */
NKS_CHECKED enum nks_status nks_batch_delivery(struct nks_payments *payments, int64_t batch_id, int64_t *delivery_id,
                                               struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_batch_find_delivery(struct nks_payments *payments, int64_t delivery_id, int64_t *id,
                                                    struct nks_fault *fault);
/* An accepted batch with that message key: *id 0 when there is none. */
NKS_CHECKED enum nks_status nks_batch_find_message(struct nks_payments *payments, const struct nks_blind *message,
                                                   int64_t *id, struct nks_fault *fault);
/* Wraps the keys of all batches anew under the newest master key; *changed: how many were under an older one. With
 * look_only they are counted. In one write transaction of the caller; again does no harm. */
NKS_CHECKED enum nks_status nks_batches_rewrap(struct nks_payments *payments, bool look_only, int64_t *changed,
                                               struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_batch_last(struct nks_payments *payments, int64_t *id, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_batch_next(struct nks_payments *payments, int64_t after, int64_t *id,
                                           struct nks_fault *fault); /* in order; *id 0: none */
/* Writes state, reason, agreement, payer, message, header and totals; with ACCEPTED its slices go from READ to WAITING.
 */
NKS_CHECKED enum nks_status nks_batch_finish(struct nks_payments *payments, struct nks_batch *batch,
                                             struct nks_fault *fault);
/* Remove what was stored of a batch that was not read to its end, and never was a fact: its slices from number `from`
 * (1: all), its groups. */
NKS_CHECKED enum nks_status nks_batch_clear_slices(struct nks_payments *payments, int64_t batch_id, int64_t from,
                                                   struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_batch_clear_groups(struct nks_payments *payments, int64_t batch_id,
                                                   struct nks_fault *fault);
void nks_batch_close(struct nks_batch *batch);

struct nks_group {
    int64_t batch_id;
    uint32_t number;
    int64_t payments;
    int regnr;               /* of the debtor account; -1 none */
    nks_date execution_date; /* as moved to a bank day */
    enum nks_reason moved;   /* why it is another day than written: DATE_MOVED, CUT_OFF; NONE: it is not */
    char *record;            /* GROUP record; belongs to the payments module until the next group_load */
    size_t record_len;
};
NKS_CHECKED enum nks_status nks_group_save(struct nks_payments *payments, const struct nks_batch *batch,
                                           const struct nks_group *group, struct nks_fault *fault);
/* The next group after `after` whose execution date was moved; *number 0: none. */
NKS_CHECKED enum nks_status nks_group_next_moved(struct nks_payments *payments, int64_t batch_id, uint32_t after,
                                                 uint32_t *number, struct nks_fault *fault);
/* Keeps the last one: asking for the same group again costs nothing. */
NKS_CHECKED enum nks_status nks_group_load(struct nks_payments *payments, const struct nks_batch *batch,
                                           uint32_t number, const struct nks_group **out, struct nks_fault *fault);

/* A new slice with its payments and details. */
NKS_CHECKED enum nks_status nks_slice_create(struct nks_payments *payments, const struct nks_batch *batch,
                                             struct nks_slice *slice, struct nks_fault *fault);
/* Whether a reading of the message that did not come to its end has stored this very slice (by its number), with its
 * `references` entries: then it need not be created again. Loads what is stored into `stored`. */
NKS_CHECKED enum nks_status nks_slice_is_stored(struct nks_payments *payments, const struct nks_batch *batch,
                                                const struct nks_slice *slice, nks_date received_on, size_t references,
                                                struct nks_slice *stored, bool *is, struct nks_fault *fault);
struct nks_slice_want {
    bool details, decisions, legs;
};
NKS_CHECKED enum nks_status nks_slice_load(struct nks_payments *payments, const struct nks_batch *batch,
                                           int64_t slice_id, struct nks_slice_want want, struct nks_slice *slice,
                                           struct nks_fault *fault);
/* After resolve, offset or route: decisions, changed payments, legs (once, at ROUTED, with hash and signature), state.
 * Fenced: NKS_RETRY (SLICE-FENCED) when the slice's state or epoch is no longer what was loaded. `from` is the loaded
 * state. */
NKS_CHECKED enum nks_status nks_slice_save(struct nks_payments *payments, struct nks_slice *slice,
                                           enum nks_slice_state from, struct nks_fault *fault);
/* Hash over legs and decisions as stored, against the signature: NKS_INTEGRITY (SLICE-LEGS) when they differ. For a
 * slice loaded with legs and decisions. */
NKS_CHECKED enum nks_status nks_slice_verify(struct nks_payments *payments, const struct nks_slice *slice,
                                             struct nks_fault *fault);

/*
 * Before the legs there are the rows of payments: payee, amount, state, and the slice's dates decide where money will
 * go, so they are signed from the moment they are stored. Whoever changes them by hand is found before anything is
 * decided: NKS_INTEGRITY (SLICE-PAYMENTS). The rows are signed again by every function here that changes them.
 */
NKS_CHECKED enum nks_status nks_slice_rows_sign(struct nks_payments *payments, const struct nks_slice *slice,
                                                struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_slice_rows_verify(struct nks_payments *payments, const struct nks_slice *slice,
                                                  struct nks_fault *fault);

/* The next slice in (batch, number) order after `after` that is in `state` and due on `today`; *id 0: none. */
NKS_CHECKED enum nks_status nks_slice_next(struct nks_payments *payments, enum nks_slice_state state, int64_t after,
                                           nks_date due_on, int64_t batch_id, int64_t *id, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_slice_emitted(struct nks_payments *payments, int64_t slice_id, struct nks_fault *fault);
/* A WAITING slice without a payment that is still to be carried out. */
NKS_CHECKED enum nks_status nks_slice_stopped(struct nks_payments *payments, int64_t slice_id, struct nks_fault *fault);

/* Puts the legs of a slice to one central that stand in no file yet and lie in the range into a file. */
struct nks_leg_range {
    uint32_t from_n, to_n;
    uint16_t from_leg, to_leg;
}; /* inclusive */
NKS_CHECKED enum nks_status nks_legs_put_in_file(struct nks_payments *payments, int64_t slice_id, int64_t central,
                                                 const struct nks_leg_range *range, int64_t file_id, int64_t *changed,
                                                 struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_leg_move(struct nks_payments *payments, int64_t slice_id, const struct nks_leg *leg,
                                         enum nks_leg_state from, enum nks_leg_state to, enum nks_reason reason,
                                         bool *moved, struct nks_fault *fault);
/* Whether any leg of the slice stands in that file, in whatever state. */
NKS_CHECKED enum nks_status nks_legs_any_in_file(struct nks_payments *payments, int64_t slice_id, int64_t file_id,
                                                 bool *any, struct nks_fault *fault);
/* Claims a slice for this run inside the transaction that will save it: one row touched, or it is not ours: NKS_RETRY
 * (SLICE-FENCED). */
NKS_CHECKED enum nks_status nks_slice_fence(struct nks_payments *payments, int64_t slice_id, enum nks_slice_state state,
                                            int64_t epoch, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_slice_epoch(struct nks_payments *payments, int64_t *epoch, struct nks_fault *fault);
/* Where payment `seq` of a batch stands; *slice_id 0: nowhere. */
NKS_CHECKED enum nks_status nks_payment_find_seq(struct nks_payments *payments, int64_t batch_id, uint64_t seq,
                                                 int64_t *slice_id, uint32_t *n, struct nks_fault *fault);

/* What a slice sends to one central for one group, written when it is routed: emit plans files from these rows alone.
 */
struct nks_order_total {
    uint32_t group;
    int64_t legs, bytes; /* bytes: an upper bound as XML */
    struct nks_sum sum;
};
NKS_CHECKED enum nks_status nks_order_total_add(struct nks_payments *payments, int64_t slice_id, int64_t central,
                                                const struct nks_order_total *total, struct nks_fault *fault);
/* All of a slice: what is left of them is added again. */
NKS_CHECKED enum nks_status nks_order_totals_clear(struct nks_payments *payments, int64_t slice_id,
                                                   struct nks_fault *fault);
typedef enum nks_status (*nks_order_total_fn)(void *context, const struct nks_order_total *total,
                                              struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_order_totals(struct nks_payments *payments, int64_t slice_id, int64_t central,
                                             nks_order_total_fn fn, void *context, struct nks_fault *fault);
/* The next central after `after` that the slice sends to; *central 0: none. */
NKS_CHECKED enum nks_status nks_order_total_next_central(struct nks_payments *payments, int64_t slice_id, int64_t after,
                                                         int64_t *central, struct nks_fault *fault);

/* Payments and sums of a slice by ISO status, kept in step with its payments: reports count from these rows alone. */
enum { NKS_STATUS_TOTALS_MAX = 10 };
struct nks_status_total {
    char status[5];
    int64_t payments;
    struct nks_sum sum;
};
NKS_CHECKED bool nks_status_total_count(struct nks_status_total totals[NKS_STATUS_TOTALS_MAX], size_t *count,
                                        const char *status, int64_t payments, struct nks_sum sum); /* adds to a list */
NKS_CHECKED enum nks_status nks_status_totals_save(struct nks_payments *payments, int64_t slice_id,
                                                   const struct nks_status_total *totals, size_t count,
                                                   struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_status_totals_load(struct nks_payments *payments, int64_t slice_id,
                                                   struct nks_status_total totals[NKS_STATUS_TOTALS_MAX], size_t *count,
                                                   struct nks_fault *fault); /* adds to a list */
/* What a payment counts in the sums of reports: its amount; as it was written where it is rejected for being no amount
 * of its currency, as CtrlSum counts it, which needs the slice's details. False: it does not fit. */
NKS_CHECKED bool nks_payment_sum(const struct nks_slice *slice, const struct nks_payment *payment, struct nks_sum *out);
/* The ISO status of a payment as long as no bank has answered: RJCT, PDNG, ACWC, ACCP. */
const char *nks_payment_status(const struct nks_payment *payment, enum nks_slice_state slice);
NKS_CHECKED enum nks_status nks_status_totals_renew(struct nks_payments *payments, const struct nks_slice *slice,
                                                    struct nks_fault *fault);

/* The rows of slices of a batch without loading them; *id 0: none after `after`. */
struct nks_slice_row {
    int64_t id;
    nks_date execution_date, due_date;
    enum nks_slice_state state;
    int64_t payments, rejected, legs;
};
NKS_CHECKED enum nks_status nks_slice_row_next(struct nks_payments *payments, int64_t batch_id, int64_t after,
                                               struct nks_slice_row *row, struct nks_fault *fault);

/*
 * ---- payment references, for the duplicate check (reference.c, reference_run.c, reference_merge.c)
 *
 * A reference is the first 64 bits of the blind key of payer | sender | EndToEndId, and the payment that has it. They
 * lie in sorted runs: one per slice while a batch is being read, one per batch when it has been checked, and runs of a
 * month are merged, so that a payer's history is some hundreds of runs at most, however many files it sends. A month
 * counts until NKS_REFERENCE_MONTHS further ones have passed: a reference is known for at least that many months and
 * for less than one more.
 *
 * Order of calls, inside the transactions of ingest: save with each slice; check and tidy when the whole batch is
 * there, in the transaction that accepts it. Memory: about 2 MiB, and up to 3 MiB more for candidates.
 */
enum { NKS_REFERENCE_MONTHS = 13, NKS_REFERENCE_HITS_MAX = 65536 };
struct nks_reference {
    uint64_t key;
    int64_t payment_id; /* until nks_reference_save: n of the payment in its slice */
};
int nks_reference_order(const void *a, const void *b); /* for qsort: by key, then payment */
/* Stores the references of a new slice. They are sorted, and no two payments of the slice have the same text: the
 * caller sees that without a run. Writes the payments' ids into `entries`. */
NKS_CHECKED enum nks_status nks_reference_save(struct nks_payments *payments, const struct nks_batch *batch,
                                               int64_t slice_id, nks_date received_on, struct nks_reference *entries,
                                               size_t count, struct nks_fault *fault);
struct nks_reference_hit {
    int64_t payment_id, other_id; /* a payment of the batch, and an earlier one with the same key */
    uint64_t key;
    bool same;             /* the caller's answer: the texts are the same too */
    struct nks_blind mark; /* the caller's own */
};
/* Looks for candidates; may change the order of `hits` and must set `same`. */
typedef enum nks_status (*nks_reference_fn)(void *context, struct nks_reference_hit *hits, size_t count,
                                            struct nks_fault *fault);
/*
 * Compares the references of a batch with each other and with those that the payer and sender used before, and makes
 * them a run of that history. Each payment whose key stands earlier too is given to `fn` with one earlier payment, in
 * a few calls for the whole batch. The first one of a batch, by slice and n, is the original. Equal keys of different
 * texts are chance: of 1,000,000 references against 20,000,000, once in about 900,000 batches (2 * 10^13 pairs, 2^64
 * keys). Then the other payments with that key are asked about one by one.
 */
NKS_CHECKED enum nks_status nks_reference_check(struct nks_payments *payments, const struct nks_batch *batch,
                                                nks_date today, nks_reference_fn fn, void *context,
                                                struct nks_fault *fault);
/* Merges runs of this payer and sender, and removes months that no longer count (of anybody, a bounded number). */
NKS_CHECKED enum nks_status nks_reference_tidy(struct nks_payments *payments, const struct nks_batch *batch,
                                               nks_date today, struct nks_fault *fault);
/* Writes the slice's count of rejected payments. */
/* ---- erasing a batch (erase.c). Inside the caller's transactions; afterwards details and decisions of it are
 * NKS_REFUSED, BATCH-ERASED. */

/* The tables of which something is erased; ends with NULL. */
extern const char *const nks_payments_erased[];
/* *at 0: it is not erased; *done: nks_batch_erase_done was called. */
NKS_CHECKED enum nks_status nks_batch_erased(struct nks_payments *payments, int64_t batch_id, nks_time *at, bool *done,
                                             struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_batch_erased_fault(const struct nks_batch *batch, struct nks_fault *fault);
/* The latest execution date of its slices; 0: it has none. */
NKS_CHECKED enum nks_status nks_batch_last_day(struct nks_payments *payments, int64_t batch_id, nks_date *day,
                                               struct nks_fault *fault);
/* Slices that are neither emitted nor stopped. */
NKS_CHECKED enum nks_status nks_batch_work_left(struct nks_payments *payments, int64_t batch_id, int64_t *slices,
                                                struct nks_fault *fault);
/* A batch of that delivery that is not erased; *batch_id 0: none. */
NKS_CHECKED enum nks_status nks_batch_of_delivery_left(struct nks_payments *payments, int64_t delivery_id,
                                                       int64_t *batch_id, struct nks_fault *fault);
/* First: the key, with header and groups. */
NKS_CHECKED enum nks_status nks_batch_key_erase(struct nks_payments *payments, int64_t batch_id, nks_time now,
                                                struct nks_fault *fault);
/* Then slice by slice; once more changes nothing. `slice` is room to load it. */
NKS_CHECKED enum nks_status nks_slice_erase(struct nks_payments *payments, struct nks_slice *slice, int64_t slice_id,
                                            struct nks_fault *fault);
/* Last, when its files are destroyed. */
NKS_CHECKED enum nks_status nks_batch_erase_done(struct nks_payments *payments, int64_t batch_id,
                                                 struct nks_fault *fault);

/* A slice that was decided, as its next generation, before a stage that is done again: generation, state, payments and
 * legs are as the caller set them (no legs where it is WAITING). Same errors as nks_slice_save. */
NKS_CHECKED enum nks_status nks_slice_restart(struct nks_payments *payments, struct nks_slice *slice,
                                              enum nks_slice_state from, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_slice_rejected(struct nks_payments *payments, const struct nks_slice *slice,
                                               struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_payment_save(struct nks_payments *payments, int64_t slice_id,
                                             const struct nks_payment *payment, struct nks_fault *fault);

/* Counts per state for `nks status` and `nks show`: payments and sums by what became of them. */
enum nks_outcome {                      /* what a payer asks */
                   NKS_OUTCOME_WAITING, /* until it is due, or in process */
                   NKS_OUTCOME_ROUTED,  /* decided, in no published file yet */
                   NKS_OUTCOME_SENT,
                   NKS_OUTCOME_VENTEKONTO,
                   NKS_OUTCOME_SETTLED,
                   NKS_OUTCOME_RETURNED, /* rejected or returned by the bank */
                   NKS_OUTCOME_REJECTED,
                   NKS_OUTCOME_STOPPED,
                   NKS_OUTCOMES
};
const char *nks_outcome_name(enum nks_outcome outcome);
/* The one table that derives a payment's outcome from itself, its slice and its live legs (status.c, pure). `published`
 * tells for each leg whether its file is published. */
enum nks_outcome nks_payment_outcome(const struct nks_payment *payment, enum nks_slice_state slice,
                                     const struct nks_leg *legs, const bool *published, size_t leg_count);
/* Whether a payment can still be stopped (stop.c, pure). `published` as above. */
enum nks_stop_verdict {
    NKS_STOP_CAN,      /* it waits, or its legs are in no file yet */
    NKS_STOP_ALREADY,  /* it is stopped */
    NKS_STOP_REJECTED, /* it was never to be carried out */
    NKS_STOP_HALF,     /* between resolve and route: the next run ends that */
    NKS_STOP_IN_FILE,  /* in an order file that is made and not published yet */
    NKS_STOP_SENT,     /* the bank has it, or has answered it */
    NKS_STOP_VERDICTS
};
enum nks_stop_verdict nks_stop_judge(const struct nks_payment *payment, enum nks_slice_state slice,
                                     const struct nks_leg *legs, const bool *published, size_t leg_count);
/* The ISO status of an outcome in a status report: PDNG, ACCP, ACSP, ACWC, ACSC, RJCT. `changed`: routed with a change.
 */
const char *nks_outcome_status(enum nks_outcome outcome, bool changed);

/* ---- what a payer was told (told.c). Status reports go out only when they have news: stage/report_due.h. */

/* Of the legs that decide what a payment became (status.c): how many are not final, settled, and rejected, returned or
 * stopped. A debt's leg beside another is none of them, so that nothing here speaks of debts. */
struct nks_finals {
    int64_t open, settled, returned;
};
NKS_CHECKED enum nks_status nks_finals_count(struct nks_payments *payments, int64_t batch_id, struct nks_finals *finals,
                                             struct nks_fault *fault);
/* What the last report after an answer said, and at how many moments the agreement wanted no report. */
struct nks_told {
    int64_t settled, returned, quiet;
};
NKS_CHECKED enum nks_status nks_told_load(struct nks_payments *payments, int64_t batch_id, struct nks_told *told,
                                          struct nks_fault *fault); /* zeroes when there was none */
NKS_CHECKED enum nks_status nks_told_save(struct nks_payments *payments, int64_t batch_id, const struct nks_told *told,
                                          struct nks_fault *fault);
/* Legs of a batch that became final since the last mark are told by the report of that number. A leg that moves again
 * loses its mark. */
NKS_CHECKED enum nks_status nks_told_mark(struct nks_payments *payments, int64_t batch_id, int report,
                                          struct nks_fault *fault);
/* Whether a slice has a leg of that mark. */
NKS_CHECKED enum nks_status nks_told_in(struct nks_payments *payments, int64_t slice_id, int report, bool *any,
                                        struct nks_fault *fault);
/* Whether a slice has a payment that the receipt did not reject (`exceptions`: and that carries a reason). */
NKS_CHECKED enum nks_status nks_told_news(struct nks_payments *payments, int64_t slice_id, bool exceptions, bool *any,
                                          struct nks_fault *fault);
/* The payments of a slice's first and last group, counted by what their status follows from. All other groups of a
 * slice lie in it as a whole. */
struct nks_group_part {
    uint32_t group;
    struct nks_payment payment; /* state, reason, flags (AT_RECEIPT alone) and currency */
    int64_t payments, amount_minor;
};
typedef enum nks_status (*nks_group_part_fn)(void *context, const struct nks_group_part *part, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_group_parts(struct nks_payments *payments, int64_t slice_id, nks_group_part_fn fn,
                                            void *context, struct nks_fault *fault);

/* ---- counted for people (look.c); reads only */

enum { NKS_LOOK_ROWS_MAX = 16 };
struct nks_state_count {
    int state;
    int64_t count, payments, rejected;
};
NKS_CHECKED enum nks_status nks_look_batches(struct nks_payments *payments,
                                             struct nks_state_count rows[NKS_LOOK_ROWS_MAX], size_t *count,
                                             struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_look_slices(struct nks_payments *payments,
                                            struct nks_state_count rows[NKS_LOOK_ROWS_MAX], size_t *count,
                                            struct nks_fault *fault);
/* WAITING slices by due date, the earliest first, at most NKS_LOOK_ROWS_MAX dates. */
struct nks_due_count {
    nks_date due_date;
    int64_t slices, payments;
};
NKS_CHECKED enum nks_status nks_look_due(struct nks_payments *payments, struct nks_due_count rows[NKS_LOOK_ROWS_MAX],
                                         size_t *count, struct nks_fault *fault);
/* The payments of a slice, grouped by what nks_payment_outcome asks: itself, its slice and the leg that decides. */
struct nks_outcome_group {
    struct nks_payment payment; /* state and currency */
    enum nks_slice_state slice;
    struct nks_leg leg; /* kind, state, file_id */
    bool has_leg;
    int64_t payments, amount_minor;
};
typedef enum nks_status (*nks_outcome_group_fn)(void *context, const struct nks_outcome_group *group,
                                                struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_look_outcomes(struct nks_payments *payments, int64_t slice_id, nks_outcome_group_fn fn,
                                              void *context, struct nks_fault *fault);
/* The same by parts: each leg counts for itself with its own amount, and so does a payment that has none. `payments` is
 * the number of parts. */
NKS_CHECKED enum nks_status nks_look_parts(struct nks_payments *payments, int64_t slice_id, nks_outcome_group_fn fn,
                                           void *context, struct nks_fault *fault);
/* What did not go as it was written, in the order of n: payments that are rejected or stopped, or have a reason
 * although they are carried out; and again each leg of them that the bank rejected or returned. */
struct nks_exception {
    struct nks_payment payment; /* n, seq, group, currency, amount, state, reason */
    enum nks_slice_state slice;
    struct nks_leg leg; /* state, reason, amount */
    bool has_leg;
};
typedef enum nks_status (*nks_exception_fn)(void *context, const struct nks_exception *exception,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_look_exceptions(struct nks_payments *payments, int64_t slice_id, nks_exception_fn fn,
                                                void *context, struct nks_fault *fault);

/* ---- what banks answer (answer.c). Inside the caller's transaction. */

/* The leg of that address, from its row alone (`to` is NULL), and its payment's currency. The address's batch is the
 * caller's business. */
NKS_CHECKED enum nks_status nks_leg_find(struct nks_payments *payments, int64_t slice_id,
                                         const struct nks_leg_address *address, struct nks_leg *leg, int32_t *currency,
                                         bool *found, struct nks_fault *fault);
/* All legs of a file in a slice that stand in `from`, with the bank's reason; of one group, or of all (0). */
struct nks_legs_answer {
    int64_t file_id;
    uint32_t group;
    enum nks_leg_state from, to;
    enum nks_reason reason;
};
NKS_CHECKED enum nks_status nks_legs_answer_file(struct nks_payments *payments, int64_t slice_id,
                                                 const struct nks_legs_answer *answer, int64_t *moved,
                                                 struct nks_fault *fault);
/* The legs of a file in a slice, by n, from their rows alone. */
struct nks_leg_row {
    struct nks_leg leg;
    int32_t currency;
    uint32_t group;
};
typedef enum nks_status (*nks_leg_row_fn)(void *context, const struct nks_leg_row *row, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_legs_of_file(struct nks_payments *payments, int64_t slice_id, int64_t file_id,
                                             nks_leg_row_fn fn, void *context, struct nks_fault *fault);
/* How many legs of a file stand in that state, in slices first..last. */
NKS_CHECKED enum nks_status nks_legs_count_file(struct nks_payments *payments, int64_t first, int64_t last,
                                                int64_t file_id, enum nks_leg_state state, int64_t *count,
                                                struct nks_fault *fault);

/* ---- money that came back and goes on (returned.c): a leg, and the payment of a batch of origin RETURNED that carries
 * its money on. Inside the caller's transaction. */
struct nks_return {
    int64_t from_slice_id;
    uint32_t from_n;
    uint16_t from_generation, from_leg_no;
    int64_t slice_id; /* of the new payment */
    uint32_t n;
};
/* A leg goes on once: a second row of it is refused by the database. */
NKS_CHECKED enum nks_status nks_return_add(struct nks_payments *payments, const struct nks_return *row,
                                           struct nks_fault *fault);
/* Fills slice_id and n of the payment that carries the leg's money on. */
NKS_CHECKED enum nks_status nks_return_of_leg(struct nks_payments *payments, struct nks_return *row, bool *found,
                                              struct nks_fault *fault);
/* Fills the leg that a payment came from. */
NKS_CHECKED enum nks_status nks_return_of_payment(struct nks_payments *payments, struct nks_return *row, bool *found,
                                                  struct nks_fault *fault);

/* ---- rejected payments that go again (replayed.c): of one batch of origin CORRECTION each. Inside the caller's
 * transaction. A payment goes again once: a second row of it is refused by the database. */
struct nks_replayed {
    int64_t from_slice_id;
    uint32_t from_n;
    int64_t slice_id; /* of the new payment */
    uint32_t n;
};
NKS_CHECKED enum nks_status nks_replayed_add(struct nks_payments *payments, const struct nks_replayed *row,
                                             struct nks_fault *fault);
/* Fills slice_id and n of the payment that goes again in its place. */
NKS_CHECKED enum nks_status nks_replayed_find(struct nks_payments *payments, struct nks_replayed *row, bool *found,
                                              struct nks_fault *fault);

#endif
