"""Shows every promise on fresh installations: `amparo prove [ID …]`.

One process and one data folder for each proof, with the shipped cost of passphrases and real keys.
A module for each group of proofs; its docstring says how each was seen to fail.
"""

from amparo.proofs.prove.command import command

__all__ = ["command"]
