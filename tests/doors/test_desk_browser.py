"""The desk in a real browser: by keyboard alone, with scripts off, with a passkey, on paper."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amparo.foundation import clock
from amparo.web import middleware
from tests import make
from tests.conftest import CHROMIUM
from tests.doors.desk_house import Busy, client, context

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(180)]

BUDGET = 120 * 1024  # bytes transferred for the first load of a desk page
PHONE = {"width": 360, "height": 740}


def focused(page: Any) -> str:
    text: str = page.evaluate(
        "document.activeElement.innerText || document.activeElement.name || ''"
    )
    return text.strip()


def tab_to(page: Any, words: str, most: int = 60) -> None:
    """Press Tab until something with these words has the focus, and can be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if words in focused(page):
            break
    else:
        pytest.fail(f"Tab never reaches {words!r}")
    assert page.evaluate(
        """() => { const box = document.activeElement.getBoundingClientRect();
        const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return document.activeElement.contains(at) || (at && at.contains(document.activeElement)); }"""
    ), f"{words!r} has the focus but is covered"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", f"{words!r} does not show its focus"


# --- by keyboard alone -----------------------------------------------------------------------------
def test_a_request_is_taken_and_answered_without_a_mouse(
    browser: Any, made: Busy, site: str
) -> None:
    """Sign in, take the nearest request, write back: Tab, Enter and letters only."""
    ines = made.house.ines
    found = browser.new_context()
    found.set_default_timeout(8000)
    page = found.new_page()
    page.goto(f"{site}/desk/")
    clock.forward(timedelta(minutes=3))
    for name, value in (
        ("name", ines.name),
        ("passphrase", ines.passphrase),
        ("second", ines.digits()),
    ):
        tab_to(page, name) if name != "name" else page.locator("[name=name]").focus()
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/queue")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the page"
    page.keyboard.press("Enter")
    name = page.locator(".queue tbody th a").first.inner_text().split(" (")[0]
    tab_to(page, name)
    page.keyboard.press("Enter")
    page.wait_for_selector("#peek h2")
    assert name in page.locator("#peek h2").inner_text()
    tab_to(page, "Take")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=It is yours now.")
    tab_to(page, "Write back")
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages#reply")
    tab_to(page, "text")
    page.keyboard.type("We are here. Tell us when you can speak.")
    tab_to(page, "Send to them")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=They see it the next time")
    found.close()


def test_single_keys_are_off_until_they_are_turned_on(browser: Any, made: Busy, site: str) -> None:
    found = context(browser, made, site)
    page = found.new_page()
    page.goto(f"{site}/desk/queue")
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert page.url.endswith("/desk/queue")

    page.goto(f"{site}/desk/settings")
    page.check("[name=keys]")
    page.click("text=Keep these")
    page.wait_for_selector("[data-keys]", state="attached")
    page.goto(f"{site}/desk/queue")
    page.keyboard.press("j")
    first = page.locator(".queue tbody th a").first
    assert first.evaluate("one => one === document.activeElement")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_selector("#peek h2")
    assert first.get_attribute("aria-current") == "true"
    page.keyboard.press("o")
    page.wait_for_url("**/desk/c/*")
    page.keyboard.press("t")
    page.wait_for_selector("text=It is yours now.")
    page.keyboard.press("r")
    page.wait_for_url("**/messages#reply")
    page.locator("textarea").focus()
    page.keyboard.type("qnot t")  # letters are letters while one writes
    assert page.locator("textarea").input_value() == "qnot t"
    assert "/messages" in page.url
    found.close()


# --- with and without scripts ----------------------------------------------------------------------
def test_everything_works_with_scripts_off(browser: Any, made: Busy, site: str) -> None:
    found = context(browser, made, site, java_script_enabled=False, viewport=PHONE)
    page = found.new_page()
    page.goto(f"{site}/desk/queue")
    page.locator(".queue tbody th a").first.click()
    page.wait_for_url("**/desk/queue?c=*#peek")
    page.locator("#peek >> text=Take").click()
    page.wait_for_selector("text=It is yours now.")
    page.locator(".acts >> text=Set the level").click()
    page.locator("label", has_text="Extreme").click()
    page.fill("[name=reason]", "They know his door.")
    page.click("button >> text=Set the level")
    page.wait_for_selector("text=The level is set.")
    page.locator(".tabs >> text=Messages").click()
    page.fill("textarea", "Stay with your cousin tonight.")
    page.set_input_files(
        "[name=files]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}
    )
    page.click("text=Send to them")
    page.wait_for_selector("text=Stay with your cousin tonight.")
    found.close()


def test_what_is_being_typed_keeps_itself(browser: Any, made: Busy, site: str) -> None:
    found = context(browser, made, site)
    page = found.new_page()
    path = f"{site}/desk/c/{made.new.case}/messages"
    page.goto(path)
    page.fill("textarea", "Half a sentence")
    page.wait_for_selector("text=Kept, sealed to you.")
    page.close()
    page = found.new_page()
    page.goto(path)
    assert page.locator("textarea").input_value() == "Half a sentence"
    assert page.locator("text=What you were writing is back.").count() == 1
    found.close()


def test_new_requests_are_announced_and_nothing_moves(browser: Any, made: Busy, site: str) -> None:
    found = context(browser, made, site)
    page = found.new_page()
    page.clock.install()
    page.goto(f"{site}/desk/queue")
    before = page.locator(".queue tbody").inner_html()
    make.ask("Somebody follows me.")
    page.clock.run_for(21_000)
    page.wait_for_selector("#count >> text=1 new: show")
    assert page.locator(".queue tbody").inner_html() == before
    found.close()


def test_the_count_stops_asking_when_nobody_is_there(browser: Any, made: Busy, site: str) -> None:
    """A page left open must not keep a session alive for ever."""
    found = context(browser, made, site)
    page = found.new_page()
    page.clock.install()
    page.goto(f"{site}/desk/queue")
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "count" in sent.url else None)
    page.clock.run_for(5 * 60_000)
    while_there = len(asked)
    page.clock.run_for(10 * 60_000)
    page.wait_for_timeout(200)
    assert while_there >= 3
    assert len(asked) <= while_there + 1
    found.close()


# --- a passkey -------------------------------------------------------------------------------------
def test_a_passkey_stands_for_the_six_digits(browser: Any, made: Busy, site: str) -> None:
    found = context(browser, made, site)
    page = found.new_page()
    device = found.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"{site}/desk/settings/passkey")
    page.fill("[name=old]", made.house.ines.passphrase)
    page.click("text=Make a passkey on this device")
    page.wait_for_selector("text=The passkey is added.")
    page.click("text=Lock")
    page.wait_for_url("**/desk/sign-in")
    page.click("text=Use a passkey instead")
    page.fill("[name=name]", made.house.ines.name)
    page.fill("[name=passphrase]", "not these words at all, never were")
    page.click("text=Open my desk")
    page.wait_for_selector("text=These three do not fit together.")
    page.fill("[name=passphrase]", made.house.ines.passphrase)
    page.click("text=Open my desk")
    page.wait_for_url("**/desk/queue")
    found.close()


# --- weight, paper, colour ---------------------------------------------------------------------------
def test_desk_pages_are_light(browser: Any, made: Busy, site: str) -> None:
    for _ in range(47):
        make.ask("One more call, with a sentence of ordinary length in it.")
    found = context(browser, made, site)
    for path in ("queue", f"c/{made.case.case}", f"c/{made.case.case}/consent"):
        page = found.new_page()
        wire = found.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: list[dict[str, int]] = []
        wire.on("Network.loadingFinished", lambda sent, sizes=sizes: sizes.append(sent))
        page.goto(f"{site}/desk/{path}")
        page.wait_for_load_state("networkidle")
        weight = sum(int(one["encodedDataLength"]) for one in sizes)
        assert weight <= BUDGET, (path, weight)
        page.close()
    found.close()


def test_a_page_of_fifty_is_light_by_itself(made: Busy) -> None:
    import gzip

    for _ in range(50):
        make.ask("One more call.")
    body = client(made.house.ines).get("/desk/queue").content
    assert body.count(b"<tr") == 51
    assert len(gzip.compress(body, 6)) <= 10 * 1024


def test_the_hand_over_fits_on_one_sheet(browser: Any, made: Busy, site: str) -> None:
    for _ in range(9):
        make.take(made.house.ines, make.ask("One more call.").case)
    found = context(browser, made, site)
    page = found.new_page()
    page.goto(f"{site}/desk/hand-over")
    assert page.locator(".queue tbody tr").count() == 10
    sheet = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet)) == 1
    found.close()


@pytest.mark.parametrize(("chosen", "scheme"), [("dark", "light"), ("light", "dark")])
def test_light_or_dark_can_be_chosen(
    browser: Any, made: Busy, site: str, chosen: str, scheme: str
) -> None:
    found = context(browser, made, site, color_scheme=scheme)
    page = found.new_page()
    page.goto(f"{site}/desk/settings")
    page.check(f"[name=theme][value={chosen}]")
    page.click("text=Keep these")
    page.wait_for_selector("text=Kept.")
    red = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (int(red) < 60) == (chosen == "dark")
    found.close()


def test_letters_twice_as_large_need_no_sideways_scrolling(
    browser: Any, made: Busy, site: str
) -> None:
    found = context(browser, made, site, viewport={"width": 640, "height": 800})
    page = found.new_page()
    for path in ("queue", f"c/{made.case.case}", f"c/{made.new.case}/messages", "settings"):
        page.goto(f"{site}/desk/{path}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (path, over)
    found.close()


def test_a_signed_out_browser_shows_nothing_after_going_back(
    browser: Any, made: Busy, site: str
) -> None:
    found = context(browser, made, site)
    page = found.new_page()
    page.goto(f"{site}/desk/c/{made.case.case}")
    name = page.locator("h1").inner_text()
    page.click("text=Lock")
    page.wait_for_url("**/desk/sign-in")
    page.go_back()
    page.wait_for_load_state()
    assert name not in page.content()
    found.close()


# --- what a browser keeps --------------------------------------------------------------------------
@pytest.mark.timeout(120)
def test_nothing_that_was_written_at_the_desk_stays_in_the_browsers_folder(
    browser: Any, made: Busy, site: str, tmp_path: Path
) -> None:
    """Chromium keeps what was sent, to open the window again, unless the form holds a password."""
    case = f"{site}/desk/c/{made.case.case}"
    profile = tmp_path / "profile"
    desk = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=next(filter(None, map(shutil.which, CHROMIUM))),
        args=["--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--no-sandbox"],
        java_script_enabled=False,
    )
    cookie = middleware.cookie_of(made.house.ines.handle)
    desk.add_cookies([{"name": middleware.SESSION_COOKIE, "value": cookie, "url": site}])
    page = desk.new_page()
    page.goto(f"{case}/messages")
    page.fill("#id_text", "Quokkas at the gate " + "x" * 20_001)
    page.get_by_role("button", name="Send to them").click()  # too long: the form comes back
    page.goto(f"{case}/part/narrative")
    page.fill("#id_text", "Wombats at the door")
    page.get_by_role("button", name="Keep").first.click()
    page.goto(f"{site}/desk/search")
    page.fill("#id_text", "numbats")
    page.locator("main form button").first.click()
    desk.close()
    files = [one.read_bytes() for one in profile.rglob("*") if one.is_file()]
    for text in ("Quokkas", "Wombats", "numbats"):
        for found in (text.encode(), text.encode("utf-16-le")):
            assert not [one for one in files if found in one], text
