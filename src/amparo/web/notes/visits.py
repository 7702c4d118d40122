"""Visits that were left. A browser can send an old page again from its history; what it holds must
not be shown, or opened, after Leave.

A visit is what the tokens of one visit have in common: 16 random bytes until there is a session, then
the session's own first bytes. What was left, and what was sent, stands in the store, so that every
process knows it.
"""

from amparo.casework.services import record
from amparo.foundation import ids
from amparo.vault import forms as tokens

SIZE = 16  # bytes


def begin() -> bytes:
    """A new visit."""
    return ids.new().bytes


def leave(visit: bytes) -> None:
    """From now on no page of this visit is answered."""
    if visit:
        tokens.leave(visit[:SIZE])


def is_left(visit: bytes) -> bool:
    """Whether a page of this visit comes from a browser's history."""
    return bool(visit) and tokens.is_left(visit[:SIZE])


def once(sent: tokens.Form) -> ids.Id:
    """What the questions of a visit are taken in under: one visit sends them once, however many
    pages of it the browser keeps."""
    return tokens.once_of(sent.window[:SIZE]) if len(sent.window) >= SIZE else sent.once


def is_sent(sent: tokens.Form) -> bool:
    """Whether the questions of this visit were taken in before."""
    return record.was_sent(once(sent))
