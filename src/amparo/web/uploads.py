"""The only upload handler: it seals while it reads, so that no middleware or view comes earlier.

A form's token must stand before its first file; without a good one nothing is taken in. Up to 25 MiB
the content is also kept in memory until the file is whole, for a copy without hidden details.
"""

from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from amparo.foundation import clean
from amparo.foundation.config import config
from amparo.foundation.errors import CannotOpen, Invalid, Unavailable
from amparo.vault import files, forms
from amparo.vault.uploads import plain_name

CLEAN_LIMIT = 25 * 1024 * 1024
MOST = 20  # files of one page
HEAD = 64 * 1024  # a shorter one can miss what kind of document a package is


@dataclass(eq=False)
class Sealed:
    """A file that lies sealed on disk and belongs to nobody yet."""

    name: str
    kind: str
    writer: files.Writer = field(repr=False)
    _manifest: files.Manifest = field(repr=False)
    cleaned: "Sealed | None" = None
    owned: bool = False

    @property
    def manifest(self) -> dict[str, Any]:
        """Upload, key, parts, size, SHA-256."""
        return self._manifest.document

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._manifest.size

    def own(self) -> None:
        """Write the rows of its parts."""
        self.writer.own()
        self.owned = True

    def discard(self) -> None:
        """If nobody has taken it, nothing of it stays on disk."""
        if not self.owned:
            self.writer.abort()
        if self.cleaned is not None:
            self.cleaned.discard()


class SealedUpload(UploadedFile):
    """What Django puts into request.FILES; there is nothing readable in it."""

    def __init__(self, field_name: str, sealed: Sealed) -> None:
        super().__init__(None, sealed.name, "application/octet-stream", sealed.size)
        self.field_name, self.sealed = field_name, sealed

    def close(self) -> None:
        """Nothing is open."""


class SealingHandler(FileUploadHandler):
    """Django's hooks, in the order in which a file comes."""

    request: Any
    parser: Any = None
    _taken = 0
    _kept: bytearray | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins: it may, if the form's token came before it."""
        super().new_file(*args, **kwargs)
        self._authorise()
        if len(self._mine()) >= MOST:
            self._fail("large")
        if not files.room_for_files():
            self._fail("disk")
        try:
            self._writer = files.Writer(max(config().page_upload_limit - self._taken, 0))
        except Unavailable:
            self._fail("disk")
        self._head, self._kept = b"", bytearray()

    def _authorise(self) -> None:
        allowed = getattr(self.request, "may_upload", None)
        token = self.parser.fields.get("token", "") if self.parser else ""
        try:
            if allowed is None or not allowed(token):
                raise CannotOpen
        except (CannotOpen, Unavailable):
            self._fail("token")

    def _fail(self, why: str) -> None:
        self.request.upload_failed = why
        self._discard_all()
        raise StopUpload(connection_reset=False)

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        """More of the file."""
        if len(self._head) < HEAD:
            self._head += raw_data[: HEAD - len(self._head)]
            if len(self._head) == HEAD and not clean.cleanable(self._kind()):
                self._kept = None  # a film, say: no copy will be made, so nothing of it is kept
        if self._kept is not None:
            self._kept += raw_data
            if len(self._kept) > CLEAN_LIMIT:
                self._kept = None
        try:
            self._writer.write(raw_data)
        except Invalid:
            self._fail("large")
        except (OSError, Unavailable):
            self._fail("disk")

    def file_complete(self, file_size: int) -> SealedUpload:
        """The file is whole and on disk."""
        self._taken += file_size
        name, kind = plain_name(self.file_name or ""), self._kind()
        sealed = Sealed(name, str(kind), self._writer, self._writer.close())
        sealed.cleaned = self._clean(kind, name)
        self._mine().append(sealed)
        return SealedUpload(self.field_name or "", sealed)

    def _kind(self) -> Any:
        return clean.kind_of(self._head, plain_name(self.file_name or ""))

    def _clean(self, kind: Any, name: str) -> Sealed | None:
        if self._kept is None or not clean.cleanable(kind):
            return None
        try:
            copy = clean.clean(bytes(self._kept))
            writer = files.Writer(4 * CLEAN_LIMIT)
            writer.write(copy.data)
        except (clean.CannotClean, Invalid, Unavailable):
            return None
        stem = name.rpartition(".")[0] or name
        return Sealed(f"{stem}{copy.suffix}", str(copy.kind), writer, writer.close())

    def _mine(self) -> list[Sealed]:
        if not hasattr(self.request, "sealed_files"):
            self.request.sealed_files = []
        found: list[Sealed] = self.request.sealed_files
        return found

    def _discard_all(self) -> None:
        writer = getattr(self, "_writer", None)
        if writer is not None:
            writer.abort()
        for sealed in self._mine():
            sealed.discard()
        self.request.sealed_files = []

    def upload_interrupted(self) -> None:
        """The connection went away in the middle: nothing stays."""
        self._discard_all()


def sent_files(request: Any, name: str = "file") -> tuple[Sealed, ...]:
    """The files that came with a form; empty inputs of a browser are not files."""
    return tuple(
        upload.sealed
        for upload in request.FILES.getlist(name)
        if upload.sealed.size or upload.sealed.name != "file"
    )


def form_token_allows(token: str) -> bool:
    """For pages without an account: a good form token."""
    forms.read(token)
    return True
