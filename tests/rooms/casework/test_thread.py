"""What somebody does with their code: write again, take along, take back, for good."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from amparo.casework import jobs, queries
from amparo.casework.models import Case, Cover, Entry, Erasure, File, OutsideAnswer, TakenOver
from amparo.casework.services import desk, erasing, intake, opening, thread
from amparo.consent import services as consent
from amparo.consent.models import Disclosure, Override, Record, Release
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages import services as messages
from amparo.messages.models import Outgoing
from amparo.vault import files as vault_files
from amparo.vault.models import Epoch, Grant, PairWrap, Part, Session, Slot, Upload
from tests import make
from tests.make import Crash, Defender, House

ANSWER = timedelta(minutes=config().first_answer_minutes)


def write(amina: Defender, text: str, **more: Any) -> None:
    with amina.request() as actor:
        thread.write(actor, once=ids.new(), text=text, **more)


def row(amina: Defender) -> Case:
    return Case.objects.get(id=amina.case)


def reply(house: House, amina: Defender, text: str = "We have read it.") -> None:
    with house.ines.request() as ines:
        desk.reply(ines, amina.case, text=text)


# --- writing again -------------------------------------------------------------------------------
def test_the_two_sides_read_each_other(house: House) -> None:
    amina = make.ask("help")
    reply(house, amina)
    write(amina, "thank you", files=(make.file(b"a letter", "letter.pdf", "pdf"),))
    with amina.request() as actor:
        mine = queries.thread(actor).messages
    assert [(one.by, one.text, one.author) for one in mine] == [
        ("defender", "thank you", ""),
        ("desk", "We have read it.", ""),
        ("defender", "help", ""),
    ]
    assert make.texts(house.tomas, amina.case, "correspondence") == [
        "thank you", "We have read it.", "help",
    ]  # fmt: skip


def test_what_the_desk_writes_for_itself_is_not_shown(house: House) -> None:
    amina = make.ask("help")
    with house.ines.request() as ines:
        desk.log_call(ines, amina.case, outcome="no answer", text="rang twice", incoming=True)
        desk.set_level(ines, amina.case, level=3, reason="arrest", version=make.version(amina.case))
    with amina.request() as actor:
        assert [one.text for one in queries.thread(actor).messages] == ["help"]
    assert len(make.texts(house.ines, amina.case, "correspondence")) == 3


def test_an_answer_is_new_until_it_was_seen(house: House) -> None:
    amina = make.ask("help")
    reply(house, amina)
    with amina.request() as actor:
        assert [one.unread for one in queries.thread(actor).messages] == [True, False]
        thread.seen(actor)
        assert not any(one.unread for one in queries.thread(actor).messages)


def test_nothing_is_sent_twice_and_nothing_empty(house: House) -> None:
    amina, once = make.ask("help"), ids.new()
    with amina.request() as actor:
        thread.write(actor, once=once, text="again")
        with pytest.raises(Conflict):
            thread.write(actor, once=once, text="again")
        with pytest.raises(Invalid):
            thread.write(actor, once=ids.new(), text="  ")
        with pytest.raises(Invalid):
            thread.write(actor, once=ids.new(), text="x" * 60_001)
        assert len(queries.thread(actor).messages) == 2
    assert row(amina).unread == 2


def test_a_new_word_never_moves_an_earlier_hour_back(house: House) -> None:
    with clock.frozen():
        amina = make.ask()
        first = row(amina).due_at
        clock.forward(timedelta(minutes=5))
        write(amina, "still here")
        assert row(amina).due_at == first and row(amina).state == "new"
        with house.ines.request() as ines:
            desk.set_level(
                ines, amina.case, level=4, reason="arrest", version=make.version(amina.case)
            )
        in_an_hour = clock.now() + timedelta(hours=1)
        assert row(amina).due_at == in_an_hour
        write(amina, "they are at the door")
        assert row(amina).due_at == clock.now() + ANSWER  # sooner than the hour
        clock.forward(timedelta(minutes=20))
        overdue = row(amina).due_at
        write(amina, "please")
        assert row(amina).due_at == overdue  # late is late


@pytest.mark.parametrize(
    ("deed", "state"),
    [
        ("nothing", "new"),
        ("take", "taken"),
        ("reply", "waiting"),
        ("decline", "waiting"),
        ("refer", "waiting"),
        ("spam", "waiting"),
        ("close", "waiting"),
        ("merge", "waiting"),
    ],
)
def test_a_word_brings_back_whatever_was_done_with_the_call(
    house: House, deed: str, state: str
) -> None:
    """Otherwise somebody writes for their life into a drawer."""
    amina, other = make.ask(), make.ask()
    with house.ines.request() as ines:
        version = make.version(amina.case)
        match deed:
            case "take":
                desk.take(ines, amina.case, version=version)
            case "reply":
                desk.reply(ines, amina.case, text="We have read it.")
            case "decline":
                desk.decline(ines, amina.case, reason="not ours")
            case "refer":
                desk.refer(ines, amina.case, to="the clinic", reason="nearer")
            case "spam":
                desk.mark_spam(ines, amina.case, version=version)
            case "close":
                opening.close(ines, amina.case, reason="all is well", version=version)
            case "merge":
                desk.merge(ines, amina.case, into=other.case, version=version)
    write(amina, "I am still here")
    found = row(amina)
    assert found.state == state and found.unread >= 1
    assert found.due_at is not None and found.due_at <= clock.now() + ANSWER
    with house.tomas.request() as tomas:
        assert amina.case in {one.case for one in queries.queue(tomas).rows}


def test_a_word_during_the_desks_own_deed_is_counted(house: House) -> None:
    """The version moves for both, so neither overwrites the other."""
    amina = make.ask()
    with amina.request() as actor:
        with house.ines.request() as ines:
            desk.take(ines, amina.case, version=make.version(amina.case))
            version = make.version(amina.case)
        thread.write(actor, once=ids.new(), text="again")
    found = row(amina)
    assert (found.version, found.state, found.unread) == (version + 1, "taken", 2)
    assert found.owner == house.ines.id


def test_the_verbs_of_a_code_are_for_codes(house: House) -> None:
    make.ask()
    with house.ines.request() as ines:
        for verb in (thread.seen, thread.withdraw_request, thread.export, queries.thread):
            with pytest.raises(Refused):
                verb(ines)
        with pytest.raises(Refused):
            thread.write(ines, once=ids.new(), text="x")
    with journal.unit(), pytest.raises(Refused):
        thread.withdraw_request(NOBODY)


# --- taking along --------------------------------------------------------------------------------
def test_everything_of_ones_own_comes_in_one_file(house: House) -> None:
    amina = make.ask(
        "Two men <b>asked</b>.\nThen they left.",
        files=(
            make.file(make.noise(9 * make.MIB), "../../photo.JPG", "jpeg", cleaned=b"clean"),
            make.file(b"", "no ending", "other"),
        ),
    )
    reply(house, amina, "We have read it.")
    with amina.request() as actor:
        pieces = thread.export(actor)
    data = b"".join(pieces)  # after the request: it streams
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        page = archive.read("notes.html").decode()
        photo = archive.read(names[1])
    assert names == ["notes.html", "01.jpg", "02"]
    assert photo == make.noise(9 * make.MIB)  # what they sent, not a copy of it
    assert "Two men &lt;b&gt;asked&lt;/b&gt;.<br>Then they left." in page
    assert "We have read it." in page and "intake" in page
    assert "Inés" not in page and "Amparo" not in page
    assert {info.date_time[0] for info in zipfile.ZipFile(io.BytesIO(data)).infolist()} == {1980}


def test_an_export_is_noted_with_each_file(house: House) -> None:
    from amparo.foundation.models import JournalEntry
    from amparo.vault import log

    amina = make.ask(files=(make.file(), make.file(b"another")))
    with amina.request() as actor:
        for _ in thread.export(actor):
            pass
    with house.ines.request() as ines:
        deeds = [
            deed["deed"]
            for entry in JournalEntry.objects.order_by("seq")
            for deed in log.open_detail(ines.ring, entry)["deeds"]
        ]
    assert deeds.count("own export") == 1 and deeds.count("file opened") == 2


# --- taking back ---------------------------------------------------------------------------------
@pytest.fixture
def amina(house: House) -> Defender:
    """A case with something in every table."""
    amina = make.ask("help", files=(make.file(make.noise(9 * make.MIB)),))
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "narrative", "They came on Friday.")
    with house.ines.request() as ines:
        consent.record_answer(
            ines, amina.case, answer="granted", recipient=house.tomas.id, label="T.",
            purpose="legal", compartment="narrative", how="oral", language="en",
        )  # fmt: skip
        consent.override(
            ines, amina.case, compartment="narrative", grantee=house.ruth.id, reason="danger"
        )
        consent.request_release(ines, amina.case)
        with operations.writing():
            consent.note_disclosure(
                ines, amina.case, label="T.", purpose="legal", compartments_shown=["narrative"],
                how="link",
            )  # fmt: skip
    OutsideAnswer.objects.create(case=amina.case, sealed=b"what a lawyer wrote back")
    return amina


def nothing_is_left(amina: Defender) -> None:
    case = amina.case
    for table in (
        Grant,
        PairWrap,
        Epoch,
        Entry,
        File,
        Cover,
        OutsideAnswer,
        Record,
        Disclosure,
        Override,
        Release,
        Erasure,
        TakenOver,
    ):
        assert not table.objects.filter(case=case).exists(), table
    assert not Upload.objects.exists() and not Part.objects.exists()
    assert not list(vault_files.folder().glob("??/*"))
    assert not Slot.objects.filter(kind="code").exists()
    assert not Session.objects.filter(kind="code").exists()
    found = row(amina)
    assert (found.state, found.due_at, found.unread) == ("withdrawn", None, 0)


def test_what_is_taken_back_is_gone_from_every_table_and_folder(
    house: House, amina: Defender
) -> None:
    with amina.request() as actor:
        thread.withdraw_request(actor)
    nothing_is_left(amina)
    with journal.unit(), pytest.raises(NotFound):
        intake.enter(amina.text)
    with house.ines.request() as ines:
        with pytest.raises(NotFound):
            queries.case(ines, amina.case)
        assert amina.case not in {one.case for one in queries.queue(ines, show="done").rows}


@pytest.mark.parametrize("point", ["casework.withdraw:accepted", "casework.withdraw:ended"])
def test_what_was_taken_back_is_gone_even_if_it_broke_off(
    house: House, amina: Defender, crash_at: Callable[[str], None], point: str
) -> None:
    crash_at(point)
    with amina.request() as actor, pytest.raises(Crash):
        thread.withdraw_request(actor)
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0
    nothing_is_left(amina)


def asked_to_erase(house: House, amina: Defender) -> ids.Id:
    with house.ines.request() as ines:
        return erasing.ask(ines, amina.case, reason="She called and said so twice.")


def test_a_spoken_wish_is_carried_out_by_a_second_person(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        for empty in ("", " "):
            with pytest.raises(Invalid):
                erasing.ask(ines, amina.case, reason=empty)
    wish = asked_to_erase(house, amina)
    with house.ines.request() as ines:
        with pytest.raises(Conflict):
            erasing.ask(ines, amina.case, reason="once more")
        with pytest.raises(Refused):
            erasing.carry_out(ines, wish)
        assert [one.mine for one in erasing.waiting(ines)] == [True]
    lena = house.hire("lena", "legal")
    with lena.request() as outsider:
        assert erasing.waiting(outsider) == []
        for deed in (erasing.carry_out, erasing.drop):
            with pytest.raises(Refused):
                deed(outsider, wish)
    assert make.texts(house.ines, amina.case, "correspondence")  # nothing has happened so far
    with house.tomas.request() as tomas:
        found = erasing.waiting(tomas, amina.case)
        assert [(one.reason, one.mine) for one in found] == [
            ("She called and said so twice.", False)
        ]
        erasing.carry_out(tomas, wish)
    assert not Erasure.objects.exists()
    nothing_is_left(amina)


def test_a_defender_stops_an_erasure_that_was_not_theirs(house: House, amina: Defender) -> None:
    with amina.request() as actor:
        assert erasing.asked_until(actor) is None
        with pytest.raises(Conflict):
            erasing.keep(actor)
    wish = asked_to_erase(house, amina)
    with amina.request() as actor:
        assert erasing.asked_until(actor) == clock.today() + timedelta(days=7)
        erasing.keep(actor)
        assert erasing.asked_until(actor) is None
        assert [one.decision for one in queries.thread(actor).messages if one.decision] == []
    with house.tomas.request() as tomas, pytest.raises(NotFound):
        erasing.carry_out(tomas, wish)
    # No is an answer, also to the next officer; after a month it may be asked anew.
    with house.tomas.request() as tomas:
        said = [one.decision for one in queries.case(tomas, amina.case).thread.messages]
        assert said[:2] == ["kept", "erasure asked"]
        with pytest.raises(Conflict):
            erasing.ask(tomas, amina.case, reason="They said so.")
    clock.forward(timedelta(days=31))
    with house.tomas.request() as tomas:
        erasing.ask(tomas, amina.case, reason="They said so.")


def test_what_was_stopped_a_moment_ago_is_not_erased(
    house: House, amina: Defender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defender says no while the second person's yes is on its way."""
    wish = asked_to_erase(house, amina)
    seen = Erasure.objects.get(id=wish)
    with amina.request() as actor:
        erasing.keep(actor)
    monkeypatch.setattr(erasing, "_one", lambda *_: seen)
    with house.tomas.request() as tomas, pytest.raises(Conflict):
        erasing.carry_out(tomas, wish)
    assert make.texts(house.ines, amina.case, "correspondence")
    assert row(amina).state != "withdrawn"


def test_an_erasure_that_nobody_carries_out_falls_away(house: House, amina: Defender) -> None:
    wish = asked_to_erase(house, amina)
    clock.forward(timedelta(days=8))
    with house.tomas.request() as tomas:
        assert erasing.waiting(tomas) == []
        with pytest.raises(NotFound):
            erasing.carry_out(tomas, wish)
    with journal.unit():
        jobs.sweep()
    assert not Erasure.objects.exists()
    asked_to_erase(house, amina)  # it may be asked for again


def test_a_colleague_or_whoever_asked_lets_an_erasure_go(house: House, amina: Defender) -> None:
    for officer in (house.ines, house.tomas):
        wish = asked_to_erase(house, amina)
        with officer.request() as actor:
            erasing.drop(actor, wish)
            assert erasing.waiting(actor) == []
    assert make.texts(house.ines, amina.case, "correspondence")


def test_the_desk_is_told_of_an_erasure(house: House, amina: Defender) -> None:
    with house.ruth.request() as ruth:
        messages.set_route(ruth, channel="console", address="")
    Outgoing.objects.all().delete()
    asked_to_erase(house, amina)
    first = Outgoing.objects.get().event
    with amina.request() as actor:
        erasing.keep(actor)
    assert Outgoing.objects.get().event != first


def test_one_persons_taking_back_leaves_the_others(house: House, amina: Defender) -> None:
    badra = make.ask("another")
    with amina.request() as actor:
        thread.withdraw_request(actor)
    with badra.request() as actor:
        assert [one.text for one in queries.thread(actor).messages] == ["another"]
    assert make.texts(house.ines, badra.case, "correspondence") == ["another"]


# --- questions -----------------------------------------------------------------------------------
def asked(house: House, amina: Defender, compartment: str = "correspondence") -> ids.Id:
    with house.ines.request() as ines:
        return consent.record_answer(
            ines, amina.case, answer="asked", recipient=house.tomas.id, label="T., lawyer",
            purpose="legal", compartment=compartment, how="page", language="en",
        )  # fmt: skip


@pytest.mark.parametrize("yes", [True, False])
def test_a_question_is_answered_once_and_by_the_defender(house: House, yes: bool) -> None:
    with house.ruth.request() as ruth:
        messages.set_route(ruth, channel="console", address="")
    amina = make.ask("help")
    question = asked(house, amina)
    Outgoing.objects.all().delete()
    with amina.request() as actor:
        assert [one.id for one in thread.open_questions(actor)] == [question]
        thread.answer_question(actor, question, yes=yes)
        assert thread.open_questions(actor) == []
        with pytest.raises(NotFound):
            thread.answer_question(actor, question, yes=True)
        newest = queries.thread(actor).consents[0]
    assert newest.answer == ("granted" if yes else "refused") and newest.to_check is yes
    assert Outgoing.objects.count() == 1  # the desk is told that there is something
    assert newest.how == "page"


def test_a_yes_to_what_the_defender_does_not_hold_waits_for_an_officer(
    house: House, amina: Defender
) -> None:
    with house.ines.request() as ines:
        question = consent.record_answer(
            ines, amina.case, answer="asked", recipient=house.tomas.id, label="T.",
            purpose="costs", compartment="narrative", how="page", language="en",
        )  # fmt: skip
    with amina.request() as actor:
        thread.answer_question(actor, question, yes=True)
        newest = queries.thread(actor).consents[0]
    assert newest.answer == "granted" and not newest.in_force
    make.sure(house.ines, amina.case)
    with house.ines.request() as ines:
        consent.give_key(ines, amina.case, newest.id)
    assert "They came on Friday." in make.texts(house.tomas, amina.case, "narrative")
