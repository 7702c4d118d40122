"""What waits in the foundation's tables: counts without a key, for whoever runs the installation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connections

from amparo.foundation import clock, events, operations
from amparo.foundation.models import Announcement, JournalEntry
from amparo.foundation.router import DATA

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


def counts(parts: Mapping[str, Any], most: int = 1000) -> dict[str, int]:
    """How many rows each of these querysets of the data has, in one statement; `most` stands for that
    many or more, so that looking costs the same on the worst of days."""
    pieces, given = [], list[Any]()
    for rows in parts.values():
        sql, values = rows.order_by().values("pk")[:most].query.sql_with_params()
        pieces.append(f"(SELECT count(*) FROM ({sql}) AS part)")  # noqa: S608 - Django's own SQL
        given += values
    with connections[DATA].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(pieces)}", given)
        return dict(zip(parts, cursor.fetchone(), strict=True))
