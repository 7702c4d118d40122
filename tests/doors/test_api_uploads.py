"""Files in parts: any size, any order, cut and resumed; what lies about itself is not kept."""

import hashlib
import io
import json
import random
import shutil
import socket
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image

from amparo.api.site import api
from amparo.casework import queries
from amparo.casework.models import File
from amparo.foundation import clock, ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict
from amparo.people import services as people
from amparo.vault import files, uploads
from amparo.vault.files import PART
from amparo.vault.models import Part, Upload
from tests import make
from tests.doors.api_client import Api, announce, call, digest, enter, officer
from tests.doors.desk_house import served

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _faults_are_seen(monkeypatch: Any) -> None:
    def show(_: Any, error: Exception) -> None:
        raise error

    monkeypatch.setitem(api._exception_handlers, Exception, show)


def on_disk() -> list[Path]:
    return [path for path in files.folder().glob("??/*") if path.is_file()]


def arrived(house: make.House) -> dict[str, tuple[str, bytes]]:
    """Every original that a case holds: name -> (kind, content), as an officer's keys open it."""
    found = {}
    with house.ines.request() as actor:
        for case in set(File.objects.values_list("case", flat=True)):
            for message in queries.case(actor, case).thread.messages:
                for file in message.files:
                    found[file.name] = (file.kind, content_of(actor, case, file.id))
    return found


def content_of(actor: Actor, case: ids.Id, file: ids.Id) -> bytes:
    return b"".join(queries.open_file(actor, case, file).pieces())


# --- every size ----------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, PART - 1, PART, PART + 1, 2 * PART])
def test_a_file_of_any_size_comes_back_as_it_was(house, size):
    content = make.noise(size)
    sent = announce(content, "thing.bin")
    assert sent.parts == -(-size // PART)
    call(uploads=[sent.all().token])
    assert arrived(house) == {"thing.bin": ("opaque", content)}
    assert Upload.objects.get().whole and Upload.objects.get().until is None


def test_parts_come_in_any_order_and_more_than_once(house):
    content = make.noise(3 * PART + 7)
    sent = announce(content)
    order = [0, 1, 2, 3, 2, 0, 3]
    random.Random(7).shuffle(order)
    for number in order:
        assert sent.put(number).status == 204
    assert sent.api.get(f"/uploads/{sent.id}").json["have"] == [0, 1, 2, 3]
    assert len(on_disk()) == Part.objects.count() == 4
    call(uploads=[sent.token])
    assert arrived(house)["file"][1] == content


def test_a_part_that_is_sent_again_takes_the_place_of_the_first(house):
    sent = announce(b"right")
    assert sent.put(0, b"wrong").status == 204
    assert sent.put(0).status == 204
    assert len(on_disk()) == 1
    call(uploads=[sent.token])
    assert arrived(house)["file"][1] == b"right"


def test_64_mib_cut_and_resumed_at_random(house):
    """Over real connections, which break in the middle of a part as often as not."""
    content, chance = make.noise(64 * MIB - 12_345), random.Random(1)
    sent, cuts = announce(content), 0
    with served() as address:
        place = urlsplit(address)
        while left := set(range(sent.parts)) - set(have(place, sent)):
            number = chance.choice(sorted(left))
            cut = chance.randrange(len(sent.part(number))) if chance.random() < 0.5 else None
            status = put_over(place, sent, number, cut)
            assert status == 204 if cut is None else status is None
            cuts += cut is not None
    assert cuts > 2
    tracemalloc.start()
    call(uploads=[sent.token])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * MIB
    assert hashlib.sha256(arrived(house)["file"][1]).digest() == hashlib.sha256(content).digest()
    assert len(on_disk()) == sent.parts


def have(place: Any, sent: Any) -> list[int]:
    with socket.create_connection((place.hostname, place.port), 20) as line:
        line.sendall(head("GET", f"/api/v1/uploads/{sent.id}", place, sent, 0))
        said = b"".join(iter(lambda: line.recv(65536), b""))
    return list(json.loads(said.partition(b"\r\n\r\n")[2])["have"])


def head(method: str, path: str, place: Any, sent: Any, length: int, more: str = "") -> bytes:
    return (
        f"{method} {path} HTTP/1.0\r\nHost: localhost:{place.port}\r\n"
        f"Authorization: Bearer {sent.token}\r\nContent-Length: {length}\r\n{more}\r\n"
    ).encode()


def put_over(place: Any, sent: Any, number: int, cut: int | None) -> int | None:
    """Send a part; with `cut`, hang up after so many bytes. The status, if there was an answer."""
    body = sent.part(number)
    path = f"/api/v1/uploads/{sent.id}/parts/{number}"
    more = f"Content-Digest: {digest(body)}\r\nContent-Type: application/octet-stream\r\n"
    with socket.create_connection((place.hostname, place.port), 20) as line:
        line.sendall(head("PUT", path, place, sent, len(body), more))
        if cut is not None:
            line.sendall(body[:cut])
            return None
        line.sendall(body)
        said = b"".join(iter(lambda: line.recv(65536), b""))
    return int(said.split(b" ", 2)[1])


def test_a_part_is_sealed_as_it_comes(house):
    """The request's body is never held whole."""
    content = make.noise(PART)
    sent = announce(content)
    ticket = uploads.read(sent.token)
    pieces = (content[at : at + 65536] for at in range(0, PART, 65536))
    tracemalloc.start()
    uploads.take_part(ticket, 0, pieces, hashlib.sha256(content).digest())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * MIB


# --- lies ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "headers", "fields"),
    [
        (b"four", {}, {"part": "short"}),
        (b"sixsix", {}, {"part": "long"}),
        (b"", {}, {"part": "short"}),
        (b"x" * (PART + 1), {}, {"part": "long"}),
        (b"wrong", {"Content_Digest": digest(b"right")}, {"part": "differs"}),
        (b"wrong", {"Content_Digest": None}, {"Content-Digest": "missing"}),
        (b"wrong", {"Content_Digest": "sha-256=:AAAA:"}, {"Content-Digest": "form"}),
        (b"wrong", {"Content_Digest": "sha-512=:" + "A" * 86 + "==:"}, {"Content-Digest": "form"}),
        (b"wrong", {"Content_Digest": "é"}, {"Content-Digest": "form"}),
    ],
)
def test_a_part_that_lies_leaves_nothing(house, content, headers, fields):
    sent = announce(b"right")
    answer = sent.put(0, content, **headers)
    assert (answer.status, answer.fields) == (422, fields)
    assert on_disk() == [] and not Part.objects.exists()
    assert sent.put(0, Content_Digest=f"md5=:AAAA:, {digest(b'right')}").status == 204


def test_a_file_that_is_not_what_was_announced_is_not_taken(house):
    sent = announce(b"right", sha256=hashlib.sha256(b"wrong").hexdigest()).all()
    answer = Api().post("/calls", {"what": "x", "uploads": [sent.token]}, once=ids.new())
    assert (answer.status, answer.fields) == (422, {"uploads": "differs"})
    assert not File.objects.exists() and not Upload.objects.exists() and on_disk() == []


def test_a_part_that_was_altered_on_disk_is_not_taken(house):
    sent = announce(make.noise(100_000)).all()
    path = on_disk()[0]
    raw = bytearray(path.read_bytes())
    raw[50_000] ^= 1
    path.write_bytes(raw)
    answer = Api().post("/calls", {"what": "x", "uploads": [sent.token]}, once=ids.new())
    assert answer.fields == {"uploads": "differs"}


@pytest.mark.parametrize("number", [1, 2, 10**6, 10**18])
def test_there_are_no_parts_beyond_the_last(house, number):
    assert announce(b"right").put(number, b"right").status == 404
    assert on_disk() == []


def test_a_token_is_good_for_its_own_upload(house):
    one, other = announce(b"right"), announce(b"other")
    one.id = other.id
    for answer in (
        one.put(0),
        one.api.get(f"/uploads/{other.id}"),
        one.api.delete(f"/uploads/{other.id}"),
    ):
        assert answer.status == 404
    other.token = other.token[:-3] + ("AAA" if other.token[-3:] != "AAA" else "BBB")
    assert other.put(0).status == 401
    assert enter(call()).get(f"/uploads/{other.id}").status == 401


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"size": -1}, {"size": "form"}),
        ({"size": 2**31 + 1}, {"size": "large"}),
        ({"size": 10**40}, {"size": "large"}),
        ({"size": "1"}, {"size": "form"}),
        ({"size": True}, {"size": "form"}),
        ({"sha256": "x"}, {"sha256": "form"}),
        ({"name": "x" * 2001}, {"name": "long"}),
    ],
)
def test_an_announcement_must_make_sense(house, body, fields):
    answer = Api().post("/uploads", {"size": 1, "sha256": "0" * 64} | body)
    assert (answer.status, answer.fields) == (422, fields)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("", "file"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a\x00b\n.doc", "ab.doc"),
        ("صورة.jpg", "صورة.jpg"),
        ("x" * 200 + ".jpeg", "x" * 115 + ".jpeg"),
        ("...", "file"),
    ],
)
def test_a_name_keeps_no_path(house, name, kept):
    call(uploads=[announce(b"content", name).all().token])
    assert list(arrived(house)) == [kept]


# --- the end -------------------------------------------------------------------------------------
def test_a_file_with_a_part_missing_is_not_taken(house):
    sent = announce(make.noise(PART + 1))
    assert sent.put(1).status == 204
    answer = Api().post("/calls", {"what": "x", "uploads": [sent.token]}, once=ids.new())
    assert answer.fields == {"uploads": "unfinished"}
    assert sent.put(0).status == 204
    call(uploads=[sent.token])


def test_a_file_has_one_owner(house):
    sent = announce(b"once").all()
    twice = {"what": "x", "uploads": [sent.token, sent.token]}
    assert Api().post("/calls", twice, once=ids.new()).fields == {"uploads": "twice"}
    session = enter(call(uploads=[sent.token]))
    again = session.post("/thread/messages", {"uploads": [sent.token]}, once=ids.new())
    assert again.status == 409
    assert sent.put(0).status == 404
    assert sent.api.get(f"/uploads/{sent.id}").status == 404
    assert sent.api.delete(f"/uploads/{sent.id}").status == 404
    assert arrived(house)["file"][1] == b"once"


def test_of_two_who_take_a_file_at_once_one_is_told(house):
    sent = announce(b"once").all()
    with uploads.taken([sent.token]) as (one,), uploads.taken([sent.token]) as (other,):
        one.own()
        with pytest.raises(Conflict):
            other.own()


def test_the_same_part_at_the_same_time_lies_there_once(house):
    sent = announce(make.noise(300_000))
    with served() as address, ThreadPoolExecutor(6) as pool:
        place = urlsplit(address)
        statuses = list(pool.map(lambda _: put_over(place, sent, 0, None), range(12)))
    assert set(statuses) == {204}
    assert len(on_disk()) == Part.objects.count() == 1
    call(uploads=[sent.token])
    assert arrived(house)["file"][1] == sent.content


def test_a_deed_that_fails_leaves_the_upload_to_be_named_again(house):
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), (9, 99, 9)).save(photo, "PNG")
    sent = announce(photo.getvalue(), "photo.png").all()
    session = enter(call())
    body = {"text": "x" * 60_001, "uploads": [sent.token]}
    assert session.post("/thread/messages", body, once=ids.new()).fields == {"text": "long"}
    assert len(on_disk()) == 1  # the part, and no copy
    body["text"] = "fits"
    assert session.post("/thread/messages", body, once=ids.new()).status == 201
    shown = session.get("/thread").json["messages"][0]["files"][0]
    assert (shown["name"], shown["kind"], shown["size"]) == ("photo.png", "png", len(sent.content))
    assert shown["clean"] is not None and len(on_disk()) == 2


def test_what_nobody_finished_dies_after_a_day(house):
    sent = announce(b"right").all()
    clock.forward(timedelta(hours=23, minutes=59))
    assert sent.api.get(f"/uploads/{sent.id}").json["have"] == [0]
    clock.forward(timedelta(minutes=2))
    assert sent.put(0).status == 401
    answer = Api().post("/calls", {"what": "x", "uploads": [sent.token]}, once=ids.new())
    assert answer.fields == {"uploads": "unknown"}
    clock.forward(timedelta(hours=2))
    assert files.sweep() == 1
    assert on_disk() == [] and not Upload.objects.exists() and not Part.objects.exists()


def test_one_can_think_better_of_it(house):
    sent = announce(b"right").all()
    assert sent.api.delete(f"/uploads/{sent.id}").status == 204
    assert on_disk() == [] and not Upload.objects.exists()
    assert sent.put(0).status == 404
    answer = Api().post("/calls", {"what": "x", "uploads": [sent.token]}, once=ids.new())
    assert answer.fields == {"uploads": "unknown"}


# --- the disk ------------------------------------------------------------------------------------
def test_unfinished_uploads_cannot_fill_the_disk(house, monkeypatch):
    """They may take half of the room above the reserve, so that calls still find some."""
    free = 2 * config().free_disk + 5 * PART
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, free - len(on_disk()) * PART)
    )
    first, second = announce(b"x" * (4 * PART), sha256="0" * 64), announce(b"y")
    statuses = [first.put(number).status for number in range(4)]
    assert statuses == [204, 204, 503, 503]
    assert second.put(0).status == 204
    assert Api().post("/uploads", {"size": 4 * PART, "sha256": "0" * 64}).status == 503
    assert Api().get("/ready").status == 200
    call()


# --- what the server keeps -----------------------------------------------------------------------
def test_the_server_keeps_nothing_that_opens_an_unfinished_upload(house):
    content = b"CANARY-IN-THE-FILE " * 4000
    sent = announce(content, "CANARY-IN-THE-NAME.txt").all()
    ticket = uploads.read(sent.token)
    secrets = [ticket.key, b"CANARY-IN-THE", ticket.sha256.encode(), bytes.fromhex(ticket.sha256)]
    secrets += [ticket.key.hex().encode(), sent.token.encode(), repr(ticket.key).encode()]
    everything = [path.read_bytes() for path in config().data.rglob("*") if path.is_file()]
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        assert len(everything) > 4
    for secret in secrets:
        assert not any(secret in one for one in everything)
    for row in (*Upload.objects.values_list(), *Part.objects.values_list()):
        assert not any(secret in repr(row).encode() for secret in secrets)
    until = Upload.objects.get().until
    assert (until.minute, until.second) == (0, 0)
    assert repr(ticket) == "<Ticket>"


def test_a_lockdown_takes_the_tokens_along(house):
    sent = announce(b"right").all()
    with house.ines.request() as actor:
        people.lockdown(actor)
    assert sent.put(0).status == 503
    with journal.unit():
        people.lift_lockdown()
    assert sent.put(0).status == 401


def test_what_was_sent_by_a_form_is_no_part(house):
    """A multipart body is only bytes here: no parser of forms sees it."""
    sent = announce(b"right")
    client = Client()
    answer = client.put(
        f"/api/v1/uploads/{sent.id}/parts/0",
        b"right",
        content_type="multipart/form-data; boundary=b",
        headers={"Authorization": f"Bearer {sent.token}", "Content-Digest": digest(b"right")},
    )
    assert answer.status_code == 204
    assert len(on_disk()) == 1


# --- what is asked first -------------------------------------------------------------------------
def test_nothing_large_is_read_back_for_what_cannot_be_taken_in(house, monkeypatch):
    """What is too long, has no room or came before costs no more than its own bytes, however much it
    names."""
    code, seen, once = call(), [], ids.new()
    me, desk = enter(code), officer(house.ines)
    case = desk.get("/desk/queue").json["rows"][0]["case"]
    assert me.post("/thread/messages", {"text": "again"}, once=once).status == 201
    at = desk.get(f"/desk/cases/{case}").headers["ETag"]
    sent = announce(make.noise(PART + 1)).all()
    monkeypatch.setattr(uploads, "_finish", lambda ticket: seen.append(ticket) or 1 / 0)
    named, long = {"uploads": [sent.token]}, "x" * 60_001
    for answer, fields in (
        (Api().post("/calls", {"what": long} | named, once=ids.new()), {"what": "long"}),
        (me.post("/thread/messages", {"text": long} | named, once=ids.new()), {"text": "long"}),
        (desk.change(f"/desk/cases/{case}/reply", {"text": long} | named, at=at), {"text": "long"}),
    ):
        assert (answer.status, answer.fields) == (422, fields)
    assert me.post("/thread/messages", {"text": "again"} | named, once=once).status == 409
    assert Api().post("/calls", {"what": "again"} | named, once=once).status == 409
    monkeypatch.setattr(files, "room_left", lambda *_: False)
    assert me.post("/thread/messages", {"text": "a"} | named, once=ids.new()).status == 503
    assert Api().post("/calls", {"what": "a"} | named, once=ids.new()).status == 503
    assert me.post("/thread/messages", {"text": "words still fit"}, once=ids.new()).status == 201
    assert seen == []
