
# That OCSP answer $1, by issuer $2 or its delegate, said at $4 (epoch) of certificate $3: $5. That it has run out
# since is told and is no fault. / Trả lời OCSP $1 nói tại thời điểm $4 rằng chứng thư số $3: $5.
ocsp_said() {
    x=$(openssl ocsp -respin "$1" -issuer "$2" -cert "$3" -CAfile "$CA" -verify_other "$2" -attime "$4" -no_nonce 2>&1) || :
    case $x in *"Response verify OK"*) ;; *) fail "$1" ;; esac
    case $x in *": $5"*|*"
$5"*) ;; *) fail "$1: another state" ;; esac
}
