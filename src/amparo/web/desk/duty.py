"""Who is on duty: this week and the next, small deeds, hand-overs, and one's own calendar."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.alerts import oncall, queries, roster
from amparo.alerts.services import roster as services
from amparo.casework import queries as casework
from amparo.foundation import clock
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.people.rules import COORDINATION, INTAKE
from amparo.web.desk import pages, words
from amparo.web.desk.forms import duty as forms
from amparo.web.desk.forms.duty import WHEN, when_of

WEEKS = 2
LACKS: words.Words = {
    "gap": pgettext_lazy("duty", "Nobody is on duty"),
    "left": pgettext_lazy("duty", "%(who)s has left, and still has turns"),
    "on leave": pgettext_lazy("duty", "%(who)s is on leave, and nobody stands in"),
    "no route": pgettext_lazy("duty", "%(who)s has not said how they are told"),
}


def _team() -> set[str]:
    return {str(one) for one in people.members_of(INTAKE)}


def choices(request: Any, *, without_me: bool = False) -> list[tuple[str, str]]:
    """Who may be on duty, by name."""
    names, me = pages.names(request), str(request.actor.id)
    found = [(one, names.get(one, "")) for one in _team() if not (without_me and one == me)]
    return sorted(found, key=lambda one: one[1])


# --- the two weeks -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Piece:
    """A part of a day in which the same people are on."""

    start: datetime
    end: datetime
    first: str
    second: str
    whole: bool  # all day
    now: bool
    past: bool
    mine: bool

    @property
    def empty(self) -> bool:
        """Whether nobody is on."""
        return not self.first and not self.second


@dataclass(frozen=True)
class Day:
    """A line of the table."""

    day: date
    today: bool
    pieces: list[Piece]


def weeks(found: oncall.Roster, names: dict[str, str], me: str) -> list[list[Day]]:
    """This week and the next, day by day, by the organisation's clock."""
    now, zone = clock.now(), config().time_zone
    today = timezone.localtime(now).date()
    monday = today - timedelta(days=today.weekday())
    edges = [
        oncall.moment(datetime.combine(monday + timedelta(days=n), datetime.min.time()), zone)
        for n in range(7 * WEEKS + 1)
    ]
    days = []
    for n, (start, end) in enumerate(pairwise(edges)):
        pieces = [
            _piece(one, names, (one.start, one.end) == (start, end), now, me)
            for one in _joined(oncall.shifts(found, start, end))
        ]
        day = monday + timedelta(days=n)
        days.append(Day(day, day == today, pieces))
    return [days[at : at + 7] for at in range(0, len(days), 7)]


def _joined(shifts: list[oncall.Shift]) -> list[oncall.Shift]:
    """A deputy who is on first anyway makes no line of their own."""
    return oncall.joined(
        replace(one, second="") if one.second == one.first else one for one in shifts
    )


def _piece(one: oncall.Shift, names: dict[str, str], whole: bool, now: datetime, me: str) -> Piece:
    first, second = (
        names.get(who, _("somebody")) if who else "" for who in (one.first, one.second)
    )
    held = one.start <= now < one.end
    return Piece(one.start, one.end, first, second, whole, held, one.end <= now, me in one.on)


def lack_lines(lacks: list[oncall.Lack], names: dict[str, str]) -> list[dict[str, Any]]:
    """What a roster lacks, in words."""
    return [
        {
            "what": words.word(LACKS, one.what) % {"who": names.get(one.person, _("somebody"))},
            "start": one.start,
            "end": one.end,
            "grave": one.what == "gap",
            "spans": one.what in {"gap", "on leave"},
        }
        for one in lacks
    ]


@require_safe
@pages.role(INTAKE, COORDINATION)
def duty(request: Any) -> HttpResponse:
    """Who is on now and in two weeks, what is missing, and what one can do."""
    names, me, now = pages.names(request), str(request.actor.id), clock.now()
    doc = roster.doc(request.actor)
    found = roster.rules_of(doc)
    on = roster.of_moment(doc, now)
    late = roster.waiting(doc, found, now) if found else None
    shift = next(iter(oncall.shifts(found, now, now + oncall.AHEAD)), None) if found else None
    context = {
        "here": "duty",
        "exists": found is not None,
        "on": _on(on, names, me),
        "until": shift.end if shift and shift.on else None,
        "next": roster.hours(now) if found else None,
        "late": _late(late, names, me, now),
        "weeks": weeks(found, names, me) if found else [],
        "lacks": lack_lines(roster.lacks(), names),
        "zone": config().time_zone,
        "asked": [
            _wish(one, names, me) for one in doc["wishes"] if me in (one["other"], one["by"])
        ],
        "rotations": [_rotation(one, names) for one in doc["rotations"]],
        "overrides": [_override(one, names, me) for one in doc["overrides"]],
        "leaves": [_leave(one, doc, names, me) for one in doc["leaves"]],
        "team": choices(request),
    }
    return pages.render(request, "desk/duty.html", context)


def _on(on: roster.OnDuty, names: dict[str, str], me: str) -> dict[str, Any]:
    name = {one: names.get(str(one), "") for one in on.all()}
    return {
        "anybody": bool(on.all()),
        "first": name.get(on.first, "") if on.first else "",
        "second": name.get(on.second, "") if on.second else "",
        "me": me in {str(one) for one in on.all()},
    }


def _late(
    late: oncall.Change | None, names: dict[str, str], me: str, now: datetime
) -> dict[str, Any] | None:
    if late is None:
        return None
    return {
        "giver": names.get(late.giver, _("somebody")),
        "taker": names.get(late.taker, _("somebody")),
        "at": late.at,
        "missed": late.at + oncall.GRACE <= now,
        "mine": late.taker == me,
    }


def _span(one: dict[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(one[name]) for name in ("start", "end")}


def _wish(one: dict[str, Any], names: dict[str, str], me: str) -> dict[str, Any]:
    return _span(one) | {
        "id": one["id"],
        "person": names.get(one["person"], ""),
        "instead": names.get(one["instead"], ""),
        "other": names.get(one["other"], ""),
        "mine": one["other"] == me,
    }


def _rotation(one: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    found = oncall.rotation_of(one)
    when, start, end = when_of(found.windows)
    return {
        "id": found.id,
        "name": one["name"],
        "line": found.line,
        "people": [names.get(person, _("somebody")) for person in found.people],
        "span": _length(found),
        "when": dict(WHEN)[when],
        "hours": f"{start}–{end}" if start else "",
    }


def _length(rotation: oncall.Rotation) -> str:
    """How long one turn is."""
    n = rotation.length
    return {
        "hours": ngettext("%(n)s hour", "%(n)s hours", n),
        "days": ngettext("%(n)s day", "%(n)s days", n),
        "weeks": ngettext("%(n)s week", "%(n)s weeks", n),
    }[rotation.unit] % {"n": n}


def _override(one: dict[str, Any], names: dict[str, str], me: str) -> dict[str, Any]:
    return _span(one) | {
        "id": one["id"],
        "person": names.get(one["person"], ""),
        "instead": names.get(one["instead"], ""),
        "second": one["line"] == "second" and not one["instead"],
        "own": one["person"] == me and not one["instead"],
    }


def _leave(one: dict[str, Any], doc: roster.Doc, names: dict[str, str], me: str) -> dict[str, Any]:
    def of(entries: list[dict[str, Any]]) -> list[str]:
        return [names.get(two["person"], "") for two in entries if two.get("leave") == one["id"]]

    return _span(one) | {
        "id": one["id"],
        "who": one["person"],
        "person": names.get(one["person"], ""),
        "covers": of(doc["overrides"]),
        "asked": of(doc["wishes"]),
        "own": one["person"] == me,
    }


# --- small deeds of the page ---------------------------------------------------------------------
DEEDS: dict[str, tuple[Callable[[Any, str, str], object], str]] = {
    "yes": (lambda actor, entry, _person: services.answer(actor, entry, yes=True), "duty-yes"),
    "no": (lambda actor, entry, _person: services.answer(actor, entry, yes=False), "duty-no"),
    "drop": (lambda actor, entry, _person: services.drop_override(actor, entry), "duty-dropped"),
    "back": (lambda actor, entry, _person: services.end_leave(actor, entry), "duty-back"),
    "cover": (
        lambda actor, entry, person: services.ask_cover(actor, entry, pages.id_of(person)),
        "duty-asked",
    ),
    "take": (lambda actor, _entry, _person: services.take(actor), "duty-taken"),
    "on": (lambda actor, _entry, _person: services.be_on(actor), "duty-on"),
}


@require_POST
@pages.role(INTAKE, COORDINATION)
def do(request: Any) -> HttpResponse:
    """Yes or no to a colleague, an entry taken away, somebody asked to stand in, a hand-over taken, "I
    am on"."""
    given = request.POST
    deed = DEEDS.get(given.get("deed", ""))
    if deed is None:
        raise NotFound
    try:
        deed[0](request.actor, given.get("entry", ""), given.get("person", ""))
    except Conflict:
        return pages.done("duty-other", "desk:duty")
    return pages.done(deed[1], "desk:duty")


# --- handing over --------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def hand_over(request: Any) -> HttpResponse:
    """What the next one must know, with what runs and what is open beside it; and taking over."""
    place = "duty-note"
    posted = request.POST if request.method == "POST" else None
    form = forms.LeaveNote(posted, initial={"text": pages.draft(request, place)})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            services.leave_note(request.actor, text=given["text"], at_once=given["at_once"])
        except Invalid as error:
            pages.mark(form, error)
        else:
            pages.forget_draft(request, place)
            return pages.done("duty-note", "desk:duty-hand-over")
    names, now = pages.names(request), clock.now()
    gives = roster.my_change(request.actor, gives=True)
    takes = roster.my_change(request.actor, gives=False)
    notes = roster.notes(request.actor)
    mine = [one for one in notes if takes and one.key == roster.key(takes)]
    context = {
        "here": "duty",
        "form": form,
        "place": place,
        "gives": gives and {"at": gives.at, "to": names.get(gives.taker, _("somebody"))},
        "takes": takes and {"at": takes.at, "from": names.get(takes.giver, _("somebody"))},
        "may_take": takes is not None and (takes.at <= now or any(one.at_once for one in mine)),
        "early": takes is not None and takes.at > now,
        "notes": [
            {"by": names.get(str(one.by), ""), "text": one.text, "at": one.at, "mine": one in mine}
            for one in notes[:5]
        ],
        "alarms": _running(request),
        "rows": casework.queue(request.actor, show="open", size=20).rows,
    }
    status = 422 if form.errors else 200
    return pages.render(request, "desk/duty-hand-over.html", context, status=status)


def _running(request: Any) -> list[dict[str, Any]]:
    return [
        {"id": row.id, "name": casework.case(request.actor, row.case).row.name, "state": row.state}
        for row in queries.alarms(request.actor)
        if row.mode == "actual"
    ]


# --- one's own calendar --------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def calendar(request: Any) -> HttpResponseBase:
    """A secret address for one's own turns: made, made anew, stopped."""
    address = ""
    if request.method == "POST":
        if request.POST.get("deed") == "stop":
            services.stop_feed(request.actor)
            return pages.done("duty-calendar-gone", "desk:duty-calendar")
        token = services.new_feed(request.actor)
        address = request.build_absolute_uri(reverse("notes:turns", args=[token]))
    context = {"here": "duty", "address": address, "has": roster.has_feed(request.actor)}
    return pages.render(request, "desk/duty-calendar.html", context)
