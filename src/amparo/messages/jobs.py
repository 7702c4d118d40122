"""Sending what is due; the engine calls it every second."""

import structlog

from amparo.foundation import clock
from amparo.messages import channels, rules
from amparo.messages.models import Outgoing
from amparo.messages.services import KIND
from amparo.vault import duty, server

_say = structlog.get_logger("amparo.messages")


def send_due(limit: int = 50) -> int:
    """Hand over what is due; returns how many were taken. Nothing is sent while locked down."""
    if server.locked_down():
        return 0
    sent = 0
    due = Outgoing.objects.filter(due_at__lte=clock.now(), tries__lt=rules.TRIES)
    for row in due.select_related("route").order_by("due_at")[:limit]:
        # Claimed first: of two engines one sends it, and a crash gives it back after the lease.
        mine = Outgoing.objects.filter(id=row.id, due_at=row.due_at)
        if not mine.update(due_at=clock.now() + rules.LEASE):
            continue
        try:
            address = duty.open_(KIND, row.route_id, bytes(row.route.sealed))["address"]
            channels.send(row.route.channel, address, row.id.hex)
        except Exception as error:  # noqa: BLE001
            _say.warning("a notice was not taken", kind=type(error).__name__)
            Outgoing.objects.filter(id=row.id).update(
                tries=row.tries + 1, due_at=clock.now() + rules.retry_after(row.tries)
            )
        else:
            row.delete()
            sent += 1
    return sent


def undeliverable() -> int:
    """How many notices nobody could be given; the desk and doctor show it."""
    return Outgoing.objects.filter(tries__gte=rules.TRIES).count()
