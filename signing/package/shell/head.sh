# How to verify this package without our software, on a machine without network.
# Cách kiểm tra gói chứng cứ này không cần phần mềm của trục và không cần mạng.
#
# Needed: a POSIX shell, coreutils, openssl, xmlsec1; and, from sources that YOU trust, never from this package:
# Cần có: các công cụ trên; và, từ nguồn mà BẠN tin cậy, không lấy từ gói này:
#   ca.pem     the root certificate over the axis and the agencies / chứng thư số gốc của trục và các cơ quan
@NEEDS@#
# Unpack (any tool; nothing in the package is compressed) / Giải nén: python3 -m zipfile -e FILE.asice DIR; cd DIR
# Read the commands below and run them one by one, or all together: sh VERIFY.txt
# Đọc và chạy từng lệnh dưới đây, hoặc chạy tất cả: sh VERIFY.txt

set -eu
LC_ALL=C; TZ=UTC; export LC_ALL TZ
CA=${CA:-../ca.pem}
MANIFEST=$(cat META-INF/ASiCManifest001.xml)
fail() { echo "FAILED / KHÔNG ĐẠT: $1"; exit 1; }

# The certificate of the signer as it stands in an XML file. / Chứng thư số của người ký trong tệp XML.
signer() { x=$(cat "$1"); x=${x#*X509Certificate>}; printf '%s' "${x%%<*}" | tr -d ' \r\n' | base64 -d; }

# That file $1 was signed with the certificate $2. / Tệp $1 được ký bằng chứng thư số $2.
signed_by() {
    [ "$(signer "$1" | openssl dgst -sha256)" = "$(openssl x509 -in "$2" -outform DER | openssl dgst -sha256)" ] ||
        fail "$1: another signer"
    openssl x509 -in "$2" -noout -subject
}

# That evidence $1 names the files that follow by their SHA-256. / Chứng cứ $1 nêu SHA-256 của các tệp theo sau.
attests() {
    evidence=$1; x=$(cat "$1"); shift
    for file; do
        digest=$(openssl dgst -sha256 -binary "$file" | base64)
        case $x in *">$digest<"*) ;; *) fail "$evidence does not name $file" ;; esac
    done
}

# That the signature in $1 covers all of it. / Chữ ký trong $1 bao trùm toàn bộ tệp.
whole() {
    x=$(cat "$1")
    case $x in *'<!DOCTYPE'*) fail "$1: a document type" ;; esac
    case ${x#*'<ds:Signature '} in "$x"|*'<ds:Signature '*) fail "$1: not one signature" ;; esac
    x=${x#*'<ds:Reference '}
    case ${x%%>*} in *'URI=""'*) ;; *) fail "$1: the document is not what is signed" ;; esac
    while case $x in *'Transform Algorithm="'*) ;; *) false ;; esac; do
        x=${x#*'Transform Algorithm="'}
        case ${x%%\"*} in
            http://www.w3.org/2000/09/xmldsig#enveloped-signature|http://www.w3.org/2001/10/xml-exc-c14n#) ;;
            *) fail "$1: another transform" ;;
        esac
    done
}
