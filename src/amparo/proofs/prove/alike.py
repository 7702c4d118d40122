"""P14: whatever is wrong with a code, a link, an invitation or a sign-in, the answer is the same.

Against a real server every answer is compared with the others of its group byte for byte, with its
headers, its cookies and what it added to the journal; what is random in every answer, and what was
typed, is masked. In this process the statements to both databases and the Argon2id computations of
each are compared too: a way through the code that differs would be a clock. The times themselves are
reported, not judged.

Seen to fail: when `keys.remove_defender` keeps the lock of somebody who is gone, when `links.use`
asks for the last day after it has found the row, and when `staff.unlock` does not hash for a name
that there is not.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connections
from django.test import Client

from amparo.casework.services import desk, opening, sharing, thread
from amparo.consent import links
from amparo.consent.models import Link
from amparo.foundation import clock, ids, journal
from amparo.foundation.config import config
from amparo.foundation.models import JournalEntry
from amparo.foundation.router import DATA, KEYSTORE
from amparo.people import services as people
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.served import Answer, Visitor, serving
from amparo.proofs.prove.world import World, found, newcomer
from amparo.vault import codes, factors, forms, keys

Fields = dict[str, str]


@dataclass
class Group:
    """One door, and what is wrong in so many ways: name -> (address, what is sent)."""

    name: str
    ways: dict[str, Callable[[], tuple[str, Fields]]]
    desk: bool = False  # Django's own check of forms wants its cookie
    rounds: int = 3
    # Which ways must be one way through the code; None: all of them.
    path_alike: tuple[str, ...] | None = None
    spent: dict[str, list[float]] = field(default_factory=dict)


# --- what is wrong --------------------------------------------------------------------------------
def _codes(world: World) -> Group:
    """Never given out, withdrawn, replaced by a new one, lost and re-linked."""
    gone, replaced, lost = (world.ask(what=one) for one in ("gone", "replaced", "lost"))
    with gone.request() as actor:
        thread.withdraw_request(actor)
    old = replaced.text
    with replaced.request() as actor:
        thread.new_code(actor, codes.new_digits())
    anew = world.ask(what="the same person again")
    with world.officers[0].request() as actor:
        desk.set_reach(actor, lost.case, reach=[], word="blue kettle")
    with world.officers[1].request() as actor:
        opening.relink(actor, anew.case, old=lost.case, word="blue kettle")
    texts = {"withdrawn": gone.text, "replaced": old, "re-linked": lost.text}

    def way(text: str) -> Callable[[], tuple[str, Fields]]:
        return lambda: ("/back", {"code": text or " ".join(codes.new_digits().shown)})

    ways = {"never": way("")} | {name: way(text) for name, text in texts.items()}
    return Group("codes", ways, rounds=many(60, 4))


def _links(world: World, name: str, kind: str, address: str) -> Group:
    """Links that never were, were used, are over, and are good at another door."""
    other = "reader" if kind == "invite" else "invite"
    with world.officers[0].request(), journal.unit():
        body = {"person": str(ids.new())}
        used, over = (links.create(kind, body, hours=1) for _ in range(2))
        elsewhere = links.create(other, body, hours=1)
        links.use(used, kind)
    row = Link.objects.get(find=links.duty.find(links.duty.from_text(over)))

    def still_there() -> str:
        # Put back each time: the engine forgets what is over.
        row.until = clock.now() - timedelta(days=1)
        row.save()
        return over

    tokens: dict[str, Callable[[], str]] = {
        "never": lambda: ids.new().hex[:22],
        "used": lambda: used,
        "over": still_there,
        "another door's": lambda: elsewhere,
    }

    def way(token: Callable[[], str]) -> Callable[[], tuple[str, Fields]]:
        return lambda: (address + token(), {})

    ways = {one: way(token) for one, token in tokens.items()}
    return Group(name, ways, desk=address.startswith("/desk"), rounds=many(20, 3))


def _sign_ins(world: World) -> Group:
    """A name that there is not, a wrong passphrase, wrong digits, somebody who has left, somebody whom
    nobody has welcomed. All names are as long as each other."""
    known, leaver = world.hire("anna", "house"), world.hire("beat", "house")
    with world.officers[0].request() as first:
        people.leave(first, leaver.id)
    with world.officers[0].request() as first:
        token = people.invite(first, name="cleo", teams=["house"])
    waits = type(known)("cleo", ids.NIL, factors.new_secret(), ())
    with journal.unit():
        people.join(ids.Id(links.use(token, "invite")["person"]), newcomer(waits))
    said = {
        "never": ("dora", known.passphrase),
        "passphrase": (known.name, known.passphrase[:-1] + "x"),
        "digits": (known.name, known.passphrase),
        "left": (leaver.name, leaver.passphrase),
        "waits": (waits.name, waits.passphrase),
    }

    def way(name: str, phrase: str) -> Callable[[], tuple[str, Fields]]:
        return lambda: (
            "/desk/sign-in",
            {"name": name, "passphrase": phrase, "second": "000000"},
        )

    ways = {name: way(*both) for name, both in said.items()}
    # Whoever has the passphrase has passed the first lock; beyond it the way through the code differs.
    alike = ("never", "passphrase", "left")
    return Group("sign-ins", ways, desk=True, rounds=2, path_alike=alike)


# --- the answers of a real server -----------------------------------------------------------------
def _masked(answer: Answer, sent: Fields, path: str) -> tuple[int, str, str]:
    """An answer without what is random in every answer (tokens) and what was typed."""
    text = re.sub(r'(name="(?:token|csrfmiddlewaretoken)" value=")[^"]*', r"\1", answer.text)
    for typed in (*sent.values(), path.rsplit("/", 1)[-1]):
        text = text.replace(typed, "#") if len(typed) > 2 else text
    text = re.sub(r"\d{5}", "#####", text)
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    headers["set-cookie"] = re.sub(r"=[^;]*", "=#", headers.get("set-cookie", ""))
    return answer.status, str(sorted(headers.items())), text


def _send(visitor: Visitor, group: Group, path: str, sent: Fields) -> Answer:
    if group.desk:
        visitor.keeps_cookies = True
        page = visitor.get("/desk/sign-in")
        return visitor.post(
            path, sent | {"csrfmiddlewaretoken": page.hidden("csrfmiddlewaretoken")}
        )
    return visitor.post(path, sent | {"token": visitor.get(path).token})


def _ask_all(result: Found, group: Group, visitor: Callable[[], Visitor]) -> None:
    seen: dict[str, set[Any]] = {name: set() for name in group.ways}
    entries: dict[str, set[tuple[int, ...]]] = {name: set() for name in group.ways}
    group.spent = {name: [] for name in group.ways}
    for _ in range(group.rounds):
        for name, way in group.ways.items():
            path, sent = way()
            before = JournalEntry.objects.count()
            begun = time.perf_counter()
            answer = _send(visitor(), group, path, sent)
            group.spent[name].append(time.perf_counter() - begun)
            added = JournalEntry.objects.order_by("-seq")[: JournalEntry.objects.count() - before]
            entries[name].add(tuple(len(bytes(row.sealed)) for row in added))
            seen[name].add(_masked(answer, sent, path))
    first = seen["never"]
    result.expect(len(first) == 1, f"{group.name}: equal requests get unequal answers")
    result.expect(next(iter(first))[0] in {404, 422}, f"{group.name}: {next(iter(first))[0]}")
    for name in group.ways:
        result.expect(seen[name] == first, f"{group.name}, {name}: another answer than for none")
        result.expect(
            entries[name] == entries["never"], f"{group.name}, {name}: other journal rows"
        )


# --- the way through the code ---------------------------------------------------------------------
@contextmanager
def _counted() -> Iterator[list[str]]:
    """Every statement to a database, and every derivation from a passphrase or a code."""
    steps: list[str] = []
    argon2id: Any = keys.Argon2id

    def statement(execute: Any, sql: str, params: Any, many_: bool, context: Any) -> Any:
        steps.append(re.sub(r"'s\d+_x\d+'|\"s\d+_x\d+\"", "savepoint", sql))
        return execute(sql, params, many_, context)

    class Counting:
        """An Argon2id that is written down."""

        def __init__(self, **cost: Any) -> None:
            self._kdf = argon2id(**cost)
            said = {name: value for name, value in cost.items() if isinstance(value, int)}
            steps.append(f"argon2id {sorted(said.items())}")

        def derive(self, secret: bytes) -> bytes:
            return self._kdf.derive(secret)

    codes.Argon2id = keys.Argon2id = Counting  # type: ignore[assignment]
    try:
        with (
            connections[DATA].execute_wrapper(statement),
            connections[KEYSTORE].execute_wrapper(statement),
        ):
            yield steps
    finally:
        codes.Argon2id = keys.Argon2id = argon2id


def _same_way(result: Found, group: Group) -> int:
    steps: dict[str, list[str]] = {}
    for name, way in group.ways.items():
        if group.path_alike is None or name in group.path_alike:
            for _ in range(2):  # the first looks up what is then remembered
                path, sent = way()
                with _counted() as taken:
                    # A link's page begins without a visit, a code's with one.
                    own = {"token": forms.token(b"" if path.startswith("/l/") else ids.new().bytes)}
                    Client().post(path, sent | own, headers={"host": "localhost"})
            steps[name] = taken
    for name, taken in steps.items():
        odd = [one for one in taken if one not in steps["never"]]
        same = taken == steps["never"]
        result.expect(
            same, f"{group.name}, {name}: another way through the code {str(odd[:1])[:90]}"
        )
    return len(steps["never"])


@proves("P14")
def uniform_answers() -> Found:
    """Codes, links, invitations and sign-ins."""
    result = Found()
    world = found()
    groups = [
        _codes(world),
        _links(world, "links", sharing.LINK, "/l/"),
        _links(world, "invitations", "invite", "/desk/join/"),
        _sign_ins(world),
    ]
    steps = {group.name: _same_way(result, group) for group in groups}
    people._misses.clear()
    with serving(config().data.parent) as server:
        for group in groups:
            _ask_all(result, group, server.visitor)
    said = []
    for group in groups:
        middle = {one: sorted(took)[len(took) // 2] * 1000 for one, took in group.spent.items()}
        spread = (max(group.spent["never"]) - min(group.spent["never"])) * 1000
        apart = max(middle.values()) - min(middle.values())
        said.append(
            f"{len(group.ways)} wrong {group.name} ({steps[group.name]} steps, medians {apart:.1f} ms "
            f"apart, equal ones {spread:.1f} ms)"
        )
    result.value, result.detail = str(len(result.breaches)), ", ".join(said)
    return result
