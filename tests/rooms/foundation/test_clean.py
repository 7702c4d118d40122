"""Cleaned copies: of every kind, what was planted is gone and what is seen is there."""

import io
import json
import subprocess
import zipfile
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps

from amparo.foundation.clean import CannotClean, Kind, clean, cleanable, kind_of, pages
from amparo.foundation.errors import Invalid
from tests.rooms.foundation import planted
from tests.rooms.foundation.planted import MARK, SEEN, found

pytestmark = pytest.mark.django_db(databases=[])  # none is used

MAKERS = {
    "jpeg": planted.jpeg,
    "png": planted.png,
    "webp": planted.webp,
    "webp-lossless": lambda: planted.webp(lossless=True),
    "heic": planted.heic,
    "pdf": planted.pdf,
    "docx": planted.docx,
    "xlsx": planted.xlsx,
    "odt": planted.odt,
}
# The families of facts that exiftool may see in a clean file, and words that no fact may hold:
# they would say where, when, by whom or with what.
FAMILIES = ("ExifTool", "System", "File", "JFIF", "Composite", "RIFF", "PNG", "PDF", "ZIP")
CLIPPED = "<style:graphic-properties fo:clip='rect(1cm,0cm,0cm,0cm)'/>"
TELLING = ("author", "creator", "date", "time", "gps", "producer", "software", "model", "comment")


@pytest.fixture(scope="module")
def cleaned() -> dict[str, tuple[bytes, bytes]]:
    """Each planted file and its cleaned copy."""
    files = {name: make() for name, make in MAKERS.items()}
    return {name: (data, clean(data).data) for name, data in files.items()}


def decoded(data: bytes) -> Image.Image:
    """The pixels of a picture."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def drawn(data: bytes, page: int = 0, width: int = 600) -> Image.Image:
    """The pixels of a page."""
    return decoded(pages(data, first=page, width=width).images[0])


def differs(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that are clearly not the same."""
    assert one.size == other.size
    apart = ImageChops.difference(one.convert("L"), other.convert("L"))
    return sum(apart.histogram()[61:]) / (one.width * one.height)


# --- every kind ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MAKERS)
def test_nothing_planted_is_left(cleaned: dict[str, tuple[bytes, bytes]], name: str) -> None:
    planted_file, copy = cleaned[name]
    assert found(planted_file), "the test plants nothing"
    assert found(copy) == []


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.needs("exiftool")
def test_exiftool_finds_nothing(
    cleaned: dict[str, tuple[bytes, bytes]], name: str, tmp_path: Path
) -> None:
    def told(data: bytes) -> str:
        file = tmp_path / "file"
        file.write_bytes(data)
        command = ["exiftool", "-a", "-u", "-U", "-ee", "-G1", "-j", str(file)]
        return subprocess.run(command, capture_output=True, check=False).stdout.decode()

    original, copy = cleaned[name]
    # Without Archive::Zip it sees only the outside of packages.
    assert MARK in told(original) or original.startswith(b"PK")
    told_of_copy = told(copy).replace(str(tmp_path), "")
    assert MARK not in told_of_copy
    for fact, value in json.loads(told_of_copy)[0].items():
        family, _, word = fact.rpartition(":")
        assert not family or family in FAMILIES, (fact, value)
        if family == "System" or (word == "ZipModifyDate" and value.startswith("1980:01:01")):
            continue
        assert not any(said in word.lower() for said in TELLING), (fact, value)


@pytest.mark.parametrize("name", MAKERS)
def test_same_file_same_copy_and_the_original_stays(name: str) -> None:
    data = MAKERS[name]()
    before = bytes(data)
    assert clean(data).data == clean(data).data
    assert data == before


@pytest.mark.parametrize("name", MAKERS)
def test_a_clean_copy_can_be_cleaned_again(
    cleaned: dict[str, tuple[bytes, bytes]], name: str
) -> None:
    copy = cleaned[name][1]
    again = clean(copy)
    assert again.kind is kind_of(copy)
    if name == "png":
        assert again.data == copy
    if again.kind in (Kind.DOCX, Kind.XLSX, Kind.ODT):
        for part in zipfile.ZipFile(io.BytesIO(copy)).namelist():
            if not part.endswith((".jpeg", ".png")):
                assert part_of(again.data, part) == part_of(copy, part)


@pytest.mark.parametrize("name", MAKERS)
def test_the_kind_is_told_by_first_bytes(
    cleaned: dict[str, tuple[bytes, bytes]], name: str
) -> None:
    expected = Kind(name.partition("-")[0])
    original, copy = cleaned[name]
    assert kind_of(original[: 1 << 16], "whatever.bin") is expected
    assert kind_of(copy) is (Kind.JPEG if name == "heic" else expected)
    assert cleanable(expected)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_cut_file_is_refused_or_clean(name: str, part: float) -> None:
    data = MAKERS[name]()
    try:
        copy = clean(data[: int(len(data) * part)])
    except CannotClean as refusal:
        assert refusal.reason in ("broken", "kind", "bomb")
    else:
        assert found(copy.data) == []


def test_a_refusal_says_nothing_about_the_file() -> None:
    with pytest.raises(CannotClean) as refusal:
        clean(planted.docx(body=f"<w:object>{MARK}</w:object>"))
    assert isinstance(refusal.value, Invalid)
    assert MARK not in str(refusal.value)
    assert refusal.value.fields == {"file": "embedded"}


# --- pictures -----------------------------------------------------------------------------------
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_comes_out_upright(orientation: int) -> None:
    data = planted.jpeg(orientation)
    copy = decoded(clean(data).data)
    upright = Image.open(io.BytesIO(data))
    upright.load()
    expected = ImageOps.exif_transpose(upright).convert("RGB")
    assert copy.size == ((200, 320) if orientation > 4 else (320, 200))
    assert differs(copy, expected) < 0.02


def test_colours_are_turned_into_srgb_before_the_profile_goes() -> None:
    """A file in a space of swapped colours looks the same after cleaning as in a viewer."""
    source = planted.picture()
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red, green = wide.index(b"rXYZ"), wide.index(b"gXYZ")
    swapped = bytearray(wide)
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    out = io.BytesIO()
    source.save(out, "PNG", icc_profile=bytes(swapped))
    copy = decoded(clean(out.getvalue()).data)
    left, right = copy.getpixel((5, 5)), copy.getpixel((315, 5))
    assert left[1] > 200 > left[0] and right[0] > 200 > right[1], (left, right)


def test_what_is_under_full_transparency_is_gone() -> None:
    """Some editors only make invisible what was rubbed out."""
    image = planted.picture(mode="RGBA")
    image.putalpha(0)
    copy = Image.open(io.BytesIO(clean(planted.png(image)).data))
    assert copy.mode == "RGBA"
    assert copy.convert("RGB").getextrema() == ((0, 0), (0, 0), (0, 0))


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "I;16", "CMYK"])
def test_every_mode_of_pixels(mode: str) -> None:
    out = io.BytesIO()
    if mode == "I;16":
        image = Image.new("I;16", (32, 20), 30000)
    else:
        image = planted.picture((32, 20)).convert(mode)
    image.save(out, "JPEG" if mode == "CMYK" else "PNG")
    copy = decoded(clean(out.getvalue()).data)
    assert copy.size == (32, 20)
    assert mode == "I;16" or differs(copy, image.convert("RGB")) < 0.05


def test_a_heic_becomes_a_jpeg_that_looks_the_same() -> None:
    copy = clean(planted.heic())
    assert (copy.kind, copy.suffix, copy.media_type) == (Kind.JPEG, ".jpg", "image/jpeg")
    assert differs(decoded(copy.data), planted.picture((640, 400))) < 0.01


# --- text documents -----------------------------------------------------------------------------
def part_of(data: bytes, name: str) -> str:
    """One XML part of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name).decode()


def test_a_docx_keeps_what_is_seen(cleaned: dict[str, tuple[bytes, bytes]]) -> None:
    text = part_of(cleaned["docx"][1], "word/document.xml")
    for seen in ("one", "inserted", "link", "file", "control", "other"):
        assert f"{SEEN} {seen}" in text
    assert "PAGE" in text and "w:drawing" in text and 'w:val="es"' in text
    assert not any(gone in text for gone in ("w:ins ", "w:del ", "comment", "rsid", "HN", "sdt"))


def test_a_docx_in_the_shape_of_its_relations(cleaned: dict[str, tuple[bytes, bytes]]) -> None:
    """Every relationship leads to a part that is there, and every part is led to."""
    for name in ("docx", "xlsx"):
        with zipfile.ZipFile(io.BytesIO(cleaned[name][1])) as package:
            names = set(package.namelist())
            led_to = {"[Content_Types].xml"}
            for part in names:
                if not part.endswith(".rels"):
                    continue
                folder = part.replace("_rels/", "").rpartition("/")[0]
                text = package.read(part).decode()
                assert "External" not in text
                for target in text.split('Target="')[1:]:
                    led_to.add(f"{folder}/{target.partition(chr(34))[0]}".lstrip("/"))
                led_to.add(part)
            assert names == led_to
            assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_a_picture_in_a_docx_was_cropped_by_is_gone() -> None:
    body = planted.drawing('<a:srcRect l="50000" b="50000"/>')
    data = planted.docx(body=f"<w:p><w:r>{body}</w:r></w:p>")
    with zipfile.ZipFile(io.BytesIO(clean(data).data)) as package:
        pictures = [name for name in package.namelist() if "image" in name]
        sizes = {Image.open(io.BytesIO(package.read(name))).size for name in pictures}
        assert sizes == {(320, 200), (160, 100)}
        assert "srcRect l" not in package.read("word/document.xml").decode()


@pytest.mark.parametrize(
    "body, reason",
    [
        ("<w:p><w:r><w:object/></w:r></w:p>", "embedded"),
        ('<w:altChunk r:id="rX"/>', "embedded"),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r></w:p>", "hidden"),
        ("<w:tbl><w:tr><w:trPr><w:hidden/></w:trPr><w:tc><w:p/></w:tc></w:tr></w:tbl>", "hidden"),
        (planted.field("EQ \\f(1,2)", "").replace("<w:t></w:t>", ""), "embedded"),
    ],
)
def test_a_docx_that_holds_more_than_is_seen_is_refused(body: str, reason: str) -> None:
    with pytest.raises(CannotClean) as refusal:
        clean(planted.docx(body=body if body.startswith("<w:p>") else f"<w:p>{body}</w:p>"))
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "kind, reason",
    [
        ("oleObject", "embedded"),
        ("aFChunk", "embedded"),
        ("vbaProject", "macros"),
        ("diagramData", "embedded"),
        ("video", "embedded"),
        ("control", "embedded"),
    ],
)
def test_a_docx_that_leads_to_other_files_is_refused(kind: str, reason: str) -> None:
    with pytest.raises(CannotClean) as refusal:
        clean(planted.docx(**{kind: "other.bin"}))
    assert refusal.value.reason == reason


def test_form_fields_leave_their_state() -> None:
    def form(data: str) -> str:
        return (
            f'<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="{MARK}"/>{data}'
            "</w:ffData></w:fldChar></w:r><w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r>"
            '<w:fldChar w:fldCharType="end"/></w:r></w:p>'
        )

    ticked = form('<w:checkBox><w:checked w:val="1"/></w:checkBox>')
    chosen = form(
        '<w:ddList><w:result w:val="1"/><w:listEntry w:val="no"/><w:listEntry w:val="yes"/></w:ddList>'
    )
    text = part_of(clean(planted.docx(body=ticked + chosen)).data, "word/document.xml")
    assert "☒" in text and ">yes<" in text and MARK not in text


def test_rows_deleted_with_tracking_are_gone() -> None:
    row = "<w:tr>{}<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc></w:tr>"
    gone = row.format(f'<w:trPr><w:del w:author="{MARK}"/></w:trPr>', MARK)
    body = f"<w:tbl>{gone}{row.format('', SEEN)}</w:tbl>"
    copy = clean(planted.docx(body=body)).data
    assert found(copy) == [] and found(copy, SEEN)


def test_a_workbook_keeps_values_and_drops_formulas(
    cleaned: dict[str, tuple[bytes, bytes]],
) -> None:
    sheet = part_of(cleaned["xlsx"][1], "xl/worksheet1.xml")
    assert "<v>3</v>" in sheet and "<f>" not in sheet and "rightToLeft" in sheet
    assert f"{SEEN} header" in sheet and "selection" not in sheet
    assert 'date1904="1"' in part_of(cleaned["xlsx"][1], "xl/workbook.xml")


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"state": "hidden"}, "hidden"),
        ({"state": "veryHidden"}, "hidden"),
        ({"rows": '<row r="2" hidden="1"><c r="A2"><v>1</v></c></row>'}, "hidden"),
        ({"formula": ""}, "uncalculated"),
    ],
)
def test_a_workbook_that_holds_more_than_is_seen_is_refused(
    changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(CannotClean) as refusal:
        clean(planted.xlsx(**changes))
    assert refusal.value.reason == reason


def test_an_odt_keeps_what_is_seen(cleaned: dict[str, tuple[bytes, bytes]]) -> None:
    copy = cleaned["odt"][1]
    text = part_of(copy, "content.xml")
    for seen in ("one", "two", "three", "link", "four", "author", "five", "six", "cell"):
        assert f"{SEEN} {seen}" in text
    assert "text:page-number" in text and "HN" not in text
    with zipfile.ZipFile(io.BytesIO(copy)) as package:
        first = package.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert len(package.namelist()) == 5


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"body": "<draw:frame><draw:object/></draw:frame>"}, "embedded"),
        ({"body": "<text:p><draw:control/></text:p>"}, "embedded"),
        ({"body": "<text:section text:display='none'><text:p>x</text:p></text:section>"}, "hidden"),
        ({"body": "<text:p><text:hidden-text/></text:p>"}, "hidden"),
        ({"Basic__Standard__Module1.xml": "Sub Main"}, "macros"),
        ({"styles": f"<style:style>{CLIPPED}</style:style>"}, "hidden"),
    ],
)  # fmt: skip
def test_an_odt_that_holds_more_than_is_seen_is_refused(
    changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(CannotClean) as refusal:
        clean(planted.odt(**changes))
    assert refusal.value.reason == reason


# --- page images --------------------------------------------------------------------------------
def test_pages_of_a_pdf() -> None:
    data = planted.pdf(pages=5)
    some = pages(data, first=1, count=3, width=400)
    assert (some.total, len(some.images), some.kind) == (5, 3, Kind.JPEG)
    assert all(decoded(image).width == 400 for image in some.images)
    assert differs(drawn(data, 0), drawn(data, 1)) > 0, "two pages came out as one"
    assert all(found(image) == [] for image in some.images)


def test_a_cleaned_pdf_looks_the_same(cleaned: dict[str, tuple[bytes, bytes]]) -> None:
    original, copy = cleaned["pdf"]
    for page in range(2):
        assert differs(drawn(original, page), drawn(copy, page)) < 0.002
    document = pypdfium2.PdfDocument(copy)
    assert SEEN in document[0].get_textpage().get_text_range()
    assert "Filled in" in document[0].get_textpage().get_text_range()


def test_a_cleaned_pdf_has_pages_and_nothing_else(
    cleaned: dict[str, tuple[bytes, bytes]],
) -> None:
    with pikepdf.open(io.BytesIO(cleaned["pdf"][1])) as document:
        assert set(document.Root.keys()) == {"/Type", "/Pages"}
        assert "/Info" not in document.trailer
        assert set(document.pages[0].obj.keys()) <= {
            "/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents"
        }  # fmt: skip


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "heic"])
def test_a_picture_is_one_page(name: str) -> None:
    page = pages(MAKERS[name](), width=100)
    assert (page.total, len(page.images)) == (1, 1)
    assert decoded(page.images[0]).width == 100
    assert found(page.images[0]) == []


@pytest.mark.parametrize(
    "name, first, reason", [("pdf", 7, "no_page"), ("jpeg", 1, "no_page"), ("docx", 0, "no_pages")]
)
def test_pages_that_are_not_there(name: str, first: int, reason: str) -> None:
    with pytest.raises(CannotClean) as refusal:
        pages(MAKERS[name](), first=first)
    assert refusal.value.reason == reason
