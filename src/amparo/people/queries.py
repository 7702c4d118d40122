"""Who is on staff and in which team, for colleagues only."""

from dataclasses import dataclass

from amparo.consent import gate
from amparo.foundation import ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import NotFound, Refused
from amparo.people import rules
from amparo.people.models import PERSON, TEAM, Person, Team
from amparo.vault import compartments, keys
from amparo.vault.models import Membership, Principal


@dataclass(frozen=True)
class Colleague:
    """A person on staff. `state`: invited, waiting (for a welcome), here or left."""

    id: ids.Id
    name: str
    teams: list[str]
    state: str
    fingerprint: str
    me: bool


@dataclass(frozen=True)
class TeamRow:
    """A team, its present principal and its members' names."""

    id: ids.Id
    principal: ids.Id
    code: str
    name: str
    members: list[str]


def house() -> ids.Id:
    """The pseudo-case that holds the organisation's own papers."""
    return compartments.only_case("house")


def roles(actor: Actor) -> frozenset[str]:
    """Codes of the actor's teams; none for anybody who is not staff."""
    return actor.ring.roles if actor.kind == "staff" and actor.ring else frozenset()


def require(actor: Actor, *teams: str) -> None:
    """Refused unless the actor is in one of the teams."""
    if not roles(actor) & set(teams):
        raise Refused


def names(actor: Actor) -> dict[ids.Id, str]:
    """Principal -> name, of colleagues and teams."""
    leave = gate.admit(actor, house(), "house")
    found = {row.id: gate.read(leave, PERSON, row)["name"] for row in Person.objects.all()}
    labels = {row.code: gate.read(leave, TEAM, row)["name"] for row in Team.objects.all()}
    for row in Principal.objects.filter(kind="team"):
        found[row.id] = labels.get(row.code, row.code)
    return found


def colleagues(actor: Actor) -> list[Colleague]:
    """Everybody on staff, by name."""
    leave = gate.admit(actor, house(), "house")
    principals = {row.id: row for row in Principal.objects.filter(kind="person")}
    teams: dict[ids.Id, list[str]] = {}
    for member, code in Membership.objects.filter(team__active=True).values_list(
        "member_id", "team__code"
    ):
        teams.setdefault(member, []).append(code)
    found = []
    for row in Person.objects.all():
        doc, principal = gate.read(leave, PERSON, row), principals.get(row.id)
        if principal is None:
            state, fingerprint = "invited", ""
        else:
            public = keys.public_of(bytes(principal.public))
            fingerprint = public.fingerprint
            if not principal.active:
                state = "left"
            else:
                state = "here" if keys.trusted(principal) else "waiting"
        found.append(
            Colleague(
                row.id,
                doc["name"],
                sorted(teams.get(row.id, doc.get("teams", []))),
                state,
                fingerprint,
                row.id == actor.id,
            )
        )
    return sorted(found, key=lambda one: one.name)


def colleague(actor: Actor, person: ids.Id) -> Colleague:
    """One colleague, or NotFound."""
    for row in colleagues(actor):
        if row.id == person:
            return row
    raise NotFound


def teams(actor: Actor) -> list[TeamRow]:
    """All teams with their members."""
    known = names(actor)
    leave = gate.admit(actor, house(), "house")
    found = []
    for row in Team.objects.all():
        principal = keys.team(row.code)
        members = Membership.objects.filter(team=principal).values_list("member_id", flat=True)
        found.append(
            TeamRow(
                row.id,
                principal.id,
                row.code,
                gate.read(leave, TEAM, row)["name"],
                sorted(known[member] for member in members if member in known),
            )
        )
    return sorted(found, key=lambda team: rules.TEAMS.index(team.code))


def members_of(code: str) -> list[ids.Id]:
    """Principals of a team's members; for services that need somebody to wake or to wrap to."""
    team = Principal.objects.filter(kind="team", code=code, active=True).first()
    rows = Membership.objects.filter(team=team) if team else Membership.objects.none()
    return list(rows.values_list("member_id", flat=True))
