"""What a defender's program does: call for help without an account, come back with the code."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Header, Router
from ninja.responses import Status

from amparo.api import shapes, tokens
from amparo.casework import queries
from amparo.casework.services import erasing, intake, record, thread
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config
from amparo.foundation.errors import Invalid
from amparo.vault import codes, files, sessions, uploads

router = Router(tags=["defender"])
WITH_CODE = tokens.CodeSession()
Once = Annotated[UUID, Header(alias="Idempotency-Key")]
ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("/ready", response=shapes.Ready)
def ready(request: HttpRequest) -> shapes.Ready:  # noqa: ARG001 - django-ninja wants it
    """Whether a call can be taken in now; ask before somebody begins to type."""
    intake.ready()
    minutes, hours = config().first_answer_minutes, config().duty_hours
    return shapes.Ready(
        due_at=record.due_now(minutes, hours),
        upload_limit=config().api_upload_limit,
        part_size=files.PART,
        code_languages=list(codes.LANGUAGES),
    )


@router.post("/calls", response={201: shapes.Asked})
def call(
    request: HttpRequest,  # noqa: ARG001 - django-ninja wants it
    given: shapes.NewCall,
    once: Once,
) -> Status[shapes.Asked]:
    """Call for help. The answer holds the return code, once: nobody can give it again.

    The same Idempotency-Key again is a conflict and stores nothing. Whoever never saw the answer to
    the first has no code, and calls anew with another key.
    """
    _check(given)
    texts = {"what": given.what, "where": given.where, "reach": given.reach}
    record.first_of_all(once, with_files=bool(given.uploads), **texts)
    code = _fresh_code(given)
    call = intake.Call(
        what=given.what,
        where=given.where,
        how=given.how,
        reach=given.reach,
        language=given.language,
    )
    with uploads.taken(given.uploads) as sent:
        asked = intake.ask(NOBODY, once=once, code=code, call=call, files=sent)
    return Status(
        201,
        shapes.Asked(
            code=shapes.ReturnCode(form=code.form, language=code.language, shown=list(code.shown)),
            due_at=asked.due_at,
            received_at=asked.received_at,
        ),
    )


def _check(given: shapes.NewCall) -> None:
    """As on the page: something must be said, and a way to answer needs its number."""
    if given.how != "here" and not given.reach.strip():
        raise Invalid("how may they be reached?", {"reach": "empty"})
    if not (given.what.strip() or given.where.strip() or given.reach.strip() or given.uploads):
        raise Invalid("one word is enough", {"what": "empty"})


def _fresh_code(given: shapes.NewCall) -> codes.Code:
    if given.code == "digits":
        return codes.new_digits()
    return codes.new_words(given.language if given.language in codes.LANGUAGES else "en")


# --- with the code -------------------------------------------------------------------------------
@router.post("/session", response={201: shapes.Session})
def enter(request: HttpRequest, given: shapes.TypedCode) -> Status[shapes.Session]:  # noqa: ARG001 - django-ninja wants it
    """Come back with a code. A code has one session: a second one ends the first.

    What cannot be a code is told by its place, before anything is looked up; every other reason why
    a code opens nothing is the same 404.
    """
    handle, _actor = intake.enter(given.code)
    return Status(201, session(handle))


def session(handle: bytes) -> shapes.Session:
    """A fresh session as it is answered."""
    return shapes.Session(token=tokens.text_of(handle), expires_in=config().session_minutes * 60)


@router.delete("/session", auth=WITH_CODE, response={204: None})
def leave(request: Any) -> Status[None]:
    """End the session."""
    sessions.end(request.handle)
    return Status(204, None)


@router.get("/thread", auth=WITH_CODE, response=shapes.Thread)
def read(request: Any) -> shapes.Thread:
    """The conversation, and who can read it. What is shown counts as seen."""
    found = shapes.Thread.model_validate(queries.thread(request.actor))
    found.erasing_until = erasing.asked_until(request.actor)
    thread.seen(request.actor)
    return found


@router.post("/thread/messages", auth=WITH_CODE, response={201: shapes.Made})
def write(request: Any, given: shapes.NewMessage, once: Once) -> Status[shapes.Made]:
    """Write again. The same Idempotency-Key again is a conflict: it was taken in before."""
    record.first_of_all(once, with_files=bool(given.uploads), text=given.text)
    with uploads.taken(given.uploads) as sent:
        row = thread.write(request.actor, once=once, text=given.text, files=sent)
    return Status(201, shapes.Made(id=row))


@router.post("/thread/keep", auth=WITH_CODE, response={204: None})
def keep(request: Any) -> Status[None]:
    """Somebody asked the desk in this name to erase everything, and it was not they: nothing is erased.
    A conflict when none waits."""
    erasing.keep(request.actor)
    return Status(204, None)


@router.post("/thread/withdraw-reader", auth=WITH_CODE, response={204: None})
def withdraw_reader(request: Any, given: shapes.ReaderToClose) -> Status[None]:
    """Take back what somebody can read for a purpose; it works at once."""
    thread.withdraw_reader(request.actor, recipient=given.recipient, purpose=given.purpose)
    return Status(204, None)


@router.post("/thread/choose", auth=WITH_CODE, response={204: None})
def choose(request: Any, given: shapes.Chosen) -> Status[None]:
    """Yes or no to one of the thread's choices. A no works at once; a yes is given its key when
    somebody has made sure that it was the defender. Invalid (`code`: seen) for a yes with a code that
    the officer who took the call has seen."""
    thread.choose(
        request.actor, purpose=given.purpose, compartment=given.compartment, yes=given.yes
    )
    return Status(204, None)


@router.post("/thread/say-yes-again", auth=WITH_CODE, response={204: None})
def say_yes_again(request: Any, given: shapes.AnswerToChange) -> Status[None]:
    """Let be read, after all, what was refused or taken back, when somebody has made sure that it was
    the defender. Invalid (`code`: seen) with a code that the officer who took the call has seen."""
    thread.say_yes_again(request.actor, given.answer)
    return Status(204, None)


@router.post("/thread/withdraw", auth=WITH_CODE, response={204: None})
def withdraw(request: Any, given: shapes.Sure) -> Status[None]:  # noqa: ARG001 - it is asked for
    """Take everything back: every key is destroyed, the code stops working, the session ends."""
    thread.withdraw_request(request.actor)
    return Status(204, None)


@router.get("/thread/export", auth=WITH_CODE, openapi_extra={"responses": {200: ZIP}})
def export(request: Any) -> StreamingHttpResponse:
    """One's own copy: a zip file with a page to read and every file, in clear."""
    pieces = thread.export(request.actor)
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="notes.zip"'
    return answer
