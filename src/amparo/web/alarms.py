"""A press and an answer, for people without an account. Opening a page looks nothing up and does
nothing, for previews and mail scanners open pages; only a button acts."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from amparo.alerts import rules
from amparo.alerts.services import answering, pressing
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.vault import forms as tokens
from amparo.web.notes.arriving import form_of, from_our_pages
from amparo.web.notes.forms import TOO_LONG

GET_AND_POST = ("GET", "HEAD", "POST")


# --- pressing ------------------------------------------------------------------------------------
@require_http_methods(GET_AND_POST)
@from_our_pages
def press(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a card: one button. A bookmark of it may have lain open for days, so a press counts
    whatever the age of the page."""
    if request.method != "POST":
        return render(request, "alarms/press.html", {"card": token, "token": tokens.token()})
    try:
        return _pressed(request, token)
    except NotFound:
        # Every address that opens nothing gets this, an old card's like one that never was.
        return render(request, "alarms/no-card.html", {"token": tokens.token()}, status=404)


def _pressed(request: HttpRequest, token: str) -> HttpResponse:
    sent = form_of(request)
    once = sent.once if sent else ids.new()
    mine = ids.Id(bytes=sent.window) if sent and len(sent.window) == 16 else once
    deed = request.POST.get("do", "press")
    done, wrong, where = "", "", request.POST.get("where", "")
    if deed == "look":
        shown = pressing.look(token, press=mine)
    elif deed == "back":
        shown, wrong = _taken_back(token, mine)
    elif deed == "where":
        shown = pressing.look(token, press=mine)
        done = pgettext("safety", "Sent, and sealed.")
        try:
            pressing.say_where(token, press=mine, text=where)
            where = ""
        except Invalid:
            done, wrong = "", str(TOO_LONG)
    else:
        mine = once
        shown = pressing.press_card(token, once=once, practice=deed == "try")
    found = {"card": token, "token": tokens.token(mine.bytes), "shown": shown, "done": done}
    status = 200 if not wrong else 409 if deed == "back" else 422
    return render(
        request, "alarms/pressed.html", found | {"wrong": wrong, "where": where}, status=status
    )


def _taken_back(token: str, mine: ids.Id) -> tuple[pressing.Pressed, str]:
    """(how it stands, why it was not taken back)."""
    try:
        return pressing.take_back(token, press=mine), ""
    except Conflict:
        late = pgettext(
            "safety",
            "It is too late to take it back here. Tell those who call you that all is well.",
        )
        return pressing.look(token, press=mine), late


# --- kept on a device ----------------------------------------------------------------------------
@require_safe
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """The same page with a script, for a device that is to keep it: it opens without a network, and one
    press waits there. The only page without an account that has a script; it works without it."""
    return render(request, "alarms/keep.html", {"card": token, "token": tokens.token()})


@require_safe
def worker(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """What a browser runs beside the kept page, for addresses below its own and no others."""
    text = (settings.STATIC_ROOT / "worker.js").read_text()
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


# --- answering -----------------------------------------------------------------------------------
@require_http_methods(GET_AND_POST)
@from_our_pages
def called(request: HttpRequest, token: str) -> HttpResponse:
    """A message led here. The first button opens the page; each further one answers."""
    if request.method != "POST":
        return render(request, "alarms/open.html", {"link": token, "token": tokens.token()})
    seen = request.POST.get("seen", "")
    found = answering.open_link(token, seen=int(seen) if seen.isdecimal() and len(seen) < 3 else -1)
    answer = request.POST.get("answer", "")
    effect, wrong = "", ""
    if answer in rules.ANSWERS:
        word, spoke = request.POST.get("word", ""), bool(request.POST.get("spoke"))
        effect = answering.answer(found.body, answer, word=word, spoke=spoke)
        if effect == "word":
            wrong = _word_is_wanted(found)
        found = answering.shown(found.body)
    return _page(request, token, found, effect, wrong)


def _word_is_wanted(found: answering.Called) -> str:
    if found.needs_word:
        return _("Write the agreed word, or say that you have spoken to them yourself.")
    return _("Say that you have spoken to them yourself. Only then it keeps still.")


def _page(
    request: HttpRequest, token: str, found: answering.Called, effect: str, wrong: str
) -> HttpResponse:
    context: dict[str, Any] = {
        "called": found,
        "link": token,
        "token": tokens.token(),
        "effect": effect,
        "wrong": wrong,
        "running": found.state in rules.RUNNING,
    }
    return render(request, "alarms/called.html", context, status=422 if wrong else 200)
