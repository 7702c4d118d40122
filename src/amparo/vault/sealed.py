"""Sealed columns: small JSON documents with their schema's version, padded, bound to their place.

A blob is four bytes of epoch, then what `primitives.seal` makes. The context binds it to its kind,
row, case, compartment and epoch, so a blob that was moved opens nowhere. Rooms register their
sealed columns here once; re-sealing after a rotation walks the register and needs no room.
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from amparo.foundation import ids
from amparo.vault import server
from amparo.vault.primitives import ID_LENGTH, CannotOpen, ctx, further, open_, seal

EPOCH = struct.Struct(">I")
Document = dict[str, Any]
Upgrade = Callable[[Document], Document]


@dataclass(frozen=True)
class Kind:
    """One sealed column: its stable name, table, schema version, and the way up from older ones."""

    name: str
    model: type[models.Model]
    version: int = 1
    upgrades: tuple[Upgrade, ...] = ()  # from version 1 to 2, from 2 to 3, …
    files: bool = False  # documents are manifests of sealed files


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a sealed column known. The table has `id`, `case`, `compartment` and `sealed`."""
    _kinds[kind.name] = kind
    return kind


def kinds() -> list[Kind]:
    """Every registered column."""
    return list(_kinds.values())


def context(kind: str, row: ids.Id, case: ids.Id, compartment: str, epoch: int) -> bytes:
    """Where a field belongs."""
    return ctx("field", server.installation(), kind, row, case, compartment, epoch)


def epoch_of(blob: bytes) -> int:
    """The epoch that a blob says it was sealed under."""
    if len(blob) < EPOCH.size:
        raise CannotOpen
    return int(EPOCH.unpack_from(blob)[0])


def close(
    key: bytes, epoch: int, kind: Kind, row: ids.Id, case: ids.Id, compartment: str, doc: Document
) -> bytes:
    """A document as a blob for its row."""
    text = json.dumps({"v": kind.version} | doc, ensure_ascii=False, separators=(",", ":"))
    place = context(kind.name, row, case, compartment, epoch)
    return EPOCH.pack(epoch) + seal(key, text.encode(), place)


_decode = json.JSONDecoder().raw_decode
Row = tuple[str, str, bytes]  # id and case as 32 hex digits or with dashes, and the blob


def read_list(
    kind: Kind, compartment: str, key_of: Callable[[str, int], bytes], rows: Iterable[Row]
) -> Iterator[tuple[Row, Document | None]]:
    """Each of many rows with its document, or None for one that cannot be opened.

    `key_of` gives the key of a case (32 hex digits) and an epoch, or CannotOpen.
    """
    head, tails = ctx("field", server.installation(), kind.name), {}
    for row in rows:
        id_, case, blob = row
        try:
            epoch = epoch_of(blob)
            if epoch not in tails:
                tails[epoch] = further(compartment, epoch)
            # As `context` makes it; what all rows share is made once.
            place = (
                head
                + ID_LENGTH
                + ids.dashed(id_).encode()
                + ID_LENGTH
                + ids.dashed(case).encode()
                + tails[epoch]
            )
            opened = open_(key_of(case.replace("-", ""), epoch), blob[EPOCH.size :], place)
            doc: Document = _decode(opened.decode())[0]
        except CannotOpen:
            yield row, None
            continue
        for upgrade in kind.upgrades[doc["v"] - 1 :]:
            doc = upgrade(doc)
        yield row, doc


def read(
    key: bytes, kind: Kind, row: ids.Id, case: ids.Id, compartment: str, blob: bytes
) -> Document:
    """The document of a blob in the present schema, or CannotOpen."""
    place = context(kind.name, row, case, compartment, epoch_of(blob))
    doc: Document = json.loads(open_(key, blob[EPOCH.size :], place))
    for upgrade in kind.upgrades[doc["v"] - 1 :]:
        doc = upgrade(doc)
    return doc
