#ifndef NKS_AUDIT_H
#define NKS_AUDIT_H
/*
 * The auditor: a second program that recounts what the stages did, by code of its own, and names the row or file that
 * is not what it should be. It reads only. It shares with the stages what reads bytes (database, vault, money, packed
 * decisions and details), and nothing that counts or decides.
 *
 * A check is one row of the table in checks.c. It looks at rows or files one by one, so that memory does not grow with
 * them, says what it looked at (audit_looked), and for everything wrong first where (audit_at: table and row, or file)
 * and then what (audit_find). A check returns a status only when it cannot look; damage is a finding, not a status.
 * No text here holds a name, an account or an id of a person; keys of rows are numbers.
 */
#include "audit_sql.h"
#include "agreement/agreement.h"
#include "exchange/central.h"
#include "exchange/exchange.h"
#include "payment/payment.h"
#include "vault/sign.h"

enum { AUDIT_PLACE_MAX = 240, AUDIT_NOTE_MAX = 160, AUDIT_FINDINGS_SHOWN = 1000 };

struct audit_output; /* print.c */
struct audit_folder_list;
struct audit_seals;

struct audit {
    char home[NKS_PATH_MAX], keys_dir[NKS_PATH_MAX];
    const char *database; /* in the place of the one that nks.conf names; NULL: that one */
    bool secrets;         /* the secret keys are there and may be used */
    bool foreign;         /* the catalogue is not of this program alone */
    bool restored;        /* put back and not reconciled: files in out/ are not known to the tables */
    struct nks_db *db;
    struct nks_db *now; /* outside the picture; NULL: not asked yet */
    struct nks_keys *keys;
    struct nks_exchange *exchange;
    struct nks_payments *payments;
    struct nks_slice *slice;
    struct nks_hash *hash;
    struct nks_arena arena;               /* of the books */
    struct nks_central_book centrals;     /* empty without secrets */
    struct nks_agreement_book agreements; /* the same */
    struct audit_folder_list *listing;    /* what lay in out/ before the picture of the tables was taken */
    struct audit_seals *seals;            /* the same of the seals (trail.c) */
    struct audit_output *output;
    struct nks_fault fault;
    nks_date today;
    /* of the check that runs */
    int64_t looked, findings;
    char place[AUDIT_PLACE_MAX];
    /* of all checks */
    int64_t all_findings;
};

typedef enum nks_status (*audit_fn)(struct audit *audit);
struct audit_check {
    const char *name, *words;
    audit_fn fn;
    const char *left_out; /* what is not looked at with public keys alone; NULL: nothing */
    bool needs_secrets;   /* the whole check */
};
const struct audit_check *audit_checks(size_t *count);

/* ---- telling (print.c) */

void audit_looked(struct audit *audit);
void audit_at(struct audit *audit, const char *fmt, ...) NKS_PRINTF(2, 3);
void audit_at_leg(struct audit *audit, int64_t slice_id, int64_t n, int64_t generation, int64_t leg_no);
void audit_find(struct audit *audit, const char *fmt, ...) NKS_PRINTF(2, 3);
/* Work in progress or other facts that are no finding. */
void audit_note(struct audit *audit, const char *fmt, ...) NKS_PRINTF(2, 3);
/* The fault of a reader that met damage becomes a finding at the present place, and is forgotten. Other statuses are
 * given back. */
NKS_CHECKED enum nks_status audit_take_fault(struct audit *audit, enum nks_status status);

/* Opens a second connection, which sees what was committed since the picture was taken (audit->now). */
NKS_CHECKED enum nks_status audit_look_again(struct audit *audit);

/* ---- files (open.c, copy.c) */

NKS_CHECKED enum nks_status audit_path(struct audit *audit, char out[NKS_PATH_MAX], const char *folder,
                                       const char *party, const char *name); /* party may be NULL */
NKS_CHECKED enum nks_status audit_numbered_path(struct audit *audit, char out[NKS_PATH_MAX], const char *folder,
                                                int64_t number, const char *suffix);

struct audit_bytes { /* what a row says of a file */
    struct nks_text hash;
    int64_t bytes;
};
/* An encrypted copy against its row; without secrets only that it is there. Findings at "file FOLDER/NUMBER". */
NKS_CHECKED enum nks_status audit_copy_check(struct audit *audit, const char *folder, enum nks_key_purpose purpose,
                                             int64_t number, const struct audit_bytes *row);
/* It was erased (`at` is when): nothing may be there. Negative: it is being erased. */
NKS_CHECKED enum nks_status audit_copy_gone(struct audit *audit, const char *folder, int64_t number, int64_t at);
/* A file as it lies there against its row. The place is the caller's. */
NKS_CHECKED enum nks_status audit_plain_check(struct audit *audit, const char *path, const struct audit_bytes *row);

/* The name, up to its first dot, ends in the number of the file (file_name.c). */
bool audit_name_numbered(const char *name, int64_t number);
/* nks-REF-s0001.xml has the message id NKS-REF-S0001, and is number 1; the answer to a file that came again has -again-
 * after that. */
bool audit_name_fits(const char *name, const char *message_id, int64_t number, bool repeats);

struct audit_folder { /* one folder of out/ */
    enum nks_file_folder folder;
    char party[NKS_PARTY_MAX];
    struct nks_sys_list files;
};
struct audit_folder_list {
    struct audit_folder *folders;
    size_t count;
};
NKS_CHECKED enum nks_status audit_listing_make(struct audit *audit);
void audit_listing_free(struct audit_folder_list *listing);

/* Before the picture of the tables: the seals that are there, and the newest one as it is. */
struct audit_seals {
    struct nks_sys_list list;
    char *newest;
    size_t newest_len;
};
NKS_CHECKED enum nks_status audit_seals_read(struct audit *audit);
void audit_seals_free(struct audit_seals *seals);

/* ---- acts about persons, proposals and signers in the trail (events.c) */

struct audit_event {
    int64_t action, number, link;
    nks_time at;
    bool used; /* a row was looked for by it */
};
struct audit_events {
    struct audit_event *list;
    size_t count, room;
};
NKS_CHECKED enum nks_status audit_events_read(struct audit *audit, struct audit_events *events);
void audit_events_free(struct audit_events *events);
/* How many of that action and number; marks them as used. */
int64_t audit_events_of(struct audit_events *events, int action, int64_t number);
/* Whether there is one at that instant; number -1: any. */
bool audit_event_at(const struct audit_events *events, int action, int64_t number, nks_time at);

/* ---- rows (rows.c) */

struct audit_batch {
    int64_t id, delivery_id, origin, state, payments, rejected, slices, groups;
    int64_t erased; /* 1: its key is, 2: its files too */
    int64_t key_len;
    char control_sum[NKS_CONTROL_SUM_MAX];
    struct nks_sum sum;
    bool sum_good;
};
struct audit_slice {
    int64_t id, batch_id, execution_date, due_date, state, generation, payments, rejected, amount_minor, legs;
    size_t hash_len, signature_len;
    uint8_t legs_hash[NKS_HASH_SIZE], signature[NKS_SIGNATURE_SIZE];
};
struct audit_payment {
    int64_t n, seq, grp, amount_minor, currency, state, reason, flags, holder_kind, holder_key, holder_check;
};
struct audit_leg {
    int64_t n, generation, leg_no, kind, amount_minor, central, state, reason, file_id;
};
int64_t audit_first_slice(int64_t batch_id);
int64_t audit_last_slice(int64_t batch_id);
bool audit_time_good(int64_t time);                 /* of the years that have four digits, from 1970 on */
bool audit_routed(const struct audit_slice *slice); /* has legs */

/* Each gives rows in order; a status other than NKS_OK of `fn` ends the reading and is returned. */
typedef enum nks_status (*audit_batch_fn)(struct audit *audit, void *context, const struct audit_batch *batch);
NKS_CHECKED enum nks_status audit_each_batch(struct audit *audit, audit_batch_fn fn, void *context);
typedef enum nks_status (*audit_slice_fn)(struct audit *audit, void *context, const struct audit_slice *slice);
NKS_CHECKED enum nks_status audit_each_slice(struct audit *audit, int64_t batch_id, audit_slice_fn fn, void *context);
/* A payment with all its legs of all generations; payment NULL: legs that belong to none. */
typedef enum nks_status (*audit_payment_fn)(struct audit *audit, void *context, const struct audit_slice *slice,
                                            const struct audit_payment *payment, const struct audit_leg *legs,
                                            size_t count);
NKS_CHECKED enum nks_status audit_each_payment(struct audit *audit, const struct audit_slice *slice,
                                               audit_payment_fn fn, void *context);
/* The money of a row in units of a control sum; false where it has no currency or is beyond all bounds. */
NKS_CHECKED bool audit_money(int64_t amount_minor, int64_t currency, struct nks_sum *sum);
/* "1300.00" */
struct audit_sum_text {
    char text[NKS_CONTROL_SUM_MAX];
};
struct audit_sum_text audit_sum_show(struct nks_sum sum);
bool audit_sum_is(struct nks_text stored, struct nks_sum counted);

/* ---- the checks */

enum nks_status audit_check_books(struct audit *audit);
enum nks_status audit_check_register(struct audit *audit);
enum nks_status audit_check_debts(struct audit *audit);
enum nks_status audit_check_imports(struct audit *audit);
enum nks_status audit_check_persons(struct audit *audit);
enum nks_status audit_check_signers(struct audit *audit);
enum nks_status audit_check_facts(struct audit *audit);
enum nks_status audit_check_deliveries(struct audit *audit);
enum nks_status audit_check_batches(struct audit *audit);
enum nks_status audit_check_contents(struct audit *audit);
enum nks_status audit_check_groups(struct audit *audit);
enum nks_status audit_check_slices(struct audit *audit);
enum nks_status audit_check_references(struct audit *audit);
enum nks_status audit_check_legs(struct audit *audit);
enum nks_status audit_check_signatures(struct audit *audit);
enum nks_status audit_check_signed_rows(struct audit *audit);
enum nks_status audit_check_uses(struct audit *audit);
enum nks_status audit_check_ventekonto(struct audit *audit);
enum nks_status audit_check_returns(struct audit *audit);
enum nks_status audit_check_files(struct audit *audit);
enum nks_status audit_check_reports(struct audit *audit);
enum nks_status audit_check_erased(struct audit *audit);
enum nks_status audit_check_journal(struct audit *audit);
enum nks_status audit_check_trail(struct audit *audit);
enum nks_status audit_check_equation(struct audit *audit);
enum nks_status audit_check_database(struct audit *audit);

/* ---- the equation, for printing */

enum audit_class {
    AUDIT_SENT,
    AUDIT_REJECTED,
    AUDIT_STOPPED,
    AUDIT_RETURNED,
    AUDIT_VENTEKONTO,
    AUDIT_NOT_DUE,
    AUDIT_IN_PROCESS,
    AUDIT_CLASSES
};
struct audit_equation {
    char currency[4];
    int64_t payments[AUDIT_CLASSES];
    struct nks_sum sums[AUDIT_CLASSES];
    int64_t carried; /* of all: payments that carry on what came back, so that money is not counted as new */
    struct nks_sum carried_sum;
};
/* Printed at the end; `lines` stay where they are until then. */
void audit_print_equation(struct audit *audit, const struct audit_equation *lines, size_t count);

/* ---- output */

struct audit_style {
    bool json, quiet;
};
NKS_CHECKED struct audit_output *audit_output_new(const struct audit_style *style);
void audit_output_begin(struct audit *audit, size_t checks);
void audit_output_check_begin(struct audit *audit, const struct audit_check *check);
enum audit_ran { AUDIT_RAN, AUDIT_RAN_PARTLY, AUDIT_LEFT_OUT, AUDIT_CANNOT };
void audit_output_check_end(struct audit *audit, const struct audit_check *check, enum audit_ran ran);
void audit_output_end(struct audit *audit, int exit_code);
/* False when something could not be written. */
bool audit_output_free(struct audit_output *output);

#endif
