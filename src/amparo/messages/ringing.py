"""The lane of alarms: rows of their own, so that no flood of notices stands before a call for help.

A message goes to one person by the first of their ways that takes it; a way that fails, or does not
deliver, hands on to the next at once. It says the agreed text and a one-time path, and nothing else but
the words that can be sent back.
"""

import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from django.db import connections, transaction
from django.db.models import Count, F, Max, Min, Q

from amparo.consent import links
from amparo.foundation import clock, engines, ids
from amparo.foundation.config import base
from amparo.foundation.errors import Unavailable
from amparo.foundation.router import DATA, KEYSTORE
from amparo.foundation.turns import turn
from amparo.messages import (
    budgets,
    channels,
    gateways,
    inbound,
    rules,
    trial,
    watch,
    wire,
)
from amparo.messages.models import Ringing, Route
from amparo.messages.services import KIND
from amparo.vault import duty, server

RING = "messages.ring"
FORGET = timedelta(days=1)
WAITING, HANDED, HELD = "waiting", "handed", "held"
_say = structlog.get_logger("amparo.messages")


@dataclass(frozen=True)
class Ring:
    """One message to one person. `id` names the person in this alarm, `idem` the message; `link` is
    what the one-time path stands for."""

    id: ids.Id
    idem: ids.Id
    ways: tuple[tuple[str, str], ...]  # channel and address, in the order in which they are tried
    text: str
    link: dict[str, Any]
    words: str = ""  # that can be sent back; none: an answer to this one acts on nothing


def queue(
    origin: ids.Id,
    rings: Sequence[Ring],
    *,
    kind: str,
    hours: int,
    at: str = "a",
    urgent: bool = True,
) -> None:
    """Put messages of an alarm into the lane, inside the transaction of what caused them.

    One that still waits to the same person gives its place to the newer: nobody gets a heap of them
    at once. `at` is where the one-time path begins; without it there is none. What is not `urgent`
    (nobody is in danger) lets all that is pass first. In a trial nobody outside is told anything: this
    is the one door through which messages to them go.
    """
    if trial.is_on():
        return
    now = clock.now()
    rows = [
        Ringing(
            id=(row := _hidden(ring.id)),
            origin=origin,
            idem=_hidden(ring.idem),
            due_at=now,
            lane=place + (0 if urgent else rules.CALM),
            sealed=duty.seal(
                RING,
                row,
                {
                    "ways": [list(way) for way in ring.ways],
                    "text": ring.text,
                    "words": ring.words,
                    "kind": kind,
                    "link": ring.link,
                    "hours": hours,
                    "at": at,
                },
            ),
        )
        for place, ring in enumerate(rings)
    ]
    _put(rows)
    inbound.remember(
        origin,
        {
            address: ring.link | {"text": ring.text, "words": ring.words}
            for ring in rings
            for channel, address in ring.ways
            if channel == "sms" and ring.words and gateways.takes_replies(address)
        },
    )


def _hidden(name: ids.Id) -> ids.Id:
    """A person's or a message's name as it stands in the table and goes to carriers. Who has the tables
    can guess what it was made of: beside a carrier's records they would say whose alarm it was."""
    return duty.hidden_id("ring", name)


def _put(rows: list[Ringing]) -> None:
    # What was given up is tried anew as long as its alarm rings.
    known = Ringing.objects.filter(id__in=[row.id for row in rows])
    # What a carrier has taken is followed by the new one at once, whatever becomes of it.
    known.filter(state=HANDED).update(
        state=WAITING, tries=0, handed=0, reference=None, due_at=clock.now()
    )
    known.filter(tries__gte=rules.RING_TRIES).update(tries=1, due_at=clock.now())
    Ringing.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=["sealed", "idem"]
    )
    announce()


def ring_staff(origin: ids.Id, owners: Iterable[ids.Id], move: ids.Id) -> None:
    """The same to staff, by the routes that they have set: a constant text, and no path."""
    now = clock.now()
    routes = Route.objects.filter(owner__in=list(owners)).values_list("id", flat=True)
    rows = [
        Ringing(
            id=_hidden(uuid.uuid5(origin, route.hex)),
            origin=origin,
            idem=_hidden(uuid.uuid5(move, route.hex)),
            route_id=route,
            due_at=now,
        )
        for route in routes
    ]
    _put(rows)


def can_ring(owners: Iterable[ids.Id]) -> bool:
    """Whether any of the staff has said how they want to be told."""
    return Route.objects.filter(owner__in=list(owners)).exists()


def drop(origin: ids.Id) -> int:
    """Nothing more of this alarm is sent."""
    return Ringing.objects.filter(origin=origin).delete()[0]


# --- waking the senders --------------------------------------------------------------------------
CHANNEL = "amparo_ring"
_woken: list[threading.Event] = []


def announce() -> None:
    """Something is due now: after the commit the senders of this process wake at once, and on
    PostgreSQL those of every other engine."""
    connection = connections[DATA]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
    transaction.on_commit(wake, using=DATA)


def wake() -> None:
    """Wake the senders of this process."""
    for one in _woken:
        one.set()


@contextmanager
def wakes(woken: threading.Event) -> Iterator[None]:
    """While this lasts, `woken` is set whenever something is queued, by any process."""
    _woken.append(woken)
    stop = threading.Event()
    ear = threading.Thread(target=_listen, args=(woken, stop), daemon=True)
    if connections[DATA].vendor == "postgresql":
        ear.start()
    try:
        yield
    finally:
        _woken.remove(woken)
        stop.set()


def _listen(woken: threading.Event, stop: threading.Event) -> None:
    """Hear what other processes queue; a lost connection is made again, and each second is looked at
    anyway."""
    while not stop.is_set():
        try:
            with psycopg.connect(**_address(), autocommit=True) as ear:
                engines.mark(ear)
                ear.execute(f"LISTEN {CHANNEL}")
                woken.set()
                while not stop.is_set():
                    for _ in ear.notifies(timeout=1.0, stop_after=1):
                        woken.set()
        except psycopg.Error:
            stop.wait(1.0)


def _address() -> dict[str, Any]:
    """The database of the messages, in the driver's words."""
    given = connections[DATA].settings_dict
    names = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    found = {name: given[key] for name, key in names.items() if given[key]}
    return found | {key: one for key, one in given["OPTIONS"].items() if key != "pool"}


def bring_along(by: timedelta) -> None:
    """The clock was set back by so much."""
    Ringing.objects.update(due_at=F("due_at") - by)


def next_due() -> float | None:
    """Seconds until the next message is due; None when none waits."""
    waiting = Ringing.objects.filter(tries__lt=rules.RING_TRIES)
    first = waiting.aggregate(first=Min("due_at"))["first"]
    return None if first is None else (first - clock.now()).total_seconds()


# --- sending -------------------------------------------------------------------------------------
@dataclass
class Claim:
    """A message that is this sender's until its lease is over: nobody else sends it meanwhile."""

    row: Ringing
    lease: datetime
    mutex: threading.Lock = field(default_factory=threading.Lock, repr=False)
    over: bool = False

    @property
    def mine(self) -> Any:
        """The row as long as it is still this sender's: an answer may have dropped it, or its lease
        may be over."""
        return Ringing.objects.filter(id=self.row.id, due_at=self.lease)


def claim(limit: int = 16) -> list[Claim]:
    """Take what is due, alarms in turn, oldest first; of several senders each takes others. The try
    counts from here, so that what a crash caught comes back when its lease is over as what it is: a
    repeat."""
    if server.locked_down():
        return []
    now = clock.now()
    waiting = Ringing.objects.filter(due_at__lte=now, tries__lt=rules.RING_TRIES)
    if not waiting.exists():
        return []
    lease = now + rules.RING_LEASE
    with turn(DATA), transaction.atomic(using=DATA):
        rows = list(
            waiting.select_for_update(skip_locked=True, of=("self",))
            .select_related("route")
            .order_by("lane", "due_at")[:limit]
        )
        taken = Ringing.objects.filter(id__in=[row.id for row in rows])
        taken.update(due_at=lease, tries=F("tries") + 1, state=WAITING)
    for row in rows:
        row.tries += 1
    return [Claim(row, lease) for row in rows]


def renew(claims: Iterable[Claim]) -> None:
    """Their senders live and still wait for a gateway: nobody takes them over."""
    for one in claims:
        with one.mutex:
            lease = clock.now() + rules.RING_LEASE
            if not one.over and one.mine.update(due_at=lease):
                one.lease = lease


def send(mine: Claim) -> bool:
    """Hand one message over; False when this way did not take it and the next one is due now, or when
    it is held back."""
    row = mine.row
    try:
        reference = _to_staff(row) if row.route is not None else _to_contact(row)
    except budgets.Held as held:
        return _held(mine, held.until)
    except Exception as error:  # noqa: BLE001
        _say.warning("a call was not taken", kind=wire.why(error))
        watch.failed[row.channel] += 1
        return _next_way(mine)
    watch.taken[row.channel] += 1
    with mine.mutex:
        mine.over = True
        if not _followed(mine, reference):
            # A newer message to the same person came while this one was handed over: it goes now.
            mine.mine.update(due_at=clock.now(), tries=0, handed=0, reference=None)
    return True


def _followed(mine: Claim, reference: str | None) -> bool:
    """Forget what was handed over, or wait for its receipt; False when it is another message by now."""
    row, ours = mine.row, mine.mine.filter(idem=mine.row.idem)
    if reference is None:
        return bool(ours.delete()[0])
    # Where its receipt does not come, the person's next way is due.
    last = row.handed + 1 >= rules.ROUNDS * row.ways
    waits = ours.update(
        state=HANDED,
        handed=F("handed") + 1,
        reference=duty.mark("receipt", reference),
        due_at=clock.now() + rules.report_after(row.handed, row.ways),
        tries=rules.RING_TRIES if last else F("tries"),
    )
    return bool(waits)


def _to_staff(row: Ringing) -> str | None:
    assert row.route is not None
    row.channel = row.route.channel
    address = duty.open_(KIND, row.route.id, bytes(row.route.sealed))["address"]
    return channels.send(row.channel, address, _idem(row), text=rules.URGENT)


def _to_contact(row: Ringing) -> str | None:
    doc = duty.open_(RING, row.id, bytes(row.sealed))
    row.ways = len(doc["ways"])
    channel, address = doc["ways"][(row.tries - 1) % len(doc["ways"])]
    row.channel = channel
    if not channels.reaches(channel):
        raise Unavailable("nothing leaves by this channel as it is set up")
    text = doc["text"]
    if doc["at"]:
        with turn(KEYSTORE):
            token = links.create(doc["kind"], doc["link"], hours=doc["hours"])
        text = rules.with_path(text, f"{base()}/{doc['at']}/{token}", repeat=row.tries > 1)
    if channel == "sms" and doc["words"] and gateways.takes_replies(address):
        text = rules.with_words(text, doc["words"])
    return channels.send(channel, address, _idem(row), text=text)


def _idem(row: Ringing) -> str:
    """The same for what a crash has us send again; another one for what was taken and never arrived,
    which must not be dropped as known."""
    return row.idem.hex + (f"-{row.handed}" if row.handed else "")


def _next_way(mine: Claim) -> bool:
    """Where the next way is due at once, this very sender tries it: in a night on which many press, it
    would wait behind all of their first ways. The try counts before it is made, as at a claim."""
    row, goes_on = mine.row, False
    wait = rules.ring_after(row.tries - 1, row.ways)
    with mine.mutex:
        if not wait:
            lease = clock.now() + rules.RING_LEASE
            goes_on = bool(mine.mine.update(due_at=lease, tries=F("tries") + 1))
        if goes_on:
            mine.lease, row.tries = lease, row.tries + 1
        else:
            mine.over = True
            mine.mine.update(due_at=clock.now() + wait)
    return send(mine) if goes_on else False


def _held(mine: Claim, until: datetime) -> bool:
    """A budget is used up: the person's next way is tried now, and when there is none left, the round
    begins again as soon as it may. What was held back counts as no try."""
    row, now = mine.row, clock.now()
    with mine.mutex:
        mine.over = True
        if row.tries % row.ways:
            mine.mine.update(due_at=now)
        else:
            until = min(until, now + rules.LONGEST_HOLD)
            mine.mine.update(due_at=until, state=HELD, tries=row.tries - row.ways)
    return False


def reported(reference: str, *, delivered: bool) -> bool:
    """A carrier says what became of a message that it took: arrived, so nothing more is sent; or
    failed, so the person's next way is due now. False when no message waits for this."""
    found = Ringing.objects.filter(reference=duty.mark("receipt", reference))
    if delivered:
        return bool(found.delete()[0])
    moved = found.filter(state=HANDED, tries__lt=rules.RING_TRIES)
    if moved.update(state=WAITING, due_at=clock.now()):
        announce()
        return True
    return found.exists()


def being_sent() -> bool:
    """Whether a sender may hold a message just now, of which a receipt could come too early."""
    held = (clock.now(), clock.now() + rules.RING_LEASE)
    return Ringing.objects.filter(state=WAITING, tries__gt=0, due_at__range=held).exists()


def send_due() -> int:
    """Claim and hand over, one after the other, until nothing is due."""
    sent = 0
    while claims := claim():
        sent += sum(send(one) for one in claims)
    return sent


def sweep() -> int:
    """Forget what was given up a day ago and is wanted by nothing any more."""
    old = Ringing.objects.filter(tries__gte=rules.RING_TRIES, due_at__lt=clock.now() - FORGET)
    return old.delete()[0]


@dataclass(frozen=True)
class Standing:
    """How messages stand: those that nobody has taken after a first try, those that a carrier has taken
    and not reported as delivered, and those that a budget holds back, until when."""

    untaken: int
    unreported: int
    held: int
    held_until: datetime | None


def standing(origin: ids.Id | None = None) -> Standing:
    """Of one alarm, or of all."""
    rows = Ringing.objects.filter(origin=origin) if origin else Ringing.objects.all()
    held = Q(state=HELD)
    return Standing(
        **rows.aggregate(
            untaken=Count("id", filter=Q(tries__gt=0, handed=0) & ~held),
            unreported=Count("id", filter=Q(handed__gt=0) & ~held),
            held=Count("id", filter=held),
            held_until=Max("due_at", filter=held),
        )
    )
