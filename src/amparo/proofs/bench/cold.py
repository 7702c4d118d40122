"""From nothing to the first page, and what a server at rest weighs."""

import statistics
import subprocess
import sys
import time
from typing import Any

from amparo.proofs.bench import ground
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.visitor import HOST, Visitor, free_port

MIB = 1024 * 1024
FIRST_PAGE = 1.0  # seconds
AT_REST = 150  # MB
REST = 5  # seconds until a server that has answered a few pages counts as at rest
# What any server of this kind loads; the raw limit of a start.
LOADED = "import granian.server, django.core.handlers.wsgi, cryptography.hazmat.primitives.hpke"


def run(*, small: bool = False) -> list[Figure]:
    """Starts and memory on SQLite."""
    rounds = 1 if small else 9
    starts, raws, memory = [], [], []
    with ground.fresh() as ours:
        for number in range(rounds):
            starts.append(_first_page(ours))
            raws.append(_raw(ours))
            if number % 4 == 0:
                memory.append(_at_rest(ours, 0.5 if small else REST))
    middle = statistics.median(starts)
    conditions = f"{rounds} starts of `amparo up`, files in the page cache; {ground.load_now()}"
    shared: dict[str, Any] = {"name": "cold", "better": "lower"}
    return [
        Figure(
            what="start to first page",
            ours={"s": middle, "least_s": min(starts), "most_s": max(starts)},
            raw={
                "python_with_the_libraries_s": statistics.median(raws),
                "ours_over_raw": middle / statistics.median(raws),
            },
            ratio=middle,
            unit="s",
            limit=FIRST_PAGE,
            n=rounds,
            conditions=conditions,
            **shared,
        ),
        Figure(
            what="memory at rest, all processes",
            ours={"mb": max(memory) / 1e6},
            ratio=max(memory) / 1e6,
            unit="MB",
            limit=AT_REST,
            n=len(memory),
            conditions="proportional set size of every process, after a few pages; " + conditions,
            **shared,
        ),
    ]


def _first_page(ours: ground.Ground) -> float:
    """Seconds from the call of the program to the last byte of the start page."""
    port = free_port()
    command = [sys.executable, "-c", ground.SHIPPED, "up", "--port", str(port)]
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=ours.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                visitor = Visitor(port)
                if visitor.get("/").status == 200:
                    return time.perf_counter() - begun
            except (OSError, EOFError):
                if process.poll() is not None or time.perf_counter() - begun > ground.PATIENCE:
                    raise ground.Unavailable(f"no page from {HOST}:{port}") from None
                time.sleep(0.005)
            finally:
                visitor.close()
    finally:
        process.terminate()
        process.wait(30)


def _raw(ours: ground.Ground) -> float:
    begun = time.perf_counter()
    ground.run([sys.executable, "-c", LOADED], env=ours.environment)
    return time.perf_counter() - begun


def _at_rest(ours: ground.Ground, rest: float) -> int:
    with ground.served(ours) as site:
        visitor = Visitor(site.port)
        for path in ("/", "/new", "/back", "/ar/", "/desk/"):
            visitor.get(path)
        visitor.close()
        time.sleep(rest)
        return ground.proportional(site.pids)
