"""One-time links: opening one shows a single button; only pressing it acts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Mail scanners and previews fetch links, so a GET spends nothing and tells nothing."""
    return render(request, "links/continue.html", {"link": token})
