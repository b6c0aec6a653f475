#!/bin/sh
# A sample for an auditor: drawn by monetary units, the same for the same seed, and checked without secret keys.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have sqlite3 || exit 77
home=$work/home
audit() { # EXIT WORDS...
    right=$1
    shift
    code "$NKS_BIN/nks-audit" "$@"
    assert_eq "nks-audit $*: exit" "$code" "$right"
    [ "$code" = "$right" ] || cat "$work/said" >&2
}
home_make "$home"
night_run "$home"
audit 0 sample --mus 20 --seed 7 --out "$work/one" --home "$home"
audit 0 sample --mus 20 --seed 7 --out "$work/two" --home "$home"
audit 0 sample --mus 20 --seed 8 --out "$work/three" --home "$home"
assert_same "the same seed draws the same" "$work/one/sample.tsv" "$work/two/sample.tsv"
checks=$((checks + 1))
! cmp -s "$work/one/sample.tsv" "$work/three/sample.tsv" || fail "another seed draws the same"
units=$(awk -F '\t' '!/^#/ { n += $3 } END { print n }' "$work/one/sample.tsv")
[ "$units" -ge 20 ] && [ "$units" -le 21 ] || fail "$units units of 20 were drawn"
# every large payment is in it: one that is larger than the interval is drawn for sure
interval=$(sed -n '1s/.*interval \([0-9]*\).*/\1/p' "$work/one/sample.tsv")
large=$(sqlite3 "$home/nks.db" "SELECT count(*) FROM payment p JOIN batch b ON b.batch_id = p.slice_id >> 14 WHERE b.state = 2 AND p.state = 1 AND p.amount_minor >= $interval")
drawn=$(awk -F '\t' -v i="$interval" '!/^#/ && $8 >= i' "$work/one/sample.tsv" | wc -l | tr -d ' ')
assert_eq "payments of an interval and more" "$drawn" "$large"
audit 2 sample --mus 20 --seed 7 --out "$work/one" --home "$home"
audit 2 sample --mus 0 --seed 7 --out "$work/none" --home "$home"
audit 2 sample --seed 7 --out "$work/none" --home "$home"
audit 2 verify-sample

# ---- with the public keys alone, and no home
mkdir "$work/public"
cp "$home.keys"/*.pub "$home.keys"/*.crt "$work/public/"
mv "$home" "$home.away"
audit 0 verify-sample "$work/one" --keys "$work/public"
mv "$home.away" "$home"
# nobody is named in it
for word in $(sed -n 's/^ACCOUNT,CPR,\([0-9]*\),.*/\1/p' "$small/register.csv"); do
    ! grep -rqF "$word" "$work/one" || fail "a CPR number stands in the sample"
done
checks=$((checks + 1))

# ---- whatever is changed is named
slice=$(find "$work/one" -name 'slice-*.tsv' | sort | head -n 1)
tamper() { # WHAT FILE SED
    cp "$2" "$work/kept"
    sed "$3" "$work/kept" >"$2"
    ! cmp -s "$2" "$work/kept" || die "$1: nothing was changed"
    audit 7 verify-sample "$work/one" --keys "$work/public"
    cp "$work/kept" "$2"
}
tamper "an amount of a payment" "$slice" '0,/^payment/s/^\(payment\t[0-9]*\t[0-9]*\t[0-9]*\t\)\([0-9]\)/\19\2/'
tamper "a payment less" "$slice" '0,/^payment/{/^payment/d}'
tamper "the signature over payments" "$slice" '/^rows_signature/s/[0-9a-f]$/x/'
tamper "a leg's central" "$slice" '0,/^leg\t/s/^\(leg\t.*\)\t\([0-9]*\)$/\1\t9\2/'
tamper "a leg's amount" "$slice" '0,/^leg\t/s/^\(leg\t[0-9]*\t[0-9]*\t[0-9]*\t[0-9]*\t\)/\11/'
tamper "the decisions" "$slice" '/^decisions/s/\t[0-9a-f]/\tx/'
tamper "the signature over legs" "$slice" '/^legs_signature/d'
tamper "the amount drawn" "$work/one/sample.tsv" '$s/\t\([0-9]*\)\t\([0-9]*\)$/\t1\1\t\2/'
tamper "the payment drawn" "$work/one/sample.tsv" '$s/^\([0-9]*\t[0-9]*\t[0-9]*\t[0-9]*\t\)/\19/'
tamper "a file's hash" "$work/one/files.tsv" '$s/[0-9a-f]$/x/'
tamper "a file's name" "$work/one/files.tsv" '$s/nks-/nks-X/'
tamper "the journal" "$work/one/published.log" '2s/publish/publisH/'
for seal in "$work/one/seals/"*; do
    tamper "a seal" "$seal" '2s/[0-9a-f]$/x/'
done
mv "$slice" "$work/slice"
audit 7 verify-sample "$work/one" --keys "$work/public"
mv "$work/slice" "$slice"
home_init "$work/other"
audit 7 verify-sample "$work/one" --keys "$work/other.keys"
audit 0 verify-sample "$work/one" --keys "$work/public"
test_end
