#!/bin/sh
# After a kill in the middle of a message of several slices the next run goes on where it was: it repeats at most the slice
# that was at work.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
generate=$NKS_BIN/nks-generate
[ -x "$generate" ] || exit 77
home=$work/home
mkdir "$work/data"
for part in agreements centrals register debts pain001; do
    name=$part.csv
    [ $part != pain001 ] || name=pain001.xml
    "$generate" --seed 5 --accounts 3000 --debts 300 --payments 45000 --date 2026-11-24 --version 09 --what $part \
        --out "$work/data/$name" || die "nks-generate failed"
done
home_init "$home" "$work/data"
sender=$(home_sql "$home" "SELECT 1" >/dev/null; awk -F, 'NR == 2 { print $2 }' "$work/data/agreements.csv")
mkdir -p "$home/in/sender/bench-sender"
[ -d "$home/in/sender/${sender:-x}" ] || sender=bench-sender
cp "$work/data/pain001.xml" "$home/in/sender/$sender/"
nks "$home" receive --now "$night"
home_copy "$home" "$work/received"
nks "$home" ingest --now "$night"
slices=$(home_sql "$home" "SELECT count(*) FROM slice WHERE state = 2")
[ "${slices:-0}" -ge 5 ] || die "only ${slices:-0} slices"

# ran HOME STAGE: slices that this run decided
ran() {
    code "$NKS_BIN/nks" --home "$1" --json "$2" --now "$night"
    [ "$code" = 0 ] || cat "$work/said" >&2
    sed -n 's/.*"slices":\([0-9]*\).*/\1/p' "$work/said" | head -n 1
}
for stage in resolve offset route run; do
    home_copy "$home" "$work/k"
    case $stage in
    offset | route) nks "$work/k" resolve --now "$night" ;;
    esac
    [ $stage != route ] || nks "$work/k" offset --now "$night"
    for point in save.before:3 save.after:1; do
        code env NKS_KILL_AT=$point "$NKS_BIN/nks" --home "$work/k" $stage --now "$night"
        [ "$code" -gt 128 ] || fail "$stage was not killed at $point: $code"
    done
    done=$(home_sql "$work/k" "SELECT count(*) FROM slice WHERE state > $(case $stage in resolve | run) echo 2 ;; offset) echo 3 ;; route) echo 4 ;; esac)")
    assert_eq "$stage: slices that the two killed runs left decided" "$done" 3
    began=$(date +%s)
    assert_eq "$stage: slices of the next run" "$(ran "$work/k" $stage)" $((slices - 3))
    took=$(($(date +%s) - began))
    [ $took -le 60 ] || fail "$stage: the next run took $took s"
    home_remove "$work/k"
done

# ---- ingest reads its message again, and stores only what is not stored

killed() { # HOME STAGE POINT
    code env NKS_KILL_AT="$3" "$NKS_BIN/nks" --home "$1" "$2" --now "$night"
    [ "$code" -gt 128 ] || fail "$2 was not killed at $3: $code"
}
stored() { # HOME: how often a slice was stored, as the trail has it
    home_sql "$1" "SELECT count(*), count(DISTINCT slice_id) FROM trail_link WHERE action = $ingest_action AND slice_id > 0"
}
ingest_action=$(home_sql "$home" "SELECT DISTINCT action FROM trail_link WHERE slice_id > 0")
again() { # HOME: begin once more from a copy of it
    home_remove "$work/k"
    home_copy "$1" "$work/k"
}
rows_hashes "$home" >"$work/rows"
again "$work/received"
killed "$work/k" ingest ingest.slice:3
killed "$work/k" ingest ingest.slice:2
assert_eq "slices that two killed readings stored" "$(stored "$work/k")" "5|5"
nks "$work/k" ingest --now "$night"
assert_eq "each slice was stored once" "$(stored "$work/k")" "$slices|$slices"
rows_hashes "$work/k" >"$work/k.rows"
assert_same "rows after two killed readings" "$work/rows" "$work/k.rows"
audit_clean "$work/k"

# On another day the slices are others: none of them stays as it was.
again "$work/received"
killed "$work/k" ingest ingest.slice:3
later=2026-11-25T12:00:00Z # when the execution date has passed
nks "$work/k" ingest --now $later
assert_eq "slices stored on two days" "$(stored "$work/k")" "$((slices + 3))|$slices"
home_copy "$work/received" "$work/later"
nks "$work/later" ingest --now $later
rows_hashes "$work/k" $later >"$work/k.rows"
rows_hashes "$work/later" $later >"$work/rows"
assert_same "rows as read on the other day" "$work/rows" "$work/k.rows"
audit_clean "$work/k"

# ---- two seconds after its start a run works on: the fastest of some starts, because machines are shared

again "$home"
killed "$work/k" run save.after:1
fastest=1000000
for start in 1 2 3; do
    before=$(date +%s%N)
    killed "$work/k" run save.after:1
    took=$((($(date +%s%N) - before) / 1000000))
    [ $took -ge $fastest ] || fastest=$took
done
checks=$((checks + 1))
[ $fastest -le 2000 ] || fail "a run saved its first slice $fastest ms after its start"
test_end
