#!/bin/sh
# A private PostgreSQL server for a test: no port, only a socket in a folder of its own.
#   postgres.sh start DIR   makes and starts it and prints the address of an empty database; 77: there is none to start
#   postgres.sh make DIR NAME [OF]   makes another database, empty or a copy of OF, and prints its address
#   postgres.sh halt DIR, resume DIR   ends it at once, as when its machine fails; starts it again
#   postgres.sh stop DIR    stops it and removes the folder
# POSTGRES_OPTIONS: more options of the server ("-c NAME=VALUE …"), at start and resume; they win over those given here.
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

server_run() {
    cd "$dir/pg"
    as pg_ctl -D "$dir/pg/data" -l "$dir/pg/log" -w -t 30 \
        -o "-c listen_addresses='' -c unix_socket_directories='$dir/pg' -c fsync=off -c max_connections=40 ${POSTGRES_OPTIONS:-}" \
        start >"$dir/start.log" 2>&1 </dev/null
}
halt() {
    [ ! -f "$dir/pg/data/postmaster.pid" ] ||
        (cd "$dir/pg" && as pg_ctl -D "$dir/pg/data" -m immediate stop) >/dev/null 2>&1 || true
}
address() { # NAME
    echo "postgresql:///$1?host=$dir/pg&user=nks"
}

case $verb in
start)
    command -v initdb >/dev/null || skip "no initdb here"
    command -v pg_ctl >/dev/null || skip "no pg_ctl here"
    [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || skip "root, and no setpriv"
    mkdir -p "$dir"
    chmod 755 "$dir"
    mkdir "$dir/pg"
    [ "$(id -u)" -ne 0 ] || chown "$(as id -u)" "$dir/pg"
    (cd "$dir/pg" && as initdb -D "$dir/pg/data" -A trust -U nks -E UTF8 --locale=C --no-sync) >"$dir/initdb.log" 2>&1 ||
        skip "initdb: $(tail -n 1 "$dir/initdb.log")"
    server_run || skip "pg_ctl: $(tail -n 1 "$dir/start.log")"
    address postgres
    ;;
make)
    psql -X -q -h "$dir/pg" -U nks -d postgres -c "CREATE DATABASE $3 TEMPLATE ${4:-template1}" >&2
    address "$3"
    ;;
halt) halt ;;
resume) server_run ;;
stop)
    halt
    rm -rf "$dir/pg"
    ;;
esac
