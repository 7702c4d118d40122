"""Two persons together: the first takes off the outer wrap, the second the inner one."""

from django.db import transaction

from amparo.foundation import ids
from amparo.foundation.router import KEYSTORE
from amparo.vault.compartments import Signer, alone, current, may_sign, nested, sign_list
from amparo.vault.keys import Ring, principals, public_of
from amparo.vault.models import PairWrap
from amparo.vault.primitives import CannotOpen, ctx, digest, unwrap
from amparo.vault.signers import Signers, pair_context
from amparo.vault.vouching import Standing, check_pairs


def peel(ring: Ring, case: ids.Id, compartment: str) -> dict[str, bytes]:
    """The first of two persons: "epoch:second" -> the inner wrap, which only the second opens."""
    found = {}
    rows = PairWrap.objects.filter(case=case, compartment=compartment, first=ring.id)
    known, signers, standing = principals({row.second for row in rows}), Signers(), Standing()
    for row in rows:
        if not standing.may_open(row.first, row.second):
            continue  # planted: not two persons
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
    """The second of two persons: epoch -> compartment key. CannotOpen where they are not two."""
    check_pairs([(first, ring.id)])
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


Pair = tuple[ids.Id, ids.Id]


def lacking(case: ids.Id, compartment: str, wanted: list[Pair]) -> list[Pair]:
    """Pairs that could not open the newest epoch together."""
    newest = current(case, compartment)
    rows = PairWrap.objects.filter(case=case, compartment=compartment, epoch=newest)
    there = set(rows.values_list("first", "second"))
    return [pair for pair in wanted if pair not in there]


@transaction.atomic(using=KEYSTORE)
def add(
    ring: Ring,
    case: ids.Id,
    compartment: str,
    wanted: list[Pair],
    keys: dict[int, bytes],
    *,
    op: ids.Id | None = None,
) -> None:
    """Lay keys (of some epochs) under pairs that do not have them yet, signed by the ring's holder.

    Made once, pairs would grow old: whoever joins would never be half of one, and whoever leaves would
    take the last with them.
    """
    alone(case, compartment)
    if not keys or not may_sign(ring, case):
        raise CannotOpen
    check_pairs(wanted)
    public = {
        one: public_of(bytes(row.public))
        for one, row in principals({one for pair in wanted for one in pair}).items()
    }
    rows = PairWrap.objects.filter(case=case, compartment=compartment)
    there = set(rows.values_list("epoch", "first", "second"))
    signer = Signer(ring.id, ring.person)
    PairWrap.objects.bulk_create(
        nested(signer, key, case, compartment, number, pair, public, op)
        for number, key in keys.items()
        for pair in wanted
        if (number, *pair) not in there
    )
    newest = max(keys)
    if newest == current(case, compartment):
        sign_list(ring, case, compartment, newest)
