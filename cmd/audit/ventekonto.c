/* The ventekonto: every leg that goes there has its entry of the same amount, and every entry its leg. */
#include "audit.h"

#include "base/pack.h"
#include "ventekonto/ventekonto.h"

#include <string.h>

enum { DETAILS_MAX = 64 * 1024 };

struct entry {
    int64_t slice_id, n, generation, amount_minor, state, currency, date_in, holder_key, holder_check;
    bool same_holder, erased;
    bool trail_released; /* the trail of its batch has a release */
    char currency_name[4], payer[NKS_PARTY_MAX];
};

static void read_entry(struct nks_stmt *stmt, struct entry *entry)
{
    *entry = (struct entry){
        .slice_id = nks_column_int(stmt, 0),
        .n = nks_column_int(stmt, 1),
        .generation = nks_column_int(stmt, 2),
        .amount_minor = nks_column_int(stmt, 3),
        .state = nks_column_int(stmt, 4),
        .currency = nks_column_int(stmt, 7),
        .same_holder = nks_column_int(stmt, 8) != 0,
        .date_in = nks_column_int(stmt, 10),
        .holder_key = nks_column_int(stmt, 11),
        .holder_check = nks_column_int(stmt, 12),
        .trail_released = nks_column_int(stmt, 13) != 0,
        .erased = nks_column_int(stmt, 14) != 0,
    };
    if (!nks_text_copy(nks_column_text(stmt, 5), entry->currency_name, sizeof entry->currency_name))
        entry->currency_name[0] = '\0';
    if (!nks_text_copy(nks_column_text(stmt, 9), entry->payer, sizeof entry->payer))
        entry->payer[0] = '\0';
}

/* A leg that the bank sent back, or that was stopped, never came in; and no entry goes on without a release. */
static bool states_fit(const struct entry *entry, int64_t leg)
{
    bool came_back = leg == NKS_LEG_REJECTED || leg == NKS_LEG_RETURNED || leg == NKS_LEG_STOPPED;
    if (came_back || entry->state == NKS_VENTEKONTO_RETURNED)
        return came_back && entry->state == NKS_VENTEKONTO_RETURNED;
    return entry->state == NKS_VENTEKONTO_OPEN ||
           (entry->state > NKS_VENTEKONTO_OPEN && entry->state <= NKS_VENTEKONTO_ESCHEATED && entry->trail_released);
}

static void leg_compare(struct audit *audit, const struct entry *entry, int64_t amount_minor, int64_t state)
{
    if (amount_minor != entry->amount_minor)
        audit_find(audit, "amount_minor is %lld, its leg's is %lld", (long long)entry->amount_minor,
                   (long long)amount_minor);
    if (!states_fit(entry, state))
        audit_find(audit, "state %lld does not go with its leg's %s", (long long)entry->state,
                   nks_state_name(NKS_STATE_LEG, (int)state));
    if (entry->currency != nks_currency_number(entry->currency_name))
        audit_find(audit, "currency is not its payment's");
    /* The entries of a batch go with its key, the holders of its payments slice by slice. */
    if (entry->erased ? entry->holder_key != 0 || entry->holder_check != 0 : !entry->same_holder)
        audit_find(audit, entry->erased ? "its batch was erased, but holder_key or holder_check is there"
                                        : "holder_key or holder_check is not its payment's");
}

static enum nks_status entry_leg(struct audit *audit, const struct entry *entry)
{
    struct nks_stmt *stmt = NULL;
    bool found = false, again = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_entry_leg, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", entry->slice_id);
    nks_bind_int(stmt, "n", entry->n);
    nks_bind_int(stmt, "generation", entry->generation);
    NKS_TRY(nks_stmt_step(stmt, &found, &audit->fault));
    if (!found) {
        audit_find(audit, "there is no such ventekonto leg");
        return NKS_OK;
    }
    leg_compare(audit, entry, nks_column_int(stmt, 0), nks_column_int(stmt, 1));
    NKS_TRY(nks_stmt_step(stmt, &again, &audit->fault));
    nks_stmt_end(stmt);
    if (again)
        audit_find(audit, "its payment has two ventekonto legs");
    return NKS_OK;
}

/* The encrypted part repeats the clear columns. */
static void details_compare(struct audit *audit, const struct entry *entry, struct nks_text plain)
{
    struct nks_unpack from = {.rest = plain};
    bool same = nks_unpack_int(&from) == entry->holder_key;
    same = nks_unpack_int(&from) == entry->holder_check && same;
    same = nks_text_is(nks_unpack_text(&from), entry->payer) && same;
    same = nks_unpack_int(&from) == entry->amount_minor && same;
    same = nks_text_is(nks_unpack_text(&from), entry->currency_name) && same;
    same = nks_unpack_int(&from) == entry->date_in && same;
    if (from.bad || !same)
        audit_find(audit, "a clear column is not what its details say");
}

static enum nks_status details_check(struct audit *audit, struct nks_cipher *cipher, const struct entry *entry,
                                     struct nks_text details)
{
    static char plain[DETAILS_MAX];
    const struct nks_place place = {"ventekonto_entry", "details", entry->slice_id, entry->n, entry->generation};
    if (entry->erased != (details.len == 0)) {
        audit_find(audit, entry->erased ? "its batch was erased, but details is there"
                                        : "details is empty, but its batch was not erased");
        return NKS_OK;
    }
    if (cipher == NULL || entry->erased)
        return NKS_OK;
    if (details.len < NKS_CIPHER_OVERHEAD || details.len > sizeof plain) {
        audit_find(audit, "its details are damaged");
        return NKS_OK;
    }
    enum nks_status status = nks_cipher_decrypt(cipher, &place, details.ptr, details.len, plain, &audit->fault);
    if (status == NKS_OK)
        details_compare(audit, entry, (struct nks_text){plain, details.len - NKS_CIPHER_OVERHEAD});
    explicit_bzero(plain, details.len);
    return audit_take_fault(audit, status);
}

static enum nks_status entries_check(struct audit *audit, struct nks_cipher *cipher)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_entries, &stmt, &audit->fault));
    for (bool row = true;;) {
        struct entry entry;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        read_entry(stmt, &entry);
        audit_looked(audit);
        audit_at(audit, "ventekonto_entry slice_id %lld n %lld generation %lld", (long long)entry.slice_id,
                 (long long)entry.n, (long long)entry.generation);
        NKS_TRY(entry_leg(audit, &entry));
        NKS_TRY(details_check(audit, cipher, &entry, nks_column_bytes(stmt, 6)));
    }
}

static enum nks_status legs_without(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_legs_without_entry, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at_leg(audit, nks_column_int(stmt, 0), nks_column_int(stmt, 1), nks_column_int(stmt, 2),
                     nks_column_int(stmt, 3));
        audit_find(audit, "its entry is missing from ventekonto_entry");
    }
}

enum nks_status audit_check_ventekonto(struct audit *audit)
{
    struct nks_cipher *cipher = NULL;
    if (audit->secrets)
        NKS_TRY(nks_cipher_open(audit->keys, NKS_KEY_VENTEKONTO, &cipher, &audit->fault));
    enum nks_status status = entries_check(audit, cipher);
    nks_cipher_free(cipher);
    return status == NKS_OK ? legs_without(audit) : status;
}
