#!/bin/sh
# One night over fixtures/small in a fresh test home, and what happened. Leaves the home in build/demo.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

cmake --preset release >/dev/null
cmake --build --preset release -- --quiet
PATH="$PWD/build/release/bin:$PATH"
home=build/demo/home
now=2026-11-23T02:10:00Z
rm -rf build/demo
mkdir -p build/demo
export NKS_HOME="$home"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n== %s\n' "$*"; }

say "A fresh test home, and the reference data"
nks init --test
for kind in agreement central register debt; do
    file=fixtures/small/${kind}s.csv
    [ "$kind" = register ] && file=fixtures/small/register.csv
    nks "$kind" import "$file" --now "$now"
done

say "The authorities drop their files"
cp -r fixtures/small/in/sender/* "$home/in/sender/"
(cd "$home/in/sender" && find . -name '*.xml' | sort)

say "The night runs: nks run --now $now"
nks run --now "$now" -v

say "Files out"
(cd "$home/out" && find . -name '*.xml' -o -name '*.tsv' | sort)

say "What a central is told about its files"
cat "$home"/out/central/central-vest/*.tsv

say "Where things stand: nks status"
nks status --now "$now"

batch=$(nks list --payer proeveskat --state ACCEPTED --now "$now" | cut -f 9 | tail -n 1)
say "One batch: nks show $batch"
nks show "$batch" --now "$now"

say "Why the money of one payment went where it went: nks explain $batch 5"
nks explain "$batch" 5 --now "$now"

say "A second program recounts everything: nks-audit"
nks-audit

say "A page for people about the night: nks report --night 2026-11-23 --out build/demo/night.html"
nks report "$batch" --out build/demo/batch.html --now "$now"
nks report --night 2026-11-23 --out build/demo/night.html --now "$now"

say "Open build/demo/night.html in a browser. The home stays in $home: try nks --home $home list"
