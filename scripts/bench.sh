#!/bin/sh
# How fast, and with how much memory: generated data through every stage and through the whole chain, beside xmllint
# and the two peer programs on the same file. `sh scripts/bench.sh --help` tells the options and what each number is.
set -eu

usage() {
    cat <<'TEXT'
usage: sh scripts/bench.sh [--postgres] [PAYMENTS]

Builds nks, generates a message of PAYMENTS payments (default 1000000, about 0.5 GB) and its reference data, and
measures each stage, the whole chain (nks run), and xmllint --stream --schema on the same file. Encryption,
signatures and trail are on; a second build without them (NKS_BENCH_PLAIN) only tells what they cost. Prints a table, then key=value lines. Nothing is printed as a result
that was not verified: a payment missing in the order files, or a word from xmllint, ends the bench with 1.

--postgres measures something else: the chain with the database on PostgreSQL beside the chain on SQLite, in turns, on a
private server whose files lie beside the homes and reach the disk (fsync) as SQLite's do; then the chain with a register
of NKS_BENCH_REGISTER accounts beside one of NKS_BENCH_ACCOUNTS, on both engines. Server and homes are kept.

environment
  NKS_BENCH_REGISTER   --postgres: accounts of the large register (default 10 x NKS_BENCH_ACCOUNTS, about 25 GB in all; 0: leave it out)
  NKS_BENCH_ACCOUNTS   holders in the register (default 3 x PAYMENTS, at most 5000000)
  NKS_BENCH_DEBTS      claims of public debt (default 0.3 x PAYMENTS)
  NKS_BENCH_CACHE_MIB  page cache in the home's nks.conf (default 64)
  NKS_BENCH_RUNS       how often chain and xmllint are measured (default 1); the median counts
  NKS_BENCH_REFERENCES payment references of history: ingest is measured with and without them (default 0: not at
                       all). They lie in 13 months, in batches of 200000.
  NKS_BENCH_ONLY       history, vault; with --postgres register: only that
  NKS_BENCH_VAULT      1 measures vault_share too (a second build and import)
  NKS_BENCH_PEERS      0 leaves the two peer programs out (default 1: where they can run)
  NKS_BENCH_DIR        where data and homes lie (default build/bench). It is kept: data of the same parameters and the
                       same programs is used again. About 4 kB for a payment.
  NKS_BENCH_BUILD      build directory (default build/release)
  NKS_SHARED           where the official schemas and the peers are (default ../shared)

keys
  payments accounts debts cache_mib file_mib   what was measured
  payments_per_s       PAYMENTS by chain_s
  chain_ratio          nks run (receive to deliver) by xmllint; xmllint runs directly before and after the chain, and
                       their mean counts. Median of the runs.
  ingest_ratio         the stage ingest alone, without receive, by xmllint before and after the stages
  reference_history    NKS_BENCH_REFERENCES
  ingest_history_ratio ingest in a home with that history by ingest in one without, in turns: wall seconds, median of
                       at least two pairs. The homes have no register; ingest does not ask it.
  ingest_history_cpu_ratio  the same by processor time, of nks and nks-reader together: holds on a busy machine too
  vault_share          what encryption, signatures and trail are of the chain's time: 1 - chain of a program without them
                       by the chain. In turns, median of at least three pairs; vault_cpu_share: by processor time
  peer_python_ratio    nks run by shared/bench/peer_lxml.py; below 1, nks is the faster one. `skipped`: it cannot run
  peer_java_ratio      the same by shared/bench/PeerSax.java, compiled before
  peak_mib_parent      resident memory of nks run at its highest, page cache included
  peak_mib_reader      resident memory of nks-reader alone on the same file at its highest
  xmllint_s chain_s    wall seconds behind chain_ratio: medians of the runs
  register_import_s    wall seconds of importing the register, when it was imported
  postgres_ratio       --postgres: payments per second on PostgreSQL by those on SQLite, median of at least three pairs; the
                       files of both are compared
  postgres_peak_mib    resident memory of nks run on PostgreSQL at its highest
  register_growth_sqlite, register_growth_postgres
                       time per payment with the large register by that with the small one, median of at least three pairs

All is read from the system's page cache; only the writing meets the disk. Ratios hold against other work on the machine
only as far as it is even: measure on a quiet one.

To compare peak memory at two sizes, keep the reference data the same:
  sh scripts/bench.sh
  NKS_BENCH_ACCOUNTS=3000000 NKS_BENCH_DEBTS=300000 sh scripts/bench.sh 100000
TEXT
}

stop() {
    printf 'bench: %s\n' "$*" >&2
    exit 1
}

wrong() {
    printf 'bench: %s; see: sh scripts/bench.sh --help\n' "$*" >&2
    exit 2
}

# whole WORD WHAT: a whole number from 1
whole() {
    case $1 in
    '' | *[!0-9]* | 0* | ??????????*) wrong "$2 must be a whole number from 1, not '$1'" ;;
    esac
}

absolute() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$PWD" "$1" ;;
    esac
}

with_postgres=0
case ${1:-} in
-h | --help) usage && exit 0 ;;
--postgres) with_postgres=1 && shift ;;
-*) wrong "there is no option $1" ;;
esac
[ $# -le 1 ] || wrong "only one number of payments"

export LC_ALL=C
payments=${1:-1000000}
whole "$payments" "the number of payments"
accounts=${NKS_BENCH_ACCOUNTS:-$((payments * 3 < 5000000 ? payments * 3 : 5000000))}
debts=${NKS_BENCH_DEBTS:-$(((payments * 3 + 9) / 10))}
cache_mib=${NKS_BENCH_CACHE_MIB:-64}
runs=${NKS_BENCH_RUNS:-1}
whole "$accounts" NKS_BENCH_ACCOUNTS
whole "$debts" NKS_BENCH_DEBTS
whole "$cache_mib" NKS_BENCH_CACHE_MIB
whole "$runs" NKS_BENCH_RUNS
references=${NKS_BENCH_REFERENCES:-0}
[ "$references" = 0 ] || whole "$references" NKS_BENCH_REFERENCES
only=${NKS_BENCH_ONLY:-}
case $only in
'') ;;
history) [ "$references" != 0 ] || wrong "NKS_BENCH_ONLY=history wants NKS_BENCH_REFERENCES" ;;
vault) ;;
register) [ $with_postgres = 1 ] || wrong "NKS_BENCH_ONLY=register wants --postgres" ;;
*) wrong "NKS_BENCH_ONLY must be history, vault or register" ;;
esac
source=$(cd "$(dirname "$0")/.." && pwd)
dir=$(absolute "${NKS_BENCH_DIR:-$source/build/bench}")
build=$(absolute "${NKS_BENCH_BUILD:-$source/build/release}")
shared=$(absolute "${NKS_SHARED:-$source/../shared}")
date=2026-11-24 # of execution
now=2026-11-23T02:10:00Z
unset NKS_HOME NKS_KEYS NKS_READER

cd "$source"
NKS_EXTRA_PACKAGES="${NKS_EXTRA_PACKAGES:-} time"
. scripts/setup.sh

log=$dir/log
mkdir -p "$log"

# ---- measuring

# measure_into FILE NAME COMMAND...: standard output goes to FILE, errors to the log. Sets `seconds`, `cpu` (seconds of
# processor, children included) and `peak` (MiB): the highest resident memory of the command, or of a child of it should
# that be higher.
measure_into() {
    measure_out=$1 measure_name=$2
    shift 2
    /usr/bin/time -q -f '%e %M %U %S' -o "$log/$measure_name.time" "$@" >"$measure_out" 2>"$log/$measure_name.err" || {
        tail -n 20 "$log/$measure_name.err" >&2
        stop "$measure_name failed: $*"
    }
    read -r seconds peak user system <"$log/$measure_name.time"
    peak=$(awk -v kib="$peak" 'BEGIN { printf "%.1f", kib / 1024 }')
    cpu=$(awk -v u="$user" -v s="$system" 'BEGIN { printf "%.2f", u + s }')
}

measure() {
    measure_into "$log/$1.out" "$@"
}

# nks must not say anything on standard error
measure_nks() {
    measure "$@"
    [ ! -s "$log/$1.err" ] && return
    cat "$log/$1.err" >&2
    stop "$1 said something"
}

measure_xmllint() {
    measure "$1" xmllint --stream --noout --schema "$schema" "$message"
    said=$(cat "$log/$1.out" "$log/$1.err")
    [ "$said" = "$message validates" ] && return
    printf '%s\n' "$said" | sed -n 1,20p >&2
    stop "xmllint did not say that the file is valid"
}

# quotient A B
quotient() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / (b > 0 ? b : 0.001) }'
}

mean() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", (a + b) / 2 }'
}

# of the numbers on the lines of FILE
median() {
    sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# row WHAT SECONDS RATE MIB NOTE
row() {
    printf '%-34s %10s %12s %10s  %s\n' "$@" | sed 's/ *$//'
}

rate() {
    awk -v n="$1" -v s="$2" 'BEGIN { printf "%.0f", n / (s > 0 ? s : 0.01) }'
}

heading() {
    echo
    row "$1" seconds "${2:-payments/s}" "peak MiB" ""
}

# ---- reading results

# field NAME: the values of a JSON field, one a line, from the JSON Lines on standard input
field() {
    sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

expect() { # WHAT FOUND WANTED
    [ "$2" = "$3" ] || stop "$1: found '$2', expected '$3'"
}

add() {
    awk '{ sum += $1 } END { printf "%.0f", sum }'
}

# verify HOME: every payment of the message was accepted, decided and is in a published and signed order file
verify() {
    state=$("$bin/nks" --home "$1" --json status --all --now "$now")
    lines() { printf '%s\n' "$state" | grep "\"type\":\"$1\"" || true; }
    expect "deliveries" "$(lines deliveries | field state)" ACCEPTED
    expect "accepted payments" "$(lines batches | grep '"state":"ACCEPTED"' | field payments)" "$payments"
    expect "rejected payments" "$(lines batches | field rejected)" 0
    expect "states of slices" "$(lines slices | field state)" EMITTED
    expect "payments in slices" "$(lines slices | field payments)" "$payments"
    expect "payments with an outcome" "$(lines payments | field payments | add)" "$payments"
    expect "states of files" "$(lines files | field state | sort -u)" PUBLISHED
    on_hold=$(lines home | field ventekonto_entries)
    expect "payments to the ventekonto" "$(lines payments | grep '"outcome":"VENTEKONTO"' | field payments)" \
        "$([ "$on_hold" = 0 ] || echo "$on_hold")"

    # name, message_id, payments, sum, bytes, sha256
    cat "$1"/out/central/*/*.tsv >"$log/manifest.tsv"
    entries=$(awk -F '\t' '!/^#/ { n += $3 } END { printf "%.0f", n }' "$log/manifest.tsv")
    total=$(awk -F '\t' '!/^#/ { s += $4 } END { printf "%.2f", s }' "$log/manifest.tsv")
    expect "transactions in the manifest" "$entries" "$(lines files | grep '"kind":"ORDER"' | field entries)"
    expect "money in the order files" "$total" "$control_sum"
    written=$(cat "$1"/out/central/*/*.xml | tr '<' '\n' | grep -c '^EndToEndId>')
    expect "transactions in the order files" "$written" "$entries"
    [ "$entries" -ge "$payments" ] || stop "the order files have only $entries of $payments payments"
    expect "signatures" "$(find "$1/out" -name '*.p7s' | wc -l)" "$(find "$1/out" -type f ! -name '*.p7s' | wc -l)"
}

# ---- the program

echo "bench: building" >&2
{
    cmake --preset release -B "$build" && cmake --build "$build" --target nks nks-reader nks-generate nks-history
} >"$log/build.out" 2>&1 || { tail -n 30 "$log/build.out" >&2; stop "the build failed"; }
bin=$build/bin

# same STAMP WORDS: was it made by these programs with these parameters?
same() {
    [ -f "$1" ] && [ "$(sed -n 1p "$1")" = "$2" ]
}

sum_of() {
    cat "$@" | cksum | tr ' ' -
}

printf '%s, %s cores, %s MiB memory, %s; nks %s; xmllint %s\n' \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sed -n 1p)" "$(nproc)" \
    "$(awk '/^MemTotal/ { printf "%.0f", $2 / 1024 }' /proc/meminfo)" "$(uname -sr)" \
    "$("$bin/nks" --version | sed 's/^nks //')" "$(xmllint --version 2>&1 | sed -n '1s/.*version //p')"
printf '%s payments, %s accounts, %s debts, page cache %s MiB\n' "$payments" "$accounts" "$debts" "$cache_mib"

# ---- data: the message, the reference data, and homes, that every run begins with a copy of

message=$dir/pain001-$accounts-$payments.xml
reference=$dir/reference-$accounts-$debts
generator=$(sum_of "$bin/nks-generate")
heading "data" rows/s

generate() { # PART FILE
    measure "generate-$1" "$bin/nks-generate" --accounts "$accounts" --debts "$debts" --payments "$payments" \
        --version 09 --date "$date" --what "$1" --out "$2"
}

if ! same "$message.stamp" "$generator"; then
    echo "bench: generating the message" >&2
    rm -f "$message.stamp"
    generate pain001 "$message"
    printf '%s\n%s\n' "$generator" "$seconds" >"$message.stamp"
    note=""
else
    note="from before"
fi
seconds=$(sed -n 2p "$message.stamp")
row "generate the message" "$seconds" "$(rate "$payments" "$seconds")" "" "$note"
head -c 4096 "$message" >"$log/message.head"
element() { # NAME: of the group header
    sed -n "s/.*<$1>\([0-9.]*\)<.*/\1/p" "$log/message.head" | sed -n 1p
}
control_sum=$(element CtrlSum)
expect "payments of the message" "$(element NbOfTxs)" "$payments"
file_mib=$(wc -c <"$message" | awk '{ printf "%.1f", $1 / 1048576 }')

# copy_home FROM HOME: a copy, with the message in the drop folder
copy_home() {
    rm -rf "$2" "$2.keys" "$2.journal"
    cp -a "$1" "$2"
    cp -a "$1.keys" "$2.keys"
    [ ! -d "$1.journal" ] || cp -a "$1.journal" "$2.journal"
    sed "s/^cache_mib *=.*/cache_mib = $cache_mib/" "$1/nks.conf" >"$2/nks.conf"
    "$bin/nks" --home "$2" --json config check --now "$now" >"$log/config.out"
    expect "cache_mib of the home" "$(field cache_mib <"$log/config.out")" "$cache_mib"
    mkdir -p "$2/in/sender/bench-sender"
    cp "$message" "$2/in/sender/bench-sender/bench.xml"
    sync
}

# ---- ingest with and without a history of references

history_make() { # STAMP
    echo "bench: making a history of $references references" >&2
    rm -rf "$history"
    mkdir -p "$history"
    for kind in agreement central; do
        generate "${kind}s" "$history/${kind}s.csv"
    done
    "$bin/nks" --home "$history/without" -q init --test --now "$now" >/dev/null
    for kind in agreement central; do
        measure_nks "import-$kind" "$bin/nks" --home "$history/without" --json "$kind" import "$history/${kind}s.csv" \
            --now "$now"
    done
    cp -a "$history/without" "$history/with"
    cp -a "$history/without.keys" "$history/with.keys"
    measure_nks history "$bin/nks-history" "$history/with" "$now" bench-sender bench-payer "$references" 13 200000
    expect "references written" "$(cat "$log/history.out")" "$(printf 'references\t%s' "$references")"
    printf '%s\n%s\n' "$1" "$seconds" >"$history/stamp"
}

# history_ingest with|without: sets `seconds`, `cpu`, `peak`
history_ingest() {
    copy_home "$history/$1" "$dir/home-history"
    measure_nks history-receive "$bin/nks" --home "$dir/home-history" receive --now "$now"
    measure_nks history-ingest "$bin/nks" --home "$dir/home-history" ingest --now "$now"
    row "nks ingest, $1 history" "$seconds" "$(rate "$payments" "$seconds")" "$peak" "$cpu s of processor"
    state=$("$bin/nks" --home "$dir/home-history" --json status --all --now "$now")
    batches=$(printf '%s\n' "$state" | grep '"type":"batches"')
    expect "batches, $1 history" "$(printf '%s\n' "$batches" | field state)" ACCEPTED
    expect "payments, $1 history" "$(printf '%s\n' "$batches" | field payments)" "$payments"
    expect "rejected payments, $1 history" "$(printf '%s\n' "$batches" | field rejected)" 0
    rm -rf "$dir/home-history" "$dir/home-history.keys" "$dir/home-history.journal"
}

ingest_history_ratio=skipped
ingest_history_cpu_ratio=skipped
if [ "$references" != 0 ]; then
    heading "history of references"
    history=$dir/history-$references
    programs=$(sum_of "$bin/nks" "$bin/nks-generate" "$bin/nks-history")
    note="from before"
    same "$history/stamp" "$programs" || { history_make "$programs" && note=""; }
    seconds=$(sed -n 2p "$history/stamp")
    row "make $references references" "$seconds" "$(rate "$references" "$seconds")" "" "$note"
    : >"$log/history-ratios"
    : >"$log/history-cpu-ratios"
    pair=0
    while [ "$pair" -lt "$((runs > 2 ? runs : 2))" ]; do
        history_ingest without
        plain_s=$seconds plain_cpu=$cpu
        history_ingest with
        quotient "$seconds" "$plain_s" >>"$log/history-ratios"
        quotient "$cpu" "$plain_cpu" >>"$log/history-cpu-ratios"
        echo >>"$log/history-ratios"
        echo >>"$log/history-cpu-ratios"
        pair=$((pair + 1))
    done
    ingest_history_ratio=$(median "$log/history-ratios")
    ingest_history_cpu_ratio=$(median "$log/history-cpu-ratios")
fi
history_keys="reference_history=$references
ingest_history_ratio=$ingest_history_ratio
ingest_history_cpu_ratio=$ingest_history_cpu_ratio"
if [ "$only" = history ]; then
    printf '\npayments=%s\ncache_mib=%s\n%s\n' "$payments" "$cache_mib" "$history_keys"
    exit 0
fi

# ---- the reference data

reference_make() {
    echo "bench: generating and importing the reference data" >&2
    rm -rf "$reference" "$reference-plain"
    mkdir -p "$reference"
    for part in agreements centrals register debts; do
        generate "$part" "$reference/$part.csv"
    done
    "$bin/nks" --home "$reference/home" -q init --test --now "$now" >/dev/null
    for kind in agreement central register debt; do
        file=$reference/${kind}s.csv
        [ "$kind" = register ] && file=$reference/register.csv
        measure_nks "import-$kind" "$bin/nks" --home "$reference/home" --json "$kind" import "$file" --now "$now"
        rows=$(($(wc -l <"$file") - 1))
        expect "rows of the import of $file" "$(field rows <"$log/import-$kind.out")" "$rows"
        expect "import of $file" "$(field stored <"$log/import-$kind.out")" true
        printf '%s %s %s %s\n' "$kind" "$rows" "$seconds" "$peak" >>"$reference/imports"
    done
    printf '%s\n' "$1" >"$reference/stamp"
}

programs=$generator-$(sum_of "$bin/nks")
note=""
if same "$reference/stamp" "$programs"; then
    note="from before"
else
    reference_make "$programs"
fi
register_import_s=$(awk '$1 == "register" { print $3 }' "$reference/imports")
while read -r kind rows seconds peak; do
    case $kind in
    register | debt) row "import: $kind, $rows rows" "$seconds" "$(rate "$rows" "$seconds")" "$peak" "$note" ;;
    esac
done <"$reference/imports"

fresh() {
    copy_home "$reference/home" "$1"
}

if [ $with_postgres = 1 ]; then
    . scripts/bench_postgres.sh
    exit 0
fi

# ---- what encryption, signatures and trail cost

plain_make() {
    echo "bench: building without encryption, signatures and trail, and importing once more" >&2
    {
        cmake --preset release -B "$build-plain" -DNKS_BENCH_PLAIN=ON && cmake --build "$build-plain" --target nks nks-reader
    } >"$log/build-plain.out" 2>&1 || { tail -n 30 "$log/build-plain.out" >&2; stop "the build without encryption failed"; }
    same "$reference-plain/stamp" "$programs" && return
    rm -rf "$reference-plain"
    mkdir -p "$reference-plain"
    "$build-plain/bin/nks" --home "$reference-plain/home" -q init --test --now "$now" >/dev/null
    for kind in agreement central register debt; do
        file=$reference/${kind}s.csv
        [ "$kind" = register ] && file=$reference/register.csv
        measure_nks "plain-import-$kind" "$build-plain/bin/nks" --home "$reference-plain/home" --json "$kind" import "$file" \
            --now "$now"
    done
    printf '%s\n' "$programs" >"$reference-plain/stamp"
}

# vault_run WHAT BIN REFERENCE: one chain; sets `seconds` and `cpu`
vault_run() {
    vault_bin=$bin
    bin=$2
    copy_home "$3/home" "$dir/home-vault"
    measure_nks "vault-$1" "$bin/nks" --home "$dir/home-vault" --json run --now "$now"
    expect "payments, $1" "$(field payments <"$log/vault-$1.out")" "$payments"
    expect "published, $1" "$([ "$(field published <"$log/vault-$1.out")" -gt 1 ] && echo yes)" yes
    bin=$vault_bin
    row "nks run, $1" "$seconds" "$(rate "$payments" "$seconds")" "$peak" "$cpu s of processor"
    rm -rf "$dir/home-vault" "$dir/home-vault.keys" "$dir/home-vault.journal"
}

vault_share=skipped
vault_cpu_share=skipped
if [ "$only" = vault ] || [ "${NKS_BENCH_VAULT:-0}" != 0 ]; then
    heading "encryption, signatures, trail"
    plain_make
    : >"$log/vault-shares"
    : >"$log/vault-cpu-shares"
    pair=0
    while [ "$pair" -lt "$((runs > 3 ? runs : 3))" ]; do
        vault_run plain "$build-plain/bin" "$reference-plain"
        plain_s=$seconds plain_cpu=$cpu
        vault_run full "$bin" "$reference"
        awk -v p="$plain_s" -v f="$seconds" 'BEGIN { printf "%.3f\n", 1 - p / f }' >>"$log/vault-shares"
        awk -v p="$plain_cpu" -v f="$cpu" 'BEGIN { printf "%.3f\n", 1 - p / f }' >>"$log/vault-cpu-shares"
        pair=$((pair + 1))
    done
    vault_share=$(median "$log/vault-shares")
    vault_cpu_share=$(median "$log/vault-cpu-shares")
fi
if [ "$only" = vault ]; then
    printf '\npayments=%s\naccounts=%s\ncache_mib=%s\nvault_share=%s\nvault_cpu_share=%s\n' "$payments" "$accounts" "$cache_mib" \
        "$vault_share" "$vault_cpu_share"
    exit 0
fi

# ---- the stages one by one, between two runs of xmllint

schema=$shared/iso20022/pain.001.001.09.xsd
schema_words="the official schema"
[ -f "$schema" ] || { schema=$source/schemas/pain.001.001.09.xsd schema_words="our own schema"; }

heading "stages, one by one"
home=$dir/home-stages
fresh "$home"
measure_xmllint xmllint-before
before=$seconds
row "xmllint --stream --schema" "$seconds" "$(rate "$payments" "$seconds")" "$peak" "$schema_words"
all=0
for stage in receive ingest resolve offset route emit deliver; do
    measure_nks "stage-$stage" "$bin/nks" --home "$home" "$stage" --now "$now"
    [ "$stage" != ingest ] || ingest=$seconds
    all=$(awk -v a="$all" -v b="$seconds" 'BEGIN { printf "%.2f", a + b }')
    row "nks $stage" "$seconds" "$(rate "$payments" "$seconds")" "$peak" ""
done
measure_xmllint xmllint-after
row "xmllint again" "$seconds" "$(rate "$payments" "$seconds")" "$peak" ""
ingest_ratio=$(quotient "$ingest" "$(mean "$before" "$seconds")")
row "all stages" "$all" "$(rate "$payments" "$all")" "" "nks run does resolve, offset and route in one"
measure_into /dev/null reader "$bin/nks-reader" <"$message"
row "nks-reader alone" "$seconds" "$(rate "$payments" "$seconds")" "$peak" "part of ingest"
peak_mib_reader=$peak
verify "$home"
rm -rf "$home" "$home.keys" "$home.journal"

# ---- the whole chain

heading "the whole chain"
home=$dir/home-chain
: >"$log/chains"
: >"$log/xmllints"
: >"$log/ratios"
: >"$log/peaks"
run=1
while [ "$run" -le "$runs" ]; do
    fresh "$home"
    measure_xmllint xmllint-before
    before=$seconds
    row "xmllint" "$seconds" "$(rate "$payments" "$seconds")" "$peak" ""
    measure_nks chain "$bin/nks" --home "$home" --json run --now "$now"
    chain=$seconds chain_peak=$peak
    measure_xmllint xmllint-after
    xmllint=$(mean "$before" "$seconds")
    ratio=$(quotient "$chain" "$xmllint")
    row "nks run" "$chain" "$(rate "$payments" "$chain")" "$chain_peak" "$ratio x xmllint"
    row "xmllint" "$seconds" "$(rate "$payments" "$seconds")" "$peak" ""
    for pair in accepted:1 refused:0 repeated:0 rejected:0 odd:0 skipped:0 "payments:$payments"; do
        expect "nks run, ${pair%:*}" "$(field "${pair%:*}" <"$log/chain.out")" "${pair#*:}"
    done
    verify "$home"
    echo "$chain" >>"$log/chains"
    echo "$xmllint" >>"$log/xmllints"
    echo "$ratio" >>"$log/ratios"
    echo "$chain_peak" >>"$log/peaks"
    run=$((run + 1))
done
chain_s=$(median "$log/chains")
xmllint_s=$(median "$log/xmllints")
chain_ratio=$(median "$log/ratios")
peak_mib_parent=$(sort -n "$log/peaks" | tail -n 1)

# ---- the peers

peer=$dir/peer
peer_python_ratio=skipped
peer_java_ratio=skipped
peers_failed=""

# In a subshell, because it is no fault when a package is not to be had.
try_install() {
    (NKS_EXTRA_PACKAGES=$1 && . scripts/setup.sh) >"$log/install.out" 2>&1
}

can_python() {
    /usr/bin/python3 -c 'import lxml.etree, sqlite3' 2>/dev/null
}

can_java() {
    command -v java >/dev/null && [ -f /usr/share/java/sqlite-jdbc.jar ] &&
        javac -d "$peer/classes" "$shared/bench/PeerSax.java" >"$log/javac.out" 2>&1
}

peer_register() {
    same "$reference/peer.stamp" "$generator" && return
    generate peer-db-csv "$reference/register-peer.csv"
    rm -f "$reference/peer.db"
    sqlite3 -bail "$reference/peer.db" >"$log/peer-db.out" 2>&1 <<TEXT || echo "sqlite3 failed" >>"$log/peer-db.out"
create table register(id TEXT PRIMARY KEY, reg TEXT, konto TEXT);
.mode csv
.import --skip 1 "$reference/register-peer.csv" register
TEXT
    [ ! -s "$log/peer-db.out" ] || stop "the peers' register: $(sed -n 1p "$log/peer-db.out")"
    expect "rows of the peers' register" "$(sqlite3 "$reference/peer.db" 'select count(*) from register')" \
        "$(($(wc -l <"$reference/register-peer.csv") - 1))"
    rm "$reference/register-peer.csv"
    printf '%s\n' "$generator" >"$reference/peer.stamp"
}

# peer_run NAME COMMAND...: sets `peer_ratio`. A peer that fails is told at the end, when the other numbers are out.
peer_run() {
    peer_name=$1
    shift
    rm -rf "$peer/out" "$peer/peer.db"*
    cp "$reference/peer.db" "$peer/peer.db"
    sync
    peer_ratio=failed
    if (measure "peer-$peer_name" "$@" "$message" "$schema" "$peer/peer.db" "$peer/out") &&
        grep -q "^$payments payments," "$log/peer-$peer_name.out"; then
        read -r seconds peak user system <"$log/peer-$peer_name.time"
        peer_ratio=$(quotient "$chain_s" "$seconds")
        row "$peer_name" "$seconds" "$(rate "$payments" "$seconds")" \
            "$(awk -v kib="$peak" 'BEGIN { printf "%.1f", kib / 1024 }')" "nks run: $peer_ratio x"
    else
        peers_failed="$peers_failed $peer_name"
        row "$peer_name" - - - "failed: see $log/peer-$peer_name.err"
    fi
    rm -rf "$peer/out" "$peer/peer.db"*
}

if [ "${NKS_BENCH_PEERS:-1}" != 0 ] && [ -f "$shared/bench/peer_lxml.py" ] && [ -f "$shared/bench/PeerSax.java" ]; then
    heading "peers"
    mkdir -p "$peer/classes"
    peer_register
    if can_python || { try_install "python3 python3-lxml" && can_python; }; then
        peer_run peer_lxml.py /usr/bin/python3 "$shared/bench/peer_lxml.py"
        peer_python_ratio=$peer_ratio
    else
        row "peer_lxml.py" - - - "skipped: no python3-lxml"
    fi
    if can_java || { try_install "default-jdk-headless libxerial-sqlite-jdbc-java" && can_java; }; then
        peer_run PeerSax.java java -cp "/usr/share/java/sqlite-jdbc.jar:$peer/classes" PeerSax
        peer_java_ratio=$peer_ratio
    else
        row "PeerSax.java" - - - "skipped: no JDK or libxerial-sqlite-jdbc-java"
    fi
fi

# ---- the end

cat <<TEXT

Every payment is in the order files: $entries transactions for $payments payments, $total DKK as in the message;
$on_hold payments went to the ventekonto. The home of the last run is $home.

payments=$payments
accounts=$accounts
debts=$debts
cache_mib=$cache_mib
file_mib=$file_mib
payments_per_s=$(rate "$payments" "$chain_s")
chain_ratio=$chain_ratio
ingest_ratio=$ingest_ratio
$history_keys
vault_share=$vault_share
vault_cpu_share=$vault_cpu_share
peer_python_ratio=$peer_python_ratio
peer_java_ratio=$peer_java_ratio
peak_mib_parent=$peak_mib_parent
peak_mib_reader=$peak_mib_reader
xmllint_s=$xmllint_s
chain_s=$chain_s
register_import_s=$register_import_s
TEXT
[ -z "$peers_failed" ] || stop "failed:$peers_failed"
