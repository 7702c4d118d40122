"""P09: a sealed value opens in its own place only, and nobody puts a key of their own in another's.

Every sealed value is tried in the place of every other, with the key of either. Then whoever can write
to the tables, and holds no key, plants rows: the readers must refuse them.

Seen to fail: when `sealed.context` leaves out the row (two entries of a compartment change places),
when `keys.id_of` is not asked by `Signers._may_sign`, and when `keys.team` takes a team that no
founder's chain stands for.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from amparo.casework.models import Draft
from amparo.casework.services import desk, opening
from amparo.consent import services as consent
from amparo.consent.models import Link
from amparo.foundation import clock, ids
from amparo.foundation.errors import AmparoError
from amparo.foundation.models import JournalEntry
from amparo.foundation.router import KEYSTORE
from amparo.people import services as people
from amparo.proofs import thief
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.world import Defender, Officer, World, found, sealed_file, steal, stolen
from amparo.vault import codes, compartments, duty, factors, keys, log, sealed, server, sessions
from amparo.vault import opening as vault_opening
from amparo.vault.models import Epoch, Factor, Grant, Membership, Principal, Session, Slot
from amparo.vault.primitives import (
    CannotOpen,
    PrivateKey,
    ctx,
    digest,
    open_,
    open_secret,
    unwrap,
    wrap,
)
from amparo.vault.signers import Share, grant_context, list_text


@dataclass(frozen=True)
class Place:
    """A sealed value where it belongs: what opens it there, given a key."""

    name: str
    key: Any
    blob: bytes
    opens: Callable[[Any, bytes], object]


@proves("P09")
def own_place_only() -> Found:
    """All pairs of sealed values, another installation, and planted rows."""
    result = Found()
    world = found()
    officer = world.officers[0]
    defenders = [world.ask(what=f"call {n}") for n in range(many(6, 2))]
    _fill(world, defenders[0].case)
    places = [*_places(officer), *_secrets(world, defenders)]
    opened = 0
    for one in places:
        result.expect(_opens(one, one.key, one.blob), f"{one.name} does not open in its place")
    for here in places:
        for there in places:
            if here.blob != there.blob:
                passed = [key for key in (here.key, there.key) if _opens(here, key, there.blob)]
                opened += bool(passed)
                if passed:
                    result.breaches.append(f"{there.name} opens in the place of {here.name}")
    opened += _another_installation(result, officer)
    planted = _planted(result, world, [one.case for one in defenders])
    result.value = str(opened)
    result.detail = (
        f"{len(places) ** 2 - len(places)} pairs of {len({one.name for one in places})} kinds, "
        f"{planted} planted rows refused"
    )
    return result


def _opens(place: Place, key: Any, blob: bytes) -> bool:
    try:
        place.opens(key, blob)
    except (CannotOpen, ValueError, TypeError, AttributeError):
        return False  # a key of another kind fails in its own way
    return True


def _fill(world: World, case: ids.Id) -> None:
    first, second, _ = world.officers
    with first.request() as actor:
        opening.open_case(actor, case, version=0)
        opening.write_note(actor, case, "narrative", text="one")
        opening.write_note(
            actor, case, "narrative", text="two", files=(sealed_file("a.txt", b"x" * 10),)
        )
        desk.save_draft(actor, place="one", text="draft")
        desk.save_draft(actor, place="two", text="draft")
        people.invite(actor, name="somebody", teams=["house"])
        people.invite(actor, name="somebody else", teams=["house"])
    with second.request() as actor:
        desk.save_draft(actor, place="one", text="draft")


# --- all that is sealed ---------------------------------------------------------------------------
def _places(officer: Officer) -> Iterator[Place]:
    with officer.request() as actor:
        ring = actor.ring
        yield from _fields(ring)
        yield from _wraps(ring)
        yield from _own(ring, officer)


def _fields(ring: keys.Ring) -> Iterator[Place]:
    for kind in sealed.kinds():
        for row in kind.model.objects.all():
            blob = bytes(row.sealed)
            held = compartments.keys_of(ring, [row.case], row.compartment).get(row.case, {})
            key = held.get(sealed.epoch_of(blob))
            if key is not None:

                def opens(key: Any, blob: bytes, kind: Any = kind, row: Any = row) -> object:
                    return sealed.read(key, kind, row.id, row.case, row.compartment, blob)

                yield Place(f"{kind.name} in {row.compartment}", key, blob, opens)


def _wraps(ring: keys.Ring) -> Iterator[Place]:
    for row in Grant.objects.filter(grantee__in=ring.held()):
        key = ring.key(row.grantee)
        place = grant_context(
            row.case, row.compartment, row.epoch, key.public, row.purpose, row.until
        )
        yield _wrap(f"grant of {row.compartment}", key, bytes(row.wrap), place)
    for member in Membership.objects.filter(member_id=ring.id).select_related("team"):
        place = keys._membership_context(member.team, ring.person.public)
        yield _wrap("membership", ring.person, bytes(member.wrap), place)


def _wrap(name: str, key: PrivateKey, blob: bytes, place: bytes) -> Place:
    return Place(name, key, blob, lambda key, blob: unwrap(blob, key, place))


def _own(ring: keys.Ring, officer: Officer) -> Iterator[Place]:
    for row in Draft.objects.filter(person=officer.id):

        def opens(key: Any, blob: bytes, row: Any = row) -> object:
            return vault_opening.open_own(keys.Ring(ring.id, key), "draft", row.id, blob)

        yield Place("draft", ring.person, bytes(row.sealed), opens)
    for entry in JournalEntry.objects.all()[:20]:

        def reads(key: Any, blob: bytes, entry: Any = entry) -> object:
            return log.open_detail(key, JournalEntry(digest=entry.digest, sealed=blob))

        yield Place("journal entry", ring, bytes(entry.sealed), reads)


def _secrets(world: World, defenders: list[Defender]) -> Iterator[Place]:
    """What the server's keys seal; locks and sessions, with the keys that belong to them."""
    totp, pepper = server.load().key("totp"), server.load().key("pepper")
    for row in Factor.objects.all():
        place = factors._context(row.id)
        yield Place("factor", totp, bytes(row.sealed), lambda k, b, p=place: open_(k, b, p))
    for link in Link.objects.all():
        place = ctx("capsule", server.load().installation, f"link.{link.kind}", link.id)
        box = bytes(link.body)[2 : 2 + int.from_bytes(bytes(link.body)[:2], "big")]
        yield _wrap("link", duty._duty(), box, place)
    for officer in world.officers:
        slot = Slot.objects.get(principal_id=officer.id)
        blob, place = bytes(slot.blob), ctx("lock", slot.principal_id)
        level = thief.LEVELS[blob[:2]]
        key = thief.stretch(officer.passphrase.encode(), blob[2:18], pepper, *level)
        yield _secret("lock", key, blob[18:], place)
        for session in Session.objects.filter(principal_id=officer.id):
            key = sessions._key(officer.handle, bytes(session.half), session.principal_id)
            place = ctx("session", session.principal_id)
            yield _secret("session", key, bytes(session.sealed), place)
    for defender in defenders:
        look_up, key = codes.derive(defender.code, server.load().installation, pepper)
        slot = Slot.objects.get(find=look_up)
        yield _secret("code lock", key, bytes(slot.blob), ctx("code-lock", slot.principal_id))


def _secret(name: str, key: bytes, blob: bytes, place: bytes) -> Place:
    return Place(name, key, blob, lambda key, blob: open_secret(key, blob, place))


def _another_installation(result: Found, officer: Officer) -> int:
    """The same files and keys under another installation's name: nothing of a case opens."""
    secret = ("--passphrase", f"{officer.name}:{officer.passphrase}")
    with stolen() as copy:
        before = steal(copy, *secret)["opened"]
        file = copy / "server.keys"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"installation": "00" * 16}))
        after = steal(copy, *secret)["opened"]
    kinds = {"casework.entry", "casework.cover", "casework.file", "people.person", "draft"}
    result.expect(kinds <= set(before), f"the thief is blind: {sorted(kinds - set(before))}")
    wrong = sum(count for kind, count in after.items() if kind in kinds | {"file", "vault.factor"})
    result.expect(not wrong, f"{wrong} values open in another installation: {after}")
    return wrong


# --- planted rows ---------------------------------------------------------------------------------
class Undo(Exception):
    """Takes back what was planted."""


@contextmanager
def _tried() -> Iterator[None]:
    """Whatever is written inside is taken back; caches of what was found true stay as they are."""
    try:
        with transaction.atomic(using=KEYSTORE), transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


def _planted(result: Found, world: World, cases: list[ids.Id]) -> int:
    """Somebody can write to the key store and has no key of ours."""
    tries: dict[str, Callable[[World, ids.Id], bool]] = {
        "an epoch signed by a planted defender": _plant_defender,
        "an epoch signed by a planted colleague": _plant_colleague,
        "a rotation for somebody more": _plant_rotation,
        "another key in the intake team's row": lambda w, c: _replace(w, "team", "intake"),
        "another key in the auditors' row": lambda w, c: _replace(w, "team", "auditors"),
        "another key in a colleague's row": _replace_colleague,
        "a membership by a planted colleague": _plant_member,
        "a later last day": _later,
        "another purpose": _purpose,
        "a revived team": _revive,
    }
    for name, attack in tries.items():
        with _tried():
            result.expect(not attack(world, cases[0]), f"believed: {name}")
    return len(tries)


def _plant_epoch(signer: Principal, key: PrivateKey, case: ids.Id, world: World) -> bool:
    """The next epoch of a conversation under a key of one's own: is new content sealed with it?"""
    number = compartments.current(case, "correspondence") + 1
    shares = [Share(keys.team("intake").id, "protection"), Share(signer.id, "own")]
    plan = {"correspondence": (number, shares)}
    with_key = compartments._Signer(signer.id, key)
    try:
        compartments._make(with_key, case, plan, None)
    except AmparoError:
        return False  # our own code would not even write it; a thief's would, so:
    return _is_used(world, case, number)


def _is_used(world: World, case: ids.Id, number: int) -> bool:
    with world.officers[0].request() as actor:
        ring = keys.Ring(actor.id, actor.ring.person)
        held = compartments.keys_of(ring, [case], "correspondence").get(case, {})
    return number in held


def _stranger(kind: str, **more: object) -> tuple[Principal, PrivateKey]:
    key = PrivateKey.generate()
    wanted = {"id": keys.id_of(key.public)} if kind == "defender" else {}
    row = Principal(kind=kind, public=key.public.raw, **(wanted | more))
    row.vouched_by, row.voucher = row.id, key.sign(keys._voucher_text(row))
    row.save(force_insert=True)
    return row, key


def _plant_defender(world: World, case: ids.Id) -> bool:
    row, key = _stranger("defender")
    Epoch.objects.filter(case=case, number=1).update(signer=row.id)
    return _plant_epoch(row, key, case, world)


def _plant_colleague(world: World, case: ids.Id) -> bool:
    row, key = _stranger("person")
    return _by_hand(row, key, case, world)


def _by_hand(row: Principal, key: PrivateKey, case: ids.Id, world: World) -> bool:
    """As `_plant_epoch`, without asking our code whether it would wrap to the stranger."""
    number = compartments.current(case, "correspondence") + 1
    team, secret = keys.team("intake"), PrivateKey.generate().root
    place = keys.public_of(bytes(team.public))
    context = grant_context(case, "correspondence", number, place, "protection", None)
    blob = wrap(secret, place, context)
    epoch = Epoch(case=case, compartment="correspondence", number=number, signer=row.id)
    epoch.recipients = [[str(team.id), "protection", ""], [str(row.id), "own", ""]]
    epoch.signature = key.sign(list_text(epoch))
    epoch.save(force_insert=True)
    Grant.objects.create(
        case=case,
        compartment="correspondence",
        epoch=number,
        grantee=team.id,
        purpose="protection",
        wrap=blob,
        signer=row.id,
        signature=key.sign(ctx("grant-signature", context, digest(blob))),
    )
    return _is_used(world, case, number)


def _plant_rotation(world: World, case: ids.Id) -> bool:
    """With the server's rotation key as well: for the last list and a reader more."""
    row, stranger = _stranger("outside")
    Principal.objects.filter(id=row.id).update(id=keys.id_of(stranger.public))
    number = compartments.current(case, "correspondence") + 1
    reader = keys.id_of(stranger.public)
    shares = [Share(reader, "legal")]
    compartments._make(compartments._rotation(), case, {"correspondence": (number, shares)}, None)
    ring = keys.Ring(reader, stranger)
    return number in compartments.keys_of(ring, [case], "correspondence").get(case, {})


def _replace(world: World, kind: str, code: str) -> bool:
    theirs = PrivateKey.generate()
    Principal.objects.filter(kind=kind, code=code).update(public=theirs.public.raw)
    try:
        with transaction.atomic(using=KEYSTORE), transaction.atomic():
            world.ask(what="sealed to whom?")
    except AmparoError:
        return False
    return True


def _replace_colleague(world: World, case: ids.Id) -> bool:
    first, second, _ = world.officers
    theirs = PrivateKey.generate()
    Principal.objects.filter(id=second.id).update(public=theirs.public.raw)
    try:
        with transaction.atomic(using=KEYSTORE), transaction.atomic(), first.request() as actor:
            consent.record_answer(
                actor,
                case,
                answer="granted",
                recipient=second.id,
                label="them",
                purpose="legal",
                compartment="correspondence",
                how="oral",
                language="en",
            )
    except AmparoError:
        return False
    return True


def _plant_member(world: World, case: ids.Id) -> bool:
    """A team of a stranger's making, with an officer put into it: a role for free?"""
    row, key = _stranger("person")
    team, team_key = _stranger("team", code="care")
    officer = world.officers[0]
    member = Principal.objects.get(id=officer.id)
    Membership.objects.filter(member=member).delete()
    keys.add_member(keys.Ring(row.id, key), team, team_key.root, member)
    with officer.request() as actor:
        return bool(keys.Ring(actor.id, actor.ring.person).roles)


def _later(world: World, case: ids.Id) -> bool:
    """A grant that is over gets a later last day."""
    Grant.objects.filter(case=case, compartment="correspondence").update(
        until=clock.today() + timedelta(days=900)
    )
    return _is_used(world, case, 1)


def _purpose(world: World, case: ids.Id) -> bool:
    Grant.objects.filter(case=case, compartment="correspondence", purpose="protection").update(
        purpose="publication"
    )
    return _is_used(world, case, 1)


def _revive(world: World, case: ids.Id) -> bool:
    """Somebody who has left kept the old team's root, and makes the old team the present one."""
    leaver = world.hire("leaver", "house", "intake")
    old = keys.team("intake").id
    with world.officers[0].request() as actor:
        people.leave(actor, leaver.id)
    fresh = keys.team("intake").id
    Principal.objects.filter(id=fresh).update(active=False)
    Principal.objects.filter(id=old).update(active=True)
    try:
        return keys.team("intake").id == old
    except AmparoError:
        return False
