"""The scale of the cord: what is sooner stands nearer to now, and every row can be compared."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.web import cords

AT = datetime(2026, 11, 24, 14, 6, tzinfo=UTC)
SPANS = st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400))


@pytest.mark.parametrize(
    ("left", "knot"),
    [
        (timedelta(), 14.0),
        (timedelta(minutes=15), 29.3),
        (timedelta(hours=1), 42.3),
        (timedelta(hours=4), 57.0),
        (timedelta(days=1), 76.6),
        (timedelta(days=3), 88.7),
        (timedelta(days=7), 98.0),
        (timedelta(days=70), 98.0),
        (timedelta(hours=-1), 2.0),
        (timedelta(days=-9), 2.0),
    ],
)
def test_the_scale_has_known_marks(left: timedelta, knot: float) -> None:
    assert cords.place(left) == knot


@given(SPANS, SPANS)
def test_what_is_due_sooner_never_stands_further(one: timedelta, other: timedelta) -> None:
    sooner, later = sorted((one, other))
    assert cords.place(sooner) <= cords.place(later)


@given(SPANS)
def test_the_knot_stays_inside_and_on_its_side_of_now(left: timedelta) -> None:
    knot = cords.cord(AT + left, AT)
    assert cords.LATEST <= knot.knot <= cords.END
    assert knot.over == (left < timedelta())
    assert knot.knot <= cords.NOW if knot.over else knot.knot >= cords.NOW


@given(SPANS)
def test_the_words_are_within_a_minute_and_never_flatter(left: timedelta) -> None:
    seen = cords.cord(AT + left, AT)
    said = timedelta(days=seen.days, hours=seen.hours, minutes=seen.minutes)
    if seen.days:
        assert seen.minutes == 0
        assert abs(abs(left) - said) <= timedelta(hours=1)
    elif seen.over:
        assert timedelta() <= said - abs(left) < timedelta(minutes=1)
    else:
        assert timedelta() <= left - said < timedelta(minutes=1)


def test_three_minutes_over_reads_as_three_minutes_over() -> None:
    seen = cords.cord(AT - timedelta(minutes=3), AT)
    assert (seen.over, seen.soon, seen.days, seen.hours, seen.minutes) == (True, True, 0, 0, 3)
    assert seen.knot < cords.NOW - 1  # far enough from the line to be seen beside it


def test_the_marks_of_the_axis_are_the_steps() -> None:
    assert [cords.place(step) for step in cords.STEPS] == [29.3, 42.3, 57.0, 76.6, 88.7]
