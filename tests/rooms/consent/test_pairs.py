"""Pairs of the release group stay fresh: nobody's joining, leaving or arrest takes a name along."""

from datetime import timedelta
from typing import Any

import pytest

from amparo.casework.services import desk
from amparo.consent import gate, rules, services
from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Invalid
from amparo.people import services as people
from amparo.vault import compartments, pairs, watch
from amparo.vault.models import Grant, Membership, PairWrap
from tests import make
from tests.make import Defender, House, Officer

NAME = "Amina D., born 1988"
FACTS = "They came on Friday."


@pytest.fixture
def amina(house: House) -> Defender:
    """A case of Inés: facts, and a name that two persons had opened once."""
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "narrative", FACTS)
    release(house.ines, house.tomas, amina)
    make.note(house.ines, amina.case, "identity", NAME)
    expire()
    return amina


def expire() -> None:
    clock.forward(timedelta(days=rules.RELEASE_DAYS + 1))
    with journal.unit():
        services.end_expired()


def release(one: Officer, other: Officer, amina: Defender, part: str = "identity") -> None:
    with one.request() as actor:
        asked = services.request_release(actor, amina.case, compartment=part)
    with other.request() as actor:
        assert services.approve_release(actor, asked)


def visit(officer: Officer, amina: Defender) -> None:
    with officer.request() as actor:
        desk.read_all(actor, amina.case, shown=0)


def leaves(house: House, officer: Officer, **more: Any) -> None:
    with house.ines.request() as ines:
        people.leave(ines, officer.id, **more)


def halves(amina: Defender, part: str) -> set[ids.Id]:
    """Who is half of a pair that opens the newest epoch."""
    newest = compartments.current(amina.case, part)
    rows = PairWrap.objects.filter(case=amina.case, compartment=part, epoch=newest)
    return {one for pair in rows.values_list("first", "second") for one in pair}


def test_whoever_joins_is_half_of_a_pair_from_the_next_opening_on(
    house: House, amina: Defender
) -> None:
    lena = house.hire("lena", "intake", "release")
    assert lena.id not in halves(amina, "identity")
    release(house.ines, house.tomas, amina)
    assert lena.id in halves(amina, "identity")
    expire()
    release(lena, house.ruth, amina)
    assert NAME in make.texts(lena, amina.case, "identity")  # what was written before she came


def test_a_whole_group_can_turn_over(house: House, amina: Defender) -> None:
    """Everybody of the day when the name was written has left, and it opens."""
    new = [house.hire(name, "intake", "release", "coordination") for name in ("lena", "omar")]
    release(house.ines, house.tomas, amina)
    for gone in (house.tomas, house.ruth):
        with house.ines.request() as ines:
            people.leave_team(ines, gone.id, "release")
    with new[0].request() as actor:
        people.leave_team(actor, house.ines.id, "release")
    assert halves(amina, "identity") == {one.id for one in new}
    expire()
    release(*new, amina)
    assert NAME in make.texts(new[0], amina.case, "identity")


def test_nobody_takes_the_last_pair_along(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "intake", "release")
    leaves(house, house.tomas)
    # Inés and Ruth are the last pair of this name; with Lena no pair was made yet.
    with house.ines.request() as ines, pytest.raises(Invalid) as refused:
        people.leave_team(ines, house.ruth.id, "release")
    assert refused.value.fields == {"person": "holds"}
    with pytest.raises(Invalid):
        leaves(house, house.ruth)
    release(house.ines, house.ruth, amina)
    leaves(house, house.ruth)
    assert halves(amina, "identity") == {house.ines.id, lena.id}
    expire()
    release(lena, house.ines, amina)
    assert NAME in make.texts(lena, amina.case, "identity")


def test_what_a_team_member_may_lose_is_counted_by_its_pairs(house: House, amina: Defender) -> None:
    trio = [house.ines.id, house.tomas.id, house.ruth.id]
    assert watch.held_alone_by(house.tomas.id) == []
    PairWrap.objects.exclude(first__in=trio[:2], second__in=trio[:2]).delete()
    assert watch.held_alone_by(house.tomas.id) == [(amina.case, "identity")]
    assert watch.held_alone_by(house.tomas.id, by_pairs=True) == [(amina.case, "identity")]
    assert watch.held_alone_by(house.ines.id, by_pairs=True) == [(amina.case, "identity")]
    assert watch.held_alone_by(house.ines.id) == [
        (amina.case, one) for one in ("identity", "location", "narrative")
    ]
    # A grant that ends by itself holds nothing for long.
    share = compartments.Share(house.ruth.id, "legal", clock.today() + timedelta(days=9))
    with house.ines.request() as ines:
        compartments.extend(ines.ring, amina.case, "narrative", share)
    assert (amina.case, "narrative") in watch.held_alone_by(house.ines.id)
    with house.ines.request() as ines:
        lasting = compartments.Share(house.ruth.id, "costs")
        compartments.extend(ines.ring, amina.case, "narrative", lasting)
    assert (amina.case, "narrative") not in watch.held_alone_by(house.ines.id)


def test_the_officers_own_keys_keep_the_pairs_of_what_they_hold(
    house: House, amina: Defender
) -> None:
    lena = house.hire("lena", "intake", "release")
    visit(house.tomas, amina)  # he holds neither
    assert lena.id not in halves(amina, "narrative")
    epoch = compartments.current(amina.case, "narrative")
    visit(house.ines, amina)
    assert lena.id in halves(amina, "narrative") and lena.id in halves(amina, "location")
    assert compartments.current(amina.case, "narrative") == epoch
    assert lena.id not in halves(amina, "identity")
    count = PairWrap.objects.count()
    visit(house.ines, amina)
    assert PairWrap.objects.count() == count


def test_an_arrested_officer_takes_nothing_along(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "intake", "release")
    visit(house.ines, amina)
    with journal.unit():
        people.lock_out(house.ines.id)
    release(lena, house.tomas, amina, "narrative")
    assert FACTS in make.texts(lena, amina.case, "narrative")


def test_re_sealing_makes_the_pairs_of_the_present_group(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "intake", "release")
    leaves(house, house.ruth)  # turns what she was half of
    assert halves(amina, "narrative") == {house.ines.id, house.tomas.id}
    with house.ines.request() as ines:
        assert gate.mend(ines, amina.case, "narrative")
    assert halves(amina, "narrative") == {house.ines.id, house.tomas.id, lena.id}
    assert set(
        PairWrap.objects.filter(case=amina.case, compartment="narrative").values_list(
            "epoch", flat=True
        )
    ) == {compartments.current(amina.case, "narrative")}


def test_a_group_of_one_does_not_empty_the_pairs(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        Membership.objects.filter(team__code="release").exclude(member=house.ines.id).delete()
        assert gate.pairs_now() == []
        compartments.rotate(amina.case, "narrative", {(house.tomas.id, "legal")})
        assert gate.mend(ines, amina.case, "narrative")
    assert halves(amina, "narrative")


def test_a_seat_that_nobody_signed_is_half_of_no_pair(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "intake")
    seat = Membership.objects.filter(team__code="release").first()
    assert seat is not None
    Membership.objects.create(
        team=seat.team, member_id=lena.id, wrap=seat.wrap, signer=seat.signer,
        signature=seat.signature,
    )  # fmt: skip
    with journal.unit():
        people.lock_out(house.ruth.id)
    assert {one for pair in gate.pairs_now() for one in pair} == {house.ines.id, house.tomas.id}
    other = make.ask()
    make.open_case(house.ines, other.case)
    assert halves(other, "identity") == {house.ines.id, house.tomas.id}


def test_whoever_may_not_sign_makes_no_pair(house: House, amina: Defender) -> None:
    with amina.request() as actor:
        stranger = make.ask()
        with pytest.raises(compartments.CannotOpen):
            pairs.add(actor.ring, stranger.case, "cover", gate.pairs_now(), {1: b"k" * 32})
        services.keep_pairs(actor, amina.case)
    assert not PairWrap.objects.filter(case=stranger.case).exists()


# --- what waits to be re-sealed --------------------------------------------------------------------
def test_a_name_that_waits_to_be_re_sealed_shows_as_waiting(house: House, amina: Defender) -> None:
    assert not Grant.objects.filter(case=amina.case, compartment="identity").exists()
    assert compartments.pending_since(amina.case) == clock.today()
    found = watch.resealing()
    assert (found.count, found.since) == (1, clock.today())
    release(house.ines, house.tomas, amina)
    visit(house.ines, amina)
    assert compartments.pending_since(amina.case) is None
    assert watch.resealing() == watch.Resealing(0, None)
