"""Deadlines, states and what may follow what. Pure: no clock, no key, no table."""

from datetime import UTC, datetime, time, timedelta

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
ERASURE_WAITS = timedelta(days=7)  # for a second person; then it falls away
TEXT_LIMIT = 60_000  # characters of one text
SHORT_LIMIT = 500


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
