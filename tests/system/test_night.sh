#!/bin/sh
# The small night of fixtures/README.md: what is published is right payment by payment, is what it was (tests/golden/small),
# is valid, signed and adds up; again, stage by stage and in another home it is the same; nothing of it lies about in clear.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
golden=$NKS_SOURCE/tests/golden/small

golden_same() { # HOME WHAT
    checks=$((checks + 1))
    rm -rf "$work/out.plain"
    cp -R "$1/out" "$work/out.plain"
    find "$work/out.plain" -type f -name '*.p7s' -exec rm -f {} +
    diff -r "$golden" "$work/out.plain" >"$work/golden.diff" || {
        fail "$2: out/ is not tests/golden/small"
        head -n 20 "$work/golden.diff" >&2
    }
}

home_make "$work/night"
home_copy "$work/night" "$work/stages"

# ---- one night
night_run "$work/night"
golden_same "$work/night" "one night"
checks=$((checks + 1))
sh "$NKS_SOURCE/tests/system/check_small.sh" "$work/night" >"$work/small" || {
    cat "$work/small" >&2
    fail "payments are not what fixtures/README.md says"
}
out_valid "$work/night/out"
out_signed "$work/night"
out_verified "$work/night"
out_recounted "$work/night"
nothing_left "$work/night"
audit_clean "$work/night"
assert_eq "files that the reader died of" "$(grep -rl 'gave up' "$work/night/out" || true)" ""

# The comparison with the tables can fail: one amount, one account, one status, one reason changed.
cp -R "$work/night/out" "$work/out.kept"
for change in 'central:88\.00</InstdAmt>:88.01</InstdAmt>' 'central:70010000001003:70010000001004' \
    'payer:<TxSts>PDNG:<TxSts>ACCP' 'sender:<Cd>AM10:<Cd>AM09'; do
    part=${change%%:*}
    change=${change#*:}
    find "$work/night/out/$part" -type f -name '*.xml' -exec sed -i.old "s|${change%%:*}|${change#*:}|" {} +
    find "$work/night/out" -type f -name '*.old' -exec rm -f {} +
    checks=$((checks + 1))
    ! sh "$NKS_SOURCE/tests/system/check_small.sh" "$work/night" >"$work/small" 2>&1 ||
        fail "check_small.sh does not see the change $change"
    rm -rf "$work/night/out"
    cp -R "$work/out.kept" "$work/night/out"
done

# ---- again: nothing changes
out_hashes "$work/night" >"$work/before"
find "$work/night/out" -type f -name '*.p7s' -exec cksum {} + | sort >"$work/before.p7s"
home_dump "$work/night" >"$work/before.sql"
night_run "$work/night"
out_hashes "$work/night" >"$work/after"
find "$work/night/out" -type f -name '*.p7s' -exec cksum {} + | sort >"$work/after.p7s"
assert_same "a second run: out/" "$work/before" "$work/after"
assert_same "a second run: signatures" "$work/before.p7s" "$work/after.p7s"
home_dump "$work/night" >"$work/after.sql"
assert_same "a second run: the database" "$work/before.sql" "$work/after.sql"

# ---- stage by stage
for stage in receive ingest resolve offset route emit deliver; do
    nks "$work/stages" $stage --now "$night"
done
golden_same "$work/stages" "stage by stage"
audit_clean "$work/stages"
night_run "$work/stages"
golden_same "$work/stages" "stage by stage, then run"

# ---- another home with keys of its own
home_make "$work/other"
night_run "$work/other"
golden_same "$work/other" "another home"
checks=$((checks + 1))
! cmp -s "$work/night.keys/master.key" "$work/other.keys/master.key" || fail "two homes have the same master key"

# ---- nothing in clear: numbers and accounts of the register, numbers and names of the payees in the files
{
    awk -F, 'NR > 1 { print $3; print $8 }' "$small/register.csv"
    awk -F, '$1 == "FLAG" || $1 == "CLAIM" { print $4 }' "$small/debts.csv"
} | grep -E '^[A-Z0-9+]{8,}$' | sort -u >"$work/secrets"
for file in "$small"/in/sender/*/[12]*.xml; do
    encoding=$(sed -n '1s/.*encoding="\([^"]*\)".*/\1/p' "$file")
    iconv -f "$encoding" -t UTF-8 "$file" | awk '/<Cdtr>/ { cdtr = 1 } /<\/Cdtr>/ { cdtr = 0 }
        cdtr && /<Nm>/ { sub(/.*<Nm>/, ""); sub(/<.*/, ""); print }'
done | sort -u >"$work/names"
[ "$(wc -l <"$work/secrets")" -ge 50 ] || die "the list of numbers is too short to prove anything"
[ "$(wc -l <"$work/names")" -ge 20 ] || die "the list of names is too short to prove anything"
"$NKS_BIN/nks" --home "$work/night" --now "$night" -v status >"$work/night.log" 2>&1
"$NKS_BIN/nks" --home "$work/night" -v list >>"$work/night.log" 2>&1
for batch in 1 2 3 4 5 6 7 8; do
    "$NKS_BIN/nks" --home "$work/night" show $batch >>"$work/night.log" 2>&1
done
home_make "$work/loud"
for stage in receive ingest resolve offset route emit deliver run; do
    "$NKS_BIN/nks" --home "$work/loud" -v --now "$night" $stage >>"$work/night.log" 2>&1
done
[ -s "$work/night.log" ] || fail "nks says nothing at all"
in_clear() { # WHAT FILES...
    what=$1
    shift
    for list in secrets names; do
        checks=$((checks + 1))
        grep -a -l -F -f "$work/$list" "$@" >"$work/found" 2>/dev/null || continue
        fail "$list in clear in $what: $(sed "s|^$work/||" "$work/found" | tr '\n' ' ')"
        grep -a -o -h -F -f "$work/$list" "$@" | sort -u | head -n 5 >&2
    done
}
home_database_files "$work/night" >"$work/files"
[ -s "$work/files" ] || die "there is no database"
# shellcheck disable=SC2046 # a word per file
in_clear database $(cat "$work/files")
in_clear spool "$work"/night/spool/*
in_clear archive "$work"/night/archive/*
in_clear log "$work/night.log"
# the search finds what is there
checks=$((checks + 1))
grep -a -q -F -f "$work/secrets" "$golden"/central/*/*.xml || fail "the search for numbers finds nothing where they are"
grep -a -q -F -f "$work/names" "$golden"/central/*/*.xml || fail "the search for names finds nothing where they are"

# ---- later: what was not due
later() { # NOW END_TO_END_ID AMOUNT: one new order file with that payment alone
    out_hashes "$work/night" >"$work/before"
    night_run "$work/night" "$1"
    out_hashes "$work/night" >"$work/after"
    comm -13 "$work/before" "$work/after" | cut -d ' ' -f 1 >"$work/new"
    assert_eq "$1: old files changed" "$(comm -23 "$work/before" "$work/after")" ""
    new=$(grep -c '/central/.*\.xml$' "$work/new" || true)
    assert_eq "$1: new order files" "$new" 1
    order=$work/night/out/$(grep '/central/.*\.xml$' "$work/new")
    assert_eq "$1: payments in it" \
        "$(sed -n 's/.*<EndToEndId>\([^<]*\)<.*<InstdAmt Ccy="DKK">\([^<]*\)<.*/\1 \2/p' "$order")" "$2 $3"
    assert_eq "$1: new manifests" "$(grep -c 'nks-manifest' "$work/new")" 3
    assert_eq "$1: new status reports" "$(grep -c '/payer/proeveskat/.*-s000[23]\.xml' "$work/new")" 1
}
later 2026-11-27T02:10:00Z OST26-0018 200.00
later 2026-11-30T02:10:00Z OST26-0017 100.00
out_valid "$work/night/out"
out_recounted "$work/night"
nothing_left "$work/night"
audit_clean "$work/night"
assert_eq "slices left undecided" "$(home_sql "$work/night" "SELECT count(*) FROM slice WHERE state <> (SELECT max(state) FROM slice)")" 0

test_end
