"""What the heartbeat does how often: nothing that looks at every file happens every minute."""

import threading
from collections import Counter
from types import SimpleNamespace

import pytest

from amparo.engine import heartbeat
from amparo.messages import services as messages
from amparo.vault import files


def test_seconds_minutes_and_hours_have_their_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    done: Counter[str] = Counter()
    moment, stop = [0.0], threading.Event()

    def job(name: str) -> None:
        def run() -> None:
            done[name] += 1
            if name == "second":
                moment[0] += 30
                if done["second"] == 2 * 60 * 3:
                    stop.set()

        monkeypatch.setattr(heartbeat, f"EVERY_{name.upper()}", (run,))

    for name in ("second", "minute", "hour"):
        job(name)
    monkeypatch.setattr(heartbeat, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    monkeypatch.setattr(heartbeat, "_rest", lambda *_: None)
    heartbeat.run(stop)
    assert done == {"second": 360, "minute": 180, "hour": 3}


def test_walking_through_all_files_is_a_job_of_the_hour() -> None:
    assert files.sweep in heartbeat.EVERY_HOUR
    assert files.sweep not in heartbeat.EVERY_MINUTE
    # What is due to the minute is not put off by that.
    assert {files.sweep_unfinished, messages.queue_daily} <= set(heartbeat.EVERY_MINUTE)
