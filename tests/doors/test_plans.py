"""A plan for the worst hour is made, shown, changed and taken away: by its person and by an officer."""

import re
from typing import Any

import pytest
from django.test import Client

from amparo.alerts import queries
from amparo.alerts.models import Plan
from amparo.messages import gateways
from amparo.web.plans import way_of
from amparo.web.zones import CITIES
from tests import make
from tests.doors.desk_house import Busy, client

TYPED = {
    "count": "2",
    "who1": "My sister",
    "a1": "sister@example.org",
    "b1": "+52 55 1234-5678",
    "at1": "0",
    "from1": "08:00",
    "to1": "22:00",
    "who2": "R., lawyer",
    "a2": "lawyer@example.org",
    "at2": "10",
    "zone": "America/Guatemala",
    "text": "order",
    "name": "Reem",
    "word": "blue kettle",
    "kind": "card",
}


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


class Notes:
    """Somebody who came back with their code, without cookies and scripts."""

    def __init__(self, who: make.Defender, language: str = "") -> None:
        self.browser, self.language = Client(), language
        page = self.browser.get(f"{language}/back").content.decode()
        self.page, self.status = page, 200
        self._post("/back", code=who.text)

    def _post(self, path: str, **sent: str) -> str:
        answer = self.browser.post(self.language + path, {"token": token_of(self.page), **sent})
        self.page, self.status = answer.content.decode(), answer.status_code
        assert not answer.cookies and "<script" not in self.page
        return self.page

    def step(self, **sent: str) -> str:
        return self._post("/n", do="plan", **sent)

    def arm(self, **changes: str) -> str:
        return self.step(deed="arm", **(TYPED | changes))


def only(made: Busy) -> queries.PlanView:
    with made.house.ines.request() as actor:
        (one,) = queries.plans(actor, made.case.case)
    return one


def card_of(page: str) -> str:
    found = re.search(r'href="((?:/\w\w)?/p/[\w-]{22})"', page)
    assert found is not None
    return found[1]


# --- by the person -------------------------------------------------------------------------------
def test_a_person_makes_a_plan_and_gets_its_page_once(made: Busy) -> None:
    notes = Notes(made.case)
    assert 'value="plan"' in notes.page
    assert "What shall happen if I send for help?" in notes.step()
    page = notes.arm()
    assert notes.status == 200 and "Keep this page" in page
    card = card_of(page)
    assert f"http://localhost:8000{card}</p>" in page and 'class="qr"' in page
    plan = only(made)
    assert plan.doc["people"]["p1"] == {
        "label": "My sister",
        "ways": [["mail", "sister@example.org"], ["sms", "+525512345678"]],
        "hours": ["08:00", "22:00", "America/Guatemala"],
        "text": "",
        "verified": False,
    }
    # The desk at once, and again at the last rung.
    assert plan.doc["rungs"] == [[0, ["desk", "p1"]], [10, ["desk", "p2"]]]
    assert (plan.doc["text"], plan.doc["name"]) == ("Your order is ready.", "Reem")
    page = notes.step()
    assert "It was never tried." in page and "R., lawyer" in page and card not in page
    assert Client().get(card).status_code == 200


def test_the_page_of_a_button_speaks_the_language_in_which_it_was_made(made: Busy) -> None:
    assert card_of(Notes(made.case, "/es").arm()).startswith("/es/p/")
    assert only(made).doc["language"] == "es"


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"a1": "sister"}, "a1"),
        ({"b1": "12345"}, "b1"),
        ({"a1": "x@y.z\nBcc: a@b.c"}, "a1"),
        ({"who2": ""}, "who2"),
        ({"a2": ""}, "a2"),
        ({"to1": ""}, "to1"),
        ({"from1": "25:00"}, "from1"),
        ({"zone": ""}, "zone"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"text": "own", "own": ""}, "text"),
        ({"text": "own", "own": "x" * 161}, "own"),
        ({"kind": ""}, "kind"),
        ({"kind": "duty"}, "kind"),
        ({"at1": "7"}, "at1"),
    ],
    ids=lambda one: one if isinstance(one, str) else "-".join(one),
)
def test_what_would_not_work_is_said_and_nothing_typed_is_lost(
    made: Busy, changes: dict[str, str], marked: str
) -> None:
    notes = Notes(made.case)
    page = notes.arm(**changes)
    assert notes.status == 422 and not Plan.objects.exists()
    assert re.search(f'href="#{marked}(_0)?"', page), marked
    for name, value in (TYPED | changes).items():
        if name in ("who1", "a1", "b1", "who2", "a2", "from1", "name", "word", "own"):
            assert value.split("\n")[0] in page, name


def test_more_people_are_asked_for_and_what_is_typed_stays(made: Busy) -> None:
    notes = Notes(made.case)
    page = notes.step(deed="more", **(TYPED | {"a1": "not yet an address"}))
    assert notes.status == 200 and 'name="who3"' in page and "not yet an address" in page
    assert 'class="err"' not in page
    for count in ("6", "99", "x", "-1", ""):
        page = notes.step(deed="more", **(TYPED | {"count": count}))
        assert notes.status == 200 and 'name="who7"' not in page


def test_six_people_fit_on_a_light_page(made: Busy) -> None:
    notes = Notes(made.case)
    six = {f"who{n}": "Somebody with a name" for n in range(1, 7)}
    page = notes.step(deed="more", **(TYPED | six | {"count": "6"}))
    assert 'name="who6"' in page and len(page.encode()) <= 20_000


def test_sending_the_same_form_again_kills_no_card(made: Busy) -> None:
    """A browser offers to send a page of its history again; the page of the button has been kept."""
    notes = Notes(made.case)
    notes.step()
    form = token_of(notes.page)
    card = card_of(notes.arm())
    again = notes.browser.post("/n", {"token": form, "do": "plan", "deed": "arm", **TYPED})
    assert again.status_code == 409 and "/p/" not in again.content.decode()
    assert "This was sent before" in again.content.decode()
    assert Client().post(card, {"do": "press"}).status_code == 200


def test_changing_it_says_that_the_old_page_dies_and_it_does(made: Busy) -> None:
    notes = Notes(made.case)
    old = card_of(notes.arm())
    notes.step()
    page = notes.step(deed="change", plan=str(only(made).id))
    assert "This replaces the plan that you have." in page and "My sister" in page
    assert 'value="sister@example.org"' in page and 'value="blue kettle"' in page
    page = notes.arm(who1="My brother")
    assert "The page that was kept before opens nothing any more." in page
    assert Client().post(old, {"do": "press"}).status_code == 404
    # Without a page it replaces the card as well: nobody keeps a button that was given up.
    page = notes.arm(kind="desk")
    assert "/p/" not in page and Plan.objects.get().kind == "desk"


def test_it_is_taken_away_after_asking_once(made: Busy) -> None:
    notes = Notes(made.case)
    card = card_of(notes.arm())
    plan = str(only(made).id)
    assert "Take the plan away?" in notes.step(deed="away", plan=plan)
    assert Plan.objects.exists()
    assert "The plan is taken away." in notes.step(deed="away", plan=plan, sure="1")
    assert not Plan.objects.exists() and Client().post(card, {"do": "press"}).status_code == 404


def test_nobody_elses_plan_is_shown_changed_or_taken_away(made: Busy) -> None:
    Notes(made.case).arm()
    plan = str(only(made).id)
    other = Notes(made.other)
    assert "My sister" not in other.step()
    for deed in ("change", "away"):
        for wrong in (plan, "x"):
            fresh = Notes(made.other)
            fresh.step(deed=deed, plan=wrong, sure="1")
            assert fresh.status == 404, deed
    assert Plan.objects.exists()
    assert Client().post("/n", {"do": "plan", "deed": "arm", **TYPED}).status_code == 200
    assert Plan.objects.count() == 1


def test_a_plan_without_people_tells_those_on_duty(made: Busy) -> None:
    bare = {"count": "2", "kind": "card", "at1": "0", "at2": "5"}
    assert "Keep this page" in Notes(made.case).step(deed="arm", **bare)
    assert only(made).doc["rungs"] == [[0, ["desk"]]]


def test_a_channel_by_which_nothing_can_leave_is_said(
    made: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(made.case)
    notes.arm(a1="+525512345678", b1="")
    page = notes.step()
    assert "Text messages cannot be sent from here yet: My sister would not be told." in page
    assert "Mail cannot be sent from here yet: R., lawyer would not be told." in page
    one = gateways.Gateway("one", "https://sms.example/{to}{text}")
    monkeypatch.setattr(gateways, "load", lambda: (one,))
    assert "Text messages cannot" not in notes.step()


# --- how addresses are read ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "way"),
    [
        ("a@b.org", ("mail", "a@b.org")),
        (" \u200ea@b.org ", ("mail", "a@b.org")),
        ("+34 600 12-34.56", ("sms", "+34600123456")),
        ("0034600123456", ("sms", "+34600123456")),
        ("+٣٤٦٠٠١٢٣٤٥٦", ("sms", "+34600123456")),
        ("600123456", None),
        ("a@b", None),
        ("@b.org", None),
        ("a b@c.org", None),
        ("+34 call me", None),
        ("", None),
    ],
)
def test_an_address_is_read_however_it_is_typed(typed: str, way: Any) -> None:
    assert way_of(typed) == way


def test_every_zone_on_the_list_is_known() -> None:
    from zoneinfo import ZoneInfo

    assert [ZoneInfo(zone).key for zone in CITIES] == list(CITIES)


# --- by an officer beside them -------------------------------------------------------------------
def test_an_officer_makes_it_beside_them(made: Busy) -> None:
    ines = client(made.house.ines)
    path = f"/desk/c/{made.case.case}/plan"
    page = ines.get(path).content.decode()
    assert "There is no plan yet." in page
    wrong = ines.post(path, TYPED | {"deed": "arm", "a1": "no"})
    assert wrong.status_code == 422 and "R., lawyer" in wrong.content.decode()
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once is not None
    sent = TYPED | {"deed": "arm", "once": once[1], "language": "ar"}
    page = ines.post(path, sent).content.decode()
    assert "/ar/p/" in page and 'class="qr"' in page
    again = ines.post(path, sent)
    assert again.status_code == 409 and "/ar/p/" not in again.content.decode()
    assert only(made).doc["language"] == "ar"
    page = ines.get(path).content.decode()
    assert "My sister" in page and "blue kettle" in page
    assert "/p/" not in page


def test_an_officer_without_the_key_finds_no_plan_and_makes_none(made: Busy) -> None:
    lena = make_officer(made)
    path = f"/desk/c/{made.case.case}/plan"
    for answer in (lena.get(path), lena.post(path, TYPED | {"deed": "arm"})):
        assert answer.status_code == 404
    assert not Plan.objects.exists()


def make_officer(made: Busy) -> Client:
    lena = made.house.hire("Lena", "auditors")
    lena.sign_in()
    return client(lena)


def test_an_officer_takes_it_away_after_asking_once(made: Busy) -> None:
    Notes(made.case).arm()
    plan = str(only(made).id)
    ines = client(made.house.ines)
    path = f"/desk/c/{made.case.case}/plan"
    assert "Take the plan away?" in ines.post(path, {"deed": "away", "plan": plan}).content.decode()
    assert Plan.objects.exists()
    done = ines.post(path, {"deed": "away", "plan": plan, "sure": "1"})
    assert done.headers["Location"].endswith("?done=plan-gone") and not Plan.objects.exists()
