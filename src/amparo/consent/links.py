"""One-time links: for somebody without an account, one purpose, a few hours, one use.

The body is sealed under the token and the duty key together; the token stands only in the address
that was given out, never in a table, a log or a Referer. Opening a link does nothing (previews open
links); using it is a POST and uses it up.
"""

from datetime import timedelta
from typing import Any

from amparo.consent.models import Link
from amparo.foundation import clock, journal
from amparo.foundation.errors import CannotOpen, NotFound
from amparo.vault import duty


def create(kind: str, body: dict[str, Any], *, hours: int) -> str:
    """A new link's token, as the text that goes into the address. Call inside a keys transaction."""
    row = Link(kind=kind, until=clock.now() + timedelta(hours=hours))
    secret, row.body = duty.make_capsule(f"link.{kind}", row.id, body)
    row.find = duty.find(secret)
    row.save(force_insert=True)
    return duty.as_text(secret)


def use(token: str, kind: str) -> dict[str, Any]:
    """The body of a link of this kind, which is used up by this; NotFound for wrong, used and expired
    ones alike. A link that came to another door is not used up there."""
    secret = duty.from_text(token)
    row = Link.objects.filter(find=duty.find(secret), kind=kind, until__gt=clock.now()).first()
    # Whoever deletes the row has used the link: of two at once only one finds it.
    if row is None or not Link.objects.filter(id=row.id).delete()[0]:
        raise NotFound
    try:
        body = duty.open_capsule(f"link.{row.kind}", row.id, secret, bytes(row.body))
    except CannotOpen:
        raise NotFound from None
    journal.note("link used", row.id, kind=row.kind)
    return body


def look(token: str, kind: str) -> dict[str, Any]:
    """The body of a link that opens as often as it is wanted until its last hour: only for what its
    holder must not be shut out of by a second tap (decision 0012). NotFound as for `use`."""
    secret = duty.from_text(token)
    row = Link.objects.filter(find=duty.find(secret), kind=kind, until__gt=clock.now()).first()
    if row is None:
        raise NotFound
    try:
        body = duty.open_capsule(f"link.{row.kind}", row.id, secret, bytes(row.body))
    except CannotOpen:
        raise NotFound from None
    journal.note("link opened", row.id, kind=row.kind)
    return body


def sweep() -> int:
    """Forget links whose time is over."""
    return Link.objects.filter(until__lte=clock.now()).delete()[0]


def destroy_all() -> int:
    """Lockdown: no link works any more."""
    return Link.objects.all().delete()[0]


def forget_key() -> None:
    """After a lockdown: the key that opened links is let go of in this process too."""
    duty.forget()
