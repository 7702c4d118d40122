"""The one clock, and options that are refused by name."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amparo.foundation import clock, config, ids
from amparo.foundation.errors import Invalid

pytestmark = pytest.mark.django_db(databases=[])  # no table is touched

NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)


# --- the clock -----------------------------------------------------------------------------------
def test_a_frozen_clock_moves_only_when_it_is_moved() -> None:
    with clock.frozen(NOON):
        assert clock.now() == clock.now() == NOON
        clock.forward(timedelta(hours=13))
        assert clock.now() == NOON + timedelta(hours=13)
        assert clock.today().isoformat() == "2026-03-08"
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_story_inside_a_story_gives_the_time_back() -> None:
    with clock.frozen(NOON):
        clock.forward(timedelta(minutes=1))
        with clock.frozen(NOON + timedelta(days=9)):
            clock.forward(timedelta(days=1))
        assert clock.now() == NOON + timedelta(minutes=1)


# --- ids -----------------------------------------------------------------------------------------
def test_ids_are_random_and_of_version_four() -> None:
    made = [ids.new() for _ in range(100)]
    assert {one.version for one in made} == {4}
    assert made != sorted(made)
    assert ids.parse("no id") is None
    assert ids.parse(str(made[0])) == made[0]


# --- the configuration ---------------------------------------------------------------------------
def test_the_shipped_hash_level_is_the_strong_one() -> None:
    assert config.Config().hash_level == "a1"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "amparo.toml").write_text('port = 9000\norganisation = "Lantern"\n')
    found = config.read({"AMPARO_DATA": str(tmp_path), "AMPARO_PORT": "9001"})
    assert (found.port, found.organisation, found.data) == (9001, "Lantern", tmp_path)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("prot = 9000", "prot"),
        ('port = "many"', "port"),
        ("port = -1", "port"),
        ('secure = "perhaps"', "secure"),
        ("organisation = 3", "organisation"),
        ("languages = 3", "languages"),
        ("languages = [1, 2]", "languages"),
        ('duty_hours = "all day"', "duty_hours"),
        ('duty_hours = "8-18"', "duty_hours"),
        ('duty_hours = "08:00-25:00"', "duty_hours"),
        ('time_zone = "Madrid/Europe"', "time_zone"),
        ('time_zone = "Europe"', "time_zone"),
        ('time_zone = "/etc/passwd"', "time_zone"),
        ('hash_level = "a9"', "hash_level"),
        ('notice_hour = "7"', "notice_hour"),
        ('notice_hour = "24:00"', "notice_hour"),
        ("port = ", "amparo.toml"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, written: str, named: str) -> None:
    (tmp_path / "amparo.toml").write_text(written)
    with pytest.raises(Invalid, match=named):
        config.read({"AMPARO_DATA": str(tmp_path)})


@pytest.mark.parametrize("hours", ["", "08:00-18:00", "22:00 - 06:00"])
def test_announced_hours_are_taken(tmp_path: Path, hours: str) -> None:
    found = config.read({"AMPARO_DATA": str(tmp_path), "AMPARO_DUTY_HOURS": hours})
    assert found.duty_hours == hours
