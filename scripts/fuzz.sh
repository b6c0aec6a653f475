#!/bin/sh
# Long runs of the fuzz targets with libFuzzer: sh scripts/fuzz.sh [TARGET] [SECONDS]. `--help` tells the rest.
set -eu

usage() {
    cat <<'TEXT'
usage: sh scripts/fuzz.sh [TARGET] [SECONDS]

Builds the fuzz targets of tests/fuzz with clang, libFuzzer and the sanitizers in build/fuzz, and runs TARGET (default:
all of them, one after another) for SECONDS each (default 60). TARGET is the NAME of a tests/fuzz/fuzz_NAME.c.

The seeds are tests/fuzz/corpus/TARGET and, for the reader, the public messages in ../shared. What is found on the way is
kept in build/fuzz/corpus/TARGET, so that the next run goes on from there.

An input that breaks something lies in build/fuzz/findings/TARGET-*, and the script ends with 1. Mend it, and put the input
(made small, and without data of real people) into tests/fuzz/corpus/TARGET/found-WHAT: it is then a test. A single input
is run again by build/fuzz/bin/fuzz_TARGET FILE.

Ends with 77 and says so where there is no clang with libFuzzer.
environment: NKS_SHARED  where the public messages are (default ../shared)
TEXT
}

case ${1:-} in
-h | --help)
    usage
    exit 0
    ;;
esac
cd "$(dirname "$0")/.."
target=${1:-all}
seconds=${2:-60}
shared=${NKS_SHARED:-../shared}
case $seconds in
'' | *[!0-9]*)
    usage >&2
    exit 2
    ;;
esac
[ "$target" = all ] || [ -f "tests/fuzz/fuzz_$target.c" ] || {
    echo "fuzz: no target $target; there are: $(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||' | tr '\n' ' ')" >&2
    exit 2
}

. scripts/setup.sh
mkdir -p build/fuzz/findings
printf 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n); int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d == 0 && n == 0; }\n' >build/fuzz/probe.c
if ! clang -fsanitize=fuzzer,address build/fuzz/probe.c -o build/fuzz/probe 2>build/fuzz/probe.err; then
    echo "skipped: no clang with libFuzzer (Debian: clang and libclang-rt-dev)"
    exit 77
fi

cmake -S . -B build/fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O1 -g" \
    -DNKS_SANITIZE=ON -DNKS_FUZZ=ON >/dev/null
names=$target
[ "$target" != all ] || names=$(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||')
# shellcheck disable=SC2086 # one word per target
ninja -C build/fuzz --quiet $(printf ' fuzz_%s' $names)

# The words of our messages and of XML, from the table of elements.
{
    sed -n 's/^NKS_\(REPORT_\)\{0,1\}ELEMENT([0-9]*, *\([A-Za-z0-9]*\)).*/"<\2>"\n"<\/\2>"/p' lib/iso20022/element.def
    printf '"%s"\n' '<![CDATA[' ']]>' '<!--' '-->' '<?x ' '?>' '<!DOCTYPE ' '&#x41;' '&amp;' 'xmlns=\"' 'encoding=\"' \
        'ISO-8859-15' 'UTF-8' ' Ccy=\"DKK\"' 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.' '\xEF\xBB\xBF' '\xC2\xA0'
} >build/fuzz/xml.dict

failed=0
for name in $names; do
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    cp -n tests/fuzz/corpus/"$name"/* "$corpus"/ 2>/dev/null || true
    options="-max_len=16384"
    case $name in
    amount | date | id | account | slip | payee) options="-max_len=512" ;;
    reader | prolog)
        options="$options -dict=build/fuzz/xml.dict"
        find "$shared/samples" -name '*.xml' -size -16k -exec grep -l 'pain\.001\.001\.' {} + 2>/dev/null |
            while read -r file; do cp -n "$file" "$corpus/" || true; done
        ;;
    report)
        options="$options -dict=build/fuzz/xml.dict"
        find "$shared/samples" -name '*.xml' -size -16k -exec grep -lE 'pain\.002|camt\.05' {} + 2>/dev/null |
            while read -r file; do cp -n "$file" "$corpus/" || true; done
        ;;
    esac
    echo "== $name, $seconds s"
    # shellcheck disable=SC2086 # options are words of their own
    "build/fuzz/bin/fuzz_$name" $options -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$name-" "$corpus" >"build/fuzz/$name.log" 2>&1 || {
        failed=1
        grep -vE '^#[0-9]+' "build/fuzz/$name.log" | tail -n 40
    }
    sed -n 's/^stat::\(number_of_executed_units\|new_units_added\|peak_rss_mb\): */  \1 /p' "build/fuzz/$name.log"
    grep -oE 'cov: [0-9]+' "build/fuzz/$name.log" | tail -n 1 | sed 's/^/  /'
done
exit $failed
