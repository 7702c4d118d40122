"""What somebody with a code chooses on the page: one person in danger, reading back, yes after a no."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.test import Client

from amparo.casework.services import desk
from amparo.consent import services as consent
from amparo.consent.models import Record
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
def house() -> make.House:
    return make.house()


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
    assert "You said yes." in said and "It waits until somebody who may opens it." in said
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
    assert "It waits until somebody who may opens it." in said
    assert "By the mill" not in window.step("read")
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
