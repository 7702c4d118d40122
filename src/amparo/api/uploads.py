"""Files in parts, for programs: announced, sent in any order, resumed after a cut."""

import base64
import re
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router
from ninja.responses import Status

from amparo.api import shapes, tokens
from amparo.foundation.errors import Invalid, NotFound
from amparo.vault import files, uploads

router = Router(tags=["upload"])
WITH_TOKEN = tokens.UploadToken()
DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)")
PIECE = 256 * 1024
BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/uploads", response={201: shapes.Upload})
def begin(request: HttpRequest, given: shapes.NewUpload) -> Status[shapes.Upload]:  # noqa: ARG001 - django-ninja wants it
    """Announce a file. The token that comes back holds the only key to what is sent: the server does
    not keep it. Name the token in a call, message, reply or note; after a day it is over."""
    ticket, token = uploads.begin(size=given.size, sha256=given.sha256, name=given.name)
    made = shapes.Upload(
        id=ticket.upload,
        token=token,
        parts=ticket.parts,
        part_size=files.PART,
        until=ticket.until,
    )
    return Status(201, made)


@router.put(
    "/uploads/{uuid:upload}/parts/{int:number}",
    auth=WITH_TOKEN,
    response={204: None},
    openapi_extra=BYTES,
)
def put(
    request: Any,
    upload: UUID,
    number: int,
    content_digest: Annotated[str, Header(alias="Content-Digest")],
) -> Status[None]:
    """Send a part, in any order and as often as you like. Every part but the last has `part_size`
    bytes. Content-Digest is that of RFC 9530: `sha-256=:…:`, base64."""
    ticket = _mine(request, upload)
    uploads.take_part(ticket, number, _pieces(request), _digest(content_digest))
    return Status(204, None)


def _mine(request: Any, upload: UUID) -> uploads.Ticket:
    ticket: uploads.Ticket = request.auth
    if ticket.upload != upload:
        raise NotFound
    return ticket


def _digest(header: str) -> bytes:
    found = DIGEST.search(header)
    if found is None:
        raise Invalid("a sha-256 digest is needed", {"Content-Digest": "form"})
    return base64.b64decode(found[1])


def _pieces(request: Any) -> Iterator[bytes]:
    """The body as it comes. It is never held whole, and the reader stops at the part's length."""
    while piece := request.read(PIECE):
        yield piece


@router.get("/uploads/{uuid:upload}", auth=WITH_TOKEN, response=shapes.Progress)
def look(request: Any, upload: UUID) -> shapes.Progress:
    """Which parts are there; 404 once something owns the file or its day is over."""
    ticket = _mine(request, upload)
    return shapes.Progress(
        id=ticket.upload,
        size=ticket.size,
        parts=ticket.parts,
        have=uploads.have(ticket),
        until=ticket.until,
    )


@router.delete("/uploads/{uuid:upload}", auth=WITH_TOKEN, response={204: None})
def drop(request: Any, upload: UUID) -> Status[None]:
    """Think better of it: every part is removed."""
    uploads.drop(_mine(request, upload))
    return Status(204, None)
