# Part of bench.sh, which sources it with --postgres: the same night with the database on PostgreSQL, and registers of two
# sizes. On a private server (tests/postgres.sh) whose files lie beside the homes, on the same disk, and reach it as SQLite's
# do: fsync is on. Server and data are kept for the next time.

postgres=$dir/postgres
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
POSTGRES_OPTIONS="-c fsync=on -c shared_buffers=512MB -c max_wal_size=8GB -c checkpoint_timeout=30min"
POSTGRES_SECONDS=900 # after a bench that was killed the server recovers
PGCTLTIMEOUT=900     # of its end, which writes all that is in memory
export POSTGRES_OPTIONS POSTGRES_SECONDS PGCTLTIMEOUT
pg_halt() {
    sh tests/postgres.sh halt "$postgres" fast
}
pg_begin() {
    trap pg_halt EXIT
    trap 'exit 1' HUP INT TERM
    if [ -d "$postgres/pg/data" ]; then
        sh tests/postgres.sh resume "$postgres" || stop "the server does not start: see $postgres/start.log"
    else
        sh tests/postgres.sh start "$postgres" >"$log/postgres.out" || stop "there is no server to start"
    fi
}
pg_sql() { # DATABASE STATEMENT
    psql -X -qAt -v ON_ERROR_STOP=1 -h "$postgres/pg" -U nks -d "$1" -c "$2"
}
pg_address() {
    echo "postgresql:///$1?host=$postgres/pg&user=nks"
}

# home_imported HOME DATA [DATABASE]: a home with the reference data of the folder DATA
home_imported() {
    imported=$1 imported_from=$2
    shift 2
    [ $# -eq 0 ] || pg_sql postgres "DROP DATABASE IF EXISTS $1" 2>/dev/null
    [ $# -eq 0 ] || pg_sql postgres "CREATE DATABASE $1"
    rm -rf "$imported" "$imported.keys" "$imported.journal"
    "$bin/nks" --home "$imported" -q init --test ${1:+--database "$(pg_address "$1")"} --now "$now" >/dev/null
    for kind in agreement central register debt; do
        file=$imported_from/${kind}s.csv
        [ "$kind" = register ] && file=$imported_from/register.csv
        measure_nks "import-$kind" "$bin/nks" --home "$imported" --json "$kind" import "$file" --now "$now"
        expect "import of $file" "$(field stored <"$log/import-$kind.out")" true
        case $kind in
        register | debt) row "import: $kind, ${1:+on PostgreSQL}" "$seconds" \
            "$(rate "$(field rows <"$log/import-$kind.out")" "$seconds")" "$peak" "" ;;
        esac
    done
    [ $# -eq 0 ] || pg_sql "$1" "VACUUM ANALYZE"
}

# ---- a night on both, in turns

pg_fresh() { # HOME: as copy_home; the database is a copy too
    pg_sql postgres "DROP DATABASE IF EXISTS night" 2>/dev/null
    pg_sql postgres "CREATE DATABASE night TEMPLATE reference STRATEGY file_copy"
    pg_sql night "UPDATE db_writer SET home = NULL"
    copy_home "$reference/home-postgres" "$1"
    sed "s|^database *=.*|database = $(pg_address night | sed 's/&/\\&/g')|" "$reference/home-postgres/nks.conf" |
        sed "s/^cache_mib *=.*/cache_mib = $cache_mib/" >"$1/nks.conf"
    pg_sql night "CHECKPOINT"
}

# night_on ENGINE HOME: sets `seconds` and `peak`
night_on() {
    measure_nks "night-$1" "$bin/nks" --home "$2" --json run --now "$now"
    row "nks run on $1" "$seconds" "$(rate "$payments" "$seconds")" "$peak" "$cpu s of processor"
    verify "$2"
    (cd "$2/out" && find . -type f ! -name '*.p7s' -exec cksum {} + | sort) >"$log/night-$1.files"
    rm -rf "$2" "$2.keys" "$2.journal"
}

nights() {
    heading "a night on both, in turns"
    if ! same "$reference/postgres.stamp" "$programs" || [ ! -d "$postgres/pg/data" ]; then
        rm -f "$reference/postgres.stamp"
        home_imported "$reference/home-postgres" "$reference" reference
        echo "$programs" >"$reference/postgres.stamp"
    fi
    : >"$log/postgres-ratios"
    : >"$log/postgres-peaks"
    turn=0
    while [ "$turn" -lt "$((runs > 3 ? runs : 3))" ]; do
        fresh "$dir/home-night"
        night_on SQLite "$dir/home-night"
        sqlite_s=$seconds
        pg_fresh "$dir/home-night"
        night_on PostgreSQL "$dir/home-night"
        cmp -s "$log/night-SQLite.files" "$log/night-PostgreSQL.files" || stop "the two engines published other files"
        quotient "$sqlite_s" "$seconds" >>"$log/postgres-ratios"
        echo >>"$log/postgres-ratios"
        echo "$peak" >>"$log/postgres-peaks"
        turn=$((turn + 1))
    done
    postgres_ratio=$(median "$log/postgres-ratios")
    postgres_peak_mib=$(sort -n "$log/postgres-peaks" | tail -n 1)
}

# ---- a register of another size: messages of several days in homes that stay

growth_make() { # SIZE
    growth_data=$growth/data-$1
    mkdir -p "$growth_data"
    for part in agreements centrals register debts; do
        measure "generate-$part" "$bin/nks-generate" --accounts "$1" --debts "$debts" --what "$part" \
            --out "$growth_data/$part.csv"
    done
    home_imported "$growth/sqlite-$1" "$growth_data"
    home_imported "$growth/postgres-$1" "$growth_data" "register_$1"
    rm -rf "$growth_data"
}

# Into the system's page cache, as a copied home is.
growth_warm() { # ENGINE SIZE
    case $1 in
    sqlite) cat "$growth/$1-$2/nks.db" >/dev/null ;;
    postgres) cat "$postgres/pg/data/base/$(pg_sql postgres "SELECT oid FROM pg_database WHERE datname = 'register_$2'")"/* \
        >/dev/null ;;
    esac
}

# growth_run ENGINE SIZE DAY: sets `seconds`
growth_run() {
    growth_warm "$1" "$2"
    growth_home=$growth/$1-$2
    sed "s/^cache_mib *=.*/cache_mib = $cache_mib/" "$growth_home/nks.conf" >"$growth/conf"
    cp "$growth/conf" "$growth_home/nks.conf"
    mkdir -p "$growth_home/in/sender/bench-sender"
    cp "$growth/message-$2.xml" "$growth_home/in/sender/bench-sender/$3.xml"
    sync
    measure_nks "growth-$1-$2" "$bin/nks" --home "$growth_home" --json run --now "$3T02:10:00Z"
    row "nks run on $1, $2 accounts" "$seconds" "$(rate "$payments" "$seconds")" "$peak" "$cpu s of processor"
    for pair in accepted:1 refused:0 repeated:0 rejected:0 odd:0 skipped:0 "payments:$payments"; do
        expect "nks run on $1, ${pair%:*}" "$(field "${pair%:*}" <"$log/growth-$1-$2.out")" "${pair#*:}"
    done
}

growths() {
    heading "registers of two sizes, in turns"
    growth=$dir/growth-$accounts-$register
    # Of the generator only: an import of this size is kept for a program that was built anew.
    if ! same "$growth/stamp" "$generator" || [ ! -d "$postgres/pg/data" ]; then
        rm -rf "$growth"
        mkdir -p "$growth"
        growth_make "$accounts"
        growth_make "$register"
        printf '%s\n' "$generator" >"$growth/stamp"
        echo 0 >"$growth/days"
    fi
    read -r day <"$growth/days"
    : >"$log/growth-sqlite"
    : >"$log/growth-postgres"
    turn=0
    while [ "$turn" -lt "$((runs > 3 ? runs : 3))" ]; do
        day=$((day + 1))
        echo "$day" >"$growth/days"
        morning=$(date -u -d "$date + $day days" +%Y-%m-%d)
        for size in "$accounts" "$register"; do
            measure "generate-$size" "$bin/nks-generate" --accounts "$size" --debts "$debts" --payments "$payments" \
                --version 09 --date "$morning" --what pain001 --out "$growth/message-$size.xml"
        done
        for engine in sqlite postgres; do
            growth_run $engine "$accounts" "$morning"
            growth_small=$seconds
            growth_run $engine "$register" "$morning"
            quotient "$seconds" "$growth_small" >>"$log/growth-$engine"
            echo >>"$log/growth-$engine"
        done
        rm -f "$growth"/message-*.xml
        turn=$((turn + 1))
    done
    growth_sqlite=$(median "$log/growth-sqlite")
    growth_postgres=$(median "$log/growth-postgres")
}

register=${NKS_BENCH_REGISTER:-$((accounts * 10))}
[ "$register" = 0 ] || whole "$register" NKS_BENCH_REGISTER
postgres_ratio=skipped
postgres_peak_mib=skipped
growth_sqlite=skipped
growth_postgres=skipped
pg_begin
[ "$only" = register ] || nights
[ "$register" = 0 ] || growths
cat <<TEXT

payments=$payments
accounts=$accounts
register=$register
debts=$debts
postgres=$(pg_sql postgres "SHOW server_version")
postgres_ratio=$postgres_ratio
postgres_peak_mib=$postgres_peak_mib
register_growth_sqlite=$growth_sqlite
register_growth_postgres=$growth_postgres
TEXT
