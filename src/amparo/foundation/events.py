"""Announcing upwards: a row in the deed's own transaction, delivered at least once afterwards.

Events are frozen dataclasses of ids. Listeners run without keys and are idempotent by event id.
"""

import dataclasses
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from amparo.foundation import clock, ids
from amparo.foundation.models import Announcement
from amparo.foundation.router import DATA
from amparo.foundation.turns import turn

Listener = Callable[[Any, ids.Id], None]
_kinds: dict[str, type] = {}
_listeners: dict[str, list[Listener]] = {}
TOGETHER = 25  # announcements delivered in one commit
_wake: list[Callable[[], None]] = []
GIVE_UP = 5  # tries, after which the desk is shown that something is stuck


def name_of(kind: type) -> str:
    """The stable name of an event: its room and its class."""
    return f"{kind.__module__.split('.')[1]}.{kind.__name__}"


def listens(kind: type) -> Callable[[Listener], Listener]:
    """Have the function called with (event, event id) for each event of this kind."""

    def register(listener: Listener) -> Listener:
        _kinds[name_of(kind)] = kind
        _listeners.setdefault(name_of(kind), []).append(listener)
        return listener

    return register


def listeners() -> dict[str, list[str]]:
    """Event -> who listens, for the generated table in the documentation."""
    return {
        event: [f"{one.__module__}.{one.__name__}" for one in found]
        for event, found in sorted(_listeners.items())
    }


def wakes(wake: Callable[[], None]) -> None:
    """An engine beats in this process: it is woken after each commit and delivers at once, so that
    whoever announced need not wait for their listeners."""
    _wake[:] = [wake]


def sleeps() -> None:
    """The engine of this process has stopped: whoever announces delivers."""
    _wake.clear()


def announce(event: Any, *, later: bool = False) -> None:
    """Write the event down in the running transaction; it is tried at once after the commit. `later`:
    never by whoever announced it, so that how long they take tells nothing of what comes of it."""
    name = name_of(type(event))
    if name not in _listeners:
        return
    values = {key: str(value) for key, value in dataclasses.asdict(event).items()}
    row = Announcement.objects.create(event=name, ids=values)
    if not later:
        transaction.on_commit(lambda: _try(row), robust=True)


def _try(row: Announcement) -> None:
    if _wake:
        _wake[0]()
    else:
        _deliver([row])


def _deliver(rows: list[Announcement]) -> int:
    """Tell the listeners of each, all in one commit; returns how many reached all of theirs."""
    with turn(DATA), transaction.atomic(using=DATA):
        told = [row.id for row in rows if _told(row)]
        Announcement.objects.filter(id__in=told).delete()
    return len(told)


def _told(row: Announcement) -> bool:
    try:
        with transaction.atomic():
            event = _kinds[row.event](**row.ids)
            for listener in _listeners[row.event]:
                listener(event, row.id)
    except Exception as error:  # noqa: BLE001
        # Only the kind of error: its text could hold what a listener was working on.
        logging.getLogger("amparo").warning("announcement failed: %s", type(error).__name__)
        Announcement.objects.filter(id=row.id).update(
            tries=row.tries + 1, due_at=clock.now() + timedelta(seconds=2**row.tries)
        )
        return False
    return True


def deliver_due(limit: int = 500, *, kind: type | None = None) -> int:
    """Deliver what is due, or what is due of one kind; returns how many events reached all their
    listeners."""
    due = Announcement.objects.filter(due_at__lte=clock.now(), tries__lt=GIVE_UP)
    if kind is not None:
        due = due.filter(event=name_of(kind))
    rows = list(due.order_by("due_at")[:limit])
    return sum(_deliver(rows[at : at + TOGETHER]) for at in range(0, len(rows), TOGETHER))


def stuck() -> int:
    """How many announcements have failed for good and want a person's look."""
    return Announcement.objects.filter(tries__gte=GIVE_UP).count()
