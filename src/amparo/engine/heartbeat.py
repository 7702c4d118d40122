"""The heartbeat: every second what is waiting, every minute what is due, every hour what takes a walk
through all files. It holds no keys.

One engine runs beside one SQLite file; against PostgreSQL any number may run.
"""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import close_old_connections

from amparo.alerts.services import callouts, roster
from amparo.casework import jobs as casework
from amparo.consent import jobs as consent
from amparo.foundation import events, journal, operations
from amparo.foundation.actor import SYSTEM
from amparo.messages import inbound, ringing
from amparo.messages import jobs as messages
from amparo.messages import services as notices
from amparo.people import services as people
from amparo.vault import factors, files, forms, log, sessions

EVERY_SECOND: tuple[Callable[[], object], ...] = (
    events.deliver_due,
    messages.send_due,
    callouts.move_due,
    log.seal_waiting,
)
EVERY_MINUTE: tuple[Callable[[], object], ...] = (
    operations.sweep,
    operations.scrub,
    people.turn_keys,
    notices.queue_daily,
    consent.sweep,
    casework.sweep,
    roster.tell_of_missed,
    roster.sweep,
    sessions.sweep,
    forms.sweep,
    factors.sweep,
    ringing.sweep,
    inbound.sweep,
    callouts.end_old,
    files.sweep_unfinished,
)
EVERY_HOUR: tuple[Callable[[], object], ...] = (files.sweep,)
_say = structlog.get_logger("amparo.engine")
BREATH = 0.05  # seconds
STEP = 0.1  # seconds until a rest notices that it is over
last_beat = 0.0  # monotonic seconds; read by the health page


def beat(jobs: tuple[Callable[[], object], ...]) -> None:
    """Run jobs one after the other; one that fails does not stop the others."""
    for job in jobs:
        try:
            with journal.unit(SYSTEM):
                job()
        except Exception as error:  # noqa: BLE001
            _say.error(
                "a job failed", job=f"{job.__module__}.{job.__name__}", kind=type(error).__name__
            )


def start() -> None:
    """Once, when the only process of an installation begins: mend what a crash left."""
    with journal.unit(SYSTEM):
        operations.sweep(at_once=True)


def run(stop: threading.Event) -> None:
    """Beat until told to stop."""
    global last_beat
    next_minute = next_hour = time.monotonic()
    woken = threading.Event()
    events.wakes(woken.set)
    try:
        while not stop.is_set():
            close_old_connections()
            beat(EVERY_SECOND)
            if time.monotonic() >= next_minute:
                beat(EVERY_MINUTE)
                next_minute = time.monotonic() + 60
            if time.monotonic() >= next_hour:
                beat(EVERY_HOUR)
                next_hour = time.monotonic() + 3600
            last_beat = time.monotonic()
            _rest(stop, woken)
    finally:
        events.sleeps()


def _rest(stop: threading.Event, woken: threading.Event) -> None:
    """Until the next second; whoever has announced something wakes us to deliver it, and only that."""
    until = last_beat + 1.0
    while not stop.is_set() and time.monotonic() < until:
        if woken.wait(STEP):
            # Let the answer to whoever announced go out first; a burst is then one delivery.
            stop.wait(BREATH)
            woken.clear()
            beat((events.deliver_due,))
