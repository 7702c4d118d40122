"""Coming in: the same answer to every mistake, a session by cookie, and text that is not lost."""

import re
from datetime import timedelta

import pyotp
import pytest
from django.test import Client

from amparo.foundation import clock
from amparo.foundation.errors import Unavailable
from amparo.people import services as people
from amparo.web import middleware
from tests import make
from tests.doors.desk_house import busy, client


@pytest.fixture
def house() -> make.House:
    found = make.house()
    clock.forward(timedelta(minutes=5))  # past the digits that were used when it was founded
    with found.ines.request() as ines:
        people.note_key_offer(ines)  # she has been here before
    return found


def given(officer: make.Officer, **more: str) -> dict[str, str]:
    return {
        "name": officer.name,
        "passphrase": officer.passphrase,
        "second": officer.digits(),
    } | more


def test_the_right_three_open_the_queue(house: make.House) -> None:
    browser = Client()
    answer = browser.post("/desk/sign-in", given(house.ines))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk/queue")
    cookie = answer.cookies[middleware.SESSION_COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Strict"
    assert browser.get("/desk/queue").status_code == 200


def test_at_the_first_sign_in_the_key_file_is_offered_and_never_again(house: make.House) -> None:
    browser = Client()
    answer = browser.post("/desk/sign-in", given(house.tomas))
    assert answer.headers["Location"] == "/desk/first"
    page = browser.get("/desk/first").content.decode()
    assert "Save my key file" in page and "Go on to my desk" in page
    assert browser.post("/desk/settings/key-file", {"old": "other words"}).status_code == 422
    Client().post("/desk/sign-in", given(house.tomas))
    with house.tomas.request() as tomas:
        assert not people.was_offered_key(tomas)  # looking is not answering
        assert people.queries.colleague(tomas, house.tomas.id).name == "Tomás R."
    assert browser.post("/desk/first").headers["Location"] == "/desk/queue"
    again = Client().post("/desk/sign-in", given(house.tomas))
    assert again.headers["Location"] == "/desk/queue"
    with house.tomas.request() as tomas:
        assert people.queries.colleague(tomas, house.tomas.id).name == "Tomás R."
    ruth = Client()
    assert ruth.post("/desk/sign-in", given(house.ruth)).headers["Location"] == "/desk/first"
    saved = ruth.post("/desk/settings/key-file", {"old": house.ruth.passphrase})
    assert b"".join(saved.streaming_content).startswith(b"AGE-SECRET-KEY-")  # type: ignore[attr-defined]
    again = Client().post("/desk/sign-in", given(house.ruth))
    assert again.headers["Location"] == "/desk/queue"


def test_every_mistake_gets_one_answer(house: make.House) -> None:
    """What is wrong is never told apart: not the name, not the passphrase, not the digits."""
    bodies = set()
    for wrong in (
        {"name": "nobody of ours"},
        {"passphrase": "other words than these six entirely"},
        {"second": "000000"},
    ):
        answer = Client().post("/desk/sign-in", given(house.ines) | wrong)
        assert answer.status_code == 422
        text = answer.content.decode()
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
        bodies.add(re.sub(r'name="(name|second)" value="[^"]*"', "", text))
    assert len(bodies) == 1
    body = bodies.pop()
    assert "do not fit together" in body and "One thing before we go on" in body


def test_a_desk_that_is_busy_says_so(house: make.House, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy_(*_: object, **__: object) -> None:
        raise Unavailable("too many at once")

    monkeypatch.setattr(people, "sign_in", busy_)
    answer = Client().post("/desk/sign-in", given(house.ines))
    assert answer.status_code == 422 and "Too many people sign in" in answer.content.decode()


def test_digits_may_be_typed_in_groups_and_in_any_script(house: make.House) -> None:
    sent = given(house.ines)
    arabic = "".join(chr(0x0660 + int(one)) for one in sent["second"])
    answer = Client().post("/desk/sign-in", sent | {"second": f"{arabic[:3]} {arabic[3:]}"})
    assert answer.status_code == 302


def test_without_a_session_each_page_asks_to_sign_in(house: make.House) -> None:
    for path in ("queue", "search", "new", "settings", "people", f"c/{house.ines.id}"):
        answer = Client().get(f"/desk/{path}")
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/desk/sign-in"), path


def test_lock_ends_the_session_for_good(house: make.House) -> None:
    browser = client(house.ines)
    assert browser.get("/desk/queue").status_code == 200
    browser.post("/desk/lock")
    again = client(house.ines)  # the same cookie, taken along
    assert again.get("/desk/queue").status_code == 302


def test_what_was_written_survives_a_session_that_had_ended() -> None:
    made = busy()
    path = f"/desk/c/{made.case.case}/messages"
    place = re.search(
        r'name="place" value="([^"]+)"', client(made.house.ines).get(path).content.decode()
    )
    assert place is not None
    clock.forward(timedelta(minutes=16))
    late = client(made.house.ines)
    answer = late.post(path, {"text": "We will call at nine.", "place": place[1]})
    assert answer.status_code == 401
    page = answer.content.decode()
    kept = dict(re.findall(r'<input type="hidden" name="(text|place|after)" value="([^"]*)"', page))
    assert kept["text"] == "We will call at nine."
    assert "is not lost" in page
    answer = late.post("/desk/sign-in", given(made.house.ines) | kept)
    assert answer.headers["Location"] == path
    assert "We will call at nine." in late.get(path).content.decode()


def test_after_signing_in_nobody_is_sent_elsewhere(house: make.House) -> None:
    for elsewhere in ("https://example.org/desk", "//example.org/desk/queue", "/leave"):
        answer = Client().post("/desk/sign-in", given(house.ines, after=elsewhere))
        assert answer.headers["Location"] == "/desk/queue", elsewhere


def test_forms_of_other_sites_are_not_taken(house: make.House) -> None:
    browser = client(house.ines, enforce_csrf_checks=True)
    for path in ("lock", "lockdown/now", "settings/lock", "draft"):
        assert browser.post(f"/desk/{path}", {"sure": "on"}).status_code == 403, path
    assert browser.get("/desk/queue").status_code == 200


def test_an_invitation_leads_to_a_key_that_waits_for_a_comparison(house: make.House) -> None:
    ines = client(house.ines)
    sent = {"name": "Noor", "teams": ["intake"], "hours": "48"}
    page = ines.post("/desk/people/invite", sent).content.decode()
    link = re.search(r"http://[^<\s]+(/desk/join/[^<\s]+)", page)
    assert link is not None

    noor = Client()
    assert "Continue" in noor.get(link[1]).content.decode()
    assert "Continue" in noor.get(link[1]).content.decode()  # looking spends nothing
    page = noor.post(link[1]).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(join|secret)" value="([^"]+)"', page))
    words = " ".join(re.findall(r"<li>(\w+)</li>", page))
    assert len(words.split()) == 6 and "<svg" in page
    assert noor.post(link[1]).status_code == 404  # it works once

    mine = {"sign_in": "noor", "passphrase": words, "again": words, "second": "123456"}
    answer = noor.post("/desk/join", hidden | mine)
    assert answer.status_code == 422 and "not the digits of this key" in answer.content.decode()
    mine["second"] = pyotp.TOTP(hidden["secret"]).at(clock.now())
    page = noor.post("/desk/join", hidden | mine).content.decode()
    fingerprint = re.search(r"<bdi>((?:[0-9a-f]{4} ?){10})</bdi>", page)
    assert fingerprint is not None

    officer = make.Officer("noor", house.ines.id, hidden["secret"], words)
    assert noor.post("/desk/sign-in", given(officer)).status_code == 422  # nobody has compared
    people = ines.get("/desk/people").content.decode()
    compare = re.search(r'href="(/desk/people/[^"]+/welcome)"', people)
    assert compare is not None
    page = ines.get(compare[1]).content.decode()
    assert fingerprint[1] not in page and fingerprint[1].replace(" ", "") not in page
    wrong = ines.post(compare[1], {"fingerprint": "0" * 40})
    assert wrong.status_code == 422 and "not the same" in wrong.content.decode()
    assert ines.post(compare[1], {"fingerprint": fingerprint[1].upper()}).status_code == 302
    assert noor.post("/desk/sign-in", given(officer)).status_code == 302
    assert noor.get("/desk/people").status_code == 404  # not in the coordination team


def test_a_new_passphrase_opens_and_the_old_one_does_not(house: make.House) -> None:
    browser = client(house.tomas)
    words = "anchor basin cedar ferry garden hollow"
    sent = {"old": make.PASSPHRASE, "passphrase": words, "again": words}
    wrong = browser.post("/desk/settings/passphrase", sent | {"old": "not this one at all"})
    assert wrong.status_code == 422
    weak = browser.post("/desk/settings/passphrase", sent | {"passphrase": "a", "again": "a"})
    assert weak.status_code == 422
    assert browser.post("/desk/settings/passphrase", sent).status_code == 302
    assert Client().post("/desk/sign-in", given(house.tomas)).status_code == 422
    house.tomas.passphrase = words
    assert Client().post("/desk/sign-in", given(house.tomas)).status_code == 302


def test_lock_me_everywhere_ends_every_session(house: make.House) -> None:
    first = client(house.ruth)
    house.ruth.sign_in()
    second = client(house.ruth)
    second.post("/desk/settings/lock")
    assert first.get("/desk/queue").status_code == second.get("/desk/queue").status_code == 302


def test_lockdown_signs_everybody_out_and_says_so(house: make.House) -> None:
    ines, tomas = client(house.ines), client(house.tomas)
    assert ines.post("/desk/lockdown/now", {}).status_code == 422
    assert ines.post("/desk/lockdown/now", {"sure": "on"}).status_code == 302
    assert tomas.get("/desk/queue").status_code == 302
    page = Client().get("/desk/sign-in")
    assert page.status_code == 503 and "amparo lockdown --lift" in page.content.decode()
