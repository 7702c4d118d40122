"""The journal from the shell: whole, changed, cut, and what an outsider can tell."""

import json
import sqlite3
import stat

import pytest

from tests.doors.shell import Shell, found


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    shell, _ = found(tmp_path_factory.mktemp("house"))
    for _ in range(3):  # each of them is an entry, and each export a batch
        assert shell.run("lockdown").returncode == 0
        assert shell.run("lockdown", "--lift").returncode == 0
        assert shell.run("journal", "checkpoint").returncode == 0
    return shell


@pytest.fixture
def export(shell, tmp_path):
    file = tmp_path / "log.jsonl"
    done = shell.run("journal", "export", str(file))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file


def test_a_whole_journal_is_called_whole(shell, export, tmp_path):
    here = shell.json("journal", "verify")
    assert here == {"ok": True, "entries": 7, "first_bad": None, "reason": ""}
    # On another machine, where nobody has ever founded anything.
    elsewhere = Shell(tmp_path / "elsewhere")
    assert elsewhere.json("journal", "verify", str(export)) == here
    assert not elsewhere.data.exists()
    assert elsewhere.run("journal", "verify", str(export)).stdout.startswith("The journal is whole")


def test_an_export_says_how_much_and_when_but_not_what(export):
    text = export.read_text()
    for line in map(json.loads, text.splitlines()):
        assert set(line) <= {
            "v",
            "log",
            "public",
            "place",
            "day",
            "digest",
            "sealed",
            "leaves",
            "note",
        }
    assert "lockdown" not in text
    assert "house" not in text


def test_standard_output_takes_it_too(shell, export):
    assert shell.run("journal", "export", "-").stdout == export.read_text()


def test_a_changed_entry_is_named(shell, export, tmp_path):
    lines = export.read_text().splitlines()
    spots = [number for number, line in enumerate(lines) if '"digest"' in line]
    for spot in (spots[0], spots[3], spots[-1]):
        entry = json.loads(lines[spot])
        entry["day"] = "2001-01-01"
        bad = tmp_path / "bad.jsonl"
        bad.write_text("\n".join([*lines[:spot], json.dumps(entry), *lines[spot + 1 :]]))
        done = shell.run("journal", "verify", str(bad), "--json")
        assert done.returncode == 1
        told = json.loads(done.stdout)
        assert (told["ok"], told["first_bad"]) == (False, entry["place"])
        assert told["reason"]


def test_an_entry_that_was_taken_out_of_the_table_is_named(shell, tmp_path):
    import shutil

    shutil.copytree(shell.data, tmp_path / "data")
    stolen = Shell(tmp_path / "data")
    with sqlite3.connect(stolen.data / "data.sqlite3") as base:
        base.execute("DELETE FROM foundation_journalentry WHERE place = 2")
    done = stolen.run("journal", "verify", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["first_bad"] == 2


def test_a_kept_checkpoint_unmasks_a_log_that_was_cut(shell, export, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text(shell.run("journal", "checkpoint").stdout)
    lines = export.read_text().splitlines()
    heads = [number for number, line in enumerate(lines) if '"note"' in line]
    cut = tmp_path / "cut.jsonl"
    cut.write_text("\n".join(lines[: heads[0] + 1]))
    assert shell.run("journal", "verify", str(cut)).returncode == 0
    done = shell.run("journal", "verify", str(cut), "--checkpoint", str(note))
    assert done.returncode == 1
    assert "NOT whole" in done.stdout
    assert shell.run("journal", "verify", "--checkpoint", str(note)).returncode == 0


def test_a_checkpoint_of_another_log_is_refused(shell, export, tmp_path):
    other, _ = found(tmp_path)
    note = tmp_path / "note.txt"
    note.write_text(other.run("journal", "checkpoint").stdout)
    assert shell.run("journal", "verify", "--checkpoint", str(note)).returncode == 1
    key = json.loads(export.read_text().splitlines()[0])["public"]
    assert shell.run("journal", "verify", str(export), "--key", key).returncode == 0
    strange = other.run("journal", "export", "-").stdout
    (tmp_path / "strange.jsonl").write_text(strange)
    done = shell.run("journal", "verify", str(tmp_path / "strange.jsonl"), "--key", key)
    assert done.returncode == 1


@pytest.mark.parametrize("text", ["not JSON\n", "[1, 2]\n"])
def test_a_file_that_is_no_export_is_bad_input(shell, tmp_path, text):
    file = tmp_path / "x.jsonl"
    file.write_text(text)
    done = shell.run("journal", "verify", str(file))
    assert done.returncode == 2
    assert "line 1" in done.stderr
    assert str(file) in done.stderr


def test_a_key_that_is_none_is_bad_input(shell):
    assert shell.run("journal", "verify", "--key", "abc").returncode == 2
