"""What providers tell us: read as the file says, and nothing taken from anybody else."""

import base64
import contextlib
import hashlib
import hmac
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from amparo.foundation.errors import NotFound
from amparo.messages import bodies, inbound
from amparo.messages.inbound import Heard, Receipt
from tests.rooms.messages.provider import SECRET, two_way, unwrite
from tests.rooms.messages.provider import write as written

URL = "https://sms.example/send"


def told(body: bytes, secret: str = SECRET, **headers: str):
    return inbound.read(secret, headers, body)


def test_a_receipt_in_json_and_in_a_form(write):
    write(two_way(URL))
    assert told(b'{"id": "7", "status": "Delivered"}') == [Receipt("one 7", True)]
    assert told(b"id=7&status=expired") == [Receipt("one 7", False)]
    assert told(b'{"id": 7, "status": "queued"}') == [Receipt("one 7", None)]


def test_a_message_in_json_and_in_a_form(write):
    write(two_way(URL))
    heard = Heard("+525512345678", "ack", "one m1")
    assert told(b"from=525512345678&text=ack&message=m1") == [heard]
    assert told(b'{"from": "+52 55 1234 5678", "text": "ack", "message": "m1"}') == [heard]
    assert told(b"from=BANK&text=hello") == [Heard("", "hello", "")]


def test_a_list_in_one_call(write):
    write(two_way(URL, more="each = 'results'"))
    body = {"results": [{"id": 1, "status": "failed"}, {"from": "+34600111222", "text": "ok"}]}
    assert told(json.dumps(body).encode()) == [
        Receipt("one 1", False),
        Heard("+34600111222", "ok", ""),
    ]


@pytest.mark.parametrize("form", ["hex", "base64", "prefix"])
def test_a_signature_is_checked_where_a_provider_signs(write, form):
    write(two_way(URL, more="signature = { header = 'X-Signature', key = 'k', digest = 'sha256' }"))
    body = b"id=7&status=delivered"
    made = hmac.new(b"k", body, hashlib.sha256)
    good = {
        "hex": made.hexdigest(),
        "prefix": f"sha256={made.hexdigest()}",
        "base64": base64.b64encode(made.digest()).decode(),
    }[form]
    assert told(body, **{"X-Signature": good}) == [Receipt("one 7", True)]
    for wrong in (
        {},
        {"X-Signature": ""},
        {"X-Signature": "é"},
        {"X-Signature": made.hexdigest()[:-1]},
    ):
        with pytest.raises(NotFound):
            told(body, **wrong)
    with pytest.raises(NotFound):
        told(body + b"&x=1", **{"X-Signature": good})


@pytest.mark.parametrize(
    ("secret", "body"),
    [
        ("x" * 30, b"id=7&status=delivered"),
        ("", b"id=7&status=delivered"),
        ("é" * 20, b"id=7&status=delivered"),
        (SECRET, b""),
        (SECRET, b"{"),
        (SECRET, b"[1, 2"),
        (SECRET, b"\xff\xfe"),
        (SECRET, b'{"id": {"a": 1}, "status": ["delivered"]}'),
        (SECRET, b"hello=1"),
        (SECRET, b"id=7&status=delivered&x=" + b"x" * inbound.MOST),
    ],
)
def test_everything_wrong_is_nothing_there(write, secret, body):
    write(two_way(URL))
    with pytest.raises(NotFound):
        told(body, secret)


def test_without_a_file_or_with_a_broken_one_there_is_nothing(write):
    for text in ("", "[[gateway]\n"):
        write(text)
        with pytest.raises(NotFound):
            told(b"id=7&status=delivered")


def test_no_number_and_no_text_can_be_read_off_by_accident():
    """What stands in a traceback or a log is a repr."""
    shown = repr([Heard("+525512345678", "blue kettle", "one m1"), Receipt("one 77", True)])
    assert "5512345678" not in shown and "kettle" not in shown and "77" not in shown


values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=12,
)
fields = some.sampled_from(["id", "status", "from", "text", "message", "results"])
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(
    some.binary(max_size=300)
    | some.dictionaries(fields, values).map(lambda one: json.dumps(one).encode())
)
def test_whatever_comes_is_read_or_not_there(body):
    for more in ("", "each = 'results'"):
        written(two_way(URL, more=more))
        try:
            with contextlib.suppress(NotFound):
                for one in told(body):
                    assert isinstance(one, Heard | Receipt)
                    if isinstance(one, Heard):
                        assert one.sender == "" or one.sender[1:].isdecimal()
        finally:
            unwrite()


@FUZZ
@given(
    values, some.text(max_size=20) | some.sampled_from(["a.b", "0.0", "a.0.b", "..", "results.0"])
)
def test_a_place_is_found_or_empty(doc, place):
    assert isinstance(bodies.found(doc, place), str)
    assert isinstance(bodies.each(doc, place), list)


def test_numbers_too_long_for_a_machine_are_nothing():
    assert bodies.parsed(b'{"id": ' + b"9" * 9000 + b"}") == {}
    assert bodies.found({"id": 10**5000}, "id") == ""
