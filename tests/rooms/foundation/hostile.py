"""Files that are not what they seem: of two kinds at once, programs, bombs, damaged. All made here."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

from tests.rooms.foundation import planted
from tests.rooms.foundation.planted import MARK, W

PAYLOAD = f"<script>alert('{MARK}')</script>".encode()
UTF_7 = b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x><x/>'
ARCHIVE = planted.package({"evil.class": MARK * 10})


def zip_of(parts: dict[str, bytes], **entry: object) -> bytes:
    """A ZIP whose entries have these attributes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in entry.items():
                setattr(info, key, value)
            made.writestr(info, data)
    return out.getvalue()


def repacked(package: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A package after a change of its parts."""
    with zipfile.ZipFile(io.BytesIO(package)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    return planted.package(dict(parts), stored="mimetype")


def with_part(package: bytes, name: str, data: bytes) -> bytes:
    """A package in which one part is another."""
    return repacked(package, lambda parts: parts.update({name: data}))


def plain(kind: str) -> bytes:
    """A picture with nothing planted, noisy enough to be larger than what is sniffed at."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(out, kind)
    return out.getvalue()


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of these chunks."""
    body = b"".join(n + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for n, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


# --- bombs --------------------------------------------------------------------------------------
def png_bomb(width: int = 60000, height: int = 60000) -> bytes:
    """A small PNG that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20), 9)
    start = b"\x89PNG\r\n\x1a\n" + planted.chunk(b"IHDR", head)
    return start + planted.chunk(b"IDAT", rows) + planted.chunk(b"IEND", b"")


def blanks(mebibytes: int = 1024) -> bytes:
    """Deflated blanks, made in no time: one mebibyte is packed, its packing is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(b"")
    piece = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * mebibytes + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def png_text_bomb() -> bytes:
    """A PNG with a text that unpacks to a gigabyte."""
    data = plain("PNG")
    return data[:33] + planted.chunk(b"zTXt", b"Comment\0\0\x78\xda" + blanks()) + data[33:]


def jpeg_bomb() -> bytes:
    """A JPEG that says it is huge."""
    data = plain("JPEG")
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", 65500, 65500) + data[frame + 9 :]


def deflated_bomb(package: bytes, name: str, size: int, told: int | None = None) -> bytes:
    """A package whose part `name` unpacks to `size` mebibytes of blanks, and declares `told` bytes."""
    with zipfile.ZipFile(io.BytesIO(package)) as source:
        parts = {part: source.read(part) for part in source.namelist() if part != name}
    told = told or size << 20
    return raw_zip([*parts.items()], [(name, blanks(size), 0, told)])


def raw_zip(
    plain_parts: list[tuple[str, bytes]],
    packed_parts: list[tuple[str, bytes, int, int]],
    again: int = 1,
) -> bytes:
    """A ZIP written by hand: parts as they are, and packed ones with any declared size.

    `again` lists each packed part so many times over the same bytes.
    """
    out, directory, count = bytearray(), bytearray(), 0
    rows = [(n, d, zlib.crc32(d), len(d), 0) for n, d in plain_parts]
    rows += [(n, d, c, s, 8) for n, d, c, s in packed_parts]
    for name, data, crc, size, method in rows:
        at = len(out)
        label = name.encode()
        facts = struct.pack(
            "<HHHHHIIIHH", 20, 0, method, 0, 33, crc, len(data), size, len(label), 0
        )
        out += b"PK\x03\x04" + facts + label + data
        for copy in range(again if method else 1):
            named = label if not copy else f"{name}{copy}".encode()
            facts = struct.pack(
                "<HHHHHHIIIHHHHHII", 20, 20, 0, method, 0, 33, crc, len(data), size, len(named),
                0, 0, 0, 0, 0, at,
            )  # fmt: skip
            directory += b"PK\x01\x02" + facts + named
            count += 1
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory + b"PK\x05\x06" + end)


def laughs(root: str) -> bytes:
    """XML with entities made of entities."""
    names = "abcdefghij"
    rows = "".join(
        f'<!ENTITY {name} "{f"&{names[place - 1]};" * 10 if place else "ha" * 10}">'
        for place, name in enumerate(names)
    )
    return f"<!DOCTYPE x [{rows}]>{root}".encode()


def pdf_of(change: Callable[[pikepdf.Pdf, pikepdf.Object], None], **save: object) -> bytes:
    """A PDF of one page as `change` leaves it."""
    made = pikepdf.Pdf.new()
    page = made.make_indirect(
        Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 100, 100]), Resources=Dictionary())
    )
    made.pages.append(pikepdf.Page(page))
    change(made, made.pages[0].obj)
    out = io.BytesIO()
    made.save(out, **save)
    return out.getvalue()


def pdf_stream_bomb(times: int = 1) -> bytes:
    """A page whose content unpacks to a gigabyte, packed `times` over."""

    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        packed = b"\x78\xda" + blanks()
        for _ in range(times - 1):
            packed = zlib.compress(packed, 9)
        content = Stream(made, packed)
        content.Filter = Array([Name.FlateDecode] * times)
        page.Contents = content

    unchanged = pikepdf.StreamDecodeLevel.none
    return pdf_of(change, stream_decode_level=unchanged, compress_streams=False)


def pdf_of_forms() -> bytes:
    """Forms that draw the next one ten times, ten deep: ten thousand million drawings."""

    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        names = Dictionary()
        page.Resources.XObject = names
        for place in range(10):
            form = Stream(made, f"/F{place + 1} Do ".encode() * 10)
            form.Subtype, form.BBox = Name.Form, Array([0, 0, 1, 1])
            names[f"/F{place}"] = form  # no resources of their own: they borrow from the page
        page.Contents = Stream(made, b"/F0 Do")

    return pdf_of(change)


def pdf_deep() -> bytes:
    """Arrays within arrays, ten thousand deep."""
    data = pdf_of(lambda made, page: None)
    return data.replace(b"/MediaBox", b"/Deep " + b"[" * 10000 + b"]" * 10000 + b"/MediaBox", 1)


def pdf_image_bomb() -> bytes:
    """A page with a picture that says it is huge."""

    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        image = Stream(made, b"x")
        for key, value in planted.image_keys(100_000, 100_000, Name.DeviceGray).items():
            image[key] = value
        page.Resources.XObject = Dictionary(X=image)
        page.Contents = Stream(made, b"/X Do")

    return pdf_of(change)


def pdf_form_program() -> bytes:
    """A form that is built by a program when it is opened."""

    def change(made: pikepdf.Pdf, page: pikepdf.Object) -> None:
        made.Root.NeedsRendering = True
        made.Root.AcroForm = Dictionary(XFA=Stream(made, PAYLOAD), Fields=Array())

    return pdf_of(change)


def office_bombs() -> dict[str, tuple[bytes, str]]:
    """Packages that unpack to far more than they are, or list far more than they hold."""
    docx, xlsx, odt = planted.docx(), planted.xlsx(), planted.odt()
    noise = Image.effect_noise((1024, 1024), 90).tobytes()
    noise = zlib.compress(noise, wbits=-15)
    crowd = {f"word/{number}.xml": b"" for number in range(5000)}
    return {
        "docx that unpacks to a gigabyte": (
            deflated_bomb(docx, "word/document.xml", 1024), "bomb"),
        "xlsx that unpacks to a gigabyte": (
            deflated_bomb(xlsx, "xl/worksheets/sheet1.xml", 1024), "bomb"),
        "odt that unpacks to a gigabyte": (deflated_bomb(odt, "content.xml", 1024), "bomb"),
        "docx that lies about its size": (
            deflated_bomb(docx, "word/document.xml", 512, told=1000), "broken"),
        "docx whose parts overlap": (
            raw_zip([("[Content_Types].xml", b"")], [("word/a", blanks(32), 0, 32 << 20)], again=200),
            "bomb"),
        "docx whose parts overlap and pack badly": (
            raw_zip([("[Content_Types].xml", b"")], [("word/a", noise, 0, 1 << 20)], again=200),
            "bomb"),
        "docx that unpacks to a hundred megabytes": (
            deflated_bomb(docx, "word/document.xml", 100), "bomb"),
        "docx of five thousand parts": (zip_of({"word/document.xml": b"", **crowd}), "bomb"),
        "docx with laughing entities": (
            with_part(docx, "word/document.xml", laughs("<x>&j;</x>")), "broken"),
        "docx with laughs in an attribute": (
            with_part(docx, "word/document.xml", laughs('<x a="&j;"/>')), "broken"),
        "docx with laughs in UTF-16": (
            with_part(docx, "word/document.xml", laughs("<x>&j;</x>").decode().encode("utf-16")),
            "broken"),
        "docx with laughs in UTF-7": (
            with_part(docx, "word/document.xml", UTF_7), "broken"),
        "docx nested a hundred thousand deep": (
            with_part(docx, "word/document.xml", b"<a>" * 100_000 + b"</a>" * 100_000), "broken"),
        "docx with a huge picture": (
            repacked(docx, lambda p: p.update({f"word/media/{MARK}.jpeg": png_bomb()})), "bomb"),
    }  # fmt: skip


def pdf_bombs() -> dict[str, tuple[bytes, str]]:
    """Documents that would not end."""
    return {
        "pdf whose page unpacks to a gigabyte": (pdf_stream_bomb(), "bomb"),
        "pdf packed twice over": (pdf_stream_bomb(2), "bomb"),
        "pdf packed forty times over": (pdf_stream_bomb(40), "bomb"),
        "pdf of forms without end": (pdf_of_forms(), "bomb"),
        "pdf with a huge picture": (pdf_image_bomb(), "bomb"),
        "pdf nested ten thousand deep": (pdf_deep(), "bomb"),
    }


def picture_bombs() -> dict[str, tuple[bytes, str]]:
    """Pictures that say they are huge."""
    return {
        "png that says it is huge": (png_bomb(), "bomb"),
        "png that is long and thin": (png_bomb(2_000_000_000, 1), "bomb"),
        "png whose text unpacks to a gigabyte": (png_text_bomb(), "broken"),
        "jpeg that says it is huge": (jpeg_bomb(), "bomb"),
        "webp that says it is huge": (
            riff((b"VP8X", b"\x10\0\0\0" + b"\xff\x3f\0" * 2), (b"VP8L", b"\x2f" + bytes(60))),
            "broken"),
    }  # fmt: skip


# --- programs, mixtures, damage -----------------------------------------------------------------
def said_in_a_jpeg(said: bytes) -> bytes:
    """A JPEG that says something in its first comment."""
    data = plain("JPEG")
    return data[:2] + planted.segment(0xFE, said) + data[2:]


def moving(kind: str) -> bytes:
    """A picture of two frames."""
    out = io.BytesIO()
    first, second = planted.picture((8, 8)), Image.new("RGB", (8, 8))
    first.save(out, kind, save_all=True, append_images=[second])
    return out.getvalue()


def not_one_kind() -> dict[str, tuple[bytes, str]]:
    """Files that are refused by their first bytes: (bytes, the name they are given)."""
    film = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(99)
    return {
        "nothing": (b"", "x.jpg"),
        "one byte": (b"\xff", "x.jpg"),
        "text": (b"hello", "x.txt"),
        "page named as a picture": (b"<!DOCTYPE html>" + PAYLOAD, "x.jpg"),
        "page with a picture's first bytes": (b"\xff\xd8\xff\xe0" + PAYLOAD, "x.jpg"),
        "gif that is a script": (b"GIF89a/*" + PAYLOAD + b"*/=1;", "x.gif"),
        "gif": (plain("GIF"), "x.gif"),
        "drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'>" + PAYLOAD, "x.svg"),
        "drawing behind a mark": (b"\xef\xbb\xbf<?xml version='1.0'?><svg>" + PAYLOAD, "x.png"),
        "program for windows": (b"MZ" + bytes(100), "x.jpg"),
        "program for linux": (b"\x7fELF" + bytes(100), "x"),
        "script": (b"#!/bin/sh\n", "x.pdf"),
        "rich text": (rb"{\rtf1\ansi " + PAYLOAD + b"}", "x.doc"),
        "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "x.doc"),
        "film": (film, "x.mp4"),
        "avif": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(99), "x.heic"),
        "film called a picture": (b"\0\0\0\x18ftypmif1\0\0\0\0mp42isom" + bytes(99), "x.heic"),
        "tiff": (plain("TIFF"), "x.tif"),
        "bitmap": (plain("BMP"), "x.bmp"),
        "icon": (plain("ICO"), "x.ico"),
        "jpeg 2000": (plain("JPEG2000"), "x.jp2"),
        "archive": (ARCHIVE, "x.zip"),
        "archive behind a picture's name": (ARCHIVE, "x.jpg"),
        "java": (zip_of({"META-INF/MANIFEST.MF": b"", "word/a": b""}), "x.docx"),
        "slides": (zip_of({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}), "x"),
        "text and table": (zip_of({"word/document.xml": b"", "xl/workbook.xml": b""}), "x"),
        "pdf behind junk": (b"junk\n" + planted.pdf(1), "x.pdf"),
        "pdf that is a page": (b"%PDF-1.4\n" + PAYLOAD + planted.pdf(1), "x.pdf"),
        "pdf in a jpeg's beginning": (said_in_a_jpeg(b"%PDF-1.4"), "x"),
        "page in a jpeg's beginning": (said_in_a_jpeg(PAYLOAD), "x.jpg"),
        "archive in a jpeg's beginning": (said_in_a_jpeg(ARCHIVE), "x"),
    }


def bad_packages() -> dict[str, tuple[bytes, str]]:
    """Packages that have no cleaned copy: (bytes, reason)."""
    docx, odt = planted.docx(), planted.odt()
    document, types = "word/document.xml", "[Content_Types].xml"
    image = f"word/media/{MARK}.jpeg"
    macro = planted.types(
        word__document="application/vnd.ms-word.document.macroEnabled.main+xml"
    ).encode()
    outside = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    lock = b"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"

    def changed(package: bytes, part: str, old: bytes, new: bytes) -> bytes:
        return repacked(package, lambda parts: parts.update({part: parts[part].replace(old, new)}))

    strict = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
    end = b"</manifest:manifest>"
    twice = [("word/document.xml", b"<a/>"), ("WORD/document.xml", b"<b/>")]
    return {
        "docx with programs": (with_part(docx, "word/vbaProject.bin", b"x"), "macros"),
        "docm": (with_part(docx, types, macro), "macros"),
        "strict docx": (changed(docx, document, W.encode(), strict), "kind"),
        "docx without types": (repacked(docx, lambda parts: parts.pop(types)), "broken"),
        "docx without relations": (repacked(docx, lambda parts: parts.pop("_rels/.rels")), "kind"),
        "docx with an entity from outside": (with_part(docx, document, outside), "broken"),
        "docx that climbs out": (with_part(docx, "../../etc/passwd", b"x"), "broken"),
        "docx with one part twice": (raw_zip(twice, []), "broken"),
        "docx packed otherwise": (zip_of({document: b""}, compress_type=zipfile.ZIP_BZIP2), "broken"),
        "docx with a drawn program": (with_part(docx, image, b"\1\0\0\0" + bytes(99)), "embedded"),
        "docx with a page for a picture": (with_part(docx, image, PAYLOAD), "embedded"),
        "odt that is locked": (
            changed(odt, "META-INF/manifest.xml", end, lock + end), "locked"),
        "odt with entities": (with_part(odt, "content.xml", laughs("<x>&j;</x>")), "broken"),
        "odt of drawings": (changed(odt, "content.xml", b"office:text>", b"office:image>"), "kind"),
    }  # fmt: skip


def refused_when_opened() -> dict[str, tuple[bytes, str]]:
    """Files that look like their kind and have no cleaned copy: (bytes, reason)."""
    lost = pdf_of(lambda made, page: None).replace(b"/Kids [", b"/Kidz [")
    return {
        **bad_packages(),
        "moving png": (moving("PNG"), "animated"),
        "moving webp": (moving("WEBP"), "animated"),
        "pdf form that is a program": (pdf_form_program(), "form"),
        "pdf without pages": (lost, "broken"),
        "pdf of nothing": (b"%PDF-1.7\n" + bytes(1000), "broken"),
        "jpeg of nothing": (b"\xff\xd8\xff" + bytes(1000), "broken"),
        "png of nothing": (b"\x89PNG\r\n\x1a\n" + bytes(1000), "broken"),
        "webp of nothing": (b"RIFF\x64\0\0\0WEBP" + bytes(1000), "broken"),
        "heic of nothing": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(1000), "broken"),
    }


def made_harmless() -> dict[str, bytes]:
    """Files of two kinds of which the copy is only one: what was added holds MARK."""
    tail = {"an archive": ARCHIVE, "a page": PAYLOAD, "a pdf": b"%PDF-1.4 " + MARK.encode()}
    tail["a program"] = b"MZ" + MARK.encode()
    files = {
        f"{kind.lower()} and {what}": plain(kind) + extra
        for kind in ("JPEG", "PNG", "WEBP")
        for what, extra in tail.items()
    }
    files |= {f"pdf and {what}": planted.pdf(1) + extra for what, extra in tail.items()}
    files["heic and an archive"] = planted.heic() + ARCHIVE
    files["pdf with an update"] = planted.pdf(1) + b"\n" + String(MARK).unparse() + b"\n%%EOF"
    return files
