"""How much lies with whom: counts of open requests and of deadlines that have passed, and nothing of
what they are about."""

from dataclasses import dataclass

from amparo.casework import rules
from amparo.casework.models import Case
from amparo.consent import gate
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Refused


@dataclass(frozen=True)
class Load:
    """What lies with one officer (None: with nobody): open requests, those whose hour has passed, and
    how many are of the gravest level."""

    person: ids.Id | None
    open: int
    overdue: int
    gravest: int


def load(actor: Actor) -> list[Load]:
    """Of everybody who has something open; only what the actor's keys open is counted."""
    if actor.kind != "staff":
        raise Refused
    reach, now = gate.reach(actor, "cover"), clock.now()
    found: dict[ids.Id | None, list[tuple[bool, bool]]] = {}
    rows = Case.objects.filter(state__in=rules.OPEN).values_list("id", "owner", "due_at", "level")
    for case, owner, due_at, level in rows:
        if case.hex in reach:
            late = due_at is not None and due_at < now
            found.setdefault(owner, []).append((late, level == max(rules.LEVELS)))
    return [
        Load(owner, len(one), sum(late for late, _ in one), sum(grave for _, grave in one))
        for owner, one in found.items()
    ]
