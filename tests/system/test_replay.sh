#!/bin/sh
# What is done by hand about files: a lost one published again.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
now=$night
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
hand() { # EXIT CODE WORDS...: ends with EXIT and tells CODE ("" for none)
    right=$1 told=$2
    shift 2
    code "$NKS_BIN/nks" --home "$home" --json "$@" --now "$now"
    assert_eq "nks $*: exit" "$code" "$right"
    [ -z "$told" ] || has "nks $*" "$work/said" "\"$told\""
}
rows() { # the home, but for its trail
    for table in batch slice payment leg claim_use out_file delivery batch_told; do
        home_sql "$home" "SELECT '$table', * FROM $table ORDER BY 1, 2, 3, 4, 5"
    done | cksum
}

# ---- a file that its receiver lost
home_make "$home"
night_run "$home"
order=$(ask "SELECT name FROM out_file WHERE kind = 1 ORDER BY file_id LIMIT 1")
central=$(ask "SELECT party FROM out_file WHERE name = '$order'")
path=$home/out/central/$central/$order
cp "$path" "$work/order"
before=$(rows)
hand 2 "" replay "$order"
hand 5 REPLAY-LIES replay "$order" --reason test
hand 2 NOT-FOUND replay nks-none.xml --reason test
hand 2 NOT-FOUND replay "" --reason test
manifest=nks-manifest-2026-11-23-0001.tsv
hand 2 REPLAY-NAME replay "$manifest" --reason test
rm "$path" "$path.p7s"
hand 0 "" replay "$order" --reason test --dry-run
[ ! -e "$path" ] || fail "a dry run published"
code env NKS_KILL_AT=hand.staged "$NKS_BIN/nks" --home "$home" replay "$order" --reason test --now "$now"
[ ! -e "$path" ] || fail "a killed replay published"
hand 0 "" replay "$order" --reason "the bank lost it"
assert_same "the order file again" "$work/order" "$path"
out_signed "$home"
out_verified "$home"
nothing_left "$home"
assert_eq "what a replay of a file changed" "$(rows)" "$before"
nks "$home" trail "$(ask "SELECT batch_id FROM out_file WHERE name = '$order'")"
has "the trail" "$work/said" "$order"
audit_clean "$home"

# every other kind, by name and by message id
for kind in 2 3 4; do
    set -- $(ask "SELECT name, party, folder, message_id FROM out_file WHERE kind = $kind AND repeats = 0 ORDER BY file_id LIMIT 1" | tr '|' ' ')
    path=$(find "$home/out" -path "*/$2/$1")
    cp "$path" "$work/lost"
    rm "$path" "$path.p7s"
    if [ "$kind" = 3 ]; then
        hand 0 "" replay "$4" --reason test
    else
        hand 0 "" replay "$2/$1" --reason test
    fi
    assert_same "kind $kind again" "$work/lost" "$path"
done
out_signed "$home"
audit_clean "$home"
night_run "$home"
nothing_left "$home"

# an answered order file was not lost
path=$home/out/central/$central/$order
rm "$path" "$path.p7s"
home_sql "$home" "UPDATE out_file SET answered = 1 WHERE name = '$order'"
hand 5 REPLAY-ANSWERED replay "$order" --reason test
home_sql "$home" "UPDATE out_file SET answered = 0 WHERE name = '$order'"
# an archive that is not what was published gives nothing
file=$(ask "SELECT file_id FROM out_file WHERE name = '$order'")
printf x | dd of="$home/archive/$(printf %012d "$file").nks" bs=1 seek=200 conv=notrunc 2>/dev/null
hand 7 STREAM-BAD replay "$order" --reason test
[ ! -e "$path" ] || fail "changed bytes were published"

# ---- carried over by hand
home=$work/hand
home_make "$home"
for stage in receive ingest resolve offset route emit; do
    nks "$home" $stage --now "$night"
done
set -- $(ask "SELECT name, party, file_id, $(sql_hex hash) FROM out_file WHERE kind = 1 ORDER BY file_id LIMIT 1" | tr '|' ' ')
order=$1 central=$2 staged=$(printf '%s/staging/%012d.out' "$home" "$3") hash=$(echo "$4" | tr A-F a-f)
state="SELECT state FROM out_file WHERE name = '$order'"
before=$(rows)
hand 2 "" delivered "$order" --reason test --out "$work/carried"
hand 2 "" delivered "$order" --by-hand --reason test
hand 2 "" delivered "$order" --by-hand --out "$work/carried"
hand 5 REPLAY-EARLY replay "$order" --reason test
echo mine >"$work/mine"
hand 2 DELIVERED-EXISTS delivered "$order" --by-hand --out "$work/mine" --reason test
hand 0 "" delivered "$order" --by-hand --out "$work/carried" --reason test --dry-run
[ ! -e "$work/carried" ] && [ ! -e "$work/carried.p7s" ] || fail "a dry run handed out"
assert_eq "what none of it changed" "$(rows)" "$before"

# a kill while the bytes are in staging hands out nothing; one after that publishes nothing
home_copy "$home" "$work/killed"
for point in copied journaled taken row; do
    home_remove "$work/killed"
    home_copy "$home" "$work/killed"
    code env NKS_KILL_AT=hand.$point "$NKS_BIN/nks" --home "$work/killed" delivered "$order" --by-hand --out "$work/out.$point" \
        --reason test --now "$now"
    [ ! -e "$work/out.$point" ] || fail "killed at $point: the file is handed out"
    case $point in taken | row) right=no ;; *) right=yes ;; esac
    if [ -e "$work/killed/staging/${staged##*/}" ]; then got=yes; else got=no; fi
    assert_eq "killed at $point: staged" "$got" "$right"
    # the same command finishes it, whatever ran between
    home_copy "$work/killed" "$work/resumed"
    case $point in taken | row) night_run "$work/resumed" ;; esac
    rm -f "$work/out.$point.p7s"
    nks "$work/resumed" delivered "$order" --by-hand --out "$work/out.$point" --reason test --now "$now"
    assert_eq "killed at $point, resumed" "$(hash_of "$work/out.$point")" "$hash"
    verify "$work/resumed" "$work/out.$point.p7s" "$work/out.$point" || fail "killed at $point: the signature"
    night_run "$work/resumed"
    [ ! -e "$work/resumed/out/central/$central/$order" ] || fail "killed at $point: published too"
    audit_clean "$work/resumed"
    home_remove "$work/resumed"
    # what deliver published in between is not handed out as well
    case $point in copied | journaled)
        rm -f "$work/out.$point" "$work/out.$point.p7s"
        code env NKS_KILL_AT=hand.$point "$NKS_BIN/nks" --home "$work/killed" delivered "$order" --by-hand \
            --out "$work/out.$point" --reason test --now "$now"
        home_copy "$work/killed" "$work/resumed"
        night_run "$work/resumed"
        [ -e "$work/resumed/out/central/$central/$order" ] || fail "killed at $point: deliver did not publish it"
        code "$NKS_BIN/nks" --home "$work/resumed" delivered "$order" --by-hand --out "$work/out.$point" --reason test --now "$now"
        assert_eq "killed at $point, delivered, then by hand: exit" "$code" 5
        [ ! -e "$work/out.$point" ] || fail "killed at $point: published and handed out"
        home_remove "$work/resumed"
        ;;
    esac
done
echo spoilt >"$work/out.row.part"
rm -f "$work/out.row" "$work/out.row.p7s"
code "$NKS_BIN/nks" --home "$work/killed" delivered "$order" --by-hand --out "$work/out.row" --reason test --now "$now"
assert_eq "a .part that is not the file: exit" "$code" 2
has "a .part that is not the file" "$work/said" DELIVERED-PART
night_run "$work/killed"
[ ! -e "$work/killed/out/central/$central/$order" ] || fail "what was taken out was published too"
nks "$work/killed" replay "$order" --reason test --now "$now"
assert_eq "then a replay publishes it" "$(hash_of "$work/killed/out/central/$central/$order")" "$hash"
audit_clean "$work/killed"

hand 0 "" delivered "$order" --by-hand --out "$work/carried" --reason "the line is down"
assert_eq "the file handed out" "$(hash_of "$work/carried")" "$hash"
verify "$home" "$work/carried.p7s" "$work/carried" || fail "its signature"
is "its state" "$state" 3
[ ! -e "$staged" ] || fail "its staged bytes are left"
hand 5 DELIVERED-STATE delivered "$order" --by-hand --out "$work/again" --reason test
night_run "$home"
[ ! -e "$home/out/central/$central/$order" ] || fail "it was published too"
grep -q "^$order" "$home/out/central/$central/"nks-manifest-*.tsv || fail "the manifest does not name it"
nks "$home" trail "$(ask "SELECT batch_id FROM out_file WHERE name = '$order'")"
has "the trail" "$work/said" "the line is down"
nothing_left "$home"
audit_clean "$home"

# ---- a refused file is read again when the agreement is corrected
home=$work/refused
mkdir "$work/data"
cp "$small"/*.csv "$work/data/"
grep -v '^proevebetaling,' "$small/agreements.csv" >"$work/data/agreements.csv"
home_init "$home" "$work/data"
cp -R "$small/in/." "$home/in/"
night_run "$home"
refused=$(ask "SELECT delivery_id FROM delivery WHERE party = 'proevebetaling'")
is "refused without an agreement" "SELECT state FROM delivery WHERE delivery_id = $refused" 4
before=$(rows)
hand 2 "" replay "#x" --reason test
hand 2 "" replay "#$refused"
hand 2 NOT-FOUND replay "#999" --reason test
hand 5 REPLAY-STATE replay "#$(ask "SELECT MIN(delivery_id) FROM delivery WHERE state = 3")" --reason test
hand 5 REPLAY-STATE replay "#$(ask "SELECT MIN(delivery_id) FROM delivery WHERE state = 5")" --reason test
hand 5 REPLAY-FORM replay "#$(ask "SELECT MIN(delivery_id) FROM delivery WHERE state = 4 AND reason = 1")" --reason test
hand 0 "" replay "#$refused" --reason test --dry-run
code env NKS_KILL_AT=hand.spooled "$NKS_BIN/nks" --home "$home" replay "#$refused" --reason test --now "$now"
assert_eq "what none of it changed" "$(rows)" "$before"
# too early: refused again, with a receipt of its own
hand 0 "" replay "#$refused" --reason "too early"
night_run "$home"
hand 5 REPLAY-TWICE replay "#$refused" --reason test
second=$(ask "SELECT MAX(delivery_id) FROM delivery")
is "refused again" "SELECT state, replays, generation FROM delivery WHERE delivery_id = $second" "4|$refused|2"
nks "$home" agreement import --now "$now" "$small/agreements.csv"
hand 0 "" replay "#$second" --reason "the agreement is there"
night_run "$home"
third=$(ask "SELECT MAX(delivery_id) FROM delivery")
is "accepted" "SELECT state, replays, generation FROM delivery WHERE delivery_id = $third" "3|$second|3"
is "the refusal stays" "SELECT state FROM delivery WHERE delivery_id = $refused" 4
assert_eq "receipts" "$(ls "$home/out/sender/proevebetaling/"*-r0001.xml | wc -l | tr -d ' ')" 3
is "its payments are sent" "SELECT MIN(1) FROM leg JOIN slice USING (slice_id) JOIN batch USING (batch_id)
WHERE delivery_id = $third AND leg.state = 2" 1
hand 5 REPLAY-STATE replay "#$third" --reason test
# the same bytes from the sender get the answer of the newest reading
cp "$small"/in/sender/proevebetaling/*.xml "$home/in/sender/proevebetaling/again.xml"
night_run "$home"
is "a repeat repeats the replay" "SELECT repeats FROM delivery ORDER BY delivery_id DESC LIMIT 1" "$third"
out_valid "$home/out"
out_signed "$home"
audit_clean "$home"
for change in "generation = 7" "replays = 1"; do
    column=${change%% *}
    was=$(ask "SELECT $column FROM delivery WHERE delivery_id = $third")
    home_sql "$home" "UPDATE delivery SET $change WHERE delivery_id = $third"
    code "$NKS_BIN/nks-audit" -q --home "$home"
    assert_eq "the auditor finds $change" "$code" 7
    home_sql "$home" "UPDATE delivery SET $column = $was WHERE delivery_id = $third"
done
audit_clean "$home"

# ---- payments without an account go again when the register has one
home=$work/rejected
cp "$small/agreements.csv" "$work/data/agreements.csv"
awk -F, 'NR == 1 || $1 == "HOLDER"' "$small/register.csv" >"$work/data/register.csv"
home_init "$home" "$work/data"
cp -R "$small/in/." "$home/in/"
night_run "$home"
lacking="payment.state = 2 AND payment.reason = 19"
batch=$(ask "SELECT batch_id FROM payment JOIN slice USING (slice_id) WHERE $lacking GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT 1")
count=$(ask "SELECT COUNT(*) FROM payment JOIN slice USING (slice_id) WHERE $lacking AND batch_id = $batch")
checks=$((checks + 1))
[ "$count" -gt 0 ] || die "no payment lacks an account"
nks "$home" register import --now "$now" "$small/register.csv"
before=$(rows)
hand 0 "" replay "$batch" --rejected --reason test --dry-run
has "a dry run" "$work/said" "\"payments\":$count,"
code env NKS_KILL_AT=hand.before "$NKS_BIN/nks" --home "$home" replay "$batch" --rejected --reason test --now "$now"
hand 2 "" replay "$batch" --rejected
hand 2 NOT-FOUND replay 999 --rejected --reason test
hand 5 REPLAY-STATE replay "$(ask "SELECT MIN(batch_id) FROM batch WHERE state = 3")" --rejected --reason test
unknown=$(ask "SELECT MIN(batch_id) FROM batch WHERE state = 3 AND agreement_id = 0")
[ -n "$unknown" ] || die "no batch was refused for want of an agreement"
hand 5 REPLAY-STATE replay "$unknown" --from resolve --reason test
hand 5 REPLAY-STATE replay "$unknown" --from resolve --reason test --dry-run
[ ! -e "$home/alarm" ] || fail "a slip of the pen raised the alarm"
assert_eq "what none of it changed" "$(rows)" "$before"
hand 0 "" replay "$batch" --rejected --reason "the register was late"
has "replayed" "$work/said" "\"payments\":$count,"
audit_clean "$home"
new=$(ask "SELECT MAX(batch_id) FROM batch")
is "a correction" "SELECT origin, payments, delivery_id - (SELECT delivery_id FROM batch WHERE batch_id = $batch) FROM batch WHERE batch_id = $new" "4|$count|0"
night_run "$home"
audit_clean "$home"
is "they are sent" "SELECT MIN(1) FROM leg JOIN slice USING (slice_id)
WHERE batch_id = $new AND leg.state = 2" 1
is "the rejections stay" "SELECT COUNT(*) FROM payment JOIN slice USING (slice_id) WHERE $lacking AND batch_id = $batch" "$count"
before=$(rows)
hand 0 "" replay "$batch" --rejected --reason again
has "a second replay" "$work/said" '"payments":0,'
assert_eq "what a second replay changed" "$(rows)" "$before"
out_valid "$home/out"
out_recounted "$home"
out_signed "$home"
home_sql "$home" "UPDATE payment_replay SET from_n = from_n + 1000 WHERE from_n = (SELECT MIN(from_n) FROM payment_replay)"
code "$NKS_BIN/nks-audit" -q --home "$home"
assert_eq "the auditor finds a tie that leads nowhere" "$code" 7

# ---- with persons, a replay waits for the second one
home=$work/hand
path=$home/out/central/$central/$order
for person in an bo; do
    nks "$home" keys person make "$work/$person.key"
    nks "$home" keys person add $person --key "$work/$person.key.pub" --roles operator,approver --reason test --now "$now"
done
hand 5 REPLAY-STATE replay "#1" --reason test --person an --person-key "$work/an.key"
is "nothing is proposed that would be refused" "SELECT COUNT(*) FROM proposal" 0
hand 5 proposal replay "$order" --reason test --person an --person-key "$work/an.key"
[ ! -e "$path" ] || fail "one person alone replayed"
code "$NKS_BIN/nks" --home "$home" approve 1 --person an --person-key "$work/an.key" --now "$now"
[ "$code" -ne 0 ] || fail "who proposed it approved it"
[ ! -e "$path" ] || fail "one person alone approved"
nks "$home" approve 1 --person bo --person-key "$work/bo.key" --now "$now"
assert_eq "the replay after the second person" "$(hash_of "$path")" "$hash"
audit_clean "$home"
test_end
