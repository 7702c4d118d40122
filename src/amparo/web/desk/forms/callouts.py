"""What is asked of helpers, and whom an officer asks."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.alerts import waves
from amparo.alerts.services.callouts import Ask
from amparo.foundation import clock
from amparo.people import listing
from amparo.web.desk import guide, words
from amparo.web.desk.forms import Form

BY = (
    ("", _("as soon as possible")),
    ("60", _("within an hour")),
    ("240", _("within four hours")),
    ("1440", _("within a day")),
)


class AskHelpers(Form):
    """Which help, where, by when, how many. Nothing else leaves the house."""

    service = forms.ChoiceField(
        label=_("Which help?"),
        choices=[("", "–"), *guide.SERVICES.items()],
        error_messages={"required": _("Choose which help.")},
    )
    area = forms.CharField(
        label=_("Where?"),
        help_text=_(
            "CO for Colombia, CO-ANT for Antioquia in it; never finer. Empty: they are not told where."
        ),
        max_length=6,
        required=False,
    )
    language = forms.ChoiceField(label=_("Which language?"), required=False)
    by = forms.ChoiceField(label=_("By when?"), choices=BY, required=False)
    needed = forms.IntegerField(
        label=_("How many are needed?"), min_value=1, max_value=waves.MOST, initial=1
    )
    minutes = forms.TypedChoiceField(
        label=_("Minutes until the next are asked"),
        choices=[(n, n) for n in waves.WAITS],
        coerce=int,
        initial=15,
    )
    exercise = forms.BooleanField(
        label=_("This is a drill: only those who agreed to drills are asked"), required=False
    )
    how = forms.ChoiceField(
        label=_("How did they say yes?"),
        choices=[("", "–"), *words.choices(words.HOW, "page")],
        required=False,
    )

    def __init__(self, *args: Any, languages: Iterable[str], **more: Any) -> None:
        super().__init__(*args, **more)
        found = sorted((code, guide.language(code)) for code in languages)
        self.fields["language"].choices = [("", _("any")), *found]  # type: ignore[attr-defined]

    def clean_area(self) -> str:
        """The code in capitals."""
        area = str(self.cleaned_data["area"]).strip().upper()
        if area and not listing.AREA.fullmatch(area):
            raise forms.ValidationError(str(guide.WRONG["area"]))
        return area

    @property
    def ask(self) -> Ask:
        """What was filled in; only when it is valid."""
        given = self.cleaned_data
        by = clock.now() + timedelta(minutes=int(given["by"])) if given["by"] else None
        parts = ("service", "area", "language", "needed", "minutes", "exercise")
        return Ask(by=by, **{name: given[name] for name in parts})
