"""What a scene has in its hands, and how scenes follow each other."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from amparo.foundation.errors import AmparoError
from amparo.proofs.demo.browser import Browser, Page
from amparo.proofs.demo.stage import Stage
from amparo.vault import sample

LEAST_LEFT = 4  # seconds that digits must still be good for


class Broken(Exception):
    """Something is not as the story tells it."""


@dataclass
class Case:
    """A request as the desk addresses it."""

    id: str = ""
    name: str = ""

    @property
    def path(self) -> str:
        """Its first page."""
        return f"/desk/c/{self.id}"


@dataclass
class Play:
    """Everybody in the story, and what they know by now."""

    stage: Stage
    officers: dict[str, Browser] = field(default_factory=dict)
    code: str = ""  # Amina's nine words
    lost: str = ""  # those that she lost
    thread: Page | None = None  # her window, as she left it open
    amina: Browser = field(init=False)
    case: Case = field(default_factory=Case)
    notes: dict[str, Any] = field(default_factory=dict)
    signs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.amina = Browser(self.stage.port)

    def officer(self, name: str) -> Browser:
        """Somebody's machine at the desk."""
        if name not in self.officers:
            self.officers[name] = Browser(self.stage.port, keeps_cookies=True)
        return self.officers[name]

    def digits(self, name: str) -> str:
        """Six digits that were not used before: the last set first, then the present one."""
        person = sample.person(name)
        if person is None:
            raise Broken(f"nobody is called {name}")
        while True:
            left, now = sample.seconds_left(), sample.period()
            used = self.signs.get(name, 0)
            for step in (now - 1, now):
                if step > used and (step == now or left > LEAST_LEFT):
                    self.signs[name] = step
                    return person.digits(back=now - step)
            time.sleep(left)

    def sign_in(self, name: str, *, passphrase: str = "") -> Page:
        """Name, passphrase, digits; returns the page that follows."""
        person, browser = sample.person(name), self.officer(name)
        if person is None:
            raise Broken(f"nobody is called {name}")
        page = browser.get("/desk/sign-in")
        page = browser.send(
            page,
            page.form("name", "passphrase", "second"),
            name=name,
            passphrase=passphrase or person.passphrase,
            second=self.digits(name),
        )
        if page.path == "/desk/first":  # the key file, offered once: another day
            page = browser.send(page, page.form("csrfmiddlewaretoken", to="/first$"))
        return page

    def open_notes(self, code: str = "", browser: Browser | None = None) -> Page:
        """Come back with a code."""
        browser = browser or self.amina
        page = browser.get("/back")
        return browser.send(page, page.form("code"), code=code or self.code)

    def act(self, who: str, verb: str, case: Case | None = None, **typed: Any) -> Page:
        """Open a deed's page at the desk, fill it, press its button."""
        browser, case = self.officer(who), case or self.case
        page = browser.get(f"{case.path}/do/{verb}")
        expect(page.status == 200, f"{verb}: the page answers {page.status}")
        done = browser.send(page, page.form("csrfmiddlewaretoken", to=f"/do/{verb}$"), **typed)
        expect(done.status == 200, f"{verb}: {said(done)}")
        return done

    def fill(self, who: str, path: str, *names: str, **typed: Any) -> Page:
        """The form with these fields at an address of the desk, filled and sent."""
        browser = self.officer(who)
        page = browser.get(path)
        expect(page.status == 200, f"{path} answers {page.status}")
        form = page.form("csrfmiddlewaretoken", *names, to=path.split("?")[0] + "$")
        for name, value in typed.items():
            if isinstance(value, Labelled):
                typed[name] = form.pick(name, value)
        return browser.send(page, form, **typed)

    def compartment(self, who: str, code: str) -> Page:
        """A compartment of the case, as somebody sees it."""
        return self.officer(who).get(f"{self.case.path}/part/{code}")


class Labelled(str):
    """A choice that is named by the words beside it."""

    __slots__ = ()


def expect(good: bool, wrong: str) -> None:
    """Broken, unless it is so."""
    if not good:
        raise Broken(wrong)


def said(page: Page) -> str:
    """What a page tells, for a story that stops there: its complaints, or how it begins."""
    complaint = re.search(r"(?:One thing|\d+ things) before we go on(.{0,300})", page.text)
    return f"{page.path} {page.status}: {(complaint.group(1) if complaint else page.text[:160])}"


# --- scenes --------------------------------------------------------------------------------------
Deed = Callable[[Play], str]


@dataclass(frozen=True)
class Scene:
    """One step of the story."""

    chapter: str
    step: str
    deed: Deed


SCENES: list[Scene] = []


def scene(chapter: str, step: str) -> Callable[[Deed], Deed]:
    """The next step of the story; the function returns what was seen."""

    def hang(deed: Deed) -> Deed:
        SCENES.append(Scene(chapter, step, deed))
        return deed

    return hang


@dataclass(frozen=True)
class Outcome:
    """How a step went."""

    scene: Scene
    ok: bool
    ms: float
    detail: str


def perform(scene_: Scene, play: Play) -> Outcome:
    """Play one step; whatever goes wrong is its outcome."""
    begun = time.perf_counter()
    try:
        ok, detail = True, scene_.deed(play)
    except (Broken, LookupError, AmparoError) as error:
        ok, detail = False, str(error)
    except Exception as error:  # whatever it is, the story stops here and says so
        ok, detail = False, f"{type(error).__name__}: {error}"
    return Outcome(scene_, ok, (time.perf_counter() - begun) * 1000, detail)
