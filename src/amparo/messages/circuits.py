"""What this process has seen of each carrier: one that fails is asked last for a while, one that hangs
holds few senders, one that wants to be left alone is, and one that has taken a message and not
delivered it is asked last for the next try.

In memory only, by the carriers' own names and the ids of messages; no number is kept.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from amparo.foundation import clock
from amparo.messages.budgets import Bucket

FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=5)
BUSY = timedelta(seconds=1)  # until a call may be over
REMEMBERED = 2000  # messages


class Account(Protocol):
    """What is asked of a gateway here."""

    @property
    def name(self) -> str: ...
    @property
    def per_minute(self) -> int: ...
    @property
    def connections(self) -> int: ...


class Patience:
    """So many seconds for all of it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; not more than nothing when it is over."""
        return self._end - time.monotonic()


class Circuit:
    """One carrier, as its calls went. Closed: it is asked in its turn. Open: last, one call at a time.
    Half open, when its rest is over: one call finds out for all.

    At most `connections` calls at once and `per_minute` in a minute, 0 for as many as there are.
    Whoever finds it full comes back later, the later the more were turned away since one was let in.
    """

    def __init__(self, connections: int = 0, per_minute: int = 0) -> None:
        self._lock = threading.Lock()
        self._connections = connections or math.inf
        self._bucket = Bucket(per_minute) if per_minute else None
        self._inside = self._failures = self._turned_away = 0
        self._until: datetime | None = None
        self._held: datetime | None = None

    def is_open(self) -> bool:
        """Whether it is asked after the others."""
        with self._lock:
            return self._until is not None and (self._resting() or self._inside > 0)

    def _resting(self) -> bool:
        # A clock that was set back must not make a rest longer than any.
        if self._until is None or self._until - clock.now() > LONGEST_REST:
            return False
        return self._until > clock.now()

    def enter(self) -> datetime | None:
        """Begin a call; or the moment from which one may be begun."""
        with self._lock:
            now = clock.now()
            if self._held is not None and now < self._held <= now + LONGEST_REST:
                return self._held
            self._held = None
            at_once = 1 if self._until is not None else self._connections
            if self._inside >= at_once:
                self._turned_away += 1
                return now + min(BUSY * (self._turned_away / at_once + 0.5), FIRST_REST)
            until = self._bucket.take() if self._bucket else None
            if until is None:
                self._inside, self._turned_away = self._inside + 1, 0
            return until

    def leave(self) -> None:
        """The call is over."""
        with self._lock:
            self._inside -= 1

    def works(self) -> None:
        """It took a message: whatever was before is forgotten."""
        with self._lock:
            self._failures, self._until = 0, None

    def failed(self) -> None:
        """It did not: from the first time on it is asked last, ever longer."""
        with self._lock:
            self._failures += 1
            self._until = clock.now() + min(
                FIRST_REST * 2 ** min(self._failures - 1, 8), LONGEST_REST
            )

    def rests(self, until: datetime) -> None:
        """It has said when it wants to be asked again."""
        with self._lock:
            self._held = until


_circuits: dict[str, tuple[tuple[int, int], Circuit]] = {}
_took: OrderedDict[str, list[str]] = OrderedDict()
_lock = threading.Lock()


def of(gateway: Account) -> Circuit:
    """The circuit of a gateway; a fresh one when its account was changed in the file."""
    terms = (gateway.connections, gateway.per_minute)
    with _lock:
        known = _circuits.get(gateway.name)
        if known is None or known[0] != terms:
            known = _circuits[gateway.name] = terms, Circuit(*terms)
        return known[1]


def forget() -> None:
    """What a new process would not know."""
    with _lock:
        _circuits.clear()
        _took.clear()


A = TypeVar("A", bound=Account)


def in_order(gateways: Sequence[A], idem: str) -> list[A]:
    """As they stand in the file; behind them whoever rests, and whoever has taken this message before,
    for then it was not delivered."""
    with _lock:
        took = list(_took.get(_base(idem), ()))
    return sorted(gateways, key=lambda one: (took.count(one.name), of(one).is_open()))


def took(gateway: Account, idem: str) -> None:
    """A gateway has taken a message."""
    with _lock:
        _took.setdefault(_base(idem), []).append(gateway.name)
        _took.move_to_end(_base(idem))
        while len(_took) > REMEMBERED:
            _took.popitem(last=False)


def _base(idem: str) -> str:
    """A message that was not delivered goes out again as `id-1`, `id-2`, …"""
    return idem.partition("-")[0]
