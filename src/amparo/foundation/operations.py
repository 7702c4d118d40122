"""Deeds across the two databases: two commits, one rule (keys first), finished or undone by a sweep.

Making: the keys are committed first, with their intent; then the data with the deed's id. A crash
between leaves keys that open nothing, and the sweep takes them away. Ending (withdrawing, revoking,
erasing): the deed is accepted first, in the data, with its journal entry; then the keys go; then the
rest of the data. A crash leaves an accepted deed that the sweep finishes. What only a person's own keys
can do (`Personal`) is accepted first and done second; where it broke off the sweep says that it was
not done, for nobody else can.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, connections, transaction

from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Conflict
from amparo.foundation.models import KeyIntent, Operation
from amparo.foundation.router import DATA, KEYSTORE
from amparo.foundation.turns import turn

PATIENCE = timedelta(minutes=2)  # how long a deed may be half done before the sweep steps in
UNDONE = "undone"
A_MOMENT = 200  # milliseconds
Finisher = Callable[[dict[str, str]], None]
_finishers: dict[str, Finisher] = {}
Judge = Callable[[dict[str, str]], bool]
_judges: dict[str, Judge] = {}
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


def was_done(kind: str) -> Callable[[Judge], Judge]:
    """The function that says whether a personal deed has been done, of what the key store has now."""

    def register(judge: Judge) -> Judge:
        _judges[kind] = judge
        return judge

    return register


def undoes(undoer: Callable[[ids.Id], None]) -> Callable[[ids.Id], None]:
    """The function that takes away whatever keys a making (by its id) has left."""
    _undoers.append(undoer)
    return undoer


@contextmanager
def writing() -> Iterator[None]:
    """One transaction on the data, with the journal entry of the request inside it."""
    with journal.standing(), turn(DATA), transaction.atomic(using=DATA):
        yield
        journal.flush()


class Making:
    """A deed that makes keys and data: first `keys()`, then `data()`, each once. One that also takes
    keys away has `ending()` in the place of `data()`."""

    def __init__(self, kind: str) -> None:
        self.id = ids.new()
        self.kind = kind

    @contextmanager
    def keys(self) -> Iterator[None]:
        """The first commit; Conflict when somebody else made the same keys meanwhile."""
        try:
            with turn(KEYSTORE), transaction.atomic(using=KEYSTORE):
                yield
                KeyIntent.objects.create(id=self.id, due_at=clock.now() + PATIENCE)
        except IntegrityError:
            raise Conflict from None
        at(f"{self.kind}:keys")

    @contextmanager
    def data(self) -> Iterator[None]:
        """The second commit: rows, journal and the mark that the deed is whole."""
        due = clock.now() + 2 * PATIENCE
        with self._or_not(), writing():
            yield
            _mark(Operation(id=self.id, kind=self.kind, done=True, due_at=due))
        at(f"{self.kind}:data")

    @contextmanager
    def ending(self, **subject: object) -> Iterator[None]:
        """The second commit of a deed that then takes keys away: one acceptance for both."""
        given = {key: str(value) for key, value in subject.items()}
        due = clock.now() + PATIENCE
        operation = Operation(id=self.id, kind=self.kind, ids=given, due_at=due)
        with self._or_not(), _accepted(operation):
            yield
        _finish(operation)

    @contextmanager
    def _or_not(self) -> Iterator[None]:
        """What was refused in its second half keeps no key for a moment longer."""
        try:
            yield
        except Exception:
            for intent in KeyIntent.objects.filter(id=self.id):
                _undone(intent)
            raise


class Personal:
    """A deed in the key store that needs a person's own keys: first `accepted()`, its journal entry in
    the data, then `keys()`, each once."""

    def __init__(self, kind: str, **subject: object) -> None:
        given = {key: str(value) for key, value in subject.items()}
        self._operation = Operation(kind=kind, ids=given, due_at=clock.now() + PATIENCE)

    @contextmanager
    def accepted(self) -> Iterator[None]:
        """The first commit: the entry, and the mark that the deed is under way."""
        with _accepted(self._operation):
            yield

    @contextmanager
    def keys(self) -> Iterator[None]:
        """The second commit; what is refused in it was not done, and the journal says so."""
        try:
            with turn(KEYSTORE), transaction.atomic(using=KEYSTORE):
                yield
        except Exception:
            _judged(self._operation)
            raise
        at(f"{self._operation.kind}:keys")
        self._operation.delete()
        scrub()


def _judged(operation: Operation, done: str = "") -> None:
    """Say of an accepted personal deed that it was not done, unless it was."""
    said = done if _judges[operation.kind](dict(operation.ids)) else "operation.undone"
    if said:
        journal.note(said, operation.id, kind=operation.kind)
    operation.delete()


@contextmanager
def ending(kind: str, **subject: object) -> Iterator[ids.Id]:
    """Accept a deed that takes keys away: rows of the block and journal in one commit, then the
    finisher. From the accepting commit on, the deed will be carried out whatever happens."""
    given = {key: str(value) for key, value in subject.items()}
    operation = Operation(kind=kind, ids=given, due_at=clock.now() + PATIENCE)
    with _accepted(operation):
        yield operation.id
    _finish(operation)


@contextmanager
def _accepted(operation: Operation) -> Iterator[None]:
    with writing():
        _mark(operation)
        yield
    at(f"{operation.kind}:accepted")


def _mark(operation: Operation) -> None:
    """Write the deed's row; Conflict when the sweep has undone its keys meanwhile."""
    try:
        operation.save(force_insert=True)
    except IntegrityError:
        raise Conflict from None


def _finish(operation: Operation) -> None:
    _finishers[operation.kind](dict(operation.ids))
    at(f"{operation.kind}:ended")
    # The intent first: without its operation it would look like a making that broke off.
    KeyIntent.objects.filter(id=operation.id).delete()
    operation.delete()
    scrub()


def scrub() -> None:
    """Empty SQLite's write-ahead logs, where destroyed wraps still stand after the commit.

    Does nothing inside a transaction. A reader elsewhere can be in its way; it waits for no more than
    a moment, and the heartbeat does it again every minute. PostgreSQL has no such verb: see the
    threat model.
    """
    for alias in (KEYSTORE, DATA):
        connection = connections[alias]
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            patience = int(connection.settings_dict["OPTIONS"]["timeout"] * 1000)
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {A_MOMENT}")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.execute(f"PRAGMA busy_timeout = {patience}")


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
    with journal.unit():
        due = Operation.objects.filter(done=False, due_at__lte=now)
        mended = sum(_finished(operation) for operation in list(due))
        for intent in KeyIntent.objects.filter(due_at__lte=now):
            if _undone(intent):
                journal.note("operation.undone", intent.id)
                mended += 1
    # A mark outlives its intent by one patience, so no intent can miss it.
    Operation.objects.filter(done=True, due_at__lte=now).delete()
    return mended


def _finished(operation: Operation) -> bool:
    try:
        if operation.kind in _judges:
            _judged(operation, "operation.finished")
            return True
        _finish(operation)
    except Exception as error:  # noqa: BLE001
        # It stays pending and doctor shows it; the others must not wait for it.
        said = "a deed cannot be finished: %s"
        logging.getLogger("amparo").error(said, type(error).__name__)
        return False
    journal.note("operation.finished", operation.id, kind=operation.kind)
    return True


def _undone(intent: KeyIntent) -> bool:
    """Take away the keys of a making that never came to its data; False when it did.

    Its id is claimed in the data first, so that a making that only slept cannot be accepted any more.
    """
    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)  # no finer than it must be
    claim = {"kind": UNDONE, "done": True, "due_at": day + timedelta(days=2)}
    mark, _ = Operation.objects.get_or_create(id=intent.id, defaults=claim)
    if mark.kind == UNDONE:
        with transaction.atomic(using=KEYSTORE):
            for undo in _undoers:
                undo(mark.id)
            KeyIntent.objects.filter(id=mark.id).delete()
        return True
    intent.delete()
    return False
