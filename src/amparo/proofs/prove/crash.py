"""P30 and P45: killed anywhere, nothing that was accepted is lost and nothing refused becomes readable.

A child process does a deed and kills itself with SIGKILL: after a write or a commit of either database
or a piece of a file, each chosen by a seed and no two alike, or at a named point between the two
commits. Then a process starts as after a crash, sweeps, and looks at everything.

Seen to fail: when `operations.sweep` does nothing; when `compartments._make` writes its epochs and its
grants one by one; when `intake.ask` writes the row of the call before the keys are made; when a kind
of deed that the source names is left out of `deeds.POINTS`; when a message is removed before it is
handed over, when its try is not counted at the claim, and when a press queues in a commit of its own.
"""

import contextlib
import os
import random
import re
import signal
import sqlite3
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import django.db
from django.db import connections

from amparo.casework.models import Case, File
from amparo.casework.services import thread
from amparo.foundation import clock, errors, ids, operations
from amparo.foundation import tables as schema
from amparo.foundation.config import config
from amparo.foundation.router import DATA, KEYSTORE
from amparo.people.rules import PAPERS
from amparo.proofs.prove import alarm_deeds  # noqa: F401 - which adds its deeds
from amparo.proofs.prove.deeds import DEEDS, POINTS, Deed, Stage, kinds, stage_of
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.world import World, beat, bytes_at_rest, found, mend, pending
from amparo.vault import files, log
from amparo.vault.models import Epoch, Grant, PairWrap, Part

# --- killing --------------------------------------------------------------------------------------
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP)", re.IGNORECASE)


class Switch:
    """Kills this process at a named point, or after so many writes and commits; counts them
    otherwise."""

    def __init__(self, point: str = "", after: int = 0) -> None:
        self.point, self.after, self.count = point, after, 0

    def arm(self) -> None:
        """Hang it into both databases, the named points and the parts of files."""
        operations._checkpoint.append(self.at)
        for alias in (DATA, KEYSTORE):
            connection: Any = connections[alias]
            connection.execute_wrappers.append(self.statement)
            connection._commit = self._and_step(connection._commit)
        files.PartFile._put = self._and_step(files.PartFile._put)  # type: ignore[method-assign]
        files.remove = self._and_step(files.remove)

    def _and_step(self, deed: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            result = deed(*given)
            self.step()
            return result

        return counted

    def at(self, point: str) -> None:
        """A named point was reached."""
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, execute: Any, sql: str, params: Any, many_: Any, context: Any) -> Any:
        """A statement is carried out, and perhaps it was the last. Between two reads nothing changes
        on the disk, so only writes count."""
        result = execute(sql, params, many_, context)
        if WRITES.match(sql):
            self.step()
        return result

    def step(self) -> None:
        """One more step; the chosen one is the last."""
        self.count += 1
        if self.count == self.after:
            os.kill(os.getpid(), signal.SIGKILL)


def _let_go() -> None:
    """Before a fork: no connection, and no pool with its threads, may be shared."""
    for alias in (DATA, KEYSTORE):
        connections[alias].close()
        close_pool = getattr(connections[alias], "close_pool", None)
        if close_pool is not None and connections[alias].vendor == "postgresql":
            close_pool()


def _without_pool() -> None:
    """After a fork: what a pool's threads held a lock on stays locked for ever in the child, which has
    one thread and wants one connection."""
    for alias in (DATA, KEYSTORE):
        connections[alias].settings_dict["OPTIONS"].pop("pool", None)


FAILED = b"failed "


def _killed(deed: Deed, stage: Stage, switch: Switch) -> tuple[bool, int]:
    """Do it in a child: (whether it came back before it was killed, its steps)."""
    _let_go()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            _without_pool()
            switch.arm()
            deed(stage)
            os.write(writer, switch.count.to_bytes(4, "big"))
            code = 0
        except Exception as error:
            traceback.print_exc()
            os.write(writer, FAILED + f"{type(error).__name__}: {error}"[:500].encode())
        finally:
            os._exit(code)
    os.close(writer)
    said = os.read(reader, 600)
    os.close(reader)
    os.waitpid(child, 0)
    if said.startswith(FAILED):
        raise RuntimeError(f"a deed failed before it was killed: {said[len(FAILED) :].decode()}")
    return bool(said), int.from_bytes(said, "big")


# --- judging --------------------------------------------------------------------------------------
def _everything() -> list[str]:
    """What must hold of the whole installation after any crash, its start and its sweep."""
    mend()
    with clock.frozen(clock.now()):
        clock.forward(timedelta(minutes=5))
        beat()
    wrong = [f"{pending()} deeds stand half done"] if pending() else []
    cases = set(Case.objects.values_list("id", flat=True))
    keyed = set(Epoch.objects.exclude(compartment__in=PAPERS).values_list("case", flat=True))
    gone = set(Case.objects.filter(state="withdrawn").values_list("id", flat=True))
    wrong += [f"{len(keyed - cases)} cases have keys and no row"] if keyed - cases else []
    unreadable = cases - gone - keyed
    wrong += [f"{len(unreadable)} cases have a row and no keys"] if unreadable else []
    wrong += _bricked()
    for upload in File.objects.values_list("upload", flat=True):
        parts = Part.objects.filter(upload_id=upload).values_list("id", flat=True)
        paths = [files.folder() / one.hex[:2] / one.hex[2:] for one in parts]
        if not paths or not all(path.is_file() for path in paths):
            wrong.append("a file's parts are not there")
    wrong += _integrity()
    if not log.verify(log.export()).ok:
        wrong.append("the journal does not verify")
    return wrong


def _bricked() -> list[str]:
    """A newest epoch that nobody holds: nobody could write there again."""
    newest: dict[tuple[ids.Id, str], int] = {}
    for case, part, number in Epoch.objects.values_list("case", "compartment", "number"):
        newest[case, part] = max(number, newest.get((case, part), 0))
    held = set(Grant.objects.values_list("case", "compartment", "epoch"))
    held |= set(PairWrap.objects.values_list("case", "compartment", "epoch"))
    empty = [place for place, number in newest.items() if (*place, number) not in held]
    return [f"nobody holds the newest key of {part}" for _, part in empty]


def _integrity() -> list[str]:
    wrong = []
    for alias in (DATA, KEYSTORE):
        if connections[alias].vendor == "sqlite":
            with connections[alias].cursor() as cursor:
                said = cursor.execute("PRAGMA integrity_check").fetchall()
                said += cursor.execute("PRAGMA foreign_key_check").fetchall()
            wrong += [f"{alias} is damaged: {said[:2]}"] if said != [("ok",)] else []
    return wrong


def _orphans() -> int:
    """Part files without a row, two days later."""
    with clock.frozen(clock.now()):
        clock.forward(timedelta(days=2))
        files.sweep()
    known = {one.hex for one in Part.objects.values_list("id", flat=True)}
    return sum(path.parent.name + path.name not in known for path in files.folder().glob("??/*"))


# --- the proofs -----------------------------------------------------------------------------------
def _kill(world: World, name: str, switch: Switch) -> tuple[list[str], bool]:
    deed, judge = DEEDS[name]
    stage = stage_of(world, name)
    where = switch.point or f"step {switch.after}"
    try:
        came_back, _ = _killed(deed, stage, switch)
    except RuntimeError as error:
        raise RuntimeError(f"{name} to {where}: {error}") from None
    wrong = _everything()
    try:
        wrong += judge(stage, came_back)
    except errors.AmparoError as error:
        wrong.append(f"what should work is refused ({type(error).__name__})")
    _clear(stage)
    return [f"{name} after {where}: {one}" for one in wrong], came_back


def _clear(stage: Stage) -> None:
    """Take the case away again, so that the last kill finds as small an installation as the first."""
    for one in (stage.fresh, stage.defender):
        one.window = b""
        with contextlib.suppress(errors.AmparoError), one.request() as actor:
            thread.withdraw_request(actor)


def _steps(world: World, name: str) -> int:
    """How many steps the deed has when nobody kills it."""
    stage = stage_of(world, name)
    came_back, steps = _killed(DEEDS[name][0], stage, Switch())
    wrong = DEEDS[name][1](stage, came_back)
    _clear(stage)
    if wrong:
        raise RuntimeError(f"{name} without a kill: {wrong}")
    return steps


def _chosen(chance: random.Random, steps: dict[str, int], count: int) -> list[tuple[str, int]]:
    """So many steps, no two alike, as evenly over the deeds as they have them."""
    left = {name: chance.sample(range(1, size + 1), size) for name, size in steps.items()}
    names, chosen = chance.sample(sorted(left), len(left)), list[tuple[str, int]]()
    while len(chosen) < count and any(left.values()):
        for name in names:
            if left[name] and len(chosen) < count:
                chosen.append((name, left[name].pop()))
    return chosen


@proves("P30")
def crash_safety() -> Found:
    """Kills at steps that a seed has chosen, over every deed, and in the middle of a migration."""
    result, chance = Found(), random.Random(seed())
    world = found()
    hits: Counter[str] = Counter()
    names = chance.sample(sorted(DEEDS), many(len(DEEDS), 10))
    steps = {name: _steps(world, name) for name in names}
    chosen = _chosen(chance, steps, many(400, 10))
    chance.shuffle(chosen)
    for name, after in chosen:
        wrong, came_back = _kill(world, name, Switch(after=after))
        hits[name] += not came_back
        result.breaches += wrong
    # A deed takes a step less where something was done before: a handful may come back.
    enough = sum(hits.values()) >= 0.9 * len(chosen)
    result.expect(enough, f"only {sum(hits.values())} of {len(chosen)} kills met their deed")
    orphans = _orphans()
    result.expect(not orphans, f"{orphans} part files belong to nobody")
    _nothing_readable(result)
    migrations = _migrations(result, chance)
    result.value = str(len(result.breaches))
    result.detail = (
        f"{sum(hits.values())} kills ("
        + ", ".join(f"{name} {hits[name]} of {size} steps" for name, size in steps.items())
        + f"), {migrations} in migrations, {orphans} orphans, seed {seed()}"
    )
    return result


def _nothing_readable(result: Found) -> None:
    """Not a word of any deed, broken off or not, lies open."""
    words = [b"words of the", b"content of the file", b"a life is in danger", b"blue kettle"]
    for name, data in bytes_at_rest():
        result.expect(not any(word in data for word in words), f"words of a deed in {name}")


@proves("P45")
def two_halves() -> Found:
    """Kills between the key store and the data, in both orders, for every kind of deed there is."""
    result, chance = Found(), random.Random(seed())
    world = found()
    hits: Counter[str] = Counter()
    known = {kind for kind, _ in POINTS.values()}
    result.expect(known == kinds(), f"deeds that nobody kills: {sorted(kinds() ^ known)}")
    places = [(name, f"{kind}:{one}") for name, (kind, at) in POINTS.items() for one in at]
    for name, point in chance.sample(places, many(len(places), 10)) * many(3, 1):
        wrong, came_back = _kill(world, name, Switch(point))
        result.breaches += wrong
        hits[point] += not came_back
        result.expect(not came_back, f"{point} was never reached")
    result.value = str(len(result.breaches))
    result.detail = f"{len(known)} kinds of deeds, hits: " + ", ".join(
        f"{point} {count}" for point, count in sorted(hits.items())
    )
    return result


@contextmanager
def _fresh_databases() -> Iterator[None]:
    """Empty ones in the place of the installation's."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in (DATA, KEYSTORE)}
    mark = uuid.uuid4().hex[:12]
    fresh = {alias: f"migrating_{mark}_{alias}" for alias in before}
    server = connections[DATA].vendor == "postgresql"
    for name in fresh.values() if server else ():
        with connections[DATA].cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
    _let_go()
    for alias, name in fresh.items():
        place = name if server else str(config().data.parent / name)
        connections[alias].settings_dict["NAME"] = place
    try:
        yield
    finally:
        _let_go()
        for alias, name in before.items():
            connections[alias].settings_dict["NAME"] = name
        for name in fresh.values() if server else ():
            with connections[DATA].cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrations(result: Found, chance: random.Random) -> int:
    """Killed while the tables are made: the next start makes them whole."""
    kills = 0
    for _ in range(many(8, 2)):
        with _fresh_databases():
            switch = Switch(after=chance.randint(1, 150))
            nowhere = Stage(World(), *[None] * 3)  # type: ignore[arg-type]
            came_back, _ = _killed(_migrate, nowhere, switch)
            kills += not came_back
            try:
                schema.migrate()
                result.expect(Case.objects.count() == 0, "a migrated table is not empty")
            except (errors.AmparoError, sqlite3.Error, django.db.Error) as error:
                said = f"a killed migration cannot go on: {type(error).__name__}"
                result.breaches.append(said)
    return kills


def _migrate(_: Stage) -> None:
    schema.migrate()
