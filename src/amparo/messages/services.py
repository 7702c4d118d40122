"""Keeping routes and queueing notices. No free text ever leaves by message."""

from amparo.consent import gate
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Invalid, Refused
from amparo.messages import rules
from amparo.messages.models import Outgoing, Ringing, Route
from amparo.vault import duty, server

KIND = "messages.route"


def set_route(actor: Actor, *, channel: str, address: str) -> None:
    """How the actor wants to hear that there is something new; replaces what was set before."""
    if actor.kind != "staff":
        raise Refused
    if channel not in rules.CHANNELS:
        raise Invalid("choose a channel", {"channel": "choose"})
    if channel == "mail" and not rules.is_address(channel, address):
        raise Invalid("that is no mail address", {"address": "form"})
    row = Route(owner=actor.id, channel=channel)
    row.sealed = duty.seal(KIND, row.id, {"address": address})
    row.own = gate.seal_own(actor, KIND, row.id, {"address": address})
    with operations.writing():
        Route.objects.filter(owner=actor.id).delete()
        row.save(force_insert=True)
        journal.note("route set", actor.id, channel=channel)


def renew_routes(actor: Actor) -> None:
    """After a lockdown the duty key is another: seal one's own routes to it again, at sign-in."""
    if server.locked_down():
        return  # there is none yet; people work on, and hear of it by themselves
    for row in Route.objects.filter(owner=actor.id):
        try:
            duty.open_(KIND, row.id, bytes(row.sealed))
        except CannotOpen:
            copy = Route(id=row.id, sealed=row.own)
            doc = gate.read_own(actor, KIND, copy)
            fresh = duty.seal(KIND, row.id, {"address": doc["address"]})
            Route.objects.filter(id=row.id).update(sealed=fresh)


def queue_notices(owners: list[ids.Id], event: ids.Id) -> None:
    """One notice for each route of these owners; the same event queues each once."""
    Outgoing.objects.bulk_create(
        [Outgoing(route=route, event=event) for route in Route.objects.filter(owner__in=owners)],
        ignore_conflicts=True,
    )


def forget_person(owner: ids.Id) -> None:
    """Somebody has left: nothing is sent to them any more."""
    Route.objects.filter(owner=owner).delete()


def destroy_queue() -> int:
    """Lockdown: whatever waits to be sent is gone."""
    return Outgoing.objects.all().delete()[0] + Ringing.objects.all().delete()[0]
