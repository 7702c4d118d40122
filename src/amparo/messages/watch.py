"""What waits in the lanes and what is late there: rows to be counted, without a key."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from amparo.messages import rules
from amparo.messages.models import Outgoing, Ringing

LATE = timedelta(seconds=30)  # a message of an alarm that no sender has taken
NOTICE_LATE = timedelta(minutes=5)
# How many messages this process handed over or could not, by channel; since it began.
taken: Counter[str] = Counter()
failed: Counter[str] = Counter()


def late(now: datetime) -> dict[str, Any]:
    """Messages past their time. One whose lease is over is due again, so it counts here too."""
    return {
        "messages": Ringing.objects.filter(due_at__lte=now - LATE, tries__lt=rules.RING_TRIES),
        "notices": Outgoing.objects.filter(
            waiting=True, due_at__lte=now - NOTICE_LATE, tries__lt=rules.TRIES
        ),
    }


def lanes(now: datetime) -> dict[str, Any]:
    """Messages that could go now, by their lane, and those that were given up."""
    return {
        "alarms": Ringing.objects.filter(due_at__lte=now, tries__lt=rules.RING_TRIES),
        "notices": Outgoing.objects.filter(waiting=True, due_at__lte=now, tries__lt=rules.TRIES),
        # Not what a carrier has taken and never reported as delivered.
        "given_up": Ringing.objects.filter(tries__gte=rules.RING_TRIES, handed=0),
    }
