"""From a press on the card's page to the hand-over at the gateway, fifty presses a second; alone, and
while a million low-priority messages go out on the same PostgreSQL."""

import http.server
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from amparo.proofs.bench import ground, visitor
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Ground, Site
from amparo.proofs.bench.visitor import Visitor, at

MEDIAN, TAIL = 20.0, 250.0  # milliseconds
WRITTEN = 12_000  # bytes that one press writes, about
PATIENCE = 60  # seconds until the last one must have arrived


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    presses: int = 600
    rate: float = 50.0
    raw: int = 200
    flood: int = 1_000_000
    grounds: tuple[tuple[str, bool], ...] = (
        ("sqlite", False), ("postgres", False), ("postgres", True),
    )  # fmt: skip


SMALL = Scale(12, 20.0, 5, 4_000, (("sqlite", False),))


@dataclass
class Gateway:
    """A provider on loopback: notes when a message for a number has arrived."""

    port: int = 0
    arrived: dict[str, float] = field(default_factory=dict)
    more: int = 0  # messages for a number that had one


@contextmanager
def gateway() -> Iterator[Gateway]:
    """One that takes everything at once."""
    noted = Gateway()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            now = time.perf_counter()
            number = json.loads(body).get("to")  # the raw loop sends none
            if number:
                noted.more += number in noted.arrived
                noted.arrived.setdefault(number, now)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    noted.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield noted
    finally:
        server.shutdown()
        server.server_close()


def run(*, small: bool = False) -> list[Figure]:
    """The figures on every database that this machine has."""
    scale, found = SMALL if small else Scale(), []
    for database, beside in scale.grounds:
        if database == "postgres" and not ground.postgres_is_here():
            ground.say("panic: no PostgreSQL on this machine, so only SQLite is measured")
            continue
        with gateway() as noted, ground.fresh(database) as made:
            found += _measured(made, noted, scale, flooded=beside)
    return found


@contextmanager
def _flood(made: Ground, count: int) -> Iterator[dict[str, float]]:
    """A million messages that nobody waits for go out meanwhile; what is said of them, afterwards. None
    without a count."""
    said: dict[str, float] = {}
    if not count:
        yield said
        return
    program = [sys.executable, str(ground.beside("flood.py"))]
    program += [made.environment["AMPARO_DATABASE_URL"], str(count)]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    assert "ready" in process.stdout.readline()
    process.stdin.write("go\n")
    process.stdin.flush()
    yield said
    said |= json.loads(process.communicate(timeout=300)[0])


def _measured(made: Ground, noted: Gateway, scale: Scale, *, flooded: bool) -> list[Figure]:
    url = f"http://127.0.0.1:{noted.port}/send"
    table = f"[[gateway]]\nname = 'bench'\nurl = '{url}'\nprivate = true\n"
    table += 'body = \'{"to": "{to}", "text": "{text}"}\'\n'
    (made.folder / "gateways.toml").write_text(table)
    warm = 20 if scale is not SMALL else 2
    cards = made.inside("cards", count=scale.presses + warm)
    ground.say(f"panic {made.database}: {len(cards)} plans armed")
    with ground.served(made) as site:
        for card in cards[:warm]:
            _press(Visitor(site.port), card["token"])
        with _flood(made, scale.flood if flooded else 0) as flood:
            sent = _presses(site, cards[warm:], scale.rate)
        _wait(noted, [card["number"] for card in cards])
    lost = [card for card in cards[warm:] if card["number"] not in noted.arrived]
    taken = [
        (noted.arrived[card["number"]] - sent[card["token"]]) * 1000
        for card in cards[warm:]
        if card["number"] in noted.arrived and card["token"] in sent
    ]
    raw = _raw(made, url, scale)
    return _figures(made, scale, taken, len(lost), noted, raw, flood)


def _raw(made: Ground, url: str, scale: Scale) -> list[float]:
    address = made.environment.get("AMPARO_DATABASE_URL", str(made.folder))
    program = str(ground.beside("raw_press.py"))
    command = [sys.executable, program, address, url, str(scale.raw), str(WRITTEN)]
    found: list[float] = json.loads(ground.run(command))["ms"]
    return found


def _press(reader: Visitor, token: str) -> int:
    body, kind = visitor.multipart({"do": "press"})
    return reader.send(reader.request("POST", f"/p/{token}", body, kind)).status


def _presses(site: Site, cards: list[dict[str, str]], rate: float) -> dict[str, float]:
    """Press each card at its time, whatever became of the others; when each was sent."""
    sent: dict[str, float] = {}
    waiting, lock = list(reversed(list(enumerate(cards)))), threading.Lock()
    begun = time.perf_counter() + 0.2

    def visit() -> None:
        reader = Visitor(site.port)
        while True:
            with lock:
                if not waiting:
                    break
                number, card = waiting.pop()
            due = begun + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            sent[card["token"]] = max(due, begun)  # a late client's delay counts as ours
            if _press(reader, card["token"]) != 200:
                del sent[card["token"]]
        reader.close()

    threads = [threading.Thread(target=visit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def _wait(noted: Gateway, numbers: list[str]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not set(numbers) <= set(noted.arrived):
        time.sleep(0.05)


def _figures(
    made: Ground,
    scale: Scale,
    taken: list[float],
    lost: int,
    noted: Gateway,
    raw: list[float],
    flood: dict[str, float],
) -> list[Figure]:
    median, tail = statistics.median(taken), at(0.99, taken)
    ours = {"p50_ms": median, "p99_ms": tail, "most_ms": max(taken), "repeats": noted.more}
    limit = statistics.median(raw)
    where = f"{made.database} beside a million" if flood else made.database
    conditions = (
        f"POST of the card's page over HTTP to `amparo up`, handed to an HTTP gateway on loopback; "
        f"{scale.rate:.0f} presses a second, each at its time; {ground.load_now()}"
    )
    if flood:
        conditions += (
            f"; meanwhile {flood['handed']:,.0f} rows of a plain table were claimed, written to a "
            f"file and marked, {flood['per_second']:,.0f} a second: a stand-in, for there is no lane "
            "for many yet"
        )

    def figure(what: str, ratio: float, most: float, unit: str = "ms") -> Figure:
        return Figure(
            name="panic",
            what=f"{where}, {what}",
            ours=ours,
            beside={"raw_commit_and_hand_over_ms": limit},
            raw={"ours_over_raw": median / limit},
            ratio=ratio,
            unit=unit,
            better="lower",
            limit=most,
            n=len(taken),
            conditions=conditions,
        )

    return [
        figure("press to hand-over, median", median, MEDIAN),
        figure("press to hand-over, p99", tail, TAIL),
        figure("presses lost", lost + scale.presses - lost - len(taken), 0, "presses"),
    ]
