#!/bin/sh
# A home whose database is on PostgreSQL: the same night, the same bytes as on SQLite; what happens when the server goes
# away; the roles. On a private server; 77 where none can be started.
. "${NKS_SOURCE:?}/tests/system/lib.sh"

pg() { # VERB [NAME]
    verb=$1
    shift
    sh "$NKS_SOURCE/tests/postgres.sh" "$verb" "$server" "$@"
}
server=$(mktemp -d "${TMPDIR:-/tmp}/nks-postgres.XXXXXX") # not in $work: another user runs it
trap 'pg stop; rm -rf "$server" "$work"' EXIT
have psql || { skip "no psql"; exit 77; }
pg start >"$work/address" || exit 77

on() { # HOME: makes the small night's home on a database of its own
    address=$(pg make "$(basename "$1" | tr -d -)")
    nks "$1" init --test --database "$address"
    for import in agreement:agreements central:centrals register:register debt:debts; do
        nks "$1" "${import%:*}" import --now 2026-11-22T12:00:00Z "$small/${import#*:}.csv"
    done
    cp -R "$small/in/." "$1/in/"
}
same_out() { # WHAT FILE HOME: what a home published is what the hashes in FILE say
    out_hashes "$3" >"$work/two"
    assert_same "$1" "$2" "$work/two"
}
same_words() { # WHAT HOME HOME WORDS…: what a command says of both
    what=$1
    one=$2
    two=$3
    shift 3
    code "$NKS_BIN/nks" --home "$one" "$@"
    sed "s|$one|HOME|g" "$work/said" >"$work/said.one"
    code_one=$code
    code "$NKS_BIN/nks" --home "$two" "$@"
    sed "s|$two|HOME|g" "$work/said" >"$work/said.two"
    assert_eq "$what: exit" "$code" "$code_one"
    assert_same "$what" "$work/said.one" "$work/said.two"
}
refused() { # HOME EXIT CODE WORDS…
    at=$1
    wanted=$2
    word=$3
    shift 3
    code "$NKS_BIN/nks" --home "$at" "$@"
    assert_eq "nks $*: exit" "$code" "$wanted"
    checks=$((checks + 1))
    grep -q "$word" "$work/said" || fail "nks $*: does not say $word: $(head -n 1 "$work/said")"
}

# ---- one night on both
lite=$work/lite
home=$work/far
home_make "$lite"
night_run "$lite"
on "$home"
night_run "$home"
[ ! -e "$home/nks.db" ] || fail "there is an nks.db"
out_hashes "$lite" >"$work/night"
same_out "the night" "$work/night" "$home"
checks=$((checks + 1))
sh "$NKS_SOURCE/tests/system/check_small.sh" "$home" >"$work/said" 2>&1 || {
    head "$work/said" >&2
    fail "the night is not that of the tables"
}
out_signed "$home"
audit_clean "$home"
night_run "$home"
same_out "a second run adds nothing" "$work/night" "$home"

pg make kept "$(basename "$home")" >"$work/said" # what a backup of the server's would bring back

# ---- the banks answer, money comes back, the next days
for order in "$lite"/out/central/*/nks-*-o*.xml; do
    place=${order#"$lite/"}
    case $place in *1.xml) status=ACSC ;; *) status=RJCT ;; esac
    bank_answers "$lite" "$order" $status
    bank_answers "$home" "$home/$place" $status
done
for now in 2026-11-24T03:00:00Z 2026-11-25T03:00:00Z 2026-11-30T03:00:00Z; do
    night_run "$lite" $now
    night_run "$home" $now
done
out_hashes "$lite" >"$work/later"
same_out "days later" "$work/later" "$home"
audit_clean "$home"
batch=$(basename "$(ls "$lite"/out/central/*/nks-*-o0001.xml | head -n 1)" | sed 's/^nks-//; s/-o0001.xml//')
same_words "list" "$lite" "$home" list
same_words "show" "$lite" "$home" show "$batch"
same_words "explain" "$lite" "$home" explain "$batch" 1

# ---- what does not belong there is seen
sql_home() { # TEXT
    psql -X -q -h "$server/pg" -U nks -d far -c "$1" >"$work/said" 2>&1 || fail "$1: $(head -n 1 "$work/said")"
}
sql_home 'CREATE VIEW more AS SELECT 1'
code "$NKS_BIN/nks-audit" -q --home "$home"
assert_eq "a view that nobody made: exit" "$code" 7
grep -q 'catalogue view more' "$work/said" || fail "a view that nobody made: $(head -n 1 "$work/said")"
sql_home 'DROP VIEW more'
sql_home 'UPDATE payment SET amount_minor = amount_minor + 1 WHERE (slice_id, n) = (SELECT slice_id, n FROM payment WHERE state = 1 LIMIT 1)'
code "$NKS_BIN/nks-audit" -q --home "$home"
assert_eq "a changed amount: exit" "$code" 7

# ---- an older state of the database is put back: nothing leaves before the journal was read
sed 's|^database = postgresql:///[a-z]*|database = postgresql:///kept|' "$home/nks.conf" >"$work/conf"
cp "$home/nks.conf" "$work/conf.now"
cp "$work/conf" "$home/nks.conf"
refused "$home" 5 RECONCILE-FIRST run --now 2026-11-30T04:00:00Z
same_out "nothing left" "$work/later" "$home"
nks "$home" reconcile --reason test --now 2026-11-30T04:00:00Z
cp "$work/conf.now" "$home/nks.conf"
rm "$home.journal/newest" # it names what that other database has

# ---- where it is, said without a user
nks "$home" config check
checks=$((checks + 1))
grep -q "postgresql:///far?host=$server/pg" "$work/said" || fail "config check does not say where the database is"
nks "$lite" config check
checks=$((checks + 1))
grep -q "$lite/nks.db" "$work/said" || fail "config check does not say where the file is"
sed -i 's|^database = postgresql:///far|database = postgresql:///gone|' "$home/nks.conf"
refused "$home" 6 'this was about the database postgresql:///gone?host=' config check
cp "$work/conf.now" "$home/nks.conf"

# ---- what is not for this engine, or is not this home's
refused "$work/second" 1 DB-IN-USE init --test --database "$(sed -n 's/^database = //p' "$home/nks.conf")"
[ ! -e "$work/second/nks.conf" ] || fail "a second home on one database"
refused "$home" 6 DB-ENGINE backup "$work/backups"
refused "$work/third" 6 DB-TLS init --test --database 'postgresql://127.0.0.1:1/x?sslmode=disable'
refused "$work/third" 6 DB-ADDRESS init --test --database 'mysql://x'

# ---- a table that cannot be read keeps the auditor from nothing else
blind=$work/blind
on "$blind"
night_run "$blind"
sql() { # STATEMENTS: on the blind home's database
    psql -X -q -h "$server/pg" -U nks -d blind -c "$1" >"$work/psql" 2>&1 || die "psql: $(cat "$work/psql")"
}
sql 'ALTER TABLE debt_flag RENAME COLUMN terms TO other; UPDATE payment SET amount_minor = amount_minor + 1 WHERE n = 1'
code "$NKS_BIN/nks-audit" --home "$blind"
assert_eq "an audit with a table that cannot be read: exit" "$code" 7
checks=$((checks + 1))
grep -q 'FINDING.*slice' "$work/said" || fail "payments that were changed are not found beside a table that cannot be read"

# ---- a copy of a home may look, and takes nothing of its work
copied=$work/copied
on "$work/first"
cp -R "$work/first" "$copied"
cp -R "$work/first.keys" "$copied.keys"
for words in run receive "register import $small/register.csv"; do
    # shellcheck disable=SC2086 # a list of words
    refused "$copied" 6 DB-OTHER-HOME $words --now "$night"
done
nks "$copied" list --now "$night"
[ -z "$(find "$copied/out" -name '*-o0*.xml')" ] || fail "a copy published"
night_run "$work/first"
same_out "beside a copy" "$work/night" "$work/first"
psql -X -q -h "$server/pg" -U nks -d first -c 'UPDATE db_writer SET home = NULL' >"$work/psql" 2>&1 || fail "psql: $(cat "$work/psql")"
mv "$work/first" "$work/moved"
mv "$work/first.keys" "$work/moved.keys"
mv "$work/first.journal" "$work/moved.journal"
night_run "$work/moved" 2026-11-23T05:00:00Z
audit_clean "$work/moved"

# ---- the server fails in the middle of a night: later, and then the same
broken=$work/broken
on "$broken"
NKS_STOP_AT=save.before "$NKS_BIN/nks" --home "$broken" run --now "$night" >"$work/said" 2>&1 &
stopped=$!
if halted $stopped; then
    pg halt
    kill -CONT $stopped
    code=0
    wait $stopped || code=$?
    assert_eq "the server went away: exit" "$code" 4
    refused "$broken" 4 DB-CONNECTION status
    pg resume
else
    fail "the run did not stop: $(head -n 1 "$work/said")"
fi
night_run "$broken"
same_out "after the server came back" "$work/night" "$broken"
audit_clean "$broken"

# ---- nks is killed
for point in ingest.slice ingest.finished save.before publish.reserved publish.renamed; do
    killed=$work/killed-${point#*.}
    on "$killed"
    code env NKS_KILL_AT=$point "$NKS_BIN/nks" --home "$killed" run --now "$night"
    assert_eq "killed at $point: exit" "$code" 137
    night_run "$killed"
    same_out "killed at $point" "$work/night" "$killed"
done
audit_clean "$killed"

# ---- roles: each does its own, and nothing else
sql() { # ROLE TEXT: on the database of the roles
    PGUSER=$1 psql -X -qAt -h "$server/pg" -d Night-roles -v ON_ERROR_STOP=1 -c "$2" 2>&1
}
roles_make() {
    PGHOST=$server/pg PGUSER=nks sh "$NKS_SOURCE/scripts/postgres_roles.sh" Night-roles || die "scripts/postgres_roles.sh"
}
as_role() { # ROLE WORDS…
    PGUSER=$1
    export PGUSER
    shift
    "$@"
    unset PGUSER
}
pg make '"Night-roles"' >"$work/said" # a name that must be quoted
roles_make
held=$work/held
where="postgresql:///Night-roles?host=$server/pg"
as_role nks_owner nks "$held" init --test --database "$where"
roles_make
roles_make
for import in agreement:agreements central:centrals register:register debt:debts; do
    as_role nks_work nks "$held" "${import%:*}" import --now 2026-11-22T12:00:00Z "$small/${import#*:}.csv"
done
cp -R "$small/in/." "$held/in/"
as_role nks_work night_run "$held"
same_out "with roles" "$work/night" "$held"
as_role nks_read nks "$held" list
as_role nks_audit audit_clean "$held"
as_role nks_read refused "$held" 6 DB-PERMISSION run --now "$night"
for pair in "nks_work:DROP TABLE payment" "nks_work:CREATE TABLE x (i int)" "nks_work:UPDATE trail_link SET number = 1" \
    "nks_work:DELETE FROM trail_link" "nks_work:UPDATE account SET version = 1" "nks_work:DELETE FROM out_file" \
    "nks_work:UPDATE payment SET amount_minor = 1" "nks_work:UPDATE leg SET amount_minor = 1" \
    "nks_work:UPDATE batch SET control_sum = 1, ref = ref" "nks_work:INSERT INTO batch_erased VALUES (1, 1, 1)" \
    "nks_work:INSERT INTO schema_step VALUES ('x', 1, 1)" "nks_read:UPDATE payment SET n = 1" \
    "nks_read:SET default_transaction_read_only = off; DELETE FROM payment" "nks_audit:DELETE FROM payment" \
    "nks_audit:SET default_transaction_read_only = off; INSERT INTO batch_told VALUES (1, 1, 1, 1)" \
    "nks_read:CREATE TEMP TABLE x (i int)" "nks_owner:CREATE ROLE x"; do
    checks=$((checks + 1))
    said=$(sql "${pair%%:*}" "${pair#*:}") && fail "$pair: was allowed"
    case $said in *"permission denied"* | *"read-only"* | *"must be owner"*) ;; *) fail "$pair: $said" ;; esac
done

# Row security hides no row from nks: it stops the run.
sql nks 'ALTER TABLE nks.reference_run ENABLE ROW LEVEL SECURITY; CREATE POLICY adds ON nks.reference_run FOR INSERT TO nks_work WITH CHECK (true)' >"$work/psql"
mkdir -p "$held/in/sender/proeveskat"
sed 's/<MsgId>/<MsgId>Q/' "$small/in/sender/proeveskat/10-overskydende-skat.xml" >"$held/in/sender/proeveskat/q.xml"
as_role nks_work refused "$held" 6 DB-PERMISSION run --now "$night"
sql nks 'DROP POLICY adds ON nks.reference_run; ALTER TABLE nks.reference_run DISABLE ROW LEVEL SECURITY' >"$work/psql"
as_role nks_work night_run "$held"
for one in nks_read nks_audit nks_work; do
    checks=$((checks + 1))
    ! sql $one "SELECT lo_from_bytea(0, 'x')" >"$work/psql" || fail "$one makes large objects"
done

# What the work may do is what its statements do: no verb and no column more, none less. What erases, the owner does.
cat "$NKS_SOURCE"/lib/*/*.sql | awk '
    $2 == "name:" { name = $3 }
    { sub(/--.*/, ""); if (name !~ /_erase$|^batch_erased_/) print }' | tr '\n' ' ' | tr ';' '\n' | awk '
    { n = split($0, word, /[^A-Za-z_]+/)
      into = ""
      for (i = 1; i <= n; i++) {
        if (word[i] == "INSERT" && word[i + 1] == "INTO") { into = word[i + 2]; verb[into " INSERT"] }
        if (word[i] == "DELETE" && word[i + 1] == "FROM") verb[word[i + 2] " DELETE"]
        if (word[i] == "TEMP" && word[i + 1] == "TABLE") passing[word[i + 5]]
        if (word[i] == "UPDATE") {
          table = word[i + 1] == "SET" ? into : word[i + 1]
          set = $0
          sub(/.*UPDATE +[a-z_]* *SET /, "", set)
          sub(/ WHERE.*/, "", set)
          m = split(set, column, ",")
          for (j = 1; j <= m; j++) { sub(/=.*/, "", column[j]); gsub(/ /, "", column[j]); verb[table " UPDATE " column[j]] }
        }
      } }
    END { for (one in verb) { split(one, two, " "); if (!(two[1] in passing)) print one } }' | sort >"$work/one"
sql nks "SELECT table_name || ' ' || privilege_type FROM information_schema.role_table_grants WHERE grantee = 'nks_work'
    AND privilege_type NOT IN ('SELECT', 'UPDATE') UNION SELECT table_name || ' UPDATE ' || column_name
    FROM information_schema.role_column_grants WHERE grantee = 'nks_work' AND privilege_type = 'UPDATE'
    AND table_name <> 'db_writer'" | sort >"$work/two"
assert_same "what nks_work may do" "$work/one" "$work/two"

test_end
