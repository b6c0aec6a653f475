/* What was odd in answers of centrals: kinds, words, and their rows. */
#include "exchange/exchange_private.h"

static const struct {
    const char *name, *words;
} kinds[NKS_ODDS] = {
    [NKS_ODD_UNREADABLE] = {"unreadable", "the file could not be read as an answer of a bank"},
    [NKS_ODD_UNKNOWN_MESSAGE] = {"unknown-message", "the answer is to a message that nks never sent"},
    [NKS_ODD_OTHER_CENTRAL] = {"other-central", "the answer is to a message that nks sent to another central"},
    [NKS_ODD_NOT_WRITTEN] = {"not-written", "the answer is to a message that is not written yet"},
    [NKS_ODD_UNKNOWN_STATUS] = {"unknown-status", "a status that nks does not know; nothing was moved by it"},
    [NKS_ODD_UNKNOWN_GROUP] = {"unknown-group",
                               "the file has no group of this PmtInfId, or two; nothing was moved by its status"},
    [NKS_ODD_GROUP_TWICE] = {"group-twice", "the group stands twice with different statuses; the first was used"},
    [NKS_ODD_UNKNOWN_PAYMENT] = {"unknown-payment", "the id is not of a payment in the file that is answered"},
    [NKS_ODD_GROUP_CONTRADICTS] = {"group-contradicts",
                                   "the status of the group contradicts that of the message; the group's was used"},
    [NKS_ODD_PAYMENT_CONTRADICTS] = {"payment-contradicts",
                                     "the status of the payment contradicts that above it; the payment's was used"},
    [NKS_ODD_OTHER_STATE] = {"other-state", "the payment has another final state; it was left"},
    [NKS_ODD_FILE_OTHER_STATE] = {"file-other-state",
                                  "some payments of the file have another final state; they were left"},
    [NKS_ODD_ENTRY_GONE] = {"entry-gone", "a payment to the ventekonto came back whose entry is not open any more"},
    [NKS_ODD_DIRECTION] = {"direction", "the direction of a booking contradicts the rest of it; nothing was moved"},
    [NKS_ODD_CREDIT] = {"credit", "money came in for a payment of ours, but nothing says that it is a return"},
    [NKS_ODD_AMOUNT] = {"amount", "the amount is not that of the payment; it was left"},
    [NKS_ODD_DETAILS_SUM] = {"details-sum", "the details of a booking do not add up to its amount"},
    [NKS_ODD_NO_MATCH] = {"no-match", "a booking that fits no payment of ours"},
    [NKS_ODD_AMBIGUOUS] = {"ambiguous",
                           "a booking that fits several payments, or several that fit one; none was moved"},
    [NKS_ODD_TOTALS] = {"totals", "a total is not the count and sum of the payments it is about; none was moved"},
    [NKS_ODD_TOO_MANY] = {"too-many", "more bookings without our ids than are looked for in one answer"},
    [NKS_ODD_SIGNATURE] = {"signature", "the signature is missing or bad, and the central must sign; nothing was read"},
    [NKS_ODD_ERASED] = {"erased", "the answer is to a message of a batch that was erased; nothing was moved"},
};

const char *nks_odd_name(enum nks_odd kind)
{
    return (unsigned)kind < NKS_ODDS && kinds[kind].name != NULL ? kinds[kind].name : "?";
}

const char *nks_odd_words(enum nks_odd kind)
{
    return (unsigned)kind < NKS_ODDS && kinds[kind].words != NULL ? kinds[kind].words : "?";
}

enum nks_status nks_delivery_odd_add(struct nks_exchange *exchange, const struct nks_odd_row *row,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_odd_insert, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", row->delivery_id);
    nks_bind_int(stmt, "kind", row->kind);
    nks_bind_int(stmt, "line", row->line);
    nks_bind_int(stmt, "times", row->times);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_look_odd(struct nks_exchange *exchange, nks_time since, struct nks_odd_row rows[NKS_ODD_LOOK_MAX],
                             size_t *count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *count = 0;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_look_odd, &stmt, fault));
    nks_bind_int(stmt, "since", since);
    nks_bind_int(stmt, "rows", NKS_ODD_LOOK_MAX);
    for (bool found = true; *count < NKS_ODD_LOOK_MAX;) {
        NKS_TRY(nks_stmt_step(stmt, &found, fault));
        if (!found)
            break;
        struct nks_odd_row *row = &rows[(*count)++];
        *row = (struct nks_odd_row){.delivery_id = nks_column_int(stmt, 0),
                                    .kind = (enum nks_odd)nks_column_int(stmt, 2),
                                    .line = (uint32_t)nks_column_int(stmt, 3),
                                    .times = nks_column_int(stmt, 4)};
        if (!nks_text_copy(nks_column_text(stmt, 1), row->party, sizeof row->party))
            row->party[sizeof row->party - 1] = '\0';
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}
