"""The plain values of a PDF, each let through only in the form that the standard gives it."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pikepdf import Array, Name

FONT_NAME = re.compile(r"/[A-Za-z0-9+,._-]{1,80}")

Converter = Callable[[Any], Any]


def number(value: Any) -> Any:
    """A number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value


def numbers(value: Any, depth: int = 3) -> Array | None:
    """An array of numbers (and arrays of such, as far as `depth`), or None."""
    if not isinstance(value, Array) or depth < 1:
        return None
    made = Array()
    for item in value:
        fresh = number(item) if not isinstance(item, Array) else numbers(item, depth - 1)
        if fresh is None:
            return None
        made.append(fresh)
    return made


def flag(value: Any) -> Any:
    """True, False or None."""
    return value if isinstance(value, bool) else None


def one_of(words: str) -> Converter:
    """A converter that lets only these names through."""
    known = {f"/{word}" for word in words.split()}
    return lambda value: value if isinstance(value, Name) and str(value) in known else None


def font_name(value: Any) -> Any:
    """The name of a font as programs write it, or None."""
    fits = isinstance(value, Name) and FONT_NAME.fullmatch(str(value))
    return value if fits else None


def components(space: Any) -> int | None:
    """How many numbers make one colour in a (new) colour space."""
    if isinstance(space, Name):
        return {
            "/DeviceGray": 1,
            "/G": 1,
            "/DeviceRGB": 3,
            "/RGB": 3,
            "/DeviceCMYK": 4,
            "/CMYK": 4,
        }.get(str(space))
    if not isinstance(space, Array):
        return None
    kind = str(space[0])
    if kind == "/DeviceN":
        return len(space[1])
    return {"/CalGray": 1, "/CalRGB": 3, "/Lab": 3, "/Indexed": 1, "/Separation": 1}.get(kind)
