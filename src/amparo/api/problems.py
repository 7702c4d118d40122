"""What went wrong, as problem+json (RFC 9457). Refused and not found are the same bytes."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from amparo.foundation import errors
from amparo.vault.codes import Mistyped

MEDIA_TYPE = "application/problem+json"
# The five kinds; whatever is not on the list is not found.
STATUS: dict[type[errors.AmparoError], int] = {
    errors.Invalid: 422,
    errors.Conflict: 409,
    errors.Unavailable: 503,
}
# What pydantic says -> the house's word for it.
WORDS = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "string_too_long": "long",
    "too_long": "long",
    "string_too_short": "empty",
    "literal_error": "choose",
}
NAME_LIMIT = 40  # letters of a name that is given back
_say = structlog.get_logger("amparo.api")


class Stale(errors.Conflict):
    """The case is not as the If-Match of the request says."""


class Unconditional(errors.AmparoError):
    """A change without If-Match."""


def problem(status: int, **more: Any) -> HttpResponse:
    """An answer that says no: type, title, status, and what helps to mend it."""
    doc = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status} | more
    return HttpResponse(json.dumps(doc), content_type=MEDIA_TYPE, status=status)


def problem_for(error: errors.AmparoError) -> HttpResponse:
    """The problem of one of the five kinds."""
    if isinstance(error, Stale):
        return problem(412)
    if isinstance(error, Unconditional):
        return problem(428)
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 404)
    if isinstance(error, Mistyped):
        return problem(status, fields=error.fields, mistake=_mistake(error))
    if isinstance(error, errors.Invalid):
        return problem(status, fields=error.fields)
    return problem(status)


def _mistake(error: Mistyped) -> dict[str, object]:
    """Where a return code was mistyped; never what was typed."""
    return {
        "form": error.form,
        "language": error.language,
        "position": error.position,
        "found": error.found,
        "expected": error.expected,
    }


def _fields(error: ValidationError) -> dict[str, str]:
    """Field -> what is wrong with it. The names of fields that we do not know may be anything, so
    they are given back only if they look like names."""
    found = {}
    for one in error.errors:
        place = [str(part) for part in one["loc"][1:] if part != "given"] or ["body"]
        name = ".".join(part if _is_name(part) else "?" for part in place)
        found[name] = WORDS.get(one["type"], "form")
    return found


def _is_name(part: str) -> bool:
    return len(part) <= NAME_LIMIT and part.isascii() and part.replace("-", "_").isidentifier()


def _unauthorized(_: Any) -> HttpResponse:
    answer = problem(401)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _fault(error: Any) -> HttpResponse:
    """A fault of ours. The log gets its kind, the client nothing."""
    _say.error("the api failed", kind=type(error).__name__)
    return problem(500)


def use(api: NinjaAPI) -> None:
    """Have every error of an API answered so."""
    answers: dict[type[Exception], Callable[[Any], HttpResponse]] = {
        errors.AmparoError: problem_for,
        ValidationError: lambda error: problem(422, fields=_fields(error)),
        AuthenticationError: _unauthorized,
        HttpError: lambda error: problem(error.status_code),
        Http404: lambda _: problem(404),
        RequestDataTooBig: lambda _: problem(413),
        UnreadablePostError: lambda _: problem(400),
        Exception: _fault,
    }
    for kind, answer in answers.items():
        api.add_exception_handler(kind, _handler(answer))


def _handler(answer: Callable[[Any], HttpResponse]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda _, error: answer(error)
