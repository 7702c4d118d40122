"""Sending what is due; the engine calls it every second."""

import structlog

from amparo.foundation import clock
from amparo.foundation.config import zone
from amparo.messages import channels, rules, watch, wire
from amparo.messages.models import Outgoing
from amparo.messages.services import KIND
from amparo.vault import duty, server

_say = structlog.get_logger("amparo.messages")


def send_due(limit: int = 50) -> int:
    """Hand over what is due; returns how many were taken. Nothing is sent while locked down."""
    if server.locked_down():
        return 0
    sent = 0
    Outgoing.objects.filter(waiting=False, due_at__lte=clock.now()).delete()
    due = Outgoing.objects.filter(waiting=True, due_at__lte=clock.now(), tries__lt=rules.TRIES)
    for row in due.select_related("route").order_by("due_at")[:limit]:
        # Claimed first: of two engines one sends it, and a crash gives it back after the lease.
        mine = Outgoing.objects.filter(id=row.id, due_at=row.due_at)
        if not mine.update(due_at=clock.now() + rules.LEASE):
            continue
        try:
            taken = _send(row)
        except Exception as error:  # noqa: BLE001
            _say.warning("a notice was not taken", kind=wire.why(error))
            watch.failed[row.route.channel] += 1
            Outgoing.objects.filter(id=row.id).update(
                tries=row.tries + 1, due_at=clock.now() + rules.retry_after(row.tries)
            )
        else:
            sent += taken
            watch.taken[row.route.channel] += taken
    return sent


def _send(row: Outgoing) -> bool:
    """Hand one over, unless its owner's good hours are over: then it is looked at again and again, for
    the moment at which they begin is their own affair."""
    doc = duty.open_(KIND, row.route_id, bytes(row.route.sealed))
    later, here = clock.now() + rules.QUIET, Outgoing.objects.filter(id=row.id)
    if not rules.may_come(clock.now().astimezone(zone()), doc.get("hours", "")):
        here.update(due_at=later)
        return False
    channels.send(row.route.channel, doc["address"], row.id.hex)
    if not here.filter(event=row.event).update(waiting=False, due_at=later):
        # Something more came while this one was being sent.
        here.delete()
        again = Outgoing(route=row.route, event=row.event, due_at=later)
        Outgoing.objects.bulk_create([again], ignore_conflicts=True)
    return True


def undeliverable() -> int:
    """How many notices nobody could be given; the desk and doctor show it."""
    return Outgoing.objects.filter(tries__gte=rules.TRIES).count()
