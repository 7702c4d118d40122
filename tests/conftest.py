"""What every test stands on: a data folder and two databases of its own, and named missing parts.

    pytest                        both databases on SQLite, in files, as in real use
    pytest --postgres             both databases on a PostgreSQL started for this run
    pytest --tally FILE           also write down which room and story tests were run
    pytest -p no:django           pure rules only, without settings and databases

Tests in rooms, stories and doors may use both databases without saying so, with real commits.
`@pytest.mark.needs("chromium")` names a part of the machine; without it the test is skipped here
and fails in CI.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tools.postgres import Missing, Postgres, programs

ROOT = Path(__file__).parents[1]
ON_BOTH = ("rooms", "stories")  # these run on SQLite and on PostgreSQL
WITH_DATABASES = (*ON_BOTH, "doors")
CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

_after = ExitStack()
_tally: dict[str, str] = {}


# --- parts of the machine -----------------------------------------------------------------------
def _postgres_is_here() -> bool:
    try:
        return programs().is_dir()
    except Missing:
        return False


def _node_is_ready(package: str) -> bool:
    return bool(shutil.which("node")) and (ROOT / "tests/node/node_modules" / package).is_dir()


def _machines_can_be_made() -> bool:
    """Whether network namespaces may be made here: one must be root, in a place that lets one."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "runuser"))):
        return False
    name = f"amparo-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made.returncode == 0


PARTS = {
    "chromium": lambda: any(map(shutil.which, CHROMIUM)),
    "postgres": _postgres_is_here,
    "nginx": lambda: bool(shutil.which("nginx") or Path("/usr/sbin/nginx").exists()),
    "spin": lambda: bool(shutil.which("spin") and shutil.which("gcc")),
    "exiftool": lambda: bool(shutil.which("exiftool")),
    "msgfmt": lambda: bool(shutil.which("msgfmt")),
    "netns": _machines_can_be_made,
    "axe-core": lambda: _node_is_ready("axe-core"),
    "age-encryption": lambda: _node_is_ready("age-encryption"),
    "cctv-age": lambda: _node_is_ready("cctv-age"),
}


# --- before Django is loaded --------------------------------------------------------------------
def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("amparo")
    group.addoption("--postgres", action="store_true", help="run on a PostgreSQL of our own")
    group.addoption("--tally", type=Path, help="write which room and story tests were run")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"needs(*parts): parts of the machine, of {', '.join(PARTS)}"
    )
    if not config.pluginmanager.hasplugin("django"):
        return
    for name in [name for name in os.environ if name.startswith("AMPARO_")]:
        del os.environ[name]  # the options of whoever runs the tests are not ours
    data = Path(tempfile.mkdtemp(prefix="amparo-tests-"))
    _after.callback(shutil.rmtree, data, ignore_errors=True)
    os.environ["AMPARO_DATA"] = str(data)
    os.environ["AMPARO_HASH_LEVEL"] = "a0"  # a test of its own keeps the shipped level strong
    os.environ["AMPARO_SITES"] = "localhost,127.0.0.1,testserver"
    # Playwright's loop runs in this thread, and Django would take the tests for asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    if config.getoption("--postgres"):
        server = _after.enter_context(Postgres())
        os.environ["AMPARO_DATABASE_URL"] = server.url("amparo")
        os.environ["AMPARO_KEYSTORE_URL"] = server.url("amparo_keys")
    os.environ["DJANGO_SETTINGS_MODULE"] = "amparo.settings"

    from django.conf import settings

    assert settings.DATABASES  # loads them now; pytest-django then sets up the apps


def pytest_unconfigure() -> None:
    _after.close()


def pytest_report_header(config: pytest.Config) -> str:
    return f"databases: {'PostgreSQL' if config.getoption('--postgres') else 'SQLite'}"


# --- databases ----------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """SQLite in files: in memory, threads would share one connection and WAL would not exist."""
    from django.db import connections

    for connection in connections.all():
        if connection.vendor == "sqlite":
            name = Path(connection.settings_dict["NAME"])
            connection.settings_dict["TEST"]["NAME"] = str(name.with_name(f"test-{name.name}"))


@pytest.fixture(autouse=True)
def _time_comes_back() -> Iterator[None]:
    """A story that moved the clock does not move it for the next one."""
    from amparo.foundation import clock

    before = clock._offset, clock._frozen
    yield
    clock._offset, clock._frozen = before


@pytest.fixture(autouse=True)
def _an_engine_lives(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests call what the engine does by hand, so pages need not say that there is none."""
    if folder_of(request.node) not in WITH_DATABASES:
        return
    from amparo.foundation import engines
    from amparo.web import standing

    monkeypatch.setattr(engines, "alive", lambda: 1)
    standing.forget()


def folder_of(item: pytest.Item) -> str:
    """The folder below tests that an item stands in: rules, rooms, doors, stories, house."""
    return item.path.relative_to(ROOT / "tests").parts[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if folder_of(item) in WITH_DATABASES and not item.get_closest_marker("django_db"):
            item.add_marker(
                pytest.mark.django_db(transaction=True, databases=["default", "keystore"])
            )


# --- missing parts ------------------------------------------------------------------------------
def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = [part for marker in item.iter_markers("needs") for part in marker.args]
    missing = [part for part in wanted if not PARTS[part]()]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} (make setup)")


def _fail_in_ci(report: Any) -> None:
    """A test that could not run for want of a part has not passed, and CI must say so."""
    if not (CI and report.skipped and isinstance(report.longrepr, tuple)):
        return
    reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    # What no package brings is not CI's to have: the skip names it.
    if reason.startswith("needs ") and "netns" not in reason:
        report.outcome = "failed"
        report.longrepr = f"{reason}: a skip on a desk, a failure in CI"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    _fail_in_ci(report)
    if folder_of(item) in ON_BOTH and (report.when == "call" or report.outcome != "passed"):
        _tally[item.nodeid] = report.outcome
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    _fail_in_ci(report)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    file = session.config.getoption("--tally")
    if file:
        file.write_text(json.dumps(_tally))


# --- a real browser -----------------------------------------------------------------------------
@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium under Playwright; make a context of your own from it."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("needs chromium (make setup)")
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    if os.getuid() == 0:
        quiet.append("--no-sandbox")  # Chromium refuses to start as root otherwise
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=quiet)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core: run it with JavaScript on, for without it axe waits for ever."""
    file = ROOT / "tests/node/node_modules/axe-core/axe.min.js"
    if not file.is_file():
        pytest.skip("needs axe-core (make setup)")
    return file.read_text()
