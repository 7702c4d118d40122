"""The one gate: who may open or write what. It reads the key store, never a copy of it.

Rooms get a Leave for one compartment of one case and hand it back with what they want opened or
sealed. A refusal is noted in the journal and says nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from amparo.consent.rules import DUTY, GROUP, OVERRIDE, OWN, RELEASE, TOGETHER, pairs_of
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Refused
from amparo.vault import compartments, opening, staff, vouching
from amparo.vault.sealed import Document, Kind

# compartment -> (principal, purpose, last day)
Shares = Mapping[str, Sequence[tuple[ids.Id, str, date | None]]]


class Leave(Protocol):
    """What the gate gives: a pass of the vault, of which rooms see no more than this."""

    @property
    def case(self) -> ids.Id:
        """The case that it is for."""

    @property
    def compartment(self) -> str:
        """The compartment that it is for."""


def _refuse(deed: str, case: ids.Id, compartment: str) -> Refused:
    journal.note("refused", case, deed=deed, compartment=compartment)
    return Refused()


def admit(
    actor: Actor, case: ids.Id, compartment: str, *, purpose: str = "", write: bool = False
) -> Leave:
    """Leave to open a compartment, and with `write` to add to it; Refused without a key."""
    deed = "write" if write else "read"
    try:
        leave = opening.admit(actor.ring, case, compartment, purpose) if actor.ring else None
        if leave is not None and write:
            opening.may_write(leave)
    except CannotOpen:
        leave = None
    if leave is None:
        raise _refuse(deed, case, compartment)
    journal.note(deed, case, compartment=compartment)
    return leave


def admit_many(actor: Actor, cases: Iterable[ids.Id], compartment: str) -> dict[ids.Id, Leave]:
    """Leaves for those of the cases that the actor's keys open; a list shows only these."""
    wanted = list(cases)
    found = opening.admit_many(actor.ring, wanted, compartment) if actor.ring and wanted else {}
    if found:
        journal.note("list", compartment=compartment, count=len(found))
    return dict(found)


class Reach(Protocol):
    """What the gate gives for a list over all cases. Ids are texts of 32 hex digits in it."""

    def __contains__(self, case: str) -> bool:
        """Whether the actor's keys open this case."""

    def __len__(self) -> int:
        """How many they open."""


def reach(actor: Actor, compartment: str) -> Reach:
    """Leave to open a compartment of every case that the actor's keys open."""
    if actor.ring is None:
        raise _refuse("list", ids.NIL, compartment)
    found = opening.reach(actor.ring, compartment)
    if len(found):
        journal.note("list", compartment=compartment, count=len(found))
    return found


def read_list(
    reach_: Reach, kind: Kind, rows: Iterable[tuple[str, str, bytes]]
) -> Iterator[tuple[tuple[str, str, bytes], Document]]:
    """Documents of many rows (id, case, blob), each with its row; one that cannot be opened is noted
    and left out."""
    for row, doc in opening.open_list(_pass(reach_), kind, rows):
        if doc is None:
            journal.note("cannot open", ids.dashed(row[0]), kind=kind.name)
        else:
            yield row, doc


def holds(actor: Actor, case: ids.Id, compartment: str) -> bool:
    """Whether the actor's keys open a compartment; noted nowhere, for it shows nothing."""
    return bool(actor.ring and compartments.keys_of(actor.ring, [case], compartment))


def may_give(actor: Actor, case: ids.Id, compartment: str) -> bool:
    """Whether the actor can give a compartment away: they open it, and their signature counts.

    What opens because a life was in danger, or because two persons opened it together, opens to one
    person for its few days: whoever has a compartment only so gives it to nobody, themselves included.
    """
    ring = actor.ring
    if not ring or not compartments.may_sign(ring, case):
        return False
    rows = compartments.live().filter(case=case, compartment=compartment, grantee__in=ring.held())
    purposes = set(rows.values_list("purpose", flat=True)) - {OVERRIDE, RELEASE, DUTY}
    return any(compartments.keys_of(ring, [case], compartment, one) for one in purposes)


def opens_in_danger(actor: Actor, case: ids.Id, compartment: str) -> bool:
    """Whether the defender chose that somebody of a team of the actor's may open this when their life
    is in danger. Opens nothing, and is noted nowhere."""
    if actor.kind != "staff" or not actor.ring:
        return False
    rows = compartments.live().filter(case=case, compartment=compartment, purpose=DUTY)
    return rows.filter(grantee__in=actor.ring.held()).exists()


def keys_in_danger(actor: Actor, case: ids.Id, compartment: str) -> dict[int, bytes]:
    """Epoch -> key of what the defender chose so; empty without their choice. For an override only."""
    if actor.kind != "staff" or not actor.ring:
        return {}
    return compartments.keys_of(actor.ring, [case], compartment, DUTY).get(case, {})


def pairs_now() -> list[tuple[ids.Id, ids.Id]]:
    """Every ordered pair of two persons of the present release group."""
    group, standing = [str(one) for one in staff.seated(GROUP)], vouching.Standing()
    found = [(ids.of(first), ids.of(second)) for first, second in pairs_of(group)]
    return [pair for pair in found if standing.may_open(*pair)]


def _pass(leave: Leave | Reach) -> Any:
    """The vault checks what it is; a Leave that this gate did not give opens nothing there."""
    return leave


def read(leave: Leave, kind: Kind, row: Any) -> Document:
    """The document of a row of a room's sealed table. CannotOpen is noted by the journal."""
    try:
        return opening.open_with(_pass(leave), kind, row.id, bytes(row.sealed))
    except CannotOpen:
        journal.note("cannot open", row.id, kind=kind.name)
        raise


def seal(leave: Leave, kind: Kind, row: ids.Id, doc: Document) -> bytes:
    """A document sealed for its row, inside the transaction that writes it; Conflict when the
    compartment's key has been turned since the leave was given."""
    try:
        return opening.seal_with(_pass(leave), kind, row, doc)
    except CannotOpen:
        raise Conflict from None


def seal_own(actor: Actor, kind: str, row: ids.Id, doc: Document) -> bytes:
    """A document that only this actor opens again."""
    if actor.ring is None:
        raise Refused
    return opening.seal_own(actor.ring, kind, row, doc)


def seal_to_person(person: ids.Id, kind: str, row: ids.Id, doc: Document) -> bytes:
    """A document for one person's eyes; CannotOpen for somebody who is not here any more."""
    return opening.seal_to_person(person, kind, row, doc)


def read_own(actor: Actor, kind: str, row: Any) -> Document:
    """What this actor sealed to themselves."""
    if actor.ring is None:
        raise Refused
    return opening.open_own(actor.ring, kind, row.id, bytes(row.sealed))


def seal_to_team(code: str, kind: str, row: ids.Id, doc: Document) -> bytes:
    """A document for a team's eyes, from somebody who holds no key."""
    return opening.seal_to_team(code, kind, row, doc)


def read_as_team(actor: Actor, kind: str, row: Any) -> Document:
    """What somebody sealed to one of the actor's teams."""
    if actor.ring is None:
        raise Refused
    journal.note("read", row.id, kind=kind)
    return opening.open_as_team(actor.ring, kind, row.id, bytes(row.sealed))


def begin(
    actor: Actor,
    case: ids.Id,
    shares: Shares,
    *,
    op: ids.Id | None,
    pairs: dict[str, list[tuple[ids.Id, ids.Id]]] | None = None,
) -> dict[str, Leave]:
    """Make compartments of a case for their first holders; leaves to write their first rows."""
    wanted = {
        compartment: [compartments.Share(*share) for share in found]
        for compartment, found in shares.items()
    }
    keys = compartments.create(actor.ring, case, wanted, op=op, pairs=pairs)
    return dict(opening.fresh(case, keys))


def may_disclose(
    actor: Actor, case: ids.Id, compartment: str, *, recipient: ids.Id, purpose: str
) -> None:
    """Whatever leaves the house asks here: Refused unless this recipient holds this compartment for
    this purpose today. A conditional or refused consent has no key, so it is refused."""
    given = compartments.is_given(case, compartment, recipient, purpose)
    if actor.kind == "nobody" or not given:
        raise _refuse("disclose", case, compartment)
    journal.note("disclose", case, compartment=compartment, purpose=purpose)


@dataclass(frozen=True)
class Held:
    """One compartment that somebody holds today."""

    compartment: str
    purpose: str
    until: date | None


def held_by(case: ids.Id, principal: ids.Id) -> list[Held]:
    """What a principal holds of a case today, in the compartments' order."""
    return _held(compartments.live().filter(case=case, grantee=principal))


def held_as_own(case: ids.Id) -> list[Held]:
    """What a case's defender reads with their code."""
    return _held(compartments.live().filter(case=case, purpose=OWN))


def _held(rows: Iterable[Any]) -> list[Held]:
    found = {Held(row.compartment, row.purpose, row.until) for row in rows}
    return sorted(found, key=lambda one: compartments.COMPARTMENTS.index(one.compartment))


def mend(actor: Actor, case: ids.Id, compartment: str) -> int:
    """Re-seal what a rotation left under an old key, if the actor's ring can; how many rows."""
    # Only staff: a key that anybody else had signed would be refused by everybody.
    if actor.kind != "staff" or not compartments.stale(actor.ring, case, compartment):
        return 0
    pairs = pairs_now() if compartment in TOGETHER else None
    count = opening.renew(actor.ring, case, compartment, pairs)
    operations.scrub()
    journal.note("re-sealed", case, compartment=compartment, count=count)
    return count


def is_given(case: ids.Id, compartment: str, recipient: ids.Id, purpose: str) -> bool:
    """Whether `may_disclose` would let this recipient have it today; noted nowhere."""
    return compartments.is_given(case, compartment, recipient, purpose)
