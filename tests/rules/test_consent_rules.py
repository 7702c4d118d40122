"""What a recorded answer means on a day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.consent import rules
from amparo.consent.rules import Recorded

DAY = date(2026, 3, 7)
NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("met", [False, True])
@pytest.mark.parametrize("answer", rules.ANSWERS)
def test_only_a_grant_or_a_met_condition_is_in_force(answer: rules.Answer, met: bool) -> None:
    record = Recorded(answer, None, "a bail hearing", met)
    assert rules.is_in_force(record, DAY) == (
        answer == "granted" or (answer == "conditional" and met)
    )


@given(st.sampled_from(rules.ANSWERS), st.booleans(), st.dates(), st.dates())
def test_nothing_is_in_force_after_its_last_day(
    answer: rules.Answer, met: bool, until: date, today: date
) -> None:
    in_force = rules.is_in_force(Recorded(answer, until, "", met), today)
    without_end = rules.is_in_force(Recorded(answer, None, "", met), today)
    assert in_force == (without_end and today <= until)


def test_no_is_an_answer_for_thirty_days() -> None:
    assert not rules.may_ask_again(NOON, NOON)
    assert not rules.may_ask_again(NOON, NOON + timedelta(days=30) - timedelta(seconds=1))
    assert rules.may_ask_again(NOON, NOON + timedelta(days=30))


@given(st.lists(st.text(min_size=1, max_size=4), max_size=12))
def test_either_of_any_two_may_begin_and_nobody_is_their_own_second(group: list[str]) -> None:
    pairs = rules.pairs_of(group)
    members = min(len(set(group)), rules.RELEASE_GROUP_LIMIT)
    assert len(pairs) == len(set(pairs)) == members * (members - 1)
    assert all(first != second and (second, first) in pairs for first, second in pairs)


def test_the_purposes_that_are_asked_for_are_not_those_that_stand_by_themselves() -> None:
    others = {rules.OWN, rules.HOUSE, rules.OVERRIDE, rules.RELEASE, rules.DUTY}
    assert not others & set(rules.PURPOSES) and set(rules.CHOSEN) <= others
