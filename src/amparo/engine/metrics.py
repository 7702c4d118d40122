"""Metrics of an engine, on a port of this machine only: counts by coarse class, no id, no name, no time
of a single event."""

import http.server
import threading
import time
from collections.abc import Iterator

import structlog
from django.db import Error, close_old_connections

from amparo.engine import heartbeat, watching
from amparo.foundation import clock, engines
from amparo.foundation.config import config
from amparo.foundation.watch import counts
from amparo.messages import watch as lanes

HOST = "127.0.0.1"
EVERY = 60.0  # seconds between two counts of what comes and goes, so that none tells of one press
KIND = "text/plain; version=0.0.4; charset=utf-8"
_say = structlog.get_logger("amparo.engine")


class Counted:
    """What comes and goes, as it stood at the last full minute of this program."""

    def __init__(self) -> None:
        self._at = -EVERY
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        """In the text format."""
        if time.monotonic() - self._at >= EVERY:
            self._at, self._lines = time.monotonic(), list(_comings_and_goings())
        return self._lines


def _comings_and_goings() -> Iterator[str]:
    yield "# HELP amparo_waiting Messages that could go now, by lane; given_up: tried in vain."
    yield "# TYPE amparo_waiting gauge"
    waiting = counts(lanes.lanes(clock.now()))
    yield from (f'amparo_waiting{{lane="{lane}"}} {count}' for lane, count in waiting.items())
    for name, found in (("sent", lanes.taken), ("failed", lanes.failed)):
        yield f"# HELP amparo_{name}_total Messages of this engine since it began, by channel."
        yield f"# TYPE amparo_{name}_total counter"
        for channel, count in sorted(found.items()):
            yield f'amparo_{name}_total{{channel="{channel}"}} {count}'


def _standing() -> Iterator[str]:
    now, seen = time.monotonic(), watching.seen()
    yield "# HELP amparo_late What should have happened and did not, as the auditor last saw it."
    yield "# TYPE amparo_late gauge"
    yield from (f'amparo_late{{what="{what}"}} {count}' for what, count in seen.found.items())
    ages = {"beat": heartbeat.last_beat, "audit": seen.at}
    for name, at in ages.items():
        yield f"# HELP amparo_{name}_age_seconds Since the last {name} of this engine."
        yield f"# TYPE amparo_{name}_age_seconds gauge"
        yield f"amparo_{name}_age_seconds {f'{now - at:.0f}' if at else '+Inf'}"
    yield "# HELP amparo_ok Whether nothing is late, this engine beats and nothing is locked down."
    yield "# TYPE amparo_ok gauge"
    yield f"amparo_ok {int(watching.content())}"


def document(counted: Counted) -> str:
    """All of it. Where the database does not answer, that is said, and what needs no database."""
    lines = list(_standing())
    try:
        lines += ["# HELP amparo_engines Engines that live.", "# TYPE amparo_engines gauge"]
        lines.append(f"amparo_engines {engines.alive()}")
        lines += counted.lines()
        answers = 1
    except Error:
        answers = 0
    lines += ["# HELP amparo_database_ok Whether the database answers."]
    lines += ["# TYPE amparo_database_ok gauge", f"amparo_database_ok {answers}"]
    return "\n".join(lines) + "\n"


class _Handler(http.server.BaseHTTPRequestHandler):
    counted: Counted
    server_version, sys_version = "Amparo", ""

    def do_GET(self) -> None:
        """Two addresses, and nothing else."""
        if self.path == "/metrics":
            try:
                self._answer(200, document(self.counted), KIND)
            finally:
                close_old_connections()
        elif self.path == "/healthz":
            word = watching.word()
            self._answer(200 if word == "ok" else 503, word + "\n", "text/plain")
        else:
            self._answer(404, "", "text/plain")

    def _answer(self, status: int, text: str, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """No request is logged."""


def run(stop: threading.Event) -> None:
    """Answer until told to stop; without a port it ends at once. A port that is taken is said and
    stops nothing else."""
    port = config().metrics_port
    if not port:
        return
    handler = type("Handler", (_Handler,), {"counted": Counted()})
    try:
        server = http.server.ThreadingHTTPServer((HOST, port), handler)
    except OSError:
        _say.error("the port for metrics is taken")
        return
    server.daemon_threads = True
    with server:
        serving = threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True)
        serving.start()
        stop.wait()
        server.shutdown()
