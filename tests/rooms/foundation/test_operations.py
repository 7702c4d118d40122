"""Two commits, one rule: whatever breaks off is finished or undone by the sweep."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.errors import AmparoError
from amparo.foundation.models import Announcement, JournalEntry, KeyIntent, Operation
from amparo.foundation.router import DATA, KEYSTORE, Router, home
from amparo.vault.models import Grant, Principal
from tests.make import Crash

finished: list[dict[str, str]] = []
undone: list[ids.Id] = []
broken: list[bool] = [False]


@pytest.fixture(autouse=True)
def _deed() -> Iterator[None]:
    @operations.finishes("test.end")
    def finisher(subject: dict[str, str]) -> None:
        if broken[0] and subject["who"] == "broken":
            raise ZeroDivisionError
        finished.append(subject)

    operations.undoes(undone.append)
    journal.use(lambda detail: (b"d" * 32, detail))
    finished.clear()
    undone.clear()
    broken[0] = False
    yield
    from amparo.vault import log

    journal.use(log.seal_detail)
    operations._undoers.remove(undone.append)
    del operations._finishers["test.end"]


def make() -> operations.Making:
    making = operations.Making("test.make")
    with journal.unit():
        with making.keys():
            pass
        with making.data():
            Announcement.objects.create(event="test.Made", ids={})
            journal.note("made")
    return making


def end(who: str = "amina") -> None:
    with journal.unit(), operations.ending("test.end", who=who):
        journal.note("ended")


def late() -> None:
    clock.forward(operations.PATIENCE)


def sweep(*, at_once: bool = False) -> int:
    with journal.unit():
        return operations.sweep(at_once=at_once)


# --- making --------------------------------------------------------------------------------------
def test_a_whole_making_leaves_nothing_to_sweep() -> None:
    make()
    late()
    assert operations.pending() == 1  # its intent, which the sweep looks at
    assert sweep() == 0
    late()
    assert sweep() == 0
    assert not KeyIntent.objects.exists() and not Operation.objects.exists()
    assert undone == []


def test_a_making_that_broke_off_before_its_data_is_undone(crash_at: Callable[[str], None]) -> None:
    crash_at("test.make:keys")
    with pytest.raises(Crash):
        make()
    assert sweep() == 0  # it may still be under way
    late()
    assert operations.pending() == 1
    assert sweep() == 1
    assert len(undone) == 1
    assert operations.pending() == 0 and not Announcement.objects.exists()


def test_a_making_that_broke_off_after_its_data_stands(crash_at: Callable[[str], None]) -> None:
    crash_at("test.make:data")
    with pytest.raises(Crash):
        make()
    assert sweep(at_once=True) == 0
    assert undone == [] and Announcement.objects.count() == 1


def test_what_failed_in_its_keys_has_no_intent() -> None:
    making = operations.Making("test.make")
    with pytest.raises(ZeroDivisionError), making.keys():
        raise ZeroDivisionError
    assert not KeyIntent.objects.exists()


def test_a_making_whose_data_were_refused_keeps_no_key() -> None:
    making = operations.Making("test.make")
    with journal.unit(), making.keys():
        pass
    with pytest.raises(ZeroDivisionError), journal.unit(), making.data():
        raise ZeroDivisionError
    assert undone == [making.id] and not KeyIntent.objects.exists()
    again = operations.Making("test.end")
    with journal.unit(), again.keys():
        pass
    with pytest.raises(ZeroDivisionError), journal.unit(), again.ending(who="amina"):
        raise ZeroDivisionError
    assert undone[-1] == again.id and finished == []
    assert operations.pending() == 0


def test_a_making_that_was_undone_meanwhile_fails_when_it_comes_to_its_data() -> None:
    """A machine that slept between the halves must not accept what has no keys any more."""
    making = operations.Making("test.make")
    with journal.unit(), making.keys():
        pass
    late()
    assert sweep() == 1
    with journal.unit(), pytest.raises(AmparoError), making.data():
        Announcement.objects.create(event="test.Made", ids={})
    assert not Announcement.objects.exists()
    clock.forward(timedelta(days=2))  # so long is it remembered at most
    sweep()
    assert not Operation.objects.exists() and not KeyIntent.objects.exists()


# --- ending --------------------------------------------------------------------------------------
def test_an_ending_is_carried_out_at_once() -> None:
    end()
    assert finished == [{"who": "amina"}]
    assert not Operation.objects.exists()


def test_an_ending_that_was_refused_ends_nothing() -> None:
    with pytest.raises(ZeroDivisionError), journal.unit(), operations.ending("test.end", who="x"):
        raise ZeroDivisionError
    assert finished == [] and not Operation.objects.exists()


@pytest.mark.parametrize("point", ["accepted", "ended"])
def test_an_accepted_ending_is_finished_by_the_sweep(
    crash_at: Callable[[str], None], point: str
) -> None:
    crash_at(f"test.end:{point}")
    with pytest.raises(Crash):
        end()
    assert JournalEntry.objects.count() == 1  # accepted, with its entry
    late()
    assert operations.pending() == 1
    assert sweep() == 1
    assert finished[-1] == {"who": "amina"}
    assert operations.pending() == 0


def test_an_ending_that_made_keys_first_stands_whole(crash_at: Callable[[str], None]) -> None:
    """Some deeds give keys and take others: one acceptance stands for both."""

    def exchange() -> None:
        making = operations.Making("test.end")
        with journal.unit():
            with making.keys():
                pass
            with making.ending(who="amina"):
                journal.note("exchanged")

    exchange()
    late()
    late()
    assert sweep() == 0
    assert finished == [{"who": "amina"}] and undone == []
    crash_at("test.end:accepted")
    with pytest.raises(Crash):
        exchange()
    late()
    assert sweep() == 1
    assert len(finished) == 2 and undone == []
    assert operations.pending() == 0


def test_one_deed_that_cannot_be_finished_does_not_hold_up_the_others(
    crash_at: Callable[[str], None],
) -> None:
    broken[0] = True
    for who in ("broken", "amina"):
        crash_at("test.end:accepted")
        with pytest.raises(Crash):
            end(who)
    late()
    assert sweep() == 1
    assert finished == [{"who": "amina"}]
    assert operations.pending() == 1  # and doctor shows it
    broken[0] = False
    assert sweep() == 1


def test_at_the_start_of_the_only_process_nothing_is_waited_for(
    crash_at: Callable[[str], None],
) -> None:
    crash_at("test.make:keys")
    with pytest.raises(Crash):
        make()
    crash_at("test.end:accepted")
    with pytest.raises(Crash):
        end()
    assert sweep(at_once=True) == 2
    assert len(undone) == len(finished) == 1
    clock.forward(timedelta(days=1))
    assert operations.pending() == 0


def test_a_reader_elsewhere_does_not_hold_up_an_ending() -> None:
    """On SQLite a destroyed key also leaves the write-ahead log, once nobody reads there."""
    connection = connections[KEYSTORE]
    if connection.vendor != "sqlite":
        end()
        return
    wal = Path(f"{connection.settings_dict['NAME']}-wal")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM vault_grant").fetchone()
        KeyIntent.objects.create(id=ids.new())
        began = time.monotonic()
        end()
        assert time.monotonic() - began < 10
        assert wal.stat().st_size > 0
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)
    operations.scrub()
    assert wal.stat().st_size == 0


# --- the router ----------------------------------------------------------------------------------
def test_keys_live_apart_from_data() -> None:
    router = Router()
    assert home(Grant) == home(Principal) == home(KeyIntent) == KEYSTORE
    assert home(Operation) == home(JournalEntry) == DATA
    assert not router.allow_relation(Grant(), Operation())
    assert not router.allow_migrate(DATA, "vault", "grant")
    assert router.allow_migrate(KEYSTORE, "vault", "grant")


# --- what only a person's own keys can do -----------------------------------------------------------
@pytest.fixture
def done() -> Iterator[list[bool]]:
    """Whether the key store says that the deed was done."""
    said = [False]
    operations.was_done("test.own")(lambda subject: subject["who"] == "amina" and said[0])
    yield said
    del operations._judges["test.own"]


def own(done: list[bool], *, fails: bool = False) -> None:
    with journal.unit():
        deed = operations.Personal("test.own", who="amina")
        with deed.accepted():
            journal.note("own deed")
        with deed.keys():
            if fails:
                raise ZeroDivisionError
            done[0] = True


def deeds() -> list[str]:
    rows = JournalEntry.objects.order_by("seq")
    return [one["deed"] for row in rows for one in json.loads(bytes(row.sealed))["deeds"]]


def test_a_personal_deed_is_accepted_and_then_done(done: list[bool]) -> None:
    own(done)
    assert deeds() == ["own deed"] and not Operation.objects.exists()
    late()
    assert sweep() == 0


@pytest.mark.parametrize(
    ("point", "said"), [("accepted", ["own deed", "operation.undone"]), ("keys", ["own deed"])]
)
def test_of_one_that_broke_off_the_journal_says_whether_it_was_done(
    done: list[bool], crash_at: Callable[[str], None], point: str, said: list[str]
) -> None:
    crash_at(f"test.own:{point}")
    with pytest.raises(Crash):
        own(done)
    assert operations.pending() == 0
    late()
    assert operations.pending() == 1 and sweep() == 1
    assert deeds()[:2] == said + ["operation.finished"] * (2 - len(said))
    assert not Operation.objects.exists()


def test_one_that_is_refused_in_its_second_half_was_not_done(done: list[bool]) -> None:
    with pytest.raises(ZeroDivisionError):
        own(done, fails=True)
    assert deeds() == ["own deed", "operation.undone"] and not Operation.objects.exists()
