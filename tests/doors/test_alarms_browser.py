"""From a press to somebody who answers and an officer who sees it, in a real browser on a small phone.

With ALARMS_LOOK=FOLDER each page is also photographed, to be looked at by a person.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.doors.alarm_house import Phone, arm, view
from tests.doors.desk_house import Busy
from tests.doors.desk_house import context as desk
from tests.doors.test_desk_pages import AXE, TAGS

pytestmark = [pytest.mark.needs("chromium", "axe-core"), pytest.mark.timeout(300)]
SMALL = {"width": 360, "height": 740}
LOOK = os.environ.get("ALARMS_LOOK", "")


def outside(browser: Any) -> Any:
    """A phone without scripts and cookies."""
    context = browser.new_context(java_script_enabled=False, viewport=SMALL)
    context.set_default_timeout(8000)
    return context


def heading(page: Any) -> str:
    return str(page.locator("h1").first.inner_text())


def test_from_a_press_to_somebody_who_is_on_it_and_an_officer_who_sees_it(
    browser: Any, made: Busy, site: str, phone: Phone
) -> None:
    her, sister = outside(browser), outside(browser)
    page, other = her.new_page(), sister.new_page()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(site + arm(made))
    assert len(asked) <= 3
    page.locator("button >> text=Send now").click()
    assert heading(page) == "It is on its way"
    # "Go" on the keyboard sends the place, and takes nothing back.
    page.fill("#where", "Behind the bakery")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Sent, and sealed.")
    assert heading(page) == "It is on its way"
    phone.rings()

    other.goto(site + phone.path())
    other.locator("main button").click()
    assert heading(other) == "Reem needs help now"
    other.locator("button >> text=I am on it").click()
    other.wait_for_selector("text=left in peace for half an hour")
    page.locator("button >> text=How does it stand?").click()
    assert heading(page) == "Somebody is on it"

    staff = desk(browser, made, site, viewport=SMALL).new_page()
    staff.goto(f"{site}/desk/alarms")
    staff.locator("h3 a").click()
    staff.wait_for_selector("text=My sister is on it")
    assert "Behind the bakery" in staff.inner_text("main")
    staff.locator("label", has_text="I have spoken to them").click()
    staff.locator("button >> text=End this alarm").click()
    staff.wait_for_selector("text=Over: they are safe")
    page.locator("button >> text=How does it stand?").click()
    assert heading(page) == "It is over"
    assert her.cookies() == [] and sister.cookies() == []


def test_a_page_left_open_hears_of_an_alarm(
    browser: Any, made: Busy, site: str, phone: Phone
) -> None:
    staff = desk(browser, made, site).new_page()
    staff.clock.install()
    staff.goto(f"{site}/desk/c/{made.other.case}")
    assert staff.locator("#ringing").inner_text().strip() == ""
    her = outside(browser).new_page()
    her.goto(site + arm(made))
    her.locator("button >> text=Send now").click()
    staff.clock.run_for(21_000)
    staff.locator("#ringing >> text=Look at it now").click()
    staff.wait_for_url("**/desk/alarms")


def test_a_plan_is_made_on_a_phone_without_scripts(browser: Any, made: Busy, site: str) -> None:
    page = outside(browser).new_page()
    page.goto(f"{site}/back")
    page.fill("#code", made.case.text)
    page.locator("main button").first.click()
    page.locator("button >> text=What shall happen if I send for help").click()
    page.fill("#who1", "My sister")
    page.fill("#a1", "sister@example.org")
    page.locator("summary >> text=Second address, hours").first.click()
    page.fill("#from1", "08:00")
    page.fill("#to1", "22:00")
    page.check("#kind_0")
    page.locator("button >> text=Make this plan count").click()
    page.wait_for_selector("text=2 things before we go on")
    assert page.input_value("#a1") == "sister@example.org"
    page.select_option("#zone", "Europe/Paris")
    page.check("#text_0")
    page.locator("button >> text=Make this plan count").click()
    assert heading(page) == "Keep this page"
    box = page.locator(".qr").bounding_box()
    assert box is not None and box["width"] >= 150
    page.locator("main a").click()
    assert heading(page) == "Send a note"
    page.locator("button >> text=Only try it").click()
    assert heading(page) == "The try is on its way"


def test_only_the_card_is_printed_in_the_size_of_a_card(
    browser: Any, made: Busy, site: str
) -> None:
    page = desk(browser, made, site).new_page()
    page.goto(f"{site}/desk/c/{made.case.case}/plan")
    page.check("#kind_0")
    page.locator("button >> text=Make this plan count").click()
    page.wait_for_selector(".qr")
    page.emulate_media(media="print")
    slip = page.locator(".slip")
    printed = page.evaluate("document.body.innerText").split()
    assert len(printed) == 1 and "/p/" in printed[0]
    box = slip.bounding_box()
    assert box is not None
    assert [round(box[side] * 25.4 / 96, 1) for side in ("width", "height")] == [85.6, 54.0]
    assert slip.evaluate("it => it.scrollHeight <= it.clientHeight + 1")


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(360, "light", ""), (1280, "dark", ""), (360, "dark", "ar/"), (1280, "light", "ar/")],
)
def test_axe_finds_nothing_on_the_desks_pages(
    browser: Any,
    made: Busy,
    site: str,
    phone: Phone,
    axe: str,
    width: int,
    scheme: Any,
    language: str,
) -> None:
    context = desk(browser, made, site, color_scheme=scheme, viewport=SMALL | {"width": width})
    page, trouble = context.new_page(), []
    case = f"desk/c/{made.case.case}"

    def look(name: str, path: str = "") -> None:
        if path:
            answer = page.goto(f"{site}/{language}{path}")
            assert answer.status == 200, (name, answer.status)
        if LOOK:
            Path(LOOK).mkdir(parents=True, exist_ok=True)
            file = f"{name}-{width}-{scheme}{language.strip('/')}.png"
            page.screenshot(path=str(Path(LOOK) / file), full_page=True)
        page.evaluate(axe)
        trouble.extend(f"{name}: {one}" for one in page.evaluate(AXE, TAGS))
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            trouble.append(f"{name}: scrolls sideways by {over} px")

    look("nothing-rings", "desk/alarms")
    look("plan-ask", f"{case}/plan")
    page.locator("main button[value=arm]").click()
    look("plan-wrong")
    page.check("#kind_0")
    page.locator("main button[value=arm]").click()
    look("card")
    card = arm(made)
    look("plan", f"{case}/plan")
    look("press", f"{case}/press")
    her = outside(browser).new_page()
    her.goto(site + card)
    her.locator("main button").first.click()
    phone.rings()
    look("alarms", "desk/alarms")
    alarm = f"desk/alarms/{view(made).row.id}"
    look("alarm", alarm)
    if width == SMALL["width"]:  # at three in the morning nobody looks for it
        box = page.locator("button[formaction$='/take']").bounding_box()
        assert box is not None and box["y"] + box["height"] <= SMALL["height"]
    page.locator("#close ~ form button").click()
    look("alarm-wrong")
    page.locator("input[name=how]").first.check()
    page.locator("#close ~ form button").click()
    look("alarm-over")
    assert not trouble, "\n".join(trouble)
