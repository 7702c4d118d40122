"""Kept connections to carriers: a hand-over in an alarm waits for no look-up and no handshake.

Each thread has its own; one that lay still too long, or that the other side has closed, is made anew
before anything is sent on it. Only as much HTTP/1.1 as a carrier's answer needs.
"""

import select
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

STILL = 50.0  # seconds; carriers close theirs after a minute or more
HEAD = 32 * 1024  # bytes of an answer's head
_mine = threading.local()


@dataclass
class Line:
    """One open connection."""

    socket: socket.socket
    rest: bytes = b""  # what came and was not read yet
    used: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it may be used once more: what can be read now is the other side's goodbye."""
        if self.rest or time.monotonic() - self.used > STILL:
            return False
        poll = select.poll()
        poll.register(self.socket, select.POLLIN | select.POLLHUP)
        return not poll.poll(0)

    def more(self, until: float) -> bool:
        """Read on; False at the end. TimeoutError when the time of the whole answer is over."""
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        piece = self.socket.recv(64 * 1024)
        self.rest += piece
        return bool(piece)

    def until(self, mark: bytes, most: int, until: float) -> bytes:
        """Everything before a mark, which is read too."""
        while mark not in self.rest:
            if len(self.rest) > most or not self.more(until):
                raise OSError("no answer")
        found, _, self.rest = self.rest.partition(mark)
        return found

    def bytes_(self, count: int, until: float) -> bytes:
        """So many bytes."""
        while len(self.rest) < count:
            if not self.more(until):
                raise OSError("cut off")
        found, self.rest = self.rest[:count], self.rest[count:]
        return found


def take(key: tuple[object, ...]) -> Line | None:
    """This thread's connection to somewhere, out of its keeping; None when there is no good one."""
    kept: dict[tuple[object, ...], Line] = _mine.__dict__.setdefault("lines", {})
    line = kept.pop(key, None)
    if line is not None and not line.good:
        line.socket.close()
        return None
    return line


def keep(key: tuple[object, ...], line: Line) -> None:
    """Have it lie ready for the next one."""
    line.used = time.monotonic()
    _mine.lines[key] = line


def forget() -> None:
    """Let go of this thread's."""
    for line in _mine.__dict__.pop("lines", {}).values():
        line.socket.close()


def request(method: str, target: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request in bytes. ValueError when a value would break out of its line."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body or method != "GET" else []
    if not all(line.isprintable() for line in lines):
        raise ValueError("a line that would be two")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def exchange(
    line: Line, sent: bytes, until: float, most: int
) -> tuple[int, dict[str, str], bytes, bool]:
    """Send and read the answer: its status, its headers (names in small letters), at most so many bytes
    of its body, and whether the connection may be kept. OSError when nothing that is a whole answer
    came in time."""
    line.socket.settimeout(max(until - time.monotonic(), 0.001))
    line.socket.sendall(sent)
    status, odd = 100, False
    while 100 <= status < 200:  # one that only says to go on comes before the answer
        version, status, headers = parse(line.until(b"\r\n\r\n", HEAD, until))
        odd = odd or status < 200
    close = odd or version == b"HTTP/1.0" or "close" in headers.get("connection", "").lower()
    if status in {204, 304}:
        return status, headers, b"", not close
    if "transfer-encoding" in headers:
        body, whole = _chunked(line, until, most)
    elif (length := headers.get("content-length", "")).isdecimal() and len(length) < 12:
        body, whole = line.bytes_(min(int(length), most), until), int(length) <= most
    else:
        body, whole = _to_the_end(line, until, most), False
    return status, headers, body, whole and not close and not line.rest


def _chunked(line: Line, until: float, most: int) -> tuple[bytes, bool]:
    """The body, and whether all of it was read."""
    body = b""
    while len(body) < most:
        said = line.until(b"\r\n", 256, until).partition(b";")[0].strip()
        if not 0 < len(said) < 9:
            raise OSError("not an answer")
        size = int(said, 16)
        if size == 0:
            return body, line.until(b"\r\n", 256, until) == b""
        body += line.bytes_(min(size, most), until)
        if size > most or line.bytes_(2, until) != b"\r\n":
            break
    return body[:most], False


def _to_the_end(line: Line, until: float, most: int) -> bytes:
    while len(line.rest) < most and line.more(until):
        pass
    return line.rest[:most]


def parse(head: bytes) -> tuple[bytes, int, dict[str, str]]:
    """(version, status, headers) of an answer's head; OSError when it is none."""
    first, *rest = head.split(b"\r\n")
    version, _, said = first.partition(b" ")
    code = said[:3]
    if version not in {b"HTTP/1.1", b"HTTP/1.0"} or len(code) != 3 or not code.isdigit():
        raise OSError("not an answer")
    headers = {}
    for one in rest:
        name, _, value = one.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return version, int(code), headers
