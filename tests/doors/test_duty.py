"""The pages of duty: who is on, a rotation looked at before it is kept, swaps, leave, a word for the
next one, the board, and a calendar that says nothing."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from amparo.alerts import queries, roster
from amparo.alerts.oncall import Rotation
from amparo.alerts.services import roster as services
from amparo.casework import queries as casework
from amparo.cli import checks
from amparo.foundation import clock, ids
from amparo.messages import services as messages
from amparo.people import queries as people
from amparo.web.calendars import Entry, written
from amparo.web.desk.forms.duty import WHEN, when_of, windows_of
from amparo.web.turns import SUMMARY
from tests.doors.alarm_house import arm
from tests.doors.desk_house import Busy, busy, client


@pytest.fixture
def made() -> Any:
    with clock.frozen(datetime(2026, 3, 4, 9, 0, tzinfo=UTC)):
        found = busy()
        for officer in found.house.officers.values():
            officer.sign_in()
        yield found


def text(browser: Client, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def main(page: str) -> str:
    found = re.search(r"<main.*</main>", page, re.S)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def filled(made: Busy, **changes: Any) -> dict[str, Any]:
    house = made.house
    return {
        "name": "Days", "line": "first", "who1": str(house.ines.id), "who2": str(house.tomas.id),
        "day": "2026-03-02", "at": "8", "length": "1", "unit": "days", "zone": "UTC",
        "when": "always", "start": "", "end": "", "asks": "on", "version": "0",
    } | changes  # fmt: skip


def keep(made: Busy, *who: Any, asks: bool = True) -> Rotation:
    one = Rotation(
        str(ids.new()),
        tuple(str(one.id) for one in who),
        "2026-03-02T08:00",
        unit="days",
        asks=asks,
    )
    with made.house.ines.request() as actor:
        services.keep_rotation(actor, one, name="days", version=roster.version(actor))
    return one


SPAN = {"start_day": "2026-03-04", "start_at": "", "end_day": "2026-03-05", "end_at": "12:00"}


def test_without_a_roster_the_page_says_what_happens_then(made: Busy) -> None:
    page = text(client(made.house.ines), "/desk/duty")
    assert "There is no roster yet" in page
    assert "rings everybody" in page and "/desk/duty/rotation" in page
    assert "Nobody is on duty now" not in text(client(made.house.ines), "/desk/queue")


def test_a_rotation_is_looked_at_before_it_is_kept(made: Busy) -> None:
    ines = client(made.house.ines)
    looked = ines.post("/desk/duty/rotation", filled(made)).content.decode()
    assert "This is what it gives" in looked and "Nothing is kept yet" in looked
    assert "Tomás R." in main(looked) and roster.present() is None
    # What was typed still stands there, and one button keeps it.
    assert 'value="Days"' in looked and 'name="deed" value="keep"' in looked
    answer = ines.post("/desk/duty/rotation", filled(made, deed="keep"))
    assert answer.status_code == 302
    assert queries.on_duty() == (made.house.ines.id,)
    page = main(text(ines, "/desk/duty"))
    assert "Inés M. is on duty" in page and "This week" in page and "Next week" in page
    assert "You are on" in page
    # Somebody was quicker: nothing is changed, and the page says so.
    again = ines.post("/desk/duty/rotation", filled(made, deed="keep"))
    assert again.url.endswith("?done=duty-other")


@pytest.mark.parametrize(
    "wrong",
    [
        {"who1": "", "who2": ""}, {"who2": "x"}, {"at": ""}, {"at": "25"}, {"length": "0"},
        {"unit": "hours", "length": "2"}, {"zone": "Mars/North"}, {"when": "nights"}, {"name": ""},
        {"day": "soon"}, {"line": "third"},
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rotation_stands_beside_the_question(made: Busy, wrong: Any) -> None:
    answer = client(made.house.ines).post("/desk/duty/rotation", filled(made, deed="keep", **wrong))
    assert answer.status_code == 422
    assert 'class="sum"' in answer.content.decode()
    assert roster.present() is None


def test_a_rotation_is_changed_and_taken_away(made: Busy) -> None:
    one = keep(made, made.house.tomas)
    ines, path = client(made.house.ines), f"/desk/duty/rotation/{one.id}"
    page = text(ines, path)
    seen = re.search(r'name="version" value="(\d+)"', page)
    assert seen is not None and "Take this rotation away" in page
    assert ines.post(path, filled(made, deed="keep", version=seen[1])).status_code == 302
    with made.house.ines.request() as actor:
        (kept,) = roster.doc(actor)["rotations"]
        assert (kept["id"], len(kept["people"])) == (one.id, 2)
        version = roster.version(actor)
    assert ines.post(path, {"deed": "away", "version": version}).status_code == 302
    assert roster.present() is None
    assert ines.get(path).status_code == 404


@pytest.mark.parametrize("when", [one for one, _words in WHEN])
def test_hours_are_read_back_as_they_were_chosen(when: str) -> None:
    start, end = ("18:00", "08:00") if when in {"nights", "both", "weekdays"} else ("", "")
    assert when_of(windows_of(when, start, end)) == (when, start, end)


def test_when_nobody_is_on_every_page_says_so_and_one_press_mends_it(made: Busy) -> None:
    ines = client(made.house.ines)
    ines.post("/desk/duty/rotation", filled(made, deed="keep", when="weekend"))
    for path in ("/desk/queue", "/desk/settings", f"/desk/c/{made.other.case}"):
        assert "Nobody is on duty now" in text(ines, path), path
    assert ines.post("/desk/duty/do", {"deed": "on"}).url.endswith("?done=duty-on")
    assert "Nobody is on duty now" not in text(ines, "/desk/queue")
    assert queries.on_duty() == (made.house.ines.id,)


def test_a_swap_goes_from_asking_to_yes(made: Busy) -> None:
    keep(made, made.house.tomas)
    tomas, ruth = client(made.house.tomas), client(made.house.ruth)
    asked = {"person": str(made.house.ruth.id), "mine": "1", **SPAN}
    assert tomas.post("/desk/duty/swap", asked).status_code == 302
    assert "has not answered yet" in main(text(tomas, "/desk/duty"))
    page = text(ruth, "/desk/duty")
    assert "Ruth K. stands in for Tomás R." in main(page)
    entry = re.search(r'name="entry" value="([^"]+)"', page)
    assert entry is not None
    assert ruth.post("/desk/duty/do", {"deed": "yes", "entry": entry[1]}).status_code == 302
    assert queries.on_duty() == (made.house.ruth.id,)
    assert ruth.post("/desk/duty/do", {"deed": "yes", "entry": entry[1]}).status_code == 404


def test_somebody_away_is_a_gap_until_somebody_stands_in(made: Busy) -> None:
    keep(made, made.house.tomas)
    tomas, ines, ruth = (client(made.house.officers[one]) for one in ("tomas", "ines", "ruth"))
    assert tomas.post("/desk/duty/away", {**SPAN, "cover": ""}).status_code == 302
    page = main(text(tomas, "/desk/duty"))
    assert "Nobody stands in" in page and "Tomás R. is on leave, and nobody stands in" in page
    assert queries.on_duty() == ()
    page = text(tomas, "/desk/duty")
    entry = re.search(r'name="entry" value="([^"]+)"', page)
    assert entry is not None
    asked = {"deed": "cover", "entry": entry[1], "person": str(made.house.ruth.id)}
    # Nobody is asked to stand in for themselves.
    own = f'<option value="{made.house.tomas.id}">'
    assert f'<option value="{made.house.ruth.id}">' in page and own not in page
    assert tomas.post("/desk/duty/do", asked | {"person": ""}).status_code == 404
    assert tomas.post("/desk/duty/do", asked).url.endswith("?done=duty-asked")
    page = text(tomas, "/desk/duty")
    assert "Ruth K. is asked" in main(page) and 'value="cover"' not in page
    wish = re.search(r'name="entry" value="([^"]+)"', text(ruth, "/desk/duty"))
    assert wish is not None
    assert ruth.post("/desk/duty/do", {"deed": "no", "entry": wish[1]}).status_code == 302
    assert 'value="cover"' in text(tomas, "/desk/duty")
    backwards = {**SPAN, "end_day": "2026-03-03", "who": str(made.house.tomas.id), "cover": ""}
    assert ines.post("/desk/duty/away", backwards).status_code == 422
    put = {"person": str(made.house.ruth.id), "line": "first", **SPAN}
    assert ines.post("/desk/duty/put", put).status_code == 302
    assert queries.on_duty() == (made.house.ruth.id,)


def test_a_word_is_left_beside_what_runs_and_what_is_open(made: Busy) -> None:
    arm(made)
    keep(made, made.house.tomas, made.house.ines)
    tomas, ines = client(made.house.tomas), client(made.house.ines)
    page = main(text(tomas, "/desk/duty/hand-over"))
    assert "You hand over to Inés M." in page and "Open requests" in page
    assert tomas.post("/desk/duty/hand-over", {"text": " "}).status_code == 422
    sent = tomas.post("/desk/duty/hand-over", {"text": "They call at ten.", "at_once": "on"})
    assert sent.status_code == 302
    assert "They call at ten." in main(text(ines, "/desk/duty/hand-over"))
    assert ines.post("/desk/duty/do", {"deed": "take"}).url.endswith("?done=duty-taken")
    assert queries.on_duty() == (made.house.ines.id,)


def test_the_board_counts_and_names_nobody_who_asked(made: Busy) -> None:
    keep(made, made.house.tomas, asks=False)
    clock.forward(timedelta(hours=30))
    page = main(text(make_client(made.house.ines), "/desk/board"))
    assert "2 deadlines have passed" in page or "3 deadlines have passed" in page
    assert "2 requests have no officer yet" in page
    assert re.search(r"Inés M\. 1 ", page), page
    with made.house.ines.request() as actor:
        for row in casework.queue(actor).rows:
            assert row.name not in page
    carl = made.house.hire("carl", "coordination")
    seen = main(text(make_client(carl), "/desk/board"))
    assert "have no officer yet" not in seen and "deadline" not in seen


def make_client(officer: Any) -> Client:
    """A client of somebody who has just signed in."""
    officer.sign_in()
    return client(officer)


def test_a_calendar_shows_turns_and_nothing_else(made: Busy) -> None:
    keep(made, made.house.ines, made.house.tomas)
    ines = client(made.house.ines)
    page = ines.post("/desk/duty/calendar", {"deed": "new"}).content.decode()
    found = re.search(r"(/t/[\w-]+)", page)
    assert found is not None
    answer = Client().get(found[1])
    body = answer.content.decode()
    assert (
        answer["Content-Type"].startswith("text/calendar") and answer["Cache-Control"] == "no-store"
    )
    assert "DTSTART:20260304T080000Z" in body and "SUMMARY:Turn" in body
    assert not answer.cookies
    assert all(word not in body for word in ("Inés", "duty", "Amparo", "amparo", "alarm"))
    # A new address kills the old one, and any wrong one is as if there were none.
    ines.post("/desk/duty/calendar", {"deed": "new"})
    wrong = [Client().get(one) for one in (found[1], "/t/x", "/t/" + "a" * 22, "/nothing-is-here")]
    assert {one.status_code for one in wrong} == {404}
    assert len({one.content for one in wrong}) == 1


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(st.lists(st.tuples(MOMENTS, MOMENTS), max_size=20))
def test_a_calendar_is_whole_whatever_the_turns(spans: Any) -> None:
    """RFC 5545: lines of at most 75 octets, each closed by CRLF; blocks that open are closed."""
    turns = [Entry(str(n), start, end, SUMMARY) for n, (start, end) in enumerate(spans)]
    text_ = written(turns, made=datetime(2026, 1, 1, tzinfo=UTC))
    lines = text_.split("\r\n")
    assert lines[-1] == "" and all(len(one.encode()) <= 75 for one in lines)
    assert "\n" not in text_.replace("\r\n", "")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(spans)


def test_who_is_not_of_the_desk_finds_no_page(made: Busy) -> None:
    hana = made.house.hire("hana", "care")
    browser = make_client(hana)
    for path in ("", "/rotation", "/put", "/swap", "/away", "/hand-over", "/calendar"):
        assert browser.get(f"/desk/duty{path}").status_code == 404
    assert browser.get("/desk/board").status_code == 404
    with hana.request() as actor:
        assert people.roles(actor).isdisjoint({"intake", "coordination"})


def test_doctor_names_what_the_roster_lacks(made: Busy) -> None:
    def said() -> list[tuple[str, str]]:
        return [(one.status, one.detail) for one in checks._duty()]

    assert said() == []  # without a roster everybody is rung
    keep(made, made.house.tomas)
    assert said() == [
        ("WARN", "in the next two weeks: somebody on duty who has not said how they are told")
    ]
    with made.house.tomas.request() as tomas:
        messages.set_route(tomas, channel="mail", address="tomas@example.org")
    assert said() == [("OK", "somebody is on for the next two weeks")]
    with made.house.tomas.request() as tomas:
        now = clock.now()
        services.go_on_leave(tomas, start=now, end=now + timedelta(hours=2))
    assert said() == [("FAIL", "nobody is on duty now")]
