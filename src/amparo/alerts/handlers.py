"""How alerts reacts: after the raid button nothing of a plan opens any more; whoever is not free to
speak is heard."""

from amparo.alerts.events import Said
from amparo.alerts.services import callouts, plans, roster, silent
from amparo.foundation import events, ids
from amparo.people.events import LockedDown


@events.listens(LockedDown)
def destroy_plans(_event: LockedDown, _event_id: ids.Id) -> None:
    """The key is gone already; what it would have opened goes too."""
    plans.destroy_armed()
    roster.destroy()
    callouts.destroy_all()


@events.listens(Said)
def ring_silently(event: Said, event_id: ids.Id) -> None:
    """By the word, the code or the answer that was agreed for it."""
    silent.hear(event, event_id)
