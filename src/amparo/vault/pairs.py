"""Two persons together: the first takes off the outer wrap, the second the inner one."""

from amparo.foundation import ids
from amparo.vault.keys import Ring, principals, public_of
from amparo.vault.models import PairWrap
from amparo.vault.primitives import CannotOpen, ctx, digest, unwrap
from amparo.vault.signers import Signers, pair_context


def peel(ring: Ring, case: ids.Id, compartment: str) -> dict[str, bytes]:
    """The first of two persons: "epoch:second" -> the inner wrap, which only the second opens."""
    found = {}
    rows = PairWrap.objects.filter(case=case, compartment=compartment, first=ring.id)
    known, signers = principals({row.second for row in rows}), Signers()
    for row in rows:
        second = public_of(bytes(known[row.second].public))
        context = pair_context(case, compartment, row.epoch, ring.person.public, second, "outer")
        line = [f"{row.first}+{row.second}", "pair", ""]
        signers.of(row, line).verify(
            bytes(row.signature), ctx("pair-signature", context, digest(bytes(row.wrap)))
        )
        found[f"{row.epoch}:{row.second}"] = unwrap(bytes(row.wrap), ring.person, context)
    return found


def open_peeled(
    ring: Ring, case: ids.Id, compartment: str, first: ids.Id, peeled: dict[str, bytes]
) -> dict[int, bytes]:
    """The second of two persons: epoch -> compartment key."""
    outer = public_of(bytes(principals({first})[first].public))
    found = {}
    for place, inner in peeled.items():
        epoch, _, second = place.partition(":")
        if second == str(ring.id):
            context = pair_context(
                case, compartment, int(epoch), outer, ring.person.public, "inner"
            )
            found[int(epoch)] = unwrap(inner, ring.person, context)
    if not found:
        raise CannotOpen
    return found
