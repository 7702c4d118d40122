"""Text messages that go both ways, through two providers on loopback."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from amparo.alerts.models import Alarm
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import keywords, plans, replies
from amparo.alerts.services.plans import Draft, Person
from amparo.messages import channels
from amparo.messages.models import Number, Ringing
from tests.rooms.messages import provider
from tests.rooms.messages.provider import SECRET, Provider, two_way
from tests.stories.world import World

SEND, REACHES = channels.send, channels.reaches  # the world of stories puts its own in their place
TEXT, WORD = "Your order is ready.", "water the plants"
SISTER, LAWYER, OWN = "+525512345678", "+525587654321", "+525511112222"
SECOND = "the-secret-of-the-second-one"
PEOPLE = {
    "sister": Person("My sister", (("sms", SISTER),)),
    "lawyer": Person("Lawyer", (("sms", LAWYER),)),
}
LADDER = (Rung(0, (DESK, "sister")), Rung(5, ("lawyer",)))


@pytest.fixture
def one() -> Iterator[Provider]:
    with provider.provider() as server:
        yield server


@pytest.fixture
def two() -> Iterator[Provider]:
    with provider.provider() as server:
        yield server


@pytest.fixture(autouse=True)
def both(
    world: World, one: Provider, two: Provider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setattr(channels, "send", SEND)
    monkeypatch.setattr(channels, "reaches", REACHES)
    one.status = two.status = 202
    provider.write(two_way(one.url) + two_way(two.url, "two", secret=SECOND))
    replies.forget()
    yield
    provider.unwrite()
    replies.forget()


def calls(secret: str, **told: str) -> int:
    """A provider tells us something."""
    sent = json.dumps(told)
    return Client().post(f"/h/{secret}", sent, content_type="application/json").status_code


def armed(world: World) -> tuple[Any, str]:
    amina = world.somebody()
    amina.asks("They may come tonight.")
    with world.ines.request() as ines:
        draft = Draft("card", LADDER, PEOPLE, TEXT, name="A.", word=WORD)
        token = plans.arm(ines, world.newest(), draft).token
    world.fast_forward(minutes=1)
    return amina, f"/p/{token}"


def test_a_message_that_nobody_delivers_an_ack_and_a_word_that_ends_it(
    world: World, one: Provider, two: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    """SMS two-way: what the first provider takes and never delivers goes by the second; the contact's
    words act; who is late is told what happened."""
    amina, card = armed(world)
    amina.goes(card)
    amina.sends()
    world.fast_forward(seconds=1)
    assert one.to() == [SISTER] and two.to() == []
    # It said "accepted", and nothing more. A minute later the other one has it.
    world.fast_forward(seconds=62)
    (message,) = two.sent
    assert one.to() == [] and message["to"] == SISTER
    assert re.fullmatch(
        rf"{TEXT} http://\S+/a/[\w-]{{22}} \(2\) OK/DONE/NEXT/STOP", message["text"]
    )
    assert calls(SECOND, id=message["id"], status="delivered") == 204
    assert not Ringing.objects.exists()
    two.got.clear()
    # She answers: the ladder keeps still, and she is told that it counted.
    assert calls(SECOND, **{"from": SISTER, "text": "ACK", "message": "1"}) == 204
    world.fast_forward(seconds=1)
    assert Alarm.objects.get().state == "answered" and one.to() == [SISTER]
    Ringing.objects.all().delete()
    world.fast_forward(minutes=9)
    assert one.to() == two.to() == []
    # Ten minutes is all that a message holds: then the next one is told.
    world.fast_forward(minutes=2)
    assert one.to() == [LAWYER]
    # Her sister has spoken to her, and says the word: it is over, and both hear so.
    assert calls(SECRET, **{"from": SISTER, "text": f"Safe {WORD}", "message": "2"}) == 204
    world.fast_forward(seconds=1)
    assert Alarm.objects.get().state == "safe" and sorted(one.to()) == [SISTER, LAWYER]
    # The lawyer has been on the way all the while: a late ack stops nothing, and is told how it stands.
    assert calls(SECRET, **{"from": LAWYER, "text": "on it", "message": "3"}) == 204
    world.fast_forward(seconds=1)
    path = re.search(r"/a/[\w-]+", one.sent[-1]["text"])
    assert path is not None and one.to()[-1] == LAWYER
    lawyer = world.somebody()
    lawyer.goes(path[0])
    assert lawyer.sends() == 200 and "over" in lawyer.text
    # An hour later nobody here knows either number, and no log ever did.
    world.fast_forward(hours=1)
    assert not Number.objects.exists()
    kept, said = world.everything_on_disk(), capsys.readouterr()
    for number in (SISTER, LAWYER):
        assert number[1:].encode() not in kept
        assert number[1:] not in said.out + said.err


def test_a_provider_that_lies_about_delivery_stops_no_ladder(
    world: World, one: Provider, two: Provider
) -> None:
    """It says "delivered", and nobody ever answers: the ladder climbs all the same."""
    amina, card = armed(world)
    amina.goes(card)
    amina.sends()
    world.fast_forward(seconds=1)
    assert calls(SECRET, id=one.sent[0]["id"], status="delivered") == 204
    assert one.to() == [SISTER]
    world.fast_forward(minutes=4)
    assert one.to() == []
    world.fast_forward(minutes=1)
    assert one.to() == [LAWYER]
    for _ in range(3):  # and at the top it rings on
        world.fast_forward(minutes=5)
        assert LAWYER in one.to() + two.to()


def test_a_message_of_ones_own_sends_for_help(world: World, one: Provider, two: Provider) -> None:
    """Without internet, three words by text message press; a second time they press nothing more."""
    armed(world)
    with world.ines.request() as ines:
        chosen = keywords.Keyword("the cake is ready", (OWN,), answer=True)
        keywords.arm(ines, world.newest(), chosen)
    for _ in range(2):
        sent = {"from": OWN[1:], "text": "The cake is ready", "message": "9"}
        assert calls(SECRET, **sent) == 204
    world.fast_forward(seconds=1)
    assert sorted(one.to()) == [OWN, SISTER]
    assert Alarm.objects.count() == 1
    assert calls(SECRET, **{"from": LAWYER, "text": "The cake is ready", "message": "10"}) == 204
    world.fast_forward(seconds=1)
    assert one.to() == [] and Alarm.objects.count() == 1
