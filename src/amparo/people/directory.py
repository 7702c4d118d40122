"""The directory of helpers and partners, for those on duty: looked through in memory, over what their
keys open."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from amparo.consent import gate
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, NotFound
from amparo.messages import ways
from amparo.people import listing, queries, rules
from amparo.people.models import LISTING, Listing
from amparo.people.rules import DESK

HELPERS = "helpers"  # not an entry: see `helpers`


@dataclass(frozen=True)
class Before:
    """An earlier version: when it was changed, by whom (a principal), and what it had said."""

    at: datetime
    by: str
    doc: dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One helper, partner or hotline, as the desk reads it. `stale`: nobody has spoken with them for
    ninety days; `left`: days until then, when that is near."""

    id: ids.Id
    kind: str
    name: str
    services: list[str]
    areas: list[str]
    languages: list[str]
    zone: str
    hours: list[listing.Span]
    ways: list[ways.Way]
    conditions: str
    exercise: bool
    vetting: listing.Vetting
    verified: date | None
    open: bool
    stale: bool
    left: int | None
    ready: bool
    retired: bool
    version: int
    doc: dict[str, Any]

    @property
    def principal(self) -> ids.Id:
        """Who they are in a defender's yes."""
        return ids.of(self.doc["principal"])

    @property
    def before(self) -> list[Before]:
        """Earlier versions, newest first."""
        return [
            Before(datetime.fromisoformat(one["at"]), one["by"], one["doc"])
            for one in reversed(self.doc["before"])
        ]


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; empty parts do not narrow it."""

    service: str = ""
    area: str = ""
    language: str = ""
    open_now: bool = False
    urgent: bool = False


@dataclass(frozen=True)
class Found:
    """Whom one may send somebody to, and whom one asks first."""

    entries: list[Entry]
    ask_first: list[Entry]


def leave(actor: Actor, *, write: bool = False) -> gate.Leave:
    """Leave to open the desk's own papers; Refused for everybody but the intake team."""
    queries.require(actor, rules.INTAKE)
    return gate.admit(actor, queries.house(), DESK, write=write)


def entries(actor: Actor, *, retired: bool = False) -> list[Entry]:
    """Everybody in the directory, by name."""
    mine, found = leave(actor), []
    for row in Listing.objects.filter(case=mine.case, compartment=DESK):
        try:
            doc = gate.read(mine, LISTING, row)
        except CannotOpen:
            continue  # altered by somebody; the others must still be found
        if doc["kind"] == HELPERS:
            continue
        entry = view(row.id, doc)
        if retired or not entry.retired:
            found.append(entry)
    return sorted(found, key=lambda one: (one.name.casefold(), str(one.id)))


def entry(actor: Actor, wanted: ids.Id) -> Entry:
    """One of them, or NotFound."""
    mine = leave(actor)
    row = Listing.objects.filter(id=wanted, case=mine.case).first()
    doc = gate.read(mine, LISTING, row) if row else {"kind": HELPERS}
    if row is None or doc["kind"] == HELPERS:
        raise NotFound
    return view(row.id, doc)


def helpers_row(house: ids.Id) -> ids.Id:
    """The id of the row of all helpers together: one for a house, so that no two can make it twice."""
    return uuid.uuid5(house, HELPERS)


def helpers(actor: Actor) -> ids.Id | None:
    """The principal that stands for all helpers together in a defender's yes; None until it is made."""
    mine = leave(actor)
    row = Listing.objects.filter(id=helpers_row(mine.case), case=mine.case).first()
    try:
        return None if row is None else ids.of(gate.read(mine, LISTING, row)["principal"])
    except CannotOpen:
        return None  # altered by somebody


def view(row: ids.Id, doc: dict[str, Any]) -> Entry:
    """An entry's document as it stands today."""
    today, now = clock.today(), clock.now()
    on = doc["verified"]["on"]
    verified = date.fromisoformat(on) if on else None
    spans = [listing.Span(*one) for one in doc["hours"]]
    return Entry(
        id=row,
        kind=doc["kind"],
        name=doc["name"],
        services=doc["services"],
        areas=doc["areas"],
        languages=doc["languages"],
        zone=doc["zone"],
        hours=spans,
        ways=ways.of_docs(doc["ways"]),
        conditions=doc["conditions"],
        exercise=doc["exercise"],
        vetting=listing.vetting_of(doc),
        verified=verified,
        open=listing.is_open(spans, doc["zone"], now),
        stale=listing.is_stale(verified, today),
        left=listing.days_left(verified, today),
        ready=listing.is_ready(doc, today),
        retired=bool(doc["retired"]),
        version=doc["version"],
        doc=doc,
    )


def search(actor: Actor, wanted: Wanted) -> Found:
    """Those who fit. When it is urgent, nobody whom we have not spoken with for ninety days, or for
    whom no two of us vouch, stands among them: they are listed apart, to be asked first."""
    fit = [one for one in entries(actor) if fits(one, wanted)]
    if not wanted.urgent:
        return Found(fit, [])
    first = [one for one in fit if one.ready]
    rest = [one for one in fit if not one.ready and one.vetting != "refused"]
    return Found(sorted(first, key=lambda one: not one.open), rest)


def fits(one: Entry, wanted: Wanted) -> bool:
    """Whether an entry offers what is looked for."""
    return (
        (not wanted.service or wanted.service in one.services)
        and listing.serves(one.areas, wanted.area)
        and (not wanted.language or wanted.language in one.languages)
        and (not wanted.open_now or one.open)
    )


def to_verify(actor: Actor) -> list[Entry]:
    """Whom somebody should speak with soon, the most pressing first."""
    due = [one for one in entries(actor) if one.left is not None and one.vetting != "refused"]
    return sorted(due, key=lambda one: one.left or 0)
