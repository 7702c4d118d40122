"""The pages of those who relay: pass on a call, see how far it is, read what the desk writes to them,
answer, and close the loop. Nothing of a case shows here, for nothing of it opens to them."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from amparo.casework.services import relaying
from amparo.casework.services.intake import Call
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid
from amparo.vault import codes
from amparo.web.desk import pages
from amparo.web.desk.forms import case as asked

NEW = "relay:new"


@require_safe
@pages.relays
def relay(request: Any) -> HttpResponse:
    """One's own list."""
    context = {"here": "relay", "items": relaying.items(request.actor)}
    return pages.render(request, "desk/relay.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.relays
def new(request: Any) -> HttpResponse:
    """A call on somebody's behalf. It cannot be read back here once it is sent."""
    if request.method != "POST":
        kept = pages.draft(request, NEW)
        initial = {"language": request.LANGUAGE_CODE, "what": kept, "code": "none"}
        form = asked.RelayIn(languages=settings.LANGUAGES, initial=initial)
        return _new_page(request, form, ids.new(), kept=bool(kept))
    once = pages.id_of(request.POST.get("once", ""))
    form = asked.RelayIn(request.POST, languages=settings.LANGUAGES)
    if not form.is_valid():
        return _new_page(request, form, once, status=422)
    given = form.cleaned_data
    language = given["language"] if given["language"] in codes.LANGUAGES else "en"
    code = codes.new_words(language) if given["code"] == "words" else codes.new_digits()
    parts = ("what", "where", "how", "reach", "language", "consent")
    call = Call(**{name: given[name] for name in parts})
    try:
        passed = relaying.file(request.actor, once=once, code=code, call=call, note=given["own"])
    except Invalid as error:
        pages.mark(form, error, note="own")
        return _new_page(request, form, once, status=422)
    except Conflict:
        return pages.done("passed", "desk:relay")
    pages.forget_draft(request, NEW)
    if given["code"] == "none":
        return pages.done("passed", "desk:relay")
    context = {"code": code, "due": passed.due_at, "here": "relay-new"}
    return pages.render(request, "desk/relay-code.html", context)


def _new_page(
    request: Any, form: asked.RelayIn, once: ids.Id, *, kept: bool = False, status: int = 200
) -> HttpResponse:
    context = {"form": form, "once": once, "kept": kept, "place": NEW, "here": "relay-new"}
    return pages.render(request, "desk/relay-new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.relays
def item(request: Any, item: ids.Id) -> HttpResponse:
    """One of them: what was written to and fro, and a box to answer in."""
    place = f"relay:{item}"
    found = relaying.item(request.actor, item)
    kept = pages.draft(request, place) if request.method != "POST" else ""
    posted = request.POST if request.method == "POST" else None
    form = asked.Tell(posted, initial={"once": ids.new(), "text": kept})
    form.fields["text"].label = _("Write to the desk")
    form.fields["text"].help_text = _("Only those on duty can open it.")
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            relaying.answer(request.actor, item, once=given["once"], text=given["text"])
        except Invalid as error:
            pages.mark(form, error)
        except Conflict:
            return pages.done("passed", "desk:relay-item", item)
        else:
            pages.forget_draft(request, place)
            return pages.done("passed", "desk:relay-item", item)
    context = {"here": "relay", "one": found, "form": form, "place": place, "kept": bool(kept)}
    status = 422 if form.errors else 200
    return pages.render(request, "desk/relay-item.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.relays
def close(request: Any, item: ids.Id) -> HttpResponse:
    """Close the loop."""
    place = f"relay:{item}:close"
    found = relaying.item(request.actor, item)
    kept = pages.draft(request, place) if request.method != "POST" else ""
    posted = request.POST if request.method == "POST" else None
    form = asked.PassedOn(posted, initial={"once": ids.new(), "text": kept})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        parts = {name: given[name] for name in ("once", "outcome", "to", "text")}
        try:
            relaying.close(request.actor, item, **parts)
        except Invalid as error:
            pages.mark(form, error, where="to")
        except Conflict:
            return pages.done("passed", "desk:relay")
        else:
            pages.forget_draft(request, place)
            return pages.done("passed", "desk:relay")
    here = reverse("desk:relay-close", args=[item])
    page = _page(_("Close the loop"), _("Tell the desk"), found, here)
    page |= {"place": place, "kept": bool(kept)}
    status = 422 if form.errors else 200
    context = {"form": form, "act": page, "here": "relay"}
    return pages.render(request, "desk/act.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.relays
def forget(request: Any, item: ids.Id) -> HttpResponse:
    """Destroy one's own record."""
    found = relaying.item(request.actor, item)
    if request.method == "POST":
        relaying.forget(request.actor, item)
        return pages.done("forgotten", "desk:relay")
    here = reverse("desk:relay-forget", args=[item])
    page = _page(_("Destroy my record of it"), _("Destroy it"), found, here)
    page |= {"says": [_("What the desk has stays. You cannot answer or read on about it then.")]}
    context = {"form": asked.Form(), "act": page, "here": "relay"}
    return pages.render(request, "desk/act.html", context)


def _page(heading: str, button: str, one: relaying.Item, action: str) -> dict[str, Any]:
    return {
        "title": _("What I passed on"),
        "heading": heading,
        "button": button,
        "action": action,
        "back": reverse("desk:relay-item", args=[one.id]),
        "back_label": one.note or _("What I passed on"),
    }
