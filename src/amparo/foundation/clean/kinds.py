"""Tells kinds of files apart by their first bytes, never by what somebody says they are."""

import re
from enum import StrEnum

HEAD = 4096  # bytes that are always enough for the kinds that are not packages


class Kind(StrEnum):
    """What a file is; OPAQUE is everything unknown, mixed or contradicting its own name."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    ODT = "odt"
    MP4 = "mp4"
    GIF = "gif"
    SVG = "svg"
    OPAQUE = "opaque"

    @property
    def suffix(self) -> str:
        """The ending of a file name of this kind, with its dot."""
        return {Kind.JPEG: ".jpg", Kind.OPAQUE: ".bin"}.get(self, f".{self.value}")

    @property
    def media_type(self) -> str:
        """The media type to declare; anything not known well is an octet stream."""
        return MEDIA_TYPES.get(self, "application/octet-stream")


MEDIA_TYPES = {
    Kind.JPEG: "image/jpeg",
    Kind.PNG: "image/png",
    Kind.WEBP: "image/webp",
    Kind.HEIC: "image/heic",
    Kind.PDF: "application/pdf",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.ODT: "application/vnd.oasis.opendocument.text",
    Kind.MP4: "video/mp4",
    Kind.GIF: "image/gif",
}
IMAGES = frozenset({Kind.JPEG, Kind.PNG, Kind.WEBP, Kind.HEIC})
CLEANABLE = IMAGES | {Kind.PDF, Kind.DOCX, Kind.XLSX, Kind.ODT}
DRAWN = IMAGES | {Kind.PDF}

# Names that promise something a program would run. Together with a harmless beginning they are
# the mark of a file that wants to be read in two ways.
ACTIVE_NAME = re.compile(
    r"\.(x?html?|shtml|mht|svgz?|xml|xsl|js|mjs|vbs?|hta|jar|jnlp|swf|php\d?|exe|scr|com|bat|cmd"
    r"|ps1|lnk|apk|msi|iso|do[ct]m|xls[mb]|xltm|pptm)$",
    re.IGNORECASE,
)
# What browsers and PDF readers look for beyond the first byte.
MARKUP = re.compile(rb"<(!doctype|html|script|svg|iframe|body|\?php)", re.IGNORECASE)
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
MP4_BRANDS = (b"isom", b"iso", b"mp4", b"avc1", b"M4V", b"qt  ", b"3gp", b"dash", b"f4v")
ODT_FIRST = b"mimetypeapplication/vnd.oasis.opendocument.text"


def kind_of(data_head: bytes, name: str = "") -> Kind:
    """The kind of the file that begins with `data_head` (give the first 64 KiB or all of it).

    `name` can only take trust away: a name that promises a program makes the file OPAQUE.
    """
    head = bytes(data_head[:HEAD])
    kind = _by_first_bytes(head, data_head)
    if kind is Kind.OPAQUE or ACTIVE_NAME.search(name):
        return Kind.SVG if kind is Kind.SVG else Kind.OPAQUE
    if kind is not Kind.SVG and _speaks_twice(head, kind):
        return Kind.OPAQUE
    return kind


def _speaks_twice(head: bytes, kind: Kind) -> bool:
    """Whether another reader would take this beginning for a page, a PDF or an archive."""
    start = head[:1024]
    if kind is not Kind.PDF and b"%PDF-" in start:
        return True
    if kind is Kind.PDF and head.find(b"%PDF-", 1) in range(1, 1024):
        return True
    if kind not in (Kind.DOCX, Kind.XLSX, Kind.ODT) and b"PK\x03\x04" in start:
        return True
    return bool(MARKUP.search(start))


def _by_first_bytes(head: bytes, whole: bytes) -> Kind:
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Kind.GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head.startswith(b"PK\x03\x04"):
        return _by_package(whole)
    text = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")) and b"<svg" in text and b"<html" not in text:
        return Kind.SVG
    return Kind.OPAQUE


def _by_brand(head: bytes) -> Kind:
    length = int.from_bytes(head[:4], "big")
    if not 16 <= length <= 256:
        return Kind.OPAQUE
    box = head[8:length]
    brands = {box[:4], *(box[i : i + 4] for i in range(8, len(box), 4))}
    if b"avif" in brands or b"avis" in brands:
        return Kind.OPAQUE
    if brands & HEIC_BRANDS:
        return Kind.HEIC
    return Kind.MP4 if box[:4].startswith(MP4_BRANDS) else Kind.OPAQUE


def _by_package(data: bytes) -> Kind:
    """Kind of a ZIP by the names in its local headers, as far as they are seen."""
    found = set()
    at = 0
    for _ in range(200):
        if data[at : at + 4] != b"PK\x03\x04" or len(data) < at + 30:
            break
        size = int.from_bytes(data[at + 18 : at + 22], "little")
        name_size = int.from_bytes(data[at + 26 : at + 28], "little")
        extra = int.from_bytes(data[at + 28 : at + 30], "little")
        name = bytes(data[at + 30 : at + 30 + name_size])
        if at == 0 and bytes(data[30 : 30 + len(ODT_FIRST)]) == ODT_FIRST and size == 39:
            return Kind.ODT
        if name.startswith(b"word/"):
            found.add(Kind.DOCX)
        elif name.startswith(b"xl/"):
            found.add(Kind.XLSX)
        elif name.startswith((b"ppt/", b"META-INF/", b"AndroidManifest")):
            return Kind.OPAQUE
        # With a trailing descriptor the size stands after the data: look for the next header.
        body = at + 30 + name_size + extra
        streamed = int.from_bytes(data[at + 6 : at + 8], "little") & 8 and not size
        at = data.find(b"PK\x03\x04", body) if streamed else body + size
        if at < 0:
            break
    return found.pop() if len(found) == 1 else Kind.OPAQUE
