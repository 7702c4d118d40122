"""The child: shuts itself in, reads one file from its pipe, answers, ends."""

import importlib
import json
import os
import resource
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from amparo.foundation.clean.asking import Limits
from amparo.foundation.clean.kinds import IMAGES, Kind
from amparo.foundation.clean.reasons import CannotClean

ROOM = "amparo.foundation.clean"
CLEANERS = {
    **dict.fromkeys(IMAGES, "images"),
    Kind.PDF: "pdf",
    Kind.DOCX: "ooxml",
    Kind.XLSX: "ooxml",
    Kind.ODT: "opendocument",
}
CODECS = ("ascii", "cp437", "latin_1", "utf_16", "utf_16_be", "utf_16_le")  # loaded on first use
NEW_NETWORK = 0x40000000
NEW_USER = 0x10000000
NO_NEW_PRIVILEGES = 38
DIE_WITH_PARENT = 1
KILL = 9


def shut_in(limits: Limits) -> None:
    """Limits that cannot be lifted again; set before a byte of the file is read."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o777)
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None)
        libc.prctl(DIE_WITH_PARENT, KILL, 0, 0, 0)
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        # A network of its own, with nothing in it; where the system forbids it, close_doors holds.
        if libc.unshare(NEW_NETWORK) != 0:
            libc.unshare(NEW_USER | NEW_NETWORK)


def close_doors() -> None:
    """From here on no file and no socket can be opened: there is no number left for one."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def made_ready(kind: Kind) -> ModuleType:
    """The cleaner for a kind, with all that it will need already loaded."""
    cleaner = importlib.import_module(f"{ROOM}.{CLEANERS[kind]}")
    cleaner.make_ready(kind)
    for codec in CODECS:
        importlib.import_module(f"encodings.{codec}")
    return cleaner


def work(
    cleaner: ModuleType, order: dict[str, Any], limits: Limits
) -> tuple[dict[str, object], list[bytes]]:
    """Does what was ordered with the file on standard input."""
    kind = Kind(order["kind"])
    if order["verb"] == "clean":
        close_doors()
        data = sys.stdin.buffer.read()
        made, copy = cleaner.clean(data, kind, limits)
        return {"kind": made.value}, [copy]
    data = sys.stdin.buffer.read()
    made, images, total = cleaner.draw(data, kind, order, limits)
    return {"kind": made.value, "total": total}, images


def answer_of(deed: Callable[[], tuple[dict[str, object], list[bytes]]]) -> bytes:
    """The answer as bytes. A failure leaves as a code only: its text may quote the file."""
    bodies: list[bytes] = []
    try:
        head, bodies = deed()
        head["lengths"] = [len(body) for body in bodies]
    except CannotClean as refusal:
        head = {"refused": refusal.reason}
    except MemoryError:
        head = {"refused": "memory"}
    except Exception:  # noqa: BLE001  whatever a parser stumbles over is a damaged file
        head = {"refused": "broken"}
    return json.dumps(head).encode() + b"\n" + b"".join(bodies)


def main() -> None:
    """Runs one order; standard output carries the answer alone, whatever the libraries print."""
    order = json.loads(sys.argv[1])
    limits = Limits(**order["limits"])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    shut_in(limits)
    cleaner = made_ready(Kind(order["kind"]))  # a failure here is ours, and ends without an answer
    out.write(answer_of(lambda: work(cleaner, order, limits)))
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
