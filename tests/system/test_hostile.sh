#!/bin/sh
# Hostile and strange files: each gets its exact answer, soon, and in little memory; by `nks check` without a home, and
# dropped among good files, where nothing else stops. Public attacks from $NKS_SHARED as far as they are there.
#
# Ceilings: 2 s of processor time and 64 MiB for each of nks and its reader. With sanitizers (NKS_SANITIZE=ON) everything
# takes up to eight times as long, and memory is theirs: it is not judged.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
now=2026-11-20T02:10:00Z
limit_ms=2000
limit_kib=65536
if [ "${NKS_SANITIZE:-OFF}" = ON ]; then
    limit_ms=$((limit_ms * 8))
    limit_kib=0
    skip "memory is not judged in a build with sanitizers"
fi
ns=urn:iso:std:iso:20022:tech:xsd:pain.001.001.09
xsi='xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
xml='<?xml version="1.0" encoding="UTF-8"?>'
slowest=0
largest=0

# ---- messages: parts to be put together

head_of() { # MSGID [ATTRIBUTES]
    printf '<Document xmlns="%s"%s><CstmrCdtTrfInitn><GrpHdr><MsgId>%s</MsgId><CreDtTm>2026-11-20T01:00:00Z</CreDtTm>' \
        "$ns" "${2:+ $2}" "$1"
    printf '<NbOfTxs>1</NbOfTxs><InitgPty><Id><OrgId><Othr><Id>PSKAT-01</Id></Othr></OrgId></Id></InitgPty></GrpHdr><PmtInf>'
    printf '<PmtInfId>G1</PmtInfId><PmtMtd>TRF</PmtMtd><PmtTpInf><LclInstrm><Prtry>NKSTIB</Prtry></LclInstrm></PmtTpInf>'
    printf '<ReqdExctnDt><Dt>2026-11-23</Dt></ReqdExctnDt><Dbtr><Nm>Payer</Nm></Dbtr><DbtrAcct><Id><Othr>'
    printf '<Id>10010000000101</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId/></DbtrAgt>'
}

payment_of() { # E2E AMOUNT NAME ID
    printf '<CdtTrfTxInf><PmtId><EndToEndId>%s</EndToEndId></PmtId><Amt><InstdAmt Ccy="DKK">%s</InstdAmt></Amt>' "$1" "$2"
    printf '<Cdtr><Nm>%s</Nm><Id><PrvtId><Othr><Id>%s</Id><SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr>' \
        "$3" "$4"
    printf '</CdtTrfTxInf>'
}

tail_of() {
    printf '</PmtInf></CstmrCdtTrfInitn></Document>'
}

message() { # MSGID [E2E [AMOUNT [NAME [ID]]]]
    head_of "$1"
    payment_of "${2:-E-$1}" "${3-10.00}" "${4:-Modtager}" "${5:-0404445004}"
    tail_of
}

repeat() { # COUNT TEXT: with % for the number
    awk -v n="$1" -v t="$2" 'BEGIN { i = index(t, "%"); a = i ? substr(t, 1, i - 1) : t; b = i ? substr(t, i + 1) : ""
        for (k = 0; k < n; k++) if (i) printf "%s%d%s", a, k, b; else printf "%s", a }'
}

# ---- `nks check`: exit code, verdict, code and words; time and memory

# expect NAME VERDICT CODE WORDS: of the file $work/NAME.xml. WORDS is a pattern; a verdict GOOD has no finding.
expect() {
    file=$work/$1.xml
    case $2 in GOOD) exit=0 ;; *) exit=1 ;; esac
    code "$NKS_BIN/measure" "$work/measured" "$NKS_BIN/nks" check --now "$now" "$file"
    assert_eq "$1: exit" "$code" "$exit"
    assert_eq "$1: verdict" "$(awk -F '\t' '$1 == "file" { print $3 }' "$work/said")" "$2"
    if [ "$2" = GOOD ]; then
        assert_eq "$1: findings" "$(grep -c '^finding' "$work/said" || true)" 0
    else
        checks=$((checks + 1))
        awk -F '\t' -v code="$3" -v words="$4" '$1 == "finding" && $7 == code && $8 ~ words { found = 1 }
            END { exit !found }' "$work/said" || {
            fail "$1: no finding $3 with '$4'"
            head -n 5 "$work/said" >&2
        }
        assert_eq "$1: the reader lives" "$(grep -c 'gave up' "$work/said" || true)" 0
    fi
    read -r ms kib <"$work/measured"
    checks=$((checks + 1))
    [ "$ms" -le "$limit_ms" ] || fail "$1: $ms ms"
    [ "$limit_kib" -eq 0 ] || [ "$kib" -le "$limit_kib" ] || fail "$1: $kib KiB"
    [ "$ms" -le "$slowest" ] || slowest=$ms
    [ "$kib" -le "$largest" ] || largest=$kib
}

# ---- entities, document types, inclusions

{ printf '%s<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;"><!ENTITY n "&m;&m;&m;&m;&m;&m;&m;&m;">]>' "$xml"
    message B1 E1 10.00 '&n;'; } >"$work/bomb.xml"
expect bomb REFUSED FF01 'document type'
{ printf '<!DOCTYPE a SYSTEM "file:///etc/passwd">'; message B2; } >"$work/external.xml"
expect external REFUSED FF01 'document type'
{ printf '<!-- a --><?b c?>\n<!DOCTYPE a PUBLIC "-//x//y" "http://127.0.0.1:9/x">'; message B3; } >"$work/public.xml"
expect public REFUSED FF01 'document type'
{ head_of B4; printf '<!DOCTYPE a>'; payment_of E 1.00 A 0404445004; tail_of; } >"$work/late.xml"
expect late REFUSED FF01 'document type'
message B5 E1 10.00 '&undeclared;' >"$work/undeclared.xml"
expect undeclared REFUSED FF01 'entity|well-formed'
{ head_of B6; printf '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    tail_of; } >"$work/xinclude.xml"
expect xinclude REFUSED FF01 'PmtInf'
{ printf '<?xml-stylesheet href="file:///etc/passwd" type="text/xsl"?><?php echo 1?>'; message B7; printf '<?end?>\n'; } \
    >"$work/instructions.xml"
expect instructions GOOD
{ printf '%s%s' "$xml" "$xml"; message B8; } >"$work/two-declarations.xml"
expect two-declarations REFUSED FF01 '.'

# What xsi:schemaLocation names is never opened: a pipe without a writer would hold up whoever does.
mkfifo "$work/pipe"
{ head_of L1 "$xsi xsi:schemaLocation=\"$ns file://$work/pipe\""; payment_of E-L1 10.00 A 0404445004; tail_of; } \
    >"$work/location.xml"
expect location GOOD
{ head_of L2 "$xsi xsi:noNamespaceSchemaLocation=\"$work/pipe\""; payment_of E 10.00 A 0404445004; tail_of; } \
    >"$work/nowhere.xml"
code "$NKS_BIN/measure" "$work/measured" "$NKS_BIN/nks" check --now "$now" "$work/nowhere.xml"
[ "$code" -le 1 ] || fail "noNamespaceSchemaLocation: exit $code"
if have strace && strace -o /dev/null true 2>/dev/null; then
    code env ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=open,openat,connect -o "$work/trace" \
        "$NKS_BIN/nks" check --now "$now" "$work/location.xml" "$work/bomb.xml" "$work/external.xml" "$work/xinclude.xml"
    assert_eq "files that a message names and that were opened" \
        "$(grep -cE "$work/pipe|etc/passwd|connect\(" "$work/trace" || true)" 0
    assert_eq "the files themselves were opened" "$(grep -c "$work/bomb.xml" "$work/trace")" 1
else
    skip "no strace: which files are opened is told by the pipe alone"
fi

# ---- encodings

{ printf '\357\273\277%s' "$xml"; message C1; } >"$work/bom.xml"
expect bom GOOD
{ printf '\357\273\277'; message C2; } >"$work/bom-alone.xml"
expect bom-alone GOOD
{ printf '\357\273\277<?xml version="1.0" encoding="ISO-8859-1"?>'; message C3; } >"$work/bom-contradicted.xml"
expect bom-contradicted REFUSED FF01 'byte order mark'
{ printf '<?xml version="1.0" encoding="ISO-8859-1"?>'; message C4 E-C4 10.00 "$(printf '\305se')"; } >"$work/latin.xml"
expect latin GOOD
{ printf '<?xml version="1.0" encoding="ISO-8859-1"?>'; message C5 E 10.00 'Åse'; } >"$work/wrongly-declared.xml"
expect wrongly-declared GOOD
message C6 E 10.00 "$(printf '\305se')" >"$work/latin-undeclared.xml"
expect latin-undeclared REFUSED FF01 'encoding|character|well-formed'
{ printf '<?xml version="1.0" encoding="UTF-16"?>'; message C7; } >"$work/utf16-declared.xml"
expect utf16-declared REFUSED FF01 'encoding'
{ printf '<?xml version="1.0" encoding="EBCDIC-CP-DK"?>'; message C8; } >"$work/ebcdic.xml"
expect ebcdic REFUSED FF01 'encoding'
if have iconv; then
    for to in UTF-16LE UTF-16BE UTF-32LE UTF-32BE; do
        { printf '<?xml version="1.0" encoding="%s"?>' "$to"; message C9; } | iconv -f UTF-8 -t "$to" >"$work/$to.xml"
        expect "$to" REFUSED FF01 'encoding'
        { printf '\357\273\277'; message C9; } | iconv -f UTF-8 -t "$to" >"$work/$to-mark.xml"
        expect "$to-mark" REFUSED FF01 'encoding'
    done
else
    skip "no iconv: UTF-16 and UTF-32"
fi
n=0
for bytes in '\303' '\300\200' '\355\240\200' '\355\260\200' '\364\220\200\200' '\370\210\200\200\200' '\377' '\200' \
    '\357\277\276' '\001' '\013'; do
    n=$((n + 1))
    # shellcheck disable=SC2059 # they are octal
    message D1 E 10.00 "$(printf "A${bytes}B")" >"$work/bytes-$n.xml"
    expect "bytes-$n" REFUSED FF01 'encoding|character|well-formed'
done
n=0
for reference in '#0' '#xD800' '#xDFFF' '#xFFFE' '#x110000' '#1' '#' '#x' '#99999999999999999999' 'a b'; do
    n=$((n + 1))
    message D2 E 10.00 "A&$reference;B" >"$work/reference-$n.xml"
    expect "reference-$n" REFUSED FF01 '.'
done
{ message D3 | cut -c 1-400; printf '\000'; message D3 | cut -c 401-; } >"$work/zero.xml"
expect zero REFUSED FF01 'zero byte'
{ message D4; printf '\000'; } >"$work/zero-behind.xml"
expect zero-behind REFUSED FF01 'zero byte'

# ---- large

{ head_of F1; repeat 1000000 '<Id>'; } >"$work/deep.xml"
expect deep REFUSED FF01 'nested'
{ printf '<'; repeat 1000000 a; printf '>'; } >"$work/name-root.xml"
expect name-root REFUSED FF01 '.'
{ head_of F2; printf '<'; repeat 1048576 a; printf '/>'; tail_of; } >"$work/name.xml"
expect name REFUSED FF01 'tag'
{ head_of F3; payment_of E 10.00 "$(repeat 131072 N)" 0404445004; tail_of; } >"$work/text.xml"
expect text REFUSED FF01 'too (many|long)'
{ head_of F4; printf '<CdtTrfTxInf><PmtId><EndToEndId>'; repeat 4000000 x; } >"$work/text-open.xml"
expect text-open REFUSED FF01 'too many|longer'
{ head_of F5; printf '<CdtTrfTxInf'; repeat 100000 " a%='1'"; printf '/>'; tail_of; } >"$work/attributes.xml"
expect attributes REFUSED FF01 'attributes|tag'
{ head_of F6; printf '<CdtTrfTxInf'; repeat 3000 " a%='1'"; printf '/>'; tail_of; } >"$work/attributes-few.xml"
expect attributes-few REFUSED FF01 'attributes'
{ head_of F7; printf '<CdtTrfTxInf'; repeat 2000 " xmlns:a%='u%'"; printf '/>'; tail_of; } >"$work/namespaces.xml"
expect namespaces REFUSED FF01 '.'
{ head_of F8; printf '<CdtTrfTxInf><PmtId><EndToEndId>'; repeat 1000000 '&#65;'; printf '</EndToEndId>'; } \
    >"$work/references.xml"
expect references REFUSED FF01 'too many|longer'
{ head_of F9; repeat 3000000 '<a%/>'; tail_of; } >"$work/names.xml"
expect names REFUSED FF01 '.'
{ head_of G1; repeat 3000000 '<?a%?>'; tail_of; } >"$work/targets.xml"
expect targets REFUSED FF01 'names'
{ printf '<!--'; repeat 3000000 'x-'; printf 'x-->'; message G2; } >"$work/comment.xml"
expect comment REFUSED FF01 '.'
{ head_of G3; printf '<![CDATA['; repeat 3000000 ']]'; } >"$work/cdata.xml"
expect cdata REFUSED FF01 'tag'
{ message G4; repeat 2000000 ' '; } >"$work/blanks-behind.xml"
expect blanks-behind REFUSED FF01 'between two tags'
{ repeat 2000000 '\n'; message G5; } >"$work/blanks-before.xml"
expect blanks-before REFUSED FF01 '.'
{ head_of G6; repeat 200000 '<CdtTrfTxInf/>'; tail_of; } >"$work/wrong-payments.xml"
expect wrong-payments REFUSED FF01 'CdtTrfTxInf'
: >"$work/empty.xml"
expect empty REFUSED FF01 'ends before'

# ---- what stands where

message H1 >"$work/one.xml"
{ cat "$work/one.xml"; cat "$work/one.xml"; } >"$work/two-documents.xml"
expect two-documents REFUSED FF01 'after its last'
{ cat "$work/one.xml"; printf '%s' "$xml"; cat "$work/one.xml"; } >"$work/two-files.xml"
expect two-files REFUSED FF01 '.'
{ cat "$work/one.xml"; printf 'x'; } >"$work/text-behind.xml"
expect text-behind REFUSED FF01 'after its last'
{ head_of H2; head_of H2; payment_of E 1.00 A 0404445004; tail_of; tail_of; } >"$work/nested.xml"
expect nested REFUSED FF01 'PmtInf'
size=$(wc -c <"$work/one.xml")
for part in 1 10 50 90 99; do
    head -c $((size * part / 100)) "$work/one.xml" >"$work/cut-$part.xml"
    expect "cut-$part" REFUSED FF01 '.'
done
head -c $((size - 1)) "$work/one.xml" >"$work/cut-last.xml"
expect cut-last REFUSED FF01 '.'

# ---- values: id of the message, amount, id of the payee

nbsp=$(printf '\302\240')
message 'I<!-- c -->1' 'E<![CDATA[-<&>-]]>1' '1<!-- c -->0.<![CDATA[00]]>' 'A<?b c?>B' '0404<!-- -->445004' \
    >"$work/markup.xml"
expect markup GOOD
message "I${nbsp}2" "E${nbsp}2" >"$work/nbsp-id.xml"
expect nbsp-id GOOD
message I3 E3 10.00 A "0404${nbsp}445004" >"$work/nbsp-payee.xml"
expect nbsp-payee PARTLY BE06 'form'
message I4 E4 "10${nbsp}.00" >"$work/nbsp-amount.xml"
expect nbsp-amount REFUSED FF01 'InstdAmt'
message ' I5' >"$work/blank-before.xml"
expect blank-before REFUSED FF01 'MsgId'
message 'I6 ' >"$work/blank-after.xml"
expect blank-after GOOD
message "$(printf 'I\n7')" >"$work/two-lines.xml"
expect two-lines REFUSED FF01 'MsgId'
message ' ' >"$work/blank.xml"
expect blank REFUSED FF01 'MsgId'
message '' | sed 's|<MsgId>[^<]*|<MsgId>|' >"$work/nothing.xml"
expect nothing REFUSED FF01 'MsgId'
message I8 'E 8 ' >"$work/e2e-blank-after.xml"
expect e2e-blank-after GOOD
message I9 E9 10.00 A ' 0404445004 ' >"$work/payee-blanks.xml"
expect payee-blanks GOOD
n=0
for amount in -0.00 1e3 +0.00 -1.00 +1.00 1E+3 0x10 1.00E0 INF NaN 1. .5 1,00 ' 1.00' '1.00 ' 1_000 '１.００' '1 000.00' ''; do
    n=$((n + 1))
    message J1 E "$amount" >"$work/amount-$n.xml"
    expect "amount-$n" REFUSED FF01 'InstdAmt'
done
message J2 E 0.00 >"$work/amount-zero.xml"
expect amount-zero PARTLY AM01 'zero'
message J3 E 0.001 >"$work/amount-small.xml"
expect amount-small PARTLY AM12 'amount'
message J4 E-J4 1.00000 >"$work/amount-five.xml"
expect amount-five GOOD
message J5 E 0000000000001.00 >"$work/amount-zeroes.xml"
expect amount-zeroes GOOD

# ---- the public attacks

if [ -d "$NKS_SHARED/hostile" ]; then
    find "$NKS_SHARED/hostile" -type f | sort >"$work/attacks"
    n=0
    while read -r attack; do
        n=$((n + 1))
        cp "$attack" "$work/public-$n.xml"
        expect "public-$n" REFUSED FF01 '.'
        ! grep -q 'root:' "$work/said" || fail "${attack##*/}: tells what is in another file"
    done <"$work/attacks"
else
    skip "no attacks in $NKS_SHARED/hostile"
fi
echo "slowest: $slowest ms of processor time; largest: $largest KiB"

# ---- a file that changes while it is read

# stopped WORDS…: runs them in the background until a point halts them
stopped() {
    "$@" >"$work/said" 2>&1 &
    halted=$!
    tries=0
    until grep -q '^State:.*T (stopped)' "/proc/$halted/status" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -le 600 ] || die "never halted: $*"
        sleep 0.1
    done
}

goes_on() {
    kill -CONT "$halted"
    code=0
    wait "$halted" || code=$?
}

home_make "$work/changing"
rm -rf "$work"/changing/in/sender/*
drop=$work/changing/in/sender/proeveskat
mkdir -p "$drop"
code env NKS_KILL_AT=check.reading "$NKS_BIN/nks" check "$work/one.xml"
if [ "$code" -ne 0 ] && [ "$code" -ne 1 ] && [ -d /proc/self ]; then
    cp "$work/one.xml" "$work/growing.xml"
    stopped env NKS_STOP_AT=check.reading "$NKS_BIN/nks" check --now "$now" "$work/growing.xml"
    echo '<!-- more -->' >>"$work/growing.xml"
    goes_on
    assert_eq "a file that grows while it is checked: exit" "$code" 1
    grep -q 'changed while it was read' "$work/said" || fail "check does not say that the file changed"
    message K1 >"$drop/growing.xml"
    stopped env NKS_STOP_AT=receive.reading "$NKS_BIN/nks" --home "$work/changing" run --now "$now"
    message K2 >"$drop/.taken/growing.xml"
    goes_on
    assert_eq "a file that changes while it is received: exit" "$code" 0
    assert_eq "it is not read" "$(find "$work/changing/out/sender" -name '*.xml' 2>/dev/null | wc -l)" 0
    assert_eq "and waits" "$(ls "$drop/.taken")" growing.xml
    night_run "$work/changing" "$now"
    assert_eq "the next run reads it" "$(cat "$work"/changing/out/sender/proeveskat/*.xml | grep -c '<OrgnlMsgId>K2<')" 1
    nothing_left "$work/changing"
    audit_clean "$work/changing"
else
    skip "no fault points in this build: a file that changes while it is read"
fi

# ---- dropped among good files: each gets its pain.002, and nothing else stops

home_make "$work/home"
rm -rf "$work"/home/in/sender/*
drop=$work/home/in/sender/proeveskat
mkdir -p "$drop"
refused="bomb external xinclude bom-contradicted latin-undeclared utf16-declared bytes-3 reference-2 zero deep text
    attributes references names targets comment two-documents cut-50 cut-last empty blank amount-1 amount-2 nbsp-amount"
accepted="instructions location bom latin markup nbsp-id blank-after amount-five payee-blanks"
for name in $refused $accepted nbsp-payee; do
    cp "$work/$name.xml" "$drop/$name.xml"
done
message Z1 >"$drop/zz-good.xml"
code "$NKS_BIN/measure" "$work/measured" "$NKS_BIN/nks" --home "$work/home" run --now "$now"
assert_eq "a night of hostile files: exit" "$code" 0
read -r ms kib <"$work/measured"
[ "$limit_kib" -eq 0 ] || [ "$kib" -le "$limit_kib" ] || fail "the night took $kib KiB"
echo "the night: $ms ms of processor time, $kib KiB"
receipts=$work/home/out/sender/proeveskat
for name in $refused; do
    receipt=$(grep -l "<AddtlInf>file $name.xml, SHA-256 " "$receipts"/*.xml || true)
    [ -n "$receipt" ] || { fail "$name has no receipt"; continue; }
    # The receipt is in the charset of the question: only ASCII of it is looked at.
    assert_eq "$name: answer" "$(sed -n 's/.*<GrpSts>\([^<]*\)<.*<StsRsnInf><Rsn><Cd>\([^<]*\)<.*/\1 \2/p' "$receipt")" \
        "RJCT FF01"
    ! grep -q 'gave up' "$receipt" || fail "$name: the reader died of it"
done
# All that was accepted, by the ids that were written: what stands in a value is what the payer meant.
for id in B7 L1 C1 C4 I1 "I${nbsp}2" I6 J4 I9 Z1; do
    assert_eq "$id: accepted" "$(cat "$receipts"/*.xml |
        sed -n "s/.*<OrgnlMsgId>$id *<.*<GrpSts>\([^<]*\)<.*/\1/p" | sort -u)" ACTC
done
assert_eq "the payee with a non-breaking space" "$(cat "$receipts"/*.xml |
    sed -n 's/.*<OrgnlMsgId>I3<.*<GrpSts>\([^<]*\)<.*/\1/p' | sort -u)" RJCT
cat "$work"/home/out/central/*/*.xml >"$work/orders"
assert_eq "payments in order files" "$(grep -c '<CdtTrfTxInf>' "$work/orders")" 10
assert_eq "an id of CDATA and comments" "$(grep -c '<EndToEndId>E-&lt;&amp;&gt;-1<' "$work/orders")" 1
assert_eq "an id with a non-breaking space" "$(grep -c "<EndToEndId>E${nbsp}2<" "$work/orders")" 1
assert_eq "a name of another charset" "$(grep -c '<Nm>Åse<' "$work/orders")" 1
assert_eq "amounts" "$(grep -o '<InstdAmt Ccy="DKK">[^<]*' "$work/orders" | sort | uniq -c | awk '{ print $1, $3 }' |
    tr '\n' ';')" '1 Ccy="DKK">1.00;9 Ccy="DKK">10.00;'
out_valid "$work/home/out"
out_recounted "$work/home"
nothing_left "$work/home"
audit_clean "$work/home"

test_end
