"""Who is on duty: rotations, swaps, leave, resolved for a moment or for a span of time. Pure: people
are opaque ids as text, and a hand-over stands at its local hour whatever clocks do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

# Two lines: who is rung first, and the deputy. In each, the first rotation that has somebody counts.
Line = Literal["first", "second"]
LINES: tuple[Line, ...] = ("first", "second")
Unit = Literal["hours", "days", "weeks"]
UNITS: tuple[Unit, ...] = ("hours", "days", "weeks")
# A turn is longer than any change of a clock, so that none falls into the hour that is left out.
SHORTEST, LONGEST = {"hours": 4, "days": 1, "weeks": 1}, {"hours": 72, "days": 31, "weeks": 8}
PEOPLE, ROTATIONS, ENTRIES = 24, 8, 200
AHEAD = timedelta(days=14)  # how far gaps are looked for
GRACE = timedelta(minutes=30)  # for whoever comes to take a hand-over
BESIDE = timedelta(hours=12)  # whoever hands over stays beside so long, unless it is taken
NOBODY = ""


@dataclass(frozen=True)
class Window:
    """Hours on some days of the week (0: Monday). An end that is not later lies on the next day."""

    days: tuple[int, ...]
    start: str  # "18:00"
    end: str


EVERY_DAY, WEEKDAYS, WEEKEND = (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4), (5, 6)
ALL_DAY = "00:00"


@dataclass(frozen=True)
class Rotation:
    """People who follow one another. `begins` is the first hand-over on the wall clock of `zone`, as
    2026-11-23T08:00; `length` counts `unit`s. No windows: at all hours."""

    id: str
    people: tuple[str, ...]
    begins: str
    zone: str = "UTC"
    unit: Unit = "weeks"
    length: int = 1
    line: Line = "first"
    windows: tuple[Window, ...] = ()
    asks: bool = True  # each change wants to be taken by whoever comes


@dataclass(frozen=True)
class Override:
    """Somebody is on from one moment to another: in the whole line, or `instead` of one person only
    (a swap, a cover). The newest stands last and wins."""

    id: str
    person: str
    start: datetime
    end: datetime
    line: Line = "first"
    instead: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Leave:
    """Somebody is away and is not rung."""

    id: str
    person: str
    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Roster:
    """Everything that says who is on. `gone`: people in it who are not of the team any more."""

    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    leaves: tuple[Leave, ...] = ()
    gone: frozenset[str] = field(default=frozenset())

    def people(self) -> set[str]:
        """Everybody who is named in it."""
        named = {one for rotation in self.rotations for one in rotation.people}
        return named | {one.person for one in self.overrides}


@dataclass(frozen=True)
class Shift:
    """A span in which the same people are on; an empty name is nobody."""

    start: datetime
    end: datetime
    first: str
    second: str

    @property
    def on(self) -> tuple[str, ...]:
        """Everybody who is on, whoever is rung first in front."""
        return tuple(dict.fromkeys(one for one in (self.first, self.second) if one))


# --- the local clock -----------------------------------------------------------------------------
@lru_cache(maxsize=4096)
def moment(local: datetime, zone: str) -> datetime:
    """The moment (UTC) at which the wall clock of a zone reaches `local` (naive): the first of two
    where an hour comes twice, and where it is left out, the moment at which the clock jumps over it."""
    here = ZoneInfo(zone)
    found = local.replace(tzinfo=here, fold=0).astimezone(UTC)
    if found.astimezone(here).replace(tzinfo=None) == local:
        return found
    before, after = local.replace(tzinfo=here, fold=1).astimezone(UTC), found
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(here).replace(tzinfo=None) >= local:
            after = middle
        else:
            before = middle
    return after


def wall(at: datetime, zone: str) -> datetime:
    """What the wall clock of a zone shows at a moment, naive."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


# --- one rotation --------------------------------------------------------------------------------
def change(rotation: Rotation, number: int) -> datetime:
    """When a turn begins; turns count from 0."""
    step = timedelta(**{rotation.unit: rotation.length})
    return moment(datetime.fromisoformat(rotation.begins) + number * step, rotation.zone)


def turn(rotation: Rotation, at: datetime) -> int:
    """The number of the turn at a moment; below 0: the rotation has not begun."""
    step = timedelta(**{rotation.unit: rotation.length})
    number = (wall(at, rotation.zone) - datetime.fromisoformat(rotation.begins)) // step
    while change(rotation, number) > at:
        number -= 1
    while change(rotation, number + 1) <= at:
        number += 1
    return number


def _opened(rotation: Rotation, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The hours of a rotation that begin on a local day, as moments."""
    for window in rotation.windows:
        if day.weekday() in window.days:
            start = datetime.fromisoformat(f"{day}T{window.start}")
            last = day if window.end > window.start else day + timedelta(days=1)
            end = datetime.fromisoformat(f"{last}T{window.end}")
            yield moment(start, rotation.zone), moment(end, rotation.zone)


def _hours(rotation: Rotation, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    first, last = wall(since, rotation.zone).date(), wall(until, rotation.zone).date()
    days = (last - first).days
    return [
        hours for n in range(-2, days + 2) for hours in _opened(rotation, first + timedelta(days=n))
    ]


def of_rotation(rotation: Rotation, at: datetime) -> str:
    """Whose turn it is by a rotation alone; nobody outside its hours."""
    number = turn(rotation, at)
    if number < 0 or not rotation.people:
        return NOBODY
    if rotation.windows and not any(start <= at < end for start, end in _hours(rotation, at, at)):
        return NOBODY
    return rotation.people[number % len(rotation.people)]


# --- the whole roster ----------------------------------------------------------------------------
def is_away(roster: Roster, person: str, at: datetime) -> bool:
    """Whether somebody is not rung at a moment: on leave, or not of the team any more."""
    return person in roster.gone or any(
        one.person == person and one.holds(at) for one in roster.leaves
    )


def _in_their_place(overrides: Sequence[Override], person: str, at: datetime) -> str:
    """Who stands in for somebody, each swap followed once; themselves where nobody does."""
    swaps = [one for one in overrides if one.instead and one.holds(at)]
    while True:
        found = next((one for one in reversed(swaps) if one.instead == person), None)
        if found is None:
            return person
        swaps.remove(found)
        person = found.person


def _meant(roster: Roster, line: Line, at: datetime) -> Iterator[str]:
    """Who is meant to be on in a line, the one who counts first in front; leave is not looked at."""
    for number, one in reversed(list(enumerate(roster.overrides))):
        if one.line == line and not one.instead and one.holds(at):
            # Only what was agreed since: whoever was put on is on, whatever they had swapped before.
            yield _in_their_place(roster.overrides[number:], one.person, at)
    for rotation in roster.rotations:
        if rotation.line == line:
            whose = of_rotation(rotation, at)
            if whose:
                yield _in_their_place(roster.overrides, whose, at)


def on(roster: Roster, line: Line, at: datetime) -> str:
    """Who is on in a line at a moment; an empty name where nobody is. Whoever has given a turn away is
    not on when the one who took it is away too: they do not know of it. Where nobody is on, everybody
    is rung."""
    return next((one for one in _meant(roster, line, at) if not is_away(roster, one, at)), NOBODY)


def _cuts(roster: Roster, since: datetime, until: datetime) -> list[datetime]:
    """Every moment within a span at which somebody else may be on, its ends among them."""
    found = {since, until}
    for rotation in roster.rotations:
        number = max(turn(rotation, since) + 1, 0)
        while (at := change(rotation, number)) < until:
            found.add(at)
            number += 1
        if rotation.windows:
            found.update(edge for hours in _hours(rotation, since, until) for edge in hours)
    found.update(edge for one in roster.overrides for edge in (one.start, one.end))
    found.update(edge for one in roster.leaves for edge in (one.start, one.end))
    return sorted(at for at in found if since <= at <= until)


def joined(spans: Iterable[Shift]) -> list[Shift]:
    """Spans in their order; those that touch and have the same people are one."""
    found: list[Shift] = []
    for one in spans:
        last = found[-1] if found else None
        if last and (last.end, last.first, last.second) == (one.start, one.first, one.second):
            found[-1] = replace(last, end=one.end)
        else:
            found.append(one)
    return found


def shifts(roster: Roster, since: datetime, until: datetime) -> list[Shift]:
    """Who is on from `since` to `until`, without a hole and without an overlap."""
    return joined(
        Shift(start, end, on(roster, "first", start), on(roster, "second", start))
        for start, end in pairwise(_cuts(roster, since, until))
    )


def gaps(roster: Roster, since: datetime, until: datetime) -> list[Shift]:
    """When nobody is on at all."""
    return [one for one in shifts(roster, since, until) if not one.on]


def next_on(roster: Roster, at: datetime) -> datetime | None:
    """The next moment at which somebody is on, this one too; None when nobody is for two weeks."""
    return next((one.start for one in shifts(roster, at, at + AHEAD) if one.on), None)


# --- hand-overs ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Change:
    """One person hands over to another at a moment."""

    at: datetime
    giver: str
    taker: str
    asks: bool  # it wants to be taken


def changes(roster: Roster, since: datetime, until: datetime) -> list[Change]:
    """Changes of the first line within a span, for which somebody goes and somebody comes."""
    found = []
    whole = [one for one in _firsts(roster, since, until) if one.first]
    for before, after in pairwise(whole):
        if before.end == after.start and before.first != after.first:
            asks = any(one.asks for one in roster.rotations if one.line == "first")
            found.append(Change(after.start, before.first, after.first, asks))
    return found


def _firsts(roster: Roster, since: datetime, until: datetime) -> list[Shift]:
    """Spans of the first line alone."""
    return joined(replace(one, second=NOBODY) for one in shifts(roster, since, until))


# --- what a roster lacks -------------------------------------------------------------------------
Wrong = Literal["gap", "left", "on leave", "no route"]


@dataclass(frozen=True)
class Lack:
    """Something that is wrong with the roster in a span: nobody is on, or whoever is meant to be has
    left, is on leave without a cover, or has not said how they are reached."""

    what: Wrong
    start: datetime
    end: datetime
    person: str = ""


def lacks(roster: Roster, now: datetime, *, reached: Iterable[str]) -> list[Lack]:
    """What is wrong in the next two weeks. `reached`: everybody who can be rung."""
    until, can = now + AHEAD, set(reached)
    found = [Lack("gap", one.start, one.end) for one in gaps(roster, now, until)]
    cuts = _cuts(roster, now, until)
    for start, end in pairwise(cuts):
        for line in LINES:
            person = next(_meant(roster, line, start), NOBODY)
            what: Wrong | None = None
            if person in roster.gone:
                what = "left"
            elif person and is_away(roster, person, start):
                what = "on leave"
            elif person and person not in can:
                what = "no route"
            if what is not None:
                _add(found, Lack(what, start, end, person))
    return found


def _add(found: list[Lack], one: Lack) -> None:
    """One line for each trouble of a person; of somebody without a route the first turn is enough."""
    for at, other in enumerate(found):
        same = (other.what, other.person) == (one.what, one.person)
        if same and (one.what in {"no route", "left"} or other.end == one.start):
            if other.end == one.start:
                found[at] = Lack(one.what, other.start, one.end, one.person)
            return
    found.append(one)


# --- its document --------------------------------------------------------------------------------
def roster_of(doc: Mapping[str, Any], team: Iterable[str] | None = None) -> Roster:
    """The roster that a document says; `team`: who is of the team now (None: everybody)."""
    found = Roster(
        tuple(rotation_of(one) for one in doc["rotations"]),
        tuple(
            Override(
                one["id"], one["person"], datetime.fromisoformat(one["start"]),
                datetime.fromisoformat(one["end"]), one["line"], one["instead"],
            )
            for one in doc["overrides"]
        ),
        tuple(
            Leave(
                one["id"], one["person"], datetime.fromisoformat(one["start"]),
                datetime.fromisoformat(one["end"]),
            )
            for one in doc["leaves"]
        ),
    )  # fmt: skip
    gone = frozenset() if team is None else frozenset(found.people() - set(team))
    return Roster(found.rotations, found.overrides, found.leaves, gone)


def rotation_of(one: Mapping[str, Any]) -> Rotation:
    """One rotation of a document."""
    windows = tuple(Window(tuple(days), start, end) for days, start, end in one["windows"])
    return Rotation(
        one["id"], tuple(one["people"]), one["begins"], one["zone"], one["unit"], one["length"],
        one["line"], windows, one["asks"],
    )  # fmt: skip


def doc_of(rotation: Rotation) -> dict[str, Any]:
    """The same the other way."""
    return {
        "id": rotation.id,
        "people": list(rotation.people),
        "begins": rotation.begins,
        "zone": rotation.zone,
        "unit": rotation.unit,
        "length": rotation.length,
        "line": rotation.line,
        "windows": [[list(one.days), one.start, one.end] for one in rotation.windows],
        "asks": rotation.asks,
    }


def faults(rotation: Rotation) -> dict[str, str]:
    """What keeps a rotation from being kept: field and code, as the forms name them."""
    wrong = {}
    if not rotation.people:
        wrong["people"] = "choose"
    elif len(rotation.people) > PEOPLE or len(set(rotation.people)) != len(rotation.people):
        wrong["people"] = "twice"
    if rotation.unit not in UNITS or rotation.line not in LINES:
        wrong["unit"] = "choose"
    elif not SHORTEST[rotation.unit] <= rotation.length <= LONGEST[rotation.unit]:
        wrong["length"] = "range"
    try:
        begins = datetime.fromisoformat(rotation.begins)
        # Far from our time the arithmetic of clocks runs out of years, in the middle of a press.
        if begins.tzinfo is not None or not 2000 <= begins.year < 2100:
            wrong["begins"] = "form"
    except ValueError:
        wrong["begins"] = "form"
    try:
        ZoneInfo(rotation.zone)
    except (ValueError, OSError, KeyError):
        wrong["zone"] = "choose"
    return wrong


def still_wanted(entries: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Entries of a document that are not over: of who was on in the past nothing is kept."""
    return [one for one in entries if datetime.fromisoformat(one["end"]) > now]
