#!/bin/sh
# A night with one message of every version of pain.001 that nks reads. Each pays from an account of a central that takes
# .03 and from one of a central that takes .09: all are sent, every order is valid, what an order cannot carry is told, and
# every answer names the message by the name it came with.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
versions='03 08 09 10 11 12'

# What versions differ in. A street of 76 characters, and the first 70 of them.
long=Vejen-fra-Ribe-til-Varde-over-den-lange-bro-ved-aaen-og-videre-mod-nord-og-vest
cut=$(printf '%s' "$long" | cut -c 1-70)

day() { # VERSION
    case $1 in 03) echo 2026-11-24 ;; *) echo '<Dt>2026-11-24</Dt>' ;; esac
}
bic() { # VERSION: the name of the element
    case $1 in 03) echo BIC ;; *) echo BICFI ;; esac
}
uetr() { # VERSION NUMBER
    case $1 in 03 | 08) ;; *) echo "<UETR>01234567-89ab-4cde-8f01-234567890$2$1</UETR>" ;; esac
}
source() { # VERSION: what made the message
    case $1 in 1?) echo '<InitnSrc><Nm>Program</Nm><Prvdr>Firma</Prvdr><Vrsn>1.2</Vrsn></InitnSrc>' ;; esac
}
address() { # VERSION
    case $1 in
    03 | 08) echo '<AdrTp>HOME</AdrTp><StrtNm>Vejen</StrtNm>' ;;
    12) echo "<AdrTp><Cd>HOME</Cd></AdrTp><CareOf>Familien</CareOf><StrtNm>$long</StrtNm><UnitNb>4</UnitNb>" ;;
    *) echo '<AdrTp><Cd>HOME</Cd></AdrTp><StrtNm>Vejen</StrtNm><Flr>2</Flr>' ;;
    esac
}
words() { # VERSION: to the debtor's bank
    case $1 in 1?) echo '<Cd>XXXX</Cd><InstrInf>til banken</InstrInf>' ;; *) echo 'til banken' ;; esac
}
document() { # VERSION: an amount and the day of a document
    case $1 in
    03) echo '<RltdDt>2026-11-01</RltdDt></RfrdDocInf><RfrdDocAmt><TaxAmt Ccy="DKK">5</TaxAmt></RfrdDocAmt>' ;;
    12)
        echo '<RltdDt><Tp><Cd>XXXX</Cd></Tp><Dt>2026-11-01</Dt></RltdDt></RfrdDocInf><RfrdDocAmt><RmtAmtAndTp>' \
            '<Tp><Cd>XXXX</Cd></Tp><Amt Ccy="DKK">5</Amt></RmtAmtAndTp></RfrdDocAmt>'
        ;;
    *)
        echo '<RltdDt>2026-11-01</RltdDt></RfrdDocInf><RfrdDocAmt><TaxAmt><Amt Ccy="DKK">5</Amt></TaxAmt></RfrdDocAmt>'
        ;;
    esac
}

group() { # VERSION NUMBER ACCOUNT
    cat <<END
<PmtInf><PmtInfId>G$2</PmtInfId><PmtMtd>TRF</PmtMtd><PmtTpInf><LclInstrm><Prtry>NKSTIB</Prtry></LclInstrm></PmtTpInf>
<ReqdExctnDt>$(day "$1")</ReqdExctnDt><Dbtr><Nm>Udbetaler</Nm></Dbtr>
<DbtrAcct><Id><Othr><Id>$3</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></DbtrAcct>
<DbtrAgt><FinInstnId><$(bic "$1")>PRVEDK2V</$(bic "$1")></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>E$1-$2</EndToEndId>$(uetr "$1" "$2")</PmtId>
<Amt><InstdAmt Ccy="DKK">$1.0$2</InstdAmt></Amt>
<Cdtr><Nm>Anna</Nm><PstlAdr>$(address "$1")<PstCd>6760</PstCd><TwnNm>Ribe</TwnNm><Ctry>DK</Ctry></PstlAdr>
<Id><PrvtId><Othr><Id>0101415001</Id><SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr>
<InstrForDbtrAgt>$(words "$1")</InstrForDbtrAgt>
<RmtInf><Strd><RfrdDocInf><Nb>7</Nb>$(document "$1")</Strd></RmtInf></CdtTrfTxInf></PmtInf>
END
}

message() { # VERSION: the message of that version
    cat <<END
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.$1"><CstmrCdtTrfInitn><GrpHdr><MsgId>M$1</MsgId>
<CreDtTm>2026-11-22T18:00:00Z</CreDtTm><NbOfTxs>2</NbOfTxs><InitgPty><Nm>Udbetaler</Nm><Id><OrgId><Othr>
<Id>PSKAT-01</Id><SchmeNm><Cd>CUST</Cd></SchmeNm></Othr></OrgId></Id></InitgPty>$(source "$1")</GrpHdr>
$(group "$1" 1 10010000000101)
$(group "$1" 2 30010000000102)
</CstmrCdtTrfInitn></Document>
END
}

home=$work/home
home_init "$home"
mkdir -p "$home/in/sender/proeveskat" "$work/messages"
for v in $versions; do
    message "$v" >"$work/messages/$v.xml"
    nks "$home" check --now "$night" "$work/messages/$v.xml"
    assert_eq "check names .$v" "$(grep -c "pain.001.001.$v" "$work/said")" 1
    cp "$work/messages/$v.xml" "$home/in/sender/proeveskat/$v.xml"
    # the bank's part of the message, as ISO has it
    [ ! -f "$schemas/pain.001.001.$v.xsd" ] || ! have xmllint ||
        xmllint --noout --nonet --schema "$schemas/pain.001.001.$v.xsd" "$work/messages/$v.xml" 2>"$work/xmllint" ||
        fail "the message in .$v is none of ISO's: $(head -n 1 "$work/xmllint")"
done
night_run "$home"
out=$home/out

# ---- the orders

order_of() { # PAYMENT: the file it is in
    grep -l "<EndToEndId>$1</EndToEndId>" "$out"/central/*/*.xml || true
}
payment_of() { # PAYMENT: its line in the order
    grep -h "<EndToEndId>$1</EndToEndId>" "$out"/central/*/*.xml || true
}
has() { # WHAT PAYMENT PART
    case $(payment_of "$2") in *"$3"*) checks=$((checks + 1)) ;; *) fail "$1: no $3 in $2: $(payment_of "$2")" ;; esac
}
lacks() { # WHAT PAYMENT PART
    case $(payment_of "$2") in *"$3"*) fail "$1: $3 in $2" ;; *) checks=$((checks + 1)) ;; esac
}

for v in $versions; do
    n=1
    for order in 03 09; do
        assert_eq "E$v-$n is in one order" "$(order_of "E$v-$n" | wc -l)" 1
        assert_eq "E$v-$n is in .$order" "$(sed -n 's/.*xsd:\(pain[0-9.]*\)".*/\1/p' "$(order_of "E$v-$n")")" \
            "pain.001.001.$order"
        has "amount of .$v" "E$v-$n" "<InstdAmt Ccy=\"DKK\">${v#0}.0$n</InstdAmt>"
        has "words of .$v" "E$v-$n" '<InstrForDbtrAgt>til banken</InstrForDbtrAgt>'
        has "day of the document in .$v" "E$v-$n" '<RltdDt>2026-11-01</RltdDt>'
        for gone in CareOf UnitNb RmtAmtAndTp InitnSrc '<Cd>XXXX'; do
            lacks "order from .$v" "E$v-$n" "$gone"
        done
        n=$((n + 1))
    done
    has "kind of address of .$v in .03" "E$v-1" '<AdrTp>HOME</AdrTp>'
    has "kind of address of .$v in .09" "E$v-2" '<AdrTp><Cd>HOME</Cd></AdrTp>'
done
has "the end of a long street is left out" E12-2 "<StrtNm>$cut</StrtNm>"
has "tax of .08 in .03" E08-1 '<TaxAmt Ccy="DKK">5</TaxAmt>'
has "tax of .08 in .09" E08-2 '<TaxAmt><Amt Ccy="DKK">5</Amt></TaxAmt>'
has "floor of .10 in .09" E10-2 '<Flr>2</Flr>'
lacks "floor of .10 in .03" E10-1 '<Flr>'

# ---- the answers

for v in $versions; do
    grep -l "<OrgnlMsgId>M$v</OrgnlMsgId>" "$out"/sender/proeveskat/*.xml "$out"/payer/proeveskat/*.xml >"$work/answers" || true
    assert_eq "answers to .$v" "$([ -s "$work/answers" ] && echo some)" some
    expected=pain.002.001.10
    [ "$v" != 03 ] || expected=pain.002.001.03
    while read -r answer; do
        assert_eq "the answer to .$v" "$(sed -n 's/.*xsd:\(pain[0-9.]*\)".*/\1/p' "$answer")" $expected
        assert_eq "the name in it" "$(sed -n 's/.*<OrgnlMsgNmId>\([^<]*\)<.*/\1/p' "$answer")" "pain.001.001.$v"
    done <"$work/answers"
done
told() { # PAYMENT PATH
    checks=$((checks + 1))
    cat "$out"/payer/proeveskat/*.xml | tr -d '\n' |
        sed 's/<\/AddtlInf><AddtlInf>//g; s/<TxInfAndSts>/\n&/g' |
        grep "<OrgnlEndToEndId>$1<" | grep -q "$2" ||
        fail "$1: no answer tells of $2"
}
told E12-2 'PstlAdr/CareOf'
told E12-2 'PstlAdr/StrtNm'
told E12-1 'PstlAdr/UnitNb'
told E10-2 'InstrForDbtrAgt/Cd'
told E10-1 'PstlAdr/Flr'

nks "$home" list
for v in $versions; do
    batch=$(for b in 1 2 3 4 5 6; do
        "$NKS_BIN/nks" --home "$home" show $b 2>/dev/null | grep -q "pain.001.001.$v" && echo $b || true
    done)
    assert_eq "show names .$v once" "$(echo "$batch" | wc -w)" 1
done

out_valid "$out"
out_signed "$home"
out_recounted "$home"
nothing_left "$home"
audit_clean "$home"

# ---- what is new and moves money another way is refused, and its place named

refused() { # VERSION FROM TO PLACE
    sed "s|$2|$3|" "$work/messages/$1.xml" >"$work/bad.xml"
    ! cmp -s "$work/bad.xml" "$work/messages/$1.xml" || fail "nothing to change in .$1"
    code "$NKS_BIN/nks" --now "$night" check "$work/bad.xml"
    assert_eq "$3 in .$1: exit" "$code" 1
    grep -q "$4" "$work/said" || fail "$3 in .$1: its place is not named: $(head -n 3 "$work/said")"
}
refused 11 '</Cdtr>' '</Cdtr><CdtrAcct><Prxy><Id>12345678</Id></Prxy></CdtrAcct>' 'CdtrAcct'
refused 10 '<Cdtr>' '<MndtRltdInf><MndtId>1</MndtId></MndtRltdInf><Cdtr>' 'MndtRltdInf\|CdtTrfTxInf'
refused 12 '</PmtMtd>' '</PmtMtd><ReqdAdvcTp><DbtAdvc><Cd>ADWD</Cd></DbtAdvc></ReqdAdvcTp>' 'PmtInf'
refused 12 '0101415001' '010141500101014150010101415001010141500' 'PrvtId/Othr/Id'
refused 09 '</PmtId>' '</PmtId><SvcLvl/>' 'CdtTrfTxInf'
refused 08 '<StrtNm>' '<Flr>2</Flr><StrtNm>' 'PstlAdr'

test_end
