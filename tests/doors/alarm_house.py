"""What the tests of alarms' pages stand on: a plan of somebody in the busy house, a press, a phone."""

import re
from typing import Any

import pytest
from django.test import Client

from amparo.alerts import jobs, queries
from amparo.alerts.models import Alarm
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans
from amparo.alerts.services.plans import Draft, Person
from amparo.foundation import journal
from amparo.messages import channels, ringing
from tests import make
from tests.doors.desk_house import Busy

SISTER, LAWYER = "sister@example.org", "lawyer@example.org"
PEOPLE = {
    "p1": Person("My sister", (("mail", SISTER), ("sms", "+525512345678"))),
    "p2": Person("R., lawyer", (("mail", LAWYER),)),
}
LADDER = (Rung(0, (DESK, "p1")), Rung(5, (DESK, "p2")))


def arm(made: Busy, who: make.Defender | None = None, kind: Any = "card") -> str:
    """The path of a card's page; empty for a plan without one."""
    draft = Draft(kind, LADDER, PEOPLE, "Your order is ready.", name="Reem", word="blue kettle")
    with made.house.ines.request() as actor:
        token = plans.arm(actor, (who or made.case).case, draft).token
    return f"/p/{token}" if token else ""


def token_of(page: str) -> str:
    """The token of a page's first form."""
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


class Tab:
    """A browser window without cookies: follows the forms of the page it shows."""

    def __init__(self, path: str) -> None:
        self.browser, self.path, self.status = Client(), path, 0
        self._took(self.browser.get(path))

    def _took(self, answer: Any) -> None:
        self.page, self.status = answer.content.decode(), answer.status_code
        assert not answer.cookies and "<script" not in self.page
        assert "script-src" not in answer.headers["Content-Security-Policy"]

    def send(self, token: str | None = None, **sent: str) -> str:
        """Press a button of the page; answers go to the address that its form names."""
        action = re.search(r'<main.*?<form[^>]* action="([^"]+)"', self.page, re.S)
        if action is not None and "/leave" not in action[1]:
            self.path = action[1]
        token = token_of(self.page) if token is None else token
        seen = re.search(r'name="seen" value="(\d+)"', self.page)
        sent = ({"seen": seen[1]} if seen else {}) | sent
        self._took(self.browser.post(self.path, {"token": token, **sent}))
        return self.page


class Phone:
    """What was handed to the channels."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, str]] = []
        monkeypatch.setattr(channels, "send", self._take)
        monkeypatch.setattr(channels, "reaches", lambda channel: True)

    def _take(self, channel: str, address: str, idem: str, *, text: str = "") -> None:
        self.sent.append((address, text))

    def rings(self) -> list[str]:
        """Whom something was sent to since the last look."""
        with journal.unit():
            jobs.climb_due()
            ringing.send_due()
        self.last, self.sent = self.sent, []
        return sorted({address for address, _ in self.last})

    def path(self, address: str = SISTER) -> str:
        """The one-time path in the last message to somebody."""
        text = next(text for one, text in reversed(self.last) if one == address)
        found = re.search(r"/a/[\w-]+", text)
        assert found is not None
        return found[0]


def view(made: Busy) -> queries.AlarmView:
    """The one alarm, as an officer sees it."""
    with made.house.ines.request() as actor:
        return queries.alarm(actor, Alarm.objects.get().id)
