#!/usr/bin/env bash
# The main job on the embedded default (SQLite and files), or with ENGINES=real over PostgreSQL and Ceph's S3 with two nodes behind
# nginx, told step by step. Everything happens in a temporary folder and on loopback; each line that begins with $ is a command as
# a clerk or an operator would type it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
real=$([ "${ENGINES:-embedded}" = real ] && echo yes || true)
declare -A axis_pid=()
engines_pid=
finish() {
  for pid in "${axis_pid[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  if [ -n "$engines_pid" ] && kill "$engines_pid" 2>/dev/null; then wait "$engines_pid" || true; fi
  rm -rf "$work"
}
trap finish EXIT
cd "$work"
started=$SECONDS

step() { printf '\n\033[1m%s. %s\033[0m\n' "$((++number))" "$*"; }
shown() { # the command as one would type it
  printf '\033[2m$'
  for word in "$@"; do case $word in *[\ \&]*|'') printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac; done
  printf '\033[0m\n'
}
run() { shown "$@"; "$@"; }
fails() { # EXIT-CODE COMMAND…: a step that must be refused, with this exit code
  local wanted=$1 got=0
  shift
  shown "$@"
  "$@" || got=$?
  [ "$got" = "$wanted" ] || { echo "expected exit code $wanted, got $got"; exit 1; }
  echo "(exit code $got, as it must be)"
}
field() { python3 -c 'import json,sys; value=json.loads(sys.stdin.readline())
for key in sys.argv[1].split("."): value=value[int(key)] if key.isdigit() else value[key]
print(value)' "$1"; }
letter() { # NUMBER PRIORITY: the letter to the province once more, as another document
  sed -e "s/7817/$1/g" -e "s|<edXML:Priority>1<|<edXML:Priority>$2<|" "$here/letter-to-province.edxml"
}
last_sent() { axis outbox --profile ministry/profile.toml --json | tail -n 1 | field dispatch.dispatch_id; }
start_node() { # NAME: axis/NAME.toml
  : >"$1.out"
  axis-server run --config "axis/$1.toml" >>"$1.out" 2>>"$1.log" &
  axis_pid[$1]=$!
  until grep -q 'listening on' "$1.out"; do
    kill -0 "${axis_pid[$1]}" 2>/dev/null || { echo "the axis did not start:"; cat "$1.log"; exit 1; }
    sleep 0.1
  done
  grep 'listening on' "$1.out"
}
start_engines() {
  python3 "$here/engines.py" "$@" >engines.out 2>&1 &
  engines_pid=$!
  until grep -q 'engines are ready' engines.out; do
    kill -0 "$engines_pid" 2>/dev/null || { cat engines.out; exit 1; }
    sleep 0.1
  done
  grep -v 'engines are ready' engines.out
}
free_ports() { python3 -c 'import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))' "$1"; }
number=0

read -r port one other < <(free_ports 3)
if [ -n "$real" ]; then
  step "The engines start: a database, an object store, and a balancer in front of two nodes"
  start_engines "$port" "$one" "$other"
fi

step "An operator makes an axis, with a test CA and its own keys"
run axis-server init axis --listen "127.0.0.1:$port" --metrics ""
printf '\n[deadlines]   # for this demo: who does not take a letter of the highest priority within 4 seconds is late
handover_hours = [72, 24, 8, 2, 0.0011]
\n[retention]   # whose archivists may order disposals
authority = "K01.LT"\n' | tee -a axis/axis.toml
if [ -n "$real" ]; then
  echo "Ledger and archive are the engines', for both nodes:"
  python3 "$here/over_engines.py" axis/axis.toml engines.toml
  . ./engines.env
  cat engines.toml
  for node in one other; do sed "s/127.0.0.1:$port/127.0.0.1:${!node}/" axis/axis.toml >"axis/$node.toml"; done
fi

step "The operator registers a ministry, a province and a department, each with a certificate and a profile; and a group"
run axis-server agency add 000.00.00.G90 --name "Bộ Mẫu" --alias G90 --issue ministry --config axis/axis.toml
run axis-server agency add 000.00.00.H90 --name "UBND tỉnh Ví Dụ" --issue province --config axis/axis.toml
run axis-server agency add H91.01 --name "Sở Nội vụ tỉnh Giả Định" --issue department --config axis/axis.toml
run axis-server agency add K01.LT --name "Cục Lưu trữ" --issue archive --role archivist --config axis/axis.toml
run axis-server agency certificate add 000.00.00.G90 --issue archivist --role archivist --config axis/axis.toml
run axis-server group add PHOI-HOP --name "Các cơ quan phối hợp" --member 000.00.00.H90 --member H91.01 --config axis/axis.toml
run axis-server check-config --config "axis/$([ -n "$real" ] && echo one || echo axis).toml"

if [ -n "$real" ]; then
  step "Two nodes start behind nginx, gRPC over mutual TLS, with nothing between them but the engines"
  for node in one other; do start_node "$node"; done
else
  step "The axis starts: gRPC over mutual TLS"
  start_node axis
fi

step "The ministry's clerk looks for an address, without diacritics, and asks whom a group reaches"
run axis agencies "tinh vi du" --profile ministry/profile.toml
run axis groups PHOI-HOP --profile ministry/profile.toml

step "The ministry's clerk seals an urgent letter with two attachments, 30 MB and a small one, and looks at the seal"
cp "$here/letter.edxml" letter.edxml
head -c 30000000 /dev/urandom >"Bản đồ quy hoạch.pdf"
printf 'Số liệu quý I\n' >"số liệu.csv"
run axis seal letter.edxml -o sealed.edxml --attach "Bản đồ quy hoạch.pdf" --attach "số liệu.csv" \
  --key ministry/system.key --cert ministry/system.pem
run axis verify sealed.edxml --trust ministry/ca.pem --attach "Bản đồ quy hoạch.pdf" --attach "số liệu.csv"

step "Before sending: what would a real send be told? A warning, and nothing that would be refused"
run axis check sealed.edxml --attach "Bản đồ quy hoạch.pdf" --attach "số liệu.csv" --profile ministry/profile.toml

step "The clerk sends it. \"Sent\" means: archived, committed, and the axis's signed evidence verified"
run axis send sealed.edxml --attach "Bản đồ quy hoạch.pdf" --attach "số liệu.csv" --profile ministry/profile.toml
id=$(axis outbox --profile ministry/profile.toml --json | field dispatch.dispatch_id)
echo "dispatch $id"

step "The province's clerk sees it, takes it, and proves that every byte is there (status 01, sealed), then accepts (status 03)"
run axis inbox --profile province/profile.toml
run axis fetch "$id" -o received --profile province/profile.toml
cmp received/*quy*hoạch* "Bản đồ quy hoạch.pdf" && echo "byte for byte the same"
run axis accept "$id" --profile province/profile.toml
run axis report "$id" --status 05 --profile province/profile.toml

step "The department refuses it (status 02), with the reason that the law wants"
run axis refuse "$id" --reason "Thiếu phụ lục 2" --profile department/profile.toml

step "The ministry sees both endings, signed"
run axis status "$id" --profile ministry/profile.toml
run axis evidence "$id" -o proof --profile ministry/profile.toml

step "Anyone can check the evidence offline: with axis, and with xmlsec1 where it is installed"
run axis verify proof/*.xml --trust ministry/ca.pem
if command -v xmlsec1 >/dev/null; then
  for file in proof/*.xml; do
    verdict=$(xmlsec1 --verify --trusted-pem ministry/ca.pem "$file" 2>&1)
    echo "xmlsec1 --verify --trusted-pem ministry/ca.pem $file: ${verdict%%$'\n'*}"
  done
fi

if [ -n "$real" ]; then
  step "kill -9 of one node in the middle of the day: the other gives the same answer to the same submission"
  { kill -9 "${axis_pid[one]}"; wait "${axis_pid[one]}" || true; } 2>/dev/null
else
  step "kill -9 in the middle of the day: the axis comes back and gives the same answer to the same submission"
  { kill -9 "${axis_pid[axis]}"; wait "${axis_pid[axis]}" || true; } 2>/dev/null
  start_node axis
fi
run axis send sealed.edxml --attach "Bản đồ quy hoạch.pdf" --attach "số liệu.csv" --profile ministry/profile.toml
run axis evidence "$id" -o proof-again --profile ministry/profile.toml
diff -r proof proof-again && echo "every evidence is the same, byte for byte"
if [ -n "$real" ]; then start_node one; fi

step "One changed byte is refused, with a reason and signed evidence of the refusal; nothing is kept"
sed 's/quý I năm 2026/quý V năm 2026/' sealed.edxml >tampered.edxml
fails 1 axis verify tampered.edxml --trust ministry/ca.pem
fails 1 axis send tampered.edxml --attach "Bản đồ quy hoạch.pdf" --attach "số liệu.csv" --profile ministry/profile.toml

step "A stranger learns nothing: the department asks for a dispatch that is not its own"
run axis send "$here/letter-to-province.edxml" --profile ministry/profile.toml
other=$(axis outbox --profile ministry/profile.toml --json | tail -n 1 | field dispatch.dispatch_id)
fails 1 axis status "$other" --profile department/profile.toml

step "A letter to the group goes to each of its members. The department accepts it; the province has not fetched it yet"
letter 7818 1 >second.edxml
run axis send second.edxml --to PHOI-HOP --profile ministry/profile.toml
second=$(last_sent)
run axis accept "$second" --profile department/profile.toml

step "There is a mistake in it: the ministry asks for it back. The province cannot fetch it any more, and agrees (15)"
run axis recall "$second" --reason "Sai số liệu ở phụ lục 1" --profile ministry/profile.toml
fails 1 axis fetch "$second" -o too-late --profile province/profile.toml
run axis agree "$second" --profile province/profile.toml

step "The department has accepted it and keeps it (16), with a reason. The ministry sees both answers"
run axis decline "$second" --reason "Văn bản đã được thi hành" --profile department/profile.toml
run axis status "$second" --profile ministry/profile.toml

step "A letter of the highest priority that nobody takes: the axis itself ends it at its deadline"
letter 7819 4 >third.edxml
run axis send third.edxml --profile ministry/profile.toml
third=$(last_sent)
for _ in {1..60}; do
  state=$(axis status "$third" --profile ministry/profile.toml --lang en --json | tail -n 1)
  [[ $state != *expired* ]] || break
  sleep 1
done
run axis status "$third" --profile ministry/profile.toml

step "Nobody has to search: what needs attention is one command. The evidence of the failure is signed like any other"
run axis attention --profile ministry/profile.toml
run axis evidence "$third" -o proof-of-failure --profile ministry/profile.toml
run axis verify proof-of-failure/*ContentHandoverFailure*.xml --trust ministry/ca.pem

step "Everything that happened to it, in order; a program keeps its place in a file and misses nothing"
run axis watch --once --dispatch "$third" --profile ministry/profile.toml

step "The axis counts by itself: what was sent, accepted, refused, late"
run axis stats --by agency --profile ministry/profile.toml

step "The ministry's archivist says how long the letter is kept, and holds it. The archive's authority cannot destroy it: it is not due"
run axis retention set "$id" --class 10 --record "01/HS-VP" --reason "Danh mục hồ sơ 2026" --profile archivist/profile.toml
run axis hold put "$id" --reason "Kết luận thanh tra số 5" --profile archivist/profile.toml
fails 1 axis disposal list --profile archive/profile.toml
fails 2 axis disposal order "$id" --number "12/QĐ-LT" --legal-basis "Luật Lưu trữ 2024" -o order.xml --profile archive/profile.toml

if [ -n "$real" ]; then
  step "Everything is there, and as it was accepted: every evidence against the log, every file in the object store"
  run axis-server verify-store --config axis/one.toml
fi

step "The axis stops cleanly"
for pid in "${axis_pid[@]}"; do kill "$pid"; wait "$pid"; done
axis_pid=()
echo "stopped"
printf '\nThe whole road took %s seconds.\n' "$((SECONDS - started))"
