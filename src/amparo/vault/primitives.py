"""Every sealed thing in Amparo is made here, from the primitives of `cryptography` alone.

Suite 1: HPKE base mode with X-Wing (MLKEM768-X25519), HKDF-SHA256 and ChaCha20-Poly1305 for wraps;
AES-256-GCM for fields; Cobblestone-256 (C2SP chunked encryption, key-committing) for secrets and
streams; Argon2id for passphrases; Ed25519 for signatures. One suite byte stands before every blob.
"""

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amparo.foundation.errors import CannotOpen

SUITE_1 = b"\x01"
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
PREFIX = b"amparo/v1"
LENGTH = struct.Struct(">I").pack
ID_LENGTH = LENGTH(36)  # before every id in a context
KEY = 32  # bytes of every symmetric key and every root
NONCE = 12
PUBLIC_KEM = 1216  # bytes of an X-Wing public key: ML-KEM-768 (1184) then X25519 (32)
PUBLIC_SIG = 32
SIGNATURE = 64


# --- context -------------------------------------------------------------------------------------
def ctx(kind: str, *parts: object) -> bytes:
    """The context of a sealed thing, as bytes: the prefix, then kind and parts with their lengths.

    Injective: two different lists of parts never give the same bytes. Bytes go in as they are,
    everything else as its text in UTF-8.
    """
    return PREFIX + further(kind, *parts)


def further(*parts: object) -> bytes:
    """Parts of a context that follow others: `ctx(kind, a, b)` is `ctx(kind)` and then `further(a, b)`,
    so that a list makes what its rows share only once."""
    out = []
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        out += [LENGTH(len(raw)), raw]
    return b"".join(out)


# --- small verbs ---------------------------------------------------------------------------------
def token(size: int = KEY) -> bytes:
    """`size` random bytes from the system."""
    return os.urandom(size)


def digest(*parts: bytes) -> bytes:
    """SHA-256 over the parts one after the other (32 bytes)."""
    return hashlib.sha256(b"".join(parts)).digest()


def keyed_digest(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (32 bytes): a look-up id that nobody can compute without the key."""
    return hmac.digest(key, data, "sha256")


def same(left: bytes, right: bytes) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left, right)


def derive(key: bytes, context: bytes, salt: bytes | None = None) -> bytes:
    """HKDF-SHA256 to one 32-byte key."""
    return HKDF(hashes.SHA256(), KEY, salt, context).derive(key)


# --- X-Wing --------------------------------------------------------------------------------------
def _expand(seed: bytes) -> bytes:
    if len(seed) != KEY:
        raise ValueError("an X-Wing seed has 32 bytes")
    return hashlib.shake_256(seed).digest(96)  # as draft-connolly-cfrg-xwing-kem says


def xwing_pair(seed: bytes) -> tuple[hpke.MLKEM768X25519PrivateKey, bytes]:
    """The private key of a 32-byte seed and its 1,216 public bytes."""
    expanded = _expand(seed)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    curve = X25519PrivateKey.from_private_bytes(expanded[64:])
    public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(lattice, curve), public


def xwing_private(seed: bytes) -> hpke.MLKEM768X25519PrivateKey:
    """The key pair of a 32-byte seed (which is also the seed of an age -pq identity)."""
    return xwing_pair(seed)[0]


def xwing_public_bytes(seed: bytes) -> bytes:
    """The 1,216 public bytes of a seed."""
    return xwing_pair(seed)[1]


def xwing_public(raw: bytes) -> hpke.MLKEM768X25519PublicKey:
    """The public key of 1,216 bytes; ValueError for anything else."""
    if len(raw) != PUBLIC_KEM:
        raise ValueError("an X-Wing public key has 1,216 bytes")
    return hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(raw[:1184]),
        X25519PublicKey.from_public_bytes(raw[1184:]),
    )


# --- key pairs -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class PublicKey:
    """What anybody may know of a principal: where to wrap to, and how its signature is checked."""

    kem: bytes  # 1,216 bytes
    sig: bytes  # 32 bytes
    _parsed: list[Any] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(cls, raw: bytes) -> "PublicKey":
        """From the 1,248 bytes of `raw`."""
        if len(raw) != PUBLIC_KEM + PUBLIC_SIG:
            raise CannotOpen
        return cls(raw[:PUBLIC_KEM], raw[PUBLIC_KEM:])

    @property
    def raw(self) -> bytes:
        """1,248 bytes: the wrap key, then the signature key."""
        return self.kem + self.sig

    @cached_property
    def fingerprint(self) -> str:
        """40 hex digits that two people can read to each other."""
        return digest(ctx("fingerprint", self.kem, self.sig)).hex()[:40]

    @property
    def parsed(self) -> hpke.MLKEM768X25519PublicKey:
        """The library's object, made once: parsing costs a third of a wrap."""
        if not self._parsed:
            self._parsed.append(xwing_public(self.kem))
        return self._parsed[0]

    def verify(self, signature: bytes, message: bytes) -> None:
        """CannotOpen unless the signature over `message` is this principal's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.sig).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise CannotOpen from None


class PrivateKey:
    """A principal's key pair, all of it derived from one 32-byte root. Never pickled, never shown."""

    __slots__ = ("_root", "_wiped", "_kem", "_sig", "public")

    def __init__(self, root: bytes) -> None:
        self._root, self._wiped = bytearray(root), False
        seed = derive(root, ctx("root", "kem"))
        self._kem, public = xwing_pair(seed)
        self._sig = Ed25519PrivateKey.from_private_bytes(derive(root, ctx("root", "sig")))
        self.public = PublicKey(public, self._sig.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key pair."""
        return cls(token())

    @property
    def root(self) -> bytes:
        """The root, as a copy of its own; CannotOpen once it was wiped."""
        copy = bytes(self._root)
        if self._wiped:  # looked at last: a copy that was begun before is whole
            raise CannotOpen
        return copy

    def wipe(self) -> None:
        """Overwrite the root: it stands no more in memory that is free. What was derived from it is the
        library's, which clears it when it lets go of it."""
        self._wiped = True
        self._root[:] = bytes(len(self._root))

    @property
    def age_seed(self) -> bytes:
        """The seed that is this key's age -pq identity; for the holder's own copy only."""
        return derive(self.root, ctx("root", "kem"))

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature (64 bytes)."""
        return self._sig.sign(message)

    def __repr__(self) -> str:
        return "<PrivateKey>"

    def __reduce__(self) -> Any:
        raise TypeError("a private key is never pickled")


# --- wraps: a small secret to a public key -------------------------------------------------------
def wrap(secret: bytes, to: PublicKey, context: bytes) -> bytes:
    """Seal `secret` to a public key; 1,137 bytes more than the secret. It names no sender."""
    return SUITE_1 + SUITE.encrypt(secret, to.parsed, info=context)


def unwrap(blob: bytes, key: PrivateKey, context: bytes) -> bytes:
    """The secret, or CannotOpen."""
    if blob[:1] != SUITE_1:
        raise CannotOpen
    try:
        return SUITE.decrypt(blob[1:], key._kem, info=context)
    except (InvalidTag, ValueError):
        raise CannotOpen from None


# --- fields --------------------------------------------------------------------------------------
def padded_size(size: int) -> int:
    """The length class of a text of `size` bytes: 64-byte steps to 512, 1, 4, 16, 64 KiB, then
    64 KiB steps. One byte of padding always stands, so a class holds at most its size less one."""
    need = size + 1
    if need <= 512:
        return -(-need // 64) * 64
    for step in (1024, 4096, 16384, 65536):
        if need <= step:
            return step
    return -(-need // 65536) * 65536


def pad(data: bytes) -> bytes:
    """Fill up to the length class (ISO 7816-4: 0x80, then zeros)."""
    return data + b"\x80" + bytes(padded_size(len(data)) - len(data) - 1)


def unpad(data: bytes) -> bytes:
    """Undo `pad`; CannotOpen when the padding is not what `pad` makes."""
    body, mark, rest = data.rpartition(b"\x80")
    if not mark or rest.strip(b"\0"):
        raise CannotOpen
    return body


def seal(key: bytes, data: bytes, context: bytes) -> bytes:
    """AES-256-GCM over the padded data: suite byte, 12-byte nonce, ciphertext with its tag."""
    nonce = os.urandom(NONCE)
    return SUITE_1 + nonce + AESGCM(key).encrypt(nonce, pad(data), context)


def open_(key: bytes, blob: bytes, context: bytes) -> bytes:
    """What `seal` sealed under the same key and context, or CannotOpen."""
    if blob[:1] != SUITE_1 or len(blob) < 1 + NONCE + 16:
        raise CannotOpen
    try:
        data = AESGCM(key).decrypt(blob[1 : 1 + NONCE], blob[1 + NONCE :], context)
    except (InvalidTag, ValueError):
        raise CannotOpen from None
    return unpad(data)


# --- secrets: key-committing, for whatever a guessed or chosen key might open ----------------------
def seal_secret(key: bytes, data: bytes, context: bytes) -> bytes:
    """Cobblestone-256: suite byte, then the stream's bytes. Not padded."""
    sealer = Cobblestone256Encryptor(key, context)
    return SUITE_1 + sealer.update(data) + sealer.finalize()


def open_secret(key: bytes, blob: bytes, context: bytes) -> bytes:
    """What `seal_secret` sealed, or CannotOpen."""
    if blob[:1] != SUITE_1:
        raise CannotOpen
    opener = StreamOpener(key, context)
    return opener.update(blob[1:]) + opener.finish()


class StreamSealer:
    """Seals a stream piece by piece under one key and context."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._stream = Cobblestone256Encryptor(key, context)

    def update(self, data: bytes) -> bytes:
        """The sealed bytes that are ready."""
        return self._stream.update(data)

    def finish(self) -> bytes:
        """The last sealed bytes; without them the stream cannot be opened to its end."""
        return self._stream.finalize()


class StreamOpener:
    """Opens a stream piece by piece. What it gave out counts only after `finish` has passed."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._stream = Cobblestone256Decryptor(key, context)

    def update(self, data: bytes) -> bytes:
        """Opened bytes, or CannotOpen."""
        try:
            return self._stream.update(data)
        except (InvalidTag, ValueError):
            raise CannotOpen from None

    def finish(self) -> bytes:
        """The last opened bytes, or CannotOpen when the stream was cut or altered."""
        try:
            return self._stream.finalize()
        except (InvalidTag, ValueError):
            raise CannotOpen from None


def self_test() -> None:
    """Refuse to run where the hybrid KEM or a context is not honoured (an old OpenSSL, say)."""
    key, secret = PrivateKey(bytes(range(KEY))), token()
    if unwrap(wrap(secret, key.public, b"self-test"), key, b"self-test") != secret:
        raise RuntimeError("this build of `cryptography` does not open what it wrapped")
    try:
        unwrap(wrap(secret, key.public, b"self-test"), key, b"another")
    except CannotOpen:
        return
    raise RuntimeError("this build of `cryptography` does not bind the context of a wrap")
