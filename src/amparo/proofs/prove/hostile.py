"""P22 and P34: files that bite, and a flood of calls.

Seen to fail: P22 when `files.page` says text/html, and when `pages.download` sets no policy of its own;
P34 when `files.room_left` is always true.
"""

import html
import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from amparo.casework.models import Case
from amparo.foundation import clean
from amparo.foundation.config import config
from amparo.proofs.prove.at_rest import Desk
from amparo.proofs.prove.bites import biting
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.journals import one_pixel
from amparo.proofs.prove.served import Answer, File, Server, serving
from amparo.proofs.prove.world import bytes_at_rest, found


# --- files that bite ------------------------------------------------------------------------------
@proves("P22")
def unsafe_files() -> Found:
    """Files that bite: taken in sealed, never shown inline, refused in time where they swell."""
    result, slow = Found(), 0.0
    world = found()
    bites = biting()
    random.Random(seed()).shuffle(bites)
    # An honest picture among them shows that pictures are drawn at all.
    bites = [*bites[: many(len(bites), 12)], ("honest.png", one_pixel())]
    with serving(config().data.parent) as server:
        visitor = server.visitor()
        for name, data in bites:
            page = visitor.get("/new")
            said = {"token": page.token, "what": "a file", "how": "here"}
            begun = time.monotonic()
            sent = visitor.post("/new", said, [File(name.replace('"', ""), data)])
            result.expect(sent.status in {200, 422}, f"{name[:20]!r} is answered {sent.status}")
            slow = max(slow, time.monotonic() - begun)
        desk = Desk(server, world.officers[0])
        seen, drawn = 0, 0
        for file in _all_files(desk):
            seen += 1
            begun = time.monotonic()
            drawn += _look(result, desk, file)
            slow = max(slow, time.monotonic() - begun)
    result.expect(seen >= len(bites) * 0.9, f"the desk sees {seen} of {len(bites)} files")
    result.expect(drawn, "not one page was drawn: nothing is shown")
    result.expect(slow < many(10, 60), f"one of them took {slow:.1f} s")
    longest = _bombs(result, bites)
    result.value = str(len(result.breaches))
    result.detail = (
        f"{len(bites)} files sent, {seen} looked at, {drawn} drawn, the slowest answer took "
        f"{slow:.2f} s, the cleaner {longest:.2f} s"
    )
    return result


def _all_files(desk: Desk) -> Iterator[str]:
    """The addresses of all files in all cases, over all pages of the queue."""
    place, seen, looked = "/desk/queue", set(), set()
    while place:
        queue = desk.browser.get(place)
        for case in dict.fromkeys(re.findall(r"/desk/c/([0-9a-f-]{36})", queue.text)):
            if case not in seen:
                seen.add(case)
                files_ = f"/desk/c/{case}/files"
                page = desk.browser.get(files_)
                yield from sorted(set(re.findall(rf"{files_}/[0-9a-f-]{{36}}", page.text)))
        links_ = re.findall(r'href="(/desk/queue\?[^"]*after=[^"]+)"', queue.text)
        more = [one for one in map(html.unescape, links_) if one not in looked]
        looked |= {*more[:1]}
        place = more[0] if more else ""


JPEG = b"\xff\xd8\xff"
SANDBOX = "sandbox; default-src 'none'"


def _look(result: Found, desk: Desk, file: str) -> bool:
    """The file's page, its first picture and its download; whether there was a picture."""
    page = desk.browser.get(file)
    result.expect(page.status == 200, f"a file's page is answered {page.status}")
    result.expect("alert(1)" not in page.text, "a file's script stands in a page")
    result.expect("default-src 'none'" in _policy(page), "no policy on a file's page")
    drawn = desk.browser.get(f"{file}/1")
    kind = drawn.headers.get("content-type", "")
    if drawn.status == 200:
        # Nothing but a picture that was drawn here: not one byte of the file itself.
        right = kind == "image/jpeg" and drawn.body.startswith(JPEG)
        result.expect(right, f"a page of a file is shown as {kind}")
        result.expect(b"alert(1)" not in drawn.body, "a file's script stands in a picture")
        result.expect(drawn.headers.get("x-content-type-options") == "nosniff", "may be sniffed")
    else:
        result.expect(drawn.status == 404, f"a page of a file is answered {drawn.status}")
    secret = page.hidden("csrfmiddlewaretoken")
    for more in ({}, {"copy": "clean"}):
        got = desk.browser.post(f"{file}/sealed", more | {"csrfmiddlewaretoken": secret})
        result.expect(got.status == 200, f"a download is answered {got.status}")
        as_saved = got.headers.get("content-disposition", "").startswith("attachment")
        result.expect(as_saved and _policy(got) == SANDBOX, "a download is not shut in")
        plain = got.headers.get("content-type") == "application/octet-stream"
        result.expect(plain, f"a download is {got.headers.get('content-type')}")
        result.expect(got.body.startswith(b"age-encryption.org/v1"), "a download is not sealed")
    return drawn.status == 200


def _policy(answer: Answer) -> str:
    return answer.headers.get("content-security-policy", "")


def _bombs(result: Found, bites: list[tuple[str, bytes]]) -> float:
    """The cleaner itself: what swells is refused within two seconds, and no copy bites."""
    longest = 0.0
    for name, data in bites:
        begun = time.monotonic()
        try:
            copy = clean.clean(data).data
        except clean.CannotClean:
            copy = b""
            spent = time.monotonic() - begun
            longest = max(longest, spent)
            # A sample of the suite runs beside other tests and judges no times.
            result.expect(spent < many(2, 30), f"{name[:20]}: {spent:.1f} s until it was refused")
        result.expect(b"alert(1)" not in copy, f"{name[:20]}: the script is in the copy")
        result.expect(b"PK\x03\x04" not in copy[4:] or copy[:2] == b"PK", f"{name}: two in one")
    return longest


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
        begun = time.monotonic()

        def fake(number: int) -> bool:
            # As many in ten minutes, evenly; the sample's come all at once.
            time.sleep(max(0.0, begun + number * many(600, 0) / count - time.monotonic()))
            return _call(server)

        with ThreadPoolExecutor(12) as pool:
            taken = sum(pool.map(fake, range(count)))
        minutes = (time.monotonic() - begun) / 60
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
    result.detail = (
        f"{taken} of {count} fake calls taken in {minutes:.1f} minutes, "
        f"{len(waits)} real ones in at most {max(waits):.2f} s"
    )
    return result


def _call(server: Server) -> bool:
    visitor = server.visitor()
    said = {"token": visitor.get("/new").token, "what": "a call", "how": "here", "where": ""}
    return bool(visitor.post("/new", said).code)
