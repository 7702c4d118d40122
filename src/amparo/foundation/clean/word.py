"""What is washed out of a text document: comments, changes, fields, names, marks of editing.

Changes are taken as accepted: what was deleted is not what the reader sees. Fields stay as the
text they showed, page numbers excepted. Hidden text refuses the file, so that a person decides.
"""

from dataclasses import dataclass, field

from lxml import etree

from amparo.foundation.clean import packages, washing
from amparo.foundation.clean.parts import Copy, relations_of
from amparo.foundation.clean.reasons import CannotClean
from amparo.foundation.clean.washing import W, drop, unwrap

GONE = packages.names(
    W,
    """
        del moveFrom rPrChange pPrChange sectPrChange tblPrChange tblGridChange trPrChange
        tcPrChange tblPrExChange numberingChange cellIns cellMerge moveFromRangeStart
        moveFromRangeEnd moveToRangeStart moveToRangeEnd customXmlInsRangeStart
        customXmlInsRangeEnd customXmlDelRangeStart customXmlDelRangeEnd
        customXmlMoveFromRangeStart customXmlMoveFromRangeEnd customXmlMoveToRangeStart
        customXmlMoveToRangeEnd commentRangeStart commentRangeEnd commentReference annotationRef
        bookmarkStart bookmarkEnd proofErr permStart permEnd printerSettings sdtPr sdtEndPr
        customXmlPr smartTagPr tblCaption tblDescription rsid nsid tmpl aliases fldData
        personalCompose personalReply autoRedefine latentStyles docPartObj
    """,
)
UNWRAPPED = packages.names(W, "ins moveTo sdt sdtContent smartTag customXml hyperlink")
# What a document's settings may say about how it looks; everything else there is about its making.
SETTINGS = packages.names(
    W,
    """
        mirrorMargins alignBordersAndEdges bordersDoNotSurroundHeader bordersDoNotSurroundFooter
        gutterAtTop defaultTabStop autoHyphenation consecutiveHyphenLimit hyphenationZone
        doNotHyphenateCaps evenAndOddHeaders bookFoldPrinting drawingGridHorizontalSpacing
        characterSpacingControl footnotePr endnotePr compat themeFontLang clrSchemeMapping
        decimalSymbol listSeparator displayBackgroundShape
    """,
)
FIELDS_KEPT = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})
FIELDS_DRAWN = frozenset({"EQ", "SYMBOL", "DISPLAYBARCODE", "MERGEBARCODE", "INCLUDEPICTURE"})
NAMES_STYLE = packages.names(
    W,
    """
        pStyle rStyle tblStyle basedOn next link styleLink numStyleLink
    """,
)
OFF = ("0", "false", "off")
VAL = f"{{{W}}}val"


def prepare(copy: Copy, source: str) -> None:
    """Looks at the styles before any part is copied: their new names, and which of them hide."""
    styles: dict[str, str] = {}
    hiding: set[str] = set()
    for relation in relations_of(copy.package, source):
        if relation.kind != "styles" or relation.external or styles:
            continue
        found = list(copy.package.tree(relation.target).iter(f"{{{W}}}style"))
        styles = {style.get(f"{{{W}}}styleId", ""): f"S{n}" for n, style in enumerate(found)}
        hiding = hiding_styles(found)
    copy.styles, copy.hiding = styles, hiding


def hiding_styles(styles: list[etree._Element]) -> set[str]:
    """The ids of styles that make text vanish, also through the style they are based on."""
    hiding = {s.get(f"{{{W}}}styleId", "") for s in styles if vanishes(s.find(f"{{{W}}}rPr"))}
    for _ in styles:
        more = {
            style.get(f"{{{W}}}styleId", "")
            for style in styles
            if (base := style.find(f"{{{W}}}basedOn")) is not None and base.get(VAL) in hiding
        } - hiding
        if not more:
            break
        hiding |= more
    return hiding


def vanishes(properties: etree._Element | None) -> bool:
    """Whether run properties hide the text."""
    mark = properties.find(f"{{{W}}}vanish") if properties is not None else None
    return mark is not None and mark.get(VAL, "1") not in OFF


def wash(root: etree._Element, role: str, copy: Copy) -> etree._Element:
    """Washes one part in place and gives its root."""
    accept_changes(root)
    for element in list(root.iter(*GONE)):
        drop(element)
    for element in list(root.iter(*UNWRAPPED)):
        unwrap(element)
    flatten_fields(root)
    refuse_hidden(root, copy.hiding)
    washing.wash(root)
    for element in root.iter(f"{{{W}}}lang", f"{{{W}}}themeFontLang"):
        for key, value in element.attrib.items():
            element.set(key, value.partition("-")[0])  # the country of a keyboard is a place
    rename_styles(root, copy.styles)
    if role == "settings":
        for element in list(root):
            if element.tag not in SETTINGS:
                drop(element)
    elif role == "theme":
        name_theme(root)
    elif role == "chart":
        strip_chart(root)
    elif role == "numbering":
        for element in list(root.iter(f"{{{W}}}name")):
            drop(element)
    return root


def accept_changes(root: etree._Element) -> None:
    """Takes out table rows and cells that were deleted with changes tracked."""
    for row in list(root.iter(f"{{{W}}}tr")):
        if row.find(f"{{{W}}}trPr/{{{W}}}del") is not None:
            drop(row)
    for cell in list(root.iter(f"{{{W}}}tc")):
        if cell.find(f"{{{W}}}tcPr/{{{W}}}cellDel") is not None:
            row = cell.getparent()
            drop(cell)
            if row is not None and row.find(f"{{{W}}}tc") is None and row.getparent() is not None:
                drop(row)
    for table in list(root.iter(f"{{{W}}}tbl")):
        if table.find(f".//{{{W}}}tr") is None:
            replacement = etree.Element(f"{{{W}}}p")
            washing.replace(table, [replacement])


@dataclass
class Field:
    """A complex field while its marks are being read."""

    marks: list[etree._Element] = field(default_factory=list)
    codes: list[etree._Element] = field(default_factory=list)
    instruction: str = ""
    separated: bool = False
    shows: bool = False

    @property
    def word(self) -> str:
        """What the field does, in capitals: PAGE, TOC, AUTHOR."""
        return (self.instruction.split() or [""])[0].upper()


def flatten_fields(root: etree._Element) -> None:
    """Leaves of each field the text that it showed; only page numbers stay alive."""
    for simple in list(root.iter(f"{{{W}}}fldSimple")):
        word = (simple.get(f"{{{W}}}instr", "").split() or [""])[0].upper()
        if word in FIELDS_KEPT:
            simple.attrib.clear()
            simple.set(f"{{{W}}}instr", f" {word} ")
        else:
            unwrap(simple)
    open_fields: list[Field] = []
    watched = [
        f"{{{W}}}{name}" for name in ("fldChar", "instrText", "delInstrText", "t", "drawing")
    ]
    for element in list(root.iter(*watched)):
        name = etree.QName(element).localname
        if name == "fldChar":
            read_mark(element, open_fields)
        elif name in ("instrText", "delInstrText"):
            if open_fields:
                open_fields[-1].instruction += element.text or ""
                open_fields[-1].codes.append(element)
            else:
                drop(element)
        elif open_fields and open_fields[-1].separated:
            open_fields[-1].shows = True
    for left in open_fields:
        for element in (*left.marks, *left.codes):
            drop(element)


def read_mark(mark: etree._Element, open_fields: list[Field]) -> None:
    """Handles the beginning, middle or end of a complex field."""
    kind = mark.get(f"{{{W}}}fldCharType")
    if kind == "begin":
        open_fields.append(Field(marks=[mark]))
        return
    if not open_fields:
        drop(mark)
        return
    current = open_fields[-1]
    current.marks.append(mark)
    if kind == "separate":
        current.separated = True
        return
    open_fields.pop()
    if current.shows and open_fields:
        open_fields[-1].shows = True
    if current.word in FIELDS_KEPT and not open_fields and current.codes:
        current.codes[0].text = f" {current.word} "
        for element in current.marks:
            kind = element.get(f"{{{W}}}fldCharType", "begin")
            element.attrib.clear()
            element.set(f"{{{W}}}fldCharType", kind)
            for child in list(element):
                drop(child)
        for element in current.codes[1:]:
            drop(element)
        return
    if current.word in FIELDS_DRAWN and not current.shows:
        raise CannotClean("embedded")
    state = form_state(current.marks[0])
    if state and not current.shows:
        text = etree.Element(f"{{{W}}}t")
        text.text = state
        washing.replace(mark, [text])
        current.marks.remove(mark)
    for element in (*current.marks, *current.codes):
        drop(element)


def form_state(begin: etree._Element) -> str:
    """What a form field without text shows: its tick, or the entry that was chosen."""
    box = begin.find(f"{{{W}}}ffData/{{{W}}}checkBox")
    if box is not None:
        mark = box.find(f"{{{W}}}checked")
        mark = mark if mark is not None else box.find(f"{{{W}}}default")
        return "☒" if mark is not None and mark.get(VAL, "1") not in OFF else "☐"
    choices = begin.find(f"{{{W}}}ffData/{{{W}}}ddList")
    if choices is not None:
        result = choices.find(f"{{{W}}}result")
        entries = choices.findall(f"{{{W}}}listEntry")
        number = result.get(VAL, "0") if result is not None else "0"
        if number.isdecimal() and int(number) < len(entries):
            return str(entries[int(number)].get(VAL, ""))
    return ""


def refuse_hidden(root: etree._Element, hiding: set[str]) -> None:
    """Raises where text or a table row is there but not shown."""
    for run in root.iter(f"{{{W}}}r"):
        if not any(text.text for text in run.iter(f"{{{W}}}t")):
            continue
        properties = run.find(f"{{{W}}}rPr")
        style = properties.find(f"{{{W}}}rStyle") if properties is not None else None
        if vanishes(properties) or (style is not None and style.get(VAL) in hiding):
            raise CannotClean("hidden")
    for paragraph in root.iter(f"{{{W}}}p"):
        style = paragraph.find(f"{{{W}}}pPr/{{{W}}}pStyle")
        if (
            style is not None
            and style.get(VAL) in hiding
            and paragraph.find(f".//{{{W}}}t") is not None
        ):
            raise CannotClean("hidden")
    for mark in root.iter(f"{{{W}}}hidden"):
        parent = mark.getparent()
        if parent is not None and parent.tag == f"{{{W}}}trPr" and mark.get(VAL, "1") not in OFF:
            raise CannotClean("hidden")


def rename_styles(root: etree._Element, names: dict[str, str]) -> None:
    """Gives styles numbers for ids, and those that somebody made, a name without meaning."""
    for style in root.iter(f"{{{W}}}style"):
        fresh = names.get(style.get(f"{{{W}}}styleId", ""), "S")
        style.set(f"{{{W}}}styleId", fresh)
        label = style.find(f"{{{W}}}name")
        if label is not None and style.get(f"{{{W}}}customStyle", "0") not in OFF:
            label.set(VAL, f"Style {fresh[1:]}")
    for element in list(root.iter(*NAMES_STYLE)):
        if element.get(VAL) in names:
            element.set(VAL, names[element.get(VAL)])
        else:
            drop(element)


def name_theme(root: etree._Element) -> None:
    """Gives a theme and its schemes names without meaning; drops colours that somebody named."""
    for element in root.iter():
        if "name" in element.attrib:
            element.set("name", "Theme")
        if etree.QName(element).localname in ("custClrLst", "extraClrSchemeLst"):
            for child in list(element):
                drop(child)


def strip_chart(root: etree._Element) -> None:
    """Takes the source of its numbers out of a chart; the numbers it draws stay."""
    for name in ("externalData", "userShapes", "printSettings", "pivotSource", "pivotFmts"):
        for element in list(root.iter(f"{{{washing.C}}}{name}")):
            drop(element)
