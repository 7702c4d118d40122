"""Scenes of somebody who asks for help, without an account, cookies or scripts."""

import re
import socket
import time

from amparo.proofs.demo import papers
from amparo.proofs.demo.browser import Browser, Page
from amparo.proofs.demo.play import Play, expect, said, scene

ASKING = "Asking"
SEALING = "Sealing"


def quiet(page: Page) -> None:
    """What holds for every page of people without an account."""
    expect(page.scripts == 0, f"{page.path} runs scripts")
    expect("no-store" in page.headers.get("cache-control", ""), f"{page.path} may be kept")


@scene(ASKING, "a page with three questions; no account, no cookie, no script")
def first_page(play: Play) -> str:
    start, new = play.amina.get("/"), play.amina.get("/new")
    for page in (start, new):
        expect(page.status == 200, said(page))
        quiet(page)
    weight = (len(start.body) + len(new.body)) / 1024
    return f"two pages, {weight:.1f} KiB of HTML together"


def ask(play: Play, browser: Browser, what: str, path: str = "/new", **typed: str) -> Page:
    """Answer the three questions; returns the page with the code."""
    page = browser.get(path)
    return browser.send(page, page.form("what", "where"), None, what=what, **typed)


@scene(ASKING, "she sends a photo and a letter with it, and gets nine words, once")
def send(play: Play) -> str:
    page = play.amina.get("/new")
    form = page.form("what", "where", "how")
    files = {"file": [papers.photo(), papers.paper()]}
    shown = play.amina.send(page, form, files, what=papers.WHAT, where=papers.WHERE, how="here")
    expect(shown.status == 200, said(shown))
    quiet(shown)
    play.code = play.lost = " ".join(shown.items(9))
    again = play.amina.send(page, form, what=papers.WHAT, where=papers.WHERE, how="here")
    expect(again.says("It has not been sent twice"), "the same form was taken in twice")
    return "sealed while it came in; the same form sent again is not taken in twice"


@scene(ASKING, "the words open her notes: what she wrote, and who can read it")
def come_back(play: Play) -> str:
    thread = play.open_notes()
    expect(thread.says(papers.WHAT), f"her notes: {said(thread)}")
    quiet(thread)
    reads = re.search(r"Who can read this: [^.]*?(one person|\d+ people)", thread.text)
    expect(reads is not None, "nobody is listed as reading")
    play.thread = thread
    return reads.group(0) if reads else ""


@scene(ASKING, "a slip is named by its place; every wrong code gets one answer")
def wrong_codes(play: Play) -> str:
    words = play.code.split()
    slip = play.open_notes(" ".join([*words[:3], "xxxx", *words[4:]]))
    expect("4" in slip.text and slip.status == 422, f"a slip: {said(slip)}")
    strangers = play.open_notes("11111 11111 11111 11111 11111 11111")
    expect(strangers.status == 422 and not strangers.says(papers.WHAT), said(strangers))
    expect(not play.amina.offered, f"cookies were set: {play.amina.offered}")
    return "“word 4”, before anything is looked up"


@scene(ASKING, "Leave: one press, and the page behind it opens nothing")
def leave(play: Play) -> str:
    thread = play.open_notes()
    left = play.amina.send(thread, thread.form(to="/leave$"))
    expect(left.status == 200 and not left.says(papers.WHAT), f"after leaving: {said(left)}")
    back = play.amina.send(thread, thread.form("do", "text"), text="x", do="write")
    expect(not back.says(papers.WHAT), "her window could be used again")
    return "a POST and a 303; her browser is asked to forget"


# --- sealing -------------------------------------------------------------------------------------
@scene(SEALING, "an upload that is cut off leaves nothing")
def cut(play: Play) -> str:
    before = parts(play)
    page = play.amina.get("/new")
    token = page.form("what").fields["token"][0]
    mark = "----cut"
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="film.bin"\r\n\r\n'
    ).encode()
    with socket.create_connection(("127.0.0.1", play.stage.port), timeout=20) as wire:
        wire.sendall(
            b"POST /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n"
            b"Content-Type: multipart/form-data; boundary=" + mark.encode() + b"\r\n\r\n" + head
        )
        for _ in range(12):
            wire.sendall(bytes(1024 * 1024))
        during = parts(play)
    until = time.monotonic() + 10
    while parts(play) > before and time.monotonic() < until:
        time.sleep(0.02)
    expect(parts(play) == before, "parts of a cut upload stayed")
    return f"12 MiB of 86 came; sealed parts meanwhile: {during - before}, now: none"


def parts(play: Play) -> int:
    """How many sealed parts lie in the folder of files."""
    return sum(1 for path in (play.stage.data / "files").rglob("*") if path.is_file())


@scene(SEALING, "nothing that she wrote or sent is readable on this disk")
def nothing_readable(play: Play) -> str:
    files, size = search(play)
    photo, letter = papers.photo().data, papers.paper().data
    for path in (play.stage.data / "files").rglob("*"):
        if path.is_file():
            bytes_ = path.read_bytes()
            expect(photo[:64] not in bytes_ and letter[:64] not in bytes_, f"{path} is readable")
    return f"0 hits in {files} files, {size / 1024:.0f} KiB: as text, UTF-16, base64, hex"


def search(play: Play) -> tuple[int, int]:
    """Look for everything sought, in every shape, in every file and in what the server said;
    returns (files, bytes)."""
    wanted = [(one.name, shape) for one in papers.sought(play.code) for shape in one.shapes()]
    paths = [path for path in play.stage.data.rglob("*") if path.is_file()]
    paths.append(play.stage.log)
    size = 0
    for path in paths:
        held = path.read_bytes()
        size += len(held)
        for name, shape in wanted:
            expect(shape not in held, f"{name} is readable in {path.name}")
    return len(paths), size
