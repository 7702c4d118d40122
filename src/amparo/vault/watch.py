"""What the vault can say of its own state without anybody's key: counts for whoever runs it."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Max

from amparo.foundation import ids
from amparo.foundation.errors import NotFound
from amparo.vault import keys, server, staff
from amparo.vault.models import Epoch, Grant, Session, Slot


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
    newest = {
        (row["case"], row["compartment"]): row["last"]
        for row in Epoch.objects.values("case", "compartment").annotate(last=Max("number"))
    }
    old = {
        (case, compartment)
        for case, compartment, epoch in Grant.objects.values_list(
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
