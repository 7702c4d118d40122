"""The queue: nearest deadline first, every row once, nothing of what is shut."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from amparo.casework import queries, rules
from amparo.casework.models import Case
from amparo.casework.services import desk
from amparo.foundation import clock, ids, journal
from amparo.foundation.actor import NOBODY
from amparo.foundation.errors import NotFound, Refused
from amparo.vault.models import Grant
from tests import make
from tests.make import House, Officer

NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)


def pages(officer: Officer, size: int, show: str = "open") -> list[list[ids.Id]]:
    """Every page until the last one."""
    found, after = [], ""
    with officer.request() as actor:
        while True:
            page = queries.queue(actor, show=show, after=after, size=size)
            found.append([row.case for row in page.rows])
            assert len(page.rows) <= size
            if not page.after:
                return found
            after = page.after.replace("+", " ")  # as an address may bring it back


@pytest.fixture
def calls(house: House) -> list[ids.Id]:
    """Nine calls: some with equal hours, some with none; in the order in which they are due."""
    made = sorted(make.ask().case for _ in range(9))
    hours = [NOON, NOON, NOON, NOON + timedelta(microseconds=1), NOON + timedelta(hours=1)]
    hours += [NOON + timedelta(hours=1), None, None, None]
    for case, hour in zip(made, hours, strict=True):
        Case.objects.filter(id=case).update(due_at=hour)
    return made


def test_every_row_comes_once_and_in_order(house: House, calls: list[ids.Id]) -> None:
    for size in (1, 2, 3, 4, 8, 9, 10, 50):
        found = pages(house.ines, size)
        assert [case for page in found for case in page] == calls
        assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)


def test_rows_that_are_shut_are_passed_over(house: House, calls: list[ids.Id]) -> None:
    wanted = list(calls)
    for more in ([8], [0], [4], [1, 2], [6, 7], [3, 5]):
        for at in more:
            # Nobody at the desk opens it any more.
            Grant.objects.filter(case=calls[at], purpose="protection").delete()
            wanted.remove(calls[at])
        for size in (1, 2, 3, 5):
            assert [case for page in pages(house.ines, size) for case in page] == wanted


def test_many_shut_rows_do_not_cost_a_look_each(house: House, calls: list[ids.Id]) -> None:
    day = clock.today()
    Case.objects.bulk_create(Case(due_at=NOON + timedelta(hours=2), day=day) for _ in range(600))
    with house.ines.request() as ines:
        before = len(connection.queries_log)
        connection.force_debug_cursor = True
        try:
            page = queries.queue(ines, size=7)
        finally:
            connection.force_debug_cursor = False
        spent = len(connection.queries_log) - before
    assert [row.case for row in page.rows] == calls[:7] or len(page.rows) == 7
    assert spent < 60


def test_a_row_that_came_meanwhile_disturbs_no_page(house: House, calls: list[ids.Id]) -> None:
    with house.ines.request() as ines:
        first = queries.queue(ines, size=4)
        late = make.ask().case
        Case.objects.filter(id=late).update(due_at=NOON - timedelta(hours=1))
        rest = queries.queue(ines, size=50, after=first.after)
    assert [row.case for row in first.rows + rest.rows] == calls


A_CASE = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"  # of nobody


@pytest.mark.parametrize("place", ["x", "~", "~x", "2026-03-07~", f"yesterday~{A_CASE}", A_CASE])
def test_a_place_that_is_none_is_not_found(house: House, place: str) -> None:
    with house.ines.request() as ines, pytest.raises(NotFound):
        queries.queue(ines, after=place)


def test_each_view_shows_its_own(house: House) -> None:
    free, mine, his, answered, spam, gone = (make.ask().case for _ in range(6))
    make.take(house.ines, mine)
    make.take(house.tomas, his)
    with house.tomas.request() as tomas:
        desk.reply(tomas, answered, text="We have read it.")
        desk.mark_spam(tomas, spam, version=make.version(spam))
    Case.objects.filter(id=gone).update(state="withdrawn", due_at=None)
    views = {
        "open": {free, mine, his, answered},
        "mine": {mine},
        "free": {free},
        "waiting": {answered},
        "done": {spam},
    }
    with house.ines.request() as ines:
        for show, wanted in views.items():
            assert {row.case for row in queries.queue(ines, show=show).rows} == wanted, show
        counts = queries.queue(ines).counts
        assert counts == {"open": 4, "mine": 1, "free": 1, "waiting": 1, "unread": 3}
        row = next(row for row in queries.queue(ines).rows if row.case == his)
        assert (row.owner, row.mine, row.waits_for_defender) == ("Tomás R.", False, False)


def test_only_staff_see_a_queue(house: House) -> None:
    amina = make.ask()
    with amina.request() as actor, pytest.raises(Refused):
        queries.queue(actor)
    with journal.unit(), pytest.raises(Refused):
        queries.queue(NOBODY)


def test_no_hour_stays_where_nothing_is_due(house: House) -> None:
    """A shadow time goes when its work is done."""
    cases = [make.ask().case for _ in range(4)]
    with house.ines.request() as ines:
        desk.decline(ines, cases[0], reason="not ours")
        desk.refer(ines, cases[1], to="the clinic", reason="nearer")
        desk.mark_spam(ines, cases[2], version=make.version(cases[2]))
        desk.merge(ines, cases[3], into=make.ask().case, version=make.version(cases[3]))
    assert not Case.objects.exclude(state__in=rules.OPEN).exclude(due_at=None).exists()
