"""Asking helpers whether they can come: those who are open and vetted, in waves, by a message that says
nothing and a page that says what kind of help, roughly where and by when. The first yeses are taken.

Nobody is asked without the defender's yes to it; an authority never without their yes to this
authority, for this case.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from amparo.alerts import roster, waves
from amparo.alerts.models import CALLOUT, HELPER, CallOut, HelperSaid
from amparo.consent import gate, links
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound
from amparo.messages import ringing, trial, ways
from amparo.messages import rules as messages
from amparo.people import directory, keeping, listing
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import duty, server

LINK = "helper"
LINK_HOURS = 24
PART = "cover"  # the compartment that a yes to asking helpers is for: nobody's name stands in it
Doc = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """What is asked for. `by`: until when somebody should be there; empty area or language: any."""

    service: str
    area: str = ""
    language: str = ""
    by: datetime | None = None
    needed: int = 1
    minutes: int = 15  # until the next are asked
    exercise: bool = False


@dataclass(frozen=True)
class Choice:
    """Whom one may ask now, those who fit less well, and authorities of whom nobody may be asked
    without the defender's yes to each."""

    fit: list[directory.Entry]
    wider: list[directory.Entry]
    authorities: list[directory.Entry]
    agreed: bool  # the defender said yes to asking helpers


# --- who may be asked ----------------------------------------------------------------------------
def choice(actor: Actor, case: ids.Id, ask: Ask) -> Choice:
    """Whom one may ask now: open, vetted by two, spoken with lately, with a way that is safe now."""
    _may_look(actor, case)
    wanted = directory.Wanted(ask.service, ask.area, ask.language, open_now=True, urgent=True)
    wide = directory.Wanted(ask.service, ask.area[:2], "", open_now=True, urgent=True)
    now = clock.now()

    def askable(found: directory.Found) -> list[directory.Entry]:
        return [
            one
            for one in found.entries
            if ways.to_send(one.ways, one.zone, now) and (one.exercise or not ask.exercise)
        ]

    fit = askable(directory.search(actor, wanted))
    known = {one.id for one in fit}
    wider = [one for one in askable(directory.search(actor, wide)) if one.id not in known]
    officials = [one for one in fit if one.kind == listing.AUTHORITY]
    allowed = [one for one in officials if _said_yes(case, ask, one.principal)]
    return Choice(
        [one for one in fit if one.kind != listing.AUTHORITY] + ([] if ask.exercise else allowed),
        [one for one in wider if one.kind != listing.AUTHORITY],
        [one for one in officials if one not in allowed and not ask.exercise],
        ask.exercise or _said_yes(case, ask, directory.helpers(actor)),
    )


def _may_look(actor: Actor, case: ids.Id) -> None:
    people.require(actor, INTAKE)
    if not gate.holds(actor, case, PART):
        raise NotFound


def _said_yes(case: ids.Id, ask: Ask, to: ids.Id | None) -> bool:
    return to is not None and gate.is_given(case, PART, to, waves.purpose_of(ask.service))


def agree(
    actor: Actor,
    case: ids.Id,
    ask: Ask,
    *,
    how: str,
    label: str,
    language: str = "en",
    entry: ids.Id | None = None,
) -> None:
    """Write down the defender's yes: to asking helpers of this kind, or (`entry`) to one of them."""
    _may_look(actor, case)
    to = directory.entry(actor, entry).principal if entry else keeping.helpers(actor)
    consent.record_answer(
        actor,
        case,
        answer="granted",
        recipient=to,
        label=label,
        purpose=waves.purpose_of(ask.service),
        compartment=PART,
        how=how,
        language=language,
        until=clock.today() + timedelta(days=30),
    )


# --- asking --------------------------------------------------------------------------------------
def begin(
    actor: Actor, case: ids.Id, ask: Ask, *, chosen: Sequence[ids.Id], once: ids.Id
) -> ids.Id:
    """Ask those who were chosen, then those who fit less well; at last the desk hears that nobody came.
    In a trial nobody outside is asked anything: Invalid.

    Invalid names what is missing; Refused without the defender's yes. The same `once` is the same call.
    """
    _check(ask)
    if trial.is_on():
        raise Invalid("nobody outside is told anything yet", {"trial": "trial"})
    found = choice(actor, case, ask)
    known = {one.id: one for one in [*found.fit, *found.wider]}
    if not chosen or any(one not in known for one in chosen):
        raise Invalid("choose whom to ask", {"chosen": "choose"})
    if CallOut.objects.filter(id=once).exists():
        return once
    picked = [known[one] for one in chosen]
    rest = [one for one in known.values() if one.id not in chosen and one.kind != listing.AUTHORITY]
    if not ask.exercise:
        _may_ask(actor, case, ask, picked + rest)
    doc = _document(actor, ask, picked, rest)
    now = clock.now()
    row = CallOut(
        id=once, case=case, mode="exercise" if ask.exercise else "actual", needed=ask.needed
    )
    with operations.writing():
        if CallOut.objects.filter(id=once).exists():
            raise Conflict
        row.save(force_insert=True)
        _move(row, doc, now)
        row.save()
        if not ask.exercise:
            consent.note_disclosure(
                actor,
                case,
                label="helpers",
                purpose=waves.purpose_of(ask.service),
                compartments_shown=[PART],
                how="helpers",
            )
        journal.note("helpers asked", case, row.id, needed=ask.needed)
    return row.id


def _check(ask: Ask) -> None:
    wrong = {}
    if ask.service not in listing.SERVICES:
        wrong["service"] = "choose"
    if not 1 <= ask.needed <= waves.MOST:
        wrong["needed"] = "choose"
    if ask.minutes not in waves.WAITS:
        wrong["minutes"] = "choose"
    if ask.area and not listing.AREA.fullmatch(ask.area):
        wrong["area"] = "area"
    if ask.by is not None and ask.by <= clock.now():
        wrong["by"] = "past"
    if wrong:
        raise Invalid("something is missing", wrong)


def _may_ask(actor: Actor, case: ids.Id, ask: Ask, entries: Sequence[directory.Entry]) -> None:
    """The gate for whatever leaves: the yes to asking helpers, and for an authority the yes to it."""
    purpose = waves.purpose_of(ask.service)
    if any(one.kind != listing.AUTHORITY for one in entries):
        gate.may_disclose(actor, case, PART, recipient=keeping.helpers(actor), purpose=purpose)
    for one in entries:
        if one.kind == listing.AUTHORITY:
            gate.may_disclose(actor, case, PART, recipient=one.principal, purpose=purpose)


def _document(
    actor: Actor, ask: Ask, picked: Sequence[directory.Entry], rest: Sequence[directory.Entry]
) -> Doc:
    return {
        "service": ask.service,
        "area": ask.area,
        "by": ask.by.isoformat() if ask.by else "",
        "minutes": ask.minutes,
        "asker": str(actor.id),
        # Whose key stands for the yes: all helpers together, or one authority.
        "yes": {"": str(keeping.helpers(actor))}
        | {str(one.id): str(one.principal) for one in picked if one.kind == listing.AUTHORITY},
        "wave": -1,
        "waves": waves.waves(
            [str(one.id) for one in picked], [str(one.id) for one in rest], ask.needed
        ),
        "people": {
            str(one.id): {
                "label": one.name,
                "zone": one.zone,
                "ways": [way.doc for way in one.ways if way.channel != ways.CALL],
            }
            for one in [*picked, *rest]
        },
        "asked": {},
        "said": {},
    }


def _move(row: CallOut, doc: Doc, now: datetime) -> None:
    """Ask the next who can be asked now, or tell the desk that nobody is left. The caller saves."""
    doc["wave"] += 1
    while doc["wave"] < len(doc["waves"]):
        to = [key for key in doc["waves"][doc["wave"]] if _may_be_asked(row, doc, key, now)]
        if to:
            _ring(row, doc, to, now)
            break
        doc["wave"] += 1
    else:
        row.due_at = None
        ringing.ring_staff(row.id, roster.to_ring(0), uuid.uuid5(row.id, "nobody"))
        _said(row, "nobody left").save(force_insert=True)
    row.version += 1
    row.run = duty.seal(CALLOUT, row.id, doc)


def _may_be_asked(row: CallOut, doc: Doc, key: str, now: datetime) -> bool:
    """Whether somebody may be asked at this moment: by a way that is safe now, and while the defender's
    yes stands; they may have taken it back since."""
    if row.mode == "actual":
        recipient = ids.of(doc["yes"].get(key, doc["yes"][""]))
        if not gate.is_given(row.case, PART, recipient, waves.purpose_of(doc["service"])):
            return False
    return doc["said"].get(key) is None and bool(_ways_now(doc, key, now))


def _ways_now(doc: Doc, key: str, now: datetime) -> list[ways.Way]:
    person = doc["people"][key]
    return ways.to_send(ways.of_docs(person["ways"]), person["zone"], now)


def _ring(row: CallOut, doc: Doc, to: Sequence[str], now: datetime) -> None:
    rings = []
    for key in to:
        found = _ways_now(doc, key, now)
        doc["asked"][key] = now.isoformat()
        rings.append(
            ringing.Ring(
                id=uuid.uuid5(row.id, key),
                idem=uuid.uuid5(row.id, f"asked {key}"),
                ways=tuple((way.channel, way.address) for way in found),
                text=next((way.text for way in found if way.text), messages.URGENT),
                link={"callout": str(row.id), "who": key, "label": doc["people"][key]["label"]},
            )
        )
    ringing.queue(row.id, rings, kind=LINK, hours=LINK_HOURS, at="r", urgent=row.mode == "actual")
    row.due_at = now + timedelta(minutes=doc["minutes"])
    labels = [doc["people"][key]["label"] for key in to]
    _said(row, "asked", to=labels, wave=doc["wave"]).save(force_insert=True)


def _said(row: CallOut, what: str, **more: Any) -> HelperSaid:
    said = HelperSaid(callout=row)
    doc = {"what": what, "at": clock.now().isoformat(timespec="milliseconds"), "mode": row.mode}
    said.sealed = gate.seal_to_team(INTAKE, HELPER, said.id, doc | more)
    return said


def move_due() -> int:
    """Nobody has come in time: ask the next. Called by the engine; of several each takes others."""
    if server.locked_down():
        return 0
    now, count = clock.now(), 0
    for wanted in CallOut.objects.filter(due_at__lte=now, state="open").values_list(
        "id", flat=True
    ):
        with operations.writing():
            rows = CallOut.objects.select_for_update(skip_locked=True)
            row = rows.filter(id=wanted, due_at__lte=now, state="open").first()
            if row is None:
                continue
            try:
                _move(row, duty.open_(CALLOUT, row.id, bytes(row.run)), now)
            except CannotOpen:
                row.due_at = None  # after a lockdown, or altered: the desk acts by hand
                ringing.ring_staff(row.id, roster.to_ring(0), uuid.uuid5(row.id, "lost"))
            row.save()
            count += 1
    return count


# --- whoever is asked ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Asked:
    """What somebody who is asked is shown: the kind of help, roughly where, by when, and how it stands.
    `said`: what they have answered so far."""

    service: str
    area: str
    by: datetime | None
    state: str
    exercise: bool
    said: str
    body: Doc


def look(token: str) -> Asked:
    """A link of a message; NotFound for every link that opens nothing."""
    return shown(links.look(token, LINK))


def shown(body: Doc) -> Asked:
    """What the holder of a link sees now."""
    row = CallOut.objects.filter(id=ids.of(body["callout"])).first()
    if row is None:
        raise NotFound
    doc = duty.open_(CALLOUT, row.id, bytes(row.run)) if row.run else {}
    by = doc.get("by", "")
    return Asked(
        doc.get("service", ""),
        doc.get("area", ""),
        datetime.fromisoformat(by) if by else None,
        row.state,
        row.mode == "exercise",
        doc.get("said", {}).get(body["who"], ""),
        body,
    )


def reply(body: Doc, answer: str, *, within: int = 0) -> waves.Effect:
    """What somebody who was asked says. The first yeses are taken; a later one hears that it is
    covered."""
    if answer not in waves.ANSWERS or (answer == "yes" and within not in waves.WITHIN):
        raise Invalid("choose", {"answer": "choose"})
    with operations.writing():
        row = CallOut.objects.select_for_update().filter(id=ids.of(body["callout"])).first()
        if row is None or not row.run:
            return "covered" if row and row.state == "covered" and answer == "yes" else "over"
        doc, who = duty.open_(CALLOUT, row.id, bytes(row.run)), body["who"]
        if doc["said"].get(who) == answer == "yes":
            return "taken"
        effect = _count(row, doc, who, answer)
        asked = doc["asked"].get(who)
        waited = clock.now() - datetime.fromisoformat(asked) if asked else timedelta()
        _said(
            row,
            "answer",
            answer=answer,
            effect=effect,
            label=body["label"],
            entry=who,
            within=within,
            seconds=round(waited.total_seconds()),
            service=doc["service"],
        ).save(force_insert=True)
        row.save()
        journal.note("helper answered", row.case, row.id, answer=answer, effect=effect)
    return effect


def _count(row: CallOut, doc: Doc, who: str, answer: str) -> waves.Effect:
    """Carry an answer out; the caller saves."""
    row.version += 1
    if answer != "yes":
        if doc["said"].get(who) == "yes":
            _give_back(row, doc)
        doc["said"][who] = answer
        if row.due_at and waves.all_said_no(doc["asked"], doc["said"]):
            row.due_at = clock.now()
        row.run = duty.seal(CALLOUT, row.id, doc)
        return "noted"
    # The row is locked; the condition stands in the statement too, so that no two are taken for one.
    free = CallOut.objects.filter(id=row.id, state="open", taken__lt=F("needed"))
    if not free.update(taken=F("taken") + 1):
        return "covered"
    row.taken += 1
    doc["said"][who] = "yes"
    if row.taken >= row.needed:
        row.state, row.due_at = "covered", None
        ringing.drop(row.id)
        # Whom it would have asked, and by which ways, is wanted no more.
        doc |= {"people": {}, "waves": [], "yes": {}}
        ringing.ring_staff(
            row.id, [ids.of(doc["asker"])], uuid.uuid5(row.id, f"covered {row.version}")
        )
    row.run = duty.seal(CALLOUT, row.id, doc)
    return "taken"


def _give_back(row: CallOut, doc: Doc) -> None:
    """Somebody cannot come after all. Where it was covered, nobody is left to be asked: the desk hears
    of it at once, and whoever was asked before may still say yes."""
    row.taken -= 1
    if row.state == "covered":
        row.state = "open"
        whom = {ids.of(doc["asker"]), *roster.to_ring(0)}
        ringing.ring_staff(row.id, whom, uuid.uuid5(row.id, f"given back {row.version}"))
        _said(row, "nobody left").save(force_insert=True)


# --- the desk ------------------------------------------------------------------------------------
def _held(actor: Actor, callout: ids.Id) -> CallOut:
    people.require(actor, INTAKE)
    row = CallOut.objects.select_for_update().filter(id=callout).first()
    if row is None or not gate.holds(actor, row.case, PART):
        raise NotFound
    return row


def ask_next(actor: Actor, callout: ids.Id, *, version: int) -> None:
    """An officer wants the next ones asked now."""
    with operations.writing():
        row = _held(actor, callout)
        if row.state != "open" or row.version != version or not row.due_at:
            raise Conflict
        _move(row, duty.open_(CALLOUT, row.id, bytes(row.run)), clock.now())
        row.save()
        journal.note("helpers asked on", row.case, row.id)


def stop(actor: Actor, callout: ids.Id, *, version: int) -> None:
    """Nobody more is wanted: what it would have asked is destroyed, and whoever comes late hears so."""
    with operations.writing():
        row = _held(actor, callout)
        if row.state == "over" or row.version != version:
            raise Conflict
        row.state, row.due_at, row.run = "over", None, b""
        row.version += 1
        row.save()
        ringing.drop(row.id)
        _said(row, "stopped", by=str(actor.id)).save(force_insert=True)
        journal.note("helpers stopped", row.case, row.id)


def destroy_all() -> int:
    """Lockdown: nothing of what would have been asked opens any more."""
    return CallOut.objects.exclude(run=b"").update(run=b"", due_at=None, state="over")


def end_old() -> int:
    """A call of the day before yesterday is over: all its links are, and what it would have asked is
    destroyed."""
    before = clock.today() - timedelta(days=2)
    old = CallOut.objects.filter(day__lte=before).exclude(run=b"")
    return old.update(run=b"", due_at=None, state="over")
