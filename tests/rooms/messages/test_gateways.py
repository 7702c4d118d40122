"""Short messages through any HTTP gateway, tried against a server on loopback that misbehaves."""

import json
import re
import socket
import threading
import time
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from amparo.foundation import clock
from amparo.foundation.errors import Invalid, Unavailable
from amparo.messages import channels, circuits, gateways
from amparo.messages.budgets import Held
from tests.rooms.messages.provider import table, two_way

NUMBER, TEXT = "+5215512345678", 'The "parcel" is here: http://x/a/b?c&d — ¡ya!'


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
    monkeypatch.setattr(gateways, "PATIENCE", 0.5)
    one.hangs.clear()
    write(table(one.url) + table(two.url, "two"))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert len(two.got) == 1


def test_no_message_waits_longer_for_its_gateways_than_is_allowed(one, write):
    one.hangs.clear()
    write(table(one.url))
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        channels.send("sms", NUMBER, "id-1", text=TEXT)
    # The bound is the promise: five seconds for a way, whatever hangs.
    assert gateways.PATIENCE == 5 and time.monotonic() - begun < 2 * gateways.PATIENCE


def test_names_that_nobody_looks_up_in_time_cost_no_more(one, two, write, monkeypatch):
    monkeypatch.setattr(gateways, "PATIENCE", 1.0)
    write(table("https://slow.example/") + table(two.url, "two"))
    known = socket.getaddrinfo

    def slowly(host, *more, **given):
        if host == "slow.example":
            time.sleep(4)
        return known(host, *more, **given)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    begun = time.monotonic()
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert len(two.got) == 1 and time.monotonic() - begun < 3


def test_an_answer_that_drips_is_cut_off(one, two, write, monkeypatch):
    monkeypatch.setattr(gateways, "PATIENCE", 1.0)
    one.drips, one.answer = 0.05, b"y" * 1000
    write(table(one.url) + table(two.url, "two"))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert len(two.got) == 1


def test_an_answer_without_end_is_read_to_a_bound(one, write):
    one.answer = b"queued" + b"z" * 3_000_000
    write(table(one.url, more="private = true\nneeds = 'queued'"))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    one.answer = b"z" * 3_000_000 + b"queued"  # what stands past the bound is not looked at
    with pytest.raises(Unavailable):
        channels.send("sms", NUMBER, "id-2", text=TEXT)


@pytest.mark.parametrize(
    "more", ["needs = 'queued'", "answer_id = 'messages.0.id'"], ids=["word", "id"]
)
def test_a_page_that_says_200_and_took_nothing_is_not_believed(one, two, write, more):
    one.status, one.answer = 200, b"<html>Are you a robot?</html>"
    write(two_way(one.url, more=more) + table(two.url, "two"))
    channels.send("sms", NUMBER, "id-1", text=TEXT)
    assert len(one.got) == 1 and len(two.got) == 1


def test_what_a_receipt_will_name_is_the_providers_id_or_ours(one, write):
    one.answer = b'{"messages": [{"id": 77}]}'
    write(two_way(one.url, more="answer_id = 'messages.0.id'\nneeds = 'messages'"))
    assert channels.send("sms", NUMBER, "ours", text=TEXT) == "one 77"
    write(two_way(one.url))
    assert channels.send("sms", NUMBER, "ours", text=TEXT) == "one ours"
    write(table(one.url))
    assert channels.send("sms", NUMBER, "ours", text=TEXT) is None


# --- broken ones are asked last ------------------------------------------------------------------
def test_a_broken_gateway_is_asked_last_for_a_while_and_then_tried_once_more(one, two, write):
    write(table(one.url) + table(two.url, "two"))
    one.status = 500
    channels.send("sms", NUMBER, "a", text=TEXT)
    assert (len(one.got), len(two.got)) == (1, 1)
    channels.send("sms", NUMBER, "b", text=TEXT)
    assert (len(one.got), len(two.got)) == (1, 2)  # not asked: its turn comes after the other's
    clock.forward(timedelta(minutes=1))
    channels.send("sms", NUMBER, "c", text=TEXT)
    assert (len(one.got), len(two.got)) == (2, 3)  # asked once more, and still broken
    clock.forward(timedelta(minutes=5))
    one.status = 202
    channels.send("sms", NUMBER, "d", text=TEXT)
    channels.send("sms", NUMBER, "e", text=TEXT)
    assert (len(one.got), len(two.got)) == (4, 3)  # mended


def test_one_that_rests_is_asked_all_the_same_when_there_is_no_other(one, write):
    write(table(one.url))
    one.status = 500
    for _ in range(2):
        with pytest.raises(Unavailable):
            channels.send("sms", NUMBER, "a", text=TEXT)
    one.status = 202
    channels.send("sms", NUMBER, "a", text=TEXT)
    assert len(one.got) == 3


@pytest.mark.parametrize("status", [400, 404, 410, 422], ids=str)
def test_a_refused_number_counts_against_nobody_elses_messages(one, two, write, status):
    write(table(one.url) + table(two.url, "two"))
    one.status = status
    channels.send("sms", NUMBER, "a", text=TEXT)
    assert (len(one.got), len(two.got)) == (1, 1)  # the other one may know it
    one.status = 202
    channels.send("sms", NUMBER, "b", text=TEXT)
    assert (len(one.got), len(two.got)) == (2, 1)


def test_a_refusal_mends_no_gateway(one, two, write):
    write(table(one.url) + table(two.url, "two"))
    one.status = 500
    channels.send("sms", NUMBER, "a", text=TEXT)
    two.status = one.status = 404
    with pytest.raises(Unavailable):
        channels.send("sms", NUMBER, "b", text=TEXT)
    two.status = one.status = 202
    channels.send("sms", NUMBER, "c", text=TEXT)
    assert (len(one.got), len(two.got)) == (2, 3)  # the first one still rests


def test_one_that_hangs_holds_few_senders(one, two, write, monkeypatch):
    monkeypatch.setattr(gateways, "PATIENCE", 2.0)
    one.hangs.clear()
    write(
        table(one.url, more="private = true\nconnections = 2")
        + table(two.url, "two", more="private = true\nconnections = 6")
    )
    senders = [
        threading.Thread(target=channels.send, args=("sms", NUMBER, f"{n}"), daemon=True)
        for n in range(6)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(20)
    assert len(two.got) == 6 and one.most_inside <= 2


def test_whoever_finds_one_full_comes_back_later_and_later():
    """A crowd that waits for two slow calls leaves the senders to everybody else."""
    with clock.frozen():
        circuit = circuits.Circuit(2)
        assert circuit.enter() is None and circuit.enter() is None
        until = [circuit.enter() for _ in range(1000)]
        waits = [(moment - clock.now()).total_seconds() for moment in until]
        assert waits == sorted(waits) and waits[0] <= 1 and waits[100] > 20
        assert waits[-1] <= circuits.FIRST_REST.total_seconds()
        circuit.leave()
        assert circuit.enter() is None
        assert circuit.enter() == until[0]  # they have been forgotten


def test_one_that_took_a_message_and_did_not_deliver_it_is_asked_last_for_it(one, two, write):
    write(two_way(one.url) + table(two.url, "two"))
    assert channels.send("sms", NUMBER, "abc", text=TEXT) == "one abc"
    assert channels.send("sms", NUMBER, "abc-1", text=TEXT) is None
    assert len(two.got) == 1
    assert channels.send("sms", NUMBER, "def", text=TEXT) == "one def"


# --- what an account allows ----------------------------------------------------------------------
def test_an_account_has_a_budget_and_the_rest_is_held_back_until_then(one, write):
    write(table(one.url, more="private = true\nper_minute = 2"))
    with clock.frozen():
        for n in range(2):
            channels.send("sms", NUMBER, f"{n}", text=TEXT)
        with pytest.raises(Held) as held:
            channels.send("sms", NUMBER, "2", text=TEXT)
        assert timedelta() < held.value.until - clock.now() <= timedelta(seconds=30)
        assert len(one.got) == 2
        clock.forward(timedelta(seconds=31))
        channels.send("sms", NUMBER, "2", text=TEXT)
    assert len(one.got) == 3


def test_a_second_account_takes_what_the_first_allows_no_more(one, two, write):
    write(table(one.url, more="private = true\nper_minute = 1") + table(two.url, "two"))
    for n in range(3):
        channels.send("sms", NUMBER, f"{n}", text=TEXT)
    assert (len(one.got), len(two.got)) == (1, 2)


@pytest.mark.parametrize("after", ["90", "date", "nonsense", "", "999999999"])
def test_not_so_fast_is_heeded_and_never_for_long(one, write, after):
    one.status = 429
    with clock.frozen():
        when = clock.now() + timedelta(seconds=90)
        one.headers = {
            "Retry-After": when.strftime("%a, %d %b %Y %H:%M:%S GMT") if after == "date" else after
        }
        write(table(one.url))
        with pytest.raises(Held) as held:
            channels.send("sms", NUMBER, "a", text=TEXT)
        assert clock.now() < held.value.until <= clock.now() + circuits.LONGEST_REST
        if after in {"90", "date"}:
            assert abs(held.value.until - when) < timedelta(seconds=2)
        with pytest.raises(Held):
            channels.send("sms", NUMBER, "b", text=TEXT)
        assert len(one.got) == 1  # it was left alone


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
        ("[[gateway]]\nname='x'\nurl=1\n", "another kind"),
        ("[[gateway]]\nname='x'\nurl='https://x/{to}{text}'\nconnections=0\n", "connections"),
        ("[[gateway]]\nname='x'\nurl='https://x/{to}{text}'\nper_minute=true\n", "another kind"),
        (table("https://sms.example/", more="[gateway.receipt]\nid='i'"), "status and delivered"),
        (table("https://sms.example/", more="inbound = 1"), "table"),
        (two_way("https://sms.example/", secret="short"), "secret of 20"),
        (two_way("https://sms.example/", secret="a/b" * 10), "letters and digits"),
        (two_way("https://sms.example/", number="5512"), "+525500000000"),
        (two_way("https://x/") + two_way("https://x/", "two"), "same secret"),
        (table("https://x/") + table("https://x/"), "same name"),
        (
            two_way("https://x/", more="signature = { header = 'X', key = 'k', digest = 'md5' }"),
            "sha256",
        ),
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
    with pytest.raises(Invalid, match=re.escape(word)):
        gateways.load()


def test_without_a_file_there_is_none():
    assert gateways.load() == ()
