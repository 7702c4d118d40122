"""The API put together: its routers, its errors, and what every answer has in common."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from amparo.api import alarms, calls, description, desk, problems, uploads
from amparo.api.uploads import PIECE
from amparo.vault.files import PART

View = Callable[..., HttpResponseBase]


def dressed(view: View) -> View:
    """A view whose every refusal is a problem. No cookie counts here, so there is no CSRF; a body
    must say that it is JSON, which no form and no page of another site can send unasked."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        if request.method == "POST" and _has_body(request) and not _is_json(request):
            return problems.problem(415)
        try:
            response = view(request, *args, **more)
        except Http404:
            return problems.problem(404)
        if response.status_code == 405:
            refused = problems.problem(405)
            refused.headers["Allow"] = response.headers["Allow"]
            return refused
        if request.method == "PUT" and response.status_code >= 400:
            _listen_to_the_end(request)
        return response

    return answer


def _listen_to_the_end(request: Any) -> None:
    """A client that still sends its part would not hear why it was refused."""
    left = PART
    with suppress(UnreadablePostError):
        while left > 0 and (piece := request.read(PIECE)):
            left -= len(piece)


def _has_body(request: HttpRequest) -> bool:
    return request.META.get("CONTENT_LENGTH") not in {None, "", "0"}


def _is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


class Api(NinjaAPI):
    """Django-ninja's API in this house's dress."""

    def _get_urls(self) -> list[Any]:
        found: list[Any] = super()._get_urls()
        for one in found:
            one.callback = dressed(one.callback)
        return found

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Where it stands, and its verb."""
        return f"{operation.tags[0]}_{operation.view_func.__name__}"

    def get_openapi_schema(self, **more: Any) -> Any:
        """The description, with every problem that can be the answer."""
        return description.complete(super().get_openapi_schema(**more))


api = Api(
    title="Amparo",
    version="1",
    description=description.TEXT,
    openapi_url=None,
    docs_url=None,
)
problems.use(api)
api.add_router("", calls.router)
api.add_router("", alarms.router)
api.add_router("", uploads.router)
api.add_router("/desk", desk.router)


@api.get("/openapi.json", include_in_schema=False)
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - django-ninja wants it
    """This description."""
    return HttpResponse(description.text_of(_schema()), content_type="application/json")


@dressed
def nothing_here(_: HttpRequest, rest: str = "") -> HttpResponse:  # noqa: ARG001 - part of the URL
    """Every address that is none."""
    return problems.problem(404)


def _schema() -> Any:
    return api.get_openapi_schema()
