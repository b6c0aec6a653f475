#!/bin/sh
# Every rule for payments and messages over small files: the code, the place, and that the rest goes on. What `nks check`
# says must be what the night says.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
now=2026-11-23T02:10:00Z # a Monday, 03:10 in Copenhagen
today=2026-11-23
german=DE89370400440532013000

data=$work/data
mkdir "$data"
cat >"$data/agreements.csv" <<'END'
sender,payer,payer_cvr,payer_name,customer_id,debtor_accounts,ydelsesarter,days_before,report_level,valid_from,max_payment,max_batch
fri,fri,99010118,Prøve uden bremse,FRI,10010000000101,*,1,ALL,2025-07-01,,
bremse,bremse,99010207,Prøve med bremse,BREMSE,10020000000201,*,1,EXCEPTIONS,2025-07-01,5000.00,20000.00
END
cat >"$data/centrals.csv" <<'END'
central,name,order_version,max_payments,max_bytes,cut_off,regnr_ranges
vest,Prøvecentral Vest,09,10000,10000000,16:00,0001-1999
END
cat >"$data/register.csv" <<'END'
record,holder_kind,holder_id,parent_cvr,account_kind,authority,ydelsesart,account,bic,valid_from,valid_to
ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,,2015-01-01,
END

# ---- files: message, group, pay..., group_end, message_end

message() { # FILE ID CUSTOMER ACCOUNT NBOFTXS [CTRLSUM]
    file=$1
    account=$4
    cat >"$file" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>$2</MsgId><CreDtTm>2026-11-22T18:00:00Z</CreDtTm><NbOfTxs>$5</NbOfTxs>${6:+<CtrlSum>$6</CtrlSum>}<InitgPty><Id><OrgId><Othr><Id>$3</Id></Othr></OrgId></Id></InitgPty></GrpHdr>
END
}

group() { # ID DATE [NBOFTXS [CTRLSUM]]
    cat >>"$file" <<END
<PmtInf>
<PmtInfId>$1</PmtInfId><PmtMtd>TRF</PmtMtd>${3:+<NbOfTxs>$3</NbOfTxs>}${4:+<CtrlSum>$4</CtrlSum>}<ReqdExctnDt><Dt>$2</Dt></ReqdExctnDt><Dbtr><Nm>Prøve</Nm></Dbtr><DbtrAcct><Id><Othr><Id>$account</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>PRVEDK2V</BICFI></FinInstnId></DbtrAgt>
END
}

person='<Cdtr><Nm>Anders Prøvesen</Nm><Id><PrvtId><Othr><Id>0101415001</Id><SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr>'
abroad='<Cdtr><Nm>Muster GmbH</Nm><PstlAdr><TwnNm>Musterstadt</TwnNm><Ctry>DE</Ctry></PstlAdr></Cdtr>'
home='<Cdtr><Nm>Prøve ApS</Nm></Cdtr>'

pay() { # E2E AMOUNT CURRENCY INSIDE: what stands after the amount
    echo "<CdtTrfTxInf><PmtId><EndToEndId>$1</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"$3\">$2</InstdAmt></Amt>$4</CdtTrfTxInf>" >>"$file"
}

group_end() {
    echo '</PmtInf>' >>"$file"
}

message_end() {
    echo '</CstmrCdtTrfInitn></Document>' >>"$file"
}

iban() { # IBAN
    echo "<CdtrAcct><Id><IBAN>$1</IBAN></Id></CdtrAcct>"
}
number() { # NUMBER [SCHEME]
    echo "<CdtrAcct><Id><Othr><Id>$1</Id>${2:+<SchmeNm>$2</SchmeNm>}</Othr></Id></CdtrAcct>"
}
bank() { # BIC
    echo "<CdtrAgt><FinInstnId><BICFI>$1</BICFI></FinInstnId></CdtrAgt>"
}
reference() { # REF [TYPE [ISSUER]]
    echo "<RmtInf><Strd><CdtrRefInf>${2:+<Tp><CdOrPrtry>$2</CdOrPrtry>${3:+<Issr>$3</Issr>}</Tp>}<Ref>$1</Ref></CdtrRefInf></Strd></RmtInf>"
}
words() { # TEXT
    echo "<RmtInf><Ustrd>$1</Ustrd></RmtInf>"
}
slip='<Prtry>OCR</Prtry>'
scor='<Cd>SCOR</Cd>'

# ---- one message with a payment for every rule that rejects one: CODE (- none) and the payment

: >"$work/expected"
rows=0
row() { # CODE AMOUNT CURRENCY INSIDE
    rows=$((rows + 1))
    pay "R-$rows" "$2" "$3" "$4"
    echo "R-$rows $1 $(wc -l <"$file" | tr -d ' ')" >>"$work/expected"
}

dkk() { # CODE INSIDE
    row "$1" 100.00 DKK "$2"
}

message "$work/rules.xml" RULES FRI 10010000000101 55
group RULES-A $today
dkk - "$person"
# accounts
dkk - "$home$(iban DK5000400440116243)"
dkk AC03 "$home$(iban DK5000400440116244)"
dkk - "$home$(iban FO6264600001631634)"
dkk - "$home$(iban GL8964710001000206)"
dkk AC03 "$home$(iban GL8964710001000207)"
dkk AC03 "$home$(iban DK50004004401162)"
dkk - "$person$(number NOTPROVIDED)"
dkk - "$home$(number 00400440116243)"
dkk - "$home$(number '0040 0440116243')"
dkk AC03 "$home$(number 440116243)"
dkk AC03 "$home$(number ABC)"
dkk - "$home$(number 00400440116243 '<Cd>BBAN</Cd>')"
dkk AC03 "$home$(number 0040 '<Cd>BBAN</Cd>')"
# banks
dkk - "$(bank PRVEDK2V)$home$(number 00400440116243)"
dkk RC01 "$(bank PRVEXX2V)$home$(number 00400440116243)"
dkk RC01 "$(bank PRVEUK2V)$abroad$(iban $german)"
# payment slips
dkk - "$home$(number 12345678 "$slip")$(reference '71#026840149965328' "$scor")"
dkk - "$home$(number 12345678 "$slip")$(reference 026840149965328 "$scor")"
dkk - "$home$(number 12345678 "$slip")$(reference 750026840149965328 "$scor")"
dkk - "$home$(number 1234567 "$slip")$(reference '04#0026840149965328' "$scor")"
dkk - "$home$(number 1234567 "$slip")$(reference '15#0026840149965328' "$scor")"
dkk - "$home$(number 12345678 "$slip")$(reference 73 "$scor")"
dkk - "$home$(number 1234567 "$slip")$(reference 01 "$scor")"
dkk AC03 "$home$(number 1234567 "$slip")$(reference '71#026840149965328' "$scor")"
dkk RR09 "$home$(number 12345678 "$slip")$(reference '71#026840149965327' "$scor")"
dkk RR09 "$home$(number 12345678 "$slip")$(reference '73#026840149965328' "$scor")"
dkk RR09 "$home$(number 12345678 "$slip")$(reference 0026840149965328 "$scor")"
dkk RR09 "$home$(number 12345678 "$slip")"
dkk RR09 "$home$(number 99+12345678 "$slip")$(reference 026840149965328 "$scor")"
# RF references
dkk RR09 "$person$(reference rf18539007547035 "$scor")"
dkk - "$person$(reference RF18539007547034 "$scor" ISO)"
dkk RR09 "$person$(reference RF18539007547035 "$scor" ISO)"
dkk RR09 "$person$(reference RF18539007547035 "$scor")"
dkk RR09 "$person$(reference 539007547034 "$scor" ISO)"
dkk - "$person$(reference 539007547034 "$scor")"
# abroad
dkk - "$(bank PRVEDEFF)$abroad$(iban $german)$(words 'Rødgrød, jf. § 7 – “tak” €')"
dkk BE04 "<Cdtr><Nm>Muster</Nm><PstlAdr><Ctry>DE</Ctry><AdrLine>Weg 1</AdrLine></PstlAdr></Cdtr>$(iban $german)"
dkk BE04 "<Cdtr><Nm>Muster</Nm><PstlAdr><TwnNm>&#160;.</TwnNm><Ctry>DE</Ctry></PstlAdr></Cdtr>$(iban $german)"
dkk BE04 "<Cdtr><Nm>Muster</Nm><PstlAdr><TwnNm>Stadt</TwnNm><Ctry>XX</Ctry></PstlAdr></Cdtr>$(iban $german)"
dkk - "<Cdtr><Nm>Muster</Nm><PstlAdr><TwnNm>Stadt</TwnNm><Ctry>DE</Ctry><AdrLine>Weg 1</AdrLine></PstlAdr></Cdtr>$(iban $german)"
dkk - "<Cdtr><Nm>Prøve</Nm><PstlAdr><AdrLine>Vej 1</AdrLine></PstlAdr></Cdtr>$(iban DK5000400440116243)"
dkk RR10 "$abroad$(iban $german)$(words 'Привет')"
dkk RR10 "$abroad$(iban $german)$(words 'god tur 😀')"
dkk - "$home$(iban DK5000400440116243)$(words 'Привет 😀')"
dkk - "$(bank PRVEUS33)$abroad$(number 123456789)"
# amounts and currencies
row - 100.00 EUR "$person"
row AM03 100.00 XXX "$person"
row AM03 100.00 BTC "$person"
row AM12 100.001 DKK "$person"
row AM12 1.5 JPY "$person"
row AM01 0.00 DKK "$person"
row - 0.01 DKK "$person"
group_end
# the second group of that id
group RULES-A $today
dkk DU02 "$person"
group_end
group RULES-B $today
dkk - "$person"
group_end
message_end
assert_eq "payments of the test" "$rows" 55

awk '$2 != "-"' "$work/expected" >"$work/rejected"
code "$NKS_BIN/nks" check --now $now "$work/rules.xml"
assert_eq "nks check: exit" "$code" 1
# finding: type, file, line, group, payment, effect, code, words
awk -F '\t' '$1 == "finding" { print "R-" $5, $7, $3, $6 }' "$work/said" >"$work/checked"
sed 's/$/ REJECTED/' "$work/rejected" >"$work/told"
assert_same "nks check: payment, code, line" "$work/checked" "$work/told"

home_init "$work/home" "$data"
drop() { # SENDER NAME
    mkdir -p "$work/home/in/sender/$1"
    cp "$work/$2.xml" "$work/home/in/sender/$1/"
}
answer() { # SENDER ID: the receipt to a message
    grep -l "<OrgnlMsgId>$2</OrgnlMsgId>" "$work/home/out/sender/$1"/*.xml
}
drop fri rules
night_run "$work/home" $now
receipt=$(answer fri RULES)
{ tr -d '\n' <"$receipt" && echo; } | sed 's/<TxInfAndSts>/\n&/g' |
    sed -n 's/.*<OrgnlEndToEndId>\([^<]*\)<.*<TxSts>RJCT<.*<Rsn><Cd>\([^<]*\)<.*/\1 \2/p' >"$work/answered"
cut -d ' ' -f 1,2 "$work/rejected" >"$work/told"
assert_same "the receipt: payment and code" "$work/answered" "$work/told"
awk '$2 == "-" { print $1 }' "$work/expected" | sort >"$work/told"
cat "$work"/home/out/central/vest/*.xml | grep '<CdtTrfTxInf>' | sed 's/.*<EndToEndId>\([^<]*\)<.*/\1/' | sort >"$work/sent"
assert_same "the others are sent" "$work/sent" "$work/told"
# every payment counts as it was written, also those that are no amount of their currency
assert_eq "sums of the receipt" "$(grep '^<OrgnlGrpInfAndSts>' "$receipt" | grep -o '<DtldCtrlSum>[^<]*' | cut -d '>' -f 2 |
    awk '{ split($0, a, "."); s += a[1] * 1000 + substr(a[2] "000", 1, 3) } END { print s }')" \
    "$(grep -o '<InstdAmt[^>]*>[^<]*' "$work/rules.xml" | cut -d '>' -f 2 |
        awk '{ split($0, a, "."); s += a[1] * 1000 + substr(a[2] "000", 1, 3) } END { print s }')"

# A report is no order, for either of them.
code "$NKS_BIN/nks" check "$receipt"
assert_eq "nks check of a report: exit" "$code" 1
assert_eq "nks check of a report" "$(awk -F '\t' '$1 == "finding" { print $6, $7 }' "$work/said")" 'REFUSED FF01'

# ---- a debtor's id that is another payer's; the own one is good

message "$work/debtor.xml" DEBTOR FRI 10010000000101 2
for id in 99010118 99010207; do
    group "D-$id" $today
    sed -i "s|<Dbtr><Nm>Prøve</Nm></Dbtr>\(.*$account\)|<Dbtr><Nm>Prøve</Nm><Id><OrgId><Othr><Id>$id</Id><SchmeNm><Cd>TXID</Cd></SchmeNm></Othr></OrgId></Id></Dbtr>\1|" "$file"
    pay "D-$id" 100.00 DKK "$person"
    group_end
done
message_end
drop fri debtor
night_run "$work/home" $now
assert_eq "another payer's id" "$(sed -n 's/.*<OrgnlEndToEndId>\(D-[0-9]*\)<.*<TxSts>RJCT<.*<Cd>\([A-Z0-9]*\)<.*/\1 \2/p' "$(answer fri DEBTOR)")" 'D-99010207 AG01'

# ---- a message that breaks many rules: every place is told, with its own code

message "$work/counts.xml" COUNTS BREMSE 10020000000201 9 1.00
group C-1 $today 2 200.00
pay C-1 100.00 DKK "$person"
group_end
group C-2 $today 1 100.00
pay C-2 100.00 DKK "$person"
group_end
group C-3 $today 1 99.00
pay C-3 20000.01 DKK "$person"
group_end
message_end
cat >"$work/told" <<'END'
AM18 line 4: PmtInf 1: NbOfTxs is not the number of payments
AM10 line 4: PmtInf 1: CtrlSum is not the sum of the amounts
AM10 line 12: PmtInf 3: CtrlSum is not the sum of the amounts
AM18 NbOfTxs is not the number of payments
AM10 CtrlSum is not the sum of the amounts
AM14 the sum of the message is above what the agreement allows
END
findings() { # RECEIPT: code and words, without the line that names the file
    { tr -d '\n' <"$1" && echo; } | sed 's/<StsRsnInf>/\n&/g' |
        sed -n 's/^<StsRsnInf><Rsn><Cd>\([^<]*\)<.*<AddtlInf>\([^<]*\)<.*/\1 \2/p' | grep -v '^[A-Z0-9]* file '
}
drop bremse counts
night_run "$work/home" $now
findings "$(answer bremse COUNTS)" >"$work/answered"
assert_same "all that is wrong with a message" "$work/answered" "$work/told"
code "$NKS_BIN/nks" check --now $now "$work/counts.xml"
awk -F '\t' '$1 == "finding" { print $3, $4, $6, $7 }' "$work/said" >"$work/checked"
cat >"$work/told" <<'END'
4 1 REFUSED AM18
4 1 REFUSED AM10
12 3 REFUSED AM10
0 0 REFUSED AM18
0 0 REFUSED AM10
END
assert_same "nks check tells the same, but for the brake" "$work/checked" "$work/told"

# Twenty places, no more; and what the schema finds stands beside what the rules find.
message "$work/many.xml" MANY FRI 10010000000101 30
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
    group "M-$i" $today 2
    pay "M-$i" 1.00 DKK "$person"
    group_end
done
message_end
message "$work/mixed.xml" MIXED FRI 10010000000101 3
group X-1 $today 7
pay X-1 1.00 DKK "$person"
group_end
group X-2 $today
pay X-2 1,00 DKK "$person"
group_end
message_end
drop fri many
drop fri mixed
night_run "$work/home" $now
findings "$(answer fri MANY)" >"$work/answered"
assert_eq "twenty places" "$(wc -l <"$work/answered" | tr -d ' ')" 20
assert_eq "the last of them" "$(tail -n 1 "$work/answered")" \
    'AM18 line 80: PmtInf 20: NbOfTxs is not the number of payments'
findings "$(answer fri MIXED)" | cut -d : -f 1 >"$work/answered"
printf 'AM18 line 4\nFF01 line 10\n' >"$work/told"
assert_same "a rule and the schema" "$work/answered" "$work/told"

# ---- brakes

message "$work/brake.xml" BRAKE BREMSE 10020000000201 3
group B-1 $today
pay B-1 5000.00 DKK "$person"
pay B-2 5000.01 DKK "$person"
pay B-3 9999.99 DKK "$person"
group_end
message_end
message "$work/brake-edge.xml" EDGE BREMSE 10020000000201 4
group E-1 $today
for i in 1 2 3 4; do pay "E-$i" 5000.00 DKK "$person"; done
group_end
message_end
message "$work/large.xml" LARGE FRI 10010000000101 1001
group L-1 $today
i=0
while [ $i -lt 1001 ]; do
    i=$((i + 1))
    pay "L-$i" 9999999999999 DKK "$person"
done
group_end
message_end
drop bremse brake
drop bremse brake-edge
drop fri large
night_run "$work/home" $now
receipt=$(answer bremse BRAKE)
assert_eq "above max_payment" "$(grep -o '<OrgnlEndToEndId>[^<]*</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AM14<' "$receipt" | wc -l | tr -d ' ')" 2
assert_eq "at max_payment" "$(grep -l '<EndToEndId>B-1<' "$work"/home/out/central/vest/*.xml | wc -l | tr -d ' ')" 1
assert_eq "at max_batch" "$(grep -o '<GrpSts>[^<]*' "$(answer bremse EDGE)")" '<GrpSts>ACTC'
findings "$(answer fri LARGE)" | cut -c 1-51 >"$work/answered"
assert_eq "a sum that no message can say" "$(cat "$work/answered")" \
    'AM02 the sum of the message has more digits than a '

# ---- days: a Saturday, and today after the central's cut-off

message "$work/days.xml" DAYS FRI 10010000000101 2
group D-1 2026-11-28
pay D-1 1.00 DKK "$person"
group_end
group D-2 2026-11-24
pay D-2 1.00 DKK "$person"
group_end
message_end
message "$work/late.xml" LATE BREMSE 10020000000201 3
group T-1 $today
pay T-1 1.00 DKK "$person"
group_end
group T-2 2026-11-24
pay T-2 1.00 DKK "$person"
group_end
group T-3 2026-11-20
pay T-3 1.00 DKK "$person"
group_end
message_end
drop fri days
drop bremse late
moved() { # PAYER ID: groups and why their day was moved, of all status reports
    grep -l "<OrgnlMsgId>$2</OrgnlMsgId>" "$work/home/out/payer/$1"/*.xml | xargs cat | tr -d '\n' |
        sed 's/<OrgnlPmtInfAndSts>/\n&/g' |
        sed -n 's/^<OrgnlPmtInfAndSts><OrgnlPmtInfId>\([^<]*\)<.OrgnlPmtInfId>\(<PmtInfSts>[^<]*<.PmtInfSts>\)*<StsRsnInf><Rsn><Cd>\([^<]*\)<.*/\1 \3/p'
}
day_of() { # PMTINFID: the execution date in its order file
    cat "$work"/home/out/central/vest/*.xml | tr -d '\n' | sed 's/<PmtInf>/\n&/g' |
        sed -n "s/^<PmtInf><PmtInfId>$1<.*<ReqdExctnDt><Dt>\([^<]*\)<.*/\1/p"
}
code "$NKS_BIN/nks" check --now $now "$work/days.xml"
assert_eq "a moved day is no fault: exit" "$code" 0
assert_eq "nks check tells of it" "$(awk -F '\t' '$1 == "finding" { print $3, $4, $6, $7 }' "$work/said")" '4 1 NOTE DT06'
night_run "$work/home" 2026-11-23T15:30:00Z # 16:30 in Copenhagen
assert_eq "DAYS" "$(moved fri DAYS)" 'D-1 DT06'
assert_eq "LATE" "$(moved bremse LATE)" 'T-1 TM01'
assert_eq "today is tomorrow" "$(day_of T-1)" 2026-11-24
assert_eq "tomorrow is tomorrow" "$(day_of T-2)" 2026-11-24
assert_eq "the past is past" "$(grep -c '<OrgnlEndToEndId>T-3<.*<Cd>DT01<' "$(answer bremse LATE)")" 1
night_run "$work/home" 2026-11-27T02:10:00Z
assert_eq "Saturday is Monday" "$(day_of D-1)" 2026-11-30

# ---- the same id: the same bytes get the first answer again, other bytes are refused

first=$(answer fri DAYS)
drop fri days
sed 's/>1\.00</>2.00</' "$work/days.xml" >"$work/days-other.xml"
drop fri days-other
night_run "$work/home" 2026-11-27T03:00:00Z
assert_eq "answers to one message id" "$(answer fri DAYS | wc -l | tr -d ' ')" 3
assert_same "the first answer, again" "$first" "$(find "$work/home/out/sender/fri" -name "$(basename "$first" .xml)-again-*.xml")"
other=$(answer fri DAYS | xargs grep -l '<GrpSts>RJCT<')
assert_eq "other bytes" "$(findings "$other" | cut -c 1-30)" 'DU01 another file with this me'

out_valid "$work/home/out"
out_recounted "$work/home"
nothing_left "$work/home"
audit_clean "$work/home"
test_end
