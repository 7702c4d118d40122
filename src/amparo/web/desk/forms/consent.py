"""Answers of a defender as staff record them, and the few ways round a closed door."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amparo.web.desk import words
from amparo.web.desk.forms import Form
from amparo.web.desk.forms.case import text

Choices = Iterable[tuple[str, Any]]
SEVEN = ("cover", "identity", "location", "narrative", "legal", "health", "finance")


def compartments(label: Any) -> forms.MultipleChoiceField:
    """One or more of the seven."""
    return forms.MultipleChoiceField(
        label=label,
        choices=[(code, words.COMPARTMENTS[code]) for code in SEVEN],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one compartment.")},
    )


def until(label: Any, hint: Any, **more: Any) -> forms.DateField:
    """A last day."""
    return forms.DateField(
        label=label,
        help_text=hint,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Choose the last day."),
            "invalid": _("Write the day as 2026-11-30."),
        },
        **more,
    )


class Question(Form):
    """Who would read what, and what for."""

    recipient = forms.ChoiceField(
        label=_("Who would read it?"),
        error_messages={
            "required": _("Choose who would read it."),
            "invalid_choice": _("Choose one of those on the list."),
        },
    )
    purpose = forms.ChoiceField(
        label=_("What for?"),
        error_messages={
            "required": _("Choose what it is for."),
            "invalid_choice": _("Choose one of those on the list."),
        },
    )
    compartments = compartments(_("Which compartments?"))

    def __init__(self, *args: Any, recipients: Choices, purposes: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["recipient"].choices = [("", "–"), *recipients]  # type: ignore[attr-defined]
        self.fields["purpose"].choices = [("", "–"), *purposes]  # type: ignore[attr-defined]


class Ask(Question):
    """A question to the defender, answered on their page."""

    until = until(_("Until when?"), _("The last day. After it the lock changes by itself."))


class Record(Question):
    """An answer that was given away from the page."""

    field_order = ("answer", "condition", "recipient", "purpose", "compartments")
    answer = forms.ChoiceField(
        label=_("What did they answer?"),
        choices=[
            ("granted", pgettext_lazy("answer", "Yes")),
            ("refused", pgettext_lazy("answer", "No")),
            ("conditional", pgettext_lazy("answer", "Yes, if …")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what they answered.")},
    )
    condition = forms.CharField(
        label=_("If what?"),
        help_text=_("In their words. Nothing opens until an officer records that it is met."),
        max_length=500,
        required=False,
    )
    until = until(_("Until when?"), _("The last day that they agreed to."), required=False)
    how = forms.ChoiceField(
        label=_("How did they say it?"),
        choices=words.choices(words.HOW, "page"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how they said it.")},
    )
    language = forms.ChoiceField(label=_("In which language?"))

    def __init__(self, *args: Any, languages: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["language"].choices = list(languages)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("answer") == "conditional" and not given.get("condition"):
            self.add_error("condition", _("Write the condition in their words."))
        yes = given.get("answer") in ("granted", "conditional")
        if yes and not given.get("until") and "until" not in self.errors:
            self.add_error("until", _("A yes has a last day. Ask them for it."))
        return given


class Met(Form):
    """A condition that has come true."""

    reason = text(
        _("How do you know that it is met?"),
        _("Write how you know it."),
        _("They are told, with this reason."),
    )


class Override(Form):
    """Life in danger: purpose and consent are lifted, a key never is."""

    compartment = forms.ChoiceField(
        label=_("What must be opened?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a compartment."),
            "invalid_choice": _("You hold no key to this one."),
        },
    )
    grantee = forms.ChoiceField(
        label=_("To whom?"),
        error_messages={
            "required": _("Choose who needs to read it."),
            "invalid_choice": _("Choose one of those on the list."),
        },
    )
    reason = text(
        _("Whose life is in danger, and how do you know?"),
        _("Write the reason. Without it nothing opens."),
        _("The defender, the second person and the auditors read this."),
    )

    def __init__(self, *args: Any, held: Choices, recipients: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["compartment"].choices = list(held)  # type: ignore[attr-defined]
        self.fields["grantee"].choices = [("", "–"), *recipients]  # type: ignore[attr-defined]


class Outside(Form):
    """Somebody outside, to whom the defender has said yes."""

    label = forms.CharField(
        label=_("Who is it?"),
        help_text=_("As they call this person. They read it on their list."),
        max_length=100,
        error_messages={"required": _("Write who it is.")},
    )
    purpose = forms.ChoiceField(
        label=_("What for?"),
        choices=[("", "–"), *words.PURPOSES.items()],
        error_messages={"required": _("Choose what it is for.")},
    )
    compartments = forms.MultipleChoiceField(
        label=_("What did they agree to show?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one compartment."),
            "invalid_choice": _("You hold no key to one of these."),
        },
    )
    until = until(_("Until when?"), _("The last day that they agreed to."))
    how = forms.ChoiceField(
        label=_("How did they say yes?"),
        choices=words.choices(words.HOW, "page"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Ask them first. Then choose how they said it.")},
    )

    def __init__(self, *args: Any, held: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["compartments"].choices = list(held)  # type: ignore[attr-defined]


class Share(Outside):
    """Something of a case for one reader outside."""

    way = forms.ChoiceField(
        label=_("How does it get there?"),
        choices=[
            ("link", pgettext_lazy("sharing", "By a link that opens once")),
            ("file", pgettext_lazy("sharing", "As a file that only their own key opens")),
        ],
        initial="link",
        widget=forms.RadioSelect,
    )
    hours = forms.ChoiceField(
        label=_("How long does the link wait?"),
        choices=[
            ("4", pgettext_lazy("link", "4 hours")),
            ("24", pgettext_lazy("link", "1 day")),
            ("72", pgettext_lazy("link", "3 days")),
        ],
        initial="24",
        widget=forms.RadioSelect,
    )
    recipient = forms.CharField(
        label=_("Their key, for a file"),
        help_text=_("It begins with age1pq1. They give it to you; it is no secret."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "dir": "ltr"}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("way") == "file" and not given.get("recipient", "").strip():
            self.add_error("recipient", _("Ask them for their key and paste it here."))
        return given


class How(Form):
    """How something was said."""

    how = forms.ChoiceField(
        label=_("How did they say it?"),
        choices=words.choices(words.HOW, "page"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how they said it.")},
    )


class Sure(Form):
    """How an officer made sure that it was the defender who chose."""

    rows = forms.CharField(widget=forms.HiddenInput)
    how = forms.ChoiceField(
        label=_("How did you make sure?"),
        choices=[
            ("word", pgettext_lazy("sure", "They told me the agreed word")),
            ("spoke", pgettext_lazy("sure", "I spoke with them, and know that it was they")),
            ("met", pgettext_lazy("sure", "I met them")),
            ("unsure", pgettext_lazy("sure", "I am not sure that it was they")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how you made sure, or that you are not.")},
    )
    word = forms.CharField(
        label=_("The word that they told you"),
        help_text=_("Only if they told it to you. It is compared, and shown to nobody."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = text(
        _("If you are not sure: why?"),
        "",
        _("They read it on their page. Nothing opens, and they can choose again."),
        rows=2,
        required=False,
    )


class Plain(Form):
    """A yes, by pressing the button."""
