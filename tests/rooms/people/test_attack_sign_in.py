"""What somebody would try at the door of the desk who knows a name, or a passphrase too."""

import threading

import pytest
from django.db import connections

from amparo.foundation import clock, journal
from amparo.foundation.errors import Refused, Unavailable
from amparo.people import services
from amparo.vault import devices, factors
from tests.make import PASSPHRASE, House


def test_many_tries_at_once_are_no_more_than_one_after_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise six digits fall to whoever has the passphrase and many connections."""
    asked: list[str] = []
    monkeypatch.setattr(factors, "step_of", lambda _, code: asked.append(code))
    at_once = threading.Barrier(16)

    def knock(number: int) -> None:
        at_once.wait(10)
        try:
            with journal.unit():
                services.sign_in("ines", PASSPHRASE, f"{number:06}")
        except (Refused, Unavailable):
            pass
        finally:
            connections.close_all()

    with clock.frozen():
        tries = [threading.Thread(target=knock, args=(number,)) for number in range(16)]
        for one in tries:
            one.start()
        for one in tries:
            one.join(30)
    assert 1 <= len(asked) <= 5


def test_whoever_has_collected_devices_has_no_more_tries_at_the_six_digits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague gets one with each sign-in on a clean browser."""
    asked: list[str] = []
    monkeypatch.setattr(factors, "step_of", lambda _, code: asked.append(code))
    with clock.frozen():
        for device in ["", *(devices.word() for _ in range(4))]:
            for number in range(7):
                with journal.unit(), pytest.raises(Refused):
                    services.sign_in("ines", PASSPHRASE, f"{number:06}", device=device)
    assert len(asked) == 10  # five on known devices, five on all others
