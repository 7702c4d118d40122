"""What a page may promise before anything is typed: when somebody reads it, and who."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

from amparo.alerts import roster
from amparo.casework import rules
from amparo.casework.services import intake
from amparo.casework.services.record import due_now, now_here
from amparo.foundation.config import config
from amparo.foundation.errors import Unavailable
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import server


@dataclass(frozen=True)
class Promise:
    """`open`: somebody is on duty now. `always`: day and night. `by`: when it is read at the latest.

    `hours` are today's, in UTC, and empty where a roster says who is on; `minutes` the longest wait
    while open.
    """

    open: bool
    always: bool
    minutes: int
    hours: str
    by: datetime


def promise() -> Promise:
    """The promise of this moment."""
    now, minutes, hours = now_here(), config().first_answer_minutes, config().duty_hours
    by, turns = due_now(minutes, hours), roster.hours(now)
    if turns is not None:
        return Promise(turns.on, turns.always, minutes, "", by)
    return Promise(rules.on_duty(now, hours), not hours, minutes, _in_utc(now, hours), by)


def _in_utc(now: datetime, hours: str) -> str:
    """08:00-18:00 of the desk's clock as the same hours in UTC, the clock of these pages."""
    ends = [time.fromisoformat(one.strip()) for one in hours.split("-") if one.strip()]
    moments = [now.replace(hour=one.hour, minute=one.minute).astimezone(UTC) for one in ends]
    return "–".join(f"{one:%H:%M}" for one in moments)


def full() -> bool:
    """Whether nothing can be taken in now. A lockdown is more than that: Unavailable."""
    try:
        intake.ready()
    except Unavailable:
        if server.locked_down():
            raise
        return True
    return False


def team() -> int:
    """How many people are on duty and would read it."""
    return len(people.members_of(INTAKE))
