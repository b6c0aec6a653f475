#!/bin/sh
# Another transaction of the server comes between (a deadlock, of which nks is the victim): the whole transaction is done
# again, in the same run, and what is published is the same. On a private server; 77 where none can be started.
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

sql() { # DATABASE: reads statements
    psql -X -qAt -v ON_ERROR_STOP=1 -h "$server/pg" -U nks -d "$1"
}
deadlocks() { # DATABASE
    # A backend tells the statistics when it ends: it has.
    echo "SELECT deadlocks FROM pg_stat_database WHERE datname = '$1'" | sql "$1"
}

lite=$work/lite
home_make "$lite"
night_run "$lite"
out_hashes "$lite" >"$work/night"

# between NAME LOCK STAGES…: a home on the database NAME, STAGES run before; then another session locks what LOCK says,
# waits until nks wants it too, and asks for the row that nks holds
between() {
    name=$1
    lock=$2
    shift 2
    home=$work/$name
    address=$(pg make "$name")
    nks "$home" init --test --database "$address"
    for import in agreement:agreements central:centrals register:register debt:debts; do
        nks "$home" "${import%:*}" import --now 2026-11-22T12:00:00Z "$small/${import#*:}.csv"
    done
    cp -R "$small/in/." "$home/in/"
    for stage in "$@"; do
        nks "$home" "$stage" --now "$night"
    done
    mkfifo "$work/ready.$name"
    sql "$name" >"$work/other.$name" 2>&1 <<END &
SET deadlock_timeout = '60s'; -- so that it is nks that is thrown out
BEGIN;
$lock;
\\! echo ready >"$work/ready.$name"
DO \$\$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END \$\$;
SELECT one FROM db_writer FOR UPDATE;
COMMIT;
SELECT 'committed';
END
    other=$!
    read -r _ <"$work/ready.$name"
    nks "$home" -v run --now "$night"
    cp "$work/said" "$work/run.$name"
    wait $other || fail "$name: the other session was thrown out: $(cat "$work/other.$name")"
    assert_eq "$name: the other session" "$(tail -n 1 "$work/other.$name")" committed
    assert_eq "$name: deadlocks" "$(deadlocks "$name")" 1
    out_hashes "$home" >"$work/two"
    assert_same "$name: the same files" "$work/night" "$work/two"
    audit_clean "$home"
}

between slice 'SELECT count(*) FROM (SELECT 1 FROM slice FOR UPDATE) s' receive ingest
between delivery 'SELECT count(*) FROM (SELECT 1 FROM delivery FOR UPDATE) d' receive
between batch 'SELECT count(*) FROM (SELECT 1 FROM out_file FOR UPDATE) f' receive ingest resolve offset route emit
between counts 'SELECT count(*) FROM (SELECT 1 FROM slice FOR UPDATE) s' receive ingest resolve offset route

# What was taken back is not counted.
calm=$work/calm
home_make "$calm"
for stage in receive ingest resolve offset route; do
    nks "$calm" "$stage" --now "$night"
done
nks "$calm" -v run --now "$night"
assert_same "what the run tells" "$work/said" "$work/run.counts"

test_end
