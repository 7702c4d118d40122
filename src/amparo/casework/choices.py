"""What a defender chooses by themselves on their page, and what they may say yes to again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from amparo.consent import rules
from amparo.consent.queries import ConsentRow
from amparo.foundation import clock, ids
from amparo.vault import compartments

# What an opened case has beyond the conversation and its cover.
LATER = tuple(one for one in compartments.COMPARTMENTS if one not in {"cover", "correspondence"})


@dataclass(frozen=True)
class Choice:
    """Whether one officer may open this because a life is in danger (duty), or whether the defender
    reads it back with their code (own). It `waits` until somebody who may opens it."""

    purpose: str
    compartment: str
    state: Literal["off", "waits", "on"]


def choices(rows: list[ConsentRow], stage: str) -> list[Choice]:
    """Every choice there is, as the answers stand; reading back only of an opened case."""
    places = [(rules.DUTY, "identity")]
    places += [(rules.OWN, one) for one in LATER if stage == "case"]
    return [Choice(*place, _state(rows, *place)) for place in places]


def _state(rows: list[ConsentRow], purpose: str, compartment: str) -> Literal["off", "waits", "on"]:
    for row in rows:
        if (row.purpose, row.compartment) == (purpose, compartment):
            return "on" if row.in_force else "waits" if row.waits else "off"
    return "off"


@dataclass(frozen=True)
class Again:
    """A no, or something taken back, that the defender may say yes to again."""

    row: ConsentRow
    until: date | None  # never longer than what was asked for before

    @property
    def answer(self) -> ids.Id:
        """Which answer it would change."""
        return self.row.id

    @property
    def label(self) -> str:
        """Whom it is about."""
        return self.row.label

    @property
    def purpose(self) -> str:
        """What it would be read for."""
        return self.row.purpose

    @property
    def compartment(self) -> str:
        """What would be read."""
        return self.row.compartment


def again(rows: list[ConsentRow]) -> list[Again]:
    """What the defender's newest answer is no to, newest first. What would be over by now, or is about
    somebody who has left, has to be asked anew."""
    newest: dict[object, ConsentRow] = {}
    for row in rows:
        newest.setdefault(row.about, row)
    found = [
        Again(row, _last_day(one for one in rows if one.about == row.about))
        for row in newest.values()
        if row.answer in {"refused", "withdrawn"} and row.purpose in rules.PURPOSES and row.here
    ]
    return [one for one in found if one.until is None or one.until >= clock.today()]


def _last_day(rows: Iterable[ConsentRow]) -> date | None:
    return next((row.until for row in rows if row.until is not None), None)
