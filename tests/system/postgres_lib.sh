# Common to the tests of what happens to a server and its copies; sourced after lib.sh. 77 where none can be started.

pg() { # VERB WORDS…: of tests/postgres.sh
    sh "$NKS_SOURCE/tests/postgres.sh" "$@"
}
have psql || {
    skip "no psql"
    exit 77
}
servers=$(mktemp -d "${TMPDIR:-/tmp}/nks-postgres.XXXXXX") # not in $work: another user runs them
chmod 755 "$servers"
trap 'servers_stop; rm -rf "$servers" "$work"' EXIT
servers_stop() {
    for one in "$servers"/*/pg; do
        [ ! -d "$one" ] || pg stop "${one%/pg}"
    done
}
server=$servers/first

sql() { # SERVER DATABASE TEXT
    psql -X -qAt -v ON_ERROR_STOP=1 -h "$1/pg" -U nks -d "$2" -c "$3" 2>"$work/psql" ||
        die "$3: $(head -n 1 "$work/psql")"
}
base_of() { # HOME: the name of its database
    basename "$1" | tr -cd 'a-z0-9'
}
# The address of a home's database becomes another; it keeps who it belongs to.
address_is() { # HOME ADDRESS
    awk -v address="$2" '/^database = / { $0 = "database = " address } { print }' "$1/nks.conf" >"$work/conf"
    cp "$work/conf" "$1/nks.conf"
}

pg_home_make() { # HOME FILES…: of fixtures/small/in, before the night
    pg_home=$1
    shift
    nks "$pg_home" init --test --database "$(pg make "$server" "$(base_of "$pg_home")")"
    for import in agreement:agreements central:centrals register:register debt:debts; do
        nks "$pg_home" "${import%:*}" import --now 2026-11-22T12:00:00Z "$small/${import#*:}.csv"
    done
    drop "$pg_home" "$@"
}
drop() { # HOME FILES…
    dropped_home=$1
    shift
    for file in "$@"; do
        mkdir -p "$dropped_home/in/${file%/*}"
        cp "$small/in/$file" "$dropped_home/in/$file"
    done
}
everything=$(cd "$small/in" && find sender -type f | sort | tr '\n' ' ')

# With its keys, its journal and a database of its own, as if it had always been there.
pg_home_copy() { # FROM TO
    home_copy "$1" "$2"
    pg make "$server" "$(base_of "$2")" "$(base_of "$1")" >"$work/address"
    address_is "$2" "$(cat "$work/address")"
    sql "$server" "$(base_of "$2")" 'UPDATE db_writer SET home = NULL'
}
pg_home_drop() { # HOME
    sql "$server" postgres "DROP DATABASE $(base_of "$1") WITH (FORCE)"
    rm -rf "$1" "$1.keys" "$1.journal" "$1.out" "$1.said"
}

ended() { # WHAT EXITS…: $code is one of them, and no alarm stands in $home
    ended_what=$1
    shift
    checks=$((checks + 1))
    for right in "$@"; do
        [ "$code" != "$right" ] || return 0
    done
    fail "$ended_what: exit $code"
    head -n 5 "$work/said" >&2
}
says() { # WHAT CODE: of the last command
    checks=$((checks + 1))
    grep -q "$2" "$work/said" || fail "$1: does not say $2: $(head -n 1 "$work/said")"
}
# What a home published is what the hashes in FILE say; nothing half done; the auditor finds nothing.
whole() { # HOME FILE WHAT
    [ ! -e "$1/alarm" ] || fail "$3: an alarm"
    out_hashes "$1" >"$1.out"
    assert_same "$3: not what is published undisturbed" "$2" "$1.out"
    nothing_left "$1"
    audit_clean "$1"
}
