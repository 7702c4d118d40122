"""What duty officers do with requests: take, answer, log, decide, hand over."""

from amparo.casework import queries, rules
from amparo.casework.events import DeskAnswered
from amparo.casework.models import Case, Draft
from amparo.casework.services.record import (
    Author,
    SealedFile,
    change_cover,
    check_texts,
    step,
    write_entry,
)
from amparo.consent import gate
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
    """Make a request one's own; Conflict when somebody was quicker."""
    row = case_row(actor, case)
    if row.owner == actor.id:
        return
    with operations.writing():
        state = "taken" if row.state == "new" else row.state
        step(case, version, owner=actor.id, state=state)
        journal.note("taken", case)


def reassign(actor: Actor, case: ids.Id, *, to: ids.Id, version: int, second: bool = False) -> None:
    """Give a request to a colleague, or name them as its second reader."""
    row = case_row(actor, case)
    queries.require_colleague(actor, to)
    with operations.writing():
        if second:
            step(case, version, second=to)
        else:
            step(case, version, owner=to, state="taken" if row.state == "new" else row.state)
        journal.note("reassigned", case, to, second=second)


def set_level(actor: Actor, case: ids.Id, *, level: int, reason: str, version: int) -> None:
    """Say how grave it is, with the reason; the next deadline follows from it."""
    if level not in rules.NEXT_ACT:
        raise Invalid("choose one of the four levels", {"level": "choose"})
    row = case_row(actor, case)
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
) -> ids.Id:
    """Answer a defender. The request then waits for them."""
    row = case_row(actor, case)
    check_texts(text=text)
    if not text.strip() and not files:
        raise Invalid("write an answer", {"text": "empty"})
    return _answer(actor, row, text, files, state="answered", deed="replied")


def _answer(
    actor: Actor,
    row: Case,
    text: str,
    files: tuple[SealedFile, ...],
    *,
    state: str,
    deed: str,
    **more: object,
) -> ids.Id:
    leave = gate.admit(actor, row.id, "correspondence", write=True)
    ends = state not in rules.OPEN
    due = None if ends else rules.next_act_due(clock.now(), row.level or 2)
    with operations.writing():
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


def log_call(actor: Actor, case: ids.Id, *, outcome: str, text: str = "") -> ids.Id:
    """Write down a call: reached, no answer, wrong person, not safe to talk."""
    if outcome not in queries.CALL_OUTCOMES:
        raise Invalid("say how the call went", {"outcome": "choose"})
    row = case_row(actor, case)
    check_texts(text=text)
    leave = gate.admit(actor, case, "correspondence", write=True)
    with operations.writing():
        entry = write_entry(leave, Author("note", actor.id), text, outcome=outcome, inside=True)
        step(row.id, row.version, owner=row.owner or actor.id)
        journal.note("call logged", case, outcome=outcome)
    return entry.id


def decline(actor: Actor, case: ids.Id, *, reason: str) -> None:
    """Say no, with a reason that the defender can read."""
    _decide(actor, case, "declined", reason)


def refer(actor: Actor, case: ids.Id, *, to: str, reason: str) -> None:
    """Point the defender to somebody who can do more. Nothing of theirs is sent anywhere."""
    if not to.strip():
        raise Invalid("say where to", {"to": "empty"})
    _decide(actor, case, "referred", reason, to=to)


def _decide(actor: Actor, case: ids.Id, state: str, reason: str, **more: object) -> None:
    if not reason.strip():
        raise Invalid("the defender needs the reason", {"reason": "empty"})
    check_texts(reason=reason)
    row = case_row(actor, case)
    _answer(actor, row, reason, (), state=state, deed=state, decision=state, **more)


def mark_spam(actor: Actor, case: ids.Id, *, version: int) -> None:
    """Take a request out of the queue; nothing is deleted and it can be undone."""
    case_row(actor, case)
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
    case_row(actor, into)
    case_row(actor, case)
    leave = gate.admit(actor, case, "correspondence", write=True)
    with operations.writing():
        write_entry(leave, Author("desk", actor.id), "", unread=True, decision="merged")
        step(case, version, state="merged", merged_into=into, due_at=None, unread=0)
        journal.note("merged", case, into)


def set_reach(actor: Actor, case: ids.Id, *, reach: list[dict[str, str]], word: str = "") -> None:
    """Change how this person may be reached safely, and the word that was agreed with them."""
    row = case_row(actor, case)
    leave = gate.admit(actor, case, "cover", write=True)
    with operations.writing():
        change_cover(leave, reach=reach, word=" ".join(word.split()))
        journal.note("reach changed", row.id)


def read_all(actor: Actor, case: ids.Id) -> None:
    """The officer has the messages on their screen."""
    if actor.kind != "staff":
        raise Refused
    Case.objects.filter(id=case, unread__gt=0).update(unread=0)


def hand_over(actor: Actor, *, to: ids.Id, note: str = "") -> int:
    """At the end of a shift: everything that is open and one's own goes to a colleague."""
    queries.require_colleague(actor, to)
    check_texts(reason=note)
    mine = list(Case.objects.filter(owner=actor.id, state__in=rules.OPEN))
    leaves = gate.admit_many(actor, [row.id for row in mine], "correspondence")
    with operations.writing():
        for row in mine:
            if row.id in leaves and note.strip():
                write_entry(leaves[row.id], Author("note", actor.id), note, inside=True)
            step(row.id, row.version, owner=to)
        journal.note("handed over", to, count=len(mine))
    return len(mine)


def mend(actor: Actor, case: ids.Id) -> int:
    """Re-seal what a withdrawal or a departure left under an old key, as far as one's keys reach."""
    return sum(gate.mend(actor, case, one) for one in compartments.COMPARTMENTS)


# --- drafts --------------------------------------------------------------------------------------
def save_draft(actor: Actor, *, place: str, text: str) -> None:
    """Keep what is being typed, sealed to the typist alone; an empty text forgets it."""
    if actor.kind != "staff":
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
