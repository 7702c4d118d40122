"""P23: nothing leaves the house without a consent in force for this reader, purpose and compartment.

The exits are found by walking the code: whatever reaches a function that seals for somebody else, makes
a link, hands a message to a channel or answers an outside reader. Each that can carry something of a
case is then tried with `consent.may_disclose` replaced by always-no; what only colleagues get, or what
holds nothing of a case, stands in INSIDE with its reason. A new exit in neither list is a breach.

Seen to fail: when `sharing.shown` does not ask `may_disclose`; when neither `compartments.live` nor
`compartments._checked` looks at the last day; when a function that seals with `age.Sealer` is added to
a service.
"""

import ast
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import amparo
from amparo.casework.services import opening, sharing, thread
from amparo.consent import gate
from amparo.consent import queries as consent_queries
from amparo.consent import services as consent
from amparo.consent.models import Disclosure
from amparo.foundation import clock, errors, ids, journal
from amparo.proofs.prove.found import Found, proves
from amparo.proofs.prove.world import Defender, Officer, beat, found, sealed_file
from amparo.vault import age

SOURCE = Path(amparo.__file__).parent
DOORS_OUT = {
    "amparo.vault.age.Sealer",
    "amparo.vault.age.encrypt_io",
    "amparo.casework.bundle.of_thread",
    "amparo.casework.bundle.of_parts",
    "amparo.consent.links.create",
    "amparo.messages.channels.send",
}
# Exits that carry nothing of a case out of the house, and why.
INSIDE = {
    "amparo.people.services.invite": "an invitation holds a person's id and nothing of a case",
    "amparo.messages.services.try_route": "one agreed text, to the officer's own address",
    "amparo.web.desk.ways": "the same",
    "amparo.messages.jobs.send_due": "one agreed text and no content (P20)",
    "amparo.messages.ringing": "the text and the people that an armed plan names, and a one-time path",
    "amparo.engine.alarms": "the same",
    "amparo.web.notes.checkins.well": "a one-time path for the person themselves, to say they are well",
    "amparo.alerts.services.checkins.fresh_link": "the same",
    "amparo.alerts.services.calendar.address": "times and a neutral word, for the person themselves",
    "amparo.web.notes.checkins.check_in": "the same",
    "amparo.casework.services.tasks.yeses": "reads whom the case has said yes to; nothing leaves by it",
    "amparo.casework.services.documents.download": "an officer's own key, of what they open",
    "amparo.web.desk.files": "an officer's own key, of what they open",
    "amparo.api.desk.file": "an officer's own key, of what they open",
    "amparo.web.desk.organisation.invite": "an invitation",
    "amparo.cli": "an invitation made in the shell",
}


# --- walking the code -----------------------------------------------------------------------------
class Code:
    """Who calls whom, by name, in every file but the proofs."""

    def __init__(self) -> None:
        self.calls: dict[str, set[str]] = {}
        self.outside: set[str] = set()  # functions that serve an outside reader
        for path in SOURCE.rglob("*.py"):
            parts = path.relative_to(SOURCE.parent).with_suffix("").parts
            if parts[1] != "proofs":
                self._read(".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text()))

    def _read(self, module: str, tree: ast.Module) -> None:
        names = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name] = alias.name
        for node in tree.body:
            inner = node.body if isinstance(node, ast.ClassDef) else [node]
            for one in inner:
                if isinstance(one, ast.FunctionDef):
                    self._function(module, one, names)

    def _function(self, module: str, node: ast.FunctionDef, names: dict[str, str]) -> None:
        found = self.calls.setdefault(f"{module}.{node.name}", set())
        for one in ast.walk(node):
            if isinstance(one, ast.Call):
                first, *rest = ast.unparse(one.func).split(".")
                found.add(".".join([names.get(first, f"{module}.{first}"), *rest]))
            if isinstance(one, ast.Constant) and one.value == "outside" and "services" in module:
                self.outside.add(f"{module}.{node.name}")

    def reaches(self, start: str) -> set[str]:
        """Everything that a function calls, and what that calls."""
        seen: set[str] = set()
        wanted = [start]
        while wanted:
            for one in self.calls.get(wanted.pop(), set()) - seen:
                seen.add(one)
                wanted.append(one)
        return seen

    def exits(self) -> dict[str, set[str]]:
        """Public functions from which something leaves -> what they reach."""
        found = {}
        for name in self.calls:
            reached = self.reaches(name)
            if (reached & DOORS_OUT or name in self.outside) and "._" not in name:
                found[name] = reached
        return found


def _judge_code(result: Found, tried: set[str]) -> int:
    """Every exit asks `may_disclose`, or is called by nothing else than a function that does, or holds
    nothing of a case; and every one that asks was tried."""
    exits = Code().exits()
    asked = set()
    for name, reached in exits.items():
        if "amparo.consent.gate.may_disclose" in reached or name in DOORS_OUT:
            asked.add(name)
        elif name not in NOT_AN_EXIT and not any(name.startswith(one) for one in INSIDE):
            result.breaches.append(f"an exit that asks nobody: {name}")
    services = {one for one in asked if ".services." in one}
    result.expect(services, "no exit was found: the walk is blind")
    for name in sorted(services - tried - NOT_AN_EXIT):
        result.breaches.append(f"an exit that is not tried: {name}")
    return len(exits)


# The link and its reader: what is read with them passes through `shown`.
NOT_AN_EXIT = {
    "amparo.casework.services.sharing.share_by_link",
    "amparo.casework.services.sharing.resume",
    "amparo.casework.services.sharing.use_link",
    "amparo.casework.services.sharing.answer",
}


# --- trying the exits -----------------------------------------------------------------------------
@contextmanager
def _always_no() -> Iterator[None]:
    """`may_disclose` says no, whatever is asked."""

    def no(*_: object, **__: object) -> None:
        raise errors.Refused

    before, gate.may_disclose = gate.may_disclose, no
    try:
        yield
    finally:
        gate.may_disclose = before


def _until(days: int = 5) -> Any:
    return clock.today() + timedelta(days=days)


@proves("P23")
def consent_gate() -> Found:
    """Every exit with always-no; every answer that is no yes; how fast a withdrawal works."""
    result = Found()
    world = found()
    first, lawyer, other = world.officers
    defender = world.ask(what="words that must not leave", files_=(sealed_file("a.txt", b"x"),))
    with first.request() as actor:
        opening.open_case(actor, defender.case, version=0)
        opening.write_note(actor, defender.case, "narrative", text="words that must not leave")
        token = sharing.share_by_link(actor, defender.case, offer=_offer(), hours=5)
        recipient = _own_recipient(actor)
    exits = _exits(first, defender, token, recipient)
    left = 0
    with _always_no():
        for name, leave in exits.items():
            size = _bytes_out(leave)
            left += size
            result.expect(size == 0, f"{name} lets {size} bytes out")
    result.expect(all(_bytes_out(one) for one in exits.values()), "an exit is shut even with a yes")
    answers = _answers(result, first, lawyer, defender)
    seconds = _withdrawal(result, first, other, defender)
    count = _judge_code(result, set(exits))
    result.expect(Disclosure.objects.filter(case=defender.case).exists(), "no row in the ledger")
    result.value = str(left)
    result.detail = (
        f"{count} exits in the code, {len(exits)} tried, {answers} answers that are no yes, "
        f"a withdrawal worked after {seconds:.2f} s"
    )
    return result


def _offer(compartment: str = "narrative") -> sharing.Offer:
    return sharing.Offer("R., lawyer", "legal", (compartment,), _until())


def _own_recipient(actor: Any) -> str:
    return age.recipient_of(actor.ring.person.age_seed)


def _exits(
    first: Officer, defender: Defender, token: str, recipient: str
) -> dict[str, Callable[[], object]]:
    def export() -> bytes:
        with defender.request() as actor:
            return b"".join(thread.export(actor))

    def as_file() -> bytes:
        with first.request() as actor:
            _, pieces = sharing.share_as_file(
                actor, defender.case, offer=_offer(), recipient=recipient
            )
            return b"".join(pieces)

    window: list[bytes] = []

    def shown() -> bytes:
        with journal.unit():
            if not window:
                window.append(sharing.use_link(token)[0])
            said = sharing.shown(sharing.resume(window[0]))
            return "".join(one.text for part in said.parts.values() for one in part).encode()

    services = "amparo.casework.services"
    return {
        f"{services}.thread.export": export,
        f"{services}.sharing.share_as_file": as_file,
        f"{services}.sharing.shown": shown,
    }


def _bytes_out(leave: Callable[[], object]) -> int:
    try:
        return len(leave())  # type: ignore[arg-type]
    except errors.AmparoError:
        return 0


def _may(actor: Any, case: ids.Id, reader: ids.Id, compartment: str, purpose: str) -> bool:
    try:
        gate.may_disclose(actor, case, compartment, recipient=reader, purpose=purpose)
    except errors.Refused:
        return False
    return True


def _say(first: Officer, defender: Defender, reader: ids.Id, answer: Any, **more: Any) -> ids.Id:
    said = {"purpose": "legal", "compartment": "narrative", "until": None} | more
    with first.request() as actor:
        return consent.record_answer(
            actor,
            defender.case,
            answer=answer,
            recipient=reader,
            label="them",
            how="oral",
            language="en",
            **said,
        )


def _answers(result: Found, first: Officer, lawyer: Officer, defender: Defender) -> int:
    """What was said, and whether it lets the narrative go to this reader for legal help today."""
    case = defender.case
    lines: list[tuple[str, dict[str, Any], bool]] = [
        ("asked", {}, False),
        ("refused", {}, False),
        ("conditional", {"condition": "only when I am out"}, False),
        ("granted", {"purpose": "care"}, False),
        ("granted", {"compartment": "location"}, False),
        ("granted", {"until": clock.today()}, True),
        ("withdrawn", {}, False),
        ("granted", {}, True),
        ("refused", {}, False),
    ]
    for answer, more, wanted in lines:
        _say(first, defender, lawyer.id, answer, **more)
        with first.request() as actor:
            may = _may(actor, case, lawyer.id, "narrative", "legal")
        result.expect(may is wanted, f"after '{answer}' {more}: {'yes' if may else 'no'}")
    _say(first, defender, lawyer.id, "granted", until=clock.today() + timedelta(days=1))
    with clock.frozen(clock.now() + timedelta(days=2)), first.request() as actor:
        late = _may(actor, case, lawyer.id, "narrative", "legal")
        result.expect(not late, "a grant past its last day, before any sweep: yes")
    consented = _say(
        first, defender, lawyer.id, "conditional", purpose="shelter", condition="when asked"
    )
    with first.request() as actor:
        before = _may(actor, case, lawyer.id, "narrative", "shelter")
        consent.condition_met(actor, case, consented, reason="she called")
        after = _may(actor, case, lawyer.id, "narrative", "shelter")
    result.expect(not before and after, "a condition that was met, or not, says the other thing")
    return len([one for one in lines if not one[2]]) + 2


def _withdrawal(result: Found, first: Officer, lawyer: Officer, defender: Defender) -> float:
    """The defender takes it back; from when on does the reader get nothing?"""
    _say(first, defender, lawyer.id, "granted")
    with lawyer.request() as actor:
        result.expect(gate.holds(actor, defender.case, "narrative"), "the grant gave no key")
    begun = time.monotonic()
    with defender.request() as actor:
        thread.withdraw_reader(actor, recipient=lawyer.id, purpose="legal")
    with lawyer.request() as actor:
        holds = gate.holds(actor, defender.case, "narrative")
        may = _may(actor, defender.case, lawyer.id, "narrative", "legal")
    seconds = time.monotonic() - begun
    result.expect(not holds and not may, "after a withdrawal the reader still reads")
    result.expect(seconds < 1, f"a withdrawal took {seconds:.2f} s")
    beat()
    with first.request() as actor:
        rows = consent_queries.records(actor, defender.case)
        result.expect(rows[0].answer == "withdrawn", "the withdrawal is not in the record")
    return seconds
