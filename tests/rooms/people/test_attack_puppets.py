"""Somebody who does not exist is nobody's second person: invited, welcomed and seated by one alone, by
the pages or by writing to the key store."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from amparo.casework.services import erasing
from amparo.consent import gate, links, services
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, Refused
from amparo.people import queries
from amparo.people import services as people
from amparo.vault import compartments, keys, pairs, staff, vouching
from amparo.vault.models import Epoch, Grant, Membership, PairWrap, Principal, Second
from tests import make
from tests.make import House, Officer

TEAMS = ("intake", "coordination", "release")


def puppet(house: House, name: str = "puppet") -> Officer:
    """Invited to the release group and welcomed by Inés alone, who is a founder and in every team."""
    return house.hire(name, *TEAMS, alone=True)


def ring_of(officer: Officer) -> Any:
    with officer.request() as actor:
        return actor.ring


def shown(house: House, person: ids.Id) -> str:
    with house.ines.request() as ines:
        return queries.colleague(ines, person).fingerprint


def seat(by: Officer, person: ids.Id, fingerprint: str) -> None:
    with by.request() as actor:
        people.join_team(actor, person, "release", fingerprint=fingerprint)


def plant(by: Officer, person: ids.Id) -> None:
    """Inés writes a seat in the group straight into the key store, with her own key."""
    ring, team = ring_of(by), keys.team("release")
    member = Principal.objects.get(id=person)
    keys.add_member(ring, team, ring.teams[team.id].key.root, member)


def plant_second(by: Officer, person: ids.Id, code: str = "release") -> None:
    row = Principal.objects.get(id=person)
    sign = ring_of(by).person.sign(vouching.second_text(row, code))
    Second.objects.create(person=person, code=code, signer=by.id, signature=sign)


def halves() -> set[ids.Id]:
    return {one for pair in gate.pairs_now() for one in pair}


def founders(house: House) -> set[ids.Id]:
    return {house.ines.id, house.tomas.id, house.ruth.id}


# --- a seat ----------------------------------------------------------------------------------------
def test_a_welcome_opens_every_team_but_the_group_of_two(house: House) -> None:
    lena = puppet(house, "lena")
    assert queries.roles(lena.sign_in()) == {"house", "intake", "coordination"}
    with house.ines.request() as ines:
        found = queries.colleague(ines, lena.id)
        assert (found.wants_seat, found.second, found.welcomed_by) == (True, False, "Inés M.")
        assert queries.seats_to_open(ines) == []
    with house.tomas.request() as tomas:
        assert [one.id for one in queries.seats_to_open(tomas)] == [lena.id]


def test_who_welcomed_somebody_gives_them_no_seat(house: House) -> None:
    lena = puppet(house)
    print_ = shown(house, lena.id)
    with pytest.raises(Invalid) as refused:
        seat(house.ines, lena.id, print_)
    assert refused.value.fields == {"person": "same"}
    with pytest.raises(Invalid) as refused:
        seat(house.tomas, lena.id, "0" * 40)
    assert refused.value.fields == {"fingerprint": "differs"}
    seat(house.tomas, lena.id, print_)
    assert halves() == founders(house) | {lena.id}
    with house.ines.request() as ines:
        found = queries.colleague(ines, lena.id)
        assert found.second and not found.wants_seat and "release" in found.teams


def test_a_chain_of_puppets_gets_no_seat(house: House) -> None:
    """The first welcomes the second; whoever made the first is still the only one behind both."""
    first = puppet(house)
    with first.request() as actor:
        token = people.invite(actor, name="second", teams=["intake", "coordination"])
    with journal.unit():
        person = ids.of(links.use(token, "invite")["person"])
        print_ = people.join(person, make.newcomer("second"))
    with first.request() as actor:
        people.welcome(actor, person, fingerprint=print_)
    with pytest.raises(Invalid):
        seat(house.ines, person, print_)
    with house.ines.request() as ines, pytest.raises(Invalid):
        people.vouch_too(ines, person, fingerprint=print_)
    with first.request() as actor, pytest.raises(Invalid):
        people.join_team(actor, person, "release", fingerprint=print_)
    assert vouching.Standing().stands_on(person) == house.ines.id
    seat(house.ruth, person, print_)
    assert person in halves()


def test_two_founders_take_in_a_third_and_one_alone_cannot(house: House) -> None:
    for gone in (house.tomas, house.ruth):
        with house.ines.request() as ines:
            people.leave(ines, gone.id, losing=True)
    lena = puppet(house)
    with pytest.raises(Invalid):
        seat(house.ines, lena.id, shown(house, lena.id))
    assert gate.pairs_now() == []
    make.ask()  # and calls still arrive


def test_whoever_was_let_in_by_another_lets_in_who_stands_on_the_first(house: House) -> None:
    """No dead end: Inés welcomed Lena, Tomás seated her; Lena may seat whom Inés welcomes, and Inés
    whom Lena welcomes, for they are two persons by Tomás's word."""
    lena = house.hire("lena", *TEAMS)
    omar = puppet(house, "omar")
    seat(lena, omar.id, shown(house, omar.id))
    with lena.request() as actor:
        token = people.invite(actor, name="nadia", teams=["intake"])
    with journal.unit():
        person = ids.of(links.use(token, "invite")["person"])
        print_ = people.join(person, make.newcomer("nadia"))
    with lena.request() as actor:
        people.welcome(actor, person, fingerprint=print_)
    seat(house.ines, person, print_)
    assert halves() == founders(house) | {lena.id, omar.id, person}


# --- by writing to the key store -------------------------------------------------------------------
def test_a_planted_seat_is_half_of_no_pair(house: House) -> None:
    lena = puppet(house)
    plant(house.ines, lena.id)
    assert lena.id in staff.members("release") and halves() == founders(house)
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    held = PairWrap.objects.values_list("first", "second")
    assert lena.id not in {one for pair in held for one in pair}


@pytest.mark.parametrize("by", ["ines", "puppet"])
def test_a_planted_second_word_of_the_same_hand_counts_for_nothing(house: House, by: str) -> None:
    lena = puppet(house)
    other = puppet(house, "other")
    plant(house.ines, lena.id)
    plant_second(house.ines if by == "ines" else other, lena.id)
    plant_second(lena, other.id)  # they hold each other up
    plant_second(lena, other.id, "")
    plant_second(other, lena.id, "")
    standing = vouching.Standing()
    assert halves() == founders(house) and not standing.sits(lena.id)
    assert not standing.are_two(lena.id, other.id) and not standing.are_two(lena.id, house.ines.id)


def test_a_second_word_that_somebody_else_signed_is_none(house: House) -> None:
    """With Tomás's name in the column, and a signature of Inés."""
    lena = puppet(house)
    plant(house.ines, lena.id)
    plant_second(house.ines, lena.id)
    Second.objects.update(signer=house.tomas.id)
    assert halves() == founders(house)


def test_the_column_that_says_who_vouched_is_not_believed(house: House) -> None:
    """Once a chain was found good, another name in it must not be."""
    lena = puppet(house)
    row = Principal.objects.get(id=lena.id)
    assert keys.trusted(row)
    Principal.objects.filter(id=lena.id).update(vouched_by=house.tomas.id)
    assert not keys.trusted(Principal.objects.get(id=lena.id))
    plant(house.ines, lena.id)
    plant_second(house.ines, lena.id)
    assert halves() == founders(house)


def test_one_founder_under_two_ids_is_one_person(house: House) -> None:
    """A second row with the key of Inés, who vouches for herself in it as a founder does."""
    ring = ring_of(house.ines)
    twin = Principal(kind="person", public=ring.person.public.raw)
    twin.vouched_by, twin.voucher = twin.id, ring.person.sign(keys.voucher_text(twin))
    twin.save(force_insert=True)
    plant(house.ines, twin.id)
    standing = vouching.Standing()
    assert not standing.are_two(house.ines.id, twin.id)
    assert not standing.may_open(house.ines.id, twin.id)
    assert (house.ines.id, twin.id) not in gate.pairs_now()
    amina = make.ask()
    make.open_case(house.ines, amina.case)  # and it stops nobody's work


def test_pairs_with_a_puppet_are_not_made_not_opened_and_not_carried_on(house: House) -> None:
    """Every door of the vault to a pair, with a planted one behind it."""
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    lena = puppet(house)
    plant(house.ines, lena.id)
    planted = house.ines.id, lena.id
    with house.ines.request() as ines:
        key = compartments.keys_of(ines.ring, [amina.case], "narrative")[amina.case]
        with pytest.raises(CannotOpen):
            pairs.add(ines.ring, amina.case, "narrative", [planted], key)
        with pytest.raises(CannotOpen):
            compartments.create(ines.ring, ids.new(), {"x": []}, pairs={"x": [planted]})
        public = {
            one: keys.public_of(bytes(Principal.objects.get(id=one).public)) for one in planted
        }
        signer = compartments.Signer(ines.id, ines.ring.person)
        newest = max(key)
        compartments.nested(
            signer, key[newest], amina.case, "narrative", newest, planted, public, None
        ).save(force_insert=True)
        compartments.sign_list(ines.ring, amina.case, "narrative", newest)
        peeled = pairs.peel(ines.ring, amina.case, "narrative")
        assert peeled and not any(place.endswith(str(lena.id)) for place in peeled)
    with lena.request() as actor, pytest.raises(CannotOpen):
        pairs.open_peeled(actor.ring, amina.case, "narrative", house.ines.id, {})
    after = compartments.rotate(amina.case, "narrative", {(house.ruth.id, "legal")})
    carried = PairWrap.objects.filter(case=amina.case, compartment="narrative", epoch=after)
    assert carried.count() == 6
    assert not carried.filter(second=lena.id).exists()
    with house.ines.request() as ines:
        assert gate.mend(ines, amina.case, "narrative")
    assert not PairWrap.objects.filter(second=lena.id).exists()
    assert Epoch.objects.filter(case=amina.case).exists() and Grant.objects.exists()


def test_a_new_team_key_seats_no_puppet(house: House) -> None:
    """Somebody leaves, and whoever makes the group's new key puts a planted seat under it again."""
    lena = puppet(house)
    plant(house.ines, lena.id)
    with house.ines.request() as ines:
        people.leave_team(ines, house.ruth.id, "release", losing=True)
    assert lena.id not in staff.members("release")
    plant(house.ines, lena.id)
    assert halves() == {house.ines.id, house.tomas.id}
    real = house.hire("real", *TEAMS)
    with house.tomas.request() as tomas:
        people.leave_team(tomas, house.ines.id, "release", losing=True)
    assert halves() == {
        house.tomas.id,
        real.id,
    }  # who was let in rightly stays, whoever made the key


# --- other deeds that take two ---------------------------------------------------------------------
def test_nobody_confirms_an_override_together_with_their_puppet(house: House) -> None:
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    lena, other = puppet(house), puppet(house, "other")
    with house.ines.request() as ines:
        found = services.override(
            ines, amina.case, compartment="narrative", grantee=lena.id, reason="x"
        )
    for one in (house.ines, lena, other):
        with one.request() as actor, pytest.raises(Refused):
            services.confirm_override(actor, found)
    with other.request() as actor:
        (row,) = services.queries.overrides(actor)
        assert row.one and not row.mine
    with house.tomas.request() as tomas:
        (row,) = services.queries.overrides(tomas)
        assert not row.one
        services.confirm_override(tomas, found)


def test_nobody_erases_together_with_their_puppet(house: House) -> None:
    amina = make.ask()
    lena, other = puppet(house), puppet(house, "other")
    with lena.request() as actor:
        asked = erasing.ask(actor, amina.case, reason="x")
    for one in (house.ines, lena, other):
        with one.request() as actor, pytest.raises(Refused):
            erasing.carry_out(actor, asked)
    with other.request() as actor:
        (row,) = erasing.waiting(actor)
        assert row.one and not row.mine
    # A second colleague has compared with one of them: from then on they are two.
    house.vouch_too(other.id, shown(house, other.id))
    with other.request() as actor:
        erasing.carry_out(actor, asked)
    assert not Grant.objects.filter(case=amina.case).exists()


def test_a_second_word_is_given_once_and_by_a_second(house: House) -> None:
    lena = puppet(house)
    print_ = shown(house, lena.id)
    with house.ines.request() as ines:
        with pytest.raises(Invalid) as refused:
            people.vouch_too(ines, lena.id, fingerprint=print_)
        assert refused.value.fields == {"person": "same"}
    duty = house.hire("duty", "intake")
    with duty.request() as actor, pytest.raises(Refused):
        people.vouch_too(actor, lena.id, fingerprint=print_)
    with house.tomas.request() as tomas:
        with pytest.raises(Invalid):
            people.vouch_too(tomas, lena.id, fingerprint="0" * 40)
        people.vouch_too(tomas, lena.id, fingerprint=print_)
        with pytest.raises(Conflict):
            people.vouch_too(tomas, lena.id, fingerprint=print_)
    assert vouching.are_two(lena.id, house.ines.id)
    assert not vouching.Standing().sits(lena.id)  # a word for the person is no seat


@pytest.mark.parametrize("point", ["people.join team:keys", "people.join team:data"])
def test_a_seat_that_broke_off_leaves_no_word(
    house: House, crash_at: Callable[[str], None], point: str
) -> None:
    lena = puppet(house)
    print_ = shown(house, lena.id)
    crash_at(point)
    with pytest.raises(make.Crash):
        seat(house.tomas, lena.id, print_)
    clock.forward(timedelta(minutes=10))
    with journal.unit():
        operations.sweep()
    done = point.endswith("data")
    assert Membership.objects.filter(member=lena.id, team__code="release").exists() is done
    assert Second.objects.filter(person=lena.id).exists() is done
