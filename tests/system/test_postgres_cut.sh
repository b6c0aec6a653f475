#!/bin/sh
# The connection to the server ends at any command: before it is sent, or after the server did it and before the answer was
# heard, at a commit above all. The command then ends with 4 and a word; the next run, whose connection is cut as well, and
# the one after finish: byte for byte what is published undisturbed, and a clean audit. The server ends connections by
# itself, too. Commands are numbered (lib/base/fault_point.h) and tried at points spread evenly over the night, the days
# after it, with answers and returned money, and a recall. NKS_CUT_SECONDS bounds the time (default 12; 0: every command with
# every effect). On a private server; 77 where none can be started, or without fault points.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
. "$NKS_SOURCE/tests/system/postgres_lib.sh"
seconds=${NKS_CUT_SECONDS:-12}
effects="cut cut_commit cut_after"
kinds=3
later=2026-11-24T03:00:00Z
latest=2026-11-25T03:00:00Z
pg start "$server" >"$work/address" || exit 77

# ---- scenes: a home before a command, what the command is, and what is published after it, undisturbed
command_of() { # SCENE HOME
    case $1 in
    night) "$NKS_BIN/nks" --home "$2" run --now "$night" ;;
    days) "$NKS_BIN/nks" --home "$2" run --now "$later" ;;
    recall) "$NKS_BIN/nks" --home "$2" recall "$(cat "$common/batch")" 1 --reason "twice" --now "$later" ;;
    esac
}
# The next run. A recall that was not stored is given again; one that was is not done twice (RECALL-TWICE, 5).
after_of() { # SCENE HOME
    case $1 in
    night) "$NKS_BIN/nks" --home "$2" run --now "$night" ;;
    days) "$NKS_BIN/nks" --home "$2" run --now "$later" ;;
    recall)
        "$NKS_BIN/nks" --home "$2" recall "$(cat "$common/batch")" 1 --reason "twice" --now "$later"
        recall_code=$?
        [ $recall_code -eq 0 ] || [ $recall_code -eq 5 ] || return $recall_code
        "$NKS_BIN/nks" --home "$2" run --now "$latest"
        ;;
    esac
}
scene_make() { # SCENE: counts its commands
    home=$work/calm$1
    pg_home_copy "$work/start$1" "$home"
    NKS_FAULT_COUNT=$work/count.$1
    export NKS_FAULT_COUNT
    code command_of "$1" "$home"
    unset NKS_FAULT_COUNT
    ended "$1, undisturbed" 0
    [ -s "$work/count.$1" ] || {
        skip "this build has no fault points"
        exit 77
    }
    { read -r _ && read -r _ && read -r commands && read -r commits; } <"$work/count.$1"
    echo "$commands $commits" >"$work/count.$1"
    code after_of "$1" "$home"
    ended "$1, undisturbed: the next run" 0
    out_hashes "$home" >"$work/out.$1"
    audit_clean "$home"
    [ "$1" = night ] || pg_home_drop "$home"
}
pg_home_make "$work/startnight" $everything
scene_make night
pg_home_copy "$work/calmnight" "$work/startdays"
pg_home_copy "$work/calmnight" "$work/startrecall"
for order in "$work"/startdays/out/central/*/nks-*-o*.xml; do
    case $order in *1.xml) status=ACSC ;; *) status=RJCT ;; esac
    bank_answers "$work/startdays" "$order" $status
done
basename "$(ls "$work"/startrecall/out/central/*/nks-*-o0001.xml | head -n 1)" | sed 's/^nks-//; s/-o0001.xml//' >"$work/batch"
scene_make days
scene_make recall

# ---- one cut, and one in the run after it
cut_at() { # SCENE POINT EFFECT POINT-AFTER
    home=$work/cut$worker
    pg_home_copy "$common/start$1" "$home"
    what="$1, command $2, $3, then $4"
    code env_of "$2:$3" command_of "$1" "$home"
    ended "$what" 0 4
    [ "$code" -eq 0 ] || says "$what" 'DB-CO[NM]'
    grep -o 'DB-CO[A-Z]*' "$work/said" | head -n 1 >>"$common/said.$worker" || true
    code env_of "$4:cut_after" after_of "$1" "$home"
    ended "$what: the next run" 0 4
    [ "$code" -eq 0 ] || says "$what: the next run" 'DB-CO[NM]'
    code after_of "$1" "$home"
    ended "$what: the run after" 0
    whole "$home" "$common/out.$1" "$what"
    pg_home_drop "$home"
}
env_of() { # FAULT COMMAND…: of a function
    NKS_FAULT=$1
    export NKS_FAULT
    shift
    env_code=0
    "$@" || env_code=$?
    unset NKS_FAULT
    return $env_code
}

# Puts point and effect of a turn into $point and $effect; commits are fewer than commands.
turn_of() { # SCENE TURN
    read -r commands commits <"$common/count.$1"
    # shellcheck disable=SC2086 # a list of words
    set -- "$1" "$2" $effects
    shift $((2 + $2 % kinds))
    effect=$1
    [ "$effect" = cut_commit ] && points=$commits || points=$commands
}
cuts() { # WORKER
    end=$(($(date +%s) + seconds))
    worker=$1
    turn=$1
    read -r total _ <"$common/count.night"
    while [ $turn -lt $((total * kinds)) ]; do
        [ "$seconds" -eq 0 ] || [ $turn -lt $kinds ] || [ "$(date +%s)" -lt "$end" ] || break
        for scene in night days recall; do
            turn_of $scene $turn
            [ $((turn / kinds)) -lt "$points" ] || continue
            [ $scene != recall ] || [ $((turn / kinds % 2)) -eq 0 ] || [ "$seconds" -eq 0 ] || continue
            step=$(stride "$points")
            cut_at $scene $((turn / kinds * step % points + 1)) "$effect" $((turn * 37 % 160 + 1))
            echo "$effect" >>"$common/effects.$worker"
            tried=$((tried + 1))
        done
        turn=$((turn + workers))
    done
}
shared cuts
for effect in $effects; do
    checks=$((checks + 1))
    cat "$work"/effects.* | grep -qx "$effect" || fail "$effect was not tried"
done
lost=$(cat "$work"/said.* | grep -c CONNECTION || true)
unknown=$(cat "$work"/said.* | grep -c COMMIT || true)
checks=$((checks + 1))
[ "$unknown" -ge 2 ] && [ "$lost" -ge 2 ] || fail "$lost lost connections and $unknown commits were told"
echo "$tried connections cut ($unknown at a commit), and one more in the run after each"

# ---- the server ends every connection at an instant of a run
ends() { # SCENE POINT
    home=$work/ends
    pg_home_copy "$work/start$1" "$home"
    NKS_STOP_AT=$2
    export NKS_STOP_AT
    "$NKS_BIN/nks" --home "$home" run --now "$(now_of "$1")" >"$work/said" 2>&1 &
    stopped=$!
    unset NKS_STOP_AT
    if halted $stopped; then
        sql "$server" postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$(base_of "$home")'" >"$work/ended"
        checks=$((checks + 1))
        grep -q t "$work/ended" || fail "$1, $2: no connection to end"
        kill -CONT $stopped
        code=0
        wait $stopped || code=$?
        ended "$1, $2, ended by the server" 4
        says "$1, $2, ended by the server" DB-CO
    else
        fail "$1: did not stop at $2: $(head -n 1 "$work/said")"
    fi
    code after_of "$1" "$home"
    ended "$1, $2: the next run" 0
    whole "$home" "$work/out.$1" "$1, $2, ended by the server"
    pg_home_drop "$home"
}
now_of() { # SCENE
    [ "$1" = night ] && echo "$night" || echo "$later"
}
for at in receive.row ingest.slice:3 save.before:2 save.after publish.reserved:4 publish.journaled publish.renamed:7; do
    ends night $at
done
for at in collect.before collect.after publish.renamed; do
    ends days $at
done
test_end
