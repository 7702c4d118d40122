"""P37: everybody can use the pages: all of them, in every language, with any eyes, without a mouse.

Chromium opens each page of both surfaces over a real server, in every language, light and dark. axe
looks at it at 320 px, at 200 % zoom and on a wide screen; nothing may scroll sideways, nor with
letters of twice the size. Then a defender's and an officer's whole way is gone with the keyboard
alone; whatever the focus comes to must show it. A page that has an address and was not looked at is a
breach.

Seen to fail: when `components/field.html` loses its label, when `page.css` draws soft text in #555 or
gives `main` a least width, when `:focus-visible` draws nothing, and when `desk/journal` is left out of
the walk.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.proofs.prove.busy import NOTES, OUTSIDE, Busy, busy, desk_pages
from amparo.proofs.prove.found import Found, proves, sample
from amparo.proofs.prove.matrix import table
from amparo.proofs.prove.served import Server, serving
from amparo.proofs.prove.stage import ROOT
from amparo.vault import factors
from amparo.web import middleware
from amparo.web.notes.steps import STEPS

AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ("en", "es", "fr", "ar")
RUN = """() => axe.run(document, {resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  rules: {"target-size": {enabled: true}}
}).then(found => found.violations.map(one => one.id + ": " + one.nodes[0].html.slice(0, 120)))"""
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
NARROW, ZOOMED, WIDE = (320, 640), (640, 450), (1280, 900)  # the second: 1280 × 900 at 200 %
# Addresses that answer something else than a page.
NO_PAGES = {
    "healthz", "desk/", "desk/alarms/now", "desk/alarms/<alarm>/since",
    "t/<token>", "desk/queue/count", "desk/c/<case>/peek", "desk/c/<case>/files/<file>/<number>",
}  # fmt: skip


@dataclass
class Walk:
    """A browser's window in one language and one scheme, and what it has seen."""

    result: Found
    server: Server
    context: Any
    language: str
    scheme: str
    quick: bool = False
    looked: int = 0
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self.page.emulate_media(color_scheme=self.scheme)
        self.axe = AXE.read_text()

    def address(self, path: str) -> str:
        """A page's address in this language."""
        prefix = "" if self.language == "en" else f"{self.language}/"
        return f"http://localhost:{self.server.port}/{prefix}{path}"

    def go(self, path: str, name: str = "", *, status: int = 200) -> None:
        """Open a page and look at it."""
        answer = self.page.goto(self.address(path))
        self.seen.add(path.partition("?")[0])
        name = name or path or "start"
        self.result.expect(answer.status == status, f"{self.where(name)}: answers {answer.status}")
        self.look(name)

    def where(self, name: str) -> str:
        """How a breach is named."""
        return f"{self.language} {self.scheme} {name}"

    def look(self, name: str) -> None:
        """axe at each width, and whether anything scrolls sideways."""
        self.looked += 1
        self.page.evaluate(self.axe)
        sizes = (NARROW,) if self.quick else (NARROW, ZOOMED, WIDE)
        for width, height in sizes:
            self.page.set_viewport_size({"width": width, "height": height})
            over = self.page.evaluate(SIDEWAYS)
            self.result.expect(over <= 0, f"{self.where(name)}: scrolls sideways at {width} px")
            for one in self.page.evaluate(RUN):
                self.result.breaches.append(f"{self.where(name)} at {width} px: {one}")
        if self.scheme == "light":
            self._in_large_letters(name)

    def _in_large_letters(self, name: str) -> None:
        devtools = self.context.new_cdp_session(self.page)
        self.page.set_viewport_size({"width": 1280, "height": 900})
        devtools.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        over = self.page.evaluate(SIDEWAYS)
        self.result.expect(over <= 0, f"{self.where(name)}: scrolls sideways in large letters")
        devtools.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
        devtools.detach()

    def press(self, selector: str, name: str) -> None:
        """Press a button, and look at the page that follows."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.look(name)


# --- the walk -------------------------------------------------------------------------------------
def _notes(walk: Walk, made: Busy) -> None:
    """Everything that somebody without an account comes to."""
    for path in NOTES:
        walk.go(path)
    walk.go("nothing-here", status=404)
    walk.go("new")
    walk.press("main form button.btn", "new, sent empty")
    walk.page.fill("[name=what]", "a call")
    walk.press("main form button.btn", "code")
    walk.page.check("[name=kept]")
    walk.press("main form button.btn", "thread")
    for do in STEPS if not walk.quick else ():
        _step(walk, do)
    walk.go("back")
    walk.page.fill("[name=code]", made.case.text)
    walk.press("main form button.btn", "thread of a case")
    for do in ("who", "choices", "withdraw") if not walk.quick else ():
        _step(walk, do)
    walk.go(made.links.pop(), "link")
    walk.seen.add("l/x")
    walk.press("main form button.btn", "read through a link")


SEND = """wanted => {
  const token = document.querySelector("[name=token]"), form = document.createElement("form");
  form.method = "post";
  form.action = token.form.action.replace(/[^/]*$/, "n");
  for (const [name, value] of [["token", token.value], ["do", wanted]]) {
    const one = document.createElement("input");
    one.name = name; one.value = value;
    form.append(one);
  }
  document.body.append(form);
  form.submit();
}"""


def _step(walk: Walk, do: str) -> None:
    """One of the steps of a conversation."""
    with walk.page.expect_navigation():
        walk.page.evaluate(SEND, do)
    walk.look(f"step {do}")


def _desk(walk: Walk, made: Busy) -> None:
    """Every page of the desk, as an officer who is in every team."""
    for name, path in OUTSIDE.items():
        walk.go(path, name)
    if not walk.quick:
        walk.go(made.invitations.pop(), "invitation, for real")
        walk.press("main form button.btn", "enrol")
    _sign_in(walk, made.world.officers[0].handle)
    pages = desk_pages(made.case.case, made.new.case, made.known, made.world.officers[1].id)
    for name, path in list(pages.items())[:: 8 if walk.quick else 1]:
        walk.go(path, name)
    if walk.quick:
        return
    walk.go(f"desk/c/{made.new.case}/do/decline", "decline")
    walk.press("main form button.btn", "decline, sent empty")
    _sign_in(walk, made.world.officers[1].handle)
    walk.go(f"desk/two/override/{made.known['override']}", "confirm")


def _sign_in(walk: Walk, handle: bytes) -> None:
    cookie = middleware.cookie_of(handle)
    url = f"http://localhost:{walk.server.port}"
    walk.context.add_cookies([{"name": middleware.SESSION_COOKIE, "value": cookie, "url": url}])


def _left_out(seen: set[str]) -> Iterator[str]:
    """Addresses of pages, by the table of P07, that the walk did not come to."""
    for route, methods in table().items():
        page = set(methods.get("GET", "")) & set("ycnb") and not route.startswith("api/")
        pattern = re.sub(r"<\w+>", "[^/]+", route)
        if page and route not in NO_PAGES and not any(re.fullmatch(pattern, one) for one in seen):
            yield route


# --- without a mouse ------------------------------------------------------------------------------
SHOWN = """() => {
  const it = document.activeElement;
  if (it === document.body) return "";
  const drawn = one => {
    const style = one && getComputedStyle(one);
    const outline = style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return outline || style && style.boxShadow !== "none";
  };
  const shows = drawn(it) || drawn(it.labels && it.labels[0]) || drawn(it.parentElement);
  return shows ? "" : it.outerHTML.slice(0, 90);
}"""


@dataclass
class Keyboard:
    """Somebody who has no mouse."""

    walk: Walk
    name: str

    def to(self, selector: str) -> bool:
        """Press Tab until the focus is there; what it passes must show that it has it."""
        page = self.walk.page
        for _ in range(150):
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return True
            page.keyboard.press("Tab")
            hidden = page.evaluate(SHOWN)
            if hidden:
                self.walk.result.breaches.append(f"{self.name}: no focus is seen on {hidden}")
                return False
        self.walk.result.breaches.append(f"{self.name}: the keyboard does not come to {selector}")
        return False

    def type(self, selector: str, text: str) -> None:
        """Go to a field and write."""
        if self.to(selector):
            self.walk.page.keyboard.type(text)

    def press(self, selector: str, key: str = "Enter") -> None:
        """Go to a button or link and press it; waits for the page that follows Enter."""
        if not self.to(selector):
            return
        if key != "Enter":
            self.walk.page.keyboard.press(key)
            return
        with self.walk.page.expect_navigation():
            self.walk.page.keyboard.press(key)

    def sees(self, words: str) -> None:
        """What must stand on the page now."""
        there = words in self.walk.page.inner_text("body")
        self.walk.result.expect(there, f"{self.name}: “{words}” is not there")


def _defender(walk: Walk) -> None:
    """Ask, keep the code, read, write again, leave."""
    keys, page = Keyboard(walk, "a defender's keyboard"), walk.page
    page.goto(walk.address(""))
    keys.press('main a[href$="/new"]')
    keys.type("[name=what]", "words by keyboard")
    keys.press("main form button.btn")
    keys.press("[name=kept]", "Space")
    keys.press("main form button.btn")
    keys.type("[name=text]", "and more by keyboard")
    keys.press("#write button.btn")
    keys.sees("and more by keyboard")
    keys.press('form[action$="/leave"] button')
    keys.walk.result.expect("/n" not in page.url, "a defender's keyboard: Leave does not leave")


def _officer(walk: Walk, made: Busy) -> None:
    """Sign in, find the request, answer it, sign out."""
    keys, page = Keyboard(walk, "an officer's keyboard"), walk.page
    officer = made.world.officers[-1]  # who has not signed in before: each code works once
    asked = page.goto(walk.address("desk/sign-in"))
    keys.type("[name=name]", officer.name)
    keys.type("[name=passphrase]", officer.passphrase)
    # The server's own time, which this process has left.
    with clock.frozen(parsedate_to_datetime(asked.headers["date"])):
        digits = factors.code_now(officer.secret)
    keys.type("[name=second]", digits)
    keys.press("main form button.btn")
    keys.press('form[action$="/desk/first"] button')
    case: ids.Id = made.case.case
    keys.press(f'a[href*="{case}"]')
    if not page.url.endswith(f"/c/{case}"):
        page.goto(walk.address(f"desk/c/{case}"))
    keys.press('a[href$="/messages"]')
    keys.type("[name=text]", "an answer by keyboard")
    keys.press("main form.plate button.btn")
    keys.sees("an answer by keyboard")
    keys.press('form[action$="/desk/lock"] button')
    keys.walk.result.expect("sign-in" in page.url, "an officer's keyboard: cannot sign out")


# --- the proof ------------------------------------------------------------------------------------
@proves("P37")
def accessible() -> Found:
    """The walk in every language and scheme, then the keyboard's."""
    result = Found()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return Found(skipped="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not AXE.is_file():
        return Found(skipped="no chromium or no axe-core here (make setup)")
    turns = [(one, how) for one in LANGUAGES for how in ("light", "dark")]
    turns = turns[-1:] if sample() else turns
    made, looked = busy(len(turns)), 0
    seen: set[str] = set()
    with serving(config().data.parent) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )

        def walk(language: str, scheme: str) -> Walk:
            # Bypassed: our own policy would keep the tool itself from running.
            context = browser.new_context(bypass_csp=True)
            return Walk(result, server, context, language, scheme, quick=sample())

        for language, scheme in turns:
            one = walk(language, scheme)
            _notes(one, made)
            _desk(one, made)
            looked, seen = looked + one.looked, seen | one.seen
            one.context.close()
        keyboards: list[Callable[[Walk], None]] = [_defender, lambda one: _officer(one, made)]
        for keyboard in keyboards:
            one = walk("en", "light")
            keyboard(one)
            one.context.close()
        browser.close()
    for route in _left_out(seen) if not sample() else ():
        result.breaches.append(f"nobody looked at /{route}")
    result.value = str(len(result.breaches))
    result.detail = f"{looked} pages in {len(turns)} dresses, two ways by keyboard"
    return result
