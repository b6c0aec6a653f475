#!/bin/sh
# check_small.sh HOME: compares what a home published for the small night with the tables of fixtures/README.md: amounts,
# destinations, order of legs, statuses and reasons of every payment, the answer to every refused file, and the central,
# version and size of every order file. Independent of nks: reads README, CSV and XML alone. Prints each deviation; exit 1.
set -eu
: "${NKS_SOURCE:?}"
home=$1
small=$NKS_SOURCE/fixtures/small
readme=$NKS_SOURCE/fixtures/README.md
work=$(mktemp -d "${TMPDIR:-/tmp}/nks-check.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
LC_ALL=C
export LC_ALL

common='
    function amount(text) { # 125.50000 -> 125.50
        while (text ~ /\.[0-9][0-9][0-9]+$/ && text ~ /0$/) text = substr(text, 1, length(text) - 1)
        if (text !~ /\./) text = text ".00"
        if (text ~ /\.[0-9]$/) text = text "0"
        return text
    }
    function tag(text, name) {
        if (!match(text, "<" name "( [^>]*)?>[^<]*<")) return ""
        text = substr(text, RSTART, RLENGTH - 1)
        sub(/^[^>]*>/, "", text)
        return text
    }
'

in_utf8() { # FILE
    encoding=$(sed -n '1s/.*encoding="\([^"]*\)".*/\1/p' "$1")
    iconv -f "${encoding:-UTF-8}" -t UTF-8 "$1" 2>/dev/null || true
}

# ---- the inputs: message id, version, and the EndToEndId of every payment
for path in "$small"/in/sender/*/*.xml; do
    file=${path#"$small/in/sender/"}
    in_utf8 "$path" | awk -v file="$file" "$common"'
        match($0, /xsd:pain\.001\.001\.[0-9]+/) { version = substr($0, RSTART + 4, RLENGTH - 4) }
        /<MsgId>/ { print "message\t" file "\t" tag($0, "MsgId") "\t" version }
        /<EndToEndId>/ { print "payment\t" file "\t" ++seq "\t" tag($0, "EndToEndId") }'
done >"$work/inputs"

# ---- claims: id -> account of the authority
awk -F, '$1 == "AUTHORITY" { n = split($0, f, ","); for (i = n; i > 0; i--) if (f[i] ~ /^[0-9]+$/ && length(f[i]) == 14) { print "authority\t" $2 "\t" f[i]; break } }
    $1 == "CLAIM" { print "claim\t" $2 "\t" $9 }' "$small/debts.csv" >"$work/claims"

# ---- what the tables say: legs "file seq k amount currency account", statuses "file seq status reason told"
awk -F '|' -v legs="$work/legs.expected" -v statuses="$work/statuses.expected" -v refusals="$work/refusals.expected" "$common"'
    function account_of(text) {
        if (match(text, /[0-9][0-9][0-9][0-9] [0-9][0-9][0-9][0-9][0-9][0-9][0-9]+/)) {
            text = substr(text, RSTART, RLENGTH)
            sub(/ /, "", text)
            return text
        }
        if (match(text, /[0-9][0-9]\+[0-9]+/) || match(text, /[A-Z][A-Z][0-9][0-9][0-9A-Z]+/)) return substr(text, RSTART, RLENGTH)
        return "?" text
    }
    function leg(money, account) { print file "\t" seq "\t" ++k "\t" amount(money) "\t" currency "\t" account >legs }
    function words(text) { gsub(/^ +| +$/, "", text); return text }
    FILENAME != readme_name && /^(authority|claim)\t/ {
        split($0, f, "\t")
        if (f[1] == "authority") authority[f[2]] = f[3]
        else claim[f[2]] = f[3]
        next
    }
    /^### small/ { file = $0; sub(/^.*in\/sender\//, "", file); next }
    /^### / { file = "" }
    /^\| `[^`]*\.xml` / {
        name = words($2); gsub(/`/, "", name)
        what = words($4)
        if (match(what, /refused [A-Z0-9]+/)) print name "\t" substr(what, RSTART + 8, RLENGTH - 8) >refusals
        else print name "\trepeated" >refusals
        next
    }
    file != "" && /^\| *[0-9]+ \|/ {
        seq = words($2) + 0
        split(words($3), m, " ")
        money = m[1]; currency = m[2] == "" ? "DKK" : m[2]; k = 0
        what = words($5)
        told = what ~ /told what was left out/ ? "NARR" : ""
        status = "ACCP"; reason = ""
        if (what ~ /^rejected /) { split(what, r, " "); status = "RJCT"; reason = r[2] }
        else if (what ~ /not due before/) status = "PDNG"
        else if (what ~ /^(ventekonto|error account) /) { status = "ACWC"; reason = "BE06"; leg(money, account_of(what)) }
        else if (what ~ /^F-/) { split(what, r, " "); leg(r[2], account_of(what)) }
        else if (what ~ /^sent /) leg(money, account_of(what))
        else {
            n = split(what, clause, /[;,] /)
            for (i = 1; i <= n; i++) {
                split(clause[i], r, " ")
                if (r[1] ~ /^K-/) leg(r[2], authority[claim[r[1]]])
                else if (r[1] == "payee" && r[2] != "nothing") leg(r[2], account_of(clause[i]))
                else if (r[1] != "payee") print "the table says what is not understood: " file " " seq ": " clause[i]
            }
        }
        print file "\t" seq "\t" status "\t" reason "\t" told >statuses
    }' "$work/claims" "$readme" >"$work/deviations"
sort -t "$(printf '\t')" -k 1,1 -k 2,2n -k 3,3n "$work/legs.expected" -o "$work/legs.expected"

# ---- batches: reference -> file, by the receipts
for receipt in "$home"/out/sender/*/nks-*-r0001.xml; do
    sender=${receipt%/*}
    reference=${receipt##*/nks-}
    printf '%s\t%s\t%s\t%s\n' "${reference%-r0001.xml}" "${sender##*/}" \
        "$(in_utf8 "$receipt" | sed -n 's/.*<OrgnlMsgId>\([^<]*\)<.*/\1/p')" \
        "$(sed -n 's/.*<GrpSts>\([^<]*\)<.*/\1/p' "$receipt")"
done >"$work/receipts"
awk -F '\t' 'NR == FNR { if ($1 == "message") file[substr($2, 1, index($2, "/") - 1) "\t" $3] = file[substr($2, 1, index($2, "/") - 1) "\t" $3] == "" ? $2 : file[substr($2, 1, index($2, "/") - 1) "\t" $3]; next }
    $4 != "RJCT" { print $1 "\t" file[$2 "\t" $3] }' "$work/inputs" "$work/receipts" >"$work/batches"

# ---- what the order files say
find "$home/out/central" -name '*.xml' | sort | while read -r path; do
    awk -F '\t' -v central="$(basename "$(dirname "$path")")" -v name="${path##*/}" "$common"'
        function account(part) {
            if (match(part, /<Id><IBAN>[^<]*/)) {
                part = substr(part, RSTART + 10, RLENGTH - 10)
                return part ~ /^DK/ ? substr(part, 5) : part
            }
            match(part, /<Othr><Id>[^<]*/)
            return (part ~ /<Prtry>FIK71</ ? "71+" : "") substr(part, RSTART + 10, RLENGTH - 10)
        }
        function part(text, name) {
            if (!match(text, "<" name ">.*</" name ">")) return ""
            return substr(text, RSTART, RLENGTH)
        }
        NR == FNR { batch[$1] = $2; next }
        match($0, /xsd:pain\.001\.001\.[0-9]+/) { version = substr($0, RSTART + RLENGTH - 2, 2) }
        /<PmtInf>/ { debtor = account(part($0, "DbtrAcct")) }
        /<CdtTrfTxInf>/ {
            split(tag($0, "InstrId"), id, "-")
            match($0, /Ccy="[A-Z]+"/)
            currency = substr($0, RSTART + 5, 3)
            print batch[substr(id[1], 2)] "\t" id[2] "-" id[3] "\t" id[4] "\t" amount(tag($0, "InstdAmt")) "\t" currency "\t" account(part($0, "CdtrAcct")) "\t" tag($0, "EndToEndId") "\t" central "\t" version "\t" debtor "\t" name
        }' "$work/batches" "$path"
done | sort -t "$(printf '\t')" -k 1,1 -k 2,2 -k 3,3n >"$work/legs.found"
# A leg's id counts within its slice: its payment is found by the EndToEndId, which stays the payer's. The same one again
# (NOTPROVIDED) is the next payment of the message that has it and is not rejected.
awk -F '\t' '
    FILENAME ~ /inputs$/ { if ($1 == "payment") e2e[$2 "\t" $3] = $4; next }
    FILENAME ~ /statuses/ { if ($3 != "RJCT") { key = $1 "\t" e2e[$1 "\t" $2]; seq[key, ++last[key]] = $2 } next }
    {
        key = $1 "\t" $7
        if (!((key, $2) in given)) given[key, $2] = seq[key, ++used[key]]
        $2 = given[key, $2]
        if ($2 == "") $2 = "unknown: " $7
        print
    }' OFS='\t' "$work/inputs" "$work/statuses.expected" "$work/legs.found" |
    sort -t "$(printf '\t')" -k 1,1 -k 2,2n -k 3,3n >"$work/legs.all"
cut -f 1-6 "$work/legs.all" >"$work/legs"
diff "$work/legs.expected" "$work/legs" >"$work/legs.diff" || {
    echo "legs (< the table, > the order files):"
    cat "$work/legs.diff"
} >>"$work/deviations"

# central, version and size of the order files, by centrals.csv
sed 's/"[^"]*, ""[^"]*"""/-/' "$small/centrals.csv" | awk -F '[,\t]' '
    FILENAME == "-" || NR == FNR { if ($1 ~ /^central-/) { version[$1] = $3; max[$1] = $4; ranges[$1] = $7 } next }
    {
        found = ""
        for (c in ranges) {
            n = split(ranges[c], r, ";")
            for (i = 1; i <= n; i++)
                if (substr($10, 1, 4) + 0 >= substr(r[i], 1, 4) + 0 && substr($10, 1, 4) + 0 <= substr(r[i], 6, 4) + 0) found = c
        }
        if (found != $8) print $11 ": debtor account of " found " in a file to " $8
        if (version[$8] != $9) print $11 ": version " $9 ", " $8 " reads " version[$8]
        if (++count[$11] == max[$8] + 1) print $11 ": more than " max[$8] " payments"
    }' - "$work/legs.all" >>"$work/deviations"

# ---- statuses: every payment where the agreement says ALL, else the exceptions, in the order of the message
level_of() { # PAYER
    sed -n "s/^[^,]*,$1,.*,\(ALL\|EXCEPTIONS\|END\),\(SAME\|03\|10\),.*/\1 \2/p" "$small/agreements.csv"
}
while IFS="$(printf '\t')" read -r reference file; do
    report=$(find "$home/out/payer" -name "nks-$reference-s0001.xml")
    # A payer that wants one report at the end gets none in this night: something of every file waits for a bank.
    if grep -q "^${file%%/*},.*,END," "$small/agreements.csv"; then
        [ -z "$report" ] || echo "a status report for $file, which is not at its end" >>"$work/deviations"
        continue
    fi
    [ -n "$report" ] || { echo "no status report for $file" >>"$work/deviations"; continue; }
    payer=$(basename "$(dirname "$report")")
    level=$(level_of "$payer")
    version=${level#* }
    [ "$version" != SAME ] || version=$(awk -F '\t' -v f="$file" '$1 == "message" && $2 == f { print $4 ~ /03$/ ? "03" : "10" }' "$work/inputs")
    grep -q "xsd:pain.002.001.$version\"" "$report" || echo "$report is not of version $version" >>"$work/deviations"
    awk -F '\t' -v all="${level% *}" -v file="$file" 'NR == FNR { if ($1 == "payment") e2e[$2 "\t" $3] = $4; next }
        $1 == file && (all == "ALL" || $3 != "ACCP" || $5 != "") { print e2e[$1 "\t" $2] "\t" $3 "\t" $4 $5 }' \
        "$work/inputs" "$work/statuses.expected" >"$work/report.expected"
    in_utf8 "$report" >"$work/report.xml"
    awk "$common"'/<TxInfAndSts>/ {
        print tag($0, "OrgnlEndToEndId") "\t" tag($0, "TxSts") "\t" (match($0, /<Rsn><Cd>[^<]*/) ? substr($0, RSTART + 9, RLENGTH - 9) : "") }' \
        "$work/report.xml" >"$work/report"
    diff "$work/report.expected" "$work/report" >"$work/report.diff" || {
        echo "$file (< the table, > the status report):"
        cat "$work/report.diff"
    } >>"$work/deviations"
done <"$work/batches"
assert_batches=$(sort -u "$work/batches" | awk -F '\t' '$2 != ""' | wc -l | tr -d ' ')
[ "$assert_batches" -eq "$(grep -c '^### small' "$readme")" ] || echo "$assert_batches accepted files" >>"$work/deviations"

# ---- refused files: one receipt each, with the reason
while IFS="$(printf '\t')" read -r file reason; do
    dir=$home/out/sender/${file%/*}
    name=${file##*/}
    if [ "$reason" = repeated ]; then
        again=$(find "$dir" -name '*-again-*.xml')
        [ -n "$again" ] && cmp -s "$again" "${again%-again-*}.xml" || echo "$file: the first answer is not repeated"
        continue
    fi
    receipt=$(grep -l "<AddtlInf>file $name, SHA-256 " "$dir"/*.xml || true)
    if [ -z "$receipt" ]; then
        echo "$file: no receipt"
    elif ! grep -q '<GrpSts>RJCT</GrpSts>' "$receipt"; then
        echo "$file: not refused"
    else
        got=$(sed -n 's/.*<GrpSts>RJCT<\/GrpSts><StsRsnInf><Rsn><Cd>\([^<]*\)<.*/\1/p' "$receipt")
        [ "$got" = "$reason" ] || echo "$file: refused $got, the table says $reason"
    fi
done <"$work/refusals.expected" >>"$work/deviations"

cat "$work/deviations"
echo "$(wc -l <"$work/statuses.expected" | tr -d ' ') payments, $(wc -l <"$work/legs.expected" | tr -d ' ') legs, $(wc -l <"$work/refusals.expected" | tr -d ' ') refused files compared"
[ ! -s "$work/deviations" ]
