"""Every command explains itself; every mistake gets one line and its exit code."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from amparo.cli import main
from tests.doors.shell import Shell


def commands(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        if not path and name == "bench":
            continue  # it has a page of its own
        one = group.get_command(context, name)
        found.append((*path, name))
        if isinstance(one, click.Group):
            found += commands(one, *path, name)
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_command_has_a_page_of_the_manual(path):
    done = CliRunner().invoke(main, [*path, "--help"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("NAME\n  amparo " + " ".join(path) + " - ")
    wanted = "COMMANDS" if "COMMANDS" in done.stdout else "EXIT CODES"
    for part in ("SYNOPSIS", wanted):
        assert f"\n{part}\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_without_anything_it_lists_what_can_be_done():
    done = CliRunner().invoke(main, [])
    assert done.exit_code == 0
    for name in ("up", "init", "doctor", "staff", "lockdown", "journal", "demo", "prove", "bench"):
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["frobnicate"], "frobnicate"),
        (["up", "--port", "0"], "--port"),
        (["up", "--frob"], "--frob"),
        (["journal", "verify", "/nowhere.jsonl"], "/nowhere.jsonl"),
        (["staff", "invite"], "NAME"),
        (["init", "--json"], "--answers"),
        (["demo", "--serve"], "--keep"),
        (["locale", "review", "tlh"], "tlh"),
    ],
)
def test_bad_use_is_one_line_that_names_it(arguments, named):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert named in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("text", "more", "named"),
    [
        ("port = 'eight'", {}, "port"),
        ("colour = 'red'", {}, "colour"),
        ("port = = 1", {}, "amparo.toml"),
        ("", {"AMPARO_PORT": "x"}, "AMPARO_PORT"),
        ("", {"AMPARO_DUTY_HOURS": "8 to 6"}, "duty_hours"),
    ],
)
def test_a_wrong_configuration_is_one_line_that_names_the_option(tmp_path, text, more, named):
    (tmp_path / "amparo.toml").write_text(text)
    for command in (["doctor"], ["up"], ["journal", "verify"]):
        done = Shell(tmp_path).run(*command, **more)
        assert done.returncode == 2, done.stderr
        assert named in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [["up"], ["web"], ["engine"], ["journal", "verify"], ["lockdown"], ["staff", "list"]],
    ids=" ".join,
)
def test_without_an_installation_the_answer_is_where_to_begin(tmp_path, command):
    done = Shell(tmp_path / "nothing").run(*command)
    assert done.returncode == 1
    assert "amparo init" in done.stderr
    assert not (tmp_path / "nothing").exists()


def test_no_colours_where_none_are_wanted(tmp_path):
    for more in ({}, {"NO_COLOR": "1", "TERM": "xterm-256color"}):
        done = Shell(tmp_path).run("doctor", **more)
        assert "\033" not in done.stdout + done.stderr


def test_the_dangerous_commands_of_django_are_not_here():
    done = CliRunner().invoke(main, ["manage", "runserver"])
    assert done.exit_code == 1
    assert "amparo up" in done.stderr


def test_what_stands_behind_a_command_of_django_is_its_own():
    done = CliRunner().invoke(main, ["manage", "frobnicate", "--help"])
    assert done.exit_code == 1
    assert "SYNOPSIS" not in done.output


def test_the_raid_button_does_not_wait_for_a_server_to_load():
    """Commands are loaded when they are called, so that help and lockdown stay quick."""
    source = Path(__file__).parents[2] / "src/amparo/cli/__init__.py"
    imported = [
        line for line in source.read_text().splitlines() if line.startswith(("import", "from"))
    ]
    assert imported == ["import click", "from amparo.cli.manual import House"]
