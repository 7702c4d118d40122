"""A small, plainly fictional organisation for the tests of the desk: three officers and some calls."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pyotp
from django.test import Client

from amparo.casework.services import desk, intake, opening
from amparo.foundation import clock, ids, journal
from amparo.foundation.actor import NOBODY, Actor
from amparo.people import services as people
from amparo.people.services import Newcomer
from amparo.vault import codes, factors, server

PASSPHRASE = "copper lantern meadow saddle willow basin"
TEAM_NAMES = {
    "house": "Everybody",
    "intake": "Duty desk",
    "auditors": "Auditors",
    "coordination": "Coordination",
    "legal": "Legal",
    "care": "Care",
    "finance": "Fund",
    "release": "Release group",
}


@dataclass
class House:
    """The organisation; `sign_in` gives a browser-less client that is signed in."""

    secrets: dict[str, str]
    cases: dict[str, ids.Id] = field(default_factory=dict)

    def digits(self, who: str) -> str:
        """What the second device shows now. A code works once, so the clock moves on."""
        clock.forward(timedelta(seconds=31))
        return pyotp.TOTP(self.secrets[who]).at(clock.now())

    def sign_in(self, who: str = "ines") -> Client:
        """A client of Django's with a session."""
        client = Client()
        sent = {"name": who, "passphrase": PASSPHRASE, "second": self.digits(who)}
        answer = client.post("/desk/sign-in", sent)
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return client

    def actor(self, who: str = "ines") -> Actor:
        """The person with their keys, as a service gets them."""
        with journal.unit():
            return people.sign_in(who, PASSPHRASE, self.digits(who)).actor

    def call(self, what: str, **more: Any) -> ids.Id:
        """Somebody asks for help."""
        call = intake.Call(what=what, **more)
        with journal.unit(NOBODY):
            asked = intake.ask(NOBODY, once=ids.new(), code=codes.new_digits(), call=call)
        self.cases[what[:12]] = asked.case
        return asked.case


def build() -> House:
    """Found it: Inés, Tomás and Ruth, in every team."""
    server.create()
    secrets = {name: factors.new_secret() for name in ("ines", "tomas", "ruth")}
    shown = {"ines": "Inés M.", "tomas": "Tomás R.", "ruth": "Ruth K."}
    founders = [
        Newcomer(shown[name], name, PASSPHRASE, secret) for name, secret in secrets.items()
    ]
    people.found_house(founders, team_names=TEAM_NAMES)
    return House(secrets)


def busy(house: House) -> House:
    """Some calls of several kinds, one of them opened as a case."""
    ines = house.actor("ines")
    house.call("Two men asked my neighbour when I come home. The same car since Friday.",
               where="North of the lake", how="text", reach="“water the plants”, 18:00–20:00",
               language="es")
    clock.forward(timedelta(minutes=4))
    quiet = house.call("My brother was arrested this morning.", how="call",
                       reach="Evenings only. The phone is shared.", language="ar")
    house.call("They took my laptop at the border. What can they see?", language="fr")
    with journal.unit(ines):
        desk.take(ines, quiet, version=0)
        desk.set_level(ines, quiet, level=3, reason="Arrest, nobody knows where.", version=1)
        desk.set_reach(
            ines,
            quiet,
            reach=[
                {"how": "text", "text": "“Your parcel 4 is delayed”, 18:00–20:00"},
                {"how": "never", "text": "No calls. The phone is shared."},
            ],
            word="blue kettle",
        )
        desk.log_call(ines, quiet, outcome="no answer", text="Rang twice, left nothing.")
        desk.reply(ines, quiet, text="We have a lawyer looking for him. Come back tonight after eight.")
    from amparo.casework.models import Case

    with journal.unit(ines):
        opening.open_case(ines, quiet, version=Case.objects.get(id=quiet).version)
        opening.write_note(ines, quiet, "narrative", text="Taken at 06:40 from the house.")
    house.cases["quiet"] = quiet
    return house


# --- a server for a real browser -----------------------------------------------------------------
class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def served() -> Iterator[str]:
    """The whole site on a free port of this machine; gives its address."""
    from amparo.web.wsgi import application

    server = make_server("127.0.0.1", 0, application, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
