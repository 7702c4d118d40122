"""How staff are told, in a real browser: the pages on a small phone, and notes that a browser shows.

With WAYS_LOOK=FOLDER each page is also photographed, to be looked at by a person.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amparo.messages import channels, services
from amparo.messages.channels import settings
from amparo.messages.channels.fakes import carriers
from amparo.messages.models import Route, Trial
from tests.doors.alarm_house import arm
from tests.doors.desk_house import Busy, context, served
from tests.doors.test_desk_pages import AXE, TAGS

pytestmark = [pytest.mark.needs("chromium", "axe-core"), pytest.mark.timeout(300)]
SMALL, LARGE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
LOOK = os.environ.get("WAYS_LOOK", "")


@pytest.fixture
def site(made: Busy) -> Iterator[str]:
    channels.forget()
    with carriers() as here, served() as address:
        settings.file().write_text(here.toml())
        settings._read.cache_clear()
        yield address
    settings.file().unlink()
    settings._read.cache_clear()


def photograph(page: Any, name: str) -> None:
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"), full_page=True)


def test_the_pages_of_ways_and_of_the_trial_fit_a_phone_and_a_screen_reader(
    browser: Any, made: Busy, site: str, axe: str
) -> None:
    with made.house.ines.request() as actor:
        services.set_route(actor, channel="mail", address="notes.of.the.morning@example.org")
        services.set_route(actor, channel="sms", address="+525512345678", hours="08:00-20:00")
    Trial.objects.all().delete()
    for size, width in ((SMALL, "phone"), (LARGE, "wide")):
        found = context(browser, made, site, viewport=size)
        page = found.new_page()
        for language in ("", "/ar") if width == "phone" else ("",):
            for path in ("settings/notices", "settings/notices/ntfy", "settings/notices/webpush",
                         "trial"):  # fmt: skip
                page.goto(f"{site}{language}/desk/{path}")
                photograph(page, f"{path.replace('/', '-')}{language.replace('/', '-')}-{width}")
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
                page.evaluate(axe)
                broken = page.evaluate(AXE, TAGS)
                assert not broken, (path, broken)
        found.close()


def test_who_presses_in_a_trial_reads_so_before_and_after(
    browser: Any, made: Busy, site: str
) -> None:
    Trial.objects.all().delete()
    found = browser.new_context(java_script_enabled=False, viewport=SMALL)
    page = found.new_page()
    page.goto(site + arm(made))
    photograph(page, "press-phone")
    assert "Your people get no message yet." in page.content()
    page.locator("button >> text=Send now").click()
    photograph(page, "pressed-phone")
    assert "Your people get no message yet." in page.content()
    assert "PEOPLE" not in page.content() and "sister" not in page.content()
    found.close()


def test_a_browser_that_cannot_says_so_and_nothing_is_kept(
    browser: Any, made: Busy, site: str
) -> None:
    """Without a push service a browser refuses; the page says what can be done instead."""
    found = context(browser, made, site, viewport=SMALL)
    page = found.new_page()
    page.goto(f"{site}/desk/settings/notices/webpush")
    page.locator("button >> text=Let this browser show notes").click()
    page.locator("[data-push-note]", has_text="choose another way").wait_for()
    assert not Route.objects.exists()
    found.close()


def test_what_the_server_sends_is_shown_under_a_title_that_says_nothing(
    browser: Any, made: Busy, site: str
) -> None:
    found = context(browser, made, site)
    found.grant_permissions(["notifications"], origin=site)
    page = found.new_page()
    page.goto(f"{site}/desk/settings")
    talk = found.new_cdp_session(page)
    seen: list[Any] = []
    talk.on(
        "ServiceWorker.workerRegistrationUpdated", lambda one: seen.extend(one["registrations"])
    )
    talk.send("ServiceWorker.enable")
    page.evaluate(
        """async () => {
        const made = await navigator.serviceWorker.register("/s/push-worker.js");
        const coming = made.installing || made.waiting;
        if (coming) await new Promise((done) => coming.addEventListener("statechange",
            () => coming.state === "activated" && done()));
        window.made = made; }"""
    )
    page.wait_for_timeout(300)
    assert seen
    for text in ("Your notes are here. Please open them right away.",) * 2:
        sent = {"origin": site, "registrationId": seen[-1]["registrationId"], "data": text}
        talk.send("ServiceWorker.deliverPushMessage", sent)
    page.wait_for_function("window.made.getNotifications().then((all) => all.length > 0)")
    shown = page.evaluate(
        "window.made.getNotifications().then((all) => all.map((one) => [one.title, one.body]))"
    )
    # Two of them are one: the newer takes the place of the older.
    assert shown == [["Your notes", "Your notes are here. Please open them right away."]]
    found.close()
