"""The queue by time to deadline, what is previewed beside it, new requests, search, hand-over."""

from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.casework import checklist, queries
from amparo.casework.services import desk as casework
from amparo.casework.services import opening
from amparo.casework.services import search as searching
from amparo.casework.services.intake import Call
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.vault import codes
from amparo.web.desk import pages, timeline
from amparo.web.desk.forms.case import CallIn, HandOver, Search

SHOW = {
    "open": gettext_lazy("All open"),
    "free": gettext_lazy("Needs a person"),
    "mine": gettext_lazy("Mine"),
    "waiting": gettext_lazy("Waits for their answer"),
    "done": gettext_lazy("Done"),
}


def _shown(request: Any) -> str:
    show = request.GET.get("show", "open")
    if show not in SHOW:
        raise NotFound
    return str(show)


def _lists(show: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"code": code, "label": label, "count": counts.get(code), "here": code == show}
        for code, label in SHOW.items()
    ]


@require_safe
@gzip_page  # docs/decisions/0007-what-is-compressed.md
@pages.signed_in
def queue(request: Any) -> HttpResponse:
    """A page of the queue; `c` chooses the row that is previewed."""
    show = _shown(request)
    found = queries.queue(request.actor, show=show, after=request.GET.get("after", ""))
    place = {name: request.GET[name] for name in ("show", "after") if request.GET.get(name)}
    address = f"{reverse('desk:queue')}?"
    chosen = ids.parse(request.GET.get("c", ""))
    context = {
        "here": "queue",
        "show": show,
        "heading": SHOW[show],
        "lists": _lists(show, found.counts),
        "total": found.counts.get(show, 0),
        "rows": _with_late(found.rows),
        "own_tasks": checklist.own(request.actor) if show in {"open", "mine"} else [],
        "here_url": address + (urlencode(place) + "&" if place else ""),
        "first": address + urlencode({"show": show}) if request.GET.get("after") else "",
        "older": address + urlencode({"show": show, "after": found.after}) if found.after else "",
        "chosen": chosen,
        "taken_from": _taken_from(request) if show in {"open", "mine"} else [],
    }
    if chosen is not None:
        context |= _preview(request, chosen)
    return pages.render(request, "desk/queue.html", context)


def _with_late(rows: list[queries.QueueRow]) -> list[queries.QueueRow]:
    """The rows, with how many of their tasks are late."""
    late = checklist.late_in(row.case for row in rows)
    return [replace(row, late=late[row.case]) if late[row.case] else row for row in rows]


def _taken_from(request: Any) -> list[queries.QueueRow]:
    """What was one's own until a colleague took it; what one cannot open any more is passed over."""
    found = []
    for one in casework.taken_from(request.actor):
        with suppress(NotFound):
            found.append(queries.case(request.actor, one).row)
    return found


@require_POST
@pages.signed_in
def known(request: Any) -> HttpResponse:
    """These have been read."""
    casework.know_taken(request.actor)
    return redirect("desk:queue")


def _preview(request: Any, case: ids.Id) -> dict[str, Any]:
    view = queries.case(request.actor, case)
    return {"peek": view, "steps": timeline.steps(view)[:5]}


@require_safe
@pages.signed_in
def peek(request: Any, case: ids.Id) -> HttpResponse:
    """The preview alone, for pages with scripts."""
    found = _preview(request, case)
    return pages.render(request, "desk/parts/peek.html", found | {"view": found["peek"]})


@require_safe
@pages.signed_in
def count(request: Any) -> HttpResponse:
    """How many more there are than the page shows; announced, never moved under a hand."""
    show = _shown(request)
    shown = request.GET.get("of", "")
    now = queries.counts(request.actor).get(show, 0)
    fresh = max(now - int(shown), 0) if shown.isdecimal() else 0
    return pages.render(request, "desk/parts/count.html", {"fresh": fresh, "show": show})


NEW = "new"  # where the draft of a request stands that is being typed


# --- a request that comes by phone or in person ---------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def new(request: Any) -> HttpResponse:
    """Typed by staff while somebody speaks; ends in a code that is shown once."""
    if request.method != "POST":
        kept = pages.draft(request, NEW)
        initial = {"language": request.LANGUAGE_CODE, "what": kept}
        form = CallIn(languages=settings.LANGUAGES, initial=initial)
        return _new_page(request, form, ids.new(), kept=bool(kept))
    once = pages.id_of(request.POST.get("once", ""))
    form = CallIn(request.POST, languages=settings.LANGUAGES)
    if not form.is_valid():
        return _new_page(request, form, once, status=422)
    given = form.cleaned_data
    language = given["language"] if given["language"] in codes.LANGUAGES else "en"
    code = codes.new_words(language) if given["code"] == "words" else codes.new_digits()
    parts = ("what", "where", "how", "reach", "language", "way", "consent")
    call = Call(**{name: given[name] for name in parts})
    try:
        asked = opening.record_call(request.actor, once=once, code=code, call=call)
    except Invalid as error:
        pages.mark(form, error)
        return _new_page(request, form, once, status=422)
    except Conflict:
        form.add_error(None, _("This form was taken in already. Look for it in the queue."))
        return _new_page(request, form, once, status=409)
    pages.forget_draft(request, NEW)
    context = {"code": code, "case": asked.case, "due": asked.due_at, "here": "new"}
    return pages.render(request, "desk/code.html", context)


def _new_page(
    request: Any, form: CallIn, once: ids.Id, *, kept: bool = False, status: int = 200
) -> HttpResponse:
    context = {"form": form, "once": once, "kept": kept, "place": NEW, "here": "new"}
    return pages.render(request, "desk/new.html", context, status=status)


# --- looking for words ----------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def search(request: Any) -> HttpResponse:
    """Over what one's keys open, in memory. The words travel in the body, never in an address."""
    form = Search(request.POST if request.method == "POST" else None)
    hits = None
    if form.is_bound and form.is_valid():
        hits = searching.search(request.actor, form.cleaned_data["text"])
    status = 422 if form.errors else 200
    context = {"form": form, "hits": hits, "here": "search"}
    return pages.render(request, "desk/search.html", context, status=status)


# --- the end of a shift ---------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def hand_over(request: Any) -> HttpResponse:
    """Everything that is one's own, on one sheet, and the form that gives it to a colleague."""
    others = [(str(one.id), one.name) for one in people.here(request.actor) if not one.me]
    posted = request.POST if request.method == "POST" else None
    place = "hand-over"
    initial = {"note": pages.draft(request, place)}
    form = HandOver(posted, people=others, initial=initial)
    if form.is_bound and form.is_valid():
        to = pages.id_of(form.cleaned_data["to"])
        try:
            casework.hand_over(request.actor, to=to, note=form.cleaned_data["note"])
        except Invalid as error:
            pages.mark(form, error)
        else:
            pages.forget_draft(request, place)
            return pages.done("handed", "desk:queue")
    rows = queries.queue(request.actor, show="mine", size=200).rows
    context = {"form": form, "rows": rows, "here": "hand-over", "place": place}
    return pages.render(request, "desk/hand-over.html", context, status=422 if form.errors else 200)
