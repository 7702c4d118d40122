"""Says what is wrong with an installation, and in one sentence how to mend it."""

import importlib.metadata
import platform
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from amparo.cli import voice
from amparo.cli.manual import command, json_option
from amparo.foundation import config as options
from amparo.foundation.config import Config, config

LIBRARIES = ("amparo", "django", "cryptography", "granian", "click")
HIDDEN = "(set)"


@command(
    "doctor",
    examples=[
        ("amparo doctor", "Look at everything and say what is not well."),
        ("amparo doctor --json", "The same for a monitor."),
    ],
    exits=[
        ("0", "Nothing is broken; there may be warnings."),
        ("1", "Something is broken: at least one FAIL."),
        ("2", "The configuration cannot be read; one line names the option."),
    ],
    see=["amparo init", "amparo journal verify", "docs/install.md"],
)
@click.option("--all", "show_all", is_flag=True, help="Show the whole configuration too.")
@json_option
def doctor(show_all: bool, as_json: bool) -> int:
    """Say what is wrong, and how to mend it.

    Looks at the configuration, versions, the hybrid key encapsulation, the clock, the disk, file
    permissions, swap and core dumps, both databases and their tables, officers and pinned
    fingerprints, the engine's heartbeat, half-done operations, stuck announcements and notices,
    re-sealing that waits, the journal, the mail server, translations and backups. Each is OK, WARN
    or FAIL with the sentence that mends it. It changes nothing and prints no secret.
    """
    # Not at the top: the checks load the vault.
    from amparo.cli import checks

    if as_json:
        return _document(list(checks.run()))
    settings = config()
    console = voice.out()
    console.print()
    found = []
    for finding in checks.run():
        found.append(finding)
        console.print(_line(finding))
    if show_all:
        console.print()
        console.print(_configuration(settings))
    _verdict(console, found)
    return int(any(one.status == checks.FAIL for one in found))


def _line(finding: Any) -> Table:
    sign, style = voice.SIGNS[finding.status]
    table = Table.grid(padding=(0, 1))
    table.add_column(width=6, no_wrap=True)
    table.add_column(width=18, no_wrap=True)
    table.add_column(overflow="fold")
    said = Text(finding.detail)
    if finding.mend:
        said.append(f"\n→ {finding.mend}", "name")
    table.add_row(Text(f"{sign} {finding.status}", style), finding.check, said)
    return table


def _verdict(console: Any, found: list[Any]) -> None:
    counts = {status: sum(one.status == status for one in found) for status in voice.SIGNS}
    worst = next((status for status in ("FAIL", "WARN") if counts[status]), "OK")
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    console.print()
    console.print(Text(told, voice.SIGNS[worst][1]))


def effective(settings: Config) -> dict[str, Any]:
    """The configuration in force, with nothing that opens anything."""
    found: dict[str, Any] = {}
    for one in options.options():
        value = getattr(settings, one.name)
        if one.name in options.SECRET:
            value = HIDDEN if value else ""
        found[one.name] = str(value) if one.name == "data" else value
    return found


def versions() -> dict[str, str]:
    """What is installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        found[name] = importlib.metadata.version(name)
    return found


def _configuration(settings: Config) -> Table:
    rows: list[tuple[str, object]] = []
    for name, value in (effective(settings) | versions()).items():
        rows.append((name, ", ".join(value) if isinstance(value, tuple) else value))
    return voice.pairs(rows)


def _document(found: list[Any]) -> int:
    failed = any(one.status == "FAIL" for one in found)
    voice.as_json(
        {
            "ok": not failed,
            "checks": [
                {
                    "check": one.check,
                    "status": one.status,
                    "detail": one.detail,
                    "mend": one.mend,
                }
                for one in found
            ],
            "config": effective(config()),
            "versions": versions(),
        }
    )
    return int(failed)
