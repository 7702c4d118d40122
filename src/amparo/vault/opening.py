"""The only way in: what is sealed opens against a Pass, and only consent can make one.

A pass holds the keys of one compartment of one case, for one request. Whatever is not a Pass,
however it looks, opens nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from amparo.foundation import ids
from amparo.foundation.router import DATA
from amparo.vault import compartments, files, keys, listing, resealing, sealed, server
from amparo.vault.keys import Ring
from amparo.vault.primitives import CannotOpen, ctx, pad, unpad, unwrap, wrap
from amparo.vault.sealed import Document, Kind


@dataclass(frozen=True, eq=False)
class Pass:
    """Leave to open, and perhaps to write, one compartment of one case."""

    case: ids.Id
    compartment: str
    purpose: str
    newest: int
    _keys: dict[int, bytes] = field(repr=False)
    new: bool = False  # of a compartment that is being made: nobody else can have turned it


def admit(ring: Ring, case: ids.Id, compartment: str, purpose: str = "") -> Pass:
    """A pass for what the ring's own grants open, or CannotOpen."""
    found = admit_many(ring, [case], compartment, purpose)
    if case not in found:
        raise CannotOpen
    return found[case]


def admit_many(
    ring: Ring, cases: list[ids.Id], compartment: str, purpose: str = ""
) -> dict[ids.Id, Pass]:
    """Passes for those of the cases that the ring opens; silent about the others."""
    keys = compartments.keys_of(ring, cases, compartment, purpose)
    return {
        case: Pass(case, compartment, purpose, max(held), dict(held)) for case, held in keys.items()
    }


def reach(ring: Ring, compartment: str) -> listing.Reach:
    """What stands in the place of passes for a list over all cases."""
    return listing.reach(ring, compartment)


def open_list(
    reach_: listing.Reach, kind: Kind, rows: Iterable[sealed.Row]
) -> Iterator[tuple[sealed.Row, Document | None]]:
    """Each row with its document, or None for one that cannot be opened."""
    if type(reach_) is not listing.Reach:
        raise CannotOpen
    return sealed.read_list(kind, reach_.compartment, reach_.key, rows)


def fresh(case: ids.Id, keys: dict[str, bytes], purpose: str = "") -> dict[str, Pass]:
    """Passes for compartments that were made a moment ago, to write their first rows."""
    return {
        compartment: Pass(case, compartment, purpose, 1, {1: key}, new=True)
        for compartment, key in keys.items()
    }


def with_keys(case: ids.Id, compartment: str, keys: dict[int, bytes], purpose: str) -> Pass:
    """A pass for keys that two persons have opened together."""
    return Pass(case, compartment, purpose, max(keys), dict(keys))


def _checked(pass_: Pass) -> Pass:
    if type(pass_) is not Pass:
        raise CannotOpen
    return pass_


def open_with(pass_: Pass, kind: Kind, row: ids.Id, blob: bytes) -> Document:
    """The document in `blob`, or CannotOpen."""
    key = _checked(pass_)._keys.get(sealed.epoch_of(blob))
    if key is None:
        raise CannotOpen
    return sealed.read(key, kind, row, pass_.case, pass_.compartment, blob)


def seal_with(pass_: Pass, kind: Kind, row: ids.Id, doc: Document) -> bytes:
    """A document sealed under the newest epoch; CannotOpen when the key was turned since the pass was
    made: an epoch that was turned takes no new content.

    Call it inside the transaction that writes the row, so that no re-sealing can miss it.
    """
    if not _checked(pass_).new:
        resealing.writes(pass_.case, pass_.compartment)
        may_write(pass_)
    return _sealed_with(pass_, kind, row, doc)


def _sealed_with(pass_: Pass, kind: Kind, row: ids.Id, doc: Document) -> bytes:
    key = pass_._keys[pass_.newest]
    return sealed.close(key, pass_.newest, kind, row, pass_.case, pass_.compartment, doc)


def may_write(pass_: Pass) -> None:
    """CannotOpen when the compartment's key has been turned since the pass was made."""
    if compartments.current(_checked(pass_).case, pass_.compartment) != pass_.newest:
        raise CannotOpen


def renew(
    ring: Ring, case: ids.Id, compartment: str, pairs: list[tuple[ids.Id, ids.Id]] | None = None
) -> int:
    """Re-seal everything of a compartment under a fresh key, and destroy the old wraps.

    `pairs`: who opens it together from now on, where those are others than before.

    Interrupted anywhere it can be run again: a row is either under an old key or a new one, and the
    old wraps go last, when nothing stands under them any more. What the ring cannot open it leaves
    for somebody who can. Returns how many rows were re-sealed.
    """
    held = set(compartments.keys_of(ring, [case], compartment).get(case, {}))
    if not resealing.epochs_in_use(case, compartment) <= held:
        return 0
    number, key = compartments.renew(ring, case, compartment, pairs or [])
    old, new = admit(ring, case, compartment), Pass(case, compartment, "", number, {number: key})
    count = 0
    for _ in range(PASSES):
        count += sum(
            _reseal(old, new, kind, row) for kind, row in resealing.rows(case, compartment)
        )
        with resealing.nobody_writes(case, compartment):
            if min(resealing.epochs_in_use(case, compartment), default=number) >= number:
                compartments.retire(case, compartment, number)
                break
    return count


PASSES = 3  # a second and third look at what was written meanwhile


def _reseal(old: Pass, new: Pass, kind: Kind, row: Any) -> int:
    """Put one row under the new key, unless it is there or somebody has changed it meanwhile."""
    before = bytes(row.sealed)
    if sealed.epoch_of(before) >= new.newest:
        return 0
    try:
        doc = open_with(old, kind, row.id, before)
        copy = files.again(doc) if kind.files else None
    except CannotOpen:
        return 0  # altered by somebody: it stays as it is, for whoever looks into it
    if copy is None:
        return _replace(kind, row, before, _sealed_with(new, kind, row.id, doc))
    doc |= copy.manifest
    return _replace(kind, row, before, _sealed_with(new, kind, row.id, doc), copy)


def _replace(
    kind: Kind, row: Any, before: bytes, after: bytes, copy: files.Again | None = None
) -> int:
    same = kind.model._default_manager.filter(id=row.id, sealed=before)
    if copy is None:
        return same.update(sealed=after)
    with transaction.atomic(using=DATA):
        changed = same.update(sealed=after, upload=copy.upload)
        if changed:
            copy.own()
    if changed:
        files.destroy(row.upload)
    else:
        copy.abort()
    return changed


def seal_own(ring: Ring, kind: str, row: ids.Id, doc: Document) -> bytes:
    """A document that only the ring's own holder opens (drafts, their copy of their own routes)."""
    place = ctx("own", server.load().installation, kind, row, ring.id)
    return wrap(pad(json.dumps(doc, ensure_ascii=False).encode()), ring.person.public, place)


def open_own(ring: Ring, kind: str, row: ids.Id, blob: bytes) -> Document:
    """What `seal_own` sealed for this holder, or CannotOpen."""
    place = ctx("own", server.load().installation, kind, row, ring.id)
    doc: Document = json.loads(unpad(unwrap(blob, ring.person, place)))
    return doc


def seal_to_person(person: ids.Id, kind: str, row: ids.Id, doc: Document) -> bytes:
    """A document that only this one person opens, with `open_own`; CannotOpen for whoever is not here
    any more, or whose key nobody stands for."""
    holder = keys.principals({person})[person]
    if holder.kind != "person" or not holder.active or not keys.trusted(holder):
        raise CannotOpen
    place = ctx("own", server.load().installation, kind, row, person)
    text = pad(json.dumps(doc, ensure_ascii=False).encode())
    return wrap(text, keys.public_of(bytes(holder.public)), place)


def seal_to_team(code: str, kind: str, row: ids.Id, doc: Document) -> bytes:
    """A document that only a team's members open; whoever seals it needs no key at all."""
    team = keys.team(code)
    place = ctx("team", server.load().installation, kind, row, team.id)
    text = pad(json.dumps(doc, ensure_ascii=False).encode())
    return team.id.bytes + wrap(text, keys.public_of(bytes(team.public)), place)


def open_as_team(ring: Ring, kind: str, row: ids.Id, blob: bytes) -> Document:
    """What was sealed to one of the ring's teams (or the one it succeeds), or CannotOpen."""
    team = ids.Id(bytes=blob[:16])
    key = ring.key(team)
    if key is None or team == ring.id:
        raise CannotOpen
    place = ctx("team", server.load().installation, kind, row, team)
    doc: Document = json.loads(unpad(unwrap(blob[16:], key, place)))
    return doc
