"""Who holds a task, who is told that it is late, and what is free, decided without a clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.casework import rules

TEAM = st.lists(st.sampled_from("abcdefg"), max_size=7, unique=True)


@given(TEAM, TEAM, st.none() | st.sampled_from("abcdefg"), st.integers(1, 12))
def test_every_task_has_an_owner_and_a_second_person_wherever_there_are_two(
    on_duty: list[str], team: list[str], officer: str | None, count: int
) -> None:
    found = rules.staffing(on_duty, team, officer, count)
    assert len(found) == count
    for owner, second in found:
        assert owner is None or owner in team
        assert second is None or (second in team and second != owner)
        assert (owner is None) == (not team)
        assert (second is None) == (len(team) < 2)
    # Whoever is on duty comes first, and each of them has their turn.
    here = [one for one in on_duty if one in team]
    if here:
        assert {owner for owner, _ in found} == set(here[:count])


def test_at_night_with_nobody_on_duty_it_is_the_officer_of_the_case() -> None:
    assert rules.staffing([], ["a", "b", "c"], "b", 2) == [("b", "a"), ("b", "a")]
    assert rules.staffing([], ["a"], None, 1) == [("a", None)]
    assert rules.staffing(["c", "b"], ["a", "b", "c"], "a", 2) == [("c", "b"), ("b", "c")]


@given(st.integers(-(10**6), 10**7), st.integers(0, 10**5))
def test_lateness_is_told_ever_again_and_never_before_its_time(seconds: int, more: int) -> None:
    now = rules.told_by_now(timedelta(seconds=seconds))
    assert (now == 0) == (seconds < 0)
    assert rules.told_by_now(timedelta(seconds=seconds + more)) >= now
    if seconds >= 0:
        assert rules.told_by_now(timedelta(seconds=seconds) + timedelta(days=1)) > now


def test_the_owner_is_told_first_then_the_second_then_those_on_duty() -> None:
    minutes = {at: rules.told_by_now(timedelta(minutes=at)) for at in (-1, 0, 4, 5, 9, 10, 29, 30)}
    assert minutes == {-1: 0, 0: 1, 4: 1, 5: 2, 9: 2, 10: 3, 29: 3, 30: 4}
    assert rules.whom_to_tell(0, 1) == (True, False, False)
    assert rules.whom_to_tell(1, 2) == (False, True, False)
    assert rules.whom_to_tell(2, 3) == (False, False, True)
    # After an outage nobody is left out.
    assert rules.whom_to_tell(0, 5) == (True, True, True)


@pytest.mark.parametrize(
    ("danger", "how", "wanted"),
    [
        ("arrest", "card", "arrest"),
        ("arrest", "missed", "arrest"),
        ("", "missed", "late"),
        ("", "card", "what"),
        ("gone", "card", "what"),
    ],
)
def test_a_press_starts_what_was_feared(danger: str, how: str, wanted: str) -> None:
    known = {"arrest", "late", "what"}
    assert rules.playbook_for(danger, how, known, missed="late", unclear="what") == wanted


def test_what_is_counted_says_how_much_is_left_and_a_word_grows_old() -> None:
    assert [rules.capacity(3, left, "free") for left in (3, 1, 0)] == ["free", "limited", "none"]
    assert rules.capacity(1, 1, "none") == "free"
    assert rules.capacity(0, 0, "limited") == "limited"
    noon = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert rules.is_stale(noon, noon + timedelta(seconds=1)) and not rules.is_stale(noon, noon)
