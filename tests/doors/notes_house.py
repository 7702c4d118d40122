"""What the tests of somebody without an account stand on: a window without scripts, on our pages."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image

from amparo.casework import queries
from amparo.foundation import ids
from tests import make
from tests.doors.desk_house import served

STORY = "Two men asked my neighbour when I come home.\nThe same car since Friday."


@dataclass
class Visit:
    """A browser window without scripts, on our pages."""

    house: make.House
    address: str
    tab: Any
    seen: list[tuple[int, str]]  # status and address of every page
    sent: list[tuple[str, str, bytes]]  # address, kind and body of every form

    def go(self, path: str = "/") -> None:
        self.tab.goto(self.address + path)

    def press(self, text: str) -> None:
        self.tab.locator("button, main a.need, summary").filter(has_text=text).first.click()

    def write(self, **answers: str) -> None:
        for name, text in answers.items():
            self.tab.fill(f"#{name}", text)

    @property
    def heading(self) -> str:
        return str(self.tab.locator("h1").first.inner_text())

    @property
    def text(self) -> str:
        return str(self.tab.locator("main").inner_text())

    def code(self) -> str:
        words = self.tab.locator(".slip li")
        words.first.wait_for()
        return " ".join(words.all_inner_texts())

    def ask(self, path: str = "/", **answers: str) -> str:
        """Ask for help; returns the code and stays on its page."""
        self.go(path)
        self.tab.locator("main a.need").first.click()
        self.write(**(answers or {"what": STORY}))
        self.tab.locator("main form button").last.click()
        return self.code()

    def open(self) -> None:
        """Go on from the page of the code."""
        self.tab.check("#kept")
        self.tab.locator("main form button").first.click()

    def come_back(self, code: str) -> None:
        self.go("/back")
        self.write(code=code)
        self.press("Open")


@contextmanager
def visiting(house: make.House, browser: Any) -> Iterator[Visit]:
    """A window that keeps no cookie and stays on our pages."""
    with served() as address:
        context = browser.new_context(
            java_script_enabled=False, viewport={"width": 360, "height": 740}
        )
        visit = Visit(house, address, context.new_page(), [], [])

        def note(response: Any) -> None:
            asked = response.request
            if asked.is_navigation_request():
                visit.seen.append((response.status, response.url))
            if asked.method == "POST":
                kind = asked.headers["content-type"]
                visit.sent.append((asked.url, kind, asked.post_data_buffer or b""))

        visit.tab.on("response", note)
        yield visit
        assert context.cookies() == []
        assert not [url for _, url in visit.seen if not url.startswith(address)]
        context.close()


def only_case(officer: make.Officer) -> ids.Id:
    with officer.request() as actor:
        (row,) = queries.queue(actor).rows
    return row.case


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), (90, 120, 80)).save(out, "JPEG")
    return out.getvalue()


def attach(visit: Visit, *files: tuple[str, bytes]) -> None:
    visit.tab.set_input_files(
        "#file",
        [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files
        ],
    )
