"""Scenes of a night: a press that three people answer one after the other, and somebody who is not
heard of again. All of them, and their numbers, are made up."""

import re
import time
from typing import Any

from amparo.proofs.demo import papers
from amparo.proofs.demo.asking import ask, quiet
from amparo.proofs.demo.browser import Browser, Form, Page
from amparo.proofs.demo.carrier import Carrier
from amparo.proofs.demo.play import Play, expect, said, scene

NIGHT = "A night"
SISTER, NEIGHBOUR, LAWYER, REEM = (f"+1202555010{n}" for n in range(1, 5))  # kept for fiction
TEXT = "Your order is ready."
ALARM = r"/desk/alarms/[0-9a-f-]{36}$"


def _with_button(page: Page, value: str) -> Form:
    for one in page.forms:
        if any(held == value for _, held in one.buttons):
            return one
    raise LookupError(f"{page.path}: no button for {value}")


def _aside(play: Play, what: str) -> Page:
    """One of the pages beside Reem's notes."""
    reem = play.notes["reem"]
    thread = play.open_notes(play.notes["words"], reem)
    page: Page = reem.send(thread, _with_button(thread, what), do=what)
    expect(page.status == 200, said(page))
    quiet(page)
    return page


@scene(
    NIGHT, "Reem writes down whom to tell, when, in which words; she keeps a page with one button"
)
def plan(play: Play) -> str:
    play.notes["carrier"] = Carrier(play.stage.data)
    reem = play.notes["reem"] = Browser(play.stage.port)
    shown = ask(play, reem, papers.NIGHT)
    play.notes["words"] = " ".join(shown.items(9))
    page = _aside(play, "plan")
    page = reem.send(page, page.form("who1", "do"), deed="more")
    typed: dict[str, Any] = {"text": "order", "name": "Reem", "word": papers.NIGHT_WORD}
    people = (("My sister", SISTER, 0), ("A neighbour", NEIGHBOUR, 10), ("R., lawyer", LAWYER, 20))
    for n, (who, number, minutes) in enumerate(people, 1):
        typed |= {f"who{n}": who, f"a{n}": number, f"at{n}": minutes}
    armed = reem.send(page, page.form("who3", "do"), deed="arm", kind="card", **typed)
    expect(armed.status == 200, f"the plan: {said(armed)}")
    play.notes["card"] = armed.link(r"/p/[\w-]{22}$")
    looked = Browser(play.stage.port).get(play.notes["card"])
    quiet(looked)
    alarms = play.officer("ines").get("/desk/alarms")
    expect(alarms.says("Nothing rings"), "looking at the page pressed it")
    return "looking at it presses nothing; three people, at once, after 10 and after 20 minutes"


@scene(NIGHT, "she presses: the desk rings, and her sister's phone says only what was agreed")
def press(play: Play) -> str:
    phone = Browser(play.stage.port)
    page = phone.get(play.notes["card"])
    begun = time.perf_counter()
    pressed = phone.send(page, _with_button(page, "press"), do="press")
    expect(pressed.says("It is on its way"), f"the press: {said(pressed)}")
    text = play.notes["carrier"].text(SISTER)
    took = (time.perf_counter() - begun) * 1000
    expect(text.startswith(TEXT) and "Reem" not in text, "the message says more than was agreed")
    again = phone.send(page, _with_button(page, "press"), do="press")
    expect(again.says("It is on its way"), f"sent again: {said(again)}")
    ines = play.officer("ines")
    rings = [one for one in ines.get("/desk/alarms").links if re.search(ALARM, one)]
    expect(len(set(rings)) == 1, f"{len(set(rings))} alarms ring at the desk for one press")
    play.notes["alarm"] = rings[0]
    expect(not phone.offered, f"cookies were set: {phone.offered}")
    return f"“{TEXT}” and an address, {took:,.0f} ms after the press; sent twice, it is one alarm"


def _open(play: Play, number: str, *, nth: int = 1) -> tuple[Browser, Page]:
    """Somebody's phone: the address in the message, opened by its button."""
    found = re.search(r"/a/[\w-]+", play.notes["carrier"].text(number, nth=nth))
    expect(found is not None, "no address stands in the message")
    phone, path = Browser(play.stage.port), found.group(0) if found else ""
    for _ in range(2):  # a preview looks too
        door = phone.get(path)
        expect(not door.says("needs help"), "looking at the address shows what is behind it")
    page = phone.send(door, door.form(to="/a/"))
    expect(page.says("Reem needs help now"), f"behind the address: {said(page)}")
    quiet(page)
    return phone, page


@scene(
    NIGHT, "the sister cannot, the neighbour cannot: the next is told at once; the lawyer is on it"
)
def three_answer(play: Play) -> str:
    for number in (SISTER, NEIGHBOUR):
        phone, page = _open(play, number)
        cannot = phone.send(page, _with_button(page, "escalate"), answer="escalate")
        expect(cannot.status == 200, f"“I cannot”: {said(cannot)}")
    phone, page = _open(play, LAWYER)
    on_it = phone.send(page, _with_button(page, "on it"), answer="on it")
    expect(on_it.status == 200, f"“I am on it”: {said(on_it)}")
    seen = play.officer("ines").get(play.notes["alarm"])
    for words in ("My sister", "A neighbour", "R., lawyer"):
        expect(seen.says(words), f"the desk does not read “{words}”")
    expect(not seen.says("not told yet"), "the desk reads that somebody was not told")
    play.notes["lawyer"] = phone, on_it
    return "nobody waited for the ladder's minutes; the desk reads who was told and what they said"


@scene(NIGHT, "her agreed word ends it for everybody; any other word ends nothing")
def word(play: Play) -> str:
    phone, page = play.notes["lawyer"]
    wrong = phone.send(page, page.form("word"), word="good evening", answer="safe")
    expect(wrong.status == 422, f"a wrong word: {said(wrong)}")
    over = phone.send(wrong, wrong.form("word"), word=papers.NIGHT_WORD, answer="safe")
    expect(over.says("It is over"), f"the word: {said(over)}")
    carrier: Carrier = play.notes["carrier"]
    lengths = {len(carrier.text(SISTER, nth=nth)) for nth in (1, 2)}
    expect(len(lengths) == 1, "an end and a beginning can be told apart by their length")
    expect(play.officer("ines").get("/desk/alarms").says("Nothing rings"), "it rings on")
    return "whoever was told hears of the end in the same words, to the letter as long"


@scene(NIGHT, "a missed check-in: she is reminded twice, then looked for; the desk ends it")
def missed(play: Play) -> str:
    page, carrier = _aside(play, "check-in"), play.notes["carrier"]
    before = len(carrier.order)
    form = page.form("when", "me")
    begun = play.notes["reem"].send(
        page, form, deed="begin", when="60", me=REEM, text="order", tell="on"
    )
    expect(begun.says("It waits for you from now on."), f"the check-in: {said(begun)}")
    play.stage.look_ahead(61, 72, 83)
    told = carrier.order[before:]
    expect(told == [REEM, REEM, SISTER], "not: she twice, and then her sister")
    ines = play.officer("ines")
    path = ines.get("/desk/alarms").link(ALARM)
    rings = ines.get(path)
    form = rings.form("how", "reason")
    closed = ines.send(rings, form, how=form.pick("how", "I have spoken"), reason="")
    expect(closed.status == 200, f"the end: {said(closed)}")
    expect(ines.get("/desk/alarms").says("Nothing rings"), "it rings on")
    carrier.away()
    return "the engine looked at the sixty-first, seventy-second and eighty-third minute"
