"""Copies the pictures inside a PDF as pixels; what rides along in their coding is left behind."""

import io
from typing import TYPE_CHECKING, Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

from amparo.foundation.clean import containers, images
from amparo.foundation.clean.pdf_values import components, flag, number, numbers
from amparo.foundation.clean.reasons import CannotClean

if TYPE_CHECKING:
    from amparo.foundation.clean.pdf_objects import Rebuilder
# JBIG2 segments that say something instead of drawing: end of file, profiles, extensions
# (comments). The numbers are those of ITU-T T.88, 7.3.
SILENT_SEGMENTS = (51, 52, 62)


def image(source: Any, rebuilder: "Rebuilder") -> Any:
    """A new picture for an old one. Raises CannotClean where it cannot be taken apart."""
    width, height = source.get("/Width"), source.get("/Height")
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return None
    if width * height > rebuilder.limits.pixels:
        raise CannotClean("bomb")
    entries = rebuilder.pick(
        source,
        {
            "/Width": number,
            "/Height": number,
            "/BitsPerComponent": number,
            "/ImageMask": flag,
            "/Interpolate": flag,
            "/Decode": numbers,
            "/Matte": numbers,
            "/ColorSpace": rebuilder.colour_space,
            "/SMask": lambda mask: other_image(mask, rebuilder),
            "/Mask": lambda mask: numbers(mask) or other_image(mask, rebuilder),
        },
    )
    if "/ColorSpace" in source and "/ColorSpace" not in entries:
        raise CannotClean("broken")
    entries = {"/Type": Name.XObject, "/Subtype": Name.Image, **entries}
    coding = last_filter(source)
    if coding in ("/DCTDecode", "/DCT"):
        data = containers.bare_jpeg(before_last_filter(source, rebuilder))
        entries["/Filter"] = Name.DCTDecode
        parameters = last_parameters(source).get("/ColorTransform")
        if parameters in (0, 1):
            entries["/DecodeParms"] = Dictionary({"/ColorTransform": parameters})
        return rebuilder.stream(data, entries)
    if coding == "/JBIG2Decode":
        return jbig2(source, entries, rebuilder)
    if coding == "/JPXDecode":
        return jpeg2000(source, entries, rebuilder)
    if coding in ("/CCITTFaxDecode", "/CCF"):
        drawn = pikepdf.PdfImage(source).as_pil_image(apply_decode_array=False, apply_mask=False)
        return rebuilder.stream(drawn.convert("1").tobytes(), {**entries, "/BitsPerComponent": 1})
    return rebuilder.stream(samples(source, entries, rebuilder), entries)


def other_image(value: Any, rebuilder: "Rebuilder") -> Any:
    """A picture that masks another."""
    if not isinstance(value, Stream):
        return None
    return rebuilder.once("image", value, lambda mask: image(mask, rebuilder))


def filters_of(source: Any) -> list[str]:
    """The names of the codings of a stream, in the order in which they are undone."""
    value = source.get("/Filter")
    if value is None:
        return []
    return [str(name) for name in value] if isinstance(value, Array) else [str(value)]


def last_filter(source: Any) -> str:
    """The coding closest to the pixels, or ""."""
    return (filters_of(source) or [""])[-1]


def last_parameters(source: Any) -> Any:
    """The parameters of that coding."""
    value = source.get("/DecodeParms")
    if isinstance(value, Array):
        value = value[-1] if len(value) else None
    return value if isinstance(value, Dictionary) else Dictionary()


def before_last_filter(source: Any, rebuilder: "Rebuilder") -> bytes:
    """The bytes with every coding undone but the last."""
    outer = filters_of(source)[:-1]
    raw = bytes(source.read_raw_bytes())
    if not outer:
        return raw
    between = Stream(rebuilder.source, raw)
    between["/Filter"] = Array([Name(name) for name in outer])
    return rebuilder.unpacked(between)


def samples(source: Any, entries: dict[str, Any], rebuilder: "Rebuilder") -> bytes:
    """The samples of a picture, cut to as many as it has."""
    data = rebuilder.unpacked(source)
    mask = entries.get("/ImageMask") is True
    colours = 1 if mask else components(entries.get("/ColorSpace"))
    bits = 1 if mask else entries.get("/BitsPerComponent", 8)
    if colours is None or not isinstance(bits, int):
        raise CannotClean("broken")
    row = (entries["/Width"] * colours * bits + 7) // 8
    return data[: row * entries["/Height"]]


def jpeg2000(source: Any, entries: dict[str, Any], rebuilder: "Rebuilder") -> Any:
    """A JPEG 2000 picture as plain samples: its boxes can hold XML, profiles and makers' marks."""
    data = before_last_filter(source, rebuilder)
    try:
        drawn: Image.Image = Image.open(io.BytesIO(data), formats=("JPEG2000",))
        if drawn.width * drawn.height > rebuilder.limits.pixels:
            raise CannotClean("bomb")
        drawn.load()
    except (OSError, SyntaxError, ValueError) as failure:
        raise CannotClean("broken") from failure
    if drawn.mode in ("LA", "RGBA"):
        if last_parameters(source) or source.get("/SMaskInData", 0) in (1, 2):
            alpha: dict[str, Any] = {"/Type": Name.XObject, "/Subtype": Name.Image}
            alpha |= {"/Width": drawn.width, "/Height": drawn.height, "/BitsPerComponent": 8}
            alpha |= {"/ColorSpace": Name.DeviceGray}
            entries["/SMask"] = rebuilder.stream(drawn.getchannel("A").tobytes(), alpha)
        drawn = drawn.convert(drawn.mode[:-1])
    if drawn.mode not in ("L", "RGB", "P"):
        raise CannotClean("broken")
    colours = 3 if drawn.mode == "RGB" else 1
    given = entries.get("/ColorSpace")
    if components(given) != colours:
        drawn = drawn.convert("RGB") if drawn.mode == "P" else drawn
        given = Name.DeviceRGB if drawn.mode == "RGB" else Name.DeviceGray
    entries |= {"/Width": drawn.width, "/Height": drawn.height, "/ColorSpace": given}
    entries["/BitsPerComponent"] = 8
    if given in (Name.DeviceRGB, Name.DeviceGray):
        bare = Image.new(drawn.mode, drawn.size)
        bare.paste(drawn)
        return rebuilder.stream(images.as_jpeg(bare), {**entries, "/Filter": Name.DCTDecode})
    rebuilder.count(drawn.width * drawn.height * colours)
    return rebuilder.stream(drawn.tobytes(), entries)


def jbig2(source: Any, entries: dict[str, Any], rebuilder: "Rebuilder") -> Any:
    """A JBIG2 picture without segments that draw nothing."""
    shared = last_parameters(source).get("/JBIG2Globals")
    data = drawing_segments(before_last_filter(source, rebuilder))
    entries["/Filter"] = Name.JBIG2Decode
    if isinstance(shared, Stream):
        fresh = rebuilder.once(
            "jbig2", shared, lambda s: rebuilder.stream(drawing_segments(rebuilder.unpacked(s)))
        )
        entries["/DecodeParms"] = Dictionary({"/JBIG2Globals": fresh})
    return rebuilder.stream(data, entries)


def drawing_segments(data: bytes) -> bytes:
    """Only those segments of an embedded JBIG2 stream that take part in drawing."""
    out = bytearray()
    at = 0
    while at < len(data):
        start = at
        if at + 11 > len(data):
            break  # padding
        segment = int.from_bytes(data[at : at + 4], "big")
        flags = data[at + 4]
        at += 5
        references = data[at] >> 5
        if references == 7:
            references = int.from_bytes(data[at : at + 4], "big") & 0x1FFFFFFF
            at += 4 + (references + 8) // 8
        else:
            at += 1
        at += references * (1 if segment <= 256 else 2 if segment <= 65536 else 4)
        at += 4 if flags & 0x40 else 1
        length = int.from_bytes(data[at : at + 4], "big")
        at += 4
        if length == 0xFFFFFFFF:  # only the last, a region of unknown height, may leave it open
            if flags & 0x3F != 38:
                raise CannotClean("broken")
            out += data[start:]
            break
        at += length
        if at > len(data):
            raise CannotClean("broken")
        if flags & 0x3F not in SILENT_SEGMENTS:
            out += data[start:at]
    return bytes(out)
