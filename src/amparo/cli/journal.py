"""Checks and exports the journal, so that an outsider can check it too."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from amparo.cli import house, voice
from amparo.cli.manual import Group, command, json_option
from amparo.foundation.errors import Invalid, Unavailable

existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("journal", cls=Group)
def journal() -> None:
    """Verify, export, print a checkpoint.

    The journal holds what was done, by whom, to what: sealed to the auditors, without content. Its
    entries are leaves of a tree whose heads are signed. Whoever has an export can check it without
    this machine; whoever kept a checkpoint elsewhere also notices a log that was rewritten whole.
    """


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as opened:
        for number, line in enumerate(opened, 1):
            try:
                found = json.loads(line)
            except ValueError:
                raise Invalid(f"{file}: line {number} is not JSON") from None
            if not isinstance(found, dict):
                raise Invalid(f"{file}: line {number} is not an entry")
            yield found


def _public(given: str | None) -> bytes | None:
    try:
        found = bytes.fromhex(given) if given else None
    except ValueError:
        found = b""
    if found is not None and len(found) != 32:
        raise Invalid("--key should be 64 hexadecimal digits")
    return found


@command(
    "verify",
    examples=[
        ("amparo journal verify", "The journal of this installation."),
        ("amparo journal verify log.jsonl", "An export, on any machine."),
        (
            "amparo journal verify log.jsonl --checkpoint note.txt",
            "And that it is the log whose checkpoint you kept.",
        ),
    ],
    exits=[
        ("0", "Every entry is as it was signed."),
        ("1", "It is not; the first bad entry is named."),
        ("2", "The file is no export of a journal."),
    ],
    see=["amparo journal export", "amparo journal checkpoint", "docs/FORMATS.md"],
)
@click.argument("file", required=False, type=existing)
@click.option("--checkpoint", type=existing, help="A signed note that was kept elsewhere.")
@click.option("--key", "public", help="The log's public key, from elsewhere (64 hex digits).")
@json_option
def verify(file: Path | None, checkpoint: Path | None, public: str | None, as_json: bool) -> int:
    """Check that the journal is whole.

    Hashes every entry into its place in the tree and compares with the signed heads. Without FILE
    it looks at this installation; with FILE at an export, offline, with no installation at hand.
    The entry that is bad, missing or too much is named by its place.
    """
    kept, key = checkpoint.read_text("utf-8") if checkpoint else "", _public(public)
    if file is None:
        house.need_founded()
    house.set_up()
    from amparo.vault import log

    if file is None:
        house.need_tables()
        verdict = log.verify(log.export(), public=key or log.public_key(), kept=kept)
    else:
        verdict = log.verify(_lines(file), public=key, kept=kept)
    document = {
        "ok": verdict.ok,
        "entries": verdict.entries,
        "first_bad": verdict.first_bad,
        "reason": verdict.reason,
    }
    if as_json:
        voice.as_json(document)
    elif verdict.ok:
        told = " and meet the checkpoint" if checkpoint else ""
        click.echo(
            f"The journal is whole: {verdict.entries} entries are as they were signed{told}."
        )
    else:
        where = "" if verdict.first_bad is None else f" at entry {verdict.first_bad}"
        click.echo(f"The journal is NOT whole{where}: {verdict.reason}.")
    return int(not verdict.ok)


@command(
    "export",
    examples=[("amparo journal export log.jsonl", "Everything that an outsider needs.")],
    see=["amparo journal verify", "docs/FORMATS.md"],
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
def export(file: Path) -> None:
    """Write the journal to FILE, or to standard output for `-`.

    One JSON document a line: the log's name and public key, then each batch of entries (place, day,
    digests) followed by its signed head. It says how much was done on which day, and nothing else.
    """
    house.open_house()
    from amparo.vault import log

    _seal_waiting()
    if str(file) == "-":
        log.write_export(sys.stdout)
        return
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        count = log.write_export(opened)
    voice.step(f"{file}: {count} lines; check it anywhere with `amparo journal verify {file}`")


def _seal_waiting() -> None:
    """Entries that nobody has signed yet get their place now, so that nothing is left out."""
    from amparo.vault import log

    while log.seal_waiting():
        pass


@command(
    "checkpoint",
    examples=[("amparo journal checkpoint > note.txt", "Keep it on another machine, or print it.")],
    see=["amparo journal verify --checkpoint"],
)
def checkpoint() -> None:
    """Print the newest signed head of the journal.

    A C2SP note of a few lines. Keep it where nobody who holds this machine can reach it: with it
    you notice a journal that was cut short or rewritten whole and signed again.
    """
    house.open_house()
    from amparo.vault import log

    _seal_waiting()
    note = log.newest_note()
    if not note:
        raise Unavailable("the journal has no entry yet")
    click.echo(note, nl=False)


for one in (verify, export, checkpoint):
    journal.add_command(one)
