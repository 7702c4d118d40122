"""Files that bite, many at once: they share what memory the machine can spare for them."""

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from amparo.foundation.clean import asking
from amparo.foundation.clean.kinds import Kind
from amparo.foundation.errors import Unavailable


def test_few_files_are_taken_apart_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six photographs of a megabyte each once took five gigabytes."""
    running: list[int] = []
    most, refused = [0], []

    def start(order: str) -> Any:
        running.append(1)
        most[0] = max(most[0], len(running))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(asking, "_start", start)
    monkeypatch.setattr(asking, "_converse", lambda *_: time.sleep(0.3) or b"")
    monkeypatch.setattr(asking, "_end", lambda _: running.pop())
    monkeypatch.setattr(asking, "_understand", lambda *_: ({}, []))
    monkeypatch.setattr(asking, "PATIENCE", 0.5)

    def send() -> None:
        try:
            asking.ask("clean", Kind.PNG, b"x", limits=asking.LIMITS)
        except Unavailable:
            refused.append(1)

    many = [threading.Thread(target=send) for _ in range(8)]
    for one in many:
        one.start()
    for one in many:
        one.join(10)
    assert most[0] == asking.AT_ONCE
    assert 0 < len(refused) < 8
