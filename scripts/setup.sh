#!/bin/sh
# Installs what is missing to build and test, with apt, and says what. Sourced by the other scripts; needs root or sudo.
set -eu

NKS_PACKAGES="build-essential cmake ninja-build pkg-config libxml2-dev libxslt1-dev libsqlite3-dev libssl-dev check
libsubunit-dev libinih-dev libcsv-dev libjansson-dev libseccomp-dev libzstd-dev libpq-dev libxml2-utils openssl sqlite3
postgresql"

missing=""
for package in $NKS_PACKAGES ${NKS_EXTRA_PACKAGES:-}; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
        missing="$missing $package"
    fi
done
if [ -n "$missing" ]; then
    echo "nks: installing:$missing" >&2
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "nks: run this as root, or install sudo" >&2; exit 6; }
        as_root=sudo
    fi
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # one word per package
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
