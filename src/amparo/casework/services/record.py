"""Rows that every verb of casework writes: covers, entries, files, and steps of a case's state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import IntegrityError
from django.db.models import QuerySet

from amparo.alerts import roster
from amparo.casework import rules
from amparo.casework.models import (
    COVER,
    ENTRY,
    FILE,
    Case,
    Cover,
    Entry,
    Erasure,
    File,
    OutsideAnswer,
    Relayed,
    Sent,
    TakenOver,
    Task,
)
from amparo.consent import gate
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.config import zone
from amparo.foundation.errors import (
    CannotOpen,
    Conflict,
    Invalid,
    NotFound,
    Refused,
    Unavailable,
)
from amparo.vault import files


class SealedFile(Protocol):
    """A file that arrived and was sealed on the way in (see the web's upload handler)."""

    name: str
    kind: str  # what its bytes say it is

    @property
    def manifest(self) -> dict[str, Any]:
        """Upload, key, parts, size, SHA-256."""

    @property
    def cleaned(self) -> "SealedFile | None":
        """The copy without hidden details, where one could be made."""

    def own(self) -> None:
        """Write the rows of its parts, inside the deed's transaction."""


@dataclass(frozen=True)
class Author:
    """Who wrote an entry: a code for whom, and the principal for colleagues' eyes."""

    by: str  # defender, desk, call, note, system
    principal: ids.Id | None = None


def check_texts(**texts: str) -> None:
    """Invalid names the texts that are too long to keep."""
    wrong = rules.too_long(**texts)
    if wrong:
        raise Invalid("a text is too long", wrong)


def stamp() -> str:
    """The moment as it stands in sealed documents."""
    return clock.now().isoformat(timespec="microseconds")


def write_entry(
    leave: gate.Leave,
    author: Author,
    text: str,
    *,
    sent: tuple[SealedFile, ...] = (),
    unread: bool = False,
    **more: Any,
) -> Entry:
    """One entry with its files, inside the caller's transaction."""
    row = Entry(case=leave.case, compartment=leave.compartment, unread=unread)
    doc = {
        "by": author.by,
        "author": str(author.principal or ""),
        "text": text,
        "at": stamp(),
    } | more
    row.sealed = gate.seal(leave, ENTRY, row.id, doc)
    row.save(force_insert=True)
    for file in sent:
        _write_file(leave, row, file)
    return row


def _write_file(leave: gate.Leave, entry: Entry, file: SealedFile) -> None:
    original = _file_row(leave, entry, file, of="")
    if file.cleaned is not None:
        _file_row(leave, entry, file.cleaned, of=str(original.id))


def _file_row(leave: gate.Leave, entry: Entry, file: SealedFile, *, of: str) -> File:
    file.own()
    row = File(
        case=entry.case,
        compartment=entry.compartment,
        entry=entry.id,
        upload=ids.of(file.manifest["upload"]),
    )
    doc = file.manifest | {"name": file.name, "kind": file.kind, "of": of}
    row.sealed = gate.seal(leave, FILE, row.id, doc)
    row.save(force_insert=True)
    return row


def write_cover(leave: gate.Leave, doc: dict[str, Any]) -> None:
    """The cover of a new case."""
    row = Cover(case=leave.case)
    row.sealed = gate.seal(leave, COVER, row.id, doc)
    row.save(force_insert=True)


def change_cover(leave: gate.Leave, **changes: Any) -> dict[str, Any]:
    """Change some of what the cover says; returns the whole document."""
    row = Cover.objects.get(case=leave.case)
    doc = gate.read(leave, COVER, row) | changes
    Cover.objects.filter(id=row.id).update(sealed=gate.seal(leave, COVER, row.id, doc))
    return doc


def workable(row: Case) -> None:
    """Conflict for what was taken back, or joined to another request: there is nothing to be done."""
    if row.state in {"withdrawn", "merged"}:
        raise Conflict


def step(case: ids.Id, version: int, **changes: Any) -> None:
    """Change a case's clear columns if it still is at `version`; Conflict when somebody was quicker."""
    changed = Case.objects.filter(id=case, version=version).update(version=version + 1, **changes)
    if not changed:
        raise Conflict


def wake(case: ids.Id, due: datetime) -> None:
    """A word has come from outside: it is due like a first call, and brings back what was answered,
    closed or joined to another. Inside the deed's transaction; NotFound for what was taken back."""
    row = Case.objects.select_for_update().filter(id=case).exclude(state="withdrawn").first()
    if row is None:
        raise NotFound
    row.unread, row.version = row.unread + 1, row.version + 1
    # A new word never moves an earlier hour back.
    row.due_at = min(row.due_at or due, due)
    row.state = row.state if row.state in {"new", "taken"} else "waiting"
    row.save(update_fields=["unread", "version", "due_at", "state"])


def passed_on(actor: Actor, case: ids.Id) -> QuerySet[Relayed]:
    """The record that an intermediary has of a request, which goes with it: one, or none."""
    try:
        leave = gate.admit(actor, case, "cover")
        doc = gate.read(leave, COVER, Cover.objects.get(case=case))
    except (Refused, CannotOpen, Cover.DoesNotExist):
        return Relayed.objects.none()
    item, _, person = str(doc.get("relay", "")).partition(" ")
    mine, theirs = ids.parse(item) or ids.NIL, ids.parse(person) or ids.NIL
    return Relayed.objects.filter(id=mine, person=theirs)


def due_now(minutes: int, hours: str) -> datetime:
    """When somebody must have read what arrives now: by the roster, and where there is none by the
    hours that were announced."""
    now = now_here()
    by_roster = roster.hours(now)
    if by_roster is not None:
        return rules.first_answer_due(max(now, by_roster.from_), minutes, "")
    return rules.first_answer_due(now, minutes, hours)


def now_here() -> datetime:
    """This moment by the clock that duty hours go by."""
    return clock.now().astimezone(zone())


def only_once(once: ids.Id | None) -> None:
    """Conflict when this form was taken in before; inside the deed's transaction."""
    if once is not None:
        try:
            Sent(id=once).save(force_insert=True)
        except IntegrityError:
            raise Conflict from None


def was_sent(once: ids.Id) -> bool:
    """Whether this form was taken in before."""
    return Sent.objects.filter(id=once).exists()


def first_of_all(once: ids.Id | None, *, with_files: bool, **texts: str) -> None:
    """What is asked before named files are read back, which is dear: Invalid for texts that are too
    long, Unavailable when files have no room, Conflict for what was taken in before."""
    check_texts(**texts)
    if with_files and not files.room_left():
        raise Unavailable("the disk is nearly full")
    if once is not None and was_sent(once):
        raise Conflict


def erase_rows(case: ids.Id) -> None:
    """Remove what was written about a case whose keys are destroyed, files included."""
    for upload in File.objects.filter(case=case).values_list("upload", flat=True):
        files.destroy(upload)
    for table in (File, Entry, Cover, OutsideAnswer, Erasure, TakenOver, Task):
        table.objects.filter(case=case).delete()
