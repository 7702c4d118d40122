"""Recording consent and acting on it: granting wraps a key, withdrawing turns it.

Whoever calls has the case's cover; a compartment can be given only by somebody who holds it.
"""

import base64
from contextlib import suppress
from datetime import date, timedelta

from django.db import transaction

from amparo.consent import gate, queries, rules
from amparo.consent.events import OverrideStarted, Withdrawn
from amparo.consent.models import (
    DISCLOSURE,
    REASON,
    RECORD,
    Disclosure,
    Override,
    Record,
    Release,
)
from amparo.foundation import clock, events, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.foundation.router import KEYSTORE
from amparo.vault import compartments, pairs, staff, vouching
from amparo.vault.sealed import Document


def _write_record(leave: gate.Leave, case: ids.Id, doc: dict[str, object]) -> Record:
    row = Record(case=case)
    row.sealed = gate.seal(leave, RECORD, row.id, doc)
    row.save(force_insert=True)
    return row


def _document(
    *,
    answer: str,
    recipient: ids.Id,
    label: str,
    purpose: str,
    compartment: str,
    how: str,
    language: str,
    until: date | None = None,
    condition: str = "",
    condition_met: bool = False,
    text_version: str = rules.TEXT_VERSION,
    own_hand: bool,
) -> dict[str, object]:
    wrong = {}
    if answer not in rules.ANSWERS:
        wrong["answer"] = "choose"
    # What is the defender's alone to choose nobody records for them; to take it back is always easy.
    chosen = purpose in rules.CHOSEN and (own_hand or answer == "withdrawn")
    if purpose not in rules.PURPOSES and not chosen:
        wrong["purpose"] = "choose"
    if compartment not in compartments.COMPARTMENTS:
        wrong["compartment"] = "choose"
    # "On the page" is their own hand, and opens by itself what others have to look at first.
    if how not in rules.HOW or (how == "page" and not own_hand and answer != "asked"):
        wrong["how"] = "choose"
    if until is not None and until < clock.today():
        wrong["until"] = "past"
    if answer == "conditional" and not condition.strip():
        wrong["condition"] = "empty"
    if wrong:
        raise Invalid("the answer cannot be recorded", wrong)
    return {
        "answer": answer,
        "recipient": str(recipient),
        "label": label,
        "purpose": purpose,
        "compartment": compartment,
        "how": how,
        "language": language,
        "until": until.isoformat() if until else "",
        "condition": condition,
        "condition_met": condition_met,
        "text_version": text_version,
        "at": clock.now().isoformat(timespec="microseconds"),
    }


def record_answer(
    actor: Actor,
    case: ids.Id,
    *,
    answer: rules.Answer,
    recipient: ids.Id,
    label: str,
    purpose: str,
    compartment: str,
    how: str,
    language: str,
    until: date | None = None,
    condition: str = "",
) -> ids.Id:
    """Write down what the defender said about one recipient, purpose and compartment.

    An officer's "granted" also gives the key, if they hold it (otherwise somebody who does gives it
    later with `give_key`); a defender's own is given when somebody has made sure that it was they (see
    `looking`), for a code can be found; only the desk itself is let in again at once.
    "asked" gives nothing. "withdrawn", "refused" and "conditional" give nothing either and take away
    what was given before. Who said no is not asked again before a month is over.
    """
    recipient = compartments.seats_now().get(recipient, recipient)
    doc = _document(
        answer=answer,
        recipient=recipient,
        label=label,
        purpose=purpose,
        compartment=compartment,
        how=how,
        language=language,
        until=until,
        condition=condition,
        own_hand=actor.kind == "defender",
    )
    if answer in {"withdrawn", "refused", "conditional"}:
        return _take_away(actor, case, doc, recipient, purpose, compartment)
    if answer == "asked":
        _may_ask(actor, case, recipient, purpose, compartment)
    elif actor.kind == "staff":
        _may_say_yes(actor, case, recipient, purpose, compartment)
    leave = gate.admit(actor, case, "cover", write=True)
    gives = answer == "granted" and (actor.kind == "staff" or _lets_in(recipient, purpose))
    if not gives or not gate.may_give(actor, case, compartment):
        with operations.writing():
            row = _write_record(leave, case, doc)
            journal.note(f"consent.{answer}", case, row.id, compartment=compartment)
        return row.id
    share = compartments.Share(recipient, purpose, until)
    making = operations.Making("consent.grant")
    with making.keys():
        compartments.extend(actor.ring, case, compartment, share, op=making.id)
    with making.data():
        row = _write_record(leave, case, doc)
        journal.note("consent.granted", case, row.id, recipient, compartment=compartment)
    return row.id


def _lets_in(recipient: ids.Id, purpose: str) -> bool:
    """Whether a defender lets the desk itself in again: nobody there could make sure before it reads,
    and who found a code gains nothing by it."""
    team = staff.kinds({recipient}).get(recipient, ("", ""))[0] == "team"
    return team and purpose == rules.PROTECTION


def _may_ask(actor: Actor, case: ids.Id, recipient: ids.Id, purpose: str, compartment: str) -> None:
    for row in queries.records(actor, case):
        if row.about == (recipient, purpose, compartment) and row.answer in {
            "refused",
            "withdrawn",
        }:
            if not rules.may_ask_again(row.at, clock.now()):
                raise Conflict
            return


def _may_say_yes(
    actor: Actor, case: ids.Id, recipient: ids.Id, purpose: str, compartment: str
) -> None:
    """What a defender said no to on their own page is no until they say otherwise there, or until it
    may be asked again: no officer's word stands against theirs."""
    for row in queries.records(actor, case):
        if row.about == (recipient, purpose, compartment):
            said_no = row.answer in {"refused", "withdrawn"} and row.how == "page"
            if said_no and not rules.may_ask_again(row.at, clock.now()):
                raise Conflict
            return


def _take_away(
    actor: Actor,
    case: ids.Id,
    doc: dict[str, object],
    recipient: ids.Id,
    purpose: str,
    compartment: str,
    leave: gate.Leave | None = None,
) -> ids.Id:
    leave = leave or gate.admit(actor, case, "cover", write=True)
    with operations.ending(
        "consent.withdraw",
        case=case,
        compartment=compartment,
        recipient=recipient,
        purpose=purpose,
    ):
        row = _write_record(leave, case, doc)
        journal.note(f"consent.{doc['answer']}", case, row.id, recipient, compartment=compartment)
    return row.id


@operations.finishes("consent.withdraw")
def _withdraw(subject: dict[str, str]) -> None:
    case, recipient = ids.of(subject["case"]), ids.of(subject["recipient"])
    compartment, purpose = subject["compartment"], subject["purpose"]
    take_key(case, compartment, {(recipient, purpose)})
    events.announce(Withdrawn(str(case), compartment))


def take_key(case: ids.Id, compartment: str, drop: set[tuple[ids.Id, str]]) -> None:
    """Turn a compartment's key so that these no longer hold it; nothing happens if none of them
    does. Needs no key, so the engine and the sweep may do it."""
    # A team loses what it had in the place of those before it, too.
    seats = compartments.seats_now().items()
    drop = drop | {(old, why) for who, why in drop for old, now in seats if now == who}
    if compartments.any_held(case, compartment, drop):
        with transaction.atomic(using=KEYSTORE):
            compartments.rotate(case, compartment, drop)


def give_key(actor: Actor, case: ids.Id, consent: ids.Id) -> None:
    """Give the key of a granted (or met) consent that was recorded by somebody without it; Conflict
    when the defender has answered otherwise since, Refused until somebody has made sure of what was
    said with a code."""
    row = standing(actor, case, consent)
    wanted = rules.Recorded(row.answer, row.until, row.condition, row.condition_met)
    if not rules.is_in_force(wanted, clock.today()) or row.unsure or not row.counts:
        raise Refused
    if not gate.may_give(actor, case, row.compartment):
        raise Refused
    _give(actor, case, row)


def _give(
    actor: Actor, case: ids.Id, row: queries.ConsentRow, held: dict[int, bytes] | None = None
) -> None:
    if row.recipient is None:
        raise Refused
    making = operations.Making("consent.give")
    share = compartments.Share(row.recipient, row.purpose, row.until)
    with making.keys():
        compartments.extend(actor.ring, case, row.compartment, share, op=making.id, held=held)
    with making.data():
        standing(actor, case, row.id)  # taken back meanwhile: then no key was given
        journal.note("consent.key given", case, row.id, compartment=row.compartment)


Held = dict[str, dict[int, bytes]]  # compartment -> epoch -> key


def give_waiting(actor: Actor, case: ids.Id, held: Held | None = None) -> int:
    """Give what the defender has said yes to with their own hand, what counts and nobody could give so
    far, as far as the actor's keys open it; how many. `held`: keys at hand for this moment only.

    What an officer wrote down waits for somebody who looks at it and gives it (`give_key`). Here it is
    the defender's own word, so that it does not matter for what the actor holds the key.
    """
    if actor.kind != "staff" or not gate.holds(actor, case, "cover"):
        return 0
    count = 0
    for row in queries.waiting(actor, case):
        keys = (held or {}).get(row.compartment)
        if keys or gate.holds(actor, case, row.compartment):
            # Somebody was quicker, or the key has been turned since: the next one gives it.
            with suppress(CannotOpen, Conflict, NotFound):
                _give(actor, case, row, keys)
                count += 1
    return count


def keep_pairs(actor: Actor, case: ids.Id) -> None:
    """Whoever joined the release group becomes half of its pairs in what the actor's keys open, so that
    turnover loses nothing."""
    if actor.kind != "staff":
        return
    wanted = gate.pairs_now()
    for compartment in rules.TOGETHER:
        if gate.holds(actor, case, compartment) and pairs.lacking(case, compartment, wanted):
            keys = compartments.keys_of(actor.ring, [case], compartment)[case]
            with suppress(CannotOpen, NotFound), transaction.atomic(using=KEYSTORE):
                pairs.add(actor.ring, case, compartment, wanted, keys)
                journal.note("pairs made", case, compartment=compartment)


def standing(actor: Actor, case: ids.Id, consent: ids.Id) -> queries.ConsentRow:
    """An answer that no later one about the same has overtaken; Conflict for any other."""
    row = queries.record(actor, case, consent)
    for other in queries.records(actor, case):
        later = other.at >= row.at and other.id != row.id
        if later and other.about == row.about and other.answer != "asked":
            raise Conflict
    return row


def condition_met(actor: Actor, case: ids.Id, consent: ids.Id, *, reason: str) -> None:
    """Record that the condition of a conditional consent is met, with the reason; the defender
    reads it in their list. The key is given too, if the actor holds it and it counts."""
    if not reason.strip():
        raise Invalid("say how it was met", {"reason": "empty"})
    row = standing(actor, case, consent)
    if row.answer != "conditional" or row.condition_met:
        raise Conflict
    leave = gate.admit(actor, case, "cover", write=True)
    with operations.writing():
        kept = Record.objects.select_for_update().get(id=consent)
        doc = gate.read(leave, RECORD, kept) | {"condition_met": True, "met_because": reason}
        kept.sealed = gate.seal(leave, RECORD, kept.id, doc)
        kept.save(update_fields=["sealed"])
        journal.note("consent.condition met", case, consent)
    if row.counts and gate.may_give(actor, case, row.compartment):
        give_key(actor, case, consent)


def note_disclosure(
    actor: Actor,
    case: ids.Id,
    *,
    label: str,
    purpose: str,
    compartments_shown: list[str],
    how: str,
) -> None:
    """Add to the list of what left, inside the caller's transaction."""
    leave = gate.admit(actor, case, "cover", write=True)
    row = Disclosure(case=case)
    row.sealed = gate.seal(
        leave,
        DISCLOSURE,
        row.id,
        {
            "at": clock.now().isoformat(timespec="microseconds"),
            "label": label,
            "purpose": purpose,
            "compartments": compartments_shown,
            "how": how,
        },
    )
    row.save(force_insert=True)


# --- a life in danger ----------------------------------------------------------------------------
def override(
    actor: Actor, case: ids.Id, *, compartment: str, grantee: ids.Id, reason: str
) -> ids.Id:
    """Open a compartment to somebody without consent, because a life is in danger.

    It lifts purpose and consent, never a key: the actor must hold the compartment, or press it for
    themselves where the defender chose that one officer may. A second person confirms within four hours
    or the access rotates itself away. The defender reads it in their list.
    """
    if not reason.strip():
        raise Invalid("say why", {"reason": "empty"})
    if actor.kind != "staff":
        raise Refused
    held = None
    if not gate.may_give(actor, case, compartment):
        held = gate.keys_in_danger(actor, case, compartment)
        if not held:
            raise Refused
        if grantee != actor.id:
            raise Invalid("this opens to whoever presses it", {"grantee": "alone"})
    if staff.kinds({grantee}).get(grantee, ("", ""))[0] != "person":
        # In a team nobody would be left who gains nothing by it and could confirm it.
        raise Invalid("it opens to one person", {"grantee": "person"})
    leave = gate.admit(actor, case, "cover", write=True)
    now = clock.now()
    making = operations.Making("consent.override")
    until = now.date() + timedelta(days=rules.OVERRIDE_DAYS)
    row = Override(
        case=case,
        subject=compartment,
        grantee=grantee,
        by=actor.id,
        due_at=now + rules.CONFIRM_WITHIN,
    )
    doc: Document = {"reason": reason, "at": now.isoformat(timespec="microseconds")}
    with making.keys():
        share = compartments.Share(grantee, rules.OVERRIDE, until)
        compartments.extend(actor.ring, case, compartment, share, op=making.id, held=held)
    with making.data():
        row.sealed = gate.seal(leave, REASON, row.id, doc)
        row.save(force_insert=True)
        journal.note("override", case, row.id, grantee, compartment=compartment)
        events.announce(OverrideStarted(str(row.id), str(case)))
    return row.id


def confirm_override(actor: Actor, override_id: ids.Id) -> None:
    """The second person's yes. Two roles of one person are one person, to whom it opened is not the
    second, and neither is anybody whom one colleague alone has vouched for together with one of them.
    """
    row = Override.objects.filter(id=override_id, confirmed=False).exclude(due_at=None).first()
    if row is None:
        raise NotFound
    if actor.kind != "staff" or not gate.holds(actor, row.case, "cover"):
        raise Refused
    if not queries.is_second(vouching.Standing(), actor, row):
        raise Refused
    with operations.writing():
        changed = Override.objects.filter(
            id=row.id, confirmed=False, due_at__gt=clock.now()
        ).update(confirmed=True, due_at=None)
        if not changed:
            raise Conflict
        journal.note("override.confirmed", row.case, row.id)


def end_overrides() -> int:
    """Take away what nobody has confirmed in time; needs no key."""
    rows = Override.objects.filter(confirmed=False, due_at__lte=clock.now())
    for row in list(rows):
        with operations.ending("consent.override ends", override=row.id):
            journal.note("override.ended", row.case, row.id)
    return len(rows)


@operations.finishes("consent.override ends")
def _end_override(subject: dict[str, str]) -> None:
    row = Override.objects.filter(id=subject["override"]).first()
    if row is not None:
        take_key(row.case, row.subject, {(row.grantee, rules.OVERRIDE)})
        # The row stays for the defender's list; nobody confirmed it, and nothing is due any more.
        Override.objects.filter(id=row.id).update(due_at=None)


# --- two persons ---------------------------------------------------------------------------------
def request_release(actor: Actor, case: ids.Id, *, compartment: str = "identity") -> ids.Id:
    """Ask that two persons open a compartment for the actor. One of the group counts as the first."""
    if actor.kind != "staff" or not gate.holds(actor, case, "cover"):
        raise Refused
    row = Release(case=case, subject=compartment, asker=actor.id)
    _peel(actor, row)
    asking = operations.Personal("consent.ask two", release=row.id)
    with asking.accepted():
        journal.note("release.asked", case, row.id, compartment=compartment)
    with asking.keys():
        row.save(force_insert=True)
    return row.id


@operations.was_done("consent.ask two")
def _was_asked(subject: dict[str, str]) -> bool:
    return Release.objects.filter(id=subject["release"]).exists()


def _peel(actor: Actor, row: Release) -> bool:
    peeled = pairs.peel(actor.ring, row.case, row.subject)
    if peeled:
        row.first = actor.id
        row.peeled = {place: base64.b64encode(inner).decode() for place, inner in peeled.items()}
    return bool(peeled)


def approve_release(actor: Actor, release: ids.Id) -> bool:
    """One person's yes; True when it was the second and the asker can read from now on.

    While the second has the key at hand, what the defender said yes to and waits for it is given, and
    the pairs of the present release group are made.
    """
    row = Release.objects.filter(id=release, done=False).first()
    if row is None:
        raise NotFound
    if actor.kind != "staff" or actor.id == row.first:
        raise Refused
    if row.first is None:
        if not _peel(actor, row):
            raise Refused
        _say_first_yes(row)
        return False
    peeled = {place: base64.b64decode(inner) for place, inner in row.peeled.items()}
    keys = pairs.open_peeled(actor.ring, row.case, row.subject, row.first, peeled)
    until = clock.today() + timedelta(days=rules.RELEASE_DAYS)
    share = compartments.Share(row.asker, rules.RELEASE, until)
    making = operations.Making("consent.release")
    with making.keys():
        compartments.extend(actor.ring, row.case, row.subject, share, op=making.id, held=keys)
        if row.subject in rules.TOGETHER:
            wanted = gate.pairs_now()
            pairs.add(actor.ring, row.case, row.subject, wanted, keys, op=making.id)
    with making.data():
        journal.note("release.second", row.case, row.id, row.asker, compartment=row.subject)
    # Last: whoever was interrupted before it can say yes once more.
    Release.objects.filter(id=row.id).update(done=True, peeled={})
    give_waiting(actor, row.case, {row.subject: keys})
    return True


def _say_first_yes(row: Release) -> None:
    yes = operations.Personal("consent.first yes", release=row.id, person=row.first)
    with yes.accepted():
        journal.note("release.first", row.case, row.id)
    with yes.keys():
        # Of two who say it at once one is the first.
        free = Release.objects.filter(id=row.id, first=None)
        if not free.update(first=row.first, peeled=row.peeled):
            raise Conflict


@operations.was_done("consent.first yes")
def _was_said(subject: dict[str, str]) -> bool:
    return Release.objects.filter(id=subject["release"], first=subject["person"]).exists()


def forget_releases() -> int:
    """Requests that found no second person in time are over: an inner wrap that lay about for long
    would leave one person's key between it and the content."""
    limit = clock.today() - rules.RELEASE_WAITS
    return Release.objects.filter(day__lt=limit).delete()[0]


# --- time ----------------------------------------------------------------------------------------
def end_expired() -> int:
    """Turn the keys of compartments whose grants are past their last day; needs no key."""
    due = compartments.expired(clock.today())
    for (case, compartment), drop in due.items():
        with operations.ending("consent.expires", case=case, compartment=compartment):
            journal.note("consent.expired", case, compartment=compartment, count=len(drop))
    return len(due)


@operations.finishes("consent.expires")
def _expire(subject: dict[str, str]) -> None:
    case, compartment = ids.of(subject["case"]), subject["compartment"]
    drop = compartments.expired(clock.today()).get((case, compartment), set())
    take_key(case, compartment, drop)
    events.announce(Withdrawn(str(case), compartment))


# --- the defender's own hand ----------------------------------------------------------------------
def take_back(
    actor: Actor,
    case: ids.Id,
    *,
    recipient: ids.Id,
    label: str,
    purpose: str,
    compartment: str,
) -> None:
    """A defender (or staff on their word) takes one compartment back from one recipient, whatever
    it had been given for."""
    leave = gate.admit(actor, case, "cover", write=True)
    recipient = compartments.seats_now().get(recipient, recipient)
    doc = {
        "answer": "withdrawn",
        "recipient": str(recipient),
        "label": label,
        "purpose": purpose,
        "compartment": compartment,
        "how": "page",
        "language": actor.language,
        "until": "",
        "condition": "",
        "condition_met": False,
        "text_version": rules.TEXT_VERSION,
        "at": clock.now().isoformat(timespec="microseconds"),
    }
    _take_away(actor, case, doc, recipient, purpose, compartment, leave)


def erase_keys(case: ids.Id) -> None:
    """Destroy every key of a case, for good."""
    with transaction.atomic(using=KEYSTORE):
        compartments.erase(case)
        Release.objects.filter(case=case).delete()


def erase_rows(case: ids.Id) -> None:
    """Remove what consent had written about a case whose keys are destroyed."""
    for table in (Record, Disclosure, Override):
        table.objects.filter(case=case).delete()
