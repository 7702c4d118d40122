"""What the tests of the desk stand on: a busy house, clients that are signed in, a real server."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.test import Client
from PIL import Image

from amparo.casework.services import desk, erasing, opening, thread
from amparo.consent import services as consent
from amparo.foundation import clock, ids
from amparo.people import services as people
from amparo.web import middleware
from tests import make


def _photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (320, 200), (113, 78, 0)).save(made, "PNG")
    return made.getvalue()


PHOTO = _photo()


def client(officer: make.Officer, **more: Any) -> Client:
    """A client of Django's that holds an officer's session."""
    made = Client(**more)
    made.cookies[middleware.SESSION_COOKIE] = middleware.cookie_of(officer.handle)
    return made


def text(browser: Client, path: str, **more: object) -> str:
    """A page that is there, as it is sent."""
    answer = browser.get(path, **more)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


@dataclass
class Busy:
    """A house with three calls, one of them taken and opened as a case."""

    house: make.House
    new: make.Defender
    case: make.Defender
    other: make.Defender
    known: dict[str, ids.Id] = field(default_factory=dict)


def busy() -> Busy:
    """Calls of several kinds, answers of several kinds, a file, an override."""
    house = make.house()
    new = make.ask(
        "Two men asked my neighbour when I come home. The same car since Friday.",
        where="North of the lake",
        how="text",
        reach="“water the plants”, 18:00–20:00",
        language="es",
    )
    clock.forward(timedelta(minutes=4))
    case = make.ask(
        "My brother was arrested this morning.",
        how="call",
        reach="Evenings only. The phone is shared.",
        language="ar",
        files=(make.file(PHOTO, "summons.png", "png", PHOTO),),
    )
    other = make.ask("They took my laptop at the border. What can they see?", language="fr")
    made = Busy(house, new, case, other)
    with case.request() as actor:
        thread.choose(actor, purpose="duty", compartment="identity", yes=True)
    make.sure(house.ines, case.case)
    _work(made, case.case)
    with case.request() as actor:
        thread.choose(actor, purpose="own", compartment="location", yes=True)
    make.sure(house.ines, case.case)
    with case.request() as actor:
        thread.choose(actor, purpose="own", compartment="health", yes=True)
    with house.ines.request() as actor:
        desk.mend(actor, case.case)
    for officer in (house.ines, house.tomas, house.ruth):
        with officer.request() as actor:
            people.note_key_offer(actor)  # they have been here before
    return made


def _work(made: Busy, case: ids.Id) -> None:
    ines, tomas = made.house.ines, made.house.tomas
    make.open_case(ines, case)
    with ines.request() as actor:
        desk.set_level(
            actor, case, level=3, reason="Arrest; where is not known.", version=make.version(case)
        )
        reach = [
            {"how": "text", "text": "“Your parcel 4 is delayed”, 18:00–20:00"},
            {"how": "never", "text": "No calls. The phone is shared."},
        ]
        desk.set_reach(actor, case, reach=reach, word="blue kettle")
        desk.log_call(
            actor, case, outcome="no answer", text="Rang twice, left nothing.", reason="A life."
        )
        desk.reply(actor, case, text="A lawyer is looking for him. Come back tonight after eight.")
    make.note(ines, case, "narrative", "Taken at 06:40 from the house.")
    until = clock.today() + timedelta(days=14)
    with ines.request() as actor:
        for answer, compartment in (
            ("granted", "narrative"),
            ("refused", "health"),
            ("conditional", "location"),
            ("asked", "finance"),
        ):
            made.known[answer] = consent.record_answer(
                actor,
                case,
                answer=answer,  # type: ignore[arg-type]
                recipient=tomas.id,
                label="Tomás R.",
                purpose="shelter",
                compartment=compartment,
                how="oral",
                language="ar",
                until=until if answer in {"granted", "conditional"} else None,
                condition="Only if he is not let go by Friday." if answer == "conditional" else "",
            )
        made.known["override"] = consent.override(
            actor,
            case,
            compartment="location",
            grantee=tomas.id,
            reason="The lawyer must find him before the transfer tonight.",
        )
    with tomas.request() as actor:
        made.known["release"] = consent.request_release(actor, case)
        made.known["erasure"] = erasing.ask(
            actor, made.other.case, reason="They called at noon and asked me twice."
        )


def in_days(days: int) -> date:
    """A day for a form."""
    return clock.today() + timedelta(days=days)


def opened(officer: make.Officer, case: ids.Id) -> None:
    """Take and open a request as a case."""
    with officer.request() as actor:
        opening.open_case(actor, case, version=make.version(case))


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


def context(browser: Any, made: Busy, site: str, **more: Any) -> Any:
    """A browser that holds Inés's session."""
    found = browser.new_context(**more)
    cookie = middleware.cookie_of(made.house.ines.handle)
    found.add_cookies([{"name": middleware.SESSION_COOKIE, "value": cookie, "url": site}])
    found.set_default_timeout(8000)
    return found
