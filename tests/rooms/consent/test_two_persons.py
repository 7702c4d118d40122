"""A life in danger, and two persons together: what one may do alone, and for how long."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from amparo.casework import queries as casework
from amparo.consent import jobs, queries, rules, services
from amparo.consent.models import Override, Release
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.vault import compartments, keys
from amparo.vault.models import Grant
from tests import make
from tests.make import Crash, Defender, House, Officer

PART = "narrative"


@pytest.fixture
def amina(house: House) -> Defender:
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, PART, "They came on Friday.")
    return amina


def reads(officer: Officer, amina: Defender) -> bool:
    return "They came on Friday." in make.texts(officer, amina.case, PART)


# --- a life in danger ----------------------------------------------------------------------------
def override(
    officer: Officer, amina: Defender, to: Officer, reason: str = "He has not come home."
) -> ids.Id:
    with officer.request() as actor:
        return services.override(actor, amina.case, compartment=PART, grantee=to.id, reason=reason)


def confirm(officer: Officer, found: ids.Id) -> None:
    with officer.request() as actor:
        services.confirm_override(actor, found)


def minute() -> None:
    with journal.unit():
        jobs.sweep()


def seen_by(amina: Defender) -> queries.OverrideRow:
    with amina.request() as actor:
        (row,) = casework.thread(actor).overrides
    return row


def test_one_officer_acts_at_once_with_the_keys_they_hold(house: House, amina: Defender) -> None:
    override(house.ines, amina, house.tomas)
    assert reads(house.tomas, amina)


def test_it_lifts_consent_and_never_a_key(house: House, amina: Defender) -> None:
    with pytest.raises(Refused):
        override(house.tomas, amina, house.tomas)
    with amina.request() as actor, pytest.raises(Refused):
        services.override(
            actor, amina.case, compartment="cover", grantee=house.tomas.id, reason="?"
        )
    with house.ines.request() as ines, pytest.raises(Refused):
        services.override(
            ines, amina.case, compartment="identity", grantee=house.ines.id, reason="?"
        )
    assert not reads(house.tomas, amina) and not Override.objects.exists()


def test_it_wants_a_reason(house: House, amina: Defender) -> None:
    with pytest.raises(Invalid):
        override(house.ines, amina, house.tomas, "  ")


def test_the_defender_is_told_while_it_waits_and_how_it_ended(
    house: House, amina: Defender
) -> None:
    with clock.frozen():
        found = override(house.ines, amina, house.tomas)
        row = seen_by(amina)
        assert row.reason == "He has not come home." and row.subject == PART
        assert not row.confirmed and not row.over
        assert row.due_at == clock.now() + timedelta(hours=4)
        confirm(house.ruth, found)
        assert seen_by(amina).confirmed
        clock.forward(timedelta(hours=5))
        minute()
        assert seen_by(amina).confirmed and reads(house.tomas, amina)


def test_what_nobody_confirms_ends_after_four_hours_and_is_not_called_confirmed(
    house: House, amina: Defender
) -> None:
    with clock.frozen():
        found = override(house.ines, amina, house.tomas)
        clock.forward(timedelta(hours=3, minutes=59))
        minute()
        assert reads(house.tomas, amina)
        clock.forward(timedelta(minutes=1))
        with pytest.raises(Conflict):
            confirm(house.ruth, found)
        minute()
        assert not reads(house.tomas, amina) and reads(house.ines, amina)
        row = seen_by(amina)
        assert row.over and not row.confirmed
        with house.ruth.request() as ruth:
            assert queries.overrides(ruth) == []
        minute()
        with pytest.raises(NotFound):
            confirm(house.ruth, found)


def test_no_exact_hour_stays_when_its_work_is_done(house: House, amina: Defender) -> None:
    confirm(house.ruth, override(house.ines, amina, house.tomas))
    override(house.ines, amina, house.ruth)
    clock.forward(timedelta(hours=5))
    minute()
    assert set(Override.objects.values_list("due_at", flat=True)) == {None}


def test_a_confirmed_one_ends_with_its_days(house: House, amina: Defender) -> None:
    confirm(house.ruth, override(house.ines, amina, house.tomas))
    clock.forward(timedelta(days=rules.OVERRIDE_DAYS))
    assert reads(house.tomas, amina)
    clock.forward(timedelta(days=1))
    assert not reads(house.tomas, amina)


def test_nobody_is_their_own_second_person(house: House, amina: Defender) -> None:
    found = override(house.ines, amina, house.tomas)
    for one in (house.ines, house.tomas):  # who pressed it, and who gains by it
        with pytest.raises(Refused):
            confirm(one, found)
    lena = house.hire("lena", "legal")  # has nothing to do with it
    with pytest.raises(Refused):
        confirm(lena, found)
    with pytest.raises(NotFound):
        confirm(house.ruth, ids.new())
    confirm(house.ruth, found)
    with pytest.raises(NotFound):
        confirm(house.ruth, found)


def test_it_opens_to_one_person(house: House, amina: Defender) -> None:
    """In a team nobody would be left to confirm it who gains nothing by it."""
    with amina.request() as actor:
        defender = actor.id
    for grantee in (keys.team("intake").id, defender, ids.new()):
        with house.ines.request() as ines, pytest.raises(Invalid) as refused:
            services.override(
                ines, amina.case, compartment=PART, grantee=grantee, reason="No word."
            )
        assert refused.value.fields == {"grantee": "person"}


def test_what_waits_is_shown_to_those_whose_keys_open_the_cover(
    house: House, amina: Defender
) -> None:
    override(house.ines, amina, house.tomas)
    lena = house.hire("lena", "legal")
    for officer, mine in ((house.ines, True), (house.tomas, True), (house.ruth, False)):
        with officer.request() as actor:
            (row,) = queries.overrides(actor)
            assert row.mine is mine
            assert (row.by, row.grantee) == (house.ines.id, house.tomas.id)
    with lena.request() as actor:
        assert queries.overrides(actor) == []


@pytest.mark.parametrize("point", ["consent.override:keys", "consent.override:data"])
def test_an_override_that_broke_off_is_undone_or_stands_whole(
    house: House, amina: Defender, crash_at: Callable[[str], None], point: str
) -> None:
    crash_at(point)
    with pytest.raises(Crash):
        override(house.ines, amina, house.tomas)
    sweep()
    stands = point.endswith("data")
    assert reads(house.tomas, amina) is stands
    assert Override.objects.exists() is stands


def test_an_ending_that_broke_off_is_finished(
    house: House, amina: Defender, crash_at: Callable[[str], None]
) -> None:
    override(house.ines, amina, house.tomas)
    clock.forward(timedelta(hours=4))
    crash_at("consent.override ends:accepted")
    with pytest.raises(Crash):
        minute()
    sweep()
    assert not reads(house.tomas, amina) and seen_by(amina).over


def sweep() -> None:
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0


# --- two persons ---------------------------------------------------------------------------------
NAME = "Amina D., born 1988"


def identity(officer: Officer, amina: Defender) -> list[str]:
    return make.texts(officer, amina.case, "identity")


def asks(officer: Officer, amina: Defender) -> ids.Id:
    with officer.request() as actor:
        return services.request_release(actor, amina.case)


def agrees(officer: Officer, release: ids.Id) -> bool:
    with officer.request() as actor:
        return services.approve_release(actor, release)


def holds(officer: Officer, amina: Defender) -> bool:
    with officer.request() as actor:
        return bool(compartments.keys_of(actor.ring, [amina.case], "identity"))


def test_nobody_opens_a_name_alone(house: House, amina: Defender) -> None:
    for officer in house.officers.values():
        assert not holds(officer, amina)
    release = asks(house.ines, amina)  # of the group: she counts as the first
    assert not holds(house.ines, amina)
    with pytest.raises(Refused):
        agrees(house.ines, release)
    assert not holds(house.ines, amina)


@pytest.mark.parametrize(("first", "second"), [("ines", "tomas"), ("tomas", "ines")])
def test_either_of_two_may_begin(house: House, amina: Defender, first: str, second: str) -> None:
    one, other = house.officers[first], house.officers[second]
    release = asks(one, amina)
    assert agrees(other, release)
    assert holds(one, amina) and not holds(other, amina)
    make.note(one, amina.case, "identity", NAME)
    assert NAME in identity(one, amina)
    assert NAME not in identity(other, amina)
    with pytest.raises(NotFound):
        agrees(house.ruth, release)


def test_somebody_outside_the_group_needs_two_of_it(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "intake")
    release = asks(lena, amina)
    with pytest.raises(Refused):
        agrees(lena, release)
    assert agrees(house.ruth, release) is False
    with pytest.raises(Refused):
        agrees(house.ruth, release)  # the same person twice
    with pytest.raises(Refused):
        agrees(lena, release)
    assert not holds(lena, amina)
    assert agrees(house.tomas, release) is True
    assert holds(lena, amina)


def test_who_is_asked_must_be_of_the_group(house: House, amina: Defender) -> None:
    lena, omar = house.hire("lena", "intake"), house.hire("omar", "intake")
    release = asks(lena, amina)
    with pytest.raises(Refused):
        agrees(omar, release)
    agrees(house.ruth, release)
    with pytest.raises(CannotOpen):
        agrees(omar, release)
    with amina.request() as actor:
        with pytest.raises(Refused):
            services.request_release(actor, amina.case)
        with pytest.raises(Refused):
            services.approve_release(actor, release)


def test_who_does_not_know_the_case_asks_for_nothing(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "legal")
    with pytest.raises(Refused):
        asks(lena, amina)
    with pytest.raises(NotFound):
        agrees(house.ines, ids.new())


def test_what_was_opened_shuts_after_its_days(house: House, amina: Defender) -> None:
    agrees(house.tomas, asks(house.ines, amina))
    clock.forward(timedelta(days=rules.RELEASE_DAYS))
    assert holds(house.ines, amina)
    clock.forward(timedelta(days=1))
    assert not holds(house.ines, amina)
    minute()
    assert not Grant.objects.filter(compartment="identity").exists()
    agrees(house.tomas, asks(house.ines, amina))  # and two may open it again
    assert holds(house.ines, amina)


def test_one_persons_half_does_not_lie_about_for_long(house: House, amina: Defender) -> None:
    release = asks(house.ines, amina)
    clock.forward(rules.RELEASE_WAITS)
    minute()
    assert Release.objects.filter(id=release).exists()
    clock.forward(timedelta(days=1))
    minute()
    with pytest.raises(NotFound):
        agrees(house.tomas, release)
    assert not Release.objects.exists()


def test_a_half_that_was_used_is_gone(house: House, amina: Defender) -> None:
    release = asks(house.ines, amina)
    assert Release.objects.get(id=release).peeled
    agrees(house.tomas, release)
    row = Release.objects.get(id=release)
    assert row.done and row.peeled == {}


def test_no_half_outlives_a_case_that_was_erased(house: House, amina: Defender) -> None:
    asks(house.ines, amina)
    services.erase_keys(amina.case)
    assert not Release.objects.exists()


@pytest.mark.parametrize("point", ["consent.release:keys", "consent.release:data"])
def test_a_second_yes_that_broke_off_can_be_given_again(
    house: House, amina: Defender, crash_at: Callable[[str], None], point: str
) -> None:
    release = asks(house.ines, amina)
    crash_at(point)
    with pytest.raises(Crash):
        agrees(house.tomas, release)
    sweep()
    assert holds(house.ines, amina) is point.endswith("data")
    assert agrees(house.tomas, release)
    assert holds(house.ines, amina)


def test_who_asks_and_who_may_help_see_what_wants_somebody(house: House, amina: Defender) -> None:
    lena, karim = house.hire("lena", "intake"), house.hire("karim", "auditors")
    release = asks(lena, amina)
    for officer, sees in ((lena, True), (house.tomas, True), (house.ines, True), (karim, False)):
        with officer.request() as actor:
            assert [row.id for row in queries.releases(actor)] == [release] * sees
    agrees(house.tomas, release)
    with house.tomas.request() as tomas:
        assert queries.releases(tomas) == []  # his half is given
    with lena.request() as actor:
        assert [row.id for row in queries.releases(actor)] == [release]
