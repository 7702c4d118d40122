"""All groups of proofs; importing this registers each proof under its number."""

from amparo.proofs.prove import (
    at_rest,
    crash,
    journals,
    leaving,
    lengths,
    lockdown,
    memory,
    places,
    stolen,
    times,
    touched,
    turning,
)

__all__ = [
    "at_rest",
    "crash",
    "journals",
    "leaving",
    "lengths",
    "lockdown",
    "memory",
    "places",
    "stolen",
    "times",
    "touched",
    "turning",
]
