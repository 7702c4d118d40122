"""What somebody would try who means harm: each of these once worked, or nearly did."""

import base64
import hashlib
import json
import re
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from amparo.casework.models import Case
from amparo.cli import run
from amparo.foundation.config import config
from amparo.foundation.errors import Unavailable
from amparo.people import services as people
from amparo.vault import files, passkeys, server
from tests import make
from tests.doors.desk_house import client, served
from tests.make import PASSPHRASE, House

SITE = "testserver"


def token_of(page: str, field: str = "token") -> str:
    """The hidden token of a page."""
    found = re.search(rf'name="{field}" value="([^"]+)"', page)
    assert found
    return found[1]


# --- leaving --------------------------------------------------------------------------------------
def test_leaving_works_while_the_house_is_locked_down(house: House) -> None:
    """A page that was open when the raid came must still be left at one press."""
    visitor = Client()
    token = token_of(visitor.get("/back").content.decode())
    server.destroy()
    answer = visitor.post("/leave", {"token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/closed")


# --- a passkey's answer that is no answer -----------------------------------------------------------
def crooked() -> list[Any]:
    """(form, answer) of answers over which the library fails in ways of its own."""
    question, form = passkeys.ask(SITE)
    asked = json.loads(question)
    challenge = asked.get("challenge") or asked["publicKey"]["challenge"]

    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def answer(**changed: Any) -> dict[str, Any]:
        said = {"type": "webauthn.get", "challenge": challenge, "origin": f"https://{SITE}"}
        head = hashlib.sha256(SITE.encode()).digest()
        parts = {
            "clientDataJSON": text(json.dumps(said).encode()),
            "authenticatorData": text(head + b"\x05\0\0\0\1"),
            "signature": "AAAA",
            "userHandle": None,
        }
        whole = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": parts | changed}
        return whole | {"clientExtensionResults": {}}

    site = hashlib.sha256(SITE.encode()).digest()
    number = {"type": "webauthn.get", "challenge": challenge, "origin": 5}
    answers = [
        answer(),
        answer() | {"clientExtensionResults": 1},
        answer() | {"clientExtensionResults": []},
        answer(authenticatorData=text(site + b"\x80\0\0\0\1")),
        answer(authenticatorData=text(site + b"\xba\0\0\0\1abc")),
        answer(clientDataJSON=text(json.dumps(number).encode())),
        answer(clientDataJSON=text(b"[" * 4000)),
    ]
    return [(form, json.dumps(one)) for one in answers]


def test_no_answer_of_a_passkey_tells_that_the_passphrase_was_right(house: House) -> None:
    """A fault of the library would, and it would not count as a miss."""
    visitor, said = Client(), set()
    for number, (form, answer) in enumerate(crooked()):
        people._misses.clear()
        passphrase = PASSPHRASE if number else "not the passphrase of anybody"
        sent = {"name": "ines", "passphrase": passphrase, "form": form, "answer": answer}
        said.add(visitor.post("/desk/sign-in/passkey", sent).status_code)
        assert len(people._misses) == (1 if number else 0)
    assert said == {422}


# --- what is cut off on its way ----------------------------------------------------------------------
def on_disk() -> list[Path]:
    return [path for path in files.folder().glob("??/*") if path.is_file()]


@pytest.mark.parametrize("most", [400, 150_000, 3_000_000])
def test_half_of_a_call_is_not_taken_for_all_of_it(house: House, most: int) -> None:
    """Nobody would have its code, and what it says might be the opposite of what was meant."""
    with served() as address:
        token = token_of(Client().get("/new").content.decode())
        said = "Do not come to the house. " * 2000
        body = (
            f'--X\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'
            f'--X\r\nContent-Disposition: form-data; name="what"\r\n\r\n{said}\r\n'
            '--X\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        ).encode() + make.noise(4_000_000)
        answer = post(address, "/new", "multipart/form-data; boundary=X", body[:most], len(body))
        assert answer.startswith(b"HTTP/1.0 400")
        assert not Case.objects.exists() and on_disk() == []


def test_half_of_a_form_of_text_is_refused_too(house: House) -> None:
    with served() as address:
        body = urlencode(
            {"token": token_of(Client().get("/new").content.decode()), "what": "x" * 99}
        )
        kind = "application/x-www-form-urlencoded"
        assert post(address, "/new", kind, body[:-50].encode(), len(body)).startswith(
            b"HTTP/1.0 400"
        )
        assert not Case.objects.exists()
        assert post(address, "/new", kind, body.encode(), len(body)).startswith(b"HTTP/1.0 200")
        assert Case.objects.count() == 1


# --- a disk that somebody fills ----------------------------------------------------------------------
@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A disk of which so many bytes are free, less what our files take of it."""

    def of(free: int) -> None:
        def usage(_: object) -> Any:
            left = free - len(on_disk()) * files.PART
            return shutil._ntuple_diskusage(0, 0, left)  # type: ignore[attr-defined]

        monkeypatch.setattr(shutil, "disk_usage", usage)

    return of


def test_files_cannot_take_the_room_of_words(house: House, disk: Callable[[int], None]) -> None:
    """Somebody sends calls with large files until no more go in: others can still call."""
    disk(2 * config().free_disk)
    with served() as address:
        for files_sent, status in ((1, "422"), (0, "200")):
            parts = [
                f'name="token"|{token_of(Client().get("/new").content.decode())}',
                'name="what"|They are at the door.',
                *['name="file"; filename="a"|x'] * files_sent,
            ]
            body = form(*parts)
            answer = post(address, "/new", "multipart/form-data; boundary=X", body, len(body))
            assert answer.decode().startswith(f"HTTP/1.0 {status}")
    assert Case.objects.count() == 1 and on_disk() == []


def test_many_files_that_began_together_leave_what_is_kept_free(
    house: House, disk: Callable[[int], None]
) -> None:
    disk(config().free_disk + 3 * files.PART)
    writers = [files.Writer(10 * files.PART) for _ in range(5)]
    for writer in writers:
        with suppress(Unavailable):
            writer.write(make.noise(2 * files.PART))
    assert len(on_disk()) <= 3


# --- threads that somebody holds ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sample", "option"),
    [("torrc", r"HiddenServiceMaxStreams (\d+)"), ("nginx.conf", r"senders (\d+);")],
)
def test_one_circuit_or_address_cannot_hold_every_thread(sample: str, option: str) -> None:
    """Whoever sends slowly holds a thread for each connection."""
    text = (Path(run.__file__).parent / "deploy" / sample).read_text()
    found = re.search(option, text)
    assert found and int(found[1]) <= run.THREADS // 2


# --- what a parser falls over ------------------------------------------------------------------------
def form(*parts: str) -> bytes:
    """A body of several parts, each as "head|content"."""
    pairs = [part.split("|") for part in parts]
    return (
        b"".join(
            f"--X\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n".encode()
            for head, content in pairs
        )
        + b"--X--\r\n"
    )


def test_too_many_files_are_said_and_the_words_stay(house: House) -> None:
    with served() as address:
        token = token_of(Client().get("/new").content.decode())
        body = form(
            f'name="token"|{token}',
            'name="what"|Please read this.',
            *[f'name="file"; filename="{number}.bin"|x' for number in range(21)],
        )
        answer = post(address, "/new", "multipart/form-data; boundary=X", body, len(body)).decode()
        assert answer.startswith("HTTP/1.0 422")
        assert "Send fewer" in answer and "Please read this." in answer
        assert not Case.objects.exists() and on_disk() == []


@pytest.mark.parametrize("charset", ["rot13", "zlib", "undefined", "utf-16"])
def test_a_request_does_not_choose_how_it_is_read(house: House, charset: str) -> None:
    with served() as address:
        token = token_of(Client().get("/new").content.decode())
        body = form(f'name="token"|{token}', 'name="what"|Ayuda, señor.')
        kind = f"multipart/form-data; boundary=X; charset={charset}"
        assert post(address, "/new", kind, body, len(body)).startswith(b"HTTP/1.0 200")
        assert Case.objects.count() == 1


def test_an_address_of_somebody_else_is_told_apart_and_names_nobody(house: House) -> None:
    answer = Client().get("/", headers={"host": "other.example"})
    page = answer.content.decode()
    assert answer.status_code == 400 and "not one of ours" in page and "too old" not in page
    assert not any(site in page for site in ("other.example", *config().sites))


def test_a_crooked_cookie_shuts_nobody_out_of_the_desk(house: House) -> None:
    """It can be planted by whoever holds another name under the same domain."""
    ines = client(house.ines)
    ines.cookies["d"] = "[" * 3000
    assert ines.get("/desk/lockdown").status_code == 200


@pytest.mark.parametrize("secret", ["", "!!!", "A", "1" * 32, "é" * 32, "a" * 32, "A" * 5000])
def test_a_newcomer_does_not_bring_a_secret_of_another_form(house: House, secret: str) -> None:
    with house.ines.request() as ines:
        link = people.invite(ines, name="Omar", teams=["intake"])
    visitor = Client()
    token = token_of(visitor.post(f"/desk/join/{link}").content.decode(), "join")
    words = "one two three four five six seven"
    sent = {"join": token, "sign_in": "omar", "passphrase": words, "again": words}
    sent |= {"secret": secret, "second": "123456"}
    assert visitor.post("/desk/join", sent).status_code == 404


def post(address: str, path: str, kind: str, body: bytes, length: int) -> bytes:
    """Send a body of which only the beginning comes; the beginning of the answer."""
    place = urlsplit(address)
    head = (
        f"POST {path} HTTP/1.0\r\nHost: localhost:{place.port}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port), 20) as line:
        line.sendall(head.encode() + body)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))
