"""`amparo alarms simulate`, as an administrator types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from amparo.cli import main


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["alarms", "simulate", *words])


@pytest.fixture
def night(tmp_path: Path) -> Path:
    file = tmp_path / "night.toml"
    file.write_text(run("--example").stdout)
    return file


def test_the_example_is_a_night_that_ends_well(night: Path) -> None:
    found = run(str(night))
    assert found.exit_code == 0
    assert "lawyer" in found.stdout and "on it: taken" in found.stdout
    assert found.stdout.rstrip().endswith("it is over")


def test_machines_read_the_same(night: Path) -> None:
    doc = json.loads(run(str(night), "--json").stdout)
    assert doc["ok"] and doc["faults"] == []
    assert doc["events"][0] == {
        "minute": 0,
        "what": "told",
        "who": "desk",
        "by": "desk",
        "more": "",
    }


def test_a_ladder_that_reaches_nobody_is_a_failure(night: Path) -> None:
    night.write_text('pressed_at = "2026-03-07T22:40:00+00:00"\n[[rung]]\nat = 0\nto = []\n')
    found = run(str(night))
    assert found.exit_code == 1 and "nobody" in found.stderr


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("=", "cannot be read"),
        ("", "pressed_at"),
        ('pressed_at = "2026-03-07T22:40:00"\nrung = []', "zone"),
        ('pressed_at = "soon"\nrung = []', "cannot be used"),
        ('pressed_at = "2026-03-07T22:40:00Z"\n[[rung]]\nat = 0\nto = ["x"]', "no contact x"),
        (
            'pressed_at = "2026-03-07T22:40:00Z"\nrung = []\n[[outage]]\nwhat = "x"\nfrom=0\nto=1',
            "outage of x",
        ),
    ],
)
def test_what_cannot_be_used_is_said(night: Path, text: str, word: str) -> None:
    night.write_text(text)
    found = run(str(night))
    assert found.exit_code == 2 and word in found.stderr


def test_without_a_file_it_says_how_to_begin() -> None:
    found = run()
    assert found.exit_code == 2 and "--example" in found.stderr
