"""The thief: takes a copy of everything that an installation has on disk and opens what it can.

A program of its own: it knows docs/FORMATS.md and shares no line with Amparo; the tables that it knows
stand in thief.txt beside it. It says what each value
of FOLDER (databases, server.keys, amparo.toml, files/) is, fails on what it does not know, and tries
every key on everything sealed. Without a person's secret it must open nothing but the shadow.

    python thief.py FOLDER [--passphrase NAME:PHRASE] [--code TEXT] [--token TEXT] …
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
import shutil
import sqlite3
import struct
import sys
import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unicodedata import decimal, normalize

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
WRAP = 1 + 1120 + 16  # bytes that a wrap is longer than what it holds
SECRET = 1 + 56 + 16  # the same for a small secret
FIELD = 1 + 12 + 16  # and for a field, beside its padding
LEVELS = {b"a1": (3, 256 * 1024), b"a0": (2, 19 * 1024)}
# What the server's own keys may open while it is there: docs/THREAT_MODEL.md, "Server keys".
SHADOW = {"vault.factor", "messages.route", "messages.ring", "messages.number"} | {
    f"alerts.{one}" for one in ("armed", "ladder", "reached", "checkin", "on-call", "callout")
}
SECRETS = ("passphrase", "code", "token", "cookie", "keys")
BUDGET = 3_000_000  # tries beyond those that a place suggests


class No(ValueError):
    """It does not open."""


# --- formats (docs/FORMATS.md) --------------------------------------------------------------------
def ctx(kind: str, *parts: object) -> bytes:
    out = b"amparo/v1"
    for part in (kind, *parts):
        raw = part if isinstance(part, bytes) else str(part).encode()
        out += struct.pack(">I", len(raw)) + raw
    return out


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf(key: bytes, info: bytes, salt: bytes | None = None) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


class Key:
    """A pair of keys, all of it from one root of 32 bytes."""

    def __init__(self, root: bytes) -> None:
        wide = hashlib.shake_256(hkdf(root, ctx("root", "kem"))).digest(96)
        kem = MLKEM768PrivateKey.from_seed_bytes(wide[:64])
        curve = X25519PrivateKey.from_private_bytes(wide[64:])
        self._private = hpke.MLKEM768X25519PrivateKey(kem, curve)
        public = kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        sign = Ed25519PrivateKey.from_private_bytes(hkdf(root, ctx("root", "sig")))
        self.public = public + sign.public_key().public_bytes_raw()

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        if blob[:1] != b"\x01":
            raise No
        return SUITE.decrypt(blob[1:], self._private, info=context)


def fingerprint(public: bytes) -> str:
    return sha256(ctx("fingerprint", public[:1216], public[1216:])).hex()[:40]


def open_field(key: bytes, blob: bytes, context: bytes) -> bytes:
    if blob[:1] != b"\x01" or len(blob) < FIELD:
        raise No
    return unpad(AESGCM(key).decrypt(blob[1:13], blob[13:], context))


def open_secret(key: bytes, blob: bytes, context: bytes) -> bytes:
    if blob[:1] != b"\x01":
        raise No
    stream = Cobblestone256Decryptor(key, context)
    return stream.update(blob[1:]) + stream.finalize()


def open_marked(key: bytes, blob: bytes, place: tuple[str, str]) -> bytes:
    with suppress(InvalidTag):
        return open_secret(key, blob, ctx(*place))
    return open_secret(key, blob, ctx(f"{place[0]}-seen", place[1]))  # of a code seen by others


def unpad(data: bytes) -> bytes:
    body, mark, rest = data.rpartition(b"\x80")
    if not mark or rest.strip(b"\0"):
        raise No
    return body


def padded(size: int) -> bool:
    """Whether a size is a length class."""
    return size in {*range(64, 513, 64), 1024, 4096, 16384} or (size > 0 and size % 65536 == 0)


def stretch(secret: bytes, salt: bytes, pepper: bytes, passes: int, memory: int) -> bytes:
    cost: dict[str, Any] = {"iterations": passes, "lanes": 1, "memory_cost": memory}
    return Argon2id(salt=salt, length=32, secret=pepper, **cost).derive(secret)


# --- what each value is ---------------------------------------------------------------------------
def _text(pattern: str) -> Callable[[Any], bool]:
    regex = re.compile(pattern)
    return lambda value: isinstance(value, str) and regex.fullmatch(value) is not None


def _bytes(*sizes: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, bytes) and len(value) in sizes


def _box(over: int, inside: Callable[[int], bool], before: int = 0) -> Callable[[Any], bool]:
    """Something sealed: `before` clear bytes, the suite byte, and so much more than its inside."""

    def check(value: Any) -> bool:
        if not isinstance(value, bytes) or value[before : before + 1] != b"\x01":
            return False
        return inside(len(value) - before - over)

    return check


def _capsule(value: Any) -> bool:
    box = WRAP + 32
    if not isinstance(value, bytes) or value[:3] != struct.pack(">HB", box, 1):
        return False
    return value[2 + box] == 1 and padded(_unchunked(len(value) - 2 - box - 1))


def _unchunked(size: int) -> int:
    """The bytes inside a stream of `size` bytes: 56 in front, a tag for each 16 KiB and the end."""
    size -= 56
    return size - 16 * (size // (16384 + 16) + 1) if size >= 16 else -1


HEX = "[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORD = rf"(?:{HEX})(?:\+(?:{HEX}))?|\d{{4}}-\d\d-\d\d|[a-zA-Z. :-]{{0,40}}"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?:\+00(?::00)?)?"
CLEAR: dict[str, Callable[[Any], bool]] = {
    "id": _text(HEX),
    "number": lambda value: isinstance(value, int),
    "day": _text(r"\d{4}-\d\d-\d\d"),
    "moment": _text(MOMENT),
    "word": _text(r"[a-zA-Z_. -]{0,60}"),
    "name": _text(r"[a-z0-9_]{1,100}"),
    "json": _text(rf'(?:[\[\]{{}}:, ]|"(?:{_WORD})"|\d+|null|true|false)*'),
    "note": _text(r"log-[0-9a-f]{16}\n\d+\n[A-Za-z0-9+/=]{44}\n\d{4}-\d\d-\d\d\n\n— log-\S+ \S+\n"),
    "hash": _bytes(32),
    "mark": _bytes(0, 32),
    "hashes": lambda value: isinstance(value, bytes) and len(value) % 32 == 0,
    "signature": _bytes(0, 64),
    "public": _bytes(1248),
}
SEALED: dict[str, Callable[[Any], bool]] = {
    "wrap": _box(WRAP, lambda size: size == 32),
    "pair": _box(WRAP, lambda size: size == WRAP + 32),
    "journal": _box(WRAP, padded),
    "duty": _box(WRAP, padded),
    "own": _box(WRAP, padded),
    "team": _box(WRAP, padded, before=16),
    "field": _box(FIELD, padded, before=4),
    "task": lambda value: any(SEALED[one](value) for one in ("field", "team")),
    "armed": lambda value: any(SEALED[one](value) for one in ("duty", "capsule")),
    "factor": _box(FIELD, padded),
    "slot": _bytes(2 + 16 + SECRET + 32, SECRET + 32),
    "session": _bytes(SECRET + 32 + 4),
    "capsule": _capsule,
    "peeled": lambda value: _peeled(value) is not None,
}


def _peeled(value: Any) -> dict[str, bytes] | None:
    try:
        found = {place: base64.b64decode(inner) for place, inner in json.loads(value).items()}
    except (TypeError, ValueError, AttributeError):
        return None
    return found if all(len(inner) == WRAP + 32 for inner in found.values()) else None


_KNOWN = Path(__file__).with_name("thief.txt").read_text()
_ROOM = "id=id case=id compartment=word sealed=field"
TABLES: dict[str, dict[str, str]] = {}  # table -> column -> what its values are
KINDS: dict[tuple[str, str], str] = {}  # (table, column) -> the name under which it binds itself
for _line in _KNOWN.replace("@room", _ROOM).splitlines():
    _table, *_columns = _line.split()
    for _column, _form in (one.split("=") for one in _columns if _table != "#"):
        _form, _, _kind = _form.partition(":")
        TABLES.setdefault(_table, {})[_column] = _form
        KINDS[_table, _column] = _kind.replace("_", " ") or _table.replace("_", ".", 1)
# What opens with a token: table, column, and the name under which it binds itself.
CAPSULES = (
    ("consent_link", "body", "consent.link"),
    ("alerts_plan", "armed", "alerts.card"),
    ("alerts_feed", "sealed", "alerts.feed"),
)
KNOWN_FILES = re.compile(
    r"(data|keys)\.sqlite3(-wal|-shm|-journal)?|server\.keys|(amparo|channels|gateways)\.toml"
    r"|packs/[a-z0-9_./-]+\.toml"
)
PART_FILE = re.compile(r"files/[0-9a-f]{2}/[0-9a-f]{30}")
Row = dict[str, Any]


# --- the booty ------------------------------------------------------------------------------------
class Booty:
    """Everything that was taken, and what it turned out to be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: list[tuple[Row, Path]] = []
        self.classified: Counter[str] = Counter()
        self.unclassified: list[str] = []
        self.tables: dict[str, list[Row]] = defaultdict(list)
        server = json.loads((folder / "server.keys").read_text())
        self.installation = bytes.fromhex(server["installation"])
        self.server = {name: bytes.fromhex(key) for name, key in server["keys"].items()}
        with tempfile.TemporaryDirectory(prefix="thief-") as copy:
            for name in ("data.sqlite3", "keys.sqlite3"):
                for path in folder.glob(f"{name}*"):
                    shutil.copy(path, copy)
                self._read(Path(copy) / name)
        self._walk_files()

    def _read(self, path: Path) -> None:
        database = sqlite3.connect(path)
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in names.fetchall():
            known = TABLES.get(name, {})
            cursor = database.execute(f'SELECT * FROM "{name}"')
            columns = [(one[0], known.get(one[0], "")) for one in cursor.description]
            for row in cursor:
                pairs = zip(columns, row, strict=True)
                said = {one: self._say_what(f"{name}.{one}", kind, v) for (one, kind), v in pairs}
                self.tables[name].append(said)
        database.close()

    def _say_what(self, where: str, kind: str, value: Any) -> Any:
        check = CLEAR.get(kind) or SEALED.get(kind)
        nothing = value is None or (kind in SEALED and value == b"")
        if check is not None and (nothing or check(value)):
            self.classified[kind] += 1
        else:
            self.unclassified.append(where)
        return str(uuid.UUID(value)) if kind == "id" and check and value else value

    def _walk_files(self) -> None:
        """Every file of the folder: known by its name, or a part of an upload."""
        rows = {uuid.UUID(row["id"]).hex: row for row in self.tables["vault_part"]}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_dir() or KNOWN_FILES.fullmatch(name):
                self.classified["file"] += path.is_file()
            elif not PART_FILE.fullmatch(name) or _unchunked(path.stat().st_size) % 65536:
                self.unclassified.append(name)
            else:
                row = rows.get(name[6:].replace("/", ""))  # none: nobody owns it yet
                self.classified["part" if row else "orphan"] += 1
                self.parts += [(row, path)] if row else []


# --- opening --------------------------------------------------------------------------------------
class Thief:
    """Keys, and what they have opened so far."""

    def __init__(self, booty: Booty, budget: int) -> None:
        self.booty, self.home = booty, booty.installation
        self.opened: dict[str, dict[str, bytes]] = defaultdict(dict)  # kind -> row -> content
        self.attempts, self.budget, self._thorough = 0, budget, False
        self.roots: dict[bytes, Key] = {}
        self.secrets: dict[bytes, None] = {}
        self.epochs: dict[tuple[str, str, int], bytes] = {}
        self.files: dict[str, bytes] = {}  # upload -> key
        rows = booty.tables["vault_principal"]
        self.public = {row["id"]: row["public"] for row in rows}
        self.prints = {who: fingerprint(public) for who, public in self.public.items()}
        self.auditors = [row["id"] for row in rows if row["code"] == "auditors"]
        for name, key in booty.server.items():
            self._take_root(key)
            self.public[name] = self.roots[key].public
        self.secrets |= {bytes(32): None, b"\xff" * 32: None}
        for table in ("vault_session", "consent_link"):
            for row in booty.tables[table]:
                self.secrets |= {row["find"]: None, row.get("half") or row["find"]: None}

    def _take_root(self, root: bytes) -> None:
        if root not in self.roots:
            self.roots[root] = Key(root)
            self.secrets[root] = None

    def _try(self, one: Callable[..., bytes], keys: Iterable[Any], *more: Any) -> bytes | None:
        for key in keys:
            self.attempts += 1
            try:
                return one(key, *more)
            except (InvalidTag, ValueError):
                continue
        return None

    def _and_others(self, named: list[Any], others: Iterable[Any]) -> Iterator[Any]:
        """First the keys that a place names; then, in the thorough round, all that there are."""
        yield from named
        for key in list(others) if self._thorough else []:
            if self.budget > 0 and key not in named:
                self.budget -= 1
                yield key

    def _unwrap(self, blob: bytes, place: bytes, *to: str) -> bytes | None:
        public = [self.public.get(one) for one in to]
        named = [key for key in self.roots.values() if key.public in public]
        return self._try(Key.unwrap, self._and_others(named, self.roots.values()), blob, place)

    def _unseal(self, how: Any, blob: bytes, place: Any, *named: bytes | None) -> bytes | None:
        keys = self._and_others([key for key in named if key], self.secrets)
        return self._try(how, keys, blob, place)

    def _rows(self, table: str, find: bytes) -> list[Row]:
        return [one for one in self.booty.tables[table] if one["find"] == find]

    def _row(self, table: str, find: bytes) -> Row:
        for row in self._rows(table, find):
            return row
        raise No

    def with_passphrase(self, text: str) -> None:
        name, _, phrase = text.partition(":")
        pepper = self.booty.server["pepper"]
        folded = " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())
        row = self._row("vault_slot", hmac.digest(pepper, ctx("sign-in name", folded), "sha256"))
        blob, place = row["blob"], ctx("lock", row["principal_id"])
        key = stretch(normalize("NFKC", phrase).encode(), blob[2:18], pepper, *LEVELS[blob[:2]])
        self._take_root(open_secret(key, blob[18:], place))

    def with_code(self, text: str) -> None:
        """A return code in digits. (Words: see docs/FORMATS.md.)"""
        digits = "".join(str(decimal(one)) for one in text if one.isdecimal())
        if len(digits) != 30 or int(digits) % 97 != 1:
            raise No
        secret = ctx("return code", "digits", digits[:28])
        root = stretch(secret, self.home, self.booty.server["pepper"], *LEVELS[b"a0"])
        row = self._row("vault_slot", hkdf(root, ctx("return code", "look-up id")))
        lock, place = hkdf(root, ctx("return code", "lock key")), row["principal_id"]
        self._take_root(open_marked(lock, row["blob"], ("code-lock", place)))

    def with_token(self, text: str) -> None:
        """Of a one-time link, a card, or a calendar."""
        token = base64.urlsafe_b64decode(text + "==")
        find = sha256(ctx("capsule-find", self.home, token))
        found = [(one, row) for one in CAPSULES for row in self._rows(one[0], find)]
        if not found:
            raise No
        (_, column, kind), row = found[0]
        place, box, rest = self._capsule(kind, row, row[column])
        inner = self.roots[self.booty.server["duty"]].unwrap(box, place)
        doc = unpad(open_secret(hkdf(inner, place, token), rest, place))
        self.opened[kind][row["id"]] = doc
        if "root" in json.loads(doc):
            self._take_root(bytes.fromhex(json.loads(doc)["root"]))

    def _capsule(self, kind: str, row: Row, blob: bytes) -> tuple[bytes, bytes, bytes]:
        """(its place, what the duty key opens of it, what the token opens then)."""
        bound = f"link.{row['kind']}" if kind == "consent.link" else kind
        return ctx("capsule", self.home, bound, row["id"]), blob[2 : 34 + WRAP], blob[34 + WRAP :]

    def with_cookie(self, text: str) -> None:
        handle = base64.urlsafe_b64decode(text + "==")
        row = self._row("vault_session", sha256(ctx("session", handle[:16])))
        key = hkdf(handle[16:], ctx("session", row["principal_id"]), row["half"])
        self._take_root(open_marked(key, row["sealed"], ("session", row["principal_id"]))[:32])

    def with_keys(self, text: str) -> None:
        """What an earlier raid has saved."""
        for line in Path(text).read_text().split():
            self._take_root(bytes.fromhex(line))

    def run(self) -> None:
        """Open what can be opened until nothing new turns up; once more with every key on all."""
        for self._thorough in (False, True):
            known = -1
            while known != len(self.secrets):
                known = len(self.secrets)
                for table, columns in TABLES.items():
                    for column, form in columns.items():
                        if form in SEALED:
                            self._open_column(table, column, form)
                self._open_files()

    def _open_column(self, table: str, column: str, form: str) -> None:
        for row in self.booty.tables[table]:
            kind, blob, how = KINDS[table, column], row[column], form
            if form == "armed" and blob and blob[:1] != b"\x01":
                kind, how = "alerts.card", "capsule"  # with its card only
            name = f"{kind}.{column}" if column in {"own", "desk"} else kind
            place = str(row.get("id") or row.get("seq") or row["find"].hex())
            if blob and place not in self.opened[name]:
                found = self._open(how, kind, row, blob)
                if found is not None:
                    self.opened[name][place] = found

    def _open(self, form: str, kind: str, row: Row, blob: bytes) -> bytes | None:
        match form:
            case "wrap":
                return self._open_wrap(row, blob)
            case "pair" | "peeled":
                return self._open_pair(form, row, blob)
            case "field" | "task" if row["compartment"]:
                return self._open_field(kind, row, blob)
            case "slot" | "session" | "capsule":
                return self._pick_lock(form, kind, row, blob)
            case "factor":
                return self._unseal(open_field, blob, ctx("factor", self.home, row["id"]))
            case "journal":
                place, to = ctx("journal", self.home), self.auditors
            case "duty" | "armed":
                place, to = ctx("duty", self.home, kind, row["id"]), ["duty"]
            case "own":
                to = [row.get("person") or row["owner"]]
                place = ctx("own", self.home, kind, row["id"], *to)
            case _:  # to a team, whose id stands in front
                to, blob = [str(uuid.UUID(bytes=blob[:16]))], blob[16:]
                place = ctx("team", self.home, kind, row["id"], *to)
        found = self._unwrap(blob, place, *to)
        return None if found is None else unpad(found)

    def _open_wrap(self, row: Row, blob: bytes) -> bytes | None:
        if "team_id" in row:
            team, to = row["team_id"], row["member_id"]
            place = ctx("membership", team, self.public[team], self.prints[to])
            found = self._unwrap(blob, place, to)
            if found is not None:
                self._take_root(found)
            return found
        to, more = row["grantee"], (row["purpose"], row["until"] or "")
        part = row["case"], row["compartment"], row["epoch"]
        found = self._unwrap(blob, ctx("grant", *part, self.prints.get(to, ""), *more), to)
        return self._learn(part, found)

    def _learn(self, part: tuple[str, str, int], key: bytes | None) -> bytes | None:
        if key is not None:
            self.epochs[part] = key
            self.secrets[key] = None
        return key

    def _open_pair(self, form: str, row: Row, blob: Any) -> bytes | None:
        found = None
        boxes = {f"{row.get('epoch')}:{row.get('second')}": blob}
        for where, box in (boxes if form == "pair" else _peeled(blob) or {}).items():
            epoch, _, second = where.partition(":")
            part = row["case"], row.get("compartment") or row["subject"], int(epoch)
            place = *part, self.prints[row["first"]], self.prints[second]
            inner: bytes | None = box
            if form == "pair":
                inner = self._unwrap(box, ctx("pair", *place, "outer"), row["first"])
            if inner is not None:
                key = self._unwrap(inner, ctx("pair", *place, "inner"), second)
                found = self._learn(part, key) or found
        return found

    def _open_field(self, kind: str, row: Row, blob: bytes) -> bytes | None:
        (epoch,) = struct.unpack(">I", blob[:4])
        part = row["case"], row["compartment"], epoch
        place = ctx("field", self.home, kind, row["id"], *part)
        found = self._unseal(open_field, blob[4:], place, self.epochs.get(part))
        if found is not None and kind == "casework.file":
            doc = json.loads(found)
            self.files[doc["upload"]] = bytes.fromhex(doc["key"])
            self.secrets[bytes.fromhex(doc["key"])] = None
        return found

    def _pick_lock(self, form: str, kind: str, row: Row, blob: bytes) -> bytes | None:
        """Locks, sessions and links with keys instead of the secrets that they were made for."""
        if form == "slot":
            here = "code-lock" if row["kind"] == "code" else "lock", row["principal_id"]
            return self._unseal(open_marked, blob[-SECRET - 32 :], here, row["find"])
        if form == "session":
            here = "session", row["principal_id"]
            derived = [hkdf(key, ctx(*here), row["half"]) for key in self.secrets]
            return self._unseal(open_marked, blob, here, *derived)
        place, box, rest = self._capsule(kind, row, blob)
        inner = self._unwrap(box, place, "duty") or b""
        derived = [inner, hkdf(inner, place), hkdf(inner, place, bytes(16))]
        return self._unseal(open_secret, rest, place, *(derived if inner else []))

    def _open_files(self) -> None:
        for row, path in self.booty.parts:
            if row["id"] not in self.opened["file"]:
                found = self._open_part(row, path.read_bytes())
                if found is not None:
                    self.opened["file"][row["id"]] = found

    def _open_part(self, row: Row, blob: bytes) -> bytes | None:
        place = ctx("part", self.home, row["upload_id"], row["number"])
        named = self.files.get(row["upload_id"])
        keys = self._and_others([named] if named else [], self.secrets)
        derived = (hkdf(key, ctx("part-key", row["number"])) for key in keys)
        return self._try(open_secret, derived, b"\x01" + blob, place)


# --- the program ----------------------------------------------------------------------------------
def report(booty: Booty, thief: Thief, rows: bool) -> dict[str, Any]:
    """What was found, as one JSON document; of documents no more than their digest."""
    counts = {kind: len(found) for kind, found in sorted(thief.opened.items()) if found}
    said: dict[str, Any] = {
        "opened": counts,
        "outside_shadow": sum(n for kind, n in counts.items() if kind not in SHADOW),
        "classified": sum(booty.classified.values()),
        "unclassified": len(booty.unclassified),
        "unknown": sorted(set(booty.unclassified))[:40],
        "attempts": thief.attempts,
        "every_key_on_everything": thief.budget > 0,
        "kinds": dict(sorted(booty.classified.items())),
    }
    if rows:
        said["rows"] = {
            kind: {row: hashlib.sha256(text).hexdigest() for row, text in found.items()}
            for kind, found in thief.opened.items()
        }
        said["parts"] = sorted({"/".join(part[:2]) for part in thief.epochs})
    return said


def main(arguments: list[str] | None = None) -> int:
    """0: all recognised, and only the shadow opened without a secret. 1: otherwise. 2: bad use."""
    parser = argparse.ArgumentParser(prog="thief.py", description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path)
    for name in SECRETS:
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--budget", type=int, default=BUDGET, help="tries that no place suggests")
    parser.add_argument("--save", type=Path, help="keep every key for a later raid")
    parser.add_argument("--rows", action="store_true", help="name each row that was opened")
    given = parser.parse_args(arguments)
    if not (given.folder / "server.keys").is_file():
        parser.error(f"{given.folder}: no server.keys")
    booty = Booty(given.folder)
    thief, helped = Thief(booty, given.budget), False
    try:
        for name in SECRETS:
            for text in getattr(given, name):
                getattr(thief, f"with_{name}")(text)
                helped = True
    except (InvalidTag, ValueError):
        parser.error("a secret that opens nothing here")
    thief.run()
    said = report(booty, thief, given.rows)
    if given.save:
        given.save.write_text("\n".join(key.hex() for key in thief.secrets))
    json.dump(said, sys.stdout, indent=1, ensure_ascii=False)
    print()
    return int(bool(said["unclassified"] or (said["outside_shadow"] and not helped)))


if __name__ == "__main__":
    sys.exit(main())
