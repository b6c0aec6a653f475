#!/bin/sh
# What is done by hand, under failures by number: imports, stops, replays, recalls, hand-outs, backup, restore, reconcile, erase
# and new keys. Each command is killed, loses the power or meets a call that fails at a numbered point (base/fault_point.h);
# then its operator says the same once more, and the next run goes on: what is sent and what the rows hold is what one
# undisturbed command gives, or two. NKS_TORTURE_SECONDS bounds the time (default 12, on PostgreSQL 10; 0: every point with
# every effect), NKS_TORTURE_EFFECTS and NKS_TORTURE_ACTS name some effects and some acts alone. Wants a build with fault
# points, else skipped.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
seconds=${NKS_TORTURE_SECONDS:-$(on_sqlite && echo 12 || echo 10)}
effects=${NKS_TORTURE_EFFECTS:-kill EIO full power ENOMEM short EBUSY}
files_acts='backup restore erase' # of the file nks.db alone
acts=${NKS_TORTURE_ACTS:-import stop restart lost hand recall rejected reconcile rotate $(! on_sqlite || echo "$files_acts")}
second=2026-11-24T08:00:00Z
due=2032-01-02T08:00:00Z

ask() { # HOME SQL
    home_sql "$1" "$2"
}
first() { # HOME KIND: the name of the first file of this kind
    ask "$1" "SELECT name FROM out_file WHERE kind = $2 ORDER BY file_id LIMIT 1"
}
stages() { # HOME STAGE...
    stages_home=$1
    shift
    for stage in "$@"; do nks "$stages_home" $stage --now "$night"; done
}

# ---- where the acts begin

begin_import() {
    mkdir "$work/without"
    cp "$small/agreements.csv" "$small/centrals.csv" "$small/debts.csv" "$work/without/"
    home_init "$1" "$work/without"
    night_run "$1" # from here on there is a journal
    cp -R "$small/in/." "$1/in/"
}
begin_stop() {
    home_make "$1"
    stages "$1" receive ingest resolve offset route
}
begin_restart() {
    home_make "$1"
    stages "$1" receive ingest resolve offset
}
begin_lost() {
    home_make "$1"
    night_run "$1"
    rm "$(find "$1/out" -name "$(first "$1" 1)")"
}
begin_hand() {
    home_make "$1"
    stages "$1" receive ingest resolve offset route emit
}
begin_recall() {
    home_make "$1"
    night_run "$1"
}
begin_rejected() {
    mkdir "$work/lacking"
    cp "$small/agreements.csv" "$small/centrals.csv" "$small/debts.csv" "$work/lacking/"
    awk -F, 'NR == 1 || $1 == "HOLDER"' "$small/register.csv" >"$work/lacking/register.csv"
    home_init "$1" "$work/lacking"
    cp -R "$small/in/." "$1/in/"
    night_run "$1"
    nks "$1" register import --now "$night" "$small/register.csv"
}
begin_backup() {
    begin_recall "$1"
}
begin_restore() { # a night is over since the backup
    home_copy "$work/backed" "$1"
    night_run "$1"
}
begin_reconcile() {
    begin_restore "$1"
    home_put_back "$1" backed "$second"
}
begin_erase() {
    home_make "$1"
    night_run "$1"
    find "$1/out/central" -name '*-o0*.xml' | sort >"$work/orders"
    while read -r order; do
        bank_answers "$1" "$order"
    done <"$work/orders"
    night_run "$1" 2026-11-23T06:00:00Z
    night_run "$1" 2026-12-02T02:10:00Z # what was due later
}
begin_rotate() {
    home_make "$1"
}

# ---- the acts: act NAME HOME TIME sets $code; TIME 1 is the first attempt, 2 the next

over="SELECT b.batch_id FROM batch b WHERE b.state = 2
  AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.batch_id = b.batch_id AND s.state NOT IN (6, 7))
  AND NOT EXISTS (SELECT 1 FROM leg l WHERE l.slice_id >> 14 = b.batch_id AND l.state IN (1, 2))
  AND NOT EXISTS (SELECT 1 FROM ventekonto_entry v WHERE v.slice_id >> 14 = b.batch_id AND v.state = 1) LIMIT 1"

subject() { # NAME HOME: the batch, payment or file that the act is about
    case $1 in
    stop | restart) ask "$2" "SELECT batch_id FROM slice WHERE state > 2 ORDER BY slice_id LIMIT 1" ;;
    lost | hand) first "$2" 1 ;;
    recall) ask "$2" "SELECT (p.slice_id >> 14) || ' ' || seq FROM leg l JOIN payment p USING (slice_id, n) WHERE l.kind = 1 AND l.state = 2
        ORDER BY l.slice_id, l.n LIMIT 1" ;;
    rejected) ask "$2" "SELECT slice.batch_id FROM payment JOIN slice USING (slice_id) WHERE payment.state = 2 AND payment.reason = 19 LIMIT 1" ;;
    erase) ask "$2" "$over" ;;
    esac
}
words_of() { # NAME HOME TIME SUBJECT: the words of the command, a line each
    case $1 in
    import) printf '%s\n' register import "$small/register.csv" --now "$night" ;;
    stop) printf '%s\n' stop "$4" --reason test --now "$night" ;;
    restart) printf '%s\n' replay "$4" --from resolve --reason test --now "$night" ;;
    lost) printf '%s\n' replay "$4" --reason test --now "$night" ;;
    hand) printf '%s\n' delivered "$4" --by-hand --out "$2.carried" --reason test --now "$night" ;;
    recall) printf '%s\n' recall "${4% *}" "${4#* }" --reason test --now "$night" ;;
    rejected) printf '%s\n' replay "$4" --rejected --reason test --now "$night" ;;
    backup) printf '%s\n' backup "$2.backup" --now "2026-11-24T08:00:0${3}Z" ;;
    restore) printf '%s\n' restore "$backup" --reason test --now "$second" ;;
    reconcile) printf '%s\n' reconcile --reason test --now "$second" ;;
    erase) printf '%s\n' erase "$4" --reason test --now "$due" ;;
    rotate) printf '%s\n' keys rotate master --reason test --now "$night" ;;
    esac
}
act() { # NAME HOME TIME SUBJECT [ENVIRONMENT...]
    words_of "$1" "$2" "$3" "$4" >"$work/words"
    act_home=$2
    shift 4
    set -- env "$@" "$NKS_BIN/nks" --home "$act_home"
    while read -r word; do set -- "$@" "$word"; done <"$work/words"
    code "$@"
}
# What the operator of a home does next, until it has nothing left to do.
go_on() { # NAME HOME
    case $1 in
    restore) nks "$2" reconcile --reason test --now "$second" ;;
    esac
    case $1 in
    erase) ;;
    restore | reconcile) # the senders drop again what is to be done again
        cp -R "$small/in/." "$2/in/"
        nks "$2" run --now "$second"
        ;;
    *) nks "$2" run --now "$night" ;;
    esac
}
result() { # NAME HOME FILE: what was sent, and what the rows hold
    case $1 in restore | reconcile) result_now=$second ;; *) result_now=$night ;; esac
    out_hashes "$2" >"$3"
    case $1 in
    erase) # what is left of it cannot be decrypted
        (cd "$2" && ls spool archive) >>"$3"
        for table in $(home_tables "$2" | grep -v '^trail'); do
            ask "$2" "SELECT '$table', count(*) FROM $table" >>"$3"
        done
        ask "$2" "SELECT * FROM batch_erased" >>"$3"
        ;;
    *) rows_hashes "$2" "$result_now" >>"$3" || fail "$1: the rows cannot be read" ;;
    esac
}
remove() { # HOME, with what lies beside it
    home_remove "$1"
    rm -rf "$1".*
}

# ---- one undisturbed, and two

home_make "$work/backed"
home_keep "$work/backed" backed 2026-11-23T01:00:00Z
backup=$(echo "$work/backup.backed"/*)

undisturbed() { # NAME
    about=$(subject "$1" "$work/begin-$1")
    printf '%s\n' "$about" >"$work/$1.subject"
    home_copy "$work/begin-$1" "$work/h"
    act "$1" "$work/h" 1 "$about" NKS_FAULT_COUNT="$work/$1.points"
    assert_eq "$1: exit" "$code" 0
    [ -s "$work/$1.points" ] || {
        skip "this build has no fault points"
        exit 77
    }
    home_copy "$work/h" "$work/twice"
    go_on "$1" "$work/h"
    result "$1" "$work/h" "$work/$1.once"
    audit_clean "$work/h"
    remove "$work/h"
    act "$1" "$work/twice" 2 "$about"
    echo $code >"$work/$1.again"
    [ $code = 0 ] || cp "$work/$1.once" "$work/$1.twice"
    [ $code != 0 ] || {
        go_on "$1" "$work/twice"
        result "$1" "$work/twice" "$work/$1.twice"
    }
    remove "$work/twice"
}
for name in $acts; do
    begin_"$name" "$work/begin-$name"
    undisturbed "$name"
done

# ---- one disturbed, and one more

disturbed() { # NAME POINT EFFECT
    what="$1, point $2, $3"
    home=$work/at
    about=$(cat "$common/$1.subject")
    home_copy "$common/begin-$1" "$home"
    mkdir "$work/lost"
    act "$1" "$home" 1 "$about" "NKS_FAULT=$2:$3" "NKS_FAULT_POWER=$work/lost"
    rm -rf "$work/lost"
    checks=$((checks + 1))
    case $3:$code in
    kill:137 | power:137 | short:0 | E*:0 | E*:4 | E*:6 | full:0 | full:4 | full:6) ;;
    *)
        fail "$what: exit $code"
        cat "$work/said" >&2
        ;;
    esac
    [ "$code" -eq 0 ] || [ "$code" -eq 137 ] || grep -q '^nks: [A-Z0-9-]*: ' "$work/said" || fail "$what: exit $code without a word"
    [ ! -e "$home/alarm" ] || fail "$what: an alarm, for a call that failed"
    if [ "$code" -ne 0 ]; then
        rm -f "$home.carried" "$home.carried.p7s"
        act "$1" "$home" 2 "$about"
        checks=$((checks + 1))
        [ "$code" -eq 0 ] || [ "$code" = "$(cat "$common/$1.again")" ] || grep -q RESTORE-FINISHED "$work/said" || {
            fail "$what: said once more: exit $code"
            cat "$work/said" >&2
        }
    fi
    if [ "$1" = backup ]; then
        for copy in "$home.backup"/*"02Z" "$home.backup"/*"01Z"; do
            [ ! -d "$copy" ] || break # the newest
        done
        nks "$home" backup check "$copy"
    fi
    go_on "$1" "$home"
    result "$1" "$home" "$home.result"
    checks=$((checks + 1))
    cmp -s "$home.result" "$common/$1.once" || cmp -s "$home.result" "$common/$1.twice" || {
        fail "$what: neither what one command gives nor what two give"
        diff "$home.result" "$common/$1.once" | head -n 20 >&2
    }
    nothing_left "$home"
    audit_clean "$home"
    remove "$home"
}

# shellcheck disable=SC2086 # a list of words
set -- $effects
kinds=$#
disturb() { # TURN: the points of each act in a stride that visits each once, the effects in turn
    for name in $acts; do
        [ "$seconds" -eq 0 ] || [ "$(date +%s)" -lt $end ] || return 0
        read -r points <"$common/$name.points"
        [ "$1" -lt $((points * kinds)) ] || continue
        step=$(stride "$points")
        # shellcheck disable=SC2086 # a list of words
        set -- "$1" $effects
        turn=$1
        shift $((($1 % points + $1 / points) % kinds + 1))
        disturbed "$name" $((turn * step % points + 1)) "$1"
        tried=$((tried + 1))
        set -- $turn
    done
}
end=$(($(date +%s) + seconds))
hand_shared() { # WORKER
    most=0
    for name in $acts; do
        read -r points <"$common/$name.points"
        [ $((points * kinds)) -le $most ] || most=$((points * kinds))
    done
    turn=$1
    while [ $turn -lt $most ] && { [ "$seconds" -eq 0 ] || [ "$(date +%s)" -lt $end ]; }; do
        next=$((turn + workers))
        disturb $turn
        turn=$next
    done
}
shared hand_shared
all=0
for name in $acts; do
    read -r points <"$common/$name.points"
    all=$((all + points * kinds))
done
echo "$tried of $all failures of commands tried"
checks=$((checks + 1))
[ "$tried" -ge 1 ] || fail "nothing tried"
test_end
