#!/bin/sh
# Every call that can fail is made to fail once, and the process is killed before it: a run then ends with a clear exit, and
# the next one, undisturbed, gives the golden night byte for byte and row for row, with a clean audit and nothing half done.
# The points are numbered (lib/base/fault_point.h). NKS_TORTURE_SECONDS bounds the time (default 20, on PostgreSQL 15; 0: every point with every
# effect), and the points are spread evenly over the night; NKS_TORTURE_EFFECTS="power kill" tries these effects alone. Wants
# a build with fault points, else skipped (77).
. "${NKS_SOURCE:?}/tests/system/lib.sh"
golden=$NKS_SOURCE/tests/golden/small
seconds=${NKS_TORTURE_SECONDS:-$(on_sqlite && echo 20 || echo 15)}
effects=${NKS_TORTURE_EFFECTS:-kill EIO ENOSPC full EBUSY ENOMEM EACCES short fetched power}
# shellcheck disable=SC2086 # a list of words
set -- $effects
kinds=$#

home_make "$work/start"
(cd "$golden" && find . -type f -exec cksum {} + | awk '{ print $3, $1, $2 }' | sort) >"$work/golden"
home_copy "$work/start" "$work/count"
code env NKS_FAULT_COUNT="$work/points" "$NKS_BIN/nks" --home "$work/count" run --now "$night"
[ -s "$work/points" ] || {
    skip "this build has no fault points"
    exit 77
}
{ read -r points && read -r allocations; } <"$work/points"
rows_hashes "$work/count" >"$work/golden.rows"
[ "$(wc -l <"$work/golden.rows")" -ge 20 ] || die "no rows of the golden night"
home_remove "$work/count"
checks=$((checks + 1))
[ "$points" -ge 1000 ] || fail "only $points points in a night"

# Names and bytes but for the number of the delivery in the name of a repeated receipt, and for manifests.
without_order() {
    grep -v nks-manifest- | sed 's/-again-[0-9]*//' | sort
}
without_order <"$work/golden" >"$work/golden.bytes"

# One allocation of our own fails: a clear end and no leak (the sanitizer's exit code is another), and the next run goes on.
memory() { # NUMBER
    home=$work/memory-$1
    home_copy "$work/start" "$home"
    code env "NKS_FAULT_MEMORY=$1" "$NKS_BIN/nks" --home "$home" run --now "$night"
    checks=$((checks + 1))
    case $code in
    0 | 4) ;; # 0: it could do without
    *)
        fail "allocation $1: exit $code"
        cat "$work/said" >&2
        ;;
    esac
    [ "$code" -eq 0 ] || grep -q '^nks: [A-Z-]*: ' "$work/said" || fail "allocation $1: exit $code without a word"
    after "$home" "allocation $1"
}

# The reader of every file fails at its point N.
reader() { # N:EFFECT
    home=$work/reader-$1
    home_copy "$work/start" "$home"
    code env "NKS_READER_NKS_FAULT=$1" "$NKS_BIN/nks" --home "$home" run --now "$night"
    checks=$((checks + 1))
    case $code in
    0 | 4) ;;
    *)
        fail "reader, $1: exit $code"
        cat "$work/said" >&2
        ;;
    esac
    after "$home" "reader, $1"
}

# The next run, undisturbed, sends what the golden night sends.
after() { # HOME WHAT
    [ ! -e "$1/alarm" ] || fail "$2: an alarm, for a call that failed"
    code "$NKS_BIN/nks" --home "$1" run --now "$night"
    [ "$code" -eq 0 ] || {
        fail "$2: the next run ends with $code"
        cat "$work/said" >&2
    }
    out_hashes "$1" | without_order >"$1.bytes"
    assert_same "$2: out/ is not what the golden night sends" "$work/golden.bytes" "$1.bytes"
    nothing_left "$1"
    audit_clean "$1"
    home_remove "$1" "$1.bytes"
}

# fetched POINT: killed there, with a receiver that takes every file in the instant in which it is published.
fetched() {
    mkdir "$home.fetched"
    for fault in "$1:kill" 0:kill; do
        code env "NKS_FAULT=$fault" "NKS_FAULT_FETCH=$home.fetched" "$NKS_BIN/nks" --home "$home" run --now "$night"
        case $fault:$code in
        "$1:kill:137" | 0:kill:0) checks=$((checks + 1)) ;;
        *)
            fail "point $1, fetched: exit $code"
            cat "$work/said" >&2
            ;;
        esac
    done
    (cd "$home.fetched" && find . -type f ! -name '*.p7s' -exec cksum {} + | awk '{ gsub(/[+]/, "/", $3); print $3, $1, $2 }' | sort) \
        >"$home.out"
    assert_same "point $1, fetched: what was published in all is not the golden night" "$work/golden" "$home.out"
    rows_hashes "$home" >"$home.rows" || fail "point $1, fetched: the rows cannot be read"
    assert_same "point $1, fetched: rows are not those of the undisturbed night" "$work/golden.rows" "$home.rows"
    nothing_left "$home"
    audit_clean "$home"
    home_remove "$home" "$home.fetched" "$home.out" "$home.rows"
}

torture() { # POINT EFFECT
    home=$work/at-$1-$2
    home_copy "$work/start" "$home"
    if [ "$2" = fetched ]; then
        fetched "$1"
        return 0
    fi
    mkdir "$home.lost" # where names are kept until they count (power)
    code env "NKS_FAULT=$1:$2" "NKS_FAULT_POWER=$home.lost" "$NKS_BIN/nks" --home "$home" run --now "$night"
    rm -rf "$home.lost"
    checks=$((checks + 1))
    case $2:$code in
    kill:137 | power:137 | short:0 | E*:0 | E*:4 | E*:6 | full:4 | full:0) ;;
    *)
        fail "point $1, $2: exit $code"
        cat "$work/said" >&2
        ;;
    esac
    if [ -e "$home/alarm" ]; then
        fail "point $1, $2: an alarm, for a call that failed"
    fi
    code "$NKS_BIN/nks" --home "$home" run --now "$night"
    [ "$code" -eq 0 ] || {
        fail "point $1, $2: the next run ends with $code"
        cat "$work/said" >&2
    }
    out_hashes "$home" >"$home.out"
    rows_hashes "$home" >"$home.rows" || fail "point $1, $2: the rows cannot be read"
    if [ "$2" = kill ] || [ "$2" = power ] || [ "$2" = short ]; then
        assert_same "point $1, $2: out/ is not the golden night" "$work/golden" "$home.out"
        assert_same "point $1, $2: rows are not those of the undisturbed night" "$work/golden.rows" "$home.rows"
    elif cmp -s "$work/golden" "$home.out"; then
        # What could not be written was left for the next run: files may have other numbers, and legs name their files.
        grep -v -e '^out_file ' -e '^leg ' "$home.rows" >"$home.bytes"
        grep -v -e '^out_file ' -e '^leg ' "$work/golden.rows" >"$home.out"
        assert_same "point $1, $2: rows are not those of the undisturbed night" "$home.out" "$home.bytes"
    else # What could not be read was left too: then it comes later, and the day has one manifest more.
        without_order <"$home.out" >"$home.bytes"
        assert_same "point $1, $2: out/ is not what the golden night sends" "$work/golden.bytes" "$home.bytes"
    fi
    nothing_left "$home"
    audit_clean "$home"
    home_remove "$home" "$home.out" "$home.bytes" "$home.rows"
}

# Puts point and effect of a turn into $point and $effect: the first `points` turns visit each point once, and each round of
# as many takes the next effect at each.
turn_of() { # TURN
    point=$(($1 * step % points + 1))
    effect=$((($1 % points + $1 / points) % kinds))
    # shellcheck disable=SC2086 # a list of words
    set -- $effects
    shift $effect
    effect=$1
}

step=$(stride "$points")

# Each round takes points that lie between those of the rounds before, and the next effect at each.
end=$(($(date +%s) + seconds))
night_shared() { # WORKER
    cp -R "$common/start" "$common/start.keys" "$work/"
    [ ! -d "$common/start.journal" ] || cp -R "$common/start.journal" "$work/"
    cp "$common/golden" "$common/golden.bytes" "$common/golden.rows" "$work/"
    total=$((points * kinds))
    for reader_fault in 1:EIO 2:EIO 3:ENOMEM 2:short; do
        [ $((${reader_fault%%:*} % workers)) -ne "$1" ] || reader $reader_fault
    done
    allocation=$(($1 + 1))
    [ "$seconds" -eq 0 ] && spread=$workers || spread=$((allocations / 20 + workers))
    while [ $allocation -le "$allocations" ] && { [ "$seconds" -eq 0 ] || [ "$(date +%s)" -lt $((end - seconds * 2 / 3)) ]; }; do
        memory $allocation
        allocation=$((allocation + spread))
    done
    while [ $((tried * workers + $1)) -lt $total ]; do
        turn=$((tried * workers + $1))
        [ "$seconds" -eq 0 ] || [ $turn -lt "$kinds" ] || [ "$(date +%s)" -lt $end ] || break
        turn_of $turn
        torture "$point" "$effect"
        echo "$effect" >>"$common/effects.$1"
        tried=$((tried + 1))
    done
}
shared night_shared
echo "$tried of $((points * kinds)) failures tried, at $points points, besides $allocations allocations and the reader"
checks=$((checks + 1))
[ "$tried" -ge "$kinds" ] || fail "only $tried failures tried"
for effect in $effects; do
    checks=$((checks + 1))
    sort "$work"/effects.* | uniq -c | grep -q " $effect\$" || fail "$effect was not tried at any point"
done
test_end
