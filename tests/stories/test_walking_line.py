"""The first whole path, told in sentences of the document that the project implements."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from amparo.casework import queries
from amparo.casework.models import Case, Entry
from amparo.casework.services import desk, opening, sharing, thread
from amparo.casework.services.sharing import Offer
from amparo.consent import gate
from amparo.consent import services as consent
from amparo.foundation import clock, journal, operations
from amparo.foundation.errors import NotFound, Refused
from amparo.foundation.models import JournalEntry
from amparo.messages import rules
from amparo.messages import services as messages
from amparo.people import services as people
from amparo.vault import log
from amparo.vault.models import Grant
from tests import make
from tests.stories.world import ADDRESS, World

STORY = "Two men in a grey Corolla asked my neighbour when I come home."
PLACE = "North of the lake"
NAME = "Amina Zarqawi-Delacroix"


def test_defenders_can_request_help_without_fear_of_reprisal(world: World) -> None:
    """… clear lines of communication so defenders can request help without fear of reprisal. (S17)"""
    amina = world.somebody()
    amina.asks(STORY, where=PLACE, how="text", reach="“water the plants”",
               files={"IMG_20260307_home.jpg": b"\xff\xd8 no real photograph"})  # fmt: skip
    assert len(amina.code.split()) in {6, 9} and STORY not in amina.text

    # Nobody who takes the machine finds her, her words, her browser or where she came from.
    for telling in (
        STORY,
        PLACE,
        "water the plants",
        "IMG_20260307",
        amina.code,
        ADDRESS,
        "Telltale",
    ):
        for haystack in (world.everything_in_tables(), world.everything_on_disk()):
            assert telling.encode() not in haystack

    # A person reads it, and she reads the answer with nothing but her code.
    (row,) = world.reads(world.ines).rows
    assert row.due_at is not None and row.due_at - clock.now() <= timedelta(minutes=15)
    with world.ines.request() as ines:
        assert queries.case(ines, row.case).thread.messages[0].text == STORY
        desk.take(ines, row.case, version=row.version)
        desk.reply(ines, row.case, text="Go to your sister's tonight. We call the lawyer.")
    assert amina.comes_back() == 200
    assert "Go to your sister's tonight" in amina.text
    amina.writes("I am there.")
    assert make.texts(world.ines, row.case, "correspondence")[0] == "I am there."

    # Whoever tries codes learns nothing, not even that there is somebody.
    stranger = world.somebody()
    stranger.code = "12345 67890 12345 67890 12345 67890"
    assert stranger.comes_back() == 422
    assert amina.code not in stranger.page


def test_communications_are_encrypted(world: World) -> None:
    """Digital security is equally critical: encrypted communications, … (S42)"""
    amina, badra = world.somebody(), world.somebody()
    amina.asks("yes")
    badra.asks("They came on Friday, I was " + "very " * 10 + "afraid.")
    # What is stored has one of a few lengths, whatever was said; and each only once, sealed.
    badra.comes_back()
    badra.writes("no")
    overhead = 4 + 1 + 12 + 16  # epoch, suite, nonce, tag
    for row in Entry.objects.filter(compartment="correspondence"):
        assert len(row.sealed) - overhead in range(64, 513, 64)
    # A notice that something is there says nothing of what, whom or where.
    with world.ines.request() as ines:
        messages.set_route(ines, channel="mail", address="desk@example.org")
    badra.writes("Please hurry.")
    world.fast_forward(seconds=2)
    assert world.mails == [("mail", "desk@example.org")]
    assert not {"hurry", "Friday", "example", "amparo"} & set(rules.TEXT.lower().split())
    # A session that is left alone closes.
    world.fast_forward(minutes=16)
    assert badra.sends("/n", do="write", text="still me?") == 200
    assert "Friday" not in badra.text
    assert badra.comes_back() == 200 and "Please hurry." in badra.text


def test_nothing_that_leaves_the_house_can_be_intercepted(world: World) -> None:
    """… secure backups prevent interception of plans … (S45)"""
    amina = world.somebody()
    with world.ines.request() as ines:
        messages.set_route(ines, channel="mail", address="desk@example.org")
    amina.asks(STORY)
    case = world.newest()
    make.open_case(world.ines, case)
    make.note(world.ines, case, "narrative", "Leave by the back door at four.")
    with world.ines.request() as ines:
        desk.reply(ines, case, text="Leave by the back door at four.")
    world.fast_forward(minutes=1)
    # Of all this one thing went out: that there is a note.
    assert world.mails == [("mail", "desk@example.org")]
    for kept in (world.everything_in_tables(), world.everything_on_disk()):
        assert b"back door" not in kept
    # After a raid the queue, the links and the forms open for nobody.
    amina.comes_back()
    assert "back door" in amina.text
    with world.tomas.request() as tomas:
        people.lockdown(tomas)
    assert amina.sends("/n", do="read") == 503
    assert "back door" not in amina.text
    with journal.unit():
        people.lift_lockdown()
    assert amina.comes_back() == 200 and "back door" in amina.text


def test_identities_are_not_exposed(world: World) -> None:
    """… or exposure of identities. (S46)"""
    amina = world.somebody()
    amina.asks(STORY)
    case = world.newest()
    make.open_case(world.ines, case)
    # The officer who has the case works with a cover; the name needs a second person.
    with world.ines.request() as ines:
        view = queries.case(ines, case)
        assert NAME not in view.row.name
        assert not next(part for part in view.compartments if part.code == "identity").open
        release = consent.request_release(ines, case)
    with world.tomas.request() as tomas:
        assert consent.approve_release(tomas, release)
    make.note(world.ines, case, "identity", NAME)
    # What is shared by default has no field for it: only what was agreed leaves.
    with world.ines.request() as ines:
        token = sharing.share_by_link(
            ines, case, hours=24,
            offer=Offer("R., lawyer", "legal", ("narrative",), clock.today() + timedelta(days=3)),
        )  # fmt: skip
    with journal.unit():
        _, reader = sharing.use_link(token)
        shown = sharing.shown(reader)
    assert set(shown.parts) == {"narrative"} and NAME not in str(shown)
    # The door shuts by itself after a week.
    world.fast_forward(days=8)
    assert NAME not in make.texts(world.ines, case, "identity")
    assert not Grant.objects.filter(compartment="identity").exists()


def test_trust_is_fostered_autonomy_preserved_and_agency_reinforced(world: World) -> None:
    """… they should foster trust, preserve autonomy, and reinforce defenders' agency. (S59)"""
    amina = world.somebody()
    amina.asks(STORY)
    case = world.newest()
    make.open_case(world.ines, case)
    make.note(world.ines, case, "narrative", STORY)
    # She is asked, and she may say no; then it does not happen, and is not asked again at once.
    with world.ines.request() as ines:
        consent.record_answer(
            ines, case, answer="asked", recipient=world.tomas.id, label="T., lawyer",
            purpose="legal", compartment="narrative", how="page", language="en",
        )  # fmt: skip
    amina.comes_back()
    assert "T., lawyer" in amina.text
    with world.ines.request() as ines:
        asked = queries.case(ines, case).thread.consents[0].id
    amina.sends("/n", do="answer", asked=str(asked), answer="refused")
    with world.ines.request() as ines:
        newest = queries.case(ines, case).thread.consents[0]
    assert newest.answer == "refused", amina.text
    assert STORY not in make.texts(world.tomas, case, "narrative")
    # Only where a life is in danger somebody acts without asking; she reads who, why, and how it ended.
    with world.ines.request() as ines:
        consent.override(
            ines, case, compartment="narrative", grantee=world.tomas.id,
            reason="She has not come home.",
        )  # fmt: skip
    assert STORY in make.texts(world.tomas, case, "narrative")
    amina.comes_back()
    assert "She has not come home." in amina.text
    world.fast_forward(hours=4, minutes=1)  # nobody confirms it
    assert STORY not in make.texts(world.tomas, case, "narrative")
    amina.comes_back()
    assert "She has not come home." in amina.text
    # Everything can be taken back, and then it is gone.
    with make.Defender(case, make.codes.parse(amina.code)).request() as actor:
        thread.withdraw_request(actor)
    assert amina.comes_back() == 422
    with world.ines.request() as ines, pytest.raises(NotFound):
        queries.case(ines, case)


def test_care_is_informed_by_trauma(world: World) -> None:
    """Accessible counseling, trauma-informed care, … (S86)

    Any question may be skipped; nobody tells their story twice; nothing shows that it is care.
    """
    amina = world.somebody()
    amina.asks("", where=PLACE)  # she cannot say it yet
    case = world.newest()
    make.open_case(world.ines, case)
    with world.ines.request() as ines:
        assert queries.case(ines, case).thread.messages[0].text == ""
        opening.write_note(ines, case, "health", text="Sleeps badly since Friday.")
    # The next officer reads what the first one wrote, and does not ask again.
    with world.ines.request() as ines:
        desk.hand_over(ines, to=world.tomas.id, note="She does not want to be asked about Friday.")
    assert "She does not want to be asked about Friday." in make.texts(
        world.tomas, case, "correspondence"
    )
    assert "Sleeps badly since Friday." in make.texts(world.tomas, case, "health")
    amina.comes_back()
    assert "asked about Friday" not in amina.text and "Sleeps badly" not in amina.text
    # What she said once she can take along, instead of saying it again elsewhere.
    amina.writes("They came on Friday.")
    with make.Defender(case, make.codes.parse(amina.code)).request() as actor:
        pieces = thread.export(actor)
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert "They came on Friday." in archive.read("notes.html").decode()


def test_documentation_gives_careful_attention_to_privacy_and_consent(world: World) -> None:
    """Documentation of incidents, with careful attention to privacy and consent, … (S100)"""
    amina = world.somebody()
    amina.asks(STORY)
    case = world.newest()
    make.open_case(world.ines, case)
    make.note(world.ines, case, "narrative", STORY)

    # One use is agreed to; another, of the same words, is not.
    def says(answer: str, purpose: str, **more: object) -> None:
        with world.ines.request() as ines:
            consent.record_answer(
                ines, case, answer=answer, recipient=world.tomas.id, label="T., lawyer",  # type: ignore[arg-type]
                purpose=purpose, compartment="narrative", how="oral", language="es", **more,
            )  # fmt: skip

    says("granted", "legal", until=clock.today() + timedelta(days=30))
    says("refused", "publication")
    says("conditional", "statistics", condition="after the trial")
    with world.ines.request() as ines:
        gate.may_disclose(ines, case, "narrative", recipient=world.tomas.id, purpose="legal")
        for other in ("publication", "statistics", "care"):
            with pytest.raises(Refused):
                gate.may_disclose(ines, case, "narrative", recipient=world.tomas.id, purpose=other)
        with operations.writing():
            consent.note_disclosure(
                ines, case, label="T., lawyer", purpose="legal", compartments_shown=["narrative"],
                how="file",
            )  # fmt: skip
    # She reads what left, takes the rest back, and what comes after is not for him.
    amina.comes_back()
    amina.sends("/n", do="who")
    assert "T., lawyer" in amina.text
    says("withdrawn", "legal")
    make.note(world.ines, case, "narrative", "They came again.")
    assert not {STORY, "They came again."} & set(make.texts(world.tomas, case, "narrative"))
    amina.comes_back()
    amina.sends("/n", do="who")
    assert "T., lawyer" in amina.text  # what has left stays on her list
    with world.ines.request() as ines:
        assert desk.mend(ines, case) > 0
    assert {STORY, "They came again."} <= set(make.texts(world.ines, case, "narrative"))
    # Time withdraws too.
    says("granted", "costs", until=clock.today() + timedelta(days=1))
    assert STORY in make.texts(world.tomas, case, "narrative")
    world.fast_forward(days=2)
    assert STORY not in make.texts(world.tomas, case, "narrative")


def test_independent_audits_build_trust(world: World) -> None:
    """Feedback loops, independent audits, and transparent public reporting build trust … (S119)

    The log half: who read what can be checked by somebody with nothing but a file and a key.
    """
    amina = world.somebody()
    amina.asks(STORY)
    case = world.newest()
    make.open_case(world.ines, case)
    with world.tomas.request() as tomas, pytest.raises(Refused):
        opening.write_note(tomas, case, "narrative", text="x")  # not his to write in
    world.fast_forward(seconds=2)
    assert not JournalEntry.objects.filter(place=None).exists()
    exported = io.StringIO()
    log.write_export(exported)
    kept = [json.loads(line) for line in exported.getvalue().splitlines()]
    public, head = log.public_key(), kept[-1]["note"]
    # An outsider, elsewhere, with the lines, the key and a head that was kept.
    assert log.verify(kept, public=public, kept=head).ok
    assert STORY not in exported.getvalue() and str(case) not in exported.getvalue()
    # An auditor inside reads who did what, and what was refused.
    with world.ruth.request() as ruth:
        deeds = [
            (found["actor"][1], deed["deed"])
            for entry in JournalEntry.objects.order_by("seq")
            for found in [log.open_detail(ruth.ring, entry)]
            for deed in found["deeds"]
        ]
    assert (str(world.ines.id), "case opened") in deeds
    assert (str(world.tomas.id), "refused") in deeds
    # Whoever rewrites it, with the log's own key, is found out by the head that was kept.
    log.Checkpoint.objects.all().delete()
    JournalEntry.objects.filter(place=1).delete()
    JournalEntry.objects.update(place=None)
    world.fast_forward(seconds=2)
    assert log.verify(log.export(), public=public).ok
    assert not log.verify(log.export(), public=public, kept=head).ok
    assert Case.objects.count() == 1
