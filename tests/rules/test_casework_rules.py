"""Deadlines, states and covers, decided without a clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.casework import rules

MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
HOURS = st.tuples(st.times(), st.times()).map(lambda two: f"{two[0]:%H:%M}-{two[1]:%H:%M}")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 7, hour, minute, tzinfo=UTC)


def test_without_announced_hours_somebody_is_always_there() -> None:
    assert rules.on_duty(at(3), "")
    assert rules.first_answer_due(at(3), 15, "") == at(3, 15)


@pytest.mark.parametrize(
    ("moment", "hours", "due"),
    [
        (at(9), "08:00-18:00", at(9, 15)),
        (at(7), "08:00-18:00", at(8, 15)),  # before duty: the same morning
        (at(19), "08:00-18:00", at(8, 15) + timedelta(days=1)),
        (at(18), "08:00-18:00", at(8, 15) + timedelta(days=1)),  # the end is not on duty
        (at(23), "22:00-06:00", at(23, 15)),  # over midnight
        (at(3), "22:00-06:00", at(3, 15)),
        (at(12), "22:00-06:00", at(22, 15)),
        (at(8), " 08:00 - 18:00 ", at(8, 15)),
    ],
)
def test_the_first_answer_is_due_in_a_quarter_of_an_hour_or_at_the_next_hour_of_duty(
    moment: datetime, hours: str, due: datetime
) -> None:
    assert rules.first_answer_due(moment, 15, hours) == due


@given(MOMENTS, st.integers(1, 600), HOURS)
def test_the_stated_hour_is_real(moment: datetime, minutes: int, hours: str) -> None:
    """Whoever is told an hour finds somebody on duty from the counting on, and within a day."""
    due = rules.first_answer_due(moment, minutes, hours)
    begins = due - timedelta(minutes=minutes)
    assert moment <= begins <= moment + timedelta(days=1)
    first, last = (time.fromisoformat(one) for one in hours.split("-"))
    assert rules.on_duty(begins, hours) or first == last


@given(MOMENTS)
def test_the_graver_the_sooner(moment: datetime) -> None:
    assert rules.next_act_due(moment, 4) < rules.next_act_due(moment, 3)
    assert rules.next_act_due(moment, 3) < rules.next_act_due(moment, 2)
    assert all(rules.next_act_due(moment, level) > moment for level in rules.LEVELS[1:])


def test_what_is_too_long_is_named_and_nothing_else() -> None:
    fits = "x" * rules.TEXT_LIMIT
    assert rules.too_long(what=fits, where="x" * rules.SHORT_LIMIT, reason="") == {}
    assert rules.too_long(what=fits + "x", where="x") == {"what": "long"}
    assert rules.too_long(where="x" * (rules.SHORT_LIMIT + 1)) == {"where": "long"}


@given(st.integers(0, 2**128))
def test_a_cover_tells_nothing_but_two_plain_words_and_a_number(chance: int) -> None:
    first, second, number = rules.cover_name(chance).split()
    assert first.isalpha() and second.isalpha() and 10 <= int(number) < 100


def test_covers_are_many() -> None:
    assert len({rules.cover_name(chance) for chance in range(32 * 32 * 90)}) == 32 * 32 * 90
    assert set(rules.OPEN) < set(rules.STATES)


def test_hours_of_duty_go_by_the_clock_they_are_asked_with() -> None:
    """In the night in which the clock in Madrid is set forward, and in the one before."""
    madrid = ZoneInfo("Europe/Madrid")
    for day, opens in ((28, 7), (29, 6)):  # March 2026; from the 29th on two hours before UTC
        evening = datetime(2026, 3, day - 1, 21, tzinfo=UTC).astimezone(madrid)
        assert not rules.on_duty(evening, "08:00-18:00")
        due = rules.first_answer_due(evening, 15, "08:00-18:00")
        assert due == datetime(2026, 3, day, opens, 15, tzinfo=UTC)
    before = datetime(2026, 3, 29, 0, 55, tzinfo=UTC).astimezone(madrid)
    assert rules.first_answer_due(before, 15, "") == datetime(2026, 3, 29, 1, 10, tzinfo=UTC)
