"""P09: a sealed value opens in its own place only, and nobody puts a key of their own in another's.

Every sealed value is tried in the place of every other, with the key of either. Then whoever can write
to the tables, and holds no key, plants rows: the readers must refuse them.

Seen to fail: when `sealed.context` leaves out the row (two entries of a compartment change places),
when `keys.id_of` is not asked by `Signers.may_sign`, and when `keys.team` takes a team that no
founder's chain stands for.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from amparo.casework.models import Draft
from amparo.casework.services import desk, opening
from amparo.consent import gate, links
from amparo.consent import services as consent
from amparo.consent.models import Link
from amparo.foundation import clock, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import AmparoError, CannotOpen
from amparo.foundation.models import JournalEntry
from amparo.foundation.router import KEYSTORE
from amparo.people import services as people
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.world import Officer, World, found, sealed_file, steal, stolen
from amparo.vault import compartments, factors, keys, log, sealed, sessions, vouching
from amparo.vault.models import (
    Epoch,
    Factor,
    Grant,
    Membership,
    Principal,
    Second,
    Session,
    Slot,
)
from amparo.vault.signers import Share


@dataclass(frozen=True)
class Place:
    """A sealed value where it belongs, and the reader that opens it there."""

    name: str
    blob: bytes
    reads: Callable[[bytes], object]


@proves("P09")
def own_place_only() -> Found:
    """All pairs of sealed values, another installation, and planted rows."""
    result = Found()
    world = found()
    officer = world.officers[0]
    defenders = [world.ask(what=f"call {n}") for n in range(many(6, 2))]
    links_ = _fill(world, defenders[0].case)
    opened, pairs, names = 0, 0, set()
    with officer.request() as actor:
        places = [*_fields(actor), *_wraps(actor), *_own(actor), *_secrets(world, links_)]
        for here in places:
            names.add(here.name)
            result.expect(_opens(here, here.blob), f"{here.name} does not open in its place")
            for there in places:
                if here.blob != there.blob:
                    pairs += 1
                    if _opens(here, there.blob):
                        opened += 1
                        result.breaches.append(f"{there.name} opens in the place of {here.name}")
    opened += _another_installation(result, officer)
    planted = _planted(result, world, [one.case for one in defenders])
    result.value = str(opened)
    result.detail = f"{pairs} pairs of {len(names)} kinds, {planted} planted rows refused"
    return result


def _opens(place: Place, blob: bytes) -> bool:
    try:
        place.reads(blob)
    except AmparoError:
        return False
    return True


def _fill(world: World, case: ids.Id) -> dict[str, Link]:
    found_: dict[str, Link] = {}
    first, second, _ = world.officers
    with first.request() as actor:
        opening.open_case(actor, case, version=0)
        opening.write_note(actor, case, "narrative", text="one")
        file = sealed_file("a.txt", b"x" * 10)
        opening.write_note(actor, case, "narrative", text="two", files=(file,))
        desk.save_draft(actor, place="one", text="draft")
        desk.save_draft(actor, place="two", text="draft")
        for name in ("somebody", "somebody else"):
            before = set(Link.objects.values_list("id", flat=True))
            token = people.invite(actor, name=name, teams=["house"])
            found_[token] = Link.objects.exclude(id__in=before).get()
    with second.request() as actor:
        desk.save_draft(actor, place="one", text="draft")
    return found_


# --- all that is sealed ---------------------------------------------------------------------------
def _fields(actor: Actor) -> Iterator[Place]:
    """Every sealed column of every row that the actor opens, through the gate."""
    for kind in sealed.kinds():
        row: Any
        for row in kind.model._default_manager.all():
            if gate.holds(actor, row.case, row.compartment):
                leave = gate.admit(actor, row.case, row.compartment)

                def reads(blob: bytes, kind: Any = kind, row: Any = row, leave: Any = leave) -> Any:
                    return gate.read(leave, kind, _with(row, sealed=blob))

                yield Place(f"{kind.name} in {row.compartment}", bytes(row.sealed), reads)


def _with(row: Any, **changed: bytes) -> Any:
    """The row with another value in it, in memory only."""
    other = copy(row)
    for name, value in changed.items():
        setattr(other, name, value)
    return other


def _wraps(actor: Actor) -> Iterator[Place]:
    ring = actor.ring
    for row in Grant.objects.filter(grantee__in=ring.held()):

        def grant(blob: bytes, row: Any = row) -> object:
            return compartments.open_grant(_with(row, wrap=blob), ring.key(row.grantee))

        yield Place(f"grant of {row.compartment}", bytes(row.wrap), grant)
    for member in Membership.objects.filter(member_id=ring.id).select_related("team"):

        def membership(blob: bytes, row: Any = member) -> object:
            return ring._join(_with(row, wrap=blob))

        yield Place("membership", bytes(member.wrap), membership)


def _own(actor: Actor) -> Iterator[Place]:
    for row in Draft.objects.filter(person=actor.id):

        def draft(blob: bytes, row: Any = row) -> object:
            return gate.read_own(actor, "draft", _with(row, sealed=blob))

        yield Place("draft", bytes(row.sealed), draft)
    for entry in JournalEntry.objects.all()[:20]:

        def detail(blob: bytes, row: Any = entry) -> object:
            return log.open_detail(actor.ring, _with(row, sealed=blob))

        yield Place("journal entry", bytes(entry.sealed), detail)


def _secrets(world: World, links_: dict[str, Link]) -> Iterator[Place]:
    """Locks, sessions, second factors and links are read from their rows, so they are put there."""
    for officer in world.officers[: many(3, 2)]:
        slot = Slot.objects.get(principal_id=officer.id)

        def lock(blob: bytes, officer: Officer = officer, size: int = len(slot.blob)) -> object:
            # Only what could be one: a hash for each of thousands of pairs would show nothing more.
            if len(blob) != size:
                raise CannotOpen
            return keys.unlock(blob, officer.passphrase, officer.id)

        yield Place("lock", bytes(slot.blob), lock)
        for row in Session.objects.filter(principal_id=officer.id):

            def session(blob: bytes, officer: Officer = officer, row: Any = row) -> object:
                with _tried():
                    Session.objects.filter(find=row.find).update(sealed=blob)
                    sessions.forget()
                    return sessions.resume(officer.handle, "staff")

            yield Place("session", bytes(row.sealed), session)
        factor = Factor.objects.get(principal_id=officer.id)

        def second(blob: bytes, row: Any = factor) -> None:
            with _tried():
                Factor.objects.filter(id=row.id).update(sealed=blob, last_step=0)
                for one in world.officers:
                    with suppress(CannotOpen):
                        factors.check_totp(row.principal_id, factors.code_now(one.secret))
                        return
            raise CannotOpen

        yield Place("second factor", bytes(factor.sealed), second)
    for token, link in links_.items():

        def link_body(blob: bytes, token: str = token, row: Any = link) -> object:
            with _tried():
                Link.objects.filter(id=row.id).update(body=blob)
                return links.use(token, row.kind)

        yield Place("link", bytes(link.body), link_body)


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
    """Somebody can write to the key store and has no key of ours; in the last two, a founder's."""
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
        "a founder's puppet in the group of two": _plant_puppet,
        "a founder's second row in the group of two": _plant_twin,
    }
    for name, attack in tries.items():
        with _tried():
            result.expect(not attack(world, cases[0]), f"believed: {name}")
    return len(tries)


def _plant_epoch(signer: Principal, key: Any, case: ids.Id, world: World) -> bool:
    """The next epoch of a conversation, whose key the thief knows: is new content sealed with it?"""
    number = compartments.current(case, "correspondence") + 1
    plan = {"correspondence": (number, [Share(keys.team("intake").id, "protection")])}
    compartments._make(compartments.Signer(signer.id, key), case, plan, None)
    return _is_used(world, case, number)


def _is_used(world: World, case: ids.Id, number: int) -> bool:
    with world.officers[0].request() as actor:
        ring = keys.Ring(actor.id, actor.ring.person)
        held = compartments.keys_of(ring, [case], "correspondence").get(case, {})
    return number in held


def _stranger(kind: str, **more: object) -> tuple[Principal, Any]:
    key = keys.PrivateKey.generate()
    wanted = {"id": keys.id_of(key.public)} if kind in {"defender", "outside"} else {}
    row = Principal(kind=kind, public=key.public.raw, **(wanted | more))
    row.vouched_by, row.voucher = row.id, key.sign(keys.voucher_text(row))
    row.save(force_insert=True)
    return row, key


def _plant_defender(world: World, case: ids.Id) -> bool:
    row, key = _stranger("defender")
    Epoch.objects.filter(case=case, number=1).update(signer=row.id)
    return _plant_epoch(row, key, case, world)


def _plant_colleague(world: World, case: ids.Id) -> bool:
    row, key = _stranger("person")
    return _plant_epoch(row, key, case, world)


def _plant_rotation(world: World, case: ids.Id) -> bool:
    """With the server's rotation key as well: for the last list and a reader more."""
    row, stranger = _stranger("outside")
    number = compartments.current(case, "correspondence") + 1
    plan = {"correspondence": (number, [Share(row.id, "legal")])}
    compartments._make(compartments._rotation(), case, plan, None)
    ring = keys.Ring(row.id, stranger)
    return number in compartments.keys_of(ring, [case], "correspondence").get(case, {})


def _replace(world: World, kind: str, code: str) -> bool:
    theirs = keys.PrivateKey.generate()
    Principal.objects.filter(kind=kind, code=code).update(public=theirs.public.raw)
    try:
        with transaction.atomic(using=KEYSTORE), transaction.atomic():
            world.ask(what="sealed to whom?")
    except AmparoError:
        return False
    return True


def _replace_colleague(world: World, case: ids.Id) -> bool:
    first, second, _ = world.officers
    theirs = keys.PrivateKey.generate()
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


def _plant_puppet(world: World, case: ids.Id) -> bool:
    """With a founder's own key: a colleague who does not exist, their seat, a second word for it."""
    puppet = world.hire("puppet", "house", "coordination", alone=True)
    world.officers.remove(puppet)
    return _seated(world, Principal.objects.get(id=puppet.id))


def _plant_twin(world: World, case: ids.Id) -> bool:
    """With a founder's own key: themselves once more, under another id."""
    with world.officers[0].request() as actor:
        key = actor.ring.person
    row = Principal(kind="person", public=key.public.raw)
    row.vouched_by, row.voucher = row.id, key.sign(keys.voucher_text(row))
    row.save(force_insert=True)
    return _seated(world, row)


def _seated(world: World, row: Principal) -> bool:
    """Whether a seat that the first founder has written is half of a pair with their own."""
    first = world.officers[0]
    with first.request() as actor:
        ring, team = actor.ring, keys.team(vouching.GROUP)
        keys.add_member(ring, team, ring.teams[team.id].key.root, row)
        word = ring.person.sign(vouching.second_text(row, vouching.GROUP))
    Second.objects.create(person=row.id, code=vouching.GROUP, signer=first.id, signature=word)
    return (first.id, row.id) in gate.pairs_now()


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
