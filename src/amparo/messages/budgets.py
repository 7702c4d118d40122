"""How much may pass in a time: for an account at a provider, for whoever writes to us. In memory, for
each process its own; what is held back stands in a table."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta

from amparo.foundation import clock
from amparo.messages.wire import NotTaken


class Held(NotTaken):
    """Nothing went wrong: it may only not pass before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("held")
        self.until = until


class Bucket:
    """So many at once, refilled so many a minute."""

    def __init__(self, per_minute: float, *, most: float = 0) -> None:
        self.per_minute, self.most = per_minute, most or max(per_minute, 1.0)
        self._left, self._at = self.most, clock.now()

    def take(self) -> datetime | None:
        """None when one more may pass now; else the moment from which one may."""
        now = clock.now()
        if now > self._at:
            passed = (now - self._at).total_seconds()
            self._left = min(self.most, self._left + passed * self.per_minute / 60)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return None
        return now + timedelta(seconds=(1 - self._left) * 60 / self.per_minute)


class Each:
    """A bucket for each of many, of whom only the newest are remembered."""

    def __init__(self, per_minute: float, *, most: float, remembered: int = 10_000) -> None:
        self._per_minute, self._most, self._remembered = per_minute, most, remembered
        self._known: OrderedDict[Hashable, Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, whom: Hashable) -> datetime | None:
        """As `Bucket.take`, for one of them."""
        with self._lock:
            found = self._known.pop(whom, None)
            found = found or Bucket(self._per_minute, most=self._most)
            self._known[whom] = found
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)
            return found.take()

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._known.clear()
