"""P11 and P21: files arrive whole, whatever their size, and leave without what they hide.

Seen to fail: P11 when `files.Writer` keeps the whole file while it seals (memory grows), and when
`upload_interrupted` keeps what has come; P21 when `images.clean` saves a JPEG with its EXIF.
"""

import base64
import contextlib
import http.client
import io
import json
import random
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amparo.casework import queries
from amparo.foundation import clean
from amparo.foundation.config import config
from amparo.proofs.prove.at_rest import _docx
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.served import File, Server, multipart, serving
from amparo.proofs.prove.world import Officer, found
from amparo.vault import files

MIB = 1024 * 1024
GROWTH = 64  # MiB by which no process of the server may grow, however large the file


class Stream:
    """A file of any size that is never whole in memory: a block of chance, each with its number."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self._block = random.Random(seed() + size).randbytes(MIB)

    def piece(self, number: int, size: int = MIB) -> bytes:
        """The content from `number` pieces on."""
        begin, out = number * size, bytearray()
        while len(out) < size and begin + len(out) < self.size:
            block, inside = divmod(begin + len(out), MIB)
            out += (block.to_bytes(8, "big") + self._block)[inside:MIB]
        return bytes(out[: min(size, self.size - begin)])

    def pieces(self) -> Iterator[bytes]:
        """All of it."""
        for number in range(-(-self.size // MIB)):
            yield self.piece(number)

    @property
    def sha256(self) -> str:
        """Its digest."""
        return _sha256(self.pieces())


def _sha256(pieces: Iterable[bytes]) -> str:
    """By the system's own program, for nothing of ours shall judge itself."""
    with subprocess.Popen(["sha256sum"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sum_:
        assert sum_.stdin
        assert sum_.stdout
        for piece in pieces:
            sum_.stdin.write(piece)
        sum_.stdin.close()
        return sum_.stdout.read().split()[0].decode()


@proves("P11")
def uploads_arrive() -> Found:
    """Every size through the form, the largest also through the API; cut off and taken up again."""
    result = Found()
    world = found()
    largest = many(1024, 100) * MIB
    sizes = [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB, *([64 * MIB] if many(1, 0) else []), largest]
    sent, grown = [], 0
    with serving(config().data.parent, page_upload_limit=str(largest)) as server:
        server.visitor().get("/new")
        for size in sizes:
            file = Stream(f"f{size}.bin", size)
            sent.append(file)
            with _growth(server) as by:
                status, code = _by_form(server, file)
            result.expect(code, f"{size} bytes are answered {status}")
            grown = max(grown, by[0])
        _cut_leaves_nothing(result, server)
        by_api = Stream("api.bin", largest + 7)
        with _growth(server) as by:
            taken = _through_the_api(result, server, by_api)
        grown = max(grown, by[0])
    result.expect(grown < GROWTH, f"a process of the server grew by {grown} MiB")
    _compare(result, world.officers[0], [*sent, *([by_api] if taken else [])])
    result.value = str(len(result.breaches))
    result.detail = (
        f"{len(sizes)} sizes by form, up to {largest // MIB} MiB; as much by API, broken off and taken "
        f"up; memory +{grown} MiB at most"
    )
    return result


def _peaks(server: Server) -> dict[int, int]:
    """Process -> the most KiB of memory that it has held since its mark was put back."""
    found_ = {}
    for process in server.processes:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            line = next(one for one in lines if one.startswith("VmHWM"))
            found_[process] = int(line.split()[1])
    return found_


@contextmanager
def _growth(server: Server) -> Iterator[list[int]]:
    """[MiB by which the peak of the most grown process rises meanwhile]."""
    for process in server.processes:
        with contextlib.suppress(OSError):
            Path(f"/proc/{process}/clear_refs").write_text("5")  # the peak is what is held now
    before, by = _peaks(server), [0]
    yield by
    after = _peaks(server)
    by[0] = (
        max((after[one] - before[one] for one in before.keys() & after.keys()), default=0) // 1024
    )


def _by_form(server: Server, file: Stream) -> tuple[int, str]:
    """Sent as a browser does, without ever holding it: (status, return code)."""
    token = server.visitor().get("/new").token
    whole = multipart("m", {"token": token, "what": "x", "how": "here"}, [File(file.name, b"|")])
    before, _, after = whole.partition(b"\r\n\r\n|")
    before += b"\r\n\r\n"
    length = len(before) + file.size + len(after)

    def body() -> Iterator[bytes]:
        yield before
        yield from file.pieces()
        yield after

    headers = {"Content-Type": "multipart/form-data; boundary=m", "Content-Length": str(length)}
    answer = server.visitor().send("/new", body(), headers)
    return answer.status, answer.code


def _parts() -> set[str]:
    return {str(path) for path in files.folder().rglob("*") if path.is_file()}


def _cut_leaves_nothing(result: Found, server: Server) -> None:
    before = _parts()
    token = server.visitor().get("/new").token
    body = multipart("m", {"token": token, "what": "x"}, [File("cut.bin", bytes(20 * MIB))])
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    line.putrequest("POST", "/new")
    line.putheader("Content-Type", "multipart/form-data; boundary=m")
    line.putheader("Content-Length", str(len(body)))
    line.endheaders()
    line.send(body[: len(body) // 2])
    time.sleep(0.5)
    line.close()
    for _ in range(60):
        if _parts() == before:
            break
        time.sleep(0.5)
    left = len(_parts() - before)
    result.expect(not left, f"a cut upload leaves {left} parts")


def _api(server: Server, method: str, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    line.request(method, f"/api/v1{path}", body, {"Host": "localhost"} | headers)
    reply = line.getresponse()
    text = reply.read()
    line.close()
    return reply.status, json.loads(text) if text.startswith((b"{", b"[")) else None


def _through_the_api(result: Found, server: Server, file: Stream) -> bool:
    """Parts in any order, one of them broken off in its middle and sent again."""
    whole = file.sha256
    json_ = {"Content-Type": "application/json"}
    asked = json.dumps({"size": file.size, "sha256": whole, "name": file.name}).encode()
    status, made = _api(server, "POST", "/uploads", asked, **json_)
    result.expect(status == 201, f"an upload is answered {status}")
    if status != 201:
        return False
    count, size, own = (
        made["parts"],
        made["part_size"],
        {"Authorization": f"Bearer {made['token']}"},
    )
    for number in [*range(1, count), 0]:
        part = file.piece(number, size)
        digest = base64.b64encode(bytes.fromhex(_sha256([part]))).decode()
        headers = own | {"Content-Digest": f"sha-256=:{digest}:"}
        path = f"/uploads/{made['id']}/parts/{number}"
        if number == 1:
            _break_off(server, f"/api/v1{path}", part, headers)
        status, _ = _api(server, "PUT", path, part, **headers)
        result.expect(status == 204, f"part {number} is answered {status}")
    status, seen = _api(server, "GET", f"/uploads/{made['id']}", b"", **own)
    result.expect(seen and seen["have"] == list(range(count)), "parts are missing")
    call = {"what": "by api", "where": "", "how": "here", "reach": "", "uploads": [made["token"]]}
    status, said = _api(
        server,
        "POST",
        "/calls",
        json.dumps(call).encode(),
        **json_,
        **{"Idempotency-Key": whole[:32]},
    )
    result.expect(status == 201, f"a call with an upload is answered {status}: {str(said)[:200]}")
    return status == 201


def _break_off(server: Server, path: str, part: bytes, headers: dict[str, str]) -> None:
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    line.putrequest("PUT", path)
    for name, value in (headers | {"Content-Length": str(len(part))}).items():
        line.putheader(name, value)
    line.endheaders()
    line.send(part[: len(part) // 3])
    line.close()


def _compare(result: Found, officer: Officer, sent: list[Stream]) -> None:
    """What the desk reads is what was sent."""
    seen = {}
    with officer.request() as actor:
        for row in queries.queue(actor, size=100).rows:
            for message in queries.case(actor, row.case).thread.messages:
                for file in message.files:
                    opened = queries.open_file(actor, row.case, file.id)
                    seen[file.name] = _sha256(opened.pieces()), opened.size
    for one in sent:
        right = seen.get(one.name) == (one.sha256, one.size)
        result.expect(right, f"{one.name} is not what was sent: {seen.get(one.name)}")


# --- what files hide ------------------------------------------------------------------------------
PLANTED = "Geheimvogel"
PLACE = 51.123456


def _exif() -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x013B] = f"{PLANTED} author"
    exif[0x010E] = f"{PLANTED} description"
    exif[0x0110] = f"{PLANTED} camera"
    return exif.tobytes()


def _picture(kind: str) -> bytes:
    from PIL import Image, PngImagePlugin

    image, out = Image.new("RGB", (64, 48), (200, 30, 30)), io.BytesIO()
    more: dict[str, Any] = {"exif": _exif()}
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", f"{PLANTED} text")
        texts.add_itxt("Comment", f"{PLANTED} comment", zip=True)
        more["pnginfo"] = texts
    if kind == "JPEG":
        more["comment"] = f"{PLANTED} comment".encode()
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    image.save(out, kind, **more)
    return out.getvalue()


def _pdf() -> bytes:
    import pikepdf

    paper, out = pikepdf.new(), io.BytesIO()
    paper.add_blank_page()
    paper.docinfo["/Author"] = f"{PLANTED} author"
    with paper.open_metadata() as metadata:
        metadata["dc:creator"] = [f"{PLANTED} creator"]
    paper.attachments["note.txt"] = f"{PLANTED} attached".encode()
    paper.save(out)
    return out.getvalue()


def _office() -> bytes:
    """A text with an author in its properties."""
    source, out = zipfile.ZipFile(io.BytesIO(_docx("visible words"))), io.BytesIO()
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
        'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:creator>{PLANTED} author</dc:creator></cp:coreProperties>"
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as paper:
        for name in source.namelist():
            paper.writestr(name, source.read(name))
        paper.writestr("docProps/core.xml", core)
    return out.getvalue()


_META = (
    '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:creator>%s</dc:creator>'
    "</office:meta></office:document-meta>"
)
_ODT = {
    "content.xml": '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:'
    'office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    "<office:body><office:text><text:p>visible</text:p></office:text></office:body>"
    "</office:document-content>",
    "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
    'manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.'
    'oasis.opendocument.text"/><manifest:file-entry manifest:full-path="content.xml" '
    'manifest:media-type="text/xml"/></manifest:manifest>',
    "meta.xml": _META % f"{PLANTED} author",
}
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XLSX = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
    f'PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/><Override '
    f'PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_DOCUMENT}"><sheets><sheet name="a" '
    'sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
    f'Id="r1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData><row r="1"><c r="A1"><v>1</v>'
    "</c></row></sheetData></worksheet>",
    "docProps/core.xml": f'<a xmlns:dc="x"><dc:creator>{PLANTED}</dc:creator></a>',
}


def _package(parts: dict[str, str], kind: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as paper:
        if kind:
            paper.writestr(zipfile.ZipInfo("mimetype"), kind)
        for name, text in parts.items():
            paper.writestr(name, text)
    return out.getvalue()


@proves("P21")
def cleaned_copies() -> Found:
    """Planted details in each kind: none in the copy, the original untouched."""
    result = Found()
    found()
    makers: dict[str, Callable[[], bytes]] = {
        "jpeg": lambda: _picture("JPEG"),
        "png": lambda: _picture("PNG"),
        "webp": lambda: _picture("WEBP"),
        "heic": lambda: _picture("HEIF"),
        "pdf": _pdf,
        "docx": _office,
        "odt": lambda: _package(_ODT, "application/vnd.oasis.opendocument.text"),
        "xlsx": lambda: _package(_XLSX),
    }
    left = 0
    for kind, make in makers.items():
        data = make()
        before = _sha256([data])
        planted = _details(data, kind)
        result.expect(planted, f"{kind}: nothing was planted, so nothing is shown")
        try:
            copy = clean.clean(data)
        except clean.CannotClean as error:
            result.breaches.append(f"{kind}: cannot be cleaned ({error})")
            continue
        after = _details(copy.data, kind)
        left += after
        result.expect(not after, f"{kind}: {after} planted details are left")
        result.expect(_sha256([data]) == before, f"{kind}: the original changed")
    video = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64)
    result.expect(not clean.cleanable(clean.kind_of(video, "a.mp4")), "MP4 is offered a copy")
    if not shutil.which("exiftool"):
        result.pending.append("no exiftool here: only our own eyes looked")
    result.value, result.detail = str(left), f"{len(makers)} kinds and MP4"
    return result


def _details(data: bytes, kind: str) -> int:
    """Planted values that can be found: in the bytes, in compressed parts, and by exiftool."""
    count = data.count(PLANTED.encode()) + data.count(PLANTED.encode("utf-16-be"))
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as paper:
            count += sum(paper.read(name).count(PLANTED.encode()) for name in paper.namelist())
    if shutil.which("exiftool"):
        with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
            file.write(data)
            file.flush()
            said = subprocess.run(
                ["exiftool", "-a", "-u", "-g1", file.name], capture_output=True, check=False
            )
        count += said.stdout.count(PLANTED.encode())
    return count
