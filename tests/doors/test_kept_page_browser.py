"""A card's page that is kept on its device, in a real browser: without a network it opens, a press
waits and says so, and is sent once when it is back, even when the page was closed meanwhile."""

from typing import Any

import pytest

from amparo.alerts import rules
from amparo.alerts.models import Alarm
from tests.doors.alarm_house import arm
from tests.doors.desk_house import Busy

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(300)]
SMALL = {"width": 360, "height": 740}


def kept(browser: Any, site: str, made: Busy) -> tuple[Any, Any]:
    """(context, page) of a phone that keeps the page."""
    context = browser.new_context(viewport=SMALL)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(site + arm(made))
    page.locator("a >> text=Keep this page on this device").click()
    page.locator("button >> text=Keep it").click()
    page.wait_for_selector("text=This page is kept on this device.")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return context, page


STORED = """async () => {
  const rows = await Queue.all(), kept = await (await caches.open("notes")).keys();
  return [rows.map((row) => Object.keys(row).sort()), kept.map((one) => new URL(one.url).pathname)];
}"""


def test_pressed_without_a_network_it_waits_and_is_sent_once(
    browser: Any, site: str, made: Busy
) -> None:
    context, page = kept(browser, site, made)
    context.set_offline(True)
    page.reload()
    assert page.inner_text("h1") == "Send a note"
    page.locator("button >> text=Send now").click()
    page.wait_for_selector("text=Not sent yet")
    assert not Alarm.objects.exists()
    names, paths = page.evaluate(STORED)
    assert names == [["at", "card", "key", "state", "tries"]]
    assert sorted(path for path in paths if "/k/" not in path) == [
        "/s/keep.js", "/s/page.css", "/s/queue.js",
    ]  # fmt: skip
    # The tab is closed, the phone finds a network, the page is opened again.
    address = page.url
    page.close()
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("text=Not sent yet")
    context.set_offline(False)
    page.wait_for_selector("text=Sent at")
    page.reload()
    page.wait_for_selector("text=Sent at")
    assert Alarm.objects.count() == 1 and Alarm.objects.get().mode == "actual"
    page.locator("#back").click()
    page.wait_for_selector('text="Taken back"')
    assert Alarm.objects.get().state == "back" and context.cookies() == []


def test_what_never_went_out_is_taken_back_here(browser: Any, site: str, made: Busy) -> None:
    context, page = kept(browser, site, made)
    context.set_offline(True)
    page.locator("button >> text=Send now").click()
    page.wait_for_selector("text=Not sent yet")
    page.locator("#back").click()
    context.set_offline(False)
    page.wait_for_selector('text="Taken back"')
    page.wait_for_timeout(1500)
    # What was on its way when the network came back has been taken back by its own name.
    assert not Alarm.objects.filter(state__in=rules.RUNNING).exists()


def test_what_is_being_taken_back_can_be_sent_after_all(
    browser: Any, site: str, made: Busy
) -> None:
    context, page = kept(browser, site, made)
    context.set_offline(True)
    page.locator("button >> text=Send now").click()
    page.wait_for_selector("text=Not sent yet")
    page.wait_for_function("async () => (await Queue.all())[0].tries > 0")
    page.locator("#back").click()
    page.wait_for_selector("text=Not taken back yet")
    page.locator("button >> text=Send now").click()
    page.wait_for_selector("text=Not sent yet")
    context.set_offline(False)
    page.wait_for_selector("text=Sent at")
    assert Alarm.objects.get().state == "open"


def test_it_is_removed_with_one_tap_and_leaves_nothing(browser: Any, site: str, made: Busy) -> None:
    _context, page = kept(browser, site, made)
    page.locator("button >> text=Remove it from this device").click()
    page.wait_for_selector("text=Removed.")
    left = page.evaluate(
        "async () => [(await caches.keys()).length, (await indexedDB.databases()).length, "
        "(await navigator.serviceWorker.getRegistrations()).length]"
    )
    assert left == [0, 0, 0]


def test_an_old_card_says_that_nothing_was_sent(browser: Any, site: str, made: Busy) -> None:
    _context, page = kept(browser, site, made)
    arm(made)
    page.locator("button >> text=Send now").click()
    page.wait_for_selector("text=Nothing was sent")
    assert not Alarm.objects.exists()


def test_without_scripts_and_without_keeping_it_presses_as_before(
    browser: Any, site: str, made: Busy
) -> None:
    for scripts in (False, True):
        context = browser.new_context(viewport=SMALL, java_script_enabled=scripts)
        page = context.new_page()
        page.goto(site + arm(made).replace("/p/", "/k/"))
        page.locator("button >> text=Send now").click()
        page.wait_for_selector("text=It is on its way")
    assert Alarm.objects.filter(state="open").count() == 2


def test_nothing_is_stored_before_it_is_asked_for(browser: Any, site: str, made: Busy) -> None:
    context = browser.new_context(viewport=SMALL)
    page = context.new_page()
    page.goto(site + arm(made).replace("/p/", "/k/"))
    page.wait_for_selector("button >> text=Keep it")
    left = page.evaluate(
        "async () => [(await navigator.serviceWorker.getRegistrations()).length, "
        "(await (await caches.open('notes')).keys()).length, (await Queue.all()).length]"
    )
    assert left == [0, 0, 0] and context.cookies() == []
