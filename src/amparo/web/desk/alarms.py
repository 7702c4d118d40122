"""Alarms at the desk: what rings, one alarm with everybody whom it tells, a press for somebody, and the
plan that an officer makes beside its person."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.alerts import queries, rules
from amparo.alerts.services import answering, pressing
from amparo.alerts.services import plans as services
from amparo.casework import queries as casework
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.web import plans
from amparo.web.desk import pages, words
from amparo.web.desk.forms.alarms import HOW, CloseAlarm
from amparo.web.tags import listed

STATES: words.Words = {
    "open": pgettext_lazy("alarm", "Nobody has answered"),
    "answered": pgettext_lazy("alarm", "Somebody is on it"),
    "safe": pgettext_lazy("alarm", "Over: they are safe"),
    "back": pgettext_lazy("alarm", "Over: taken back by the person"),
    "closed": pgettext_lazy("alarm", "Over: closed"),
}
HOW_PRESSED: words.Words = {
    "card": pgettext_lazy("alarm", "Pressed on their own page"),
    "desk": pgettext_lazy("alarm", "Pressed here, for them"),
    "missed": pgettext_lazy("alarm", "They were not heard of in time"),
    "message": pgettext_lazy("alarm", "Pressed by a text message with their words"),
    "not free to speak": pgettext_lazy(
        "alarm", "They said by their word that they are not free to speak. Do not call them."
    ),
    "second code": pgettext_lazy(
        "alarm", "They came in with their second code: they are not free to speak."
    ),
    "forced answer": pgettext_lazy(
        "alarm", "“Safe” was said with the word that means the opposite."
    ),
}
CAME_OF_IT: words.Words = {
    "late": pgettext_lazy("alarm", "too late: others had been told; nothing was stopped"),
    "over": pgettext_lazy("alarm", "it changed nothing any more"),
    "confirm": pgettext_lazy(
        "alarm", "it keeps still for half an hour; confirm it, by voice, before it ends"
    ),
    "still": pgettext_lazy("alarm", "another half hour"),
    "word": pgettext_lazy("alarm", "not taken: neither the word, nor had they spoken to them"),
}


# --- the list ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """A row of the list, with the name of its case."""

    row: queries.AlarmRow
    name: str
    state: str


def _lines(request: Any, rows: Iterable[queries.AlarmRow]) -> list[Line]:
    names: dict[ids.Id, str] = {}
    for row in rows:
        if row.case not in names:
            names[row.case] = casework.case(request.actor, row.case).row.name
    return [Line(row, names[row.case], words.word(STATES, row.state)) for row in rows]


@require_safe
@pages.role(INTAKE)
def alarms(request: Any) -> HttpResponse:
    """What rings now, then what is over."""
    rows = queries.alarms(request.actor, running=False)
    running = [row for row in rows if row.state in rules.RUNNING]
    over = [row for row in rows if row.state not in rules.RUNNING]
    over.sort(key=lambda row: (row.day, str(row.id)), reverse=True)
    context = {
        "here": "alarms",
        "running": _lines(request, running),
        "over": _lines(request, over[:20]),
    }
    return pages.render(request, "desk/alarms.html", context)


def ringing(request: HttpRequest) -> HttpResponseBase:
    """The banner of every page, asked for again and again. Whose session is over is told so: an empty
    place would look as if nothing rang."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    if actor.kind != "staff" and request.headers.get("HX-Request"):
        return pages.render(request, "desk/parts/ringing.html", {"asleep": True})
    return _ringing(request)


@require_safe
@pages.signed_in
def _ringing(request: Any) -> HttpResponse:
    return pages.render(request, "desk/parts/ringing.html")


ringing.needs = "staff"  # type: ignore[attr-defined]


# --- one alarm -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Knot:
    """One thing that happened, in words."""

    label: str
    at: datetime
    by: str = ""
    text: str = ""
    grave: bool = False


def _labels(to: list[str]) -> str:
    desk = _("those on duty")
    return listed([one or desk for one in to]) or _("nobody")


def _knot(one: queries.Happened, names: dict[str, str]) -> Knot:
    more = one.more
    by = names.get(more.get("by", ""), "")
    staff = listed([names[who] for who in more.get("staff", ()) if who in names])
    made: dict[str, Callable[[], Knot]] = {
        "pressed": lambda: Knot(words.word(HOW_PRESSED, more["how"]), one.at, by, grave=True),
        "held back": lambda: Knot(
            _("Many strangers write just now, so nobody but you is told for three minutes"),
            one.at,
            grave=True,
        ),
        "pressed again": lambda: Knot(
            words.word(HOW_PRESSED, more["how"])
            if "how" in more
            else _("Pressed again while it rang"),
            one.at,
            grave=True,
        ),
        "told": lambda: Knot(_("Told: %(who)s") % {"who": _labels(more["to"])}, one.at, staff),
        "tried": lambda: Knot(_("A try went to %(who)s") % {"who": _labels(more["to"])}, one.at),
        "nobody": lambda: Knot(
            _("Nobody of one rung could be told; it went on"), one.at, grave=True
        ),
        "cannot open": lambda: Knot(
            _("Its plan could not be opened; only those on duty are told"), one.at, grave=True
        ),
        "trial": lambda: Knot(_("On trial: nobody outside is told"), one.at),
        "hold over": lambda: Knot(
            _("Nobody has ended it meanwhile; it rings on"), one.at, grave=True
        ),
        "taken": lambda: Knot(_("An officer is on it"), one.at, by),
        "rung on": lambda: Knot(_("The next ones are wanted now"), one.at, by),
        "taken back": lambda: Knot(_("Taken back by the person"), one.at),
        "where": lambda: Knot(_("They say where they are"), one.at, text=more["text"], grave=True),
        "closed": lambda: Knot(str(dict(HOW)[more["how"]]), one.at, by, more["reason"]),
        "answer": lambda: Knot(_answer(more), one.at),
    }
    return made.get(one.what, lambda: Knot(one.what, one.at))()


def _answer(more: dict[str, Any]) -> str:
    said = f"{more['label']} {words.word(words.SAID, more['answer'])}"
    came = [str(CAME_OF_IT[more["effect"]])] if more["effect"] in CAME_OF_IT else []
    if more.get("message"):
        came.append(_("by text message: its sender can be forged, so ring them up"))
    return f"{said} ({'; '.join(came)})" if came else said


def _page(
    request: Any, alarm: ids.Id, *, form: CloseAlarm | None = None, conflict: str = ""
) -> HttpResponse:
    view = queries.alarm(request.actor, alarm)
    names = pages.names(request)
    form = form or CloseAlarm(initial={"version": view.row.version})
    if conflict and form.is_bound:
        pages.drawn_again(form, view.row.version)
    context = {
        "here": "alarms",
        "alarm": view,
        "view": casework.case(request.actor, view.row.case),
        "state": words.word(STATES, view.row.state),
        "running": view.row.state in rules.RUNNING,
        "where": next((one.more["text"] for one in view.happened if one.what == "where"), ""),
        "knots": [_knot(one, names) for one in view.happened],
        "form": form,
        "conflict": conflict,
        "moments": len(view.happened),
    }
    status = 409 if conflict else 422 if form.errors else 200
    return pages.render(request, "desk/alarm.html", context, status=status)


@require_safe
@pages.role(INTAKE)
def alarm(request: Any, alarm: ids.Id) -> HttpResponse:
    """Whom it tells at which minute, who was told, who answered what, and what can be done."""
    return _page(request, alarm)


@require_safe
@pages.role(INTAKE)
def since(request: Any, alarm: ids.Id) -> HttpResponse:
    """Whether anything has happened since the page was drawn; announced, never moved under a hand."""
    view = queries.alarm(request.actor, alarm)
    fresh = request.GET.get("of") != str(len(view.happened))
    context = {"fresh": fresh, "alarm": view}
    return pages.render(request, "desk/parts/alarm-count.html", context)


DEEDS = {"take": answering.take, "on": answering.ring_on}


@require_POST
@pages.role(INTAKE)
def do(request: Any, alarm: ids.Id, verb: str) -> HttpResponse:
    """I am on it; tell the next ones now; it is over."""
    form = CloseAlarm(request.POST if verb == "close" else None)
    try:
        if verb == "close":
            if not form.is_valid():
                return _page(request, alarm, form=form)
            given = form.cleaned_data
            version = -1 if given["version"] is None else given["version"]
            how, reason = given["how"], given["reason"]
            answering.close(request.actor, alarm, version=version, how=how, reason=reason)
        elif verb in DEEDS:
            sent = request.POST.get("version", "")
            DEEDS[verb](request.actor, alarm, version=int(sent) if sent.isdecimal() else -1)
        else:
            raise NotFound
    except Invalid as error:
        pages.mark(form, error)
        return _page(request, alarm, form=form)
    except Conflict:
        typed = form if verb == "close" else None
        return _page(request, alarm, form=typed, conflict=_quicker(request, alarm))
    return pages.done(f"alarm-{verb}", "desk:alarm", alarm)


def _quicker(request: Any, alarm: ids.Id) -> str:
    """What somebody else has done meanwhile."""
    view = queries.alarm(request.actor, alarm)
    if view.row.state not in rules.RUNNING:
        return _("It is over already.")
    newest = view.happened[0] if view.happened else None
    if view.row.state == "answered" and newest is not None:
        by = newest.more.get("label") or people.names(request.actor).get(
            ids.parse(newest.more.get("by", "")) or ids.NIL, ""
        )
        if by:
            return _("%(name)s was quicker and is on it.") % {"name": by}
    return _("Something happened while you looked. Read it, then press again if you still want to.")


# --- the plan, and a press for somebody ----------------------------------------------------------
def _mine(request: Any, case: ids.Id) -> list[queries.PlanView]:
    """The plan that is pressed by hand; one of check-ins has pages of its own."""
    found = queries.plans(request.actor, case)
    return [one for one in found if one.kind in services.PRESSED]


def _plan_page(
    request: Any,
    case: ids.Id,
    *,
    form: plans.Plan | None = None,
    once: ids.Id | None = None,
    twice: bool = False,
) -> HttpResponse:
    found = [plans.shown(one) for one in _mine(request, case)]
    context = {
        "view": casework.case(request.actor, case),
        "plans": found,
        "form": form,
        "once": once or ids.new(),
        "twice": twice,
    }
    status = 409 if twice else 422 if form is not None and form.errors else 200
    return pages.render(request, "desk/alarm-plan.html", context, status=status)


def _languages(request: Any, case: ids.Id) -> tuple[list[tuple[str, str]], str]:
    """(languages of the pages, the one that the person speaks)."""
    known = list(settings.LANGUAGES)
    spoken = casework.case(request.actor, case).row.language
    return known, spoken if spoken in dict(known) else known[0][0]


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def plan(request: Any, case: ids.Id) -> HttpResponse:
    """What shall happen at a press, as it stands or to be filled in beside its person."""
    languages, spoken = _languages(request, case)
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    once = ids.parse(request.POST.get("once", "")) or ids.new()
    if deed in ("change", "away"):
        wanted = ids.parse(request.POST.get("plan", ""))
        old = next((one for one in _mine(request, case) if one.id == wanted), None)
        if old is None:
            raise NotFound
        if deed == "away":
            return _away(request, case, old)
        answers, people_ = plans.answers_of(old.doc, old.kind)
        form = plans.Plan(initial=answers, count=people_, languages=languages)
        return _plan_page(request, case, form=form)
    if deed == "more":
        form = plans.typed(request, more=1, languages=languages)
        return _plan_page(request, case, form=form, once=once)
    if deed == "arm":
        return _arm(request, case, plans.typed(request, languages=languages), once)
    if _mine(request, case):
        return _plan_page(request, case)
    form = plans.Plan(initial={"language": spoken}, languages=languages)
    return _plan_page(request, case, form=form)


def _arm(request: Any, case: ids.Id, form: plans.Plan, once: ids.Id) -> HttpResponse:
    if not form.is_valid() or form.draft is None:
        return _plan_page(request, case, form=form, once=once)
    replaced = bool(_mine(request, case))
    try:
        armed = services.arm(request.actor, case, form.draft, once=once)
    except Invalid as error:
        form.refuse(error)
        return _plan_page(request, case, form=form, once=once)
    except Conflict:
        return _plan_page(request, case, twice=True)
    if not armed.token:
        return pages.done("plan", "desk:plan", case)
    context = {"view": casework.case(request.actor, case), "replaced": replaced}
    context |= plans.card(armed.token, form.draft.language)
    return pages.render(request, "desk/alarm-card.html", context)


def _away(request: Any, case: ids.Id, old: queries.PlanView) -> HttpResponse:
    if request.POST.get("sure"):
        services.disarm(request.actor, case, old.id)
        return pages.done("plan-gone", "desk:plan", case)
    context = {"view": casework.case(request.actor, case), "plan": old}
    return pages.render(request, "desk/alarm-away.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def press(request: Any, case: ids.Id) -> HttpResponse:
    """They need help now: says whom it tells, asks once, and presses."""
    found = _mine(request, case)
    if request.method == "POST":
        wanted, once = (pages.id_of(request.POST.get(name, "")) for name in ("plan", "once"))
        try:
            pressed = pressing.press_for(request.actor, case, wanted, once=once)
        except Conflict:
            raise NotFound from None  # the key of another press
        if INTAKE not in people.roles(request.actor):
            return pages.done("pressed", "desk:case", case)
        address = reverse("desk:alarm", args=[pressed.alarm])
        return HttpResponseRedirect(f"{address}?done=pressed")
    context = {
        "view": casework.case(request.actor, case),
        "plans": [plans.shown(one) for one in found],
        "once": ids.new(),
    }
    return pages.render(request, "desk/alarm-press.html", context)
