"""What the OpenAPI file says beyond the shapes: in words, and which problems can be the answer."""

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from amparo.api.problems import MEDIA_TYPE
from amparo.api.shapes import Problem

TEXT = """\
The same services that the pages use, for programs.

**Tokens** go into `Authorization: Bearer …`. Each is good for one thing: a *code session* for the one
thread of a return code, a *desk session* for what one officer's keys open, an *upload token* for one
upload. The server stores no token. Of a session it has a digest to find it by and one half of a key,
of an upload nothing that opens it. Sessions end after some minutes without use, uploads after a day.
A token that is missing, wrong, over or of another kind is the same 401. There are no tokens for
machines: nothing in this version is done without a person's key.

**Sending for help** takes the token of a person's card in the body, never in an address. `POST
/press` is answered at once; send it again with the same `Idempotency-Key` until it is.

**Errors** are problem+json (RFC 9457). What is refused and what does not exist are the same 404.

**Sending twice.** A new call or message takes an `Idempotency-Key` (a UUID of the client's making);
the same key again stores nothing and is a 409. A change of a case takes `If-Match` with the `ETag` of
the case as it was read: 412 when it has changed since (also by the first sending of the same request),
428 without.

**Files** are announced with size and SHA-256, sent in parts of 8 MiB in any order, and named by token
in a call, message, reply or note. Only then does the server read them back and compare the digest.

Nothing here uses cookies or answers to pages of other sites. Every answer is `no-store`.
"""
SAYS = {
    400: "The body cannot be read.",
    401: "No token that is good for this.",
    404: "Refused, or not there: the same answer.",
    409: "This was done before, or somebody was quicker.",
    412: "The case has changed since.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "What was sent cannot be used; `fields` says why.",
    428: "If-Match is missing.",
    503: "Not now: the disk is nearly full, the house is locked down, or too many sign in at once.",
}
METHODS = ("get", "put", "post", "delete")


def complete(schema: dict[str, Any]) -> dict[str, Any]:
    """Add the problems to every operation."""
    _, shapes = models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schema["components"]["schemas"] |= shapes["$defs"]
    schema["components"]["responses"] = {
        str(status): {
            "description": says,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, says in SAYS.items()
    }
    for address, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(address, operations[method])
    return schema


def _complete(address: str, operation: dict[str, Any]) -> None:
    operation["summary"] = operation["description"].replace("\n", " ").split(". ")[0].rstrip(".")
    headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
    possible = {404, 503}
    if "security" in operation:
        possible.add(401)
    if operation["parameters"] or "requestBody" in operation:
        possible.add(422)
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        possible |= {400, 413, 415}
    if "Idempotency-Key" in headers or address.endswith(("/relink", "/withdraw", "/keep", "/back")):
        possible.add(409)
    if "If-Match" in headers:
        possible |= {412, 428}
    if "Content-Digest" in headers:
        possible.add(400)
    for status in sorted(possible):
        operation["responses"][status] = {"$ref": f"#/components/responses/{status}"}
    # Keys of one kind and in order, so that the file in the repository is the same bytes.
    operation["responses"] = {
        str(status): operation["responses"][status]
        for status in sorted(operation["responses"], key=int)
    }


def text_of(schema: dict[str, Any]) -> str:
    """The description as it lies in the repository."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
