"""Searching what one's own keys open: an index in memory, for as long as the ring lives.

Nothing of it is ever written anywhere. It is thrown away with the ring and made anew when cases have
changed since.
"""

import sqlite3
import unicodedata
from typing import Any

from django.db.models import Sum

from amparo.casework.models import COVER, ENTRY, Case, Cover, Entry
from amparo.casework.queries import Hit
from amparo.consent import gate
from amparo.foundation import ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Refused
from amparo.vault import compartments

LIMIT = 50
CHUNK = 2000
SNIPPET = 12  # words


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
        "SELECT casus, name, compartment, snippet(texts, 3, '', '', '…', ?) FROM texts "
        "WHERE texts MATCH ? ORDER BY rank LIMIT ?",
        (SNIPPET, quoted, LIMIT),
    )
    return [Hit(ids.Id(case), name, snippet, where) for case, name, where, snippet in rows]


def _fold(text: str) -> str:
    """Without accents and case, so that a name is found however it was typed."""
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
    cases = list(Case.objects.exclude(state="withdrawn").values_list("id", flat=True))
    names: dict[ids.Id, str] = {}
    for at in range(0, len(cases), CHUNK):
        some = cases[at : at + CHUNK]
        leaves = gate.admit_many(actor, some, "cover")
        rows: list[tuple[str, str, str, str]] = []
        for cover in Cover.objects.filter(case__in=leaves):
            doc = gate.read(leaves[cover.case], COVER, cover)
            names[cover.case] = doc["name"]
            rows.append((str(cover.case), doc["name"], "cover", _fold(_of_cover(doc))))
        _add(index, rows)
        for compartment in compartments.COMPARTMENTS:
            if compartment != "cover":
                _add(index, _entries(actor, some, compartment, names))
    return index


def _of_cover(doc: dict[str, Any]) -> str:
    parts = [doc["name"], doc.get("where", ""), *(one["text"] for one in doc["reach"])]
    return " · ".join(part for part in parts if part)


def _entries(
    actor: Actor, cases: list[ids.Id], compartment: str, names: dict[ids.Id, str]
) -> list[tuple[str, str, str, str]]:
    leaves = gate.admit_many(actor, cases, compartment)
    found = []
    for row in Entry.objects.filter(case__in=leaves, compartment=compartment):
        text = gate.read(leaves[row.case], ENTRY, row)["text"]
        if text:
            found.append((str(row.case), names.get(row.case, ""), compartment, _fold(text)))
    return found


def _add(index: sqlite3.Connection, rows: list[tuple[str, str, str, str]]) -> None:
    index.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", rows)
