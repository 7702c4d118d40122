"""P13, P22, P34, P41: knocking, biting files, floods, and nonsense in every parser.

Seen to fail: P13 when `people._try` does nothing; P22 when `files.page` says text/html; P34 when
`files.room_left` is always true; P41 when `forms.read` does not catch what is no base64.
"""

import base64
import io
import json
import random
import re
import string
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.test import Client

from amparo.casework.models import Case
from amparo.casework.services import intake
from amparo.consent import links
from amparo.foundation import clean, clock, errors, ids, journal
from amparo.foundation import config as configuration
from amparo.foundation.config import config
from amparo.people import rules
from amparo.people import services as people
from amparo.proofs.prove.at_rest import Desk
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.matrix import routes
from amparo.proofs.prove.served import File, Server, serving
from amparo.proofs.prove.world import bytes_at_rest, found
from amparo.vault import codes, factors, files, forms, log, sessions, uploads


# --- guessing -------------------------------------------------------------------------------------
@proves("P13")
def guessing() -> Found:
    """Wrong codes in 64 connections; wrong passphrases; an honest person all the while."""
    result = Found()
    world = found()
    honest = world.ask(what="honest")
    count = many(10_000, 60)
    with serving(config().data.parent) as server:
        token = server.visitor().get("/back").token
        stop, waits = threading.Event(), []

        def come_back() -> None:
            while not stop.is_set():
                begun = time.monotonic()
                own = server.visitor().get("/back").token
                page = server.visitor().post("/back", {"token": own, "code": honest.text})
                waits.append(time.monotonic() - begun)
                result.expect("honest" in page.text, "an honest code did not open")

        person = threading.Thread(target=come_back)
        person.start()
        with ThreadPoolExecutor(64) as pool:
            wrong = [" ".join(codes.new_digits().shown) for _ in range(count)]
            answers = list(pool.map(lambda text: _knock(server, token, text), wrong))
        stop.set()
        person.join()
    result.expect(set(answers) <= {404, 422, 503}, f"wrong codes are answered {set(answers)}")
    # A wrong code never brings the honest person's words.
    result.expect(
        waits and max(waits) < 60, f"an honest person waited {max(waits, default=99):.1f} s"
    )
    tried, known, unknown = many(1000, 12), [], []
    officer = world.officers[0]
    for number in range(tried):
        known.append(_try_passphrase(officer.name, f"wrong {number}"))
        unknown.append(_try_passphrase("nobody here", f"wrong {number}"))
    result.expect(known == unknown, "a known and an unknown name are answered differently")
    rested = known.count("Unavailable")
    result.expect(rested >= tried - rules.FREE_TRIES - 1, f"only {rested} of {tried} had to wait")
    clock.forward(timedelta(minutes=2))
    with officer.request() as actor:
        result.expect(actor.kind == "staff", "the officer is shut out for good")
    result.value = str(len(result.breaches))
    result.detail = (
        f"{count} wrong codes, the honest one opened {len(waits)} times in at most "
        f"{max(waits, default=0):.1f} s; {tried} passphrases, {rested} had to wait"
    )
    return result


def _knock(server: Server, token: str, text: str) -> int:
    return server.visitor().post("/back", {"token": token, "code": text}).status


def _try_passphrase(name: str, phrase: str) -> str:
    try:
        with journal.unit():
            people.sign_in(name, phrase, "000000")
    except errors.AmparoError as error:
        return type(error).__name__
    return "in"


# --- files that bite ------------------------------------------------------------------------------
def _png(width: int, height: int) -> bytes:
    """A picture that says it is as large as this; its data is a line of zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(min(height, 40_000) * (3 * min(width, 3000) + 1)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _bomb(name: str, size: int) -> bytes:
    paper = io.BytesIO()
    with zipfile.ZipFile(paper, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr(name, bytes(size))
    return paper.getvalue()


def _biting(count: int) -> Iterator[tuple[str, bytes]]:
    script = b"<script>alert(1)</script>"
    laughs = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    bites = [
        (
            "a.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + script + b"</svg>",
        ),
        ("a.html", b"<!doctype html>" + script),
        ("a.gif", b"GIF89a/*" + script + b"*/=1;"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"),
        ("b.pdf", b"%PDF-1.4\n" + b"1 0 obj<</Kids[1 0 R]>>endobj\n" * 3000),
        ("a.png", _png(60_000, 60_000)),
        ("b.png", _png(3000, 30_000)),
        ("a.docx", _bomb("word/document.xml", 400_000_000)),
        ("a.xlsx", _bomb("xl/workbook.xml", 400_000_000)),
        ("a.docm", _bomb("word/vbaProject.bin", 1000)),
        ("b.docx", _bomb("../../evil.xml", 100)),
        ("a.xml", (laughs + "]><a>&j;</a>").encode()),
        ("a.exe", b"MZ" + bytes(300)),
        ("../../a.jpg", b"\xff\xd8\xff\xe0" + b"<html>" + script),
        ("a.jpg.html", b"\xff\xd8\xff\xe0" + bytes(50)),
        ("a.js", b"alert(1)"),
        ("a.mht", b"From: x\nContent-Type: multipart/related\n\n" + script),
        ("a.url", b"[InternetShortcut]\nURL=javascript:alert(1)"),
        ("a.zip", _bomb("a", 200_000_000)),
        ("a.webp", b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(40)),
        ("a.heic", b"\0\0\0\x18ftypheic" + b"\xff" * 200),
        ("a.odt", _bomb("content.xml", 300_000_000)),
        ("a.txt\r\nX-Evil: 1", b"text"),
        ("\u202egpj.exe", b"MZ"),
        ("a" * 400 + ".jpg", b"\xff\xd8"),
    ]
    for number in range(count):
        name, data = bites[number % len(bites)]
        yield name, data + bytes([number // len(bites)])


@proves("P22")
def unsafe_files() -> Found:
    """50 files that bite: taken in sealed, never shown inline, refused in time where they swell."""
    result, slow, count = Found(), 0.0, many(50, 5)
    world = found()
    with serving(config().data.parent) as server:
        visitor = server.visitor()
        for name, data in _biting(count):
            page = visitor.get("/new")
            said = {"token": page.token, "what": "a file", "how": "here"}
            begun = time.monotonic()
            sent = visitor.post("/new", said, [File(name.replace('"', ""), data)])
            result.expect(sent.status in {200, 422}, f"{name[:20]!r} is answered {sent.status}")
            slow = max(slow, time.monotonic() - begun)
        desk = Desk(server, world.officers[0])
        queue = desk.browser.get("/desk/queue")
        seen = 0
        for case in dict.fromkeys(re.findall(r"/desk/c/([0-9a-f-]{36})", queue.text)):
            place = f"/desk/c/{case}/files"
            page = desk.browser.get(place)
            for file in set(re.findall(rf"{place}/[0-9a-f-]{{36}}", page.text)):
                seen += 1
                slow = max(slow, _look(result, desk, file))
    result.expect(seen >= count * 0.8, f"the desk sees {seen} of {count} files: little is shown")
    result.expect(slow < many(10, 60), f"one of them took {slow:.1f} s")
    _bombs(result)
    result.value = str(len(result.breaches))
    result.detail = f"{count} files sent, {seen} looked at, the slowest answer took {slow:.2f} s"
    return result


def _look(result: Found, desk: Desk, file: str) -> float:
    begun = time.monotonic()
    for path in (file, f"{file}/1"):
        got = desk.browser.get(path)
        kind = got.headers.get("content-type", "").split(";")[0]
        result.expect(
            kind in {"text/html", "image/png", "image/jpeg", "image/webp"},
            f"a file is shown as {kind}",
        )
        if kind == "text/html":
            result.expect("alert(1)" not in got.text, "a file's script stands in a page")
        policy = got.headers.get("content-security-policy", "")
        result.expect("default-src 'none'" in policy, "no policy on a file")
    secret = desk.browser.get(file).hidden("csrfmiddlewaretoken")
    got = desk.browser.post(f"{file}/sealed", {"csrfmiddlewaretoken": secret})
    if got.status == 200:
        result.expect(
            "attachment" in got.headers.get("content-disposition", ""), "a download inline"
        )
        result.expect(got.body.startswith(b"age-encryption.org/v1"), "a download is not sealed")
    return time.monotonic() - begun


def _bombs(result: Found) -> None:
    """What swells is refused by the cleaner itself within two seconds."""
    for name, data in list(_biting(many(25, 5))):
        if clean.cleanable(clean.kind_of(data[:4096], name)):
            begun = time.monotonic()
            try:
                clean.clean(data)
            except clean.CannotClean:
                spent = time.monotonic() - begun
                # A sample of the suite runs beside other tests and judges no times.
                result.expect(spent < many(2, 30), f"{name}: {spent:.1f} s until it was refused")


# --- floods ---------------------------------------------------------------------------------------
@proves("P34")
def flood() -> Found:
    """Many fake calls at once: a real one comes through, no address is kept, the disk is guarded."""
    result, count = Found(), many(10_000, 60)
    found()
    with serving(config().data.parent) as server:
        stop, waits = threading.Event(), []

        def real() -> None:
            while not stop.is_set():
                begun = time.monotonic()
                result.expect(_call(server), "a real call was not taken in")
                waits.append(time.monotonic() - begun)
                stop.wait(0.5)

        person = threading.Thread(target=real)
        person.start()
        with ThreadPoolExecutor(12) as pool:
            taken = sum(pool.map(lambda _: _call(server), range(count)))
        stop.set()
        person.join()
    stored = Case.objects.count()
    result.expect(stored == taken + len(waits), f"{taken + len(waits)} taken, {stored} stored")
    result.expect(max(waits) < many(5, 60), f"a real call took {max(waits):.1f} s")
    for name, data in bytes_at_rest():
        if name.endswith((".sqlite3", "-wal")):
            result.expect(b"127.0.0.1" not in data, f"an address in {name}")
    with serving(config().data.parent, free_disk=str(2**60)) as server:
        page = server.visitor().get("/new")
        result.expect(
            not page.token and "<textarea" not in page.text, "a full disk is not said before"
        )
    result.value = str(len(result.breaches))
    result.detail = f"{taken} of {count} fake calls taken, a real one in at most {max(waits):.2f} s"
    return result


def _call(server: Server) -> bool:
    visitor = server.visitor()
    said = {"token": visitor.get("/new").token, "what": "a call", "how": "here", "where": ""}
    return bool(visitor.post("/new", said).code)


# --- nonsense -------------------------------------------------------------------------------------
def _nonsense(chance: random.Random, good: list[str]) -> str:
    """Something like a good text, or nothing like one."""
    text = chance.choice([*good, ""])
    for _ in range(chance.randint(0, 4)):
        at = chance.randint(0, len(text))
        match chance.randrange(6):
            case 0:
                text = (
                    text[:at]
                    + chr(chance.choice([0, 10, 34, 0x0660, 0x202E, 0xD7FF, 0x1F600]))
                    + text[at:]
                )
            case 1:
                text = text[:at]
            case 2:
                text += text[:200]
            case 3:
                text = text[:at] + "".join(chance.choices(string.printable, k=20)) + text[at:]
            case 4:
                text = text[:at] + text[at + 1 :]
            case _:
                text = text.swapcase()
    return text


@proves("P41")
def nonsense() -> Found:
    """Every parser and every page with mutated input: only the five kinds of error, never a fault."""
    result, chance = Found(), random.Random(seed())
    world = found()
    defender = world.ask(what="x")
    with defender.request():
        pass
    log.seal_waiting()
    with journal.unit():
        upload = uploads.begin(size=10, sha256="0" * 64, name="a")[1]
    secret = factors.new_secret()
    note, token = log.newest_note(), forms.token(b"w" * 48)
    lines = list(log.export())
    parsers: dict[str, tuple[Callable[[str], object], list[str]]] = {
        "codes": (codes.parse, [defender.text, " ".join(codes.new_words("es").shown)]),
        "forms": (forms.read, [token]),
        "uploads": (uploads.read, [token, upload]),
        "links": (
            lambda text: _in_unit(lambda: links.use(text, "invite")),
            ["AAAAAAAAAAAAAAAAAAAAAA"],
        ),
        "notes": (lambda text: log.read_note(text, log.public_key()), [note]),
        "sessions": (lambda text: sessions.resume(text.encode(), "staff"), ["x" * 48]),
        "ids": (ids.parse, [str(ids.new())]),
        "totp": (lambda text: factors.step_of(secret, text), ["123456"]),
        "options": (
            lambda text: configuration.read({"AMPARO_PORT": text, "AMPARO_DATA": "/x"}),
            ["80"],
        ),
        "journal": (lambda text: log.verify([*lines[:1], {"leaves": text, "note": note}]), ["00"]),
        "kinds": (lambda text: clean.kind_of(text.encode("utf-8", "replace"), text), ["%PDF-1.4"]),
        "manifests": (
            lambda text: list(
                files.read({"upload": text, "key": "00", "parts": 1, "size": 1, "sha256": text})
            ),
            [str(ids.new())],
        ),
        "enter": (lambda text: _in_unit(lambda: intake.enter(text)), [defender.text[:-1]]),
    }
    tried = 0
    for name, (parse, good) in parsers.items():
        for _ in range(many(300 if name == "enter" else 4000, 60)):
            text = _nonsense(chance, good)
            tried += 1
            try:
                parse(text)
            except errors.AmparoError:
                pass
            except Exception as error:
                result.breaches.append(f"{name}: {type(error).__name__} for {text[:60]!r}")
                break
    pages = _pages(result, chance)
    result.value = str(len(result.breaches))
    result.detail = f"{tried} texts in {len(parsers)} parsers, {pages} requests, seed {seed()}"
    return result


def _in_unit(deed: Callable[[], object]) -> object:
    with journal.unit():
        return deed()


def _pages(result: Found, chance: random.Random) -> int:
    """Nonsense in fields, headers, bodies and addresses of every route."""
    places, count = sorted(set(routes())), many(3000, 150)
    names = ["token", "what", "where", "how", "reach", "code", "text", "do", "name", "version"]
    good = ["1", "here", "", str(ids.new()), forms.token(), "0" * 30, "granted", "'\"<>"]
    for _ in range(count):
        route = chance.choice(places)
        path = "/" + re.sub(r"<\w+>", lambda _: _nonsense(chance, good)[:60], route)
        path = "".join(one for one in path if one.isprintable() and one not in "?#%\\ ")
        body = {chance.choice(names): _nonsense(chance, good) for _ in range(4)}
        client = Client(raise_request_exception=False)
        client.cookies["s"] = base64.urlsafe_b64encode(chance.randbytes(48)).decode()
        try:
            if route.startswith("api"):
                sent = json.dumps(body) if chance.random() < 0.7 else _nonsense(chance, ["{}"])
                status = client.generic("POST", path, sent, "application/json").status_code
            else:
                status = client.post(path, body).status_code
        except (UnicodeError, ValueError):
            continue
        if status == 500:
            result.breaches.append(f"500 for {path!r} with {str(body)[:120]}")
            break
    return count
