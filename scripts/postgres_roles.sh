#!/bin/sh
# Makes the roles of a home's database on PostgreSQL, and gives each what it needs and no more. Run it as a superuser of the
# server (the usual variables of psql say which one) with the name of a database that is there:
#   sh scripts/postgres_roles.sh NAME    before nks init, once more after it, and after every upgrade of nks
#
#   nks_owner   owns the tables: for nks init, for the first nks run after an upgrade, and for nks erase, which has the server
#               write tables anew
#   nks_work    adds rows, changes those that have a state, and removes those that are made again; never changes the schema,
#               the trail, an import, an agreement, an account or a claim
#   nks_read    reads: nks status, list, show, find, explain, report
#   nks_audit   reads, for nks-audit: a role of its own, so that an auditor's access can be given and taken by itself
#
# The roles have no password: let them come in by a socket and pg_ident.conf, or by a certificate. Which one a command takes
# says PGUSER, so that one address stands in nks.conf. Running the script again changes nothing.
set -eu

database=${1:?the name of a database}
case $database in *[!A-Za-z0-9_]*) echo "postgres_roles: a name of letters, digits and _" >&2; exit 2 ;; esac

# Rows of these are only added.
added="account agreement agreement_import agreement_import_record central central_import central_import_record
debt_authority debt_claim debt_flag debt_import debt_import_record delivery_odd delivery_signature holder payment_replay
payment_return register_import register_import_record signer trail_holder trail_link"
# Rows of these have a state.
changed="batch batch_erased claim_use delivery journal_mark leg lost_work out_file person proposal published trail_day
ventekonto_entry"
# Rows of these are made again when their slice or file is.
remade="batch_told reference_block reference_run slice_details slice_order_total slice_rows_signature slice_status_total"
both="batch_group payment slice slice_decision"

grants() { # VERBS TABLES: for those that are there
    verbs=$1
    shift
    for table in "$@"; do
        echo "SELECT 'GRANT $verbs ON nks.$table TO nks_work' WHERE to_regclass('nks.$table') IS NOT NULL \\gexec"
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
REVOKE ALL ON DATABASE $database FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE $database TO nks_owner, nks_work, nks_read, nks_audit;
GRANT TEMPORARY ON DATABASE $database TO nks_work;
CREATE SCHEMA IF NOT EXISTS nks AUTHORIZATION nks_owner;
ALTER DATABASE $database SET search_path = nks;
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
        grants "INSERT, UPDATE" $changed
        grants "INSERT, DELETE" $remade
        grants "INSERT, UPDATE, DELETE" $both
        grants UPDATE db_writer # who writes locks its row
    }
    echo "COMMIT;"
} | psql -X -q -v ON_ERROR_STOP=1 -d "$database" >/dev/null
