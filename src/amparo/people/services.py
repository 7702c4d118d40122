"""Joining, signing in, locking, leaving. Whoever leaves takes no key that opens what comes after."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from amparo.consent import gate, links
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import NOBODY, Actor
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from amparo.foundation.router import KEYSTORE
from amparo.messages import services as messages
from amparo.people import queries, rules
from amparo.people.models import PERSON, TEAM, Person, Team
from amparo.vault import compartments, factors, keys, server, sessions
from amparo.vault.models import Factor, Membership, Principal, Slot
from amparo.vault.primitives import CannotOpen, PrivateKey


@dataclass(frozen=True)
class Signed:
    """An open session: the handle goes into the cookie and nowhere else."""

    handle: bytes
    actor: Actor


# --- signing in ----------------------------------------------------------------------------------
_misses: OrderedDict[bytes, tuple[int, datetime]] = OrderedDict()
_lock = threading.Lock()
KEEP_MISSES = 10_000


def _rest(find: bytes) -> None:
    """Refuse while a name rests. Known and unknown names rest alike."""
    with _lock:
        _, until = _misses.get(find, (0, clock.now()))
    if until > clock.now():
        raise Unavailable("wait")


def _miss(find: bytes) -> None:
    with _lock:
        count = _misses.pop(find, (0, clock.now()))[0] + 1
        _misses[find] = count, clock.now() + rules.wait_after(count)
        while len(_misses) > KEEP_MISSES:
            _misses.popitem(last=False)


def sign_in(name: str, passphrase: str, second: str) -> Signed:
    """Open a person's key for a session.

    Refused alike for a wrong name, passphrase or second factor, for somebody who has left and for
    somebody whom no one has welcomed yet; Unavailable while the name rests after many misses.
    """
    find = keys.name_digest(name)
    _rest(find)
    try:
        row, key = _open_slot(find, passphrase)
        factors.check_totp(row.id, second)
        if not row.active or not keys.trusted(row):
            raise CannotOpen
    except CannotOpen:
        _miss(find)
        journal.note("sign-in refused")
        raise Refused from None
    with _lock:
        _misses.pop(find, None)
    return begin(row, key)


def _open_slot(find: bytes, passphrase: str) -> tuple[Principal, PrivateKey]:
    slot = Slot.objects.filter(find=find, kind="passphrase").select_related("principal").first()
    if slot is None:
        keys.waste_a_hash(passphrase)
        raise CannotOpen
    return slot.principal, keys.unlock(bytes(slot.blob), passphrase, slot.principal_id)


def begin(row: Principal, key: PrivateKey) -> Signed:
    """A session for an opened key."""
    handle = sessions.begin(key, row.id, row.generation, "staff")
    actor = Actor("staff", row.id, sessions.resume(handle, "staff"))
    journal.act_as(actor)
    journal.note("sign-in", row.id)
    messages.renew_routes(actor)
    return Signed(handle, actor)


def resume(handle: bytes) -> Actor:
    """Who holds a handle; NOBODY when its session is over."""
    try:
        ring = sessions.resume(handle, "staff")
    except CannotOpen:
        return NOBODY
    return Actor("staff", ring.id, ring)


def sign_out(actor: Actor, handle: bytes) -> None:
    """End this session."""
    sessions.end(handle)
    journal.note("sign-out", actor.id)


def lock_everywhere(actor: Actor) -> int:
    """A device is lost: end every session of the actor, on every device."""
    count = sessions.end_all(actor.id)
    journal.note("locked everywhere", actor.id, count=count)
    return count


def change_passphrase(actor: Actor, *, old: str, new: str) -> None:
    """Put a new lock round the same key; every other session ends."""
    slot = Slot.objects.filter(principal_id=actor.id, kind="passphrase").first()
    if slot is None:
        raise NotFound
    if rules.weak(new):
        raise Invalid("choose a longer passphrase", {"new": "weak"})
    try:
        keys.unlock(bytes(slot.blob), old, slot.principal_id)
    except CannotOpen:
        raise Invalid("that is not the passphrase", {"old": "wrong"}) from None
    blob = keys.lock(actor.ring.person.root, new, slot.principal_id)
    Slot.objects.filter(id=slot.id).update(blob=blob)
    sessions.end_all(actor.id)
    journal.note("passphrase changed", actor.id)


# --- the first officers --------------------------------------------------------------------------
@dataclass(frozen=True)
class Newcomer:
    """What somebody chose when they joined."""

    name: str  # as colleagues see it
    sign_in: str
    passphrase: str
    totp: str  # the secret on their second device


def found_house(founders: list[Newcomer], *, team_names: dict[str, str]) -> list[Principal]:
    """Make the first officers, the teams and the house. Only once, by `amparo init`.

    Their fingerprints are pinned in the server's file; everybody else is vouched for by them.
    """
    if Principal.objects.exists():
        raise Conflict("this installation has officers already")
    for newcomer in founders:
        check(newcomer)
    with transaction.atomic(using=KEYSTORE):
        made = [_principal(newcomer) for newcomer in founders]
        server.trust(tuple(key.public.fingerprint for _, key in made))
        keys.add_principal("rotation", PrivateKey(server.load().key("rotation")))
        first, first_key = made[0]
        ring = keys.Ring(first.id, first_key)
        teams = {code: _team(ring, code, [row for row, _ in made]) for code in rules.TEAMS}
        house = ids.new()
        shares = {"house": [(teams[rules.HOUSE].id, rules.HOUSE, None)]}
        actor = Actor("staff", first.id, ring)
        leave = gate.begin(actor, house, shares, op=None)["house"]
    with journal.unit(actor), operations.writing():
        for (row, _), newcomer in zip(made, founders, strict=True):
            _profile(leave, row.id, house, newcomer.name, list(rules.TEAMS))
        for code in rules.TEAMS:
            team = Team(case=house, code=code)
            team.sealed = gate.seal(leave, TEAM, team.id, {"name": team_names.get(code, code)})
            team.save(force_insert=True)
        journal.note("house founded", house, count=len(founders))
    return [row for row, _ in made]


def check(newcomer: Newcomer) -> None:
    """Invalid names what cannot be used."""
    wrong = {}
    if not newcomer.name.strip():
        wrong["name"] = "empty"
    if not newcomer.sign_in.strip():
        wrong["sign_in"] = "empty"
    elif Slot.objects.filter(find=keys.name_digest(newcomer.sign_in)).exists():
        wrong["sign_in"] = "taken"
    if rules.weak(newcomer.passphrase):
        wrong["passphrase"] = "weak"
    if wrong:
        raise Invalid("something must be chosen differently", wrong)


def _principal(newcomer: Newcomer, id_: ids.Id | None = None) -> tuple[Principal, PrivateKey]:
    key = PrivateKey.generate()
    if id_ is None:
        row = keys.add_principal("person", key)
    else:
        # Nobody vouches for somebody who came by an invitation until a colleague has welcomed them.
        row = Principal(id=id_, kind="person", public=key.public.raw)
        row.save(force_insert=True)
    Slot.objects.create(
        principal=row,
        kind="passphrase",
        find=keys.name_digest(newcomer.sign_in),
        blob=keys.lock(key.root, newcomer.passphrase, row.id),
    )
    factors.add_totp(row.id, newcomer.totp)
    return row, key


def _team(
    ring: keys.Ring, code: str, members: list[Principal], succeeds: ids.Id | None = None
) -> Principal:
    key = PrivateKey.generate()
    team = keys.add_principal("team", key, by=ring, code=code, succeeds=succeeds)
    for member in members:
        keys.add_member(ring, team, key.root, member)
    return team


def _profile(
    leave: gate.Leave, person: ids.Id, house: ids.Id, name: str, teams: list[str]
) -> Person:
    row = Person(id=person, case=house)
    row.sealed = gate.seal(leave, PERSON, person, {"name": name, "teams": teams})
    row.save(force_insert=True)
    return row


# --- joining -------------------------------------------------------------------------------------
def invite(actor: Actor, *, name: str, teams: list[str], hours: int = 48) -> str:
    """A one-time link's token for a new colleague, to be handed over in person or by a safe channel."""
    queries.require(actor, rules.COORDINATION)
    wrong = [code for code in teams if code not in rules.TEAMS]
    if wrong or not name.strip():
        raise Invalid("who, and for which teams?", {"teams" if wrong else "name": "choose"})
    house = queries.house()
    leave = gate.admit(actor, house, "house", write=True)
    person = ids.new()
    with transaction.atomic(using=KEYSTORE):
        token = links.create("invite", {"person": str(person)}, hours=hours)
    with operations.writing():
        _profile(leave, person, house, name.strip(), sorted({rules.HOUSE, *teams}))
        journal.note("invited", person)
    return token


def join(person: ids.Id, newcomer: Newcomer) -> Principal:
    """Somebody who used an invitation chooses passphrase and second device. They wait for a welcome."""
    if Principal.objects.filter(id=person).exists():
        raise Conflict
    check(newcomer)
    with transaction.atomic(using=KEYSTORE):
        row, _ = _principal(newcomer, person)
    journal.note("joined", person)
    return row


def welcome(actor: Actor, person: ids.Id, *, fingerprint: str) -> None:
    """Vouch for a newcomer whose fingerprint was read out and compared, and open their teams.

    The actor must be in each of the teams that the newcomer was invited to.
    """
    queries.require(actor, rules.COORDINATION)
    row = Principal.objects.filter(id=person, kind="person", vouched_by=None, active=True).first()
    profile = queries.colleague(actor, person)
    if row is None:
        raise Conflict
    read_out = "".join(fingerprint.casefold().split())
    if read_out != keys.public_of(bytes(row.public)).fingerprint:
        raise Invalid("the fingerprints differ", {"fingerprint": "differs"})
    with operations.writing():
        journal.note("welcomed", person, teams=profile.teams)
    with transaction.atomic(using=KEYSTORE):
        keys.vouch(actor.ring, row)
        for code in profile.teams:
            _add_to_team(actor, row, code)


def _add_to_team(actor: Actor, row: Principal, code: str) -> None:
    team = keys.team(code)
    held = actor.ring.teams.get(team.id)
    if held is None:
        raise Refused
    keys.add_member(actor.ring, team, held[1].root, row)


def join_team(actor: Actor, person: ids.Id, code: str) -> None:
    """Add a colleague to one more team; the actor must be in it."""
    queries.require(actor, rules.COORDINATION)
    row = Principal.objects.filter(id=person, kind="person", active=True).first()
    if row is None or not keys.trusted(row):
        raise NotFound
    with operations.writing():
        journal.note("joined team", person, team=code)
    with transaction.atomic(using=KEYSTORE):
        if Membership.objects.filter(team=keys.team(code), member=row).exists():
            raise Conflict
        _add_to_team(actor, row, code)


# --- leaving -------------------------------------------------------------------------------------
def leave(actor: Actor, person: ids.Id) -> None:
    """Somebody leaves: their sessions end, their locks go, each of their teams gets a new key for
    those who stay, and every compartment that they or those teams held is turned."""
    queries.require(actor, rules.COORDINATION)
    if person == actor.id:
        raise Invalid("somebody else must do this for you", {"person": "self"})
    row = Principal.objects.filter(id=person, kind="person", active=True).first()
    if row is None:
        raise NotFound
    with operations.writing():
        journal.note("left", person)
    teams = list(Principal.objects.filter(kind="team", active=True, members__member=row))
    if any(team.id not in actor.ring.teams for team in teams):
        raise Refused
    with transaction.atomic(using=KEYSTORE):
        Principal.objects.filter(id=person).update(active=False)
        sessions.end_all(person)
        Slot.objects.filter(principal_id=person).delete()
        Factor.objects.filter(principal_id=person).delete()
        for team in teams:
            succeed(actor.ring, team, without=person)
        Membership.objects.filter(member_id=person).delete()
    messages.forget_person(person)
    turn_keys()


def leave_team(actor: Actor, person: ids.Id, code: str) -> None:
    """Somebody leaves one team: those who stay get a new key."""
    queries.require(actor, rules.COORDINATION)
    team = keys.team(code)
    if not Membership.objects.filter(team=team, member_id=person).exists():
        raise NotFound
    with operations.writing():
        journal.note("left team", person, team=code)
    with transaction.atomic(using=KEYSTORE):
        succeed(actor.ring, team, without=person)
        Membership.objects.filter(team=team, member_id=person).delete()
    turn_keys()


def succeed(ring: keys.Ring, team: Principal, *, without: ids.Id) -> Principal:
    """A new key for a team, signed by the ring's holder; the old one stays with those who stay, to
    open what is not re-sealed yet."""
    rows = Membership.objects.filter(team=team).exclude(member_id=without)
    members = [row.member for row in rows.select_related("member")]
    Principal.objects.filter(id=team.id).update(active=False)
    fresh = _team(ring, team.code, members, succeeds=team.id)
    keys.move_generations({member.id for member in members} | {without})
    return fresh


def turn_keys() -> int:
    """Turn every compartment that somebody who has left, or a team that was succeeded, still holds.

    Needs no key and can stop anywhere: the engine goes on. Returns how many were turned.
    """
    count = 0
    for case, compartment, drop, instead in compartments.held_by_gone():
        with transaction.atomic(using=KEYSTORE):
            compartments.rotate(case, compartment, drop, instead)
        count += 1
    return count


# --- the raid button -----------------------------------------------------------------------------
def lockdown(actor: Actor) -> None:
    """Destroy what a seizure of the running server could use at once: duty and form keys, sessions,
    links. Sealed data stays. Anybody on staff may; nobody needs to be asked."""
    if actor.kind not in {"staff", "system"}:
        raise Refused
    journal.note("lockdown", actor.id or "")
    journal.flush()
    server.destroy()
    with transaction.atomic(using=KEYSTORE):
        sessions.end_everything()
        links.destroy_all()
    messages.destroy_queue()


def lift_lockdown() -> None:
    """From the server's shell only: fresh duty and form keys; people sign in again."""
    server.renew()
    journal.note("lockdown lifted")


def is_sample() -> bool:
    """Whether this data folder holds the fictional organisation."""
    return config().sample
