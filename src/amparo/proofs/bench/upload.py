"""A large file through the form: how much slower sealing is than merely writing, and what memory
it takes."""

import os
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from amparo.proofs.bench import ground
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Site
from amparo.proofs.bench.intake import TOKEN, acknowledged
from amparo.proofs.bench.visitor import Answer, Visitor

MIB = 1024 * 1024
PIECE = 1 * MIB
GROWTH = 64  # MiB
SHARE = 0.5
JPEG = bytes.fromhex("ffd8ffe000104a46494600")
MARK = "----form5e1f7a90"


@dataclass(frozen=True)
class Sent:
    """One upload."""

    seconds: float
    answer: Answer


def run(*, small: bool = False) -> list[Figure]:
    """Speed and memory of one large upload, in turns with the plain handler."""
    size, rounds = (4 * MIB, 1) if small else (1024 * MIB, 3)
    with ground.fresh() as made, tempfile.TemporaryDirectory(prefix="amparo-bench-") as plain:
        ours = made.with_options(page_upload_limit=str(size + MIB), free_disk=str(MIB))
        environment = ours.environment | {"PLAIN_FOLDER": plain}
        with (
            ground.served(ours) as site,
            ground.beside_served("plain_upload.py", environment) as other,
        ):
            _sealed(site, MIB)  # whatever is loaded once only
            _plain(other, MIB)
            sealed: list[float] = []
            unsealed, raw, growth = [], [], []
            for _ in range(rounds):
                growth.append(_growth(site, size, sealed))
                _empty(ours.folder / "files")
                unsealed.append(_plain(other, size).seconds)
                _empty(Path(plain))
                raw.append(_raw(Path(plain), size))
                _empty(Path(plain))
    return _figures(size, sealed, unsealed, raw, growth)


def _figures(
    size: int,
    sealed: list[float],
    unsealed: list[float],
    raw: list[float],
    growth: list[int],
) -> list[Figure]:
    speed = [size / MIB / one for one in sealed]
    ratios = [plain / ours for plain, ours in zip(unsealed, sealed, strict=True)]
    conditions = (
        f"{size // MIB} MiB of random bytes in one multipart form on loopback, {len(sealed)} "
        f"alternating rounds; parts of 8 MiB, each flushed to disk; {ground.load_now()}"
    )
    return [
        Figure(
            name="upload",
            what="speed",
            ours={"mib_a_second": statistics.median(speed)},
            beside={"plain_handler_mib_a_second": size / MIB / statistics.median(unsealed)},
            raw={
                "write_and_flush_mib_a_second": size / MIB / statistics.median(raw),
                "ours_over_raw": statistics.median(raw) / statistics.median(sealed),
            },
            ratio=statistics.median(ratios),
            better="higher",
            limit=SHARE,
            n=len(sealed),
            conditions=conditions,
        ),
        Figure(
            name="upload",
            what="growth of the server's memory",
            ours={"mib": max(growth) / MIB, "each_mib": str([one // MIB for one in growth])},
            ratio=max(growth) / MIB,
            unit="MiB",
            better="lower",
            limit=GROWTH,
            n=len(growth),
            conditions="peak resident memory of all processes of the server over the memory before; "
            + conditions,
        ),
    ]


def _growth(site: Site, size: int, taken: list[float]) -> int:
    pids = site.pids
    ground.forget_peak(pids)
    before = ground.resident(pids)
    taken.append(_sealed(site, size).seconds)
    return ground.peak(pids) - before


def _sealed(site: Site, size: int) -> Sent:
    page = Visitor(site.port).get("/new")
    token = TOKEN.search(page.body)
    if token is None:
        raise ground.Unavailable(f"the form did not come (status {page.status})")
    sent = _send(site, "/new", {"token": token[1].decode(), "what": "see the file"}, size)
    if not acknowledged(sent.answer):
        raise ground.Unavailable(f"the upload was not taken in (status {sent.answer.status})")
    return sent


def _plain(site: Site, size: int) -> Sent:
    sent = _send(site, "/", {"what": "see the file"}, size)
    if sent.answer.body != f"took {size}".encode():
        raise ground.Unavailable(f"the plain handler failed (status {sent.answer.status})")
    return sent


def _send(site: Site, path: str, fields: dict[str, str], size: int) -> Sent:
    """Stream one form with a file of so many bytes."""
    visitor = Visitor(site.port)
    lines = [
        f'--{MARK}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    lines.append(
        f'--{MARK}\r\nContent-Disposition: form-data; name="file"; filename="film.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    before, after = "".join(lines).encode(), f"\r\n--{MARK}--\r\n".encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n"
        f"Content-Type: multipart/form-data; boundary={MARK}\r\n"
        f"Content-Length: {len(before) + size + len(after)}\r\n\r\n"
    )
    # A kind of which a clean copy could be made, so its beginning is kept in memory for a while.
    piece, wire = JPEG + os.urandom(PIECE - len(JPEG)), visitor.connection()
    begun = time.perf_counter()
    wire.sendall(head.encode() + before)
    for _ in range(size // PIECE):
        wire.sendall(piece)
    wire.sendall(after)
    answer = visitor.read(begun)
    visitor.close()
    return Sent(answer.seconds, answer)


def _raw(folder: Path, size: int) -> float:
    """Seconds to write and flush the same bytes with no server at all."""
    piece, begun = os.urandom(PIECE), time.perf_counter()
    for number in range(0, size, 8 * MIB):
        with (folder / str(number)).open("wb") as file:
            for _ in range(min(8 * MIB, size - number) // PIECE):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - begun


def _empty(folder: Path) -> None:
    for one in folder.iterdir():
        shutil.rmtree(one) if one.is_dir() else one.unlink()
