"""Check-ins through the pages: begun with a code, answered from a reminder, put off, missed."""

import re

import pytest
from django.test import Client

from amparo.alerts import jobs
from amparo.alerts.models import Alarm, CheckIn
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans
from amparo.foundation import clock, journal
from amparo.messages import channels, ringing
from tests import make
from tests.doors.desk_house import busy
from tests.doors.test_plans import Notes, token_of

ASKED = {"do": "check-in", "deed": "begin", "when": "60", "me": "me@example.org", "text": "order"}


class Sent:
    """What went out."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str]] = []

    def send(self, channel: str, address: str, idem: str, *, text: str = "") -> None:
        self.all.append((address, text))

    def after(self, minutes: float) -> list[tuple[str, str]]:
        from datetime import timedelta

        clock.forward(timedelta(minutes=minutes))
        with journal.unit():
            while jobs.check_ins_due() or jobs.climb_due():
                pass
            ringing.send_due()
        found, self.all = self.all, []
        return found


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    made = Sent()
    monkeypatch.setattr(channels, "send", made.send)
    monkeypatch.setattr(channels, "reaches", lambda channel: True)
    return made


@pytest.fixture
def noor() -> make.Defender:
    busy()
    return make.ask()


def notes(who: make.Defender) -> Notes:
    return Notes(who)


def post(tab: Notes, **given: str) -> str:
    return tab._post("/n", **given)


def test_it_is_begun_shown_and_ended(sent: Sent, noor: make.Defender) -> None:
    tab = notes(noor)
    assert "Say when you will be heard of again" in post(tab, do="check-in")
    page = post(tab, **ASKED)
    assert "It waits for you from now on." in page and "I am well" in page
    assert "Half an hour more" in post(tab, do="check-in")
    assert "Put off by half an hour." in post(tab, do="check-in", deed="later")
    assert "Nothing waits any more." in post(tab, do="check-in", deed="end")
    assert not CheckIn.objects.exists() and sent.after(600) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"when": ""}, "Choose a time."),
        ({"when": "7"}, "Select a valid choice"),
        ({"me": "nobody"}, "neither a mail address"),
        ({"forced": "x"}, "two words that differ"),
        ({"word": "fine day", "forced": "Fine  Day"}, "two words that differ"),
        ({"tell": "on"}, "There is no plan yet"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    sent: Sent, noor: make.Defender, wrong: dict[str, str], says: str
) -> None:
    tab = notes(noor)
    page = post(tab, **(ASKED | {"me": "me@example.org"} | wrong))
    assert tab.status == 422 and says in page
    assert wrong.get("me", "me@example.org") in page and not CheckIn.objects.exists()


def test_a_reminder_is_answered_in_two_taps_and_a_preview_says_nothing(
    sent: Sent, noor: make.Defender
) -> None:
    post(notes(noor), **ASKED)
    ((address, text),) = sent.after(60)
    path = re.search(r"http://[\w.:]+(/w/[\w-]+)", text)
    assert address == "me@example.org" and path is not None
    browser = Client()
    page = browser.get(path[1])
    assert page.status_code == 200 and not page.cookies and CheckIn.objects.exists()
    done = browser.post(path[1], {"token": token_of(page.content.decode())})
    assert "noted that you are well" in done.content.decode()
    assert not CheckIn.objects.exists() and sent.after(600) == []
    again = browser.post(path[1], {"token": token_of(page.content.decode())})
    assert again.status_code == 404


def test_a_word_is_asked_for_on_the_reminder_and_under_force_looks_alike(
    sent: Sent, noor: make.Defender
) -> None:
    seen = []
    for word in ("fine day", "fine evening"):
        post(notes(noor), **ASKED, word="fine day", forced="fine evening")
        ((_, text),) = sent.after(60)
        path = re.search(r"(/w/[\w-]+)", text)
        assert path is not None
        page = Client().post(path[1]).content.decode()
        assert "The word" in page and CheckIn.objects.exists()
        action = re.search(r'action="(/w/[^"]+)"', page)
        assert action is not None
        wrong = Client().post(action[1], {"word": "good day"})
        assert wrong.status_code == 422 and CheckIn.objects.exists()
        action = re.search(r'action="(/w/[^"]+)"', wrong.content.decode())
        assert action is not None
        last = Client().post(action[1], {"word": word})
        seen.append(re.sub(r'value="[^"]+"', "", last.content.decode()))
    assert seen[0] == seen[1]
    assert not Alarm.objects.exists()  # nothing in the answer's own time
    sent.after(0)
    assert Alarm.objects.count() == 1  # the second rang the desk


def test_who_is_not_heard_of_has_their_plan_pressed(sent: Sent, noor: make.Defender) -> None:
    with noor.request() as actor:
        contacts = {"s": plans.Person("Sister", (("mail", "sister@example.org"),))}
        draft = plans.Draft("card", (Rung(0, (DESK, "s")),), contacts, "Your order is ready.")
        plans.arm(actor, noor.case, draft)
    tab = notes(noor)
    assert "tell the people of my plan too" in post(tab, do="check-in")
    post(tab, **ASKED, tell="on")
    assert [to for to, _ in sent.after(60)] == ["me@example.org"]
    assert [to for to, _ in sent.after(10)] == ["me@example.org"]
    assert [to for to, _ in sent.after(10)] == ["sister@example.org"]
    assert "Say when you will be heard of again" in post(notes(noor), do="check-in")
