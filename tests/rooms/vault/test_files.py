"""Files in sealed parts: whole or not at all, and nothing readable on disk."""

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.foundation.errors import Invalid, Unavailable
from amparo.vault import files
from amparo.vault.models import Part, Upload
from amparo.vault.primitives import CannotOpen
from tests.make import MIB, House, file, noise

Manifest = dict[str, Any]


@pytest.fixture(autouse=True)
def _house(house: House) -> None:
    """Contexts need an installation."""


def on_disk() -> list[Any]:
    return sorted(files.folder().glob("??/*"))


def stored(content: bytes, step: int = 0) -> Manifest:
    writer = files.Writer(64 * MIB)
    for at in range(0, len(content), step or len(content) or 1):
        writer.write(content[at : at + (step or len(content))])
    manifest = writer.close()
    writer.own()
    return manifest.document


def content(manifest: Manifest) -> bytes:
    return b"".join(files.read(manifest))


@pytest.mark.parametrize(
    "size", [0, 1, 65535, 65536, 65537, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 17 * MIB]
)
def test_a_file_of_any_size_comes_back(size: int) -> None:
    data = noise(size)
    manifest = stored(data)
    assert content(manifest) == data
    assert manifest["size"] == size and manifest["parts"] == -(-size // (8 * MIB))
    assert len(on_disk()) == manifest["parts"]


@pytest.mark.parametrize("step", [1, 7, 65536, 3 * MIB])
def test_it_does_not_matter_in_which_pieces_it_came(step: int) -> None:
    data = noise(200_000 if step < 100 else 17 * MIB)
    assert content(stored(data, step)) == data


def test_nothing_readable_and_no_telling_size_or_time_is_on_disk() -> None:
    text = b"Two men asked my neighbour about me. " * 4000
    stored(text)
    stored(text[:-1])
    first, second = on_disk()
    assert first.stat().st_size == second.stat().st_size  # filled up to 64 KiB
    for path in (first, second):
        assert b"neighbour" not in path.read_bytes()
        assert path.stat().st_mtime % (24 * 3600) == 0
        assert path.stat().st_mode & 0o077 == 0


def test_a_part_that_was_altered_is_never_taken_for_whole() -> None:
    manifest = stored(noise(9 * MIB))
    for number in (0, 1):
        path = files._path(Part.objects.get(number=number).id)
        raw = path.read_bytes()
        half = len(raw) // 2
        for spoilt in (
            raw[:-1],
            raw[:half],
            b"",
            raw + b"\0",
            raw + raw,
            bytes([raw[0] ^ 1]) + raw[1:],
            raw[:-1] + bytes([raw[-1] ^ 1]),
            raw[:half] + bytes([raw[half] ^ 1]) + raw[half + 1 :],
        ):
            path.write_bytes(spoilt)
            with pytest.raises(CannotOpen):
                content(manifest)
        path.write_bytes(raw)
    assert content(manifest) == noise(9 * MIB)


def test_parts_that_were_exchanged_open_nowhere() -> None:
    manifest, other = stored(noise(17 * MIB)), stored(noise(17 * MIB, b"other"))
    assert manifest["parts"] == other["parts"] == 3
    mine = [files._path(part.id) for part in Part.objects.filter(upload=manifest["upload"])]
    theirs = [files._path(part.id) for part in Part.objects.filter(upload=other["upload"])]
    for source, place in ((mine[1], mine[0]), (theirs[0], mine[0]), (mine[0], mine[1])):
        kept = place.read_bytes()
        shutil.copy(source, place)
        with pytest.raises(CannotOpen):
            content(manifest)
        place.write_bytes(kept)
    assert content(manifest) == noise(17 * MIB)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 7},  # a gap
        {"number": 3},  # the last one is missing
    ],
)
def test_a_part_that_is_missing_is_missed(change: dict[str, int]) -> None:
    manifest = stored(noise(17 * MIB))
    Part.objects.filter(number=2).update(**change)
    with pytest.raises(CannotOpen):
        content(manifest)
    Part.objects.filter(number=change["number"]).delete()
    with pytest.raises(CannotOpen):
        content(manifest)


def test_a_part_whose_file_is_gone_is_missed() -> None:
    manifest = stored(b"abc")
    on_disk()[0].unlink()
    with pytest.raises(CannotOpen):
        content(manifest)


def test_a_manifest_of_something_else_opens_nothing() -> None:
    manifest = stored(b"abc")
    for change in (
        {"size": 2},
        {"size": 4},
        {"sha256": "00"},
        {"key": "00" * 32},
        {"parts": 2},
        {"parts": 0},
        {"upload": str(ids.new())},
        {"upload": "none"},
    ):
        with pytest.raises(CannotOpen):
            content(manifest | change)


# --- limits --------------------------------------------------------------------------------------
def test_past_the_limit_nothing_is_left_behind() -> None:
    writer = files.Writer(9 * MIB)
    writer.write(noise(8 * MIB))
    with pytest.raises(Invalid) as refused:
        writer.write(noise(MIB + 1))
    assert refused.value.fields == {"file": "large"}
    assert on_disk() == []
    exactly = files.Writer(3)
    exactly.write(b"abc")
    assert exactly.close().size == 3


def test_what_was_broken_off_leaves_nothing() -> None:
    writer = files.Writer(64 * MIB)
    writer.write(noise(9 * MIB))
    assert len(on_disk()) == 2
    writer.abort()
    assert on_disk() == [] and not Upload.objects.exists()


def test_nothing_is_taken_in_when_the_disk_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    free = config().free_disk
    usage = shutil.disk_usage(config().data)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free))
    assert not files.room_left()
    with pytest.raises(Unavailable):
        files.Writer(MIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free + 1))
    assert files.room_left()


# --- sweeping ------------------------------------------------------------------------------------
def test_what_nobody_owned_for_a_day_is_swept() -> None:
    with clock.frozen(datetime(2026, 3, 7, 23, 59, tzinfo=UTC)):
        stored(b"of a deed that broke off")
        writer = files.Writer(MIB)
        writer.write(b"nobody's")
        writer.close()
        clock.forward(timedelta(hours=24))
        assert files.sweep() == 0
        clock.forward(timedelta(minutes=2))
        assert files.sweep() == 2
        assert on_disk() == []


def test_files_of_rows_stay_however_old_they_are() -> None:
    from amparo.casework.models import File

    arrived = file(b"owned")
    arrived.own()
    File.objects.create(
        case=ids.new(),
        compartment="legal",
        entry=ids.new(),
        upload=arrived.writer.upload,
        sealed=b"",
    )
    clock.forward(timedelta(days=400))
    assert files.sweep() == 0
    assert content(arrived.manifest) == b"owned"
    File.objects.all().delete()
    assert files.sweep() == 1
    assert on_disk() == [] and not Upload.objects.exists()


def test_an_unfinished_upload_dies_with_its_day() -> None:
    with clock.frozen():
        upload = Upload.objects.create(until=clock.now() + timedelta(hours=24))
        assert files.sweep() == 0
        clock.forward(timedelta(hours=24))
        assert files.sweep() == 1
        assert not Upload.objects.filter(id=upload.id).exists()


def test_strangers_in_the_folder_are_swept_too() -> None:
    where = files.folder() / "zz"
    where.mkdir(parents=True)
    (where / "not-a-part").write_bytes(b"x")
    files.coarsen(where / "not-a-part")
    clock.forward(timedelta(days=3))
    assert files.sweep() == 1


def test_sealing_again_keeps_the_content_and_nothing_else() -> None:
    manifest = stored(noise(100_000))
    copy = files.again(manifest)
    copy.own()
    assert content(copy.manifest) == content(manifest)
    assert copy.manifest["key"] != manifest["key"]
    files.destroy(ids.of(manifest["upload"]))
    assert len(on_disk()) == 1 and content(copy.manifest)
    again = files.again(copy.manifest)
    again.abort()
    assert len(on_disk()) == 1
    on_disk()[0].write_bytes(b"spoilt")
    with pytest.raises(CannotOpen):
        files.again(copy.manifest)
    assert len(on_disk()) == 1
