"""Ending the trial of a new installation: from then on a press tells people outside too."""

from amparo.foundation import journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict
from amparo.messages import trial
from amparo.people import queries as people
from amparo.people.rules import COORDINATION


def end(actor: Actor) -> None:
    """Let messages leave for people outside. One of coordination is enough: it opens nothing, and the
    other way round, back into the trial, nobody can go. Conflict until a press was answered."""
    people.require(actor, COORDINATION)
    with operations.writing():
        if not trial.is_on():
            return
        if not trial.was_answered():
            raise Conflict
        trial.end()
        journal.note("trial ended", actor.id)
