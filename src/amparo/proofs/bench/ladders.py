"""Ladders begun in a second, what each costs, and what a hundred thousand of them cost that wait;
beside a durable-workflow library with the same ladder."""

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.proofs.bench import ground
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Ground

TIMES, SHARE = 10.0, 0.1  # starts, at least; processor time of a ladder, at most
MEGABYTES, PERCENT = 150.0, 3.0
CALLERS = (16, 64)  # at once; the best counts for what stands beside


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    ladders: int = 1_000
    rounds: int = 3
    pending: int = 100_000
    theirs_pending: int = 1_000
    idle: int = 20  # seconds


SMALL = Scale(8, 1, 500, 8, 1)


def run(*, small: bool = False) -> list[Figure]:
    """The figures; on a machine without PostgreSQL there are none to be judged."""
    scale = SMALL if small else Scale()
    if not ground.postgres_is_here():
        ground.say("ladders: no PostgreSQL on this machine, so ours are measured on SQLite alone")
    database = "postgres" if ground.postgres_is_here() else "sqlite"
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, Any]] = []
    with ground.fresh(database) as made:
        for turn in range(scale.rounds):
            ours.append(made.inside("ladders", count=scale.ladders, callers=CALLERS[0]))
            if database == "postgres":
                theirs.append(_beside(made, scale, turn))
            ground.say(f"ladders: turn {turn + 1} of {scale.rounds}")
        idle = _idle(made, scale)
    return _figures(database, scale, ours, theirs, idle)


def _beside(made: Ground, scale: Scale, turn: int) -> dict[str, Any]:
    """Their ladders, each number of callers in a fresh database on the same server; the best."""
    python, program = ground.beside_python(), str(ground.beside("dbos_ladders.py"))
    found = []
    for callers in CALLERS:
        name = f"beside_{turn}_{callers}"
        with _database(made, name) as url:
            given = [url, str(scale.theirs_pending), str(callers), str(min(scale.idle, 10))]
            said = json.loads(ground.run([python, program, *given]).splitlines()[-1])
            found.append(said | {"callers": callers})
    best: dict[str, Any] = max(found, key=lambda one: one["starts_per_second"])
    return best | {"cpu_ms": min(one["cpu_ms"] for one in found)}


@contextlib.contextmanager
def _database(made: Ground, name: str) -> Iterator[str]:
    import psycopg

    address = made.environment["AMPARO_DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{address.rpartition('/')[0]}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _ticks(pids: list[int]) -> int:
    """Processor time that processes have used, in the kernel's ticks of 10 ms."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields)


def _idle(made: Ground, scale: Scale) -> dict[str, float]:
    """The engine as shipped, with so many ladders of which none is due: its memory and its share of a
    processor."""
    made.inside("pend", count=scale.pending)
    command = [sys.executable, "-c", ground.SHIPPED, "engine"]
    process = subprocess.Popen(command, env=made.environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "ready" in process.stderr.readline()
        time.sleep(min(scale.idle / 4, 5))  # the jobs of its first second
        before, begun = _ticks([process.pid]), time.perf_counter()
        time.sleep(scale.idle)
        share = (_ticks([process.pid]) - before) / (time.perf_counter() - begun)
        return {"megabytes": ground.resident([process.pid]) / 2**20, "percent": share}
    finally:
        process.terminate()
        process.wait(30)


def _figures(
    database: str,
    scale: Scale,
    ours: list[dict[str, float]],
    theirs: list[dict[str, Any]],
    idle: dict[str, float],
) -> list[Figure]:
    def middle(found: list[dict[str, Any]], name: str) -> float:
        return statistics.median(one[name] for one in found) if found else float("nan")

    starts, cpu = middle(ours, "starts_per_second"), middle(ours, "cpu_ms")
    version = f"dbos {theirs[0]['version']}, " if theirs else "nothing beside it: no PostgreSQL; "
    said = (
        f"{database}; {version}best of {CALLERS} callers, as many connections, 64 executor threads; a "
        f"ladder tells two people by one write to a file each, then waits; ours seals what it writes "
        f"to the duty key, the team and the auditors, theirs writes it in clear; {ground.load_now()}"
    )

    def figure(what: str, ours_: dict[str, Any], ratio: float, **more: Any) -> Figure:
        given: dict[str, Any] = {"n": len(ours), "conditions": said} | more
        return Figure(name="ladders", what=what, ours=ours_, ratio=ratio, **given)

    found = [
        figure(
            f"memory of the engine while {scale.pending:,} wait", idle, idle["megabytes"],
            unit="MiB", better="lower", limit=MEGABYTES, n=1,
        ),
        figure(
            f"processor of the engine while {scale.pending:,} wait", idle, idle["percent"],
            unit="%", better="lower", limit=PERCENT, n=1,
        ),
    ]  # fmt: skip
    if not theirs:
        return found
    names = ("starts_per_second", "cpu_ms", "megabytes", "idle_percent")
    beside = {name: middle(theirs, name) for name in names} | {"pending": scale.theirs_pending}
    made = {"starts_per_second": starts, "cpu_ms": cpu}
    return [
        figure(
            "starts a second", made, starts / beside["starts_per_second"],
            beside=beside, better="higher", limit=TIMES,
        ),
        figure(
            "processor time of a ladder and two messages", made, cpu / beside["cpu_ms"],
            beside=beside, better="lower", limit=SHARE,
        ),
        *found,
    ]  # fmt: skip
