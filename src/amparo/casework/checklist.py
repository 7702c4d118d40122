"""Reads of what is to be done: a case's playbooks and tasks, one's own tasks, and the load of all for
whoever leads the desk."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from amparo.alerts import queries as alerts
from amparo.casework.models import COVER, TASK, TASKS, Cover, Task
from amparo.casework.services import pressed
from amparo.consent import gate
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen
from amparo.people import queries as people
from amparo.people.rules import INTAKE

OPEN = ("open", "waits", "asked", "active")  # what is not settled yet


@dataclass(frozen=True)
class Line:
    """One thing that happened with a task: a code, when, by whom, to whom, in which words."""

    what: str
    at: datetime
    by: str
    to: str
    text: str


@dataclass(frozen=True)
class TaskView:
    """One task, or a response that was asked for (`response` names it). `mark`: how much has happened
    with it. `after`: what its hour counts from, in words, while it waits for that."""

    id: ids.Id
    case: ids.Id
    what: str
    done: str
    who: str
    tells: str
    state: str
    owner: str
    second: str
    mine: bool
    beside: bool  # the actor is its second person
    due_at: datetime | None
    late: bool
    mark: int
    exercise: bool
    prolonged: bool
    after: str = ""
    response: str = ""
    took: int = 0  # seconds from asking for a response until it was there
    log: list[Line] = field(default_factory=list)

    @property
    def took_minutes(self) -> int:
        """The same in minutes, at least one."""
        return max(1, round(self.took / 60))

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done with it."""
        return self.state in OPEN


@dataclass(frozen=True)
class PlaybookView:
    """A playbook that was started in a case. `times`: (fact, its question, when)."""

    id: ids.Id
    words: dict[str, Any]
    language: str
    own: bool
    exercise: bool
    how: str
    by: str
    at: datetime
    over: bool
    mark: int
    times: list[tuple[str, str, datetime | None]]
    tasks: list[TaskView]
    log: list[Line]
    taken_back: bool = False  # the alarm that began it was

    @property
    def open_tasks(self) -> list[TaskView]:
        """What is still to be done, the nearest hour first; what waits stands last."""
        found = [one for one in self.tasks if one.is_open]
        return sorted(found, key=lambda one: (one.due_at is None, one.due_at))

    @property
    def settled(self) -> int:
        """How many of its tasks are done or not needed."""
        return sum(not one.is_open for one in self.tasks)


@dataclass(frozen=True)
class Checklist:
    """Everything that is done for a case by tasks: playbooks, the newest first, and responses."""

    playbooks: list[PlaybookView]
    responses: list[TaskView]

    @property
    def running(self) -> list[PlaybookView]:
        """Those that are not over; exercises stand behind what is no exercise."""
        found = [one for one in self.playbooks if not one.over]
        return sorted(found, key=lambda one: one.exercise)

    @property
    def aside(self) -> bool:
        """Whether what is no exercise runs, so that exercises step back."""
        return any(not one.exercise for one in self.running)

    @property
    def active(self) -> list[TaskView]:
        """Responses that were asked for and have not ended."""
        return [one for one in self.responses if one.is_open]

    @property
    def next(self) -> list[TaskView]:
        """The tasks that come first, of all that run, with responses that are awaited; those of an
        exercise only when nothing else runs."""
        running = [one for one in self.running if not (self.aside and one.exercise)]
        tasks = [task for one in running for task in one.open_tasks if task.due_at]
        tasks += [one for one in self.responses if one.state == "asked"]
        return sorted(tasks, key=lambda one: (one.due_at is None, one.due_at))[:3]

    @property
    def late(self) -> int:
        """How many are past their hour."""
        tasks = [task for one in self.running for task in one.tasks] + self.responses
        return sum(one.late for one in tasks)


def of_case(actor: Actor, case: ids.Id) -> Checklist:
    """A case's playbooks and responses; empty for whoever does not hold its conversation."""
    if not gate.holds(actor, case, TASKS):
        return Checklist([], [])
    fresh = pressed.take_in(actor, case)
    rows = list(Task.objects.filter(case=case, compartment=TASKS))
    if not rows and not fresh:
        return Checklist([], [])
    leave, names = gate.admit(actor, case, TASKS), people.names(actor)
    docs = [(row, dict(gate.read(leave, TASK, row))) for row in rows]
    docs += [one for one in fresh if one[0] not in rows]  # a colleague may work on it since
    back = alerts.taken_back(ids.of(doc["alarm"]) for _, doc in docs if doc.get("alarm"))
    playbooks = [
        _playbook(row, doc, docs, names, actor, back)
        for row, doc in docs
        if doc["is"] == "playbook"
    ]
    responses = [_task(row, doc, names, actor) for row, doc in docs if doc["is"] == "response"]
    return Checklist(
        sorted(playbooks, key=lambda one: one.at, reverse=True),
        sorted(responses, key=lambda one: (not one.is_open, str(one.due_at))),
    )


Named = dict[ids.Id, str]
Rows = list[tuple[Task, dict[str, Any]]]


def _playbook(
    row: Task, doc: dict[str, Any], docs: Rows, names: Named, actor: Actor, back: set[ids.Id]
) -> PlaybookView:
    mine = [(one, it) for one, it in docs if it.get("start") == str(row.id)]
    mine.sort(key=lambda one: one[1]["place"])
    facts = dict(doc["words"]["facts"])
    whats = {it["id"]: it["what"] for _, it in mine}
    return PlaybookView(
        id=row.id,
        words=doc["words"],
        language=doc["language"],
        own=doc["own"],
        exercise=doc["exercise"],
        how=doc["how"],
        by=_name(doc["by"], names),
        at=datetime.fromisoformat(doc["at"]),
        over=doc["state"] != "open",
        mark=len(doc["log"]),
        times=[
            (name, ask, datetime.fromisoformat(at) if (at := doc["times"].get(name)) else None)
            for name, ask in facts.items()
        ],
        tasks=[_task(one, it, names, actor, facts | whats) for one, it in mine],
        log=_log(doc, names),
        taken_back=ids.parse(doc.get("alarm", "")) in back,
    )


def _task(
    row: Task, doc: dict[str, Any], names: Named, actor: Actor, afters: dict[str, str] | None = None
) -> TaskView:
    took = [one["at"] for one in doc["log"] if one["what"] in {"asked", "active"}]
    seconds = (
        (datetime.fromisoformat(took[1]) - datetime.fromisoformat(took[0])).total_seconds()
        if len(took) > 1
        else 0
    )
    return TaskView(
        id=row.id,
        case=row.case,
        what=doc["what"],
        done=doc.get("done", ""),
        who=doc.get("who", ""),
        tells=doc["tells"],
        state=doc["state"],
        owner=names.get(row.owner, "") if row.owner else "",
        second=names.get(row.second, "") if row.second else "",
        mine=row.owner == actor.id,
        beside=row.second == actor.id,
        due_at=row.due_at,
        late=row.due_at is not None and row.due_at < clock.now() and row.until is None,
        mark=len(doc["log"]),
        exercise=doc["exercise"],
        prolonged=doc.get("prolonged", False),
        after=(afters or {}).get(doc.get("after", ""), "") if doc["state"] == "waits" else "",
        response=doc.get("response", ""),
        took=int(seconds),
        log=_log(doc, names),
    )


def _name(principal: str, names: Named) -> str:
    who = ids.parse(principal)
    return names.get(who, "") if who else ""


def _log(doc: dict[str, Any], names: Named) -> list[Line]:
    return [
        Line(
            one["what"],
            datetime.fromisoformat(one["at"]),
            _name(one["by"], names),
            _name(one.get("to", ""), names),
            one.get("text", ""),
        )
        for one in reversed(doc["log"])
    ]


# --- one's own -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Own:
    """A task of the actor's, or one that they stand beside, with the name of its case."""

    task: TaskView
    name: str


def own(actor: Actor, *, most: int = 50) -> list[Own]:
    """Open tasks that are the actor's, and late ones that they are the second person of; the nearest
    hour first. What their keys do not open is passed over."""
    if actor.kind != "staff":
        return []
    late = Q(second=actor.id, due_at__lt=clock.now(), until=None)
    rows = list(Task.objects.filter(Q(owner=actor.id) | late).order_by("due_at", "id")[:most])
    if not rows:
        return []
    leaves = gate.admit_many(actor, {row.case for row in rows}, TASKS)
    known = _names_of(actor, {row.case for row in rows})
    names, found = people.names(actor), []
    for row in rows:
        doc = _read(actor, row, leaves)
        if doc is not None and row.case in known:
            found.append(Own(_task(row, doc, names, actor), known[row.case]))
    return found


def _read(actor: Actor, row: Task, leaves: dict[ids.Id, gate.Leave]) -> dict[str, Any] | None:
    try:
        if not row.compartment:
            return pressed.read(actor, row)
        return dict(gate.read(leaves[row.case], TASK, row)) if row.case in leaves else None
    except CannotOpen:
        return None


def _names_of(actor: Actor, cases: Iterable[ids.Id]) -> dict[ids.Id, str]:
    leaves = gate.admit_many(actor, cases, "cover")
    covers = Cover.objects.filter(case__in=leaves)
    return {one.case: str(gate.read(leaves[one.case], COVER, one)["name"]) for one in covers}


def late_in(cases: Iterable[ids.Id]) -> Counter[ids.Id]:
    """How many tasks of each case are past their hour; exercises do not count."""
    rows = Task.objects.filter(case__in=list(cases), due_at__lt=clock.now(), until=None)
    found = rows.values_list("case").annotate(Count("id")).order_by()
    return Counter(dict(found))


# --- for whoever leads the desk ------------------------------------------------------------------
@dataclass(frozen=True)
class Load:
    """One colleague's load: open tasks that are theirs, how many of them are late, how many are due
    within an hour, and whether they are on duty now."""

    name: str
    on_duty: bool
    open: int
    soon: int
    late: int


@dataclass(frozen=True)
class Board:
    """Load of everybody at the desk, tasks that are late (the longest first), and those that are
    nobody's. Exercises are counted apart and nowhere else."""

    loads: list[Load]
    late: list[Own]
    hidden: int  # late ones that the actor's keys do not open
    nobodys: int
    exercises: int


def board(actor: Actor) -> Board:
    """Who has how much, and what is late."""
    people.require(actor, INTAKE)
    now, real = clock.now(), Task.objects.filter(until=None, due_at__isnull=False)
    soon = Q(due_at__gte=now, due_at__lt=now + timedelta(hours=1))
    counted = {
        row["owner"]: row
        for row in real.values("owner").annotate(
            open=Count("id"),
            late=Count("id", filter=Q(due_at__lt=now)),
            soon=Count("id", filter=soon),
        )
    }
    names, duty, team = people.names(actor), set(alerts.on_duty()), people.members_of(INTAKE)
    nothing = {"open": 0, "late": 0, "soon": 0}
    loads = [
        Load(names.get(who, ""), who in duty, one["open"], one["soon"], one["late"])
        for who in sorted({*team, *filter(None, counted)}, key=lambda who: names.get(who, ""))
        for one in [counted.get(who, nothing)]
    ]
    late, hidden = _late(actor)
    here = {*team}
    return Board(
        sorted(loads, key=lambda one: (-one.late, -one.open, one.name)),
        late,
        hidden,
        sum(row["open"] for who, row in counted.items() if who is None or who not in here),
        Task.objects.filter(until__isnull=False, due_at__isnull=False).count(),
    )


def _late(actor: Actor, most: int = 30) -> tuple[list[Own], int]:
    rows = list(Task.objects.filter(due_at__lt=clock.now(), until=None).order_by("due_at", "id"))
    leaves = gate.admit_many(actor, {row.case for row in rows}, TASKS)
    known, names = _names_of(actor, {row.case for row in rows[:most]}), people.names(actor)
    found = []
    for row in rows[:most]:
        doc = _read(actor, row, leaves)
        if doc is not None and row.case in known:
            found.append(Own(_task(row, doc, names, actor), known[row.case]))
    return found, len(rows) - len(found)
