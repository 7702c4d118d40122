#!/usr/bin/env bash
# Writes the hash-locked requirements files again from pyproject.toml, without any address.
#   tools/lock.sh                 keep what is pinned, add what is new
#   tools/lock.sh --upgrade       take the newest releases that pyproject.toml allows
set -euo pipefail
cd "$(dirname "$0")/.."

room="$(mktemp -d)"
trap 'rm -rf "$room"' EXIT
python3 -m venv "$room"
"$room/bin/pip" install --quiet --disable-pip-version-check 'uv==0.13.9'

lock() {
    "$room/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
lock pyproject.toml --output-file requirements.txt "${@:1}"
lock pyproject.toml --extra dev --constraint requirements.txt \
    --output-file requirements-dev.txt "${@:1}"
grep -o '"hatchling[^"]*"' pyproject.toml | head -n 1 | tr -d '"' >"$room/build.in"
lock "$room/build.in" --constraint requirements-dev.txt --output-file requirements-build.txt "${@:1}"
lock bench/beside/requirements.in --output-file bench/beside/requirements.txt "${@:1}"
(cd tests/node && npm install --package-lock-only --omit-lockfile-registry-resolved \
    --ignore-scripts --no-audit --no-fund --silent)

if grep -nE '://|--(extra-)?index|--find-links|"resolved"' requirements*.txt \
    bench/beside/requirements.txt tests/node/package-lock.json | grep -v '"url": "https'; then
    echo "a lock file names an address (above)" >&2
    exit 1
fi
