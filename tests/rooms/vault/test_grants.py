"""Who may give a compartment's key: a grant that nobody entitled has signed opens nothing."""

from datetime import timedelta
from typing import Any

import pytest

from amparo.foundation import clock, ids
from amparo.vault import compartments, keys, server, staff
from amparo.vault.compartments import Share
from amparo.vault.keys import Ring
from amparo.vault.models import Epoch, Grant, PairWrap, Principal
from amparo.vault.primitives import CannotOpen, PrivateKey, ctx, digest, token, wrap
from amparo.vault.signers import grant_context, list_text
from tests import make
from tests.make import House, Officer

PART = "narrative"


def ring_of(officer: Officer) -> Ring:
    """Keys as a request has them, with nothing opened yet."""
    make.forget_process()
    with officer.request() as actor:
        ring: Ring = actor.ring
    return ring


@pytest.fixture
def case(house: House) -> ids.Id:
    """A compartment that Inés made for herself, for Tomás (until a day) and for the legal team."""
    case = ids.new()
    until = clock.today() + timedelta(days=10)
    shares = [
        Share(house.ines.id, "protection"),
        Share(house.tomas.id, "legal", until),
        Share(keys.team("care").id, "care"),
    ]
    compartments.create(ring_of(house.ines), case, {PART: shares})
    return case


def opens(officer: Officer, case: ids.Id, purpose: str = "") -> dict[int, bytes]:
    return compartments.keys_of(ring_of(officer), [case], PART, purpose).get(case, {})


def test_a_grant_opens_for_its_grantee_and_its_purpose(house: House, case: ids.Id) -> None:
    assert opens(house.ines, case) == opens(house.tomas, case) != {}
    assert opens(house.ines, case, "protection") != {}
    assert opens(house.tomas, case, "legal") != {}
    assert opens(house.tomas, case, "protection") == {}
    assert opens(house.ruth, case) != {}  # by the team


def test_who_holds_nothing_opens_nothing(house: House, case: ids.Id) -> None:
    assert opens(house.hire("lena", "intake"), case) == {}


def test_a_grant_is_over_after_its_last_day(house: House, case: ids.Id) -> None:
    Grant.objects.exclude(grantee__in=[house.ines.id, house.tomas.id]).delete()
    clock.forward(timedelta(days=10))
    assert opens(house.tomas, case) != {}
    row = Grant.objects.get(grantee=house.tomas.id)
    clock.forward(timedelta(days=1))
    assert opens(house.tomas, case) == {}
    with pytest.raises(CannotOpen):
        compartments.open_grant(row, ring_of(house.tomas).person)


def test_an_altered_grant_opens_nothing(house: House, case: ids.Id) -> None:
    Grant.objects.filter(case=case).exclude(grantee=house.tomas.id).delete()
    real = Grant.objects.values().get(grantee=house.tomas.id)
    for change in (
        {"until": None},
        {"until": clock.today() + timedelta(days=300)},
        {"purpose": "protection"},
        {"purpose": ""},
        {"epoch": 2},
        {"case": ids.new()},
        {"compartment": "health"},
        {"signature": bytes(64)},
        {"signature": b""},
        {"signer": ids.new()},
        {"wrap": b""},
    ):
        Grant.objects.filter(id=real["id"]).update(**(real | change))
        row = Grant.objects.get(id=real["id"])
        with pytest.raises(CannotOpen):
            compartments.open_grant(row, ring_of(house.tomas).person)
        found = compartments.keys_of(ring_of(house.tomas), [row.case], row.compartment)
        assert found == {}, change
    Grant.objects.filter(id=real["id"]).update(**real)
    assert opens(house.tomas, case) != {}


def test_a_grant_that_was_copied_to_somebody_else_opens_nothing(house: House, case: ids.Id) -> None:
    ruth = house.hire("lena", "intake")
    row = Grant.objects.get(grantee=house.ines.id)
    row.id, row.grantee = ids.new(), ruth.id
    row.save(force_insert=True)
    assert opens(ruth, case) == {}


# --- who signs -----------------------------------------------------------------------------------
def plant(
    case: ids.Id, to: Principal, signer: ids.Id, key: PrivateKey, *, epoch: int = 1,
    secret: bytes | None = None, purpose: str = "planted", until: Any = None,
) -> Grant:  # fmt: skip
    """What somebody who can write to the key store would put there."""
    public = keys.public_of(bytes(to.public))
    context = grant_context(case, PART, epoch, public, purpose, until)
    blob = wrap(secret or token(), public, context)
    row = Grant(
        case=case, compartment=PART, epoch=epoch, grantee=to.id, purpose=purpose, until=until,
        wrap=blob, signer=signer, signature=key.sign(ctx("grant-signature", context, digest(blob))),
    )  # fmt: skip
    row.save(force_insert=True)
    return row


def principal(officer: Officer) -> Principal:
    return Principal.objects.get(id=officer.id)


def planted_opens(officer: Officer, row: Grant) -> bool:
    try:
        compartments.open_grant(row, ring_of(officer).person)
    except CannotOpen:
        return False
    return True


def test_a_colleague_may_sign(house: House, case: ids.Id) -> None:
    ruth = ring_of(house.ruth)
    row = plant(case, principal(house.tomas), house.ruth.id, ruth.person)
    assert planted_opens(house.tomas, row)


def test_nobody_else_may(house: House, case: ids.Id) -> None:
    ruth, stranger = ring_of(house.ruth), PrivateKey.generate()
    waiting = Principal(kind="person", public=stranger.public.raw)
    waiting.save(force_insert=True)
    sure = Principal(kind="person", public=stranger.public.raw)
    sure.vouched_by = sure.id
    sure.save(force_insert=True)
    forged = Principal(kind="person", public=stranger.public.raw, vouched_by=house.ines.id)
    forged.voucher = stranger.sign(keys.voucher_text(forged))
    forged.save(force_insert=True)
    outside = keys.add_principal("outside", stranger, by=ruth)
    team_key = ring_of(house.ines).key(keys.team("care").id)
    assert team_key is not None
    for signer, key in (
        (waiting.id, stranger),
        (sure.id, stranger),
        (forged.id, stranger),
        (outside.id, stranger),
        (keys.team("care").id, team_key),
        (house.ruth.id, stranger),  # another's name under one's own signature
    ):
        row = plant(case, principal(house.tomas), signer, key, purpose=str(signer)[:8])
        assert not planted_opens(house.tomas, row)
    loop = Principal(kind="person", public=stranger.public.raw, vouched_by=forged.id)
    loop.voucher = stranger.sign(keys.voucher_text(loop))
    loop.save(force_insert=True)
    row = plant(case, principal(house.tomas), loop.id, stranger)
    assert not planted_opens(house.tomas, row)


def test_a_defender_signs_in_their_own_case_only(house: House, case: ids.Id) -> None:
    ring = keys.new_defender(token(), token(), op=ids.new())
    own = keys.case_of(ring)
    compartments.create(ring, own, {PART: [Share(house.tomas.id, "protection")]})
    assert opens(house.tomas, own) != {}
    row = plant(case, principal(house.tomas), ring.id, ring.person)
    assert not planted_opens(house.tomas, row)


def test_whoever_was_given_a_defenders_place_does_not_sign_for_them(
    house: House, case: ids.Id
) -> None:
    """A list under their name would be refused, and with it every rotation after it."""
    ring = keys.new_defender(token(), token(), op=ids.new())
    compartments.extend(ring_of(house.ines), case, PART, Share(ring.id, "own"))
    with pytest.raises(CannotOpen):
        compartments.extend(ring, case, PART, Share(house.ruth.id, "legal"))
    compartments.rotate(case, PART, {(house.tomas.id, "")})
    assert max(opens(house.ines, case)) == 2


def test_a_defender_whose_key_was_exchanged_signs_nothing(house: House) -> None:
    """The case follows from the key, so another key is another case."""
    ring, stranger = keys.new_defender(token(), token(), op=ids.new()), PrivateKey.generate()
    own = keys.case_of(ring)
    Principal.objects.filter(id=ring.id).update(public=stranger.public.raw)
    row = plant(own, principal(house.tomas), ring.id, stranger)
    assert not planted_opens(house.tomas, row)


def test_nobody_wraps_to_a_key_that_was_exchanged(house: House, case: ids.Id) -> None:
    ines, stranger = ring_of(house.ines), PrivateKey.generate()
    outside, _ = staff.new_reader(ines)
    for one in (house.ruth.id, outside, keys.team("care").id):
        before = bytes(Principal.objects.get(id=one).public)
        Principal.objects.filter(id=one).update(public=stranger.public.raw)
        with pytest.raises(CannotOpen):
            compartments.extend(ines, case, PART, Share(one, "legal"))
        Principal.objects.filter(id=one).update(public=before)
        compartments.extend(ines, case, PART, Share(one, "legal"))


def test_a_planted_team_takes_in_no_call(house: House) -> None:
    stranger = PrivateKey.generate()
    real = keys.team("intake").id
    planted = Principal(id=ids.Id(int=1), kind="team", code="intake", public=stranger.public.raw)
    planted.save(force_insert=True)
    assert keys.team("intake").id == real


def test_a_planted_membership_gives_nothing_and_takes_nothing(house: House) -> None:
    """Roles and teams stay what they were for whoever is found in a planted team."""
    from amparo.vault.models import Membership

    stranger, legal = PrivateKey.generate(), keys.team("legal").id
    fake = Principal(kind="team", code="planted", public=stranger.public.raw)
    fake.save(force_insert=True)
    lena = house.hire("lena", "legal")
    assert ring_of(lena).roles == {"house", "legal"}
    Principal.objects.filter(code="legal").update(code="coordination")
    assert ring_of(lena).roles == {"house"}  # what a team is for is signed too
    Principal.objects.filter(id=legal).update(code="legal")
    before = ring_of(house.ines).roles
    Membership.objects.create(
        team=fake, member_id=house.ines.id, wrap=b"x", signer=house.ruth.id, signature=bytes(64)
    )
    assert ring_of(house.ines).roles == before


# --- rotations without a person ------------------------------------------------------------------
def rotation() -> tuple[ids.Id, PrivateKey]:
    return compartments.rotation_principal().id, PrivateKey(server.load().key("rotation"))


def test_the_server_turns_keys_for_those_on_the_last_signed_list(
    house: House, case: ids.Id
) -> None:
    compartments.rotate(case, PART, {(house.tomas.id, "legal")})
    assert set(opens(house.ines, case)) == {1, 2}
    assert Grant.objects.get(case=case, epoch=2, grantee=house.ines.id).signer == rotation()[0]


def test_the_server_gives_nobody_more_than_was_signed(house: House, case: ids.Id) -> None:
    signer, key = rotation()
    lena = house.hire("lena", "intake")
    Epoch.objects.create(
        case=case, compartment=PART, number=2, recipients=[[str(lena.id), "care", ""]],
        signer=signer, signature=b"",
    )  # fmt: skip
    later = clock.today() + timedelta(days=11)
    sooner = clock.today() + timedelta(days=9)
    for officer, purpose, until, good in (
        (house.tomas, "legal", clock.today() + timedelta(days=10), True),
        (house.tomas, "legal", sooner, True),
        (house.tomas, "legal", later, False),
        (house.tomas, "legal", None, False),
        (house.tomas, "protection", None, False),
        (lena, "care", None, False),  # on the server's own list, on no person's
        (house.ruth, "protection", None, False),
    ):
        row = plant(case, principal(officer), signer, key, epoch=2, purpose=purpose, until=until)
        assert planted_opens(officer, row) is good, (officer.name, purpose, until)
        row.delete()


def test_another_key_than_the_servers_turns_nothing(house: House, case: ids.Id) -> None:
    stranger = PrivateKey.generate()
    fake = Principal(kind="rotation", public=stranger.public.raw)
    fake.save(force_insert=True)
    row = plant(case, principal(house.ines), fake.id, stranger, epoch=2, purpose="protection")
    assert not planted_opens(house.ines, row)


def test_a_list_that_nobody_signed_is_no_list(house: House, case: ids.Id) -> None:
    signer, key = rotation()
    lena = house.hire("lena", "intake")
    epoch = Epoch.objects.get(case=case, compartment=PART)
    epoch.recipients = [*epoch.recipients, [str(lena.id), "care", ""]]
    epoch.save()
    row = plant(case, principal(lena), signer, key, epoch=2, purpose="care")
    assert not planted_opens(lena, row)
    epoch.signature = ring_of(house.ines).person.sign(list_text(epoch))
    epoch.save()
    assert planted_opens(lena, row)


def test_a_team_stands_for_the_one_it_succeeds_only_when_a_person_signed_that(
    house: House, case: ids.Id
) -> None:
    signer, key = rotation()
    ines, care = ring_of(house.ines), keys.team("care")
    team_key = PrivateKey.generate()
    real = keys.add_principal("team", team_key, by=ines, code="care", succeeds=care.id)
    stranger = PrivateKey.generate()
    fake = Principal(kind="team", code="care", public=stranger.public.raw, succeeds=care.id)
    fake.save(force_insert=True)
    self_made = Principal(kind="team", code="care", succeeds=care.id)
    self_made.public, self_made.vouched_by = ines.person.public.raw, self_made.id
    self_made.save(force_insert=True)
    for row, private, good in (
        (real, team_key, True),
        (fake, stranger, False),
        (self_made, ines.person, False),
    ):
        grant = plant(case, row, signer, key, epoch=2, purpose="care")
        if good:
            compartments.open_grant(grant, private)
        else:
            with pytest.raises(CannotOpen):
                compartments.open_grant(grant, private)


def test_a_planted_epoch_is_not_written_under(house: House, case: ids.Id) -> None:
    """Whoever writes to the key store knows the key they plant; nothing may be sealed under it."""
    from amparo.vault import opening

    stranger, secret = PrivateKey.generate(), token()
    fake = Principal(kind="defender", public=stranger.public.raw)
    fake.save(force_insert=True)
    epoch = Epoch(
        case=case, compartment=PART, number=2, recipients=[[str(house.ines.id), "protection", ""]],
        signer=fake.id,
    )  # fmt: skip
    epoch.signature = stranger.sign(list_text(epoch))
    epoch.save(force_insert=True)
    plant(
        case, principal(house.ines), fake.id, stranger, epoch=2, purpose="protection",
        secret=secret,
    )  # fmt: skip
    leave = opening.admit(ring_of(house.ines), case, PART)
    assert secret not in leave._keys.values()
    with pytest.raises(CannotOpen):
        opening.may_write(leave)


# --- pairs ---------------------------------------------------------------------------------------
def test_a_planted_pair_is_not_peeled(house: House) -> None:
    from amparo.vault import pairs

    case, ines = ids.new(), ring_of(house.ines)
    both = [(house.ines.id, house.tomas.id), (house.tomas.id, house.ines.id)]
    compartments.create(ines, case, {"identity": []}, pairs={"identity": both})
    peeled = pairs.peel(ines, case, "identity")
    opened = pairs.open_peeled(ring_of(house.tomas), case, "identity", house.ines.id, peeled)
    assert set(opened) == {1}
    for ring, first in ((ines, house.ines.id), (ring_of(house.ruth), house.ines.id)):
        with pytest.raises(CannotOpen):
            pairs.open_peeled(ring, case, "identity", first, peeled)
    with pytest.raises(CannotOpen):
        pairs.open_peeled(ring_of(house.tomas), case, "identity", house.ruth.id, peeled)
    assert pairs.peel(ring_of(house.ruth), case, "identity") == {}
    PairWrap.objects.filter(first=house.ines.id).update(signature=bytes(64))
    with pytest.raises(CannotOpen):
        pairs.peel(ines, case, "identity")
