"""What was consented to, refused, disclosed and overridden, for those who hold the case's cover."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from amparo.consent import gate, rules
from amparo.consent.models import DISCLOSURE, REASON, RECORD, Disclosure, Override, Record, Release
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import NotFound
from amparo.vault import compartments, staff, vouching
from amparo.vault.sealed import Document


@dataclass(frozen=True)
class ConsentRow:
    """One recorded answer. `in_force` says that it means yes and that the key exists; `waits`, that it
    means yes, that no later answer has overtaken it, and that its key has yet to be given; `here`, that
    its recipient can be given one.

    What was said with a code is given when somebody has made `sure` that it was the defender (how they
    did), and not at all when they were not (`unsure`: why). `counts`: it may be given now.
    """

    id: ids.Id
    recipient: ids.Id | None
    label: str
    purpose: str
    compartment: str
    answer: rules.Answer
    condition: str
    condition_met: bool
    how: str
    language: str
    text_version: str
    until: date | None
    at: datetime
    in_force: bool
    waits: bool = False
    here: bool = True
    sure: str = ""
    unsure: str = ""
    counts: bool = True

    @property
    def to_check(self) -> bool:
        """Whether it waits for somebody who makes sure."""
        return self.waits and not self.counts

    @property
    def counts_from(self) -> datetime | None:
        """When it counts although nobody has."""
        alone = self.to_check and self.purpose == rules.DUTY
        return self.at + rules.CHOICE_WAITS if alone else None

    @property
    def about(self) -> tuple[ids.Id | None, str, str]:
        """What was asked: whom for, what for, which compartment."""
        return self.recipient, self.purpose, self.compartment


@dataclass(frozen=True)
class DisclosureRow:
    """One time that something was shown or given away."""

    at: datetime
    label: str
    purpose: str
    compartments: list[str]
    how: str


@dataclass(frozen=True)
class OverrideRow:
    """Access taken without consent because a life was in danger. It waits for a second person until
    `due_at`, was confirmed by one, or is `over` because nobody confirmed it. `mine`: the actor pressed
    it or it opened to them, so that somebody else confirms it; `one`: somebody else still, for one
    colleague alone has vouched for the actor and for one of these."""

    id: ids.Id
    case: ids.Id
    subject: str
    reason: str
    at: datetime
    confirmed: bool
    due_at: datetime
    mine: bool
    over: bool = False
    one: bool = False
    by: ids.Id = ids.NIL
    grantee: ids.Id = ids.NIL


@dataclass(frozen=True)
class ReaderRow:
    """Who holds a key to what, as the key store has it now."""

    principal: ids.Id
    purpose: str
    until: date | None
    compartments: list[str]


def records(actor: Actor, case: ids.Id) -> list[ConsentRow]:
    """All answers of a case, newest first. A team that another has succeeded stands under the id of
    the one that has its place now."""
    leave = gate.admit(actor, case, "cover")
    docs = [(row.id, gate.read(leave, RECORD, row)) for row in Record.objects.filter(case=case)]
    docs.sort(key=lambda one: datetime.fromisoformat(one[1]["at"]), reverse=True)
    return list(_rows(case, docs)) if docs else []


def _rows(case: ids.Id, docs: list[tuple[ids.Id, Document]]) -> Iterator[ConsentRow]:
    held = {
        (row.grantee, row.purpose, row.compartment) for row in compartments.live().filter(case=case)
    }
    seats, said = compartments.seats_now(), set()
    recipients = {one: _present(doc, seats) for one, doc in docs}
    here = staff.here({one for one in recipients.values() if one})
    for one, doc in docs:
        recipient = recipients[one]
        about = recipient, doc["purpose"], doc["compartment"]
        yes = _means_yes(doc)
        # To a code that was lost, and perhaps found, nothing is given.
        lost = doc["purpose"] == rules.OWN and (recipient, rules.OWN, "cover") not in held
        yield ConsentRow(
            id=one,
            recipient=recipient,
            label=doc["label"],
            purpose=doc["purpose"],
            compartment=doc["compartment"],
            answer=doc["answer"],
            condition=doc["condition"],
            condition_met=doc["condition_met"],
            how=doc["how"],
            language=doc["language"],
            text_version=doc["text_version"],
            until=date.fromisoformat(doc["until"]) if doc["until"] else None,
            at=datetime.fromisoformat(doc["at"]),
            in_force=yes and about in held,
            waits=yes
            and about not in held
            and about not in said
            and recipient in here
            and not lost,
            here=recipient in here and not lost,
            sure=doc.get("sure", ""),
            unsure=doc.get("unsure", ""),
            counts=_counts(doc),
        )
        if doc["answer"] != "asked":
            said.add(about)


def _present(doc: Document, seats: dict[ids.Id, ids.Id]) -> ids.Id | None:
    recipient = ids.parse(doc["recipient"])
    return seats.get(recipient, recipient) if recipient else None


def _counts(doc: Document) -> bool:
    """Whether nobody has to make sure any more who said it."""
    at = datetime.fromisoformat(doc["at"])
    by_itself = rules.counts_by_itself(doc["purpose"], at, clock.now())
    return doc["how"] != "page" or bool(doc.get("sure")) or by_itself


def _means_yes(doc: Document) -> bool:
    """Whether an answer, by itself, lets its recipient read today; what it lacks then is the key."""
    if doc.get("unsure"):
        return False
    until = date.fromisoformat(doc["until"]) if doc["until"] else None
    said = rules.Recorded(doc["answer"], until, doc["condition"], doc["condition_met"])
    return rules.is_in_force(said, clock.today())


def record(actor: Actor, case: ids.Id, consent: ids.Id) -> ConsentRow:
    """One answer; NotFound when it is not of this case."""
    for row in records(actor, case):
        if row.id == consent:
            return row
    raise NotFound


def waiting(actor: Actor, case: ids.Id) -> list[ConsentRow]:
    """What the defender said yes to with their own hand, what counts, and whose key has yet to be
    given."""
    if not Record.objects.filter(case=case).exists():
        return []
    said = records(actor, case)
    found = [row for row in said if row.waits and row.answer == "granted" and row.how == "page"]
    return [row for row in found if row.counts]


def to_check(actor: Actor, case: ids.Id) -> list[ConsentRow]:
    """What was said yes to with the code, and nobody has made sure yet that it was the defender."""
    if not Record.objects.filter(case=case).exists():
        return []
    return [row for row in records(actor, case) if row.to_check]


def disclosures(actor: Actor, case: ids.Id) -> list[DisclosureRow]:
    """Everything that was ever shown or given of a case, newest first."""
    leave = gate.admit(actor, case, "cover")
    found = []
    for row in Disclosure.objects.filter(case=case):
        doc = gate.read(leave, DISCLOSURE, row)
        found.append(
            DisclosureRow(
                datetime.fromisoformat(doc["at"]),
                doc["label"],
                doc["purpose"],
                doc["compartments"],
                doc["how"],
            )
        )
    return sorted(found, key=lambda row: row.at, reverse=True)


def overrides(actor: Actor, case: ids.Id | None = None) -> list[OverrideRow]:
    """Overrides of a case, or all open ones whose cover the actor's keys open."""
    waiting = Override.objects.filter(confirmed=False).exclude(due_at=None)
    rows = Override.objects.filter(case=case) if case else waiting
    leaves = gate.admit_many(actor, {row.case for row in rows}, "cover")
    found = []
    standing = vouching.Standing() if leaves and actor.kind == "staff" else None
    for row in rows:
        if row.case in leaves:
            doc = gate.read(leaves[row.case], REASON, row)
            found.append(
                OverrideRow(
                    id=row.id,
                    case=row.case,
                    subject=row.subject,
                    reason=doc["reason"],
                    at=(at := datetime.fromisoformat(doc["at"])),
                    confirmed=row.confirmed,
                    due_at=row.due_at or at + rules.CONFIRM_WITHIN,
                    mine=actor.id in {row.by, row.grantee},
                    one=standing is not None and not is_second(standing, actor, row),
                    by=row.by,
                    grantee=row.grantee,
                    over=not row.confirmed and row.due_at is None,
                )
            )
    return sorted(found, key=lambda row: row.due_at)


def is_second(standing: vouching.Standing, actor: Actor, row: Override) -> bool:
    """Whether the actor is another person than who pressed an override and to whom it opened."""
    return all(standing.are_two(actor.id, one) for one in {row.by, row.grantee})


def releases(actor: Actor) -> list[Release]:
    """Requests for two persons that still want somebody: the actor's own, and those of others that
    concern them and that they have not said yes to."""
    asked = Release.objects.filter(done=False)
    return [row for row in asked if row.asker == actor.id or _concerns(actor, row)]


def _concerns(actor: Actor, row: Release) -> bool:
    """The release group, and whoever has the case's cover."""
    in_group = bool(actor.ring and rules.GROUP in actor.ring.roles)
    return row.first != actor.id and (in_group or gate.holds(actor, row.case, "cover"))


def readers(case: ids.Id) -> list[ReaderRow]:
    """Who can read what of a case today: read from the keys themselves."""
    found: dict[tuple[ids.Id, str, date | None], set[str]] = {}
    for row in compartments.live(clock.today()).filter(case=case):
        place = row.grantee, row.purpose, row.until
        found.setdefault(place, set()).add(row.compartment)
    order = compartments.COMPARTMENTS.index
    return [
        ReaderRow(principal, purpose, until, sorted(held, key=order))
        for (principal, purpose, until), held in sorted(found.items(), key=str)
    ]
