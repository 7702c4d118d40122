"""Scenes at the desk: triage, answers, a case, its files, calls, codes that were lost."""

import re

from amparo.proofs.demo import papers
from amparo.proofs.demo.asking import ask
from amparo.proofs.demo.browser import Browser, Page
from amparo.proofs.demo.play import Case, Labelled, Play, expect, said, scene
from amparo.proofs.demo.stage import RESTORE
from amparo.vault import sample

DESK = "The desk"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def rows(page: Page) -> list[str]:
    """Cases in a queue, nearest deadline first."""
    found = [re.search(rf"c=({UUID})", one) for one in page.links]
    return list(dict.fromkeys(one.group(1) for one in found if one))


def newest(play: Play, who: str, known: set[str]) -> Case:
    """The case that has come into the queue since."""
    page = play.officer(who).get("/desk/queue")
    fresh = [one for one in rows(page) if one not in known]
    expect(len(fresh) == 1, f"{len(fresh)} new requests in the queue")
    case = Case(fresh[0])
    head = play.officer(who).get(case.path).body.decode()
    case.name = re.sub("<[^>]+>", "", head.split("<h1>", 1)[1].split("</h1>", 1)[0]).strip()
    return case


@scene(DESK, "the request stands in the queue, by the time until it is due")
def queue(play: Play) -> str:
    play.case = newest(play, "ines", set())
    page = play.officer("ines").get("/desk/queue")
    expect(play.case.name in page.text, "the queue does not name the case")
    expect(not page.says("asked my neighbour"), "the queue tells what happened")
    return f"as “{play.case.name}”, due in 15 minutes"


@scene(DESK, "taken, weighed, answered; how to reach her safely, and an agreed word")
def answer(play: Play) -> str:
    page = play.officer("ines").get(play.case.path)
    taken = play.officer("ines").send(page, page.form(to="/do/take$"))
    expect(taken.status == 200, said(taken))
    play.act("ines", "level", level="4", reason="They know where she lives.")
    why = "She asked for a call in her first words."
    play.act("ines", "log", outcome="no answer", text="Tried once; left nothing.", reason=why)
    reach = f"{play.case.path}/reach"
    done = play.fill("ines", reach, "word", how1="here", text1="Evenings only", word=papers.WORD)
    expect(done.status == 200, said(done))
    path = f"{play.case.path}/messages"
    play.officer("ines").get(path)
    sent = play.fill("ines", path, "text", text=papers.ANSWER)
    expect(sent.says(papers.ANSWER), f"the answer: {said(sent)}")
    return "level 4: the next act is due within the hour"


@scene(DESK, "two officers at once: the second is told who was quicker")
def conflict(play: Play) -> str:
    ruth = play.officer("ruth")
    page = ruth.get(f"{play.case.path}/do/reassign")
    form = page.form("to")
    play.act("ines", "level", level="3", reason="She is with friends tonight.")
    late = ruth.send(page, form, to=form.pick("to", "Ines"))
    expect(late.status == 409, f"the slower one: {said(late)}")
    return "409, and what was typed still stands there"


@scene(DESK, "she reads the answer and writes again")
def read_answer(play: Play) -> str:
    thread = play.open_notes()
    expect(thread.says(papers.ANSWER), f"her notes: {said(thread)}")
    written = play.amina.send(thread, thread.form("do", "text"), text=papers.MORE, do="write")
    expect(written.says(papers.MORE), f"her notes: {said(written)}")
    play.thread = written
    return "“Sent, and sealed.”"


@scene(DESK, "a case is opened: all seven compartments at once, identity sealed to all")
def open_case(play: Play) -> str:
    play.act("ines", "open")
    for code, text in (("narrative", papers.NARRATIVE), ("location", "At a friend's, unnamed.")):
        path = f"{play.case.path}/part/{code}"
        done = play.fill("ines", path, "text", text=text)
        expect(done.says(text), f"{code}: {said(done)}")
    sealed = play.compartment("ines", "identity")
    expect(sealed.says("You hold no key"), f"identity: {said(sealed)}")
    other = play.compartment("ruth", "narrative")
    expect(other.says("You hold no key"), f"narrative to a colleague: {said(other)}")
    return "a colleague of every team opens neither narrative nor identity"


@scene(DESK, "her photo is looked at as a picture of itself, drawn in a child process")
def look(play: Play) -> str:
    ines = play.officer("ines")
    listed = ines.get(f"{play.case.path}/files")
    names = re.findall(rf"{play.case.path}/files/({UUID})", " ".join(listed.links))
    expect(len(names) == 2, f"{len(names)} files are listed")
    for name in dict.fromkeys(names):
        page = ines.get(f"{play.case.path}/files/{name}")
        if "grey-car" in page.text:
            play.notes["photo"] = page
            picture = ines.get(f"{page.path}/1")
            expect(picture.headers["content-type"].startswith("image/"), said(picture))
            expect(papers.CAMERA.encode() not in picture.body, "hidden details were shown")
            kind = picture.headers["content-type"]
            return f"{kind}, {len(picture.body) / 1024:.0f} KiB, no hidden details"
    raise LookupError("the photo is not among the files")


@scene(DESK, "or downloaded to her officer's own key, and opened without Amparo")
def download(play: Play) -> str:
    ines, page = play.officer("ines"), play.notes.pop("photo")
    settings = ines.get("/desk/settings/key-file")
    known = sample.PEOPLE[0].passphrase
    key = ines.send(settings, settings.form("old", to="key-file$"), old=known)
    file = play.stage.beside / "key.txt"
    file.write_bytes(key.body)
    opened = []
    for copy in ("", "clean"):
        form = page.form("csrfmiddlewaretoken", to="/sealed$", **({"copy": copy} if copy else {}))
        sealed = ines.send(page, form)
        expect(sealed.body.startswith(b"age-encryption.org/v1"), "it is no age file")
        path, out = play.stage.beside / f"photo{copy}.age", play.stage.beside / f"photo{copy}.jpg"
        path.write_bytes(sealed.body)
        done = play.stage.program(RESTORE, "--identity", str(file), "--out", str(out), str(path))
        expect(done.returncode == 0, f"restore.py: {done.stderr.strip()}")
        opened.append(out.read_bytes())
    expect(opened[0] == papers.photo().data, "the original is not what she sent")
    expect(papers.CAMERA.encode() not in opened[1], "the copy still has hidden details")
    return "the original to the last byte; the copy without place, owner and camera"


@scene(DESK, "text that was not sent yet is there again, sealed to who typed it")
def draft(play: Play) -> str:
    ines, path = play.officer("ines"), f"{play.case.path}/messages"
    page = ines.get(path)
    form = page.form("text", "place")
    place = form.fields["place"][0]
    keep = type(form)("/desk/draft", "post", fields=dict(form.fields), names=form.names)
    kept = ines.send(page, keep, text="Half a sentence", place=place)
    expect(kept.status == 204, said(kept))
    expect("Half a sentence" in ines.get(path).form("text").fields["text"][0], "it is gone")
    ines.send(page, keep, text="", place=place)
    return "on any machine, after the next sign-in too"


@scene(DESK, "a call is typed in with consent by word of mouth; declined with a reason")
def by_phone(play: Play) -> str:
    known = set(rows(play.officer("ruth").get("/desk/queue")))
    shown = play.fill(
        "ruth",
        "/desk/new",
        "way",
        "what",
        way="phone",
        what=papers.PHONE,
        consent="oral",
        code="digits",
    )
    digits = " ".join(shown.items(6))
    case = newest(play, "ruth", known)
    reason = "We cannot act against this police ourselves; the ombudsman can."
    play.act("ruth", "decline", case, reason=reason)
    notes = play.open_notes(digits, Browser(play.stage.port))
    expect(notes.says(reason) and notes.says(papers.PHONE), f"their notes: {said(notes)}")
    return "thirty digits, read out; with them they read the reason"


@scene(DESK, "referred, merged, marked as spam and undone, given away, handed over")
def triage(play: Play) -> str:
    visitor, cases = Browser(play.stage.port), []
    for text in ("Invented: please help my cousin.", "Invented: my cousin, again.", "BUY NOW"):
        known = set(rows(play.officer("ines").get("/desk/queue")))
        ask(play, visitor, text)
        cases.append(newest(play, "ines", known))
    page = play.officer("ines").get(f"{cases[1].path}/do/merge")
    form = page.form("into")
    into = form.pick("into", cases[0].name)
    merged = play.officer("ines").send(page, form, into=into)
    expect(merged.status == 200, said(merged))
    play.act("ines", "spam", cases[2])
    play.act("ines", "reopen", cases[2])
    play.act("ines", "spam", cases[2])
    play.act("ines", "refer", cases[0], to="The house next door (fictional)", reason="Nearer.")
    play.act("ines", "reassign", to=_choice(play, "reassign", "to", "Ruth"))
    done = play.fill("ruth", "/desk/hand-over", "to", to=Labelled("Ines"), note="She waits.")
    expect(done.status == 200, said(done))
    expect("yours" in play.officer("ines").get(play.case.path).text, "it was not handed over")
    return "each with its reason; a word from the defender reopens it"


def _choice(play: Play, verb: str, name: str, label: str) -> str:
    page = play.officer("ines").get(f"{play.case.path}/do/{verb}")
    return page.form(name).pick(name, label)


@scene(DESK, "a lost code: she asks anew, says the agreed word, and the old code dies")
def relink(play: Play) -> str:
    known = set(rows(play.officer("ines").get("/desk/queue")))
    shown = ask(play, play.amina, "Invented: I was here before and lost my words.")
    fresh = " ".join(shown.items(9))
    case = newest(play, "ines", known)
    tomas = play.officer("tomas")  # Inés wrote the word down, so a colleague compares it
    page = tomas.get(f"{case.path}/do/relink")
    form = page.form("old", "word")
    old = form.pick("old", play.case.name)
    wrong = tomas.send(page, form, old=old, word="three red umbrellas")
    expect(wrong.status == 422, f"a wrong word: {said(wrong)}")
    done = tomas.send(page, form, old=old, word=papers.WORD)
    expect(done.status == 200, f"the agreed word: {said(done)}")
    dead = play.open_notes(play.lost)
    expect(dead.status == 422, "the lost code still opens")
    play.code = fresh
    thread = play.open_notes()
    expect(thread.says(papers.ANSWER), f"with the new words: {said(thread)}")
    return "a wrong word changes nothing and is noted"


@scene(DESK, "search looks through what one's keys open, in memory")
def search(play: Play) -> str:
    found = play.fill("ines", "/desk/search", "text", text="grey car")
    expect(found.says(play.case.name), f"her officer: {said(found)}")
    nothing = play.fill("noor", "/desk/search", "text", text="grey car")
    expect(not nothing.says(play.case.name), "somebody without a key found it")
    return "her officer finds it; the lawyer, who holds no key yet, does not"
