"""All groups of proofs; importing this registers each proof under its number."""

from amparo.proofs.prove import stolen

__all__ = ["stolen"]
