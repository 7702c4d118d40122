"""What a press has begun while nobody looked: sealed to the intake team until somebody of it opens the
case, then under the case's own key, which is turned when somebody leaves."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from amparo.alerts import queries as alerts
from amparo.casework.models import TASK, TASKS, Task
from amparo.casework.playbooks import MOST
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Refused
from amparo.people.rules import INTAKE

KIND = TASK.name
Fresh = list[tuple[Task, dict[str, Any]]]
# How long after a press a look alone leaves all as it was: it may be taken back within half a minute,
# and the word of that is brought by an event.
SETTLES = timedelta(minutes=2)


def seal(row: Task, doc: dict[str, Any]) -> None:
    """Seal a task for the intake team; whoever does it holds no key."""
    row.compartment = ""
    beside = {"case": str(row.case), "sealed_at": clock.now().isoformat()}
    row.sealed = gate.seal_to_team(INTAKE, KIND, row.id, doc | beside)


def read(actor: Actor, row: Task) -> dict[str, Any]:
    """What a task says that nobody has taken in yet; CannotOpen for one that was laid beside another
    case, or sealed to a team that the actor was never in."""
    return _read(actor, row)[0]


def _read(actor: Actor, row: Task) -> tuple[dict[str, Any], datetime]:
    doc = dict(gate.read_as_team(actor, KIND, row))
    if doc.pop("case", "") != str(row.case):
        raise CannotOpen
    return doc, datetime.fromisoformat(doc.pop("sealed_at"))


def take_in(actor: Actor, case: ids.Id, *, worked: ids.Id | None = None) -> Fresh:
    """Put what a press has begun under the case's key, if the actor's keys open both. Until it has
    settled only work on it does so (`worked`: one of its rows): what stays as it is, with what it says,
    is returned."""
    waiting = list(Task.objects.filter(case=case, compartment=""))
    if not waiting or not gate.holds(actor, case, TASKS):
        return []
    try:
        leave = gate.admit(actor, case, TASKS, write=True)
    except Refused:
        return []  # turned a moment ago; the next one can
    opened = []
    for row in waiting:
        with suppress(CannotOpen):
            opened.append((row, *_read(actor, row)))
    wanted = {_start(row, doc) for row, doc, _ in opened if row.id == worked}
    fresh = []
    for row, doc, at in opened:
        if clock.now() < at + SETTLES and _start(row, doc) not in wanted:
            fresh.append((row, doc))
        else:
            _move(leave, row, doc)
    return fresh


def _start(row: Task, doc: dict[str, Any]) -> str:
    return str(doc.get("start", row.id))


def _move(leave: gate.Leave, row: Task, doc: dict[str, Any]) -> None:
    with suppress(CannotOpen, Conflict), operations.writing():
        after = gate.seal(leave, TASK, row.id, doc)
        # Of two colleagues who look at once, one moves it.
        Task.objects.filter(id=row.id, compartment="").update(compartment=TASKS, sealed=after)


def withdraw(case: ids.Id, alarm: ids.Id) -> int:
    """A press was taken back: what it has begun goes with it, with no key of anybody's; how many rows.
    Where a colleague has worked on it all of it stays, and the page says that it was taken back."""
    with operations.writing():
        named = Task.objects.filter(case=case, id__in=alerts.ids_for(alarm, 1 + MOST))
        rows = list(named.select_for_update())
        if not rows or any(row.compartment for row in rows):
            return 0
        named.delete()
        journal.note("playbook withdrawn", case, alarm)
    return len(rows)
