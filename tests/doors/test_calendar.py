"""Check-ins in a person's own calendar: neutral words, a secret address that ends with them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from amparo.alerts.services.calendar import Feed
from amparo.foundation import clock, ids
from amparo.web.calendars import written
from amparo.web.notes.calendar import entries
from tests import make
from tests.doors.desk_house import busy
from tests.doors.test_check_ins import ASKED, notes, post
from tests.doors.test_plans import Notes


@pytest.fixture
def noor() -> make.Defender:
    busy()
    return make.ask()


def subscribe(tab: Notes, words: str = "plants") -> str:
    page = post(tab, do="check-in", deed="calendar", words=words)
    found = re.search(r"(/i/[\w-]{22})<", page)
    assert found is not None
    return found[1]


def test_it_says_when_and_means_nothing(noor: make.Defender) -> None:
    tab = notes(noor)
    post(tab, **ASKED)
    path = subscribe(tab, "bread")
    answer = Client().get(path)
    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store" and not answer.cookies
    assert "SUMMARY:Buy bread\r\n" in text and text.count("BEGIN:VEVENT") == 1
    due = re.search(r"DTSTART:(\d{8}T\d{6}Z)", text)
    assert due is not None
    at = datetime.strptime(due[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert timedelta(minutes=58) < at - clock.now() <= timedelta(minutes=60)
    for word in ("ATTENDEE", "LOCATION", "ORGANIZER", "check", "amparo", str(noor.case)):
        assert word.lower() not in text.lower()


def test_another_address_ends_the_first_and_the_end_ends_all(noor: make.Defender) -> None:
    tab = notes(noor)
    post(tab, **ASKED)
    first, second = subscribe(tab), subscribe(tab)
    assert Client().get(second).status_code == 200
    gone = [Client().get(path) for path in (first, "/i/" + "A" * 22, "/i/x")]
    post(tab, do="check-in", deed="end")
    gone.append(Client().get(second))
    pages = {re.sub(r'value="[^"]*"', "", one.content.decode()) for one in gone}
    assert {one.status_code for one in gone} == {404} and len(pages) == 1


def test_without_a_check_in_there_is_no_address(noor: make.Defender) -> None:
    tab = notes(noor)
    assert "/i/" not in post(tab, do="check-in", deed="calendar", words="plants")


@given(st.text(min_size=1, max_size=60))
def test_every_line_is_short_and_every_word_comes_back(words: str) -> None:
    now = clock.now()
    text = written(entries(Feed(ids.new(), words, [now])), made=now, reminds=True)
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines) and lines[-1] == ""
    whole = text.replace("\r\n ", "")
    (summary,) = re.findall(r"^SUMMARY:(.*?)\r$", whole, re.M)
    plain = re.sub(r"\\(.)", r"\1", summary)
    assert plain == " ".join(words.split())
