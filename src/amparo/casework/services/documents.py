"""Looking at documents: page images made in a child process, or a download to one's own key."""

from collections.abc import Iterator
from dataclasses import dataclass

from amparo.casework import queries
from amparo.foundation import clean, ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Invalid, Refused, Unavailable
from amparo.vault import age

VIEW_LIMIT = 25 * 1024 * 1024  # bytes of a document that is still drawn


@dataclass(frozen=True)
class PageImage:
    """One page of a document as a picture, and how many pages there are."""

    data: bytes
    media_type: str
    total: int


def page_image(
    actor: Actor, case: ids.Id, file: ids.Id, *, number: int, width: int = 1000
) -> PageImage:
    """A page of a file (from 0) as it looks; Invalid when no picture can be made of it."""
    if actor.kind != "staff":
        raise Refused
    opened = queries.open_file(actor, case, file)
    if opened.size > VIEW_LIMIT:
        raise Invalid("too large to be drawn", {"file": "large"})
    journal.note("page seen", file, page=number)
    found = clean.pages(b"".join(opened.pieces()), first=number, width=width)
    if not found.images:
        raise Invalid("there is no such page", {"page": "none"})
    return PageImage(found.images[0], found.kind.media_type, found.total)


def pages_of(actor: Actor, case: ids.Id, file: ids.Id) -> int:
    """How many pages can be looked at; 0 when no picture can be made of the file."""
    try:
        return page_image(actor, case, file, number=0, width=100).total
    except (Invalid, Unavailable):
        return 0


def download(actor: Actor, case: ids.Id, file: ids.Id) -> tuple[str, Iterator[bytes]]:
    """(name, bytes) of a file as an age file to the officer's own key; opens with `restore.py`.

    The name of the download tells nothing of the document's.
    """
    if actor.kind != "staff":
        raise Refused
    opened = queries.open_file(actor, case, file)
    journal.note("file taken along", file)
    return f"{file.hex[:8]}.age", _sealed(opened, age.recipient_of(actor.ring.person.age_seed))


def _sealed(opened: queries.Opened, recipient: str) -> Iterator[bytes]:
    sealer = age.Sealer([recipient])
    for piece in opened.pieces():
        yield sealer.write(piece)
    yield sealer.close()


def own_identity(actor: Actor) -> str:
    """The officer's own age identity, for `restore.py`; offered once, to be kept off this machine."""
    if actor.kind != "staff":
        raise Refused
    journal.note("own key taken along", actor.id)
    return age.identity_of(actor.ring.person.age_seed)
