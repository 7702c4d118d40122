"""An officer's program: signs in as a person, sees what their keys open, does what an officer does."""

import io
from datetime import timedelta
from typing import Any

import pytest

from amparo.api import tokens
from amparo.api.site import api
from amparo.casework.models import Case, Entry
from amparo.foundation import clock, ids
from amparo.foundation.errors import CannotOpen
from amparo.foundation.models import JournalEntry
from amparo.vault import age
from tests import make
from tests.doors.api_client import Api, announce, call, enter, officer


@pytest.fixture(autouse=True)
def _faults_are_seen(monkeypatch: Any) -> None:
    def show(_: Any, error: Exception) -> None:
        raise error

    monkeypatch.setitem(api._exception_handlers, Exception, show)


@pytest.fixture
def desk(house: make.House) -> Api:
    return officer(house.ines)


def place(case: ids.Id) -> str:
    return f"/desk/cases/{case}"


def tag(desk: Api, case: ids.Id) -> str:
    return desk.get(place(case)).headers["ETag"]


# --- in and out ----------------------------------------------------------------------------------
def sign_in(who: make.Officer, **wrong: str) -> Any:
    clock.forward(timedelta(minutes=5))  # past the digits that founded the house
    body = {"name": who.name, "passphrase": who.passphrase, "second": who.digits()}
    return Api().post("/desk/session", body | wrong)


def test_signing_in_and_out(house):
    answer = sign_in(house.tomas)
    assert answer.status == 201 and answer.json["expires_in"] == 15 * 60
    desk = Api(answer.json["token"])
    assert desk.get("/desk/queue").status == 200
    assert desk.delete("/desk/session").status == 204
    assert desk.get("/desk/queue").status == 401


def test_whatever_is_wrong_with_a_sign_in_the_answer_is_the_same(house):
    answers = [
        sign_in(house.tomas, passphrase="wrong"),
        sign_in(house.ruth, second="000000"),
        sign_in(house.ruth, name="nobody"),
        sign_in(house.ruth, name="\x00", second=""),
    ]
    assert answers[0].status == 404
    assert all(one.same == answers[0].same for one in answers)


def test_wrong_passphrases_keep_nobody_out_known_or_not(house):
    for name in ("tomas", "nobody"):
        wrong = {"name": name, "passphrase": "wrong", "second": "000000"}
        assert {Api().post("/desk/session", wrong).status for _ in range(8)} == {404}
    assert sign_in(house.tomas).status == 201


def test_a_code_is_no_officer(house):
    session = enter(call())
    case = Case.objects.get().id
    for method, path in [
        ("GET", "/desk/queue"),
        ("GET", place(case)),
        ("POST", f"{place(case)}/take"),
        ("DELETE", "/desk/session"),
    ]:
        assert session.send(method, path).same == Api().send(method, path).same
        assert session.send(method, path).status == 401
    assert session.get("/thread").status == 200


# --- looking -------------------------------------------------------------------------------------
def test_the_queue_goes_on_from_page_to_page(house, desk, monkeypatch):
    from amparo.casework import queries

    made = {str(make.ask(f"call {number}").case) for number in range(5)}
    sized = queries.queue
    monkeypatch.setattr(queries, "queue", lambda actor, **more: sized(actor, size=2, **more))
    seen, after = [], ""
    while True:
        page = desk.get("/desk/queue", show="open", after=after).json
        assert len(page["rows"]) <= 2 and page["counts"]["open"] == 5
        seen += [row["case"] for row in page["rows"]]
        after = page["after"]
        if not after:
            break
    assert len(seen) == 5 and set(seen) == made


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"show": "mine"}, 200),
        ({"show": "everything"}, 422),
        ({"after": f"~{ids.NIL}"}, 200),
        ({"after": "~" + "-" * 36}, 404),
        ({"after": f"2099-99-99T00:00:00+00:00~{ids.NIL}"}, 404),
        ({"after": "nonsense"}, 422),
        ({"after": f"2020-01-01~{ids.NIL}"}, 422),
        ({"after": f"0001-01-01T00:00:00+23:00~{ids.NIL}"}, 422),
    ],
)
def test_what_the_queue_is_asked(house, desk, query, status):
    assert desk.get("/desk/queue", **query).status == status


def test_a_case_shows_what_ones_keys_open(house, desk):
    asked = make.ask("They came again.", where="By the lake", how="call", reach="0000")
    shown = desk.get(place(asked.case))
    assert shown.headers["ETag"] == '"0"'
    assert shown.json["row"]["where"] == "By the lake"
    assert shown.json["row"]["reach"] == [{"how": "call", "text": "0000"}]
    assert shown.json["thread"]["messages"][0]["text"] == "They came again."
    assert {"take", "reply", "decline", "open"} <= set(shown.json["may"])
    assert shown.json["compartments"] == []


def test_what_ones_keys_do_not_open_is_not_there(house, desk):
    """For a colleague of another team a case and a file are the same as none."""
    asked = make.ask(files=(make.file(b"content", "a.txt", "opaque"),))
    stranger = officer(make_stranger(house))
    nobody = stranger.get(place(ids.new())).same
    assert nobody[0] == 404
    file = desk.get(place(asked.case)).json["thread"]["messages"][0]["files"][0]["id"]
    assert stranger.get(place(asked.case)).same == nobody
    assert stranger.get(f"{place(asked.case)}/files/{file}").same == nobody
    assert stranger.get(f"{place(asked.case)}/files/{ids.new()}").same == nobody
    for verb, body in DEEDS.items():
        answer = stranger.change(f"{place(asked.case)}/{verb}", body, at='"0"')
        assert answer.same == nobody, verb
    assert stranger.get("/desk/queue").json["rows"] == []
    assert make.version(asked.case) == 0 and Entry.objects.count() == 1


def make_stranger(house: make.House) -> make.Officer:
    one = house.hire("paula", "finance")
    one.sign_in()
    return one


def test_a_sealed_compartment_shows_its_holders_only(house):
    asked = make.ask()
    make.open_case(house.ines, asked.case)
    make.note(house.ines, asked.case, "narrative", "Taken at dawn.")
    shown = {
        one["code"]: one for one in officer(house.ines).get(place(asked.case)).json["compartments"]
    }
    assert shown["narrative"]["open"]
    assert "Taken at dawn." in [one["text"] for one in shown["narrative"]["entries"]]
    assert not shown["identity"]["open"] and shown["identity"]["entries"] == []
    other = {
        one["code"]: one for one in officer(house.tomas).get(place(asked.case)).json["compartments"]
    }
    assert not other["narrative"]["open"] and other["narrative"]["entries"] == []


def test_a_file_opens_with_ones_own_key_only(house, desk):
    content = make.noise(200_000)
    asked = make.ask(files=(make.file(content, "their name.pdf", "opaque"),))
    file = desk.get(place(asked.case)).json["thread"]["messages"][0]["files"][0]
    answer = desk.get(f"{place(asked.case)}/files/{file['id']}")
    assert answer.status == 200 and content[:64] not in answer.content
    assert "their" not in answer.headers["Content-Disposition"]
    opened = io.BytesIO()
    with house.ines.request() as ines, house.tomas.request() as tomas:
        keys = [age.identity_of(one.ring.person.age_seed) for one in (ines, tomas)]
    age.decrypt_io(io.BytesIO(answer.content), opened, [keys[0]])
    assert opened.getvalue() == content
    with pytest.raises(CannotOpen):
        age.decrypt_io(io.BytesIO(answer.content), io.BytesIO(), [keys[1]])


def test_words_are_found_and_travel_in_the_body(house, desk):
    asked = make.ask("A grey car since Friday.")
    hits = desk.post("/desk/search", {"text": "grey car"}).json
    assert [hit["case"] for hit in hits] == [str(asked.case)]
    assert desk.get("/desk/search", text="grey").status in {404, 405}
    for nothing in ("", "!!!", '"', "*", "NEAR(", "a OR", "-", "é\u0301"):
        assert desk.post("/desk/search", {"text": nothing}).status == 200
    assert desk.post("/desk/search", {"text": "a\x00b"}).fields == {"text": "form"}
    assert desk.post("/desk/search", {"text": "x" * 201}).fields == {"text": "long"}


# --- doing ---------------------------------------------------------------------------------------
DEEDS: dict[str, Any] = {
    "take": None,
    "level": {"level": 3, "reason": "An arrest."},
    "reply": {"text": "We are here."},
    "log": {"outcome": "no answer", "text": "Rang twice.", "incoming": True},
    "open": None,
    "notes": {"compartment": "narrative", "text": "Taken at dawn."},
    "refer": {"to": "The lawyers' line", "reason": "They go to court."},
    "decline": {"reason": "Not in our area."},
}


def test_every_deed_in_its_turn(house, desk):
    case = make.ask().case
    for verb, body in DEEDS.items():
        answer = desk.change(f"{place(case)}/{verb}", body, at=tag(desk, case))
        assert answer.status in {201, 204}, (verb, answer)
    shown = desk.get(place(case)).json
    assert shown["row"]["state"] == "declined" and shown["row"]["stage"] == "case"
    assert shown["row"]["level"] == 3 and shown["row"]["mine"]
    said = [(one["text"], one["outcome"], one["decision"]) for one in shown["thread"]["messages"]]
    assert ("We are here.", "", "") in said
    assert ("Rang twice.", "no answer", "") in said
    assert ("They go to court.", "", "referred") in said
    assert ("Not in our area.", "", "declined") in said
    assert [one["to"] for one in shown["thread"]["messages"] if one["decision"] == "referred"] == [
        "The lawyers' line"
    ]


@pytest.mark.parametrize("verb", DEEDS)
@pytest.mark.parametrize(
    ("match", "status"),
    [
        (None, 428),
        ("*", 428),
        ('"7"', 412),
        ("0", 412),
        ('W/"0"', 412),
        ('"-1"', 412),
        ('"' + "9" * 30 + '"', 412),
        ('"0", "1"', 412),
        ("é", 412),
    ],
)
def test_a_change_says_what_it_changes(house, desk, verb, match, status):
    case = make.ask().case
    assert desk.change(f"{place(case)}/{verb}", DEEDS[verb], at=match).status == status
    assert make.version(case) == 0 and Entry.objects.count() == 1


@pytest.mark.parametrize("verb", [verb for verb in DEEDS if verb not in {"take", "notes"}])
def test_the_same_change_twice_is_done_once(house, desk, verb):
    case = make.ask().case
    at = tag(desk, case)
    assert desk.change(f"{place(case)}/{verb}", DEEDS[verb], at=at).status in {201, 204}
    entries = Entry.objects.count()
    assert desk.change(f"{place(case)}/{verb}", DEEDS[verb], at=at).status == 412
    assert Entry.objects.count() == entries and make.version(case) == 1


def test_of_two_who_take_a_request_one_is_told(house, desk):
    case = make.ask().case
    at = tag(desk, case)
    assert officer(house.tomas).change(f"{place(case)}/take", at=at).status == 204
    assert desk.change(f"{place(case)}/take", at=at).status == 412
    assert desk.get(place(case)).json["row"]["owner"] == "Tomás R."


def test_a_reply_carries_files_and_the_defender_gets_them(house, desk):
    asked = make.ask()
    sent = announce(b"a form to fill in", "form.txt").all()
    body = {"text": "Fill this in.", "uploads": [sent.token]}
    assert desk.change(f"{place(asked.case)}/reply", body, at='"0"').status == 201
    shown = enter(asked.text).get("/thread").json["messages"][0]
    assert shown["text"] == "Fill this in." and shown["files"][0]["name"] == "form.txt"


@pytest.mark.parametrize(
    ("verb", "body", "fields"),
    [
        ("level", {"level": 5}, {"level": "form"}),
        ("level", {"level": True}, {"level": "form"}),
        ("level", {"level": "3"}, {"level": "form"}),
        ("level", {"level": 1.0}, {"level": "form"}),
        ("reply", {"text": " "}, {"text": "empty"}),
        ("reply", {"text": "x" * 60_001}, {"text": "long"}),
        ("log", {"outcome": "maybe"}, {"outcome": "choose"}),
        ("decline", {"reason": " "}, {"reason": "empty"}),
        ("decline", {}, {"reason": "missing"}),
        ("refer", {"to": "", "reason": "x"}, {"to": "empty"}),
        ("notes", {"compartment": "narrative", "text": ""}, {"text": "empty"}),
    ],
)
def test_what_cannot_be_used_is_named(house, desk, verb, body, fields):
    case = make.ask().case
    answer = desk.change(f"{place(case)}/{verb}", body, at='"0"')
    assert (answer.status, answer.fields) == (422, fields)
    assert make.version(case) == 0 and Entry.objects.count() == 1


@pytest.mark.parametrize("compartment", ["cover", "correspondence", "identity", "house", "x", ""])
def test_there_is_no_writing_where_there_is_no_key(house, desk, compartment):
    case = make.ask().case
    make.open_case(house.ines, case)
    before = Entry.objects.count()
    body = {"compartment": compartment, "text": "x"}
    assert desk.change(f"{place(case)}/notes", body, at=tag(desk, case)).status == 404
    assert Entry.objects.count() == before


@pytest.mark.parametrize("case", ["x", "1", "../queue", "00000000-0000-0000-0000-00000000000g"])
def test_ids_that_are_none(house, desk, case):
    answers = [desk.get(f"/desk/cases/{case}").same, desk.get(place(ids.NIL)).same]
    assert answers[0] == answers[1] and answers[0][0] == 404


def test_a_session_ends_when_its_holder_is_locked_out(house, desk):
    tomas = officer(house.tomas)
    assert tomas.get("/desk/queue").status == 200
    from amparo.foundation import journal
    from amparo.people import services as people

    with journal.unit():
        people.lock_out(house.tomas.id)
    assert tomas.get("/desk/queue").status == 401
    assert desk.get("/desk/queue").status == 200


def test_a_handle_is_spelled_one_way():
    handle = bytes(range(48))
    assert tokens.handle_of(tokens.text_of(handle)) == handle
    for other in (tokens.text_of(handle) + "!", " " + tokens.text_of(handle), "é"):
        assert tokens.handle_of(other) != handle


def test_one_request_is_one_entry_of_the_journal(house, desk):
    case = make.ask().case
    for path in ("/desk/queue", place(case)):
        before = JournalEntry.objects.count()
        desk.get(path)
        assert JournalEntry.objects.count() == before + 1
    before = JournalEntry.objects.count()
    desk.change(f"{place(case)}/reply", {"text": "x"}, at='"0"')
    assert JournalEntry.objects.count() == before + 1
