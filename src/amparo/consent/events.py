"""What consent announces: ids only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Withdrawn:
    """A recipient lost a compartment (withdrawn, expired or not confirmed)."""

    case: str
    compartment: str


@dataclass(frozen=True)
class OverrideStarted:
    """Somebody acted without consent because a life was in danger; a second person is wanted."""

    override: str
    case: str
