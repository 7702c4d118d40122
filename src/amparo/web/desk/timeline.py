"""What a case has gone through and what is due in it, put together from what its page shows. Pure."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amparo.casework.queries import CaseView, Message
from amparo.web.desk import words

Text = str | Promise


@dataclass(frozen=True)
class Step:
    """One knot of the upright cord."""

    label: Text
    at: datetime | None
    by: str = ""
    done: bool = True


@dataclass(frozen=True)
class Due:
    """A deadline, why it stands, and whether it is somebody else's to move."""

    label: Text
    because: Text
    due_at: datetime
    waits: bool = False


NEXT: dict[str, tuple[Text, Text]] = {
    "new": (_("First answer"), _("a new request; somebody reads it by then")),
    "taken": (_("Answer them"), _("from the level, or from their last message")),
    "waiting": (_("Answer them"), _("they wrote again")),
    "answered": (_("Look at it again"), _("from the level; they may write before")),
}


def dues(view: CaseView) -> list[Due]:
    """Open deadlines, the nearest first."""
    found = []
    if view.row.due_at and view.row.state in NEXT:
        label, because = NEXT[view.row.state]
        found.append(Due(label, because, view.row.due_at, view.row.waits_for_defender))
    for one in view.thread.overrides:
        if not one.confirmed and not one.over:
            because = _("or the lock changes by itself")
            found.append(Due(_("A second person confirms"), because, one.due_at, one.mine))
    return sorted(found, key=lambda one: one.due_at)


def _label(message: Message) -> Text:
    if message.decision:
        return words.word(words.DECISIONS, message.decision)
    if message.outcome:
        return words.word(words.CALLS, message.outcome)
    if message.level:
        return gettext("Level: %(level)s") % {"level": words.word(words.LEVELS, message.level)}
    said: dict[str, Text] = {
        "defender": _("They wrote"),
        "desk": _("We answered"),
        "call": _("They asked, by phone or in person"),
        "note": _("A note for the desk"),
    }
    return said.get(message.by, _("A change"))


def steps(view: CaseView) -> list[Step]:
    """What is next, then what was, newest first."""
    ahead = [Step(one.label, one.due_at, done=False) for one in dues(view)]
    messages = view.thread.messages
    behind = [Step(_label(one), one.at, one.author) for one in messages]
    if messages and messages[-1].by in {"defender", "call"}:
        behind[-1] = Step(_("Asked for help"), messages[-1].at, messages[-1].author)
    return ahead + behind
