"""What the organisation can set in motion: kept current at the desk, picked for a case."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from amparo.casework import capacity, queries
from amparo.casework.services import responses as services
from amparo.casework.services.tasks import yeses
from amparo.foundation import clock, ids
from amparo.foundation.errors import Conflict, Invalid
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.web.desk import pages
from amparo.web.desk.forms.tasks import HOLDS, Offer


@require_safe
@pages.role(INTAKE)
def responses(request: Any) -> HttpResponse:
    """All of it: what is ready, and what is asked first."""
    found = capacity.responses(request.actor)
    context = {
        "here": "responses",
        "ready": [one for one in found if not one.stale],
        "stale": [one for one in found if one.stale],
    }
    return pages.render(request, "desk/responses.html", context)


def _people(request: Any) -> list[tuple[str, str]]:
    return [(str(one.id), one.name) for one in people.here(request.actor)]


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def response(request: Any, response: ids.Id | None = None) -> HttpResponse:
    """One of them: a new one, or how it stands now."""
    old = capacity.response(request.actor, response) if response else None
    if old is not None and request.POST.get("deed") == "remove":
        services.remove(request.actor, old.id)
        return pages.done("response-gone", "desk:responses")
    form = Offer(
        request.POST if request.method == "POST" else None,
        people=_people(request),
        initial=_initial(request, old),
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        offer = services.Offer(
            **{name: given[name] for name in PARTS}, keeper=ids.of(given["keeper"])
        )
        try:
            services.keep(request.actor, offer, response=response)
        except Invalid as error:
            pages.mark(form, error)
        except Conflict:
            form.add_error(None, _("Somebody changed this just now. Look, then do it again."))
        else:
            return pages.done("response-kept", "desk:responses")
    context = {"here": "responses", "form": form, "old": old}
    return pages.render(request, "desk/response.html", context, status=422 if form.errors else 200)


PARTS = ("kind", "name", "how", "where", "minutes", "of", "free", "level", "tells", "until")


def _initial(request: Any, old: capacity.ResponseView | None) -> dict[str, Any]:
    if old is None:
        return {"keeper": str(request.actor.id)}
    found = {
        name: getattr(old, name) for name in ("kind", "name", "how", "where", "minutes", "tells")
    }
    found |= {"of": old.of or None, "free": old.free if old.of else None}
    found |= {"level": "free" if old.of else old.state, "keeper": str(old.keeper_id or "")}
    left = old.until - clock.now()
    found["holds"] = next(
        (code for code in HOLDS if timedelta(hours=int(code)) >= left > timedelta()), "24"
    )
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def for_case(request: Any, case: ids.Id) -> HttpResponse:
    """The menu beside a case: how fast, how much is left, and one press to ask for it."""
    conflict = error = ""
    typed: dict[str, str] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in ("response", "under", "once")}
        wanted, once = pages.id_of(typed["response"]), pages.id_of(typed["once"])
        try:
            services.pick(
                request.actor,
                case,
                wanted,
                once=once,
                under=ids.parse(typed["under"]),
                exercise=bool(request.POST.get("exercise")),
            )
        except Conflict:
            conflict = _(
                "The last place has just gone to somebody else, or this was asked for already."
            )
        except Invalid:
            error = str(pages.WRONG["consent"])
        else:
            return pages.done("response", "desk:tasks", case)
    found = capacity.responses(request.actor)
    context = {
        "view": queries.case(request.actor, case),
        "ready": [one for one in found if one.ready],
        "first": [one for one in found if not one.ready and one.state != "none"],
        "gone": [one for one in found if one.state == "none"],
        "yes": yeses(request.actor, case),
        "once": ids.new(),
        "conflict": conflict,
        "error": error,
        "typed": typed,
    }
    status = 409 if conflict else 422 if error else 200
    return pages.render(request, "desk/menu.html", context, status=status)
