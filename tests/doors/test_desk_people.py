"""Who leaves the house or a team, through the pages: what only they hold is named before it is lost."""

import re

from amparo.casework import queries
from amparo.casework.models import Case
from amparo.foundation import journal
from amparo.people import queries as people
from amparo.people import services
from tests import make
from tests.doors.desk_house import Busy, client, text


def name_of(made: Busy) -> str:
    with made.house.ruth.request() as ruth:
        return queries.case(ruth, made.case.case).row.name


def test_what_only_they_hold_is_handed_over_first_or_lost_knowingly(made: Busy) -> None:
    path = f"/desk/people/{made.house.ines.id}/leave"
    browser = client(made.house.ruth)
    # Of the release group one is left, and one opens nothing: the story hangs on its officer.
    with made.house.ruth.request() as ruth:
        services.leave(ruth, made.house.tomas.id, losing=True)
    with made.house.ruth.request() as ruth:
        alone = people.alone(ruth, made.house.ines.id)
    assert {part for _, part in alone.parts} == {"identity", "location", "narrative"}
    page = text(browser, path)
    assert "Hand these over first" in page and name_of(made) in page
    assert all(f"</a>: {part}" in page for part in ("Identity", "Location"))
    refused = browser.post(path, {"sure": "on"})
    assert refused.status_code == 422
    assert "Hand it over first, or tick this too." in refused.content.decode()
    done = browser.post(path, {"sure": "on", "losing": "on"})
    assert done.headers["Location"] == "/desk/people?done=left"
    assert client(made.house.ines).get("/desk/queue").status_code == 302


def test_who_holds_nothing_alone_leaves_with_one_question(made: Busy) -> None:
    somebody = made.house.hire("somebody", "intake")
    path = f"/desk/people/{somebody.id}/leave"
    browser = client(made.house.ruth)
    assert "Hand these over first" not in text(browser, path)
    assert browser.post(path, {"sure": "on"}).status_code == 302


def test_a_team_is_opened_and_left_again(made: Busy) -> None:
    somebody = made.house.hire("somebody", "intake")
    browser, path = client(made.house.ruth), f"/desk/people/{somebody.id}/teams"
    assert "Open it to them" in text(browser, path)
    assert browser.post(path, {"join": "legal"}).headers["Location"].endswith("?done=team")
    for nonsense in ("legal", "house", "none", ""):
        assert browser.post(path, {"join": nonsense}).status_code == 404
    assert "Hand these over first" not in text(browser, f"{path}/legal")
    assert browser.post(f"{path}/legal").status_code == 422
    done = browser.post(f"{path}/legal", {"sure": "on"})
    assert done.headers["Location"] == f"{path}?done=team-left"
    assert browser.get(f"{path}/legal").status_code == 404
    assert browser.get(f"{path}/house").status_code == 404
    assert client(somebody_signed_in(somebody)).get(path).status_code == 404


def somebody_signed_in(somebody: make.Officer) -> make.Officer:
    somebody.sign_in()
    return somebody


def test_a_team_that_would_be_too_small_is_left_knowingly(made: Busy) -> None:
    """Two of the release group leave it; the last name would open to nobody."""
    browser = client(made.house.ruth)
    for officer, alone in ((made.house.ines, False), (made.house.tomas, True)):
        path = f"/desk/people/{officer.id}/teams/release"
        page = text(browser, path)
        assert ("too few would be left" in page) is alone
        assert (browser.post(path, {"sure": "on"}).status_code == 422) is alone
    assert browser.post(path, {"sure": "on", "losing": "on"}).status_code == 302
    assert Case.objects.filter(id=made.case.case).exists()


def test_who_was_locked_out_is_let_go_at_the_desk(made: Busy) -> None:
    somebody = made.house.hire("somebody", "intake")
    with journal.unit():
        services.lock_out(somebody.id)
    browser = client(made.house.ruth)
    path = f"/desk/people/{somebody.id}/leave"
    assert re.search(path, text(browser, "/desk/people"))
    assert browser.post(path, {"sure": "on"}).status_code == 302


# --- a second person ---------------------------------------------------------------------------------
def shown(made: Busy, person: make.Officer) -> str:
    with made.house.ruth.request() as ruth:
        return people.colleague(ruth, person.id).fingerprint


def test_a_second_colleague_compares_too(made: Busy) -> None:
    somebody = made.house.hire("somebody", "intake", alone=True)
    path = f"/desk/people/{somebody.id}/second"
    assert "so far only" in text(client(made.house.ines), "/desk/people")
    assert client(made.house.ines).get(path).status_code == 404  # it was she who welcomed them
    browser = client(made.house.ruth)
    assert path in text(browser, "/desk/people") and "Inés M." in text(browser, path)
    wrong = browser.post(path, {"fingerprint": "0" * 40})
    assert wrong.status_code == 422 and "This is not the same." in wrong.content.decode()
    done = browser.post(path, {"fingerprint": shown(made, somebody)})
    assert done.headers["Location"] == "/desk/two?done=vouched"
    assert browser.get(path).status_code == 404
    assert "so far only" not in text(browser, "/desk/people")


def test_a_seat_in_the_release_group_is_a_second_persons(made: Busy) -> None:
    somebody = made.house.hire("somebody", "release", alone=True)
    path, teams = f"/desk/people/{somebody.id}/seat", f"/desk/people/{somebody.id}/teams"
    welcomer, browser = client(made.house.ines), client(made.house.tomas)
    assert welcomer.get(path).status_code == 404
    assert "a second person of the group opens it" in text(welcomer, teams)
    assert "waits for a seat" in text(welcomer, "/desk/people")
    assert path not in text(welcomer, "/desk/two") and path in text(browser, "/desk/two")
    assert path in text(browser, teams)
    for one in (welcomer, browser):
        assert one.post(teams, {"join": "release"}).status_code == 404  # not by the other door
    assert browser.post(path, {"fingerprint": "x"}).status_code == 422
    assert browser.post(path, {"fingerprint": shown(made, somebody)}).status_code == 302
    assert path not in text(browser, "/desk/two") and browser.get(path).status_code == 404
    with made.house.ruth.request() as ruth:
        assert "release" in people.colleague(ruth, somebody.id).teams


def test_the_page_of_people_says_who_counts_as_two(made: Busy) -> None:
    page = text(client(made.house.ines), "/desk/people")
    assert "Who counts as two persons" in page and "one welcomes and the other lets in" in page
