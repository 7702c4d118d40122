"""The calendar of somebody's check-ins, for the calendar program that asks for it (RFC 5545)."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from amparo.alerts.services import calendar
from amparo.foundation import clock

FOLD = 75  # octets of a line
BEFORE = "-PT10M"  # when the calendar's own reminder comes


@require_safe
def feed(_request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing. An address that is none, or is over, is the same 404."""
    text = written(calendar.feed(token), clock.now())
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")


def written(feed_: calendar.Feed, now: datetime) -> str:
    """A feed as RFC 5545 writes it. Nobody else stands in it, and no place."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//notes//notes//EN", "METHOD:PUBLISH"]
    for number, at in enumerate(feed_.times):
        words = _escaped(feed_.words)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{feed_.name}-{number}@notes",
            f"DTSTAMP:{_moment(now)}",
            f"DTSTART:{_moment(at)}",
            "DURATION:PT15M",
            f"SUMMARY:{words}",
            "CLASS:PRIVATE",
            "TRANSP:TRANSPARENT",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{words}",
            f"TRIGGER:{BEFORE}",
            "END:VALARM",
            "END:VEVENT",
        ]
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
