#include "exchange/lost.h"

#include "exchange/exchange_private.h"

#include <inttypes.h>
#include <string.h>

/* ---- a line: kind, at, party, SHA-256, generation, outcome */

static const char *const kinds[] = {"", "sender", "central", "act"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

void nks_lost_format(const struct nks_lost *lost, struct nks_buf *fields)
{
    char at[NKS_TIME_TEXT], hex[NKS_HASH_HEX];
    nks_time_format(lost->at, at);
    nks_hex(lost->hash, sizeof lost->hash, hex);
    nks_buf_printf(fields, "%s\t%s\t%s\t%s\t%d\t%s", kinds[lost->kind], at, lost->party[0] != '\0' ? lost->party : "-",
                   hex, lost->generation, lost->outcome);
}

bool nks_lost_read(struct nks_text fields, struct nks_lost *out)
{
    struct nks_text kind = nks_text_cut(&fields, '\t'), at = nks_text_cut(&fields, '\t'),
                    party = nks_text_cut(&fields, '\t'), hash = nks_text_cut(&fields, '\t'),
                    generation = nks_text_cut(&fields, '\t');
    uint64_t number = 0;
    *out = (struct nks_lost){.state = NKS_LOST_WAITING};
    for (int i = 1; i < KINDS; i++) {
        if (nks_text_is(kind, kinds[i]))
            out->kind = (enum nks_lost_kind)i;
    }
    bool good = out->kind != 0 && nks_time_parse(at, &out->at) && nks_text_copy(party, out->party, sizeof out->party) &&
                nks_unhex(hash, out->hash, sizeof out->hash) && nks_text_number(generation, INT32_MAX, &number) &&
                nks_text_copy(fields, out->outcome, sizeof out->outcome);
    out->generation = (int)number;
    return good;
}

/* ---- rows */

enum nks_status nks_lost_add(struct nks_exchange *exchange, const struct nks_lost *lost, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0, before = 0;
    if (nks_text_starts(nks_text_from(lost->outcome), "import ")) {
        /* over the same rows, so the first was cut short: the later one is what happened */
        NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_import_update, &stmt, fault));
        nks_bind_int(stmt, "line", lost->line);
        nks_bind_int(stmt, "at", lost->at);
        nks_bind_int(stmt, "kind", lost->kind);
        nks_bind_text(stmt, "outcome", nks_text_from(lost->outcome));
        NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    } else if (lost->kind == NKS_LOST_ACT) { /* killed after its line, and done once more */
        NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_last, &stmt, fault));
        nks_bind_int(stmt, "kind", NKS_LOST_ACT);
        nks_bind_text(stmt, "outcome", nks_text_from(lost->outcome));
        NKS_TRY(nks_exchange_one(stmt, &before, fault));
        if (before != 0)
            return NKS_OK;
    } else {
        NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_update, &stmt, fault));
        nks_bind_text(stmt, "outcome", nks_text_from(lost->outcome));
        nks_bind_int(stmt, "at", lost->at);
        nks_bind_int(stmt, "kind", lost->kind);
        nks_bind_text(stmt, "party", nks_text_from(lost->party));
        nks_bind_bytes(stmt, "hash", lost->hash, sizeof lost->hash);
        nks_bind_int(stmt, "generation", lost->generation);
        NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    }
    if (changed > 0)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_insert, &stmt, fault));
    nks_bind_int(stmt, "line", lost->line);
    nks_bind_int(stmt, "kind", lost->kind);
    nks_bind_int(stmt, "at", lost->at);
    nks_bind_text(stmt, "party", nks_text_from(lost->party));
    nks_bind_bytes(stmt, "hash", lost->hash, sizeof lost->hash);
    nks_bind_int(stmt, "generation", lost->generation);
    nks_bind_text(stmt, "outcome", nks_text_from(lost->outcome));
    nks_bind_int(stmt, "state", NKS_LOST_WAITING);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_lost_head(struct nks_exchange *exchange, struct nks_lost *out, bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool fits = true;
    *out = (struct nks_lost){.state = NKS_LOST_WAITING};
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_head, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found) {
        struct nks_text hash = nks_column_bytes(stmt, 4);
        out->line = nks_column_int(stmt, 0);
        out->kind = (enum nks_lost_kind)nks_column_int(stmt, 1);
        out->at = nks_column_int(stmt, 2);
        fits = nks_text_copy(nks_column_text(stmt, 3), out->party, sizeof out->party) && hash.len == sizeof out->hash &&
               nks_text_copy(nks_column_text(stmt, 6), out->outcome, sizeof out->outcome);
        memcpy(out->hash, hash.ptr, fits ? sizeof out->hash : 0);
        out->generation = (int)nks_column_int(stmt, 5);
    }
    nks_stmt_end(stmt);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "LOST-ROW", "a row of table lost_work is damaged");
}

enum nks_status nks_lost_count(struct nks_exchange *exchange, int64_t *waiting, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_count, &stmt, fault));
    return nks_exchange_one(stmt, waiting, fault);
}

enum nks_status nks_lost_move(struct nks_exchange *exchange, int64_t line, enum nks_lost_state to, bool *moved,
                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_move, &stmt, fault));
    nks_bind_int(stmt, "to", to);
    nks_bind_int(stmt, "line", line);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    *moved = changed == 1;
    return NKS_OK;
}

enum nks_status nks_lost_act_begins(struct nks_exchange *exchange, struct nks_text begins, int64_t *line,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_act_begins, &stmt, fault));
    nks_bind_int(stmt, "act", NKS_LOST_ACT);
    nks_bind_int(stmt, "length", (int64_t)begins.len);
    nks_bind_text(stmt, "begins", begins);
    return nks_exchange_one(stmt, line, fault);
}

enum nks_status nks_lost_act_find(struct nks_exchange *exchange, const char *outcome, int64_t *line,
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_lost_act_find, &stmt, fault));
    nks_bind_int(stmt, "act", NKS_LOST_ACT);
    nks_bind_text(stmt, "outcome", nks_text_from(outcome));
    return nks_exchange_one(stmt, line, fault);
}
