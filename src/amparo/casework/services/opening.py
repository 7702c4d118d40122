"""From a request to a case, and from a lost code to a new one."""

from datetime import date

from amparo.casework import choices, queries
from amparo.casework.choices import LATER
from amparo.casework.services.desk import case_row
from amparo.casework.services.intake import Asked, Call, ask
from amparo.casework.services.record import (
    Author,
    SealedFile,
    change_cover,
    check_texts,
    only_once,
    step,
    workable,
    write_entry,
)
from amparo.consent import gate
from amparo.consent import rules as consent_rules
from amparo.consent import services as consent
from amparo.consent.queries import ConsentRow, waiting
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.people import queries as people
from amparo.people.rules import HOME, INTAKE
from amparo.vault import codes, compartments, keys, vouching

Shares = list[tuple[ids.Id, str, date | None]]


def record_call(
    actor: Actor, *, once: ids.Id, code: codes.Code, call: Call, files: tuple[SealedFile, ...] = ()
) -> Asked:
    """A request that came by phone or in person, typed by staff; the person agreed by word of mouth."""
    if actor.kind != "staff" or INTAKE not in people.roles(actor):
        raise Refused
    if call.way not in {"phone", "walk-in"}:
        raise Invalid("say how they came", {"way": "choose"})
    return ask(actor, once=once, code=code, call=call, files=files)


def open_case(actor: Actor, case: ids.Id, *, version: int) -> None:
    """Open a request as a case: all seven compartments at once, each with its first padded row, so
    that nothing shows later which of them is used."""
    row = case_row(actor, case)
    workable(row)
    if row.stage == "case" or row.version != version:
        raise Conflict
    owner = row.owner or actor.id
    pairs = gate.pairs_now()
    if not pairs:
        raise Invalid("two people must be in the release group first", {"release": "few"})
    chosen, shares = _chosen(actor, case), _first_holders(owner)
    shares["identity"] = [
        (row.recipient, row.purpose, row.until) for row in chosen if row.recipient
    ]
    # What is the officer's two persons open too, so that nothing is lost with one of them.
    together = dict.fromkeys(consent_rules.TOGETHER, pairs)
    making = operations.Making("casework.open")
    with making.keys():
        leaves = gate.begin(actor, case, shares, op=making.id, pairs=together)
    with making.data():
        for one in chosen:
            consent.standing(actor, case, one.id)
        for leave in leaves.values():
            write_entry(leave, Author("system"), "")
        step(case, version, stage="case", owner=owner, state=_opened(row.state))
        journal.note("case opened", case)


def _opened(state: str) -> str:
    return "taken" if state == "new" else state


def _first_holders(owner: ids.Id) -> dict[str, Shares]:
    """Whoever's work a compartment is gets its first key; a name opens to two persons together only."""
    homes = {one: keys.team(team).id for one, team in HOME.items()}
    found: dict[str, Shares] = {
        one: [(homes.get(one, owner), consent_rules.PROTECTION, None)] for one in LATER
    }
    return found | {"identity": []}


def _chosen(actor: Actor, case: ids.Id) -> list[ConsentRow]:
    """Whom the defender themselves let open their name beside two persons together."""
    return [row for row in waiting(actor, case) if row.compartment == "identity"]


def write_note(
    actor: Actor,
    case: ids.Id,
    compartment: str,
    *,
    text: str,
    files: tuple[SealedFile, ...] = (),
    once: ids.Id | None = None,
) -> ids.Id:
    """Add to a compartment of an opened case. The same `once` again is a Conflict."""
    if compartment not in LATER:
        raise NotFound
    check_texts(text=text)
    if not text.strip() and not files:
        raise Invalid("write something", {"text": "empty"})
    leave = gate.admit(actor, case, compartment, write=True)
    with operations.writing():
        only_once(once)
        entry = write_entry(leave, Author("note", actor.id), text, sent=files)
        journal.note("entry written", case, compartment=compartment)
    return entry.id


def relink(actor: Actor, new: ids.Id, *, old: ids.Id, word: str) -> None:
    """Somebody lost their code and has asked anew: after the agreed word their new code opens the old
    request, and the old code dies.

    Refused when no word was agreed or it is another. Invalid (`word`) for whoever wrote the word down,
    and for anybody who is no second person beside them: what the new code does then is the defender's
    own hand, so one officer alone must not hold both ends. The new request is joined to the old one.
    """
    newer, older = case_row(actor, new), case_row(actor, old)
    if new == old or older.state in {"withdrawn", "merged"} or newer.state == "merged":
        raise Conflict
    agreed, written_by = queries.agreed_word(actor, old)
    if agreed and written_by and not vouching.are_two(written_by, actor.id):
        journal.note("relink refused", new, old)
        raise Invalid("a colleague compares the word", {"word": "own"})
    if not agreed or not keys.same_word(agreed, word):
        journal.note("relink refused", new, old)
        raise Refused
    lost, found = queries.defender_of(old), queries.defender_of(new)
    if lost is None or found is None:
        raise Conflict
    share = compartments.Share(found, consent_rules.OWN)
    making = operations.Making("casework.relink")
    with making.keys():
        for compartment in ("cover", "correspondence"):
            compartments.extend(actor.ring, old, compartment, share, op=making.id)
    leave = gate.admit(actor, old, "correspondence", write=True)
    typed_by = choices.typed_by(actor, new)
    with making.ending(case=old, defender=lost):
        if typed_by:
            change_cover(gate.admit(actor, old, "cover", write=True), typed_by=str(typed_by))
        step(new, newer.version, state="merged", merged_into=old, due_at=None, unread=0)
        write_entry(leave, Author("system"), "", unread=True, decision="relinked")
        journal.note("relinked", new, old)


@operations.finishes("casework.relink")
def _old_code(subject: dict[str, str]) -> None:
    case, lost = ids.of(subject["case"]), ids.of(subject["defender"])
    for compartment in compartments.COMPARTMENTS:
        consent.take_key(case, compartment, {(lost, "")})
    keys.remove_defender(lost)


def close(actor: Actor, case: ids.Id, *, reason: str, version: int) -> None:
    """Nothing more is to be done for now; a word from the defender opens it again."""
    row = case_row(actor, case)
    workable(row)
    if not reason.strip():
        raise Invalid("say why", {"reason": "empty"})
    check_texts(reason=reason)
    leave = gate.admit(actor, case, "correspondence", write=True)
    with operations.writing():
        write_entry(leave, Author("desk", actor.id), reason, unread=True, decision="closed")
        step(case, version, state="closed", due_at=None)
        journal.note("closed", row.id)
