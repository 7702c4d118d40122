"""What an engine knows of itself: what the auditor found when it last looked, and whether it beats."""

import time
from dataclasses import dataclass, field

from amparo.alerts import queries as alerts
from amparo.engine import heartbeat
from amparo.vault import server

FRESH = 30.0  # seconds for which a look of the auditor, or a beat, counts


@dataclass
class Seen:
    """One look. `at` in seconds of the clock that is never set; 0: not yet."""

    found: dict[str, int] = field(default_factory=dict)
    at: float = 0.0

    @property
    def late(self) -> bool:
        """Whether something should have happened and did not."""
        return any(self.found.get(what, 0) for what in alerts.URGENT)


_last = Seen()


def look() -> Seen:
    """Have the auditor look now; whatever keeps it from looking is the caller's affair."""
    global _last
    _last = Seen(alerts.audit(), time.monotonic())
    return _last


def seen() -> Seen:
    """What it found when it last could look."""
    return _last


def content() -> bool:
    """Whether all is as it should be: looked at just now, nothing late, beating, not locked down."""
    oldest = time.monotonic() - FRESH
    beats = heartbeat.last_beat >= oldest
    return beats and _last.at >= oldest and not _last.late and not server.locked_down()


def word() -> alerts.Word:
    """The same as the pages' own word, of this engine."""
    if server.locked_down():
        return "locked"
    return "ok" if content() else "late"
