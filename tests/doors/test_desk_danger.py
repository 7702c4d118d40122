"""A life is in danger, at the desk: to whom it opens, who confirms it, and a name that opens to one."""

import re
from html import unescape

import pytest
from django.test import Client

from amparo.casework import queries
from amparo.casework.services import desk, sharing, thread
from amparo.consent import services as consent
from amparo.foundation import clock, ids
from amparo.foundation.errors import Refused
from amparo.vault import keys
from amparo.vault.models import Grant
from tests import make
from tests.doors.desk_house import client


def page(browser: Client, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return unescape(answer.content.decode())


def opened(house: make.House, *, chosen: bool) -> str:
    """The address of a case of Inés whose defender did or did not let one officer open their name."""
    amina = make.ask("help")
    if chosen:
        choose(amina, "duty", "identity")
    make.open_case(house.ines, amina.case)
    return f"/desk/c/{amina.case}"


def choose(amina: make.Defender, purpose: str, compartment: str) -> None:
    with amina.request() as actor:
        thread.choose(actor, purpose=purpose, compartment=compartment, yes=True)
    make.sure(make.present[0].ines, amina.case)


def press(browser: Client, case: str, compartment: str, to: ids.Id) -> int:
    given = {"compartment": compartment, "grantee": str(to), "reason": "No word for a day."}
    return int(browser.post(f"{case}/override", given).status_code)


CHOSE = "They chose that one officer may open this when their life is in danger"


def test_a_name_opens_to_one_officer_only_where_it_was_chosen(house: make.House) -> None:
    ruth = client(house.ruth)
    case = opened(house, chosen=False)
    assert CHOSE not in page(ruth, f"{case}/part/identity")
    assert 'value="identity"' not in page(ruth, f"{case}/override")
    assert press(ruth, case, "identity", house.ruth.id) == 422
    case = opened(house, chosen=True)
    said = page(ruth, f"{case}/part/identity")
    assert CHOSE in said and "open it to yourself" in said
    assert "One of them alone, when the person's life is in danger" in said
    assert "Sealed. You hold no key." in said
    assert press(ruth, case, "identity", house.tomas.id) == 422
    assert "It opens to whoever presses it" in page(ruth, f"{case}/override")
    assert press(ruth, case, "identity", house.ruth.id) == 302
    assert "Sealed." not in page(ruth, f"{case}/part/identity").split("</main>")[0].split("<h2")[1]


def test_who_opened_it_to_whom_is_said_and_neither_confirms_it(house: make.House) -> None:
    case = opened(house, chosen=False)
    assert press(client(house.ines), case, "narrative", house.tomas.id) == 302
    said = page(client(house.ruth), "/desk/two")
    assert "Opened by <bdi>Inés M.</bdi> to <bdi>Tomás R.</bdi>" in said
    (path,) = {part.split('"')[0] for part in said.split('href="') if "two/override/" in part}
    assert "Inés M. opened this to Tomás R.: Narrative of" in page(client(house.ruth), path)
    for officer in (house.ines, house.tomas):
        assert "two/override/" not in page(client(officer), "/desk/two")
        assert client(officer).get(path).status_code == 404
        assert client(officer).post(path).status_code == 404
    assert client(house.ruth).post(path).status_code == 302


def test_it_opens_to_a_person_and_not_to_a_team(house: make.House) -> None:
    case, ines = opened(house, chosen=False), client(house.ines)
    assert str(keys.team("intake").id) not in page(ines, f"{case}/override")
    assert press(ines, case, "narrative", keys.team("intake").id) == 422
    assert not Grant.objects.filter(purpose="override").exists()


def test_the_desk_sees_what_they_chose(house: make.House) -> None:
    amina = make.ask("help")
    make.open_case(house.ines, amina.case)
    choose(amina, "own", "location")
    choose(amina, "duty", "identity")
    ines, case = client(house.ines), f"/desk/c/{amina.case}"
    said = page(ines, f"{case}/consent")
    assert "The person themselves" in said and "To read it back with their code" in said
    assert "Duty desk" in said and ">intake<" not in said
    assert "The person reads this on their page" not in page(ines, f"{case}/part/location")
    with house.ines.request() as actor:
        desk.mend(actor, amina.case)
    assert "The person reads this on their page" in page(ines, f"{case}/part/location")


def test_a_yes_that_an_officer_wrote_down_is_given_by_hand(house: make.House) -> None:
    amina = make.ask("help")
    make.open_case(house.ines, amina.case)
    about = {"recipient": house.tomas.id, "label": "T.", "purpose": "legal", "language": "en"}
    with house.ruth.request() as ruth:
        consent.record_answer(
            ruth, amina.case, answer="granted", how="oral", compartment="location", **about
        )
    ines, path = client(house.ines), f"/desk/c/{amina.case}/consent"
    assert "Give the key" in page(ines, path)
    with house.ruth.request() as ruth:
        consent.record_answer(
            ruth, amina.case, answer="withdrawn", how="oral", compartment="location", **about
        )
    assert "Give the key" not in page(ines, path)


# --- whose choice it was ---------------------------------------------------------------------------
def test_an_officer_makes_sure_and_then_it_opens(house: make.House) -> None:
    amina = make.ask("help")
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "location", "By the mill.")
    with amina.request() as actor:
        thread.choose(actor, purpose="own", compartment="location", yes=True)
    ines, case = client(house.ines), f"/desk/c/{amina.case}"
    for part in ("", "/messages", "/consent"):
        assert "One thing was chosen with their code." in page(ines, f"{case}{part}")
    said = page(ines, f"{case}/consent/sure")
    assert "whoever has their code shall read back: Location." in said
    rows = re.findall(r'name="rows" value="([^"]+)"', said)[0]
    assert ines.post(f"{case}/consent/sure", {"rows": rows}).status_code == 422
    wrong = ines.post(f"{case}/consent/sure", {"rows": rows, "how": "word", "word": "x"})
    assert wrong.status_code == 422 and "This is not the same." in wrong.content.decode()
    assert ines.post(f"{case}/consent/sure", {"rows": rows, "how": "unsure"}).status_code == 422
    done = ines.post(f"{case}/consent/sure", {"rows": rows, "how": "spoke"})
    assert done.headers["Location"].endswith("?done=sure")
    assert "chosen with their code" not in page(ines, case)
    assert ines.get(f"{case}/consent/sure").status_code == 404
    with amina.request() as actor:
        assert [part.compartment for part in queries.thread(actor).parts] == ["location"]


def test_who_is_not_sure_says_why(house: make.House) -> None:
    new = make.ask("help")
    make.open_case(house.ines, new.case)
    with new.request() as actor:
        thread.choose(actor, purpose="own", compartment="location", yes=True)
    ines, case = client(house.ines), f"/desk/c/{new.case}"
    rows = re.findall(r'name="rows" value="([^"]+)"', page(ines, f"{case}/consent/sure"))[0]
    given = {"rows": rows, "how": "unsure", "reason": "Another voice."}
    assert ines.post(f"{case}/consent/sure", given).headers["Location"].endswith("?done=unsure")
    assert "Another voice." in page(ines, f"{case}/consent")


def test_what_nobody_made_sure_of_is_not_shared_by_another_door(house: make.House) -> None:
    amina = make.ask("help")
    make.open_case(house.ines, amina.case)
    about = {"purpose": "legal", "compartment": "location", "language": "en"}
    with house.ines.request() as actor:
        asked = consent.record_answer(
            actor, amina.case, answer="asked", recipient=house.ruth.id, label="R.", how="page",
            **about,
        )  # fmt: skip
    with amina.request() as actor:
        thread.answer_question(actor, asked, yes=True)
    offer = sharing.Offer("R.", "legal", ("location",), clock.today())
    with house.ines.request() as actor, pytest.raises(Refused):
        sharing.share_by_link(actor, amina.case, offer=offer, hours=5)
