"""The heartbeat of alarms as it runs: woken by a press, with senders that stand in nobody's way."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from amparo.alerts.models import Alarm
from amparo.alerts.rules import Rung
from amparo.alerts.services import plans, pressing
from amparo.alerts.services.plans import Draft, Person
from amparo.engine import alarms, watching
from amparo.foundation import clock, ids, journal
from amparo.messages import channels, ringing, rules
from amparo.messages.models import Ringing
from amparo.proofs.prove.world import engine
from tests import make

LONG = 30  # seconds that nothing here should take


class Gateway:
    """A channel that can hang, and tells when somebody was reached."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.texts: list[str] = []
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
            self.texts.append(text)
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


@pytest.mark.parametrize("slow", [False, True], ids=["quick auditor", "slow auditor"])
def test_a_sender_that_lives_keeps_what_it_holds(
    house: make.House, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    """The gateway takes far longer than a lease; nobody sends it a second time meanwhile."""
    if slow:
        monkeypatch.setattr(watching, "look", lambda: gateway.open.wait(LONG) and watching.seen())
    monkeypatch.setattr(rules, "RING_LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr(alarms, "RENEW", 0.05)
    gateway.hanging = {"a@example.org"}
    gateway.open.clear()
    with engine(), engine():
        press(card("a"))
        assert gateway.waiting.acquire(timeout=LONG)
        assert not gateway.waiting.acquire(timeout=2)
        gateway.open.set()
        assert gateway.waits_for(lambda found: found == ["a@example.org"])
    assert not Ringing.objects.exists()


def test_what_a_dead_sender_held_is_taken_over(
    house: make.House, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(0) < rules.RING_LEASE < timedelta(seconds=10)
    monkeypatch.setattr(rules, "RING_LEASE", timedelta(seconds=0.5))
    press(card("a"))
    assert ringing.claim(1)  # and whoever claimed it is gone
    with engine():
        assert gateway.waits_for(lambda found: found == ["a@example.org"])
    assert gateway.texts[0].endswith(" (2)")  # it may have arrived before


def test_what_is_said_while_a_message_is_handed_over_is_said_too(
    house: make.House, gateway: Gateway
) -> None:
    press(card("a"))
    (claim,) = ringing.claim(1)
    Ringing.objects.update(idem=ids.new())  # as the next rung does, to the same person
    with journal.unit():
        ringing.send(claim)
    row = Ringing.objects.get()
    assert row.due_at <= clock.now() and row.tries == 0
    with journal.unit():
        ringing.send_due()
    assert len(gateway.reached) == 2 and not Ringing.objects.exists()
