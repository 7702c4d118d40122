"""Files made to do harm: refused with a reason, in time, or made harmless; never passed through."""

import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from amparo.foundation import clean as cleaning
from amparo.foundation.clean import LIMITS, CannotClean, Kind, asking, clean, kind_of, pages
from amparo.foundation.errors import Unavailable
from tests.rooms.foundation import hostile, planted
from tests.rooms.foundation.planted import MARK, found

pytestmark = pytest.mark.django_db(databases=[])  # none is used

BOMBS = {**hostile.office_bombs(), **hostile.pdf_bombs(), **hostile.picture_bombs()}
MIXED = hostile.not_one_kind()
REFUSED = hostile.refused_when_opened()
HARMLESS = hostile.made_harmless()
MAKERS: dict[str, Callable[[], bytes]] = {
    name: getattr(planted, name)
    for name in ("jpeg", "png", "webp", "heic", "pdf", "docx", "xlsx", "odt")
}


def test_there_are_more_than_fifty() -> None:
    assert len(BOMBS) + len(MIXED) + len(REFUSED) + len(HARMLESS) >= 90


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(name: str) -> None:
    """How soon is judged by `amparo prove P22`, on a machine that does nothing else."""
    data, reason = BOMBS[name]
    with pytest.raises(CannotClean) as refusal:
        clean(data)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("name", MIXED)
def test_what_is_not_clearly_one_kind_is_neither_cleaned_nor_drawn(name: str) -> None:
    data, given_name = MIXED[name]
    assert not cleaning.cleanable(kind_of(data, given_name))
    for deed, reason in ((clean, "kind"), (pages, "no_pages")):
        with pytest.raises(CannotClean) as refusal:
            deed(data)
        assert refusal.value.reason == reason


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_apart_is_refused(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(CannotClean) as refusal:
        clean(data)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("name", HARMLESS)
def test_what_was_added_is_gone(name: str) -> None:
    copy = clean(HARMLESS[name])
    assert found(copy.data) == []
    assert not zipfile.is_zipfile(BytesIO(copy.data))
    assert kind_of(copy.data) is copy.kind


@pytest.mark.parametrize("name", ["x.html", "x.SVG", "a.jpg.exe", "x.docm", "x.js", "x.jar"])
def test_a_name_that_promises_a_program_takes_trust_away(name: str) -> None:
    for make in MAKERS.values():
        assert kind_of(make(), name) in (Kind.OPAQUE, Kind.SVG)
    assert kind_of(b"text", "x.jpg") is Kind.OPAQUE, "a name gives no trust"


# --- the child ----------------------------------------------------------------------------------
def in_a_child(code: str, limits: asking.Limits = LIMITS) -> "subprocess.CompletedProcess[bytes]":
    """Runs code in a process that has shut itself in like the child."""
    start = (
        "from amparo.foundation.clean import child, Limits\n"
        f"child.shut_in(Limits(**{asking.asdict(limits)!r}))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", start + code],
        env={"PYTHONPATH": asking.WHERE},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_child_cannot_write_a_file(tmp_path: Path) -> None:
    there = tmp_path / "left"
    done = in_a_child(f"f = open({str(there)!r}, 'wb'); f.write(b'x' * 9); f.close()")
    assert done.returncode != 0 and b"File too large" in done.stderr
    assert not there.exists() or not there.stat().st_size


@pytest.mark.parametrize(
    "code", ["open('/etc/hostname')", "import socket; socket.socket()", "import os; os.pipe()"]
)
def test_the_child_can_open_nothing_once_it_has_the_file(code: str) -> None:
    done = in_a_child(f"import socket, os\nchild.close_doors()\n{code}")
    assert b"Too many open files" in done.stderr
    assert in_a_child(f"import socket, os\n{code}").returncode == 0, "the test proves nothing"


def test_the_child_has_no_network() -> None:
    code = "import socket; s = socket.socket(); s.settimeout(2); s.connect(('127.0.0.1', 9))"
    done = in_a_child(code)
    assert done.returncode != 0
    if os.geteuid() == 0 or b"unreachable" in done.stderr:
        assert b"unreachable" in done.stderr


def test_the_child_has_its_own_memory() -> None:
    done = in_a_child("x = bytearray(3 << 30)")
    assert b"MemoryError" in done.stderr


def test_a_file_that_needs_more_memory_is_refused() -> None:
    out = BytesIO()
    Image.new("RGB", (5000, 5000)).save(out, "PNG")
    with pytest.raises(CannotClean) as refusal:
        clean(out.getvalue(), limits=replace(LIMITS, memory=260 << 20))
    assert refusal.value.reason == "memory"


@pytest.mark.parametrize("limits", [{"wait": 0.4}, {"seconds": 1}])
def test_a_file_that_takes_too_long_is_refused(limits: dict[str, float]) -> None:
    out = BytesIO()
    noise = Image.effect_noise((3000, 3000), 90)  # many times what the limits allow
    Image.merge("RGB", (noise, noise, noise)).save(out, "WEBP", lossless=True, method=0)
    with pytest.raises(CannotClean) as refusal:
        clean(out.getvalue(), limits=replace(LIMITS, **limits))
    assert refusal.value.reason == "too_slow"


def test_a_file_that_is_too_large_starts_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_start", lambda order: pytest.fail("started"))
    with pytest.raises(CannotClean) as refusal:
        clean(planted.jpeg(), limits=replace(LIMITS, most_in=100))
    assert refusal.value.reason == "too_large"


def test_a_child_that_says_too_much_is_ended() -> None:
    with pytest.raises(CannotClean) as refusal:
        clean(planted.jpeg(), limits=replace(LIMITS, most_out=1000))
    assert refusal.value.reason == "too_large"


@pytest.mark.parametrize(
    "answer, status",
    [
        (b"", 0),
        (b"", -11),
        (b'{"kind": "jpeg", "lengths": [9]}\nshort', 0),
        (b'{"kind": "jpeg", "lengths": [5]}\nshort', -11),
        (b"[]\n", 0),
        (b'{"lengths": "x"}\n', 0),
    ],
)
def test_half_an_answer_is_no_answer(answer: bytes, status: int) -> None:
    with pytest.raises(CannotClean):
        asking._understand(answer, status)


def test_a_child_that_cannot_start_is_our_fault() -> None:
    with pytest.raises(Unavailable):
        asking._understand(b"", 1)


def test_the_child_sees_neither_our_environment_nor_our_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AMPARO_SECRET", MARK)
    held = (tmp_path / "held").open("wb")
    os.set_inheritable(held.fileno(), True)
    child = asking._start('{"verb": "clean", "kind": "jpeg", "limits": {}}')
    try:
        for _ in range(100):
            open_files = [os.readlink(f) for f in Path(f"/proc/{child.pid}/fd").iterdir()]
            environment = Path(f"/proc/{child.pid}/environ").read_bytes()
            if b"MALLOC_ARENA_MAX" in environment:
                break
            time.sleep(0.01)
        assert MARK.encode() not in environment and b"AMPARO" not in environment
        assert str(tmp_path / "held") not in open_files
        assert Path(f"/proc/{child.pid}/cwd").readlink() == Path("/")
    finally:
        asking._end(child)
        held.close()
    assert child.returncode is not None


def watched() -> dict[str, int]:
    """Files in the places where programs leave things, by size."""
    places = {
        Path(tempfile.gettempdir()),
        Path("/tmp"),
        Path("/var/tmp"),
        Path("/dev/shm"),
        Path.cwd(),
    }
    places |= {Path("/"), Path.home()}
    return {
        str(file): file.lstat().st_mtime_ns
        for place in places
        if place.is_dir()
        for file in place.iterdir()
        if file.is_file() and not file.is_symlink()
    }


def test_nothing_appears_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    before = watched()
    for make in MAKERS.values():
        clean(make())
    pages(planted.pdf(), count=2)
    assert list(tmp_path.iterdir()) == []
    for file in set(watched().items()) - set(before.items()):  # others work on this machine too
        assert MARK.encode() not in Path(file[0]).read_bytes()


def test_many_at_once_and_no_child_is_left() -> None:
    data = planted.jpeg()
    copies: list[bytes] = []
    threads = [threading.Thread(target=lambda: copies.append(clean(data).data)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(copies) == 6 and len(set(copies)) == 1
    left = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, check=False
    )
    assert b"amparo.foundation.clean" not in left.stdout


def test_the_parent_loads_no_library_of_the_child() -> None:
    code = (
        "import sys, amparo.foundation.clean\n"
        "print([m for m in ('PIL', 'pikepdf', 'lxml', 'pypdfium2', 'django') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": asking.WHERE},
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"[]"


# --- chance -------------------------------------------------------------------------------------
@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=20), st.sampled_from([b"", *[
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-", b"PK\x03\x04", b"RIFF1234WEBP", b"\0\0\0\x18ftyp"
]]))  # fmt: skip
def test_every_file_has_a_kind(data: bytes, name: str, start: bytes) -> None:
    kind = kind_of(start + data, name)
    assert isinstance(kind, Kind)
    if not start and kind is not Kind.OPAQUE:
        assert kind_of(data) is kind


FILES = {name: make() for name, make in MAKERS.items()}


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """One of the planted files with some bytes changed, cut or doubled (in packages: in a part)."""
    name = draw(st.sampled_from(sorted(FILES)))
    if not FILES[name].startswith(b"PK") or draw(st.booleans()):
        return hurt(draw, FILES[name])

    def change(parts: dict[str, bytes]) -> None:
        part = draw(st.sampled_from(sorted(parts)))
        parts[part] = hurt(draw, parts[part])

    return hostile.repacked(FILES[name], change)


def hurt(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes with up to five changes."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(changed) - 1)))
        deed = draw(st.sampled_from(["change", "cut", "double", "insert"]))
        if deed == "change":
            changed[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif deed == "cut":
            del changed[at : at + draw(st.integers(1, 50))]
        elif deed == "double":
            changed[at:at] = changed[at : at + draw(st.integers(1, 200))]
        else:
            changed[at:at] = draw(st.binary(max_size=20))
    return bytes(changed)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(damaged())
def test_a_damaged_file_is_refused_or_clean(data: bytes) -> None:
    try:
        copy = clean(data)
    except CannotClean as refusal:
        assert refusal.reason in cleaning.REASONS
        return
    assert kind_of(copy.data) is copy.kind
    if copy.kind in (Kind.JPEG, Kind.PNG, Kind.WEBP):
        assert found(copy.data) == []
