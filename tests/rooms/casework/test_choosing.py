"""What a defender chooses by themselves: one officer in danger, reading back, yes after a no."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from amparo.casework import queries
from amparo.casework.choices import LATER
from amparo.casework.models import Case
from amparo.casework.services import desk, opening, thread
from amparo.consent import gate, services
from amparo.consent import queries as consent
from amparo.consent.models import Record
from amparo.consent.rules import DUTY, OVERRIDE, OWN, RELEASE
from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.people import services as people
from amparo.vault import compartments, keys, listing
from amparo.vault import opening as vault_opening
from amparo.vault.models import Grant, Principal
from tests import make
from tests.make import Defender, House, Officer

NAME = "Amina D., born 1988"
WHERE = "In the house by the mill."


@pytest.fixture
def amina(house: House) -> Defender:
    return make.ask("help")


def choose(amina: Defender, purpose: str, compartment: str, yes: bool = True) -> None:
    with amina.request() as actor:
        thread.choose(actor, purpose=purpose, compartment=compartment, yes=yes)
    if yes:
        make.sure(make.present[0].ines, actor.case or amina.case)  # re-linked: of the older call


def said_yes(amina: Defender) -> None:
    """Inés makes sure that it was she, and gives what she holds."""
    ines = make.present[0].ines
    make.sure(ines, amina.case)
    visit(ines, amina)


def let(amina: Defender, yes: bool = True) -> None:
    """One officer may open her name when her life is in danger, or no longer."""
    choose(amina, DUTY, "identity", yes)


def state(amina: Defender, purpose: str, compartment: str) -> str:
    with amina.request() as actor:
        (one,) = (
            one
            for one in queries.thread(actor).choices
            if (one.purpose, one.compartment) == (purpose, compartment)
        )
    return one.state


def release(one: Officer, other: Officer, amina: Defender, compartment: str = "identity") -> None:
    """Two of the release group open something to the first of them."""
    with one.request() as actor:
        asked = services.request_release(actor, amina.case, compartment=compartment)
    with other.request() as actor:
        assert services.approve_release(actor, asked)


def named(house: House, amina: Defender) -> None:
    """Her name stands in the case, and nobody holds it alone any more."""
    release(house.ines, house.tomas, amina)
    make.note(house.ines, amina.case, "identity", NAME)
    clock.forward(timedelta(days=8))
    with journal.unit():
        services.end_expired()


def danger(officer: Officer, amina: Defender, to: Officer | None = None) -> ids.Id:
    with officer.request() as actor:
        return services.override(
            actor, amina.case, compartment="identity", grantee=(to or officer).id, reason="No word."
        )


def visit(officer: Officer, amina: Defender) -> None:
    """An officer opens the conversation."""
    with officer.request() as actor:
        desk.read_all(actor, amina.case, shown=0)


def duty_wraps(amina: Defender) -> set[Any]:
    rows = Grant.objects.filter(case=amina.case, purpose=DUTY)
    return set(rows.values_list("grantee", "compartment"))


# --- one officer, when a life is in danger ---------------------------------------------------------
def test_it_is_never_chosen_for_them(house: House, amina: Defender) -> None:
    make.open_case(house.ines, amina.case)
    assert state(amina, DUTY, "identity") == "off" and duty_wraps(amina) == set()
    about = {"recipient": keys.team("intake").id, "label": "intake", "compartment": "identity"}
    for answer in ("granted", "asked", "conditional"):
        for how in ("oral", "written", "remote", "page"):
            with house.ines.request() as ines, pytest.raises(Invalid):
                services.record_answer(
                    ines, amina.case, answer=answer, purpose=DUTY, how=how, language="en",
                    condition="x", **about,
                )  # fmt: skip
    assert not Record.objects.exists()


def test_chosen_before_the_case_is_opened_the_wrap_is_made_with_it(
    house: House, amina: Defender
) -> None:
    let(amina)
    assert state(amina, DUTY, "identity") == "waits"
    make.open_case(house.ines, amina.case)
    assert duty_wraps(amina) == {(keys.team("intake").id, "identity")}
    assert state(amina, DUTY, "identity") == "on"
    with amina.request() as actor:
        (reader,) = (one for one in queries.thread(actor).readers if one.purpose == DUTY)
    assert (reader.kind, reader.label, reader.count) == ("team", "intake", 3)
    assert reader.compartments == ["identity"]


def test_chosen_after_it_the_next_two_who_open_the_name_give_it(
    house: House, amina: Defender
) -> None:
    make.open_case(house.ines, amina.case)
    let(amina)
    visit(house.ines, amina)
    assert state(amina, DUTY, "identity") == "waits" and duty_wraps(amina) == set()
    release(house.ines, house.tomas, amina)
    assert state(amina, DUTY, "identity") == "on"
    assert duty_wraps(amina) == {(keys.team("intake").id, "identity")}


def test_a_second_person_without_the_cover_leaves_it_to_whoever_asked(
    house: House, amina: Defender
) -> None:
    lena = house.hire("lena", "release")
    make.open_case(house.ines, amina.case)
    let(amina)
    release(house.ines, lena, amina)
    assert state(amina, DUTY, "identity") == "waits"
    visit(house.ines, amina)
    assert state(amina, DUTY, "identity") == "on"


def test_it_opens_nothing_in_ordinary_reading(house: House, amina: Defender) -> None:
    let(amina)
    make.open_case(house.ines, amina.case)
    named(house, amina)
    with house.ruth.request() as ruth:
        ring = ruth.ring
        assert compartments.keys_of(ring, [amina.case], "identity", DUTY)  # the wrap is good
        assert compartments.keys_of(ring, [amina.case], "identity") == {}
        assert not gate.holds(ruth, amina.case, "identity")
        assert not gate.may_give(ruth, amina.case, "identity")
        assert amina.case.hex not in listing.reach(ring, "identity")
        with pytest.raises(CannotOpen):
            vault_opening.admit(ring, amina.case, "identity")
        with pytest.raises(Refused):
            opening.write_note(ruth, amina.case, "identity", text="x")
        view = queries.case(ruth, amina.case)
        (part,) = (one for one in view.compartments if one.code == "identity")
        assert not part.open and part.in_danger
    assert make.texts(house.ruth, amina.case, "identity") == []


def test_what_was_opened_so_is_not_kept_in_the_ring(house: House, amina: Defender) -> None:
    """A ring lives for minutes, the deed for a moment; a planted grant could draw on it meanwhile."""
    let(amina)
    make.open_case(house.ines, amina.case)
    with house.ruth.request() as ruth:
        assert gate.keys_in_danger(ruth, amina.case, "identity")
        assert not [place for place in ruth.ring.compartments if place[1] == "identity"]
    Grant.objects.filter(purpose=DUTY).update(purpose="protection")  # its signature says otherwise
    with house.ruth.request() as ruth:
        assert not gate.holds(ruth, amina.case, "identity")


def test_an_officer_opens_it_for_themselves_at_once_and_for_a_few_days(
    house: House, amina: Defender
) -> None:
    let(amina)
    make.open_case(house.ines, amina.case)
    named(house, amina)
    found = danger(house.ruth, amina)
    assert NAME in make.texts(house.ruth, amina.case, "identity")
    assert make.texts(house.tomas, amina.case, "identity") == []
    with house.tomas.request() as tomas:
        services.confirm_override(tomas, found)
    with amina.request() as actor:
        (row,) = queries.thread(actor).overrides
    assert (row.subject, row.confirmed, row.grantee) == ("identity", True, house.ruth.id)
    clock.forward(timedelta(days=4))
    assert make.texts(house.ruth, amina.case, "identity") == []


def test_what_nobody_confirms_rotates_away_and_the_choice_stands(
    house: House, amina: Defender
) -> None:
    let(amina)
    make.open_case(house.ines, amina.case)
    named(house, amina)
    danger(house.ruth, amina)
    before = compartments.current(amina.case, "identity")
    clock.forward(timedelta(hours=4, minutes=1))
    with journal.unit():
        services.end_overrides()
    assert compartments.current(amina.case, "identity") == before + 1
    assert make.texts(house.ruth, amina.case, "identity") == []
    assert state(amina, DUTY, "identity") == "on"
    danger(house.tomas, amina)  # and it opens again, what was written before too
    assert NAME in make.texts(house.tomas, amina.case, "identity")


def test_it_is_for_whoever_presses_it(house: House, amina: Defender) -> None:
    let(amina)
    make.open_case(house.ines, amina.case)
    with pytest.raises(Invalid) as refused:
        danger(house.ruth, amina, to=house.tomas)
    assert refused.value.fields == {"grantee": "alone"}
    lena = house.hire("lena", "legal", "release")
    with pytest.raises(Refused):
        danger(lena, amina)  # not of the team, and the cover is shut to her
    assert not Grant.objects.filter(purpose=OVERRIDE).exists()


def test_without_the_choice_it_stays_impossible_by_key(house: House, amina: Defender) -> None:
    make.open_case(house.ines, amina.case)
    choose(amina, OWN, "narrative")
    for officer in house.officers.values():
        with pytest.raises(Refused):
            danger(officer, amina)
        with officer.request() as actor:
            assert compartments.keys_of(actor.ring, [amina.case], "identity", DUTY) == {}


def test_taken_back_the_key_is_turned_at_once(house: House, amina: Defender) -> None:
    let(amina)
    make.open_case(house.ines, amina.case)
    with house.ruth.request() as ruth:
        kept = gate.keys_in_danger(ruth, amina.case, "identity")
    let(amina, yes=False)
    assert state(amina, DUTY, "identity") == "off" and duty_wraps(amina) == set()
    with pytest.raises(Refused):
        danger(house.ruth, amina)
    release(house.ines, house.tomas, amina)
    with house.ines.request() as ines:
        now = compartments.keys_of(ines.ring, [amina.case], "identity")[amina.case]
    assert now[max(now)] not in kept.values()
    assert duty_wraps(amina) == set()  # what was taken back is not given by the next two
    let(amina)
    release(house.ines, house.tomas, amina)
    assert state(amina, DUTY, "identity") == "on"


def test_taken_back_from_the_list_of_readers_it_is_the_same(house: House, amina: Defender) -> None:
    let(amina)
    make.open_case(house.ines, amina.case)
    with amina.request() as actor:
        thread.withdraw_reader(actor, recipient=keys.team("intake").id, purpose=DUTY)
    assert state(amina, DUTY, "identity") == "off" and duty_wraps(amina) == set()


def test_by_word_of_mouth_it_is_taken_back_too(house: House, amina: Defender) -> None:
    let(amina)
    make.open_case(house.ines, amina.case)
    with house.ines.request() as ines:
        services.record_answer(
            ines, amina.case, answer="withdrawn", recipient=keys.team("intake").id, label="intake",
            purpose=DUTY, compartment="identity", how="oral", language="en",
        )  # fmt: skip
    assert state(amina, DUTY, "identity") == "off" and duty_wraps(amina) == set()


def test_taken_back_while_the_case_is_being_opened_no_wrap_stays(
    house: House, amina: Defender, monkeypatch: pytest.MonkeyPatch
) -> None:
    let(amina)
    make.take(house.ines, amina.case)
    real = gate.begin

    def meanwhile(*given: Any, **more: Any) -> Any:
        let(amina, yes=False)
        return real(*given, **more)

    monkeypatch.setattr(gate, "begin", meanwhile)
    with house.ines.request() as ines, pytest.raises(Conflict):
        opening.open_case(ines, amina.case, version=make.version(amina.case))
    assert duty_wraps(amina) == set() and Case.objects.get().stage == "request"


def test_the_choice_outlives_whoever_leaves_the_team(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "intake")
    let(amina)
    make.open_case(house.ines, amina.case)
    old = keys.team("intake").id
    with lena.request() as actor:
        stolen = actor.ring
    with house.ines.request() as ines:
        people.leave(ines, lena.id)
    now = keys.team("intake").id
    assert now != old
    assert {row.grantee for row in Grant.objects.filter(purpose=DUTY).order_by("-epoch")[:1]} == {
        now
    }
    assert state(amina, DUTY, "identity") == "on"
    danger(house.ruth, amina)
    make.note(house.ruth, amina.case, "identity", NAME)
    visit(house.ruth, amina)
    held = compartments.keys_of(stolen, [amina.case], "identity", DUTY)
    assert compartments.current(amina.case, "identity") not in held.get(amina.case, {})
    let(amina, yes=False)
    assert duty_wraps(amina) == set()


# --- reading back ----------------------------------------------------------------------------------
def parts(amina: Defender) -> dict[str, list[str]]:
    with amina.request() as actor:
        found = queries.thread(actor).parts
    return {part.compartment: [one.text for one in part.entries] for part in found}


@pytest.fixture
def case(house: House, amina: Defender) -> Defender:
    """Her call has become a case of Inés, with something about where she is."""
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "location", WHERE)
    return amina


def test_nothing_is_read_back_before_it_is_chosen(house: House, amina: Defender) -> None:
    with amina.request() as actor:
        assert [one.purpose for one in queries.thread(actor).choices] == [DUTY]
        with pytest.raises(NotFound):
            thread.choose(actor, purpose=OWN, compartment="location", yes=True)
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "location", WHERE)
    with amina.request() as actor:
        found = queries.thread(actor)
    assert [(one.compartment, one.state) for one in found.choices if one.purpose == OWN] == [
        (one, "off") for one in LATER
    ]
    assert found.parts == []
    visit(house.ines, amina)
    assert parts(amina) == {}


def test_the_next_session_that_holds_it_gives_it(house: House, case: Defender) -> None:
    choose(case, OWN, "location")
    assert state(case, OWN, "location") == "waits" and parts(case) == {}
    visit(house.tomas, case)  # he does not hold it
    assert state(case, OWN, "location") == "waits"
    visit(house.ines, case)
    assert state(case, OWN, "location") == "on"
    assert parts(case) == {"location": [WHERE]}
    make.note(house.ines, case.case, "location", "And then by the river.")
    assert parts(case) == {"location": ["And then by the river.", WHERE]}
    assert state(case, OWN, "narrative") == "off"


def test_the_desk_sees_that_it_is_read_back(house: House, case: Defender) -> None:
    choose(case, OWN, "location")
    visit(house.ines, case)
    with house.ines.request() as ines:
        view = queries.case(ines, case.case)
    assert [one.code for one in view.compartments if one.own] == ["cover", "location"]


def test_a_team_gives_what_is_its_own(house: House, case: Defender) -> None:
    make.note(house.tomas, case.case, "health", "The arm heals.")
    choose(case, OWN, "health")
    visit(house.ruth, case)
    assert parts(case) == {"health": ["The arm heals."]}


def test_a_name_is_given_by_two(house: House, case: Defender) -> None:
    choose(case, OWN, "identity")
    visit(house.ines, case)
    assert state(case, OWN, "identity") == "waits"
    release(house.ines, house.tomas, case)
    make.note(house.ines, case.case, "identity", NAME)
    assert parts(case) == {"identity": [NAME]}


def test_it_shows_no_colleague_and_no_note_for_the_desk(house: House, case: Defender) -> None:
    choose(case, OWN, "location")
    visit(house.ines, case)
    with case.request() as actor:
        (part,) = queries.thread(actor).parts
    assert [(one.by, one.author) for one in part.entries] == [("note", "")]


def test_their_own_copy_holds_it(house: House, case: Defender) -> None:
    with house.ines.request() as ines:
        opening.write_note(
            ines, case.case, "location", text="A map.", files=(make.file(b"a map", "map.png"),)
        )
    choose(case, OWN, "location")
    visit(house.ines, case)
    with case.request() as actor:
        pieces = thread.export(actor)
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        page = archive.read("notes.html").decode()
        files = [archive.read(name) for name in archive.namelist()[1:]]
    assert WHERE in page and "A map." in page and "Inés" not in page
    assert files == [b"a map"]


def test_closed_again_it_is_closed_at_once(house: House, case: Defender) -> None:
    choose(case, OWN, "location")
    visit(house.ines, case)
    with case.request() as actor:
        kept = compartments.keys_of(actor.ring, [case.case], "location")[case.case]
    choose(case, OWN, "location", yes=False)
    assert parts(case) == {} and state(case, OWN, "location") == "off"
    visit(house.ines, case)
    assert parts(case) == {}
    make.note(house.ines, case.case, "location", "after")
    with house.ines.request() as ines:
        now = compartments.keys_of(ines.ring, [case.case], "location")[case.case]
    assert now[max(now)] not in kept.values()
    with case.request() as actor:
        thread.write(actor, once=ids.new(), text="The conversation stays.")


def test_what_was_closed_before_it_was_given_is_not_given(house: House, case: Defender) -> None:
    choose(case, OWN, "location")
    choose(case, OWN, "location", yes=False)
    visit(house.ines, case)
    assert parts(case) == {}
    assert not Grant.objects.filter(purpose=OWN, compartment="location").exists()


def test_the_same_again_changes_nothing(house: House, case: Defender) -> None:
    choose(case, OWN, "location", yes=False)
    assert not Record.objects.exists()
    choose(case, OWN, "location")
    choose(case, OWN, "location")
    assert Record.objects.count() == 1
    epoch = compartments.current(case.case, "location")
    visit(house.ines, case)
    visit(house.ines, case)
    assert compartments.current(case.case, "location") == epoch


def test_what_a_lost_code_chose_is_not_given_to_its_finder(house: House, case: Defender) -> None:
    with house.tomas.request() as tomas:
        desk.set_reach(tomas, case.case, reach=[], word="blue kettle")
    choose(case, OWN, "location")
    with case.request() as actor:
        lost = actor.id
    new = make.ask("I have lost my code")
    with house.ines.request() as ines:
        opening.relink(ines, new.case, old=case.case, word="blue kettle")
    Principal.objects.filter(id=lost).update(active=True)  # a column that nobody signs
    visit(house.ines, case)
    assert not Grant.objects.filter(grantee=lost).exists()
    assert state(new, OWN, "location") == "off"
    choose(new, OWN, "location")
    visit(house.ines, case)
    assert parts(new) == {"location": [WHERE]}


def test_what_an_officer_wrote_down_waits_for_somebody_who_looks_at_it(
    house: House, case: Defender
) -> None:
    """Otherwise anybody who has the cover could write themselves a key to everything."""
    about = {"recipient": house.ruth.id, "label": "R.", "purpose": "legal", "language": "en"}
    for compartment in ("location", "identity"):
        with house.ruth.request() as ruth:
            services.record_answer(
                ruth, case.case, answer="granted", how="oral", compartment=compartment,
                **about,
            )  # fmt: skip
            with pytest.raises(Invalid):
                services.record_answer(
                    ruth, case.case, answer="granted", how="page", compartment=compartment,
                    **about,
                )  # fmt: skip
    visit(house.ines, case)
    release(house.ines, house.tomas, case)
    visit(house.ines, case)
    assert not Grant.objects.filter(grantee=house.ruth.id).exists()


def test_a_yes_on_the_page_is_given_by_whoever_holds_it_next(house: House, case: Defender) -> None:
    for compartment in ("location", "identity"):
        with house.ines.request() as ines:
            asked = services.record_answer(
                ines, case.case, answer="asked", recipient=house.ruth.id, label="R.",
                purpose="legal", compartment=compartment, how="page", language="en",
            )  # fmt: skip
        with case.request() as actor:
            thread.answer_question(actor, asked, yes=True)
    visit(house.ines, case)
    assert make.texts(house.ruth, case.case, "location") == []  # nobody has made sure yet
    said_yes(case)
    assert WHERE in make.texts(house.ruth, case.case, "location")
    release(house.ines, house.tomas, case)
    make.note(house.ines, case.case, "identity", NAME)
    assert NAME in make.texts(house.ruth, case.case, "identity")


def test_nothing_is_given_to_somebody_who_has_left(house: House, case: Defender) -> None:
    lena = house.hire("lena", "legal")
    with house.ines.request() as ines:
        asked = services.record_answer(
            ines, case.case, answer="asked", recipient=lena.id, label="L.",
            purpose="legal", compartment="location", how="page", language="en",
        )  # fmt: skip
    with case.request() as actor:
        thread.answer_question(actor, asked, yes=True)
    said_yes(case)
    assert Grant.objects.filter(grantee=lena.id, purpose="legal").exists()
    with house.ines.request() as ines:
        people.leave(ines, lena.id)
    visit(house.ines, case)
    assert not Grant.objects.filter(grantee=lena.id).exists()
    with house.ines.request() as ines:
        (row,) = (row for row in consent.records(ines, case.case) if row.answer == "granted")
        assert not row.waits and not row.here
        with pytest.raises(Refused):
            services.give_key(ines, case.case, row.id)


def test_a_yes_to_a_team_is_not_given_to_those_who_left_it(house: House, case: Defender) -> None:
    lena = house.hire("lena", "legal")
    with house.ines.request() as ines:
        services.record_answer(
            ines, case.case, answer="granted", recipient=keys.team("legal").id, label="legal",
            purpose="legal", compartment="location", how="oral", language="en",
        )  # fmt: skip
    old = keys.team("legal").id
    with house.ines.request() as ines:
        people.leave(ines, lena.id)
    with house.ines.request() as ines:
        (row,) = consent.records(ines, case.case)
        assert row.recipient == keys.team("legal").id != old and row.in_force
        with pytest.raises(CannotOpen):
            compartments.extend(ines.ring, case.case, "location", compartments.Share(old, "legal"))
        services.record_answer(
            ines, case.case, answer="withdrawn", recipient=old, label="legal",
            purpose="legal", compartment="location", how="oral", language="en",
        )  # fmt: skip
    assert not Grant.objects.filter(
        case=case.case, purpose="legal", compartment="location"
    ).exists()


# --- yes after a no --------------------------------------------------------------------------------
def ask(house: House, amina: Defender, **more: Any) -> ids.Id:
    about = {"recipient": house.tomas.id, "label": "T., lawyer", "compartment": "correspondence"}
    with house.ines.request() as ines:
        return services.record_answer(
            ines, amina.case, answer="asked", purpose="legal", how="page", language="en",
            **(about | more),
        )  # fmt: skip


def offered(amina: Defender) -> list[Any]:
    with amina.request() as actor:
        return queries.thread(actor).again


def test_who_said_no_can_say_yes_by_themselves(house: House, amina: Defender) -> None:
    until = clock.today() + timedelta(days=9)
    lena = house.hire("lena", "legal")
    question = ask(house, amina, recipient=lena.id, label="L., lawyer", until=until)
    with amina.request() as actor:
        thread.answer_question(actor, question, yes=False)
    (one,) = offered(amina)
    assert (one.label, one.row.answer, one.until) == ("L., lawyer", "refused", until)
    with pytest.raises(Conflict):
        ask(house, amina, recipient=lena.id)  # the desk still waits for its month
    with amina.request() as actor:
        thread.say_yes_again(actor, one.row.id)
    assert make.texts(lena, amina.case, "correspondence") == []
    said_yes(amina)
    with amina.request() as actor:
        newest = queries.thread(actor).consents[0]
    assert (newest.answer, newest.how, newest.until, newest.in_force) == (
        "granted", "page", until, True,
    )  # fmt: skip
    assert make.texts(lena, amina.case, "correspondence") == ["help"]
    assert offered(amina) == []
    with amina.request() as actor, pytest.raises(NotFound):
        thread.say_yes_again(actor, one.row.id)


def test_what_was_taken_back_can_be_given_again(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "legal")
    until = clock.today() + timedelta(days=9)
    question = ask(house, amina, recipient=lena.id, until=until)
    with amina.request() as actor:
        thread.answer_question(actor, question, yes=True)
    said_yes(amina)
    assert make.texts(lena, amina.case, "correspondence") == ["help"]
    with amina.request() as actor:
        thread.withdraw_reader(actor, recipient=lena.id, purpose="legal")
    assert make.texts(lena, amina.case, "correspondence") == []
    (one,) = offered(amina)
    assert (one.row.answer, one.until) == ("withdrawn", until)
    with amina.request() as actor:
        thread.say_yes_again(actor, one.row.id)
    said_yes(amina)
    assert make.texts(lena, amina.case, "correspondence") == ["help"]
    clock.forward(timedelta(days=10))
    assert make.texts(lena, amina.case, "correspondence") == []


def test_the_desk_itself_can_be_let_in_again(house: House, amina: Defender) -> None:
    intake = keys.team("intake").id
    with amina.request() as actor:
        thread.withdraw_reader(actor, recipient=intake, purpose="protection")
    with house.ines.request() as ines, pytest.raises(NotFound):
        queries.case(ines, amina.case)
    found = offered(amina)
    assert {one.row.compartment for one in found} == {"cover", "correspondence"}
    for one in found:
        with amina.request() as actor:
            thread.say_yes_again(actor, one.row.id)
    assert make.texts(house.ines, amina.case, "correspondence") == ["help"]


def test_what_is_over_or_about_somebody_who_left_is_asked_anew(
    house: House, amina: Defender
) -> None:
    lena = house.hire("lena", "legal")
    until = clock.today() + timedelta(days=3)
    for who in (lena, house.tomas):
        question = ask(house, amina, recipient=who.id, until=until)
        with amina.request() as actor:
            thread.answer_question(actor, question, yes=False)
    assert len(offered(amina)) == 2
    with house.ines.request() as ines:
        people.leave(ines, lena.id)
    assert [one.row.recipient for one in offered(amina)] == [house.tomas.id]
    clock.forward(timedelta(days=4))
    assert offered(amina) == []


def test_what_is_not_asked_for_is_not_offered(house: House, amina: Defender) -> None:
    """A life in danger, two persons, and what stands under choices."""
    make.open_case(house.ines, amina.case)
    let(amina)
    choose(amina, OWN, "location")
    release(house.ines, house.tomas, amina)
    with house.ines.request() as ines:
        services.override(
            ines, amina.case, compartment="narrative", grantee=house.ruth.id, reason="danger"
        )
    let(amina, yes=False)
    choose(amina, OWN, "location", yes=False)
    with amina.request() as actor:
        thread.withdraw_reader(actor, recipient=house.ruth.id, purpose=OVERRIDE)
        thread.withdraw_reader(actor, recipient=house.ines.id, purpose=RELEASE)
        assert queries.thread(actor).again == []


def test_a_no_to_an_open_question_is_answered_there(house: House, amina: Defender) -> None:
    question = ask(house, amina)
    with amina.request() as actor:
        thread.answer_question(actor, question, yes=False)
    clock.forward(timedelta(days=31))
    ask(house, amina)
    assert offered(amina) == []


def test_nobody_chooses_for_them(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        for purpose, compartment in ((DUTY, "identity"), (OWN, "location")):
            with pytest.raises(Refused):
                thread.choose(ines, purpose=purpose, compartment=compartment, yes=True)
        with pytest.raises(Refused):
            thread.say_yes_again(ines, ids.new())
    with amina.request() as actor:
        for purpose, compartment in ((DUTY, "location"), (OWN, "cover"), ("legal", "identity")):
            with pytest.raises(NotFound):
                thread.choose(actor, purpose=purpose, compartment=compartment, yes=True)
