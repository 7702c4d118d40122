"""A playbook is started: by an officer's hand, or by a press while nobody looks. Its first three tasks
then have an owner, a deadline and a second person."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError

from amparo.alerts import queries as alerts
from amparo.casework import rules
from amparo.casework.models import TASK, TASKS, Case, Task
from amparo.casework.playbooks import (
    FIRST,
    MISSED,
    START,
    UNCLEAR,
    Playbook,
    Step,
    playbooks,
)
from amparo.casework.services import pressed
from amparo.casework.services.desk import case_row
from amparo.casework.services.record import stamp, workable
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, NotFound
from amparo.foundation.packs import Pack
from amparo.messages import services as messages
from amparo.people import queries as people
from amparo.people.rules import INTAKE

EXERCISE = timedelta(days=1)  # that tasks of an exercise are kept beyond their own day
Doc = dict[str, Any]


def head_doc(pack: Pack, *, how: str, by: str, exercise: bool, alarm: str = "") -> Doc:
    """What is kept of a started playbook: its words as they were then, for a pack may change."""
    play: Playbook = pack.content
    kept = {name: value for name, value in asdict(play).items() if name != "tasks"}
    return {
        "is": "playbook",
        "playbook": pack.id,
        "version": pack.version,
        "own": pack.own,
        "language": pack.language,
        "words": kept,
        "how": how,
        "by": by,
        "alarm": alarm,
        "at": stamp(),
        "exercise": exercise,
        "times": {},
        "state": "open",
        "log": [],
    }


def task_doc(step: Step, head: ids.Id, place: int, *, exercise: bool) -> Doc:
    """What is kept of one task of it. `place` is its place in the order."""
    return {
        "is": "task",
        "start": str(head),
        "place": place,
        **asdict(step),
        "exercise": exercise,
        "state": "open" if step.after == START else "waits",
        "due": "",
        "prolonged": False,
        "log": [],
    }


def in_english_or(language: str, playbook: str) -> Pack:
    """A playbook in the words of a language, where a person has read them; NotFound for none."""
    found = playbooks().get(playbook)
    if found is None:
        raise NotFound
    return found.shown_in(language)


# --- by hand -------------------------------------------------------------------------------------
def start(
    actor: Actor, case: ids.Id, *, playbook: str, once: ids.Id, exercise: bool = False
) -> ids.Id:
    """An officer starts a playbook for a request or a case: what begins at once is theirs, a colleague
    is the second person. The same `once` again is a Conflict. Returns the start's id."""
    row = case_row(actor, case)
    workable(row)
    pack = in_english_or(actor.language, playbook)
    leave = gate.admit(actor, case, TASKS, write=True)
    second = second_for(actor.id, row)
    until = clock.today() + EXERCISE if exercise else None
    head = Task(id=once, case=case, compartment=TASKS, until=until)
    doc = head_doc(pack, how="hand", by=str(actor.id), exercise=exercise)
    head.sealed = gate.seal(leave, TASK, head.id, doc)
    now, rows = clock.now(), []
    for place, step in enumerate(pack.content.tasks):
        one = Task(case=case, compartment=TASKS, until=until)
        task = task_doc(step, head.id, place, exercise=exercise)
        if step.after == START:
            one.owner, one.second = actor.id, second
            one.due_at = now + timedelta(minutes=step.within)
            task["due"] = one.due_at.isoformat()
        one.sealed = gate.seal(leave, TASK, one.id, task)
        rows.append(one)
    try:
        with operations.writing():
            head.save(force_insert=True)
            Task.objects.bulk_create(rows)
            journal.note("playbook started", case, head.id, exercise=exercise)
    except IntegrityError:
        raise Conflict from None
    return head.id


def second_for(owner: ids.Id, row: Case) -> ids.Id | None:
    """A colleague beside an owner: the case's second reader or officer, who is on duty, anybody."""
    team = people.members_of(INTAKE)
    beside = [one for one in (row.second, row.owner) if one in team]
    line = [*beside, *alerts.on_duty(), *team]
    return next((one for one in line if one != owner), None)


# --- by a press ----------------------------------------------------------------------------------
def start_pressed(case: ids.Id, alarm: ids.Id, *, mode: str, event: ids.Id) -> int:
    """A press starts the playbook for what the person feared, sealed to the intake team, with no key of
    anybody's; how many tasks. An alarm begins one, however often it is told of, and none once it was
    taken back; a further try while one stands adds none."""
    exercise = mode != "actual"
    row = Case.objects.filter(id=case).exclude(state="withdrawn").first()
    if row is None or (exercise and Task.objects.filter(case=case, until__isnull=False).exists()):
        return 0
    if alerts.taken_back([alarm]):
        return 0  # word of that was here first
    danger, how = alerts.cause(alarm)
    known = playbooks()
    name = rules.playbook_for(danger, how, known, missed=MISSED, unclear=UNCLEAR)
    pack = known[name]
    until = clock.today() + EXERCISE if exercise else None
    count = 1 + len(pack.content.tasks)
    # After a lockdown no alarm runs, and the event is all that is left to know them by.
    names = alerts.ids_for(alarm, count) or [uuid.uuid5(event, str(n)) for n in range(count)]
    head = Task(id=names[0], case=case, until=until)
    doc = head_doc(pack, how="press", by="", exercise=exercise, alarm=str(alarm))
    pressed.seal(head, doc)
    rows = [head, *_first_rows(pack, row, head, until, names[1:])]
    with operations.writing():
        if Task.objects.filter(id=head.id).exists():
            return 0
        # Two engines at once: each id once.
        Task.objects.bulk_create(rows, ignore_conflicts=True)
        journal.note("playbook started", case, head.id, exercise=exercise)
        if not exercise:
            # In the same commit: this event again finds the tasks, and would tell nobody.
            named = {who for one in rows for who in (one.owner, one.second) if who is not None}
            messages.queue_notices(sorted(named, key=str), event)
    return len(rows) - 1


def _first_rows(
    pack: Pack, row: Case, head: Task, until: date | None, names: list[ids.Id]
) -> Iterable[Task]:
    steps = pack.content.tasks
    count = max(FIRST, len(steps))
    whom = rules.staffing(alerts.on_duty(), people.members_of(INTAKE), row.owner, count)
    now = clock.now()
    for place, (step, name) in enumerate(zip(steps, names, strict=True)):
        one = Task(id=name, case=row.id, until=until)
        doc = task_doc(step, head.id, place, exercise=until is not None)
        if step.after == START:
            one.owner, one.second = whom[place]
            one.due_at = now + timedelta(minutes=step.within)
            doc["due"] = one.due_at.isoformat()
        pressed.seal(one, doc)
        yield one
