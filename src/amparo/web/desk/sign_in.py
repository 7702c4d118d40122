"""Coming in and going out: sign-in, the lock, and joining by an invitation."""

from typing import Any

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.alerts.services import roster
from amparo.casework.services import desk as casework
from amparo.consent import links
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from amparo.people import services as people
from amparo.vault import factors, passkeys, passphrases, server
from amparo.vault import forms as tokens
from amparo.web import middleware
from amparo.web.desk import pages
from amparo.web.desk.forms.sign_in import Enrol, PasskeySignIn, SignIn

JOINING = b"join:"
NO_FIT = gettext_lazy(
    "These three do not fit together. All of them may be wrong. After five tries, wait a minute."
)
BUSY = gettext_lazy("Too many people sign in at this moment. Try again in a minute.")


START = {"staff": "desk:queue", "relay": "desk:relay"}  # where somebody's visit begins


@require_safe
def home(request: Any) -> HttpResponse:
    """The desk's first address."""
    return redirect(START.get(request.actor.kind, "desk:sign-in"))


def _after(request: HttpRequest) -> str:
    """Where to go after signing in: a page of the desk, or the queue."""
    wanted = request.POST.get("after", "")
    ours = url_has_allowed_host_and_scheme(wanted, None) and middleware.is_desk(wanted)
    return wanted if ours else reverse("desk:queue")


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Any) -> HttpResponse:
    """Name, passphrase, six digits. Whatever is wrong, the answer is the same."""
    if request.actor.kind in START:
        return redirect(START[request.actor.kind])
    if server.locked_down():
        return pages.render(request, "desk/locked.html", status=503)
    if request.method != "POST":
        return pages.render(request, "desk/sign-in.html", {"form": SignIn()})
    form = SignIn(request.POST)
    kept = {name: request.POST.get(name, "") for name in ("text", "place", "after")}
    if form.is_valid():
        given = form.cleaned_data
        try:
            signed = people.sign_in(
                given["name"], given["passphrase"], given["second"], device=_device(request)
            )
        except Refused:
            form.add_error(None, NO_FIT)
        except Unavailable:
            form.add_error(None, BUSY)
        else:
            return _opened(request, signed, kept)
    context = {"form": form, "kept": kept if kept["text"] else None}
    return pages.render(request, "desk/sign-in.html", context, status=422)


def _device(request: HttpRequest) -> str:
    return request.COOKIES.get(middleware.DEVICE_COOKIE, "")


def _opened(request: Any, signed: people.Signed, kept: dict[str, str]) -> HttpResponse:
    if kept["text"] and kept["place"]:
        place = kept["place"][: pages.PLACE_LIMIT]
        casework.save_draft(signed.actor, place=place, text=kept["text"])
    roster.renew(signed.actor)
    rotate_token(request)  # whoever planted a token before has none now
    to = _after(request)
    if signed.actor.kind == "relay":
        to = reverse("desk:relay") if to == reverse("desk:queue") else to
    elif not kept["text"] and not people.was_offered_key(signed.actor):
        to = reverse("desk:first")
    response = HttpResponseRedirect(to)
    middleware.set_session(response, signed.handle)
    middleware.set_device(response, signed.device)
    return response


@require_POST
def lock(request: Any) -> HttpResponse:
    """End this visit; the page that follows explains nothing."""
    handle = middleware.handle_of(request.COOKIES.get(middleware.SESSION_COOKIE, ""))
    if request.actor.kind in START:
        people.sign_out(request.actor, handle)
    response = redirect("desk:sign-in")
    middleware.drop_session(response)
    # Theme and keys belong to the device, not to the visit: of the cookies only the visit's goes.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


# --- with a passkey ------------------------------------------------------------------------------
def site_of(request: HttpRequest) -> str:
    """The site that a passkey is bound to: the host's name without its port."""
    return request.get_host().rsplit(":", 1)[0]


@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: Any) -> HttpResponse:
    """A passkey instead of the six digits. Needs scripts, so it is never the only way."""
    if request.actor.kind in START:
        return redirect(START[request.actor.kind])
    form = PasskeySignIn(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        answered = people.Passkey(site_of(request), given["form"], given["answer"])
        try:
            signed = people.sign_in(
                given["name"], given["passphrase"], answered, device=_device(request)
            )
        except Refused:
            form.add_error(None, NO_FIT)
        except Unavailable:
            form.add_error(None, BUSY)
        else:
            return _opened(request, signed, {"text": "", "place": ""})
    question, token = passkeys.ask(site_of(request))
    context = {"form": form, "question": question, "token": token}
    status = 422 if form.errors else 200
    return pages.render(request, "desk/passkey.html", context, status=status)


# --- joining -------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation: looking at it spends nothing, pressing the button uses it up."""
    if request.method != "POST":
        return pages.render(request, "desk/invitation.html", {"link": token})
    person = pages.id_of(links.use(token, "invite").get("person", ""))
    secret = factors.new_secret()
    return _enrol_page(request, Enrol(initial={"secret": secret}), person, secret)


def _enrol_page(
    request: HttpRequest, form: Enrol, person: ids.Id, secret: str, *, status: int = 200
) -> HttpResponse:
    # The label shows on the other device, so it says no more than the pages' titles do.
    picture = segno.make(factors.address(secret, _("Notes")), error="m")
    svg = picture.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None)
    context = {
        "form": form,
        "join": tokens.token(JOINING + person.bytes),
        "words": passphrases.generate().split(),
        "qr": SafeString(svg),
        "secret_words": in_fours(secret),
    }
    return pages.render(request, "desk/enrol.html", context, status=status)


@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """Make one's own key: nothing of it is stored between the page and this."""
    opened = tokens.read(request.POST.get("join", "")).window
    if not opened.startswith(JOINING):
        raise NotFound
    person, secret = ids.Id(bytes=opened[len(JOINING) :]), request.POST.get("secret", "")
    if not factors.is_secret(secret):
        raise NotFound
    form = Enrol(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        if factors.step_of(given["secret"], given["second"]) is None:
            form.add_error(
                "second", _("These are not the digits of this key. Read them once more.")
            )
        else:
            name = given["sign_in"]
            newcomer = people.Newcomer(name, name, given["passphrase"], given["secret"])
            try:
                fingerprint = people.join(person, newcomer)
            except Invalid as error:
                pages.mark(form, error)
            except Unavailable:
                form.add_error(None, BUSY)
            except Conflict:
                raise NotFound from None
            else:
                context = {"fingerprint": in_fours(fingerprint)}
                return pages.render(request, "desk/enrolled.html", context)
    return _enrol_page(request, form, person, secret, status=422)


def in_fours(text: str) -> str:
    """A key or fingerprint in groups of four, to be read out."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
