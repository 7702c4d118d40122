"""What shall happen if somebody sends for help: made, shown, changed and taken away by the person whose
plan it is, with their code."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, pgettext

from amparo.alerts import queries
from amparo.alerts.services import plans as services
from amparo.foundation import ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.vault import forms as tokens
from amparo.web import plans
from amparo.web.notes import keywords

if TYPE_CHECKING:
    from amparo.web.notes.steps import Step


def plan(step: "Step") -> HttpResponse:
    """The plan as it stands, or the questions where there is none yet."""
    deed = step.given("deed")
    if deed == "arm":
        return _arm(step)
    if deed == "more":
        return _ask(step, plans.typed(step.request, more=1))
    if deed == "change":
        old = _one(step)
        answers, people = plans.answers_of(old.doc, old.kind)
        return _ask(step, plans.Plan(initial=answers, count=people))
    if deed == "away":
        return _away(step)
    if deed in keywords.DEEDS:
        return keywords.keyword(step)
    return _show(step) if _all(step) else _ask(step, plans.Plan())


def _case(actor: Actor) -> ids.Id:
    if actor.case is None:
        raise NotFound
    return actor.case


def _all(step: "Step") -> list[queries.PlanView]:
    """The plan that is pressed by hand; one of check-ins has pages of its own."""
    found = queries.plans(step.actor, _case(step.actor))
    return [one for one in found if one.kind in services.PRESSED]


def _one(step: "Step") -> queries.PlanView:
    wanted = ids.parse(step.given("plan"))
    found = next((one for one in _all(step) if one.id == wanted), None)
    if found is None:
        raise NotFound
    return found


def _page(step: "Step", template: str, status: int = 200, **found: Any) -> HttpResponse:
    within = {"token": tokens.token(step.window), "inside": True}
    request: HttpRequest = step.request
    return render(request, template, found | within, status=status)


def _show(step: "Step", *, done: str = "", twice: bool = False) -> HttpResponse:
    found = [plans.shown(one) for one in _all(step)]
    status = 409 if twice else 200
    phrase = keywords.shown(step.actor, _case(step.actor))
    shown = {"plans": found, "done": done, "twice": twice, "phrase": phrase}
    return _page(step, "notes/plan.html", status, **shown)


def _ask(step: "Step", form: plans.Plan, status: int = 200) -> HttpResponse:
    replaces = next((one.id for one in _all(step)), "")
    return _page(step, "notes/plan-ask.html", status, form=form, replaces=replaces)


def _arm(step: "Step") -> HttpResponse:
    form = plans.typed(step.request)
    if not form.is_valid() or form.draft is None:
        return _ask(step, form, 422)
    replaced = bool(_all(step))
    try:
        armed = services.arm(step.actor, _case(step.actor), form.draft, once=step.once)
    except Invalid as error:
        form.refuse(error)
        return _ask(step, form, 422)
    except Conflict:
        return _show(step, twice=True)
    if not armed.token:
        return _show(step, done=pgettext("safety", "The plan counts from now on."))
    path = reverse("notes:press", args=[armed.token])
    card = plans.card(armed.token, get_language() or "en")
    return _page(step, "notes/plan-card.html", replaced=replaced, path=path, **card)


def _away(step: "Step") -> HttpResponse:
    old = _one(step)
    if not step.given("sure"):
        return _page(step, "notes/plan-away.html", plan=old.id)
    services.disarm(step.actor, _case(step.actor), old.id)
    gone = pgettext("safety", "The plan is taken away. Nobody is told anything by it any more.")
    return _page(step, "notes/plan-ask.html", form=plans.Plan(), done=gone, replaces="")
