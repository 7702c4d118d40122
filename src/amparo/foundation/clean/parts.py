"""The parts of an Office Open XML package and what leads from one to another."""

import posixpath
from dataclasses import dataclass, field

from lxml import etree

from amparo.foundation.clean import packages
from amparo.foundation.clean.asking import Limits
from amparo.foundation.clean.kinds import Kind

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
PICTURE_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}


@dataclass
class Copy:
    """The package that is being made, and what was already copied into it."""

    package: packages.Package
    kind: Kind
    limits: Limits
    folder: str
    parts: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    done: dict[object, str] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)  # old id -> new id
    hiding: set[str] = field(default_factory=set)  # old ids of styles that make text vanish
    used: set[int] = field(default_factory=set)  # shared texts that a cell shows
    counts: dict[str, int] = field(default_factory=dict)

    def name_for(self, role: str, ending: str = "xml") -> str:
        """A new part name: the role and a number."""
        number = self.counts[role] = self.counts.get(role, 0) + 1
        return f"{self.folder}/{role}{number}.{ending}"

    def image(self, source: str, crop: packages.Crop | None = None) -> str:
        """Copies a picture, without what was cropped away; gives its new part name."""
        key = ("image", source.lower(), crop)
        if key not in self.done:
            ending, data = packages.picture(self.package.read(source), self.limits, crop)
            name = self.done[key] = self.name_for("image", ending)
            self.parts[name] = data
        return self.done[key]


@dataclass(frozen=True)
class Relation:
    """One relationship; `kind` is the last word of its type, `target` a part name or an address."""

    id: str
    kind: str
    target: str
    external: bool


def relations_of(package: packages.Package, source: str) -> list[Relation]:
    """The relationships that start from a part (or, for "", from the package)."""
    folder, base = posixpath.split(source)
    name = posixpath.join(folder, "_rels", f"{base}.rels")
    if not package.has(name):
        return []
    found = []
    for entry in package.tree(name):
        target = entry.get("Target", "")
        external = entry.get("TargetMode", "Internal") != "Internal"
        if not external:
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        kind = entry.get("Type", "").rpartition("/")[2]
        found.append(Relation(entry.get("Id", ""), kind, target, external))
    return found


def relationships(entries: tuple[tuple[str, str, str], ...], folder: str) -> bytes:
    """A relationships part for (id, type, target part name)."""
    root = etree.Element(f"{{{RELATIONS}}}Relationships", nsmap={None: RELATIONS})
    for number, kind, target in entries:
        inside = target[len(folder) + 1 :] if folder else target
        attributes = {"Id": number, "Type": kind, "Target": inside}
        etree.SubElement(root, f"{{{RELATIONS}}}Relationship", attributes)
    return packages.xml(root)


def content_types(types: dict[str, str]) -> bytes:
    """The list of content types, in the order of the part names."""
    root = etree.Element(f"{{{CONTENT_TYPES}}}Types", nsmap={None: CONTENT_TYPES})
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    defaults = {"rels": relations, "xml": "application/xml", **PICTURE_TYPES}
    for ending, kind in defaults.items():
        attributes = {"Extension": ending, "ContentType": kind}
        etree.SubElement(root, f"{{{CONTENT_TYPES}}}Default", attributes)
    for part in sorted(types):
        attributes = {"PartName": f"/{part}", "ContentType": types[part]}
        etree.SubElement(root, f"{{{CONTENT_TYPES}}}Override", attributes)
    return packages.xml(root)
