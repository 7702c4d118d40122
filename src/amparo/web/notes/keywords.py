"""A message that sends for help: which words, from which telephone, what it costs, how to end it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from amparo.alerts.services import keywords as services
from amparo.foundation import ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Invalid, NotFound
from amparo.vault import forms as tokens
from amparo.web import plans
from amparo.web.notes.forms import Page, line

if TYPE_CHECKING:
    from amparo.web.notes.steps import Step

DEEDS = ("words", "words-arm", "words-away")


class Words(Page):
    """The words, the numbers, and what comes back."""

    phrase = line(
        _("The words of the message"),
        pgettext_lazy(
            "safety",
            "At least two words that nobody wonders at, and that you write to nobody else. Large and "
            "small letters are the same.",
        ),
        services.LONGEST,
    )
    a = line(_("The number of your telephone"), _("With + and the country in front."), 40)
    b = line(_("A second number of yours"), limit=40)
    anybody = forms.BooleanField(
        label=pgettext_lazy("safety", "Any telephone may send it, not only mine"),
        help_text=pgettext_lazy(
            "safety",
            "For when your telephone is taken from you. Then take at least three words: whoever knows "
            "or guesses them can send for help in your name.",
        ),
        required=False,
    )
    answer = forms.BooleanField(
        label=pgettext_lazy(
            "safety", "Send back the words of my plan, so that I know it has arrived"
        ),
        help_text=pgettext_lazy("safety", "Without this nothing comes back."),
        required=False,
    )


WRONG: dict[str, dict[str, Any]] = {
    "phrase": {
        "short": pgettext_lazy(
            "safety", "Take at least two words; at least three, if any telephone may send them."
        ),
        "long": _("This is too long for one message."),
        "taken": _("These words already mean something else here. Choose others."),
        "no plan": _("There is no plan yet. Make one first."),
    },
    "numbers": {
        "none": _("Write your number, or let any telephone send it."),
        "form": _("This is no number that begins with + and a country."),
        "many": _("Two numbers are enough."),
    },
}


def shown(actor: Actor, case: ids.Id) -> dict[str, Any] | None:
    """What the plan's page says of it; None where no message can come in and nothing is to be ended."""
    armed, to = services.armed(actor, case), services.to()
    return {"armed": armed, "to": to} if armed or to else None


def keyword(step: "Step") -> HttpResponse:
    """The questions, with what was chosen before; arming; ending."""
    case = step.actor.case
    if case is None:
        raise NotFound
    deed, armed = step.given("deed"), services.armed(step.actor, case)
    if deed == "words-arm":
        return _arm(step, case)
    if deed == "words-away" and armed is not None:
        services.disarm(step.actor, case)
        gone = pgettext("safety", "These words send for nothing any more.")
        return _page(step, Words(), done=gone)
    return _page(step, Words(initial=_answers(armed)), armed=armed)


def _answers(armed: services.Keyword | None) -> dict[str, Any]:
    if armed is None:
        return {}
    numbers = [*armed.numbers, "", ""]
    given: dict[str, Any] = {"phrase": armed.phrase, "a": numbers[0], "b": numbers[1]}
    return given | {"anybody": armed.anybody, "answer": armed.answer}


def _arm(step: "Step", case: ids.Id) -> HttpResponse:
    form = Words(step.request.POST)
    if not form.is_valid():
        return _page(step, form, 422)
    given, numbers = form.cleaned_data, []
    for name in ("a", "b"):
        way = plans.way_of(given[name]) if given[name].strip() else None
        if given[name].strip() and (way is None or way[0] != "sms"):
            form.add_error(name, WRONG["numbers"]["form"])
        elif way is not None:
            numbers.append(way[1])
    if form.errors:
        return _page(step, form, 422)
    chosen = services.Keyword(given["phrase"], tuple(numbers), given["anybody"], given["answer"])
    try:
        services.arm(step.actor, case, chosen)
    except Invalid as error:
        for name, code in error.fields.items():
            form.add_error("phrase" if name == "phrase" else "a", WRONG[name][code])
        return _page(step, form, 422)
    said = pgettext("safety", "From now on this message sends for help.")
    return _page(step, Words(initial=_answers(chosen)), armed=chosen, done=said)


def _page(
    step: "Step",
    form: Words,
    status: int = 200,
    *,
    armed: services.Keyword | None = None,
    done: str = "",
) -> HttpResponse:
    request: HttpRequest = step.request
    found: dict[str, Any] = {"form": form, "armed": armed, "done": done, "to": services.to()}
    found |= {"token": tokens.token(step.window), "inside": True}
    return render(request, "notes/plan-words.html", found, status=status)
