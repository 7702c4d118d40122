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

_left: OrderedDict[bytes, float] = OrderedDict()
_lock = threading.Lock()


def begin() -> bytes:
    """A new visit."""
    return ids.new().bytes


def leave(visit: bytes) -> None:
    """From now on no page of this visit is answered."""
    now = time.monotonic()
    with _lock:
        _left[visit[:SIZE]] = now + tokens.LIFE.total_seconds()
        while _left and (len(_left) > MOST or next(iter(_left.values())) < now):
            _left.popitem(last=False)


def is_left(visit: bytes) -> bool:
    """Whether a page of this visit comes from a browser's history."""
    with _lock:
        return bool(visit) and visit[:SIZE] in _left
