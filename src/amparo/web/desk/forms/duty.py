"""What is filled in about duty: a rotation, a span of time for one person, a note for the next one."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from amparo.alerts import oncall
from amparo.alerts.oncall import ALL_DAY, EVERY_DAY, WEEKDAYS, WEEKEND, Rotation, Window
from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.web.desk.forms import Form
from amparo.web.desk.forms.case import text
from amparo.web.plans import hour
from amparo.web.zones import clocks

People = Iterable[tuple[str, str]]
MOST = 12  # people that one rotation asks for
LINES = [
    ("first", pgettext_lazy("duty", "On duty: rung first")),
    ("second", pgettext_lazy("duty", "Deputy: rung when nobody has answered")),
]
UNITS = [
    ("weeks", pgettext_lazy("duty", "weeks")),
    ("days", pgettext_lazy("duty", "days")),
    ("hours", pgettext_lazy("duty", "hours")),
]
WHEN = [
    ("always", pgettext_lazy("duty", "Day and night, every day")),
    ("nights", pgettext_lazy("duty", "Every day between the hours below")),
    ("both", pgettext_lazy("duty", "Working days between the hours below, and the whole weekend")),
    ("weekdays", pgettext_lazy("duty", "Working days between the hours below")),
    ("weekend", pgettext_lazy("duty", "The weekend only")),
]
NEEDS_HOURS = {"nights", "both", "weekdays"}


def _day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "required": _("Choose a day."),
            "invalid": _("Write a day such as 2026-12-31."),
        },
    )


def windows_of(when: str, start: str, end: str) -> tuple[Window, ...]:
    """The hours of a rotation, of what was chosen."""
    weekend = Window(WEEKEND, ALL_DAY, ALL_DAY)
    return {
        "nights": (Window(EVERY_DAY, start, end),),
        "both": (Window(EVERY_DAY, start, end), weekend),  # Sunday's night is one too
        "weekdays": (Window(WEEKDAYS, start, end),),
        "weekend": (weekend,),
    }.get(when, ())


def when_of(windows: tuple[Window, ...]) -> tuple[str, str, str]:
    """The same the other way: what was chosen, and its hours."""
    for when, _words in WHEN:
        start, end = (windows[0].start, windows[0].end) if windows else ("", "")
        if windows == windows_of(when, start, end):
            return (when, start, end) if when in NEEDS_HOURS else (when, "", "")
    return "always", "", ""


class RotationForm(Form):
    """Who follows whom on duty, and at which hours. `team`: (principal, name) of who may be on."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    name = forms.CharField(
        label=_("What do you call this rotation?"),
        help_text=_("For example: nights."),
        max_length=60,
        error_messages={"required": _("Write a short name.")},
    )
    line = forms.ChoiceField(label=_("What is it for?"), choices=LINES, widget=forms.RadioSelect)
    day = _day(_("First hand-over: day"))
    at = hour(_("Hour of every hand-over"))
    length = forms.IntegerField(
        label=_("How long is one turn?"),
        min_value=1,
        max_value=72,
        error_messages={"required": _("Write a number."), "invalid": _("Write a number.")},
    )
    unit = forms.ChoiceField(label=_("Counted in"), choices=UNITS)
    zone = forms.ChoiceField(
        label=_("By which clock?"),
        help_text=_("The hand-over stays at its hour there, in summer and in winter."),
    )
    when = forms.ChoiceField(label=_("At which hours?"), choices=WHEN, widget=forms.RadioSelect)
    start = hour(_("From"))
    end = hour(_("until"))
    asks = forms.BooleanField(
        label=_("Whoever comes says that they have taken over"),
        help_text=_("Until then whoever went is rung too. After half an hour both get a notice."),
        required=False,
    )

    def __init__(self, *args: Any, team: People, **more: Any) -> None:
        super().__init__(*args, **more)
        members = list(team)
        zone = str(self.initial.get("zone", config().time_zone))
        self.fields["zone"].choices = clocks(clock.now(), also=zone)  # type: ignore[attr-defined]
        choices = [("", gettext("Nobody")), *members]
        self.count = min(len(members), MOST)
        for n in range(1, self.count + 1):
            label = gettext("Person %(n)s") % {"n": n}
            self.fields[f"who{n}"] = forms.ChoiceField(label=label, choices=choices, required=False)

    def people(self) -> list[forms.BoundField]:
        """The questions about who follows whom."""
        return [self[f"who{n}"] for n in range(1, self.count + 1)]

    def clean(self) -> dict[str, Any]:
        """What no single answer shows: hours that are wanted, nobody at all."""
        given = super().clean() or {}
        chosen = [given[f"who{n}"] for n in range(1, self.count + 1) if given.get(f"who{n}")]
        if not chosen:
            self.add_error("who1" if self.count else None, _("Choose at least one person."))
        if len(set(chosen)) != len(chosen):
            self.add_error("who1", _("Somebody stands here twice."))
        if not given.get("at") and "at" not in self.errors:
            self.add_error("at", _("Write an hour such as 08:30."))
        for name in ("start", "end"):
            wanted = given.get("when") in NEEDS_HOURS and name not in self.errors
            if wanted and not given.get(name):
                self.add_error(name, _("Write an hour such as 08:30."))
        return given

    def rotation(self, rotation_id: str) -> Rotation:
        """What was filled in, as the rules take it."""
        given = self.cleaned_data
        people = [given[f"who{n}"] for n in range(1, self.count + 1)]
        return Rotation(
            rotation_id,
            tuple(one for one in people if one),
            f"{given['day']:%Y-%m-%d}T{given['at']}",
            given["zone"],
            given["unit"],
            given["length"],
            given["line"],
            windows_of(given["when"], given["start"], given["end"]),
            given["asks"],
        )


def filled(rotation: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of a rotation that stands in the roster."""
    found = oncall.rotation_of(rotation)
    begins = datetime.fromisoformat(found.begins)
    when, start, end = when_of(found.windows)
    people = {f"who{n}": one for n, one in enumerate(found.people, 1)}
    return people | {
        "name": rotation["name"], "line": found.line, "day": begins.date(), "unit": found.unit,
        "at": f"{begins:%H:%M}", "length": found.length, "zone": found.zone, "when": when,
        "start": start, "end": end, "asks": found.asks,
    }  # fmt: skip


def fresh(monday: date) -> dict[str, Any]:
    """What a new rotation begins with: a week each, from a Monday morning."""
    return {
        "line": "first", "day": monday, "at": "08:00", "length": 1, "unit": "weeks",
        "zone": config().time_zone, "when": "always", "start": "18:00", "end": "08:00", "asks": True,
    }  # fmt: skip


class Span(Form):
    """From one moment to another, by the organisation's clock."""

    start_day = _day(_("From: day"))
    start_at = hour(_("From: hour"))
    end_day = _day(_("Until: day"))
    end_at = hour(_("Until: hour"))

    def clean(self) -> dict[str, Any]:
        """The two moments stand in `start` and `end`; a day without an hour begins at midnight, and
        ends at the next one."""
        given = super().clean() or {}
        if self.errors:
            return given
        zone = config().time_zone
        ends = f"{given['end_day']}T{given['end_at'] or '00:00'}"
        end = datetime.fromisoformat(ends)
        if not given["end_at"]:
            end = datetime.combine(date.fromordinal(end.date().toordinal() + 1), end.time())
        start = datetime.fromisoformat(f"{given['start_day']}T{given['start_at'] or '00:00'}")
        given["start"], given["end"] = oncall.moment(start, zone), oncall.moment(end, zone)
        return given


def _person(label: Any, hint: Any = "", *, required: bool = True) -> forms.ChoiceField:
    wrong = dict.fromkeys(("required", "invalid_choice"), _("Choose a colleague."))
    return forms.ChoiceField(label=label, help_text=hint, required=required, error_messages=wrong)


class OfColleague(Span):
    """A span for somebody of the team."""

    person = _person(_("Who is on duty?"))

    def __init__(self, *args: Any, team: People, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["person"].choices = [("", gettext("Choose")), *team]  # type: ignore[attr-defined]


class PutOn(OfColleague):
    """Somebody is on, whoever it would have been."""

    line = forms.ChoiceField(label=_("What are they?"), choices=LINES, widget=forms.RadioSelect)
    field_order = ["person", "line"]


class Swap(OfColleague):
    """A colleague is asked."""

    person = _person(_("Whom do you ask?"))
    mine = forms.ChoiceField(
        label=_("What do you ask?"),
        choices=[
            ("1", pgettext_lazy("duty", "They take my turns in this time")),
            ("", pgettext_lazy("duty", "I take their turns in this time")),
        ],
        required=False,
        widget=forms.RadioSelect,
    )
    field_order = ["person", "mine"]


class Away(Span):
    """Somebody is away. Only who organises says so for others (`others`)."""

    who = _person(_("Who is away?"), required=False)
    cover = _person(
        _("Who stands in for them?"),
        _("They are asked. Until they say yes, nobody is on in these turns."),
        required=False,
    )
    field_order = ["who", "start_day", "start_at", "end_day", "end_at", "cover"]

    def __init__(self, *args: Any, team: People, others: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        members = list(team)
        self.fields["cover"].choices = [("", gettext("Nobody yet")), *members]  # type: ignore[attr-defined]
        if others:
            self.fields["who"].choices = members  # type: ignore[attr-defined]
        else:
            del self.fields["who"]


class LeaveNote(Form):
    """What the next one must know."""

    text = text(
        _("What must they know?"),
        _("Write a few words."),
        _("What is promised, and when it is due. They read it, and the others of the desk."),
    )
    at_once = forms.BooleanField(label=_("They may take over right away"), required=False)


def chosen(value: str) -> ids.Id | None:
    """A person of a form; None for nobody."""
    return ids.parse(value) if value else None
