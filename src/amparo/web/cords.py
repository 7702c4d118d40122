"""Where a deadline stands on the cord that every row of a list shares: a logarithmic scale of time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p

# Percent of the width. Left of NOW lies what is over; the last hour of it is told apart.
NOW, END, LATEST = 14.0, 98.0, 2.0
GRAIN = timedelta(minutes=5)  # below this the scale is nearly even, above it nearly logarithmic
FAR, OVER = timedelta(days=7), timedelta(hours=1)
SOON = timedelta(minutes=15)
STEPS = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
)


@dataclass(frozen=True)
class Cord:
    """A cord from now to its knot.

    `knot` is in percent of the width from the side where reading starts, one decimal. `days`,
    `hours` and `minutes` are the distance to the deadline in either direction; minutes are left out
    (0) from one day on, as a reader would leave them out.
    """

    knot: float
    over: bool
    soon: bool
    days: int
    hours: int
    minutes: int


def place(left: timedelta) -> float:
    """Percent of the width at which a deadline stands that is `left` away (negative: over)."""
    if left < timedelta():
        reach = NOW - LATEST
        return round(NOW - reach * min(1.0, _bend(-left) / _bend(OVER)), 1)
    return round(NOW + (END - NOW) * min(1.0, _bend(left) / _bend(FAR)), 1)


def cord(due: datetime, now: datetime) -> Cord:
    """The cord of a deadline, seen at `now`; both aware."""
    left = due - now
    minutes = _whole_minutes(left)
    days, rest = divmod(minutes, 24 * 60)
    return Cord(
        knot=place(left),
        over=left < timedelta(),
        soon=left <= SOON,
        days=days,
        hours=rest // 60,
        minutes=0 if days else rest % 60,
    )


def _bend(span: timedelta) -> float:
    return log1p(span / GRAIN)


def _whole_minutes(left: timedelta) -> int:
    # What is left is rounded down and what is over is rounded up: neither flatters us.
    whole, rest = divmod(abs(left), timedelta(minutes=1))
    return whole + 1 if left < timedelta() and rest else whole
