"""What people announces: ids only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LockedDown:
    """Somebody pressed the raid button: what the server alone could open is to be destroyed."""
