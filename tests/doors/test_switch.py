"""PostgreSQL's first server dies under load and the second takes over: what was accepted is there."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.proofs.bench import visitor
from amparo.proofs.bench.recovery import gateway
from amparo.proofs.bench.visitor import Visitor
from tests.doors.shell import AMPARO, environment, free_port, wait_for
from tools.postgres import Postgres

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.timeout(400)]


class Pair:
    """Two servers, set up as docs/install.md says."""

    def __init__(self) -> None:
        self.first, self.port = Postgres(durable=True), 0
        self.first.start()
        self.password = self.first._password

    def sql(self, port: int, text: str) -> str:
        address = ("-h", "127.0.0.1", "-p", str(port), "-U", "amparo", "-d", "postgres")
        return self.first._run("psql", *address, "-Atc", text)

    def follow(self) -> None:
        """A standby that has every commit before it is acknowledged."""
        self.port = free_port()
        told = f"host=127.0.0.1 port={self.first.port} user=amparo password={self.password}"
        self.first._run(
            "pg_basebackup", "-D", "standby", "-R", "-X", "stream", "-c", "fast",
            "-d", f"{told} application_name=amparo_b",
        )  # fmt: skip
        with (self.first.folder / "standby/postgresql.auto.conf").open("a") as options:
            options.write(f"port = '{self.port}'\n")
        self.first._run("pg_ctl", "--pgdata=standby", "--log=log-b", "--wait", "start")
        one = "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (amparo_b)'"
        self.sql(self.first.port, one)
        self.sql(self.first.port, "SELECT pg_reload_conf()")
        wait_for(lambda: "quorum" in self.sql(self.first.port, STATE), 30)

    def switch(self) -> None:
        """The first is gone; the second is told that it is the first now, and has none behind it."""
        pid = int((self.first.folder / "cluster/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        with (self.first.folder / "standby/postgresql.auto.conf").open("a") as options:
            options.write("synchronous_standby_names = ''\n")
        self.first._run("pg_ctl", "--pgdata=standby", "--wait", "promote")

    def url(self, name: str) -> str:
        hosts = f"127.0.0.1:{self.first.port},127.0.0.1:{self.port}"
        return f"postgresql://amparo:{self.password}@{hosts}/{name}?target_session_attrs=read-write"

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):
            self.first._run("pg_ctl", "--pgdata=standby", "--mode=immediate", "stop")
        with contextlib.suppress(RuntimeError):
            self.first.stop()


STATE = "SELECT sync_state FROM pg_stat_replication"


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    try:
        yield made
    finally:
        made.stop()


@contextlib.contextmanager
def running(settings: dict[str, str]) -> Iterator[int]:
    """Pages in one process and an engine in another, as on several machines."""
    port = free_port()
    commands = (["engine"], ["web", "--port", str(port)])
    started = [
        subprocess.Popen([*AMPARO, *one], env=settings, stderr=subprocess.PIPE) for one in commands
    ]
    try:
        for one in started:
            assert one.stderr is not None
            assert b"ready" in one.stderr.readline()
            threading.Thread(target=one.stderr.read, daemon=True).start()
        yield port
    finally:
        for one in started:
            one.kill()
            one.wait()


def test_what_was_accepted_before_the_switch_is_there_after_it(pair: Pair, tmp_path: Path) -> None:
    for name in ("amparo", "amparo_keys"):
        pair.first.url(name)  # makes it
    pair.follow()
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    settings = environment(
        data, AMPARO_DATABASE_URL=pair.url("amparo"), AMPARO_KEYSTORE_URL=pair.url("amparo_keys"),
        AMPARO_HASH_LEVEL="a0", DJANGO_SETTINGS_MODULE="amparo.settings",
    )  # fmt: skip

    def inside(task: str, given: str = "{}") -> str:
        program = [sys.executable, "-m", "amparo.proofs.bench.inside", task, given]
        done = subprocess.run(program, env=settings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.splitlines()[-1]

    inside("found")
    cards = json.loads(inside("cards", '{"count": 80}'))
    accepted: list[str] = []
    with gateway() as noted:
        (data / "gateways.toml").write_text(
            f"[[gateway]]\nname = 'c'\nurl = 'http://127.0.0.1:{noted.port}/send'\nprivate = true\n"
            'body = \'{"to": "{to}", "text": "{text}"}\'\n'
        )
        with running(settings) as port:

            def press(card: dict[str, str]) -> bool:
                reader = Visitor(port)
                body, kind = visitor.multipart({"do": "press"})
                try:
                    asked = reader.request("POST", f"/p/{card['token']}", body, kind)
                    return reader.send(asked).status == 200
                except (OSError, EOFError):
                    return False
                finally:
                    reader.close()

            def people() -> None:
                for card in cards:
                    while not press(card):
                        time.sleep(0.1)
                    accepted.append(card["number"])

            pressing = threading.Thread(target=people)
            pressing.start()
            wait_for(lambda: len(accepted) >= 20, 60)
            pair.switch()
            at_the_switch = len(accepted)
            pressing.join(200)
            assert at_the_switch < len(accepted) == len(cards)
            wait_for(lambda: set(accepted) <= set(noted.came), 120)
        assert json.loads(inside("alarms")) == len(cards)
        for number, texts in noted.came.items():
            plain = [text for text in texts if not text.endswith(" (2)")]
            assert len(plain) <= 1, (number, texts)
