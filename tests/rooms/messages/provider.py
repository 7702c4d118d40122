"""A provider of short messages on loopback that does as it is told, and the file that names it."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from amparo.messages import circuits, gateways

BODY = '{"to": "{to}", "text": "{text}", "id": "{id}"}'
SECRET = "s3cret-of-the-first-provider"


class Provider(http.server.ThreadingHTTPServer):
    """A gateway that does as it is told, and remembers what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.headers, self.hangs = 202, {}, threading.Event()
        self.answer: bytes | None = None  # what it says; None: a long page
        self.drips = 0.0  # seconds between two bytes of an answer
        self.inside = self.most_inside = 0  # calls at once
        self.counting = threading.Lock()
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.hangs.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def sent(self) -> list[dict[str, str]]:
        """What it was sent, read as it asks for it."""
        return [_read(body) for _, _, body in self.got]

    def to(self) -> list[str]:
        """To whom, since the last look."""
        found = [one["to"] for one in self.sent]
        self.got.clear()
        return found


def _read(body: bytes) -> dict[str, Any]:
    if body[:1] == b"{":
        return dict(json.loads(body))
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


class Handler(http.server.BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"] or 0)
        with self.server.counting:
            self.server.inside += 1
            self.server.most_inside = max(self.server.most_inside, self.server.inside)
        try:
            self.server.got.append((self.path, dict(self.headers), self.rfile.read(size)))
            self.server.hangs.wait(20)
            self._answer()
        except OSError:
            pass  # whoever asked has gone
        finally:
            with self.server.counting:
                self.server.inside -= 1

    def _answer(self) -> None:
        if self.server.status == 0:
            self.connection.close()
            return
        body = b"x" * 100_000 if self.server.answer is None else self.server.answer
        head = [f"HTTP/1.1 {self.server.status} .", "Connection: close"]
        head += [f"{name}: {value}" for name, value in self.server.headers.items()]
        whole = "\r\n".join([*head, "", ""]).encode() + body
        if not self.server.drips:
            self.wfile.write(whole)
            return
        for at in range(len(whole)):
            self.wfile.write(whole[at : at + 1])
            self.wfile.flush()
            time.sleep(self.server.drips)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider() -> Iterator[Provider]:
    """One, for as long as it is wanted."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hangs.set()
        server.shutdown()
        server.server_close()


def write(text: str) -> None:
    """The file of gateways, as an administrator writes it."""
    gateways.file().write_text(text)
    forget()


def unwrite() -> None:
    """There is none."""
    gateways.file().unlink(missing_ok=True)
    forget()


def forget() -> None:
    """What a new process would not know."""
    gateways._read.cache_clear()
    circuits.forget()


def table(url: str, name: str = "one", body: str = BODY, more: str = "private = true") -> str:
    """One gateway."""
    return f"[[gateway]]\nname = '{name}'\nurl = '{url}'\nbody = '{body}'\n{more}\n"


def two_way(
    url: str,
    name: str = "one",
    *,
    secret: str = SECRET,
    number: str = "+525500000001",
    more: str = "",
) -> str:
    """One that reports what became of a message, and brings what comes in."""
    return table(url, name, more=f"private = true\nsecret = '{secret}'\n{more}") + (
        "[gateway.receipt]\nid = 'id'\nstatus = 'status'\n"
        "delivered = ['delivered']\nfailed = ['failed', 'expired']\n"
        f"[gateway.inbound]\nsender = 'from'\ntext = 'text'\nid = 'message'\nnumber = '{number}'\n"
    )
