#!/bin/sh
# What centrals book (camt.054), on one small night: settled, returned with each policy, totals, empty references, files
# that cannot be used, and what never came. At the end the auditor recounts all of it.
. "$(dirname "$0")/lib.sh"
database_needed

home=$work/home
later=2026-11-24T16:40:00Z
cpr=0101904008 # a synthetic number: where a central writes it, nobody may see it again
IN_FILE=2 SETTLED=3 REJECTED=4 RETURNED=5
ACCEPTED=3 REPEATED=5 ODD=6

ask() {
    home_sql "$home" "$1" | tr '\n' ' ' | sed 's/ *$//'
}
is() { # WHAT SQL EXPECTED
    assert_eq "$1" "$(ask "$2")" "$3"
}

# ---- notices: notice VERSION, then entry ..., then end. Valid under ISO's schemas.

{ have xmllint && [ -f "$schemas/camt.054.001.08.xsd" ]; } || skip "no xmllint or no official schemas: notices are not validated"
serial=0
notice() { # VERSION
    serial=$((serial + 1))
    version=$1
    cat >"$work/notice.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.$version"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>BANK-$serial</MsgId><CreDtTm>2026-11-24T15:00:00</CreDtTm></GrpHdr>
<Ntfctn><Id>N$serial</Id><CreDtTm>2026-11-24T15:00:00</CreDtTm><Acct><Id><Othr><Id>10010000000101</Id></Othr></Id></Acct>
END
}
notice_end() {
    echo "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>" >>"$work/notice.xml"
}
status() { # CODE
    if [ "$version" = 02 ]; then echo "<Sts>$1</Sts>"; else echo "<Sts><Cd>$1</Cd></Sts>"; fi
}
# entry AMOUNT DBIT|CRDT DETAILS [EXTRA [STATUS [DATE]]]; EXTRA: RvslInd, EUR, or a bank transaction sub-family
entry() {
    reversal='' family=ESCT currency=DKK
    case ${4:-} in
    RvslInd) reversal='<RvslInd>true</RvslInd>' ;;
    EUR) currency=EUR ;;
    ?*) family=$4 ;;
    esac
    cat >>"$work/notice.xml" <<END
<Ntry><Amt Ccy="$currency">$1</Amt><CdtDbtInd>$2</CdtDbtInd>$reversal$(status "${5:-BOOK}")
<BookgDt><Dt>${6:-2026-11-24}</Dt></BookgDt><ValDt><Dt>${6:-2026-11-24}</Dt></ValDt>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>$family</SubFmlyCd></Fmly></Domn></BkTxCd>
${3:+<NtryDtls>$3</NtryDtls>}</Ntry>
END
}
# tx REFS AMOUNT DBIT|CRDT [REASON]: a detail, with the payee's CPR number where his account belongs
tx() {
    echo "<TxDtls><Refs>$1</Refs>"
    if [ "$version" = 02 ]; then
        echo "<AmtDtls><TxAmt><Amt Ccy=\"DKK\">$2</Amt></TxAmt></AmtDtls>"
        echo "<RltdPties><Cdtr><Nm>Ane $cpr</Nm></Cdtr><CdtrAcct><Id><Othr><Id>$cpr</Id></Othr></Id></CdtrAcct></RltdPties>"
    else
        echo "<Amt Ccy=\"DKK\">$2</Amt><CdtDbtInd>$3</CdtDbtInd>"
        echo "<RltdPties><Cdtr><Pty><Nm>Ane $cpr</Nm></Pty></Cdtr><CdtrAcct><Id><Othr><Id>$cpr</Id></Othr></Id></CdtrAcct></RltdPties>"
    fi
    [ -z "${4:-}" ] || echo "<RtrInf><Rsn><Cd>$4</Cd></Rsn><AddtlInf>CPR $cpr</AddtlInf></RtrInf>"
    echo "</TxDtls>"
}
batch() { # MSG_ID PMT_INF_ID COUNT AMOUNT
    echo "<Btch>${1:+<MsgId>$1</MsgId>}${2:+<PmtInfId>$2</PmtInfId>}<NbOfTxs>$3</NbOfTxs><TtlAmt Ccy=\"DKK\">$4</TtlAmt></Btch>"
}
instr() { # LEG
    echo "<InstrId>$1</InstrId>"
}
e2e() {
    echo "<EndToEndId>$1</EndToEndId>"
}

# drop CENTRAL NAME EXPECTED [NOW]: what becomes of the delivery
drop() {
    if [ "$3" != UNREADABLE ] && have xmllint && [ -f "$schemas/camt.054.001.08.xsd" ]; then
        checks=$((checks + 1))
        xmllint --noout --nonet --schema "$schemas/camt.054.001.$version.xsd" "$work/notice.xml" 2>"$work/xmllint" || {
            fail "$2 is no camt.054 after ISO's schema"
            head -n 5 "$work/xmllint" >&2
        }
    fi
    expected=$3
    [ "$expected" != UNREADABLE ] || expected=$ODD
    cp "$work/notice.xml" "$home/in/central/$1/$2"
    code "$NKS_BIN/nks" --home "$home" --json run --now "${4:-$later}"
    if [ "$expected" = "$ODD" ]; then right=5; else right=0; fi
    assert_eq "$2: exit" "$code" "$right"
    is "$2" "SELECT state FROM delivery WHERE delivery_id = (SELECT MAX(delivery_id) FROM delivery)" "$expected"
}
at() { # TEXT: the line of the notice where it stands first
    grep -nF -e "$1" "$work/notice.xml" | head -n 1 | cut -d: -f1
}
odd() { # KIND [LINE]: told by the run that was
    checks=$((checks + 1))
    grep '"type": *"odd"' "$work/said" | grep -q "\"kind\": *\"$1\".*${2:+\"line\": *$2,}" ||
        fail "the run does not tell $1${2:+ at line $2}: $(grep '"odd"' "$work/said" | head -n 3)"
}

order() { # CENTRAL TEXT: the order file that holds it
    grep -lF "$2" "$home/out/central/$1/"*.xml | head -n 1
}
message_id() { # FILE
    sed -n 's/.*<MsgId>\([^<]*\)<.*/\1/p' "$1" | head -n 1
}
leg() { # FILE END_TO_END_ID [N]
    grep -F "<EndToEndId>$2</EndToEndId>" "$1" | sed -n "${3:-1}s/.*<InstrId>\([^<]*\)<.*/\1/p"
}
leg_is() { # WHAT LEG "state reason"
    rest=${2#N}
    ref=${rest%%-*}
    set -- "$1" "$3" $(echo "${rest#*-}" | tr '-' ' ')
    is "$1" "SELECT leg.state || ' ' || leg.reason FROM leg JOIN slice USING (slice_id) JOIN batch USING (batch_id)
WHERE ref = '$ref' AND slice_id & 16383 = $3 AND n = $4 AND leg_no = $5 AND leg.generation = $6" "$2"
}
legs() { # FILE
    echo "SELECT leg.state || ':' || COUNT(*) FROM leg JOIN out_file USING (file_id)
WHERE message_id = '$(message_id "$1")' GROUP BY leg.state ORDER BY leg.state"
}
carried="SELECT COUNT(*) FROM batch WHERE origin = 3"
says() { # FILE TEXT
    checks=$((checks + 1))
    grep -qF -e "$2" "$1" || fail "$(basename "$1") does not say $2"
}
# told PAYER END_TO_END_ID STATUS CODE: a status report that says so of the payment
told() {
    told=$(grep -l "<OrgnlEndToEndId>$2</OrgnlEndToEndId>.*<TxSts>$3</TxSts><StsRsnInf><Rsn><Cd>$4</Cd>" \
        "$home/out/payer/$1/"nks-*-s*.xml | tail -n 1)
    checks=$((checks + 1))
    [ -n "$told" ] || fail "$1 is not told $3 $4 of $2"
}

# ---- the night, with what is known of the centrals in their rows

mkdir "$work/data"
# every payer is told everything, so that what is told can be read early
sed 's/,END,/,ALL,/' "$small/agreements.csv" >"$work/data/agreements.csv"
cp "$small/register.csv" "$small/debts.csv" "$work/data/"
cat >"$work/data/centrals.csv" <<END
central,name,order_version,max_payments,max_bytes,cut_off,regnr_ranges,match,totals,silent_reject,answers,answer_by
central-vest,Prøvecentral Vest,03,5,1000000,16:00,0001-1999;5000-5999,LEG,yes,no,,
central-oest,Prøvecentral Øst,09,1000,10000000,15:30,2000-4999,LEG;REFERENCE+AMOUNT;AMOUNT+DATE,,,,18:00
central-nord,Prøvecentral Nord,09,1000,10000000,14:30,6000-8999,,no,yes,CAMT054,
END
home_init "$home" "$work/data"
cp -R "$small/in/." "$home/in/"
# and a payee who is given by an account alone
cat >"$home/in/sender/proeveskat/30-konto.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>PSKAT-KONTO</MsgId><CreDtTm>2026-11-22T18:00:00Z</CreDtTm><NbOfTxs>2</NbOfTxs><CtrlSum>33.50</CtrlSum>
<InitgPty><Nm>Prøveskattestyrelsen</Nm><Id><OrgId><Othr><Id>PSKAT-01</Id><SchmeNm><Cd>CUST</Cd></SchmeNm></Othr></OrgId></Id></InitgPty></GrpHdr>
<PmtInf><PmtInfId>KTO-A</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>33.50</CtrlSum>
<PmtTpInf><LclInstrm><Prtry>NKSOST</Prtry></LclInstrm></PmtTpInf><ReqdExctnDt><Dt>2026-11-24</Dt></ReqdExctnDt>
<Dbtr><Nm>Prøveskattestyrelsen</Nm><Id><OrgId><Othr><Id>99010118</Id><SchmeNm><Cd>TXID</Cd></SchmeNm></Othr></OrgId></Id></Dbtr>
<DbtrAcct><Id><Othr><Id>10010000000101</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id><Ccy>DKK</Ccy></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>PRVEDK2V</BICFI></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>KTO26-1</EndToEndId></PmtId><Amt><InstdAmt Ccy="DKK">11.25</InstdAmt></Amt>
<Cdtr><Nm>En Prøvemodtager</Nm></Cdtr><CdtrAcct><Id><IBAN>DK1770090000005001</IBAN></Id></CdtrAcct></CdtTrfTxInf>
<CdtTrfTxInf><PmtId><EndToEndId>KTO26-2</EndToEndId></PmtId><Amt><InstdAmt Ccy="DKK">22.25</InstdAmt></Amt>
<Cdtr><Nm>En Prøvemodtager</Nm></Cdtr><CdtrAcct><Id><IBAN>DK1770090000005001</IBAN></Id></CdtrAcct></CdtTrfTxInf>
</PmtInf></CstmrCdtTrfInitn></Document>
END
night_run "$home"
for central in central-vest central-oest central-nord; do
    mkdir -p "$home/in/central/$central"
done
ost1=$(order central-vest '>OST26-0001<')
ost2=$(order central-vest '>OST26-0006<')
ost3=$(order central-vest '>OST26-0009<')
ost4=$(order central-vest '>OST26-0013<')
pen1=$(order central-vest '>PEN26-11-1<')
pen2=$(order central-vest '>PEN26-11-6<')
wages=$(order central-oest '>LØN26-01<')
rejects=$(order central-oest '>AFV26-01<')
firms=$(order central-oest '>VIR26-01<')
region=$(order central-nord '>REG26-1<')
school=$(order central-nord '>SKO26-1<')
known=$(order central-vest '>KTO26-1<')

# ---- settled

notice 08
entry 10038.45 DBIT "$(tx "$(instr "$(leg "$ost1" OST26-0001)")" 4210.00 DBIT)$(tx "$(instr "$(leg "$ost1" OST26-0002)")" 1250.50 DBIT)
$(tx "$(instr "$(leg "$ost1" OST26-0003)")" 88 DBIT)$(tx "$(instr "$(leg "$ost1" OST26-0004)")" 3999.95 DBIT)
$(tx "<TxId>$(leg "$ost1" OST26-0005)</TxId>" 490.00 DBIT)"
notice_end
drop central-vest settled.xml $ODD
odd amount "$(at '<TxId>')"
is "the amount counts" "$(legs "$ost1")" "$IN_FILE:1 $SETTLED:4"
notice 02
entry 701 DBIT "<TxDtls><Refs>$(instr "$(leg "$ost1" OST26-0005)")</Refs></TxDtls>"
notice_end
drop central-vest no-amount.xml $ODD
odd amount "$(at '<InstrId>')"
is "where a payment's amount is not told, the lone entry's is compared" "$(legs "$ost1")" "$IN_FILE:1 $SETTLED:4"
notice 02
entry 700 DBIT "$(tx "$(e2e "$(leg "$ost1" OST26-0005)")" 700.00 DBIT)"
notice_end
drop central-vest forged.xml $ODD
odd no-match "$(at '<EndToEndId>')"
is "a payer's own words are no leg id of ours" "$(legs "$ost1")" "$IN_FILE:1 $SETTLED:4"
notice 02
entry 700 DBIT "<TxDtls><Refs><TxId>$(leg "$ost1" OST26-0005)</TxId></Refs></TxDtls>"
entry 55.00 CRDT ''
entry 77.00 DBIT '' '' PDNG
notice_end
drop central-vest settled-02.xml $ACCEPTED
is "all settled" "$(legs "$ost1")" "$SETTLED:5"
is "and the file is answered" "SELECT answered FROM out_file WHERE message_id = '$(message_id "$ost1")'" 2

# ---- the same bytes again; the same in other bytes

drop central-vest again.xml $REPEATED
echo >>"$work/notice.xml"
drop central-vest other-bytes.xml $ACCEPTED
is "nothing moved again" "$(legs "$ost1")" "$SETTLED:5"
is "nothing was carried on" "$carried" 0

# ---- returned, under each policy

payee=$(leg "$ost1" OST26-0001)
notice 08
entry 4210.00 CRDT "$(tx "$(instr "$payee")" 4210.00 CRDT AC04)"
notice_end
drop central-vest returned.xml $ACCEPTED
leg_is "returned" "$payee" "$RETURNED 26"
is "carried on" "$carried" 1
is "to the ventekonto" "SELECT leg.kind || ' ' || leg.state || ' ' || leg.amount_minor || ' ' || b.reason FROM leg
JOIN slice USING (slice_id) JOIN batch b USING (batch_id) WHERE origin = 3" "3 $IN_FILE 421000 0"
is "with its entry" "SELECT COUNT(*) FROM ventekonto_entry v JOIN slice USING (slice_id) JOIN batch USING (batch_id)
WHERE origin = 3 AND v.state = 1 AND v.amount_minor = 421000" 1
is "in an order file that is out" "SELECT f.state || ' ' || f.entries FROM out_file f JOIN batch USING (batch_id)
WHERE origin = 3 AND f.kind = 1" "3 1"
is "not before the next bank day: it was past the cut-off" "SELECT execution_date
FROM slice JOIN batch USING (batch_id) WHERE origin = 3" $(($(date -u -d 2026-11-25 +%s) / 86400))
told proeveskat OST26-0001 ACWC AC04
says "$told" "<DtldSts>ACSC</DtldSts>"
says "$told" "the bank sent the payment back; the money went to the ventekonto"
# What is carried on is what debts left: its amount would tell of them, so no report of its own is given.
is "no report of what is carried on" "SELECT count(*) FROM out_file WHERE kind = 3 AND
    batch_id IN (SELECT batch_id FROM batch WHERE origin = 3 AND payer = 'proeveskat')" 0
carrier=$(grep -lF '<EndToEndId>OST26-0001<' "$home/out/central/central-vest/"*.xml | grep -vF "$ost1")
says "$carrier" '<InstdAmt Ccy="DKK">4210.00</InstdAmt>'
says "$carrier" '39990000000901'

pension=$(leg "$pen1" PEN26-11-4)
rests=$(leg "$pen1" PEN26-11-3)
notice 02
entry 7104 CRDT "$(tx "$(instr "$pension")" 7104.00 CRDT MD07)"
entry 3500 CRDT "$(tx "$(instr "$rests")" 3500.00 CRDT AC04)"
notice_end
drop central-vest pension.xml $ACCEPTED
leg_is "returned before it was said to be settled" "$pension" "$RETURNED 28"
is "to the error account" "SELECT leg.kind || ' ' || leg.amount_minor FROM leg JOIN slice USING (slice_id)
JOIN batch USING (batch_id) WHERE origin = 3 AND payer = 'proevebetaling'" "4 710400"
leg_is "what the error account sends back goes nowhere" "$rests" "$RETURNED 26"

wage=$(leg "$wages" LØN26-06)
notice 08
entry 420 CRDT "$(tx "$(instr "$wage")" 420.00 CRDT AC06)"
notice_end
drop central-oest wage.xml $ACCEPTED
leg_is "the agreement says reject: told to the payer" "$wage" "$RETURNED 27"
told proeve-kommune 'L.*N26-06' RJCT AC06 # in the charset of the question
is "and not carried on" "$carried" 2

# ---- nobody is known who could claim it: it stays with the payer

notice 08
entry 11.25 CRDT "$(tx "$(instr "$(leg "$known" KTO26-1)")" 11.25 CRDT AC04)"
notice_end
drop central-vest nobody.xml $ACCEPTED
leg_is "given by an account alone" "$(leg "$known" KTO26-1)" "$RETURNED 26"
told proeveskat KTO26-1 RJCT AC04
is "nothing rests on the ventekonto for nobody" "SELECT COUNT(*) FROM ventekonto_entry WHERE holder_key = 0" 0
is "and it is not carried on" "$carried" 2

# ---- returned for a reason that is not the payee's; by a reversal; a debt's part; twice

recalled=$(leg "$ost1" OST26-0003)
debt=$(leg "$ost2" OST26-0005 1)
part=$(leg "$ost2" OST26-0005 2)
uses=$(ask "SELECT COUNT(*) FROM claim_use WHERE state = 1")
notice 08
entry 88 CRDT "$(tx "$(instr "$recalled")" 88 CRDT FOCR)"
entry 1250.50 CRDT "$(tx "$(instr "$(leg "$ost1" OST26-0002)")" 1250.50 CRDT)" RvslInd
entry 300 CRDT "$(tx "$(instr "$debt")" 300 CRDT AC03)"
entry 4210 CRDT "$(tx "$(instr "$payee")" 4210 CRDT AC04)" RRTN
notice_end
drop central-vest others.xml $ACCEPTED
leg_is "recalled" "$recalled" "$RETURNED 51"
leg_is "reversed" "$(leg "$ost1" OST26-0002)" "$RETURNED 25"
leg_is "a debt's part" "$debt" "$RETURNED 15"
is "its use is given back" "SELECT COUNT(*) FROM claim_use WHERE state = 1" $((uses - 1))
is "none of them is carried on" "$carried" 2

# ---- a rejection (pain.002) for the payee's account goes on too; for another reason it does not

cat >"$work/notice.xml" <<END
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><GrpHdr><MsgId>R1</MsgId>
<CreDtTm>2026-11-24T15:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>$(message_id "$ost4")</OrgnlMsgId>
<OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>OST-A</OrgnlPmtInfId>
<TxInfAndSts><OrgnlInstrId>$(leg "$ost4" OST26-0013)</OrgnlInstrId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf></TxInfAndSts>
<TxInfAndSts><OrgnlInstrId>$(leg "$ost4" OST26-0014)</OrgnlInstrId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf></TxInfAndSts>
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>
END
cp "$work/notice.xml" "$home/in/central/central-vest/rejected.xml"
night_run "$home" "$later"
leg_is "rejected" "$(leg "$ost4" OST26-0013)" "$REJECTED 29"
leg_is "rejected for the payer's account" "$(leg "$ost4" OST26-0014)" "$REJECTED 53"
is "one goes on" "SELECT p.amount_minor FROM payment p JOIN slice USING (slice_id) JOIN batch USING (batch_id)
WHERE origin = 3 ORDER BY slice_id DESC LIMIT 1" 30525
is "the file is answered in part" "SELECT answered FROM out_file WHERE message_id = '$(message_id "$ost4")'" 1

# ---- what carries money on may come back itself: then the payer has it

onward=$(leg "$carrier" OST26-0001)
notice 08
entry 4210.00 CRDT "$(tx "$(instr "$onward")" 4210.00 CRDT AC04)"
notice_end
drop central-vest onward.xml $ACCEPTED
leg_is "the ventekonto sends it back" "$onward" "$RETURNED 26"
is "its entry is returned" "SELECT v.state FROM ventekonto_entry v JOIN slice USING (slice_id) JOIN batch USING (batch_id)
WHERE origin = 3 AND v.amount_minor = 421000" 4
is "and it goes no further" "$carried" 3

# ---- totals: by message, by message and group, by count and sum alone

notice 02
entry 1630 DBIT "$(batch "$(message_id "$ost3")" '' 5 3930.00)"
notice_end
drop central-vest total.xml $ACCEPTED
is "a whole file" "$(legs "$ost3")" "$SETTLED:5"
notice 08
entry 61050 DBIT "$(batch "$(message_id "$wages")" LØN-A 2 61050.00)"
notice_end
drop central-oest group.xml $ACCEPTED
is "a group of it" "$(legs "$wages")" "$IN_FILE:7 $SETTLED:2 $RETURNED:1"
notice 08
entry 34235 DBIT "$(batch "$(message_id "$wages")" LØN-B 8 34235.00)"
entry 33815 DBIT "$(batch "$(message_id "$wages")" LØN-C 7 33815.00)"
entry 33815 DBIT "$(batch "$(message_id "$pen2")" '' 2 9300.00)"
entry 33815 DBIT "$(batch "NKS-0000000000000000-O0001" '' 2 9300.00)"
entry 9300 DBIT "$(batch '' '' 2 9300.00)"
notice_end
drop central-oest totals-odd.xml $ODD
odd totals "$(at '<NbOfTxs>8<')"
odd unknown-group "$(at '>LØN-C<')"
odd other-central "$(at "$(message_id "$pen2")")"
odd unknown-message "$(at '<MsgId>NKS-0000000000000000')"
odd no-match "$(at '<Btch><NbOfTxs>')"
is "no total, nothing moved" "$(legs "$wages")" "$IN_FILE:7 $SETTLED:2 $RETURNED:1"
notice 08
entry 33815 DBIT "$(batch "$(message_id "$wages")" LØN-B 7 33815.00)"
notice_end
drop central-oest group-rest.xml $ACCEPTED
is "what came back is not in the total" "$(legs "$wages")" "$SETTLED:9 $RETURNED:1"
notice 02
entry 9300 DBIT "$(batch '' '' 2 9300.00)"
notice_end
drop central-vest nameless.xml $ACCEPTED
is "a file by count and sum" "$(legs "$pen2")" "$SETTLED:2"
notice 02
entry 9300 DBIT "$(batch '' '' 2 9300.00)"
entry 9300 DBIT "$(batch '' '' 3 9300.00)"
notice_end
drop central-vest nameless-odd.xml $ODD
odd no-match
notice 08
entry 1800 DBIT "$(batch "$(message_id "$ost2")" '' 2 1800.00)$(tx "$(instr "$part")" 300.00 DBIT)$(tx "$(instr "$(leg "$ost2" OST26-0006)")" 1500.00 DBIT)"
notice_end
drop central-vest details.xml $ODD
leg_is "where details follow they count, and the total does not" "$(leg "$ost2" OST26-0006)" "$SETTLED 0"
odd amount

# ---- empty references: by reference and amount, by amount and date, never by guess

notice 08
entry 100 DBIT "$(tx "$(e2e VIR26-09)" 100.00 DBIT)"
entry 125.50 DBIT ''
entry 640 DBIT "$(tx '' 640.00 DBIT)"
entry 999 DBIT "$(tx "<MsgId>$(message_id "$firms")</MsgId>$(e2e VIR26-04)" 999.00 DBIT)"
notice_end
drop central-oest empty.xml $ACCEPTED
leg_is "by reference and amount" "$(leg "$firms" VIR26-09)" "$SETTLED 0"
leg_is "by amount and date" "$(leg "$rejects" AFV26-12)" "$SETTLED 0"
leg_is "the other 100" "$(leg "$rejects" AFV26-01)" "$IN_FILE 0"
leg_is "with a message id" "$(leg "$firms" VIR26-04)" "$SETTLED 0"
notice 08
entry 110 DBIT "$(tx "$(e2e NOTPROVIDED)" 110.00 DBIT)"
entry 450.75 DBIT '' '' BOOK 2026-11-23
entry 321 DBIT "$(tx "$(e2e VIR26-06)" 321.00 DBIT)" '' BOOK 2026-11-20
entry 60 DBIT ''
entry 60 DBIT "$(tx '' 60.00 DBIT)"
entry 61 CRDT '' RRTN
entry 12000 CRDT "$(tx "$(instr "$(leg "$firms" VIR26-01)")" 12000 CRDT)"
entry 12000 DBIT "$(tx "$(instr "$(leg "$firms" VIR26-01)")" 12000 DBIT AC04)"
notice_end
drop central-oest ambiguous.xml $ODD
odd ambiguous "$(at '<EndToEndId>NOTPROVIDED<')"
odd no-match
odd credit
odd direction
is "nobody was guessed" "$(legs "$rejects")" "$IN_FILE:3 $SETTLED:1"
is "nor here" "$(legs "$firms")" "$IN_FILE:8 $SETTLED:2"
is "told by kind" "SELECT times FROM delivery_odd WHERE delivery_id = (SELECT MAX(delivery_id) FROM delivery) ORDER BY kind" "1 1 3 3"
notice 08
entry 8100 CRDT "$(tx "$(e2e VIR26-02)" 8100.00 CRDT MS03)"
notice_end
drop central-oest returned-by-reference.xml $ACCEPTED
leg_is "returned by reference and amount" "$(leg "$firms" VIR26-02)" "$RETURNED 50"
is "carried on" "$carried" 4

# ---- what carries money on has the reference and the amount of what came back: nothing moves it by these

onward_is() { # WHAT AMOUNT_MINOR STATE
    is "$1" "SELECT leg.kind || ' ' || leg.state FROM leg JOIN slice USING (slice_id) JOIN batch USING (batch_id)
WHERE origin = 3 AND leg.amount_minor = $2" "3 $3"
}
echo >>"$work/notice.xml"
drop central-oest returned-again.xml $ODD
odd ambiguous
onward_is "the return is told again" 810000 $IN_FILE
notice 08
entry 8100 DBIT "$(tx "$(e2e VIR26-02)" 8100.00 DBIT)"
notice_end
drop central-oest debited-late.xml $ODD
onward_is "the debit is told late" 810000 $IN_FILE
cat >"$work/notice.xml" <<END
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><GrpHdr><MsgId>R2</MsgId>
<CreDtTm>2026-11-24T15:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>$(message_id "$firms")</OrgnlMsgId>
<OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>VIR-A</OrgnlPmtInfId>
<TxInfAndSts><OrgnlInstrId>$(leg "$firms" VIR26-01)</OrgnlInstrId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts>
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>
END
cp "$work/notice.xml" "$home/in/central/central-oest/rejected.xml"
night_run "$home" "$later"
leg_is "rejected" "$(leg "$firms" VIR26-01)" "$REJECTED 26"
is "carried on" "$carried" 5
notice 08
entry 12000 CRDT "$(tx "$(e2e VIR26-01)" 12000.00 CRDT AC04)"
notice_end
drop central-oest rejected-and-returned.xml $ODD
odd ambiguous "$(at '<EndToEndId>')"
leg_is "the rejection stands" "$(leg "$firms" VIR26-01)" "$REJECTED 26"
onward_is "a rejection is told as a return too" 1200000 $IN_FILE
onwards=$(order central-oest '<InstdAmt Ccy="DKK">12000.00<')
[ "$onwards" != "$firms" ] || onwards=$(grep -lF '>VIR26-01<' "$home/out/central/central-oest/"*.xml | grep -vF "$firms")
notice 08
entry 12000 DBIT "$(tx "<MsgId>$(message_id "$onwards")</MsgId>$(e2e VIR26-01)" 12000.00 DBIT)"
notice_end
drop central-oest onward-settled.xml $ACCEPTED
onward_is "with the id of its own file it is settled" 1200000 $SETTLED

# ---- a debit and its return in one notice, in both orders

notice 08
entry 450.75 DBIT "$(tx "$(e2e VIR26-03)" 450.75 DBIT)"
entry 450.75 CRDT "$(tx "$(e2e VIR26-03)" 450.75 CRDT FOCR)"
entry 321 CRDT "$(tx "$(e2e VIR26-05)" 321.00 CRDT FOCR)"
entry 321 DBIT "$(tx "$(e2e VIR26-05)" 321.00 DBIT)"
notice_end
drop central-oest both.xml $ACCEPTED
leg_is "settled and returned" "$(leg "$firms" VIR26-03)" "$RETURNED 51"
leg_is "the return stands first" "$(leg "$firms" VIR26-05)" "$RETURNED 51"

# ---- a booking that names a message of somebody else is not found by amount and date

notice 08
entry 60 DBIT "$(tx "<MsgId>SOMEBODY-ELSES</MsgId>" 60.00 DBIT)"
notice_end
drop central-oest another-message.xml $ODD
odd no-match "$(at '<MsgId>SOMEBODY')"
leg_is "not this one" "$(leg "$firms" VIR26-06)" "$IN_FILE 0"

# ---- what cannot be used moves nothing

untouched="$(legs "$region")"
notice 08
entry 33400 DBIT "$(tx "$(instr "$(leg "$region" REG26-1)")" 33400.00 DBIT)"
notice_end
drop central-vest wrong-central.xml $ODD
odd other-central "$(at '<InstrId>')"
notice 08
entry 33400 DBIT "$(tx "$(instr "$(leg "$region" REG26-1 | sed 's/-1-1$/-9-1/')")" 33400.00 DBIT)"
entry 250 DBIT "$(tx "$(instr "N0000000000000000-1-1-1-1")" 250 DBIT)"
entry 250 DBIT "$(tx '' 250 DBIT)"
entry 1999.99 DBIT "$(tx "$(instr "$(leg "$region" REG26-3)")" 1999.99 DBIT)"
notice_end
drop central-nord unknown.xml $ODD
odd unknown-payment "$(at '<InstrId>')"
odd no-match "$(at '<Refs></Refs>')"
odd amount
notice 08
entry 33400 DBIT "$(tx "$(instr "$(leg "$region" REG26-1)")" 33400.00 DBIT)"
drop central-nord cut.xml UNREADABLE
odd unreadable
notice 08
entry '33400</Amt><Amt Ccy="DKK">1' DBIT "$(tx "$(instr "$(leg "$region" REG26-1)")" 33400.00 DBIT)"
notice_end
drop central-nord twice.xml UNREADABLE
{ printf '<!DOCTYPE Document [<!ENTITY a "%s">]>' "$cpr" && tail -n +2 "$work/notice.xml"; } >"$work/doctype.xml"
mv "$work/doctype.xml" "$work/notice.xml"
drop central-nord doctype.xml UNREADABLE
is "nothing moved" "$untouched" "$IN_FILE:6"

# ---- what never came

nks "$home" --json status --now 2026-11-24T13:00:00Z
checks=$((checks + 1))
grep -q '"type": *"unanswered".*"central": *"central-nord".*"overdue": *false' "$work/said" || fail "nothing waits for central-nord"
code "$NKS_BIN/nks" --home "$home" --json status --now 2026-11-24T14:00:00Z
assert_eq "past central-nord's first deadline" "$code" 5
checks=$((checks + 1))
grep -q '"type": *"next".*"words": *"1 order file is without the answer of central-nord that was due (2 payments).*silent' "$work/said" ||
    fail "the next step does not tell what central-nord owes: $(grep next "$work/said")"
code "$NKS_BIN/nks" --home "$home" --json status --now 2026-11-25T18:00:00Z
checks=$((checks + 1))
grep -q '"type": *"next".*2 order files are without the answer of central-nord' "$work/said" ||
    fail "the later file of central-nord is not told: $(grep next "$work/said")"
checks=$((checks + 1))
grep -q '"type": *"odd".*"kind": *"ambiguous"' "$work/said" || fail "nks status does not tell what was odd"
notice 08
entry 53000 DBIT "$(batch "$(message_id "$school")" '' 2 53000.00)" '' BOOK 2026-11-23
# a total that does not say how many: its details make up its amount
entry 33650 DBIT "<Btch><TtlAmt Ccy=\"DKK\">33650.00</TtlAmt></Btch>$(tx "$(instr "$(leg "$region" REG26-1)")" 33400.00 DBIT)
$(tx "$(instr "$(leg "$region" REG26-2)")" 250.00 DBIT)"
notice_end
drop central-nord late.xml $ACCEPTED
is "answered, late" "SELECT answered FROM out_file WHERE message_id = '$(message_id "$school")'" 2
code "$NKS_BIN/nks" --home "$home" --json status --now 2026-11-25T18:00:00Z
checks=$((checks + 1))
grep -q '"type": *"unanswered".*"central": *"central-nord".*"payments": *4.*"answered": *"partly".*"overdue": *true' "$work/said" ||
    fail "four payments of the region are not told: $(grep unanswered "$work/said")"

# ---- again, nothing new; nothing personal anywhere; everything recounted

night_run "$home" "$later"
is "no file of ours waits" "SELECT COUNT(*) FROM out_file WHERE state <> 3" 0
for words in status list "list --state ODD" "show 1" "explain 1 1"; do
    # shellcheck disable=SC2086
    code "$NKS_BIN/nks" --home "$home" --json $words --now "$later"
    checks=$((checks + 1))
    ! grep -q "$cpr" "$work/said" || fail "nks $words tells a CPR number"
done
checks=$((checks + 1))
home_database_files "$home" >"$work/files"
# shellcheck disable=SC2046 # a word per file
! grep -rqF "$cpr" "$home/out" $(cat "$work/files") || fail "a CPR number of a notice came out"
out_valid "$home/out"
audit_clean "$home"
code "$NKS_BIN/nks-audit" --home "$home"
checks=$((checks + 1))
grep -q 'carried on *5 ' "$work/said" || fail "the auditor does not tell what was carried on: $(grep carried "$work/said")"

# A carried payment's group is told as any other: nothing says that a file could not be read.
checks=$((checks + 1))
if grep -lr FF01 "$home/out/payer" >"$work/said"; then fail "FF01 is told to a payer: $(cat "$work/said")"; fi

# ---- the auditor finds what is done to these rows

tampered() { # WHAT SQL FINDING
    home_copy "$home" "$work/t"
    home_sql "$work/t" "$2"
    code "$NKS_BIN/nks-audit" --home "$work/t"
    assert_eq "$1: exit" "$code" 7
    checks=$((checks + 1))
    grep -q "$3" "$work/said" || fail "$1: not told: $(grep -m 3 'payment\|leg' "$work/said")"
    home_remove "$work/t"
}
tampered "a tie is cut" "DELETE FROM payment_return WHERE slice_id = (SELECT MIN(slice_id) FROM payment_return)" "names no leg for it"
tampered "a tie is turned" "UPDATE payment_return SET from_n = from_n + 1 WHERE slice_id = (SELECT MIN(slice_id) FROM payment_return)" "the leg that came back"
tampered "a batch forgets where it came from" "UPDATE batch SET origin = 1 WHERE origin = 3" "no payment of returned money"
test_end
