"""Coming in and going out: sign-in, the lock, and joining by an invitation."""

from typing import Any

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.casework.services import desk as casework
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from amparo.people import services as people
from amparo.vault import codes, factors, keys, server
from amparo.vault import forms as tokens
from amparo.web import middleware
from amparo.web.desk import pages
from amparo.web.desk.forms.sign_in import Enrol, SignIn

JOINING = b"join:"
PLACE_LIMIT = 80


@require_safe
def home(request: Any) -> HttpResponse:
    """The desk's first address."""
    return redirect("desk:queue" if request.actor.kind == "staff" else "desk:sign-in")


def _after(request: HttpRequest) -> str:
    """Where to go after signing in: a page of the desk, or the queue."""
    wanted = request.POST.get("after", "")
    ours = url_has_allowed_host_and_scheme(wanted, None) and middleware.is_desk(wanted)
    return wanted if ours else reverse("desk:queue")


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Somebody's visit has ended. What they were writing goes with them, in their own browser."""
    if request.method != "POST":
        return redirect("desk:sign-in")
    kept = {
        "text": pages.kept_text(request),
        "place": request.POST.get("place", "")[:PLACE_LIMIT],
        "after": request.path,
    }
    context = {"form": SignIn(), "kept": kept, "ended": True}
    return pages.render(request, "desk/sign-in.html", context, status=401)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Any) -> HttpResponse:
    """Name, passphrase, six digits. Whatever is wrong, the answer is the same."""
    if request.actor.kind == "staff":
        return redirect("desk:queue")
    if request.method != "POST":
        if server.locked_down():
            return pages.render(request, "desk/locked.html", status=503)
        return pages.render(request, "desk/sign-in.html", {"form": SignIn()})
    form = SignIn(request.POST)
    kept = {name: request.POST.get(name, "") for name in ("text", "place", "after")}
    if form.is_valid():
        given = form.cleaned_data
        try:
            signed = people.sign_in(given["name"], given["passphrase"], given["second"])
        except Refused:
            form.add_error(None, _("These three do not fit together. All of them may be wrong."))
        except Unavailable:
            form.add_error(None, _("Too many tries. This name rests for a minute."))
        else:
            return _opened(request, signed, kept)
    context = {"form": form, "kept": kept if kept["text"] else None}
    return pages.render(request, "desk/sign-in.html", context, status=422)


def _opened(request: Any, signed: people.Signed, kept: dict[str, str]) -> HttpResponse:
    if kept["text"] and kept["place"]:
        place = kept["place"][:PLACE_LIMIT]
        casework.save_draft(signed.actor, place=place, text=kept["text"])
    response = HttpResponseRedirect(_after(request))
    middleware.set_session(response, signed.handle)
    return response


@require_POST
def lock(request: Any) -> HttpResponse:
    """End this visit; the page that follows explains nothing."""
    handle = middleware.handle_of(request.COOKIES.get(middleware.SESSION_COOKIE, ""))
    if request.actor.kind == "staff":
        people.sign_out(request.actor, handle)
    response = redirect("desk:sign-in")
    middleware.drop_session(response)
    # Theme and keys belong to the device, not to the visit: of the cookies only the visit's goes.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


# --- joining -------------------------------------------------------------------------------------
def invited(request: HttpRequest, person: ids.Id) -> HttpResponse:
    """Where the link of an invitation leads once it has been used: the page to join on."""
    secret = factors.new_secret()
    form = Enrol(initial={"secret": secret})
    return _enrol_page(request, form, person, secret)


def _enrol_page(
    request: HttpRequest, form: Enrol, person: ids.Id, secret: str, *, status: int = 200
) -> HttpResponse:
    picture = segno.make(factors.address(secret, _("desk")), error="m")
    svg = picture.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None)
    context = {
        "form": form,
        "join": tokens.token(JOINING + person.bytes),
        "words": codes.new_words("en").shown[:6],
        "qr": SafeString(svg),
        "secret_words": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }
    return pages.render(request, "desk/enrol.html", context, status=status)


@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """Make one's own key: nothing of it is stored between the page and this."""
    opened = tokens.read(request.POST.get("join", "")).window
    if not opened.startswith(JOINING):
        raise NotFound
    person = ids.Id(bytes=opened[len(JOINING) :])
    form = Enrol(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        newcomer = people.Newcomer(
            given["sign_in"], given["sign_in"], given["passphrase"], given["secret"]
        )
        if factors.step_of(given["secret"], given["second"]) is None:
            form.add_error(
                "second", _("These are not the digits of this key. Read them once more.")
            )
        else:
            try:
                row = people.join(person, newcomer)
            except Invalid as error:
                pages.mark(form, error)
            except Conflict:
                raise NotFound from None
            else:
                context = {"fingerprint": grouped(keys.public_of(bytes(row.public)).fingerprint)}
                return pages.render(request, "desk/enrolled.html", context)
    return _enrol_page(request, form, person, request.POST.get("secret", ""), status=422)


def grouped(fingerprint: str) -> str:
    """A fingerprint in groups of four, to be read out."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))
