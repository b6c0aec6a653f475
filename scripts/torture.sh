#!/bin/sh
# Every call that can fail is made to fail, in every way, and the process is killed before each: hours. With
# NKS_TORTURE_SECONDS=N each of the two suites only so long: the night (tests/system/test_torture.sh) and what is done by hand
# (tests/system/test_torture_hand.sh), of which the normal tests try a part.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

cmake --preset dev >/dev/null
cmake --build --preset dev
for suite in torture torture_hand; do
    ASAN_OPTIONS=exitcode=99:detect_leaks=1 UBSAN_OPTIONS=exitcode=99 \
        NKS_BIN=$PWD/build/dev/bin NKS_SOURCE=$PWD NKS_TORTURE_SECONDS=${NKS_TORTURE_SECONDS:-0} sh tests/system/test_$suite.sh
done
