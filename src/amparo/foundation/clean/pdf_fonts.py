"""Copies fonts for a PDF: the shapes and the widths; names, notices, dates and licences go."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pikepdf import Array, Dictionary, Name, Stream, String

from amparo.foundation.clean import pdf_values as values
from amparo.foundation.clean.reasons import CannotClean

if TYPE_CHECKING:
    from amparo.foundation.clean.pdf_objects import Rebuilder

# What a reader needs of a TrueType or OpenType font inside a PDF (ISO 32000-1, 9.9); not `name`,
# `OS/2`, `DSIG` and `meta`, which tell of makers and owners.
SFNT_TABLES = "cmap glyf loca head hhea hmtx maxp cvt fpgm prep post CFF vhea vmtx"
# Operators of a CFF dictionary whose value is the number of a text about the font.
CFF_TEXTS = (0, 1, 2, 3, 4, 1200, 1221, 1222, 1238)
CFF_FONTS = 1236
CFF_STANDARD_TEXTS = 391
CID_ORDERS = ("Identity", "GB1", "CNS1", "Japan1", "Japan2", "Korea1", "KR")
ENCODINGS = "StandardEncoding MacRomanEncoding WinAnsiEncoding PDFDocEncoding MacExpertEncoding"
HEX = rb"<[0-9A-Fa-f\s]*>"
CMAP_BLOCK = re.compile(
    rb"begin(codespacerange|bfchar|bfrange|cidchar|cidrange|notdefrange)(.*?)end\1", re.DOTALL
)
CMAP_ITEM = re.compile(HEX + rb"|\[(?:\s*" + HEX + rb")*\s*\]|\b\d+\b")
MEASURES = """/Flags /ItalicAngle /Ascent /Descent /Leading /CapHeight /XHeight /StemV /StemH
    /AvgWidth /MaxWidth /MissingWidth /FontWeight"""


def font(source: Any, rebuilder: "Rebuilder") -> Any:
    """A new font dictionary for an old one, or None."""
    kind = values.one_of("Type0 Type1 MMType1 TrueType Type3")(source.get("/Subtype"))
    if kind is None:
        return None
    if kind == Name.Type3:
        return drawn_font(source, rebuilder)
    fresh = Dictionary({"/Type": Name.Font, "/Subtype": kind})
    schema: dict[str, values.Converter] = {
        "/ToUnicode": lambda v: cmap_stream(v, rebuilder),
        "/Encoding": lambda v: encoding(v, rebuilder),
    }
    if kind == Name.Type0:
        schema["/DescendantFonts"] = lambda v: descendants(v, rebuilder)
    else:
        schema |= {"/FirstChar": values.number, "/LastChar": values.number}
        schema |= {"/Widths": values.numbers}
        schema |= {"/FontDescriptor": lambda v: descriptor(v, rebuilder)}
    for key, value in rebuilder.pick(source, schema).items():
        fresh[key] = value
    if kind == Name.Type0:
        if "/DescendantFonts" not in fresh:
            return None
        fresh["/BaseFont"] = fresh["/DescendantFonts"][0]["/BaseFont"]
    else:
        fresh["/BaseFont"] = base_name(source, fresh)
    return fresh


def base_name(source: Any, fresh: Any) -> Name:
    """The name of a font: that of its new descriptor, or the one by which readers replace it."""
    if "/FontDescriptor" in fresh:
        return Name(str(fresh["/FontDescriptor"]["/FontName"]))
    return values.font_name(source.get("/BaseFont")) or Name.Helvetica


def descendants(value: Any, rebuilder: "Rebuilder") -> Any:
    """The one font below a composite font."""
    if not isinstance(value, Array) or not len(value) or not isinstance(value[0], Dictionary):
        return None
    source = value[0]
    schema: dict[str, values.Converter] = {
        "/Subtype": values.one_of("CIDFontType0 CIDFontType2"),
        "/CIDSystemInfo": order,
        "/DW": values.number,
        "/DW2": values.numbers,
        "/W": values.numbers,
        "/W2": values.numbers,
        "/FontDescriptor": lambda v: descriptor(v, rebuilder),
        "/CIDToGIDMap": lambda v: (
            rebuilder.stream(rebuilder.unpacked(v))
            if isinstance(v, Stream)
            else values.one_of("Identity")(v)
        ),
    }
    fresh = Dictionary({"/Type": Name.Font, **rebuilder.pick(source, schema)})
    fresh["/BaseFont"] = base_name(source, fresh)
    return Array([rebuilder.made.make_indirect(fresh)])


def order(value: Any) -> Any:
    """The character collection of a composite font; only Adobe's public ones have a meaning."""
    found = str(value.get("/Ordering", "")) if isinstance(value, Dictionary) else ""
    known = found if found in CID_ORDERS else "Identity"
    supplement = value.get("/Supplement", 0) if isinstance(value, Dictionary) else 0
    return Dictionary(
        {
            "/Registry": String("Adobe"),
            "/Ordering": String(known),
            "/Supplement": supplement if isinstance(supplement, int) else 0,
        }
    )


def encoding(value: Any, rebuilder: "Rebuilder") -> Any:
    """How codes stand for characters: a known name, differences from one, or a map."""
    if isinstance(value, Stream):
        return cmap_stream(value, rebuilder, value.get("/WMode"))
    if isinstance(value, Name):
        return values.font_name(value)  # predefined maps have many names, all of this form
    if not isinstance(value, Dictionary):
        return None
    fresh = Dictionary({"/Type": Name.Encoding})
    base = values.one_of(ENCODINGS)(value.get("/BaseEncoding"))
    if base is not None:
        fresh["/BaseEncoding"] = base
    changes = value.get("/Differences")
    if isinstance(changes, Array):
        fresh["/Differences"] = Array([x for x in changes if isinstance(x, int | Name)])
    return fresh


def descriptor(value: Any, rebuilder: "Rebuilder") -> Any:
    """Measures and the font file. A font that is carried along needs no name of its own."""
    if not isinstance(value, Dictionary):
        return None
    return rebuilder.once("descriptor", value, lambda source: descriptor_anew(source, rebuilder))


def descriptor_anew(source: Any, rebuilder: "Rebuilder") -> Any:
    """The new descriptor of one font."""
    entries = rebuilder.pick(source, dict.fromkeys(MEASURES.split(), values.number))
    entries |= rebuilder.pick(source, {"/FontBBox": values.numbers})
    fresh = Dictionary({"/Type": Name.FontDescriptor, **entries})
    name = values.font_name(source.get("/FontName")) or Name.Helvetica
    for key in ("/FontFile", "/FontFile2", "/FontFile3"):
        program = source.get(key)
        if isinstance(program, Stream):
            fresh[key] = rebuilder.once("program", program, lambda p: program_anew(p, rebuilder))
            rebuilder.fonts += 1
            name = Name(f"/AAAAAA+Font{rebuilder.fonts}")
            break
    fresh["/FontName"] = name
    return fresh


def program_anew(source: Any, rebuilder: "Rebuilder") -> Any:
    """The new font file of one font."""
    lengths = "/Length1 /Length2 /Length3"
    entries = rebuilder.pick(source, dict.fromkeys(lengths.split(), values.number))
    kinds = values.one_of("Type1C CIDFontType0C OpenType")
    entries |= rebuilder.pick(source, {"/Subtype": kinds})
    data = bare_font(rebuilder.unpacked(source))
    if "/Length1" in entries and "/Length2" not in entries:
        entries["/Length1"] = len(data)
    return rebuilder.stream(data, entries)


def drawn_font(source: Any, rebuilder: "Rebuilder") -> Any:
    """A font whose characters are little drawings."""
    shapes = source.get("/CharProcs")
    if not isinstance(shapes, Dictionary):
        return None
    scope = rebuilder.scope(source.get("/Resources"))
    made = Dictionary()
    for name, shape in shapes.items():
        if isinstance(shape, Stream):
            made[name] = rebuilder.stream(rebuilder.content(shape, scope)[0])
    schema: dict[str, values.Converter] = {
        "/FontBBox": values.numbers,
        "/FontMatrix": values.numbers,
        "/FirstChar": values.number,
        "/LastChar": values.number,
        "/Widths": values.numbers,
        "/Encoding": lambda v: encoding(v, rebuilder),
        "/ToUnicode": lambda v: cmap_stream(v, rebuilder),
    }
    fixed = {"/Type": Name.Font, "/Subtype": Name.Type3, "/CharProcs": made}
    fixed["/Resources"] = scope.made
    return Dictionary({**fixed, **rebuilder.pick(source, schema)})


def cmap_stream(value: Any, rebuilder: "Rebuilder", mode: Any = 0) -> Any:
    """A character map written anew from its ranges; a name of a map for one that is known."""
    if not isinstance(value, Stream):
        return values.font_name(value)
    vertical = 1 if mode == 1 else 0
    lines = [
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        b"/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> def",
        b"/CMapName /Map def /CMapType 2 def /WMode %d def" % vertical,
    ]
    for block in CMAP_BLOCK.finditer(rebuilder.unpacked(value)):
        items = CMAP_ITEM.findall(re.sub(rb"%[^\r\n]*", b"", block[2]))
        each = 2 if block[1] in (b"codespacerange", b"bfchar", b"cidchar") else 3
        whole = len(items) // each
        # A block holds at most 100 entries (Adobe's rule, which some readers insist on).
        for start in range(0, whole, 100):
            end = min(whole, start + 100)
            lines.append(b"%d begin%s" % (end - start, block[1]))
            for row in range(start, end):
                lines.append(b" ".join(items[row * each : (row + 1) * each]))
            lines.append(b"end" + block[1])
    lines.append(b"endcmap CMapName currentdict /CMap defineresource pop end end")
    entries = {"/WMode": 1} if vertical else {}
    return rebuilder.stream(b"\n".join(lines), entries)


def bare_font(data: bytes) -> bytes:
    """A font file without what it says about itself."""
    if data[:4] in (b"\x00\x01\x00\x00", b"true", b"OTTO"):
        return bare_sfnt(data)
    if data[:2] == b"%!" or data[:1] == b"\x80":
        return bare_type1(data)
    if data[:1] == b"\x01" and len(data) > 4:
        return bare_cff(data)
    raise CannotClean("broken")


def bare_sfnt(data: bytes) -> bytes:
    """A TrueType or OpenType font with the tables that shapes need, and no dates."""
    tables = {}
    for place in range(int.from_bytes(data[4:6], "big")):
        entry = data[12 + 16 * place : 28 + 16 * place]
        start, length = int.from_bytes(entry[8:12], "big"), int.from_bytes(entry[12:16], "big")
        if entry[:4].strip().decode("latin-1") in SFNT_TABLES.split():
            if start + length > len(data):
                raise CannotClean("broken")
            tables[entry[:4]] = data[start : start + length]
    if b"head" in tables:  # when it was made and changed
        tables[b"head"] = tables[b"head"][:20] + bytes(16) + tables[b"head"][36:]
    if b"CFF " in tables:
        tables[b"CFF "] = bare_cff(tables[b"CFF "])
    if b"post" in tables and tables[b"post"][:4] == b"\x00\x04\x00\x00":
        del tables[b"post"]
    return packed_sfnt(data[:4], tables)


def packed_sfnt(version: bytes, tables: dict[bytes, bytes]) -> bytes:
    """The tables as a font file."""
    power = max(1, len(tables)).bit_length() - 1
    reach = 16 << power
    head = version + b"".join(
        value.to_bytes(2, "big")
        for value in (len(tables), reach, power, max(0, 16 * len(tables) - reach))
    )
    at = 12 + 16 * len(tables)
    body = b""
    for name in sorted(tables):
        table = tables[name]
        padded = table + bytes(-len(table) % 4)
        total = sum(int.from_bytes(padded[i : i + 4], "big") for i in range(0, len(padded), 4))
        head += name + (total & 0xFFFFFFFF).to_bytes(4, "big")
        head += (at + len(body)).to_bytes(4, "big") + len(table).to_bytes(4, "big")
        body += padded
    return head + body


def bare_type1(data: bytes) -> bytes:
    """A Type 1 font with its notices blanked; lengths stay, since the PDF counts on them."""
    end = data.find(b"eexec")
    if end < 0:
        raise CannotClean("broken")
    text = data[:end]
    text = re.sub(
        rb"/(version|Notice|Copyright|FullName|FamilyName|Weight)(\s*)\((?:\\.|[^()\\])*\)",
        lambda m: b"/" + m[1] + m[2] + b"(" + b" " * (len(m[0]) - len(m[1]) - len(m[2]) - 3) + b")",
        text,
        flags=re.DOTALL,
    )
    text = re.sub(rb"(?<!^)%[^\r\n]*", lambda m: b" " * len(m[0]), text)
    first = re.match(rb"(%!PS-AdobeFont-1\.\d|%!FontType1-1\.\d|%!)([^\r\n]*)", text)
    if first:
        text = first[1] + b" " * len(first[2]) + text[first.end() :]
    return text + data[end:]


def bare_cff(data: bytes) -> bytes:
    """A CFF font whose texts about itself are blanked in place, so that no offset moves."""
    out = bytearray(data)
    try:
        names, at = cff_index(data, data[2])
        dictionaries, at = cff_index(data, at)
        texts, _ = cff_index(data, at)
        for start, end in names:
            out[start:end] = b"F" * (end - start)
        wanted: set[int] = set()
        for start, end in dictionaries:
            wanted |= cff_texts(data, start, end, follow=True)
        for number in wanted:
            if 0 <= number - CFF_STANDARD_TEXTS < len(texts):
                start, end = texts[number - CFF_STANDARD_TEXTS]
                out[start:end] = b" " * (end - start)
    except (IndexError, ValueError) as failure:
        raise CannotClean("broken") from failure
    return bytes(out)


def cff_index(data: bytes, at: int) -> tuple[list[tuple[int, int]], int]:
    """The (start, end) of each entry of an index, and where the index ends."""
    count = int.from_bytes(data[at : at + 2], "big")
    if not count:
        return [], at + 2
    size = data[at + 2]
    if not 1 <= size <= 4 or at + 3 + (count + 1) * size > len(data):
        raise ValueError("not an index")
    table = at + 3
    base = table + (count + 1) * size - 1
    offsets = [
        base + int.from_bytes(data[table + i * size : table + (i + 1) * size], "big")
        for i in range(count + 1)
    ]
    if offsets[-1] > len(data) or any(a > b for a, b in pairwise(offsets)):
        raise ValueError("not an index")
    return list(pairwise(offsets)), offsets[-1]


def cff_texts(data: bytes, at: int, end: int, *, follow: bool) -> set[int]:
    """The numbers of the texts that a dictionary names; `follow` looks into fonts below it."""
    found: set[int] = set()
    stack: list[int] = []
    while at < end:
        first = data[at]
        at += 1
        if first <= 21:
            operator = first
            if first == 12:
                operator = 1200 + data[at]
                at += 1
            if operator in CFF_TEXTS and stack:
                found.add(stack[-1])
            elif operator == CFF_FONTS and stack and follow:
                for start, stop in cff_index(data, stack[-1])[0]:
                    found |= cff_texts(data, start, stop, follow=False)
            stack = []
        elif first == 28:
            stack.append(int.from_bytes(data[at : at + 2], "big", signed=True))
            at += 2
        elif first == 29:
            stack.append(int.from_bytes(data[at : at + 4], "big", signed=True))
            at += 4
        elif first == 30:
            while at < end and data[at] & 0xF != 0xF and data[at] >> 4 != 0xF:
                at += 1
            at += 1
            stack.append(0)
        elif first <= 246:
            stack.append(first - 139)
        elif first <= 250:
            stack.append((first - 247) * 256 + data[at] + 108)
            at += 1
        else:
            stack.append(-(first - 251) * 256 - data[at] - 108)
            at += 1
    return found
