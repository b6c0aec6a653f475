#!/bin/sh
# What a home did after the backup that was put back is done again before anything new, in its order: no payment goes twice,
# none is lost, and what cannot be done again stops the run and says so.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
morning=2026-11-23T08:00:00Z
later=2026-11-23T08:10:00Z

try() { # EXIT CODE HOME WORDS...: ends with EXIT and tells CODE ("" for none)
    right=$1 told=$2 at=$3
    shift 3
    code "$NKS_BIN/nks" --home "$at" "$@"
    assert_eq "nks $*: exit" "$code" "$right"
    checks=$((checks + 1))
    [ "$code" = "$right" ] && { [ -z "$told" ] || grep -qF -e "$told" "$work/said"; } || {
        fail "nks $*: $told"
        cat "$work/said" >&2
    }
}
# pain MSGID DATE:E2E:AMOUNT:CPR...: a message of the municipality, a group for each payment
pain() {
    message=$1
    shift
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    printf '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn><GrpHdr><MsgId>%s</MsgId>' "$message"
    printf '<CreDtTm>2026-11-22T18:00:00Z</CreDtTm><NbOfTxs>%d</NbOfTxs><InitgPty><Nm>Kommune</Nm><Id><OrgId><Othr><Id>99010304</Id>' $#
    echo '<SchmeNm><Cd>TXID</Cd></SchmeNm></Othr></OrgId></Id></InitgPty></GrpHdr>'
    for payment in "$@"; do
        echo "$payment" | tr ':' ' ' | {
            read -r date e2e amount cpr
            printf '<PmtInf><PmtInfId>%s-%s</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>1</NbOfTxs>' "$message" "$e2e"
            printf '<PmtTpInf><LclInstrm><Prtry>NKSLØN</Prtry></LclInstrm></PmtTpInf><ReqdExctnDt>%s</ReqdExctnDt>' "$date"
            printf '<Dbtr><Nm>Kommune</Nm><Id><OrgId><Othr><Id>99010304</Id><SchmeNm><Cd>TXID</Cd></SchmeNm></Othr></OrgId></Id></Dbtr>'
            printf '<DbtrAcct><Id><Othr><Id>30020000000301</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id><Ccy>DKK</Ccy></DbtrAcct>'
            printf '<DbtrAgt><FinInstnId><BIC>PRVEDK2V</BIC></FinInstnId></DbtrAgt><CdtTrfTxInf><PmtId><EndToEndId>%s</EndToEndId></PmtId>' "$e2e"
            printf '<Amt><InstdAmt Ccy="DKK">%s</InstdAmt></Amt><Cdtr><Nm>En Modtager</Nm><Id><PrvtId><Othr><Id>%s</Id>' "$amount" "$cpr"
            echo '<SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr></CdtTrfTxInf></PmtInf>'
        }
    done
    echo '</CstmrCdtTrfInitn></Document>'
}
drop() { # HOME NAME MSGID PAYMENT...
    drop_home=$1 drop_name=$2
    shift 2
    mkdir -p "$drop_home/in/sender/proeve-kommune"
    pain "$@" >"$drop_home/in/sender/proeve-kommune/$drop_name.xml"
}
fetch() { # HOME: the receivers take all there is
    mkdir -p "$1.got"
    find "$1/out" -type f ! -name '*.p7s' >"$work/fetched"
    while read -r file; do
        name=$(basename "$(dirname "$file")")-${file##*/}
        case $name in
        *manifest*) ;;
        *) [ ! -e "$1.got/$name" ] || fail "published twice: $name" ;;
        esac
        mv "$file" "$1.got/$name"
    done <"$work/fetched"
    find "$1/out" -name '*.p7s' -exec rm {} +
}
paid() { # WHAT HOME EXPECTED: what left in order files, sorted
    fetch "$2"
    assert_eq "$1: what left" "$(cat "$2".got/*-o0*.xml 2>/dev/null | grep -o '<EndToEndId>[^<]*' | cut -d '>' -f 2 | sort | tr '\n' ' ')" "$3"
}
put_back() { # HOME [NOW]
    home_put_back "$1" "$backup" "${2:-$morning}"
    try 0 "" "$1" reconcile --reason test --now "${2:-$morning}"
}
begin() { # NAME: a home from before everything, as the backup has it
    home=$work/$1
    home_copy "$work/start" "$home"
}
home_init "$work/start"
home_keep "$work/start" start 2026-11-23T01:00:00Z
backup=start
one=2026-11-24:E-1:100.00:0101415001 two=2026-11-24:E-2:200.00:1502425002

sed '2,$s/,END,/,ALL,/' "$small/agreements.csv" >"$work/all.csv"

# ---- a repeated reference was rejected; its file comes back first
begin order
drop "$home" a MSG-A $one $two
night_run "$home"
drop "$home" b MSG-B $one
night_run "$home" 2026-11-23T03:10:00Z
paid "before" "$home" "E-1 E-2 "
put_back "$home"
drop "$home" 1 MSG-B $one
try 5 LOST-WAITS "$home" run --now "$later"
paid "the second file alone" "$home" "E-1 E-2 "
for stage in collect ingest decide resolve offset route emit deliver; do
    [ $stage = decide ] || try 5 LOST-RUN "$home" $stage --now "$later"
done
drop "$home" 2 MSG-A $one $two
night_run "$home" "$later"
paid "in the other order" "$home" "E-1 E-2 "
audit_clean "$home"

# ---- a new file comes before the old one: it waits, with its reference that was used
begin new
drop "$home" a MSG-A $one
night_run "$home"
paid "before" "$home" "E-1 "
put_back "$home"
drop "$home" new MSG-N $one 2026-11-24:E-3:300.00:0101415001
try 5 LOST-WAITS "$home" run --now "$later"
drop "$home" a MSG-A $one
night_run "$home" "$later"
paid "a new file before the old" "$home" "E-1 E-3 "
audit_clean "$home"

# ---- refused then, accepted now: imports are done again between the files, each in its turn and as of then
begin other
sed 's/,30020000000301;/,30020000000399;/' "$small/agreements.csv" >"$work/wrong.csv"
sed 's/,30020000000301;/,30020000000398;/' "$small/agreements.csv" >"$work/third.csv"
night_run "$home" 2026-11-23T01:20:00Z # from here on there is a journal
nks "$home" agreement import --now 2026-11-23T01:30:00Z "$work/wrong.csv"
drop "$home" f MSG-F $one
night_run "$home"
code env NKS_KILL_AT=judged.journaled "$NKS_BIN/nks" --home "$home" agreement import --now 2026-11-23T02:40:00Z "$small/agreements.csv"
[ "$code" -gt 128 ] || fail "the import was not killed"
night_run "$home" 2026-11-23T02:50:00Z
nks "$home" agreement import --now 2026-11-23T03:00:00Z "$small/agreements.csv"
assert_eq "one line more of an import that was killed" "$(grep -c 'import agreements' "$home.journal/published.log")" \
    3
drop "$home" f2 MSG-F2 $one
night_run "$home" 2026-11-23T03:10:00Z
paid "before" "$home" "E-1 "
put_back "$home"
drop "$home" f MSG-F $one
drop "$home" f2 MSG-F2 $one
try 5 "did this: import agreements 5 rows: 1 added" "$home" run --now "$later"
try 5 LOST-DIFFERS "$home" agreement import --now "$later" "$work/third.csv"
try 5 LOST-DIFFERS "$home" agreement import --dry-run --now "$later" "$work/third.csv"
nks "$home" agreement import --now "$later" "$work/wrong.csv"
for next in "$small/agreements.csv" "$work/third.csv"; do
    try 5 LOST-RUN "$home" agreement import --now "$later" "$next"
    try 5 LOST-RUN "$home" agreement import --dry-run --now "$later" "$next"
done
assert_eq "one that is refused stores nothing" "$(home_sql "$home" "SELECT count(*) FROM agreement_import")" 2
nks "$home" register import --now "$later" "$small/register.csv"
paid "refused then" "$home" "E-1 "
try 5 LOST-ACT "$home" run --now "$later"
nks "$home" agreement import --now "$later" "$small/agreements.csv"
assert_eq "each is of then" "$(home_sql "$home" "SELECT $(sql_clock imported_at) FROM agreement_import
    WHERE version > 1 ORDER BY version" | tr '\n' ' ')" "01:30:00 03:00:00 "
night_run "$home" "$later"
paid "as then" "$home" "E-1 "
audit_clean "$home"

# ---- claims are used at the instants of then: an amount of an instant in between counts what was used before it
begin claims
night_run "$home" 2026-11-23T01:20:00Z
cp -R "$small/in/." "$home/in/"
night_run "$home"
sed 's/2025-12-31T20:00:00Z/2026-11-23T02:30:00Z/' "$small/debts.csv" >"$work/later.csv"
nks "$home" debt import --now 2026-11-23T03:00:00Z "$work/later.csv"
uses="SELECT used_at, amount_minor, state FROM claim_use ORDER BY slice_id, n, leg_no"
home_sql "$home" "$uses" >"$work/uses"
put_back "$home"
cp -R "$small/in/." "$home/in/"
try 5 LOST-ACT "$home" run --now "$later"
nks "$home" debt import --now "$later" "$work/later.csv"
night_run "$home" "$later"
home_sql "$home" "$uses" >"$work/uses.again"
[ -s "$work/uses" ] || fail "no claim was used"
assert_same "claims are used as of then" "$work/uses" "$work/uses.again"
audit_clean "$home"

# ---- an answer and a file of a later day in one run: each report tells what it told
begin due
drop "$home" e MSG-E $one 2026-11-26:E-2:200.00:1502425002
nks "$home" agreement import --now 2026-11-23T01:30:00Z "$work/all.csv"
night_run "$home"
bank_answers "$home" "$(find "$home/out/central" -name '*-o0001.xml')"
rm -rf "$work/answers"
bank_answers "$work/answers" "$(find "$home/out/central" -name '*-o0001.xml')"
night_run "$home" 2026-11-25T02:10:00Z
paid "before" "$home" "E-1 E-2 "
put_back "$home" 2026-11-25T08:00:00Z
nks "$home" agreement import --now 2026-11-23T01:30:00Z "$work/all.csv"
drop "$home" e MSG-E $one 2026-11-26:E-2:200.00:1502425002
cp -R "$work/answers/in" "$home/"
rm -r "$work/answers"
night_run "$home" 2026-11-25T08:10:00Z
night_run "$home" 2026-11-26T02:10:00Z
paid "nothing is held" "$home" "E-1 E-2 "
audit_clean "$home"

# ---- the same where two persons are asked for: an approved import is of then, its decision of now
begin persons
for id in an bo; do
    nks "$home" keys person make "$work/$id.key"
    nks "$home" keys person add $id --key "$work/$id.key.pub" --roles operator,approver --reason test --now 2026-11-22T10:00:00Z
done
sed -i 's/^required = no/required = yes/' "$home/nks.conf"
home_keep "$home" persons 2026-11-23T01:00:00Z
night_run "$home" 2026-11-23T01:20:00Z
an="--person an --person-key $work/an.key" bo="--person bo --person-key $work/bo.key"
both() { # HOME NOW FILE: proposed and approved
    # shellcheck disable=SC2086
    try 5 "" "$1" agreement import --now "$2" "$3" --reason test $an
    proposal=$(home_sql "$1" "SELECT MAX(proposal_id) FROM proposal")
    # shellcheck disable=SC2086
    try 0 "" "$1" approve "$proposal" "$3" --now "$2" $bo
}
both "$home" 2026-11-23T01:30:00Z "$work/wrong.csv"
drop "$home" f MSG-F $one
night_run "$home"
# shellcheck disable=SC2086
home_put_back "$home" persons "$morning" $an --approver bo --approver-key "$work/bo.key"
# shellcheck disable=SC2086
try 5 "" "$home" reconcile --reason test --now "$morning" $an
# shellcheck disable=SC2086
try 0 "" "$home" approve "$(home_sql "$home" "SELECT MAX(proposal_id) FROM proposal")" --now "$morning" $bo
drop "$home" f MSG-F $one
try 5 LOST-ACT "$home" run --now "$later"
both "$home" "$later" "$work/wrong.csv"
try 0 "" "$home" run --now "$later"
assert_eq "an approved import is of then" "$(home_sql "$home" "SELECT $(sql_clock 'max(imported_at)') FROM agreement_import
    WHERE version = 2")" "01:30:00"
audit_clean "$home"
# what a killed run left is finished before an act, and is not taken for it
drop "$home" g MSG-G $two
code env NKS_KILL_AT=publish.journaled "$NKS_BIN/nks" --home "$home" run --now 2026-11-23T09:00:00Z
[ "$code" -gt 128 ] || fail "the run was not killed"
# shellcheck disable=SC2086
try 5 "" "$home" agreement import --now 2026-11-23T09:10:00Z "$small/agreements.csv" --reason test $an
proposal=$(home_sql "$home" "SELECT MAX(proposal_id) FROM proposal")
# shellcheck disable=SC2086
try 1 CONTENT-CHANGED "$home" approve "$proposal" "$work/third.csv" --now 2026-11-23T09:20:00Z $bo
assert_eq "a proposal whose act was not done is open" "$(home_sql "$home" "SELECT state FROM proposal WHERE proposal_id = $proposal")" 1
# shellcheck disable=SC2086
try 0 "" "$home" approve "$proposal" "$small/agreements.csv" --now 2026-11-23T09:30:00Z $bo
try 0 "" "$home" run --now 2026-11-23T09:40:00Z
audit_clean "$home"

# ---- a payment of a later day, due before the home is put back to work
begin later
drop "$home" d MSG-D $one 2026-11-25:E-2:200.00:1502425002
night_run "$home"
paid "the first night" "$home" "E-1 "
put_back "$home" 2026-11-23T20:00:00Z
drop "$home" d MSG-D $one 2026-11-25:E-2:200.00:1502425002
night_run "$home" 2026-11-24T02:10:00Z
paid "a night later" "$home" "E-1 E-2 "
night_run "$home" 2026-11-25T02:10:00Z
paid "two nights later" "$home" "E-1 E-2 "
audit_clean "$home"

# ---- a recall is done again before what left after it, and no other takes its number
begin recall
three="2026-11-24:E-1:100.00:0101415001 2026-11-26:E-2:200.00:1502425002 2026-12-01:E-3:300.00:0101415001"
# shellcheck disable=SC2086
drop "$home" r MSG-R $three
drop "$home" t MSG-T 2026-11-24:E-4:400.00:1502425002
night_run "$home"
nks "$home" recall 1 1 --reason "twice" --now 2026-11-23T09:00:00Z
night_run "$home" 2026-11-23T09:10:00Z
night_run "$home" 2026-11-25T02:10:00Z
paid "before" "$home" "E-1 E-2 E-4 "
put_back "$home" 2026-11-25T08:00:00Z
# shellcheck disable=SC2086
drop "$home" r MSG-R $three
drop "$home" t MSG-T 2026-11-24:E-4:400.00:1502425002
try 5 LOST-ACT "$home" run --now 2026-11-25T08:10:00Z
try 5 JOURNAL-DIFFERS "$home" recall 1 3 --reason "a new one" --now 2026-11-25T08:14:00Z
try 5 LOST-RUN "$home" recall 2 1 --reason "a new one" --now 2026-11-25T08:15:00Z
try 2 "works of then are to be done first" "$home" reconcile --settle "$(find "$home.got" -name '*-o0002.xml' |
    sed 's/.*central-[a-z]*-//')" --reason test --now 2026-11-25T08:16:00Z
nks "$home" recall 1 1 --reason "twice, once more" --now 2026-11-25T08:20:00Z
night_run "$home" 2026-11-25T08:30:00Z
night_run "$home" 2026-11-30T02:10:00Z
paid "after it" "$home" "E-1 E-2 E-3 E-4 "
audit_clean "$home"

# ---- a stop after a report of every payment: both reports come as they were
begin told
nks "$home" agreement import --now 2026-11-23T01:30:00Z "$work/all.csv"
grep -q ',ALL,' "$work/all.csv" || fail "no agreement wants a report of every payment"
home_keep "$home" told 2026-11-23T01:40:00Z
backup=told
drop "$home" s MSG-S 2026-11-30:E-1:100.00:0101415001 2026-11-30:E-2:200.00:1502425002
night_run "$home"
nks "$home" stop 1 1 --reason fraud --now 2026-11-23T05:00:00Z
night_run "$home" 2026-11-23T05:10:00Z
paid "before" "$home" ""
assert_eq "told: reports" "$(find "$home.got" -name '*-s0*.xml' | wc -l | tr -d ' ')" 2
put_back "$home"
drop "$home" s MSG-S 2026-11-30:E-1:100.00:0101415001 2026-11-30:E-2:200.00:1502425002
try 5 LOST-ACT "$home" run --now "$later"
nks "$home" stop 1 1 --reason "fraud, once more" --now "$later"
night_run "$home" "$later"
night_run "$home" 2026-11-27T02:10:00Z
paid "nothing is held" "$home" "E-2 "
audit_clean "$home"
backup=start

# ---- a stop is done again, or given up
begin stop
drop "$home" s MSG-S 2026-11-30:E-1:100.00:0101415001 2026-11-30:E-2:200.00:1502425002
night_run "$home"
nks "$home" stop 1 1 --reason fraud --now 2026-11-23T05:00:00Z
put_back "$home"
drop "$home" s MSG-S 2026-11-30:E-1:100.00:0101415001 2026-11-30:E-2:200.00:1502425002
try 5 LOST-ACT "$home" run --now "$later"
number=$(sed -n 's/.*#\([0-9]*\) given up.*/\1/p' "$work/said")
home_copy "$home" "$work/given-up"
mkdir "$home.got" "$work/given-up.got"
nks "$home" stop 1 1 --reason "fraud, once more" --now "$later"
night_run "$home" 2026-11-27T02:10:00Z
paid "stopped once more" "$home" "E-2 "
audit_clean "$home"
home=$work/given-up
try 2 RECONCILE-NOT "$home" reconcile --settle '#999' --reason test --now "$later"
try 0 "" "$home" reconcile --settle "#$number" --reason "no fraud" --dry-run --now "$later"
try 5 LOST-ACT "$home" run --now "$later"
try 0 "" "$home" reconcile --settle "#$number" --reason "no fraud" --now "$later"
night_run "$home" 2026-11-27T02:10:00Z
paid "given up" "$home" "E-1 E-2 "
audit_clean "$home"

# ---- an answer waits for the file that it is about
begin answer
drop "$home" a MSG-A $one
night_run "$home"
order=$(find "$home/out/central" -name '*-o0*.xml')
bank_answers "$work/answers" "$order"
cp -R "$work/answers/in" "$home/"
night_run "$home" 2026-11-23T05:00:00Z
paid "before" "$home" "E-1 "
put_back "$home"
cp -R "$work/answers/in" "$home/"
try 5 LOST-WAITS "$home" run --now "$later"
drop "$home" a MSG-A $one
night_run "$home" "$later"
paid "an answer first" "$home" "E-1 "
assert_eq "an answer first: the payment is settled" "$(home_sql "$home" "SELECT state FROM leg")" 3
audit_clean "$home"

# ---- what differs is settled as a whole: nothing of the same bytes leaves under another name
begin split
drop "$home" a MSG-A $one $two 2026-11-24:E-3:300.00:0101415001 2026-11-24:E-4:400.00:1502425002
night_run "$home"
paid "before" "$home" "E-1 E-2 E-3 E-4 "
put_back "$home"
sed 's/^\(central-.*,0[39]\),[0-9]*,/\1,1,/' "$small/centrals.csv" >"$work/centrals.csv"
! cmp -s "$small/centrals.csv" "$work/centrals.csv" || die "the centrals are the same"
nks "$home" central import --now "$later" "$work/centrals.csv"
drop "$home" a MSG-A $one $two 2026-11-24:E-3:300.00:0101415001 2026-11-24:E-4:400.00:1502425002
try 5 JOURNAL-DIFFERS "$home" run --now "$later"
held=$(home_sql "$home" "SELECT name FROM out_file WHERE kind = 1 AND state = 2 ORDER BY file_id DESC LIMIT 1")
try 2 RECONCILE-NOT "$home" reconcile --settle nks-none.xml --reason test --now "$later"
try 0 "" "$home" reconcile --settle "$held" --reason "the bank has all four" --now "$later"
night_run "$home" "$later"
paid "settled" "$home" "E-1 E-2 E-3 E-4 "
assert_eq "held files are settled" "$(home_sql "$home" "SELECT count(*) FROM out_file WHERE state = 2")" 0
try 5 REPLAY-STATE "$home" replay "$held" --reason test --now "$later"
nothing_left "$home"

# ---- settled is what left up to a day: a later day is held by itself, and what never left is sent
begin days
days="$one 2026-11-24:E-2:200.00:1502425002 2026-11-25:E-3:300.00:0101415001 2026-11-30:E-4:400.00:1502425002"
# shellcheck disable=SC2086 # payments
drop "$home" a MSG-A $days
night_run "$home"
night_run "$home" 2026-11-24T02:10:00Z
paid "before" "$home" "E-1 E-2 E-3 "
put_back "$home" 2026-11-25T08:00:00Z
nks "$home" central import --now 2026-11-25T08:00:00Z "$work/centrals.csv"
left=$(home_sql "$home" "SELECT name FROM published WHERE kind = 1 ORDER BY line LIMIT 1")
try 2 RECONCILE-NOT "$home" reconcile --settle "$left" --reason "too early" --now 2026-11-25T08:05:00Z
# shellcheck disable=SC2086
drop "$home" a MSG-A $days
for day in 1 2; do
    try 5 JOURNAL-DIFFERS "$home" run --now 2026-11-25T08:10:00Z
    paid "settled until day $day" "$home" "E-1 E-2 E-3 "
    held=$(home_sql "$home" "SELECT name FROM out_file WHERE kind = 1 AND state = 2 ORDER BY file_id LIMIT 1")
    try 0 "" "$home" reconcile --settle "${held:-none}" --reason "the bank has it" --now 2026-11-25T08:20:00Z
done
night_run "$home" 2026-11-25T08:30:00Z
night_run "$home" 2026-11-29T02:10:00Z
paid "the last day" "$home" "E-1 E-2 E-3 E-4 "
audit_clean "$home"

# ---- a stop after something of the batch had left; one that was only tried is none
begin half
drop "$home" a MSG-A $one 2026-11-30:E-2:200.00:1502425002
night_run "$home"
try 0 "" "$home" stop 1 2 --reason tried --dry-run --now 2026-11-23T04:00:00Z
assert_eq "a dry run is no act" "$(grep -c "	act	" "$home.journal/published.log")" 0
code env NKS_KILL_AT=hand.before "$NKS_BIN/nks" --home "$home" stop 1 2 --reason fraud --now 2026-11-23T05:00:00Z
nks "$home" stop 1 2 --reason fraud --now 2026-11-23T05:00:00Z
paid "before" "$home" "E-1 "
put_back "$home"
drop "$home" a MSG-A $one 2026-11-30:E-2:200.00:1502425002
try 5 LOST-ACT "$home" run --now "$later"
code "$NKS_BIN/nks" --home "$home" status --now "$later"
assert_eq "status while an act waits" "$code" 5
nks "$home" stop 1 2 --reason "fraud, once more" --now "$later"
night_run "$home" "$later"
night_run "$home" 2026-11-29T02:10:00Z
paid "stopped after half had left" "$home" "E-1 "
audit_clean "$home"

# ---- the first answer to a file that left on the day of the restore
begin same
drop "$home" a MSG-A 2026-11-25:E-1:100.00:0101415001
night_run "$home"
home_keep "$home" evening 2026-11-23T18:00:00Z
backup=evening
night_run "$home" 2026-11-24T02:10:00Z
order=$(find "$home/out/central" -name '*-o0*.xml')
rm -rf "$work/answers"
bank_answers "$work/answers" "$order"
paid "before" "$home" "E-1 "
put_back "$home" 2026-11-24T06:00:00Z
backup=start
cp -R "$work/answers/in" "$home/"
night_run "$home" 2026-11-24T06:10:00Z
paid "an answer on the day itself" "$home" "E-1 "
assert_eq "an answer on the day itself: the payment is settled" "$(home_sql "$home" "SELECT state FROM leg")" 3
audit_clean "$home"
test_end
