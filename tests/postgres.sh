#!/bin/sh
# A private PostgreSQL server for a test: no port, only a socket in a folder of its own.
#   postgres.sh start DIR   makes and starts it and prints the address of an empty database; 77: there is none to start
#   postgres.sh make DIR NAME [OF]   makes another database, empty or a copy of OF, and prints its address
#   postgres.sh halt DIR [immediate|fast], resume DIR   ends it at once, as when its machine fails, or in order; starts it
#   postgres.sh stop DIR    stops it and removes the folder
#   postgres.sh replica DIR TO [sync|async]   a streaming replica of it in the folder TO, where all verbs work, too; with
#                           `sync` (else async) a commit waits for it
#   postgres.sh promote DIR   makes a replica a primary
#   postgres.sh backup DIR TO   pg_basebackup of it, with its WAL, into the folder TO; others may work meanwhile
#   postgres.sh restored DIR FROM   a server in the new folder DIR from such a backup (backup); started
#   postgres.sh log DIR     what the server wrote
#   postgres.sh processes DIR KIND   the process ids of its processes of that kind ("walreceiver", "nks far")
# POSTGRES_SECONDS: how long a start may take, with its recovery (30).
# POSTGRES_OPTIONS: more options of the server ("-c NAME=VALUE …"), at start and resume; they win over those given here.
# POSTGRES_WAL: a folder that is there for its WAL, of a disk of its own (start).
# The server does not run as root: then it runs as the user `postgres`, or `nobody`.
set -eu

skip() {
    echo "skipped: $*" >&2
    exit 77
}

verb=$1
dir=$2
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
as() { # COMMAND…: as who may run a server
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif id postgres >/dev/null 2>&1; then
        setpriv --reuid postgres --regid "$(id -g postgres)" --clear-groups -- "$@"
    else
        setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups -- "$@"
    fi
}

folder_make() { # DIR: with a place of the server's own in it
    mkdir -p "$1"
    chmod 755 "$1"
    mkdir "$1/pg"
    [ "$(id -u)" -ne 0 ] || chown "$(as id -u)" "$1/pg"
}
server_run() {
    cd "$dir/pg"
    as pg_ctl -D "$dir/pg/data" -l "$dir/pg/log" -w -t "${POSTGRES_SECONDS:-30}" \
        -o "-c listen_addresses='' -c unix_socket_directories='$dir/pg' -c fsync=off -c max_connections=40 ${POSTGRES_OPTIONS:-}" \
        start >"$dir/start.log" 2>&1 </dev/null
}
halt() { # HOW
    [ ! -f "$dir/pg/data/postmaster.pid" ] ||
        (cd "$dir/pg" && as pg_ctl -D "$dir/pg/data" -m "$1" stop) >/dev/null 2>&1 || true
}
address() { # NAME
    echo "postgresql:///$1?host=$dir/pg&user=nks"
}
sql() { # TEXT…: one after the other
    for text in "$@"; do
        psql -X -qAt -v ON_ERROR_STOP=1 -h "$dir/pg" -U nks -d postgres -c "$text"
    done
}
base_backup() { # TO MORE…: of the running server
    base_to=$1
    shift
    (cd "$dir/pg" && as pg_basebackup -h "$dir/pg" -U nks -D "$base_to" -c fast --no-sync "$@") >&2
}

replica() { # TO HOW
    folder_make "$1"
    slot=$(basename "$1" | tr -c 'a-z0-9\n' _)
    base_backup "$1/pg/data" -X stream -R -C -S "$slot" -d "host=$dir/pg user=nks application_name=$slot"
    if [ "$2" = sync ]; then
        sql "ALTER SYSTEM SET synchronous_standby_names = '$slot'" "SELECT pg_reload_conf()" >/dev/null
    fi
    primary=$dir
    dir=$1
    server_run
    dir=$primary
    replica_follows "$slot" "$2"
}
replica_follows() { # SLOT HOW: waits for its first message
    state=
    for _ in $(seq 300); do
        state=$(sql "SELECT sync_state FROM pg_stat_replication WHERE application_name = '$1' AND state = 'streaming'")
        [ "$state" != "$2" ] || return 0
        sleep 0.1
    done
    echo "the replica does not follow: '$state'" >&2
    exit 1
}

case $verb in
start)
    command -v initdb >/dev/null || skip "no initdb here"
    command -v pg_ctl >/dev/null || skip "no pg_ctl here"
    [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || skip "root, and no setpriv"
    folder_make "$dir"
    set -- # initdb's words for a WAL elsewhere
    [ -z "${POSTGRES_WAL:-}" ] || set -- --waldir "$POSTGRES_WAL/wal" --wal-segsize 1
    (cd "$dir/pg" && as initdb -D "$dir/pg/data" -A trust -U nks -E UTF8 --locale=C --no-sync "$@") >"$dir/initdb.log" 2>&1 ||
        skip "initdb: $(tail -n 1 "$dir/initdb.log")"
    server_run || skip "pg_ctl: $(tail -n 1 "$dir/start.log")"
    address postgres
    ;;
make)
    psql -X -q -h "$dir/pg" -U nks -d postgres -c "CREATE DATABASE $3 TEMPLATE ${4:-template1}" >&2
    address "$3"
    ;;
halt) halt "${3:-immediate}" ;;
resume) server_run ;;
replica) replica "$3" "${4:-async}" ;;
promote) (cd "$dir/pg" && as pg_ctl -D "$dir/pg/data" -w -t 30 promote) >/dev/null ;;
backup)
    mkdir -p "$3"
    [ "$(id -u)" -ne 0 ] || chown "$(as id -u)" "$3"
    base_backup "$3" -X stream
    ;;
restored)
    folder_make "$dir"
    cp -R "$3" "$dir/pg/data"
    [ "$(id -u)" -ne 0 ] || chown -R "$(as id -u)" "$dir/pg/data"
    chmod 700 "$dir/pg/data"
    server_run
    ;;
log) cat "$dir/pg/log" ;;
processes)
    postmaster=$(head -n 1 "$dir/pg/data/postmaster.pid")
    ps -o pid=,args= --ppid "$postmaster" | awk -v kind="postgres: $3 " 'index($0, kind) { print $1 }'
    ;;
stop)
    halt immediate
    rm -rf "$dir/pg"
    ;;
esac
