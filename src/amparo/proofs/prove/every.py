"""All groups of proofs; importing this registers each proof under its number."""

from amparo.proofs.prove import lengths, stolen, touched, turning

__all__ = ["lengths", "stolen", "touched", "turning"]
