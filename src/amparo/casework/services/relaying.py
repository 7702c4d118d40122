"""Calls that somebody outside the house passes on: they file one, see how far it is, read what the desk
writes to them and nothing of the case, answer, and close the loop.

No key of the case is ever theirs. Their own list is sealed to them alone, so the link from a person who
relays to a request stands nowhere in clear.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import F

from amparo.casework import queries, rules
from amparo.casework.events import RelayTold, RelayWrote
from amparo.casework.models import Case, OutsideAnswer, Relayed, RelayNote
from amparo.casework.services import answers
from amparo.casework.services.desk import case_row
from amparo.casework.services.intake import Asked, Call, ask
from amparo.casework.services.record import (
    Author,
    check_texts,
    due_now,
    only_once,
    stamp,
    wake,
    write_entry,
)
from amparo.consent import gate
from amparo.foundation import events, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.config import config
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.vault import codes

ITEM, NOTE = "casework.relayed", "casework.relay note"


@dataclass(frozen=True)
class Said:
    """One thing that was written between the desk and whoever relays."""

    mine: bool
    text: str
    at: datetime
    outcome: str = ""
    to: str = ""


@dataclass(frozen=True)
class Item:
    """What somebody has passed on. `state`: received, being answered, answered or closed."""

    id: ids.Id
    note: str
    at: datetime
    state: str
    outcome: str  # how they closed the loop; empty until then
    unread: int
    said: list[Said] = field(default_factory=list)


# --- whoever relays ------------------------------------------------------------------------------
def file(actor: Actor, *, once: ids.Id, code: codes.Code, call: Call, note: str = "") -> Asked:
    """Pass on a call for help on somebody's behalf. It is sealed to the desk and to the code, which is
    the caller's; to whoever relays only their own note is. Conflict for a form that was taken in."""
    people.require_relay(actor)
    check_texts(note=note)
    row = Relayed(person=actor.id)

    def own(case: ids.Id) -> None:
        doc = {"case": str(case), "note": note.strip(), "at": stamp(), "outcome": ""}
        row.sealed = gate.seal_own(actor, ITEM, row.id, doc)
        row.save(force_insert=True)

    passed = replace(call, way="relay", relay=f"{row.id} {actor.id}")
    return ask(actor, once=once, code=code, call=passed, beside=own)


def items(actor: Actor) -> list[Item]:
    """What the actor has passed on, newest first, but for what was taken back."""
    people.require_relay(actor)
    rows = {row: _opened(actor, row) for row in Relayed.objects.filter(person=actor.id)}
    cases = {ids.of(doc["case"]) for doc in rows.values()}
    open_ = Case.objects.filter(id__in=cases).exclude(state="withdrawn")
    states = dict(open_.values_list("id", "state"))
    unread = Counter(
        RelayNote.objects.filter(item__in=rows, unread=True).values_list("item", flat=True)
    )
    found = [
        _item(row, doc, states[case], unread[row.id])
        for row, doc in rows.items()
        if (case := ids.of(doc["case"])) in states
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _opened(actor: Actor, row: Relayed) -> dict[str, Any]:
    return dict(gate.read_own(actor, ITEM, row))


def _item(
    row: Relayed, doc: dict[str, Any], state: str, unread: int, said: list[Said] | None = None
) -> Item:
    at = datetime.fromisoformat(doc["at"])
    return Item(row.id, doc["note"], at, rules.relayed(state), doc["outcome"], unread, said or [])


def _mine(actor: Actor, item: ids.Id) -> tuple[Relayed, dict[str, Any], Case]:
    people.require_relay(actor)
    row = Relayed.objects.filter(id=item, person=actor.id).first()
    if row is None:
        raise NotFound
    doc = _opened(actor, row)
    case = Case.objects.filter(id=ids.of(doc["case"])).exclude(state="withdrawn").first()
    if case is None:
        raise NotFound
    return row, doc, case


def item(actor: Actor, item_id: ids.Id) -> Item:
    """One of them, with what was written to and fro; what is new counts as read."""
    row, doc, case = _mine(actor, item_id)
    said = []
    for one in RelayNote.objects.filter(item=row):
        try:
            found = gate.read_own(actor, NOTE, one)
        except CannotOpen:
            continue  # planted, or for a key that was before
        at = datetime.fromisoformat(found["at"])
        said.append(Said(found["mine"], found["text"], at, found["outcome"], found["to"]))
    RelayNote.objects.filter(item=row, unread=True).update(unread=False)
    return _item(row, doc, case.state, 0, sorted(said, key=lambda one: one.at, reverse=True))


def answer(actor: Actor, item_id: ids.Id, *, once: ids.Id | None, text: str) -> None:
    """Write back to the desk; only those on duty can open it."""
    if not text.strip():
        raise Invalid("write an answer", {"text": "empty"})
    _send(actor, item_id, once, text)


def close(
    actor: Actor,
    item_id: ids.Id,
    *,
    once: ids.Id | None,
    outcome: str,
    to: str = "",
    text: str = "",
) -> None:
    """Close the loop: passed on to the person (`to`: where or how), not found, not wanted any more."""
    if outcome not in rules.PASSED_ON:
        raise Invalid("say what came of it", {"outcome": "choose"})
    _send(actor, item_id, once, text, outcome, to.strip())


def _send(
    actor: Actor, item_id: ids.Id, once: ids.Id | None, text: str, outcome: str = "", to: str = ""
) -> None:
    check_texts(text=text, where=to)
    row, doc, case = _mine(actor, item_id)
    out = OutsideAnswer(case=case.id)
    said = {"text": text.strip(), "at": stamp(), "outcome": outcome, "to": to}
    answers.seal(out, said | {"reader": str(actor.id), "by": "relay"})
    copy = RelayNote(item=row, person=actor.id)
    copy.sealed = gate.seal_own(actor, NOTE, copy.id, said | {"mine": True})
    due = due_now(config().first_answer_minutes, config().duty_hours)
    with operations.writing():
        only_once(once)
        out.save(force_insert=True)
        copy.save(force_insert=True)
        if outcome:
            sealed = gate.seal_own(actor, ITEM, row.id, doc | {"outcome": outcome})
            Relayed.objects.filter(id=row.id).update(sealed=sealed)
        # That it was passed on is nothing to be done in what is over; any other word is.
        if text.strip() or outcome != "passed on" or case.state in rules.OPEN:
            wake(case.id, due)
        else:
            Case.objects.filter(id=case.id).update(unread=F("unread") + 1, version=F("version") + 1)
        journal.note("relay wrote", case.id)
        events.announce(RelayWrote(str(case.id)))


def forget(actor: Actor, item_id: ids.Id) -> None:
    """Destroy one's own record of it; what the desk has stays."""
    people.require_relay(actor)
    with operations.writing():
        if not Relayed.objects.filter(id=item_id, person=actor.id).delete()[0]:
            raise NotFound
        journal.note("relay forgot", item_id)


# --- the desk ------------------------------------------------------------------------------------
def through(actor: Actor, row: queries.QueueRow) -> str:
    """The name of whom a request came through; empty for those that came by themselves."""
    _, _, person = row.relay.partition(" ")
    who = ids.parse(person)
    return people.names(actor).get(who, "") if who else ""


def tell(actor: Actor, case: ids.Id, *, text: str, once: ids.Id | None = None) -> None:
    """Write to whoever relays, about this one request. Only they open it, and it stands among the
    desk's own notes. Conflict when they have left, or have destroyed their record."""
    case_row(actor, case)
    if not text.strip():
        raise Invalid("write something", {"text": "empty"})
    check_texts(text=text)
    view = queries.case(actor, case)
    item_id, _, person = view.row.relay.partition(" ")
    who, item_ = ids.parse(person), ids.parse(item_id)
    if who is None or item_ is None:
        raise NotFound
    note = RelayNote(item_id=item_, person=who, unread=True)
    doc = {"text": text.strip(), "at": stamp(), "mine": False, "outcome": "", "to": ""}
    try:
        note.sealed = gate.seal_to_person(who, NOTE, note.id, doc)
    except CannotOpen:
        raise Conflict from None
    leave = gate.admit(actor, case, "correspondence", write=True)
    with operations.writing():
        only_once(once)
        if not Relayed.objects.filter(id=item_, person=who).exists():
            raise Conflict
        note.save(force_insert=True)
        author = Author("note", actor.id)
        write_entry(leave, author, text, inside=True, decision="told relay")
        journal.note("relay told", case)
        events.announce(RelayTold(str(who)))
