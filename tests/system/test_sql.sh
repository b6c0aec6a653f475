#!/bin/sh
# What the named statements may say, so that the same ones run on SQLite, on PostgreSQL and on what shards it: no word of one
# engine, nothing that a sharded database does not have, and in each statement about payments the key by which they are
# shared out. Reads the source only; at its end it plants every violation and wants each of them reported.
. "${NKS_SOURCE:?}/tests/system/lib.sh"

# TABLE<tab>KEY: what is shared out, and by what. A slice is the unit, so table slice itself is small; payment_return and
# payment_replay lead from one slice to another, so each would be in the wrong place for one of the two.
cat >"$work/shared-out" <<'END'
slice_rows_signature	slice_id
slice_details	slice_id
slice_decision	slice_id
payment	slice_id
leg	slice_id
slice_order_total	slice_id
slice_status_total	slice_id
ventekonto_entry	slice_id
account	holder_key
holder	holder_key
debt_flag	holder_key
debt_claim	holder_key
claim_use	holder_key
END
# Statements that look over all of it, each with its reason. The audit reads everything by its nature: its statements are held
# to the words alone.
cat >"$work/over-all" <<'END'
debt_holders	whom debts are of: once per import, to be put into the book of holders
debt_flag_unnamed_next	a full import, what the file does not name, holder by holder
debt_claim_unnamed_next	the same of claims
register_is_empty	whether there is any row
ventekonto_balance	the balance that people look at
END

cat >"$work/rules.awk" <<'AWK'
function report(rule, words) { print rule ": " file ": " name ": " words }
# The keyed table stands alone as a name, and its key is compared with something that is given.
function judge(    t, i, n, words) {
    if (text == "") return
    t = " " tolower(text) " "
    gsub(/'[^']*'/, "''", t)
    gsub(/[ \t]+/, " ", t)
    n = split("pg_advisory|listen |notify |create trigger|sequence|serial|autoincrement|random(|now(|current_|localtime|" \
              "clock_timestamp|datetime(|strftime(|julianday(|rowid|insert or |replace into|pragma|glob |" \
              "last_insert|changes(|ifnull(|group_concat|string_agg|printf(|instr(|iif(|returning |" \
              "::|create view|materialized view|limit all|ctid|for share|skip locked", words, "|")
    for (i = 1; i <= n; i++)
        if (index(t, words[i]) > 0) report("word", words[i])
    if (t ~ /(max|min)\([^()]*,/) report("word", "max or min of two")
    if (t ~ / collate /) report("word", "collate")
    if (migration || audit || name in over_all) { if (name in over_all) used[name] = 1; return }
    for (i in key)
        if (t ~ ("(from|join|into|update) " i "[^a-z_]") && t !~ /^ insert / &&
            t !~ ("[^a-z_]" key[i] " ?(=|>=|>|in|between) ?\\(?:"))
            report("key", "table " i " without " key[i])
    for (i in key)
        if (t ~ ("^ insert into " i "[^a-z_]") && t !~ ("[^a-z_]" key[i] "[^a-z_]"))
            report("key", "table " i " gets a row without " key[i])
}
# What is shared out can be so only if its primary key holds the key.
function tables(    t, i, n, parts, body) {
    n = split(tolower(text), parts, "create table ")
    for (i = 2; i <= n; i++) {
        t = parts[i]; sub(/[ (].*/, "", t)
        body = parts[i]
        if (t in key && body !~ ("primary key ?\\([^)]*" key[t]) && body !~ (key[t] " [^,]*primary key"))
            report("table", t " has no " key[t] " in its primary key")
    }
}
BEGIN {
    while ((getline line < keys) > 0) { split(line, f, "\t"); key[f[1]] = f[2] }
    while ((getline line < exceptions) > 0) { split(line, f, "\t"); over_all[f[1]] = 1 }
}
FNR == 1 { if (NR > 1) { judge(); if (migration) tables() } text = ""; name = ""; file = FILENAME; audit = file ~ /audit/ }
/^-- (name|migration):/ {
    judge(); if (migration) tables()
    migration = $2 == "migration:"; name = $3; text = ""
    next
}
/^[ \t]*--/ { next }
{ sub(/ -- .*/, ""); text = text " " $0 }
END {
    judge(); if (migration) tables()
    for (i in over_all) if (!(i in used)) print "exception: " i " is no statement any more"
}
AWK
rules() { # FILE...: what is reported
    awk -v keys="$work/shared-out" -v exceptions="$work/over-all" -f "$work/rules.awk" "$@"
}

find "$NKS_SOURCE/lib" "$NKS_SOURCE/cmd" -name '*.sql' | sort >"$work/files"
[ "$(wc -l <"$work/files")" -ge 9 ] || die "where are the statements?"
# shellcheck disable=SC2046 # a list of names
rules $(cat "$work/files") >"$work/reported"
checks=$((checks + $(cat $(cat "$work/files") | grep -c '^-- \(name\|migration\):')))
[ ! -s "$work/reported" ] || {
    cat "$work/reported" >&2
    fail "$(wc -l <"$work/reported") statements are not for every engine"
}

# ---- every violation is found
planted() { # RULE STATEMENT
    checks=$((checks + 1))
    {
        cat "$NKS_SOURCE/lib/debt/debt.sql" "$NKS_SOURCE/lib/register/register.sql" \
            "$NKS_SOURCE/lib/ventekonto/ventekonto.sql"
        printf '%s\n' "${3:--- name: planted}" "$2"
    } >"$work/planted.sql"
    rules "$work/planted.sql" >"$work/reported"
    grep -q "^$1: " "$work/reported" || fail "not reported as $1: $2"
    [ "$(wc -l <"$work/reported")" -eq 1 ] || fail "more than one report of: $2"
}
planted word "SELECT pg_advisory_lock(1);"
planted word "LISTEN nks;"
planted word "UPDATE batch SET created_at = now() WHERE batch_id = :id;"
planted word "INSERT OR IGNORE INTO batch(batch_id) VALUES (:id);"
planted word "SELECT max(payments, rejected) FROM batch WHERE batch_id = :id;"
planted word "SELECT sender FROM batch ORDER BY sender COLLATE NOCASE;"
planted word "INSERT INTO batch(batch_id) VALUES (:id) RETURNING batch_id;"
planted word "CREATE TRIGGER t BEFORE INSERT ON batch BEGIN SELECT 1; END;" "-- migration: 99"
planted key "SELECT n FROM payment WHERE state = :state;"
planted key "UPDATE leg SET state = :state WHERE n = :n;"
planted key "SELECT holder_check FROM account WHERE slot_key = :slot;"
planted key "SELECT b.ref FROM batch b JOIN payment p ON p.n = :n WHERE b.batch_id = :batch;"
planted key "SELECT l.n FROM leg l JOIN slice s ON s.slice_id = l.slice_id WHERE s.state = :state;"
planted key "INSERT INTO payment(n, state) VALUES (:n, :state);"
planted table "CREATE TABLE leg(slice_id {id} NOT NULL, leg_id {id} PRIMARY KEY){table_options};" "-- migration: 99"
test_end
