"""Setting something in motion for a case, and keeping what can be: the last place goes out once, and
comes back when it is not needed any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError

from amparo.casework import rules
from amparo.casework.capacity import HOUSE, KINDS
from amparo.casework.models import RESPONSE, TASK, TASKS, Response, Task
from amparo.casework.playbooks import TELLS
from amparo.casework.services import starting, tasks
from amparo.casework.services.desk import case_row
from amparo.casework.services.record import check_texts, stamp, workable
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.people.rules import INTAKE

MOST, LATEST, FAR = 999, 7 * 24 * 60, timedelta(days=92)
TRIES = 5  # looks at a row that others change at the same moment
EXERCISE = starting.EXERCISE


@dataclass(frozen=True)
class Offer:
    """A response as its keeper writes it down. `of` places are counted, `free` of them are; with `of`
    0 nothing is counted and `level` says how it stands. The word holds until `until`."""

    kind: str
    name: str
    minutes: int
    until: datetime
    how: str = ""
    where: str = ""
    of: int = 0
    free: int = 0
    level: str = "free"
    tells: str = ""
    keeper: ids.Id | None = None


def keep(actor: Actor, offer: Offer, *, response: ids.Id | None = None) -> ids.Id:
    """Write a new response down, or how one stands now; Invalid names what cannot be."""
    people.require(actor, INTAKE)
    doc = _document(actor, offer)
    leave = gate.admit(actor, people.house(), HOUSE, write=True)
    with operations.writing():
        if response is None:
            row = Response(case=people.house())
            row.sealed = gate.seal(leave, RESPONSE, row.id, doc)
            row.save(force_insert=True)
        else:
            found = Response.objects.filter(id=response).first()
            if found is None:
                raise NotFound
            row = found
            sealed = gate.seal(leave, RESPONSE, row.id, doc)
            if not Response.objects.filter(id=row.id, sealed=bytes(row.sealed)).update(
                sealed=sealed
            ):
                raise Conflict
        journal.note("response kept", row.id)
    return row.id


def _document(actor: Actor, offer: Offer) -> dict[str, Any]:
    wrong = {}
    if offer.kind not in KINDS:
        wrong["kind"] = "choose"
    if not offer.name.strip():
        wrong["name"] = "empty"
    if not 0 < offer.minutes <= LATEST:
        wrong["minutes"] = "form"
    if not 0 <= offer.of <= MOST or not 0 <= offer.free <= offer.of:
        wrong["free"] = "form"
    if offer.level not in rules.LEVELS_OF_CAPACITY:
        wrong["level"] = "choose"
    if offer.tells not in TELLS:
        wrong["tells"] = "choose"
    if offer.until > clock.now() + FAR:
        wrong["until"] = "form"
    if wrong:
        raise Invalid("this cannot be kept", wrong)
    check_texts(where=offer.name, reach=offer.where, reason=offer.how)
    return {
        "kind": offer.kind,
        "name": offer.name.strip(),
        "how": offer.how.strip(),
        "where": offer.where.strip(),
        "minutes": offer.minutes,
        "of": offer.of,
        "free": offer.free,
        "level": offer.level,
        "tells": offer.tells,
        "keeper": str(offer.keeper or actor.id),
        "until": offer.until.isoformat(),
    }


def remove(actor: Actor, response: ids.Id) -> None:
    """It cannot be set in motion any more; what runs of it goes on."""
    people.require(actor, INTAKE)
    gate.admit(actor, people.house(), HOUSE, write=True)
    with operations.writing():
        if not Response.objects.filter(id=response).delete()[0]:
            raise NotFound
        journal.note("response removed", response)


# --- for a case ----------------------------------------------------------------------------------
def pick(
    actor: Actor,
    case: ids.Id,
    response: ids.Id,
    *,
    once: ids.Id,
    under: ids.Id | None = None,
    exercise: bool = False,
) -> ids.Id:
    """Ask for a response for a case: it is the actor's, due when it should be there, and one place less
    is free. Conflict when the last place went to somebody else, or for the same `once` again; Invalid
    (`under`) when it tells somebody outside and the person has not said yes to that."""
    row = case_row(actor, case)
    workable(row)
    leave = gate.admit(actor, case, TASKS, write=True)
    try:
        with operations.writing():
            doc = _take_place(actor, response, exercise=exercise)
            yes = None
            if doc["tells"] and not exercise:
                yes = tasks.agreed(actor, case, doc["tells"], under)
                tasks.told_outside(actor, case, yes)
            now = clock.now()
            due = now + timedelta(minutes=doc["minutes"])
            one = Task(id=once, case=case, compartment=TASKS, owner=actor.id, due_at=due)
            one.second = starting.second_for(actor.id, row)
            one.until = clock.today() + EXERCISE if exercise else None
            asked = {"what": "asked", "at": stamp(), "by": str(actor.id)}
            if yes is not None:
                asked["under"] = yes.label
            one.sealed = gate.seal(
                leave,
                TASK,
                one.id,
                {
                    "is": "response",
                    "response": str(response),
                    "what": doc["name"],
                    "kind": doc["kind"],
                    "how": doc["how"],
                    "within": doc["minutes"],
                    "tells": doc["tells"],
                    "exercise": exercise,
                    "state": "asked",
                    "due": due.isoformat(),
                    "prolonged": False,
                    "log": [asked],
                },
            )
            one.save(force_insert=True)
            journal.note("response asked for", case, one.id, exercise=exercise)
    except IntegrityError:
        raise Conflict from None
    return one.id


def _take_place(actor: Actor, response: ids.Id, *, exercise: bool) -> dict[str, Any]:
    """One place less, if there is one; of an exercise none is taken. Compared and set, so that of two
    who take the last place one is told."""
    leave = gate.admit(actor, people.house(), HOUSE, write=True)
    for _ in range(TRIES):
        row = Response.objects.filter(id=response).first()
        if row is None:
            raise NotFound
        doc = dict(gate.read(leave, RESPONSE, row))
        if rules.capacity(doc["of"], doc["free"], doc["level"]) == "none":
            raise Conflict
        if exercise or not doc["of"] or _set_free(leave, row, doc, doc["free"] - 1):
            return doc
    raise Conflict


def _give_back(actor: Actor, response: str) -> None:
    leave = gate.admit(actor, people.house(), HOUSE, write=True)
    for _ in range(TRIES):
        row = Response.objects.filter(id=ids.of(response)).first()
        if row is None:
            return
        doc = dict(gate.read(leave, RESPONSE, row))
        if not doc["of"] or _set_free(leave, row, doc, min(doc["of"], doc["free"] + 1)):
            return
    raise Conflict


def _set_free(leave: gate.Leave, row: Response, doc: dict[str, Any], free: int) -> int:
    after = gate.seal(leave, RESPONSE, row.id, doc | {"free": free})
    return Response.objects.filter(id=row.id, sealed=bytes(row.sealed)).update(sealed=after)


def is_there(
    actor: Actor, case: ids.Id, task: ids.Id, *, text: str = "", mark: int | None = None
) -> None:
    """What was asked for has come; how long it took stands in the case, for the next time."""
    check_texts(reason=text)
    held = tasks.hold(actor, case, task, mark)
    if held.doc["is"] != "response" or held.doc["state"] != "asked":
        raise Conflict
    held.doc["state"] = "active"
    held.log(actor, "active", text=text.strip())
    with operations.writing():
        held.keep(due_at=None, told=0)
        journal.note("response is there", case, task)


def end(actor: Actor, case: ids.Id, task: ids.Id, *, reason: str, mark: int | None = None) -> None:
    """It is over, or was not needed after all; its place is free again."""
    if not reason.strip():
        raise Invalid("say how it ended", {"reason": "empty"})
    check_texts(reason=reason)
    held = tasks.hold(actor, case, task, mark)
    if held.doc["is"] != "response" or held.doc["state"] not in {"asked", "active"}:
        raise Conflict
    held.doc["state"] = "ended"
    held.log(actor, "ended", text=reason.strip())
    with operations.writing():
        held.keep(**tasks.OVER)
        if not held.doc["exercise"]:
            _give_back(actor, held.doc["response"])
        journal.note("response over", case, task)
