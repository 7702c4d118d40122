"""P38: every language is complete, and nothing on a page escapes translation.

What the source says is extracted anew and compared with each catalogue; then every page of both
surfaces is read in a language that does not exist, in which each translated text stands in brackets:
letters outside them are either somebody's own words or a text that nobody can translate.

Seen to fail: when a translation is emptied, when one loses a value, when a text of a template stands
outside its tag, and when a new text is not in the catalogues.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import translation

import amparo
from amparo.casework.playbooks import playbooks
from amparo.proofs.prove.busy import NOTES, OUTSIDE, Busy, busy, desk_pages
from amparo.proofs.prove.found import Found, proves
from amparo.vault import codes
from amparo.web import middleware

SOURCE = Path(amparo.__file__).parent
LANGUAGES = ("es", "fr", "ar")
Key = tuple[str, str]  # context and text


# --- catalogues -----------------------------------------------------------------------------------
def _entries(text: str) -> Iterator[tuple[Key, str, list[str]]]:
    """(context and text, everything before the translations, translations) of a catalogue."""
    for block in text.split("\n\n")[1:]:
        lines = [line for line in block.splitlines() if not line.startswith("#~")]
        said: dict[str, str] = {}
        name = ""
        for line in lines:
            head = re.match(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) "', line)
            if head:
                name = head[1]
                said[name] = ""
            if name and line.rstrip().endswith('"'):
                said[name] += line[line.index('"') + 1 : -1]
        if said.get("msgid"):
            before = "\n".join(one for one in lines if one.startswith("#"))
            given = [value for one, value in said.items() if one.startswith("msgstr")]
            both = before + said["msgid"] + said.get("msgid_plural", "")
            yield (said.get("msgctxt", ""), said["msgid"]), both, given


def _faults(text: str) -> tuple[set[Key], int]:
    """(every text of a catalogue, how many are missing, fuzzy or name values that the text has not)."""
    keys, wrong = set(), 0
    for key, source, given in _entries(text):
        keys.add(key)
        values = set(re.findall(r"%\(\w+\)s", source))
        loses = any(set(re.findall(r"%\(\w+\)s", one)) - values for one in given)
        wrong += not all(given) or "fuzzy" in source.split("\n")[0] or loses
    return keys, wrong


def _extracted() -> set[Key] | None:
    """What the source says now; None without gettext's programs."""
    if not shutil.which("xgettext"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "amparo"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("locale", "proofs", "*.pyc"))
        (copy / "locale").mkdir()
        command = [sys.executable, "-m", "django", "makemessages", "--locale", "xx", "--keep-pot"]
        subprocess.run(command, cwd=copy, capture_output=True, check=True)
        return {key for key, _, _ in _entries((copy / "locale" / "django.pot").read_text())}


# --- pages in brackets ----------------------------------------------------------------------------
@contextmanager
def _bracketed() -> Iterator[None]:
    """Every text that is translated stands in ⟦ ⟧."""
    trans = translation._trans  # type: ignore[attr-defined]
    names = ("gettext", "pgettext", "ngettext", "npgettext")
    before = {name: getattr(trans, name) for name in names}

    def wrap(function: Callable[..., str]) -> Callable[..., str]:
        return lambda *given: f"⟦{function(*given)}⟧"

    for name, function in before.items():
        setattr(trans, name, wrap(function))
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(trans, name, function)


class _Page(HTMLParser):
    """What a person reads or hears of a page, one piece a line."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._silent, self._code, self.pieces = 0, 0, list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        # What is read out letter by letter is no language: keys, commands, fingerprints.
        self._silent += tag in {"script", "style", "svg"}
        self._code += tag in {"kbd", "code", "samp"}
        for name, value in attrs:
            if name in {"alt", "title", "aria-label", "placeholder"}:
                self.pieces.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "svg"}
        self._code -= tag in {"kbd", "code", "samp"}

    def handle_data(self, data: str) -> None:
        if not self._silent and not self._code:
            self.pieces.append(data)


# Whatever people have said in `busy`, and what is the same in every language.
OWN = re.compile(
    r"""\b(?:ines|ruth|tomas|olga|Nadia\ 0|house|intake|auditors|coordination|legal|care
    |finance|release|summons\.png|png|SHA-256|UTC|[0-9a-f]{4,64}|[A-Z][a-z]+\ [A-Z][a-z]+\ \d\d
    |English|Español|Français|العربية|Sample\ House|amparo\ [a-z]+\ [a-z.\- ]+)\b
    |Tomás\ R\.|somewhere|By\ the\ lake|Evenings|My\ brother\ was\ arrested\.|They\ called\ at\ noon\.
    |They\ took\ my\ laptop\ at\ the\ border\.|Two\ men\ asked\ my\ neighbour\ when\ I\ come\ home\.
    |No\ calls\.\ The\ phone\ is\ shared\.|“water\ the\ plants”,\ 18:00–20:00|Before\ the\ transfer\.
    |A\ lawyer\ is\ looking\ for\ him\.\ Come\ back\ tonight\.|Rang\ twice,\ left\ nothing\.
    |Taken\ at\ 06:40\ from\ the\ house\.|Only\ if\ he\ is\ not\ let\ go\.|blue\ kettle
    |My\ sister|sister@example\.org|Reem|Your\ order\ is\ ready\.|A\ car\ with\ a\ driver
    |\b(?:relay|Signal|Matrix|ntfy|UnifiedPush|North|days)\b|A\ room\ for\ a\ night|A\ life\.
    |Held\ at\ the\ second\ station\ since\ seven\.""",
    re.VERBOSE,
)


@cache
def _of_packs() -> set[str]:
    """Every text of the playbooks: they are translated whole, as packs, and read before they count."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value.strip()
        elif isinstance(value, dict):
            yield from (one for part in value.values() for one in texts(part))
        elif isinstance(value, list | tuple):
            yield from (one for part in value for one in texts(part))

    return {
        one for pack in playbooks().values() for one in texts((asdict(pack.content), pack.source))
    }


def _escaped(html: str) -> list[str]:
    """Letters of a page that stand in no brackets and are nobody's own words."""
    text = "\n".join(_Page(html).pieces)
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = inner
    offered = set(codes._list_of("en").shown)  # words for a new passphrase, one a line
    offered |= _of_packs()
    for one in sorted(_of_packs(), key=len, reverse=True):
        if len(one) > 20:  # sources stand in one line
            text = text.replace(one, " ")
    left = (OWN.sub(" ", line) for line in text.split("\n") if line.strip() not in offered)
    return [line.strip() for line in left if re.search(r"[^\W\d_]{2}", line)]


def _pages(made: Busy) -> Iterator[tuple[str, str]]:
    client = Client()

    def page(path: str) -> str:
        return client.get(f"/{path}", headers={"host": "localhost"}).content.decode()

    for path in (*NOTES, *OUTSIDE.values()):
        yield path, page(path)
    first, second = made.world.officers[:2]
    client.cookies[middleware.SESSION_COOKIE] = middleware.cookie_of(first.handle)
    for path in desk_pages(made.case.case, made.new.case, made.known, second.id).values():
        yield path, page(path)


# --- the proof ------------------------------------------------------------------------------------
@proves("P38")
def every_language() -> Found:
    """The catalogues, the source, and every page."""
    result, counts = Found(), {}
    source = _extracted()
    if source is None:
        result.pending.append("no xgettext here: new texts in the source were not looked for")
    for language in LANGUAGES:
        file = SOURCE / "locale" / language / "LC_MESSAGES" / "django.po"
        if not file.is_file():
            result.breaches.append(f"{language}: no catalogue")
            continue
        keys, wrong = _faults(file.read_text())
        counts[language] = len(keys)
        result.expect(
            not wrong, f"{language}: {wrong} of {len(keys)} missing, fuzzy or lose a value"
        )
        new = sorted(text for _, text in (source or set()) - keys)
        result.expect(not new, f"{language}: {len(new)} texts are not in the catalogue: {new[:2]}")
    looked = 0
    made = busy(0)
    with _bracketed():
        for path, html in _pages(made):
            looked += 1
            result.expect("⟦" in html, f"/{path}: nothing is translated")
            for one in _escaped(html)[:2]:
                result.breaches.append(f"/{path}: not for translation: {one[:60]!r}")
    for language in codes.LANGUAGES:
        words = len(set(codes._list_of(language).shown))
        result.expect(words == 2048, f"{language}: {words} code words")
    result.value = str(len(result.breaches))
    said = ", ".join(f"{language} {count}" for language, count in counts.items())
    result.detail = (
        f"{said}, {looked} pages in brackets, {len(codes.LANGUAGES)} lists of code words"
    )
    return result
