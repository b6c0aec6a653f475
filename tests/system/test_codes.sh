#!/bin/sh
# Every code that a person can meet is explained by `nks help CODE` and in doc/codes.md: what happened, what is safe, what
# to do. And every page is of a code that exists.
set -eu
: "${NKS_BIN:?}" "${NKS_SOURCE:?}"
words='AES-256-GCM ISO-8859-1 ISO-8859-15 LATIN-9 P-256 SHA-256 UTF-8 US-ASCII WINDOWS-1252 YYYY-MM-DD' # capitals that are no codes
work=$(mktemp -d "${TMPDIR:-/tmp}/nks-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
bad=0
fail() {
    echo "not ok: $*"
    bad=1
}

"$NKS_BIN/nks" help codes --markdown >"$work/pages"
cmp -s "$work/pages" "$NKS_SOURCE/doc/codes.md" ||
    fail "doc/codes.md is not what the program says: nks help codes --markdown >doc/codes.md"
sed -n 's/^## //p' "$work/pages" >"$work/paged"
"$NKS_BIN/nks" help codes | sed 1d | cut -f2 | LC_ALL=C sort >"$work/known"
cmp -s "$work/paged" "$work/known" || fail "the document and the list name other codes"
[ -z "$(uniq -d "$work/known")" ] || fail "explained twice: $(uniq -d "$work/known" | tr '\n' ' ')"

# Three parts of at least two words each, and an end to each sentence.
awk '
    function close_page() {
        if (page != "" && parts != "What happened What is safe What to do ") print page
        parts = ""
    }
    /^## / { close_page(); page = $2 }
    /^- \*\*(What happened|What is safe|What to do):\*\* [^ ]+ .*[.?]$/ { match($0, /:/); parts = parts substr($0, 5, RSTART - 5) " " }
    END { close_page() }' "$work/pages" >"$work/thin"
[ ! -s "$work/thin" ] || fail "a part is missing: $(tr '\n' ' ' <"$work/thin")"

# The sources: codes with a hyphen wherever they stand alone in quotes, any code right after a status, and codes that a
# program writes itself ("nks: CODE: ...").
find "$NKS_SOURCE/lib" "$NKS_SOURCE/cmd" -name '*.c' ! -name 'codes*.c' -exec cat {} + >"$work/sources"
{
    grep -oE '"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+"' "$work/sources"
    tr '\n' ' ' <"$work/sources" | grep -oE 'NKS_(RETRY|UNKNOWN|REFUSED|HELD|FAILED|INTEGRITY), *"[A-Z0-9-]+"' |
        grep -oE '"[A-Z0-9-]+"'
    grep -oE '"nks(-audit|-reader)?: [A-Z][A-Z0-9-]+:' "$work/sources" | sed 's/.*: \(.*\):/\1/'
    # The checks of nks-audit are the rows of its table.
    sed -n '/^static const struct audit_check checks/,/^};/s/^    {"\([a-z]*\)",.*/\1/p' "$NKS_SOURCE/cmd/audit/nks-audit.c" |
        tr '[:lower:]' '[:upper:]' | sed 's/^/AUDIT-/'
} | tr -d '"' | LC_ALL=C sort -u >"$work/all"
for word in $words; do
    echo "$word"
done | LC_ALL=C sort >"$work/words"
LC_ALL=C comm -23 "$work/all" "$work/words" >"$work/codes"
[ "$(wc -l <"$work/codes")" -ge 150 ] || fail "only $(wc -l <"$work/codes") codes were found in the sources"
[ "$(grep -c '^AUDIT-' "$work/codes")" -ge 15 ] || fail "the checks of nks-audit were not found"
unexplained=$(LC_ALL=C comm -23 "$work/codes" "$work/known" | tr '\n' ' ')
[ -z "$unexplained" ] || fail "not explained: $unexplained"
orphans=$(LC_ALL=C comm -13 "$work/codes" "$work/known" | tr '\n' ' ')
[ -z "$orphans" ] || fail "explained, but in no source: $orphans"

# What a program may exit with has a line, and how the reader ends is told apart by nks.
for code in $(grep -ohE 'EXIT_[A-Z]+ = [0-9]+' "$NKS_SOURCE/cmd/nks/codes.h" "$NKS_SOURCE/cmd/audit/nks-audit.c" | sed 's/.* //' | sort -u); do
    "$NKS_BIN/nks" help exit | grep -q "^ *$code  " || fail "exit $code has no line"
    grep -q "^| $code |" "$NKS_SOURCE/doc/operate.md" || fail "exit $code has no line in doc/operate.md"
done
for end in $(grep -oE 'NKS_READER_EXIT_[A-Z_]+ =' "$NKS_SOURCE/lib/iso20022/reader.h" | tr -d ' ='); do
    cat "$NKS_SOURCE/lib/iso20022/spawn.c" "$NKS_SOURCE/lib/stage/ingest.c" | grep -q "$end" || fail "$end is told apart by nobody"
done

# And one page as a person asks for it.
for code in BUSY busy AUDIT-TRAIL; do
    "$NKS_BIN/nks" help "$code" >"$work/page"
    for part in 'what happened' 'what is safe' 'what to do'; do
        grep -qx "$part" "$work/page" || fail "help $code: no $part"
    done
done
for usage in '--markdown' 'BUSY --markdown' 'codes --markdown --json'; do
    # shellcheck disable=SC2086 # words
    ! "$NKS_BIN/nks" help $usage >/dev/null 2>&1 || fail "help $usage is taken"
done
[ $bad -ne 0 ] || echo "ok: $(wc -l <"$work/known") codes"
exit $bad
