"""Asking helpers: in which order, what an answer is worth, and how long they take. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Literal

Answer = Literal["yes", "no", "later"]
ANSWERS: tuple[Answer, ...] = ("yes", "no", "later")
Effect = Literal["taken", "covered", "noted", "over"]
WITHIN = (15, 30, 60, 120, 240)  # minutes: "yes, within …"
WAITS = (5, 10, 15, 30, 60)  # minutes until the next are asked
MOST = 10  # who are needed at once

# What a defender's yes must be for, by the help that is asked for.
PURPOSE = {
    "lawyer": "legal",
    "medic": "care",
    "care": "care",
    "shelter": "shelter",
    "money": "costs",
}
OTHERWISE = "protection"


def purpose_of(service: str) -> str:
    """What a defender says yes to when helpers of this kind are asked."""
    return PURPOSE.get(service, OTHERWISE)


def waves(chosen: Sequence[str], wider: Sequence[str], needed: int) -> list[list[str]]:
    """Who is asked after whom: twice as many as are needed at a time, and at least three, of those who
    were chosen; then of those farther off or of another language, who fit less well."""
    size = max(2 * needed, 3)
    found = []
    for group in (list(dict.fromkeys(chosen)), [one for one in wider if one not in chosen]):
        found += [group[at : at + size] for at in range(0, len(group), size)]
    return found


def all_said_no(asked: Iterable[str], said: Mapping[str, str]) -> bool:
    """Whether nobody of those who were asked so far may still say yes: then the next are asked now."""
    found = list(asked)
    return bool(found) and all(said.get(one) in {"no", "later"} for one in found)


def usual(waits: Iterable[timedelta]) -> timedelta | None:
    """The median time from being asked to a yes; None when nobody has said one."""
    found = [one.total_seconds() for one in waits]
    return timedelta(seconds=round(median(found))) if found else None
