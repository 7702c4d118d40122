"""Who is on staff and in which team, for colleagues only."""

from dataclasses import dataclass, replace

from amparo.consent import gate
from amparo.foundation import ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import NotFound, Refused
from amparo.people import rules
from amparo.people.models import PERSON, TEAM, Person, Team
from amparo.vault import compartments, keys, staff, vouching, watch


@dataclass(frozen=True)
class Colleague:
    """A person on staff. `state`: invited, waiting (for a welcome), here or left. `second`: a second
    person has vouched for them too, or they founded the house; else they stand on the word of
    `welcomed_by` alone. `wants_seat`: they were invited to the release group, and nobody has let them
    in yet."""

    id: ids.Id
    name: str
    teams: list[str]
    state: str
    fingerprint: str
    me: bool
    second: bool = False
    welcomed_by: str = ""
    wants_seat: bool = False
    may_second: bool = False  # the actor could be the second person

    @property
    def relays(self) -> bool:
        """Whether this is somebody outside the house, who passes calls on."""
        return rules.is_relay(self.teams)


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


def require_relay(actor: Actor) -> None:
    """Refused unless the actor has a seat among those who pass calls on."""
    if actor.kind != "relay":
        journal.note("refused", wants=[rules.RELAY])
        raise Refused


def require(actor: Actor, *teams: str) -> None:
    """Refused unless the actor is in one of the teams."""
    if not roles(actor) & set(teams):
        journal.note("refused", wants=list(teams))
        raise Refused


def names(actor: Actor) -> dict[ids.Id, str]:
    """Principal -> name, of colleagues and teams."""
    leave = gate.admit(actor, house(), "house")
    found = {row.id: gate.read(leave, PERSON, row)["name"] for row in Person.objects.all()}
    labels = {row.code: gate.read(leave, TEAM, row)["name"] for row in Team.objects.all()}
    return found | {team: labels.get(code, code) for team, code in staff.team_codes().items()}


def colleagues(actor: Actor) -> list[Colleague]:
    """Everybody on staff, by name."""
    leave = gate.admit(actor, house(), "house")
    holders = staff.holders()
    docs = {row.id: gate.read(leave, PERSON, row) for row in Person.objects.all()}
    found = []
    for person, doc in docs.items():
        holder = holders.get(person)
        on = holder.on if holder else None
        invited = doc.get("teams", [])
        found.append(
            Colleague(
                id=person,
                name=doc["name"],
                teams=holder.teams if holder and holder.teams else sorted(invited),
                state=_state(holder),
                fingerprint=holder.fingerprint if holder else "",
                me=person == actor.id,
                second=on == person,
                welcomed_by=docs[on]["name"] if on in docs and on != person else "",
                wants_seat=rules.RELEASE in invited and not (holder and holder.sat),
            )
        )
    return sorted(found, key=lambda one: one.name)


def with_second(actor: Actor) -> list[Colleague]:
    """Colleagues, with whom the actor could vouch for too."""
    standing = vouching.Standing()
    return [
        replace(one, may_second=standing.may_second(actor.id, one.id, ""))
        if one.state == "here" and not one.second
        else one
        for one in colleagues(actor)
    ]


def may_second(actor: Actor, person: ids.Id, code: str = "") -> bool:
    """Whether the actor's word for a colleague (with `code`: for their seat there) would be that of a
    second person."""
    in_it = code in roles(actor) if code else bool(roles(actor))
    return in_it and vouching.Standing().may_second(actor.id, person, code)


def seats_to_open(actor: Actor) -> list[Colleague]:
    """Who waits for a seat in the release group that the actor could open to them."""
    if rules.RELEASE not in roles(actor):
        return []
    standing = vouching.Standing()
    return [
        one
        for one in colleagues(actor)
        if one.wants_seat and one.state == "here"
        if standing.may_second(actor.id, one.id, rules.RELEASE)
    ]


def _state(holder: staff.Holder | None) -> str:
    if holder is None:
        return "invited"
    if not holder.active:
        # Locked out from the shell: sessions and locks are gone, their teams' keys not yet turned.
        return "locked" if holder.teams else "left"
    return "here" if holder.trusted and holder.teams else "waiting"


def here(actor: Actor) -> list[Colleague]:
    """Those on staff to whom work can be given; nobody who only relays."""
    return [one for one in colleagues(actor) if one.state == "here" and not one.relays]


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
        here = staff.members(row.code)
        found.append(
            TeamRow(
                row.id,
                keys.team(row.code).id,
                row.code,
                gate.read(leave, TEAM, row)["name"],
                sorted(known[member] for member in here if member in known),
            )
        )
    return sorted(found, key=lambda team: rules.TEAMS.index(team.code))


def members_of(code: str) -> list[ids.Id]:
    """Principals of a team's members; for services that need somebody to wake or to wrap to."""
    return staff.members(code)


@dataclass(frozen=True)
class Alone:
    """What nobody could open any more without somebody: (case, compartment), and codes of teams in
    which too few would be left."""

    parts: list[tuple[ids.Id, str]]
    teams: list[str]

    def __bool__(self) -> bool:
        return bool(self.parts or self.teams)


def alone(actor: Actor, person: ids.Id, *, team: str = "") -> Alone:
    """What would be lost were somebody to leave the house, or one team of it, as things stand."""
    require(actor, rules.COORDINATION)
    last = staff.last_in(person)
    if not team:
        return Alone(watch.held_alone_by(person), last)
    halves = watch.held_alone_by(person, by_pairs=True) if team == rules.RELEASE else []
    return Alone(halves, [team] if team in last else [])
