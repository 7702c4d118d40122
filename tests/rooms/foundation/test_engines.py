"""Whether an engine lives is seen from elsewhere, and ends with it."""

import fcntl
import os
import time
from collections.abc import Callable

import psycopg
import pytest
from django.db import connections

from amparo.foundation import engines
from amparo.foundation.config import config
from amparo.foundation.router import DATA
from amparo.messages import ringing

really = engines.alive


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """The question itself, which other tests do without."""
    monkeypatch.undo()
    return really


def settled(alive: Callable[[], int], count: int) -> bool:
    """PostgreSQL lets go of a connection's locks a moment after it was closed."""
    until = time.monotonic() + 10
    while alive() != count and time.monotonic() < until:
        time.sleep(0.02)
    return alive() == count


def test_an_engine_is_seen_while_it_lives(alive: Callable[[], int]) -> None:
    assert settled(alive, 0)
    if connections[DATA].vendor == "sqlite":
        handle = os.open(config().data, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert alive() == 1
        os.close(handle)
    else:
        with psycopg.connect(**ringing._address(), autocommit=True) as one:
            engines.mark(one)
            with psycopg.connect(**ringing._address(), autocommit=True) as two:
                engines.mark(two)
                assert alive() == 2
        assert settled(alive, 0)
    assert settled(alive, 0)
