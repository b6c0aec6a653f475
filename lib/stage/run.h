#ifndef NKS_STAGE_RUN_H
#define NKS_STAGE_RUN_H
/*
 * A run: one home opened for work, and the stages over it. This is the only place where the business modules meet.
 *
 * Order of calls: nks_home_init once; nks_run_open; stages in any order, each until nothing is left for it;
 * nks_run_close. A stage is `enum nks_status nks_stage_X(struct nks_run *run, int64_t batch_id)`; batch_id 0 means all.
 * Each may be killed at any instant and run again; doing finished work again changes nothing. The library does not
 * print: progress goes to the callback, what happened to the counts, errors to the fault.
 */
#include "agreement/agreement.h"
#include "base/journal.h"
#include "debt/debt.h"
#include "exchange/central.h"
#include "exchange/exchange.h"
#include "exchange/signer.h"
#include "payment/payment.h"
#include "person/person.h"
#include "register/register.h"
#include "trail/trail.h"
#include "vault/keys.h"
#include "ventekonto/ventekonto.h"

enum { NKS_CONF_TEXT_MAX = 128 };

enum { NKS_DATABASE_MAX = 512 };
struct nks_conf {                        /* nks.conf; the table of keys is in run.c */
    char environment[16];                /* [home] environment = production | test */
    char database[NKS_DATABASE_MAX];     /* [home] database: address on PostgreSQL; empty: nks.db in the home */
    int64_t cache_mib;                   /* [database] cache_mib: page cache */
    char report_name[NKS_CONF_TEXT_MAX]; /* [report] name: InitgPty/Nm of our status reports */
    char persons[8]; /* [persons] required = yes | no: a second person for what changes where money goes */
    bool persons_required;
    int64_t free_changes;      /* [persons] free_changes: an import with at most so many changes needs one person */
    int64_t settle_seconds;    /* [receive] settle_seconds: a file younger than this is left alone */
    int64_t signature_seconds; /* [receive] signature_seconds: so long may a required signature come later */
    int64_t voucher_years;     /* [retention] voucher_years: from the end of the year */
    int64_t refused_days;      /* [retention] refused_days: of refused files */
    int64_t min_free_mib;      /* [run] min_free_mib: what must stay free on the disk for a run to begin */
};

struct nks_run_counts {
    int64_t received, accepted, refused, repeated;
    int64_t payments, rejected;
    int64_t slices;
    int64_t orders, reports, published;
    int64_t answers, odd;
    int64_t carried_on; /* payments made of money that came back */
    int64_t skipped;    /* entries in drop folders that are no files of ours to take */
};

struct nks_run_options {
    const char *home, *keys; /* keys NULL: HOME.keys beside the home */
    const char *reader;      /* path of the program nks-reader */
    const char *who;         /* the command, for the trail; NULL: "nks" */
    nks_time now;            /* 0: the clock; else only in test homes */
    int wait_seconds;        /* with `lock`: how long to wait for it before it is BUSY */
    bool lock;               /* work: take the home's lock, NKS_RETRY (BUSY) when another run has it */
    bool read_only;          /* look only; else a standing alarm is NKS_INTEGRITY (ALARM-STANDS, alarm.h) */
    bool clearing;           /* an alarm may stand: it is being cleared, by who holds the home's lock (alarm.h), or the
                                journal is read into a home that was put back, which the auditor waits for */
    bool restoring;          /* the copy that nks restore makes; else a restore that was cut short is RESTORE-FIRST */
    bool public_keys;        /* no secrets: the auditor */
    const char *moving_to;   /* not the home's database, but the one at this address that it is moved to (move.h) */
    void (*progress)(void *context, const char *stage, int64_t done, int64_t total); /* may be NULL */
    void *progress_context;
};

struct nks_run {
    char home[NKS_PATH_MAX], keys_dir[NKS_PATH_MAX];
    struct nks_conf conf;
    struct nks_run_options options;
    nks_time now;
    nks_date today; /* the business date: Copenhagen's */
    int64_t epoch;
    int lock;
    struct nks_db *db;
    struct nks_keys *keys;
    struct nks_exchange *exchange;
    struct nks_payments *payments;
    struct nks_register *reg;
    struct nks_debt *debt;
    struct nks_ventekonto *ventekonto;
    struct nks_persons *persons;
    struct nks_trail *trail;     /* every commit has a link in it */
    struct nks_arena arena;      /* of the books */
    struct nks_journal *journal; /* of published files (journal.h); NULL until it is needed */
    bool journal_compared, seals_fit;
    bool newest_fits;     /* the database has the last commit that is known outside it (newest.h) */
    nks_date late_from;   /* the earliest business day of an order file that left after it; 0: none */
    bool recovering;      /* lost works are done again (lost.h): now and today are those of then */
    int64_t journal_line; /* of the file that is on its way out */
    struct nks_agreement_book agreements;
    struct nks_central_book centrals;
    struct nks_signer_book signers;
    struct nks_slice *slice; /* the one being worked on */
    struct nks_run_counts counts;
    struct nks_odd_row odds[NKS_ODD_LOOK_MAX]; /* what was odd in the answers of this run, as far as it fits */
    size_t odd_count;
    int64_t reader_peak_bytes;
    struct nks_fault fault;
};

/*
 * Makes a home: folders, nks.conf, keys, database. An existing home is NKS_REFUSED (HOME-EXISTS). `database` is the
 * address of an empty database on PostgreSQL (DB-IN-USE: it has tables of nks), or NULL for one in the home.
 */
NKS_CHECKED enum nks_status nks_home_init(const char *home, const char *keys, const char *database, bool test,
                                          nks_time now, struct nks_fault *fault);
/* What to open as the database of a home: an address, or the path of nks.db, as its nks.conf says. */
NKS_CHECKED enum nks_status nks_home_database(const char *home, char out[NKS_PATH_MAX], struct nks_fault *fault);
/* The same by a nks.conf in another place. */
NKS_CHECKED enum nks_status nks_home_database_of(const char *home, const char *conf_path, char out[NKS_PATH_MAX],
                                                 struct nks_fault *fault);
/* Whether it has the form of an address on PostgreSQL: DB-ADDRESS. NULL has. */
NKS_CHECKED enum nks_status nks_home_address(const char *address, struct nks_fault *fault);
/* "host:/srv/nks": what tells a home from its copy. */
enum { NKS_PLACE_MAX = NKS_HOST_MAX + NKS_PATH_MAX };
NKS_CHECKED enum nks_status nks_home_place(const char *home, char out[NKS_PLACE_MAX], struct nks_fault *fault);
/* Whether the home at that path asks for a second person, by its nks.conf alone; one that cannot be read does. A home
 * that is not there does not. */
bool nks_home_asks(const char *home);
NKS_CHECKED enum nks_status nks_run_open(const struct nks_run_options *options, struct nks_run **out,
                                         struct nks_fault *fault);
void nks_run_close(struct nks_run *run);
/* Records what this transaction did (trail.h); 0: none. */
NKS_CHECKED enum nks_status nks_run_trail(struct nks_run *run, enum nks_trail_action action, int64_t batch_id,
                                          int64_t slice_id, int64_t number);
/* nks_db_transact over the run's database and fault; the counts of what did not come to be are taken back. */
NKS_CHECKED enum nks_status nks_run_transact(struct nks_run *run, nks_db_body_fn body, void *context);
/* A link alone, in a transaction of its own. */
NKS_CHECKED enum nks_status nks_run_link(struct nks_run *run, const struct nks_trail_entry *entry);
/* Writes the seal of every day whose chains grew since its last seal into HOME.journal/seals (seal.c). */
NKS_CHECKED enum nks_status nks_run_seal(struct nks_run *run);
/* Whether the newest seal speaks of this trail; false: the database is older. No seal fits. */
NKS_CHECKED enum nks_status nks_run_seals_fit(struct nks_run *run, bool *fit);
/* The last line of the journal of published files that any seal names, also one that was replaced; number 0: none. */
NKS_CHECKED enum nks_status nks_run_seals_journal(struct nks_run *run, struct nks_journal_mark *mark);
/* Seals that do not fit go to HOME.journal/replaced-TIME: after it was decided that the database is the one to go on
 * with. */
NKS_CHECKED enum nks_status nks_run_seals_aside(struct nks_run *run);
/* Reads agreements, centrals and signers (again). */
NKS_CHECKED enum nks_status nks_run_books(struct nks_run *run);
NKS_CHECKED enum nks_status nks_run_path(struct nks_run *run, char out[NKS_PATH_MAX], const char *a, const char *b,
                                         const char *c); /* HOME/a/b/c; b and c may be NULL */
/* Where a delivery's bytes lie, and the archive copy of an out file. */
NKS_CHECKED enum nks_status nks_run_spool_path(struct nks_run *run, int64_t delivery_id, char out[NKS_PATH_MAX]);
NKS_CHECKED enum nks_status nks_run_archive_path(struct nks_run *run, int64_t file_id, char out[NKS_PATH_MAX]);
NKS_CHECKED enum nks_status nks_run_staging_path(struct nks_run *run, int64_t file_id, char out[NKS_PATH_MAX]);
/* Replaces digits that could be a CPR number by '*': a run of 10, or 6 and 4 with a hyphen or blank between. */
void nks_name_mask(char *name);
void nks_run_progress(struct nks_run *run, const char *stage, int64_t done, int64_t total);

typedef enum nks_status (*nks_stage_fn)(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_receive(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_ingest(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_resolve(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_offset(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_route(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_decide(struct nks_run *run,
                                             int64_t batch_id); /* the three fused: one load, one commit */
NKS_CHECKED enum nks_status nks_stage_emit(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_deliver(struct nks_run *run, int64_t batch_id);
NKS_CHECKED enum nks_status nks_stage_collect(struct nks_run *run, int64_t batch_id);
/* Before anything is begun: is there room for what waits (NKS_RETRY, DISK-FULL), may the home be written to
 * (NKS_FAILED, FILE-PERMISSION)? The begin of nks_stage_all. */
NKS_CHECKED enum nks_status nks_run_ready(struct nks_run *run);
/* NKS_HELD (KEY-EXPIRED): the certificate that signs files has ended, so whoever gets one would refuse it. */
NKS_CHECKED enum nks_status nks_run_may_sign(struct nks_run *run);
/* All of them until nothing is left. */
NKS_CHECKED enum nks_status nks_stage_all(struct nks_run *run, int64_t batch_id);

/* The table of stages: what `nks run` goes through and the command line offers. */
struct nks_stage {
    const char *name, *words;
    nks_stage_fn fn;
    bool in_run; /* part of `nks run`, in this order */
};
const struct nks_stage *nks_stages(size_t *count);

#endif
