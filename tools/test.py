"""The whole suite: everything on SQLite, and the rooms and stories once more on PostgreSQL.

It goes in parts, two side by side so that no core waits for the other, each with its own data folder
and servers. What was passed on the two databases must be the same list of tests.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from postgres import Missing, programs

ROOT = Path(__file__).parents[1]
ON_BOTH = ["tests/rooms", "tests/stories"]
SIDE_BY_SIDE = 2
NOTHING_CHOSEN = 5  # pytest's code where none of a part's tests was asked for
CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
_printing = threading.Lock()


def others() -> list[list[str]]:
    """Everything beside the rooms and stories, in parts of like length: the doors in two halves by
    their names, and the rest."""
    doors = sorted(str(one.relative_to(ROOT)) for one in (ROOT / "tests/doors").glob("test_*.py"))
    first = [one for one in doors if Path(one).name < "test_d"]
    rest = [str(one.parent.relative_to(ROOT)) for one in (ROOT / "tests").glob("*/test_*.py")]
    rest = sorted({*rest} - {*ON_BOTH, "tests/doors"})
    return [first, [one for one in doors if one not in first], rest]


def play(name: str, *arguments: str) -> int:
    """One run of pytest, with the interpreter that runs this file; printed whole when it is over."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    with _printing:
        print(
            f"== {name}\n{done.stdout}\n== {name}: {time.monotonic() - started:.0f} s", flush=True
        )
    return done.returncode


def passed(tally: Path) -> set[str]:
    """Names of the tests that passed, of a tally written by the tests' conftest."""
    outcomes = json.loads(tally.read_text()) if tally.exists() else {}
    return {name for name, outcome in outcomes.items() if outcome == "passed"}


def compare(lite: set[str], big: set[str]) -> bool:
    """Print how many tests passed on each database; true when they are the same ones."""
    print(f"Room and story tests passed: {len(lite)} on SQLite, {len(big)} on PostgreSQL", end="")
    print(", equal" if lite == big else ", NOT equal")
    for name in sorted(lite ^ big)[:20]:
        print(f"  only on {'SQLite' if name in lite else 'PostgreSQL'}: {name}")
    return lite == big


def main(arguments: list[str]) -> int:
    """Run all parts; arguments go to every run of pytest."""
    started = time.monotonic()
    try:
        programs()
        postgres_is_here = True
    except Missing as missing:
        print(f"Skipped: the tests on PostgreSQL; {missing}")
        postgres_is_here = False
    with tempfile.TemporaryDirectory(prefix="amparo-test-") as folder:
        lite, big = (Path(folder) / name for name in ("lite", "big"))
        parts = [("rooms and stories, on SQLite", ["--tally", str(lite), *ON_BOTH])]
        if postgres_is_here:
            name = "rooms and stories, on PostgreSQL"
            parts.append((name, ["--postgres", "--tally", str(big), *ON_BOTH]))
        parts += [(f"{part[0]} … {part[-1]}, on SQLite", part) for part in others()]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            runs = [pool.submit(play, name, *part, *arguments) for name, part in parts]
            codes = {run.result() for run in runs}
        print(f"== all of it, two side by side: {time.monotonic() - started:.0f} s")
        same = not postgres_is_here or compare(passed(lite), passed(big))
    if codes != {NOTHING_CHOSEN}:
        codes.discard(NOTHING_CHOSEN)
    if not postgres_is_here and CI:
        return 1
    return max([*codes, 0 if same else 1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
