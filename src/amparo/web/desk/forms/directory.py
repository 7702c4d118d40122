"""An entry of the directory as it is filled in, and what somebody looks for in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.foundation import clock
from amparo.foundation.errors import Invalid
from amparo.messages.ways import Way
from amparo.people import listing
from amparo.people.keeping import Draft
from amparo.web import zones
from amparo.web.desk import guide
from amparo.web.desk.forms import Form
from amparo.web.desk.forms.case import Versioned, text
from amparo.web.plans import EASTERN

Choices = Iterable[tuple[str, Any]]
SPANS, WAYS = 2, 3


def _codes(given: str) -> tuple[str, ...]:
    """Codes as people part them: by spaces, by a comma, by the comma of their own script."""
    return tuple(given.replace(",", " ").replace("،", " ").split())


class Search(Form):
    """Whom somebody looks for. It travels in the body of a form, never in an address."""

    service = forms.ChoiceField(label=_("Which help?"), required=False)
    area = forms.CharField(
        label=_("Where?"),
        help_text=_("CO for Colombia, CO-ANT for Antioquia in it"),
        max_length=6,
        required=False,
    )
    language = forms.ChoiceField(label=_("Which language?"), required=False)
    open_now = forms.BooleanField(label=_("Open now"), required=False)
    urgent = forms.BooleanField(
        label=_("It is urgent: only those we know well and spoke with lately"), required=False
    )

    def __init__(self, *args: Any, languages: Iterable[str], **more: Any) -> None:
        super().__init__(*args, **more)
        any_ = ("", _("any"))
        found = sorted((code, guide.language(code)) for code in languages)
        self.fields["service"].choices = [any_, *guide.SERVICES.items()]  # type: ignore[attr-defined]
        self.fields["language"].choices = [any_, *found]  # type: ignore[attr-defined]

    def clean_area(self) -> str:
        """The code in capitals."""
        area = str(self.cleaned_data["area"]).strip().upper()
        if area and not listing.AREA.fullmatch(area):
            raise forms.ValidationError(str(guide.WRONG["area"]))
        return area


class Entry(Versioned):
    """Somebody who helps: what, where, in which language, when, and how they are reached."""

    kind = forms.ChoiceField(
        label=_("What are they?"),
        choices=list(guide.KINDS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what they are.")},
    )
    name = forms.CharField(
        label=_("What do we call them?"),
        help_text=_("It need not be their legal name."),
        max_length=listing.NAME,
        error_messages={"required": _("Write what you call them.")},
    )
    services = forms.MultipleChoiceField(
        label=_("What do they do?"),
        choices=list(guide.SERVICES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    areas = forms.CharField(
        label=_("Where do they work?"),
        help_text=_(
            "Country codes, or those of a first-level division: CO, MX-OAX. Empty: everywhere. Never "
            "a town."
        ),
        max_length=200,
        required=False,
    )
    languages = forms.CharField(
        label=_("Which languages?"),
        help_text=_("Codes with commas between: es, ar, qu."),
        max_length=100,
        required=False,
    )
    zone = forms.ChoiceField(
        label=_("What time is it there now?"),
        help_text=_("Choose the line that shows their clock. Hours go by it, summer and winter."),
    )
    text = text(
        _("Conditions"),
        "",
        _("Whom they take, what they ask for, what they cost, what to do when they cannot."),
        required=False,
    )
    exercise = forms.BooleanField(label=_("They agreed to be called in drills too"), required=False)

    def __init__(self, *args: Any, zone: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        clocks = zones.clocks(clock.now(), also=zone)
        self.fields["zone"].choices = clocks  # type: ignore[attr-defined]
        for number in range(1, SPANS + 1):
            self.fields[f"days{number}"] = forms.MultipleChoiceField(
                label=_("Days"),
                choices=list(guide.DAYS.items()),
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
            for name, label in (("from", _("From")), ("to", _("Until"))):
                self.fields[f"{name}{number}"] = forms.RegexField(
                    listing.TIME.pattern + "$",
                    label=label,
                    required=False,
                    widget=forms.TextInput(attrs={"type": "time"}),
                    error_messages={"invalid": _("Write the time as 09:00.")},
                )
        for number in range(1, WAYS + 1):
            self._way(number)

    def _way(self, number: int) -> None:
        channels = [("", "–"), *guide.CHANNELS.items()]
        self.fields[f"channel{number}"] = forms.ChoiceField(
            label=_("Way"), choices=channels, required=False
        )
        self.fields[f"address{number}"] = forms.CharField(
            label=_("Number or address"), max_length=200, required=False
        )
        self.fields[f"safe{number}"] = forms.CharField(
            label=_("Safe hours"),
            max_length=11,
            required=False,
            widget=forms.TextInput(attrs={"placeholder": "08:00-18:00"}),
        )
        self.fields[f"words{number}"] = forms.CharField(
            label=_("The words you agreed for a message"), max_length=160, required=False
        )
        self.fields[f"never{number}"] = forms.BooleanField(
            label=_("Never ring this number up"), required=False
        )

    @property
    def spans(self) -> list[dict[str, Any]]:
        """The lines of opening hours."""
        return [
            {"days": self[f"days{n}"], "start": self[f"from{n}"], "end": self[f"to{n}"]}
            for n in range(1, SPANS + 1)
        ]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of ways."""
        parts = ("channel", "address", "safe", "words", "never")
        return [{part: self[f"{part}{n}"] for part in parts} for n in range(1, WAYS + 1)]

    @property
    def draft(self) -> Draft:
        """What was filled in; ask only when it is valid."""
        given = self.cleaned_data
        return Draft(
            kind=given["kind"],
            name=given["name"],
            services=tuple(given["services"]),
            areas=_codes(given["areas"]),
            languages=_codes(given["languages"]),
            hours=tuple(self._hours(given)),
            zone=given["zone"],
            ways=tuple(_ways(given)),
            conditions=given["text"],
            exercise=given["exercise"],
        )

    def _hours(self, given: Mapping[str, Any]) -> Iterable[listing.Span]:
        for n in range(1, SPANS + 1):
            days, start, end = given[f"days{n}"], given[f"from{n}"], given[f"to{n}"]
            if days or start or end:
                yield listing.Span(
                    "".join(sorted(days)) or listing.EVERY_DAY, start or "00:00", end or "00:00"
                )

    def refuse(self, error: Invalid) -> None:
        """Put what the service found wrong beside its question."""
        for name, code in error.fields.items():
            target = f"address{name[3:]}" if name.startswith("way") else name
            target = {"conditions": "text", "hours": "from1", "ways": "address1"}.get(
                target, target
            )
            if code == "hours":
                target = target.replace("address", "safe")
            elif code == "choose" and target.startswith("address"):
                target = target.replace("address", "channel")
            self.add_error(
                target if target in self.fields else None,
                str(guide.WRONG.get(code, _("Look at this once more."))),
            )


def _ways(given: Mapping[str, Any]) -> Iterable[Way]:
    for n in range(1, WAYS + 1):
        if given[f"channel{n}"] or given[f"address{n}"]:
            address = "".join(given[f"address{n}"].split()).translate(EASTERN)
            hours = "".join(given[f"safe{n}"].split()).replace("–", "-")
            yield Way(
                given[f"channel{n}"],
                address,
                hours,
                given[f"words{n}"].strip(),
                never_call=given[f"never{n}"],
            )


def answers_of(doc: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's document as the answers of its form."""
    found: dict[str, Any] = {
        "kind": doc["kind"],
        "name": doc["name"],
        "services": doc["services"],
        "areas": ", ".join(doc["areas"]),
        "languages": ", ".join(doc["languages"]),
        "zone": doc["zone"],
        "text": doc["conditions"],
        "exercise": doc["exercise"],
        "version": doc["version"],
    }
    for n, (days, start, end) in enumerate(doc["hours"], 1):
        found |= {f"days{n}": list(days), f"from{n}": start, f"to{n}": end}
    for n, way in enumerate(doc["ways"], 1):
        found |= {
            f"channel{n}": way["channel"],
            f"address{n}": way["address"],
            f"safe{n}": way["hours"],
            f"words{n}": way["text"],
            f"never{n}": way["never_call"],
        }
    return found


class Spoken(Versioned):
    """Somebody has spoken with them today."""

    reason = text(
        _("How did you speak with them?"),
        _("Write on which way, and how you knew that it was they."),
        _("On which way, and how you knew that it was they."),
    )


class Vouch(Versioned):
    """Somebody stands for them."""

    reason = text(
        _("How do you know them?"),
        _("Write how you know them."),
        _("Who brought them, how long you have worked together, what you checked."),
    )


class No(Versioned):
    """Nobody is to be sent there."""

    reason = text(_("Why?"), _("Write the reason; colleagues read it."))


class Gone(Versioned):
    """They are there no more, or they are again."""


class Forget(Versioned):
    """Destroyed with all its versions."""

    sure = forms.BooleanField(
        label=_("Destroy this entry with everything that was ever written in it"),
        error_messages={"required": _("Tick this if it is what you want.")},
    )
