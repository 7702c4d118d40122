"""The log of whoever sits on the phone: who, what, what came of it, what is next and when. Sealed as it
is typed into the desk's own papers; what belongs to a case goes into the case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amparo.alerts import queries as alarms
from amparo.alerts.services import answering
from amparo.casework import queries
from amparo.casework.models import CALL, Call
from amparo.casework.services import desk
from amparo.casework.services.record import check_texts, only_once, stamp
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound
from amparo.people import directory
from amparo.people import queries as people

KEPT = timedelta(days=90)
SURE = ("spoke", "word")  # how somebody knows that the person is safe


@dataclass(frozen=True)
class Said:
    """A call as somebody types it. `case` or `alarm`: what it is about; `them`: with the person
    themselves; `sure`: how the officer knows that they are safe, which ends the alarm."""

    outcome: str
    who: str = ""
    text: str = ""
    incoming: bool = False
    case: ids.Id | None = None
    alarm: ids.Id | None = None
    them: bool = False
    sure: str = ""
    next_step: str = ""
    next_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Logged:
    """A line of the log. `next_at` is empty when nothing is left to do."""

    id: ids.Id
    at: datetime
    by: str
    who: str
    text: str
    outcome: str
    incoming: bool
    case: ids.Id | None
    next_step: str
    next_at: datetime | None


def log(actor: Actor, said: Said, *, once: ids.Id) -> bool:
    """Write a call down; True when it ended an alarm.

    About a case the words go into the case, and here stands only that there was a call. What is older
    than ninety days is destroyed with it. Invalid names what is missing; the same `once` again is a
    Conflict.
    """
    leave = directory.leave(actor, write=True)
    case = _case(actor, said)
    _check(said, case)
    inside = case is not None and said.them
    row = Call(id=once, case=leave.case)
    doc = {
        "who": "" if inside else said.who.strip(),
        "text": "" if inside else said.text,
        "at": stamp(),
        "by": str(actor.id),
        "outcome": said.outcome,
        "incoming": said.incoming,
        "about": str(case or ""),
        "next_step": said.next_step.strip(),
        "next_at": said.next_at.isoformat() if said.next_at else "",
    }
    old = _old(leave)
    with operations.writing():
        only_once(once)
        Call.objects.filter(id__in=old).delete()
        if case is not None and inside:
            desk.log_call(
                actor,
                case,
                outcome=said.outcome,
                text=said.text,
                reason=said.reason,
                incoming=said.incoming,
                next_step=said.next_step.strip(),
            )
        row.sealed = gate.seal(leave, CALL, row.id, doc)
        row.save(force_insert=True)
        journal.note("call logged", case or "", outcome=said.outcome, forgot=len(old))
    return _ends_alarm(actor, said)


def _case(actor: Actor, said: Said) -> ids.Id | None:
    if said.alarm is not None:
        return alarms.alarm(actor, said.alarm).row.case
    if said.case is not None and not gate.holds(actor, said.case, "cover"):
        raise NotFound
    return said.case


def _check(said: Said, case: ids.Id | None) -> None:
    check_texts(text=said.text, where=said.who, reach=said.next_step, reason=said.reason)
    wrong = {}
    if said.outcome not in queries.CALL_OUTCOMES:
        wrong["outcome"] = "choose"
    if said.outcome == "call back" and said.next_at is None:
        wrong["next_at"] = "empty"
    if said.them and case is None:
        wrong["about"] = "choose"
    if said.sure and (said.sure not in SURE or not said.them or said.outcome != "reached"):
        wrong["sure"] = "unsure"
    if said.sure and said.alarm is None:
        wrong["about"] = "choose"
    if wrong:
        raise Invalid("something is missing", wrong)


def _ends_alarm(actor: Actor, said: Said) -> bool:
    if not said.sure or said.alarm is None:
        return False
    version = alarms.alarm(actor, said.alarm).row.version
    try:
        answering.close(actor, said.alarm, version=version, how=said.sure)
    except Conflict:
        return False  # somebody was quicker: what they did stands
    return True


def listed(actor: Actor) -> list[Logged]:
    """The log of the last ninety days, newest first."""
    names = {str(one): name for one, name in people.names(actor).items()}
    found = [
        Logged(
            row.id,
            at,
            names.get(doc["by"], ""),
            doc["who"],
            doc["text"],
            doc["outcome"],
            doc["incoming"],
            ids.parse(doc["about"]),
            doc["next_step"],
            datetime.fromisoformat(doc["next_at"]) if doc["next_at"] else None,
        )
        for row, doc, at in _opened(directory.leave(actor))
        if clock.now() - at <= KEPT
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _old(leave: gate.Leave) -> list[ids.Id]:
    return [row.id for row, _, at in _opened(leave) if clock.now() - at > KEPT]


def _opened(leave: gate.Leave) -> Iterator[tuple[Call, dict[str, Any], datetime]]:
    for row in Call.objects.filter(case=leave.case, compartment=leave.compartment):
        try:
            doc = gate.read(leave, CALL, row)
        except CannotOpen:
            continue
        yield row, dict(doc), datetime.fromisoformat(doc["at"])


def done(actor: Actor, call: ids.Id) -> None:
    """What was next is done."""
    leave = directory.leave(actor, write=True)
    with operations.writing():
        row = Call.objects.select_for_update().filter(id=call, case=leave.case).first()
        if row is None:
            raise NotFound
        doc = gate.read(leave, CALL, row) | {"next_at": ""}
        row.sealed = gate.seal(leave, CALL, row.id, doc)
        row.save(update_fields=["sealed"])
        journal.note("call: next step done", call)
