"""What every move of a running alarm writes: messages to be sent, moments for the desk, the state."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from amparo.alerts import queries, replies, roster, rules
from amparo.alerts.models import LADDER, MOMENT, Alarm, Moment
from amparo.consent import gate
from amparo.foundation import clock, ids
from amparo.messages import inbound, ringing, trial
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import duty

LINK = "answer"
LINK_HOURS = 48
Doc = dict[str, Any]


def stamp() -> str:
    """The moment as it stands in sealed documents."""
    return clock.now().isoformat(timespec="milliseconds")


def moment(alarm: Alarm, what: str, **more: Any) -> Moment:
    """One thing that happened, for the desk; the caller saves it in the deed's transaction."""
    row = Moment(alarm=alarm)
    doc = {"what": what, "at": stamp(), "step": alarm.step} | more
    row.sealed = gate.seal_to_team(INTAKE, MOMENT, row.id, doc)
    return row


def begun(now: datetime) -> Doc:
    """What a ladder's document has beside the plan's, from the press on."""
    return {
        "pressed_at": now.isoformat(),
        "told": [],
        "silent": [],
        "on_it": "",  # who keeps it still
        "still": 0,  # how often they have said so again
        "safe": [],  # who says that they have spoken to the person
    }


def quieted(case: ids.Id, doc: Doc) -> Doc:
    """A plan's document without the numbers that have asked to be told nothing more."""
    quiet = queries.silences(case)
    if not quiet:
        return doc
    people = {
        name: one | {"ways": [way for way in one["ways"] if not queries.is_quiet(way, quiet)]}
        for name, one in doc["people"].items()
    }
    return doc | {"people": people}


def open_ladder(alarm: Alarm) -> Doc:
    """What an alarm climbs, from the copy that the server may open while it runs."""
    return duty.open_(LADDER, alarm.id, bytes(alarm.ladder))


def seal_ladder(alarm: Alarm, doc: Doc) -> None:
    """Put the ladder back, with who was told so far."""
    alarm.ladder = duty.seal(LADDER, alarm.id, doc)


def ladder(doc: Doc) -> tuple[list[rules.Rung], dict[str, rules.Contact]]:
    """The rungs of a plan and those whom they may tell. In a trial every rung rings the desk, and
    nobody outside is told."""
    rungs = rules.rungs_of(doc)
    if not trial.is_on():
        return rungs, rules.contacts_of(doc)
    return [rules.Rung(rung.at, (rules.DESK,)) for rung in rungs], {}


def move(alarm: Alarm, doc: Doc, now: datetime) -> list[Moment]:
    """Let an alarm take its next step: whom to tell is queued, `alarm` and `doc` are changed (not yet
    saved). Inside the transaction that saves them. Returns what happened."""
    pressed_at = datetime.fromisoformat(doc["pressed_at"])
    rungs, contacts = ladder(doc)
    next_ = rules.climb(
        rungs,
        contacts,
        step=alarm.step,
        pressed_at=pressed_at,
        now=now,
        desk=ringing.can_ring(people.members_of(INTAKE)),
    )
    alarm.step, alarm.due_at = next_.step, next_.due_at
    alarm.version += 1
    staff = tell(alarm, doc, next_.to)
    passed = [moment(alarm, "nobody", rung=at) for at in next_.passed]
    return [*passed, moment(alarm, "told", to=labels(doc, next_.to), staff=staff)]


def tell(alarm: Alarm, doc: Doc, to: Iterable[str], what: str = "alarm") -> list[str]:
    """Queue a message to each of these; who asked to be left alone is told nothing. Returns whom of the
    staff it rings, by id."""
    names = [one for one in to if one not in doc["silent"]]
    rings, staff = [], list[str]()
    for name in names:
        if name == rules.DESK:
            times = doc.get("rung", 0)
            rung = roster.to_ring(times)
            ringing.ring_staff(alarm.id, rung, _id(alarm, name))
            staff = [str(one) for one in rung]
            doc["rung"] = times + 1
            continue
        person = doc["people"][name]
        rings.append(
            ringing.Ring(
                id=uuid.uuid5(alarm.id, f"{what} {name}"),
                idem=_id(alarm, f"{what} {name}"),
                ways=tuple((channel, address) for channel, address in person["ways"]),
                text=person["text"] or doc["text"],
                words="" if what == "clear" else replies.offered(doc["language"]),
                link={
                    "alarm": str(alarm.id),
                    "who": name,
                    "label": person["label"],
                    "step": alarm.step,
                    "what": what,
                },
            )
        )
    urgent = what == "alarm" and alarm.mode == "actual"
    ringing.queue(alarm.id, rings, kind=LINK, hours=LINK_HOURS, urgent=urgent)
    doc["told"] = sorted({*doc["told"], *names})
    return staff


def _id(alarm: Alarm, what: str) -> ids.Id:
    """The same message of the same move has the same id, however often it is tried."""
    return uuid.uuid5(alarm.id, f"{alarm.version} {what}")


def labels(doc: Doc, names: Iterable[str]) -> list[str]:
    """How these are called at the desk; the desk itself is an empty label."""
    return [doc["people"][one]["label"] if one != rules.DESK else "" for one in names]


def finish(alarm: Alarm, doc: Doc, state: rules.State, *, clear: bool = True) -> None:
    """Nothing rings any more: whoever was told hears that it is over, and what the alarm climbed is
    destroyed. The caller saves it."""
    alarm.state, alarm.due_at = state, None
    alarm.version += 1
    ringing.drop(alarm.id)
    inbound.over(alarm.id)
    if clear:
        tell(alarm, doc, [one for one in doc["told"] if one != rules.DESK], "clear")
    alarm.ladder = alarm.desk = b""
