"""What a notice may look like, when one may come, and when a failed one is tried again. Pure."""

import re
from datetime import datetime, time, timedelta

CHANNELS = ("mail", "console")  # of notices to staff
TO_CONTACTS = ("mail", "sms")
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
    if channel == "sms":
        return address[:1] == "+" and address[1:].isdecimal() and 6 <= len(address) <= 16
    return "@" in address if channel == "mail" else True


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
RING_LEASE = timedelta(seconds=30)  # for one hand-over


def ring_after(tries: int, ways: int) -> timedelta:
    """How long a call waits before its next way: each way is tried at once, one after the other; then
    5 s, 10 s, … 2 minutes pass before each further try."""
    if tries < ways - 1:
        return timedelta()
    return min(timedelta(seconds=5 * 2 ** min(tries - ways + 1, 8)), timedelta(minutes=2))


def with_path(text: str, path: str, *, repeat: bool) -> str:
    """An agreed text with its one-time path. What may have arrived before says that it is a repeat."""
    return f"{text} {path}{' (2)' if repeat else ''}"
