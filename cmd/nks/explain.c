/* explain: one payment in plain words. */
#include "authorize.h"

#include "stage/look_unmasked.h"

#include <stdio.h>
#include <string.h>

enum { MONEY_TEXT = 48 };

static const char *money(int64_t minor, const char currency[4], char out[MONEY_TEXT])
{
    struct nks_money amount = {.minor = minor};
    struct nks_buf buf;
    memcpy(amount.currency, currency, sizeof amount.currency);
    nks_buf_init(&buf, out, MONEY_TEXT - 1);
    nks_money_format_people(&buf, amount);
    out[buf.len] = '\0';
    return out;
}

static const char *date(nks_date day, char out[NKS_DATE_TEXT])
{
    out[0] = '\0';
    if (day != NKS_DATE_NONE)
        nks_date_format(day, out);
    return out;
}

/* How the destination was found, and by what rule. */
static const struct {
    const char *key, *words, *rule;
} founds[] = {
    [NKS_DESTINATION_NONE] = {"none", "no account: neither a specific account nor a NemKonto is valid on that day", ""},
    [NKS_DESTINATION_COMPLETE] = {"complete", "the payer wrote the account itself; the register was not asked",
                                  "a complete payment order is passed on as written (lov om nemkonto)"},
    [NKS_DESTINATION_SPECIFIC] =
        {"specific", "a specific account for this authority and ydelsesart",
         "a specific account of the authority and ydelsesart comes before the NemKonto (lov om nemkonto)"},
    [NKS_DESTINATION_NEMKONTO] = {"nemkonto", "the NemKonto",
                                  "the money goes to the payee's NemKonto (lov om nemkonto)"},
    [NKS_DESTINATION_FALLBACK_SPECIFIC] =
        {"fallback-specific", "a specific account of the company (CVR), because the SE or P-number has no account",
         "SE and P-numbers without an account use those of their CVR"},
    [NKS_DESTINATION_FALLBACK_NEMKONTO] =
        {"fallback-nemkonto", "the NemKonto of the company (CVR), because the SE or P-number has no account",
         "SE and P-numbers without an account use those of their CVR"},
};

static const struct {
    const char *key, *words;
} policies[] = {
    [NKS_NO_ACCOUNT_REJECT] = {"reject", "reject the payment"},
    [NKS_NO_ACCOUNT_VENTEKONTO] = {"ventekonto", "the ventekonto"},
    [NKS_NO_ACCOUNT_ERROR_ACCOUNT] = {"error-account", "the payer's error account"},
};

static const struct {
    const char *key, *words;
} leg_kinds[] = {
    [0] = {"?", "?"},
    [NKS_LEG_PAYEE] = {"payee", "to the payee"},
    [NKS_LEG_DEBT] = {"debt", "to public debt"},
    [NKS_LEG_VENTEKONTO] = {"ventekonto", "to the ventekonto"},
    [NKS_LEG_ERROR_ACCOUNT] = {"error-account", "to the payer's error account"},
};

static const char redirect_rule[] = "lov om nemkonto § 16(1), the whole payment";
static const char split_rule[] = "GIL § 4 and § 7, in the order of the date received";

static const char *debt_rule(const struct nks_look_leg *leg)
{
    return leg->redirect ? redirect_rule : split_rule;
}

/* ---- plain words */

static void say_asked(struct out *out, const struct nks_explanation *e)
{
    char amount[MONEY_TEXT], day[NKS_DATE_TEXT];
    out_topic(out, "payment", "batch %lld (%s), payment %llu, of payer %s, sent by %s", (long long)e->batch_id, e->ref,
              (unsigned long long)e->seq, e->payer, e->sender);
    out_topic(out, "asked", "%s on %s%s to %s; ydelsesart %s; %s", money(e->amount.minor, e->amount.currency, amount),
              date(e->execution_date, day), e->date_moved ? " (moved to a bank day)" : "", nks_look_payee(e->payee),
              e->ydelsesart[0] != '\0' ? e->ydelsesart : "not given",
              e->complete ? "complete, the payer wrote the account" : "incomplete, nks finds the account");
    if (e->maybe_se)
        out_topic(out, "payee", "written under TXID: %s",
                  e->used_se ? "no such CVR is in the register, so the number is an SE number"
                             : "taken as a CVR number, which comes before an SE number");
}

static void say_found(struct out *out, const struct nks_explanation *e)
{
    char from[NKS_DATE_TEXT], to[NKS_DATE_TEXT];
    bool told = e->state != NKS_PAYMENT_REJECTED || e->reason == NKS_REASON_NO_ACCOUNT;
    if (!e->resolved || !told) {
        if (!e->resolved && e->state == NKS_PAYMENT_ACCEPTED)
            out_topic(out, "found", "nothing yet: the register is asked when the slice is due, on %s",
                      date(e->due_date, from));
        return;
    }
    bool by_register = e->found != NKS_DESTINATION_NONE && e->found != NKS_DESTINATION_COMPLETE;
    if (!by_register) {
        out_topic(out, "found", "%s%s%s", founds[e->found].words, e->account[0] != '\0' ? ": " : "", e->account);
    } else {
        date(e->account_from, from);
        date(e->account_to, to);
        out_topic(out, "found", "%s: %s, valid from %s%s%s, register version %lld", founds[e->found].words, e->account,
                  from[0] != '\0' ? from : "ever", to[0] != '\0' ? " to " : " on", to, (long long)e->register_version);
    }
    if (founds[e->found].rule[0] != '\0')
        out_topic(out, "rule", "%s", founds[e->found].rule);
}

static void say_debts(struct out *out, const struct nks_explanation *e)
{
    char amount[MONEY_TEXT];
    bool any = false;
    for (size_t i = 0; i < e->leg_count; i++) {
        const struct nks_look_leg *leg = &e->legs[i];
        if (leg->kind != NKS_LEG_DEBT)
            continue;
        any = true;
        out_topic(out, "debt", "%s took %s for %s %s (%s; debt import %lld)", leg->party,
                  money(leg->amount_minor, e->amount.currency, amount), leg->redirect ? "flag" : "claim",
                  leg->reference, debt_rule(leg), (long long)leg->version);
    }
    if (any || e->state != NKS_PAYMENT_ACCEPTED || e->slice_state < NKS_SLICE_OFFSET)
        return;
    const char *why = e->complete                              ? "a complete payment is not set off"
                      : e->offset_mode == NKS_OFFSET_NONE      ? "the agreement has no set-off"
                      : strcmp(e->amount.currency, "DKK") != 0 ? "only payments in DKK are set off"
                      : !e->offset_allowed ? "the ydelsesart is not on the agreement's positive list"
                                           : "no open debt could take from it";
    out_topic(out, "debt", "nothing: %s", why);
}

static void say_rest(struct out *out, const struct nks_explanation *e)
{
    char amount[MONEY_TEXT];
    for (size_t i = 0; i < e->leg_count; i++) {
        const struct nks_look_leg *leg = &e->legs[i];
        if (leg->kind == NKS_LEG_DEBT)
            continue;
        if (leg->kind == NKS_LEG_PAYEE)
            out_topic(out, "rest", "%s to the payee, %s", money(leg->amount_minor, e->amount.currency, amount),
                      leg->account);
        else
            out_topic(out, "rest", "%s %s, %s: without an account, version %lld of the agreement says %s",
                      money(leg->amount_minor, e->amount.currency, amount), leg_kinds[leg->kind].words, leg->account,
                      (long long)e->agreement_version, policies[e->no_account].words);
    }
}

static void say_legs(struct out *out, const struct nks_explanation *e)
{
    char amount[MONEY_TEXT];
    for (size_t i = 0; i < e->leg_count; i++) {
        const struct nks_look_leg *leg = &e->legs[i];
        out_topic(out, "leg", "%s %s %s, %s%s%s%s%s%s", leg->id, money(leg->amount_minor, e->amount.currency, amount),
                  leg_kinds[leg->kind].words, nks_state_name(NKS_STATE_LEG, (int)leg->state),
                  leg->file[0] != '\0' ? ", order file " : "", leg->file,
                  leg->file[0] != '\0'
                      ? (leg->file_state == NKS_FILE_PUBLISHED ? " (published)" : " (not published yet)")
                      : "",
                  leg->reason != NKS_REASON_NONE ? ", " : "", nks_reason_english(leg->reason));
    }
}

static void say_result(struct out *out, const struct nks_explanation *e)
{
    char due[NKS_DATE_TEXT];
    if (e->reason != NKS_REASON_NONE)
        out_topic(out, e->state == NKS_PAYMENT_REJECTED ? "rejected" : "told", "%s: %s", nks_reason_code(e->reason),
                  nks_reason_english(e->reason));
    if (e->reason == NKS_REASON_NO_ACCOUNT)
        out_topic(out, "rule", "version %lld of the agreement says %s when the payee has no account",
                  (long long)e->agreement_version, policies[e->no_account].words);
    bool waits = e->outcome == NKS_OUTCOME_WAITING && e->slice_state == NKS_SLICE_WAITING;
    out_topic(out, "now", "%s; slice %d is %s%s%s", nks_outcome_name(e->outcome), (int)e->slice_number,
              nks_state_name(NKS_STATE_SLICE, (int)e->slice_state), waits ? ", due on " : "",
              waits ? date(e->due_date, due) : "");
}

static void say(struct out *out, const struct nks_explanation *e)
{
    if (out->form == OUT_LINES)
        puts("# topic\twords");
    say_asked(out, e);
    say_found(out, e);
    say_debts(out, e);
    say_rest(out, e);
    say_result(out, e);
    say_legs(out, e);
}

/* ---- JSON */

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *date_or_null(nks_date day)
{
    char text[NKS_DATE_TEXT];
    return text_or_null(date(day, text));
}

static json_t *amount_json(int64_t minor, const char currency[4])
{
    char text[MONEY_TEXT];
    struct nks_money amount = {.minor = minor};
    struct nks_buf buf;
    memcpy(amount.currency, currency, sizeof amount.currency);
    nks_buf_init(&buf, text, sizeof text - 1);
    nks_money_format(&buf, amount);
    text[buf.len] = '\0';
    return json_string(text);
}

static json_t *leg_json(const struct nks_explanation *e, const struct nks_look_leg *leg)
{
    const char *rule = leg->kind == NKS_LEG_DEBT    ? debt_rule(leg)
                       : leg->kind == NKS_LEG_PAYEE ? founds[e->found].rule
                                                    : "";
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "id", leg->id, "kind",
                     leg_kinds[leg->kind].key, "state", nks_state_name(NKS_STATE_LEG, (int)leg->state), "reason",
                     text_or_null(nks_reason_code(leg->reason)), "amount",
                     amount_json(leg->amount_minor, e->amount.currency), "account", text_or_null(leg->account), "party",
                     text_or_null(leg->party), "reference", text_or_null(leg->reference), "version",
                     (json_int_t)leg->version, "rule", text_or_null(rule), "central", text_or_null(leg->central),
                     "order_file", text_or_null(leg->file), "file_state",
                     leg->file[0] != '\0' ? json_string(nks_file_state_name((int)leg->file_state)) : json_null());
}

static json_t *found_json(const struct nks_explanation *e)
{
    if (!e->resolved)
        return json_null();
    bool by_register = e->found != NKS_DESTINATION_NONE && e->found != NKS_DESTINATION_COMPLETE;
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "key", founds[e->found].key, "words",
                     founds[e->found].words, "rule", text_or_null(founds[e->found].rule), "account",
                     text_or_null(e->account), "register_version",
                     by_register ? json_integer(e->register_version) : json_null(), "valid_from",
                     by_register ? date_or_null(e->account_from) : json_null(), "valid_to",
                     by_register ? date_or_null(e->account_to) : json_null());
}

static void say_json(struct out *out, const struct nks_explanation *e)
{
    json_t *legs = json_array();
    for (size_t i = 0; i < e->leg_count; i++)
        json_array_append_new(legs, leg_json(e, &e->legs[i]));
    json_t *object = json_pack(
        "{s:I, s:s, s:I, s:s, s:s, s:o, s:s, s:o, s:b, s:o, s:o, s:b, s:s, s:b, s:s, s:o, s:o, s:o, s:I, s:s, s:i, "
        "s:s, s:o}",
        "batch", (json_int_t)e->batch_id, "ref", e->ref, "payment", (json_int_t)e->seq, "sender", e->sender, "payer",
        e->payer, "amount", amount_json(e->amount.minor, e->amount.currency), "currency", e->amount.currency,
        "execution_date", date_or_null(e->execution_date), "date_moved", (int)e->date_moved, "due_date",
        date_or_null(e->due_date), "ydelsesart", text_or_null(e->ydelsesart), "complete", (int)e->complete, "payee",
        nks_look_payee(e->payee), "used_se", (int)e->used_se, "state", nks_state_name(NKS_STATE_PAYMENT, (int)e->state),
        "reason", text_or_null(nks_reason_code(e->reason)), "reason_words", text_or_null(nks_reason_english(e->reason)),
        "found", found_json(e), "agreement_version", (json_int_t)e->agreement_version, "no_account_policy",
        policies[e->no_account].key, "slice", (int)e->slice_number, "outcome", nks_outcome_name(e->outcome), "legs",
        legs);
    out_json(out, "explanation", object);
}

/* ---- unmasked, after it was recorded */

static void say_unmasked(struct out *out, const struct nks_unmasked *payee)
{
    if (out->form == OUT_JSON) {
        out_json(out, "unmasked",
                 json_pack("{s:o, s:o, s:o, s:o}", "id_kind", text_or_null(nks_holder_kind_name(payee->kind)), "id",
                           text_or_null(payee->id), "name", text_or_null(payee->name), "account",
                           text_or_null(payee->account.id)));
        return;
    }
    out_topic(out, "payee", "%s %s %s", payee->id[0] != '\0' ? nks_holder_kind_name(payee->kind) : "no id", payee->id,
              payee->name);
    out_topic(out, "account", "%s",
              payee->account.id[0] != '\0' ? payee->account.id : "none, or written in a form of its own");
}

/* Where the home asks for persons, a look needs one with the role, who shows it by the key. */
static enum nks_status looker_sign(struct nks_app *app, int64_t batch_id, uint64_t seq, struct nks_person *looker)
{
    char text[64];
    uint8_t signature[NKS_SIGNATURE_SIZE];
    int len = snprintf(text, sizeof text, "nks look 1 %lld %llu", (long long)batch_id, (unsigned long long)seq);
    return app_person_sign(app, NKS_ROLE_LOOKER, text, (size_t)len, looker, signature);
}

static int unmasked(struct nks_app *app, int64_t batch_id, uint64_t seq)
{
    struct nks_unmasked payee = {.kind = NKS_HOLDER_NONE};
    struct nks_person looker = {.id = 0};
    enum nks_status status = app_persons_asked(app) ? looker_sign(app, batch_id, seq, &looker) : NKS_OK;
    if (status == NKS_OK)
        status = nks_look_unmasked(app->run, batch_id, seq, looker.id != 0 ? looker.name : NULL,
                                   app->values[OPTION_REASON], &payee);
    if (status == NKS_OK)
        say_unmasked(&app->out, &payee);
    explicit_bzero(&payee, sizeof payee);
    return app_result(app, status);
}

int command_explain(struct nks_app *app)
{
    int code = EXIT_DONE;
    int64_t id = 0;
    uint64_t seq = 0;
    if (!nks_text_number(nks_text_from(app->operands[1]), INT64_MAX, &seq) || seq == 0)
        return app_usage(app, "SEQ is the payment's number in the message, from 1");
    bool wanted = app->values[OPTION_UNMASKED] != NULL;
    const char *reason = app->values[OPTION_REASON];
    if (wanted != (reason != NULL && reason[0] != '\0'))
        return app_usage(app, "--unmasked and --reason TEXT go together");
    if (!app_open(app, false, !wanted, &code) || !app_batch(app, app->operands[0], &id, &code))
        return code;
    static struct nks_explanation explanation;
    enum nks_status status = nks_look_explain(app->run, id, seq, &explanation);
    if (status == NKS_OK && app->out.form == OUT_JSON)
        say_json(&app->out, &explanation);
    else if (status == NKS_OK)
        say(&app->out, &explanation);
    return status == NKS_OK && wanted ? unmasked(app, id, seq) : app_result(app, status);
}
