"""A case's playbooks and tasks at the desk: started, worked through as a checklist, ended; and whom the
person lets be told."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.casework import checklist, queries
from amparo.casework.playbooks import playbooks
from amparo.casework.services import responses, sharing, starting
from amparo.casework.services import tasks as services
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.web.desk import pages, words
from amparo.web.desk.forms.tasks import Deed, FactTime, Told
from amparo.web.desk.sharing import held


def colleagues(request: Any) -> list[tuple[str, str]]:
    """Those of the duty desk whom a task can be given to, without oneself."""
    return [
        (str(one.id), one.name)
        for one in people.colleagues(request.actor)
        if one.state == "here" and not one.me and INTAKE in one.teams
    ]


def _page(request: Any, case: ids.Id, *, wrong: dict[str, Any] | None = None) -> HttpResponse:
    view = queries.case(request.actor, case)
    found = checklist.of_case(request.actor, case)
    context = {
        "view": view,
        "list": found,
        "over": [one for one in found.playbooks if one.over],
        "colleagues": colleagues(request),
        "longer": list(words.LONGER.items()),
        "yes": services.yeses(request.actor, case),
        "wrong": wrong or {},
    }
    status = (wrong or {}).get("status", 200)
    return pages.render(request, "desk/tasks.html", context, status=status)


@require_safe
@pages.signed_in
def tasks(request: Any, case: ids.Id) -> HttpResponse:
    """Everything that is to be done for a case, the nearest hour first."""
    return _page(request, case)


def _deeds(
    request: Any, case: ids.Id, task: ids.Id, given: dict[str, Any]
) -> dict[str, Callable[[], None]]:
    actor, mark, text = request.actor, given["mark"], given["text"]
    return {
        "take": lambda: services.take(actor, case, task, mark=mark),
        "done": lambda: services.done(
            actor, case, task, text=text, under=given["under"], mark=mark
        ),
        "drop": lambda: services.drop(actor, case, task, reason=text, mark=mark),
        "hand": lambda: services.hand(
            actor, case, task, to=given["to"] or ids.NIL, note=text, mark=mark
        ),
        "prolong": lambda: services.prolong(
            actor, case, task, minutes=given["minutes"] or 0, reason=text, mark=mark
        ),
        "again": lambda: services.again(actor, case, task, mark=mark),
        "there": lambda: responses.is_there(actor, case, task, text=text, mark=mark),
        "over": lambda: responses.end(actor, case, task, reason=text, mark=mark),
    }


SAID = {"there": "response-there", "over": "response-over"}


@require_POST
@pages.signed_in
def task(request: Any, case: ids.Id, task: ids.Id) -> HttpResponse:
    """One button of one task. What was typed stands there still when it could not be done."""
    form = Deed(request.POST)
    if not form.is_valid():
        raise NotFound
    given = form.cleaned_data
    typed = {"task": task, "text": given["text"], "status": 422}
    try:
        _deeds(request, case, task, given)[given["deed"]]()
    except Invalid as error:
        code = next(iter(error.fields.values()), "")
        return _page(request, case, wrong=typed | {"error": _wrong(given["deed"], code)})
    except Conflict:
        error_ = _(
            "Somebody was quicker. Read what it is now, then press again if you still want to."
        )
        return _page(request, case, wrong=typed | {"error": error_, "status": 409})
    return pages.done(SAID.get(given["deed"], f"task-{given['deed']}"), "desk:tasks", case)


def _wrong(deed: str, code: str) -> str:
    said = {
        ("drop", "empty"): _("Write why it is not needed."),
        ("prolong", "empty"): _("Write why it takes longer."),
        ("prolong", "choose"): _("Choose how much longer."),
        ("hand", "choose"): _("Choose a colleague."),
        ("over", "empty"): _("Write how it ended."),
    }
    return str(said.get((deed, code), pages.WRONG.get(code, pages.GENERAL)))


# --- starting, times, ending ---------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def start(request: Any, case: ids.Id) -> HttpResponse:
    """Every playbook with when it fits and when not; one press starts it."""
    if request.method == "POST":
        once = pages.id_of(request.POST.get("once", ""))
        name, exercise = request.POST.get("playbook", ""), bool(request.POST.get("exercise"))
        try:
            starting.start(request.actor, case, playbook=name, once=once, exercise=exercise)
        except Conflict:
            # The same page once more: it has begun.
            return pages.done("playbook", "desk:tasks", case)
        return pages.done("playbook", "desk:tasks", case)
    found = [one.shown_in(request.LANGUAGE_CODE) for one in playbooks().values()]
    context = {
        "view": queries.case(request.actor, case),
        "packs": sorted(found, key=lambda one: str(one.content.name)),
        "once": ids.new(),
    }
    return pages.render(request, "desk/playbooks.html", context)


@require_POST
@pages.signed_in
def playbook(request: Any, case: ids.Id, start: ids.Id, verb: str) -> HttpResponse:
    """A time that hours count from; or that it is over."""
    wrong: dict[str, Any] = {"task": start, "status": 422, "text": request.POST.get("text", "")}
    mark = request.POST.get("mark", "")
    seen = int(mark) if mark.isdecimal() else None
    try:
        if verb == "end":
            text = request.POST.get("text", "")
            services.end(request.actor, case, start, reason=text, mark=seen)
        elif verb == "time":
            form = FactTime(request.POST)
            if not form.is_valid():
                raise Invalid("", {"at": "form"})
            at = form.cleaned_data["at"]
            at = timezone.make_aware(at) if timezone.is_naive(at) else at
            services.set_time(
                request.actor, case, start, fact=form.cleaned_data["fact"], at=at, mark=seen
            )
        else:
            raise NotFound
    except Invalid as error:
        said = _("Write day and hour, as 2026-11-24 21:40.") if verb == "time" else ""
        code = next(iter(error.fields.values()), "")
        wrong["error"] = said or _wrong("over", code)
        return _page(request, case, wrong=wrong)
    except Conflict:
        wrong |= {
            "error": _("Somebody changed this just now. Look, then do it again."),
            "status": 409,
        }
        return _page(request, case, wrong=wrong)
    return pages.done(f"task-{verb}", "desk:tasks", case)


# --- whom the person lets be told ----------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def tell(request: Any, case: ids.Id) -> HttpResponse:
    """The person said yes to somebody outside being told; without it nobody is."""
    view = queries.case(request.actor, case)
    form = Told(
        request.POST if request.method == "POST" else None,
        held=held(view),
        initial={"purpose": request.GET.get("for", "")},
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        offer = sharing.Offer(
            label=given["label"],
            purpose=given["purpose"],
            compartments=tuple(given["compartments"]),
            until=given["until"],
            how=given["how"],
            language=view.row.language,
        )
        try:
            sharing.may_be_told(request.actor, case, offer=offer)
        except Invalid as error:
            pages.mark(form, error)
        except Refused:
            form.add_error(None, _("They said no to this, or took it back. No is an answer."))
        else:
            return pages.done("told", "desk:tasks", case)
    context = {"view": view, "form": form}
    return pages.render(request, "desk/tell.html", context, status=422 if form.errors else 200)
