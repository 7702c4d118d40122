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


def parse(text: str) -> Id | None:
    """The id written in `text`, or None when it is none."""
    try:
        return uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
