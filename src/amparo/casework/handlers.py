"""How casework reacts to what it and the rooms below announce: the desk is told that there is
something, and never what; a press starts its playbook, and one that is taken back ends it."""

from amparo.alerts.events import Pressed, TakenBack
from amparo.casework.events import (
    DefenderWrote,
    ErasureAsked,
    RelayTold,
    RelayWrote,
    RequestReceived,
    TakenFrom,
)
from amparo.casework.services import pressed, starting
from amparo.consent.events import OverrideStarted
from amparo.foundation import events, ids
from amparo.messages import services as messages
from amparo.people import queries as people
from amparo.people.rules import INTAKE


@events.listens(RequestReceived)
@events.listens(DefenderWrote)
@events.listens(RelayWrote)
@events.listens(ErasureAsked)
@events.listens(OverrideStarted)
def tell_the_desk(_event: object, event_id: ids.Id) -> None:
    """A notice to everybody in the intake team; the same event tells each of them once."""
    messages.queue_notices(people.members_of(INTAKE), event_id)


@events.listens(RelayTold)
@events.listens(TakenFrom)
def tell_them(event: TakenFrom | RelayTold, event_id: ids.Id) -> None:
    """A notice to whoever's it was, or to whom the desk has written."""
    messages.queue_notices([ids.of(event.person)], event_id)


@events.listens(Pressed)
def start_playbook(event: Pressed, event_id: ids.Id) -> None:
    """The first tasks of a press have an owner, an hour and a second person, whoever looks."""
    case, alarm = ids.of(event.case), ids.of(event.alarm)
    starting.start_pressed(case, alarm, mode=event.mode, event=event_id)


@events.listens(TakenBack)
def withdraw_playbook(event: TakenBack, _event_id: ids.Id) -> None:
    """Nobody is to work through a list of what was a mistake."""
    pressed.withdraw(ids.of(event.case), ids.of(event.alarm))
