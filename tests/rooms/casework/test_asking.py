"""A call for help: taken in once, sealed, whatever was left empty, and whole or not at all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from amparo.casework import queries, rules
from amparo.casework.models import Case, Cover, Entry, File, Sent
from amparo.casework.services import intake, opening, thread
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config
from amparo.foundation.errors import CannotOpen, Conflict, Invalid, NotFound, Refused, Unavailable
from amparo.foundation.models import JournalEntry
from amparo.foundation.router import DATA, KEYSTORE
from amparo.vault import codes, keys, server
from amparo.vault import files as vault_files
from amparo.vault.models import Epoch, Grant, Principal, Session, Slot, Upload
from tests import make
from tests.make import Crash, Defender, House

Rows = dict[str, int]


def count() -> Rows:
    """How much of a call is in the tables."""
    tables = (Case, Cover, Entry, File, Epoch, Grant, Slot, Principal, Upload)
    return {table.__name__: table.objects.count() for table in tables}


def sweep() -> None:
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0


# --- what arrives --------------------------------------------------------------------------------
def test_everything_may_stay_empty(house: House) -> None:
    amina = make.ask("")
    with amina.request() as actor:
        (first,) = queries.thread(actor).messages
    assert (first.by, first.text, first.where, first.files) == ("defender", "", "", [])
    with house.ines.request() as ines:
        (row,) = queries.queue(ines).rows
    assert row.case == amina.case and row.name and row.unread == 1 and row.reach == []


def test_what_was_said_stands_where_the_desk_reads_it(house: House) -> None:
    amina = make.ask(
        "Two men. رجلان", where="North of the lake", how="text", reach="“water the plants”",
        language="ar", files=(make.file(b"a photograph"),),
    )  # fmt: skip
    with house.ines.request() as ines:
        view = queries.case(ines, amina.case)
        (message,) = view.thread.messages
        opened = queries.open_file(ines, amina.case, message.files[0].id)
        assert b"".join(opened.pieces()) == b"a photograph"
    assert (message.text, message.where) == ("Two men. رجلان", "North of the lake")
    assert view.row.language == "ar" and view.row.where == "North of the lake"
    assert view.row.reach == [{"how": "text", "text": "“water the plants”"}]


def test_it_is_due_when_the_page_said(house: House) -> None:
    with clock.frozen():
        amina = make.ask()
        row = Case.objects.get(id=amina.case)
        assert row.due_at == clock.now() + timedelta(minutes=config().first_answer_minutes)
        assert (row.state, row.stage, row.level, row.owner) == ("new", "request", 0, None)


@pytest.mark.parametrize("field", ["what", "where", "reach"])
def test_what_is_too_long_is_named_and_nothing_is_kept(house: House, field: str) -> None:
    before = count()
    with pytest.raises(Invalid) as refused:
        make.ask(**{field: "x" * (rules.TEXT_LIMIT + 1)})
    assert refused.value.fields == {field: "long"}
    assert count() == before
    make.ask("x" * rules.TEXT_LIMIT)


def test_the_same_form_twice_is_one_call(house: House) -> None:
    once = ids.new()
    make.ask(once=once)
    before = count()
    with pytest.raises(Conflict):
        make.ask(once=once)
    assert count() == before


def test_the_same_form_twice_at_once_is_one_call(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looked before the first had written."""
    once = ids.new()
    make.ask(once=once)
    before = count()

    monkeypatch.setattr(intake, "was_sent", lambda _: False)
    with pytest.raises(Conflict):
        make.ask(once=once)
    assert count() == before  # not even a key


def test_a_form_is_remembered_for_a_day_or_two(house: House) -> None:
    from amparo.casework import jobs

    make.ask()
    clock.forward(timedelta(days=2))
    jobs.sweep()
    assert Sent.objects.count() == 1
    clock.forward(timedelta(days=1))
    jobs.sweep()
    assert Sent.objects.count() == 0


def test_nobody_types_for_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    intake.ready()
    monkeypatch.setattr(vault_files, "room_left", lambda *_: False)
    with pytest.raises(Unavailable):
        intake.ready()
    with pytest.raises(Unavailable):
        make.ask()
    monkeypatch.undo()
    server.destroy()
    with pytest.raises(Unavailable):
        intake.ready()


def test_a_call_is_one_entry_of_the_journal(house: House) -> None:
    before = JournalEntry.objects.count()
    make.ask(files=(make.file(),))
    assert JournalEntry.objects.count() == before + 1


# --- no hash holds a database up -----------------------------------------------------------------
@pytest.fixture
def outside_transactions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every stretching of a code notes whether a transaction was open meanwhile."""
    seen, real = [], codes.derive

    def derive(*given: Any) -> tuple[bytes, bytes]:
        inside = [alias for alias in (DATA, KEYSTORE) if connections[alias].in_atomic_block]
        seen.append(",".join(inside))
        return real(*given)

    monkeypatch.setattr(codes, "derive", derive)
    return seen


def test_codes_are_stretched_outside_every_transaction(
    house: House, outside_transactions: list[str]
) -> None:
    amina = make.ask()
    with amina.request() as actor:
        thread.new_code(actor, codes.new_digits())
    with house.ines.request() as ines:
        call = intake.Call(what="by phone", way="phone")
        opening.record_call(ines, once=ids.new(), code=codes.new_digits(), call=call)
    assert outside_transactions == [""] * 4


# --- breaking off --------------------------------------------------------------------------------
@pytest.mark.parametrize("point", ["casework.ask:keys", "casework.ask:data"])
def test_a_call_that_broke_off_is_gone_or_whole(
    house: House, crash_at: Callable[[str], None], point: str
) -> None:
    before, code, once = count(), codes.new_digits(), ids.new()
    crash_at(point)
    with pytest.raises(Crash):
        make.ask("help", code=code, once=once, files=(make.file(),))
    sweep()
    if point.endswith("keys"):
        assert count() == before
        amina = make.ask("help", code=code, once=once)  # the same form is taken when it comes again
    else:
        amina = Defender(Case.objects.get().id, code)
        with pytest.raises(Conflict):
            make.ask("help", code=code, once=once)
    with amina.request() as actor:
        assert [one.text for one in queries.thread(actor).messages] == ["help"]
    assert make.texts(house.ines, amina.case, "correspondence") == ["help"]


# --- coming back ---------------------------------------------------------------------------------
def test_the_code_opens_ones_own_call_and_nothing_else(house: House) -> None:
    amina, badra = make.ask("amina's"), make.ask("badra's")
    for one, text in ((amina, "amina's"), (badra, "badra's")):
        with one.request() as actor:
            assert actor.case == one.case
            assert [message.text for message in queries.thread(actor).messages] == [text]


def test_every_wrong_code_is_answered_alike(house: House) -> None:
    amina, gone = make.ask(), make.ask()
    with gone.request() as actor:
        thread.withdraw_request(actor)
    before = JournalEntry.objects.count()
    answers = []
    for text in (
        " ".join(codes.new_digits().shown),
        " ".join(codes.new_words("en").shown),
        gone.text,
    ):
        with journal.unit(), pytest.raises(NotFound) as refused:
            intake.enter(text)
        answers.append(str(refused.value))
    assert set(answers) == {""}
    assert JournalEntry.objects.count() == before + 3
    with journal.unit(), pytest.raises(codes.Mistyped):
        intake.enter("12345")
    assert JournalEntry.objects.count() == before + 3  # nothing was looked up
    assert amina.case


def test_a_second_window_closes_the_first(house: House) -> None:
    amina = make.ask()
    with amina.request():
        first = amina.window
    amina.window = b""
    with amina.request():
        assert amina.window != first
    with pytest.raises(CannotOpen):
        intake.resume(first)
    assert Session.objects.filter(kind="code").count() == 1


def test_a_new_code_ends_the_old_one(house: House) -> None:
    amina, fresh = make.ask("help"), codes.new_words("es")
    with amina.request() as actor:
        thread.new_code(actor, fresh)
    with journal.unit(), pytest.raises(NotFound):
        intake.enter(amina.text)
    with Defender(amina.case, fresh).request() as actor:
        assert [one.text for one in queries.thread(actor).messages] == ["help"]


def test_the_code_itself_is_kept_nowhere(house: House) -> None:
    amina = make.ask()
    secret = amina.code.secret
    digits = "".join(amina.code.shown).encode()
    for table in make.tables():
        for row in table.objects.all():
            for value in row.__dict__.values():
                raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                assert secret not in raw and digits not in raw


# --- by phone ------------------------------------------------------------------------------------
def by_phone(officer: make.Officer, code: codes.Code, way: str = "phone") -> intake.Asked:
    call = intake.Call(what="He has not come home.", way=way, consent="oral", how="call")
    with officer.request() as actor:
        return opening.record_call(actor, once=ids.new(), code=code, call=call)


def test_staff_type_what_was_said_and_the_caller_has_a_code_of_their_own(house: House) -> None:
    code = codes.new_digits()
    asked = by_phone(house.ines, code)
    with house.ines.request() as ines:
        view = queries.case(ines, asked.case)
    assert view.row.way == "phone"
    assert (view.thread.messages[0].by, view.thread.messages[0].author) == ("call", "Inés M.")
    with Defender(asked.case, code).request() as actor:
        (message,) = queries.thread(actor).messages
        assert (message.text, message.author) == ("He has not come home.", "")


def test_only_the_intake_team_types_and_says_how_they_came(house: House) -> None:
    lena = house.hire("lena", "legal")
    with pytest.raises(Refused):
        by_phone(lena, codes.new_digits())
    with pytest.raises(Invalid):
        by_phone(house.ines, codes.new_digits(), way="dream")
    call = intake.Call(way="phone")
    with journal.unit(), pytest.raises(Refused):
        opening.record_call(NOBODY, once=ids.new(), code=codes.new_digits(), call=call)


# --- keys ----------------------------------------------------------------------------------------
def test_only_the_intake_team_and_the_caller_hold_a_key(house: House) -> None:
    amina = make.ask()
    held = Grant.objects.filter(case=amina.case).values_list("compartment", "grantee", "purpose")
    team = keys.team("intake").id
    with amina.request() as actor:
        me = actor.id
    assert set(held) == {
        (compartment, grantee, purpose)
        for compartment in ("cover", "correspondence")
        for grantee, purpose in ((team, "protection"), (me, "own"))
    }
    lena = house.hire("lena", "legal")
    with lena.request() as outsider, pytest.raises(NotFound):
        queries.case(outsider, amina.case)


def test_a_read_of_what_is_shut_is_noted(house: House) -> None:
    amina, lena = make.ask(), house.hire("lena", "legal")
    before = JournalEntry.objects.count()
    with lena.request() as outsider, pytest.raises(NotFound):
        queries.case(outsider, amina.case)
    from amparo.vault import log

    entry = JournalEntry.objects.order_by("-seq").first()
    assert entry is not None and JournalEntry.objects.count() == before + 1
    with house.ines.request() as ines:
        deeds = [one["deed"] for one in log.open_detail(ines.ring, entry)["deeds"]]
    assert "refused" in deeds
