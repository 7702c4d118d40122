"""Scenes of bad days: somebody leaves, a device is lost, a raid; then the journal and the thief."""

import json
import re
from pathlib import Path
from typing import Any

from amparo.proofs.demo import papers
from amparo.proofs.demo.asking import search
from amparo.proofs.demo.play import Play, expect, said, scene
from amparo.proofs.demo.stage import THIEF
from amparo.vault import sample

RAID = "Bad days"
JOURNAL = "The journal"
END = "The thief"


@scene(RAID, "an officer leaves: sessions ended, every lock they hold a key to changed")
def leaving(play: Play) -> str:
    tomas = play.officer("tomas")
    expect(tomas.get(play.case.path).says(play.case.name), "Tomas never had access")
    people = play.officer("ines").get("/desk/people")
    path = next(link for link, name in _leaving(people.body.decode()) if name.startswith("Tomas"))
    done = play.fill("ines", path, "sure", sure="on")
    expect(done.status == 200, said(done))
    expect(tomas.get(play.case.path).path == "/desk/sign-in", "his session goes on")
    expect(play.sign_in("tomas").status == 422, "he can sign in")
    expect(play.officer("ines").get(play.case.path).status == 200, "the others lost it too")
    return "his teams have new keys; what comes after does not open with what he kept"


def _leaving(html: str) -> list[tuple[str, str]]:
    """(address, name) of those who may be let go."""
    pattern = r'href="(/desk/people/[0-9a-f-]{36}/leave)">[^<]*<span class="off">: ([^<]*)<'
    return re.findall(pattern, html)


@scene(RAID, "a lost device: one press ends every session of its owner")
def lost_device(play: Play) -> str:
    done = play.fill("noor", "/desk/settings/lock")
    expect(done.path == "/desk/sign-in", said(done))
    again = play.officer("noor").get("/desk/queue")
    expect(again.path == "/desk/sign-in", "the session goes on")
    return "on every machine, at the next request"


@scene(RAID, "the raid button: sessions, links and opening keys are gone; data stay")
def lockdown(play: Play) -> str:
    done = play.stage.amparo("lockdown", "--json")
    expect(done.returncode == 0, done.stderr.strip())
    shut = play.officer("ines").get("/desk/queue")
    expect(shut.path == "/desk/sign-in" and shut.status == 503, f"the desk: {said(shut)}")
    door = play.amina.get("/new")
    expect("what" not in {name for form in door.forms for name in form.names}, "it still asks")
    keys = json.loads((play.stage.data / "server.keys").read_text())["keys"]
    expect("duty" not in keys and "form" not in keys, "the opening keys are still there")
    return "from the shell, without a question; at the desk it is one page with one tick"


@scene(RAID, "and the way back: officers sign in, her words still open her notes")
def lift(play: Play) -> str:
    done = play.stage.amparo("lockdown", "--lift", "--json")
    expect(done.returncode == 0, done.stderr.strip())
    for name in ("ines", "ruth"):
        page = play.sign_in(name)
        expect(page.path == "/desk/queue", f"{name}: {said(page)}")
    thread = play.open_notes()
    expect(thread.says(papers.ANSWER), f"her notes: {said(thread)}")
    return "a minute's work; one-time links are given out anew"


# --- the journal ---------------------------------------------------------------------------------
def _verify(play: Play, *arguments: str) -> dict[str, Any]:
    done = play.stage.amparo("journal", "verify", *arguments, "--json")
    expect(bool(done.stdout), f"verify: {done.stderr.strip()}")
    verdict: dict[str, Any] = json.loads(done.stdout)
    expect(verdict["ok"] == (done.returncode == 0), "the exit code and the answer differ")
    return verdict


@scene(JOURNAL, "every read, write, grant, refusal and sign-in: one entry a request, sealed")
def whole(play: Play) -> str:
    export = play.stage.beside / "journal.jsonl"
    done = play.stage.amparo("journal", "export", str(export))
    expect(done.returncode == 0, done.stderr.strip())
    note = play.stage.beside / "note.txt"
    note.write_text(play.stage.amparo("journal", "checkpoint").stdout)
    here, there = _verify(play), _verify(play, str(export), "--checkpoint", str(note))
    expect(here["ok"] and there["ok"], f"{here['reason']}{there['reason']}")
    return f"{there['entries']} entries are as they were signed, checked offline from an export"


@scene(JOURNAL, "one changed entry is named; a log cut short fails against a kept checkpoint")
def tampered(play: Play) -> str:
    lines = (play.stage.beside / "journal.jsonl").read_text().splitlines()
    note = str(play.stage.beside / "note.txt")
    spots = [number for number, line in enumerate(lines) if '"digest"' in line]
    spot = spots[len(spots) // 2]
    entry = json.loads(lines[spot])
    entry["digest"] = f"{int(entry['digest'][:2], 16) ^ 1:02x}{entry['digest'][2:]}"
    changed = _write(play, "changed.jsonl", [*lines[:spot], json.dumps(entry), *lines[spot + 1 :]])
    found = _verify(play, changed)
    expect(not found["ok"] and found["first_bad"] == entry["place"], f"{found}")
    heads = [number for number, line in enumerate(lines) if '"note"' in line]
    cut = _write(play, "cut.jsonl", lines[: heads[-2] + 1])
    expect(_verify(play, cut)["ok"], "what is left of it is well signed")
    unmasked = _verify(play, cut, "--checkpoint", note)
    expect(not unmasked["ok"], "the cut went unnoticed")
    return f"entry {entry['place']}; “{unmasked['reason']}”"


def _write(play: Play, name: str, lines: list[str]) -> str:
    path = play.stage.beside / name
    path.write_text("\n".join(lines) + "\n")
    return str(path)


# --- the thief -----------------------------------------------------------------------------------
@scene(END, "nothing that anybody typed or sent is readable in any file or log")
def nothing_readable(play: Play) -> str:
    files, size = search(play)
    texts = len(papers.sought(play.code))
    return f"0 hits for {texts} texts in {files} files, {size / 1024 / 1024:.1f} MiB"


def _steal(play: Play, folder: Path, *secrets: str) -> dict[str, Any]:
    done = play.stage.program(THIEF, str(folder), "--rows", *secrets)
    expect(bool(done.stdout), f"thief.py: {done.stderr.strip()[-200:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@scene(END, "a separate program takes every file, the configuration and the server's keys")
def thief(play: Play) -> str:
    taken = play.stage.copy("stolen")
    play.notes["stolen"] = taken
    found = _steal(play, taken)
    play.notes["values"] = found["classified"]
    expect(found["outside_shadow"] == 0, f"it opened {found['opened']}")
    expect(found["unclassified"] == 0, f"it does not know {found['unknown'][:3]}")
    held = sum(found["opened"].values())
    return (
        f"0 records opened out of {found['classified']} values; {held} secrets of second devices and "
        "addresses for notices lay open, as THREAT_MODEL.md says"
    )


@scene(END, "with one passphrase it opens what that officer opens, and nothing else")
def helped(play: Play) -> str:
    noor = sample.person("noor")
    if noor is None:
        raise LookupError("noor")
    found = _steal(play, play.notes["stolen"], "--passphrase", f"noor:{noor.passphrase}")
    ines = sample.PEOPLE[0]
    more = _steal(play, play.notes["stolen"], "--passphrase", f"ines:{ines.passphrase}")
    parts = {one.split("/")[1] for one in found["parts"]}
    theirs = {one.split("/")[1] for one in more["parts"]}
    expect(not parts & {"correspondence", "narrative", "identity", "location"}, f"Noor: {parts}")
    expect({"correspondence", "narrative", "location"} <= theirs, f"Ines: {theirs}")
    return f"Noor's: {', '.join(sorted(parts))}; Ines's: {', '.join(sorted(theirs))}"


@scene(END, "the doctor has looked: nothing is broken")
def doctor(play: Play) -> str:
    done = play.stage.amparo("doctor", "--json")
    found = json.loads(done.stdout)
    bad = [f"{one['check']}: {one['detail']}" for one in found["checks"] if one["status"] == "FAIL"]
    expect(not bad, "; ".join(bad))
    warned = [one["check"] for one in found["checks"] if one["status"] == "WARN"]
    return f"{len(found['checks'])} checks; to look at: {', '.join(warned) or 'nothing'}"
