#!/bin/sh
# The walls of the house: who may include whom, whose SQL names whose tables, which library is met where, and what may not
# stand in the source at all. Reads the source only. At its end it plants every violation in a small tree of its own and
# wants each of them reported.
. "${NKS_SOURCE:?}/tests/system/lib.sh"

# One C file per call of the shell would be slow: everything about C goes through one awk. It sees each line three times: as
# it is (includes), without comments and strings (calls), and the strings alone (SQL).
cat >"$work/c.awk" <<'AWK'
function report(rule, words) { print rule ": " file ":" FNR ": " words }

# Takes comments away; what stands between quotes goes to `strings`, and leaves "" in `code`.
function split_line(line,    c, two, quote, i, n) {
    code = ""; strings = ""; n = length(line); i = 1
    while (i <= n) {
        if (in_comment) {
            c = index(substr(line, i), "*/")
            if (c == 0) return
            i += c + 1; in_comment = 0
            continue
        }
        # everything up to the next character that means something
        if (match(substr(line, i), /["'\/]/) == 0) { code = code substr(line, i); return }
        code = code substr(line, i, RSTART - 1); i += RSTART - 1
        c = substr(line, i, 1); two = substr(line, i, 2)
        if (two == "//") return
        if (two == "/*") { in_comment = 1; i += 2; continue }
        if (c == "/") { code = code c; i++; continue }
        quote = c; i++
        code = code quote quote
        while (i <= n && substr(line, i, 1) != quote) {
            if (substr(line, i, 1) == "\\") i++
            else if (quote == "\"") strings = strings substr(line, i, 1)
            i++
        }
        strings = strings " "; i++
    }
}

function rank(room) {
    if (room == "base") return 1
    if (room == "denmark" || room == "db" || room == "vault") return 2
    if (room == "iso20022" || room == "import") return 3
    if (business[room]) return 4
    if (room == "stage") return 5
    if (room == "report") return 6
    if (room == "cmd") return 7
    return 0
}

function include(name,    target) {
    target = name; sub(/\/.*/, "", target)
    if (name ~ /\// && rank(target) && target != room) {
        if (business[room] && business[target]) report("business", room " includes " name)
        else if (rank(target) >= rank(room)) report("order", room " includes " name)
        if (room != target && name ~ /_private\.h$/) report("private", room " includes " name)
    }
    if (name ~ /_sql\.h$/ && rank(room) < 7) {
        target = name; sub(/_sql\.h$/, "", target)
        # the schema steps of every module are put together in one place
        if (!((room, target) in has_sql) && file != "lib/stage/schema.c") report("statements", room " includes " name)
    }
    if (name ~ /^sqlite3/ && file !~ /^lib\/db\/sqlite(_[a-z]+)*\.c$/) report("library", name)
    if (name ~ /libpq|postgres/ && file !~ /^lib\/db\/postgres(_[a-z]+)*\.[ch]$/) report("library", name)
    if (name ~ /^libxml\// && room != "iso20022" && file != "lib/report/transform.c") report("library", name)
    if (name ~ /^libxslt\// && file != "lib/report/transform.c") report("library", name)
    if (name ~ /^openssl\// && room != "vault" && file != "lib/base/file.c") report("library", name)
    if (name ~ /seccomp|landlock|^zstd/ && room != "vault") report("library", name)
    if (name ~ /^(csv|ini)\.h$/ && room != "base") report("library", name)
    if (name ~ /^jansson/ && room != "cmd") report("library", name)
}

function call(name, rule) {
    if (code ~ ("(^|[^A-Za-z0-9_.>])" name "[ \t]*\\(")) report(rule, name)
}

BEGIN {
    split("agreement register debt ventekonto payment exchange trail person", list, " ")
    for (i in list) business[list[i]] = 1
    split("strcpy strcat sprintf vsprintf gets strtok atoi", banned, " ")
    split("printf vprintf puts putchar perror exit", talk, " ")
    while ((getline line < sqls) > 0) {
        split(line, part, "/")
        sub(/\.sql$/, "", part[3])
        has_sql[part[2], part[3]] = 1
    }
}
FNR == 1 {
    file = FILENAME; sub(/^\.\//, "", file)
    split(file, part, "/")
    room = part[1] == "lib" ? part[2] : part[1]
    in_comment = 0
}
{
    if ($0 ~ /^[ \t]*#[ \t]*include/) {
        name = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", name); sub(/[>"].*/, "", name)
        include(name)
        next
    }
    split_line($0)
    for (i in banned) call(banned[i], "banned")
    if (part[1] != "lib") next
    for (i in talk) call(talk[i], "talks")
    if (code ~ /(^|[^A-Za-z0-9_])(stderr|stdout)([^A-Za-z0-9_]|$)/) report("talks", "stdout or stderr")
    if (room != "db" && (" " strings) ~ /[^A-Za-z](SELECT|INSERT|UPDATE|DELETE|PRAGMA|CREATE TABLE)[^A-Za-z]/)
        report("sql", "SQL text in a string")
}
AWK

# In SQL a table of another module is met after these words, or as `table.column`; columns may be called as they like.
cat >"$work/sql.awk" <<'AWK'
FNR == 1 { file = FILENAME; sub(/^\.\//, "", file); split(file, part, "/"); module = part[2] }
{
    sub(/--.*/, "")
    line = $0
    gsub(/\./, " . ", line); gsub(/[^A-Za-z0-9_.{}:]+/, " ", line)
    n = split(line, word, " ")
    for (i = 1; i <= n; i++) {
        here = word[i]
        if (pass == 1) {
            if (toupper(before) == "TABLE" && toupper(here) != "IF") print here, module
            if (toupper(before) == "EXISTS" && toupper(earlier) == "NOT") print here, module
        } else if (here in owner && owner[here] != module &&
                   (toupper(before) ~ /^(FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES|ON)$/ || word[i + 1] == "." && before != "."))
            print "tables: " file ":" FNR ": " module " names " here " of " owner[here]
        earlier = before; before = here
    }
}
BEGIN { if (pass == 2) while ((getline line < tables) > 0) { split(line, two, " "); owner[two[1]] = two[2] } }
AWK

# Comma lists (FROM a, b) would hide the second table from the rule above: they are not our style, so they are refused.
cat >"$work/comma.awk" <<'AWK'
{ line = $0; sub(/--.*/, "", line)
  if (toupper(line) ~ /(^|[^A-Z_])FROM [A-Z_]+( [A-Z_]+)?, *[A-Z_]+/) { f = FILENAME; sub(/^\.\//, "", f); print "tables: " f ":" FNR ": a list of tables after FROM" } }
AWK

walls() { # TREE: one line per violation
    (
        cd "$1"
        find lib -name '*.sql' | sort >"$work/sqls"
        find lib cmd -name '*.[ch]' | sort | xargs awk -v sqls="$work/sqls" -f "$work/c.awk"
        xargs awk -v pass=1 -f "$work/sql.awk" <"$work/sqls" | sort -u >"$work/tables"
        xargs awk -v pass=2 -v tables="$work/tables" -f "$work/sql.awk" <"$work/sqls"
        xargs awk -f "$work/comma.awk" <"$work/sqls"
        # what is a machine's or a person's own business does not belong in the project
        tracked | grep -vE '^tests/system/test_walls\.sh$' >"$work/tracked"
        tr '\n' '\0' <"$work/tracked" | xargs -0 grep -nIE '(^|[^A-Za-z0-9_.$}"]|(^|[^A-Za-z0-9_}])")/(work|home|root|Users)/' | sed 's/^/path: /' || true
        grep -vE '^(tests|scripts|doc|\.ci)/|\.md$' "$work/tracked" | tr '\n' '\0' |
            xargs -0 grep -nIE '(^|[^A-Za-z0-9_.$}])/tmp/' | sed 's/^/path: /' || true
        tr '\n' '\0' <"$work/tracked" | xargs -0 grep -nIE '(<<<<<<<|>>>>>>>) |(^|[^A-Z])FIXME([^A-Z]|$)' | sed 's/^/left: /' || true
    )
}

# The files of the project: those git knows and those it would take, else all but build folders.
tracked() {
    { git ls-files --cached --others --exclude-standard 2>/dev/null | grep . ||
        find . -type f ! -path './build*' ! -path './.git/*' | sed 's|^\./||'; } | sort |
        while read -r name; do
            [ ! -f "$name" ] || echo "$name"
        done
}

walls "$NKS_SOURCE" >"$work/found"
checks=$((checks + 1))
[ "$(wc -l <"$work/tables")" -ge 15 ] || fail "only $(wc -l <"$work/tables") tables were found"
[ ! -s "$work/found" ] || {
    fail "$(wc -l <"$work/found" | tr -d ' ') walls are broken"
    head -n 50 "$work/found" >&2
}

# ---- the test can fail
tree=$work/tree
plant() { # FILE TEXT
    mkdir -p "$tree/$(dirname "$1")"
    printf '%b\n' "$2" >>"$tree/$1"
}
must_report() { # RULE FILE TEXT
    rm -rf "$tree"
    plant lib/debt/debt.sql 'CREATE TABLE debt_claim (\n  id {id}\n);\n-- name: x\nSELECT id, payment FROM debt_claim;'
    plant lib/payment/payment.sql 'CREATE TABLE payment (\n  id {id}\n);'
    plant lib/payment/payment.c '#include "payment_sql.h"\n#include "db/db.h"\nint payment(char *b) { return snprintf(b, 2, "%%d", 1); }'
    plant lib/vault/jail.c '#include <seccomp.h>\n#include <openssl/evp.h>\n/* printf("x"); */ void f(void) { _exit(1); }'
    plant cmd/nks/nks.c '#include "stage/run.h"\n#include "nks.h"\n#include <jansson.h>\nint main(void) { exit(printf("x")); }'
    plant lib/report/transform.c '#include "report/report.h"\n#include <libxml/parser.h>\n#include <libxslt/transform.h>'
    [ "$1" = none ] || plant "$2" "$3"
    walls "$tree" >"$work/found" 2>"$work/found.err"
    checks=$((checks + 1))
    if [ "$1" = none ]; then
        [ ! -s "$work/found" ] || fail "a clean tree: $(cat "$work/found")"
    elif ! grep -q "^$1: $2:" "$work/found"; then
        fail "not reported: $1 in $2: $3"
        cat "$work/found" "$work/found.err" >&2
    fi
}
must_report none '' ''
for pair in agreement:register register:debt debt:ventekonto ventekonto:payment payment:exchange exchange:trail trail:person person:agreement; do
    must_report business "lib/${pair%:*}/a.c" "#include \"${pair#*:}/${pair#*:}.h\""
done
for pair in base:denmark denmark:db db:vault vault:db vault:iso20022 iso20022:payment payment:stage debt:cmd stage:report \
    report:cmd; do
    must_report order "lib/${pair%:*}/a.h" "#include \"${pair#*:}/x.h\""
done
must_report private lib/stage/a.c '#include "debt/debt_private.h"'
must_report statements lib/debt/a.c '#include "payment_sql.h"'
must_report statements lib/stage/a.c '#include "debt_sql.h"'
for header in sqlite3.h libpq-fe.h openssl/evp.h libxml/SAX2.h libxslt/xslt.h seccomp.h linux/landlock.h zstd.h csv.h ini.h \
    jansson.h; do
    must_report library lib/stage/a.c "  #  include <$header>"
done
must_report library lib/report/report.c '#include <libxslt/transform.h>'
must_report library lib/report/batch.c '#include <libxml/parser.h>'
must_report library cmd/nks/a.c '#include <libxslt/transform.h>'
must_report library lib/vault/a.c '#include <sqlite3.h>'
must_report library lib/db/a.c '#include <sqlite3.h>'
must_report library lib/db/a.c '#include <libpq-fe.h>'
must_report library lib/db/sqlite.c '#include "db/postgres_private.h"'
must_report library lib/base/text.c '#include <openssl/evp.h>'
must_report library cmd/nks/a.c '#include <sqlite3.h>'
for words in 'printf("x");' 'fprintf(stderr, "x");' 'exit(1);' 'puts("x");' 'perror("x");'; do
    must_report talks lib/base/a.c "void f(void) { $words }"
done
for words in 'strcpy(a, b);' 'strcat(a, b);' 'sprintf(a, b);' 'gets(a);' 'strtok(a, b);' 'x = atoi(a);'; do
    must_report banned lib/base/a.c "void f(void) { /* */ $words }"
    must_report banned cmd/nks/a.c "$words"
done
for words in SELECT INSERT UPDATE DELETE; do
    must_report sql lib/stage/a.c "const char *a = \"$words x\";"
done
for words in 'SELECT 1 FROM payment;' 'INSERT INTO payment (id) VALUES (1);' 'UPDATE payment SET id = 1;' \
    'DELETE FROM payment;' 'SELECT 1 FROM debt_claim c JOIN payment p;' 'SELECT payment.id FROM x;' 'SELECT 1 FROM\n  payment' \
    'SELECT 1 FROM debt_claim, payment;' 'CREATE INDEX x ON payment(id);' '  id {id} REFERENCES payment(id)'; do
    must_report tables lib/debt/debt.sql "$words"
done
must_report path lib/stage/a.c '/* see /work/notes */'
must_report path cmd/nks/a.c 'const char *a = "/tmp/x";'
must_report path cmd/nks/a.c 'const char *a = "/home/x";'
must_report path scripts/a.sh 'cd /home/somebody'
must_report left lib/stage/a.c '/* FIXME */'

test_end
