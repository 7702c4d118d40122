"""Lists over everything that somebody holds: thousands of cases, without an object for each row.

What a list shows was checked as for a single case: a grant is opened only when its signature was found
good, now or before in this process. What the ring has opened before costs one look in an index,
whether its grant still stands today. Ids are texts of 32 hex digits here: to make objects of them
takes as long as to read the rows.
"""

import contextlib
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from amparo.foundation import ids
from amparo.vault.compartments import DUTY, live, open_grant
from amparo.vault.keys import Ring
from amparo.vault.models import Grant
from amparo.vault.primitives import (
    ID_LENGTH,
    CannotOpen,
    PrivateKey,
    ctx,
    further,
    unwrap,
)
from amparo.vault.signers import Signers

Place = tuple[str, int]  # a case and an epoch


class Reach:
    """The keys of one compartment of every case that a ring opens today. Made for consent alone."""

    def __init__(self, compartment: str, keys: dict[Place, bytes]) -> None:
        self.compartment, self._keys = compartment, keys
        self._cases = {case for case, _ in keys}

    def __contains__(self, case: str) -> bool:
        return case in self._cases

    def __len__(self) -> int:
        return len(self._cases)

    def __repr__(self) -> str:
        return "<Reach>"

    def key(self, case: str, epoch: int) -> bytes:
        """The key, or CannotOpen."""
        try:
            return self._keys[case, epoch]
        except KeyError:
            raise CannotOpen from None


def reach(ring: Ring, compartment: str) -> Reach:
    """Everything that a ring opens of a compartment."""
    known = ring.listed.setdefault(compartment, {})
    if not known:
        _open(ring, compartment, known)
        return Reach(compartment, known)
    rows = _held(ring, compartment).values_list(*("place", "epoch"))
    places = [(case.replace("-", ""), epoch) for case, epoch in rows]
    if not all(place in known for place in places):
        _open(ring, compartment, known)
    if len(known) == len(places):
        return Reach(compartment, known)
    return Reach(compartment, {place: known[place] for place in places if place in known})


def _held(ring: Ring, compartment: str) -> QuerySet[Grant, Any]:
    rows = live().filter(compartment=compartment, grantee__in=ring.held()).exclude(purpose=DUTY)
    return rows.annotate(place=Cast("case", CharField()))


def _open(ring: Ring, compartment: str, known: dict[Place, bytes]) -> None:
    """Open what is known to be good; what is not is checked in full."""
    signers, unknown, head = Signers(), set(), ctx("grant")
    shared, key, tail = None, ring.person, b""
    for case, by, signature, wrap, *kind in _rows(ring, compartment):
        place = case.replace("-", ""), kind[0]
        if place in known:
            continue
        if kind != shared:
            # Nearly all rows of a list share what stands behind the case in their context.
            shared, (key, tail) = kind, _shared(ring, compartment, kind)
        context = head + ID_LENGTH + ids.dashed(case).encode() + tail  # as `grant_context` makes it
        wrap = bytes(wrap)
        if signers.knows(by.replace("-", ""), context, bytes(signature), wrap):
            try:
                known[place] = unwrap(wrap, key, context)
            except CannotOpen:
                continue
        else:
            unknown.add(place)
    if unknown:
        _check_and_open(ring, compartment, unknown)


def _rows(ring: Ring, compartment: str) -> QuerySet[Grant, Any]:
    rows = _held(ring, compartment).annotate(
        to=Cast("grantee", CharField()),
        by=Cast("signer", CharField()),
        last=Cast("until", CharField()),  # as text too: one column to convert costs a list per row
    )
    fields = ("place", "by", "signature", "wrap", "epoch", "to", "purpose", "last")
    return rows.values_list(*fields)


def _shared(ring: Ring, compartment: str, kind: list[Any]) -> tuple[PrivateKey, bytes]:
    epoch, to, purpose, last = kind
    key = ring.key(ids.of(to))
    if key is None:
        raise CannotOpen
    return key, further(compartment, epoch, key.public.fingerprint, purpose, last or "")


def _check_and_open(ring: Ring, compartment: str, unknown: set[Place]) -> None:
    rows = live().filter(compartment=compartment, grantee__in=ring.held()).exclude(purpose=DUTY)
    wanted = [row for row in rows if (row.case.hex, row.epoch) in unknown]
    signers, known = Signers(wanted), ring.listed[compartment]
    for row in wanted:
        key, place = ring.key(row.grantee), (row.case.hex, row.epoch)
        if key is not None and place not in known:
            # A grant that does not open gives nothing and stops nobody.
            with contextlib.suppress(CannotOpen):
                known[place] = open_grant(row, key, signers)
