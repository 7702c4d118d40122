"""What is due by time in alerts: ladders climb, holds end, check-ins are missed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Min

from amparo.alerts import rules
from amparo.alerts.events import Said
from amparo.alerts.models import Alarm, CheckIn, Moment
from amparo.alerts.services import checkins, running
from amparo.foundation import clock, events, journal, operations
from amparo.foundation.errors import CannotOpen
from amparo.foundation.router import DATA
from amparo.messages import ringing
from amparo.vault import server

TOGETHER = 100  # alarms moved in one commit
AGAIN = timedelta(seconds=30)  # until what stood still is tried again
_say = structlog.get_logger("amparo.alerts")


def climb_due() -> int:
    """Move every alarm whose time has come; of several engines each takes others. Returns how many."""
    if server.locked_down() or not Alarm.objects.filter(due_at__lte=clock.now()).exists():
        return 0
    moved = 0
    with operations.writing():
        due = Alarm.objects.filter(due_at__lte=clock.now()).order_by("due_at")
        for row in due.select_for_update(skip_locked=True)[:TOGETHER]:
            _apart(row, _climb)
            moved += 1
    return moved


def check_ins_due() -> int:
    """Hear whoever is not free to speak, remind whoever is late, and press for whoever is not heard of.
    Returns how many there were."""
    now = clock.now()
    if server.locked_down():
        return 0
    # Not left to the heartbeat, where a slow mail server stands before it.
    heard = events.deliver_due(kind=Said)
    if not CheckIn.objects.filter(due_at__lte=now).exists():
        return heard
    with operations.writing():
        late = CheckIn.objects.filter(due_at__lte=now).order_by("due_at")
        found = list(late.select_for_update(skip_locked=True)[:TOGETHER])
        for row in found:
            _apart(row, checkins.be_late)
    return heard + len(found)


def _apart(row: Any, move: Callable[[Any], None]) -> None:
    """Move one of many: what is the matter with it stops none of the others, and is tried again."""
    try:
        with transaction.atomic(using=DATA):
            move(row)
    except Exception as error:  # noqa: BLE001
        _say.error("one of the alarms stands still", kind=type(error).__name__)
        type(row).objects.filter(id=row.id).update(due_at=clock.now() + AGAIN)


def _climb(row: Alarm) -> None:
    moments = []
    try:
        doc = running.open_ladder(row)
    except (
        CannotOpen
    ):  # a lockdown came between, or somebody altered it: the desk is told, and only it
        doc = rules.DESK_ONLY | running.begun(clock.now())
        moments.append(running.moment(row, "cannot open"))
    if row.mode == "exercise":
        running.finish(row, doc, "closed", clear=False)
        row.save()
        return
    if row.state == "answered":
        row.state, doc["on_it"], doc["still"] = "open", "", 0
        moments.append(running.moment(row, "hold over"))
    moments += running.move(row, doc, clock.now())
    running.seal_ladder(row, doc)
    row.save()
    Moment.objects.bulk_create(moments)
    journal.note("alarm climbed", row.case, row.id, step=row.step)


def clock_was_set_back(by: timedelta) -> int:
    """The machine's clock went back: what waits would wait so much longer, so it is brought along."""
    ringing.bring_along(by)
    CheckIn.objects.update(due_at=F("due_at") - by)
    return Alarm.objects.filter(due_at__isnull=False).update(due_at=F("due_at") - by)


def next_due() -> float | None:
    """Seconds until the next alarm moves or somebody is late; None when nothing waits."""
    firsts = [table.objects.aggregate(first=Min("due_at"))["first"] for table in (Alarm, CheckIn)]
    return min(((one - clock.now()).total_seconds() for one in firsts if one), default=None)
