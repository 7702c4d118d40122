"""Files of a case: pictures of their pages, or the whole file sealed to one's own key."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from amparo.casework import queries
from amparo.foundation import clean, ids, journal
from amparo.foundation.errors import NotFound, Unavailable
from amparo.vault import age
from amparo.web.desk import pages

DRAWN_PAGES = 20
DRAWN_LIMIT = 25 * 1024 * 1024  # bytes that are held in memory to draw a page
WIDTH = 1000


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


def _content(request: Any, case: ids.Id, file: ids.Id) -> bytes:
    opened = queries.open_file(request.actor, case, file)
    return b"".join(opened.pieces())


def _count(request: Any, case: ids.Id, one: queries.FileView) -> int:
    if not one.can_be_seen or one.size > DRAWN_LIMIT:
        return 0
    try:
        return clean.pages(_content(request, case, one.id), count=1, width=100).total
    except (clean.CannotClean, Unavailable):
        return 0


@require_safe
@pages.signed_in
def page(request: Any, case: ids.Id, file: ids.Id, number: int) -> HttpResponse:
    """The picture of one page, made in a child process; nothing of the file itself is sent."""
    _view, one = _one(request, case, file)
    if not one.can_be_seen or one.size > DRAWN_LIMIT or not 1 <= number <= DRAWN_PAGES:
        raise NotFound
    content = _content(request, case, file)
    try:
        made = clean.pages(content, first=number - 1, count=1, width=WIDTH)
    except clean.CannotClean:
        raise NotFound from None
    if not made.images:
        raise NotFound
    return HttpResponse(made.images[0], content_type=made.kind.media_type)


@require_POST
@pages.signed_in
def download(request: Any, case: ids.Id, file: ids.Id) -> StreamingHttpResponse:
    """The file as an age file that only the officer's own key opens, sealed while it is sent."""
    _view, one = _one(request, case, file)
    wanted = one.clean if request.POST.get("copy") == "clean" and one.clean else one.id
    opened = queries.open_file(request.actor, case, wanted)
    journal.note("file downloaded", wanted)
    own = age.recipient_of_public(request.actor.ring.person.public.kem)
    return pages.download(_sealed(opened, own), f"{ids.new().hex[:12]}.age")


def _sealed(opened: queries.Opened, recipient: str) -> Iterator[bytes]:
    sealer = age.Sealer([recipient])
    for piece in opened.pieces():
        ready = sealer.write(piece)
        if ready:
            yield ready
    yield sealer.close()
