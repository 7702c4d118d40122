"""Many at once, on two databases: nobody waits for the other in a circle, and nothing is lost."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from amparo.casework import queries
from amparo.casework.models import Case, Entry
from amparo.casework.services import desk, opening, thread
from amparo.consent import services as consent
from amparo.engine import heartbeat
from amparo.foundation import ids, operations
from amparo.foundation.errors import Conflict, Refused
from amparo.foundation.router import DATA, KEYSTORE
from amparo.people import services as people
from amparo.vault import compartments
from amparo.vault.models import Grant
from tests import make
from tests.make import Defender, House, Officer

WRITING = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def watched() -> Iterator[list[str]]:
    """Statements that write to the data while a transaction of the key store is open."""
    wrong: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(WRITING) and connections[KEYSTORE].in_atomic_block:
            wrong.append(sql[:80])
        return execute(sql, params, many, context)

    with connections[DATA].execute_wrapper(look):
        yield wrong


def test_whoever_holds_the_key_store_does_not_wait_for_the_data(house: House) -> None:
    """Data first, then keys, or one after the other: two who meet in the middle would stand still."""
    with watched() as wrong:
        amina = make.ask("help", files=(make.file(),))
        make.open_case(house.ines, amina.case)
        make.note(house.ines, amina.case, "narrative", "They came on Friday.")
        with house.ines.request() as ines:
            consent.record_answer(
                ines, amina.case, answer="granted", recipient=house.tomas.id, label="T.",
                purpose="legal", compartment="narrative", how="oral", language="en",
            )  # fmt: skip
            consent.override(
                ines, amina.case, compartment="narrative", grantee=house.ruth.id, reason="danger"
            )
            release = consent.request_release(ines, amina.case)
        with house.tomas.request() as tomas:
            consent.approve_release(tomas, release)
        lena = house.hire("lena", "intake")
        with house.ines.request() as ines:
            desk.reassign(ines, amina.case, to=house.tomas.id, version=make.version(amina.case))
        with house.ines.request() as ines:
            people.leave(ines, lena.id)
        with house.tomas.request() as tomas:
            desk.mend(tomas, amina.case)
        heartbeat.beat(heartbeat.EVERY_MINUTE)
        with amina.request() as actor:
            thread.withdraw_request(actor)
        with house.ines.request() as ines:
            people.lockdown(ines)
    assert wrong == []


def together(*deeds: Callable[[], None]) -> None:
    """Run them at once, each in a thread with connections of its own; re-raise what went wrong."""
    failed: list[BaseException] = []
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], None]) -> None:
        try:
            start.wait(20)
            deed()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join(90)
    assert not any(one.is_alive() for one in threads), "two deeds stand still"
    if failed:
        raise failed[0]


def note(officer: Officer, case: ids.Id, text: str) -> None:
    """Write into the story; when its key is turned meanwhile, the form is sent again."""
    for _ in range(50):
        try:
            make.note(officer, case, "narrative", text)
        except (Conflict, Refused):
            continue
        return
    raise AssertionError("the key was turned each time")


def test_what_is_written_while_keys_are_turned_and_re_sealed_is_not_lost(house: House) -> None:
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    with house.ines.request() as ines:
        for one in (house.tomas, house.ruth):
            compartments.extend(
                ines.ring, amina.case, "narrative", compartments.Share(one.id, "protection")
            )

    def write() -> None:
        for number in range(6):
            note(house.tomas, amina.case, f"tomas {number}")

    def turn() -> None:
        for _ in range(3):
            consent.take_key(amina.case, "narrative", {(house.ines.id, "")})
            with operations.transaction.atomic(using=KEYSTORE):
                compartments.rotate(amina.case, "narrative", set())

    def mend() -> None:
        for _ in range(6):
            with house.ruth.request() as ruth:
                desk.mend(ruth, amina.case)

    together(write, turn, mend)
    wanted = {f"tomas {number}" for number in range(6)}
    for officer in (house.tomas, house.ruth):
        assert wanted <= set(make.texts(officer, amina.case, "narrative"))
    with house.ruth.request() as ruth:
        desk.mend(ruth, amina.case)
    epochs = Grant.objects.filter(case=amina.case, compartment="narrative").values_list("epoch")
    assert len(set(epochs)) == 1
    assert wanted <= set(make.texts(house.tomas, amina.case, "narrative"))


def test_many_calls_words_and_answers_at_once_are_all_kept(house: House) -> None:
    amina = make.ask("first")
    made: list[Defender] = []

    def asks() -> None:
        for number in range(4):
            made.append(make.ask(f"call {number}"))

    def writes() -> None:
        for number in range(4):
            with amina.request() as actor:
                thread.write(actor, once=ids.new(), text=f"word {number}")

    def answers() -> None:
        done = 0
        while done < 4:
            try:
                with house.ines.request() as ines:
                    desk.reply(ines, amina.case, text=f"answer {done}")
            except Conflict:
                continue  # she wrote meanwhile: the officer reads it and sends again
            done += 1

    together(asks, asks, writes, answers)
    assert len(made) == 8 and Case.objects.count() == 9
    with amina.request() as actor:
        found = {message.text for message in queries.thread(actor).messages}
    assert found == {"first"} | {
        f"{kind} {number}" for kind in ("word", "answer") for number in range(4)
    }
    row = Case.objects.get(id=amina.case)
    assert (
        row.version == Entry.objects.filter(case=amina.case).count() - 1
    )  # none overwrote another
    assert operations.pending() == 0


def test_of_many_who_take_it_at_once_one_has_it(house: House) -> None:
    amina = make.ask()
    taken: list[str] = []

    def takes(officer: Officer) -> Callable[[], None]:
        def deed() -> None:
            try:
                with officer.request() as actor:
                    desk.take(actor, amina.case, version=0)
            except Conflict:
                return
            taken.append(officer.name)

        return deed

    together(*(takes(officer) for officer in house.officers.values()))
    assert len(taken) == 1
    assert Case.objects.get(id=amina.case).owner == house.officers[taken[0]].id


def test_of_two_who_open_at_once_one_does_and_the_other_is_told(house: House) -> None:
    amina = make.ask()
    opened: list[str] = []

    def opens(officer: Officer) -> Callable[[], None]:
        def deed() -> None:
            try:
                with officer.request() as actor:
                    opening.open_case(actor, amina.case, version=0)
            except Conflict:
                return
            opened.append(officer.name)

        return deed

    together(opens(house.ines), opens(house.tomas))
    assert len(opened) == 1
    make.note(house.officers[opened[0]], amina.case, "narrative", "They came on Friday.")


def test_two_withdrawals_at_once_take_both_keys(house: House) -> None:
    amina = make.ask()
    for one in (house.tomas, house.ruth):
        with house.ines.request() as ines:
            consent.record_answer(
                ines, amina.case, answer="granted", recipient=one.id, label=one.name,
                purpose="legal", compartment="correspondence", how="oral", language="en",
            )  # fmt: skip

    def takes(officer: Officer) -> Callable[[], None]:
        def deed() -> None:
            consent.take_key(amina.case, "correspondence", {(officer.id, "")})

        return deed

    together(takes(house.tomas), takes(house.ruth))
    assert not Grant.objects.filter(grantee__in=[house.tomas.id, house.ruth.id]).exists()
    assert make.texts(house.ines, amina.case, "correspondence")


@pytest.mark.parametrize("size", [1, 8])
def test_a_page_of_the_queue_costs_the_same_with_many_rows(house: House, size: int) -> None:
    for _ in range(size):
        make.ask()
    spent: list[int] = []
    for alias in (DATA, KEYSTORE):
        connections[alias].force_debug_cursor = True
        connections[alias].queries_log.clear()
    try:
        with house.ines.request() as ines:
            queries.queue(ines)
    finally:
        for alias in (DATA, KEYSTORE):
            connections[alias].force_debug_cursor = False
            spent.append(len(connections[alias].queries_log))
    assert sum(spent) < 45
