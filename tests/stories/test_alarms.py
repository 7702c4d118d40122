"""A press is answered: sentences of the document about alerts, told with the clock moved forward."""

import re

from amparo.alerts import queries
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import answering, plans
from amparo.alerts.services.plans import Draft, Person
from amparo.messages import rules
from amparo.messages import services as messages
from tests.stories.world import Person as Visitor
from tests.stories.world import World

TEXT = "Your order is ready."
SISTER, LAWYER, HOTLINE = "sister@example.org", "lawyer@example.org", "line@example.org"
PEOPLE = {
    "sister": Person("My sister", (("mail", SISTER),)),
    "lawyer": Person("Lawyer", (("mail", LAWYER),)),
    "hotline": Person("Regional line", (("mail", HOTLINE),)),
}
LADDER = (Rung(0, (DESK, "sister")), Rung(5, ("lawyer",)), Rung(10, ("hotline", "lawyer")))


def armed(world: World, kind: str = "card") -> tuple[Visitor, str]:
    """Amina, who has asked for help and armed a plan with an officer beside her."""
    with world.ines.request() as ines:
        messages.set_route(ines, channel="mail", address="ines@example.org")
    amina = world.somebody()
    amina.asks("They may come tonight.")
    case = world.newest()
    draft = Draft(kind, LADDER, PEOPLE, TEXT, name="A.", word="water the plants")
    with world.ines.request() as ines:
        token = plans.arm(ines, case, draft).token
    world.fast_forward(minutes=1)
    world.texts.clear()
    return amina, f"/p/{token}"


def told(world: World) -> list[str]:
    """Whom something reached since the last look, with notices of other things left out."""
    found = [one for one, text in world.texts if text]
    world.seen = dict(world.texts)
    world.texts.clear()
    return sorted(found)


def follows(world: World, address: str) -> Visitor:
    """Somebody taps on the path in a message."""
    path = re.search(r"/a/[\w-]+", world.seen[address])
    assert path is not None
    visitor = world.somebody()
    visitor.goes(path[0])
    return visitor


def test_an_alert_notifies_and_activates_within_minutes(world: World) -> None:
    """An efficient alert system can notify defenders of imminent risk and activate safety protocols
    within minutes. (S97)"""
    amina, card = armed(world)
    amina.goes(card)
    said = "We are trying to reach 2 people now. Nobody has answered yet."
    assert amina.sends() == 200 and said in amina.text
    world.fast_forward(seconds=1)
    assert told(world) == ["ines@example.org", SISTER]
    # A message says the agreed text and a path; to the desk it is as any other.
    assert re.fullmatch(rf"{TEXT} http://[\w.:]+/a/[\w-]{{22}}", world.seen[SISTER])
    assert world.seen["ines@example.org"] == rules.URGENT
    # Her sister opens it and is on it; Amina sees so, and nobody else is woken.
    sister = follows(world, SISTER)
    assert "Amina" not in sister.page and "A." not in sister.page  # a preview learns nothing
    assert sister.sends() == 200 and "A. needs help now" in sister.text
    assert sister.sends(path_of(sister), answer="on it") == 200
    assert amina.sends(card, do="look") == 200 and "Somebody is on it" in amina.text
    world.fast_forward(minutes=29)
    assert told(world) == []
    # She has spoken to her: the desk is asked, and confirms it. It is over, and who was told hears it
    # in the same words.
    assert sister.sends(path_of(sister), answer="safe", spoke="1") == 200
    world.fast_forward(seconds=1)
    assert told(world) == ["ines@example.org"]
    with world.ines.request() as ines:
        (row,) = queries.alarms(ines)
        answering.close(ines, row.id, version=row.version, how="spoke")
    world.fast_forward(seconds=1)
    assert told(world) == [SISTER] and world.seen[SISTER].startswith(TEXT)
    assert follows(world, SISTER).sends() == 200
    world.fast_forward(hours=3)
    assert told(world) == []


def path_of(visitor: Visitor) -> str:
    """Where the form on a page goes."""
    found = re.search(r'action="(/a/[^"]+)"', visitor.page)
    assert found is not None, visitor.text
    return found[1]


def test_formalized_escalation_ladders(world: World) -> None:
    """… formalized escalation ladders ensure that protective actions are timely and appropriate: at
    night three rungs ring, and it ends in a person, never silently. (S99)"""
    amina, card = armed(world)
    amina.goes(card)
    amina.sends()
    world.fast_forward(seconds=1)
    assert told(world) == ["ines@example.org", SISTER]
    world.fast_forward(minutes=5)
    assert told(world) == [LAWYER]
    world.fast_forward(minutes=5)
    assert told(world) == [LAWYER, HOTLINE]
    # Her sister wakes up late: she stops nothing, and is told how it stands.
    assert world.somebody().world is world
    world.fast_forward(minutes=5)
    assert told(world) == [LAWYER, HOTLINE]
    with world.tomas.request() as tomas:
        (row,) = queries.alarms(tomas)
        answering.take(tomas, row.id, version=row.version)
    world.fast_forward(minutes=10)
    assert told(world) == []
    # Taken and then forgotten: after half an hour it rings on.
    world.fast_forward(minutes=21)
    assert told(world) == [LAWYER, HOTLINE]
    with world.tomas.request() as tomas:
        (row,) = queries.alarms(tomas)
        answering.close(tomas, row.id, version=row.version, how="spoke")
    world.fast_forward(seconds=1)
    assert told(world) == [LAWYER, HOTLINE, SISTER]


def test_nothing_of_a_plan_can_be_found(world: World) -> None:
    """Whoever takes the machine finds no contact, no word and no text of a card's plan. (S38, S45)"""
    armed(world)
    secrets = (SISTER, "My sister", "water the plants", TEXT)
    for kept in (world.everything_in_tables(), world.everything_on_disk()):
        assert not [one for one in secrets if one.encode() in kept]
