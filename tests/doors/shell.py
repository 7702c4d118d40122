"""A shell of its own for tests of the command line: real processes, real folders, real locks."""

import atexit
import contextlib
import copy
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AMPARO = [sys.executable, "-c", "from amparo.cli import main; main()"]
ANSWERS = """
organisation = "A house for tests"
hash_level = "a0"
[[officers]]
name = "Ines"
sign_in = "ines"
[[officers]]
name = "Ruth"
sign_in = "ruth"
[[officers]]
name = "Tomas"
sign_in = "tomas"
"""


def environment(data: Path, **more: str) -> dict[str, str]:
    """That of somebody who has just opened a shell; nothing of this test run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AMPARO_")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    return kept | {"AMPARO_DATA": str(data)} | more


@dataclass
class Shell:
    """Runs `amparo` for one data folder."""

    data: Path

    def run(
        self, *arguments: str, typed: str = "", as_user: int | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        # In a session of its own there is no terminal, so that passphrases come from `typed`.
        return subprocess.run(
            [*AMPARO, *arguments],
            env=environment(self.data, **more),
            input=typed,
            capture_output=True,
            text=True,
            timeout=90,
            start_new_session=True,
            user=as_user,
        )

    def json(self, *arguments: str, **more: str) -> Any:
        """What a command prints with --json, which must be all that it prints there."""
        return json.loads(self.run(*arguments, "--json", **more).stdout)

    @contextlib.contextmanager
    def serving(self, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
        """`amparo up` until the block ends: (process, port, what it said)."""
        port, said = free_port(), self.data.parent / f"{self.data.name}.said"
        with said.open("wb") as log:
            server = subprocess.Popen(
                [*AMPARO, "up", "--port", str(port), *arguments],
                env=environment(self.data),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for(lambda: b"ready" in said.read_bytes() or server.poll() is not None)
            assert server.poll() is None, said.read_text()
            yield server, port, said
        finally:
            if server.poll() is None:
                server.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(timeout=30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(there: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def fetch(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def found(folder: Path, answers: str = ANSWERS) -> tuple[Shell, dict[str, Any]]:
    """A founded installation and what `init` printed."""
    file = folder / "answers.toml"
    file.write_text(answers)
    shell = Shell(folder / "data")
    done = shell.run("init", "--answers", str(file), "--json")
    assert done.returncode == 0, done.stderr
    return shell, json.loads(done.stdout)


@functools.cache
def _first() -> tuple[Path, dict[str, Any]]:
    folder = Path(tempfile.mkdtemp(prefix="amparo-founded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shell, said = found(folder)
    return shell.data, said


def copied(folder: Path) -> tuple[Shell, dict[str, Any]]:
    """The same as `found`, for tests that are about something else: founded once in a run, and every
    test gets a folder of its own, with the same people and keys in it."""
    data, said = _first()
    shutil.copytree(data, folder / "data")
    return Shell(folder / "data"), copy.deepcopy(said)
