"""Something of a case for one reader outside: as much as was agreed, as long as it holds."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from amparo.casework import queries
from amparo.casework.models import Entry, OutsideAnswer
from amparo.casework.services import answers, desk, sharing, thread
from amparo.casework.services.sharing import Offer
from amparo.consent import jobs
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.people import services as people
from amparo.vault import age, compartments, sealed, server
from amparo.vault.models import Grant
from amparo.vault.primitives import PrivateKey, ctx, unwrap
from tests import make
from tests.make import Defender, House, Officer

STORY = "They came on Friday."


@pytest.fixture
def amina(house: House) -> Defender:
    amina = make.ask("help", files=(make.file(b"raw", "photo.jpg", cleaned=b"clean"),))
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "narrative", STORY)
    make.note(house.ines, amina.case, "legal", "A hearing on Monday.")
    return amina


def offer(*parts: str, label: str = "R., lawyer", days: int = 5) -> Offer:
    until = clock.today() + timedelta(days=days)
    return Offer(label, "legal", parts or ("narrative",), until)


def link(
    house: House, amina: Defender, given: Offer | None = None, *, by: Officer | None = None,
    hours: int = 24,
) -> str:  # fmt: skip
    with (by or house.ines).request() as actor:
        return sharing.share_by_link(actor, amina.case, offer=given or offer(), hours=hours)


def follow(token: str) -> Callable[[], sharing.Shown]:
    """Use a link; gives what the reader sees at each later step."""
    with journal.unit():
        handle, _ = sharing.use_link(token)

    def look() -> sharing.Shown:
        with journal.unit():
            return sharing.shown(sharing.resume(handle))

    return look


def test_the_reader_sees_what_was_agreed_and_nothing_else(house: House, amina: Defender) -> None:
    shown = follow(link(house, amina))()
    assert set(shown.parts) == {"narrative"} and shown.purpose == "legal"
    assert STORY in {message.text for message in shown.parts["narrative"]}
    assert {message.author for message in shown.parts["narrative"]} == {""}


def test_a_link_is_used_once_and_a_wrong_one_never(house: House, amina: Defender) -> None:
    token = link(house, amina)
    follow(token)
    for wrong in (token, "x", ""):
        with journal.unit(), pytest.raises(NotFound):
            sharing.use_link(wrong)


def test_the_defender_reads_who_it_was_and_takes_it_back_at_once(
    house: House, amina: Defender
) -> None:
    look = follow(link(house, amina, offer("narrative", "legal")))
    with amina.request() as actor:
        seen = queries.thread(actor)
        reader = next(one for one in seen.readers if one.kind == "outside")
        assert (reader.label, reader.compartments) == ("R., lawyer", ["narrative", "legal"])
        assert [one.compartments for one in seen.disclosures] == [["narrative", "legal"]]
        thread.withdraw_reader(actor, recipient=reader.principal, purpose="legal")
    with pytest.raises(NotFound):
        look()
    assert not Grant.objects.filter(grantee=reader.principal).exists()


def test_it_is_over_after_its_last_day(house: House, amina: Defender) -> None:
    token = link(house, amina, offer(days=5), hours=14 * 24)
    clock.forward(timedelta(days=5))
    look = follow(token)
    assert look()
    with clock.frozen():
        clock.forward(timedelta(days=1))
        with pytest.raises(NotFound):
            look()
    with journal.unit():
        jobs.sweep()


def test_an_unused_link_is_over_after_its_hours(house: House, amina: Defender) -> None:
    token = link(house, amina, hours=2)
    clock.forward(timedelta(hours=2))
    with journal.unit(), pytest.raises(NotFound):
        sharing.use_link(token)


def test_what_makes_no_sense_is_named(house: House, amina: Defender) -> None:
    for given, field in (
        (offer(label=" "), "label"),
        (Offer("R.", "legal", (), clock.today()), "compartments"),
        (offer("house"), "compartments"),
        (offer("narrative", "everything"), "compartments"),
        (offer(days=-1), "until"),
        (Offer("R.", "gossip", ("narrative",), clock.today()), "purpose"),
    ):
        with pytest.raises(Invalid) as refused:
            link(house, amina, given)
        assert set(refused.value.fields) == {field}
    for hours in (0, -1, 14 * 24 + 1):  # a link waits for hours, not for ever
        with pytest.raises(Invalid):
            link(house, amina, hours=hours)


def test_nobody_shares_what_they_do_not_hold(house: House, amina: Defender) -> None:
    with pytest.raises(Refused):
        link(house, amina, by=house.tomas)
    with pytest.raises(Refused):
        link(house, amina, offer("legal", "identity"))
    lena = house.hire("lena", "legal")
    with pytest.raises(Refused):
        link(house, amina, by=lena)


@pytest.mark.parametrize("said", ["refused", "withdrawn", "conditional"])
def test_no_is_an_answer_by_every_door(house: House, amina: Defender, said: str) -> None:
    with house.ines.request() as ines:
        consent.record_answer(
            ines, amina.case, answer=said, recipient=house.ruth.id, label="r., LAWYER",  # type: ignore[arg-type]
            purpose="legal", compartment="narrative", how="oral", language="en",
            condition="after the hearing",
        )  # fmt: skip
    with pytest.raises(Refused):
        link(house, amina)
    recipient = age.recipient_of(PrivateKey.generate().age_seed)
    with house.ines.request() as ines, pytest.raises(Refused):
        sharing.share_as_file(ines, amina.case, offer=offer(), recipient=recipient)
    assert link(house, amina, offer("legal"))  # that was never refused


# --- as a file -----------------------------------------------------------------------------------
def test_a_file_opens_with_the_readers_own_key_and_holds_clean_copies_only(
    house: House, amina: Defender
) -> None:
    seed = PrivateKey.generate().age_seed
    with house.ines.request() as ines:
        name, pieces = sharing.share_as_file(
            ines, amina.case, offer=offer("correspondence"), recipient=age.recipient_of(seed)
        )
    sealed = b"".join(pieces)  # after the request: it streams
    assert name.endswith(".age") and b"help" not in sealed
    opened = io.BytesIO()
    age.decrypt_io(io.BytesIO(sealed), opened, [age.identity_of(seed)])
    with zipfile.ZipFile(opened) as archive:
        assert archive.namelist() == ["notes.html", "01.jpg"]
        assert archive.read("01.jpg") == b"clean"
        assert "help" in archive.read("notes.html").decode()
    with amina.request() as actor:
        assert [one.how for one in queries.thread(actor).disclosures] == ["file"]


def test_a_key_of_another_kind_is_named(house: House, amina: Defender) -> None:
    for recipient in ("", "age1", "ssh-ed25519 AAAA", "age1pq" + "q" * 50):
        with house.ines.request() as ines, pytest.raises(Invalid) as refused:
            sharing.share_as_file(ines, amina.case, offer=offer(), recipient=recipient)
        assert refused.value.fields == {"recipient": "form"}


# --- answers -------------------------------------------------------------------------------------
def test_a_reader_writes_back_to_the_desk_only(house: House, amina: Defender) -> None:
    with journal.unit():
        handle, actor = sharing.use_link(link(house, amina))
        sharing.answer(actor, once=ids.new(), text="I take it.")
        with pytest.raises(Invalid):
            sharing.answer(actor, once=ids.new(), text=" ")
        for verb in (queries.thread, queries.queue):
            with pytest.raises(Refused):
                verb(actor)
        with pytest.raises(NotFound):
            queries.case(actor, amina.case)
    assert handle
    with house.ines.request() as ines:
        assert [one["text"] for one in sharing.answers(ines, amina.case)] == ["I take it."]
    lena = house.hire("lena", "legal")
    with lena.request() as outsider, pytest.raises(Refused):
        sharing.answers(outsider, amina.case)
    with journal.unit(), pytest.raises(Refused):
        sharing.answer(Actor("nobody"), once=ids.new(), text="x")


def answered(house: House, amina: Defender, text: str = "I take it.") -> None:
    with journal.unit():
        _, actor = sharing.use_link(link(house, amina))
        sharing.answer(actor, once=ids.new(), text=text)


def test_an_answer_goes_under_the_cases_key_when_somebody_opens_the_case(
    house: House, amina: Defender
) -> None:
    """Sealed to the team's own key it would open for whoever left the team, for ever."""
    lena = house.hire("lena", "intake")
    answered(house, amina)
    (row,) = OutsideAnswer.objects.all()
    with lena.request() as actor:
        old = next(s.key for s in actor.ring.teams.values() if s.code == "intake")
        blob, place = bytes(row.sealed)[16:], bytes(row.sealed)[:16]
        context = ctx("team", server.load().installation, answers.KIND, row.id, ids.Id(bytes=place))
        assert b"I take it." in unwrap(blob, old, context)
    with house.ines.request() as ines:
        people.leave(ines, lena.id)
        desk.mend(ines, amina.case)  # with keys of before the turn: not yet
    with house.ines.request() as ines:
        desk.mend(ines, amina.case)
    assert not OutsideAnswer.objects.exists()
    with house.tomas.request() as tomas:
        view = queries.case(tomas, amina.case)
        (entry,) = [one for one in view.thread.messages if one.by == "outside"]
        assert entry.text == "I take it."
        (said,) = sharing.answers(tomas, amina.case)
        assert said["text"] == entry.text and ids.parse(str(said["reader"])) is not None
        newest = compartments.current(amina.case, "correspondence")
    assert sealed.epoch_of(bytes(Entry.objects.get(id=entry.id).sealed)) == newest
    with amina.request() as actor:
        assert "I take it." not in [one.text for one in queries.thread(actor).messages]


def test_an_answer_that_was_laid_beside_another_case_is_not_taken_in_there(
    house: House, amina: Defender
) -> None:
    """Which case it belongs to is a clear column, and the seal is a public key's."""
    other = make.ask("somebody else")
    answered(house, amina)
    OutsideAnswer.objects.update(case=other.case)
    with house.ines.request() as ines:
        assert sharing.answers(ines, other.case) == []
    assert make.texts(house.ines, other.case, "correspondence") == ["somebody else"]
    OutsideAnswer.objects.update(case=amina.case)
    with house.ines.request() as ines:
        assert len(sharing.answers(ines, amina.case)) == 1


@pytest.mark.parametrize("doc", [{}, {"text": "x"}, {"text": "x", "reader": "", "at": "noon"}])
def test_a_planted_answer_shuts_no_case(
    house: House, amina: Defender, doc: dict[str, object]
) -> None:
    row = OutsideAnswer(case=amina.case)
    answers.seal(row, doc)
    row.save(force_insert=True)
    with house.ines.request() as ines:
        desk.mend(ines, amina.case)
        assert queries.case(ines, amina.case).thread.messages


def test_an_answer_waits_for_somebody_who_can_open_it(house: House, amina: Defender) -> None:
    legal = house.hire("lena", "legal")
    with house.ines.request() as ines:
        for compartment in ("cover", "correspondence"):
            consent.record_answer(
                ines, amina.case, answer="granted", recipient=legal.id, label="Lena", how="oral",
                purpose="legal", compartment=compartment, language="en",
            )  # fmt: skip
    answered(house, amina)
    with legal.request() as actor:
        assert sharing.answers(actor, amina.case) == []
    assert OutsideAnswer.objects.count() == 1
    with house.ines.request() as ines:
        assert len(sharing.answers(ines, amina.case)) == 1
    with legal.request() as actor:
        assert len(sharing.answers(actor, amina.case)) == 1


def test_the_same_answer_twice_is_one_answer(house: House, amina: Defender) -> None:
    once = ids.new()
    with journal.unit():
        _, actor = sharing.use_link(link(house, amina))
        sharing.answer(actor, once=once, text="I take it.")
        with pytest.raises(Conflict):
            sharing.answer(actor, once=once, text="I take it.")
    with house.ines.request() as ines:
        assert len(sharing.answers(ines, amina.case)) == 1


def test_nobody_reads_on_after_the_call_was_taken_back(house: House, amina: Defender) -> None:
    look = follow(link(house, amina))
    with amina.request() as actor:
        thread.withdraw_request(actor)
    with pytest.raises(NotFound):
        look()
