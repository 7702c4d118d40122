"""What duty officers do with a call: each deed whole, in its turn, with the keys that go with it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from amparo.casework import jobs, queries, rules
from amparo.casework.models import Case, Draft
from amparo.casework.services import desk, erasing, opening, thread
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import NOBODY
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.vault import compartments
from amparo.vault.models import Grant
from tests import make
from tests.make import Crash, Defender, House, Officer

OWN = ("location", "narrative")  # what goes with the officer of an opened case


@pytest.fixture
def amina(house: House) -> Defender:
    return make.ask("help")


def row(amina: Defender) -> Case:
    return Case.objects.get(id=amina.case)


def version(amina: Defender) -> int:
    return make.version(amina.case)


def sweep() -> None:
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0


# --- in turn -------------------------------------------------------------------------------------
def test_of_two_who_take_it_one_is_first(house: House, amina: Defender) -> None:
    seen = version(amina)
    with house.ines.request() as ines:
        desk.take(ines, amina.case, version=seen)
        desk.take(ines, amina.case, version=seen)  # it is hers already
    with house.tomas.request() as tomas, pytest.raises(Conflict):
        desk.take(tomas, amina.case, version=seen)
    assert (row(amina).owner, row(amina).state) == (house.ines.id, "taken")


def test_a_form_of_yesterday_changes_nothing(house: House, amina: Defender) -> None:
    other, seen, case = make.ask().case, version(amina), amina.case
    with house.tomas.request() as tomas:
        desk.log_call(tomas, case, outcome="reached", incoming=True)
    before = Case.objects.filter(id=case).values().get()
    with house.ines.request() as ines:
        for deed in (
            lambda: desk.take(ines, case, version=seen),
            lambda: desk.reassign(ines, case, to=house.ruth.id, version=seen),
            lambda: desk.set_level(ines, case, level=2, reason="", version=seen),
            lambda: desk.mark_spam(ines, case, version=seen),
            lambda: desk.merge(ines, case, into=other, version=seen),
            lambda: opening.close(ines, case, reason="all is well", version=seen),
            lambda: opening.open_case(ines, case, version=seen),
        ):
            with pytest.raises(Conflict):
                deed()
    assert Case.objects.filter(id=case).values().get() == before
    assert make.texts(house.ines, case, "correspondence") == ["", "help"]
    assert not Grant.objects.filter(case=case, compartment="narrative").exists()


def test_what_was_taken_back_or_joined_is_no_work(house: House, amina: Defender) -> None:
    other = make.ask()
    with house.ines.request() as ines:
        desk.merge(ines, amina.case, into=other.case, version=version(amina))
        seen = version(amina)
        for deed in (
            lambda: desk.take(ines, amina.case, version=seen),
            lambda: desk.reassign(ines, amina.case, to=house.ruth.id, version=seen),
            lambda: desk.reply(ines, amina.case, text="x"),
            lambda: desk.log_call(ines, amina.case, outcome="reached", incoming=True),
            lambda: desk.decline(ines, amina.case, reason="x"),
            lambda: desk.refer(ines, amina.case, to="x", reason="x"),
            lambda: desk.mark_spam(ines, amina.case, version=seen),
            lambda: desk.merge(ines, amina.case, into=other.case, version=seen),
            lambda: desk.merge(ines, other.case, into=amina.case, version=make.version(other.case)),
            lambda: desk.set_level(ines, amina.case, level=2, reason="x", version=seen),
            lambda: desk.reopen(ines, amina.case, version=seen),
            lambda: opening.open_case(ines, amina.case, version=seen),
        ):
            with pytest.raises(Conflict):
                deed()
        assert queries.case(ines, amina.case).may == frozenset()


def test_who_does_not_open_the_cover_does_nothing(house: House, amina: Defender) -> None:
    lena = house.hire("lena", "legal")
    with lena.request() as outsider:
        for deed in (
            lambda: desk.take(outsider, amina.case, version=0),
            lambda: desk.reply(outsider, amina.case, text="x"),
            lambda: desk.decline(outsider, amina.case, reason="x"),
            lambda: opening.open_case(outsider, amina.case, version=0),
            lambda: erasing.ask(outsider, amina.case, reason="x"),
            lambda: desk.set_reach(outsider, amina.case, reach=[]),
        ):
            with pytest.raises(Refused):
                deed()
        desk.read_all(outsider, amina.case, shown=1)  # she has nothing on her screen
    with amina.request() as actor:
        for deed in (
            lambda: desk.take(actor, amina.case, version=0),
            lambda: desk.read_all(actor, amina.case, shown=1),
        ):
            with pytest.raises(Refused):
                deed()
    assert (row(amina).version, row(amina).unread) == (0, 1)


# --- answers and decisions -----------------------------------------------------------------------
def test_an_answer_waits_for_the_defender_and_is_ones_own(house: House, amina: Defender) -> None:
    with clock.frozen(), house.ines.request() as ines:
        desk.reply(ines, amina.case, text="We have read it.")
        found = row(amina)
        assert (found.state, found.unread, found.owner) == ("answered", 0, house.ines.id)
        assert found.due_at == clock.now() + rules.NEXT_ACT[2]
        with pytest.raises(Invalid):
            desk.reply(ines, amina.case, text=" ")
        with pytest.raises(Invalid):
            desk.reply(ines, amina.case, text="x" * 60_001)


@pytest.mark.parametrize("verb", ["decline", "refer"])
def test_a_decision_gives_the_defender_its_reason(house: House, amina: Defender, verb: str) -> None:
    with house.ines.request() as ines:
        with pytest.raises(Invalid) as refused:
            decide(ines, amina, verb, " ")
        assert refused.value.fields == {"reason": "empty"}
        decide(ines, amina, verb, "We work in another country.")
    with amina.request() as actor:
        thread = queries.thread(actor)
    assert thread.state == {"decline": "declined", "refer": "referred"}[verb]
    newest = thread.messages[0]
    assert newest.text == "We work in another country." and newest.unread
    assert newest.decision == thread.state
    assert newest.to == ("the clinic" if verb == "refer" else "")
    assert row(amina).due_at is None


def decide(actor: desk.Actor, amina: Defender, verb: str, reason: str) -> None:
    if verb == "decline":
        desk.decline(actor, amina.case, reason=reason)
    else:
        desk.refer(actor, amina.case, to="the clinic", reason=reason)


def test_a_referral_says_where_to(house: House, amina: Defender) -> None:
    with house.ines.request() as ines, pytest.raises(Invalid) as refused:
        desk.refer(ines, amina.case, to=" ", reason="nearer")
    assert refused.value.fields == {"to": "empty"}


def test_a_level_is_never_lowered_without_a_reason(house: House, amina: Defender) -> None:
    with clock.frozen(), house.ines.request() as ines:
        desk.set_level(ines, amina.case, level=3, reason="", version=version(amina))
        assert row(amina).due_at == clock.now() + rules.NEXT_ACT[3]
        with pytest.raises(Invalid) as refused:
            desk.set_level(ines, amina.case, level=2, reason=" ", version=version(amina))
        assert refused.value.fields == {"reason": "empty"}
        desk.set_level(ines, amina.case, level=4, reason="", version=version(amina))
        desk.set_level(ines, amina.case, level=1, reason="A mistake.", version=version(amina))
        for wrong in (0, 5, -1):
            with pytest.raises(Invalid):
                desk.set_level(ines, amina.case, level=wrong, reason="x", version=version(amina))
    assert row(amina).level == 1
    with amina.request() as actor:
        assert len(queries.thread(actor).messages) == 1  # the reason is the desk's


def test_what_is_closed_gets_no_hour_by_a_level(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        desk.decline(ines, amina.case, reason="not ours")
        with pytest.raises(Conflict):
            desk.set_level(ines, amina.case, level=4, reason="", version=version(amina))
    assert row(amina).due_at is None


def test_a_call_is_logged_with_how_it_went(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        for outcome in queries.CALL_OUTCOMES:
            desk.log_call(ines, amina.case, outcome=outcome, text="rang twice", incoming=True)
        with pytest.raises(Invalid):
            desk.log_call(ines, amina.case, outcome="perhaps")
        view = queries.case(ines, amina.case)
    assert {one.outcome for one in view.thread.messages} == {"", *queries.CALL_OUTCOMES}
    assert (row(amina).state, row(amina).owner) == ("taken", house.ines.id)


def test_spam_and_decisions_can_be_undone(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        with pytest.raises(Conflict):
            desk.reopen(ines, amina.case, version=version(amina))
        desk.mark_spam(ines, amina.case, version=version(amina))
        with pytest.raises(Conflict):
            desk.mark_spam(ines, amina.case, version=version(amina))
        desk.reopen(ines, amina.case, version=version(amina))
    found = row(amina)
    assert (found.state, found.owner) == ("taken", house.ines.id) and found.due_at is not None
    assert make.texts(house.ines, amina.case, "correspondence") == ["help"]


def test_joining_two_calls_moves_no_key(house: House, amina: Defender) -> None:
    other = make.ask("another")
    before = set(Grant.objects.values_list("id", flat=True))
    with house.ines.request() as ines:
        with pytest.raises(Invalid):
            desk.merge(ines, amina.case, into=amina.case, version=version(amina))
        with pytest.raises(Refused):
            desk.merge(ines, amina.case, into=ids.new(), version=version(amina))
        desk.merge(ines, amina.case, into=other.case, version=version(amina))
    assert set(Grant.objects.values_list("id", flat=True)) == before
    assert (row(amina).state, row(amina).merged_into) == ("merged", other.case)
    for one, text in ((amina, "help"), (other, "another")):
        with one.request() as actor:
            thread = queries.thread(actor)
            assert thread.messages[-1].text == text and actor.case == one.case
    with amina.request() as actor:
        assert queries.thread(actor).messages[0].decision == "merged"


def test_an_opened_case_is_neither_spam_nor_joined(house: House, amina: Defender) -> None:
    other = make.ask()
    make.open_case(house.ines, amina.case)
    with house.ines.request() as ines:
        with pytest.raises(Conflict):
            desk.mark_spam(ines, amina.case, version=version(amina))
        with pytest.raises(Conflict):
            desk.merge(ines, amina.case, into=other.case, version=version(amina))


def test_how_somebody_is_reached_is_kept_with_the_agreed_word(
    house: House, amina: Defender
) -> None:
    reach = [{"how": "text", "text": "“water the plants”"}, {"how": "never", "text": "No calls."}]
    with house.ines.request() as ines:
        desk.set_reach(ines, amina.case, reach=reach, word="  blue   kettle ")
        desk.set_reach(ines, amina.case, reach=reach)  # without a new word the old one stays
        view = queries.case(ines, amina.case)
        assert queries.agreed_word(ines, amina.case) == ("blue kettle", ines.id)
    assert view.row.reach == reach
    assert view.row.name  # nothing else of the cover was lost


def test_reading_counts_what_was_on_the_screen(house: House, amina: Defender) -> None:
    """What came between the page and its being read stays unread."""
    with house.ines.request() as ines:
        shown = queries.case(ines, amina.case).row.unread
    with amina.request() as actor:
        thread.write(actor, once=ids.new(), text="and they are at the door")
    with house.ines.request() as ines:
        desk.read_all(ines, amina.case, shown=shown)
    assert row(amina).unread == 1
    with house.ines.request() as ines:
        desk.read_all(ines, amina.case, shown=1)
        desk.read_all(ines, amina.case, shown=1)  # a page from the browser's history
    assert row(amina).unread == 0


def test_whoever_reads_re_seals_what_waits(house: House, amina: Defender) -> None:
    make.open_case(house.ines, amina.case)
    for compartment in ("correspondence", "narrative", "legal"):
        compartments.rotate(amina.case, compartment, set())
    assert compartments.to_mend(amina.case) == ["correspondence", "legal", "narrative"]
    with house.tomas.request() as tomas:
        assert queries.case(tomas, amina.case).thread.resealing_since == clock.today()
        desk.read_all(tomas, amina.case, shown=0)
    assert compartments.to_mend(amina.case) == ["narrative"]  # not his to open
    with house.ines.request() as ines:
        assert desk.mend(ines, amina.case) == 1
        assert queries.case(ines, amina.case).thread.resealing_since is None
    assert compartments.to_mend(amina.case) == []


# --- passing on ----------------------------------------------------------------------------------
@pytest.fixture
def opened(house: House, amina: Defender) -> Defender:
    """Amina's call is a case of Inés now, with a place and a story in it."""
    make.open_case(house.ines, amina.case)
    for compartment in OWN:
        make.note(house.ines, amina.case, compartment, compartment)
    return amina


def reads(officer: Officer, amina: Defender, compartment: str) -> bool:
    return compartment in make.texts(officer, amina.case, compartment)


def reassign(by: Officer, amina: Defender, to: Officer, *, second: bool = False) -> None:
    with by.request() as actor:
        desk.reassign(actor, amina.case, to=to.id, version=version(amina), second=second)


def test_an_opened_case_passes_on_with_its_keys(house: House, opened: Defender) -> None:
    reassign(house.ines, opened, house.tomas)
    assert row(opened).owner == house.tomas.id
    for compartment in OWN:
        assert reads(house.tomas, opened, compartment)
        assert not reads(house.ines, opened, compartment)
    assert not Grant.objects.filter(grantee=house.ines.id, case=opened.case).exists()
    make.note(house.tomas, opened.case, "narrative", "more")
    with house.tomas.request() as tomas:
        assert desk.mend(tomas, opened.case) > 0
        assert desk.mend(tomas, opened.case) == 0
    assert reads(house.tomas, opened, "narrative")
    reassign(house.tomas, opened, house.ines)  # and back
    assert reads(house.ines, opened, "narrative") and not reads(house.tomas, opened, "narrative")


def test_a_second_reader_is_added_and_nobody_loses(house: House, opened: Defender) -> None:
    reassign(house.ines, opened, house.tomas, second=True)
    assert (row(opened).owner, row(opened).second) == (house.ines.id, house.tomas.id)
    for officer in (house.ines, house.tomas):
        assert reads(officer, opened, "narrative")
    reassign(house.ines, opened, house.ruth)
    assert not reads(house.ines, opened, "narrative")
    assert reads(house.tomas, opened, "narrative") and reads(house.ruth, opened, "narrative")


def test_whoever_becomes_the_second_reader_keeps_the_keys(house: House, opened: Defender) -> None:
    reassign(house.ines, opened, house.ines, second=True)
    reassign(house.ines, opened, house.tomas)
    assert reads(house.ines, opened, "narrative") and reads(house.tomas, opened, "narrative")


def test_nobody_becomes_the_officer_of_a_case_without_its_story(
    house: House, opened: Defender
) -> None:
    """Ruth and Tomás open the cover only: Inés hands the case over, or it stays hers."""
    with pytest.raises(Invalid) as refused:
        reassign(house.ruth, opened, house.tomas)
    assert refused.value.fields == {"owner": "held"}
    with house.tomas.request() as tomas, pytest.raises(Invalid) as refused:
        desk.take(tomas, opened.case, version=version(opened))
    assert refused.value.fields == {"owner": "held"}
    assert row(opened).owner == house.ines.id
    assert reads(house.ines, opened, "narrative") and not reads(house.tomas, opened, "narrative")
    reassign(house.ines, opened, house.tomas)  # Inés hands it over herself
    assert reads(house.tomas, opened, "narrative")


def test_what_nobody_holds_any_more_keeps_nobody_from_a_case(
    house: House, opened: Defender
) -> None:
    from amparo.people import services as people

    with house.tomas.request() as tomas:
        people.leave(tomas, house.ines.id, losing=True)
    with house.tomas.request() as tomas:
        assert "take" in queries.case(tomas, opened.case).may
        desk.take(tomas, opened.case, version=version(opened))
    assert row(opened).owner == house.tomas.id


def test_whose_request_was_taken_finds_it_at_their_desk(house: House, amina: Defender) -> None:
    from amparo.messages import services as messages
    from amparo.messages.models import Outgoing

    make.take(house.ines, amina.case)
    with house.ines.request() as ines:
        messages.set_route(ines, channel="console", address="")
        assert desk.taken_from(ines) == []
    Outgoing.objects.all().delete()
    make.take(house.tomas, amina.case)
    with house.ines.request() as ines:
        assert desk.taken_from(ines) == [amina.case]
        assert Outgoing.objects.count() == 1
        desk.know_taken(ines)
        assert desk.taken_from(ines) == []
    with house.tomas.request() as tomas:
        assert desk.taken_from(tomas) == []
    reassign(house.tomas, amina, house.ines)  # his own doing, so nobody tells him
    with house.tomas.request() as tomas:
        assert desk.taken_from(tomas) == []
    reassign(house.ruth, amina, house.tomas)
    with house.ines.request() as ines:
        assert desk.taken_from(ines) == [amina.case]
    clock.forward(jobs.KEEP_TOLD + timedelta(days=1))
    with journal.unit():
        jobs.sweep()
    with house.ines.request() as ines:
        assert desk.taken_from(ines) == []


def test_a_second_reader_passes_on_what_the_new_officer_has_already(
    house: House, opened: Defender
) -> None:
    reassign(house.ines, opened, house.tomas, second=True)
    reassign(house.ruth, opened, house.tomas)
    assert reads(house.tomas, opened, "narrative") and not reads(house.ines, opened, "narrative")


def test_what_consent_gave_is_not_taken_with_the_case(house: House, opened: Defender) -> None:
    with house.ines.request() as ines:
        compartments.extend(
            ines.ring, opened.case, "narrative", compartments.Share(house.ines.id, "legal")
        )
    reassign(house.ines, opened, house.tomas)
    assert reads(house.ines, opened, "narrative") and not reads(house.ines, opened, "location")


def test_a_call_that_is_not_opened_passes_on_without_keys(house: House, amina: Defender) -> None:
    before = set(Grant.objects.values_list("id", flat=True))
    reassign(house.ines, amina, house.tomas)
    assert (row(amina).owner, row(amina).state) == (house.tomas.id, "taken")
    assert set(Grant.objects.values_list("id", flat=True)) == before


def test_work_is_given_to_colleagues_who_are_here(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        for nobody in (ids.new(), amina.case):
            with pytest.raises(NotFound):
                desk.reassign(ines, amina.case, to=nobody, version=version(amina))
    lena = house.hire("lena", "intake")
    from amparo.people import services as people

    with house.ines.request() as ines:
        people.leave(ines, lena.id)
    with house.ines.request() as ines:
        with pytest.raises(Refused):
            desk.reassign(ines, amina.case, to=lena.id, version=version(amina))
        with pytest.raises(Refused):
            desk.hand_over(ines, to=lena.id)


@pytest.mark.parametrize("point", ["keys", "accepted", "ended"])
def test_a_passing_on_that_broke_off_is_undone_or_finished(
    house: House, opened: Defender, crash_at: Callable[[str], None], point: str
) -> None:
    crash_at(f"casework.pass on:{point}")
    with pytest.raises(Crash):
        reassign(house.ines, opened, house.tomas)
    sweep()
    passed = point != "keys"
    assert row(opened).owner == (house.tomas.id if passed else house.ines.id)
    assert reads(house.tomas, opened, "narrative") is passed
    assert reads(house.ines, opened, "narrative") is not passed


def test_at_the_end_of_a_shift_everything_open_goes_to_a_colleague(
    house: House, opened: Defender
) -> None:
    call, done, his = make.ask(), make.ask(), make.ask()
    make.take(house.ines, call.case)
    make.take(house.tomas, his.case)
    with house.ines.request() as ines:
        desk.decline(ines, done.case, reason="not ours")
    with house.ines.request() as ines:
        assert desk.hand_over(ines, to=house.ruth.id, note="The lawyer calls at nine.") == 2
    for one, owner in ((opened, "ruth"), (call, "ruth"), (done, "ines"), (his, "tomas")):
        assert row(one).owner == house.officers[owner].id
    assert reads(house.ruth, opened, "narrative") and not reads(house.ines, opened, "narrative")
    for one in (opened, call):
        assert "The lawyer calls at nine." in make.texts(house.ruth, one.case, "correspondence")
        with one.request() as actor:
            assert "lawyer" not in str(queries.thread(actor).messages)
    with house.ines.request() as ines:
        assert desk.hand_over(ines, to=house.ruth.id) == 0
        with pytest.raises(Invalid):
            desk.hand_over(ines, to=house.ines.id)


# --- drafts --------------------------------------------------------------------------------------
def test_what_was_typed_and_not_sent_is_ones_own(house: House, amina: Defender) -> None:
    place = f"{amina.case}/reply"
    with house.ines.request() as ines:
        desk.save_draft(ines, place=place, text="Dear half a sen")
        desk.save_draft(ines, place=place, text="Dear half a sentence")
        desk.save_draft(ines, place="elsewhere", text="something else")
    house.ines.sign_in()  # a session later
    with house.ines.request() as ines:
        assert desk.load_draft(ines, place=place) == "Dear half a sentence"
        assert desk.load_draft(ines, place="nowhere") == ""
    with house.tomas.request() as tomas:
        assert desk.load_draft(tomas, place=place) == ""
        row = Draft.objects.filter(person=house.ines.id).first()
        with pytest.raises(CannotOpen):
            gate.read_own(tomas, "draft", row)
    assert Draft.objects.count() == 2
    assert not any(b"half" in bytes(row.sealed) for row in Draft.objects.all())
    with house.ines.request() as ines:
        desk.save_draft(ines, place=place, text=" ")
        assert desk.load_draft(ines, place=place) == ""
        with pytest.raises(Invalid):
            desk.save_draft(ines, place=place, text="x" * 60_001)
    with journal.unit(), pytest.raises(Refused):
        desk.save_draft(NOBODY, place=place, text="x")


def test_a_draft_that_nobody_came_back_to_is_forgotten(house: House) -> None:
    with house.ines.request() as ines:
        desk.save_draft(ines, place="x", text="x")
    clock.forward(timedelta(days=7))
    jobs.sweep()
    assert Draft.objects.count() == 1
    clock.forward(timedelta(days=1))
    jobs.sweep()
    assert Draft.objects.count() == 0
