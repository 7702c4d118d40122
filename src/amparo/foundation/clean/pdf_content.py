"""Rewrites the operators that draw a page; what draws nothing is left out.

Out go comments, marked content (tags, alternative and "actual" texts, layers), unknown operators
and operands that an operator does not take. Resources come in under new names, only when used.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, Stream, String

if TYPE_CHECKING:
    from amparo.foundation.clean.pdf_objects import Rebuilder, Scope

# Operators that take only numbers, by how many.
NUMERIC = {
    0: "q Q h S s f F f* B B* b b* n W W* BT ET T*",
    1: "w J j M i g G Tc Tw Tz TL Tr Ts",
    2: "m l Td TD d0",
    3: "rg RG",
    4: "v y re k K",
    6: "cm c Tm d1",
}
COUNTS = {word: count for count, words in NUMERIC.items() for word in words.split()}
NAMED = {"Do": "/XObject", "gs": "/ExtGState", "sh": "/Shading"}
INTENTS = ("/AbsoluteColorimetric", "/RelativeColorimetric", "/Saturation", "/Perceptual")
SPACES = ("/DeviceGray", "/DeviceRGB", "/DeviceCMYK", "/Pattern")
# Short forms in inline images (ISO 32000-1, tables 93 and 94).
KEYS = {
    "/BPC": "/BitsPerComponent", "/CS": "/ColorSpace", "/D": "/Decode", "/DP": "/DecodeParms",
    "/F": "/Filter", "/H": "/Height", "/IM": "/ImageMask", "/I": "/Interpolate", "/W": "/Width",
}  # fmt: skip
VALUES = {
    "/G": "/DeviceGray", "/RGB": "/DeviceRGB", "/CMYK": "/DeviceCMYK", "/I": "/Indexed",
    "/AHx": "/ASCIIHexDecode", "/A85": "/ASCII85Decode", "/LZW": "/LZWDecode",
    "/Fl": "/FlateDecode", "/RL": "/RunLengthDecode", "/CCF": "/CCITTFaxDecode",
    "/DCT": "/DCTDecode",
}  # fmt: skip


def rewritten(source: Any, scope: "Scope", rebuilder: "Rebuilder") -> tuple[bytes, int]:
    """The content of a page or stream with known operators only, over the new resources; and
    how many operators a reader carries out for it."""
    made = []
    weight = 0
    for instruction in pikepdf.parse_content_stream(source):
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            name = inline_image(instruction.iimage, scope, rebuilder)
            if name is not None:
                made.append(([name], Operator("Do")))
            continue
        operator = str(instruction.operator)
        operands = kept(operator, list(instruction.operands), scope)
        if operands is not None:
            made.append((operands, Operator(operator)))
            weight += 1 + (scope.weights.get(str(operands[0]), 0) if operator == "Do" else 0)
    return bytes(pikepdf.unparse_content_stream(made)), weight


def is_number(value: Any) -> bool:
    """Whether an operand is a number."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def kept(operator: str, operands: list[Any], scope: "Scope") -> list[Any] | None:
    """The operands as they are written again; None where the whole operator is left out."""
    if operator in COUNTS:
        count = COUNTS[operator]
        fits = len(operands) >= count and all(is_number(x) for x in operands[-count:] if count)
        return operands[len(operands) - count :] if fits else None
    if operator in ("Tj", "TJ", "'", '"'):
        return text(operator, operands)
    if operator in NAMED:
        return one_name(scope.named(NAMED[operator], operands[-1])) if operands else None
    if operator == "Tf":
        return font(operands, scope)
    if operator in ("cs", "CS"):
        return one_name(space(operands[-1], scope)) if operands else None
    if operator in ("sc", "SC", "scn", "SCN"):
        return colour(operands, scope)
    if operator == "d":
        return dashes(operands)
    if operator == "ri":
        return operands[-1:] if operands and str(operands[-1]) in INTENTS else None
    return None


def one_name(name: Any) -> list[Any] | None:
    """One operand, if there is one."""
    return None if name is None else [name]


def text(operator: str, operands: list[Any]) -> list[Any] | None:
    """Strings to show, with the numbers that space them."""
    if not operands:
        return None
    shown = operands[-1]
    if operator == "TJ":
        if not isinstance(shown, Array):
            return None
        return [Array([x for x in shown if is_number(x) or isinstance(x, String)])]
    if not isinstance(shown, String):
        return None
    if operator != '"':
        return [shown]
    spacing = operands[-3:-1]
    return [*spacing, shown] if len(spacing) == 2 and all(map(is_number, spacing)) else None


def font(operands: list[Any], scope: "Scope") -> list[Any] | None:
    """A font and its size."""
    if len(operands) < 2 or not is_number(operands[-1]):
        return None
    name = scope.named("/Font", operands[-2])
    return None if name is None else [name, operands[-1]]


def space(name: Any, scope: "Scope") -> Name | None:
    """A device space by its own name, any other by its new one."""
    return name if str(name) in SPACES else scope.named("/ColorSpace", name)


def colour(operands: list[Any], scope: "Scope") -> list[Any] | None:
    """The numbers of a colour, and the pattern it is painted with."""
    values = [value for value in operands if is_number(value)]
    if not operands or not isinstance(operands[-1], Name):
        return values or None
    pattern = scope.named("/Pattern", operands[-1])
    return None if pattern is None else [*values, pattern]


def dashes(operands: list[Any]) -> list[Any] | None:
    """A dash pattern and where it starts."""
    if len(operands) < 2 or not isinstance(operands[-2], Array) or not is_number(operands[-1]):
        return None
    return [Array([x for x in operands[-2] if is_number(x)]), operands[-1]]


def inline_image(image: Any, scope: "Scope", rebuilder: "Rebuilder") -> Name | None:
    """Moves a picture out of the content, so that it is cleaned like any other."""
    stream = Stream(rebuilder.source, image.read_raw_bytes())
    stream["/Subtype"] = Name.Image
    for key, value in inline_entries(image):
        full = KEYS.get(key, key)
        if full == "/ColorSpace" and isinstance(value, Name) and str(value) not in VALUES:
            found = scope.source.get("/ColorSpace", Dictionary()).get(str(value))
            value = value if found is None else found
        stream[full] = long_form(value)
    fresh = rebuilder.xobject(stream, scope)
    return None if fresh is None else scope.add("/XObject", fresh)


def inline_entries(image: Any) -> list[tuple[str, Any]]:
    """The key and value pairs that stand before the bytes of an inline image."""
    items = list(image._image_object)
    return [(str(items[i]), items[i + 1]) for i in range(0, len(items) - 1, 2)]


def long_form(value: Any) -> Any:
    """A value with short names written out."""
    if isinstance(value, Name):
        return Name(VALUES.get(str(value), str(value)))
    if isinstance(value, Array):
        return Array([long_form(item) for item in value])
    return value
