"""One HTTP call to a carrier, the same care for all of them: the very address that was looked at, no
redirect, no proxy, a bounded answer in a bounded time, and no word of a recipient in what fails."""

import ipaddress
import json
import math
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, urlsplit

from amparo.foundation import clock
from amparo.foundation.errors import Unavailable
from amparo.messages import lines

TIMEOUT = 5.0  # seconds for a whole hand-over, however slowly an answer drips
MOST = 64 * 1024  # bytes of an answer that are read
LONGEST_REST = 60  # seconds that a carrier is left alone before we look again, whatever it asks for
A_DAY = 24 * 3600
ADDRESSES = 4  # of a name that are tried
# An IPv4 address at the end of an IPv6 one: of a translator, or as it was once written.
WRAPPED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96")))


class NotTaken(Unavailable):
    """A carrier did not take a message. `why` is one word of a short list and never the carrier's own
    text, which could repeat a number; `rest` is how many seconds it wants to be left alone."""

    def __init__(self, why: str, rest: int = 0) -> None:
        super().__init__(why)
        self.why, self.rest = why, min(max(rest, 0), LONGEST_REST)


@dataclass(frozen=True)
class Answer:
    """What a carrier said: its status, its headers (names in small letters) and at most 64 KiB."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The answer as an object; an empty one for whatever is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def rest(self, otherwise: int) -> int:
        """How many seconds it wants to be left alone, from 1 to a day: its `Retry-After`, in seconds or
        as a date; `otherwise` where there is none that can be read."""
        text, wait = self.headers.get("retry-after", ""), float(otherwise)
        if text.isascii() and text.isdecimal():
            wait = max(int(text[:6]), 1)
        elif text:
            with suppress(ValueError, TypeError, OverflowError):
                until = parsedate_to_datetime(text).astimezone(UTC)
                wait = max((until - clock.now()).total_seconds(), 1)
        return min(math.ceil(wait), A_DAY)


def call(
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    private: bool = False,
    method: str = "POST",
    timeout: float | None = None,
) -> Answer:
    """Send one request; NotTaken when nobody answered in time, or the address is not to be called.
    `private` allows addresses of one's own network, and only then may it be without TLS."""
    parts = split(url)
    if parts is None or (parts.scheme == "http" and not private):
        raise NotTaken("address")
    until = time.monotonic() + (timeout or TIMEOUT)
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        sent = lines.request(method, target, parts.netloc, headers, body)
        # No redirect is followed: it would carry a number to somebody whom nobody chose.
        return _exchanged(parts, private, sent, until)
    except NotTaken:
        raise
    except TimeoutError:
        raise NotTaken("time") from None
    except (OSError, ValueError):
        # What the library says could hold the address that was called.
        raise NotTaken("line") from None


def _exchanged(parts: SplitResult, private: bool, sent: bytes, until: float) -> Answer:
    """On a kept connection, or a new one; what was begun on one is never sent again on another."""
    key = (parts.scheme, parts.netloc, private)
    line, kept = lines.take(key), False
    if line is None:
        line = lines.Line(_dialled(parts, private, until))
    try:
        status, headers, read, kept = lines.exchange(line, sent, until, MOST)
    finally:
        if not kept:
            line.socket.close()
    if kept:
        lines.keep(key, line)
    return Answer(status, headers, read)


def split(url: str) -> SplitResult | None:
    """The parts of an http(s) address; None for whatever is none, or would break out of a line."""
    if not url or not url.isascii() or any(one.isspace() or not one.isprintable() for one in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # a ValueError when it is none
    except ValueError:
        return None
    known = parts.scheme in {"https", "http"} and bool(parts.hostname) and "@" not in parts.netloc
    return parts if known else None


def is_public(address: str) -> bool:
    """Whether an address belongs to the open network, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and any(ip in net for net in WRAPPED):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast


def _dialled(parts: SplitResult, private: bool, until: float) -> socket.socket:
    """A connection to the very address that was looked at, so that a name cannot change between the
    look and the call."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = _looked_up(host, port, until)
    allowed = [one for one in dict.fromkeys(found) if private or is_public(one)]
    if not allowed:
        raise NotTaken("private")
    wire = _connected(allowed[:ADDRESSES], port, until)
    try:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            wire.settimeout(max(until - time.monotonic(), 0.001))
            return _trust().wrap_socket(wire, server_hostname=host)
    except BaseException:
        wire.close()
        raise
    return wire


def _connected(addresses: list[str], port: int, until: float) -> socket.socket:
    """With the first that answers; each has its share of the time, for a name may have dead ones."""
    *others, last = addresses
    for at, one in enumerate(others):
        left = max(until - time.monotonic(), 0.001) / (len(addresses) - at)
        with suppress(OSError):
            return socket.create_connection((one, port), left)
    return socket.create_connection((last, port), max(until - time.monotonic(), 0.001))


def _looked_up(host: str, port: int, until: float) -> list[str]:
    """The addresses of a name. A look-up knows no patience of its own, so it has a thread that is left
    behind when the time is over."""
    asked: list[list[Any]] = []

    def ask() -> None:
        with suppress(OSError, ValueError):
            asked.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(max(until - time.monotonic(), 0.001))
    if asking.is_alive():
        raise TimeoutError
    if not asked:
        raise OSError("nobody knows this name")
    return [str(one[4][0]) for one in asked[0]]


@cache
def _trust() -> ssl.SSLContext:
    """The machine's own list of who may vouch for a host; names are checked."""
    return ssl.create_default_context()


def why(error: BaseException) -> str:
    """What may be said of a failed hand-over: one word, nothing of whom it was for."""
    return error.why if isinstance(error, NotTaken) else type(error).__name__
