"""What may be written to a log: the program's own events, scrubbed; never a request, never a text."""

import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

# Whatever looks like an address, an id, a number or a code goes, wherever it came from.
_TELLING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\S+@\S+|\d[\d .:-]{5,}\d|https?://\S+|/\S*\?\S*", re.IGNORECASE
)
KEEP = {"event", "level", "logger", "kind", "count", "room", "job", "state", "option", "day"}


def scrub(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every field that is not on the list, and what could tell of a person in the rest."""
    return {
        key: _TELLING.sub("…", value) if isinstance(value, str) else value
        for key, value in line.items()
        if key in KEEP and isinstance(value, str | int | float | bool)
    }


class _Plain(logging.Formatter):
    """Records of libraries: their level, logger and the kind of error, never their message."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        if record.name.split(".")[0] == "amparo":
            said = _TELLING.sub("…", record.getMessage())
        else:
            said = "a library reported something"
        return " ".join(
            part for part in (record.levelname.lower(), record.name, said, kind) if part
        )


class _Fault(logging.Formatter):
    """A page that failed: the kind of error and the place in our code, nothing of the request."""

    def format(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[0] is None:
            return "error amparo.web a page failed"
        place, trace = "", record.exc_info[2]
        for frame in traceback.extract_tb(trace):
            if f"{os.sep}amparo{os.sep}" in frame.filename:
                place = f"{Path(frame.filename).name}:{frame.lineno}"
        return f"error amparo.web a page failed {record.exc_info[0].__name__} {place}".rstrip()


def configure(_: dict[str, Any]) -> None:
    """Everything goes to standard error; the server keeps or drops it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("amparo").setLevel(logging.INFO)
    # Django's request logger writes addresses of pages; the journal says what was done. A fault of
    # ours must not be silent, though.
    faults = logging.StreamHandler(sys.stderr)
    faults.setFormatter(_Fault())
    faults.setLevel(logging.ERROR)
    logging.getLogger("django.request").propagate = False
    logging.getLogger("django.request").handlers[:] = [faults]
    logging.getLogger("django.security").propagate = False
    logging.getLogger("django.security").handlers[:] = [logging.NullHandler()]
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            scrub,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
