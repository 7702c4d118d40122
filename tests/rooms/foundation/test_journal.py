"""One entry a request; what was refused stands in it, what was rolled back does not."""

import json
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection

from amparo.foundation import journal, operations
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Refused
from amparo.foundation.models import Announcement, JournalEntry
from amparo.vault import log
from tests.make import House


def deeds() -> list[list[str]]:
    """The deeds of each entry, read as the sealer got them."""
    return [json.loads(bytes(row.sealed))["deeds"] for row in JournalEntry.objects.order_by("seq")]


def names() -> list[list[str]]:
    return [[one["deed"] for one in entry] for entry in deeds()]


@pytest.fixture(autouse=True)
def _plain_details() -> Any:
    """Details as they were noted; how they are sealed is the vault's affair."""
    journal.use(lambda detail: (b"d" * 32, detail))
    yield
    journal.use(log.seal_detail)


def test_one_request_is_one_entry() -> None:
    with journal.unit():
        journal.note("read")
        journal.note("list", count=3)
    assert names() == [["read", "list"]]


def test_a_request_that_did_nothing_is_no_entry() -> None:
    with journal.unit():
        pass
    assert names() == []


def test_a_unit_inside_a_unit_is_the_same() -> None:
    with journal.unit():
        journal.note("read")
        with journal.unit():
            journal.note("write")
        assert names() == []
    assert names() == [["read", "write"]]


def test_a_refusal_stands_although_the_request_failed() -> None:
    @journal.unit()
    def deed() -> None:
        journal.note("refused", deed="read")
        raise Refused

    with pytest.raises(Refused):
        deed()
    assert names() == [["refused"]]


def test_a_deed_and_its_entry_stand_or_fall_together() -> None:
    @journal.unit()
    def deed() -> None:
        journal.note("read")
        with operations.writing():
            Announcement.objects.create(event="x", ids={})
            journal.note("written")
            journal.note("refused", deed="read")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deed()
    assert not Announcement.objects.exists()
    assert names() == [["read", "refused"]]


def test_what_was_read_before_a_commit_that_failed_is_noted_all_the_same() -> None:
    @journal.unit()
    def deed() -> None:
        journal.note("read")
        failing = mock.patch.object(connection, "commit", side_effect=DatabaseError)
        with failing, operations.writing():
            journal.note("written")

    with pytest.raises(DatabaseError):
        deed()
    assert names() == [["read"]]


def test_a_deed_outside_every_unit_is_a_fault_of_ours() -> None:
    with pytest.raises(RuntimeError):
        journal.note("read")


def test_the_entry_says_who_acted() -> None:
    with journal.unit():
        journal.act_as(Actor("staff"))
        journal.note("read")
    row = json.loads(bytes(JournalEntry.objects.get().sealed))
    assert row["actor"] == ["staff", ""]


def test_only_auditors_read_what_was_sealed(house: House) -> None:
    journal.use(log.seal_detail)
    with journal.unit():
        journal.note("read", "something")
    entry = JournalEntry.objects.get()
    assert b"something" not in bytes(entry.sealed)
    with house.ines.request() as ines:
        assert log.open_detail(ines.ring, entry)["deeds"] == [{"deed": "read", "on": ["something"]}]
    stranger = house.hire("lena", "intake")
    with stranger.request() as lena, pytest.raises(Refused):
        log.open_detail(lena.ring, entry)
