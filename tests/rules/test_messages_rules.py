"""What a notice says, and when it is tried again."""

from datetime import timedelta

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
