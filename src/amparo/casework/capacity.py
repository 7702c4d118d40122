"""What the organisation can set in motion now, how fast, and how far somebody's word for it holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amparo.casework import rules
from amparo.casework.models import RESPONSE, Response
from amparo.consent import gate
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import NotFound, Refused
from amparo.people import queries as people

HOUSE = "house"  # the compartment of the house's own papers
KINDS = (
    "lawyer",
    "car",
    "night",
    "grant",
    "beside",
    "digital",
    "medical",
    "statement",
    "urgent action",
    "other",
)


@dataclass(frozen=True)
class ResponseView:
    """One response. `free` of `of` places (none counted: `of` is 0); `state`: free, limited or none;
    `stale`: the keeper's word is too old, so it is asked first."""

    id: ids.Id
    kind: str
    name: str
    how: str
    where: str
    minutes: int
    of: int
    free: int
    state: str
    tells: str
    keeper: str
    keeper_id: ids.Id | None
    until: datetime
    stale: bool

    @property
    def ready(self) -> bool:
        """Whether it can be set in motion now, without asking first."""
        return not self.stale and self.state != "none"


def responses(actor: Actor) -> list[ResponseView]:
    """Everything there is, the fastest that is ready first."""
    if actor.kind != "staff":
        raise Refused
    rows = list(Response.objects.filter(case=people.house()))
    if not rows:
        return []
    leave, names = gate.admit(actor, people.house(), HOUSE), people.names(actor)
    found = [view_of(row, dict(gate.read(leave, RESPONSE, row)), names) for row in rows]
    return sorted(found, key=lambda one: (not one.ready, one.minutes, one.name))


def response(actor: Actor, response_id: ids.Id) -> ResponseView:
    """One of them; NotFound for none."""
    for one in responses(actor):
        if one.id == response_id:
            return one
    raise NotFound


def view_of(row: Response, doc: dict[str, Any], names: dict[ids.Id, str]) -> ResponseView:
    """A row as it is shown."""
    keeper, until = ids.parse(doc["keeper"]), datetime.fromisoformat(doc["until"])
    return ResponseView(
        id=row.id,
        kind=doc["kind"],
        name=doc["name"],
        how=doc["how"],
        where=doc["where"],
        minutes=doc["minutes"],
        of=doc["of"],
        free=doc["free"],
        state=rules.capacity(doc["of"], doc["free"], doc["level"]),
        tells=doc["tells"],
        keeper=names.get(keeper, "") if keeper else "",
        keeper_id=keeper,
        until=until,
        stale=rules.is_stale(until, clock.now()),
    )
