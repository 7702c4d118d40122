"""All groups of proofs; importing this registers each proof under its number."""

from amparo.proofs.prove import (
    at_rest,
    crash,
    doors,
    hostile,
    journals,
    leaving,
    lengths,
    lockdown,
    memory,
    notices,
    places,
    stolen,
    times,
    touched,
    turning,
)

__all__ = [
    "at_rest",
    "crash",
    "doors",
    "hostile",
    "journals",
    "leaving",
    "lengths",
    "lockdown",
    "memory",
    "notices",
    "places",
    "stolen",
    "times",
    "touched",
    "turning",
]
