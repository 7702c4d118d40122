"""P07: every route × method × role, against the table that stands in `routes.py`.

Each request is sent with whatever its role holds, in every place where it could be shown: as the
desk's cookie, as the token of a form, as a bearer token. Whatever it changes is taken back before the
next. What came back is one letter; a letter that reads words of the case tells which words.

Seen to fail: when `pages.signed_in` lets anybody pass, when `pages.role` does not look at the roles,
when `sessions.resume` leaves out the kind of session (a defender's opens the desk), when a row of
the table is taken away, and when `people.services._actor` takes a relay for staff.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from amparo.alerts import rules as alerts
from amparo.alerts.services import callouts, plans, pressing
from amparo.api import tokens
from amparo.casework import checklist, queries
from amparo.casework.services import (
    calls,
    erasing,
    opening,
    relaying,
    responses,
    sharing,
    starting,
    thread,
)
from amparo.casework.services.intake import Call
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal
from amparo.foundation.router import KEYSTORE
from amparo.messages.ways import Way
from amparo.people import keeping
from amparo.people import services as people
from amparo.proofs.prove.busy import put_on_duty
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.journals import one_pixel
from amparo.proofs.prove.routes import BODIES, FIELDS, RELAY, ROLES, ROWS, SPREAD, TEAMS
from amparo.proofs.prove.world import World, found, sealed_file
from amparo.vault import codes, files, forms, uploads
from amparo.web import middleware

METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")  # the sample: the first two
CONVERSATION, NOTE = (
    "zaunkoenig",
    "nachtigall",
)  # words of the case: to the desk, and in a compartment
NO_WORDS = str.maketrans("cnb", "yyy")
LETTERS = {404: "-", 401: "!", 403: "f", 405: "x", 503: "z"}
# Who may ever read which words; a table that says more is wrong itself.
MAY_READ = {"c": {"defender", "duty", "owner"}, "n": {"reader", "owner"}, "b": {"owner"}}
STAFF = set(TEAMS)


def routes() -> Iterator[str]:
    """Every address that the server knows, with its parameters as <name>."""

    def walk(patterns: Any, before: str) -> Iterator[str]:
        for one in patterns:
            here = before + str(one.pattern).lstrip("^")
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns, here)
            elif isinstance(one, URLPattern):
                yield re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", here)

    yield from walk(get_resolver().url_patterns, "")


def spread() -> list[str]:
    """The same, with those addresses one by one that mean different deeds."""
    every = set()
    for route in set(routes()):
        values = SPREAD.get(route, lambda: ("",))()
        every |= {re.sub(r"<(verb|code)>", value, route) if value else route for value in values}
    return sorted(every)


def table() -> dict[str, dict[str, str]]:
    """Address -> method -> one letter for each role."""
    rows: dict[str, dict[str, str]] = {}
    for line in ROWS.strip().splitlines():
        route, methods, *said = line.split()
        for method in METHODS if methods == "any" else methods.split(","):
            letters_ = "".join(said) + _of_a_relay(route, method, said[0])
            rows.setdefault("" if route == "/" else route, {})[method] = letters_
    return rows


def _of_a_relay(route: str, method: str, nobody: str) -> str:
    """What somebody who relays gets: of the desk nothing but their own pages."""
    own = RELAY.get(route, {}).get("GET" if method == "HEAD" else method)
    if own or not route.startswith("desk/") or route in ENTRANCES:
        return own or nobody
    return nobody.translate(str.maketrans(">!", "--"))


def _wanted(row: dict[str, str], method: str) -> str:
    """A method without a row is not allowed to anybody; HEAD says what GET says, but for the words."""
    said = row.get(method, "x" * len(ROLES))
    return said.translate(NO_WORDS) if method == "HEAD" else said


# --- who asks -------------------------------------------------------------------------------------
@dataclass
class Asker:
    """A role, and the one thing that it holds."""

    name: str
    handle: bytes = b""
    bearer: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any], version: int) -> Any:
        """Send it, with what a form or a program would send."""
        client = Client(raise_request_exception=False)
        if self.handle:
            client.cookies[middleware.SESSION_COOKIE] = middleware.cookie_of(self.handle)
        headers = {"host": "localhost", "if-match": f'"{version}"'}
        headers |= {"idempotency-key": str(ids.new())}
        bearer = self.bearer or tokens.text_of(self.handle)
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        if method in {"GET", "HEAD", "OPTIONS"}:
            return client.generic(method, path, headers=headers)
        if path.startswith("/api"):
            kind = "application/json"
            return client.generic(method, path, json.dumps(body), kind, headers=headers)
        if method != "POST":
            return client.generic(method, path, headers=headers)
        own = {"token": forms.token(self.handle), "version": version, "once": str(ids.new())}
        return client.post(path, FIELDS | own | body, headers=headers)


@dataclass
class Stage:
    """The house of the proof: who is in it, and what stands for each parameter."""

    askers: list[Asker]
    given: dict[str, str]
    case: ids.Id
    disk: dict[str, bytes] = field(default_factory=dict)
    bodies: dict[str, dict[str, str]] = field(default_factory=dict)  # what names rows of the stage

    def put_back(self) -> None:
        """What a request has done outside the databases."""
        people._misses.clear()
        now = {str(path) for path in files.folder().rglob("*") if path.is_file()}
        for path in files.folder().rglob("*"):
            if path.is_file() and str(path) not in self.disk:
                path.unlink()
        for name in self.disk.keys() - now:
            with open(name, "wb") as file:
                file.write(self.disk[name])


def stage_of(world: World) -> Stage:
    """A house in which everybody of the table is."""
    hired = TEAMS | {"relay": ("relay",)}
    house = {name: world.hire(name, *teams, alone=name == "duty") for name, teams in hired.items()}
    owner, duty = house["owner"], house["duty"]
    picture = sealed_file("a.png", one_pixel())
    defender, other = world.ask(what=CONVERSATION, files_=(picture,)), world.ask(what="another")
    with owner.request() as actor:
        opening.open_case(actor, defender.case, version=0)
        opening.write_note(actor, defender.case, "narrative", text=NOTE)
        offer = sharing.Offer("R.", "legal", ("narrative",), clock.today())
        token = sharing.share_by_link(actor, defender.case, offer=offer, hours=5)
        answer = consent.record_answer(
            actor, defender.case, answer="asked", recipient=duty.id, label="them",
            purpose="legal", compartment="narrative", how="oral", language="en",
        )  # fmt: skip
        override = consent.override(
            actor, defender.case, compartment="location", grantee=owner.id, reason="a life"
        )
        release = consent.request_release(actor, defender.case)
        erasure = erasing.ask(actor, defender.case, reason="she called")
        file = queries.case(actor, defender.case).thread.messages[-1].files[0].id
    with defender.request() as actor:
        thread.write(actor, once=ids.new(), text=CONVERSATION)
        thread.choose(actor, purpose="duty", compartment="identity", yes=True)
    with journal.unit():
        reader, _ = sharing.use_link(token)
        ticket, upload = uploads.begin(size=9 * 2**20, sha256="0" * 64, name="b")
    with other.request():
        pass
    for officer in house.values():
        with officer.request():
            pass
    handles = {"other": other.window, "defender": defender.window, "reader": reader}
    handles |= {name: officer.handle for name, officer in house.items()}
    bearers = {"uploader": upload}
    askers = [Asker(one, handles.get(one, b""), bearers.get(one, "")) for one in ROLES]
    given = {"case": defender.case, "file": file, "number": 1, "answer": answer, "token": "x"}
    given |= {"override_id": override, "release_id": release, "erasure_id": erasure}
    given |= {"upload": ticket.upload, "rest": "x", "person": duty.id, "code": "intake"}
    stage = Stage(askers, {name: str(value) for name, value in given.items()}, defender.case)
    stage.disk = {str(one): one.read_bytes() for one in files.folder().rglob("*") if one.is_file()}
    stage.given |= _alarm(owner, defender.case)
    with house["coordinator"].request() as actor:
        stage.given["rotation"] = str(put_on_duty(actor, duty.id, owner.id))
    stage.given |= _to_do(owner, defender.case)
    stage.bodies["desk/c/<case>/start"] = {"playbook": "arrest"}
    stage.bodies["desk/c/<case>/start/<start>/time"] = {"fact": "taken", "at": "2026-01-01T10:00"}
    stage.bodies["desk/c/<case>/tasks/<task>"] = {"deed": "take", "to": ""}
    stage.bodies["desk/c/<case>/menu"] = {"response": stage.given["response"]}
    _helpers(stage, house, defender.case)
    stage.bodies["desk/c/<case>/press"] = {"plan": stage.given["plan"]}
    for verb in ("take", "on"):
        stage.bodies[f"desk/alarms/<alarm>/{verb}"] = {"version": "1"}  # as it is after a press
    return stage


def _to_do(owner: Any, case: ids.Id) -> dict[str, str]:
    """A playbook runs, and something can be set in motion."""
    offer = responses.Offer("car", "A car", 30, clock.now() + timedelta(hours=9))
    with owner.request() as actor:
        start = starting.start(actor, case, playbook="arrest", once=ids.new())
        task = checklist.of_case(actor, case).next[0].id
        response = responses.keep(actor, offer)
    return {"start": str(start), "task": str(task), "response": str(response)}


def _alarm(owner: Any, case: ids.Id) -> dict[str, str]:
    """Somebody has a plan, and it rings."""
    draft = plans.Draft("card", (alerts.Rung(0, (alerts.DESK,)),), {}, "Your order is ready.")
    with owner.request() as actor:
        plan = plans.arm(actor, case, draft).id
        pressed = pressing.press_for(actor, case, plan, once=ids.new())
    return {"plan": str(plan), "alarm": str(pressed.alarm)}


def _helpers(stage: Stage, house: dict[str, Any], case: ids.Id) -> None:
    """The directory has an entry, somebody was called, helpers are asked, a call was passed on."""
    way = Way("mail", "marta@example.org")
    with house["owner"].request() as actor:
        entry = keeping.add(
            actor, keeping.Draft("person", "M.", ("lawyer",), ways=(way,), exercise=True)
        )
        keeping.vouch(actor, entry, version=1, how="x")
    with house["duty"].request() as actor:
        keeping.vouch(actor, entry, version=2, how="x")
        keeping.verify(actor, entry, version=3, how="x")
        ask = callouts.Ask("lawyer", exercise=True)
        callout = callouts.begin(actor, case, ask, chosen=[entry], once=ids.new())
        call = ids.new()
        calls.log(actor, calls.Said("reached", text=CONVERSATION[:3]), once=call)
    with house["relay"].request() as actor:
        passed = Call(what="x")
        relaying.file(actor, once=ids.new(), code=codes.new_digits(), call=passed)
        item = relaying.items(actor)[0].id
    made = {"entry": entry, "callout": callout, "call": call, "item": item}
    stage.given |= {name: str(value) for name, value in made.items()}
    for verb in ("away", "back", "change", "no", "spoke", "vouch"):
        stage.bodies[f"desk/directory/<entry>/{verb}"] = {"version": "4"}
    for verb in ("on", "over"):
        stage.bodies[f"desk/helpers/<callout>/{verb}"] = {"version": "1"}


# --- asking ---------------------------------------------------------------------------------------
class _TakenBack(Exception):
    """Ends a request's transaction."""


def letters(stage: Stage, route: str, method: str) -> tuple[str, list[str]]:
    """(one letter for each role, what nobody may see at all)."""
    path = "/" + re.sub(r"<(\w+)>", lambda m: stage.given.get(m[1], str(stage.case)), route)
    body = BODIES.get(route, {}) | stage.bodies.get(route, {})
    said, faults = "", []
    for asker in stage.askers:
        answer: Any = None
        letter = ""
        try:
            with transaction.atomic(using=KEYSTORE), transaction.atomic():
                version = queries.Case.objects.get(id=stage.case).version
                answer = asker.ask(method, path, body, version)
                letter = _letter(answer)
                raise _TakenBack
        except _TakenBack:
            pass
        stage.put_back()
        if answer.status_code >= 500 and answer.status_code != 503:
            faults.append(f"{method} /{route} as {asker.name} falls over ({answer.status_code})")
        said += letter
    return said, faults


def _letter(answer: Any) -> str:
    """What came back: which words, or how somebody was sent away."""
    pieces = answer.streaming_content if answer.streaming else [answer.content]
    text = b"".join(pieces)
    reads = (CONVERSATION.encode() in text, NOTE.encode() in text)
    if any(reads):
        return {(True, False): "c", (False, True): "n", (True, True): "b"}[reads]
    status = answer.status_code
    if status < 400:
        return "y" if status < 300 else ">"
    return LETTERS.get(status, "?")


@proves("P07")
def route_matrix() -> Found:
    """All of it, and what no table may say."""
    result = Found()
    stage = stage_of(found())
    rows, known = table(), spread()
    _is_honest(result, rows)
    for route in sorted(set(known) - set(rows)):
        result.breaches.append(f"/{route} has no row in routes.py")
    for route in sorted(set(rows) - set(known)):
        result.breaches.append(f"routes.py has a row for /{route}, which there is not")
    tried, read = 0, 0
    for route in known:
        for method in METHODS[: many(len(METHODS), 2)]:
            wanted = _wanted(rows.get(route, {}), method)
            got, faults = letters(stage, route, method)
            result.breaches += faults
            tried, read = tried + len(got), read + sum(one in "cnb" for one in got)
            for role, is_, should in zip(ROLES, got, wanted, strict=True):
                result.expect(is_ == should, f"{method} /{route} as {role}: {is_}, not {should}")
    result.expect(read >= 10, "next to nobody reads anything: nothing is shown")
    result.value = str(len(result.breaches))
    result.detail = (
        f"{len(known)} addresses, {len(ROLES)} roles, {tried} requests, "
        f"{read} times words of the case"
    )
    return result


def _is_honest(result: Found, rows: dict[str, dict[str, str]]) -> None:
    """The table itself may not give the case's words, or a page about it, to those who hold nothing
    of it; nor the desk to anybody who is not on staff."""
    for route, methods in rows.items():
        desk = route.startswith(("desk/", "api/v1/desk/")) and route not in ENTRANCES
        for method, said in methods.items():
            result.expect(
                len(said) == len(ROLES), f"routes.py: {route} {method} has {len(said)} roles"
            )
            for role, letter in zip(ROLES, said, strict=False):
                bad = letter in MAY_READ and role not in MAY_READ[letter]
                own = role == "relay" and route in RELAY and letter in "y?"
                bad = bad or (desk and role not in STAFF and letter in "y?cnb" and not own)
                inside = ("<case>" in route or "<alarm>" in route) and role not in {"duty", "owner"}
                bad = bad or (inside and letter in "y?cnb")
                result.expect(not bad, f"routes.py lets {role} into {method} /{route} ({letter})")


ENTRANCES = {
    "desk/", "desk/sign-in", "desk/sign-in/passkey", "desk/join", "desk/join/<token>",
    "api/v1/desk/session",
}  # fmt: skip


def say_rows() -> None:
    """Print the rows as they are now, to be read and pasted by a person; no proof calls this."""
    stage = stage_of(found())
    for route in spread():
        lines: dict[str, list[str]] = {}
        for method in METHODS:
            got, _ = letters(stage, route, method)
            same = [one for one in lines if method == "HEAD" and one.translate(NO_WORDS) == got]
            if set(got) != {"x"}:
                lines.setdefault(same[0] if same else got, []).append(method)
        for got, methods in lines.items():
            names = "any" if len(methods) == len(METHODS) else ",".join(methods)
            print(f"{route or '/':<42} {names:<8} {' '.join(got)}")
