#!/bin/sh
# The command line as its users meet it: help, usage, forms of output, exit codes, and what must never be shown.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
set +e # a command's exit code is looked at by expect
home=$work/home
now=$night
all=$work/all # everything that any command here wrote
: >"$all"

# expect CODE WORDS...: runs nks, keeps both streams, compares the exit code.
expect() {
    want=$1
    shift
    "$NKS_BIN/nks" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    checks=$((checks + 1))
    cat "$work/out" "$work/err" >>"$all"
    [ "$got" = "$want" ] || { fail "nks $* gave $got, not $want"; cat "$work/err"; }
}
said() { grep -q -- "$1" "$work/out" || fail "standard output lacks: $1"; }
told() { grep -q -- "$1" "$work/err" || fail "standard error lacks: $1"; }
silent() { [ ! -s "$work/out" ] || fail "standard output is not empty: $1"; }

# ---- help of everything
expect 0 help
said 'usage: nks'
expect 0 --help
expect 0 --version
said '^nks [0-9]'
expect 0 help exit
for command in init 'agreement import' 'central import' 'register import' 'debt import' run receive ingest resolve offset \
    route emit deliver collect status list show explain report check 'config check' help; do
    expect 0 help $command
    for part in "usage: nks $command" 'exit codes' example; do said "$part"; done
    expect 0 $command --help
    said "usage: nks $command"
done
expect 0 help busy
said 'what to do'

# ---- wrong usage: one line, exit 2, nothing on standard output
usage() {
    expect 2 "$@"
    silent "$*"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "not one line for: $*"
}
usage
usage frobnicate
usage run extra
usage run --frobnicate
usage run --limit 3
usage --home
usage --json=yes status
usage show
usage explain 1
usage explain 1 none
usage explain 1 0
usage list --limit many
usage list --state NOWHERE
usage run --fail-on rain
usage --now yesterday run
usage help NO-SUCH-CODE
expect 2 --json frobnicate
told '"type":"error"'

# ---- no home
expect 6 --home "$work/nowhere" status
told 'HOME-MISSING'
expect 6 status --home "$work/nowhere"
expect 6 --json --home "$work/nowhere" run
told '"exit":6'

# ---- a home, once with options before and once after the command
home_new "$home" --now $now
expect 1 --home "$home" init --test
told HOME-EXISTS
expect 0 --home "$home" agreement import --dry-run "$small/agreements.csv"
said 'no$'
expect 0 agreement import "$small/agreements.csv" --home="$home" --now $now
expect 0 --home "$home" --now $now central import "$small/centrals.csv"
expect 0 --home "$home" --now $now register import "$small/register.csv"
"$NKS_BIN/nks" --home "$home" --now $now debt import - <"$small/debts.csv" >>"$all" 2>&1 || fail 'debt import -'
printf 'central,name\n' >"$work/bad.csv"
expect 1 --home "$home" central import "$work/bad.csv"
told 'CSV-HEADER'
expect 0 config check --home "$home"
for sender in "$small"/in/sender/*; do
    mkdir -p "$home/in/sender/${sender##*/}"
    cp "$sender"/*.xml "$home/in/sender/${sender##*/}/"
done
expect 0 --home "$home" --now $now receive
expect 0 --home "$home" --now $now status
said 'nks ingest'
expect 1 --home "$home" --now $now run --fail-on refused
expect 0 --home "$home" --now $now run
silent 'a second run in a pipe'
expect 0 --home "$home" --now $now -v run
said '^run'
expect 0 --home "$home" --now $now status
said 'wait.* until 2026-11-30'
expect 0 --home "$home" list --limit 3
[ "$(grep -c '^delivery' "$work/out")" -eq 3 ] || fail 'list --limit 3'
head -1 "$work/out" | grep -q '^# type	' || fail 'no header line in a pipe'
expect 0 --home "$home" list --state refused --payer proeveskat
expect 0 --home "$home" show '#17'
expect 2 --home "$home" show 999
told NOT-FOUND
expect 2 --home "$home" explain 1 999

# ---- every batch and every payment, in both forms; a ref is as good as a number
batches=$("$NKS_BIN/nks" --home "$home" list | awk -F '\t' '$1 == "delivery" && $8 != "" {print $8}')
[ -n "$batches" ] || fail 'list names no batch'
for batch in $batches; do
    expect 0 --home "$home" --now $now show "$batch"
    ref=$(awk -F '\t' '$1 == "batch" {print $3}' "$work/out")
    payments=$(awk -F '\t' '$1 == "slice" {sum += $6} END {print sum + 0}' "$work/out")
    expect 0 --home "$home" show "$ref" --json
    seq=1
    while [ "$seq" -le "$payments" ]; do
        expect 0 --home "$home" --now $now explain "$batch" "$seq"
        said '^now'
        expect 0 --home "$home" --now $now --json explain "$ref" "$seq"
        said '"legs":\['
        seq=$((seq + 1))
    done
done

# ---- JSON Lines: every line is an object with version and type
for words in status list 'config check' '-v run' 'help BUSY'; do
    expect 0 --home "$home" --now $now --json $words
    if grep -qv '^{"v":1,"type":"[a-z]*".*}$' "$work/out"; then fail "no JSON line: $words"; fi
    if command -v jq >/dev/null 2>&1; then jq -c . "$work/out" >/dev/null 2>&1 || fail "jq: $words"; fi
done

# ---- a terminal gets a table
if command -v script >/dev/null 2>&1; then
    TERM=xterm script -qec "'$NKS_BIN/nks' --home '$home' --now $now run" /dev/null >"$work/out" 2>&1 </dev/null
    said 'files in'
    NO_COLOR=1 TERM=xterm script -qec "'$NKS_BIN/nks' --home '$home' status" /dev/null >"$work/out" 2>&1 </dev/null
    said 'Next steps'
    if grep -q "$(printf '\033\[3')" "$work/out"; then fail 'colours with NO_COLOR'; fi
    cat "$work/out" >>"$all"
fi

# ---- check needs no home
cd "$small/in/sender" || exit 1
expect 0 --now $now check proeve-kommune/10-loen.xml proeveskat/10-overskydende-skat.xml
said 'GOOD'
expect 1 --now $now check proeve-kommune/20-afviste.xml
for code in BE06 AC03 AM01 AM12 DU04 DT01; do said "	$code	"; done
for file in 90-afkortet 91-doctype 92-antal 93-sum 94-version-02 95-skema 98-tegnsaet 99-check; do
    expect 1 --now $now check "proeveskat/$file.xml"
    said 'REFUSED'
done
expect 1 --json --now $now check proeveskat/92-antal.xml
said '"code":"AM18"'
"$NKS_BIN/nks" --now $now check - <proeve-kommune/10-loen.xml >/dev/null || fail 'check -'
expect 6 check "$work/not-there.xml"
cp proeve-kommune/10-loen.xml "$work/0101415001.xml"
expect 0 --now $now check "$work/0101415001.xml"

# ---- amounts that together are beyond 64 bits are cut into more slices; they must not stop the run
awk -v copies=1000 '
    /<CdtTrfTxInf>/ { inside = 1 }
    inside { block = block $0 "\n"; if (/<\/CdtTrfTxInf>/) { inside = 0
        gsub(/<InstrId>[^<]*<\/InstrId>|<UETR>[^<]*<\/UETR>/, "", block)
        gsub(/<InstdAmt[^>]*>[^<]*/, "<InstdAmt Ccy=\"KWD\">9999999999999", block)
        for (i = 1; i <= copies; i++) { one = block; gsub(/<EndToEndId>[^<]*/, "<EndToEndId>LARGE-" i, one); printf "%s", one } }
        next }
    { gsub(/<CtrlSum>[^<]*<\/CtrlSum>/, ""); gsub(/<NbOfTxs>[^<]*/, "<NbOfTxs>" copies); gsub(/<MsgId>[^<]*/, "<MsgId>LARGE"); print }
' proeveskat/93-sum.xml >"$home/in/sender/proeveskat/large.xml"
expect 0 --home "$home" --now $now --json run
said '"accepted":1,'
said '"payments":1000,'
expect 0 --home "$home" --now $now status
said 'SENT	KWD	1000	9999999999999000.00'

# ---- what is written must arrive
if [ -e /dev/full ]; then
    "$NKS_BIN/nks" --home "$home" status >/dev/full 2>"$work/err"
    [ $? -eq 4 ] || fail 'a full standard output is not exit 4'
fi

# ---- no CPR number and no whole account of the fixtures anywhere
awk -F , '$2 == "CPR" {print $3}' "$small/register.csv" | sort -u >"$work/ids"
awk -F , 'NR > 1 && $8 != "" {print $8}' "$small/register.csv" | sort -u >>"$work/ids"
grep -v '^$' "$work/ids" >"$work/secrets"
[ -s "$work/secrets" ] || fail 'the register names nobody'
if grep -F -f "$work/secrets" "$all" >/dev/null; then fail 'an output shows a CPR number or an account'; fi

test_end
