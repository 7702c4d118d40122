"""Calls that are passed on: whoever relays files and closes the loop, and opens nothing of the case."""

import pytest

from amparo.casework import queries, rules
from amparo.casework.models import Case, Draft, OutsideAnswer, Relayed, RelayNote
from amparo.casework.services import desk, erasing, opening, relaying, search, sharing, thread
from amparo.casework.services.intake import Call
from amparo.consent import gate
from amparo.foundation import ids
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.people import directory, services
from amparo.people import queries as people
from amparo.vault import codes, compartments
from amparo.vault.models import Grant
from tests import make
from tests.make import House, Officer

SAID = "They took his brother from the market this morning."


@pytest.fixture
def sol(house: House) -> Officer:
    """Somebody who relays: invited, joined, welcomed like a colleague."""
    return house.hire("sol", "relay")


def passed_on(sol: Officer, **more: str) -> tuple[ids.Id, codes.Code]:
    """A call that Sol passes on; (its case, the code that was made)."""
    code = codes.new_digits()
    with sol.request() as actor:
        call = Call(what=SAID, consent="remote", **more)
        asked = relaying.file(
            actor, once=ids.new(), code=code, call=call, note="the baker's nephew"
        )
    return asked.case, code


def mine(sol: Officer) -> list[relaying.Item]:
    with sol.request() as actor:
        return relaying.items(actor)


def test_an_intermediary_files_and_closes_the_loop_without_reading_the_case(house: House, sol):
    case, _ = passed_on(sol)
    assert [(one.note, one.state) for one in mine(sol)] == [("the baker's nephew", "received")]
    make.take(house.ines, case)
    assert mine(sol)[0].state == "being answered"
    with house.ines.request() as ines:
        view = queries.case(ines, case)
        assert view.thread.messages[0].by == "relay" and view.thread.messages[0].text == SAID
        assert "relay" in view.may and relaying.through(ines, view.row) == "sol"
        relaying.tell(
            ines, case, text="Ask him to come on Friday after the prayer.", once=ids.new()
        )
        desk.reply(ines, case, text="We know the lawyer of that prison.")
    (item,) = mine(sol)
    assert (item.state, item.unread) == ("answered", 1)
    with sol.request() as actor:
        said = relaying.item(actor, item.id).said
        assert [one.text for one in said] == ["Ask him to come on Friday after the prayer."]
        relaying.answer(actor, item.id, once=ids.new(), text="He asks: which door?")
        once = ids.new()
        relaying.close(actor, item.id, once=once, outcome="passed on", to="the market")
        with pytest.raises(Conflict):
            relaying.close(actor, item.id, once=once, outcome="passed on")
        assert relaying.item(actor, item.id).outcome == "passed on"
    assert mine(sol)[0].unread == 0
    with house.ines.request() as ines:
        desk.mend(ines, case)
        found = queries.case(ines, case)
        passed = [one for one in found.thread.messages if one.by == "relay"]
        assert {(one.text, one.outcome, one.to) for one in passed} == {
            (SAID, "", ""),
            ("He asks: which door?", "", ""),
            ("", "passed on", "the market"),
        }
        assert found.row.state == "waiting" and found.row.due_at is not None
    assert not OutsideAnswer.objects.exists()


def test_no_key_of_the_case_is_ever_theirs(house: House, sol):
    """By key, not by screen: with everything that stands in the databases, and Sol's own root."""
    case, _ = passed_on(sol)
    make.open_case(house.ines, case)
    make.note(house.ines, case, "narrative", "Taken at 06:40.")
    with sol.request() as actor:
        ring = actor.ring
        assert actor.kind == "relay" and ring.roles == {"relay"}
        for compartment in (*compartments.COMPARTMENTS, "house", "desk"):
            for place in (case, people.house()):
                assert not compartments.keys_of(ring, [place], compartment)
                with pytest.raises(Refused):
                    gate.admit(actor, place, compartment)
    held = ring.held()
    assert not Grant.objects.filter(grantee__in=held).exists()
    assert {seat.code for seat in ring.teams.values()} == {"relay"}
    # Nothing at all is sealed to the team: what one of them gets, no other of them opens.
    other = house.hire("luz", "relay")
    make.take(house.ines, case)
    with house.ines.request() as ines:
        relaying.tell(ines, case, text="Friday.", once=ids.new())
    with other.request() as luz:
        assert relaying.items(luz) == []
        with pytest.raises(NotFound):
            relaying.item(luz, Relayed.objects.get().id)
        with pytest.raises(CannotOpen):
            gate.read_own(luz, relaying.NOTE, RelayNote.objects.get())


def test_nothing_that_wants_staff_takes_a_relay(house: House, sol):
    case, _ = passed_on(sol)
    with sol.request() as actor:
        assert people.roles(actor) == frozenset()
        for deed in (
            lambda: queries.queue(actor),
            lambda: queries.case(actor, case),
            lambda: search.search(actor, "market"),
            lambda: people.names(actor),
            lambda: people.colleagues(actor),
            lambda: directory.entries(actor),
            lambda: desk.take(actor, case, version=0),
            lambda: desk.reply(actor, case, text="x"),
            lambda: opening.open_case(actor, case, version=0),
            lambda: opening.record_call(
                actor, once=ids.new(), code=codes.new_digits(), call=Call(what="x", way="phone")
            ),
            lambda: services.lockdown(actor),
            lambda: relaying.tell(actor, case, text="x"),
            lambda: sharing.answers(actor, case),
        ):
            with pytest.raises((Refused, NotFound)):
                deed()


def test_who_relays_is_in_that_team_alone_and_is_given_no_work(house: House, sol):
    case, _ = passed_on(sol)
    make.take(house.ines, case)
    with house.ines.request() as ines:
        with pytest.raises(Invalid):
            services.invite(ines, name="both", teams=["relay", "intake"])
        with pytest.raises(Invalid):
            services.join_team(ines, sol.id, "intake")
        with pytest.raises(Invalid):
            services.join_team(ines, house.tomas.id, "relay")
        assert sol.id not in {one.id for one in people.here(ines)}
        version = Case.objects.get(id=case).version
        with pytest.raises(Refused):
            desk.reassign(ines, case, to=sol.id, version=version)
        with pytest.raises(Refused):
            desk.hand_over(ines, to=sol.id)


def test_a_code_is_the_callers_and_without_one_nobody_has_it(house: House, sol):
    case, code = passed_on(sol)
    defender = make.Defender(case, code)
    with defender.request() as actor:
        assert queries.thread(actor).messages[0].text == SAID
    with sol.request() as actor:
        kept = repr([row.__dict__ for row in (*Relayed.objects.all(), *Draft.objects.all())])
    assert "".join(code.shown) not in kept and "baker" not in kept


def test_what_was_taken_back_leaves_their_list_and_who_has_left_is_written_to_no_more(house, sol):
    case, code = passed_on(sol)
    again, _ = passed_on(sol)
    make.take(house.ines, again)
    with make.Defender(case, code).request() as actor:
        thread.withdraw_request(actor)
    assert Relayed.objects.count() == 1  # before anybody looks
    assert len(mine(sol)) == 1 and Relayed.objects.count() == 1
    with house.ines.request() as ines:
        services.leave(ines, sol.id)
    with house.ines.request() as ines, pytest.raises(Conflict):
        relaying.tell(ines, again, text="Friday.")
    assert not RelayNote.objects.exists()


def test_the_desk_and_nobody_else_hears_of_a_word(house: House, sol):
    case, _ = passed_on(sol)
    with sol.request() as actor:
        (item,) = relaying.items(actor)
        for wrong in ({"outcome": "lost"}, {"outcome": ""}):
            with pytest.raises(Invalid):
                relaying.close(actor, item.id, once=None, **wrong)
        with pytest.raises(Invalid):
            relaying.answer(actor, item.id, once=None, text="  ")
        relaying.forget(actor, item.id)
        with pytest.raises(NotFound):
            relaying.answer(actor, item.id, once=None, text="x")
    make.take(house.ines, case)
    with house.ines.request() as ines, pytest.raises(Conflict):
        relaying.tell(ines, case, text="Friday.")


def test_their_record_goes_with_what_two_officers_erase(house: House, sol):
    case, _ = passed_on(sol)
    make.take(house.ines, case)
    with house.ines.request() as ines:
        relaying.tell(ines, case, text="Friday.", once=ids.new())
        erasure = erasing.ask(ines, case, reason="He said so to Sol's cousin.")
    with house.tomas.request() as tomas:
        erasing.carry_out(tomas, erasure)
    assert not Relayed.objects.exists() and not RelayNote.objects.exists()
    assert mine(sol) == []


@pytest.mark.parametrize("ended", ["merged", "declined"])
def test_a_word_about_what_was_put_away_brings_it_back(house: House, sol, ended):
    case, _ = passed_on(sol)
    make.take(house.ines, case)
    with house.ines.request() as ines:
        if ended == "merged":
            version = Case.objects.get(id=case).version
            desk.merge(ines, case, into=make.ask().case, version=version)
        else:
            desk.decline(ines, case, reason="It is not what we do.")
    (item,) = mine(sol)
    with sol.request() as actor:
        relaying.close(actor, item.id, once=None, outcome="passed on")
    row = Case.objects.get(id=case)
    assert (row.state, row.unread, row.due_at) == (ended, 1, None)
    with sol.request() as actor:
        relaying.answer(actor, item.id, once=None, text="They have taken his son too.")
    row = Case.objects.get(id=case)
    assert (row.state, row.unread) == ("waiting", 2) and row.due_at is not None


def test_a_word_about_what_was_taken_back_meanwhile_is_not_found(house: House, sol, monkeypatch):
    case, code = passed_on(sol)
    (item,) = mine(sol)
    due_now = relaying.due_now

    def meanwhile(*given):
        with make.Defender(case, code).request() as theirs:
            thread.withdraw_request(theirs)
        return due_now(*given)

    monkeypatch.setattr(relaying, "due_now", meanwhile)
    with sol.request() as actor, pytest.raises(NotFound):
        relaying.answer(actor, item.id, once=None, text="Which door?")
    assert not OutsideAnswer.objects.exists() and not RelayNote.objects.exists()


def test_states_in_neutral_words():
    words = {one: rules.relayed(one) for one in rules.STATES}
    assert words["new"] == "received" and words["answered"] == "answered"
    assert {words[one] for one in ("declined", "spam", "merged", "withdrawn")} == {"closed"}
