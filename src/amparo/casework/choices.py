"""What a defender chooses by themselves on their page, what they may say yes to again, and who else has
seen the code that says it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from amparo.casework.models import COVER, Cover
from amparo.consent import gate, rules
from amparo.consent.queries import ConsentRow
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.vault import compartments

# What an opened case has beyond the conversation and its cover.
LATER = tuple(one for one in compartments.COMPARTMENTS if one not in {"cover", "correspondence"})


State = Literal["off", "checked", "waits", "on"]


@dataclass(frozen=True)
class Choice:
    """Whether one officer may open this because a life is in danger (duty), or whether the defender
    reads it back with their code (own). First somebody makes sure that it was the defender (`checked`);
    then it `waits` until somebody who may opens it. `counts_from`: when it does although nobody made
    sure; `unsure`: why somebody was not, so that it is off."""

    purpose: str
    compartment: str
    state: State
    counts_from: datetime | None = None
    unsure: str = ""


def choices(rows: list[ConsentRow], stage: str) -> list[Choice]:
    """Every choice there is, as the answers stand; reading back only of an opened case."""
    places = [(rules.DUTY, "identity")]
    places += [(rules.OWN, one) for one in LATER if stage == "case"]
    return [_choice(rows, *place) for place in places]


def _choice(rows: list[ConsentRow], purpose: str, compartment: str) -> Choice:
    for row in rows:
        if (row.purpose, row.compartment) == (purpose, compartment):
            return Choice(purpose, compartment, _state(row), row.counts_from, row.unsure)
    return Choice(purpose, compartment, "off")


def _state(row: ConsentRow) -> State:
    if row.in_force:
        return "on"
    if row.to_check:
        return "checked"
    return "waits" if row.waits else "off"


@dataclass(frozen=True)
class Again:
    """A no, something taken back, or a yes that somebody was not sure of, that the defender may say
    yes to again."""

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
        if row.answer in {"refused", "withdrawn"} or row.unsure
        if row.purpose in rules.PURPOSES and row.here
    ]
    return [one for one in found if one.until is None or one.until >= clock.today()]


def _last_day(rows: Iterable[ConsentRow]) -> date | None:
    return next((row.until for row in rows if row.until is not None), None)


def typed_by(actor: Actor, case: ids.Id) -> ids.Id | None:
    """Which officer wrote a call down and read its code out; None for a call that came by itself."""
    leave = gate.admit(actor, case, "cover")
    doc = gate.read(leave, COVER, Cover.objects.get(case=case))
    found = ids.parse(str(doc.get("typed_by", "")))
    return None if found == ids.NIL else found
