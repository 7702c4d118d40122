"""Principals, the locks round their roots, memberships, and the ring of keys of a signed-in person."""

import contextlib
import threading
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from django.db.models import F

from amparo.foundation import ids, operations
from amparo.foundation.config import config
from amparo.foundation.errors import NotFound, Unavailable
from amparo.vault import server
from amparo.vault.models import (
    Epoch,
    Grant,
    Membership,
    PairWrap,
    Principal,
    Second,
    Session,
    Slot,
)
from amparo.vault.primitives import (
    CannotOpen,
    PrivateKey,
    PublicKey,
    ctx,
    digest,
    keyed_digest,
    open_secret,
    same,
    seal_secret,
    token,
    unwrap,
    wrap,
)

# Passphrases: libsodium's "moderate". a0 is OWASP's least, for tests; doctor warns about it.
LEVELS = {"a1": (3, 1, 256 * 1024), "a0": (2, 1, 19 * 1024)}  # passes, lanes, KiB
_hashing = threading.Semaphore(2)  # two at a time bound the memory to 512 MiB
# Whoever knocks at the desk again and again must neither keep every thread of the server waiting, for
# calls for help need them, nor those out who have signed in with their device before: strangers have
# one place of the two.
_strangers = threading.Semaphore(1)
_waiting = {
    False: threading.Semaphore(4),
    True: threading.Semaphore(8),
}  # known: hashing or waiting
SALT = 16


# --- locks ---------------------------------------------------------------------------------------
def _stretch(passphrase: str, salt: bytes, level: str, *, known: bool = False) -> bytes:
    settings = LEVELS.get(level)
    if settings is None:
        raise CannotOpen
    passes, lanes, memory = settings
    argon = Argon2id(
        salt=salt,
        length=32,
        iterations=passes,
        lanes=lanes,
        memory_cost=memory,
        secret=server.load().key("pepper"),
    )
    if not _waiting[known].acquire(blocking=False):
        raise Unavailable("too many at once")
    try:
        with contextlib.nullcontext() if known else _strangers, _hashing:
            return argon.derive(normal(passphrase).encode())
    finally:
        _waiting[known].release()


def lock(root: bytes, passphrase: str, principal: ids.Id, *, known: bool = False) -> bytes:
    """The root under a passphrase: two bytes of level, 16 of salt, then the sealed root. `known`: asked
    for by somebody who is signed in, or by a device that was."""
    level, salt = config().hash_level, token(SALT)
    key = _stretch(passphrase, salt, level, known=known)
    return level.encode() + salt + seal_secret(key, root, ctx("lock", principal))


def unlock(blob: bytes, passphrase: str, principal: ids.Id, *, known: bool = False) -> PrivateKey:
    """The principal's key, or CannotOpen."""
    level, salt = blob[:2].decode("ascii", "replace"), blob[2 : 2 + SALT]
    key = _stretch(passphrase, salt, level, known=known)
    return PrivateKey(open_secret(key, blob[2 + SALT :], ctx("lock", principal)))


def waste_a_hash(passphrase: str, *, known: bool = False) -> None:
    """What a wrong name costs, so that it takes as long as a wrong passphrase."""
    _stretch(passphrase, token(SALT), config().hash_level, known=known)


def normal(text: str) -> str:
    """A text as it is whatever device it was typed on: é is one letter on one and two on another."""
    return unicodedata.normalize("NFKC", text)


def folded(text: str) -> str:
    """A name or an agreed word without what does not count: case, spaces and the typing device."""
    return " ".join(normal(normal(text).casefold()).split())


def name_digest(name: str) -> bytes:
    """How a sign-in name is found: a keyed digest, so that the key store holds no names."""
    return keyed_digest(server.load().key("pepper"), ctx("sign-in name", folded(name)))


def same_word(left: str, right: str) -> bool:
    """Whether two agreed words are the same, whatever their case and spaces; in constant time."""
    return same(folded(left).encode(), folded(right).encode())


# --- principals ----------------------------------------------------------------------------------
@lru_cache(maxsize=4096)
def public_of(raw: bytes) -> PublicKey:
    """The parsed public key of a principal's row."""
    return PublicKey.of(raw)


def principals(wanted: set[ids.Id]) -> dict[ids.Id, Principal]:
    """Rows of the wanted principals, to wrap to: NotFound when one is missing, CannotOpen when one has
    a public key that nobody stands for."""
    found = {row.id: row for row in Principal.objects.filter(id__in=wanted)}
    if len(found) != len(wanted):
        raise NotFound
    if not all(genuine(row) for row in found.values()):
        raise CannotOpen
    return found


def team(code: str) -> Principal:
    """The team of a code; Unavailable before `amparo init` has made it, or when its key is one that no
    founder's chain stands for.

    `active` is a column that nobody signs, so a team that another has signed to succeed is never the
    one, whatever the column says: those who left may still hold its key.
    """
    rows = [row for row in Principal.objects.filter(kind="team", code=code) if trusted(row)]
    succeeded = {row.succeeds for row in rows}
    for row in rows:
        if row.active and row.id not in succeeded:
            return row
    raise Unavailable(f"there is no team {code}")


def id_of(public: PublicKey, kind: str = "principal") -> ids.Id:
    """An id that commits to a public key and looks like any other random one.

    Defenders and readers outside have such an id, and a call has the one of kind "case" that follows
    from its defender's key: whoever can write to the tables can put no other key in its place.
    """
    raw = bytearray(digest(ctx(f"id-{kind}", public.raw))[:16])
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return ids.Id(bytes=bytes(raw))


def genuine(row: Principal) -> bool:
    """Whether the public key in a row is that of the principal it stands for.

    People and teams: a founder's chain says so. Defenders and outside readers: the id commits to it.
    The server's rotation key: the server's file says so.
    """
    public = public_of(bytes(row.public))
    if row.kind in {"defender", "outside"}:
        return row.id == id_of(public)
    if row.kind == "rotation":
        return public.raw == rotation_key().public.raw
    return trusted(row)


def rotation_key() -> PrivateKey:
    """The server's key for rotations without a person."""
    return _private_of(server.load().key("rotation"))


@lru_cache(maxsize=4)
def _private_of(root: bytes) -> PrivateKey:
    return PrivateKey(root)


def voucher_text(row: Principal) -> bytes:
    """What a voucher's signature covers."""
    return ctx("voucher", row.id, row.kind, row.code, bytes(row.public), row.succeeds or "")


def add_principal(
    kind: str,
    key: PrivateKey,
    *,
    by: "Ring | None" = None,
    code: str = "",
    succeeds: ids.Id | None = None,
    op: ids.Id | None = None,
) -> Principal:
    """A new principal, vouched for by the holder of a ring (a founder vouches for themselves)."""
    row = Principal(kind=kind, code=code, public=key.public.raw, succeeds=succeeds, op=op)
    if kind in {"defender", "outside"}:
        row.id = id_of(key.public)
    if by is not None:
        row.vouched_by, row.voucher = by.id, by.person.sign(voucher_text(row))
    elif kind == "person":
        row.vouched_by, row.voucher = row.id, key.sign(voucher_text(row))
    row.save(force_insert=True)
    return row


def vouch(ring: "Ring", row: Principal) -> None:
    """Sign that a principal is who they say, after their fingerprint was compared."""
    row.vouched_by, row.voucher = ring.id, ring.person.sign(voucher_text(row))
    row.save(update_fields=["vouched_by", "voucher"])


def move_generations(of: set[ids.Id]) -> None:
    """Have the rings of these principals dropped at their next request."""
    Principal.objects.filter(id__in=of).update(generation=F("generation") + 1)


def trusted(row: Principal, depth: int = 12) -> bool:
    """Whether a chain of vouchers leads from this person or team to a pinned founder.

    Somebody who can write to the key store can add rows; without a founder's signature they
    are nobody. Whoever has left stays trusted for what they signed while they were here.
    """
    if row.kind not in {"person", "team"}:
        return False
    # A signature that held once holds for ever: only what was found true is remembered.
    # Also by whom: the column is not part of what they signed.
    by = str(row.vouched_by).encode()
    pinned = map(str.encode, server.load().founders)
    mark = digest(ctx("trusted", voucher_text(row), bytes(row.voucher), by), *pinned)
    if mark not in _known:
        if row.vouched_by == row.id:
            founders = server.load().founders
            good = row.kind == "person" and public_of(bytes(row.public)).fingerprint in founders
        else:
            good = _vouched(row, depth)
        if not good:
            return False
        if len(_known) > KNOWN:
            _known.clear()
        _known.add(mark)
    return True


KNOWN = 100_000
_known: set[bytes] = set()


def _vouched(row: Principal, depth: int) -> bool:
    if depth == 0 or row.vouched_by is None:
        return False
    voucher = Principal.objects.filter(id=row.vouched_by, kind="person").first()
    if voucher is None:
        return False
    try:
        public_of(bytes(voucher.public)).verify(bytes(row.voucher), voucher_text(row))
    except CannotOpen:
        return False
    if voucher.vouched_by == voucher.id:
        return public_of(bytes(voucher.public)).fingerprint in server.load().founders
    return _vouched(voucher, depth - 1)


@operations.undoes
def _undo(op: ids.Id) -> None:
    seats = set(Membership.objects.filter(op=op).values_list("member_id", flat=True))
    for table in (Grant, PairWrap, Epoch, Membership, Second, Slot, Principal):
        table.objects.filter(op=op).delete()
    # Whose welcome broke off is nobody's colleague yet: the signature for them goes with their seats.
    for row in Principal.objects.filter(id__in=seats, kind="person", memberships=None):
        if not _has_signed(row.id):
            Principal.objects.filter(id=row.id).update(vouched_by=None, voucher=b"")


def _has_signed(person: ids.Id) -> bool:
    """Whether anything stands on a person's signature: it falls with their voucher."""
    tables = (Grant, PairWrap, Epoch, Membership, Second)
    signed = any(table.objects.filter(signer=person).exists() for table in tables)
    return signed or Principal.objects.filter(vouched_by=person).exists()


# --- the ring ------------------------------------------------------------------------------------
def _membership_context(team_row: Principal, member: PublicKey) -> bytes:
    return ctx("membership", team_row.id, bytes(team_row.public), member.fingerprint)


def check_seat(row: Membership, member: PublicKey) -> bytes:
    """The context of a membership, or CannotOpen unless somebody signed it whom a founder's chain
    stands for."""
    context = _membership_context(row.team, member)
    signer = Principal.objects.filter(id=row.signer).first()
    if signer is None or not trusted(signer) or not trusted(row.team):
        raise CannotOpen
    public_of(bytes(signer.public)).verify(
        bytes(row.signature), ctx("membership-signature", context, bytes(row.wrap))
    )
    return context


@dataclass(frozen=True)
class Seat:
    """A place in a team. One in a team that was succeeded still opens what waits to be re-sealed, and
    the journal's older entries; it is no role any more."""

    code: str
    active: bool
    key: PrivateKey


@dataclass(eq=False)
class Ring:
    """The keys of one signed-in principal, in memory only, for a few minutes at most."""

    id: ids.Id
    person: PrivateKey
    generation: int = 0
    seen: bool = False  # somebody else has seen the code that opened it
    # (case, compartment, epoch, purpose) -> key
    compartments: dict[tuple[ids.Id, str, int, str], bytes] = field(default_factory=dict)
    memory: dict[str, object] = field(default_factory=dict)  # what a room keeps while it lives
    # compartment -> (case as 32 hex digits, epoch) -> key; what lists have opened
    listed: dict[str, dict[tuple[str, int], bytes]] = field(default_factory=dict)
    _teams: dict[ids.Id, "Seat"] | None = None

    def __repr__(self) -> str:
        return "<Ring>"

    @property
    def teams(self) -> "dict[ids.Id, Seat]":
        """Team id -> seat, opened once from the person's memberships."""
        if self._teams is None:
            self._teams = {}
            rows = Membership.objects.filter(member_id=self.id).select_related("team")
            for row in rows:
                # A membership that somebody planted gives nothing, and locks nobody out.
                with contextlib.suppress(CannotOpen):
                    seat = Seat(row.team.code, row.team.active, self._join(row))
                    self._teams[row.team_id] = seat
        return self._teams

    def _join(self, row: Membership) -> PrivateKey:
        context = check_seat(row, self.person.public)
        key = PrivateKey(unwrap(bytes(row.wrap), self.person, context))
        if key.public.raw != bytes(row.team.public):
            raise CannotOpen
        return key

    @property
    def roles(self) -> frozenset[str]:
        """Codes of the teams that this person is in."""
        return frozenset(seat.code for seat in self.teams.values() if seat.active)

    def key(self, principal: ids.Id) -> PrivateKey | None:
        """The private key of oneself or of one of one's teams."""
        if principal == self.id:
            return self.person
        seat = self.teams.get(principal)
        return seat.key if seat else None

    def held(self) -> set[ids.Id]:
        """Oneself and one's teams."""
        return {self.id, *self.teams}

    def wipe(self) -> None:
        """The ring is out of use: overwrite its roots. A request that has it still reads to its end."""
        self.person.wipe()
        for seat in (self._teams or {}).values():
            seat.key.wipe()


def add_member(
    ring: Ring, team_row: Principal, team_root: bytes, member: Principal, op: ids.Id | None = None
) -> Membership:
    """Wrap a team's root to a member, signed by the holder of `ring`."""
    public = public_of(bytes(member.public))
    context = _membership_context(team_row, public)
    blob = wrap(team_root, public, context)
    signature = ring.person.sign(ctx("membership-signature", context, blob))
    row = Membership(
        team=team_row, member=member, wrap=blob, signer=ring.id, signature=signature, op=op
    )
    row.save(force_insert=True)
    return row


# --- defenders -----------------------------------------------------------------------------------
def new_defender(lookup: bytes, lock_key: bytes, *, op: ids.Id, seen: bool = False) -> Ring:
    """A key pair for somebody without an account, locked by what their return code yields. `seen`:
    somebody else has it before them, too."""
    key = PrivateKey.generate()
    row = add_principal("defender", key, op=op)
    Slot.objects.create(
        principal=row,
        kind="code",
        find=lookup,
        blob=_code_lock(key.root, lock_key, row.id, seen=seen),
        op=op,
    )
    return Ring(row.id, key, seen=seen)


def case_of(defender: Ring) -> ids.Id:
    """The id of the case that begins with a defender's call: it follows from their key."""
    return id_of(defender.person.public, "case")


def marked(kind: str, principal: ids.Id, *, seen: bool) -> bytes:
    """The context of a code's lock, or of its session. That somebody else has seen the code stands in
    it and nowhere in clear: only who has the code can make such a lock, and none can be changed."""
    return ctx(f"{kind}-seen" if seen else kind, principal)


def open_marked(key: bytes, blob: bytes, kind: str, principal: ids.Id) -> tuple[bytes, bool]:
    """(what is sealed, whether somebody else has seen the code), or CannotOpen."""
    try:
        return open_secret(key, blob, marked(kind, principal, seen=False)), False
    except CannotOpen:
        return open_secret(key, blob, marked(kind, principal, seen=True)), True


def _code_lock(root: bytes, lock_key: bytes, principal: ids.Id, *, seen: bool = False) -> bytes:
    return seal_secret(lock_key, root, marked("code-lock", principal, seen=seen))


def open_code(lookup: bytes, lock_key: bytes) -> tuple[Principal, PrivateKey, bool]:
    """The defender of a return code and whether somebody else has seen it, or CannotOpen."""
    slot = Slot.objects.filter(find=lookup, kind="code").select_related("principal").first()
    if slot is None:
        raise CannotOpen
    root, seen = open_marked(lock_key, bytes(slot.blob), "code-lock", slot.principal_id)
    return slot.principal, PrivateKey(root), seen


def replace_code(ring: Ring, lookup: bytes, lock_key: bytes) -> None:
    """Another lock round the same key; the old code opens nothing from now on. The new one counts as
    seen by nobody else from its first use on: sessions of the old one stay what they were."""
    Slot.objects.filter(principal_id=ring.id, kind="code").update(
        find=lookup, blob=_code_lock(ring.person.root, lock_key, ring.id)
    )


def remove_defender(principal: ids.Id) -> None:
    """Destroy a defender's lock and sessions. The public key stays to check old signatures."""
    Slot.objects.filter(principal_id=principal).delete()
    Session.objects.filter(principal_id=principal).delete()
    Principal.objects.filter(id=principal, kind="defender").update(active=False)
