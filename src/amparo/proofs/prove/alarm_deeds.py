"""Deeds of an alarm for the proofs that kill: a press, a move of the ladder, a claim with its hand-over
and its mark, an answer, a missed check-in. Their judges look at who was told, as the gateway saw it."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from amparo.alerts import jobs
from amparo.alerts.models import Alarm, CheckIn
from amparo.alerts.rules import RUNNING, Rung
from amparo.alerts.services import answering, checkins, plans, pressing
from amparo.foundation import clock, ids, journal
from amparo.foundation.config import config
from amparo.messages import channels, ringing, rules
from amparo.messages.models import Ringing
from amparo.proofs.prove import deeds
from amparo.proofs.prove.deeds import Deed, Judge, Stage

FIRST, SECOND = "first@example.org", "second@example.org"
WORD = "blue kettle"
TEXT = "The parcel is here."


def gateway() -> Path:
    """What was handed over, a line for each message; it outlives whoever wrote it."""
    return config().data.parent / "handed"


def _send(channel: str, address: str, idem: str, *, text: str = rules.TEXT) -> None:
    with gateway().open("a") as lines:
        lines.write(f"{address} {text}\n")


def told(address: str) -> list[str]:
    """The texts that were handed over for somebody."""
    lines = gateway().read_text().splitlines() if gateway().exists() else []
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{address} ")]


def _twice(address: str) -> list[str]:
    """Of messages that came twice, one at most may look like the first."""
    plain = [text for text in told(address) if not text.endswith(" (2)")]
    return [f"{len(plain)} messages to one person do not say that they are repeats"][
        : len(plain) > 1
    ]


# --- before ---------------------------------------------------------------------------------------
def _armed(stage: Stage) -> None:
    channels.send = _send
    channels.reaches = lambda channel: True
    gateway().unlink(missing_ok=True)
    people = {
        "p1": plans.Person("One", (("mail", FIRST),)),
        "p2": plans.Person("Two", (("mail", SECOND),)),
    }
    ladder = (Rung(0, ("p1",)), Rung(5, ("p2",)))
    with stage.defender.request() as actor:
        draft = plans.Draft("card", ladder, people, TEXT, word=WORD)
        stage.more["card"] = plans.arm(actor, stage.defender.case, draft).token
    stage.more["once"] = ids.new()


def _pressed(stage: Stage) -> None:
    _armed(stage)
    _press(stage)


def _called(stage: Stage) -> None:
    """The first contact was told and has opened their link."""
    _pressed(stage)
    with journal.unit():
        ringing.send_due()
        token = re.search(r"/a/([\w-]+)", told(FIRST)[0])
        assert token is not None
        stage.more["body"] = answering.open_link(token[1]).body


def _late(stage: Stage) -> None:
    """The second rung is due."""
    _called(stage)
    clock.forward(timedelta(minutes=6))


def _missing(stage: Stage) -> None:
    """Somebody was reminded twice, and is not heard of."""
    _armed(stage)
    with stage.defender.request() as actor:
        checkins.begin(actor, stage.defender.case, checkins.Promise(every=30, tell=True))
    for minutes in (31, 11):
        clock.forward(timedelta(minutes=minutes))
        with journal.unit():
            jobs.check_ins_due()
    clock.forward(timedelta(minutes=11))


# --- deeds ----------------------------------------------------------------------------------------
def _press(stage: Stage) -> None:
    with journal.unit():
        pressing.press_card(stage.more["card"], once=stage.more["once"])


def _hand_over(stage: Stage) -> None:
    with journal.unit():
        ringing.send_due()


def _climb(stage: Stage) -> None:
    with journal.unit():
        jobs.climb_due()
        ringing.send_due()


def _answer(stage: Stage) -> None:
    with journal.unit():
        answering.answer(stage.more["body"], "safe", word=WORD)


def _miss(stage: Stage) -> None:
    with journal.unit():
        jobs.check_ins_due()


# --- judges ---------------------------------------------------------------------------------------
def _engine() -> None:
    """Another engine goes on, when what the dead one held is no longer its own."""
    clock.forward(rules.RING_LEASE + timedelta(seconds=1))
    with journal.unit():
        while jobs.check_ins_due() or jobs.climb_due():
            pass
        ringing.send_due()


def _alarm(stage: Stage) -> Alarm | None:
    return Alarm.objects.filter(case=stage.defender.case, mode="actual").first()


def _rings(stage: Stage, came_back: bool) -> list[str]:
    wrong = []
    if _alarm(stage) is None:
        wrong += ["an accepted press is lost"] if came_back else []
        _press(stage)  # whoever saw no answer presses again, and it is the same press
    _engine()
    count = Alarm.objects.filter(case=stage.defender.case).count()
    wrong += [] if count == 1 else [f"one press is {count} alarms"]
    wrong += [] if told(FIRST) else ["an alarm rings and told nobody"]
    return wrong + _twice(FIRST)


def _handed(stage: Stage, came_back: bool) -> list[str]:
    _engine()
    wrong = [] if told(FIRST) else ["what a dead sender held is lost"]
    if came_back and len(told(FIRST)) > 1:
        wrong.append("what was marked is sent again")
    waiting = Ringing.objects.filter(origin=getattr(_alarm(stage), "id", ids.NIL))
    wrong += ["what was handed over waits still"] if waiting.exists() else []
    return wrong + _twice(FIRST)


def _climbed(stage: Stage, came_back: bool) -> list[str]:
    _engine()
    row = _alarm(stage)
    wrong = [] if row is not None and row.step == 1 else ["the ladder stands on the wrong rung"]
    wrong += [] if told(SECOND) else ["the next rung was told nothing"]
    return wrong + _twice(SECOND)


def _answered(stage: Stage, came_back: bool) -> list[str]:
    row, wrong = _alarm(stage), list[str]()
    assert row is not None
    if row.state in RUNNING:
        wrong += ["an acknowledged answer is lost"] if came_back else []
        wrong += [] if row.due_at and row.ladder else ["it is not over, and nothing rings on"]
        _answer(stage)
    before = len(told(SECOND))
    clock.forward(timedelta(hours=2))
    _engine()
    row = Alarm.objects.get(id=row.id)
    wrong += [] if row.state == "safe" and not row.ladder else ["an answered alarm is not over"]
    wrong += ["an answered alarm rings on"] if len(told(SECOND)) > before else []
    return wrong


def _missed(stage: Stage, came_back: bool) -> list[str]:
    waits = CheckIn.objects.filter(case=stage.defender.case).exists()
    wrong = []
    if waits == (_alarm(stage) is not None):
        wrong.append("somebody is both waited for and looked for, or neither")
    if came_back and waits:
        wrong.append("a missed check-in is waited for still")
    _engine()
    count = Alarm.objects.filter(case=stage.defender.case).count()
    wrong += [] if count == 1 else [f"who was missed once is looked for {count} times"]
    wrong += [] if told(FIRST) else ["who was missed is looked for by nobody"]
    return wrong + _twice(FIRST)


ALL: dict[str, tuple[Callable[[Stage], None], Deed, Judge]] = {
    "press": (_armed, _press, _rings),
    "hand over": (_pressed, _hand_over, _handed),
    "climb": (_late, _climb, _climbed),
    "answer": (_called, _answer, _answered),
    "miss": (_missing, _miss, _missed),
}
for _name, (_before, _deed, _judge) in ALL.items():
    deeds.PREPARE[_name] = _before
    deeds.DEEDS[_name] = _deed, _judge
