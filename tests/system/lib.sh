# Common to the system tests: sourced first by each of them. Wants NKS_BIN (the programs) and NKS_SOURCE (the source);
# NKS_SHARED (official schemas, public samples) is ../shared beside the source where it is not given.
# A test that cannot run a part says "skipped: ..."; one that cannot run at all exits 77.
set -eu

: "${NKS_BIN:?}" "${NKS_SOURCE:?}"
NKS_SHARED=${NKS_SHARED:-$NKS_SOURCE/../shared}
schemas=$NKS_SHARED/iso20022
small=$NKS_SOURCE/fixtures/small
night=2026-11-23T02:10:00Z
unset NKS_HOME NKS_KEYS NKS_READER NKS_KILL_AT || true
LC_ALL=C
export LC_ALL

# A night is hundreds of fsyncs: memory is the faster place where there is one.
if [ -z "${TMPDIR:-}" ] && [ -d /dev/shm ] && [ -w /dev/shm ]; then
    TMPDIR=/dev/shm
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/nks-test.XXXXXX")
common=$work # what all workers of a test see (shared)
test_leave() {
    database_leave
    rm -rf "$common"
}
trap test_leave EXIT
trap 'exit 1' HUP INT TERM

failures=0
checks=0

fail() { # WORDS...: goes on, the test fails at its end
    echo "not ok: $*" >&2
    failures=$((failures + 1))
}

die() { # WORDS...: nothing after this would make sense
    echo "not ok: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

. "$NKS_SOURCE/tests/system/database.sh"

assert_eq() { # WHAT GOT EXPECTED
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1: '$2', expected '$3'"
}

assert_same() { # WHAT FILE FILE
    checks=$((checks + 1))
    cmp -s "$2" "$3" || {
        fail "$1"
        diff "$2" "$3" | head -n 20 >&2 || true
    }
}

# The last line of every test.
test_end() {
    [ "$failures" -eq 0 ] || die "$failures of $checks checks failed"
    echo "ok: $checks checks"
}

# code WORDS...: runs them with both streams kept in $work/said, and puts the exit code into $code.
code() {
    code=0
    "$@" >"$work/said" 2>&1 || code=$?
}

# nks HOME WORDS...: must end with 0.
nks() {
    nks_home=$1
    shift
    code "$NKS_BIN/nks" --home "$nks_home" "$@"
    [ "$code" -eq 0 ] || {
        cat "$work/said" >&2
        die "nks $*: exit $code"
    }
}

home_init() { # HOME [DATA]: a test home with agreements, centrals, register and debts of DATA
    home_new "$1"
    for import in agreement:agreements central:centrals register:register debt:debts; do
        if [ -f "${2:-$small}/${import#*:}.csv" ]; then
            # Before the night by its own clock, whatever the machine's says: claims are used after they were imported.
            nks "$1" "${import%:*}" import --now 2026-11-22T12:00:00Z "${2:-$small}/${import#*:}.csv"
        fi
    done
}

home_make() { # HOME: the small night, before it
    home_init "$1"
    cp -R "$small/in/." "$1/in/"
}

night_run() { # HOME [NOW]
    nks "$1" run --now "${2:-$night}"
}

audit_clean() { # HOME
    checks=$((checks + 1))
    code "$NKS_BIN/nks-audit" -q --home "$1"
    [ "$code" -eq 0 ] || {
        cat "$work/said" >&2
        fail "nks-audit of ${1#"$work/"}: exit $code"
    }
}

# Names and bytes of what a home has published, without the signatures: they are random by nature.
out_hashes() { # HOME
    (cd "$1/out" && find . -type f ! -name '*.p7s' -exec cksum {} + | awk '{ print $3, $1, $2 }' | sort)
}

# Every business row, decrypted, as a count and a hash per table (rows.c).
rows_hashes() { # HOME [NOW]
    "$NKS_BIN/rows" "$1" "${2:-$night}"
}

# Every signature there for its file, and none besides.
out_signed() { # HOME
    find "$1/out" -type f ! -name '*.p7s' | sed 's/$/.p7s/' | sort >"$work/signed.expected"
    find "$1/out" -type f -name '*.p7s' | sort >"$work/signed"
    assert_same "every file in ${1#"$work/"}/out has its signature" "$work/signed" "$work/signed.expected"
}

# Nothing half done lies about.
nothing_left() { # HOME
    left=$(find "$1/in" "$1/staging" -type f ! -name '*.part' 2>/dev/null | sed "s|^$1/||" | tr '\n' ' ')
    assert_eq "files left in in/ and staging/ of ${1#"$work/"}" "$left" ""
}

# Every XML file under DIR is valid under the official schema of its namespace.
out_valid() { # DIR
    if ! have xmllint || [ ! -d "$schemas" ]; then
        skip "no xmllint or no official schemas in $schemas"
        return 0
    fi
    for message in pain.001.001.03 pain.001.001.09 pain.002.001.03 pain.002.001.10 camt.055.001.08; do
        find "$1" -type f -name '*.xml' -exec grep -l "xsd:$message\"" {} + >"$work/of.schema" || true
        [ -s "$work/of.schema" ] || continue
        checks=$((checks + 1))
        tr '\n' '\0' <"$work/of.schema" | xargs -0 xmllint --noout --schema "$schemas/$message.xsd" >"$work/xmllint" 2>&1 || {
            fail "a $message is not valid under its official schema"
            grep -v ' validates$' "$work/xmllint" | head -n 10 >&2
        }
    done
    unknown=$(find "$1" -type f -name '*.xml' -exec grep -LE 'xsd:(pain\.00(1\.001\.0(3|9)|2\.001\.(03|10))|camt\.055\.001\.08)"' {} + || true)
    assert_eq "messages of no known version" "$unknown" ""
}

# NbOfTxs and CtrlSum of header and groups of every order file, counted again from its payments; in øre, as text, so that
# no rounding hides anything.
out_recounted() { # HOME
    find "$1/out/central" -type f -name '*.xml' >"$work/orders"
    checks=$((checks + 1))
    xargs awk '
        function tag(text, name) {
            if (!match(text, "<" name "( [^>]*)?>[^<]*<")) return ""
            text = substr(text, RSTART, RLENGTH - 1)
            sub(/^[^>]*>/, "", text)
            return text
        }
        function minor(text) {
            if (text !~ /^[0-9]+(\.[0-9]+)?$/) return -1
            if (text !~ /\./) text = text "."
            text = text "00"
            return substr(text, 1, index(text, ".") - 1) * 100 + substr(text, index(text, ".") + 1, 2)
        }
        function close_group() {
            if (group && (gn != group_n || gs != group_s)) print "group of " name ": " gn " " gs ", counted " group_n " " group_s
            group = 0
        }
        function close_file() {
            close_group()
            if (name != "" && (fn != file_n || fs != file_s || fn == 0))
                print "file " name ": " fn " " fs ", counted " file_n " " file_s
        }
        FNR == 1 { close_file(); name = FILENAME; fn = fs = -1; file_n = file_s = 0 }
        /<GrpHdr>/ { fn = tag($0, "NbOfTxs") + 0; fs = minor(tag($0, "CtrlSum")) }
        /<PmtInf>/ { close_group(); group = 1; gn = tag($0, "NbOfTxs") + 0; gs = minor(tag($0, "CtrlSum")); group_n = group_s = 0 }
        /<CdtTrfTxInf>/ { m = minor(tag($0, "InstdAmt")); group_n++; file_n++; group_s += m; file_s += m }
        END { close_file() }' <"$work/orders" >"$work/recounted"
    [ ! -s "$work/recounted" ] || {
        fail "counts and sums of order files"
        cat "$work/recounted" >&2
    }
    # And the manifests: names, counts, sums, bytes and hashes of the files beside them.
    for manifest in "$1"/out/central/*/nks-manifest-*.tsv; do
        checks=$((checks + 1))
        dir=${manifest%/*}
        grep -v '^#' "$manifest" | while IFS="$(printf '\t')" read -r name id count sum bytes hash; do
            grep -q "<MsgId>$id</MsgId>.*<NbOfTxs>$count</NbOfTxs><CtrlSum>$sum</CtrlSum>" "$dir/$name" ||
                echo "$name: id, count or sum"
            [ "$(wc -c <"$dir/$name" | tr -d ' ')" = "$bytes" ] || echo "$name: bytes"
            [ "$(hash_of "$dir/$name")" = "$hash" ] || echo "$name: hash"
        done >"$work/manifest"
        [ ! -s "$work/manifest" ] || fail "manifest ${manifest##*/}: $(tr '\n' ';' <"$work/manifest")"
    done
}

hash_of() { # FILE: SHA-256
    if have sha256sum; then
        sha256sum <"$1" | cut -d ' ' -f 1
    else
        openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
    fi
}

# Every signature verifies with the certificate of the home's keys, and not with a file one byte longer.
out_verified() { # HOME
    if ! have openssl; then
        skip "no openssl: signatures are not verified"
        return 0
    fi
    find "$1/out" -type f -name '*.p7s' >"$work/p7s"
    while read -r signature; do
        verify "$1" "$signature" "${signature%.p7s}" || fail "signature ${signature##*/}"
        checks=$((checks + 1))
    done <"$work/p7s"
    read -r signature <"$work/p7s"
    { cat "${signature%.p7s}" && echo; } >"$work/tampered"
    checks=$((checks + 1))
    ! verify "$1" "$signature" "$work/tampered" || fail "a signature verifies for a changed file"
}

verify() { # HOME SIGNATURE FILE
    openssl cms -verify -binary -inform DER -in "$2" -content "$3" -certfile "$1.keys/file.crt" \
        -CAfile "$1.keys/file.crt" -no_check_time -purpose any -out /dev/null 2>"$work/openssl"
}

# A process that was started with NKS_STOP_AT stops at that instant.
halted() { # waits for the process to be stopped; false when it is gone
    while kill -0 "$1" 2>/dev/null; do
        case $(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null) in
        T) return 0 ;;
        Z) return 1 ;;
        esac
        sleep 0.05
    done
    return 1
}

# In jobs: as many at a time as there are processors.
processors() {
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# shared JOB: a worker per processor calls JOB WORKER with a $work of its own below $common, counting in $failures, $checks and $tried, which are added up
shared() {
    workers=$(processors)
    worker=0
    pids=
    while [ $worker -lt "$workers" ]; do
        (
            trap - EXIT
            work=$common/w$worker
            mkdir "$work"
            failures=0
            checks=0
            tried=0
            "$1" $worker
            echo "$failures $checks $tried" >"$common/done.$worker"
        ) &
        pids="$pids $!"
        worker=$((worker + 1))
    done
    for pid in $pids; do
        wait "$pid" || fail "a worker died"
    done
    tried=0
    for worker_done in "$common"/done.*; do
        read -r worker_failures worker_checks worker_tried <"$worker_done"
        failures=$((failures + worker_failures))
        checks=$((checks + worker_checks))
        tried=$((tried + worker_tried))
    done
}

common_factor() { # A B
    [ "$2" -eq 0 ] && echo "$1" || common_factor "$2" $(($1 % $2))
}
# stride COUNT: a step that shares no factor with COUNT, so that steps of it visit each once
stride() {
    step=$(($1 * 618 / 1000 + 1))
    while [ "$(common_factor "$1" $step)" -ne 1 ]; do step=$((step + 1)); done
    echo $step
}

# ---- the banks

message_id() { # FILE
    sed -n 's/.*<MsgId>\([^<]*\)<.*/\1/p' "$1" | head -n 1
}
# bank_answers HOME ORDER [STATUS]: the order file's data central tells the state of all of it
bank_answers() {
    answered_id=$(message_id "$2")
    answering=$1/in/central/$(basename "$(dirname "$2")")
    mkdir -p "$answering"
    cat >"$answering/answer-$answered_id.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-$answered_id</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>$answered_id</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>${3:-ACSC}</GrpSts></OrgnlGrpInfAndSts>
</CstmrPmtStsRpt></Document>
END
}

# ---- certificates of senders and data centrals

pki=$work/pki

# cert_make NAME FROM TO (YYYYMMDD): a self-signed certificate $pki/NAME.crt with $pki/NAME.key, in force on those days
# whatever the machine's clock says
cert_make() {
    [ -d "$pki" ] || {
        mkdir "$pki"
        printf '%s\n' '[ca]' 'default_ca = one' '[one]' 'database = index' 'serial = serial' 'new_certs_dir = .' \
            'default_md = sha256' 'policy = any' 'unique_subject = no' 'x509_extensions = signing' '[any]' \
            'commonName = supplied' '[signing]' 'keyUsage = digitalSignature' >"$pki/ca.conf"
        echo 01 >"$pki/serial"
        : >"$pki/index"
    }
    (
        cd "$pki"
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
        openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
        openssl ca -batch -config ca.conf -selfsign -keyfile "$1.key" -in "$1.csr" -out "$1.crt" -notext \
            -startdate "$2000000Z" -enddate "$3000000Z"
    ) >"$work/openssl" 2>&1 || {
        cat "$work/openssl" >&2
        die "openssl could not make a certificate"
    }
}
