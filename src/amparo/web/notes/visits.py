"""Visits that were left. A browser can send an old page again from its history; what it holds must
not be shown, or opened, after Leave.

A visit is what the tokens of one visit have in common: 16 random bytes until there is a session, then
the session's own first bytes. Those that were left are remembered in this process for as long as a
token lives; several processes do not tell each other.
"""

import threading
import time
from collections import OrderedDict

from amparo.foundation import ids
from amparo.vault import forms as tokens

SIZE = 16  # bytes
MOST = 20_000

_ended: OrderedDict[bytes, tuple[float, bool]] = OrderedDict()  # until when; left, or only sent
_lock = threading.Lock()


def begin() -> bytes:
    """A new visit."""
    return ids.new().bytes


def leave(visit: bytes) -> None:
    """From now on no page of this visit is answered."""
    _end(visit, left=True)


def sent(visit: bytes) -> None:
    """The questions of this visit were sent: no earlier page of them is shown again."""
    _end(visit, left=False)


def is_left(visit: bytes) -> bool:
    """Whether a page of this visit comes from a browser's history."""
    with _lock:
        return _ended.get(visit[:SIZE], (0.0, False))[1]


def is_sent(visit: bytes) -> bool:
    """Whether the questions of this visit were sent before."""
    with _lock:
        return visit[:SIZE] in _ended


def _end(visit: bytes, *, left: bool) -> None:
    if not visit:
        return
    now = time.monotonic()
    with _lock:
        _ended.pop(visit[:SIZE], None)
        _ended[visit[:SIZE]] = now + tokens.LIFE.total_seconds(), left
        while len(_ended) > MOST or next(iter(_ended.values()))[0] < now:
            _ended.popitem(last=False)
