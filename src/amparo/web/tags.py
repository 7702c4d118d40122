"""What every page is put together from: icons drawn inside the page, clock times, questions."""

import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms.boundfield import BoundField, BoundWidget
from django.template import Context, NodeList
from django.template.base import Node, Parser, Token
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from amparo.alerts import queries as alarms
from amparo.foundation import clock as clocks
from amparo.foundation.config import config
from amparo.web import zones
from amparo.web.notes import words

register = template.Library()

SHEET = Path(__file__).parent / "templates" / "components" / "icons.svg"
# Turned round where one reads from right to left; a clock, a tick or a phone is not.
TURNED = frozenset({"leave", "next", "back", "pen", "page", "handover", "opened"})
MARKS = frozenset({"diamond", "disc", "ring", "dot", "half", "barred", "none", "no", "yes"})
SOURCE = "en"


@cache
def drawings() -> dict[str, str]:
    """Name to the inside of its drawing, on a grid of 24."""
    found = re.findall(r'<symbol id="([\w-]+)"[^>]*>(.*?)</symbol>', SHEET.read_text(), re.S)
    return dict(found)


@register.simple_tag
def icon(name: str, colour: str = "") -> SafeString:
    """A drawing inside the page, hidden from screen readers: it never stands without its word.

    `colour` is the class of one of the dyes (blue, red, ochre, green) or empty.
    """
    kind = "k" if name in MARKS else "i"
    classes = " ".join(part for part in (kind, "m" if name in TURNED else "", colour) if part)
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">{}</svg>',
        classes,
        mark_safe(drawings()[name]),  # noqa: S308  (our own sheet)
    )


@register.inclusion_tag("components/trial.html")
def trial_note() -> dict[str, bool]:
    """Said before and after a press for as long as nobody outside is told."""
    return {"on_trial": alarms.on_trial()}


@register.filter
def bdi(value: object) -> SafeString:
    """A name, code, number or time, kept apart from the direction of the text around it."""
    return format_html("<bdi>{}</bdi>", value)


# Times. A page without script grows stale, so it always shows a clock time, and whose clock it is.


def _local(value: datetime) -> datetime:
    return timezone.localtime(value)


def _stamp(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def clock_words(value: datetime) -> str:
    """14:05 UTC"""
    here = _local(value)
    return f"{here:%H:%M} {here.tzname() or 'UTC'}"


def day_words(value: date | datetime) -> str:
    """Today, Yesterday, or the day in the words of the page's language."""
    day = _local(value).date() if isinstance(value, datetime) else value
    today = _local(clocks.now()).date()
    if day == today:
        return pgettext("day", "Today")
    if (today - day).days == 1:
        return pgettext("day", "Yesterday")
    if (day - today).days == 1:
        return pgettext("day", "Tomorrow")
    # Translators: see Django's date formats; Spanish wants "j \\d\\e F".
    pattern = pgettext("date", "j F") if day.year == today.year else pgettext("date", "j F Y")
    return formats.date_format(day, pattern)


@register.filter
def clock(value: datetime | None) -> SafeString:
    """The time on the clock, as `<time>`; nothing for None."""
    if value is None:
        return SafeString("")
    return format_html(
        '<time datetime="{}"><bdi>{}</bdi></time>',
        _stamp(value),
        clock_words(value),
    )


@register.filter
def day(value: date | datetime | None) -> SafeString:
    """The day alone, as `<time>`."""
    if value is None:
        return SafeString("")
    when = _local(value) if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', f"{when:%Y-%m-%d}", day_words(value))


def _at(value: datetime, words_of_day: str) -> SafeString:
    """A day and a time, with the comma of the page's language between them."""
    return format_html(
        '<time datetime="{}">{}{}<bdi>{}</bdi></time>',
        _stamp(value),
        words_of_day,
        pgettext("between", ", "),
        clock_words(value),
    )


@register.filter
def moment(value: date | datetime | None) -> SafeString:
    """Day and time on the clock; the day alone where only a day is kept."""
    if not isinstance(value, datetime):
        return day(value)
    return _at(value, day_words(value))


@register.filter
def deadline(value: datetime | None) -> SafeString:
    """A time that is still to come, for the middle of a sentence: the clock alone where it is
    today's."""
    if value is None:
        return SafeString("")
    apart = (_local(value).date() - _local(clocks.now()).date()).days
    if apart == 0:
        return clock(value)
    words_of_day = pgettext("deadline", "tomorrow") if apart == 1 else day_words(value)
    return _at(value, words_of_day)


@register.simple_tag
def now_clock() -> SafeString:
    """What our clock shows, so that any other time on the page can be understood anywhere."""
    return clock(clocks.now())


# Forms


# A password that nobody sees or sends: of a form without one, Chromium writes what was sent to the
# disk, to open the window again one day. One letter is too short for any browser to offer to
# remember it.
UNKEPT = SafeString('<input type="password" value="0" autocomplete="one-time-code" hidden>')


@register.simple_tag(takes_context=True)
def csrf_token(context: Context) -> SafeString:
    """Django's tag, for the forms of the desk, and beside it the password that keeps them unwritten."""
    value = context.get("csrf_token")
    if not value or value == "NOTPROVIDED":
        return SafeString("")
    field_ = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', value)
    return field_ + UNKEPT


@register.simple_tag(takes_context=True)
def form_token(context: Context) -> SafeString:
    """The page's sealed token, for people without an account; nothing where a page has none.

    Stands before the first file of its form, so that it has been read when the file arrives.
    """
    value = context.get("token")
    if not value:
        return SafeString("")
    return format_html('<input type="hidden" name="token" value="{}">', value) + UNKEPT


def tight(widget: str) -> SafeString:
    """A widget without the empty lines between its choices: a long list of them is bytes."""
    return mark_safe(re.sub(r">\s*\n\s*<", "><", widget))  # noqa: S308  (escaped where it was made)


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField, optional: bool = False, classes: str = "", rows: int = 0, plain: bool = False
) -> dict[str, Any]:
    """One question: its words, why it is asked, what is wrong with the answer, the answer.

    `classes` go to the input ("short", "mono"); `rows` is the height of a text; `plain` leaves the
    question in the size of ordinary text, for forms that ask many.
    """
    kind = getattr(bound.field.widget, "input_type", "") or bound.widget_type
    several = bound.field.widget.use_fieldset
    about = [
        f"{bound.auto_id}_{part}"
        for part, there in (("helptext", bound.help_text), ("error", bound.errors))
        if there
    ]
    attributes: dict[str, Any] = {"autocomplete": "off"}
    if about:
        attributes["aria-describedby"] = " ".join(about)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    if rows:
        attributes["rows"] = rows
    if kind not in ("radio", "checkbox"):
        attributes["class"] = f"box {classes}".strip()
        attributes["dir"] = "auto" if kind in ("text", "textarea", "search") else None
    given = {**attributes, **bound.field.widget.attrs}
    given = {name: value for name, value in given.items() if value is not None}
    choices: list[BoundWidget] = bound.subwidgets if several else []
    return {
        "bound": bound,
        "group": several,
        "single": kind == "checkbox" and not several,
        "optional": optional,
        "plain": plain,
        "about": " ".join(about),
        "control": "" if several else tight(bound.as_widget(attrs=given)),
        "choices": choices,
    }


@register.simple_tag
def brief(bound: BoundField) -> SafeString:
    """A short question in as few bytes as it can be asked, for forms that ask the same of several."""
    wrong = ""
    attrs: dict[str, Any] = {"class": "box"}
    if bound.field.widget.input_type == "text":
        attrs["dir"] = "auto"
    if bound.errors:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"{bound.auto_id}_error"}
        said = " ".join(str(error) for error in bound.errors)
        wrong = format_html('<span class="err" id="{}_error">{}</span>', bound.auto_id, said)
    return format_html(
        '<div{}><label class="label" for="{}">{}</label>{}{}</div>',
        mark_safe(' class="bad"') if wrong else "",
        bound.auto_id,
        bound.label,
        wrong,
        tight(bound.as_widget(attrs=attrs)),
    )


@register.inclusion_tag("components/summary.html")
def summary(form: Any, heading: str = "") -> dict[str, Any]:
    """What stands between the person and the next page, each line leading to its question."""
    lines = []
    for bound in form:
        first = f"{bound.auto_id}_0" if bound.field.widget.use_fieldset else bound.id_for_label
        lines += [(first, error) for error in bound.errors]
    general = form.non_field_errors()
    count = len(lines) + len(general)
    return {"lines": lines, "general": general, "heading": heading, "count": count}


@register.simple_tag
def upload_limit() -> str:
    """How much the files of one page may have together, in whole megabytes."""
    return gettext("%(n)s MB") % {"n": config().page_upload_limit // 2**20}


# Translations that nobody has read yet


def unread() -> bool:
    """Whether no person has confirmed the safety texts of this page's language."""
    language = translation.get_language() or SOURCE
    return language.split("-")[0] != SOURCE and language not in config().reviewed


class Beside(Node):
    """Safety texts in the page's language; until a person has read them, in English as well."""

    def __init__(self, inside: NodeList) -> None:
        self.inside = inside

    def render(self, context: Context) -> SafeString:
        text = self.inside.render(context)
        if not unread():
            return text
        with translation.override(SOURCE):
            english = self.inside.render(context)
        return format_html(
            '{}<div class="beside" lang="{}" dir="ltr">{}</div>', text, SOURCE, english
        )


@register.tag
def beside(parser: Parser, _token: Token) -> Beside:
    """`{% beside %}` … `{% endbeside %}` round texts that a life may hang on."""
    inside = parser.parse(("endbeside",))
    parser.delete_first_token()
    return Beside(inside)


@register.simple_tag
def draft_translation() -> bool:
    """Whether to say above the page that its translation has not been read by a person."""
    return unread()


@register.filter
def listed(parts: list[str]) -> str:
    """a, b and c in the language of the page."""
    words = [str(part) for part in parts]
    if len(words) < 2:
        return "".join(words)
    return gettext("%(some)s and %(last)s") % {
        "some": pgettext("between", ", ").join(words[:-1]),
        "last": words[-1],
    }


# Languages


@register.simple_tag
def tongues(view: str) -> list[dict[str, Any]]:
    """Each language of this installation with the address of `view` in it, and which one is here.

    Returns a list of {"code", "name", "rtl", "address", "here"}.
    """
    current = translation.get_language() or SOURCE
    found = []
    for code, name in settings.LANGUAGES:
        with translation.override(code):
            address = reverse(view)
        rtl = translation.get_language_info(code)["bidi"]
        found.append(
            {"code": code, "name": name, "rtl": rtl, "address": address, "here": code == current}
        )
    return found


@register.filter
def city(zone: str) -> str:
    """A time zone by the cities that keep it."""
    return str(zones.CITIES.get(zone, zone))


# Words for what is stored as a code. A page for a defender never shows the code.


@register.filter
def part_name(code: str) -> str:
    """A compartment, said to the person whose it is."""
    return words.word(words.PARTS, code)


@register.filter
def part_names(codes: list[str]) -> list[str]:
    """Several of them."""
    return [part_name(code) for code in codes]


@register.filter
def written(code: str) -> str:
    """What was written down in a compartment, said to the person whose it is."""
    return words.word(words.WRITTEN, code)


@register.filter
def chosen_name(row: Any) -> str:
    """What was said yes to, said to the person whose it is."""
    if row.purpose == "own":
        return written(row.compartment)
    if row.purpose == "duty":
        return f"{gettext('Your name')}: {purpose_name('duty')}"
    return f"{reader_name(row)}: {part_name(row.compartment)}"


@register.filter
def part_title(code: str) -> str:
    """A compartment, said to somebody who reads about another person."""
    return words.word(words.TITLES, code)


@register.filter
def purpose_name(code: str) -> str:
    """What something is asked or given for."""
    return words.word(words.PURPOSES, code)


@register.filter
def way_out(code: str) -> str:
    """How something left the house."""
    return words.word(words.WAYS_OUT, code)


@register.filter
def reader_name(reader: Any) -> str:
    """Somebody who can read, by the name that the defender was told, or by their work."""
    return words.word(words.READERS, reader.label)


@register.filter
def reader_inside(reader: Any) -> str:
    """The same for the middle of a sentence: a name stays as it is."""
    name = reader_name(reader)
    return name if name == reader.label else name[:1].lower() + name[1:]


@register.filter
def may_be_closed(reader: Any) -> bool:
    """Whether this reader can be shut out alone; the conversation ends only as a whole."""
    return not (reader.kind == "team" and "correspondence" in reader.compartments)


@register.filter
def purpose_title(code: str) -> str:
    """What something was given for, said to somebody who reads about another person."""
    return words.word(words.PURPOSE_TITLES, code)
