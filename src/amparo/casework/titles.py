"""The names of all requests that somebody opens, to choose one among them."""

from django.db.models import CharField
from django.db.models.functions import Cast

from amparo.casework.models import COVER, Cover
from amparo.consent import gate
from amparo.foundation.actor import Actor

Title = tuple[str, str | None]  # case as 32 hex digits; its name, once it was read


def titles(actor: Actor) -> dict[str, str]:
    """The name of every request whose cover the actor opens, to choose one among all of them; by the
    case's id as 32 hex digits, for to make ids of thousands takes as long as to read them.

    A name that was read before is known by what it was read from, for as long as the ring lives.
    """
    reach = gate.reach(actor, "cover")
    known: dict[int, Title] = actor.ring.memory.get("titles", {})
    if not known:
        known = actor.ring.memory["titles"] = _read_titles(reach, known)
        return {case: name for case, name in known.values() if name is not None}
    marks = [hash(bytes(one)) for one in Cover.objects.values_list("sealed", flat=True)]
    found = [known.get(mark) for mark in marks]
    if any(one is None or (one[1] is None and one[0] in reach) for one in found):
        known = actor.ring.memory["titles"] = _read_titles(reach, known)
        found = [known.get(mark) for mark in marks]
    named = (one for one in found if one)
    return {case: name for case, name in named if name is not None and case in reach}


def _read_titles(reach: gate.Reach, known: dict[int, Title]) -> dict[int, Title]:
    rows = Cover.objects.annotate(
        row=Cast("id", CharField()), place=Cast("case", CharField())
    ).values_list("row", "place", "sealed")
    found: dict[int, Title] = {}
    fresh = []
    for row, place, blob in rows:
        mark, place = hash(bytes(blob)), place.replace("-", "")
        found[mark] = known.get(mark) or (place, None)
        if found[mark][1] is None and place in reach:
            fresh.append((row, place, bytes(blob)))
    for (_, place, blob), doc in gate.read_list(reach, COVER, fresh):
        found[hash(blob)] = place, str(doc["name"])
    return found
