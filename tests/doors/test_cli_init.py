"""Founding: two officers at least, secrets for one pair of eyes, and nothing half done."""

import os
import pty
import re
import select
import sqlite3
import stat
import subprocess
import time
from pathlib import Path

import pyotp
import pytest

from tests.doors.shell import AMPARO, ANSWERS, Shell, environment, found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return found(tmp_path_factory.mktemp("house"))


def test_secrets_go_to_standard_output_and_nowhere_else(house):
    shell, said = house
    assert said["ok"] is True
    assert [one["name"] for one in said["officers"]] == ["Ines", "Ruth", "Tomas"]
    for one in said["officers"]:
        assert len(one["passphrase"].split()) == 6
        assert re.fullmatch(r"[0-9a-f]{40}", one["fingerprint"])
        assert one["totp"] in one["otpauth"]
        for path in shell.data.rglob("*"):
            if path.is_file():
                held = path.read_bytes()
                assert one["passphrase"].encode() not in held
                assert one["totp"].encode() not in held
    assert len({one["passphrase"] for one in said["officers"]}) == 3


def test_what_it_makes_is_for_this_user_only(house):
    shell, _ = house
    assert mode(shell.data) == 0o700
    names = {path.name for path in shell.data.iterdir()}
    assert {"amparo.toml", "server.keys", "data.sqlite3", "keys.sqlite3"} <= names
    for path in shell.data.iterdir():
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("name", ["data.sqlite3", "keys.sqlite3"])
def test_no_table_says_at_which_second_it_was_made(house, name):
    shell, _ = house
    with sqlite3.connect(shell.data / name) as base:
        times = [row[0] for row in base.execute("SELECT applied FROM django_migrations")]
    assert times
    assert all(time.endswith("00:00:00") for time in times)


def test_the_samples_are_filled_in(house):
    shell, said = house
    texts = said["samples"]
    assert f"AMPARO_DATA={shell.data}" in texts["amparo.service"]
    assert "proxy_request_buffering off" in texts["nginx.conf"]
    assert "127.0.0.1:8000" in texts["torrc"]
    assert not [name for name, text in texts.items() if re.search(r"@[A-Z]+@", text)]


def test_an_installation_that_exists_is_never_touched(house):
    shell, _ = house
    before = {path: path.read_bytes() for path in shell.data.iterdir() if path.is_file()}
    done = shell.run("init", "--answers", str(shell.data.parent / "answers.toml"))
    assert done.returncode == 1
    assert "holds an installation already" in done.stderr
    assert before == {path: path.read_bytes() for path in shell.data.iterdir() if path.is_file()}


def test_without_json_the_secrets_lie_in_a_file_that_doctor_complains_about(tmp_path):
    file, shell = tmp_path / "answers.toml", Shell(tmp_path / "data")
    file.write_text(ANSWERS)
    done = shell.run("init", "--answers", str(file))
    assert done.returncode == 0, done.stderr
    secrets = shell.data / "first-officers.txt"
    assert mode(secrets) == 0o600
    # A long path is folded at the terminal's width.
    assert str(secrets) in "".join(done.stderr.split())
    assert "[Unit]" in done.stdout
    assert secrets.read_text().count("passphrase  ") == 3
    told = shell.json("doctor")
    assert [one["status"] for one in told["checks"] if one["check"] == "first secrets"] == ["FAIL"]
    secrets.unlink()
    told = shell.json("doctor")
    assert not [one for one in told["checks"] if one["check"] == "first secrets"]


TWO = '[[officers]]\nname="A"\nsign_in="a"\n[[officers]]\nname="B"\nsign_in="b"\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[officers]]\nname="A"\nsign_in="a"\n', "two officers"),
        ('[[officers]]\nname="A"\n[[officers]]\nname="B"\nsign_in="b"\n', "officer 1"),
        (TWO.replace('"b"', '" A "'), "same sign_in"),
        ("colour = 1\n" + TWO, "colour"),
        ('languages = ["tlh"]\n' + TWO, "languages"),
        ('duty_hours = "always"\n' + TWO, "duty_hours"),
        ('database_url = "mysql://x/y"\nkeystore_url="postgresql://x/z"\n' + TWO, "database_url"),
        ('database_url = "postgresql://x/y"\n' + TWO, "keystore_url"),
        ('sites = ["https://x.example"]\n' + TWO, "sites"),
        ('data = "/tmp"\n' + TWO, "AMPARO_DATA"),
        (TWO + 'passphrase = "one that I chose myself for this"\n', "passphrase"),
        ("this is not TOML", "answers.toml"),
        ('officers = ["A", "B"]', "officers"),
    ],
)
def test_answers_that_cannot_be_used_are_named_and_nothing_is_made(tmp_path, text, named):
    file, shell = tmp_path / "answers.toml", Shell(tmp_path / "data")
    file.write_text(text)
    done = shell.run("init", "--answers", str(file))
    assert done.returncode == 2, done.stderr
    assert named in done.stderr
    assert str(file) in done.stderr
    assert done.stderr.count("\n") == 1
    assert not shell.data.exists()


def test_a_founding_that_fails_leaves_nothing(tmp_path):
    file, shell = tmp_path / "answers.toml", Shell(tmp_path / "data")
    urls = 'database_url = "postgresql://u@127.0.0.1:1/a"\nkeystore_url = "postgresql://u@127.0.0.1:1/b"'
    file.write_text(f"{urls}\n{TWO}")
    done = shell.run("init", "--answers", str(file))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not shell.data.exists()


# --- with people at the screen -------------------------------------------------------------------
class Screen:
    """A terminal with somebody in front of it."""

    def __init__(self, data: Path) -> None:
        self.shown = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            more = {"AMPARO_HASH_LEVEL": "a0", "TERM": "xterm", "COLUMNS": "100", "LINES": "60"}
            os.execve(AMPARO[0], [*AMPARO, "init"], environment(data, **more))

    def until(self, words: str, seconds: float = 40) -> str:
        """Read until these words are on the screen; what was shown since the last time."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            assert time.monotonic() < end, f"no “{words}” but {self.shown[-600:]}"
            ready, _, _ = select.select([self.terminal], [], [], 0.1)
            if ready:
                self.shown += os.read(self.terminal, 65536).decode(errors="replace")
        before, _, self.shown = self.shown.partition(words)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", before)

    def type(self, text: str = "") -> None:
        os.write(self.terminal, f"{text}\n".encode())

    def end(self) -> int:
        rest = time.monotonic() + 40
        while time.monotonic() < rest:
            try:
                ready, _, _ = select.select([self.terminal], [], [], 0.1)
                if ready:
                    self.shown += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def answer_the_questions(screen: Screen) -> None:
    for words, typed in [
        ("organisation", "A house"),
        ("Host names", ""),
        ("Languages", "en, es"),
        ("Clock of your desk", "Madrid"),
        ("time_zone should be", "Europe/Madrid"),  # the complaint; then it asks again
        ("Duty hours", "8-18"),
        ("duty_hours", ""),  # the complaint; then it asks again
        ("PostgreSQL address", ""),
        ("Mail server", ""),
        ("How many", "2"),
        ("Name of officer 1", "Inés"),
        ("sign-in name", ""),
        ("Name of officer 2", "Ruth"),
        ("sign-in name", "inés"),  # taken
        ("Name of officer 2", "Ruth"),
        ("sign-in name", ""),
    ]:
        screen.until(words)
        screen.type(typed)


def keep_what_is_shown(screen: Screen) -> None:
    """One officer alone: passphrase and second device, each with a slip first."""
    screen.until("Press Enter when you are alone")
    screen.type()
    shown = screen.until("Press Enter when it is written down")
    words = re.findall(r"^ +[1-6]  ([a-z]+)\s*$", shown, re.MULTILINE)
    assert len(words) == 6
    screen.type()
    screen.until("The words")
    screen.type("not these")
    screen.until("Not yet the same")
    screen.until("The words")
    screen.type(" ".join(words).upper())
    shown = screen.until("The six digits")
    assert "█" in shown
    groups = re.search(r"type it there:\s+((?:[A-Z2-7]{4} ?)+)", shown)
    assert groups
    screen.type("000000")
    screen.until("The six digits")
    screen.type(pyotp.TOTP(groups.group(1).replace(" ", "")).now())


def test_officers_keep_their_secrets_and_read_out_their_fingerprints(tmp_path):
    screen = Screen(tmp_path / "data")
    answer_the_questions(screen)
    keep_what_is_shown(screen)
    keep_what_is_shown(screen)
    shown = screen.until("Press Enter when everybody")
    prints = re.findall(r"((?:[0-9a-f]{4} ){9}[0-9a-f]{4})", shown)
    assert len(prints) == 2
    screen.type()
    screen.until("forty digits")
    screen.type(prints[1])  # the wrong one: it must be noticed
    screen.until("differs")
    screen.until("forty digits")
    screen.type(prints[0].upper())
    screen.until("forty digits")
    screen.type(prints[1].replace(" ", ""))
    assert screen.end() == 0
    assert "[Unit]" in screen.shown
    told = Shell(tmp_path / "data").json("doctor")
    founders = next(one for one in told["checks"] if one["check"] == "founders")
    assert all(one in founders["detail"] for one in prints)
    assert not (tmp_path / "data/first-officers.txt").exists()
    assert told["config"]["time_zone"] == "Europe/Madrid"


def test_a_closed_terminal_leaves_nothing(tmp_path):
    screen = Screen(tmp_path / "data")
    answer_the_questions(screen)
    screen.until("Press Enter when you are alone")
    assert (tmp_path / "data").exists()
    os.close(screen.terminal)
    os.waitpid(screen.pid, 0)
    assert not (tmp_path / "data").exists()


def test_a_pipe_that_closes_early_takes_no_founding_back(tmp_path):
    (tmp_path / "answers.toml").write_text(ANSWERS)
    shell = Shell(tmp_path / "data")
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as closed:
        subprocess.run(
            [*AMPARO, "init", "--answers", str(tmp_path / "answers.toml")],
            env=environment(shell.data),
            stdin=subprocess.DEVNULL,
            stdout=closed,
            stderr=subprocess.DEVNULL,
            timeout=90,
        )
    assert (shell.data / "first-officers.txt").is_file()
    assert shell.json("doctor")["config"]["data"] == str(shell.data)


def test_a_terminal_that_closes_early_leaves_nothing_half_done(tmp_path):
    (tmp_path / "answers.toml").write_text(ANSWERS)
    with subprocess.Popen(
        [*AMPARO, "init", "--answers", str(tmp_path / "answers.toml")],
        env=environment(tmp_path / "data"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as founding:
        assert founding.stderr is not None
        for _ in range(3):  # the heading; what follows has nowhere to go
            founding.stderr.readline()
        founding.stderr.close()
        assert founding.wait(90) != 0
    assert not (tmp_path / "data").exists()
