#!/bin/sh
# What the SQL of the modules may not hold, so that it runs on SQLite, on PostgreSQL, and on databases that share rows out
# over machines (Citus, YugabyteDB): no locks of its own, no messages, triggers or sequences, no clock and no chance, no word
# of one engine; the shard key of a shared-out table in its primary key and in every statement that names it, and never
# changed. Reads the source only; at its end it plants what it must find.
. "${NKS_SOURCE:?}/tests/system/lib.sh"

# Statements that look at all shards on purpose. They read a few numbers, once per command, or are part of an import.
everywhere="slice_epoch look_slices look_due debt_holders register_is_empty trail_holder_next ventekonto_balance"
everywhere="$everywhere debt_flag_unnamed_next debt_claim_unnamed_next" # full imports, holder by holder
everywhere="$everywhere return_of_payment trail_holders_of_link"        # the way back, asked for by a person or the auditor

cat >"$work/rules.awk" <<'AWK'
function report(rule, words) { print rule ": " file ": " words; bad = 1 }

# One piece is a statement or a step of the schema, in one line, without comments and quoted texts.
function judge(    text, low, i, t) {
    if (piece == "") return
    text = piece
    gsub(/'[^']*'/, "''", text)
    low = " " tolower(text) " "
    for (i in banned) if (low ~ ("[^a-z_0-9:.]" banned[i])) report("word", name ": " banned[i])
    if (low ~ /::/) report("word", name ": ::")
    if (low ~ / update [a-z_]+ set /) for (i in volatile) if (low ~ ("[^a-z_0-9:.]" volatile[i] "[ ]*\\(")) report("volatile", name ": " volatile[i])
    if (kind == "step") steps(text)
    else if (!library) shards(low)
    piece = ""
}
function steps(text,    n, part, i, table, key, pk) {
    n = split(text, part, ";")
    for (i = 1; i <= n; i++) {
        if (part[i] !~ /CREATE TABLE/ || !match(part[i], /\{partition [a-z_]+\}/)) continue
        key = substr(part[i], RSTART + 11, RLENGTH - 12)
        table = part[i]; sub(/.*CREATE TABLE +/, "", table); sub(/[ (].*/, "", table)
        if (pass == 1) { print table, key; continue }
        pk = part[i]
        if (match(pk, /PRIMARY KEY ?\([^)]*\)/)) pk = substr(pk, RSTART, RLENGTH)
        else { sub(/ *PRIMARY KEY.*/, "", pk); sub(/.*[(,] */, "", pk) }
        if (pk !~ ("(^|[^a-z_])" key "([^a-z_]|$)")) report("key", table ": its primary key is without " key)
    }
}
function shards(low,    t, words, set) {
    words = low; gsub(/[^a-z_0-9]+/, " ", words); words = " " words " "
    for (t in shard) {
        if (words !~ (" (from|join|into|update) " t " ")) continue
        if (!index(" " everywhere " ", " " name " ") && low !~ ("[^a-z_]" shard[t] " *(=|>=|>|in|between) *[(]?:") &&
            !(low ~ /^ *insert /  && words ~ (" " shard[t] " "))) report("shard", name ": " t " without a " shard[t] " that is given")
        if (words ~ (" update " t " set ")) {
            set = low; sub(/.* set /, "", set); sub(/ where .*/, "", set)
            if (set ~ ("(^|[ ,])" shard[t] " *=")) report("moved", name ": changes " shard[t])
        }
    }
}
BEGIN {
    split("pg_advisory listen notify trigger sequence serial nextval autoincrement rowid_ rowid pragma ifnull glob ilike regexp" \
        " json group_concat string_agg printf last_insert_rowid changes( insert_or replace_into returning natural lock_table" \
        " for_update for_share strftime julianday unixepoch datetime( current_timestamp current_date current_time now( random(" \
        " randomblob gen_random sqlite_ pg_ vacuum generate_series bytea blob bigserial", list, " ")
    for (i in list) { word = list[i]; gsub(/_/, "_", word); sub(/\(/, "[(]", word)
        if (word ~ /^(insert_or|replace_into|lock_table|for_update|for_share)$/) gsub(/_/, " +", word)
        if (word !~ /[(_]$|pg_|sqlite_|json|gen_random/) word = word "[^a-z_0-9]"
        banned[i] = word }
    split("now random clock_timestamp timeofday nextval gen_random_uuid current_setting txid_current", volatile, " ")
    if (pass == 2) while ((getline line < tables) > 0) { split(line, two, " "); shard[two[1]] = two[2] }
}
FNR == 1 { judge(); file = FILENAME; sub(/^\.\//, "", file); library = file ~ /^cmd\//; kind = ""; name = "" }
/^-- *name:/ { judge(); kind = "statement"; name = $NF; next }
/^-- *migration:/ { judge(); kind = "step"; name = "migration " $NF; next }
{ line = $0; sub(/--.*/, "", line); if (kind != "") piece = piece " " line }
END { judge() }
AWK

rules() { # TREE: one line for each thing that may not be
    (
        cd "$1"
        find lib cmd -name '*.sql' | sort >"$work/sqls"
        xargs awk -v pass=1 -f "$work/rules.awk" <"$work/sqls" | grep -v ': ' | sort -u >"$work/shards"
        xargs awk -v pass=2 -v tables="$work/shards" -v everywhere="$everywhere" -f "$work/rules.awk" <"$work/sqls"
    )
}

rules "$NKS_SOURCE" >"$work/found"
checks=$((checks + 1))
[ "$(wc -l <"$work/shards")" -ge 17 ] || fail "only $(wc -l <"$work/shards") tables are shared out"
[ ! -s "$work/found" ] || {
    fail "$(wc -l <"$work/found" | tr -d ' ') rules are broken"
    head -n 50 "$work/found" >&2
}
for name in $everywhere; do
    checks=$((checks + 1))
    grep -rqE "^-- name: $name\$" "$NKS_SOURCE/lib" --include='*.sql' || fail "there is no statement $name to let pass"
done

# ---- the test can fail
tree=$work/tree
plant() { # TEXT: behind a good step and a good statement
    rm -rf "$tree"
    mkdir -p "$tree/lib/payment" "$tree/cmd/audit"
    printf '%b\n' "-- migration: 1\nCREATE TABLE leg(\n  slice_id {id} NOT NULL,\n  n {int} NOT NULL,\n  PRIMARY KEY(slice_id, n)\n){partition slice_id}{clustered};\n\n-- name: good\nUPDATE leg SET n = 2 WHERE slice_id = :slice_id;\n\n$1" >"$tree/lib/payment/payment.sql"
    printf '%b\n' '-- name: audit_legs\nSELECT COUNT(*) FROM leg;' >"$tree/cmd/audit/audit.sql"
    rules "$tree" >"$work/found"
    checks=$((checks + 1))
}
plant ''
[ ! -s "$work/found" ] || fail "a good tree: $(cat "$work/found")"
must_report() { # RULE TEXT
    plant "$2"
    grep -q "^$1: " "$work/found" || fail "not reported as $1: $2: $(cat "$work/found")"
}
for words in 'SELECT pg_advisory_lock(1);' 'LISTEN x;' 'NOTIFY x;' "SELECT nextval('x');" 'SELECT n FROM leg WHERE slice_id = :slice_id FOR UPDATE;' \
    'LOCK TABLE leg;' 'SELECT random();' 'SELECT now();' 'SELECT CURRENT_TIMESTAMP;' 'SELECT rowid FROM leg WHERE slice_id = 1;' \
    'INSERT OR REPLACE INTO leg(slice_id) VALUES (1);' 'SELECT :a::text;' 'SELECT ifnull(1, 2);' 'PRAGMA x;' 'SELECT strftime(1);' \
    'SELECT json_extract(1);' 'DELETE FROM leg WHERE slice_id = 1 RETURNING n;'; do
    must_report word "-- name: bad\n$words"
done
must_report word '-- migration: 2\nCREATE TRIGGER x AFTER INSERT ON leg BEGIN SELECT 1; END;'
must_report word '-- migration: 2\nCREATE SEQUENCE x;'
must_report word '-- migration: 2\nCREATE TABLE x (i SERIAL);'
must_report volatile '-- name: bad\nUPDATE leg SET n = clock_timestamp() WHERE slice_id = :slice_id;'
must_report shard '-- name: bad\nSELECT n FROM leg WHERE n = :n;'
must_report shard '-- name: bad\nSELECT l.n FROM leg l JOIN slice s ON s.slice_id = l.slice_id WHERE s.state = :state;'
must_report shard '-- name: bad\nDELETE FROM leg WHERE n = :n;'
must_report moved '-- name: bad\nUPDATE leg SET n = 1, slice_id = 2 WHERE slice_id = :slice_id;'
must_report key '-- migration: 2\nCREATE TABLE x(\n  slice_id {id} NOT NULL,\n  n {int} PRIMARY KEY\n){partition slice_id}{table_options};'
must_report key '-- migration: 2\nCREATE TABLE x(\n  slice_id {id} NOT NULL,\n  n {int},\n  PRIMARY KEY(n)\n){partition slice_id}{table_options};'

test_end
