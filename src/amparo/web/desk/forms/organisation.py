"""Who belongs to the organisation, and the button for the day of a raid."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.web.desk.forms import Form

Choices = Iterable[tuple[str, Any]]


class Invite(Form):
    """Somebody new."""

    name = forms.CharField(
        label=_("Name at the desk"),
        help_text=_("What colleagues call them. It need not be their legal name."),
        max_length=80,
        error_messages={"required": _("Write the name they will sign in with.")},
    )
    teams = forms.MultipleChoiceField(
        label=_("Which teams?"),
        help_text=_("A team is a key. Who is in none can sign in and open nothing."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    hours = forms.ChoiceField(
        label=_("How long does the invitation wait?"),
        choices=[("4", _("4 hours")), ("48", _("2 days")), ("168", _("7 days"))],
        initial="48",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, teams: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["teams"].choices = list(teams)  # type: ignore[attr-defined]


class Leave(Form):
    """Somebody goes."""

    sure = forms.BooleanField(
        label=_("End their sessions and change every lock they hold a key to"),
        error_messages={"required": _("Tick this if it is what you want.")},
    )


class LeaveLosing(Leave):
    """The second question, where something would be lost for ever."""

    losing = forms.BooleanField(
        label=_("They leave all the same. What stands above opens to nobody, ever again"),
        error_messages={"required": _("Hand it over first, or tick this too.")},
    )


class LeaveTeam(Form):
    """Somebody leaves one team."""

    sure = forms.BooleanField(
        label=_("Change the lock of this team"),
        error_messages={"required": _("Tick this if it is what you want.")},
    )


class LeaveTeamLosing(LeaveTeam):
    """The same, where something would be lost for ever."""

    losing = LeaveLosing.base_fields["losing"]


class Welcome(Form):
    """A fingerprint as the newcomer reads it out; it is not shown beside, so that it is compared."""

    fingerprint = forms.CharField(
        label=_("What they read to you"),
        help_text=_("Forty signs in ten groups. Capital letters and spaces do not matter."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Type what they read to you.")},
    )


class Lockdown(Form):
    """The raid button. No passphrase and no second person: it may have to be quick."""

    sure = forms.BooleanField(
        label=_("Yes, lock everything down now"),
        error_messages={"required": _("Tick this if it is what you want.")},
    )
