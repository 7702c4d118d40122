"""What is washed out of a workbook: formulas, names, comments, pivots, marks of editing.

Cells keep the values that they showed; formulas go, since they reach other sheets, files and
programs. Hidden sheets, rows and columns refuse the file, so that a person decides.
"""

import re

from lxml import etree

from amparo.foundation.clean import packages, washing
from amparo.foundation.clean.parts import Copy, relations_of
from amparo.foundation.clean.reasons import CannotClean
from amparo.foundation.clean.washing import X, drop
from amparo.foundation.clean.word import name_theme, strip_chart

KEPT = {
    "main": ["workbookPr", "bookViews", "sheets", "definedNames"],
    "worksheet": packages.words("""
        sheetPr dimension sheetViews sheetFormatPr cols sheetData mergeCells
        conditionalFormatting printOptions pageMargins pageSetup headerFooter rowBreaks
        colBreaks drawing picture tableParts
    """),
    "table": ["autoFilter", "tableColumns", "tableStyleInfo"],
    "styles": packages.words("""
        numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs colors
    """),
}
PRINT_NAMES = ("_xlnm.Print_Area", "_xlnm.Print_Titles")
# A condition that compares with numbers and cells; others may name anything.
PLAIN_CONDITION = re.compile(r"[-+0-9.$A-Z:]{0,40}")
YES = ("1", "true")


def prepare(copy: Copy, source: str) -> None:
    """Looks at all sheets before any part is copied: which shared texts they use."""
    used: set[int] = set()
    for relation in relations_of(copy.package, source):
        if relation.kind in ("macrosheet", "xlMacrosheet", "xlIntlMacrosheet"):
            raise CannotClean("macros")
        if relation.kind != "worksheet" or relation.external:
            continue
        for cell in copy.package.tree(relation.target).iter(f"{{{X}}}c"):
            value = cell.find(f"{{{X}}}v")
            if cell.get("t") == "s" and value is not None and (value.text or "").isdecimal():
                used.add(int(value.text))
    copy.used = used


def wash(root: etree._Element, role: str, copy: Copy) -> etree._Element:
    """Washes one part in place and gives its root."""
    if role in KEPT:
        kept = {f"{{{X}}}{name}" for name in KEPT[role]}
        for element in list(root):
            if etree.QName(element).localname in washing.REFUSED:
                raise CannotClean("embedded")
            if element.tag not in kept and element.tag != f"{{{washing.MC}}}AlternateContent":
                drop(element)
    for element in list(root.iter(f"{{{X}}}legacyDrawing", f"{{{X}}}rPh", f"{{{X}}}phoneticPr")):
        drop(element)
    washing.wash(root)
    special = {
        "main": wash_workbook,
        "worksheet": wash_sheet,
        "table": wash_table,
        "styles": wash_styles,
        "theme": name_theme,
        "chart": strip_chart,
    }.get(role)
    if special is not None:
        special(root)
    if role == "sharedStrings":
        blank_unused(root, copy.used)
    return root


def wash_workbook(root: etree._Element) -> None:
    """Keeps of the workbook the order of its sheets, the calendar and what is printed."""
    for element in root.iter(f"{{{X}}}sheet"):
        if element.get("state", "visible") != "visible":
            raise CannotClean("hidden")
    for element in root.iter(f"{{{X}}}workbookPr"):
        keep(element, ("date1904",))
    for element in root.iter(f"{{{X}}}workbookView"):
        keep(element, ("activeTab",))
    names = root.find(f"{{{X}}}definedNames")
    if names is None:
        return
    for name in list(names):
        if name.get("name") not in PRINT_NAMES or "[" in (name.text or ""):
            drop(name)
        else:
            keep(name, ("name", "localSheetId"))
    if not len(names):
        drop(names)


def wash_sheet(root: etree._Element) -> None:
    """Freezes formulas; refuses what is hidden; forgets where the cursor stood."""
    for element in root.iter(f"{{{X}}}row", f"{{{X}}}col"):
        if element.get("hidden") in YES or element.get("ht") == "0" or element.get("width") == "0":
            raise CannotClean("hidden")
    for formula in list(root.iter(f"{{{X}}}f")):
        cell = formula.getparent()
        if cell.find(f"{{{X}}}v") is None and cell.get("t") != "inlineStr":
            raise CannotClean("uncalculated")
        drop(formula)
    for cell in root.iter(f"{{{X}}}c"):
        keep(cell, ("r", "s", "t"))
    for element in list(root.iter(f"{{{X}}}selection", f"{{{X}}}pivotSelection")):
        drop(element)
    for element in root.iter(f"{{{X}}}sheetView"):
        keep(
            element,
            ("workbookViewId", "rightToLeft", "showGridLines", "zoomScale", "tabSelected"),
        )
    for element in root.iter(f"{{{X}}}pageSetup"):
        keep(element, ("paperSize", "orientation", "scale", "fitToWidth", "fitToHeight"))
    for element in root.iter(f"{{{X}}}sheetPr"):
        element.attrib.clear()
    for block in list(root.iter(f"{{{X}}}conditionalFormatting")):
        for rule in list(block):
            formulas = rule.findall(f"{{{X}}}formula")
            if not all(PLAIN_CONDITION.fullmatch(formula.text or "") for formula in formulas):
                drop(rule)
        if not len(block):
            drop(block)


def wash_table(root: etree._Element) -> None:
    """Keeps a table's place, headings and look."""
    number = root.get("id", "1")
    keep(root, ("id", "ref", "headerRowCount", "totalsRowCount", "totalsRowShown"))
    root.set("name", f"Table{number}")
    root.set("displayName", f"Table{number}")
    for condition in list(root.iterfind(f"{{{X}}}autoFilter/*")):
        drop(condition)
    for column in root.iter(f"{{{X}}}tableColumn"):
        keep(column, ("id", "name", "totalsRowLabel"))
        for child in list(column):
            drop(child)


def wash_styles(root: etree._Element) -> None:
    """Gives cell styles that somebody made a name without meaning."""
    for number, style in enumerate(root.iter(f"{{{X}}}cellStyle")):
        if "builtinId" not in style.attrib or style.get("customBuiltin") in YES:
            style.set("name", f"Style {number}")


def blank_unused(root: etree._Element, used: set[int]) -> None:
    """Empties shared texts that no cell shows any more; their places are counted, so they stay."""
    root.attrib.clear()
    for number, entry in enumerate(root.findall(f"{{{X}}}si")):
        if number not in used:
            for child in list(entry):
                drop(child)
            etree.SubElement(entry, f"{{{X}}}t")


def keep(element: etree._Element, names: tuple[str, ...]) -> None:
    """Leaves only these attributes, and ids of relationships."""
    for key in list(element.attrib):
        if key not in names:
            del element.attrib[key]
