"""What one person alone does not do at the desk: erase, open identity, become the officer of a case
whose story they do not hold."""

import re

import pytest
from django.test import Client

from amparo.casework.models import Case
from amparo.casework.services import erasing
from amparo.consent import services as consent
from tests import make
from tests.doors.desk_house import Busy, client, text


@pytest.fixture
def ruth(made: Busy) -> Client:
    return client(made.house.ruth)


def thread_of(defender: make.Defender) -> tuple[Client, str]:
    """Somebody has come back with their code: their browser and the page of their notes."""
    browser = Client()
    token = token_of(text(browser, "/back"))
    page = browser.post("/back", {"token": token, "code": defender.text})
    return browser, page.content.decode()


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


# --- erasing -------------------------------------------------------------------------------------
def test_erasing_is_asked_for_by_one_and_done_by_another(
    made: Busy, ines: Client, ruth: Client
) -> None:
    path = f"/desk/c/{made.case.case}/do/erase"
    assert ines.post(path, {"sure": "on"}).status_code == 422
    sent = {"sure": "on", "reason": "She came by and asked me twice."}
    assert ines.post(path, sent).headers["Location"].endswith("?done=erase-asked")
    assert ines.post(path, sent).status_code == 409
    page = text(ines, f"/desk/c/{made.case.case}")
    assert "asked that everything of this case be erased" in page
    two = text(ines, "/desk/two")
    assert "It is yours; somebody else does it." in two and "She came by" in two
    wish = next(
        one for one in re.findall(r"two/erasure/([0-9a-f-]{36})/keep", two)
        if one != str(made.known["erasure"])
    )  # fmt: skip
    assert ines.post(f"/desk/two/erasure/{wish}", {"sure": "on"}).status_code == 404
    assert "She came by and asked me twice." in text(ruth, f"/desk/two/erasure/{wish}")
    assert ruth.post(f"/desk/two/erasure/{wish}", {}).status_code == 422
    assert Case.objects.get(id=made.case.case).state != "withdrawn"
    done = ruth.post(f"/desk/two/erasure/{wish}", {"sure": "on"})
    assert done.headers["Location"] == "/desk/two?done=erased"
    assert ines.get(f"/desk/c/{made.case.case}").status_code == 404
    assert ruth.post(f"/desk/two/erasure/{wish}", {"sure": "on"}).status_code == 404


def test_a_defender_reads_of_an_erasure_and_one_press_stops_it(made: Busy, ruth: Client) -> None:
    browser, page = thread_of(made.other)
    assert "Somebody asked us to erase everything" in page
    kept = browser.post("/n", {"token": token_of(page), "do": "keep"}).content.decode()
    assert "Nothing is erased." in kept and "Somebody asked us to erase" not in kept
    wish = f"/desk/two/erasure/{made.known['erasure']}"
    assert ruth.post(wish, {"sure": "on"}).status_code == 404
    assert "Nothing waits to be erased." in text(ruth, "/desk/two")
    assert "Nothing is erased; it stays" in text(ruth, f"/desk/c/{made.other.case}/messages")
    again = {"sure": "on", "reason": "They said so after all."}
    assert ruth.post(f"/desk/c/{made.other.case}/do/erase", again).status_code == 409


def test_nobody_else_reads_that_nothing_was_asked(made: Busy) -> None:
    assert "Somebody asked us to erase" not in thread_of(made.new)[1]


def test_an_erasure_is_let_go_at_the_desk(made: Busy, ruth: Client) -> None:
    wish = f"/desk/two/erasure/{made.known['erasure']}/keep"
    assert "Keep it" in text(ruth, wish)
    assert ruth.post(wish).headers["Location"] == "/desk/two?done=kept"
    assert "Nothing waits to be erased." in text(ruth, "/desk/two")


# --- whose a case is -----------------------------------------------------------------------------
def test_a_case_is_not_taken_without_its_story(made: Busy, ruth: Client) -> None:
    page = text(ruth, f"/desk/c/{made.case.case}")
    assert "Ask Inés M. to hand it over" in page
    assert "do/take" not in page
    version = make.version(made.case.case)
    refused = ruth.post(f"/desk/c/{made.case.case}/do/take", {"version": version})
    assert refused.status_code == 422
    assert "two persons of the release group" in refused.content.decode()
    sent = {"version": version, "to": str(made.house.ruth.id)}
    for_another = client(made.house.ruth).post(f"/desk/c/{made.case.case}/do/reassign", sent)
    assert for_another.status_code == 422


def test_whose_request_was_taken_reads_it_until_they_have_read_it(
    made: Busy, ines: Client, ruth: Client
) -> None:
    for browser in (ines, ruth):
        version = make.version(made.new.case)
        path = f"/desk/c/{made.new.case}/do/take"
        assert browser.post(path, {"version": version}).status_code == 302
    assert "Not yours any more" in text(ines, "/desk/queue")
    assert "Ruth K.</bdi> has it now" in text(ines, "/desk/queue")
    assert "Not yours any more" not in text(ruth, "/desk/queue")
    assert ines.get("/desk/queue/known").status_code == 405
    assert ines.post("/desk/queue/known").status_code == 302
    assert "Not yours any more" not in text(ines, "/desk/queue")


# --- two keys ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("team", "sees"), [("auditors", False), ("release", True), ("intake", True)]
)
def test_who_asks_for_two_keys_is_read_by_whom_it_concerns(
    made: Busy, team: str, sees: bool
) -> None:
    """An auditor, who may read neither the case nor its cover, is not told who wants whose name."""
    somebody = made.house.hire("somebody", team)
    somebody.sign_in()
    page = text(client(somebody), "/desk/two")
    assert ("asked by" in re.findall(r'aria-labelledby="r".*', page, re.S)[0]) is sees
    path = f"/desk/two/release/{made.known['release']}"
    assert client(somebody).get(path).status_code == (200 if sees else 404)


def test_whoever_asked_for_two_keys_sees_that_they_wait(made: Busy) -> None:
    tomas = client(made.house.tomas)
    assert "It is yours; it opens to you when two have agreed." in text(tomas, "/desk/two")
    assert tomas.post(f"/desk/two/release/{made.known['release']}").status_code == 404


def test_who_counts_as_one_with_them_is_told_so_and_gets_no_page() -> None:
    """Two whom one colleague alone has vouched for confirm and erase nothing together."""
    house = make.house()
    one, other = (house.hire(name, "intake", alone=True) for name in ("one", "other"))
    amina = make.ask("help")
    make.open_case(one, amina.case)
    with one.request() as actor:
        found = consent.override(
            actor, amina.case, compartment="narrative", grantee=one.id, reason="danger"
        )
        asked = erasing.ask(actor, amina.case, reason="She called.")
    other.sign_in()
    for officer, may in ((other, False), (house.tomas, True)):
        browser = client(officer)
        page = browser.get("/desk/two").content.decode()
        assert page.count("you count as one person") == (0 if may else 2)
        for path in (f"/desk/two/override/{found}", f"/desk/two/erasure/{asked}"):
            assert (f'{path}"' in page) is may
            assert browser.get(path).status_code == (200 if may else 404)
