#!/bin/sh
# Every call that can fail is made to fail once, and the process is killed before it: a run then ends with a clear exit, and
# the next one, undisturbed, gives the golden night byte for byte, with a clean audit and nothing half done. The points are
# numbered (lib/base/fault_point.h). NKS_TORTURE_SECONDS bounds the time (default 50; 0: every point with every effect), and
# the points are spread evenly over the night. Wants a build with fault points, else skipped (77).
. "${NKS_SOURCE:?}/tests/system/lib.sh"
golden=$NKS_SOURCE/tests/golden/small
seconds=${NKS_TORTURE_SECONDS:-50}
effects="kill EIO ENOSPC full EBUSY ENOMEM EACCES"

home_make "$work/start"
(cd "$golden" && find . -type f -exec cksum {} + | awk '{ print $3, $1, $2 }' | sort) >"$work/golden"
home_copy "$work/start" "$work/count"
code env NKS_FAULT_COUNT="$work/points" "$NKS_BIN/nks" --home "$work/count" run --now "$night"
[ -s "$work/points" ] || {
    skip "this build has no fault points"
    exit 77
}
points=$(cat "$work/points")
rm -rf "$work/count" "$work/count.keys" "$work/count.journal"
checks=$((checks + 1))
[ "$points" -ge 1000 ] || fail "only $points points in a night"

# Names and bytes but for the number of the delivery in the name of a repeated receipt, and for manifests.
without_order() {
    grep -v nks-manifest- | sed 's/-again-[0-9]*//' | sort
}
without_order <"$work/golden" >"$work/golden.bytes"

torture() { # POINT EFFECT
    home=$work/at-$1-$2
    home_copy "$work/start" "$home"
    code env "NKS_FAULT=$1:$2" "$NKS_BIN/nks" --home "$home" run --now "$night"
    checks=$((checks + 1))
    case $2:$code in
    kill:137 | E*:0 | E*:4 | E*:6 | full:4 | full:0) ;;
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
    # A file that could not be read was left for the next run: then it comes later, and the day has one manifest more.
    if [ "$2" = kill ]; then
        assert_same "point $1, $2: out/ is not the golden night" "$work/golden" "$home.out"
    else
        without_order <"$home.out" >"$home.bytes"
        assert_same "point $1, $2: out/ is not what the golden night sends" "$work/golden.bytes" "$home.bytes"
    fi
    nothing_left "$home"
    audit_clean "$home"
    rm -rf "$home" "$home.keys" "$home.journal" "$home.out" "$home.bytes"
}

# Each round takes points that lie between those of the rounds before, and the next effect at each.
workers=$(processors)
common=$work
end=$(($(date +%s) + seconds))
worker=0
pids=
while [ $worker -lt "$workers" ]; do
    (
        trap - EXIT
        mkdir "$common/w$worker"
        work=$common/w$worker
        cp -R "$common/start" "$common/start.keys" "$work/"
        [ ! -d "$common/start.journal" ] || cp -R "$common/start.journal" "$work/"
        cp "$common/golden" "$common/golden.bytes" "$work/"
        failures=0
        checks=0
        done=0
        # a stride that shares no factor with most counts visits every point once
        at=$worker
        step=$((points * 618 / 1000))
        while [ $((points % step)) -eq 0 ] || [ $((step % 2)) -eq 0 ]; do step=$((step + 1)); done
        at=$((at * step % points))
        total=$((points * 7))
        while [ $((done * workers + worker)) -lt $total ]; do
            [ "$seconds" -eq 0 ] || [ "$(date +%s)" -lt $end ] || break
            turn=$((done * workers + worker))
            # shellcheck disable=SC2086 # a list of words
            set -- $effects
            shift $(((turn + turn / points) % 7))
            torture $((turn * step % points + 1)) "$1"
            done=$((done + 1))
        done
        echo "$failures $checks $done" >"$common/done.$worker"
    ) &
    pids="$pids $!"
    worker=$((worker + 1))
done
for pid in $pids; do
    wait "$pid" || fail "a worker died"
done
work=$common
tried=0
for worker_done in "$work"/done.*; do
    read -r worker_failures worker_checks worker_tried <"$worker_done"
    failures=$((failures + worker_failures))
    checks=$((checks + worker_checks))
    tried=$((tried + worker_tried))
done
echo "$tried of $((points * 7)) failures tried, at $points points"
checks=$((checks + 1))
[ "$tried" -ge 14 ] || fail "only $tried failures tried"
test_end
