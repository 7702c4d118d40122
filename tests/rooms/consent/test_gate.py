"""The one gate: who may open, write, and let something leave the house."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from amparo.casework.models import ENTRY, Entry
from amparo.consent import gate
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal
from amparo.foundation.actor import NOBODY
from amparo.foundation.errors import Conflict, Refused
from amparo.foundation.models import JournalEntry
from amparo.vault import compartments, log, staff
from amparo.vault.models import Grant
from amparo.vault.primitives import CannotOpen
from tests import make
from tests.make import House, Officer


@pytest.fixture
def case(house: House) -> ids.Id:
    case = make.ask().case
    make.open_case(house.ines, case)
    return case


def noted(house: House) -> list[str]:
    """Deeds of the newest entry, as an auditor reads it."""
    entry = JournalEntry.objects.order_by("-seq").first()
    with house.ruth.request() as ruth:
        return [one["deed"] for one in log.open_detail(ruth.ring, entry)["deeds"]]


# --- opening -------------------------------------------------------------------------------------
def test_whoever_holds_the_key_is_let_in_and_noted(house: House, case: ids.Id) -> None:
    with house.ines.request() as ines:
        gate.admit(ines, case, "narrative")
    assert noted(house) == ["read"]


def test_whoever_does_not_is_refused_and_noted(house: House, case: ids.Id) -> None:
    with house.tomas.request() as tomas, pytest.raises(Refused):
        gate.admit(tomas, case, "narrative")
    assert noted(house) == ["refused"]
    with journal.unit(), pytest.raises(Refused):
        gate.admit(NOBODY, case, "cover")
    assert noted(house) == ["refused"]


def test_a_list_is_silent_about_what_is_shut(house: House, case: ids.Id) -> None:
    other = make.ask().case
    make.open_case(house.tomas, other)
    with house.ines.request() as ines:
        assert set(gate.admit_many(ines, [case, other, ids.new()], "narrative")) == {case}
        assert set(gate.admit_many(ines, [case, other], "cover")) == {case, other}
        assert gate.admit_many(ines, [], "cover") == {}
        assert gate.holds(ines, case, "narrative") and not gate.holds(ines, other, "narrative")
    assert not gate.holds(NOBODY, case, "cover")


def test_a_purpose_that_was_not_given_opens_nothing(house: House, case: ids.Id) -> None:
    with house.ines.request() as ines:
        gate.admit(ines, case, "narrative", purpose="protection")
        with pytest.raises(Refused):
            gate.admit(ines, case, "narrative", purpose="publication")


def test_what_was_exchanged_between_two_places_is_noted_and_shows_nothing(
    house: House, case: ids.Id
) -> None:
    other = make.ask("another").case
    mine = Entry.objects.get(case=case, compartment="correspondence")
    theirs = Entry.objects.get(case=other, compartment="correspondence")
    Entry.objects.filter(id=mine.id).update(sealed=theirs.sealed)
    mine.refresh_from_db()
    with house.ines.request() as ines:
        leave = gate.admit(ines, case, "correspondence")
        with pytest.raises(CannotOpen):
            gate.read(leave, ENTRY, mine)
    assert noted(house) == ["read", "cannot open"]


def test_a_key_that_was_turned_meanwhile_takes_no_writing(house: House, case: ids.Id) -> None:
    with house.ines.request() as ines:
        leave = gate.admit(ines, case, "narrative", write=True)
        compartments.rotate(case, "narrative", set())
        with pytest.raises(Conflict):
            gate.seal(leave, ENTRY, ids.new(), {"text": "too late"})
        again = gate.admit(ines, case, "narrative", write=True)
        assert gate.seal(again, ENTRY, ids.new(), {"text": "now"})


def test_own_papers_need_a_key(house: House) -> None:
    with pytest.raises(Refused):
        gate.seal_own(NOBODY, "draft", ids.new(), {})
    with pytest.raises(Refused):
        gate.read_own(NOBODY, "draft", None)
    with pytest.raises(Refused):
        gate.read_as_team(NOBODY, "letter", None)


# --- leaving the house ---------------------------------------------------------------------------
Answers = Callable[[str], None]


@pytest.fixture
def lawyer(house: House) -> ids.Id:
    with house.ines.request() as ines:
        return staff.new_reader(ines.ring)[0]


def answer(house: House, case: ids.Id, to: ids.Id, said: str, **more: object) -> ids.Id:
    asked = {
        "recipient": to, "label": "R., lawyer", "purpose": "legal", "compartment": "narrative",
        "how": "oral", "language": "en",
    }  # fmt: skip
    with house.ines.request() as ines:
        return consent.record_answer(ines, case, answer=said, **(asked | more))  # type: ignore[arg-type]


def discloses(
    house: House, case: ids.Id, to: ids.Id, purpose: str = "legal", compartment: str = "narrative"
) -> bool:
    with house.ines.request() as ines:
        try:
            gate.may_disclose(ines, case, compartment, recipient=to, purpose=purpose)
        except Refused:
            return False
    return True


def test_only_this_recipient_for_this_purpose_gets_this_compartment(
    house: House, case: ids.Id, lawyer: ids.Id
) -> None:
    assert not discloses(house, case, lawyer)
    answer(house, case, lawyer, "granted")
    assert discloses(house, case, lawyer)
    with house.ines.request() as ines:
        other, _ = staff.new_reader(ines.ring)
    for to, purpose, compartment in (
        (lawyer, "publication", "narrative"),
        (lawyer, "", "narrative"),
        (lawyer, "legal", "location"),
        (lawyer, "legal", "cover"),
        (other, "legal", "narrative"),
        (ids.new(), "legal", "narrative"),
    ):
        assert not discloses(house, case, to, purpose, compartment)
    with journal.unit(), pytest.raises(Refused):
        gate.may_disclose(NOBODY, case, "narrative", recipient=lawyer, purpose="legal")


@pytest.mark.parametrize("said", ["asked", "refused", "conditional", "withdrawn"])
def test_anything_but_a_yes_lets_nothing_out(
    house: House, case: ids.Id, lawyer: ids.Id, said: str
) -> None:
    answer(house, case, lawyer, said, condition="after the hearing")
    assert not discloses(house, case, lawyer)


@pytest.mark.parametrize("said", ["refused", "conditional", "withdrawn"])
def test_a_yes_that_is_taken_back_lets_nothing_out_at_once(
    house: House, case: ids.Id, lawyer: ids.Id, said: str
) -> None:
    answer(house, case, lawyer, "granted")
    answer(house, case, lawyer, said, condition="after the hearing")
    assert not discloses(house, case, lawyer)
    assert not Grant.objects.filter(grantee=lawyer).exists()


def test_a_yes_is_over_after_its_last_day_without_anybodys_doing(
    house: House, case: ids.Id, lawyer: ids.Id
) -> None:
    answer(house, case, lawyer, "granted", until=clock.today() + timedelta(days=2))
    clock.forward(timedelta(days=2))
    assert discloses(house, case, lawyer)
    clock.forward(timedelta(days=1))
    assert not discloses(house, case, lawyer)


def test_a_grant_that_was_planted_lets_nothing_out(
    house: House, case: ids.Id, lawyer: ids.Id
) -> None:
    real = Grant.objects.get(case=case, compartment="narrative")
    real.id, real.grantee, real.purpose = ids.new(), lawyer, "legal"
    real.save(force_insert=True)
    assert not discloses(house, case, lawyer)


def test_every_refusal_to_let_something_out_is_noted(
    house: House, case: ids.Id, lawyer: ids.Id
) -> None:
    discloses(house, case, lawyer)
    assert noted(house) == ["refused"]


# --- mending -------------------------------------------------------------------------------------
def test_only_staff_sign_again(house: House, case: ids.Id) -> None:
    """A key that a reader outside or a defender had signed would be refused by everybody."""
    defender = make.ask("another")
    other = defender.case
    answer_to(house.tomas, house, other)
    with house.tomas.request() as tomas:
        consent.take_key(other, "correspondence", {(house.tomas.id, "legal")})
        assert tomas.id
    with defender.request() as actor:
        assert gate.mend(actor, other, "correspondence") == 0
    with house.ines.request() as ines:
        assert gate.mend(ines, other, "correspondence") == 1
        assert gate.mend(ines, other, "correspondence") == 0
    assert make.texts(house.ines, other, "correspondence") == ["another"]
    assert noted(house)


def answer_to(officer: Officer, house: House, case: ids.Id) -> None:
    answer(house, case, officer.id, "granted", compartment="correspondence")
