/* Every code that a fault can carry. tests/system/test_codes.sh compares this table with the sources, and doc/codes.md,
 * which `nks help codes --markdown` writes, with the table. */
#include "codes.h"

#include <string.h>

static const struct exit_row exits[] = {
    {EXIT_DONE, "done, or nothing to do; refused files and rejected payments are normal results"},
    {EXIT_REJECTED,
     "check: a file or payment would be rejected; import, init: refused; run --fail-on refused: there was one"},
    {EXIT_USAGE, "wrong usage, or no such batch or payment"},
    {EXIT_BUSY, "busy: another run works on this home"},
    {EXIT_LATER, "try again later: database, disk, memory"},
    {EXIT_PERSON, "something waits for a person; verify: something is missing or cannot be judged"},
    {EXIT_SETUP, "configuration, permission, or no jail"},
    {EXIT_INTEGRITY, "integrity alarm: do not restart; verify: a received file is wrong"},
    {EXIT_BUG, "a bug"},
};
static const int worst_first[] = {EXIT_BUG,    EXIT_INTEGRITY, EXIT_SETUP,    EXIT_LATER, EXIT_BUSY,
                                  EXIT_PERSON, EXIT_USAGE,     EXIT_REJECTED, EXIT_DONE};
static const int by_status[] = {
    [NKS_OK] = EXIT_DONE,
    [NKS_RETRY] = EXIT_LATER,
    [NKS_UNKNOWN] = EXIT_LATER,
    [NKS_REFUSED] = EXIT_REJECTED,
    [NKS_HELD] = EXIT_PERSON,
    [NKS_FAILED] = EXIT_SETUP,
    [NKS_INTEGRITY] = EXIT_INTEGRITY,
};

/* ---- sentences that many codes share */

static const char unchanged[] = "Nothing was stored. What was there before is as it was.";
static const char killed_like[] =
    "Work that was committed stands; the rest was rolled back, as after a kill. Running again is safe.";
static const char stop_here[] = "Do not run nks on this home, and do not restore over it: keep a copy of the home as "
                                "it is. Files already published are "
                                "out, and what else is in the home must be proved before it is believed.";
static const char audit_next[] =
    "Stop the cron job. Run nks-audit: it names the row or file. Then decide with a second person whether a backup is "
    "restored or the row explained.";
static const char again_next[] = "Run the same command again later; cron will do so by itself.";
static const char file_next[] =
    "Correct the file at the line and column that the error names, and import it again; --dry-run tries it.";
static const char conf_next[] = "Correct that line of nks.conf, then run nks config check.";
static const char verify_safe[] = "nks verify only reads. Do not carry the file out before it is explained.";
static const char verify_never[] = "nks verify only reads. Do not carry out anything of that folder.";
static const char verify_call[] = "Keep the folder as it is, and call who runs nks, by a number that you know.";
static const char bug_safe[] = "The work at hand was rolled back; nothing wrong was stored.";
static const char bug_next[] = "Report it with this line and the version (nks --version). Trying again gives the same.";

static const struct code_row codes[] = {
    /* the moment */
    {"BUSY", EXIT_BUSY, "Another nks works on this home, or something holds a file of it.",
     "Everything; nothing was begun.",
     "Wait for the other run, or look whether it hangs. nks receive never waits for a run."},
    {"MEMORY", 0, "The system gave no memory.", killed_like,
     "Look at the memory limit of the service and of the machine; then run again."},
    {"PROGRAM-START", EXIT_SETUP, "A program of nks that should lie beside it is not there.", unchanged,
     "Install nks anew, with all its programs in one folder."},
    {"REASON-LONG", EXIT_USAGE, "The text of --reason is too long.", unchanged, "Say it in fewer words."},
    {"THREAD", 0, "The system gave no second worker.", killed_like,
     "Look at the limit of processes of the service; then run again."},
    {"DISK-FULL", 0, "The disk or a quota is full.", killed_like,
     "Make room on the file system of the home, or of the database's server, then run again."},
    {"FILE-IO", 0, "The system could not read or write a file.", killed_like,
     "Look at the system's log for the disk; then run again."},
    {"DB-BUSY", 0, "The database was locked by another process for too long.", killed_like, again_next},
    {"DB-CONFLICT", 0,
     "Other work on the server came between again and again: each time the transaction was rolled back and done again.",
     killed_like, "Look who else writes into the database of nks: nobody but nks should. Then run again."},
    {"DB-FULL", 0, "The disk is full: the database cannot grow.", killed_like,
     "Make room on the file system of the home, then run again."},
    {"DB-IO", 0, "The database could not be read or written.", killed_like,
     "Look at the system's log for the disk; then run again."},
    {"DB-COMMIT", 0, "It is not known whether the last commit took place.",
     "Running again is safe: nks looks what is stored before it acts.", "Run the same command again, then nks status."},
    {"DB-CONNECTION", 0, "The server of the database could not be reached, or the connection to it broke.", killed_like,
     "Look whether the server runs and how many connections it allows; then run again."},
    {"SLICE-FENCED", 0, "Another run took this slice first.", killed_like, again_next},
    {"DELIVERY-FENCED", 0, "Another run took this delivery first.", killed_like, again_next},
    {"FILE-FENCED", 0, "Another run took this out file first.", killed_like, again_next},
    {"READER-PIPE", 0, "The pipe to the reader of files failed.", killed_like, again_next},
    {"READER-LOST", 0, "The program that reads files was ended from outside: by a person, or for want of memory.",
     "The file is kept in the spool; nothing of it was carried out.", "Run again."},
    {"READER-BROKEN", 0, "The program nks-reader is not the one that belongs to this nks.",
     "The file is kept in the spool; nothing of it was carried out.",
     "Install nks again, or look at NKS_READER. Then run again."},
    {"READER-START", 0, "The program nks-reader is not there or could not be started.",
     "No file was judged: all wait where they are.",
     "Put nks-reader beside nks, or name it in NKS_READER; then nks config check."},
    {"OUTPUT", EXIT_LATER, "Standard output did not take the whole result.", "The work itself was done.",
     "Look whether the disk or pipe that takes the output is full."},

    {"CHECK-ENDED", 0, "nks check --agreement was ended from outside.", "Nothing was stored; its directory is gone.",
     again_next},

    /* setting up */
    {"CHECK-SENDER", EXIT_USAGE, "It is not clear who sends the file that nks check is to answer.",
     "Nothing was begun.", "Name the sender's short id with --sender."},
    {"CHECK-NAME", EXIT_USAGE, "A file of that name is left lying in a drop folder: .part, .tmp, .p7s, or a dot first.",
     "Nothing was stored.", "Give the file the name that it will be dropped under."},
    {"CHECK-DIR", 0, "The directory for temporary files could not be made or removed.", "Nothing was stored elsewhere.",
     "Look at TMPDIR; remove a directory nks-check.* that was left there: it holds keys and encrypted payments."},
    {"HOME-MISSING", 0, "There is no nks.conf in that folder, so it is no home.", "Everything; nothing was made.",
     "Name the home with --home or NKS_HOME, or make one with nks init."},
    {"HOME-EXISTS", 0, "There is a home in that folder already.", "It was not touched.",
     "Choose another --home, or use this one."},
    {"NOW-FORBIDDEN", 0, "--now was given for a home that is not a test home.", "Nothing was begun.",
     "Leave --now out. Only homes made with nks init --test take it."},
    {"PATH-LONG", 0, "The path of the home or of its keys is too long.", "Nothing was begun.",
     "Use a home with a shorter path."},
    {"NAME-LONG", 0, "A file in a drop folder has a name that is too long.", "The file lies where it was.",
     "Ask the sender for a shorter name."},
    {"CONF-DOUBLE", 0, "A key stands twice in its section of nks.conf.", "Nothing was begun.", conf_next},
    {"CONF-KEY", 0, "nks.conf has a key that does not exist.", "Nothing was begun.", conf_next},
    {"CONF-LINE", 0, "A line of nks.conf has no form that is known.", "Nothing was begun.", conf_next},
    {"CONF-SECTION", 0, "nks.conf has a section that does not exist.", "Nothing was begun.", conf_next},
    {"CONF-VALUE", 0, "A value in nks.conf is out of its range.", "Nothing was begun.", conf_next},
    {"DB-MISSING", 0, "The home has no database, or that of its address has no tables of nks.", "Nothing was begun.",
     "If the home is new, make it again with nks init; else restore nks.db, or on PostgreSQL the database by the "
     "server's tools, from the backup together with spool and archive. `nks config check` says where it is looked "
     "for."},
    {"DB-NEWER", 0, "The database was made by a newer nks than this one.", "Nothing was changed.",
     "Install the newer nks again."},
    {"DB-OLDER", 0, "The database was made by an older nks than this one.", "Nothing was changed.",
     "Run nks run: whoever has the home's lock copies the database (nks.db.before-TIME) and brings it up to date. On "
     "PostgreSQL no copy is made: make a backup on the server first, and come as the owner of the tables "
     "(PGUSER=nks_owner)."},
    {"DB-FOREIGN", 0,
     "The database has a table, index, trigger or view that nks did not make, or one that nks made is changed or gone.",
     "Nothing was changed. nks runs no trigger and reads no view.",
     "Run nks-audit, which names them all, and find out with a second person who put them there."},
    {"DB-PERMISSION", 0, "The database may not be read or written here.", "Nothing was changed.",
     "Look at owner and mode of the home and of nks.db; run nks as the user who owns them. On PostgreSQL look as whom "
     "you come (PGUSER): nks_work works, nks_owner makes, upgrades and erases, nks_read and nks_audit only read; "
     "scripts/postgres_roles.sh gives them their rights."},
    {"DB-ADDRESS", 0, "The address of the database is not in a form that is known.", "Nothing was begun.",
     "Correct [home] database in nks.conf, or --database: postgresql://HOST/NAME?sslmode=verify-full, or "
     "postgresql:///NAME?host=/run/postgresql for a socket."},
    {"DB-WRITER", 0, "The one row of the table db_writer, which whoever writes locks, is gone.",
     "Nothing was begun; no row of nks's own books is in that table.",
     "As nks_owner: INSERT INTO db_writer (one) VALUES (1). Then find out who took it away, and run nks-audit."},
    {"DB-ENCODING", 0, "The database on PostgreSQL has another encoding than UTF8.",
     "Nothing was begun: a name that the encoding does not know would have stopped a night.",
     "Make the database with createdb -E UTF8 -T template0 NAME."},
    {"DB-OTHER-HOME", 0,
     "The database on PostgreSQL belongs to a home in another place: this one is a copy of it, or it was moved.",
     "Nothing was done. Two homes on one database would each publish a part of the night.",
     "In a copy: name another database as [home] database of nks.conf. If the home was moved for good, see that "
     "nothing "
     "works in the old place any more, then as nks_owner UPDATE db_writer SET home = NULL in that database, and run."},
    {"DB-IN-USE", 0, "The database of that address belongs to a home already, or holds other tables.",
     "It was not touched.", "Make an empty database for this home, and name that with --database."},
    {"MOVE-DONE", EXIT_USAGE, "The home's database is on PostgreSQL already.", unchanged,
     "Nothing is to be done; nks.conf says where it is."},
    {"MOVE-VALUE", EXIT_SETUP,
     "A row has a value that PostgreSQL does not store: a text with a NUL or not in UTF-8, or a number that is too "
     "wide.",
     "The home is as it was. What was copied is taken away by the next nks migrate to that address.",
     "nks does not store such values: run nks-audit, and find out with a second person who wrote the row that the "
     "error "
     "names."},
    {"MOVE-DIFFERS", 0, "After the copy a table is not the same on both sides.",
     "The home is as it was, on nks.db, and works on. Nothing uses the copy.",
     "Find out who else writes to that database, and look at the disks of both machines. Then nks migrate again: it "
     "begins anew."},
    {"MOVE-UNPROVED", 0, "nks-audit is not clean: on the home before it is moved, or on the copy.",
     "The home is as it was, on nks.db. Nothing uses the copy.",
     "Run nks-audit, of the copy with --database ADDRESS, and see to what it names. After a restore: nks reconcile "
     "first."},
    {"DB-TLS", 0, "The connection to the database would not be encrypted, or the server is not who it should be.",
     "Nothing was sent but the attempt.",
     "Take sslmode=verify-full with sslrootcert in the address, or a socket of this machine."},
    {"DB-ENGINE", 0, "This works with the database in the home, and not with one on PostgreSQL.",
     "Nothing was changed.", "Use the server's own tools: pg_dump, pg_basebackup and archived WAL."},
    {"FILE-MISSING", 0, "A file or folder is not there.", "Nothing was changed.",
     "Check the path that the error names."},
    {"FILE-PERMISSION", 0, "A file or folder may not be read or written.", "Nothing was changed.",
     "Look at its owner and mode, and run nks as the right user."},
    {"FILE-KIND", 0, "What is there is not a regular file, or is a link.", "It was not opened.",
     "Give a regular file; - reads standard input."},
    {"FILE-BIG", 0, "A file is larger than files of its kind may be.", "It was not taken.",
     "Look whether it is the right file."},
    {"FILE-PLANTED", 0, "A file of a name that nks was about to use lies in an out folder. nks did not put it there.",
     "The file to be published waits in staging; everything else was published.",
     "Find out who wrote it, move it away, and run nks deliver."},
    {"FILE-BUSY", 0, "The system said that a file is busy.", "What was begun was rolled back; nothing is lost.",
     "Run again; if it lasts, look who holds the file."},
    {"FILE-EXISTS", 0,
     "A file has a name that nks was about to use. In an out folder that means somebody else put it there.",
     "Nothing was replaced. Do not delete it before its origin is known.",
     "Find out where it came from; move it away, then run again."},
    {"JAIL-NONE", 0, "The machine gives the reader of files no jail (seccomp, Landlock, limits).",
     "No file was read: hostile bytes are only parsed in the jail.",
     "Run nks on a kernel that has seccomp, and not in a container that forbids it."},
    {"KEY-MISSING", 0, "A key file is not there.", "Nothing was changed.",
     "Name the directory of the keys with --keys or NKS_KEYS; restore it from its backup if it is lost. Never make new "
     "keys for an old home."},
    {"KEY-MODE", 0, "A key file or its directory is open to others.", "Nothing was changed.",
     "chmod 700 the directory and 400 the files; ask who could read them."},
    {"KEY-FORM", 0, "A key file is not a key, or two files are not a pair.", "Nothing was changed.",
     "Restore the keys from their backup."},
    {"KEY-EXISTS", 0, "There are keys in that directory already.", "They were not touched.",
     "Choose another --keys for the new home."},
    {"KEY-PUBLIC", 0, "This needs the secret keys, and only public ones are there.", "Nothing was changed.",
     "Use the directory with all keys."},
    {"KEY-EXPIRED", 0,
     "The certificate that signs published files has ended. Data centrals would refuse its signatures.",
     "Nothing is published. Order files and reports are written, and wait in staging.",
     "nks keys rotate file --reason TEXT makes a new one, which signs at once. Give its .crt file to the data "
     "centrals, "
     "then nks run."},
    {"KEY-EXPIRES", EXIT_PERSON,
     "The certificate that signs published files, or one of a signer of received files, is about to end or has ended.",
     "Nothing was changed; files are signed and taken until then.",
     "Ours: nks keys rotate file --reason TEXT, then give the new .crt file to data centrals before its day. A "
     "signer's: "
     "ask for the next one, then nks keys signer import."},
    {"KEY-OWNER", 0, "A key file or its directory belongs to another user.", "Nothing was changed.",
     "Ask who made it, then chown it to the user that runs nks."},
    {"KEY-INSIDE", 0, "The keys lie inside the home, so every copy of the home has them.", "Nothing was changed.",
     "Move the directory of the keys out of the home and name it with --keys or NKS_KEYS."},
    {"KEY-INDEX", EXIT_USAGE, "The index key does not rotate like the others: every blind key hangs on it.",
     "Nothing was changed.", "Follow \"Changing the index key\" in doc/operate.md."},
    {"KEY-GENERATIONS", EXIT_SETUP, "No more generations of this key are kept.", "Nothing was changed.",
     "Look with nks keys list; keys that nothing needs any more may be put away by hand, with whoever maintains nks."},
    {"CENTRAL-MISSING", 0, "A routed payment goes to a data central that is not imported any more.",
     "Nothing of it is sent; it waits.", "nks central import F with that central, then nks run."},
    {"AGREEMENT-MANY", 0, "There are more agreements than nks holds.", unchanged,
     "Leave out agreements that have ended."},
    {"CENTRAL-MANY", 0, "There are more data centrals than nks holds.", unchanged,
     "Leave out what is no data central."},
    {"DEBT-AHEAD", 0,
     "The clock is behind the as_of of a claim that would be covered; its uses would not be taken off, and it would be "
     "covered again.",
     "Nothing of these payments is decided; they wait.",
     "See that the clock is right. Where the as_of is wrong, import the claim again with the right one. Then nks run."},
    {"DEBT-MANY", 0, "There are more debt authorities than nks holds.", unchanged,
     "Leave out authorities without debts."},

    /* imports */
    {"CSV-FIELD", 0, "A field of the file is not what its column holds.", unchanged, file_next},
    {"CSV-HEADER", 0, "The header row does not name the columns.", unchanged, file_next},
    {"CSV-COLUMNS", 0, "A row has more or fewer fields than the header row.", unchanged, file_next},
    {"CSV-EMPTY", 0, "The file is empty; it has not even a header row.", unchanged,
     "Look whether the export that made it failed."},
    {"CSV-LONG", 0, "A field or row is too long, often for a quote that is not closed.", unchanged, file_next},
    {"CSV-NEWLINE", 0, "A line ends with a carriage return alone.", unchanged, file_next},
    {"CSV-NUL", 0, "A field holds a zero byte: this is no text file.", unchanged, file_next},
    {"CSV-QUOTE", 0, "A quote stands where none may be, or is not closed.", unchanged, file_next},
    {"CSV-UTF8", 0, "The file is not UTF-8.", unchanged, "Save or convert it as UTF-8 and import it again."},
    {"CENTRAL-OVERLAP", 0, "Two data centrals would have the same registration number.", unchanged, file_next},
    {"REGISTER-OVERLAP", 0, "Two rows give one holder different accounts for the same days.", unchanged, file_next},
    {"REGISTER-PERIODS", 0, "One holder has too many accounts of one kind.", unchanged, file_next},
    {"REGISTER-SLOT", 0, "An authority or ydelsesart is too long.", unchanged, file_next},

    /* looking */
    {"USAGE", EXIT_USAGE, "The command line has no form that is known.", "Nothing was done.",
     "nks help COMMAND shows the form."},
    {"NOT-FOUND", EXIT_USAGE, "There is no batch or payment of that number.", "Nothing was changed.",
     "nks list shows the batches, nks show BATCH how many payments one has."},
    {"STOP-SENT", 0, "What was to be stopped stands in a published order file: the bank has it, or has answered it.",
     "What could be stopped is stopped; the rest was not touched.",
     "nks recall BATCH SEQ asks the bank to call it back. What comes back is in the next files of answers."},
    {"STOP-IN-FILE", 0,
     "What was to be stopped stands in an order file that is made but not published: a run was ended in between.",
     "What could be stopped is stopped. A leg cannot be taken out of a file whose bytes and message id are fixed.",
     "Run nks deliver, so that the file is published as it is, and ask the bank to call the payment back."},
    {"STOP-HALF", 0, "What was to be stopped is between resolve and route, because these stages were run one by one.",
     "What could be stopped is stopped; the rest was not touched.",
     "Run nks offset and nks route, but not nks emit; then give the same command again."},
    {"STOP-REJECTED", EXIT_USAGE, "The payment was rejected, so there is nothing to stop.", "Nothing was changed.",
     "nks explain BATCH SEQ says why it was rejected."},
    {"STOP-BATCH", EXIT_USAGE, "The batch was refused or is still being read.", "Nothing was changed.",
     "nks show BATCH says what became of it."},
    {"STOP-RETURNED", 0, "The batch carries on money that came back to the ventekonto or the error account.",
     "Nothing was changed.", "Let it go. What rests on the ventekonto is released from there."},
    {"REPLAY-NAME", EXIT_USAGE, "Several files have that name or message id.", "Nothing was changed.",
     "Write PARTY/NAME, as nks show BATCH and the folders under out/ have it."},
    {"REPLAY-EARLY", 0, "The file is not published yet.", "Nothing was changed.", "Run nks deliver."},
    {"REPLAY-LIES", 0, "The file still lies in its folder under out/.", "Nothing was changed.",
     "Whoever says that it is lost can fetch it there. If what lies there is damaged, move it away, then replay it."},
    {"REPLAY-ANSWERED", 0, "The bank has answered the order file, so it has it.", "Nothing was changed.",
     "Look at the answers with nks show BATCH. A payment that the bank rejected does not come back by sending it "
     "again."},
    {"REPLAY-STATE", 0,
     "The delivery was not refused, or is a bank's answer; or the batch was not accepted, or carries on returned "
     "money.",
     "Nothing was changed.",
     "nks show #N says what became of it. A payment that was rejected is sent again by its payer, with a new id."},
    {"REPLAY-FORM", 0,
     "The file cannot be read as a payment message, or its signature was not taken; a replay changes neither.",
     "Nothing was changed.", "nks show #N names the places; the sender corrects the file and sends it again."},
    {"REPLAY-TWICE", 0, "The refused file was read again already.", "Nothing was changed.",
     "nks show #N of the newer delivery. If that one was refused too, replay that one."},
    {"SPOOL-CHANGED", 0, "The spooled copy of a received file is not what was received.", stop_here, audit_next},
    {"RECALL-NOTHING", 0, "No bank has a part of the payment that could come back.", "Nothing was changed.",
     "nks explain BATCH SEQ says where it is. What waits or is routed is stopped with nks stop; what is in a file that "
     "is "
     "not published is recalled after nks deliver."},
    {"RECALL-TWICE", 0, "The bank was asked before to call this payment back.", "Nothing was changed.",
     "nks show BATCH names the recall. Ask the bank what became of it."},
    {"DELIVERED-STATE", 0, "The file is not one that is written and not yet published.", "Nothing was changed.",
     "A published file lies in out/: copy it from there. If it was fetched, nks replay puts it there again. After a "
     "kill of "
     "nks delivered, run nks deliver, then nks replay."},
    {"DELIVERED-EXISTS", EXIT_USAGE, "The file of --out, or the signature beside it, is there already.",
     "Nothing was changed.", "Name another file, or look at that one and remove it."},
    {"REPLAY-STAGE", EXIT_USAGE, "A batch is replayed from a stage that decides.", "Nothing was changed.",
     "Name resolve, offset or route with --from."},
    {"REPLAY-GENERATION", 0, "A slice was decided again and again, as often as can be.", "Nothing was changed.",
     "Look at the batch with nks explain: the reference data are not what is wrong. Stop its payments if they must not "
     "go."},
    {"DELIVERED-PART", EXIT_USAGE, "A handing out was cut short, and the .part beside --out is not the whole file.",
     "The file counts as published; nothing was handed out.",
     "Remove the .part, then run nks replay FILE: it publishes the file from the archive."},

    /* the journal of published files, backups */
    {"BENCH-PLAIN", 0, "This nks was built for the bench: it encrypts and signs nothing, and keeps no trail.",
     "Nothing was read.", "Install an nks that was built without NKS_BENCH_PLAIN."},
    {"JOURNAL-MISSING", 0, "The journal of published files is not where the home expects it (HOME.journal).",
     "Nothing was published.",
     "Mount or put back its folder, then run again. Only if it is lost for good: ask every data central what it has, "
     "then "
     "run nks reconcile --new-journal."},
    {"JOURNAL-EXISTS", EXIT_USAGE, "A new home was to be made beside the journal of one that was here before.",
     "Nothing was made.",
     "To have that home back: nks restore BACKUP. For a new home: move HOME.journal away, and keep it."},
    {"JOURNAL-CHANGED", 0,
     "The journal of published files is shorter than the database knows it, or a line of it was "
     "changed.",
     stop_here, "Put the right journal back from where its folder is kept twice. Then nks-audit, and nks alarm clear."},
    {"JOURNAL-LINE", EXIT_BUG, "A line of the journal could not be made.", bug_safe, bug_next},
    {"JOURNAL-MARK", 0, "The row that says how far the journal is known is damaged.", stop_here, audit_next},
    {"RESTORE-JOURNAL", 0,
     "The journal of published files beside the home (HOME.journal) is not the one that the home knows: not mounted, "
     "put "
     "back from a copy, or another home's.",
     "The home is as it was; HOME.restoring may be left, the next restore makes it anew. With that journal the backup "
     "would "
     "pay again what left since.",
     "Mount it, or put the newest one there (both published.log and seals), then nks restore again. It is never put "
     "back "
     "together with a backup. If it is lost for good, take published.log away, see that there is a folder "
     "HOME.journal/seals, even an empty one, restore, and ask every data central what it has. If it is the home that "
     "is "
     "wrong, move HOME away first."},
    {"RECONCILE-FIRST", 0,
     "The database is older than the journal: it was put back from a backup or a copy, or another server took over.",
     "Nothing leaves the house. What was published since is out and is not published again.",
     "Run nks reconcile --dry-run to see what was published since, and who and what had ended and is in force again. "
     "End "
     "that once more, then nks reconcile --reason TEXT."},
    {"RECONCILE-NOT", EXIT_USAGE, "There is nothing to reconcile, or the journal is there and is not begun anew.",
     "Nothing was changed.", "Go on with nks run."},
    {"LOST-WAITS", 0,
     "A file that was judged after the backup that was put back is not here yet. What came after it was decided with "
     "it "
     "in mind, so nothing later is judged before it.",
     "Nothing of it and nothing later is decided or sent. What was done again before it stands.",
     "Have the sender or data central drop it again, then nks run. If it can never come: nks reconcile --settle "
     "'#NUMBER' --reason TEXT. Its money may have left: what comes later with other bytes is a new file to nks, so "
     "stop "
     "what was paid before."},
    {"LOST-ACT", 0, "After the backup that was put back a person stopped, replayed, recalled or imported something.",
     "Nothing later is decided or sent. What was done again before it stands. A line can also be of an act that was "
     "cut "
     "short then, and done once more.",
     "Do the same again (the error names it; nks list shows the batch of that reference; of an import, take the same "
     "file), then nks run. If it is not "
     "to be done: nks reconcile --settle '#NUMBER' --reason TEXT."},
    {"LOST-DIFFERS", 0,
     "A received file leads to something else than it did before the home was put back, because reference data or "
     "persons' acts are not those of then; or an import is not the one that was done then.",
     "The file is not judged, nothing of the import is stored, and nothing later is done.",
     "Import what was in force then (agreements, centrals, register, debts), then nks run. If what is now shall count: "
     "nks reconcile --settle '#NUMBER' --reason TEXT; its order files are then compared with what left."},
    {"LOST-RUN", 0,
     "The works of the time after the backup are done again by nks run alone, day by day. An import of that time has "
     "its "
     "turn later.",
     "Nothing was done.",
     "Use nks run until nothing of that time waits (nks status tells); it ends with LOST-ACT where the import "
     "belongs."},
    {"LOST-ROW", 0, "A row about the time after the backup is damaged.", stop_here, audit_next},
    {"JOURNAL-DIFFERS", 0,
     "A file that was published before the home was restored came to be again with other bytes, "
     "because reference data differ.",
     "It is not published, and stays in staging. What went out first stands.",
     "Compare both with the receiver: nks show BATCH, and the file that it has. Import what was in force before files "
     "are dropped again. What still differs is settled with the bank by hand: nks reconcile --settle FILE --reason "
     "TEXT."},
    {"SAMPLE-COUNT", EXIT_USAGE, "The number of units to draw is none that can be drawn.", "Nothing was written.",
     "Give --mus a number from 1 to 1000000."},
    {"SAMPLE-EXISTS", EXIT_USAGE, "The folder for a sample is there already.", "Nothing was written.",
     "Name a new folder with --out."},
    {"SAMPLE-PLACE", EXIT_USAGE,
     "The folder for a sample would stand in a folder that is not there, or inside the home, the keys or the journal.",
     "Nothing was written.", "Name a new folder with --out, in a folder that is there and is none of nks."},
    {"SAMPLE-RANGE", EXIT_INTEGRITY, "The accepted payments add up to more than any sum that nks can have taken.",
     "Nothing is changed; the folder that was begun proves nothing.",
     "Run nks-audit on the home: amounts in its database were changed."},
    {"SAMPLE-MISSING", EXIT_PERSON,
     "A file of a sample, or the signature on the list of its files, is not there; or the journal was begun anew and "
     "has "
     "no line of a file. All that is there holds.",
     "Nothing is changed. The sample proves nothing before it is whole.",
     "Copy the whole folder again from where it was drawn. Where nobody signed the list: nks-audit sample again, with "
     "the home's secret keys. Where the journal was lost: ask the centrals for the SHA-256 of the files named."},
    {"SAMPLE-WRONG", EXIT_INTEGRITY,
     "Something of a sample is not what was signed: it was changed, cut or added to, or the keys are another home's.",
     "Nothing is changed. Rely on nothing of this sample.",
     "Make sure that --keys holds the public keys of the home that drew it. If it does, let it be drawn again with the "
     "same seed, compare, and find out who changed the first one."},
    {"ERASE-EARLY", 0, "The batch is still to be kept.", "Nothing was erased.",
     "Wait for the day that the error names; nks erase --due takes it then."},
    {"ERASE-OPEN", 0,
     "The batch is not over: something of it waits for a decision, for the bank, or on the ventekonto.",
     "Nothing was erased.", "nks show BATCH tells what is open. End that first."},
    {"BATCH-ERASED", EXIT_USAGE, "The batch was erased after its retention time.",
     "Its counts, sums, hashes and its trail are there; nothing of its payments.",
     "nks show BATCH and nks trail BATCH tell what is left."},
    {"BACKUP-EXISTS", EXIT_USAGE, "There is a backup of this second in the folder, whole or cut short (.part).",
     "Nothing was changed.", "Run nks backup again in a second; remove a .part that was cut short."},
    {"BACKUP-PLACE", EXIT_USAGE,
     "The folder for backups lies in the home, in its journal or in the directory of the keys.", "Nothing was changed.",
     "Name a folder outside of them, best on another disk: a backup in the home is lost with it."},
    {"BACKUP-DAMAGED", EXIT_PERSON,
     "A backup is not what was written: a file of it is missing or changed, or its list is "
     "not signed by this home's keys.",
     "The home was not touched.", "Take another backup; nks backup check BACKUP tells whether it is whole."},
    {"RESTORE-MOUNT", 0, "The home is a mount point, so a restored one cannot take its place.", "Nothing was changed.",
     "Unmount it, and make the home a folder inside the mount or a link to one; then restore again."},
    {"RESTORE-FIRST", 0, "A restore was cut short after the home was put in its place, and is not finished.",
     "Nothing was begun. The home is the restored one; the home of before lies in HOME.restoring or HOME.before-TIME.",
     "Give the same nks restore again: it finishes and says RESTORE-FINISHED. Then nks reconcile."},
    {"RESTORE-FINISHED", EXIT_PERSON, "An earlier restore was cut short. It is finished now; this one did not begin.",
     "The home is the restored one. The home of before lies in HOME.before-TIME.",
     "Look at it (nks list), then nks reconcile. Restore again only if it is not the backup that you want."},
    {"ARCHIVE-CHANGED", 0, "The archive copy of a published file is not what was published.", stop_here, audit_next},
    {"LOOK-SUM", EXIT_BUG, "The sum of payments is beyond what can be counted.", "Nothing was changed.", bug_next},
    {"REPORT-EXISTS", EXIT_USAGE, "The page was to go into a file that is there already.", "The file was not touched.",
     "Name another file with --out, or remove that one first."},

    /* a person */
    {"PERSON-NEEDED", 0, "The home asks who does this, and nobody said it.", unchanged,
     "Give --person ID, --person-key FILE and --reason TEXT; what changes where money goes then waits for nks approve. "
     "Without persons "
     "yet: "
     "nks keys person make, nks keys person add."},
    {"PERSON-ROLE", 0, "There is no person in force with that id and role.", unchanged,
     "nks keys person list shows who may do what."},
    {"PERSON-KEY", 0, "The key is not the one that the home knows of that person.", unchanged,
     "Use that person's own key file."},
    {"PERSON-SAME", 0, "Who proposed something wanted to approve it too.", unchanged,
     "A second person with a key of its own runs nks approve."},
    {"PERSON-EXISTS", 0, "A person has that id or that key already.", unchanged,
     "Choose another id, or make a new key: nks keys person make. The key of who has ended is never taken again."},
    {"PERSON-LAST", 0, "Without that person nobody would be left to propose, or no second one to approve.", unchanged,
     "Add another person first: nks keys person add. Then end this one."},
    {"PERSON-FOUNDERS", 0, "The first two persons of the home could not approve what each other proposes.", unchanged,
     "Give both the roles operator,approver (or one operator, the other approver): nks keys person add."},
    {"PERSONS-OFF", 0, "nks.conf turns persons off in a home that is no test home.", unchanged,
     "Set [persons] required = yes."},
    {"PROPOSAL-STATE", 0, "The proposal is decided already, or of a kind that this program does not know.", unchanged,
     "nks approve --all shows proposals and who decided them."},
    {"PROPOSAL-LONG", 0, "What is proposed is too long to be kept.", unchanged, "Shorten the reason."},
    {"CONTENT-CHANGED", 0, "The file is not the one that was proposed or signed.", "Nothing of it was stored.",
     "Find the file with the SHA-256 that was proposed, or decline and propose the new one."},
    {"DIFFERENCE-CHANGED", 0,
     "What was proposed would not do any more what both persons signed: something else was imported, erased, pinned or "
     "added since.",
     "Nothing of it was done, and the proposal is open still.",
     "nks approve N --decline. Look whether it still says what holds, and propose it anew."},
    {"IMPORT-SIGNATURE", 0, "The signature beside the file does not hold.", unchanged,
     "Have the file signed again, by a certificate that is in import.crt of the keys directory."},
    {"IMPORT-REPLAYED", 0, "A signed file that was imported before came again with the same signature.", unchanged,
     "Nothing, when the file was only offered twice. Else have it signed anew, or import it with two persons: move the "
     ".p7s away."},
    {"IMPORT-OLD", 0, "A signed file came after one that was signed later.", unchanged,
     "Look whether it still says what holds. If it does, have it signed anew, or import it with two persons: move the "
     ".p7s away."},
    {"VENTEKONTO-STATE", 0, "A bank returned money of a ventekonto entry that is not open.",
     "The answer is kept and not used.",
     "Look at the bank's answer and at the entry; settle it with the bank by hand."},

    /* integrity */
    {"PERSON-ROW", 0, "A stored person or proposal is not what was stored or signed.", stop_here, audit_next},
    {"IMPORT-ROW", 0, "What an import did is not what was stored, or not all of its rows are there.", stop_here,
     audit_next},
    {"TRAIL-CHAIN", 0, "A link of the trail is not what was written, or one is missing.", stop_here, audit_next},
    {"ALARM-STANDS", 0, "An earlier command ended with an integrity alarm, and nobody has cleared it.",
     "Everything; nothing was begun. nks alarm shows the alarm, nks status and nks show go on.",
     "Run nks-audit: it names the row or file. When that is mended and nks-audit is clean: nks alarm clear --reason "
     "TEXT."},
    {"ALARM-UNPROVED", 0, "nks-audit did not end clean, so the alarm was not cleared.",
     "The home is as it was; no command works on it.",
     "Run nks-audit: it names the row or file, or why it cannot look. Mend that or restore a copy of the home with a "
     "second person (an older database that a server's own tools put back: nks reconcile), then clear the alarm "
     "again."},
    {"STAGED-CHANGED", 0, "A staged file is not what nks wrote: it was changed before it was published.", stop_here,
     audit_next},
    {"LEGS-SUM", 0, "The legs of a payment do not add up to its amount.", stop_here, audit_next},
    {"SLICE-PAYMENTS", 0,
     "The stored payments of a slice are not those that were signed: somebody changed the database.", stop_here,
     audit_next},
    {"GROUP-ROW", 0, "A stored group names another registration number than its own record.", stop_here, audit_next},
    {"FILE-LEGS", 0, "An order file would hold other legs than were planned for it.", stop_here, audit_next},
    {"SLICE-ROWS", 0, "The payments, legs or details of a slice are not what was stored.", stop_here, audit_next},
    {"SLICE-TOTAL", 0, "A total of a slice is damaged or does not fit.", stop_here, audit_next},
    {"DECISION-BAD", 0, "The decisions of a slice are damaged.", stop_here, audit_next},
    {"DECISION-MISSING", 0, "The decisions of a slice are missing.", stop_here, audit_next},
    {"BATCH-ROW", 0, "A batch, or the agreement it was accepted under, is missing or damaged.", stop_here, audit_next},
    {"GROUP-MISSING", 0, "A group of a batch is missing.", stop_here, audit_next},
    {"DELIVERY-ROW", 0, "The row of a delivery is damaged.", stop_here, audit_next},
    {"FILE-ROW", 0, "The row of an out file is missing or damaged.", stop_here, audit_next},
    {"AGREEMENT-ROW", 0, "A stored agreement is not what was imported.", stop_here, audit_next},
    {"CENTRAL-ROW", 0, "A stored data central is not what was imported.", stop_here, audit_next},
    {"REGISTER-ROW", 0, "A stored account of the register is not what was imported.", stop_here, audit_next},
    {"REGISTER-STAGE", 0, "A row changed while the register was imported.", stop_here, audit_next},
    {"DEBT-ROW", 0, "A stored debt is not what was imported.", stop_here, audit_next},
    {"DEBT-AUTHORITY", 0, "The authority of a stored debt is gone.", stop_here, audit_next},
    {"DEBT-USE", 0, "A use of a claim is not there, has another amount, or is older than the claim.", stop_here,
     audit_next},
    {"REFERENCE-RUN", 0, "A run of stored payment references is damaged.", stop_here, audit_next},
    {"SIGN-BAD", 0, "A signature does not hold: what it covers was changed, or the keys are another home's.", stop_here,
     "Make sure that --keys names this home's keys. Then as for any alarm: stop the cron job, run nks-audit, and call "
     "a second person."},
    {"CERT-FORM", EXIT_REJECTED, "A file of certificates holds none, too many, or something else.",
     "Nothing was stored.", "Ask the signer for the certificate alone, in PEM or DER."},
    {"CERT-KEY", EXIT_REJECTED, "A signer's key is of a kind or size that is not taken.", "Nothing was stored.",
     "Ask the signer for a certificate with a key on P-256 or P-384, Ed25519, or RSA of at least 3072 bit."},
    {"CERT-USAGE", EXIT_REJECTED, "A certificate says of itself that it is not for signatures.", "Nothing was stored.",
     "Ask the signer for one whose keyUsage has digitalSignature."},
    {"SIGNER-EXISTS", EXIT_REJECTED, "The party has this certificate already.", "Nothing was stored.",
     "nks keys signer list shows it. To change its dates, end it and import it again."},
    {"SIGNER-TIME", EXIT_REJECTED, "A certificate is over, or its own dates do not meet --from and --to.",
     "Nothing was stored.", "Ask the signer for one that is valid, or give other dates."},
    {"SIGNER-MANY", EXIT_REJECTED, "More certificates than nks holds, of one party or in all.", "Nothing was stored.",
     "nks keys signer list, then nks keys signer end NUMBER for those that are not used any more."},
    {"SIGNER-NONE", EXIT_USAGE, "There is no pinned certificate of that number in use.", "Nothing was changed.",
     "nks keys signer list shows the numbers."},
    {"SIGNER-ROW", 0, "A stored certificate of a signer is not what was imported.", stop_here, audit_next},
    {"CMS-BAD", 0, "The signature of a published file does not hold.", stop_here, audit_next},
    {"VERIFY-BAD", 0, "Not everything in a folder of received files is good.", verify_safe,
     "Look at each row that is not GOOD; nks help with its code says what to do."},
    {"VERIFY-UNSIGNED", EXIT_PERSON, "A file has no signature (.p7s) beside it.", verify_safe,
     "Fetch both again: nks publishes the signature first, so it was lost on the way. Still none: ask who runs nks."},
    {"VERIFY-EXPIRED", EXIT_PERSON,
     "A file was signed outside the validity of its certificate, or at a time that is still to come.", verify_safe,
     "Look at your own clock. Then ask who runs nks for the certificate that is in use, and compare its fingerprint."},
    {"VERIFY-MISSING", EXIT_PERSON, "A file is not there that a manifest names, or whose signature is there.",
     verify_safe, "Fetch it again. Where it is gone: whoever runs nks publishes it again by nks replay."},
    {"VERIFY-UNLISTED", EXIT_PERSON, "An order file is well signed, and no manifest here names it.", verify_safe,
     "Wait for the day's next manifest and fetch it; verify the folder that holds the manifest of its day."},
    {"VERIFY-GAP", EXIT_PERSON, "Between the manifests of a day numbers are missing.", verify_safe,
     "Fetch the missing manifests again. The newest one names all files of its day."},
    {"VERIFY-UNREADABLE", EXIT_PERSON, "A file is well signed, and is not readable, or none that nks makes.",
     verify_safe, "Look what it is. nks check FILE says what is wrong in an order; tell who runs nks."},
    {"VERIFY-KIND", EXIT_PERSON, "Something is no regular file, or cannot be opened.", verify_safe,
     "Links, pipes and devices do not belong there: find out who made it. Otherwise look at its permissions."},
    {"VERIFY-CHANGED", EXIT_PERSON, "A file changed while it was read.", verify_safe,
     "Verify again when nothing is being written there; verify a copy that only you can write to."},
    {"VERIFY-NOTHING", EXIT_PERSON, "There was no file to verify.", verify_safe,
     "Look whether the folder is the right one. nks publishes a manifest on a day without orders too."},
    {"VERIFY-MANY", EXIT_PERSON, "A folder holds more than nks verify takes at a time.",
     "Everything; what was told is right, of all other files nothing is said.", "Verify it in smaller folders."},
    {"VERIFY-SIGNATURE", EXIT_INTEGRITY, "A signature does not hold: the file or its .p7s is not what nks published.",
     verify_never, verify_call},
    {"VERIFY-SIGNER", EXIT_INTEGRITY, "A file is signed by none of the certificates of --cert.", verify_never,
     "Was a new certificate announced? Compare its fingerprint by another way, and add it to the file of --cert. If "
     "not: call who runs nks, by a number that you know."},
    {"VERIFY-HASH", EXIT_INTEGRITY, "A file's bytes are not those that its manifest names.", verify_never, verify_call},
    {"VERIFY-FACTS", EXIT_INTEGRITY,
     "Message id, number of payments or sum of an order contradict its manifest or its own payments.", verify_never,
     verify_call},
    {"VERIFY-TWICE", EXIT_INTEGRITY, "Two order files have the same message id, in one folder or in two.", verify_never,
     verify_call},
    {"VERIFY-MANIFEST", EXIT_INTEGRITY,
     "A manifest is not in its form, does not add up, contradicts another, or is for another day or central.",
     verify_never, verify_call},
    {"CIPHER-TAG", 0, "An encrypted value is not what was stored in that place, or the keys are another home's.",
     stop_here,
     "Make sure that --keys names this home's keys. Then as for any alarm: stop the cron job, run nks-audit, and call "
     "a second person."},
    {"BLOB-BAD", 0, "An encrypted block is damaged.", stop_here, audit_next},
    {"STREAM-BAD", 0, "A file in spool or archive is not what was written, or the keys are another home's.", stop_here,
     audit_next},
    {"DB-SCHEMA", 0, "A column of the database has another type than nks gave it: somebody has changed the schema.",
     stop_here,
     "Stop the cron job. nks-audit names the table under `catalogue`. Give the column its type back, or restore a "
     "backup, and let nks-audit prove what was stored meanwhile."},
    {"DB-DAMAGED", 0, "The database is damaged.", stop_here,
     "Stop the cron job, copy the home away as it is, look at the disk, and restore the newest backup that nks-audit "
     "proves."},

    /* bugs: these cannot happen, and are told when they do */
    {"ANSWER-STOP", EXIT_BUG, "The reading of a bank's answer was ended early, and nobody took that up.", bug_safe,
     bug_next},
    {"NO-FAULT", EXIT_BUG, "A call failed without saying why.", bug_safe, bug_next},
    {"DB-SQL", EXIT_BUG, "A statement does not fit the database.", bug_safe, bug_next},
    {"CSV-TABLE", EXIT_BUG, "A table of columns inside nks is wrong.", bug_safe, bug_next},
    {"CIPHER-PLACE", EXIT_BUG, "The name of a table or column inside nks is too long.", bug_safe, bug_next},
    {"DEBT-QUERIES", EXIT_BUG, "Too many payments were asked about at once.", bug_safe, bug_next},
    {"REGISTER-QUERIES", EXIT_BUG, "Too many payees were asked about at once.", bug_safe, bug_next},
    {"REGISTER-PACK", EXIT_BUG, "An account does not fit into its row.", bug_safe, bug_next},
    {"KEY-PURPOSE", EXIT_BUG, "A key was asked for that does not exist.", bug_safe, bug_next},
    {"ORDER-ACCOUNT", EXIT_BUG, "An order file was to hold a payment without an account.", bug_safe, bug_next},
    {"ORDER-AMOUNT", EXIT_BUG, "An order file was to hold a payment without an amount.", bug_safe, bug_next},
    {"ORDER-LOSS", EXIT_BUG, "An order file was to hold a payment that its version cannot carry.", bug_safe, bug_next},
    {"FILE-SUM", EXIT_BUG, "The sum of an order file does not fit.", bug_safe, bug_next},
    {"REPORT-SUM", EXIT_BUG, "The sum of a status report does not fit.", bug_safe, bug_next},
    {"REPORT-BIG", EXIT_BUG, "The page of a batch or night is beyond its ceiling.", "Nothing was changed.", bug_next},
    {"REPORT-SHEET", EXIT_BUG, "The stylesheet could not make the page.", "Nothing was changed.", bug_next},
    {"SLICE-FULL", EXIT_BUG, "A payment does not fit into a slice.", bug_safe, bug_next},
    {"SLICE-LEGS", EXIT_BUG, "The legs or decisions of a slice do not fit.", bug_safe, bug_next},
    {"SLICE-SUM", EXIT_BUG, "The amounts of a slice are beyond what can be counted.", bug_safe, bug_next},
    {"STATE-MOVE", EXIT_BUG, "Something was to go to a state that the tables do not allow.", bug_safe, bug_next},
    {"STREAM-CLOSED", EXIT_BUG, "An encrypted file was written to after its end.", bug_safe, bug_next},
    {"VAULT-CRYPTO", EXIT_BUG, "OpenSSL could not do what it was asked for.", bug_safe, bug_next},
    {"TRAIL-LONG", EXIT_BUG, "A link of the trail does not fit.", bug_safe, bug_next},
    {"VENTEKONTO-LONG", EXIT_BUG, "The details of a ventekonto entry are too long.", bug_safe, bug_next},
};

const struct exit_row *exit_table(size_t *count)
{
    *count = sizeof exits / sizeof exits[0];
    return exits;
}

int exit_worse(int a, int b)
{
    for (size_t i = 0; i < sizeof worst_first / sizeof worst_first[0]; i++) {
        if (worst_first[i] == a || worst_first[i] == b)
            return worst_first[i];
    }
    return EXIT_BUG;
}

const struct code_row *code_at(size_t i)
{
    size_t count = sizeof codes / sizeof codes[0];
    return i < count ? &codes[i] : code_audit_at(i - count);
}

const struct code_row *code_find(const char *code)
{
    const struct code_row *row = NULL;
    for (size_t i = 0; (row = code_at(i)) != NULL; i++) {
        if (strcmp(row->code, code) == 0)
            return row;
    }
    return NULL;
}

int code_exit(const struct nks_fault *fault)
{
    const struct code_row *row = code_find(fault->code);
    int by_code = row != NULL ? row->exit : 0;
    /* The same code can be a lesser or a graver thing; an alarm is never less than one. */
    if (by_code != 0 && fault->status != NKS_INTEGRITY)
        return by_code;
    size_t status = (size_t)fault->status;
    return status < sizeof by_status / sizeof by_status[0] ? by_status[status] : EXIT_BUG;
}
