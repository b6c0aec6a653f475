#!/bin/sh
# The second person: in a home that asks for persons nothing that changes where money goes is done by one alone, by one
# person under two ids, with another file, or with another's key; an automatic import goes by a signed file. All people are
# invented.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
home=$work/home
home_new "$home"
sed -i 's/^required = no/required = yes/' "$home/nks.conf"
for id in an bo ce; do
    nks "$home" keys person make "$work/$id.key"
done

say() { # EXPECTED_EXIT WHAT WORDS...
    expected=$1
    what=$2
    shift 2
    code "$NKS_BIN/nks" --home "$home" --now "$night" "$@"
    assert_eq "$what: exit" "$code" "$expected"
    [ "$code" = "$expected" ] || cat "$work/said" >&2
}
told() { # WHAT TEXT
    checks=$((checks + 1))
    grep -qF "$2" "$work/said" || {
        fail "$1: does not say $2"
        cat "$work/said" >&2
    }
}
an="--person an --person-key $work/an.key"
bo="--person bo --person-key $work/bo.key"
ce="--person ce --person-key $work/ce.key"
# options are words of their own
# shellcheck disable=SC2086
set -f

# ---- founders who could not approve what the other proposes are refused before anything is stored
founders() { # EXPECTED FIRST [SECOND]: roles
    home_remove "$work/founded"
    home_new "$work/founded"
    sed -i 's/^required = no/required = yes/' "$work/founded/nks.conf"
    code "$NKS_BIN/nks" --home "$work/founded" --now "$night" keys person add an --key "$work/an.key.pub" --roles "$2" --reason x
    if [ -n "${3:-}" ]; then
        [ "$code" -eq 0 ] || cat "$work/said" >&2
        code "$NKS_BIN/nks" --home "$work/founded" --now "$night" keys person add bo --key "$work/bo.key.pub" --roles "$3" --reason x
    fi
    assert_eq "founders $2 and ${3:-none}: exit" "$code" "$1"
    [ "$code" -eq 0 ] || told "founders $2 and ${3:-none}" PERSON-FOUNDERS
    persons=$(home_sql "$work/founded" 'SELECT COUNT(*) FROM person')
    if [ "$1" -eq 0 ]; then due=2; elif [ -n "${3:-}" ]; then due=1; else due=0; fi
    assert_eq "founders $2 and ${3:-none}: persons" "$persons" "$due"
}
founders 1 looker
for pair in "operator operator" "approver approver" "operator,approver looker" "operator,approver operator" "operator looker"; do
    founders 1 "${pair% *}" "${pair#* }"
done
founders 0 approver operator
founders 0 operator,approver operator,approver

# ---- persons: two found the home, a third one is approved
say 6 "an import before there are persons" register import "$small/register.csv"
told "an import before there are persons" PERSON-NEEDED
say 2 "a name that is no short id" keys person add "An Prøve" --key "$work/an.key.pub" --roles operator --reason x
say 0 "the first person" keys person add an --key "$work/an.key.pub" --roles operator,approver --reason "sets up"
say 1 "the same key under another id" keys person add bo --key "$work/an.key.pub" --roles approver --reason x
told "the same key under another id" PERSON-EXISTS
say 0 "the second person" keys person add bo --key "$work/bo.key.pub" --roles operator,approver --reason "sets up"
say 6 "a third one, by nobody" keys person add ce --key "$work/ce.key.pub" --roles operator --reason x
say 5 "a third one, proposed" keys person add ce --key "$work/ce.key.pub" --roles operator --reason "new" $an
told "a third one, proposed" "nks approve 1"
say 5 "what waits" approve
told "what waits" "keys person add"
say 1 "approved by who proposed it" approve 1 $an
told "approved by who proposed it" PERSON-SAME
say 6 "approved with another's key" approve 1 --person bo --person-key "$work/an.key"
told "approved with another's key" PERSON-KEY
say 0 "approved" approve 1 $bo
say 1 "approved again" approve 1 $bo
told "approved again" PROPOSAL-STATE
say 0 "the list" keys person list
told "the list" ce

# ---- an import: proposed, looked at, done with this very file only
cp "$small/register.csv" "$work/register.csv"
before=$(home_sql "$home" 'SELECT COUNT(*) FROM account' 2>/dev/null || echo 0)
say 6 "an import by nobody" register import "$work/register.csv"
say 6 "an import with a key that others can read" register import "$work/register.csv" --person an --person-key "$work/an.key.pub" --reason x
say 5 "an import, proposed" register import "$work/register.csv" --reason "the month's register" $an
told "an import, proposed" added
assert_eq "accounts before the approval" "$(home_sql "$home" 'SELECT COUNT(*) FROM account')" "$before"
say 6 "approved by one who is no approver" approve 2 "$work/register.csv" $ce
told "approved by one who is no approver" PERSON-ROLE
say 2 "approved without the file" approve 2 $bo
echo >>"$work/register.csv"
say 1 "approved with another file" approve 2 "$work/register.csv" $bo
told "approved with another file" CONTENT-CHANGED
assert_eq "accounts after another file" "$(home_sql "$home" 'SELECT COUNT(*) FROM account')" "$before"
say 0 "approved with the file" approve 2 "$small/register.csv" $bo
checks=$((checks + 1))
[ "$(home_sql "$home" 'SELECT COUNT(*) FROM account')" -gt "$before" ] || fail "the approved import stored nothing"
say 0 "the trail" trail
checks=$((checks + 1))
grep -q "	import	.*	an	bo	the month's register" "$work/said" || fail "the trail does not name both persons and the reason"
# Proposal, decision and act are about the same: a hash of arguments and content.
awk -F '	' '($5 == "propose" || $5 == "approve") && $7 == 2 || $5 == "import"' "$work/said" >"$work/links"
assert_eq "links of the import" "$(wc -l <"$work/links")" 3
assert_eq "what they are about" "$(awk -F '	' '{ print length($NF) }' "$work/links" | sort -u)" 16
assert_eq "things they are about" "$(awk -F '	' '{ print $NF }' "$work/links" | sort -u | wc -l)" 1
say 0 "a dry run needs nobody" debt import --dry-run "$small/debts.csv"
say 2 "standard input" register import - --reason x $an

# ---- declined; taken back; killed between doing and marking
say 5 "proposed" central import "$small/centrals.csv" --reason "first" $an
say 0 "declined" approve 3 --decline $bo
say 1 "approved after that" approve 3 "$small/centrals.csv" $bo
say 5 "proposed again" central import "$small/centrals.csv" --reason "second" $an
say 0 "taken back by who proposed it" approve 4 --decline $an
say 5 "proposed once more" central import "$small/centrals.csv" --reason "third" $an
code env NKS_KILL_AT=approve.done "$NKS_BIN/nks" --home "$home" --now "$night" approve 5 "$small/centrals.csv" $bo
if [ "$code" -eq 137 ]; then
    say 1 "approved again after a kill: it is done and marked" approve 5 "$small/centrals.csv" $bo
    told "approved again after a kill" "done already"
else
    skip "this build has no fault points"
fi
say 0 "nothing waits" approve

# ---- a look at unmasked data needs a person with the role
cp -R "$small/in/." "$home/in/"
say 5 "the agreements, proposed" agreement import "$small/agreements.csv" --reason "for the looks" $an
say 0 "the agreements, approved" approve 6 "$small/agreements.csv" $bo
say 0 "a night" run
batch=$(home_sql "$home" 'SELECT MIN(slice_id >> 14) FROM payment')
say 6 "a look by nobody" explain "$batch" 1 --unmasked --reason "a complaint"
told "a look by nobody" PERSON-NEEDED
say 6 "a look by who may not" explain "$batch" 1 --unmasked --reason "a complaint" $an
told "a look by who may not" PERSON-ROLE
nks "$home" keys person make "$work/lo.key"
say 5 "a looker, proposed" keys person add lo --key "$work/lo.key.pub" --roles looker --reason "complaints" $an
say 0 "a looker, approved" approve 7 $bo
say 0 "a look" explain "$batch" 1 --unmasked --reason "a complaint" --person lo --person-key "$work/lo.key"
say 0 "the trail of the batch" trail "$batch"
checks=$((checks + 1))
grep -q "	look	.*	lo	" "$work/said" || fail "the trail does not name who looked"

# ---- who proposed something leaves, and the id gets another key: it can be declined, not approved, and nothing stops
say 5 "proposed" debt import "$small/debts.csv" --reason "before leaving" $an
say 1 "one of two approvers ends" keys person end an --reason "left" $bo
told "one of two approvers ends" PERSON-LAST
nks "$home" keys person make "$work/di.key"
say 5 "another approver" keys person add di --key "$work/di.key.pub" --roles operator,approver --reason "new" $an
say 0 "another approver, approved" approve 9 $bo
say 5 "an ends" keys person end an --reason "left" $bo
say 5 "and bo" keys person end bo --reason "left" $an
say 0 "bo, declined" approve 11 --decline $bo
say 0 "an ended" approve 10 --person di --person-key "$work/di.key"
say 5 "a mere operator can be spared" keys person end ce --reason "left" $bo
say 0 "that is taken back" approve 12 --decline $bo
say 1 "approved when the proposer is gone" approve 8 "$small/debts.csv" $bo
told "approved when the proposer is gone" PERSON-ROLE
nks "$home" keys person make "$work/an2.key"
say 5 "the id again" keys person add an --key "$work/an2.key.pub" --roles operator,approver --reason "back" $bo
say 0 "the id again, approved" approve 13 --person di --person-key "$work/di.key"
say 1 "approved with another key behind the id" approve 8 "$small/debts.csv" $bo
told "approved with another key behind the id" PERSON-KEY
say 0 "declined all the same" approve 8 --decline $bo
say 0 "no alarm" alarm
an="--person an --person-key $work/an2.key"

# ---- a proposal that was changed in the database
say 5 "proposed" debt import "$small/debts.csv" --full --reason "all" $an
database_keep "$home" whole
home_sql "$home" "UPDATE proposal SET details = (SELECT p.details FROM proposal p WHERE p.proposal_id = 5) WHERE proposal_id = 14"
say 7 "a proposal with another's details" approve 14 "$small/debts.csv" $bo
database_back "$home" whole
rm "$home/alarm"
say 0 "approved as it was" approve 14 "$small/debts.csv" $bo

# ---- by hand: one person is enough, and the trail says who
stopped=$(home_sql "$home" 'SELECT COUNT(*) FROM trail_link WHERE action = 20')
say 6 "a stop by nobody" stop "$batch" --reason "the payer called"
told "a stop by nobody" PERSON-NEEDED
say 6 "a stop with another's key" stop "$batch" --reason "the payer called" --person bo --person-key "$work/an2.key"
say 6 "a stop by a looker" stop "$batch" --reason "the payer called" --person lo --person-key "$work/lo.key"
assert_eq "links of stops" "$(home_sql "$home" 'SELECT COUNT(*) FROM trail_link WHERE action = 20')" "$stopped"
say 5 "only tried" stop "$batch" --reason "the payer called" --dry-run
say 6 "a recall by nobody" recall "$batch" 1 --reason x
say 6 "delivered by nobody" delivered x --by-hand --out "$work/x" --reason x
say 6 "a key by nobody" keys rotate sign --reason yearly
say 0 "a key, only tried" keys rotate sign --reason yearly --dry-run
say 0 "a key" keys rotate sign --reason yearly $bo
say 0 "a master key" keys rotate master --reason yearly $bo
say 0 "the trail of keys" trail
assert_eq "keys by bo" "$(grep -c "	key	.*	bo	" "$work/said")" 2
seq=$(home_sql "$home" "SELECT COUNT(*) FROM payment WHERE slice_id >> 14 = $batch")
for n in $(seq 1 "$seq"); do
    code "$NKS_BIN/nks" --home "$home" --now "$night" recall "$batch" "$n" --reason "wrong person" $bo
    [ "$code" -ne 0 ] || break
done
assert_eq "a recall: exit" "$code" 0
say 0 "the trail of the recall" trail "$batch"
checks=$((checks + 1))
grep -q "	recall	.*	bo	" "$work/said" || fail "the trail does not name who recalled"

# ---- a replay that is killed: marked with its link, so it is never done twice under one approval
order=$(cd "$home/out/central" && find . -name '*-o*.xml' | sort | head -n 1)
name=${order##*/}
[ -n "$name" ] || die "there is no order file"
mkdir "$work/fetched"
fetch() { mv "$home/out/central/$order" "$home/out/central/$order.p7s" "$work/fetched/"; }
fetch
killed_approve() { # AT PROPOSAL
    code env NKS_KILL_AT="$1" "$NKS_BIN/nks" --home "$home" --now "$night" approve "$2" $bo
}
say 5 "a replay, proposed" replay "$name" --reason "the bank lost it" $an
killed_approve hand.staged 15
if [ "$code" -eq 137 ]; then
    say 1 "a replay that was killed before it published, approved again" approve 15 $bo
    told "a replay that was killed before it published, approved again" PROPOSAL-STATE
    say 5 "proposed anew" replay "$name" --reason "the bank lost it" $an
    killed_approve approve.done 16
    assert_eq "killed after it published: exit" "$code" 137
    fetch
    say 1 "a replay that was killed after it published, approved again" approve 16 $bo
    told "a replay that was killed after it published, approved again" PROPOSAL-STATE
    checks=$((checks + 1))
    [ ! -e "$home/out/central/$order" ] || fail "one approval published twice"
    batch_links=$(home_sql "$home" 'SELECT COUNT(*) FROM trail_link WHERE action = 21')
    assert_eq "links of replays" "$batch_links" 2
fi

# ---- an automatic import by a signed file
if have openssl; then
    for who in robot other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$who.pem" -out "$work/$who.crt" \
            -subj "/CN=$who" -addext keyUsage=critical,digitalSignature -not_before 20260101000000Z -not_after 20280101000000Z \
            2>/dev/null || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$who.pem" \
            -out "$work/$who.crt" -subj "/CN=$who" -addext keyUsage=critical,digitalSignature -days 900 2>/dev/null
    done
    sign() { # WHO FILE
        openssl cms -sign -binary -outform DER -md sha256 -in "$2" -signer "$work/$1.crt" -inkey "$work/$1.pem" \
            -out "$2.p7s" 2>/dev/null
    }
    robot_now=$(date -u +%Y-%m-%dT%H:%M:%SZ) # its certificate begins today
    automatic() { # EXPECTED WHAT
        code "$NKS_BIN/nks" --home "$home" --now "$robot_now" debt import "$work/debts.csv"
        assert_eq "$2: exit" "$code" "$1"
        [ "$code" = "$1" ] || cat "$work/said" >&2
    }
    cp "$small/debts.csv" "$work/debts.csv"
    sign robot "$work/debts.csv"
    automatic 6 "signed, but no import.crt is there"
    install -m 0444 "$work/robot.crt" "$home.keys/import.crt"
    sign other "$work/debts.csv"
    automatic 1 "signed by another"
    told "signed by another" IMPORT-SIGNATURE
    sign robot "$work/debts.csv"
    cp "$work/debts.csv.p7s" "$work/kept.p7s"
    echo >>"$work/debts.csv"
    automatic 1 "changed after it was signed"
    cp "$small/debts.csv" "$work/debts.csv"
    code "$NKS_BIN/nks" --home "$home" --now "$robot_now" debt import --full "$work/debts.csv"
    assert_eq "signed, but --full asks for more than the rows: exit" "$code" 6
    automatic 0 "signed"

    # a signature is good once, and an older one is none after a newer one
    links() { home_sql "$home" 'SELECT COUNT(*) FROM trail_link'; }
    before=$(links)
    automatic 1 "signed, again"
    told "signed, again" IMPORT-REPLAYED
    assert_eq "links after a replay" "$(links)" "$before"
    signed_at() { openssl asn1parse -inform DER -in "$1" | sed -n 's/.*UTCTIME *://p' | tail -n 1; }
    sed '$d' "$work/debts.csv" >"$work/withheld.csv"
    sign robot "$work/withheld.csv"
    cp "$work/debts.csv.p7s" "$work/first.p7s"
    while # a signing time has whole seconds
        sign robot "$work/debts.csv"
        [ "$(signed_at "$work/debts.csv.p7s")" = "$(signed_at "$work/withheld.csv.p7s")" ]
    do :; done
    automatic 0 "the same rows, signed anew"
    automatic 1 "that again, though it had changed nothing"
    told "that again, though it had changed nothing" IMPORT-REPLAYED
    cp "$work/first.p7s" "$work/debts.csv.p7s"
    automatic 1 "the first signature"
    told "the first signature" IMPORT-REPLAYED
    cp "$work/withheld.csv" "$work/debts.csv"
    cp "$work/withheld.csv.p7s" "$work/debts.csv.p7s"
    automatic 1 "one that was withheld"
    told "one that was withheld" IMPORT-OLD
    sign robot "$work/debts.csv"
    automatic 0 "its rows, signed anew"
    robot_now=$(date -u -d '2 days ago' +%Y-%m-%dT%H:%M:%SZ)
    automatic 1 "signed in the future"
    told "signed in the future" IMPORT-SIGNATURE
else
    skip "no openssl: no automatic import"
fi

# ---- small imports of a day count together, whoever makes them and of whatever kind
sed -i 's/^free_changes = 0/free_changes = 3/' "$home/nks.conf"
head -n 1 "$small/debts.csv" >"$work/head"
small_file() { # FIRST LAST: so many new claims
    cp "$work/head" "$work/small.csv"
    for n in $(seq "$1" "$2"); do
        echo "CLAIM,K-90$n,CPR,1808485008,,,,,gaeldsstyrelse,,,,ANDRE,2023-06-30,5.00,2025-12-31T20:00:00Z,," >>"$work/small.csv"
    done
}
small_file 1 4
say 5 "four rows" debt import "$work/small.csv" --reason "small" $bo
small_file 1 2
say 0 "two rows" debt import "$work/small.csv" --reason "small" $bo
small_file 3 4
say 5 "two more on the same day" debt import "$work/small.csv" --reason "small" $bo
say 5 "two more on the same day, by another" debt import "$work/small.csv" --reason "small" $an
small_file 3 3
say 0 "one more" debt import "$work/small.csv" --reason "small" $an
code "$NKS_BIN/nks" --home "$home" --now 2026-11-24T02:10:00Z debt import "$work/small.csv" --reason "nothing new" $an
assert_eq "the next day: exit" "$code" 0
small_file 4 6
code "$NKS_BIN/nks" --home "$home" --now 2026-11-24T02:10:00Z debt import "$work/small.csv" --reason "small" $an
assert_eq "three on the next day: exit" "$code" 0
sed -i 's/^free_changes = 3/free_changes = 0/' "$home/nks.conf"

# ---- two proposals that would end two of three approvers: the second is refused when it is approved
say 5 "an ends again" keys person end an --reason "left" $bo
last=$(home_sql "$home" 'SELECT MAX(proposal_id) FROM proposal')
say 5 "and di" keys person end di --reason "left" $bo
say 0 "the first of them" approve "$last" --person di --person-key "$work/di.key"
say 1 "the second of them" approve "$((last + 1))" $bo
say 1 "the second of them, by another" approve "$((last + 1))" --person di --person-key "$work/di.key"
told "the second of them, by another" PERSON-LAST

# ---- what was signed is what is done: another import since, and the same counts, and it is refused
last() { home_sql "$home" 'SELECT MAX(proposal_id) FROM proposal'; }
di="--person di --person-key $work/di.key"
stale() { # KIND OLD NEW: the old file is proposed, the new one comes first
    say 5 "an old file, proposed" $1 import "$2" --reason "old" $bo
    say 5 "a new file, proposed" $1 import "$3" --reason "new" $bo
    say 0 "the new file, approved" approve "$(last)" "$3" $di
    versions=$(home_sql "$home" "SELECT COUNT(*) FROM $1_import")
    say 1 "$1: the old file, approved" approve "$(($(last) - 1))" "$2" $di
    told "$1: the old file, approved" DIFFERENCE-CHANGED
    assert_eq "$1: imports after that" "$(home_sql "$home" "SELECT COUNT(*) FROM $1_import")" "$versions"
    say 0 "the old file, declined" approve "$(($(last) - 1))" --decline $di
    say 5 "the old file, proposed anew" $1 import "$2" --reason "old" $bo
    say 0 "the old file, approved anew" approve "$(last)" "$2" $di
}
changed() { # FILE SED-WORDS...: one row of it
    sed "$2" "$small/$1.csv" >"$work/stale.old"
    sed "$3" "$small/$1.csv" >"$work/stale.new"
    checks=$((checks + 1))
    ! cmp -s "$work/stale.old" "$small/$1.csv" && ! cmp -s "$work/stale.new" "$small/$1.csv" || fail "$1.csv is as it was"
}
changed register 's/70010000001001/10030000009991/' 's/70010000001001/20050000009992/'
stale register "$work/stale.old" "$work/stale.new"
changed centrals 's/^central-vest,\(.*\),03,5,/central-vest,\1,03,4,/' 's/^central-vest,\(.*\),03,5,/central-vest,\1,03,6,/'
stale central "$work/stale.old" "$work/stale.new"
changed agreements '2s/2025-07-01/2025-07-02/' '2s/2025-07-01/2025-07-03/'
stale agreement "$work/stale.old" "$work/stale.new"
for amount in 6 7; do
    sed "s/,5.00,/,$amount.00,/" "$work/small.csv" >"$work/stale.$amount"
done
stale debt "$work/stale.6" "$work/stale.7"
# a file that leaves out what another one added since
sed 's/70010000001001/10030000009991/' "$small/register.csv" >"$work/full.csv"
say 5 "a full file, proposed" register import --full "$work/full.csv" --reason "yearly" $bo
head -n 1 "$small/register.csv" >"$work/one.csv"
echo 'ACCOUNT,CPR,2512555055,,NEMKONTO,,,10030000009991,,2015-01-01,' >>"$work/one.csv"
say 5 "a row, proposed" register import "$work/one.csv" --reason "new" $bo
say 0 "a row, approved" approve "$(last)" "$work/one.csv" $di
say 1 "the full file, approved" approve "$(($(last) - 1))" "$work/full.csv" $di
told "the full file, approved" DIFFERENCE-CHANGED
# a file that has nothing to do with what was imported since
say 5 "a row, proposed" register import "$small/register.csv" --reason "as before" $bo
sed -i 's/10030000009991/10030000009992/' "$work/one.csv"
say 5 "another row, proposed" register import "$work/one.csv" --reason "new" $bo
say 0 "another row, approved" approve "$(last)" "$work/one.csv" $di
say 0 "a row that nothing touched, approved" approve "$(($(last) - 1))" "$small/register.csv" $di
# an id that is another person's by now, and the key of one who has ended
say 5 "ce ends" keys person end ce --reason "left" $bo
say 5 "ce ends, twice proposed" keys person end ce --reason "left" $bo
twice=$(last)
say 0 "ce ended" approve "$((twice - 1))" $di
say 1 "the key of ce" keys person add ev --key "$work/ce.key.pub" --roles operator --reason "new" $bo
told "the key of ce" PERSON-EXISTS
assert_eq "proposals after the key of ce" "$(last)" "$twice"
nks "$home" keys person make "$work/ce2.key"
say 5 "another ce" keys person add ce --key "$work/ce2.key.pub" --roles operator --reason "new" $bo
say 0 "another ce, approved" approve "$(last)" $di
say 1 "the end of ce that was" approve "$twice" $di
told "the end of ce that was" DIFFERENCE-CHANGED

# ---- rows of persons that are deleted do not bring the founding back
database_keep "$home" whole
home_sql "$home" "DELETE FROM person"
say 6 "a founder after the rows are gone" keys person add ev --key "$work/an.key.pub" --roles operator,approver --reason "x"
told "a founder after the rows are gone" PERSON-NEEDED
database_back "$home" whole

# ---- off only in test homes
sed -i 's/^environment = test/environment = production/; s/^required = yes/required = no/' "$home/nks.conf"
code "$NKS_BIN/nks" --home "$home" config check
assert_eq "persons off in a production home" "$code" 6
told "persons off in a production home" PERSONS-OFF
test_end
