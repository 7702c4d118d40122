"""What an officer's program does: the queue, a case, and every deed, with the officer's own keys."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Header, Query, Router
from ninja.responses import Status

from amparo.api import shapes, tokens
from amparo.api.calls import session
from amparo.api.conditions import at_version, etag, unchanged
from amparo.casework import queries
from amparo.casework.services import desk, documents, opening, record
from amparo.casework.services import search as searching
from amparo.people import services as people
from amparo.vault import uploads

router = Router(tags=["desk"], auth=tokens.DeskSession())
Show = Literal["open", "mine", "free", "waiting", "done"]
# A place in the queue as an answer named it: a deadline in UTC, or none, and an id.
PLACE = r"^$|^(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00)?~[0-9a-f-]{36}$"
AGE = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
IfMatch = Annotated[str | None, Header(alias="If-Match")]


# --- in and out ----------------------------------------------------------------------------------
@router.post("/session", auth=None, response={201: shapes.Session})
def sign_in(request: HttpRequest, given: shapes.SignIn) -> Status[shapes.Session]:  # noqa: ARG001 - django-ninja wants it
    """Sign in as a person. Whatever is wrong, the answer is the same 404, also while the second factor
    rests after several misses; 503 when too many sign in at once."""
    signed = people.sign_in(given.name, given.passphrase, given.second)
    return Status(201, session(signed.handle))


@router.delete("/session", response={204: None})
def sign_out(request: Any) -> Status[None]:
    """End this session."""
    people.sign_out(request.actor, request.handle)
    return Status(204, None)


# --- looking -------------------------------------------------------------------------------------
@router.get("/queue", response=shapes.Queue)
def queue(
    request: Any, show: Show = "open", after: Annotated[str, Query(pattern=PLACE)] = ""
) -> shapes.Queue:
    """A page of the queue, nearest deadline first. `after` is that of the page before."""
    return shapes.Queue.model_validate(queries.queue(request.actor, show=show, after=after))


@router.get("/cases/{uuid:case}", response=shapes.Case)
def case(request: Any, response: HttpResponse, case: UUID) -> shapes.Case:
    """What one's keys open of a request or case. Its ETag is what a change has to match."""
    desk.mend(request.actor, case)
    view = queries.case(request.actor, case)
    response.headers["ETag"] = etag(view.row.version)
    return shapes.Case(
        row=shapes.Row.model_validate(view.row),
        thread=shapes.Thread.model_validate(view.thread),
        compartments=[shapes.Compartment.model_validate(one) for one in view.compartments],
        may=sorted(view.may),
    )


@router.get("/cases/{uuid:case}/files/{uuid:file}", openapi_extra={"responses": {200: AGE}})
def file(request: Any, case: UUID, file: UUID) -> StreamingHttpResponse:
    """A file, as an age file that only one's own key opens (with `restore.py` or age)."""
    name, pieces = documents.download(request.actor, case, file)
    answer = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@router.post("/search", response=list[shapes.Hit])
def search(request: Any, given: shapes.Words) -> list[shapes.Hit]:
    """Where words stand, over what one's keys open. They travel in the body, never in an address."""
    return [shapes.Hit.model_validate(one) for one in searching.search(request.actor, given.text)]


# --- doing ---------------------------------------------------------------------------------------
@router.post("/cases/{uuid:case}/take", response={204: None})
def take(request: Any, case: UUID, if_match: IfMatch = None) -> Status[None]:
    """Make a request one's own."""
    with at_version(if_match) as version:
        desk.take(request.actor, case, version=version)
    return Status(204, None)


@router.post("/cases/{uuid:case}/level", response={204: None})
def level(request: Any, case: UUID, given: shapes.Level, if_match: IfMatch = None) -> Status[None]:
    """Say how grave it is; the next deadline follows."""
    with at_version(if_match) as version:
        desk.set_level(request.actor, case, level=given.level, reason=given.reason, version=version)
    return Status(204, None)


@router.post("/cases/{uuid:case}/open", response={204: None})
def open_case(request: Any, case: UUID, if_match: IfMatch = None) -> Status[None]:
    """Open a request as a case, with all its compartments at once."""
    with at_version(if_match) as version:
        opening.open_case(request.actor, case, version=version)
    return Status(204, None)


@router.post("/cases/{uuid:case}/reply", response={201: shapes.Made})
def reply(
    request: Any, case: UUID, given: shapes.NewMessage, if_match: IfMatch = None
) -> Status[shapes.Made]:
    """Answer the defender. The request then waits for them."""
    with unchanged(request.actor, case, if_match):
        record.first_of_all(None, with_files=bool(given.uploads), text=given.text)
        with uploads.taken(given.uploads) as sent:
            row = desk.reply(request.actor, case, text=given.text, files=sent)
    return Status(201, shapes.Made(id=row))


@router.post("/cases/{uuid:case}/log", response={201: shapes.Made})
def log(
    request: Any, case: UUID, given: shapes.CallLog, if_match: IfMatch = None
) -> Status[shapes.Made]:
    """Write down how a call went. Whoever rang somebody up against what was agreed gives a reason."""
    with unchanged(request.actor, case, if_match):
        row = desk.log_call(
            request.actor,
            case,
            outcome=given.outcome,
            text=given.text,
            reason=given.reason,
            incoming=given.incoming,
        )
    return Status(201, shapes.Made(id=row))


@router.post("/cases/{uuid:case}/decline", response={204: None})
def decline(
    request: Any, case: UUID, given: shapes.Reason, if_match: IfMatch = None
) -> Status[None]:
    """Say no, with the reason."""
    with unchanged(request.actor, case, if_match):
        desk.decline(request.actor, case, reason=given.reason)
    return Status(204, None)


@router.post("/cases/{uuid:case}/refer", response={204: None})
def refer(
    request: Any, case: UUID, given: shapes.Referral, if_match: IfMatch = None
) -> Status[None]:
    """Point the defender to somebody who can do more."""
    with unchanged(request.actor, case, if_match):
        desk.refer(request.actor, case, to=given.to, reason=given.reason)
    return Status(204, None)


@router.post("/cases/{uuid:case}/notes", response={201: shapes.Made})
def note(
    request: Any,
    case: UUID,
    given: shapes.Note,
    if_match: IfMatch = None,
    once: Annotated[UUID | None, Header(alias="Idempotency-Key")] = None,
) -> Status[shapes.Made]:
    """Add to a compartment of an opened case. A note does not move the case's version: with an
    Idempotency-Key it is kept once however often it is sent."""
    with unchanged(request.actor, case, if_match):
        record.first_of_all(once, with_files=bool(given.uploads), text=given.text)
        with uploads.taken(given.uploads) as sent:
            row = opening.write_note(
                request.actor, case, given.compartment, text=given.text, files=sent, once=once
            )
    return Status(201, shapes.Made(id=row))
