"""What duty officers do with requests: take, answer, log, decide, hand over."""

from typing import Any

from django.db.models import F

from amparo.casework import queries, rules
from amparo.casework.events import DeskAnswered, TakenFrom
from amparo.casework.models import Case, Draft, TakenOver, Task
from amparo.casework.services import answers, pressed
from amparo.casework.services.record import (
    Author,
    SealedFile,
    change_cover,
    check_texts,
    only_once,
    step,
    workable,
    write_entry,
)
from amparo.consent import gate
from amparo.consent import services as consent
from amparo.consent.rules import PROTECTION
from amparo.foundation import clock, events, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.vault import compartments


def case_row(actor: Actor, case: ids.Id) -> Case:
    """The row of a case whose cover the actor opens; Refused otherwise."""
    if actor.kind != "staff":
        raise Refused
    gate.admit(actor, case, "cover")
    row = Case.objects.filter(id=case).first()
    if row is None:
        raise NotFound
    return row


def take(actor: Actor, case: ids.Id, *, version: int) -> None:
    """Make a request one's own; Conflict when somebody was quicker. Whose it was is told.

    Invalid (`owner`) for an opened case whose officer's compartments somebody else holds: they hand it
    over, or two persons of the release group open it.
    """
    row = case_row(actor, case)
    workable(row)
    if row.owner == actor.id:
        return
    if not queries.goes_with(actor, row, actor.id):
        raise Invalid("ask who holds it to hand it over", {"owner": HELD})
    with operations.writing():
        step(case, version, owner=actor.id, state=_taken(row))
        _tell(actor, row, actor.id)
        journal.note("taken", case)


def _taken(row: Case) -> str:
    return "taken" if row.state == "new" else row.state


HELD = "held"  # what is wrong with an owner who would not hold it


def _tell(actor: Actor, row: Case, to: ids.Id) -> None:
    """Whose it was finds it at their desk, unless it was their own doing; inside the transaction."""
    if row.owner is not None and row.owner not in {actor.id, to}:
        TakenOver.objects.create(case=row.id, person=row.owner)
        events.announce(TakenFrom(str(row.id), str(row.owner)))


def reassign(actor: Actor, case: ids.Id, *, to: ids.Id, version: int, second: bool = False) -> None:
    """Give a request to a colleague, or name them as its second reader.

    Of an opened case the colleague gets the officer's own compartments, as far as the actor holds
    them, and the officer before loses what could be given.
    """
    row = case_row(actor, case)
    workable(row)
    queries.require_colleague(actor, to)
    if row.version != version:
        raise Conflict
    if not second and not queries.goes_with(actor, row, to):
        raise Invalid("ask who holds it to hand it over", {"owner": HELD})
    making = operations.Making("casework.pass on")
    with making.keys():
        moves = [] if row.stage != "case" else _pass_on(actor, row, to, making.id, second=second)
    with making.ending(to=to, moves=" ".join(moves)):
        if second:
            step(case, version, second=to)
        else:
            step(case, version, owner=to, state=_taken(row))
            _tell(actor, row, to)
        journal.note("reassigned", case, to, second=second)


def _pass_on(actor: Actor, row: Case, to: ids.Id, op: ids.Id, *, second: bool = False) -> list[str]:
    """Give a colleague what goes with the case; returns "case:compartment:officer" of whatever the
    officer before is to lose. Nothing is taken away that the colleague could not be given."""
    moves = []
    for compartment in queries.WITH_THE_OFFICER:
        share = compartments.Share(to, PROTECTION)
        if gate.may_give(actor, row.id, compartment):
            compartments.extend(actor.ring, row.id, compartment, share, op=op)
        elif share not in compartments.shares_of(row.id, compartment):
            continue
        if row.owner is not None and not second and row.owner not in {to, row.second}:
            moves.append(f"{row.id}:{compartment}:{row.owner}")
    return moves


@operations.finishes("casework.pass on")
def _passed_on(subject: dict[str, str]) -> None:
    for move in subject["moves"].split():
        case, compartment, officer = move.split(":")
        consent.take_key(ids.of(case), compartment, {(ids.of(officer), PROTECTION)})


def set_level(actor: Actor, case: ids.Id, *, level: int, reason: str, version: int) -> None:
    """Say how grave it is, with the reason; the next deadline follows from it."""
    if level not in rules.NEXT_ACT:
        raise Invalid("choose one of the four levels", {"level": "choose"})
    row = case_row(actor, case)
    if row.state not in rules.OPEN:
        raise Conflict  # nothing is due there, so it gets no hour
    if row.level > level and not reason.strip():
        # Who lowers a level takes protection away: never without a reason.
        raise Invalid("say why it is lower now", {"reason": "empty"})
    check_texts(reason=reason)
    leave = gate.admit(actor, case, "correspondence", write=True)
    with operations.writing():
        write_entry(leave, Author("note", actor.id), reason, level=level, inside=True)
        step(case, version, level=level, due_at=rules.next_act_due(clock.now(), level))
        journal.note("level set", case, level=level)


def reply(
    actor: Actor,
    case: ids.Id,
    *,
    text: str,
    files: tuple[SealedFile, ...] = (),
    once: ids.Id | None = None,
) -> ids.Id:
    """Answer a defender. The request then waits for them. The same `once` again is a Conflict."""
    row = case_row(actor, case)
    workable(row)
    check_texts(text=text)
    if not text.strip() and not files:
        raise Invalid("write an answer", {"text": "empty"})
    return _answer(actor, row, text, files, state="answered", deed="replied", once=once)


def _answer(
    actor: Actor,
    row: Case,
    text: str,
    files: tuple[SealedFile, ...],
    *,
    state: str,
    deed: str,
    once: ids.Id | None,
    **more: object,
) -> ids.Id:
    leave = gate.admit(actor, row.id, "correspondence", write=True)
    ends = state not in rules.OPEN
    due = None if ends else rules.next_act_due(clock.now(), row.level or 2)
    with operations.writing():
        only_once(once)
        entry = write_entry(leave, Author("desk", actor.id), text, sent=files, unread=True, **more)
        step(
            row.id,
            row.version,
            state=state,
            unread=0,
            due_at=due,
            owner=row.owner or actor.id,
        )
        journal.note(deed, row.id, files=len(files))
        events.announce(DeskAnswered(str(row.id)))
    return entry.id


def log_call(
    actor: Actor,
    case: ids.Id,
    *,
    outcome: str,
    text: str = "",
    once: ids.Id | None = None,
    reason: str = "",
    incoming: bool = False,
    **more: Any,
) -> ids.Id:
    """Write down a call: reached, no answer, a machine, wrong person, not safe to talk, call back.

    Who rang somebody up that is never to be rung, or outside their hours, gives a reason, which is
    written down too; Invalid (`reason`) without one. `incoming`: they called us.
    """
    if outcome not in queries.CALL_OUTCOMES:
        raise Invalid("say how the call went", {"outcome": "choose"})
    row = case_row(actor, case)
    workable(row)
    check_texts(text=text, reason=reason)
    why = "" if incoming else queries.against(actor, case)
    if why and not reason.strip():
        raise Invalid("they are not to be rung up now", {"reason": f"against {why}"})
    if why:
        more |= {"against": why, "why": reason.strip()}
        journal.note("called against what was agreed", case, against=why)
    leave = gate.admit(actor, case, "correspondence", write=True)
    with operations.writing():
        only_once(once)
        entry = write_entry(
            leave, Author("note", actor.id), text, outcome=outcome, inside=True, **more
        )
        step(row.id, row.version, owner=row.owner or actor.id, state=_taken(row))
        journal.note("call logged", case, outcome=outcome)
    return entry.id


def decline(actor: Actor, case: ids.Id, *, reason: str, once: ids.Id | None = None) -> None:
    """Say no, with a reason that the defender can read."""
    _decide(actor, case, "declined", reason, once)


def refer(actor: Actor, case: ids.Id, *, to: str, reason: str, once: ids.Id | None = None) -> None:
    """Point the defender to somebody who can do more. Nothing of theirs is sent anywhere."""
    if not to.strip():
        raise Invalid("say where to", {"to": "empty"})
    _decide(actor, case, "referred", reason, once, to=to)


def _decide(
    actor: Actor, case: ids.Id, state: str, reason: str, once: ids.Id | None, **more: object
) -> None:
    if not reason.strip():
        raise Invalid("the defender needs the reason", {"reason": "empty"})
    check_texts(reason=reason)
    row = case_row(actor, case)
    workable(row)
    _answer(actor, row, reason, (), state=state, deed=state, once=once, decision=state, **more)


def mark_spam(actor: Actor, case: ids.Id, *, version: int) -> None:
    """Take a request out of the queue; nothing is deleted and it can be undone."""
    row = case_row(actor, case)
    if row.state not in rules.OPEN or row.stage == "case":
        raise Conflict
    with operations.writing():
        step(case, version, state="spam", due_at=None)
        journal.note("marked as spam", case)


def reopen(actor: Actor, case: ids.Id, *, version: int) -> None:
    """Put a request that was marked, declined or referred back into the queue."""
    row = case_row(actor, case)
    if row.state in rules.OPEN or row.state in {"withdrawn", "merged"}:
        raise Conflict
    due = rules.next_act_due(clock.now(), row.level or 4)
    with operations.writing():
        step(case, version, state="taken", owner=actor.id, due_at=due)
        journal.note("reopened", case)


def merge(actor: Actor, case: ids.Id, *, into: ids.Id, version: int) -> None:
    """Two requests are about the same thing: one stays in the queue and points to the other.

    No key moves: each code goes on opening its own thread only.
    """
    if case == into:
        raise Invalid("choose another request", {"into": "same"})
    workable(case_row(actor, into))
    row = case_row(actor, case)
    workable(row)
    if row.stage == "case":
        raise Conflict
    leave = gate.admit(actor, case, "correspondence", write=True)
    with operations.writing():
        write_entry(leave, Author("desk", actor.id), "", unread=True, decision="merged")
        step(case, version, state="merged", merged_into=into, due_at=None, unread=0)
        journal.note("merged", case, into)


def set_reach(actor: Actor, case: ids.Id, *, reach: list[dict[str, str]], word: str = "") -> None:
    """Change how this person may be reached safely, and the word that was agreed with them; without a
    new word the old one stays."""
    row = case_row(actor, case)
    leave = gate.admit(actor, case, "cover", write=True)
    agreed = {"word": " ".join(word.split()), "word_by": str(actor.id)} if word.strip() else {}
    with operations.writing():
        change_cover(leave, reach=reach, **agreed)
        journal.note("reach changed", row.id)


def read_all(actor: Actor, case: ids.Id, *, shown: int) -> None:
    """The officer has the messages on their screen, `shown` unread ones among them: what came
    meanwhile stays unread. While their keys are at hand, what waits to be re-sealed is."""
    if actor.kind != "staff":
        raise Refused
    if shown and gate.holds(actor, case, "correspondence"):
        Case.objects.filter(id=case, unread__gte=shown).update(unread=F("unread") - shown)
    mend(actor, case)


def hand_over(actor: Actor, *, to: ids.Id, note: str = "") -> int:
    """At the end of a shift: everything that is open and one's own goes to a colleague, with the keys
    that go with it; the actor keeps none of those."""
    if to == actor.id:
        raise Invalid("choose a colleague", {"to": "self"})
    queries.require_colleague(actor, to)
    check_texts(reason=note)
    mine = list(Case.objects.filter(owner=actor.id, state__in=rules.OPEN))
    leaves = gate.admit_many(actor, [row.id for row in mine], "correspondence")
    making = operations.Making("casework.pass on")
    with making.keys():
        opened = [row for row in mine if row.stage == "case"]
        moves = [move for row in opened for move in _pass_on(actor, row, to, making.id)]
    with making.ending(to=to, moves=" ".join(moves)):
        for row in mine:
            if row.id in leaves and note.strip():
                write_entry(leaves[row.id], Author("note", actor.id), note, inside=True)
            step(row.id, row.version, owner=to)
        _tasks_too(actor, to)
        journal.note("handed over", to, count=len(mine))
    return len(mine)


def _tasks_too(actor: Actor, to: ids.Id) -> None:
    """One's own tasks go along; whose second was the colleague gets the actor for one."""
    mine = Task.objects.filter(owner=actor.id)
    mine.filter(second=to).update(owner=to, second=actor.id)
    mine.update(owner=to)


def taken_from(actor: Actor) -> list[ids.Id]:
    """Requests and cases that were the actor's and that a colleague has now."""
    rows = TakenOver.objects.filter(person=actor.id).order_by("day", "id")
    return list(dict.fromkeys(rows.values_list("case", flat=True)))


def know_taken(actor: Actor) -> None:
    """The actor has read which these are."""
    TakenOver.objects.filter(person=actor.id).delete()


def mend(actor: Actor, case: ids.Id) -> int:
    """Re-seal what a withdrawal or a departure left under an old key, as far as one's keys reach; keep
    the pairs of two persons fresh; give what the defender chose and nobody could give so far; take in
    what came from outside under the team's key."""
    answers.take_in(actor, case)
    pressed.take_in(actor, case)
    count = sum(gate.mend(actor, case, one) for one in compartments.to_mend(case))
    consent.keep_pairs(actor, case)
    consent.give_waiting(actor, case)
    return count


# --- drafts --------------------------------------------------------------------------------------
def save_draft(actor: Actor, *, place: str, text: str) -> None:
    """Keep what is being typed, sealed to the typist alone; an empty text forgets it."""
    if actor.kind not in {"staff", "relay"}:
        raise Refused
    check_texts(text=text)
    old = _draft(actor, place)
    with operations.writing():
        if old is not None:
            old.delete()
        if text.strip():
            row = Draft(person=actor.id)
            row.sealed = gate.seal_own(actor, "draft", row.id, {"place": place, "text": text})
            row.save(force_insert=True)


def load_draft(actor: Actor, *, place: str) -> str:
    """What was typed and not sent, or nothing."""
    row = _draft(actor, place)
    return str(gate.read_own(actor, "draft", row)["text"]) if row else ""


def _draft(actor: Actor, place: str) -> Draft | None:
    for row in Draft.objects.filter(person=actor.id):
        if gate.read_own(actor, "draft", row)["place"] == place:
            return row
    return None
