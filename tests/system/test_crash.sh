#!/bin/sh
# Killed at every named instant and run again: out/ is the golden night byte for byte, the auditor finds nothing, nothing
# half done lies about. The points are those of the source; each is tried at its 1st, 2nd and a later pass (on PostgreSQL at
# the 1st and one of the others). Wants a build with fault points (NKS_FAULTS), else the test is skipped (77).
. "${NKS_SOURCE:?}/tests/system/lib.sh"
golden=$NKS_SOURCE/tests/golden/small
killed=137

home_make "$work/start"
home_copy "$work/start" "$work/probe"
code env NKS_KILL_AT=receive.taken "$NKS_BIN/nks" --home "$work/probe" run --now "$night"
[ "$code" -eq $killed ] || {
    skip "this build has no fault points"
    exit 77
}
home_remove "$work/probe"
(cd "$golden" && find . -type f -exec cksum {} + | awk '{ print $3, $1, $2 }' | sort) >"$work/golden"
[ -s "$work/golden" ] || die "no golden night"
home_copy "$work/start" "$work/undisturbed"
night_run "$work/undisturbed"
rows_hashes "$work/undisturbed" >"$work/golden.rows"
[ "$(wc -l <"$work/golden.rows")" -ge 20 ] || die "no rows of the golden night"
home_remove "$work/undisturbed"

kill_at() { # HOME POINT:N: puts the exit code into $code
    code env "NKS_KILL_AT=$2" "$NKS_BIN/nks" --home "$1" run --now "$night"
    [ "$code" -eq 0 ] || [ "$code" -eq $killed ] || {
        cat "$work/said" >&2
        fail "$2: exit $code"
    }
}

rows_again() { # HOME WHAT [ROWS NOW]: the business, decrypted, row for row
    rows_hashes "$1" "${4:-$night}" >"$1.rows" || fail "$2: the rows cannot be read"
    assert_same "$2: rows are not those of the undisturbed night" "${3:-$work/golden.rows}" "$1.rows"
}

golden_again() { # HOME WHAT
    rows_again "$1" "$2"
    out_hashes "$1" >"$1.out"
    assert_same "$2: out/ is not the golden night" "$work/golden" "$1.out"
    out_signed "$1"
    nothing_left "$1"
    audit_clean "$1"
}

# crash POINT:N[,N...]: what the night never passes once it does not pass more often
crash() {
    for pass in $(echo "${1#*:}" | tr , ' '); do
        at=${1%:*}:$pass
        home=$work/$at
        home_copy "$work/start" "$home"
        kill_at "$home" "$at"
        if [ "$code" -ne $killed ]; then
            echo never >"$home.how"
            home_remove "$home"
            return 0
        fi
        echo killed >"$home.how"
        case $at in ingest.slice:*) audit_clean "$home" ;; esac # a batch that is being read is no damage
        night_run "$home"
        golden_again "$home" "$at"
        home_remove "$home"
    done
}

# crash_fetched POINT:N: a central that fetches and deletes at once. Every file is published once, in all runs together.
crash_fetched() {
    home=$work/fetched-$1
    home_copy "$work/start" "$home"
    kill_at "$home" "$1"
    fetch "$home"
    night_run "$home"
    fetch "$home"
    night_run "$home"
    fetch "$home"
    again=$(sort "$home.fetched" | uniq -d | tr '\n' ' ')
    assert_eq "fetched, $1: files published twice" "$again" ""
    sort "$home.fetched" >"$home.sorted"
    assert_same "fetched, $1: what was published in all is not the golden night" "$work/golden" "$home.sorted"
    rows_again "$home" "fetched, $1"
    nothing_left "$home"
    audit_clean "$home"
    home_remove "$home"
}

fetch() { # HOME: a receiver takes a file when it is there, and its signature with it
    out_hashes "$1" >>"$1.fetched"
    find "$1/out" -type f ! -name '*.p7s' >"$1.taken"
    while read -r file; do
        [ -f "$file.p7s" ] || fail "${file##*/} was published without its signature"
        rm -f "$file" "$file.p7s"
    done <"$1.taken"
}

# Stage by stage, where `run` takes another way: the killed stage ends the first try, as it would in a script.
crash_stages() { # POINT:N
    home=$work/stages-$1
    home_copy "$work/start" "$home"
    for try in 1 2; do
        for stage in receive ingest resolve offset route emit deliver; do
            if [ $try -eq 1 ]; then
                code env "NKS_KILL_AT=$1" "$NKS_BIN/nks" --home "$home" $stage --now "$night"
                [ "$code" -eq 0 ] || break
            else
                nks "$home" $stage --now "$night"
            fi
        done
    done
    golden_again "$home" "stages, $1"
    home_remove "$home"
}

# crash_answer POINT:N: a bank rejects an order file the day after; killed while its answer is collected
crash_answer() {
    home=$work/answer-$1
    home_copy "$work/answered" "$home"
    code env "NKS_KILL_AT=$1" "$NKS_BIN/nks" --home "$home" run --now "$morning"
    if [ "$code" -ne $killed ]; then
        fail "answer, $1: not reached, exit $code"
    fi
    [ "$code" -ne $killed ] || echo killed >"$work/$1.how"
    night_run "$home" "$morning"
    out_hashes "$home" >"$home.out"
    assert_same "answer, $1: out/ is not as without a kill" "$work/answered.out" "$home.out"
    rows_again "$home" "answer, $1" "$work/answered.rows" "$morning"
    out_signed "$home"
    nothing_left "$home"
    audit_clean "$home"
    home_remove "$home"
}

morning=2026-11-23T05:40:00Z
home_copy "$work/start" "$work/answered"
night_run "$work/answered"
mkdir -p "$work/answered/in/central/central-oest"
cat >"$work/answered/in/central/central-oest/answer.xml" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>NKS-3V7FKAF9FYF59RPY-O0001</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts>
</CstmrPmtStsRpt></Document>
END
home_copy "$work/answered" "$work/calm"
night_run "$work/calm" "$morning"
out_hashes "$work/calm" >"$work/answered.out"
rows_hashes "$work/calm" "$morning" >"$work/answered.rows"
checks=$((checks + 1))
cmp -s "$work/golden" "$work/answered.out" && fail "the answer of the bank changes nothing"
audit_clean "$work/calm"
home_remove "$work/calm"

# A reader whose pipe fails says nothing about the answer: it is read by the next run.
home_copy "$work/answered" "$work/lost"
code env NKS_READER_NKS_FAULT=1:EIO "$NKS_BIN/nks" --home "$work/lost" run --now "$morning"
assert_eq "an answer whose reader is lost: exit" "$code" 4
night_run "$work/lost" "$morning"
out_hashes "$work/lost" >"$work/lost.out"
assert_same "an answer whose reader was lost is read later" "$work/answered.out" "$work/lost.out"
rows_again "$work/lost" "an answer whose reader was lost" "$work/answered.rows" "$morning"
audit_clean "$work/lost"
home_remove "$work/lost"

points=$(grep -rhoE 'nks_sys_point\("[a-z.]+"\)' "$NKS_SOURCE/lib" --include='*.c' | sed 's/.*"\(.*\)".*/\1/' |
    grep -v '^hand\.' | sort -u) # what is done by hand is in no night: test_stop.sh, test_replay.sh
# NKS_CRASH_PASSES: which passes of each point, default 1,2,7; on PostgreSQL, where a night takes longer, the first.
passes=${NKS_CRASH_PASSES:-$(on_sqlite && echo 1,2,7 || echo 1)}
for point in $points; do
    echo "crash $point:$passes"
done >"$work/jobs"
for at in publish.renamed:1 publish.renamed:9 publish.done:5 publish.signed:3 publish.written:4 publish.reserved:2; do
    echo "crash_fetched $at"
done >>"$work/jobs"
for at in save.before:2 save.after:1 publish.reserved:1; do
    echo "crash_stages $at"
done >>"$work/jobs"
for at in collect.before:1 collect.after:1 receive.taken:1 receive.row:1 publish.staged:1 publish.renamed:1; do
    echo "crash_answer $at"
done >>"$work/jobs"

# The jobs are dealt out to as many workers as there are processors; each has its own scratch files.
deal() { # WORKER
    cp -R "$common"/start "$common"/start.keys "$common"/answered "$common"/answered.keys "$common"/answered.journal \
        "$common"/answered.out "$common"/answered.rows \
        "$common"/golden "$common"/golden.rows "$work/"
    awk -v w="$1" -v of="$workers" 'NR % of == w' "$common/jobs" >"$work/mine"
    while read -r kind at <&3; do
        $kind "$at"
    done 3<"$work/mine"
    find "$work" -name '*.how' -exec grep -l never {} + | sed 's|.*/\(.*\)\.how|\1|' >"$common/never.$1" || true
    find "$work" -name '*.how' -exec grep -l killed {} + | sed 's|.*/\(.*\)\.how|\1|' >"$common/killed.$1" || true
}
: >"$common/results"
shared deal
cat "$work"/killed.* | sort >"$work/killed"
cat "$work"/never.* | sort >"$work/never"
for point in $points; do
    grep -q "^$point:" "$work/killed" || echo "never reached in this night: $point"
done
grep ':[^1]' "$work/never" | while read -r at; do
    grep -q "^${at%:*}:" "$work/killed" && echo "not reached that often: $at" || true
done
[ "$(wc -l <"$work/killed")" -ge 30 ] || fail "only $(wc -l <"$work/killed") kills"
echo "killed at $(wc -l <"$work/killed" | tr -d ' ') instants"
test_end
