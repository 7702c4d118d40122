"""What alerts announces: ids only. What a person fears is sealed, so no event says it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pressed:
    """Somebody has sent for help, or tries it out (`mode` exercise)."""

    alarm: str
    case: str
    mode: str
