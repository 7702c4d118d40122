"""Starts the doors: web and engine together, or each by itself."""

import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Any

import click

from amparo.cli import house, process, voice
from amparo.cli.manual import command, said_of
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, Invalid, Unavailable

READY, FAILED = b"r", b"f"
# A body is read while it comes, so a slow sender keeps a thread; idle ones end after a while.
THREADS = 64
IDLE = 30  # seconds
GRACE = 20  # seconds for requests that are on their way when the server is told to stop
PATIENCE = 30  # seconds until somebody is told that no page answers

ANOTHER_PORT = "choose another, as with `--port 8001` or `make run PORT=8001`"

EXITS = (
    ("0", "It was told to stop (SIGTERM, SIGINT, Ctrl-C), and did."),
    ("1", "It cannot run as things are; one line says why and what mends it."),
    ("2", "An option or the configuration cannot be used; one line names it."),
)
host_option = click.option("--host", help="Address to listen on [127.0.0.1, or the configuration].")
port_option = click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to listen on [8000]."
)


@command(
    "up",
    examples=[
        ("amparo up", "Serve on http://localhost:8000 from ./var."),
        ("AMPARO_DATA=/srv/amparo amparo up --port 8100", "Another folder, another port."),
    ],
    exits=EXITS,
    see=["amparo doctor", "amparo web", "amparo engine", "docs/install.md"],
)
@host_option
@port_option
def up(host: str | None, port: int | None) -> int:
    """Start web and engine together.

    The usual way to run Amparo: one server process for pages and the heartbeat that delivers
    notices, ends what has expired and seals the journal. It prints "ready" and its address as soon
    as the first page has been answered, and stops in order on SIGTERM or Ctrl-C.

    It listens on this machine only; put a proxy or an onion service before it (`amparo init`
    prints both). Core dumps are off, files are for this user only, and nothing is logged of any
    request. ASGI is refused: it would write what people send to disk.
    """
    return serve(host, port, workers=1, engine=True)


@command(
    "web",
    examples=[("amparo web --workers 4", "Four processes against PostgreSQL.")],
    exits=EXITS,
    see=["amparo up", "amparo engine"],
)
@host_option
@port_option
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, help="Processes (PostgreSQL) [1]."
)
def web(host: str | None, port: int | None, workers: int) -> int:
    """Start the web alone.

    For installations with several processes or machines against one PostgreSQL. An engine must run
    somewhere (`amparo engine`), or no notice is sent and nothing expires. On SQLite there is one
    worker: a second writer would only wait for the first.
    """
    if workers > 1 and not config().database_url:
        raise Invalid(
            "several workers need PostgreSQL: set AMPARO_DATABASE_URL, or leave --workers"
        )
    return serve(host, port, workers=workers, engine=False)


@command("engine", exits=EXITS, see=["amparo up", "amparo web"])
def engine() -> int:
    """Start the engine alone.

    Every second it delivers announcements and notices and seals the journal; every minute it
    finishes or undoes what a crash left, ends grants, links and sessions whose time is over, and
    turns keys that somebody who has left still holds. It holds no keys of people.

    One engine runs beside one SQLite file; a second one is refused.
    """
    process.harden()
    house.need_founded()
    house.need_closed_keys()
    house.open_house()
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop.set())
    from amparo.engine import absence, alarms, heartbeat, metrics

    _begin_engine()
    jobs = (alarms.run, metrics.run, absence.run)
    beside = [threading.Thread(target=job, args=(stop,), daemon=True) for job in jobs]
    for thread in beside:
        thread.start()
    voice.say("ready  the engine beats")
    _tell_systemd()
    heartbeat.run(stop)
    for thread in beside:
        thread.join(timeout=GRACE)
    return 0


# --- the server ----------------------------------------------------------------------------------
def serve(host: str | None, port: int | None, *, workers: int, engine: bool) -> int:
    """Run granian until told to stop; returns the exit code."""
    process.harden()
    settings = config()
    host, port = host or settings.host, port or settings.port
    house.need_founded()
    house.need_closed_keys()
    need_port(host, port)
    # No Django in this process: it only watches over the one that works, and stays small.
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server import Server

    heard, said = os.pipe()
    server = Server(
        "amparo",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=IDLE,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        websockets=False,
        backpressure=512,
        # Its words about requests that failed could hold something of them.
        log_enabled=False,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE,
    )
    failed: list[bool] = []
    listener = threading.Thread(
        target=_listen, args=(heard, server, failed, host, port), daemon=True
    )
    listener.start()
    try:
        server.serve(
            target_loader=lambda: _work(said, host, port, engine=engine), wrap_loader=False
        )
    except SystemExit as error:
        if not failed:
            voice.complain("the server process ended and could not be started again.")
        return int(error.code or 0) or 1
    if failed:
        return 1
    voice.say("stopped")
    return 0


def need_port(host: str, port: int) -> None:
    """Unavailable when somebody else listens there: the server itself would share the port."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(found[0][0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        mend = "choose another with --host" if isinstance(error, socket.gaierror) else ANOTHER_PORT
        raise Unavailable(
            f"cannot listen on {host} port {port} ({error.strerror}): {mend}"
        ) from None


def _listen(heard: int, server: Any, failed: list[bool], host: str, port: int) -> None:
    """In the watching process: say that the server is ready, or stop it when it cannot be."""
    while word := os.read(heard, 1):
        if word == READY:
            voice.say(f"ready  http://{_shown(host)}:{port}")
            _tell_systemd()
        else:
            failed.append(True)
            server.signal_handler_interrupt()


def _tell_systemd() -> None:
    """The unit is of the kind that says itself when it is ready."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if where:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            speaker.connect("\0" + where[1:] if where.startswith("@") else where)
            speaker.send(b"READY=1")


def _shown(host: str) -> str:
    """Passkeys refuse bare addresses, so this machine is called by its name."""
    if host in {"127.0.0.1", "::1"}:
        return "localhost"
    return f"[{host}]" if ":" in host else host


# --- in the process that works -------------------------------------------------------------------
def _work(said: int, host: str, port: int, *, engine: bool) -> Callable[..., Any]:
    """Load the house in the server process; what is wrong is said in one line, and it ends."""
    process.harden()
    process.die_with_parent()
    # A Ctrl-C is for the process that watches: two signals at once can stop a worker from stopping.
    os.setpgrp()
    try:
        house.need_founded()
        house.open_house()
        from django.urls import get_resolver

        from amparo.foundation import tables
        from amparo.web.wsgi import application

        _ = get_resolver().url_patterns  # loads every page, so that a fault shows here
        if engine:
            _begin_engine()
        else:
            from amparo.engine import locks

            locks.join()
        _beside(engine=engine)
        tables.close()
    except Exception as error:  # noqa: BLE001 - the process that watches must be told of any
        voice.complain(said_of(error) or _our_fault(error))
        _give_up(said)
    threading.Thread(target=_knock, args=(said, host, port), daemon=True).start()
    return application


def _our_fault(error: Exception) -> str:
    """What an import says is about this program only; what other faults say may hold more."""
    said = f": {error}" if isinstance(error, (ImportError, SyntaxError)) else ""
    return f"a fault in Amparo itself ({type(error).__name__}{said})."


def _give_up(said: int) -> None:
    # First, or a quick answer would meet the handler that was forked with us.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.write(said, FAILED)
    time.sleep(GRACE)  # until the watching process ends us; it would start us again otherwise
    os._exit(1)


def _begin_engine() -> None:
    """Be the engine, and mend at once what a crash left if nobody else works here."""
    from amparo.engine import heartbeat, locks

    try:
        locks.become_engine()
    except Conflict:
        raise Conflict(
            f"another engine runs on {config().data} already: stop it first, or leave it running"
        ) from None
    if locks.join():
        heartbeat.start()


def _beside(*, engine: bool) -> None:
    """Threads beside the web: one that forgets, and the heartbeat, whose last beat is waited for."""
    from amparo.engine import absence, alarms, forgetting, heartbeat, metrics

    stop = threading.Event()
    jobs = [forgetting.run]
    jobs += [heartbeat.run, alarms.run, metrics.run, absence.run] if engine else []
    threads = [threading.Thread(target=job, args=(stop,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()

    def end() -> None:
        stop.set()
        for thread in threads:
            thread.join(timeout=GRACE)

    # A forked worker runs no atexit; this is called on its way out.
    Finalize(None, end, exitpriority=10)


def _knock(said: int, host: str, port: int) -> None:
    """Say "ready" when the first page has been answered; after a while, that it has not."""
    until, last, told = time.monotonic() + PATIENCE, "nothing", False
    here = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    while True:
        try:
            connection = http.client.HTTPConnection(here, port, timeout=5)
            connection.request("GET", "/healthz", headers={"Host": config().sites[0]})
            answer = connection.getresponse()
            connection.close()
            if answer.status == 200:
                os.write(said, READY)
                return
            last = str(answer.status)
        except OSError as error:
            last = type(error).__name__
        if not told and time.monotonic() > until:
            voice.complain(
                f"no page is answered for {PATIENCE} s now (last: {last}); still trying."
            )
            told = True
        time.sleep(1 if told else 0.02)
