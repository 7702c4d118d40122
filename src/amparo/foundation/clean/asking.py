"""Starts the child, feeds it through a pipe and reads its answer: nothing touches a disk."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from amparo.foundation.clean.kinds import Kind
from amparo.foundation.clean.reasons import REASONS, CannotClean
from amparo.foundation.errors import Unavailable

MIB = 1024 * 1024
CHUNK = 1 << 16
WHERE = str(Path(__file__).resolve().parents[3])  # the folder that holds the package


@dataclass(frozen=True)
class Limits:
    """What one child may use. Bytes, seconds and pixels; what goes beyond has no cleaned copy."""

    memory: int = 1536 * MIB  # address space of the child
    seconds: int = 60  # of computing
    wait: float = 90.0  # on the clock, from start to last byte
    most_in: int = 256 * MIB
    most_out: int = 512 * MIB
    pixels: int = 120_000_000  # of one image
    unpacked: int = 256 * MIB  # of all parts of a package together
    entries: int = 4000  # parts of a package, or pages of a PDF


LIMITS = Limits()
# A child may need a GiB, and anybody can send what makes one need it: more than a few at once would
# take the memory of everything else on the machine.
AT_ONCE = 2
PATIENCE = 30.0  # seconds for one's turn; whoever waited longer has no cleaned copy
_turns = threading.BoundedSemaphore(AT_ONCE)


def ask(
    verb: str, kind: Kind, data: bytes, *, limits: Limits, **numbers: int
) -> tuple[dict[str, object], list[bytes]]:
    """Lets a child do `verb` with `data`; gives its head and bodies, or raises CannotClean."""
    if not data:
        raise CannotClean("broken")
    if len(data) > limits.most_in:
        raise CannotClean("too_large")
    order = json.dumps({"verb": verb, "kind": kind.value, "limits": asdict(limits), **numbers})
    if not _turns.acquire(timeout=PATIENCE):
        raise Unavailable("too many files are being looked at")
    try:
        child = _start(order)
        try:
            answer = _converse(child, data, limits)
        finally:
            _end(child)
    finally:
        _turns.release()
    return _understand(answer, child.returncode)


def _start(order: str) -> "subprocess.Popen[bytes]":
    # The child sets its own limits before it reads a byte: code between fork and exec is not safe
    # in a process with threads. The order holds numbers and a kind, nothing of the file.
    try:
        return subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-m", "amparo.foundation.clean.child", order],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": WHERE,
                "PYTHONHASHSEED": "0",
                "LC_ALL": "C.UTF-8",
                "MALLOC_ARENA_MAX": "1",
            },
            close_fds=True,
            start_new_session=True,
        )
    except OSError as failure:
        raise Unavailable("no child process could be started") from failure


def _converse(child: "subprocess.Popen[bytes]", data: bytes, limits: Limits) -> bytes:
    """Writes `data` and reads the answer at once, up to the limits of time and size."""
    assert child.stdin is not None
    assert child.stdout is not None
    until = time.monotonic() + limits.wait
    left = memoryview(data)
    answer = bytearray()
    os.set_blocking(child.stdin.fileno(), False)
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdin, selectors.EVENT_WRITE)
        ready.register(child.stdout, selectors.EVENT_READ)
        while ready.get_map():
            patience = until - time.monotonic()
            if patience <= 0:
                raise CannotClean("too_slow")
            for key, _ in ready.select(patience):
                if key.fileobj is child.stdin:
                    left = left[_write(child, left) :]
                    if not left:
                        ready.unregister(child.stdin)
                        with contextlib.suppress(BrokenPipeError):
                            child.stdin.close()
                    continue
                piece = os.read(child.stdout.fileno(), CHUNK)
                if not piece:
                    return bytes(answer)
                answer += piece
                if len(answer) > limits.most_out:
                    raise CannotClean("too_large")
    return bytes(answer)


def _write(child: "subprocess.Popen[bytes]", left: memoryview) -> int:
    assert child.stdin is not None
    try:
        return os.write(child.stdin.fileno(), left[:CHUNK])
    except BlockingIOError:
        return 0
    except BrokenPipeError:
        return len(left)  # it answered or died early; its answer tells


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Leaves no process and no pipe behind, whatever happened."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        child.wait(1)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _understand(answer: bytes, status: int) -> tuple[dict[str, object], list[bytes]]:
    """Reads one line of JSON and the bodies after it; anything less than whole is a refusal."""
    line, _, rest = answer.partition(b"\n")
    try:
        head = json.loads(line)
        lengths = [int(length) for length in head.get("lengths", [])]
    except (ValueError, AttributeError):
        head, lengths = {}, []
    reason = head.get("refused")
    if reason in REASONS:
        raise CannotClean(reason)
    if status == -signal.SIGXCPU:
        raise CannotClean("too_slow")
    if status > 0 and not answer:
        raise Unavailable("the child did not get as far as the file")
    if status != 0 or not lengths or sum(lengths) != len(rest):
        raise CannotClean("broken")
    bodies, at = [], 0
    for length in lengths:
        bodies.append(rest[at : at + length])
        at += length
    return head, bodies
