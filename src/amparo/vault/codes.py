"""The return code with which a person who has no account comes back: made, read and turned to keys.

Two forms, of which the person chooses one:

* digits: 28 random digits and 2 check digits (ISO 7064 mod 97-10), shown as six groups of five;
* words: 93 random bits and 6 check bits (the first of a SHA-256) as nine words of the 2,048-word
  lists of the `mnemonic` package.

Either holds at least 90 bits that nobody chose. What was mistyped is noticed here, from the list
and the check alone, before any look-up. The text of a code is never in an exception, a `repr` or a
pickle.

How a word may be typed: in any case, with or without its accents, whole or cut after four letters
or more. So a list counts by the first four letters without accents, and words that share them with
another (2 in Russian, 119 in Turkish) are never given out; nor is the one Russian word of which the
package holds a broken letter.

How one text has one meaning: the lists share words and beginnings, so the language belongs to the
secret and to its check, the languages have a fixed order, and a text means what the first language
in that order makes of it that knows all nine words and agrees with the check. A new code is given
out only if even its poorest spelling (four bare letters a word) comes back as itself, so every
richer spelling does. A further language may therefore be added at the end, and nowhere else.
"""

import re
import secrets
import threading
import unicodedata
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple, NoReturn

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from amparo.foundation.errors import Invalid
from amparo.vault import primitives
from amparo.vault.primitives import ctx, digest

RANDOM_DIGITS, CHECK_DIGITS = 28, 2
DIGITS = RANDOM_DIGITS + CHECK_DIGITS
GROUP = 5  # digits
RANDOM_BITS, CHECK_BITS = 93, 6
WORDS, WORD_BITS = 9, 11
LETTERS_ENOUGH = 4
LEAST_BITS = 90  # of entropy in any code by construction; tests/rooms/vault/test_codes.py counts it

# Of the lists as `mnemonic` 0.21 ships them. Codes already given out depend on every byte.
_LISTS = {
    "en": ("english", "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"),
    "es": ("spanish", "46846a5a0139d1e3cb77293e521c2865f7bcdb82c44e8d0a06a2cd0ecba48c0b"),
    "fr": ("french", "ebc3959ab7801a1df6bac4fa7d970652f1df76b683cd2f4003c941c63d517e59"),
    "pt": ("portuguese", "2685e9c194c82ae67e10ba59d9ea5345a23dc093e92276fc5361f6667d79cd3f"),
    "ru": ("russian", "07f11af3f07fd13d8d74859f4448d8bca8f1d9d336dc4842531ecea083103a26"),
    "tr": ("turkish", "a7dc9c77913726106c7b8baa022b7e17601d118acf40aa60ab1fbc9c91b383ac"),
}
LANGUAGES = tuple(_LISTS)  # of words; the order is part of the format

# OWASP's least memory for Argon2id: enough over 90 bits, and a phone's owner does not wait for it.
ARGON2_MEMORY, ARGON2_PASSES, ARGON2_LANES = 19 * 1024, 2, 1  # memory in KiB
_two_at_a_time = threading.BoundedSemaphore(2)  # 38 MiB at most, however many knock

_LONGEST_TEXT = 1000  # characters; nine words with numbers and line feeds have less than 200


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """A return code. `secret` is the same for every spelling; `shown` is how it is printed."""

    form: Literal["digits", "words"]
    language: str | None  # of the words; None for digits
    secret: bytes
    shown: tuple[str, ...]  # six groups of digits, or nine words

    def __repr__(self) -> str:
        return f"<return code in {self.form}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a return code is never pickled")


class Mistake(StrEnum):
    """What is wrong with a typed code, as the page has to explain it."""

    EMPTY = "empty"  # neither a digit nor a letter
    UNKNOWN = "unknown"  # the word, or the group with a letter in it, at `position`
    COUNT = "count"  # `found` of `expected`; the group of digits at `position`, where one is odd
    CHECK = "check"  # every part could be right, but the whole is not


class Mistyped(Invalid):
    """A text that is no return code. It says where, never what was typed."""

    def __init__(
        self,
        mistake: Mistake,
        *,
        form: Literal["digits", "words"] | None = None,
        language: str | None = None,
        position: int | None = None,
        found: int | None = None,
    ) -> None:
        super().__init__("mistyped return code", {"code": mistake.value})
        self.mistake = mistake
        self.form = form
        self.language = language  # the list that knows most of the words
        self.position = position  # of the word or the group of digits, from 1
        self.found = found  # words or digits in the whole text
        self.expected = {"digits": DIGITS, "words": WORDS, None: None}[form]


# --- making --------------------------------------------------------------------------------------
def new_digits() -> Code:
    """A new code in digits: log2(10^28) = 93.01 bits."""
    return _code_of_digits(f"{secrets.randbelow(10**RANDOM_DIGITS):0{RANDOM_DIGITS}d}")


def new_words(language: str) -> Code:
    """A new code in words of one of `LANGUAGES` (KeyError for another): 93 bits, less what is never
    given out, which is 0.78 bits in Turkish, 0.02 in Russian and 0.00001 elsewhere."""
    while True:
        code = _code_of_words(language, secrets.randbits(RANDOM_BITS))
        poorest = " ".join(bare(word)[:LETTERS_ENOUGH] for word in code.shown)
        with suppress(Mistyped):  # a word that is never given out
            if parse(poorest) == code:
                return code


# --- reading -------------------------------------------------------------------------------------
def parse(text: str) -> Code:
    """The code that somebody typed, or Mistyped. Nothing is looked up.

    Digits of any script are taken; whatever is neither letter nor digit only separates; numbers
    between words (a copied list) are passed over.
    """
    if len(text) > _LONGEST_TEXT:
        raise Mistyped(Mistake.COUNT)
    # One split for both forms: runs of letters and runs of digits, in the order of the text.
    runs = re.findall(r"\d+|[^\W\d_]+", bare(text))
    words = [run for run in runs if not run.isdecimal()]
    digits = sum(len(run) for run in runs if run.isdecimal())
    if not runs:
        raise Mistyped(Mistake.EMPTY)
    return _parse_digits(runs) if digits > sum(map(len, words)) else _parse_words(words)


def bare(text: str) -> str:
    """Small letters without accents; digits of any script as 0 to 9; invisible marks dropped."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(map(_bare_letter, unicodedata.normalize("NFKD", plain)))


def _bare_letter(letter: str) -> str:
    if letter in _LETTERS:
        return _LETTERS[letter]
    if unicodedata.category(letter) in {"Mn", "Cf"}:  # accents; soft hyphens, direction marks
        return ""
    return str(unicodedata.decimal(letter, letter))


# What decomposition leaves whole; and a space without width, which is a space.
_LETTERS = {"ı": "i", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "\u200b": " "}


def _parse_digits(runs: list[str]) -> Code:
    before = 0
    for run in runs:
        if not run.isdecimal():
            raise Mistyped(Mistake.UNKNOWN, form="digits", position=before // GROUP + 1)
        before += len(run)
    if before != DIGITS:
        lengths = [len(run) for run in runs]
        wrong = [number for number, length in enumerate(lengths, 1) if length != GROUP]
        position = wrong[0] if len(runs) == DIGITS // GROUP else None
        raise Mistyped(Mistake.COUNT, form="digits", position=position, found=before)
    typed = "".join(runs)
    code = _code_of_digits(typed[:RANDOM_DIGITS])
    if "".join(code.shown) != typed:
        raise Mistyped(Mistake.CHECK, form="digits", found=before)
    return code


def _parse_words(words: list[str]) -> Code:
    readings = {language: _list_of(language).read(words) for language in LANGUAGES}
    # The list that knows most of the words, the first of them if several do.
    closest = min(LANGUAGES, key=lambda language: readings[language].count(None))
    if None in readings[closest]:
        position = readings[closest].index(None) + 1
        mistake = Mistake.UNKNOWN
    elif len(words) != WORDS:
        position, mistake = None, Mistake.COUNT
    else:
        for language, reading in readings.items():
            indexes = [index for index in reading if index is not None]
            entropy = _number(indexes) >> CHECK_BITS
            if _indexes(language, entropy) == indexes:
                return _code_of_words(language, entropy)
        position, mistake = None, Mistake.CHECK
    raise Mistyped(mistake, form="words", language=closest, position=position, found=len(words))


# --- digits --------------------------------------------------------------------------------------
def _code_of_digits(random: str) -> Code:
    whole = random + f"{98 - int(random) * 100 % 97:02d}"
    groups = tuple(whole[start : start + GROUP] for start in range(0, DIGITS, GROUP))
    return Code("digits", None, ctx("return code", "digits", random), groups)


# --- words ---------------------------------------------------------------------------------------
class _WordList(NamedTuple):
    shown: tuple[str, ...]  # 2,048, as people write them
    bare: tuple[str, ...]  # the same without accents
    by_letters: dict[str, int]  # first four bare letters -> index; only what is ever given out

    def read(self, typed: list[str]) -> list[int | None]:
        """The index of each bare word, or None where it is not a word of this list."""
        return [self._index(word) for word in typed]

    def _index(self, typed: str) -> int | None:
        # A word of less than four letters stands under all of them, so it is never taken for a
        # beginning.
        index = self.by_letters.get(typed[:LETTERS_ENOUGH])
        return index if index is not None and self.bare[index].startswith(typed) else None


@cache
def _list_of(language: str) -> _WordList:
    name, expected = _LISTS[language]
    raw = resources.files("mnemonic").joinpath("wordlist", f"{name}.txt").read_bytes()
    if digest(raw).hex() != expected:
        raise RuntimeError(f"the {name} word list is another one: no code in it can be read")
    shown = tuple(unicodedata.normalize("NFC", raw.decode()).split())
    plain = tuple(map(bare, shown))
    beginnings = [word[:LETTERS_ENOUGH] for word in plain]
    times = Counter(beginnings)
    usable = {
        letters: index
        for index, letters in enumerate(beginnings)
        if plain[index].isalpha() and times[letters] == 1
    }
    return _WordList(shown, plain, usable)


def _code_of_words(language: str, entropy: int) -> Code:
    words = tuple(_list_of(language).shown[index] for index in _indexes(language, entropy))
    return Code("words", language, _secret_of_words(language, entropy), words)


def _secret_of_words(language: str, entropy: int) -> bytes:
    return ctx("return code", "words", language, entropy.to_bytes(WORDS * WORD_BITS // 8))


def _indexes(language: str, entropy: int) -> list[int]:
    """The nine places in the list, most significant bits first, the check bits last."""
    check = digest(_secret_of_words(language, entropy))[0] >> 8 - CHECK_BITS
    whole = entropy << CHECK_BITS | check
    return [whole >> WORD_BITS * place & 2**WORD_BITS - 1 for place in reversed(range(WORDS))]


def _number(indexes: list[int]) -> int:
    """The opposite of cutting a number into places."""
    whole = 0
    for index in indexes:
        whole = whole << WORD_BITS | index
    return whole


# --- deriving ------------------------------------------------------------------------------------
def derive(code: Code, salt: bytes, pepper: bytes) -> tuple[bytes, bytes]:
    """(look-up id, lock key), 32 bytes each, from one Argon2id under the installation's salt
    (16 bytes or more) and pepper (32 bytes or more).

    It takes some 20 ms and 19 MiB, two at a time, and others wait: call it outside a transaction.
    The look-up id is what may be stored; nobody without the pepper can compute either.
    """
    if len(salt) < 16 or len(pepper) < 32:
        raise ValueError("the installation's salt or pepper is too short")
    with _two_at_a_time:
        kdf = Argon2id(
            salt=salt,
            length=primitives.KEY,
            memory_cost=ARGON2_MEMORY,
            iterations=ARGON2_PASSES,
            lanes=ARGON2_LANES,
            secret=pepper,
        )
        root = kdf.derive(code.secret)
    look_up = primitives.derive(root, ctx("return code", "look-up id"))
    return look_up, primitives.derive(root, ctx("return code", "lock key"))
