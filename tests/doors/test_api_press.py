"""A program that holds a card sends for help: at once, once, taken back; wrong cards are all alike."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amparo.alerts.models import Alarm
from amparo.foundation import clock, ids
from tests.doors.alarm_house import SISTER, Phone, arm, view
from tests.doors.api_client import Answer, Api
from tests.doors.desk_house import Busy

NONE = "A" * 22


@pytest.fixture
def card(made: Busy) -> str:
    return arm(made).rpartition("/")[2]


def press(card: str, once: ids.Id | None = None, **more: object) -> Answer:
    return Api().post("/press", {"card": card, **more}, once=once or ids.new())


def test_a_press_is_answered_with_its_alarm_and_rings(card: str, phone: Phone) -> None:
    once = ids.new()
    answer = press(card, once)
    assert answer.status == 202
    assert answer.json["state"] == "open" and answer.json["can_take_back"]
    assert answer.json["alarm"] == str(Alarm.objects.get().id)
    assert phone.rings() == [SISTER]
    again = press(card, once)
    assert again.json["alarm"] == answer.json["alarm"] and again.json["again"]
    # Another program, another key: it rings already.
    assert press(card).json["alarm"] == answer.json["alarm"]
    assert Alarm.objects.count() == 1


def test_how_it_stands_where_they_are_and_taking_back(made: Busy, card: str, phone: Phone) -> None:
    once = ids.new()
    alarm = press(card, once).json["alarm"]
    for name in (alarm, str(once)):
        assert Api().post("/press/state", {"card": card, "alarm": name}).json["state"] == "open"
    where = {"card": card, "alarm": alarm, "where": "Behind the bakery"}
    assert Api().post("/press/where", where).status == 204
    assert "Behind the bakery" in str(view(made).happened)
    back = Api().post("/press/back", {"card": card, "alarm": alarm})
    assert back.status == 200 and back.json["state"] == "back"


def test_it_is_too_late_to_take_back(card: str) -> None:
    alarm = press(card).json["alarm"]
    clock.forward(timedelta(seconds=31))
    assert Api().post("/press/back", {"card": card, "alarm": alarm}).status == 409


def test_what_never_arrived_takes_nothing_else_back(card: str) -> None:
    press(card)
    for path in ("/press/back", "/press/state"):
        answer = Api().post(path, {"card": card, "alarm": str(ids.new())})
        assert answer.status == 404
    assert Alarm.objects.get().state == "open"


def test_every_card_that_opens_nothing_gets_the_same_answer(made: Busy, card: str) -> None:
    arm(made)  # the card of before is dead
    seen = {press(one).content for one in (card, NONE, "", "x", "é", "=" * 100)}
    assert len(seen) == 1 and b"404" in seen.pop()
    assert press("A" * 101).status == 422 and Api().post("/press", {"card": NONE}).status == 422
    assert not Alarm.objects.exists()


def test_a_try_is_a_try(card: str) -> None:
    assert press(card, practice=True).json["is_try"]
    assert Alarm.objects.get().mode == "exercise"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=100))
def test_no_text_in_the_place_of_a_card_falls_over(made: Busy, text: str) -> None:
    assert press(text).status in (404, 422)
