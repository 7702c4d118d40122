"""How it stands: a word for whoever watches from outside, and a line on every page of the desk."""

import time

from django.http import HttpRequest, HttpResponse

from amparo.alerts import queries as alerts
from amparo.foundation.config import config
from amparo.vault import keys

FRESH = 5.0  # seconds; many pages and many watchers look once
SCHEME = "Bearer "
_known: tuple[float, alerts.Word] | None = None


def word() -> alerts.Word:
    """ok, late or locked; looked at again after some seconds."""
    global _known
    now = time.monotonic()
    if _known is None or now - _known[0] > FRESH:
        _known = now, alerts.standing()
    return _known[1]


def forget() -> None:
    """Look anew."""
    global _known
    _known = None


def is_late() -> bool:
    """For the desk."""
    return word() == "late"


def health(request: HttpRequest) -> HttpResponse:
    """Says one word. That something is late is nobody's business who does not have the token; a proxy
    or an onion service makes everybody seem to come from this very machine, so only the token counts.
    """
    asked = request.headers.get("Authorization", "")
    token = config().health_token
    may = bool(token) and asked.startswith(SCHEME)
    if not may or not keys.same_word(asked.removeprefix(SCHEME), token):
        return HttpResponse("ok\n", content_type="text/plain")
    said = word()
    return HttpResponse(f"{said}\n", status=200 if said == "ok" else 503, content_type="text/plain")
