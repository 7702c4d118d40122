"""Who may beat and who is alone: locks on the data folder, which leave no file and die with us.

Two engines on one SQLite file would both send what is due, so the second is refused. What a crash
left is mended at once only by a process that is the only one; others leave it to the sweep.
"""

import fcntl
import os
import time
from pathlib import Path

from amparo.foundation.config import config
from amparo.foundation.errors import Conflict

_held: dict[str, int] = {}  # name -> open folder; the system lets go of it when the process ends


def _folder(name: str) -> Path:
    """Each lock is the flock of a folder: the data's for engines, the files' for every server."""
    folder = config().data if name == "engine" else config().data / "files"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _take(name: str, how: int) -> bool:
    handle = _held.get(name)
    if handle is None:
        handle = os.open(_folder(name), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        if name not in _held:
            os.close(handle)
        return False
    _held[name] = handle
    return True


def on_one_machine() -> bool:
    """Whether the data lies in SQLite files; on PostgreSQL nobody can know that they are alone."""
    return not config().database_url


def become_engine(patience: float = 5.0) -> None:
    """Be the one engine of a SQLite installation until this process ends; Conflict if there is one
    already. One that is just stopping is waited for, `patience` seconds at most."""
    if not on_one_machine():
        return
    until = time.monotonic() + patience
    while not _take("engine", fcntl.LOCK_EX):
        if time.monotonic() >= until:
            raise Conflict("another engine runs on this data folder already")
        time.sleep(0.1)


def join() -> bool:
    """Count as one of the processes that work on this folder; True if there was no other."""
    if not on_one_machine():
        return False
    alone = _take("server", fcntl.LOCK_EX)
    _take("server", fcntl.LOCK_SH)
    return alone
