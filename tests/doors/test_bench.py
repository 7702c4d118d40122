"""Every bench runs, says what stands beside it, and judges by its limit. No test asks for a time."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amparo.proofs.bench import NAMES, figures
from amparo.proofs.bench.figures import Figure

ROOT = Path(__file__).parents[2]
KEYS = {"name", "ours", "beside", "raw", "ratio", "better", "limit", "pass", "n", "conditions"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, with nothing of the tests' own installation."""
    clean = {key: one for key, one in os.environ.items() if not key.startswith("AMPARO_")}
    program = [sys.executable, "-c", "from amparo.cli import main; main()", "bench", *arguments]
    return subprocess.run(program, env=clean, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_a_bench_runs_from_end_to_end(name: str) -> None:
    done = run(name, "--small", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["ok"] is True
    assert found["benches"]
    for bench in found["benches"]:
        assert bench.keys() >= KEYS
        assert bench["name"] == name
        assert bench["judged"] is False
        assert bench["conditions"]


def test_a_stranger_is_named() -> None:
    done = run("nothing")
    assert done.returncode == 2
    assert "there is no bench nothing" in done.stderr


def figure(**more: Any) -> Figure:
    given: dict[str, Any] = {"what": "b", "ratio": 1.0, "better": "lower", "limit": 2.0}
    return Figure(name="a", ours={"ms": 1.0}, n=1, conditions="none", **(given | more))


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "pass"),
        ({"ratio": 2.1}, "MISS"),
        ({"better": "higher"}, "MISS"),
        ({"better": "higher", "ratio": 2.0}, "pass"),
        ({"limit": None, "ratio": 9.0}, "reported"),
        ({"judged": False, "ratio": 9.0}, "reported"),
    ],
)
def test_a_figure_is_judged_by_its_limit(more: dict[str, Any], word: str) -> None:
    assert figures.verdict(figure(**more)) == word


def test_one_miss_is_no() -> None:
    document = json.loads(figures.as_json([figure(), figure(ratio=3.0)]))
    assert document["ok"] is False
    assert [bench["pass"] for bench in document["benches"]] == [True, False]


def test_the_page_shows_every_figure() -> None:
    page = figures.as_page([figure(), figure(ratio=3.0, what="c")], ["2 cores"])
    assert "| a | b | 1 × | ≤ 2 × | pass |" in page
    assert "| a | c | 3 × | ≤ 2 × | MISS |" in page
    assert "- 2 cores" in page
