#!/bin/sh
# What banks answer, on one small night: answers of data centrals are dropped, and legs, uses of claims, entries of the
# ventekonto and the payers' status reports follow.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed

later=2026-11-23T05:40:00Z
home=$work/home

# Exit 5, something waits for a person, is right where an answer is odd.
say() { # WORDS...
    code "$NKS_BIN/nks" --home "$home" "$@"
    if [ "$code" -ne 0 ] && [ "$code" -ne 5 ]; then
        cat "$work/said" >&2
        die "nks $*: exit $code"
    fi
}

ask() {
    home_sql "$home" "$1"
}

# is WHAT SQL EXPECTED
is() {
    checks=$((checks + 1))
    answer=$(ask "$2" | tr '\n' ' ' | sed 's/ *$//')
    [ "$answer" = "$3" ] || fail "$1: '$answer', expected '$3'"
}

# ---- answers

file_id() { # FILE
    ask "SELECT file_id FROM out_file WHERE message_id = '$(message_id "$1")'"
}
leg() { # FILE END_TO_END_ID [N]: the id of the N-th leg
    grep -F "<EndToEndId>$2</EndToEndId>" "$1" | sed -n "${3:-1}s/.*<InstrId>\([^<]*\)<.*/\1/p"
}

# answer VERSION MSG_ID REST: a pain.002
serial=0
answer() {
    serial=$((serial + 1))
    printf '%s' '<?xml version="1.0" encoding="UTF-8"?>' >"$work/answer.xml"
    cat >>"$work/answer.xml" <<END
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.$1"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-$serial</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>$2</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId>$3
</CstmrPmtStsRpt></Document>
END
}
head_end='</OrgnlGrpInfAndSts>'
reason() {
    echo "<StsRsnInf><Rsn><Cd>$1</Cd></Rsn><AddtlInf>bank's words</AddtlInf></StsRsnInf>"
}
tx() { # LEG STATUS [REASON]
    echo "<TxInfAndSts><OrgnlInstrId>$1</OrgnlInstrId><TxSts>$2</TxSts>${3:+$(reason "$3")}<OrgnlTxRef><Amt/></OrgnlTxRef></TxInfAndSts>"
}
group() { # PMT_INF_ID REST
    echo "<OrgnlPmtInfAndSts><OrgnlPmtInfId>$1</OrgnlPmtInfId>$2</OrgnlPmtInfAndSts>"
}

# drop CENTRAL NAME EXPECTED: what becomes of the delivery
drop() {
    cp "$work/answer.xml" "$home/in/central/$1/$2"
    say run --now "$later"
    is "$2" "SELECT state FROM delivery WHERE delivery_id = (SELECT MAX(delivery_id) FROM delivery)" "$3"
    checks=$((checks + 1))
    [ "$code" -eq 0 ] || [ "$3" -eq $ODD ] || fail "$2: exit $code"
}
ACCEPTED=3 REFUSED=4 REPEATED=5 ODD=6

# legs FILE: "state:count" of each state, in order
legs() {
    echo "SELECT state || ':' || COUNT(*) FROM leg WHERE file_id = $(file_id "$1") GROUP BY state ORDER BY state"
}
IN_FILE=2 SETTLED=3 REJECTED=4
leg_is() { # WHAT LEG "state reason"
    rest=${2#N}
    ref=${rest%%-*}
    set -- "$1" "$3" $(echo "${rest#*-}" | tr '-' ' ')
    is "$1" "SELECT leg.state || ' ' || leg.reason FROM leg JOIN slice USING (slice_id) JOIN batch USING (batch_id)
WHERE ref = '$ref' AND slice_id & 16383 = $3 AND n = $4 AND leg_no = $5 AND leg.generation = $6" "$2"
}

# The newest status report of a payer.
report() {
    find "$home/out/payer/$1" -name 'nks-*-s*.xml' | LC_ALL=C sort | grep -F "${2:-}" | tail -n 1
}
says() { # FILE TEXT
    checks=$((checks + 1))
    grep -qF -e "$2" "$1" || fail "$(basename "$1") does not say $2"
}

everything() {
    for table in delivery out_file leg claim_use payment slice batch ventekonto_entry; do
        ask "SELECT * FROM $table" | LC_ALL=C sort
    done
}

# ---- the night

home_make "$home"
night_run "$home"
for central in central-vest central-oest central-nord; do
    mkdir -p "$home/in/central/$central"
done
is "every leg in a file" "SELECT COUNT(*) FROM leg WHERE state <> $IN_FILE" 0

skat=$(grep -l 'OST26-0001' "$home"/out/central/central-vest/*.xml | head -n 1) # proeveskat's first file
part2=$(grep -l 'OST26-0006' "$home"/out/central/central-vest/*.xml | head -n 1)
part3=$(grep -l 'OST26-0009' "$home"/out/central/central-vest/*.xml | head -n 1)
part4=$(grep -l 'OST26-0013' "$home"/out/central/central-vest/*.xml | head -n 1)
firms=$(grep -l '<PmtInfId>VIR-A<' "$home"/out/central/central-oest/*.xml)
wages=$(grep -l '<PmtInfId>L.*N-B<' "$home"/out/central/central-oest/*.xml)
region=$(grep -l '<PmtInfId>REG-A<' "$home"/out/central/central-nord/*.xml)
pension=$(grep -l '<PmtInfId>PEN-B<' "$home"/out/central/central-vest/*.xml)

# ---- all settled

answer 03 "$(message_id "$wages")" "<GrpSts>ACSP</GrpSts>$head_end"
drop central-oest at-work.xml $ACCEPTED
is "the bank has accepted it all" "SELECT answered FROM out_file WHERE file_id = $(file_id "$wages")" 2
is "not final: nothing moves" "$(legs "$wages")" "$IN_FILE:10"
is "and nothing is told" "SELECT COUNT(*) FROM out_file WHERE kind = 3 AND detail = 'answer'" 0
for status in RCVD ACTC PDNG PART; do # the bank has it, and nothing moves
    answer 03 "$(message_id "$region")" "<GrpSts>$status</GrpSts>$head_end"
    drop central-nord "has-it-$status.xml" $ACCEPTED
done
is "received" "SELECT answered FROM out_file WHERE file_id = $(file_id "$region")" 1
is "the batches' chains know of the answers" "SELECT o.file_id, COUNT(*) FROM trail_link t JOIN out_file o ON t.chain = o.batch_id
  WHERE t.action = 7 AND o.file_id IN ($(file_id "$wages"), $(file_id "$region")) GROUP BY o.file_id ORDER BY COUNT(*)" \
    "$(file_id "$wages")|1 $(file_id "$region")|4"

answer 03 "$(message_id "$wages")" "<GrpSts>ACSC</GrpSts>$head_end"
drop central-oest settled.xml $ACCEPTED
is "all settled" "$(legs "$wages")" "$SETTLED:10"
told=$(report proeve-kommune s0001) # one report, at the end
says "$told" "<DtldSts>ACSC</DtldSts>"
says "$told" "<DtldNbOfTxs>10</DtldNbOfTxs>"
says "$told" "<GrpSts>PART</GrpSts>" # payment 8 was rejected by the agreement
says "$told" "<Cd>BE06</Cd>"

# ---- some rejected: a debt's part and the payee's

debt=$(leg "$part2" OST26-0005 1) # K-1002
payee=$(leg "$part2" OST26-0005 3)
is "uses before" "SELECT COUNT(*) FROM claim_use WHERE state = 2" 0
answer 10 "$(message_id "$part2")" "<GrpSts>PART</GrpSts>$head_end$(group OST-A "$(tx "$debt" RJCT AC04)$(tx "$payee" RJCT MD07)")"
drop central-vest some.xml $ACCEPTED
is "the others stay" "$(legs "$part2")" "$IN_FILE:3 $REJECTED:2"
leg_is "the debt's leg" "$debt" "$REJECTED 26"
leg_is "the payee's leg" "$payee" "$REJECTED 28"
is "one use is given back" "SELECT n, leg_no, amount_minor FROM claim_use WHERE state = 2" "5|2|30000"
told=$(report proeveskat s0002)
says "$told" "<OrgnlEndToEndId>OST26-0005</OrgnlEndToEndId><TxSts>ACWC</TxSts><StsRsnInf><Rsn><Cd>MD07</Cd>"
say explain --json "$(ask "SELECT batch_id FROM out_file WHERE file_id = $(file_id "$part2")")" 5
checks=$((checks + 1))
grep -q 'MD07\|REJECTED\|RETURNED' "$work/said" || fail "nks explain does not tell that payment 5 came back"

# ---- the same bytes again, then the same in other bytes, then the contrary

drop central-vest again.xml $REPEATED
reports=$(ask "SELECT COUNT(*) FROM out_file WHERE kind = 3")
answer 10 "$(message_id "$part2")" "$head_end$(group OST-A "$(tx "$debt" RJCT AC06)")"
drop central-vest other-bytes.xml $ACCEPTED
leg_is "the first reason stands" "$debt" "$REJECTED 26"
answer 10 "$(message_id "$part2")" "<GrpSts>ACSC</GrpSts>$head_end"
drop central-vest contrary.xml $ODD
is "final stays final, the rest is settled" "$(legs "$part2")" "$SETTLED:3 $REJECTED:2"
answer 10 "$(message_id "$wages")" "<GrpSts>RJCT</GrpSts>$(reason AC04)$head_end"
drop central-oest contrary.xml $ODD
is "settled stays settled" "$(legs "$wages")" "$SETTLED:10"
is "one more report, for what moved" "SELECT COUNT(*) FROM out_file WHERE kind = 3" $((reports + 1))

# ---- a code that nks does not have; the ventekonto; a leg of another file

rest=$(leg "$part3" OST26-0010)
settled=$(leg "$part3" OST26-0009)
strange=$(leg "$part4" OST26-0013)
answer 03 "$(message_id "$part3")" "$head_end$(group OST-A "$(tx "$rest" RJCT ZZ99)$(tx "$settled" ACCC)$(tx "$strange" RJCT AC04)$(tx "N0000000000000000-1-1-1-1" RJCT AC04)$(tx "nonsense" RJCT)")"
drop central-vest odd-leg.xml $ODD
leg_is "unknown code" "$rest" "$REJECTED 25"
leg_is "settled" "$settled" "$SETTLED 0"
leg_is "of another file" "$strange" "$IN_FILE 0"
is "its entry is returned" "SELECT COUNT(*) FROM ventekonto_entry WHERE state = 4" 1

# ---- a group; a whole file; a payment of it that fares otherwise

# For an account, that is the payer's own: no payee has lost his, and nothing is carried on.
carried=$(ask "SELECT COUNT(*) FROM payment_return")
answer 03 "$(message_id "$pension")" "$head_end$(group PEN-B "<PmtInfSts>RJCT</PmtInfSts>$(reason AC06)")"
drop central-vest group.xml $ACCEPTED
is "the group" "$(legs "$pension")" "$REJECTED:1"
is "for the payer's account" "SELECT reason FROM leg WHERE file_id = $(file_id "$pension")" 59
is "the group is not carried on" "SELECT COUNT(*) FROM payment_return" "$carried"
answer 03 "$(message_id "$pension")" "$head_end$(group NO-SUCH "<PmtInfSts>ACSC</PmtInfSts>")"
drop central-vest no-group.xml $ODD

used=$(ask "SELECT COUNT(*) FROM claim_use WHERE state = 1")
one=$(leg "$firms" VIR26-01)
answer 10 "$(message_id "$firms")" "<GrpSts>RJCT</GrpSts>$(reason AC04)$head_end$(group VIR-A "$(tx "$one" RJCT)")"
drop central-oest whole.xml $ACCEPTED
is "the whole file" "$(legs "$firms")" "$REJECTED:10"
is "a payment without a reason has the file's" "SELECT reason, COUNT(*) FROM leg WHERE file_id = $(file_id "$firms") GROUP BY reason" "58|10"
is "the file is not carried on" "SELECT COUNT(*) FROM payment_return" "$carried"
is "its two uses are given back" "SELECT COUNT(*) FROM claim_use WHERE state = 1" $((used - 2))
is "and its entry" "SELECT COUNT(*) FROM ventekonto_entry WHERE state = 4" 2
told=$(report proeveskat "$(basename "$firms" | cut -d- -f2)")
says "$told" "<GrpSts>RJCT</GrpSts>"
says "$told" "<Cd>AC04</Cd>"

one=$(sed -n 's/.*<InstrId>\([^<]*\)<.*/\1/p' "$region" | sed -n 2p)
answer 10 "$(message_id "$region")" "<GrpSts>ACSC</GrpSts>$head_end$(group REG-A "$(tx "$one" RJCT)")"
drop central-nord two-ways.xml $ODD
leg_is "the payment's own status counts" "$one" "$REJECTED 25"
is "the rest is settled" "SELECT COUNT(*) FROM leg WHERE file_id = $(file_id "$region") AND state <> $SETTLED" 1

# ---- a receipt is no answer: what waits is still told

answer 10 "$(message_id "$skat")" "<GrpSts>ACTC</GrpSts>$head_end"
drop central-vest receipt.xml $ACCEPTED
say --json status --now 2026-11-24T17:00:00Z
checks=$((checks + 1))
grep '"type": *"unanswered"' "$work/said" | grep "$(basename "$skat")" | grep -q '"answered": *"partly".*"overdue": *true' ||
    fail "nks status does not tell that a file was only received"
checks=$((checks + 1))
[ "$code" -eq 5 ] || fail "a file that was only received is late: exit $code"

# ---- what cannot be used moves nothing

untouched=$(legs "$skat")
first=$(leg "$skat" OST26-0001)
answer 10 "NKS-0000000000000000-O0001" "<GrpSts>RJCT</GrpSts>$head_end"
drop central-vest unknown.xml $ODD
answer 10 "$(message_id "$skat")" "<GrpSts>RJCT</GrpSts>$head_end"
drop central-oest wrong-central.xml $ODD
answer 10 "$(message_id "$skat")" "$head_end$(group OST-A "$(tx "$first" RJCT AC04)")"
sed '$d' "$work/answer.xml" >"$work/cut.xml"
mv "$work/cut.xml" "$work/answer.xml"
drop central-vest cut.xml $ODD
answer 10 "$(message_id "$skat")" "<GrpSts>RJCT</GrpSts>$head_end<!DOCTYPE x>"
drop central-vest doctype.xml $ODD
{
    printf '%s' '<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    answer 10 "$(message_id "$skat")" "<GrpSts>RJCT</GrpSts>$head_end"
    sed 's/^<?xml[^>]*>//' "$work/answer.xml"
} >"$work/hostile.xml"
mv "$work/hostile.xml" "$work/answer.xml"
drop central-vest hostile.xml $ODD
answer 10 "$(message_id "$skat")" "<GrpSts>ACCP</GrpSts><GrpSts>RJCT</GrpSts>$head_end"
drop central-vest ambiguous.xml $ODD
cp "$skat" "$work/answer.xml"
drop central-vest order.xml $ODD
: >"$work/answer.xml"
drop central-vest empty.xml $ODD
head -c 100000 /dev/zero >"$work/answer.xml"
drop central-vest zeros.xml $ODD
is "nothing moved" "$untouched" "$IN_FILE:5"

answer 10 "$(message_id "$skat")" "<GrpSts>ACSC</GrpSts>$head_end"
cp "$work/answer.xml" "$home/in/sender/proeveskat/report.xml"
say run --now "$later"
is "a report in a sender's folder" "SELECT state FROM delivery WHERE delivery_id = (SELECT MAX(delivery_id) FROM delivery)" $REFUSED
is "nothing moved" "$untouched" "$IN_FILE:5"
receipt=$(grep -l 'pain.001.001.03, .08, .09, .10, .11 and .12' "$home"/out/sender/proeveskat/*.xml | tail -n 1)
[ -n "$receipt" ] || fail "the receipt does not name the accepted versions"

# ---- many answers in one run: one report for each batch

before=$(ask "SELECT COUNT(*) FROM out_file WHERE kind = 3")
answer 03 "$(message_id "$skat")" "<GrpSts>ACSC</GrpSts>$head_end"
cp "$work/answer.xml" "$home/in/central/central-vest/many-1.xml"
answer 03 "$(message_id "$part4")" "<GrpSts>ACSC</GrpSts>$head_end"
drop central-vest many-2.xml $ACCEPTED
is "two answers, one report" "SELECT COUNT(*) FROM out_file WHERE kind = 3" $((before + 1))

# ---- again, nothing new

everything >"$work/before"
find "$home/out" -type f | LC_ALL=C sort >>"$work/before"
say run --now "$later"
everything >"$work/after"
find "$home/out" -type f | LC_ALL=C sort >>"$work/after"
checks=$((checks + 1))
cmp -s "$work/before" "$work/after" || fail "a second run changes something"
is "no file of ours waits" "SELECT COUNT(*) FROM out_file WHERE state <> 3" 0

audit_clean "$home"
out_valid "$home/out/payer"
test_end
