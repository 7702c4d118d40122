"""Somebody is asked whether they can help; they have no account. Opening the page does nothing, for
previews and mail scanners open pages; only a button answers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from amparo.alerts import waves
from amparo.alerts.services import callouts
from amparo.foundation.errors import Invalid
from amparo.vault import forms as tokens
from amparo.web.desk import guide
from amparo.web.desk.words import word
from amparo.web.notes.arriving import from_our_pages


@require_http_methods(["GET", "HEAD", "POST"])
@from_our_pages
def helper(request: HttpRequest, token: str) -> HttpResponse:
    """A message led here. The first button opens the page; each further one answers."""
    if request.method != "POST":
        return render(request, "alarms/asked-open.html", {"link": token, "token": tokens.token()})
    found = callouts.look(token)
    answer, within = request.POST.get("answer", ""), request.POST.get("within", "")
    effect, wrong = "", False
    if answer in waves.ANSWERS:
        minutes = int(within) if within.isdecimal() and len(within) < 4 else 0
        try:
            effect = callouts.reply(found.body, answer, within=minutes)
        except Invalid:
            wrong = True
        found = callouts.shown(found.body)
    context = {
        "asked": found,
        "link": token,
        "token": tokens.token(),
        "effect": effect,
        "wrong": wrong,
        "service": word(guide.SERVICES, found.service),
        "within": waves.WITHIN,
    }
    return render(request, "alarms/asked.html", context, status=422 if wrong else 200)
