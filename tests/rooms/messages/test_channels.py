"""Each channel against the stand-in of its carrier, over HTTP on loopback, on good and on bad days."""

import contextlib
import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from amparo.foundation import clock
from amparo.foundation.errors import Invalid
from amparo.messages import channels, rules, wire
from amparo.messages.budgets import Held
from amparo.messages.channels import settings
from amparo.messages.channels.fakes import HOOK_SECRET, Carriers, carriers
from amparo.messages.wire import NotTaken
from tests.rooms.messages.carriers import NUMBER, ROOM, TOPIC, address_of, here

__all__ = ["here"]
TEXT = "Your order is ready. https://notes.example/a/Zm9vYmFyYmF6cXV1eA"
OVER_HTTP = ("signal", "matrix", "ntfy", "push", "webpush", "webhook")
ONCE = "3f2c" * 8


def send(here: Carriers, channel: str, text: str = TEXT, idem: str = ONCE) -> Any:
    return channels.send(channel, address_of(here, channel), idem, text=text)


# --- good days -----------------------------------------------------------------------------------
@pytest.mark.parametrize("channel", OVER_HTTP)
def test_a_message_arrives_as_it_was_written(here: Carriers, channel: str) -> None:
    assert channels.reaches(channel)
    assert send(here, channel) is None  # none of them reports later to us
    (one,) = here.taken
    assert (one.channel, one.text) == (channel, TEXT)


@pytest.mark.parametrize("channel", OVER_HTTP)
def test_the_same_message_twice_is_one_where_the_protocol_can(here: Carriers, channel: str) -> None:
    for _ in range(2):
        send(here, channel)
    send(here, channel, idem="4a4a" * 8)
    once = channels.ALL[channel].once
    assert len(here.taken) == (2 if once else 3)
    assert once or channel == "signal"


def test_a_username_is_written_to_as_one(here: Carriers) -> None:
    channels.send("signal", "rosa.42", ONCE, text=TEXT)
    assert here.taken[0].to == "rosa.42"


def test_what_a_push_service_sees_of_two_texts_has_one_size(here: Carriers) -> None:
    from amparo.vault import push

    key, auth, given = push.new_browser()
    sealed = [push.seal_push(**given, text=text) for text in (b"", b"x" * 300)]
    assert len({len(one) for one in sealed}) == 1
    assert push.open_push(key, auth, sealed[1]) == b"x" * 300


def test_the_note_of_the_day_is_quiet_and_all_else_is_loud(
    here: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(
        wire, "call", lambda url, body, headers, **_: sent.append(json.loads(body)) or _taken()
    )
    for text in (rules.TEXT, rules.URGENT, TEXT):
        channels.send("ntfy", TOPIC, ONCE, text=text)
    assert [one["priority"] for one in sent] == [3, 5, 5]
    assert all("title" not in one for one in sent)


def _taken() -> wire.Answer:
    return wire.Answer(200, {}, b'{"id": "x"}')


# --- bad days ------------------------------------------------------------------------------------
DAYS = {
    "500": {"signal": "status", "webhook": "status", "": "answer"},
    "413": {"signal": "line", "webhook": "status", "": "size"},
    "429": {"": "limit"},
    "captcha": {"signal": "captcha", "": "limit"},
    "identity": {"signal": "identity", "webhook": "status", "ntfy": "token", "": "unknown"},
    "unknown": {"webhook": "status", "ntfy": "token", "": "unknown"},
    "token": {"signal": "answer", "webhook": "status", "": "token"},
    "redirect": {"signal": "status", "webhook": "status", "": "answer"},
    "huge": {"": "answer"},
    "nonsense": {"": "answer"},
    "close": {"": "line"},
    "hang": {"": "time"},
    "drip": {"": "time"},
}


# Three ask for a status and for nothing else: what else an answer holds is nothing to them.
BAD_DAYS = [
    (channel, day)
    for channel in OVER_HTTP
    for day in DAYS
    if not (day in {"huge", "nonsense"} and channel in {"push", "webpush", "webhook"})
]


@pytest.mark.parametrize(("channel", "day"), BAD_DAYS)
def test_a_bad_day_is_told_in_one_word(
    here: Carriers, monkeypatch: pytest.MonkeyPatch, caplog: Any, channel: str, day: str
) -> None:
    if day in {"hang", "drip"}:
        monkeypatch.setattr(wire, "TIMEOUT", 0.4)
    here.day = day
    address = address_of(here, channel)
    caplog.set_level(logging.DEBUG)
    with capture_logs() as said, pytest.raises(NotTaken) as failed:
        send(here, channel)
    words = DAYS[day]
    assert failed.value.why == words.get(channel, words[""])
    assert here.taken == [] and here.asked == 1  # nothing was followed, nothing tried again
    told = "".join(traceback.format_exception(failed.value)) + str(said) + caplog.text
    for part in (address, TEXT, "Zm9vYmFy", "4711", TOPIC):
        assert part not in told


def test_a_redirect_is_not_followed_wherever_it_leads(here: Carriers) -> None:
    with carriers() as other:
        here.day, here.elsewhere = "redirect", other.url
        for channel in OVER_HTTP:
            with pytest.raises(NotTaken):
                send(here, channel)
        assert other.asked == 0


def test_a_carrier_that_says_not_so_fast_is_left_alone_and_then_asked_again(here: Carriers) -> None:
    here.day = "429"
    with clock.frozen():
        for why in ("limit", "held", "held"):
            with pytest.raises(NotTaken) as failed:
                send(here, "matrix")
            assert failed.value.why == why
        assert here.asked == 1
        with pytest.raises(NotTaken) as failed:
            send(here, "ntfy")
        assert failed.value.why == "limit" and here.asked == 2  # only this one rested
        here.day = "good"
        clock.forward(timedelta(seconds=31))
        send(here, "matrix")
    assert [one.channel for one in here.taken] == ["matrix"]


def test_nobody_is_left_alone_for_longer_than_a_minute(here: Carriers) -> None:
    here.day = "captcha"  # Signal asks for a day
    with clock.frozen():
        with pytest.raises(NotTaken):
            send(here, "signal")
        with pytest.raises(Held) as held:
            send(here, "signal")
        assert timedelta() < held.value.until - clock.now() <= timedelta(minutes=1)


def test_slow_push_services_hold_few_senders(here: Carriers) -> None:
    here.day = "hang"

    def slowly() -> None:
        with contextlib.suppress(NotTaken):
            send(here, "push")

    slow = [threading.Thread(target=slowly, daemon=True) for _ in range(2)]
    for one in slow:
        one.start()
    assert _comes_to(lambda: here.asked == 2)
    with pytest.raises(Held) as held:
        send(here, "push")
    assert here.asked == 2 and held.value.until > clock.now()
    here.day = "good"
    send(here, "matrix")  # everybody else goes on
    here.free.set()
    for one in slow:
        one.join(20)
    send(here, "push")
    assert [one.channel for one in here.taken] == ["matrix", "push"]


def _comes_to(good: Callable[[], bool]) -> bool:
    for _ in range(400):
        if good():
            return True
        threading.Event().wait(0.01)
    return good()


# --- whom it calls -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::1", "::", "fec0::1", "::7f00:1", "::10.0.0.1", "64:ff9b::a00:1",
    ],
)  # fmt: skip
def test_an_address_of_ones_own_network_is_private_in_every_dress(address: str) -> None:
    assert not wire.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_an_address_of_the_open_network_is_not(address: str) -> None:
    assert wire.is_public(address)


def test_a_name_that_leads_home_is_refused_before_anything_is_sent(
    here: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.file().write_text(
        here.toml().replace("private = true\n", "").replace("http:", "https:")
    )
    settings._read.cache_clear()
    for channel in ("signal", "matrix", "ntfy", "webhook"):
        with pytest.raises(NotTaken) as failed:
            send(here, channel)
        assert failed.value.why == "private"
    for url in (f"{here.url}/app/1", "https://127.0.0.1/x", "https://localhost/x"):
        with pytest.raises(NotTaken):
            channels.send("push", url, ONCE, text=TEXT)
    assert here.asked == 0


def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    here: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers differently the second time is asked once only."""
    looked: list[str] = []

    def look(host: str, port: int, **_: object) -> list[Any]:
        looked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", here.port))]

    settings.file().write_text(here.toml().replace("127.0.0.1", "carrier.invalid"))
    settings._read.cache_clear()
    real = socket.create_connection
    called: list[Any] = []

    def connect(to: tuple[str, int], *rest: Any) -> socket.socket:
        called.append(to)
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.connect(to)
        return made

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert real is not connect
    send(here, "matrix")
    assert looked == ["carrier.invalid"] and called == [("127.0.0.1", here.port)]


def test_a_name_with_a_dead_address_is_reached_at_its_other_one(
    here: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = socket.getaddrinfo

    def look(host: str, port: int, *more: Any, **given: Any) -> Any:
        if host != "carrier.invalid":
            return known(host, port, *more, **given)
        both = ("127.0.0.9", "127.0.0.1")  # nobody listens at the first
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in both]

    settings.file().write_text(here.toml().replace("127.0.0.1", "carrier.invalid"))
    settings._read.cache_clear()
    monkeypatch.setattr(socket, "getaddrinfo", look)
    send(here, "matrix")
    assert len(here.taken) == 1


def test_no_proxy_of_the_environment_is_used(
    here: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with carriers() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        send(here, "matrix")
        assert proxy.asked == 0 and len(here.taken) == 1


# --- what an address looks like ------------------------------------------------------------------
def test_only_what_can_be_an_address_is_one(here: Carriers) -> None:
    good = {
        "mail": ["a@b.org"],
        "sms": ["+34600123456"],
        "signal": ["+34600123456", "rosa.42", "Ro_sa1.007"],
        "matrix": [ROOM, "!9Gk-version12_has-no-server"],
        "ntfy": [TOPIC, "a" * 64],
        "push": ["https://push.example/UP?x=1", here.subscription().replace("http:", "https:")],
        "webpush": [here.subscription().replace("http:", "https:")],
        "webhook": ["rota"],
    }
    bad = {
        "mail": ["", "b.org", "a@b.org\nBcc: x@y.z", "a b@c.org"],
        "sms": ["", "600", "+34 600", "+", "rosa.42"],
        "signal": ["", "rosa", "rosa.", "@rosa.42", "+34x"],
        "matrix": ["", "@rosa:matrix.example", "#room:matrix.example", "!", "! :x"],
        "ntfy": ["", "short", "a/b" * 9, "a" * 65, "two words and more"],
        "push": ["", "http://push.example/", "https://", "https://a@b/", "ftp://x/", "{}", "{"],
        "webpush": ["", "https://push.example/", "{}", "[]", '{"endpoint":"https://x/","keys":{}}'],
        "webhook": ["", "Rota", "https://x/", "-x", "a" * 41],
    }
    for channel in (*good, *bad):
        assert channel in rules.ADDRESSES
    assert set(good) == set(rules.ADDRESSES) == set(bad)
    wrong = [(one, text) for one in good for text in good[one] if not rules.is_address(one, text)]
    wrong += [(one, text) for one in bad for text in bad[one] if rules.is_address(one, text)]
    assert wrong == []


def test_every_channel_that_somebody_can_choose_has_a_way_out() -> None:
    assert set(rules.CHANNELS) == set(channels.ALL)
    assert not any(channels.reaches(one) for one in OVER_HTTP)  # without a file
    with pytest.raises(NotTaken):
        channels.send("pigeon", NUMBER, ONCE)


# --- the file ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[signal\n", "channels.toml"),
        ("[pigeon]\n", "no channel pigeon"),
        ("signal = 1\n", "as a table"),
        ("[signal]\n", "https://"),
        ("[signal]\nurl = 'http://127.0.0.1:8080'\n", "private = true"),
        ("[signal]\nurl = 'https://x/'\ncolour = 'x'\n", "no option colour"),
        ("[signal]\nurl = 1\n", "wrong kind"),
        ("[matrix]\nurl = 'https://x/'\n", "token"),
        ("[matrix]\nurl = 'https://x/'\ntoken = \"a\\nb\"\n", "cannot be sent"),
        ("[webpush]\ncontact = 'me'\n", "mailto:"),
        ("[webhook]\nname = 'x'\n", "two brackets"),
        ("[[webhook]]\nname = 'X'\nurl = 'https://x/'\n", "small letters"),
        ("[[webhook]]\nname = 'x'\nurl = 'https://x/'\nsecret = 'short'\n", "whsec_"),
        (
            f"[[webhook]]\nname = 'x'\nurl = 'https://x/'\nsecret = '{HOOK_SECRET}'\n" * 2,
            "same name",
        ),
    ],
)
def test_what_cannot_be_used_is_named(here: Carriers, text: str, word: str) -> None:
    settings.file().write_text(text)
    settings._read.cache_clear()
    with pytest.raises(Invalid) as wrong:
        settings.load()
    assert word in str(wrong.value)
    assert settings.found() == settings.Settings()


def test_no_secret_of_the_file_is_shown(here: Carriers) -> None:
    assert "stand-in-token" not in repr(settings.load()) and HOOK_SECRET not in repr(
        settings.load()
    )
