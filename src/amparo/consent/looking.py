"""A human look before a yes that was said with a code: was it the defender, or who found it?"""

from collections.abc import Collection

from amparo.consent import gate, queries, rules
from amparo.consent.models import RECORD, Record
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, Refused
from amparo.vault.sealed import Document


def make_sure(
    actor: Actor, case: ids.Id, *, rows: Collection[ids.Id], how: str, reason: str = ""
) -> int:
    """Mark how the actor made sure that these answers are the defender's (`how`: one of rules.SURE);
    from then on they count. With `how` "unsure" and a reason, which the defender reads, none of them
    does, and they can choose anew. Returns how many.

    Conflict when none of them waits for it any more.
    """
    if actor.kind != "staff":
        raise Refused
    wrong = {}
    if how not in (*rules.SURE, "unsure"):
        wrong["how"] = "choose"
    if how == "unsure" and not reason.strip():
        wrong["reason"] = "empty"
    if wrong:
        raise Invalid("say how you made sure", wrong)
    found = [row for row in queries.to_check(actor, case) if row.id in rows]
    if not found:
        raise Conflict
    at = clock.now().isoformat(timespec="microseconds")
    said: Document = {"unsure": reason} if how == "unsure" else {"sure": how}
    leave = gate.admit(actor, case, "cover", write=True)
    with operations.writing():
        for one in found:
            row = Record.objects.select_for_update().get(id=one.id)
            doc = (
                gate.read(leave, RECORD, row) | said | {"looked_by": str(actor.id), "looked_at": at}
            )
            row.sealed = gate.seal(leave, RECORD, row.id, doc)
            row.save(update_fields=["sealed"])
            journal.note("consent.looked at", case, one.id, how=how)
    return len(found)
