"""What carriers want signed or encrypted in their own ways: messages for one browser (RFC 8291), the
name under which this server speaks to push services (RFC 8292), and signed webhooks."""

import base64
import json
import os
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from amparo.vault import server
from amparo.vault.primitives import CannotOpen, ctx, derive, keyed_digest

CURVE = ec.SECP256R1()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
POINT, AUTH, SALT = 65, 16, 16  # bytes
RECORD = 4096  # the record size that is announced; a message is one record
ROOM = 512  # bytes that every message is filled up to, so that its size says nothing
LIFE = timedelta(hours=12)  # of one vouching; services refuse more than a day


def encoded(data: bytes) -> str:
    """base64url without its end signs, as all of these formats want it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Undo `encoded`; ValueError for anything else."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


# --- RFC 8291: a message that only one browser opens ----------------------------------------------
def seal_push(
    p256dh: str,
    auth: str,
    text: bytes,
    *,
    salt: bytes | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
    room: int = ROOM,
) -> bytes:
    """One record of aes128gcm (RFC 8188) for the browser that gave these two keys, filled up to `room`
    bytes. `salt` and `key` are fresh ones; the RFC's own example gives them."""
    point, secret = decoded(p256dh), decoded(auth)
    if len(point) != POINT or len(secret) != AUTH:
        raise ValueError("these are no keys of a browser")
    salt, key = salt or os.urandom(SALT), key or ec.generate_private_key(CURVE)
    mine = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point))
    content, nonce = _keys(shared, secret, point, mine, salt)
    filled = text + b"\x02" + bytes(max(room - len(text) - 1, 0))  # 2: the last record
    if len(filled) + 16 > RECORD:
        raise ValueError("too long for one message")
    sealed = AESGCM(content).encrypt(nonce, filled, None)
    return salt + RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine + sealed


def open_push(key: ec.EllipticCurvePrivateKey, auth: bytes, body: bytes) -> bytes:
    """What the browser does with it; for the stand-in of a push service. CannotOpen when it is none."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    salt, length = body[:SALT], body[SALT + 4 : SALT + 5]
    if length != bytes([POINT]):
        raise CannotOpen
    theirs, sealed = body[SALT + 5 : SALT + 5 + POINT], body[SALT + 5 + POINT :]
    try:
        shared = key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs)
        )
        content, nonce = _keys(shared, auth, point, theirs, salt)
        filled = AESGCM(content).decrypt(nonce, sealed, None)
    except (InvalidTag, ValueError):
        raise CannotOpen from None
    text, mark, rest = filled.rpartition(b"\x02")
    if not mark or rest.strip(b"\0"):
        raise CannotOpen
    return text


def _keys(
    shared: bytes, auth: bytes, browser: bytes, server_: bytes, salt: bytes
) -> tuple[bytes, bytes]:
    inner = HKDF(hashes.SHA256(), 32, auth, b"WebPush: info\0" + browser + server_).derive(shared)
    content = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(inner)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(inner)
    return content, nonce


def new_browser() -> tuple[ec.EllipticCurvePrivateKey, bytes, dict[str, str]]:
    """(its key, its secret, what it gives away of them): a browser of the stand-in."""
    key, auth = ec.generate_private_key(CURVE), os.urandom(AUTH)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return key, auth, {"p256dh": encoded(point), "auth": encoded(auth)}


# --- RFC 8292: the name of this server ------------------------------------------------------------
def _name() -> ec.EllipticCurvePrivateKey:
    """Made from the pepper, which outlives a lockdown: it opens nothing, and browsers that were told of
    it go on believing it."""
    raw = derive(server.load().key("pepper"), ctx("push", server.load().installation))
    return ec.derive_private_key(int.from_bytes(raw, "big") % (ORDER - 1) + 1, CURVE)


def name() -> str:
    """The public half, which a browser wants when it subscribes."""
    point = _name().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encoded(point)


def vouch(audience: str, contact: str, now: datetime) -> str:
    """The Authorization header for a push service at `audience` (scheme and host): a token that lives
    twelve hours, and the key that it is checked with."""
    head = encoded(json.dumps({"typ": "JWT", "alg": "ES256"}).encode())
    claims = {"aud": audience, "exp": int((now + LIFE).timestamp()), "sub": contact}
    said = f"{head}.{encoded(json.dumps(claims).encode())}"
    first, second = decode_dss_signature(_name().sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    mark = encoded(first.to_bytes(32, "big") + second.to_bytes(32, "big"))
    return f"vapid t={said}.{mark}, k={name()}"


# --- Standard Webhooks ----------------------------------------------------------------------------
def sign_webhook(key: bytes, id_: str, second: str, body: bytes) -> str:
    """The header `webhook-signature`: HMAC-SHA256 over id, second and body with dots between."""
    mark = keyed_digest(key, f"{id_}.{second}.".encode() + body)
    return f"v1,{base64.b64encode(mark).decode()}"
