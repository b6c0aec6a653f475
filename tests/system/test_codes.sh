#!/bin/sh
# Every code that the library can put into a fault is explained by `nks help CODE`.
set -eu
: "${NKS_BIN:?}" "${NKS_SOURCE:?}"
words='AES-256-GCM ISO-8859-1 ISO-8859-15 LATIN-9 P-256 UTF-8 US-ASCII WINDOWS-1252 YYYY-MM-DD' # capitals that are no codes
known=$("$NKS_BIN/nks" help codes | cut -f2)
missing=0
# Codes with a hyphen wherever they stand, and those without one right after a status.
codes=$( (cat "$NKS_SOURCE"/lib/*/*.c | grep -oE '"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+"'
    cat "$NKS_SOURCE"/lib/*/*.c | grep -oE 'NKS_(RETRY|UNKNOWN|REFUSED|HELD|FAILED|INTEGRITY), *"[A-Z0-9-]+"' |
        grep -oE '"[A-Z0-9-]+"') | tr -d '"' | sort -u)
for code in $codes; do
    case " $words " in *" $code "*) continue ;; esac
    if ! printf '%s\n' "$known" | grep -qx "$code"; then
        echo "not explained: $code"
        missing=1
    elif ! "$NKS_BIN/nks" help "$code" | grep -q 'what to do'; then
        echo "no next step: $code"
        missing=1
    fi
done
[ -n "$codes" ] || { echo "no codes were found"; exit 1; }
exit $missing
