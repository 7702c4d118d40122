"""What providers bring: receipts of messages, words of contacts, phrases that press. Whoever is unknown
hears nothing."""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import structlog

from amparo.alerts import replies as words
from amparo.alerts import rules
from amparo.alerts.models import Alarm, Silence
from amparo.alerts.services import answering, keywords, running
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.errors import Unavailable
from amparo.messages import inbound, ringing
from amparo.messages import rules as messages
from amparo.messages.budgets import Each
from amparo.vault import duty

COUNTED_EVERY = 10.0  # seconds between two counts of strangers that are written down
_acting = Each(6, most=12)  # messages of one known number that act,
_words = Each(1, most=200)  # agreed words that are looked at beside them, and
_back = Each(0.5, most=2)  # what it is sent back
REMEMBERED = 100  # calls
# What was done of calls in which something failed: places in their list, by a mark of the whole.
_half_done: OrderedDict[bytes, frozenset[int]] = OrderedDict()
Doc = dict[str, Any]
_say = structlog.get_logger("amparo.alerts")


def receive(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """A provider's call; NotFound for every call that is none of theirs. What cannot be done just now
    keeps nothing else back that it brings, and is raised at the end; when the provider then calls once
    more with the same, what was done is not done again."""
    told = inbound.read(secret, headers, body)
    call = duty.mark("call", f"{secret} {body.decode('latin-1')}")
    done = _half_done.pop(call, frozenset())
    failed: dict[int, Exception] = {}
    for at, one in enumerate(told):
        try:
            if at not in done:
                _take_in(one)
        except Exception as error:  # noqa: BLE001
            _say.warning("part of a provider's call failed", kind=type(error).__name__)
            failed[at] = error
    if failed:
        _half_done[call] = frozenset(at for at in range(len(told)) if at not in failed)
        while len(_half_done) > REMEMBERED:
            _half_done.popitem(last=False)
        raise next(iter(failed.values()))


def _take_in(one: inbound.Receipt | inbound.Heard) -> None:
    if isinstance(one, inbound.Receipt):
        _report(one)
    else:
        heard(one)


def _report(one: inbound.Receipt) -> None:
    if one.delivered is None:
        return
    if not ringing.reported(one.reference, delivered=one.delivered) and ringing.being_sent():
        # Perhaps its sender has not written down yet what it names already.
        raise Unavailable("it may be known in a moment")


def heard(one: inbound.Heard) -> None:
    """A message came in: a phrase that presses, a word of somebody who was told, or nothing of ours."""
    if keywords.press(one):
        return
    said, word = words.understood(one.text)
    if said == words.START and one.sender:
        _tell_again(one.sender)
    told = _told(one.sender) if one.sender else None
    if told is None:
        keywords.stranger(one.sender)
        _strangers.count()
    elif _may_act(one.sender, told, said, word):
        _act(one.sender, told, said, word)


def _may_act(sender: str, told: Doc, said: str, word: str) -> bool:
    """Whether a message of a known number does something. Others can write in its name, and what they
    send must not keep the agreed word out; how many words may be tried is bounded too, for one that
    could be tried without end would be guessed."""
    number = messages.comparable(sender)
    if _acting.take(number) is None:
        return True
    tried = said == words.SAFE and bool(word) and _words.take(number) is None
    return tried and answering.is_right(told, word)


def _told(sender: str) -> Doc | None:
    """The alarm that a number was last told of; one that runs before one that is over."""
    known = inbound.who_is(sender)
    found = Alarm.objects.filter(id__in=[ids.of(one["alarm"]) for one in known])
    states = {str(row_id): state for row_id, state in found.values_list("id", "state")}
    known = [one for one in known if one["alarm"] in states]
    return min(known, key=lambda one: states[one["alarm"]] not in rules.RUNNING, default=None)


def _act(sender: str, told: Doc, said: str, word: str) -> None:
    answer = next((one for one in rules.ANSWERS if one == said), None)
    effect = answering.answer(told, answer, word=word, by_message=True) if answer else ""
    if answer == "stop":
        _silence(sender, told)
        return
    # Whoever ended it hears so with everybody else.
    if answer == "safe" and effect == "taken" and told["what"] != "try":
        return
    if _back.take(messages.comparable(sender)) is None:
        _send_back(sender, told, named=not answer)


def _silence(sender: str, told: Doc) -> None:
    case = Alarm.objects.values_list("case", flat=True).get(id=ids.of(told["alarm"]))
    with operations.writing():
        Silence.objects.get_or_create(case=case, number=inbound.mark(sender))
        journal.note("contact asked for silence", case)


def _tell_again(sender: str) -> None:
    quiet = Silence.objects.filter(number=inbound.mark(sender))
    if quiet.exists():
        with operations.writing():
            quiet.delete()
            journal.note("contact may be told again")


def _send_back(sender: str, told: Doc, *, named: bool) -> None:
    """The agreed text once more, with a path to a page that says how it stands; `named`: with the words
    that can be sent, for somebody whose own were none of them."""
    alarm = ids.of(told["alarm"])
    ring = ringing.Ring(
        id=uuid.uuid5(alarm, f"back {told['who']}"),
        idem=uuid.uuid5(alarm, f"back {told['who']} {clock.now().isoformat()}"),
        ways=(("sms", sender),),
        text=told["text"],
        link={name: told[name] for name in ("alarm", "who", "label", "step", "what")},
        words=told["words"] if named else "",
    )
    with operations.writing():
        hours = running.LINK_HOURS
        ringing.queue(alarm, [ring], kind=running.LINK, hours=hours, urgent=False)


class _Strangers:
    """Counts in memory and writes seldom: a flood of messages is no flood of writes."""

    def __init__(self) -> None:
        self._lock, self._count, self._written = threading.Lock(), 0, 0.0

    def count(self) -> None:
        with self._lock:
            self._count += 1
            if time.monotonic() - self._written < COUNTED_EVERY:
                return
            count, self._count, self._written = self._count, 0, time.monotonic()
        inbound.count_strangers(count)

    def forget(self) -> None:
        with self._lock:
            self._count, self._written = 0, 0.0


_strangers = _Strangers()


def forget() -> None:
    """What a new process would not know."""
    for one in (_acting, _words, _back, _strangers):
        one.forget()
    _half_done.clear()
    keywords.forget()
