"""Check-ins: somebody says when they will be heard of again. Who is late is reminded first; only then
the plan is pressed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from amparo.alerts import rules
from amparo.alerts.models import ARMED, CHECKIN, HOME, CheckIn, Plan
from amparo.alerts.services import plans, pressing, running, silent
from amparo.consent import gate, links
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound
from amparo.foundation.router import KEYSTORE
from amparo.messages import ringing
from amparo.messages import rules as messages
from amparo.vault import duty, keys

LINK = "well"


@dataclass(frozen=True)
class Promise:
    """When somebody will be heard of again.

    `legs`: minutes from now to each time, in order; `every`: minutes between times that go on until
    they are ended. One of the two. `me`: (channel, address) for the reminder, or None. `word` is said
    with "I am well"; `forced` is said instead by somebody who is not free to speak: to the eye it does
    the same, and those on duty are told. Both may be empty. `tell`: whoever is missed has the people of
    their plan told too; while it waits, the server can open whom (see the kinds of plans).
    """

    legs: tuple[int, ...] = ()
    every: int = 0
    grace: int = rules.GRACE
    me: tuple[str, str] | None = None
    text: str = ""
    word: str = ""
    forced: str = ""
    tell: bool = False


@dataclass(frozen=True)
class Waiting:
    """A running check-in, as its person and the desk see it."""

    id: ids.Id
    due_at: datetime
    late: bool
    asks_word: bool
    left: int  # further times after this one; -1: until it is ended
    snoozes: int  # how often it may still be put off


def begin(actor: Actor, case: ids.Id, promise: Promise) -> Waiting:
    """Begin. Whoever is not heard of is looked for by those on duty, and with `tell` by the people of
    their plan. Conflict while one runs that wants a word: it is ended first, with the word."""
    leave = gate.admit(actor, case, HOME, write=True)
    _check(promise)
    before = running_of(actor, case)
    if before is not None and before.asks_word:
        raise Conflict
    plan = plans.copy_to_duty(leave, case) if promise.tell else None
    now = clock.now()
    first = promise.legs[0] if promise.legs else promise.every
    row = CheckIn(case=case, due_at=now + timedelta(minutes=first))
    doc: dict[str, Any] = {
        "legs": [(now + timedelta(minutes=one)).isoformat() for one in promise.legs[1:]],
        "every": promise.every,
        "grace": promise.grace,
        "me": list(promise.me or ()),
        "text": promise.text.strip(),
        "word": promise.word.strip(),
        "forced": promise.forced.strip(),
        "snoozed": 0,
        "calendar": str(ids.NIL),  # the name of the address that a calendar has
    }
    row.sealed = duty.seal(CHECKIN, row.id, doc)
    with operations.writing():
        _over(case)
        if plan is not None:
            plan.save(force_insert=True)
        row.save(force_insert=True)
        journal.note("check-in begun", case, row.id)
    return _shown(row, doc)


def _check(promise: Promise) -> None:
    wrong = {}
    times: Sequence[int] = promise.legs or (promise.every,)
    if bool(promise.legs) == bool(promise.every) or len(times) > rules.LEGS:
        wrong["when"] = "choose"
    if any(not rules.SOONEST <= one <= rules.FARTHEST for one in times):
        wrong["when"] = "range"
    if list(times) != sorted(set(times)):
        wrong["when"] = "order"
    if not rules.SHORTEST_GRACE <= promise.grace <= rules.LONGEST_GRACE:
        wrong["grace"] = "range"
    if promise.me is not None and not messages.is_address(*promise.me):
        wrong["me"] = "address"
    if promise.me is not None and not promise.text.strip():
        wrong["text"] = "empty"
    if promise.forced.strip() and not promise.word.strip():
        wrong["forced"] = "alone"  # where no word is asked for, one that is said would stand out
    if promise.forced.strip() and keys.same_word(promise.word, promise.forced):
        wrong["forced"] = "same"
    if wrong:
        raise Invalid("this cannot be kept", wrong)


def _shown(row: CheckIn, doc: dict[str, Any]) -> Waiting:
    left = -1 if doc["every"] else len(doc["legs"])
    late = row.late > 0 or row.due_at <= clock.now()
    snoozes = rules.SNOOZES - int(doc["snoozed"])
    return Waiting(row.id, row.due_at, late, bool(doc["word"]), left, snoozes)


def running_of(actor: Actor, case: ids.Id) -> Waiting | None:
    """The check-in of a case, or None; None too for one that a lockdown has closed, which another may
    take the place of."""
    gate.admit(actor, case, HOME)
    row = CheckIn.objects.filter(case=case).first()
    try:
        return None if row is None else _shown(row, open_(row))
    except CannotOpen:
        return None


def open_(row: CheckIn) -> dict[str, Any]:
    """What a check-in holds; CannotOpen when the server's key is another one since."""
    return duty.open_(CHECKIN, row.id, bytes(row.sealed))


# --- heard of ------------------------------------------------------------------------------------
def well(actor: Actor, case: ids.Id, *, word: str = "") -> Waiting | None:
    """The person says on their page that they are well; what waits next, or None when it was the last.
    Invalid when a word was agreed and this is neither of the two."""
    with operations.writing():
        return _well(own(actor, case), word)


def own(actor: Actor, case: ids.Id) -> CheckIn:
    """The row of the check-in that runs; inside a transaction it is nobody else's until the end."""
    gate.admit(actor, case, HOME, write=True)
    row = CheckIn.objects.select_for_update().filter(case=case).first()
    if row is None:
        raise NotFound
    return row


def open_link(token: str) -> tuple[dict[str, Any], bool]:
    """A reminder's link, used up: (its body, whether a word is asked for)."""
    body = links.use(token, LINK)
    row = CheckIn.objects.filter(id=ids.of(body["checkin"])).first()
    return body, bool(row and open_(row)["word"])


def fresh_link(body: dict[str, Any]) -> str:
    """Another one, for the page that asks for the word."""
    with transaction.atomic(using=KEYSTORE):  # of one half: there is nothing to undo
        return links.create(LINK, body, hours=running.LINK_HOURS)


def well_by_link(body: dict[str, Any], *, word: str = "") -> None:
    """The same from the reminder; one that has ended meanwhile is all right too."""
    with operations.writing():
        row = CheckIn.objects.select_for_update().filter(id=ids.of(body["checkin"])).first()
        if row is not None:
            _well(row, word)


def _heard(row: CheckIn, word: str) -> dict[str, Any]:
    """What a check-in holds, for somebody who said its word, where one was agreed. The other word does
    the same, and the engine rings the desk."""
    doc = open_(row)
    if doc["word"]:
        free = keys.same_word(doc["word"], word)
        forced = keys.same_word(doc["forced"], word) and bool(doc["forced"])
        if not free and not forced:
            raise Invalid("this is not the word", {"word": "wrong"})
        silent.said(row.case, forced=forced, by="word")
    return doc


def _well(row: CheckIn, word: str) -> Waiting | None:
    doc = _heard(row, word)
    ringing.drop(row.id)
    now = clock.now()
    if doc["every"]:
        row.due_at = now + timedelta(minutes=doc["every"])
    elif doc["legs"]:
        row.due_at = datetime.fromisoformat(doc["legs"].pop(0))
    else:
        _over(row.case)
        journal.note("check-in over", row.case)
        return None
    row.late, doc["snoozed"] = 0, 0
    row.sealed = duty.seal(CHECKIN, row.id, doc)
    row.save()
    journal.note("check-in", row.case, row.id)
    return _shown(row, doc)


def snooze(actor: Actor, case: ids.Id, *, minutes: int, word: str = "") -> Waiting:
    """Put the present time off, a few times and not for long; Conflict when that is used up."""
    if minutes not in rules.SNOOZE_MINUTES:
        raise Invalid("choose", {"minutes": "choose"})
    with operations.writing():
        row = own(actor, case)
        doc = _heard(row, word)
        may = int(doc["snoozed"]) < rules.SNOOZES
        if may:
            doc["snoozed"] += 1
            row.due_at, row.late = max(row.due_at, clock.now()) + timedelta(minutes=minutes), 0
            row.sealed = duty.seal(CHECKIN, row.id, doc)
            row.save()
            ringing.drop(row.id)
            journal.note("check-in put off", case, row.id)
    if not may:
        raise Conflict  # only now: what a forced word has set off stands
    return _shown(row, doc)


def end(actor: Actor, case: ids.Id, *, word: str = "") -> None:
    """No more check-ins, and nobody is told."""
    with operations.writing():
        _heard(own(actor, case), word)
        _over(case)
        journal.note("check-in ended", case)


def _over(case: ids.Id) -> None:
    """Nothing waits any more, and the server can open nobody's contacts for it."""
    for row in CheckIn.objects.filter(case=case):
        ringing.drop(row.id)
        row.delete()
    Plan.objects.filter(case=case, kind="duty").delete()


# --- late ----------------------------------------------------------------------------------------
def be_late(row: CheckIn) -> None:
    """The next thing that happens to somebody who is not heard of; inside the transaction of whoever
    found it due."""
    try:
        doc = open_(row)
    except CannotOpen:  # a lockdown has come between: that somebody is late is still known
        _ring_the_desk(row, "missed")
        _over(row.case)
        return
    if row.late < rules.NUDGES:
        row.late += 1
        row.due_at = clock.now() + timedelta(minutes=doc["grace"] / rules.NUDGES)
        if doc["me"]:
            _nudge(row, doc)
        row.save()
        journal.note("check-in late", row.case, row.id, times=row.late)
        return
    plan = Plan.objects.filter(case=row.case, kind="duty").exclude(armed=b"").first()
    ringing.drop(row.id)
    if plan is None:
        _ring_the_desk(row, "missed")
    else:
        pressing.press_armed(plan, duty.open_(ARMED, plan.id, bytes(plan.armed)), row.id, "missed")
    _over(row.case)
    journal.note("check-in missed", row.case, row.id)


def _nudge(row: CheckIn, doc: dict[str, Any]) -> None:
    """To the person themselves, before anybody else."""
    channel, address = doc["me"]
    ring = ringing.Ring(
        id=row.id,
        idem=uuid.uuid5(row.id, f"nudge {row.late} {row.due_at.isoformat()}"),
        ways=((channel, address),),
        text=doc["text"],
        link={"checkin": str(row.id)},
    )
    ringing.queue(row.id, [ring], kind=LINK, hours=running.LINK_HOURS, at="w")


def _ring_the_desk(row: CheckIn, how: str) -> None:
    """An alarm without contacts: an officer's key opens what there is of a plan, and nobody else is
    told. It rings until somebody is on it."""
    # Of no plan that a card could show: who holds the card sees nothing of it.
    none = Plan(id=row.id, case=row.case, kind="desk")
    # It stays with the alarm: nobody may find the exact time again by trying them all.
    press = duty.hidden_id("press", row.id, how, row.due_at.isoformat())
    pressing.press_armed(none, rules.DESK_ONLY, press, how)
