"""What every request passes: headers, language, the journal's unit, and who is asking."""

import base64
from collections.abc import Callable
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone, translation

from amparo.foundation import errors, journal
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config, zone
from amparo.people import services as people
from amparo.vault import devices
from amparo.web import uploads
from amparo.web.errors import page, page_for

Next = Callable[[HttpRequest], HttpResponse]
# How the addresses end that the desk's pages ask for every few seconds; they keep no session alive.
BY_ITSELF = ("/queue/count", "/alarms/now", "/since")
SESSION_COOKIE = "__Host-s" if config().secure else "s"
DEVICE_COOKIE = "__Host-d" if config().secure else "d"


def _away() -> str:
    """Where Leave goes, if that is another host: a browser checks the redirect of a form too."""
    parts = urlsplit(config().leave_to)
    return f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""


POLICY = (
    f"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'{_away()}; "
    "base-uri 'none'; frame-ancestors 'none'"
)
DESK_POLICY = POLICY + "; script-src 'self'; connect-src 'self'"
# Of the one page without an account that has a script, and of what runs beside it.
KEPT_POLICY = DESK_POLICY + "; worker-src 'self'"
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in [
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "screen-wake-lock",
        "usb",
        "xr-spatial-tracking",
        "browsing-topics",
    ]
)


def is_desk(path: str) -> bool:
    """Whether an address belongs to the desk (scripts allowed, cookies in use)."""
    return path.startswith("/desk") or path[3:].startswith("/desk")


def is_kept(path: str) -> bool:
    """Whether an address is that of a card's page which a device may keep."""
    return path.startswith("/k/") or path[3:].startswith("/k/")


class Headers:
    """The same headers on every answer of one kind; nothing is kept by any cache."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then dress the answer."""
        response = self.get_response(request)
        static = request.path.startswith(settings.STATIC_URL)
        desk = is_desk(request.path)
        kept = KEPT_POLICY if is_kept(request.path) else POLICY
        response.headers.setdefault("Content-Security-Policy", DESK_POLICY if desk else kept)
        if not static:
            response.headers["Cache-Control"] = "no-store"
        # Under no-referrer a browser sends "Origin: null", which Django's CSRF check refuses; the
        # desk's forms need their own origin. Other hosts learn nothing either way.
        response.headers["Referrer-Policy"] = "same-origin" if desk else "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = PERMISSIONS
        response.headers["X-Frame-Options"] = "DENY"
        if config().secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


class Language:
    """The language stands in the address (`/es/…`), so that no cookie is needed."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Answer in the language of the address; without one, in the organisation's first. The desk
        goes by the organisation's clock, everybody else's pages by UTC."""
        from django.urls import set_script_prefix

        set_script_prefix("/")
        code = request.path_info.split("/", 2)[1] if request.path_info.count("/") > 0 else ""
        known = {one for one, _ in settings.LANGUAGES}
        language = code if code in known else settings.LANGUAGE_CODE
        request.LANGUAGE_CODE = language
        clock = zone() if is_desk(request.path_info) else UTC
        with translation.override(language), timezone.override(clock):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class Unit:
    """One request, one entry of the journal; the five kinds of error become pages here."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Open the unit, find out who is asking, answer, and throw away files that nobody owned."""
        request.actor, request.may_upload = NOBODY, uploads.form_token_allows
        try:
            with journal.unit():
                self._who(request)
                response = self.get_response(request)
        except errors.Unavailable as error:
            response = page_for(request, error)
        finally:
            # What a form brought and no deed has taken does not stay.
            for sealed in getattr(request, "sealed_files", ()):
                sealed.discard()
        return response

    def _who(self, request: Any) -> None:
        cookie = request.COOKIES.get(SESSION_COOKIE, "")
        if not cookie or not is_desk(request.path):
            return
        request.actor = people.resume(
            handle_of(cookie), keep_alive=not request.path.endswith(BY_ITSELF)
        )
        if request.actor.kind in {"staff", "relay"}:
            journal.act_as(request.actor)
        if request.actor.kind == "staff":
            request.may_upload = lambda _: True  # CSRF is checked by Django for the desk

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Map the five kinds; anything else is a fault of ours and goes to the 500 page."""
        if isinstance(error, errors.AmparoError):
            return page_for(request, error)
        if isinstance(error, UnreadablePostError):
            return page(request, 400)  # cut off on the way: nothing of it was taken in
        return None


def handle_of(cookie: str) -> bytes:
    """The session's handle in a cookie; empty bytes for nonsense."""
    try:
        return base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    except ValueError:
        return b""


def cookie_of(handle: bytes) -> str:
    """A handle as a cookie's text."""
    return base64.urlsafe_b64encode(handle).decode().rstrip("=")


def set_session(response: HttpResponse, handle: bytes) -> None:
    """Give the person their half of the session."""
    response.set_cookie(
        SESSION_COOKIE,
        cookie_of(handle),
        secure=config().secure,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def set_device(response: HttpResponse, word: str) -> None:
    """Have the desk know this device again. It names nobody and opens nothing."""
    response.set_cookie(
        DEVICE_COOKIE,
        word,
        max_age=devices.LIFE,
        secure=config().secure,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def drop_session(response: HttpResponse) -> None:
    """Take it away."""
    response.delete_cookie(SESSION_COOKIE, path="/", samesite="Strict")
    response.headers["Clear-Site-Data"] = '"cookies", "storage"'
