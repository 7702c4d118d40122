"""Sessions: a root is stored only under a key whose other half is with the person.

The store alone and the handle alone open nothing. An unlocked ring stays in this process for a few
minutes at most and is thrown away when the person's generation moves, so a revocation holds in
every process at the next request. A session that is kept awake ends twelve hours after it began: its
last minute lies sealed beside the root.
"""

import struct
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.vault.keys import Ring, marked, open_marked
from amparo.vault.models import Principal, Session
from amparo.vault.primitives import (
    KEY,
    CannotOpen,
    PrivateKey,
    ctx,
    derive,
    digest,
    same,
    seal_secret,
    token,
)

SID = 16
HANDLE = SID + KEY  # bytes that the person keeps: which session, and its half
RING_LIFE = 15 * 60  # seconds
RINGS = 256
LONGEST = timedelta(hours=12)
MINUTE = struct.Struct(">I")  # a session's last one, counted from 1970


@dataclass(frozen=True)
class _Kept:
    """A ring in memory: when it is dropped, a digest of the whole handle, the session's last minute."""

    dropped_at: float
    whole: bytes
    ring: Ring
    last: datetime


_rings: OrderedDict[bytes, _Kept] = OrderedDict()
_lock = threading.Lock()


def _find(handle: bytes) -> bytes:
    if len(handle) != HANDLE:
        raise CannotOpen
    return digest(ctx("session", handle[:SID]))


def _key(handle: bytes, half: bytes, principal: ids.Id) -> bytes:
    return derive(handle[SID:], ctx("session", principal), salt=half)


def begin(
    key: PrivateKey, principal: ids.Id, generation: int, kind: str, *, seen: bool = False
) -> bytes:
    """Open a session; returns the 48-byte handle that only the person keeps. The key is the session's
    from now on, and is wiped with it. `seen`: by a code that somebody else has seen.

    A return code has one window: a second one closes the first.
    """
    if kind == "code":
        end_all(principal)
    handle, half = token(HANDLE), token(KEY)
    minute = int((clock.now() + LONGEST).timestamp()) // 60
    content = key.root + MINUTE.pack(minute)
    place = marked("session", principal, seen=seen)
    sealed = seal_secret(_key(handle, half, principal), content, place)
    Session.objects.create(
        find=_find(handle),
        principal_id=principal,
        kind=kind,
        half=half,
        sealed=sealed,
        until=_end(),
    )
    _remember(handle, Ring(principal, key, generation, seen), _moment(minute))
    return handle


def begin_outside(root: bytes, reader: ids.Id) -> bytes:
    """A session for a reader outside the house, whose root came out of a link."""
    row = Principal.objects.filter(id=reader, kind="outside", active=True).first()
    key = PrivateKey(root)
    if row is None or bytes(row.public) != key.public.raw:
        raise CannotOpen
    return begin(key, reader, row.generation, "outside")


def resume(handle: bytes, kind: str, *, keep_alive: bool = True) -> Ring:
    """The ring of a live session, or CannotOpen. Using it keeps it alive, unless it is a page that
    asks by itself while nobody is there."""
    find = _find(handle)
    row = Session.objects.select_related("principal").filter(find=find, kind=kind).first()
    if row is None or row.until <= clock.now() or not row.principal.active:
        forget(find)
        raise CannotOpen
    kept = _recall(handle)
    if kept is None or kept.ring.generation != row.principal.generation:
        kept = _open(handle, row)
    if kept.last <= clock.now():
        end(handle)
        raise CannotOpen
    # Written again only when a third of its life is gone: a write is a flush to disk.
    if keep_alive and row.until - clock.now() < timedelta(minutes=config().session_minutes) * 2 / 3:
        Session.objects.filter(find=find).update(until=min(_end(), kept.last))
    return kept.ring


def _open(handle: bytes, row: Session) -> _Kept:
    content, seen = open_marked(
        _key(handle, bytes(row.half), row.principal_id),
        bytes(row.sealed),
        "session",
        row.principal_id,
    )
    if len(content) != KEY + MINUTE.size:
        raise CannotOpen
    ring = Ring(row.principal_id, PrivateKey(content[:KEY]), row.principal.generation, seen)
    return _remember(handle, ring, _moment(*MINUTE.unpack(content[KEY:])))


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def end(handle: bytes) -> None:
    """Close one session: its row and its ring are gone."""
    try:
        find = _find(handle)
    except CannotOpen:
        return
    Session.objects.filter(find=find).delete()
    forget(find)


def end_all(principal: ids.Id) -> int:
    """Close every session of a principal; returns how many there were."""
    rows = Session.objects.filter(principal_id=principal)
    for find in rows.values_list("find", flat=True):
        forget(bytes(find))
    return rows.delete()[0]


def end_everything() -> int:
    """Lockdown: close every session of everybody."""
    forget()
    return Session.objects.all().delete()[0]


def sweep() -> int:
    """Remove sessions whose time is over."""
    return Session.objects.filter(until__lte=clock.now()).delete()[0]


def _end() -> datetime:
    return clock.now() + timedelta(minutes=config().session_minutes)


def _whole(handle: bytes) -> bytes:
    return digest(ctx("ring", handle))


def _remember(handle: bytes, ring: Ring, last: datetime) -> _Kept:
    kept = _Kept(time.monotonic() + RING_LIFE, _whole(handle), ring, last)
    with _lock:
        before = _rings.pop(_find(handle), None)
        out = [before] if before is not None else []
        _rings[_find(handle)] = kept
        while len(_rings) > RINGS:
            out.append(_rings.popitem(last=False)[1])
        for one in out:
            one.ring.wipe()
    return kept


def _recall(handle: bytes) -> _Kept | None:
    with _lock:
        kept = _rings.get(_find(handle))
        if kept is None:
            return None
        if kept.dropped_at < time.monotonic():
            _rings.pop(_find(handle)).ring.wipe()
            return None
        # The ring answers to the whole handle, not to the half that says which session it is.
        if not same(kept.whole, _whole(handle)):
            raise CannotOpen
        return kept


def drop_old() -> int:
    """Let go of rings whose minutes are over, also those that nobody asks for any more; how many."""
    now = time.monotonic()
    with _lock:
        old = [find for find, kept in _rings.items() if kept.dropped_at < now]
        for find in old:
            _rings.pop(find).ring.wipe()
    return len(old)


def forget(find: bytes | None = None) -> None:
    """Drop one ring from this process, or all of them."""
    with _lock:
        for one in [find] if find is not None else list(_rings):
            kept = _rings.pop(one, None)
            if kept is not None:
                kept.ring.wipe()
