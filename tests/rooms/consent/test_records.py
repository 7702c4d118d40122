"""What a defender said, and what follows from it: at once, for their eyes, until they say otherwise."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from amparo.casework import queries as casework
from amparo.casework.services import thread
from amparo.consent import queries, services
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.vault import compartments
from amparo.vault.models import Grant
from tests import make
from tests.make import Crash, Defender, House, Officer

PART = "narrative"


@pytest.fixture
def amina(house: House) -> Defender:
    """Her call has become a case of Inés, with something in it."""
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, PART, "They came on Friday.")
    return amina


def said(officer: Officer, amina: Defender, answer: str, to: Officer, **more: object) -> ids.Id:
    about = {"recipient": to.id, "label": "T., lawyer", "purpose": "legal", "compartment": PART}
    with officer.request() as actor:
        return services.record_answer(
            actor, amina.case, answer=answer, how="oral", language="es", **(about | more)  # type: ignore[arg-type]
        )  # fmt: skip


def reads(officer: Officer, amina: Defender) -> bool:
    return "They came on Friday." in make.texts(officer, amina.case, PART)


def row(house: House, amina: Defender, consent: ids.Id) -> queries.ConsentRow:
    with house.ines.request() as ines:
        return queries.record(ines, amina.case, consent)


# --- giving --------------------------------------------------------------------------------------
def test_a_yes_gives_the_key_and_is_kept_with_how_it_was_said(
    house: House, amina: Defender
) -> None:
    until = clock.today() + timedelta(days=30)
    assert not reads(house.tomas, amina)
    consent = said(house.ines, amina, "granted", house.tomas, until=until)
    assert reads(house.tomas, amina)
    kept = row(house, amina, consent)
    assert kept.in_force and kept.answer == "granted" and kept.label == "T., lawyer"
    assert (kept.how, kept.language, kept.text_version, kept.until) == ("oral", "es", "1", until)


@pytest.mark.parametrize("answer", ["asked", "refused", "conditional", "withdrawn"])
def test_nothing_else_opens(house: House, amina: Defender, answer: str) -> None:
    consent = said(house.ines, amina, answer, house.tomas, condition="after the hearing")
    assert not reads(house.tomas, amina)
    assert not row(house, amina, consent).in_force
    with house.ines.request() as ines, pytest.raises(Refused):
        services.give_key(ines, amina.case, consent)
    assert not reads(house.tomas, amina)


@pytest.mark.parametrize("answer", ["refused", "conditional", "withdrawn"])
def test_another_answer_ends_an_earlier_yes_at_once(
    house: House, amina: Defender, answer: str
) -> None:
    yes = said(house.ines, amina, "granted", house.tomas)
    with house.tomas.request() as tomas:
        kept = compartments.keys_of(tomas.ring, [amina.case], PART)[amina.case]
    said(house.ines, amina, answer, house.tomas, condition="after the hearing")
    assert not reads(house.tomas, amina)
    assert not row(house, amina, yes).in_force
    make.note(house.ines, amina.case, PART, "after")
    with house.ines.request() as ines:
        now = compartments.keys_of(ines.ring, [amina.case], PART)[amina.case]
    assert now[max(now)] not in kept.values()


def test_a_no_is_not_shown_as_in_force_because_of_a_later_yes(
    house: House, amina: Defender
) -> None:
    no = said(house.ines, amina, "refused", house.tomas)
    clock.forward(timedelta(days=1))
    yes = said(house.ines, amina, "granted", house.tomas)
    assert row(house, amina, yes).in_force and not row(house, amina, no).in_force


def test_a_yes_recorded_without_the_key_waits_for_whoever_has_it(
    house: House, amina: Defender
) -> None:
    consent = said(house.ruth, amina, "granted", house.tomas)
    assert not reads(house.tomas, amina) and not row(house, amina, consent).in_force
    with house.ruth.request() as ruth, pytest.raises(Refused):
        services.give_key(ruth, amina.case, consent)
    with house.ines.request() as ines:
        services.give_key(ines, amina.case, consent)
    assert reads(house.tomas, amina) and row(house, amina, consent).in_force


def test_no_key_is_given_after_a_yes_that_was_taken_back(house: House, amina: Defender) -> None:
    consent = said(house.ruth, amina, "granted", house.tomas)
    said(house.ruth, amina, "withdrawn", house.tomas)
    with house.ines.request() as ines, pytest.raises(Conflict):
        services.give_key(ines, amina.case, consent)
    assert not reads(house.tomas, amina)


def test_a_yes_to_another_purpose_does_not_overtake(house: House, amina: Defender) -> None:
    consent = said(house.ruth, amina, "granted", house.tomas)
    said(house.ruth, amina, "refused", house.tomas, purpose="publication")
    said(house.ruth, amina, "asked", house.tomas)
    with house.ines.request() as ines:
        services.give_key(ines, amina.case, consent)
    assert reads(house.tomas, amina)


def test_no_is_not_asked_again_before_a_month_is_over(house: House, amina: Defender) -> None:
    said(house.ines, amina, "refused", house.tomas)
    with pytest.raises(Conflict):
        said(house.ines, amina, "asked", house.tomas)
    said(house.ines, amina, "asked", house.tomas, purpose="costs")
    clock.forward(timedelta(days=30, minutes=1))
    said(house.ines, amina, "asked", house.tomas)


# --- conditions ----------------------------------------------------------------------------------
def test_a_condition_opens_when_somebody_has_recorded_how_it_was_met(
    house: House, amina: Defender
) -> None:
    consent = said(house.ines, amina, "conditional", house.tomas, condition="after the hearing")
    with house.ines.request() as ines, pytest.raises(Invalid):
        services.condition_met(ines, amina.case, consent, reason=" ")
    with house.ines.request() as ines:
        services.condition_met(ines, amina.case, consent, reason="It was on Monday.")
    assert reads(house.tomas, amina)
    kept = row(house, amina, consent)
    assert kept.in_force and kept.condition_met
    with house.ines.request() as ines, pytest.raises(Conflict):
        services.condition_met(ines, amina.case, consent, reason="again")


def test_a_condition_of_an_answer_that_was_taken_back_cannot_be_met(
    house: House, amina: Defender
) -> None:
    consent = said(house.ines, amina, "conditional", house.tomas, condition="after the hearing")
    said(house.ines, amina, "refused", house.tomas)
    with house.ines.request() as ines, pytest.raises(Conflict):
        services.condition_met(ines, amina.case, consent, reason="It was on Monday.")
    granted = said(house.ines, amina, "granted", house.tomas, purpose="costs")
    with house.ines.request() as ines:
        with pytest.raises(Conflict):
            services.condition_met(ines, amina.case, granted, reason="It was on Monday.")
        with pytest.raises(NotFound):
            services.condition_met(ines, amina.case, ids.new(), reason="It was on Monday.")
    assert not row(house, amina, consent).in_force


def test_a_condition_met_by_somebody_without_the_key_opens_nothing_yet(
    house: House, amina: Defender
) -> None:
    consent = said(house.ines, amina, "conditional", house.tomas, condition="after the hearing")
    with house.ruth.request() as ruth:
        services.condition_met(ruth, amina.case, consent, reason="It was on Monday.")
    assert not reads(house.tomas, amina) and not row(house, amina, consent).in_force
    with house.ines.request() as ines:
        services.give_key(ines, amina.case, consent)
    assert reads(house.tomas, amina)


# --- what cannot be recorded ---------------------------------------------------------------------
def test_an_answer_that_makes_no_sense_is_named(house: House, amina: Defender) -> None:
    sense = {
        "answer": "granted", "recipient": house.tomas.id, "label": "T.", "purpose": "legal",
        "compartment": PART, "how": "oral", "language": "en",
    }  # fmt: skip
    for wrong, field in (
        ({"purpose": "gossip"}, "purpose"),
        ({"purpose": "own"}, "purpose"),
        ({"purpose": "override"}, "purpose"),
        ({"compartment": "house"}, "compartment"),
        ({"compartment": ""}, "compartment"),
        ({"how": "shouted"}, "how"),
        ({"answer": "perhaps"}, "answer"),
        ({"answer": "conditional", "condition": " "}, "condition"),
        ({"until": clock.today() - timedelta(days=1)}, "until"),
    ):
        with house.ines.request() as ines, pytest.raises(Invalid) as refused:
            services.record_answer(ines, amina.case, **(sense | wrong))  # type: ignore[arg-type]
        assert set(refused.value.fields) == {field}


def test_nobody_records_for_a_case_that_is_shut_to_them(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "legal")
    with pytest.raises(Refused):
        said(lena, amina, "granted", house.tomas)
    with pytest.raises(Refused):
        said(lena, amina, "withdrawn", house.ines)
    with pytest.raises(NotFound):
        said(house.ines, amina, "granted", Officer("nobody", ids.new(), ""))


# --- the defender's own list and hand ------------------------------------------------------------
def test_the_defender_reads_all_of_it_and_takes_back_at_once(house: House, amina: Defender) -> None:
    said(house.ines, amina, "granted", house.tomas)
    with house.ines.request() as ines, operations.writing():
        services.note_disclosure(
            ines, amina.case, label="T., lawyer", purpose="legal",
            compartments_shown=[PART], how="link",
        )  # fmt: skip
    with amina.request() as actor:
        seen = casework.thread(actor)
        assert [(one.label, one.answer, one.in_force) for one in seen.consents] == [
            ("T., lawyer", "granted", True)
        ]
        assert [(one.label, one.compartments) for one in seen.disclosures] == [
            ("T., lawyer", [PART])
        ]
        mine = next(one for one in seen.readers if one.principal == house.tomas.id)
        assert (mine.label, mine.purpose, mine.compartments) == ("T., lawyer", "legal", [PART])
        thread.withdraw_reader(actor, recipient=house.tomas.id, purpose="legal")
    assert not reads(house.tomas, amina)
    with amina.request() as actor:
        seen = casework.thread(actor)
        assert [one.answer for one in seen.consents] == ["withdrawn", "granted"]
        assert not any(one.in_force for one in seen.consents)
        assert house.tomas.id not in {one.principal for one in seen.readers}
        assert len(seen.disclosures) == 1  # what left has left, and stays on the list
        with pytest.raises(NotFound):
            thread.withdraw_reader(actor, recipient=house.tomas.id, purpose="legal")


def test_a_defender_may_take_everything_from_the_desk_and_keep_it(
    house: House, amina: Defender
) -> None:
    with amina.request() as actor:
        team = next(one for one in casework.thread(actor).readers if one.label == "intake")
        assert set(team.compartments) == {"cover", "correspondence"}
        thread.withdraw_reader(actor, recipient=team.principal, purpose="protection")
        assert casework.thread(actor).messages
    with house.ines.request() as ines, pytest.raises(NotFound):
        casework.case(ines, amina.case)
    with amina.request() as actor:
        thread.write(actor, once=ids.new(), text="I keep this for myself.")
        assert casework.thread(actor).messages[0].text == "I keep this for myself."


# --- breaking off --------------------------------------------------------------------------------
def sweep() -> None:
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0


def test_a_grant_that_broke_off_opens_nothing_and_takes_nothing(
    house: House, amina: Defender, crash_at: Callable[[str], None]
) -> None:
    crash_at("consent.grant:keys")
    with pytest.raises(Crash):
        said(house.ines, amina, "granted", house.tomas)
    sweep()
    assert not reads(house.tomas, amina) and reads(house.ines, amina)
    assert not Grant.objects.filter(grantee=house.tomas.id, purpose="legal").exists()
    crash_at("consent.grant:data")
    with pytest.raises(Crash):
        said(house.ines, amina, "granted", house.tomas)
    sweep()
    assert reads(house.tomas, amina)


def test_a_second_grant_that_broke_off_leaves_the_first(
    house: House, amina: Defender, crash_at: Callable[[str], None]
) -> None:
    said(house.ines, amina, "granted", house.tomas)
    crash_at("consent.grant:keys")
    with pytest.raises(Crash):
        said(house.ines, amina, "granted", house.tomas)
    sweep()
    assert reads(house.tomas, amina)


@pytest.mark.parametrize("point", ["accepted", "ended"])
def test_a_withdrawal_that_was_accepted_is_carried_out(
    house: House, amina: Defender, crash_at: Callable[[str], None], point: str
) -> None:
    said(house.ines, amina, "granted", house.tomas)
    crash_at(f"consent.withdraw:{point}")
    with pytest.raises(Crash):
        said(house.ines, amina, "withdrawn", house.tomas)
    sweep()
    assert not reads(house.tomas, amina) and reads(house.ines, amina)
    with amina.request() as actor:
        assert casework.thread(actor).consents[0].answer == "withdrawn"


# --- time ----------------------------------------------------------------------------------------
def test_what_is_over_is_turned_by_the_engine_and_noted(house: House, amina: Defender) -> None:
    said(house.ines, amina, "granted", house.tomas, until=clock.today() + timedelta(days=1))
    with journal.unit():
        assert services.end_expired() == 0
    clock.forward(timedelta(days=2))
    assert not reads(house.tomas, amina)
    before = compartments.current(amina.case, PART)
    with journal.unit():
        assert services.end_expired() == 1
        assert services.end_expired() == 0
    assert compartments.current(amina.case, PART) == before + 1
    assert not Grant.objects.filter(grantee=house.tomas.id, purpose="legal").exists()
    assert reads(house.ines, amina)
