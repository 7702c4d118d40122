"""What the tests of alarms share: a phone, and somebody with a case."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Whatever is handed to the channels comes here."""
    from amparo.foundation import journal
    from amparo.messages import channels
    from tests.rooms.alerts.phone import Phone

    taken = Phone()
    monkeypatch.setattr(channels, "send", taken.send)
    monkeypatch.setattr(channels, "reaches", lambda channel: True)
    with journal.unit():
        yield taken


@pytest.fixture
def amina(house: Any) -> Any:
    """Somebody who has asked for help."""
    from tests import make

    return make.ask()
