#!/bin/sh
# Makes the roles of a home's database on PostgreSQL, and gives each what it needs and no more. Run it as a superuser of the
# server (the usual variables of psql say which one) with the name of a database that is there:
#   sh scripts/postgres_roles.sh NAME    before nks init, once more after it, and after every upgrade of nks
#
#   nks_owner   owns the tables: for nks init, for the first nks run after an upgrade, and for nks erase, which has the server
#               write tables anew
#   nks_work    adds rows, changes the columns that say how far something is, and removes rows that are made again; never
#               changes the schema, the trail, an import, an agreement, an account, a claim or an amount, and erases nothing
#   nks_read    reads: nks status, list, show, find, explain, report
#   nks_audit   reads, for nks-audit: a role of its own, so that an auditor's access can be given and taken by itself
#
# The roles have no password: let them come in by a socket and pg_ident.conf, or by a certificate. Which one a command takes
# says PGUSER, so that one address stands in nks.conf. Running the script again changes nothing.
set -eu

database=${1:?the name of a database}
case $database in *[!A-Za-z0-9_-]*) echo "postgres_roles: a name of letters, digits, _ and -" >&2; exit 2 ;; esac

# Rows of these are added.
added="account agreement agreement_import agreement_import_record batch batch_group batch_told central central_import
central_import_record claim_use debt_authority debt_claim debt_flag debt_import debt_import_record delivery delivery_odd
delivery_signature holder journal_mark leg lost_work out_file payment payment_replay payment_return person proposal published
reference_block reference_run register_import register_import_record signer slice slice_decision slice_details
slice_order_total slice_rows_signature slice_status_total trail_day trail_holder trail_link ventekonto_entry"
# Rows of these are made again when their slice or file is.
remade="batch_group batch_told payment reference_block reference_run slice slice_decision slice_details slice_order_total
slice_rows_signature slice_status_total"
# And these columns change; no others. Who writes locks the row of db_writer, and leaves the home's place there.
changed="batch(agreement_id,control_sum,encoding,groups,header,message_check,message_key,payer,payments,reason,rejected,slices,state,version,wrapped_key)
claim_use(given_back_at,state)
db_writer(home)
delivery(answered,encoding,findings,reason,repeats,state,version)
journal_mark(bytes,check_text,number,state)
leg(file_id,reason,state,told)
lost_work(at,line,outcome,state)
out_file(answered,by_hand,bytes,control_sum,entries,hash,state)
payment(flags,holder_check,holder_key,holder_kind,reason,state)
person(details,ended_at)
proposal(details,state)
published(line,settled,unfinished)
slice(epoch,generation,legs,legs_hash,rejected,signature,state)
trail_day(sealed)
ventekonto_entry(state)"

grants() { # VERBS TABLES: for those that are there
    verbs=$1
    shift
    for table in "$@"; do
        echo "SELECT 'GRANT $verbs ON nks.$table TO nks_work' WHERE to_regclass('nks.$table') IS NOT NULL \\gexec"
    done
}

changes() { # TABLE(COLUMN,...)...: for those that are there
    for table in "$@"; do
        echo "SELECT format('GRANT UPDATE (%s) ON nks.${table%%(*} TO nks_work', string_agg(attname, ', ')) FROM pg_attribute" \
            "WHERE attrelid = to_regclass('nks.${table%%(*}') AND attname = ANY ('{$(echo "${table#*(}" | tr -d ')')}')" \
            "HAVING count(*) > 0 \\gexec"
    done
}

{
    echo "SET client_min_messages = warning;"
    for role in nks_owner nks_work nks_read nks_audit; do
        echo "SELECT 'CREATE ROLE $role LOGIN' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '$role') \\gexec"
        echo "ALTER ROLE $role NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;"
    done
    cat <<END
BEGIN;
REVOKE ALL ON DATABASE "$database" FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE "$database" TO nks_owner, nks_work, nks_read, nks_audit;
GRANT TEMPORARY ON DATABASE "$database" TO nks_work;
REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea), lo_put(oid, bigint, bytea),
    lowrite(integer, bytea), lo_truncate(integer, integer), lo_truncate64(integer, bigint), lo_unlink(oid) FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS nks AUTHORIZATION nks_owner;
ALTER DATABASE "$database" SET search_path = nks;
GRANT USAGE ON SCHEMA nks TO nks_work, nks_read, nks_audit;
ALTER ROLE nks_read SET default_transaction_read_only = on;
ALTER ROLE nks_audit SET default_transaction_read_only = on;
ALTER DEFAULT PRIVILEGES FOR ROLE nks_owner IN SCHEMA nks GRANT SELECT ON TABLES TO nks_work, nks_read, nks_audit;
REVOKE ALL ON ALL TABLES IN SCHEMA nks FROM nks_work, nks_read, nks_audit;
GRANT SELECT ON ALL TABLES IN SCHEMA nks TO nks_work, nks_read, nks_audit;
END
    # shellcheck disable=SC2086 # one word per table
    {
        grants INSERT $added
        grants DELETE $remade
        changes $changed
    }
    echo "COMMIT;"
} | psql -X -q -v ON_ERROR_STOP=1 -d "$database" >/dev/null
