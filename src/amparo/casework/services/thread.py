"""What a defender does with their code: write again, choose, take back, take along, change the code."""

from collections.abc import Iterator
from datetime import date

from django.db.models import F

from amparo.alerts.services import plans
from amparo.casework import bundle, queries
from amparo.casework.choices import again, choices
from amparo.casework.events import DefenderWrote
from amparo.casework.models import Case, Entry
from amparo.casework.services.record import (
    Author,
    SealedFile,
    check_texts,
    due_now,
    erase_rows,
    only_once,
    passed_on,
    wake,
    write_entry,
)
from amparo.consent import gate
from amparo.consent import queries as consent_queries
from amparo.consent import services as consent
from amparo.consent.rules import DUTY, OWN, Answer
from amparo.foundation import events, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.config import config
from amparo.foundation.errors import Invalid, NotFound, Refused
from amparo.people.rules import INTAKE
from amparo.vault import codes, keys, server, sessions


def _case(actor: Actor) -> Case:
    if actor.kind != "defender" or actor.case is None:
        raise Refused
    row = Case.objects.filter(id=actor.case).first()
    if row is None:
        raise NotFound
    return row


def write(
    actor: Actor, *, once: ids.Id, text: str = "", files: tuple[SealedFile, ...] = ()
) -> ids.Id:
    """Write again. It is due like a first call, and brings back what was answered, closed or joined to
    another request."""
    case = _case(actor)
    check_texts(text=text)
    if not text.strip() and not files:
        raise Invalid("there is nothing to send", {"text": "empty"})
    leave = gate.admit(actor, case.id, "correspondence", write=True)
    due = due_now(config().first_answer_minutes, config().duty_hours)
    with operations.writing():
        only_once(once)
        entry = write_entry(leave, Author("defender"), text, sent=files)
        wake(case.id, due)
        journal.note("defender wrote", case.id, files=len(files))
        events.announce(DefenderWrote(str(case.id)))
    return entry.id


def seen(actor: Actor) -> None:
    """The defender has the answers on their page."""
    case = _case(actor)
    Entry.objects.filter(case=case.id, compartment="correspondence", unread=True).update(
        unread=False
    )


def withdraw_reader(actor: Actor, *, recipient: ids.Id, purpose: str) -> None:
    """Take back what a recipient may read, whatever it was; it works at once."""
    case = _case(actor)
    held = [
        row
        for row in consent_queries.readers(case.id)
        if row.principal == recipient and row.purpose == purpose and purpose != OWN
    ]
    if not held:
        raise NotFound
    label = queries.reader_label(actor, case.id, recipient)
    for row in held:
        for compartment in row.compartments:
            consent.take_back(
                actor,
                case.id,
                recipient=recipient,
                label=label,
                purpose=purpose,
                compartment=compartment,
            )
    _tell_the_desk(case)


def answer_question(
    actor: Actor, consent_id: ids.Id, *, yes: bool, condition: str | None = None
) -> None:
    """Answer what the desk has asked: may this reader have this compartment for this purpose? NotFound
    for what does not wait for an answer; Invalid for a `condition` without words.

    Yes and no weigh the same. A yes is given its key when somebody has made sure that it was the
    defender, by an officer who holds it. A yes under a condition gives nothing yet. Invalid (`code`:
    seen) for a yes with a code that an officer has seen.
    """
    case = _case(actor)
    if yes:
        _own_code(actor)
    asked = next((row for row in open_questions(actor) if row.id == consent_id), None)
    if asked is None:
        raise NotFound
    answer: Answer = "refused" if not yes else "granted" if condition is None else "conditional"
    _say(actor, case, asked, answer, until=asked.until, condition=condition or "")


def open_questions(actor: Actor) -> list[consent_queries.ConsentRow]:
    """What was asked and not answered yet, newest first."""
    case = _case(actor)
    newest: dict[object, consent_queries.ConsentRow] = {}
    for row in consent_queries.records(actor, case.id):
        newest.setdefault(row.about, row)
    return [row for row in newest.values() if row.answer == "asked"]


def choose(actor: Actor, *, purpose: str, compartment: str, yes: bool) -> None:
    """What only the defender chooses: that one duty officer may open their name when their life is in
    danger, and what they read back with their code. NotFound for anything else.

    A yes is given its key when somebody has made sure that it was the defender (the first of these
    after three days in any case), by a session that has it; a no works at once. The same again changes
    nothing. Invalid (`code`: seen) for a yes with a code that an officer has seen.
    """
    case = _case(actor)
    found = choices(consent_queries.records(actor, case.id), case.stage)
    now = next(
        (one for one in found if (one.purpose, one.compartment) == (purpose, compartment)), None
    )
    if now is None:
        raise NotFound
    if yes == (now.state != "off"):
        return
    if yes:
        _own_code(actor)
    recipient, label = (keys.team(INTAKE).id, INTAKE) if purpose == DUTY else (actor.id, OWN)
    if yes:
        consent.record_answer(
            actor,
            case.id,
            answer="granted",
            recipient=recipient,
            label=label,
            purpose=purpose,
            compartment=compartment,
            how="page",
            language=actor.language,
        )
    else:
        consent.take_back(
            actor,
            case.id,
            recipient=recipient,
            label=label,
            purpose=purpose,
            compartment=compartment,
        )
    _tell_the_desk(case)


def say_yes_again(actor: Actor, consent_id: ids.Id) -> None:
    """What they said no to, or took back, they let be read after all, for no longer than was asked.
    Invalid (`code`: seen) with a code that an officer has seen."""
    case = _case(actor)
    _own_code(actor)
    found = again(consent_queries.records(actor, case.id))
    one = next((one for one in found if one.row.id == consent_id), None)
    if one is None:
        raise NotFound
    _say(actor, case, one.row, "granted", until=one.until)


def stop(actor: Actor, consent_id: ids.Id) -> None:
    """It was not they who said yes, or they think better of it: what waits to be made sure of never
    counts. NotFound when it does not wait any more."""
    case = _case(actor)
    waiting = consent_queries.to_check(actor, case.id)
    one = next((row for row in waiting if row.id == consent_id), None)
    if one is None or one.recipient is None:
        raise NotFound
    consent.take_back(
        actor,
        case.id,
        recipient=one.recipient,
        label=one.label,
        purpose=one.purpose,
        compartment=one.compartment,
    )
    _tell_the_desk(case)


def _own_code(actor: Actor) -> None:
    """Whoever typed a call has its code before them, and could choose in the defender's place."""
    if actor.ring.seen:
        raise Invalid("take a new code first", {"code": "seen"})


def _say(
    actor: Actor,
    case: Case,
    about: consent_queries.ConsentRow,
    answer: Answer,
    *,
    until: date | None,
    condition: str = "",
) -> None:
    """The defender's own answer about what an earlier record was about."""
    if about.recipient is None:
        raise NotFound
    consent.record_answer(
        actor,
        case.id,
        answer=answer,
        recipient=about.recipient,
        label=about.label,
        purpose=about.purpose,
        compartment=about.compartment,
        how="page",
        language=actor.language,
        until=until,
        condition=condition,
    )
    _tell_the_desk(case)


def _tell_the_desk(case: Case) -> None:
    with operations.writing():
        events.announce(DefenderWrote(str(case.id)))


def withdraw_request(actor: Actor) -> None:
    """Take the whole request back: everybody loses every key at once, and what was written stays
    unreadable for ever. The code stops working."""
    case = _case(actor)
    passed = passed_on(actor, case.id)
    with operations.ending("casework.withdraw", case=case.id, defender=actor.id):
        passed.delete()
        Case.objects.filter(id=case.id).update(
            state="withdrawn", due_at=None, unread=0, version=F("version") + 1
        )
        journal.note("request withdrawn", case.id)
    sessions.end_all(actor.id)


@operations.finishes("casework.withdraw")
def _withdraw(subject: dict[str, str]) -> None:
    case = ids.of(subject["case"])
    consent.erase_keys(case)
    keys.remove_defender(ids.of(subject["defender"]))
    consent.erase_rows(case)
    plans.forget(case)
    erase_rows(case)


def new_code(actor: Actor, code: codes.Code) -> None:
    """A fresh code for the same request; the old one dies at once, and the desk reads so."""
    case = _case(actor)
    leave = gate.admit(actor, case.id, "correspondence", write=True)
    installation = server.load()
    lookup, lock = codes.derive(code, installation.installation, installation.key("pepper"))
    keys.replace_code(actor.ring, lookup, lock)
    with operations.writing():
        write_entry(leave, Author("system"), "", decision="new code", inside=True)
        journal.note("code replaced", case.id)


def export(actor: Actor) -> Iterator[bytes]:
    """Everything that the defender's keys open, as one zip file, streamed."""
    case = _case(actor)
    thread = queries.thread(actor)
    for compartment in ("cover", "correspondence", *(part.compartment for part in thread.parts)):
        gate.may_disclose(actor, case.id, compartment, recipient=actor.id, purpose=OWN)
    journal.note("own export", case.id)
    return bundle.of_thread(actor, thread)
