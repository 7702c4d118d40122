"""How somebody on staff is told: the ways they have set, one more, a try of one, and an end of it."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.foundation.errors import Invalid, NotFound, Unavailable
from amparo.messages import queries
from amparo.messages import services as messages
from amparo.messages.wire import why
from amparo.vault import push
from amparo.web import ways as words
from amparo.web.desk import pages
from amparo.web.desk.forms.sign_in import Notices

SHOWN = 60  # letters of an address on the page


@require_safe
@pages.inside
def ways(request: Any) -> HttpResponse:
    """All of them, each with what it lacks, and those that could be added."""
    return _page(request)


def _page(request: Any, *, trouble: str = "", status: int = 200) -> HttpResponse:
    known, mine = words.of_staff(), queries.ways(request.actor)
    context = {
        "here": "settings",
        "trouble": trouble,
        "ways": [
            {
                "channel": one.channel,
                "name": words.NAMES.get(one.channel, one.channel),
                "address": "" if one.channel == "webpush" else one.address[:SHOWN],
                "hours": one.hours,
                "silent": one.channel not in words.open_to((one.channel,)),
            }
            for one in mine
        ],
        "more": [
            {"channel": one, "name": words.NAMES[one], "sees": words.SEES[one]}
            for one in known
            if one not in {way.channel for way in mine}
        ],
    }
    return pages.render(request, "desk/ways.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.inside
def way(request: Any, code: str) -> HttpResponse:
    """Set one; `code` is its channel."""
    channel = code
    if channel not in words.of_staff():
        raise NotFound
    posted = request.POST if request.method == "POST" else None
    form = Notices(posted, channel=channel, initial=_as_it_is(request, channel))
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            messages.set_route(request.actor, channel=channel, **given)
        except Invalid as error:
            pages.mark(form, error)
        else:
            return pages.done("saved", "desk:notices")
    page = {
        "title": _("Settings"),
        "heading": words.NAMES[channel],
        "button": _("Keep this address"),
        "says": [words.SEES[channel], _("A note comes every day, also when nothing is new.")],
        "action": reverse("desk:way", args=[channel]),
        "back": reverse("desk:notices"),
        "back_label": _("How you are told"),
    }
    context = {"form": form, "act": page, "here": "settings"}
    template = "desk/act.html"
    if channel == "webpush":
        template = "desk/add-browser.html"
        context["server"] = push.name()
    return pages.render(request, template, context, status=422 if form.errors else 200)


def _as_it_is(request: Any, channel: str) -> dict[str, str]:
    found = [one for one in queries.ways(request.actor) if one.channel == channel]
    return {"address": found[0].address, "hours": found[0].hours} if found else {}


@require_POST
@pages.inside
def away(request: Any, code: str) -> HttpResponse:
    """Nothing comes by it any more."""
    messages.drop_route(request.actor, channel=code)
    return pages.done("way-gone", "desk:notices")


@require_POST
@pages.inside
def attempt(request: Any, code: str) -> HttpResponse:
    """Send a note by it now."""
    try:
        messages.try_route(request.actor, channel=code)
    except (Unavailable, OSError, ValueError) as error:
        return _page(request, trouble=str(words.WHY.get(why(error), words.NOT_TAKEN)), status=502)
    return pages.done("way-tried", "desk:notices")
