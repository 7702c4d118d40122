"""Killed at random points while presses come in: which accepted ones were lost, what came twice, and
whether it says so."""

import contextlib
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from amparo.proofs.bench import ground, visitor
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Ground
from amparo.proofs.bench.handover import write_gateway
from amparo.proofs.bench.visitor import Visitor

TOGETHER = 6  # presses round each kill
LATEST = 0.15  # seconds between the first of them and the kill
PATIENCE = 60.0  # seconds for the last message
MARKING = 6  # messages that one engine may have handed over and not yet marked: one a sender


@dataclass(frozen=True)
class Scale:
    """How much is measured: kills on each database."""

    kills: int = 100
    databases: tuple[str, ...] = ("sqlite", "postgres")


SMALL = Scale(2, ("sqlite",))


@dataclass
class Gateway:
    """Notes every text that came for a number, and takes its time as a real one does."""

    port: int = 0
    came: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@contextlib.contextmanager
def gateway() -> Iterator[Gateway]:
    """On loopback."""
    noted, lock = Gateway(), threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                noted.came[said["to"]].append(said["text"])
            time.sleep(0.01)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Whoever was killed has hung up; that is what is measured."""

    server = Server(("127.0.0.1", 0), Handler)
    noted.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield noted
    finally:
        server.shutdown()
        server.server_close()


class Engine:
    """`amparo engine`, started again as often as it is killed."""

    def __init__(self, made: Ground) -> None:
        self._made = made
        self.start()

    def start(self) -> None:
        """Until it beats."""
        command = [sys.executable, "-c", ground.SHIPPED, "engine"]
        self._process = subprocess.Popen(
            command, env=self._made.environment, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        assert "ready" in line, line

    def kill(self) -> None:
        """At once, as by a power cut."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """In order."""
        self._process.terminate()
        self._process.wait(30)


def run(*, small: bool = False) -> list[Figure]:
    """What was lost, and what came twice, on every database that this machine has."""
    scale, found = SMALL if small else Scale(), []
    for database in scale.databases:
        if database == "postgres" and not ground.postgres_is_here():
            ground.say("recovery: no PostgreSQL on this machine, so only SQLite is measured")
            continue
        with gateway() as noted, ground.fresh(database) as made:
            found += _measured(made, noted, scale)
    return found


def _measured(made: Ground, noted: Gateway, scale: Scale) -> list[Figure]:
    write_gateway(made, noted.port)
    cards = made.inside("cards", count=scale.kills * TOGETHER)
    chance = random.Random(20261124)
    accepted: set[str] = set()
    with _web(made) as (port, workers):
        engine = Engine(made)
        for turn in range(scale.kills):
            some = cards[turn * TOGETHER : (turn + 1) * TOGETHER]
            pressing = threading.Thread(target=_press, args=(port, some, accepted))
            pressing.start()
            time.sleep(chance.uniform(0, LATEST))
            if turn % 4 == 3:  # the pages' process; the one that watches starts another
                for worker in workers():
                    os.kill(worker, signal.SIGKILL)
            else:
                engine.kill()
                engine.start()
            pressing.join()
            if turn % 20 == 19:
                ground.say(f"recovery {made.database}: {turn + 1} kills")
        until = time.monotonic() + PATIENCE
        while accepted - set(noted.came) and time.monotonic() < until:
            time.sleep(0.1)
        engine.stop()
    return _figures(made, scale, noted, accepted, len(cards))


@contextlib.contextmanager
def _web(made: Ground) -> Iterator[tuple[int, Callable[[], list[int]]]]:
    """`amparo web`: its port, and what finds its working processes."""
    port = visitor.free_port()
    command = [sys.executable, "-c", ground.SHIPPED, "web", "--port", str(port)]
    with ground.running(command, made.environment, b"ready  http") as (process, _):
        yield port, lambda: ground.children(process.pid)


def _press(port: int, cards: list[dict[str, str]], accepted: set[str]) -> None:
    """Press each card until somebody says that it is on its way, as a person would."""
    for card in cards:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            reader = Visitor(port)
            body, kind = visitor.multipart({"do": "press"})
            try:
                if (
                    reader.send(reader.request("POST", f"/p/{card['token']}", body, kind)).status
                    == 200
                ):
                    accepted.add(card["number"])
                    break
            except (OSError, EOFError):
                time.sleep(0.05)
            finally:
                reader.close()


def _figures(
    made: Ground, scale: Scale, noted: Gateway, accepted: set[str], presses: int
) -> list[Figure]:
    lost = len(accepted - set(noted.came))
    twice = {number: texts for number, texts in noted.came.items() if len(texts) > 1}
    doubles = sum(len(texts) - 1 for texts in twice.values())
    # Of all that came for one number, one at most may look like the first.
    unmarked = sum(sum(not one.endswith(" (2)") for one in texts) > 1 for texts in twice.values())
    conditions = (
        f"kill -9 at {scale.kills} random points, three in four of `amparo engine`, one in four of the "
        f"process that serves the pages, {TOGETHER} presses round each; the gateway answers after "
        f"10 ms; {ground.load_now()}"
    )

    def figure(what: str, count: float, most: float, unit: str) -> Figure:
        return Figure(
            name="recovery",
            what=f"{made.database}, {what}",
            ours={"accepted": len(accepted), "lost": lost, "twice": doubles, "unmarked": unmarked},
            ratio=count,
            unit=unit,
            better="lower",
            limit=most,
            n=scale.kills,
            conditions=conditions,
        )

    return [
        figure("presses that were accepted and told nobody", lost, 0, "presses"),
        figure("presses that nobody accepted", presses - len(accepted), 0, "presses"),
        figure("came twice, for each kill", doubles / scale.kills, MARKING, "messages"),
        figure("came twice and did not say so", unmarked, 0, "messages"),
    ]
