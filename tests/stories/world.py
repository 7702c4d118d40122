"""A small world for stories: a house, somebody with a plain browser, and a clock that can be moved.

Who has no account goes through the pages, without scripts or cookies; officers act through the same
services as their pages; the engine beats as time passes.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, client

from amparo.casework import queries
from amparo.casework.models import Case
from amparo.engine import alarms, heartbeat
from amparo.foundation import clock
from amparo.foundation.config import config
from amparo.messages import channels
from amparo.web.wsgi import Request
from tests import make
from tests.make import House, Officer

ADDRESS = "203.0.113.77"  # where the browser of a story comes from


@dataclass
class Person:
    """Somebody without an account: a browser that keeps nothing, and the code they wrote down."""

    world: "World"
    code: str = ""
    page: str = ""
    path: str = ""

    def _browser(self) -> Client:
        return Client(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT="Telltale/1.0")  # no cookie survives it

    def goes(self, path: str) -> None:
        """Open a page."""
        answer = self._browser().get(path)
        assert answer.status_code == 200
        self._sees(answer, path)

    def _sees(self, answer: Any, path: str) -> None:
        assert not answer.cookies, "a page for people without an account sets no cookie"
        assert answer["Cache-Control"] == "no-store"
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.page, self.path = body.decode("utf-8", "replace"), path
        assert "<script" not in self.page

    def sends(self, path: str = "", **answers: Any) -> int:
        """Send the form of the page one is on; the status of the answer."""
        token = re.search(r'name="token" value="([^"]+)"', self.page)
        sent = {"token": token[1] if token else "", **answers}
        answer = self._browser().post(path or self.path, sent)
        self._sees(answer, path or self.path)
        return int(answer.status_code)

    def asks(self, what: str = "", **more: Any) -> None:
        """Ask for help on the page; keep the code that it shows."""
        self.goes("/new")
        files = [SimpleUploadedFile(name, data) for name, data in more.pop("files", {}).items()]
        status = self.sends(what=what, **more, **({"file": files} if files else {}))
        assert status == 200, self.text
        slip = re.search(r'<ol class="(?:words|digits)".*?</ol>', self.page, re.DOTALL)
        assert slip is not None, self.text
        self.code = " ".join(re.findall(r"<li>([^<]+)</li>", slip[0]))

    def comes_back(self) -> int:
        """Type the code."""
        self.goes("/back")
        return self.sends(code=self.code)

    def writes(self, text: str) -> None:
        """Write again, from the open page."""
        assert self.sends("/n", do="write", text=text) == 200

    @property
    def text(self) -> str:
        """The words of the page one is on."""
        plain = re.sub(r"<(style|svg|template).*?</\1>|<[^>]+>", " ", self.page, flags=re.DOTALL)
        return " ".join(unescape(plain).split())


@dataclass
class World:
    """Everybody of a story, and its clock."""

    house: House
    mails: list[tuple[str, str]] = field(default_factory=list)  # channel, address
    texts: list[tuple[str, str]] = field(
        default_factory=list
    )  # address, what it says beside a notice

    @property
    def ines(self) -> Officer:
        return self.house.ines

    @property
    def tomas(self) -> Officer:
        return self.house.tomas

    @property
    def ruth(self) -> Officer:
        return self.house.ruth

    def somebody(self) -> Person:
        """A person with a browser and no account."""
        return Person(self)

    def fast_forward(self, **span: float) -> None:
        """Let time pass, and the engine do what has become due."""
        clock.forward(timedelta(**span))
        heartbeat.beat((alarms.once, *heartbeat.EVERY_SECOND))
        heartbeat.beat(heartbeat.EVERY_MINUTE)
        heartbeat.beat(heartbeat.EVERY_HOUR)
        heartbeat.beat(heartbeat.EVERY_SECOND)

    def newest(self) -> Any:
        """The case that was written to last."""
        case = Case.objects.order_by("-unread", "due_at").first()
        assert case is not None
        return case.id

    def reads(self, officer: Officer) -> queries.Queue:
        """What an officer sees when they open the queue."""
        with officer.request() as actor:
            return queries.queue(actor)

    # --- what a thief would look through ---------------------------------------------------------
    def everything_on_disk(self) -> bytes:
        """Every file of the installation, databases and their journals included."""
        return b"".join(path.read_bytes() for path in config().data.rglob("*") if path.is_file())

    def everything_in_tables(self) -> bytes:
        """Every value of every column."""
        return b"\0".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for table in make.tables()
            for row in table.objects.all()
            for name, value in row.__dict__.items()
            if name != "_state"
        )


def build(monkeypatch: pytest.MonkeyPatch) -> World:
    """A founded house; what leaves by mail is written down instead of sent."""
    world = World(make.house())

    def send(channel: str, address: str, idem: str, *, text: str = "") -> None:
        world.mails.append((channel, address))
        world.texts.append((address, text))

    monkeypatch.setattr(channels, "send", send)
    monkeypatch.setattr(channels, "reaches", lambda channel: True)
    # Django's test browser makes a request of its own; ours seals files while they come.
    monkeypatch.setattr(client, "WSGIRequest", Request)
    return world
