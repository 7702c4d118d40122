"""The calendar of somebody's check-ins, for the calendar program that asks for it."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from amparo.alerts.services import calendar
from amparo.foundation import clock
from amparo.web import calendars

LENGTH = timedelta(minutes=15)


@require_safe
def feed(_request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing. An address that is none, or is over, is the same 404."""
    found = calendar.feed(token)
    return calendars.calendar(entries(found), made=clock.now(), reminds=True)


def entries(found: calendar.Feed) -> list[calendars.Entry]:
    """A feed's times, each under the same words."""
    return [
        calendars.Entry(f"{found.name}-{number}", at, at + LENGTH, found.words)
        for number, at in enumerate(found.times)
    ]
