"""What somebody with a code chooses on the page: one person in danger, reading back, yes after a no."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.test import Client

from amparo.casework.services import desk, intake, opening
from amparo.consent import services as consent
from amparo.consent.models import Record
from amparo.foundation import ids
from amparo.vault import codes
from amparo.vault.models import Grant
from tests import make


@dataclass
class Window:
    """A browser window without scripts: what it shows, and the token of its forms."""

    client: Client
    html: str = ""

    def post(self, path: str, **fields: str) -> None:
        token = re.search(r'name="token" value="([^"]+)"', self.html)
        assert token is not None
        answer = self.client.post(path, {"token": token[1], **fields})
        assert answer.status_code == 200
        self.html = answer.content.decode()

    def step(self, do: str, **fields: str) -> str:
        self.post("/n", do=do, **fields)
        return self.text

    @property
    def text(self) -> str:
        """The words of the page."""
        main = self.html[self.html.index("<main") :]
        return " ".join(unescape(re.sub("<[^>]+>", " ", main)).split())

    def value(self, name: str) -> list[str]:
        return re.findall(rf'name="{name}" value="([^"]+)"', self.html)


def enter(amina: make.Defender) -> Window:
    client = Client()
    window = Window(client, client.get("/back").content.decode())
    window.post("/back", code=amina.text)
    return window


@pytest.fixture
def amina(house: make.House) -> make.Defender:
    amina = make.ask("help")
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "location", "By the mill, until Friday.")
    return amina


def visit(officer: make.Officer, amina: make.Defender) -> None:
    with officer.request() as actor:
        desk.mend(actor, amina.case)


def test_nothing_is_chosen_beforehand_and_each_says_what_it_means(amina: make.Defender) -> None:
    window = enter(amina)
    said = window.step("choices")
    assert "two people here lay their keys together" in said
    assert "Whoever finds your words or numbers reads it too." in said
    chosen = window.value("choice")
    assert len(chosen) == 7 and all(one.endswith(":yes") for one in chosen)
    assert not Record.objects.exists()


def test_one_person_in_danger_is_chosen_listed_and_taken_back(house: make.House) -> None:
    amina = make.ask("help")
    window = enter(amina)
    said = window.step("choices")
    assert window.value("choice") == ["duty:identity:yes"]  # nothing to read back yet
    said = window.step("choose", choice="duty:identity:yes")
    assert "You said yes." in said and "First somebody here makes sure that it is you; if" in said
    assert "Was it you who said yes to this?" in window.step("read")
    make.sure(house.ines, amina.case)
    assert "It waits until somebody who may opens it." in window.step("choices")
    make.open_case(house.ines, amina.case)
    said = window.step("who")
    assert "One of them may open your name when your life is in danger" in said
    said = window.step("choices")
    assert "one person on duty may open your name" in said
    said = window.step("choose", choice="duty:identity:no")
    assert "Taken back." in said
    assert not Grant.objects.filter(purpose="duty").exists()
    assert "One of them may open your name" not in window.step("who")


def test_what_was_chosen_is_read_below_the_messages_once_it_was_given(
    house: make.House, amina: make.Defender
) -> None:
    window = enter(amina)
    window.step("choices")
    said = window.step("choose", choice="own:location:yes")
    assert "First somebody here makes sure that it is you. Then you can read it." in said
    visit(house.ines, amina)
    assert "By the mill" not in window.step("read")
    make.sure(house.ines, amina.case)
    assert "It waits until somebody who may opens it." in window.step("choices")
    visit(house.ines, amina)
    said = window.step("read")
    heading = said.index("What was written down about where you are")
    assert said.index("By the mill, until Friday.") > heading
    window.step("choose", choice="own:location:no")
    assert "By the mill" not in window.step("read")


def test_a_no_can_become_a_yes_from_the_list_of_readers(
    house: make.House, amina: make.Defender
) -> None:
    lena = house.hire("lena", "legal")
    with house.ines.request() as ines:
        asked = consent.record_answer(
            ines, amina.case, answer="asked", recipient=lena.id, label="L., lawyer",
            purpose="legal", compartment="correspondence", how="page", language="en",
        )  # fmt: skip
    window = enter(amina)
    window.step("answer", asked=str(asked), answer="refused")
    assert make.texts(lena, amina.case, "correspondence") == []
    said = window.step("who")
    assert "Closed, because you said so L., lawyer this conversation" in said
    (which,) = window.value("which")
    said = window.step("again", which=which)
    assert "You said yes." in said and "Closed, because you said so" not in said
    assert "Was it you who said yes to this? " in said and "L., lawyer: this conversation" in said
    assert make.texts(lena, amina.case, "correspondence") == []
    make.sure(house.ines, amina.case)
    visit(house.ines, amina)
    assert make.texts(lena, amina.case, "correspondence") == ["help"]
    window.step("again", which=which)  # once more changes nothing
    assert Record.objects.count() == 3


@pytest.mark.parametrize(
    "choice",
    ["", "duty", "duty:identity", "duty:identity:maybe", "::", "own:location:yes:more"],
)
def test_nonsense_chooses_nothing(amina: make.Defender, choice: str) -> None:
    window = enter(amina)
    assert "What you can choose" in window.step("choose", choice=choice)
    assert not Record.objects.exists()


@pytest.mark.parametrize("choice", ["duty:location:yes", "own:cover:yes", "legal:identity:yes"])
def test_what_is_no_choice_does_not_exist(amina: make.Defender, choice: str) -> None:
    window = enter(amina)
    token: Any = re.search(r'name="token" value="([^"]+)"', window.html)
    answer = window.client.post("/n", {"token": token[1], "do": "choose", "choice": choice})
    assert answer.status_code == 404
    assert not Record.objects.exists()


# --- whose yes it was ------------------------------------------------------------------------------
def test_what_was_chosen_is_stopped_before_it_is_open(
    house: make.House, amina: make.Defender
) -> None:
    window = enter(amina)
    window.step("choose", choice="own:location:yes")
    said = window.step("read")
    assert "What was written down about where you are" in said
    (which,) = window.value("which")
    said = window.step("stop", which=which)
    assert "Stopped. Nothing was opened" in said and "Was it you who said yes" not in said
    make.sure(house.ines, amina.case)
    visit(house.ines, amina)
    assert "By the mill" not in window.step("read")
    for nonsense in (which, "", "x"):
        assert "Messages" in window.step("stop", which=nonsense)


def test_who_was_not_sure_is_read_on_the_page(house: make.House, amina: make.Defender) -> None:
    window = enter(amina)
    window.step("choices")
    window.step("choose", choice="duty:identity:yes")
    window.step("choose", choice="own:location:yes")
    make.sure(house.ines, amina.case, "unsure")
    said = window.step("choices")
    assert said.count("somebody here was not sure that it was you.") == 2
    assert "duty:identity:yes" in window.value("choice")


def test_a_code_that_an_officer_has_seen_chooses_nothing_and_says_so(house: make.House) -> None:
    code = codes.new_digits()
    with house.ines.request() as ines:
        call = intake.Call(what="help", way="phone", consent="oral")
        asked = opening.record_call(ines, once=ids.new(), code=code, call=call)
    amina = make.Defender(asked.case, code)
    make.open_case(house.tomas, amina.case)
    with house.tomas.request() as tomas:
        question = consent.record_answer(
            tomas, amina.case, answer="asked", recipient=house.ruth.id, label="R.",
            purpose="legal", compartment="location", how="page", language="en",
        )  # fmt: skip
    window = enter(amina)
    assert "The person who took your call has seen yours." in window.text
    assert 'name="answer" value="granted"' not in window.html
    assert 'name="answer" value="refused"' in window.html
    window.step("answer", asked=str(question), answer="granted")
    said = window.step("choices")
    assert "Take words or numbers that only you know" in said and window.value("choice") == []
    for choice in ("duty:identity:yes", "own:location:yes"):
        assert "Take words or numbers that only you know" in window.step("choose", choice=choice)
    assert Record.objects.count() == 1  # the question
    window.step("code", kind="digits")
    fresh = " ".join(re.findall(r"\b\d{5}\b", window.text)[:6])
    window = Window(Client(), "")
    window.html = window.client.get("/back").content.decode()
    window.post("/back", code=fresh)
    assert "The person who took your call" not in window.text
    window.step("choices")
    assert len(window.value("choice")) == 7
