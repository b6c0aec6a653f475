#!/bin/sh
# The ring of keys: lists, ends, new generations, kills in between; keys inside the home; no clear text at rest.
. "$(dirname "$0")/lib.sh"

home=$work/home
home_make "$home"
keys=$home.keys

# ---- what a home holds, and what was said: no name, id, account or text of the fixtures in clear, nor as UTF-16, hex,
# or base64. out/ is for the banks, in/ is not ours yet.
{
    find "$small/in" -type f -exec grep -ohE '<(Nm|Ustrd|IBAN|Id|EndToEndId|BBAN)>[^<]{8,}' {} + | sed 's/^<[A-Za-z]*>//'
    grep -ohE '[0-9]{10,}' "$small"/*.csv
    grep -ohE 'DK[0-9]{16}' "$small"/*.csv
} | sort -u >"$work/clear"
awk 'length($0) == 10 && /^[0-9]+$/ { print substr($0, 1, 6) "-" substr($0, 7) }
    length($0) == 14 && /^[0-9]+$/ { print substr($0, 1, 4) " " substr($0, 5); print substr($0, 1, 4) "-" substr($0, 5) }' \
    "$work/clear" >"$work/spelled"
while IFS= read -r needle; do
    printf %s "$needle" | od -An -v -tx1 | tr -d ' \n'
    echo
    printf %s "$needle" | base64 -w 0 | sed 's/.\{4\}$//' | grep -E '.{8}' || true # without the padded end
done <"$work/clear" >"$work/coded"
cat "$work/clear" "$work/spelled" "$work/coded" >"$work/needles"
[ "$(wc -l <"$work/clear")" -gt 30 ] || die 'too few needles: the fixtures were not understood'

clear_none() { # WHEN
    find "$home" "$keys" -type f ! -path "$home/out/*" ! -path "$home/in/*" ! -path "$home/staging/*" >"$work/files"
    echo "$work/every" >>"$work/files"
    while IFS= read -r file; do
        checks=$((checks + 1))
        # UTF-16 loses its zero bytes.
        if grep -aiqF -f "$work/needles" "$file" || tr -d '\000' <"$file" | grep -aiqF -f "$work/needles"; then
            fail "$1: clear text in ${file#"$work/"}"
        fi
    done <"$work/files"
}

: >"$work/every"
said_too() { # WORDS...: nks, its words kept for the search
    code "$NKS_BIN/nks" --home "$home" --now "$night" "$@"
    cat "$work/said" >>"$work/every"
}
for point in receive.spooled ingest.slice publish.signed publish.renamed; do
    NKS_KILL_AT=$point "$NKS_BIN/nks" --home "$home" --now "$night" run >>"$work/every" 2>&1 || true
    clear_none "killed at $point"
done
said_too run -v
assert_eq 'the night' "$code" 0
for words in status list 'list --json' 'show 1' 'explain 1 1' 'explain 1 2' 'report 1' 'keys list' 'status --json'; do
    said_too $words
done
clear_none 'after the night'
audit_clean "$home"
# The search finds what is there.
grep -raiqF -f "$work/needles" "$home/out" || fail 'the search finds nothing anywhere'

# ---- generations
run_keys() { # WORDS...: exit code in $code, output in $work/said
    code "$NKS_BIN/nks" --home "$home" --now "$night" keys "$@"
}
run_keys list
assert_eq 'list' "$code" 0
assert_eq 'keys at first' "$(grep -c '^key' "$work/said")" 4
run_keys rotate master
assert_eq 'rotate without a reason' "$code" 2
run_keys rotate index --reason test
assert_eq 'rotate index' "$code" 2
run_keys rotate sign --dry-run --reason test
assert_eq 'dry run' "$code" 0
[ ! -e "$keys/sign-0002.key" ] || fail 'a dry run made a key'

# Killed at each instant: the next command finishes, and the home is whole before and after.
for family in master sign file; do
    for point in keys.public keys.secret keys.renamed; do
        [ "$family.$point" != master.keys.public ] || continue
        NKS_KILL_AT=$point "$NKS_BIN/nks" --home "$home" --now "$night" keys rotate $family --reason test >"$work/said" 2>&1 || true
        run_keys check
        assert_eq "check after a kill at $family $point" "$code" 0
    done
    run_keys rotate $family --reason test
    assert_eq "rotate $family" "$code" 0
done
audit_clean "$home"
mkdir -m 700 "$work/public"
cp "$keys"/*.pub "$keys"/*.crt "$work/public/"
code "$NKS_BIN/nks-audit" --home "$home" --keys "$work/public" --public
assert_eq 'audit with public keys alone' "$code" 0
assert_eq 'modes' "$(find "$keys" -type f ! -perm 400 | wc -l | tr -d ' ')" 0

# ---- warnings: 60, 30, 7 days before the end, seen from later
expires() { # NOW CODE WORDS
    code "$NKS_BIN/nks" --home "$work/late" --now "$1" keys check
    assert_eq "check at $1" "$code" "$2"
    if [ -n "$3" ]; then
        grep -q "$3" "$work/said" || fail "at $1 nothing says: $3"
    else
        grep -q KEY-EXPIRES "$work/said" && fail "at $1 a warning" || true
    fi
}
"$NKS_BIN/nks" --home "$work/late" init --test --now 2026-11-23T02:10:00Z >"$work/said"
end=$(openssl x509 -in "$work/late.keys/file.crt" -noout -enddate | sed 's/.*=//')
day() { date -u -d "$end $1" +%Y-%m-%dT%H:%M:%SZ; }
expires "$(day '-61 days')" 0 ''
expires "$(day '-60 days')" 0 'in 60 days'
expires "$(day '-8 days')" 0 'in 8 days'
expires "$(day '-7 days')" 5 'in 7 days'
expires "$(day '+1 day')" 5 'has expired'

# ---- after the end nothing is signed, until there is another certificate
over=$(day '+1 day')
for import in agreement:agreements central:centrals register:register; do
    nks "$work/late" "${import%:*}" import --now 2026-11-23T02:10:00Z "$small/${import#*:}.csv"
done
mkdir -p "$work/late/in/sender/proeveskat"
cp "$small/in/sender/proeveskat/10-overskydende-skat.xml" "$work/late/in/sender/proeveskat/"
for stage in run deliver; do
    code "$NKS_BIN/nks" --home "$work/late" $stage --now "$over"
    assert_eq "$stage with a certificate that has ended: exit" "$code" 5
    grep -q KEY-EXPIRED "$work/said" || fail "$stage does not say KEY-EXPIRED"
done
assert_eq 'files signed after the end' "$(find "$work/late/out" -type f | wc -l)" 0
[ -n "$(find "$work/late/staging" -name '*.out')" ] || fail 'nothing waits in staging'
code "$NKS_BIN/nks" --home "$work/late" keys rotate file --reason 'it ended' --now "$over"
assert_eq 'rotate after the end: exit' "$code" 0
code "$NKS_BIN/nks" --home "$work/late" run --now "$over"
assert_eq 'run with the new certificate: exit' "$code" 0
[ -n "$(find "$work/late/out" -name '*.p7s')" ] || fail 'nothing is published with the new certificate'
audit_clean "$work/late"

# ---- keys inside the home are refused
code "$NKS_BIN/nks" --home "$work/inside" --keys "$work/inside/keys" init --test
assert_eq 'init with keys inside' "$code" 6
grep -q KEY-INSIDE "$work/said" || fail 'KEY-INSIDE is not said'
mv "$keys" "$home/keys"
code "$NKS_BIN/nks" --home "$home" --keys "$home/keys" status
assert_eq 'keys inside' "$code" 6

test_end
