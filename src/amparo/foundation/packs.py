"""The one loader of packs: dated data files with their source, those that ship and those that an
organisation has put beside them. A broken one is refused by file and field; the shipped one stays.

A pack is one TOML file, `<id>.toml`, or `<id>.<language>.toml` for a translation:

    [pack]
    kind = "playbook"          # which room's schema it follows
    schema = 1                 # of that schema
    id = "arrest"              # as the file is called
    version = 3                # a translation is of one version
    date = 2026-11-24          # of the content
    language = "en"
    review = "source"          # source, reviewed (a person has read it) or draft (shown to nobody)
    source = ["…"]             # where it is from

and beside `[pack]` whatever the kind holds. An organisation's own lie in `packs/<folder>/` of the data
folder; one with the id of a shipped pack stands in its place, and is shown as theirs.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from amparo.foundation.config import config

MOST_BYTES = 256 * 1024  # of one file
MOST_FILES = 500  # of one folder
REVIEWS = ("source", "reviewed", "draft")
_ID = re.compile(r"[a-z][a-z0-9-]{1,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LINE = re.compile(r"\(at line (\d+)")


class BadField(Exception):
    """A field of a pack is not what it must be: its path, and what would be right."""

    def __init__(self, place: str, right: str) -> None:
        super().__init__(f"{place}: {right}")
        self.place, self.right = place, right


@dataclass(frozen=True)
class Kind:
    """One kind of pack: its folder beside the room's code, the schema's number, and the function that
    makes of a file's content what the room works with (BadField names what is wrong)."""

    name: str
    folder: Path
    schema: int
    read: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Pack:
    """One pack. `own`: the organisation's; `content`: what its kind has made of it."""

    id: str
    version: int
    date: date
    language: str
    review: str
    source: tuple[str, ...]
    content: Any
    own: bool
    translations: Mapping[str, "Pack"] = field(default_factory=dict)

    def shown_in(self, language: str) -> "Pack":
        """The pack for a reader of this language: a translation that a person has read, of this very
        version, or the pack as it was written. A machine's draft is shown to nobody."""
        found = self.translations.get(language)
        fits = found is not None and found.review == "reviewed" and found.version == self.version
        return found if fits and found is not None else self


@dataclass(frozen=True)
class Fault:
    """A file that was refused: where in it, and what would be right."""

    file: str
    place: str
    right: str
    own: bool


@dataclass(frozen=True)
class Loaded:
    """The packs of one kind by their ids, and the files that were refused."""

    packs: Mapping[str, Pack]
    faults: tuple[Fault, ...]


_kinds: dict[str, Kind] = {}
_shipped: dict[str, Loaded] = {}
_seen: dict[str, tuple[object, Loaded]] = {}  # with the organisation's own, as they lay there


def register(kind: Kind) -> Kind:
    """Make a kind of pack known."""
    _kinds[kind.name] = kind
    return kind


def kinds() -> list[Kind]:
    """Every registered kind."""
    return list(_kinds.values())


def own_folder(kind: Kind) -> Path:
    """Where an organisation puts its own packs of a kind."""
    return config().data / "packs" / kind.folder.name


def load(kind: Kind) -> Loaded:
    """Every pack of a kind, read anew when a file of the organisation's has changed."""
    if kind.name not in _shipped:
        _shipped[kind.name] = _read_folder(kind, kind.folder, own=False)
    folder = own_folder(kind)
    now = folder, tuple(_marks(folder))
    if kind.name not in _seen or _seen[kind.name][0] != now:
        _seen[kind.name] = now, _over(_shipped[kind.name], _read_folder(kind, folder, own=True))
    return _seen[kind.name][1]


def _over(shipped: Loaded, own: Loaded) -> Loaded:
    return Loaded({**shipped.packs, **own.packs}, (*shipped.faults, *own.faults))


def _files(folder: Path) -> list[Path]:
    """The files of a folder by name; none where there is none."""
    try:
        return sorted(one for one in folder.glob("*.toml") if one.is_file())[:MOST_FILES]
    except OSError:
        return []


def _marks(folder: Path) -> Iterator[tuple[str, int, int]]:
    for one in _files(folder):
        try:
            found = one.stat()
        except OSError:
            continue
        yield one.name, found.st_mtime_ns, found.st_size


def _read_folder(kind: Kind, folder: Path, *, own: bool) -> Loaded:
    packs: dict[str, Pack] = {}
    faults, translations = [], []
    for path in _files(folder):
        try:
            pack = parse(kind, _bytes_of(path), path.name, own=own)
        except BadField as error:
            faults.append(Fault(path.name, error.place, error.right, own))
            continue
        if path.name == f"{pack.id}.toml":
            packs[pack.id] = pack
        else:
            translations.append(pack)
    for one in translations:
        if one.id in packs:
            packs[one.id].translations[one.language] = one  # type: ignore[index]
        else:
            name = f"{one.id}.{one.language}.toml"
            faults.append(Fault(name, "file", f"a translation stands beside {one.id}.toml", own))
    return Loaded(packs, tuple(faults))


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError:
        raise BadField("file", "a file that this program may read") from None


def parse(kind: Kind, data: bytes, name: str, *, own: bool = False) -> Pack:
    """The pack in a file's bytes; BadField names the line or the field that is wrong."""
    if len(data) > MOST_BYTES:
        raise BadField("file", f"at most {MOST_BYTES // 1024} KiB")
    try:
        content = tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        line_ = data.count(b"\n", 0, error.start) + 1
        raise BadField(f"line {line_}", "UTF-8") from None
    except ValueError as error:
        line = _LINE.search(str(error))
        raise BadField(f"line {line[1] if line else 'last'}", "TOML") from None
    except RecursionError:
        raise BadField("file", "lists that are not nested so deep") from None
    head = _Head(content.pop("pack", None))
    pack = head.pack(kind, content, own=own)
    if name not in {f"{pack.id}.toml", f"{pack.id}.{pack.language}.toml"}:
        raise BadField("pack.id", "as the file is called")
    return pack


class _Head:
    """The table `[pack]`, field by field."""

    FIELDS = ("kind", "schema", "id", "version", "date", "language", "review", "source")

    def __init__(self, given: object) -> None:
        if not isinstance(given, dict):
            raise BadField("pack", "a table that says what this file is")
        for name in given:
            if name not in self.FIELDS:
                raise BadField(f"pack.{name}", f"one of {', '.join(self.FIELDS)}")
        self.given = given

    def pack(self, kind: Kind, content: Mapping[str, Any], *, own: bool) -> Pack:
        self._is("kind", self.given.get("kind") == kind.name, f'"{kind.name}"')
        schema = self.given.get("schema")
        self._is("schema", schema == kind.schema and schema is not True, str(kind.schema))
        day, source = self.given.get("date"), self.given.get("source")
        self._is("date", type(day) is date, "a day, as 2026-11-24")
        self._is("source", _texts(source), "a list of texts, not empty")
        self._is("review", self.given.get("review") in REVIEWS, f"one of {', '.join(REVIEWS)}")
        version = self.given.get("version")
        self._is("version", type(version) is int and 0 < version < 10**6, "a number from 1 on")
        assert isinstance(day, date)
        assert isinstance(version, int)
        assert isinstance(source, list)
        return Pack(
            id=self._matches("id", _ID, "small letters, digits and dashes"),
            version=version,
            date=day,
            language=self._matches("language", _LANGUAGE, "a code of two or three letters"),
            review=self.given["review"],
            source=tuple(source),
            content=kind.read(content),
            own=own,
        )

    def _is(self, name: str, right: bool, words: str) -> None:
        if not right:
            raise BadField(f"pack.{name}", words)

    def _matches(self, name: str, form: re.Pattern[str], words: str) -> str:
        value = self.given.get(name)
        self._is(name, isinstance(value, str) and bool(form.fullmatch(value)), words)
        return str(value)


def _texts(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, str) and one.strip() for one in value)
    )
