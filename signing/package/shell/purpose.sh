
# That certificate $1 may sign evidence. / Chứng thư số $1 được phép ký chứng cứ.
may_sign_evidence() {
    case $(openssl x509 -in "$1" -noout -ext extendedKeyUsage) in
        *2.25.170204289296398052401383194991094814748*) ;; *) fail "$1 is not for signing evidence" ;;
    esac
}
