"""What an officer does with one request or case."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amparo.web.desk import words
from amparo.web.desk.forms import Form

LONG = 20_000  # characters; what is longer is a file
People = Iterable[tuple[str, str]]


def text(label: Any, missing: Any, hint: Any = "", rows: int = 3, **more: Any) -> forms.CharField:
    """A long answer that is kept as it was typed."""
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={
            "required": missing,
            "max_length": _("This is longer than one answer holds. Attach it as a file."),
        },
        **more,
    )


class Versioned(Form):
    """Carries what the page was drawn from, so that whoever was quicker is noticed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


class Once(Versioned):
    """Names this very page, so that a button that was pressed twice does one deed."""

    once = forms.UUIDField(widget=forms.HiddenInput, required=False)


class Reply(Once):
    """A message to the defender. Files may stand alone."""

    text = text(
        _("Write back"),
        _("Write a few words, or attach a file."),
        _("They read it with their code. Do not name people or places they have not named."),
        required=False,
    )


class LogCall(Once):
    """What came of a call; the note stays at the desk."""

    outcome = forms.ChoiceField(
        label=_("What came of it?"),
        choices=words.choices(words.CALLS),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of the call.")},
    )
    text = text(
        _("Note for the desk"), "", _("The defender does not see this note."), required=False
    )


class CaseCall(LogCall):
    """The same on a case's page: who rings up against what was agreed says why."""

    incoming = forms.BooleanField(label=_("They called us"), required=False)
    reason = forms.CharField(
        label=_("Why were they rung up all the same?"),
        help_text=_("Needed when they are never to be rung, or outside their hours."),
        max_length=500,
        required=False,
    )
    field_order = ("incoming", "outcome", "text", "reason")


class Tell(Once):
    """A few words to an intermediary."""

    text = text(
        _("What should they do, or tell the person?"),
        _("Write a few words first."),
        _("It leaves the house in their head. Write what the person would want them to know."),
    )


class Decline(Once):
    """A no, with its reason."""

    reason = text(
        _("Why, in words that they can read?"),
        _("Write the reason. A no without a reason is not sent."),
        _("Say what you cannot do, and where else they may ask."),
    )


class Refer(Once):
    """A way to somebody else, with its reason; nothing of the case is sent with it."""

    to = forms.CharField(
        label=_("To whom?"),
        help_text=_("An organisation or an office. The defender reads this name."),
        max_length=200,
        error_messages={"required": _("Write to whom.")},
    )
    reason = text(
        _("Why, in words that they can read?"),
        _("Write the reason."),
        _("Nothing of the case is sent along. To share, use a link on the page Consent."),
    )


class Close(Versioned):
    """The end, for now."""

    reason = text(
        _("Why, in words that they can read?"),
        _("Write the reason."),
        _("A word from them opens it again."),
    )


class Erase(Form):
    """A wish that everything be gone, written down on their word."""

    reason = text(
        _("How did they ask for it?"),
        _("Write how they asked. The second person decides by it."),
        _("When, by which way, and how you knew that it was they."),
    )
    sure = forms.BooleanField(
        label=_("They asked for it themselves, and I have asked them twice"),
        error_messages={"required": _("Ask them twice, then tick this.")},
    )


class CarryOut(Form):
    """The second person's yes to an erasure."""

    sure = forms.BooleanField(
        label=_("I have spoken with my colleague, by voice, and it is what they want"),
        error_messages={"required": _("Speak with your colleague first, then tick this.")},
    )


class Reach(Form):
    """How somebody may be reached safely: at most five lines, and the word for a lost code."""

    LINES = 5

    word = forms.CharField(
        label=_("The word you agreed"),
        help_text=_(
            "For the day their code is lost. Agree it with them; write it nowhere else. One that was "
            "agreed before is not shown: leave this empty to keep it."
        ),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for number in range(1, self.LINES + 1):
            self.fields[f"how{number}"] = forms.ChoiceField(
                label=_("Way"), choices=[("", "–"), *words.choices(words.REACH)], required=False
            )
            self.fields[f"text{number}"] = forms.CharField(
                label=_("What they said"), max_length=300, required=False
            )

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The lines of the form: way, and what they said."""
        return [(self[f"how{n}"], self[f"text{n}"]) for n in range(1, self.LINES + 1)]

    def lines(self) -> list[dict[str, str]]:
        """What was filled in, as the cover keeps it."""
        given = [
            {"how": self.cleaned_data[f"how{n}"], "text": self.cleaned_data[f"text{n}"].strip()}
            for n in range(1, self.LINES + 1)
        ]
        return [one for one in given if one["how"]]


class Merge(Versioned):
    """Two requests that are one."""

    into = forms.ChoiceField(
        label=_("Into which?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the request that stays."),
            "invalid_choice": _("Choose one of those on the list."),
        },
    )

    def __init__(self, *args: Any, cases: People, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["into"].choices = list(cases)  # type: ignore[attr-defined]


class Reassign(Versioned):
    """Somebody else's from now on."""

    to = forms.ChoiceField(
        label=_("To whom?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a colleague."),
            "invalid_choice": _("Choose one of those on the list."),
        },
    )

    def __init__(self, *args: Any, people: People, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["to"].choices = list(people)  # type: ignore[attr-defined]


class Level(Versioned):
    """How urgent it is, and because of what."""

    level = forms.ChoiceField(
        label=_("Which level?"),
        choices=words.choices(words.LEVELS, "0"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the four levels.")},
    )
    reason = text(
        _("Because of what?"),
        _("Write the reason. One sentence is enough."),
        _("It stands beside the level from now on."),
    )


class Entry(Once):
    """Something written into a compartment."""

    text = text(
        _("Write into this compartment"), _("Write something, or attach a file."), required=False
    )


class CallIn(Form):
    """A request that came by phone or in person, typed by staff."""

    way = forms.ChoiceField(
        label=_("How did they come?"),
        choices=[
            ("phone", pgettext_lazy("way", "By phone")),
            ("walk-in", pgettext_lazy("way", "In person")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how they came.")},
    )
    what = text(
        _("What is happening?"), "", _("In their words. It may stay empty."), required=False
    )
    where = forms.CharField(
        label=_("Where, roughly?"),
        help_text=_("An area, not an address."),
        max_length=500,
        required=False,
    )
    how = forms.ChoiceField(
        label=_("How may we reach them safely?"),
        choices=words.choices(words.REACH, "never"),
        initial="here",
        widget=forms.RadioSelect,
    )
    reach = forms.CharField(
        label=_("Number, agreed words, safe hours"),
        help_text=_("What they said, in their words."),
        max_length=500,
        required=False,
    )
    language = forms.ChoiceField(label=_("Language they speak"))
    code = forms.ChoiceField(
        label=_("The code they take along"),
        choices=[
            ("words", pgettext_lazy("code", "Nine words")),
            ("digits", pgettext_lazy("code", "Thirty digits, easier to say on the phone")),
        ],
        initial="digits",
        widget=forms.RadioSelect,
    )
    consent = forms.ChoiceField(
        label=_("They said yes to our keeping this"),
        choices=[
            ("oral", pgettext_lazy("how given", "By word of mouth, here")),
            ("remote", pgettext_lazy("how given", "By phone or video")),
            ("written", pgettext_lazy("how given", "In writing")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Ask them first. Without a yes nothing is kept.")},
    )

    def __init__(self, *args: Any, languages: People, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["language"].choices = list(languages)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not any(given.get(part) for part in ("what", "where", "reach")):
            self.add_error("what", _("Write at least one thing that they said."))
        return given


class RelayIn(CallIn):
    """A call that somebody outside the house passes on."""

    field_order = ("consent", "what", "where", "how", "reach", "language", "code", "own")
    way = None  # type: ignore[assignment]
    own = forms.CharField(
        label=_("A note for yourself"),
        help_text=_("So that you know it again on your list. Only you can open it. Name nobody."),
        max_length=200,
        required=False,
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        code = self.fields["code"]
        code.choices = [  # type: ignore[attr-defined]
            ("none", pgettext_lazy("code", "No code: the answer comes through me")),
            *code.choices,  # type: ignore[attr-defined]
        ]
        code.initial = "none"


class PassedOn(Once):
    """The end of what somebody relays."""

    outcome = forms.ChoiceField(
        label=_("What came of it?"),
        choices=words.choices(words.PASSED_ON),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of it.")},
    )
    to = forms.CharField(
        label=_("Where, or how?"),
        help_text=_("An area, not an address. It may stay empty."),
        max_length=200,
        required=False,
    )
    text = text(_("Anything the desk should know"), "", required=False)


class Relink(Form):
    """A new request that belongs to an old one, shown by the word both had agreed."""

    old = forms.ChoiceField(
        label=_("Which earlier request is theirs?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the earlier request."),
            "invalid_choice": _("Choose one of those on the list."),
        },
    )
    word = forms.CharField(
        label=_("The word you had agreed"),
        help_text=_("As they said it. It is compared with the word that is kept with the request."),
        max_length=200,
        error_messages={"required": _("Ask them for the word and write it here.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, cases: People, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["old"].choices = list(cases)  # type: ignore[attr-defined]


class HandOver(Form):
    """The end of a shift."""

    to = forms.ChoiceField(
        label=_("Who has the desk now?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a colleague."),
            "invalid_choice": _("Choose one of those on the list."),
        },
    )
    note = text(
        _("What should they know?"),
        "",
        _("Promises made, and when each of them is due."),
        required=False,
    )

    def __init__(self, *args: Any, people: People, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["to"].choices = list(people)  # type: ignore[attr-defined]


class Search(Form):
    """Words to look for. They travel in the body of a form, never in an address."""

    text = forms.CharField(
        label=_("Search what you can open"),
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        error_messages={"required": _("Write what you are looking for.")},
    )
