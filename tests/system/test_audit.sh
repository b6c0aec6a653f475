#!/bin/sh
# The auditor on one small night: clean as it is, and every single change to a row or a file is found and named.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed

now=$night
home=$work/night
keys=$home.keys
count=0

do_nks() { # WORDS...
    nks "$home" --now "$now" "$@"
}

# audit EXPECTED_EXIT OPTIONS…: what it says stands in $work/out
audit() {
    expected=$1
    shift
    checks=$((checks + 1))
    code=0
    "$NKS_BIN/nks-audit" "$@" >"$work/out" 2>"$work/err" || code=$?
    cat "$work/out" "$work/err" >>"$work/all"
    if [ "$code" -ne "$expected" ]; then
        fail "nks-audit $*: exit $code, expected $expected"
        cat "$work/out" "$work/err" >&2
    fi
}

says() { # FILE TEXT
    grep -qF -e "$2" "$1" || {
        fail "expected '$2' in:"
        cat "$1" >&2
    }
}

ask() {
    home_sql "$home" "$1"
}

flip() { # FILE OFFSET: changes one byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    printf "\\$(printf '%03o' $(((byte + 1) % 256)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

swap() { # FILE FILE
    mv "$1" "$1.other"
    mv "$2" "$1"
    mv "$1.other" "$2"
}

number() {
    printf '%012d.nks' "$1"
}

# ---- the night

home_of_now() { # with imports of the night's own instant
    home_new "$home"
    for import in agreement:agreements central:centrals register:register debt:debts; do
        do_nks "${import%:*}" import "$small/${import#*:}.csv"
    done
}
home_of_now
cp -R "$small/in/." "$home/in/"
do_nks run
[ "$(ask 'SELECT COUNT(*) FROM batch WHERE state = 2')" -eq 7 ] || fail "7 files should have been accepted"
! on_sqlite || ask 'PRAGMA wal_checkpoint(TRUNCATE)' >"$work/checkpoint"

# ---- clean, in every form; nothing is written

picture() { # all but what the database engine keeps beside an open database, and every row
    (cd "$home" && find . -type f ! -name 'nks.db-*' -exec sha256sum {} + | sort -k 2)
    home_dump "$home"
}
picture >"$work/before"
audit 0 --home "$home"
says "$work/out" "No findings."
says "$work/out" "not yet due"
says "$work/out" "259364.95" # sent
audit 0 --home "$home" --public
says "$work/out" "left out without the secret keys"
audit 0 --home "$home" -q
[ ! -s "$work/out" ] || fail "-q of a clean home should say nothing"
audit 0 --home "$home" --json
says "$work/out" '"type":"result","findings":0,"exit":0'
says "$work/out" '"currency":"DKK","payments":70,"sum":"301864.95"'
grep -vqE '^\{"v":1,"type":"[a-z]+",.*\}$' "$work/out" && fail "--json should give JSON Lines"
mkdir -m 0700 "$work/public"
cp "$keys/sign.pub" "$keys/file.crt" "$work/public/"
audit 0 --home "$home" --keys "$work/public" --json
says "$work/out" '"keys":"public"'
picture >"$work/after"
cmp -s "$work/before" "$work/after" || fail "the audit changed the home"

# ---- between any two stages a home is clean too, and after a bank sent a file back

first=$home
home=$work/steps
home_of_now
audit 0 --home "$home"
cp -R "$small/in/." "$home/in/"
for stage in receive ingest resolve offset route emit deliver; do
    do_nks "$stage"
    audit 0 --home "$home" -q
    audit 0 --home "$home" -q --public
done
answered=$(ask "SELECT message_id FROM out_file WHERE kind = 1 AND batch_id = (SELECT slice_id >> 14 FROM claim_use LIMIT 1)
  ORDER BY file_id LIMIT 1")
central=$(ask "SELECT party FROM out_file WHERE kind = 1 AND message_id = '$answered'")
mkdir -p "$home/in/central/$central"
cat >"$home/in/central/$central/answer.xml" <<EOF
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><GrpHdr><MsgId>BANK-1</MsgId>\
<CreDtTm>2026-11-23T05:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>$answered</OrgnlMsgId>\
<OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId><GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>\
</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>
EOF
do_nks run
audit 0 --home "$home"
grep -qE '^\+ returned +[1-9]' "$work/out" || fail "a rejected file should give returned payments"
audit 0 --home "$home" --public
home=$first

# ---- cannot look; wrong usage

audit 6 --home "$work/nowhere"
audit 6 --home "$home" --keys "$work/nowhere"
audit 2 --home "$home" --loud
audit 2 --home
audit 2 --home "$home" surplus
audit 0 --help
audit 0 --version

# ---- the clock went back behind an import: its amounts hold all the same, whichever instant they were used at

home=$work/back
home_init "$home"
sed '/^CLAIM/s/,[0-9]*\.00,2025/,9999.00,2025/' "$small/debts.csv" >"$work/more.csv"
do_nks debt import --now 2026-11-23T02:10:00Z "$work/more.csv"
cp -R "$small/in/." "$home/in/"
do_nks run --now 2026-11-23T01:10:00Z
[ "$(ask 'SELECT MAX(amount_minor) FROM claim_use')" -gt 150000 ] || fail "the amounts imported last were not used"
audit 0 --home "$home" -q
# ---- a file that was held and let go later stands in the next manifest, not in the one before

home=$work/held
home_init "$home"
cp -R "$small/in/." "$home/in/"
for stage in receive ingest resolve offset route emit; do
    do_nks $stage --now 2026-11-23T02:10:00Z
done
planted=$(ask "SELECT party || '/' || name FROM out_file WHERE kind = 1 AND party = 'central-vest' ORDER BY file_id LIMIT 1")
mkdir -p "$home/out/central/${planted%/*}"
echo x >"$home/out/central/$planted"
code=0
"$NKS_BIN/nks" --home "$home" deliver --now 2026-11-23T02:10:00Z >"$work/said" 2>&1 || code=$?
[ "$code" -eq 5 ] || fail "a planted file: exit $code"
rm "$home/out/central/$planted"
do_nks deliver --now 2026-11-23T03:00:00Z
[ "$(ask "SELECT COUNT(*) FROM out_file WHERE kind = 4 AND party = 'central-vest'")" -eq 2 ] || fail "two manifests were due"
audit 0 --home "$home" -q
ask "UPDATE out_file SET entries = entries + 1 WHERE kind = 4 AND party = 'central-vest' AND number = 1"
audit 7 --home "$home" -q
home=$first

# ---- one change at a time

skat=$(ask 'SELECT slice_id FROM slice ORDER BY legs DESC, slice_id LIMIT 1')
batch=$((skat >> 14))
other=$(ask "SELECT slice_id FROM slice WHERE legs > 0 AND slice_id <> $skat ORDER BY legs DESC, slice_id LIMIT 1")
waiting=$(ask 'SELECT MIN(slice_id) FROM slice WHERE state = 2')
venteslice=$(ask 'SELECT MIN(slice_id) FROM ventekonto_entry')
vente=$(ask "SELECT MIN(n) FROM ventekonto_entry WHERE slice_id = $venteslice")
order=$(ask 'SELECT MIN(file_id) FROM out_file WHERE kind = 1')
order2=$(ask "SELECT MIN(file_id) FROM out_file WHERE kind = 1 AND party <> (SELECT party FROM out_file WHERE file_id = $order)")
orderpath=$(ask "SELECT party || '/' || name FROM out_file WHERE file_id = $order")
receipt=$(ask 'SELECT delivery_id FROM out_file WHERE kind = 2 ORDER BY file_id LIMIT 1')
refused=$(ask 'SELECT MIN(batch_id) FROM batch WHERE state = 3')
split=$(ask 'SELECT MIN(slice_id) FROM claim_use')
use=$(ask "SELECT n || ' generation 1 leg_no ' || leg_no FROM claim_use WHERE slice_id = $split ORDER BY n, leg_no LIMIT 1")
usen=${use%% *}
useleg=${use##* }
redirect=$(ask 'SELECT l.slice_id FROM leg l WHERE l.kind = 2 AND l.slice_id NOT IN (SELECT slice_id FROM claim_use) LIMIT 1')
rejected=$(ask "SELECT slice_id || ' n ' || n FROM payment WHERE state = 2 AND slice_id IN (SELECT slice_id FROM slice WHERE state = 6) LIMIT 1")

sql() {
    home_sql "$copy" "$1"
}

# HOW (both: public keys see it too; secret) | EXPECTED place | what | change. `sql` and $copy are there.
zeros=$(sql_bytes 00 32)
cases() {
    cat <<EOF
both|payment slice_id $skat n 1:|a payment's amount|sql "UPDATE payment SET amount_minor = amount_minor + 100 WHERE slice_id = $skat AND n = 1"
secret|payment slice_id $waiting n 1:|amount of a payment not yet due, and every sum over it|sql "UPDATE payment SET amount_minor = 999900 WHERE slice_id = $waiting; UPDATE slice SET amount_minor = 999900 WHERE slice_id = $waiting; UPDATE slice_status_total SET control_sum = '9999.00' WHERE slice_id = $waiting"
secret|payment slice_id $waiting n 1:|another payee before the decision|sql "UPDATE payment SET (holder_key, holder_check) = (SELECT p.holder_key, p.holder_check FROM payment p WHERE p.slice_id = $skat AND p.holder_key <> payment.holder_key AND p.holder_key <> 0 LIMIT 1) WHERE slice_id = $waiting"
secret|payment slice_id $waiting n 1:|a flag of a payment|sql "UPDATE payment SET flags = flags + 1 WHERE slice_id = $waiting"
both|payment slice_id $skat n 2:|a payment is gone|sql "DELETE FROM payment WHERE slice_id = $skat AND n = 2"
both|batch $batch: seq 3 has no row|a sequence number|sql "UPDATE payment SET seq = 4 WHERE slice_id = $skat AND n = 3"
both|payment slice_id $skat n 1:|a payment becomes rejected|sql "UPDATE payment SET state = 2, reason = 19 WHERE slice_id = $skat AND n = 1"
both|payment slice_id $rejected:|a rejected payment becomes accepted|sql "UPDATE payment SET state = 1 WHERE 'payment slice_id ' || slice_id || ' n ' || n = 'payment slice_id $rejected'"
both|leg slice_id $skat n 1 generation 1 leg_no 1: central|a leg's central|sql "UPDATE leg SET central = central + 1 WHERE slice_id = $skat AND n = 1"
secret|leg slice_id $skat n 1 generation 1 leg_no 1: amount_minor|a leg's amount|sql "UPDATE leg SET amount_minor = amount_minor - 1 WHERE slice_id = $skat AND n = 1"
both|payment slice_id $skat n 1:|a leg's amount, seen at its payment|sql "UPDATE leg SET amount_minor = amount_minor - 1 WHERE slice_id = $skat AND n = 1"
both|slice slice_id $skat:|money moved between two payments|sql "UPDATE payment SET amount_minor = amount_minor - 1 WHERE slice_id = $skat AND n = 1; UPDATE leg SET amount_minor = amount_minor - 1 WHERE slice_id = $skat AND n = 1; UPDATE payment SET amount_minor = amount_minor + 1 WHERE slice_id = $skat AND n = 2; UPDATE leg SET amount_minor = amount_minor + 1 WHERE slice_id = $skat AND n = 2"
both|slice slice_id $skat:|a leg's kind|sql "UPDATE leg SET kind = 4 WHERE slice_id = $skat AND n = 1"
both|payment slice_id $skat n 1:|a leg is gone|sql "DELETE FROM leg WHERE slice_id = $skat AND n = 1"
secret|leg slice_id $skat n 1 generation 1 leg_no 1: the row is missing|a leg is gone, named|sql "DELETE FROM leg WHERE slice_id = $skat AND n = 1"
both|payment slice_id $skat n 1:|a leg was added|sql "INSERT INTO leg SELECT slice_id, n, generation, 2, kind, 1, central, state, reason, file_id, told FROM leg WHERE slice_id = $skat AND n = 1"
both|leg slice_id $skat n 1 generation 1 leg_no 1: file_id|a leg's file is none|sql "UPDATE leg SET file_id = 99999 WHERE slice_id = $skat AND n = 1"
both|out_file |a leg goes to another file of its batch|sql "UPDATE leg SET file_id = (SELECT MAX(file_id) FROM out_file WHERE batch_id = $batch AND kind = 1) WHERE slice_id = $skat AND n = 1"
both|leg slice_id $skat n 1 generation 1 leg_no 1: PLANNED|a leg is planned again|sql "UPDATE leg SET state = 1, file_id = 0 WHERE slice_id = $skat AND n = 1"
both|slice slice_id $skat:|decisions moved to another slice|sql "UPDATE slice_decision SET decisions = (SELECT decisions FROM slice_decision WHERE slice_id = $other) WHERE slice_id = $skat"
secret|slice_decision slice_id $skat generation 1:|decisions moved, and hashed anew|sql "UPDATE slice_decision SET decisions = (SELECT decisions FROM slice_decision WHERE slice_id = $other) WHERE slice_id = $skat"
both|slice_decision slice_id $skat generation 1:|decisions are gone|sql "DELETE FROM slice_decision WHERE slice_id = $skat"
secret|slice_details slice_id $skat:|details moved to another slice|sql "UPDATE slice_details SET details = (SELECT details FROM slice_details WHERE slice_id = $other) WHERE slice_id = $skat"
both|slice_details slice_id $skat:|details are gone|sql "DELETE FROM slice_details WHERE slice_id = $skat"
both|slice slice_id $skat:|the signature of another slice|sql "UPDATE slice SET signature = (SELECT signature FROM slice WHERE slice_id = $other) WHERE slice_id = $skat"
both|slice slice_id $skat:|the hash over the legs|sql "UPDATE slice SET legs_hash = $zeros WHERE slice_id = $skat"
both|slice slice_id $skat:|a slice's state goes back|sql "UPDATE slice SET state = 2 WHERE slice_id = $skat"
both|slice slice_id $waiting:|a waiting slice becomes emitted|sql "UPDATE slice SET state = 6 WHERE slice_id = $waiting"
both|slice slice_id $waiting:|an earlier execution date|sql "UPDATE slice SET execution_date = execution_date - 3, due_date = due_date - 5 WHERE slice_id = $waiting"
both|slice slice_id $skat:|a slice's count|sql "UPDATE slice SET payments = payments + 1 WHERE slice_id = $skat"
both|slice slice_id $skat:|a slice's sum|sql "UPDATE slice SET amount_minor = amount_minor + 1 WHERE slice_id = $skat"
both|batch $batch:|a slice is gone|sql "DELETE FROM slice WHERE slice_id = $waiting"
both|slice_status_total slice_id $skat status ACCP:|a status total|sql "UPDATE slice_status_total SET payments = payments + 1 WHERE slice_id = $skat AND status = 'ACCP'"
both|slice_status_total slice_id $skat status ACCP:|a status sum|sql "UPDATE slice_status_total SET control_sum = '1.00' WHERE slice_id = $skat AND status = 'ACCP'"
both|slice_order_total slice_id $skat central|an order total|sql "UPDATE slice_order_total SET control_sum = '1.00' WHERE slice_id = $skat"
both|slice_order_total slice_id $skat central|an order total is gone|sql "DELETE FROM slice_order_total WHERE slice_id = $skat"
both|reference_run run_id|a block of references is gone|sql "DELETE FROM reference_block WHERE block_id = (SELECT MIN(block_id) FROM reference_block)"
both|reference_block run_id|a run of references is gone|sql "DELETE FROM reference_run WHERE run_id = (SELECT MIN(run_id) FROM reference_run)"
both|batch $batch: payments|a batch's count|sql "UPDATE batch SET payments = payments + 1 WHERE batch_id = $batch"
both|batch $batch: rejected|a batch's rejections|sql "UPDATE batch SET rejected = rejected + 1 WHERE batch_id = $batch"
both|batch $batch: control_sum|a batch's control sum|sql "UPDATE batch SET control_sum = '20860.71' WHERE batch_id = $batch"
both|delivery |a batch becomes refused|sql "UPDATE batch SET state = 3 WHERE batch_id = $batch"
both|batch $refused:|a batch is gone|sql "DELETE FROM batch WHERE batch_id = $refused"
both|batch $refused:|a refused batch has a group|sql "INSERT INTO batch_group SELECT $refused, number, payments, regnr, execution_date, moved, record FROM batch_group WHERE batch_id = $batch AND number = 1"
secret|batch $batch: a record of batch.header|another batch's header|sql "UPDATE batch SET header = (SELECT header FROM batch WHERE batch_id = ($other >> 14)) WHERE batch_id = $batch"
both|batch_group batch_id $batch number 1: the row is missing|a group is gone|sql "DELETE FROM batch_group WHERE batch_id = $batch AND number = 1"
both|batch_group batch_id $batch number 1: payments|a group's count|sql "UPDATE batch_group SET payments = payments + 1 WHERE batch_id = $batch AND number = 1"
secret|batch_group batch_id $batch number 1:|a group's record|sql "UPDATE batch_group SET record = (SELECT record FROM batch_group WHERE batch_id = $batch AND number = 2) WHERE batch_id = $batch AND number = 1"
both|delivery $receipt: not answered|a delivery loses its answer|sql "UPDATE delivery SET answered = 0 WHERE delivery_id = $receipt"
both|delivery $receipt: answered|a receipt is gone|sql "DELETE FROM out_file WHERE kind = 2 AND delivery_id = $receipt"
both|delivery 2:|a delivery is gone|sql "DELETE FROM delivery WHERE delivery_id = 2"
secret|file spool/$(number 1):|a delivery's hash|sql "UPDATE delivery SET hash = $zeros WHERE delivery_id = 1"
secret|file spool/$(number 1):|a byte of the spool|flip "\$copy/spool/$(number 1)" 200
secret|file spool/$(number 2):|spool copies swapped|swap "\$copy/spool/$(number 2)" "\$copy/spool/$(number 3)"
both|file spool/$(number 1): it is not there|a spool copy is gone|rm "\$copy/spool/$(number 1)"
secret|delivery 1:|a delivery's name|sql "UPDATE delivery SET name = (SELECT name FROM delivery WHERE delivery_id = 2) WHERE delivery_id = 1"
secret|file archive/$(number "$order"):|a file's hash|sql "UPDATE out_file SET hash = $zeros WHERE file_id = $order"
both|file out/central/$orderpath:|a file's hash, seen in out/|sql "UPDATE out_file SET hash = $zeros WHERE file_id = $order"
both|file out/central/$orderpath.p7s:|a file's hash, seen by its signature|sql "UPDATE out_file SET hash = $zeros WHERE file_id = $order"
secret|file archive/$(number "$order"):|a byte of the archive|flip "\$copy/archive/$(number "$order")" 300
secret|file archive/$(number "$order"):|archive copies swapped|swap "\$copy/archive/$(number "$order")" "\$copy/archive/$(number "$order2")"
secret|file archive/$(number "$order"):|an archive copy cut short|dd if="$home/archive/$(number "$order")" of="\$copy/archive/$(number "$order")" bs=100 count=3 2>/dev/null
both|file archive/$(number "$order"): it is not there|an archive copy is gone|rm "\$copy/archive/$(number "$order")"
both|file out/central/$orderpath:|a byte of a published file|flip "\$copy/out/central/$orderpath" 500
both|file out/central/$orderpath: |a byte more in a published file|echo >>"\$copy/out/central/$orderpath"
both|file out/central/$orderpath.p7s:|a byte of its signature|flip "\$copy/out/central/$orderpath.p7s" 400
both|file out/central/|a file that nks did not write|cp "$home/out/central/$orderpath" "\$copy/out/central/${orderpath%/*}/nks-more.xml"
both|out_file $order:|a file's count|sql "UPDATE out_file SET entries = entries + 1 WHERE file_id = $order"
both|out_file $order:|a file's sum|sql "UPDATE out_file SET control_sum = '1.00' WHERE file_id = $order"
both|out_file $order2: message_id|a message id used twice|sql "UPDATE out_file SET message_id = (SELECT message_id FROM out_file WHERE file_id = $order) WHERE file_id = $order2"
both|out_file $order: the row is missing|a file's row is gone|sql "DELETE FROM out_file WHERE file_id = $order"
secret|leg slice_id $split n $use:|a use of a claim is gone|sql "DELETE FROM claim_use WHERE slice_id = $split AND n = $usen AND leg_no = $useleg"
both|leg slice_id |a use of a claim is gone, seen beside the others|sql "DELETE FROM claim_use WHERE slice_id = $split AND n = $usen AND leg_no = $useleg"
both|claim_use holder_key|a use's amount|sql "UPDATE claim_use SET amount_minor = amount_minor - 1 WHERE slice_id = $split AND n = $usen AND leg_no = $useleg"
both|claim_use holder_key|a use given back while its leg stands|sql "UPDATE claim_use SET state = 2 WHERE slice_id = $split AND n = $usen AND leg_no = $useleg"
secret|leg slice_id $split n $use: its use in claim_use is of another|a use of another claim|sql "UPDATE claim_use SET claim_key = claim_key + 1 WHERE slice_id = $split AND n = $usen AND leg_no = $useleg"
both|debt_claim holder_key|a claim used beyond what is open|sql "UPDATE debt_claim SET open_minor = 1 WHERE claim_key = (SELECT claim_key FROM claim_use LIMIT 1)"
both|debt_claim holder_key|a claim of an instant that was not yet, used beyond what is open|sql "UPDATE debt_claim SET open_minor = 1, as_of = as_of + 315576000 WHERE claim_key = (SELECT claim_key FROM claim_use LIMIT 1)"
both|claim_use holder_key|a use without a leg|sql "INSERT INTO claim_use SELECT holder_key, claim_key, slice_id, n, generation, 9, 1, used_at, 1, NULL FROM claim_use LIMIT 1"
both|leg slice_id $venteslice n $vente generation 1|an entry of the ventekonto is gone|sql "DELETE FROM ventekonto_entry WHERE slice_id = $venteslice AND n = $vente"
both|ventekonto_entry slice_id $venteslice n $vente generation 1:|an entry's amount|sql "UPDATE ventekonto_entry SET amount_minor = amount_minor + 1 WHERE slice_id = $venteslice AND n = $vente"
both|ventekonto_entry slice_id $venteslice n $vente generation 1:|an entry's holder|sql "UPDATE ventekonto_entry SET holder_key = holder_key + 1 WHERE slice_id = $venteslice AND n = $vente"
secret|ventekonto_entry slice_id $venteslice n $vente generation 1:|an entry's details|sql "UPDATE ventekonto_entry SET details = $(sql_bytes 5a 80) WHERE slice_id = $venteslice AND n = $vente"
both|ventekonto_entry slice_id|an entry without a leg|sql "INSERT INTO ventekonto_entry SELECT slice_id, 1, generation, holder_key, holder_check, payer, amount_minor, currency, date_in, state, details FROM ventekonto_entry LIMIT 1"
both|leg slice_id 999999999:|a leg of no slice|sql "INSERT INTO leg SELECT 999999999, n, generation, leg_no, kind, amount_minor, central, state, reason, 0, told FROM leg LIMIT 1"
secret|table central:|a central's row|sql "UPDATE central SET terms = (SELECT terms FROM central WHERE number = 2) WHERE number = 1"
secret|table agreement:|an agreement's row|sql "UPDATE agreement SET terms = (SELECT terms FROM agreement ORDER BY id DESC LIMIT 1) WHERE id = (SELECT MIN(id) FROM agreement)"
EOF
}

# Runs one line of the table on a copy of the home.
tamper() {
    copy=$work/copy
    home_remove "$copy"
    home_copy "$home" "$copy"
    (eval "$4") || fail "$3: the change itself failed"
    audit 7 --home "$copy" --keys "$keys"
    grep -F -e "FINDING" "$work/out" | grep -qF -e ": $2" || {
        fail "$3: no finding names '$2'"
        cat "$work/out" >&2
    }
    if [ "$1" = both ]; then
        audit 7 --home "$copy" --keys "$work/public"
        grep -F -e "FINDING" "$work/out" | grep -qF -e ": $2" || {
            fail "$3: with public keys no finding names '$2'"
            cat "$work/out" >&2
        }
    fi
    count=$((count + 1))
}

cases >"$work/cases"
# An audit takes longer on PostgreSQL: every third there.
stride=1
on_sqlite || stride=3
awk "NR % $stride == 0" "$work/cases" >"$work/cases.mine"
while IFS='|' read -r how place what change; do
    tamper "$how" "$place" "$what" "$change"
done <"$work/cases.mine"
[ "$count" -ge 20 ] || fail "only $count changes were tried"

# A damaged database file is a finding too, not a crash.
if on_sqlite; then
    dd if=/dev/zero of="$home/nks.db" bs=4096 seek=10 count=20 conv=notrunc 2>/dev/null
    audit 7 --home "$home" --keys "$keys"
fi

# Nothing of all that was said holds an id of the register.
grep -oE '[0-9]{10}' "$small/register.csv" | sort -u >"$work/ids"
if grep -qF -f "$work/ids" "$work/all"; then
    fail "an id or account of the register was shown"
fi

echo "$count changes"
test_end
