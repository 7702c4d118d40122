"""A visitor over plain HTTP/1.1 on one kept connection: as little work as possible, exact counts."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
SIZE = 64 * 1024


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    """One answer and what it weighed on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    size: int  # bytes of head and body as they were transferred
    seconds: float


def opened(answer: Answer) -> bytes:
    """The body as it was before it was compressed."""
    packed = answer.headers.get("content-encoding") == "gzip"
    return gzip.decompress(answer.body) if packed else answer.body


@dataclass
class Visitor:
    """One kept connection, opened on first use. Nothing is ever sent twice."""

    port: int
    cookie: str = ""
    extra: str = ""  # further header lines, each ended by CRLF
    _open: socket.socket | None = field(default=None, repr=False)

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "") -> bytes:
        """The bytes of a request, made ahead of the time that is measured."""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n"
        if self.cookie:
            head += f"Cookie: {self.cookie}\r\n"
        if body or method == "POST":
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return (head + self.extra + "\r\n").encode() + body

    def get(self, path: str) -> Answer:
        """The answer to GET."""
        return self.send(self.request("GET", path))

    def send(self, request: bytes) -> Answer:
        """Send bytes and read the answer to its end."""
        begun = time.perf_counter()
        self.connection().sendall(request)
        return self.read(begun)

    def connection(self) -> socket.socket:
        """The open connection."""
        if self._open is None:
            self._open = socket.create_connection((HOST, self.port), timeout=120)
            self._open.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._open

    def read(self, begun: float) -> Answer:
        """One whole answer."""
        wire = self.connection()
        got = b""
        while b"\r\n\r\n" not in got:
            piece = wire.recv(SIZE)
            if not piece:
                raise EOFError("the server closed the connection")
            got += piece
        head, _, rest = got.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        size = len(head) + 4
        if "content-length" in headers:
            body, used = self._counted(rest, int(headers["content-length"]))
        else:
            body, used = self._chunked(rest)
        status = int(lines[0].split(" ", 2)[1])
        return Answer(status, headers, body, size + used, time.perf_counter() - begun)

    def _counted(self, rest: bytes, length: int) -> tuple[bytes, int]:
        while len(rest) < length:
            rest += self._more()
        return rest, length

    def _chunked(self, rest: bytes) -> tuple[bytes, int]:
        body, used = b"", 0
        while True:
            while b"\r\n" not in rest:
                rest += self._more()
            line, _, rest = rest.partition(b"\r\n")
            length = int(line, 16)
            while len(rest) < length + 2:
                rest += self._more()
            body, rest = body + rest[:length], rest[length + 2 :]
            used += len(line) + 4 + length
            if length == 0:
                return body, used

    def _more(self) -> bytes:
        piece = self.connection().recv(SIZE)
        if not piece:
            raise EOFError("the server closed the connection")
        return piece

    def close(self) -> None:
        """Let go of the connection."""
        if self._open is not None:
            self._open.close()
            self._open = None


def multipart(fields: dict[str, str]) -> tuple[bytes, str]:
    """(body, content type) of a form without files, as a browser sends it."""
    mark = "----form5e1f7a90"
    lines = []
    for name, value in fields.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        lines.append(f"{head}{value}\r\n")
    return ("".join(lines) + f"--{mark}--\r\n").encode(), f"multipart/form-data; boundary={mark}"


@dataclass(frozen=True)
class Load:
    """What many visitors saw."""

    seconds: list[float]  # of each answer
    statuses: list[int]  # 0: no answer
    wall: float

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return len(self.seconds) / self.wall


def together(
    port: int, requests: Sequence[bytes], clients: int, good: Callable[[Answer], bool]
) -> Load:
    """Send requests over so many connections at once, each the next one as soon as it is free."""
    waiting, lock = list(requests), threading.Lock()
    seconds: list[float] = []
    statuses: list[int] = []

    def visit() -> None:
        visitor = Visitor(port)
        visitor.connection()
        start.wait()
        while True:
            with lock:
                if not waiting:
                    break
                request = waiting.pop()
            begun = time.perf_counter()
            try:
                answer = visitor.send(request)
                status = answer.status if good(answer) else 0
            except (OSError, EOFError):
                status = 0
                visitor.close()
            with lock:
                seconds.append(time.perf_counter() - begun)
                statuses.append(status)
        visitor.close()

    start = threading.Barrier(clients + 1)
    threads = [threading.Thread(target=visit) for _ in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return Load(seconds, statuses, time.perf_counter() - begun)


def at(share: float, values: Sequence[float]) -> float:
    """The value below which a share of them lies (0.5: the median)."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
