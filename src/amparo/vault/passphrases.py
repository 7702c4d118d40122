"""Passphrases for people: words that nobody chose, easy to write down, hopeless to guess."""

import secrets
from functools import cache
from importlib import resources

WORDS = 6  # of 2,048: 66 bits, before a quarter of a GiB of Argon2id for each guess


@cache
def _list() -> tuple[str, ...]:
    text = resources.files("mnemonic").joinpath("wordlist", "english.txt").read_text("utf-8")
    return tuple(text.split())


def generate(words: int = WORDS) -> str:
    """A new passphrase of different words, in small letters, one space between them."""
    chosen: list[str] = []
    while len(chosen) < words:
        word = secrets.choice(_list())
        if word not in chosen:  # twice the same word is taken for a slip of the pen
            chosen.append(word)
    return " ".join(chosen)


def folded(text: str) -> str:
    """A typed passphrase as it was shown: spaces and capitals do not count."""
    return " ".join(text.casefold().split())
