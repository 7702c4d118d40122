"""From a request to a case, and from a lost code to a new one."""

from collections import Counter
from collections.abc import Callable

import pytest

from amparo.casework import queries
from amparo.casework.models import Case, Entry
from amparo.casework.services import desk, intake, opening, thread
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.people import services as people
from amparo.vault import compartments, keys
from amparo.vault.models import Epoch, Grant, PairWrap
from tests import make
from tests.make import Crash, Defender, House

SEVEN = {"cover", "identity", "location", "narrative", "legal", "health", "finance"}


@pytest.fixture
def amina(house: House) -> Defender:
    return make.ask("help")


def sweep() -> None:
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0


# --- opening -------------------------------------------------------------------------------------
def test_all_seven_compartments_are_there_from_the_beginning(house: House, amina: Defender) -> None:
    make.open_case(house.ines, amina.case)
    with house.ines.request() as ines:
        view = queries.case(ines, amina.case)
    assert {part.code for part in view.compartments} == SEVEN
    assert {part.code for part in view.compartments if part.open} == SEVEN - {"identity"}
    row = Case.objects.get(id=amina.case)
    assert (row.stage, row.state, row.owner) == ("case", "taken", house.ines.id)
    with amina.request() as actor:
        assert queries.thread(actor).stage == "case"


def test_whose_work_a_compartment_is_gets_its_key(house: House, amina: Defender) -> None:
    make.open_case(house.ines, amina.case)
    held = {
        row.compartment: row.grantee
        for row in Grant.objects.filter(case=amina.case)
        if row.compartment not in {"cover", "correspondence"}
    }
    assert held == {
        "location": house.ines.id,
        "narrative": house.ines.id,
        "legal": keys.team("legal").id,
        "health": keys.team("care").id,
        "finance": keys.team("finance").id,
    }
    together = Counter(PairWrap.objects.values_list("compartment", flat=True))
    pairs = 3 * 2  # each two of three, either first
    assert together == {"identity": pairs, "location": pairs, "narrative": pairs}


def test_two_opened_cases_look_alike(house: House, amina: Defender) -> None:
    """Whatever was written in them, rows and wraps do not tell care from no care."""
    other = make.ask("another")
    for one in (amina, other):
        make.open_case(house.ines, one.case)

    def shape(case: ids.Id) -> Counter[object]:
        rows = Entry.objects.filter(case=case).exclude(compartment="correspondence")
        seen: Counter[object] = Counter((row.compartment, len(row.sealed)) for row in rows)
        seen.update(Grant.objects.filter(case=case).values_list("compartment", "epoch"))
        seen.update(PairWrap.objects.filter(case=case).values_list("compartment", "epoch"))
        return seen

    assert shape(amina.case) == shape(other.case)
    first = Entry.objects.filter(case=amina.case).exclude(compartment="correspondence")
    assert len({len(row.sealed) for row in first}) == 1 and first.count() == len(SEVEN) - 1


def test_a_case_is_opened_once(house: House, amina: Defender) -> None:
    make.open_case(house.ines, amina.case)
    with house.tomas.request() as tomas, pytest.raises(Conflict):
        opening.open_case(tomas, amina.case, version=make.version(amina.case))


def test_of_two_who_open_at_once_one_succeeds(
    house: House, amina: Defender, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = make.version(amina.case)
    real, done = opening._first_holders, []

    def meanwhile(owner: ids.Id) -> object:
        if not done:
            done.append(owner)
            with house.tomas.request() as tomas:
                opening.open_case(tomas, amina.case, version=seen)
        return real(owner)

    monkeypatch.setattr(opening, "_first_holders", meanwhile)
    with house.ines.request() as ines, pytest.raises(Conflict):
        opening.open_case(ines, amina.case, version=seen)
    assert Case.objects.get(id=amina.case).owner == house.tomas.id
    make.note(house.tomas, amina.case, "narrative", "They came on Friday.")
    assert "They came on Friday." in make.texts(house.tomas, amina.case, "narrative")
    assert Epoch.objects.filter(case=amina.case, compartment="narrative").count() == 1


def test_nobody_opens_a_case_before_two_may_open_a_name(house: House, amina: Defender) -> None:
    for one in (house.tomas, house.ruth):
        with house.ines.request() as ines:
            people.leave_team(ines, one.id, "release", losing=True)
    with house.ines.request() as ines, pytest.raises(Invalid) as refused:
        opening.open_case(ines, amina.case, version=make.version(amina.case))
    assert refused.value.fields == {"release": "few"}


@pytest.mark.parametrize("point", ["casework.open:keys", "casework.open:data"])
def test_an_opening_that_broke_off_is_undone_or_stands(
    house: House, amina: Defender, crash_at: Callable[[str], None], point: str
) -> None:
    make.take(house.ines, amina.case)
    crash_at(point)
    with house.ines.request() as ines, pytest.raises(Crash):
        opening.open_case(ines, amina.case, version=make.version(amina.case))
    sweep()
    opened = point.endswith("data")
    assert Case.objects.get(id=amina.case).stage == ("case" if opened else "request")
    assert Grant.objects.filter(compartment="narrative").exists() is opened
    assert Entry.objects.filter(compartment="narrative").exists() is opened
    if not opened:
        with house.ines.request() as ines:
            opening.open_case(ines, amina.case, version=make.version(amina.case))
    make.note(house.ines, amina.case, "narrative", "They came on Friday.")
    assert "They came on Friday." in make.texts(house.ines, amina.case, "narrative")


def test_one_writes_where_one_reads(house: House, amina: Defender) -> None:
    make.open_case(house.ines, amina.case)
    with house.tomas.request() as tomas:
        opening.write_note(tomas, amina.case, "legal", text="A hearing on Monday.")
        for shut in ("narrative", "location", "identity"):
            with pytest.raises(Refused):
                opening.write_note(tomas, amina.case, shut, text="x")
        for none in ("cover", "correspondence", "house", ""):
            with pytest.raises(NotFound):
                opening.write_note(tomas, amina.case, none, text="x")
        for wrong in (" ", "x" * 60_001):
            with pytest.raises(Invalid):
                opening.write_note(tomas, amina.case, "legal", text=wrong)
        opening.write_note(tomas, amina.case, "legal", text="", files=(make.file(b"a summons"),))
    with house.ruth.request() as ruth:
        view = queries.case(ruth, amina.case)
        legal = next(part for part in view.compartments if part.code == "legal")
        assert [entry.author for entry in legal.entries][:2] == ["Tomás R."] * 2
        found = queries.open_file(ruth, amina.case, legal.entries[0].files[0].id)
        assert b"".join(found.pieces()) == b"a summons"
    lena = house.hire("lena", "intake")
    with lena.request() as actor, pytest.raises(Refused):
        queries.open_file(actor, amina.case, legal.entries[0].files[0].id)
    with lena.request() as actor, pytest.raises(NotFound):
        queries.open_file(actor, amina.case, ids.new())


def test_what_is_closed_comes_back_by_the_defenders_word(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        with pytest.raises(Invalid):
            opening.close(ines, amina.case, reason=" ", version=make.version(amina.case))
        opening.close(ines, amina.case, reason="all is well", version=make.version(amina.case))
    with amina.request() as actor:
        found = queries.thread(actor)
        assert found.state == "closed" and found.messages[0].text == "all is well"


# --- a lost code ---------------------------------------------------------------------------------
WORD = "blue kettle"


@pytest.fixture
def lost(house: House, amina: Defender) -> Defender:
    """Amina's call: answered, with an agreed word, and its code has been lost."""
    with house.ines.request() as ines:
        desk.reply(ines, amina.case, text="We have read it.")
    with house.tomas.request() as tomas:
        desk.set_reach(tomas, amina.case, reach=[], word=WORD)
    return amina


def relink(house: House, new: Defender, old: Defender, word: str = WORD) -> None:
    with house.ines.request() as ines:
        opening.relink(ines, new.case, old=old.case, word=word)


def said(one: Defender) -> list[str]:
    with one.request() as actor:
        return [message.text for message in queries.thread(actor).messages if message.text]


def is_dead(one: Defender) -> bool:
    try:
        with journal.unit():
            intake.enter(one.text)
    except NotFound:
        return True
    return False


def test_the_new_code_opens_the_old_call_and_the_old_code_dies(
    house: House, lost: Defender
) -> None:
    with lost.request():
        window = lost.window  # whoever found the old code has a window open
    new = make.ask("I have lost my code")
    relink(house, new, lost, "  BLUE  kettle ")
    assert is_dead(lost)
    with pytest.raises(CannotOpen):
        intake.resume(window)
    with new.request() as actor:
        assert actor.case == lost.case
        thread.write(actor, once=ids.new(), text="I am back")
    assert said(new) == ["I am back", "We have read it.", "help"]
    assert make.texts(house.ines, lost.case, "correspondence")[0] == "I am back"
    row = Case.objects.get(id=new.case)
    assert (row.state, row.merged_into) == ("merged", lost.case)


def test_the_old_codes_key_opens_nothing_of_what_comes_after(house: House, lost: Defender) -> None:
    with lost.request() as actor:
        kept = compartments.keys_of(actor.ring, [lost.case], "correspondence")[lost.case]
        who = actor.id
    new = make.ask()
    relink(house, new, lost)
    with new.request() as actor:
        now = compartments.keys_of(actor.ring, [lost.case], "correspondence")[lost.case]
    assert now[max(now)] not in kept.values()
    assert not Grant.objects.filter(grantee=who).exists()


@pytest.mark.parametrize("word", ["", "  ", "red kettle", "blue"])
def test_another_word_re_links_nothing(house: House, lost: Defender, word: str) -> None:
    new = make.ask("somebody says they are Amina")
    with pytest.raises(Refused):
        relink(house, new, lost, word)
    assert not is_dead(lost) and said(lost) == ["We have read it.", "help"]
    assert said(new) == ["somebody says they are Amina"]


def test_without_an_agreed_word_nothing_is_re_linked(house: House, amina: Defender) -> None:
    new = make.ask()
    for word in ("", "anything"):
        with pytest.raises(Refused):
            relink(house, new, amina, word)


def test_whoever_wrote_the_word_down_does_not_re_link(house: House, amina: Defender) -> None:
    """Alone they would be the defender: erase everything, and choose in their name who reads what."""
    mallory = house.hire("mallory", "intake")
    fake = make.ask("a call of Mallory's own")
    with mallory.request() as actor:
        desk.set_reach(actor, amina.case, reach=[], word="mine")
        with pytest.raises(Invalid):
            opening.relink(actor, fake.case, old=amina.case, word="mine")
    assert not is_dead(amina)
    with mallory.request() as actor:
        assert not hasattr(queries.case(actor, amina.case).row, "word")  # it is shown to nobody
    relink(house, fake, amina, "mine")  # it takes a second person


def test_what_was_taken_back_or_joined_is_not_re_linked(house: House, lost: Defender) -> None:
    new, gone = make.ask(), make.ask()
    with pytest.raises(Conflict):
        relink(house, lost, lost)
    with gone.request() as actor:
        thread.withdraw_request(actor)
    with pytest.raises(Refused):
        relink(house, new, gone)  # nobody opens it any more
    relink(house, new, lost)
    with pytest.raises(Conflict):
        relink(house, new, lost)
    with pytest.raises(Conflict):
        relink(house, make.ask(), new)


def test_a_code_can_be_lost_twice(house: House, lost: Defender) -> None:
    first, second = make.ask("once"), make.ask("twice")
    relink(house, first, lost)
    relink(house, second, lost)
    assert is_dead(first) and is_dead(lost)
    assert said(second) == ["We have read it.", "help"]


@pytest.mark.parametrize("point", ["keys", "accepted", "ended"])
def test_a_re_linking_that_broke_off_is_undone_or_finished(
    house: House, lost: Defender, crash_at: Callable[[str], None], point: str
) -> None:
    new = make.ask("I have lost my code")
    crash_at(f"casework.relink:{point}")
    with pytest.raises(Crash):
        relink(house, new, lost)
    sweep()
    if point == "keys":
        assert not is_dead(lost) and said(new) == ["I have lost my code"]
        relink(house, new, lost)
    assert is_dead(lost) and said(new) == ["We have read it.", "help"]


def test_a_yes_after_a_re_linking_locks_nobody_out(house: House, lost: Defender) -> None:
    """The older call does not follow from the new code's key, so its signature would be refused."""
    new = make.ask()
    relink(house, new, lost)
    with house.ines.request() as ines:
        question = consent.record_answer(
            ines, lost.case, answer="asked", recipient=house.tomas.id, label="T.",
            purpose="legal", compartment="correspondence", how="page", language="en",
        )  # fmt: skip
    with new.request() as actor:
        thread.answer_question(actor, question, yes=True)
        answer = queries.thread(actor).consents[0]
    assert answer.answer == "granted" and not answer.in_force
    with house.ines.request() as ines, pytest.raises(Refused):
        consent.give_key(ines, lost.case, answer.id)  # nobody has made sure yet
    make.sure(house.ines, lost.case)
    with house.ines.request() as ines:
        consent.give_key(ines, lost.case, answer.id)
    with new.request() as actor:
        thread.withdraw_reader(actor, recipient=house.tomas.id, purpose="legal")
    assert said(new) == ["We have read it.", "help"]
    assert make.texts(house.ines, lost.case, "correspondence")[1:] == ["We have read it.", "help"]
