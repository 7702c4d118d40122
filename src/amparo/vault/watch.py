"""What the vault can say of its own state without anybody's key: counts for whoever runs it."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Q

from amparo.foundation import ids
from amparo.foundation.errors import NotFound
from amparo.vault import compartments, keys, server, staff
from amparo.vault.models import Epoch, Grant, PairWrap, Principal, Session, Slot


@dataclass(frozen=True)
class Officers:
    """Founders by their fingerprints, and how many people can sign in."""

    founders: tuple[str, ...]  # pinned in the server's file
    missing: tuple[str, ...]  # pinned, but nobody in the key store has this key
    present: int  # people whom a founder vouches for
    waiting: int  # people whom nobody has welcomed yet
    sessions: int


def officers() -> Officers:
    """Who is on staff, counted."""
    people = list(staff.holders().values())
    known = {one.fingerprint for one in people}
    pinned = server.load().founders
    active = [one for one in people if one.active]
    present = sum(one.trusted for one in active)
    return Officers(
        founders=pinned,
        missing=tuple(one for one in pinned if one not in known),
        present=present,
        waiting=len(active) - present,
        sessions=Session.objects.filter(kind="staff").count(),
    )


def person_called(sign_in: str) -> ids.Id:
    """Who signs in with a name; NotFound when nobody does."""
    slot = Slot.objects.filter(find=keys.name_digest(sign_in), kind="passphrase").first()
    if slot is None:
        raise NotFound("nobody signs in with this name")
    return slot.principal_id


@dataclass(frozen=True)
class Resealing:
    """Compartments whose old content still waits for somebody who holds the old key."""

    count: int
    since: date | None


def resealing() -> Resealing:
    """What a withdrawal or somebody's leaving has left to be re-sealed."""
    newest = _newest()
    old = {
        (case, compartment)
        for table in (Grant, PairWrap)
        for case, compartment, epoch in table.objects.values_list(
            "case", "compartment", "epoch"
        ).distinct()
        if epoch < newest.get((case, compartment), 0)
    }
    days = [
        row.day
        for row in Epoch.objects.filter(case__in={case for case, _ in old})
        if (row.case, row.compartment) in old and row.number == newest[row.case, row.compartment]
    ]
    return Resealing(len(old), min(days, default=None))


def held_alone_by(person: ids.Id, *, by_pairs: bool = False) -> list[tuple[ids.Id, str]]:
    """(case, compartment) of whatever nobody else on staff could open, alone or with a second.

    `by_pairs`: only what they are one half of, which is all that leaving the release group takes away.
    """
    halves = PairWrap.objects.filter(Q(first=person) | Q(second=person))
    places = set(halves.values_list("case", "compartment").distinct())
    # What ends by itself, or opens only while a life is in danger, is no lasting hold.
    here = Principal.objects.filter(kind__in=["person", "team"], active=True).values("id")
    lasting = Grant.objects.filter(until=None, grantee__in=here).exclude(purpose=compartments.DUTY)
    if not by_pairs:
        mine = Grant.objects.filter(grantee=person)
        places |= set(mine.values_list("case", "compartment").distinct())
        lasting = lasting.exclude(grantee=person)
    pairs = PairWrap.objects.exclude(first=person).exclude(second=person)
    held = {
        place
        for rows in (lasting, pairs)
        for place in rows.values_list("case", "compartment", "epoch")
    }
    newest = _newest()
    return sorted(place for place in places if (*place, newest.get(place, 0)) not in held)


def _newest() -> dict[tuple[ids.Id, str], int]:
    rows = Epoch.objects.values("case", "compartment").annotate(last=Max("number"))
    return {(row["case"], row["compartment"]): row["last"] for row in rows}
