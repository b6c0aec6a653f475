#!/bin/sh
# Sets up, builds with sanitizers and fault points, and runs every test; those of the database on both engines, with one
# private PostgreSQL server for all of them (tests/postgres.sh). Ends with the runner's totals.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

cmake --preset dev >/dev/null
cmake --build --preset dev

# A database each for hundreds of homes: memory is the place where there is enough of it (2 GiB).
place=${TMPDIR:-/tmp}
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -k --output=avail /dev/shm | tail -n 1)" -gt 2097152 ]; then
    place=/dev/shm
fi
NKS_POSTGRES=$(mktemp -d "$place/nks-postgres.XXXXXX")
trap 'sh tests/postgres.sh stop "$NKS_POSTGRES"; rm -rf "$NKS_POSTGRES"' EXIT
trap 'exit 1' HUP INT TERM
# autovacuum would hold a database that a test is about to copy
if POSTGRES_OPTIONS="-c max_connections=200 -c shared_buffers=256MB -c autovacuum=off" \
    sh tests/postgres.sh start "$NKS_POSTGRES" >/dev/null; then
    export NKS_POSTGRES
fi
ctest --preset dev --parallel "$(nproc)" "$@"
