"""Searching what one's own keys open: an index in memory, for as long as the ring lives.

Nothing of it is ever written anywhere. It is thrown away with the ring and made anew when cases have
changed since.
"""

import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, QuerySet, Sum
from django.db.models.functions import Cast

from amparo.casework.models import COVER, ENTRY, Case, Cover, Entry
from amparo.consent import gate
from amparo.foundation import ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Refused
from amparo.vault import compartments
from amparo.vault.sealed import Kind

LIMIT = 50
CHUNK = 2000
LOOK = 300  # places among which the best are chosen; a word that stands everywhere has no best
SNIPPET = 12  # words


@dataclass(frozen=True)
class Hit:
    """Where a searched word stands."""

    case: ids.Id
    name: str
    snippet: str
    compartment: str


def search(actor: Actor, text: str) -> list[Hit]:
    """Where a word stands, best first; empty for an empty question."""
    if actor.kind != "staff":
        raise Refused
    words = [word for word in _fold(text).split() if word]
    journal.note("searched", count=len(words))
    if not words:
        return []
    index = _index(actor)
    quoted = " ".join('"' + word.replace('"', '""') + '"*' for word in words)
    rows = index.execute(
        "SELECT rank, casus, name, compartment, snippet(texts, 3, '', '', '…', ?) FROM texts "
        "WHERE texts MATCH ? ORDER BY rowid LIMIT ?",
        (SNIPPET, quoted, LOOK),
    )
    best = sorted(rows)[:LIMIT]
    return [Hit(ids.Id(case), name, snippet, where) for _, case, name, where, snippet in best]


def _fold(text: str) -> str:
    """Without accents and case, so that a name is found however it was typed."""
    if text.isascii():
        return text.casefold()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _index(actor: Actor) -> sqlite3.Connection:
    """The ring's index; made anew when any case has moved since."""
    mark = _mark()
    kept: tuple[object, sqlite3.Connection] | None = actor.ring.memory.get("search")
    if kept is None or kept[0] != mark:
        kept = mark, _build(actor)
        actor.ring.memory["search"] = kept
    return kept[1]


def _mark() -> tuple[int, int]:
    """Moves whenever something was written that could be found."""
    total = Case.objects.aggregate(total=Sum("version"))["total"] or 0
    return total, Entry.objects.count()


def _build(actor: Actor) -> sqlite3.Connection:
    index = sqlite3.connect(":memory:", check_same_thread=False)
    index.execute("PRAGMA temp_store=MEMORY")
    index.execute(
        "CREATE VIRTUAL TABLE texts USING fts5(casus UNINDEXED, name, compartment UNINDEXED, "
        "body, tokenize='unicode61 remove_diacritics 2')"
    )
    names: dict[str, str] = {}
    for case, doc in _documents(gate.reach(actor, "cover"), COVER, Cover.objects.all()):
        names[case] = doc["name"]
        _add(index, [(case, doc["name"], "cover", _fold(_of_cover(doc)))])
    for compartment in (one for one in compartments.COMPARTMENTS if one != "cover"):
        reach = gate.reach(actor, compartment)
        if len(reach):
            rows = Entry.objects.filter(compartment=compartment)
            found = ((case, doc["text"]) for case, doc in _documents(reach, ENTRY, rows))
            _add(
                index,
                ((case, names.get(case, ""), compartment, _fold(text)) for case, text in found),
            )
    return index


def _documents(
    reach: gate.Reach, kind: Kind, rows: QuerySet[Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(case as 32 hex digits, document) of every row that the actor's keys open."""
    texts = rows.annotate(row=Cast("id", CharField()), place=Cast("case", CharField()))
    found = (
        (row, place.replace("-", ""), bytes(blob))
        for row, place, blob in texts.values_list("row", "place", "sealed").iterator(CHUNK)
    )
    for (_, case, _), doc in gate.read_list(reach, kind, (row for row in found if row[1] in reach)):
        yield case, doc


def _of_cover(doc: dict[str, Any]) -> str:
    parts = [doc["name"], doc.get("where", ""), *(one["text"] for one in doc["reach"])]
    return " · ".join(part for part in parts if part)


def _add(index: sqlite3.Connection, rows: Iterable[tuple[str, str, str, str]]) -> None:
    index.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", rows)
