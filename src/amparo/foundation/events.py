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

Listener = Callable[[Any, ids.Id], None]
_kinds: dict[str, type] = {}
_listeners: dict[str, list[Listener]] = {}
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


def announce(event: Any) -> None:
    """Write the event down in the running transaction; it is tried at once after the commit."""
    name = name_of(type(event))
    if name not in _listeners:
        return
    values = {key: str(value) for key, value in dataclasses.asdict(event).items()}
    row = Announcement.objects.create(event=name, ids=values)
    transaction.on_commit(lambda: _deliver(row), robust=True)


def _deliver(row: Announcement) -> bool:
    try:
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
    row.delete()
    return True


def deliver_due(limit: int = 500) -> int:
    """Deliver what is due; returns how many events reached all their listeners."""
    due = Announcement.objects.filter(due_at__lte=clock.now(), tries__lt=GIVE_UP)
    return sum(_deliver(row) for row in list(due.order_by("due_at")[:limit]))


def stuck() -> int:
    """How many announcements have failed for good and want a person's look."""
    return Announcement.objects.filter(tries__gte=GIVE_UP).count()
