"""What a reader outside has written back: sealed to the intake team until somebody of it opens the
case, then under the case's own key, which is turned when somebody leaves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amparo.casework.models import ENTRY, Entry, OutsideAnswer
from amparo.casework.services.record import Author, write_entry
from amparo.consent import gate
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Refused
from amparo.people.rules import INTAKE

KIND = "casework.outside answer"
OUTSIDE = "outside"  # who an entry is by


def seal(row: OutsideAnswer, doc: Mapping[str, object]) -> None:
    """Seal an answer from somebody who holds no key of the team's."""
    row.sealed = gate.seal_to_team(INTAKE, KIND, row.id, dict(doc) | {"case": str(row.case)})


def take_in(actor: Actor, case: ids.Id) -> int:
    """Put waiting answers under the case's key, where colleagues find them among the messages, if the
    actor's keys open both; how many. Whoever has left with the team's old root opens none of them."""
    waiting = list(OutsideAnswer.objects.filter(case=case))
    if not waiting or not gate.holds(actor, case, "correspondence"):
        return 0
    try:
        leave = gate.admit(actor, case, "correspondence", write=True)
    except Refused:
        return 0  # turned a moment ago, perhaps by this very person; the next one can
    return sum(_move(actor, leave, row) for row in waiting)


def _move(actor: Actor, leave: gate.Leave, row: OutsideAnswer) -> bool:
    try:
        doc = gate.read_as_team(actor, KIND, row)
        # The case is a clear column: an answer that was laid beside another case stays where it is.
        if doc.get("case") != str(row.case):
            raise CannotOpen
        reader, text, at = ids.parse(str(doc["reader"])), str(doc["text"]), str(doc["at"])
        datetime.fromisoformat(at)
        by = "relay" if doc.get("by") == "relay" else OUTSIDE
        more: dict[str, Any] = {one: str(doc[one]) for one in ("outcome", "to") if doc.get(one)}
        with operations.writing():
            # Of two colleagues who look at once, one moves it.
            if not OutsideAnswer.objects.filter(id=row.id).delete()[0]:
                return False
            write_entry(leave, Author(by, reader), text, at=at, inside=True, **more)
    except (CannotOpen, Conflict, KeyError, ValueError):
        # Somebody else's team, the key was turned just now (the next one moves it), or planted.
        return False
    journal.note("answer taken in", leave.case, row.id)
    return True


def listed(actor: Actor, case: ids.Id) -> list[dict[str, object]]:
    """Answers from outside (text, at, reader), newest first; none without the key of the messages."""
    take_in(actor, case)
    if not gate.holds(actor, case, "correspondence"):
        return []
    leave, found = gate.admit(actor, case, "correspondence"), []
    for row in Entry.objects.filter(case=case, compartment="correspondence"):
        doc = gate.read(leave, ENTRY, row)
        if doc["by"] == OUTSIDE:
            found.append({"text": doc["text"], "at": doc["at"], "reader": doc["author"]})
    return sorted(found, key=lambda doc: str(doc["at"]), reverse=True)
