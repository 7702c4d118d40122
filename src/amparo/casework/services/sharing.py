"""Something of a case for one reader outside the house: by a one-time link, or as a file to their key.

The defender has said yes to this reader, this purpose and these compartments; the reader gets a key
of their own that lives in the link and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from amparo.casework import bundle, queries
from amparo.casework.models import OutsideAnswer
from amparo.casework.queries import Message
from amparo.casework.services import answers as from_outside
from amparo.casework.services.desk import case_row
from amparo.casework.services.record import check_texts, only_once, stamp
from amparo.consent import gate, links
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Invalid, NotFound, Refused
from amparo.foundation.router import KEYSTORE
from amparo.vault import age, compartments, sessions, staff

LINK = "reader"
MOST_HOURS = 14 * 24
NOT_YES = {"refused", "withdrawn", "conditional", "checked"}


@dataclass(frozen=True)
class Offer:
    """To whom something is shown, what for, how much and how long."""

    label: str  # what the defender calls this reader
    purpose: str
    compartments: tuple[str, ...]
    until: date
    how: str = "oral"  # how the defender said yes
    language: str = "en"


@dataclass(frozen=True)
class Shown:
    """What an outside reader sees."""

    label: str
    purpose: str
    until: date
    parts: dict[str, list[Message]]


def _check(actor: Actor, case: ids.Id, offer: Offer) -> None:
    wrong = {}
    if not offer.label.strip():
        wrong["label"] = "empty"
    if not offer.compartments or set(offer.compartments) - set(compartments.COMPARTMENTS):
        wrong["compartments"] = "choose"
    if offer.until < clock.today():
        wrong["until"] = "past"
    if wrong:
        raise Invalid("this cannot be shared so", wrong)
    if any(not gate.may_give(actor, case, one) for one in offer.compartments):
        raise Refused
    said = queries.answers(actor, case)
    for one in offer.compartments:
        # No is an answer: what was refused to this reader is not shared by another door, and what
        # has a condition waits for it.
        if said.get((offer.label.casefold(), offer.purpose, one)) in NOT_YES:
            raise Refused


def share_by_link(actor: Actor, case: ids.Id, *, offer: Offer, hours: int) -> str:
    """Make a reader, give them what the defender agreed to, and return the link's token.

    The token goes to the reader by a safe way; whoever uses it first is the reader.
    """
    case_row(actor, case)
    _check(actor, case, offer)
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid("choose how long the link waits", {"hours": "choose"})
    with transaction.atomic(using=KEYSTORE):
        reader, root = staff.new_reader(actor.ring)
        token = links.create(
            LINK,
            {
                "root": root.hex(),
                "reader": str(reader),
                "case": str(case),
                "label": offer.label,
                "purpose": offer.purpose,
                "until": offer.until.isoformat(),
            },
            hours=hours,
        )
    _agree(actor, case, offer, reader)
    with operations.writing():
        consent.note_disclosure(
            actor,
            case,
            label=offer.label,
            purpose=offer.purpose,
            compartments_shown=list(offer.compartments),
            how="link",
        )
        journal.note("link made", case, reader)
    return token


def _agree(actor: Actor, case: ids.Id, offer: Offer, reader: ids.Id) -> None:
    for compartment in offer.compartments:
        consent.record_answer(
            actor,
            case,
            answer="granted",
            recipient=reader,
            label=offer.label,
            purpose=offer.purpose,
            compartment=compartment,
            how=offer.how,
            language=offer.language,
            until=offer.until,
        )


def may_be_told(actor: Actor, case: ids.Id, *, offer: Offer) -> None:
    """Write down that the person lets somebody outside be told by word of mouth, for this case: no link
    and no file, but a yes that the gate knows, that they see on their list and can take back."""
    case_row(actor, case)
    _check(actor, case, offer)
    _agree(actor, case, offer, _file_reader(actor))


def share_as_file(
    actor: Actor, case: ids.Id, *, offer: Offer, recipient: str
) -> tuple[str, Iterator[bytes]]:
    """(name, bytes) of an age file to a reader's own key (`age1pq…`), with what was agreed to."""
    case_row(actor, case)
    _check(actor, case, offer)
    try:
        age.parse_recipient(recipient)
    except (ValueError, CannotOpen):
        raise Invalid("that is no key of this kind", {"recipient": "form"}) from None
    reader = _file_reader(actor)
    _agree(actor, case, offer, reader)
    for compartment in offer.compartments:
        gate.may_disclose(actor, case, compartment, recipient=reader, purpose=offer.purpose)
    with operations.writing():
        consent.note_disclosure(
            actor,
            case,
            label=offer.label,
            purpose=offer.purpose,
            compartments_shown=list(offer.compartments),
            how="file",
        )
        journal.note("shared as a file", case, reader)
    parts = {one: queries.entries(actor, case, one) for one in offer.compartments}
    pieces = bundle.of_parts(actor, case, parts)
    return f"{ids.new().hex[:8]}.age", _sealed(pieces, recipient)


def _file_reader(actor: Actor) -> ids.Id:
    """A principal that stands for the reader in the list of keys; its private half is forgotten, for
    the reader opens the file with a key of their own."""
    with transaction.atomic(using=KEYSTORE):
        return staff.new_reader(actor.ring)[0]


def _sealed(pieces: Iterator[bytes], recipient: str) -> Iterator[bytes]:
    sealer = age.Sealer([recipient])
    for piece in pieces:
        yield sealer.write(piece)
    yield sealer.close()


# --- the reader's side ---------------------------------------------------------------------------
def use_link(token: str) -> tuple[bytes, Actor]:
    """Use up a link: (handle of a short session, actor); NotFound for every wrong one alike."""
    body = links.use(token, LINK)
    reader = ids.of(body["reader"])
    handle = sessions.begin_outside(bytes.fromhex(body["root"]), reader)
    actor = resume(handle)
    journal.act_as(actor)
    journal.note("read through a link", actor.case or "")
    return handle, actor


def resume(handle: bytes) -> Actor:
    """The reader of a live session; NotFound when it, or what they were given, is over."""
    try:
        ring = sessions.resume(handle, "outside")
    except CannotOpen:
        raise NotFound from None
    case = compartments.case_of(ring.id)
    if case is None:
        raise NotFound
    return Actor("outside", ring.id, ring, case)


def shown(actor: Actor) -> Shown:
    """What this reader may read today."""
    if actor.kind != "outside" or actor.case is None:
        raise Refused
    held = gate.held_by(actor.case, actor.id)
    days = [share.until for share in held if share.until is not None]
    if not days:
        raise NotFound
    parts = {}
    for share in held:
        gate.may_disclose(
            actor, actor.case, share.compartment, recipient=actor.id, purpose=share.purpose
        )
        parts[share.compartment] = queries.entries(actor, actor.case, share.compartment)
    return Shown("", held[0].purpose, min(days), parts)


def answer(actor: Actor, *, once: ids.Id, text: str) -> None:
    """The reader writes back; only the intake team can open it. The same `once` again is a Conflict."""
    if actor.kind != "outside" or actor.case is None:
        raise Refused
    check_texts(text=text)
    if not text.strip():
        raise Invalid("write an answer", {"text": "empty"})
    row = OutsideAnswer(case=actor.case)
    doc = {"text": text, "at": stamp(), "reader": str(actor.id)}
    from_outside.seal(row, doc)
    with operations.writing():
        only_once(once)
        row.save(force_insert=True)
        journal.note("answered from outside", actor.case)


def answers(actor: Actor, case: ids.Id) -> list[dict[str, object]]:
    """What readers outside have written back, newest first."""
    case_row(actor, case)
    return from_outside.listed(actor, case)
