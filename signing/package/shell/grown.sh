
# That $1 is evidence $2 with a time-stamp over its seal, of the time $3 (RFC 3161, in XAdES-B-T).
# Tệp $1 là chứng cứ $2 có thêm dấu thời gian trên chữ ký số, lập lúc $3.
grew() {
    x=$(cat "$1"); end='</xades:UnsignedProperties>'
    before=${x%%'<xades:UnsignedProperties'*}; behind=${x#*"$end"}
    [ "$before$behind" = "$(cat "$2")" ] || fail "$1 did not grow from $2"
    value=${x#*'<ds:SignatureValue>'}; token=${x#*'<xades:EncapsulatedTimeStamp>'}
    work=$(mktemp -d)
    printf '<ds:SignatureValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#">%s</ds:SignatureValue>' \
        "${value%%<*}" >"$work/value"
    printf %s "${token%%<*}" | base64 -d >"$work/token"
    openssl ts -verify -in "$work/token" -token_in -data "$work/value" -CAfile "${TSA_CA:-../tsa.pem}" \
        -attime "$3" || fail "$1: the time-stamp"
    rm -r "$work"
}
