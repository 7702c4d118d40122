"""A defender's program: calls without an account, comes back with the code, takes back, takes along."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from amparo.api.site import api
from amparo.casework import queries
from amparo.casework.models import Case, Entry
from amparo.casework.services import erasing
from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.foundation.models import JournalEntry
from amparo.people import services as people
from amparo.vault import codes, files
from tests import make
from tests.doors.api_client import Api, announce, call, enter, officer
from tests.doors.desk_house import client as browser_of


@pytest.fixture(autouse=True)
def _faults_are_seen(monkeypatch: Any) -> None:
    def show(_: Any, error: Exception) -> None:
        raise error

    monkeypatch.setitem(api._exception_handlers, Exception, show)


# --- calling -------------------------------------------------------------------------------------
def test_a_call_is_answered_by_a_code_that_opens_it_again(house):
    asked = Api().post(
        "/calls",
        {
            "what": "Two men asked my neighbour about me.",
            "where": "North of the lake",
            "how": "text",
            "reach": "0000, after six",
            "language": "es",
            "code": "words",
        },
        once=ids.new(),
    )
    assert asked.status == 201
    assert set(asked.json) == {"code", "due_at", "received_at"}
    assert asked.json["code"]["language"] == "es" and len(asked.json["code"]["shown"]) == 9
    shown = enter(" ".join(asked.json["code"]["shown"])).get("/thread").json
    assert shown["state"] == "new"
    assert [one["text"] for one in shown["messages"]] == ["Two men asked my neighbour about me."]
    assert shown["due_at"] == asked.json["due_at"]


@pytest.mark.parametrize(
    ("form", "language", "words"), [("digits", "en", None), ("words", "ar", "en")]
)
def test_a_code_comes_in_the_form_that_was_asked_for(house, form, language, words):
    answer = Api().post("/calls", {"what": "x", "code": form, "language": language}, once=ids.new())
    code = answer.json["code"]
    assert (code["form"], code["language"]) == (form, words)
    assert codes.parse(" ".join(code["shown"])).form == form


def test_the_same_key_stores_one_call(house):
    once = ids.new()
    assert Api().post("/calls", {"what": "first"}, once=once).status == 201
    again = Api().post("/calls", {"what": "first"}, once=once)
    assert again.status == 409
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"what": "empty"}),
        ({"what": "  "}, {"what": "empty"}),
        ({"what": "x", "how": "call"}, {"reach": "empty"}),
        ({"what": "x" * 60_001}, {"what": "long"}),
        ({"where": "x" * 501}, {"where": "long"}),
        ({"what": "x", "hwo": "text"}, {"hwo": "unknown"}),
        ({"what": "x", "a secret of mine": 1}, {"?": "unknown"}),
        ({"what": 3}, {"what": "form"}),
        ({"what": "x", "how": "pigeon"}, {"how": "choose"}),
        ({"what": "x", "language": "../"}, {"language": "form"}),
        ({"what": "x", "uploads": ["x"]}, {"uploads": "unknown"}),
        ({"what": "x", "uploads": ["x"] * 21}, {"uploads": "long"}),
        ([], {"body": "form"}),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_stored(house, body, fields):
    answer = Api().post("/calls", body, once=ids.new())
    assert (answer.status, answer.fields) == (422, fields)
    assert not Case.objects.exists()


def test_a_call_needs_a_key_against_sending_twice(house):
    assert Api().post("/calls", {"what": "x"}).fields == {"Idempotency-Key": "missing"}
    assert Api().post("/calls", {"what": "x"}, once="yes").fields == {"Idempotency-Key": "form"}


def test_whether_a_call_can_be_taken_in_is_said_before(house, monkeypatch):
    ready = Api().get("/ready")
    assert ready.status == 200
    assert ready.json["part_size"] == files.PART and "ru" in ready.json["code_languages"]
    monkeypatch.setattr(files, "room_left", lambda beside=0: False)
    assert Api().get("/ready").status == 503
    assert Api().post("/calls", {"what": "x"}, once=ids.new()).status == 503
    assert not Case.objects.exists()


def test_nothing_goes_in_after_a_lockdown(house):
    code = call()
    session = enter(code)
    with house.ines.request() as actor:
        people.lockdown(actor)
    assert Api().get("/ready").status == 503
    assert Api().post("/calls", {"what": "x"}, once=ids.new()).status == 503
    assert session.get("/thread").status == 401
    assert Api().post("/uploads", {"size": 1, "sha256": "0" * 64}).status == 503


# --- choosing ------------------------------------------------------------------------------------
def test_one_officer_in_danger_is_chosen_and_taken_back(house):
    code = call("They came again.")
    session = enter(code)
    duty = {"purpose": "duty", "compartment": "identity"}
    off = {"state": "off", "counts_from": None, "unsure": ""}
    assert session.get("/thread").json["choices"] == [duty | off]
    assert session.post("/thread/choose", duty | {"yes": True}).status == 204
    (chosen,) = session.get("/thread").json["choices"]
    assert chosen["state"] == "checked" and chosen["counts_from"]
    make.sure(house.ines, Case.objects.get().id)
    (chosen,) = session.get("/thread").json["choices"]
    assert chosen["state"] == "waits" and chosen["counts_from"] is None
    make.open_case(house.ines, Case.objects.get().id)
    shown = session.get("/thread").json
    assert shown["choices"][0]["state"] == "on" and len(shown["choices"]) == 7
    assert [one["compartments"] for one in shown["readers"] if one["purpose"] == "duty"] == [
        ["identity"]
    ]
    assert session.post("/thread/choose", duty | {"yes": False}).status == 204
    assert session.get("/thread").json["choices"][0]["state"] == "off"


def test_what_is_chosen_to_be_read_back_comes_with_the_thread(house):
    session = enter(call("They came again."))
    case = Case.objects.get().id
    own = {"purpose": "own", "compartment": "location", "yes": True}
    assert session.post("/thread/choose", own).status == 404  # nothing to read back yet
    make.open_case(house.ines, case)
    make.note(house.ines, case, "location", "By the mill.")
    assert session.post("/thread/choose", own).status == 204
    assert officer(house.ines).get(f"/desk/cases/{case}").status == 200
    assert session.get("/thread").json["parts"] == []
    make.sure(house.ines, case)
    assert officer(house.ines).get(f"/desk/cases/{case}").status == 200
    (part,) = session.get("/thread").json["parts"]
    assert part["compartment"] == "location"
    assert [(one["by"], one["author"], one["text"]) for one in part["entries"]] == [
        ("note", "", "By the mill.")
    ]
    for wrong in ({"purpose": "legal"}, {"yes": "yes"}):
        assert session.post("/thread/choose", own | wrong).status == 422


def test_a_reader_who_was_shut_out_is_let_in_again(house):
    session = enter(call("They came again."))
    (reader,) = session.get("/thread").json["readers"]
    closed = {"recipient": reader["principal"], "purpose": "protection"}
    assert session.post("/thread/withdraw-reader", closed).status == 204
    found = session.get("/thread").json["again"]
    assert {(one["label"], one["compartment"]) for one in found} == {
        ("intake", "cover"), ("intake", "correspondence"),
    }  # fmt: skip
    for one in found:
        assert session.post("/thread/say-yes-again", {"answer": one["answer"]}).status == 204
    shown = session.get("/thread").json
    assert shown["again"] == [] and shown["readers"][0]["purpose"] == "protection"
    assert session.post("/thread/say-yes-again", {"answer": str(ids.new())}).status == 404


# --- with the code -------------------------------------------------------------------------------
def test_a_conversation_goes_to_and_fro(house):
    session = enter(call("They came again."))
    once = ids.new()
    made = session.post("/thread/messages", {"text": "And once more."}, once=once)
    assert made.status == 201
    assert session.post("/thread/messages", {"text": "And once more."}, once=once).status == 409
    desk = officer(house.ines)
    case = desk.get("/desk/queue").json["rows"][0]["case"]
    tag = desk.get(f"/desk/cases/{case}").headers["ETag"]
    assert desk.change(f"/desk/cases/{case}/reply", {"text": "We are here."}, at=tag).status == 201
    shown = session.get("/thread").json["messages"]
    assert [one["text"] for one in shown] == ["We are here.", "And once more.", "They came again."]
    assert [one["by"] for one in shown] == ["desk", "defender", "defender"]
    assert {one["author"] for one in shown} == {""}
    assert shown[0]["unread"] and not session.get("/thread").json["messages"][0]["unread"]


def test_an_empty_message_is_none(house):
    session = enter(call())
    assert session.post("/thread/messages", {}, once=ids.new()).fields == {"text": "empty"}
    assert Entry.objects.count() == 1


def test_a_reader_can_be_closed_out_at_once(house):
    session = enter(call())
    desk = officer(house.ines)
    assert len(desk.get("/desk/queue").json["rows"]) == 1
    reader = session.get("/thread").json["readers"][0]
    assert reader["kind"] == "team"
    body = {"recipient": reader["principal"], "purpose": reader["purpose"]}
    assert session.post("/thread/withdraw-reader", body).status == 204
    assert session.get("/thread").json["readers"] == []
    assert desk.get("/desk/queue").json["rows"] == []
    assert session.post("/thread/withdraw-reader", body).status == 404


def test_an_erasure_that_was_asked_in_ones_name_is_stopped(house):
    me = enter(call())
    assert me.get("/thread").json["erasing_until"] is None
    assert me.post("/thread/keep").status == 409
    with house.ines.request() as ines:
        case = queries.queue(ines).rows[0].case
        erasing.ask(ines, case, reason="She called.")
    assert me.get("/thread").json["erasing_until"] == str(clock.today() + timedelta(days=7))
    assert me.post("/thread/keep").status == 204
    assert me.get("/thread").json["erasing_until"] is None


def test_everything_can_be_taken_back_for_good(house):
    code = call()
    session = enter(code)
    assert session.post("/thread/withdraw", {"sure": False}).status == 422
    assert session.post("/thread/withdraw", {}).status == 422
    assert session.get("/thread").status == 200
    assert session.post("/thread/withdraw", {"sure": True}).status == 204
    assert session.get("/thread").status == 401
    assert Api().post("/session", {"code": code}).status == 404
    assert Case.objects.get().state == "withdrawn" and not Entry.objects.exists()


def test_ones_own_copy_holds_words_and_files(house):
    photo = b"what the camera saw"
    sent = announce(photo, "door.txt").all()
    session = enter(call("See the photo.", uploads=[sent.token]))
    answer = session.get("/thread/export")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert "See the photo." in archive.read("notes.html").decode()
        assert archive.read("01.txt") == photo


def test_leaving_ends_the_session(house):
    session = enter(call())
    assert session.delete("/session").status == 204
    assert session.get("/thread").status == 401


# --- codes and tokens that open nothing ----------------------------------------------------------
def test_every_code_that_opens_nothing_gets_one_answer(house):
    gone = call()
    enter(gone).post("/thread/withdraw", {"sure": True})
    never = " ".join(codes.new_digits().shown)
    words = " ".join(codes.new_words("fr").shown)
    answers = [Api().post("/session", {"code": code}).same for code in (gone, never, words)]
    answers.append(Api().get("/no/such/address").same)
    answers.append(officer(house.ines).get(f"/desk/cases/{ids.new()}").same)
    assert answers[0][0] == 404 and all(one == answers[0] for one in answers)


def test_a_mistyped_code_is_told_by_its_place_and_never_repeated(house):
    """The answer depends on the place alone: two other codes with a slip there get the same bytes."""
    answers = []
    for slip in ("zzyzx", "qqqqq"):
        shown = list(codes.new_words("en").shown)
        shown[3] = slip
        answers.append(Api().post("/session", {"code": " ".join(shown)}))
    assert all(one.status == 422 and one.json["mistake"]["position"] == 4 for one in answers)
    assert answers[0].content == answers[1].content
    assert b"zzyzx" not in answers[0].content


def test_every_token_that_is_not_good_gets_one_answer(house):
    ended, over = enter(call("a")), enter(call("b"))
    ended.delete("/session")
    replaced_code = call("c")
    replaced = enter(replaced_code)
    enter(replaced_code)
    upload = announce(b"x")
    tokens = [
        *("", "x", "é", "A" * 64, "A" * 63, ended.token, replaced.token, upload.token),
        officer(house.ines).token,
        over.token[:-2] + ("AA" if over.token[-2:] != "AA" else "BB"),
    ]
    answers = [Api(token).get("/thread").same for token in tokens]
    clock.forward(timedelta(minutes=config().session_minutes, seconds=1))
    answers.append(over.get("/thread").same)
    answers.append(Api().send("GET", "/thread", Authorization="Basic eDp5").same)
    assert answers[0][0] == 401 and answers[0][1]["WWW-Authenticate"] == "Bearer"
    assert all(one == answers[0] for one in answers)


def test_a_cookie_opens_nothing_here(house):
    client = browser_of(house.ines)
    assert client.get("/api/v1/desk/queue").status_code == 401
    assert client.get("/desk/queue").status_code == 200


# --- bodies --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b'{"what": "x"}', "text/plain", 415),
        (b"what=x", "application/x-www-form-urlencoded", 415),
        (b"--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", 415),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"what": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"what": NaN}', "application/json", 422),
        (b'{"what": "\\ud800"}', "application/json", 422),
        (b"null", "application/json", 422),
        (b'"what"', "application/json", 422),
        (b" " * (1024 * 1024 + 1), "application/json", 413),
        (b'{"what": "x"}', "application/json; charset=utf-8", 201),
    ],
)
def test_a_body_must_be_json_of_a_fair_size(house, raw, kind, status):
    assert (
        Api().send("POST", "/calls", raw=raw, kind=kind, Idempotency_Key=str(ids.new())).status
        == status
    )


@pytest.mark.parametrize(
    "path", ["/calls", "/desk/queue", "/openapi.json", "/uploads", "/nothing", "/"]
)
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_other_methods_and_addresses_are_refused_like_everything_else(house, path, method):
    answer = Client(enforce_csrf_checks=True).generic(
        method, f"/api/v1{path}", headers={"Origin": "https://elsewhere.example"}
    )
    assert answer.status_code in {404, 405}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not any(name.startswith("Access-Control") for name in answer.headers)


def test_no_form_token_is_asked_for(house):
    client = Client(enforce_csrf_checks=True)
    body = json.dumps({"code": " ".join(codes.new_digits().shown)})
    answer = client.post("/api/v1/session", body, content_type="application/json")
    assert answer.status_code == 404
    answer = client.post("/api/v1/nothing", body, content_type="application/json")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_fault_of_ours_says_nothing(house, monkeypatch, capsys):
    from amparo.api import calls, problems

    monkeypatch.setitem(api._exception_handlers, Exception, problems._handler(problems._fault))

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of mine")

    monkeypatch.setattr(calls.intake, "ask", broken)
    client = Client()
    answer = client.post(
        "/api/v1/calls",
        json.dumps({"what": "x"}),
        content_type="application/json",
        headers={"Idempotency-Key": str(ids.new())},
    )
    assert answer.status_code == 500
    assert answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    assert "a secret of mine" not in capsys.readouterr().err


# --- the journal ---------------------------------------------------------------------------------
def test_one_request_is_one_entry_of_the_journal(house):
    code = call()
    assert JournalEntry.objects.count() == 1
    session = enter(code)
    assert JournalEntry.objects.count() == 2
    session.get("/thread")
    assert JournalEntry.objects.count() == 3
    Api().post("/session", {"code": " ".join(codes.new_digits().shown)})
    assert JournalEntry.objects.count() == 4
    session.post("/thread/messages", {"text": "x"}, once=ids.new())
    assert JournalEntry.objects.count() == 5
