"""The way of somebody without an account, with scripts and cookies off, in a real browser."""

import re
import zipfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from playwright.sync_api import Error

from amparo.casework import queries
from amparo.casework.services import desk
from amparo.foundation import clock
from amparo.foundation.config import config
from amparo.vault import codes, server
from amparo.web.notes.promise import promise
from tests import make
from tests.doors.desk_house import served
from tests.doors.notes_house import STORY, Visit, attach, only_case, photo

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(180)]


# --- the whole way -------------------------------------------------------------------------------
def test_asks_reads_the_answer_writes_again_and_takes_a_copy(visit: Visit) -> None:
    visit.go()
    assert visit.heading == "What do you need?"
    visit.press("I need help now")
    visit.write(what=STORY, where="North of the lake")
    attach(visit, ("photo.jpg", photo()), ("list.txt", b"4821\n"))
    visit.press("Send")
    assert visit.heading == "Keep these words"
    assert "A person will read it before" in visit.text
    words = visit.code()
    assert codes.parse(words).form == "words"

    officer = visit.house.ines
    case = only_case(officer)
    with officer.request() as actor:
        desk.reply(actor, case, text="We have read it. Do not sleep at home tonight.")

    visit.open()
    assert visit.heading == "Messages"
    assert "There is an answer." in visit.text
    newest = visit.tab.locator("article").first
    assert newest.get_attribute("class") == "msg new"
    assert "Do not sleep at home tonight." in newest.inner_text()
    mine = visit.tab.locator("article.mine")
    assert "The same car since Friday." in mine.inner_text()
    assert "photo.jpg" in mine.inner_text()
    assert "Hidden details were removed" in mine.inner_text()
    assert "Who can read this: 3 people" in visit.text

    visit.write(text="Thank you. I go to my aunt.")
    attach(visit, ("note.txt", b"bus 12"))
    visit.press("Send")
    assert "Sent, and sealed." in visit.text
    assert visit.tab.locator("article.mine").first.inner_text().count("note.txt") == 1
    with officer.request() as actor:
        thread = queries.case(actor, case).thread
    assert thread.messages[0].text == "Thank you. I go to my aunt."

    visit.press("Save a copy of all this")
    assert "not sealed" in visit.text
    with visit.tab.expect_download() as download:
        visit.press("Save the copy")
    with zipfile.ZipFile(download.value.path()) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert photo() in inside.values()
    assert b"bus 12" in inside.values()
    assert "I go to my aunt." in inside["notes.html"].decode()


def test_no_page_on_the_way_names_anything_and_none_is_kept(visit: Visit) -> None:
    code = visit.ask()
    visit.open()
    visit.press("Withdraw everything")
    visit.press("No, leave it as it is")
    visit.press("Leave")
    visit.come_back(code)
    for status, url in visit.seen:
        assert status in (200, 303)
        assert re.fullmatch(r"/(new|back|n|leave|closed)?", url.removeprefix(visit.address)), url
    answer = visit.tab.request.get(visit.address + "/new")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


# --- leaving -------------------------------------------------------------------------------------
def settled(tab: Any) -> str:
    """What the tab shows when the browser's own page about sending again has come up."""
    for _ in range(50):
        with suppress(Error):
            return str(tab.content())
        tab.wait_for_timeout(100)
    raise AssertionError("the browser shows nothing")


def back_and_again(visit: Visit) -> list[str]:
    """What somebody sees who presses Back, or has the browser send each old page again."""
    with suppress(Error):  # "Confirm form resubmission"
        visit.tab.go_back()
    shown = [settled(visit.tab)]
    for url, kind, body in visit.sent:
        answer = visit.tab.request.post(
            url, data=body, headers={"Content-Type": kind}, max_redirects=0
        )
        shown.append(answer.text())
    return shown


def test_after_leave_back_shows_nothing_even_when_the_browser_sends_again(visit: Visit) -> None:
    code = visit.ask()
    visit.open()
    visit.press("Leave")
    assert visit.seen[-2][0] == 303
    assert visit.heading == "This page is closed"
    shown = back_and_again(visit)
    assert len(shown) == 4  # after Back: asking, opening, leaving
    for page in shown:
        assert "neighbour" not in page
        assert code.split()[0] + "</li>" not in page
        assert "Messages" not in page
    visit.come_back(code)
    assert visit.heading == "Messages"


def test_after_leave_an_unsent_page_shows_nothing_either(visit: Visit) -> None:
    visit.go("/new")
    visit.write(what=STORY)
    visit.tab.check("#how_1")
    visit.press("Send")
    assert "neighbour" in visit.tab.content()
    visit.press("Leave")
    shown = back_and_again(visit)
    assert len(shown) == 3
    assert not [page for page in shown if "neighbour" in page]


def test_leave_goes_where_the_administrator_said_and_empties_the_browser(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.ask()
    token = visit.tab.locator("[name=token]").first.input_value()
    answer = visit.tab.request.post(
        visit.address + "/leave", form={"token": token}, max_redirects=0
    )
    assert answer.status == 303
    assert answer.headers["clear-site-data"] == '"cookies", "storage"'
    assert answer.headers["location"] == (config().leave_to or "/closed")


# --- what goes wrong -----------------------------------------------------------------------------
def test_an_empty_page_is_answered_with_a_question_and_everything_kept(visit: Visit) -> None:
    visit.go("/new")
    visit.press("Send")
    assert visit.seen[-1][0] == 422
    assert visit.tab.title() == "Error: Notes"
    assert "One word is enough" in visit.tab.locator(".sum").inner_text()
    visit.tab.locator(".sum a").first.click()
    assert visit.tab.url.endswith("/new#what")

    visit.write(what=STORY, where="North of the lake")
    visit.tab.check("#how_2")
    attach(visit, ("photo.jpg", photo()))
    visit.press("Send")
    assert visit.seen[-1][0] == 422
    assert visit.tab.locator("#what").input_value() == STORY
    assert visit.tab.locator("#where").input_value() == "North of the lake"
    assert visit.tab.locator("#how_2").is_checked()
    assert "photo.jpg" in visit.tab.locator("#file_error").inner_text()
    assert not list((config().data / "files").glob("*/*"))

    visit.write(reach="555 0142, after six")
    visit.press("Send")
    assert visit.heading == "Keep these words"


def test_a_text_that_is_too_long_is_kept_and_named(visit: Visit) -> None:
    visit.go("/new")
    visit.write(what="a" * 60_001)
    visit.press("Send")
    assert "longer than we can keep" in visit.text
    assert len(visit.tab.locator("#what").input_value()) == 60_001


def test_the_same_page_sent_twice_is_one_request(visit: Visit) -> None:
    visit.ask()
    visit.tab.reload()
    assert visit.heading == "Nothing is lost"
    assert "It has not been sent twice." in visit.text
    assert only_case(visit.house.ines)


def test_a_page_of_questions_that_were_sent_is_not_shown_again(house: make.House) -> None:
    """A browser's history may hold an earlier try, with a fault in it: the same visit, another page."""
    page = Client().get("/new").content.decode()
    token = re.findall(r'name="token" value="([^"]+)"', page)[0]
    first = Client().post("/new", {"token": token, "how": "call", "what": STORY}).content.decode()
    assert "has not been sent twice" not in first and "neighbour" in first  # a number is missing
    second = re.findall(r'name="token" value="([^"]+)"', first)[0]
    sent = {"token": second, "how": "here", "what": STORY}
    assert "slip" in Client().post("/new", sent).content.decode()
    again = Client().post("/new", {"token": token, "how": "call", "what": STORY}).content.decode()
    assert "neighbour" not in again and "has not been sent twice" in again


def test_the_same_message_sent_twice_is_one_message(visit: Visit) -> None:
    visit.ask()
    visit.open()
    visit.write(text="Once.")
    visit.press("Send")
    visit.tab.reload()
    assert "It has not been sent twice." in visit.text
    assert visit.tab.locator("article.mine").count() == 2


def test_a_page_that_was_open_for_hours_keeps_what_was_typed(visit: Visit) -> None:
    visit.go("/new")
    visit.write(what=STORY)
    clock.forward(timedelta(hours=3))
    visit.press("Send")
    assert visit.seen[-1][0] == 422
    assert "open for long" in visit.text
    assert visit.tab.locator("#what").input_value() == STORY
    visit.press("Send")
    assert visit.heading == "Keep these words"


def test_files_on_a_page_that_was_open_for_hours_are_asked_for_again(visit: Visit) -> None:
    visit.go("/new")
    visit.write(what=STORY)
    attach(visit, ("photo.jpg", photo()))
    clock.forward(timedelta(hours=3))
    visit.press("Send")
    assert "Choose your files once more" in visit.tab.locator("#file_error").inner_text()
    assert visit.tab.locator("#what").input_value() == STORY


def test_a_session_that_is_over_keeps_the_message_until_the_code_is_typed(visit: Visit) -> None:
    code = visit.ask()
    visit.open()
    visit.write(text="I was writing this for a long time.")
    clock.forward(timedelta(minutes=config().session_minutes + 1))
    visit.press("Send")
    assert visit.heading == "This page is closed"
    visit.write(code=code)
    visit.press("Open")
    assert visit.heading == "Messages"
    assert visit.tab.locator("#text").input_value() == "I was writing this for a long time."


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda words: [*words[:3], "zzzz", *words[4:]], "Word 4 is not one of ours."),
        (lambda words: words[:8], "These are 8 words. There should be nine."),
        (lambda words: [words[1], words[0], *words[2:]], "not together"),
        (lambda words: [], "Write your nine words or thirty numbers."),
        (lambda words: ["48213 90577 16304 77218 05946 3118"], "Look at group 6."),
    ],
)
def test_a_mistyped_code_is_named_by_its_place(visit: Visit, spoil: Any, said: str) -> None:
    code = visit.ask()
    visit.come_back(" ".join(spoil(code.split())))
    assert visit.seen[-1][0] == 422
    assert said in visit.text


def test_every_code_that_opens_nothing_gets_the_same_answer(visit: Visit) -> None:
    code = visit.ask()
    visit.open()
    visit.press("Withdraw everything")
    visit.press("Yes, withdraw everything")
    pages = []
    for wrong in (code, " ".join(codes.new_words("en").shown)):
        visit.come_back(wrong)
        assert visit.seen[-1][0] == 422
        html = re.sub(r'(name="token" value=)"[^"]+"', r"\1", visit.tab.content())
        pages.append(html.replace(wrong, ""))
    assert pages[0] == pages[1]


def test_another_site_cannot_send_for_somebody(visit: Visit) -> None:
    answer = visit.tab.request.post(
        visit.address + "/leave", headers={"Sec-Fetch-Site": "cross-site"}, max_redirects=0
    )
    assert answer.status == 403


# --- states of the house -------------------------------------------------------------------------
def test_a_full_disk_is_said_before_anything_is_typed(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amparo.vault import files

    monkeypatch.setattr(files, "room_left", lambda: False)
    visit.go()
    assert "Nothing can be sent at the moment" in visit.text
    visit.go("/new")
    assert "Nothing can be sent at the moment" in visit.text
    assert visit.tab.locator("#what").count() == 0


def test_the_address_of_leave_alone_offers_the_button(visit: Visit) -> None:
    visit.go("/leave")
    assert visit.seen[-1][0] == 405
    assert visit.heading == "Leave this page?"
    visit.tab.locator("main form button").click()
    assert visit.heading == "This page is closed"


def test_locked_down_every_page_rests(visit: Visit) -> None:
    server.destroy()
    for path in ("/", "/new", "/back"):
        visit.go(path)
        assert visit.seen[-1][0] == 503
        assert visit.heading == "This page rests"
    visit.go("/closed")
    assert visit.heading == "This page is closed"


def test_outside_duty_hours_the_page_says_the_real_hour(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    begin = (now + timedelta(hours=3)).replace(minute=0)
    hours = f"{begin:%H:%M}-{begin + timedelta(hours=1):%H:%M}"
    with_hours = replace(config(), duty_hours=hours)
    monkeypatch.setattr("amparo.web.notes.promise.config", lambda: with_hours)
    visit.go()
    assert f"before {begin:%H}:15 UTC" in visit.text.replace("tomorrow, ", "")
    assert f"It is {clock.now():%H:%M} UTC now." in visit.text


def test_hours_of_duty_by_the_desks_clock_are_said_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kathmandu is 5:45 h ahead all year."""
    with_hours = replace(config(), duty_hours="09:00-17:00")
    monkeypatch.setattr("amparo.web.notes.promise.config", lambda: with_hours)
    monkeypatch.setattr("amparo.casework.services.record.zone", lambda: ZoneInfo("Asia/Kathmandu"))
    for hour, is_open in ((3, False), (4, True), (11, True), (12, False)):
        with clock.frozen(datetime(2026, 3, 7, hour, 0, tzinfo=UTC)):
            found = promise()
        assert (found.hours, found.open) == ("03:15–11:15", is_open)
    assert found.by == datetime(2026, 3, 8, 3, 30, tzinfo=UTC)


def test_a_language_without_words_gives_numbers_and_its_own_direction(visit: Visit) -> None:
    digits = visit.ask("/ar/", what="السيارة نفسها منذ يوم الجمعة.")
    assert codes.parse(digits).form == "digits"
    visit.open()
    assert visit.tab.locator("html").get_attribute("dir") == "rtl"
    assert "السيارة نفسها" in visit.text
    visit.write(text="Half a sentence")
    visit.tab.locator("footer summary").click()
    visit.tab.locator("footer button[lang=es]").click()
    assert visit.tab.locator("#text").input_value() == "Half a sentence"
    assert visit.tab.url == visit.address + "/es/n"
    assert "السيارة نفسها" in visit.text


# --- weight --------------------------------------------------------------------------------------
PAGES = ("/", "/new", "/back", "/clear", "/about", "/language", "/closed", "/ar/new")


def weigh(context: Any, address: str) -> list[float]:
    """Bytes of each answer that a first load of a page needs, headers included."""
    tab = context.new_page()
    network = context.new_cdp_session(tab)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    tab.goto(address, wait_until="networkidle")
    return sizes


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_more_than_three_times_or_for_more_than_twenty_thousand_bytes(
    house: make.House, browser: Any, path: str
) -> None:
    if not (Path(server.__file__).parents[1] / "web/static/page.css.gz").exists():
        pytest.skip("needs compressed style sheets (make setup)")
    context = browser.new_context(java_script_enabled=False)
    with served() as address:
        sizes = weigh(context, address + path)
    context.close()
    assert len(sizes) <= 3
    assert sum(sizes) <= 20_000
