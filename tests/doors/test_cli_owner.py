"""Whoever types a command, what lies in the data folder stays readable for the service."""

import os
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from amparo.cli import main, process
from tests.doors.shell import Shell, found

SOMEBODY, ANOTHER = 64321, 64322
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
everybody_may_read = pytest.mark.skipif(
    os.geteuid() == 0 and not process.could_read(SOMEBODY, SOMEBODY, __file__, sys.executable),
    reason="Python or this folder is for root alone",
)


@pytest.fixture(scope="module")
def shell():
    # Not pytest's own folder: nobody but root may go into that one.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shell, _ = found(Path(folder))
        for path in (shell.data, *shell.data.rglob("*")):
            os.chown(path, SOMEBODY, SOMEBODY)
        yield shell


def owners(data: Path) -> set[int]:
    return {path.stat().st_uid for path in (data, *data.rglob("*"))}


@everybody_may_read
def test_what_root_does_is_done_as_the_owner_of_the_folder(shell):
    for arguments in (["lockdown"], ["lockdown", "--lift"], ["journal", "checkpoint"]):
        done = shell.run(*arguments)
        assert done.returncode == 0, done.stderr
        assert owners(shell.data) == {SOMEBODY}, arguments
    with shell.serving():
        assert shell.json("doctor")["config"]["data"] == str(shell.data)
    assert owners(shell.data) == {SOMEBODY}


@everybody_may_read
def test_root_founds_for_the_owner_of_an_empty_folder(shell):
    fresh = Shell(shell.data.parent / "fresh")
    fresh.data.mkdir()
    os.chown(fresh.data, SOMEBODY, SOMEBODY)
    answers = shell.data.parent / "answers.toml"
    answers.chmod(0o600)
    done = fresh.run("init", "--answers", str(answers))
    assert done.returncode == 1  # that file is root's alone
    assert "answers.toml cannot be read" in done.stderr
    assert not list(fresh.data.iterdir())
    answers.chmod(0o644)
    done = fresh.run("init", "--answers", str(answers))
    assert done.returncode == 0, done.stderr
    assert owners(fresh.data) == {SOMEBODY}
    assert f"\nUser={SOMEBODY}\n" in done.stdout


@everybody_may_read
def test_a_file_of_somebody_else_is_named_with_its_mend(shell):
    os.chown(shell.data / "server.keys", ANOTHER, ANOTHER)
    told = shell.json("doctor")
    os.chown(shell.data / "server.keys", SOMEBODY, SOMEBODY)
    (one,) = [row for row in told["checks"] if row["check"] == "ownership"]
    assert one["status"] == "FAIL"
    assert f"chown {SOMEBODY}: {shell.data / 'server.keys'}" in one["mend"]


@everybody_may_read
def test_who_is_neither_root_nor_the_owner_is_told_whose_it_is(shell):
    done = shell.run("doctor", as_user=ANOTHER)
    assert done.returncode == 1
    assert f"belongs to {SOMEBODY}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_program_that_the_owner_cannot_read_is_not_half_loaded(shell, monkeypatch):
    """But what is urgent does not wait for that."""
    monkeypatch.setattr(process, "could_read", lambda *_: False)
    monkeypatch.setenv("AMPARO_DATA", str(shell.data))
    done = CliRunner().invoke(main, ["journal", "checkpoint"])
    assert done.exit_code == 1
    assert "cannot read this program" in done.stderr
    assert os.geteuid() == 0
    pressed = []
    monkeypatch.setattr("amparo.cli.raid.process.harden", lambda: pressed.append(1) or exit(0))
    CliRunner().invoke(main, ["lockdown"])
    assert pressed
