
# RFC 6962: the hash of a leaf, and of two nodes; $1 is the sibling in base64. / Băm lá và nút của cây Merkle.
leaf() { { printf '\000'; cat "$1"; } | openssl dgst -sha256 -binary | base64; }
left() { { printf '\001'; printf %s "$1" | base64 -d; printf %s "$2" | base64 -d; } | openssl dgst -sha256 -binary | base64; }
right() { left "$2" "$1"; }

# The root that proof $1 ends in is $2. / Gốc cây trong tệp $1 là $2.
rooted() { x=$(cat "$1"); case $x in *"
$2
"*) ;; *) fail "$1: another root" ;; esac; }

# The log's key $LOG_KEY signed the checkpoint behind the first blank line of $1 ($2: line of the signature).
# Khóa của nhật ký đã ký điểm kiểm tra trong tệp $1.
log_signed() {
    [ -n "${LOG_KEY:-}" ] || { echo "LOG_KEY is not set: $1 not checked / chưa đặt LOG_KEY"; return 0; }
    work=$(mktemp -d); key=${LOG_KEY#*+}; key=${key#*+}
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; printf %s "$key" | base64 -d | tail -c 32; } |
        openssl pkey -pubin -inform DER -out "$work/key.pem"
    printf %s "$3" >"$work/text"
    printf %s "$2" | base64 -d | tail -c 64 >"$work/signature"
    case $(cat "$1") in *"$3"*"$2"*) ;; *) fail "$1: another checkpoint" ;; esac
    openssl pkeyutl -verify -rawin -pubin -inkey "$work/key.pem" -sigfile "$work/signature" -in "$work/text" >"$work/said" ||
        fail "$1: not signed by LOG_KEY"
    rm -r "$work"
}
