"""A fresh installation with people in it, through the same services that the doors call."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from amparo.casework.services import intake
from amparo.consent import links, looking
from amparo.consent.queries import to_check
from amparo.engine import alarms, heartbeat
from amparo.foundation import clean, clock, ids, journal, operations
from amparo.foundation import tables as schema
from amparo.foundation.actor import NOBODY, Actor
from amparo.foundation.config import config
from amparo.foundation.router import DATA, KEYSTORE, home
from amparo.messages import ringing, trial
from amparo.people import services as people
from amparo.people.rules import TEAMS
from amparo.vault import codes, factors, files, server
from amparo.web.uploads import Sealed

# A program of its own: it is run, never imported.
THIEF = Path(__file__).parents[1] / "thief.py"
PASSPHRASE = "copper lantern meadow saddle willow basin"


@dataclass
class Officer:
    """Somebody on staff, with what they carry."""

    name: str
    id: ids.Id
    secret: str
    teams: tuple[str, ...]
    handle: bytes = b""

    @property
    def passphrase(self) -> str:
        """Each has another one."""
        return f"{PASSPHRASE} {self.name}"

    @contextmanager
    def request(self) -> Iterator[Actor]:
        """What the middleware does round a request of theirs."""
        with journal.unit():
            actor = people.resume(self.handle) if self.handle else NOBODY
            if actor is NOBODY:
                # A code works once, so the clock moves on.
                clock.forward(timedelta(seconds=31))
                digits = factors.code_now(self.secret)
                signed = people.sign_in(self.name, self.passphrase, digits)
                self.handle, actor = signed.handle, signed.actor
            journal.act_as(actor)
            yield actor


@dataclass
class Defender:
    """Somebody without an account."""

    case: ids.Id
    code: codes.Code
    window: bytes = b""

    @property
    def text(self) -> str:
        """The code as it is typed."""
        return " ".join(self.code.shown)

    @contextmanager
    def request(self) -> Iterator[Actor]:
        """A step of theirs, in the window that the code opened."""
        with journal.unit():
            if not self.window:
                self.window, actor = intake.enter(self.text)
            else:
                actor = intake.resume(self.window)
                journal.act_as(actor)
            yield actor


@dataclass
class World:
    """One installation."""

    officers: list[Officer] = field(default_factory=list)

    def hire(self, name: str, *teams: str, alone: bool = False) -> Officer:
        """Invited, joined, welcomed after the fingerprints were compared."""
        with self.officers[0].request() as first:
            token = people.invite(first, name=name, teams=list(teams))
        officer = Officer(name, ids.NIL, factors.new_secret(), teams)
        with journal.unit():
            officer.id = uuid.UUID(links.use(token, "invite")["person"])
            fingerprint = people.join(officer.id, newcomer(officer))
        with self.officers[0].request() as first:
            people.welcome(first, officer.id, fingerprint=fingerprint)
        with self.officers[1].request() as other:
            # A second person compares too, and opens the group of two persons.
            if "release" in teams:
                people.join_team(other, officer.id, "release", fingerprint=fingerprint)
            elif not alone:
                people.vouch_too(other, officer.id, fingerprint=fingerprint)
        self.officers.append(officer)
        return officer

    def ask(self, files_: tuple[Any, ...] = (), **said: str) -> Defender:
        """A call for help; with a code in digits, which the thief can read."""
        code = codes.new_digits()
        given: dict[str, Any] = {"what": "words", "where": "somewhere", "how": "here"} | said
        call = intake.Call(**given)
        with journal.unit():
            asked = intake.ask(NOBODY, once=ids.new(), code=code, call=call, files=files_)
        return Defender(asked.case, code)


def sure(officer: Officer, case: ids.Id) -> None:
    """An officer has made sure that what was chosen with a code was chosen by the defender."""
    with officer.request() as actor:
        rows = {row.id for row in to_check(actor, case)}
        looking.make_sure(actor, case, rows=rows, how="met")


def newcomer(officer: Officer) -> people.Newcomer:
    """What an officer chooses when they join."""
    return people.Newcomer(officer.name, officer.name, officer.passphrase, officer.secret)


def found(*names: str) -> World:
    """A new installation whose first officers are in every team."""
    config().data.mkdir(parents=True, exist_ok=True, mode=0o700)
    (config().data / "amparo.toml").write_text('organisation = "Sample House"\n')
    server.create()
    schema.migrate()
    officers = [
        Officer(name, ids.NIL, factors.new_secret(), TEAMS)
        for name in names or ("ines", "ruth", "tomas")
    ]
    trial.end()
    made = people.found_house([newcomer(one) for one in officers], team_names={})
    for officer, principal in zip(officers, made, strict=True):
        officer.id = getattr(principal, "id", principal)
    return World(officers)


def sealed_file(name: str, data: bytes) -> Sealed:
    """A file as the upload handler leaves it, with its cleaned copy where one can be made."""

    def seal(title: str, kind: str, content: bytes) -> Sealed:
        writer = files.Writer(len(content))
        writer.write(content)
        return Sealed(title, kind, writer, writer.close())

    kind = clean.kind_of(data[:4096], name)
    sealed = seal(name, str(kind), data)
    if clean.cleanable(kind):
        copy = clean.clean(data)
        sealed.cleaned = seal(f"copy{copy.suffix}", str(copy.kind), copy.data)
    return sealed


def beat() -> None:
    """The engine: every second's, every minute's and every hour's jobs, once."""
    heartbeat.beat(heartbeat.EVERY_SECOND)
    heartbeat.beat(heartbeat.EVERY_MINUTE)
    heartbeat.beat(heartbeat.EVERY_HOUR)


@contextmanager
def engine() -> Iterator[None]:
    """The engine of alarms beats while this lasts, in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=alarms.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        ringing.wake()
        thread.join(60)
        assert not thread.is_alive()


def mend() -> None:
    """What a start of the only process does after a crash."""
    heartbeat.start()


def pending() -> int:
    """Deeds that stand half done, however young they are."""
    with clock.frozen(clock.now() + timedelta(days=1)):
        return operations.pending()


# --- a copy for the thief -------------------------------------------------------------------------
@contextmanager
def stolen() -> Iterator[Path]:
    """A copy of everything that this installation has at rest; PostgreSQL's tables as SQLite files."""
    with tempfile.TemporaryDirectory(prefix="stolen-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(config().data, copy)
        for alias, name in ((DATA, "data.sqlite3"), (KEYSTORE, "keys.sqlite3")):
            if connections[alias].vendor != "sqlite":
                _dump(alias, copy / name)
        yield copy


def steal(copy: Path, *arguments: str) -> dict[str, Any]:
    """What the thief's program says of a copy."""
    done = subprocess.run(
        [sys.executable, "-I", THIEF, copy, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 2 or not done.stdout:
        raise RuntimeError(f"the thief gave up: {done.stderr.strip()[-400:]}")
    return dict(json.loads(done.stdout))


def tables(alias: str) -> list[Any]:
    """Models whose rows lie in a database; Django's own list of migrations is one of them."""
    models = [one for one in apps.get_models(include_auto_created=True) if home(one) == alias]
    return [*models, MigrationRecorder.Migration]


def _dump(alias: str, path: Path) -> None:
    target = sqlite3.connect(path)
    for model in tables(alias):
        name = model._meta.db_table
        with connections[alias].cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{name}"')
            columns = [one.name for one in cursor.description]
            rows = [tuple(map(_plain, row)) for row in cursor.fetchall()]
        quoted = ", ".join(f'"{one}"' for one in columns)
        target.execute(f'CREATE TABLE "{name}" ({quoted})')
        marks = ", ".join("?" * len(columns))
        target.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
    target.commit()
    target.close()


def _plain(value: Any) -> Any:
    match value:
        case uuid.UUID():
            return value.hex
        case memoryview():
            return bytes(value)
        case bool():
            return int(value)
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S.%f")
        case date():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value)
    return value


def bytes_at_rest() -> Iterator[tuple[str, bytes]]:
    """Every file of the installation, and PostgreSQL's own, as they lie on the disk."""
    places = [config().data]
    cluster = os.environ.get("AMPARO_PROVE_CLUSTER")
    if cluster:
        for alias in (DATA, KEYSTORE):
            with connections[alias].cursor() as cursor:
                cursor.execute("CHECKPOINT")
        places.append(Path(cluster))
    for place in places:
        for path in sorted(place.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(place)), path.read_bytes()
