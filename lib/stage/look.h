#ifndef NKS_STAGE_LOOK_H
#define NKS_STAGE_LOOK_H
/*
 * Looking at a home without changing it: what `nks status`, `list`, `show`, `explain` and `report` present. Every
 * call reads; the run may be opened read only. Nothing here holds a CPR number, a person's name or a whole account
 * number: accounts come masked, payees as a kind.
 *
 * What is asked for and is not there is NKS_REFUSED, NOT-FOUND.
 */
#include "stage/run.h"

/* Payments and their amounts by outcome and currency. */
enum { NKS_LOOK_AMOUNTS_MAX = 1024 };
struct nks_look_amount {
    enum nks_outcome outcome;
    char currency[4]; /* XXX: several, when there are more kinds than fit */
    int64_t payments;
    struct nks_sum sum;
};
struct nks_look_amounts {
    struct nks_look_amount rows[NKS_LOOK_AMOUNTS_MAX];
    size_t count;
};
/* Both add to `amounts`. The second takes the accepted batches created at or after `since`. */
NKS_CHECKED enum nks_status nks_look_batch_amounts(struct nks_run *run, int64_t batch_id,
                                                   struct nks_look_amounts *amounts);
NKS_CHECKED enum nks_status nks_look_all_amounts(struct nks_run *run, nks_time since, struct nks_look_amounts *amounts);

/* Where the money of a batch went, part by part (look_money.c). A part is a leg, or a payment that has none. */
enum nks_look_to {
    NKS_LOOK_PAYEE,
    NKS_LOOK_DEBT,
    NKS_LOOK_VENTEKONTO,
    NKS_LOOK_ERROR_ACCOUNT,
    NKS_LOOK_RETURNED, /* rejected or returned by the bank */
    NKS_LOOK_REJECTED, /* by nks */
    NKS_LOOK_STOPPED,
    NKS_LOOK_NOT_DUE,
    NKS_LOOK_IN_PROCESS, /* due, and not decided yet */
    NKS_LOOK_TOS
};
const char *nks_look_to_name(enum nks_look_to to); /* "payee", "debt" … for keys of words */
/* The one table of it, pure. `due`: the slice's day has come. */
enum nks_look_to nks_look_to_of(const struct nks_outcome_group *part, bool due);
struct nks_look_part {
    enum nks_look_to to;
    char currency[4];
    int64_t parts;
    struct nks_sum sum;
    int64_t file_id;          /* the order file that the leg stands in; 0: none */
    enum nks_leg_state state; /* of the legs; 0: no leg */
};
typedef enum nks_status (*nks_look_part_fn)(void *context, const struct nks_look_part *part, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_look_batch_parts(struct nks_run *run, int64_t batch_id, nks_look_part_fn fn,
                                                 void *context);

/* What did not go as it was written, and why: payment by payment, a returned part for itself. */
enum nks_look_why { NKS_LOOK_WHY_REJECTED, NKS_LOOK_WHY_RETURNED, NKS_LOOK_WHY_STOPPED, NKS_LOOK_WHY_CHANGED };
enum { NKS_LOOK_WHYS = NKS_LOOK_WHY_CHANGED + 1 };
struct nks_look_exception {
    enum nks_look_why why;
    enum nks_reason reason;
    uint32_t group;
    uint64_t seq;
    struct nks_money amount;
};
typedef enum nks_status (*nks_look_exception_fn)(void *context, const struct nks_look_exception *exception,
                                                 struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_look_batch_exceptions(struct nks_run *run, int64_t batch_id, nks_look_exception_fn fn,
                                                      void *context);

/* ISO status totals of a whole batch. */
NKS_CHECKED enum nks_status nks_look_status_totals(struct nks_run *run, int64_t batch_id,
                                                   struct nks_status_total totals[NKS_STATUS_TOTALS_MAX],
                                                   size_t *count);

/* A batch by its number or its ref. */
NKS_CHECKED enum nks_status nks_look_find_batch(struct nks_run *run, struct nks_text name, int64_t *batch_id);

/* Order files that their central has not answered, or not for all payments (look_answers.c). */
struct nks_unanswered {
    struct nks_out_file file;
    const struct nks_central *central; /* NULL: none that is known any more */
    int64_t open;                      /* payments that wait */
    nks_time answer_by;
    bool overdue;
};
typedef enum nks_status (*nks_unanswered_fn)(void *context, const struct nks_unanswered *row);
/* In the order of the files. */
NKS_CHECKED enum nks_status nks_look_unanswered(struct nks_run *run, nks_unanswered_fn fn, void *context);

/* Written files that deliver holds because of what was published before a restore; people settle them with their
 * receivers (nks_run_settle). `first`: the name of one, empty when there is none. */
NKS_CHECKED enum nks_status nks_look_held(struct nks_run *run, int64_t *count, char first[NKS_FILE_NAME_MAX]);

/* What waits, and the command that moves it on. */
enum { NKS_LOOK_STEPS_MAX = 40, NKS_LOOK_WORDS = 160 };
struct nks_look_step {
    char words[NKS_LOOK_WORDS];
    const char *command; /* "nks ingest"; empty: only time or a person helps */
    int64_t count;
    nks_date date; /* NKS_DATE_NONE: now */
    bool person;   /* waits for a person */
    bool overdue;  /* something should have come, or is held: `nks status` exits with 5 */
};
struct nks_look_steps {
    struct nks_look_step rows[NKS_LOOK_STEPS_MAX];
    size_t count;
};
NKS_CHECKED enum nks_status nks_look_next_steps(struct nks_run *run, struct nks_look_steps *steps);

/* Newest versions of agreements in force today, and centrals. */
int64_t nks_look_agreements(const struct nks_run *run);
int64_t nks_look_centrals(const struct nks_run *run);

/* "account ending 6243 at 0040", "account DE…3000", "payment slip 71 ending 5678". */
enum { NKS_LOOK_ACCOUNT = 64 };
void nks_look_account(const struct nks_account *account, char out[NKS_LOOK_ACCOUNT]);
/* "a person (CPR)", "a company (CVR)" … */
const char *nks_look_payee(enum nks_holder_kind kind);

/* Why one payment went where it went. */
enum { NKS_LOOK_LEGS_MAX = NKS_DEBT_LEGS_MAX + 1 };
struct nks_look_leg {
    char id[NKS_LEG_ID_MAX];
    enum nks_leg_kind kind;
    enum nks_leg_state state;
    enum nks_reason reason;
    int64_t amount_minor;
    char account[NKS_LOOK_ACCOUNT];
    char party[141];              /* authority, ventekonto or error account; empty for the payee */
    char reference[36];           /* of the claim or flag */
    bool redirect;                /* a flag took the whole payment, not a claim its part */
    int64_t version;              /* of the register, debt import or agreement that decided */
    char file[NKS_FILE_NAME_MAX]; /* order file; empty: in none yet */
    enum nks_file_state file_state;
    char central[NKS_PARTY_MAX];
};
struct nks_explanation {
    int64_t batch_id, delivery_id;
    char ref[NKS_BATCH_REF + 1], sender[NKS_PARTY_MAX], payer[NKS_PARTY_MAX];
    uint64_t seq;
    uint32_t group;
    int32_t slice_number;
    enum nks_slice_state slice_state;
    nks_date execution_date, due_date;
    bool date_moved; /* to a bank day */
    struct nks_money amount;
    char ydelsesart[141]; /* empty: none written */
    bool complete;
    enum nks_holder_kind payee;
    bool maybe_se, used_se; /* TXID: a CVR unless the register knows none; then the SE number */
    enum nks_payment_state state;
    enum nks_reason reason;
    enum nks_outcome outcome;
    enum nks_found found;
    bool resolved; /* `found` is known */
    char account[NKS_LOOK_ACCOUNT];
    int64_t register_version;
    nks_date account_from, account_to;
    int64_t agreement_version;
    enum nks_offset_mode offset_mode;
    bool offset_allowed; /* the ydelsesart is on the positive list */
    enum nks_no_account no_account;
    size_t leg_count;
    struct nks_look_leg legs[NKS_LOOK_LEGS_MAX];
};
/* Legs are verified against their signature before anything is said about them (NKS_INTEGRITY). */
NKS_CHECKED enum nks_status nks_look_explain(struct nks_run *run, int64_t batch_id, uint64_t seq,
                                             struct nks_explanation *out);

#endif
