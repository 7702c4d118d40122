"""A person's check-ins in their own calendar, by a secret address, in words that mean nothing."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from amparo.alerts.models import CHECKIN, CheckIn
from amparo.alerts.services import checkins
from amparo.consent import links
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Invalid, NotFound
from amparo.foundation.router import KEYSTORE
from amparo.vault import duty

LINK = "calendar"
DAYS = 30  # an address lives; another one ends it, and so does the check-in's end
LONGEST = 60  # letters of its words


@dataclass(frozen=True)
class Feed:
    """What a calendar is told: the agreed words, and when. `name` is of this address only."""

    name: ids.Id
    words: str
    times: list[datetime]


def address(actor: Actor, case: ids.Id, *, words: str) -> str:
    """A new address's token, shown once; the one before opens nothing from then on. NotFound where no
    check-in runs."""
    if not words.strip() or len(words) > LONGEST:
        raise Invalid("choose what it says", {"words": "choose"})
    name = ids.new()
    with operations.writing():
        row = checkins.own(actor, case)
        body = {"checkin": str(row.id), "name": str(name), "words": words.strip()}
        with transaction.atomic(using=KEYSTORE):  # of one half: alone it opens nothing
            token = links.create(LINK, body, hours=DAYS * 24)
        doc = checkins.open_(row) | {"calendar": str(name)}
        row.sealed = duty.seal(CHECKIN, row.id, doc)
        row.save(update_fields=["sealed"])
        journal.note("calendar address given", case, row.id)
    return token


def feed(token: str) -> Feed:
    """What the holder of an address reads; NotFound for every address that opens nothing."""
    body = links.look(token, LINK)
    row = CheckIn.objects.filter(id=ids.of(body["checkin"])).first()
    try:
        doc = checkins.open_(row) if row is not None else {}
    except CannotOpen:
        doc = {}
    if row is None or doc.get("calendar") != body["name"]:
        raise NotFound
    legs = [datetime.fromisoformat(one) for one in doc["legs"]]
    return Feed(ids.of(body["name"]), body["words"], [row.due_at, *legs])
