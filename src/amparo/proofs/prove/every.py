"""All groups of proofs; importing this registers each proof under its number."""

from amparo.proofs.prove import lengths, places, stolen, touched, turning

__all__ = ["lengths", "places", "stolen", "touched", "turning"]
