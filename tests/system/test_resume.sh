#!/bin/sh
# After a kill in the middle of a message of several slices the next run goes on where it was: it repeats at most the slice
# that was at work.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have sqlite3 || exit 77
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
sender=$(sqlite3 "$home/nks.db" "SELECT 1" >/dev/null; awk -F, 'NR == 2 { print $2 }' "$work/data/agreements.csv")
mkdir -p "$home/in/sender/bench-sender"
[ -d "$home/in/sender/${sender:-x}" ] || sender=bench-sender
cp "$work/data/pain001.xml" "$home/in/sender/$sender/"
nks "$home" receive --now "$night"
nks "$home" ingest --now "$night"
slices=$(sqlite3 "$home/nks.db" "SELECT count(*) FROM slice WHERE state = 2")
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
    done=$(sqlite3 "$work/k/nks.db" "SELECT count(*) FROM slice WHERE state > $(case $stage in resolve | run) echo 2 ;; offset) echo 3 ;; route) echo 4 ;; esac)")
    assert_eq "$stage: slices that the two killed runs left decided" "$done" 3
    began=$(date +%s)
    assert_eq "$stage: slices of the next run" "$(ran "$work/k" $stage)" $((slices - 3))
    took=$(($(date +%s) - began))
    [ $took -le 60 ] || fail "$stage: the next run took $took s"
    rm -rf "$work/k" "$work/k.keys" "$work/k.journal"
done
test_end
