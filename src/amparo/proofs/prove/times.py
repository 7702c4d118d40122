"""P19: what can be read without a key knows days, no hours; finer times only while their work is open.

Every column of every table is looked at, numbers that could be a clock and texts too.

Seen to fail: when `consent.confirm_override` leaves the hour standing, when `factors.sweep` does
nothing, when `files.coarsen` sets no time, when an alarm that is over stays due, and when
`inbound.sweep` keeps the numbers.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connections, models

from amparo.alerts.services import answering, callouts, checkins, plans, pressing, running
from amparo.casework import checklist, queries
from amparo.casework.services import desk, opening, sharing, starting, tasks, thread
from amparo.consent import services as consent
from amparo.consent.models import Link
from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.foundation.router import DATA, KEYSTORE
from amparo.messages import channels, ringing
from amparo.proofs.prove.found import Found, proves
from amparo.proofs.prove.night import helpers, plan_of, take_replies
from amparo.proofs.prove.world import Officer, World, beat, found, sealed_file, tables

# Columns that may know an hour while their work is open (docs/THREAT_MODEL.md calls them *open*).
OPEN = {
    "foundation.Announcement.due_at",
    "foundation.Operation.due_at",
    "foundation.KeyIntent.due_at",
    "vault.Upload.until",
    "vault.Session.until",
    "vault.Factor.last_step",
    "consent.Override.due_at",
    "consent.Link.until",
    "messages.Outgoing.due_at",
    "casework.Case.due_at",
    "casework.Task.due_at",
    "alerts.Alarm.due_at",
    "alerts.CheckIn.due_at",
    "alerts.CallOut.due_at",
    "messages.Ringing.due_at",
    "messages.Number.until",
}
LINKS = timedelta(days=2)  # what was sent by a message opens for so long
DAY = 24 * 3600
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ](?!00:00:00)\d\d:\d\d|\b\d\d:\d\d:\d\d\b")


@proves("P19")
def days_only() -> Found:
    """A whole journey: hours stand in the named columns while it is open, and nowhere afterwards."""
    channels.send, channels.reaches = _taken, lambda channel: True
    result = Found()
    world = found()
    while_open = _journey(world)
    fine = {place for place, _ in _fine()}
    result.expect(not fine - OPEN, f"hours in columns that are not named: {fine - OPEN}")
    for close in while_open:
        close()
    clock.forward(timedelta(days=1))
    beat()
    beat()
    # What was sent in a message opens for two days; every other link is gone with its hour.
    late = Link.objects.exclude(kind__in=(running.LINK, callouts.LINK)).count()
    result.expect(not late, f"{late} links are open after their hour")
    left = {f"{place} ({value})" for place, value in _fine() if place != "consent.Link.until"}
    clock.forward(LINKS)
    beat()
    left |= {f"{place} ({value})" for place, value in _fine()}
    result.expect(not left, f"hours that stay when the work is done: {sorted(left)[:5]}")
    result.expect(fine & OPEN, "no hour was seen at all: nothing is shown")
    files = [one for one in (config().data / "files").rglob("*") if one.is_file()]
    young = [one for one in files if one.stat().st_mtime % DAY]
    result.expect(files and not young, f"{len(young)} of {len(files)} sealed files tell their hour")
    result.value = str(len(left) + len(fine - OPEN) + len(young))
    result.detail = f"{_columns()} columns; while open: {', '.join(sorted(fine))}"
    return result


def _taken(channel: str, address: str, idem: str, *, text: str = "") -> None:
    """A carrier that takes everything."""


def _columns() -> int:
    return sum(
        len(model._meta.concrete_fields) for one in (DATA, KEYSTORE) for model in tables(one)
    )


def _journey(world: World) -> list[Any]:
    """Everything that may know an hour; returns what ends it."""
    first, second, third = world.officers
    defender = world.ask(what="a call", files_=(sealed_file("a.txt", b"x"),))
    other = world.ask(what="another")
    case = defender.case
    with first.request() as actor:
        opening.open_case(actor, case, version=0)
        opening.write_note(actor, case, "narrative", text="a note")
        overrides = [
            consent.override(
                actor, case, compartment="narrative", grantee=second.id, reason="a life in danger"
            )
            for _ in range(2)
        ]
        offer = sharing.Offer("R.", "legal", ("location",), clock.today() + timedelta(days=2))
        sharing.share_by_link(actor, case, offer=offer, hours=5)
        desk.save_draft(actor, place="x", text="draft")
        starting.start(actor, case, playbook="threat", once=ids.new())
    with defender.request() as actor:
        thread.write(actor, once=ids.new(), text="again")
    with third.request() as actor:
        consent.confirm_override(actor, overrides[0])

    def close_case() -> None:
        with first.request() as actor:
            for one in checklist.of_case(actor, case).running:
                tasks.end(actor, case, one.id, reason="done")
            row = queries.case(actor, case).row
            opening.close(actor, case, reason="done", version=row.version)

    def withdraw() -> None:
        with other.request() as actor:
            thread.withdraw_request(actor)

    return [_worst_hour(first, second, case), close_case, withdraw]


def _worst_hour(first: Officer, second: Officer, case: ids.Id) -> Callable[[], None]:
    """An alarm rings, somebody is to be heard of, helpers are asked; returns what ends all of it."""
    take_replies()
    with first.request() as actor:
        plan = plans.arm(actor, case, plan_of("card")).id
        alarm = pressing.press_for(actor, case, plan, once=ids.new()).alarm
        checkins.begin(actor, case, checkins.Promise(legs=(600,), tell=True))
    asked = helpers(first, second, case)
    beat()  # the press begins its playbook

    def over() -> None:
        with first.request() as actor:
            answering.close(actor, alarm, version=1, how="word")
            checkins.end(actor, case)
            callouts.stop(actor, asked, version=1)
        ringing.send_due()

    return over


def _fine() -> Iterator[tuple[str, object]]:
    """(model.column, value) of every value that knows more than its day."""
    for alias in (DATA, KEYSTORE):
        for model in tables(alias):
            fields = {one.column: one for one in model._meta.concrete_fields}
            with connections[alias].cursor() as cursor:
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
                names = [one[0] for one in cursor.description]
                for row in cursor.fetchall():
                    for name, value in zip(names, row, strict=True):
                        if value is not None and _is_fine(fields[name], value):
                            yield f"{model._meta.label}.{fields[name].name}", value


def _is_fine(column: Any, value: Any) -> bool:
    if isinstance(value, datetime):
        return value.time() != time()
    if isinstance(value, int) and not isinstance(value, bool):
        return _is_clock(value)
    if isinstance(value, str) and not isinstance(column, models.UUIDField):
        return MOMENT.search(value) is not None
    return False


def _is_clock(number: int) -> bool:
    """Whether a number could be this year's time, in seconds, milliseconds or half minutes, with more
    than a day's precision."""
    now = clock.now().timestamp()
    for unit in (1, 30, 0.001, 0.000001):
        seconds = number * unit
        if abs(seconds - now) < 400 * DAY and seconds % DAY >= unit:
            return True
    return False
