"""Calendars for the calendar programs that ask for them (RFC 5545). Nobody else stands in them, and no
place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpResponse

FOLD = 75  # octets of a line
BEFORE = "-PT10M"  # when a calendar's own reminder comes


@dataclass(frozen=True)
class Entry:
    """A span with its words. The same span has the same name in every copy."""

    name: str
    start: datetime
    end: datetime
    words: str


def calendar(entries: Iterable[Entry], *, made: datetime, reminds: bool = False) -> HttpResponse:
    """The answer to a calendar program."""
    text = written(entries, made=made, reminds=reminds)
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")


def written(entries: Iterable[Entry], *, made: datetime, reminds: bool = False) -> str:
    """A calendar as RFC 5545 writes it. `reminds`: its entries remind, and take up nobody's time."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//notes//notes//EN", "METHOD:PUBLISH"]
    for one in entries:
        words = _escaped(one.words)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.name}@notes",
            f"DTSTAMP:{_moment(made)}",
            f"DTSTART:{_moment(one.start)}",
            f"DTEND:{_moment(one.end)}",
            f"SUMMARY:{words}",
            "CLASS:PRIVATE",
        ]
        if reminds:
            lines += ["TRANSP:TRANSPARENT", "BEGIN:VALARM", "ACTION:DISPLAY"]
            lines += [f"DESCRIPTION:{words}", f"TRIGGER:{BEFORE}", "END:VALARM"]
        lines.append("END:VEVENT")
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _folded(line: str) -> str:
    """No line is longer than 75 octets, and no letter is cut in two."""
    pieces: list[bytes] = []
    piece = b""
    for letter in line:
        raw = letter.encode()
        if len(piece) + len(raw) > FOLD - (1 if pieces else 0):
            pieces.append(piece)
            piece = b""
        piece += raw
    return b"\r\n ".join([*pieces, piece]).decode()
