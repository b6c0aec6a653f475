#!/bin/sh
# The same nights on both engines, with the same keys: files byte for byte, decrypted rows and every column of every table row
# for row; the commands that are for SQLite alone are refused on PostgreSQL. 77 where no server can be started.
NKS_TEST_ENGINE=postgres
. "${NKS_SOURCE:?}/tests/system/lib.sh"
. "$NKS_SOURCE/tests/system/rich.sh"
{ have sqlite3 && have openssl; } || {
    skip "no sqlite3 or no openssl"
    exit 77
}
lite=$work/lite far=$work/far

# What is random by nature is in columns of bytes alone, and where it is business rows_hashes decrypts it: records encrypted
# with a nonce of their own, the key of a batch that was wrapped, the commitments of links and what is hashed over all these.
random_by_nature() {
    cat <<'LIST'
account.account encrypted with a nonce
agreement.terms encrypted with a nonce
agreement_import_record.record encrypted with a nonce
batch.header encrypted with a nonce
batch.wrapped_key a key made for this batch
batch_group.record encrypted with a nonce
central.terms encrypted with a nonce
central_import_record.record encrypted with a nonce
debt_authority.terms encrypted with a nonce
debt_claim.terms encrypted with a nonce
debt_flag.terms encrypted with a nonce
debt_import_record.record encrypted with a nonce
delivery.findings encrypted with a nonce
delivery.name encrypted with a nonce
delivery_signature.p7s encrypted with a nonce
holder.terms encrypted with a nonce
person.details encrypted with a nonce
proposal.details encrypted with a nonce
register_import_record.record encrypted with a nonce
signer.terms encrypted with a nonce
slice.legs_hash over the decisions as they are stored
slice.signature over that hash
slice_decision.decisions encrypted with a nonce
slice_details.details encrypted with a nonce
trail_link.commitment hides what the link is about
trail_link.details encrypted with a nonce
trail_link.hash over the commitment
ventekonto_entry.details encrypted with a nonce
LIST
}
# Tables without a row in these nights: what was published before a restore (test_backup.sh), erased batches (test_erase.sh).
empty="published lost_work batch_erased"

each() { # COMMAND WORDS...: of both homes, HOME stands for each
    for engine in sqlite postgres; do
        [ $engine = sqlite ] && home=$lite || home=$far
        "$@"
    done
}
same_out() { # WHAT
    out_hashes "$lite" >"$work/lite.out"
    out_hashes "$far" >"$work/far.out"
    [ -s "$work/lite.out" ] || die "$1: nothing was published"
    assert_same "$1: what was published" "$work/lite.out" "$work/far.out"
}
same_rows() { # WHAT NOW
    rows_hashes "$lite" "$2" >"$work/lite.rows"
    rows_hashes "$far" "$2" >"$work/far.rows"
    [ "$(wc -l <"$work/lite.rows")" -ge 20 ] || die "$1: no rows"
    assert_same "$1: rows, decrypted" "$work/lite.rows" "$work/far.rows"
}

# ---- the same keys, the same nights
make() {
    home_new "$home" --now 2026-11-22T11:00:00Z
}
each make
rm -rf "$far.keys"
cp -R "$lite.keys" "$far.keys"
fill() {
    for import in agreement:agreements central:centrals register:register debt:debts; do
        nks "$home" "${import%:*}" import --now 2026-11-22T12:00:00Z "$small/${import#*:}.csv"
    done
    cp -R "$small/in/." "$home/in/"
}
each fill
rich() {
    night_rich "$home"
}
each rich
same_out "the first night"
same_rows "the first night" 2026-11-23T07:00:00Z

# ---- every table, every column
tables_same() {
    engine=sqlite
    home_tables "$lite" >"$work/tables"
    engine=postgres
    home_tables "$far" >"$work/far.tables"
    assert_same "the tables" "$work/tables" "$work/far.tables"
    : >"$work/random"
    while read -r table <&3; do
        table_same "$table"
    done 3<"$work/tables"
    sort -o "$work/random" "$work/random"
}
column_list() { # TABLE CONDITION: its columns of that kind of type, separated by commas
    sqlite3 "$lite/nks.db" "SELECT name FROM pragma_table_info('$1') WHERE type $2 'BLOB' ORDER BY cid" | paste -s -d , -
}
rows_of() { # COLUMNS TABLE: of both homes, in one order
    engine=sqlite
    home_sql "$lite" "SELECT $1 FROM $2" | sort >"$work/lite.table"
    engine=postgres
    home_sql "$far" "SELECT $1 FROM $2" | sort >"$work/far.table"
}
table_same() { # TABLE
    plain=$(column_list "$1" '<>')
    rows_of "$plain" "$1"
    assert_same "table $1" "$work/lite.table" "$work/far.table"
    checks=$((checks + 1))
    [ -s "$work/lite.table" ] || echo "$empty" | grep -qw "$1" || fail "table $1 has no row"
    bytes=$(column_list "$1" =)
    for column in $(echo "$bytes" | tr , ' '); do
        engine=sqlite
        in_lite=$(home_sql "$lite" "SELECT $plain, $(sql_hex "$column") FROM $1" | sort | cksum)
        engine=postgres
        in_far=$(home_sql "$far" "SELECT $plain, $(sql_hex "$column") FROM $1" | sort | cksum)
        [ "$in_lite" = "$in_far" ] || echo "$1.$column" >>"$work/random"
    done
}
tables_same
random_by_nature | sed 's/ .*//' | sort >"$work/listed"
assert_same "columns that differ are those that are random by nature" "$work/random" "$work/listed"

# ---- the banks answer, money comes back, the days after
answered() {
    for order in "$home"/out/central/*/nks-*-o*.xml; do
        case $order in *1.xml) status=ACSC ;; *) status=RJCT ;; esac
        bank_answers "$home" "$order" $status
    done
    for now in 2026-11-24T03:00:00Z 2026-11-25T03:00:00Z 2026-11-30T03:00:00Z; do
        code "$NKS_BIN/nks" --home "$home" run --now $now
        [ "$code" -eq 0 ] || [ "$code" -eq 5 ] || die "a later night: exit $code: $(cat "$work/said")"
    done
    audit_clean "$home"
}
each answered
same_out "days later"
same_rows "days later" 2026-11-30T03:00:00Z
tables_same
assert_same "days later: columns that differ" "$work/random" "$work/listed"

# ---- what people are told
words_same() { # WORDS...
    for home in "$lite" "$far"; do
        code "$NKS_BIN/nks" --home "$home" "$@"
        sed "s|$home|HOME|g" "$work/said" >"$work/said.${home##*/}"
        echo "exit $code" >>"$work/said.${home##*/}"
    done
    assert_same "nks $*" "$work/said.lite" "$work/said.far"
}
now=2026-11-30T03:00:00Z
words_same status --now $now
words_same list --now $now
words_same trail
for batch in $(sqlite3 "$lite/nks.db" "SELECT batch_id FROM batch WHERE state = 2 ORDER BY 1"); do
    words_same show "$batch" --now $now
    words_same explain "$batch" 1 --now $now
    words_same trail "$batch"
done

# ---- what is for SQLite alone is refused, and says so: a backup of nks.db does not take the place of the database, either
engine=sqlite
nks "$lite" backup "$work/backups" --now $now
for words in "backup $work/more" "restore $(echo "$work"/backups/*) --reason test"; do
    # shellcheck disable=SC2086 # words
    code "$NKS_BIN/nks" --home "$far" $words --now 2032-01-02T08:00:00Z
    assert_eq "nks $words: exit" "$code" 6
    checks=$((checks + 1))
    grep -q DB-ENGINE "$work/said" || fail "nks $words does not say DB-ENGINE: $(head -n 1 "$work/said")"
done
test_end
