"""A press is answered by a plan of action: sentences of the document about emergency response, told
with the clock moved forward."""

from datetime import timedelta

import pytest

from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans
from amparo.casework import capacity, checklist
from amparo.casework.models import Task
from amparo.casework.services import responses, sharing, tasks
from amparo.consent import queries as consent
from amparo.foundation import clock, ids
from amparo.foundation.errors import Conflict, Invalid
from amparo.messages import services as messages
from tests.stories.world import Person, World

NIGHT = timedelta(hours=10)


def afraid(world: World, danger: str = "arrest") -> tuple[Person, str, ids.Id]:
    """Amina, who has armed a plan that says what she fears; everybody at the desk has an address."""
    for officer in world.house.officers.values():
        with officer.request() as actor:
            messages.set_route(actor, channel="mail", address=f"{officer.name}@example.org")
    amina = world.somebody()
    amina.asks("They may come tonight.")
    case = world.newest()
    draft = plans.Draft("card", (Rung(0, (DESK,)),), {}, "Your order is ready.", danger=danger)
    with world.ines.request() as ines:
        token = plans.arm(ines, case, draft).token
    world.fast_forward(minutes=10)
    world.mails.clear()
    return amina, f"/p/{token}", case


def told(world: World) -> set[str]:
    """Whose phone rang since the last look."""
    found = {address.partition("@")[0] for _channel, address in world.mails}
    world.mails.clear()
    return found


def test_measures_are_activated_when_danger_emerges(world: World) -> None:
    """Protective measures are activated when danger emerges: at night a press whose plan says arrest
    has three tasks with owner, hour and second person before the minute is over; an owner who is silent
    is not waited for. (S35)"""
    amina, card, case = afraid(world)
    pressed_at = clock.now()
    amina.goes(card)
    assert amina.sends() == 200
    world.fast_forward(seconds=30)
    assert clock.now() - pressed_at < timedelta(seconds=60)
    first = list(Task.objects.filter(case=case, due_at__isnull=False).order_by("due_at")[:3])
    assert len(first) == 3
    owners = {row.owner for row in first} | {row.second for row in first}
    assert None not in owners and all(row.owner != row.second for row in first)
    with world.tomas.request() as tomas:
        (one,) = checklist.of_case(tomas, case).running
    assert one.words["name"] == "Arrest or detention"
    assert "find out where they are held" in one.open_tasks[0].what.lower()
    # The owner sleeps: at the hour they are told, then the second, then everybody on duty.
    names = {officer.id: officer.name for officer in world.house.officers.values()}
    mine = first[0]
    for minutes in (1, 5, 5):  # whose it is hears so; two notices never come within five minutes
        world.fast_forward(minutes=minutes)
    told(world)
    world.fast_forward(minutes=4)
    assert told(world) == {names[mine.owner]}
    world.fast_forward(minutes=5)
    assert names[mine.second] in told(world)
    world.fast_forward(minutes=5)
    assert told(world) == {"ines", "tomas", "ruth"}
    # Ruth does it; nobody is woken for it any more, and nothing of it stands in clear.
    with world.ruth.request() as ruth:
        tasks.take(ruth, case, mine.id)
        tasks.done(ruth, case, mine.id, text="Held at the third station since nine.")
    row = Task.objects.get(id=mine.id)
    assert (row.owner, row.second, row.due_at) == (None, None, None)
    assert b"third station" not in world.everything_on_disk()


def test_a_range_of_rapid_responses(world: World) -> None:
    """A range of rapid response options: the officer sees what is free and how fast, asks for it with
    one press, and the last place is nobody else's. (S19)"""
    _amina, _card, case = afraid(world)
    until = clock.now() + NIGHT
    with world.ines.request() as ines:
        car = responses.keep(ines, responses.Offer("car", "A car", 40, until, of=1, free=1))
        responses.keep(ines, responses.Offer("lawyer", "Lawyer on call", 15, until))
        old = clock.now() - timedelta(hours=1)
        responses.keep(ines, responses.Offer("night", "A room", 5, old, of=3, free=3))
        menu = capacity.responses(ines)
        assert [one.name for one in menu if one.ready] == ["Lawyer on call", "A car"]
        assert [one.name for one in menu if one.stale] == ["A room"]
        picked = responses.pick(ines, case, car, once=ids.new())
    with world.tomas.request() as tomas, pytest.raises(Conflict):
        responses.pick(tomas, case, car, once=ids.new())
    world.fast_forward(minutes=35)
    with world.ines.request() as ines:
        responses.is_there(ines, case, picked, text="The driver is at the corner.")
        (view,) = checklist.of_case(ines, case).responses
        assert 35 <= view.took_minutes <= 37
        responses.end(ines, case, picked, reason="She is at her sister's.")
        assert capacity.response(ines, car).free == 1


def test_authorities_act_only_by_this_persons_yes_for_this_case(world: World) -> None:
    """Authorities stand ready to intervene: they are told under her yes for this case, she sees it on
    her page and takes it back; without it nobody can. (S104)"""
    amina, card, case = afraid(world, "threat")
    amina.goes(card)
    amina.sends()
    world.fast_forward(seconds=30)
    with world.ines.request() as ines:
        found = checklist.of_case(ines, case).running[0].tasks
        complaint = next(one for one in found if one.tells == "authorities")
        with pytest.raises(Invalid):
            tasks.done(ines, case, complaint.id, text="Told them.")
        until = clock.today() + timedelta(days=2)
        offer = sharing.Offer("Protection office", "authorities", ("cover",), until)
        sharing.may_be_told(ines, case, offer=offer)
        yes = next(row for row in consent.records(ines, case) if row.purpose == "authorities")
        tasks.done(ines, case, complaint.id, text="Told them.", under=yes.id)
        tasks.again(ines, case, complaint.id)
    assert amina.comes_back() == 200
    assert "Protection office" in amina.text
    assert "asking the authorities to protect you" in amina.text
