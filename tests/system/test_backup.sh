#!/bin/sh
# A backup is put back, and last night is not paid again; upgrades; the journal itself.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have sqlite3 || exit 77
home=$work/home
second=2026-11-24T02:10:00Z
third=2026-11-24T08:00:00Z

says() { # WHAT TEXT: of the last command
    checks=$((checks + 1))
    grep -qF -e "$2" "$work/said" || {
        fail "$1: not said: $2"
        cat "$work/said" >&2
    }
}
try() { # EXIT CODE HOME WORDS...: ends with EXIT and tells CODE ("" for none)
    right=$1 told=$2 at=$3
    shift 3
    code "$NKS_BIN/nks" --home "$at" "$@"
    assert_eq "nks $*: exit" "$code" "$right"
    [ "$code" = "$right" ] || cat "$work/said" >&2
    [ -z "$told" ] || says "nks $*" "$told"
}
lines() { # HOME WORD: lines of its journal
    grep -c "	$2	" "$1.journal/published.log" || true
}

# ---- the first night, a backup, the second night
home_init "$home"
mkdir -p "$home/in/sender/proeveskat" "$home/in/sender/proeve-kommune"
cp "$small/in/sender/proeveskat/10-overskydende-skat.xml" "$home/in/sender/proeveskat/"
night_run "$home"
assert_eq "each published file has a line" "$(lines "$home" publish)" "$(find "$home/out" -type f ! -name '*.p7s' | wc -l | tr -d ' ')"
assert_eq "and its end" "$(lines "$home" done)" "$(lines "$home" publish)"
nks "$home" backup "$work/backups" --now 2026-11-23T04:00:00Z
backup=$work/backups/nks-backup-20261123T040000Z
[ -d "$backup" ] || die "no backup"
nks "$home" backup check "$backup"
audit_clean "$home"
drop_second() {
    cp "$small/in/sender/proeve-kommune/10-loen.xml" "$1/in/sender/proeve-kommune/"
    cp "$small/in/sender/proeveskat/20-virksomheder.xml" "$small/in/sender/proeveskat/99-check.xml" "$1/in/sender/proeveskat/"
}
drop_second "$home"
night_run "$home" "$second"
audit_clean "$home"
out_hashes "$home" >"$work/out.after"
published=$(lines "$home" publish)

# ---- a backup while a run works, the second one links what the first has
home_copy "$home" "$work/busy"
mkdir -p "$work/busy/in/sender/proevebetaling"
cp "$small/in/sender/proevebetaling/10-pension.xml" "$work/busy/in/sender/proevebetaling/"
NKS_STOP_AT=save.before "$NKS_BIN/nks" --home "$work/busy" run --now "$third" >"$work/busy.said" 2>&1 &
busy=$!
tries=0
until [ "$(ps -o state= -p $busy 2>/dev/null | tr -d ' ')" = T ]; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || die "the run did not come to its stop"
    sleep 0.1
done
code timeout 60 "$NKS_BIN/nks" --home "$work/busy" --json backup "$work/backups" --now 2026-11-24T08:01:00Z
# The stopped run holds the write lock: the copy is made all the same, its link waits in vain.
kill -CONT $busy
wait $busy || fail "the run beside the backup"
[ -d "$work/backups/nks-backup-20261124T080100Z" ] || fail "no backup beside a run"
nks "$work/busy" backup check "$work/backups/nks-backup-20261124T080100Z"
nks "$work/busy" --json backup "$work/backups" --now 2026-11-24T08:02:00Z
linked=$(sed -n 's/.*"linked":\([0-9]*\).*/\1/p' "$work/said")
[ "${linked:-0}" -gt 5 ] || fail "nothing was linked: $(cat "$work/said")"
audit_clean "$work/busy"

# ---- not into what it is a backup of
ln -s "$home/spool" "$work/link"
for inside in "$home" "$home/backups/more" "$home.journal" "$home.keys/b" "$work/link/b" "$home/../home/archive"; do
    try 2 BACKUP-PLACE "$home" backup "$inside" --now "$third"
done
[ ! -e "$home/backups" ] || fail "a refused backup made a folder in the home"
(cd "$home" && code "$NKS_BIN/nks" --home "$home" backup b --now "$third" && [ "$code" -eq 2 ]) || fail "a backup into the home by a relative path"
try 0 "" "$home" backup "$home.backups/more" --now 2026-11-23T05:00:00Z

# ---- the backup is damaged: nothing happens to the home
cp -R "$backup" "$work/damaged"
for file in nks.db backup.tsv archive/000000000001.nks; do
    cp "$backup/$file" "$work/whole"
    printf 'x' >>"$work/damaged/$file"
    try 5 BACKUP-DAMAGED "$home" restore "$work/damaged" --reason test --now "$third"
    cp "$work/whole" "$work/damaged/$file"
done
rm "$work/damaged/backup.tsv.p7s"
try 5 BACKUP-DAMAGED "$home" backup check "$work/damaged"
try 5 BACKUP-DAMAGED "$home" restore "$work" --reason test --now "$third"
try 2 "" "$home" restore "$backup"
out_hashes "$home" >"$work/out.now"
assert_same "a damaged backup changes nothing" "$work/out.now" "$work/out.after"

# ---- put back: nothing leaves before the journal was read
home_copy "$home" "$work/put"
put=$work/put
try 0 "" "$put" restore "$backup" --reason "the disk broke" --now "$third"
[ -d "$put.before-20261124T080000Z" ] || fail "the old home is not beside"
out_hashes "$put" >"$work/out.now"
assert_same "out/ is as it was" "$work/out.now" "$work/out.after"
order=$(sqlite3 "$put/nks.db" "SELECT name FROM out_file WHERE kind = 1 ORDER BY file_id LIMIT 1")
drop_second "$put"
for stage in run emit deliver; do
    try 5 RECONCILE-FIRST "$put" "$stage" --now "$third"
done
try 5 RECONCILE-FIRST "$put" replay "$order" --reason test --now "$third"
try 5 RECONCILE-FIRST "$put" delivered "$order" --by-hand --out "$work/carried" --reason test --now "$third"
out_hashes "$put" >"$work/out.now"
assert_same "nothing left" "$work/out.now" "$work/out.after"
try 0 "" "$put" reconcile --dry-run --reason test --now "$third"
try 5 RECONCILE-FIRST "$put" run --now "$third"
try 0 "" "$put" --json reconcile --reason "read" --now "$third"
says "reconcile" '"files":'
says "who must drop again" '"party":"proeve-kommune"'
audit_clean "$put"

# the same bytes come to be again, and stay where they went; what is fetched meanwhile does not come back
find "$put/out" -type f -exec rm {} +
night_run "$put" "$third"
assert_eq "order files of last night" "$(find "$put/out" -name '*-o0*.xml' | wc -l | tr -d ' ')" 0
assert_eq "reports of last night" "$(find "$put/out" -name '*-[rs]0*.xml' | wc -l | tr -d ' ')" 0
assert_eq "every order file is PUBLISHED" "$(sqlite3 "$put/nks.db" "SELECT count(*) FROM out_file WHERE state <> 3")" 0
assert_eq "all of last night is there" "$(sqlite3 "$put/nks.db" "SELECT count(*) FROM published p WHERE kind <> 4 AND NOT EXISTS (SELECT 1 FROM out_file f WHERE f.name = p.name AND f.hash = p.hash)")" 0
nothing_left "$put"
audit_clean "$put"
try 2 RECONCILE-NOT "$put" reconcile --reason test --now "$third"
nks "$put" trail
says "the trail" restore
says "the trail" reconcile
# a night after it works, with the seals of before set aside
mkdir -p "$put/in/sender/datacenter-nord"
cp "$small/in/sender/datacenter-nord/20-skole.xml" "$small/in/sender/datacenter-nord/10-region.xml" "$put/in/sender/datacenter-nord/"
night_run "$put" 2026-11-24T12:00:00Z
[ "$(find "$put/out" -name '*-o0*.xml' | wc -l | tr -d ' ')" -gt 0 ] || fail "no order file in the night after"
audit_clean "$put"

# ---- reference data differ: the file waits for a person
home_copy "$home" "$work/differ"
differ=$work/differ
try 0 "" "$differ" restore "$backup" --reason "the disk broke" --now "$third"
try 0 "" "$differ" reconcile --reason read --now "$third"
sed 's/,,7001000000\([0-9]*\),/,,7001000001\1,/' "$small/register.csv" >"$work/register.csv"
! cmp -s "$small/register.csv" "$work/register.csv" || die "the register is the same"
nks "$differ" register import --now "$third" "$work/register.csv"
drop_second "$differ"
find "$differ/out" -type f -exec rm {} +
code "$NKS_BIN/nks" --home "$differ" run --now "$third"
assert_eq "other reference data: exit" "$code" 5
says "other reference data" JOURNAL-DIFFERS
assert_eq "an order file with other bytes is not published" "$(find "$differ/out" -name '*-o0*.xml' | wc -l | tr -d ' ')" 0

# ---- an older database put there by hand
home_copy "$home" "$work/copied"
copied=$work/copied
rm -f "$copied/nks.db"*
cp "$backup/nks.db" "$copied/nks.db"
drop_second "$copied"
try 5 RECONCILE-FIRST "$copied" run --now "$third"
find "$copied/out" -type f -exec rm {} +
try 5 RECONCILE-FIRST "$copied" run --now "$third"
try 0 "" "$copied" reconcile --reason "copied by hand" --now "$third"
night_run "$copied" "$third"
assert_eq "order files after a copy by hand" "$(find "$copied/out" -name '*-o0*.xml' | wc -l | tr -d ' ')" 0
code "$NKS_BIN/nks-audit" --home "$copied"
assert_eq "the audit names the older copy by its seals" "$code" 7
says "the audit" "FINDING trail: seal"

# ---- what an impatient operator does after a restore: no payment goes out twice
fetch() { # HOME: a central takes all; a name that it had before is told
    mkdir -p "$1.got"
    find "$1/out" -type f ! -name '*.p7s' >"$work/fetched"
    while read -r file; do
        name=${file##*/}
        case $name in *-o0*.xml) [ ! -e "$1.got/$name" ] || fail "published twice: $name" ;; esac
        mv "$file" "$1.got/$name"
    done <"$work/fetched"
    find "$1/out" -name '*.p7s' -exec rm {} +
}
twice() { # WHAT HOME: legs in different order files, by end-to-end id and amount
    cat "$2".got/*-o0*.xml | grep -o '<InstdAmt[^>]*>[^<]*\|<EndToEndId>[^<]*' | paste -d ' ' - - | sort >"$work/legs"
    assert_eq "$1: legs paid twice" "$(uniq -d "$work/legs")" "$(cat "$work/legs.once")"
}
base=$work/base
home_make "$base"
nks "$base" backup "$work/base.bk" --now 2026-11-23T01:00:00Z
first=$work/base.bk/nks-backup-20261123T010000Z
night_run "$base"
fetch "$base"
cat "$base".got/*-o0*.xml | grep -o '<InstdAmt[^>]*>[^<]*\|<EndToEndId>[^<]*' | paste -d ' ' - - | sort | uniq -d >"$work/legs.once"
again() { # NAME [NOW]: the home of before the night, its files dropped once more
    home_copy "$base" "$work/$1"
    cp -R "$base.got" "$work/$1.got"
    try 0 "" "$work/$1" restore "$first" --reason test --now "${2:-$third}"
    try 0 "" "$work/$1" reconcile --reason test --now "${2:-$third}"
    cp -R "$small/in/." "$work/$1/in/"
}
# days later: what was decided then is decided by that day
again late 2026-11-25T22:30:00Z
night_run "$work/late" 2026-11-25T22:30:00Z
assert_eq "days later: order files" "$(find "$work/late/out" -name '*-o0*.xml' | wc -l)" 0
assert_eq "days later: all as it was" "$(sqlite3 "$work/late/nks.db" "SELECT count(*) FROM published p WHERE kind <> 4 AND NOT EXISTS (SELECT 1 FROM out_file f WHERE f.name = p.name AND f.hash = p.hash)")" 0
audit_clean "$work/late"
# another split into files
again split
sed 's/^central-vest,\(.*\),03,5,1000000,/central-vest,\1,03,2,1000000,/' "$small/centrals.csv" >"$work/centrals.csv"
nks "$work/split" central import --now "$third" "$work/centrals.csv"
try 5 JOURNAL-DIFFERS "$work/split" run --now "$third"
fetch "$work/split"
twice "another split" "$work/split"
# status says what is held, whose it is, and how it ends
count=$(sqlite3 "$work/split/nks.db" "SELECT count(*) FROM out_file WHERE state = 2")
try 5 "$count files are held (JOURNAL-DIFFERS): nks-" "$work/split" status --now "$third"
says "status: the next step" "nks reconcile --settle FILE"
! grep -q 'nks deliver' "$work/said" || fail "status sends held files to deliver"
held=$(sqlite3 "$work/split/nks.db" "SELECT batch_id FROM out_file WHERE state = 2 AND kind = 1 LIMIT 1")
try 5 JOURNAL-DIFFERS "$work/split" stop "$held" --reason test --now "$third"
audit_clean "$work/split"
# a file that was refused then and replayed: its payments are out under another name
home_init "$work/other"
sed 's/DK3960020000000501/DK7610020000000201/' "$small/agreements.csv" >"$work/wrong.csv"
nks "$work/other" agreement import --now 2026-11-22T13:00:00Z "$work/wrong.csv"
cp -R "$small/in/." "$work/other/in/"
nks "$work/other" backup "$work/other.bk" --now 2026-11-23T01:00:00Z
night_run "$work/other"
fetch "$work/other"
nks "$work/other" agreement import --now 2026-11-23T03:00:00Z "$small/agreements.csv"
refused=$(sqlite3 "$work/other/nks.db" "SELECT d.delivery_id FROM delivery d JOIN batch b ON b.delivery_id = d.delivery_id
    WHERE d.state = 4 AND d.party = 'datacenter-nord' ORDER BY d.bytes DESC LIMIT 1")
nks "$work/other" replay "#${refused:-0}" --reason "the agreement was wrong" --now 2026-11-23T03:10:00Z
night_run "$work/other" 2026-11-23T03:20:00Z
[ "$(find "$work/other/out" -name '*-o0*.xml' | wc -l)" -gt 0 ] || die "the replay published no order file"
fetch "$work/other"
try 0 "" "$work/other" restore "$work/other.bk/nks-backup-20261123T010000Z" --reason test --now "$third"
try 0 "" "$work/other" reconcile --reason test --now "$third"
try 5 LOST-RUN "$work/other" agreement import --now "$third" "$small/agreements.csv"
cp -R "$small/in/." "$work/other/in/"
try 5 LOST-ACT "$work/other" run --now "$third"
# as it was then, and what was done by hand once more
nks "$work/other" agreement import --now "$third" "$small/agreements.csv"
try 5 LOST-WAITS "$work/other" run --now "$third"
says "a replay to be done again" "it was replayed then"
refused=$(sqlite3 "$work/other/nks.db" "SELECT d.delivery_id FROM delivery d JOIN batch b ON b.delivery_id = d.delivery_id
    WHERE d.state = 4 AND d.party = 'datacenter-nord' ORDER BY d.bytes DESC LIMIT 1")
nks "$work/other" replay "#${refused:-0}" --reason "once more" --now "$third"
night_run "$work/other" "$third"
assert_eq "order files after a replay that is forgotten" "$(find "$work/other/out" -name '*-o0*.xml' | wc -l)" 0
audit_clean "$work/other"
# the journal lost, emptied, cut
home_copy "$base" "$work/lost"
rm "$work/lost.journal/published.log"
try 0 "" "$work/lost" restore "$first" --reason test --now "$third"
try 6 JOURNAL-MISSING "$work/lost" reconcile --reason test --now "$third"
cp -R "$small/in/." "$work/lost/in/"
try 5 RECONCILE-FIRST "$work/lost" run --now "$third"
head -n 1 "$base.journal/published.log" >"$work/lost.journal/published.log"
try 7 JOURNAL-CHANGED "$work/lost" reconcile --reason test --now "$third"
assert_eq "order files with a journal that was cut" "$(find "$work/lost/out" -name '*-o0*.xml' | wc -l)" 0
# nothing was published before the backup nor after it: there is no journal, and none is missed
home_make "$work/none"
nks "$work/none" backup "$work/none.bk" --now 2026-11-23T01:00:00Z
[ ! -e "$work/none.journal/published.log" ] || die "a home that published nothing has a journal"
try 0 "" "$work/none" restore "$work/none.bk/nks-backup-20261123T010000Z" --reason test --now 2026-11-23T01:30:00Z
try 5 RECONCILE-FIRST "$work/none" run --now "$night"
try 6 JOURNAL-MISSING "$work/none" reconcile --reason test --now "$night"
says "nothing was published" "--new-journal"
try 0 "" "$work/none" reconcile --new-journal --reason test --now "$night"
audit_clean "$work/none"
night_run "$work/none"
[ -n "$(find "$work/none/out" -name '*-o0*.xml')" ] || fail "no order file after a restore before the first night"
audit_clean "$work/none"
# once a day is sealed with a journal in it, the lost one is missed
rm "$work/none.journal/published.log"
try 0 "" "$work/none" restore "$work/none.bk/nks-backup-20261123T010000Z" --reason test --now "$third"
try 6 JOURNAL-MISSING "$work/none" reconcile --reason test --now "$third"
# an older home without a mark, by hand, with one file out
home_make "$work/one"
for stage in receive ingest resolve offset route emit; do
    nks "$work/one" $stage --now "$night"
done
cp -R "$work/one" "$work/one.old"
name=$(sqlite3 "$work/one/nks.db" "SELECT name FROM out_file WHERE kind = 1 ORDER BY file_id LIMIT 1")
nks "$work/one" delivered "$name" --by-hand --out "$work/carried" --reason test --now "$night"
rm -r "$work/one"
mv "$work/one.old" "$work/one"
code "$NKS_BIN/nks" --home "$work/one" run --now "$night"
[ -z "$(find "$work/one/out" -name "$name")" ] || fail "a file that was handed out is published by the older home"
audit_clean "$work/one"
rm -r "$base" "$base".* "$work"/late* "$work"/split* "$work"/other* "$work"/lost* "$work"/none* "$work"/one*
# what came after the backup and had no answer yet is told
home_copy "$home" "$work/k"
cp "$small/in/sender/proeve-kommune/20-afviste.xml" "$work/k/in/sender/proeve-kommune/"
nks "$work/k" receive --now "$third"
try 0 "" "$work/k" --json restore "$backup" --reason test --now "$third"
says "what was received since" '"type":"since","source":"sender","party":"proeve-kommune","files":2'
rm -r "$work/k" "$work"/k.*

# ---- only with the journal that the home knows
home_copy "$home" "$work/k"
mv "$work/k.journal" "$work/k.journal.kept"
try 6 RESTORE-JOURNAL "$work/k" restore "$backup" --reason test --now "$third"
[ ! -e "$work/k.journal" ] || fail "a restore made a journal where none was mounted"
cp -R "$work/k.journal.kept" "$work/k.journal"
head -n 3 "$work/k.journal.kept/published.log" >"$work/k.journal/published.log"
try 6 RESTORE-JOURNAL "$work/k" restore "$backup" --reason test --now "$third"
mv "$work/k.journal.kept/published.log" "$work/k.journal/published.log"
try 0 "" "$work/k" restore "$backup" --reason test --now "$third"
try 5 RECONCILE-FIRST "$work/k" erase --due --reason test --now "$third"
rm "$work/k.journal/published.log"
mkdir "$work/k.journal/published.log"
try 6 JOURNAL-MISSING "$work/k" reconcile --reason test --now "$third"
rm -r "$work/k" "$work"/k.*

# ---- killed anywhere, the same command goes on
for point in copied written; do
    code env NKS_KILL_AT=backup.$point "$NKS_BIN/nks" --home "$home" backup "$work/killed" --now "$third"
    try 2 BACKUP-EXISTS "$home" backup "$work/killed" --now "$third"
    try 0 "" "$home" backup "$work/killed" --now 2026-11-24T08:00:01Z
    rm -r "$work/killed"
done
for point in copied marked exchanged moved renamed settled; do
    home_copy "$home" "$work/k"
    code env NKS_KILL_AT=restore.$point "$NKS_BIN/nks" --home "$work/k" restore "$backup" --reason test --now "$third"
    [ "$code" -gt 128 ] || fail "not killed at restore.$point: $code"
    case $point in
    copied | marked)
        [ ! -e "$work/k.before-20261124T080000Z" ] || fail "killed at $point: the home was moved"
        try 0 "" "$work/k" restore "$backup" --reason test --now "$third"
        ;;
    *)
        # nobody works on it in between: the seals of a new night would be taken for those of before
        for words in run receive "reconcile --reason test" "backup $work/killed"; do
            # shellcheck disable=SC2086
            try 5 RESTORE-FIRST "$work/k" $words --now "$third"
        done
        try 5 "the home was put back: nothing leaves" "$work/k" status --now "$third"
        try 5 RESTORE-FINISHED "$work/k" restore "$backup" --reason test --now "$third"
        ;;
    esac
    [ -d "$work/k/in" ] && [ -d "$work/k/out" ] || fail "killed at $point: in/ and out/"
    [ ! -e "$work/k.restoring" ] || fail "killed at $point: HOME.restoring is left"
    try 5 RECONCILE-FIRST "$work/k" run --now "$third"
    nks "$work/k" reconcile --reason read --now "$third"
    audit_clean "$work/k"
    rm -r "$work/k" "$work"/k.*
done
# twice in one second, with a night in between
home_copy "$home" "$work/k"
for again in 1 2; do
    try 0 "" "$work/k" restore "$backup" --reason "test $again" --now "$third"
    try 0 "" "$work/k" reconcile --reason test --now "$third"
    drop_second "$work/k"
    night_run "$work/k" "$third"
    audit_clean "$work/k"
done
[ -d "$work/k.before-20261124T080000Z-2" ] || fail "the second old home is not beside"
[ ! -e "$work/k.restoring" ] || fail "HOME.restoring is left"
rm -r "$work/k" "$work"/k.*
# where there is no home any more
home_copy "$home" "$work/k"
rm -r "$work/k"
try 2 JOURNAL-EXISTS "$work/k" init --test
try 0 "" "$work/k" restore "$backup" --reason "the machine burned" --now "$third"
try 5 RECONCILE-FIRST "$work/k" run --now "$third"
nks "$work/k" reconcile --reason read --now "$third"
try 5 LOST-WAITS "$work/k" run --now "$third"
mkdir -p "$work/k/in/sender/proeve-kommune" "$work/k/in/sender/proeveskat"
drop_second "$work/k"
night_run "$work/k" "$third"
audit_clean "$work/k"
rm -r "$work/k" "$work"/k.*

# ---- two persons, where they are asked for
home_copy "$home" "$work/k"
for id in an bo; do
    nks "$work/k" keys person make "$work/$id.key"
    nks "$work/k" keys person add $id --key "$work/$id.key.pub" --roles operator,approver --reason test --now "$third"
done
signer=0
if have openssl; then
    cert_make sender 20260101 20280101
    nks "$work/k" keys signer import "$pki/sender.crt" --sender proeveskat --reason test --now "$third"
    signer=1
fi
sed 's/^required = no/required = yes/' "$work/k/nks.conf" >"$work/conf"
cp "$work/conf" "$work/k/nks.conf"
an="--person an --person-key $work/an.key"
proposal() { "$NKS_BIN/nks" --home "$work/k" --json approve --all | sed -n 's/.*"proposal":\([0-9]*\).*/\1/p' | tail -n 1; }
nks "$work/k" keys person make "$work/ce.key"
# shellcheck disable=SC2086
try 5 "" "$work/k" keys person add ce --key "$work/ce.key.pub" --roles operator --reason test --now "$third" $an
try 0 "" "$work/k" approve "$(proposal)" --person bo --person-key "$work/bo.key" --now "$third"
nks "$work/k" backup "$work/persons" --now "$third"
# shellcheck disable=SC2086
try 5 "" "$work/k" keys person end ce --reason "left" --now "$third" $an
ended=$(proposal)
try 0 "" "$work/k" approve "$ended" --person bo --person-key "$work/bo.key" --now "$third"
if [ "$signer" -ne 0 ]; then
    # shellcheck disable=SC2086
    try 5 "" "$work/k" keys signer end $signer --reason "stolen" --now "$third" $an
    try 0 "" "$work/k" approve "$(proposal)" --person bo --person-key "$work/bo.key" --now "$third"
fi
kept=$work/persons/nks-backup-20261124T080000Z
now=2026-11-24T09:00:00Z
# shellcheck disable=SC2086
{
    try 6 PERSON-NEEDED "$work/k" restore "$kept" --reason test --now $now
    try 6 PERSON-NEEDED "$work/k" restore "$kept" --reason test --now $now $an
    try 1 PERSON-SAME "$work/k" restore "$kept" --reason test --now $now $an --approver an --approver-key "$work/an.key"
    try 6 PERSON-KEY "$work/k" restore "$kept" --reason test --now $now $an --approver bo --approver-key "$work/an.key"
    # a backup from before there were persons does not lift the rule of the home that is there
    try 6 "" "$work/k" restore "$backup" --reason test --now $now
    [ ! -e "$work/k.before-20261124T090000Z" ] || fail "a restore that was refused changed the home"
    try 0 "" "$work/k" restore "$kept" --reason "the disk broke" --now $now $an --approver bo --approver-key "$work/bo.key"
    says "a person who had ended" "nks keys person end ce"
    [ "$signer" -eq 0 ] || says "a certificate that had ended" "nks keys signer end $signer"
    try 5 RECONCILE-FIRST "$work/k" run --now $now
    try 1 "the restore of this home" "$work/k" approve "$ended" --person bo --person-key "$work/bo.key" --now $now
    try 2 "put back from a backup" "$work/k" approve 99 --person bo --person-key "$work/bo.key" --now $now
    try 0 "" "$work/k" reconcile --dry-run --reason read --now $now
    says "a person who had ended, before it is reconciled" "nks keys person end ce"
    try 5 "" "$work/k" keys person end ce --reason "left, once more" --now $now $an
    try 0 "" "$work/k" approve "$(proposal)" --person bo --person-key "$work/bo.key" --now $now
    try 5 "" "$work/k" reconcile --reason read --now $now $an
    try 5 RECONCILE-FIRST "$work/k" run --now $now
    waits=$("$NKS_BIN/nks" --home "$work/k" --json approve | sed -n 's/.*"proposal":\([0-9]*\).*OPEN.*/\1/p')
    try 0 "" "$work/k" approve "${waits:-0}" --person bo --person-key "$work/bo.key" --now $now
    [ "$signer" -eq 0 ] || says "a certificate that had ended, when it is reconciled" "nks keys signer end $signer"
    checks=$((checks + 1))
    ! grep -q "keys person end" "$work/said" || fail "a person who ended once more is told"
}
night_run "$work/k" $now
nks "$work/k" trail
says "both persons" bo
audit_clean "$work/k"
rm -r "$work/k" "$work"/k.*

# ---- the journal itself
home_copy "$home" "$work/k"
log=$work/k.journal/published.log
cp "$log" "$work/log"
drop() {
    cp "$work/log" "$log"
    cp "$small/in/sender/proeve-kommune/20-afviste.xml" "$work/k/in/sender/proeve-kommune/"
}
drop
printf '99999\tpubl' >>"$log" # an append that was cut short
night_run "$work/k" "$third"
audit_clean "$work/k"
cp "$log" "$work/log"
rm "$log"
try 6 JOURNAL-MISSING "$work/k" run --now "$third"
for change in '$d' '1d' '3d' '0,/publish/s//publisH/' '$s/./X/'; do
    sed "$change" "$work/log" >"$log"
    code "$NKS_BIN/nks-audit" -q --home "$work/k"
    assert_eq "the audit of a journal changed by $change" "$code" 7
done
sed '$d' "$work/log" >"$log"
try 7 JOURNAL-CHANGED "$work/k" run --now "$third"
try 7 ALARM-STANDS "$work/k" run --now "$third"
cp "$work/log" "$log"
nks "$work/k" alarm clear --reason "the journal is back" --now "$third"
night_run "$work/k" "$third"
try 2 RECONCILE-NOT "$work/k" reconcile --new-journal --reason test --now "$third"
rm "$log"
try 0 "" "$work/k" reconcile --new-journal --reason "the disk of the journal broke" --now "$third"
night_run "$work/k" "$third"
audit_clean "$work/k"
rm -r "$work/k" "$work"/k.*

# ---- upgrades: a copy before; an older program refuses a newer database
home_copy "$home" "$work/k"
sqlite3 "$work/k/nks.db" "INSERT INTO schema_step VALUES ('payment', 999, 0)"
try 6 DB-NEWER "$work/k" run --now "$third"
try 6 DB-NEWER "$work/k" status
code "$NKS_BIN/nks-audit" --home "$work/k"
assert_eq "nks-audit on a newer database" "$code" 6
says "nks-audit" DB-NEWER
sqlite3 "$work/k/nks.db" "DELETE FROM schema_step WHERE number = 999; DELETE FROM schema_step WHERE module = 'exchange' AND number IN (4, 7);
    DROP TABLE journal_mark; DROP TABLE published; DROP TABLE lost_work"
rm -r "$work/k.journal/published.log"
try 6 DB-OLDER "$work/k" status
try 6 DB-OLDER "$work/k" receive --now "$third"
night_run "$work/k" "$third"
[ -f "$work/k/nks.db.before-20261124T080000Z" ] || fail "no copy before the upgrade"
assert_eq "the copy is of before" "$(sqlite3 "$work/k/nks.db.before-20261124T080000Z" "SELECT count(*) FROM sqlite_schema WHERE name = 'published'")" 0
nks "$work/k" list
audit_clean "$work/k"
[ "$published" -gt 0 ] || fail "nothing was published"
test_end
