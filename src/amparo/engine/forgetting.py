"""What every process of the server lets go of by itself: rings past their minutes, and all keys when
another process has pressed the raid button."""

import threading
from contextlib import suppress

from amparo.consent import links
from amparo.foundation.errors import Unavailable
from amparo.vault import server, sessions

PAUSE = 1.0  # seconds


def once() -> int:
    """Look once; returns how many rings were let go of because they were old."""
    if server.locked_down():
        sessions.forget()
        links.forget_key()
    return sessions.drop_old()


def run(stop: threading.Event) -> None:
    """Look every second until told to stop."""
    while not stop.wait(PAUSE):
        with suppress(Unavailable):  # the file with the server's keys is away for a moment
            once()
