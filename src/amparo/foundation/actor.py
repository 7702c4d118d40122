"""Who is acting: an opaque id, a kind, and the ring of keys that came with the request, if any."""

from dataclasses import dataclass
from typing import Any, Literal

from amparo.foundation.ids import NIL, Id

# A relay has an account and stands outside the house: only what is made for relays lets them in.
Kind = Literal["staff", "relay", "defender", "outside", "system", "nobody"]


@dataclass(frozen=True)
class Actor:
    """Who asks a service for something. `ring` is the vault's; nobody else looks inside it."""

    kind: Kind
    id: Id = NIL
    ring: Any = None
    case: Id | None = None  # the one case of a defender or of an outside reader
    language: str = "en"

    def __repr__(self) -> str:
        return f"<Actor {self.kind}>"


NOBODY = Actor("nobody")
SYSTEM = Actor("system")
