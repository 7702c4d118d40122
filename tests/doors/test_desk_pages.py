"""Every page of the desk in a real browser: nothing for axe to find, light enough, no sideways scroll.

With DESK_LOOK=FOLDER each page is also photographed, to be looked at by a person.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amparo.alerts.services import roster as services
from amparo.foundation import clock
from amparo.proofs.prove.busy import OUTSIDE, desk_pages, put_on_duty
from amparo.web import middleware
from tests.doors.desk_house import Busy, busy, served

pytestmark = [pytest.mark.needs("chromium", "axe-core"), pytest.mark.timeout(600)]

AXE = """tags => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
  .then(found => found.violations.map(one => one.id + ": " + one.nodes.map(
    node => node.html.slice(0, 160) + " " + (node.any.concat(node.all, node.none)[0] || {}).message
  ).join(" | ")))"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = os.environ.get("DESK_LOOK", "")
VIEWS = [
    # dark, language, widths: a page is fetched once and looked at in each of them
    (False, "", (1280, 360)),
    (True, "ar/", (1280, 360)),
    (True, "", (360,)),
    (False, "ar/", (1280,)),
]
BUDGET = 120 * 1024  # bytes transferred for a first load of a desk page


def pages(made: Busy) -> dict[str, str]:
    """Every address with something on it, by a short name; the proof P37 walks the same."""
    return desk_pages(made.case.case, made.new.case, made.known, made.house.ruth.id)


@pytest.fixture
def desk(browser: Any) -> Iterator[tuple[Busy, str, Any]]:
    """A busy house, its address, and a browser's context that is signed in."""
    made = busy()
    _on_duty(made)
    with served() as address:
        context = browser.new_context()
        cookie = middleware.cookie_of(made.house.ines.handle)
        context.add_cookies([{"name": middleware.SESSION_COOKIE, "value": cookie, "url": address}])
        yield made, address, context
        context.close()


def _on_duty(made: Busy) -> None:
    """Two weeks in which somebody has swapped, is away, is asked, and has left a word."""
    ines, tomas, ruth = made.house.ines, made.house.tomas, made.house.ruth
    now, day = clock.now(), timedelta(days=1)
    with ines.request() as actor:
        made.known["rotation"] = put_on_duty(actor, ines.id, tomas.id, ruth.id)
        services.put_on(actor, ruth.id, start=now + day, end=now + 1.5 * day, line="second")
        services.leave_note(actor, text="A. calls at ten. Her lawyer is told.", at_once=True)
    with tomas.request() as actor:
        services.go_on_leave(actor, start=now + 3 * day, end=now + 5 * day, cover=ines.id)
    with ruth.request() as actor:
        services.go_on_leave(actor, start=now + 8 * day, end=now + 9 * day)


def photograph(page: Any, name: str) -> None:
    """Keep a picture for a person to look at, where one was asked for."""
    if LOOK:
        folder = Path(LOOK)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(folder / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("dark", "language", "widths"), VIEWS if LOOK else VIEWS[:2])
def test_no_page_has_anything_for_axe_to_find(
    desk: tuple[Busy, str, Any], axe: str, dark: bool, language: str, widths: tuple[int, ...]
) -> None:
    made, address, context = desk
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if dark else "light")
    trouble: list[str] = []
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    only = os.environ.get("DESK_LOOK_AT", "").split(",")

    def look(name: str, path: str) -> None:
        if only != [""] and name not in only:
            return
        answer = page.goto(f"{address}/{language}{path}")
        assert answer.status == 200, (name, answer.status)
        page.evaluate(axe)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900 if width > 500 else 740})
            photograph(page, f"{name}-{width}{'-dark' if dark else ''}{'-ar' if language else ''}")
            trouble.extend(f"{name} at {width}: {one}" for one in page.evaluate(AXE, TAGS))
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                trouble.append(f"{name}: scrolls sideways by {over} px at {width}")

    for name, path in pages(made).items():
        look(name, path)
    context.clear_cookies()
    for name, path in OUTSIDE.items():
        look(name, path)
    assert not trouble, "\n".join(trouble)
