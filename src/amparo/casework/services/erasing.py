"""Erasing a case because its defender wants it, said by word of mouth."""

from amparo.casework import queries
from amparo.casework.models import Case
from amparo.casework.services.desk import case_row
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Refused


def erase(actor: Actor, case: ids.Id) -> None:
    """Carry out a defender's spoken wish that everything be erased: every key, then every row."""
    row = case_row(actor, case)
    if row.owner != actor.id:
        raise Refused
    defender = queries.defender_of(case)
    with operations.ending("casework.withdraw", case=case, defender=defender or ids.NIL):
        Case.objects.filter(id=case).update(
            state="withdrawn", due_at=None, unread=0, version=row.version + 1
        )
        journal.note("erased on request", case)
