"""Fresh ground for a benchmark: a data folder, databases, a server of its own, and its memory.

Everything runs in child processes with an environment of their own, so that one run can stand on
SQLite and on PostgreSQL, and nothing is left of it.
"""

import contextlib
import json
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amparo.foundation.errors import Unavailable
from amparo.proofs.bench.visitor import free_port

PATIENCE = 40  # seconds until a server must have said that it is ready
INSIDE = "amparo.proofs.bench.inside"
SHIPPED = "from amparo.cli import main; main()"
UNHASHED = "from amparo.proofs.bench.unhashed import main; main()"


# --- where the programs beside ours lie ----------------------------------------------------------
def repository() -> Path:
    """The checkout that this package runs from, or the present folder if that is one."""
    for place in (Path(__file__).parents[4], Path.cwd()):
        if (place / "bench" / "beside").is_dir():
            return place
    raise Unavailable("benchmarks run in a checkout of the repository: bench/beside is not here")


def beside(program: str) -> Path:
    """A program that stands beside ours."""
    return repository() / "bench" / "beside" / program


def beside_python() -> str:
    """A Python with what the programs beside ours need, from their own lock; made on first use."""
    home = beside(".venv")
    python = home / "bin" / "python"
    if (
        not python.exists()
        or subprocess.run([python, "-c", "import nacl, apprise, dbos"], check=False).returncode
    ):
        say("making bench/beside/.venv from its own lock")
        run([sys.executable, "-m", "venv", "--clear", str(home)])
        lock = beside("requirements.txt")
        run([str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)])
    return str(python)


def run(command: list[str], **more: Any) -> str:
    """The standard output of a program that ends well; Unavailable with its last words otherwise."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no word"]
        raise Unavailable(f"{Path(command[0]).name} failed: {last[0]}")
    return done.stdout


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"  {text}", file=sys.stderr, flush=True)


# --- ground --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ground:
    """One founded installation."""

    folder: Path
    environment: dict[str, str]
    database: str = "sqlite"
    options: dict[str, str] = field(default_factory=dict)

    def inside(self, task: str, **given: Any) -> Any:
        """What a task of `inside` answers, run in a process of its own on this ground."""
        command = [sys.executable, "-m", INSIDE, task, json.dumps(given)]
        return json.loads(run(command, env=self.environment).splitlines()[-1])

    def with_options(self, **options: str) -> "Ground":
        """The same installation under other options (names as in the configuration)."""
        changed = {f"AMPARO_{name.upper()}": value for name, value in options.items()}
        return Ground(self.folder, self.environment | changed, self.database, changed)


@contextlib.contextmanager
def fresh(database: str = "sqlite", into: Path | None = None) -> Iterator[Ground]:
    """An installation with three fictional officers, gone at the end. `database`: sqlite, postgres."""
    folder = Path(tempfile.mkdtemp(prefix="amparo-bench-", dir=into))
    data = folder / "data"
    data.mkdir(mode=0o700)
    environment = {key: one for key, one in os.environ.items() if not key.startswith("AMPARO_")}
    environment |= {
        "AMPARO_DATA": str(data),
        "AMPARO_HASH_LEVEL": "a0",  # signing in is not what is measured
        "DJANGO_SETTINGS_MODULE": "amparo.settings",
        "PYTHONPATH": os.pathsep.join(one for one in sys.path if one),
    }
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if database == "postgres":
            environment |= stack.enter_context(_postgres())
        ground = Ground(data, environment, database)
        ground.inside("found")
        yield ground


def postgres_is_here() -> bool:
    """Whether this machine has a PostgreSQL to start."""
    return bool(list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb"))


@contextlib.contextmanager
def _postgres() -> Iterator[dict[str, str]]:
    """A PostgreSQL of our own that flushes to disk as in real use."""
    # Not inside the data folder: it may belong to another user of the machine.
    folder = Path(tempfile.mkdtemp(prefix="amparo-bench-postgres-"))
    folder.chmod(0o755)
    cluster = folder / "cluster"
    started = subprocess.Popen(
        [sys.executable, str(repository() / "tools" / "postgres.py"), "--durable", str(cluster)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        umask=0o022,
    )
    try:
        assert started.stdout is not None
        assert started.stdin is not None
        lines = [started.stdout.readline().strip() for _ in range(2)]
        if not all("=" in line for line in lines):
            raise Unavailable("PostgreSQL did not start")
        yield dict(line.split("=", 1) for line in lines)
        started.stdin.close()
        started.wait(30)
    finally:
        started.kill()
        shutil.rmtree(folder, ignore_errors=True)


def open_limits(ground: Ground, count: int) -> dict[str, float]:
    """Milliseconds of the cryptography alone: to open so many `fields`, and so many `wraps`."""
    command = [sys.executable, str(beside("open_limits.py")), str(count)]
    found: dict[str, float] = json.loads(run(command, env=ground.environment))
    return found


# --- servers -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Site:
    """A server that answers."""

    port: int
    pid: int
    ready_after: float  # seconds from the start of the program to "ready"

    @property
    def pids(self) -> list[int]:
        """The watching process and those that work."""
        return [self.pid, *children(self.pid)]


@contextlib.contextmanager
def served(ground: Ground, *, hashing: bool = True) -> Iterator[Site]:
    """`amparo up` on a free port, as shipped; without `hashing` return codes cost nothing."""
    port = free_port()
    program = SHIPPED if hashing else UNHASHED
    command = [sys.executable, "-c", program, "up", "--port", str(port)]
    with running(command, ground.environment, b"ready  http") as (process, after):
        yield Site(port, process.pid, after)


@contextlib.contextmanager
def beside_served(program: str, environment: dict[str, str]) -> Iterator[Site]:
    """A WSGI program that stands beside ours, under the same server with the same settings."""
    port = free_port()
    command = [sys.executable, str(beside(program)), str(port)]
    with running(command, environment, b"ready  http") as (process, after):
        yield Site(port, process.pid, after)


@contextlib.contextmanager
def running(
    command: list[str], environment: dict[str, str], word: bytes
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A program from when it has said a word until it is told to stop, and the seconds it took."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            while word not in (so_far := os.pread(said.fileno(), 8192, 0)):
                if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                    last = so_far.decode(errors="replace").strip().splitlines()[-1:] or [""]
                    told = last[0].removeprefix("amparo: ")
                    raise Unavailable(f"the server did not start: {told}")
                time.sleep(0.005)
            yield process, time.monotonic() - begun
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                for pid in children(process.pid):
                    os.kill(pid, signal.SIGKILL)
                process.kill()
                process.wait()


# --- memory --------------------------------------------------------------------------------------
def children(pid: int) -> list[int]:
    """Process ids of a process's children and theirs."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError):
            for child in map(int, listed.read_text().split()):
                found += [child, *children(child)]
    return found


def _status(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def resident(pids: list[int]) -> int:
    """Bytes of memory that processes have in use now, shared pages counted in each."""
    return sum(_status(pid, "status", "VmRSS") for pid in pids)


def peak(pids: list[int]) -> int:
    """The most that they had since `forget_peak`."""
    return sum(_status(pid, "status", "VmHWM") for pid in pids)


def forget_peak(pids: list[int]) -> None:
    """Begin a new peak."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def proportional(pids: list[int]) -> int:
    """Bytes of memory of processes together, shared pages counted once (PSS)."""
    return sum(_status(pid, "smaps_rollup", "Pss") for pid in pids)


# --- what the figures depend on ------------------------------------------------------------------
def machine() -> list[str]:
    """Lines about this machine and what else it was doing."""
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    file_system = run(["stat", "-f", "-c", "%T", tempfile.gettempdir()]).strip()
    return [
        f"{cores} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        f"data on {file_system}; clients, servers and what stands beside share these cores",
        f"load before the run (1, 5, 15 minutes): {load}",
    ]


def load_now() -> str:
    """The load of the last minute, for conditions."""
    return f"load {os.getloadavg()[0]:.1f}"
