# The database of a home in the system tests; sourced by lib.sh. With NKS_TEST_ENGINE=sqlite (the default) it is the file
# nks.db; with postgres each home has a database of its own on a private server (tests/postgres.sh). NKS_POSTGRES is the
# folder of one that runs already, for all tests together (scripts/test.sh); without it a test starts its own, and where none
# can be started it exits 77.

engine=${NKS_TEST_ENGINE:-sqlite}
case $engine in sqlite | postgres) ;; *)
    echo "NKS_TEST_ENGINE=$engine: sqlite or postgres" >&2
    exit 2
    ;;
esac
on_sqlite() {
    [ "$engine" = sqlite ]
}
server=          # folder of the server
server_own=no    # it is this test's alone
database_prefix= # of the names of this test's databases, over all tests that share the server

# What a test leaves: its databases or its server. Called by the trap of lib.sh.
database_leave() {
    if [ "$server_own" = yes ]; then
        sh "$NKS_SOURCE/tests/postgres.sh" stop "$server"
        rm -rf "$server"
    elif [ -n "$database_prefix" ]; then
        echo "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
            WHERE starts_with(datname, '$database_prefix') \\gexec" | psql_on postgres >/dev/null || true
    fi
}
psql_on() { # DATABASE WORDS...
    psql_database=$1
    shift
    psql -X -qAt -v ON_ERROR_STOP=1 -h "$server/pg" -U nks -d "$psql_database" "$@"
}
server_find() {
    unset PGUSER PGPASSFILE PGHOST PGDATABASE PGSERVICE || true
    PGOPTIONS='-c client_min_messages=warning'
    export PGOPTIONS
    have psql || {
        skip "no psql"
        exit 77
    }
    database_prefix=t$$$(basename "$work" | tr -d . | tr A-Z- a-z_)_
    if [ -n "${NKS_POSTGRES:-}" ] && [ -d "$NKS_POSTGRES/pg" ]; then
        server=$NKS_POSTGRES
        return 0
    fi
    server=$(mktemp -d "${TMPDIR:-/tmp}/nks-postgres.XXXXXX") # not in $work: another user runs it
    server_own=yes
    POSTGRES_OPTIONS="-c autovacuum=off" sh "$NKS_SOURCE/tests/postgres.sh" start "$server" >"$work/address" || exit 77
}
on_sqlite || server_find

# Tests that look into the database need a program for it.
database_needed() {
    on_sqlite || return 0
    have sqlite3 || {
        skip "no sqlite3"
        exit 77
    }
}

# database_make [OF]: another database, empty or a copy of OF; $database is its name. Those whose homes are gone go first.
database_make() {
    database_file=$(mktemp "$common/database.XXXXXX")
    database=$database_prefix${database_file##*.}
    set -- -c "CREATE DATABASE \"$database\" TEMPLATE \"${1:-template1}\" STRATEGY file_copy" ${1:+-c "\\connect \"$database\"" \
        -c "UPDATE db_writer SET home = NULL"}
    if [ -f "$work/databases.gone" ]; then
        while read -r database_gone; do
            set -- -c "DROP DATABASE IF EXISTS \"$database_gone\" WITH (FORCE)" "$@"
        done <"$work/databases.gone"
        rm "$work/databases.gone"
    fi
    psql_on postgres "$@" >"$work/psql" 2>&1 || die "psql: $(cat "$work/psql")"
}
database_address() { # NAME
    echo "postgresql:///$1?host=$server/pg&user=nks"
}
database_of() { # HOME: the name of its database
    sed -n 's|^database = postgresql:///\([^?]*\)?.*|\1|p' "$1/nks.conf"
}
database_is() { # HOME NAME: from here on its database
    sed -i "s|^database = postgresql:///[^?]*|database = postgresql:///$2|" "$1/nks.conf"
}

home_new() { # HOME [WORDS...]: an empty test home
    new_home=$1
    shift
    on_sqlite || {
        database_make
        set -- --database "$(database_address "$database")" "$@"
    }
    nks "$new_home" init --test "$@"
}

home_copy() { # FROM TO: with its keys
    cp -R "$1" "$2"
    cp -R "$1.keys" "$2.keys"
    rm -rf "$2.journal"
    [ ! -d "$1.journal" ] || cp -R "$1.journal" "$2.journal"
    on_sqlite || {
        database_make "$(database_of "$1")"
        database_is "$2" "$database"
    }
}
home_remove() { # HOME...: with keys, journal and database
    for removed in "$@"; do
        on_sqlite || [ ! -f "$removed/nks.conf" ] || database_of "$removed" >>"$work/databases.gone"
        rm -rf "$removed" "$removed.keys" "$removed.journal"
    done
}
home_moved() { # HOME: it has come to another place, as its operator tells (nks help DB-OTHER-HOME)
    on_sqlite || home_sql "$1" "UPDATE db_writer SET home = NULL"
}

home_sql() { # HOME STATEMENTS: rows as a|b|c, NULL as nothing
    if on_sqlite; then
        sqlite3 "$1/nks.db" "$2"
    else
        psql_on "$(database_of "$1")" -c "$2"
    fi
}
# Words of SQL that the engines have differently.
sql_hex() { # COLUMN: bytes as upper-case digits
    on_sqlite && echo "hex($1)" || echo "upper(encode($1, 'hex'))"
}
sql_bytes() { # HEX [TIMES]: bytes
    sql_digits=$1 sql_times=${2:-1}
    while [ "$sql_times" -gt 1 ]; do
        sql_digits=$sql_digits$1
        sql_times=$((sql_times - 1))
    done
    on_sqlite && echo "x'$sql_digits'" || echo "decode('$sql_digits', 'hex')"
}
sql_clock() { # SECONDS: the time of the day, in UTC
    on_sqlite && echo "time($1, 'unixepoch')" || echo "to_char(to_timestamp($1) AT TIME ZONE 'UTC', 'HH24:MI:SS')"
}

home_tables() { # HOME: the names of its tables
    if on_sqlite; then
        home_sql "$1" "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
    else
        home_sql "$1" "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND NOT relispartition AND relname <> 'db_writer' ORDER BY 1"
    fi
}
# All there is in a database, as text: the same before and after what changes nothing.
home_dump() { # HOME
    if on_sqlite; then
        sqlite3 "$1/nks.db" .dump
    else
        # shellcheck disable=SC2046 # a word per table
        printf "SELECT '%s', x::text FROM %s x ORDER BY 2;\n" $(home_tables "$1" | sed 'p') >"$work/dump.sql"
        psql_on "$(database_of "$1")" -f "$work/dump.sql"
    fi
}
# The files that hold a database, after all of it was written there.
home_database_files() { # HOME
    if on_sqlite; then
        find "$1" -name 'nks.db*'
    else
        home_sql "$1" CHECKPOINT
        find "$server/pg/data/base/$(home_sql "$1" "SELECT oid FROM pg_database WHERE datname = current_database()")" -type f
    fi
}

# An older state of the database alone: kept under a name, and put back.
database_keep() { # HOME NAME
    if on_sqlite; then
        cp "$1/nks.db" "$work/kept.$2"
    else
        database_make "$(database_of "$1")"
        echo "$database" >"$work/kept.$2"
    fi
}
database_back() { # HOME NAME
    if on_sqlite; then
        cp "$work/kept.$2" "$1/nks.db"
        rm -f "$1/nks.db-wal" "$1/nks.db-shm"
    else
        database_of "$1" >>"$work/databases.gone"
        database_make "$(cat "$work/kept.$2")"
        database_is "$1" "$database"
    fi
}

# What an operator has of a home to put back, and puts back: `nks backup` and `nks restore`; on PostgreSQL an older state of
# the database by the server's own tools, and the copies in spool/ and archive/ and the seals as they were after it (later
# seals name links that the older database does not have).
home_keep() { # HOME NAME NOW
    if on_sqlite; then
        nks "$1" backup "$work/backup.$2" --now "$3"
    else
        database_keep "$1" "$2"
        mkdir "$work/backup.$2"
        cp -R "$1/spool" "$1/archive" "$work/backup.$2/"
        [ ! -d "$1.journal/seals" ] || cp -R "$1.journal/seals" "$work/backup.$2/"
    fi
}
home_put_back() { # HOME NAME NOW [WORDS...]
    put_home=$1 put_name=$2 put_now=$3
    shift 3
    if on_sqlite; then
        nks "$put_home" restore "$(echo "$work/backup.$put_name"/*)" --reason test --now "$put_now" "$@"
    else
        database_back "$put_home" "$put_name"
        rm -rf "$put_home/spool" "$put_home/archive" "$put_home.journal/seals"
        cp -R "$work/backup.$put_name/spool" "$work/backup.$put_name/archive" "$put_home/"
        [ ! -d "$work/backup.$put_name/seals" ] || cp -R "$work/backup.$put_name/seals" "$put_home.journal/"
    fi
}
