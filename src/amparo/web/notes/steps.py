"""The steps of somebody who came back with a code: read, write, see who reads, take back, leave."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language, pgettext

from amparo.alerts import queries as alerts
from amparo.casework import queries
from amparo.casework.services import erasing, intake, thread
from amparo.consent.queries import ConsentRow
from amparo.foundation import clock, ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.people import queries as people
from amparo.vault import codes
from amparo.vault import forms as tokens
from amparo.web.notes import checkins, forms, plans, visits
from amparo.web.notes.arriving import drop_files, files_of, let_go, say_what_failed
from amparo.web.notes.codes import code_page, fresh_code
from amparo.web.notes.promise import full, promise, team

ANSWERS = ("granted", "refused", "conditional")


@dataclass(frozen=True)
class Step:
    """What a step has to work with: the request, who it is, their session, and this very form."""

    request: Any
    actor: Actor
    window: bytes
    once: ids.Id

    def given(self, name: str) -> str:
        """A field of the form, without the space around it."""
        return str(self.request.POST.get(name, "")).strip()


def in_language(actor: Actor) -> Actor:
    """The actor, who reads the page in this language."""
    return replace(actor, language=get_language() or "en")


def resume(sent: tokens.Form | None) -> Actor | None:
    """Whose session a form carries; None when it is over."""
    if sent is None or not sent.window:
        return None
    try:
        actor = in_language(intake.resume(sent.window))
    except Refused:
        return None
    journal.act_as(actor)
    return actor


def take(
    request: HttpRequest,
    window: bytes,
    actor: Actor,
    *,
    once: ids.Id | None = None,
    draft: str = "",
) -> HttpResponseBase:
    """The step that the form asks for; reading when it asks for none that we know."""
    step = Step(request, actor, window, once or ids.new())
    deed = STEPS.get(step.given("do"), read)
    return deed(step) if deed is not read else read(step, draft=draft or step.given("text"))


def _render(step: Step, template: str, **found: Any) -> HttpResponse:
    within = {"token": tokens.token(step.window), "inside": True}
    return render(step.request, template, found | within)


# --- reading and writing -------------------------------------------------------------------------
def read(
    step: Step,
    *,
    form: forms.Write | None = None,
    done: str = "",
    draft: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The conversation, newest first; what is new stands above the place to write."""
    found = queries.thread(step.actor)
    fresh = list(takewhile(lambda one: one.by not in ("defender", "call"), found.messages))
    pending, answers = _questions(found.consents)
    response = _render(
        step,
        "notes/thread.html",
        thread=found,
        fresh=fresh,
        earlier=found.messages[len(fresh) :],
        asked=pending,
        answers=answers,
        reader_count=_people(found.readers),
        late=found.due_at is not None and found.due_at < clock.now(),
        promise=promise(),
        full=full(),
        erasing=erasing.asked_until(step.actor),
        switched_off=step.actor.case and alerts.switched_off(step.actor, step.actor.case),
        form=form or forms.Write(initial={"text": draft}),
        done=done,
        **more,
    )
    response.status_code = status
    if fresh:
        thread.seen(step.actor)
    return response


def _people(readers: list[queries.Reader]) -> int:
    """How many persons these are: whoever is in two teams is one."""
    known: set[ids.Id] = set()
    others = 0
    for one in readers:
        members = people.members_of(one.label) if one.kind == "team" else [one.principal]
        known.update(members)
        others += 0 if members else one.count
    return len(known) + others


def _questions(rows: list[ConsentRow]) -> tuple[list[ConsentRow], list[ConsentRow]]:
    """(what waits for an answer, what was answered), of records that stand newest first."""
    seen: set[object] = set()
    pending, answered = [], []
    for row in rows:
        if row.answer != "asked":
            answered.append(row)
        elif row.about not in seen:
            pending.append(row)
        seen.add(row.about)
    return pending, answered


def write(step: Step) -> HttpResponse:
    """A further message, with or without files."""
    form = forms.Write(step.request.POST, step.request.FILES)
    if say_what_failed(step.request, form) or not form.is_valid():
        let_go(step.request, form)
        return read(step, form=form, status=422)
    text = form.cleaned_data["text"]
    try:
        thread.write(step.actor, once=step.once, text=text, files=files_of(step.request))
    except Conflict:
        drop_files(step.request)
        twice = pgettext("safety", "This was sent before. It has not been sent twice.")
        return read(step, done=twice)
    return read(step, done=pgettext("safety", "Sent, and sealed."))


def who(step: Step) -> HttpResponse:
    """The same page with its list of readers open."""
    return read(step, show_who=True)


def about(step: Step) -> HttpResponse:
    """Who reads and what the server sees, with a way back to the notes."""
    return _render(step, "notes/about.html", team=team())


def clear(step: Step) -> HttpResponse:
    """How to clear this visit, with a way back to the notes."""
    return _render(step, "notes/clear.html")


# --- taking back ---------------------------------------------------------------------------------
def withdraw(step: Step) -> HttpResponse:
    """One reader, or everything; asked once more before it happens."""
    if not step.given("who"):
        return _withdraw_all(step)
    person, purpose = ids.parse(step.given("who")), step.given("for")
    reader = next(
        (
            one
            for one in queries.thread(step.actor).readers
            if one.principal == person and one.purpose == purpose
        ),
        None,
    )
    if reader is None:
        raise NotFound
    if not step.given("sure"):
        return _render(step, "notes/withdraw.html", reader=reader)
    thread.withdraw_reader(step.actor, recipient=reader.principal, purpose=purpose)
    closed = pgettext("safety", "Withdrawn. What is written from now on is closed to them.")
    return read(step, done=closed, show_who=True)


def _withdraw_all(step: Step) -> HttpResponse:
    if not step.given("sure"):
        return _render(step, "notes/withdraw.html")
    thread.withdraw_request(step.actor)
    visits.leave(step.window)
    return render(step.request, "notes/withdrawn.html")


def keep(step: Step) -> HttpResponse:
    """Somebody asked in their name that everything be erased, and it was not they."""
    try:
        erasing.keep(step.actor)
    except Conflict:
        return read(step)
    return read(
        step, done=pgettext("safety", "Nothing is erased. Those on duty read that you said no.")
    )


def answer(step: Step) -> HttpResponse:
    """Yes, no, or yes under a condition, to one question that still waits."""
    asked, said = ids.parse(step.given("asked")), step.given("answer")
    if asked is None or said not in ANSWERS:
        return read(step)
    condition = step.given("condition") if said == "conditional" else None
    try:
        thread.answer_question(step.actor, asked, yes=said != "refused", condition=condition)
    except NotFound:
        return read(step)
    except Invalid as error:
        if "code" in error.fields:
            return read(step)  # the page says it: take new ones first
        return read(step, condition_missing=asked, status=422)
    words = {
        "granted": _said_yes(),
        "refused": pgettext("consent", "You said no. That is an answer; nothing is passed on."),
        "conditional": pgettext(
            "consent", "You said yes, if that is so. Until then it stays closed."
        ),
    }
    return read(step, done=words[said])


def _said_yes() -> str:
    return pgettext(
        "consent",
        "You said yes. First somebody here makes sure that it is you. "
        "You can take it back at any time.",
    )


# --- choosing -----------------------------------------------------------------------------------
def choices(step: Step, *, done: str = "") -> HttpResponse:
    """One officer in danger, and reading back: what each means, and where it stands."""
    return _render(step, "notes/choices.html", thread=queries.thread(step.actor), done=done)


def choose(step: Step) -> HttpResponse:
    """Yes, or no longer, to one of them."""
    purpose, _, rest = step.given("choice").partition(":")
    compartment, _, said = rest.partition(":")
    if said not in ("yes", "no"):
        return choices(step)
    yes = said == "yes"
    try:
        thread.choose(step.actor, purpose=purpose, compartment=compartment, yes=yes)
    except Invalid:
        return choices(step)  # the page says it: take new ones first
    words = {
        True: _said_yes(),
        False: pgettext("consent", "Taken back. It is closed from now on."),
    }
    return choices(step, done=words[yes])


def again(step: Step) -> HttpResponse:
    """Yes to something that was refused or taken back."""
    which = ids.parse(step.given("which"))
    try:
        if which is None:
            raise NotFound
        thread.say_yes_again(step.actor, which)
    except (NotFound, Invalid):
        return read(step, show_who=True)
    return read(step, done=_said_yes(), show_who=True)


def stop(step: Step) -> HttpResponse:
    """It was not they who said yes, or they think better of it, before anything is open."""
    which = ids.parse(step.given("which"))
    try:
        if which is None:
            raise NotFound
        thread.stop(step.actor, which)
    except NotFound:
        return read(step)
    stopped = pgettext("consent", "Stopped. Nothing was opened, and those on duty read so.")
    return read(step, done=stopped)


# --- taking along --------------------------------------------------------------------------------
def export(step: Step) -> HttpResponseBase:
    """One's own copy, streamed, after a warning."""
    if not step.given("sure"):
        return _render(step, "notes/copy.html")
    pieces = thread.export(step.actor)
    response = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = 'attachment; filename="notes.zip"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def code(step: Step) -> HttpResponse:
    """New words or numbers for the same notes; the old ones die as the new ones are shown."""
    kind, language = step.given("kind"), get_language() or ""
    if kind not in ("words", "digits"):
        return _render(step, "notes/renew.html", words_possible=language in codes.LANGUAGES)
    fresh = fresh_code(language, kind)
    thread.new_code(step.actor, fresh)
    return code_page(step.request, fresh, visits.begin(), replaced=True)


STEPS: dict[str, Callable[[Step], HttpResponseBase]] = {
    "read": read,
    "write": write,
    "add": write,
    "who": who,
    "about": about,
    "clear": clear,
    "withdraw": withdraw,
    "keep": keep,
    "answer": answer,
    "choices": choices,
    "choose": choose,
    "again": again,
    "stop": stop,
    "export": export,
    "plan": plans.plan,
    "check-in": checkins.check_in,
    "code": code,
}
