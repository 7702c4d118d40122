"""What an officer does to a case besides writing: each deed has a page that says what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from amparo.casework import queries
from amparo.casework.services import desk as casework
from amparo.casework.services import erasing, opening, relaying
from amparo.consent.rules import PROTECTION
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.people import queries as people
from amparo.web.desk import calls, pages, words
from amparo.web.desk.forms import case as asked

Text = str | Promise
Do = Callable[[Any, ids.Id, dict[str, Any]], object]


@dataclass(frozen=True)
class Act:
    """A deed: its heading, what it does in sentences, its form, and the service that does it."""

    heading: Text
    button: Text
    says: tuple[Text, ...]
    done: str
    do: Do
    form: Callable[..., forms.Form] = asked.Versioned
    draft: bool = False


def _version(given: dict[str, Any]) -> int:
    return given["version"] if given.get("version") is not None else -1


def _pick(given: dict[str, Any], name: str) -> ids.Id:
    return pages.id_of(given[name])


ACTS: dict[str, Act] = {
    "take": Act(
        gettext_lazy("Take this request"),
        gettext_lazy("Take"),
        (gettext_lazy("It is yours until you hand it over."),),
        "taken",
        lambda actor, case, given: casework.take(actor, case, version=_version(given)),
    ),
    "log": Act(
        gettext_lazy("Log a call"),
        gettext_lazy("Log it"),
        (gettext_lazy("Read how to reach them safely before you call."),),
        "logged",
        lambda actor, case, given: casework.log_call(
            actor,
            case,
            outcome=given["outcome"],
            text=given["text"],
            once=given["once"],
            reason=given["reason"],
            incoming=given["incoming"],
        ),
        asked.CaseCall,
        draft=True,
    ),
    "relay": Act(
        gettext_lazy("Write to the intermediary"),
        gettext_lazy("Send it"),
        (
            gettext_lazy("Only they read it, and nothing else of the case. Name nobody."),
            gettext_lazy("They pass it on, and tell you when they have."),
        ),
        "told-relay",
        lambda actor, case, given: relaying.tell(
            actor, case, text=given["text"], once=given["once"]
        ),
        asked.Tell,
        draft=True,
    ),
    "level": Act(
        gettext_lazy("How urgent is it?"),
        gettext_lazy("Set the level"),
        (gettext_lazy("The next deadline follows from the level. Who lowers it says why."),),
        "level",
        lambda actor, case, given: casework.set_level(
            actor,
            case,
            level=int(given["level"]),
            reason=given["reason"],
            version=_version(given),
        ),
        asked.Level,
        draft=True,
    ),
    "open": Act(
        gettext_lazy("Open a case"),
        gettext_lazy("Open the case"),
        (
            gettext_lazy("It gets all seven compartments at once, whatever is known."),
            gettext_lazy("Identity opens only to two persons together."),
            gettext_lazy("The conversation goes on as before; they keep their code."),
        ),
        "opened",
        lambda actor, case, given: opening.open_case(actor, case, version=_version(given)),
    ),
    "decline": Act(
        gettext_lazy("Decline"),
        gettext_lazy("Send the no"),
        (
            gettext_lazy("They read the reason with their code."),
            gettext_lazy("It leaves the queue. A word from them brings it back."),
        ),
        "declined",
        lambda actor, case, given: casework.decline(
            actor, case, reason=given["reason"], once=given["once"]
        ),
        asked.Decline,
        draft=True,
    ),
    "refer": Act(
        gettext_lazy("Refer to somebody else"),
        gettext_lazy("Send the referral"),
        (
            gettext_lazy("They read where to go and why. They decide whether to go there."),
            gettext_lazy("Nothing of the case is sent to anybody."),
        ),
        "referred",
        lambda actor, case, given: casework.refer(
            actor, case, to=given["to"], reason=given["reason"], once=given["once"]
        ),
        asked.Refer,
        draft=True,
    ),
    "reassign": Act(
        gettext_lazy("Give to a colleague"),
        gettext_lazy("Give it"),
        (gettext_lazy("It is theirs at once. Tell them, so that they look."),),
        "reassigned",
        lambda actor, case, given: casework.reassign(
            actor, case, to=_pick(given, "to"), version=_version(given)
        ),
        asked.Reassign,
    ),
    "merge": Act(
        gettext_lazy("Merge two requests about the same thing"),
        gettext_lazy("Merge"),
        (
            gettext_lazy("One leaves the queue and points to the other."),
            gettext_lazy("No key moves: each code goes on opening its own conversation only."),
        ),
        "merged",
        lambda actor, case, given: casework.merge(
            actor, case, into=_pick(given, "into"), version=_version(given)
        ),
        asked.Merge,
    ),
    "spam": Act(
        gettext_lazy("Mark as spam"),
        gettext_lazy("Take it out of the queue"),
        (gettext_lazy("Nothing is deleted. You find it again under Done."),),
        "spam",
        lambda actor, case, given: casework.mark_spam(actor, case, version=_version(given)),
    ),
    "reopen": Act(
        gettext_lazy("Back into the queue"),
        gettext_lazy("Bring it back"),
        (gettext_lazy("It becomes yours, with a new deadline."),),
        "reopened",
        lambda actor, case, given: casework.reopen(actor, case, version=_version(given)),
    ),
    "close": Act(
        gettext_lazy("Close"),
        gettext_lazy("Close it"),
        (
            gettext_lazy("They read the reason with their code."),
            gettext_lazy("Nothing is deleted. A word from them opens it again."),
        ),
        "closed",
        lambda actor, case, given: opening.close(
            actor, case, reason=given["reason"], version=_version(given)
        ),
        asked.Close,
        draft=True,
    ),
    "relink": Act(
        gettext_lazy("Re-link a lost code"),
        gettext_lazy("Re-link"),
        (
            gettext_lazy(
                "They lost their code and asked anew. Their new code will open the earlier request."
            ),
            gettext_lazy("The old code opens nothing any more."),
            gettext_lazy(
                "Without an agreed word, or with another one, nothing happens and it is noted."
            ),
            gettext_lazy("Somebody else than whoever wrote the word down compares it."),
        ),
        "relinked",
        lambda actor, case, given: opening.relink(
            actor, case, old=_pick(given, "old"), word=given["word"]
        ),
        asked.Relink,
    ),
}
ERASE = Act(
    gettext_lazy("Erase everything, because they want it"),
    gettext_lazy("Ask for a second person"),
    (
        gettext_lazy(
            "Nothing is erased now: a second person reads your reason and does it, or not."
        ),
        gettext_lazy("It shows on their own page meanwhile, and one press there stops it."),
        gettext_lazy("After seven days without a second person it falls away."),
        gettext_lazy("If they have their code, they can withdraw everything themselves, at once."),
    ),
    "erase-asked",
    lambda actor, case, given: erasing.ask(actor, case, reason=given["reason"]),
    asked.Erase,
    draft=True,
)
ACTS["erase"] = ERASE
WHERE = {"relink": "desk:queue", "merge": "desk:queue", "spam": "desk:queue"}


def _other_cases(request: Any, case: ids.Id) -> list[tuple[str, str]]:
    rows = queries.queue(request.actor, size=200).rows
    return [
        (str(row.case), f"{row.name} · {words.word(words.STATES, row.state)}")
        for row in rows
        if row.case != case
    ]


def _colleagues(request: Any) -> list[tuple[str, str]]:
    return [(str(one.id), one.name) for one in people.here(request.actor) if not one.me]


def _choices(request: Any, verb: str, case: ids.Id) -> dict[str, Any]:
    if verb in {"merge", "relink"}:
        return {"cases": _other_cases(request, case)}
    if verb == "reassign":
        return {"people": _colleagues(request)}
    return {}


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def act(request: Any, case: ids.Id, verb: str) -> HttpResponse:
    """A deed's page, and the deed."""
    if verb not in ACTS:
        raise NotFound
    deed = ACTS[verb]
    view = queries.case(request.actor, case)
    place = f"{case}:{verb}" if deed.draft else ""
    initial: dict[str, Any] = {"version": view.row.version, "once": ids.new()}
    kept = pages.draft(request, place) if place and request.method != "POST" else ""
    initial |= {"text": kept} | ({} if verb == "log" else {"reason": kept})
    posted = request.POST if request.method == "POST" else None
    form = deed.form(posted, initial=initial, **_choices(request, verb, case))
    conflict = ""
    if form.is_bound and form.is_valid():
        try:
            deed.do(request.actor, case, form.cleaned_data)
        except Invalid as error:
            if "owner" in error.fields:
                form.add_error(None, not_without(view))
            elif verb == "log":
                calls.mark(form, error)
            elif verb == "relink" and "word" in error.fields:
                form.add_error(
                    "word", _("You wrote this word down yourself. A colleague compares it.")
                )
            else:
                pages.mark(form, error)
        except Conflict:
            if pages.was_sent(form):
                return _onward(verb, deed, case)
            view = queries.case(request.actor, case)
            conflict = _taken_by(view)
            pages.drawn_again(form, view.row.version)
        except Refused:
            if verb != "relink":
                raise
            form.add_error("word", _("This is not the word that was agreed. It is noted."))
        else:
            if place:
                pages.forget_draft(request, place)
            return _onward(verb, deed, case)
    elif verb not in may(view) and not form.is_bound:
        raise NotFound
    return _page(request, view, verb, form, place=place, kept=bool(kept), conflict=conflict)


def may(view: queries.CaseView) -> frozenset[str]:
    """Which deeds make sense now; erasing may always be asked for."""
    return view.may | {"erase"} if view.may else view.may


def cannot_take(view: queries.CaseView) -> bool:
    """Whether it is somebody else's, and stays theirs until they hand it over."""
    return "reassign" in view.may and not view.row.mine and "take" not in view.may


def not_without(view: queries.CaseView) -> str:
    """Why an opened case is not simply taken: who would have to hand it over."""
    parts = [one for one in view.compartments if one.code in queries.WITH_THE_OFFICER]
    holders = {
        one.label
        for part in parts
        for one in part.holders
        if one.kind == "person" and one.purpose == PROTECTION
    }
    return _(
        "Ask %(names)s to hand it over, or two persons of the release group: to whoever just takes "
        "it, location and narrative stay shut."
    ) % {"names": words.in_a_row(sorted(holders)) or view.row.owner}


def _onward(verb: str, deed: Act, case: ids.Id) -> HttpResponse:
    if verb in WHERE:
        return pages.done(deed.done, WHERE[verb])
    return pages.done(deed.done, "desk:case", case)


def _taken_by(view: queries.CaseView) -> str:
    owner, row = view.row.owner, view.row
    if row.mine:
        return _("This case changed while you were here. It is yours.")
    if owner:
        return _("Already taken by %(name)s.") % {"name": owner}
    return _("Somebody changed this case while you were here.")


def _page(
    request: Any,
    view: queries.CaseView,
    verb: str,
    form: forms.Form,
    *,
    place: str,
    kept: bool,
    conflict: str,
) -> HttpResponse:
    deed, case = ACTS[verb], view.row.case
    page = {
        "heading": deed.heading,
        "button": deed.button,
        "says": deed.says,
        "action": reverse("desk:act", args=[case, verb]),
        "back": reverse("desk:case", args=[case]),
        "back_label": view.row.name,
        "place": place,
        "kept": kept,
        "conflict": conflict,
        "reach": verb == "log",
    }
    status = 409 if conflict else 422 if form.errors else 200
    context = {"view": view, "form": form, "act": page}
    return pages.render(request, "desk/act.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def reach(request: Any, case: ids.Id) -> HttpResponse:
    """How they may be reached safely, and the word for the day their code is lost."""
    view = queries.case(request.actor, case)
    initial: dict[str, str] = {}
    for number, one in enumerate(view.row.reach[: asked.Reach.LINES], start=1):
        initial |= {f"how{number}": one["how"], f"text{number}": one["text"]}
    form = asked.Reach(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            casework.set_reach(
                request.actor, case, reach=form.lines(), word=form.cleaned_data["word"]
            )
        except Invalid as error:
            pages.mark(form, error)
        else:
            return pages.done("reach", "desk:case", case)
    context = {"view": view, "form": form}
    return pages.render(request, "desk/reach.html", context, status=422 if form.errors else 200)
