"""Who is asking: bearer tokens, each good for one thing and for a short time.

A session's token is the half that only its holder has (the store has a digest to find it by, and the
other half); an upload's token is sealed and says which upload. Whatever is wrong with a token, the
answer is the same.
"""

import base64
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from amparo.casework.services import intake
from amparo.foundation import journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import CannotOpen
from amparo.people import services as people
from amparo.vault import uploads


def text_of(handle: bytes) -> str:
    """A session's handle as a token."""
    return base64.urlsafe_b64encode(handle).decode().rstrip("=")


def handle_of(text: str) -> bytes:
    """The handle of a token; empty bytes, which open nothing, for nonsense."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _enter(request: Any, actor: Actor, handle: bytes) -> Actor:
    journal.act_as(actor)
    request.actor, request.handle = actor, handle
    return actor


class CodeSession(HttpBearer):
    """A defender's session, opened by a return code."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The defender, or nobody."""
        handle = handle_of(token)
        try:
            return _enter(request, intake.resume(handle), handle)
        except CannotOpen:
            return None


class DeskSession(HttpBearer):
    """A session of somebody on staff."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The officer, or nobody."""
        handle = handle_of(token)
        actor = people.resume(handle)
        return _enter(request, actor, handle) if actor.kind == "staff" else None


class UploadToken(HttpBearer):
    """The token of one upload."""

    def authenticate(self, _: HttpRequest, token: str) -> uploads.Ticket | None:
        """The upload's ticket, or nothing."""
        try:
            return uploads.read(token)
        except CannotOpen:
            return None
