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
test_end
