"""Names of rows: random, never ordered by time, so that an id tells nothing."""

import uuid

Id = uuid.UUID


def new() -> Id:
    """A fresh UUIDv4."""
    return uuid.uuid4()


def parse(text: str) -> Id | None:
    """The id written in `text`, or None when it is none."""
    try:
        return uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
