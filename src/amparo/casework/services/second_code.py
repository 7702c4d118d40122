"""A second code, for the day when somebody makes a person type theirs. It opens a small request of its
own, and rings those on duty without a sound. It is agreed with an officer, and hides nothing from
whoever knows that there may be one."""

from amparo.casework import queries
from amparo.casework.models import Case
from amparo.casework.services.intake import Asked, Call, ask
from amparo.casework.services.record import change_cover, check_texts
from amparo.consent import gate
from amparo.foundation import ids, journal, operations
from amparo.foundation.actor import NOBODY, Actor
from amparo.foundation.errors import Conflict, Invalid, Refused
from amparo.people import queries as people
from amparo.people.rules import INTAKE
from amparo.vault import codes


def agree(
    actor: Actor, case: ids.Id, *, once: ids.Id, code: codes.Code, what: str, language: str
) -> Asked:
    """Make the small request that a second code opens, in the person's words (`what`).

    An officer of intake, with the person beside them or on the phone. Conflict when there is one, when
    this is one itself, or when the form was taken in before; Invalid without words, for a request that
    says nothing convinces nobody.
    """
    _require(actor)
    row = queries.case(actor, case).row
    if row.state in {"withdrawn", "merged"} or row.second_of or _lives(row.second):
        raise Conflict
    if not what.strip():
        raise Invalid("what shall it say?", {"what": "empty"})
    check_texts(what=what)
    leave = gate.admit(actor, case, "cover", write=True)
    # As if they had written it themselves: whoever forces them reads it.
    call = Call(what=what, how="here", language=language, second_of=case)
    asked = ask(NOBODY, once=once, code=code, call=call)
    with operations.writing():
        change_cover(leave, second=str(asked.case))
        journal.note("second code agreed", case)
    return asked


def _require(actor: Actor) -> None:
    if actor.kind != "staff" or INTAKE not in people.roles(actor):
        raise Refused


def _lives(second: ids.Id | None) -> bool:
    if second is None:
        return False
    return Case.objects.filter(id=second).exclude(state="withdrawn").exists()


def end(actor: Actor, case: ids.Id) -> None:
    """The second code of a case rings nobody any more. Its small request stays, an ordinary one."""
    _require(actor)
    second = queries.case(actor, case).row.second
    leave = gate.admit(actor, case, "cover", write=True)
    small = gate.admit(actor, second, "cover", write=True) if second and _lives(second) else None
    with operations.writing():
        if small is not None:
            change_cover(small, second_of=str(ids.NIL))
        change_cover(leave, second=str(ids.NIL))
        journal.note("second code ended", case)
