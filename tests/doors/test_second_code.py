"""A second code at the desk: what is read out before, the code shown once, the notes that it leaves."""

import re

import pytest
from django.test import Client

from amparo.alerts import jobs
from amparo.alerts.models import Alarm
from amparo.casework import queries
from amparo.foundation import ids, journal
from tests.doors.desk_house import Busy, client
from tests.doors.test_plans import token_of

SENT = {"what": "Which password is good?", "language": "en", "code": "digits", "sure": "on"}


def once_of(page: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def agreed(made: Busy, **changes: str) -> tuple[int, str]:
    browser, path = client(made.house.ines), f"/desk/c/{made.case.case}/second-code"
    page = browser.get(path).content.decode()
    once = once_of(page) if 'name="once"' in page else str(ids.new())
    answer = browser.post(path, SENT | {"once": once} | changes)
    return answer.status_code, answer.content.decode()


def test_it_is_offered_beside_the_plan_and_never_sold_as_more(made: Busy) -> None:
    ines, case = client(made.house.ines), f"/desk/c/{made.case.case}"
    assert f'href="{case}/second-code"' in ines.get(f"{case}/plan").content.decode()
    page = ines.get(f"{case}/second-code").content.decode()
    for words in ("does not hide that there may be another", "the law punishes it", "in that very"):
        assert words in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"sure": ""}, "Read the four points"), ({"what": " "}, "says nothing convinces nobody")],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    made: Busy, wrong: dict[str, str], says: str
) -> None:
    status, page = agreed(made, **wrong)
    assert status == 422 and says in page and wrong.get("what", SENT["what"]) in page


def test_its_code_opens_the_small_request_and_the_desk_reads_what_it_must_not_do(
    made: Busy,
) -> None:
    status, page = agreed(made)
    digits = re.findall(r"<li><bdi>(\d{5})</bdi>", page)
    assert status == 200 and len(digits) == 6
    browser = Client()
    token = token_of(browser.get("/back").content.decode())
    inside = browser.post("/back", {"token": token, "code": " ".join(digits)}).content.decode()
    assert SENT["what"] in inside
    for word in ("second", "alarm", "silent", "duress"):
        assert word not in inside.lower()
    with journal.unit():
        jobs.check_ins_due()
    ines = client(made.house.ines)
    alarm = ines.get(f"/desk/alarms/{Alarm.objects.get().id}").content.decode()
    for words in ("Silent: they are not free to speak", "Do not call back", "do not visit openly"):
        assert words in alarm
    with made.house.ines.request() as actor:
        small = queries.case(actor, made.case.case).row.second
    for part in ("", "/messages", "/consent"):
        page = ines.get(f"/desk/c/{small}{part}").content.decode()
        assert "second code’s small request" in page and "What is agreed to here is void" in page
    assert agreed(made)[0] == 409


def test_it_is_ended_at_the_same_place(made: Busy) -> None:
    agreed(made)
    ines, path = client(made.house.ines), f"/desk/c/{made.case.case}/second-code"
    assert "There is one." in ines.get(path).content.decode()
    assert ines.post(path, {"deed": "end"}).status_code == 302
    page = ines.get(f"{path}?done=second-gone").content.decode()
    assert "rings nobody any more" in page and "What does the small request say?" in page
