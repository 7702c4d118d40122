"""Alarms from the shell: a ladder tried on paper before anybody's night depends on it."""

import sys
import tomllib
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from amparo.alerts import rules
from amparo.alerts.rules import DESK, Contact, Hours, Rung
from amparo.alerts.simulation import ENGINE, Night, Outage, Says
from amparo.cli import voice
from amparo.cli.manual import Group, command, json_option
from amparo.foundation.errors import Invalid
from amparo.messages.rules import TO_CONTACTS

EXAMPLE = """\
# A night on paper. Minutes count from the press.
pressed_at = "2026-03-07T22:40:00+00:00"
minutes = 180

[[rung]]
at = 0
to = ["desk", "sister"]
[[rung]]
at = 5
to = ["sister", "neighbour"]
[[rung]]
at = 10
to = ["desk", "lawyer"]
[[rung]]
at = 40
to = ["regional line"]

[contacts.sister]
ways = ["sms", "mail"]
[contacts.neighbour]
ways = ["sms"]
hours = "07:00-22:00"
zone = "America/Bogota"
[contacts.lawyer]
ways = ["sms", "mail"]
[contacts."regional line"]
ways = ["mail"]

# What fails, and when: a channel, "desk", or "engine".
[[outage]]
what = "sms"
from = 0
to = 25
[[outage]]
what = "engine"
from = 8
to = 12

# Who answers, so many minutes after the first message has reached them.
[answers]
lawyer = { after = 4, say = "on it" }
"regional line" = { after = 6, say = "safe" }
"""

WORDS = {
    "told": "told",
    "failed": "not taken",
    "answered": "answers",
    "nobody": "nobody could be told at this rung",
    "over": "it is over",
}


@click.group("alarms", cls=Group)
def alarms() -> None:
    """Try a ladder on paper.

    Before anybody's night depends on a ladder, let it climb on paper: with channels that fail and
    people who answer late, or not at all.
    """


@command(
    "simulate",
    examples=[
        ("amparo alarms simulate --example > night.toml", "Write an example down, to be changed."),
        ("amparo alarms simulate night.toml", "What would happen, minute by minute."),
        ("amparo alarms simulate night.toml --json", "The same for machines."),
    ],
    exits=[
        ("0", "Somebody is reached, and the plan has no grave fault."),
        ("1", "Nobody would be reached, or the plan could not be armed."),
        ("2", "The file cannot be used; one line says why."),
    ],
)
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--example", is_flag=True, help="Print an example of a file and end.")
@json_option
def simulate(file: Path | None, example: bool, as_json: bool) -> int:
    """Say what a ladder would do in a night.

    The file holds rungs, contacts, outages and answers, and no names are needed: nothing of it is
    kept or sent. The moves are those of a real alarm, by the same rules.
    """
    if example or file is None:
        if not example:
            raise click.UsageError("name a file, or begin with --example.")
        sys.stdout.write(EXAMPLE)
        return 0
    night, minutes = read(file.read_text())
    events, faults = night.run(minutes), rules.faults(night.rungs, night.contacts)
    grave = any(fault.grave for fault in faults)
    good = any(event.what == "told" for event in events) and not grave
    if as_json:
        found = {
            "events": [asdict(one) for one in events],
            "faults": [asdict(one) for one in faults],
        }
        voice.as_json({"ok": good} | found)
        return 0 if good else 1
    for fault in faults:
        voice.say(f"{'fault' if fault.grave else 'look '}  {fault.what} {fault.at}".rstrip())
    rows = [(f"{one.minute:.1f}", one.who, WORDS[one.what], one.by, one.more) for one in events]
    table = Table.grid(padding=(0, 3))
    table.add_column(justify="right", style="soft", no_wrap=True)
    for row in [("minute", "", "", "", ""), *rows]:
        table.add_row(*(Text(one) for one in row))
    voice.out().print(table)
    return 0 if good else 1


def read(text: str) -> tuple[Night, float]:
    """A night and its minutes from the text of a file; Invalid says what cannot be used."""
    try:
        doc = tomllib.loads(text)
        pressed_at = datetime.fromisoformat(str(doc["pressed_at"]))
        contacts = {name: _contact(one) for name, one in doc.get("contacts", {}).items()}
        rungs = [Rung(int(one["at"]), tuple(one["to"])) for one in doc["rung"]]
        outages = [_outage(one) for one in doc.get("outage", [])]
        answers = {name: _says(one) for name, one in doc.get("answers", {}).items()}
        minutes = float(doc.get("minutes", 240))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"the file cannot be read: {error}") from None
    except KeyError as error:
        raise Invalid(f"the file lacks {error.args[0]}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"the file holds something that cannot be used: {error}") from None
    if pressed_at.tzinfo is None:
        raise Invalid("pressed_at should say its zone, as 2026-03-07T22:40:00+00:00")
    known = {DESK, *contacts}
    for name in [*answers, *(one for rung in rungs for one in rung.to)]:
        if name not in known:
            raise Invalid(f"there is no contact {name}")
    return Night(rungs, contacts, pressed_at, outages, answers), minutes


def _contact(one: dict[str, Any]) -> Contact:
    start, _, end = str(one.get("hours", "")).partition("-")
    return Contact(tuple(one["ways"]), Hours(start, end, str(one.get("zone", "UTC"))), True)


def _outage(one: dict[str, Any]) -> Outage:
    what = str(one["what"])
    if what not in {DESK, ENGINE, *TO_CONTACTS}:
        raise ValueError(f"outage of {what}")
    return Outage(what, float(one["from"]), float(one["to"]))


def _says(one: dict[str, Any]) -> Says:
    say = str(one["say"])
    if say not in rules.ANSWERS:
        raise ValueError(f"say = {say!r} (one of {', '.join(rules.ANSWERS)})")
    return Says(float(one["after"]), say)


alarms.add_command(simulate)
