"""One-time links: opening one shows a single button; only pressing it acts."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from amparo.casework import queries
from amparo.casework.services import sharing
from amparo.foundation import ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.vault import forms as tokens
from amparo.web.notes import visits
from amparo.web.notes.arriving import form_of, from_our_pages
from amparo.web.notes.forms import Reply


@require_http_methods(["GET", "HEAD", "POST"])
@from_our_pages
def link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Mail scanners and previews fetch links, so a GET looks nothing up and tells nothing: it is the
    same for a good link, a used one and nonsense."""
    if request.method != "POST":
        found = {"link": token, "token": tokens.token()}
        return render(request, "links/continue.html", found)
    sent = form_of(request)
    if sent is None or not sent.window:
        handle, actor = sharing.use_link(token)
        return _read(request, token, handle, actor)
    typed = request.POST.get("text", "").strip()
    try:
        actor = sharing.resume(sent.window)
    except NotFound:
        if not typed or visits.is_left(sent.window):
            raise
        return render(request, "links/over.html", {"text": typed}, status=404)
    journal.act_as(actor)
    if request.POST.get("do") == "file":
        return _file(actor, request.POST.get("file", ""))
    return _answer(request, token, sent, actor)


def _read(
    request: HttpRequest,
    link: str,
    window: bytes,
    actor: Actor,
    form: Reply | None = None,
    done: str = "",
) -> HttpResponse:
    found = {
        "shown": sharing.shown(actor),
        "link": link,
        "token": tokens.token(window),
        "form": form or Reply(),
        "done": done,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "links/read.html", found, status=status)


def _answer(request: HttpRequest, link: str, sent: tokens.Form, actor: Actor) -> HttpResponse:
    form, window = Reply(request.POST), sent.window
    if form.is_valid():
        try:
            sharing.answer(actor, once=sent.once, text=form.cleaned_data["text"])
        except Conflict:
            twice = pgettext("safety", "This was sent before. It has not been sent twice.")
            return _read(request, link, window, actor, done=twice)
        except Invalid:
            form.add_error("text", _("Write a few words first."))
        else:
            return _read(request, link, window, actor, done=_("Sent. Those on duty can read it."))
    return _read(request, link, window, actor, form)


def _file(actor: Actor, wanted: str) -> HttpResponseBase:
    """A copy without hidden details, of what this reader was shown; nothing else leaves."""
    shown, file = sharing.shown(actor), ids.parse(wanted)
    messages = [one for part in shown.parts.values() for one in part]
    names = {copy.clean: copy.name for one in messages for copy in one.files if copy.clean}
    if file is None or file not in names or actor.case is None:
        raise NotFound
    opened = queries.open_file(actor, actor.case, file)
    return attachment(StreamingHttpResponse(opened.pieces()), opened.name, opened.size)


def attachment(response: HttpResponseBase, name: str, size: int) -> HttpResponseBase:
    """A file that a browser saves and never shows by itself."""
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["Content-Length"] = str(size)
    named = content_disposition_header(as_attachment=True, filename=name)
    response.headers["Content-Disposition"] = named or "attachment"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
