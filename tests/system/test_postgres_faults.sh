#!/bin/sh
# What happens to the server in the middle of a run: it crashes, it is ended in order, it fails over to a replica that a
# commit waits for, also while a commit waits, and its disk is full. The run ends with 4 and the next ones finish: byte for
# byte what is published undisturbed, and a clean audit. On private servers; 77 where none can be started, or without fault
# points. A part is skipped where no small disk can be mounted.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
. "$NKS_SOURCE/tests/system/postgres_lib.sh"
files="sender/proeveskat/10-overskydende-skat.xml sender/proeve-kommune/10-loen.xml sender/proevebetaling/10-pension.xml"
pg start "$server" >"$work/address" || exit 77
pg_home_make "$work/start" $files
pg_home_copy "$work/start" "$work/calm"
night_run "$work/calm"
out_hashes "$work/calm" >"$work/night"
[ "$(grep -c -e '-o0' "$work/night")" -ge 3 ] || die "a night of so few orders proves nothing"
pg_home_copy "$work/start" "$work/probe"
code env NKS_KILL_AT=receive.taken "$NKS_BIN/nks" --home "$work/probe" run --now "$night"
[ "$code" -eq 137 ] || {
    skip "this build has no fault points"
    exit 77
}
pg_home_drop "$work/probe"

instants="receive.row ingest.slice:2 save.before:2 save.after publish.reserved:2 publish.journaled:3 publish.renamed"
# Starts the night of a home up to an instant; its process goes into the file HOME.pid.
stop_at() { # HOME INSTANT
    NKS_STOP_AT=$2 "$NKS_BIN/nks" --home "$1" run --now "$night" >"$1.said" 2>&1 &
    echo $! >"$1.pid"
    halted $! || fail "did not stop at $2: $(head -n 1 "$1.said")"
}
goes_on() { # HOME
    kill -CONT "$(cat "$1.pid")"
}
ends_later() { # HOME WHAT: with 4, because the database is away
    code=0
    wait "$(cat "$1.pid")" || code=$?
    cp "$1.said" "$work/said"
    ended "$2" 4
    says "$2" DB-CO
}
finishes() { # HOME WHAT
    code "$NKS_BIN/nks" --home "$1" run --now "$night"
    ended "$2: the next run" 0
    whole "$1" "$work/night" "$2"
}
at_instants() { # NAME COMMAND…: at each instant a home of its own, all of them during what the command does
    group=$1
    shift
    number=0
    for at in $instants; do
        number=$((number + 1))
        pg_home_copy "$work/start" "$work/$group$number"
        stop_at "$work/$group$number" "$at"
    done
    "$@"
    number=0
    for at in $instants; do
        number=$((number + 1))
        goes_on "$work/$group$number"
        ends_later "$work/$group$number" "$group at $at"
    done
}
all_finish() { # NAME
    number=0
    for at in $instants; do
        number=$((number + 1))
        finishes "$work/$1$number" "$1 at $at"
    done
}

# ---- a crash, and an end in order
for how in immediate fast; do
    at_instants $how pg halt "$server" $how
    code "$NKS_BIN/nks" --home "$work/${how}1" run --now "$night"
    ended "$how, while it is away" 4
    says "$how, while it is away" DB-CONNECTION
    pg resume "$server"
    all_finish $how
done

# ---- failover to a replica that each commit waits for; the address names both
second=$servers/second
pg replica "$server" "$second" sync
both() { # HOME
    address_is "$1" "postgresql:///$(base_of "$1")?host=$server/pg,$second/pg&user=nks"
}
all_wait() { # NUMBER: so many runs come to a commit, and wait for the replica
    waiting=
    for _ in $(seq 300); do
        waiting=$(sql "$server" postgres "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'nks'")
        [ "$waiting" != "$1" ] || break
        sleep 0.1
    done
    assert_eq "commits that wait for the replica" "$waiting" "$1"
}
number=0
for at in $instants; do
    number=$((number + 1))
    pg_home_copy "$work/start" "$work/over$number"
    pg_home_copy "$work/start" "$work/wait$number"
    both "$work/over$number"
    both "$work/wait$number"
    stop_at "$work/over$number" "$at"
    stop_at "$work/wait$number" "$at"
done
pg_home_copy "$work/start" "$work/unheard" # stored on both, and nobody heard of it
both "$work/unheard"
code env NKS_FAULT=7:cut_commit "$NKS_BIN/nks" --home "$work/unheard" run --now "$night"
ended "a commit whose answer is not heard" 4
says "a commit whose answer is not heard" DB-COMMIT
receiver=$(pg processes "$second" walreceiver)
kill -STOP "$receiver"
for number in 1 2 3 4 5 6 7; do
    goes_on "$work/wait$number"
done
all_wait 7
# One of them is killed meanwhile: the run after it reads nothing before that commit is done.
kill -KILL "$(cat "$work/wait2.pid")"
"$NKS_BIN/nks" --home "$work/wait2" run --now "$night" >"$work/wait2.said" 2>&1 &
echo $! >"$work/wait2.pid"
locked=
for _ in $(seq 80); do # it would be told DB-BUSY after 10 s
    locked=$(sql "$server" wait2 "SELECT count(*) FROM pg_stat_activity WHERE datname = 'wait2' AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'")
    [ "$locked" != 1 ] || break
    sleep 0.1
done
assert_eq "runs that wait for the commit of a killed one" "$locked" 1
pg halt "$server"
kill -CONT "$receiver"
for number in 1 2 3 4 5 6 7; do
    ends_later "$work/wait$number" "failover during a commit, $number"
    [ $number -eq 2 ] || says "failover during a commit, $number" DB-COMMIT
    goes_on "$work/over$number"
    ends_later "$work/over$number" "failover, $number"
done
code "$NKS_BIN/nks" --home "$work/over1" run --now "$night"
ended "only the replica is there, and it is none to write to" 4
says "only the replica is there" DB-CONNECTION
nks "$work/over1" status --now "$night"
pg promote "$second"
waits_for() { # NAME: of the replica that commits wait for; empty: none
    sql "$server" postgres "ALTER SYSTEM SET synchronous_standby_names = '$1'"
    sql "$server" postgres "SELECT pg_reload_conf()" >"$work/reloaded"
}
server=$second # what the helpers do is done there from now on
waits_for ""
for number in 1 2 3 4 5 6 7; do
    finishes "$work/over$number" "failover, $number"
    finishes "$work/wait$number" "failover during a commit, $number"
done
finishes "$work/unheard" "failover after a commit that nobody heard of"

# ---- somebody calls off a commit's wait for the replica: it is stored here, perhaps nowhere else, and a failover may lose it
pg_home_copy "$work/start" "$work/called"
stop_at "$work/called" save.before
waits_for nobody
goes_on "$work/called"
all_wait 1
sql "$server" postgres "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'" >"$work/canceled"
ends_later "$work/called" "a wait for the replica that was called off"
says "a wait for the replica that was called off" DB-COMMIT
waits_for ""
finishes "$work/called" "a wait for the replica that was called off"

# ---- failover to a replica that lacks the last transactions: nobody waited for it. What left is not paid again, and what
# was received, judged or done by a person is missed.
third=$servers/third
next=2026-11-24T02:10:00Z
second_night="sender/proeve-kommune/10-loen.xml sender/proevebetaling/10-pension.xml"
pg_home_make "$work/eve" sender/proeveskat/10-overskydende-skat.xml
night_run "$work/eve"
pg_home_copy "$work/eve" "$work/calmtwo"
drop "$work/calmtwo" $second_night
night_run "$work/calmtwo" "$next"
out_hashes "$work/calmtwo" >"$work/two"
address_two() { # HOME: names both, the one that fails first
    address_is "$1" "postgresql:///$(base_of "$1")?host=$second/pg,$third/pg&user=nks"
}
for lost in published judged received imported; do
    pg_home_copy "$work/eve" "$work/lost$lost"
    drop "$work/lost$lost" $second_night
done
for number in 1 2 3; do
    pg_home_copy "$work/start" "$work/lack$number"
    address_two "$work/lack$number"
done
pg replica "$server" "$third" async
number=0
for at in receive.row save.before publish.renamed; do
    number=$((number + 1))
    stop_at "$work/lack$number" $at
done
for _ in $(seq 300); do
    behind=$(sql "$server" postgres "SELECT 1 - count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()")
    [ "$behind" != 0 ] || break
    sleep 0.1
done
assert_eq "replicas that are behind" "$behind" 0
pg halt "$third" fast
night_run "$work/lostpublished" "$next"
code env NKS_KILL_AT=ingest.finished:2 "$NKS_BIN/nks" --home "$work/lostjudged" run --now "$next"
ended "killed when all is judged" 137
nks "$work/lostreceived" receive --now "$next"
sed 's/,,7001000000\([0-9]*\),/,,7001000001\1,/' "$small/register.csv" >"$work/register.csv"
nks "$work/lostimported" register import --now "$next" "$work/register.csv"
for lost in published judged received; do
    nothing_left "$work/lost$lost"
done
waits_for third
for number in 1 2 3; do
    goes_on "$work/lack$number"
done
all_wait 3
pg halt "$server"
for number in 1 2 3; do
    ends_later "$work/lack$number" "failover, and the replica lacks a commit that was waited for, $number"
    says "a commit that was waited for, $number" DB-COMMIT
done
pg resume "$third"
pg promote "$third"
server=$third
for number in 1 2 3; do
    finishes "$work/lack$number" "failover, and the replica lacks a commit that was waited for, $number"
done
refused() { # HOME WHAT: the database is not the one that it was
    out_hashes "$1" >"$1.before"
    code "$NKS_BIN/nks" --home "$1" run --now "$next"
    ended "$2" 5
    says "$2" RECONCILE-FIRST
    out_hashes "$1" >"$1.out"
    assert_same "$2: something left" "$1.before" "$1.out"
}
orders() { # HOME: as out_hashes, without manifests: a day may have one more
    out_hashes "$1" | grep -v manifest
}
orders "$work/calmtwo" >"$work/two.orders"
for lost in published judged received imported; do
    home=$work/lost$lost
    address_two "$home"
    refused "$home" "failover, $lost is lost"
    code "$NKS_BIN/nks" --home "$home" receive --now "$next" # cron does
    ended "failover, $lost is lost: receive" 5
    refused "$home" "failover, $lost is lost, once more"
    nks "$home" reconcile --reason failover --now "$next"
    drop "$home" $second_night
    if [ $lost = imported ]; then
        code "$NKS_BIN/nks" --home "$home" run --now "$next"
        ended "failover, the import is missed" 5
        says "failover, the import is missed" LOST-ACT
        nks "$home" register import --now "$next" "$work/register.csv"
        code "$NKS_BIN/nks" --home "$home" run --now "$next"
        ended "failover, the import is done again" 0
        audit_clean "$home"
        continue
    fi
    code "$NKS_BIN/nks" --home "$home" run --now "$next"
    ended "failover, $lost was lost: the run after it is reconciled" 0
    orders "$home" >"$home.out"
    assert_same "failover, $lost was lost: not what is published undisturbed" "$work/two.orders" "$home.out"
    nothing_left "$home"
    audit_clean "$home"
done

# ---- the old primary comes back beside the new one, and stands first in the address
pg resume "$second"
waits_for_second=$server
server=$second
waits_for ""
server=$waits_for_second
for home in lostreceived lostpublished lack1; do
    refused "$work/$home" "the old primary is back, $home"
done
pg halt "$second"
nks "$work/lack1" run --now "$next"
audit_clean "$work/lack1"

# ---- the disk of the server is full
small_disk() { # DIR SIZE
    mkdir -p "$1"
    mount -t tmpfs -o "size=$2" nks-test "$1" 2>/dev/null || return 1
    mounted="${mounted:-} $1"
    chown "$(stat -c %u "$server/pg")" "$1"
}
disks_remove() {
    for one in ${mounted:-}; do
        umount "$one" || true
    done
}
trap 'servers_stop; disks_remove; rm -rf "$servers" "$work"' EXIT
fill() { # DIR LEAVE: but for so many bytes
    free=$(df --output=avail -B 1 "$1" | tail -n 1)
    [ "$free" -le "$2" ] || head -c $((free - $2)) /dev/zero >"$1/ballast"
}
pg_home_copy "$work/start" "$work/asked"
code env NKS_FAULT=2500:full "$NKS_BIN/nks" --home "$work/asked" run --now "$night"
ended "a full disk that was asked for" 4
finishes "$work/asked" "a full disk that was asked for"
if small_disk "$servers/disk" 200m && small_disk "$servers/wal" 64m; then
    sql "$server" postgres "CREATE TABLESPACE small LOCATION '$servers/disk'"
    for left in 32768 200000 600000; do
        home=$work/full$left
        pg_home_copy "$work/start" "$home"
        sql "$server" postgres "ALTER DATABASE $(base_of "$home") SET TABLESPACE small"
        fill "$servers/disk" $left
        code "$NKS_BIN/nks" --home "$home" run --now "$night"
        ended "the disk is full but for $left" 4
        says "the disk is full but for $left" DB-FULL
        rm "$servers/disk/ballast"
        finishes "$home" "the disk was full but for $left"
        pg_home_drop "$home"
    done
    pg halt "$server"
    server=$servers/fourth
    POSTGRES_OPTIONS="-c wal_recycle=off -c min_wal_size=2MB -c max_wal_size=16MB" POSTGRES_WAL=$servers/wal \
        pg start "$server" >"$work/address"
    pg_home_make "$work/wal" $files
    sql "$server" postgres CHECKPOINT # leaves no old segment
    # the segment that is there has room for a part of the night alone
    sql "$server" postgres "SELECT pg_logical_emit_message(true, 'test', repeat('x', 1048576 - 40000 - (SELECT file_offset FROM pg_walfile_name_offset(pg_current_wal_lsn()))))" >"$work/filled"
    fill "$servers/wal" 300000
    code "$NKS_BIN/nks" --home "$work/wal" run --now "$night"
    ended "no room for the WAL" 4
    says "no room for the WAL" DB-CO
    rm "$servers/wal/ballast"
    pg halt "$server"
    pg resume "$server"
    finishes "$work/wal" "no room for the WAL"
else
    skip "no small disk can be mounted here: a server whose disk is full"
fi
test_end
