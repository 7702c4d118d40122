"""Machines of our own, in network namespaces, joined by cables that can be pulled.

C, in the middle, has an address that A and B reach over a cable each. Everything lies in the ranges for
such things and nothing of it leaves this machine.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.doors.shell import AMPARO, environment
from tools.postgres import programs

MIDDLE = "10.77.0.3"
GATEWAY = """
import http.server, json, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        hung = False
        while os.path.exists(sys.argv[2]):  # it hangs, after it has read all, and then loses it
            hung = True; time.sleep(0.05)
        if not hung:
            with open(sys.argv[1], "a") as lines:
                lines.write(json.dumps([said["to"], said["text"]]) + "\\n")
        self.send_response(500 if hung else 202)
        self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8099), Handler).serve_forever()
"""
PRESSER = """
import http.client, sys
for line in sys.stdin:
    try:
        wire = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
        form = "do=press"
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Host": "localhost"}
        wire.request("POST", "/p/" + line.strip(), form, kind)
        print(wire.getresponse().status, flush=True)
    except (OSError, http.client.HTTPException):
        print(0, flush=True)
"""


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


class Machines:
    """Three of them, with what runs on each."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mark = folder, secrets.token_hex(3)
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.password = secrets.token_hex(8)
        self.came, self.hangs = folder / "came", folder / "hangs"
        self.cluster = Path(tempfile.mkdtemp(prefix="amparo-machines-"))

    def name(self, which: str) -> str:
        return f"am{self.mark}{which}"

    def on(self, which: str, *command: str) -> list[str]:
        """A command as it is run on one of them."""
        return ["ip", "netns", "exec", self.name(which), *command]

    # --- cables ----------------------------------------------------------------------------------
    def lay(self) -> None:
        """The three, and two cables."""
        for which in "abc":
            _run("ip", "netns", "add", self.name(which))
            _run("ip", "-n", self.name(which), "link", "set", "lo", "up")
        _run("ip", "-n", self.name("c"), "addr", "add", f"{MIDDLE}/32", "dev", "lo")
        for number, which in enumerate("ab", 1):
            here, there = self.cable(which), f"{self.cable(which)}c"
            _run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
            for end, at, last in ((here, which, 1), (there, "c", 3)):
                _run("ip", "link", "set", end, "netns", self.name(at))
                at = self.name(at)
                _run("ip", "-n", at, "addr", "add", f"10.77.{number}.{last}/24", "dev", end)
                _run("ip", "-n", at, "link", "set", end, "up")
            self.route(which)

    def cable(self, which: str) -> str:
        return f"am{self.mark}{which}0"

    def route(self, which: str) -> None:
        via = f"10.77.{1 + 'ab'.index(which)}.3"
        _run("ip", "-n", self.name(which), "route", "replace", MIDDLE, "via", via)

    def pull(self, which: str) -> None:
        """Pull a machine's cable."""
        _run("ip", "-n", self.name(which), "link", "set", self.cable(which), "down")

    def plug(self, which: str) -> None:
        """And put it back."""
        _run("ip", "-n", self.name(which), "link", "set", self.cable(which), "up")
        self.route(which)

    # --- what runs on them -----------------------------------------------------------------------
    def postgres(self, program: str, *arguments: str) -> str:
        """A program of PostgreSQL on C, as its own user."""
        command = ["runuser", "-u", "postgres", "--", str(programs() / program), *arguments]
        return _run(*self.on("c", *command))

    def start_postgres(self) -> None:
        if not (self.cluster / "data").exists():
            word = self.cluster / "word"
            word.write_text(self.password)
            for path in (self.cluster, word):
                shutil.chown(path, "postgres", "postgres")
            self.postgres(
                "initdb", f"--pgdata={self.cluster}/data", "--username=amparo", f"--pwfile={word}",
                "--auth-host=scram-sha-256", "--auth-local=trust",
                "--encoding=UTF8", "--locale=C.UTF-8",
            )  # fmt: skip
            with (self.cluster / "data/postgresql.auto.conf").open("a") as options:
                options.write("listen_addresses = '*'\nmax_connections = 200\n")
                options.write(f"unix_socket_directories = '{self.cluster}'\n")
            with (self.cluster / "data/pg_hba.conf").open("a") as options:
                options.write("host all all 10.77.0.0/16 scram-sha-256\n")
        self.postgres("pg_ctl", f"--pgdata={self.cluster}/data", f"--log={self.cluster}/log",
                      "--wait", "start")  # fmt: skip

    def kill_postgres(self) -> None:
        """All of it, as by a power cut."""
        pid = int((self.cluster / "data/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.05)
        time.sleep(1)  # its children notice

    def url(self, name: str) -> str:
        return f"postgresql://amparo:{self.password}@{MIDDLE}:5432/{name}"

    def environment(self, **more: str) -> dict[str, str]:
        return environment(
            self.folder / "data", AMPARO_DATABASE_URL=self.url("amparo"),
            AMPARO_KEYSTORE_URL=self.url("amparo_keys"), AMPARO_HASH_LEVEL="a0",
            DJANGO_SETTINGS_MODULE="amparo.settings", AMPARO_SITES="localhost",
            **more,
        )  # fmt: skip

    def inside(self, task: str, **given: Any) -> Any:
        """A task of the benchmarks, on C."""
        command = [sys.executable, "-m", "amparo.proofs.bench.inside", task, json.dumps(given)]
        done = subprocess.run(
            self.on("c", *command), env=self.environment(), capture_output=True, text=True,
            check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, name: str, which: str, *command: str, ready: str = "") -> None:
        """Have a program run on a machine until it is killed or all is over."""
        process = subprocess.Popen(
            self.on(which, *command), env=self.environment(), text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if ready else subprocess.DEVNULL,
        )  # fmt: skip
        self.running[name] = process
        if ready:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert ready in line, line
            threading.Thread(target=process.stderr.read, daemon=True).start()

    def up(self) -> None:
        """Pages and an engine on A."""
        self.start("up", "a", *AMPARO, "up", "--port", "8000", ready="ready")

    def engine(self) -> None:
        """An engine on B."""
        self.start("engine", "b", *AMPARO, "engine", ready="ready")

    def gateway(self) -> None:
        (self.folder / "data/gateways.toml").write_text(
            f"[[gateway]]\nname = 'c'\nurl = 'http://{MIDDLE}:8099/send'\nprivate = true\n"
            'body = \'{"to": "{to}", "text": "{text}"}\'\n'
        )
        self.start("gateway", "c", sys.executable, "-c", GATEWAY, str(self.came), str(self.hangs))

    def kill(self, name: str) -> None:
        """A program and all that it started, as by a power cut."""
        process = self.running.pop(name)
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.getsid(int(path.name)) == process.pid:
                    os.kill(int(path.name), signal.SIGKILL)
        process.wait()

    # --- what is done with them ------------------------------------------------------------------
    def press(self, card: dict[str, str]) -> bool:
        """On A; whether somebody said that it is on its way."""
        if "presser" not in self.running:
            self.start("presser", "a", sys.executable, "-c", PRESSER, "8000")
        wires = self.running["presser"]
        assert wires.stdin is not None and wires.stdout is not None
        wires.stdin.write(f"{card['token']}\n")
        wires.stdin.flush()
        return wires.stdout.readline().strip() == "200"

    def told(self) -> dict[str, list[str]]:
        """Number -> the texts that came for it."""
        found: dict[str, list[str]] = defaultdict(list)
        for line in self.came.read_text().splitlines() if self.came.exists() else ():
            number, text = json.loads(line)
            found[number].append(text)
        return found

    def away(self) -> None:
        """Nothing of it is left."""
        for name in list(self.running):
            self.kill(name)
        if (self.cluster / "data/postmaster.pid").exists():
            with contextlib.suppress(AssertionError):
                self.postgres("pg_ctl", f"--pgdata={self.cluster}/data", "--mode=immediate", "stop")
        for which in "abc":
            subprocess.run(
                ["ip", "netns", "del", self.name(which)], capture_output=True, check=False
            )
        shutil.rmtree(self.cluster, ignore_errors=True)


@contextlib.contextmanager
def machines(folder: Path) -> Iterator[Machines]:
    """A with pages and engine, B with an engine, C with PostgreSQL and the gateway; founded."""
    made = Machines(folder)
    (folder / "data").mkdir(mode=0o700)
    made.cluster.chmod(0o755)
    try:
        made.lay()
        made.start_postgres()
        for name in ("amparo", "amparo_keys"):
            made.postgres("psql", "-h", str(made.cluster), "-U", "amparo", "-d", "postgres", "-c",
                          f"CREATE DATABASE {name}")  # fmt: skip
        made.inside("found")
        made.gateway()
        made.up()
        made.engine()
        yield made
    finally:
        made.away()
