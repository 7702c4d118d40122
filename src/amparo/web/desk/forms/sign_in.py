"""Signing in, joining, and what one changes about one's own key."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amparo.messages.rules import is_address
from amparo.web import ways
from amparo.web.desk.forms import Form
from amparo.web.plans import EASTERN

KEEP = {"autocapitalize": "none", "spellcheck": "false"}


def digits(text: str) -> str:
    """Six digits in whatever script and grouping they were typed."""
    return "".join(str(int(one)) for one in text if one.isdecimal())


class SignIn(Form):
    """Name, passphrase and the second thing; what is wrong is never told apart."""

    name = forms.CharField(
        label=pgettext_lazy("sign in", "Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", **KEEP}),
        error_messages={"required": _("Write your name at the desk.")},
    )
    passphrase = forms.CharField(
        label=_("Passphrase"),
        help_text=_("Six words. You may paste it."),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Write your passphrase.")},
    )
    second = forms.CharField(
        label=_("Six digits from your second device"),
        help_text=_("They change every 30 seconds. The last set works too."),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Write the six digits, or use a passkey.")},
    )

    def clean_second(self) -> str:
        return digits(self.cleaned_data["second"])


class PasskeySignIn(Form):
    """Name, passphrase and what a passkey has signed."""

    name = forms.CharField(
        label=pgettext_lazy("sign in", "Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", **KEEP}),
        error_messages={"required": _("Write your name at the desk.")},
    )
    passphrase = forms.CharField(
        label=_("Passphrase"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Write your passphrase.")},
    )
    form = forms.CharField(widget=forms.HiddenInput, required=False)
    answer = forms.CharField(
        widget=forms.HiddenInput,
        error_messages={"required": _("No passkey answered. Scripts may be off: use six digits.")},
    )


class Notices(Form):
    """Where a neutral note goes when something new has come, by one channel."""

    address = forms.CharField(max_length=2000, error_messages={"required": _("Write the address.")})
    hours = forms.RegexField(
        r"(([01]\d|2[0-3]):[0-5]\d *(-|$) *){2}",
        label=_("Hours at which a note may come"),
        help_text=_("Like 08:00-18:00, by the desk's clock. Empty: at any hour."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": _("Write it like 08:00-18:00.")},
    )

    def __init__(self, *args: Any, channel: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.channel, field = channel, self.fields["address"]
        field.label = _("Mail address") if channel == "mail" else _("Address")
        field.help_text = str(ways.LOOKS[channel])
        kinds: dict[str, forms.Widget] = {
            "mail": forms.EmailInput(attrs={"autocomplete": "email"}),
            "sms": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
            "webpush": forms.HiddenInput(),
        }
        field.widget = kinds.get(channel, forms.TextInput(attrs={"autocomplete": "off", **KEEP}))
        if channel == "webpush":
            field.error_messages["required"] = str(ways.WRONG[channel])

    def clean_address(self) -> str:
        typed: str = self.cleaned_data["address"].strip()
        if self.channel in {"sms", "signal"} and typed.startswith("+"):
            typed = re.sub(r"[\s().-]", "", typed.translate(EASTERN))
        if not is_address(self.channel, typed):
            raise forms.ValidationError(str(ways.WRONG[self.channel]))
        return typed


class Passphrase(Form):
    """A passphrase of one's own: the six words that were drawn, or others that are as long."""

    passphrase = forms.CharField(
        label=_("Type the six words"),
        help_text=_(
            "You may choose six others. Fewer words, or words that belong to you, are weak."
        ),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Type the six words, so that we know you have them.")},
    )
    again = forms.CharField(
        label=_("Type them once more, without looking"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Type the words once more.")},
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        first, again = given.get("passphrase"), given.get("again")
        if first and len(first.split()) < 6 and len(first) < 24:
            self.add_error(
                "passphrase", _("This is too short to keep a key. Six words are enough.")
            )
        elif first and again and " ".join(first.split()) != " ".join(again.split()):
            self.add_error("again", _("The two are not the same. Compare them word by word."))
        return given


class Enrol(Passphrase):
    """Joining, on one page and without a stored step: name, passphrase, second device."""

    field_order = ("sign_in", "passphrase", "again", "second")
    sign_in = forms.CharField(
        label=_("The name you will sign in with"),
        help_text=_("Only you need to know it. It need not be your own name."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", **KEEP}),
        error_messages={"required": _("Choose a name to sign in with.")},
    )
    secret = forms.CharField(widget=forms.HiddenInput, max_length=64)
    second = forms.CharField(
        label=_("Six digits that your device shows now"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Write the six digits, so that we know the device works.")},
    )

    def clean_second(self) -> str:
        return digits(self.cleaned_data["second"])


class Known(Form):
    """One's own passphrase, before something that outlives the visit."""

    old = forms.CharField(
        label=_("Your passphrase"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Write the passphrase that you signed in with.")},
    )


class ChangePassphrase(Passphrase):
    """The passphrase until now, and the one from now on."""

    field_order = ("old", "passphrase", "again")
    old = forms.CharField(
        label=_("Your passphrase until now"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Write the passphrase that you signed in with.")},
    )


class Preferences(Form):
    """How the desk looks and behaves for one person."""

    language = forms.ChoiceField(label=_("Language"))
    theme = forms.ChoiceField(
        label=_("Light or dark"),
        choices=[
            ("", pgettext_lazy("theme", "As this device does")),
            ("light", pgettext_lazy("theme", "Light")),
            ("dark", pgettext_lazy("theme", "Dark")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    keys = forms.BooleanField(
        label=_("Single keys do things on the desk"),
        help_text=_("Off unless you turn them on. They never work while you write."),
        required=False,
    )

    def __init__(self, *args: Any, languages: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["language"].choices = languages  # type: ignore[attr-defined]
