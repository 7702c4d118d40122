"""What is washed out of every Office Open XML part, whatever it is about.

Names of the markup that many parts share: drawings, alternatives, relationship ids, extensions.
"""

from collections.abc import Callable, Iterable

from lxml import etree

from amparo.foundation.clean import packages
from amparo.foundation.clean.reasons import CannotClean

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
X = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
XDR = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
PIC = "http://schemas.openxmlformats.org/drawingml/2006/picture"
WPS = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
WPG = "http://schemas.microsoft.com/office/word/2010/wordprocessingGroup"
V = "urn:schemas-microsoft-com:vml"
O = "urn:schemas-microsoft-com:office:office"  # noqa: E741  the format's own letter
W10 = "urn:schemas-microsoft-com:office:word"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
XML = "http://www.w3.org/XML/1998/namespace"

KNOWN = frozenset({W, X, A, C, M, WP, XDR, PIC, WPS, WPG, V, O, W10, MC})
KNOWN_ATTRIBUTES = frozenset({"", W, R, M, V, O, XML})
UNDERSTOOD = frozenset({WPS, WPG})  # alternatives that are taken; for others the fallback is
# Elements whose text a reader sees, or that place what is seen. All other text is dropped.
SPEAKING = (
    packages.names(W, "t instrText")
    | packages.names(
        X,
        """
        t v f formula definedName oddHeader oddFooter evenHeader evenFooter firstHeader firstFooter
    """,
    )
    | packages.names(A, "t")
    | packages.names(M, "t")
    | packages.names(C, "v f formatCode separator")
    | packages.names(WP, "posOffset align")
    | packages.names(XDR, "col colOff row rowOff")
)
# Who, when, on which machine; tooltips and alternative texts too, where programs write file names.
TELLING = packages.words("""
        author date dateUtc initials userId providerId ed title alt descr href target gfxdata
        tooltip anchorId editId paraId textId durableId uid tplc macro textlink codeName spid
        storeItemID suggestedsigner suggestedsigner2 suggestedsigneremail signinginstructions
    """)
# Attributes of text documents that shape what is seen (ECMA-376, 17); no other is kept.
W_ATTRIBUTES = packages.words("""
        val color themeColor themeTint themeShade fill themeFill themeFillTint themeFillShade sz
        space shadow frame ascii hAnsi eastAsia cs asciiTheme hAnsiTheme eastAsiaTheme cstheme hint
        left right start end top bottom header footer gutter firstLine hanging firstLineChars
        hangingChars leftChars rightChars startChars endChars before after line lineRule beforeLines
        afterLines beforeAutospacing afterAutospacing type w h orient code linePitch charSpace num
        sep equalWidth customStyle styleId default ilvl numId abstractNumId fmt format restart
        chapStyle chapSep countBy distance id customMarkFollows instr fldCharType char font pos
        leader lang bidi combine combineBrackets vert vertCompress hRule x y xAlign yAlign wrap
        vAnchor hAnchor hSpace vSpace lines dropCap anchorLock leftFromText rightFromText
        topFromText bottomFromText tblpX tblpY tblpXSpec tblpYSpec horzAnchor vertAnchor firstRow
        lastRow firstColumn lastColumn noHBand noVBand evenHBand oddHBand evenVBand oddVBand
        firstRowFirstColumn firstRowLastColumn lastRowFirstColumn lastRowLastColumn percent
        offsetFrom zOrder display name uri bg1 t1 bg2 t2 accent1 accent2 accent3 accent4 accent5
        accent6 hyperlink followedHyperlink other
    """)
REFUSED = packages.words("""
        object OLEObject oleObject oleObjects control controls altChunk subDoc relIds
        contentPart
    """)


def wash(root: etree._Element) -> None:
    """Takes out of a part, in place, everything that no reader of the page sees."""
    if etree.QName(root).namespace not in KNOWN:
        raise CannotClean("kind")  # the "strict" variant, which next to nobody writes
    resolve_alternatives(root)
    for element in list(root.iter()):
        name = etree.QName(element)
        if name.localname in REFUSED:
            raise CannotClean("embedded")
        if name.namespace not in KNOWN or name.localname == "extLst":
            drop(element)
            continue
        if element.tag not in SPEAKING:
            element.text = None
        element.tail = None
        wash_attributes(element)
        if name.localname in ("docPr", "cNvPr"):
            name_anew(element)
        elif name.localname in ("hlinkClick", "hlinkHover", "hlinkMouseOver"):
            drop(element)


def wash_attributes(element: etree._Element) -> None:
    """Takes out attributes that tell of people, times and machines, or that nobody knows."""
    for key in list(element.attrib):
        name = etree.QName(key)
        telling = name.localname in TELLING
        telling |= name.namespace == W and name.localname not in W_ATTRIBUTES
        if telling or (name.namespace or "") not in KNOWN_ATTRIBUTES:
            del element.attrib[key]
        elif name.localname.startswith("crop") and etree.QName(element).namespace == V:
            raise CannotClean("hidden")


def name_anew(element: etree._Element) -> None:
    """Gives a drawn object a name without meaning; programs write the file's name there."""
    if element.get("hidden") in ("1", "true"):
        raise CannotClean("hidden")
    number = element.get("id", "0")
    if not number.isdecimal():
        number = "0"
    element.attrib.clear()
    element.set("id", number)
    element.set("name", f"Object {number}")


def resolve_alternatives(root: etree._Element) -> None:
    """Keeps one of the ways in which a part says the same thing, so that no second one stays."""
    while (found := root.find(f".//{{{MC}}}AlternateContent")) is not None:
        taken = None
        for choice in found.findall(f"{{{MC}}}Choice"):
            needed = {choice.nsmap.get(prefix) for prefix in choice.get("Requires", "").split()}
            if needed and needed <= UNDERSTOOD:
                taken = choice
                break
        if taken is None:
            taken = found.find(f"{{{MC}}}Fallback")
        if taken is None:
            drop(found)
        else:
            replace(found, taken)


def crop_pictures(root: etree._Element, follow: Callable[[str, packages.Crop], str | None]) -> None:
    """Cuts from pictures what the page does not show; an uncropped original is a classic leak."""
    for rectangle in list(root.iter(f"{{{A}}}srcRect")):
        fill = rectangle.getparent()
        blip = fill.find(f"{{{A}}}blip")
        try:
            cut = [int(rectangle.get(side, "0").rstrip("%")) / 100_000 for side in "ltrb"]
        except ValueError as failure:
            raise CannotClean("broken") from failure
        crop = (max(0, cut[0]), max(0, cut[1]), max(0, cut[2]), max(0, cut[3]))
        if crop[0] + crop[2] >= 1 or crop[1] + crop[3] >= 1:
            raise CannotClean("hidden")
        if not any(crop) or blip is None or f"{{{R}}}embed" not in blip.attrib:
            continue
        fresh = follow(blip.get(f"{{{R}}}embed"), crop)
        if fresh is None:
            raise CannotClean("broken")
        blip.set(f"{{{R}}}embed", f"={fresh}")
        for side, value in zip("ltrb", cut, strict=True):
            if value > 0:
                rectangle.attrib.pop(side)


def renumber_links(root: etree._Element, follow: Callable[[str], str | None]) -> None:
    """Puts the new relationship ids in the place of the old ones; what leads nowhere goes."""
    for element in list(root.iter()):
        for key, old in list(element.attrib.items()):
            if not key.startswith(f"{{{R}}}"):
                continue
            if old.startswith("="):  # set by crop_pictures
                element.set(key, old[1:])
                continue
            fresh = follow(old)
            if fresh is None:
                del element.attrib[key]
            else:
                element.set(key, fresh)


def drop(element: etree._Element) -> None:
    """Takes an element out with all it holds."""
    parent = element.getparent()
    if parent is None:
        raise CannotClean("broken")
    parent.remove(element)


def replace(element: etree._Element, source: Iterable[etree._Element]) -> None:
    """Puts the children of `source` in the place of `element`."""
    parent = element.getparent()
    if parent is None:
        raise CannotClean("broken")
    at = parent.index(element)
    children = list(source)
    parent.remove(element)
    for offset, child in enumerate(children):
        parent.insert(at + offset, child)


def unwrap(element: etree._Element) -> None:
    """Takes an element out and leaves its children in its place."""
    replace(element, element)
