"""What every page of the desk needs: somebody signed in, the chrome round it, words for faults."""

import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.shortcuts import render as django_render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from amparo.alerts import queries as alarms
from amparo.alerts import roster
from amparo.casework.services import desk as casework
from amparo.casework.services import record
from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.foundation.errors import Invalid, NotFound, Unavailable
from amparo.people import queries as people
from amparo.people.rules import AUDITORS, COORDINATION, INTAKE
from amparo.vault import files, server
from amparo.web.desk import words
from amparo.web.desk.forms.sign_in import SignIn

View = Callable[..., HttpResponseBase]

PREFERENCES_COOKIE = "look"
THEMES = ("", "light", "dark")
PLACE_LIMIT = 80  # characters of the name of a place where something is typed
KEPT = ("text", "reason", "note", "what")  # the long answers that are kept when a session is lost

WRONG: words.Words = {
    "empty": _("Write something here."),
    "choose": _("Choose one of those on the list."),
    "long": _("This is longer than can be kept here. Shorten it, or attach it as a file."),
    "past": _("This day has passed. Choose a later one."),
    "weak": _("This is too easily guessed. Take six words that do not belong to you."),
    "taken": _("This name is in use. Choose another."),
    "wrong": _("This is not the passphrase that you signed in with."),
    "differs": _("This is not the same. Read it out once more; if it still differs, stop here."),
    "few": _("Two people must be in the release group before a case can be opened."),
    "same": _("This is the request itself. Choose another."),
    "form": _("This has not the form that it should have. Copy it once more, all of it."),
    "self": _("Somebody else must do this for you."),
    "consent": _("They have not said yes to this, for this case. Ask them first."),
    "person": _("Choose one person. It does not open to a whole team."),
    "alone": _("This opens to whoever presses it. Choose yourself."),
    "relay": _("An intermediary is in no other team, and nobody else is in theirs."),
    "typed": _(
        "You wrote this call down and have seen its code. A colleague makes sure; you may only say "
        "that you are not."
    ),
    "own": _("You, or somebody whom one colleague vouches for together with you, wrote it down."),
    "full": _(
        "The release group has seven people, and no room for more. Let somebody leave it first."
    ),
}
GENERAL = _("This could not be done as it stands. Look through the answers once more.")


def preferences(request: HttpRequest) -> dict[str, Any]:
    """How this person wants the desk on this device: theme and keys. Nonsense counts as nothing."""
    try:
        found = json.loads(request.COOKIES.get(PREFERENCES_COOKIE, "{}"))
    except (ValueError, RecursionError):
        found = {}
    if not isinstance(found, dict):
        found = {}
    theme = found.get("theme")
    return {"theme": theme if theme in THEMES else "", "keys": found.get("keys") is True}


def keep_preferences(response: HttpResponse, theme: str, keys: bool) -> None:
    """Remember them on this device; they say nothing about anybody."""
    response.set_cookie(
        PREFERENCES_COOKIE,
        json.dumps({"theme": theme, "keys": keys}, separators=(",", ":")),
        max_age=365 * 24 * 3600,
        secure=config().secure,
        httponly=True,
        samesite="Strict",
    )


def me(request: Any) -> dict[str, Any]:
    """Who is signed in, as the strip on top shows it."""
    if request.actor.kind == "relay":
        return preferences(request) | {"relays": True}
    roles = people.roles(request.actor)
    return preferences(request) | {
        "name": people.names(request.actor).get(request.actor.id, ""),
        "organises": COORDINATION in roles,
        "audits": AUDITORS in roles,
        "answers": INTAKE in roles,
    }


def render(
    request: Any, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page with its strip and the lines that may stand under it."""
    lines = {
        "now": clock.now(),
        "drill": config().sample,
        "locked_down": server.locked_down(),
        "disk_low": not files.room_left(),
        "done": words.DONE.get(request.GET.get("done", "")),
    }
    if request.actor.kind == "staff":
        lines["me"] = me(request)
        lines["ringing"] = alarms.ringing_now()
        lines["trial"] = alarms.on_trial()
        lines["nobody_on"] = roster.nobody_is_on()
    elif request.actor.kind == "relay":
        lines["me"] = me(request)
    return django_render(request, template, lines | (context or {}), status=status)


def done(code: str, name: str, *args: Any, part: str = "") -> HttpResponseRedirect:
    """Go on to a page that says what was done; the address carries its code only."""
    return HttpResponseRedirect(f"{reverse(name, args=args)}?done={code}{part}")


def signed_in(view: View) -> View:
    """Only for staff with an open session; others are asked to sign in, and keep what they wrote."""
    return _for("staff", view)


def inside(view: View) -> View:
    """For staff and for those who relay: what is nobody's but their own."""
    made = _for("staff relay", view)
    made.needs = "staff"  # type: ignore[attr-defined]
    return made


def relays(view: View) -> View:
    """Only for those who relay."""
    return _for("relay", view)


def _for(kinds: str, view: View) -> View:
    @wraps(view)
    def inner(request: Any, *args: Any, **more: Any) -> HttpResponseBase:
        if request.actor.kind in kinds.split():
            try:
                return view(request, *args, **more)
            except Unavailable:
                return not_now(request)
        if request.actor.kind in {"staff", "relay"}:
            raise NotFound
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204)  # a page in the background changes nothing
        if request.headers.get("X-Draft"):
            return HttpResponse(status=401)
        return ask_to_sign_in(request)

    inner.needs = kinds  # type: ignore[attr-defined]
    return inner


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Somebody's visit has ended. What they were writing goes with them, in their own browser."""
    if request.method != "POST":
        return redirect("desk:sign-in")
    kept = {
        "text": kept_text(request),
        "place": request.POST.get("place", "")[:PLACE_LIMIT],
        "after": request.path,
    }
    context = {"form": SignIn(), "kept": kept, "ended": True}
    return render(request, "desk/sign-in.html", context, status=401)


def role(*codes: str) -> Callable[[View], View]:
    """Only for members of one of these teams; for others the page does not exist."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: Any, *args: Any, **more: Any) -> HttpResponseBase:
            if people.roles(request.actor).isdisjoint(codes):
                raise NotFound
            return view(request, *args, **more)

        made = signed_in(inner)
        made.needs = codes[0]  # type: ignore[attr-defined]
        return made

    return wrap


def mark(form: forms.Form, error: Invalid, **renamed: str) -> None:
    """Put what a service found wrong beside the questions it is about."""
    rest = []
    for name, code in error.fields.items():
        target = renamed.get(name, name)
        sentence = WRONG.get(code, GENERAL)
        if target in form.fields:
            form.add_error(target, str(sentence))
        else:
            rest.append(sentence)
    for sentence in rest or ([] if error.fields else [GENERAL]):
        form.add_error(None, str(sentence))


def was_sent(form: forms.Form) -> bool:
    """Whether a form's very page was taken in before: the deed is done, and nothing is amiss."""
    once = form.cleaned_data.get("once")
    return once is not None and record.was_sent(once)


def not_now(request: Any) -> HttpResponse:
    """What cannot be done at present: nothing was changed."""
    return render(request, "desk/later.html", status=503)


def names(request: Any) -> dict[str, str]:
    """Who is who on staff: the id as it stands in documents, and the name."""
    return {str(one): name for one, name in people.names(request.actor).items()}


def drawn_again(form: Any, version: int) -> None:
    """Somebody was quicker. What was typed stands, of the present version: sending it once more is then
    a decision."""
    again = form.data.copy()
    again["version"] = str(version)
    form.data = again


def id_of(value: str) -> ids.Id:
    """An id in a form; what is none leads nowhere."""
    found = ids.parse(value)
    if found is None:
        raise NotFound
    return found


def download(pieces: Iterable[bytes], name: str) -> StreamingHttpResponse:
    """Bytes that a browser saves and never shows; `name` is ours, never a person's."""
    response = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


# --- drafts --------------------------------------------------------------------------------------
def draft(request: Any, place: str) -> str:
    """What was being typed at a place and not sent."""
    return casework.load_draft(request.actor, place=place)


def forget_draft(request: Any, place: str) -> None:
    """It has been sent."""
    if casework.load_draft(request.actor, place=place):
        casework.save_draft(request.actor, place=place, text="")


def kept_text(request: HttpRequest) -> str:
    """The long answer in a form that came too late for its session."""
    return next((request.POST[name] for name in KEPT if request.POST.get(name)), "")
