#!/bin/sh
# A home's database is lost and put back by PostgreSQL's own tools, from a base backup and from a dump that were made while a
# run was at work: nothing leaves before the journal was read; then nothing is paid twice and all is paid, and the audit is
# clean. The recipe is in doc/operate.md. On private servers; 77 where none can be started, or without fault points.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
. "$NKS_SOURCE/tests/system/postgres_lib.sh"
next=2026-11-24T02:10:00Z
second_night="sender/proeve-kommune/10-loen.xml sender/proevebetaling/10-pension.xml"
pg start "$server" >"$work/address" || exit 77
pg_home_make "$work/home" sender/proeveskat/10-overskydende-skat.xml
night_run "$work/home"
pg_home_copy "$work/home" "$work/dumped"
drop "$work/home" $second_night
drop "$work/dumped" $second_night

# ---- backups while runs are in the middle of their night
for home in home dumped; do
    NKS_STOP_AT=save.before "$NKS_BIN/nks" --home "$work/$home" run --now "$next" >"$work/$home.said" 2>&1 &
    echo $! >"$work/$home.pid"
    halted $! || {
        skip "this build has no fault points"
        exit 77
    }
done
pg backup "$server" "$servers/base"
pg_dump -h "$server/pg" -U nks -Fc -f "$work/dump" dumped
for home in home dumped; do
    kill -CONT "$(cat "$work/$home.pid")"
    wait "$(cat "$work/$home.pid")" || fail "the run beside a backup: $(head -n 1 "$work/$home.said")"
    nothing_left "$work/$home"
    audit_clean "$work/$home"
done
out_hashes "$work/home" >"$work/night"

# ---- the server is lost, and put back
pg halt "$server"
second=$servers/second
pg restored "$second" "$servers/base"
pg make "$second" again >"$work/address"
pg_restore -h "$second/pg" -U nks -d again "$work/dump"
address_is "$work/home" "postgresql:///home?host=$second/pg&user=nks"
address_is "$work/dumped" "postgresql:///again?host=$second/pg&user=nks"
for home in home dumped; do
    home=$work/$home
    for _ in 1 2; do
        code "$NKS_BIN/nks" --home "$home" run --now "$next"
        ended "put back" 5
        says "put back" RECONCILE-FIRST
    done
    nks "$home" reconcile --reason "the server was lost" --now "$next"
    drop "$home" $second_night
    code "$NKS_BIN/nks" --home "$home" run --now "$next"
    ended "the run after it was put back" 0
    out_hashes "$home" | grep -v -e manifest -e again >"$home.out" # what the backup had received is only answered again
    grep -v manifest "$work/night" >"$work/expected"
    assert_same "put back: not what was published" "$work/expected" "$home.out"
    nothing_left "$home"
    audit_clean "$home"
    drop "$home" sender/datacenter-nord/10-region.xml
    code "$NKS_BIN/nks" --home "$home" run --now 2026-11-25T02:10:00Z
    ended "the night after" 0
    audit_clean "$home"
done
test_end
