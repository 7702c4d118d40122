"""Keeping routes and queueing notices. No free text ever leaves by message."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.config import config, zone
from amparo.foundation.errors import CannotOpen, Invalid, NotFound, Refused
from amparo.foundation.router import DATA
from amparo.messages import channels, queries, rules
from amparo.messages.models import KIND, Number, Outgoing, Ringing, Route
from amparo.vault import duty, server


def set_route(actor: Actor, *, channel: str, address: str, hours: str = "") -> None:
    """How the actor wants to hear that there is something new, and at which hours (08:00-18:00, by the
    organisation's clock; empty: any). Replaces what was set for the channel; what waits goes along."""
    if actor.kind not in {"staff", "relay"}:
        raise Refused
    hours = "".join(hours.split())
    wrong = {}
    if channel not in rules.CHANNELS:
        wrong["channel"] = "choose"
    elif channel != "console" and not rules.is_address(channel, address):
        wrong["address"] = "form"
    if hours and not rules.HOURS.fullmatch(hours):
        wrong["hours"] = "form"
    if wrong:
        raise Invalid("nobody can be reached so", wrong)
    row = Route(owner=actor.id, channel=channel)
    document = {"address": address, "hours": hours}
    row.sealed = duty.seal(KIND, row.id, document)
    row.own = gate.seal_own(actor, KIND, row.id, document)
    with operations.writing():
        before = Route.objects.filter(owner=actor.id, channel=channel)
        # Somebody who changes their address gets no second daily notice on that day, and misses none.
        row.day = max(before.values_list("day", flat=True), default=_today())
        row.save(force_insert=True)
        _move(before.exclude(id=row.id), row)
        before.exclude(id=row.id).delete()
        journal.note("route set", actor.id, channel=channel)


def drop_route(actor: Actor, *, channel: str) -> None:
    """Nothing comes to the actor by this channel any more; NotFound when nothing did."""
    if actor.kind not in {"staff", "relay"}:
        raise Refused
    with operations.writing():
        if not Route.objects.filter(owner=actor.id, channel=channel).delete()[0]:
            raise NotFound
        journal.note("route dropped", actor.id, channel=channel)


def try_route(actor: Actor, *, channel: str) -> None:
    """Send the actor the ordinary notice now; whatever the carrier raises is the answer. NotFound for a
    channel that they have not set."""
    way = next((one for one in queries.ways(actor) if one.channel == channel), None)
    if way is None:
        raise NotFound
    channels.send(channel, way.address, ids.new().hex)


def _today() -> date:
    return clock.now().astimezone(zone()).date()


def _move(before: Iterable[Route], to: Route) -> None:
    """Let what is under way to somebody's old routes go by the new one, and be tried as new."""
    old = Outgoing.objects.filter(route__in=before).order_by("-waiting", "due_at").first()
    if old is None:
        return
    if old.tries:
        old.tries, old.due_at = 0, clock.now()
    old.route = to
    old.save(update_fields=["route", "tries", "due_at"])


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
            fresh = duty.seal(KIND, row.id, doc)
            Route.objects.filter(id=row.id).update(sealed=fresh)


def queue_notices(owners: list[ids.Id], event: ids.Id) -> None:
    """Have these owners told that there is something: at once, or when the quiet minutes after their
    last notice are over. Nothing where the installation tells only once a day."""
    if config().notice_at_once:
        _queue(Route.objects.filter(owner__in=owners), event)


def queue_daily() -> int:
    """The notice of the day, to everybody who has a route, whether or not there is anything: so that
    a mail tells nothing by being there. Returns how many routes had none today."""
    here = clock.now().astimezone(zone())
    if server.locked_down() or not rules.is_time(here, config().notice_hour):
        return 0
    with transaction.atomic(using=DATA):
        due = list(Route.objects.filter(day__lt=here.date()))
        _queue(due, ids.new())
        Route.objects.filter(id__in=[row.id for row in due]).update(day=here.date())
    return len(due)


def _queue(routes: Iterable[Route], event: ids.Id) -> None:
    """One notice on its way for each route, however many events want one."""
    with transaction.atomic(using=DATA):
        known = {row.route_id: row for row in Outgoing.objects.filter(route__in=routes)}
        # The same event twice, by two engines perhaps, is one.
        resting = [row for row in known.values() if not row.waiting and row.event != event]
        Outgoing.objects.filter(id__in=[row.id for row in resting], waiting=False).delete()
        begin = {row.route_id: row.due_at for row in resting}
        fresh = [
            Outgoing(route=route, event=event, due_at=begin.get(route.id, clock.now()))
            for route in routes
            if route.id in begin or route.id not in known
        ]
        Outgoing.objects.bulk_create(fresh, ignore_conflicts=True)
        waiting = [row.id for row in known.values() if row.waiting and row.event != event]
        # Whoever is sending it just now sees by the event that there must be one more. One that was
        # given up is worth a try.
        Outgoing.objects.filter(id__in=waiting).update(event=event)
        given_up = Outgoing.objects.filter(id__in=waiting, tries__gte=rules.TRIES)
        given_up.update(tries=rules.TRIES - 1)


def forget_person(owner: ids.Id) -> None:
    """Somebody has left: nothing is sent to them any more."""
    Route.objects.filter(owner=owner).delete()


def destroy_queue() -> int:
    """Lockdown: whatever waits to be sent is gone."""
    Number.objects.all().delete()
    return Outgoing.objects.all().delete()[0] + Ringing.objects.all().delete()[0]
