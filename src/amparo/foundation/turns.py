"""Whose turn it is to write to a SQLite file: first come, first served, among this process's threads.

SQLite takes one writer at a time and lets the others sleep and try again, ever longer; under load
some of them wait for seconds while newcomers overtake them. PostgreSQL needs nothing of this.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections


class Line:
    """One file's waiting line."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def take(self) -> None:
        """Wait for one's turn."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()

    def give(self) -> None:
        """The turn goes to whoever has waited longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_lines: dict[str, Line] = {}
_mine = threading.local()


@contextmanager
def turn(alias: str) -> Iterator[None]:
    """Write to a database inside this.

    A thread waits in one line at a time, so that two which write to both files, the one first or the
    other, cannot wait for each other; inside a first turn SQLite's own patience decides.
    """
    connection = connections[alias]
    if connection.vendor != "sqlite" or connection.in_atomic_block or getattr(_mine, "held", False):
        yield
        return
    line = _lines.setdefault(alias, Line())
    line.take()
    _mine.held = True
    try:
        yield
    finally:
        _mine.held = False
        line.give()
