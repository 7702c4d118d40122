"""The whole suite: everything on SQLite, and the rooms and stories once more on PostgreSQL.

Both runs go side by side, each with its own data folder and servers. What was passed on the two
databases must be the same list of tests.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from postgres import Missing, programs

ROOT = Path(__file__).parents[1]
ON_BOTH = [
    f"tests/{folder}" for folder in ("rooms", "stories") if (ROOT / "tests" / folder).is_dir()
]
CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest(*arguments: str) -> list[str]:
    """The command of one run, of the interpreter that runs this file."""
    return [sys.executable, "-m", "pytest", *arguments]


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
    """Run both; arguments go to both runs of pytest."""
    started = time.monotonic()
    try:
        programs()
        postgres_is_here = True
    except Missing as missing:
        print(f"Skipped: the tests on PostgreSQL; {missing}")
        postgres_is_here = False
    with tempfile.TemporaryDirectory(prefix="amparo-test-") as folder:
        lite, big, said = (Path(folder) / name for name in ("lite", "big", "said"))
        second = None
        if postgres_is_here:
            second = subprocess.Popen(
                pytest("--postgres", "--tally", str(big), *ON_BOTH, *arguments),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said.open("w"),
                stderr=subprocess.STDOUT,
            )
        print("== everything, on SQLite", flush=True)
        codes = [subprocess.run(pytest("--tally", str(lite), *arguments), cwd=ROOT).returncode]
        print(f"== everything, on SQLite: {time.monotonic() - started:.0f} s", flush=True)
        if second is not None:
            codes.append(second.wait())
            print("== rooms and stories, on PostgreSQL")
            print(said.read_text(), flush=True)
        print(f"== both, side by side: {time.monotonic() - started:.0f} s")
        same = second is None or compare(passed(lite), passed(big))
    if not postgres_is_here and CI:
        return 1
    return max([*codes, 0 if same else 1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
