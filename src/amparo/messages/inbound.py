"""What providers tell us: receipts, and messages that came in; and which numbers were sent an alarm.

A number stands nowhere in clear. While its alarm runs there is a mark of it that only the duty key can
make, so that an answer finds the alarm; ten minutes after the alarm's end the mark goes too.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from amparo.foundation import clock, ids
from amparo.foundation.errors import CannotOpen, Invalid, NotFound
from amparo.messages import bodies, gateways, rules
from amparo.messages.models import Number, Stranger
from amparo.vault import callers, duty

MOST = 32 * 1024  # bytes of a call
KIND = "messages.number"


@dataclass(frozen=True)
class Receipt:
    """What became of a message; `delivered` is None while it is under way."""

    reference: str = field(repr=False)
    delivered: bool | None


@dataclass(frozen=True)
class Heard:
    """A message that came in. `sender` is a number as +525512345678, or empty; `key` is the provider's
    own id of it, or empty."""

    sender: str = field(repr=False)
    text: str = field(repr=False)
    key: str = field(repr=False)


def read(secret: str, headers: Mapping[str, str], body: bytes) -> list[Receipt | Heard]:
    """Everything that a provider's call brings; NotFound for every call that is none of theirs, and
    for what cannot be read, alike."""
    gateway = _of(secret)
    if len(body) > MOST:
        raise NotFound
    signature = gateway.signature
    if signature is not None:
        given = headers.get(signature.header, "")
        if not callers.signed(signature.key, body, given, signature.digest):
            raise NotFound
    told = list(_told(gateway, bodies.parsed(body)))
    if not told:
        raise NotFound
    return told


def _of(secret: str) -> gateways.Gateway:
    try:
        known = [one for one in gateways.load() if one.secret]
    except Invalid:
        known = []
    # All of them are looked at, so that the time tells nothing of which.
    found = [one for one in known if callers.same_secret(one.secret, secret)]
    if not found:
        raise NotFound
    return found[0]


def _told(gateway: gateways.Gateway, doc: Any) -> Iterator[Receipt | Heard]:
    for one in bodies.each(doc, gateway.each):
        report, heard = gateway.receipt, gateway.inbound
        given = bodies.found(one, report.id) if report else ""
        status = bodies.found(one, report.status) if report else ""
        if report and given and status:
            word = status.casefold()
            good = word in {one.casefold() for one in report.delivered}
            bad = word in {one.casefold() for one in report.failed}
            became = True if good else False if bad else None
            yield Receipt(gateways.reference(gateway, given), became)
        elif heard and (sender := bodies.found(one, heard.sender)):
            key = bodies.found(one, heard.id) if heard.id else ""
            key = gateways.reference(gateway, key) if key else ""
            text = bodies.found(one, heard.text)
            yield Heard(rules.international(sender), text, key)


# --- numbers of a running alarm ------------------------------------------------------------------
def mark(number: str) -> bytes:
    """How a number is found again."""
    return duty.mark("number", rules.comparable(number))


def remember(origin: ids.Id, numbers: Mapping[str, dict[str, Any]]) -> None:
    """These numbers are sent a message of an alarm, with what an answer will want to know. Inside the
    transaction of the alarm's move, so that its end cannot miss one."""
    rows = {}
    for number, doc in numbers.items():
        found = mark(number)
        row = Number(id=uuid.uuid5(origin, found.hex()), origin=origin, number=found)
        row.sealed = duty.seal(KIND, row.id, doc | {"told_at": clock.now().isoformat()})
        rows[row.id] = row
    Number.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["id"], update_fields=["sealed"]
    )


def who_is(number: str) -> list[dict[str, Any]]:
    """What was remembered of a number, the newest first; nothing for a stranger's."""
    found = []
    for row in Number.objects.filter(number=mark(number)):
        try:
            found.append(duty.open_(KIND, row.id, bytes(row.sealed)))
        except CannotOpen:
            continue  # of before a lockdown
    return sorted(found, key=lambda one: str(one["told_at"]), reverse=True)


def over(origin: ids.Id) -> None:
    """An alarm has ended: its numbers are known for some minutes more, and then by nobody."""
    ending = Number.objects.filter(origin=origin, until=None)
    ending.update(until=clock.now() + rules.AFTERWARDS)


def forget(origin: ids.Id) -> None:
    """They are known by nobody from now on."""
    Number.objects.filter(origin=origin).delete()


# --- counting ------------------------------------------------------------------------------------
def count_strangers(count: int) -> None:
    """So many messages came from numbers that nobody knows; nothing of them is kept."""
    row, _ = Stranger.objects.get_or_create(day=clock.today())
    Stranger.objects.filter(id=row.id).update(count=F("count") + count)


def strangers() -> int:
    """How many came today, as far as they were counted."""
    return sum(Stranger.objects.filter(day=clock.today()).values_list("count", flat=True))


def sweep() -> int:
    """Forget numbers whose minutes are over, and the counts of other days."""
    Stranger.objects.exclude(day=clock.today()).delete()
    return Number.objects.filter(until__lte=clock.now()).delete()[0]
