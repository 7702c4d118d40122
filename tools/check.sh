#!/usr/bin/env bash
# Every check, also after one has failed, so that one run tells all that is to be mended.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

failed=()
look() {
    local name="$1" said
    shift
    [ ! -t 1 ] || printf '…     %s\r' "$name" # the tests take a minute and say nothing meanwhile
    if said="$("$@" 2>&1)"; then
        printf 'good  %-10s %s\n' "$name" "$(tail -n 1 <<<"$said")"
    else
        failed+=("$name")
        printf 'BAD   %s\n%s\n' "$name" "$said"
    fi
}

look format $bin/ruff format --check --output-format concise src tests tools
look lint $bin/ruff check --output-format concise src tests tools
look types $bin/mypy
look contracts $bin/lint-imports --no-logo --no-cache
look tests $bin/python -m pytest -q --tb=short tests/rules tests/house

if [ "${#failed[@]}" -gt 0 ]; then
    echo "To mend: ${failed[*]}"
    exit 1
fi
