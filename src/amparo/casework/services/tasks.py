"""What officers do with tasks: take, hand on, done, not needed, longer, again; and the times that the
hours of some tasks count from."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amparo.alerts import queries as alerts
from amparo.casework import rules
from amparo.casework.models import TASK, TASKS, Case, Task
from amparo.casework.services import pressed, starting
from amparo.casework.services.desk import case_row
from amparo.casework.services.record import check_texts, stamp
from amparo.consent import gate
from amparo.consent import queries as answers
from amparo.consent import rules as consent_rules
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.messages import services as messages
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import staff

Doc = dict[str, Any]
# Which yes allows what a task tells to whom. Authorities are told for a purpose of their own only.
UNDER: dict[str, tuple[str, ...]] = {
    "partners": tuple(
        one
        for one in consent_rules.PURPOSES
        if one not in {"statistics", consent_rules.AUTHORITIES}
    ),
    "authorities": (consent_rules.AUTHORITIES,),
    "public": (consent_rules.PUBLICATION,),
}
PENDING = ("open", "waits")


@dataclass
class Held:
    """A row with what it says, as it was when the actor's page was drawn."""

    row: Task
    doc: Doc
    leave: gate.Leave
    before: bytes

    def log(self, actor: Actor, what: str, **more: str) -> None:
        """Write down what was done, inside."""
        self.doc["log"] = [
            *self.doc["log"],
            {"what": what, "at": stamp(), "by": str(actor.id), **more},
        ]

    def keep(self, **clear: Any) -> None:
        """Put it back, inside the deed's transaction; Conflict when somebody was quicker."""
        sealed = gate.seal(self.leave, TASK, self.row.id, self.doc)
        same = Task.objects.filter(id=self.row.id, sealed=self.before)
        if not same.update(sealed=sealed, **clear):
            raise Conflict
        self.before = sealed


# What stands in clear of something that is settled: nothing.
OVER = {"owner": None, "second": None, "due_at": None, "told": 0}


def hold(actor: Actor, case: ids.Id, task: ids.Id, mark: int | None = None) -> Held:
    """One row of a case, opened to be changed. `mark`: how much had happened with it when the page was
    drawn; Conflict when more has."""
    case_row(actor, case)
    pressed.take_in(actor, case, worked=task)
    row = Task.objects.filter(id=task, case=case, compartment=TASKS).first()
    if row is None:
        raise NotFound
    leave = gate.admit(actor, case, TASKS, write=True)
    doc = dict(gate.read(leave, TASK, row))
    if mark is not None and mark != len(doc["log"]):
        raise Conflict
    return Held(row, doc, leave, bytes(row.sealed))


def _open_task(actor: Actor, case: ids.Id, task: ids.Id, mark: int | None) -> Held:
    held = hold(actor, case, task, mark)
    if held.doc["is"] == "playbook" or held.doc["state"] not in {"open", "asked", "active"}:
        raise Conflict
    return held


def take(actor: Actor, case: ids.Id, task: ids.Id, *, mark: int | None = None) -> None:
    """An officer does it; whose it was before stays beside them, if nobody else does."""
    held = _open_task(actor, case, task, mark)
    second = held.row.second if held.row.second != actor.id else held.row.owner
    held.log(actor, "taken")
    with operations.writing():
        held.keep(owner=actor.id, second=second)
        journal.note("task taken", case, task)


def hand(
    actor: Actor, case: ids.Id, task: ids.Id, *, to: ids.Id, note: str = "", mark: int | None = None
) -> None:
    """Somebody else does it, and hears so. Invalid for whoever does not answer at the desk."""
    if to not in people.members_of(INTAKE):
        raise Invalid("choose somebody of the duty desk", {"to": "choose"})
    check_texts(reason=note)
    held = _open_task(actor, case, task, mark)
    second = actor.id if held.row.second in {None, to} and actor.id != to else held.row.second
    held.log(actor, "handed", to=str(to), text=note.strip())
    with operations.writing():
        held.keep(owner=to, second=second)
        journal.note("task handed", case, task)
        if to != actor.id:
            messages.queue_notices([to], ids.new())


def done(
    actor: Actor,
    case: ids.Id,
    task: ids.Id,
    *,
    text: str = "",
    under: ids.Id | None = None,
    mark: int | None = None,
) -> None:
    """It is done, with a word of what was done. What told somebody outside was done under a yes of
    this person's for this case (`under`), and stands on the list that they read; Invalid without."""
    check_texts(reason=text)
    held = _open_task(actor, case, task, mark)
    if held.doc["is"] != "task":
        raise Conflict
    row = agreed(actor, case, held.doc["tells"], under) if held.doc["tells"] else None
    held.doc["state"] = "done"
    held.log(actor, "done", text=text.strip(), under=row.label if row else "")
    with operations.writing():
        if row is not None:
            told_outside(actor, case, row)
        held.keep(**OVER)
        _wake(actor, held, held.doc["id"], clock.now())
        journal.note("task done", case, task)


def yeses(actor: Actor, case: ids.Id) -> dict[str, list[answers.ConsentRow]]:
    """Whom a task would tell -> every yes of this case, to somebody outside, that is meant for it and
    in force today."""
    said = [row for row in answers.records(actor, case) if row.in_force and row.recipient]
    kinds = staff.kinds({row.recipient for row in said if row.recipient})
    outside = [
        row for row in said if row.recipient and kinds.get(row.recipient, ("", ""))[0] == "outside"
    ]
    return {
        tells: [row for row in outside if row.purpose in purposes]
        for tells, purposes in UNDER.items()
    }


def agreed(actor: Actor, case: ids.Id, tells: str, under: ids.Id | None) -> answers.ConsentRow:
    """The yes under which somebody outside is told; Invalid (`under`) without one that is meant for it,
    Refused when the gate does not know of it (any more)."""
    row = next((one for one in yeses(actor, case)[tells] if one.id == under), None)
    if row is None or row.recipient is None:
        raise Invalid("they have not said yes to this", {"under": "consent"})
    gate.may_disclose(actor, case, row.compartment, recipient=row.recipient, purpose=row.purpose)
    return row


def told_outside(actor: Actor, case: ids.Id, row: answers.ConsentRow) -> None:
    """Put it on the list of what left, inside the deed's transaction."""
    consent.note_disclosure(
        actor,
        case,
        label=row.label,
        purpose=row.purpose,
        compartments_shown=[row.compartment],
        how="word",
    )


def drop(actor: Actor, case: ids.Id, task: ids.Id, *, reason: str, mark: int | None = None) -> None:
    """It is not needed, because."""
    if not reason.strip():
        raise Invalid("say why", {"reason": "empty"})
    check_texts(reason=reason)
    held = hold(actor, case, task, mark)
    if held.doc["is"] != "task" or held.doc["state"] not in PENDING:
        raise Conflict
    held.doc["state"] = "dropped"
    held.log(actor, "dropped", text=reason.strip())
    with operations.writing():
        held.keep(**OVER)
        _wake(actor, held, held.doc["id"], clock.now())
        journal.note("task dropped", case, task)


def prolong(
    actor: Actor,
    case: ids.Id,
    task: ids.Id,
    *,
    minutes: int,
    reason: str,
    mark: int | None = None,
) -> None:
    """It takes longer, because; once. Conflict the second time."""
    wrong = {} if minutes in rules.PROLONG else {"minutes": "choose"}
    wrong |= {} if reason.strip() else {"reason": "empty"}
    if wrong:
        raise Invalid("say how much longer, and why", wrong)
    check_texts(reason=reason)
    held = _open_task(actor, case, task, mark)
    if held.doc["prolonged"] or held.row.due_at is None:
        raise Conflict
    due = max(held.row.due_at, clock.now()) + timedelta(minutes=minutes)
    held.doc |= {"prolonged": True, "due": due.isoformat()}
    held.log(actor, "prolonged", text=reason.strip())
    with operations.writing():
        held.keep(due_at=due, told=0)
        journal.note("task prolonged", case, task)


def again(actor: Actor, case: ids.Id, task: ids.Id, *, mark: int | None = None) -> None:
    """It was not done after all: open again, and the actor's."""
    held = hold(actor, case, task, mark)
    if held.doc["is"] != "task" or held.doc["state"] not in {"done", "dropped"}:
        raise Conflict
    if _head(actor, held).doc["state"] != "open":
        raise Conflict
    due = clock.now() + timedelta(minutes=held.doc["within"])
    clear = _opened(actor.id, held, due)
    held.log(actor, "again")
    with operations.writing():
        held.keep(**clear)
        journal.note("task opened again", case, task)


# --- the times that hours count from -------------------------------------------------------------
def set_time(
    actor: Actor, case: ids.Id, start: ids.Id, *, fact: str, at: datetime, mark: int | None = None
) -> None:
    """When something happened that tasks count from, as the arrest. Said again, their hours move with
    it, but of those that were given longer already."""
    if at > clock.now() + timedelta(days=60):
        raise Invalid("this is far ahead", {"at": "form"})
    head = hold(actor, case, start, mark)
    if head.doc["is"] != "playbook" or head.doc["state"] != "open":
        raise Conflict
    if fact not in dict(head.doc["words"]["facts"]):
        raise NotFound
    head.doc["times"] = head.doc["times"] | {fact: at.isoformat()}
    head.log(actor, "time", text=fact)
    with operations.writing():
        head.keep()
        _wake(actor, head, fact, at, head=head.row.id)
        journal.note("time of a playbook set", case, start)


def _head(actor: Actor, held: Held) -> Held:
    return hold(actor, held.row.case, ids.of(held.doc["start"]))


def _wake(actor: Actor, by: Held, after: str, at: datetime, *, head: ids.Id | None = None) -> None:
    """Tasks of the same start that count from this have an hour now, inside the transaction."""
    start = head or ids.of(by.doc["start"])
    for row in Task.objects.filter(case=by.row.case, compartment=TASKS).exclude(id=by.row.id):
        doc = dict(gate.read(by.leave, TASK, row))
        if doc["is"] != "task" or doc["start"] != str(start) or doc["after"] != after:
            continue
        held = Held(row, doc, by.leave, bytes(row.sealed))
        due = at + timedelta(minutes=doc["within"])
        if doc["state"] == "waits":
            held.keep(**_opened(actor.id, held, due))
        elif doc["state"] == "open" and head is not None and not doc["prolonged"]:
            doc["due"] = due.isoformat()
            held.keep(due_at=due, told=0)


def _opened(owner: ids.Id, held: Held, due: datetime) -> dict[str, Any]:
    """Make of it an open task of somebody's; returns what stands in clear then."""
    held.doc |= {"state": "open", "due": due.isoformat()}
    second = starting.second_for(owner, Case.objects.get(id=held.row.case))
    return {"owner": owner, "second": second, "due_at": due, "told": 0}


def end(actor: Actor, case: ids.Id, start: ids.Id, *, reason: str, mark: int | None = None) -> None:
    """A playbook is over, because; what is still open of it is not needed any more."""
    if not reason.strip():
        raise Invalid("say how it ended", {"reason": "empty"})
    check_texts(reason=reason)
    head = hold(actor, case, start, mark)
    if head.doc["is"] != "playbook" or head.doc["state"] != "open":
        raise Conflict
    head.doc["state"] = "over"
    head.log(actor, "over", text=reason.strip())
    with operations.writing():
        head.keep()
        for row in Task.objects.filter(case=case, compartment=TASKS).exclude(id=start):
            doc = dict(gate.read(head.leave, TASK, row))
            if doc["is"] == "task" and doc["start"] == str(start) and doc["state"] in PENDING:
                held = Held(row, doc, head.leave, bytes(row.sealed))
                held.doc["state"] = "dropped"
                held.log(actor, "over")
                held.keep(**OVER)
        journal.note("playbook over", case, start)


# --- lateness ------------------------------------------------------------------------------------
def tell_late() -> int:
    """Whose task is past its hour hears so, then the second person, then whoever is on duty; how many
    tasks were told of. Of an exercise nobody is told. Needs no key."""
    now, told = clock.now(), 0
    for row in Task.objects.filter(due_at__lte=now, until=None):
        assert row.due_at is not None
        count = rules.told_by_now(now - row.due_at)
        if count <= row.told:
            continue
        owner, second, everybody = rules.whom_to_tell(row.told, count)
        whom = [row.owner] if owner else []
        whom += [row.second] if second else []
        if everybody or not any(whom):
            whom += alerts.on_duty() or people.members_of(INTAKE)
        with operations.writing():
            # Of two engines at once one tells.
            if Task.objects.filter(id=row.id, told=row.told).update(told=count):
                named = {one for one in whom if one is not None}
                notice = uuid.uuid5(row.id, str(count))
                messages.queue_notices(sorted(named, key=str), notice)
                told += 1
    return told


def forget_exercises() -> int:
    """Tasks of an exercise go by themselves when its day is over."""
    return Task.objects.filter(until__lt=clock.today()).delete()[0]
