
# RFC 6962: the hash of a leaf, and of two nodes; $1 is the sibling in base64. / Băm lá và nút của cây Merkle.
leaf() { { printf '\000'; cat "$1"; } | openssl dgst -sha256 -binary | base64; }
left() { { printf '\001'; printf %s "$1" | base64 -d; printf %s "$2" | base64 -d; } | openssl dgst -sha256 -binary | base64; }
right() { left "$2" "$1"; }

# The root that proof $1 ends in is $2. / Gốc cây trong tệp $1 là $2.
rooted() { x=$(cat "$1"); case $x in *"
$2
"*) ;; *) fail "$1: another root" ;; esac; }

# Key $1, <name>+<id>+<base64>, signed the text $3 ($2: line of the signature). / Khóa $1 đã ký văn bản $3.
signed_with() {
    work=$(mktemp -d); key=${1#*+}; key=${key#*+}
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; printf %s "$key" | base64 -d | tail -c 32; } |
        openssl pkey -pubin -inform DER -out "$work/key.pem"
    printf %s "$3" >"$work/text"
    printf %s "$2" | base64 -d | tail -c 64 >"$work/signature"
    openssl pkeyutl -verify -rawin -pubin -inkey "$work/key.pem" -sigfile "$work/signature" -in "$work/text" >"$work/said" ||
        fail "not signed with $1"
    rm -r "$work"
}

# Key $1 of the log named $2 as its successor; who trusts $1 trusts $2. / Khóa $1 đã nêu khóa $2 kế nhiệm.
succeeded() {
    case " ${LOG_KEY:-} " in *" $1 "*) ;; *) return 0 ;; esac
    case $(cat log/successions.txt) in *"$5"*"$3"*"$4"*) ;; *) fail "log/successions.txt: another succession" ;; esac
    signed_with "$1" "$3" "$5"
    signed_with "$2" "$4" "$5"
    LOG_KEY="$LOG_KEY $2"
}

# A key in $LOG_KEY signed the checkpoint behind the first blank line of $1, whose text is $2 (then: key's id, line
# of the signature). / Một khóa của nhật ký trong LOG_KEY đã ký điểm kiểm tra trong tệp $1.
log_signed() {
    [ -n "${LOG_KEY:-}" ] || { echo "LOG_KEY is not set: $1 not checked / chưa đặt LOG_KEY"; return 0; }
    name=$1; text=$2; shift 2
    while [ $# -gt 1 ]; do
        for known in $LOG_KEY; do
            id=${known#*+}
            [ "${id%%+*}" = "$1" ] || continue
            case $(cat "$name") in *"$text"*"$2"*) ;; *) fail "$name: another checkpoint" ;; esac
            signed_with "$known" "$2" "$text"
            return 0
        done
        shift 2
    done
    fail "$name: not signed by LOG_KEY"
}
