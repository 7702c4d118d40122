"""Deadlines, states and what may follow what. Pure: no clock, no key, no table."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar

STATES = (
    "new",
    "taken",
    "answered",
    "waiting",
    "declined",
    "referred",
    "merged",
    "spam",
    "withdrawn",
    "closed",
)
OPEN = ("new", "taken", "answered", "waiting")
LEVELS = (0, 1, 2, 3, 4)  # not read yet, minimal, ordinary, extraordinary, extreme
WAYS = ("here", "text", "call", "phone", "walk-in")

# Until the risk model sets them: time to the first decision after an officer has read a request
# (docs/decisions/0003-first-deadlines.md); for the least level, time to contact.
NEXT_ACT = {
    1: timedelta(days=3),
    2: timedelta(days=5),
    3: timedelta(hours=24),
    4: timedelta(hours=1),
}
# What somebody who relays is told of a request: no more than how far it is.
RELAYED = {"new": "received", "taken": "being answered", "waiting": "being answered"} | {
    "answered": "answered"
}
PASSED_ON = ("passed on", "not found", "not wanted")  # how a relay closes the loop
ERASURE_WAITS = timedelta(days=7)  # for a second person; then it falls away
TEXT_LIMIT = 60_000  # characters of one text
SHORT_LIMIT = 500


_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–—]\s*([01]\d|2[0-3]):([0-5]\d)")


def against(reach: Sequence[Mapping[str, str]], here: datetime) -> str:
    """Why somebody should not be rung up at a moment (by our clock): `never`, `hours`, `not agreed`, or
    nothing. Hours are those that stand in what they said about calls."""
    if any(one["how"] == "never" for one in reach):
        return "never"
    calls = [one["text"] for one in reach if one["how"] == "call"]
    if not calls:
        return "not agreed"
    spans = [found for text in calls for found in _HOURS.findall(text)]
    if spans and not any(on_duty(here, f"{a}:{b}-{c}:{d}") for a, b, c, d in spans):
        return "hours"
    return ""


def relayed(state: str) -> str:
    """A request's state in neutral words: received, being answered, answered, closed."""
    return RELAYED.get(state, "closed")


def on_duty(at: datetime, hours: str) -> bool:
    """Whether somebody is announced to be on duty at a moment, by its own clock; no hours: always."""
    span = _span(hours)
    if span is None:
        return True
    begin, end = span
    clock = at.time()
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def _span(hours: str) -> tuple[time, time] | None:
    begin, dash, end = hours.replace(" ", "").partition("-")
    if not dash:
        return None
    return time.fromisoformat(begin), time.fromisoformat(end)


def first_answer_due(at: datetime, minutes: int, hours: str) -> datetime:
    """When a new request is read at the latest (UTC): so many minutes from `at`, or from the next hour
    of duty by its clock. The page states this hour, so it must be the real one."""
    span, wait = _span(hours), timedelta(minutes=minutes)
    if span is None or on_duty(at, hours):
        return at.astimezone(UTC) + wait
    begin = at.replace(hour=span[0].hour, minute=span[0].minute, second=0, microsecond=0)
    if begin <= at:
        begin += timedelta(days=1)  # by the clock: the same hour also when it is set that night
    return begin.astimezone(UTC) + wait


def next_act_due(at: datetime, level: int) -> datetime:
    """When somebody acts again on a request of this level."""
    return at + NEXT_ACT[level]


def too_long(**texts: str) -> dict[str, str]:
    """Fields whose text is longer than can be kept, each with the code of what is wrong."""
    limits = {"where": SHORT_LIMIT, "reach": SHORT_LIMIT, "reason": 5000}
    return {
        name: "long" for name, text in texts.items() if len(text) > limits.get(name, TEXT_LIMIT)
    }


# --- tasks ---------------------------------------------------------------------------------------
# Minutes after its hour at which somebody is told of an open task: its owner, the second person,
# then whoever is on duty, again and again; after the last of these once a day.
LATE_TOLD = (0, 5, 10, 30, 60, 120, 240, 480, 960)
PROLONG = (15, 60, 240, 1440)  # minutes by which a task may be given longer, once
DAY = 24 * 60
Person = TypeVar("Person")


def told_by_now(late: timedelta) -> int:
    """How often the lateness of a task is told by now, when it is so late; before its hour never."""
    minutes = late.total_seconds() / 60
    if minutes < LATE_TOLD[-1]:
        return sum(at <= minutes for at in LATE_TOLD)
    return len(LATE_TOLD) + int((minutes - LATE_TOLD[-1]) // DAY)


def whom_to_tell(told: int, now: int) -> tuple[bool, bool, bool]:
    """(the owner, the second person, those on duty) are told, between two counts of `told_by_now`."""
    return told < 1 <= now, told < 2 <= now, now >= 3


def staffing(
    on_duty: Sequence[Person], team: Sequence[Person], officer: Person | None, count: int
) -> list[tuple[Person | None, Person | None]]:
    """(owner, second person) of so many tasks that nobody has given out: those on duty in turn; when
    nobody is, the case's officer, else somebody of the team. Nobody is their own second."""
    of_team = [officer] if officer is not None and officer in team else []
    first = [one for one in on_duty if one in team] or of_team or list(team)[:1]
    if not first:
        return [(None, None)] * count
    line = list(dict.fromkeys([*first, *of_team, *team]))
    found: list[tuple[Person | None, Person | None]] = []
    for number in range(count):
        owner = first[number % len(first)]
        after = [*first[number % len(first) + 1 :], *line]
        found.append((owner, next((one for one in after if one != owner), None)))
    return found


def playbook_for(
    danger: str, how: str, known: Collection[str], *, missed: str, unclear: str
) -> str:
    """Which playbook a press starts: the danger that the person named, if there is one for it."""
    if danger in known:
        return danger
    return missed if how == "missed" else unclear


# --- what the organisation can set in motion -----------------------------------------------------
LEVELS_OF_CAPACITY = ("free", "limited", "none")


def capacity(of: int, free: int, level: str) -> str:
    """free, limited or none: from what is counted (`of` > 0), else as its keeper says."""
    if not of:
        return level
    return "none" if free <= 0 else "limited" if free == 1 < of else "free"


def is_stale(until: datetime, now: datetime) -> bool:
    """Whether the keeper's word is too old to build on: it is asked first then, and not urgent."""
    return until < now


# Names for covers: two plain words that nobody's story hides in.
_FIRST = [
    "Quiet",
    "Blue",
    "Copper",
    "Silver",
    "Amber",
    "Early",
    "Late",
    "North",
    "Little",
    "Broad",
    "Slow",
    "Bright",
    "Green",
    "Old",
    "New",
    "Long",
    "Round",
    "Still",
    "Far",
    "Near",
    "Upper",
    "Lower",
    "Salt",
    "Clear",
    "Cold",
    "Warm",
    "Deep",
    "High",
    "Low",
    "Red",
    "White",
    "Grey",
]
_SECOND = [
    "Harbour",
    "Lantern",
    "Meadow",
    "Ford",
    "Heron",
    "Maple",
    "Saddle",
    "Bridge",
    "Orchard",
    "Mill",
    "Pond",
    "Ridge",
    "Lane",
    "Juniper",
    "Anchor",
    "Willow",
    "Basin",
    "Field",
    "Hollow",
    "Cedar",
    "Garden",
    "Quarry",
    "Barn",
    "Ferry",
    "Market",
    "Station",
    "Window",
    "Kettle",
    "Ladder",
    "Basket",
    "Wheel",
    "Bell",
]


def cover_name(chance: int) -> str:
    """A handle for a case out of a random number: 32 × 32 × 90 of them."""
    first, rest = _FIRST[chance % len(_FIRST)], chance // len(_FIRST)
    second, rest = _SECOND[rest % len(_SECOND)], rest // len(_SECOND)
    return f"{first} {second} {10 + rest % 90}"
