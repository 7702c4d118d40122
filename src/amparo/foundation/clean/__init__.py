"""Makes cleaned copies and page images of files, always in a child fed by a pipe.

A cleaned copy is built anew from what a reader sees. What is not seen (who, when, where, with
what) stays behind, and a file that cannot be taken apart completely has no cleaned copy at all.
The rules per kind stand in `images`, `pdf`, `ooxml`, `word`, `sheets` and `opendocument`; they run
only in the child (`child`), which can open no file and gets its input on a pipe (`asking`).
"""

from dataclasses import dataclass, replace

from amparo.foundation.clean.asking import LIMITS, Limits, ask
from amparo.foundation.clean.kinds import CLEANABLE, DRAWN, IMAGES, Kind, kind_of
from amparo.foundation.clean.reasons import REASONS, CannotClean

__all__ = [
    "CannotClean",
    "Cleaned",
    "Kind",
    "LIMITS",
    "Limits",
    "Pages",
    "REASONS",
    "clean",
    "cleanable",
    "kind_of",
    "pages",
]
WIDEST = 2400  # pixels
MOST_PAGES = 20  # page images in one answer
FOR_PAGES = replace(LIMITS, seconds=20, wait=30.0)  # somebody waits before the screen


@dataclass(frozen=True)
class Cleaned:
    """A cleaned copy. `kind` and `suffix` are those of `data`: a HEIC comes back as a JPEG."""

    kind: Kind
    data: bytes
    suffix: str

    @property
    def media_type(self) -> str:
        """The media type to declare for `data`."""
        return self.kind.media_type


@dataclass(frozen=True)
class Pages:
    """Page images (`kind` says JPEG or PNG), and of how many pages the document has."""

    images: tuple[bytes, ...]
    kind: Kind
    total: int


def cleanable(kind: Kind) -> bool:
    """Whether a cleaned copy of this kind can be tried; others are never offered for sharing."""
    return kind in CLEANABLE


def clean(data: bytes, *, limits: Limits = LIMITS) -> Cleaned:
    """A copy of `data` that holds what a reader sees and nothing else; same input, same bytes.

    Raises CannotClean with a reason from REASONS; Unavailable when no child could be started.
    """
    kind = kind_of(data)
    if not cleanable(kind):
        raise CannotClean("kind")
    head, bodies = ask("clean", kind, data, limits=limits)
    made = Kind(str(head["kind"]))
    return Cleaned(made, bodies[0], made.suffix)


def pages(
    data: bytes, *, first: int = 0, count: int = 1, width: int = 1000, limits: Limits = FOR_PAGES
) -> Pages:
    """Images of the pages `first` to `first + count` (from 0), `width` pixels wide at most.

    For looking at a document at the desk: what was sent, not a cleaned copy, but the images
    themselves carry nothing besides the picture. An image is one page. Raises CannotClean.
    """
    kind = kind_of(data)
    if kind not in DRAWN:
        raise CannotClean("no_pages")
    if first < 0 or count < 1 or width < 1 or (kind in IMAGES and first > 0):
        raise CannotClean("no_page")
    asked = {
        "first": first,
        "count": min(count, MOST_PAGES),
        "width": min(width, WIDEST),
    }
    head, bodies = ask("pages", kind, data, limits=limits, **asked)
    return Pages(tuple(bodies), Kind(str(head["kind"])), int(str(head["total"])))
