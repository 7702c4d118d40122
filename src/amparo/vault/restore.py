#!/usr/bin/env python3
"""Opens an age file with a hybrid identity, with nothing but Python and `cryptography`.

It stands alone on purpose: it is copied beside every backup and download, and has to work on a
computer without Amparo, years later. That is why the framing of `age.py` is here once more, for
reading only; a test gives both the same official vectors. Unlike the server it says what is wrong:
here nobody listens but the owner of the key.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, hmac, hpke
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
except (ImportError, AttributeError):
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

OPENED, NOT_OPENED, BAD_USE = 0, 1, 2
HELP = """\
Opens an age file that was encrypted to your key.

  python restore.py --identity my-key.txt download.zip.age
  python restore.py --identity my-key.txt --out data.tar backup.age
  python restore.py --identity my-key.txt --out - backup.age | tar -tf -
"""
HELP_END = """\
The identity file holds one line that begins with AGE-SECRET-KEY-PQ-1 (or several, one a line);
lines that begin with # are passed over. It must not be encrypted with a passphrase.

The output is readable by you alone, and appears under its name only when the whole file has been
checked. A file that is already there is never overwritten.

Needs `cryptography` 50 or later:  python -m pip install "cryptography>=50"
`age` 1.3 or later opens the same files:  age --decrypt -i my-key.txt -o data.tar backup.age

Exit codes: 0 opened; 1 it cannot be opened (another key, or damaged); 2 something else is wrong.
"""

VERSION_LINE = b"age-encryption.org/v1\n"
STANZA = b"mlkem768x25519"
HPKE_INFO = b"age-encryption.org/mlkem768x25519"
CHUNK = 64 * 1024
FILE_KEY, NONCE, TAG = 16, 16, 16
ENCAPSULATED = 1120
COLUMNS = 64
HEADER_LIMIT = 1 << 20
IDENTITY_LIMIT = 1 << 16


class BadUse(Exception):
    """Something is wrong before any opening: one line that names the file."""


class CannotOpen(Exception):
    """The file was read, and does not open."""


NEEDS_CRYPTOGRAPHY = 'this needs more: python -m pip install "cryptography>=50"'
NOT_AGE = "this is not an age file"
ARMOURED = "this age file is in armour (text); `age --decrypt` opens it, or take the armour off"
DAMAGED = "this age file is damaged or was cut short"
OTHER_KEY = "this file was not encrypted to the key in the identity file"


# --- the program ---------------------------------------------------------------------------------
def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # half-written files go, as at Ctrl-C
    try:
        if not HAS_CRYPTOGRAPHY:
            raise BadUse(NEEDS_CRYPTOGRAPHY)
        out = options.out or default_output(options.input)
        keys = [key for file in options.identity for key in read_identities(file)]
        open_file(options.input, out, keys)
    except BadUse as wrong:
        return say(BAD_USE, str(wrong))
    except CannotOpen as reason:
        return say(NOT_OPENED, f"{options.input}: {reason}")
    except KeyboardInterrupt:
        return say(BAD_USE, "stopped; no file was left behind")
    return OPENED


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="restore.py",
        description=HELP,
        epilog=HELP_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", metavar="INPUT", help="the age file, or - for standard input")
    parser.add_argument(
        "-i",
        "--identity",
        metavar="FILE",
        action="append",
        required=True,
        help="the file with your secret key; may be given several times",
    )
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        help="where to write, or - for standard output; without it INPUT less its .age",
    )
    return parser.parse_args(arguments)


def say(code: int, line: str) -> int:
    print(f"restore.py: {line}", file=sys.stderr)
    return code


def default_output(name: str) -> str:
    if name.endswith(".age") and name != ".age":
        return name[: -len(".age")]
    raise BadUse(f"{name}: the name does not end in .age, so say where to write with --out")


# --- files ---------------------------------------------------------------------------------------
def read_identities(name: str) -> list[Any]:
    """The private keys in an identity file."""
    try:
        with open(name, "rb") as file:
            raw = file.read(IDENTITY_LIMIT + 1)
    except OSError as error:
        raise BadUse(f"{name}: {error.strerror}") from None
    if raw.startswith((VERSION_LINE, b"-----BEGIN AGE")):
        raise BadUse(f"{name}: this identity file is itself encrypted; open it with `age` first")
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        lines = ["?"]
    keys = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if line and not line.startswith("#"):
            try:
                keys.append(private_key(seed_of(line)))
            except UnsupportedAlgorithm:
                raise BadUse(NEEDS_CRYPTOGRAPHY) from None
            except ValueError:
                raise BadUse(
                    f"{name}: line {number} is no AGE-SECRET-KEY-PQ-1… identity, or was mistyped"
                ) from None
    if not keys or len(raw) > IDENTITY_LIMIT:
        raise BadUse(f"{name}: this is no identity file (no line AGE-SECRET-KEY-PQ-1…)")
    return keys


def open_file(source: str, out: str, keys: list[Any]) -> None:
    try:
        with _input(source) as src:
            if out == "-":
                _open_to_output(src, keys)
            else:
                _open_to_file(src, Path(out), keys)
    except OSError as error:
        # A name only where the system gave one: a full disk or a broken pipe has none.
        name = f"{error.filename}: " if isinstance(error.filename, str) else ""
        raise BadUse(f"{name}{error.strerror}") from None


def _input(name: str) -> BinaryIO:
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb") if name == "-" else open(name, "rb")


def _open_to_output(src: BinaryIO, keys: list[Any]) -> None:
    if sys.stdout.isatty():
        raise BadUse("the opened file is not written to a terminal; give --out FILE")
    try:
        with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as dst:
            decrypt(src, dst, keys)
    except CannotOpen as reason:
        raise CannotOpen(f"{reason}; throw away what was written so far") from None


def _open_to_file(src: BinaryIO, out: Path, keys: list[Any]) -> None:
    """Beside its place first, and under its name only when the last byte has been checked."""
    if os.path.lexists(out):
        raise BadUse(f"{out}: already there, and not overwritten")
    if not out.parent.is_dir():
        raise BadUse(f"{out.parent}: no such folder")
    handle, beside = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name[:100]}.", suffix=".part")
    try:  # mkstemp made it readable by its owner alone
        with os.fdopen(handle, "wb") as dst:
            decrypt(src, dst, keys)
            dst.flush()
            os.fsync(dst.fileno())
        os.replace(beside, out)
    except BaseException:
        os.unlink(beside)
        raise


# --- the age format, reading only (as in age.py) --------------------------------------------------
def decrypt(src: BinaryIO, dst: BinaryIO, keys: list[Any]) -> None:
    """Open `src` into `dst`; after CannotOpen, throw away what `dst` was given."""
    try:
        source = _Source(src)
        stanzas, header, mac = _read_header(source)
        file_key = _unwrap_file_key(stanzas, keys)
        _open_payload(source, dst, file_key, header, mac)
    except (InvalidTag, InvalidSignature):
        raise CannotOpen(DAMAGED) from None


class _Source:
    """Whole lines and whole chunks from a source that may give fewer bytes than it is asked for."""

    def __init__(self, src: BinaryIO) -> None:
        self._src = src
        self._buffer = b""

    def take(self, size: int) -> bytes:
        parts, missing = [self._buffer[:size]], size - len(self._buffer[:size])
        self._buffer = self._buffer[size:]
        while missing:
            piece = self._src.read(missing)
            if not piece:
                break
            parts.append(piece)
            missing -= len(piece)
        return b"".join(parts)

    def line(self, limit: int) -> bytes:
        while b"\n" not in self._buffer:
            piece = self._src.read(4096) if len(self._buffer) <= limit else b""
            if not piece:
                raise CannotOpen(DAMAGED)
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        if len(line) > limit:
            raise CannotOpen(DAMAGED)
        return line


def _read_header(source: _Source) -> tuple[list[tuple[list[bytes], bytes]], bytes, bytes]:
    """Stanzas as (arguments, body); the authenticated bytes; the authentication code."""
    _check_kind(source)
    header = bytearray(VERSION_LINE)
    stanzas: list[tuple[list[bytes], bytes]] = []
    while True:
        line = source.line(HEADER_LIMIT - len(header))
        if line.startswith(b"--- "):
            return stanzas, bytes(header) + b"---", _unbase64(line[4:])
        if not re.fullmatch(rb"->( [\x21-\x7e]+)+", line):
            raise CannotOpen(DAMAGED)
        header += line + b"\n"
        arguments, body = line[3:].split(b" "), b""
        while True:
            line = source.line(COLUMNS)
            header += line + b"\n"
            body += line
            if len(header) > HEADER_LIMIT:
                raise CannotOpen(DAMAGED)
            if len(line) < COLUMNS:
                break
        stanzas.append((arguments, _unbase64(body)))


def _check_kind(source: _Source) -> None:
    start = source.take(len(VERSION_LINE))
    if start.startswith(b"-----BEGIN AGE"):
        raise CannotOpen(ARMOURED)
    if start != VERSION_LINE:
        raise CannotOpen(NOT_AGE)


def _unwrap_file_key(stanzas: list[tuple[list[bytes], bytes]], keys: list[Any]) -> bytes:
    wrapped = list(_hybrid_stanzas(stanzas))
    for key in keys:
        for blob in wrapped:
            try:
                return SUITE.decrypt(blob, key, info=HPKE_INFO)
            except (InvalidTag, ValueError):
                continue
    raise CannotOpen(OTHER_KEY)


def _hybrid_stanzas(stanzas: list[tuple[list[bytes], bytes]]) -> Iterator[bytes]:
    for arguments, body in stanzas:
        if arguments[0] != STANZA:
            continue
        share = _unbase64(arguments[1]) if len(arguments) == 2 else b""
        if len(share) != ENCAPSULATED or len(body) != FILE_KEY + TAG:
            raise CannotOpen(DAMAGED)
        yield share + body


def _open_payload(
    source: _Source, dst: BinaryIO, file_key: bytes, header: bytes, mac: bytes
) -> None:
    check = hmac.HMAC(_hkdf(file_key, None, b"header"), hashes.SHA256())
    check.update(header)
    check.verify(mac)
    cipher = ChaCha20Poly1305(_hkdf(file_key, source.take(NONCE), b"payload"))
    counter = 0
    while True:
        sealed, number = source.take(CHUNK + TAG), counter.to_bytes(11, "big")
        if len(sealed) == CHUNK + TAG:
            try:
                dst.write(cipher.decrypt(number + b"\0", sealed, None))
                counter += 1
                continue
            except InvalidTag:
                pass  # a full chunk may also be the last one
        opened = cipher.decrypt(number + b"\1", sealed, None)
        if counter and not opened:
            raise CannotOpen(DAMAGED)
        dst.write(opened)
        if source.take(1):
            raise CannotOpen(DAMAGED)
        return


def _hkdf(key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def _unbase64(text: bytes) -> bytes:
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise CannotOpen(DAMAGED) from None
    if base64.b64encode(raw).rstrip(b"=") != text:
        raise CannotOpen(DAMAGED)
    return raw


# --- keys ----------------------------------------------------------------------------------------
def private_key(seed: bytes) -> Any:
    """The X-Wing key pair of a 32-byte seed."""
    expanded = hashlib.shake_256(seed).digest(96)  # as draft-connolly-cfrg-xwing-kem says
    return hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def seed_of(identity: str) -> bytes:
    """The 32 bytes of an AGE-SECRET-KEY-PQ-1… string (Bech32, BIP 173); ValueError otherwise."""
    alphabet, prefix = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", "AGE-SECRET-KEY-PQ-"
    if not identity.startswith(prefix + "1"):
        raise ValueError("not a hybrid identity")
    words = [alphabet.index(letter) for letter in identity[len(prefix) + 1 :]]
    codes = prefix.lower().encode()
    check = 1
    for value in [code >> 5 for code in codes] + [0] + [code & 31 for code in codes] + words:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            check ^= generator if top >> place & 1 else 0
    bits = 0
    for word in words[:-6]:  # the last six are the checksum
        bits = bits << 5 | word
    # 52 letters hold 260 bits: 256 of the seed, and four that have to be zero.
    if len(words) != 58 or check != 1 or bits & 15:
        raise ValueError("mistyped")
    return (bits >> 4).to_bytes(32, "big")


if __name__ == "__main__":
    sys.exit(main())
