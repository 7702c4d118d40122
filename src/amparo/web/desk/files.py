"""Files of a case: pictures of their pages, or the whole file sealed to one's own key."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from amparo.casework import queries
from amparo.casework.services import documents
from amparo.foundation import ids
from amparo.foundation.errors import Invalid, NotFound
from amparo.web.desk import pages

DRAWN_PAGES = 20


def _all(view: queries.CaseView) -> list[tuple[queries.FileView, str]]:
    """Every file that the actor's keys open, with where it stands."""
    found = [(file, "correspondence") for one in view.thread.messages for file in one.files]
    for part in view.compartments:
        found += [(file, part.code) for one in part.entries for file in one.files]
    return found


def _one(request: Any, case: ids.Id, file: ids.Id) -> tuple[queries.CaseView, queries.FileView]:
    view = queries.case(request.actor, case)
    for one, _where in _all(view):
        if one.id == file:
            return view, one
    raise NotFound


@require_safe
@pages.signed_in
def files(request: Any, case: ids.Id) -> HttpResponse:
    """The list."""
    view = queries.case(request.actor, case)
    return pages.render(request, "desk/files.html", {"view": view, "files": _all(view)})


@require_safe
@pages.signed_in
def file(request: Any, case: ids.Id, file: ids.Id) -> HttpResponse:
    """One file: pictures of its pages, if it is of a kind that can be drawn."""
    view, one = _one(request, case, file)
    total = _count(request, case, one)
    context = {
        "view": view,
        "file": one,
        "pages": range(1, min(total, DRAWN_PAGES) + 1),
        "more": total > DRAWN_PAGES,
        "shown": DRAWN_PAGES,
    }
    return pages.render(request, "desk/file.html", context)


def _count(request: Any, case: ids.Id, one: queries.FileView) -> int:
    return documents.pages_of(request.actor, case, one.id) if one.can_be_seen else 0


@require_safe
@pages.signed_in
def page(request: Any, case: ids.Id, file: ids.Id, number: int) -> HttpResponse:
    """The picture of one page, made in a child process; nothing of the file itself is sent."""
    if not 1 <= number <= DRAWN_PAGES:
        raise NotFound
    try:
        made = documents.page_image(request.actor, case, file, number=number - 1)
    except Invalid:
        raise NotFound from None
    return HttpResponse(made.data, content_type=made.media_type)


@require_POST
@pages.signed_in
def download(request: Any, case: ids.Id, file: ids.Id) -> StreamingHttpResponse:
    """The file as an age file that only the officer's own key opens, sealed while it is sent."""
    _view, one = _one(request, case, file)
    wanted = one.clean if request.POST.get("copy") == "clean" and one.clean else one.id
    name, pieces = documents.download(request.actor, case, wanted)
    return pages.download(pieces, name)
