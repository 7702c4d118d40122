"""What a notice may look like, when one may come, and when a failed one is tried again. Pure."""

import re
from datetime import datetime, time, timedelta

CHANNELS = ("mail", "console")
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
