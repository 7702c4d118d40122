"""What a notice says, and when it is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.messages import rules


def test_a_notice_that_failed_is_tried_again_later_and_later_up_to_a_quarter_of_an_hour() -> None:
    waits = [rules.retry_after(tries).total_seconds() for tries in range(9)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900]


@given(st.integers(0, 500))
def test_no_wait_is_longer(tries: int) -> None:
    assert rules.retry_after(tries) <= timedelta(minutes=15)


def test_a_notice_names_nobody_and_no_work() -> None:
    said = f"{rules.SUBJECT} {rules.TEXT}".casefold()
    for telling in ("amparo", "defender", "case", "urgent", "threat", "protection", "http", "{"):
        assert telling not in said


def test_a_number_is_in_digits_that_carriers_read() -> None:
    assert rules.is_address("sms", "+573001234567")
    assert not rules.is_address("sms", "+٥٧٣٠٠١٢٣٤٥٦٧")


@pytest.mark.parametrize(
    ("hours", "clock", "may"),
    [
        ("", "03:00", True),
        ("08:00-18:00", "07:59", False),
        ("08:00-18:00", "08:00", True),
        ("08:00-18:00", "18:00", False),
        ("22:00-06:00", "23:30", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("07:00-07:00", "12:00", True),
    ],
)
def test_a_notice_comes_at_good_hours_only(hours: str, clock: str, may: bool) -> None:
    now = datetime.fromisoformat(f"2026-01-01T{clock}").replace(tzinfo=UTC)
    assert rules.may_come(now, hours) is may
    assert rules.is_time(now, clock) and not rules.is_time(now, "23:59")
