#!/bin/sh
# Erasing after the retention time: what goes, what stays, and nothing before its time.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have sqlite3 || exit 77
home=$work/home
answered=2026-11-23T05:40:00Z
early=2031-12-31T22:00:00Z
due=2032-01-01T08:00:00Z

ask() { # HOME SQL
    sqlite3 "$1/nks.db" "$2" | tr '\n' ' ' | sed 's/ *$//'
}
try() { # EXIT CODE HOME WORDS...: ends with EXIT and tells CODE ("" for none)
    right=$1 told=$2 at=$3
    shift 3
    code "$NKS_BIN/nks" --home "$at" --json "$@"
    assert_eq "nks $*: exit" "$code" "$right"
    checks=$((checks + 1))
    [ -z "$told" ] || grep -qF "\"$told\"" "$work/said" || {
        fail "nks $*: $told is not said"
        cat "$work/said" >&2
    }
}

# ---- a night that is over: every bank says yes to every file
home_make "$home"
night_run "$home"
find "$home/out/central" -name '*-o0*.xml' >"$work/orders"
while read -r order; do
    bank_answers "$home" "$order"
done <"$work/orders"
night_run "$home" "$answered"
night_run "$home" 2026-12-02T02:10:00Z # what was due later
audit_clean "$home"
over="SELECT b.batch_id FROM batch b WHERE b.state = 2
  AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.batch_id = b.batch_id AND s.state NOT IN (6, 7))
  AND NOT EXISTS (SELECT 1 FROM leg l WHERE l.slice_id >> 14 = b.batch_id AND l.state IN (1, 2))
  AND NOT EXISTS (SELECT 1 FROM ventekonto_entry v WHERE v.slice_id >> 14 = b.batch_id AND v.state = 1)"
batch=$(ask "$home" "$over ORDER BY (SELECT count(*) FROM claim_use u WHERE u.slice_id >> 14 = b.batch_id) DESC LIMIT 1")
[ -n "$batch" ] || die "no batch of the small night is over"
open=$(ask "$home" "SELECT batch_id FROM batch WHERE state = 2 AND batch_id NOT IN ($over) LIMIT 1")
[ -n "$open" ] || die "no batch of the small night is open"
delivery=$(ask "$home" "SELECT delivery_id FROM batch WHERE batch_id = $batch")
key=$(ask "$home" "SELECT hex(wrapped_key) FROM batch WHERE batch_id = $batch")
spool=$home/spool/$(printf '%012d' "$delivery").nks
head=$(dd if="$spool" bs=1 skip=7 count=60 2>/dev/null | od -An -tx1 | tr -d ' \n')

# ---- not before its time, not what is open
try 5 ERASE-EARLY "$home" erase "$batch" --reason test --now "$early"
grep -qF 2032-01-01 "$work/said" || fail "the day is not named"
try 5 ERASE-OPEN "$home" erase "$open" --reason test --now "$due"
try 2 "" "$home" erase --reason test --now "$due"
try 2 "" "$home" erase "$batch" --now "$due"
try 2 "" "$home" erase "$batch" --due --reason test --now "$due"
before=$(sqlite3 "$home/nks.db" .dump | cksum)
try 0 "" "$home" erase "$batch" --reason test --dry-run --now "$due"
assert_eq "a dry run changes nothing" "$(sqlite3 "$home/nks.db" .dump | cksum)" "$before"
[ -f "$spool" ] || fail "a dry run destroyed a file"

# ---- money that came back rests on the ventekonto, and outlives the batch that it came from
back=$work/back
home_init "$back"
mkdir -p "$back/in/sender/proeveskat" "$back/in/central/central-vest"
cat >"$back/in/sender/proeveskat/one.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>ONE</MsgId><CreDtTm>2026-11-22T18:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>100.00</CtrlSum>
<InitgPty><Nm>Skat</Nm><Id><OrgId><Othr><Id>PSKAT-01</Id><SchmeNm><Cd>CUST</Cd></SchmeNm></Othr></OrgId></Id></InitgPty></GrpHdr>
<PmtInf><PmtInfId>ONE-1</PmtInfId><PmtMtd>TRF</PmtMtd><PmtTpInf><LclInstrm><Prtry>NKSOST</Prtry></LclInstrm></PmtTpInf>
<ReqdExctnDt>2026-11-24</ReqdExctnDt><Dbtr><Nm>Skat</Nm></Dbtr>
<DbtrAcct><Id><Othr><Id>10010000000101</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></DbtrAcct>
<DbtrAgt><FinInstnId><BIC>PRVEDK2V</BIC></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>E-1</EndToEndId></PmtId><Amt><InstdAmt Ccy="DKK">100.00</InstdAmt></Amt>
<Cdtr><Nm>En Modtager</Nm><Id><PrvtId><Othr><Id>0101415001</Id><SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr>
</CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>
END
night_run "$back"
message=$(ask "$back" "SELECT message_id FROM out_file WHERE kind = 1 AND party = 'central-vest'")
leg=$(sed -n 's/.*<InstrId>\([^<]*\)<.*/\1/p' "$back"/out/central/central-vest/*-o0001.xml)
answer() { # NAME STATUS
    cat >"$back/in/central/central-vest/$1" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-$1</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>$message</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>$2</GrpSts></OrgnlGrpInfAndSts>
</CstmrPmtStsRpt></Document>
END
}
answer settled.xml ACSC
night_run "$back" "$answered"
cat >"$back/in/central/central-vest/return.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>BANK-R</MsgId><CreDtTm>2026-11-24T15:00:00</CreDtTm></GrpHdr>
<Ntfctn><Id>R</Id><CreDtTm>2026-11-24T15:00:00</CreDtTm><Acct><Id><Othr><Id>10010000000101</Id></Othr></Id></Acct>
<Ntry><Amt Ccy="DKK">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-24</Dt></BookgDt>
<ValDt><Dt>2026-11-24</Dt></ValDt>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><InstrId>$leg</InstrId></Refs><Amt Ccy="DKK">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>
END
night_run "$back" 2026-11-25T08:00:00Z
assert_eq "entries of the ventekonto" "$(ask "$back" "SELECT count(*) FROM ventekonto_entry WHERE state = 1")" 1
nks "$back" erase --due --reason monthly --now "$due"
assert_eq "erased: the batch, but not what carries its money on" "$(ask "$back" "SELECT group_concat(b.origin)
  FROM batch b JOIN batch_erased e USING (batch_id)")" 1
audit_clean "$back"
# a late answer to what was erased is odd as just that
answer late.xml RJCT
try 5 erased "$back" run --now "$due"
audit_clean "$back"
rm -rf "$back" "$back.keys" "$back.journal"

# ---- killed anywhere, it is gone, and the next call finishes
for point in key slice file spool done; do
    home_copy "$home" "$work/k"
    code env NKS_KILL_AT=erase.$point "$NKS_BIN/nks" --home "$work/k" erase "$batch" --reason test --now "$due"
    [ "$code" -gt 128 ] || fail "not killed at erase.$point"
    try 2 BATCH-ERASED "$work/k" explain "$batch" 1 --now "$due"
    audit_clean "$work/k"
    if [ $point = done ]; then
        try 2 BATCH-ERASED "$work/k" erase "$batch" --reason test --now "$due"
    else
        try 0 "" "$work/k" erase "$batch" --reason test --now "$due"
    fi
    assert_eq "killed at $point: done" "$(ask "$work/k" "SELECT done FROM batch_erased WHERE batch_id = $batch")" 1
    audit_clean "$work/k"
    rm -rf "$work/k" "$work/k.keys" "$work/k.journal"
done

# ---- an audit that had begun before does not call missing what is erased meanwhile; what is taken away it does
home_copy "$home" "$work/k"
NKS_STOP_AT=audit.picture "$NKS_BIN/nks-audit" -q --home "$work/k" >"$work/audited" 2>&1 &
auditing=$!
halted $auditing || die "the audit did not stop at its picture"
code "$NKS_BIN/nks" --home "$work/k" erase "$batch" --reason test --now "$due"
assert_eq "an erasure beside an audit waits to wipe: exit" "$code" 4
[ ! -e "$work/k/spool/${spool##*/}" ] || fail "the spool copy is there yet"
kill -CONT $auditing
exit=0
wait $auditing || exit=$?
assert_eq "an audit beside an erasure: exit $(head -n 1 "$work/audited")" "$exit" 0
try 0 "" "$work/k" erase "$batch" --reason test --now "$due"
audit_clean "$work/k"
rm "$work/k/spool/$(printf '%012d' "$(ask "$home" "SELECT delivery_id FROM batch WHERE batch_id = $open")").nks"
code "$NKS_BIN/nks-audit" -q --home "$work/k"
assert_eq "the audit: a spool copy taken away" "$code" 7
rm -rf "$work/k" "$work/k.keys" "$work/k.journal"

# ---- a row that was dated back does not have a file erased early
home_copy "$home" "$work/k"
sqlite3 "$work/k/nks.db" "UPDATE delivery SET received_at = 0; UPDATE batch SET created_at = 0"
nks "$work/k" erase --due --reason test --now 2026-12-04T02:10:00Z
assert_eq "erased early" "$(ask "$work/k" "SELECT (SELECT count(*) FROM delivery WHERE erased_at <> 0), (SELECT count(*) FROM batch_erased)")" "0|0"
rm -rf "$work/k" "$work/k.keys" "$work/k.journal"

# ---- two persons: what was signed is what goes
home_copy "$home" "$work/k"
for id in an bo; do
    nks "$work/k" keys person make "$work/$id.key"
    nks "$work/k" keys person add $id --key "$work/$id.key.pub" --roles operator,approver --reason test --now "$due"
done
sed -i 's/^required = no/required = yes/' "$work/k/nks.conf"
by() { # WHO WORDS...: at that time, by that person
    person=$1
    shift
    set -- "$work/k" "$@" --now "$due" --person "$person" --person-key "$work/$person.key"
    try "$right" "$told" "$@"
}
right=5 told='' && by an erase --due --reason "monthly"
right=5 told='' && by an erase "$batch" --reason "court order"
right=0 told='' && by bo approve 2
left=$(ask "$work/k" "SELECT count(*) FROM batch_erased")
right=1 told=DIFFERENCE-CHANGED && by bo approve 1
assert_eq "batches erased after that" "$(ask "$work/k" "SELECT count(*) FROM batch_erased")" "$left"
right=0 told='' && by bo approve 1 --decline
right=5 told='' && by an erase --due --reason "monthly"
right=0 told='' && by bo approve 3
audit_clean "$work/k"
rm -rf "$work/k" "$work/k.keys" "$work/k.journal"

# ---- what goes
try 0 "" "$home" erase "$batch" --reason "five years are over" --now "$due"
audit_clean "$home"
code "$NKS_BIN/nks-audit" -q --public --home "$home"
assert_eq "the audit with public keys" "$code" 0
[ ! -e "$spool" ] || fail "the spool copy is there"
for id in $(ask "$home" "SELECT file_id FROM out_file WHERE batch_id = $batch OR delivery_id = $delivery"); do
    [ ! -e "$home/archive/$(printf '%012d' "$id").nks" ] || fail "the archive copy of $id is there"
done
cat "$home/nks.db" "$home/nks.db-wal" 2>/dev/null | od -An -v -tx1 | tr -d ' \n' >"$work/bytes"
for secret in "$key" "$head"; do
    checks=$((checks + 1))
    ! grep -qiF "$secret" "$work/bytes" || fail "a wrapped key is left in the database or its log"
done
assert_eq "holders of its payments" "$(ask "$home" "SELECT count(*) FROM payment WHERE slice_id >> 14 = $batch AND holder_key <> 0")" 0
for column in "slice_decision WHERE length(decisions) <> 32 AND slice_id" "slice_details WHERE slice_id"; do
    assert_eq "rows of $column" "$(ask "$home" "SELECT count(*) FROM $column >> 14 = $batch")" 0
done

# ---- what stays, and what people are told
assert_eq "its payments" "$(ask "$home" "SELECT count(*) > 0 FROM payment WHERE slice_id >> 14 = $batch")" 1
try 0 "" "$home" show "$batch"
try 2 BATCH-ERASED "$home" explain "$batch" 1
try 2 BATCH-ERASED "$home" erase "$batch" --reason test --now "$due"
try 0 "" "$home" list
try 0 "" "$home" trail "$batch"
grep -qF "five years are over" "$work/said" || fail "the trail does not say why"
code "$NKS_BIN/nks" --home "$home" report "$batch" --out "$work/page.html"
assert_eq "its page: exit" "$code" 0
# the same file again is no new one, and the night goes on
mkdir -p "$work/in"
find "$small/in/sender" -name '*.xml' >"$work/files"
while read -r file; do
    party=${file#"$small/in/sender/"}
    cp "$file" "$home/in/sender/${party%%/*}/"
done <"$work/files"
orders=$(ask "$home" "SELECT count(*) FROM out_file WHERE kind = 1")
nks "$home" run --now "$due"
assert_eq "order files after the same files came again" "$(ask "$home" "SELECT count(*) FROM out_file WHERE kind = 1")" "$orders"
audit_clean "$home"

# ---- everything that is due: refused files too
try 0 "" "$home" erase --due --reason monthly --dry-run --now "$due"
try 0 "" "$home" erase --due --reason monthly --now "$due"
audit_clean "$home"
assert_eq "batches that are over" "$(ask "$home" "$over AND b.batch_id NOT IN (SELECT batch_id FROM batch_erased)")" ""
assert_eq "refused files" "$(ask "$home" "SELECT count(*) FROM delivery WHERE state = 4 AND erased_at = 0 AND received_at < 1900000000")" 0
assert_eq "the open batch" "$(ask "$home" "SELECT count(*) FROM batch_erased WHERE batch_id = $open")" 0
try 0 "" "$home" explain "$open" 1
try 0 "" "$home" keys rotate master --reason test
audit_clean "$home"

# ---- the auditor names what was not erased on purpose
tamper() { # WHAT SQL
    home_copy "$home" "$work/k"
    sqlite3 "$work/k/nks.db" "$2"
    code "$NKS_BIN/nks-audit" -q --home "$work/k"
    assert_eq "the audit: $1" "$code" 7
    rm -rf "$work/k" "$work/k.keys" "$work/k.journal"
}
tamper "a key that is gone" "UPDATE batch SET wrapped_key = x'' WHERE batch_id = $open"
tamper "a mark without a link" "UPDATE batch SET wrapped_key = x'' WHERE batch_id = $open; INSERT INTO batch_erased VALUES ($open, 1, 1)"
tamper "a mark taken away" "DELETE FROM batch_erased WHERE batch_id = $batch"
tamper "a mark with another instant" "UPDATE batch_erased SET erased_at = erased_at + 1 WHERE batch_id = $batch"
tamper "a mark that is neither" "UPDATE batch_erased SET done = 2 WHERE batch_id = $batch"
tamper "the size of an erased file" "UPDATE out_file SET bytes = bytes + 1 WHERE batch_id = $batch AND kind = 1 AND erased_at > 0"
tamper "a sum changed" "UPDATE payment SET amount_minor = amount_minor + 1 WHERE slice_id >> 14 = $batch AND n = 1"
tamper "a decision's hash changed" "UPDATE slice_decision SET decisions = zeroblob(32) WHERE slice_id >> 14 = $batch"
tamper "a spool copy said to be erased" "UPDATE delivery SET erased_at = 1 WHERE delivery_id = (SELECT delivery_id FROM batch WHERE batch_id = $open)"
test_end
