"""The model of a press, checked in every order in which its steps can come, by spin.

Each breach named in the model is tried too: a check that finds nothing there would find nothing at all.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODEL = ROOT / "docs" / "models" / "alarm.pml"
CLAIMS = ("heard", "heard_newest", "silent")
# Broken transition -> what must notice it.
BROKEN = {
    "TWO_COMMITS": "heard",
    "FAILS_ON_EXPIRY": "heard",
    "MARKS_BLINDLY": "heard_newest",
    "KEEPS_ROWS": "silent",
    "CLIMBS_ON": "silent",
    "UNCOUNTED": "heard",
}

pytestmark = [pytest.mark.needs("spin"), pytest.mark.timeout(300)]


def errors(folder: Path, claim: str, *defines: str) -> int:
    """Breaches of a claim, or of an assertion on the way, that spin finds; it stops at the first."""

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("spin", *(f"-D{one}" for one in defines), "-a", str(MODEL))
    run("gcc", "-O1", "-w", "-DNFAIR=3", "-o", "pan", "pan.c")
    said = run("./pan", "-a", "-f", "-m100000", "-N", claim)
    assert "max search depth too small" not in said, said
    found = re.search(r"errors: (\d+)", said)
    assert found is not None, said
    return int(found[1])


@pytest.mark.parametrize("claim", CLAIMS)
def test_in_every_order_of_steps_it_holds(tmp_path: Path, claim: str) -> None:
    assert errors(tmp_path, claim) == 0


@pytest.mark.parametrize(("breach", "claim"), BROKEN.items(), ids=list(BROKEN))
def test_a_broken_transition_is_noticed(tmp_path: Path, breach: str, claim: str) -> None:
    assert breach in MODEL.read_text()
    assert errors(tmp_path, claim, breach) == 1


def test_every_breach_of_the_model_is_tried() -> None:
    assert set(re.findall(r"^#if(?:n)?def (\w+)", MODEL.read_text(), re.MULTILINE)) == set(BROKEN)
