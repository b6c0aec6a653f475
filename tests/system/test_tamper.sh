#!/bin/sh
# Generated tampering: after a night with a little of everything, one change at a time in every table and every column of
# the catalogue (a number one higher, a character, a bit of a blob, NULL where it may be, a row gone, a row twice, a blob
# of another row), and the auditor ends with 7 and names what was changed. What it knowingly does not see stands in `unseen`
# below, with its reason; a line there that is seen after all fails the test, so the list can only shrink.
#
# On PostgreSQL the same changes come from its own catalogue. A change costs a second there, so every NKS_TAMPER_SHARE-th is
# tried (default 10; 1: all of them).
. "${NKS_SOURCE:?}/tests/system/lib.sh"
database_needed
have openssl || exit 77
. "$NKS_SOURCE/tests/system/rich.sh"
home=$work/night

unseen() { # TABLE.COLUMN, TABLE:gone, TABLE:twice or TABLE.COLUMN:moved, and why
    cat <<'END'
batch@refused.groups what was read of a message before it was refused; no money of it moves
batch@refused.payments the same
batch@refused.rejected the same
batch_told.quiet how many reports nobody asked for; only that there was such a time is of use
batch_told:twice the same, of a batch of which nothing is told
delivery_odd.kind words for a person who looks at the bank's file itself
delivery_odd.line where to look in the bank's file
delivery_odd.times how often it stands in the bank's file
delivery_odd:twice one more word about a file that is odd already
leg@back.reason the bank's own word for why it came back, which only its file says
leg@back.state rejected or returned: both are back; which one, only the bank's file says
leg@back.told which report named it: the next one does not name it again
out_file@order.detail what the writer needed to make the bytes, which are in the archive
reference_block.entries a key of the duplicate check: only the payer's file could say the right one
schema_step.applied_at when a step of the schema was taken
slice.epoch a technical number: whose claim on the slice counts
slice@waiting.epoch a technical number: whose claim on the slice counts
slice_order_total.bytes a guess that fills files evenly; the files themselves are counted
END
}

# How the auditor may name what was changed, beside the table: by the row or file that lost its other half.
names() {
    cat <<'END'
account register_import version|agreement_import, central_import
agreement agreement_import version|table agreement:
agreement_import agreement_import, central_import|agreement version
agreement_import_record agreement_import version
batch batch_group batch_id|out_file [0-9]+ 0: control_sum is not its batch
batch_group slice slice_id [0-9]+: execution_date is not that of group
batch_told batch [0-9]+: it has EMITTED slices
central central_import version|table central:
central_import agreement_import, central_import|central version
central_import_record central_import version
claim_use leg slice_id .* its use (of a claim|in claim_use) is
debt_authority debt_import version|table debt_authority
debt_claim debt_import version
debt_flag debt_import version
debt_import agreement_import, central_import|debt_(authority|flag|claim) version|debt_claim .* or the claim is missing
debt_import_record debt_import version
delivery file spool/|batch [0-9]+ 0: reason, version or encoding
holder register_import version
journal_mark table journal_mark:
leg payment slice_id |slice slice_id|out_file [0-9]+: entries is
out_file file (archive|out)/|delivery [0-9]+: answered, but out_file
payment batch [0-9]+: |slice slice_id|slice_rows_signature slice_id
payment_replay payment slice_id .* (it goes in the place|payment_replay)
payment_return payment slice_id .* (it carries on|payment_return)
reference_block reference_run run_id
reference_run reference_block run_id
register_import agreement_import, central_import|(account|holder) version
register_import_record register_import version
signer table signer:
slice batch [0-9]+:|slice_decision slice_id|slice_rows_signature slice_id
trail_day seal
ventekonto_entry leg slice_id .* missing from ventekonto_entry
trail_holder trail_link chain
END
}

# The row that is changed: the first one in this order; else by the columns of the key. TABLE@TAG: another row of it too,
# whose columns are changed and which is taken out.
picks() {
    cat <<'END'
leg state, slice_id, n, generation, leg_no
leg@back state NOT IN (4, 5), slice_id, n, generation, leg_no
claim_use state, slice_id, n, generation, leg_no
claim_use@back state DESC, slice_id, n, generation, leg_no
debt_claim NOT EXISTS (SELECT 1 FROM claim_use u WHERE u.claim_key = debt_claim.claim_key AND u.state = 1), version, claim_key
slice state <> 6, slice_id
slice@waiting state, slice_id
reference_run entries DESC, run_id
payment@rejected state <> 2, slice_id, n
batch@refused state <> 3, batch_id
batch@returned origin <> 3, batch_id
delivery@refused state <> 4, delivery_id
delivery@answer source <> 2, delivery_id
out_file@order kind <> 1, file_id
out_file@status kind <> 3, file_id
out_file@manifest kind <> 4, file_id
ventekonto_entry@back state DESC, slice_id, n
END
}

# Tables that have no row in this night: what was published before a restore (test_backup.sh), erased batches (test_erase.sh).
empty="published lost_work batch_erased"

ask() {
    home_sql "$home" "$1"
}

# ---- a night with a row in every table

home_make "$home"
night_rich "$home"
audit_clean "$home"
for table in $(home_tables "$home"); do
    echo "$empty" | grep -qw "$table" && continue
    checks=$((checks + 1))
    [ "$(ask "SELECT COUNT(*) FROM $table")" -gt 0 ] || fail "table $table has no row to change"
done

# ---- the cases: NAME TAB TABLE TAB SQL

tab=$(printf '\t')
cases_sqlite() {
    sqlite3 -tabs "$home/nks.db" "CREATE TEMP TABLE pick(tab TEXT, tag TEXT, rank TEXT);
$(picks | sed "s/'/''/g; s/^\([a-z_]*\)\(@*[a-z]*\) \(.*\)/INSERT INTO pick VALUES ('\1', '\2', '\3');/")
CREATE TEMP TABLE tab AS SELECT t.name AS name,
  (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(t.name) WHERE pk ORDER BY pk)) AS keys,
  (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(t.name) ORDER BY cid)) AS all_columns,
  (SELECT name FROM pragma_table_info(t.name) WHERE pk ORDER BY pk DESC LIMIT 1) AS last_key
  FROM sqlite_master t WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND instr(' $empty ', ' ' || name || ' ') = 0;
INSERT INTO pick SELECT name, '', keys FROM tab WHERE name NOT IN (SELECT tab FROM pick WHERE tag = '');
CREATE TEMP TABLE col AS SELECT t.name AS tab, p.tag, t.name || p.tag AS row, c.name AS col, c.type, c.\"notnull\" AS filled, c.pk,
  ' WHERE (' || t.keys || ') = (SELECT ' || t.keys || ' FROM ' || t.name AS picked, ' ORDER BY ' || p.rank || ' LIMIT 1)' AS rank
  FROM tab t JOIN pick p ON p.tab = t.name, pragma_table_info(t.name) c;
SELECT row || '.' || col, tab, 'UPDATE OR FAIL ' || tab || ' SET ' || col || ' = ' || CASE type
  WHEN 'INTEGER' THEN CASE WHEN pk THEN '(SELECT MAX(' || col || ') + 1 FROM ' || tab || ')' ELSE 'coalesce(' || col || ', 0) + 1' END
  WHEN 'TEXT' THEN 'substr(' || col || ', 1, max(length(' || col || ') - 1, 0)) || CASE WHEN substr(' || col
    || ', -1) = ''2'' THEN ''3'' ELSE ''2'' END'
  ELSE 'CASE length(' || col || ') WHEN 0 THEN x''00'' ELSE CAST(substr(' || col || ', 1, length(' || col || ') / 2) || coalesce(substr(bits.odd, instr(bits.even, substr(' || col
    || ', length(' || col || ') / 2 + 1, 1)), 1), x''00'') || substr(' || col || ', length(' || col || ') / 2 + 2) AS BLOB) END FROM bits'
  END || picked || rank FROM col ORDER BY 1;
SELECT row || '.' || col || ':null', tab, 'UPDATE ' || tab || ' SET ' || col || ' = NULL' || picked || ' WHERE ' || col
  || ' IS NOT NULL' || rank FROM col WHERE filled = 0 AND pk = 0 AND tag = '';
SELECT row || '.' || col || ':moved', tab, 'UPDATE ' || tab || ' SET ' || col || ' = (SELECT o.' || col || ' FROM ' || tab
  || ' o WHERE o.' || col || ' <> ' || tab || '.' || col || ' ORDER BY ' || (SELECT keys FROM tab WHERE name = tab) || ' LIMIT 1)' || picked
  || rank || ' AND (SELECT COUNT(DISTINCT ' || col || ') FROM ' || tab || ') > 1' FROM col WHERE type = 'BLOB' AND tag = '';
SELECT row || ':gone', tab, 'DELETE FROM ' || tab || picked || rank FROM col WHERE pk = 1;
SELECT row || ':twice', t.name, 'INSERT INTO ' || t.name || ' SELECT ' || trim(replace(', ' || t.all_columns || ',', ', ' || t.last_key || ',',
  ', (SELECT MAX(' || t.last_key || ') + 1 FROM ' || t.name || '),'), ', ') || ' FROM ' || t.name || picked || rank
  FROM tab t JOIN col c ON c.tab = t.name WHERE c.pk = 1 AND c.tag = '';
"
}
cases_postgres() {
    psql_on "$(database_of "$home")" -F "$tab" <<END
CREATE TEMP TABLE pick(tab text, tag text, rank text);
$(picks | sed "s/'/''/g; s/^\([a-z_]*\)\(@*[a-z]*\) \(.*\)/INSERT INTO pick VALUES ('\1', '\2', '\3');/")
CREATE TEMP TABLE tab AS SELECT c.oid, c.relname AS name, string_agg(a.attname, ', ' ORDER BY k.place) AS keys,
  (array_agg(a.attname ORDER BY k.place DESC))[1] AS last_key FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number WHERE c.relnamespace = 'public'::regnamespace
  AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL (string_to_array('db_writer $empty', ' ')) GROUP BY 1, 2;
INSERT INTO pick SELECT name, '', keys FROM tab WHERE name NOT IN (SELECT tab FROM pick WHERE tag = '');
CREATE TEMP TABLE col AS SELECT t.name AS tab, p.tag, t.name || p.tag AS row, a.attname AS col, a.atttypid::int AS type, a.attnum AS place,
  a.attnotnull AS filled, a.attname = ANY (string_to_array(t.keys, ', ')) AS pk,
  ' WHERE (' || t.keys || ') = (SELECT ' || t.keys || ' FROM ' || t.name AS picked, ' ORDER BY ' || p.rank || ' LIMIT 1)' AS rank
  FROM tab t JOIN pick p ON p.tab = t.name JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped;
SELECT row || '.' || col, tab, 'UPDATE ' || tab || ' SET ' || col || ' = ' || CASE
  WHEN type IN (20, 21, 23) THEN CASE WHEN pk THEN '(SELECT MAX(' || col || ') + 1 FROM ' || tab || ')' ELSE 'coalesce(' || col || ', 0) + 1' END
  WHEN type = 25 THEN 'substr(' || col || ', 1, greatest(length(' || col || ') - 1, 0)) || CASE WHEN right(' || col || ', 1) = ''2'' THEN ''3'' ELSE ''2'' END'
  ELSE 'CASE length(' || col || ') WHEN 0 THEN decode(''00'', ''hex'') ELSE set_byte(' || col || ', length(' || col || ') / 2, get_byte('
    || col || ', length(' || col || ') / 2) # 1) END' END || picked || rank FROM col ORDER BY 1;
SELECT row || '.' || col || ':null', tab, 'UPDATE ' || tab || ' SET ' || col || ' = NULL' || picked || ' WHERE ' || col
  || ' IS NOT NULL' || rank FROM col WHERE NOT filled AND NOT pk AND tag = '' ORDER BY 1;
SELECT row || '.' || col || ':moved', tab, 'UPDATE ' || tab || ' SET ' || col || ' = (SELECT o.' || col || ' FROM ' || tab || ' o WHERE o.'
  || col || ' <> ' || tab || '.' || col || ' ORDER BY ' || (SELECT keys FROM tab WHERE name = tab) || ' LIMIT 1)' || picked || rank
  || ' AND (SELECT COUNT(DISTINCT ' || col || ') FROM ' || tab || ') > 1' FROM col WHERE type = 17 AND tag = '' ORDER BY 1;
SELECT DISTINCT row || ':gone', tab, 'DELETE FROM ' || tab || picked || rank FROM col ORDER BY 1;
SELECT t.name || ':twice', t.name, 'INSERT INTO ' || t.name || ' SELECT ' || string_agg(CASE c.col WHEN t.last_key THEN '(SELECT MAX('
  || c.col || ') + 1 FROM ' || t.name || ')' ELSE c.col END, ', ' ORDER BY c.place) || ' FROM ' || t.name || min(c.picked || c.rank)
  FROM tab t JOIN col c ON c.tab = t.name WHERE c.tag = '' GROUP BY t.name ORDER BY 1;
END
}
cases_$engine >"$work/cases"

# What no one column tells: NAME TAB TABLE TAB SQL.
trigger_text() { # TABLE: one that would keep rows out
    if on_sqlite; then
        echo "CREATE TRIGGER t BEFORE INSERT ON $1 BEGIN SELECT RAISE(IGNORE); END"
    else
        echo "CREATE TRIGGER t BEFORE UPDATE ON $1 FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    fi
}
sed "s/ *|| */\t/; s/ *|| */\t/; s/x''/$(sql_bytes '')/" >>"$work/cases" <<END
catalogue:trigger || catalogue || $(trigger_text leg)
catalogue:view || catalogue || CREATE VIEW v AS SELECT 1
catalogue:table || catalogue || CREATE TABLE t(a INTEGER)
catalogue:column || catalogue || ALTER TABLE person ADD COLUMN x INTEGER
catalogue:index || catalogue || DROP INDEX slice_work
batch:negative || batch || UPDATE batch SET batch_id = -batch_id WHERE batch_id = (SELECT MAX(batch_id) FROM batch)
batch:highest || batch || UPDATE batch SET batch_id = 9223372036854775807 WHERE batch_id = (SELECT MAX(batch_id) FROM batch)
batch:created || batch || UPDATE batch SET created_at = 0 WHERE batch_id = 1
batch:created-later || batch || UPDATE batch SET created_at = (SELECT MAX(at) FROM trail_link) WHERE batch_id = (SELECT MIN(batch_id) FROM batch WHERE state = 3)
batch:created-never || batch || UPDATE batch SET created_at = 9223372036854775807
out_file:created-never || out_file || UPDATE out_file SET created_at = -9223372036854775807 WHERE kind = 1
reference_run:highest || reference_run || UPDATE reference_run SET run_id = 9223372036854775807 WHERE run_id = (SELECT MAX(run_id) FROM reference_run)
batch:ref || batch || UPDATE batch SET ref = (SELECT MAX(ref) FROM batch) WHERE batch_id = (SELECT MIN(batch_id) FROM batch WHERE state = 3)
batch_told:below || batch_told || UPDATE batch_told SET returned = -1 WHERE batch_id = (SELECT MIN(batch_id) FROM batch_told)
batch_told:other || batch_told || UPDATE batch_told SET batch_id = (SELECT MIN(batch_id) FROM batch WHERE state = 2 AND batch_id NOT IN (SELECT batch_id FROM batch_told)) WHERE batch_id = (SELECT MAX(batch_id) FROM batch_told WHERE settled + returned > 0)
claim_use:never || claim_use || UPDATE claim_use SET used_at = 0 WHERE (slice_id, n, leg_no) = (SELECT slice_id, n, leg_no FROM claim_use WHERE state = 1 LIMIT 1)
claim_use:all || claim_use || UPDATE claim_use SET used_at = used_at - 86400 * 300
claim_use:back || claim_use || UPDATE claim_use SET given_back_at = 0 WHERE state = 2
journal_mark:below || journal_mark || UPDATE journal_mark SET number = -number
journal_mark:none || journal_mark || UPDATE journal_mark SET number = 0
delivery:never || delivery || UPDATE delivery SET received_at = 0 WHERE delivery_id = (SELECT MIN(delivery_id) FROM delivery WHERE state = 4)
delivery:earlier || delivery || UPDATE delivery SET received_at = received_at - 86400 WHERE state = 4
delivery:later || delivery || UPDATE delivery SET received_at = (SELECT MAX(at) FROM trail_link) WHERE delivery_id = 1
delivery:again || delivery || UPDATE delivery SET received_at = (SELECT MIN(at) FROM trail_link) WHERE replays <> 0
delivery:findings || delivery || UPDATE delivery SET findings = x'' WHERE state = 4
out_file:refused || out_file || UPDATE out_file SET entries = 1 WHERE file_id = (SELECT MIN(file_id) FROM out_file JOIN delivery d USING (delivery_id) WHERE kind = 2 AND d.state = 4)
out_file:again || out_file || UPDATE out_file SET control_sum = '1.00' WHERE kind = 2 AND repeats <> 0
out_file:case || out_file || UPDATE out_file SET message_id = replace(message_id, '-O', '-o') WHERE kind = 1
out_file:case-name || out_file || UPDATE out_file SET message_id = lower(message_id) WHERE kind = 3
out_file:routed || out_file || UPDATE out_file SET detail = 'stopped' WHERE file_id = (SELECT MIN(file_id) FROM out_file WHERE detail = 'routed')
out_file:checked || out_file || UPDATE out_file SET detail = 'checked' WHERE file_id = (SELECT MAX(file_id) FROM out_file WHERE detail = 'answer')
out_file:late || out_file || UPDATE out_file SET detail = 'routed late' WHERE file_id = (SELECT MIN(file_id) FROM out_file WHERE detail = 'routed')
ventekonto_entry:empty || ventekonto_entry || UPDATE ventekonto_entry SET details = x'' WHERE state = 1
END

# ---- each on its own copy of the database, in as many jobs as there are processors

share=1
on_sqlite || share=${NKS_TAMPER_SHARE:-10}
awk -v share="$share" 'NR % share == 0' "$work/cases" >"$work/cases.tried"
! on_sqlite || ask 'PRAGMA wal_checkpoint(TRUNCATE)' >"$work/checkpoint"
awk 'BEGIN {
    for (i = 0; i < 256; i++) {
        even = even sprintf("%02x", i)
        odd = odd sprintf("%02x", i % 2 ? i - 1 : i + 1)
    }
    print "CREATE TEMP TABLE bits AS SELECT x\047" even "\047 AS even, x\047" odd "\047 AS odd;"
}' >"$work/bits"

change_sqlite() { # COPY SQL: on the database as it was; $changed: so many rows
    cp "$home/nks.db" "$1/nks.db"
    rm -f "$1/nks.db-wal" "$1/nks.db-shm"
    changed=$({ cat "$work/bits" && echo "$2; SELECT changes();"; } | sqlite3 "$1/nks.db")
}
change_postgres() {
    copied=$(database_of "$1")
    psql_on postgres -c "DROP DATABASE IF EXISTS \"$copied\" WITH (FORCE)" \
        -c "CREATE DATABASE \"$copied\" TEMPLATE \"$(database_of "$home")\" STRATEGY file_copy"
    changed=$(psql -X -At -v ON_ERROR_STOP=1 -h "$server/pg" -U nks -d "$copied" -c "$2" | sed -n 's/^[A-Z]* \(0 \)*\([0-9]*\)$/\2/p')
}
case_run() { # COPY NAME TABLE SQL: tells "NAME seen", "NAME unseen", "NAME other" (seen, but not named) or "NAME impossible"
    change_$engine "$1" "$4" 2>"$1/sql" || changed=0
    if [ "$3" != catalogue ] && [ "${changed:-0}" -lt 1 ]; then
        echo "$2 impossible $(tr '\n' ' ' <"$1/sql")"
        return 0
    fi
    exit=0
    "$NKS_BIN/nks-audit" -q --home "$1" --keys "$home.keys" >"$1/said" 2>&1 || exit=$?
    as=$(sed -n "s/^$3 /|/p" "$work/names")
    case $exit in
    0) echo "$2 unseen" ;;
    7) if grep -qE "FINDING [a-z]+: ($3 $as)" "$1/said"; then echo "$2 seen"; else echo "$2 other $(head -n 1 "$1/said")"; fi ;;
    6) if grep -qE 'DB-(NEWER|OLDER)' "$1/said"; then echo "$2 seen"; else echo "$2 exit-6 $(head -n 1 "$1/said")"; fi ;;
    *) echo "$2 exit-$exit $(head -n 1 "$1/said")" ;;
    esac
}
names >"$work/names"
job() { # NUMBER OF
    copy=$work/copy$1
    mkdir "$copy"
    for shared in nks.conf spool archive out staging in; do
        case $shared in
        nks.conf) cp "$home/$shared" "$copy/$shared" ;; # it is read, and a link is refused
        *) ln -s "$home/$shared" "$copy/$shared" ;;
        esac
    done
    ln -s "$home.journal" "$copy.journal"
    on_sqlite || {
        database_make
        database_is "$copy" "$database"
    }
    awk -v n="$1" -v of="$2" 'NR % of == n' "$work/cases.tried" | while IFS=$tab read -r name table sql; do
        case_run "$copy" "$name" "$table" "$sql"
    done >"$work/results$1"
}
jobs=$(processors)
[ "$jobs" -le 4 ] || jobs=4
number=0
while [ "$number" -lt "$jobs" ]; do
    job "$number" "$jobs" &
    number=$((number + 1))
done
wait
sort "$work"/results* >"$work/results"
[ -z "${NKS_TAMPER_RESULTS:-}" ] || cp "$work/results" "$NKS_TAMPER_RESULTS"
assert_eq "cases with a result" "$(wc -l <"$work/results")" "$(wc -l <"$work/cases.tried")"
checks=$((checks + $(wc -l <"$work/cases.tried")))
unseen | sed 's/ .*//' | sort >"$work/listed.all"
cut -f 1 "$work/cases.tried" | sort >"$work/tried"
comm -12 "$work/listed.all" "$work/tried" >"$work/listed"
awk '$2 == "unseen" { print $1 }' "$work/results" | sort >"$work/missed"
for name in $(comm -13 "$work/listed" "$work/missed"); do
    fail "$name: changed, and the audit is clean"
done
for name in $(comm -23 "$work/listed" "$work/missed"); do
    fail "$name: stands in the list of what is not seen, but it is seen, impossible or gone: take it out"
done
grep -E '^[^ ]+ (other|exit)' "$work/results" >"$work/other" && fail "not named: $(cat "$work/other")"
detected=$(grep -c ' seen$' "$work/results")
echo "$detected of $(wc -l <"$work/cases.tried") changes seen, $(wc -l <"$work/missed") knowingly not, $(grep -c ' impossible' "$work/results") not possible"
[ "$(grep -c ':.* seen$' "$work/results")" -ge $((20 / share)) ] || fail "not all changes that no one column tells were seen"
[ "$detected" -ge $((500 / share)) ] || fail "only $detected changes were seen"

# ---- a trigger does not run in nks (on SQLite; a server runs it), and nks config check tells of it
ask "$(trigger_text person)"
if on_sqlite; then
    nks "$home" keys person make "$work/cy.key"
    nks "$home" keys person add cy --key "$work/cy.key.pub" --roles operator --reason test --now 2026-11-23T07:00:00Z
    assert_eq "persons stored in spite of a trigger" "$(ask "SELECT COUNT(*) FROM person")" 3
fi
code "$NKS_BIN/nks" --home "$home" config check
assert_eq "config check beside a trigger: exit" "$code" 6
if on_sqlite; then
    ask "DROP TRIGGER t"
else
    ask "DROP TRIGGER t ON person"
fi
nks "$home" config check

# ---- a use that was dated away: the claim is not taken again
ask "UPDATE claim_use SET used_at = 0"
sed 's/<MsgId>/<MsgId>Q/; s/<EndToEndId>/<EndToEndId>Q/; s/2026-11-24/2026-11-25/' \
    "$small/in/sender/proeveskat/10-overskydende-skat.xml" >"$home/in/sender/proeveskat/again.xml"
code "$NKS_BIN/nks" --home "$home" run --now 2026-11-24T02:10:00Z
assert_eq "a run over dated uses: exit" "$code" 7
grep -q DEBT-USE "$work/said" || fail "a run over dated uses does not say DEBT-USE"
assert_eq "uses stored meanwhile" "$(ask "SELECT COUNT(*) FROM claim_use WHERE used_at > 0")" 0
code "$NKS_BIN/nks-audit" -q --home "$home" --keys "$home.keys"
assert_eq "the audit after it: exit" "$code" 7
test_end
