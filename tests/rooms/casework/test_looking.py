"""A yes with a code is nobody's yes until a person has made sure whose it was; and a code that an
officer has seen says yes to nothing."""

from datetime import timedelta
from typing import Any

import pytest

from amparo.casework import choices, queries
from amparo.casework.services import desk, intake, looking, opening, thread
from amparo.consent import queries as consent
from amparo.consent import rules, services
from amparo.consent.models import Record
from amparo.consent.rules import DUTY, OWN
from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.vault import codes, keys, sessions
from amparo.vault.models import Grant
from tests import make
from tests.make import Defender, House, Officer

WHERE = "In the house by the mill."


@pytest.fixture
def amina(house: House) -> Defender:
    """A case of Inés, with something about where she is, and an agreed word that Tomás wrote down."""
    amina = make.ask("help")
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "location", WHERE)
    with house.tomas.request() as tomas:
        desk.set_reach(tomas, amina.case, reach=[], word="blue kettle")
    return amina


def choose(amina: Defender, purpose: str, compartment: str, yes: bool = True) -> None:
    with amina.request() as actor:
        thread.choose(actor, purpose=purpose, compartment=compartment, yes=yes)


def one(amina: Defender, purpose: str, compartment: str) -> Any:
    with amina.request() as actor:
        (found,) = (
            one
            for one in queries.thread(actor).choices
            if (one.purpose, one.compartment) == (purpose, compartment)
        )
    return found


def look(officer: Officer, case: ids.Id, how: str, **more: str) -> int:
    with officer.request() as actor:
        rows = {row.id for row in consent.to_check(actor, case)}
        return looking.make_sure(actor, case, rows=rows, how=how, **more)


def visit(officer: Officer, case: ids.Id) -> None:
    with officer.request() as actor:
        desk.read_all(actor, case, shown=0)


def parts(amina: Defender) -> list[str]:
    with amina.request() as actor:
        return [part.compartment for part in queries.thread(actor).parts]


# --- a human look ----------------------------------------------------------------------------------
def test_an_officer_in_passing_gives_nothing_that_nobody_looked_at(
    house: House, amina: Defender
) -> None:
    choose(amina, OWN, "location")
    visit(house.ines, amina.case)
    assert one(amina, OWN, "location").state == "checked" and parts(amina) == []
    assert not Grant.objects.filter(purpose=OWN, compartment="location").exists()
    assert look(house.ines, amina.case, "met") == 1
    assert one(amina, OWN, "location").state == "on" and parts(amina) == ["location"]


def test_it_waits_then_for_whoever_holds_it(house: House, amina: Defender) -> None:
    choose(amina, OWN, "location")
    look(house.ruth, amina.case, "spoke")  # she holds no location
    assert one(amina, OWN, "location").state == "waits"
    visit(house.ines, amina.case)
    assert parts(amina) == ["location"]


def test_who_is_not_sure_says_why_and_nothing_opens(house: House, amina: Defender) -> None:
    choose(amina, OWN, "location")
    with pytest.raises(Invalid) as refused:
        look(house.ines, amina.case, "unsure")
    assert refused.value.fields == {"reason": "empty"}
    look(house.ines, amina.case, "unsure", reason="A man's voice, and no word.")
    visit(house.ines, amina.case)
    found = one(amina, OWN, "location")
    assert (found.state, found.unsure) == ("off", "A man's voice, and no word.")
    with house.ines.request() as ines:
        (row,) = consent.records(ines, amina.case)
        assert not row.waits and not row.in_force
        with pytest.raises(Refused):
            services.give_key(ines, amina.case, row.id)
    choose(amina, OWN, "location")  # and they can choose anew
    assert one(amina, OWN, "location").state == "checked"
    look(house.ines, amina.case, "met")
    assert parts(amina) == ["location"]


def test_the_agreed_word_is_compared_and_not_by_who_wrote_it(house: House, amina: Defender) -> None:
    choose(amina, OWN, "location")
    for word in ("", "red kettle"):
        with pytest.raises(Invalid) as refused:
            look(house.ines, amina.case, "word", word=word)
        assert refused.value.fields == {"word": "differs"}
    with pytest.raises(Invalid) as refused:
        look(house.tomas, amina.case, "word", word="blue kettle")
    assert refused.value.fields == {"word": "own"}
    assert parts(amina) == []
    look(house.ines, amina.case, "word", word=" Blue  kettle ")
    assert parts(amina) == ["location"]


def test_without_an_agreed_word_no_word_fits(house: House) -> None:
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    choose(amina, OWN, "location")
    with pytest.raises(Invalid) as refused:
        look(house.ines, amina.case, "word", word="")
    assert refused.value.fields == {"word": "differs"}


def test_a_look_counts_for_what_was_shown_and_for_nothing_later(
    house: House, amina: Defender
) -> None:
    choose(amina, OWN, "location")
    with house.ines.request() as ines:
        shown = {row.id for row in consent.to_check(ines, amina.case)}
    choose(amina, OWN, "narrative")
    with house.ines.request() as ines:
        assert looking.make_sure(ines, amina.case, rows=shown, how="met") == 1
        with pytest.raises(Conflict):
            looking.make_sure(ines, amina.case, rows=shown, how="met")
    assert one(amina, OWN, "narrative").state == "checked" and parts(amina) == ["location"]


def test_only_staff_with_the_cover_look(house: House, amina: Defender) -> None:
    choose(amina, OWN, "location")
    clerk = house.hire("clerk", "finance")
    row = Record.objects.get()
    with clerk.request() as actor, pytest.raises(Refused):
        looking.make_sure(actor, amina.case, rows={row.id}, how="met")
    with amina.request() as actor, pytest.raises(Refused):
        looking.make_sure(actor, amina.case, rows={row.id}, how="met")
    with house.ines.request() as ines, pytest.raises(Invalid):
        looking.make_sure(ines, amina.case, rows={row.id}, how="guessed")
    assert one(amina, OWN, "location").state == "checked"


def test_the_yes_to_a_question_waits_as_well(house: House, amina: Defender) -> None:
    """Of what the code itself holds, too: it gave the key by itself once."""
    lena = house.hire("lena", "legal")
    with house.ines.request() as ines:
        asked = services.record_answer(
            ines, amina.case, answer="asked", recipient=lena.id, label="L.", purpose="legal",
            compartment="correspondence", how="page", language="en",
        )  # fmt: skip
    with amina.request() as actor:
        thread.answer_question(actor, asked, yes=True)
    visit(house.ines, amina.case)
    assert make.texts(lena, amina.case, "correspondence") == []
    look(house.ines, amina.case, "met")
    assert make.texts(lena, amina.case, "correspondence") == ["help"]


def test_a_condition_that_is_met_is_no_look(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "legal")
    with house.ines.request() as ines:
        asked = services.record_answer(
            ines, amina.case, answer="asked", recipient=lena.id, label="L.", purpose="legal",
            compartment="location", how="page", language="en",
        )  # fmt: skip
    with amina.request() as actor:
        thread.answer_question(actor, asked, yes=True, condition="If he is free.")
    with house.ines.request() as ines:
        row = consent.records(ines, amina.case)[0]
        services.condition_met(ines, amina.case, row.id, reason="He is.")
        with pytest.raises(Refused):
            services.give_key(ines, amina.case, row.id)
    assert make.texts(lena, amina.case, "location") == []
    look(house.ines, amina.case, "spoke")
    with house.ines.request() as ines:
        services.give_key(ines, amina.case, row.id)
    assert WHERE in make.texts(lena, amina.case, "location")


def test_the_one_choice_for_the_night_counts_after_three_days(
    house: House, amina: Defender
) -> None:
    """And reading back never does by itself: who found the code would only have to wait."""
    choose(amina, DUTY, "identity")
    choose(amina, OWN, "location")
    found = one(amina, DUTY, "identity")
    assert found.state == "checked" and found.counts_from is not None
    assert one(amina, OWN, "location").counts_from is None
    clock.forward(rules.CHOICE_WAITS + timedelta(minutes=1))
    visit(house.ines, amina.case)
    assert one(amina, DUTY, "identity").state == "waits"
    assert one(amina, OWN, "location").state == "checked" and parts(amina) == []


def test_a_choice_is_stopped_while_it_waits(house: House, amina: Defender) -> None:
    choose(amina, OWN, "location")
    with amina.request() as actor:
        (row,) = queries.thread(actor).to_check
        thread.stop(actor, row.id)
        assert queries.thread(actor).to_check == []
        with pytest.raises(NotFound):
            thread.stop(actor, row.id)
    with house.ines.request() as ines:
        assert consent.to_check(ines, amina.case) == []
        with pytest.raises(Conflict):
            looking.make_sure(ines, amina.case, rows={row.id}, how="met")
    assert one(amina, OWN, "location").state == "off"


def test_narrowing_acts_at_once(house: House, amina: Defender) -> None:
    choose(amina, OWN, "location")
    look(house.ines, amina.case, "met")
    choose(amina, OWN, "location", yes=False)
    assert parts(amina) == []


# --- a code that an officer has seen ---------------------------------------------------------------
@pytest.fixture
def typed(house: House) -> Defender:
    """A call that Inés wrote down; she read the code out."""
    code = codes.new_digits()
    call = intake.Call(what="help", way="phone", consent="oral")
    with house.ines.request() as ines:
        asked = opening.record_call(ines, once=ids.new(), code=code, call=call)
    return Defender(asked.case, code)


def renew(amina: Defender) -> None:
    fresh = codes.new_digits()
    with amina.request() as actor:
        thread.new_code(actor, fresh)
    amina.code, amina.window = fresh, b""


def test_it_opens_the_conversation_and_chooses_nothing(house: House, typed: Defender) -> None:
    make.open_case(house.tomas, typed.case)
    with house.tomas.request() as tomas:
        asked = services.record_answer(
            tomas, typed.case, answer="asked", recipient=house.ruth.id, label="R.",
            purpose="legal", compartment="location", how="page", language="en",
        )  # fmt: skip
    with typed.request() as actor:
        found = queries.thread(actor)
        assert found.code_seen and [one.text for one in found.messages] == ["help"]
        thread.write(actor, once=ids.new(), text="more")
        for purpose, compartment in ((DUTY, "identity"), (OWN, "location")):
            with pytest.raises(Invalid) as refused:
                thread.choose(actor, purpose=purpose, compartment=compartment, yes=True)
            assert refused.value.fields == {"code": "seen"}
        for condition in (None, "if"):
            with pytest.raises(Invalid):
                thread.answer_question(actor, asked, yes=True, condition=condition)
        thread.answer_question(actor, asked, yes=False)
        with pytest.raises(Invalid):
            thread.say_yes_again(actor, queries.thread(actor).again[0].answer)
    assert Record.objects.count() == 2
    with typed.request() as actor:
        thread.withdraw_request(actor)


def test_a_new_code_of_theirs_chooses(house: House, typed: Defender) -> None:
    make.open_case(house.tomas, typed.case)
    renew(typed)
    with typed.request() as actor:
        assert not queries.thread(actor).code_seen
    with house.ines.request() as ines:
        shown = queries.case(ines, typed.case).thread.messages
    assert "new code" in [one.decision for one in shown]
    choose(typed, OWN, "location")
    assert one(typed, OWN, "location").state == "checked"


def test_the_session_of_the_old_code_stays_what_it_was(house: House, typed: Defender) -> None:
    """Also when its keys are opened anew from the store."""
    with typed.request() as actor:
        window = typed.window
        thread.new_code(actor, codes.new_digits())
    assert intake.resume(window).ring.seen
    sessions.forget()
    with journal.unit():
        again = intake.resume(window)
        assert again.ring.seen
        with pytest.raises(Invalid):
            thread.choose(again, purpose=DUTY, compartment="identity", yes=True)


def test_the_officer_who_read_it_out_does_not_make_sure(house: House, typed: Defender) -> None:
    """Not even after taking a new code in the defender's place; they may only say that they doubt."""
    make.open_case(house.ines, typed.case)
    renew(typed)
    choose(typed, OWN, "location")
    for officer in (house.ines, house.hire("puppet", "intake", alone=True)):
        for how in ("met", "spoke", "word"):
            with pytest.raises(Invalid) as refused:
                look(officer, typed.case, how, word="x")
            assert refused.value.fields == {"how": "typed"}
    assert one(typed, OWN, "location").state == "checked"
    look(house.ines, typed.case, "unsure", reason="It was not she.")
    assert one(typed, OWN, "location").state == "off"
    choose(typed, OWN, "location")
    look(house.tomas, typed.case, "met")
    visit(house.ines, typed.case)
    assert parts(typed) == ["location"]


def test_who_typed_it_goes_with_a_re_linked_code(house: House, typed: Defender) -> None:
    old = make.ask("old")
    with house.tomas.request() as tomas:
        desk.set_reach(tomas, old.case, reach=[], word="blue kettle")
    with house.ruth.request() as ruth:
        opening.relink(ruth, typed.case, old=old.case, word="blue kettle")
    with house.tomas.request() as tomas:
        assert choices.typed_by(tomas, old.case) == house.ines.id
    with typed.request() as actor:
        assert queries.thread(actor).code_seen


def test_a_code_of_ones_own_was_never_seen(house: House) -> None:
    amina = make.ask()
    with amina.request() as actor:
        assert not queries.thread(actor).code_seen
    sessions.forget()
    with amina.request() as actor:
        assert not actor.ring.seen
    with house.ines.request() as ines:
        assert choices.typed_by(ines, amina.case) is None


def test_the_mark_is_part_of_the_lock(house: House, typed: Defender) -> None:
    """Neither the row nor its size tells; only the code opens it, and then says so."""
    from amparo.vault import server
    from amparo.vault.models import Slot

    other = make.ask()
    rows = Slot.objects.filter(kind="code")
    assert len({len(bytes(row.blob)) for row in rows}) == 1 and rows.count() == 2
    home = server.load()
    for whose, wanted in ((typed, True), (other, False)):
        lookup, lock = codes.derive(whose.code, home.installation, home.key("pepper"))
        assert keys.open_code(lookup, lock)[2] is wanted
