#!/usr/bin/env bash
# Makes this folder ready: Debian's packages, the virtual environment from the locked file, the
# JavaScript that tests need, Amparo itself. Quick when nothing has changed.
#   tools/setup.sh                everything, for somebody who tries Amparo or works on it
#   tools/setup.sh --server       only what runs it: no browser, no database server, no tools
set -euo pipefail
cd "$(dirname "$0")/.."

server=
case "$*" in
"") ;;
--server) server=yes ;;
*) echo "usage: tools/setup.sh [--server]" >&2 && exit 2 ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }

postgres_is_here() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || have postgres; }
noto_is_here() { [ -e /usr/share/fonts/truetype/noto ] || { have fc-list && fc-list | grep -qi noto; }; }
venv_is_here() { [ -x .venv/bin/python ] || python3 -c 'import ensurepip, venv' 2>/dev/null; }

# package, how we see that it is there, what is lost without it
missing=() told=()
want() {
    local package="$1" lost="$2"
    shift 2
    "$@" || { missing+=("$package"); told+=("$package: $lost"); }
}
look() {
    missing=() told=()
    want python3-venv "nothing works without it" venv_is_here
    want gettext "pages are in English only: translations cannot be compiled" have msgfmt
    [ -z "$server" ] || return 0
    want postgresql "the tests on PostgreSQL cannot run" postgres_is_here
    want chromium "the tests in a browser cannot run" have chromium
    want nginx "the proof behind a proxy cannot run" have nginx
    want libimage-exiftool-perl "the proof that cleaned copies are clean cannot run" have exiftool
    want spin "the model of a press cannot be checked" have spin
    want gcc "the model of a press cannot be checked" have gcc
    want iproute2 "the story of three machines cannot be played" have ip
    want fonts-noto-core "pages in Arabic may show boxes in screenshots" noto_is_here
    want nodejs "the tests with age in JavaScript cannot run" have node
    want npm "axe-core and age for the tests cannot be fetched" have npm
}

# Tests start their own servers, so an installed one is not to be started here: a policy file
# that says "not now" stands for as long as the installation runs.
install_for_debian() {
    local policy=/usr/sbin/policy-rc.d log
    log="$(mktemp)"
    echo "Installing from Debian, which may take some minutes: $*"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap "rm -f '$policy'" EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -q -y --no-install-recommends "$@"; } >"$log" 2>&1 ||
        { tail -n 5 "$log" >&2; echo "apt-get did not install everything (above)." >&2; }
    rm -f "$log"
}

look
if [ "${#missing[@]}" -gt 0 ] && have apt-get && [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
    install_for_debian "${missing[@]}"
    look
fi
for line in ${told[@]+"${told[@]}"}; do
    echo "Not here: $line. Mend: apt-get install ${line%%:*}" >&2
done

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Amparo needs Python 3.11 or newer; this is $(python3 --version)." >&2
    exit 1
}

# A stamp holds the digest of what was installed; another digest means install again.
up_to_date() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
digest() { cat "$@" | sha256sum; }

# Of the tools, a server gets the one that builds.
wanted=(requirements-dev.txt)
[ -z "$server" ] || wanted=(requirements.txt requirements-build.txt)
locked="$(digest "${wanted[@]}")"
if ! up_to_date .venv/.locked "$locked"; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    echo "Installing the locked packages into .venv; this takes a minute"
    for file in "${wanted[@]}"; do
        .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$file"
    done
    echo "$locked" >.venv/.locked
fi

# The programs that stand beside ours in a benchmark have a lock and an environment of their own.
beside="$(digest bench/beside/requirements.txt)"
if [ -z "$server" ] && ! up_to_date bench/beside/.venv/.locked "$beside"; then
    python3 -m venv bench/beside/.venv
    bench/beside/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes \
        -r bench/beside/requirements.txt
    echo "$beside" >bench/beside/.venv/.locked
fi

# --no-build-isolation: the build tool comes from the lock too, so this step needs no network.
project="$(digest pyproject.toml)"
if ! up_to_date .venv/.project "$project"; then
    .venv/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps \
        --no-build-isolation --editable .
    echo "$project" >.venv/.project
fi

# The pages' budgets count compressed bytes, so the server finds the style sheets compressed.
for sheet in src/amparo/web/static/*.css src/amparo/web/static/*.js; do
    [ "$sheet.gz" -nt "$sheet" ] || gzip -9nkf "$sheet"
done

# Compiled catalogues are made here, so that what is reviewed is the text.
if have msgfmt; then
    find src -name '*.po' | while read -r text; do
        [ "${text%.po}.mo" -nt "$text" ] || msgfmt --check-format -o "${text%.po}.mo" "$text"
    done
fi

if [ -z "$server" ] && have npm; then
    locked="$(digest tests/node/package.json tests/node/package-lock.json)"
    if ! up_to_date tests/node/node_modules/.locked "$locked"; then
        echo "Installing the tests' JavaScript into tests/node/node_modules"
        (cd tests/node && npm ci --ignore-scripts --no-audit --no-fund --silent)
        echo "$locked" >tests/node/node_modules/.locked
    fi
fi
