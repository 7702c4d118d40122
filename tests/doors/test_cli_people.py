"""Joining, leaving, locking out, a raid: from the shell, with a person's key or without."""

import contextlib
import sqlite3
import time

import pyotp
import pytest

from tests.doors.shell import copied, fetch


class House:
    """An installation and what its officers carry."""

    def __init__(self, folder):
        self.shell, said = copied(folder)
        self.officers = {one["sign_in"]: one for one in said["officers"]}
        self.used: dict[str, int] = {}

    def keys(self, name: str) -> str:
        """What an officer types: name, passphrase, digits that were not used before."""
        one, now = self.officers[name], int(time.time()) // 30
        step = max(self.used.get(name, 0) + 1, now - 1)
        if step > now:
            # As if the digits of before were older: nobody waits half a minute for the next ones.
            with contextlib.closing(sqlite3.connect(self.shell.data / "keys.sqlite3")) as keys:
                keys.execute("UPDATE vault_factor SET last_step = 0")
                keys.commit()
            step = now - 1
        if step < now and time.time() % 30 > 26:
            step = now  # the last set would be too old when it arrives
        self.used[name] = step
        return f"{name}\n{one['passphrase']}\n{pyotp.TOTP(one['totp']).at(step * 30)}\n"

    def run(self, *arguments: str, by: str = "", more: str = ""):
        return self.shell.run(*arguments, typed=(self.keys(by) if by else "") + more)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_an_invitation_is_a_link_to_the_desk(house):
    done = house.run("staff", "invite", "Amal", "--team", "intake", by="ines")
    assert done.returncode == 0, done.stderr
    link = done.stdout.strip()
    assert link.startswith("http://localhost:8000/desk/join/")
    with house.shell.serving() as (_server, port, _said):
        status, page = fetch(port, link.removeprefix("http://localhost:8000"))
    assert status == 200
    assert "<form" in page


@pytest.mark.parametrize(
    ("site", "place"),
    [("notes.example.org", "https://notes.example.org/"), ("abc.onion", "http://abc.onion/")],
)
def test_an_invitation_goes_where_the_pages_are(house, site, place):
    more = {"AMPARO_SITES": site, "AMPARO_SECURE": "1"}
    typed = house.keys("ines")
    done = house.shell.run("staff", "invite", "Amal", typed=typed, **more)
    assert done.stdout.startswith(place), done.stderr


def test_a_wrong_key_gets_one_answer(house):
    wrong = house.keys("ines").replace(house.officers["ines"]["passphrase"], "not the words")
    done = house.shell.run("staff", "list", typed=wrong)
    nobody = house.shell.run("staff", "list", typed="nobody\nno words of anybody here\n123456\n")
    assert done.returncode == nobody.returncode == 1
    assert done.stderr.splitlines()[-1] == nobody.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_passphrases_never_stand_in_arguments(house):
    """There is no option that takes one: arguments can be read by every process of the machine."""
    for command in ("invite", "leave", "list"):
        page = house.shell.run("staff", command, "--help").stdout
        options = page.split("\nOPTIONS\n", 1)[1].split("EXIT CODES", 1)[0]
        assert "passphrase" not in options.casefold()


def test_colleagues_are_listed_for_a_colleague(house):
    done = house.run("staff", "list", by="ruth")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[::2]] == ["Ines", "Ruth", "Tomas"]
    shown = "".join(lines[1].split())
    assert shown == house.officers["ines"]["fingerprint"]


def test_somebody_leaves_and_cannot_come_back(house):
    done = house.run("staff", "leave", "tomas", by="ines", more="n\n")
    assert done.returncode == 1  # asked once more, and it was no
    done = house.run("staff", "leave", "tomas", "--yes", by="ines")
    assert done.returncode == 0, done.stderr
    assert house.run("staff", "list", by="tomas").returncode == 1
    assert house.run("staff", "list", by="ruth").returncode == 0
    again = house.run("staff", "leave", "tomas", "--yes", by="ruth")
    assert again.returncode == 1
    assert "left already" in again.stderr


def test_what_only_they_hold_is_named_and_asked_for_twice(house):
    """With Tomas gone the release group has two; without Ruth nobody opens a name any more."""
    for name, team in (("tomas", "legal"), ("tomas", "release")):
        done = house.run("staff", "leave-team", name, team, "--yes", by="ines")
        assert done.returncode == 0, done.stderr
    again = house.run("staff", "leave-team", "tomas", "legal", "--yes", by="ines")
    assert again.returncode == 1 and "not in that team" in again.stderr
    alone = house.run("staff", "leave", "ruth", "--yes", by="ines")
    assert alone.returncode == 2
    assert "the team release: too few would be left" in alone.stderr
    assert "hand it over first" in alone.stderr
    no = house.run("staff", "leave", "ruth", by="ines", more="y\nn\n")
    assert no.returncode == 1
    yes = house.run("staff", "leave", "ruth", "--yes", "--losing", by="ines")
    assert yes.returncode == 0, yes.stderr


def test_nobody_leaves_who_is_not_there(house):
    done = house.run("staff", "leave", "nobody", "--yes", by="ruth")
    assert done.returncode == 1
    assert "nobody" in done.stderr


def test_locking_out_needs_no_key_and_works_at_once(house):
    assert house.run("staff", "list", by="tomas").returncode == 0
    done = house.run("staff", "lock-out", "Tomas", more="y\n")
    assert done.returncode == 0, done.stderr
    assert house.run("staff", "list", by="tomas").returncode == 1
    assert house.run("staff", "lock-out", "tomas", "--yes").returncode == 1  # nobody of that name
    assert house.run("staff", "leave", "tomas", "--yes", by="ines").returncode == 0


def test_the_raid_button_and_the_way_back(house):
    with house.shell.serving() as (_server, port, _said):
        assert house.shell.json("lockdown") == {"ok": True, "locked_down": True}
        assert fetch(port, "/desk/sign-in")[0] == 503
        assert "textarea" not in fetch(port, "/new")[1]
        assert house.shell.run("lockdown", "--lift").returncode == 0
        assert fetch(port, "/desk/sign-in")[0] == 200
        assert "textarea" in fetch(port, "/new")[1]
    assert house.run("staff", "list", by="ruth").returncode == 0
    assert house.shell.run("lockdown", "--lift").returncode == 1
