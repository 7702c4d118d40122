"""How commands speak: results on standard output, everything else on standard error, no colour
where none is wanted, and the same few signs everywhere."""

import json
import sys
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

# Deep colours that stay readable on black and on white; meaning never hangs on them alone.
THEME = Theme(
    {
        "good": "green",
        "odd": "yellow",
        "bad": "bold red",
        "soft": "dim",
        "name": "bold",
        "key": "cyan",
        "heading": "bold",
    },
    inherit=False,
)
WIDTH = 100
SIGNS = {"OK": ("●", "good"), "WARN": ("▲", "odd"), "FAIL": ("■", "bad")}


def _console(*, stderr: bool) -> Console:
    # Made anew each time: tests and pipes exchange the streams under us.
    console = Console(stderr=stderr, theme=THEME, highlight=False, markup=False, emoji=False)
    if not console.is_terminal or console.width > WIDTH:
        console.width = WIDTH
    return console


def out() -> Console:
    """Where results go."""
    return _console(stderr=False)


def err() -> Console:
    """Where progress, prose and complaints go."""
    return _console(stderr=True)


def as_json(document: Any) -> None:
    """One JSON document on standard output and nothing else there."""
    text = json.dumps(document, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(*lines: object) -> None:
    """Prose for the person in front of the terminal."""
    console = err()
    for line in lines or ("",):
        console.print(line)


def heading(text: str) -> None:
    """A heading of a longer conversation."""
    say("", Text(text, "heading"), "")


def step(text: str) -> None:
    """Something has been done."""
    say(Text("  ✓ ", "good") + Text(text))


def caution(text: str) -> None:
    """Something that must not be missed."""
    say(Padding(Text("▲ ", "odd") + Text(text), (0, 0, 0, 2)))


def pairs(rows: list[tuple[str, object]]) -> Table:
    """Names on the left, values on the right."""
    table = Table.grid(padding=(0, 3))
    table.add_column(style="soft", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(f"  {name}", value if isinstance(value, Text) else Text(str(value)))
    return table


def complain(message: str) -> None:
    """One clear line, whatever the message was."""
    line = " ".join(str(message).split())
    click.secho("amparo: ", fg="red", bold=True, nl=False, err=True)
    click.echo(line, err=True)


def clear() -> None:
    """Take what was shown off the screen, and out of its memory of earlier lines."""
    if sys.stderr.isatty():
        sys.stderr.write("\033[2J\033[3J\033[H")
        sys.stderr.flush()
