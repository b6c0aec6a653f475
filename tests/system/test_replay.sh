#!/bin/sh
# What is done by hand about files: a lost one published again.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have sqlite3 || exit 77
now=$night
home=$work/home

ask() {
    sqlite3 "$home/nks.db" "$1" | tr '\n' ' ' | sed 's/ *$//'
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
        sqlite3 "$home/nks.db" "SELECT '$table', * FROM $table ORDER BY 1, 2, 3, 4, 5"
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
sqlite3 "$home/nks.db" "UPDATE out_file SET answered = 1 WHERE name = '$order'"
hand 5 REPLAY-ANSWERED replay "$order" --reason test
sqlite3 "$home/nks.db" "UPDATE out_file SET answered = 0 WHERE name = '$order'"
# an archive that is not what was published gives nothing
file=$(ask "SELECT printf('%012d', file_id) FROM out_file WHERE name = '$order'")
printf x | dd of="$home/archive/$file.nks" bs=1 seek=200 conv=notrunc 2>/dev/null
hand 7 STREAM-BAD replay "$order" --reason test
[ ! -e "$path" ] || fail "changed bytes were published"

# ---- carried over by hand
home=$work/hand
home_make "$home"
for stage in receive ingest resolve offset route emit; do
    nks "$home" $stage --now "$night"
done
set -- $(ask "SELECT name, party, file_id, hex(hash) FROM out_file WHERE kind = 1 ORDER BY file_id LIMIT 1" | tr '|' ' ')
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
for point in copied taken; do
    code env NKS_KILL_AT=hand.$point "$NKS_BIN/nks" --home "$work/killed" delivered "$order" --by-hand --out "$work/out.$point" \
        --reason test --now "$now"
    [ ! -e "$work/out.$point" ] || fail "killed at $point: the file is handed out"
    if [ $point = taken ]; then right=no; else right=yes; fi
    if [ -e "$work/killed/staging/${staged##*/}" ]; then got=yes; else got=no; fi
    assert_eq "killed at $point: staged" "$got" "$right"
done
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
test_end
