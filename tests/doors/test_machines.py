"""Three machines: each part is killed and cut off in turn, and no press that was accepted is lost."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.machines import Machines, machines
from tests.doors.shell import wait_for

pytestmark = [pytest.mark.needs("postgres", "netns"), pytest.mark.timeout(600)]


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Machines]:
    with machines(tmp_path) as made:
        yield made


def test_each_part_is_killed_and_cut_off_and_nothing_accepted_is_lost(
    three: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    cards: list[dict[str, str]] = three.inside("cards", count=60)
    accepted: list[dict[str, str]] = []

    def press(count: int = 1) -> None:
        for _ in range(count):
            card = cards.pop()
            assert three.press(card)
            accepted.append(card)

    def all_told() -> float:
        begun = time.monotonic()
        wait_for(lambda: {one["number"] for one in accepted} <= set(three.told()), 90)
        return time.monotonic() - begun

    def held(harm: Callable[[], Any]) -> float:
        """Harm comes while both engines hold messages that a slow gateway has not answered."""
        three.hangs.touch()
        press(10)
        time.sleep(1)
        harm()
        three.hangs.unlink()
        return all_told()

    press(3)
    all_told()
    taken = {"engine killed": held(lambda: three.kill("engine"))}
    three.engine()
    taken["engine cut off"] = held(lambda: three.pull("b"))
    three.plug("b")
    wait_for(lambda: three.inside("engines") == 2, 60)
    taken["pages and engine killed"] = held(lambda: three.kill("up"))
    three.up()
    three.pull("a")
    card = cards.pop()
    assert not three.press(card)  # nothing was accepted, and nobody was told so
    three.plug("a")
    wait_for(lambda: three.press(card), 90)  # pressed again, it is one press
    accepted.append(card)
    all_told()
    press(3)
    three.kill_postgres()
    three.start_postgres()
    all_told()
    card = cards.pop()
    wait_for(lambda: three.press(card), 90)
    accepted.append(card)
    all_told()
    time.sleep(1)
    for number, texts in three.told().items():
        plain = [text for text in texts if not text.endswith(" (2)")]
        assert len(plain) <= 1, (number, texts)  # what may have come before says so
    assert three.inside("alarms") == len(accepted)
    with capsys.disabled():
        print(
            "\nuntil all were told, seconds: " + ", ".join(f"{k} {v:.1f}" for k, v in taken.items())
        )
