"""What a notice may look like, and when a failed one is tried again. Pure."""

from datetime import timedelta

CHANNELS = ("mail", "console")  # of notices to staff
TO_CONTACTS = ("mail", "sms")
TRIES = 8
LEASE = timedelta(minutes=1)  # for one attempt

# Nothing that is sent names the organisation, the work or a person: one subject, one text, one size.
SUBJECT = "1 new note"
TEXT = "There is a new note. Open your notes when it suits you."


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


# --- the lane of alarms --------------------------------------------------------------------------
# To staff, when somebody has pressed: as long as the other one, so that its size tells nothing.
URGENT = "Please open your notes now. Somebody may be waiting for it."
RING_TRIES = 60
RING_LEASE = timedelta(seconds=30)  # for one hand-over


def ring_after(tries: int) -> timedelta:
    """How long a call waits before its next way: four at once, then 5 s, 10 s, … 2 minutes."""
    if tries < 4:
        return timedelta()
    return min(timedelta(seconds=5 * 2 ** min(tries - 4, 8)), timedelta(minutes=2))


def with_path(text: str, path: str, *, repeat: bool) -> str:
    """An agreed text with its one-time path. What may have arrived before says that it is a repeat."""
    return f"{text} {path}{' (2)' if repeat else ''}"
