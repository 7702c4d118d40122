"""What a notice may look like, when one may come, and when a failed one is tried again. Pure."""

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, time, timedelta

# By which people without an account are told, and by which staff are.
TO_CONTACTS = ("mail", "sms", "signal", "matrix", "ntfy", "push")
CHANNELS = (*TO_CONTACTS, "webpush", "webhook", "console")
TRIES = 8
LEASE = timedelta(minutes=1)  # for one attempt
# Nobody gets two notices closer together: a flood of calls is no flood of mails.
QUIET = timedelta(minutes=5)

# Nothing that is sent names the organisation, the work or a person: one subject, one text, one size.
# It is true on a day when nothing came, too, for one comes every day.
SUBJECT = "Your notes"
TEXT = "Your notes are here. Open them when it suits you."

_HOUR = r"([01]\d|2[0-3]):[0-5]\d"
HOURS = re.compile(f"{_HOUR}-{_HOUR}")


def is_address(channel: str, address: str) -> bool:
    """Whether something can be an address of a channel; nothing that breaks out of a header is."""
    if not address or any(one.isspace() or not one.isprintable() for one in address):
        return False
    return ADDRESSES[channel](address) if channel in ADDRESSES else True


def _is_mail(address: str) -> bool:
    return "@" in address


def _is_number(address: str) -> bool:
    """In the digits that carriers read: those of other scripts are folded where a number is typed."""
    return bool(re.fullmatch(r"\+[0-9]{5,15}", address))


def _is_signal(address: str) -> bool:
    """A number, or a username such as rosa.42."""
    return _is_number(address) or bool(
        re.fullmatch(r"[A-Za-z_]\w{2,31}\.[0-9]{2,9}", address, re.A)
    )


def _is_room(address: str) -> bool:
    """A room's id; since version 12 of rooms there is no server in it."""
    return len(address) <= 255 and bool(re.fullmatch(r"![!-~]{4,254}", address))


def _is_topic(address: str) -> bool:
    """Whoever knows a topic reads it, so a short one is none."""
    return bool(re.fullmatch(r"[-\w]{16,64}", address, re.A))


def _is_endpoint(address: str) -> bool:
    """An https address of a push service, or what a browser gives with its keys."""
    if address.startswith("{"):
        return _is_subscription(address)
    found = re.fullmatch(r"https://([!-~]+)", address)
    return found is not None and len(address) <= 1000 and "@" not in found[1].partition("/")[0]


def _is_subscription(address: str) -> bool:
    """Endpoint and keys as a browser writes them down, and nothing else, in JSON without spaces."""
    if len(address) > 1500:
        return False
    try:
        given = json.loads(address)
        keys = given["keys"]
        sizes = [len(_bytes(keys[name])) for name in ("p256dh", "auth")]
        url = given["endpoint"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return False
    return (
        set(given) == {"endpoint", "keys"}
        and set(keys) == {"p256dh", "auth"}
        and sizes == [65, 16]
        and isinstance(url, str)
        and not url.startswith("{")
        and _is_endpoint(url)
    )


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _is_name(address: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", address))


ADDRESSES: dict[str, Callable[[str], bool]] = {
    "mail": _is_mail,
    "sms": _is_number,
    "signal": _is_signal,
    "matrix": _is_room,
    "ntfy": _is_topic,
    "push": _is_endpoint,
    "webpush": _is_subscription,
    "webhook": _is_name,
}


def retry_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries: 5 s, 10 s, … at most 15 minutes."""
    return min(timedelta(seconds=5 * 2 ** min(tries, 8)), timedelta(minutes=15))


def may_come(now: datetime, hours: str) -> bool:
    """Whether a notice may come to somebody now. `hours` as 08:00-18:00 by the same clock as `now`,
    over midnight too; empty: at any time."""
    if not hours:
        return True
    begin, end = (time.fromisoformat(one) for one in hours.split("-"))
    here = now.time()
    return begin <= here < end if begin < end else here >= begin or here < end


def is_time(now: datetime, hour: str) -> bool:
    """Whether the hour of the daily notice (as 07:00, by the same clock) has come today."""
    return now.time() >= time.fromisoformat(hour)


# --- the lane of alarms --------------------------------------------------------------------------
# To staff, when somebody has pressed: as long as the other one, so that its size tells nothing.
URGENT = "Your notes are here. Please open them right away."
RING_TRIES = 60
# The messages of one move of an alarm stand in lanes beside each other: the first of every alarm goes
# before the second of any. What nobody is in danger for stands behind all of them.
CALM = 1000
# A sender that lives renews its lease while a gateway takes its time; one that died does not, and
# another takes over.
RING_LEASE = timedelta(seconds=8)


def ring_after(tries: int, ways: int) -> timedelta:
    """How long a call waits before its next way: each way is tried at once, one after the other; then
    5 s, 10 s, … 2 minutes pass before each further try."""
    if tries < ways - 1:
        return timedelta()
    return min(timedelta(seconds=5 * 2 ** min(tries - ways + 1, 8)), timedelta(minutes=2))


def with_path(text: str, path: str, *, repeat: bool) -> str:
    """An agreed text with its one-time path. What may have arrived before says that it is a repeat."""
    return f"{text} {path}{' (2)' if repeat else ''}"


# --- what becomes of a message -------------------------------------------------------------------
# How long a carrier that has taken a message and will report may be silent before the person's next
# way is tried, and once each way was tried, before one more round.
UNREPORTED = timedelta(seconds=60)
ANOTHER_ROUND = timedelta(minutes=5)
ROUNDS = 2  # a phone that is off gets no heap of the same message
LONGEST_HOLD = timedelta(minutes=10)  # what was held back is looked at again by then
AFTERWARDS = timedelta(minutes=10)  # how long the end of an alarm is told to whoever answers late


def report_after(handed: int, ways: int) -> timedelta:
    """How long its report is waited for, of a message that was taken so often before."""
    return UNREPORTED if handed < ways else ANOTHER_ROUND


# --- what comes in -------------------------------------------------------------------------------
SAME_DIGITS = 9


def international(number: str) -> str:
    """A sender's number as +525512345678, from what a provider makes of it; empty when it is none
    (a name, or a short code)."""
    digits = "".join(str(unicodedata.decimal(one)) for one in number if one.isdecimal())
    plain = "+" + (digits[2:] if digits.startswith("00") and "+" not in number else digits)
    odd = [one for one in number if not one.isdecimal() and one not in "+ -().\u202a\u202c\u200e"]
    return plain if not odd and is_address("sms", plain) else ""


def comparable(number: str) -> str:
    """What two ways of writing one number have in common: its last digits. Carriers add or leave out
    a 1 after +52, a 9 after +54, a 0 before the area."""
    return "".join(one for one in number if one.isdecimal())[-SAME_DIGITS:]


def plain(text: str) -> str:
    """Words of a short message without what phones and people write in many ways: case, accents and
    vowel signs, punctuation, invisible letters, spaces."""
    kept = []
    for one in unicodedata.normalize("NFKD", text.casefold()):
        kind = unicodedata.category(one)
        if one == "ـ" or (kind in ("Mn", "Me", "Cf", "Cc") and not one.isspace()):
            continue
        kept.append(one if kind[0] in "LN" else " ")
    return " ".join("".join(kept).split())


def with_words(text: str, words: str) -> str:
    """A message that names the words which may be sent back."""
    return f"{text} {words}" if words else text
