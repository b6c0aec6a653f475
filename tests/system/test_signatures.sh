#!/bin/sh
# Signatures of received files: required, optional and none; by whom, over what, when; taken with their files whenever a
# run is killed.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have openssl || exit 77

sign() { # FILE NAME...: FILE.p7s by these certificates
    signed=$1
    shift
    for by in "$@"; do
        set -- "$@" -signer "$pki/$by.crt" -inkey "$pki/$by.key"
        shift
    done
    openssl cms -sign -binary -md sha256 -outform DER -in "$signed" -out "$signed.p7s" "$@" 2>"$work/openssl" ||
        die "openssl could not sign"
}

cert_make old 20260101 20261215
cert_make new 20261101 20271101
cert_make other 20260101 20271101
cert_make stranger 20260101 20271101
cert_make over 20260101 20261120
cert_make later 20261201 20271201

home=$work/home
sed -e '1s/$/,signature/' -e '2,$s/$/,/' "$small/agreements.csv" >"$work/plain.csv"
sed -e '/^proevebetaling,/s/$/REQUIRED/' -e '/^proeve-kommune,/s/$/OPTIONAL/' "$work/plain.csv" >"$work/agreements.csv"
sed -e '1s/$/,signature/' -e '2,$s/$/,/' -e '/^central-vest,/s/$/REQUIRED/' "$small/centrals.csv" >"$work/centrals.csv"
home_init "$home"
nks "$home" agreement import --now 2026-11-22T12:00:00Z "$work/plain.csv"
assert_eq "an empty column changes nothing" "$(awk '$1 == "import" { print $4, $5 }' "$work/said")" "0 5"
nks "$home" agreement import --now 2026-11-22T12:00:00Z "$work/agreements.csv"
nks "$home" central import --now 2026-11-22T12:00:00Z "$work/centrals.csv"

pin() { # NAME WORDS...
    pinned=$1
    shift
    nks "$home" keys signer import "$@" --reason test "$pki/$pinned.crt"
}
pin old --now 2026-11-22T12:00:00Z --sender proevebetaling
pin new --now 2026-11-22T12:00:00Z --sender proevebetaling
pin over --now 2026-11-19T12:00:00Z --sender proevebetaling
pin later --now 2026-11-22T12:00:00Z --sender proevebetaling
pin other --now 2026-11-22T12:00:00Z --sender proeve-kommune
pin other --now 2026-11-22T12:00:00Z --central central-vest

# Wrong words, a certificate that is there or over, and one of nobody.
refused() { # CODE WORDS...
    expected=$1
    shift
    code "$NKS_BIN/nks" --home "$home" keys signer "$@"
    grep -q -e "$expected" "$work/said" || fail "nks keys signer $*: not $expected"
    checks=$((checks + 1))
}
refused SIGNER-EXISTS import --now "$night" --reason r --sender proevebetaling "$pki/old.crt"
refused SIGNER-TIME import --now "$night" --reason r --sender proeve-kommune "$pki/over.crt"
refused SIGNER-TIME import --now "$night" --reason r --to 2026-11-30 --sender proeve-kommune "$pki/later.crt"
refused NOT-FOUND import --now "$night" --reason r --sender nobody "$pki/old.crt"
refused CERT-FORM import --now "$night" --reason r --sender proeve-kommune "$pki/old.key"
refused SIGNER-NONE end 99 --reason r
refused '--reason' end 1
nks "$home" keys signer import --dry-run --now "$night" --reason r --sender proeve-kommune "$pki/new.crt"
nks "$home" keys signer list --now "$night"
assert_eq "signers after a dry run" "$(grep -c '^signer' "$work/said")" 6
grep -q "$(openssl x509 -in "$pki/new.crt" -outform DER | sha256sum | cut -d' ' -f1)" "$work/said" ||
    fail "the list does not show the fingerprint"

number=0
file_make() { # SENDER: a new message in $file, not yet dropped
    number=$((number + 1))
    mkdir -p "$work/make"
    case $1 in
    proeve-kommune) source=$small/in/sender/proeve-kommune/10-loen.xml ;;
    datacenter-nord) source=$small/in/sender/datacenter-nord/10-region.xml ;;
    *) source=$small/in/sender/proevebetaling/10-pension.xml ;;
    esac
    file=$work/make/$number.xml
    sed "s|<MsgId>[^<]*</MsgId>|<MsgId>T-$number</MsgId>|" "$source" >"$file"
    folder=$home/in/sender/$1
    mkdir -p "$folder"
}

judged() { # WHAT STATE REASON [NOW]: receives and reads what was dropped, and compares the last delivery
    for stage in receive ingest; do
        nks "$home" "$stage" --now "${4:-$night}"
    done
    nks "$home" list --limit 1 --now "${4:-$night}"
    assert_eq "$1" "$(awk -F '\t' '$1 == "delivery" { print $5, $6 }' "$work/said")" "$2 $3"
    left=$(find "$home/in" -type f | wc -l | tr -d ' ')
    assert_eq "$1: files left" "$left" 0
}

dropped() { # WHAT STATE REASON [NOW]: $file and its signature where there is one
    [ ! -e "$file.p7s" ] || cp "$file.p7s" "$folder/"
    cp "$file" "$folder/"
    judged "$@"
}

# ---- required
file_make proevebetaling && sign "$file" old && dropped "signed" ACCEPTED ""
dropped "the same again" REPEATED DU01
rm "$file.p7s" && dropped "an unsigned copy of an accepted file" REPEATED DU01
file_make proevebetaling && sign "$file" new && dropped "signed by the next certificate" ACCEPTED ""
file_make proevebetaling && dropped "no signature" REFUSED DS0A
receipt=$(grep -rl "T-$number" "$home/out/sender" 2>/dev/null | head -n 1)
[ -z "$receipt" ] || fail "an unsigned file was read"
dropped "no signature again" REFUSED DS0A
sign "$file" old && dropped "signed after an unsigned refusal" ACCEPTED ""
night_run "$home"
assert_eq "a receipt for each time that the bytes came" "$(grep -rl "T-$number<\|NKS-.*-R[0-9]*<" "$home/out/sender" |
    grep -c -e '-r[0-9]*\.xml$')" "$(find "$home/out/sender" -name '*-r*.xml' ! -name '*again*' | wc -l | tr -d ' ')"
audit_clean "$home"
file_make proevebetaling && sign "$file" old && echo >>"$file" && dropped "other bytes" REFUSED DS0B
file_make proevebetaling && sign "$file" other && dropped "another sender's signer" REFUSED DS0E
file_make proevebetaling && sign "$file" stranger && dropped "a stranger" REFUSED DS0E
file_make proevebetaling && sign "$file" over && dropped "expired" REFUSED DS0D
file_make proevebetaling && sign "$file" later && dropped "not yet valid" REFUSED DS0D
sign "$file" old && dropped "signed well after that" ACCEPTED ""
file_make proevebetaling && sign "$file" old new && dropped "two signers in one" REFUSED DS0B
file_make proevebetaling && sign "$file" old && echo >>"$file.p7s" && dropped "trailing bytes" REFUSED DS0B
file_make proevebetaling && head -c 70000 /dev/zero >"$file.p7s" && dropped "a huge signature" REFUSED DS0B
file_make proevebetaling && : >"$file.p7s" && dropped "an empty signature" REFUSED DS0B
# refused before a byte of it is read: what is no XML at all is refused for its signature
file_make proevebetaling && echo 'no xml' >"$file" && dropped "unsigned rubbish" REFUSED DS0A
file_make proevebetaling && echo 'no xml, signed' >"$file" && sign "$file" old && dropped "signed rubbish" REFUSED FF01

seen() { # NUMBER WORDS: what list and show say of that delivery
    nks "$home" list --now "$night"
    assert_eq "list of delivery $1" "$(awk -F '\t' -v label="#$1 " 'index($2, label) == 1 { print $NF }' "$work/said")" "$2"
    nks "$home" show "#$1" --now "$night"
    grep -q -e "$2" "$work/said" || fail "show #$1 does not say: $2"
}
seen 1 "signed by signer 1"
seen 5 "unsigned"
seen 8 "bad: CONTENT"

# ---- optional, none, a sender without any signer
file_make proeve-kommune && dropped "optional, none" ACCEPTED ""
file_make proeve-kommune && sign "$file" other && dropped "optional, good" ACCEPTED ""
file_make proeve-kommune && sign "$file" old && dropped "optional, another sender's" REFUSED DS0E
file_make proeve-kommune && sign "$file" other && echo >>"$file" && dropped "optional, bad" REFUSED DS0B
file_make datacenter-nord && echo rubbish >"$file.p7s" && dropped "not asked for, not judged" ACCEPTED ""

# ---- rollover: the old one is ended, the new one goes on
nks "$home" keys signer end 1 --reason rollover --now "$night"
file_make proevebetaling && sign "$file" old && dropped "an ended signer" REFUSED DS0E
file_make proevebetaling && sign "$file" new && dropped "the one after it" ACCEPTED ""

# ---- late: waits for its signature as long as nks.conf says, then is refused
sed -i 's/^signature_seconds = .*/signature_seconds = 900/' "$home/nks.conf"
file_make proevebetaling && sign "$file" new && cp "$file" "$folder/"
nks "$home" receive --now "$night"
[ -f "$folder/$number.xml" ] || fail "a file was taken before its signature could come"
cp "$file.p7s" "$folder/"
judged "a late signature" ACCEPTED ""
file_make proevebetaling && cp "$file" "$folder/" && touch -d '1 hour ago' "$folder/$number.xml"
judged "a signature that never came" REFUSED DS0A
file_make proevebetaling && cp "$file" "$folder/" && ln -s nowhere "$folder/$number.xml.p7s"
nks "$home" receive --now "$night"
[ -f "$folder/$number.xml" ] || fail "a file was taken whose signature is a link"
rm "$folder/$number.xml.p7s" "$folder/$number.xml"

# A signature that came too late for an earlier file of that name does not push this one's own to the next file: while its
# own can still come, the file waits; then it is judged as it is, and told.
lying() { # WHAT EXPECTED: entries left lying, as one more receive tells them
    nks "$home" receive -v --now "$night"
    assert_eq "$1" "$(awk -F '\t' '/^# type/ { n = split($0, name, FS) }
        $1 == "run" { for (i = 1; i <= n; i++) if (name[i] == "skipped") print $i }' "$work/said")" "$2"
}
for sender in proevebetaling:new proeve-kommune:other; do
    signer=${sender#*:}
    file_make "${sender%:*}" && sign "$file" "$signer" && mv "$file.p7s" "$work/late.p7s"
    file_make "${sender%:*}" && sign "$file" "$signer"
    cp "$work/late.p7s" "$folder/$number.xml.p7s" && touch -d '1 day ago' "$folder/$number.xml.p7s"
    lying "a signature whose file is gone" 1
    cp "$file" "$folder/"
    lying "a file beside the signature of another" 1
    [ -f "$folder/$number.xml" ] && [ -f "$folder/$number.xml.p7s" ] || fail "an earlier file's signature was consumed"
    cp "$file.p7s" "$folder/"
    judged "its own signature, of ${sender%:*}" ACCEPTED ""
    file_make "${sender%:*}" && cp "$work/late.p7s" "$folder/$number.xml.p7s" && cp "$file" "$folder/"
    touch -d '1 day ago' "$folder/$number.xml.p7s" && touch -d '1 hour ago' "$folder/$number.xml"
    judged "its own never came, of ${sender%:*}" REFUSED DS0B
    file_make "${sender%:*}" && sign "$file" "$signer" && cp "$file.p7s" "$file" "$folder/"
    touch -d '1 day ago' "$folder/$number.xml.p7s"
    judged "an old signature that fits, of ${sender%:*}" ACCEPTED ""
done
file_make proevebetaling && sign "$file" new && cp "$file" "$folder/" && cp "$file.p7s" "$folder/$number.xml.P7S"
lying "a signature in capitals, and its file that waits" 1
rm "$folder/$number.xml" "$folder/$number.xml.P7S"

# ---- a central that must sign: nothing of its answer is read, and it can be sent again
sed -i 's/^signature_seconds = .*/signature_seconds = 0/' "$home/nks.conf"
answer=$home/in/central/central-vest
mkdir -p "$answer"
collected() { # WHAT STATE REASON: odd answers end with 5
    nks "$home" receive --now "$night"
    code "$NKS_BIN/nks" --home "$home" collect --now "$night"
    assert_eq "$1: exit code" "$code" 5
    nks "$home" list --limit 1 --now "$night"
    assert_eq "$1" "$(awk -F '\t' '$1 == "delivery" { print $5, $6 }' "$work/said")" "$2 $3"
}
echo 'an answer' >"$answer/a.xml"
collected "an unsigned answer" ODD DS0A
echo 'an answer' >"$answer/a.xml" && sign "$answer/a.xml" other
collected "a signed answer is read" ODD FF01

# ---- killed at each point of receive: the pair stays a pair
for point in receive.signature receive.taken receive.reading receive.spooled receive.row receive.signature-gone \
    receive.unlinked receive.done; do
    file_make proevebetaling && sign "$file" new && cp "$file.p7s" "$file" "$folder/"
    code env NKS_KILL_AT="$point" "$NKS_BIN/nks" --home "$home" receive --now "$night"
    if [ "$code" -ne 137 ]; then
        [ "$point" = receive.signature ] || fail "no kill at $point"
        skip "this build has no fault points"
        break
    fi
    judged "killed at $point" ACCEPTED ""
done
# killed between the two, and the sender drops another pair of that name: the newer signature goes with the newer file
file_make proevebetaling && sign "$file" new && cp "$file.p7s" "$file" "$folder/"
code env NKS_KILL_AT=receive.signature "$NKS_BIN/nks" --home "$home" receive --now "$night"
echo >>"$file" && sign "$file" new && dropped "a newer pair after a kill" ACCEPTED ""

# ---- where the home asks for persons, a certificate is pinned and ended by two, and only the one that was proposed
two=$work/two
home_init "$two"
sed -i 's/^required = no/required = yes/' "$two/nks.conf"
for id in an bo; do
    nks "$two" keys person make "$work/$id.key"
    nks "$two" keys person add "$id" --key "$work/$id.key.pub" --roles operator,approver --reason test --now "$night"
done
by() { # PERSON EXIT WORDS...
    person=$1
    expected=$2
    shift 2
    code "$NKS_BIN/nks" --home "$two" "$@" --now "$night" --person "$person" --person-key "$work/$person.key"
    assert_eq "$* by $person" "$code" "$expected"
}
signers_count() { # WHAT STATE EXPECTED
    nks "$two" keys signer list --now "$night"
    assert_eq "$1" "$(awk -F '\t' -v state="$2" '$1 == "signer" && $5 == state' "$work/said" | wc -l | tr -d ' ')" "$3"
}
code "$NKS_BIN/nks" --home "$two" keys signer import --now "$night" --reason r --sender proevebetaling "$pki/new.crt"
assert_eq "pinned by nobody" "$code" 6
by an 5 keys signer import --reason r --sender proevebetaling "$pki/new.crt"
by an 1 approve 1 "$pki/new.crt"
by bo 1 approve 1 "$pki/other.crt"
signers_count "signers before a second person approves" "in use" 0
by bo 0 approve 1 "$pki/new.crt"
signers_count "signers after that" "in use" 1
by bo 5 keys signer end 1 --reason r
signers_count "signers before the end is approved" "in use" 1
by an 0 approve 2
signers_count "signers after that end" ended 1

# ---- ends are told: the last signer of a party, and only that
nks "$home" keys signer list --now 2026-12-01T00:00:00Z
grep -q KEY-EXPIRES "$work/said" && fail "an end is told though there is a later signer"
code "$NKS_BIN/nks" --home "$home" status --now 2027-10-28T00:00:00Z
assert_eq "status within 7 days of an end" "$code" 5
grep -q 'KEY-EXPIRES: signer 5 of sender proeve-kommune ends in 4 days' "$work/said" || fail "an end is not told"
audit_clean "$home"
# ---- what was refused for its signature before a backup does not stand for what was read of the same bytes after it
file_make proevebetaling
rm -f "$file.p7s"
dropped "refused before the backup" REFUSED DS0A
home_keep "$home" before 2026-11-23T02:30:00Z
sign "$file" new
dropped "read after it" ACCEPTED "" 2026-11-23T02:40:00Z
night_run "$home" 2026-11-23T02:50:00Z
home_put_back "$home" before 2026-11-23T08:00:00Z
nks "$home" reconcile --reason test --now 2026-11-23T08:00:00Z
code "$NKS_BIN/nks" --home "$home" run --now 2026-11-23T08:10:00Z
assert_eq "a run before it is there again: exit" "$code" 5
checks=$((checks + 1))
grep -q LOST-WAITS "$work/said" || fail "the file that was read after the backup is not missed"
cp "$file.p7s" "$folder/"
cp "$file" "$folder/"
night_run "$home" 2026-11-23T08:20:00Z
audit_clean "$home"
test_end
