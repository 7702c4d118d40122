"""Erasing a case because its defender said so by word of mouth: one officer asks, a second carries it
out, and the defender can stop it from their own page."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F

from amparo.casework import queries, rules
from amparo.casework.events import DefenderWrote, ErasureAsked
from amparo.casework.models import ERASURE, Case, Erasure
from amparo.casework.services.desk import case_row
from amparo.casework.services.record import Author, check_texts, passed_on, write_entry
from amparo.consent import gate
from amparo.consent.rules import may_ask_again
from amparo.foundation import clock, events, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.vault import vouching

ASKED, KEPT = "erasure asked", "kept"


@dataclass(frozen=True)
class ErasureRow:
    """An erasure that somebody asked for and nobody has carried out; `until` is its last day."""

    id: ids.Id
    case: ids.Id
    by: ids.Id
    reason: str
    until: date
    mine: bool
    one: bool = False  # one colleague alone has vouched for the actor and for who asked


def ask(actor: Actor, case: ids.Id, *, reason: str) -> ids.Id:
    """Write down a defender's spoken wish that everything be erased. Nothing is erased yet.

    Conflict while another waits, for what was taken back already, and for a month after the defender
    has said no on their page.
    """
    row = case_row(actor, case)
    if row.state == "withdrawn" or Erasure.objects.filter(case=case).exists():
        raise Conflict
    if not reason.strip():
        raise Invalid("say how they asked for it", {"reason": "empty"})
    check_texts(reason=reason)
    cover = gate.admit(actor, case, "cover", write=True)
    leave = gate.admit(actor, case, "correspondence", write=True)
    if _said_no(actor, case):
        raise Conflict
    asked = Erasure(case=case, by=actor.id, until=clock.today() + rules.ERASURE_WAITS)
    with operations.writing():
        asked.sealed = gate.seal(cover, ERASURE, asked.id, {"reason": reason})
        asked.save(force_insert=True)
        write_entry(leave, Author("note", actor.id), reason, decision=ASKED, inside=True)
        journal.note("erasure asked", case, asked.id)
        events.announce(ErasureAsked(str(case)))
    return asked.id


def _said_no(actor: Actor, case: ids.Id) -> bool:
    said = queries.case(actor, case).thread.messages
    return any(
        one.by == "defender" and one.decision == KEPT and not may_ask_again(one.at, clock.now())
        for one in said
    )


def waiting(actor: Actor, case: ids.Id | None = None) -> list[ErasureRow]:
    """Erasures that wait for a second person, of a case or of all whose cover the actor opens."""
    rows = Erasure.objects.filter(until__gte=clock.today())
    found = list(rows.filter(case=case) if case else rows)
    leaves = gate.admit_many(actor, [row.case for row in found], "cover")
    standing = vouching.Standing() if leaves else None
    return [
        ErasureRow(
            id=row.id,
            case=row.case,
            by=row.by,
            reason=gate.read(leaves[row.case], ERASURE, row)["reason"],
            until=row.until,
            mine=row.by == actor.id,
            one=standing is not None and not standing.are_two(row.by, actor.id),
        )
        for row in sorted(found, key=lambda row: row.until)
        if row.case in leaves
    ]


def _one(actor: Actor, erasure: ids.Id) -> Erasure:
    row = Erasure.objects.filter(id=erasure, until__gte=clock.today()).first()
    if row is None:
        raise NotFound
    if actor.kind != "staff" or not gate.holds(actor, row.case, "cover"):
        raise Refused
    return row


def carry_out(actor: Actor, erasure: ids.Id) -> None:
    """The second person's yes: every key, then every row, for good. Whoever asked is not the second,
    nor is anybody whom one colleague alone has vouched for together with them; Conflict when the
    defender, or a colleague, has stopped it meanwhile."""
    row = _one(actor, erasure)
    if not vouching.are_two(row.by, actor.id):
        raise Refused
    defender = queries.defender_of(row.case)
    passed = passed_on(actor, row.case)
    with operations.ending("casework.withdraw", case=row.case, defender=defender or ids.NIL):
        passed.delete()
        if not Erasure.objects.filter(id=row.id).delete()[0]:
            raise Conflict
        Case.objects.filter(id=row.case).update(
            state="withdrawn", due_at=None, unread=0, version=F("version") + 1
        )
        journal.note("erased on request", row.case, row.id)


def drop(actor: Actor, erasure: ids.Id) -> None:
    """Whoever asked thinks better of it, or a colleague says no: the case stays."""
    row = _one(actor, erasure)
    leave = gate.admit(actor, row.case, "correspondence", write=True)
    with operations.writing():
        if not Erasure.objects.filter(id=row.id).delete()[0]:
            raise Conflict
        write_entry(leave, Author("note", actor.id), "", decision=KEPT, inside=True)
        journal.note("erasure dropped", row.case, row.id)


# --- the defender's page -------------------------------------------------------------------------
def asked_until(actor: Actor) -> date | None:
    """The last day of an erasure that was asked for in the defender's name; None when none was."""
    if actor.kind != "defender" or actor.case is None:
        raise Refused
    row = Erasure.objects.filter(case=actor.case, until__gte=clock.today()).first()
    return row.until if row else None


def keep(actor: Actor) -> None:
    """The defender says that it was not they: nothing is erased, and it is not asked for again before
    a month is over. Conflict when none waits."""
    if actor.kind != "defender" or actor.case is None:
        raise Refused
    leave = gate.admit(actor, actor.case, "correspondence", write=True)
    with operations.writing():
        if not Erasure.objects.filter(case=actor.case).delete()[0]:
            raise Conflict
        write_entry(leave, Author("defender"), "", decision=KEPT, inside=True)
        journal.note("erasure stopped", actor.case)
        events.announce(DefenderWrote(str(actor.case)))


def fall_away() -> int:
    """Erasures that no second person has carried out in time are over; how many."""
    rows = Erasure.objects.filter(until__lt=clock.today())
    for row in rows:
        journal.note("erasure over", row.case, row.id)
    return rows.delete()[0]
