"""An answer: from a contact's link or from the desk. Late ones neither stop nor skip anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amparo.alerts import rules
from amparo.alerts.models import Alarm, Plan
from amparo.alerts.services import plans, running, silent
from amparo.consent import gate, links
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages import trial
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import keys


@dataclass(frozen=True)
class Called:
    """What somebody who was called is shown: how the person is named to them, and how it stands."""

    who: str
    label: str
    state: str
    what: str  # alarm, try or clear
    moved_on: bool  # others have been told since
    needs_word: bool
    pressed_at: datetime | None  # until it is over
    step: int
    body: dict[str, Any]
    may_go_on: bool = False  # they are on it, and may say that they still are


def open_link(token: str, *, seen: int = -1) -> Called:
    """A link of a message; NotFound for every link that opens nothing. It opens until its hours are
    over: whoever taps twice, or comes back, must not find a closed door while somebody waits.

    `seen` is the step that its holder's page showed: what they say next is said knowing of it.
    """
    body = links.look(token, running.LINK)
    step = Alarm.objects.filter(id=ids.of(body["alarm"])).values_list("step", flat=True).first()
    return shown(body | {"step": max(body["step"], min(seen, -1 if step is None else step))})


def shown(body: dict[str, Any]) -> Called:
    """What the holder of a link sees now."""
    alarm = Alarm.objects.filter(id=ids.of(body["alarm"])).first()
    if alarm is None:
        raise NotFound
    doc = running.open_ladder(alarm) if alarm.ladder else {}
    return Called(
        doc.get("name", ""),
        body["label"],
        alarm.state,
        body["what"] if doc else "clear" if alarm.mode == "actual" else "try",
        alarm.step > body["step"],
        bool(doc.get("word")),
        datetime.fromisoformat(doc["pressed_at"]) if doc else None,
        alarm.step,
        body,
        bool(doc) and _may_go_on(alarm, doc, body["who"]),
    )


def answer(
    body: dict[str, Any],
    answer_: rules.Answer,
    *,
    word: str = "",
    spoke: bool = False,
    by_message: bool = False,
) -> rules.Effect:
    """What a contact says. "safe" ends it with the agreed word; without it, somebody who has spoken to
    the person keeps it still until those on duty, or another contact, confirm it. "stop" keeps this
    alarm from telling them more; one that came by message is written down after the end too. The word
    that was agreed for whoever is forced ends it to the eye.

    Whom a message says it is from can be forged, so one keeps a ladder still for a shorter time
    (decision 0014)."""
    if answer_ not in rules.ANSWERS:
        raise Invalid("choose", {"answer": "choose"})
    with operations.writing():
        row = Alarm.objects.select_for_update().filter(id=ids.of(body["alarm"])).first()
        if row is None:
            return "over"
        if not row.ladder:
            if answer_ == "stop" and by_message:
                # It lasts into later alarms and may be forged: those on duty must read of it.
                _note(row, body, answer_, "silent", by_message=True)
                return "silent"
            return "over"
        doc, who = running.open_ladder(row), body["who"]
        right, forced = _is_word(doc, "word", word), _is_word(doc, "forced", word)
        found = rules.effect(
            answer_,
            state=_state(row),
            step=row.step,
            asked_at=body["step"],
            word_is_right=right or forced,
            spoke=spoke,
            confirms=any(one != who for one in doc.get("safe", [])),
            may_prolong=_may_go_on(row, doc, who),
            may_hold=rules.may_hold(_held_by(doc, who)),
        )
        if row.mode == "exercise":
            found = "taken" if answer_ in {"on it", "safe"} else found
        if answer_ == "safe" and row.mode == "actual" and found == "taken":
            silent.said(row.case, forced=forced, by="answer")
        hold = rules.HOLD_BY_MESSAGE if by_message else rules.HOLD
        _carry_out(row, doc, who, answer_, found, hold)
        how = "forced" if forced else "word" if right else "spoke" if spoke else ""
        _note(row, body, answer_, found, how=how, by_message=by_message)
    return found


def _note(
    row: Alarm,
    body: dict[str, Any],
    said: rules.Answer,
    effect: rules.Effect,
    *,
    how: str = "",
    by_message: bool,
) -> None:
    more: dict[str, Any] = {"answer": said, "effect": effect, "how": how}
    more |= {"label": body["label"], "message": by_message}
    running.moment(row, "answer", **more).save(force_insert=True)
    journal.note("alarm answered", row.case, row.id, answer=said, effect=effect)


def is_right(body: dict[str, Any], word: str) -> bool:
    """Whether a word is one of the two that were agreed for an alarm that still runs."""
    row = Alarm.objects.filter(id=ids.of(body["alarm"])).exclude(ladder=b"").first()
    if row is None:
        return False
    doc = running.open_ladder(row)
    right, forced = _is_word(doc, "word", word), _is_word(doc, "forced", word)
    return right or forced


def _is_word(doc: dict[str, Any], which: str, word: str) -> bool:
    return keys.same_word(doc.get(which, ""), word) and bool(doc.get(which))


def _held_by(doc: dict[str, Any], who: str) -> int:
    """How often a contact has kept it still so far."""
    return int(doc.get("held", {}).get(who, 0))


def _may_go_on(row: Alarm, doc: dict[str, Any], who: str) -> bool:
    on_it = doc.get("on_it") == who and rules.may_hold(_held_by(doc, who))
    return on_it and _may_prolong(row, doc)


def _may_prolong(row: Alarm, doc: dict[str, Any]) -> bool:
    if row.state != "answered" or row.due_at is None:
        return False
    return rules.may_prolong(left=row.due_at - clock.now(), times=int(doc.get("still", 0)))


def _state(row: Alarm) -> rules.State:
    return row.state  # type: ignore[return-value]


def _carry_out(
    row: Alarm,
    doc: dict[str, Any],
    who: str,
    said: rules.Answer,
    found: rules.Effect,
    hold: timedelta,
) -> None:
    if found == "silent":
        doc["silent"] = sorted({*doc["silent"], who})
        running.seal_ladder(row, doc)
    elif row.mode == "exercise":
        _reached(row, who, found)
        return
    elif found == "moved":
        row.due_at = clock.now()
        running.ringing.announce()
    elif found == "still" or (found == "taken" and said == "on it"):
        doc["held"] = doc.get("held", {}) | {who: _held_by(doc, who) + 1}
        times = int(doc.get("still", 0)) + 1 if found == "still" else 0
        _hold(row, doc, who, hold=hold, times=times)
    elif found == "confirm":
        _ask_to_confirm(row, doc, who)
    elif found == "taken" and said == "safe":
        running.finish(row, doc, "safe")
    else:
        return
    row.version += 1
    row.save()


def _hold(
    row: Alarm, doc: dict[str, Any], who: str, *, hold: timedelta = rules.HOLD, times: int = 0
) -> None:
    """Somebody is on it: the ladder keeps still for a while, then goes on by itself."""
    row.state, row.due_at = "answered", clock.now() + hold
    doc["on_it"], doc["still"] = who, times
    running.seal_ladder(row, doc)
    running.ringing.drop(row.id)


def _ask_to_confirm(row: Alarm, doc: dict[str, Any], who: str) -> None:
    """They say that they have spoken to the person. Once it keeps the ladder still for half an hour, so
    that whoever holds a contact's phone cannot hush it for longer; those on duty are asked."""
    if who in doc.get("safe", []):
        return
    doc["safe"] = [*doc.get("safe", []), who]
    _hold(row, doc, who)
    row.version += 1  # a message of its own, not the one of the last step once more
    running.tell(row, doc, [rules.DESK])
    running.seal_ladder(row, doc)


def _reached(row: Alarm, who: str, found: rules.Effect) -> None:
    """An answer to a try shows that this contact can be reached."""
    plan = Plan.objects.select_for_update().filter(id=row.plan).first()
    if plan is not None and found == "taken":
        plans.has_answered(plan, who)


# --- the desk ------------------------------------------------------------------------------------
def _held(actor: Actor, alarm: ids.Id) -> Alarm:
    people.require(actor, INTAKE)
    row = Alarm.objects.select_for_update().filter(id=alarm).first()
    if row is None or not gate.holds(actor, row.case, "cover"):
        raise NotFound
    return row


def take(actor: Actor, alarm: ids.Id, *, version: int) -> None:
    """An officer is on it: the ladder keeps still for half an hour, then goes on by itself. Whoever is
    on it may say so again near its end, a few times; Conflict before."""
    with operations.writing():
        row = _held(actor, alarm)
        if row.state not in rules.RUNNING or row.version != version:
            raise Conflict
        _taken_by(row, str(actor.id))
        row.version += 1
        row.save()
        trial.note_answer()
        running.moment(row, "taken", by=str(actor.id)).save(force_insert=True)
        journal.note("alarm taken", row.case, row.id)


def _taken_by(row: Alarm, who: str) -> None:
    if not row.ladder:  # locked down since: nothing is left to be kept still
        row.state, row.due_at = "answered", clock.now() + rules.HOLD
        running.ringing.drop(row.id)
        return
    doc = running.open_ladder(row)
    again = row.state == "answered" and doc.get("on_it") == who
    if again and not _may_prolong(row, doc):
        raise Conflict
    _hold(row, doc, who, times=int(doc.get("still", 0)) + 1 if again else 0)


def ring_on(actor: Actor, alarm: ids.Id, *, version: int) -> None:
    """An officer wants the next rung told now."""
    with operations.writing():
        row = _held(actor, alarm)
        if row.state not in rules.RUNNING or row.version != version or not row.ladder:
            raise Conflict
        row.state, row.due_at = "open", clock.now() - timedelta(milliseconds=1)
        row.version += 1
        row.save()
        running.ringing.announce()
        running.moment(row, "rung on", by=str(actor.id)).save(force_insert=True)
        journal.note("alarm rung on", row.case, row.id)


ENDINGS = ("spoke", "word", "false alarm")


def close(actor: Actor, alarm: ids.Id, *, version: int, how: str, reason: str = "") -> None:
    """An officer ends an alarm: they spoke to the person, heard the agreed word, or people nearby
    have looked and it was a false alarm (which wants a reason)."""
    if how not in ENDINGS:
        raise Invalid("say how you know", {"how": "choose"})
    if how == "false alarm" and not reason.strip():
        raise Invalid("say who has looked", {"reason": "empty"})
    if actor.kind != "staff":
        raise Refused
    with operations.writing():
        row = _held(actor, alarm)
        if row.state not in rules.RUNNING or row.version != version:
            raise Conflict
        state: rules.State = "closed" if how == "false alarm" else "safe"
        doc = running.open_ladder(row) if row.ladder else None
        if doc is None:
            row.state, row.due_at, row.desk = state, None, b""
        else:
            running.finish(row, doc, state)
        row.save()
        trial.note_answer()
        said = {"how": how, "reason": reason.strip(), "by": str(actor.id)}
        running.moment(row, "closed", **said).save(force_insert=True)
        journal.note("alarm closed", row.case, row.id, how=how)
