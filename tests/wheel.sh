#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment, and has an axis and a client talk from there: what
# they need beside Python code (schema, queries, migrations, type marks) must be in the wheel.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
server=
end() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap end EXIT
rooms="edxml plainhttp tracing signing storage axis_server axis_client proto/axis"
files=$(find $rooms -type f ! -name '*.py' ! -name '*.pyc' | sed 's|^proto/||')
python -m pip wheel --quiet --no-deps --wheel-dir "$work" .
python -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --constraint constraints.txt "$work"/national_axis-*.whl
cd "$work"
export PATH="$work/venv/bin:$PATH"
unset PYTHONPATH

packed=$(python -m zipfile --list "$work"/national_axis-*.whl)
for room in $rooms; do files="$files ${room#proto/}/py.typed"; done
for file in $files; do
  grep -q "^$file " <<<"$packed" || { echo "the wheel lacks $file"; exit 1; }
done

axis --help >/dev/null
axis-server init axis --listen 127.0.0.1:0 --metrics "" >/dev/null 2>&1
axis-server check-config --config axis/axis.toml
axis-server run --config axis/axis.toml >address 2>log &
server=$!
for _ in $(seq 300); do
  [ -s address ] && break
  kill -0 "$server" 2>/dev/null || { cat log; exit 1; }
  sleep 0.1
done
address=$(sed 's/^listening on //' address)
axis-server agency add G22 --name "Bộ Mẫu" --config axis/axis.toml --axis "$address" --issue g22 >/dev/null
for attempt in $(seq 30); do # a running axis sees a new agency within a second
  axis whoami --profile g22/profile.toml >answer 2>&1 && break
  [ "$attempt" != 30 ] || { cat answer log; exit 1; }
  sleep 0.5
done
grep -q G22 answer || { cat answer; exit 1; }
kill "$server"
wait "$server"
server=
echo "the wheel installs, runs and answers: $(basename "$work"/*.whl)"
