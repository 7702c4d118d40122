"""Writes and reads age files (c2sp.org/age, v1) for hybrid post-quantum recipients.

Framing only: every primitive is `cryptography`'s. Whatever leaves the database leaves in this
format, so that age 1.3 or later, npm `age-encryption` or our own `restore.py` open it without
Amparo. It goes the day a well-kept library writes `mlkem768x25519` stanzas.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amparo.vault.primitives import (
    SUITE,
    CannotOpen,
    xwing_private,
    xwing_public,
    xwing_public_bytes,
)

VERSION_LINE = b"age-encryption.org/v1\n"
STANZA = b"mlkem768x25519"
HPKE_INFO = b"age-encryption.org/mlkem768x25519"
RECIPIENT_PREFIX = "age1pq"
IDENTITY_PREFIX = "AGE-SECRET-KEY-PQ-"

CHUNK = 64 * 1024  # bytes of plaintext under one tag
FILE_KEY, NONCE, TAG = 16, 16, 16
ENCAPSULATED = 1120  # ML-KEM-768 ciphertext (1,088), then an X25519 share (32)
COLUMNS = 64  # base64 characters in a full line of a stanza's body
HEADER_LIMIT = 1 << 20  # bytes; a header is held in memory before anything in it is authenticated
RECIPIENT_LIMIT = 256  # 400 KB of header: no file of ours comes near, and every reader copes

Recipient = str | MLKEM768X25519PublicKey
Identity = str | MLKEM768X25519PrivateKey


class Readable(Protocol):
    """Gives at most `size` bytes, fewer when that is what it has, and none at its end."""

    def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


# --- keys as text --------------------------------------------------------------------------------
def recipient_of(seed: bytes) -> str:
    """The `age1pq1…` string (1,959 characters) to which the owner of a 32-byte seed can be sent."""
    return recipient_of_public(xwing_public_bytes(seed))


def recipient_of_public(raw: bytes) -> str:
    """The same, from the 1,216 bytes of an X-Wing public key."""
    return _bech32(RECIPIENT_PREFIX, raw)


def identity_of(seed: bytes) -> str:
    """The `AGE-SECRET-KEY-PQ-1…` string of a 32-byte seed: a secret, for its owner's own copy."""
    return _bech32(IDENTITY_PREFIX.lower(), seed).upper()


def parse_recipient(text: str) -> MLKEM768X25519PublicKey:
    """The public key of an `age1pq1…` string; ValueError for anything else.

    It takes about a millisecond, so parse once when many files go to one recipient.
    """
    prefix, raw = _unbech32(text)
    if prefix != RECIPIENT_PREFIX:
        raise ValueError("not a hybrid age recipient (age1pq1…)")
    return xwing_public(raw)


def parse_identity(text: str) -> MLKEM768X25519PrivateKey:
    """The private key of an `AGE-SECRET-KEY-PQ-1…` string; ValueError, without it, otherwise."""
    prefix, raw = _unbech32(text)
    if prefix != IDENTITY_PREFIX:
        raise ValueError("not a hybrid age identity (AGE-SECRET-KEY-PQ-1…)")
    return xwing_private(raw)


# --- sealing -------------------------------------------------------------------------------------
class Sealer:
    """Seals a stream piece by piece, for a download that is sent while it is made.

    Send on what each `write` returns, then what `close` returns: without that last part the
    reader refuses the file as cut short. It holds back at most one chunk (64 KiB).
    """

    def __init__(self, recipients: Iterable[Recipient]) -> None:
        """ValueError when there is no recipient, more than 256, or one that is not `age1pq1…`."""
        keys = [parse_recipient(each) if isinstance(each, str) else each for each in recipients]
        if not 1 <= len(keys) <= RECIPIENT_LIMIT:
            raise ValueError(f"an age file has from 1 to {RECIPIENT_LIMIT} recipients")
        file_key, nonce = secrets.token_bytes(FILE_KEY), secrets.token_bytes(NONCE)
        self._ready = _header(file_key, keys) + nonce  # given out with the first piece
        self._cipher = _payload_cipher(file_key, nonce)
        self._held = bytearray()
        self._counter = 0
        self._closed = False

    def write(self, data: bytes) -> bytes:
        """Take plaintext of any length; the sealed bytes that are ready, which may be none."""
        if self._closed:
            raise ValueError("this age file is closed")
        self._held += data
        # The last chunk carries a mark, so a full one waits until it is known not to be the last.
        whole = max(0, len(self._held) - 1) // CHUNK * CHUNK
        out = [self._take_ready()]
        with memoryview(self._held) as held:
            out += [
                self._seal_chunk(held[start : start + CHUNK], last=False)
                for start in range(0, whole, CHUNK)
            ]
        del self._held[:whole]
        return b"".join(out)

    def close(self) -> bytes:
        """The last sealed bytes. Once only."""
        out = self.write(b"")
        self._closed = True
        out += self._seal_chunk(self._held, last=True)
        self._held = bytearray()
        return out

    def _take_ready(self) -> bytes:
        ready, self._ready = self._ready, b""
        return ready

    def _seal_chunk(self, chunk: bytearray | memoryview, *, last: bool) -> bytes:
        nonce = _chunk_nonce(self._counter, last=last)
        self._counter += 1
        return self._cipher.encrypt(nonce, chunk, None)


def encrypt_io(src: Readable, dst: Writable, recipients: Iterable[Recipient]) -> None:
    """Seal all of `src` into `dst` for every recipient. ValueError as `Sealer` raises it.

    A recipient is an `age1pq1…` string or what `parse_recipient` made of one; no other kind is
    taken, because one classical recipient would undo the post-quantum promise for the whole file.
    """
    sealer = Sealer(recipients)
    while piece := src.read(CHUNK):
        dst.write(sealer.write(piece))
    dst.write(sealer.close())


def _header(file_key: bytes, keys: list[MLKEM768X25519PublicKey]) -> bytes:
    out = VERSION_LINE
    for key in keys:
        wrapped = SUITE.encrypt(file_key, key, info=HPKE_INFO)
        share, body = wrapped[:ENCAPSULATED], wrapped[ENCAPSULATED:]
        # 32 bytes make 43 characters: less than a full line, so this one line is the whole body.
        out += b"-> %s %s\n%s\n" % (STANZA, _base64(share), _base64(body))
    out += b"---"
    return out + b" %s\n" % _base64(_header_mac(file_key, out).finalize())


# --- opening -------------------------------------------------------------------------------------
def decrypt_io(src: Readable, dst: Writable, identities: Iterable[Identity]) -> None:
    """Open an age file into `dst`, or raise CannotOpen, which never says why.

    Each chunk is written once it is authenticated, but only the last one proves that the file is
    whole: when this raises, the caller must throw away everything that `dst` was given.
    ValueError when an identity string is not `AGE-SECRET-KEY-PQ-1…`.
    """
    keys = [parse_identity(each) if isinstance(each, str) else each for each in identities]
    try:
        source = _Source(src)
        header = _read_header(source)
        file_key = _unwrap_file_key(header.stanzas, keys)
        _open_payload(source, dst, header, file_key)
    except (_FormatError, InvalidTag, InvalidSignature):
        raise CannotOpen from None


class _FormatError(Exception):
    """The bytes are not an age v1 file; turned into CannotOpen before it leaves this file."""


class _Stanza(NamedTuple):
    arguments: list[bytes]
    body: bytes


class _Header(NamedTuple):
    stanzas: list[_Stanza]
    authenticated: bytes  # from the first byte to the three dashes
    mac: bytes


class _Source:
    """Whole lines and whole chunks from a source that may give fewer bytes than it is asked for."""

    def __init__(self, src: Readable) -> None:
        self._src = src
        self._buffer = b""

    def take(self, size: int) -> bytes:
        """`size` bytes, or fewer at the end of the source."""
        parts, missing = [self._buffer[:size]], size - len(self._buffer[:size])
        self._buffer = self._buffer[size:]
        while missing and (piece := self._src.read(missing)):
            parts.append(piece)
            missing -= len(piece)
        return b"".join(parts)

    def line(self, limit: int) -> bytes:
        """The next line without its line feed, which has to stand within `limit` bytes."""
        while b"\n" not in self._buffer:
            if len(self._buffer) > limit:
                raise _FormatError
            piece = self._src.read(4096)
            if not piece:
                raise _FormatError
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        if len(line) > limit:
            raise _FormatError
        return line


def _read_header(source: _Source) -> _Header:
    """The header as the grammar of the format has it, strictly."""
    if source.line(len(VERSION_LINE)) + b"\n" != VERSION_LINE:
        raise _FormatError
    authenticated, stanzas = bytearray(VERSION_LINE), []
    while True:
        line = source.line(HEADER_LIMIT - len(authenticated))
        if line.startswith(b"---"):
            break
        stanzas.append(_Stanza(_arguments(line), _read_body(source, authenticated, line)))
    if not line.startswith(b"--- "):
        raise _FormatError
    return _Header(stanzas, bytes(authenticated + b"---"), _unbase64(line[4:]))


def _arguments(line: bytes) -> list[bytes]:
    if not re.fullmatch(rb"->( [\x21-\x7e]+)+", line):
        raise _FormatError
    return line[3:].split(b" ")


def _read_body(source: _Source, authenticated: bytearray, argument_line: bytes) -> bytes:
    """The body ends with the first line shorter than 64 columns, which may be empty."""
    authenticated += argument_line + b"\n"
    body = b""
    while True:
        line = source.line(COLUMNS)
        authenticated += line + b"\n"
        body += line
        if len(authenticated) > HEADER_LIMIT:
            raise _FormatError
        if len(line) < COLUMNS:
            return _unbase64(body)


def _unwrap_file_key(stanzas: list[_Stanza], keys: list[MLKEM768X25519PrivateKey]) -> bytes:
    """The file key from the first stanza that a key opens. Other kinds are passed over."""
    wrapped = list(_hybrid_stanzas(stanzas))
    for key in keys:
        for blob in wrapped:
            try:
                return SUITE.decrypt(blob, key, info=HPKE_INFO)
            except (InvalidTag, ValueError):
                continue
    raise _FormatError


def _hybrid_stanzas(stanzas: list[_Stanza]) -> Iterator[bytes]:
    for stanza in stanzas:
        if stanza.arguments[0] != STANZA:
            continue
        if len(stanza.arguments) != 2:
            raise _FormatError
        share = _unbase64(stanza.arguments[1])
        # A body of another length is refused unopened: it would let one file fit many keys.
        if len(share) != ENCAPSULATED or len(stanza.body) != FILE_KEY + TAG:
            raise _FormatError
        yield share + stanza.body


def _open_payload(source: _Source, dst: Writable, header: _Header, file_key: bytes) -> None:
    _header_mac(file_key, header.authenticated).verify(header.mac)
    cipher, counter = _payload_cipher(file_key, source.take(NONCE)), 0
    while True:
        sealed = source.take(CHUNK + TAG)
        if len(sealed) == CHUNK + TAG:
            try:
                dst.write(cipher.decrypt(_chunk_nonce(counter, last=False), sealed, None))
                counter += 1
                continue
            except InvalidTag:
                pass  # a full chunk may also be the last one
        opened = cipher.decrypt(_chunk_nonce(counter, last=True), sealed, None)
        if counter and not opened:
            raise _FormatError
        dst.write(opened)
        if source.take(1):
            raise _FormatError
        return


# --- what both directions share ------------------------------------------------------------------
def _header_mac(file_key: bytes, header: bytes) -> hmac.HMAC:
    mac = hmac.HMAC(_hkdf(file_key, None, b"header"), hashes.SHA256())
    mac.update(header)
    return mac


def _payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))


def _hkdf(key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def _chunk_nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _base64(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")


def _unbase64(text: bytes) -> bytes:
    """Standard alphabet, no padding, and only the one canonical spelling of the bytes."""
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise _FormatError from None
    if _base64(raw) != text:
        raise _FormatError
    return raw


# --- Bech32 (BIP 173) without its limit of length -------------------------------------------------
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6  # letters
_TEXT_LIMIT = 4096  # characters; a recipient has 1,959


def _bech32(prefix: str, raw: bytes) -> str:
    words = _regroup(raw, 8, 5, pad=True)
    rest = _polymod(_expand(prefix) + words + [0] * _CHECKSUM) ^ 1
    words += [rest >> 5 * place & 31 for place in reversed(range(_CHECKSUM))]
    return prefix + "1" + "".join(_ALPHABET[word] for word in words)


def _unbech32(text: str) -> tuple[str, bytes]:
    """Prefix as it was written and bytes; ValueError, which never holds the text, when wrong."""
    low = text.lower()
    if len(text) > _TEXT_LIMIT or not text.isascii() or text not in (low, text.upper()):
        raise ValueError("not a Bech32 text in one case")
    prefix, _, data = low.rpartition("1")
    words = [_VALUE.get(letter, -1) for letter in data]
    if (
        not prefix
        or -1 in words
        or len(words) < _CHECKSUM
        or _polymod(_expand(prefix) + words) != 1
    ):
        raise ValueError("not a Bech32 text, or one that was mistyped")
    return text[: len(prefix)], bytes(_regroup(words[:-_CHECKSUM], 5, 8, pad=False))


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATORS):
            if top >> place & 1:
                check ^= generator
    return check


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _regroup(values: Iterable[int], size: int, into: int, *, pad: bool) -> list[int]:
    """Cut the bits of `values` (`size` bits each) into numbers of `into` bits."""
    bits, count, out = 0, 0, []
    for value in values:
        bits, count = bits << size | value, count + size
        while count >= into:
            count -= into
            out.append(bits >> count)
            bits &= (1 << count) - 1
    if pad and count:
        out.append(bits << into - count)
    elif not pad and (count >= size or bits):
        raise ValueError("not a Bech32 text: bits are left over")
    return out
