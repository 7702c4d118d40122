"""Asking helpers from the desk: whom, with the person's yes; who answers; how long it takes."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.alerts import asked
from amparo.alerts.services import callouts as services
from amparo.casework import queries as casework
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.people import directory
from amparo.people.rules import INTAKE
from amparo.web.desk import guide, pages, words
from amparo.web.desk.forms.callouts import AskHelpers
from amparo.web.tags import listed

STATES: words.Words = {
    "open": pgettext_lazy("helpers", "Asking"),
    "covered": pgettext_lazy("helpers", "Covered"),
    "over": pgettext_lazy("helpers", "Over"),
}
ANSWERS: words.Words = {
    "yes": pgettext_lazy("helpers", "can come"),
    "no": pgettext_lazy("helpers", "cannot"),
    "later": pgettext_lazy("helpers", "cannot now, perhaps later"),
}
LABEL = gettext_lazy("Helpers whom we ask")


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def ask(request: Any, case: ids.Id) -> HttpResponse:
    """First which help; then whom, and the person's yes; then they are asked."""
    view = casework.case(request.actor, case)
    languages = {code for one in directory.entries(request.actor) for code in one.languages}
    posted = request.POST if request.method == "POST" else None
    form = AskHelpers(posted, languages=languages)
    once = ids.parse(request.POST.get("once", "")) or ids.new()
    context: dict[str, Any] = {"here": "callouts", "view": view, "form": form, "once": once}
    if form.is_bound and form.is_valid():
        found = _do(request, case, view, form, once)
        if isinstance(found, HttpResponse):
            return found
        context["choice"] = found
        context["chosen"] = request.POST.getlist("chosen")
    status = 422 if form.errors else 200
    return pages.render(request, "desk/callout-ask.html", context, status=status)


def _do(
    request: Any, case: ids.Id, view: casework.CaseView, form: AskHelpers, once: ids.Id
) -> HttpResponse | services.Choice:
    deed, how = request.POST.get("deed", "look"), form.cleaned_data["how"]
    try:
        if deed.startswith("agree"):
            _agree(request, case, view, form, deed.partition(":")[2])
        elif deed == "ask":
            wanted = services.choice(request.actor, case, form.ask)
            if not wanted.agreed and how:
                _agree(request, case, view, form, "")
            chosen = [pages.id_of(one) for one in request.POST.getlist("chosen")]
            made = services.begin(request.actor, case, form.ask, chosen=chosen, once=once)
            return pages.done("helpers", "desk:callout", made)
    except Invalid as error:
        pages.mark(form, error, how="how")
        if "trial" in error.fields:
            form.add_error(None, _("This is a trial: nobody outside is asked anything yet."))
        if "chosen" in error.fields:
            form.add_error(None, _("Choose at least one whom to ask."))
    except Refused:
        form.add_error("how", _("Ask the person first. Without their yes nobody is asked."))
    except Conflict:
        form.add_error(None, _("They said no to this, or it was sent already."))
    return services.choice(request.actor, case, form.ask)


def _agree(
    request: Any, case: ids.Id, view: casework.CaseView, form: AskHelpers, entry: str
) -> None:
    one = directory.entry(request.actor, pages.id_of(entry)) if entry else None
    services.agree(
        request.actor,
        case,
        form.ask,
        how=form.cleaned_data["how"] or "none",
        label=one.name if one else str(LABEL),
        language=view.row.language,
        entry=one.id if one else None,
    )


@require_safe
@pages.role(INTAKE)
def callouts(request: Any) -> HttpResponse:
    """What runs, what is over, and how long helpers of each kind take to say yes."""
    rows = asked.callouts(request.actor)
    names = {one: casework.case(request.actor, one).row.name for one in {row.case for row in rows}}
    context = {
        "here": "callouts",
        "rows": [(row, names[row.case], words.word(STATES, row.state)) for row in rows[:50]],
        "usual": _usual(request, exercise=False),
        "drills": _usual(request, exercise=True),
    }
    return pages.render(request, "desk/callouts.html", context)


def _usual(request: Any, *, exercise: bool) -> list[tuple[str, int, int]]:
    return [
        (words.word(guide.SERVICES, one.service), round(one.time.total_seconds() / 60), one.count)
        for one in asked.usual(request.actor, exercise=exercise)
    ]


def _said(one: asked.Happened, names: dict[str, str]) -> str:
    more = one.more
    if one.what == "asked":
        return _("Asked: %(who)s") % {"who": listed(more["to"])}
    if one.what == "answer":
        said = f"{more['label']} {words.word(ANSWERS, more['answer'])}"
        if more["answer"] == "yes" and more["effect"] == "taken":
            return _("%(said)s, within %(n)s minutes") % {"said": said, "n": more["within"]}
        if more["answer"] == "yes":
            return _("%(said)s, but it was covered; they were thanked") % {"said": said}
        return said
    if one.what == "nobody left":
        return _("Nobody is left to ask. Ring somebody up yourself.")
    return _("Ended by %(name)s") % {"name": names.get(more.get("by", ""), "")}


@require_safe
@pages.role(INTAKE)
def callout(request: Any, callout: ids.Id) -> HttpResponse:
    """Who was asked, who said what, and what can be done."""
    view = asked.callout(request.actor, callout)
    names = pages.names(request)
    context = {
        "here": "callouts",
        "one": view.row,
        "state": words.word(STATES, view.row.state),
        "name": casework.case(request.actor, view.row.case).row.name,
        "knots": [
            (_said(one, names), one.at, one.more.get("effect") == "taken", one.more.get("entry"))
            for one in view.happened
        ],
        "conflict": request.GET.get("late") == "1",
    }
    return pages.render(request, "desk/callout.html", context)


DEEDS = {"on": services.ask_next, "over": services.stop}


@require_POST
@pages.role(INTAKE)
def do(request: Any, callout: ids.Id, verb: str) -> HttpResponse:
    """Ask the next now; nobody more is wanted."""
    if verb not in DEEDS:
        raise NotFound
    sent = request.POST.get("version", "")
    try:
        DEEDS[verb](request.actor, callout, version=int(sent) if sent.isdecimal() else -1)
    except Conflict:
        return HttpResponseRedirect(f"{reverse('desk:callout', args=[callout])}?late=1")
    return pages.done(f"helpers-{verb}", "desk:callout", callout)
