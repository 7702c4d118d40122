"""Where a proof plays: a fresh data folder and fresh databases, and a child process for each proof."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amparo.proofs.prove.found import Found
from amparo.proofs.prove.promises import Promise

ROOT = Path(__file__).parents[4]
SERVER = ROOT / "tools" / "postgres.py"


@dataclass
class Postgres:
    """A throw-away PostgreSQL: its address without a database's name, and its folder."""

    address: str
    folder: Path


@contextlib.contextmanager
def postgres() -> Iterator[Postgres | None]:
    """Started once for all proofs; None where there is none."""
    if not SERVER.is_file():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="amparo-proofs-") as folder:
        os.chmod(folder, 0o711)  # the cluster inside belongs to another user
        inside = Path(folder) / "postgres"
        process = subprocess.Popen(
            [sys.executable, SERVER, inside, "--durable"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            name, _, address = line.strip().partition("=")
            there = name == "AMPARO_DATABASE_URL"
            yield Postgres(address.rpartition("/")[0], inside / "cluster") if there else None
        finally:
            process.communicate(timeout=60)


@contextlib.contextmanager
def databases(address: str) -> Iterator[dict[str, str]]:
    """Two fresh databases on a server, as environment; dropped afterwards."""
    import psycopg

    name = f"proof_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        for one in (name, f"{name}_keys"):
            connection.execute(f"CREATE DATABASE {one}")
        try:
            yield {
                "AMPARO_DATABASE_URL": f"{address}/{name}",
                "AMPARO_KEYSTORE_URL": f"{address}/{name}_keys",
            }
        finally:
            for one in (name, f"{name}_keys"):
                connection.execute(f"DROP DATABASE {one} WITH (FORCE)")


def environment(data: Path, seed: int) -> dict[str, str]:
    """A clean environment: none of the options of whoever runs the proofs, and the shipped cost of
    passphrases."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AMPARO_")}
    return clean | {
        "AMPARO_DATA": str(data),
        "AMPARO_PROVE_SEED": str(seed),
        "AMPARO_SITES": "localhost,127.0.0.1,testserver",
        "TMPDIR": str(data.parent / "tmp"),
        "PYTHONUNBUFFERED": "1",
    }


def play(
    promise: Promise, seed: int, server: Postgres | None, more: dict[str, str] | None = None
) -> Found:
    """One proof on one database, in a child of its own."""
    folder = Path(tempfile.mkdtemp(prefix=f"amparo-{promise.id.lower()}-"))
    try:
        (folder / "tmp").mkdir()
        settings = environment(folder / "data", seed) | (more or {})
        with contextlib.ExitStack() as stack:
            if server is not None:
                settings |= stack.enter_context(databases(server.address))
                settings["AMPARO_PROVE_CLUSTER"] = str(server.folder)
            return _run(promise, folder, settings)
    finally:
        _end(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _end(folder: Path) -> None:
    """Whatever a proof has started and could not end itself: it knows the proof's folder."""
    mark = f"AMPARO_DATA={folder}".encode()
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (one / "environ").read_bytes():
                os.kill(int(one.name), signal.SIGKILL)


def _run(promise: Promise, folder: Path, settings: dict[str, str]) -> Found:
    said = folder / "said"
    with said.open("w") as errors:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "amparo.proofs.prove.alone", promise.id],
                env=settings,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                timeout=promise.minutes * 60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Found(breaches=[f"not finished after {promise.minutes} minutes"])
    lines = done.stdout.strip().splitlines()
    try:
        return Found.of_json(lines[-1])
    except (IndexError, ValueError, TypeError):
        last = " / ".join(said.read_text().strip().splitlines()[-3:])
        return Found(breaches=[f"the proof's process ended with {done.returncode}: {last}"])
