"""What an officer says about an alarm: that it is over, and how they know."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amparo.web.desk.forms.case import Versioned, text

HOW = (
    ("spoke", pgettext_lazy("safety", "I have spoken to them, and they could speak freely")),
    ("word", pgettext_lazy("safety", "I have heard the agreed word")),
    ("false alarm", pgettext_lazy("safety", "Somebody nearby has looked: it was a false alarm")),
)


class CloseAlarm(Versioned):
    """The end of an alarm. Nobody is safe because an officer thinks so."""

    how = forms.ChoiceField(
        label=_("How do you know?"),
        choices=HOW,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how you know that it is over.")},
    )
    reason = text(
        _("Who has looked, and what did they see?"),
        "",
        _("Needed for a false alarm; otherwise it may stay empty."),
        required=False,
    )
