#!/bin/sh
# The page for people: nks report. What it says is what `nks show` says; it is well-formed, stands alone, identifies
# nobody, is bounded, and fits a phone.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
home=$work/home
nks_run() { code "$NKS_BIN/nks" --home "$home" --now "$night" "$@"; }

page() { # FILE WORDS...: nks report WORDS into FILE
    into=$1
    shift
    "$NKS_BIN/nks" --home "$home" --now "${at:-$night}" report "$@" >"$into" 2>"$work/said" || {
        cat "$work/said" >&2
        fail "nks report $*"
    }
    checks=$((checks + 1))
}

has() { # FILE WORDS
    checks=$((checks + 1))
    grep -qF -- "$2" "$1" || fail "${1##*/} lacks: $2"
}

has_not() { # FILE WORDS
    checks=$((checks + 1))
    ! grep -qF -- "$2" "$1" || fail "${1##*/} has: $2"
}

# Texts of nodes, one a line, without the separators of thousands.
ask() { # FILE XPATH
    xmllint --xpath "$2" "$1" 2>/dev/null | sed 's/^[[:space:]]*//'
}

plain() { # no separators of thousands, ordinary blanks
    sed "s/$(printf '\302\240')/ /g; s/,//g"
}

# One table of the page as lines of its cells: four at most, with bars between.
table() { # FILE XPATH-OF-TABLE
    rows=$(ask "$1" "count($2/*[local-name()='tbody']/*)")
    row=1
    while [ "$row" -le "${rows%.*}" ]; do
        cells="$2/*[local-name()='tbody']/*[$row]/*"
        ask "$1" "concat($cells[1],'|',$cells[2],'|',$cells[3],'|',$cells[4])" | plain
        row=$((row + 1))
    done
}

# ---- the small night, and one batch's answer
home_make "$home"
night_run "$home"
nks_run list
batches=$(awk -F '\t' '$1 == "delivery" && $8 != "" { print $8 }' "$work/said")
[ -n "$batches" ] || die "no batch was made"
for batch in $batches; do page "$work/batch-$batch.html" "$batch"; done
for delivery in 10 16; do page "$work/delivery-$delivery.html" "#$delivery"; done
page "$work/night.html" --night 2026-11-23
page "$work/nat.html" --night 2026-11-23 --language da
page "$work/bundt.html" 7 --language da
page "$work/empty.html" --night 2026-11-19
page "$work/weekend.html" --night 2026-11-22
at=2026-11-23T14:00:00Z page "$work/afternoon.html" --night 2026-11-23

# ---- numbers are those of nks show, currency by currency
if have xmllint; then
    for batch in $batches; do
        nks_run --json show "$batch"
        sed -n 's/.*"type":"payments","outcome":"\([A-Z]*\)","currency":"\([A-Z]*\)","payments":\([0-9]*\),"amount":"\([0-9.]*\)".*/\1 \3 \4 \2/p' \
            "$work/said" | sort >"$work/expected"
        outcomes="//*[@id='outcomes']"
        table "$work/batch-$batch.html" "$outcomes" | awk -F '|' '{ print $2, $3 }' >"$work/values"
        ask "$work/batch-$batch.html" "$outcomes//@data-outcome" | sed 's/.*="\(.*\)"/\1/' | paste -d ' ' - "$work/values" |
            sed 's/^ *$//' | grep . | sort >"$work/got" || true
        assert_same "outcomes of batch $batch" "$work/got" "$work/expected"
        # The destinations of each currency add up to its outcomes.
        awk '{ sum[$4] += $3 * 100000 } END { for (c in sum) printf "%s %.0f\n", c, sum[c] }' "$work/expected" | sort >"$work/expected.sums"
        : >"$work/sums"
        for currency in $(awk '{ print $4 }' "$work/expected" | sort -u); do
            money="//*[contains(@class,'money')][contains(*[local-name()='caption'],', $currency')]"
            table "$work/batch-$batch.html" "$money" |
                awk -F '|' -v c="$currency" '{ sum += $3 * 100000 } END { printf "%s %.0f\n", c, sum }'
        done >"$work/sums"
        assert_same "destinations of batch $batch" "$work/sums" "$work/expected.sums"
    done
    [ -s "$work/expected" ] || fail "the last batch has no payments to compare"
else
    skip "no xmllint: numbers are not compared"
fi

# Every file of out/ stands on its batch's page with its whole hash, and on the night's.
find "$home/out" -type f -name '*.xml' ! -name '*-again-*' >"$work/files"
while read -r file; do
    name=${file##*/}
    ref=${name#nks-}
    ref=${ref%%-*}
    hash=$(hash_of "$file")
    checks=$((checks + 1))
    grep -lF "$name" "$work"/batch-*.html "$work"/delivery-*.html | xargs grep -lF "$hash" >/dev/null ||
        [ -z "$(grep -lF "$ref" "$work"/batch-*.html)" ] || fail "no page of a batch has $name with its hash"
    has "$work/night.html" "$name"
    has "$work/night.html" "$hash"
done <"$work/files"
for file in "$home"/out/central/*/*.tsv; do has "$work/night.html" "$(hash_of "$file")"; done
for file in "$small"/in/sender/*/*.xml; do has "$work/night.html" "$(hash_of "$file")"; done

# ---- what the pages must say
has "$work/batch-7.html" 'lang="en"'
has "$work/bundt.html" 'lang="da"'
has "$work/bundt.html" '20.860,70'
has "$work/bundt.html" 'Hvor pengene gik hen'
has "$work/batch-5.html" 'DU04'
has "$work/batch-5.html" 'This EndToEndId was used before by this payer'
has "$work/batch-10.html" 'This file was refused. Nothing of it is carried out.'
has "$work/batch-10.html" 'Why the file was refused'
has "$work/delivery-16.html" 'the same bytes as file #8'
has "$work/empty.html" 'Nothing was received on this date.'
has "$work/empty.html" 'passed'
has "$work/weekend.html" 'This is no bank day'
has "$work/night.html" "11$(printf '\302\240')h 20$(printf '\302\240')min"
for cut_off in 14:30 15:30 16:00; do has "$work/night.html" ">$cut_off<"; done
checks=$((checks + 1))
[ "$(grep -o '>passed<' "$work/night.html" | wc -l)" -eq 0 ] || fail "a cut-off has passed in the night"
[ "$(grep -o '>passed<' "$work/afternoon.html" | wc -l)" -eq 1 ] || fail "at 15:00 only the cut-off of 14:30 has passed"
has "$work/night.html" 'wait'

# ---- the form: well-formed, alone, for everybody
for file in "$work"/*.html; do
    name=${file##*/}
    if have xmllint; then
        checks=$((checks + 1))
        xmllint --noout "$file" 2>"$work/xmllint" || fail "$name is not well-formed"
        # headings in order, one h1; tables with heads; pictures with titles; every anchor has its target
        levels=$(ask "$file" "//*[local-name()='h1' or local-name()='h2' or local-name()='h3' or local-name()='h4']" |
            grep -o '<h[1-4]' | tr -d '<h' | tr '\n' ' ')
        checks=$((checks + 1))
        echo "$levels" | awk '{ if ($1 != 1) exit 1; for (i = 2; i <= NF; i++) if ($i == 1 || $i > $(i - 1) + 1) exit 1 }' ||
            fail "$name: headings are out of order: $levels"
        for rule in "//*[local-name()='th'][not(@scope)]" "//*[local-name()='svg'][not(@role='img') or not(*[local-name()='title'][@id]) or not(*[local-name()='desc'][@id])]" \
            "//*[local-name()='table'][not(*[local-name()='thead'])]" "//*[local-name()='table'][not(@aria-labelledby or @aria-label or *[local-name()='caption'])]" \
            "//*[local-name()='section'][not(@aria-labelledby)]" "//@id[. = ../following::*/@id]" \
            "//*[local-name()='h2' or local-name()='h3' or local-name()='th' or local-name()='dt'][normalize-space(.)='']"; do
            assert_eq "$name: $rule" "$(ask "$file" "count($rule)")" 0
        done
        for anchor in $(ask "$file" "//@href" | sed 's/.*"#\(.*\)"/\1/'); do
            assert_eq "$name: targets of #$anchor" "$(ask "$file" "count(//*[@id='$anchor'])")" 1
        done
    fi
    # Nothing from outside and nothing that runs. The names of the two namespaces are no addresses.
    checks=$((checks + 1))
    if sed 's|http://www.w3.org/1999/xhtml||; s|http://www.w3.org/2000/svg||g; s/http-equiv//g' "$file" |
        grep -niE 'http|//|<script|<iframe|<object|<embed|<link|<img|src=|url\(|@import|javascript:| on[a-z]+=|href="[^#]'; then
        fail "$name refers to something outside, or runs something"
    fi
    has "$file" 'class="skip" href="#main"'
    has "$file" 'name="viewport"'
    has "$file" "default-src 'none'"
done
have xmllint || skip "no xmllint: the form is not checked"

# Words: every one in both languages, and every one that the stylesheet asks for is there.
words=$NKS_SOURCE/schemas/report-words.xml
assert_eq "words without a language" "$(grep '<w ' "$words" | grep -vE '^ *<w id="[^"]+" en="[^"]*" da="[^"]*"/>$' || true)" ""
grep -oE 'name="(id|of|kind)" select="'"'[a-z.-]+'" "$NKS_SOURCE/schemas/report.xsl" | sed "s/.*'\(.*\)'/\1/; s/.*'//" | sort -u >"$work/asked"
while read -r id; do
    checks=$((checks + 1))
    grep -qE "id=\"$id(\.one)?\"" "$words" || [ "$id" = flow ] || [ "$id" = bars ] || fail "there is no word $id"
done <"$work/asked"
[ "$(wc -l <"$work/asked")" -gt 40 ] || fail "the stylesheet's words were not found"
for name in $(sed -n 's/.*\[NKS_LOOK_[A-Z_]*\] = "\([a-z-]*\)".*/to.\1/p' "$NKS_SOURCE/lib/stage/look_money.c") \
    $(sed -n 's/.*= {"\([A-Z]*\)", "[A-Z]\{4\}", .*/outcome.\1/p' "$NKS_SOURCE/lib/payment/status.c"); do
    checks=$((checks + 1))
    grep -q "id=\"$name\"" "$words" || fail "there is no word $name"
done

# Contrast of text on paper, light and dark and printed: at least 4.5 to 1 (WCAG 2.1, 1.4.3).
awk '
    function part(hex, at,    v) {
        v = (index("0123456789abcdef", substr(hex, at, 1)) - 1) * 16 + index("0123456789abcdef", substr(hex, at + 1, 1)) - 1
        v /= 255
        return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ^ 2.4
    }
    function light(hex) {
        if (length(hex) == 3) hex = substr(hex, 1, 1) substr(hex, 1, 1) substr(hex, 2, 1) substr(hex, 2, 1) substr(hex, 3, 1) substr(hex, 3, 1)
        return 0.2126 * part(hex, 1) + 0.7152 * part(hex, 3) + 0.0722 * part(hex, 5)
    }
    function ratio(a, b) { a = light(a); b = light(b); return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05) }
    function value(text, name) { return match(text, name ": #[0-9a-f]+") ? substr(text, RSTART + length(name) + 3, RLENGTH - length(name) - 3) : "" }
    { all = all " " $0 }
    END {
        while (match(all, /:root \{[^}]*\}/)) {
            block = substr(all, RSTART, RLENGTH); all = substr(all, RSTART + RLENGTH); blocks++
            paper = value(block, "--paper")
            split("--ink --soft --accent", names, " ")
            for (i = 1; i <= 3; i++) {
                r = ratio(value(block, names[i]), paper)
                if (r < 4.5) print names[i] " on paper, scheme " blocks ": " r
            }
            # what carries meaning without being text: 3 to 1
            if (ratio(value(block, "--dark"), paper) < 3) print "--dark, scheme " blocks
        }
        if (blocks != 3) print blocks " schemes"
    }' "$NKS_SOURCE/schemas/report.xsl" >"$work/contrast"
assert_eq "contrast" "$(cat "$work/contrast")" ""

# ---- nobody is identified: no id, account, name, reference or file name of the fixtures
{
    awk -F , 'NR > 1 { print $3; print $8 }' "$small/register.csv"
    awk -F , 'NR > 1 { print $4 }' "$small/debts.csv"
    tail -n +2 "$small/agreements.csv" | tr ',;"' '\n\n\n' | grep -E '^[0-9]{14}$|^DK[0-9]{16}$| ' || true
    tail -n +2 "$small/debts.csv" | tr ',;"' '\n\n\n' | grep -E '^[0-9]{10,14}$|^DK[0-9]{16}$| ' || true
    cat "$small"/in/sender/*/*.xml | tr '>' '\n' | sed -n 's|^\([^<][^<]*\)</\(Nm\|Id\|IBAN\|EndToEndId\|InstrId\|MsgId\|PmtInfId\|Ustrd\|Ref\|StrtNm\|AdrLine\)$|\1|p'
    (cd "$small/in/sender" && find . -name '*.xml' | sed 's|.*/||; s|\.xml$||')
} | sed 's/^ *//; s/ *$//' | awk 'length($0) >= 5 && /[^a-zæøå]/' | sort -u >"$work/secrets"
[ "$(wc -l <"$work/secrets")" -ge 80 ] || fail "only $(wc -l <"$work/secrets") secrets were found in the fixtures"
checks=$((checks + 1))
if cat "$work"/*.html | sed 's/<style>.*//' | grep -F -f "$work/secrets" >"$work/found"; then
    fail "a page names something of the fixtures"
    grep -oF -f "$work/secrets" "$work/found" | sort | uniq -c | head >&2
fi

# ---- the same home, the same bytes; and nothing is changed by looking
find "$home" -type f ! -name '*-shm' ! -name '*-wal' -exec cksum {} + | sort >"$work/before"
page "$work/again" 7
assert_same "the same page again" "$work/again" "$work/batch-7.html"
page "$work/again" --night 2026-11-23
assert_same "the same night again" "$work/again" "$work/night.html"
home_init "$work/twin"
cp -R "$small/in/." "$work/twin/in/"
night_run "$work/twin"
home=$work/twin page "$work/again" 7
assert_same "the same page of another home" "$work/again" "$work/batch-7.html"
find "$home" -type f ! -name '*-shm' ! -name '*-wal' -exec cksum {} + | sort >"$work/after"
assert_same "a report changes nothing in the home" "$work/after" "$work/before"

# ---- what the banks answered
answer() { # CENTRAL FILE STATUS: a pain.002 on that order file of the twin
    id=$(sed -n 's/.*<MsgId>\([^<]*\)<.*/\1/p' "$work/twin/out/central/$1/$2" | head -n 1)
    cat >"$work/twin/in/central/$1/answer-$2" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-$2</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>$id</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId>$3</OrgnlGrpInfAndSts>
</CstmrPmtStsRpt></Document>
END
}
mkdir -p "$work/twin/in/central/central-vest" "$work/twin/in/central/central-oest"
answer central-oest nks-BNG4G0XESSB8DSAC-o0005.xml '<GrpSts>ACSC</GrpSts>'
answer central-vest nks-BNG4G0XESSB8DSAC-o0004.xml '<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>'
night_run "$work/twin" 2026-11-23T05:40:00Z
home=$work/twin at=2026-11-23T05:40:00Z page "$work/answered" 7
home=$work/twin at=2026-11-23T05:40:00Z page "$work/answered-10" '#19'
nbsp=$(printf '\302\240')
has "$work/answered" "2${nbsp}carried out"
has "$work/answered" "4${nbsp}rejected or returned"
has "$work/answered" 'Carried out by the bank'
has "$work/answered" 'AC04'
has "$work/answered" 'The debtor account is closed'
has "$work/answered" 'Returned by the bank'
has "$work/answered" 's0002.xml'
has "$work/answered-10" 'This is an answer of a bank. It was used.'

# ---- into a file: never over another one, all or nothing
nks_run report 7 --out "$work/page"
assert_eq "report --out" "$code" 0
grep -q "^page	.*	$(hash_of "$work/page")$" "$work/said" || fail "report --out does not tell the file"
assert_same "the page in a file" "$work/page" "$work/batch-7.html"
nks_run --json report 7 --out "$work/page.json"
grep -q '^{"v":1,"type":"page",' "$work/said" || fail "report --json --out"
echo mine >"$work/taken"
nks_run report 7 --out "$work/taken"
assert_eq "a name that is taken" "$code" 2
grep -q REPORT-EXISTS "$work/said" || fail "REPORT-EXISTS is not told"
assert_eq "what was there" "$(cat "$work/taken")" mine
nks_run report 7 --out -
assert_same "--out -" "$work/said" "$work/batch-7.html"
nks_run report 7 --out "$work/nowhere/page"
assert_eq "a folder that is not there" "$code" 6
mkdir -m 500 "$work/closed"
if [ "$(id -u)" -eq 0 ]; then
    skip "root may write everywhere"
else
    nks_run report 7 --out "$work/closed/page"
    assert_eq "a folder that may not be written" "$code" 6
    grep -q FILE-PERMISSION "$work/said" || fail "FILE-PERMISSION is not told"
fi
(
    ulimit -f 64 # blocks of 512 bytes; the database needs as many
    code=0
    "$NKS_BIN/nks" --home "$home" --now "$night" report --night 2026-11-23 --out "$work/limited" 2>"$work/limited.said" || code=$?
    echo "$code" >"$work/limited.code"
) || true
assert_eq "a file beyond the limit" "$(cat "$work/limited.code")" 6
assert_eq "what is left of it" "$(ls "$work" | grep '^limited$\|part$' || true)" ""
if [ -e /dev/full ]; then
    code=0
    "$NKS_BIN/nks" --home "$home" --now "$night" report 7 >/dev/full 2>"$work/said" || code=$?
    assert_eq "a full standard output" "$code" 4
    mount=$work/small-disk
    mkdir "$mount"
    if mount -t tmpfs -o size=16k none "$mount" 2>/dev/null; then
        nks_run report --night 2026-11-23 --out "$mount/page"
        left=$(ls "$mount")
        umount "$mount"
        assert_eq "a full disk" "$code" 4
        assert_eq "what is left on it" "$left" ""
        grep -q DISK-FULL "$work/said" || fail "DISK-FULL is not told"
    else
        skip "no disk can be mounted: a full disk is not tried"
    fi
fi

# ---- what cannot be done says what to do
refused() { # CODE WORDS-IN-ANSWER WORDS...
    want=$1 words_wanted=$2
    shift 2
    nks_run report "$@"
    assert_eq "nks report $*" "$code" "$want"
    checks=$((checks + 1))
    grep -qF -- "$words_wanted" "$work/said" || fail "nks report $*: $(head -n 1 "$work/said")"
    assert_eq "lines of nks report $*" "$(grep -c '<html' "$work/said" || true)" 0
}
refused 2 'nks list' 999
refused 2 'nks list' ZZZZZZZZZZZZZZZZ
refused 2 'nks list' '#999'
refused 2 'needs BATCH, or --night DATE'
refused 2 'BATCH or --night' 7 --night 2026-11-23
refused 2 '2026-11-23' --night yesterday
refused 2 '2026-11-23' --night 2026-02-30
refused 2 'en or da' 7 --language no
refused 2 '--out' 7 --json
if have script; then
    TERM=xterm script -qec "'$NKS_BIN/nks' --home '$home' --now $night report 7" /dev/null >"$work/said" 2>&1 </dev/null || true
    has "$work/said" 'name its file with --out'
fi

# ---- bounded: what is beyond a ceiling is counted, not shown
many() { # COPIES TAG: every payment so often, with references of its own
    awk -v copies="$1" -v tag="$2" '
        /<CdtTrfTxInf>/ { inside = 1; block = "" }
        /<CtrlSum>/ && !inside { next }
        /<NbOfTxs>/ && !inside { n = $0; gsub(/[^0-9]/, "", n); sub(/<NbOfTxs>[0-9]*/, "<NbOfTxs>" n * copies) }
        { sub(/<MsgId>[^<]*/, "<MsgId>" tag) }
        inside { block = block $0 "\n"
            if (/<\/CdtTrfTxInf>/) { inside = 0
                gsub(/<InstrId>[^<]*<\/InstrId>|<UETR>[^<]*<\/UETR>/, "", block)
                for (i = 1; i <= copies; i++) { one = block; gsub(/<EndToEndId>[^<]*/, "<EndToEndId>" tag "-" ++seq, one); printf "%s", one } }
            next }
        { print }'
}
many 60 MANY-A <"$small/in/sender/proeve-kommune/20-afviste.xml" >"$home/in/sender/proeve-kommune/many.xml"
many 1010 MANY-B <"$small/in/sender/proeveskat/93-sum.xml" >"$home/in/sender/proeveskat/many.xml"
night_run "$home"
nks_run list --payer proeve-kommune
rejected_batch=$(awk -F '\t' '$1 == "delivery" && $8 > 14 { print $8 }' "$work/said")
nks_run list --payer proeveskat
file_batch=$(awk -F '\t' '$1 == "delivery" && $8 > 14 { print $8 }' "$work/said")
page "$work/rejected" "$rejected_batch"
page "$work/many-files" "$file_batch"
nks_run --json show "$rejected_batch"
rejected=$(sed -n 's/.*"outcome":"REJECTED","currency":"DKK","payments":\([0-9]*\).*/\1/p' "$work/said")
checks=$((checks + 1))
[ "${rejected:-0}" -gt 600 ] || fail "only ${rejected:-0} payments were rejected: the ceiling is not reached"
if have xmllint; then
    reasons="//*[local-name()='section'][@id='reasons']"
    shown=$(ask "$work/rejected" "count($reasons//*[local-name()='table']/*[local-name()='tbody']/*)")
    assert_eq "rejected payments shown" "$shown" 500
    more=$(ask "$work/rejected" "$reasons//*[@class='more']/text()" | tr -cd '0-9\n' | awk '{ sum += $1 } END { print sum + 0 }')
    told=$(ask "$work/rejected" "$reasons//*[@class='tally']/text()[1]" | sed "s/$(printf '\302\240').*//" | tr -cd '0-9\n' | awk '{ sum += $1 } END { print sum + 0 }')
    assert_eq "shown and more" "$((shown + more))" "$told"
    checks=$((checks + 1))
    [ "$told" -ge "$rejected" ] || fail "only $told of $rejected rejected payments are told of"
    orders="//*[local-name()='table'][@aria-labelledby='orders']"
    total="$orders/*[local-name()='tfoot']/*/*"
    assert_eq "order files shown" "$(ask "$work/many-files" "count($orders/*[local-name()='tbody']/*)")" 200
    assert_eq "order files in all" "$(ask "$work/many-files" "concat($total[1],'|',$total[2],'|',$total[3])" | plain)" \
        "In all: 202 files|1010|50500.00"
fi
has "$work/many-files" 'and 2 more'
checks=$((checks + 1))
[ "$(wc -c <"$work/rejected")" -lt 600000 ] && [ "$(wc -c <"$work/many-files")" -lt 600000 ] || fail "a page is large"

# ---- a real browser: nothing is wider than the screen
browser=
for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || ! have $name || browser=$name
done
if [ -z "$browser" ]; then
    skip "no browser: widths are not measured"
else
    {
        echo '<!DOCTYPE html><body>'
        for name in batch-7 batch-10 night bundt nat; do
            for width in 320 375 1280; do
                echo "<iframe src='$name.html' data-width='$width' style='width:${width}px;height:800px;border:0'></iframe>"
            done
        done
        echo '<pre id="said"></pre><script>onload = () => { let said = "measured";
            for (const f of document.querySelectorAll("iframe")) {
                const d = f.contentDocument, w = d.documentElement.scrollWidth;
                if (w > f.dataset.width) said += " wide:" + f.getAttribute("src") + ":" + f.dataset.width + ":" + w;
                if (f.dataset.width < 400)
                    for (const e of d.querySelectorAll("p, td, th, dd, dt, li, code"))
                        if (parseFloat(f.contentWindow.getComputedStyle(e).fontSize) < 12) said += " small:" + e.tagName; }
            document.getElementById("said").textContent = said; }</script>'
    } >"$work/measure.html"
    mkdir "$work/browser"
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/browser" \
        --allow-file-access-from-files --virtual-time-budget=5000 --dump-dom "file://$work/measure.html" 2>/dev/null |
        sed -n 's/.*<pre id="said">\(.*\)<\/pre>.*/\1/p' >"$work/measured" || true
    if [ -s "$work/measured" ]; then
        assert_eq "widths in $browser" "$(cat "$work/measured")" measured
    else
        skip "$browser does not start here: widths are not measured"
    fi
fi

test_end
