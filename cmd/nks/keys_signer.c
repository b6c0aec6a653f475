/* keys signer: the certificates of senders and data centrals, pinned by a person. */
#include "authorize.h"

#include "vault/expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINGERPRINT_TEXT = 2 * NKS_HASH_SIZE + 1 };

static const char *source_name(enum nks_source source)
{
    return source == NKS_SOURCE_CENTRAL ? "central" : "sender";
}

static const char *state_words(const struct nks_signer *signer, nks_time now)
{
    if (signer->ended)
        return "ended";
    if (now < signer->from)
        return "not yet";
    return now > signer->to ? "expired" : "in use";
}

static struct table *begin(struct nks_app *app, bool one)
{
    static const struct column columns[] = {
        {"signer", "signer", CELL_NUMBER}, {"kind", "of", CELL_TEXT},       {"party", "party", CELL_TEXT},
        {"state", "state", CELL_TEXT},     {"from", "from", CELL_TEXT},     {"until", "until", CELL_TEXT},
        {"expires", "expires", CELL_TEXT}, {"stored", "stored", CELL_FLAG}, {"fingerprint", "SHA-256", CELL_TEXT},
    };
    return table_begin(&app->out, "signer", one ? NULL : "Signers", columns, sizeof columns / sizeof columns[0], one);
}

static void row(struct table *table, const struct nks_signer *signer, nks_time now, bool stored)
{
    char hex[FINGERPRINT_TEXT];
    nks_hex(signer->fingerprint, NKS_HASH_SIZE, hex);
    table_optional(table, signer->number);
    table_text(table, source_name(signer->source));
    table_text(table, signer->party);
    table_text(table, state_words(signer, now));
    table_time(table, signer->from);
    table_time(table, signer->to);
    table_time(table, signer->not_after);
    table_flag(table, stored);
    table_text(table, hex);
}

/* ---- list, and what ends soon */

int command_signer_list(struct nks_app *app)
{
    int code = EXIT_DONE;
    if (!app_open(app, false, true, &code))
        return code;
    const struct nks_signer_book *book = &app->run->signers;
    struct table *table = begin(app, false);
    for (size_t i = 0; i < book->count; i++)
        row(table, book->rows[i], app->run->now, true);
    table_end(table);
    return signers_warn(app, true);
}

/* The last instant at which a party's files can be signed: a newer certificate that waits ends the warning. */
static nks_time last_end(const struct nks_signer_book *book, const struct nks_signer *signer)
{
    const struct nks_signer *of[NKS_SIGNERS_OF_PARTY_MAX];
    size_t count = nks_signers_of(book, signer->source, signer->party, of);
    nks_time end = signer->to;
    for (size_t i = 0; i < count; i++)
        end = of[i]->to > end ? of[i]->to : end;
    return end;
}

int signers_warn(struct nks_app *app, bool always)
{
    const struct nks_signer_book *book = &app->run->signers;
    nks_time now = app->run->now;
    int code = EXIT_DONE;
    for (size_t i = 0; i < book->count; i++) {
        const struct nks_signer *signer = book->rows[i];
        int band = nks_expiry_band(now, signer->to);
        if (signer->ended || signer->to < last_end(book, signer) || band == NKS_EXPIRY_FINE ||
            (!always && !nks_expiry_speaks(now, signer->to)))
            continue;
        char words[32] = "has expired";
        if (band != NKS_EXPIRY_OVER)
            snprintf(words, sizeof words, "ends in %d days", nks_expiry_days(now, signer->to));
        fprintf(stderr, "nks: KEY-EXPIRES: signer %lld of %s %s %s: ask for the next one, nks keys signer import\n",
                (long long)signer->number, source_name(signer->source), signer->party, words);
        if (band == NKS_EXPIRY_OVER || band == NKS_EXPIRY_LAST_DAYS)
            code = EXIT_PERSON;
    }
    return code;
}

enum nks_status signed_words(struct nks_run *run, int64_t delivery_id, char out[SIGNED_WORDS_MAX])
{
    struct nks_delivery_signature found;
    NKS_TRY(nks_delivery_signature_load(run->exchange, delivery_id, &found, &run->fault));
    if (found.verdict == NKS_CMS_GOOD)
        snprintf(out, SIGNED_WORDS_MAX, "signed by signer %lld", (long long)found.signer);
    else if (found.verdict == NKS_CMS_NONE || found.verdict == NKS_CMS_IGNORED)
        snprintf(out, SIGNED_WORDS_MAX, "%s", found.verdict == NKS_CMS_NONE ? "unsigned" : "not judged");
    else
        snprintf(out, SIGNED_WORDS_MAX, "bad: %s", nks_cms_verdict_name((int)found.verdict));
    return NKS_OK;
}

/* ---- import and end */

static enum nks_status end_one(struct nks_exchange *exchange, struct nks_signer *signer, struct nks_fault *fault)
{
    NKS_TRY(nks_signer_end(exchange, signer, fault));
    signer->ended = true;
    return NKS_OK;
}

/* One import or end, as the command line or an approved proposal gives it. */
struct act {
    struct nks_signer signer;
    const char *file; /* NULL: of an end */
    uint8_t content[NKS_HASH_SIZE];
    const struct nks_proposal *proposal; /* NULL: not approved by a second person */
    char arguments[NKS_PROPOSAL_ARGUMENTS];
};

/* The change and its link, in one transaction; --dry-run takes both back. */
static enum nks_status change_once(struct nks_app *app, struct act *act)
{
    struct nks_run *run = app->run;
    struct nks_signer *signer = &act->signer;
    const struct nks_proposal *proposal = act->proposal;
    bool dry_run = app->values[OPTION_DRY_RUN] != NULL;
    char detail[FINGERPRINT_TEXT + 64], hex[FINGERPRINT_TEXT];
    nks_hex(signer->fingerprint, NKS_HASH_SIZE, hex);
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = act->file != NULL ? nks_signer_add(run->exchange, signer, &run->fault)
                                               : end_one(run->exchange, signer, &run->fault);
    snprintf(detail, sizeof detail, "%s %s %s: %s", signer->ended ? "ended" : "pinned", source_name(signer->source),
             signer->party, hex);
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_SIGNER,
                                          .number = signer->number,
                                          .who = proposal != NULL ? proposal->proposer : app->values[OPTION_PERSON],
                                          .approver = proposal != NULL ? proposal->approver : NULL,
                                          .reason = proposal != NULL ? proposal->reason : app->values[OPTION_REASON],
                                          .detail = detail};
    if (status == NKS_OK)
        status = nks_trail_add(run->trail, &entry, &run->fault);
    if (status == NKS_OK && !dry_run)
        return nks_db_commit(run->db, &run->fault);
    nks_db_rollback(run->db);
    return status;
}

static enum nks_status change(struct nks_app *app, struct act *act)
{
    struct nks_run *run = app->run;
    const struct nks_signer asked = act->signer;
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        act->signer = asked;
        status = change_once(app, act);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}

/* What was checked is proposed where a second person is asked for, and else done. */
static int ask_and_change(struct nks_app *app, struct act *act)
{
    char preview[FINGERPRINT_TEXT + 16], hex[FINGERPRINT_TEXT];
    int code = EXIT_DONE;
    bool stored = app->values[OPTION_DRY_RUN] == NULL;
    nks_hex(act->signer.fingerprint, NKS_HASH_SIZE, hex);
    snprintf(preview, sizeof preview, "SHA-256 %s", hex);
    const struct act_asked asked = {.act = app->command->name,
                                    .arguments = act->arguments,
                                    .preview = preview,
                                    .content = act->file != NULL ? act->content : NULL};
    if (stored && act->proposal == NULL && !app_authorize(app, &asked, &code))
        return code;
    if (act->proposal != NULL)
        code = app_result(app, act_still_signed(act->proposal, preview, &app->run->fault));
    if (code == EXIT_DONE)
        code = app_result(app, change(app, act));
    if (code != EXIT_DONE)
        return code;
    if (!stored && !act->signer.ended)
        act->signer.number = 0; /* it was none that stays */
    struct table *table = begin(app, true);
    row(table, &act->signer, app->run->now, stored);
    table_end(table);
    return EXIT_DONE;
}

/* `from` and `to` are dates, or "-": the start of that day in Copenhagen, and its last second. */
static bool take_days(struct nks_text from, struct nks_text to, struct nks_signer *signer)
{
    nks_date day = NKS_DATE_NONE;
    if (!nks_text_is(from, "-")) {
        if (!nks_date_parse(from, false, &day))
            return false;
        signer->from = nks_copenhagen_time(day, 0);
    }
    if (!nks_text_is(to, "-")) {
        if (!nks_date_parse(to, false, &day))
            return false;
        signer->to = nks_copenhagen_time(day + 1, 0) - 1;
    }
    return true;
}

/* "sender aalborg 2026-12-07 -": what is pinned, as both persons sign it. */
static bool take_arguments(struct act *act)
{
    struct nks_text rest = nks_text_from(act->arguments);
    struct nks_text kind = nks_text_cut(&rest, ' '), party = nks_text_cut(&rest, ' '), from = nks_text_cut(&rest, ' ');
    act->signer.source = nks_text_is(kind, "central") ? NKS_SOURCE_CENTRAL : NKS_SOURCE_SENDER;
    return nks_party_valid(party) && nks_text_copy(party, act->signer.party, sizeof act->signer.party) &&
           take_days(from, rest, &act->signer);
}

static bool party_known(const struct nks_run *run, const struct nks_signer *signer)
{
    struct nks_text party = nks_text_from(signer->party);
    return signer->source == NKS_SOURCE_CENTRAL ? nks_central_by_name(&run->centrals, party) != NULL
                                                : nks_agreement_sender_known(&run->agreements, party);
}

/* The file of an approved proposal is the very one that was proposed. */
static enum nks_status check_content(struct nks_run *run, struct act *act, const char *data, size_t len)
{
    nks_hash_once(data, len, act->content);
    return act->proposal == NULL || memcmp(act->content, act->proposal->content, NKS_HASH_SIZE) == 0
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_REFUSED, "CONTENT-CHANGED",
                               "this is not the file that was proposed: nothing was stored");
}

static int import(struct nks_app *app, struct act *act)
{
    struct nks_run *run = app->run;
    struct nks_cert *cert = NULL;
    char *data = NULL;
    size_t len = 0, count = 0;
    if (!party_known(run, &act->signer))
        return app_result(app,
                          nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND",
                                        "no agreement or central names %s; import those first", act->signer.party));
    enum nks_status status = nks_file_read(act->file, NKS_CERT_FILE_MAX, &data, &len, &run->fault);
    if (status == NKS_OK)
        status = check_content(run, act, data, len);
    if (status == NKS_OK)
        status = nks_certs_read(data, len, 1, &cert, &count, &run->fault);
    if (status == NKS_OK)
        status = nks_signer_check(&run->signers, cert, run->now, &act->signer, &run->fault);
    bool done = status == NKS_REFUSED && act->proposal != NULL && strcmp(run->fault.code, "SIGNER-EXISTS") == 0;
    int code = EXIT_DONE;
    if (done) /* by an approval that was killed before it was marked */
        nks_fault_clear(&run->fault);
    else
        code = status == NKS_OK ? ask_and_change(app, act) : app_result(app, status);
    nks_cert_free(cert);
    free(data);
    return code;
}

static bool has_reason(const struct nks_app *app)
{
    return app->values[OPTION_REASON] != NULL && app->values[OPTION_REASON][0] != '\0';
}

int command_signer_import(struct nks_app *app)
{
    const char *sender = app->values[OPTION_SENDER], *central = app->values[OPTION_CENTRAL];
    const char *from = app->values[OPTION_FROM], *to = app->values[OPTION_TO];
    static struct act act;
    int code = EXIT_DONE;
    if ((sender == NULL) == (central == NULL))
        return app_usage(app, "keys signer import needs --sender S or --central C");
    if (!has_reason(app))
        return app_usage(app, "keys signer import needs --reason TEXT");
    act = (struct act){.file = app->operands[0]};
    int len = snprintf(act.arguments, sizeof act.arguments, "%s %s %s %s", central != NULL ? "central" : "sender",
                       central != NULL ? central : sender, from != NULL ? from : "-", to != NULL ? to : "-");
    if (len >= (int)sizeof act.arguments || !take_arguments(&act))
        return app_usage(app, "--sender and --central are short ids, --from and --to dates such as 2026-12-07");
    return app_open(app, true, false, &code) ? import(app, &act) : code;
}

/* NULL: none of that number is in use. */
static const struct nks_signer *signer_find(struct nks_app *app, const char *text)
{
    uint64_t number = 0;
    return nks_text_number(nks_text_from(text), INT64_MAX, &number)
               ? nks_signer_by_number(&app->run->signers, (int64_t)number)
               : NULL;
}

int command_signer_end(struct nks_app *app)
{
    static struct act act;
    int code = EXIT_DONE;
    if (!has_reason(app))
        return app_usage(app, "keys signer end needs --reason TEXT");
    if (!app_open(app, true, false, &code))
        return code;
    const struct nks_signer *found = signer_find(app, app->operands[0]);
    if (found == NULL)
        return app_result(app, nks_fault_set(&app->run->fault, NKS_REFUSED, "SIGNER-NONE",
                                             "there is no signer of that number in use; see nks keys signer list"));
    act = (struct act){.signer = *found};
    snprintf(act.arguments, sizeof act.arguments, "%lld", (long long)found->number);
    return ask_and_change(app, &act);
}

int signer_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    static struct act act;
    act = (struct act){.file = path, .proposal = proposal};
    memcpy(act.arguments, proposal->arguments, sizeof act.arguments);
    if (strcmp(proposal->act, "keys signer import") == 0)
        return take_arguments(&act)
                   ? import(app, &act)
                   : app_result(app, nks_fault_set(&app->run->fault, NKS_FAILED, "PROPOSAL-STATE",
                                                   "this program does not understand what is proposed"));
    const struct nks_signer *found = signer_find(app, proposal->arguments);
    if (found == NULL)
        return EXIT_DONE; /* ended already */
    act.file = NULL;
    act.signer = *found;
    return ask_and_change(app, &act);
}
