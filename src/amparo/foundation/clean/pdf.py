"""Builds a PDF anew from what its pages draw, and draws its pages.

A new, empty document gets the pages; nothing else of the old one is reachable from it: no
document data, identifiers, attachments, scripts, actions, outlines, names, tags or history.
Annotations and form fields are drawn into the page as the screen shows them and then dropped,
with their authors, times and pop-up texts: a field that is left could still hold any of these.
"""

import io
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from amparo.foundation.clean import images
from amparo.foundation.clean.asking import MIB, Limits
from amparo.foundation.clean.kinds import Kind
from amparo.foundation.clean.pdf_objects import Rebuilder
from amparo.foundation.clean.pdf_values import flag, numbers
from amparo.foundation.clean.reasons import CannotClean

MOST_STREAM = 128 * MIB
PAGE_PIXELS = 16_000_000
DEEPEST = 50


def make_ready(_kind: Kind) -> None:
    """Loads what pictures inside need, and bounds what one stream may unpack to."""
    images.make_ready()
    pikepdf.settings.set_qpdf_limits(
        max_stream_filters=4,
        flate_max_memory=MOST_STREAM,
        png_max_memory=MOST_STREAM,
        run_length_max_memory=MOST_STREAM,
        tiff_max_memory=MOST_STREAM,
        doc_max_warnings=1000,
    )
    # The library opens its source of randomness when it first meets a lock, and keeps it.
    locked = io.BytesIO()
    empty = pikepdf.Pdf.new()
    empty.add_blank_page()
    empty.save(locked, encryption=pikepdf.Encryption(owner="x", user="", R=4))
    pikepdf.open(io.BytesIO(locked.getvalue())).close()


def clean(data: bytes, kind: Kind, limits: Limits) -> tuple[Kind, bytes]:
    """The document built anew; what it shows stays, links and tags are lost."""
    try:
        source = pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError as refusal:
        raise CannotClean("locked") from refusal
    except pikepdf.PdfError as failure:
        raise CannotClean(bomb_or_broken()) from failure
    try:
        return kind, rebuilt(source, limits)
    except pikepdf.PdfError as failure:
        raise CannotClean(bomb_or_broken()) from failure


def bomb_or_broken() -> str:
    """The reason behind an error of the library: whether one of its limits was met."""
    return "bomb" if pikepdf.settings.qpdf_limit_errors() else "broken"


def rebuilt(source: pikepdf.Pdf, limits: Limits) -> bytes:
    """The bytes of a new document with the pages of `source`."""
    root = source.Root
    if flag(root.get("/NeedsRendering")):
        raise CannotClean("form")
    refuse_hidden_layers(source)
    if "/AcroForm" in root:
        source.generate_appearance_streams()
    if not 0 < len(source.pages) <= limits.entries:
        raise CannotClean("broken" if not len(source.pages) else "too_large")
    source.flatten_annotations("screen")
    made = pikepdf.Pdf.new()
    rebuilder = Rebuilder(source, made, limits)
    for page in source.pages:
        made.pages.append(pikepdf.Page(made.make_indirect(page_anew(page.obj, rebuilder))))
    out = io.BytesIO()
    made.save(
        out,
        force_version="1.7",
        deterministic_id=True,  # made of the new bytes alone
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    return out.getvalue()


def page_anew(page: pikepdf.Object, rebuilder: Rebuilder) -> pikepdf.Object:
    """A new page: its boxes, its turn, what it draws and what that needs."""
    fresh = Dictionary(Type=Name.Page)
    for key, fallback in (("/MediaBox", [0, 0, 612, 792]), ("/CropBox", None)):
        box = numbers(inherited(page, key))
        if box is not None and len(box) == 4:
            fresh[key] = box
        elif fallback:
            fresh[key] = Array(fallback)
    turn: Any = inherited(page, "/Rotate")
    if isinstance(turn, int) and turn % 90 == 0:
        fresh["/Rotate"] = turn % 360
    unit: Any = page.get("/UserUnit")
    if isinstance(unit, int) and 1 < unit < 1000:
        fresh["/UserUnit"] = unit
    group = rebuilder.group(page.get("/Group"))
    if group is not None:
        fresh["/Group"] = group
    scope = rebuilder.scope(inherited(page, "/Resources"))
    if "/Contents" in page:
        content, _ = rebuilder.content(pikepdf.Page(page), scope)
        fresh["/Contents"] = rebuilder.stream(content)
    fresh["/Resources"] = scope.made
    return fresh


def inherited(page: pikepdf.Object, key: str) -> Any:
    """A page's value, from the page or the nearest node above it that has one."""
    node = page
    for _ in range(DEEPEST):
        if key in node:
            return node[key]
        parent = node.get("/Parent")
        if not isinstance(parent, Dictionary):
            return None
        node = parent
    return None


def refuse_hidden_layers(source: pikepdf.Pdf) -> None:
    """Raises if some layer is switched off: it would come to light, or travel unseen."""
    layers = source.Root.get("/OCProperties")
    if not isinstance(layers, Dictionary):
        return
    default = layers.get("/D", Dictionary())
    if default.get("/BaseState", Name.ON) != Name.ON or len(default.get("/OFF", Array())):
        raise CannotClean("hidden")
    for layer in layers.get("/OCGs", Array()):
        view = layer.get("/Usage", Dictionary()).get("/View", Dictionary())
        if view.get("/ViewState", Name.ON) != Name.ON:
            raise CannotClean("hidden")
    for entry in source.objects:
        if not isinstance(entry, Dictionary) or entry.get("/Type") != Name.OCMD:
            continue
        # Memberships that show something when layers are off.
        if "/VE" in entry or entry.get("/P", Name.AnyOn) not in (Name.AnyOn, Name.AllOn):
            raise CannotClean("hidden")


def draw(
    data: bytes, _kind: Kind, wanted: dict[str, int], _limits: Limits
) -> tuple[Kind, list[bytes], int]:
    """Images of some pages as (kind, images, number of all pages)."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as failure:
        locked = "password" in str(failure).lower()
        raise CannotClean("locked" if locked else "broken") from failure
    total = len(document)
    if not 0 <= wanted["first"] < total:
        raise CannotClean("no_page" if total else "broken")
    document.init_forms()
    last = min(total, wanted["first"] + wanted["count"])
    drawn = []
    for number in range(wanted["first"], last):
        page = document[number]
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            raise CannotClean("broken")
        scale = min(wanted["width"] / width, (PAGE_PIXELS / (width * height)) ** 0.5)
        if width * scale < 1 or height * scale < 1:
            raise CannotClean("broken")
        drawn.append(images.as_jpeg(page.render(scale=scale).to_pil().convert("RGB")))
        page.close()
    return Kind.JPEG, drawn, total
