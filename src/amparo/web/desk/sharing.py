"""Showing something of a case to one reader outside: by a link that opens once, or as a file."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from amparo.casework import queries
from amparo.casework.services import sharing
from amparo.foundation import clock, ids
from amparo.foundation.errors import Invalid, Refused
from amparo.web.desk import pages, words
from amparo.web.desk.forms.consent import Share


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def share(request: Any, case: ids.Id) -> HttpResponseBase:
    """The form; then the link, shown once, or the file."""
    view = queries.case(request.actor, case)
    form = Share(request.POST if request.method == "POST" else None, held=held(view))
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            if given["way"] == "link":
                return _link(request, view, given)
            return _file(request, view, given)
        except Invalid as error:
            pages.mark(form, error)
        except Refused:
            form.add_error(
                None,
                _(
                    "They said no to this, took it back, or nobody has made sure of their yes. "
                    "No is an answer."
                ),
            )
    context = {"view": view, "form": form}
    return pages.render(request, "desk/share.html", context, status=422 if form.errors else 200)


def held(view: queries.CaseView) -> list[tuple[str, Any]]:
    """Compartments that an officer could show or tell of."""
    first = ["correspondence", "cover"]
    codes = first + [one.code for one in view.compartments if one.open and one.code not in first]
    return [(code, words.COMPARTMENTS[code]) for code in codes]


def _offer(view: queries.CaseView, given: dict[str, Any]) -> sharing.Offer:
    return sharing.Offer(
        label=given["label"],
        purpose=given["purpose"],
        compartments=tuple(given["compartments"]),
        until=given["until"],
        how=given["how"],
        language=view.row.language,  # in which they were asked
    )


def _link(request: Any, view: queries.CaseView, given: dict[str, Any]) -> HttpResponse:
    hours = int(given["hours"])
    offer = _offer(view, given)
    token = sharing.share_by_link(request.actor, view.row.case, offer=offer, hours=hours)
    context = {
        "view": view,
        "label": offer.label,
        "link": request.build_absolute_uri(reverse("notes:link", args=[token])),
        "until": clock.now() + timedelta(hours=hours),
    }
    return pages.render(request, "desk/link.html", context)


def _file(request: Any, view: queries.CaseView, given: dict[str, Any]) -> StreamingHttpResponse:
    name, pieces = sharing.share_as_file(
        request.actor,
        view.row.case,
        offer=_offer(view, given),
        recipient="".join(given["recipient"].split()),
    )
    return pages.download(pieces, name)
