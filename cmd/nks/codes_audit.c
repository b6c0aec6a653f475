/* The pages of nks-audit's checks: AUDIT- and the name of the check. They stand here, and not with the auditor, so that
 * one command explains every word that a person meets. */
#include "codes.h"

static const char stop_all[] = "Do not run nks on this home: keep a copy of it as it is. Looks (nks status, show, "
                               "explain) and nks-audit change nothing. Files already published are out.";
static const char no_order[] = "Do not run nks on this home: keep a copy of it as it is. Orders that are published are "
                               "out; tell the data centrals named by the finding before they carry them out.";
static const char two_look[] =
    "Stop the cron job. Compare the row or file that the finding names with the newest backup that nks-audit proves, "
    "and decide with a second person. When it is mended: nks-audit again, then nks alarm clear --reason TEXT.";

static const struct code_row rows[] = {
    {"AUDIT-DATABASE", EXIT_INTEGRITY,
     "The database's own check finds its file damaged, or a table, index, trigger or view is not one that nks made.",
     stop_all,
     "Stop the cron job, look at the disk and at the system's log, and go back to the newest backup that nks-audit "
     "proves. nks runs no trigger and reads no view; find out with a second person who put one there."},
    {"AUDIT-BOOKS", EXIT_INTEGRITY, "A stored agreement or data central is not what was imported in that place.",
     stop_all,
     "Make sure that --keys names this home's keys. Then stop the cron job and find out who wrote the row; importing "
     "over it hides the trace."},
    {"AUDIT-DELIVERIES", EXIT_INTEGRITY,
     "A received file lacks its row, its copy in spool/, its batch or its one answer, or has one too many.", stop_all,
     two_look},
    {"AUDIT-BATCHES", EXIT_INTEGRITY,
     "The counts, sums or sequence numbers of a batch are not those of its payments: one is missing, doubled or "
     "changed.",
     stop_all, two_look},
    {"AUDIT-CONTENTS", EXIT_INTEGRITY,
     "A payment's row has another amount, currency or payee than the payer wrote, or its details do not decrypt.",
     no_order, two_look},
    {"AUDIT-GROUPS", EXIT_INTEGRITY, "The groups of a batch are not those of its payments.", stop_all, two_look},
    {"AUDIT-SLICES", EXIT_INTEGRITY, "The state, counts or totals of a slice are not those of its payments and legs.",
     stop_all, two_look},
    {"AUDIT-LEGS", EXIT_INTEGRITY,
     "The legs of a payment do not add up to it, or those of an order file not to that file.", no_order, two_look},
    {"AUDIT-SIGNATURES", EXIT_INTEGRITY,
     "What was decided, where money goes and how much, is not what was signed; or the keys are another home's.",
     no_order,
     "Make sure that --keys names this home's keys. If it does: stop the cron job, and find out with a second person "
     "who wrote to the database. Go back to the newest backup that nks-audit proves."},
    {"AUDIT-USES", EXIT_INTEGRITY,
     "A use of a claim and the debt leg that it belongs to are not the same, or one of them is missing.", stop_all,
     two_look},
    {"AUDIT-VENTEKONTO", EXIT_INTEGRITY,
     "An entry of the ventekonto and the leg that it belongs to are not the same, or one of them is missing.", stop_all,
     two_look},
    {"AUDIT-RETURNS", EXIT_INTEGRITY,
     "A payment that carries on money that came back, or that goes in the place of a rejected one, does not fit it.",
     no_order, two_look},
    {"AUDIT-FILES", EXIT_INTEGRITY,
     "A file in archive/, staging/ or out/, or its signature, is not what nks wrote; or nks did not write it.",
     no_order,
     "Stop the cron job. The archive copy is what was published: nks show BATCH names the files. Move a file that is "
     "not ours out of out/ and find out who put it there."},
    {"AUDIT-DEBTS", EXIT_INTEGRITY, "A claim, flag or debt authority is not what was imported in that place.", stop_all,
     "Set nothing off before it is mended. Import the debts again from their file with --full, seen by two, then "
     "nks-audit."},
    {"AUDIT-IMPORTS", EXIT_INTEGRITY, "Rows of an import are missing, or more than were imported.", stop_all,
     "Compare with the file that was imported. Import it again, seen by two, then nks-audit."},
    {"AUDIT-PAYMENTS", EXIT_INTEGRITY, "The payments of a slice are not those that were signed when they were read.",
     stop_all, two_look},
    {"AUDIT-FACTS", EXIT_INTEGRITY,
     "An instant, a flag, a look or a mark of a row does not go with the trail or with the rows beside it.", stop_all,
     two_look},
    {"AUDIT-PERSONS", EXIT_INTEGRITY,
     "A person or a proposal is not what the trail says, or was not signed by the persons it names.", stop_all,
     "Stop the cron job and approve nothing. Ask the persons named what they did, compare with nks trail, and go back "
     "to the newest backup that nks-audit proves."},
    {"AUDIT-REFERENCES", EXIT_INTEGRITY,
     "The index of the duplicate check is not in its order, or names payments of others.", stop_all, two_look},
    {"AUDIT-REPORTS", EXIT_INTEGRITY,
     "What a payer was told does not fit what became of the payments, or a part is final without a bank's answer.",
     stop_all,
     "Compare the report in archive/ with nks show BATCH and with the bank's own files, and tell the payer what is "
     "right. Then nks-audit again, and nks alarm clear --reason TEXT."},
    {"AUDIT-SIGNERS", EXIT_INTEGRITY,
     "A pinned certificate, or a signature that came with a file, is not what the trail says, or is gone.", stop_all,
     "Take no file of that party before it is mended. Compare the fingerprints with the party, then go back to the "
     "newest backup that nks-audit proves."},
    {"AUDIT-REGISTER", EXIT_INTEGRITY, "An account of the register is not what was imported in that place.", stop_all,
     "Pay nobody by the register before it is mended. Import it again from its file with --full, seen by two, then "
     "nks-audit."},
    {"AUDIT-ERASED", EXIT_INTEGRITY,
     "A batch has lost its key without being erased, or what was erased is still there in part.", stop_all, two_look},
    {"AUDIT-JOURNAL", EXIT_INTEGRITY,
     "The journal of published files is damaged, or it and the database do not name the same files.", stop_all,
     "Keep a copy of HOME.journal and of the home. Ask the data centrals which files they have: they know what was "
     "published. Then decide with a second person: put the right journal back, or restore a backup and reconcile."},
    {"AUDIT-TRAIL", EXIT_INTEGRITY,
     "A link of the trail or a daily seal is missing or changed: the record was cut, or the database is an older "
     "copy.",
     stop_all,
     "Stop the cron job. If the database was put back from a backup, say so with its seals at hand; else find out "
     "with a second person who wrote to the database or to the seals."},
    {"AUDIT-EQUATION", EXIT_INTEGRITY,
     "The payments of accepted batches are not all sent, rejected, stopped, returned, on the ventekonto, not yet due "
     "or in process, each once.",
     stop_all, two_look},
};

const struct code_row *code_audit_at(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}
