"""One request or case: overview, conversation, compartments, and text that is not sent yet."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.casework import checklist, queries
from amparo.casework.services import answers, erasing, opening, relaying
from amparo.casework.services import desk as casework
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.web import uploads
from amparo.web.desk import acts, pages, timeline
from amparo.web.desk.forms.case import Entry, Reply

# Verbs in the order in which a case goes through them; the first that fits is the solid button.
ORDER = (
    "level",
    "open",
    "log",
    "relay",
    "reassign",
    "refer",
    "decline",
    "relink",
    "merge",
    "spam",
    "reopen",
    "close",
    "erase",
)


def _first(view: queries.CaseView) -> str:
    if "take" in view.may:
        return "take"
    return "reply" if "reply" in view.may else ""


@require_safe
@pages.signed_in
def case(request: Any, case: ids.Id) -> HttpResponse:
    """What is due, how to reach them, what can be done, and what is sealed."""
    casework.mend(request.actor, case)
    view = queries.case(request.actor, case)
    context = {
        "view": view,
        "todo": checklist.of_case(request.actor, case),
        "dues": timeline.dues(view),
        "steps": timeline.steps(view),
        "first": _first(view),
        "verbs": [verb for verb in ORDER if verb in acts.may(view)],
        "through": relaying.through(request.actor, view.row),
        "shut": acts.not_without(view) if acts.cannot_take(view) else "",
        "erasures": [
            {"row": row, "by": people.names(request.actor).get(row.by, "")}
            for row in erasing.waiting(request.actor, case)
        ],
    }
    return pages.render(request, "desk/case.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def messages(request: Any, case: ids.Id) -> HttpResponse:
    """The conversation, and the box to answer in."""
    place = f"{case}:reply"
    if request.method != "POST":
        # What was passed on or answered from outside is among the messages that count as read.
        answers.take_in(request.actor, case)
        view = queries.case(request.actor, case)
        kept = pages.draft(request, place)
        form = Reply(initial={"text": kept, "version": view.row.version, "once": ids.new()})
        casework.read_all(request.actor, case, shown=view.row.unread)
        return _messages_page(request, view, form, kept=bool(kept))
    form = Reply(request.POST)
    trouble = _upload_trouble(request)
    if trouble:
        form.add_error(None, trouble)
    if form.is_valid():
        try:
            sent = uploads.sent_files(request, "files")
            text = form.cleaned_data["text"]
            once = form.cleaned_data["once"]
            casework.reply(request.actor, case, text=text, files=sent, once=once)
        except Invalid as error:
            pages.mark(form, error)
        except Conflict:
            if pages.was_sent(form):
                return pages.done("sent", "desk:messages", case)
            form.add_error(
                None, _("Somebody changed this case just now. Read it, then send again.")
            )
        else:
            pages.forget_draft(request, place)
            return pages.done("sent", "desk:messages", case)
    return _messages_page(request, queries.case(request.actor, case), form, status=422)


def _messages_page(
    request: Any, view: queries.CaseView, form: Reply, *, kept: bool = False, status: int = 200
) -> HttpResponse:
    context = {"view": view, "form": form, "kept": kept, "place": f"{view.row.case}:reply"}
    return pages.render(request, "desk/messages.html", context, status=status)


def _upload_trouble(request: Any) -> str:
    why = getattr(request, "upload_failed", "")
    if why == "large":
        return _("These files are larger than this page takes. Send fewer at once.")
    if why:
        return _("The files could not be taken in. Nothing of them was kept.")
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def compartment(request: Any, case: ids.Id, code: str) -> HttpResponse:
    """One of the seven: what stands in it and a box to write, or who holds it and what can be done."""
    view = queries.case(request.actor, case)
    one = next((one for one in view.compartments if one.code == code), None)
    if one is None:
        raise NotFound
    place = f"{case}:{code}"
    kept = pages.draft(request, place) if one.open else ""
    initial = {"text": kept, "once": ids.new()}
    form = Entry(request.POST if request.method == "POST" else None, initial=initial)
    trouble = _upload_trouble(request)
    if trouble:
        form.add_error(None, trouble)
    if form.is_bound and form.is_valid():
        try:
            sent = uploads.sent_files(request, "files")
            text = form.cleaned_data["text"]
            once = form.cleaned_data["once"]
            opening.write_note(request.actor, case, code, text=text, files=sent, once=once)
        except Invalid as error:
            pages.mark(form, error)
        except Conflict:
            if pages.was_sent(form):
                return pages.done("written", "desk:compartment", case, code)
            form.add_error(None, _("Somebody changed this case just now. Send it again."))
        else:
            pages.forget_draft(request, place)
            return pages.done("written", "desk:compartment", case, code)
    context = {"view": view, "one": one, "form": form, "kept": bool(kept), "place": place}
    return pages.render(
        request, "desk/compartment.html", context, status=422 if form.errors else 200
    )


@require_POST
@pages.inside
def draft(request: Any) -> HttpResponse:
    """Keep what is being typed, sealed to the typist. The answer is empty: there is nothing to say."""
    place = request.POST.get("place", "")
    if not 0 < len(place) <= pages.PLACE_LIMIT:
        raise NotFound
    casework.save_draft(request.actor, place=place, text=pages.kept_text(request))
    return HttpResponse(status=204)
