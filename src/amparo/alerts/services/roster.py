"""The verbs of the roster: rotations, overrides, swaps, leave, hand-overs, and one's own calendar."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError

from amparo.alerts import oncall, roster
from amparo.alerts.models import FEED, HANDOVER, ONCALL, ROSTER, Feed, HandOver, Roster
from amparo.alerts.roster import Doc
from amparo.consent import gate
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused
from amparo.messages import services as messages
from amparo.people import queries as people
from amparo.people.rules import COORDINATION, INTAKE
from amparo.vault import duty, server

NAME, NOTE = 60, 4000  # letters
LONGEST_OVERRIDE, LONGEST_LEAVE = timedelta(days=31), timedelta(days=366)
BY_ONESELF = timedelta(hours=12)  # how long somebody puts themselves on where nobody is
KEPT = timedelta(days=14)  # of notes, and of what was taken


@contextmanager
def _changing(actor: Actor, deed: str, *, version: int | None = None) -> Iterator[Doc]:
    """The roster's document, kept under both keys when the deed is done; Conflict when it is not at
    `version` any more."""
    people.require(actor, INTAKE, COORDINATION)
    house = people.house()
    leave = gate.admit(actor, house, "house", write=True)
    try:
        with operations.writing():
            row = Roster.objects.select_for_update().filter(id=house).first()
            fresh = row is None
            row = row or Roster(id=house, case=house)
            if version is not None and row.version != version:
                raise Conflict
            doc = roster.empty() if fresh else gate.read(leave, ROSTER, row)
            yield doc
            _forget(doc)
            row.sealed = gate.seal(leave, ROSTER, row.id, doc)
            row.armed = _armed(row, doc)
            row.version += 1
            row.save(force_insert=fresh)
            journal.note(deed, row.id)
    except IntegrityError:  # two made the first one
        raise Conflict from None


def _forget(doc: Doc) -> None:
    """Of who was on in the past nothing is kept."""
    for name in ("overrides", "leaves", "wishes", "taken"):
        doc[name] = oncall.still_wanted(doc[name], clock.now())
        if len(doc[name]) > oncall.ENTRIES:
            raise Invalid("too many entries", {"start": "many"})


def _armed(row: Roster, doc: Doc) -> bytes:
    """What the server needs at night: ids and times, no names, no reasons, nothing that is asked."""
    bare = {
        "since": doc["since"],
        "rotations": [oncall.doc_of(oncall.rotation_of(one)) for one in doc["rotations"]],
        "overrides": [
            {name: one[name] for name in ("id", "person", "start", "end", "line", "instead")}
            for one in doc["overrides"]
        ],
        "leaves": [
            {name: one[name] for name in ("id", "person", "start", "end")} for one in doc["leaves"]
        ],
        "taken": doc["taken"],
        "told": (roster.armed() or roster.empty())["told"],
    }
    return duty.seal(ONCALL, row.id, bare)


def renew(actor: Actor) -> None:
    """After a lockdown the duty key is another: let the server know again who is on, at a sign-in."""
    if not Roster.objects.exists() or roster.armed() is not None or server.locked_down():
        return
    leave = gate.admit(actor, people.house(), "house")
    with operations.writing():
        row = Roster.objects.select_for_update().get()  # as it is now: nobody's change is undone
        row.armed = _armed(row, gate.read(leave, ROSTER, row))
        row.save(update_fields=["armed"])


# --- rotations -----------------------------------------------------------------------------------
def checked(actor: Actor, doc: Doc, rotation: oncall.Rotation, name: str) -> Doc:
    """A document with a rotation put in or changed, not kept yet: what a preview looks at. Invalid
    names what cannot be kept."""
    people.require(actor, COORDINATION)
    wrong = oncall.faults(rotation)
    team = {str(one) for one in people.members_of(INTAKE)}
    if not set(rotation.people) <= team:
        wrong["people"] = "choose"
    if not name.strip() or len(name) > NAME:
        wrong["name"] = "empty" if not name.strip() else "long"
    others = [one for one in doc["rotations"] if one["id"] != rotation.id]
    if len(others) >= oncall.ROTATIONS:
        wrong["name"] = "many"
    if wrong:
        raise Invalid("this rotation cannot be kept", wrong)
    new = oncall.doc_of(rotation) | {"name": name.strip()}
    kept = [new if one["id"] == rotation.id else one for one in doc["rotations"]]
    return doc | {"rotations": kept if new in kept else [*kept, new]}


def keep_rotation(actor: Actor, rotation: oncall.Rotation, *, name: str, version: int) -> None:
    """Put a rotation into the roster, or change it; Conflict when somebody was quicker."""
    people.require(actor, COORDINATION)
    with _changing(actor, "rotation kept", version=version) as doc:
        doc["rotations"] = checked(actor, doc, rotation, name)["rotations"]
        doc["since"] = clock.now().isoformat()


def drop_rotation(actor: Actor, rotation: str, *, version: int) -> None:
    """Take a rotation away."""
    people.require(actor, COORDINATION)
    with _changing(actor, "rotation dropped", version=version) as doc:
        doc["rotations"] = [one for one in doc["rotations"] if one["id"] != rotation]
        doc["since"] = clock.now().isoformat()


# --- overrides -----------------------------------------------------------------------------------
def _span(start: datetime, end: datetime, longest: timedelta) -> None:
    if end <= start:
        raise Invalid("it ends before it begins", {"end": "order"})
    if end <= clock.now():
        raise Invalid("this is over already", {"end": "past"})
    if end - start > longest:
        raise Invalid("too long", {"end": "range"})


def _of_the_team(*who: ids.Id) -> None:
    if not set(who) <= set(people.members_of(INTAKE)):
        raise Invalid("only who answers the desk", {"person": "choose"})


def put_on(
    actor: Actor, person: ids.Id, *, start: datetime, end: datetime, line: oncall.Line = "first"
) -> None:
    """Somebody is on from one moment to another, whoever it would have been."""
    people.require(actor, COORDINATION)
    _of_the_team(person)
    _span(start, end, LONGEST_OVERRIDE)
    if line not in oncall.LINES:
        raise Invalid("choose", {"line": "choose"})
    with _changing(actor, "put on duty") as doc:
        doc["overrides"].append(_override(str(person), start, end, line))
        new = doc["overrides"][-1]["id"]
    _say([person], new)


def _override(
    person: str,
    start: datetime,
    end: datetime,
    line: str = "first",
    instead: str = "",
    leave: str = "",
) -> dict[str, Any]:
    return {
        "id": str(ids.new()), "person": person, "start": start.isoformat(), "end": end.isoformat(),
        "line": line, "instead": instead, "leave": leave,
    }  # fmt: skip


def be_on(actor: Actor) -> datetime:
    """Nobody is on, and the actor is from now on: until somebody else's turn, or for some hours.
    Returns until when; Conflict where somebody is on."""
    people.require(actor, INTAKE)
    _of_the_team(actor.id)
    now = clock.now()
    with _changing(actor, "is on duty") as doc:
        found = oncall.roster_of(doc, [str(one) for one in people.members_of(INTAKE)])
        if oncall.on(found, "first", now):
            raise Conflict
        last = now + BY_ONESELF
        until = next((one.start for one in oncall.shifts(found, now, last) if one.first), last)
        doc["leaves"] = [
            one for one in doc["leaves"]
            if one["person"] != str(actor.id) or datetime.fromisoformat(one["start"]) > now
        ]  # fmt: skip
        doc["overrides"].append(_override(str(actor.id), now, until))
        doc["taken"].append(_taken(f"{now.isoformat()} {actor.id}", now))
    return until


def _taken(key: str, at: datetime) -> dict[str, str]:
    return {"key": key, "end": (at + KEPT).isoformat()}


def drop_override(actor: Actor, override: str) -> None:
    """Take an override or a swap away: whoever put people on may, and whoever put themselves on."""
    with _changing(actor, "override dropped") as doc:
        found = next((one for one in doc["overrides"] if one["id"] == override), None)
        if found is None:
            raise NotFound
        own = found["person"] == str(actor.id) and not found["instead"]
        if not own and COORDINATION not in people.roles(actor):
            raise Refused
        doc["overrides"].remove(found)
    _say([ids.of(one) for one in (found["person"], found["instead"]) if one], override)


# --- swaps and leave -----------------------------------------------------------------------------
def ask_swap(actor: Actor, other: ids.Id, *, mine: bool, start: datetime, end: datetime) -> None:
    """Ask a colleague to take the actor's turns in a span (`mine`), or offer to take theirs. It counts
    when they have said yes."""
    people.require(actor, INTAKE)
    _of_the_team(other, actor.id)
    _span(start, end, LONGEST_OVERRIDE)
    if other == actor.id:
        raise Invalid("choose a colleague", {"person": "self"})
    instead, person = (actor.id, other) if mine else (other, actor.id)
    with _changing(actor, "swap asked") as doc:
        wish = _wish(doc, actor.id, other, person, instead, start, end)
    _say([other], wish)


def _wish(
    doc: Doc,
    by: ids.Id,
    other: ids.Id,
    person: ids.Id,
    instead: ids.Id,
    start: datetime,
    end: datetime,
    leave: str = "",
) -> str:
    wish = _override(str(person), start, end, "first", str(instead), leave)
    doc["wishes"].append(wish | {"by": str(by), "other": str(other)})
    return str(wish["id"])


def answer(actor: Actor, wish: str, *, yes: bool) -> None:
    """Say yes or no to what a colleague has asked; whoever asked hears that there is an answer, and may
    take it back themselves (a no of their own)."""
    with _changing(actor, "swap answered") as doc:
        found = next((one for one in doc["wishes"] if one["id"] == wish), None)
        me = str(actor.id)
        if (
            found is None
            or me not in {found["other"], found["by"]}
            or (yes and me != found["other"])
        ):
            raise NotFound
        doc["wishes"].remove(found)
        if yes:
            kept = ("id", "person", "start", "end", "line", "instead", "leave")
            doc["overrides"].append({name: found[name] for name in kept})
    _say([ids.of(found["by" if me == found["other"] else "other"])], f"{wish} {yes}")


def go_on_leave(
    actor: Actor,
    *,
    start: datetime,
    end: datetime,
    person: ids.Id | None = None,
    cover: ids.Id | None = None,
) -> None:
    """Somebody is away and is not rung. `cover` is asked, and is on in their place when they say yes;
    until then, and without one, there is a gap. For somebody else only by who organises."""
    who = person or actor.id
    people.require(actor, *([INTAKE, COORDINATION] if who == actor.id else [COORDINATION]))
    _span(start, end, LONGEST_LEAVE)
    if cover is not None:
        _of_the_team(cover)
        if cover == who:
            raise Invalid("choose a colleague", {"cover": "self"})
    with _changing(actor, "leave kept") as doc:
        leave = {"id": str(ids.new()), "person": str(who)}
        doc["leaves"].append(leave | {"start": start.isoformat(), "end": end.isoformat()})
        if cover is not None:
            _wish(doc, who, cover, cover, who, start, end, leave["id"])
    _say([cover] if cover else [], leave["id"])


def ask_cover(actor: Actor, leave: str, cover: ids.Id) -> None:
    """Ask somebody to stand in for a leave that has nobody yet."""
    _of_the_team(cover)
    with _changing(actor, "cover asked") as doc:
        found = _leave_of(actor, doc, leave)
        if found["person"] == str(cover):
            raise Invalid("choose a colleague", {"cover": "self"})
        start, end = (datetime.fromisoformat(found[name]) for name in ("start", "end"))
        who = ids.of(found["person"])
        wish = _wish(doc, who, cover, cover, who, start, end, leave)
    _say([cover], wish)


def _leave_of(actor: Actor, doc: Doc, leave: str) -> dict[str, Any]:
    found: dict[str, Any] | None = next((one for one in doc["leaves"] if one["id"] == leave), None)
    if found is None:
        raise NotFound
    if found["person"] != str(actor.id):
        people.require(actor, COORDINATION)
    return found


def end_leave(actor: Actor, leave: str) -> None:
    """They are back, or stay after all: whoever was to stand in is told."""
    with _changing(actor, "leave ended") as doc:
        doc["leaves"].remove(_leave_of(actor, doc, leave))
        covers = [one for one in doc["overrides"] if one.get("leave") == leave]
        doc["overrides"] = [one for one in doc["overrides"] if one not in covers]
        doc["wishes"] = [one for one in doc["wishes"] if one.get("leave") != leave]
    _say([ids.of(one["person"]) for one in covers], leave)


def _say(who: list[ids.Id], what: str) -> None:
    """The desk's notice, which says nothing, to those whom a change is about."""
    if who:
        messages.queue_notices(who, uuid.uuid5(people.house(), f"{what} {clock.today()}"))


# --- hand-overs ----------------------------------------------------------------------------------
def leave_note(actor: Actor, *, text: str, at_once: bool = False) -> None:
    """Write down what the next one must know, for the actor's next change; `at_once`: they may take
    over before its hour. NotFound where the actor hands over to nobody."""
    people.require(actor, INTAKE)
    if not text.strip() or len(text) > NOTE:
        raise Invalid("a few words", {"text": "long" if text.strip() else "empty"})
    change = roster.my_change(actor, gives=True)
    if change is None:
        raise NotFound
    with operations.writing():
        for old in roster.notes(actor):
            if old.key == roster.key(change):
                HandOver.objects.filter(id=old.id).delete()
        row = HandOver()
        doc = {
            "key": roster.key(change), "by": str(actor.id), "text": text.strip(),
            "at": clock.now().isoformat(), "at_once": at_once,
        }  # fmt: skip
        row.sealed = gate.seal_to_team(INTAKE, HANDOVER, row.id, doc)
        row.save(force_insert=True)
        journal.note("hand-over written", row.id)
    _say([ids.of(change.taker)], roster.key(change))


def take(actor: Actor) -> None:
    """Whoever comes takes over: from now on those who went are not rung beside them. Before the hour
    only where the one who goes has said so. NotFound where there is nothing to take."""
    people.require(actor, INTAKE)
    change = roster.my_change(actor, gives=False)
    if change is None:
        raise NotFound
    now, key = clock.now(), roster.key(change)
    if change.at > now and not any(one.key == key and one.at_once for one in roster.notes(actor)):
        raise Conflict
    with _changing(actor, "hand-over taken") as doc:
        doc["taken"].append(_taken(key, change.at))
        if change.at > now:
            early = _override(change.taker, now, change.at, "first", change.giver)
            doc["overrides"].append(early)
            doc["taken"].append(_taken(f"{now.isoformat()} {change.taker}", now))


def tell_of_missed() -> int:
    """A hand-over that nobody took in time: who went, who came and who organises get a notice, once.
    The engine does this; it opens the copy under the duty key only. Returns how many."""
    doc, now = roster.armed(), clock.now()
    found = roster.rules_of(doc)
    if doc is None or found is None or server.locked_down():
        return 0
    late = roster.waiting(doc, found, now)
    if late is None or late.at + oncall.GRACE > now or roster.key(late) in doc["told"]:
        return 0
    with operations.writing():
        row = Roster.objects.select_for_update().get()
        doc = duty.open_(ONCALL, row.id, bytes(row.armed))
        if roster.key(late) in doc["told"]:
            return 0
        doc["told"] = [*doc["told"], roster.key(late)][-20:]
        Roster.objects.filter(id=row.id).update(armed=duty.seal(ONCALL, row.id, doc))
        both = [ids.of(late.giver), ids.of(late.taker)]
        event = uuid.uuid5(row.id, roster.key(late))
        messages.queue_notices([*both, *people.members_of(COORDINATION)], event)
        journal.note("hand-over missed", row.id)
    return 1


def sweep() -> int:
    """Notes of hand-overs that are long over, and addresses of those who have left."""
    old = HandOver.objects.filter(day__lt=clock.today() - KEPT).delete()[0]
    return old + Feed.objects.exclude(id__in=people.members_of(INTAKE)).delete()[0]


# --- one's own calendar --------------------------------------------------------------------------
def new_feed(actor: Actor) -> str:
    """A secret address for the actor's own turns; the one before is dead from then on. Returns the
    token that stands in it, shown once."""
    people.require(actor, INTAKE)
    secret, body = duty.make_capsule(FEED, actor.id, {})
    with operations.writing():
        Feed.objects.filter(id=actor.id).delete()
        Feed(id=actor.id, find=duty.find(secret), sealed=body).save(force_insert=True)
        journal.note("calendar address made", actor.id)
    return duty.as_text(secret)


def stop_feed(actor: Actor) -> None:
    """No address shows the actor's turns any more."""
    with operations.writing():
        Feed.objects.filter(id=actor.id).delete()
        journal.note("calendar address stopped", actor.id)


def destroy() -> None:
    """Lockdown: the server knows nobody's turns any more, and no address shows them."""
    Roster.objects.update(armed=b"")
    Feed.objects.all().delete()


def open_feed(token: str) -> ids.Id:
    """Whose turns a secret address shows; NotFound for every other."""
    secret = duty.from_text(token)
    row = Feed.objects.filter(find=duty.find(secret)).first()
    if row is None or row.id not in people.members_of(INTAKE):
        raise NotFound
    try:
        duty.open_capsule(FEED, row.id, secret, bytes(row.sealed))
    except CannotOpen:
        raise NotFound from None
    return row.id
