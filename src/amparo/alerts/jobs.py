"""What is due by time in alerts: ladders climb, holds end, and the auditor looks at both."""

from datetime import timedelta

from django.db.models import F, Min, Q

from amparo.alerts.models import Alarm, CheckIn, Moment
from amparo.alerts.services import checkins, running
from amparo.foundation import clock, journal, operations
from amparo.messages import ringing
from amparo.vault import server

TOGETHER = 100  # alarms moved in one commit
LATE = timedelta(seconds=30)  # the auditor's patience
_found: dict[str, int] = {}


def climb_due() -> int:
    """Move every alarm whose time has come; of several engines each takes others. Returns how many."""
    if server.locked_down() or not Alarm.objects.filter(due_at__lte=clock.now()).exists():
        return 0
    moved = 0
    with operations.writing():
        due = Alarm.objects.filter(due_at__lte=clock.now()).order_by("due_at")
        for row in due.select_for_update(skip_locked=True)[:TOGETHER]:
            _climb(row)
            moved += 1
    return moved


def check_ins_due() -> int:
    """Remind whoever is late, and press for whoever is not heard of. Returns how many were late."""
    now = clock.now()
    if server.locked_down() or not CheckIn.objects.filter(due_at__lte=now).exists():
        return 0
    with operations.writing():
        late = CheckIn.objects.filter(due_at__lte=now).order_by("due_at")
        found = list(late.select_for_update(skip_locked=True)[:TOGETHER])
        for row in found:
            checkins.be_late(row)
    return len(found)


def _climb(row: Alarm) -> None:
    doc = running.open_ladder(row)
    if row.mode == "exercise":
        running.finish(row, doc, "closed", clear=False)
        row.save()
        return
    moments = []
    if row.state == "answered":
        row.state = "open"
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


def audit() -> dict[str, int]:
    """What should have happened and did not: alarms past their time, alarms that nothing moves."""
    late = Q(due_at__lte=clock.now() - LATE)
    stuck = Q(due_at=None, state__in=["open", "answered"])
    _found.update(
        late=Alarm.objects.filter(late).count(), stuck=Alarm.objects.filter(stuck).count()
    )
    return dict(_found)
