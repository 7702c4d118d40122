"""Staff and teams as holders of keys: joining, opening a lock, leaving, and who is in which team.

The names of people are not here; the room `people` keeps them, sealed.
"""

import contextlib
from dataclasses import dataclass

from amparo.foundation import ids
from amparo.foundation.errors import Conflict, NotFound
from amparo.vault import factors, keys, server, sessions
from amparo.vault.keys import Ring
from amparo.vault.models import Factor, Membership, Principal, Slot
from amparo.vault.primitives import CannotOpen, PrivateKey
from amparo.vault.vouching import GROUP, PERSON, Standing, second


@dataclass(frozen=True)
class Holder:
    """A person on staff, as the key store knows them."""

    id: ids.Id
    active: bool
    trusted: bool
    fingerprint: str
    teams: list[str]
    on: ids.Id | None = None  # whose word they stand on; their own, if a second person gave theirs
    sat: bool = False  # whether they were ever let into the group of two persons


@dataclass(frozen=True)
class Lock:
    """What a newcomer chose: sign-in name, passphrase and the secret of their second device."""

    sign_in: str
    passphrase: str
    totp: str

    def __repr__(self) -> str:
        return "<Lock>"


# --- questions -----------------------------------------------------------------------------------
def exists() -> bool:
    """Whether anybody is here at all."""
    return Principal.objects.exists()


def holders() -> dict[ids.Id, Holder]:
    """Everybody who ever joined."""
    teams: dict[ids.Id, list[str]] = {}
    standing = Standing()
    present = Membership.objects.filter(team__active=True)
    for member, code in present.values_list("member_id", "team__code"):
        teams.setdefault(member, []).append(code)
    return {
        row.id: Holder(
            row.id,
            row.active,
            keys.trusted(row),
            keys.public_of(bytes(row.public)).fingerprint,
            sorted(teams.get(row.id, [])),
            standing.stands_on(row.id),
            standing.sits(row.id),
        )
        for row in Principal.objects.filter(kind="person")
    }


def team_codes() -> dict[ids.Id, str]:
    """Every team that ever was -> its code."""
    return dict(Principal.objects.filter(kind="team").values_list("id", "code"))


def members(code: str) -> list[ids.Id]:
    """Who is in a team now; nobody when there is no such team."""
    rows = Membership.objects.filter(team__kind="team", team__code=code, team__active=True)
    return list(rows.values_list("member_id", flat=True))


def sits_in(team: ids.Id, person: ids.Id) -> bool:
    """Whether somebody has a seat in this very team; not in the one that took its place."""
    return Membership.objects.filter(team_id=team, member_id=person).exists()


def seated(code: str) -> list[ids.Id]:
    """Members of a team to whom something may be sealed: they are here, and somebody whom a founder's
    chain stands for has signed that they belong to it. In the group whose keys open names two by two
    that is one of the group, and a second person has let each of them in."""
    return [member.id for member in _seated(keys.team(code))]


def _seated(team: Principal) -> list[Principal]:
    found = []
    rows = Membership.objects.filter(team=team, member__active=True)
    standing = Standing() if team.code == GROUP else None
    for row in rows.select_related("team", "member"):
        if standing and not (standing.sits(row.member_id) and standing.sits(row.signer)):
            continue
        with contextlib.suppress(CannotOpen):
            keys.check_seat(row, keys.public_of(bytes(row.member.public)))
            if keys.trusted(row.member):
                found.append(row.member)
    return found


def here(wanted: set[ids.Id]) -> set[ids.Id]:
    """Those of some principals who have not left, and whose place no other team has taken."""
    rows = Principal.objects.filter(id__in=wanted, active=True)
    return set(rows.values_list("id", flat=True))


def kinds(wanted: set[ids.Id]) -> dict[ids.Id, tuple[str, str]]:
    """Principal -> (kind, team code)."""
    rows = Principal.objects.filter(id__in=wanted)
    return {row.id: (row.kind, row.code) for row in rows}


def sign_in_taken(name: str) -> bool:
    """Whether somebody already signs in with this name."""
    return Slot.objects.filter(find=keys.name_digest(name)).exists()


# --- joining -------------------------------------------------------------------------------------
def found(locks: list[Lock], team_codes: tuple[str, ...]) -> tuple[list[ids.Id], Ring]:
    """The first officers and their teams: (their principals, the ring of the first). Inside one
    transaction of the key store; their fingerprints are pinned in the server's file."""
    made = [_person(lock, None) for lock in locks]
    server.trust(tuple(key.public.fingerprint for _, key in made))
    keys.add_principal("rotation", PrivateKey(server.load().key("rotation")))
    first, first_key = made[0]
    ring = Ring(first.id, first_key)
    for code in team_codes:
        _team(ring, code, [row for row, _ in made])
    return [row.id for row, _ in made], ring


def _person(lock: Lock, wanted: ids.Id | None) -> tuple[Principal, PrivateKey]:
    key = PrivateKey.generate()
    if wanted is None:
        row = keys.add_principal("person", key)
    else:
        # Nobody vouches for somebody who came by an invitation until a colleague has welcomed them.
        row = Principal(id=wanted, kind="person", public=key.public.raw)
        row.save(force_insert=True)
    Slot.objects.create(
        principal=row,
        kind="passphrase",
        find=keys.name_digest(lock.sign_in),
        blob=keys.lock(key.root, lock.passphrase, row.id),
    )
    factors.add_totp(row.id, lock.totp)
    return row, key


def join(person: ids.Id, lock: Lock) -> str:
    """A newcomer's key and lock; nobody vouches for them yet. Returns the fingerprint of the key."""
    if Principal.objects.filter(id=person).exists():
        raise Conflict
    return _person(lock, person)[1].public.fingerprint


def welcome(ring: Ring, person: ids.Id, fingerprint: str, codes: list[str], *, op: ids.Id) -> None:
    """Vouch for a newcomer whose fingerprint was compared, and open teams to them; CannotOpen for
    another fingerprint, a team that the ring's holder is not in, and the group of two persons, which a
    second person opens."""
    row = Principal.objects.filter(id=person, kind="person", memberships=None, active=True).first()
    if row is None:
        raise Conflict
    if fingerprint != keys.public_of(bytes(row.public)).fingerprint:
        raise CannotOpen
    keys.vouch(ring, row)
    for code in codes:
        _add(ring, row, code, op)


def add_to_team(ring: Ring, person: ids.Id, code: str, *, op: ids.Id) -> None:
    """Open one more team to a colleague; the ring's holder must be in it. CannotOpen for the group of
    two persons unless theirs is a second word: see `vouching`."""
    row = Principal.objects.filter(id=person, kind="person", active=True).first()
    if row is None or not keys.trusted(row):
        raise NotFound
    if Membership.objects.filter(team=keys.team(code), member=row).exists():
        raise Conflict
    _add(ring, row, code, op)


def _add(ring: Ring, row: Principal, code: str, op: ids.Id) -> None:
    team = keys.team(code)
    seat = ring.teams.get(team.id)
    if seat is None:
        raise CannotOpen
    if code == GROUP:
        second(ring, row.id, code, op=op)
    keys.add_member(ring, team, seat.key.root, row, op)


def vouch_too(ring: Ring, person: ids.Id, fingerprint: str, *, op: ids.Id) -> None:
    """A second person's word for a colleague: from now on they stand on nobody's alone. CannotOpen for
    another fingerprint, and from somebody whose word would not be a second one."""
    row = Principal.objects.filter(id=person, kind="person", active=True).first()
    if row is None:
        raise NotFound
    if fingerprint != keys.public_of(bytes(row.public)).fingerprint:
        raise CannotOpen
    second(ring, person, PERSON, op=op)


def _team(
    ring: Ring, code: str, rows: list[Principal], succeeds: ids.Id | None = None
) -> Principal:
    key = PrivateKey.generate()
    team = keys.add_principal("team", key, by=ring, code=code, succeeds=succeeds)
    for row in rows:
        keys.add_member(ring, team, key.root, row)
    return team


# --- locks ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Unlocked:
    """A person whose passphrase was right; not signed in yet."""

    id: ids.Id
    generation: int
    key: PrivateKey


def unlock(name: str, passphrase: str, *, known: bool = False) -> Unlocked:
    """The person of a sign-in name, or CannotOpen: alike, and at the same cost, for a wrong name, a
    wrong passphrase, somebody who left and somebody who waits for their welcome. `known`: on a device
    that has signed in before."""
    find = keys.name_digest(name)
    slot = Slot.objects.filter(find=find, kind="passphrase").select_related("principal").first()
    if slot is None:
        keys.waste_a_hash(passphrase, known=known)
        raise CannotOpen
    row = slot.principal
    key = keys.unlock(bytes(slot.blob), passphrase, row.id, known=known)
    if not row.active or not keys.trusted(row):
        raise CannotOpen
    return Unlocked(row.id, row.generation, key)


def knows(ring: Ring, passphrase: str) -> None:
    """CannotOpen unless this is the holder's passphrase: a session alone does not show that."""
    slot = Slot.objects.filter(principal_id=ring.id, kind="passphrase").first()
    if slot is None:
        raise CannotOpen
    keys.unlock(bytes(slot.blob), passphrase, ring.id, known=True)


def relock(ring: Ring, old: str, new: str) -> None:
    """Put a new lock round the holder's key; CannotOpen when the old passphrase is wrong."""
    slot = Slot.objects.filter(principal_id=ring.id, kind="passphrase").first()
    if slot is None:
        raise NotFound
    keys.unlock(bytes(slot.blob), old, ring.id, known=True)
    fresh = keys.lock(ring.person.root, new, ring.id, known=True)
    Slot.objects.filter(id=slot.id).update(blob=fresh)


def shut_out(person: ids.Id) -> int:
    """End a person's sessions and take their locks and second factors away; no key is needed."""
    Principal.objects.filter(id=person).update(active=False)
    ended = sessions.end_all(person)
    Slot.objects.filter(principal_id=person).delete()
    Factor.objects.filter(principal_id=person).delete()
    return ended


# --- leaving -------------------------------------------------------------------------------------
def may_remove(ring: Ring, person: ids.Id) -> None:
    """CannotOpen unless the ring's holder is in each of a person's teams: whoever makes the new key of
    a team knows it. NotFound when there is no such person, or nothing is left to do."""
    row = Principal.objects.filter(id=person, kind="person").first()
    if row is None or not (row.active or _teams_of(person)):
        raise NotFound
    if any(team.id not in ring.teams for team in _teams_of(person)):
        raise CannotOpen


LEAST = {GROUP: 2}  # a name opens to two; every other team to any one of its members


def last_in(person: ids.Id) -> list[str]:
    """Codes of the teams whose content nobody could open without this person."""
    return [
        team.code
        for team in _teams_of(person)
        if len(_stay(team, person)) < LEAST.get(team.code, 1)
    ]


def _teams_of(person: ids.Id) -> list[Principal]:
    rows = Principal.objects.filter(kind="team", active=True, members__member_id=person)
    return list(rows.order_by("code"))


def _stay(team: Principal, without: ids.Id) -> list[Principal]:
    """Who stays in a team. To a key that somebody has put in a member's place nothing is wrapped, nor
    to a colleague whose seat nobody signed."""
    return [member for member in _seated(team) if member.id != without]


def leave(ring: Ring, person: ids.Id) -> None:
    """Shut somebody out and give each of their teams a new key for those who stay."""
    may_remove(ring, person)
    shut_out(person)
    for team in _teams_of(person):
        _succeed(ring, team, without=person)
    Membership.objects.filter(member_id=person).delete()


def may_remove_from(ring: Ring, person: ids.Id, code: str) -> None:
    """NotFound unless the person is in a team, CannotOpen unless the ring's holder is too."""
    team = keys.team(code)
    if team.id not in ring.teams:
        raise CannotOpen
    if not Membership.objects.filter(team=team, member_id=person).exists():
        raise NotFound


def leave_team(ring: Ring, person: ids.Id, code: str) -> None:
    """Somebody leaves one team: those who stay get a new key."""
    may_remove_from(ring, person, code)
    team = keys.team(code)
    _succeed(ring, team, without=person)
    Membership.objects.filter(team=team, member_id=person).delete()


def _succeed(ring: Ring, team: Principal, *, without: ids.Id) -> None:
    """A new key for a team, signed by the ring's holder; the old one stays with those who stay, to
    open what is not re-sealed yet."""
    stay = _stay(team, without)
    Principal.objects.filter(id=team.id).update(active=False)
    _team(ring, team.code, stay, succeeds=team.id)
    keys.move_generations({row.id for row in stay} | {without})


# --- readers outside -----------------------------------------------------------------------------
def new_reader(ring: Ring) -> tuple[ids.Id, bytes]:
    """A principal for somebody outside: (id, root). Whoever keeps the root is the reader."""
    key = PrivateKey.generate()
    return keys.add_principal("outside", key, by=ring).id, key.root
