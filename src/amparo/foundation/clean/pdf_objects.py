"""Copies the objects that drawing a page needs, key by known key; every other key stays behind.

Each converter takes an object of the old document and gives one for the new, or None where the
value is not of the form that the standard (ISO 32000) gives it. No object is ever copied whole.
"""

import re
import zlib
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

from amparo.foundation.clean import pdf_content, pdf_fonts, pdf_images
from amparo.foundation.clean.asking import MIB, Limits
from amparo.foundation.clean.pdf_values import (
    Converter,
    components,
    flag,
    number,
    numbers,
    one_of,
)
from amparo.foundation.clean.reasons import CannotClean

DEEPEST = 24  # forms within forms
MOST_CONTENT = 48 * MIB  # unpacked operators of one stream
MOST_DRAWING = 20_000_000  # operators that a reader has to carry out for one page
MOST_LZW = MIB  # packed bytes; the library sets no bound on what LZW unpacks to
DEVICE_SPACES = {1: Name.DeviceGray, 3: Name.DeviceRGB, 4: Name.DeviceCMYK}
PROCESS_COLOURS = ("All", "None", "Cyan", "Magenta", "Yellow", "Black", "Red", "Green", "Blue")
BLENDS = """Normal Compatible Multiply Screen Overlay Darken Lighten ColorDodge ColorBurn HardLight
    SoftLight Difference Exclusion Hue Saturation Color Luminosity"""


def first_unpacked(raw: bytes, most: int) -> bytes:
    """What deflated bytes begin with, up to `most`; nothing where they are damaged."""
    try:
        return zlib.decompressobj().decompress(raw, most)
    except zlib.error:
        return b""


class Scope:
    """Resources while a content stream is copied: used ones come in under new names."""

    def __init__(self, source: Any, rebuilder: "Rebuilder") -> None:
        self.source = source if isinstance(source, Dictionary) else Dictionary()
        self.made = Dictionary()
        self._rebuilder = rebuilder
        self._names: dict[tuple[str, str], Name | None] = {}
        self.weights: dict[str, int] = {}  # of forms, by new name: operators to carry out

    def named(self, category: str, name: Any) -> Name | None:
        """The new name of a resource, copied at its first use; None if it cannot be drawn."""
        key = (category, str(name))
        if key not in self._names:
            of_kind = self.source.get(category, Dictionary())
            found = of_kind.get(str(name)) if isinstance(of_kind, Dictionary) else None
            fresh = None if found is None else self._rebuilder.resource(category, found, self)
            self._names[key] = None if fresh is None else self.add(category, fresh)
        return self._names[key]

    def add(self, category: str, fresh: Any) -> Name:
        """Puts a new object among the resources and gives its name."""
        if category not in self.made:
            self.made[category] = Dictionary()
        name = Name(f"/R{len(self.made[category].keys())}")
        self.made[category][str(name)] = fresh
        if isinstance(fresh, Stream):
            self.weights[str(name)] = self._rebuilder.weights.get(fresh.objgen, 0)
        return name


class Rebuilder:
    """Copies what pages draw from one document into another, each object once."""

    def __init__(self, source: pikepdf.Pdf, made: pikepdf.Pdf, limits: Limits) -> None:
        self.source, self.made, self.limits = source, made, limits
        self._done: dict[tuple[str, tuple[int, int]], Any] = {}
        self._depth = 0
        self._left = limits.unpacked
        self.fonts = 0  # how many font files were copied
        self.weights: dict[tuple[int, int], int] = {}  # of new forms: operators to carry out

    # --- streams and resources -----------------------------------------------------------------

    def scope(self, resources: Any) -> Scope:
        """A new set of resources over old ones."""
        return Scope(resources, self)

    def stream(self, data: bytes, entries: dict[str, Any] | None = None) -> Stream:
        """A new stream; entries without a value are left out."""
        fresh = Stream(self.made, data)
        for key, value in (entries or {}).items():
            if value is not None:
                fresh[key] = value
        return fresh

    def unpacked(self, stream: Any) -> bytes:
        """The bytes of an old stream, counted against the bound for the whole document."""
        filters = pdf_images.filters_of(stream)
        if "/LZWDecode" in filters or "/LZW" in filters:
            self.refuse_long(stream)
        data = stream.read_bytes(pikepdf.StreamDecodeLevel.specialized)
        self.count(len(data))
        return bytes(data)

    def refuse_endless(self, source: Any) -> None:
        """Raises for content that unpacks to more than a page can need, before it is read."""
        streams: Any = source.obj.get("/Contents") if isinstance(source, pikepdf.Page) else source
        for stream in streams if isinstance(streams, Array) else [streams]:
            codings = pdf_images.filters_of(stream) if isinstance(stream, Stream) else []
            if not codings or set(codings) != {"/FlateDecode"}:
                continue
            data = bytes(stream.read_raw_bytes())
            for _ in codings:
                data = first_unpacked(data, MOST_CONTENT + 1)
            if len(data) > MOST_CONTENT:
                raise CannotClean("bomb")

    def refuse_long(self, stream: Any) -> None:
        """Raises for a long LZW stream."""
        if len(stream.read_raw_bytes()) > MOST_LZW:
            raise CannotClean("too_large")

    def count(self, size: int) -> None:
        """Counts unpacked bytes; beyond the bound the document is a bomb."""
        self._left -= size
        if self._left < 0:
            raise CannotClean("bomb")

    def content(self, source: Any, scope: Scope) -> tuple[bytes, int]:
        """The drawing operators of a page or form, rewritten over `scope`; and how many there are
        to carry out, with those of the forms that are drawn."""
        if self._depth >= DEEPEST:
            raise CannotClean("broken")
        self._depth += 1
        try:
            self.refuse_endless(source)
            data, weight = pdf_content.rewritten(source, scope, self)
        finally:
            self._depth -= 1
        self.count(len(data))
        if weight > MOST_DRAWING:
            raise CannotClean("bomb")
        return data, weight

    def once(self, role: str, value: Any, make: Converter) -> Any:
        """Copies an indirect object once per role; what contains itself is left out."""
        key = (role, value.objgen)
        if key[1] == (0, 0):
            return make(value)
        if key not in self._done:
            self._done[key] = None
            fresh = make(value)
            if isinstance(fresh, Dictionary | Array):
                fresh = self.made.make_indirect(fresh)
            self._done[key] = fresh
        return self._done[key]

    def resource(self, category: str, value: Any, scope: Scope) -> Any:
        """A new object for one entry of a resource dictionary, or None."""
        if category == "/XObject":
            return self.xobject(value, scope)
        if category == "/ColorSpace":
            return self.colour_space(value)
        if not isinstance(value, Dictionary | Stream):
            return None
        copying: dict[str, Converter] = {
            "/Font": lambda v: self.once("font", v, lambda f: pdf_fonts.font(f, self)),
            "/ExtGState": lambda v: self.once("state", v, lambda s: self.state(s, scope)),
            "/Pattern": lambda v: self.once("pattern", v, lambda p: self.pattern(p, scope)),
            "/Shading": lambda v: self.once("shading", v, self.shading),
        }
        return copying[category](value) if category in copying else None

    def pick(self, source: Any, schema: dict[str, Converter]) -> dict[str, Any]:
        """The entries of `source` that stand in `schema`, each through its converter."""
        found = {}
        for key, convert in schema.items():
            value = source.get(key)
            fresh = None if value is None else convert(value)
            if fresh is not None:
                found[key] = fresh
        return found

    # --- what can be drawn ---------------------------------------------------------------------

    def xobject(self, value: Any, scope: Scope) -> Any:
        """A picture or a form; anything else is not drawn by readers."""
        if not isinstance(value, Stream):
            return None
        kind = value.get("/Subtype")
        if kind == Name.Image:
            return self.once("image", value, lambda image: pdf_images.image(image, self))
        if kind != Name.Form:
            return None
        if "/Resources" not in value:  # an old habit: the form draws with what its page has
            return self.form(value, scope)
        return self.once("form", value, lambda form: self.form(form, scope))

    def form(self, value: Any, outer: Scope) -> Any:
        """A form: a drawing that pages use."""
        if not isinstance(value, Stream):
            return None
        scope = self.scope(value.get("/Resources", outer.source))
        data, weight = self.content(value, scope)
        entries = self.pick(
            value, {"/BBox": numbers, "/Matrix": numbers, "/Group": lambda g: self.group(g)}
        )
        fixed = {"/Type": Name.XObject, "/Subtype": Name.Form, "/Resources": scope.made}
        made = self.stream(data, {**fixed, **entries})
        self.weights[made.objgen] = weight
        return made

    def group(self, value: Any) -> Any:
        """A transparency group, or None."""
        if not isinstance(value, Dictionary) or value.get("/S") != Name.Transparency:
            return None
        entries = self.pick(value, {"/CS": self.colour_space, "/I": flag, "/K": flag})
        return Dictionary({"/S": Name.Transparency, **entries})

    def state(self, value: Any, scope: Scope) -> Any:
        """A graphics state, without what only presses use."""
        schema: dict[str, Converter] = dict.fromkeys(
            ["/LW", "/LC", "/LJ", "/ML", "/FL", "/CA", "/ca"], number
        )
        schema |= dict.fromkeys(["/SA", "/AIS", "/TK", "/OP", "/op"], flag)
        schema |= {
            "/OPM": number,
            "/D": numbers,
            "/BM": self.blend,
            "/SMask": lambda mask: self.soft_mask(mask, scope),
            "/Font": self.state_font,
        }
        return Dictionary({"/Type": Name.ExtGState, **self.pick(value, schema)})

    def blend(self, value: Any) -> Any:
        """A blend mode, or the first known of several."""
        for mode in value if isinstance(value, Array) else [value]:
            if (known := one_of(BLENDS)(mode)) is not None:
                return known
        return None

    def state_font(self, value: Any) -> Any:
        """A font set by a graphics state: [font, size]."""
        if not isinstance(value, Array) or len(value) != 2 or number(value[1]) is None:
            return None
        if not isinstance(value[0], Dictionary):
            return None
        return Array([self.once("font", value[0], lambda f: pdf_fonts.font(f, self)), value[1]])

    def soft_mask(self, value: Any, scope: Scope) -> Any:
        """A soft mask made by a drawing, or the name None."""
        if not isinstance(value, Dictionary):
            return one_of("None")(value)
        schema: dict[str, Converter] = {
            "/S": one_of("Alpha Luminosity"),
            "/G": lambda form: self.xobject(form, scope),
            "/BC": numbers,
            "/TR": lambda f: one_of("Identity")(f) or self.function(f),
        }
        return Dictionary({"/Type": Name.Mask, **self.pick(value, schema)})

    def pattern(self, value: Any, outer: Scope) -> Any:
        """A tiling (a small drawing) or a shading used as paint."""
        if value.get("/PatternType") == 2:
            schema: dict[str, Converter] = {
                "/Shading": lambda s: self.once("shading", s, self.shading),
                "/Matrix": numbers,
                "/ExtGState": lambda s: self.state(s, outer),
            }
            return Dictionary({"/PatternType": 2, **self.pick(value, schema)})
        if not isinstance(value, Stream):
            return None
        scope = self.scope(value.get("/Resources", outer.source))
        data, _ = self.content(value, scope)
        schema = dict.fromkeys(["/PaintType", "/TilingType", "/XStep", "/YStep"], number)
        schema |= {"/BBox": numbers, "/Matrix": numbers}
        fixed = {"/PatternType": 1, "/Resources": scope.made}
        return self.stream(data, {**fixed, **self.pick(value, schema)})

    def shading(self, value: Any) -> Any:
        """A smooth change of colour, by function or by mesh."""
        schema: dict[str, Converter] = dict.fromkeys(
            [
                "/ShadingType",
                "/BitsPerCoordinate",
                "/BitsPerComponent",
                "/BitsPerFlag",
                "/VerticesPerRow",
            ],
            number,
        )
        schema |= dict.fromkeys(
            ["/Background", "/BBox", "/Domain", "/Matrix", "/Coords", "/Decode"], numbers
        )
        schema |= {
            "/ColorSpace": self.colour_space,
            "/AntiAlias": flag,
            "/Extend": lambda v: Array([bool(x) for x in v]) if isinstance(v, Array) else None,
            "/Function": self.function,
        }
        entries = self.pick(value, schema)
        if isinstance(value, Stream):
            return self.stream(self.unpacked(value), entries)
        return Dictionary(entries)

    # --- colours and functions -----------------------------------------------------------------

    def colour_space(self, value: Any, depth: int = 0) -> Any:
        """A colour space without profiles and names. ICC profiles (with their makers, dates and
        machines) give way to the device space of as many colours."""
        if isinstance(value, Name):
            return one_of("DeviceGray DeviceRGB DeviceCMYK Pattern G RGB CMYK")(value)
        if not isinstance(value, Array) or not len(value) or depth > 4:
            return None
        kind = str(value[0])
        if kind == "/ICCBased" and len(value) > 1 and isinstance(value[1], Stream):
            other = value[1].get("/Alternate")
            if isinstance(other, Array) and str(other[0]) == "/Lab":
                return self.colour_space(other, depth + 1)
            return DEVICE_SPACES.get(number(value[1].get("/N")))
        if kind in ("/CalGray", "/CalRGB", "/Lab") and isinstance(value[1], Dictionary):
            keys = ["/WhitePoint", "/BlackPoint", "/Matrix", "/Range"]
            entries = self.pick(value[1], dict.fromkeys(keys, numbers))
            entries |= self.pick(value[1], {"/Gamma": lambda v: number(v) or numbers(v)})
            return Array([value[0], Dictionary(entries)])
        if kind in ("/Indexed", "/I") and len(value) >= 4:
            return self.indexed(value, depth)
        if kind in ("/Separation", "/DeviceN") and len(value) >= 4:
            base = self.colour_space(value[2], depth + 1)
            tint = self.function(value[3])
            if base is None or tint is None:
                return None
            return Array([value[0], self.colorants(value[1]), base, tint])
        if kind == "/Pattern":
            return Array(
                [Name.Pattern, *([self.colour_space(value[1], depth + 1)] * (len(value) > 1))]
            )
        return self.colour_space(value[0], depth + 1) if len(value) == 1 else None

    def indexed(self, value: Any, depth: int) -> Any:
        """A palette, cut to the colours that it can have."""
        base = self.colour_space(value[1], depth + 1)
        size = components(base)
        if base is None or size is None or not isinstance(value[2], int):
            return None
        highest = max(0, min(255, value[2]))
        table = self.unpacked(value[3]) if isinstance(value[3], Stream) else bytes(value[3])
        return Array([Name.Indexed, base, highest, String(table[: (highest + 1) * size])])

    def colorants(self, value: Any) -> Any:
        """Names of inks: those of the process stay, others are numbered."""
        several = isinstance(value, Array)
        made = [
            name if str(name)[1:] in PROCESS_COLOURS else Name(f"/Spot{place}")
            for place, name in enumerate(value if several else [value])
        ]
        return Array(made) if several else made[0]

    def function(self, value: Any, depth: int = 0) -> Any:
        """A function, or an array of functions; comments in calculators are taken out."""
        if depth > 6:
            return None
        if isinstance(value, Array):
            made = [self.function(item, depth + 1) for item in value]
            return None if None in made else Array(made)
        if not isinstance(value, Dictionary | Stream):
            return None
        schema: dict[str, Converter] = dict.fromkeys(
            ["/FunctionType", "/N", "/BitsPerSample", "/Order"], number
        )
        schema |= dict.fromkeys(
            ["/Domain", "/Range", "/C0", "/C1", "/Bounds", "/Encode", "/Decode", "/Size"], numbers
        )
        schema |= {"/Functions": lambda v: self.function(v, depth + 1)}
        entries = self.pick(value, schema)
        if not isinstance(value, Stream):
            return Dictionary(entries)
        data = self.unpacked(value)
        if value.get("/FunctionType") == 4:
            data = re.sub(rb"%[^\r\n]*", b"", data)
        return self.stream(data, entries)
