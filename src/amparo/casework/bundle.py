"""A defender's own export: one zip file with a readable page and their files, made as it streams."""

import io
import zipfile
from collections.abc import Iterator
from html import escape
from typing import Any

from amparo.casework.queries import Message, Opened, Thread, open_file
from amparo.foundation import ids
from amparo.foundation.actor import Actor

_EPOCH = (1980, 1, 1, 0, 0, 0)  # entries of the zip carry no time


class _Drain(io.RawIOBase):
    """Collects what zipfile writes until it is taken away; a zip needs no seeking to be written."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def of_thread(actor: Actor, thread: Thread) -> Iterator[bytes]:
    """A defender's own: the zip's bytes, piece by piece."""
    messages = list(reversed(thread.messages))
    messages += [one for part in thread.parts for one in reversed(part.entries)]
    return _zip(actor, thread.case, _page(thread), messages)


def of_parts(actor: Actor, case: ids.Id, parts: dict[str, list[Message]]) -> Iterator[bytes]:
    """Some compartments of a case for one reader: the zip's bytes, piece by piece. Files go as their
    copies without hidden details; what has none stays here."""
    body = "".join(
        f"<h1>{escape(compartment)}</h1>" + "".join(_said(one) for one in reversed(found))
        for compartment, found in parts.items()
    )
    page = f'<!doctype html><meta charset="utf-8"><title>Notes</title>{body}'
    messages = [one for found in parts.values() for one in reversed(found)]
    return _zip(actor, case, page, messages, cleaned=True)


def _zip(
    actor: Actor, case: ids.Id, page: str, messages: list[Message], *, cleaned: bool = False
) -> Iterator[bytes]:
    """Pass the gate for every file now, in the request; what is streamed later only reads."""
    wanted = [
        (file.clean if cleaned else file.id, file.name)
        for message in messages
        for file in message.files
    ]
    files = [(open_file(actor, case, file), name) for file, name in wanted if file is not None]
    return _stream(page, files)


def _stream(page: str, files: list[tuple[Opened, str]]) -> Iterator[bytes]:
    """Names inside are plain numbers with the kind's ending, so that they tell nothing."""
    drain = _Drain()
    with zipfile.ZipFile(drain, "w") as archive:
        archive.writestr(zipfile.ZipInfo("notes.html", _EPOCH), page)
        yield drain.take()
        for number, (opened, name) in enumerate(files, 1):
            info = zipfile.ZipInfo(f"{number:02d}{_ending(opened.name or name)}", _EPOCH)
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in opened.pieces():
                    member.write(piece)
                    yield drain.take()
    yield drain.take()


def _ending(name: str) -> str:
    dot = name.rfind(".")
    ending = name[dot:] if dot > 0 else ""
    return ending.lower() if 1 < len(ending) <= 6 and ending[1:].isalnum() else ""


def _page(thread: Thread) -> str:
    """A page that opens in any browser and names nobody but by what was written."""
    said = "\n".join(_said(message) for message in reversed(thread.messages))
    parts = "".join(
        f"<h1>{escape(part.compartment)}</h1>" + "".join(map(_said, reversed(part.entries)))
        for part in thread.parts
        if part.entries
    )
    readers = "".join(
        f"<li>{escape(row.label)}: {escape(', '.join(row.compartments))}</li>"
        for row in thread.readers
    )
    return (
        '<!doctype html><meta charset="utf-8"><title>Notes</title>'
        f"<h1>Notes</h1>{said}{parts}<h2>Who can read this</h2><ul>{readers}</ul>"
    )


def _said(message: Message) -> str:
    who = {"defender": "You", "call": "You", "note": "Note"}.get(message.by, "Answer")
    at = message.at.strftime("%Y-%m-%d %H:%M UTC")
    files = "".join(
        f"<li>{escape(file.name)} ({file.size} bytes, SHA-256 {file.sha256})</li>"
        for file in message.files
    )
    text = escape(message.text).replace("\n", "<br>")
    return f"<h2>{who}, {at}</h2><p>{text}</p>" + (f"<ul>{files}</ul>" if files else "")
