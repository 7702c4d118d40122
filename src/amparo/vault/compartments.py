"""Compartment keys: one for each case, compartment and epoch; granting wraps one, revoking rotates.

A wrap names no sender, so every grant is signed and every epoch carries the signed list of those it
was made for. A rotation needs no old key: it makes a new key for those who remain and forgets it. It
is signed by the server's rotation key, and readers refuse it for anybody who is not on the last list
that a person signed. What was sealed under an old epoch is re-sealed by the next session that holds
it (`stale`, `renew`).
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from amparo.foundation import clock, ids
from amparo.foundation.errors import NotFound
from amparo.foundation.router import KEYSTORE
from amparo.vault.keys import (
    Ring,
    move_generations,
    principals,
    public_of,
    rotation_key,
    trusted,
)
from amparo.vault.models import Epoch, Grant, Membership, PairWrap, Principal
from amparo.vault.primitives import (
    CannotOpen,
    PrivateKey,
    PublicKey,
    ctx,
    digest,
    token,
    unwrap,
    wrap,
)
from amparo.vault.signers import Share, Signers, grant_context, list_text, pair_context
from amparo.vault.vouching import GROUP, Standing, check_pairs

# Every case has all of these; the first two from the first word on.
COMPARTMENTS = (
    "correspondence",
    "cover",
    "identity",
    "location",
    "narrative",
    "legal",
    "health",
    "finance",
)
# Given for one deed, which asks for it by name: the defender has said that one officer may open their
# name when their life is in danger. In ordinary reading such a grant opens nothing.
DUTY = "duty"


# --- making --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Signer:
    """Who signs: the holder of a ring, or the server's rotation key."""

    id: ids.Id
    key: PrivateKey


def rotation_principal() -> Principal:
    """The server as a signer of rotations; `amparo init` makes it."""
    return Principal.objects.get(kind="rotation")


def _rotation() -> Signer:
    return Signer(rotation_principal().id, rotation_key())


def _make(
    signer: Signer,
    case: ids.Id,
    plan: dict[str, tuple[int, list[Share]]],
    op: ids.Id | None,
    pairs: dict[str, list[tuple[ids.Id, ids.Id]]] | None = None,
) -> dict[str, bytes]:
    """Make one epoch of each compartment of `plan` (number, shares) and return the new keys."""
    pairs = pairs or {}
    check_pairs(pair for members in pairs.values() for pair in members)
    wanted = {share.principal for _, shares in plan.values() for share in shares}
    wanted |= {one for members in pairs.values() for pair in members for one in pair}
    public = {one: public_of(bytes(row.public)) for one, row in principals(wanted).items()}
    keys: dict[str, bytes] = {}
    epochs, grants, wraps = [], [], []
    for compartment, (number, shares) in plan.items():
        key = keys[compartment] = token()
        lines = [share.line for share in shares]
        lines += [[f"{first}+{second}", "pair", ""] for first, second in pairs.get(compartment, [])]
        epoch = Epoch(
            case=case,
            compartment=compartment,
            number=number,
            recipients=sorted(lines),
            signer=signer.id,
            op=op,
        )
        epoch.signature = signer.key.sign(list_text(epoch))
        epochs.append(epoch)
        grants += [
            _grant(signer, key, case, compartment, number, share, public[share.principal], op)
            for share in shares
        ]
        wraps += [
            nested(signer, key, case, compartment, number, pair, public, op)
            for pair in pairs.get(compartment, [])
        ]
    # All or nothing: an epoch that nobody holds would shut its compartment for ever.
    with transaction.atomic(using=KEYSTORE, savepoint=False):
        Epoch.objects.bulk_create(epochs)
        Grant.objects.bulk_create(grants)
        PairWrap.objects.bulk_create(wraps)
    return keys


def _grant(
    signer: Signer,
    key: bytes,
    case: ids.Id,
    compartment: str,
    epoch: int,
    share: Share,
    to: PublicKey,
    op: ids.Id | None,
) -> Grant:
    context = grant_context(case, compartment, epoch, to, share.purpose, share.until)
    blob = wrap(key, to, context)
    return Grant(
        case=case,
        compartment=compartment,
        epoch=epoch,
        grantee=share.principal,
        purpose=share.purpose,
        until=share.until,
        wrap=blob,
        signer=signer.id,
        signature=signer.key.sign(ctx("grant-signature", context, digest(blob))),
        op=op,
    )


def nested(
    signer: Signer,
    key: bytes,
    case: ids.Id,
    compartment: str,
    epoch: int,
    pair: tuple[ids.Id, ids.Id],
    public: dict[ids.Id, PublicKey],
    op: ids.Id | None,
) -> PairWrap:
    """A key that two persons open together: wrapped to the second, and that to the first."""
    first, second = (public[one] for one in pair)
    inner = wrap(key, second, pair_context(case, compartment, epoch, first, second, "inner"))
    context = pair_context(case, compartment, epoch, first, second, "outer")
    blob = wrap(inner, first, context)
    return PairWrap(
        case=case,
        compartment=compartment,
        epoch=epoch,
        first=pair[0],
        second=pair[1],
        wrap=blob,
        signer=signer.id,
        signature=signer.key.sign(ctx("pair-signature", context, digest(blob))),
        op=op,
    )


def create(
    ring: Ring,
    case: ids.Id,
    shares: dict[str, list[Share]],
    *,
    op: ids.Id | None = None,
    pairs: dict[str, list[tuple[ids.Id, ids.Id]]] | None = None,
) -> dict[str, bytes]:
    """The first epoch of each compartment of a case, signed by the ring's holder.

    Returns the keys, so that the deed can seal what the case begins with; the ring keeps none.
    """
    plan = {compartment: (1, wanted) for compartment, wanted in shares.items()}
    return _make(Signer(ring.id, ring.person), case, plan, op, pairs)


# --- reading -------------------------------------------------------------------------------------
def live(day: date | None = None) -> QuerySet[Grant]:
    """Grants that are in force on a day."""
    day = day or clock.today()
    return Grant.objects.filter(Q(until__isnull=True) | Q(until__gte=day))


def open_grant(row: Grant, key: PrivateKey, signers: Signers | None = None) -> bytes:
    """The compartment key of a grant, or CannotOpen for one that is over, planted or altered."""
    return unwrap(bytes(row.wrap), key, _checked(row, key.public, signers or Signers()))


def _checked(row: Grant, to: PublicKey, signers: Signers) -> bytes:
    """The context of a grant that is in force and was signed by somebody who may, or CannotOpen."""
    if row.until is not None and row.until < clock.today():
        raise CannotOpen
    context = grant_context(row.case, row.compartment, row.epoch, to, row.purpose, row.until)
    line = Share(row.grantee, row.purpose, row.until).line
    key = signers.of(row, line)
    key.verify(bytes(row.signature), ctx("grant-signature", context, digest(bytes(row.wrap))))
    signers.remember(row.signer, context, bytes(row.signature), bytes(row.wrap))
    return context


def is_given(case: ids.Id, compartment: str, principal: ids.Id, purpose: str) -> bool:
    """Whether a compartment is given to somebody for a purpose today, by somebody who may; a grant that
    was planted does not count. Needs no key."""
    rows = live().filter(case=case, compartment=compartment, grantee=principal, purpose=purpose)
    signers = Signers()
    for row in rows:
        with contextlib.suppress(CannotOpen, NotFound):
            to = public_of(bytes(principals({principal})[principal].public))
            _checked(row, to, signers)
            return True
    return False


MANY = 500  # cases, from which on a list asks for all that somebody holds instead of naming each


def _of_cases(cases: list[ids.Id], compartment: str, held: set[ids.Id]) -> Iterable[Grant]:
    """Grants in force of a compartment of some cases, whoever holds them, in one query.

    Asked for by case, never also by holder: a team holds all cases, and a database that starts there
    reads every one of them for a page of fifty.
    """
    rows = live().filter(compartment=compartment)
    if len(cases) < MANY:
        return rows.filter(case__in=cases)
    wanted = set(cases)
    return (row for row in rows.filter(grantee__in=held) if row.case in wanted)


def keys_of(
    ring: Ring, cases: list[ids.Id], compartment: str, purpose: str = ""
) -> dict[ids.Id, dict[int, bytes]]:
    """case -> epoch -> key of one compartment, for as many cases as the ring opens.

    One query; what the ring has opened before costs nothing. `purpose` empty: for any but DUTY, whose
    keys the ring does not keep either.
    """
    found: dict[ids.Id, dict[int, bytes]] = defaultdict(dict)
    held = ring.held()
    known = {} if purpose == DUTY else ring.compartments
    rows = [
        row
        for row in _of_cases(cases, compartment, held)
        if row.grantee in held and _serves(row.purpose, purpose)
    ]
    # Not opened yet in this session; a grant that does not open gives nothing and stops nobody.
    cold = [row for row in rows if _place(row) not in known]
    signers = Signers(cold)
    for row in cold:
        key = ring.key(row.grantee)
        if key is not None:
            with contextlib.suppress(CannotOpen):
                known[_place(row)] = open_grant(row, key, signers)
    for row in rows:
        if _place(row) in known:
            found[row.case][row.epoch] = known[_place(row)]
    return found


def _serves(given: str, wanted: str) -> bool:
    return given == wanted if wanted else given != DUTY


def _place(row: Grant) -> tuple[ids.Id, str, int, str]:
    return row.case, row.compartment, row.epoch, row.purpose


def current(case: ids.Id, compartment: str) -> int:
    """The number of the newest epoch; 0 when the compartment does not exist."""
    rows = Epoch.objects.filter(case=case, compartment=compartment)
    return rows.aggregate(newest=Max("number"))["newest"] or 0


def shares_of(case: ids.Id, compartment: str) -> list[Share]:
    """Who holds the newest epoch, for what and until when."""
    rows = live().filter(case=case, compartment=compartment, epoch=current(case, compartment))
    found = Signers(rows).genuine(rows)
    return sorted(Share(row.grantee, row.purpose, row.until) for row in found)


def any_held(case: ids.Id, compartment: str, wanted: set[tuple[ids.Id, str]]) -> bool:
    """Whether anybody of (principal, purpose; purpose empty: any) has a wrap of any epoch, in force
    or over."""
    return any(
        (row.grantee, row.purpose) in wanted or (row.grantee, "") in wanted
        for row in Grant.objects.filter(case=case, compartment=compartment)
    )


def expired(today: date) -> dict[tuple[ids.Id, str], set[tuple[ids.Id, str]]]:
    """(case, compartment) -> grants whose last day is over."""
    due: dict[tuple[ids.Id, str], set[tuple[ids.Id, str]]] = defaultdict(set)
    for row in Grant.objects.filter(until__lt=today):
        due[row.case, row.compartment].add((row.grantee, row.purpose))
    return due


# --- changing ------------------------------------------------------------------------------------
def sign_list(ring: Ring, case: ids.Id, compartment: str, number: int) -> None:
    """The ring's holder signs the list of an epoch as it stands now."""
    epoch = Epoch.objects.get(case=case, compartment=compartment, number=number)
    grants = Grant.objects.filter(case=case, compartment=compartment, epoch=number)
    pairs = PairWrap.objects.filter(case=case, compartment=compartment, epoch=number)
    signers = Signers(grants)
    lines = [Share(row.grantee, row.purpose, row.until).line for row in signers.genuine(grants)]
    lines += [[f"{row.first}+{row.second}", "pair", ""] for row in signers.genuine(pairs)]
    epoch.recipients, epoch.signer = sorted(lines), ring.id
    epoch.signature = ring.person.sign(list_text(epoch))
    epoch.save(update_fields=["recipients", "signer", "signature"])


def may_sign(ring: Ring, case: ids.Id) -> bool:
    """Whether what the ring's holder signs in a case is believed. Somebody who was re-linked to an
    older call has its keys, but the case does not follow from theirs."""
    signers = Signers()
    return signers.may_sign(signers.principal(ring.id), case)


@transaction.atomic(using=KEYSTORE)
def extend(
    ring: Ring,
    case: ids.Id,
    compartment: str,
    share: Share,
    *,
    op: ids.Id | None = None,
    held: dict[int, bytes] | None = None,
) -> None:
    """Give every epoch that the ring holds to one more recipient, signed by the ring's holder.

    `held` gives the keys where they did not come from the ring's own grants (a two-person release).
    A grant of the same recipient and purpose is replaced (a new last day). CannotOpen for somebody who
    has left, and for a team that another has succeeded: who left it may still have its key.
    """
    alone(case, compartment)
    keys = dict(held or keys_of(ring, [case], compartment).get(case, {}))
    recipient = principals({share.principal})[share.principal]
    if not keys or not recipient.active or not may_sign(ring, case):
        raise CannotOpen
    to = public_of(bytes(recipient.public))
    signer = Signer(ring.id, ring.person)
    theirs = Grant.objects.filter(
        case=case, compartment=compartment, grantee=share.principal, purpose=share.purpose
    )
    # What they hold with the same last day stays, so that undoing this deed cannot take it away.
    same = set(theirs.filter(until=share.until).values_list("epoch", flat=True))
    theirs.filter(epoch__in=set(keys) - same).delete()
    Grant.objects.bulk_create(
        _grant(signer, key, case, compartment, number, share, to, op)
        for number, key in keys.items()
        if number not in same
    )
    newest = max(keys)
    if newest == current(case, compartment):
        sign_list(ring, case, compartment, newest)


@transaction.atomic(using=KEYSTORE)
def rotate(
    case: ids.Id,
    compartment: str,
    drop: set[tuple[ids.Id, str]],
    succeed: dict[ids.Id, ids.Id] | None = None,
) -> int:
    """Take grants away (principal, purpose; purpose empty: all of theirs) and turn the key.

    `succeed` puts a team in the place of the one it succeeds. Needs no old key. New content uses the
    new epoch from the commit on; returns its number. Whoever lost something finds their rings
    dropped at the next request.
    """
    alone(case, compartment)
    number = current(case, compartment)
    held = Grant.objects.filter(case=case, compartment=compartment)
    gone = {
        row.id for row in held if (row.grantee, row.purpose) in drop or (row.grantee, "") in drop
    }
    losers = {row.grantee for row in held if row.id in gone}
    signers = Signers(held)
    stay = [row for row in held if row.epoch == number and row.id not in gone]
    shares = _seats(signers.genuine(stay), succeed or {})
    paired = PairWrap.objects.filter(case=case, compartment=compartment)
    dropped = {principal for principal, purpose in drop if not purpose}
    both = [row for row in paired if row.epoch == number and not {row.first, row.second} & dropped]
    pairs = _of_two(signers.genuine(both))
    Grant.objects.filter(id__in=gone).delete()
    for row in paired:
        if {row.first, row.second} & dropped:
            row.delete()
    _make(_rotation(), case, {compartment: (number + 1, shares)}, None, {compartment: pairs})
    forget_rings(losers)
    return number + 1


def _of_two(rows: list[PairWrap]) -> list[tuple[ids.Id, ids.Id]]:
    """The pairs that are carried into a new epoch: what was planted is not."""
    standing = Standing() if rows else None
    return [
        (row.first, row.second)
        for row in rows
        if standing is not None and standing.may_open(row.first, row.second)
    ]


def alone(case: ids.Id, compartment: str) -> None:
    """Whoever changes a compartment's grants does so alone until their transaction ends."""
    first = Epoch.objects.filter(case=case, compartment=compartment, number=1)
    list(first.select_for_update().values_list("id", flat=True))


def _seats(rows: list[Grant], succeed: dict[ids.Id, ids.Id]) -> list[Share]:
    """The shares of grants, with teams in the places of those they succeed. A team that held the same
    on both seats holds it once, as long as the longer of the two."""
    last: dict[tuple[ids.Id, str], date] = {}
    for row in rows:
        seat = succeed.get(row.grantee, row.grantee), row.purpose
        last[seat] = max(last.get(seat, date.min), row.until or date.max)
    return [
        Share(principal, purpose, None if until == date.max else until)
        for (principal, purpose), until in last.items()
    ]


def forget_rings(losers: set[ids.Id]) -> None:
    """Move the generation of principals, and of the members of teams among them."""
    members = Membership.objects.filter(team_id__in=losers).values_list("member_id", flat=True)
    move_generations(losers | set(members))


def held_by_gone() -> Iterator[tuple[ids.Id, str, set[tuple[ids.Id, str]], dict[ids.Id, ids.Id]]]:
    """(case, compartment, whom to drop, which team instead of which) for every compartment whose
    newest epoch somebody who left, or a team that was succeeded, still holds."""
    # Somebody who was only locked out still has a seat in their teams, until a colleague lets them go.
    left = Principal.objects.filter(kind="person", active=False, memberships=None)
    gone = set(left.values_list("id", flat=True))
    teams = Principal.objects.filter(kind="team").exclude(succeeds=None)
    instead = {row.succeeds: row.id for row in teams if row.succeeds is not None}
    newest = Epoch.objects.filter(case=OuterRef("case"), compartment=OuterRef("compartment"))
    now = Subquery(newest.order_by("-number").values("number")[:1])
    held: dict[tuple[ids.Id, str], set[ids.Id]] = defaultdict(set)
    for row in Grant.objects.filter(Q(grantee__in=gone) | Q(grantee__in=instead, epoch=now)):
        held[row.case, row.compartment].add(row.grantee)
    # Whoever has left the group of two persons is no half of any pair.
    seats = Membership.objects.filter(team__code=GROUP, team__active=True)
    group = set(seats.values_list("member_id", flat=True))
    for pair in PairWrap.objects.exclude(first__in=group, second__in=group):
        held[pair.case, pair.compartment] |= {pair.first, pair.second} - group
    seats_now = _last(instead)
    for (case, compartment), holders in held.items():
        yield case, compartment, {(one, "") for one in holders - set(instead)}, seats_now


def _last(instead: dict[ids.Id, ids.Id]) -> dict[ids.Id, ids.Id]:
    """Each succeeded team -> the team that holds its place now, over any number of steps."""
    found = {}
    for old, new in instead.items():
        while new in instead:
            new = instead[new]
        found[old] = new
    return found


def seats_now() -> dict[ids.Id, ids.Id]:
    """Each team that was succeeded -> the team that holds its place now. Who left may still have the
    old one's key, so nothing new is sealed to it."""
    teams = Principal.objects.filter(kind="team").exclude(succeeds=None)
    return _last({row.succeeds: row.id for row in teams if row.succeeds and trusted(row)})


def stale(ring: Ring, case: ids.Id, compartment: str) -> bool:
    """Whether this ring could and should re-seal: it holds the newest epoch, and either older
    ones are still about or the newest was signed by the server alone."""
    newest = current(case, compartment)
    keys = keys_of(ring, [case], compartment).get(case, {})
    if newest not in keys:
        return False
    return len(keys) > 1 or _made_by_server(case, compartment, newest)


def _newest(case: ids.Id) -> dict[str, Epoch]:
    rows = Epoch.objects.filter(case=case).order_by("number")
    return {row.compartment: row for row in rows}


def pending_since(case: ids.Id) -> date | None:
    """Since when content of this case waits to be re-sealed, or None."""
    newest = _newest(case)
    days = [
        newest[compartment].day
        for table in (Grant, PairWrap)
        for compartment, epoch in table.objects.filter(case=case).values_list(
            "compartment", "epoch"
        )
        if compartment in newest and epoch < newest[compartment].number
    ]
    return min(days, default=None)


def to_mend(case: ids.Id) -> list[str]:
    """The compartments that somebody who holds them should re-seal (see `stale`)."""
    newest, server = _newest(case), rotation_principal().id
    wraps = [
        row
        for table in (Grant, PairWrap)
        for row in table.objects.filter(case=case).values_list("compartment", "epoch", "signer")
    ]
    return sorted(
        {
            compartment
            for compartment, epoch, signer in wraps
            if compartment in newest and (epoch < newest[compartment].number or signer == server)
        }
    )


def renew(
    ring: Ring, case: ids.Id, compartment: str, pairs: list[tuple[ids.Id, ids.Id]]
) -> tuple[int, bytes]:
    """An epoch for the present recipients whose key a person has made and signed: (number, key).

    `pairs` are those that open it together from now on; empty: the same as before. Where the newest is
    such a one (a re-sealing that was interrupted), it is used again. The caller re-seals the content
    and then calls `retire`.
    """
    with transaction.atomic(using=KEYSTORE):
        alone(case, compartment)
        number = current(case, compartment)
        held = keys_of(ring, [case], compartment).get(case, {})
        if number > 1 and number in held and not _made_by_server(case, compartment, number):
            return number, held[number]
        shares = shares_of(case, compartment)
        paired = PairWrap.objects.filter(case=case, compartment=compartment, epoch=number)
        pairs = pairs or _of_two(Signers().genuine(paired))
        signer = Signer(ring.id, ring.person)
        made = _make(signer, case, {compartment: (number + 1, shares)}, None, {compartment: pairs})
    return number + 1, made[compartment]


def _made_by_server(case: ids.Id, compartment: str, number: int) -> bool:
    """Whether an epoch's key came from a rotation without a person, whoever signed its list since."""
    server = rotation_principal().id
    return any(
        table.objects.filter(
            case=case, compartment=compartment, epoch=number, signer=server
        ).exists()
        for table in (Grant, PairWrap)
    )


def retire(case: ids.Id, compartment: str, before: int) -> None:
    """Destroy the wraps of all epochs before one: nothing is sealed under them any more."""
    with transaction.atomic(using=KEYSTORE):
        for table in (Grant, PairWrap):
            table.objects.filter(case=case, compartment=compartment, epoch__lt=before).delete()


def erase(case: ids.Id, compartments: tuple[str, ...] = COMPARTMENTS) -> None:
    """Destroy every wrap: whatever was sealed in these compartments is bytes for ever."""
    for table in (Grant, PairWrap, Epoch):
        table.objects.filter(case=case, compartment__in=compartments).delete()


def only_case(compartment: str) -> ids.Id:
    """The one case that has a compartment of this code (the house); NotFound before `amparo init`."""
    row = Epoch.objects.filter(compartment=compartment).first()
    if row is None:
        raise NotFound
    return row.case


def cases_of(principal: ids.Id) -> list[ids.Id]:
    """The cases whose cover a principal holds today."""
    rows = live().filter(grantee=principal, compartment="cover")
    return list(rows.values_list("case", flat=True).distinct())


def case_of(principal: ids.Id) -> ids.Id | None:
    """The case that an outside recipient was given something of, while it lasts."""
    row = live().filter(grantee=principal).first()
    return row.case if row else None
