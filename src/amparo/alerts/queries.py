"""Reads of alerts: plans of a case, alarms that run, what happened. Only what the actor's keys open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from types import SimpleNamespace
from typing import Any, Literal

from django.db import Error
from django.db.models import Q

from amparo.alerts import roster, rules
from amparo.alerts.models import (
    CHECKIN,
    HOME,
    LADDER,
    MOMENT,
    PLAN,
    REACHED,
    Alarm,
    CheckIn,
    Moment,
    Plan,
    Silence,
)
from amparo.alerts.rules import Fault
from amparo.consent import gate
from amparo.foundation import clock, engines, ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, NotFound, Unavailable
from amparo.foundation.watch import counts
from amparo.messages import channels, inbound, ringing, trial
from amparo.messages import rules as messages
from amparo.messages import watch as lanes
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import duty as duty_key
from amparo.vault import server


@dataclass(frozen=True)
class PlanView:
    """A plan as its person and the desk read it."""

    id: ids.Id
    kind: str
    tried: bool
    armed: bool  # no: the server's key was destroyed since, and it wants to be armed again
    doc: dict[str, Any]
    faults: list[Fault]


@dataclass(frozen=True)
class AlarmRow:
    """A line of the list of alarms. `undelivered` counts messages that no channel has taken yet,
    `unreported` those that were taken and are not known to have arrived; `held` are held back by what
    an account allows, until `held_until`."""

    id: ids.Id
    case: ids.Id
    mode: str
    state: str
    step: int
    due_at: datetime | None
    version: int
    undelivered: int
    day: date
    unreported: int = 0
    held: int = 0
    held_until: datetime | None = None


@dataclass(frozen=True)
class Happened:
    """One thing that happened: a code, when, at which step, and what else belongs to it."""

    what: str
    at: datetime
    step: int
    more: dict[str, Any]


@dataclass(frozen=True)
class Told:
    """Somebody whom the ladder tells, for an officer who rings them up."""

    label: str
    ways: list[tuple[str, str]]
    at: list[int]  # minutes of their rungs
    told: bool
    silent: bool
    said: str = ""  # their newest answer


@dataclass(frozen=True)
class RungView:
    """One rung of a running alarm; `desk`: those on duty are told as well."""

    at: int  # minutes after the press
    due_at: datetime
    desk: bool
    people: list[Told]


@dataclass(frozen=True)
class AlarmView:
    """One alarm. When it is over, nobody's address is left: only what happened."""

    row: AlarmRow
    name: str
    word: str  # whoever hears it from the person knows that they are safe
    told: list[Told]
    happened: list[Happened]  # newest first
    rungs: list[RungView]
    may_go_on: bool = False  # the actor is on it, and may say that they still are
    silent: bool = False  # they are not free to speak, and nobody near them may notice


def plans(actor: Actor, case: ids.Id) -> list[PlanView]:
    """The plans of a case; for the defender with their code, and for the desk."""
    leave = gate.admit(actor, case, HOME)
    found, duty = [], roster.faults()
    for row in Plan.objects.filter(case=case).order_by("kind"):
        doc = gate.read(leave, PLAN, row)
        contacts = rules.contacts_of(doc, reached(row))
        faults = rules.faults(rules.rungs_of(doc), contacts, duty=duty)
        faults += _asked_for_silence(case, doc)
        armed = bool(row.armed) or row.kind == "desk"
        found.append(PlanView(row.id, row.kind, row.tried, armed, doc, faults))
    return found


def silences(case: ids.Id) -> set[bytes]:
    """Marks of the numbers that have asked to be told nothing more about this person."""
    found = Silence.objects.filter(case=case).values_list("number", flat=True)
    return {bytes(one) for one in found}


def is_quiet(way: Sequence[str], quiet: set[bytes]) -> bool:
    """Whether a way, (channel, address), leads to one of these numbers."""
    channel, address = way
    return channel == "sms" and inbound.mark(address) in quiet


def _asked_for_silence(case: ids.Id, doc: dict[str, Any]) -> list[Fault]:
    quiet = silences(case)
    return [
        Fault("asked for silence", name)
        for name, one in doc["people"].items()
        if quiet and any(is_quiet(way, quiet) for way in one["ways"])
    ]


def reached(row: Plan) -> list[str]:
    """Who has answered a try of a plan; nobody when the server's key is another one since."""
    try:
        return list(duty_key.open_(REACHED, row.id, bytes(row.reached))["who"])
    except (CannotOpen, Unavailable):
        return []


def switched_off(actor: Actor, case: ids.Id) -> bool:
    """Whether a plan or a check-in of this case opens no more, because the server had to forget its
    keys: its person is asked to make it again."""
    gate.admit(actor, case, HOME)
    if Plan.objects.filter(case=case, armed=b"").exclude(kind="desk").exists():
        return True
    try:
        for row in CheckIn.objects.filter(case=case):
            duty_key.open_(CHECKIN, row.id, bytes(row.sealed))
    except CannotOpen:
        return True
    return False


def silent_channels() -> list[str]:
    """Channels to contacts by which nothing can leave this house as it is set up now."""
    return [channel for channel in messages.TO_CONTACTS if not channels.reaches(channel)]


def on_trial() -> bool:
    """Whether a press tells those on duty only, and nobody outside."""
    return trial.is_on()


def trial_answered() -> bool:
    """Whether somebody at the desk has answered a press in the trial."""
    return trial.was_answered()


def alarms(actor: Actor, *, running: bool = True) -> list[AlarmRow]:
    """Alarms of the actor's cases; what is due first stands first."""
    people.require(actor, INTAKE)
    rows = Alarm.objects.order_by("due_at", "id")
    if running:
        rows = rows.filter(state__in=rules.RUNNING)
    found = list(rows[:200])
    mine = gate.admit_many(actor, [row.case for row in found], "cover")
    return [_row(row) for row in found if row.case in mine]


def _row(row: Alarm) -> AlarmRow:
    stands = ringing.standing(row.id)
    return AlarmRow(
        row.id,
        row.case,
        row.mode,
        row.state,
        row.step,
        row.due_at,
        row.version,
        stands.untaken,
        row.day,
        stands.unreported,
        stands.held,
        stands.held_until,
    )


def taken_by(actor: Actor, rows: list[AlarmRow]) -> dict[ids.Id, ids.Id]:
    """Alarm -> which officer is on it, of those that an officer has taken."""
    found = {}
    for row in rows:
        if row.state != "answered":
            continue
        newest = next(
            (one for one in alarm(actor, row.id).happened if one.what in {"taken", "answer"}), None
        )
        if newest is not None and newest.what == "taken":
            found[row.id] = ids.of(newest.more["by"])
    return found


def on_duty(at: datetime | None = None) -> tuple[ids.Id, ...]:
    """Who of the intake team is on duty now, or at a moment; empty: nobody, or there is no roster."""
    return roster.on_duty(at)


def ringing_now() -> int:
    """How many alarms ring for the desk; a count, for the banner of every page."""
    return Alarm.objects.filter(state="open", mode="actual").count()


def taken_back(alarms: Iterable[ids.Id]) -> set[ids.Id]:
    """Which of these alarms were taken back at once by whoever pressed."""
    wanted = list(alarms)
    rows = Alarm.objects.filter(id__in=wanted, state="back") if wanted else Alarm.objects.none()
    return set(rows.values_list("id", flat=True))


def ids_for(alarm: ids.Id, count: int) -> list[ids.Id]:
    """Ids for what an alarm begins, always the same: whoever has the duty key finds them again, and
    nobody else can tell them from others. None after a lockdown."""
    try:
        return [duty_key.hidden_id("task", alarm, place) for place in range(count)]
    except Unavailable:
        return []


def cause(alarm_id: ids.Id) -> tuple[str, str]:
    """(what the person feared, by their plan; how it was pressed) of an alarm that runs, for those who
    prepare the answer; both empty when it is over, or when nothing of it opens."""
    row = Alarm.objects.filter(id=alarm_id).exclude(ladder=b"").first()
    if row is None:
        return "", ""
    try:
        doc = duty_key.open_(LADDER, row.id, bytes(row.ladder))
    except (CannotOpen, Unavailable):
        return "", ""
    return doc.get("danger", ""), doc.get("how", "")


def alarm(actor: Actor, alarm_id: ids.Id) -> AlarmView:
    """One alarm of a case that the actor's keys open; NotFound otherwise."""
    people.require(actor, INTAKE)
    row = Alarm.objects.filter(id=alarm_id).first()
    if row is None or not gate.holds(actor, row.case, "cover"):
        raise NotFound
    doc: dict[str, Any] = {}
    if row.desk:
        doc = gate.read_as_team(actor, LADDER, SimpleNamespace(id=row.id, sealed=row.desk))
    happened = _happened(actor, row)
    told = _told(doc, happened) if doc else {}
    return AlarmView(
        _row(row),
        doc.get("name", ""),
        doc.get("word", ""),
        list(told.values()),
        happened,
        _rungs(doc, told) if doc else [],
        _may_go_on(actor, row, happened),
        any(one.more.get("how") in rules.SILENT for one in happened),
    )


def _may_go_on(actor: Actor, row: Alarm, happened: list[Happened]) -> bool:
    """Whether it is the actor who is on it, near the end; what happened stands newest first."""
    if row.state != "answered" or row.due_at is None:
        return False
    moves = [one for one in happened if one.what in {"taken", "hold over", "rung on", "answer"}]
    mine = takewhile(
        lambda one: one.what == "taken" and one.more["by"] == str(actor.id),
        (one for one in moves if one.what != "answer" or one.more["effect"] in rules.HOLDS),
    )
    times = len(list(mine))
    return times > 0 and rules.may_prolong(left=row.due_at - clock.now(), times=times - 1)


def _rungs(doc: dict[str, Any], told: dict[str, Told]) -> list[RungView]:
    pressed_at = datetime.fromisoformat(doc["pressed_at"])
    return [
        RungView(
            at,
            pressed_at + timedelta(minutes=at),
            rules.DESK in to,
            [told[name] for name in to if name in told],
        )
        for at, to in doc["rungs"]
    ]


def _told(doc: dict[str, Any], happened: list[Happened]) -> dict[str, Told]:
    told = {label for one in happened for label in one.more.get("to", [])}
    silent = {one.more["label"] for one in happened if one.more.get("effect") == "silent"}
    said = {
        one.more["label"]: one.more["answer"] for one in reversed(happened) if one.what == "answer"
    }
    return {
        key: Told(
            one["label"],
            [(channel, address) for channel, address in one["ways"]],
            [at for at, to in doc["rungs"] if key in to],
            one["label"] in told,
            one["label"] in silent,
            said.get(one["label"], ""),
        )
        for key, one in doc["people"].items()
    }


def _happened(actor: Actor, row: Alarm) -> list[Happened]:
    found = []
    for one in Moment.objects.filter(alarm=row):
        try:
            doc = dict(gate.read_as_team(actor, MOMENT, one))
        except CannotOpen:
            continue  # sealed to a team that the actor has not been in
        at = datetime.fromisoformat(doc.pop("at"))
        found.append(Happened(doc.pop("what"), at, doc.pop("step"), doc))
    return sorted(found, key=lambda one: one.at, reverse=True)


# --- the auditor ---------------------------------------------------------------------------------
LATE = timedelta(seconds=30)
URGENT = ("alarms", "check-ins", "stuck", "messages", "notices")
Word = Literal["ok", "late", "locked"]


def audit() -> dict[str, int]:
    """What should have happened and did not, in one statement over partial indexes: alarms past their
    time, people who are late and nobody moved, alarms that nothing will move, messages that no sender
    took. 1000 stands for that many or more."""
    now = clock.now()
    late = Q(due_at__lte=now - LATE)
    parts = {
        "alarms": Alarm.objects.filter(late),
        "check-ins": CheckIn.objects.filter(late),
        "stuck": Alarm.objects.filter(due_at=None, state__in=rules.RUNNING),
    }
    return counts(parts | lanes.late(now))


def standing() -> Word:
    """How it stands, in a word. "late" also when no engine lives or the database does not answer."""
    if server.locked_down():
        return "locked"
    try:
        found, engines_ = audit(), engines.alive()
    except Error:
        return "late"
    return "late" if not engines_ or any(found[what] for what in URGENT) else "ok"
