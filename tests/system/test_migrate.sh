#!/bin/sh
# nks migrate: a home goes from nks.db to PostgreSQL, wholly or not at all; the nights after it are those of a home that
# stayed; what differs is found, and whose database it is not is left alone. On a private server; 77 where none can be
# started.
NKS_TEST_ENGINE=sqlite
export NKS_TEST_ENGINE
. "${NKS_SOURCE:?}/tests/system/lib.sh"

pg() { # VERB [NAME]
    pg_verb=$1
    shift
    sh "$NKS_SOURCE/tests/postgres.sh" "$pg_verb" "$server" "$@"
}
server=$(mktemp -d "${TMPDIR:-/tmp}/nks-postgres.XXXXXX") # not in $work: another user runs it
trap 'pg stop; rm -rf "$server" "$work"' EXIT
have psql || { skip "no psql"; exit 77; }
pg start >"$work/address" || exit 77
sql() { # DATABASE TEXT
    psql -X -qAt -v ON_ERROR_STOP=1 -h "$server/pg" -U nks -d "$1" -c "$2" 2>"$work/psql" || die "psql: $(cat "$work/psql")"
}
move() { # HOME ADDRESS WORDS…: like code
    move_home=$1
    move_to=$2
    shift 2
    code "$NKS_BIN/nks" --home "$move_home" migrate --database "$move_to" --reason test --now "$night" "$@"
}
moved() { # HOME ADDRESS
    move "$1" "$2"
    [ "$code" -eq 0 ] || {
        cat "$work/said" >&2
        die "migrate of ${1#"$work/"}: exit $code"
    }
}
says() { # WHAT EXIT WORD: of what was run last
    assert_eq "$1: exit" "$code" "$2"
    checks=$((checks + 1))
    grep -q "$3" "$work/said" || fail "$1: does not say $3: $(grep -v '^moved' "$work/said" | head -n 2)"
}
stays() { # WHAT HOME: it works on nks.db, as before
    [ -f "$2/nks.db" ] || fail "$1: nks.db is gone"
    ! grep -q '^database = ' "$2/nks.conf" || fail "$1: nks.conf was switched"
    code "$NKS_BIN/nks" --home "$2" list
    assert_eq "$1: list: exit" "$code" 0
    assert_same "$1: list" "$work/said" "$work/list"
    code "$NKS_BIN/nks" --home "$2" config check # nothing outside names what only the copy has
    assert_eq "$1: config check: exit" "$code" 0
}
same_words() { # WHAT HOME HOME WORDS…: what a command says of both
    what=$1
    one=$2
    two=$3
    shift 3
    code "$NKS_BIN/nks" --home "$one" "$@"
    sed "s|$one|HOME|g" "$work/said" >"$work/said.one"
    code_one=$code
    code "$NKS_BIN/nks" --home "$two" "$@"
    sed "s|$two|HOME|g" "$work/said" >"$work/said.two"
    assert_eq "$what: exit" "$code" "$code_one"
    assert_same "$what" "$work/said.one" "$work/said.two"
}

# ---- two homes with a night, answers and money that came back; one moves
stayed=$work/stayed
home=$work/home
home_make "$stayed"
night_run "$stayed"
home_copy "$stayed" "$work/base" # for the kills below
for order in "$stayed"/out/central/*/nks-*-o*.xml; do
    case $order in *1.xml) status=ACSC ;; *) status=RJCT ;; esac
    bank_answers "$stayed" "$order" $status
done
night_run "$stayed" 2026-11-24T03:00:00Z
home_copy "$stayed" "$home"
address=$(pg make home)
move "$home" "$address" --dry-run
says "a try" 0 payment
assert_eq "a try leaves nothing there" "$(sql home "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
[ -f "$home/nks.db" ] || fail "a try moved something"
moved "$home" "$address"
cp "$work/said" "$work/moved"
checks=$((checks + 3))
[ "$(grep -c '^moved' "$work/moved")" -ge 40 ] || fail "not every table is told: $(grep -c '^moved' "$work/moved")"
! grep '^moved' "$work/moved" | grep -qv 'yes$' || fail "a table is not equal, and it went on"
[ "$(find "$home" -name 'nks.db*' | wc -l)" -eq 1 ] && aside=$(find "$home" -name 'nks.db.moved-*' -perm 400) && [ -n "$aside" ] ||
    fail "nks.db is not set aside: $(ls "$home")"
[ ! -e "$home/nks.conf.next" ] || fail "nks.conf.next is left"
audit_clean "$home"

"$NKS_BIN/nks" --home "$home" list >"$work/list"
same_words "list" "$stayed" "$home" list
same_words "status" "$stayed" "$home" status --now 2026-11-24T03:00:00Z
for batch in $(sed -n 's/^delivery\t.*\t\([0-9A-Z]\{16\}\)\t.*/\1/p' "$work/list" | sort -u | head -n 6); do
    same_words "show $batch" "$stayed" "$home" show "$batch"
    same_words "explain $batch 1" "$stayed" "$home" explain "$batch" 1
done
same_words "report $batch" "$stayed" "$home" report "$batch" --now 2026-11-24T03:00:00Z
"$NKS_BIN/nks" --home "$home" trail >"$work/trail"
grep -q 'migrate.*test.*nks.db to PostgreSQL: [0-9]* tables, [0-9]* rows' "$work/trail" || fail "the move has no link"
"$NKS_BIN/nks" --home "$stayed" trail | sed '$!d' >"$work/last"
checks=$((checks + 1))
grep -qFf "$work/last" "$work/trail" || fail "the trail before the move is another one"
rows_hashes "$stayed" >"$work/rows.one"
rows_hashes "$home" >"$work/rows.two"
assert_same "decrypted rows" "$work/rows.one" "$work/rows.two"

# ---- an address that is wrong takes nothing away
cp -R "$home" "$work/wrong"
cp -R "$home.keys" "$work/wrong.keys"
printf 'what stood there' >"$work/wrong/nks.db"
for wrong in 'postgresql:///none?host=/nowhere' "postgresql:///$(basename "$work" | tr -d .)none?host=$server/pg&user=nks"; do
    awk -v wrong="$wrong" '/^database = / { $0 = "database = " wrong } { print }' "$home/nks.conf" >"$work/wrong/nks.conf"
    code "$NKS_BIN/nks" --home "$work/wrong" run --now 2026-11-25T03:00:00Z
    checks=$((checks + 1))
    [ "$code" -ge 4 ] || fail "a wrong address: exit $code"
    [ -f "$work/wrong/nks.db" ] || fail "a wrong address took nks.db away"
done

# ---- the nights after it
for now in 2026-11-25T03:00:00Z 2026-11-30T03:00:00Z; do
    for at in "$stayed" "$home"; do
        for file in "$small"/in/sender/*/*.xml; do
            [ "${now%%T*}" = 2026-11-25 ] || break
            place=$at/in/sender/$(basename "$(dirname "$file")")
            mkdir -p "$place"
            sed "s|<MsgId>|<MsgId>N${now%%T*}-|" "$file" >"$place/again-${now%%T*}-$(basename "$file")"
        done
        night_run "$at" $now
    done
    out_hashes "$stayed" >"$work/one"
    out_hashes "$home" >"$work/two"
    assert_same "the night of $now" "$work/one" "$work/two"
done
audit_clean "$home"
checks=$((checks + 1))
[ "$(find "$home/out/central" -name '*-o*.xml' | wc -l)" -gt "$(find "$work/base/out/central" -name '*-o*.xml' | wc -l)" ] ||
    fail "the nights after the move published nothing"

# ---- the old database, put back in a copy, does not pay again what left since
back=$work/back
home_copy "$home" "$back"
sed -i '/^database = /d' "$back/nks.conf"
mv "$back"/nks.db.moved-* "$back/nks.db"
chmod 600 "$back/nks.db"
code "$NKS_BIN/nks" --home "$back" run --now 2026-11-30T04:00:00Z
says "the old database is put back" 5 RECONCILE-FIRST

# ---- what is refused, and left alone
base=$work/base
"$NKS_BIN/nks" --home "$base" list >"$work/list"
move "$home" "$(pg make other)"
says "a second move" 2 MOVE-DONE
move "$base" "$address"
says "another home's database" 1 DB-IN-USE
sql other 'CREATE TABLE mine (i int)'
move "$base" "$(pg make alien other)"
says "a database with a table of somebody's" 1 DB-IN-USE
assert_eq "it is left alone" "$(sql alien "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")" 1
move "$base" 'postgresql://127.0.0.1:1/x?sslmode=disable'
says "no TLS" 6 DB-TLS
move "$base" 'mysql://x'
says "no address" 6 DB-ADDRESS
code "$NKS_BIN/nks" --home "$base" migrate --reason test
says "no address at all" 2 'needs --database'
stays "refused" "$base"

# ---- killed at every instant before the switch, on one home and one database: as before, and the next one begins anew
unlucky=$work/unlucky
home_copy "$base" "$unlucky"
address=$(pg make unlucky)
for point in marked made cleared copied proved linked audited written; do
    code env NKS_KILL_AT=move.$point "$NKS_BIN/nks" --home "$unlucky" migrate --database "$address" --reason test --now "$night"
    assert_eq "killed at $point: exit" "$code" 137
    stays "killed at $point" "$unlucky"
    [ $point != written ] || continue # all is proved: who names it in nks.conf does what the next instant would
    cp "$unlucky/nks.conf" "$work/conf.kept"
    sed "s|^\[home\]|[home]\ndatabase = $(echo "$address" | sed 's/&/\\&/g')|" "$work/conf.kept" >"$unlucky/nks.conf"
    code "$NKS_BIN/nks" --home "$unlucky" run --now "$night" # somebody was impatient
    checks=$((checks + 1))
    [ "$code" -eq 6 ] || fail "killed at $point: the copy was worked on: exit $code"
    cp "$work/conf.kept" "$unlucky/nks.conf"
    stays "killed at $point, and nks.conf changed by hand" "$unlucky"
done
code "$NKS_BIN/nks" --home "$work/thief" init --test --database "$address"
assert_eq "a new home takes an unfinished move's database: exit" "$code" 1

# ---- the copy is tampered with before the proof; nobody else writes or works meanwhile
halfway() { # POINT: a migrate of $unlucky that stands there
    NKS_STOP_AT=move.$1 "$NKS_BIN/nks" --home "$unlucky" migrate --database "$address" --reason test --now "$night" >"$work/halfway" 2>&1 &
    stopped=$!
    halted $stopped || die "migrate did not stop at $1: $(grep -v '^moved' "$work/halfway" | head -n 1)"
}
go_on() {
    kill -CONT $stopped
    code=0
    wait $stopped || code=$?
    cp "$work/halfway" "$work/said"
}
halfway copied
sql unlucky 'UPDATE payment SET amount_minor = amount_minor + 1 WHERE (slice_id, n) = (SELECT slice_id, n FROM payment LIMIT 1)'
code "$NKS_BIN/nks" --home "$unlucky" run --now "$night"
says "a run during a move" 3 BUSY
stays "during a move" "$unlucky"
go_on
says "an amount that is not the same" 7 'MOVE-DIFFERS: table payment, column amount_minor'
stays "after a difference" "$unlucky"
[ ! -e "$unlucky/alarm" ] || fail "a bad copy raised the alarm of the home"
halfway copied
sql unlucky "UPDATE delivery SET party = upper(party)"
go_on
says "a text that is not the same" 7 'MOVE-DIFFERS: table delivery: counts and sums'
halfway linked
sql unlucky 'UPDATE leg SET amount_minor = amount_minor + 1 WHERE amount_minor = (SELECT max(amount_minor) FROM leg)'
go_on
says "a copy that the auditor does not take" 7 MOVE-UNPROVED
stays "after the auditor" "$unlucky"

# ---- the server fails in the middle: later
halfway made
pg halt
go_on
assert_eq "the server went away: exit" "$code" 4
stays "the server went away" "$unlucky"
pg resume

# ---- a look that waited for the move is not recorded in the database that was set aside
halfway audited
"$NKS_BIN/nks" --home "$unlucky" explain "$(sed -n 's/^delivery\t.*\t\([0-9A-Z]\{16\}\)\t.*/\1/p' "$work/list" | head -n 1)" 1 \
    --unmasked --reason look >"$work/look" 2>&1 &
look=$!
while kill -0 $look 2>/dev/null && ! ls -l /proc/$look/fd 2>/dev/null | grep -q 'nks\.db$'; do sleep 0.05; done
go_on
assert_eq "the move after all: exit" "$code" 0
code=0
wait $look || code=$?
checks=$((checks + 1))
[ "$code" -ne 0 ] || fail "a look was recorded in the old database"
night_run "$unlucky" 2026-11-24T03:00:00Z
night_run "$base" 2026-11-24T03:00:00Z
out_hashes "$base" >"$work/one"
out_hashes "$unlucky" >"$work/two"
assert_same "the night after all of that" "$work/one" "$work/two"
audit_clean "$unlucky"

# ---- killed behind the switch: on PostgreSQL, and the next work does the rest; with roles
roles_make() {
    PGHOST=$server/pg PGUSER=nks sh "$NKS_SOURCE/scripts/postgres_roles.sh" "$1" >"$work/said" 2>&1 || die "scripts/postgres_roles.sh: $(tail -n 1 "$work/said")"
}
pg make roles >"$work/said"
roles_make roles
address="postgresql:///roles?host=$server/pg"
switched=$work/switched
home_copy "$base" "$switched"
code env PGUSER=nks_owner NKS_KILL_AT=move.switched "$NKS_BIN/nks" --home "$switched" migrate --database "$address" --reason test --now "$night"
assert_eq "killed behind the switch: exit" "$code" 137
roles_make roles
code env PGUSER=nks_read "$NKS_BIN/nks" --home "$switched" list
assert_eq "list behind the switch: exit" "$code" 0
(
    PGUSER=nks_work
    export PGUSER
    night_run "$switched" 2026-11-25T03:00:00Z
)
night_run "$base" 2026-11-25T03:00:00Z
[ ! -e "$switched/nks.db" ] && [ -n "$(find "$switched" -name 'nks.db.moved-*')" ] || fail "the next run did not set nks.db aside"
out_hashes "$base" >"$work/one"
out_hashes "$switched" >"$work/two"
assert_same "the night after a kill behind the switch" "$work/one" "$work/two"
PGUSER=nks_audit
export PGUSER
audit_clean "$switched"
unset PGUSER

# ---- two persons
persons=$work/persons
home_copy "$work/stayed" "$persons"
for id in an bo; do
    nks "$persons" keys person make "$work/$id.key"
    nks "$persons" keys person add $id --key "$work/$id.key.pub" --roles operator,approver --reason test --now "$night"
done
sed -i 's/^required = no/required = yes/' "$persons/nks.conf"
address=$(pg make persons)
move "$persons" "$address"
says "nobody asks" 6 PERSON-NEEDED
move "$persons" "$address" --person an --person-key "$work/an.key"
says "one person asks" 5 'nks approve'
[ -f "$persons/nks.db" ] || fail "one person moved the home"
code "$NKS_BIN/nks" --home "$persons" approve 1 --person an --person-key "$work/an.key" --now "$night"
says "the same person approves" 1 PERSON-SAME
code "$NKS_BIN/nks" --home "$persons" approve 1 --person bo --person-key "$work/bo.key" --now "$night"
says "the second person" 0 'clean before and after'
"$NKS_BIN/nks" --home "$persons" trail >"$work/trail"
grep -q 'migrate.*an.*bo' "$work/trail" || fail "the link does not name both: $(grep migrate "$work/trail")"
"$NKS_BIN/nks" --home "$persons" approve --all >"$work/said"
grep -q 'APPROVED.*migrate' "$work/said" || fail "the proposal is not decided: $(cat "$work/said")"
audit_clean "$persons"

test_end
