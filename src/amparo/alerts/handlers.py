"""How alerts reacts to the rooms below: after the raid button nothing of a plan opens any more."""

from amparo.alerts.services import callouts, plans, roster
from amparo.foundation import events, ids
from amparo.people.events import LockedDown


@events.listens(LockedDown)
def destroy_plans(_event: LockedDown, _event_id: ids.Id) -> None:
    """The key is gone already; what it would have opened goes too."""
    plans.destroy_armed()
    roster.destroy()
    callouts.destroy_all()
