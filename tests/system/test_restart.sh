#!/bin/sh
# A batch that is decided and in no file yet is decided again, from a stage on.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
now=$night

ask() { # HOME SQL
    home_sql "$1" "$2" | tr '\n' ' ' | sed 's/ *$//'
}
stages() { # HOME UPTO
    for stage in receive ingest resolve offset route; do
        nks "$1" $stage --now "$now"
        [ "$stage" != "$2" ] || return 0
    done
}
# What became of the money, whatever the generation: payments, live legs, what is open of claims, what waits.
outcome() { # HOME
    home_sql "$1" "SELECT p.slice_id, p.n, p.state, p.reason FROM payment p ORDER BY 1, 2;
        SELECT l.slice_id, l.n, l.leg_no, l.kind, l.amount_minor, l.central, l.state FROM leg l JOIN slice s
          ON s.slice_id = l.slice_id AND s.generation = l.generation ORDER BY 1, 2, 3;
        SELECT holder_key, claim_key, sum(amount_minor) FROM claim_use WHERE state = 1 GROUP BY 1, 2 ORDER BY 1, 2;
        SELECT slice_id, n, state FROM ventekonto_entry WHERE state = 1 ORDER BY 1, 2"
}
refused() { # CODE HOME WORDS...
    told=$1 at=$2
    shift 2
    code "$NKS_BIN/nks" --home "$at" --json replay "$@" --reason test --now "$now"
    checks=$((checks + 1))
    grep -qF "\"$told\"" "$work/said" || fail "replay $*: $told is not said: $(cat "$work/said")"
    [ "$code" -ne 0 ] || fail "replay $*: exit 0"
}

home_make "$work/base"
home_copy "$work/base" "$work/once"
night_run "$work/once"
outcome "$work/once" >"$work/once.outcome"
[ "$(ask "$work/once" "SELECT CASE WHEN count(*) > 3 AND (SELECT count(*) FROM ventekonto_entry) > 0 THEN 1 END FROM claim_use")" = 1 ] ||
    die "the small night uses no claims or no ventekonto"

# ---- from each stage, after each later one: the same outcome, a clean audit
for upto in resolve offset route; do
    home_copy "$work/base" "$work/$upto"
    stages "$work/$upto" $upto
    for from in resolve offset route; do
        home="$work/$upto-$from"
        home_copy "$work/$upto" "$home"
        stopped=$(ask "$home" "SELECT count(*) FROM slice WHERE state BETWEEN 3 AND 5")
        [ "${stopped:-0}" -gt 2 ] || die "after $upto: $stopped slices"
        case $upto-$from in
        resolve-offset | resolve-route | offset-route)
            refused REPLAY-STATE "$home" 2 --from $from
            continue
            ;;
        esac
        before=$(outcome "$home" | cksum)
        nks "$home" replay 2 --from $from --reason try --dry-run --now "$now"
        assert_eq "a dry run changes nothing" "$(outcome "$home" | cksum)" "$before"
        code env NKS_KILL_AT=hand.before "$NKS_BIN/nks" --home "$home" replay 2 --from $from --reason try --now "$now"
        assert_eq "nor does a killed one" "$(outcome "$home" | cksum)" "$before"
        for batch in $(ask "$home" "SELECT DISTINCT batch_id FROM slice WHERE state BETWEEN 3 AND 5"); do
            nks "$home" replay "$batch" --from $from --reason "again" --now "$now"
        done
        audit_clean "$home"
        assert_eq "generations after $upto from $from" "$(ask "$home" "SELECT DISTINCT generation FROM slice WHERE state BETWEEN 2 AND 5 AND due_date <= 20780")" 2
        night_run "$home"
        outcome "$home" >"$work/outcome"
        assert_same "after $upto, from $from: the outcome" "$work/outcome" "$work/once.outcome"
        audit_clean "$home"
        out_recounted "$home"
        home_remove "$home"
    done
done

# ---- again and again, and a payment that was stopped stays stopped
home="$work/again"
home_copy "$work/route" "$home"
batch=$(ask "$home" "SELECT slice_id >> 14 FROM claim_use ORDER BY 1 LIMIT 1")
seq=$(ask "$home" "SELECT p.seq FROM payment p JOIN claim_use u ON u.slice_id = p.slice_id AND u.n = p.n WHERE p.slice_id >> 14 = $batch LIMIT 1")
nks "$home" stop "$batch" "$seq" --reason test --now "$now"
for from in resolve offset route route resolve; do
    nks "$home" replay "$batch" --from $from --reason "again" --now "$now"
    audit_clean "$home"
    for stage in resolve offset route; do
        nks "$home" $stage --now "$now"
    done
    audit_clean "$home"
done
night_run "$home"
audit_clean "$home"
assert_eq "the stopped payment" "$(ask "$home" "SELECT state FROM payment WHERE slice_id >> 14 = $batch AND seq = $seq")" 3
refused REPLAY-STATE "$home" "$batch" --from resolve
nks "$home" trail "$batch"
checks=$((checks + 1))
grep -q "from offset" "$work/said" || fail "the trail does not name the stage"

# ---- what was corrected is seen by the stage that asks for it
home="$work/corrected"
home_copy "$work/route" "$home"
waits=$(ask "$home" "SELECT slice_id >> 14 FROM ventekonto_entry ORDER BY slice_id LIMIT 1")
sed 's/,,7001000000\([0-9]*\),/,,7001000001\1,/' "$small/register.csv" >"$work/register.csv"
nks "$home" register import --now "$now" "$work/register.csv"
nks "$home" replay "$waits" --from offset --reason "not the register" --now "$now"
for stage in offset route; do nks "$home" $stage --now "$now"; done
old=$("$NKS_BIN/nks" --home "$home" --json explain "$waits" 1 | grep -o '"register_version":[0-9]*' | head -n 1)
nks "$home" replay "$waits" --from resolve --reason "the register too" --now "$now"
for stage in resolve offset route; do nks "$home" $stage --now "$now"; done
new=$("$NKS_BIN/nks" --home "$home" --json explain "$waits" 1 | grep -o '"register_version":[0-9]*' | head -n 1)
[ "$old" != "$new" ] || fail "the register was not asked again: $old"
night_run "$home"
audit_clean "$home"

# ---- wrong words
code "$NKS_BIN/nks" --home "$home" replay 2 --from emit --reason test
assert_eq "a stage that decides nothing: exit" "$code" 2
code "$NKS_BIN/nks" --home "$home" replay 2 --from offset --rejected --reason test
assert_eq "both at once: exit" "$code" 2
test_end
