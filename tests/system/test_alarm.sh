#!/bin/sh
# An integrity alarm stands: nothing works on the home until nks-audit is clean; looking goes on.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
have sqlite3 || exit 77
home=$work/home

says() { # WORDS: the last command said them
    checks=$((checks + 1))
    grep -q -e "$1" "$work/said" || {
        cat "$work/said" >&2
        fail "'$1' was not said"
    }
}

nks_code() { # EXPECTED WORDS...
    expected=$1
    shift
    code "$NKS_BIN/nks" --home "$home" "$@"
    [ "$code" = "$expected" ] || cat "$work/said" >&2
    assert_eq "exit of nks $1 ${2:-}" "$code" "$expected"
}

picture() { # every file with its bytes and times
    (cd "$home" && find . -type f ! -name 'nks.db-*' -printf '%p %s %T@ ' -exec sha256sum {} \; | sort)
}

home_make "$home"
nks_code 0 alarm
nks_code 0 alarm clear --reason none
nks "$home" receive --now "$night"
nks "$home" ingest --now "$night"
one='slice_id = (SELECT MIN(slice_id) FROM payment) AND n = 1'
sqlite3 "$home/nks.db" "UPDATE payment SET amount_minor = amount_minor + 100 WHERE $one"
[ ! -e "$home/alarm" ] || fail "an alarm before anything was seen"

# Looking never raises it; working does.
nks_code 0 status --now "$night"
nks_code 7 run --now "$night"
[ -f "$home/alarm" ] || die "no mark was left"
assert_eq "the mark" "$(cut -d = -f 1 "$home/alarm" | tr '\n' ' ')" "code batch time "
grep -q '^time=2026-11-23T02:10:00Z$' "$home/alarm" || fail "the time of the mark"
grep -q '^code=[A-Z-]*$' "$home/alarm" || fail "the code of the mark"

# Nothing is begun, nothing changes.
sqlite3 "$home/nks.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
picture >"$work/before"
for words in run receive ingest resolve offset route emit deliver collect; do
    nks_code 7 $words --now "$night"
    says ALARM-STANDS
done
nks_code 7 register import --now "$night" "$small/register.csv"
says ALARM-STANDS
picture >"$work/after"
assert_same "a command worked while the alarm stood" "$work/before" "$work/after"

# Looking goes on, and tells it.
nks_code 0 list --now "$night"
nks_code 0 show --now "$night" 1
nks_code 0 config check
nks_code 7 status --now "$night"
says '^alarm'
nks_code 7 alarm --json
says '"type":"alarm"'
nks_code 0 help ALARM-STANDS

# It ends only when the auditor finds nothing.
nks_code 2 alarm clear
nks_code 7 alarm clear --reason "a guess"
says ALARM-UNPROVED
[ -f "$home/alarm" ] || fail "the mark went while the home was damaged"
sqlite3 "$home/nks.db" "UPDATE payment SET amount_minor = amount_minor - 100 WHERE $one"
nks_code 0 alarm clear --reason "row restored"
[ ! -e "$home/alarm" ] || fail "the mark stands in a clean home"
grep -q '^reason=row restored$' "$home/alarm.cleared" || fail "the reason is not kept"
nks_code 0 alarm
night_run "$home"
(cd "$NKS_SOURCE/tests/golden/small" && find . -type f -exec cksum {} + | awk '{ print $3, $1, $2 }' | sort) >"$work/golden"
out_hashes "$home" >"$work/out"
assert_same "after the alarm: out/ is not the golden night" "$work/out" "$work/golden"
out_signed "$home"
nothing_left "$home"
audit_clean "$home"

# A mark that says nothing stands as well.
echo >"$home/alarm"
nks_code 7 run --now "$night"
says ALARM-STANDS
nks_code 0 alarm clear --reason "an empty mark"
test_end
