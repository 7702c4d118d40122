"""Names of rows: random, never ordered by time, so that an id tells nothing."""

import uuid

Id = uuid.UUID
NIL = uuid.UUID(int=0)  # nobody


def new() -> Id:
    """A fresh UUIDv4."""
    return uuid.uuid4()


def of(text: str) -> Id:
    """The id that one of our own rows wrote as text."""
    return uuid.UUID(text)


def dashed(text: str) -> str:
    """An id as it is written everywhere, from 32 hex digits or from what has its dashes already."""
    if len(text) == 36:
        return text
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def parse(text: str) -> Id | None:
    """The id written in `text`, or None when it is none."""
    try:
        return uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
