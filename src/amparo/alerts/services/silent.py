"""Words and codes of whoever is not free to speak. To the eye they do what the others do, by the same
statements; a moment later the engine rings those on duty, and nobody else."""

from typing import Literal

from django.db import transaction

from amparo.alerts import rules
from amparo.alerts.events import Said
from amparo.alerts.models import Alarm, Plan
from amparo.alerts.services import pressing, running
from amparo.foundation import events, ids, journal, operations
from amparo.foundation.errors import CannotOpen
from amparo.foundation.router import DATA
from amparo.foundation.turns import turn
from amparo.messages import ringing
from amparo.vault import duty

By = Literal["word", "code", "answer"]
# How the alarm was pressed, as its moment says it to the desk.
HOW: dict[str, str] = dict(zip(("word", "code", "answer"), rules.SILENT, strict=True))


def said(case: ids.Id, *, forced: bool, by: By) -> None:
    """A word or a code was said that may have another beside it. Whether it was that other one stands
    in no column: an ordinary one leaves the same row, with an id in it that only the duty key can tell
    from the mark of a forced one."""
    mark = duty.hidden_id("said", case, by)
    with turn(DATA), transaction.atomic(using=DATA):
        events.announce(Said(str(case), by, str(mark if forced else ids.new())), later=True)
        ringing.announce()


def hear(event: Said, event_id: ids.Id) -> None:
    """Ring those on duty for whoever said the other word; nothing for everybody else."""
    case, found = ids.of(event.case), ids.parse(event.mark)
    if event.by not in HOW or found is None or not duty.is_hidden(found, "said", case, event.by):
        return
    with journal.unit(), operations.writing():
        row = _rings_already(case)
        if row is not None:
            running.moment(row, "pressed again", how=HOW[event.by]).save(force_insert=True)
            journal.note("alarm pressed again", case, row.id)
            return
        # Of no plan that a card could show: whoever holds the person's card sees nothing of it.
        none = Plan(id=ids.new(), case=case, kind="desk")
        pressing.press_armed(none, rules.DESK_ONLY | {"hushed": True}, event_id, HOW[event.by])


def _rings_already(case: ids.Id) -> Alarm | None:
    for row in Alarm.objects.filter(case=case, mode="actual", state__in=rules.RUNNING):
        try:
            if row.ladder and running.open_ladder(row).get("hushed"):
                return row
        except CannotOpen:
            continue
    return None
