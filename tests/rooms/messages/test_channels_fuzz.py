"""Whatever a carrier answers, and whatever is typed as an address, is taken or refused in order."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from amparo.messages import rules, wire
from amparo.messages.channels import matrix, ntfy, settings, signal
from amparo.messages.channels.settings import Carrier, Settings
from amparo.messages.wire import Answer, NotTaken

KEYS = st.sampled_from(
    ["id", "result", "error", "results", "type", "token", "code", "message", "data", "response",
     "errcode", "event_id", "retry_after_ms", "jsonrpc"]
)  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(
    ["once", "SUCCESS", "RATE_LIMIT_FAILURE", "M_LIMIT_EXCEEDED", "429", ""]
)  # fmt: skip
ANY = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)
INSIDE = st.dictionaries(KEYS, ANY, max_size=4)
RESULT = st.fixed_dictionaries({"results": st.lists(INSIDE | ANY, max_size=3) | ANY}) | INSIDE
ERROR = st.fixed_dictionaries({"data": st.fixed_dictionaries({"response": RESULT}) | ANY}) | INSIDE
SHAPED = st.fixed_dictionaries({"id": st.just("once")}, optional={"result": RESULT, "error": ERROR})
BODY = (SHAPED | SHAPED | ANY | ERROR).map(lambda one: json.dumps(one).encode()) | st.binary(
    max_size=200
)
HEADERS = st.dictionaries(st.just("retry-after"), st.sampled_from(["30", "-1", "x", "9" * 40, ""]))
HERE = Carrier(url="https://carrier.example", token="t")
FEW = how(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(
    status=st.just(200) | st.sampled_from([201, 302, 400, 401, 413, 429, 500]),
    headers=HEADERS,
    body=BODY,
)
@FEW
@pytest.mark.parametrize("channel", [signal, matrix, ntfy], ids=lambda one: one.CHANNEL.name)
def test_no_answer_of_a_carrier_breaks_anything(
    monkeypatch: pytest.MonkeyPatch, channel: Any, status: int, headers: Any, body: bytes
) -> None:
    with monkeypatch.context() as patch:
        here = Settings(signal=HERE, matrix=HERE, ntfy=HERE)
        patch.setattr(settings, "found", lambda: here)
        patch.setattr(wire, "call", lambda *_, **__: Answer(status, headers, body))
        for verb in (lambda: channel.send("+525512345678", "text", "once"), channel.look):
            with suppress(NotTaken):
                assert verb() is None
                assert status == 200  # nothing else ever counts as taken


@given(text=st.text(max_size=300) | BODY.map(lambda one: one.decode("utf-8", "replace")))
@FEW
def test_no_address_breaks_anything_and_none_breaks_a_line(text: str) -> None:
    for channel in rules.ADDRESSES:
        if rules.is_address(channel, text):
            assert text.isprintable() and not any(one.isspace() for one in text)


@given(url=st.text(max_size=100) | st.from_regex(r"https?://[\S]{0,40}", fullmatch=True))
@FEW
def test_no_url_breaks_anything(url: str) -> None:
    parts = wire.split(url)
    assert parts is None or (parts.hostname and "@" not in parts.netloc)
