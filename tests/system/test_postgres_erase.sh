#!/bin/sh
# Erasing on PostgreSQL: what is gone is in no file of the server's tables any more, by whom it may be done, and killed
# anywhere it is finished by the next call. On a private server; 77 where none can be started.
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
due=2032-01-01T08:00:00Z
home=$work/home

ask() { # SQL: on the home's database
    psql -X -qAt -h "$server/pg" -U nks -d home -v ON_ERROR_STOP=1 -c "$1" 2>"$work/psql" || die "psql: $(cat "$work/psql")"
}
try() { # EXIT CODE WORDS...: ends with EXIT and tells CODE ("" for none)
    right=$1 told=$2
    shift 2
    code "$NKS_BIN/nks" --home "$home" --json "$@"
    assert_eq "nks $*: exit" "$code" "$right"
    checks=$((checks + 1))
    [ -z "$told" ] || grep -qF "\"$told\"" "$work/said" || {
        fail "nks $*: $told is not said"
        cat "$work/said" >&2
    }
}
held() { # HEX...: how many of these values are in the files of the home's database, when all is written
    ask CHECKPOINT
    cat "$server/pg/data/base/$(ask "SELECT oid FROM pg_database WHERE datname = 'home'")"/* | od -An -v -tx1 | tr -d ' \n' >"$work/bytes"
    found=0
    for value in "$@"; do
        ! grep -qF "$value" "$work/bytes" || found=$((found + 1))
    done
    echo $found
}

# ---- a night that is over, made and run by the roles that it takes
pg make home >"$work/said"
roles_make() {
    PGHOST=$server/pg PGUSER=nks sh "$NKS_SOURCE/scripts/postgres_roles.sh" home || die "scripts/postgres_roles.sh"
}
roles_make
export PGUSER=nks_owner
nks "$home" init --test --database "postgresql:///home?host=$server/pg"
roles_make
PGUSER=nks_work
for import in agreement:agreements central:centrals register:register debt:debts; do
    nks "$home" "${import%:*}" import --now 2026-11-22T12:00:00Z "$small/${import#*:}.csv"
done
cp -R "$small/in/." "$home/in/"
night_run "$home"
for order in "$home"/out/central/*/*-o0*.xml; do
    bank_answers "$home" "$order"
done
night_run "$home" 2026-11-23T05:40:00Z
night_run "$home" 2026-12-02T02:10:00Z # what was due later
audit_clean "$home"
over="SELECT b.batch_id FROM batch b WHERE b.state = 2
  AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.batch_id = b.batch_id AND s.state NOT IN (6, 7))
  AND NOT EXISTS (SELECT 1 FROM leg l WHERE l.slice_id >> 14 = b.batch_id AND l.state IN (1, 2))
  AND NOT EXISTS (SELECT 1 FROM ventekonto_entry v WHERE v.slice_id >> 14 = b.batch_id AND v.state = 1)"
batch=$(ask "$over ORDER BY (SELECT count(*) FROM claim_use u WHERE u.slice_id >> 14 = b.batch_id) DESC LIMIT 1")
[ -n "$batch" ] || die "no batch of the small night is over"
key=$(ask "SELECT encode(wrapped_key, 'hex') FROM batch WHERE batch_id = $batch")
header=$(ask "SELECT encode(header, 'hex') FROM batch WHERE batch_id = $batch")
details=$(ask "SELECT encode(substr(details, 1, 32), 'hex') FROM slice_details WHERE slice_id >> 14 = $batch LIMIT 1")
ask ANALYZE

# ---- who may, and not before
dump() {
    PGUSER=nks pg_dump -h "$server/pg" home | grep -v '^\\\(un\)\?restrict' | cksum
}
before=$(dump)
try 0 "" erase "$batch" --reason test --dry-run --now "$due"
try 6 DB-PERMISSION erase "$batch" --reason test --now "$due"
grep -q nks_owner "$work/said" || fail "it is not said who may erase"
assert_eq "who may not, and who only tries, change nothing" "$(dump)" "$before"
PGUSER=nks_owner
assert_eq "values that will be erased, found where they are" "$(held "$key" "$header" "$details")" 3

# ---- somebody still reads: later
NKS_STOP_AT=audit.picture "$NKS_BIN/nks-audit" -q --home "$home" >"$work/audited" 2>&1 &
auditing=$!
halted $auditing || die "the audit did not stop at its picture"
try 4 DB-BUSY erase "$batch" --reason test --now "$due"
kill -CONT $auditing
exit=0
wait $auditing || exit=$?
assert_eq "an audit beside an erasure: exit $(head -n 1 "$work/audited")" "$exit" 0
try 2 BATCH-ERASED explain "$batch" 1 --now "$due"

# ---- gone
try 0 "" erase "$batch" --reason test --now "$due"
assert_eq "erased values that are in files of the server" "$(held "$key" "$header" "$details")" 0
try 2 BATCH-ERASED erase "$batch" --reason test --now "$due"
assert_eq "holders of its payments" "$(ask "SELECT count(*) FROM payment WHERE slice_id >> 14 = $batch AND holder_key <> 0")" 0
audit_clean "$home"
PGUSER=nks_work
night_run "$home" 2026-12-03T02:10:00Z
PGUSER=nks_owner

# ---- killed anywhere, the next call finishes; and all that is due
keys=
for point in key slice file spool done; do
    next=$(ask "$over AND b.batch_id NOT IN (SELECT batch_id FROM batch_erased WHERE done = 1) ORDER BY 1 LIMIT 1")
    [ -n "$next" ] || break
    keys="$keys $(ask "SELECT encode(wrapped_key, 'hex') FROM batch WHERE batch_id = $next")"
    code env NKS_KILL_AT=erase.$point "$NKS_BIN/nks" --home "$home" erase "$next" --reason test --now "$due"
    [ "$code" -gt 128 ] || continue # it has none of that
    try 2 BATCH-ERASED explain "$next" 1 --now "$due"
    [ $point = done ] || try 0 "" erase "$next" --reason test --now "$due"
    assert_eq "killed at $point: done" "$(ask "SELECT done FROM batch_erased WHERE batch_id = $next")" 1
done
nks "$home" erase --due --reason monthly --now "$due"
grep -q WAL "$work/said" || {
    code "$NKS_BIN/nks" --home "$home" help erase
    grep -q WAL "$work/said" || fail "it is not said what the server keeps"
}
assert_eq "batches that are over" "$(ask "$over AND b.batch_id NOT IN (SELECT batch_id FROM batch_erased WHERE done = 1)")" ""
# shellcheck disable=SC2086 # one word per key
assert_eq "their keys that are in files of the server" "$(held $keys)" 0
audit_clean "$home"
test_end
