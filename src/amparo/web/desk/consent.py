"""Who may read what: the matrix, answers as staff record them, and the ways round a closed door."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from amparo.casework import choices, queries
from amparo.casework.services import looking, sharing
from amparo.consent import queries as answers
from amparo.consent import services as consent
from amparo.consent.rules import DUTY, OWN
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound
from amparo.people import queries as people
from amparo.web.desk import pages, words
from amparo.web.desk.forms import consent as asked


@dataclass(frozen=True)
class Cell:
    """One square of the matrix."""

    shown: str


@dataclass(frozen=True)
class Line:
    """Who and what for, with a square for each compartment (None: not asked)."""

    label: str
    purpose: str
    until: date | None
    cells: list[Cell | None]


COLUMNS = ("correspondence", *asked.SEVEN)


def shown(row: answers.ConsentRow) -> str:
    """The answer as the matrix shows it."""
    if row.unsure:
        return "refused"
    if row.to_check:
        return "checked"
    if row.answer == "conditional" and row.condition_met:
        return "met"
    if row.answer == "granted" and row.until and not row.in_force:
        from amparo.foundation import clock

        return "expired" if row.until < clock.today() else "granted"
    return row.answer


def label_of(label: str) -> str:
    """What a recipient is called: as the defender was told, a team by its name."""
    return words.word(words.TEAMS, words.word(words.THEMSELVES, label))


def matrix(view: queries.CaseView) -> list[Line]:
    """The newest answer for each recipient, purpose and compartment; then whoever holds a key
    without one (the desk that took the request)."""
    lines: dict[tuple[str, str], dict[str, answers.ConsentRow]] = {}
    for row in view.thread.consents:
        lines.setdefault((row.label, row.purpose), {}).setdefault(row.compartment, row)
    found = []
    for reader in view.thread.readers:
        if (reader.label, reader.purpose) not in lines:
            cells = [Cell("held") if code in reader.compartments else None for code in COLUMNS]
            label = reader.label
            if reader.kind == "team":
                label = f"{label_of(label)} ({reader.count})"
            found.append(Line(label, reader.purpose, reader.until, cells))
    for (label, purpose), given in lines.items():
        cells = [Cell(shown(given[code])) if code in given else None for code in COLUMNS]
        untils = [row.until for row in given.values() if row.until]
        found.append(Line(label_of(label), purpose, min(untils) if untils else None, cells))
    return found


@require_safe
@pages.signed_in
def consent_page(request: Any, case: ids.Id) -> HttpResponse:
    """The matrix, then every answer by itself."""
    view = queries.case(request.actor, case)
    held = {one.code for one in view.compartments if one.open} | {"correspondence", "cover"}
    rows = [
        {
            "row": row,
            "shown": shown(row),
            "give": row.waits and row.counts and row.compartment in held,
            "label": label_of(row.label),
        }
        for row in view.thread.consents
    ]
    context = {"view": view, "columns": COLUMNS, "matrix": matrix(view), "answers": rows}
    return pages.render(request, "desk/consent.html", context)


@require_safe
@pages.signed_in
def disclosures(request: Any, case: ids.Id) -> HttpResponse:
    """What was shown to others, as the defender sees it too."""
    view = queries.case(request.actor, case)
    labels = {str(row.recipient): row.label for row in view.thread.consents}
    written = [
        {
            "text": one["text"],
            "at": datetime.fromisoformat(str(one["at"])),
            "label": labels.get(str(one["reader"]), ""),
        }
        for one in sharing.answers(request.actor, case)
    ]
    return pages.render(request, "desk/disclosures.html", {"view": view, "written": written})


def colleagues(request: Any) -> list[tuple[str, str]]:
    """Everybody who is here, by name."""
    return [(str(one.id), one.name) for one in people.here(request.actor)]


def recipients(request: Any) -> list[tuple[str, str]]:
    """Teams and colleagues, by name."""
    teams = [(str(one.principal), one.name) for one in people.teams(request.actor)]
    return teams + colleagues(request)


def _question(request: Any, form_class: type[asked.Question], **more: Any) -> asked.Question:
    posted = request.POST if request.method == "POST" else None
    return form_class(
        posted,
        recipients=recipients(request),
        purposes=list(words.PURPOSES.items()),
        initial={"compartments": request.GET.getlist("compartments")} | more.pop("initial", {}),
        **more,
    )


def _record(request: Any, case: ids.Id, answer: str, given: dict[str, Any], how: str) -> None:
    labels = dict(recipients(request))
    for compartment in given["compartments"]:
        consent.record_answer(
            request.actor,
            case,
            answer=answer,  # type: ignore[arg-type]
            recipient=pages.id_of(given["recipient"]),
            label=labels[given["recipient"]],
            purpose=given["purpose"],
            compartment=compartment,
            how=how,
            language=given.get("language") or request.LANGUAGE_CODE,
            until=given.get("until"),
            condition=given.get("condition", ""),
        )


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def record(request: Any, case: ids.Id) -> HttpResponse:
    """An answer that was given by word of mouth, in writing or by phone."""
    view = queries.case(request.actor, case)
    initial = {"language": view.row.language}
    form = _question(request, asked.Record, languages=settings.LANGUAGES, initial=initial)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            _record(request, case, given["answer"], given, given["how"])
        except Invalid as error:
            pages.mark(form, error, compartment="compartments")
        except Conflict:
            form.add_error(None, _("This answer stands there already."))
        else:
            return pages.done("recorded", "desk:consent", case)
    context = {"view": view, "form": form}
    return pages.render(request, "desk/record.html", context, status=422 if form.errors else 200)


def _act(
    request: Any,
    view: queries.CaseView,
    form: Any,
    *,
    heading: str,
    button: str,
    says: list[str],
    action: str,
) -> HttpResponse:
    page = {
        "title": _("Consent"),
        "heading": heading,
        "button": button,
        "says": says,
        "action": action,
        "back": reverse("desk:consent", args=[view.row.case]),
        "back_label": view.row.name,
    }
    status = 422 if form.errors else 200
    return pages.render(
        request, "desk/act.html", {"view": view, "form": form, "act": page}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def ask(request: Any, case: ids.Id) -> HttpResponse:
    """A question that the defender finds on their page."""
    view = queries.case(request.actor, case)
    form = _question(request, asked.Ask)
    if form.is_bound and form.is_valid():
        try:
            _record(request, case, "asked", form.cleaned_data, "page")
        except Conflict:
            form.add_error(None, _("No is an answer. It is not asked again before 30 days."))
        except Invalid as error:
            pages.mark(form, error, compartment="compartments")
        else:
            return pages.done("asked", "desk:consent", case)
    return _act(
        request,
        view,
        form,
        heading=_("Ask them"),
        button=_("Ask"),
        says=[
            _("The question stands on their page; nothing opens until they say yes."),
            _("No is an answer. It is not asked again before 30 days."),
        ],
        action=reverse("desk:ask", args=[case]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def sure(request: Any, case: ids.Id) -> HttpResponse:
    """Was it they who chose, or somebody who found their code?"""
    view = queries.case(request.actor, case)
    rows = view.thread.to_check
    if not rows and request.method != "POST":
        raise NotFound
    shown_ = " ".join(str(row.id) for row in rows)
    form = asked.Sure(request.POST if request.method == "POST" else None, initial={"rows": shown_})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            looking.make_sure(
                request.actor,
                case,
                rows={pages.id_of(one) for one in given["rows"].split()},
                how=given["how"],
                word=given["word"],
                reason=given["reason"],
            )
        except Invalid as error:
            pages.mark(form, error)
        except Conflict:
            raise NotFound from None
        else:
            done = "unsure" if given["how"] == "unsure" else "sure"
            return pages.done(done, "desk:consent", case)
    return _act(
        request,
        view,
        form,
        heading=_("Was it they who chose this?"),
        button=_("Note it"),
        says=[*map(_chosen, rows), *_warning(request, view)],
        action=reverse("desk:sure", args=[case]),
    )


def _chosen(row: answers.ConsentRow) -> str:
    """What was chosen with a code, in one sentence."""
    said = {
        "day": formats.date_format(timezone.localtime(row.at), pgettext("date", "j M, H:i")),
        "label": label_of(row.label),
        "compartment": words.word(words.COMPARTMENTS, row.compartment),
        "purpose": words.word(words.PURPOSES, row.purpose),
    }
    if row.purpose == OWN:
        return _("%(day)s: whoever has their code shall read back: %(compartment)s.") % said
    if row.purpose == DUTY:
        return (
            _("%(day)s: one duty officer may open their name when their life is in danger.") % said
        )
    return _("%(day)s: %(label)s may read %(compartment)s, for this: %(purpose)s.") % said


def _warning(request: Any, view: queries.CaseView) -> list[str]:
    typed = choices.typed_by(request.actor, view.row.case)
    said = [_("Whoever finds a code can choose. Reach them in a way that you know is theirs.")]
    if typed is not None:
        name = people.names(request.actor).get(typed, "")
        said.append(
            _("%(name)s wrote this call down and has seen its first code; a colleague makes sure.")
            % {"name": name}
        )
    return said


def _answer(view: queries.CaseView, consent_id: ids.Id) -> answers.ConsentRow:
    for row in view.thread.consents:
        if row.id == consent_id:
            return row
    raise NotFound


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def met(request: Any, case: ids.Id, answer: ids.Id) -> HttpResponse:
    """A condition that has come true."""
    view = queries.case(request.actor, case)
    row = _answer(view, answer)
    form = asked.Met(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            consent.condition_met(request.actor, case, answer, reason=form.cleaned_data["reason"])
        except Invalid as error:
            pages.mark(form, error)
        else:
            return pages.done("met", "desk:consent", case)
    return _act(
        request,
        view,
        form,
        heading=_("The condition is met"),
        button=_("Record it"),
        says=[
            _("Their condition: “%(condition)s”") % {"condition": row.condition},
            _("%(label)s can read it from now on.") % {"label": row.label},
        ],
        action=reverse("desk:met", args=[case, answer]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def withdraw(request: Any, case: ids.Id, answer: ids.Id) -> HttpResponse:
    """They take it back, by word of mouth."""
    view = queries.case(request.actor, case)
    row = _answer(view, answer)
    form = asked.How(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and row.recipient is not None:
        consent.record_answer(
            request.actor,
            case,
            answer="withdrawn",
            recipient=row.recipient,
            label=row.label,
            purpose=row.purpose,
            compartment=row.compartment,
            how=form.cleaned_data["how"],
            language=view.row.language,
        )
        return pages.done("withdrawn", "desk:consent", case)
    return _act(
        request,
        view,
        form,
        heading=_("They take it back"),
        button=_("Change the lock"),
        says=[
            _("%(label)s cannot open %(compartment)s any more, from this moment.")
            % {
                "label": label_of(row.label),
                "compartment": words.word(words.COMPARTMENTS, row.compartment),
            },
            _("What was read before cannot be unread. It stays on their list."),
        ],
        action=reverse("desk:withdraw", args=[case, answer]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def give(request: Any, case: ids.Id, answer: ids.Id) -> HttpResponse:
    """Give the key of an answer that somebody recorded who did not hold it."""
    view = queries.case(request.actor, case)
    row = _answer(view, answer)
    form = asked.Plain(request.POST if request.method == "POST" else None)
    if form.is_bound:
        consent.give_key(request.actor, case, answer)
        return pages.done("key", "desk:consent", case)
    return _act(
        request,
        view,
        form,
        heading=_("Give the key"),
        button=_("Give it"),
        says=[
            _("They said yes. %(label)s can read %(compartment)s from now on.")
            % {
                "label": label_of(row.label),
                "compartment": words.word(words.COMPARTMENTS, row.compartment),
            }
        ],
        action=reverse("desk:give", args=[case, answer]),
    )
