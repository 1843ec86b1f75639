#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment, and runs both commands from there.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python -m pip wheel --quiet --no-deps --wheel-dir "$work" .
python -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --constraint constraints.txt "$work"/national_axis-*.whl
cd "$work"
venv/bin/axis --help >/dev/null
venv/bin/axis-server init "$work/axis" >/dev/null
venv/bin/axis-server check-config --config "$work/axis/axis.toml"
echo "the wheel installs and runs: $(basename "$work"/*.whl)"
