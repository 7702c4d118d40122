"""Stand-ins of all carriers on one loopback port, written from the same published protocols as the
adapters: for tests, and for whoever wants to see what a carrier sees (`amparo channels pretend`).

A `day` says how they behave: good, hang, drip, 500, 413, 429, captcha, identity, unknown, close, token,
redirect, huge, nonsense. They drop what was sent twice where the protocol says that a server does.
"""

import base64
import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from amparo.foundation.errors import CannotOpen
from amparo.vault import push as vault

HOOK_SECRET = "whsec_" + base64.b64encode(b"a secret of a stand-in, 32 bytes").decode()
TOKEN = "stand-in-token"  # noqa: S105
PATIENCE = 20  # seconds that one hangs at most


@dataclass(frozen=True)
class Taken:
    """One message as the carrier sees it."""

    channel: str
    to: str
    text: str
    once: str  # the key under which a second one would be the same


@dataclass
class Carriers:
    """What they took, how they feel today, and where they are."""

    port: int = 0
    day: str = "good"
    elsewhere: str = "http://10.0.0.1/"  # where a redirect points to
    taken: list[Taken] = field(default_factory=list)
    asked: int = 0  # requests, whatever became of them
    told: Callable[[Taken], None] = lambda _: None
    seen: set[tuple[str, str]] = field(default_factory=set)
    free: threading.Event = field(default_factory=threading.Event)
    browser: Any = field(default_factory=vault.new_browser)

    @property
    def url(self) -> str:
        """The address of all of them."""
        return f"http://127.0.0.1:{self.port}"

    def subscription(self) -> str:
        """What the stand-in's browser would give."""
        return json.dumps(
            {"endpoint": f"{self.url}/browser/1", "keys": self.browser[2]}, separators=(",", ":")
        )

    def toml(self) -> str:
        """A `channels.toml` that names them."""
        one = f'url = "{self.url}"\nprivate = true\n'
        return (
            f'[signal]\n{one}\n[matrix]\n{one}token = "{TOKEN}"\n\n[ntfy]\n{one}\n'
            f"[push]\nprivate = true\n\n[webpush]\nprivate = true\n\n"
            f'[[webhook]]\nname = "stand-in"\nurl = "{self.url}/hook"\nsecret = "{HOOK_SECRET}"\n'
            "private = true\n"
        )

    def take(self, one: Taken) -> None:
        """Note it, unless it came before under the same key."""
        if one.once and (one.channel, one.once) in self.seen:
            return
        self.seen.add((one.channel, one.once))
        self.taken.append(one)
        self.told(one)


@contextmanager
def carriers(port: int = 0) -> Iterator[Carriers]:
    """All of them, while this lasts."""
    here = Carriers()

    class Handler(_Handler):
        carriers = here

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    here.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield here
    finally:
        here.free.set()
        server.shutdown()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    carriers: Carriers

    def do_POST(self) -> None:
        """One message, by whichever protocol its address belongs to."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        here = self.carriers
        here.asked += 1
        if self._bad_day(here.day):
            return
        for pattern, answer in _PROTOCOLS.items():
            found = re.fullmatch(pattern, self.path)
            if found:
                status, said = answer(self, body, [unquote(one) for one in found.groups()])
                self._say(status, said)
                return
        self._say(404, {"error": "not found"})

    def do_GET(self) -> None:
        """How each of them says that it is there."""
        here = self.carriers
        if self._bad_day(here.day):
            return
        known = self.headers["Authorization"] == f"Bearer {TOKEN}" and here.day != "token"
        whoami = (200, {"user_id": "@us:matrix.example"}) if known else (401, _UNKNOWN_TOKEN)
        said = {
            "/api/v1/check": (200, ""),
            "/_matrix/client/v3/account/whoami": whoami,
            "/v1/health": (200, {"healthy": True}),
        }
        self._say(*said.get(self.path, (404, {})))

    do_PUT = do_POST  # noqa: N815

    def _bad_day(self, day: str) -> bool:
        """Whether the network or the server failed before any protocol was spoken."""
        if day == "hang":
            self.carriers.free.wait(PATIENCE)
        elif day == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until and not self.carriers.free.wait(0.05):
                self.wfile.write(b"X-More: 1\r\n")
        elif day == "redirect":
            self._say(307, {}, Location=self.carriers.elsewhere)
        elif day == "huge":
            self._huge()
        elif day == "nonsense":
            self._say(200, "[" * 5000)
        elif day != "close" and day != "500":
            return False
        if day == "500":
            self._say(500, {"error": "out of order"})
        self.close_connection = True
        return True

    def _huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(2000):
            self.wfile.write(b" " * 65536)

    def _say(self, status: int, said: Any, **headers: str) -> None:
        text = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status == 429:
            self.send_header("Retry-After", "30")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle_one_request(self) -> None:
        """Whoever is called may hang up."""
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


Said = tuple[int, Any]
_UNKNOWN_TOKEN = {"errcode": "M_UNKNOWN_TOKEN", "error": "unrecognised access token"}


def _signal(handler: _Handler, body: bytes, _parts: list[str]) -> Said:
    """signal-cli's daemon: every answer has status 200; what went wrong stands in it."""
    call = json.loads(body)
    params, day = call["params"], handler.carriers.day
    to = (params.get("recipient") or params.get("username"))[0]
    codes: dict[str, tuple[int, str, dict[str, Any]]] = {
        "429": (-5, "RATE_LIMIT_FAILURE", {"retryAfterSeconds": 3600}),
        "captcha": (-5, "RATE_LIMIT_FAILURE", {"retryAfterSeconds": 86400, "token": "riddle"}),
        "identity": (-4, "IDENTITY_FAILURE", {}),
        "unknown": (-1, "UNREGISTERED_FAILURE", {}),
        "413": (-3, "NETWORK_FAILURE", {}),
        "token": (-32602, "", {}),  # an account that the daemon does not have
    }
    said: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
    if day in codes:
        code, kind, more = codes[day]
        one = {"recipientAddress": {"number": to}, "type": kind, **more}
        data = {"response": {"timestamp": 1, "results": [one]}} if kind else None
        # Its words repeat the number, as the real one's do.
        return 200, said | {"error": {"code": code, "message": f"{to}: failed", "data": data}}
    handler.carriers.take(Taken("signal", to, params["message"], ""))
    one = {"recipientAddress": {"number": to}, "type": "SUCCESS"}
    return 200, said | {"result": {"timestamp": 1700000000000, "results": [one]}}


def _matrix(handler: _Handler, body: bytes, parts: list[str]) -> Said:
    day, (room, transaction) = handler.carriers.day, parts
    if handler.headers["Authorization"] != f"Bearer {TOKEN}" or day == "token":
        return 401, _UNKNOWN_TOKEN
    if day in {"429", "captcha"}:
        return 429, {"errcode": "M_LIMIT_EXCEEDED", "error": room, "retry_after_ms": 2000}
    if day in {"unknown", "identity"}:
        return 403, {"errcode": "M_FORBIDDEN", "error": f"not in {room}"}
    if day == "413":
        return 413, {"errcode": "M_TOO_LARGE", "error": "too large"}
    handler.carriers.take(Taken("matrix", room, json.loads(body)["body"], transaction))
    return 200, {"event_id": f"${transaction}"}


def _ntfy(handler: _Handler, body: bytes, _parts: list[str]) -> Said:
    day, said = handler.carriers.day, json.loads(body)
    if day in {"429", "captcha"}:
        return 429, {"code": 42901, "http": 429, "error": "limit reached: too many requests"}
    if day in {"token", "unknown", "identity"}:
        return 403, {"code": 40301, "http": 403, "error": f"forbidden: {said['topic']}"}
    if day == "413":
        return 413, {"code": 41301, "http": 413, "error": "request too large"}
    handler.carriers.take(Taken("ntfy", said["topic"], said["message"], said["sequence_id"]))
    return 200, {"id": "hwQ2YpKdmg", "event": "message", "topic": said["topic"]}


def _push(handler: _Handler, body: bytes, parts: list[str]) -> Said:
    """RFC 8030: a push service wants a TTL; a browser's wants encryption and a name beside it."""
    here, (kind, to) = handler.carriers, parts
    statuses = {
        "429": 429,
        "captcha": 429,
        "token": 403,
        "unknown": 410,
        "identity": 404,
        "413": 413,
    }
    if here.day in statuses:
        return statuses[here.day], {}
    if not (handler.headers["TTL"] or "").isdecimal():
        return 400, {}
    once = handler.headers["Topic"] or ""
    if kind == "app":
        here.take(Taken("push", to, body.decode(), once))
        return 201, {}
    if not (handler.headers["Authorization"] or "").startswith("vapid t="):
        return 401, {}
    key, auth, _ = here.browser
    try:
        text = vault.open_push(key, auth, body).decode()
    except CannotOpen:
        return 400, {}
    here.take(Taken("webpush", to, text, once))
    return 201, {}


def _hook(handler: _Handler, body: bytes, _parts: list[str]) -> Said:
    """A receiver of Standard Webhooks checks the signature over id, second and the very bytes."""
    here, get = handler.carriers, handler.headers.get
    once, second = get("webhook-id", ""), get("webhook-timestamp", "")
    key = base64.b64decode(HOOK_SECRET.removeprefix("whsec_"))
    good = vault.sign_webhook(key, once, second, body)
    if here.day in {"429", "captcha", "413", "token", "unknown", "identity"}:
        return {"429": 429, "captcha": 429, "413": 413, "unknown": 410}.get(here.day, 401), {}
    if get("webhook-signature", "") != good:
        return 401, {"error": "signature"}
    here.take(Taken("webhook", "hook", json.loads(body)["data"]["text"], once))
    return 200, {}


_PROTOCOLS: dict[str, Callable[[_Handler, bytes, list[str]], Said]] = {
    "/api/v1/rpc": _signal,
    "/_matrix/client/v3/rooms/([^/]+)/send/m.room.message/([^/]+)": _matrix,
    "/": _ntfy,
    "/(browser|app)/([^/]+)": _push,
    "/hook": _hook,
}
