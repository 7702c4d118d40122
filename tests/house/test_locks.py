"""What is installed is pinned, carries its digest and names no address."""

import json
import re
import tomllib

import pytest

from tests.house.conftest import ROOT

LOCKS = ["requirements.txt", "requirements-dev.txt", "bench/beside/requirements.txt"]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_with_a_digest(lock):
    entries = (ROOT / lock).read_text().replace("\\\n", "").splitlines()
    assert entries
    for entry in entries:
        assert PIN.match(entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}(\s|$)", entry), entry


@pytest.mark.parametrize("lock", [*LOCKS, "tests/node/package-lock.json"])
def test_no_lock_names_an_address_to_fetch_from(lock):
    text = (ROOT / lock).read_text()
    assert not re.search(r'"resolved"|--(extra-)?index|--find-links|--trusted|\bfile:', text)
    if lock.endswith(".txt"):
        assert "://" not in text


def test_every_javascript_package_has_its_digest():
    lock = json.loads((ROOT / "tests/node/package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_what_runs_is_what_was_tested():
    run, tested = pins("requirements.txt"), pins("requirements-dev.txt")
    assert run.items() <= tested.items()


def test_everything_the_project_asks_for_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[\[<>=!~ ;]", line)[0].lower() for line in lines}

    assert names(project["dependencies"]) <= pins("requirements.txt").keys()
    assert names(project["optional-dependencies"]["dev"]) <= pins("requirements-dev.txt").keys()


def test_the_notice_names_every_package():
    notice = (ROOT / "NOTICE").read_text()
    words = set(re.split(r"[\s,;()]+", notice))
    together = {"psycopg-binary", "psycopg-pool"}  # "psycopg, -binary, -pool"
    locked = {name for lock in LOCKS for name in pins(lock)} - together
    assert locked - words == set()
