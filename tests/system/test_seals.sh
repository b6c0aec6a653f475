#!/bin/sh
# The trail of a night: every batch has its chain, every look at unmasked data is recorded and found again for the person,
# a day's seal lies outside the home, and the auditor sees a changed link, a cut tail, an older database, a seal that was
# changed or taken away.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
home=$work/night

home_make "$home"
night_run "$home"
audit_clean "$home"
seals=$home.journal/seals
assert_eq "a seal for the day of the imports and for the night" "$(cd "$seals" && echo *)" "seal-2026-11-22.tsv seal-2026-11-23.tsv"
batch=$(home_sql "$home" 'SELECT MIN(slice_id >> 14) FROM leg')
seq=$(home_sql "$home" "SELECT MIN(seq) FROM payment WHERE holder_kind = 1 AND slice_id >> 14 = $batch")
for action in ingest decide emit deliver; do
    nks "$home" trail "$batch"
    checks=$((checks + 1))
    grep -q "	$action	" "$work/said" || fail "no link of $action in the chain of a batch"
done
nks "$home" trail
checks=$((checks + 1))
grep -q '	import	.*agreement import' "$work/said" || fail "no link of the import of agreements"

# what changes nothing leaves no link and no other seal
links() {
    home_sql "$home" 'SELECT COUNT(*) FROM trail_link'
}
before=$(links)
cp "$seals/seal-2026-11-23.tsv" "$work/seal"
night_run "$home"
assert_eq "links after a second run" "$(links)" "$before"
assert_same "the seal after a second run" "$seals/seal-2026-11-23.tsv" "$work/seal"

# ---- looks
code "$NKS_BIN/nks" --home "$home" explain "$batch" "$seq" --unmasked --now "$night"
assert_eq "an unmasked look without a reason" "$code" 2
nks "$home" explain "$batch" "$seq" --unmasked --reason "a complaint, case 17" --now "$night"
cp "$work/said" "$work/unmasked"
cpr=$(sed -n 's/.*CPR \([0-9]\{10\}\).*/\1/p' "$work/unmasked")
assert_eq "the id that is shown has ten digits" "${#cpr}" 10
nks "$home" explain "$batch" "$seq"
checks=$((checks + 1))
! grep -q "$cpr" "$work/said" || fail "explain shows the id without --unmasked"
looked() { # NUMBER
    printf '%s\n' "$1" | "$NKS_BIN/nks" --home "$home" trail --looks CPR >"$work/looks" 2>"$work/said" || cat "$work/said" >&2
    grep -c '	look	' "$work/looks" || true
}
assert_eq "looks at that person's data" "$(looked "$cpr")" 1
checks=$((checks + 1))
grep -q 'a complaint, case 17' "$work/looks" || fail "the reason of the look is not told"
assert_eq "looks at another person's data" "$(looked 0101904008)" 0
code sh -c 'echo nobody | "$0" --home "$1" trail --looks CPR' "$NKS_BIN/nks" "$home"
assert_eq "no number on standard input" "$code" 2
code "$NKS_BIN/nks" --home "$home" trail --looks NAME
assert_eq "an unknown kind of number" "$code" 2
night_run "$home" # seals the look
audit_clean "$home"

# ---- tampering
tamper() { # WHAT EXPECTED HOW...: on a copy; the auditor ends with 7 and names the place
    what=$1
    expected=$2
    shift 2
    home_remove "$work/copy"
    home_copy "$home" "$work/copy"
    "$@"
    for keys in "" --public; do
        # shellcheck disable=SC2086 # no word or one
        code "$NKS_BIN/nks-audit" -q --home "$work/copy" $keys
        assert_eq "$what $keys: exit" "$code" 7
        checks=$((checks + 1))
        grep -qF "$expected" "$work/said" || {
            fail "$what $keys: the auditor does not name $expected"
            cat "$work/said" >&2
        }
    done
}
sql() {
    home_sql "$work/copy" "$1"
}
copied=$work/copy.journal/seals/seal-2026-11-23.tsv
last=$(home_sql "$home" "SELECT MAX(link) FROM trail_link WHERE chain = $batch")
for column in at action slice_id number; do
    tamper "a link's $column" "trail_link chain $batch link 2" \
        sql "UPDATE trail_link SET $column = $column + 1 WHERE chain = $batch AND link = 2"
done
for column in hash commitment; do
    tamper "a link's $column" "trail_link chain $batch link 2" \
        sql "UPDATE trail_link SET $column = (SELECT $column FROM trail_link WHERE chain = $batch AND link = 1) WHERE chain = $batch AND link = 2"
done
look=$(home_sql "$home" "SELECT link FROM trail_holder WHERE chain = $batch")
tamper "a link's holders" "trail_link chain $batch link 2" sql "UPDATE trail_link SET holders = NULL WHERE chain = $batch AND link = 2"
tamper "a look's holder taken away" "trail_link chain $batch link $look" sql "DELETE FROM trail_holder"
tamper "a look's holder changed" "trail_link chain $batch link $look" sql "UPDATE trail_holder SET holder_key = holder_key + 1"
tamper "a second holder of a look" "trail_link chain $batch link $look" \
    sql "INSERT INTO trail_holder SELECT holder_key + 1, holder_check, chain, link FROM trail_holder"
tamper "a holder of what was no look" "trail_holder chain $batch link 1" \
    sql "INSERT INTO trail_holder SELECT holder_key, holder_check, chain, 1 FROM trail_holder"
tamper "a link taken out" "trail_link chain $batch link 3" sql "DELETE FROM trail_link WHERE chain = $batch AND link = 2"
tamper "a tail cut off" "link $last of chain $batch, which is not there" \
    sql "DELETE FROM trail_link WHERE chain = $batch AND link = $last"
tamper "a chain taken away" "of chain $batch, which is not there" sql "DELETE FROM trail_link WHERE chain = $batch"
tamper "a day without its seal" "seal seal-2026-11-21.tsv" \
    sql "INSERT INTO trail_day VALUES ((SELECT MIN(day) - 1 FROM trail_day), 0, 1)"
tamper "a seal's head" "seal seal-2026-11-23.tsv" sed -i '2s/.$/0/; 2s/..$/xx/' "$copied"
tamper "a seal's line taken out" "seal seal-2026-11-23.tsv" sed -i 2d "$copied"
tamper "a seal without its signature" "seal seal-2026-11-23.tsv" sed -i '$d' "$copied"
tamper "a seal that was taken away" "seal seal-2026-11-23.tsv" rm "$copied"

# an older database under newer seals; and seals of two days, the first taken away
home_copy "$home" "$work/older"
database_keep "$home" older
nks "$home" explain "$batch" "$seq" --unmasked --reason "a control" --now 2026-11-24T09:00:00Z
night_run "$home" 2026-11-24T09:10:00Z
assert_eq "a seal for each day" "$(cd "$seals" && echo *)" "seal-2026-11-22.tsv seal-2026-11-23.tsv seal-2026-11-24.tsv"
audit_clean "$home"
older() {
    database_back "$work/copy" older
}
tamper "yesterday's database" "which is not there: the trail was cut, or the database is older" older
tamper "a seal of before taken away" "seal seal-2026-11-24.tsv" rm "$copied"

# an audit while runs seal: what is newer than its picture is no finding
home_copy "$home" "$work/busy"
(
    for round in 1 2 3 4 5 6 7 8; do
        "$NKS_BIN/nks" --home "$work/busy" explain "$batch" "$seq" --unmasked --reason "round $round" --now 2026-11-24T09:20:00Z
        "$NKS_BIN/nks" --home "$work/busy" run --now 2026-11-24T09:30:00Z
    done
) >"$work/rounds" 2>&1 &
rounds=$!
while kill -0 "$rounds" 2>/dev/null; do
    audit_clean "$work/busy"
done
wait "$rounds" || fail "a run beside audits"
audit_clean "$work/busy"

# ---- killed while a seal is written: the next run writes it
for at in seal.written seal.renamed; do
    home_copy "$work/older" "$work/$at"
    nks "$work/$at" explain "$batch" "$seq" --unmasked --reason "a control" --now "$night"
    code env NKS_KILL_AT=$at "$NKS_BIN/nks" --home "$work/$at" run --now "$night"
    if [ "$code" -ne 137 ]; then
        skip "this build has no fault points"
        break
    fi
    night_run "$work/$at"
    audit_clean "$work/$at"
    assert_eq "nothing half written beside the seals, $at" "$(cd "$work/$at.journal/seals" && echo *)" "seal-2026-11-22.tsv seal-2026-11-23.tsv"
done

# A newer program changes the schema of a home that has a trail: a link says which steps.
migrated=$work/migrated
home_new "$migrated"
nks "$migrated" --now "$night" register import "$small/register.csv"
home_sql "$migrated" "DROP TABLE person; DROP TABLE proposal; DELETE FROM schema_step WHERE module = 'person'"
nks "$migrated" --now "$night" debt import "$small/debts.csv"
nks "$migrated" trail
assert_eq "links of migrations" "$(awk -F '	' '$5 == "migrate" { print substr($11, 1, 8) }' "$work/said")" "person 1"
nks "$migrated" --now "$night" debt import "$small/debts.csv"
nks "$migrated" trail
assert_eq "links of migrations after another command" "$(grep -c "	migrate	" "$work/said")" 1

# ---- what was stored last is known outside the database: one that lacks it is seen by whoever looks, and nothing leaves
watched=$work/watched
home_make "$watched"
night_run "$watched"
cp "$watched.journal/newest" "$work/newest"
awk -F '\t' -v OFS='\t' '{ $2 = sprintf("%020d", $2 + 1); print }' "$work/newest" >"$watched.journal/newest"
code "$NKS_BIN/nks" --home "$watched" config check
assert_eq "config check of an older database: exit" "$code" 5
grep -q RECONCILE-FIRST "$work/said" || fail "config check does not say RECONCILE-FIRST"
code "$NKS_BIN/nks" --home "$watched" status
grep -q RECONCILE-FIRST "$work/said" || fail "status does not say RECONCILE-FIRST"
code "$NKS_BIN/nks" --home "$watched" run --now 2026-11-24T02:10:00Z
assert_eq "a run over an older database: exit" "$code" 5
cp "$work/newest" "$watched.journal/newest"
night_run "$watched" 2026-11-24T02:10:00Z
cmp -s "$work/newest" "$watched.journal/newest" && fail "what is stored last is not kept"
# What is no line of ours says nothing, and keeps nobody from work.
for bad in half zeroes folder; do
    rm -rf "$watched.journal/newest"
    case $bad in
    half) head -c 30 "$work/newest" >"$watched.journal/newest" ;;
    zeroes) head -c 300 /dev/zero >"$watched.journal/newest" ;;
    folder) mkdir "$watched.journal/newest" ;;
    esac
    nks "$watched" config check
    night_run "$watched" 2026-11-24T02:10:00Z
    nks "$watched" register import --now 2026-11-24T02:10:00Z "$small/register.csv"
done
rmdir "$watched.journal/newest"
audit_clean "$watched"
test_end
