"""Codes, answers and readers of somebody without an account, and what a link shows outside."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amparo.casework import queries
from amparo.casework.services import desk, opening, sharing
from amparo.consent import services as consent
from amparo.foundation import clock
from amparo.foundation.config import config
from amparo.vault import codes
from tests import make
from tests.conftest import CHROMIUM
from tests.doors.desk_house import served
from tests.doors.notes_house import STORY, Visit, attach, only_case, photo

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(180)]


# --- codes, readers, answers ---------------------------------------------------------------------
def test_words_can_be_changed_for_numbers_and_the_old_ones_die(visit: Visit) -> None:
    words = visit.ask()
    visit.press("Give me numbers instead")
    assert visit.heading == "Keep these numbers"
    digits = visit.code()
    assert codes.parse(digits).form == "digits"
    visit.come_back(words)
    assert "These open nothing." in visit.text
    visit.come_back(digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")))
    assert visit.heading == "Messages"
    visit.press("Take new words or numbers")
    visit.press("Nine words")
    fresh = visit.code()
    visit.come_back(digits)
    assert "These open nothing." in visit.text
    visit.come_back(fresh)
    assert visit.heading == "Messages"


def test_a_question_is_answered_yes_and_the_yes_is_taken_back(visit: Visit) -> None:
    visit.ask()
    ines, tomas = visit.house.ines, visit.house.tomas
    case = only_case(ines)
    question = {
        "answer": "asked",
        "recipient": tomas.id,
        "label": "Your lawyer, T.",
        "purpose": "legal",
        "compartment": "correspondence",
        "how": "page",
        "language": "en",
    }
    with ines.request() as actor:
        consent.record_answer(actor, case, **question)
    visit.open()
    assert "May Your lawyer, T. read this conversation, for this: defending you in court?" in (
        visit.text
    )
    visit.press("Yes, but only if")
    visit.press("Yes, if this is so")
    assert "Write what must be so first." in visit.text
    visit.tab.locator("section.msg button", has_text="Yes").first.click()
    assert "You said yes." in visit.text and "Was it you who said yes to this?" in visit.text
    assert "A question for you" not in visit.text
    make.sure(ines, case)
    with ines.request() as actor:
        desk.mend(actor, case)
    visit.press("Choose who may open your name")
    visit.press("Back to the messages")
    visit.tab.locator("#who summary").click()
    reader = visit.tab.locator(".who li").filter(has_text="Your lawyer, T.")
    assert "defending you in court" in reader.inner_text()
    reader.locator("button").click()
    assert visit.heading == "Close this to Your lawyer, T.?"
    visit.press("Yes, close it")
    assert "Withdrawn." in visit.text
    closed = visit.tab.locator(".who li").filter(has_text="Your lawyer, T.")
    assert closed.locator("button").inner_text().startswith("Let them read it again")
    closed.locator("button").click()
    assert "You said yes." in visit.text
    make.sure(ines, case)
    with ines.request() as actor:
        desk.mend(actor, case)
    visit.press("Choose who may open your name")
    visit.press("Back to the messages")
    visit.tab.locator("#who summary").click()
    reader = visit.tab.locator(".who li").filter(has_text="Your lawyer, T.")
    assert reader.locator("button").inner_text().startswith("Withdraw")
    assert "What you said yes or no to: 3 times" in visit.text


def test_a_decision_stands_with_its_reason(visit: Visit) -> None:
    visit.ask()
    officer = visit.house.ines
    case = only_case(officer)
    with officer.request() as actor:
        desk.refer(actor, case, to="The fund by the river", reason="They pay it.")
    visit.open()
    assert "Please turn to The fund by the river, because:" in visit.text
    assert "They pay it." in visit.text


def test_what_was_opened_without_asking_is_told(visit: Visit) -> None:
    visit.ask()
    ines, tomas = visit.house.ines, visit.house.tomas
    case = only_case(ines)
    with ines.request() as actor:
        consent.override(
            actor, case, compartment="correspondence", grantee=tomas.id, reason="No word for days."
        )
    visit.open()
    assert "Opened without asking you first" in visit.text
    assert "No word for days." in visit.text


# --- somebody outside the house ------------------------------------------------------------------
def test_a_link_opens_once_after_a_button_and_shows_only_what_was_agreed(visit: Visit) -> None:
    visit.go("/new")
    visit.write(what=STORY)
    attach(visit, ("photo.jpg", photo()), ("list.txt", b"4821\n"))
    visit.press("Send")
    officer = visit.house.ines
    case = only_case(officer)
    offer = sharing.Offer(
        "Your lawyer, R.", "legal", ("correspondence",), clock.today() + timedelta(days=3)
    )
    with officer.request() as actor:
        token = sharing.share_by_link(actor, case, offer=offer, hours=4)
    for _ in range(2):  # previews and scanners fetch links
        visit.go(f"/l/{token}")
        assert visit.heading == "A page was kept for you"
    visit.press("Continue")
    assert visit.heading == "For you to read"
    assert "defending the person in court" in visit.text
    assert "The same car since Friday." in visit.text
    assert "The person" in visit.tab.locator("article header").inner_text()
    with visit.tab.expect_download() as download:
        visit.press("photo.jpg")
    copy = Path(download.value.path()).read_bytes()
    assert copy[:3] == b"\xff\xd8\xff"
    assert "list.txt" in visit.text
    assert visit.tab.locator("button", has_text="list.txt").count() == 0
    visit.write(text="I will be at the hearing.")
    visit.press("Send")
    assert "Those on duty can read it." in visit.text
    visit.tab.reload()
    assert "It has not been sent twice." in visit.text
    with officer.request() as actor:
        assert [one["text"] for one in sharing.answers(actor, case)] == [
            "I will be at the hearing."
        ]
    visit.press("Leave")
    visit.go(f"/l/{token}")
    visit.press("Continue")
    assert visit.seen[-1][0] == 404
    used = visit.tab.content()
    visit.go("/l/" + "x" * 43)
    visit.press("Continue")
    assert visit.seen[-1][0] == 404
    same = [re.sub(r'action="[^"]*"', "", page) for page in (used, visit.tab.content())]
    assert same[0] == same[1]


def test_an_answer_that_came_too_late_is_given_back(visit: Visit) -> None:
    visit.ask()
    officer = visit.house.ines
    case = only_case(officer)
    offer = sharing.Offer("R.", "legal", ("correspondence",), clock.today() + timedelta(days=3))
    with officer.request() as actor:
        token = sharing.share_by_link(actor, case, offer=offer, hours=4)
    visit.go(f"/l/{token}")
    visit.press("Continue")
    visit.write(text="I will be at the hearing.")
    clock.forward(timedelta(minutes=config().session_minutes + 1))
    visit.press("Send")
    assert visit.seen[-1][0] == 404
    assert "What you wrote was not sent." in visit.text
    assert "I will be at the hearing." in visit.text


# --- the way back from what one reads beside -----------------------------------------------------
def test_what_is_read_beside_the_notes_leads_back_to_them(visit: Visit) -> None:
    visit.ask()
    assert visit.tab.locator("footer").count() == 0  # the code is shown once: nothing leads away
    visit.open()
    for words in ("How to clear this visit", "Who reads this"):
        visit.press(words)
        assert words in visit.heading
        visit.press("Back")
        assert visit.heading == "Messages"
    visit.press("How to clear this visit")
    visit.press("Leave")
    assert visit.heading == "This page is closed"


def test_whoever_is_in_two_teams_is_one_reader(visit: Visit) -> None:
    code = visit.ask()
    with visit.house.ines.request() as actor:
        row = queries.queue(actor).rows[0]
        desk.take(actor, row.case, version=row.version)
        row = queries.queue(actor).rows[0]
        opening.open_case(actor, row.case, version=row.version)
    visit.come_back(code)
    assert "Who can read this: 3 people" in visit.text


def test_a_browser_keeps_nothing_of_what_was_sent(
    house: make.House, browser: Any, tmp_path: Path
) -> None:
    assert house
    profile = tmp_path / "profile"
    with served() as address:
        phone = browser.browser_type.launch_persistent_context(
            profile,
            executable_path=next(filter(None, map(shutil.which, CHROMIUM))),
            args=["--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--no-sandbox"],
            java_script_enabled=False,
        )
        tab = phone.new_page()
        tab.goto(address + "/new")
        tab.fill("#what", "Quokkas at the gate")
        tab.locator("main form button").last.click()
        words = tab.locator(".slip li").all_inner_texts()
        tab.check("#kept")
        tab.locator("main form button").first.click()
        tab.fill("#text", "Wombats at the door")
        tab.locator("main form button").first.click()
        tab.locator("header button").click()
        phone.close()
    files = [one.read_bytes() for one in profile.rglob("*") if one.is_file()]
    for text in ("Quokkas", "Wombats", " ".join(words[:3]), "+".join(words[:3])):
        assert not [one for one in files if text.encode() in one]
        assert not [one for one in files if text.encode("utf-16-le") in one]
