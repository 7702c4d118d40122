"""A phone that notes what was sent to whom."""

import re
from datetime import timedelta

from amparo.alerts import jobs
from amparo.foundation import clock
from amparo.messages import ringing, rules


class Phone:
    """What was handed to the channels; a channel or an address can be told to fail."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.last: list[tuple[str, str]] = []
        self.down: set[str] = set()

    def send(self, channel: str, address: str, idem: str, *, text: str = rules.TEXT) -> None:
        if address in self.down or channel in self.down:
            raise OSError("gateway says 500")
        self.sent.append((address, text))

    def take(self) -> list[str]:
        """Whom something was sent to since the last look."""
        while jobs.check_ins_due() or jobs.climb_due():
            pass
        ringing.send_due()
        self.last, self.sent = self.sent, []
        return sorted(address for address, _ in self.last)

    def wait(self, minutes: float) -> list[str]:
        """Let time pass, then look."""
        clock.forward(timedelta(minutes=minutes))
        return self.take()

    def token(self, address: str, at: str = "a") -> str:
        """The one-time path of the last message to somebody."""
        text = next(text for one, text in reversed(self.last) if one == address)
        found = re.search(rf"/{at}/([\w-]+)", text)
        assert found is not None, text
        return found[1]
