"""How the roster is changed: rotations with a preview, somebody put on, swaps, leave."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from amparo.alerts import roster
from amparo.alerts.services import roster as services
from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.people.rules import COORDINATION, INTAKE
from amparo.web.desk import pages
from amparo.web.desk.duty import choices, lack_lines, weeks
from amparo.web.desk.forms import duty as forms


# --- rotations -----------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def rotation(request: Any, rotation: ids.Id | None = None) -> HttpResponse:
    """A rotation, new or as it is; nothing is kept before it was looked at."""
    doc = roster.doc(request.actor)
    known = next((one for one in doc["rotations"] if one["id"] == str(rotation)), None)
    if rotation is not None and known is None:
        raise NotFound
    version = roster.version(request.actor)
    if request.method != "POST":
        today = timezone.localtime(clock.now()).date()
        shown = (
            forms.filled(known) if known else forms.fresh(today - timedelta(days=today.weekday()))
        )
        form = forms.RotationForm(initial=shown | {"version": version}, team=choices(request))
        return _rotation_page(request, form, known)
    deed, sent = request.POST.get("deed", "look"), request.POST.get("version", "")
    seen = int(sent) if sent.isdecimal() else -1
    try:
        if deed == "away" and known:
            services.drop_rotation(request.actor, known["id"], version=seen)
            return pages.done("duty-rotation-gone", "desk:duty")
        form = forms.RotationForm(request.POST, team=choices(request))
        if not form.is_valid():
            return _rotation_page(request, form, known, status=422)
        wanted = form.rotation(known["id"] if known else str(ids.new()))
        given = form.cleaned_data["name"]
        if deed == "keep":
            services.keep_rotation(request.actor, wanted, name=given, version=seen)
            return pages.done("duty-rotation", "desk:duty")
        preview = services.checked(request.actor, doc, wanted, given)
    except Invalid as error:
        pages.mark(form, error, people="who1", begins="day")
        return _rotation_page(request, form, known, status=422)
    except Conflict:
        return pages.done("duty-other", "desk:duty")
    return _rotation_page(request, form, known, preview=preview)


def _rotation_page(
    request: Any,
    form: forms.RotationForm,
    known: dict[str, Any] | None,
    *,
    preview: roster.Doc | None = None,
    status: int = 200,
) -> HttpResponse:
    names, me = pages.names(request), str(request.actor.id)
    context: dict[str, Any] = {"here": "duty", "form": form, "known": known}
    found = roster.rules_of(preview)
    if found is not None:
        lacks = roster.lacks_of(found)
        context |= {"weeks": weeks(found, names, me), "lacks": lack_lines(lacks, names)}
    return pages.render(request, "desk/duty-rotation.html", context, status=status)


# --- a span for one person -----------------------------------------------------------------------
def _keep(
    request: Any,
    form: Any,
    do: Callable[[dict[str, Any]], object],
    *,
    done: str,
    heading: str,
    button: str,
    says: list[str],
) -> HttpResponse:
    """The page of a form, and its deed; whatever is wrong stands beside its question."""
    if form.is_bound and form.is_valid():
        try:
            do(form.cleaned_data)
        except Invalid as error:
            pages.mark(form, error, end="end_day", start="start_day")
        else:
            return pages.done(done, "desk:duty")
    page = {
        "title": _("On duty"), "heading": heading, "button": button, "says": says,
        "action": request.path, "back": reverse("desk:duty"), "back_label": _("On duty"),
    }  # fmt: skip
    context = {"form": form, "act": page, "here": "duty"}
    return pages.render(request, "desk/act.html", context, status=422 if form.errors else 200)


def _first_day() -> dict[str, Any]:
    here = timezone.localtime(clock.now())
    return {"start_day": here.date(), "start_at": f"{here:%H:%M}", "end_day": here.date()}


def _by_our_clock() -> str:
    return _("Hours are by the clock of the organisation: %(zone)s.") % {"zone": config().time_zone}


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def put(request: Any) -> HttpResponse:
    """Somebody is on from one moment to another."""
    posted = request.POST if request.method == "POST" else None
    initial = _first_day() | {"line": "first"}
    form = forms.PutOn(posted, team=choices(request), initial=initial)
    return _keep(
        request,
        form,
        lambda given: services.put_on(
            request.actor,
            pages.id_of(given["person"]),
            start=given["start"],
            end=given["end"],
            line=given["line"],
        ),
        done="duty-put",
        heading=_("Put somebody on duty"),
        button=_("Put them on"),
        says=[
            _("They are on in this time, whoever it would have been. They get a notice."),
            _by_our_clock(),
        ],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def swap(request: Any) -> HttpResponse:
    """Ask a colleague to take one's turns, or offer to take theirs."""
    posted = request.POST if request.method == "POST" else None
    initial = _first_day() | {"mine": "1"}
    form = forms.Swap(posted, team=choices(request, without_me=True), initial=initial)
    return _keep(
        request,
        form,
        lambda given: services.ask_swap(
            request.actor,
            pages.id_of(given["person"]),
            mine=bool(given["mine"]),
            start=given["start"],
            end=given["end"],
        ),
        done="duty-asked",
        heading=_("Swap a turn"),
        button=_("Ask them"),
        says=[
            _("It counts when they have said yes. Until then everything stays as it is."),
            _by_our_clock(),
        ],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE, COORDINATION)
def away(request: Any) -> HttpResponse:
    """One's own leave; who organises writes down that of others too."""
    posted = request.POST if request.method == "POST" else None
    organises = COORDINATION in people.roles(request.actor)
    initial = {
        "who": str(request.actor.id),
        "start_day": timezone.localtime(clock.now()).date(),
    }
    form = forms.Away(posted, team=choices(request), others=organises, initial=initial)
    return _keep(
        request,
        form,
        lambda given: services.go_on_leave(
            request.actor,
            start=given["start"],
            end=given["end"],
            person=forms.chosen(given.get("who", "")),
            cover=forms.chosen(given["cover"]),
        ),
        done="duty-away",
        heading=_("Somebody is away"),
        button=_("Keep it"),
        says=[
            _("Whoever is away is not rung, from the first hour to the last."),
            _("Nobody is asked why. Without an hour it is the whole day."),
        ],
    )
