"""The page of whoever sits on the phone: a call typed in one go, and beside it what is next."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from amparo.alerts import queries as alarms
from amparo.casework import queries as casework
from amparo.casework.services import calls as services
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid
from amparo.people.rules import INTAKE
from amparo.web.desk import pages, words
from amparo.web.desk.forms.calls import CallLine

PLACE = "calls"
AGAINST: words.Words = {
    "against never": gettext_lazy(
        "They are never to be rung up. Write why it was done all the same; it is written down."
    ),
    "against hours": gettext_lazy(
        "It is outside the hours at which they may be rung up. Write why it was done all the same."
    ),
    "against not agreed": gettext_lazy(
        "They have not agreed to calls. Write why it was done all the same; it is written down."
    ),
    "unsure": gettext_lazy(
        "Only who has reached the person themselves can say that they are safe."
    ),
}


def _about(request: Any) -> dict[str, str]:
    """What a call may be about: alarms that run first, then open cases, by their handles."""
    rows = casework.queue(request.actor, size=200).rows
    names = {row.case: row.name for row in rows}
    found = {}
    for alarm in alarms.alarms(request.actor):
        if alarm.mode == "actual":
            name = names.get(alarm.case) or casework.case(request.actor, alarm.case).row.name
            found[f"a:{alarm.id}"] = _("Alarm: %(name)s") % {"name": name}
    return found | {f"c:{row.case}": row.name for row in rows}


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def calls(request: Any) -> HttpResponse:
    """Type a call; below it what was typed before, beside it what is next."""
    about = _about(request)
    if request.method != "POST":
        kept = pages.draft(request, PLACE)
        asked = request.GET.get("about", "")
        initial = {"text": kept, "about": asked if asked in about else "", "once": ids.new()}
        form = CallLine(
            about=about.items(), initial=initial | {"them": asked in about and bool(asked)}
        )
        return _page(request, form, about, kept=bool(kept))
    form = CallLine(request.POST, about=about.items())
    if form.is_valid():
        given = dict(form.cleaned_data)
        once, kind = given.pop("once") or ids.new(), given.pop("about")
        given.pop("version")
        wanted = ids.parse(kind[2:]) if kind else None
        part: dict[str, Any] = (
            {"alarm" if kind.startswith("a:") else "case": wanted} if wanted else {}
        )
        try:
            ended = services.log(request.actor, services.Said(**given, **part), once=once)
        except Invalid as error:
            mark(form, error)
        except Conflict:
            return pages.done("call", "desk:calls")
        else:
            pages.forget_draft(request, PLACE)
            return pages.done("call-safe" if ended else "call", "desk:calls")
    return _page(request, form, about)


def mark(form: Any, error: Invalid) -> None:
    """Put what is wrong with a call beside its question."""
    for name, code in dict(error.fields).items():
        if code in AGAINST and name in form.fields:
            form.add_error(name, str(AGAINST[code]))
            error.fields.pop(name)
    if error.fields or not form.errors:
        pages.mark(form, error)


def _page(
    request: Any, form: CallLine, about: dict[str, str], *, kept: bool = False
) -> HttpResponse:
    found = services.listed(request.actor)
    names = {code[2:]: name for code, name in about.items() if code.startswith("c:")}
    due = sorted((one for one in found if one.next_at), key=lambda one: str(one.next_at))
    context = {
        "here": "calls",
        "form": form,
        "place": PLACE,
        "kept": kept,
        "due": [(one, names.get(str(one.case), "")) for one in due],
        "calls": [(one, names.get(str(one.case), "")) for one in found[:30]],
    }
    status = 422 if form.errors else 200
    return pages.render(request, "desk/calls.html", context, status=status)


@require_POST
@pages.role(INTAKE)
def done(request: Any, call: ids.Id) -> HttpResponse:
    """What was next is done."""
    services.done(request.actor, call)
    return pages.done("saved", "desk:calls")
