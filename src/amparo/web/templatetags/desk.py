"""What only the desk's pages are put together from: cords, levels, answers, words for codes."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, ngettext

from amparo.foundation import clock, ids
from amparo.web import cords
from amparo.web.desk import guide as guides
from amparo.web.desk import words
from amparo.web.tags import icon

register = template.Library()

TABLES = {
    "state": words.STATES,
    "level": words.LEVELS,
    "way": words.WAYS,
    "compartment": words.COMPARTMENTS,
    "about": words.COMPARTMENT_HINTS,
    "purpose": {**words.PURPOSES, **words.OTHERWISE},
    "exit": words.EXITS,
    "decision": words.DECISIONS,
    "reach": words.REACH,
    "team": words.TEAMS,
    "presence": words.PRESENCE,
    "answer": words.ANSWERS,
    "how": words.HOW,
    "call": {**words.CALLS, **words.PASSED_ON},
    "relay": words.RELAYED,
    "verb": words.VERBS,
    "who": words.WHO,
    "tells": words.TELLS,
    "task": words.TASK_STATES,
    "log": words.TASK_LOG,
    "response": words.RESPONSES,
    "capacity": words.CAPACITY,
}


@register.filter
def word(code: object, table: str) -> str:
    """`{{ row.state|word:"state" }}`: the word for a code."""
    return words.word(TABLES[table], code)


@register.filter
def language(code: str) -> str:
    """The name of a language in the language of the page; the code where none is known."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


@register.filter
def said(code: str) -> str:
    """What somebody who was called has answered."""
    return words.word(words.SAID, code)


@register.filter
def sign(compartment: str) -> SafeString:
    """The drawing of a compartment."""
    return icon(words.SIGNS[compartment])


@register.filter
def hour(value: datetime) -> SafeString:
    """A time in a list: the clock alone within a day, else the day in short. The list's head says
    whose clock it is."""
    here = timezone.localtime(value)
    away = abs(value - clock.now())
    if away < timedelta(hours=20):
        words_ = f"{here:%H:%M}"
    elif away < timedelta(days=6):
        words_ = formats.date_format(here, "D H:i")
    else:
        words_ = formats.date_format(here, "j M")
    return format_html("<bdi>{}</bdi>", words_)


@register.simple_tag
def level(value: int, short: bool = False) -> SafeString:
    """Shape, then word, then colour: how urgent a case is. `short` takes the drawing from the scale
    that the page carries, for lists of many."""
    if short:
        drawing = format_html('<svg class="k" aria-hidden="true"><use href="#m{}"/></svg>', value)
    else:
        drawing = icon(words.LEVEL_MARKS[str(value)], "" if value else "dashed")
    word_ = words.word(words.LEVELS, value)
    return format_html('<span class="lv l{}">{} <span>{}</span></span>', value, drawing, word_)


@register.simple_tag
def answer(code: str) -> SafeString:
    """The mark and the word of an answer to a question of consent."""
    mark, dye = words.MARKS[code]
    return format_html(
        '<span class="{}">{} {}</span>', dye, icon(mark), words.word(words.ANSWERS, code)
    )


@register.simple_tag
def capacity(state: str, of: int, left: int) -> SafeString:
    """How much of a response there is: mark, word, and the count where one is kept."""
    mark, dye = words.CAPACITY_MARKS[state]
    said = words.word(words.CAPACITY, state)
    count = format_html(" <bdi>{}/{}</bdi>", left, of) if of else ""
    return format_html('<span class="{}">{} {}{}</span>', dye, icon(mark), said, count)


@register.simple_tag
def fresh() -> str:
    """A key of its own for one form among many."""
    return str(ids.new())


@register.filter
def minutes(count: int) -> str:
    """A span of minutes in words: minutes, hours or days."""
    if count < 120:
        return ngettext("%(n)s minute", "%(n)s minutes", count) % {"n": count}
    if count < 48 * 60:
        return ngettext("%(n)s hour", "%(n)s hours", count // 60) % {"n": count // 60}
    days = count // (24 * 60)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


@register.inclusion_tag("desk/parts/cord.html")
def cord(due: datetime | None, level: int, waits: bool = False) -> dict[str, Any]:
    """The cord of one deadline: words first, then clock time, then the drawing."""
    if due is None:
        return {"cord": None}
    return {
        "cord": cords.cord(due, clock.now()),
        "due": due,
        "level": level,
        "waits": waits,
    }


@register.inclusion_tag("desk/parts/scale.html")
def scale() -> dict[str, Any]:
    """The marks that all cords of a page share, drawn once."""
    return {"now": cords.NOW, "steps": [cords.place(step) for step in cords.STEPS]}


@register.inclusion_tag("desk/parts/tiles.html")
def tiles(bound: BoundField, table: str) -> dict[str, Any]:
    """A choice drawn as equal tiles, each with its mark; none is chosen beforehand."""
    choices = []
    for widget in bound.subwidgets:
        code = str(widget.data["value"])
        if table == "level":
            mark, dye = words.LEVEL_MARKS[code], f"l{code}"
            hint = words.word(words.LEVEL_HINTS, code)
        else:
            (mark, dye), hint = words.MARKS[code], ""
        choices.append({"widget": widget, "mark": mark, "dye": dye, "hint": hint})
    return {"bound": bound, "choices": choices}


# Of the directory.
GUIDES = {
    "kind": guides.KINDS,
    "channel": guides.CHANNELS,
    "vetting": guides.VETTING,
}


@register.filter
def guide(code: object, table: str) -> str:
    """`{{ one.kind|guide:"kind" }}`: the directory's word for a code."""
    return words.word(GUIDES[table], code)


@register.filter
def services(codes: list[str]) -> str:
    """What somebody does."""
    return words.in_a_row(words.word(guides.SERVICES, code) for code in codes)


@register.filter
def areas(codes: list[str]) -> str:
    """Where somebody works."""
    return str(guides.areas(codes))


@register.filter
def tongues_of(codes: list[str]) -> str:
    """Languages by their names."""
    return words.in_a_row(guides.language(code) for code in codes)


@register.filter
def weekdays(code: str) -> str:
    """Days of the week."""
    return guides.days(code)


@register.simple_tag
def vetted(code: str) -> SafeString:
    """How far somebody is vetted: mark and words."""
    mark, dye = guides.MARKS[code]
    return format_html(
        '<span class="{}">{} {}</span>', dye, icon(mark), words.word(guides.VETTING, code)
    )
