"""Check-ins, by the person whose they are: when they will be heard of again, that they are well, that
it takes longer. The reminder's page needs no code."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_http_methods

from amparo.alerts import queries
from amparo.alerts.services import calendar as calendars
from amparo.alerts.services import checkins as services
from amparo.alerts.services import plans as armed
from amparo.foundation import ids
from amparo.foundation.actor import Actor
from amparo.foundation.config import base
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.vault import forms as tokens
from amparo.web import plans
from amparo.web.notes.arriving import from_our_pages
from amparo.web.notes.forms import Page, line

if TYPE_CHECKING:
    from amparo.web.notes.steps import Step

ONCE = {"60": 60, "120": 120, "240": 240, "480": 480, "1440": 1440}
EVERY = {"every-day": 1440, "every-half-day": 720}
PUT_OFF = 30  # minutes


class CheckIn(Page):
    """When, reminded where, with which word; everything but the time may stay empty."""

    when = forms.ChoiceField(
        label=gettext_lazy("When will we hear from you?"),
        choices=[
            ("60", gettext_lazy("In 1 hour")),
            ("120", gettext_lazy("In 2 hours")),
            ("240", gettext_lazy("In 4 hours")),
            ("480", gettext_lazy("In 8 hours")),
            ("1440", gettext_lazy("In 24 hours")),
            ("every-half-day", gettext_lazy("Every 12 hours, until I end it")),
            ("every-day", gettext_lazy("Every day, until I end it")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a time.")},
    )
    me = line(
        gettext_lazy("Where shall we remind you first?"),
        pgettext_lazy(
            "safety",
            "A mail address, or a phone number with + in front. It may stay empty: then nobody "
            "reminds you.",
        ),
        120,
    )
    text = forms.ChoiceField(
        label=gettext_lazy("What the reminder says"),
        choices=list(plans.TEXTS.items()),
        required=False,
    )
    word = line(
        gettext_lazy("A word to say with it"),
        pgettext_lazy("safety", "Then only who knows the word can say that you are well."),
        plans.LABEL,
    )
    forced = line(
        gettext_lazy("Another word, for when somebody makes you say it"),
        pgettext_lazy(
            "safety",
            "The page looks the same, and those on duty are told. It cannot protect you from "
            "somebody who knows of it: agree it with those on duty first.",
        ),
        plans.LABEL,
    )
    tell = forms.BooleanField(
        label=pgettext_lazy("safety", "If I am not heard of, tell the people of my plan too"),
        help_text=pgettext_lazy(
            "safety",
            "While it waits, whoever takes our running computers can read whom it tells. Without "
            "this, only those on duty are told.",
        ),
        required=False,
    )


# What stands in a calendar that others may see.
CALENDAR = {
    "plants": pgettext_lazy("neutral text", "Water the plants"),
    "bread": pgettext_lazy("neutral text", "Buy bread"),
    "flat": pgettext_lazy("neutral text", "Call about the flat"),
    "walk": pgettext_lazy("neutral text", "Go for a walk"),
}
FAULTS = {
    "me": gettext_lazy("This is neither a mail address nor a number that begins with + and a country."),
    "forced": gettext_lazy("Choose two words that differ, or leave the second one empty."),
    "tell": gettext_lazy("There is no plan yet. Make one first, or leave this open."),
    "when": gettext_lazy("Choose a time."),
}  # fmt: skip


def check_in(step: "Step") -> HttpResponse:
    """What waits, or the questions where nothing does."""
    case, deed, word = _case(step.actor), step.given("deed"), step.given("word")
    if deed == "begin":
        return _begin(step, case)
    waiting = services.running_of(step.actor, case)
    if waiting is None:
        return _ask(step, CheckIn())
    try:
        if deed == "well":
            waiting = services.well(step.actor, case, word=word)
            said = pgettext("safety", "Good. It is noted that you are well.")
            return _ask(step, CheckIn(), said) if waiting is None else _show(step, waiting, said)
        if deed == "later":
            waiting = services.snooze(step.actor, case, minutes=PUT_OFF, word=word)
            return _show(step, waiting, pgettext("safety", "Put off by half an hour."))
        if deed == "calendar":
            words = str(CALENDAR.get(step.given("words"), CALENDAR["plants"]))
            token = calendars.address(step.actor, case, words=words)
            return _show(step, waiting, calendar=base() + reverse("notes:calendar", args=[token]))
        if deed == "end":
            services.end(step.actor, case, word=word)
            over = pgettext("safety", "Nothing waits any more. Nobody is told anything.")
            return _ask(step, CheckIn(), over)
    except Invalid:
        return _show(step, waiting, wrong=_("This is not the word. Write it once more."))
    except Conflict:
        return _show(
            step, waiting, wrong=_("It cannot be put off any more. Say that you are well.")
        )
    except NotFound:
        return _ask(step, CheckIn())
    return _show(step, waiting)


def _case(actor: Actor) -> ids.Id:
    if actor.case is None:
        raise NotFound
    return actor.case


def _begin(step: "Step", case: ids.Id) -> HttpResponse:
    form = CheckIn(step.request.POST)
    if not form.is_valid():
        return _ask(step, form, status=422)
    given = form.cleaned_data
    me = plans.way_of(given["me"]) if given["me"] else None
    if given["me"] and me is None:
        form.add_error("me", FAULTS["me"])
        return _ask(step, form, status=422)
    promise = services.Promise(
        legs=(ONCE[given["when"]],) if given["when"] in ONCE else (),
        every=EVERY.get(given["when"], 0),
        me=me,
        text=str(plans.TEXTS.get(given["text"], plans.TEXTS["order"])),
        word=given["word"],
        forced=given["forced"],
        tell=given["tell"],
    )
    try:
        waiting = services.begin(step.actor, case, promise)
    except Invalid as error:
        for name in error.fields:
            form.add_error(name if name in FAULTS else None, FAULTS.get(name, FAULTS["when"]))
        return _ask(step, form, status=422)
    except Conflict:
        return _show(step, services.running_of(step.actor, case))
    return _show(step, waiting, pgettext("safety", "It waits for you from now on."))


def _page(step: "Step", template: str, status: int, **found: Any) -> HttpResponse:
    within = {"token": tokens.token(step.window), "inside": True}
    request: HttpRequest = step.request
    return render(request, template, found | within, status=status)


def _ask(step: "Step", form: CheckIn, done: str = "", status: int = 200) -> HttpResponse:
    known = queries.plans(step.actor, _case(step.actor))
    has_plan = any(one.kind in armed.PRESSED for one in known)
    return _page(step, "notes/check-in.html", status, form=form, done=done, has_plan=has_plan)


def _show(
    step: "Step",
    waiting: services.Waiting | None,
    done: str = "",
    wrong: str = "",
    calendar: str = "",
) -> HttpResponse:
    status = 422 if wrong else 200
    found: dict[str, Any] = {"waiting": waiting, "done": done, "wrong": wrong, "calendar": calendar}
    found["choices"] = CALENDAR
    return _page(step, "notes/check-in-waits.html", status, **found)


# --- the reminder --------------------------------------------------------------------------------
@require_http_methods(("GET", "HEAD", "POST"))
@from_our_pages
def well(request: HttpRequest, token: str) -> HttpResponse:
    """A reminder led here: one button says that all is well. Opening the page says nothing."""
    if request.method != "POST":
        return render(request, "alarms/well.html", {"link": token, "token": tokens.token()})
    body, asks_word = services.open_link(token)
    word = request.POST.get("word", "").strip()
    found: dict[str, Any] = {"token": tokens.token()}
    if asks_word and not word:
        found |= {"link": services.fresh_link(body), "asks_word": True}
        return render(request, "alarms/well.html", found)
    try:
        services.well_by_link(body, word=word)
    except Invalid:
        wrong = _("This is not the word. Write it once more.")
        found |= {"link": services.fresh_link(body), "asks_word": True, "wrong": wrong}
        return render(request, "alarms/well.html", found, status=422)
    return render(request, "alarms/well.html", found | {"said": True})
