"""The journal's tree: entries become leaves of an RFC 6962 tree whose heads are signed (C2SP notes).

An entry's leaf holds the day and a salted digest; the detail is sealed to the auditors. The engine
seals waiting entries in batches. Anybody with an export and the log's public key can check it all;
a head that was kept elsewhere unmasks a log that was rewritten whole.
"""

import base64
import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TextIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import transaction
from django.db.models import Count

from amparo.foundation.models import JournalEntry
from amparo.foundation.router import DATA
from amparo.foundation.turns import turn
from amparo.vault import server
from amparo.vault.keys import Ring, public_of, team
from amparo.vault.models import Checkpoint
from amparo.vault.primitives import CannotOpen, ctx, digest, pad, token, unpad, unwrap, wrap

SALT = 16
BATCH = 5000


# --- entries -------------------------------------------------------------------------------------
def seal_detail(detail: bytes) -> tuple[bytes, bytes]:
    """(salted digest for the leaf, detail sealed to the auditors)."""
    salt = token(SALT)
    to = public_of(bytes(team("auditors").public))
    sealed = wrap(pad(salt + detail), to, ctx("journal", server.load().installation))
    return digest(ctx("journal-detail", salt, detail)), sealed


def open_detail(ring: Ring, entry: JournalEntry) -> dict[str, Any]:
    """What an auditor reads in an entry; CannotOpen for others, or when it is not what was noted."""
    place = ctx("journal", server.load().installation)
    text = unpad(_unwrap_as_auditor(ring, bytes(entry.sealed), place))
    if digest(ctx("journal-detail", text[:SALT], text[SALT:])) != bytes(entry.digest):
        raise CannotOpen
    found: dict[str, Any] = json.loads(text[SALT:])
    return found


def _unwrap_as_auditor(ring: Ring, blob: bytes, place: bytes) -> bytes:
    """With the key of the auditors as they are now, or as they were when the entry was made."""
    for seat in ring.teams.values():
        if seat.code == "auditors":
            with contextlib.suppress(CannotOpen):
                return unwrap(blob, seat.key, place)
    raise CannotOpen


def leaf(day: date | str, entry_digest: bytes, sealed_digest: bytes) -> bytes:
    """The hash of an entry in the tree: of its day, its salted detail and its sealed bytes."""
    return digest(b"\0", ctx("journal-leaf", str(day), entry_digest, sealed_digest))


# --- the tree ------------------------------------------------------------------------------------
def _node(left: bytes, right: bytes) -> bytes:
    return digest(b"\1", left, right)


class Tree:
    """An RFC 6962 tree that only grows; keeps the peaks, so growing costs nothing more with size."""

    def __init__(self, size: int = 0, peaks: list[bytes] | None = None) -> None:
        self.size, self.peaks = size, peaks or []

    def add(self, hashed: bytes) -> None:
        """One more leaf."""
        self.size += 1
        self.peaks.append(hashed)
        rest = self.size
        while rest & 1 == 0:
            right = self.peaks.pop()
            self.peaks[-1] = _node(self.peaks[-1], right)
            rest >>= 1

    @property
    def root(self) -> bytes:
        """The head's hash."""
        if not self.peaks:
            return digest(b"")
        head = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            head = _node(peak, head)
        return head


# --- signed notes --------------------------------------------------------------------------------
def _signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(server.load().key("log"))


def public_key() -> bytes:
    """The log's public key (32 bytes)."""
    return _signing_key().public_key().public_bytes_raw()


def origin() -> str:
    """The log's name in its notes: nothing that names the organisation."""
    return "log-" + digest(ctx("log-origin", server.load().installation)).hex()[:16]


def _key_id(name: str, public: bytes) -> bytes:
    return digest(name.encode() + b"\n\x01" + public)[:4]


def sign_head(size: int, root: bytes, day: date) -> str:
    """A C2SP checkpoint with the day as its extension line."""
    name = origin()
    text = f"{name}\n{size}\n{base64.b64encode(root).decode()}\n{day.isoformat()}\n"
    signed = _key_id(name, public_key()) + _signing_key().sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signed).decode()}\n"


@dataclass(frozen=True)
class Head:
    """What a note says once its signature has been checked."""

    origin: str
    size: int
    root: bytes


def read_note(note: str, public: bytes) -> Head:
    """The head in a signed note, or CannotOpen."""
    try:
        text, _, signatures = note.partition("\n\n")
        text += "\n"
        name, size, root = text.splitlines()[:3]
        for line in signatures.splitlines():
            _, signer, encoded = line.split(" ", 2)
            raw = base64.b64decode(encoded, validate=True)
            if signer == name and raw[:4] == _key_id(name, public):
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
                return Head(name, int(size), base64.b64decode(root, validate=True))
    except (ValueError, InvalidSignature):
        pass
    raise CannotOpen


# --- sealing -------------------------------------------------------------------------------------
def seal_waiting() -> int:
    """Give waiting entries their places in the tree and sign the new head; returns how many."""
    with turn(DATA), transaction.atomic(using=DATA):
        last = Checkpoint.objects.select_for_update().order_by("-size").first()
        entries = list(
            JournalEntry.objects.select_for_update().filter(place=None).order_by("seq")[:BATCH]
        )
        if not entries:
            return 0
        tree = Tree(last.size, _split(last.peaks)) if last else Tree()
        hashes = []
        for entry in entries:
            entry.place = tree.size
            hashes.append(leaf(entry.day, bytes(entry.digest), digest(bytes(entry.sealed))))
            tree.add(hashes[-1])
        JournalEntry.objects.bulk_update(entries, ["place"], batch_size=500)
        day = entries[-1].day
        Checkpoint.objects.create(
            size=tree.size,
            root=tree.root,
            peaks=b"".join(tree.peaks),
            leaves=b"".join(hashes),
            note=sign_head(tree.size, tree.root, day),
            day=day,
        )
    return len(entries)


def _split(joined: bytes | memoryview) -> list[bytes]:
    joined = bytes(joined)
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


# --- verifying -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Verdict:
    """The answer of a check: `first_bad` is a place in the tree."""

    ok: bool
    entries: int
    first_bad: int | None = None
    reason: str = ""


Line = dict[str, Any]


def export() -> Iterator[Line]:
    """The whole log as lines: a header, then each batch of entries followed by its head."""
    yield {"v": 1, "log": origin(), "public": public_key().hex()}
    for head in Checkpoint.objects.order_by("size"):
        leaves = _split(head.leaves)
        start = head.size - len(leaves)
        rows = JournalEntry.objects.filter(place__gte=start, place__lt=head.size)
        for row in rows.order_by("place"):
            yield {
                "place": row.place,
                "day": row.day.isoformat(),
                "digest": bytes(row.digest).hex(),
                "sealed": digest(bytes(row.sealed)).hex(),
            }
        yield {"leaves": bytes(head.leaves).hex(), "note": head.note}


def newest_note() -> str:
    """The newest signed head, to be kept elsewhere; nothing before the first."""
    last = Checkpoint.objects.order_by("-size").first()
    return last.note if last else ""


@dataclass(frozen=True)
class State:
    """How long the log is, its newest signed head, and entries by day, newest first."""

    entries: int
    note: str
    days: list[tuple[date, int]]


def state(days: int = 30) -> State:
    """What an auditor's page shows, without walking the log."""
    head = Checkpoint.objects.order_by("-size").first()
    rows = JournalEntry.objects.exclude(place=None).values_list("day")
    counts = rows.annotate(count=Count("seq")).order_by("-day")[:days]
    return State(head.size if head else 0, head.note if head else "", list(counts))


def write_export(file: TextIO) -> int:
    """Write the export as one JSON document a line; returns the number of lines."""
    count = 0
    for line in export():
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        count += 1
    return count


def verify(lines: Iterable[Line], *, public: bytes | None = None, kept: str = "") -> Verdict:
    """Check an export: every entry against its batch's hashes, every head against its signature.

    `public`: the log's key from elsewhere (else the export's own is believed). `kept`: a note that
    was kept elsewhere; the log must have had exactly that head once.
    """
    source = iter(lines)
    header = next(source, {})
    try:
        key = public or bytes.fromhex(header["public"])
        wanted = read_note(kept, key) if kept else None
    except (KeyError, ValueError, TypeError):
        return Verdict(False, 0, None, "no header: this is not an export of a journal")
    except CannotOpen:
        return Verdict(False, 0, None, "the kept checkpoint is not signed by this log's key")
    tree, batch, met = Tree(), [], wanted is None or wanted.size == 0
    for line in source:
        if "note" not in line:
            batch.append(line)
            continue
        found = _check_batch(tree, batch, line, key, wanted)
        if isinstance(found, Verdict):
            return found
        met, batch = met or found, []
    if batch:
        return Verdict(False, tree.size, tree.size, "entries after the last signed head")
    if not met:
        return Verdict(False, tree.size, tree.size, "the log does not reach the kept checkpoint")
    return Verdict(True, tree.size)


def _check_batch(
    tree: Tree, batch: list[Line], line: Line, key: bytes, wanted: Head | None
) -> Verdict | bool:
    """Grow `tree` by a batch; a Verdict when something is wrong, else whether `wanted` was met."""
    start, met = tree.size, False
    try:
        head, leaves = read_note(line["note"], key), _split(bytes.fromhex(line["leaves"]))
    except (CannotOpen, KeyError, ValueError):
        return Verdict(False, start, start, "a head without a good signature")
    for hashed in leaves:
        tree.add(hashed)
        if wanted and tree.size == wanted.size:
            if tree.root != wanted.root:
                return Verdict(False, start, start, "not the log whose checkpoint was kept")
            met = True
    if (tree.size, tree.root) != (head.size, head.root):
        return Verdict(False, start, start, "the hashes of a batch do not make its signed head")
    for offset, hashed in enumerate(leaves):
        place = start + offset
        entry = batch[offset] if offset < len(batch) else None
        if entry is None or entry.get("place") != place:
            return Verdict(False, start, place, "an entry is missing")
        try:
            parts = bytes.fromhex(entry["digest"]), bytes.fromhex(entry["sealed"])
            good = leaf(entry["day"], *parts) == hashed
        except (KeyError, ValueError, TypeError):
            good = False
        if not good:
            return Verdict(False, start, place, "an entry is not what was signed")
    if len(batch) > len(leaves):
        return Verdict(False, start, head.size, "an entry that was never signed")
    return met
