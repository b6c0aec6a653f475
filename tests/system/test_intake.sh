#!/bin/sh
# Drop folders: a name that still stands in .taken/ holds up nobody and is not replaced.
. "${NKS_SOURCE:?}/tests/system/lib.sh"

home_make "$work/home"
file=$(cd "$work/home" && find in/sender -type f -name '*.xml' | sort | head -n 1)
folder=$work/home/${file%/*}
name=${file##*/}
[ -n "$file" ] || die "the small night has no files"

# What lies in .taken/ under that name cannot be finished; a later name of the same sender comes through all the same.
mkdir -p "$folder/.taken/$name"
{ cat "$folder/$name" && echo; } >"$folder/zz-later.xml"
nks "$work/home" receive --now "$night"
[ -f "$folder/$name" ] || fail "a file was lost over its name in .taken/"
[ -d "$folder/.taken/$name" ] || fail "what lay in .taken/ was replaced"
[ ! -e "$folder/zz-later.xml" ] || fail "a name in .taken/ held up the other files of its sender"
rmdir "$folder/.taken/$name"
nks "$work/home" receive --now "$night"
[ ! -e "$folder/$name" ] || fail "a file was not taken after its name was free again"

# Killed with NAME in .taken/, and the sender drops other bytes as NAME: both are received.
home_make "$work/crash"
folder=$work/crash/${file%/*}
cp "$folder/$name" "$work/first"
code env NKS_KILL_AT=receive.taken "$NKS_BIN/nks" --home "$work/crash" receive --now "$night"
if [ "$code" -eq 137 ]; then
    before=$(find "$work/crash/in" -type f | wc -l | tr -d ' ')
    { cat "$work/first" && echo; } >"$folder/$name"
    nks "$work/crash" receive --now "$night"
    assert_eq "spooled files" "$(find "$work/crash/spool" -type f | wc -l | tr -d ' ')" "$((before + 1))"
    nothing_left "$work/crash"
else
    skip "this build has no fault points"
fi

# The heartbeat: working at the begin, ended at the end, and a run that is at work keeps its own.
beat() { # HOME KEY
    sed -n "s/^$2=//p" "$1/heartbeat"
}
home_make "$work/beat"
[ ! -e "$work/beat/heartbeat" ] || fail "a heartbeat before any run"
night_run "$work/beat"
assert_eq "keys of the heartbeat" "$(cut -d = -f 1 "$work/beat/heartbeat" | tr '\n' ' ')" \
    "state began ended pid exit code received accepted refused rejected orders published next "
assert_eq "state" "$(beat "$work/beat" state)" ended
assert_eq "exit" "$(beat "$work/beat" exit)" 0
assert_eq "ended" "$(beat "$work/beat" ended)" "$night"
assert_eq "accepted" "$(beat "$work/beat" accepted)" 7
nks "$work/beat" status --now 2026-11-23T05:15:00Z
grep -q '^heartbeat.*ended.*3 h 5 min' "$work/said" || fail "status does not tell the last run"
mv "$work/beat.keys" "$work/beat.away"
code "$NKS_BIN/nks" --home "$work/beat" run --now "$night"
assert_eq "exit of a run without keys" "$(beat "$work/beat" exit)" "$code"
[ "$code" -ne 0 ] && [ -n "$(beat "$work/beat" code)" ] || fail "a run that could not begin left no code"
mv "$work/beat.away" "$work/beat.keys"

home_make "$work/busy"
NKS_STOP_AT=save.before "$NKS_BIN/nks" --home "$work/busy" run --now "$night" >/dev/null 2>&1 &
first=$!
if halted "$first"; then
    assert_eq "state of a run at work" "$(beat "$work/busy" state) $(beat "$work/busy" pid)" "working $first"
    cp "$work/busy/heartbeat" "$work/beat.before"
    code "$NKS_BIN/nks" --home "$work/busy" run --now "$night"
    assert_eq "exit of the second run" "$code" 3
    assert_same "the second run wrote over the heartbeat of the first" "$work/busy/heartbeat" "$work/beat.before"
    # --wait ends with 3 after its time, no sooner; with time enough it runs after the first.
    began=$(date +%s%3N)
    code "$NKS_BIN/nks" --home "$work/busy" run --wait=1 --now "$night"
    assert_eq "exit of a second run that waited" "$code" 3
    [ $(($(date +%s%3N) - began)) -ge 1000 ] || fail "--wait=1 did not wait"
    "$NKS_BIN/nks" --home "$work/busy" run --wait=30 --now "$night" >"$work/waited" 2>&1 &
    second=$!
    kill -CONT "$first"
    wait "$first" || fail "the first run did not end well"
    code=0
    wait "$second" || code=$?
    assert_eq "exit of the run that waited for its turn" "$code" 0
    assert_eq "who beat last" "$(beat "$work/busy" pid) $(beat "$work/busy" exit)" "$second 0"
    audit_clean "$work/busy"

    # Between two transactions of a run, receive takes a file.
    home_make "$work/open"
    NKS_STOP_AT=save.after "$NKS_BIN/nks" --home "$work/open" run --now "$night" >/dev/null 2>&1 &
    first=$!
    halted "$first" || die "the run was not halted at save.after"
    before=$(find "$work/open/spool" -type f | wc -l)
    { cat "$small/$file" && echo; } >"$work/open/${file%/*}/late.xml"
    nks "$work/open" receive --now "$night"
    assert_eq "files received while a run is at work" "$(find "$work/open/spool" -type f | wc -l)" "$((before + 1))"
    [ ! -e "$work/open/${file%/*}/late.xml" ] || fail "receive left the file lying"
    kill -CONT "$first"
    wait "$first" || fail "the run did not end well after receive"
    night_run "$work/open"
    audit_clean "$work/open"
else
    skip "this build has no fault points"
fi
# Before the night: with too little room nothing is begun, and with enough the night is as ever.
home_make "$work/room"
sed -i 's/^min_free_mib = .*/min_free_mib = 1073741824/' "$work/room/nks.conf"
waiting=$(find "$work/room/in" -type f | sort)
code "$NKS_BIN/nks" --home "$work/room" run --now "$night"
assert_eq "exit with too little room" "$code" 4
grep -q DISK-FULL "$work/said" || fail "too little room is not told"
assert_eq "what waits" "$(find "$work/room/in" -type f | sort)" "$waiting"
assert_eq "spooled" "$(find "$work/room/spool" -type f | wc -l)" 0
assert_eq "heartbeat" "$(beat "$work/room" exit) $(beat "$work/room" code)" "4 DISK-FULL"
sed -i 's/^min_free_mib = .*/min_free_mib = 1/' "$work/room/nks.conf"
if [ "$(id -u)" -ne 0 ]; then
    for folder in spool staging archive out/central; do
        chmod 0500 "$work/room/$folder"
        code "$NKS_BIN/nks" --home "$work/room" run --now "$night"
        assert_eq "exit when $folder is not writable" "$code" 6
        grep -q FILE-PERMISSION "$work/said" || fail "$folder not writable is not told"
        assert_eq "what waits" "$(find "$work/room/in" -type f | sort)" "$waiting"
        chmod 0700 "$work/room/$folder"
    done
else
    skip "root may write everywhere"
fi
night_run "$work/room"
nothing_left "$work/room"
audit_clean "$work/room"

for bad in '' x -1 86401 1s; do
    code "$NKS_BIN/nks" --home "$work/beat" run "--wait=$bad" --now "$night"
    assert_eq "exit of --wait=$bad" "$code" 2
done
# ---- a copy in the spool that is authentic, of this number, and another file's: nothing of it is believed
mixed=$work/mixed
home_init "$mixed"
home_copy "$mixed" "$work/beside"
for pair in "$mixed:10-overskydende-skat.xml" "$work/beside:$(cd "$small/in/sender/proeveskat" && ls | grep -v '^10-' | head -n 1)"; do
    mkdir -p "${pair%%:*}/in/sender/proeveskat"
    cp "$small/in/sender/proeveskat/${pair#*:}" "${pair%%:*}/in/sender/proeveskat/"
    nks "${pair%%:*}" receive --now "$night"
done
cp "$work/beside"/spool/* "$mixed/spool/"
code "$NKS_BIN/nks" --home "$mixed" run --now "$night"
assert_eq "another file's copy in the spool: exit" "$code" 7
checks=$((checks + 1))
grep -q SPOOL-CHANGED "$work/said" || fail "another file's copy in the spool: $(head -n 1 "$work/said")"
[ -z "$(find "$mixed/out" -name '*-o0*.xml')" ] || fail "what another file's copy says was paid"
test_end
