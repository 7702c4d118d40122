"""Opens and writes packages (ZIP with XML inside) within bounds: the ground of office formats."""

import io
import zipfile
import zlib

from lxml import etree

from amparo.foundation.clean import images
from amparo.foundation.clean.asking import MIB, Limits
from amparo.foundation.clean.kinds import Kind, kind_of
from amparo.foundation.clean.reasons import CannotClean

MOST_XML = 64 * MIB
RATIO = 200  # a part larger than 1 MiB that packs better than this is a bomb
STAMP = (1980, 1, 1, 0, 0, 0)
ENCRYPTED = 0x1
SECRET_SAFE_PARSER = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


def names(space: str, text: str) -> frozenset[str]:
    """The words of a list as full names of elements in an XML namespace."""
    return frozenset(f"{{{space}}}{word}" for word in text.split())


class Package:
    """The parts of a package by name; looks at all sizes before it unpacks anything."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as failure:
            raise CannotClean("broken") from failure
        self._left = limits.unpacked
        self._entries: dict[str, zipfile.ZipInfo] = {}
        entries = self._zip.infolist()
        if len(entries) > limits.entries:
            raise CannotClean("bomb")
        for entry in entries:
            if not entry.is_dir():
                self._accept(entry)
        self._refuse_overlaps(entries, len(data))
        if sum(entry.file_size for entry in entries) > limits.unpacked:
            raise CannotClean("bomb")

    def _accept(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        if entry.flag_bits & ENCRYPTED:
            raise CannotClean("locked")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CannotClean("broken")
        if name.lower() in self._entries or name.startswith("/") or "\\" in name or "\0" in name:
            raise CannotClean("broken")
        if ".." in name.split("/"):
            raise CannotClean("broken")
        if entry.file_size > MIB and entry.file_size > RATIO * max(1, entry.compress_size):
            raise CannotClean("bomb")
        self._entries[name.lower()] = entry

    @staticmethod
    def _refuse_overlaps(entries: list[zipfile.ZipInfo], size: int) -> None:
        """Entries that share their packed bytes are the mark of the densest bombs."""
        at = 0
        for entry in sorted(entries, key=lambda entry: entry.header_offset):
            if entry.header_offset < at:
                raise CannotClean("bomb")
            at = entry.header_offset + 30 + entry.compress_size
        if at > size:
            raise CannotClean("broken")

    def names(self) -> list[str]:
        """The names of all parts as written in the package."""
        return [entry.filename for entry in self._entries.values()]

    def has(self, name: str) -> bool:
        """Whether there is such a part (letter case does not count in these formats)."""
        return name.lower() in self._entries

    def read(self, name: str, most: int | None = None) -> bytes:
        """The bytes of one part. What unpacks to more than was declared is a bomb."""
        entry = self._entries.get(name.lower())
        if entry is None:
            raise CannotClean("broken")
        bound = min(entry.file_size, most if most is not None else self._left, self._left)
        try:
            with self._zip.open(entry) as stream:
                data = stream.read(bound + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as failure:
            raise CannotClean("broken") from failure
        if len(data) > bound:
            raise CannotClean("bomb")
        self._left -= len(data)
        return data

    def tree(self, name: str) -> etree._Element:
        """The root of an XML part, parsed without entities, comments and instructions."""
        return parsed(self.read(name, MOST_XML))


def parsed(data: bytes) -> etree._Element:
    """The root element of XML; a document type (the door to entities) is refused."""
    if b"<!DOCTYPE" in data.replace(b"\0", b""):
        raise CannotClean("broken")
    try:
        root = etree.fromstring(data, etree.XMLParser(**SECRET_SAFE_PARSER))
    except (etree.XMLSyntaxError, ValueError) as failure:
        raise CannotClean("broken") from failure
    if root.getroottree().docinfo.internalDTD is not None:
        raise CannotClean("broken")
    return root


def xml(root: etree._Element) -> bytes:
    """XML bytes; the same tree gives the same bytes."""
    etree.cleanup_namespaces(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def packed(parts: dict[str, bytes], plain_first: bool = False) -> bytes:
    """A package of these parts in this order, without times and system marks.

    `plain_first` stores the first part unpacked, as OpenDocument wants its `mimetype`.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for number, (name, data) in enumerate(parts.items()):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.create_system = 0
            stored = plain_first and number == 0
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            package.writestr(entry, data)
    return out.getvalue()


Crop = tuple[float, float, float, float]  # cut from left, top, right, bottom; shares of 1


def picture(data: bytes, limits: Limits, crop: Crop | None = None) -> tuple[str, bytes]:
    """An embedded picture drawn anew, as (ending without dot, bytes); without what was cropped.

    Drawings that are programs of their own (EMF, WMF, SVG) refuse the whole document.
    """
    kind = kind_of(data)
    if kind not in (Kind.JPEG, Kind.PNG, Kind.GIF):
        raise CannotClean("embedded")
    image = images.plain(images.opened(data, kind, limits))
    if crop:
        left, top = int(image.width * crop[0]), int(image.height * crop[1])
        right, bottom = round(image.width * (1 - crop[2])), round(image.height * (1 - crop[3]))
        image = image.crop((left, top, max(left + 1, right), max(top + 1, bottom)))
    return ("jpeg", images.as_jpeg(image)) if kind is Kind.JPEG else ("png", images.as_png(image))
