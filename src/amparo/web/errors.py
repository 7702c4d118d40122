"""Pages for what went wrong. Refused and not found look exactly alike from outside."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amparo.foundation import errors

STATUS: dict[type[errors.AmparoError], int] = {
    errors.Invalid: 422,
    errors.Conflict: 409,
    errors.Unavailable: 503,
}


def page_for(request: HttpRequest, error: errors.AmparoError) -> HttpResponse:
    """The page of one of the five kinds."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 404)
    return page(request, status)


def page(request: HttpRequest, status: int, *, elsewhere: bool = False) -> HttpResponse:
    """A plain page for a status; says what happened, what is kept and what to do."""
    context = {"status": status, "elsewhere": elsewhere}
    return render(request, "notes/trouble.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: nothing about the fault."""
    return page(request, 500)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; also for a host name that is none of this installation's (`elsewhere`)."""
    return page(request, 400, elsewhere=isinstance(exception, DisallowedHost))


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's own secret was missing or old."""
    return page(request, 403)
