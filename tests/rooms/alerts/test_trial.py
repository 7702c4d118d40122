"""A new installation is on trial: a press rings the desk and tells nobody outside, until somebody at
the desk has answered one and coordination has ended it."""

from datetime import timedelta
from typing import Any

import pytest

from amparo.alerts import jobs, queries
from amparo.alerts.models import Alarm
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import answering, checkins, plans, pressing
from amparo.alerts.services import trial as trials
from amparo.alerts.services.plans import Draft, Person
from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Conflict, Refused
from amparo.messages import ringing, services, trial
from amparo.messages.models import Ringing, Trial
from tests.make import House

SISTER = "sister@example.org"
PEOPLE = {"p1": Person("Sister", (("mail", SISTER),))}


@pytest.fixture
def on_trial(house: House, phone: Any) -> Any:
    Trial.objects.all().delete()
    with house.ines.request() as actor:
        services.set_route(actor, channel="mail", address="ines@example.org")
    return phone


def _armed(house: House, case: Any, *rungs: Rung) -> str:
    with house.ines.request() as actor:
        rungs = rungs or (Rung(0, (DESK, "p1")), Rung(5, ("p1",)), Rung(10, (DESK, "p1")))
        draft = Draft(
            "card", rungs, PEOPLE, "Your order is ready.", name="Reem", word="blue kettle"
        )
        return plans.arm(actor, case, draft).token


def test_a_press_rings_the_desk_and_nobody_outside(house: House, amina: Any, on_trial: Any) -> None:
    card = _armed(house, amina.case)
    shown = pressing.press_card(card, once=ids.new())
    assert shown.told == 1  # those on duty
    assert on_trial.take() == ["ines@example.org"]
    for _ in range(20):
        assert SISTER not in on_trial.wait(5)
    pressing.press_card(_armed(house, amina.case), once=ids.new(), practice=True)
    assert set(on_trial.take()) == {"ines@example.org"}
    assert not Ringing.objects.filter(route=None).exists()


def test_the_desk_reads_that_it_was_a_trial(house: House, amina: Any, on_trial: Any) -> None:
    pressing.press_card(_armed(house, amina.case), once=ids.new())
    with house.ines.request() as actor:
        view = queries.alarm(actor, Alarm.objects.get().id)
    assert "trial" in {one.what for one in view.happened}


def test_a_ladder_without_the_desk_still_rings_it_and_never_stops(
    house: House, amina: Any, on_trial: Any
) -> None:
    """Nobody of its own may be told, and the press must not fall silent."""
    pressing.press_card(_armed(house, amina.case, Rung(0, ("p1",))), once=ids.new())
    assert on_trial.take() == ["ines@example.org"]
    assert Alarm.objects.get().due_at is not None


def test_whoever_is_late_is_looked_for_and_not_reminded(
    house: House, amina: Any, on_trial: Any
) -> None:
    with amina.request() as actor:
        checkins.begin(
            actor, amina.case, checkins.Promise(legs=(10,), me=("mail", SISTER), text="The list.")
        )
    told = [one for _ in range(12) for one in on_trial.wait(5)]
    assert SISTER not in told and "ines@example.org" in told


def test_it_ends_when_a_press_was_answered_and_not_before(
    house: House, amina: Any, on_trial: Any
) -> None:
    with house.ines.request() as actor, pytest.raises(Conflict):
        trials.end(actor)
    assert trial.is_on()
    card = _armed(house, amina.case)
    pressing.press_card(card, once=ids.new())
    on_trial.take()
    with house.tomas.request() as actor:
        row = Alarm.objects.get()
        answering.take(actor, row.id, version=row.version)
    assert trial.was_answered() and trial.is_on()
    with house.ines.request() as actor:
        trials.end(actor)
        trials.end(actor)  # pressed twice is pressed once
    assert not trial.is_on()
    clock.forward(timedelta(minutes=31))
    while jobs.climb_due():
        pass
    ringing.send_due()
    assert SISTER in {address for address, _ in on_trial.sent}  # the ladder goes on with everybody


def test_only_coordination_ends_it(house: House, on_trial: Any) -> None:
    lena = house.hire("lena", "intake")
    trial.note_answer()
    with lena.request() as actor, pytest.raises(Refused):
        trials.end(actor)
    assert trial.is_on()


def test_it_stands_in_the_journal_and_never_comes_back(house: House, on_trial: Any) -> None:
    trial.note_answer()
    with house.ines.request() as actor:
        trials.end(actor)
    trial.note_answer()
    assert {row.what for row in Trial.objects.all()} == {"answered", "over"}
    assert not hasattr(trial, "begin")


def test_a_new_house_is_on_trial(house: House) -> None:
    """The tests' own house has ended it; without that row every house is on trial."""
    assert not trial.is_on()
    with journal.unit():
        Trial.objects.all().delete()
    assert trial.is_on()
