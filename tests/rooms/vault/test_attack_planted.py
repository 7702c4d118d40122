"""Somebody who can write to the key store plants rows without a signature and waits until honest
people, or the server, carry them on: into a new epoch, onto a signed list, into a new team."""

import contextlib

import pytest

from amparo.casework.services import desk
from amparo.consent import services
from amparo.foundation import ids, journal
from amparo.foundation.errors import CannotOpen
from amparo.people import services as people
from amparo.vault import compartments, keys
from amparo.vault.models import Epoch, Grant, Membership, PairWrap, Principal
from amparo.vault.primitives import PrivateKey, unwrap
from amparo.vault.signers import grant_context
from tests import make
from tests.make import Defender, House

PART = "correspondence"


@pytest.fixture
def amina(house: House) -> Defender:
    one = make.ask("help")
    make.open_case(house.ines, one.case)
    return one


@pytest.fixture
def thief(amina: Defender) -> PrivateKey:
    """A reader whom nobody made, with a grant whose wrap and signature are noise."""
    key = PrivateKey.generate()
    row = Principal(id=keys.id_of(key.public), kind="outside", public=key.public.raw)
    row.save(force_insert=True)
    Grant.objects.create(
        case=amina.case, compartment=PART, epoch=1, grantee=row.id, purpose="legal",
        wrap=make.noise(1170), signer=keys.team("intake").vouched_by, signature=make.noise(64),
    )  # fmt: skip
    return key


def opened(key: PrivateKey) -> list[int]:
    """Epochs whose key was wrapped to the thief, whether or not anybody would believe the grant."""
    found = []
    for row in Grant.objects.filter(grantee=keys.id_of(key.public)):
        place = row.case, row.compartment, row.epoch
        with contextlib.suppress(CannotOpen):
            context = grant_context(*place, key.public, row.purpose, row.until)
            unwrap(bytes(row.wrap), key, context)
            found.append(row.epoch)
    return found


def test_a_planted_grant_gets_no_key_from_a_turn_or_a_re_sealing(
    house: House, amina: Defender, thief: PrivateKey
) -> None:
    compartments.rotate(amina.case, PART, {(house.ruth.id, "")})
    assert not opened(thief)
    with house.ines.request() as ines:
        desk.read_all(ines, amina.case, shown=0)
    assert compartments.current(amina.case, PART) == 3
    assert not opened(thief)


def test_a_planted_grant_gets_onto_no_signed_list(
    house: House, amina: Defender, thief: PrivateKey
) -> None:
    with house.ines.request() as ines:
        compartments.extend(ines.ring, amina.case, PART, compartments.Share(house.ruth.id, "legal"))
    (row,) = Epoch.objects.filter(case=amina.case, compartment=PART)
    assert str(keys.id_of(thief.public)) not in str(row.recipients)
    assert str(house.ruth.id) in str(row.recipients)


def test_a_planted_pair_gets_no_key_from_a_turn(house: House, amina: Defender) -> None:
    bribed = house.hire("lena", "intake"), house.hire("omar", "intake")
    row = PairWrap.objects.filter(case=amina.case, compartment="identity").first()
    assert row is not None
    row.id, row.first, row.second = ids.new(), bribed[0].id, bribed[1].id
    row.save(force_insert=True)
    compartments.rotate(amina.case, "identity", {(house.ruth.id, "")})
    assert not PairWrap.objects.filter(epoch=2, first=bribed[0].id).exists()
    assert PairWrap.objects.filter(epoch=2, first=house.ines.id).exists()


def test_a_planted_seat_gets_nothing_of_the_next_team(house: House) -> None:
    bribed, gone = house.hire("lena", "legal"), house.hire("omar", "care")
    row = Membership.objects.filter(team=keys.team("care"), member_id=gone.id).get()
    row.id, row.member_id = ids.new(), bribed.id
    row.save(force_insert=True)
    with house.ines.request() as ines:
        people.leave(ines, gone.id)
    seats = Membership.objects.filter(team=keys.team("care"))
    assert house.ines.id in seats.values_list("member_id", flat=True)
    assert bribed.id not in seats.values_list("member_id", flat=True)


def test_what_was_signed_is_carried_on(house: House, amina: Defender) -> None:
    """The other side: nobody loses a key because the server turned it twice."""
    with house.ines.request() as ines:
        compartments.extend(
            ines.ring, amina.case, "narrative", compartments.Share(house.ruth.id, "legal")
        )
    for _ in range(2):
        compartments.rotate(amina.case, "narrative", {(house.tomas.id, "")})
    with house.ruth.request() as ruth:
        held = compartments.keys_of(ruth.ring, [amina.case], "narrative")[amina.case]
    assert max(held) == 3
    with journal.unit():
        assert services.end_expired() == 0
