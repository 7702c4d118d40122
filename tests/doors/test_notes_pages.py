"""The pages of people without an account, each in every state: neutral, light, readable by everyone.

With NOTES_LOOK=FOLDER each is also photographed, to be looked at by a person.
"""

import functools
import gzip
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from amparo.web.tags import drawings
from tests.doors.notes_states import states

WEB = Path(__file__).parents[2] / "src/amparo/web"
CSS = (WEB / "static/page.css").read_text()
NAMES = tuple(states())
LANGUAGES = ("en", "ar")
LOOK = os.environ.get("NOTES_LOOK", "")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = """tags => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
  .then(found => found.violations.map(one => one.id + ": " + one.nodes[0].html.slice(0, 160)))"""


class Reading(HTMLParser):
    """What a test asks of a page: its tags in order, its words, its title."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def every(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in tags]


def html_of(name: str, language: str = "en") -> str:
    with translation.override(language):
        template, context = states()[name]
        return render_to_string(template, context)


@functools.cache
def all_in(language: str) -> dict[str, str]:
    """Every state in a language; a page asks the database whether the house is on trial."""
    return {name: html_of(name, language) for name in NAMES}


@pytest.fixture(params=LANGUAGES)
def pages(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """A language, and every state in it."""
    return request.param, all_in(request.param)


Pages = tuple[str, dict[str, str]]


def test_says_its_language_and_its_direction(pages: Pages) -> None:
    language, found = pages
    for name, html in found.items():
        root = Reading(html).every("html")[0]
        assert root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}, name


def test_holds_no_script_no_style_and_nothing_from_elsewhere(pages: Pages) -> None:
    for name, html in pages[1].items():
        read = Reading(html)
        scripts = [one["src"] for one in read.every("script")]
        assert scripts == (["/s/queue.js", "/s/keep.js"] if name == "keep" else []), name
        assert not read.every("style", "iframe", "img", "object"), name
        for tag, attributes in read.tags:
            assert not [one for one in attributes if one == "style" or one.startswith("on")], name
            for one in ("href", "src", "action", "formaction"):
                where = attributes.get(one, "/")
                assert where[:1] in "/#" or where == "data:,", (name, tag, where)


TELLING = re.compile("amparo|defend|right|danger|threat|victim|help(?!text)|safe|case|risk|legal")
TITLES = {"Notes", "Error: Notes", "ملاحظات", "خطأ: ملاحظات"}


def test_names_neither_the_work_nor_the_danger_in_what_a_browser_keeps(pages: Pages) -> None:
    for name, html in pages[1].items():
        title = re.search("<title>(.*?)</title>", html)
        assert title is not None, name
        assert title[1] in TITLES, name
        kept = [
            attributes.get(one, "")
            for _, attributes in Reading(html).tags
            for one in ("class", "id", "href", "action", "name")
        ]
        assert [one for one in kept if TELLING.search(one)] == [], name


def test_leave_is_the_first_thing_after_the_skip_link(pages: Pages) -> None:
    for name, html in pages[1].items():
        pressable = [
            (tag, attributes)
            for tag, attributes in Reading(html).tags
            if tag in ("a", "button", "form", "select", "textarea", "summary")
        ]
        (_, skip), (form, leave), (button, _) = pressable[:3]
        assert (skip["class"], form, button) == ("skip", "form", "button"), name
        assert leave["method"] == "post", name
        assert leave["action"].endswith("/leave"), name


NEVER = ("victim", "beneficiar", "submit", "invalid", "oops", "session", "!", "error:", "don’t")
NEVER += ("don't", "please wait", "case number", "user ")


def test_speaks_calmly_and_never_these_words(pages: Pages) -> None:
    for name, html in pages[1].items():
        words = Reading(html).text.lower().replace("error: notes", "")
        assert [never for never in NEVER if never in words] == [], name


def test_arabic_words_are_followed_by_arabic_commas() -> None:
    for name, html in all_in("ar").items():
        assert not re.findall("[\u0600-\u06ff](?:</[a-z]+>)*[,;?]", html), name


def test_the_token_stands_before_the_first_file(pages: Pages) -> None:
    for name, html in pages[1].items():
        for form in re.findall("<form.*?</form>", html, re.S):
            file, token = form.find('type="file"'), form.find('name="token"')
            assert file < 0 or -1 < token < file, name


def test_every_question_has_its_words_and_no_id_stands_twice(pages: Pages) -> None:
    for name, html in pages[1].items():
        read = Reading(html)
        found = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
        assert len(found) == len(set(found)), name
        labelled = {attributes.get("for", "") for attributes in read.every("label")}
        asked = read.every("input", "textarea", "select")
        for question in (
            one for one in asked if one.get("type") != "hidden" and "hidden" not in one
        ):
            assert question["id"] in labelled, name
            assert set(question.get("aria-describedby", "").split()) <= set(found), name


def test_a_page_with_its_style_sheet_is_light() -> None:
    style = len(gzip.compress(CSS.encode()))
    assert style <= 6_000
    for name in NAMES:
        # A conversation with everything on it, and a plan that asks for several people.
        most = 20_000 if name.startswith(("plan-", "thread-")) else 18_000
        assert len(html_of(name).encode()) + style <= most, name


def test_the_style_sheet_knows_no_left_and_no_right() -> None:
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    assert not re.findall(r"\b(?:left|right)\b", rules)
    assert not re.findall(
        r"\b(?:margin|padding|border)-(?:top|bottom)\b|[^-]\b(?:top|bottom):", rules
    )
    assert "url(" not in rules
    assert "@import" not in rules


def test_every_drawing_is_used_or_known() -> None:
    used = set()
    for file in WEB.glob("templates/**/*.html"):
        used |= set(re.findall(r'{% icon "([\w-]+)"', file.read_text()))
    assert used <= set(drawings())


def test_a_translation_that_nobody_has_read_shows_english_beside_what_a_life_may_hang_on() -> None:
    html = html_of("withdraw-all", "ar")
    assert 'class="draft"' in html
    beside = re.findall('<div class="beside" lang="en" dir="ltr">(.*?)</div>', html, re.S)
    assert "All keys to what you wrote are destroyed at once." in " ".join(beside)
    assert "beside" not in html_of("withdraw-all", "en")


# --- in a browser --------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    page = context.new_page()

    def serve(route: Any) -> None:
        language, _, name = route.request.url.split("/", 3)[3].partition("/")
        if name == "page.css":
            route.fulfill(body=CSS, content_type="text/css")
        elif name.endswith(".js"):  # the kept page's, tried in a browser of their own
            route.abort()
        else:
            route.fulfill(body=html_of(name, language), content_type="text/html; charset=utf-8")

    page.route("**/*", serve)
    yield page
    context.close()


def go(tab: Any, name: str, language: str = "en") -> None:
    tab.goto(f"http://notes.test/{language}/{name}")


@pytest.mark.needs("chromium", "axe-core")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    tab: Any, axe: str, language: str, scheme: str
) -> None:
    trouble = []
    for width in (320, 1280):
        tab.set_viewport_size({"width": width, "height": 740})
        tab.emulate_media(color_scheme=scheme)
        for name in NAMES:
            go(tab, name, language)
            over = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                trouble.append(f"{name} at {width}: scrolls sideways by {over} px")
            if width == 320 or scheme == "light":
                tab.evaluate(axe)
                trouble += [f"{name} at {width}: {one}" for one in tab.evaluate(AXE, TAGS)]
            photograph(tab, f"{name}-{language}-{width}-{scheme}")
    assert not trouble, "\n".join(trouble)


def photograph(tab: Any, name: str) -> None:
    if LOOK:
        folder = Path(LOOK)
        folder.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=str(folder / f"{name}.png"), full_page=True)


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_scrolls_sideways_with_letters_twice_as_large(tab: Any, language: str) -> None:
    tab.set_viewport_size({"width": 360, "height": 740})
    browser = tab.context.new_cdp_session(tab)
    browser.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    for name in NAMES:
        go(tab, name, language)
        assert tab.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        over = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        photograph(tab, f"{name}-{language}-large")
        assert over <= 0, name
    browser.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})


@pytest.mark.needs("chromium")
def test_the_keyboard_comes_to_skip_then_to_leave_then_to_the_page(tab: Any) -> None:
    go(tab, "start")
    at = []
    for _ in range(2):
        tab.keyboard.press("Tab")
        at.append(tab.evaluate("document.activeElement.innerText").strip())
    assert at == ["Skip to the page", "Leave"]


@pytest.mark.needs("chromium")
def test_what_is_wrong_gets_the_focus(tab: Any) -> None:
    go(tab, "new-wrong")
    tab.locator(".sum:focus").wait_for(timeout=5000)  # a browser does it when it has drawn the page


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("name", ["code-words", "code-digits"])
def test_only_the_slip_is_printed_in_the_size_of_a_card(tab: Any, name: str) -> None:
    go(tab, name)
    tab.emulate_media(media="print")
    printed = tab.evaluate("document.body.innerText").split()
    shown = tab.evaluate("document.querySelector('.slip').innerText").split()
    slip = tab.locator(".slip")
    size = slip.evaluate("it => (({width, height}) => [width, height])(it.getBoundingClientRect())")
    inside = slip.evaluate(
        "it => it.scrollHeight <= it.clientHeight && it.scrollWidth <= it.clientWidth"
    )
    tab.emulate_media(media="screen")
    assert printed == shown
    assert [round(side * 25.4 / 96, 1) for side in size] == [85.6, 54.0]
    assert inside


@pytest.mark.needs("chromium")
def test_without_colours_the_solid_button_still_differs(tab: Any) -> None:
    tab.emulate_media(forced_colors="active")
    go(tab, "start")
    width = "name => getComputedStyle(document.querySelector(name)).borderBlockStartWidth"
    assert tab.evaluate(width, ".need.one") == "4px"
    assert tab.evaluate(width, ".need:not(.one)") == "2px"
    tab.emulate_media(forced_colors="none")
