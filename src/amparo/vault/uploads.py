"""Uploads that can be resumed: parts sealed as they come, under a key that only the client keeps.

The key of the file, its size, digest and name are in the token that the client got at the beginning,
sealed under the key for form tokens. The server has the key while it seals a part and while it reads
the parts back at the end, and writes it down only in the sealed manifest of what owns the file. An
unfinished upload therefore opens for nobody: not for the team, not for whoever takes the machine.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from amparo.foundation import clean, clock, ids, journal
from amparo.foundation.config import config
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Unavailable
from amparo.foundation.router import DATA
from amparo.vault import files, server
from amparo.vault.models import Part, Upload
from amparo.vault.primitives import ctx, open_, same, seal, token

LIFE = timedelta(hours=24)
# The row outlives its token, so that nothing is swept away while somebody finishes.
GRACE = timedelta(hours=1)
CLEAN_LIMIT = 25 * 1024 * 1024  # bytes up to which a copy without hidden details is made at once
HEAD = 64 * 1024  # bytes from which the kind of a file is told
NAME_LIMIT = 120


@dataclass(frozen=True)
class Ticket:
    """What a token says of its upload. Its key stands nowhere else until something owns the file."""

    upload: ids.Id
    key: bytes
    size: int  # bytes of content
    sha256: str  # of the content, in hex
    name: str
    until: datetime

    def __repr__(self) -> str:
        return "<Ticket>"

    @property
    def parts(self) -> int:
        """How many parts it has: all of 8 MiB, the last one of what is left."""
        return -(-self.size // files.PART)

    def size_of(self, number: int) -> int:
        """Bytes of content of a part, counted from 0; NotFound when there is none."""
        if not 0 <= number < self.parts:
            raise NotFound
        return min(files.PART, self.size - number * files.PART)

    @property
    def manifest(self) -> dict[str, Any]:
        """What it takes to read the file back."""
        return files.Manifest(
            str(self.upload), self.key.hex(), self.parts, self.size, self.sha256
        ).document


# --- the token -----------------------------------------------------------------------------------
def _place() -> bytes:
    return ctx("upload token", server.load().installation)


def begin(*, size: int, sha256: str, name: str = "") -> tuple[Ticket, str]:
    """Announce a file: (ticket, token). Invalid past the limit, Unavailable when the disk is nearly
    full or the house locked down."""
    if size > config().api_upload_limit:
        raise Invalid("the file is larger than the limit", {"size": "large"})
    _check_room(size)
    until = (clock.now() + LIFE).replace(microsecond=0)
    ticket = Ticket(ids.new(), token(), size, sha256, plain_name(name), until)
    doc = {
        "u": ticket.upload.hex,
        "k": ticket.key.hex(),
        "s": ticket.size,
        "h": ticket.sha256,
        "n": ticket.name,
        "t": until.isoformat(),
    }
    text = json.dumps(doc, ensure_ascii=False).encode()
    sealed = seal(server.load().key("form"), text, _place())
    # To the hour: the moment at which somebody began is nobody's business.
    over = (until + GRACE + timedelta(hours=1)).replace(minute=0, second=0)
    journal.note("upload begun", ticket.upload)
    with transaction.atomic(using=DATA):
        Upload.objects.create(id=ticket.upload, until=over)
        journal.flush()
    return ticket, base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read(text: str) -> Ticket:
    """The ticket of a token; CannotOpen for a wrong, altered or old one alike."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise CannotOpen from None
    doc = json.loads(open_(server.load().key("form"), raw, _place()))
    until = datetime.fromisoformat(doc["t"])
    if until <= clock.now():
        raise CannotOpen
    return Ticket(ids.of(doc["u"]), bytes.fromhex(doc["k"]), doc["s"], doc["h"], doc["n"], until)


def plain_name(name: str) -> str:
    """A file's name as it may be kept: no path, no control characters, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    if len(kept) > NAME_LIMIT:
        stem, dot, ending = kept.rpartition(".")
        kept = stem[: NAME_LIMIT - len(ending) - 1] + dot + ending if len(ending) < 10 else kept
    return kept[:NAME_LIMIT] or "file"


# --- parts ---------------------------------------------------------------------------------------
def _check_room(size: int) -> None:
    """Whatever nobody has finished may fill half of the spare room at most: calls come first."""
    unfinished = Part.objects.filter(upload__whole=False).count() * files.PART
    if not files.room_for_files(size + unfinished):
        raise Unavailable("the disk is nearly full")


def take_part(ticket: Ticket, number: int, pieces: Iterable[bytes], digest: bytes) -> None:
    """Seal one part while it comes, in any order; again is the same as once.

    Invalid (`part`: long, short or differs) when it is not what was announced, and then nothing of it
    stays; NotFound when there is no such part or the upload is over.
    """
    expected = ticket.size_of(number)
    have(ticket)
    _check_room(expected)
    part, seen = files.PartFile(ticket.key, ticket.upload, number), hashlib.sha256()
    try:
        for piece in pieces:
            if part.size + len(piece) > expected:
                raise Invalid("longer than announced", {"part": "long"})
            seen.update(piece)
            part.write(piece)
        if part.size < expected:
            raise Invalid("shorter than announced", {"part": "short"})
        if not same(seen.digest(), digest):
            raise Invalid("not what its digest says", {"part": "differs"})
        sealed = part.close()
        files.sync([part.id])
        replaced = _put(ticket, Part(id=part.id, number=number, digest=sealed))
    except BaseException:  # also when the client went away
        part.abort()
        raise
    for one in replaced:
        files.remove(one)


def _put(ticket: Ticket, part: Part) -> list[ids.Id]:
    """The row of a part, in the place of those that were there; their ids."""
    with transaction.atomic(using=DATA):
        # Locked, so that two who send the same part, and the sweep, come one after the other.
        upload = Upload.objects.select_for_update().filter(id=ticket.upload, whole=False).first()
        if upload is None:
            raise NotFound
        before = Part.objects.filter(upload=upload, number=part.number)
        replaced = list(before.values_list("id", flat=True))
        before.delete()
        part.upload = upload
        part.save(force_insert=True)
    return replaced


def have(ticket: Ticket) -> list[int]:
    """The numbers of the parts that are there; NotFound when the upload is over."""
    if not Upload.objects.filter(id=ticket.upload, whole=False).exists():
        raise NotFound
    return _numbers(ticket)


def _numbers(ticket: Ticket) -> list[int]:
    rows = Part.objects.filter(upload_id=ticket.upload).order_by("number")
    return list(rows.values_list("number", flat=True))


def drop(ticket: Ticket) -> None:
    """Take an unfinished upload away, with every part."""
    have(ticket)
    journal.note("upload dropped", ticket.upload)
    files.destroy(ticket.upload)


# --- the end -------------------------------------------------------------------------------------
@dataclass(eq=False)
class Copy:
    """A copy without hidden details, sealed as well."""

    name: str
    kind: str
    manifest: dict[str, Any] = field(repr=False)
    writer: files.Writer = field(repr=False)
    cleaned: None = None

    def own(self) -> None:
        """Write the rows of its parts."""
        self.writer.own()


@dataclass(eq=False)
class Whole:
    """A file of which every part is there and which is what was announced; nobody owns it yet."""

    name: str
    kind: str  # what its bytes say it is
    manifest: dict[str, Any] = field(repr=False)
    cleaned: Copy | None

    def own(self) -> None:
        """From now on it stays. Conflict when something owns it already, or it was swept away."""
        rows = Upload.objects.filter(id=ids.of(self.manifest["upload"]), whole=False)
        if not rows.update(whole=True, until=None):
            raise Conflict

    def discard(self) -> None:
        """The deed failed: the upload can be named once more, the copy is made again then."""
        if self.cleaned is not None:
            self.cleaned.writer.abort()


@contextmanager
def taken(tokens: Sequence[str]) -> Iterator[tuple[Whole, ...]]:
    """The files of some tokens, read back and checked, for the deed in the block to own.

    Invalid (`uploads`: twice, unknown, unfinished or differs); Conflict when one has an owner.
    """
    if len(set(tokens)) < len(tokens):
        raise Invalid("one upload was named twice", {"uploads": "twice"})
    found: list[Whole] = []
    try:
        for text in tokens:
            found.append(_finish(_named(text)))
        yield tuple(found)
    except BaseException:
        for one in found:
            one.discard()
        raise


def _named(text: str) -> Ticket:
    try:
        ticket = read(text)
    except CannotOpen:
        raise Invalid("no such upload", {"uploads": "unknown"}) from None
    row = Upload.objects.filter(id=ticket.upload).first()
    if row is None:
        raise Invalid("no such upload", {"uploads": "unknown"})
    if row.whole:
        raise Conflict
    if _numbers(ticket) != list(range(ticket.parts)):
        raise Invalid("some parts are missing", {"uploads": "unfinished"})
    return ticket


def _finish(ticket: Ticket) -> Whole:
    """Open every part again and compare the whole with what was announced; piece by piece, so that
    memory does not grow with the file."""
    kept = bytearray()
    limit = CLEAN_LIMIT if ticket.size <= CLEAN_LIMIT else HEAD
    try:
        for piece in files.read(ticket.manifest):
            kept += piece[: limit - len(kept)]
    except CannotOpen:
        journal.note("cannot open", ticket.upload, kind="upload")
        # Nothing can come of it, and each look at it reads all of it.
        files.destroy(ticket.upload)
        raise Invalid("not what was announced", {"uploads": "differs"}) from None
    kind = clean.kind_of(bytes(kept), ticket.name)
    small = ticket.size <= CLEAN_LIMIT and clean.cleanable(kind)
    copy = _clean(bytes(kept), ticket.name) if small else None
    return Whole(ticket.name, str(kind), ticket.manifest, copy)


def _clean(content: bytes, name: str) -> Copy | None:
    try:
        made = clean.clean(content)
        writer = files.Writer(4 * CLEAN_LIMIT)
    except (clean.CannotClean, Unavailable):
        return None  # the original stays, and is never offered for sharing
    try:
        writer.write(made.data)
        manifest = writer.close()
    except (Invalid, Unavailable):  # too large, or no room for it: nothing of it is left
        return None
    except BaseException:
        writer.abort()
        raise
    stem = name.rpartition(".")[0] or name
    return Copy(f"{stem}{made.suffix}", str(made.kind), manifest.document, writer)
