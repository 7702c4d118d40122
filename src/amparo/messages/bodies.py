"""What a provider sends, as JSON or as a form, and the places in it where something stands."""

import json
from typing import Any
from urllib.parse import parse_qsl

FIELDS = 200  # of a form
LONGEST = 2000  # letters of one value


def parsed(body: bytes) -> Any:
    """A document of a body; an empty one for what is neither JSON nor a form."""
    try:
        text = body.decode()
        if text.lstrip()[:1] in ("{", "["):
            return json.loads(text)
        return dict(parse_qsl(text, max_num_fields=FIELDS))
    except (ValueError, RecursionError):
        return {}


def found(doc: Any, place: str) -> str:
    """The value at a place: a field, or fields and numbers with dots between; empty where nothing is,
    or no single value."""
    at = _at(doc, place)
    if isinstance(at, bool) or not isinstance(at, str | int):
        return ""
    try:
        return str(at)[:LONGEST]
    except ValueError:  # a number of thousands of digits
        return ""


def each(doc: Any, place: str) -> list[Any]:
    """The things that one call brings: the list at a place, or the whole of it."""
    at = _at(doc, place) if place else doc
    return at[:FIELDS] if isinstance(at, list) else [at]


def _at(doc: Any, place: str) -> Any:
    if not place:
        return ""
    if isinstance(doc, dict) and place in doc:
        return doc[place]  # fields of forms may have dots in them
    for part in place.split("."):
        if isinstance(doc, dict):
            doc = doc.get(part, "")
        elif isinstance(doc, list) and part.isascii() and part.isdecimal() and len(part) < 4:
            doc = doc[int(part)] if int(part) < len(doc) else ""
        else:
            return ""
    return doc
