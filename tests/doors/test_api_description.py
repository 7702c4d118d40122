"""The description is what the code does, and whatever is sent, nothing falls over."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amparo.api import description
from amparo.api.site import api
from amparo.foundation import ids
from tests import make
from tests.doors.api_client import DESCRIPTION, Api, announce, call, described, enter, officer

PATHS = described()["paths"]
OPERATIONS = sorted((method, path) for path, operations in PATHS.items() for method in operations)


@pytest.fixture(autouse=True)
def _faults_are_seen(monkeypatch: Any) -> None:
    def show(_: Any, error: Exception) -> None:
        raise error

    monkeypatch.setitem(api._exception_handlers, Exception, show)


# --- the file in the repository ------------------------------------------------------------------
def test_the_file_says_what_the_code_does():
    fresh = description.text_of(api.get_openapi_schema())
    assert fresh == DESCRIPTION.read_text(), "python -m amparo.api > docs/openapi.json"


def test_the_file_is_served():
    make.house()
    assert Api().get("/openapi.json").content == DESCRIPTION.read_bytes()
    assert Api().get("/docs").status == 404


def test_only_these_need_no_token():
    free = {(method, path) for method, path in OPERATIONS if "security" not in PATHS[path][method]}
    assert free == {
        ("get", "/api/v1/ready"),
        ("post", "/api/v1/calls"),
        ("post", "/api/v1/session"),
        # The card's own token travels in the body.
        ("post", "/api/v1/press"),
        ("post", "/api/v1/press/back"),
        ("post", "/api/v1/press/state"),
        ("post", "/api/v1/press/where"),
        ("post", "/api/v1/uploads"),
        ("post", "/api/v1/desk/session"),
    }


def test_an_address_holds_nothing_but_opaque_ids():
    """What is typed or looked for goes into bodies; a query chooses a list and a page of it."""
    for method, path in OPERATIONS:
        for one in PATHS[path][method]["parameters"]:
            if one["in"] == "path":
                assert one["schema"].get("format") == "uuid" or one["name"] == "number", one
            if one["in"] == "query":
                assert one["name"] in {"show", "after"}


def test_every_reference_leads_somewhere():
    for reference in references(described()):
        found: Any = described()
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if "$ref" in node else []
        return here + [found for one in node.values() for found in references(one)]
    return [found for one in node for found in references(one)] if isinstance(node, list) else []


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_token_nothing_opens(method, path):
    make.house()
    operation = PATHS[path][method]
    filled = path.removeprefix("/api/v1").replace("{number}", "0")
    for name in ("case", "file", "upload"):
        filled = filled.replace(f"{{{name}}}", str(ids.new()))
    if "security" in operation:
        assert Api().send(method.upper(), filled).status == 401


# --- whatever is sent ----------------------------------------------------------------------------
NASTY = ["", " ", "\x00", "\u202e", "'\"--", "9" * 400, "*", "é", "\U0001f512", "../..", "<script>"]
TEXT = st.text(max_size=60) | st.sampled_from(NASTY)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def names_of(path: str) -> dict[str, Any]:
    """The fields of an operation's body, as the description has them."""
    content = PATHS[path]["post"].get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    found: dict[str, Any] = described()["components"]["schemas"].get(
        reference.rsplit("/", 1)[-1], {}
    )
    return dict(found.get("properties", {}))


def near(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a field takes, and others."""
    right: st.SearchStrategy[Any] = TEXT
    if "enum" in schema:
        right = st.sampled_from(schema["enum"])
    elif "const" in schema:
        right = st.just(schema["const"])
    elif schema.get("type") == "integer":
        right = st.integers(min_value=0, max_value=5)
    elif schema.get("type") == "array":
        right = st.lists(TEXT, max_size=3)
    elif name == "sha256":
        right = st.just("0" * 64)
    return st.one_of(right, right, right, JSON)


@st.composite
def posts(draw: Any) -> tuple[str, Any, dict[str, str]]:
    path = draw(st.sampled_from([path for method, path in OPERATIONS if method == "post"]))
    fields = names_of(path)
    body = draw(JSON)
    if fields and draw(st.integers(0, 3)):
        body = draw(st.fixed_dictionaries({}, optional={k: near(k, v) for k, v in fields.items()}))
    headers = {
        "Idempotency_Key": draw(st.uuids(version=4).map(str) | st.sampled_from(["x", "1"])),
        "If_Match": draw(st.integers(0, 4).map(lambda version: f'"{version}"') | st.just("*")),
    }
    return path, body, headers


def test_no_body_makes_the_api_fall_over():
    house = make.house()
    case, desk = make.ask().case, officer(house.ines)
    code = call()
    sessions = {"desk": desk, "thread": enter(code)}

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(posts())
    def send(post: tuple[str, Any, dict[str, str]]) -> None:
        path, body, headers = post
        client = sessions.get(path.split("/")[3], Api())
        filled = path.removeprefix("/api/v1").replace("{case}", str(case))
        answer = client.send("POST", filled, body, **headers)
        assert answer.status < 500 or answer.status == 503
        if filled == "/thread/withdraw" and answer.status == 204:
            sessions["thread"] = enter(call())

    send()


def test_no_bytes_make_the_api_fall_over():
    make.house()
    sent = announce(b"right")

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=200), st.text(max_size=40), st.integers(0, 10**30))
    def send(raw: bytes, header: str, number: int) -> None:
        header = header.encode("latin-1", "replace").decode("latin-1")
        header = "".join(letter for letter in header if letter.isprintable())
        for path in ("/calls", "/session", "/uploads", "/desk/session"):
            assert Api().send("POST", path, raw=raw, Idempotency_Key=header).status < 500
        assert Api(header).get("/thread").status == 401
        answer = sent.api.send(
            "PUT", f"/uploads/{sent.id}/parts/{number}", raw=raw, Content_Digest=header
        )
        assert answer.status in {404, 422}

    send()


def test_no_typed_code_makes_the_api_fall_over():
    make.house()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=300) | st.lists(st.sampled_from(NASTY), max_size=9).map(" ".join))
    def send(text: str) -> None:
        assert Api().post("/session", {"code": text}).status in {404, 422}

    send()
