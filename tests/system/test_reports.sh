#!/bin/sh
# What senders and payers are told: at which moments, in which words, charset and version, and what never shows. And that
# `nks check --agreement` gives the very bytes that a night gives.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
early=2026-11-16T02:10:00Z # nothing of the small night is due yet
later=2026-11-23T05:40:00Z
mkdir "$work/tmp"

has() { # WHAT FILE TEXT
    checks=$((checks + 1))
    LC_ALL=C grep -qF -e "$3" "$2" || fail "$1: ${2##*/} does not say $3"
}
lacks() { # WHAT FILE TEXT
    checks=$((checks + 1))
    ! LC_ALL=C grep -qF -e "$3" "$2" || fail "$1: ${2##*/} says $3"
}
# agreements FILE LEVEL "ACCOUNT,DEBT,LANGUAGE": those of the small night with these columns; level "" stays as it is
agreements() {
    sed -e "s/,\(ALL\|EXCEPTIONS\|END\),\(SAME\|03\|10\),/,${2:-\\1},\\2,/" \
        -e '1s/$/,payer_kind,report_account,report_debt,reason_language/' -e "2,\$s/\$/,PUBLIC,$3/" \
        "$small/agreements.csv" >"$1"
}
# check NOW SENDER WORDS...: the rehearsal; standard output in $work/answer, exit code in $code
check() {
    check_now=$1 check_sender=$2
    shift 2
    code=0
    TMPDIR=$work/tmp "$NKS_BIN/nks" check --now "$check_now" --agreement "$data" --centrals "$small/centrals.csv" \
        --sender "$check_sender" "$@" >"$work/answer" 2>"$work/said" || code=$?
    [ "$code" -le 1 ] || {
        cat "$work/said" >&2
        fail "nks check $*: exit $code"
    }
    assert_eq "files left by nks check" "$(ls "$work/tmp")" ""
}
home_with() { # HOME AGREEMENTS [without debts]
    mkdir -p "$work/data"
    cp "$small"/*.csv "$work/data/"
    cp "$2" "$work/data/agreements.csv"
    [ -z "${3:-}" ] || rm "$work/data/debts.csv"
    home_init "$1" "$work/data"
    cp -R "$small/in/." "$1/in/"
}

# ---- check is the night: every file of every sender, when nothing is due and when most is
data=$small/agreements.csv
for now in $early $night; do
    home=$work/same-$now
    home_make "$home"
    night_run "$home" "$now"
    out_valid "$home/out"
    audit_clean "$home"
    for folder in "$small"/in/sender/*; do
        sender=${folder##*/}
        rm -rf "$work/answers"
        mkdir "$work/answers"
        check "$now" "$sender" --out "$work/answers" "$folder"/*.xml
        assert_eq "receipts of $sender" "$(find "$work/answers" -name '*-r0001*' | wc -l)" \
            "$(find "$home/out/sender/$sender" -name '*.xml' | wc -l)"
        for answer in "$work/answers"/*.xml; do
            name=${answer##*/}
            case $name in # a repeated answer is named after the number of the delivery, which counts all senders
            *-again-*) twin=$(find "$home/out" -name "${name%-again-*}-again-*.xml") ;;
            *) twin=$(find "$home/out" -name "$name") ;;
            esac
            assert_same "$now $sender $name: check and night" "$answer" "$twin"
        done
    done
done
# one file, its bytes on standard output
check "$night" proeve-kommune "$small/in/sender/proeve-kommune/20-afviste.xml"
assert_same "standard output" "$work/answer" \
    "$work/same-$night/out/sender/proeve-kommune/nks-554HJWZWP1XZBXXA-r0001.xml"
assert_eq "exit code: a payment is rejected" "$code" 1
check "$early" proeveskat "$small/in/sender/proeveskat/20-virksomheder.xml"
cat "$work/same-$early/out/sender/proeveskat/nks-3V7FKAF9FYF59RPY-r0001.xml" \
    "$work/same-$early/out/payer/proeveskat/nks-3V7FKAF9FYF59RPY-s0001.xml" >"$work/both"
assert_same "receipt and report" "$work/answer" "$work/both"
assert_eq "exit code: all is well" "$code" 0

# ---- moments and levels
home=$work/same-$early
told() { # HOME: the status reports, by payer
    (cd "$1/out/payer" && find . -name '*.xml' | sed 's|^\./||; s|/nks-[^-]*-|/|' | sort | uniq -c | awk '{ print $1 $2 }' | tr '\n' ' ')
}
assert_eq "after checking, days ahead" "$(told "$home")" \
    "1proeve-region/s0001.xml 1proeve-skole/s0001.xml 2proeveskat/s0001.xml "
first=$home/out/payer/proeveskat/nks-3V7FKAF9FYF59RPY-s0001.xml
has "after checking" "$first" '<GrpSts>ACTC</GrpSts><NbOfTxsPerSts><DtldNbOfTxs>9</DtldNbOfTxs><DtldSts>ACTC</DtldSts>'
assert_eq "after checking: every payment" "$(grep -c '<TxSts>ACTC</TxSts>' "$first")" 9
night_run "$home" "$early"
assert_eq "again, nothing new" "$(told "$home")" "1proeve-region/s0001.xml 1proeve-skole/s0001.xml 2proeveskat/s0001.xml "
night_run "$home" "$night"
assert_eq "after routing" "$(told "$home")" \
    "1proeve-region/s0001.xml 1proeve-region/s0002.xml 1proeve-skole/s0001.xml 1proeve-skole/s0002.xml 1proevebetaling/s0001.xml 2proeveskat/s0001.xml 2proeveskat/s0002.xml "
has "after routing" "$home/out/payer/proeveskat/nks-3V7FKAF9FYF59RPY-s0002.xml" '<TxSts>ACWC</TxSts><StsRsnInf><Rsn><Cd>BE06</Cd>'
audit_clean "$home"

# answers from the centrals: every order file settled; then nothing is left to tell anybody
settle() { # HOME [STATUS]
    for order in "$1"/out/central/*/*.xml; do
        bank_answers "$1" "$order" "${2:-ACSC}"
    done
}
settle "$home"
night_run "$home" "$later"
assert_eq "all settled: ALL and END are told, EXCEPTIONS is not" "$(told "$home" | tr ' ' '\n' | grep -v 's000[12]' | tr '\n' ' ')" \
    "1proeve-region/s0003.xml 1proeve-skole/s0003.xml 2proeveskat/s0003.xml "
assert_eq "END: one report for each file" "$(told "$home" | tr ' ' '\n' | grep kommune)" "2proeve-kommune/s0001.xml"
has "END" "$home/out/payer/proeve-kommune/nks-554HJWZWP1XZBXXA-s0001.xml" \
    '<DtldNbOfTxs>4</DtldNbOfTxs><DtldSts>ACSC</DtldSts>'
told "$home" >"$work/before"
night_run "$home" "$later"
told "$home" >"$work/after"
assert_same "nothing is told twice" "$work/before" "$work/after"
# No two reports of a batch say the same.
for batch in "$home"/out/payer/*/nks-*-s0001.xml; do
    for report in "${batch%s0001.xml}"s*.xml; do
        sed '/<GrpHdr>/d' "$report" | cksum
    done
done >"$work/contents"
assert_eq "reports of the same content" "$(sort "$work/contents" | uniq -d)" ""
out_valid "$home/out"
audit_clean "$home"

# ---- level ALL is told what an answer made final, and each payment once; the counts are those of all
home=$work/news
home_copy "$work/same-$night" "$home"
order=$(grep -l '>OST26-0012<' "$home"/out/central/*/*.xml | head -n 1)
to=${order%/*}
to=$home/in/central/${to##*/}
line=$(grep -F '<EndToEndId>OST26-0012</EndToEndId>' "$order")
leg=$(echo "$line" | sed 's/.*<InstrId>\([^<]*\)<.*/\1/')
amount=$(echo "$line" | sed 's/.*<InstdAmt Ccy="DKK">\([^<]*\)<.*/\1/')
stem=$(grep -l '>OST26-0012<' "$home"/out/payer/proeveskat/*-s0001.xml)
stem=${stem%s0001.xml}
names() { # FILE: the payments it names
    sed -n 's/.*<OrgnlEndToEndId>\([^<]*\)<.*/\1/p' "$1" | sort
}
counted() { # FILE: payments in the counts of the whole message
    grep '<OrgnlGrpInfAndSts>' "$1" | grep -o '<DtldNbOfTxs>[0-9]*' | awk -F '>' '{ n += $2 } END { print n }'
}
mkdir -p "$to"
cat >"$to/one.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-ONE</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>$(sed -n 's/.*<MsgId>\([^<]*\)<.*/\1/p' "$order" | head -n 1)</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>X</OrgnlPmtInfId><TxInfAndSts><OrgnlInstrId>$leg</OrgnlInstrId><TxSts>ACSC</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>
END
night_run "$home" "$later"
assert_eq "one settled: named" "$(names "${stem}s0002.xml")" OST26-0012
assert_eq "one settled: counts" "$(counted "${stem}s0002.xml")" "$(names "${stem}s0001.xml" | wc -l)"
settle "$home"
night_run "$home" "$later"
names "${stem}s0003.xml" >"$work/rest"
grep '<TxSts>AC' "${stem}s0001.xml" >"$work/sent.xml"
names "$work/sent.xml" | grep -vx OST26-0012 >"$work/rest.expected"
[ -s "$work/rest.expected" ] || fail "nothing else was sent"
assert_same "the rest settled: named" "$work/rest" "$work/rest.expected"
assert_eq "the rest settled: counts" "$(counted "${stem}s0003.xml")" "$(names "${stem}s0001.xml" | wc -l)"
mkdir -p "$to"
cat >"$to/back.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>BANK-BACK</MsgId><CreDtTm>2026-11-24T15:00:00</CreDtTm></GrpHdr>
<Ntfctn><Id>N1</Id><CreDtTm>2026-11-24T15:00:00</CreDtTm><Acct><Id><Othr><Id>10010000000101</Id></Othr></Id></Acct>
<Ntry><Amt Ccy="DKK">$amount</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-24</Dt></BookgDt><ValDt><Dt>2026-11-24</Dt></ValDt>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><InstrId>$leg</InstrId></Refs><Amt Ccy="DKK">$amount</Amt><CdtDbtInd>CRDT</CdtDbtInd><RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>
END
night_run "$home" 2026-11-24T16:00:00Z
assert_eq "it came back after all: named again" "$(names "${stem}s0004.xml")" OST26-0012
has "it came back after all" "${stem}s0004.xml" '<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AM04</Cd>'
out_valid "$home/out/payer"
audit_clean "$home"

# ---- a debt never shows: with debts and without, the payer is told the same, byte for byte, whatever banks answer
agreements "$work/quiet.csv" ALL yes,no,en
for debts in with without; do
    home=$work/$debts
    home_with "$home" "$work/quiet.csv" "$([ $debts = with ] || echo without)"
    night_run "$home"
done
compare_reports() { # WHAT
    checks=$((checks + 1))
    for debts in with without; do
        rm -rf "$work/told-$debts"
        cp -R "$work/$debts/out/payer" "$work/told-$debts"
        find "$work/told-$debts" -name '*.p7s' -exec rm -f {} +
    done
    diff -r "$work/told-with" "$work/told-without" >"$work/debt.diff" || {
        fail "$1: the payer can see who has debts"
        head -n 10 "$work/debt.diff" >&2
    }
}
has "there are debts" "$(grep -l 'OST26-0005' "$work"/with/out/central/central-vest/*.xml | head -n 1)" '>30030000000701<'
compare_reports "after routing"
# A debt's leg alone is answered: no report, or its mere coming would tell.
order=$(grep -l 'OST26-0005' "$work"/with/out/central/central-vest/*.xml | head -n 1)
leg=$(grep -F '<EndToEndId>OST26-0005</EndToEndId>' "$order" | sed -n '1s/.*<InstrId>\([^<]*\)<.*/\1/p')
mkdir -p "$work/with/in/central/central-vest"
cat >"$work/with/in/central/central-vest/debt.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-DEBT</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>$(sed -n 's/.*<MsgId>\([^<]*\)<.*/\1/p' "$order" | head -n 1)</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>OST-A</OrgnlPmtInfId><TxInfAndSts><OrgnlInstrId>$leg</OrgnlInstrId><TxSts>ACSC</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>
END
night_run "$work/with" "$later"
compare_reports "after an answer for a debt's leg"
for debts in with without; do
    settle "$work/$debts"
    night_run "$work/$debts" "$later"
done
compare_reports "after all answers"
assert_eq "there were answers" "$(find "$work/with/out/payer" -name '*-s0002.xml' | wc -l)" 7
out_valid "$work/with/out/payer"
audit_clean "$work/with"

# ---- the account used, and none where debts may be taken and may not show
report=$work/with/out/payer/proeve-region
has "BBAN" "$report"/*s0001.xml '<OrgnlTxRef><CdtrAcct><Id><Othr><Id>70'
has "as the payer wrote it" "$work"/with/out/payer/proevebetaling/*s0001.xml '<OrgnlTxRef><CdtrAcct><Id><IBAN>SE4550000000058398257466</IBAN></Id></CdtrAcct></OrgnlTxRef>'
has "payment slip" "$work"/with/out/payer/proevebetaling/*s0001.xml '<Othr><Id>12345678</Id><SchmeNm><Prtry>OCR</Prtry></SchmeNm></Othr></Id><Tp><Prtry>FIK71</Prtry></Tp>'
has "error account" "$work"/with/out/payer/proevebetaling/*s0001.xml '<TxSts>ACWC</TxSts><StsRsnInf><Rsn><Cd>BE06</Cd></Rsn><AddtlInf>the payee has no account in the register; the money went to the payer'"'"'s error account</AddtlInf></StsRsnInf><OrgnlTxRef><CdtrAcct><Id><Othr><Id>10020000000209</Id>'
grep -h 'OST26-00\(02\|05\|06\)<' "$work"/with/out/payer/proeveskat/*-BNG*s0001.xml "$work"/with/out/payer/proeveskat/*s0001.xml | sort -u >"$work/lines"
lacks "may be set off" "$work/lines" OrgnlTxRef
grep -h 'OST26-00\(12\|15\)<' "$work"/with/out/payer/proeveskat/*s0001.xml >"$work/lines"
assert_eq "complete, and an ydelsesart that is not set off" "$(grep -c OrgnlTxRef "$work/lines")" 2
if grep -rqF OrgnlTxRef "$work/same-$night/out"; then fail "an account is told that no agreement asked for"; fi

# ---- a debt shows where the agreement says so; Danish words
agreements "$work/open.csv" ALL yes,yes,da
home_with "$work/open" "$work/open.csv"
night_run "$work/open"
report=$(grep -l OST26-0005 "$work"/open/out/payer/proeveskat/*s0001.xml)
has "debt" "$report" 'OST26-0005</OrgnlEndToEndId><TxSts>ACCP</TxSts><StsRsnInf><Rsn><Cd>NARR</Cd></Rsn><AddtlInf>1500.00 DKK af beløbet er gået til dækning af gæld</AddtlInf></StsRsnInf><OrgnlTxRef><CdtrAcct><Id><Othr><Id>70010000001008<'
lacks "no debt" "$report" 'OST26-0004</OrgnlEndToEndId><TxSts>ACCP</TxSts><StsRsnInf>'
has "Danish" "$report" 'modtageren har ingen konto i registret; pengene er sat på ventekontoen'
has "Danish, left out" "$report" 'bankens meddelelsesversion kan ikke bære alt; en del er udeladt; '
receipt=$work/open/out/sender/proeve-kommune/nks-554HJWZWP1XZBXXA-r0001.xml
has "Danish receipt" "$receipt" '<Cd>AM01</Cd></Rsn><AddtlInf>beløbet er nul</AddtlInf>'
lacks "Danish receipt" "$receipt" ' the '
has "Danish refusal" "$work/open/out/sender/proeveskat/nks-KVRWC770C6QRGEKR-r0001.xml" '<AddtlInf>CtrlSum er ikke summen af beløbene</AddtlInf>'
has "Danish, of a file nobody could read" "$(grep -l 'fil 91-doctype.xml' "$work"/open/out/sender/proeveskat/*.xml)" 'ikke tilladt: en dokumenttypeerklæring eller en entitet er ikke tilladt'
out_valid "$work/open/out"
audit_clean "$work/open"

# ---- in the charset and version of the question, with what the charset cannot carry; at every moment, and valid
# variant FILE ENCODING TAG OUT: its ids get the tag and characters that are not ASCII
variant() {
    tagged=$(iconv -f "$(sed -n '1s/.*encoding="\([^"]*\)".*/\1/p' "$1")" -t UTF-8 "$1" |
        sed -e '1s/encoding="[^"]*"/encoding="'"$2"'"/' -e "/<EndToEndId>/s/26-/$3-/" -e "s|<MsgId>.*</MsgId>|<MsgId>Ø€ł-$3</MsgId>|" \
            -e 's|<EndToEndId>\(OST\|AFV\)|<EndToEndId>\1€ł|')
    case $2 in
    ISO-8859-1) printf '%s\n' "$tagged" | sed 's/€/\&#8364;/g; s/ł/\&#322;/g' | iconv -f UTF-8 -t "$2" ;;
    ISO-8859-15) printf '%s\n' "$tagged" | sed 's/ł/\&#322;/g' | iconv -f UTF-8 -t "$2" ;;
    *) printf '%s\n' "$tagged" ;;
    esac >"$4"
}
home=$work/charsets
agreements "$work/all.csv" ALL yes,yes,da
home_with "$home" "$work/all.csv"
rm -rf "$home"/in/sender/*
mkdir -p "$home/in/sender/proeveskat" "$home/in/sender/proeve-kommune"
number=10
for encoding in UTF-8 ISO-8859-1 ISO-8859-15; do
    number=$((number + 1))
    variant "$small/in/sender/proeveskat/10-overskydende-skat.xml" $encoding $number "$home/in/sender/proeveskat/$number.xml"
    variant "$small/in/sender/proeve-kommune/20-afviste.xml" $encoding $number "$home/in/sender/proeve-kommune/$number.xml"
done
cp -R "$home/in/sender" "$work/variants"
data=$work/all.csv
check "$early" proeve-kommune "$work"/variants/proeve-kommune/*.xml
assert_eq "answers: a receipt and a report of each" "$(grep -ac '<?xml' "$work/answer")" 6
night_run "$home" "$early"
night_run "$home" "$night"
settle "$home" RJCT
night_run "$home" "$later"
out_valid "$home/out"
for encoding in UTF-8 ISO-8859-1 ISO-8859-15; do
    for version in 03 10; do
        for moment in r0001 s0001 s0002 s0003; do
            checks=$((checks + 1))
            found=$(find "$home"/out/sender "$home"/out/payer -name "*-$moment.xml" -exec grep -al "encoding=\"$encoding\"" {} + |
                xargs grep -al "pain.002.001.$version\"" | wc -l)
            [ "$found" -eq 1 ] || fail "$encoding .$version $moment: $found reports"
        done
    done
done
utf8=$(grep -l 'encoding="UTF-8"' "$home"/out/payer/proeve-kommune/*s0001.xml)
for encoding in ISO-8859-1 ISO-8859-15; do
    other=$(grep -al "encoding=\"$encoding\"" "$home"/out/payer/proeve-kommune/*s0001.xml)
    iconv -f $encoding -t UTF-8 "$other" | sed -e '1d; /<GrpHdr>/d' -e 's/&#8364;/€/g; s/&#322;/ł/g; s/\(OST\|AFV\)\(€ł\)*1[123]-/\1-/g; s/-1[123]</</g' >"$work/decoded"
    sed -e '1d; /<GrpHdr>/d' -e 's/\(OST\|AFV\)\(€ł\)*1[123]-/\1-/g; s/-1[123]</</g' "$utf8" >"$work/plain"
    assert_same "$encoding says what UTF-8 says" "$work/decoded" "$work/plain"
    has "$encoding" "$other" "$(printf '<AddtlInf>bel\370bet er nul</AddtlInf>')"
done
has "ISO-8859-1 has no euro" "$(grep -al 'encoding="ISO-8859-1"' "$home"/out/payer/proeve-kommune/*s0001.xml)" '&#8364;&#322;'
has "ISO-8859-15 has one" "$(grep -al 'encoding="ISO-8859-15"' "$home"/out/payer/proeve-kommune/*s0001.xml)" "$(printf '\244&#322;')"

# ---- cut off anywhere: the answer has what was read before
mkdir "$work/cut" "$work/cut-answers"
for encoding in ISO-8859-15 UTF-8; do
    source=$work/variants/proeve-kommune/$([ $encoding = UTF-8 ] && echo 11 || echo 13).xml
    head_end=$(grep -abo '</GrpHdr>' "$source" | cut -d : -f 1)
    for at in 0 20 60 150 200 $((head_end - 30)) $((head_end + 8)) $((head_end + 9)) $((head_end + 200)) 3000 6001; do
        head -c $at "$source" >"$work/cut/$encoding-$(printf %05d $at).xml"
    done
    # not cut, but broken behind the header
    { head -c $((head_end + 400)) "$source"; printf '<wrong>&</x>'; } >"$work/cut/$encoding-broken.xml"
done
data=$work/all.csv
check "$night" proeve-kommune --json --out "$work/cut-answers" "$work"/cut/*.xml
assert_eq "cut files" "$(grep -c '"type":"answer"' "$work/answer")" "$(find "$work/cut" -type f | wc -l)"
sed -n 's/.*"type":"answer","file":"\([^"]*\)".*"path":"\([^"]*\)".*/\1 \2/p' "$work/answer" >"$work/cut.list"
while read -r file path; do
    cut_file=$work/cut/$file
    has "$file" "$path" '<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn>'
    if grep -aq '</GrpHdr>' "$cut_file"; then
        has "$file" "$path" '<OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId>'
        lacks "$file" "$path" NOTPROVIDED
    else
        has "$file" "$path" '<OrgnlMsgId>NOTPROVIDED</OrgnlMsgId>'
    fi
    # with the whole start tag of Document, charset and version are known
    if grep -aq '<Document[^>]*>' "$cut_file"; then
        has "$file" "$path" "encoding=\"${file%-*}\""
        has "$file" "$path" 'pain.002.001.03"'
    fi
done <"$work/cut.list"
out_valid "$work/cut-answers"

# ---- groups over several slices stand once, with the counts of all of it
{
    echo '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr><MsgId>MANY</MsgId><CreDtTm>2026-11-22T18:00:00Z</CreDtTm><NbOfTxs>20005</NbOfTxs><InitgPty><Nm>P</Nm></InitgPty></GrpHdr>'
    awk 'function group(id, date) {
            print "<PmtInf><PmtInfId>" id "</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>" date "</Dt></ReqdExctnDt><Dbtr><Nm>P</Nm></Dbtr><DbtrAcct><Id><Othr><Id>60010000000401</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>PRVEDK2V</BICFI></FinInstnId></DbtrAgt>"
        }
        function payment(amount) {
            print "<CdtTrfTxInf><PmtId><EndToEndId>M-" ++n "</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"DKK\">" amount "</InstdAmt></Amt><Cdtr><Id><PrvtId><Othr><Id>0101415001</Id><SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr></CdtTrfTxInf>"
        }
        BEGIN {
            group("FIRST", "2026-12-10"); payment("1.00"); payment("0.00"); print "</PmtInf>"
            group("LONG", "2026-12-01"); for (i = 1; i <= 20001; i++) payment(i % 5000 == 1 ? "0.00" : "2.00"); print "</PmtInf>"
            group("LAST", "2026-12-01"); payment("3.00"); payment("0.00"); print "</PmtInf>"
        }'
    echo '</CstmrCdtTrfInitn></Document>'
} >"$work/many.xml"
check "$night" datacenter-nord "$work/many.xml"
sed -n 's/.*<OrgnlPmtInfId>\([^<]*\)<.*<PmtInfSts>\([^<]*\)<\/PmtInfSts>/\1 \2 /p' "$work/answer" |
    sed 's/<[^>]*>/ /g; s/  */ /g; s/ $//' | sort -u >"$work/groups"
cat >"$work/groups.expected" <<'END'
FIRST PART 1 ACTC 1.00 1 RJCT 0.00
LAST PART 1 ACTC 3.00 1 RJCT 0.00
LONG PART 19996 ACTC 39992.00 5 RJCT 0.00
END
sort "$work/groups.expected" -o "$work/groups.expected"
assert_same "groups" "$work/groups" "$work/groups.expected"
assert_eq "each group once in each of receipt and report" "$(grep -c '<OrgnlPmtInfId>' "$work/answer")" 6
csplit -s -f "$work/many-" "$work/answer" '/^<?xml/' '{*}'
mkdir "$work/many"
for part in "$work"/many-0[1-9]; do mv "$part" "$work/many/${part##*-}.xml"; done
out_valid "$work/many"

# ---- the same findings as without --agreement: codes, effects, groups, lines, words
# findings FILE: both ways, for a file whose findings need no agreement
findings() {
    code "$NKS_BIN/nks" check --now "$night" --json "$1"
    grep '"type":"finding"' "$work/said" >"$work/alone"
    check "$night" datacenter-nord --json "$1"
    grep '"type":"finding"' "$work/answer" >"$work/with-agreement" || true
    assert_same "findings of ${1##*/}" "$work/with-agreement" "$work/alone"
}
small_file() { # NBOFTXS CTRLSUM: a group on a Saturday after one of a later day, and rejected payments in both
    group() {
        cat <<END
<PmtInf><PmtInfId>$1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>$2</Dt></ReqdExctnDt><Dbtr><Nm>P</Nm></Dbtr>
<DbtrAcct><Id><Othr><Id>60010000000401</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>PRVEDK2V</BICFI></FinInstnId></DbtrAgt>
END
        for amount in 1.00 0.00 2.00; do
            cat <<END
<CdtTrfTxInf><PmtId><EndToEndId>$1-$amount</EndToEndId></PmtId><Amt><InstdAmt Ccy="DKK">$amount</InstdAmt></Amt>
<Cdtr><Id><PrvtId><Othr><Id>0101415001</Id><SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr></CdtTrfTxInf>
END
        done
        echo '</PmtInf>'
    }
    cat <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>FINDINGS-$1</MsgId><CreDtTm>2026-11-22T18:00:00Z</CreDtTm><NbOfTxs>$1</NbOfTxs><CtrlSum>$2</CtrlSum><InitgPty><Nm>P</Nm></InitgPty></GrpHdr>
$(group LATER 2026-12-10)
$(group SATURDAY 2026-12-05)
</CstmrCdtTrfInitn></Document>
END
}
small_file 6 6.00 >"$work/moved.xml"
small_file 7 9.99 >"$work/two.xml"
findings "$work/moved.xml"
sed 's/.*"line":\([0-9]*\),"group":\([0-9]*\),"payment":\([0-9]*\),"effect":"\([A-Z]*\)","code":"\([A-Z0-9]*\)".*/\1 \2 \3 \4 \5/' "$work/with-agreement" >"$work/places"
cat >"$work/places.expected" <<'END'
9 1 2 REJECTED AM01
14 2 0 NOTE DT06
19 2 5 REJECTED AM01
END
assert_same "a moved day and rejected payments, with their lines" "$work/places" "$work/places.expected"
# of a refused file no day is moved: plain check says so before it knows that it is refused
code "$NKS_BIN/nks" check --now "$night" --json "$work/two.xml"
grep '"effect":"REFUSED"' "$work/said" >"$work/alone"
check "$night" datacenter-nord --json "$work/two.xml"
grep '"type":"finding"' "$work/answer" >"$work/with-agreement"
assert_same "a file that breaks two rules" "$work/with-agreement" "$work/alone"
assert_eq "each with its own code" "$(sed 's/.*"code":"\([^"]*\)".*/\1/' "$work/with-agreement" | tr '\n' ' ')" "AM18 AM10 "

# ---- ended from outside: nothing is left; usage
for signal in TERM HUP KILL; do
    mkfifo "$work/pipe"
    (trap - TERM HUP; exec env TMPDIR="$work/tmp" "$NKS_BIN/nks" check --agreement "$small/agreements.csv" --sender proeveskat - <"$work/pipe" >/dev/null 2>&1) &
    pid=$!
    exec 9>"$work/pipe"
    tries=0
    while [ -z "$(find "$work/tmp" -name '*.xml' -o -name 'standard-input')" ] && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    [ $tries -lt 100 ] || fail "the check never began to read"
    kill -s $signal $pid
    status=0
    wait $pid 2>/dev/null || status=$?
    exec 9>&-
    rm "$work/pipe"
    tries=0
    while [ $signal = KILL ] && [ -n "$(ls "$work/tmp")" ] && [ $tries -lt 100 ]; do # by a process that outlives it
        tries=$((tries + 1))
        sleep 0.1
    done
    assert_eq "$signal: files left" "$(ls "$work/tmp")" ""
    checks=$((checks + 1))
    [ $status -gt 128 ] || fail "$signal: exit $status"
done
usage() { # CODE WORDS...
    want=$1
    shift
    code env TMPDIR="$work/tmp" "$NKS_BIN/nks" check "$@"
    assert_eq "exit of check $*" "$code" "$want"
    assert_eq "files left" "$(ls "$work/tmp")" ""
}
one=$small/in/sender/proeveskat/20-virksomheder.xml
usage 2 --out "$work" "$one"
usage 2 --sender proeveskat "$one"
usage 2 --agreement "$small/agreements.csv" "$one" # which sender?
usage 2 --agreement - - "$one"
usage 6 --agreement "$work/nothing.csv" --sender proeveskat "$one"
usage 1 --agreement "$small/centrals.csv" --sender proeveskat "$one"
cp "$one" "$work/x.part"
usage 2 --agreement "$small/agreements.csv" --sender proeveskat "$work/x.part"
usage 6 --agreement "$small/agreements.csv" --sender proeveskat "$work/nothing.xml"

# ---- every field of the rows is described, and every described field is there
check "$night" proeveskat --json --out "$work/tmp/.." "$small"/in/sender/proeveskat/*.xml
for type in finding file answer; do
    grep -q "\"type\":\"$type\"" "$work/answer" || fail "no row of type $type"
    sed -n "s/^{\"v\":1,\"type\":\"$type\",//p" "$work/answer" | grep -o '"[a-z0-9_]*":' | tr -d '":' | sort -u >"$work/fields"
    awk -v type="$type" '/^## / { on = $0 ~ "`" type "`" } on && /^\| `/ { gsub(/[`|]/, " "); print $1 }' \
        "$NKS_SOURCE/doc/check.md" | grep -vx 'v\|type' | sort -u >"$work/described"
    assert_same "fields of $type in doc/check.md" "$work/fields" "$work/described"
done

test_end
