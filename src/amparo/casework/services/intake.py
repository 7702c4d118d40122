"""A call for help arrives: sealed in the request itself, answered by a return code."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from amparo.alerts.services import silent
from amparo.casework import queries, rules, second
from amparo.casework.events import RequestReceived
from amparo.casework.models import Case
from amparo.casework.services.record import (
    Author,
    SealedFile,
    check_texts,
    due_now,
    only_once,
    stamp,
    was_sent,
    write_cover,
    write_entry,
)
from amparo.consent import gate
from amparo.consent.rules import OWN, PROTECTION
from amparo.foundation import events, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.config import config
from amparo.foundation.errors import CannotOpen, Conflict, NotFound, Unavailable
from amparo.people.rules import INTAKE
from amparo.vault import codes, keys, server, sessions
from amparo.vault import files as vault_files


@dataclass(frozen=True)
class Asked:
    """A call that is sealed and stored."""

    case: ids.Id
    due_at: datetime
    received_at: datetime


@dataclass(frozen=True)
class Call:
    """What somebody has told us; every part may be empty."""

    what: str = ""
    where: str = ""
    how: str = ""
    reach: str = ""
    language: str = "en"
    way: str = "here"
    consent: str = "page"  # how they agreed that the desk reads it
    relay: str = ""  # the intermediary's own record of it, and who they are: "item person"
    second_of: ids.Id = ids.NIL  # the case whose second code this call's code is


def ready() -> None:
    """Unavailable when a call could not be taken in now; pages ask before a person types."""
    if server.locked_down():
        raise Unavailable("locked down")
    if not vault_files.room_left():
        raise Unavailable("the disk is nearly full")


def ask(
    actor: Actor,
    *,
    once: ids.Id,
    code: codes.Code,
    call: Call,
    files: tuple[SealedFile, ...] = (),
    beside: Callable[[ids.Id], None] | None = None,
) -> Asked:
    """Take in a call for help.

    `once` names the form: the same form sent twice is a Conflict and stores nothing. `code` opens
    the defender's own key and is kept nowhere. The actor is nobody, or the officer who typed what
    was said on the phone, or somebody who relays. `beside` writes what belongs to it, in its commit.
    """
    check_texts(what=call.what, where=call.where, reach=call.reach)
    ready()
    if was_sent(once):
        raise Conflict
    installation = server.load()
    lookup, lock = codes.derive(code, installation.installation, installation.key("pepper"))
    making = operations.Making("casework.ask")
    due = due_now(config().first_answer_minutes, config().duty_hours)
    with making.keys():
        # On the desk's screen the code stands before the officer, who reads it out.
        ring = keys.new_defender(lookup, lock, op=making.id, seen=actor.kind == "staff")
        case = keys.case_of(ring)
        intake = keys.team(INTAKE).id
        held = [(intake, PROTECTION, None), (ring.id, OWN, None)]
        leaves = gate.begin(
            Actor("defender", ring.id, ring, case),
            case,
            {"cover": held, "correspondence": held},
            op=making.id,
        )
    with making.data():
        only_once(once)
        Case.objects.create(id=case, due_at=due, unread=1)
        write_cover(leaves["cover"], _cover(actor, call))
        _first_entry(leaves["correspondence"], actor, call, files)
        if beside is not None:
            beside(case)
        journal.note("request received", case, files=len(files), way=call.way)
        events.announce(RequestReceived(str(case)))
    return Asked(case, due, _now())


def _now() -> datetime:
    return datetime.fromisoformat(stamp())


def _cover(actor: Actor, call: Call) -> dict[str, object]:
    return {
        "name": rules.cover_name(ids.new().int),
        "language": call.language,
        "way": call.way if call.way != "here" else (call.how or "here"),
        "reach": [{"how": call.how, "text": call.reach}] if call.how or call.reach else [],
        "where": call.where,
        "word": "",
        "relay": call.relay,
        # In every cover, and as long in each.
        "second": str(ids.NIL),
        "second_of": str(call.second_of),
        # Always as long, so that the length of a cover tells nothing.
        "typed_by": str(actor.id if actor.kind == "staff" else ids.NIL),
        "consent": call.consent,
        "asked_at": stamp(),
    }


def _first_entry(
    leave: gate.Leave, actor: Actor, call: Call, files: tuple[SealedFile, ...]
) -> None:
    author = Author("defender")
    if actor.kind == "staff":
        author = Author("call", actor.id)
    elif actor.kind == "relay":
        author = Author("relay", actor.id)
    write_entry(leave, author, call.what, sent=files, where=call.where, language=call.language)


def enter(text: str) -> tuple[bytes, Actor]:
    """Come back with a code: (handle of the session, actor).

    codes.Mistyped when the text cannot be a code, before anything is looked up; NotFound for every
    other reason alike.
    """
    code = codes.parse(text)
    installation = server.load()
    lookup, lock = codes.derive(code, installation.installation, installation.key("pepper"))
    try:
        row, key, seen = keys.open_code(lookup, lock)
        handle = sessions.begin(key, row.id, row.generation, "code", seen=seen)
        actor = resume(handle)
    except CannotOpen:
        journal.note("code refused")
        raise NotFound from None
    journal.act_as(actor)
    journal.note("code used", actor.case or "")
    _say(actor)
    return handle, actor


def _say(actor: Actor) -> None:
    """Every code is said alike. A second one says the case that it was agreed for."""
    if actor.case is None:
        return
    first = second.first_of(actor)
    with suppress(Unavailable):  # locked down: nothing can be rung
        silent.said(first or actor.case, forced=first is not None, by="code")


def resume(handle: bytes) -> Actor:
    """The defender of a live session; CannotOpen when it is over."""
    ring = sessions.resume(handle, "code")
    case = queries.case_of_defender(ring.id)
    if case is None:
        raise CannotOpen
    return Actor("defender", ring.id, ring, case)
