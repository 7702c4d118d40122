"""Cleaned PDFs, piece by piece: codings of pictures, fonts, layers, locks, history."""

import io
import struct
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image, ImageChops

from amparo.foundation.clean import CannotClean, clean, pages, pdf_fonts, pdf_images
from tests.rooms.foundation import planted
from tests.rooms.foundation.planted import MARK, SEEN, found

pytestmark = pytest.mark.django_db(databases=[])  # none is used


def drawn(data: bytes) -> Image.Image:
    """The pixels of the first page."""
    return Image.open(io.BytesIO(pages(data, width=500).images[0])).convert("L")


def same_look(one: bytes, other: bytes, share: float = 0.002) -> bool:
    """Whether two documents look the same, and not like an empty page."""
    first, second = drawn(one), drawn(other)
    assert first.getextrema()[0] < 128, "nothing is drawn"
    apart = ImageChops.difference(first, second).histogram()
    return sum(apart[61:]) < share * first.width * first.height


Change = Callable[[pikepdf.Pdf, pikepdf.Object], None]


def document(
    change: Change, content: bytes = b"q 400 0 0 250 72 400 cm /X Do Q", **save: object
) -> bytes:
    """A document of one page, as `change` leaves it."""
    made = pikepdf.Pdf.new()
    page = made.make_indirect(
        Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 612, 792]), Resources=Dictionary())
    )
    page.Contents = Stream(made, content)
    page.Resources.XObject = Dictionary()
    page.Resources.Font = Dictionary()
    made.pages.append(pikepdf.Page(page))
    change(made, made.pages[0].obj)
    out = io.BytesIO()
    made.save(out, **save)
    return out.getvalue()


def with_image(raw: bytes, **keys: object) -> bytes:
    """A document that draws one picture."""

    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        image = Stream(made, raw)
        for key, value in {**planted.image_keys(320, 200, Name.DeviceRGB), **keys}.items():
            if value is None:
                del image[key if key.startswith("/") else f"/{key}"]
            else:
                image[key if key.startswith("/") else f"/{key}"] = value
        page.Resources.XObject.X = image

    return document(change)


# --- pictures -----------------------------------------------------------------------------------
def fax() -> bytes:
    """The bytes of a black and white picture in CCITT group 4."""
    out = io.BytesIO()
    planted.picture(mode="1").save(out, "TIFF", compression="group4")
    tags = Image.open(out).tag_v2
    return out.getvalue()[tags[273][0] : tags[273][0] + tags[279][0]]


@pytest.mark.parametrize("black_is_one", [True, False])
@pytest.mark.parametrize("decode", [None, [1, 0]])
def test_fax_pictures_keep_their_black(black_is_one: bool, decode: list[int] | None) -> None:
    keys = {"ColorSpace": Name.DeviceGray, "BitsPerComponent": 1, "Filter": Name.CCITTFaxDecode}
    keys["DecodeParms"] = Dictionary(K=-1, Columns=320, Rows=200, BlackIs1=black_is_one)
    if decode:
        keys["Decode"] = Array(decode)
    data = with_image(fax() + MARK.encode(), **keys)
    copy = clean(data).data
    assert same_look(data, copy)
    assert found(data) and found(copy) == []


def test_a_jpeg_2000_loses_its_boxes() -> None:
    out = io.BytesIO()
    planted.picture().save(out, "JPEG2000", comment=MARK)
    box = f"<xml>{MARK}</xml>".encode()
    raw = out.getvalue() + struct.pack(">I", len(box) + 8) + b"xml " + box
    data = with_image(raw, Filter=Name.JPXDecode)
    copy = clean(data).data
    assert same_look(data, copy, 0.01)
    assert found(data) and found(copy) == []


def test_a_jpeg_inside_other_codings() -> None:
    raw = planted.jpeg().hex().encode() + b">"
    data = with_image(raw, Filter=Array([Name.ASCIIHexDecode, Name.DCTDecode]))
    copy = clean(data).data
    assert same_look(data, copy)
    assert found(data) and found(copy) == []


def test_a_jpeg_in_the_content_itself() -> None:
    """An inline picture is cleaned like any other."""
    content = b"q 400 0 0 250 72 400 cm BI /W 320 /H 200 /BPC 8 /CS /RGB /F [/AHx /DCT] ID "
    content += planted.jpeg().hex().encode() + b"> EI Q"
    data = document(lambda made, page: None, content)
    copy = clean(data).data
    assert same_look(data, copy)
    assert found(data) and found(copy) == []


@pytest.mark.parametrize("mode, space", [("L", Name.DeviceGray), ("CMYK", Name.DeviceCMYK)])
def test_samples_behind_the_picture_are_cut(mode: str, space: Name) -> None:
    raw = planted.picture(mode=mode).tobytes() + MARK.encode()
    data = with_image(raw, ColorSpace=space)
    copy = clean(data).data
    assert same_look(data, copy)
    assert found(copy) == []


def test_a_palette_is_cut_to_its_colours() -> None:
    palette = bytes([255, 0, 0, 0, 255, 0]) + MARK.encode()
    space = Array([Name.Indexed, Name.DeviceRGB, 1, String(palette)])
    data = with_image(bytes([0b01010101] * 40 * 200), ColorSpace=space, BitsPerComponent=1)
    copy = clean(data).data
    assert same_look(data, copy)
    assert found(copy) == []


def test_jbig2_segments_that_say_something_are_cut() -> None:
    def segment(number: int, kind: int, body: bytes) -> bytes:
        return struct.pack(">IBBBI", number, kind, 0, 1, len(body)) + body

    page = segment(0, 48, bytes(19))
    region = segment(1, 38, b"pixels")
    said = segment(2, 62, b"\x20\0\0\0" + MARK.encode())
    assert pdf_images.drawing_segments(page + said + region) == page + region
    with pytest.raises(CannotClean):
        pdf_images.drawing_segments(page + region[:-1])


# --- fonts --------------------------------------------------------------------------------------
def sfnt(tables: dict[bytes, bytes]) -> bytes:
    """A font file of these tables."""
    return pdf_fonts.packed_sfnt(b"\x00\x01\x00\x00", tables)


def test_a_truetype_font_loses_names_and_dates() -> None:
    font = sfnt(
        {b"glyf": b"shapes", b"name": MARK.encode(), b"head": bytes(20) + b"D" * 16 + bytes(18)}
    )
    bare = pdf_fonts.bare_font(font)
    assert MARK.encode() not in bare and b"D" not in bare[44:] and b"shapes" in bare


def index(*entries: bytes) -> bytes:
    """A CFF index."""
    offsets = [1]
    for entry in entries:
        offsets.append(offsets[-1] + len(entry))
    return struct.pack(">HB", len(entries), 1) + bytes(offsets) + b"".join(entries)


def test_a_cff_font_loses_its_notice_in_place() -> None:
    number = 391  # the first text of the font's own
    top = b"\x1c" + struct.pack(">h", number) + b"\x01"  # Notice
    font = b"\x01\x00\x04\x01" + index(b"Font" + MARK.encode()) + index(top)
    font += index(MARK.encode(), b"glyphname") + index()
    bare = pdf_fonts.bare_font(font)
    assert MARK.encode() not in bare and b"glyphname" in bare and len(bare) == len(font)


def test_a_type1_font_loses_its_notice_in_place() -> None:
    font = b"%!PS-AdobeFont-1.0: " + MARK.encode() + b"\n%%Title: " + MARK.encode()
    font += b"\n/Notice (" + MARK.encode() + b" \\(c\\)) readonly def\ncurrentfile eexec\nxxx"
    bare = pdf_fonts.bare_font(font)
    assert MARK.encode() not in bare and len(bare) == len(font)
    assert bare.startswith(b"%!PS-AdobeFont-1.0") and bare.endswith(b"eexec\nxxx")


# --- the document -------------------------------------------------------------------------------
def text_page(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
    page.Resources.Font.F = made.make_indirect(planted.font(made))


TEXT = f"BT /F 24 Tf 72 700 Td ({SEEN}) Tj ET".encode()


@pytest.mark.parametrize("user", ["", "secret"])
def test_a_locked_document_is_refused_unless_anybody_can_open_it(user: str) -> None:
    lock = pikepdf.Encryption(user=user, owner="owner")
    data = document(text_page, TEXT, encryption=lock)
    if user:
        with pytest.raises(CannotClean) as refusal:
            clean(data)
        assert refusal.value.reason == "locked"
    else:
        assert same_look(data, clean(data).data)


def layers(**default: object) -> Change:
    """A page with a layer, with these defaults."""

    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        text_page(made, page)
        layer = made.make_indirect(Dictionary(Type=Name.OCG, Name=String(MARK)))
        page.Resources.Properties = Dictionary(L=layer)
        chosen = {
            f"/{key}": Array([layer]) if value == "all" else value for key, value in default.items()
        }
        made.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(chosen))

    return change


def test_layers_that_are_shown_are_kept() -> None:
    data = document(layers(ON="all"), b"/OC /L BDC " + TEXT + b" EMC")
    copy = clean(data).data
    assert same_look(data, copy) and found(copy) == []


@pytest.mark.parametrize("default", [{"OFF": "all"}, {"BaseState": Name.OFF}])
def test_layers_that_are_hidden_refuse_the_document(default: dict[str, object]) -> None:
    with pytest.raises(CannotClean) as refusal:
        clean(document(layers(**default), b"/OC /L BDC " + TEXT + b" EMC"))
    assert refusal.value.reason == "hidden"


def test_earlier_versions_inside_the_file_are_gone() -> None:
    """An update written behind the old file leaves the old text readable; a copy must not."""

    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        text_page(made, page)
        made.Root.Old = made.make_indirect(Stream(made, f"({MARK}) Tj".encode()))

    first = document(change, TEXT, compress_streams=False)
    with pikepdf.open(io.BytesIO(first)) as opened:
        size = len(opened.objects) + 1
    where = len(first)
    update = b"%d 0 obj\n(new)\nendobj\n" % size
    start = first.rpartition(b"startxref\n")[2].split()[0]
    root = first.partition(b"/Root ")[2].split()[0]
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer <</Size %d /Root %s 0 R /Prev %s>>\n" % (
        size, where, size + 1, root, start
    )  # fmt: skip
    data = first + update + table + b"startxref\n%d\n%%%%EOF\n" % (where + len(update))
    copy = clean(data).data
    assert found(data) and found(copy) == [] and same_look(data, copy)


def test_pictures_of_other_pages_do_not_travel_along() -> None:
    """Programs that split documents leave the pictures of all pages in the shared resources."""
    data = planted.pdf(pages=1)
    with pikepdf.open(io.BytesIO(data)) as opened:
        opened.pages[0].obj.Resources.XObject.Other = Stream(opened, planted.picture().tobytes())
        out = io.BytesIO()
        opened.save(out)
    with pikepdf.open(io.BytesIO(clean(out.getvalue()).data)) as copy:
        assert len(copy.pages[0].obj.Resources.XObject.keys()) == 6


def test_drawings_that_contain_themselves_end() -> None:
    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        text_page(made, page)
        form = Stream(made, b"/X Do")
        form.Subtype, form.BBox = Name.Form, Array([0, 0, 9, 9])
        page.Resources.XObject.X = form
        form.Resources = Dictionary(XObject=Dictionary(X=form))

    data = document(change, TEXT + b" /X Do")
    assert same_look(data, clean(data).data)


def test_a_drawing_that_borrows_from_its_page() -> None:
    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        text_page(made, page)
        form = Stream(made, TEXT)
        form.Subtype, form.BBox = Name.Form, Array([0, 0, 612, 792])
        page.Resources.XObject.X = form

    data = document(change, b"/X Do")
    assert same_look(data, clean(data).data)


def test_shadings_patterns_masks_and_drawn_fonts() -> None:
    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        fade = Dictionary(
            FunctionType=2, N=1, Domain=Array([0, 1]), C0=Array([0, 0, 0]), C1=Array([1, 0, 0])
        )
        shading = Dictionary(
            ShadingType=2, ColorSpace=Name.DeviceRGB, Coords=Array([0, 0, 612, 0]), Function=fade
        )
        tile = Stream(made, f"% {MARK}\n0 0 0 rg 0 0 5 5 re f".encode())
        for key, value in {
            "PatternType": 1,
            "PaintType": 1,
            "TilingType": 1,
            "XStep": 9,
            "YStep": 9,
        }.items():
            tile[f"/{key}"] = value
        tile.BBox, tile.Resources = Array([0, 0, 9, 9]), Dictionary()
        mask = Stream(made, b"0.5 g 0 0 612 792 re f")
        mask.Subtype, mask.BBox, mask.Resources = Name.Form, Array([0, 0, 612, 792]), Dictionary()
        mask.Group = Dictionary(S=Name.Transparency, CS=Name.DeviceGray)
        glyph = Stream(made, b"500 0 0 0 500 500 d1 0 0 400 400 re f")
        letters = Dictionary(
            Type=Name.Font, Subtype=Name.Type3, FontBBox=Array([0, 0, 500, 500]),
            FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]), FirstChar=65, LastChar=65,
            Widths=Array([500]), CharProcs=Dictionary(a=glyph), Resources=Dictionary(),
            Encoding=Dictionary(Type=Name.Encoding, Differences=Array([65, Name.a])),
        )  # fmt: skip
        soft = Dictionary(SMask=Dictionary(S=Name.Luminosity, G=mask), BM=Name.Multiply, ca=0.8)
        page.Resources.Shading = Dictionary(S=shading)
        page.Resources.Pattern = Dictionary(P=tile, Q=Dictionary(PatternType=2, Shading=shading))
        page.Resources.ExtGState = Dictionary(G=soft)
        page.Resources.Font.T = made.make_indirect(letters)

    content = b"q 0 0 300 100 re W n /S sh Q /Pattern cs /P scn 0 200 200 100 re f /Q scn 300 200 "
    content += (
        b"200 100 re f q /G gs 0 0 0 rg 0 400 200 100 re f Q BT /T 80 Tf 72 600 Td (AAA) Tj ET"
    )
    data = document(change, content)
    copy = clean(data).data
    assert same_look(data, copy) and found(copy) == []
