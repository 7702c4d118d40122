"""A throw-away PostgreSQL on loopback, from Debian's package, in a folder of its own.

    with Postgres() as server:
        server.url("amparo")        # postgresql://…, the database is made on demand

By hand: `python tools/postgres.py DIR` starts one there, prints the two addresses as shell
assignments, and stops it at Ctrl-C or when its standard input closes.
"""

import argparse
import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

# Tests want speed and lose nothing at a power cut; a benchmark passes durable=True.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Missing(RuntimeError):
    """PostgreSQL is not installed here."""


def programs() -> Path:
    """The folder with initdb and pg_ctl of the newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parts[-2]))
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    raise Missing("needs PostgreSQL (apt-get install postgresql)")


def _owner() -> dict[str, Any]:
    """PostgreSQL refuses root, so root hands it to the user postgres, or else nobody."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise Missing("needs a user that may run PostgreSQL (postgres or nobody)")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """One server; `start` and `stop`, or a with-statement. Its folder goes when it stops."""

    def __init__(self, folder: Path | None = None, *, durable: bool = False) -> None:
        self._bin = programs()
        self._as = _owner()
        self._made = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="amparo-postgres-"))
        self._durable = durable
        self._password = secrets.token_urlsafe(16)
        self.port = 0

    def _run(self, program: str, *arguments: str) -> str:
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        done = subprocess.run(
            [self._bin / program, *arguments],
            env=environment | {"PGPASSWORD": self._password},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
            **self._as,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout.strip()[-600:]}")
        return done.stdout.strip()

    def start(self) -> "Postgres":
        """Make the cluster and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        password.write_text(self._password)
        if self._as:
            for path in (self.folder, password):
                os.chown(path, self._as["user"], self._as["group"])
        self._run(
            "initdb",
            *("--pgdata=cluster", "--username=amparo", "--pwfile=password", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        )
        password.unlink()
        self.port = _free_port()
        options = ["listen_addresses=127.0.0.1", f"port={self.port}", "max_connections=200"]
        options += [f"unix_socket_directories={self.folder}", "timezone=UTC", "log_timezone=UTC"]
        options += [] if self._durable else CARELESS
        with (self.folder / "cluster" / "postgresql.auto.conf").open("a") as settings:
            for option in options:
                name, value = option.split("=", 1)
                settings.write(f"{name} = '{value}'\n")
        # The log goes to a file: a pipe held by the server would keep _run from ending.
        self._run("pg_ctl", "--pgdata=cluster", "--log=log", "--wait", "start")
        return self

    def stop(self) -> None:
        """Stop at once and take the cluster away."""
        try:
            self._run("pg_ctl", "--pgdata=cluster", "--mode=immediate", "--wait", "stop")
        finally:
            if self._made:
                shutil.rmtree(self.folder)
            else:
                shutil.rmtree(self.folder / "cluster")
                (self.folder / "log").unlink(missing_ok=True)

    def url(self, name: str) -> str:
        """The address of a database with this name, made when it is not there yet."""
        address = ("--host=127.0.0.1", f"--port={self.port}", "--username=amparo")
        ask = "SELECT datname FROM pg_database"
        if name not in self._run("psql", *address, "--dbname=postgres", "-Atc", ask).split():
            self._run("createdb", *address, name)
        return f"postgresql://amparo:{self._password}@127.0.0.1:{self.port}/{name}"

    def version(self) -> str:
        """For example 15.18."""
        return self._run("postgres", "--version").split()[2]

    def __enter__(self) -> "Postgres":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def main() -> int:
    """Serve until Ctrl-C or the end of standard input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=Path, help="an empty folder for the cluster")
    parser.add_argument("--durable", action="store_true", help="flush to disk, as in real use")
    given = parser.parse_args()
    try:
        server = Postgres(given.dir.absolute(), durable=given.durable)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with server:
        print(f"AMPARO_DATABASE_URL={server.url('amparo')}")
        print(f"AMPARO_KEYSTORE_URL={server.url('amparo_keys')}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
