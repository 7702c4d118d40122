"""What one sets for oneself: how the desk looks, one's passphrase, key file, and the way out."""

from typing import Any

from django.conf import settings as site
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from amparo.casework.services import documents
from amparo.foundation.errors import Invalid
from amparo.people import services as people
from amparo.vault import passkeys, passphrases
from amparo.web import middleware
from amparo.web.desk import pages
from amparo.web.desk.forms import consent as plain
from amparo.web.desk.forms.sign_in import ChangePassphrase, Known, Preferences
from amparo.web.desk.sign_in import in_fours, site_of


@require_http_methods(["GET", "HEAD", "POST"])
@pages.inside
def settings(request: Any) -> HttpResponse:
    """Language, light or dark, keys; and one's own key."""
    now = pages.preferences(request) | {"language": request.LANGUAGE_CODE}
    posted = request.POST if request.method == "POST" else None
    form = Preferences(posted, languages=site.LANGUAGES, initial=now)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        with translation.override(given["language"]):
            response = HttpResponseRedirect(f"{reverse('desk:settings')}?done=saved")
        pages.keep_preferences(response, given["theme"], given["keys"])
        return response
    context = {
        "form": form,
        "here": "settings",
        "fingerprint": in_fours(request.actor.ring.person.public.fingerprint),
    }
    return pages.render(request, "desk/settings.html", context, status=422 if form.errors else 200)


@require_safe
@pages.inside
def keys(request: Any) -> HttpResponse:
    """What each key does."""
    return pages.render(request, "desk/keys.html")


@require_http_methods(["GET", "HEAD", "POST"])
@pages.inside
def passphrase(request: Any) -> HttpResponse:
    """A new lock round the same key. Every session ends, this one too."""
    form = ChangePassphrase(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            people.change_passphrase(request.actor, old=given["old"], new=given["passphrase"])
        except Invalid as error:
            pages.mark(form, error, new="passphrase")
        else:
            response = pages.done("passphrase", "desk:sign-in")
            middleware.drop_session(response)
            return response
    words = passphrases.generate().split()
    context = {"form": form, "words": words, "here": "settings"}
    status = 422 if form.errors else 200
    return pages.render(request, "desk/passphrase.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def add_passkey(request: Any) -> HttpResponse:
    """One more second factor, made by this device."""
    trouble = ""
    known = Known(request.POST if request.method == "POST" else None)
    if known.is_bound and _knows(request, known):
        given = {name: request.POST.get(name, "") for name in ("form", "answer")}
        try:
            people.add_passkey(request.actor, site=site_of(request), **given)
        except Invalid:
            trouble = _("No passkey was made. Scripts may be off, or the device said no.")
        else:
            return pages.done("passkey", "desk:settings")
    question, token = passkeys.offer(request.actor.id, site_of(request))
    context = {
        "question": question,
        "token": token,
        "trouble": trouble,
        "known": known,
        "here": "settings",
    }
    status = 422 if trouble or known.errors else 200
    return pages.render(request, "desk/add-passkey.html", context, status=status)


def _knows(request: Any, form: Known) -> bool:
    if not form.is_valid():
        return False
    try:
        people.confirm(request.actor, form.cleaned_data["old"])
    except Invalid as error:
        pages.mark(form, error)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def first(request: Any) -> HttpResponse:
    """After somebody's first sign-in: their key file, now or another day. It is asked once."""
    if request.method == "POST":
        people.note_key_offer(request.actor)
        return redirect("desk:queue")
    return pages.render(request, "desk/first.html", {"form": Known()})


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def key_file(request: Any) -> HttpResponse | StreamingHttpResponse:
    """One's own age identity, for the drawer at home. Noted, for it opens what one downloads."""
    form = Known(request.POST if request.method == "POST" else None)
    if not (form.is_bound and _knows(request, form)):
        page = {
            "title": _("Settings"),
            "heading": _("Save my key file"),
            "button": _("Save it"),
            "says": [
                _("It opens what you download, without us. Whoever has it can do the same."),
                _("Keep it away from this machine."),
            ],
            "action": reverse("desk:key-file"),
            "back": reverse("desk:settings"),
            "back_label": _("Settings"),
        }
        context = {"form": form, "act": page, "here": "settings"}
        return pages.render(request, "desk/act.html", context, status=422 if form.errors else 200)
    if not people.was_offered_key(request.actor):
        people.note_key_offer(request.actor)
    text = documents.own_identity(request.actor) + "\n"
    return pages.download([text.encode()], "key.txt")


@require_http_methods(["GET", "HEAD", "POST"])
@pages.inside
def lock_everywhere(request: Any) -> HttpResponse:
    """A device is lost: every session of this person ends, this one too."""
    form = plain.Plain(request.POST if request.method == "POST" else None)
    if form.is_bound:
        people.lock_everywhere(request.actor)
        response = HttpResponseRedirect(reverse("desk:sign-in"))
        middleware.drop_session(response)
        return response
    page = {
        "title": _("Settings"),
        "heading": _("Lock me everywhere"),
        "button": _("Lock me everywhere"),
        "says": [
            _("Every session of yours ends at once, on every device, this one too."),
            _("What you were writing is kept, sealed to you."),
            _(
                "If somebody knows your passphrase, change it when you are back, and tell a colleague."
            ),
        ],
        "action": reverse("desk:lock-everywhere"),
        "back": reverse("desk:settings"),
        "back_label": _("Settings"),
    }
    return pages.render(request, "desk/act.html", {"form": form, "act": page, "here": "settings"})
