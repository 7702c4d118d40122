"""The one clock. Tests stop it or move it; nobody else asks the system for the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

_offset = timedelta()
_frozen: datetime | None = None


def now() -> datetime:
    """The present moment in UTC, aware."""
    return (_frozen or datetime.now(UTC)) + _offset


def today() -> date:
    """The present day in UTC: the finest time that may stand outside sealed data."""
    return now().date()


def forward(by: timedelta) -> None:
    """Let time pass at once. For stories, demonstrations and proofs only."""
    global _offset
    _offset += by


@contextmanager
def frozen(at: datetime | None = None) -> Iterator[None]:
    """Stop the clock at `at` (or now); `forward` still moves it. Undone at the end."""
    global _frozen, _offset
    before = _frozen, _offset
    _frozen, _offset = at or now(), timedelta()
    try:
        yield
    finally:
        _frozen, _offset = before
