/*
 * nks: from received payment files to the banks' order files. The table of commands, the reading of the command line,
 * and the only exit().
 */
#include "nks.h"

#include "stage/alarm.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option_row options[OPTIONS] = {
    [OPTION_HOME] = {"--home", 0, "DIR", "the home; else NKS_HOME, else /var/lib/nks", true},
    [OPTION_KEYS] = {"--keys", 0, "DIR", "its keys; else NKS_KEYS, else the home's path with .keys", true},
    [OPTION_JSON] = {"--json", 0, NULL, "results and errors as JSON Lines", true},
    [OPTION_QUIET] = {"--quiet", 'q', NULL, "no progress, hints or summaries", true},
    [OPTION_VERBOSE] = {"--verbose", 'v', NULL, "summaries also where nothing was wrong", true},
    [OPTION_NOW] = {"--now", 0, "T", "the instant to work at, 2026-11-23T02:10:00Z; only in test homes", true},
    [OPTION_HELP] = {"--help", 'h', NULL, "this text", true},
    [OPTION_VERSION] = {"--version", 0, NULL, "the version", true},
    [OPTION_TEST] = {"--test", 0, NULL, "a test home: takes --now, and files at once", false},
    [OPTION_FULL] = {"--full", 0, NULL, "the file is everything: what it does not name ends", false},
    [OPTION_DRY_RUN] = {"--dry-run", 0, NULL, "read and compare everything, store nothing", false},
    [OPTION_BATCH] = {"--batch", 0, "B", "only this batch, by its number or ref", false},
    [OPTION_FAIL_ON] = {"--fail-on", 0, "refused", "exit 1 when a file was refused or a payment rejected", false},
    [OPTION_STATE] = {"--state", 0, "S", "only deliveries in this state: TAKEN RECEIVED ACCEPTED REFUSED REPEATED ODD",
                      false},
    [OPTION_PAYER] = {"--payer", 0, "P", "only batches of this payer (its short id)", false},
    [OPTION_LIMIT] = {"--limit", 0, "N", "at most N rows; default 50 at a terminal, else all", false},
    [OPTION_AGREEMENT] = {"--agreement", 0, "F", "agreements in CSV: give the answers that a night would send", false},
    [OPTION_CENTRALS] = {"--centrals", 0, "F", "data centrals in CSV; else every debtor account has one", false},
    [OPTION_SENDER] = {"--sender", 0, "S",
                       "of check: who sends the file, where the agreements name several; of keys "
                       "signer: whose certificate it is",
                       false},
    [OPTION_CENTRAL] =
        {"--central", 0, "C",
         "of keys signer: the data central whose certificate it is; of verify: whose manifests they must be", false},
    [OPTION_TO] = {"--to", 0, "DATE", "the last day on which a signer's certificate is taken; default its own end",
                   false},
    [OPTION_ALL] = {"--all", 0, NULL, "payments of all times, not of the last 31 days", false},
    [OPTION_OUT] = {"--out", 0, "FILE",
                    "into this new file (- is standard output); of check: a folder, for the answers", false},
    [OPTION_NIGHT] = {"--night", 0, "DATE", "of all that was received on that business date, 2026-11-23", false},
    [OPTION_REASON] = {"--reason", 0, "TEXT", "why this is done; no names of people", false},
    [OPTION_LOOKS] = {"--looks", 0, "KIND", "who looked at the data of the CPR, CVR, SE or PNR on standard input",
                      false},
    [OPTION_UNMASKED] = {"--unmasked", 0, NULL, "also id, name and account; wants --reason, and is recorded", false},
    [OPTION_REJECTED] = {"--rejected", 0, NULL, "of a batch: the payments that nks rejected for want of reference data",
                         false},
    [OPTION_BY_HAND] = {"--by-hand", 0, NULL, "a person carries the file over", false},
    [OPTION_PERSON] = {"--person", 0, "ID", "who asks; else NKS_PERSON", false},
    [OPTION_PERSON_KEY] = {"--person-key", 0, "FILE", "that person's signing key; else NKS_PERSON_KEY", false},
    [OPTION_ROLES] = {"--roles", 0, "R", "operator, approver, looker, with commas between", false},
    [OPTION_KEY] = {"--key", 0, "FILE", "the public half of that person's signing key", false},
    [OPTION_DECLINE] = {"--decline", 0, NULL, "decide against it", false},
    [OPTION_FROM] = {"--from", 0, "DATE|STAGE",
                     "when a certificate begins to count, 2026-12-07; default of keys rotate: 14 "
                     "days from now; of replay: the stage, resolve, offset or route",
                     false},
    [OPTION_WAIT] = {"--wait", 0, "SECONDS", "wait so long for another run to end, 0 to 86400; else exit 3 at once",
                     false},
    [OPTION_CERT] = {"--cert", 0, "FILE", "the certificates by which files must be signed, PEM (several) or DER",
                     false},
    [OPTION_APPROVER] = {"--approver", 0, "ID", "the second person of a restore", false},
    [OPTION_APPROVER_KEY] = {"--approver-key", 0, "FILE", "that person's signing key", false},
    [OPTION_NEW_JOURNAL] = {"--new-journal", 0, NULL,
                            "the journal of published files is lost for good: begin a new one", false},
    [OPTION_SETTLE] = {"--settle", 0, "FILE|#N",
                       "what is held with this file is settled by hand; or work N of the lost time is given up", false},
    [OPTION_DUE] = {"--due", 0, NULL, "everything whose time has come", false},
    [OPTION_MARKDOWN] = {"--markdown", 0, NULL, "of help codes: all pages, as one document in Markdown", false},
    [OPTION_DATABASE] = {"--database", 0, "ADDRESS",
                         "the home's database is at this address on PostgreSQL, and not in the home", false},
    [OPTION_LANGUAGE] = {"--language", 0, "L", "en (English, the default) or da (Danish)", false},
};

static const char import_text[] =
    "Reads CSV with a header row, in UTF-8, all or nothing. An import adds versions and never overwrites; a row that "
    "is as "
    "it was adds nothing; rows that the file does not name stay, unless --full. F is a file, or - for standard input.";

#define PERSON_OPTIONS (OPTION_BIT(OPTION_PERSON) | OPTION_BIT(OPTION_PERSON_KEY) | OPTION_BIT(OPTION_REASON))
#define IMPORT_OPTIONS (OPTION_BIT(OPTION_FULL) | OPTION_BIT(OPTION_DRY_RUN) | PERSON_OPTIONS)

static const struct command commands[] = {
    {"init", command_init, OPTION_BIT(OPTION_TEST) | OPTION_BIT(OPTION_DATABASE), 0, 0, "",
     "make a home: configuration, keys, database, folders",
     "Makes the home's folders, nks.conf, the database, and the keys in a directory of their own. Keep a copy of the "
     "keys "
     "apart from the backups of the home. An existing home is left as it is. A database on PostgreSQL must be there "
     "and "
     "empty; its address stands in nks.conf, so give it no password: use a certificate, a socket or a pass file.",
     "01246", "nks --home /srv/nks --keys /etc/nks/keys init"},
    {"agreement import", command_import, IMPORT_OPTIONS, 1, 1, "F",
     "take agreements (tilslutningsaftaler) from a CSV file", import_text, "012345678",
     "nks agreement import --dry-run agreements.csv"},
    {"central import", command_import, IMPORT_OPTIONS, 1, 1, "F", "take data centrals from a CSV file", import_text,
     "012345678", "nks central import centrals.csv"},
    {"register import", command_import, IMPORT_OPTIONS, 1, 1, "F", "take accounts of payees (NKR) from a CSV file",
     import_text, "012345678", "decrypt register.csv.gpg | nks register import -"},
    {"debt import", command_import, IMPORT_OPTIONS, 1, 1, "F",
     "take debt authorities, flags and claims from a CSV file", import_text, "012345678",
     "nks debt import --full debts.csv"},
    {"run", command_run, OPTION_BIT(OPTION_BATCH) | OPTION_BIT(OPTION_FAIL_ON) | OPTION_BIT(OPTION_WAIT), 0, 0, "",
     "all stages until nothing is left; for cron",
     "Receives, reads, decides, writes and publishes whatever waits. May be killed and started again at any moment. "
     "Says "
     "nothing in a pipe when nothing was wrong, unless -v or --json. A refused file and a rejected payment are normal "
     "results.",
     "012345678", "nks run --fail-on refused"},
    {"receive", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "", "take files from the drop folders into the spool",
     "One stage alone, over all that waits for it. Never waits for a run.", "0245678", "nks receive"},
    {"ingest", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "",
     "read received files: check, accept or refuse, cut into slices", "One stage alone, over all that waits for it.",
     "02345678", "nks ingest"},
    {"resolve", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "", "find each payee's account in the register",
     "One stage alone, over the slices that are due.", "02345678", "nks resolve --batch 12"},
    {"offset", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "", "let public debt take its part",
     "One stage alone. Claims are used in the order of batches and slices, so a slice waits for due ones before it.",
     "02345678", "nks offset --batch 12"},
    {"route", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "", "send the rest to the payee, or reject",
     "One stage alone, over the slices whose debts are taken.", "02345678", "nks route"},
    {"emit", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "", "write order files and status reports",
     "One stage alone, over the routed slices and unanswered files.", "02345678", "nks emit"},
    {"deliver", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "", "publish what is written, signature first",
     "One stage alone: each written file exactly once, and a manifest per central and day.", "02345678", "nks deliver"},
    {"collect", command_stage, OPTION_BIT(OPTION_BATCH), 0, 0, "", "take the answers of the banks",
     "One stage alone, over the received answers.", "02345678", "nks collect"},
    {"status", command_status, OPTION_BIT(OPTION_ALL), 0, 0, "",
     "where things stand, with the next step for what waits",
     "Counts files, batches, slices, payments and out files by state, and says which command moves on what waits. "
     "Ends with 5 when an order file has no answer by its deadline.",
     "0245678", "nks status"},
    {"list", command_list, OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_PAYER) | OPTION_BIT(OPTION_LIMIT), 0, 0, "",
     "deliveries and their batches, the newest first",
     "A delivery is called by its number and the first digits of its SHA-256, because names of files may identify "
     "people.",
     "024678", "nks list --state REFUSED --limit 20"},
    {"show", command_show, 0, 1, 1, "BATCH", "one batch: its facts, files, reports and slices",
     "BATCH is the number or the ref. #N, with the number of a delivery, shows a file that was refused before a batch "
     "was made of it.",
     "024678", "nks show 12"},
    {"explain", command_explain, OPTION_BIT(OPTION_UNMASKED) | PERSON_OPTIONS, 2, 2, "BATCH SEQ",
     "why one payment went where it went",
     "SEQ is the payment's number in the message, from 1. Accounts are shown by their last digits. With --unmasked the "
     "payee's id, name and account are shown too; that look and its --reason go into the trail.",
     "024678", "nks explain 12 5"},
    {"stop", command_stop, OPTION_BIT(OPTION_DRY_RUN) | PERSON_OPTIONS, 1, 2, "BATCH [SEQ]",
     "stop a payment, or a whole batch, before its order file is made",
     "The payer is told RJCT with DS02. Claims that had a part get it back. Without SEQ everything of the batch that "
     "can "
     "still be stopped is; ends with 5 when something cannot, because it stands in an order file.",
     "012345678", "nks stop 12 5 --reason \"the payer called\""},
    {"replay", command_replay,
     PERSON_OPTIONS | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_REJECTED) | OPTION_BIT(OPTION_FROM), 1, 1,
     "FILE | #N | BATCH", "publish a lost file again; read a refused file again; send rejected payments again",
     "FILE is the name or the message id of an order file, receipt, status report or manifest, as PARTY/NAME where "
     "several "
     "have it. The same bytes go into out/ under the same name, from the archive, with a signature of now. Refused "
     "when "
     "the file still lies there, or when the bank has answered it. #N is a delivery that was refused by a rule: after "
     "the "
     "agreement or the centrals were corrected, the next run reads its bytes again, as a new delivery with ids of its "
     "own. "
     "BATCH with --rejected: its payments without an account or a data central go again as a new batch. BATCH with "
     "--from "
     "STAGE: what is decided and in no file yet is decided again, from resolve, offset or route on.",
     "012345678", "nks replay nks-BNG4G0XESSB8DSAC-o0001.xml --reason \"the bank lost it\""},
    {"recall", command_recall, OPTION_BIT(OPTION_DRY_RUN) | PERSON_OPTIONS, 2, 2, "BATCH SEQ",
     "ask the bank to call a payment back that it has",
     "Makes a camt.055 to the payment's data central, which the next run writes and publishes. It asks and moves "
     "nothing: "
     "money that comes back is taken from the bank's answers, as any return. --reason goes into the trail, not to the "
     "bank.",
     "012345678", "nks recall 12 5 --reason \"paid to the wrong person\""},
    {"delivered", command_delivered,
     OPTION_BIT(OPTION_BY_HAND) | OPTION_BIT(OPTION_OUT) | OPTION_BIT(OPTION_DRY_RUN) | PERSON_OPTIONS, 1, 1, "FILE",
     "hand out a written file that a person carries over, when a line is down",
     "FILE is the name or message id of a file that is written and not published: run the stages up to nks emit. It "
     "goes to "
     "--out with its signature beside it, counts as published, and nks deliver leaves it alone. Carry it over only "
     "when this command ended with 0.",
     "012345678",
     "nks delivered nks-BNG4G0XESSB8DSAC-o0001.xml --by-hand --out /media/usb/o.xml --reason \"line is down\""},
    {"approve", command_approve, PERSON_OPTIONS | OPTION_BIT(OPTION_ALL) | OPTION_BIT(OPTION_DECLINE), 0, 2,
     "[PROPOSAL [F]]", "the second person: what waits, and the decision",
     "Lists what one person proposed and nobody has decided (--all: everything). With the number of a proposal it is "
     "done, "
     "by the key of a second person; a proposal about a file wants the same file F again, and does it only when "
     "its SHA-256 is the one that was proposed. --decline decides against it; who proposed it may do that too.",
     "012345678", "nks approve 3 register.csv --person bo --person-key bo.key"},
    {"keys person make", command_keys_person_make, 0, 1, 1, "FILE", "a signing key for a person",
     "Makes FILE (the private key, mode 0400: it stays with that person) and FILE.pub (for nks keys person add).",
     "0246", "nks keys person make bo.key"},
    {"keys person add", command_keys_person_add,
     PERSON_OPTIONS | OPTION_BIT(OPTION_KEY) | OPTION_BIT(OPTION_ROLES) | OPTION_BIT(OPTION_DRY_RUN), 1, 1, "ID",
     "a person who may propose, approve or look",
     "ID is a short id, not a name. The first two persons of a home are added by whoever sets it up; after that one "
     "person proposes and another approves.",
     "012345678", "nks keys person add bo --key bo.key.pub --roles operator,approver --reason \"new colleague\""},
    {"keys person end", command_keys_person_end, PERSON_OPTIONS | OPTION_BIT(OPTION_DRY_RUN), 1, 1, "ID",
     "a person may do nothing any more", "The person's earlier actions stay in the trail.", "012345678",
     "nks keys person end bo --reason \"left\" --person an --person-key an.key"},
    {"keys person list", command_keys_person_list, 0, 0, 0, "", "persons, their roles and keys",
     "A key is shown by its first digits.", "024678", "nks keys person list"},
    {"trail", command_trail, OPTION_BIT(OPTION_LOOKS), 0, 1, "[BATCH]",
     "who did what, when and why, in one batch or in the home",
     "Lists the links of the batch's chain, or of the home's own without BATCH, and checks that each follows the one "
     "before. With --looks: who looked at the unmasked data of one person or company, whose number is read from "
     "standard input.",
     "024678", "nks trail 12"},
    {"report", command_report, OPTION_BIT(OPTION_OUT) | OPTION_BIT(OPTION_NIGHT) | OPTION_BIT(OPTION_LANGUAGE), 0, 1,
     "BATCH", "the page for people: one batch, or one night, as one HTML file",
     "Shows where the money went, what was rejected and why, each file with its sums and SHA-256, and how it was "
     "answered; with --night also the cut-offs still to come and what waits. Goes to standard output, or with --out "
     "into a new file; a file that is there is never overwritten. No person, name or account is in it. BATCH is the "
     "number or the ref; #N is a delivery.",
     "024678", "nks report 12 --out batch-12.html"},
    {"check", command_check,
     OPTION_BIT(OPTION_AGREEMENT) | OPTION_BIT(OPTION_CENTRALS) | OPTION_BIT(OPTION_SENDER) | OPTION_BIT(OPTION_OUT), 1,
     -1, "FILE...", "would nks accept these files? stores nothing, needs no home",
     "Reads each pain.001 with the very same reader and rules as a run. What only agreement, central or register can "
     "tell is taken as fulfilled. FILE may be - for standard input. --now sets the day that dates are compared with. "
     "With --agreement the files go through the stages of a run in a home of their own, which is removed again, and "
     "standard output gets the exact pain.002: the receipt to the sender, and the payer's report after checking where "
     "there is one. With --out or --json standard output gets rows that name the answers.",
     "0124678", "nks check --agreement agreement.csv salary.xml"},
    {"verify", command_verify, OPTION_BIT(OPTION_CERT) | OPTION_BIT(OPTION_CENTRAL), 1, 1, "DIR",
     "for who receives files: are they signed, whole, and all there? needs no home",
     "For a data central or a payer. Looks at every file of the folder DIR and of those in it: its signature (.p7s) is "
     "by a certificate of --cert that was valid when it signed; each order has the bytes, message id, count and sum of "
     "the newest manifest of its day, and stands in one. Reads only. --now sets the instant that signing times may not "
     "be after. Ends "
     "with 5 when something is missing or cannot be judged, with 7 when something is wrong: then nothing of the folder "
     "should be carried out.",
     "0124567", "nks verify --cert file.crt --central central-nord /srv/inbox/nks"},
    {"erase", command_erase, PERSON_OPTIONS | OPTION_BIT(OPTION_DUE) | OPTION_BIT(OPTION_DRY_RUN), 0, 1, "[BATCH]",
     "erase for good what was kept long enough",
     "Destroys the batch's key, its decisions, and the copies in spool and archive; counts, sums, hashes and the trail "
     "stay. "
     "Only after its time (doc/retention.md), and only when all of it is over. With --due: every batch and received "
     "file "
     "whose time has come; for cron once a month. Two persons. On PostgreSQL it comes as the owner of the tables "
     "(PGUSER=nks_owner) and has the server write them anew; the server's WAL and backups keep what they have.",
     "012345678", "nks erase --due --dry-run --reason 'monthly'"},
    {"backup", command_backup, 0, 1, 1, "DIR", "copy the home, while it works",
     "Makes DIR/nks-backup-TIME: the database at one moment, configuration, spool, archive and seals, all as encrypted "
     "as "
     "in the home, with a signed list. What the last backup in DIR has is linked, not copied. Keep the keys and the "
     "journal "
     "(HOME.journal) apart from it, on other disks.",
     "0245678", "nks backup /backup/nks"},
    {"backup check", command_backup_check, 0, 1, 1, "BACKUP", "is a backup whole and ours",
     "Compares every file with the signed list. Needs the keys' public half only.", "01246",
     "nks backup check /backup/nks/nks-backup-20261123T031500Z"},
    {"restore", command_restore,
     PERSON_OPTIONS | OPTION_BIT(OPTION_APPROVER) | OPTION_BIT(OPTION_APPROVER_KEY) | OPTION_BIT(OPTION_DRY_RUN), 1, 1,
     "BACKUP", "put a backup back in the place of the home",
     "Two persons at once. The home that is there stays, as HOME.before-TIME; in/ and out/ go over to the restored "
     "one. "
     "After it nothing leaves the house until nks reconcile has read from the journal what was published since the "
     "backup. May be killed and started again.",
     "012345678",
     "nks restore /backup/nks/nks-backup-20261123T031500Z --reason \"disk broke\" --person an --person-key an.key "
     "--approver bo --approver-key bo.key"},
    {"reconcile", command_reconcile,
     PERSON_OPTIONS | OPTION_BIT(OPTION_NEW_JOURNAL) | OPTION_BIT(OPTION_SETTLE) | OPTION_BIT(OPTION_DRY_RUN), 0, 0, "",
     "read from the journal what was published since the database of now",
     "For after a restore. What the journal names is not published again: an order file that comes to be again with "
     "the "
     "same bytes counts as published, one with other bytes waits for a person (JOURNAL-DIFFERS). Says which senders "
     "must "
     "drop files again. What was judged and done by hand since is done again in its order by nks run, day by day; new "
     "files wait until then. --settle FILE when two people have settled with its receivers what is held: all that is "
     "held of the same received bytes goes nowhere. --settle '#N' gives up work N of the lost time, which the run "
     "names. "
     "--new-journal only where the journal is lost for good, and every data central has told what it "
     "has.",
     "012345678", "nks reconcile --reason \"restored after a broken disk\""},
    {"migrate", command_migrate, PERSON_OPTIONS | OPTION_BIT(OPTION_DATABASE) | OPTION_BIT(OPTION_DRY_RUN), 0, 0, "",
     "move the home's database from nks.db to PostgreSQL, and prove it",
     "Copies every row to the empty database at --database ADDRESS, reads both sides again, and compares for each "
     "table "
     "the "
     "count, the sums and a SHA-256 over all values; nks-audit judges the home before and the copy after. Only when "
     "all "
     "is equal and clean nks.conf names the new database; nks.db stays as nks.db.moved-TIME. Nothing else writes to "
     "the "
     "home meanwhile. May be killed and started again: the home works on as before, or on PostgreSQL. Two persons.",
     "012345678", "nks migrate --database 'postgresql:///nks?host=/run/postgresql' --reason 'a second machine'"},
    {"alarm", command_alarm, 0, 0, 0, "", "the integrity alarm, where one stands",
     "Ends with 7 when an alarm stands, with 0 when none does. While it stands no command works on the home but "
     "reconcile, after a restore.",
     "027", "nks alarm"},
    {"alarm clear", command_alarm_clear, PERSON_OPTIONS, 0, 0, "", "end the alarm, when nks-audit is clean",
     "Runs nks-audit over the whole home. Only when it finds nothing the alarm ends, and what it said is kept with the "
     "reason in alarm.cleared. Else the exit code is 7 and the alarm stands.",
     "01234567", "nks alarm clear --reason 'row restored, seen by two'"},
    {"config check", command_config, 0, 0, 0, "", "is the home fit for work: configuration, keys, database, reader",
     "Opens everything without changing it.", "024678", "nks config check"},
    {"keys list", command_keys_list, 0, 0, 0, "", "the keys of the home: generations, ends, fingerprints",
     "Warns when 60, 30 and 7 days are left before the certificate that signs files ends; ends with 5 from 7 days on.",
     "0245678", "nks keys list"},
    {"keys check", command_keys_check, 0, 0, 0, "", "are the keys well: modes, owners, pairs, ends",
     "Ends with 5 when the certificate ends within 7 days, with 6 when something is wrong.", "0245678",
     "nks keys check"},
    {"keys rotate", command_keys_rotate, OPTION_BIT(OPTION_DRY_RUN) | PERSON_OPTIONS | OPTION_BIT(OPTION_FROM), 1, 1,
     "master|sign|file", "make the next generation of a key",
     "What is written from then on is written under the newest; older generations stay, to read what they wrote. A new "
     "master key also wraps the keys of all batches anew. A new certificate signs only from --from on, so that data "
     "centrals can have it before. May be killed and started again.",
     "01234567", "nks keys rotate file --from 2026-12-07 --reason yearly"},
    {"keys signer import", command_signer_import,
     OPTION_BIT(OPTION_SENDER) | OPTION_BIT(OPTION_CENTRAL) | OPTION_BIT(OPTION_FROM) | OPTION_BIT(OPTION_TO) |
         PERSON_OPTIONS | OPTION_BIT(OPTION_DRY_RUN),
     1, 1, "FILE", "pin the certificate with which a sender or a data central signs its files",
     "FILE holds one certificate, PEM or DER. Compare its fingerprint with what the signer told you another way, "
     "before "
     "and after: --dry-run shows it and stores nothing. A party may have several at a time, so that a new one can "
     "follow an old one without a gap.",
     "01234567", "nks keys signer import --sender aalborg aalborg.crt --reason 'yearly, fingerprint by phone'"},
    {"keys signer list", command_signer_list, 0, 0, 0, "", "the pinned certificates of senders and data centrals",
     "Warns as keys list does when a certificate ends and its party has no later one.", "0245678",
     "nks keys signer list"},
    {"keys signer end", command_signer_end, PERSON_OPTIONS | OPTION_BIT(OPTION_DRY_RUN), 1, 1, "NUMBER",
     "take a pinned certificate no more, at once",
     "What was signed with it and accepted before stays. The next file that is signed with it is refused.", "01234567",
     "nks keys signer end 3 --reason 'key lost'"},
    {"help", command_help, OPTION_BIT(OPTION_MARKDOWN), 0, 3, "[COMMAND | CODE]",
     "a command, a fault code; `help codes` and `help exit` list them",
     "Explains a command, or a code that an error named: what happened, what is safe, what to do next.", "02",
     "nks help BUSY"},
};

const struct option_row *option_table(void)
{
    return options;
}

const struct command *command_table(size_t *count)
{
    *count = sizeof commands / sizeof commands[0];
    return commands;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* ---- faults */

/* A damaged home must not be worked on again before it is proved. Where the mark cannot be written the exit code says
 * the same. */
static void alarm_raise(struct nks_app *app, const struct nks_fault *why)
{
    struct nks_fault unmarked;
    nks_fault_clear(&unmarked);
    nks_time now = app->now != 0 ? app->now : nks_sys_now();
    if (app->working && nks_alarm_raise(app_home(app), why, now, &unmarked) != NKS_OK)
        fprintf(stderr, "nks: %s: the alarm could not be marked in the home: stop the cron job by hand\n",
                unmarked.code);
}

int app_fault(struct nks_app *app, const struct nks_fault *fault)
{
    int code = code_exit(fault);
    if (fault->status == NKS_INTEGRITY)
        alarm_raise(app, fault);
    out_fault(&app->out, fault, code);
    return code;
}

int app_result(struct nks_app *app, enum nks_status status)
{
    if (status == NKS_OK)
        return EXIT_DONE;
    struct nks_fault *fault = app->run != NULL && app->run->fault.status != NKS_OK ? &app->run->fault : &app->fault;
    if (fault->status == NKS_OK) /* a call that gave no fault with its status */
        (void)nks_fault_set(fault, status, "NO-FAULT", "a call failed without saying why");
    return app_fault(app, fault);
}

int app_usage(struct nks_app *app, const char *fmt, ...)
{
    char line[NKS_FAULT_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    nks_name_mask(line);
    nks_text_plain(line);
    const char *about = app->command != NULL ? app->command->name : "";
    if (app->out.form == OUT_JSON) {
        struct nks_fault fault;
        nks_fault_clear(&fault);
        (void)nks_fault_set(&fault, NKS_REFUSED, "USAGE", "%s", line);
        out_fault(&app->out, &fault, EXIT_USAGE);
    } else {
        fprintf(stderr, "nks: %s; see: nks help%s%s\n", line, about[0] != '\0' ? " " : "", about);
    }
    return EXIT_USAGE;
}

/* ---- the home */

const char *app_home(const struct nks_app *app)
{
    const char *home = app->values[OPTION_HOME] != NULL ? app->values[OPTION_HOME] : getenv("NKS_HOME");
    return home != NULL && home[0] != '\0' ? home : "/var/lib/nks";
}

const char *app_keys(const struct nks_app *app)
{
    const char *keys = app->values[OPTION_KEYS] != NULL ? app->values[OPTION_KEYS] : getenv("NKS_KEYS");
    return keys != NULL && keys[0] != '\0' ? keys : NULL;
}

void app_beside(char out[NKS_PATH_MAX], const char *program)
{
    char own[NKS_PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
    own[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!nks_path_join(out, own, program))
        out[0] = '\0';
}

/* The reader lies beside this program; NKS_READER names another. */
static void reader_find(struct nks_app *app)
{
    const char *other = getenv("NKS_READER");
    if (other != NULL && other[0] != '\0') {
        snprintf(app->reader, sizeof app->reader, "%s", other);
        return;
    }
    app_beside(app->reader, "nks-reader");
}

bool app_open(struct nks_app *app, bool lock, bool read_only, int *exit_code)
{
    const struct nks_run_options run_options = {
        .home = app_home(app),
        .keys = app_keys(app),
        .reader = app->reader,
        .who = app->command->name,
        .now = app->now,
        .wait_seconds = app->wait_seconds,
        .lock = lock,
        .read_only = read_only,
        .clearing = app->clearing,
        .progress = out_progress,
        .progress_context = &app->out,
    };
    app->working = !read_only;
    *exit_code = app_result(app, nks_run_open(&run_options, &app->run, &app->fault));
    return *exit_code == EXIT_DONE;
}

bool app_batch(struct nks_app *app, const char *name, int64_t *batch_id, int *exit_code)
{
    *exit_code = app_result(app, nks_look_find_batch(app->run, nks_text_from(name), batch_id));
    return *exit_code == EXIT_DONE;
}

int command_init(struct nks_app *app)
{
    bool test = app->values[OPTION_TEST] != NULL;
    if (app->now != 0 && !test)
        return app_usage(app, "--now is only for a home made with --test");
    enum nks_status status = nks_home_init(app_home(app), app_keys(app), app->values[OPTION_DATABASE], test,
                                           app->now != 0 ? app->now : nks_sys_now(), &app->fault);
    if (status != NKS_OK)
        return app_result(app, status);
    static const struct column columns[] = {
        {"home", "home", CELL_TEXT}, {"keys", "keys", CELL_TEXT}, {"environment", "environment", CELL_TEXT}};
    struct table *table = table_begin(&app->out, "home", "A home is made", columns, 3, true);
    table_text(table, app_home(app));
    if (app_keys(app) != NULL)
        table_text(table, app_keys(app));
    else
        table_printf(table, "%s.keys", app_home(app));
    table_text(table, test ? "test" : "production");
    table_end(table);
    if (app->out.form == OUT_TABLE)
        out_note(&app->out, "next: nks agreement import, central import, register import, debt import; then nks run");
    return EXIT_DONE;
}

/* ---- the command line */

static int option_number(const char *word, size_t len)
{
    for (int i = 0; i < OPTIONS; i++) {
        bool by_letter = options[i].letter != 0 && len == 2 && word[0] == '-' && word[1] == options[i].letter;
        if (by_letter || (strlen(options[i].name) == len && memcmp(options[i].name, word, len) == 0))
            return i;
    }
    return -1;
}

/* Takes one option, and its value from the same or the next word. */
static bool take_option(struct nks_app *app, char **argv, int argc, int *at)
{
    const char *word = argv[*at], *equals = strchr(word, '=');
    int number = option_number(word, equals != NULL ? (size_t)(equals - word) : strlen(word));
    if (number < 0) {
        (void)app_usage(app, "there is no option %s", word);
        return false;
    }
    const char *value = "";
    if (options[number].value != NULL && equals == NULL && *at + 1 >= argc) {
        (void)app_usage(app, "%s needs %s", options[number].name, options[number].value);
        return false;
    }
    if (options[number].value == NULL && equals != NULL) {
        (void)app_usage(app, "%s takes no value", options[number].name);
        return false;
    }
    if (options[number].value != NULL)
        value = equals != NULL ? equals + 1 : argv[++*at];
    if (number == OPTION_REASON && value[strspn(value, " \t\r\n")] == '\0') /* blanks say nothing: as if not given */
        value = NULL;
    app->values[number] = value;
    return true;
}

static bool split_words(struct nks_app *app, char **argv, int argc)
{
    bool only_operands = false;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (!only_operands && strcmp(word, "--") == 0)
            only_operands = true;
        else if (only_operands || word[0] != '-' || word[1] == '\0')
            app->operands[app->operand_count++] = word;
        else if (!take_option(app, argv, argc, &at))
            return false;
    }
    return true;
}

/* The command is the first word, or the first two or three. */
static bool take_command(struct nks_app *app)
{
    for (int words = 3; words >= 1; words--) {
        char name[96];
        struct nks_buf buf;
        if (app->operand_count < words)
            continue;
        nks_buf_init(&buf, name, sizeof name - 1);
        for (int i = 0; i < words; i++)
            nks_buf_printf(&buf, "%s%s", i > 0 ? " " : "", app->operands[i]);
        name[buf.len] = '\0';
        app->command = command_find(name);
        if (app->command != NULL) {
            app->operands += words;
            app->operand_count -= words;
            return true;
        }
    }
    (void)app_usage(app, app->operand_count == 0 ? "which command?%s" : "there is no command %s",
                    app->operand_count == 0 ? "" : app->operands[0]);
    return false;
}

static bool options_fit(struct nks_app *app)
{
    for (int i = 0; i < OPTIONS; i++) {
        if (app->values[i] != NULL && !options[i].global && !(app->command->options & OPTION_BIT(i))) {
            (void)app_usage(app, "%s has no option %s", app->command->name, options[i].name);
            return false;
        }
    }
    const char *now = app->values[OPTION_NOW];
    if (now != NULL && (!nks_time_parse(nks_text_from(now), &app->now) || app->now == 0)) {
        (void)app_usage(app, "--now needs an instant such as 2026-11-23T02:10:00Z");
        return false;
    }
    return true;
}

static bool operands_fit(struct nks_app *app)
{
    const struct command *command = app->command;
    if (app->operand_count < command->min)
        (void)app_usage(app, "%s needs %s", command->name, command->operands);
    else if (command->max >= 0 && app->operand_count > command->max)
        (void)app_usage(app, "%s takes %s%s", command->name, command->max == 0 ? "no operands" : "only ",
                        command->max == 0 ? "" : command->operands);
    else
        return true;
    return false;
}

/* Where a command takes a person, the environment may name it. */
static void environment_take(struct nks_app *app)
{
    static const struct {
        enum option option;
        const char *variable;
    } rows[] = {{OPTION_PERSON, "NKS_PERSON"}, {OPTION_PERSON_KEY, "NKS_PERSON_KEY"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = getenv(rows[i].variable);
        bool takes = (app->command->options & OPTION_BIT(rows[i].option)) != 0;
        if (takes && app->values[rows[i].option] == NULL && value != NULL && value[0] != '\0')
            app->values[rows[i].option] = value;
    }
}

static int dispatch(struct nks_app *app, int argc, char **argv)
{
    /* Before the words are judged, so that a word that is not understood is told in the form that was asked for. */
    bool json = false;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        json = json || strcmp(argv[i], "--json") == 0;
    out_init(&app->out, json, false, false);
    bool good = split_words(app, argv, argc);
    out_init(&app->out, json, app->values[OPTION_QUIET] != NULL, app->values[OPTION_VERBOSE] != NULL);
    if (!good)
        return EXIT_USAGE;
    if (app->values[OPTION_VERSION] != NULL) {
        printf("nks %s\n", NKS_VERSION);
        return EXIT_DONE;
    }
    if (app->values[OPTION_HELP] != NULL && app->operand_count == 0)
        return help_program(stdout);
    if (!take_command(app))
        return EXIT_USAGE;
    if (app->values[OPTION_HELP] != NULL)
        return help_command(app->command);
    if (!options_fit(app) || !operands_fit(app))
        return EXIT_USAGE;
    environment_take(app);
    reader_find(app);
    return app->command->fn(app);
}

/* A closed standard stream would give its number to the database, and the first result would be written into it. */
static bool streams_hold(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    nks_sys_protect_process();
    struct nks_app app = {.now = 0};
    nks_fault_clear(&app.fault);
    (void)umask(077);
    const char **operands = calloc((size_t)argc + 1, sizeof *operands);
    bool holds = streams_hold();
    if (operands == NULL || !holds) {
        fputs("nks: MEMORY: no memory, or no standard stream, to begin with; try again later\n", stderr);
        free(operands);
        exit(EXIT_LATER);
    }
    app.operands = operands;
    int code = dispatch(&app, argc, argv);
    nks_run_close(app.run);
    if (!out_finish(&app.out)) {
        fputs("nks: OUTPUT: standard output did not take the result; is the disk full?\n", stderr);
        code = exit_worse(code, EXIT_LATER);
    }
    free(operands);
    exit(code);
}
