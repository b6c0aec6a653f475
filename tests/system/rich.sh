# A night with a little of everything, so that nearly every table has a row: sourced after lib.sh by tests that look at all
# tables. Wants openssl.

rich_refuses() { # MESSAGE_ID CENTRAL [INSTRUCTION]: the whole file, or one payment of it
    all='<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>' one=
    [ $# -lt 3 ] || {
        all=''
        one="<OrgnlPmtInfAndSts><OrgnlPmtInfId>X</OrgnlPmtInfId><TxInfAndSts><OrgnlInstrId>$3</OrgnlInstrId><TxSts>RJCT</TxSts>\
<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>"
    }
    mkdir -p "$rich/in/central/$2"
    cat >"$rich/in/central/$2/answer.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><GrpHdr><MsgId>BANK-1</MsgId>\
<CreDtTm>2026-11-23T05:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>$1</OrgnlMsgId>\
<OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId>$all</OrgnlGrpInfAndSts>$one</CstmrPmtStsRpt></Document>
END
}

rich_person() { # EXIT ID WORDS...
    right=$1 id=$2
    shift 2
    code "$NKS_BIN/nks" --home "$rich" "$@" --person "$id" --person-key "$work/$id.key" --now 2026-11-23T06:40:00Z
    [ "$code" -eq "$right" ] || {
        cat "$work/said" >&2
        die "nks $*: exit $code"
    }
}

night_rich() { # HOME: made before (home_make). For a second home it takes the signature and the persons' keys of the first.
    rich=$1
    sed -e '1s/$/,signature/' -e '2,$s/$/,/' -e '/^proevebetaling,/s/$/OPTIONAL/' "$small/agreements.csv" >"$work/agreements.csv"
    nks "$rich" agreement import --now 2026-11-22T12:00:00Z "$work/agreements.csv"
    [ -f "$pki/signer.crt" ] || cert_make signer 20260101 20271201
    nks "$rich" keys signer import --sender proevebetaling --reason test --now 2026-11-22T12:00:00Z "$pki/signer.crt"
    signed=$rich/in/sender/proevebetaling/10-pension.xml
    [ -f "$work/signed.p7s" ] || openssl cms -sign -binary -md sha256 -outform DER -in "$signed" -out "$work/signed.p7s" \
        -signer "$pki/signer.crt" -inkey "$pki/signer.key" 2>"$work/openssl" || die "openssl could not sign"
    cp "$work/signed.p7s" "$signed.p7s"
    night_run "$rich"

    waits=$(home_sql "$rich" "SELECT batch_id || ' ' || seq FROM payment JOIN slice USING (slice_id) WHERE slice.state = 2
        ORDER BY seq, slice_id LIMIT 1")
    # shellcheck disable=SC2086 # two words
    nks "$rich" stop $waits --reason test --now "$night"
    nks "$rich" recall "$(home_sql "$rich" "SELECT slice_id >> 14 FROM leg WHERE kind = 1 AND state = 2 ORDER BY slice_id DESC LIMIT 1")" \
        "$(home_sql "$rich" "SELECT seq FROM leg JOIN payment USING (slice_id, n) WHERE kind = 1 AND leg.state = 2
            ORDER BY slice_id DESC, n, leg_no LIMIT 1")" --reason test --now "$night"
    # one bank file comes back, and one payment that goes on to the ventekonto; another answer is about nothing we know
    of=$(home_sql "$rich" "SELECT message_id || ' ' || party FROM leg JOIN out_file USING (file_id)
        WHERE leg.kind = 2 AND batch_id = (SELECT MAX(slice_id >> 14) FROM claim_use) ORDER BY file_id LIMIT 1")
    rich_refuses "${of% *}" "${of#* }"
    nks "$rich" run --now 2026-11-23T06:00:00Z
    # shellcheck disable=SC2046 # three words
    rich_refuses $(home_sql "$rich" "SELECT message_id || ' ' || out_file.party || ' N' || ref || '-' || (slice_id & 16383) || '-' || n || '-'
        || leg_no || '-' || generation FROM leg JOIN out_file USING (file_id) JOIN payment USING (slice_id, n) JOIN batch USING (batch_id)
        WHERE leg.kind = 1 AND leg.state = 2 AND payer = 'proeveskat' AND holder_kind > 0 ORDER BY slice_id, n, leg_no LIMIT 1")
    nks "$rich" run --now 2026-11-23T06:05:00Z
    rich_refuses NKS-NONE "${of#* }"
    code "$NKS_BIN/nks" --home "$rich" run --now 2026-11-23T06:10:00Z
    [ "$code" -eq 5 ] || die "a bank's answer to nothing: exit $code"
    # a payee who had no account gets one, and a refused file is read again
    { head -n 1 "$small/register.csv" && echo "ACCOUNT,CPR,2606465006,,NEMKONTO,,,70010000001006,,2015-01-01,"; } >"$work/register.csv"
    nks "$rich" register import --now 2026-11-23T06:20:00Z "$work/register.csv"
    sed s/1006,/1007,/ "$work/register.csv" >"$work/other.csv"
    nks "$rich" replay "$(home_sql "$rich" "SELECT MIN(slice_id >> 14) FROM payment WHERE state = 2 AND reason = 19")" --rejected \
        --reason test --now 2026-11-23T06:20:00Z
    nks "$rich" replay "#$(home_sql "$rich" 'SELECT MIN(delivery_id) FROM delivery WHERE state = 4')" --reason test --now 2026-11-23T06:20:00Z
    nks "$rich" run --now 2026-11-23T06:30:00Z
    nks "$rich" explain 1 1 --unmasked --reason test --now 2026-11-23T06:30:00Z
    nks "$rich" keys signer end 1 --reason test --now 2026-11-23T06:30:00Z
    # two persons: one thing approved, one declined, one that waits
    for person in an bo; do
        [ -f "$work/$person.key" ] || nks "$rich" keys person make "$work/$person.key"
        nks "$rich" keys person add $person --key "$work/$person.key.pub" --roles operator,approver --reason test --now 2026-11-23T06:40:00Z
    done
    lost=$(home_sql "$rich" "SELECT party || '/' || name FROM out_file WHERE kind = 1 AND answered = 0 ORDER BY file_id LIMIT 1")
    rm "$rich/out/central/$lost" "$rich/out/central/$lost.p7s"
    rich_person 5 an replay "${lost#*/}" --reason test
    rich_person 0 bo approve 1
    rich_person 5 an register import "$work/other.csv" --reason test
    rich_person 0 bo approve 2 --decline
    rich_person 5 bo register import "$work/other.csv" --reason test
    nks "$rich" run --now 2026-11-23T06:50:00Z
}
