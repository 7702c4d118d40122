"""What a press has begun while nobody looked: sealed to the intake team until somebody of it opens the
case, then under the case's own key, which is turned when somebody leaves."""

from typing import Any

from amparo.casework.models import TASK, TASKS, Task
from amparo.consent import gate
from amparo.foundation import ids, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Refused
from amparo.people.rules import INTAKE

KIND = TASK.name


def seal(row: Task, doc: dict[str, Any]) -> None:
    """Seal a task for the intake team; whoever does it holds no key."""
    row.compartment = ""
    row.sealed = gate.seal_to_team(INTAKE, KIND, row.id, doc | {"case": str(row.case)})


def read(actor: Actor, row: Task) -> dict[str, Any]:
    """What a task says that nobody has taken in yet; CannotOpen for one that was laid beside another
    case, or sealed to a team that the actor was never in."""
    doc = dict(gate.read_as_team(actor, KIND, row))
    if doc.pop("case", "") != str(row.case):
        raise CannotOpen
    return doc


def take_in(actor: Actor, case: ids.Id) -> int:
    """Put what a press has begun under the case's key, if the actor's keys open both; how many."""
    waiting = list(Task.objects.filter(case=case, compartment=""))
    if not waiting or not gate.holds(actor, case, TASKS):
        return 0
    try:
        leave = gate.admit(actor, case, TASKS, write=True)
    except Refused:
        return 0  # turned a moment ago; the next one can
    return sum(_move(actor, leave, row) for row in waiting)


def _move(actor: Actor, leave: gate.Leave, row: Task) -> bool:
    try:
        doc = read(actor, row)
        with operations.writing():
            after = gate.seal(leave, TASK, row.id, doc)
            # Of two colleagues who look at once, one moves it.
            same = Task.objects.filter(id=row.id, compartment="")
            return bool(same.update(compartment=TASKS, sealed=after))
    except (CannotOpen, Conflict):
        return False
