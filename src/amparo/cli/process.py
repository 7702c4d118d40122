"""What every process of a server does before it touches a key: no core dumps, no peeking by other
processes of the same user, no files for others."""

import ctypes
import os
import pwd
import resource
import signal
import sys
from pathlib import Path

import amparo
from amparo.foundation.errors import Unavailable

PR_SET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_DUMPABLE = 1, 3, 4
M_ARENA_MAX = -8


def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except OSError:
        return None


def _prctl(*wanted: int) -> int:
    libc = _libc()
    try:
        return int(libc.prctl(*wanted, 0, 0, 0)) if libc else -1
    except AttributeError:  # not Linux
        return -1


def harden() -> None:
    """Keys live in this memory: nothing of it is written to disk or shown to a debugger."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)
    libc = _libc()
    if libc is not None and hasattr(libc, "mallopt"):
        # One arena for each thread would keep what large uploads once needed.
        libc.mallopt(M_ARENA_MAX, 2)


def name_of(uid: int) -> str:
    """A user as people call them; the number where there is no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def become_owner(folder: Path) -> None:
    """As root, go on as the user to whom the data folder belongs.

    Whatever root wrote there, server.keys at a lockdown first of all, the service could not read
    any more. Unavailable when that user cannot read this program: half of it would fail to load.
    """
    if os.geteuid() != 0 or not folder.is_dir():
        return
    held = folder.stat()
    if held.st_uid == 0:
        return
    if not could_read(held.st_uid, held.st_gid, amparo.__file__, sys.executable):
        raise Unavailable(
            f"{folder} belongs to {name_of(held.st_uid)}, who cannot read this program: put it "
            "where that user can, as /opt/amparo"
        )
    _go_on_as(held.st_uid, held.st_gid)


def _go_on_as(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def could_read(uid: int, gid: int, *files: str) -> bool:
    """Whether a user can; asked of a child, because nobody can become root again."""
    child = os.fork()
    if child == 0:
        try:
            _go_on_as(uid, gid)
            os._exit(0 if all(os.access(file, os.R_OK) for file in files) else 1)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def die_with_parent() -> None:
    """A worker does not outlive the process that started it."""
    parent = os.getppid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it was gone already
        os._exit(1)


def dumps_core() -> bool:
    """Whether a crash of a process like this one would write its memory somewhere."""
    return resource.getrlimit(resource.RLIMIT_CORE)[0] != 0 and _prctl(PR_GET_DUMPABLE) != 0


def swap() -> list[str]:
    """Swap areas that memory could be written to, by name; compressed memory does not count."""
    try:
        lines = Path("/proc/swaps").read_text().splitlines()[1:]
    except OSError:
        return []
    return [line.split()[0] for line in lines if line and "zram" not in line.split()[0]]
