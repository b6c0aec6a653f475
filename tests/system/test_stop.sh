#!/bin/sh
# nks stop: payments that wait, and routed ones with debts and the ventekonto; what is too late; and that all of it adds up.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
early=2026-11-16T02:10:00Z # nothing of the small night is due yet
home=$work/home

ask() {
    home_sql "$home" "$1" | tr '\n' ' ' | sed 's/ *$//'
}
is() { # WHAT SQL EXPECTED
    assert_eq "$1" "$(ask "$2")" "$3"
}
has() { # WHAT FILE TEXT
    checks=$((checks + 1))
    grep -qF -e "$3" "$2" || fail "$1: ${2##*/} does not say $3"
}
stop() { # EXIT CODE WORDS...: ends with EXIT and tells CODE ("" for none)
    right=$1 told=$2
    shift 2
    code "$NKS_BIN/nks" --home "$home" --json stop --now "$now" "$@"
    assert_eq "nks stop $*: exit" "$code" "$right"
    [ -z "$told" ] || has "nks stop $*" "$work/said" "\"$told\""
}
rows() { # everything that a stop may change
    for table in batch slice payment leg slice_status_total slice_order_total claim_use ventekonto_entry out_file batch_told; do
        home_sql "$home" "SELECT '$table', * FROM $table ORDER BY 1, 2, 3, 4, 5"
    done | cksum
}
batch_of() { # PAYER [SENDER FILE's nth]
    ask "SELECT batch_id FROM batch WHERE state = 2 AND payer = '$1' ORDER BY batch_id LIMIT 1 OFFSET ${2:-0}"
}
reports() { # PAYER: the newest status report
    ls "$home/out/payer/$1/"nks-*-s*.xml | tail -n 1
}

# ---- payments that wait
now=$early
home_make "$home"
night_run "$home" "$early"
tax=$(batch_of proeveskat)
ref=$(ask "SELECT ref FROM batch WHERE batch_id = $tax")
slice=$(ask "SELECT MIN(slice_id) FROM slice WHERE batch_id = $tax")
is "the slice waits" "SELECT state FROM slice WHERE slice_id = $slice" 2
seq=$(ask "SELECT seq FROM payment WHERE slice_id = $slice AND state = 1 ORDER BY n LIMIT 1")

stop 2 "" "$tax" "$seq"
stop 2 "" "$tax" 0 --reason test
stop 2 "" "$tax" "$seq" --reason "  "
stop 2 NOT-FOUND "$tax" 99999 --reason test
stop 2 NOT-FOUND 999 --reason test
before=$(rows)
stop 0 "" "$tax" "$seq" --reason test --dry-run
assert_eq "what a dry run changed" "$(rows)" "$before"
code env NKS_KILL_AT=hand.before "$NKS_BIN/nks" --home "$home" stop --now "$early" "$tax" "$seq" --reason test
assert_eq "what a killed stop changed" "$(rows)" "$before"
stop 0 "" "$tax" "$seq" --reason test
has "stopped one" "$work/said" '"stopped":1,'
nks "$home" trail "$tax"
has "the trail" "$work/said" "payment $seq"
is "the payment is stopped for DS02" "SELECT state, reason FROM payment WHERE slice_id = $slice AND seq = $seq" "3|23"
audit_clean "$home"
before=$(rows)
stop 0 "" "$tax" "$seq" --reason again
has "stopped before" "$work/said" '"already":1,'
assert_eq "what a second stop changed" "$(rows)" "$before"
night_run "$home" "$early"
report=$(ls "$home/out/payer/proeveskat/nks-$ref"-s*.xml | tail -n 1)
has "the report of the stop" "$report" "<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>DS02</Cd>"
assert_eq "payments that the report of the stop names" "$(grep -c '<TxSts>' "$report")" 1
rejected=$(ask "SELECT seq FROM payment JOIN slice USING (slice_id) WHERE batch_id = $tax AND payment.state = 2 LIMIT 1")
[ -z "$rejected" ] || stop 2 STOP-REJECTED "$tax" "$rejected" --reason test

# ---- a whole batch that waits: no money of it moves
whole=$(batch_of proeveskat 1)
stop 0 "" "$whole" --reason "the whole file was wrong"
is "all of its slices are stopped" "SELECT DISTINCT state FROM slice WHERE batch_id = $whole" 7
is "all of its payments" "SELECT COUNT(*) FROM payment JOIN slice USING (slice_id) WHERE batch_id = $whole AND payment.state = 1" 0
audit_clean "$home"
night_run "$home"
audit_clean "$home"
is "it has no order file" "SELECT COUNT(*) FROM out_file WHERE kind = 1 AND batch_id = $whole" 0
assert_eq "the stopped payment in order files" \
    "$(ask "SELECT COUNT(*) FROM leg JOIN payment USING (slice_id, n) WHERE slice_id = $slice AND seq = $seq")" 0

# ---- too late: the bank has it
sent=$(ask "SELECT seq FROM payment JOIN leg USING (slice_id, n) WHERE slice_id = $slice AND leg.state = 2 LIMIT 1")
before=$(rows)
stop 5 STOP-SENT "$tax" "$sent" --reason test
assert_eq "what a stop that came too late changed" "$(rows)" "$before"
stop 5 STOP-SENT "$tax" --reason "the rest of it"
is "what still waited is stopped" "SELECT COUNT(*) FROM payment JOIN slice USING (slice_id)
WHERE batch_id = $tax AND payment.state = 1 AND slice.state <> 6" 0
audit_clean "$home"
out_valid "$home/out"
out_recounted "$home"

# ---- the bank has it: it is asked to call it back
stop 2 "" "$tax"
recall() { # EXIT CODE WORDS...
    right=$1 told=$2
    shift 2
    code "$NKS_BIN/nks" --home "$home" --json recall --now "$now" "$@"
    assert_eq "nks recall $*: exit" "$code" "$right"
    [ -z "$told" ] || has "nks recall $*" "$work/said" "\"$told\""
}
now=$night
recall 2 "" "$tax" "$sent"
recall 2 "" "$tax" x --reason test
recall 2 NOT-FOUND "$tax" 99999 --reason test
recall 5 RECALL-NOTHING "$tax" "$seq" --reason test
before=$(rows)
recall 0 "" "$tax" "$sent" --reason test --dry-run
assert_eq "what a dry run changed" "$(rows)" "$before"
recall 0 "" "$tax" "$sent" --reason "wrong payee"
recall 5 RECALL-TWICE "$tax" "$sent" --reason test
audit_clean "$home"
night_run "$home"
recalled=$(ls "$home/out/central/"*"/nks-$ref-c0001.xml")
order=$(ask "SELECT out_file.name || ' ' || leg.leg_no FROM leg JOIN payment USING (slice_id, n) JOIN out_file USING (file_id)
WHERE slice_id = $slice AND seq = $sent ORDER BY leg_no LIMIT 1")
leg=$(ask "SELECT 'N$ref-' || (slice_id & 16383) || '-' || n || '-1-1' FROM payment WHERE slice_id = $slice AND seq = $sent")
has "the recall" "$recalled" "<OrgnlInstrId>$leg</OrgnlInstrId>"
has "the recall" "$recalled" "<OrgnlMsgId>$(sed -n 's/.*<MsgId>\([^<]*\)<.*/\1/p' "${recalled%/*}/${order% *}" | head -n 1)</OrgnlMsgId>"
assert_eq "parts that the recall names" "$(grep -c '<TxInf>' "$recalled")" \
    "$(ask "SELECT COUNT(*) FROM leg JOIN payment USING (slice_id, n) WHERE slice_id = $slice AND seq = $sent")"
checks=$((checks + 1))
! grep -q "wrong payee" "$recalled" || fail "the reason goes to the bank"
out_valid "$home/out"
out_signed "$home"
nothing_left "$home"
audit_clean "$home"
home_copy "$home" "$work/second"
night_run "$home"
assert_eq "recalls after a second run" "$(ls "$home/out/central/"*/nks-*-c*.xml | wc -l | tr -d ' ')" 1

# ---- half decided, then routed: claims and the ventekonto get back what was theirs
home=$work/routed
now=$night
home_make "$home"
for stage in receive ingest resolve; do
    nks "$home" $stage --now "$night"
done
debt=$(batch_of proeveskat)
stop 5 STOP-HALF "$debt" --reason test
for stage in offset route; do
    nks "$home" $stage --now "$night"
done
uses=$(ask "SELECT COUNT(*) FROM claim_use WHERE state = 1")
split=$(ask "SELECT slice_id || ' ' || n FROM leg WHERE kind = 2 AND slice_id IN (SELECT slice_id FROM claim_use) GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT 1")
set -- $split
debt=$(($1 >> 14))
seq=$(ask "SELECT seq FROM payment WHERE slice_id = $1 AND n = $2")
parts=$(ask "SELECT COUNT(*) FROM claim_use WHERE slice_id = $1 AND n = $2")
stop 0 "" "$debt" "$seq" --reason test
is "its legs are stopped" "SELECT DISTINCT state || ' ' || reason FROM leg WHERE slice_id = $1 AND n = $2" "6 23"
is "its uses of claims are given back" "SELECT COUNT(*) FROM claim_use WHERE state = 1" "$((uses - parts))"
audit_clean "$home"
rest=$(ask "SELECT slice_id || ' ' || n FROM leg WHERE kind = 3 AND state = 1 ORDER BY 1 LIMIT 1")
stopped="$1 $2"
set -- $rest
seq=$(ask "SELECT seq FROM payment WHERE slice_id = $1 AND n = $2")
stop 0 "" "$(($1 >> 14))" "$seq" --reason test
is "its entry of the ventekonto is returned" "SELECT state FROM ventekonto_entry WHERE slice_id = $1 AND n = $2" 4
audit_clean "$home"
# everything of another payer, whose slice is routed
region=$(batch_of proeve-region)
stop 0 "" "$region" --reason test
night_run "$home"
audit_clean "$home"
out_valid "$home/out"
out_recounted "$home"
is "nothing of it is in a file" "SELECT COUNT(*) FROM out_file WHERE kind = 1 AND batch_id = $region" 0
is "stopped legs are in no file" "SELECT COUNT(*) FROM leg WHERE state = 6 AND file_id <> 0" 0
set -- $stopped
ref=$(ask "SELECT ref FROM batch WHERE batch_id = $(($1 >> 14))")
report=$(ls "$home/out/payer/proeveskat/nks-$ref"-s*.xml | tail -n 1)
has "the report after routing" "$report" "<Cd>DS02</Cd>"
assert_eq "reports of it" "$(ls "$home/out/payer/proeveskat/nks-$ref"-s*.xml | wc -l | tr -d ' ')" 1
reports=$(ls "$home/out/payer/"*/*.xml | wc -l)
night_run "$home"
assert_eq "reports that a second run made" "$(ls "$home/out/payer/"*/*.xml | wc -l)" "$reports"

# ---- a payer that wants exceptions is told of the stop, one that wants the end when all is final
home=$work/levels
now=$early
home_make "$home"
night_run "$home" "$early"
pension=$(batch_of proevebetaling)
wage=$(batch_of proeve-kommune)
stop 0 "" "$pension" "$(ask "SELECT seq FROM payment JOIN slice USING (slice_id) WHERE batch_id = $pension AND payment.state = 1 LIMIT 1")" --reason test
stop 0 "" "$wage" "$(ask "SELECT seq FROM payment JOIN slice USING (slice_id) WHERE batch_id = $wage AND payment.state = 1 LIMIT 1")" --reason test
reserved="SELECT COUNT(*) FROM out_file WHERE kind = 3 AND detail = 'stopped' AND batch_id"
is "EXCEPTIONS: a report of the stop" "$reserved = $pension" 1
is "END: none yet" "$reserved = $wage" 0
stop 0 "" "$wage" --reason test
is "END: one when nothing is left" "$reserved = $wage" 1
night_run "$home" "$early"
night_run "$home"
audit_clean "$home"
out_valid "$home/out"
has "EXCEPTIONS" "$(reports proevebetaling)" "<Cd>DS02</Cd>"
has "END" "$(reports proeve-kommune)" "<Cd>DS02</Cd>"

# ---- a file that is made and not published: a leg cannot be taken out of it
home=$work/made
home_make "$home"
for stage in receive ingest resolve offset route; do
    nks "$home" $stage --now "$night"
done
code env NKS_KILL_AT=publish.written "$NKS_BIN/nks" --home "$home" emit --now "$night"
nks "$home" emit --now "$night"
before=$(rows)
stop 5 STOP-IN-FILE "$(batch_of proeve-region)" --reason test
assert_eq "what it changed" "$(rows)" "$before"
test_end
