"""The server's own keys, in one file beside no database, and the fingerprints it was told to trust.

Closed list: pepper, duty, totp, log, rotation, form. Only the duty key opens anything of a person.
`amparo lockdown` destroys duty and form; the file's other keys stay. The file's text is read and
written in bytes that are overwritten afterwards: no key is left behind as text in freed memory.
"""

import binascii
import contextlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amparo.foundation.config import config
from amparo.foundation.errors import Unavailable
from amparo.vault.primitives import token

NAMES = ("pepper", "duty", "totp", "log", "rotation", "form")
DESTROYED_BY_LOCKDOWN = ("duty", "form")
VERSION = 1
DIGITS = b"0123456789abcdef"


@dataclass(frozen=True)
class ServerKeys:
    """The file's content. A missing key is one that a lockdown destroyed."""

    installation: bytes  # 16 bytes: the salt of every code, and part of what makes contexts ours
    keys: dict[str, bytes]
    founders: tuple[str, ...]

    def key(self, name: str) -> bytes:
        """One of the keys; Unavailable while the installation is locked down."""
        if name not in self.keys:
            raise Unavailable("locked down")
        return self.keys[name]

    def __repr__(self) -> str:
        return "<ServerKeys>"


_cache: tuple[int, ServerKeys] | None = None
_installation: bytes | None = None
_forgetters: list[Callable[[], None]] = []


def path() -> Path:
    """Where the file lies."""
    return config().data / "server.keys"


def load() -> ServerKeys:
    """The server's keys as the file has them now (read again when it has changed)."""
    global _cache
    try:
        stamp = path().stat()
    except FileNotFoundError:
        raise Unavailable("no server keys: run `amparo init`") from None
    # The inode too: a replaced file within one tick of the clock is another file.
    mark = hash((stamp.st_mtime_ns, stamp.st_ino, stamp.st_size))
    if _cache is None or _cache[0] != mark:
        _cache = mark, _read()
    return _cache[1]


_KEY = re.compile(rb'"(\w+)": *"([0-9a-f]{64})"')
NO_KEY = "0" * 64


def _read() -> ServerKeys:
    with path().open("rb", buffering=0) as file:
        text = bytearray(os.fstat(file.fileno()).st_size)
        file.readinto(text)
    spans = [(one[1].decode(), *one.span(2)) for one in _KEY.finditer(text)]
    keys = {name: binascii.unhexlify(memoryview(text)[at:end]) for name, at, end in spans}
    for _, at, end in spans:
        text[at:end] = NO_KEY.encode()
    written = json.loads(text)
    if written["keys"].keys() != keys.keys():
        raise Unavailable("the server's keys cannot be read")
    return ServerKeys(bytes.fromhex(written["installation"]), keys, tuple(written["founders"]))


def installation() -> bytes:
    """What makes contexts ours. It never changes, so a list does not look at the file for each row."""
    global _installation
    if _installation is None:
        _installation = load().installation
    return _installation


def _write(keys: ServerKeys) -> None:
    document = {
        "v": VERSION,
        "installation": keys.installation.hex(),
        "founders": list(keys.founders),
        "keys": dict.fromkeys(keys.keys, NO_KEY),
    }
    text = bytearray(json.dumps(document, indent=1).encode())
    for one in list(_KEY.finditer(text)):
        for number, byte in enumerate(keys.keys[one[1].decode()]):
            at = one.start(2) + 2 * number
            text[at], text[at + 1] = DIGITS[byte >> 4], DIGITS[byte & 15]
    fresh = path().with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        whole = file.write(text) == len(text)
        os.fsync(file.fileno())
    text[:] = bytes(len(text))
    if not whole:
        raise OSError("the disk is full")  # and the old keys stay as they are
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(path().open("r+b")) if path().exists() else None
        fresh.replace(path())
        _sync(path().parent)
        if old is not None:
            # Only now, for a power cut before it must leave the old keys. On SSDs it is no promise.
            old.write(bytes(os.fstat(old.fileno()).st_size))
            old.flush()
            os.fsync(old.fileno())
    global _cache, _installation
    _cache = _installation = None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def create() -> ServerKeys:
    """Make the file of a new installation; refuses to overwrite one."""
    if path().exists():
        raise Unavailable("this data folder has server keys already")
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = ServerKeys(token(16), {name: token() for name in NAMES}, ())
    _write(keys)
    return keys


def trust(fingerprints: tuple[str, ...]) -> None:
    """Pin the fingerprints of the first officers."""
    now = load()
    _write(ServerKeys(now.installation, now.keys, fingerprints))


def destroy() -> None:
    """Lockdown: what opens armed plans, queued messages, links and forms is gone."""
    now = load()
    left = {name: key for name, key in now.keys.items() if name not in DESTROYED_BY_LOCKDOWN}
    _write(ServerKeys(now.installation, left, now.founders))
    for forget in _forgetters:
        forget()


def forgets(forget: Callable[[], None]) -> Callable[[], None]:
    """Have something in memory dropped when the keys behind it are destroyed."""
    _forgetters.append(forget)
    return forget


def renew() -> None:
    """After a lockdown: fresh keys in the place of the destroyed ones."""
    now = load()
    fresh = {name: token() for name in DESTROYED_BY_LOCKDOWN if name not in now.keys}
    _write(ServerKeys(now.installation, now.keys | fresh, now.founders))


def locked_down() -> bool:
    """Whether the duty key is destroyed."""
    return "duty" not in load().keys
