"""Somebody's own turns as a calendar, by a secret address and in words that say nothing."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from amparo.alerts import roster
from amparo.alerts.services import roster as services
from amparo.foundation import clock
from amparo.web import calendars

AHEAD = timedelta(days=35)
SUMMARY = "Turn"


@require_safe
def turns(_request: HttpRequest, token: str) -> HttpResponse:
    """The turns of whoever holds the address; any other address is as if there were none."""
    whose, now = services.open_feed(token), clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = roster.turns_of(whose, midnight, midnight + AHEAD)
    entries = [
        calendars.Entry(f"{one.start:%Y%m%dT%H%M%SZ}", one.start, one.end, SUMMARY) for one in found
    ]
    return calendars.calendar(entries, made=midnight)
