"""What can be set in motion: the last place goes out once and comes back, a word grows old."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from amparo.casework import capacity, checklist
from amparo.casework.models import Task
from amparo.casework.services import responses, sharing, tasks
from amparo.consent import queries as consent
from amparo.foundation import clock, ids
from amparo.foundation.errors import Conflict, Invalid, Refused
from tests import make
from tests.make import Defender, House


@pytest.fixture
def amina(house: House) -> Defender:
    return make.ask()


def offer(**changes) -> responses.Offer:
    given = {"kind": "car", "name": "A car with a driver", "minutes": 40, "of": 1, "free": 1}
    given |= {"until": clock.now() + timedelta(hours=8)}
    return responses.Offer(**(given | changes))


def kept(house: House, **changes) -> ids.Id:
    with house.ines.request() as actor:
        return responses.keep(actor, offer(**changes))


def now(house: House, response: ids.Id) -> capacity.ResponseView:
    with house.tomas.request() as actor:
        return capacity.response(actor, response)


def pick(officer, who: Defender, response: ids.Id, **more) -> ids.Id:
    with officer.request() as actor:
        return responses.pick(actor, who.case, response, once=ids.new(), **more)


def test_the_last_place_goes_out_once_and_comes_back(house, amina) -> None:
    car = kept(house)
    picked = pick(house.ines, amina, car)
    assert now(house, car).state == "none"
    with pytest.raises(Conflict):
        pick(house.tomas, amina, car)
    row = Task.objects.get(id=picked)
    assert row.owner == house.ines.id and row.second not in {None, house.ines.id}
    assert row.due_at > clock.now() + timedelta(minutes=39)
    clock.forward(timedelta(minutes=31))
    with house.ines.request() as actor:
        responses.is_there(actor, amina.case, picked)
        (view,) = checklist.of_case(actor, amina.case).responses
    assert view.state == "active" and 31 <= view.took_minutes <= 33
    assert Task.objects.get(id=picked).due_at is None
    with house.ines.request() as actor:
        with pytest.raises(Invalid):
            responses.end(actor, amina.case, picked, reason="")
        responses.end(actor, amina.case, picked, reason="She is home.")
        with pytest.raises(Conflict):
            responses.end(actor, amina.case, picked, reason="Again.")
    assert now(house, car).free == 1
    pick(house.tomas, amina, car)


def test_two_officers_at_once_take_the_last_place_and_one_is_told(house, amina) -> None:
    car = kept(house)
    for officer in (house.ines, house.tomas):
        officer.sign_in()
    gate, won, lost = threading.Barrier(2), [], []

    def go(officer) -> None:
        try:
            gate.wait(20)
            won.append(pick(officer, amina, car))
        except Conflict:
            lost.append(officer.name)
        finally:
            connections.close_all()

    both = [threading.Thread(target=go, args=(one,)) for one in (house.ines, house.tomas)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert (len(won), len(lost)) == (1, 1)
    assert now(house, car).free == 0 and Task.objects.count() == 1


def test_the_same_press_twice_takes_one_place(house, amina) -> None:
    car, once = kept(house, of=2, free=2), ids.new()
    with house.ines.request() as actor:
        responses.pick(actor, amina.case, car, once=once)
        with pytest.raises(Conflict):
            responses.pick(actor, amina.case, car, once=once)
    assert now(house, car).free == 1


def test_a_word_that_grew_old_is_asked_first_and_not_ready(house, amina) -> None:
    car = kept(house)
    assert now(house, car).ready
    clock.forward(timedelta(hours=9))
    found = now(house, car)
    assert found.stale and not found.ready
    with house.tomas.request() as actor:
        responses.keep(actor, offer(free=0), response=car)
    assert now(house, car).keeper == "Tomás R." and now(house, car).state == "none"


def test_what_is_not_counted_stands_as_its_keeper_says(house, amina) -> None:
    word = kept(house, of=0, free=0, level="limited")
    pick(house.ines, amina, word)
    assert now(house, word).state == "limited"
    none = kept(house, of=0, free=0, level="none")
    with pytest.raises(Conflict):
        pick(house.ines, amina, none)


def test_an_exercise_takes_no_place(house, amina) -> None:
    car = kept(house)
    picked = pick(house.ines, amina, car, exercise=True)
    assert now(house, car).free == 1
    with house.ines.request() as actor:
        responses.end(actor, amina.case, picked, reason="Over.")
    assert now(house, car).free == 1


def test_what_tells_somebody_outside_wants_their_yes_and_takes_no_place_without(
    house, amina
) -> None:
    urgent = kept(house, kind="urgent action", tells="partners")
    police = kept(house, kind="other", name="Patrol", tells="authorities")
    for response in (urgent, police):
        with pytest.raises(Invalid):
            pick(house.ines, amina, response)
        assert now(house, response).free == 1
    yes = sharing.Offer("Partners", "protection", ("cover",), clock.today())
    with house.ines.request() as actor:
        sharing.may_be_told(actor, amina.case, offer=yes)
        (row,) = [one for one in consent.records(actor, amina.case) if one.label == "Partners"]
    with pytest.raises(Invalid):
        pick(house.ines, amina, police, under=row.id)  # a yes to partners is none to the police
    pick(house.ines, amina, urgent, under=row.id)
    with house.ines.request() as actor:
        assert [one.label for one in consent.disclosures(actor, amina.case)] == ["Partners"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "tank"}, "kind"),
        ({"name": " "}, "name"),
        ({"minutes": 0}, "minutes"),
        ({"of": 1, "free": 2}, "free"),
        ({"level": "much"}, "level"),
        ({"tells": "all"}, "tells"),
    ],
)
def test_what_cannot_be_is_named(house, changes, field) -> None:
    with house.ines.request() as actor, pytest.raises(Invalid) as found:
        responses.keep(actor, offer(**changes))
    assert field in found.value.fields


def test_only_the_duty_desk_keeps_them_and_nothing_of_them_stands_in_clear(house, amina) -> None:
    kept(house, name="Zaunkoenig car", where="North of Zaunkoenig", how="Ring Zaunkoenig")
    nadia = house.hire("nadia", "house")
    with nadia.request() as actor, pytest.raises(Refused):
        responses.keep(actor, offer())
    raw = b"".join(bytes(row.sealed) for row in responses.Response.objects.all())
    assert b"Zaunkoenig" not in raw


def test_what_was_asked_for_can_be_handed_on(house, amina) -> None:
    picked = pick(house.ines, amina, kept(house))
    with house.ines.request() as actor:
        tasks.hand(actor, amina.case, picked, to=house.ruth.id)
    assert Task.objects.get(id=picked).owner == house.ruth.id
