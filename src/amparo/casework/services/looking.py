"""An officer makes sure that what was chosen with a code was chosen by the defender."""

from collections.abc import Collection

from amparo.casework import choices, queries
from amparo.casework.services.desk import case_row
from amparo.casework.services.record import check_texts, workable
from amparo.consent import looking
from amparo.consent import services as consent
from amparo.foundation import ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Invalid
from amparo.vault import keys, vouching

UNSURE = "unsure"


def make_sure(
    actor: Actor,
    case: ids.Id,
    *,
    rows: Collection[ids.Id],
    how: str,
    word: str = "",
    reason: str = "",
) -> int:
    """Mark how the actor made sure of these answers, and give what counts now as far as their keys open
    it; or that they are not sure, with the reason that the defender reads. Returns how many.

    `how` "word" takes the agreed word, which is compared here: Invalid (`word`) for another one, and
    for whoever wrote it down. Invalid (`how`: typed) for the officer who wrote the call down and read
    its code out: they may only say that they are not sure.
    """
    workable(case_row(actor, case))
    check_texts(reason=reason)
    typed = choices.typed_by(actor, case)
    if how != UNSURE and typed is not None and not vouching.are_two(typed, actor.id):
        raise Invalid("a colleague makes sure of it", {"how": "typed"})
    if how == "word":
        _compare(actor, case, word)
    count = looking.make_sure(actor, case, rows=rows, how=how, reason=reason.strip())
    consent.give_waiting(actor, case)
    return count


def _compare(actor: Actor, case: ids.Id, word: str) -> None:
    agreed, written_by = queries.agreed_word(actor, case)
    if agreed and written_by and not vouching.are_two(written_by, actor.id):
        raise Invalid("a colleague compares the word", {"word": "own"})
    if not agreed or not keys.same_word(agreed, word):
        journal.note("word refused", case)
        raise Invalid("it is another word", {"word": "differs"})
