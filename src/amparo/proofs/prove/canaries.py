"""Words that stand nowhere else in the world, and a search for them in whatever disguise bytes take."""

import base64
import binascii
import codecs
import html
import io
import quopri
import random
import re
import unicodedata
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

# Latin with an accent, and Arabic: what is looked for must be findable in more than ASCII.
LATIN, ARABIC = "bcdfghjklmnpqrstvwxz", "بتثجحخدذرزسشصضطظ"


@dataclass(frozen=True)
class Canary:
    """One word for one place: where it was put is known from the word."""

    place: str
    word: str


class Flock:
    """All canaries of one proof. They share two roots of twelve letters, so that one search for the
    roots finds any of them."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.latin = "é" + "".join(chance.choice(LATIN) for _ in range(12))
        self.arabic = "".join(chance.choice(ARABIC) for _ in range(12))
        self.count = 0

    def word(self) -> str:
        """A new word, in Latin letters."""
        self.count += 1
        return f"{self.latin}{self.count:05d}"

    def arabic_word(self) -> str:
        """A new word, in Arabic letters."""
        self.count += 1
        return f"{self.arabic}{self.count:05d}"

    def name(self) -> str:
        """A file's name: no accent, which not every machine would keep."""
        self.count += 1
        return f"{self.latin[1:]}{self.count:05d}"

    @property
    def roots(self) -> tuple[str, ...]:
        """What is looked for."""
        return self.latin[1:], self.latin, self.arabic


def disguises(word: str) -> dict[str, bytes]:
    """The word as bytes, in every form that text takes on its way through programs."""
    raw = word.encode()
    found = {
        "raw": raw,
        "decomposed": unicodedata.normalize("NFD", word).encode(),
        "upper case": word.upper().encode(),
        "UTF-16LE": word.encode("utf-16-le"),
        "UTF-16BE": word.encode("utf-16-be"),
        "UTF-32": word.encode("utf-32-le"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "JSON": word.encode("unicode_escape"),
        "percent": urllib.parse.quote(word).encode(),
        "quoted-printable": quopri.encodestring(raw),
        "HTML": html.escape(word).encode("ascii", "xmlcharrefreplace"),
        "UTF-7": codecs.encode(word, "utf-7"),
        "reversed": word[::-1].encode(),
        "uuencode": binascii.b2a_uu(raw)[1:-2],
    }
    for shift in range(3):
        # Base64 has three ways of lying over a word; its first and last letters depend on the rest.
        whole = base64.b64encode(bytes(shift) + raw + bytes(3 - shift))
        core = whole[4 if shift else 0 : -(8 - shift)] if len(whole) > 12 else whole
        found[f"base64 {shift}"] = core
        found[f"base64url {shift}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
        found[f"base32 {shift}"] = base64.b32encode(bytes(shift) + raw)[8:-8]
    return {name: data for name, data in found.items() if len(data) >= 8}


class Search:
    """Looks for a flock in bytes, and in what is compressed inside them."""

    def __init__(self, flock: Flock) -> None:
        self._wanted = {
            data: f"{name} of {word}"
            for word in flock.roots
            for name, data in disguises(word).items()
        }
        longest_first = sorted(self._wanted, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
        self.searched = 0

    def hits(self, data: bytes, depth: int = 0) -> list[str]:
        """What was found, by disguise; inside gzip, zlib and zip too."""
        self.searched += len(data)
        found = [self._wanted[one] for one in self._pattern.findall(data)]
        if depth < 2:
            for kind, inner in _unpacked(data):
                found += [f"{one} in {kind}" for one in self.hits(inner, depth + 1)]
        return found


LIMIT = 64 * 1024 * 1024


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    view = memoryview(data)
    for match in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|PK\x03\x04", data):
        at = match.start()
        mark = match.group()
        if mark == b"PK\x03\x04":
            yield from _zipped(data, at)
            continue
        bits = 31 if mark[0] == 0x1F else 15
        try:
            # A first look: in sealed bytes such a beginning stands by chance every few KiB.
            zlib.decompressobj(bits).decompress(view[at : at + 256], 64)
            inner = zlib.decompressobj(bits).decompress(view[at : at + LIMIT], LIMIT)
        except zlib.error:
            continue
        if len(inner) > 12:
            yield ("gzip" if bits == 31 else "zlib"), inner


def _zipped(data: bytes, at: int) -> Iterator[tuple[str, bytes]]:
    """The members of a zip that begins here; or the one member, if the rest is missing."""
    try:
        with zipfile.ZipFile(io.BytesIO(data[at:])) as archive:
            for name in archive.namelist()[:100]:
                yield "zip", archive.read(name)[:LIMIT]
        return
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        zlib.error,
        RuntimeError,
        ValueError,
        EOFError,
    ):
        pass  # half of one: its member by hand
    if int.from_bytes(data[at + 8 : at + 10], "little") == 8:
        skip = 30 + int.from_bytes(data[at + 26 : at + 28], "little")
        skip += int.from_bytes(data[at + 28 : at + 30], "little")
        try:
            yield "zip", zlib.decompressobj(-15).decompress(data[at + skip : at + LIMIT], LIMIT)
        except zlib.error:
            return


def misses(flock: Flock) -> list[str]:
    """Disguises that the search would not see: it is tried on each before it is believed."""
    import gzip

    missed, search = [], Search(flock)
    for word in (flock.word(), flock.arabic_word()):
        text = f"something before {word} and something after".encode()
        tried = {
            "raw": text,
            "upper case": text.decode().upper().encode(),
            "decomposed": unicodedata.normalize("NFD", text.decode()).encode(),
            "hex": text.hex().encode(),
            "UTF-16": text.decode().encode("utf-16"),
            "JSON": text.decode().encode("unicode_escape"),
            "gzip": gzip.compress(text),
            "zlib": zlib.compress(text),
            "percent": urllib.parse.quote(text.decode()).encode(),
            **{f"base64 {n}": base64.b64encode(b"x" * n + text) for n in range(3)},
            **{f"base64url {n}": base64.urlsafe_b64encode(b"x" * n + text) for n in range(3)},
        }
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("word/document.xml", text)
        tried["docx"] = archive.getvalue()
        missed += [
            f"{name} of {word}" for name, data in tried.items() if not search.hits(b"\0" * 9 + data)
        ]
    return missed
