"""A phrase that presses: it comes as a short message, from one of the person's own numbers or, if they
chose so, from any. The server itself opens such a plan (kind b), so it says what that costs."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from amparo.alerts import replies, rules
from amparo.alerts.models import ARMED, HOME, PLAN, Alarm, Plan
from amparo.alerts.rules import KEYWORD
from amparo.alerts.services import pressing
from amparo.alerts.services.plans import PRESSED
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound
from amparo.messages import gateways, inbound, ringing
from amparo.messages import rules as messages
from amparo.messages.budgets import Each
from amparo.vault import duty

LONGEST = 60  # letters of a phrase
_say = structlog.get_logger("amparo.alerts")
# What strangers may send, each and all, before phrases that any number may send are held back.
_each, _all = Each(1, most=5), Each(10, most=60)


@dataclass(frozen=True)
class Keyword:
    """A phrase, from which numbers it counts, and whether its sender is sent the plan's own text."""

    phrase: str
    numbers: tuple[str, ...] = ()
    anybody: bool = False
    answer: bool = False
    on: bool = True  # no: a lockdown has put it out


def to() -> list[str]:
    """The numbers to which such a message can be sent; none: they cannot come in here."""
    return gateways.numbers()


def arm(actor: Actor, case: ids.Id, given: Keyword) -> None:
    """Let a phrase press the plan that there is; Invalid names what keeps it from working. It takes the
    place of the phrase before."""
    leave = gate.admit(actor, case, HOME, write=True)
    phrase = _checked(given)
    with operations.writing():
        # Two at once, or a plan that is changed at this moment: one waits for the other, so that one
        # phrase is left, and it presses the plan that there is.
        pressed = Plan.objects.select_for_update().filter(case=case, kind__in=PRESSED)
        plan = pressed.order_by("kind").first()
        if plan is None:
            raise Invalid("there is no plan yet", {"phrase": "no plan"})
        doc = gate.read(leave, PLAN, plan)
        doc[KEYWORD] = {
            "phrase": given.phrase.strip(),
            "numbers": list(given.numbers),
            "anybody": given.anybody,
            "answer": given.answer,
        }
        row = Plan(case=case, kind=KEYWORD, tried=plan.tried, keyword=_mark(phrase))
        row.sealed = gate.seal(leave, PLAN, row.id, doc)
        row.armed = duty.seal(ARMED, row.id, doc)
        Plan.objects.filter(case=case, kind=KEYWORD).delete()
        row.save(force_insert=True)
        journal.note("keyword armed", case, row.id)


def _checked(given: Keyword) -> str:
    phrase, wrong = messages.plain(given.phrase), {}
    if len(phrase.split()) < (rules.WORDS_ANY if given.anybody else rules.WORDS_OWN):
        wrong["phrase"] = "short"
    if len(given.phrase) > LONGEST:
        wrong["phrase"] = "long"
    if _is_a_reply(phrase):
        wrong["phrase"] = "taken"
    if len(given.numbers) > rules.OWN_NUMBERS:
        wrong["numbers"] = "many"
    if any(not messages.is_address("sms", one) for one in given.numbers):
        wrong["numbers"] = "form"
    if not given.numbers and not given.anybody:
        wrong["numbers"] = "none"
    if wrong:
        raise Invalid("this would not press", wrong)
    return phrase


def _is_a_reply(phrase: str) -> bool:
    """Whether a contact's answer could be taken for it, or it for one."""
    known = {
        (messages.plain(word), deed == replies.SAFE)
        for table in replies.all_words().values()
        for deed, words in table.items()
        for word in words
    }
    return any(phrase == word or (more and phrase.startswith(f"{word} ")) for word, more in known)


def _mark(phrase: str) -> bytes:
    return duty.mark(KEYWORD, phrase)


def armed(actor: Actor, case: ids.Id) -> Keyword | None:
    """The phrase of a case, for its person and the desk."""
    leave = gate.admit(actor, case, HOME)
    row = Plan.objects.filter(case=case, kind=KEYWORD).first()
    if row is None:
        return None
    doc = gate.read(leave, PLAN, row)[KEYWORD]
    on = bool(row.armed) and row.keyword is not None
    return Keyword(doc["phrase"], tuple(doc["numbers"]), doc["anybody"], doc["answer"], on)


def disarm(actor: Actor, case: ids.Id) -> None:
    """The phrase presses nothing any more, and the server can open this plan no longer."""
    gate.admit(actor, case, HOME, write=True)
    with operations.writing():
        if not Plan.objects.filter(case=case, kind=KEYWORD).delete()[0]:
            raise NotFound
        journal.note("keyword disarmed", case)


# --- a message came ------------------------------------------------------------------------------
def press(heard: inbound.Heard) -> bool:
    """Press by a message, if it is somebody's phrase and comes from where it may; False when it is none
    of that, which is met with silence."""
    phrase = messages.plain(heard.text)
    if not rules.WORDS_OWN <= len(phrase.split()) <= LONGEST:
        return False
    own, anybody = _found(phrase, heard.sender)
    chosen = own or anybody
    if not chosen:
        return False
    # A right phrase always presses: nobody is locked out by what others send. Where strangers send too
    # much, one that any number may send tells the desk at once, and everybody else a little later.
    hold = not own and stranger(heard.sender)
    for row, doc in chosen:
        _press(row, doc, heard, hold=hold)
    return True


Opened = tuple[Plan, dict[str, Any]]


def _found(phrase: str, sender: str) -> tuple[list[Opened], list[Opened]]:
    """(plans that this number may press, plans that any number may)."""
    own, anybody = [], []
    for row in Plan.objects.filter(kind=KEYWORD, keyword=_mark(phrase)):
        try:
            doc = duty.open_(ARMED, row.id, bytes(row.armed))
        except CannotOpen:
            _say.error("a plan cannot be opened")
            continue
        numbers = [messages.comparable(one) for one in doc[KEYWORD]["numbers"]]
        if sender and messages.comparable(sender) in numbers:
            own.append((row, doc))
        elif doc[KEYWORD]["anybody"]:
            anybody.append((row, doc))
    return own, anybody


def stranger(sender: str) -> bool:
    """Somebody unknown has written once more; whether that is too much just now."""
    alone, together = _each.take(messages.comparable(sender)), _all.take("")
    return alone is not None or together is not None


def forget() -> None:
    """What a new process would not know."""
    _each.forget()
    _all.forget()


def _press(row: Plan, doc: dict[str, Any], heard: inbound.Heard, *, hold: bool) -> None:
    chosen = doc.pop(KEYWORD)
    # The same message twice is the same press; the plan that a page presses is not pressed beside it.
    # It stays with the alarm, and the provider knows its id and the sender: only the duty key finds the
    # one from the other.
    once = _once(row.case, heard.key) if heard.key else ids.new()
    plan = Plan.objects.filter(case=row.case, kind__in=PRESSED).order_by("kind").first() or row
    with operations.writing():
        try:
            wait = rules.HELD_BACK if hold else timedelta()
            pressed = pressing.press_armed(plan, doc, once, "message", hold=wait)
        except Conflict:
            return  # a press of before, of a plan that was changed since
        if chosen["answer"] and heard.sender and not pressed.again:
            _answer(pressed.alarm, heard.sender, doc["text"])


def _once(case: ids.Id, key: str) -> ids.Id:
    """Which press a message is. A provider that had no answer brings it again; hours later the same id
    is another message, for some count theirs from one again, and a real press must ring."""
    now = clock.now()
    before, this = (
        duty.hidden_id("press", case, key, f"{at:%Y-%m-%dT%H}")
        for at in (now - timedelta(hours=1), now)
    )
    return before if Alarm.objects.filter(press=before).exists() else this


def _answer(alarm: ids.Id, sender: str, text: str) -> None:
    """The plan's own words, and no path: whoever finds the phone sees an ordinary message."""
    ring = ringing.Ring(
        id=uuid.uuid5(alarm, "answer to the presser"),
        idem=uuid.uuid5(alarm, f"presser {clock.now().isoformat()}"),
        ways=(("sms", sender),),
        text=text,
        link={},
    )
    ringing.queue(alarm, [ring], kind="", hours=0, at="", urgent=False)
