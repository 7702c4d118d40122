"""Deeds across the two databases: two commits, one rule (keys first), finished or undone by a sweep.

Making: the keys are committed first, with their intent; then the data with the deed's id. A crash
between leaves keys that open nothing, and the sweep takes them away. Ending (withdrawing, revoking,
erasing): the deed is accepted first, in the data, with its journal entry; then the keys go; then the
rest of the data. A crash leaves an accepted deed that the sweep finishes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connections, transaction

from amparo.foundation import clock, ids, journal
from amparo.foundation.models import KeyIntent, Operation
from amparo.foundation.router import DATA, KEYSTORE

PATIENCE = timedelta(minutes=2)  # how long a deed may be half done before the sweep steps in
Finisher = Callable[[dict[str, str]], None]
_finishers: dict[str, Finisher] = {}
_undoers: list[Callable[[ids.Id], None]] = []
_checkpoint: list[Callable[[str], None]] = []  # the proofs hang a kill switch in here


def at(point: str) -> None:
    """A named point between two commits, where the proofs may kill the process."""
    for check in _checkpoint:
        check(point)


def finishes(kind: str) -> Callable[[Finisher], Finisher]:
    """The function that does the second part of an ending; it must be idempotent."""

    def register(finisher: Finisher) -> Finisher:
        _finishers[kind] = finisher
        return finisher

    return register


def undoes(undoer: Callable[[ids.Id], None]) -> Callable[[ids.Id], None]:
    """The function that takes away whatever keys a making (by its id) has left."""
    _undoers.append(undoer)
    return undoer


@contextmanager
def writing() -> Iterator[None]:
    """One transaction on the data, with the journal entry of the request inside it."""
    with transaction.atomic(using=DATA):
        yield
        journal.flush()


class Making:
    """A deed that makes keys and data. Use `keys()` first, then `data()`, each once."""

    def __init__(self, kind: str) -> None:
        self.id = ids.new()
        self.kind = kind

    @contextmanager
    def keys(self) -> Iterator[None]:
        """The first commit."""
        with transaction.atomic(using=KEYSTORE):
            yield
            KeyIntent.objects.create(id=self.id, due_at=clock.now() + PATIENCE)
        at(f"{self.kind}:keys")

    @contextmanager
    def data(self) -> Iterator[None]:
        """The second commit: rows, journal and the mark that the deed is whole."""
        with writing():
            yield
            Operation.objects.create(
                id=self.id, kind=self.kind, done=True, due_at=clock.now() + 2 * PATIENCE
            )
        at(f"{self.kind}:data")


@contextmanager
def ending(kind: str, **subject: object) -> Iterator[ids.Id]:
    """Accept a deed that takes keys away: rows of the block and journal in one commit, then the
    finisher. From the accepting commit on, the deed will be carried out whatever happens."""
    operation = Operation(
        kind=kind,
        ids={key: str(value) for key, value in subject.items()},
        due_at=clock.now() + PATIENCE,
    )
    with writing():
        operation.save(force_insert=True)
        yield operation.id
    at(f"{kind}:accepted")
    _finish(operation)


def _finish(operation: Operation) -> None:
    _finishers[operation.kind](dict(operation.ids))
    at(f"{operation.kind}:keys")
    operation.delete()
    scrub()


def scrub() -> None:
    """Empty SQLite's write-ahead logs, where destroyed wraps still stand after the commit.

    Does nothing inside a transaction; a reader elsewhere can hold it up, so the heartbeat does it
    again every minute. PostgreSQL has no such verb: see the threat model.
    """
    for alias in (KEYSTORE, DATA):
        connection = connections[alias]
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pending() -> int:
    """How many deeds stand half done past their patience."""
    now = clock.now()
    return (
        Operation.objects.filter(done=False, due_at__lte=now).count()
        + KeyIntent.objects.filter(due_at__lte=now).count()
    )


def sweep(*, at_once: bool = False) -> int:
    """Finish or undo what a crash left half done; `at_once` at the start of the only process.

    Returns how many deeds were mended. Marks of whole deeds are forgotten on the way.
    """
    now = clock.now() + (PATIENCE if at_once else timedelta())
    mended = 0
    for operation in Operation.objects.filter(done=False, due_at__lte=now):
        with journal.unit():
            journal.note("operation.finished", operation.id, kind=operation.kind)
            _finish(operation)
        mended += 1
    for intent in KeyIntent.objects.filter(due_at__lte=now):
        if not Operation.objects.filter(id=intent.id).exists():
            with journal.unit(), transaction.atomic(using=KEYSTORE):
                for undo in _undoers:
                    undo(intent.id)
                journal.note("operation.undone", intent.id)
                intent.delete()
            mended += 1
        else:
            intent.delete()
    # A mark outlives its intent by one patience, so no intent can miss it.
    Operation.objects.filter(done=True, due_at__lte=now).delete()
    return mended
