"""What an installation says of itself: a word, metrics, a line at the desk, a call to be missed."""

import dataclasses
import http.server
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from amparo.engine import absence, heartbeat, watching
from amparo.foundation import clock, config
from amparo.foundation.errors import Invalid
from amparo.messages import wire
from amparo.people import services as people
from amparo.web import standing
from tests.doors.alarm_house import Phone, Tab, arm
from tests.doors.desk_house import Busy, client
from tests.doors.shell import copied, fetch, free_port, wait_for

TOKEN = "long and never guessed"


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set options of this process."""

    def put(**given: Any) -> None:
        changed = dataclasses.replace(config.config(), **given)
        for module in (standing, absence):
            monkeypatch.setattr(module, "config", lambda: changed)

    return put


def late(made: Busy) -> None:
    """Somebody pressed, and no engine has moved for too long."""
    Tab(arm(made)).send(do="press")
    clock.forward(timedelta(seconds=31))
    standing.forget()


# --- a word --------------------------------------------------------------------------------------
def test_strangers_learn_only_that_pages_are_answered(made: Busy, options: Any) -> None:
    options(health_token=TOKEN)
    late(made)
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": TOKEN},
        {"Host": "localhost"},
    ):
        answer = Client().get("/healthz", headers=headers)
        assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_without_a_token_nobody_learns_more(made: Busy, options: Any) -> None:
    options(health_token="")
    late(made)
    answer = Client().get("/healthz", headers={"Authorization": "Bearer "})
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_with_the_token_it_is_one_word(made: Busy, options: Any, monkeypatch: Any) -> None:
    options(health_token=TOKEN)
    phone = Phone(monkeypatch)

    def said() -> tuple[int, bytes]:
        standing.forget()
        answer = Client().get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
        return answer.status_code, answer.content

    assert said() == (200, b"ok\n")
    late(made)
    assert said() == (503, b"late\n")
    phone.rings()
    assert said() == (200, b"ok\n")
    with made.house.ines.request() as actor:
        people.lockdown(actor)
    assert said() == (503, b"locked\n")


# --- the desk ------------------------------------------------------------------------------------
def test_every_page_of_the_desk_says_that_something_is_late(made: Busy, monkeypatch: Any) -> None:
    ines, phone = client(made.house.ines), Phone(monkeypatch)
    pages = ("/desk/queue", "/desk/search", "/desk/settings", "/desk/alarms/now")
    assert all("Something is late" not in ines.get(one).content.decode() for one in pages)
    late(made)
    for one in pages:
        assert "Something is late" in ines.get(one).content.decode(), one
    assert "Something is late" not in Client().get("/").content.decode()
    phone.rings()
    standing.forget()
    assert all("Something is late" not in ines.get(one).content.decode() for one in pages)


# --- the call that is missed ---------------------------------------------------------------------
class Watch(http.server.ThreadingHTTPServer):
    """A watch elsewhere, which notes how it was called."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Called)
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.answers = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/ping/a1?x=1"


class Called(http.server.BaseHTTPRequestHandler):
    server: Watch

    def do_GET(self) -> None:
        self.server.calls.append((self.path, dict(self.headers)))
        self.send_response(self.server.answers)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def watch() -> Iterator[Watch]:
    server = Watch()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_watch_is_called_with_nothing_but_its_address(watch: Watch, options: Any) -> None:
    options(watch_url=watch.url, watch_private=True)
    assert absence.call()
    ((path, headers),) = watch.calls
    assert path == "/ping/a1?x=1"
    assert headers.keys() == {"Host", "User-Agent", "Accept"}
    assert not re.search("python|amparo|django", str(headers), re.IGNORECASE)


@pytest.mark.parametrize("answer", [302, 404, 500])
def test_an_answer_that_is_no_yes_is_none_and_no_redirect_is_followed(
    watch: Watch, options: Any, answer: int
) -> None:
    options(watch_url=watch.url, watch_private=True)
    watch.answers = answer
    assert not absence.call()
    assert len(watch.calls) == 1


def test_ones_own_network_is_called_only_where_that_is_allowed(watch: Watch, options: Any) -> None:
    options(watch_url=watch.url, watch_private=False)
    assert not absence.call()
    assert watch.calls == []
    with pytest.raises(Invalid):
        config.read({"AMPARO_WATCH_URL": watch.url})
    assert config.read({"AMPARO_WATCH_URL": watch.url, "AMPARO_WATCH_PRIVATE": "yes"}).watch_url


def test_a_watch_that_hangs_is_left_after_a_while(options: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(wire, "TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        options(watch_url=f"http://127.0.0.1:{silent.getsockname()[1]}/", watch_private=True)
        assert not absence.call()


def test_the_call_is_made_only_while_all_is_well(
    made: Busy, watch: Watch, options: Any, monkeypatch: Any
) -> None:
    options(watch_url=watch.url, watch_private=True)
    monkeypatch.setattr(absence, "EVERY", 0.01)
    monkeypatch.setattr(heartbeat, "last_beat", float("inf"))

    def calls() -> int:
        before, stop = len(watch.calls), threading.Event()
        thread = threading.Thread(target=absence.run, args=(stop,))
        thread.start()
        stop.wait(0.3)
        stop.set()
        thread.join()
        return len(watch.calls) - before

    watching.look()
    assert calls()
    late(made)
    watching.look()
    assert not calls()
    Phone(monkeypatch).rings()
    watching.look()
    monkeypatch.setattr(heartbeat, "last_beat", 0.0)  # it stands still
    assert not calls()


# --- metrics -------------------------------------------------------------------------------------
NAMES = {
    *("amparo_late", "amparo_beat_age_seconds", "amparo_audit_age_seconds", "amparo_ok"),
    *("amparo_engines", "amparo_waiting", "amparo_database_ok"),
}


def test_metrics_count_and_name_nobody(tmp_path: Any) -> None:
    shell, _ = copied(tmp_path)
    port = free_port()
    with (shell.data / "amparo.toml").open("a") as file:
        file.write(f"\nmetrics_port = {port}\n")
    with shell.serving() as (server, _, _said):
        wait_for(lambda: fetch(port, "/healthz") == (200, "ok\n"))
        status, text = fetch(port, "/metrics")
        assert status == 200
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r'\w+(\{\w+="[a-z_-]+"\})? [\d.]+', line) for line in lines), text
        assert {re.split("[{ ]", line)[0] for line in lines} >= NAMES
        assert "amparo_database_ok 1" in lines and "amparo_engines 1" in lines
        assert fetch(port, "/anything")[0] == 404
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0
