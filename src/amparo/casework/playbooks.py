"""Playbooks: what is done first, and then, when a kind of danger comes true; as packs, from the field's
own practice and from an organisation's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.foundation import packs
from amparo.foundation.packs import BadField

FIRST = 3  # tasks that somebody holds within a minute
START = "start"  # what the hours of a task count from, where it is no fact and no other task
UNCLEAR = "unclear"  # somebody pressed, and nobody knows yet what it is
MISSED = "journey-missed"
WHO = ("officer", "lawyer", "care", "digital", "coordination")
TELLS = ("", "partners", "authorities", "public")  # whom outside the house a task would tell
LONG, SHORT, MOST = 700, 80, 40  # letters of a text, of a name; things of one sort
LATEST = 60 * 24 * 60  # minutes: no task is due later after what it counts from


@dataclass(frozen=True)
class Step:
    """One task as a playbook has it. `within`: minutes after `after`, which is the start, a fact or
    another task of the same playbook. `tells`: it would tell somebody outside, so it wants consent."""

    id: str
    what: str
    done: str
    who: str
    within: int
    after: str = START
    tells: str = ""


@dataclass(frozen=True)
class Playbook:
    """One kind of danger. The first three tasks begin with the start. `facts`: an id, and the question
    whose answer is a time. `not_when`: what looks like it and is something else."""

    name: str
    when: str
    not_when: str
    tell: str
    ends: str
    ask: tuple[str, ...]
    never: tuple[str, ...]
    consent: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    tasks: tuple[Step, ...]


TABLES = {"playbook", "fact", "task"}
FIELDS = {"name", "when", "not_when", "tell", "ends", "ask", "never", "consent"}
TASK = {"id", "what", "done", "who", "within", "after", "tells"}


def read(content: Mapping[str, Any]) -> Playbook:
    """The playbook in a pack; BadField names what is not as it must be."""
    _known(content, TABLES, "")
    top = _table(content.get("playbook"), FIELDS, "playbook")
    facts = tuple(
        (_word(one, "id", place), _text(one, "ask", place, SHORT * 2))
        for place, one in _tables(content, "fact", {"id", "ask"})
    )
    tasks = tuple(_step(one, place) for place, one in _tables(content, "task", TASK))
    _hangs_together(facts, tasks)
    return Playbook(
        name=_text(top, "name", "playbook", SHORT),
        when=_text(top, "when", "playbook"),
        not_when=_text(top, "not_when", "playbook"),
        tell=_text(top, "tell", "playbook"),
        ends=_text(top, "ends", "playbook"),
        ask=_list(top, "ask", "playbook"),
        never=_list(top, "never", "playbook"),
        consent=_list(top, "consent", "playbook"),
        facts=facts,
        tasks=tasks,
    )


def _step(given: Mapping[str, Any], place: str) -> Step:
    within = given.get("within")
    if type(within) is not int or not 0 < within <= LATEST:
        raise BadField(f"{place}.within", f"minutes, from 1 to {LATEST}")
    return Step(
        id=_word(given, "id", place),
        what=_text(given, "what", place),
        done=_text(given, "done", place),
        who=_of(given, "who", WHO, place),
        within=within,
        after=_word(given, "after", place) if "after" in given else START,
        tells=_of(given, "tells", TELLS, place) if "tells" in given else "",
    )


def _hangs_together(facts: tuple[tuple[str, str], ...], tasks: tuple[Step, ...]) -> None:
    known = [START, *(name for name, _ in facts)]
    for number, one in enumerate(tasks, 1):
        if one.after not in known:
            raise BadField(
                f"task[{number}].after", "start, a fact, or a task that stands before it"
            )
        if number <= FIRST and (one.after != START or one.within > 60):
            raise BadField(
                f"task[{number}]", "one of the first three begins at once, within an hour"
            )
        if one.id in known:
            raise BadField(f"task[{number}].id", "a name of its own")
        known.append(one.id)
    if len(tasks) < FIRST:
        raise BadField("task", "three at least")
    if len(set(known)) != len(known):
        raise BadField("fact", "each a name of its own")


def _known(given: Mapping[str, Any], names: set[str], place: str) -> None:
    for name in given:
        if name not in names:
            raise BadField(f"{place}.{name}".strip("."), f"one of {', '.join(sorted(names))}")


def _table(given: object, names: set[str], place: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise BadField(place, "a table")
    _known(given, names, place)
    return given


def _tables(
    content: Mapping[str, Any], name: str, names: set[str]
) -> list[tuple[str, Mapping[str, Any]]]:
    given = content.get(name, [])
    if not isinstance(given, list) or len(given) > MOST:
        raise BadField(name, f"tables, at most {MOST}")
    places = [f"{name}[{number}]" for number in range(1, len(given) + 1)]
    return [(place, _table(one, names, place)) for place, one in zip(places, given, strict=True)]


def _text(given: Mapping[str, Any], name: str, place: str, limit: int = LONG) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= limit:
        raise BadField(f"{place}.{name}", f"a text of at most {limit} letters")
    return " ".join(value.split())


def _word(given: Mapping[str, Any], name: str, place: str) -> str:
    value = _text(given, name, place, 30)
    if not value.isascii() or not value.replace("-", "").isalnum():
        raise BadField(f"{place}.{name}", "letters, digits and dashes")
    return value


def _of(given: Mapping[str, Any], name: str, values: tuple[str, ...], place: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or value not in values:
        raise BadField(f"{place}.{name}", f"one of {', '.join(filter(None, values))}")
    return value


def _list(given: Mapping[str, Any], name: str, place: str) -> tuple[str, ...]:
    value = given.get(name)
    if not isinstance(value, list) or not 0 < len(value) <= MOST:
        raise BadField(f"{place}.{name}", f"a list of texts, at most {MOST}")
    return tuple(
        _text({name: one}, name, f"{place}[{number}]") for number, one in enumerate(value, 1)
    )


PLAYBOOK = packs.register(
    packs.Kind("playbook", Path(__file__).parent / "packs" / "playbooks", 1, read)
)


def playbooks() -> Mapping[str, packs.Pack]:
    """Every playbook by its id."""
    return packs.load(PLAYBOOK).packs
