"""Makes what tests stand on: a house with three officers, colleagues, calls for help, opened cases.

Plain functions with honest defaults. The house is founded once in a run by the real service, with
real keys; every test gets its rows back, which is faster than founding it again.
"""

import copy
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyotp
from django.apps import apps
from django.db import connections, models

from amparo.casework import queries
from amparo.casework.models import Case
from amparo.casework.services import desk, intake, opening
from amparo.consent import gate, links, looking
from amparo.consent.queries import to_check
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import NOBODY, Actor
from amparo.foundation.errors import CannotOpen
from amparo.foundation.router import home
from amparo.messages import trial
from amparo.people import services as people
from amparo.people.services import Newcomer
from amparo.vault import codes, factors, files, server, sessions
from amparo.vault.models import Factor, Principal, Session

PASSPHRASE = "orchard kettle violin thunder pebble nine"
OFFICERS = {"ines": "Inés M.", "tomas": "Tomás R.", "ruth": "Ruth K."}
MIB = 1024 * 1024


class Crash(BaseException):
    """The power goes. No `except Exception` of ours may catch it."""


# --- people --------------------------------------------------------------------------------------
@dataclass
class Officer:
    """Somebody on staff, with what they carry: their passphrase, second device and cookie."""

    name: str
    id: ids.Id
    secret: str
    passphrase: str = PASSPHRASE
    handle: bytes = b""

    def is_here(self) -> bool:
        """Whether they have not left."""
        return Principal.objects.filter(id=self.id, active=True).exists()

    def digits(self) -> str:
        """What the second device shows. A code works once, so the clock moves on."""
        clock.forward(timedelta(seconds=31))
        return pyotp.TOTP(self.secret).at(clock.now())

    def sign_in(self) -> Actor:
        """A new session, through the door."""
        with journal.unit():
            signed = people.sign_in(self.name, self.passphrase, self.digits())
        self.handle = signed.handle
        return signed.actor

    @contextmanager
    def request(self) -> Iterator[Actor]:
        """What the middleware does round a request of theirs; a lost session signs in again."""
        with journal.unit():
            actor = people.resume(self.handle) if self.handle else NOBODY
            if actor is NOBODY:
                actor = people.sign_in(self.name, self.passphrase, self.digits()).actor
            journal.act_as(actor)
            yield actor


@dataclass
class Defender:
    """Somebody without an account: their code is all they have."""

    case: ids.Id
    code: codes.Code
    window: bytes = b""

    @property
    def text(self) -> str:
        """The code as they would type it."""
        return " ".join(self.code.shown)

    @contextmanager
    def request(self) -> Iterator[Actor]:
        """A step of theirs, in the window that the code opened; a closed one wants the code again."""
        with journal.unit():
            try:
                actor = intake.resume(self.window)
                journal.act_as(actor)
            except CannotOpen:
                self.window, actor = intake.enter(self.text)
            yield actor


@dataclass
class House:
    """The organisation: Inés, Tomás and Ruth, each of them in every team."""

    officers: dict[str, Officer] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Officer:
        try:
            return self.__dict__["officers"][name]
        except KeyError:
            raise AttributeError(name) from None

    def hire(self, name: str, *teams: str, alone: bool = False) -> Officer:
        """A new colleague: invited, joined, welcomed after a look at the fingerprint, and by a second
        person too, unless they stand on the word of one `alone`."""
        with self.ines.request() as ines:
            token = people.invite(ines, name=name, teams=list(teams))
        secret = factors.new_secret()
        with journal.unit():
            person = ids.of(links.use(token, "invite")["person"])
            people.join(person, newcomer(name, secret))
        with self.ines.request() as ines:
            shown = people.queries.colleague(ines, person).fingerprint
            people.welcome(ines, person, fingerprint=shown)
        if not alone:
            self.vouch_too(person, shown, "release" if "release" in teams else "")
        self.officers[name] = Officer(name, person, secret)
        return self.officers[name]

    def vouch_too(self, person: ids.Id, shown: str, code: str = "") -> None:
        """A second founder's word for somebody, or for their seat."""
        with next(filter(Officer.is_here, (self.tomas, self.ruth))).request() as other:
            if code:
                people.join_team(other, person, code, fingerprint=shown)
            else:
                people.vouch_too(other, person, fingerprint=shown)


def newcomer(name: str, secret: str | None = None, passphrase: str = PASSPHRASE) -> Newcomer:
    """What somebody chooses when they join."""
    return Newcomer(
        OFFICERS.get(name, name.title()), name, passphrase, secret or factors.new_secret()
    )


# --- the house -----------------------------------------------------------------------------------
present: list["House"] = []  # the one that the test stands in
_kept: list[tuple[bytes, House, list[tuple[type[models.Model], list[models.Model]]]]] = []


def house() -> House:
    """A founded house with nothing in it yet, in empty tables; its officers have sessions."""
    forget_process()
    shutil.rmtree(files.folder(), ignore_errors=True)
    for connection in connections.all():
        if connection.vendor == "sqlite":
            # A power cut would lose a test's rows, and nobody would miss them.
            connection.cursor().execute("PRAGMA synchronous=OFF")
    if not _kept:
        # By the machine's own clock, whichever time the first test lives in: a session that was begun
        # half a year ago is over for all who come later.
        before = clock._offset, clock._frozen
        clock._offset, clock._frozen = timedelta(), None
        _kept.append(_founded())
        clock._offset, clock._frozen = before
    keys, found, rows = _kept[0]
    _put_server_keys(keys)
    for table, kept in rows:
        table.objects.bulk_create([copy.copy(row) for row in kept])
    Session.objects.update(until=clock.now() + timedelta(minutes=15))
    present[:] = [House({name: copy.copy(one) for name, one in found.officers.items()})]
    return present[0]


def forget_process() -> None:
    """What a new process would not know."""
    sessions.forget()
    people._misses.clear()
    operations._checkpoint.clear()
    server._installation = None


def _founded() -> Any:
    server.path().unlink(missing_ok=True)
    server.create()
    founders = [newcomer(name) for name in OFFICERS]
    made = people.found_house(founders, team_names={"intake": "Duty desk"})
    found = House()
    for person, one in zip(made, founders, strict=True):
        found.officers[one.sign_in] = Officer(one.sign_in, person, one.totp)
        found.officers[one.sign_in].sign_in()
    Factor.objects.update(last_step=0)  # the clock of the founding ran ahead of the tests'
    trial.end()  # tests of the trial begin it again
    rows = [(table, list(table.objects.all())) for table in tables()]
    for table, _ in reversed(rows):
        table.objects.all().delete()
    rows = [(table, found) for table, found in rows if table.__name__ not in _LOG]
    return server.path().read_bytes(), found, rows


_LOG = {"JournalEntry", "Checkpoint"}  # a test's journal begins with the test


def tables() -> list[type[models.Model]]:
    """Every table of the house, those that others point to first."""
    return [
        model
        for app in apps.get_app_configs()
        if app.name.startswith("amparo.")
        for model in app.get_models()
    ]


def rows_of(alias: str) -> list[models.Model]:
    """Every row of one of the two databases."""
    return [row for table in tables() if home(table) == alias for row in table.objects.all()]


def _put_server_keys(content: bytes) -> None:
    fresh = server.path().with_suffix(".test")
    fresh.write_bytes(content)
    fresh.replace(server.path())
    server._cache = server._installation = None  # what this process knows of another house


# --- calls, cases, files -------------------------------------------------------------------------
@dataclass(eq=False)
class Arrived:
    """A file that was sealed on its way in, as the upload handler hands it over."""

    name: str
    kind: str
    writer: files.Writer
    _manifest: files.Manifest
    cleaned: "Arrived | None" = None

    @property
    def manifest(self) -> dict[str, Any]:
        return self._manifest.document

    def own(self) -> None:
        self.writer.own()


def file(
    content: bytes = b"a photograph",
    name: str = "photo.jpg",
    kind: str = "jpeg",
    cleaned: bytes | None = None,
) -> Arrived:
    """A sealed file that belongs to nobody yet."""
    writer = files.Writer(64 * MIB)
    writer.write(content)
    copy_ = file(cleaned, name, kind) if cleaned is not None else None
    return Arrived(name, kind, writer, writer.close(), copy_)


def noise(size: int, seed: bytes = b"") -> bytes:
    """`size` bytes that look random and are the same each time."""
    return hashlib.shake_128(seed + b"noise").digest(size)


def ask(
    what: str = "Two men asked my neighbour about me.",
    *,
    files: tuple[Arrived, ...] = (),
    code: codes.Code | None = None,
    once: ids.Id | None = None,
    **more: Any,
) -> Defender:
    """Somebody asks for help on the page."""
    code = code or codes.new_digits()
    with journal.unit():
        call = intake.Call(what=what, **more)
        asked = intake.ask(NOBODY, once=once or ids.new(), code=code, call=call, files=files)
    return Defender(asked.case, code)


def sure(officer: Officer, case: ids.Id, how: str = "met") -> int:
    """An officer has made sure that whatever was chosen with the code was chosen by the defender."""
    with officer.request() as actor:
        rows = {row.id for row in to_check(actor, case)}
        return looking.make_sure(actor, case, rows=rows, how=how, reason="x") if rows else 0


def version(case: ids.Id) -> int:
    """The version of a case as a form would bring it back."""
    return Case.objects.get(id=case).version


def take(officer: Officer, case: ids.Id) -> None:
    """An officer makes a request their own."""
    with officer.request() as actor:
        desk.take(actor, case, version=version(case))


def open_case(officer: Officer, case: ids.Id) -> None:
    """An officer takes a request and opens it as a case."""
    take(officer, case)
    with officer.request() as actor:
        opening.open_case(actor, case, version=version(case))


def note(officer: Officer, case: ids.Id, compartment: str, text: str) -> ids.Id:
    """An officer writes into a compartment."""
    with officer.request() as actor:
        return opening.write_note(actor, case, compartment, text=text)


def texts(officer: Officer, case: ids.Id, compartment: str) -> list[str]:
    """What an officer reads in a compartment, newest first; nothing when it is shut to them."""
    with officer.request() as actor:
        if not gate.holds(actor, case, compartment):
            return []
        leave = gate.admit(actor, case, compartment)
        return [one.text for one in queries._entries(leave, {}, inside=True)]
