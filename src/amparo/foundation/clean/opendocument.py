"""Copies an OpenDocument text: its content, its styles, its pictures; nothing about its making.

Changes are taken as accepted, comments go, fields stay as the text they showed. Objects, forms
and hidden text refuse the file.
"""

import re
from collections.abc import Iterable

from lxml import etree

from amparo.foundation.clean import images, packages
from amparo.foundation.clean.asking import Limits
from amparo.foundation.clean.kinds import Kind
from amparo.foundation.clean.reasons import CannotClean

ODF = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, STYLE = f"{ODF}office:1.0", f"{ODF}text:1.0", f"{ODF}style:1.0"
DRAW, TABLE, MANIFEST = f"{ODF}drawing:1.0", f"{ODF}table:1.0", f"{ODF}manifest:1.0"
NUMBER, CHART, DR3D = f"{ODF}datastyle:1.0", f"{ODF}chart:1.0", f"{ODF}dr3d:1.0"
FO, SVG = f"{ODF}xsl-fo-compatible:1.0", f"{ODF}svg-compatible:1.0"
XLINK, XML = "http://www.w3.org/1999/xlink", "http://www.w3.org/XML/1998/namespace"
MEDIA_TYPE = "application/vnd.oasis.opendocument.text"

KNOWN = frozenset({OFFICE, TEXT, STYLE, DRAW, TABLE, NUMBER, DR3D, SVG, FO})
KNOWN_ATTRIBUTES = KNOWN | {XLINK, ""}
# Elements in which running text stands.
SPEAKING = packages.names(
    TEXT, "p h span a note-citation page-number page-count index-title-template"
) | packages.names(NUMBER, "text currency-symbol embedded-text")
GONE = frozenset(
    packages.names(
        OFFICE,
        """
        scripts forms annotation annotation-end event-listeners dde-source change-info
    """,
    )
    | packages.names(
        TEXT,
        """
        tracked-changes change change-start change-end bookmark bookmark-start bookmark-end
        reference-mark reference-mark-start reference-mark-end variable-decls sequence-decls
        user-field-decls dde-connection-decls alphabetical-index-auto-mark-file section-source
        toc-mark toc-mark-start toc-mark-end alphabetical-index-mark
        alphabetical-index-mark-start alphabetical-index-mark-end user-index-mark
        user-index-mark-start user-index-mark-end soft-page-break script
    """,
    )
    | packages.names(SVG, "title desc font-face-src definition-src")
    | packages.names(DRAW, "glue-point image-map thumbnail")
)
# Elements of the text namespace that are structure or format; every other one is a field or a
# link, and of those the text that they showed is left.
STRUCTURE = packages.names(
    TEXT,
    """
        p h span s tab line-break list list-item list-header list-style list-level-style-number
        list-level-style-bullet list-level-style-image numbered-paragraph section note
        note-citation note-body page-number page-count outline-style outline-level-style
        notes-configuration linenumbering-configuration linenumbering-separator
        note-continuation-notice-forward note-continuation-notice-backward table-of-content
        table-of-content-source table-of-content-entry-template illustration-index
        illustration-index-source table-index table-index-source bibliography
        bibliography-source bibliography-entry-template alphabetical-index
        alphabetical-index-source alphabetical-index-entry-template user-index user-index-source
        user-index-entry-template object-index object-index-source
        illustration-index-entry-template table-index-entry-template object-index-entry-template
        index-body index-title index-title-template index-entry-chapter index-entry-text
        index-entry-page-number index-entry-span index-entry-tab-stop index-entry-link-start
        index-entry-link-end index-entry-bibliography index-source-styles index-source-style
        ruby ruby-base ruby-text
    """,
)
HIDDEN = packages.names(TEXT, "hidden-text hidden-paragraph")
REFUSED = (
    packages.names(DRAW, "object object-ole plugin applet floating-frame control")
    | packages.names(OFFICE, "binary-data")
    | HIDDEN
)
TELLING = (
    packages.names(
        TEXT,
        """
        name id condition key protected protection-key protection-key-digest-algorithm change-id
        formula display
    """,
    )
    | packages.names(DRAW, "name display-name id caption-id mime-type filter-name")
    | packages.names(TABLE, "protected protection-key formula desc title")
    | packages.names(OFFICE, "name title")
    | packages.names(XLINK, "href title")
    | packages.names(STYLE, "display-name condition")
)
# Names of styles that programs give by themselves.
PROGRAM_STYLE = re.compile(
    r"(Standard|Default|Text_20_body|Heading|Title|Subtitle|List|Caption|Index|Header|Footer"
    r"|Footnote|Endnote|Internet_20_link|Table|Contents|Numbering|Graphics|Frame|Quotations|HTML"
    r"|Preformatted|Horizontal|First|Left|Right|Bullet|Outline|Visited_20_Internet_20_Link)"
    r"(_20_(Page|Symbols|Contents|Heading|Paragraph|Text|Line|[a-z0-9]{1,12})){0,3}[0-9]{0,2}"
    r"|[A-Z]{1,3}[a-z]{0,2}[0-9]{1,5}(\.[A-Z]{0,2}[0-9]{0,5})?"
)


def make_ready(_kind: Kind) -> None:
    """Loads what the pictures inside need, while files can still be opened."""
    images.make_ready()


def clean(data: bytes, kind: Kind, limits: Limits) -> tuple[Kind, bytes]:
    """The document built anew. Raises CannotClean where something cannot be taken apart."""
    package = packages.Package(data, limits)
    refuse_whole(package)
    roots = {
        name: package.tree(name) for name in ("content.xml", "styles.xml") if package.has(name)
    }
    if "content.xml" not in roots:
        raise CannotClean("broken")
    if roots["content.xml"].find(f"{{{OFFICE}}}body/{{{OFFICE}}}text") is None:
        raise CannotClean("kind")
    names = new_style_names(roots.values())
    pictures: dict[str, bytes] = {}
    places: dict[str, str] = {}
    for root in roots.values():
        refuse_hidden(root)
        wash(root)
        rename_styles(root, names)
        take_pictures(root, package, limits, pictures, places)
    parts = {"mimetype": MEDIA_TYPE.encode()}
    parts |= {name: packages.xml(root) for name, root in roots.items()}
    parts |= dict(sorted(pictures.items()))
    parts["META-INF/manifest.xml"] = manifest([name for name in parts if name != "mimetype"])
    return kind, packages.packed(parts, plain_first=True)


def refuse_whole(package: packages.Package) -> None:
    """Raises for what can be told from the list of parts: programs and passwords."""
    if any(name.lower().startswith(("basic/", "scripts/", "dialogs/")) for name in package.names()):
        for name in package.names():
            # Empty library lists are written by old programs into every document.
            if name.lower().startswith(("basic/", "scripts/")) and not name.endswith("-lc.xml"):
                raise CannotClean("macros")
    if package.has("META-INF/manifest.xml"):
        listed = package.tree("META-INF/manifest.xml")
        if listed.find(f".//{{{MANIFEST}}}encryption-data") is not None:
            raise CannotClean("locked")


def refuse_hidden(root: etree._Element) -> None:
    """Raises where text, a row or a part of a picture is there but not shown."""
    for element in root.iter():
        if element.tag in REFUSED:
            raise CannotClean("hidden" if element.tag in HIDDEN else "embedded")
        shown = element.get(f"{{{TEXT}}}display", "true")
        if element.tag == f"{{{TEXT}}}section" and shown != "true":
            raise CannotClean("hidden")
        if element.tag == f"{{{STYLE}}}text-properties" and shown in ("none", "condition"):
            raise CannotClean("hidden")
        if element.get(f"{{{TABLE}}}visibility", "visible") != "visible":
            raise CannotClean("hidden")
        if re.search("[1-9]", element.get(f"{{{FO}}}clip", "")):
            raise CannotClean("hidden")


def wash(root: etree._Element) -> None:
    """Takes out of a part, in place, everything that the reader of the page does not see."""
    if etree.QName(root).namespace != OFFICE:
        raise CannotClean("kind")
    for element in list(root.iter()):
        if element is root:
            wash_attributes(element)
            continue
        space = etree.QName(element).namespace
        field = space == TEXT and element.tag not in STRUCTURE
        silent = field and element.get(f"{{{TEXT}}}display") == "none"
        if element.tag in GONE or space not in KNOWN or silent:
            drop(element)
        elif field or element.tag == f"{{{DRAW}}}a":
            unwrap(element)  # a field or a link: what it showed stays
        else:
            wash_attributes(element)
    for element in root.iter():
        if element.tag not in SPEAKING:
            element.text = None
        parent = element.getparent()
        if parent is None or parent.tag not in SPEAKING:
            element.tail = None
    name_anew(root)


def wash_attributes(element: etree._Element) -> None:
    """Takes out attributes that tell of people, places and machines, or that nobody knows."""
    for key in list(element.attrib):
        if key == f"{{{XLINK}}}href" and element.tag in PICTURES:
            continue
        if key == f"{{{DRAW}}}name" and element.tag in DRAWN_STYLES:
            continue
        space = etree.QName(key).namespace or ""
        if key in TELLING or space not in KNOWN_ATTRIBUTES:
            del element.attrib[key]
        elif etree.QName(key).localname.startswith("country"):
            element.set(key, "none")  # the country of a keyboard is a place


def name_anew(root: etree._Element) -> None:
    """Gives numbers where the format wants a name: tables, sections, indexes."""
    named = (f"{{{TEXT}}}section", *(t for t in STRUCTURE if t.endswith(("-index", "-content"))))
    for number, element in enumerate(root.iter(*named, f"{{{TEXT}}}bibliography")):
        element.set(f"{{{TEXT}}}name", f"Section{number}")
    for number, table in enumerate(root.iter(f"{{{TABLE}}}table")):
        table.set(f"{{{TABLE}}}name", f"Table{number}")


def own_name(element: etree._Element) -> str:
    """The attribute by which a style is named, or "" where the element is not a style."""
    if element.tag in DRAWN_STYLES:
        return f"{{{DRAW}}}name"
    return "" if element.tag == f"{{{STYLE}}}font-face" else f"{{{STYLE}}}name"


def new_style_names(roots: Iterable[etree._Element]) -> dict[str, str]:
    """A name without meaning for each style that somebody named."""
    names: dict[str, str] = {}
    for root in roots:
        for element in root.iter():
            name = element.get(own_name(element)) if own_name(element) else None
            if name and name not in names and not PROGRAM_STYLE.fullmatch(name):
                names[name] = f"x{len(names) + 1}"
    return names


def rename_styles(root: etree._Element, names: dict[str, str]) -> None:
    """Puts the new names of styles wherever a style is made or used."""
    for element in root.iter():
        for key, value in element.attrib.items():
            used = etree.QName(key).localname.endswith(USES_STYLE)
            if (used or key == own_name(element)) and value in names:
                element.set(key, names[value])


USES_STYLE = (
    *("style-name", "master-page-name", "page-layout-name", "gradient-name", "hatch-name"),
    *("image-name", "opacity-name", "stroke-dash", "marker-start", "marker-end"),
)
DRAWN_STYLES = packages.names(DRAW, "gradient hatch fill-image opacity marker stroke-dash")
PICTURES = (
    packages.names(DRAW, "image fill-image")
    | packages.names(STYLE, "background-image")
    | packages.names(TEXT, "list-level-style-image")
)


def take_pictures(
    root: etree._Element,
    package: packages.Package,
    limits: Limits,
    pictures: dict[str, bytes],
    places: dict[str, str],
) -> None:
    """Draws each picture that is used anew, under a number; a picture from elsewhere goes."""
    for element in root.iter(*PICTURES):
        source = element.attrib.pop(f"{{{XLINK}}}href", "").removeprefix("./")
        if not source or not package.has(source):
            continue
        if source not in places:
            ending, data = packages.picture(package.read(source), limits)
            places[source] = f"Pictures/{len(places) + 1}.{ending}"
            pictures[places[source]] = data
        element.set(f"{{{XLINK}}}href", places[source])


def manifest(names: list[str]) -> bytes:
    """The list of parts that the format asks for."""
    root = etree.Element(f"{{{MANIFEST}}}manifest", nsmap={"manifest": MANIFEST})
    root.set(f"{{{MANIFEST}}}version", "1.2")
    types = {"xml": "text/xml", "png": "image/png", "jpeg": "image/jpeg"}
    for name in ("/", *names):
        kind = MEDIA_TYPE if name == "/" else types[name.rpartition(".")[2]]
        entry = etree.SubElement(root, f"{{{MANIFEST}}}file-entry")
        entry.set(f"{{{MANIFEST}}}full-path", name)
        entry.set(f"{{{MANIFEST}}}media-type", kind)
    return packages.xml(root)


def drop(element: etree._Element) -> None:
    """Takes an element out with all it holds; the text after it stays."""
    replace(element, [], "")


def unwrap(element: etree._Element) -> None:
    """Takes an element out and leaves its text and children in its place."""
    replace(element, list(element), element.text or "")


def replace(element: etree._Element, children: list[etree._Element], text: str) -> None:
    """Puts `text` and `children` in the place of `element`, before the text that followed it."""
    parent = element.getparent()
    if parent is None:
        raise CannotClean("broken")
    at = parent.index(element)
    tail = element.tail or ""
    if not children:
        text += tail
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    element.tail = None
    parent.remove(element)
    for offset, child in enumerate(children):
        parent.insert(at + offset, child)
    if children:
        children[-1].tail = (children[-1].tail or "") + tail
