"""What an officer does with a task, whom the person lets be told, and what can be set in motion."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.casework import capacity
from amparo.foundation import clock
from amparo.web.desk import words
from amparo.web.desk.forms import Form
from amparo.web.desk.forms.case import text
from amparo.web.desk.forms.consent import Outside

Choices = Iterable[tuple[str, Any]]
DEEDS = ("take", "done", "drop", "hand", "prolong", "again", "there", "over")
HOLDS: words.Words = {
    "1": _("1 hour"),
    "8": _("8 hours, a shift"),
    "24": _("1 day"),
    "72": _("3 days"),
    "168": _("1 week"),
}


class Deed(forms.Form):
    """One button of one task, with what was typed beside it."""

    deed = forms.ChoiceField(choices=[(one, one) for one in DEEDS])
    mark = forms.IntegerField(required=False)
    text = forms.CharField(required=False, max_length=5000)
    to = forms.UUIDField(required=False)
    minutes = forms.IntegerField(required=False)
    under = forms.UUIDField(required=False)


class FactTime(forms.Form):
    """When something happened that hours count from; by the clock of the desk."""

    fact = forms.CharField(max_length=30)
    mark = forms.IntegerField(required=False)
    at = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
    )


class Told(Outside):
    """The person lets somebody outside be told by word of mouth."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["label"].help_text = _(
            "The office or the person, as they call it. They read it on their list."
        )
        purposes = [("", "–"), *words.choices(words.PURPOSES, "statistics")]
        self.fields["purpose"].choices = purposes  # type: ignore[attr-defined]
        self.fields["compartments"].label = _("What may they be told?")


class Offer(Form):
    """A response, as whoever keeps it writes it down."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[(one, words.RESPONSES[one]) for one in capacity.KINDS],
    )
    name = forms.CharField(
        label=_("What exactly?"),
        help_text=_("As a colleague reads it at night: “Lawyer on call, criminal law”."),
        max_length=120,
        error_messages={"required": _("Write what it is.")},
    )
    how = text(
        _("How is it set in motion?"), "",
        _("Whom to ring, what to say, what they need to hear. Everybody on staff can read this."),
        rows=2, required=False,
    )  # fmt: skip
    where = forms.CharField(
        label=_("Where?"),
        help_text=_("As coarse as it may be."),
        max_length=200,
        required=False,
    )
    minutes = forms.IntegerField(
        label=_("Minutes until it is there"),
        min_value=1,
        max_value=7 * 24 * 60,
        initial=60,
        error_messages={"required": _("Write how long it takes.")},
    )
    of = forms.IntegerField(
        label=_("How many are there in all?"),
        help_text=_("Empty: they are not counted."),
        min_value=0,
        max_value=999,
        required=False,
    )
    free = forms.IntegerField(
        label=_("How many are free now?"), min_value=0, max_value=999, required=False
    )
    level = forms.ChoiceField(
        label=_("If they are not counted: how does it stand?"),
        choices=list(words.CAPACITY.items()),
        initial="free",
        widget=forms.RadioSelect,
    )
    tells = forms.ChoiceField(
        label=_("Whom outside the house does it tell of the person?"),
        help_text=_("Then it wants the person's yes, for their case, before it is set in motion."),
        choices=list(words.TELLS.items()),
        required=False,
    )
    keeper = forms.ChoiceField(label=_("Who keeps this current?"))
    holds = forms.ChoiceField(
        label=_("How long does your word hold?"),
        help_text=_("After that the desk asks first, and it leaves the urgent list."),
        choices=list(HOLDS.items()),
        initial="24",
    )

    def __init__(self, *args: Any, people: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["keeper"].choices = list(people)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What is counted can be no more than there is."""
        given = super().clean() or {}
        of, free = given.get("of") or 0, given.get("free") or 0
        if free > of:
            self.add_error("free", _("No more can be free than there are."))
        given |= {"of": of, "free": free}
        if given.get("holds"):
            given["until"] = clock.now() + timedelta(hours=int(given["holds"]))
        return given
