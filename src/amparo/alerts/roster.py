"""Reads of the roster: who is on duty, whom an alarm rings, what the roster lacks. The server reads the
copy under the duty key, so that it knows at three in the morning, with nobody signed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import structlog

from amparo.alerts import oncall
from amparo.alerts.models import HANDOVER, ONCALL, ROSTER, Feed, HandOver, Roster
from amparo.alerts.rules import Fault
from amparo.consent import gate
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Unavailable
from amparo.messages import ringing
from amparo.people import queries as people
from amparo.people.rules import COORDINATION, INTAKE
from amparo.vault import duty

Doc = dict[str, Any]
_say = structlog.get_logger("amparo.alerts")


def empty() -> Doc:
    """A roster's document with nothing in it."""
    return {
        "since": clock.now().isoformat(),  # of the rotations as they are now
        "rotations": [],
        "overrides": [],
        "leaves": [],
        "wishes": [],  # what somebody has asked a colleague and has no answer to
        "taken": [],  # hand-overs that somebody took
        "told": [],  # hand-overs that nobody took in time, and who had to hear it has heard it
    }


def armed() -> Doc | None:
    """The roster as the server reads it; None where there is none, or a lockdown has shut it."""
    row = Roster.objects.first()
    if row is None or not row.armed:
        return None
    try:
        return duty.open_(ONCALL, row.id, bytes(row.armed))
    except (CannotOpen, Unavailable):
        return None


def rules_of(doc: Doc | None) -> oncall.Roster | None:
    """The rules of a document; None where nobody is put on duty by it."""
    if doc is None:
        return None
    found = oncall.roster_of(doc, [str(one) for one in people.members_of(INTAKE)])
    return found if found.rotations or found.overrides else None


def present() -> oncall.Roster | None:
    """The roster in force; None where there is none, so that everybody of the intake team is on."""
    return rules_of(armed())


# --- who is on -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class OnDuty:
    """Who is on at a moment. `beside`: whoever should have handed over, until somebody has taken it."""

    first: ids.Id | None = None
    beside: ids.Id | None = None
    second: ids.Id | None = None

    def all(self) -> tuple[ids.Id, ...]:
        """All of them, whoever is rung first in front."""
        found = [one for one in (self.first, self.beside, self.second) if one is not None]
        return tuple(dict.fromkeys(found))


def of_moment(doc: Doc | None, at: datetime) -> OnDuty:
    """Who is on by a document."""
    roster = rules_of(doc)
    if doc is None or roster is None:
        return OnDuty()
    late = waiting(doc, roster, at)
    beside = late.giver if late and not oncall.is_away(roster, late.giver, at) else ""
    names = (oncall.on(roster, "first", at), beside, oncall.on(roster, "second", at))
    return OnDuty(*(ids.of(one) if one else None for one in names))


def key(change: oncall.Change) -> str:
    """By which a change is known in the document."""
    return f"{change.at.isoformat()} {change.taker}"


def waiting(doc: Doc, roster: oncall.Roster, at: datetime) -> oncall.Change | None:
    """The newest change before a moment, while whoever came has not taken it."""
    begun = datetime.fromisoformat(doc["since"])
    past = oncall.changes(roster, at - oncall.BESIDE, at + timedelta(seconds=1))
    newest = next((one for one in reversed(past) if begun < one.at <= at), None)
    if newest is None or not newest.asks or oncall.on(roster, "first", at) != newest.taker:
        return None
    return None if any(one["key"] == key(newest) for one in doc["taken"]) else newest


def on_duty(at: datetime | None = None) -> tuple[ids.Id, ...]:
    """Who of the intake team is on duty, hand-overs, overrides and leave applied; whoever is rung first
    stands in front. Empty: nobody is on, or there is no roster."""
    return of_moment(armed(), at or clock.now()).all()


SECOND_RING, THIRD_RING = 1, 2


def to_ring(times: int) -> list[ids.Id]:
    """Whom an alarm rings that has rung the desk so often before: whoever is on first; when nobody has
    answered, the deputy too; then everybody of the intake team. Everybody at once where nobody is on,
    nobody of those on has said how they are told, or the roster cannot be read."""
    everybody = people.members_of(INTAKE)
    if times >= THIRD_RING:
        return everybody
    try:
        now = of_moment(armed(), clock.now())
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # Whatever is wrong with the roster: a press must not fail for it.
        _say.error("the roster cannot be read", kind=type(error).__name__)
        return everybody
    front = [one for one in (now.first, now.beside) if one is not None]
    for wanted in (front, list(now.all())) if times < SECOND_RING else (list(now.all()),):
        if wanted and ringing.can_ring(wanted):
            return wanted
    return everybody


def nobody_is_on() -> bool:
    """Whether there is a roster and nobody is on by it now; the banner of every page says so."""
    found = armed()
    return rules_of(found) is not None and not of_moment(found, clock.now()).all()


@dataclass(frozen=True)
class Hours:
    """What may be promised by the roster: somebody is on now, or from when; `always`: for two weeks
    without a gap."""

    on: bool
    always: bool
    from_: datetime


def hours(at: datetime) -> Hours | None:
    """The hours of duty by the roster; None where there is none, or nobody is on for two weeks."""
    roster = present()
    return None if roster is None else _hours(roster, at.replace(second=0, microsecond=0))


@lru_cache(maxsize=8)
def _hours(roster: oncall.Roster, at: datetime) -> Hours | None:
    """Every page that somebody opens who needs help asks this; within a minute the answer stands."""
    from_ = oncall.next_on(roster, at)
    if from_ is None:
        return None
    on = from_ <= at
    return Hours(on, on and not oncall.gaps(roster, at, at + oncall.AHEAD), from_)


# --- what it lacks -------------------------------------------------------------------------------
def _reached(who: Iterable[str]) -> list[str]:
    return [one for one in who if ringing.can_ring([ids.of(one)])]


def lacks() -> list[oncall.Lack]:
    """What is wrong with the next two weeks; nothing where there is no roster."""
    roster = present()
    return [] if roster is None else lacks_of(roster)


def lacks_of(roster: oncall.Roster) -> list[oncall.Lack]:
    """The same of any roster, for a preview."""
    return oncall.lacks(roster, clock.now(), reached=_reached(roster.people()))


def faults() -> list[Fault]:
    """The same for a plan that rings the desk: each kind once, for nobody's name stands there."""
    return [Fault(f"duty {what}") for what in sorted({one.what for one in lacks()})]


# --- at the desk ---------------------------------------------------------------------------------
def doc(actor: Actor) -> Doc:
    """All of the roster, for colleagues who answer or organise; an empty one where there is none."""
    people.require(actor, INTAKE, COORDINATION)
    leave = gate.admit(actor, people.house(), "house")
    row = Roster.objects.first()
    return gate.read(leave, ROSTER, row) if row else empty()


def version(actor: Actor) -> int:
    """What a form about the rotations was drawn from."""
    people.require(actor, INTAKE, COORDINATION)
    row = Roster.objects.first()
    return row.version if row else 0


@dataclass(frozen=True)
class Note:
    """What somebody left for the next one; `at_once`: they may take over before the hour."""

    id: ids.Id
    key: str
    by: ids.Id
    text: str
    at: datetime
    at_once: bool


def notes(actor: Actor) -> list[Note]:
    """The notes of the last two weeks that the actor opens, newest first."""
    people.require(actor, INTAKE)
    found = []
    for row in HandOver.objects.all():
        try:
            one = gate.read_as_team(actor, HANDOVER, row)
        except CannotOpen:
            continue  # of a team that the actor has not been in
        at = datetime.fromisoformat(one["at"])
        found.append(Note(row.id, one["key"], ids.of(one["by"]), one["text"], at, one["at_once"]))
    return sorted(found, key=lambda note: note.at, reverse=True)


def my_change(actor: Actor, *, gives: bool) -> oncall.Change | None:
    """The change at which the actor goes (`gives`) or comes: the one that waits to be taken, or else
    the next one."""
    found, now = armed(), clock.now()
    roster = rules_of(found)
    if found is None or roster is None:
        return None
    late = waiting(found, roster, now)
    ahead = oncall.changes(roster, now, now + oncall.AHEAD)
    taken = {one["key"] for one in found["taken"]}
    for one in ([late] if late else []) + ahead:
        if str(actor.id) == (one.giver if gives else one.taker) and key(one) not in taken:
            return one
    return None


def turns_of(person: ids.Id, since: datetime, until: datetime) -> list[oncall.Shift]:
    """The spans in which somebody is on, in either line, joined where they touch."""
    roster, who = present(), str(person)
    return oncall.joined(
        oncall.Shift(one.start, one.end, who, "")
        for one in (oncall.shifts(roster, since, until) if roster else [])
        if who in one.on
    )


def has_feed(actor: Actor) -> bool:
    """Whether some address shows the actor's turns."""
    return Feed.objects.filter(id=actor.id).exists()
