"""P08: a sealed file that was flipped, cut, lengthened, reordered or mixed up is refused, never shown.

Seen to fail: when `files._pieces` leaves out `opener.finish()` (bytes behind the end pass), and when
neither a part's context nor its key holds its number and `files.read` leaves out the SHA-256 (parts in
another order pass).
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from amparo.foundation import ids
from amparo.foundation.errors import CannotOpen
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.world import found
from amparo.vault import files
from amparo.vault.models import Part

HEAD, FRAME = 56, 16384 + 16  # bytes before the first frame, and of a full one


class Sealed:
    """A file on the disk, and what was in it."""

    def __init__(self, data: bytes) -> None:
        self.data, writer = data, files.Writer(len(data))
        writer.write(data)
        self.manifest = writer.close().document
        writer.own()
        rows = Part.objects.filter(upload_id=self.manifest["upload"]).order_by("number")
        self.paths = [files.folder() / row.id.hex[:2] / row.id.hex[2:] for row in rows]
        self.parts = list(rows)

    def reads(self) -> bool:
        """Whether the whole file came out without a complaint, whatever was in it."""
        try:
            for _ in files.read(self.manifest):
                pass
        except CannotOpen:
            return False
        return True


@proves("P08")
def touched_files() -> Found:
    """1,000 flipped bytes, every frame's edge, and whatever can be mixed up."""
    result, chance = Found(), random.Random(seed())
    found()
    one = Sealed(chance.randbytes(9_000_000))
    other = Sealed(chance.randbytes(9_000_000))
    result.expect(one.reads() and other.reads(), "an untouched file is refused")
    tried: dict[str, list[int]] = {}
    for name, path, changed in _changes(one, other, chance):
        before = path.read_bytes()
        path.write_bytes(changed)
        count = tried.setdefault(name, [0, 0])
        count[0] += 1
        count[1] += one.reads()
        path.write_bytes(before)
    for name, deed in _rows(one, other).items():
        tried[name] = [1, int(deed())]
    result.expect(one.reads(), "the file was not put back")
    for name, (_, passed) in tried.items():
        result.expect(not passed, f"{name}: {passed} read without a complaint")
    result.value = str(sum(passed for _, passed in tried.values()))
    result.detail = ", ".join(f"{name} {count}" for name, (count, _) in tried.items())
    return result


def _changes(
    one: Sealed, other: Sealed, chance: random.Random
) -> Iterator[tuple[str, Path, bytes]]:
    """(what was done, which part's file, its bytes now)."""
    for _ in range(many(1000, 60)):
        path = chance.choice(one.paths)
        data = path.read_bytes()
        at, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
        yield "flips", path, data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
    path, theirs = one.paths[0], other.paths[0].read_bytes()
    data = path.read_bytes()
    for edge in range(HEAD, len(data), FRAME * many(1, 25)):
        before, frame, after = data[:edge], data[edge : edge + FRAME], data[edge + FRAME :]
        yield "cuts", path, before
        yield "dropped", path, before + after
        yield "doubled", path, before + frame + frame + after
        yield "of another", path, before + theirs[edge : edge + FRAME] + after
        yield "swapped", path, _swap(data, edge)
    for more in (b"\0", b"\0" * 16, chance.randbytes(FRAME)):
        yield "lengthened", path, data + more
    yield "emptied", path, b""


def _swap(data: bytes, edge: int) -> bytes:
    """This frame and the next change places; the last one and the first, so that it always changes."""
    after = edge + FRAME if edge + 2 * FRAME <= len(data) else HEAD
    first, second = sorted((edge, after))
    if first == second:
        return data[:-1]
    left, right = data[first : first + FRAME], data[second : second + FRAME]
    return data[:first] + right + data[first + FRAME : second] + left + data[second + FRAME :]


def _rows(one: Sealed, other: Sealed) -> dict[str, Callable[[], bool]]:
    """What somebody does who can write to the tables, or moves whole part files."""

    def move(numbers: list[int]) -> bool:
        rows = Part.objects.filter(upload_id=one.manifest["upload"])
        before = {row.id: row.number for row in rows}
        for row, number in zip(one.parts, numbers, strict=True):
            rows.filter(id=row.id).update(number=number + 100)
        for row, number in zip(one.parts, numbers, strict=True):
            rows.filter(id=row.id).update(number=number)
        passed = one.reads()
        for key, number in before.items():
            rows.filter(id=key).update(number=number + 100)
        for key, number in before.items():
            rows.filter(id=key).update(number=number)
        return passed

    def extra() -> bool:
        row = Part.objects.create(
            id=ids.new(), upload_id=one.manifest["upload"], number=len(one.parts), digest=b""
        )
        passed = one.reads()
        row.delete()
        return passed

    def missing() -> bool:
        data = one.paths[-1].read_bytes()
        one.paths[-1].unlink()
        passed = one.reads()
        one.paths[-1].write_bytes(data)
        return passed

    def changed(**more: object) -> bool:
        whole, one.manifest = one.manifest, one.manifest | more
        passed = one.reads()
        one.manifest = whole
        return passed

    numbers = [part.number for part in one.parts]
    found: dict[str, Callable[[], bool]] = {
        "a part too many": extra,
        "a part's file gone": missing,
        "manifest of another upload": lambda: changed(upload=other.manifest["upload"]),
        "key of another": lambda: changed(key=other.manifest["key"]),
        "shorter by the manifest": lambda: changed(size=one.manifest["size"] - 1),
        "longer by the manifest": lambda: changed(size=one.manifest["size"] + 1),
        "other digest": lambda: changed(sha256=other.manifest["sha256"]),
    }
    if len(numbers) > 1:
        found["parts in another order"] = lambda: move(numbers[::-1])
    return found
