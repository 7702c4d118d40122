"""A press: one commit from the button to the first message in the queue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from amparo.alerts import events, rules
from amparo.alerts.models import CARD, HOME, LADDER, PLAN, Alarm, Moment, Plan
from amparo.alerts.services import running
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.foundation.events import announce
from amparo.messages import ringing, trial
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import duty

PLACE = 4000  # letters


@dataclass(frozen=True)
class Pressed:
    """What the one who pressed is shown. `told` counts people, the desk as one of them."""

    alarm: ids.Id
    state: str
    is_try: bool
    told: int
    can_take_back: bool
    again: bool = False  # it was ringing already


def _card(token: str) -> tuple[Plan, dict[str, Any]]:
    """The plan of a card, opened; NotFound for every card that opens none."""
    secret = duty.from_text(token)
    row = Plan.objects.filter(find=duty.find(secret)).first()
    if row is None:
        raise NotFound
    try:
        return row, duty.open_capsule(CARD, row.id, secret, bytes(row.armed))
    except CannotOpen:
        raise NotFound from None


def press_card(token: str, *, once: ids.Id, practice: bool = False) -> Pressed:
    """Somebody pressed on their card's page. `once` is the press's own key: the same again is the same
    alarm, and a plan that rings already is pressed again, not twice. A try (`practice`) tells everybody
    that it is one; a plan that was never tried counts all the same."""
    plan, doc = _card(token)
    return _press(plan, doc, once=once, how="card", practice=practice)


def press_for(actor: Actor, case: ids.Id, plan: ids.Id, *, once: ids.Id) -> Pressed:
    """An officer presses for somebody (they called, or did not); works for every kind of plan."""
    if actor.kind != "staff":
        raise Refused
    leave = gate.admit(actor, case, HOME)
    row = Plan.objects.filter(id=plan, case=case).first()
    if row is None:
        raise NotFound
    return _press(row, gate.read(leave, PLAN, row), once=once, how="desk", by=actor.id)


def press_armed(
    plan: Plan, doc: dict[str, Any], once: ids.Id, how: str, *, hold: timedelta = timedelta()
) -> Pressed:
    """What the server presses itself, inside the transaction of what made it due. With `hold` the desk
    sees it at once, and nobody is told before."""
    return _press(plan, doc, once=once, how=how, hold=hold)


def _press(
    plan: Plan,
    doc: dict[str, Any],
    *,
    once: ids.Id,
    how: str,
    by: Any = "",
    practice: bool = False,
    hold: timedelta = timedelta(),
) -> Pressed:
    now = clock.now()
    doc = running.quieted(plan.case, doc) | running.begun(now) | {"how": how}
    mode = "exercise" if practice else "actual"
    alarm = Alarm(press=once, plan=plan.id, case=plan.case, mode=mode)
    with operations.writing():
        tried = Alarm.objects.filter(plan=plan.id, mode="exercise", state="open")
        if practice and tried.count() >= rules.TRIES:
            last = tried[0]
            return _shown(last, running.open_ladder(last) if last.ladder else {}, again=True)
        Alarm.objects.bulk_create([alarm], ignore_conflicts=True)
        if not Alarm.objects.filter(id=alarm.id).exists():
            return _again(plan, once)
        moments = [running.moment(alarm, "pressed", how=how, by=str(by))]
        if trial.is_on():
            moments.append(running.moment(alarm, "trial"))
        if practice:
            moments += _try(alarm, doc, now)
            Plan.objects.filter(id=plan.id).update(tried=True)
        elif hold:
            alarm.due_at = now + hold
            moments.append(running.moment(alarm, "held back"))
        else:
            moments += running.move(alarm, doc, now)
        running.seal_ladder(alarm, doc)
        alarm.desk = gate.seal_to_team(INTAKE, LADDER, alarm.id, doc)
        alarm.save(update_fields=["step", "due_at", "version", "ladder", "desk", "state"])
        Moment.objects.bulk_create(moments)
        journal.note("alarm pressed", alarm.case, alarm.id, mode=mode, how=how)
        announce(events.Pressed(str(alarm.id), str(alarm.case), mode))
    return _shown(alarm, doc)


def _try(alarm: Alarm, doc: dict[str, Any], now: datetime) -> list[Moment]:
    """A try tells everybody whose hours allow it once, and climbs nowhere."""
    rungs, contacts = running.ladder(doc)
    everybody = rules.Rung(0, tuple(dict.fromkeys(one for rung in rungs for one in rung.to)))
    desk = ringing.can_ring(people.members_of(INTAKE))
    to = rules.reachable(everybody, contacts, now, desk=desk)
    alarm.step, alarm.version, alarm.due_at = 0, 1, now + rules.HOLD
    running.tell(alarm, doc, to, "try")
    return [running.moment(alarm, "tried", to=running.labels(doc, to))]


def _again(plan: Plan, once: ids.Id) -> Pressed:
    """The same press once more, or another while the first still rings."""
    row = Alarm.objects.filter(press=once).first()
    if row is not None and row.plan != plan.id:
        raise Conflict
    if row is None:
        row = Alarm.objects.filter(plan=plan.id, mode="actual", state__in=rules.RUNNING).first()
        if row is None:
            raise Conflict
        if Moment.objects.filter(alarm=row).count() < rules.AGAIN:
            running.moment(row, "pressed again").save(force_insert=True)
            journal.note("alarm pressed again", row.case, row.id)
    doc = running.open_ladder(row) if row.ladder else {}
    return _shown(row, doc, again=True)


def _shown(alarm: Alarm, doc: dict[str, Any], *, again: bool = False) -> Pressed:
    told, can = 0, False
    if doc:
        told = len(doc["told"])
        pressed_at = datetime.fromisoformat(doc["pressed_at"])
        can = alarm.state == "open" and clock.now() <= pressed_at + rules.TAKE_BACK
    return Pressed(alarm.id, alarm.state, alarm.mode == "exercise", told, can, again)


def look(token: str, *, press: ids.Id, only: bool = False) -> Pressed:
    """How it stands, for the one who pressed: `press` is the key of the press, or the alarm that it was
    answered with; with `only` nothing else will do. NotFound for another's press."""
    plan, _ = _card(token)
    alarm = _own(plan, press, only=only)
    return _shown(alarm, running.open_ladder(alarm) if alarm.ladder else {})


def _own(plan: Plan, press: ids.Id, *, only: bool = False) -> Alarm:
    mine = Alarm.objects.filter(plan=plan.id)
    alarm = mine.filter(Q(press=press) | Q(id=press)).first()
    if alarm is None and not only:
        alarm = mine.filter(state__in=rules.RUNNING).first()
    if alarm is None:
        raise NotFound
    return alarm


def take_back(token: str, *, press: ids.Id, only: bool = False) -> Pressed:
    """A mistake, within half a minute: nothing rings any more, and whoever was told hears that it is
    over. Conflict when it is too late, or somebody is on it; then only a person can end it. Twice is
    once: whoever did not hear the answer asks again."""
    plan, _ = _card(token)
    with operations.writing():
        alarm = _own(plan, press, only=only)
        alarm = Alarm.objects.select_for_update().get(id=alarm.id)
        if alarm.state == "back":
            return _shown(alarm, {})
        doc = running.open_ladder(alarm) if alarm.ladder else {}
        if not doc or not _shown(alarm, doc).can_take_back:
            raise Conflict
        running.finish(alarm, doc, "back")
        alarm.save()
        running.moment(alarm, "taken back").save(force_insert=True)
        journal.note("alarm taken back", alarm.case, alarm.id)
        announce(events.TakenBack(str(alarm.id), str(alarm.case)))
    return _shown(alarm, {})


def say_where(token: str, *, press: ids.Id, text: str) -> None:
    """Where the person is, if they want to say so; the desk alone reads it. Invalid when it is longer
    than can be kept at once."""
    plan, _ = _card(token)
    alarm = _own(plan, press)
    text = text.strip()
    if len(text) > PLACE:
        raise Invalid("too long", {"where": "long"})
    if not text or alarm.state not in rules.RUNNING:
        return
    with operations.writing():
        running.moment(alarm, "where", text=text).save(force_insert=True)
        journal.note("place given", alarm.case, alarm.id)
