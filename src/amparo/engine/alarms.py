"""The heartbeat of alarms: woken by the press itself, with senders of its own, so that neither a slow
gateway nor a flood of anything else stands between a press and whoever is told."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from django.db import close_old_connections

from amparo.alerts import jobs as alerts
from amparo.engine import watching
from amparo.engine.locks import on_one_machine
from amparo.foundation import clock, journal
from amparo.foundation.actor import SYSTEM
from amparo.messages import ringing

SENDERS = 6  # each waits for one gateway at a time
REST = 1.0  # seconds at most between two looks
AUDIT = 10.0  # seconds between two looks of the auditor
RENEW = 2.0  # seconds between two renewals of what the senders hold
SET_BACK = 5.0  # seconds that a clock may be put right without a word
_say = structlog.get_logger("amparo.engine")


def once() -> None:
    """Climb and send what is due, one after the other; for stories and proofs."""
    while alerts.check_ins_due() or alerts.climb_due():
        pass
    ringing.send_due()


def run(stop: threading.Event) -> None:
    """Look whenever something was queued or has become due, until told to stop."""
    woken = threading.Event()
    senders = Senders(woken)
    clocks = _apart()
    # Each by itself: while the auditor looks at a slow database, nobody's message is taken over.
    for job, every in ((senders.renew, RENEW), (_audit, AUDIT)):
        threading.Thread(target=_again, args=(stop, job, every), daemon=True).start()
    with ringing.wakes(woken), senders.pool:
        while not stop.is_set():
            woken.clear()
            close_old_connections()
            try:
                with journal.unit(SYSTEM):
                    clocks = _follow(clocks)
                    while alerts.check_ins_due() or alerts.climb_due():
                        senders.hand_out()  # a long backlog keeps nobody waiting
                    senders.hand_out()
                    rest = _rest()
            except Exception as error:  # noqa: BLE001
                _say.error("alarms stand still", kind=type(error).__name__)
                rest = REST
            close_old_connections()
            woken.wait(rest)


class Senders:
    """Those who hand messages over, each waiting for one gateway at a time."""

    def __init__(self, woken: threading.Event) -> None:
        self.pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="ring")
        self._free = threading.Semaphore(SENDERS)
        self._woken = woken
        self._held: dict[int, ringing.Claim] = {}

    def hand_out(self) -> None:
        """Claim only what a sender is free for: what waits stays in the table, for another engine
        too."""
        while self._free.acquire(blocking=False):
            claims = ringing.claim(1)
            if not claims:
                self._free.release()
                return
            self.pool.submit(self._send, claims[0])

    def _send(self, claim: ringing.Claim) -> None:
        self._held[id(claim)] = claim
        try:
            close_old_connections()
            with journal.unit(SYSTEM):
                ringing.send(claim)
        except Exception as error:  # noqa: BLE001
            _say.error("a sender failed", kind=type(error).__name__)
        finally:
            del self._held[id(claim)]
            close_old_connections()  # back to the pool: those who ask for pages want them
            self._free.release()
            self._woken.set()  # perhaps another waits, or its next way is due now

    def renew(self) -> None:
        """Keep what is being handed over."""
        ringing.renew(list(self._held.values()))


def _again(stop: threading.Event, job: Callable[[], None], every: float) -> None:
    """Do it every so many seconds, whatever the others are busy with."""
    while not stop.is_set():
        try:
            job()
        except Exception as error:  # noqa: BLE001
            _say.error("a watch failed", job=job.__name__, kind=type(error).__name__)
        close_old_connections()
        stop.wait(every)


def _audit() -> None:
    """Say what should have happened and did not; `amparo doctor` and the desk's pages say it too."""
    seen = watching.look()
    if seen.late:
        late = [what for what, count in seen.found.items() if count]
        _say.error("something is late or stands still", kind=", ".join(late))


def _apart() -> float:
    """Seconds between the clock of the day and the one that is never set."""
    return clock.now().timestamp() - time.monotonic()


def _follow(before: float) -> float:
    """Notice a clock that was set back. One that was set forward only makes things due."""
    after = _apart()
    if before - after > SET_BACK and on_one_machine():
        alerts.clock_was_set_back(timedelta(seconds=before - after))
        _say.warning("the clock was set back", seconds=round(before - after))
    return after


def _rest() -> float:
    """Until something is due, and never longer than a second."""
    due = [one for one in (alerts.next_due(), ringing.next_due()) if one is not None]
    return min(max(min(due, default=REST), 0.01), REST)
