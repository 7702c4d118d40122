"""The server: answers, is alone, leaks nothing of its memory, stops in order."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.doors.shell import (
    AMPARO,
    ANSWERS,
    copied,
    environment,
    fetch,
    found,
    free_port,
    wait_for,
)
from tools.postgres import Postgres


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return found(tmp_path_factory.mktemp("house"))[0]


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_it_answers_and_stops_in_order(shell):
    with shell.serving() as (server, port, said):
        assert said.read_text() == f"ready  http://localhost:{port}\n"
        assert fetch(port, "/healthz") == (200, "ok\n")
        status, page = fetch(port, "/")
        assert status == 200
        assert "<script" not in page
        assert fetch(port, "/desk/sign-in")[0] == 200
        assert fetch(port, "/nowhere?code=secret-words")[0] == 404
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0
        # Nothing of any request was said, and nobody is left.
        assert said.read_text() == f"ready  http://localhost:{port}\nstopped\n"
    with pytest.raises(OSError):
        fetch(port, "/")


def test_ctrl_c_at_the_terminal_ends_it_too(shell):
    with shell.serving() as (server, _, said):
        os.killpg(server.pid, signal.SIGINT)  # as a terminal does: to all of its processes
        assert server.wait(timeout=30) == 0
        assert said.read_text().endswith("stopped\n")


def test_memory_of_the_server_reaches_no_disk(shell):
    with shell.serving() as (server, _, _said):
        for pid in (server.pid, *children(server.pid)):
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"Max core file size\s+0\s+0", limits)
            mask = re.search(r"Umask:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            assert mask and mask.group(1) == "0077"
            # Of a process that may not be dumped, /proc belongs to root alone.
            assert Path(f"/proc/{pid}/mem").stat().st_uid == 0


def test_a_worker_does_not_outlive_the_process_that_watches_it(shell):
    with shell.serving() as (server, port, _said):
        (worker,) = children(server.pid)
        server.kill()
        server.wait()
        wait_for(lambda: not Path(f"/proc/{worker}").exists(), 20)
        with pytest.raises(OSError):
            fetch(port, "/")


def test_a_worker_that_dies_is_started_again(shell):
    with shell.serving() as (server, port, said):
        (worker,) = children(server.pid)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: said.read_text().count("ready") == 2)
        assert children(server.pid) != [worker]
        assert fetch(port, "/healthz")[0] == 200


def test_a_second_engine_on_the_same_files_is_refused(shell):
    with shell.serving() as (_server, port, _said):
        for command in (["engine"], ["up", "--port", str(free_port())]):
            done = shell.run(*command)
            assert done.returncode == 1
            assert "another engine" in done.stderr
            assert done.stderr.count("\n") == 1
        assert fetch(port, "/healthz")[0] == 200
    assert shell.json("doctor")["ok"] is False  # nobody is left; the folder is free again


def test_a_port_in_use_is_named(shell):
    with shell.serving() as (_server, port, _said):
        done = shell.run("up", "--port", str(port))
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "--port" in done.stderr


def test_doors_one_by_one(shell):
    port = free_port()
    engine = subprocess.Popen(
        [*AMPARO, "engine"], env=environment(shell.data), stderr=subprocess.PIPE
    )
    assert engine.stderr is not None
    assert b"ready" in engine.stderr.readline()
    web = subprocess.Popen(
        [*AMPARO, "web", "--port", str(port)], env=environment(shell.data), stderr=subprocess.PIPE
    )
    assert web.stderr is not None
    assert b"ready" in web.stderr.readline()
    assert fetch(port, "/")[0] == 200
    beats = [one for one in shell.json("doctor")["checks"] if one["check"] == "engine"]
    assert beats[0]["status"] == "OK"
    for one in (web, engine):
        one.terminate()
        assert one.wait(timeout=30) == 0


def test_several_workers_want_postgresql(shell):
    done = shell.run("web", "--workers", "2")
    assert done.returncode == 2
    assert "PostgreSQL" in done.stderr


# --- what it refuses to begin with ----------------------------------------------------------------
@pytest.fixture
def spare(tmp_path):
    return copied(tmp_path)[0]


def test_keys_that_others_can_read_are_refused(spare):
    (spare.data / "server.keys").chmod(0o640)
    done = spare.run("up", "--port", str(free_port()))
    assert done.returncode == 1
    assert "chmod 600" in done.stderr


def test_tables_of_another_version_are_refused(spare):
    with sqlite3.connect(spare.data / "keys.sqlite3") as base:
        base.execute("DELETE FROM django_migrations WHERE app = 'vault'")
    begun = time.monotonic()
    done = spare.run("up", "--port", str(free_port()))
    assert done.returncode == 1
    assert "amparo manage migrate" in done.stderr
    assert done.stderr.count("\n") == 1
    assert time.monotonic() - begun < 30


def test_asgi_is_refused(spare):
    program = "import django.core.asgi as a; a.get_asgi_application()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(spare.data, DJANGO_SETTINGS_MODULE="amparo.settings"),
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "ASGI would write what people send to disk" in done.stderr


def test_what_a_crash_left_is_mended_before_the_first_page(spare):
    """A deed whose keys were made and whose data were not: the only process undoes it at once."""
    with sqlite3.connect(spare.data / "keys.sqlite3") as base:
        soon = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
        base.execute(
            "INSERT INTO foundation_keyintent (id, due_at) VALUES (?, ?)", [uuid.uuid4().hex, soon]
        )
    with spare.serving(), sqlite3.connect(spare.data / "keys.sqlite3") as base:
        assert base.execute("SELECT count(*) FROM foundation_keyintent").fetchone() == (0,)


# --- PostgreSQL ----------------------------------------------------------------------------------
@pytest.mark.needs("postgres")
def test_several_workers_and_an_engine_against_postgresql(tmp_path):
    with Postgres() as database:
        urls = [database.url("amparo_cli"), database.url("amparo_cli_keys")]
        answers = f'database_url = "{urls[0]}"\nkeystore_url = "{urls[1]}"\n{ANSWERS}'
        shell, said = found(tmp_path, answers)
        assert set(said["samples"]) >= {"amparo-web.service", "amparo-engine.service"}
        port = free_port()
        started = [
            subprocess.Popen(
                [*AMPARO, *command], env=environment(shell.data), stderr=subprocess.PIPE
            )
            for command in (["engine"], ["web", "--workers", "2", "--port", str(port)])
        ]
        try:
            for one in started:
                assert one.stderr is not None
                assert b"ready" in one.stderr.readline()
            assert len(children(started[1].pid)) == 2
            assert fetch(port, "/")[0] == 200
            told = {one["check"]: one for one in shell.json("doctor")["checks"]}
            assert told["database of data"]["detail"].startswith("PostgreSQL")
            for check in ("database of keys", "engine", "journal", "founders"):
                assert told[check]["status"] == "OK", told[check]
            # Any number of engines may run there.
            with shell.serving() as (_server, other, _said):
                assert fetch(other, "/healthz")[0] == 200
        finally:
            for one in started:
                one.terminate()
            codes = [one.wait(timeout=30) for one in started]
        assert codes == [0, 0]
