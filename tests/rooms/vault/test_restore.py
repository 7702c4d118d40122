"""`restore.py` as its users have it: one file copied away from Amparo, run by a bare Python."""

import ast
import base64
import hashlib
import importlib.util
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import zlib
from pathlib import Path
from types import ModuleType

import pytest

import amparo.vault
from amparo.vault import age

# These tests touch no table; without this mark each would empty them all.
pytestmark = pytest.mark.django_db(databases=[])

PROGRAM = Path(amparo.vault.__file__).with_name("restore.py")
NODE = Path(__file__).resolve().parents[2] / "node"
SEED, OTHER_SEED = bytes(range(32)), bytes(range(32, 64))
TO = age.parse_recipient(age.recipient_of(SEED))
PLAIN = hashlib.shake_256(b"a download").digest(150_000)


class Desk:
    """A folder with a copy of the program and a key, and nothing of Amparo in reach."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(PROGRAM, folder / "restore.py")
        self.write("key.txt", f"# my key\n\n{age.identity_of(SEED)}\n".encode())
        self.write("file.zip.age", sealed(PLAIN))

    def write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def names(self) -> set[str]:
        return {each.name for each in self.folder.iterdir()} - {"restore.py", "key.txt"}

    def run(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """-I keeps the folder, the environment and the user's packages out of the import path."""
        return subprocess.run(
            [sys.executable, "-I", "restore.py", *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            timeout=60,
        )


def sealed(plain: bytes, to: age.Recipient = TO) -> bytes:
    out = io.BytesIO()
    age.encrypt_io(io.BytesIO(plain), out, [to])
    return out.getvalue()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("restore_alone", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_imports_nothing_but_python_and_cryptography():
    tree = ast.parse(PROGRAM.read_text())
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


# --- opening -------------------------------------------------------------------------------------
def test_a_download_is_opened_beside_itself_for_its_owner_alone(desk):
    done = desk.run("--identity", "key.txt", "file.zip.age")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert desk.read("file.zip") == PLAIN
    assert desk.names() == {"file.zip.age", "file.zip"}
    assert stat.S_IMODE((desk.folder / "file.zip").stat().st_mode) == 0o600


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072])
def test_every_size_is_opened(desk, size):
    desk.write("x.age", sealed(PLAIN[:size]))
    assert desk.run("-i", "key.txt", "-o", "y", "x.age").returncode == 0
    assert desk.read("y") == PLAIN[:size]


def test_from_a_pipe_and_into_a_pipe(desk):
    done = desk.run("-i", "key.txt", "-o", "-", "-", stdin=desk.read("file.zip.age"))
    assert (done.returncode, done.stdout, done.stderr) == (0, PLAIN, b"")
    done = desk.run("-i", "key.txt", "-o", "piped", "-", stdin=desk.read("file.zip.age"))
    assert (done.returncode, desk.read("piped")) == (0, PLAIN)


def test_the_key_may_be_one_of_several_in_several_files(desk):
    desk.write("other.txt", age.identity_of(bytes(32)).encode())
    desk.write("two.txt", f"{age.identity_of(OTHER_SEED)}\r\n{age.identity_of(SEED)}\r\n".encode())
    assert desk.run("-i", "other.txt", "-i", "two.txt", "file.zip.age").returncode == 0


def test_an_identity_file_from_notepad_is_read(desk):
    desk.write("key.txt", b"\xef\xbb\xbf" + age.identity_of(SEED).encode())
    assert desk.run("-i", "key.txt", "file.zip.age").returncode == 0


@pytest.mark.needs("age-encryption")
def test_what_typage_seals_is_opened(desk):
    jobs = [
        {
            "do": "seal",
            "recipients": [age.recipient_of(SEED)],
            "plain": base64.b64encode(PLAIN).decode(),
        }
    ]
    answer = subprocess.run(
        ["node", "typage.mjs"], cwd=NODE, input=json.dumps(jobs).encode(), capture_output=True
    )
    desk.write("theirs.age", base64.b64decode(json.loads(answer.stdout)[0]))
    assert desk.run("-i", "key.txt", "theirs.age").returncode == 0
    assert desk.read("theirs") == PLAIN


# --- the same as age.py --------------------------------------------------------------------------
@pytest.mark.needs("cctv-age")
def test_it_reads_the_official_vectors_as_age_py_does(program, monkeypatch, desk):
    """Those that age.py is tested with, by both readers: verdict and every byte given out."""
    listed = subprocess.run(["node", "cctv.mjs"], cwd=NODE, capture_output=True, check=True)
    ran = apart = 0
    for vector in json.loads(listed.stdout):
        if vector["armored"] or vector["passphrase"]:
            continue
        file = base64.b64decode(vector["file"])
        file = zlib.decompress(file) if vector["zlib"] else file
        hybrid = [text for text in vector["identities"] if text.startswith("AGE-SECRET-KEY-PQ-")]
        with monkeypatch.context() as patch:
            if not hybrid:  # made for an identity that neither has: both get the file key
                file_key = bytes.fromhex(vector["fileKey"])
                for module in (age, program):
                    patch.setattr(module, "_unwrap_file_key", lambda *_, key=file_key: key)
            ran += 1
            apart += verdict_of_age(file, hybrid) != verdict_of_program(program, file, hybrid)
    assert (ran, apart) == (85, 0)  # 75, and 10 of which both are spared the part that fails


def verdict_of_age(file: bytes, identities: list[str]) -> tuple[bool, bytes]:
    out = io.BytesIO()
    try:
        age.decrypt_io(io.BytesIO(file), out, identities)
    except age.CannotOpen:
        return False, out.getvalue()
    return True, out.getvalue()


def verdict_of_program(program, file: bytes, identities: list[str]) -> tuple[bool, bytes]:
    out = io.BytesIO()
    keys = [program.private_key(program.seed_of(text)) for text in identities]
    try:
        program.decrypt(io.BytesIO(file), out, keys)
    except program.CannotOpen:
        return False, out.getvalue()
    return True, out.getvalue()


def test_both_refuse_the_same_damage(program):
    file = sealed(b"short")
    identity = age.identity_of(SEED)
    damaged = [file[:cut] for cut in range(len(file))]
    damaged += [file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :] for at in range(0, len(file), 7)]
    assert verdict_of_program(program, file, [identity]) == (True, b"short")
    assert not any(verdict_of_program(program, each, [identity])[0] for each in damaged)


def test_both_refuse_a_malformed_stanza_beside_a_good_one(program):
    """The rest of the header opens with our key, and its authentication code is right."""
    file_key = bytes(age.FILE_KEY)
    body = age._base64(bytes(32))
    for length, good in ((1119, False), (1120, True), (1121, False)):
        header = age._header(file_key, [TO])
        stanza = b"-> mlkem768x25519 %s\n%s\n" % (age._base64(bytes(length)), body)
        header = header[: header.index(b"---")] + stanza + b"---"
        mac = age._base64(age._header_mac(file_key, header).finalize())
        cipher = age._payload_cipher(file_key, bytes(age.NONCE))
        payload = cipher.encrypt(age._chunk_nonce(0, last=True), b"plain", None)
        file = header + b" " + mac + b"\n" + bytes(age.NONCE) + payload
        for verdict in (
            verdict_of_age(file, [age.identity_of(SEED)]),
            verdict_of_program(program, file, [age.identity_of(SEED)]),
        ):
            assert verdict == ((True, b"plain") if good else (False, b""))


@pytest.mark.parametrize("endless", [b"a", b"a" * 64 + b"\n", b"-> x\n\n"])
def test_a_header_without_end_does_not_fill_the_memory(program, endless):
    start = age.VERSION_LINE + b"-> x" + b"\n" * (len(endless) > 1)
    source = io.BytesIO(start + endless * (3 * age.HEADER_LIMIT // len(endless)))
    with pytest.raises(program.CannotOpen):
        program.decrypt(source, io.BytesIO(), [])
    assert source.tell() < age.HEADER_LIMIT + 10_000


def test_both_read_an_identity_alike(program):
    for seed in (SEED, OTHER_SEED, bytes(32), b"\xff" * 32):
        assert program.seed_of(age.identity_of(seed)) == seed
    text = age.identity_of(SEED)
    for at in range(len(text)):
        for other in "QPZL1b-é":
            wrong = text[:at] + other + text[at + 1 :]
            if wrong != text:
                with pytest.raises(ValueError):
                    program.seed_of(wrong)
    words = [0] * 51 + [1]  # a right checksum, but a bit that is left over is set
    rest = age._polymod(age._expand("age-secret-key-pq-") + words + [0] * 6) ^ 1
    words += [rest >> 5 * place & 31 for place in reversed(range(6))]
    spelt = "AGE-SECRET-KEY-PQ-1" + "".join(age._ALPHABET[word] for word in words).upper()
    longer = age._bech32("age-secret-key-pq-", bytes(33)).upper()
    for read in (program.seed_of, age.parse_identity):
        for wrong in (spelt, longer):
            with pytest.raises(ValueError):
                read(wrong)


# --- refusing ------------------------------------------------------------------------------------
def refused(desk: Desk, code: int, *arguments: str, stdin: bytes = b"") -> str:
    """Runs it, and sees that one line and no file came of it."""
    before = desk.names()
    done = desk.run(*arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (code, b"")
    assert desk.names() == before
    line = done.stderr.decode()
    assert line.startswith("restore.py: ")
    assert line.count("\n") == 1
    return line


def test_another_key_is_told_from_damage(desk):
    desk.write("other.txt", age.identity_of(OTHER_SEED).encode())
    assert "not encrypted to the key" in refused(desk, 1, "-i", "other.txt", "file.zip.age")
    whole = desk.read("file.zip.age")
    desk.write("cut.age", whole[:-1])
    assert "cut.age: " in refused(desk, 1, "-i", "key.txt", "cut.age")
    desk.write("late.age", whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "damaged" in refused(desk, 1, "-i", "key.txt", "late.age")
    desk.write("longer.age", whole + b"\0")
    assert "damaged" in refused(desk, 1, "-i", "key.txt", "longer.age")


def test_another_kind_of_file_is_named_as_such(desk):
    desk.write("photo.age", b"\xff\xd8\xff\xe0" + bytes(100))
    assert "not an age file" in refused(desk, 1, "-i", "key.txt", "photo.age")
    desk.write("empty.age", b"")
    assert "not an age file" in refused(desk, 1, "-i", "key.txt", "empty.age")
    desk.write("text.age", b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert "armour" in refused(desk, 1, "-i", "key.txt", "text.age")


def test_a_pipe_is_told_to_throw_away_what_it_got(desk):
    done = desk.run("-i", "key.txt", "-o", "-", "-", stdin=desk.read("file.zip.age")[:-1])
    assert done.returncode == 1
    assert done.stdout == PLAIN[: 2 * age.CHUNK]  # whole chunks, each of them authenticated
    assert b"throw away" in done.stderr


def test_nothing_is_overwritten(desk):
    desk.write("file.zip", b"mine")
    assert "file.zip: already there" in refused(desk, 2, "-i", "key.txt", "file.zip.age")
    os.symlink("nowhere", desk.folder / "link")
    assert "already" in refused(desk, 2, "-i", "key.txt", "-o", "link", "file.zip.age")
    assert desk.read("file.zip") == b"mine"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("-i", "key.txt", "missing.age"), "missing.age"),
        (("-i", "missing.txt", "file.zip.age"), "missing.txt"),
        (("-i", "key.txt", "-"), "--out"),
        (("-i", "key.txt", "restore.py"), "--out"),
        (("-i", "key.txt", "-o", "no/such/place", "file.zip.age"), "no/such: no such folder"),
        (("-i", "key.txt", "-o", "out", "."), "."),
        (("-i", "file.zip.age", "file.zip.age"), "itself encrypted"),
        (("-i", "restore.py", "file.zip.age"), "line 2"),
    ],
)
def test_bad_use_is_one_line_that_names_what_is_wrong(desk, arguments, named):
    assert named in refused(desk, 2, *arguments)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# only a remark\n",
        b"\xff\xfe\x00",
        b"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n",
        age.recipient_of(SEED).encode(),
        age.identity_of(SEED).lower().encode(),
        age.identity_of(SEED)[:-1].encode(),
        age.identity_of(SEED).replace("Q", "P", 2).encode(),
        b"AGE-SECRET-KEY-PQ-1",
        b"AGE-SECRET-KEY-PQ-1QQQ",
        (age.identity_of(SEED) + "\n#" + "-" * 70_000).encode(),
    ],
)
def test_a_bad_identity_file_is_named_and_never_shown(desk, content):
    desk.write("bad.txt", content)
    line = refused(desk, 2, "-i", "bad.txt", "file.zip.age")
    assert "bad.txt" in line
    assert age.identity_of(SEED)[20:40] not in line


def test_words_that_it_does_not_know_end_with_2(desk):
    for arguments in ((), ("file.zip.age",), ("-i", "key.txt"), ("--loud", "x")):
        done = desk.run(*arguments)
        assert done.returncode == 2
        assert b"usage" in done.stderr


def test_help_says_what_to_type_and_what_the_answers_mean(desk):
    done = desk.run("--help")
    assert done.returncode == 0
    for part in ("--identity", "--out", "AGE-SECRET-KEY-PQ-1", "Exit codes: 0", "cryptography"):
        assert part in done.stdout.decode()


def test_without_cryptography_it_says_what_to_install(desk):
    (desk.folder / "start.py").write_text(
        "import sys, runpy\n"
        "sys.modules['cryptography'] = None\n"
        "runpy.run_path('restore.py', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "start.py", "-i", "key.txt", "file.zip.age"],
        cwd=desk.folder,
        capture_output=True,
    )
    assert done.returncode == 2
    assert b"pip install" in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_it_leaves_nothing(desk, how):
    process = subprocess.Popen(
        [sys.executable, "-I", "restore.py", "-i", "key.txt", "-o", "out", "-"],
        cwd=desk.folder,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Tests that were started in the background pass on that this signal is to be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin
    process.stdin.write(desk.read("file.zip.age")[:100_000])
    process.stdin.flush()
    deadline = time.monotonic() + 20
    while not any(name.endswith(".part") for name in desk.names()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "out" not in desk.names()
    process.send_signal(how)
    said = process.communicate(timeout=20)[1]
    assert (process.returncode, said.count(b"\n")) == (2, 1)
    assert desk.names() == {"file.zip.age"}


def test_a_reader_that_goes_away_ends_it_quietly(desk):
    desk.write("big.age", sealed(bytes(2_000_000)))
    done = subprocess.run(
        f"{sys.executable} -I restore.py -i key.txt -o - big.age | head -c 10 | wc -c",
        shell=True,
        cwd=desk.folder,
        capture_output=True,
    )
    assert done.stdout.strip() == b"10"
    assert done.stderr.count(b"\n") <= 1
    assert b"Traceback" not in done.stderr
