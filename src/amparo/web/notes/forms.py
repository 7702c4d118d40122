"""The questions of the pages for people without an account, and what is said about an answer."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxLengthValidator
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

WHAT_LIMIT, LINE_LIMIT, CODE_LIMIT = 60_000, 500, 1_000

TOO_LONG = _("This is longer than we can keep at once. Send a first part, then write again.")


class Page(forms.Form):
    """A form whose ids are its names and whose questions may all stay empty."""

    use_required_attribute = False

    def __init__(self, *args: Any, **given: Any) -> None:
        given.setdefault("auto_id", "%s")
        super().__init__(*args, **given)


def line(label: Any, hint: Any = "", limit: int = LINE_LIMIT) -> forms.CharField:
    """A short answer."""
    return forms.CharField(
        label=label,
        help_text=hint,
        required=False,
        # Not max_length: a browser would cut off what is pasted, and say nothing.
        validators=[MaxLengthValidator(limit, TOO_LONG)],
    )


def text(label: Any, hint: Any = "", limit: int = WHAT_LIMIT) -> forms.CharField:
    """A long answer."""
    return forms.CharField(
        label=label,
        help_text=hint,
        required=False,
        validators=[MaxLengthValidator(limit, TOO_LONG)],
        widget=forms.Textarea(attrs={"rows": False, "cols": False}),
    )


class Several(forms.FileInput):
    """A choice of any number of files."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"multiple": True})

    def value_from_datadict(
        self, _data: Any, files: MultiValueDict[str, UploadedFile], name: str
    ) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name) or []


class Files(forms.Field):
    """Any number of files; what is in them is nobody's business here."""

    widget = Several

    def __init__(self) -> None:
        super().__init__(
            label=_("Photos or documents"),
            help_text=pgettext_lazy(
                "safety",
                "Hidden details, such as place and time, are removed from the copy we work with.",
            ),
            required=False,
        )

    def clean(self, value: list[UploadedFile]) -> list[UploadedFile]:
        return [one for one in value or [] if one]


class Ask(Page):
    """The three questions of somebody who needs help now."""

    what = text(
        _("What is happening?"),
        pgettext_lazy(
            "safety",
            "A few words are enough. You can add more later. You do not need to give your name.",
        ),
    )
    where = line(
        _("Roughly where?"),
        pgettext_lazy(
            "safety",
            "A region or a nearby town. Not your address. We ask so that the right person answers.",
        ),
    )
    how = forms.ChoiceField(
        label=_("How may we reach you safely?"),
        help_text=pgettext_lazy(
            "safety", "We use only what you choose here. Nothing we send says who we are."
        ),
        required=False,
        initial="here",
        choices=(
            ("here", _("I will come back to this page, with words or numbers")),
            ("text", _("A text message")),
            ("call", _("A call")),
        ),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of these three ways.")},
    )
    reach = line(
        _("Number, and when it is safe"),
        pgettext_lazy("safety", "Only for a message or a call. Say who else may see that phone."),
    )
    file = Files()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") in ("text", "call") and not given.get("reach") and not self.errors:
            self.add_error(
                "reach",
                pgettext_lazy(
                    "safety",
                    "Write the number, or choose to come back to this page.",
                ),
            )
        if not any(given.get(name) for name in ("what", "where", "reach", "file")):
            self.add_error(
                "what",
                pgettext_lazy(
                    "safety", "Write a few words about what is happening. One word is enough."
                ),
            )
        return given


class Enter(Page):
    """Words or numbers from somebody who was here before."""

    code = text(
        _("Words or numbers"),
        _("All of them, in their order. You may paste them. Large and small letters are the same."),
        CODE_LIMIT,
    )
    text = text(
        _("What you wrote just now"),
        pgettext_lazy("safety", "Not sent yet. It goes with you to your notes."),
    )

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["code"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].strip()
        if not code:
            raise forms.ValidationError(_("Write your nine words or thirty numbers."))
        return code


class Write(Page):
    """A further message of somebody who came back."""

    text = text(_("Write"), pgettext_lazy("safety", "What you write is sealed when you send it."))
    file = Files()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("text") and not given.get("file"):
            self.add_error("text", _("Write something, or choose a file. One word is enough."))
        return given


class Reply(Page):
    """What somebody outside the house writes back."""

    text = text(
        _("Write back"),
        pgettext_lazy("safety", "Sealed when you send it; only those on duty can open it."),
    )
