"""A way to reach somebody outside, as the papers of a room keep it sealed: channel, address, safe
hours, the agreed neutral text, whether it was tried, whether it is never to be rung. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from amparo.messages import rules

CALL = "call"  # rung up by a person; nothing is ever sent by it
TEXT = 160  # letters of an agreed text: it goes into one short message


@dataclass(frozen=True)
class Way:
    """One way. `hours` are the owner's own, as 08:00-18:00; empty: any hour."""

    channel: str
    address: str
    hours: str = ""
    text: str = ""
    verified: bool = False
    never_call: bool = False

    @property
    def doc(self) -> dict[str, Any]:
        """As it stands in a sealed document."""
        return asdict(self)


def of_docs(docs: Iterable[Mapping[str, Any]]) -> list[Way]:
    """Ways out of a sealed document."""
    return [Way(**one) for one in docs]


def fault(way: Way) -> str:
    """What is wrong with a way: `choose`, `form`, `hours`, `long`, or nothing."""
    if way.channel not in (CALL, *rules.TO_CONTACTS):
        return "choose"
    # A number to be rung has the form of one that is written to.
    if not rules.is_address("sms" if way.channel == CALL else way.channel, way.address):
        return "form"
    if way.hours and not rules.HOURS.fullmatch(way.hours):
        return "hours"
    return "long" if len(way.text) > TEXT else ""


def may_be_used(way: Way, zone: str, now: datetime) -> bool:
    """Whether a way lies within its safe hours at `now`, by its owner's clock."""
    return rules.may_come(now.astimezone(ZoneInfo(zone)), way.hours)


def to_send(ways: Iterable[Way], zone: str, now: datetime) -> list[Way]:
    """Those by which a message may go now, in their order."""
    return [way for way in ways if way.channel != CALL and may_be_used(way, zone, now)]
