"""Arming: what shall happen at a press, written down with the person and tried before it is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amparo.alerts import queries, rules
from amparo.alerts.models import (
    ARMED,
    CARD,
    HOME,
    PLAN,
    REACHED,
    Alarm,
    CallOut,
    CheckIn,
    Plan,
    Silence,
)
from amparo.alerts.rules import Fault, Hours, Rung
from amparo.consent import gate
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.messages import inbound, ringing
from amparo.messages import rules as messages
from amparo.vault import duty, keys

TEXT = 160  # letters of an agreed text: it goes into one short message


@dataclass(frozen=True)
class Person:
    """A contact as the plan's author gives it. `ways` are (channel, address), in their order."""

    label: str
    ways: tuple[tuple[str, str], ...]
    hours: Hours = Hours()
    text: str = ""  # what they are sent; empty: what the plan says
    verified: bool = False


@dataclass(frozen=True)
class Draft:
    """A plan to be armed. `name` is how the person is named to their contacts; it may be empty.

    `text` is the agreed neutral text. Alarm, all-clear and try are the same text with another link,
    so that nobody who sees messages can tell which was which.
    """

    kind: rules.Kind
    rungs: tuple[Rung, ...]
    people: Mapping[str, Person]
    text: str
    name: str = ""
    word: str = ""  # said by whoever is safe
    # Said instead by who is made to say it: the same to the eye, and the desk is told.
    forced: str = ""
    language: str = "en"
    danger: str = ""  # what they fear most: a playbook's id; may be empty


@dataclass(frozen=True)
class Armed:
    """A plan that waits for a press; `token` is the card's, shown once, and empty for other kinds."""

    id: ids.Id
    token: str
    faults: list[Fault]


# A plan that is pressed by hand, by a card or by the desk, replaces the other.
PRESSED: tuple[rules.Kind, ...] = ("card", "desk")


def arm(actor: Actor, case: ids.Id, draft: Draft, *, once: ids.Id | None = None) -> Armed:
    """Write a plan down and arm it; Invalid names what keeps it from working.

    The defender with their code, or an officer beside them. It replaces a plan that is pressed in the
    same way, whose card is dead from then on. `once` is the form's own key: the same form again is a
    Conflict and changes nothing, so that a page from a browser's history kills no card.
    """
    leave = gate.admit(actor, case, HOME, write=True)
    doc = _document(draft)
    found = rules.faults(rules.rungs_of(doc), rules.contacts_of(doc))
    grave = {f"{fault.what} {fault.at}".strip(): "grave" for fault in found if fault.grave}
    if grave:
        raise Invalid("this plan would not work", grave)
    row = Plan(id=once or ids.new(), case=case, kind=draft.kind)
    row.sealed = gate.seal(leave, PLAN, row.id, doc)
    row.reached = duty.seal(REACHED, row.id, {"who": []})
    token = b""
    if draft.kind == "card":
        token, row.armed = duty.make_capsule(CARD, row.id, doc)
        row.find = duty.find(token)
    elif draft.kind == "duty":
        row.armed = duty.seal(ARMED, row.id, doc)
    followers = _followers(leave, case, doc) if draft.kind in PRESSED else []
    with operations.writing():
        if Plan.objects.filter(id=row.id).exists():
            raise Conflict
        for one in followers:
            one.save(update_fields=["sealed", "armed"])
        kinds = PRESSED if draft.kind in PRESSED else (draft.kind,)
        Plan.objects.filter(case=case, kind__in=kinds).delete()
        row.save(force_insert=True)
        journal.note("plan armed", case, row.id, kind=draft.kind)
    return Armed(row.id, duty.as_text(token), found)


def _followers(leave: gate.Leave, case: ids.Id, doc: dict[str, Any]) -> list[Plan]:
    """What a phrase presses is the plan as it is changed now, not as it was."""
    rows = list(Plan.objects.filter(case=case, kind=rules.KEYWORD).exclude(armed=b""))
    for row in rows:
        kept = doc | {rules.KEYWORD: gate.read(leave, PLAN, row)[rules.KEYWORD]}
        row.sealed = gate.seal(leave, PLAN, row.id, kept)
        row.armed = duty.seal(ARMED, row.id, kept)
    return rows


def has_answered(row: Plan, who: str) -> None:
    """A contact has answered a try of this plan: they can be reached. In the answer's transaction."""
    row.reached = duty.seal(REACHED, row.id, {"who": sorted({*queries.reached(row), who})})
    row.save(update_fields=["reached"])


def copy_to_duty(leave: gate.Leave, case: ids.Id) -> Plan:
    """The plan that is pressed by hand, as one that the server presses itself; not saved yet."""
    row = Plan.objects.filter(case=case, kind__in=PRESSED).order_by("kind").first()
    if row is None:
        raise Invalid("there is no plan yet", {"tell": "no plan"})
    doc = gate.read(leave, PLAN, row)
    copy = Plan(case=case, kind="duty", tried=row.tried)
    copy.sealed = gate.seal(leave, PLAN, copy.id, doc)
    copy.armed = duty.seal(ARMED, copy.id, doc)
    copy.reached = duty.seal(REACHED, copy.id, {"who": queries.reached(row)})
    return copy


def _document(draft: Draft) -> dict[str, Any]:
    wrong = {}
    if draft.kind not in rules.KINDS:
        wrong["kind"] = "choose"
    if not draft.text.strip() or len(draft.text) > TEXT:
        wrong["text"] = "length"
    if draft.danger and not rules.DANGER.fullmatch(draft.danger):
        wrong["danger"] = "choose"
    for key, person in draft.people.items():
        if not person.label.strip() or len(person.text) > TEXT:
            wrong[key] = "length"
        for channel, address in person.ways:
            if channel not in messages.TO_CONTACTS or not messages.is_address(channel, address):
                wrong[key] = "address"
    if draft.forced.strip() and (
        not draft.word.strip() or keys.same_word(draft.word, draft.forced)
    ):
        wrong["forced"] = "same"
    if wrong:
        raise Invalid("this plan cannot be kept", wrong)
    people = {
        key: {
            "label": one.label.strip(),
            "ways": [list(way) for way in one.ways],
            "hours": [one.hours.start, one.hours.end, one.hours.zone],
            "text": one.text.strip(),
            "verified": one.verified,
        }
        for key, one in draft.people.items()
    }
    return {
        "rungs": [[rung.at, list(rung.to)] for rung in draft.rungs],
        "people": people,
        "text": draft.text.strip(),
        "name": draft.name.strip(),
        "word": draft.word.strip(),
        "forced": draft.forced.strip(),
        "language": draft.language,
        "danger": draft.danger,
    }


def disarm(actor: Actor, case: ids.Id, plan: ids.Id) -> None:
    """Take a plan away; a running alarm goes on."""
    gate.admit(actor, case, HOME, write=True)
    with operations.writing():
        row = Plan.objects.filter(case=case, id=plan).first()
        if row is None:
            raise NotFound
        row.delete()
        if row.kind in PRESSED:  # a phrase presses what there is
            Plan.objects.filter(case=case, kind=rules.KEYWORD).delete()
        journal.note("plan disarmed", case, plan)


def forget(case: ids.Id) -> None:
    """A case was erased: nothing of its plans and alarms stays."""
    Plan.objects.filter(case=case).delete()
    Silence.objects.filter(case=case).delete()
    for row in CheckIn.objects.filter(case=case):
        ringing.drop(row.id)
        row.delete()
    for asked in CallOut.objects.filter(case=case):
        ringing.drop(asked.id)
        asked.delete()
    for alarm in Alarm.objects.filter(case=case):
        ringing.drop(alarm.id)
        inbound.forget(alarm.id)
        alarm.delete()


def destroy_armed() -> int:
    """Lockdown: no plan opens any more, and no alarm climbs. People are asked to arm again."""
    Alarm.objects.exclude(ladder=b"").update(ladder=b"", due_at=None)
    Silence.objects.all().delete()
    return Plan.objects.exclude(armed=b"").update(armed=b"", find=None, keyword=None)
