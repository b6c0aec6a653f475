#!/bin/sh
# Made-up data of size: the generator gives the same bytes for the same seed; a night of 20,000 payments adds up payment by
# payment against the generator's own answers; fused and stage by stage are the same bytes, also with many slices at once.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
generate=$NKS_BIN/nks-generate
accounts=30000
payments=20000

# ---- the same seed, the same bytes
for seed in 7 7 8; do
    rm -rf "$work/last"
    [ ! -d "$work/data" ] || mv "$work/data" "$work/last"
    "$generate" --seed $seed --accounts $accounts --payments $payments --all "$work/data" || die "nks-generate failed"
    [ -d "$work/last" ] || continue
    for file in "$work"/data/*; do
        checks=$((checks + 1))
        if [ $seed = 7 ]; then
            cmp -s "$file" "$work/last/${file##*/}" || fail "${file##*/}: the same seed gives other bytes"
        else
            case $file in
            *agreements.csv | *centrals.csv) ;;
            *) ! cmp -s "$file" "$work/last/${file##*/}" || fail "${file##*/}: another seed gives the same bytes" ;;
            esac
        fi
    done
done
"$generate" --seed 8 --accounts $accounts --payments $payments --what pain001 --out - >"$work/part.xml"
assert_same "a part alone" "$work/data/pain001.xml" "$work/part.xml"
rm -rf "$work/last" "$work/part.xml"

# ---- a night
home_init "$work/night" "$work/data"
sender=$(sed -n '2s/,.*//p' "$work/data/agreements.csv")
mkdir -p "$work/night/in/sender/$sender"
cp "$work/data/pain001.xml" "$work/night/in/sender/$sender/pain001.xml"
home_copy "$work/night" "$work/stages"
night_run "$work/night"
nothing_left "$work/night"
audit_clean "$work/night"
out_signed "$work/night"
out_recounted "$work/night"
out_valid "$work/night/out"

# Every payment: its legs add up to its amount; what is left goes where the generator says the payee has the account, else to
# the ventekonto; the others are to the authorities. Amounts in øre.
ventekonto=$(awk -F, 'NR == 2 { print $12 }' "$work/data/agreements.csv")
awk -F, '$1 == "AUTHORITY" { for (i = 3; i <= NF; i++) if ($i ~ /^[0-9]+$/ && length($i) == 14) print $i }' \
    "$work/data/debts.csv" >"$work/authorities"
find "$work/night/out/central" -name '*.xml' -exec cat {} + | grep '<CdtTrfTxInf>' |
    sed 's/.*<EndToEndId>\([^<]*\)<.*<InstdAmt Ccy="DKK">\([^<]*\)\.\([0-9]*\)<.*<CdtrAcct>\(.*\)<\/CdtrAcct>.*/\1 \2\3 \4/' |
    sed 's/<[^>]*>/ /g' | awk '{ print $1, $2, $3 }' >"$work/legs"
awk -F '[<>]' '
    /<CdtTrfTxInf>/ { e2e = cpr = account = amount = ""; to = 0 }
    /<EndToEndId>/ { match($0, /<EndToEndId>[^<]*/); e2e = substr($0, RSTART + 12, RLENGTH - 12) }
    /<InstdAmt/ { match($0, />[0-9]+\.[0-9]+</); amount = substr($0, RSTART + 1, RLENGTH - 2); sub(/\./, "", amount) }
    /<(PrvtId|OrgId)>/ && e2e != "" && cpr == "" { match($0, /<Othr><Id>[^<]*/); cpr = substr($0, RSTART + 10, RLENGTH - 10) }
    /<CdtrAcct>/ { match($0, /<(IBAN|Othr><Id)>[^<]*/); account = substr($0, RSTART, RLENGTH); sub(/.*>/, "", account) }
    /<\/CdtTrfTxInf>/ { print e2e, amount, cpr == "" ? "-" : cpr, account == "" ? "-" : account }' \
    "$work/data/pain001.xml" >"$work/asked"
awk -v ventekonto="$ventekonto" '
    FILENAME ~ /register-peer/ { split($0, f, ","); peer[f[1]] = f[2] f[3]; next }
    FILENAME ~ /authorities$/ { authority[$1] = 1; next }
    FILENAME ~ /asked$/ { asked[$1] = $2; payee[$1] = $4 != "-" && $4 != "NOTPROVIDED" ? $4 : $3 in peer ? peer[$3] : ventekonto; count++; total += $2; next }
    !($1 in asked) { print "unknown: " $1; next }
    {
        sum[$1] += $2
        if ($3 == payee[$1]) { if ($3 == ventekonto) waiting += $2; else sent += $2 }
        else if ($3 in authority) debt += $2
        else { print $1 " went to " $3 ", not " payee[$1]; wrong++ }
    }
    END {
        for (e in asked) {
            if (!(e in sum)) { rejected += asked[e]; missing++ }
            else if (sum[e] != asked[e]) print e ": " asked[e] ", sent " sum[e]
        }
        if (total != sent + debt + waiting + rejected) print "in " total ", out " sent + debt + waiting + rejected
        printf "payments %d missing %d\n", count, missing >summary
        printf "%.0f sent %.0f debt %.0f ventekonto %.0f rejected %.0f\n", total, sent, debt, waiting, rejected >summary
    }' summary="$work/summary" "$work/data/register-peer.csv" "$work/authorities" "$work/asked" "$work/legs" >"$work/wrong"
checks=$((checks + 1))
[ ! -s "$work/wrong" ] || {
    fail "$(wc -l <"$work/wrong" | tr -d ' ') payments are not what was asked"
    head -n 10 "$work/wrong" >&2
}
cat "$work/summary"
assert_eq "payments looked at, and without a leg" "$(sed -n 1p "$work/summary")" "payments $payments missing 0"
assert_eq "the message's CtrlSum" "$(sed -n '2s/ .*//p' "$work/summary")" \
    "$(sed -n '1,10s/.*<CtrlSum>\([^<]*\)<.*/\1/p' "$work/data/pain001.xml" | head -n 1 | tr -d .)"
for part in sent debt ventekonto; do
    [ "$(sed -n "2s/.* $part \([0-9]*\).*/\1/p" "$work/summary")" -gt 0 ] || fail "no money went to: $part"
done
slices=$(home_sql "$work/night" 'SELECT count(*) FROM slice')
[ "${slices:-0}" -ge 2 ] || fail "one slice, or none: '$slices'"

# ---- stage by stage
for stage in receive ingest resolve offset route emit deliver; do
    nks "$work/stages" $stage --now "$night"
done
out_hashes "$work/night" >"$work/fused"
out_hashes "$work/stages" >"$work/staged"
assert_same "fused and stage by stage" "$work/fused" "$work/staged"
audit_clean "$work/stages"

# ---- many slices that fall due on one day: they are prepared ahead when run, one by one when not
home_remove "$work/stages"
for day in 01 02 03 04 05 06 07 08 09 10; do
    "$generate" --seed 8 --accounts $accounts --payments 300 --date 2026-12-$day --what pain001 \
        --out "$work/night/in/sender/$sender/december-$day.xml" || die "nks-generate failed"
done
night_run "$work/night"
home_copy "$work/night" "$work/stages"
night_run "$work/night" 2026-12-09T02:10:00Z
for stage in receive ingest resolve offset route emit deliver; do
    nks "$work/stages" $stage --now 2026-12-09T02:10:00Z
done
out_hashes "$work/night" >"$work/fused"
out_hashes "$work/stages" >"$work/staged"
assert_same "many slices, fused and stage by stage" "$work/fused" "$work/staged"
assert_eq "order files of December" \
    "$(find "$work/night/out/central" -name '*.xml' -exec grep -l '<ReqdExctnDt><Dt>2026-12-' {} + | wc -l | tr -d ' ')" 10
audit_clean "$work/night"
audit_clean "$work/stages"
out_recounted "$work/night"
nothing_left "$work/night"

test_end
