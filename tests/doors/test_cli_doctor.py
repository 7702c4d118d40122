"""The doctor: each fault is found, named and given its mend; a healthy house is left alone."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.doors.shell import Shell, copied
from tests.rooms.messages.provider import SECRET, two_way

STATUSES = {"OK", "WARN", "FAIL"}


@pytest.fixture
def shell(tmp_path):
    return copied(tmp_path)[0]


def finding(told, check):
    rows = [one for one in told["checks"] if one["check"] == check]
    assert len(rows) == 1, f"{check}: {rows}"
    return rows[0]


def test_the_document_has_its_shape_and_no_secret(shell):
    done = shell.run("doctor", "--json", AMPARO_SMTP_PASSWORD="do-not-tell")
    told = json.loads(done.stdout)
    assert set(told) == {"ok", "checks", "config", "versions"}
    for one in told["checks"]:
        assert set(one) == {"check", "status", "detail", "mend"}
        assert one["status"] in STATUSES
        assert bool(one["mend"]) == (one["status"] != "OK"), one
    assert told["ok"] is (done.returncode == 0)
    assert told["ok"] is all(one["status"] != "FAIL" for one in told["checks"])
    assert "do-not-tell" not in done.stdout
    assert told["config"]["smtp_password"] == "(set)"
    assert told["versions"]["amparo"]
    keys = json.loads((shell.data / "server.keys").read_text())["keys"]
    assert not [name for name, key in keys.items() if key in done.stdout]


def test_a_running_house_has_only_warnings(shell):
    config = shell.data / "amparo.toml"
    config.write_text(config.read_text().replace('hash_level = "a0"', 'hash_level = "a1"'))
    with shell.serving():
        told = shell.json("doctor")
    assert told["ok"] is True, [one for one in told["checks"] if one["status"] == "FAIL"]
    warned = {one["check"] for one in told["checks"] if one["status"] == "WARN"}
    assert {"https", "mail", "translations", "backups"} <= warned
    for check in ("hybrid KEM", "clock", "database of data", "database of keys", "engine",
                  "founders", "officers", "operations", "journal", "server keys"):  # fmt: skip
        assert finding(told, check)["status"] == "OK"


def test_cheap_hashing_is_a_failure_but_in_a_sample(shell):
    assert finding(shell.json("doctor"), "passphrase hashing")["status"] == "FAIL"
    told = shell.json("doctor", AMPARO_SAMPLE="1")
    assert finding(told, "passphrase hashing")["status"] == "OK"


def test_without_an_engine_it_says_so(shell):
    one = finding(shell.json("doctor"), "engine")
    assert one["status"] == "FAIL"
    assert "amparo up" in one["mend"]


def test_without_an_installation_it_looks_at_what_there_is(tmp_path):
    told = Shell(tmp_path / "nothing").json("doctor")
    assert told["ok"] is False
    assert "amparo init" in finding(told, "installation")["mend"]
    assert finding(told, "hybrid KEM")["status"] == "OK"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("break_it", "check", "status", "mend"),
    [
        (lambda data: (data / "server.keys").chmod(0o644), "server keys", "FAIL", "chmod 600"),
        (lambda data: data.chmod(0o755), "permissions", "WARN", "chmod go="),
        (lambda data: (data / "keys.sqlite3").chmod(0o640), "permissions", "WARN", "keys.sqlite3"),
    ],
)
def test_open_doors_are_found(shell, break_it, check, status, mend):
    break_it(shell.data)
    one = finding(shell.json("doctor"), check)
    assert one["status"] == status
    assert mend in one["mend"]


@pytest.mark.parametrize(
    ("file", "sql", "check", "status"),
    [
        ("keys", "DELETE FROM django_migrations WHERE app='vault'", "database of keys", "FAIL"),
        ("data", "DROP TABLE django_migrations", "database of data", "FAIL"),
        ("keys", "UPDATE vault_principal SET public = zeroblob(1248) WHERE kind='person'",
         "founders", "FAIL"),
        ("keys", "UPDATE vault_principal SET active = 0 WHERE kind='person'", "officers", "WARN"),
        ("data", "UPDATE foundation_journalentry SET digest = zeroblob(32)", "journal", "FAIL"),
        ("data", "INSERT INTO foundation_announcement (id, event, ids, tries, due_at) VALUES "
         "('ab', 'x.Y', '{}', 5, :past)", "announcements", "WARN"),
        ("data", "INSERT INTO foundation_announcement (id, event, ids, tries, due_at) VALUES "
         "('ab', 'x.Y', '{}', 0, :past)", "engine", "FAIL"),
        ("data", "INSERT INTO foundation_operation (id, kind, ids, done, due_at) VALUES "
         "('ab', 'x', '{}', 0, :past)", "operations", "WARN"),
    ],
)  # fmt: skip
def test_broken_tables_are_found(shell, file, sql, check, status):
    past = (datetime.now(UTC) - timedelta(minutes=10)).strftime("%Y-%m-%d %H:%M:%S")
    if check == "journal":
        shell.run("journal", "checkpoint")  # gives the entries their places in the tree
    with sqlite3.connect(shell.data / f"{file}.sqlite3") as base:
        base.execute(sql, {"past": past})
    one = finding(shell.json("doctor"), check)
    assert one["status"] == status, one


def test_old_keys_that_nobody_came_by_to_replace_are_found(shell):
    past = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%d")
    with sqlite3.connect(shell.data / "keys.sqlite3") as base:
        # What a rotation leaves: a newer epoch, while wraps of the older one are still there.
        columns = [row[1] for row in base.execute("PRAGMA table_info(vault_epoch)")]
        row = dict(zip(columns, base.execute("SELECT * FROM vault_epoch").fetchone(), strict=True))
        row |= {"id": "ff" * 16, "number": row["number"] + 1, "day": past}
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join(f":{name}" for name in columns)
        base.execute(f"INSERT INTO vault_epoch ({names}) VALUES ({marks})", row)
    one = finding(shell.json("doctor"), "re-sealing")
    assert one["status"] == "WARN"
    assert past in one["detail"]


def test_a_full_disk_and_a_silent_mail_server_are_failures(shell):
    more = {
        "AMPARO_FREE_DISK": str(10**18),
        "AMPARO_SMTP_HOST": "127.0.0.1",
        "AMPARO_SMTP_PORT": "1",
    }
    told = shell.json("doctor", **more)
    assert finding(told, "disk")["status"] == "FAIL"
    assert finding(told, "mail")["status"] == "FAIL"


def test_a_house_that_tells_once_a_day_only_is_warned(shell):
    options = {"AMPARO_SMTP_HOST": "127.0.0.1", "AMPARO_SMTP_PORT": "9"}
    done = shell.run("doctor", "--json", AMPARO_NOTICE_AT_ONCE="false", **options)
    row = finding(json.loads(done.stdout), "notices at once")
    assert row["status"] == "WARN" and "07:00" in row["detail"]
    told = json.loads(shell.run("doctor", "--json", **options).stdout)
    assert not [one for one in told["checks"] if one["check"] == "notices at once"]


def test_a_lockdown_is_said_first_of_all(shell):
    assert shell.run("lockdown").returncode == 0
    one = finding(shell.json("doctor"), "lockdown")
    assert one["status"] == "FAIL"
    assert "--lift" in one["mend"]


def test_a_gateway_that_cannot_be_used_is_named(shell):
    assert finding(shell.json("doctor"), "text messages")["status"] == "WARN"
    file = shell.data / "gateways.toml"
    file.write_text("[[gateway]]\nname = 'one'\nurl = 'ftp://x/'\n")
    one = finding(shell.json("doctor"), "text messages")
    assert one["status"] == "FAIL" and "https://" in one["detail"]
    body = """body = '{"to": "{to}", "text": "{text}"}'"""
    file.write_text(f"[[gateway]]\nname = 'one'\nurl = 'https://sms.example/'\n{body}\n")
    file.chmod(0o644)
    assert "chmod" in finding(shell.json("doctor"), "text messages")["mend"]
    file.chmod(0o600)
    one = finding(shell.json("doctor"), "text messages")
    assert one["status"] == "OK" and "no provider has been tried" in one["detail"]
    # It sends, and says nothing back: nobody knows what arrives, and nothing comes in.
    assert finding(shell.json("doctor"), "receipts")["status"] == "WARN"
    assert "none can come in" in finding(shell.json("doctor"), "answers")["detail"]
    file.write_text(two_way("https://sms.example/"))
    told = shell.json("doctor")
    assert finding(told, "receipts")["status"] == "OK"
    assert "+525500000001; 0 messages of unknown senders" in finding(told, "answers")["detail"]
    assert SECRET not in json.dumps(told)


def test_an_alarm_that_nothing_moves_is_a_failure(shell):
    assert finding(shell.json("doctor"), "alarms")["status"] == "OK"
    assert "How you are told" in finding(shell.json("doctor"), "who is rung")["mend"]
    names = ("id", "press", "plan", "case")
    row = {name: number.to_bytes(16, "big").hex() for number, name in enumerate(names, 1)}
    with sqlite3.connect(shell.data / "data.sqlite3") as data:
        data.execute(
            'INSERT INTO alerts_alarm (id, press, plan, "case", mode, state, step, ladder, desk, '
            "version, day) VALUES (:id, :press, :plan, :case, 'actual', 'open', 0, '', '', 0, "
            "'2026-03-07')",
            row,
        )
    one = finding(shell.json("doctor"), "alarms")
    assert one["status"] == "FAIL" and "1 stuck" in one["detail"]
