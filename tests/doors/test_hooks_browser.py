"""The page on which somebody lets a message press, and what the desk sees of messages, in a browser.

With HOOKS_LOOK=FOLDER each page is also photographed, to be looked at by a person.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amparo.alerts.models import Alarm
from amparo.alerts.services import keywords, pressing
from amparo.foundation import clock, ids, journal
from amparo.messages.models import Ringing
from tests.doors.desk_house import Busy, context, served
from tests.doors.test_desk_pages import AXE, TAGS
from tests.doors.test_hooks import OWN, SISTER, arm, call
from tests.rooms.messages import provider

pytestmark = [pytest.mark.needs("chromium", "axe-core"), pytest.mark.timeout(300)]
SMALL, LARGE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
LOOK = os.environ.get("HOOKS_LOOK", "")


@pytest.fixture
def site(made: Busy) -> Iterator[str]:
    provider.write(provider.two_way("https://sms.example/send"))
    with served() as address:
        yield address
    provider.unwrite()


def looked_at(page: Any, name: str, axe: str = "") -> None:
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    if axe:
        page.evaluate(axe)
        broken = page.evaluate(AXE, TAGS)
        assert not broken, (name, broken)


@pytest.mark.parametrize("language", ["", "/ar"])
def test_the_page_of_words_fits_a_phone(
    browser: Any, made: Busy, site: str, axe: str, language: str
) -> None:
    arm(made)
    found = browser.new_context(viewport=SMALL)
    page = found.new_page()
    page.goto(f"{site}{language}/back")
    page.fill("[name=code]", made.case.text)
    page.locator("main button").first.click()
    name = language.strip("/") or "en"
    page.locator("ul.links button[value=plan]").click()
    looked_at(page, f"plan-{name}", axe)
    page.locator("button[value=words]").click()
    looked_at(page, f"words-{name}", axe)
    page.fill("[name=phrase]", "cake")
    page.locator("button[value=words-arm]").click()
    looked_at(page, f"words-wrong-{name}", axe)
    page.fill("[name=phrase]", "the cake is for sunday")
    page.fill("[name=a]", OWN)
    page.locator("button[value=words-arm]").click()
    looked_at(page, f"words-armed-{name}", axe)
    assert "the cake is for sunday" in page.input_value("[name=phrase]")
    found.close()


def test_the_desk_sees_what_is_held_back_and_what_came_by_message(
    browser: Any, made: Busy, site: str, axe: str
) -> None:
    token = arm(made)
    with made.house.ines.request() as actor:
        keywords.arm(actor, made.case.case, keywords.Keyword("the cake is for sunday", (OWN,)))
    with journal.unit():
        pressing.press_card(token, once=ids.new())
    origin, now = Alarm.objects.get().id, clock.now()
    Ringing.objects.filter(origin=origin).update(state="handed", handed=1)
    for _ in range(2):
        until = now + timedelta(minutes=2)
        Ringing.objects.create(origin=origin, idem=ids.new(), state="held", due_at=until)
    call(f"from={OWN[1:]}&text=The+cake+is+for+Sunday")
    call(f"from={SISTER[1:]}&text=next")
    for size, width in ((SMALL, "phone"), (LARGE, "wide")):
        found = context(browser, made, site, viewport=size)
        page = found.new_page()
        for language in ("", "/ar"):
            name = language.strip("/") or "en"
            for path in ("alarms", f"alarms/{origin}"):
                page.goto(f"{site}{language}/desk/{path}")
                what = "alarm" if "/" in path else "alarms"
                looked_at(page, f"{what}-{name}-{width}", axe)
        found.close()
