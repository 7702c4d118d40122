"""Announcements: written with the deed, tried at once, delivered at least once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from amparo.foundation import clock, events, ids
from amparo.foundation.models import Announcement


@dataclass(frozen=True)
class Happened:
    case: str


heard: list[tuple[str, ids.Id]] = []
failing: list[bool] = [False]


@pytest.fixture(autouse=True)
def _listen() -> Iterator[None]:
    def listener(event: Any, event_id: ids.Id) -> None:
        if failing[0]:
            raise ZeroDivisionError("a name that must not be logged")
        heard.append((event.case, event_id))

    events.listens(Happened)(listener)
    heard.clear()
    failing[0] = False
    yield
    events._listeners.pop(events.name_of(Happened))
    events._kinds.pop(events.name_of(Happened))


def test_it_is_heard_after_the_commit_and_forgotten() -> None:
    with transaction.atomic():
        events.announce(Happened("1"))
        assert heard == []
    assert [case for case, _ in heard] == ["1"]
    assert not Announcement.objects.exists()


def test_a_deed_that_was_rolled_back_announces_nothing() -> None:
    @transaction.atomic
    def deed() -> None:
        events.announce(Happened("1"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deed()
    assert heard == [] and not Announcement.objects.exists()


def test_a_listener_that_fails_is_tried_again_with_the_same_id(caplog: Any) -> None:
    failing[0] = True
    with clock.frozen():
        events.announce(Happened("1"))
        row = Announcement.objects.get()
        assert row.tries == 1 and row.due_at > clock.now()
        failing[0] = False
        assert events.deliver_due() == 0  # not yet
        clock.forward(timedelta(seconds=2))
        assert events.deliver_due() == 1
    assert heard == [("1", row.id)]
    assert "name" not in caplog.text


def test_five_failures_are_shown_to_a_person() -> None:
    failing[0] = True
    with clock.frozen():
        events.announce(Happened("1"))
        for _ in range(10):
            clock.forward(timedelta(minutes=10))
            events.deliver_due()
    assert Announcement.objects.get().tries == events.GIVE_UP
    assert events.stuck() == 1


def test_an_event_that_this_version_does_not_know_stops_no_other() -> None:
    Announcement.objects.create(event="casework.Gone", ids={"case": "0"})
    Announcement.objects.create(event=events.name_of(Happened), ids={"case": "1"})
    Announcement.objects.create(event=events.name_of(Happened), ids={"other": "1"})
    assert events.deliver_due() == 1
    assert [case for case, _ in heard] == ["1"]
    assert Announcement.objects.filter(tries=1).count() == 2
