"""Reads of calls for helpers, for those on duty: what runs, who was asked and said what, and how long
helpers of each kind take to say yes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from amparo.alerts import waves
from amparo.alerts.models import HELPER, CallOut, HelperSaid
from amparo.consent import gate
from amparo.foundation import ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, NotFound
from amparo.people import queries as people
from amparo.people.rules import INTAKE


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    id: ids.Id
    case: ids.Id
    mode: str
    state: str
    needed: int
    taken: int
    due_at: datetime | None
    version: int
    day: date


@dataclass(frozen=True)
class Happened:
    """One thing that happened: asked, answer, nobody left, stopped."""

    what: str
    at: datetime
    more: dict[str, Any]


@dataclass(frozen=True)
class View:
    """One call for helpers, newest happening first."""

    row: Row
    happened: list[Happened]


@dataclass(frozen=True)
class Usual:
    """How long helpers of a kind take to say yes (median), and of how many yeses that is."""

    service: str
    time: timedelta
    count: int


def _row(row: CallOut) -> Row:
    return Row(
        row.id,
        row.case,
        row.mode,
        row.state,
        row.needed,
        row.taken,
        row.due_at,
        row.version,
        row.day,
    )


def callouts(actor: Actor, *, case: ids.Id | None = None) -> list[Row]:
    """Those of the actor's cases; what runs stands first."""
    people.require(actor, INTAKE)
    rows = CallOut.objects.filter(case=case) if case else CallOut.objects.all()
    found = list(rows.order_by("-day", "id")[:200])
    mine = gate.admit_many(actor, {row.case for row in found}, "cover")
    shown = [_row(row) for row in found if row.case in mine]
    return sorted(shown, key=lambda row: row.state != "open")


def callout(actor: Actor, wanted: ids.Id) -> View:
    """One of them; NotFound when its case does not open to the actor."""
    people.require(actor, INTAKE)
    row = CallOut.objects.filter(id=wanted).first()
    if row is None or not gate.holds(actor, row.case, "cover"):
        raise NotFound
    found = [
        Happened(doc.pop("what"), datetime.fromisoformat(doc.pop("at")), doc)
        for doc in _docs(actor, HelperSaid.objects.filter(callout=row))
    ]
    return View(_row(row), sorted(found, key=lambda one: one.at, reverse=True))


def _docs(actor: Actor, rows: Any) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        try:
            found.append(dict(gate.read_as_team(actor, HELPER, row)))
        except CannotOpen:
            continue  # sealed to a team that the actor has not been in
    return found


def usual(actor: Actor, *, exercise: bool = False) -> list[Usual]:
    """Median time to a yes for each kind of help. What was a drill counts among drills only."""
    people.require(actor, INTAKE)
    waits: dict[str, list[timedelta]] = {}
    for doc in _docs(actor, HelperSaid.objects.all()):
        if (doc["mode"] == "exercise") is exercise and doc.get("answer") == "yes":
            waits.setdefault(doc["service"], []).append(timedelta(seconds=doc["seconds"]))
    found = []
    for service, times in sorted(waits.items()):
        time = waves.usual(times)
        if time is not None:
            found.append(Usual(service, time, len(times)))
    return found
