"""The command: which proofs, on which databases, and how the outcome is said."""

import contextlib
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click

from amparo.cli.manual import command as page_of_the_manual
from amparo.foundation import clock
from amparo.proofs.prove.found import FAIL, PASS, PENDING, SKIP, Found
from amparo.proofs.prove.promises import PROMISES, Promise
from amparo.proofs.prove.stage import Postgres, play, postgres

MARKS = {PASS: "PASS", FAIL: "**FAIL**", PENDING: "pending", SKIP: "skipped"}


@dataclass
class Line:
    """What is said of one promise, all databases together."""

    promise: Promise
    found: dict[str, Found]
    seconds: float

    @property
    def status(self) -> str:
        """The worst of them."""
        said = {one.status for one in self.found.values()}
        return next(one for one in (FAIL, PENDING, SKIP, PASS) if one in said)

    @property
    def value(self) -> str:
        """One value where all databases agree."""
        values = list(dict.fromkeys(one.value for one in self.found.values() if one.value))
        return " / ".join(values) or "-"

    def parts(self) -> list[str]:
        """For each database: breaches first, then what is missing, then what was tried."""
        parts = []
        for database, one in self.found.items():
            said = [*one.breaches[:5], *(f"pending: {what}" for what in one.pending)]
            said += [one.skipped and f"skipped: {one.skipped}", one.detail]
            parts.append(f"{database}: " + "; ".join(filter(None, said)))
        return parts

    @property
    def detail(self) -> str:
        """All of it in a line."""
        return " | ".join(self.parts())

    def document(self) -> dict[str, str]:
        """As `--json` says it."""
        return {
            "id": self.promise.id,
            "status": self.status,
            "value": self.value,
            "limit": self.promise.limit,
            "unit": self.promise.unit,
            "databases": ", ".join(self.found),
            "seconds": f"{self.seconds:.0f}",
            "detail": self.detail,
        }


def prove(ids: list[str], seed: int) -> list[Line]:
    """Run the proofs one after the other; progress goes to standard error."""
    wanted = [PROMISES[one] for one in ids]
    lines = []
    with contextlib.ExitStack() as stack:
        server = None
        if any("postgres" in one.databases for one in wanted):
            server = stack.enter_context(postgres())
        for promise in wanted:
            begun = time.monotonic()
            print(f"{promise.id} {promise.title} …", end="\r", file=sys.stderr, flush=True)
            found = {one: _on(one, promise, seed, server) for one in promise.databases}
            lines.append(Line(promise, found, time.monotonic() - begun))
            _say(lines[-1])
    return lines


def _on(database: str, promise: Promise, seed: int, server: Postgres | None) -> Found:
    if database == "sqlite":
        return play(promise, seed, None)
    if server is None:
        return Found(skipped="no PostgreSQL here (apt-get install postgresql)")
    return play(promise, seed, server)


def _say(line: Line) -> None:
    said = f"{line.promise.id} {line.status.upper()} {line.value} {line.promise.limit}"
    print(f"\33[2K{said}  {line.promise.title} ({line.seconds:.0f} s)", file=sys.stderr)
    if line.status != PASS:
        print(f"    {line.detail}", file=sys.stderr, flush=True)


def page(lines: list[Line], seed: int) -> str:
    """PROOF.md, from what was really found: one row a proof, and below what was tried."""
    said = Counter(line.status for line in lines)
    counts = ", ".join(
        f"{said[one]} {MARKS[one]}" for one in (PASS, FAIL, PENDING, SKIP) if said[one]
    )
    minutes = sum(line.seconds for line in lines) / 60
    rows = "\n".join(
        f"| {one.promise.id} | {one.promise.title} | {MARKS[one.status]} | {one.value} "
        f"{one.promise.unit} | {one.promise.limit} | {', '.join(one.found)} | {one.seconds:.0f} s |"
        for one in lines
    )
    tried = "\n".join(
        f"\n### {one.promise.id} {one.promise.title}\n\n"
        + "\n".join(f"- {part}" for part in one.parts())
        for one in lines
    )
    return (
        "# What was proved\n\n"
        f"Written by `amparo prove` on {clock.today()}, seed {seed}: {counts}, in "
        f"{minutes:.0f} minutes. To repeat one: `amparo prove P07 --seed N`.\n\n"
        "FAIL is a breach of the promise; `pending` names what is not built, or was not there to try "
        "it with. How each proof was seen to fail stands in its file in `src/amparo/proofs/prove`.\n\n"
        "| | promise | | found | limit | on | time |\n|---|---|---|---|---|---|---|\n"
        f"{rows}\n\n## What was tried\n{tried}\n"
    )


def _write_page(lines: list[Line], seed: int) -> None:
    """Beside the project's own files, if this is a checkout of it."""
    project = Path("pyproject.toml")
    if project.is_file() and 'name = "amparo"' in project.read_text():
        Path("PROOF.md").write_text(page(lines, seed))
        print("PROOF.md written", file=sys.stderr)


@page_of_the_manual(
    "prove",
    examples=[
        ("amparo prove", "All of them; in a clone of Amparo it writes PROOF.md."),
        ("amparo prove P07 P09 --json", "Two of them, for machines."),
    ],
    exits=[
        ("0", "What was tried holds."),
        ("1", "A promise is broken, or with --strict one was skipped."),
        ("2", "There is no proof of that name."),
    ],
    see=["amparo bench", "docs/THREAT_MODEL.md"],
)
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--strict", is_flag=True, help="A proof that was skipped counts as a breach.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--seed", type=int, default=None, help="Repeat a run with its printed seed.")
def command(ids: tuple[str, ...], strict: bool, as_json: bool, seed: int | None) -> None:
    """Show every promise on a fresh installation; without an ID, all of them.

    One line for each, `P07 PASS value limit`. The answer is 1 when a promise is broken. Needs
    nothing of the installation in AMPARO_DATA and does not touch it.
    """
    wanted = [one.upper() for one in ids] or list(PROMISES)
    unknown = [one for one in wanted if one not in PROMISES]
    if unknown:
        raise click.UsageError(f"there is no proof {unknown[0]}; known: {', '.join(PROMISES)}")
    seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
    lines = prove(wanted, seed)
    bad = {FAIL, SKIP} if strict else {FAIL}
    good = all(line.status not in bad for line in lines)
    if as_json:
        print(json.dumps({"ok": good, "proofs": [line.document() for line in lines]}, indent=1))
    else:
        for line in lines:
            said = f"{line.promise.id} {line.status.upper()} {line.value} {line.promise.limit}"
            print(f"{said}  {line.detail}")
        if not ids:
            _write_page(lines, seed)
        print(f"seed {seed}", file=sys.stderr)
    sys.exit(0 if good else 1)
