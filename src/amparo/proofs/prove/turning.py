"""P06: whoever is withdrawn, expires or leaves holds no key to what comes after.

A raid before the withdrawal keeps every key it finds; a raid afterwards tries all of them on
everything. Old wraps must be gone from the tables and, byte for byte, from every file.

Seen to fail: when `compartments.rotate` makes no new epoch; when `people.leave` does not
call `turn_keys`; when `operations.scrub` does nothing (the wraps lie in the write-ahead log).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connections

from amparo.casework.models import Entry
from amparo.casework.services import desk, opening, thread
from amparo.consent import services as consent
from amparo.foundation import clock, ids
from amparo.foundation.router import KEYSTORE
from amparo.people import services as people
from amparo.proofs.prove.found import Found, proves
from amparo.proofs.prove.world import (
    Defender,
    Officer,
    World,
    beat,
    bytes_at_rest,
    found,
    steal,
    stolen,
)
from amparo.vault.models import Grant, PairWrap, Principal


def _wraps(case: ids.Id, compartment: str, *holders: ids.Id) -> set[bytes]:
    grants = Grant.objects.filter(case=case, compartment=compartment)
    pairs = PairWrap.objects.filter(case=case, compartment=compartment)
    if holders:
        grants = grants.filter(grantee__in=holders)
        pairs = pairs.none()
    return {bytes(row.wrap) for table in (grants, pairs) for row in table}


class Raid:
    """Everything that somebody could have taken along before they lost their place."""

    def __init__(self, folder: Path, *secrets: str) -> None:
        self.keys = folder / f"{ids.new().hex}.loot"
        with stolen() as copy:
            steal(copy, *secrets, "--budget", "0", "--save", str(self.keys))

    def again(self) -> dict[str, set[str]]:
        """What the old keys open now: kind -> rows."""
        with stolen() as copy:
            said = steal(copy, "--keys", str(self.keys), "--rows")
        return {kind: set(rows) for kind, rows in said["rows"].items()}


@proves("P06")
def taking_back() -> Found:
    """Withdrawal, expiry, leaving a team, leaving altogether, an override that nobody confirmed."""
    result = Found()
    world = found("ines", "ruth", "tomas", "sara")
    deeds: dict[str, Callable[[World, Officer, Defender], None]] = {
        "withdrawn": _withdraw,
        "expired": _expire,
        "left the team": _leave_team,
        "left": _leave,
        "override ended": _override,
    }
    left_behind, silent = 0, 0
    with TemporaryDirectory() as folder:
        for name, deed in deeds.items():
            behind, opened = _one(result, world, name, deed, Path(folder))
            left_behind, silent = left_behind + behind, silent + opened
    sqlite = connections[KEYSTORE].vendor == "sqlite"
    if sqlite:
        result.expect(not left_behind, f"{left_behind} destroyed wraps are still in the files")
    result.value = str(len(result.breaches))
    result.detail = f"{len(deeds)} ways, {silent} new rows opened by an old key, " + (
        f"{left_behind} old wraps in the files"
        + ("" if sqlite else " (dead rows, see THREAT_MODEL)")
    )
    return result


def _one(
    result: Found, world: World, name: str, deed: Callable[..., None], folder: Path
) -> tuple[int, int]:
    first = world.officers[0]
    loser = world.hire(f"{name} officer", "house", "intake")
    defender = world.ask(what=f"before, {name}")
    with first.request() as actor:
        opening.open_case(actor, defender.case, version=0)
        opening.write_note(actor, defender.case, "narrative", text="before")
    with _given(first, loser, defender, name):
        raid = Raid(folder, "--passphrase", f"{loser.name}:{loser.passphrase}")
        parts = ("narrative",) if name in {"withdrawn", "expired", "override ended"} else ("cover",)
        old = {wrap for part in parts for wrap in _wraps(defender.case, part, loser.id)}
        old |= {wrap for part in parts for wrap in _team_wraps(defender.case, part)}
        before = raid.again()
        result.expect(before.get("casework.entry"), f"{name}: the thief is blind")
        deed(world, loser, defender)  # the engine has no part in it: what comes next is new
    with first.request() as actor:
        desk.reply(actor, defender.case, text="after")
        opening.write_note(actor, defender.case, "narrative", text="after")
    opened = _judge(result, name, raid, before, defender, first, parts)
    own = {wrap for part in parts for wrap in _wraps(defender.case, part, loser.id)}
    result.expect(not own, f"{name}: a wrap for them is still there")
    with first.request() as actor:
        desk.mend(actor, defender.case)
    beat()
    gone = old - {wrap for part in parts for wrap in _wraps(defender.case, part)}
    result.expect(gone == old, f"{name}: {len(old - gone)} old wraps are still there")
    after = raid.again()
    result.expect(not _of_case(after, parts, defender), f"{name}: old keys open what was re-sealed")
    behind = sum(any(wrap in data for _, data in bytes_at_rest()) for wrap in gone)
    return behind, opened


def _judge(
    result: Found,
    name: str,
    raid: Raid,
    before: dict[str, set[str]],
    defender: Defender,
    first: Officer,
    parts: tuple[str, ...],
) -> int:
    """Before anything is re-sealed: the old keys may open old rows, and must open no new one."""
    now = raid.again()
    new = _of_case(now, parts, defender) - _of_case(before, parts, defender)
    result.expect(not new, f"{name}: an old key opens {len(new)} new rows")
    return len(new)


def _of_case(rows: dict[str, set[str]], parts: tuple[str, ...], defender: Defender) -> set[str]:
    # Who lost the team lost the conversation too.
    wanted = {*parts, "correspondence"} if "cover" in parts else set(parts)
    here = Entry.objects.filter(case=defender.case, compartment__in=wanted)
    return {str(row) for row in here.values_list("id", flat=True)} & rows.get(
        "casework.entry", set()
    )


def _team_wraps(case: ids.Id, compartment: str) -> set[bytes]:
    teams = Principal.objects.filter(kind="team").values_list("id", flat=True)
    return _wraps(case, compartment, *teams)


@contextmanager
def _given(first: Officer, loser: Officer, defender: Defender, name: str) -> Iterator[None]:
    """What the loser holds before the deed, and the day on which it happens."""
    until = clock.today() + timedelta(days=1) if name == "expired" else None
    if name in {"withdrawn", "expired"}:
        with first.request() as actor:
            consent.record_answer(
                actor,
                defender.case,
                answer="granted",
                recipient=loser.id,
                label="them",
                purpose="legal",
                compartment="narrative",
                how="oral",
                language="en",
                until=until,
            )
    if name == "override ended":
        with first.request() as actor:
            consent.override(
                actor,
                defender.case,
                compartment="narrative",
                grantee=loser.id,
                reason="a life is in danger",
            )
    yield


def _withdraw(world: World, loser: Officer, defender: Defender) -> None:
    with defender.request() as actor:
        thread.withdraw_reader(actor, recipient=loser.id, purpose="legal")


def _expire(world: World, loser: Officer, defender: Defender) -> None:
    clock.forward(timedelta(days=2))
    beat()


def _leave_team(world: World, loser: Officer, defender: Defender) -> None:
    with world.officers[0].request() as actor:
        people.leave_team(actor, loser.id, "intake")


def _leave(world: World, loser: Officer, defender: Defender) -> None:
    with world.officers[0].request() as actor:
        people.leave(actor, loser.id)


def _override(world: World, loser: Officer, defender: Defender) -> None:
    clock.forward(timedelta(hours=5))
    beat()
