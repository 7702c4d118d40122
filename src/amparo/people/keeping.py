"""Keeping the directory: adding and changing entries, speaking with them, vouching for them by two."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound
from amparo.foundation.router import KEYSTORE
from amparo.messages import ways
from amparo.messages.ways import Way
from amparo.people import directory, listing
from amparo.people.models import LISTING, Listing
from amparo.vault import staff, vouching


@dataclass(frozen=True)
class Draft:
    """An entry as somebody fills it in."""

    kind: str
    name: str
    services: tuple[str, ...]
    areas: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hours: tuple[listing.Span, ...] = ()
    zone: str = "UTC"
    ways: tuple[Way, ...] = ()
    conditions: str = ""
    exercise: bool = False  # they agreed to be called in drills


def add(actor: Actor, draft: Draft) -> ids.Id:
    """A new entry. Nobody vouches for it yet, and nobody has spoken with it.

    It gets a principal of its own whose private half is forgotten: a defender's yes to this helper is
    a key that nobody holds, and the gate finds it like any other.
    """
    leave = directory.leave(actor, write=True)
    doc = _document(draft)
    with transaction.atomic(using=KEYSTORE):
        principal = staff.new_reader(actor.ring)[0]
    doc |= {
        "principal": str(principal),
        "vetting": listing.NOT_VETTED,
        "verified": listing.NOT_VERIFIED,
        "retired": "",
        "version": 1,
        "before": [],
        "by": str(actor.id),
        "at": _stamp(),
    }
    row = Listing(case=leave.case)
    with operations.writing():
        row.sealed = gate.seal(leave, LISTING, row.id, doc)
        row.save(force_insert=True)
        journal.note("directory: added", row.id)
    return row.id


def helpers(actor: Actor) -> ids.Id:
    """The principal that stands for all helpers together: a defender's yes to asking around is a yes to
    it. Made when it is first wanted; its private half is forgotten, and its id stands sealed, so that
    nobody can put another in its place. Of two who want it at once both get the first one's."""
    found = directory.helpers(actor)
    if found is not None:
        return found
    leave = directory.leave(actor, write=True)
    with transaction.atomic(using=KEYSTORE):
        principal = staff.new_reader(actor.ring)[0]
    row = Listing(id=directory.helpers_row(leave.case), case=leave.case)
    doc = {"kind": directory.HELPERS, "principal": str(principal)}
    row.sealed = gate.seal(leave, LISTING, row.id, doc)
    with operations.writing():
        Listing.objects.bulk_create([row], ignore_conflicts=True)
    found = directory.helpers(actor)
    if found is None:
        raise CannotOpen  # altered by somebody
    return found


def change(actor: Actor, entry: ids.Id, draft: Draft, *, version: int) -> None:
    """What is different now; the version before is kept in it. Who is named or reached differently is
    vouched for and spoken with anew. Conflict when somebody was quicker."""

    def step(doc: dict[str, Any]) -> dict[str, Any]:
        return listing.changed(doc, doc | _document(draft))

    _rewrite(actor, entry, version, step, "changed")


def verify(actor: Actor, entry: ids.Id, *, version: int, how: str) -> None:
    """The actor has spoken with them today; `how`: on which way, and that they knew who it was."""
    if not how.strip():
        raise Invalid("say how you spoke with them", {"how": "empty"})
    _fits(how)
    said = {"on": clock.today().isoformat(), "by": str(actor.id), "how": how.strip()}
    _rewrite(actor, entry, version, lambda doc: doc | {"verified": said}, "verified")


def vouch(actor: Actor, entry: ids.Id, *, version: int, how: str) -> None:
    """The actor stands for them and says why; of two different people who do, they are vetted."""
    if not how.strip():
        raise Invalid("say how you know them", {"how": "empty"})
    _fits(how)

    def step(doc: dict[str, Any]) -> dict[str, Any]:
        old, today = doc["vetting"], clock.today().isoformat()
        if listing.vetting_of(doc) != "one":
            fresh = {"by": str(actor.id), "on": today, "how": how.strip()}
            return doc | {"vetting": listing.NOT_VETTED | fresh}
        if not vouching.are_two(ids.of(old["by"]), actor.id):
            raise Invalid("somebody else must be the second", {"how": "self"})
        second = {"second": str(actor.id), "second_on": today, "second_how": how.strip()}
        return doc | {"vetting": old | second}

    _rewrite(actor, entry, version, step, "vouched for")


def refuse(actor: Actor, entry: ids.Id, *, version: int, why: str) -> None:
    """Nobody is to be sent there; the reason stays for colleagues. One person's no is enough."""
    if not why.strip():
        raise Invalid("say why", {"why": "empty"})
    _fits(why)
    no = listing.NOT_VETTED | {
        "by": str(actor.id),
        "on": clock.today().isoformat(),
        "refused": why.strip(),
    }
    _rewrite(actor, entry, version, lambda doc: doc | {"vetting": no}, "refused")


def retire(actor: Actor, entry: ids.Id, *, version: int, back: bool = False) -> None:
    """They are there no more; or, `back`, they are again."""
    today = "" if back else clock.today().isoformat()
    _rewrite(actor, entry, version, lambda doc: doc | {"retired": today}, "retired")


def forget(actor: Actor, entry: ids.Id) -> None:
    """Destroy an entry with all its versions: somebody does not want to stand here."""
    leave = directory.leave(actor, write=True)
    with operations.writing():
        if not Listing.objects.filter(id=entry, case=leave.case).delete()[0]:
            raise NotFound
        journal.note("directory: forgotten", entry)


def _rewrite(actor: Actor, entry: ids.Id, version: int, step: Any, what: str) -> None:
    leave = directory.leave(actor, write=True)
    with operations.writing():
        row = Listing.objects.select_for_update().filter(id=entry, case=leave.case).first()
        if row is None:
            raise NotFound
        old = gate.read(leave, LISTING, row)
        if old["version"] != version:
            raise Conflict
        doc = step(old) | {"version": version + 1, "by": str(actor.id), "at": _stamp()}
        doc["before"] = [*old["before"], _kept(old)][-listing.VERSIONS :]
        row.sealed = gate.seal(leave, LISTING, row.id, doc)
        row.save(update_fields=["sealed"])
        journal.note(f"directory: {what}", entry)


def _kept(old: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a version: what it said, who wrote it and when."""
    said = {name: value for name, value in old.items() if name not in {"before", "v"}}
    return {"at": old["at"], "by": old["by"], "doc": said}


def _stamp() -> str:
    return clock.now().isoformat(timespec="seconds")


def _fits(text: str) -> None:
    if len(text) > listing.HOW:
        raise Invalid("a text is too long", {"how": "long", "why": "long"})


def _document(draft: Draft) -> dict[str, Any]:
    doc = {
        "kind": draft.kind,
        "name": draft.name.strip(),
        "services": sorted(set(draft.services)),
        "areas": sorted({one.upper() for one in draft.areas}),
        "languages": sorted({one.lower() for one in draft.languages}),
        "zone": draft.zone,
        "hours": [[one.days, one.start, one.end] for one in draft.hours],
        "ways": [one.doc for one in draft.ways],
        "conditions": draft.conditions.strip(),
        "exercise": draft.exercise,
    }
    wrong = listing.faults(doc)
    for at, way in enumerate(draft.ways, 1):
        if fault := ways.fault(way):
            wrong[f"way{at}"] = fault
    if wrong:
        raise Invalid("this entry cannot be kept", wrong)
    return doc
