"""Inside one step a person's ways are tried one after the other: Signal, a text message, mail."""

import dataclasses
import email
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from structlog.testing import capture_logs

from amparo.foundation import ids, journal
from amparo.foundation.config import config
from amparo.messages import channels, gateways, ringing, wire
from amparo.messages.channels.fakes import Carriers
from amparo.messages.models import Ringing
from tests.make import House
from tests.rooms.messages.carriers import NUMBER, here

__all__ = ["here"]
MAIL, TEXT = "sister@example.org", "Your order is ready."
WAYS = (("signal", NUMBER), ("sms", NUMBER), ("mail", MAIL))


class Mailbox:
    """Keeps what a mail server was given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    changed = dataclasses.replace(config(), smtp_host="127.0.0.1", smtp_port=port, smtp_tls=False)
    monkeypatch.setattr(channels.mail, "config", lambda: changed)
    yield box
    server.stop()


@contextmanager
def provider(status: int) -> Iterator[list[Any]]:
    """One gateway that answers so, in gateways.toml while this lasts."""
    got: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    gateways.file().write_text(
        f"[[gateway]]\nname = 'one'\nurl = '{url}'\nprivate = true\n"
        'body = \'{"to": "{to}", "text": "{text}"}\'\n'
    )
    gateways._read.cache_clear()
    try:
        yield got
    finally:
        server.shutdown()
        server.server_close()
        gateways.file().unlink()
        gateways._read.cache_clear()


def _queued() -> None:
    with journal.unit():
        ring = ringing.Ring(ids.new(), ids.new(), WAYS, TEXT, {"alarm": "x"})
        ringing.queue(ids.new(), [ring], kind="answer", hours=1)


def _sent() -> tuple[int, str]:
    with journal.unit(), capture_logs() as said:
        count = ringing.send_due()
    return count, str(said)


@pytest.mark.parametrize("day", ["captcha", "429", "identity", "500", "close", "hang"])
def test_where_signal_fails_a_text_message_goes_out_at_once(
    house: House, here: Carriers, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.setattr(wire, "TIMEOUT", 0.5)
    here.day = day
    _queued()
    with provider(202) as got:
        count, said = _sent()
    assert count == 1 and [one["to"] for one in got] == [NUMBER] and not mailbox.mails
    assert got[0]["text"].startswith(TEXT)
    assert NUMBER not in said and TEXT not in said and not Ringing.objects.exists()


def test_where_both_fail_a_mail_goes_out_in_the_same_look(
    house: House, here: Carriers, mailbox: Mailbox
) -> None:
    here.day = "captcha"
    _queued()
    with provider(500) as got:
        count, said = _sent()
    assert count == 1 and len(got) == 1
    (mail,) = mailbox.mails
    assert mail["To"] == MAIL and TEXT in mail.get_payload()
    assert "captcha" in said  # why, and nothing of whom
    assert not any(part in said for part in (NUMBER, MAIL, TEXT))


def test_a_good_day_needs_one_way_only(house: House, here: Carriers, mailbox: Mailbox) -> None:
    _queued()
    with provider(202) as got:
        count, _ = _sent()
    assert count == 1 and len(here.taken) == 1 and not got and not mailbox.mails
