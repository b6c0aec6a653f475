#!/bin/sh
# The unit tests of the business modules once more, with their tables on PostgreSQL. On a private server; 77 where none can be
# started. Left out are the few whose SQL by hand is SQLite's, and test_reference, which takes long (it passes).
. "${NKS_SOURCE:?}/tests/system/lib.sh"

tests_dir=$NKS_BIN
[ -x "$tests_dir/test_register" ] || die "no unit tests in $tests_dir"
server=$(mktemp -d "${TMPDIR:-/tmp}/nks-postgres.XXXXXX")
trap 'sh "$NKS_SOURCE/tests/postgres.sh" stop "$server"; rm -rf "$server" "$work"' EXIT
have psql || { skip "no psql"; exit 77; }
sh "$NKS_SOURCE/tests/postgres.sh" start "$server" >"$work/address" || exit 77

rooms() { # ROOM…: one after the other, on a database of their own
    NKS_TEST_DATABASE=$(sh "$NKS_SOURCE/tests/postgres.sh" make "$server" "rooms_$1")
    export NKS_TEST_DATABASE
    for room in "$@"; do
        code=0
        "$tests_dir/test_$room" >"$work/$room.said" 2>&1 || code=$?
        echo "$code" >"$work/$room.code"
    done
}
first="register person trail"
second="debt central agreement ventekonto import_record"
# shellcheck disable=SC2086 # one word per room
{
    rooms $first &
    rooms $second
    wait
}
for room in $first $second; do
    assert_eq "test_$room: exit" "$(cat "$work/$room.code")" 0
    grep -qE '^100%: Checks: [1-9]' "$work/$room.said" || tail -n 5 "$work/$room.said" >&2
done

test_end
