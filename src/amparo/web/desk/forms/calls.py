"""A call as whoever sits on the phone types it: one screen, in the order in which one hears it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amparo.foundation import clock
from amparo.foundation.config import zone
from amparo.people import listing
from amparo.web.desk import words
from amparo.web.desk.forms.case import Once, text


class CallLine(Once):
    """Who, what, what came of it, what is next."""

    incoming = forms.BooleanField(label=_("They called us"), required=False)
    who = forms.CharField(
        label=_("Who?"),
        help_text=_("It may stay empty."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autofocus": True, "accesskey": "1"}),
    )
    about = forms.ChoiceField(label=_("About which case or alarm?"), required=False)
    them = forms.BooleanField(label=_("It was with the person themselves"), required=False)
    text = text(_("What was said?"), "", required=False)
    outcome = forms.ChoiceField(
        label=_("What came of it?"),
        choices=words.choices(words.CALLS),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of the call.")},
    )
    sure = forms.ChoiceField(
        label=_("Are they safe?"),
        choices=[
            ("", pgettext_lazy("safety", "I do not know, or it is no alarm")),
            (
                "spoke",
                pgettext_lazy("safety", "I have spoken to them, and they could speak freely"),
            ),
            ("word", pgettext_lazy("safety", "I have heard the agreed word")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    next_step = forms.CharField(label=_("What is next?"), max_length=200, required=False)
    next_at = forms.RegexField(
        listing.TIME.pattern + "$",
        label=_("At what time?"),
        help_text=_("By the clock of this desk; a time that has passed is tomorrow's."),
        required=False,
        widget=forms.TextInput(attrs={"type": "time"}),
        error_messages={"invalid": _("Write the time as 09:00.")},
    )
    reason = forms.CharField(
        label=_("Why were they rung up all the same?"),
        help_text=_("Needed when they are never to be rung, or outside their hours."),
        max_length=500,
        required=False,
    )

    def __init__(self, *args: Any, about: Iterable[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [("", _("none, or I do not know yet")), *about]
        self.fields["about"].choices = choices  # type: ignore[attr-defined]

    def clean_next_at(self) -> datetime | None:
        """The next moment at which the desk's clock shows this."""
        given = self.cleaned_data["next_at"]
        if not given:
            return None
        here = clock.now().astimezone(zone())
        hour, minute = (int(one) for one in given.split(":"))
        at = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return at if at > here else at + timedelta(days=1)
