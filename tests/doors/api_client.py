"""A program at the door for programs. Each answer is held against the description in docs/openapi.json:
its status must be listed there, and a refusal must be a problem."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from amparo.api import tokens
from amparo.foundation import ids
from amparo.vault.files import PART
from tests import make

ROOT = "/api/v1"
DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.json"
ALWAYS = {405}  # a method that an address does not have


@lru_cache
def described() -> dict[str, Any]:
    return json.loads(DESCRIPTION.read_text())


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """What the description says of a method at an address."""
    for template, operations in described()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return operations.get(method.lower())
    return None


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def fields(self) -> dict[str, str]:
        return self.json["fields"]

    @property
    def same(self) -> tuple[int, dict[str, str], bytes]:
        """Everything that could tell two answers apart."""
        return self.status, self.headers, self.content


@dataclass
class Api:
    """A client with a token, or with none."""

    token: str = ""
    client: Client = field(default_factory=Client)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        kind: str = "application/json",
        **headers: str | None,
    ) -> Answer:
        """`headers` by their names with underscores; `raw` goes as it is."""
        named = {key.replace("_", "-"): value for key, value in headers.items() if value}
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        kind = kind if data else ""
        response = self.client.generic(
            method,
            ROOT + path,
            data,
            content_type=kind or "application/octet-stream",
            headers=named,
        )
        content = b"".join(response) if response.streaming else response.content
        answer = Answer(response.status_code, dict(response.headers), content)
        self._hold(method, ROOT + path.split("?")[0], answer)
        return answer

    def _hold(self, method: str, path: str, answer: Answer) -> None:
        assert answer.headers["Cache-Control"] == "no-store"
        assert not any(name.startswith("Access-Control") for name in answer.headers)
        assert not self.client.cookies
        if answer.status >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json["status"] == answer.status
        operation = operation_of(method, path)
        if operation is not None:
            assert str(answer.status) in operation["responses"], (method, path, answer)

    def get(self, path: str, **query: str) -> Answer:
        return self.send("GET", path + (f"?{urlencode(query)}" if query else ""))

    def post(self, path: str, body: Any = None, *, once: Any = None, **more: Any) -> Answer:
        key = str(once) if once else None
        return self.send("POST", path, body, Idempotency_Key=key, **more)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def change(self, path: str, body: Any = None, *, at: str | None = None) -> Answer:
        """A change of a case with its If-Match."""
        return self.post(path, body, If_Match=at)


def officer(one: make.Officer) -> Api:
    """The program of somebody on staff who is signed in."""
    return Api(tokens.text_of(one.handle))


def call(what: str = "Somebody follows me.", **more: Any) -> str:
    """Call for help; the code as it would be typed."""
    answer = Api().post("/calls", {"what": what} | more, once=ids.new())
    assert answer.status == 201, answer
    return " ".join(answer.json["code"]["shown"])


def enter(code: str) -> Api:
    """Come back with a code."""
    answer = Api().post("/session", {"code": code})
    assert answer.status == 201, answer
    return Api(answer.json["token"])


# --- uploads -------------------------------------------------------------------------------------
def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


@dataclass
class Sending:
    """A file on its way."""

    content: bytes
    id: str
    token: str
    parts: int

    @property
    def api(self) -> Api:
        return Api(self.token)

    def part(self, number: int) -> bytes:
        return self.content[number * PART : (number + 1) * PART]

    def put(self, number: int, content: bytes | None = None, **more: Any) -> Answer:
        body = self.part(number) if content is None else content
        more.setdefault("Content_Digest", digest(body))
        kind = "application/octet-stream"
        path = f"/uploads/{self.id}/parts/{number}"
        return self.api.send("PUT", path, raw=body, kind=kind, **more)

    def all(self) -> "Sending":
        for number in range(self.parts):
            assert self.put(number).status == 204
        return self


def announce(content: bytes, name: str = "", **lies: Any) -> Sending:
    """Announce a file, truly or not."""
    body = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "name": name}
    answer = Api().post("/uploads", body | lies)
    assert answer.status == 201, answer
    return Sending(content, answer.json["id"], answer.json["token"], answer.json["parts"])
