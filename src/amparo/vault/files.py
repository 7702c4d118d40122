"""Files in sealed parts: nothing readable reaches the disk, however large a file is.

A file is cut into parts of at most 8 MiB. Each part is a Cobblestone-256 stream of its own under a
key derived from the file's key, bound to upload and number, padded to 64 KiB, and lies as one file
with a random name whose time is set to the day. The manifest (key, length, count, SHA-256) is sealed
in the row that owns the file; until then the file's key is only in the memory of the request, or
with the client of the API. What nobody has owned for a day is removed.
"""

import hashlib
import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.foundation.errors import Invalid, Unavailable
from amparo.vault import sealed, server
from amparo.vault.models import Part, Upload
from amparo.vault.primitives import CannotOpen, StreamOpener, StreamSealer, ctx, derive, token

PART = 8 * 1024 * 1024  # bytes of content in a part
BEHIND = 2  # parts of one file whose flush to disk may still be under way
STEP = 64 * 1024  # the last part is filled up to a multiple of this
DAY = 24 * 3600
_flushing = ThreadPoolExecutor(4, thread_name_prefix="flush")


@dataclass(frozen=True)
class Manifest:
    """What it takes to read a file back. Goes into a sealed document, nowhere else."""

    upload: str
    key: str  # hex
    parts: int
    size: int  # bytes of content
    sha256: str

    @property
    def document(self) -> dict[str, Any]:
        """The manifest as it lies in a sealed document."""
        return asdict(self)

    def __repr__(self) -> str:
        return "<Manifest>"


def folder() -> Path:
    """Where the parts lie."""
    return config().data / "files"


def room_left(beside: int = 0) -> bool:
    """Whether the disk can take in more, with so many bytes kept for something else."""
    where = config().data
    where.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(where).free > config().free_disk + beside


def room_for_files(beside: int = 0) -> bool:
    """Whether the disk can take in files: they stop while there is still room for a great many words,
    or whoever sends enough of them silences everybody."""
    return room_left(config().free_disk + beside)


def _path(part: ids.Id) -> Path:
    return folder() / part.hex[:2] / part.hex[2:]


def _context(upload: ids.Id, number: int) -> bytes:
    return ctx("part", server.load().installation, upload, number)


def _part_key(key: bytes, number: int) -> bytes:
    return derive(key, ctx("part-key", number))


class PartFile:
    """One part on its way to disk, sealed as it comes."""

    def __init__(self, key: bytes, upload: ids.Id, number: int) -> None:
        self.id, self.number, self.size = ids.new(), number, 0
        self._digest = hashlib.sha256()
        self._stream = StreamSealer(_part_key(key, number), _context(upload, number))
        path = _path(self.id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, data: bytes) -> None:
        """More content."""
        self.size += len(data)
        self._put(self._stream.update(data))

    def _put(self, sealed: bytes) -> None:
        self._digest.update(sealed)
        self._file.write(sealed)

    def close(self) -> bytes:
        """Fill up, flush to disk, set the time to the day; returns the digest."""
        digest = self.end()
        self.settle()
        return digest

    def end(self) -> bytes:
        """Fill up and seal the end; returns the digest. Nothing is sure to last before `settle`."""
        self._put(self._stream.update(bytes(-self.size % STEP)))
        self._put(self._stream.finish())
        self._file.flush()
        return self._digest.digest()

    def settle(self) -> None:
        """Flush to disk and set the time to the day."""
        with self._file:
            os.fsync(self._file.fileno())
        coarsen(_path(self.id))

    def abort(self) -> None:
        """Nothing of the part stays."""
        self._file.close()
        remove(self.id)


def remove(part: ids.Id) -> None:
    """Take a part's file away."""
    _path(part).unlink(missing_ok=True)


def sync(parts: Iterable[ids.Id]) -> None:
    """Flush the folders in which parts have just been made, so that their names last too."""
    for parent in {_path(one).parent for one in parts}:
        handle = os.open(parent, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def coarsen(path: Path) -> None:
    """Set a file's times to the beginning of the day."""
    day = clock.now().timestamp() // DAY * DAY
    os.utime(path, (day, day))


class Writer:
    """Takes a file's content piece by piece and seals it part by part."""

    def __init__(self, limit: int) -> None:
        if not room_left():
            raise Unavailable("the disk is nearly full")
        self.upload, self._key, self._limit = ids.new(), token(), limit
        self._size, self._hash = 0, hashlib.sha256()
        self._parts: list[tuple[ids.Id, int, bytes]] = []
        self._open: PartFile | None = None
        self._settling: deque[Future[None]] = deque()

    def write(self, data: bytes) -> None:
        """More content; Invalid past the limit, with nothing left behind."""
        self._size += len(data)
        if self._size > self._limit:
            self.abort()
            raise Invalid("the file is larger than the limit", {"file": "large"})
        self._hash.update(data)
        rest = memoryview(data)
        while rest:
            if self._open is None:
                self._need_room()
                self._open = PartFile(self._key, self.upload, len(self._parts))
            piece = rest[: PART - self._open.size]
            self._open.write(bytes(piece))
            rest = rest[len(piece) :]
            if self._open.size == PART:
                self._finish_part()

    def _need_room(self) -> None:
        """Asked again for each part: many who began together must not fill what is kept free."""
        if not room_left():
            self.abort()
            raise Unavailable("the disk is nearly full")

    def _finish_part(self) -> None:
        if self._open is not None:
            part = self._open
            self._parts.append((part.id, part.number, part.end()))
            self._open = None
            # The disk works on this part while the next one comes and is sealed.
            self._settling.append(_flushing.submit(part.settle))
            self._wait(BEHIND)

    def _wait(self, parts: int) -> None:
        while len(self._settling) > parts:
            self._settling.popleft().result()

    def close(self) -> Manifest:
        """All content is on disk, flushed. `own` makes it stay."""
        self._finish_part()
        self._wait(0)
        sync(one for one, _, _ in self._parts)
        return Manifest(
            str(self.upload), self._key.hex(), len(self._parts), self._size, self._hash.hexdigest()
        )

    def own(self) -> None:
        """Write the rows, inside the transaction of whatever owns the file."""
        Upload.objects.create(id=self.upload, whole=True)
        Part.objects.bulk_create(
            Part(id=one, upload_id=self.upload, number=number, digest=digest)
            for one, number, digest in self._parts
        )

    def abort(self) -> None:
        """Nothing of the file stays."""
        if self._open is not None:
            self._open.abort()
            self._open = None
        wait(self._settling)
        self._settling.clear()
        for one, _, _ in self._parts:
            remove(one)
        self._parts = []


def read(manifest: dict[str, Any]) -> Iterator[bytes]:
    """The content of a file piece by piece; CannotOpen as soon as something is not as it was sealed.

    The end is checked last: what was given out before a CannotOpen must be thrown away.
    """
    upload, key = ids.parse(manifest["upload"]), bytes.fromhex(manifest["key"])
    if upload is None:
        raise CannotOpen
    parts = list(Part.objects.filter(upload_id=upload).order_by("number"))
    if [part.number for part in parts] != list(range(manifest["parts"])):
        raise CannotOpen
    left, seen = manifest["size"], hashlib.sha256()
    for part in parts:
        opener = StreamOpener(_part_key(key, part.number), _context(upload, part.number))
        for piece in _pieces(opener, _path(part.id)):
            wanted = piece[:left]
            left -= len(wanted)
            if wanted:
                seen.update(wanted)
                yield wanted
    if left or seen.hexdigest() != manifest["sha256"]:
        raise CannotOpen


def _pieces(opener: StreamOpener, path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(1024 * 1024):
                yield opener.update(block)
    except FileNotFoundError:
        raise CannotOpen from None
    yield opener.finish()


@dataclass(frozen=True)
class Again:
    """The same content under a fresh key, on disk and owned by nobody yet."""

    writer: Writer
    manifest: dict[str, Any]

    @property
    def upload(self) -> ids.Id:
        """The new upload's id."""
        return self.writer.upload

    def own(self) -> None:
        """Make it stay, inside the transaction of the row that takes it."""
        self.writer.own()

    def abort(self) -> None:
        """Nobody takes it."""
        self.writer.abort()


def again(manifest: dict[str, Any]) -> Again:
    """Seal the content of a file anew, under a fresh key; the old upload stays as it is."""
    writer = Writer(manifest["size"])
    try:
        for piece in read(manifest):
            writer.write(piece)
        fresh = writer.close()
    except Exception:
        writer.abort()
        raise
    return Again(writer, fresh.document)


def destroy(upload: ids.Id) -> None:
    """Remove the parts and the rows of an upload."""
    for part in Part.objects.filter(upload_id=upload):
        remove(part.id)
    Upload.objects.filter(id=upload).delete()


def sweep_unfinished() -> int:
    """Remove unfinished uploads whose day is over."""
    over = Upload.objects.filter(whole=False, until__lte=clock.now())
    return _destroy_all(list(over.values_list("id", flat=True)))


def sweep() -> int:
    """Those, and files that no row has owned for a day. It looks at every file, so not every minute."""
    gone = sweep_unfinished() + _destroy_all(_ownerless())
    return gone + sum(_sweep_folder(one) for one in folder().glob("??"))


def _destroy_all(uploads: list[ids.Id]) -> int:
    for upload in uploads:
        destroy(upload)
    return len(uploads)


def _ownerless() -> list[ids.Id]:
    """Uploads whose owner has gone, or has taken another (a deed that broke off leaves them)."""
    rows = Upload.objects.filter(whole=True, day__lt=clock.today() - timedelta(days=1))
    for kind in sealed.kinds():
        if kind.files:
            rows = rows.exclude(id__in=kind.model._default_manager.values("upload"))
    return list(rows.values_list("id", flat=True))


def _sweep_folder(where: Path) -> int:
    """Remove the files of one folder that are a day old and no part of anything."""
    limit = (clock.now() - timedelta(days=1)).timestamp() // DAY * DAY
    old = {path.name: path for path in where.iterdir() if path.stat().st_mtime < limit}
    parts = {name: ids.parse(where.name + name) for name in old}
    known = Part.objects.filter(id__in=[one for one in parts.values() if one is not None])
    kept = set(known.values_list("id", flat=True))
    orphans = [old[name] for name, part in parts.items() if part not in kept]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
