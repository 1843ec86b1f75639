
# RFC 4998, archive records: hashes stand in hexadecimal, $1 is their algorithm.
# basenc is of coreutils 8.31 or later. / basenc có trong coreutils từ bản 8.31.
# Bản ghi chứng cứ theo RFC 4998: mã băm viết theo hệ 16, $1 là thuật toán.
hashed() { openssl dgst "-$1" -binary | basenc --base16 -w 0; }
piece() { tail -c "+$2" "$1" | head -c "$3"; } # of file $1: from byte $2 on, so many

# File $2; with $3 together with the hash of all chains before. / Tệp $2; có $3: cùng các chuỗi trước đó.
object() {
    x=$(hashed "$1" <"$2")
    [ -z "${3:-}" ] || x=$(printf %s "$x$3" | basenc --base16 -d | hashed "$1")
    echo "$x"
}

# A node over the hashes that follow: sorted and joined; one stands for itself. / Nút trên các mã băm theo sau.
node() {
    by=$1; shift
    [ $# -gt 1 ] || { echo "$1"; return; }
    printf '%s\n' "$@" | sort | tr -d '\n' | basenc --base16 -d | hashed "$by"
}

# The chains before this one in file $2, $4 bytes from $3 on; $5 is their ASN.1 header. / Các chuỗi trước đó.
chains() { { printf %s "$5" | basenc --base16 -d; piece "$2" "$3" "$4"; } | hashed "$1"; }

# The time-stamp in file $1, $3 bytes from $2 on, is over the hash $4, and held at $5 (epoch).
# Dấu thời gian trong tệp $1 bao trùm mã băm $4 và còn hiệu lực tại thời điểm $5.
stamped() {
    work=$(mktemp -d)
    piece "$1" "$2" "$3" >"$work/token"
    openssl ts -verify -in "$work/token" -token_in -digest "$4" -CAfile "${TSA_CA:-../tsa.pem}" -attime "$5" ||
        fail "$1: time-stamp at byte $2"
    x=$(openssl ts -reply -in "$work/token" -token_in -text); x=${x#*Time stamp: }; echo "$1: ${x%%GMT*}GMT"
    rm -r "$work"
}
