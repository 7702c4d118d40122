"""Scenes of consent: a key for a purpose, taken back, conditional, overridden, shared once."""

import io
import re
import zipfile
from datetime import timedelta
from urllib.parse import urlsplit

from amparo.foundation import clock
from amparo.proofs.demo import papers
from amparo.proofs.demo.browser import Browser, Form, Page
from amparo.proofs.demo.house import _shown_link
from amparo.proofs.demo.play import Labelled, Play, expect, said, scene

CONSENT = "Consent is a key"
LAWYER = "A lawyer of another house (fictional)"


def last_day() -> str:
    """A month from now."""
    return (clock.today() + timedelta(days=30)).isoformat()


def _record(play: Play, answer: str, recipient: str, purpose: str, code: str, **more: str) -> None:
    done = play.fill(
        "ines",
        f"{play.case.path}/consent/record",
        "recipient",
        "purpose",
        answer=answer,
        recipient=Labelled(recipient),
        purpose=purpose,
        compartments=[code],
        how="oral",
        until=more.pop("until", last_day()),
        **more,
    )
    expect(done.status == 200, f"recording {answer}: {said(done)}")


@scene(CONSENT, "she says yes: the lawyer of the house gets the key to what happened")
def grant(play: Play) -> str:
    before = play.compartment("noor", "narrative")
    expect(not before.says(papers.NARRATIVE), "the lawyer read it before she said yes")
    _record(play, "granted", "Noor", "legal", "cover")
    _record(play, "granted", "Noor", "legal", "narrative")
    after = play.compartment("noor", "narrative")
    expect(after.says(papers.NARRATIVE), f"after her yes: {said(after)}")
    shut = play.compartment("noor", "location")
    expect(not shut.says("At a friend's"), "the lawyer reads more than she agreed to")
    return "purpose, recipient, compartment, until when; nothing else opens"


@scene(CONSENT, "yes, if …: closed until somebody writes down that it is so")
def condition(play: Play) -> str:
    _record(play, "conditional", "Noor", "legal", "location", condition="If I am arrested.")
    expect(not play.compartment("noor", "location").says("At a friend's"), "it opened at once")
    page = play.officer("ines").get(f"{play.case.path}/consent")
    path = page.link(r"/consent/[0-9a-f-]{36}/met$")
    done = play.fill("ines", path, "reason", reason="Her brother called from the station.")
    expect(done.status == 200, said(done))
    opened = play.compartment("noor", "location")
    expect(opened.says("At a friend's"), f"after it was met: {said(opened)}")
    return "the reason stands on her list"


@scene(CONSENT, "she is asked on her page, says no, and is not asked again")
def refusal(play: Play) -> str:
    path = f"{play.case.path}/consent/ask"
    question = {
        "recipient": Labelled("Ruth"),
        "purpose": "publication",
        "compartments": ["narrative"],
        "until": last_day(),
    }
    asked = play.fill("ines", path, "recipient", **question)
    expect(asked.status == 200, said(asked))
    thread = play.open_notes()
    form = thread.form("answer", "asked")
    no = play.amina.send(thread, form, answer="refused")
    expect(no.says("You said no"), f"her no: {said(no)}")
    expect(not play.compartment("ruth", "narrative").says(papers.NARRATIVE), "it opened anyway")
    again = play.fill("ines", path, "recipient", **question)
    expect(again.status in {409, 422}, f"she is asked again: {said(again)}")
    return "no key, and no question for 30 days"


@scene(CONSENT, "she takes it back on her page, and the next request finds no key")
def withdraw(play: Play) -> str:
    thread = play.open_notes()
    forms = [
        one
        for one in thread.forms
        if one.fields.get("do") == ["withdraw"] and one.fields.get("for") == ["legal"]
    ]
    expect(bool(forms), "she cannot take it back")
    sure = play.amina.send(thread, forms[0])
    done = play.amina.send(sure, sure.form("do", "who"), do="withdraw")
    expect(done.says("Withdrawn"), f"taking back: {said(done)}")
    shut = play.compartment("noor", "narrative")
    expect(not shut.says(papers.NARRATIVE), "the lawyer still reads it")
    opened = play.compartment("ines", "narrative")
    expect(opened.says(papers.NARRATIVE), f"her officer: {said(opened)}")
    return "a fresh key for those who stay; old text is re-sealed as they open it"


@scene(CONSENT, "a life in danger: opened at once with a key one holds, confirmed by a second")
def override(play: Play) -> str:
    path = f"{play.case.path}/override"
    reason = "She does not answer and was to be home two hours ago."
    done = play.fill(
        "ines",
        path,
        "compartment",
        compartment="location",
        grantee=Labelled("Ruth"),
        reason=reason,
    )
    expect(done.status == 200, said(done))
    expect(play.compartment("ruth", "location").says("At a friend's"), "it opened to nobody")
    waits = play.officer("tomas").get("/desk/two").link(r"/desk/two/override/")
    confirmed = play.fill("tomas", waits)
    expect(confirmed.status == 200, said(confirmed))
    thread = play.open_notes()
    expect(thread.says(reason), "she is not told")
    return "she reads the reason on her page; unconfirmed it ends after four hours"


@scene(CONSENT, "her name: two persons of the release group lay their keys together")
def release(play: Play) -> str:
    asked = play.fill("ines", f"{play.case.path}/part/identity/two")
    expect(asked.status == 200, said(asked))
    expect(play.compartment("ines", "identity").says("You hold no key"), "one was enough")
    waits = play.officer("ruth").get("/desk/two").link(r"/desk/two/release/")
    agreed = play.fill("ruth", waits)
    expect(agreed.status == 200, said(agreed))
    path = f"{play.case.path}/part/identity"
    done = play.fill("ines", path, "text", text=papers.IDENTITY)
    expect(done.says(papers.IDENTITY), f"after two: {said(done)}")
    expect(not play.compartment("ruth", "identity").says(papers.IDENTITY), "the second reads too")
    return "for seven days, to who asked; neither key opens it alone"


@scene(CONSENT, "a reader outside: a link that opens once, and an answer that comes back")
def outside(play: Play) -> str:
    path = f"{play.case.path}/share"
    made = play.fill(
        "ines",
        path,
        "label",
        "purpose",
        label=LAWYER,
        purpose="legal",
        compartments=["narrative"],
        until=last_day(),
        how="oral",
        way="link",
        hours="24",
    )
    link = urlsplit(_shown_link(made.body.decode())).path
    play.notes["link"] = link
    reader = Browser(play.stage.port)
    for _ in range(2):
        door = reader.get(link)
        expect(not door.says(papers.NARRATIVE), "looking at the link shows what is behind it")
    page = reader.send(door, door.form("token", to="/l/"))
    expect(page.says(papers.NARRATIVE), f"behind the link: {said(page)}")
    expect(not page.says("At a friend's"), "the reader sees more than was agreed")
    wrote = reader.send(page, page.form("text", to="/l/"), text="I will be there at nine.")
    expect(wrote.status == 200, said(wrote))
    second = Browser(play.stage.port)
    again = second.get(link)
    used = second.send(again, again.form("token", to="/l/"))
    expect(used.status == 404, f"the second use: {said(used)}")
    return "previews use nothing up; the second use finds nothing"


@scene(CONSENT, "her list of all that was passed on, and her own copy of everything")
def her_copy(play: Play) -> str:
    thread = play.open_notes()
    expect(thread.says(LAWYER), "what was passed on is not on her list")
    ask = play.amina.send(thread, _with_button(thread, "export"), do="export")
    copy = play.amina.send(ask, ask.form("sure"), do="export")
    with zipfile.ZipFile(io.BytesIO(copy.body)) as bundle:
        names = bundle.namelist()
        words = b"".join(bundle.read(name) for name in names)
    expect(papers.photo().data in words, "her photo is not in it")
    expect(re.search(b"asked my neighbour", words) is not None, "her words are not in it")
    return f"{len(names)} files in one zip, streamed after a warning"


def _with_button(page: Page, value: str) -> Form:
    for one in page.forms:
        if ("do", value) in one.buttons:
            return one
    raise LookupError(f"no button for {value}")
