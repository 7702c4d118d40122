"""What a benchmark does inside an installation, in a process of its own:

    python -m amparo.proofs.bench.inside TASK '{"how": "many"}'

The answer is the last line of standard output, in JSON.
"""

import contextlib
import functools
import json
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.db import connections, transaction
from django.db.models import Max

Task = Callable[..., Any]
TASKS: dict[str, Task] = {}
PASSPHRASE = "copper lantern meadow saddle willow basin"
OFFICERS = ("ines", "tomas", "ruth")
BATCH = 250  # calls in one commit while data is being made

# What three fields of a call hold; invented, and of the length that people write.
WHAT = (
    "Two men asked my neighbour when I come home. The same car stands at the corner since Friday. "
    "My phone rang three times in the night and nobody spoke. I have moved the children."
)
WHERE = "North of the lake, near the second ford"
REACH = "Text only, between six and eight in the evening"
WORDS = (
    *("harbour", "lantern", "meadow", "ford", "heron", "maple", "saddle"),
    *("bridge", "orchard", "mill", "pond", "ridge", "lane"),
)


def task(work: Task) -> Task:
    """A task is called by its function's name."""
    TASKS[work.__name__] = work
    return work


# --- making data ---------------------------------------------------------------------------------
@task
def found() -> None:
    """Tables, server keys, three officers in every team; the same for every benchmark."""
    from amparo.foundation import tables
    from amparo.foundation.config import config
    from amparo.messages import trial
    from amparo.people import services as people
    from amparo.vault import factors, server

    tables.migrate()
    server.create()
    trial.end()
    secrets = {name: factors.new_secret() for name in OFFICERS}
    people.found_house(
        [people.Newcomer(name, name, PASSPHRASE, secret) for name, secret in secrets.items()],
        team_names={},
    )
    (config().data / "officers.json").write_text(json.dumps(secrets))


def _sign_in(name: str = OFFICERS[0]) -> Any:
    """(handle, actor) of an officer with a ring that has opened nothing yet."""
    from amparo.foundation import clock, journal
    from amparo.foundation.config import config
    from amparo.people import services as people
    from amparo.vault import factors
    from amparo.vault.models import Factor

    secrets = json.loads((config().data / "officers.json").read_text())
    # No code of a second device is taken twice: go to the next one, and come back.
    last = Factor.objects.aggregate(last=Max("last_step"))["last"]
    ahead = max((last + 1) * factors.PERIOD + 1 - clock.now().timestamp(), 0.0)
    clock.forward(timedelta(seconds=ahead))
    with journal.unit():
        signed = people.sign_in(name, PASSPHRASE, factors.shown(secrets[name]))
    clock.forward(timedelta(seconds=-ahead))
    return signed


@task
def cookie() -> str:
    """A session of an officer, as their browser would send it."""
    from amparo.web import middleware

    handle = _sign_in().handle
    return f"{middleware.SESSION_COOKIE}={middleware.cookie_of(handle)}"


@contextlib.contextmanager
def _unhashed() -> Iterator[None]:
    """Data is made without the slow hash of return codes: nobody comes back for it."""
    from amparo.proofs.bench.unhashed import quick
    from amparo.vault import codes

    shipped, codes.derive = codes.derive, quick
    try:
        yield
    finally:
        codes.derive = shipped


def _ask(code: Any = None) -> Any:
    from amparo.casework.services import intake
    from amparo.foundation import ids, journal
    from amparo.foundation.actor import NOBODY
    from amparo.vault import codes

    call = intake.Call(what=WHAT, where=WHERE, how="text", reach=REACH)
    with journal.unit(NOBODY):
        return intake.ask(NOBODY, once=ids.new(), code=code or codes.new_digits(), call=call)


@task
def fill(requests: int, fields: int = 2, size: int = 0) -> int:
    """Make requests by the service that takes them in; each then gets further messages until it has
    so many sealed fields with about `size` bytes of text together. Returns how many were made."""
    made: list[Any] = []
    with _unhashed():
        while len(made) < requests:
            with transaction.atomic(using="keystore"), transaction.atomic(using="default"):
                made += [_ask().case for _ in range(min(BATCH, requests - len(made)))]
    if fields > 2:
        _add_messages(made, fields - 2, (size - len(WHAT)) // (fields - 2))
    return len(made)


def _add_messages(cases: list[Any], count: int, length: int) -> None:
    from amparo.casework.models import ENTRY, Entry
    from amparo.casework.services.record import stamp
    from amparo.consent import gate
    from amparo.foundation import journal

    actor = _sign_in().actor
    for start in range(0, len(cases), BATCH):
        some = cases[start : start + BATCH]
        with journal.unit(actor), transaction.atomic():
            leaves = gate.admit_many(actor, some, "correspondence")
            rows = []
            for number, case in enumerate(some, start):
                for turn in range(count):
                    row = Entry(case=case, compartment="correspondence")
                    text = _text(number * count + turn, length)
                    doc = {"by": "defender", "author": "", "text": text, "at": stamp()}
                    row.sealed = gate.seal(leaves[case], ENTRY, row.id, doc)
                    rows.append(row)
            Entry.objects.bulk_create(rows)


def _text(number: int, length: int) -> str:
    """Plain words that differ from message to message; a rare word stands in each."""
    words, at = [f"mark{number}"], number
    while sum(map(len, words)) + len(words) < length:
        at = (at * 1103515245 + 12345) % 2**31
        words.append(WORDS[at % len(WORDS)])
    return " ".join(words)


@task
def stored() -> int:
    """How many requests lie in the tables."""
    from amparo.casework.models import Case

    return Case.objects.count()


@task
def cards(count: int, contacts: int = 1) -> list[dict[str, str]]:
    """Arm so many plans, each of somebody else and with contacts of its own; their tokens."""
    from amparo.alerts.models import Plan
    from amparo.alerts.rules import Rung
    from amparo.alerts.services import plans
    from amparo.casework.services import intake
    from amparo.foundation import journal
    from amparo.vault import codes

    found = []
    with _unhashed():
        for number in range(count):
            code, contact = codes.new_digits(), f"+1202555{number:06}"
            with journal.unit():
                _ask(code)
                _, actor = intake.enter(" ".join(code.shown))
                numbers = [contact, *(f"+1303555{one}{number:05}" for one in range(1, contacts))]
                people = {
                    f"p{at}": plans.Person("One", (("sms", to),)) for at, to in enumerate(numbers)
                }
                ladder = (Rung(0, tuple(people)),)
                draft = plans.Draft("card", ladder, people, "The parcel is here.")
                armed = plans.arm(actor, actor.case, draft)  # type: ignore[arg-type]
            found.append({"token": armed.token, "number": contact})
    Plan.objects.update(tried=True)
    return found


# --- alarms --------------------------------------------------------------------------------------
def _threads(work: Callable[[Any], object], given: list[Any], count: int) -> None:
    """Each of these once, by so many threads."""
    waiting = list(reversed(given))

    def run() -> None:
        with contextlib.suppress(IndexError):
            while True:
                work(waiting.pop())
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@task
def ladders(count: int, callers: int) -> dict[str, float]:
    """Press so many cards at once, then send their messages, each as one write to a file."""
    from amparo.alerts.services import pressing
    from amparo.foundation import ids, journal
    from amparo.messages import channels, ringing

    out = os.open(tempfile.mktemp(), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def send(channel: str, address: str, idem: str, **_: Any) -> None:
        os.write(out, f"{address} {idem}\n".encode())

    channels.send, channels.reaches = send, lambda channel: True

    def press(card: dict[str, str]) -> None:
        with journal.unit():
            pressing.press_card(card["token"], once=ids.new())

    made = cards(count + 20, contacts=2)
    _threads(press, made[:20], callers)
    begun, used = time.perf_counter(), time.process_time()
    _threads(press, made[20:], callers)
    started = time.perf_counter() - begun
    with journal.unit():
        sent = ringing.send_due()
    used = time.process_time() - used
    assert sent == 2 * len(made), (sent, len(made))
    return {"starts_per_second": count / started, "cpu_ms": used / count * 1000}


@task
def pend(count: int) -> int:
    """So many ladders that climb tomorrow; what they hold is as long as a real one."""
    from amparo.alerts.models import Alarm
    from amparo.foundation import clock, ids

    due = clock.now() + timedelta(days=1)
    for _ in range(0, count, 5000):
        rows = [
            Alarm(
                press=ids.new(), plan=ids.new(), case=ids.new(), due_at=due, step=0,
                ladder=os.urandom(2300), desk=os.urandom(2300),
            )
            for _ in range(min(5000, count))
        ]  # fmt: skip
        Alarm.objects.bulk_create(rows, batch_size=500)
    return count


@task
def engines() -> int:
    """How many live."""
    from amparo.foundation.engines import alive

    return alive()


@task
def alarms() -> int:
    """How many there are."""
    from amparo.alerts.models import Alarm

    return Alarm.objects.count()


@task
def hand_over(count: int) -> float:
    """Messages a second that as many threads as the engine has senders hand to the gateway."""
    from amparo.engine.alarms import SENDERS
    from amparo.messages import gateways

    def send(number: int) -> None:
        gateways.send(f"+1202555{number:06}", "The parcel is here.", f"{number:032x}")

    _threads(send, list(range(SENDERS * 4)), SENDERS)
    begun = time.perf_counter()
    _threads(send, list(range(count)), SENDERS)
    return count / (time.perf_counter() - begun)


@task
def hand_over_raw(count: int, port: int) -> float:
    """The same number of the same requests by one socket, one after the other."""
    body = b'{"to": "+1202555000000", "text": "The parcel is here.", "id": "%032x"}' % 1
    sent = b"POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with socket.create_connection(("127.0.0.1", port)) as wire:
        begun = time.perf_counter()
        for _ in range(count):
            wire.sendall(sent)
            wire.recv(4096)
        return count / (time.perf_counter() - begun)


# --- measuring -----------------------------------------------------------------------------------
def _times(work: Callable[[], object], rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append((time.perf_counter() - begun) * 1000)
    return found


@task
def derive(rounds: int) -> list[float]:
    """Milliseconds of the hash of a return code, each."""
    from amparo.vault import codes, server

    installation = server.load()
    salt, pepper = installation.installation, installation.key("pepper")
    return _times(lambda: codes.derive(codes.new_digits(), salt, pepper), rounds)


@task
def record(into: str) -> dict[str, Any]:
    """Write down every row that one call writes, commit by commit, for the raw loop to repeat."""
    from amparo.foundation import events

    commits: list[tuple[str, list[tuple[str, list[Any]]]]] = []
    waiting: dict[str, list[tuple[str, list[Any]]]] = {}

    def seen(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        alias = context["connection"].alias
        if sql.split(" ", 1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            written = sql, [_plain(one) for one in params or ()]
            if context["connection"].in_atomic_block:
                waiting.setdefault(alias, []).append(written)
            else:
                commits.append((alias, [written]))
        return execute(sql, params, many, context)

    def watch(connection: Any) -> None:
        real = connection._commit

        def commit() -> None:
            real()
            if rows := waiting.pop(connection.alias, []):
                commits.append((connection.alias, rows))

        connection._commit = commit

    events.wakes(lambda: None)  # as in the server: its engine delivers what is announced
    with _unhashed():
        _ask()  # whatever is looked up once only
        with contextlib.ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(seen))
                watch(connection)
            _ask()
    Path(into).write_text(json.dumps(commits))
    rows = sum(len(statements) for _, statements in commits)
    return {"commits": len(commits), "statements": rows}


def _plain(value: Any) -> Any:
    """A parameter as JSON: bytes as {"hex": …}, ids and times as {"text": …}."""
    if isinstance(value, bytes | memoryview):
        return {"hex": bytes(value).hex()}
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "obj"):  # psycopg's wrapping of bytes and of JSON
        inner = value.obj
        return _plain(inner) if isinstance(inner, bytes | memoryview) else {"json": inner}
    return {"text": str(value)}


@task
def addresses() -> dict[str, dict[str, Any]]:
    """Alias -> how to connect, and the pragmas that our settings use."""
    found = {}
    for connection in connections.all():
        settings = connection.settings_dict
        if connection.vendor == "sqlite":
            found[connection.alias] = {
                "sqlite": str(settings["NAME"]),
                "pragmas": settings["OPTIONS"]["init_command"],
            }
        else:
            keys = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
            found[connection.alias] = {"postgres": [str(settings[key]) for key in keys]}
    return found


@task
def titles(warm: int) -> dict[str, Any]:
    """Milliseconds to show the name of every request: first after a restart, with a cold ring, and
    with a warm one."""
    from amparo.casework.titles import titles as titles_of
    from amparo.foundation import journal

    def shown(actor: Any) -> int:
        with journal.unit(actor):
            return len(titles_of(actor))

    first = _sign_in().actor
    restart = _times(lambda: shown(first), 1)[0]
    second = _sign_in(OFFICERS[1]).actor
    cold = _times(lambda: shown(second), 1)[0]
    warmed = _times(lambda: shown(second), warm)
    return {"after_restart": restart, "cold": cold, "warm": warmed, "count": shown(second)}


@task
def search(queries: int) -> dict[str, Any]:
    """Milliseconds until a word is found: with a cold ring, with a warm one whose index must be made
    anew, and with an index; what lies on disk afterwards is searched for the word."""
    from amparo.casework.services import search as casework
    from amparo.foundation import journal

    def looked_for(actor: Any, text: str) -> int:
        with journal.unit(actor):
            return len(casework.search(actor, text))

    first = _sign_in().actor
    restart = _times(lambda: looked_for(first, "mark7"), 1)[0]
    second = _sign_in(OFFICERS[1]).actor
    cold = _times(lambda: looked_for(second, "mark7"), 1)[0]
    warm = []
    for _ in range(3):
        second.ring.memory.clear()
        warm += _times(lambda: looked_for(second, "mark7"), 1)
    asked = [f"mark{number * 17} {WORDS[number % len(WORDS)]}" for number in range(queries)]
    asked += WORDS  # words that stand nearly everywhere
    each = [_times(functools.partial(looked_for, second, text), 1)[0] for text in asked]
    return {
        "after_restart": restart,
        "cold": cold,
        "warm": statistics.median(warm),
        "queries": each,
        "found": looked_for(second, "mark7"),
    }


@task
def texts(into: str) -> int:
    """Write what was sealed to a file for the program beside ours, which seals it its own way."""
    from amparo.casework.models import ENTRY, Entry
    from amparo.consent import gate
    from amparo.foundation import journal

    actor, count = _sign_in().actor, 0
    with Path(into).open("w") as file, journal.unit(actor):
        cases = sorted(set(Entry.objects.values_list("case", flat=True)))
        for start in range(0, len(cases), BATCH):
            leaves = gate.admit_many(actor, cases[start : start + BATCH], "correspondence")
            for row in Entry.objects.filter(case__in=leaves):
                file.write(json.dumps(gate.read(leaves[row.case], ENTRY, row)["text"]) + "\n")
                count += 1
    return count


def main() -> None:
    """Run one task and print its answer."""
    name, given = sys.argv[1], json.loads(sys.argv[2])
    django.setup(set_prefix=False)
    sys.stdout.write(json.dumps(TASKS[name](**given)) + "\n")


if __name__ == "__main__":
    main()
