"""What every process of a server does before it touches a key: no core dumps, no peeking by other
processes of the same user, no files for others."""

import ctypes
import os
import resource
import signal
from pathlib import Path

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
