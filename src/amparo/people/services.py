"""Joining, signing in, locking, leaving. Whoever leaves takes no key that opens what comes after."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction

from amparo.consent import gate, links
from amparo.consent import rules as consent_rules
from amparo.foundation import clock, events, ids, journal, operations
from amparo.foundation.actor import NOBODY, Actor
from amparo.foundation.config import config
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, Refused, Unavailable
from amparo.foundation.router import KEYSTORE
from amparo.messages import services as messages
from amparo.people import queries, rules
from amparo.people.events import LockedDown
from amparo.people.models import PERSON, TEAM, Person, Team
from amparo.vault import (
    compartments,
    devices,
    factors,
    keys,
    passkeys,
    sample,
    server,
    sessions,
    staff,
    vouching,
    watch,
)


@dataclass(frozen=True)
class Signed:
    """An open session: the handle goes into the cookie and nowhere else, and so does the word by which
    this device is known from now on. The one ends with the visit, the other stays."""

    handle: bytes
    actor: Actor
    device: str


# --- signing in ----------------------------------------------------------------------------------
_misses: OrderedDict[bytes, tuple[int, datetime]] = OrderedDict()
_lock = threading.Lock()
KEEP_MISSES = 10_000


def _may_try(whose: bytes) -> bool:
    """Whether somebody's tries do not rest just now.

    A try counts as a miss from its beginning: of many at once no more are free than one by one.
    """
    with _lock:
        count, until = _misses.get(whose, (0, clock.now()))
        if until > clock.now():
            return False
        _misses.pop(whose, None)
        _misses[whose] = count + 1, clock.now() + rules.wait_after(count + 1)
        while len(_misses) > KEEP_MISSES:
            _misses.popitem(last=False)
    return True


@dataclass(frozen=True)
class Passkey:
    """A device's answer to the challenge of a form, instead of six digits."""

    site: str
    form: str
    answer: str


def sign_in(name: str, passphrase: str, second: str | Passkey, *, device: str = "") -> Signed:
    """Open a person's key for a session; `second` is the six digits or a passkey's answer, `device` the
    word that an earlier sign-in has left on this device.

    Refused alike for a wrong name, passphrase or second factor, for somebody who has left, for somebody
    whom no one has welcomed yet, and while the second factor rests after many misses. Wrong passphrases
    make nobody's name rest, or whoever knows it would keep its owner out (docs/decisions/0009).
    Unavailable when too many knock at once, and for everybody during a lockdown.
    """
    if server.locked_down():
        raise Unavailable("locked down")
    known = devices.name_of(device)
    # Who misses again and again on a device that was here before stands in line with the strangers.
    trusted = known if known and _may_try(known) else b""
    # Only with the right passphrase does anybody get as far as the second factor's tries. Those of all
    # known devices count as one, or whoever has collected many would have as many times five.
    tries = keys.name_digest(name) + (b"known" if trusted else b"")
    try:
        person = staff.unlock(name, passphrase, known=bool(trusted))
        if _of_the_sample(passphrase) or not _may_try(tries):
            raise CannotOpen
        if isinstance(second, Passkey):
            passkeys.check(person.id, second.site, second.form, second.answer)
        else:
            factors.check_totp(person.id, second)
    except CannotOpen:
        journal.note("sign-in refused")
        raise Refused from None
    with _lock:
        _misses.pop(tries, None)
        _misses.pop(known, None)
    return _begin(person, devices.word(known))


def _of_the_sample(passphrase: str) -> bool:
    """Sign-ins that everybody can look up open nothing outside a folder marked as a sample."""
    return sample.is_known(passphrase) and not config().sample


def _begin(person: staff.Unlocked, device: str) -> Signed:
    handle = sessions.begin(person.key, person.id, person.generation, "staff")
    actor = _actor(sessions.resume(handle, "staff"))
    journal.act_as(actor)
    journal.note("sign-in", person.id)
    messages.renew_routes(actor)
    for papers in rules.PAPERS:
        gate.mend(actor, queries.house(), papers)
    return Signed(handle, actor, device)


def resume(handle: bytes, *, keep_alive: bool = True) -> Actor:
    """Who holds a handle; NOBODY when its session is over."""
    try:
        ring = sessions.resume(handle, "staff", keep_alive=keep_alive)
    except CannotOpen:
        return NOBODY
    return _actor(ring)


def _actor(ring: keys.Ring) -> Actor:
    """Staff, or somebody who relays: they sign in alike, and nothing that wants staff takes a relay."""
    return Actor("relay" if rules.is_relay(ring.roles) else "staff", ring.id, ring)


def sign_out(actor: Actor, handle: bytes) -> None:
    """End this session."""
    sessions.end(handle)
    journal.note("sign-out", actor.id)


def lock_everywhere(actor: Actor) -> int:
    """A device is lost: end every session of the actor, on every device."""
    count = sessions.end_all(actor.id)
    journal.note("locked everywhere", actor.id, count=count)
    return count


def confirm(actor: Actor, passphrase: str) -> None:
    """Invalid unless the actor knows their passphrase: an open session is not enough to take a key
    along or to add a second factor."""
    if actor.kind != "staff":
        raise Refused
    try:
        staff.knows(actor.ring, passphrase)
    except CannotOpen:
        journal.note("passphrase refused", actor.id)
        raise Invalid("that is not the passphrase", {"old": "wrong"}) from None


def change_passphrase(actor: Actor, *, old: str, new: str) -> None:
    """Put a new lock round the same key; every session ends, this one too."""
    if rules.weak(new) or _of_the_sample(new):
        raise Invalid("choose a longer passphrase", {"new": "weak"})
    try:
        staff.relock(actor.ring, old, new)
    except CannotOpen:
        raise Invalid("that is not the passphrase", {"old": "wrong"}) from None
    sessions.end_all(actor.id)
    journal.note("passphrase changed", actor.id)


def was_offered_key(actor: Actor) -> bool:
    """Whether the actor was asked, at a first sign-in, to take their key file along."""
    leave_ = gate.admit(actor, queries.house(), "house")
    doc = gate.read(leave_, PERSON, Person.objects.get(id=actor.id))
    return bool(doc.get("key_offered"))


def note_key_offer(actor: Actor) -> None:
    """It is not offered again by itself; it stands in the settings."""
    if actor.kind != "staff":
        raise Refused
    leave_ = gate.admit(actor, queries.house(), "house", write=True)
    with operations.writing():
        row = Person.objects.select_for_update().get(id=actor.id)
        doc = gate.read(leave_, PERSON, row) | {"key_offered": True}
        row.sealed = gate.seal(leave_, PERSON, row.id, doc)
        row.save(update_fields=["sealed"])
        journal.note("key file offered", actor.id)


def add_passkey(actor: Actor, *, site: str, form: str, answer: str) -> None:
    """Keep one more second factor for the actor."""
    if actor.kind != "staff":
        raise Refused
    try:
        passkeys.add(actor.id, site, form, answer)
    except CannotOpen:
        raise Invalid("that was no answer to this question", {"answer": "form"}) from None
    journal.note("passkey added", actor.id)


# --- the first officers --------------------------------------------------------------------------
@dataclass(frozen=True)
class Newcomer:
    """What somebody chose when they joined."""

    name: str  # as colleagues see it
    sign_in: str
    passphrase: str
    totp: str  # the secret on their second device

    @property
    def lock(self) -> staff.Lock:
        """The part that the vault needs."""
        return staff.Lock(self.sign_in, self.passphrase, self.totp)

    def __repr__(self) -> str:
        return "<Newcomer>"


def found_house(founders: list[Newcomer], *, team_names: dict[str, str]) -> list[ids.Id]:
    """Make the first officers, the teams and the house. Only once, by `amparo init`.

    Their fingerprints are pinned in the server's file; everybody else is vouched for by them.
    Returns their principals, in order.
    """
    if staff.exists():
        raise Conflict("this installation has officers already")
    for newcomer in founders:
        check(newcomer)
    with transaction.atomic(using=KEYSTORE):
        made, ring = staff.found([newcomer.lock for newcomer in founders], rules.TEAMS)
        house = ids.new()
        shares = {
            rules.HOUSE: [(keys.team(rules.HOUSE).id, rules.HOUSE, None)],
            rules.DESK: [(keys.team(rules.INTAKE).id, rules.HOUSE, None)],
        }
        actor = Actor("staff", ring.id, ring)
        leave_ = gate.begin(actor, house, shares, op=None)[rules.HOUSE]
    with journal.unit(actor), operations.writing():
        for person, newcomer in zip(made, founders, strict=True):
            _profile(leave_, person, house, newcomer.name, list(rules.TEAMS))
        for code in rules.TEAMS:
            team = Team(case=house, code=code)
            team.sealed = gate.seal(leave_, TEAM, team.id, {"name": team_names.get(code, code)})
            team.save(force_insert=True)
        journal.note("house founded", house, count=len(founders))
    return made


def check(newcomer: Newcomer) -> None:
    """Invalid names what cannot be used."""
    wrong = {}
    if not newcomer.name.strip():
        wrong["name"] = "empty"
    if not newcomer.sign_in.strip():
        wrong["sign_in"] = "empty"
    elif staff.sign_in_taken(newcomer.sign_in):
        wrong["sign_in"] = "taken"
    if rules.weak(newcomer.passphrase) or _of_the_sample(newcomer.passphrase):
        wrong["passphrase"] = rules.WEAK
    if wrong:
        raise Invalid("something must be chosen differently", wrong)


def _profile(
    leave_: gate.Leave, person: ids.Id, house: ids.Id, name: str, teams: list[str]
) -> Person:
    row = Person(id=person, case=house)
    row.sealed = gate.seal(leave_, PERSON, person, {"name": name, "teams": teams})
    row.save(force_insert=True)
    return row


# --- joining -------------------------------------------------------------------------------------
def invite(actor: Actor, *, name: str, teams: list[str], hours: int = 48) -> str:
    """A one-time link's token for a new colleague, to be handed over in person or by a safe channel.

    Whoever is invited to relay is in that team alone: not in the house, whose key opens names.
    """
    queries.require(actor, rules.COORDINATION)
    wrong = [code for code in teams if code not in rules.TEAMS]
    if wrong or not name.strip():
        raise Invalid("who, and for which teams?", {"teams" if wrong else "name": "choose"})
    if rules.RELAY in teams and len(set(teams)) > 1:
        raise Invalid("who relays is in no other team", {"teams": "relay"})
    house = queries.house()
    leave_ = gate.admit(actor, house, "house", write=True)
    person = ids.new()
    with transaction.atomic(using=KEYSTORE):
        token = links.create("invite", {"person": str(person)}, hours=hours)
    with operations.writing():
        seats = set(teams) if rules.RELAY in teams else {rules.HOUSE, *teams}
        _profile(leave_, person, house, name.strip(), sorted(seats))
        journal.note("invited", person)
    return token


def join(person: ids.Id, newcomer: Newcomer) -> str:
    """Somebody who used an invitation chooses passphrase and second device. They wait for a welcome.

    Returns the fingerprint that they read out to a colleague.
    """
    check(newcomer)
    with transaction.atomic(using=KEYSTORE):
        fingerprint = staff.join(person, newcomer.lock)
    journal.note("joined", person)
    return fingerprint


def welcome(actor: Actor, person: ids.Id, *, fingerprint: str) -> None:
    """Vouch for a newcomer whose fingerprint was read out and compared, and open their teams.

    The actor must be in each of the teams that the newcomer was invited to. The release group is not
    opened by it: a second person does that, with `join_team`.
    """
    queries.require(actor, rules.COORDINATION)
    profile = queries.colleague(actor, person)
    if profile.state != "waiting":
        raise Conflict
    _compare(profile, fingerprint)
    teams = [code for code in profile.teams if code != rules.RELEASE]
    making = operations.Making("people.welcome")
    with making.keys():
        staff.welcome(actor.ring, person, profile.fingerprint, teams, op=making.id)
    with making.data():
        journal.note("welcomed", person, teams=teams)


def _compare(profile: queries.Colleague, fingerprint: str) -> None:
    if "".join(fingerprint.casefold().split()) != profile.fingerprint:
        raise Invalid("the fingerprints differ", {"fingerprint": "differs"})


def vouch_too(actor: Actor, person: ids.Id, *, fingerprint: str) -> None:
    """A second person has met a colleague and compared their fingerprint: they stand on nobody's word
    alone any more, and count as a person of their own wherever two are needed.

    Invalid (`person`: same) from somebody whose word is not a second one: who welcomed them, or who
    stands on the same colleague.
    """
    queries.require(actor, rules.COORDINATION, rules.RELEASE)
    profile = queries.colleague(actor, person)
    if profile.state != "here" or profile.second:
        raise Conflict
    _second(actor, person)
    _compare(profile, fingerprint)
    making = operations.Making("people.vouch too")
    with making.keys():
        staff.vouch_too(actor.ring, person, profile.fingerprint, op=making.id)
    with making.data():
        journal.note("vouched too", person)


def _second(actor: Actor, person: ids.Id, code: str = "") -> None:
    if not vouching.Standing().may_second(actor.id, person, code):
        raise Invalid("a second person does this", {"person": "same"})


def _room_for_one_more(codes: list[str]) -> None:
    """Every two of the release group are a pair, so an eighth would be half of none."""
    full = len(queries.members_of(rules.RELEASE)) >= consent_rules.RELEASE_GROUP_LIMIT
    if rules.RELEASE in codes and full:
        raise Invalid("the release group is full", {"team": "full"})


def join_team(actor: Actor, person: ids.Id, code: str, *, fingerprint: str = "") -> None:
    """Add a colleague to one more team; the actor must be in it.

    To the release group somebody of it adds them whose word is a second one (Invalid `person`: same,
    for anybody else) and who compares their fingerprint again. Invalid (`team`: full) for an eighth.
    """
    if code == rules.RELAY or queries.colleague(actor, person).relays:
        raise Invalid("who relays is in no other team", {"team": "relay"})
    if code == rules.RELEASE:
        queries.require(actor, rules.COORDINATION, rules.RELEASE)
        _room_for_one_more([code])
        _second(actor, person, code)
        _compare(queries.colleague(actor, person), fingerprint)
    else:
        queries.require(actor, rules.COORDINATION)
    making = operations.Making("people.join team")
    with making.keys():
        staff.add_to_team(actor.ring, person, code, op=making.id)
    with making.data():
        journal.note("joined team", person, team=code)


# --- leaving -------------------------------------------------------------------------------------
def leave(actor: Actor, person: ids.Id, *, losing: bool = False) -> None:
    """Somebody leaves: their sessions end, their locks go, each of their teams gets a new key for
    those who stay, and every compartment that they or those teams held is turned.

    Invalid while they alone hold something, for nobody could ever open it again: it is handed over
    first, or lost knowingly (`losing`). Refused unless the actor is in all of their teams.
    """
    queries.require(actor, rules.COORDINATION)
    if person == actor.id:
        raise Invalid("somebody else must do this for you", {"person": "self"})
    staff.may_remove(actor.ring, person)
    if not losing and (watch.held_alone_by(person) or staff.last_in(person)):
        raise Invalid("they alone hold something: hand it over first", {"person": "holds"})
    with operations.ending("people.leave", person=person):
        messages.forget_person(person)
        journal.note("left", person)
    with transaction.atomic(using=KEYSTORE):
        staff.leave(actor.ring, person)
    turn_keys(limit=AT_ONCE)


@operations.finishes("people.leave")
def _shut_out(subject: dict[str, str]) -> None:
    """What needs no key. Where it breaks off here, the seats stay until `leave` is done again."""
    with transaction.atomic(using=KEYSTORE):
        staff.shut_out(ids.of(subject["person"]))


def leave_team(actor: Actor, person: ids.Id, code: str, *, losing: bool = False) -> None:
    """Somebody leaves one team: those who stay get a new key. Invalid for the last one in it, and while
    names open to nobody without them."""
    queries.require(actor, rules.COORDINATION)
    if person == actor.id:
        # Whoever makes the new key of a team knows it.
        raise Invalid("somebody else must do this for you", {"person": "self"})
    staff.may_remove_from(actor.ring, person, code)
    alone = code == rules.RELEASE and watch.held_alone_by(person, by_pairs=True)
    if not losing and (alone or code in staff.last_in(person)):
        raise Invalid("nobody would be left in the team", {"person": "holds"})
    team = keys.team(code).id
    leaving = operations.Personal("people.leave team", person=person, team=team)
    with leaving.accepted():
        journal.note("left team", person, team=code)
    with leaving.keys():
        staff.leave_team(actor.ring, person, code)
    turn_keys(limit=AT_ONCE)


@operations.was_done("people.leave team")
def _left_team(subject: dict[str, str]) -> bool:
    return not staff.sits_in(ids.of(subject["team"]), ids.of(subject["person"]))


def lock_out(person: ids.Id) -> int:
    """From the server's shell, without anybody's key: end a person's sessions and take their locks.

    Their teams' keys are turned when a colleague does `leave` for them."""
    with transaction.atomic(using=KEYSTORE):
        ended = staff.shut_out(person)
    journal.note("locked out", person, count=ended)
    return ended


AT_ONCE = 200  # compartments that are turned in the request itself; the engine does the others
AT_A_TIME = 1000


def turn_keys(*, limit: int = AT_A_TIME) -> int:
    """Turn every compartment that somebody who has left, or a team that was succeeded, still holds.

    Needs no key and can stop anywhere: the engine goes on. Returns how many were turned.
    """
    count = 0
    for case, compartment, drop, instead in islice(compartments.held_by_gone(), limit):
        with transaction.atomic(using=KEYSTORE):
            compartments.rotate(case, compartment, drop, instead)
        count += 1
    if count:
        operations.scrub()
    return count


# --- the raid button -----------------------------------------------------------------------------
def lockdown(actor: Actor) -> None:
    """Destroy what a seizure of the running server could use at once: duty and form keys, sessions,
    links. Sealed data stays. Anybody on staff may; nobody needs to be asked."""
    if actor.kind not in {"staff", "system"}:
        raise Refused
    journal.note("lockdown")
    try:
        journal.flush()
    finally:
        # Whatever is the matter with the tables: these keys go now.
        server.destroy()
    with transaction.atomic(using=KEYSTORE):
        sessions.end_everything()
        links.destroy_all()
    messages.destroy_queue()
    events.announce(LockedDown())
    operations.scrub()


def lift_lockdown() -> None:
    """From the server's shell only: fresh duty and form keys; people sign in again."""
    server.renew()
    journal.note("lockdown lifted")


def is_sample() -> bool:
    """Whether this data folder holds the fictional organisation."""
    return config().sample
