"""Writers of one process wait in line: nobody overtakes, nobody waits for themselves."""

import threading
import time

import pytest
from django.db import connections, transaction

from amparo.foundation.router import DATA, KEYSTORE
from amparo.foundation.turns import Line, turn


def test_first_come_first_served() -> None:
    line, order = Line(), []
    line.take()

    def wait(number: int) -> None:
        line.take()
        order.append(number)
        line.give()

    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(line._waiting) <= number:
            time.sleep(0.001)
    line.give()
    for thread in threads:
        thread.join(5)
    assert order == list(range(8))


def test_a_turn_is_given_on_when_the_deed_fails() -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError), turn(DATA):
            raise RuntimeError


def test_whoever_has_a_turn_waits_for_no_other() -> None:
    with turn(DATA), transaction.atomic(using=DATA), turn(DATA), turn(KEYSTORE):
        pass


def test_two_threads_that_write_both_files_crosswise_end() -> None:
    done = []

    def write(first: str, second: str) -> None:
        for _ in range(50):
            with turn(first), turn(second):
                pass
        done.append(first)
        connections.close_all()

    threads = [
        threading.Thread(target=write, args=pair) for pair in ((DATA, KEYSTORE), (KEYSTORE, DATA))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(done) == sorted([DATA, KEYSTORE])
