#!/bin/sh
# nks verify: a folder of published files, with public certificates alone. A good night, then one change at a time.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have openssl || exit 77

# The home's certificate begins before the night, whatever the machine's clock says.
home=$work/home
home_new "$home" --now 2026-11-20T12:00:00Z
for import in agreement:agreements central:centrals register:register debt:debts; do
    nks "$home" "${import%:*}" import --now 2026-11-22T12:00:00Z "$small/${import#*:}.csv"
done
cp -R "$small/in/." "$home/in/"
night_run "$home"

# What the tests sign themselves carries the machine's time. So their certificate is good for a century, and the files are
# looked at from its last year.
late=2099-01-01T00:00:00Z
cert_make century 20000101 20991231
cert_make over 20000101 20010101
cert_make stranger 20000101 20991231
cat "$home.keys/file.crt" "$pki/century.crt" "$pki/over.crt" >"$pki/pins.crt"

sign() { # FILE [BY]
    openssl cms -sign -binary -md sha256 -outform DER -in "$1" -out "$1.p7s" -signer "$pki/${2:-century}.crt" \
        -inkey "$pki/${2:-century}.key" 2>"$work/openssl" || die "openssl could not sign"
}

box=$work/box
vest=$home/out/central/central-vest
manifest=nks-manifest-2026-11-23-0001.tsv
one=nks-XH8KYEFBCZFH6WPQ-o0001.xml
two=nks-XH8KYEFBCZFH6WPQ-o0002.xml
three=nks-XH8KYEFBCZFH6WPQ-o0003.xml
box() { # a fresh copy of what one central got
    rm -rf "$box"
    cp -R "$vest" "$box"
}
run_verify() { # WORDS...: exit code in $code, rows in $work/said, the rest in $work/told
    code=0
    NKS_HOME=$work/none "$NKS_BIN/nks" verify "$@" >"$work/said" 2>"$work/told" || code=$?
}
verdict_of() { # NAME
    awk -F '\t' -v name="$1" '$1 == "file" && $2 == name { print $4 }' "$work/said"
}
expect() { # WHAT CODE [NAME VERDICT]...: of the box; all that is not named is GOOD
    what=$1
    run_verify "$box" --cert "$pki/pins.crt" --now "$late"
    assert_eq "$what: exit" "$code" "$2"
    shift 2
    awk -F '\t' '$1 == "file" && $4 != "GOOD" { print $2, $4 }' "$work/said" | sort >"$work/found"
    while [ $# -gt 0 ]; do
        echo "$1 $2"
        shift 2
    done | sort >"$work/expected"
    assert_same "$what" "$work/found" "$work/expected"
    grep -q 'runtime error\|Sanitizer' "$work/told" && fail "$what: the sanitizer spoke" || true
}

# ---- a good night
run_verify "$home/out" --cert "$home.keys/file.crt" --now "$night"
assert_eq 'all that was published' "$code" 0
assert_eq 'each file once' "$(grep -c '^file	' "$work/said")" "$(find "$home/out" -type f ! -name '*.p7s' | wc -l | tr -d ' ')"
assert_eq 'none but good ones' "$(awk -F '\t' '$1 == "file" && $4 != "GOOD"' "$work/said")" ''
assert_eq 'nothing is said' "$(cat "$work/told")" ''
awk -F '\t' '$3 == "order" { print $2, $8, $5, $6, $11 }' "$work/said" | sort >"$work/orders"
for file in "$home"/out/central/*/*.tsv; do
    dir=${file%/*}
    awk -F '\t' -v dir="central/${dir##*/}" '!/^#/ { print dir "/" $1, $2, $3, $4, $6 }' "$file"
done | sort >"$work/named"
assert_same 'orders are told as the manifests name them' "$work/orders" "$work/named"
assert_eq 'kinds' "$(awk -F '\t' '$1 == "file" { print $3 }' "$work/said" | sort | uniq -c | awk '{ print $2 "=" $1 }' | tr '\n' ' ')" \
    "manifest=3 order=$(wc -l <"$work/orders" | tr -d ' ') report=$(find "$home/out/payer" "$home/out/sender" -name '*.xml' | wc -l | tr -d ' ') "
run_verify "$vest" --cert "$home.keys/file.crt" --now "$night" --central central-vest --json
assert_eq 'as JSON' "$code" 0
assert_eq 'rows' "$(grep -c '^{"v":1,"type":"file",' "$work/said")" 8
grep -q '^{"v":1,"type":"verified","good":8,"open":0,"wrong":0}$' "$work/said" || fail 'the summary'
run_verify "$vest" --cert "$home.keys/file.crt" --now "$night" --central central-nord
assert_eq "another central's folder" "$code:$(verdict_of "$manifest")" 7:VERIFY-MANIFEST
run_verify "$home/out/payer/proeveskat" --cert "$home.keys/file.crt" --now "$night"
assert_eq "a payer's folder" "$code" 0
box
expect 'several certificates' 0

# It reads only.
(cd "$box" && find . -type f -exec cksum {} + | sort) >"$work/before"
chmod 500 "$box"
expect 'a folder that cannot be written to' 0
chmod 700 "$box"
(cd "$box" && find . -type f -exec cksum {} + | sort) >"$work/after"
assert_same 'nothing was changed' "$work/after" "$work/before"
[ ! -e "$work/none" ] || fail 'a home was made'

# ---- words
run_verify "$box"
assert_eq 'without --cert' "$code" 2
run_verify "$box" --cert "$vest/$manifest"
assert_eq 'no certificate' "$code" 1
run_verify "$box" --cert "$work/none"
assert_eq 'no such certificate' "$code" 6
run_verify "$work/none" --cert "$pki/pins.crt"
assert_eq 'no such folder' "$code" 6
mkdir "$work/empty"
run_verify "$work/empty" --cert "$pki/pins.crt"
assert_eq 'an empty folder' "$code" 5
grep -q VERIFY-NOTHING "$work/told" || fail 'VERIFY-NOTHING is not said'
for verdict in UNSIGNED EXPIRED MISSING UNLISTED GAP UNREADABLE KIND CHANGED NOTHING MANY SIGNATURE SIGNER HASH FACTS TWICE \
    MANIFEST BAD; do
    code "$NKS_BIN/nks" help "VERIFY-$verdict"
    assert_eq "help VERIFY-$verdict" "$code" 0
done

# ---- a byte in a file, in a signature
turn() { # FILE PLACE (from the end, 1 is the last byte)
    size=$(wc -c <"$1" | tr -d ' ')
    at=$((size - $2))
    byte=$(od -An -tu1 -j "$at" -N 1 "$1" | tr -d ' ')
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2>"$work/dd"
}
for name in "$one" "$two"; do
    box
    turn "$box/$name" 100
    expect "a byte in $name" 7 "$name" VERIFY-SIGNATURE
done
box
turn "$box/$one.p7s" 1
expect 'a byte in a signature' 7 "$one" VERIFY-SIGNATURE
box
turn "$box/$one.p7s" 120
expect 'a byte in the signed attributes' 7 "$one" VERIFY-SIGNATURE
box
echo >>"$box/$one.p7s"
expect 'a byte after a signature' 7 "$one" VERIFY-SIGNATURE
box
: >"$box/$one.p7s"
expect 'an empty signature' 7 "$one" VERIFY-SIGNATURE
box
head -c 70000 /dev/zero >"$box/$one.p7s"
expect 'a large signature' 7 "$one" VERIFY-SIGNATURE
box
cp "$box/$one.p7s" "$work/swap"
cp "$box/$two.p7s" "$box/$one.p7s"
cp "$work/swap" "$box/$two.p7s"
expect 'signatures swapped' 7 "$one" VERIFY-SIGNATURE "$two" VERIFY-SIGNATURE
box
for suffix in '' .p7s; do
    mv "$box/$one$suffix" "$work/swap"
    mv "$box/$two$suffix" "$box/$one$suffix"
    mv "$work/swap" "$box/$two$suffix"
done
expect 'files swapped with their signatures' 7 "$one" VERIFY-HASH "$two" VERIFY-HASH

# ---- who signed, and when
box
sign "$box/$one" stranger
expect 'signed by a stranger' 7 "$one" VERIFY-SIGNER
box
sign "$box/$one" over
expect 'signed when the certificate was over' 5 "$one" VERIFY-EXPIRED
box
sign "$box/$one" century
expect 'signed by the next certificate' 0
run_verify "$vest" --cert "$pki/stranger.crt" --now "$late"
assert_eq 'with the wrong certificate' "$code:$(awk -F '\t' '$1 == "file" { print $4 }' "$work/said" | sort -u)" 7:VERIFY-SIGNER
run_verify "$vest" --cert "$home.keys/file.crt" --now "$late"
assert_eq 'the certificate ended after it signed' "$code" 0
run_verify "$vest" --cert "$home.keys/file.crt" --now 2026-11-23T02:05:00Z
assert_eq 'a clock that is five minutes behind' "$code" 0
run_verify "$vest" --cert "$home.keys/file.crt" --now 2026-11-23T01:40:00Z
assert_eq 'signed in the future' "$code:$(awk -F '\t' '$1 == "file" { print $4 }' "$work/said" | sort -u)" 5:VERIFY-EXPIRED

# ---- missing, and too many
box
rm "$box/$one.p7s"
expect 'no signature' 5 "$one" VERIFY-UNSIGNED
box
rm "$box/$one"
expect 'a signature without its file' 5 "$one" VERIFY-MISSING "$one" VERIFY-MISSING
box
rm "$box/$one" "$box/$one.p7s"
expect 'a missing file' 5 "$one" VERIFY-MISSING
box
cp "$home/out/central/central-nord/"*o0001.xml* "$box/"
extra=$(cd "$home/out/central/central-nord" && ls ./*o0001.xml | sed 's|^./||' | tr '\n' ' ')
# shellcheck disable=SC2086 # one word per file
expect 'orders of another central' 5 $(printf '%s VERIFY-UNLISTED ' $extra)
box
cp "$box/$one" "$box/extra.xml"
expect 'an unsigned file more' 5 extra.xml VERIFY-UNSIGNED
box
cp "$box/$one" "$box/extra.xml"
cp "$box/$one.p7s" "$box/extra.xml.p7s"
expect 'an order twice under two names' 7 "$one" VERIFY-TWICE extra.xml VERIFY-TWICE
box
cp "$home/out/payer/proeveskat/"* "$box/"
expect 'reports are in no manifest' 0
box
cp "$box/$one" "$box/new.xml.part"
cp "$box/$one" "$box/new.tmp"
cp "$box/$one.p7s" "$box/new.xml.part.p7s"
cp "$box/$one" "$box/.hidden.xml"
expect 'files that are still written' 0

# ---- no files of the ordinary kind
box
mv "$box/$one" "$work/elsewhere.xml"
ln -s "$work/elsewhere.xml" "$box/$one"
expect 'a link to a good file' 5 "$one" VERIFY-KIND "$one" VERIFY-MISSING "$one" VERIFY-MISSING
box
ln -s "$home/out" "$box/folder"
mkfifo "$box/pipe.xml"
expect 'a link to a folder, and a pipe' 5 folder VERIFY-KIND pipe.xml VERIFY-KIND
box
mkdir "$box/inner"
mv "$box/$one" "$box/$one.p7s" "$box/inner/"
expect 'a folder below is judged for itself' 5 "$one" VERIFY-MISSING "inner/$one" VERIFY-UNLISTED
box
mkdir -p "$box/inner/deep"
cp "$box/$one" "$box/$one.p7s" "$box/inner/deep/"
expect 'an order once more in a folder below' 7 "$one" VERIFY-TWICE "inner/deep/$one" VERIFY-TWICE
box
mkdir "$box/inner"
cp "$vest"/* "$box/inner/"
run_verify "$box" --cert "$pki/pins.crt" --now "$late"
assert_eq 'everything once more in a folder below' "$code" 7
assert_eq 'each order of both is told' "$(grep -c VERIFY-TWICE "$work/said")" 14
box
mkdir -p "$box/1/2/3/4/5/6/7/8"
expect 'eight folders deep' 0
mkdir "$box/1/2/3/4/5/6/7/8/9"
expect 'nine folders deep' 5
grep -q VERIFY-MANY "$work/told" || fail 'VERIFY-MANY is not said'

box
seq 1000 | sed "s|^|$box/|" | xargs mkdir
expect 'a thousand folders more' 5
grep -q VERIFY-MANY "$work/told" || fail 'VERIFY-MANY is not said of folders'

# ---- manifests that were changed, and those that their signer changed
all_unlisted=$(grep -v '^#' "$vest/$manifest" | cut -f 1 | sed 's/$/ VERIFY-UNLISTED/' | tr '\n' ' ')
edit() { # SED-WORDS...: the manifest
    box
    sed "$@" "$vest/$manifest" >"$box/$manifest"
    cmp -s "$vest/$manifest" "$box/$manifest" && die "nothing was edited: $*" || true
}
edit "s/^\($one.*\)/\1 /"
# shellcheck disable=SC2086
expect 'a line of the manifest' 7 "$manifest" VERIFY-SIGNATURE $all_unlisted
edit '$d'
# shellcheck disable=SC2086
expect 'a manifest that was cut' 7 "$manifest" VERIFY-SIGNATURE $all_unlisted
for change in '$d' '4d' "s/^\($two.*\)/\1\t/" '$s/7 files/8 files/' '$s/27/28/' '$s/5546/5547/' '1s/manifest 1/manifest 2/' \
    '2s/sum/Sum/' "s/^$two/..\/$two/" '3p' '$p' '1s/2026-11-23/2026-11-22/' '$a\
more'; do
    edit "$change"
    sign "$box/$manifest"
    # shellcheck disable=SC2086
    expect "signed all the same: $change" 7 "$manifest" VERIFY-MANIFEST $all_unlisted
done
head -c -1 "$vest/$manifest" >"$box/$manifest"
sign "$box/$manifest"
# shellcheck disable=SC2086
expect 'signed without its last line feed' 7 "$manifest" VERIFY-MANIFEST $all_unlisted
row() { # SED-WORDS VERDICT: one that adds up
    edit "/^$three/$1"
    sign "$box/$manifest"
    expect "a row with $1" 7 "$three" "$2"
}
row 's/NKS-XH8KYEFBCZFH6WPQ-O0003/NKS-XH8KYEFBCZFH6WPQ-O0009/' VERIFY-FACTS
row 's/\t59ef/\t59ee/' VERIFY-HASH
row 's/\t1460\t/\t1461\t/' VERIFY-HASH
edit -e "/^$three/s/\t500.00\t/\t501.00\t/" -e '$s/55465/55466/'
sign "$box/$manifest"
expect 'another sum' 7 "$three" VERIFY-FACTS
edit -e "/^$three/s/\t1\t/\t2\t/" -e '$s/27/28/'
sign "$box/$manifest"
expect 'another count' 7 "$three" VERIFY-FACTS
edit "s/^$three/$manifest/"
sign "$box/$manifest"
expect 'a manifest that names itself' 7 "$manifest" VERIFY-HASH "$three" VERIFY-UNLISTED
edit -e "/^$three/p" -e '$s/7 files\t27\t55465/8 files\t28\t55965/'
sign "$box/$manifest"
expect 'a file named twice' 7 "$manifest" VERIFY-MANIFEST
mv "$box/$manifest" "$box/list.tsv"
mv "$box/$manifest.p7s" "$box/list.tsv.p7s"
# shellcheck disable=SC2086
expect 'a manifest under another name' 5 list.tsv VERIFY-UNREADABLE $all_unlisted

# ---- several manifests of a day
second=nks-manifest-2026-11-23-0002.tsv
two_manifests() { # 0001 names all but the third file, 0002 names all
    box
    mv "$box/$manifest" "$box/$second"
    mv "$box/$manifest.p7s" "$box/$second.p7s"
    sed -e "/^$three/d" -e '$s/7 files\t27\t55465/6 files\t26\t54965/' "$vest/$manifest" >"$box/$manifest"
    sign "$box/$manifest"
}
two_manifests
expect 'two manifests of a day' 0
rm "$box/$manifest" "$box/$manifest.p7s"
expect 'the first one is gone' 5 "$manifest" VERIFY-GAP
two_manifests
mv "$box/$second" "$box/nks-manifest-2026-11-23-0005.tsv"
mv "$box/$second.p7s" "$box/nks-manifest-2026-11-23-0005.tsv.p7s"
expect 'numbers in between are gone' 5 "$second" VERIFY-GAP
grep -q 'number 2 to 4' "$work/said" || fail 'the gap is not told'
two_manifests
rm "$box/$second" "$box/$second.p7s"
expect 'the newest is gone' 5 "$three" VERIFY-UNLISTED
two_manifests
for suffix in '' .p7s; do
    mv "$box/$manifest$suffix" "$work/swap"
    mv "$box/$second$suffix" "$box/$manifest$suffix"
    mv "$work/swap" "$box/$second$suffix"
done
expect 'manifests swapped' 7 "$manifest" VERIFY-MANIFEST "$three" VERIFY-UNLISTED
two_manifests
turn "$box/$second" 100
expect 'the newest does not hold' 7 "$second" VERIFY-SIGNATURE "$three" VERIFY-UNLISTED
two_manifests
cp "$home/out/central/central-nord/$manifest" "$box/nks-manifest-2026-11-23-0003.tsv"
cp "$home/out/central/central-nord/$manifest.p7s" "$box/nks-manifest-2026-11-23-0003.tsv.p7s"
rm "$box/$second" "$box/$second.p7s"
run_verify "$box" --cert "$pki/pins.crt" --now "$late"
assert_eq "another central's manifest of that day" "$code:$(verdict_of "$manifest")" 7:VERIFY-MANIFEST

edit '$s/^/#/'
head -c 11000000 /dev/zero >"$box/$manifest"
sign "$box/$manifest"
# shellcheck disable=SC2086
expect 'a manifest that is too large' 7 "$manifest" VERIFY-MANIFEST $all_unlisted

# ---- a day without orders
box
sed -e '1s/2026-11-23/2026-11-22/' -e '1s/central-vest/central-nord/' -e '3,$d' "$vest/$manifest" >"$box/nks-manifest-2026-11-22-0001.tsv"
printf '# total\t0 files\t0\t0.00\n' >>"$box/nks-manifest-2026-11-22-0001.tsv"
sign "$box/nks-manifest-2026-11-22-0001.tsv"
expect 'an empty one of another central' 7 nks-manifest-2026-11-22-0001.tsv VERIFY-MANIFEST
rm -rf "$box"
mkdir "$box"
sed -e '3,$d' "$vest/$manifest" >"$box/$manifest"
printf '# total\t0 files\t0\t0.00\n' >>"$box/$manifest"
sign "$box/$manifest"
expect 'an empty manifest' 0

# ---- hostile files, unsigned and by the signer
hostile() { # NAME CODE VERDICT: the file is $work/hostile
    box
    cp "$work/hostile" "$box/$1"
    expect "$1, unsigned" 5 "$1" VERIFY-UNSIGNED
    sign "$box/$1"
    expect "$1" "$2" "$1" "$3"
}
uri=urn:iso:std:iso:20022:tech:xsd:pain.001.001.09
printf '<!DOCTYPE a [<!ENTITY b "c">]><Document xmlns="%s">&b;</Document>' $uri >"$work/hostile"
hostile doctype.xml 5 VERIFY-UNREADABLE
printf '<Document xmlns="%s"><CstmrCdtTrfInitn>' $uri >"$work/hostile"
hostile cut.xml 5 VERIFY-UNREADABLE
{
    printf '<Document xmlns="%s">' $uri
    awk 'BEGIN { for (i = 0; i < 100000; i++) printf "<a>" }'
} >"$work/hostile"
hostile deep.xml 5 VERIFY-UNREADABLE
{
    printf '<Document xmlns="%s"><a b="' $uri
    head -c 3000000 /dev/zero | tr '\0' x
} >"$work/hostile"
hostile attribute.xml 5 VERIFY-UNREADABLE
head -c 100000 /dev/zero >"$work/hostile"
hostile zeros.xml 5 VERIFY-UNREADABLE
: >"$work/hostile"
hostile empty.xml 5 VERIFY-UNREADABLE
printf '\377\376<\0D\0' >"$work/hostile"
hostile utf16.xml 5 VERIFY-UNREADABLE
printf '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"/>' >"$work/hostile"
hostile other.xml 5 VERIFY-UNREADABLE
head -c -12 "$vest/$one" >"$work/hostile" # all payments are there, the end is not
hostile end.xml 5 VERIFY-UNREADABLE
sed 's|<NbOfTxs>[0-9]*<|<NbOfTxs>9<|; s|<MsgId>[^<]*<|<MsgId>X1<|' "$vest/$one" >"$work/hostile"
hostile count.xml 7 VERIFY-FACTS
sed 's|<InstdAmt\([^>]*\)>[0-9.]*<|<InstdAmt\1>1.00<|; s|<MsgId>[^<]*<|<MsgId>X1<|' "$vest/$one" >"$work/hostile"
hostile amount.xml 7 VERIFY-FACTS
box
NKS_READER=$work/none run_verify "$box" --cert "$pki/pins.crt" --now "$late"
assert_eq 'no reader' "$code" 6

# The public attacks, well signed.
if [ -d "$NKS_SHARED/hostile" ]; then
    box
    find "$NKS_SHARED/hostile" -type f -exec cp {} "$box/" \;
    chmod -R u+w "$box"
    (cd "$NKS_SHARED/hostile" && find . -type f | sed 's|.*/||') | sort >"$work/attacks"
    while read -r name; do
        sign "$box/$name"
    done <"$work/attacks"
    run_verify "$box" --cert "$pki/pins.crt" --now "$late"
    assert_eq 'public attacks' "$code" 5
    assert_eq 'each is told' "$(awk -F '\t' '$1 == "file" && $4 != "GOOD" { print $2 }' "$work/said" | sort | tr '\n' ' ')" \
        "$(tr '\n' ' ' <"$work/attacks")"
    ! grep -q 'root:' "$work/said" "$work/told" || fail 'an attack tells what is in another file'
else
    skip "no attacks in $NKS_SHARED/hostile"
fi

# A file that is written to, or taken away, between its signature and its reading.
meanwhile() { # WHAT POINT FILE WORDS...: done there, with the file of the box as $changing
    what=$1
    point=$2
    box
    changing=$box/$3
    shift 3
    NKS_STOP_AT=$point "$NKS_BIN/nks" verify "$box" --cert "$pki/pins.crt" --now "$late" >"$work/said" 2>"$work/told" &
    pid=$!
    tries=0
    until grep -q '^State:.*T (stopped)' /proc/$pid/status 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -le 600 ] || die 'nks verify was never halted'
        sleep 0.1
    done
    "$@"
    kill -CONT $pid
    code=0
    wait $pid || code=$?
    assert_eq "$what" "$code:$(verdict_of "${changing##*/}")" 5:VERIFY-CHANGED
}
more() { echo '<!-- more -->' >>"$changing"; }
gone() { rm "$changing"; }
code env NKS_KILL_AT=verify.signed "$NKS_BIN/nks" verify "$vest" --cert "$pki/pins.crt" --now "$late"
if [ "$code" -ne 0 ] && [ -d /proc/self ]; then
    first=nks-BNG4G0XESSB8DSAC-o0001.xml
    meanwhile 'an order that grows while it is read' verify.signed $first more
    meanwhile 'an order that goes while it is read' verify.signed $first gone
    meanwhile 'a manifest that grows while it is read' verify.manifest "$manifest" more
    meanwhile 'a manifest that goes while it is read' verify.manifest "$manifest" gone
else
    skip 'no fault points, or no /proc'
fi

# Names that a terminal would obey or that hold a number are not repeated as they are.
box
odd=$(printf 'a\033[2J\tb-0101701234.xml')
cp "$box/$one" "$box/$odd"
run_verify "$box" --cert "$pki/pins.crt" --now "$late"
assert_eq 'an odd name' "$code" 5
grep -q "$(printf '\033')" "$work/said" && fail 'an escape is repeated' || true
grep -q 0101701234 "$work/said" && fail 'a number is repeated' || true
run_verify "$box" --cert "$pki/pins.crt" --now "$late" --json
grep -q '"verdict":"VERIFY-UNSIGNED"' "$work/said" || fail 'the odd name is not told'

# ---- more than one night: a second run on that day, a recall, an order published again, the next day
sed -e 's/PK-2026-11-L/PK-2026-11-M/' -e 's|<EndToEndId>|&M|' "$small/in/sender/proeve-kommune/10-loen.xml" \
    >"$home/in/sender/proeve-kommune/30-mere.xml"
nks "$home" recall --now 2026-11-23T03:00:00Z BNG4G0XESSB8DSAC 1 --reason test
night_run "$home" 2026-11-23T03:10:00Z
lost=$home/out/central/central-vest/$one
rm "$lost" "$lost.p7s"
nks "$home" replay --now 2026-11-23T03:20:00Z "$one" --reason test
night_run "$home" 2026-11-23T03:30:00Z
run_verify "$home/out" --cert "$home.keys/file.crt" --now 2026-11-23T04:00:00Z
assert_eq 'a second run' "$code" 0
assert_eq 'the recall' "$(awk -F '\t' '$3 == "recall" { print $4 }' "$work/said")" GOOD
assert_eq 'a second manifest' "$(find "$home/out" -name '*-0002.tsv' | wc -l | tr -d ' ')" 1
night_run "$home" 2026-11-24T02:10:00Z
run_verify "$home/out" --cert "$home.keys/file.crt" --now 2026-11-24T04:00:00Z --json
assert_eq 'the next day' "$code" 0
[ ! -s "$work/told" ] || fail "said: $(cat "$work/told")"

test_end
