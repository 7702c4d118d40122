"""The journal: what was done, by whom, to what, without content; one entry for each request.

A door opens a `unit`; whoever does or refuses something makes a `note`; the service that writes
flushes the unit inside its own transaction, so that no deed stands without its entry. This module
only appends rows: the vault seals the detail and keeps the tree.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from amparo.foundation import clock
from amparo.foundation.actor import NOBODY, Actor
from amparo.foundation.ids import NIL
from amparo.foundation.models import JournalEntry

Sealer = Callable[[bytes], tuple[bytes, bytes]]
_sealer: list[Sealer] = []


@dataclass
class Unit:
    """What one request has done so far and not yet written down."""

    actor: Actor
    notes: list[dict[str, object]] = field(default_factory=list)


_unit: ContextVar[Unit | None] = ContextVar("journal", default=None)


def use(sealer: Sealer) -> None:
    """Set what turns a detail into (its salted digest, its sealed form). The vault does, once."""
    _sealer[:] = [sealer]


def _current() -> Unit:
    unit = _unit.get()
    if unit is None:
        raise RuntimeError("a deed outside every unit of the journal")
    return unit


@contextmanager
def unit(actor: Actor = NOBODY) -> Iterator[Unit]:
    """Whatever is noted inside is written as one entry, at the latest when the block ends.

    A unit inside another is the same unit: one request, one entry.
    """
    outer = _unit.get()
    if outer is not None:
        yield outer
        return
    opened = Unit(actor)
    mark = _unit.set(opened)
    try:
        yield opened
    finally:
        try:
            flush()
        finally:
            _unit.reset(mark)


def act_as(actor: Actor) -> None:
    """From here on the request is this actor's (they have just signed in, or typed their code)."""
    _current().actor = actor


def note(deed: str, /, *objects: object, **facts: object) -> None:
    """Write down a deed: its name, the ids it touched, and facts that are codes or counts."""
    entry: dict[str, object] = {"deed": deed}
    if objects:
        entry["on"] = [str(one) for one in objects]
    if facts:
        entry["facts"] = facts
    _current().notes.append(entry)


def _is_refusal(note_: dict[str, object]) -> bool:
    return note_["deed"] == "cannot open" or str(note_["deed"]).endswith("refused")


@contextmanager
def standing() -> Iterator[None]:
    """Round a deed's transaction: when it fails, the deed was not done and is not noted. What was
    noted before it, and what was refused in it, stands."""
    unit = _current()
    notes, before = unit.notes, len(unit.notes)
    try:
        yield
    except BaseException:
        unit.notes = notes[:before] + [one for one in notes[before:] if _is_refusal(one)]
        raise


def flush() -> None:
    """Append what was noted as one entry; call it inside the transaction of the deed."""
    unit = _current()
    if not unit.notes:
        return
    detail = {
        "v": 1,
        "at": clock.now().isoformat(timespec="milliseconds"),
        "actor": [unit.actor.kind, "" if unit.actor.id == NIL else str(unit.actor.id)],
        "deeds": unit.notes,
    }
    digest, sealed = _sealer[0](json.dumps(detail, separators=(",", ":"), default=str).encode())
    JournalEntry.objects.create(digest=digest, sealed=sealed)
    unit.notes = []
