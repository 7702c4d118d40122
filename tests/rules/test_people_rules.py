"""How long a name rests, what a passphrase must be, whose a compartment is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.people import rules


def test_five_misses_are_free_and_the_rest_doubles_up_to_a_minute() -> None:
    waits = [rules.wait_after(misses).total_seconds() for misses in range(12)]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60]


@given(st.integers(0, 10_000))
def test_a_rest_never_grows_without_end(misses: int) -> None:
    assert rules.wait_after(misses) <= rules.wait_after(misses + 1) <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("passphrase", "weak"),
    [
        ("", True),
        ("correct horse battery", True),  # three words
        ("a b c d", True),  # four words, short
        ("horse horse horse horse horse", True),  # one word, often
        ("correcthorsebatterystaple", True),  # one word
        ("   correct horse    ", True),
        ("correct horse battery staple", False),
    ],
)
def test_a_passphrase_is_four_words_and_twenty_letters(passphrase: str, weak: bool) -> None:
    assert rules.weak(passphrase) is weak


def test_every_home_of_a_compartment_is_a_team() -> None:
    assert set(rules.HOME.values()) <= set(rules.TEAMS)
    assert not {"identity", "location", "narrative"} & set(rules.HOME)
