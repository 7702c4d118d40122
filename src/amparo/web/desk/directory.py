"""The directory at the desk: whom one may send somebody to, who must be asked first, and its upkeep."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import directory as reads
from amparo.people import keeping
from amparo.people.rules import INTAKE
from amparo.web.desk import pages
from amparo.web.desk.forms import directory as asked

Text = str | Promise
QUICKER = gettext_lazy("Somebody changed this entry while you were here. Read it, then send again.")


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def directory(request: Any) -> HttpResponse:
    """Everybody in it, or those who fit. What is looked for travels in the body."""
    every = reads.entries(request.actor, retired=True)
    here = [one for one in every if not one.retired]
    languages = {code for one in here for code in one.languages}
    posted = request.POST if request.method == "POST" else None
    form = asked.Search(posted, languages=languages)
    found = reads.Found(here, [])
    if form.is_bound and form.is_valid():
        found = reads.search(request.actor, reads.Wanted(**form.cleaned_data))
    context = {
        "here": "directory",
        "form": form,
        "found": found,
        "looked": form.is_bound and not form.errors,
        "urgent": form.is_bound and not form.errors and form.cleaned_data["urgent"],
        "due": reads.to_verify(request.actor),
        "retired": [one for one in every if one.retired],
    }
    status = 422 if form.errors else 200
    return pages.render(request, "desk/directory.html", context, status=status)


@require_safe
@pages.role(INTAKE)
def entry(request: Any, entry: ids.Id) -> HttpResponse:
    """One of them: how they are reached, who vouches, what it said before."""
    found, names = reads.entry(request.actor, entry), pages.names(request)
    vetting, verified = found.doc["vetting"], found.doc["verified"]
    context = {
        "here": "directory",
        "one": found,
        "by": names.get(vetting["by"], ""),
        "second": names.get(vetting["second"], ""),
        "spoke": names.get(verified["by"], ""),
        "mine": vetting["by"] == str(request.actor.id),
        "before": [(one.at, names.get(one.by, ""), one.doc) for one in found.before],
    }
    return pages.render(request, "desk/directory-entry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def add(request: Any) -> HttpResponse:
    """A new entry."""
    place = "directory:new"
    if request.method != "POST":
        kept = pages.draft(request, place)
        form = asked.Entry(initial={"zone": "UTC", "text": kept})
        return _form_page(request, form, place, kept=bool(kept))
    form = asked.Entry(request.POST, zone=request.POST.get("zone", ""))
    if form.is_valid():
        try:
            made = keeping.add(request.actor, form.draft)
        except Invalid as error:
            form.refuse(error)
        else:
            pages.forget_draft(request, place)
            return pages.done("listed", "desk:listing", made)
    return _form_page(request, form, place)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def change(request: Any, entry: ids.Id) -> HttpResponse:
    """What is different now."""
    found, place = reads.entry(request.actor, entry), f"directory:{entry}"
    conflict = False
    if request.method != "POST":
        kept = pages.draft(request, place)
        initial = asked.answers_of(found.doc) | ({"text": kept} if kept else {})
        form = asked.Entry(initial=initial, zone=found.zone)
        return _form_page(request, form, place, one=found, kept=bool(kept))
    form = asked.Entry(request.POST, zone=request.POST.get("zone", ""))
    if form.is_valid():
        try:
            version = form.cleaned_data["version"] or 0
            keeping.change(request.actor, entry, form.draft, version=version)
        except Invalid as error:
            form.refuse(error)
        except Conflict:
            conflict = True
            form.add_error(None, str(QUICKER))
            pages.drawn_again(form, reads.entry(request.actor, entry).version)
        else:
            pages.forget_draft(request, place)
            return pages.done("listed", "desk:listing", entry)
    return _form_page(request, form, place, one=found, conflict=conflict)


def _form_page(
    request: Any,
    form: asked.Entry,
    place: str,
    *,
    one: reads.Entry | None = None,
    kept: bool = False,
    conflict: bool = False,
) -> HttpResponse:
    context = {"here": "directory", "form": form, "one": one, "place": place, "kept": kept}
    status = 409 if conflict else 422 if form.errors else 200
    return pages.render(request, "desk/directory-form.html", context, status=status)


# --- deeds with a page of their own ---------------------------------------------------------------
def _said(verb: Callable[..., None], name: str) -> Callable[[Any, ids.Id, dict[str, Any]], None]:
    """A deed that wants words, which its verb calls `name`."""
    return lambda actor, one, given: verb(
        actor, one, version=given["version"], **{name: given["reason"]}
    )


@dataclass(frozen=True)
class Deed:
    """What somebody does to an entry: heading, button, what it means, its form, the service."""

    heading: Text
    button: Text
    says: tuple[Text, ...]
    form: Callable[..., forms.Form]
    do: Callable[[Any, ids.Id, dict[str, Any]], None]
    done: str = "listed"


DEEDS: dict[str, Deed] = {
    "spoke": Deed(
        gettext_lazy("I have spoken with them today"),
        gettext_lazy("Keep it"),
        (gettext_lazy("For ninety days they stand among those whom one asks in a hurry."),),
        asked.Spoken,
        _said(keeping.verify, "how"),
    ),
    "vouch": Deed(
        gettext_lazy("I vouch for them"),
        gettext_lazy("Vouch for them"),
        (
            gettext_lazy("Two different people vouch before anybody is sent there in a hurry."),
            gettext_lazy("Whoever is named or reached differently is vouched for anew."),
        ),
        asked.Vouch,
        _said(keeping.vouch, "how"),
    ),
    "no": Deed(
        gettext_lazy("Send nobody there"),
        gettext_lazy("Keep it"),
        (gettext_lazy("It counts at once. Two people vouch again before it is otherwise."),),
        asked.No,
        _said(keeping.refuse, "why"),
    ),
    "away": Deed(
        gettext_lazy("They are there no more"),
        gettext_lazy("Put it away"),
        (gettext_lazy("It leaves the lists. You can bring it back."),),
        asked.Gone,
        lambda actor, one, given: keeping.retire(actor, one, version=given["version"]),
    ),
    "back": Deed(
        gettext_lazy("They are there again"),
        gettext_lazy("Bring it back"),
        (gettext_lazy("What was known of them stands as it was."),),
        asked.Gone,
        lambda actor, one, given: keeping.retire(actor, one, version=given["version"], back=True),
    ),
    "forget": Deed(
        gettext_lazy("Destroy this entry"),
        gettext_lazy("Destroy it"),
        (gettext_lazy("For somebody who does not want to stand here. Nobody can bring it back."),),
        asked.Forget,
        lambda actor, one, _given: keeping.forget(actor, one),
        "unlisted",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def do(request: Any, entry: ids.Id, verb: str) -> HttpResponse:
    """A deed's page, and the deed."""
    if verb not in DEEDS:
        raise NotFound
    deed, found = DEEDS[verb], reads.entry(request.actor, entry)
    place = f"directory:{entry}:{verb}" if "reason" in deed.form.base_fields else ""  # type: ignore[attr-defined]
    kept = pages.draft(request, place) if place and request.method != "POST" else ""
    posted = request.POST if request.method == "POST" else None
    form = deed.form(posted, initial={"version": found.version, "reason": kept})
    conflict = ""
    if form.is_bound and form.is_valid():
        try:
            given = form.cleaned_data
            deed.do(request.actor, entry, given | {"version": given["version"] or 0})
        except Invalid as error:
            pages.mark(form, error, how="reason", why="reason")
        except Conflict:
            conflict = str(QUICKER)
            pages.drawn_again(form, found.version)
        else:
            if place:
                pages.forget_draft(request, place)
            if verb == "forget":
                return pages.done(deed.done, "desk:directory")
            return pages.done(deed.done, "desk:listing", entry)
    page = {
        "title": _("Directory"),
        "heading": deed.heading,
        "button": deed.button,
        "says": deed.says,
        "action": reverse("desk:listing-do", args=[entry, verb]),
        "back": reverse("desk:listing", args=[entry]),
        "back_label": found.name,
        "place": place,
        "kept": bool(kept),
        "conflict": conflict,
    }
    context = {"form": form, "act": page, "here": "directory"}
    status = 409 if conflict else 422 if form.errors else 200
    return pages.render(request, "desk/act.html", context, status=status)
