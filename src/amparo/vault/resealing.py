"""What stands sealed in a compartment, and how re-sealing and writing keep out of each other's way.

A row that was sealed under an old key while the old wraps are destroyed would be lost. So whoever
writes says so in the transaction of the row, and old wraps go only while nobody writes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.models import BinaryField, F, Func

from amparo.foundation import ids
from amparo.foundation.router import DATA
from amparo.vault import sealed
from amparo.vault.primitives import ctx, digest


def rows(case: ids.Id, compartment: str) -> Iterator[tuple[sealed.Kind, Any]]:
    """Every sealed row of a compartment, with its kind."""
    for kind in sealed.kinds():
        for row in kind.model._default_manager.filter(case=case, compartment=compartment):
            yield kind, row


def epochs_in_use(case: ids.Id, compartment: str) -> set[int]:
    """The epochs under which something of a compartment stands sealed."""
    mark = Func(F("sealed"), 1, sealed.EPOCH.size, function="SUBSTR", output_field=BinaryField())
    found = set()
    for kind in sealed.kinds():
        mine = kind.model._default_manager.filter(case=case, compartment=compartment)
        found |= {sealed.epoch_of(bytes(one)) for one in mine.values_list(mark, flat=True)}
    return found


def _lock(case: ids.Id, compartment: str) -> int:
    place = digest(ctx("writing", case, compartment))
    return int.from_bytes(place[:8], "big", signed=True)


def writes(case: ids.Id, compartment: str) -> None:
    """Called in a transaction that adds to a compartment; on SQLite it is the only one anyway."""
    connection = connections[DATA]
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_lock(case, compartment)])


@contextmanager
def nobody_writes(case: ids.Id, compartment: str) -> Iterator[None]:
    """Inside, no transaction that adds to the compartment is open anywhere."""
    with transaction.atomic(using=DATA):
        connection = connections[DATA]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_lock(case, compartment)])
        yield
