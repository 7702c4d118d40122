"""Copies an Office Open XML package part by part along its relationships.

Three lists decide what happens at each relationship: what carries visible content is washed and
kept, what only says something about the file is left behind, and everything else (objects, other
documents, players, programs) refuses the file, because a copy without it would not be what the
reader saw. Parts get new names, relationships new ids; nothing external is kept.
"""

import posixpath
from collections.abc import Callable

from lxml import etree

from amparo.foundation.clean import images, packages, sheets, washing, word
from amparo.foundation.clean.asking import Limits
from amparo.foundation.clean.kinds import Kind
from amparo.foundation.clean.parts import (
    OFFICE,
    Copy,
    Relation,
    content_types,
    relations_of,
    relationships,
)
from amparo.foundation.clean.reasons import CannotClean

TYPE = "application/vnd.openxmlformats-officedocument."
MAIN = {
    Kind.DOCX: ("word", "document", f"{TYPE}wordprocessingml.document.main+xml"),
    Kind.XLSX: ("xl", "workbook", f"{TYPE}spreadsheetml.sheet.main+xml"),
}
# Relationship -> content type of the part; its name comes from the relationship.
KEPT = {
    Kind.DOCX: {
        name: f"{TYPE}wordprocessingml.{name}+xml"
        for name in ("styles", "settings", "numbering", "footnotes", "endnotes", "header", "footer")
    },
    Kind.XLSX: {
        name: f"{TYPE}spreadsheetml.{name}+xml"
        for name in ("worksheet", "sharedStrings", "styles", "table")
    },
}
KEPT_IN_BOTH = {
    "theme": f"{TYPE}theme+xml",
    "chart": f"{TYPE}drawingml.chart+xml",
    "drawing": f"{TYPE}drawing+xml",
    "image": "",
}
LEFT_BEHIND = packages.words("""
        hyperlink comments commentsExtended commentsIds commentsExtensible threadedComment
        people person customXml customXmlProps glossaryDocument thumbnail webSettings
        stylesWithEffects fontTable font printerSettings attachedTemplate mailMergeSource
        mailMergeHeaderSource recipientData bibliography keyMapCustomizations chartStyle
        chartColorStyle chartUserShapes themeOverride package hdphoto calcChain connections
        queryTable pivotTable pivotCacheDefinition pivotCacheRecords externalLink
        externalLinkPath customProperty sheetMetadata slicer slicerCache timeline timelineCache
        revisionHeaders usernames volatileDependencies xmlMaps tableSingleCells vmlDrawing
        rdRichValue rdRichValueStructure rdRichValueTypes rdSupportingPropertyBag
        rdSupportingPropertyBagStructure richValueRel FeaturePropertyBag documenttasks tasks
        classificationlabels powerPivotData extended-properties core-properties
        custom-properties
    """)


def make_ready(_kind: Kind) -> None:
    """Loads what the pictures inside need, while files can still be opened."""
    images.make_ready()


def clean(data: bytes, kind: Kind, limits: Limits) -> tuple[Kind, bytes]:
    """The document built anew. Raises CannotClean where something cannot be taken apart."""
    package = packages.Package(data, limits)
    folder, name, expected = MAIN[kind]
    if any(part.lower().endswith(("vbaproject.bin", "vbadata.xml")) for part in package.names()):
        raise CannotClean("macros")
    source = main_part(package, expected)
    copy = Copy(package, kind, limits, folder)
    if kind is Kind.XLSX:
        sheets.prepare(copy, source)
    else:
        word.prepare(copy, source)
    target = f"{folder}/{name}.xml"
    copy_part(copy, source, target, "main", expected)
    relation = (("rId1", f"{OFFICE}officeDocument", target),)
    parts = {
        "[Content_Types].xml": content_types(copy.types),
        "_rels/.rels": relationships(relation, ""),
        **{part: copy.parts[part] for part in sorted(copy.parts)},
    }
    return kind, packages.packed(parts)


def main_part(package: packages.Package, expected: str) -> str:
    """The name of the part the package is about, if it is of the expected content type."""
    starts = [r for r in relations_of(package, "") if r.kind == "officeDocument"]
    if len(starts) != 1 or starts[0].external:
        raise CannotClean("kind")
    source = starts[0].target
    found = ""
    for entry in package.tree("[Content_Types].xml"):
        if entry.get("PartName", "").lstrip("/").lower() == source.lower() or (
            not found and entry.get("Extension", "").lower() == source.rpartition(".")[2].lower()
        ):
            found = entry.get("ContentType", "")
    if found != expected:
        raise CannotClean("macros" if "macroenabled" in found.lower() else "kind")
    return source


class Links:
    """The relationships of one part while it is copied: old ids in, new ids out."""

    def __init__(self, copy: Copy, source: str) -> None:
        self.copy = copy
        self.old = {relation.id: relation for relation in relations_of(copy.package, source)}
        self.new: list[tuple[str, str, str]] = []
        self._ids: dict[str, str] = {}
        for relation in self.old.values():
            self._judge(relation)

    def _judge(self, relation: Relation) -> None:
        if relation.kind in LEFT_BEHIND:
            return
        if relation.kind == "vbaProject":
            raise CannotClean("macros")
        if relation.kind not in KEPT[self.copy.kind] and relation.kind not in KEPT_IN_BOTH:
            raise CannotClean("embedded")

    def follow(self, old: str, crop: packages.Crop | None = None) -> str | None:
        """Copies what the old id points to and gives the new id; None if it is left behind."""
        relation = self.old.get(old)
        if relation is None or relation.external or relation.kind in LEFT_BEHIND:
            return None
        if not self.copy.package.has(relation.target):
            return None
        target = copied(self.copy, relation, crop)
        if target not in self._ids:
            self._ids[target] = f"rId{len(self.new) + 1}"
            self.new.append((self._ids[target], OFFICE + relation.kind, target))
        return self._ids[target]

    def follow_all(self, kinds: tuple[str, ...]) -> None:
        """Copies what belongs to a part without being named in it (styles, theme, numbering)."""
        for old, relation in self.old.items():
            if relation.kind in kinds:
                self.follow(old)


def copied(copy: Copy, relation: Relation, crop: packages.Crop | None) -> str:
    """Copies the target of a relationship once; gives its new part name."""
    if relation.kind == "image":
        return copy.image(relation.target, crop)
    key = (relation.kind, relation.target.lower())
    if key not in copy.done:
        name = copy.done[key] = copy.name_for(relation.kind)
        kept = KEPT[copy.kind]
        kind = kept.get(relation.kind) or KEPT_IN_BOTH[relation.kind]
        copy_part(copy, relation.target, name, relation.kind, kind)
    return copy.done[key]


def copy_part(copy: Copy, source: str, target: str, role: str, content_type: str) -> None:
    """Washes one XML part and writes it with the relationships that are left."""
    root = copy.package.tree(source)
    links = Links(copy, source)
    wash: Callable[[etree._Element, str, Copy], etree._Element]
    wash = sheets.wash if copy.kind is Kind.XLSX else word.wash
    root = wash(root, role, copy)
    washing.crop_pictures(root, links.follow)
    washing.renumber_links(root, links.follow)
    if role == "main":
        links.follow_all(("styles", "settings", "theme", "numbering", "sharedStrings"))
    copy.parts[target] = packages.xml(root)
    copy.types[target] = content_type
    if links.new:
        folder, base = posixpath.split(target)
        copy.parts[f"{folder}/_rels/{base}.rels"] = relationships(tuple(links.new), folder)
