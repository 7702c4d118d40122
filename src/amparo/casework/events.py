"""What casework announces: ids only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestReceived:
    """Somebody has asked for help."""

    case: str


@dataclass(frozen=True)
class DefenderWrote:
    """A defender has written again, or changed who can read."""

    case: str


@dataclass(frozen=True)
class RelayWrote:
    """An intermediary has answered the desk, or closed the loop."""

    case: str


@dataclass(frozen=True)
class RelayTold:
    """The desk has written to an intermediary."""

    person: str


@dataclass(frozen=True)
class ErasureAsked:
    """An officer has asked that everything of a case be erased."""

    case: str


@dataclass(frozen=True)
class TakenFrom:
    """Somebody's request or case has become a colleague's without their doing."""

    case: str
    person: str  # whose it was


@dataclass(frozen=True)
class DeskAnswered:
    """The desk has written to a defender."""

    case: str
