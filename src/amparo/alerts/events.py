"""What alerts announces: ids and codes only. What a person fears is sealed, so no event says it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pressed:
    """Somebody has sent for help, or tries it out (`mode` exercise)."""

    alarm: str
    case: str
    mode: str


@dataclass(frozen=True)
class TakenBack:
    """Whoever had sent for help took it back at once."""

    alarm: str
    case: str


@dataclass(frozen=True)
class Said:
    """Somebody came in with a code, or said a word that was agreed. `mark` is random, or tells whoever
    has the duty key that they are not free to speak."""

    case: str
    by: str  # code, word, answer
    mark: str
