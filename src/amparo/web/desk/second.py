"""Where two persons are needed: a life in danger, and what only two keys together open."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from amparo.casework import queries
from amparo.casework.services import erasing
from amparo.consent import queries as answers
from amparo.consent import services as consent
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.people import queries as people
from amparo.web.desk import pages, words
from amparo.web.desk.consent import colleagues
from amparo.web.desk.forms import consent as asked
from amparo.web.desk.forms.case import CarryOut


def _name(request: Any, case: ids.Id) -> str:
    """The handle of a case; a case whose cover one does not open has none."""
    try:
        return queries.case(request.actor, case).row.name
    except (NotFound, Refused):
        return _("A case")


@require_safe
@pages.signed_in
def second(request: Any) -> HttpResponse:
    """What waits for a second person."""
    names = people.names(request.actor)
    overrides = [
        {
            "row": row,
            "name": _name(request, row.case),
            "by": names.get(row.by, ""),
            "to": names.get(row.grantee, ""),
        }
        for row in answers.overrides(request.actor)
    ]
    releases = [
        {
            "row": row,
            "name": _name(request, row.case),
            "by": names.get(row.asker, ""),
            "mine": row.asker == request.actor.id,
        }
        for row in answers.releases(request.actor)
    ]
    erasures = [
        {"row": row, "name": _name(request, row.case), "by": names.get(row.by, "")}
        for row in erasing.waiting(request.actor)
    ]
    context = {
        "overrides": overrides,
        "releases": releases,
        "seats": people.seats_to_open(request.actor),
        "erasures": erasures,
        "here": "second",
    }
    return pages.render(request, "desk/second.html", context)


def _act(request: Any, form: Any, page: dict[str, Any], view: Any = None) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form, "act": page, "view": view}
    return pages.render(request, "desk/act.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def override(request: Any, case: ids.Id) -> HttpResponse:
    """A life is in danger: open to somebody what one holds oneself, without being asked; or to oneself,
    where the defender chose that one officer may."""
    view = queries.case(request.actor, case)
    held = [
        (one.code, words.COMPARTMENTS[one.code])
        for one in view.compartments
        if (one.open or one.in_danger) and one.code != "cover"
    ]
    alone = [words.COMPARTMENTS[one.code] for one in view.compartments if one.in_danger]
    form = asked.Override(
        request.POST if request.method == "POST" else None,
        held=held,
        recipients=colleagues(request),
        initial={"grantee": str(request.actor.id) if len(alone) == len(held) > 0 else ""},
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            consent.override(
                request.actor,
                case,
                compartment=given["compartment"],
                grantee=pages.id_of(given["grantee"]),
                reason=given["reason"],
            )
        except Invalid as error:
            pages.mark(form, error)
        else:
            return pages.done("override", "desk:case", case)
    page = {
        "heading": _("A life is in danger"),
        "button": _("Open it now"),
        "says": [
            _(
                "This lifts consent and purpose. It never makes a key: you can open only what you hold."
            ),
            *(
                _(
                    "They chose that one officer may open this when their life is in danger: "
                    "%(compartment)s. It opens to whoever presses it, and to nobody else."
                )
                % {"compartment": one}
                for one in alone
            ),
            _("It opens to the one person whom you choose, for three days."),
            _("Somebody else than you two confirms it within four hours, or it closes by itself."),
            _("They read on their page what was opened and why."),
        ],
        "action": reverse("desk:override", args=[case]),
        "back": reverse("desk:case", args=[case]),
        "back_label": view.row.name,
    }
    return _act(request, form, page, view)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def release(request: Any, case: ids.Id, code: str) -> HttpResponse:
    """Ask that two persons open a compartment together."""
    view = queries.case(request.actor, case)
    if code not in {one.code for one in view.compartments}:
        raise NotFound
    form = asked.Plain(request.POST if request.method == "POST" else None)
    if form.is_bound:
        consent.request_release(request.actor, case, compartment=code)
        return pages.done("asked-two", "desk:compartment", case, code)
    page = {
        "heading": _("Open it with two persons"),
        "button": _("Ask for two persons"),
        "says": [
            _("Two of the release group lay their keys together; neither opens it alone."),
            _("If you are one of them, you are the first."),
            _("It stays open to you for seven days, and it is noted."),
        ],
        "action": reverse("desk:release", args=[case, code]),
        "back": reverse("desk:compartment", args=[case, code]),
        "back_label": view.row.name,
    }
    return _act(request, form, page, view)


def _decide(
    request: Any,
    heading: str,
    says: list[str],
    button: str,
    action: str,
    *,
    kind: Callable[..., Any] = asked.Plain,
) -> tuple[Any, dict[str, Any]]:
    form = kind(request.POST if request.method == "POST" else None)
    page = {
        "title": _("Two persons"),
        "heading": heading,
        "button": button,
        "says": says,
        "action": action,
        "back": reverse("desk:second"),
        "back_label": _("Two persons"),
    }
    return form, page


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def confirm(request: Any, override_id: ids.Id) -> HttpResponse:
    """The second person reads the reason and says yes, or lets the hours run out."""
    known = people.names(request.actor)
    row = next((one for one in answers.overrides(request.actor) if one.id == override_id), None)
    if row is None or row.mine or row.one:
        raise NotFound
    form, page = _decide(
        request,
        _("Was it right to open this?"),
        [
            _("%(by)s opened this to %(to)s: %(compartment)s of %(name)s.")
            % {
                "compartment": words.word(words.COMPARTMENTS, row.subject),
                "name": _name(request, row.case),
                "by": known.get(row.by, ""),
                "to": known.get(row.grantee, ""),
            },
            _("The reason: “%(reason)s”") % {"reason": row.reason},
            _("If you say nothing, the lock changes by itself when the four hours are over."),
        ],
        _("Confirm it"),
        reverse("desk:confirm", args=[override_id]),
    )
    if form.is_bound:
        try:
            consent.confirm_override(request.actor, override_id)
        except Conflict:
            page["conflict"] = _("Its four hours are over. The lock has changed.")
        else:
            return pages.done("confirmed", "desk:second")
    return _act(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def approve(request: Any, release_id: ids.Id) -> HttpResponse:
    """One of the group lays their key to it."""
    row = next((one for one in answers.releases(request.actor) if one.id == release_id), None)
    if row is None or row.first == request.actor.id:
        raise NotFound
    asker = people.names(request.actor).get(row.asker, "")
    form, page = _decide(
        request,
        _("Lay your key to it?"),
        [
            _("%(name)s asks to open %(compartment)s of %(case)s.")
            % {
                "name": asker,
                "compartment": words.word(words.COMPARTMENTS, row.subject),
                "case": _name(request, row.case),
            },
            _("Ask them why, by voice. If you do not know the voice, do not do it."),
        ],
        _("Lay my key to it"),
        reverse("desk:approve", args=[release_id]),
    )
    if form.is_bound:
        whole = consent.approve_release(request.actor, release_id)
        return pages.done("released" if whole else "second", "desk:second")
    return _act(request, form, page)


def _erasure(request: Any, erasure_id: ids.Id) -> erasing.ErasureRow:
    row = next((one for one in erasing.waiting(request.actor) if one.id == erasure_id), None)
    if row is None:
        raise NotFound
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def erase(request: Any, erasure_id: ids.Id) -> HttpResponse:
    """The second person reads how the defender asked for it, and destroys everything, or does not."""
    row = _erasure(request, erasure_id)
    if row.mine or row.one:
        raise NotFound
    form, page = _decide(
        request,
        _("Erase everything of %(name)s?") % {"name": _name(request, row.case)},
        [
            _("%(name)s says that they asked for it: “%(reason)s”")
            % {"name": people.names(request.actor).get(row.by, ""), "reason": row.reason},
            _("Every key of this case is destroyed, then every row and file."),
            _("Nobody can bring it back: not you, not they, not the administrator."),
            _("In backups of the keys it is gone after 14 days."),
        ],
        _("Erase it for good"),
        reverse("desk:erase", args=[erasure_id]),
        kind=CarryOut,
    )
    if form.is_bound and form.is_valid():
        try:
            erasing.carry_out(request.actor, erasure_id)
        except Conflict:
            raise NotFound from None
        return pages.done("erased", "desk:second")
    return _act(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def keep(request: Any, erasure_id: ids.Id) -> HttpResponse:
    """Whoever asked takes it back, or a colleague says no: everything stays."""
    row = _erasure(request, erasure_id)
    form, page = _decide(
        request,
        _("Keep %(name)s as it is?") % {"name": _name(request, row.case)},
        [
            _("Nothing is erased, and the case says so."),
            _("If they do want it, somebody can ask for it again."),
        ],
        _("Keep it"),
        reverse("desk:keep", args=[erasure_id]),
    )
    if form.is_bound:
        erasing.drop(request.actor, erasure_id)
        return pages.done("kept", "desk:second")
    return _act(request, form, page)
