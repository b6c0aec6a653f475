#!/bin/sh
# Public messages that others made: NemKonto messages of a public library go through the whole chain, and public attacks on
# XML readers are refused quickly without stopping anything else. Without $NKS_SHARED the test is skipped (77).
. "${NKS_SOURCE:?}/tests/system/lib.sh"
samples=$NKS_SHARED/samples/generated__achton__nordea-payment
hostile=$NKS_SHARED/hostile
now=2026-11-20T02:10:00Z # the bank day before the Monday that the messages' Sunday becomes
limit=5                  # seconds for one attack, the sanitizers' slowness included
[ -d "$samples" ] || [ -d "$hostile" ] || {
    skip "no public samples in $NKS_SHARED"
    exit 77
}

count_of() { # NAME: a column of the summary of the last run
    awk -F '\t' -v name="$1" '/^# type/ { for (i = 1; i <= NF; i++) if ($i == name) at = i } !/^#/ { print $at }' "$work/run"
}

data=$work/data
mkdir "$data"
# The agreements of the home: Danske Bank's range of the samples has no meaning here, any central will do.
cat >"$data/agreements.csv" <<'END'
sender,payer,payer_cvr,payer_name,customer_id,debtor_accounts,ydelsesarter,offset_mode,offset_ydelsesarter,days_before,no_account,no_account_account,no_account_name,report_level,report_version,valid_from,valid_to
udbetaler,udbetaler,99010118,Prøveudbetaler,ACMETEST,DK5000400440116243,*,NONE,,1,VENTEKONTO,39990000000901,Prøvestatens ventekonto,ALL,SAME,2025-01-01,
END
cat >"$data/centrals.csv" <<'END'
central,name,order_version,max_payments,max_bytes,cut_off,regnr_ranges
central-en,Prøvecentral,09,500,10000000,15:30,0001-9999
END

if [ -d "$samples" ]; then
    # Every other payee who is named by a number has a NemKonto; the rest go to the ventekonto.
    {
        echo 'record,holder_kind,holder_id,parent_cvr,account_kind,authority,ydelsesart,account,bic,valid_from,valid_to'
        awk '/<PrvtId>/ { inside = 1 } /<\/PrvtId>/ { inside = 0 }
            inside && /<Id>[0-9]/ { gsub(/[^0-9]/, ""); if (!seen[$0]++) print }' "$samples"/*.xml |
            awk 'NR % 2 == 1 { printf "ACCOUNT,CPR,%s,,NEMKONTO,,,7001%010d,,2015-01-01,\n", $0, NR }'
    } >"$data/register.csv"
    home_init "$work/home" "$data"
    mkdir -p "$work/home/in/sender/udbetaler"
    cp "$samples"/*.xml "$work/home/in/sender/udbetaler/"
    code "$NKS_BIN/nks" --home "$work/home" -v run --now "$now"
    assert_eq "the samples: exit" "$code" 0
    cp "$work/said" "$work/run"
    assert_eq "files accepted" "$(count_of accepted)" 2
    assert_eq "payments" "$(count_of payments)" 2003

    # The testsuite's message pays from a Swiss account that no agreement has: all three are rejected, with that reason.
    assert_eq "rejected" "$(count_of rejected)" 3
    assert_eq "AC02" "$(grep -ho '<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC02<' "$work"/home/out/payer/udbetaler/*.xml | wc -l)" 3

    # The 2,000: where the message says an account and no person, there; else to the NemKonto or the ventekonto.
    cat "$work"/home/out/central/central-en/*.xml | grep '<CdtTrfTxInf>' >"$work/sent"
    assert_eq "payments sent" "$(wc -l <"$work/sent")" 2000
    assert_eq "each EndToEndId once" "$(sed 's/.*<EndToEndId>\([^<]*\).*/\1/' "$work/sent" | sort -u | wc -l)" 2000
    assert_eq "their sum" "$(sed 's/.*<InstdAmt Ccy="DKK">\([^<]*\).*/\1/' "$work/sent" |
        awk '{ split($0, a, "."); s += a[1] * 100 + a[2] } END { print s }')" 2201000
    # payment by payment: EndToEndId, amount, account
    awk -F '[<>]' -v register="$data/register.csv" '
        BEGIN { while ((getline line < register) > 0) { split(line, f, ","); nemkonto[f[3]] = f[8] } }
        /<CdtTrfTxInf>/ { e2e = amount = cpr = account = ""; where = "" }
        /<EndToEndId>/ { e2e = $3 } /<InstdAmt/ { amount = $3 }
        /<PrvtId>/ { where = "id" } /<CdtrAcct>/ { where = "account" }
        /<Id>[^<]/ { if (where == "id" && cpr == "") cpr = $3; else if (where == "account" && account == "") account = $3 }
        /<\/CdtTrfTxInf>/ { print e2e, amount, cpr == "" ? account : cpr in nemkonto ? nemkonto[cpr] : "39990000000901" }' \
        "$samples/bulk_2000_bban_nemkonto.xml" | sort >"$work/expected"
    sed 's/.*<EndToEndId>\([^<]*\)<.*<InstdAmt Ccy="DKK">\([^<]*\)<.*<CdtrAcct><Id><Othr><Id>\([^<]*\)<.*/\1 \2 \3/' \
        "$work/sent" | sort >"$work/got"
    assert_same "payments: id, amount, account" "$work/expected" "$work/got"
    out_valid "$work/home/out"
    out_signed "$work/home"
    out_recounted "$work/home"
    nothing_left "$work/home"
    audit_clean "$work/home"
else
    skip "no samples in $samples"
fi

if [ -d "$hostile" ]; then
    home_make "$work/night"
    n=0
    find "$hostile" -type f | sort >"$work/attacks"
    while read -r attack; do
        n=$((n + 1))
        begin=$(date +%s)
        code "$NKS_BIN/nks" check "$attack"
        assert_eq "nks check ${attack##*/}: exit" "$code" 1
        [ $(($(date +%s) - begin)) -le $limit ] || fail "${attack##*/}: longer than $limit s"
        ! grep -q 'root:' "$work/said" || fail "${attack##*/}: nks check tells what is in another file"
        cp "$attack" "$work/night/in/sender/proeveskat/attack-$n.xml"
    done <"$work/attacks"
    begin=$(date +%s)
    night_run "$work/night"
    [ $(($(date +%s) - begin)) -le $((limit * (n + 2))) ] || fail "the night took too long"
    i=0
    while [ $i -lt $n ]; do
        i=$((i + 1))
        receipt=$(grep -l "<AddtlInf>file attack-$i.xml, SHA-256 " "$work"/night/out/sender/proeveskat/*.xml || true)
        [ -n "$receipt" ] || { fail "attack $i has no receipt"; continue; }
        assert_eq "attack $i" "$(sed -n 's/.*<GrpSts>RJCT<\/GrpSts><StsRsnInf><Rsn><Cd>\([^<]*\)<.*/\1/p' "$receipt")" FF01
        ! grep -q 'root:' "$receipt" || fail "attack $i: the receipt tells what is in another file"
        ! grep -q 'gave up' "$receipt" || fail "attack $i: the reader died of it"
        rm -f "$receipt" "$receipt.p7s"
    done
    # everything else of the night is as without them
    checks=$((checks + 1))
    find "$work/night/out" -name '*.p7s' -exec rm -f {} +
    diff -r "$NKS_SOURCE/tests/golden/small" "$work/night/out" >"$work/diff" || {
        fail "the attacks changed the rest of the night"
        head -n 10 "$work/diff" >&2
    }
    out_valid "$work/night/out"
    nothing_left "$work/night"
    assert_eq "attacks tried" "$([ "$n" -ge 5 ] && echo enough)" enough
else
    skip "no attacks in $hostile"
fi

test_end
