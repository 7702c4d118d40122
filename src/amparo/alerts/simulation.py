"""A night on paper: what a ladder would do, minute by minute, with channels that fail and people who
answer, or do not. Pure: the same rules as a real alarm, and nothing is sent."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from amparo.alerts import rules
from amparo.alerts.rules import DESK, Contact, Rung
from amparo.messages import rules as messages

ENGINE = "engine"


@dataclass(frozen=True)
class Outage:
    """Something does not work from one minute to another: a channel, the desk, or the engine."""

    what: str
    begin: float
    end: float

    def holds(self, minute: float) -> bool:
        """Whether it lasts at this minute."""
        return self.begin <= minute < self.end


@dataclass(frozen=True)
class Says:
    """What somebody does, so many minutes after the first message has reached them."""

    after: float
    answer: rules.Answer
    word: bool = True


@dataclass(frozen=True)
class Event:
    """One thing that happens. `by` is the channel, or empty."""

    minute: float
    what: str  # told, failed, answered, nobody, over
    who: str = ""
    by: str = ""
    more: str = ""


@dataclass
class Night:
    """A ladder, who is on it, what fails and who answers what."""

    rungs: Sequence[Rung]
    contacts: Mapping[str, Contact]
    pressed_at: datetime
    outages: Sequence[Outage] = ()
    answers: Mapping[str, Says] = field(default_factory=dict)

    def run(self, minutes: float = 240) -> list[Event]:
        """What happens within so many minutes of the press, in order."""
        return _Run(self, minutes).events


class _Run:
    """The alarm of a night, moved along a queue of times."""

    def __init__(self, night: Night, minutes: float) -> None:
        self.night = night
        self.events: list[Event] = []
        self.state: rules.State = "open"
        self.step, self.move = -1, 0
        self.asked: dict[str, int] = {}
        self.waiting: set[str] = set()
        self._queue: list[tuple[float, int, str, tuple[object, ...]]] = []
        self._order = count()
        self._at(0.0, "climb", 0)
        while self._queue and self._queue[0][0] <= minutes:
            minute, _, what, given = heapq.heappop(self._queue)
            getattr(self, f"_{what}")(minute, *given)

    def _at(self, minute: float, what: str, *given: object) -> None:
        heapq.heappush(self._queue, (minute, next(self._order), what, given))

    def _out(self, what: str, minute: float) -> Outage | None:
        return next((o for o in self.night.outages if o.what == what and o.holds(minute)), None)

    def _say(self, minute: float, what: str, who: str = "", by: str = "", more: str = "") -> None:
        self.events.append(Event(round(minute, 2), what, who, by, more))

    def _climb(self, minute: float, move: int) -> None:
        if move != self.move or self.state not in rules.RUNNING:
            return
        down = self._out(ENGINE, minute)
        if down is not None:
            self._at(down.end, "climb", move)
            return
        self.state = "open"
        found = rules.climb(
            self.night.rungs,
            self.night.contacts,
            step=self.step,
            pressed_at=self.night.pressed_at,
            now=self.night.pressed_at + timedelta(minutes=minute),
            desk=self._out(DESK, minute) is None,
        )
        for at in found.passed:
            self._say(minute, "nobody", more=str(self.night.rungs[at].at))
        self.step, self.move = found.step, self.move + 1
        for name in found.to:
            if name not in self.waiting:  # what waits to somebody is not sent beside it once more
                self.waiting.add(name)
                self._at(minute, "send", name, 0)
        next_at = (found.due_at - self.night.pressed_at) / timedelta(minutes=1)
        self._at(next_at, "climb", self.move)

    def _send(self, minute: float, name: str, tries: int) -> None:
        if self.state != "open" or tries >= messages.RING_TRIES:
            self.waiting.discard(name)
            return
        down = self._out(ENGINE, minute)
        if down is not None:
            self._at(down.end, "send", name, tries)
            return
        ways = self.night.contacts[name].ways if name != DESK else (DESK,)
        way = ways[tries % len(ways)]
        if self._out(way, minute) is not None:
            self._say(minute, "failed", name, way)
            wait = messages.ring_after(tries, len(ways)) / timedelta(minutes=1)
            self._at(minute + wait, "send", name, tries + 1)
            return
        self._say(minute, "told", name, way)
        self.waiting.discard(name)
        first = name not in self.asked
        self.asked[name] = self.step
        says = self.night.answers.get(name)
        if says is not None and first:
            self._at(minute + says.after, "answer", name, says)

    def _answer(self, minute: float, name: str, says: Says) -> None:
        asked = self.asked[name]
        effect = rules.effect(
            says.answer,
            state=self.state,
            step=self.step,
            asked_at=asked,
            word_is_right=says.word,
        )
        self._say(minute, "answered", name, more=f"{says.answer}: {effect}")
        if effect == "moved":
            self.move += 1
            self._at(minute, "climb", self.move)
        elif effect == "taken" and says.answer == "on it":
            self.state, self.move = "answered", self.move + 1
            self._at(minute + rules.HOLD / timedelta(minutes=1), "climb", self.move)
        elif effect == "taken":
            self.state = "safe"
            self._say(minute, "over", name)
