#!/bin/sh
# A sample for an auditor: drawn by monetary units, the same for the same seed, and checked without secret keys.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
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
nks "$home" keys rotate sign --reason test --now 2026-11-24T02:10:00Z
night_run "$home" 2026-11-26T02:10:00Z # more than one seal
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
large=$(home_sql "$home" "SELECT count(*) FROM payment p JOIN batch b ON b.batch_id = p.slice_id >> 14 WHERE b.state = 2 AND p.state = 1 AND p.amount_minor >= $interval")
drawn=$(awk -F '\t' -v i="$interval" '!/^#/ && $8 >= i' "$work/one/sample.tsv" | wc -l | tr -d ' ')
assert_eq "payments of an interval and more" "$drawn" "$large"
audit 2 sample --mus 20 --seed 7 --out "$work/one" --home "$home"
audit 2 sample --mus 0 --seed 7 --out "$work/none" --home "$home"
audit 2 sample --seed 7 --out "$work/none" --home "$home"
audit 2 verify-sample
for place in "$home/in/sender/x" "$home.keys/x" "$home.journal/x" "$work/nowhere/x" "$work/one/../home/x/"; do
    audit 2 sample --mus 20 --seed 7 --out "$place" --home "$home"
    grep -q SAMPLE-PLACE "$work/said" || fail "SAMPLE-PLACE is not said of a place"
    [ ! -e "$place" ] && [ ! -e "$work/nowhere" ] || fail "something was made in a place that is none"
done

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

# ---- whatever is cut, emptied, changed, added or taken away is named
test=$work/test
said() { # WORDS: among the findings
    grep -q "^FINDING.*$1" "$work/said" || fail "not said: $1"
}
fresh() {
    rm -rf "$test"
    cp -R "$work/one" "$test"
}
edit() { # FILE SED
    sed "$2" "$work/one/$1" >"$test/$1"
    ! cmp -s "$work/one/$1" "$test/$1" || die "$1: nothing was changed"
}
changed() { # EXIT WORDS: of the folder as it was made
    audit "$1" verify-sample "$test" --keys "$work/public"
    said "$2"
}
# A list that is right again, signed by the home itself: what is found then follows from the other signatures.
relist() {
    (cd "$test" && find . -type f ! -name evidence.tsv | sed 's|^\./||' | sort) >"$work/names"
    {
        printf '# nks sample list 1\tfiles %s\n' "$(wc -l <"$work/names" | tr -d ' ')"
        while read -r name; do
            printf '%s\t%s\t%s\n' "$name" "$(wc -c <"$test/$name" | tr -d ' ')" \
                "$(sha256sum <"$test/$name" | cut -d ' ' -f 1)"
        done <"$work/names"
    } >"$work/list"
    openssl dgst -sha256 -binary <"$work/list" >"$work/digest"
    openssl pkeyutl -sign -rawin -in "$work/digest" -inkey "$home.keys/sign-0002.key" -out "$work/signature"
    { cat "$work/list" && printf '# signature %s\n' "$(od -An -tx1 "$work/signature" | tr -d ' \n')"; } \
        >"$test/evidence.tsv"
}
tamper() { # FILE SED WORDS: found by its list, and without it
    fresh
    edit "$1" "$2"
    changed 7 "$1: it has other bytes"
    relist
    changed 7 "$3"
}
fresh
relist
audit 0 verify-sample "$test" --keys "$work/public"
assert_same "the list is made as the test makes it" "$test/evidence.tsv" "$work/one/evidence.tsv"

slice=$(cd "$work/one" && find . -name 'slice-*.tsv' | sed 's|^\./||' | sort | head -n 1)
rows='the rows of its payments are not'
legs='its legs are not'
form='not the lines of a slice'
tamper "$slice" '0,/^payment/s/^\(payment\t[0-9]*\t[0-9]*\t[0-9]*\t\)\([0-9]\)/\19\2/' "$rows"
tamper "$slice" '0,/^payment/{/^payment/d}' "$rows"
tamper "$slice" '/^rows_signature/s/[0-9a-f]$/x/' "$form"
tamper "$slice" '/^rows_signature/d' "$form"
tamper "$slice" '0,/^leg\t/s/^\(leg\t.*\)\t\([0-9]*\)$/\1\t9\2/' "$legs"
tamper "$slice" '0,/^leg\t/s/^\(leg\t[0-9]*\t[0-9]*\t[0-9]*\t[0-9]*\t\)/\11/' "$legs"
tamper "$slice" '/^decisions/d' "$form"
tamper "$slice" '/^legs_signature/d' "$form"
tamper "$slice" '/^slice/s/\t[56]\(\t[0-9]*\t[0-9]*\)$/\t2\1/' 'its state is none'
tamper "$slice" '/^slice/s/\t1\(\t[0-9]*\)$/\t2\1/' "$legs"
tamper "$slice" 'p' "$form"
tamper "$slice" 'd' "$form"

draw='not what the seed draws'
tamper sample.tsv '3d' "$draw"
tamper sample.tsv '3,$d' "$draw"
tamper sample.tsv 'd' 'sample.tsv: it is empty'
tamper sample.tsv '$p' 'the seed does not draw it'
tamper sample.tsv '1s/seed 7/seed 9/' 'does not follow from the seed'
tamper sample.tsv '1s/mus 20/mus 2000/' 'does not follow from the seed'
tamper sample.tsv '1s/units [0-9]*/units 1/' 'does not follow from the seed'
tamper sample.tsv '1s/mus 20/mus 0/' 'it tells no draw'
for field in 1 2 3 4 5 7 8 9; do
    tamper sample.tsv "\$s/[0-9]*\(\t\|\$\)/9&/$field" "$draw"
done
tamper sample.tsv '$s/batch /batch 9/' "$draw"
tamper population.tsv '2s/[0-9]*$/9&/' 'does not follow from the seed'
tamper population.tsv '$d' 'does not follow from the seed'
tamper population.tsv 'd' 'population.tsv: it is empty'
tamper population.tsv '2p' 'population.tsv line 3'
fresh # totals of two slices that go together all the same
awk -F '\t' -v OFS='\t' 'NR == 2 { $3 += 100 } NR == 3 { $3 -= 100 } { print }' "$work/one/population.tsv" >"$test/population.tsv"
relist
changed 7 'not as many, or not as much'

leg='not the signed leg'
tamper files.tsv 'd' 'files.tsv: it is empty'
tamper files.tsv '2,$d' "$leg"
tamper files.tsv '$d' "$leg"
tamper files.tsv '$p' 'it is of no leg'
for field in 1 2 3 4; do
    tamper files.tsv "2s/[^\t]*\(\t\|\$\)/9&/$field" "$leg"
done
tamper files.tsv '2s/\tIN_FILE\t/\tIN_FIL\t/' "$leg"
for field in 6 7 8 9; do
    tamper files.tsv "2s/[^\t]*\(\t\|\$\)/9&/$field" 'the journal has no line of'
done
hash=$(sed -n '2s/.*\t//p' "$work/one/files.tsv")
turned=$(echo "$hash" | tr 0123456789 1234567890)
tamper files.tsv "s/$hash/$turned/" 'the journal has no line of'
tamper published.log '0,/publish/s//publisH/' 'does not follow'
tamper published.log '$d' 'the journal was cut or made anew'
tamper published.log 'd' 'published.log'

# The journal's chain has no key: the seals, which are signed, name lines of it.
fresh
edit files.tsv "s/$hash/$turned/"
check=
while IFS= read -r line; do
    case $line in '#'*) echo "$line" && continue ;; esac
    line=$(printf '%s' "${line%	*}" | sed "s/$hash/$turned/")
    check=$(printf '%s%s\t' "$check" "$line" | sha256sum | cut -c 1-16)
    printf '%s\t%s\n' "$line" "$check"
done <"$work/one/published.log" >"$test/published.log"
relist
changed 7 'the journal was cut or made anew'

# ---- seals
(cd "$work/one/seals" && ls) >"$work/seals"
[ "$(wc -l <"$work/seals")" -ge 3 ] || die "there are not three seals"
while read -r seal; do
    tamper "seals/$seal" '2s/[0-9a-f]$/x/' 'its signature does not hold'
done <"$work/seals"
seal=$(head -n 1 "$work/seals")
fresh
rm "$test/seals/$seal"
relist
changed 7 'one was taken away'
fresh
mv "$test/seals/$seal" "$test/seals/seal-2026-11-25.tsv"
relist
changed 7 'not the seal of its day'

# ---- not there, not in the list, no regular file
while read -r name; do
    fresh
    rm "$test/$name"
    changed 5 "$name: it is not there"
    grep -q 'SAMPLE-MISSING' "$work/said" || fail "SAMPLE-MISSING is not said of $name"
done <<EOF
evidence.tsv
sample.tsv
population.tsv
files.tsv
published.log
$slice
seals/$(tail -n 1 "$work/seals")
EOF
fresh
rm -r "$test/seals"
changed 5 'the folder of seals is not there'
fresh
cp "$test/$slice" "$test/slice-1.tsv"
changed 7 'slice-1.tsv: it is not in the list'
relist
changed 7 'slices of which nothing is drawn'
for name in sample.tsv published.log evidence.tsv "$slice" "seals/$seal"; do
    fresh
    rm "$test/$name"
    mkfifo "$test/$name"
    changed 7 'it is no regular file'
    rm "$test/$name"
    ln -s "$work/one/$name" "$test/$name"
    changed 7 'it is no regular file'
done
fresh
mkfifo "$test/x"
mkdir "$test/y"
changed 7 'y: it is no folder of a sample'

# ---- the list
for change in '$d' '2d' '2p' '$s/[0-9a-f]$/x/' '1s/files [0-9]*/files 1/' '2s/[0-9a-f]$/x/' 's/\t[0-9]*\t/\t1\t/' d; do
    fresh
    edit evidence.tsv "$change"
    changed 7 'evidence.tsv'
done
audit 0 sample --mus 20 --seed 7 --out "$work/unsigned" --home "$home" --public
test=$work/unsigned
changed 5 'nobody signed it'

# ---- a journal that was lost: what it said of older files is not there
rm "$home.journal/published.log"
nks "$home" reconcile --new-journal --reason test --now 2026-11-27T01:10:00Z
night_run "$home" 2026-11-27T02:10:00Z
audit 0 sample --mus 20 --seed 7 --out "$work/anew" --home "$home"
test=$work/anew
changed 5 'the journal was begun anew'
home_init "$work/other"
audit 7 verify-sample "$work/one" --keys "$work/other.keys"
audit 0 verify-sample "$work/one" --keys "$work/public"
grep -q 'not proved: that the population is whole' "$work/said" || fail "what the keys cannot prove is not said"
test_end
