"""Where the story is played: a fresh data folder, founded and served by the real commands."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amparo.foundation.errors import Conflict, Unavailable
from amparo.proofs.demo import papers
from amparo.vault import sample

RUN = "from amparo.cli import main; main()"
PATIENCE = 60  # seconds for the server to be ready
THIEF = Path(__file__).parents[1] / "thief.py"
RESTORE = Path(__file__).parents[2] / "vault" / "restore.py"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stage:
    """A data folder, a folder beside it for what is not the installation's, and a server."""

    data: Path
    beside: Path
    port: int
    server: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """Everything that the server said."""
        return self.beside / "server.log"

    def environment(self) -> dict[str, str]:
        """That of a person who has just opened a shell, with this folder as its data."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AMPARO_")}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        return kept | {"AMPARO_DATA": str(self.data), "NO_COLOR": "1"}

    def amparo(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-c", RUN, *arguments],
            env=self.environment(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def look_ahead(self, *minutes: int) -> None:
        """What the engine does at these minutes from now, by a process whose clock is moved."""
        done = subprocess.run(
            [sys.executable, "-m", "amparo.proofs.demo.carrier", *map(str, minutes)],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            raise Unavailable(f"the engine at another hour: {done.stderr.strip()[-200:]}")

    def program(self, file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program that stands alone; it knows nothing of this environment."""
        return subprocess.run(
            [sys.executable, str(file), *arguments],
            env={"PATH": os.environ.get("PATH", "")},
            cwd=self.beside,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def found(self) -> dict[str, Any]:
        """`amparo init` with the sample's answers; returns what it printed."""
        answers = self.beside / "answers.toml"
        lines = [
            f"organisation = {json.dumps(papers.ORGANISATION)}",
            "sample = true",
            f"port = {self.port}",
        ]
        for one in sample.PEOPLE[:2]:
            lines += ["[[officers]]", f"name = {json.dumps(one.name)}"]
            lines += [f'sign_in = "{one.sign_in}"', f'passphrase = "{one.passphrase}"']
            lines += [f'totp = "{one.secret}"']
        answers.write_text("\n".join(lines))
        made = self.amparo("init", "--answers", str(answers), "--json")
        if made.returncode:
            raise Unavailable(f"init: {made.stderr.strip()}")
        said: dict[str, Any] = json.loads(made.stdout)
        return said

    def start(self) -> float:
        """`amparo up`; returns after how many seconds the first page had been answered."""
        begun = time.perf_counter()
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-c", RUN, "up", "--port", str(self.port)],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the terminal is ours to pass on
            )
        while time.perf_counter() - begun < PATIENCE:
            if b"ready" in self.log.read_bytes():
                return time.perf_counter() - begun
            if self.server.poll() is not None:
                break
            time.sleep(0.01)
        said = self.log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        self.stop()
        raise Unavailable(f"the server did not start: {said[-1].removeprefix('amparo: ')}")

    def stop(self) -> int | None:
        """End the server in order; returns its exit code."""
        if self.server is None:
            return None
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.server.pid, signal.SIGKILL)
                self.server.wait()
        code, self.server = self.server.returncode, None
        return code

    def copy(self, name: str) -> Path:
        """What a thief takes: everything in the folder, as it lies there at this moment."""
        taken = self.beside / name
        shutil.copytree(self.data, taken)
        return taken


def is_sample(folder: Path) -> bool:
    """Whether a folder holds the sample organisation."""
    file = folder / "amparo.toml"
    if not (folder / "server.keys").is_file():
        return False
    return file.is_file() and bool(re.search(r"^sample = true$", file.read_text(), re.MULTILINE))


def need_room(folder: Path) -> None:
    """Conflict when a folder holds something that is not the sample."""
    if folder.exists() and any(folder.iterdir()) and not is_sample(folder):
        raise Conflict(f"{folder} holds something that is not the sample: choose another folder")


@contextmanager
def stage(keep: Path | None, port: int) -> Iterator[Stage]:
    """A stage that is cleared away afterwards, but for a folder that is to be kept."""
    with tempfile.TemporaryDirectory(prefix="amparo-demo-") as name:
        beside = Path(name)
        data = keep.absolute() if keep else beside / "data"
        set_up = Stage(data, beside, port or free_port())
        try:
            yield set_up
        finally:
            set_up.stop()
