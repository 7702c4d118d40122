"""The heartbeat of alarms as it runs: woken by a press, with senders that stand in nobody's way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from amparo.alerts.models import Alarm
from amparo.alerts.rules import Rung
from amparo.alerts.services import plans, pressing
from amparo.alerts.services.plans import Draft, Person
from amparo.engine import alarms
from amparo.foundation import ids, journal
from amparo.messages import channels, ringing, rules
from amparo.messages.models import Ringing
from tests import make

LONG = 30  # seconds that nothing here should take


class Gateway:
    """A channel that can hang, and tells when somebody was reached."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.arrived = threading.Condition()
        self.open = threading.Event()
        self.open.set()
        self.hanging: set[str] = set()
        self.waiting = threading.Semaphore(0)

    def send(self, channel: str, address: str, idem: str, *, text: str = rules.TEXT) -> None:
        if address in self.hanging:
            self.waiting.release()
            self.open.wait(LONG)
        with self.arrived:
            self.reached.append(address)
            self.arrived.notify_all()

    def waits_for(self, good: Callable[[list[str]], bool]) -> bool:
        """Whether it comes to this at all."""
        with self.arrived:
            return self.arrived.wait_for(lambda: good(self.reached), LONG)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    made = Gateway()
    monkeypatch.setattr(channels, "send", made.send)
    monkeypatch.setattr(channels, "reaches", lambda channel: True)
    return made


@contextmanager
def engine() -> Iterator[None]:
    """It beats while this lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=alarms.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        ringing.wake()
        thread.join(LONG)
        assert not thread.is_alive()


def card(*people: str) -> str:
    who = make.ask()
    contacts = {name: Person(name, (("mail", f"{name}@example.org"),)) for name in people}
    with who.request() as actor:
        draft = Draft("card", (Rung(0, people),), contacts, "The parcel is here.")
        return plans.arm(actor, who.case, draft).token


def press(token: str) -> None:
    with journal.unit():
        pressing.press_card(token, once=ids.new())


def test_a_press_wakes_the_engine(house: make.House, gateway: Gateway) -> None:
    one, two = card("a"), card("b", "c")
    with engine():
        press(one)
        assert gateway.waits_for(lambda found: found == ["a@example.org"])
        press(two)
        assert gateway.waits_for(lambda found: len(found) == 3)
    assert not Ringing.objects.exists()


def test_what_waited_while_no_engine_ran_goes_at_its_start(
    house: make.House, gateway: Gateway
) -> None:
    press(card("a"))
    with engine():
        assert gateway.waits_for(lambda found: found == ["a@example.org"])


def test_one_gateway_that_hangs_stops_nobody_else(house: make.House, gateway: Gateway) -> None:
    gateway.hanging = {"a@example.org"}
    gateway.open.clear()
    slow, quick = card("a"), card("b")
    with engine():
        press(slow)
        assert gateway.waiting.acquire(timeout=LONG)
        press(quick)
        assert gateway.waits_for(lambda found: found == ["b@example.org"])
        gateway.open.set()
        assert gateway.waits_for(lambda found: len(found) == 2)
    assert not Ringing.objects.exists() and Alarm.objects.count() == 2
