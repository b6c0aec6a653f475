#!/bin/sh
# Sets up, builds with sanitizers and fault points, and runs every test. Ends with the runner's totals.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

cmake --preset dev >/dev/null
cmake --build --preset dev
exec ctest --preset dev --parallel "$(nproc)" "$@"
