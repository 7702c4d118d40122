"""What an entry of the directory is worth now: hours by its own clock, area, how long ago somebody
spoke with it. Pure: no clock, no key, no table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

KINDS = ("person", "organisation", "hotline", "authority")
# An authority is never asked with the others: only for one case, with that person's yes to it alone.
AUTHORITY = "authority"
SERVICES = (
    "lawyer",
    "medic",
    "journalist",
    "driver",
    "shelter",
    "care",
    "digital",
    "money",
    "interpreter",
    "observer",
    "hotline",
)
EVERY_DAY = "1234567"  # Monday is 1
# ISO 3166: a country, or one of its first-level divisions. Nothing finer has a place here.
AREA = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
LANGUAGE = re.compile(r"[a-z]{2,3}")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

STALE_AFTER = timedelta(days=90)
REMIND = timedelta(days=14)  # before that
SPANS, WAYS, VERSIONS = 3, 4, 20
NAME, CONDITIONS, HOW = 120, 2000, 500  # letters

Vetting = Literal["none", "one", "two", "refused"]


@dataclass(frozen=True)
class Span:
    """Hours of some days of the week, by the entry's own clock; an end before the start is past
    midnight, and the same hour twice is the whole day."""

    days: str = EVERY_DAY
    start: str = "00:00"
    end: str = "00:00"


def is_open(spans: Iterable[Span], zone: str, now: datetime) -> bool:
    """Whether somebody is there at `now` (aware); no spans: always. Read off the clock on their wall,
    so that a change of clocks moves it as it moves them."""
    found = list(spans)
    local = now.astimezone(ZoneInfo(zone))
    clock, today = local.strftime("%H:%M"), str(local.isoweekday())
    yesterday = str((local.isoweekday() - 2) % 7 + 1)
    for span in found:
        late = span.end <= span.start
        if today in span.days and span.start <= clock and (late or clock < span.end):
            return True
        if late and yesterday in span.days and clock < span.end:
            return True
    return not found


def is_zone(name: str) -> bool:
    """Whether a name is that of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def serves(areas: Iterable[str], wanted: str) -> bool:
    """Whether an entry works in an area; no areas: everywhere. Who works in a country works in each of
    its divisions, and whoever asks for a country takes those of its divisions too."""
    found = list(areas)
    return (
        not found
        or not wanted
        or any(
            one == wanted or wanted.startswith(f"{one}-") or one.startswith(f"{wanted}-")
            for one in found
        )
    )


def is_stale(verified: date | None, today: date) -> bool:
    """Whether nobody has spoken with them for so long that nobody is sent there in a hurry."""
    return verified is None or today - verified > STALE_AFTER


def days_left(verified: date | None, today: date) -> int | None:
    """Days until an entry goes stale, when that is near; 0 or less: it is. None: there is time."""
    if verified is None:
        return 0
    left = (verified + STALE_AFTER - today).days
    return left if left <= REMIND.days else None


def vetting_of(doc: Mapping[str, Any]) -> Vetting:
    """How far an entry is vetted: nobody has vouched, one has, two different people have, or no."""
    found = doc["vetting"]
    if found.get("refused"):
        return "refused"
    if not found.get("by"):
        return "none"
    return "two" if found.get("second") not in {"", None, found["by"]} else "one"


def faults(doc: Mapping[str, Any]) -> dict[str, str]:
    """What keeps an entry from being kept: field -> code of what is wrong."""
    wrong = {}
    if not doc["name"].strip():
        wrong["name"] = "empty"
    if doc["kind"] not in KINDS:
        wrong["kind"] = "choose"
    if not doc["services"] or set(doc["services"]) - set(SERVICES):
        wrong["services"] = "choose"
    if any(not AREA.fullmatch(one) for one in doc["areas"]):
        wrong["areas"] = "area"
    if any(not LANGUAGE.fullmatch(one) for one in doc["languages"]):
        wrong["languages"] = "language"
    if not is_zone(doc["zone"]):
        wrong["zone"] = "choose"
    spans = doc["hours"]
    times = [one for _, start, end in spans for one in (start, end)]
    days = "".join(days for days, _, _ in spans)
    if len(spans) > SPANS or any(not TIME.fullmatch(one) for one in times):
        wrong["hours"] = "form"
    if set(days) - set(EVERY_DAY) or any(not days for days, _, _ in spans):
        wrong["hours"] = "form"
    for name, limit in (("name", NAME), ("conditions", CONDITIONS)):
        if len(doc[name]) > limit:
            wrong[name] = "long"
    if len(doc["ways"]) > WAYS:
        wrong["ways"] = "long"
    return wrong


def is_ready(doc: Mapping[str, Any], today: date) -> bool:
    """Whether an entry stands among those whom one asks in a hurry: vetted by two, spoken with not
    long ago, and still there."""
    verified = date.fromisoformat(doc["verified"]["on"]) if doc["verified"]["on"] else None
    return vetting_of(doc) == "two" and not is_stale(verified, today) and not doc["retired"]


# What was vouched for, and what was spoken on: when one of these is another, it counts no more.
WHO = ("kind", "name")
REACHED = ("ways",)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """An entry after a change: who is named or reached differently must be vouched for and spoken with
    anew, or a new number beside a trusted name would be trusted too."""
    found = dict(after)
    if any(before[one] != after[one] for one in (*WHO, *REACHED)):
        found["verified"] = NOT_VERIFIED
        found["vetting"] = NOT_VETTED
    return found


NOT_VERIFIED: dict[str, Any] = {"on": "", "by": "", "how": ""}
NOT_VETTED: dict[str, Any] = {
    "by": "",
    "on": "",
    "how": "",
    "second": "",
    "second_on": "",
    "refused": "",
}
