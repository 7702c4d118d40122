"""Short messages through any HTTP gateway, tried against a server on loopback that misbehaves."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

import pytest

from amparo.foundation.errors import Invalid, Unavailable
from amparo.messages import channels, gateways, wire

NUMBER, TEXT = "+5215512345678", 'The "parcel" is here: http://x/a/b?c&d — ¡ya!'


class Provider(http.server.ThreadingHTTPServer):
    """A gateway that does as it is told, and remembers what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.headers, self.hangs = 202, {}, threading.Event()
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.hangs.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"] or 0)
        self.server.got.append((self.path, dict(self.headers), self.rfile.read(size)))
        self.server.hangs.wait(20)
        if self.server.status == 0:
            self.connection.close()
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"x" * 100_000)  # a captcha's page, say

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hangs.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def one() -> Iterator[Provider]:
    with provider() as server:
        yield server


@pytest.fixture
def two() -> Iterator[Provider]:
    with provider() as server:
        yield server


BODY = '{"to": "{to}", "text": "{text}", "id": "{id}"}'


@pytest.fixture
def write() -> Iterator[object]:
    """Write the file of gateways; gone afterwards."""

    def put(text: str) -> None:
        gateways.file().write_text(text)
        gateways._read.cache_clear()

    yield put
    gateways.file().unlink(missing_ok=True)
    gateways._read.cache_clear()


def table(url: str, name: str = "one", body: str = BODY, more: str = "private = true") -> str:
    return f"[[gateway]]\nname = '{name}'\nurl = '{url}'\nbody = '{body}'\n{more}\n"


def test_a_message_arrives_as_the_providers_page_wants_it(one, write):
    write(table(f"{one.url}/send", more='private = true\nheaders = { Authorization = "Bearer t" }'))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    ((path, headers, body),) = one.got
    assert path == "/send" and headers["Authorization"] == "Bearer t"
    assert headers["Idempotency-Key"] == "id-1"
    assert json.loads(body) == {"to": NUMBER, "text": TEXT, "id": "id-1"}


def test_a_form_and_an_address_are_escaped_too(one, write):
    form = "kind = 'application/x-www-form-urlencoded'\nprivate = true"
    write(table(f"{one.url}/s?n={{to}}", body="t={text}&x=1", more=form))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    ((path, _, body),) = one.got
    assert path == f"/s?n=%2B{NUMBER[1:]}"
    assert parse_qs(body.decode()) == {"t": [TEXT], "x": ["1"]}


@pytest.mark.parametrize("status", [500, 413, 429, 302, 0], ids=str)
def test_the_next_gateway_takes_what_the_first_does_not(one, two, write, status):
    one.status, one.headers = status, {"Location": f"{two.url}/elsewhere"} if status == 302 else {}
    write(table(one.url) + table(f"{two.url}/second", "two"))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert len(one.got) == 1
    assert [path for path, _, _ in two.got] == ["/second"]  # no redirect was followed


def test_when_nobody_takes_it_that_is_said_without_the_number(one, write):
    one.status = 500
    write(table(one.url))
    with pytest.raises(Unavailable) as failed:
        channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert NUMBER not in str(failed.value)


def test_a_gateway_that_hangs_is_left_after_a_while(one, two, write, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT", 0.2)
    one.hangs.clear()
    write(table(one.url) + table(two.url, "two"))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert len(two.got) == 1


def test_a_gateway_serves_the_numbers_that_it_serves(one, two, write):
    write(
        table(one.url, more="private = true\nprefixes = ['+34']")
        + table(two.url, "two", more="private = true\nprefixes = ['+52']")
    )
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert not one.got and len(two.got) == 1
    with pytest.raises(Unavailable):
        channels.send("sms", "+12025550100", "id-2", text=TEXT)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost"], ids=str
)
def test_private_addresses_are_refused_unless_they_are_ones_own(one, write, host):
    write(table(f"https://{host}:{one.server_address[1]}/", more=""))
    with pytest.raises(Unavailable):
        channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert not one.got


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[[gateway]\n", "gateways.toml"),
        ("[gateway]\nname='x'\n", "two brackets"),
        ("[[gateway]]\nname='x'\n", "name and url"),
        (table("ftp://x/"), "https://"),
        (table("http://sms.example/", more=""), "private = true"),
        (table("https://sms.example/", body="nothing"), "{to}"),
        (table("https://sms.example/", more="kind = 'x'"), "kind"),
        (table("https://sms.example/", more="colour = 'x'"), "no option colour"),
        (table("https://sms.example/", more="prefixes = '+34'"), "list"),
        (table("https://sms.example/", more="headers = 1"), "table"),
    ],
)
def test_what_cannot_be_used_is_named(write, text, word):
    write(text)
    with pytest.raises(Invalid, match=word.replace("{", r"\{")):
        gateways.load()


def test_without_a_file_there_is_none():
    assert gateways.load() == ()
