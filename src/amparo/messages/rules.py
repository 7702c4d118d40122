"""What a notice may look like, and when a failed one is tried again. Pure."""

from datetime import timedelta

CHANNELS = ("mail", "console")
TRIES = 8
LEASE = timedelta(minutes=1)  # for one attempt

# Nothing that is sent names the organisation, the work or a person: one subject, one text, one size.
SUBJECT = "1 new note"
TEXT = "There is a new note. Open your notes when it suits you."


def retry_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries: 5 s, 10 s, … at most 15 minutes."""
    return min(timedelta(seconds=5 * 2 ** min(tries, 8)), timedelta(minutes=15))
