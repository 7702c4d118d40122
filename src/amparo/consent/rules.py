"""What consent means, decided without a clock, a key or a table."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

# The defender's own hold on what they wrote, and the organisation's on its own papers.
OWN = "own"
HOUSE = "house"
# What a recipient may want a compartment for; each is asked for by itself. The first is what the house
# itself holds a case for.
PROTECTION = "protection"
# Authorities are told for a purpose of their own: no other yes is meant for them.
AUTHORITIES = "authorities"
PUBLICATION = "publication"
PURPOSES = (
    PROTECTION, "legal", "care", "shelter", "costs", PUBLICATION, "statistics", AUTHORITIES,
)  # fmt: skip
# Not asked for: a life in danger, and what two persons opened together.
OVERRIDE = "override"
RELEASE = "release"
# What only the defender chooses, by themselves, on their page: that one officer may open their name
# when their life is in danger, and what they may read back with their code.
DUTY = "duty"
CHOSEN = (DUTY, OWN)
# To be opened by two persons of the release group; identity by nobody else.
TOGETHER = ("identity", "location", "narrative")
GROUP = "release"  # the team's code

Answer = Literal["asked", "granted", "refused", "conditional", "withdrawn"]
ANSWERS: tuple[Answer, ...] = ("asked", "granted", "refused", "conditional", "withdrawn")
HOW = ("page", "oral", "written", "remote")

CONFIRM_WITHIN = timedelta(hours=4)
OVERRIDE_DAYS = 3
RELEASE_DAYS = 7
RELEASE_WAITS = timedelta(days=3)  # for the second person
ASK_AGAIN_AFTER = timedelta(days=30)
# How an officer made sure that a choice was the defender's and not that of somebody who found the code.
SURE = ("word", "spoke", "met")
# The one choice that waits no longer for it: in the night that it is for, nobody could make sure.
CHOICE_WAITS = timedelta(days=3)
RELEASE_GROUP_LIMIT = 7
TEXT_VERSION = "1"


@dataclass(frozen=True)
class Recorded:
    """A consent as it was recorded: who said what, about which compartment, for whom and why."""

    answer: Answer
    until: date | None
    condition: str = ""
    condition_met: bool = False


def is_in_force(record: Recorded, today: date) -> bool:
    """Whether a recorded answer lets anything leave: granted, or a condition that was met, and not
    past its last day. The gate also wants the key."""
    if record.until is not None and record.until < today:
        return False
    if record.answer == "conditional":
        return record.condition_met
    return record.answer == "granted"


def may_ask_again(refused_at: datetime, now: datetime) -> bool:
    """No is an answer: it is not asked again before its date."""
    return now >= refused_at + ASK_AGAIN_AFTER


def counts_by_itself(purpose: str, chosen_at: datetime, now: datetime) -> bool:
    """Whether a choice counts although nobody has made sure that it was the defender: that one officer
    may open their name in danger does after three days. It opens nothing to whoever found a code."""
    return purpose == DUTY and now >= chosen_at + CHOICE_WAITS


def pairs_of(group: list[str]) -> list[tuple[str, str]]:
    """Every ordered pair of a release group: either of two persons may begin."""
    members = sorted(set(group))[:RELEASE_GROUP_LIMIT]
    return [(first, second) for first in members for second in members if first != second]
