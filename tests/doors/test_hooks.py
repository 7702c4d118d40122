"""Where providers call, and the page on which somebody lets a message press."""

import re

import pytest
from django.test import Client

from amparo.alerts.models import Alarm
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans
from amparo.alerts.services import replies as services
from amparo.alerts.services.plans import Draft, Person
from amparo.messages import inbound
from amparo.messages.models import Ringing
from tests.doors.alarm_house import Phone
from tests.doors.desk_house import Busy, client
from tests.doors.test_plans import Notes
from tests.rooms.messages import provider
from tests.rooms.messages.provider import SECRET, two_way

SISTER, OWN = "+525512345678", "+525511112222"
PATH = f"/h/{SECRET}"
NUMBER = "+525500000001"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def providers():
    provider.write(two_way("https://sms.example/send"))
    services.forget()
    yield
    provider.unwrite()
    services.forget()


def call(body: str, path: str = PATH, kind: str = FORM, **more: str):
    return Client().post(path, body, content_type=kind, **more)


def arm(made: Busy) -> str:
    people = {"p1": Person("My sister", (("sms", SISTER),))}
    rungs = (Rung(0, (DESK, "p1")),)
    draft = Draft("card", rungs, people, "Your order is ready.", name="Reem", word="blue kettle")
    with made.house.ines.request() as actor:
        return plans.arm(actor, made.case.case, draft).token


def pressed(made: Busy, phone: Phone) -> None:
    page = Client().get(f"/p/{arm(made)}")
    token = re.search(r'name="token" value="([^"]+)"', page.content.decode())
    assert token is not None
    Client().post(page.request["PATH_INFO"], {"token": token[1], "do": "press"})
    assert phone.rings() == [SISTER]


# --- the hook ------------------------------------------------------------------------------------
def test_a_providers_call_is_taken_in_and_answered_with_nothing(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    for kind, body in [
        (FORM, f"from={SISTER[1:]}&text=ack&message=m1"),
        ("application/json", f'{{"from": "{SISTER}", "text": "ok", "message": "m2"}}'),
        ("text/plain", "id=7&status=delivered"),
    ]:
        answer = call(body, kind=kind)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Cache-Control"] == "no-store" and not answer.cookies
    assert Alarm.objects.get().state == "answered"


def test_everything_wrong_is_one_and_the_same_404(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    good = f"from={SISTER[1:]}&text=ack"
    browser = Client()
    answers = [
        call(good, "/h/" + "x" * 28),
        call(good, "/h/-"),
        call(good, f"{PATH}x"),
        call(""),
        call("{"),
        call("hello=1"),
        call(good + "&x=" + "x" * inbound.MOST),
        call(good, CONTENT_LENGTH="many"),
        browser.get(f"{PATH}?{good}"),
        browser.put(PATH, good),
        browser.delete(PATH),
        browser.options(PATH),
        browser.get("/nowhere"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    hide = re.compile(r'name="token" value="[^"]*"')
    assert len({hide.sub("", answer.content.decode()) for answer in answers}) == 1
    assert Alarm.objects.get().state == "open"


def test_the_hook_has_no_language(made: Busy) -> None:
    assert call("id=7&status=delivered", f"/es{PATH}").status_code == 404
    assert call("id=7&status=delivered").status_code == 204


def test_a_receipt_ends_what_would_be_sent_next(
    made: Busy, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amparo.messages import channels

    monkeypatch.setattr(channels, "send", lambda *_, **__: "one 7")
    page = Client().get(f"/p/{arm(made)}")
    token = re.search(r'name="token" value="([^"]+)"', page.content.decode())
    assert token is not None
    Client().post(page.request["PATH_INFO"], {"token": token[1], "do": "press"})
    phone.rings()
    assert Ringing.objects.get().state == "handed"
    ines = client(made.house.ines)
    alarm = f"/desk/alarms/{Alarm.objects.get().id}"
    for path in (alarm, "/desk/alarms"):
        assert (
            "1 message was taken and is not known to have arrived"
            in ines.get(path).content.decode()
        )
    call("id=7&status=delivered")
    assert not Ringing.objects.exists()
    assert "not known to have arrived" not in ines.get(alarm).content.decode()


def test_what_is_held_back_says_until_when(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    from datetime import timedelta

    from amparo.foundation import clock, ids

    until = clock.now() + timedelta(minutes=2)
    origin = Alarm.objects.get().id
    Ringing.objects.create(origin=origin, idem=ids.new(), state="held", due_at=until)
    ines = client(made.house.ines)
    for path in (f"/desk/alarms/{origin}", "/desk/alarms"):
        page = ines.get(path).content.decode()
        assert "1 message is held back until" in page and f"{until:%H:%M}" in page


def test_the_desk_reads_that_an_answer_came_by_message(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    call(f"from={SISTER[1:]}&text=ack")
    page = client(made.house.ines).get(f"/desk/alarms/{Alarm.objects.get().id}").content.decode()
    assert "its sender can be forged" in page and "Somebody is on it" in page


# --- a message that presses ----------------------------------------------------------------------
TYPED = {"deed": "words-arm", "phrase": "the cake is for sunday", "a": "+52 55 1111 2222"}


def test_somebody_lets_a_message_press_and_ends_it(made: Busy, phone: Phone) -> None:
    arm(made)
    notes = Notes(made.case)
    assert "Choose words" in notes.step()
    page = notes.step(deed="words")
    assert NUMBER in page and "What it costs." in page
    assert "From now on this message sends for help." in notes.step(**TYPED)
    assert "A message with your words sends for help." in notes.step()
    page = notes.step(deed="words")
    assert "the cake is for sunday" in page and OWN in page
    call(f"from={OWN[1:]}&text=The+cake+is+for+Sunday&message=m1")
    assert Alarm.objects.count() == 1 and phone.rings() == [SISTER]
    desk = client(made.house.ines).get(f"/desk/alarms/{Alarm.objects.get().id}").content.decode()
    assert "Pressed by a text message with their words" in desk
    assert "send for nothing any more" in notes.step(deed="words-away")
    assert "Choose words" in notes.step()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"phrase": "cake"}, "Take at least two words"),
        ({"phrase": "safe cake"}, "already mean something else"),
        ({"a": "555"}, "begins with + and a country"),
        ({"a": "sister@example.org"}, "begins with + and a country"),
        ({"a": ""}, "Write your number, or let any telephone send it."),
        ({"anybody": "on", "phrase": "the cake"}, "at least three"),
    ],
)
def test_what_would_not_press_is_said_and_stays_typed(
    made: Busy, phone: Phone, typed: dict[str, str], said: str
) -> None:
    arm(made)
    notes = Notes(made.case)
    page = notes.step(**(TYPED | typed))
    assert notes.status == 422 and said in page
    assert f'value="{(TYPED | typed)["phrase"]}"' in page


def test_without_a_plan_or_a_number_to_write_to_it_is_not_offered(made: Busy, phone: Phone) -> None:
    notes = Notes(made.case)
    page = notes.step(**TYPED)
    assert notes.status == 422 and "There is no plan yet." in page
    arm(made)
    provider.unwrite()
    assert "By a text message" not in notes.step()
    assert "cannot come in here yet" in notes.step(deed="words")
