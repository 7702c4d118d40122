"""Somebody's own turns as a calendar (RFC 5545), by a secret address and in words that say nothing."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from amparo.alerts import roster
from amparo.alerts.services import roster as services
from amparo.foundation import clock

AHEAD = timedelta(days=35)
SUMMARY = "Turn"


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def calendar(spans: Iterable[tuple[datetime, datetime]], *, made: datetime) -> str:
    """A calendar of spans, each with the same word. The same span has the same name in every copy."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Calendar//EN", "CALSCALE:GREGORIAN"]
    for start, end in spans:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_stamp(start)}@turn.invalid",
            f"DTSTAMP:{_stamp(made)}",
            f"DTSTART:{_stamp(start)}",
            f"DTEND:{_stamp(end)}",
            f"SUMMARY:{SUMMARY}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


@require_safe
def turns(_request: HttpRequest, token: str) -> HttpResponse:
    """The turns of whoever holds the address; any other address is as if there were none."""
    whose, now = services.open_feed(token), clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = roster.turns_of(whose, midnight, midnight + AHEAD)
    text = calendar([(one.start, one.end) for one in found], made=midnight)
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")
