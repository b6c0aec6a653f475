#!/bin/sh
# Drop folders: a name that still stands in .taken/ holds up nobody and is not replaced.
. "${NKS_SOURCE:?}/tests/system/lib.sh"

home_make "$work/home"
file=$(cd "$work/home" && find in/sender -type f -name '*.xml' | sort | head -n 1)
folder=$work/home/${file%/*}
name=${file##*/}
[ -n "$file" ] || die "the small night has no files"

# What lies in .taken/ under that name cannot be finished; a later name of the same sender comes through all the same.
mkdir -p "$folder/.taken/$name"
{ cat "$folder/$name" && echo; } >"$folder/zz-later.xml"
nks "$work/home" receive --now "$night"
[ -f "$folder/$name" ] || fail "a file was lost over its name in .taken/"
[ -d "$folder/.taken/$name" ] || fail "what lay in .taken/ was replaced"
[ ! -e "$folder/zz-later.xml" ] || fail "a name in .taken/ held up the other files of its sender"
rmdir "$folder/.taken/$name"
nks "$work/home" receive --now "$night"
[ ! -e "$folder/$name" ] || fail "a file was not taken after its name was free again"

# Killed with NAME in .taken/, and the sender drops other bytes as NAME: both are received.
home_make "$work/crash"
folder=$work/crash/${file%/*}
cp "$folder/$name" "$work/first"
code env NKS_KILL_AT=receive.taken "$NKS_BIN/nks" --home "$work/crash" receive --now "$night"
if [ "$code" -eq 137 ]; then
    before=$(find "$work/crash/in" -type f | wc -l | tr -d ' ')
    { cat "$work/first" && echo; } >"$folder/$name"
    nks "$work/crash" receive --now "$night"
    assert_eq "spooled files" "$(find "$work/crash/spool" -type f | wc -l | tr -d ' ')" "$((before + 1))"
    nothing_left "$work/crash"
else
    skip "this build has no fault points"
fi
test_end
