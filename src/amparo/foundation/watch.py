"""What waits in the foundation's tables: counts without a key, for whoever runs the installation."""

from dataclasses import dataclass
from datetime import date, timedelta

from amparo.foundation import clock, events, operations
from amparo.foundation.models import Announcement, JournalEntry

LATE = timedelta(minutes=2)  # an engine that beats leaves nothing for so long


@dataclass(frozen=True)
class Waiting:
    """How much is waiting, and how much of it should not be any more."""

    entries: int  # of the journal, not in the tree yet
    late: int  # announcements that no engine has tried for minutes
    stuck: int  # announcements that failed too often
    half_done: int  # deeds across both databases, past their patience
    newest: date | None  # day of the newest entry of the journal


def waiting() -> Waiting:
    """Look once."""
    due = Announcement.objects.filter(
        due_at__lt=clock.now() - LATE, tries__lt=events.GIVE_UP
    ).count()
    return Waiting(
        entries=JournalEntry.objects.filter(place=None).count(),
        late=due,
        stuck=events.stuck(),
        half_done=operations.pending(),
        newest=JournalEntry.objects.order_by("-seq").values_list("day", flat=True).first(),
    )
