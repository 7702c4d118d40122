"""What a cover says of a second code; every cover has an id in these places, and as long."""

from collections.abc import Mapping

from amparo.casework.models import COVER, Cover
from amparo.consent import gate
from amparo.foundation import ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Refused


def first_of(actor: Actor) -> ids.Id | None:
    """The case for which a defender's code was agreed as the second one; None for an ordinary code. It
    stands in the cover, which everybody's code opens: looking takes the same for all."""
    try:
        leave = gate.admit(actor, actor.case or ids.NIL, "cover")
        row = Cover.objects.filter(case=leave.case).first()
        doc = gate.read(leave, COVER, row) if row is not None else {}
    except Refused:
        return None
    return other(doc, "second_of")


def other(doc: Mapping[str, object], name: str) -> ids.Id | None:
    """The case that a cover names as its `second`, or as the one that it is the `second_of`."""
    found = ids.parse(str(doc.get(name, "")))
    return None if found == ids.NIL else found
