"""The duty key: what the server itself may open, and nothing else (links, queue, armed plans).

A capsule opens with a token and the duty key together and with neither alone.
"""

import base64
import json
from typing import Any

from amparo.foundation import ids
from amparo.vault import server
from amparo.vault.keys import public_of
from amparo.vault.primitives import (
    KEY,
    CannotOpen,
    PrivateKey,
    ctx,
    derive,
    digest,
    keyed_digest,
    open_secret,
    pad,
    same,
    seal_secret,
    token,
    unpad,
    unwrap,
    wrap,
)

TOKEN = 16
_key: list[tuple[bytes, PrivateKey]] = []


def _duty() -> PrivateKey:
    root = server.load().key("duty")
    if not _key or _key[0][0] != root:
        _key[:] = [(root, PrivateKey(root))]
    return _key[0][1]


@server.forgets
def forget() -> None:
    """Lockdown, perhaps by another process: let go of the key that this one holds in memory."""
    for _, key in _key:
        key.wipe()
    _key.clear()


def seal(kind: str, row: ids.Id, doc: dict[str, Any]) -> bytes:
    """A document that the engine may open when its time has come."""
    text = json.dumps({"v": 1} | doc, ensure_ascii=False).encode()
    public = public_of(_duty().public.raw)
    return wrap(pad(text), public, ctx("duty", server.load().installation, kind, row))


def open_(kind: str, row: ids.Id, blob: bytes) -> dict[str, Any]:
    """The document, or CannotOpen; Unavailable after a lockdown."""
    context = ctx("duty", server.load().installation, kind, row)
    doc: dict[str, Any] = json.loads(unpad(unwrap(blob, _duty(), context)))
    return doc


def hidden_id(*parts: object) -> ids.Id:
    """An id that only who has the duty key can tell from any other random one."""
    raw = bytearray(keyed_digest(server.load().key("duty"), ctx("hidden id", *parts))[:16])
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return ids.Id(bytes=bytes(raw))


def is_hidden(found: ids.Id, *parts: object) -> bool:
    """Whether an id is the hidden one of these; in constant time."""
    return same(found.bytes, hidden_id(*parts).bytes)


def find(secret: bytes) -> bytes:
    """How a capsule is found from its token."""
    return digest(ctx("capsule-find", server.load().installation, secret))


def as_text(secret: bytes) -> str:
    """A capsule's token as it stands in an address."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """The same the other way; empty, which opens nothing, for what is none."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def make_capsule(kind: str, row: ids.Id, doc: dict[str, Any]) -> tuple[bytes, bytes]:
    """(token of 16 bytes for the person, blob for the row)."""
    secret, inner = token(TOKEN), token(KEY)
    place = ctx("capsule", server.load().installation, kind, row)
    box = wrap(inner, public_of(_duty().public.raw), place)
    key = derive(inner, place, salt=secret)
    text = json.dumps({"v": 1} | doc, ensure_ascii=False).encode()
    return secret, len(box).to_bytes(2, "big") + box + seal_secret(key, pad(text), place)


def open_capsule(kind: str, row: ids.Id, secret: bytes, blob: bytes) -> dict[str, Any]:
    """The document, or CannotOpen."""
    place = ctx("capsule", server.load().installation, kind, row)
    size = int.from_bytes(blob[:2], "big")
    if len(secret) != TOKEN or len(blob) < 2 + size:
        raise CannotOpen
    inner = unwrap(blob[2 : 2 + size], _duty(), place)
    text = unpad(open_secret(derive(inner, place, salt=secret), blob[2 + size :], place))
    doc: dict[str, Any] = json.loads(text)
    return doc


def mark(kind: str, text: str) -> bytes:
    """How something is found again that stands nowhere in clear (a number, a phrase): 32 bytes that
    only the duty key can make, and that a lockdown makes worthless. Whoever has the key can try what
    is short, such as numbers; so a mark lives no longer than what it is for."""
    context = ctx("duty-mark", server.load().installation, kind)
    return keyed_digest(derive(server.load().key("duty"), context), text.encode())
