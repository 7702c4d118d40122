"""P01: not one word of anybody is readable at rest, however it may be dressed.

A real server takes in calls, files, answers and mistakes through its pages; each carries a word that
stands nowhere else. Then every file of the installation, of PostgreSQL, of temp folders, the program's
own output, shared memory and a crash are searched for all of them. Meanwhile strace sees whatever any
process of the server opens for writing: nothing but the databases and the sealed parts.

Seen to fail: when the settings name Django's own upload handlers (strace sees a temp file), when
`sealed.close` adds the JSON to what it sealed, and when `intake.ask` prints the call to its output.
"""

import contextlib
import io
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections

from amparo.foundation import clock
from amparo.foundation.config import config
from amparo.proofs.prove.canaries import Flock, Search, misses
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.night import night
from amparo.proofs.prove.served import File, Server, Visitor, free_port, multipart, serving
from amparo.proofs.prove.world import Officer, bytes_at_rest, found
from amparo.vault import factors

LONG = 60_000  # characters of the longest text
WRITES = re.compile(
    r'(?:open|openat|creat|memfd_create|mknod\w*)\((?:AT_FDCWD, |\d+, )?"([^"]*)"(.*)'
)


@proves("P01")
def no_plaintext() -> Found:
    """Calls, files, desk, mistakes, a cut connection and a crash; then the search."""
    result, flock = Found(), Flock(seed())
    result.breaches += [f"the search is blind to {one}" for one in misses(flock)]
    world = found()
    begun = clock.now().timestamp()
    work = config().data.parent
    traced = shutil.which("strace") is not None
    count = many(1000, 25)
    with serving(work, traced=traced) as server:
        visitor = server.visitor()
        codes = [_ask(visitor, flock, number) for number in range(count)]
        result.expect(all(codes), f"{codes.count('')} of {count} calls got no code")
        for code in codes[: many(100, 5)]:
            _come_back(visitor, flock, code)
        _mistakes(server, flock)
        _desk(result, server, flock, world.officers[0])
        _behind_a_proxy(result, server, flock, work)
        _crash(result, server)
    if traced:
        _only_known_files(result, work / "server.trace", work)
    else:
        result.pending.append(
            "no strace here: files that were opened and closed again are not seen"
        )
    night(world, flock.word)
    _search(result, flock, work, begun)
    kept = _rows()
    result.expect(kept >= count, f"only {kept} of {count} calls are stored: nothing was shown")
    result.detail = f"{count} calls, {flock.count} words, {result.detail}"
    return result


def _rows() -> int:
    from amparo.casework.models import Case

    return Case.objects.count()


# --- what people do -------------------------------------------------------------------------------
def _docx(word: str) -> bytes:
    """A document of a word processor: what is inside is compressed."""
    paper = io.BytesIO()
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    text = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f"<w:p><w:r><w:t>{word}</w:t></w:r></w:p></w:body></w:document>"
    )
    with zipfile.ZipFile(paper, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", types)
        file.writestr("_rels/.rels", relations)
        file.writestr("word/document.xml", text)
    return paper.getvalue()


def _files(flock: Flock, number: int) -> list[File]:
    word = f"{flock.word()} {flock.arabic_word()}"
    match number % 10:
        case 0:
            return [File(f"{flock.name()}.docx", _docx(word))]
        case 1:
            return [File(f"{flock.name()}.txt", (word * 500).encode(), "text/plain")]
        case 2:
            return [File(f"{flock.name()}.pdf", b"%PDF-1.4\n" + word.encode() * 50)]
        case 3 if number < 30:
            return [File(f"{flock.name()}.bin", word.encode() * 200_000)]
        case _:
            return []


def _ask(visitor: Visitor, flock: Flock, number: int) -> str:
    page = visitor.get("/new" if number % 3 else "/ar/new")
    long = f"{flock.word()} " + "x" * (LONG - 40) if number % 50 == 7 else flock.word()
    said = {
        "token": page.token,
        "what": f"{long} {flock.arabic_word()}",
        "where": flock.word(),
        "how": "text",
        "reach": flock.arabic_word(),
    }
    return visitor.post("/new", said, _files(flock, number)).code


def _come_back(visitor: Visitor, flock: Flock, code: str) -> None:
    """Read, write again with a file, look who reads, take a copy along."""
    page = visitor.post("/back", {"token": visitor.get("/back").token, "code": code, "kept": "1"})
    write = {"token": page.token, "do": "write", "text": flock.word()}
    page = visitor.post("/n", write, [File(f"{flock.name()}.txt", flock.word().encode() * 99)])
    for step in ({"do": "read"}, {"do": "who"}, {"do": "export", "sure": "1"}):
        token = page.token or visitor.get("/back").token
        answer = visitor.post("/n", {"token": token} | step)
        page = answer if answer.headers.get("content-type", "").startswith("text/html") else page


def _mistakes(server: Server, flock: Flock) -> None:
    """Whatever goes wrong shows what was typed only to whoever typed it."""
    visitor = server.visitor()
    token = visitor.get("/new").token
    too_long = {"token": token, "what": flock.word() * 6000, "where": "", "how": "here"}
    visitor.post("/new", too_long, [File(flock.name(), flock.word().encode() * 40)])
    visitor.post("/new", {"token": "wrong", "what": flock.word()}, [File(flock.name(), b"x" * 9)])
    visitor.post("/new", {"token": token, "what": flock.word() * 150_000})
    visitor.post("/back", {"token": token, "code": flock.word(), "text": flock.word()})
    visitor.post("/desk/sign-in", {"name": flock.word(), "passphrase": flock.word()})
    visitor.get(f"/{flock.name()}?q={flock.name()}")
    visitor.get("/new", {"X-Odd": flock.name(), "Cookie": flock.name(), "Referer": flock.name()})
    visitor.post("/api/v1/requests", {"what": flock.word()})
    visitor.get("/api/v1/thread", {"Authorization": f"Bearer {flock.name()}"})
    _cut(server, token, flock)


def _cut(server: Server, token: str, flock: Flock) -> None:
    """The connection goes away in the middle of a file."""
    data = flock.word().encode() * 300_000
    body = multipart("m", {"token": token, "what": flock.word()}, [File(flock.name(), data)])
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        head = (
            "POST /new HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: multipart/form-data; boundary=m\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        line.sendall(head.encode() + body[: len(body) // 2])


class Desk:
    """An officer's browser at the desk."""

    def __init__(self, server: Server, officer: Officer) -> None:
        self.browser = server.visitor(keeps_cookies=True)
        self.sign_in(officer)

    def sign_in(self, officer: Officer) -> None:
        """Begin a visit."""
        page = self.browser.get("/desk/sign-in")
        said = {"name": officer.name, "passphrase": officer.passphrase}
        said["second"] = factors.code_now(officer.secret)
        self.send("/desk/sign-in", said, page.hidden("csrfmiddlewaretoken"))

    def send(self, path: str, said: dict[str, str], secret: str = "") -> int:
        """Fill in the form of a page and send it; returns the status."""
        if not secret:
            page = self.browser.get(path)
            secret = page.hidden("csrfmiddlewaretoken")
            said = {"version": page.hidden("version")} | said
        return self.browser.post(path, said | {"csrfmiddlewaretoken": secret}, []).status


def _desk(result: Found, server: Server, flock: Flock, officer: Officer) -> None:
    desk = Desk(server, officer)
    queue = desk.browser.get("/desk/queue")
    cases = list(dict.fromkeys(re.findall(r"/desk/c/([0-9a-f-]{36})", queue.text)))
    result.expect(cases, f"the desk shows no call ({queue.status}): nothing was shown there")
    for case in cases[: many(10, 3)]:
        place = f"/desk/c/{case}"
        for page in ("", "/messages", "/files", "/consent"):
            desk.browser.get(place + page)
        desk.send(f"{place}/do/take", {})
        desk.send(f"{place}/do/reply", {"text": flock.word()})
        opened = desk.send(f"{place}/do/open", {})
        result.expect(opened < 400, f"the desk cannot open a case ({opened})")
        for part in ("narrative", "location", "health"):
            desk.send(f"{place}/part/{part}", {"text": f"{flock.word()} {flock.arabic_word()}"})
        secret = desk.browser.get(place).hidden("csrfmiddlewaretoken")
        draft = {"place": f"{case}:reply", "text": flock.word()}
        desk.send("/desk/draft", draft, secret)
        desk.send("/desk/search", {"text": flock.latin})
        files = desk.browser.get(f"{place}/files")
        for file in set(re.findall(rf"{place}/files/[0-9a-f-]{{36}}", files.text)):
            desk.browser.get(file)
            desk.browser.get(f"{file}/1")
            desk.send(f"{file}/sealed", {}, secret)


@contextmanager
def _nginx(folder: Path, upstream: int) -> Iterator[int]:
    """The shipped sample on a port of its own, without its certificate; its temp folders here."""
    source = Path(__file__).parents[2] / "cli" / "deploy" / "nginx.conf"
    sample = source.read_text().replace("@SITES@", "localhost").replace("@SITE@", "localhost")
    sample = sample.replace("@LIMIT@", "64").replace("@UPSTREAM@", f"127.0.0.1:{upstream}")
    port, server = free_port(), sample[sample.rindex("server {") :]
    kept = [line for line in server.splitlines() if not line.strip().startswith(("ssl_", "listen"))]
    zones = "\n".join(line for line in sample.splitlines() if line.startswith("limit_conn_zone"))
    folder.mkdir()
    temps = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = "\n".join([kept[0], f"    listen 127.0.0.1:{port};", *kept[1:]])
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log /dev/null;\nuser root;\nevents {{}}\n"
        f"http {{\n{temps}{zones}\n{text}\n}}\n"
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "said").open("w"),
    )
    try:
        time.sleep(1)
        if process.poll() is not None:
            raise RuntimeError((folder / "said").read_text()[-300:])
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _behind_a_proxy(result: Found, server: Server, flock: Flock, work: Path) -> None:
    """The same through nginx with our sample: nothing of a body may lie in its temp folders."""
    if not shutil.which("nginx") and not Path("/usr/sbin/nginx").exists():
        result.pending.append("no nginx here: the proxy sample was not tried")
        return
    folder = work / "nginx"
    with _nginx(folder, server.port) as port:
        watch = _Watch([folder / "client_body", folder / "proxy"])
        visitor = Visitor(port)
        codes = [_ask(visitor, flock, number) for number in range(many(20, 4))]
        result.expect(all(codes), "behind the proxy a call got no code")
        data = flock.word().encode() * 400_000
        page = visitor.get("/new")
        said = {"token": page.token, "what": flock.word(), "how": "here"}
        got = visitor.post("/new", said, [File(flock.name(), data)])
        result.expect(got.code, f"behind the proxy a large file was not taken ({got.status})")
        made = watch.made()
    result.expect(not made, f"the proxy wrote {made[:3]}")


class _Watch:
    """Names that were made in some folders, even if they are gone again (inotify)."""

    def __init__(self, folders: list[Path]) -> None:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(os.O_NONBLOCK)
        for folder in folders:
            folder.mkdir(exist_ok=True)
            # IN_CREATE and IN_MOVED_TO; nginx makes its files in the folder itself.
            libc.inotify_add_watch(self._handle, bytes(folder), 0x100 | 0x80)

    def made(self) -> list[str]:
        """What was made so far."""
        names = []
        try:
            while data := os.read(self._handle, 65536):
                while data:
                    size = int.from_bytes(data[12:16], "little")
                    names.append(data[16 : 16 + size].rstrip(b"\0").decode())
                    data = data[16 + size :]
        except BlockingIOError:
            pass
        return names


# --- what is left ---------------------------------------------------------------------------------
def _crash(result: Found, server: Server) -> None:
    """Every process of the server falls over; none of them may leave its memory behind."""
    fallen = 0
    for pid in server.processes:
        path = Path(f"/proc/{pid}")
        with contextlib.suppress(OSError, StopIteration):
            if "strace" in (path / "comm").read_text():
                continue
            limits = (path / "limits").read_text()
            core = next(line for line in limits.splitlines() if line.startswith("Max core"))
            result.expect(core.split()[4] == "0", f"process {pid} may dump core")
            os.kill(pid, signal.SIGABRT)
            fallen += 1
    result.expect(fallen >= 2, f"{fallen} processes fell over: not all of the server was met")
    time.sleep(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _only_known_files(result: Found, trace: Path, work: Path) -> None:
    """What the server's processes opened for writing."""
    known = re.compile(
        rf"{re.escape(str(config().data))}/((data|keys)\.sqlite3(-wal|-shm|-journal)?$|files/|server\.|etilqs_)"
        r"|/dev/(null|tty|urandom)$|/proc/|engine\.lock$|/dev/shm/sem\."
    )
    odd = set()
    for line in trace.read_text(errors="replace").splitlines():
        match = WRITES.search(line)
        if match and " = -1 " not in line and _writes(line):
            path = match[1] if match[1].startswith("/") else str(work / match[1])
            if not known.search(path):
                odd.add(f"{path} ({match[2][:40]})")
    result.expect(not odd, f"opened for writing: {sorted(odd)[:4]}")
    seen = config().data.name in trace.read_text(errors="replace")
    result.expect(seen, "strace saw nothing: nothing is shown")


def _writes(line: str) -> bool:
    return (
        "memfd_create" in line
        or "creat(" in line
        or re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE", line) is not None
    )


def _search(result: Found, flock: Flock, work: Path, begun: float) -> None:
    search, places, hits = Search(flock), 0, 0
    for name, data in _everything(work, begun):
        places += 1
        found_ = search.hits(data)
        hits += len(found_)
        result.expect(not found_, f"{name}: {sorted(set(found_))[:3]}")
    result.value = str(hits)
    result.detail = f"{places} files, {search.searched // 2**20} MiB searched"


def _everything(work: Path, begun: float) -> Iterator[tuple[str, bytes]]:
    """The installation, the proof's own folder with the server's output and temp folder, and whatever
    anybody has written since in the machine's temp folders, spools and shared memory."""
    for connection in connections.all():
        connection.close()
    yield from bytes_at_rest()
    for path in work.rglob("*"):
        if path.is_file() and config().data not in path.parents and path.name != "server.trace":
            yield str(path), path.read_bytes()
    spare = 512 * 2**20
    shared = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/var/mail", "/var/crash"]
    shared += ["/var/lib/systemd/coredump", "/var/log"]
    for folder in dict.fromkeys(map(Path, shared)):
        # os.walk passes over what other programs take away meanwhile.
        for path in (Path(at) / name for at, _, names in os.walk(folder) for name in names):
            try:
                fresh = path.is_file() and path.stat().st_mtime >= begun - 1
                size = path.stat().st_size
                # What other programs write meanwhile is looked at within reason.
                if fresh and work not in path.parents and size < 16 * 2**20 and spare > 0:
                    spare -= size
                    yield str(path), path.read_bytes()
            except OSError:
                continue
    for fragment in [Path(f"/proc/{os.getpid()}/cwd")]:
        for path in fragment.glob("core*"):
            yield str(path), path.read_bytes()
