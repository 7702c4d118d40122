"""How a ladder climbs, what an answer is worth and what a plan lacks, decided without a clock, a key
or a table. Minutes count from the press; a contact's hours are their own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Who is always there; every other name in a rung is one of the person's own contacts.
DESK = "desk"
# Opens with the card's token and the duty key; the duty key alone; an officer's key only.
Kind = Literal["card", "duty", "desk"]
KINDS: tuple[Kind, ...] = ("card", "duty", "desk")
State = Literal["open", "answered", "safe", "back", "closed"]
RUNNING: tuple[State, ...] = ("open", "answered")

TAKE_BACK = timedelta(seconds=30)  # for the one who pressed by mistake
HOLD = timedelta(minutes=30)  # how long "I am on it" keeps a ladder still
HOLD_BY_MESSAGE = timedelta(minutes=10)  # the same, said in a message, whose sender can be forged
HELD_BACK = timedelta(minutes=3)  # a press by a stranger's message, while many strangers write
NEAR = timedelta(minutes=10)  # before its end whoever is on it may say that they still are
STILL = 3  # times, one after the other
TRIES = 3  # of one plan within half an hour: a card that was found must not tire its contacts
AGAIN = 50  # times that a press of what rings already is written down
TOP_RINGS = 5  # minutes between two rings of the last rung
LATEST = 24 * 60  # minutes: no rung stands later
RUNGS, CONTACTS, WAYS = 12, 12, 4
DANGER = re.compile(r"[a-z][a-z0-9-]{1,39}")  # a playbook's id; what it holds is not known here


@dataclass(frozen=True)
class Hours:
    """When somebody may be woken, in their own time; both ends empty: always."""

    start: str = ""  # "08:00"
    end: str = ""
    zone: str = "UTC"

    def hold(self, now: datetime) -> bool:
        """Whether `now` (aware) lies within. Hours that pass midnight do so here too."""
        if not self.start or not self.end or self.start == self.end:
            return True
        local = now.astimezone(ZoneInfo(self.zone)).strftime("%H:%M")
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True)
class Contact:
    """Somebody to be told: channels in the order in which they are tried, and when."""

    ways: tuple[str, ...]
    hours: Hours = Hours()
    verified: bool = False


@dataclass(frozen=True)
class Rung:
    """At so many minutes after the press these are told."""

    at: int
    to: tuple[str, ...]


@dataclass(frozen=True)
class Climb:
    """What is to be done now: whom to tell, where the ladder stands, and when it moves next."""

    step: int
    to: tuple[str, ...]
    due_at: datetime
    passed: tuple[int, ...] = ()  # rungs where nobody could be reached


def reachable(
    rung: Rung, contacts: Mapping[str, Contact], now: datetime, *, desk: bool
) -> tuple[str, ...]:
    """Those of a rung who can be told now: with a way, and within their hours."""
    found = []
    for name in rung.to:
        if name == DESK:
            found += [name] if desk else []
        elif name in contacts and contacts[name].ways and contacts[name].hours.hold(now):
            found.append(name)
    return tuple(found)


def climb(
    rungs: Sequence[Rung],
    contacts: Mapping[str, Contact],
    *,
    step: int,
    pressed_at: datetime,
    now: datetime,
    desk: bool = True,
) -> Climb:
    """The next move of an alarm that stands on `step` (-1: nobody was told yet) and is due.

    After a long silence only the newest rung that is due rings. Rungs with nobody to reach are fallen
    through at once. The last one rings again and again; when nobody in it can be reached, whoever can
    be reached of the whole ladder is told instead.
    """
    top = len(rungs) - 1
    due = [at for at in range(step + 1, top + 1) if pressed_at + _minutes(rungs[at].at) <= now]
    at = due[-1] if due else min(step + 1, top)
    passed = []
    to = reachable(rungs[at], contacts, now, desk=desk)
    while not to and at < top:
        passed.append(at)
        at += 1
        to = reachable(rungs[at], contacts, now, desk=desk)
    if not to:
        passed.append(at)
        everybody = tuple(dict.fromkeys(name for rung in rungs for name in rung.to))
        to = reachable(Rung(0, everybody), contacts, now, desk=desk)
    if at == top:
        return Climb(at, to, now + _minutes(TOP_RINGS), tuple(passed))
    # Counted from the press, however late this move came, so that nothing drifts; after a rung that
    # somebody had told early, the next one waits no longer than it would have waited.
    gap = _minutes(rungs[at + 1].at - rungs[at].at)
    next_at = max(
        min(pressed_at + _minutes(rungs[at + 1].at), now + gap), now + timedelta(seconds=1)
    )
    return Climb(at, to, next_at, tuple(passed))


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


# --- check-ins -----------------------------------------------------------------------------------
SOONEST, FARTHEST = 10, 14 * 24 * 60  # minutes until somebody is to be heard of
LEGS = 12
GRACE, SHORTEST_GRACE, LONGEST_GRACE = 20, 5, 240  # minutes between a time and the plan's press
NUDGES = 2  # reminders to the person, before anybody else is told
SNOOZES, SNOOZE_MINUTES = 3, (15, 30, 60)


# --- a phrase in a message -----------------------------------------------------------------------
# The kind of the plan that it presses, a copy of the one that is pressed by hand.
KEYWORD = "keyword"
# Of how many words a phrase must be that presses: by one of the person's own numbers, by any number.
WORDS_OWN, WORDS_ANY = 2, 3
OWN_NUMBERS = 2


# --- a plan's document ---------------------------------------------------------------------------
# A ladder that tells the desk and nobody else, for whoever has no plan that can be opened.
DESK_ONLY: dict[str, Any] = {
    "rungs": [[0, [DESK]]], "people": {}, "text": "", "name": "", "word": "", "forced": "",
    "language": "en",
}  # fmt: skip


def contacts_of(doc: Mapping[str, Any], reached: Sequence[str] = ()) -> dict[str, Contact]:
    """The contacts of a plan's document, without those who have asked to be left alone. `reached`: who
    has answered a try."""
    return {
        key: Contact(
            tuple(channel for channel, _ in one["ways"]),
            Hours(*one["hours"]),
            one["verified"] or key in reached,
        )
        for key, one in doc["people"].items()
        if key not in doc.get("silent", ())
    }


def rungs_of(doc: Mapping[str, Any]) -> list[Rung]:
    """The rungs of a plan's document."""
    return [Rung(at, tuple(to)) for at, to in doc["rungs"]]


# How an alarm was pressed of which nobody near its person may notice anything.
SILENT = ("not free to speak", "second code", "forced answer")


# --- answers -------------------------------------------------------------------------------------
Answer = Literal["on it", "safe", "escalate", "stop"]
ANSWERS: tuple[Answer, ...] = ("on it", "safe", "escalate", "stop")
Effect = Literal["taken", "late", "over", "word", "confirm", "still", "moved", "silent"]


def effect(
    answer: Answer,
    *,
    state: State,
    step: int,
    asked_at: int,
    word_is_right: bool,
    spoke: bool = False,
    confirms: bool = False,
    may_prolong: bool = False,
    may_hold: bool = True,
) -> Effect:
    """What an answer does. `asked_at` is the step at which this person was asked; `spoke`: they say
    that they have spoken to the person, which `confirms` what another has said; `may_prolong`: they are
    on it, and their time is nearly over; not `may_hold`: they have kept this alarm still as often as
    anybody may.

    taken: it counts. confirm: it keeps still, until those on duty or a second contact confirm it.
    still: they are on it for another while. late: the ladder is past them, and stays as it is; they are
    told who is told now. over: nothing rings any more. word: "safe" wants the agreed word, or somebody
    who spoke to them. moved: the next rung is told now. silent: this person is told nothing more.
    """
    if answer == "stop":
        return "silent"
    if state not in RUNNING:
        return "over"
    if answer == "safe":
        if word_is_right or (spoke and confirms):
            return "taken"
        return "confirm" if spoke else "word"
    if answer == "escalate":
        return "moved" if state == "open" and asked_at == step else "late"
    if state == "answered":
        return "still" if may_prolong else "over"
    return "taken" if asked_at == step and may_hold else "late"


# Answers after which a ladder keeps still.
HOLDS: tuple[Effect, ...] = ("taken", "still", "confirm")


def may_hold(times: int) -> bool:
    """Whether a contact who has kept this alarm still so often may do so once more: whoever has their
    phone, or sends in their name, must not hush it for ever by beginning anew after each end."""
    return times <= STILL


def may_prolong(*, left: timedelta, times: int) -> bool:
    """Whether somebody who is on it may say that they still are: near the end, and not for ever."""
    return left <= NEAR and times < STILL


# --- what a plan lacks ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a plan. `grave` ones keep it from being armed."""

    what: str
    at: int | str = ""
    grave: bool = False


def faults(
    rungs: Sequence[Rung], contacts: Mapping[str, Contact], *, duty: Sequence[Fault] = ()
) -> list[Fault]:
    """Everything that would make a ladder fail: nobody in it, dead or mixed-up steps, contacts that
    are unknown, cannot be reached, are never told or were never tried, the desk missing; and where it
    rings the desk, what the roster lacks (`duty`)."""
    found = []
    if not rungs or not any(rung.to for rung in rungs):
        found.append(Fault("nobody", grave=True))
    if len(rungs) > RUNGS or len(contacts) > CONTACTS:
        found.append(Fault("too many", grave=True))
    before = -1
    for at, rung in enumerate(rungs):
        if rung.at <= before or rung.at > LATEST:
            found.append(Fault("order", at, grave=True))
        before = rung.at
        if not rung.to:
            found.append(Fault("empty step", at))
        unknown = [name for name in rung.to if name != DESK and name not in contacts]
        found += [Fault("unknown", name, grave=True) for name in unknown]
    rings_desk = any(DESK in rung.to for rung in rungs)
    found += duty if rings_desk else [Fault("no desk")]
    used = {name for rung in rungs for name in rung.to}
    for name, contact in contacts.items():
        found += _faults_of(name, contact, used)
    return found


def _faults_of(name: str, contact: Contact, used: set[str]) -> list[Fault]:
    found = []
    if not contact.ways or len(contact.ways) > WAYS:
        found.append(Fault("no way", name, grave=True))
    if not _is_zone(contact.hours.zone):
        found.append(Fault("zone", name, grave=True))
    if name not in used:
        found.append(Fault("never told", name))
    if not contact.verified:
        found.append(Fault("not tried", name))
    return found


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
