"""The pages of a person without an account; each parses, calls one service, renders."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from amparo.casework.services import intake
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, NotFound, Unavailable
from amparo.vault import codes, sessions
from amparo.vault import forms as tokens
from amparo.web.notes import forms, steps, visits
from amparo.web.notes.arriving import (
    drop_files,
    files_of,
    form_of,
    from_our_pages,
    let_go,
    say_what_failed,
)
from amparo.web.notes.codes import code_page, fresh_code, what_is_wrong
from amparo.web.notes.promise import full, promise, team

UNPROCESSABLE = 422
GET_AND_POST = ("GET", "HEAD", "POST")


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What do you need?"""
    return render(request, "notes/start.html", {"promise": promise(), "full": full()})


# --- asking --------------------------------------------------------------------------------------
@require_http_methods(GET_AND_POST)
@from_our_pages
def new(request: HttpRequest) -> HttpResponse:
    """Three questions; the answer to sending them is the code, on this very page."""
    if request.method != "POST":
        return _questions(request, forms.Ask(initial={"how": "here"}), visits.begin())
    form, sent = forms.Ask(request.POST, request.FILES), form_of(request)
    if sent is not None and visits.is_left(sent.window):
        return _closed(request)
    if sent is not None and visits.is_sent(sent):
        return render(request, "notes/already.html")
    if say_what_failed(request, form) or not form.is_valid() or sent is None:
        return _ask_again(request, form, sent)
    given, files = form.cleaned_data, files_of(request)
    code = fresh_code(get_language() or "")
    call = intake.Call(
        what=given["what"],
        where=given["where"],
        how=given["how"],
        reach=given["reach"],
        language=get_language() or "en",
    )
    try:
        asked = intake.ask(NOBODY, once=visits.once(sent), code=code, call=call, files=files)
    except Conflict:
        drop_files(request)
        return render(request, "notes/already.html")
    return code_page(
        request,
        code,
        sent.window,
        due_at=asked.due_at,
        received_at=asked.received_at,
        how=call.how or "here",
        file_count=len(files),
    )


def _ask_again(request: HttpRequest, form: forms.Ask, sent: tokens.Form | None) -> HttpResponse:
    if sent is None and not form.errors:
        late = pgettext("safety", "This page had been open for long. Read it once more and send.")
        form.add_error(None, late)
    let_go(request, form)
    visit = sent.window if sent else visits.begin()
    return _questions(request, form, visit, status=UNPROCESSABLE)


def _questions(
    request: HttpRequest, form: forms.Ask, visit: bytes, status: int = 200
) -> HttpResponse:
    no_room = full()
    found: dict[str, Any] = {"form": form, "promise": promise(), "team": team(), "full": no_room}
    if not no_room:
        found["token"] = tokens.token(visit)
    return render(request, "notes/new.html", found, status=status)


# --- coming back ---------------------------------------------------------------------------------
@require_http_methods(GET_AND_POST)
@from_our_pages
def back(request: HttpRequest) -> HttpResponseBase:
    """Words or numbers open the notes. Every wrong code gets the same answer."""
    if request.method != "POST":
        return _entrance(request, forms.Enter(), visits.begin())
    form, sent = forms.Enter(request.POST), form_of(request)
    if sent is not None and visits.is_left(sent.window):
        return _closed(request)
    if sent is None:
        # Perhaps from a browser's history: nothing is opened, and the code is not shown again.
        form = forms.Enter({"text": request.POST.get("text", "")})
        form.add_error("code", _("This page had been open for long. Write them once more."))
        return _entrance(request, form, visits.begin(), status=UNPROCESSABLE)
    if not form.is_valid():
        return _entrance(request, form, sent.window, status=UNPROCESSABLE)
    try:
        handle, actor = intake.enter(form.cleaned_data["code"])
    except (codes.Mistyped, NotFound) as mistake:
        form.add_error("code", what_is_wrong(mistake))
        return _entrance(request, form, sent.window, status=UNPROCESSABLE)
    visits.leave(sent.window)
    draft = form.cleaned_data["text"]
    return steps.take(request, handle, steps.in_language(actor), draft=draft)


def _entrance(
    request: HttpRequest, form: forms.Enter, visit: bytes, status: int = 200
) -> HttpResponse:
    found = {"form": form, "token": tokens.token(visit)}
    return render(request, "notes/back.html", found, status=status)


@require_http_methods(GET_AND_POST)
@from_our_pages
def step(request: HttpRequest) -> HttpResponseBase:
    """Every further step with a code; the address never changes, the session is in the form."""
    sent = form_of(request) if request.method == "POST" else None
    if sent is not None and visits.is_left(sent.window):
        return _closed(request)
    found = steps.resume(sent)
    if sent is None or found is None:
        drop_files(request)
        return _closed(request, request.POST.get("text", ""))
    return steps.take(request, sent.window, found, once=sent.once)


def _closed(request: HttpRequest, typed: str = "") -> HttpResponse:
    """The session is over, or never was: a page that explains nothing, and keeps what was typed."""
    found: dict[str, Any] = {}
    with suppress(Unavailable):  # locked down: the same page, with nothing to open
        found["token"] = tokens.token(visits.begin())
        found["form"] = forms.Enter(initial={"text": typed})
    return render(request, "notes/closed.html", found)


# --- leaving -------------------------------------------------------------------------------------
@from_our_pages
def leave(request: HttpRequest) -> HttpResponse:
    """The session ends, the browser goes on to an ordinary page. Whoever comes by the address alone
    (typed, or Back after it) gets a page with the button."""
    if request.method != "POST":
        answer = render(request, "notes/leave.html", status=405)
        answer.headers["Allow"] = "POST"
        return answer
    # Locked down no session is left to end, and one goes on all the same.
    with suppress(Unavailable):
        sent = form_of(request)
        if sent is not None and sent.window:
            sessions.end(sent.window)
            visits.leave(sent.window)
    response = HttpResponseRedirect(config().leave_to or reverse("notes:closed"))
    response.status_code = 303
    # From a page that was kept on purpose: it stays until it is removed there.
    if request.POST.get("kept") != "1":
        response.headers["Clear-Site-Data"] = '"cookies", "storage"'
    return response


@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """An ordinary page with nothing to explain."""
    return _closed(request)


# --- pages to read -------------------------------------------------------------------------------
@require_safe
def clear(request: HttpRequest) -> HttpResponse:
    """How to clear this visit."""
    return render(request, "notes/clear.html")


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Who reads, and what the server sees."""
    return render(request, "notes/about.html", {"team": team()})


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Every language of this installation."""
    return render(request, "notes/language.html")
