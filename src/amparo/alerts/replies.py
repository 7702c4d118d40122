"""The words that a contact may send back: which there are, which count here, and what a message says.

They stand in `reply_words.toml`. English ones always count; those of another language only where the
organisation has marked the language as read, for a wrong word could end an alarm.
"""

import tomllib
from functools import cache
from pathlib import Path

from amparo.foundation.config import config
from amparo.messages import rules

FILE = Path(__file__).with_name("reply_words.toml")
SAFE, START = "safe", "start"
NAMED = ("on it", SAFE, "escalate", "stop")  # as a message names them
PUNCTUATION = " \t\r\n.,;:!?…-–—\"'«»“”‘’()،؛؟"
MOST_WORDS = 6  # of one of these


@cache
def all_words() -> dict[str, dict[str, list[str]]]:
    """Language -> deed -> its words, whether they count here or not."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        language: {deed: list(words) for deed, words in table.items() if isinstance(words, list)}
        for language, table in tables.items()
        if isinstance(table, dict)
    }


def counting() -> tuple[str, ...]:
    """The languages whose words count here."""
    settings = config()
    read = [one for one in settings.languages if one in settings.reviewed]
    return ("en", *(one for one in all_words() if one in read and one != "en"))


def offered(language: str) -> str:
    """What a message in a language says of them: words that count, and nothing around them."""
    known = all_words()[language if language in counting() else "en"]
    return "/".join(known[deed][0].upper() for deed in NAMED)


def understood(text: str) -> tuple[str, str]:
    """(what somebody wants, the word that they say with it); two empty texts for anything else.

    The whole message must be one of the words, so that "ok, but I cannot" is none of them; "safe" may
    be followed by the agreed word.
    """
    deeds = {
        rules.plain(word): deed
        for language in counting()
        for deed, words in all_words()[language].items()
        for word in words
    }
    said = deeds.get(rules.plain(text), "")
    if said:
        return said, ""
    parts = text.split()
    for count in range(min(len(parts) - 1, MOST_WORDS), 0, -1):
        if deeds.get(rules.plain(" ".join(parts[:count]))) == SAFE:
            return SAFE, " ".join(parts[count:]).strip(PUNCTUATION)
    return "", ""
