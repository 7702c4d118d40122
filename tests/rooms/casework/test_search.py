"""Searching what one's own keys open: found however it was typed, and kept nowhere."""

import pytest

from amparo.casework.services import documents, opening, search, thread
from amparo.consent import services as consent
from amparo.foundation import ids, journal
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config
from amparo.foundation.errors import Refused
from amparo.vault import age
from tests import make
from tests.make import Defender, House, Officer


def found(officer: Officer, text: str) -> set[str]:
    with officer.request() as actor:
        return {hit.snippet for hit in search.search(actor, text)}


@pytest.fixture
def amina(house: House) -> Defender:
    amina = make.ask("Die Männer fragten nach Müller. رجلان سألا", where="North of the lake")
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "narrative", "They came on Friday in a white van.")
    return amina


def test_a_word_is_found_however_it_was_typed(house: House, amina: Defender) -> None:
    with house.ines.request() as ines:
        for text in ("müller", "MULLER", "Mull", "manner muller", "رجلان"):
            (hit,) = search.search(ines, text)
            assert hit.case == amina.case and hit.compartment == "correspondence" and hit.name


def test_nothing_that_is_typed_breaks_it(house: House, amina: Defender) -> None:
    for text in ("", "  ", '"', "*", "van AND", "NEAR(", "x" * 5000, "'; --"):
        found(house.ines, text)
    assert found(house.ines, "") == set()


def test_one_finds_what_one_opens(house: House, amina: Defender) -> None:
    assert found(house.ines, "white van") and not found(house.tomas, "white van")
    assert found(house.tomas, "lake")
    lena = house.hire("lena", "legal")
    assert not found(lena, "lake") and not found(lena, "van")


def test_what_was_written_or_taken_back_meanwhile_is_noticed(house: House, amina: Defender) -> None:
    assert not found(house.ines, "bicycle")
    with house.ines.request() as ines:
        opening.write_note(ines, amina.case, "narrative", text="A bicycle was left.")
    assert found(house.ines, "bicycle")
    with house.ines.request() as ines:
        consent.record_answer(
            ines, amina.case, answer="granted", recipient=house.tomas.id, label="T.",
            purpose="legal", compartment="narrative", how="oral", language="en",
        )  # fmt: skip
    assert found(house.tomas, "bicycle")
    with amina.request() as actor:
        thread.withdraw_reader(actor, recipient=house.tomas.id, purpose="legal")
    assert not found(house.tomas, "bicycle") and found(house.ines, "bicycle")
    with amina.request() as actor:
        thread.withdraw_request(actor)
    assert not found(house.ines, "bicycle")


def test_nothing_of_it_reaches_the_disk(house: House, amina: Defender) -> None:
    found(house.ines, "van")
    for path in config().data.rglob("*"):
        if path.is_file():
            assert b"white van" not in path.read_bytes()


def test_only_staff_search(house: House, amina: Defender) -> None:
    with journal.unit(), pytest.raises(Refused):
        search.search(NOBODY, "van")
    with amina.request() as actor, pytest.raises(Refused):
        search.search(actor, "van")


# --- documents -----------------------------------------------------------------------------------
def test_a_document_is_taken_along_sealed_to_ones_own_key(house: House) -> None:
    import io

    from amparo.casework import queries

    amina = make.ask(files=(make.file(b"a summons", "summons.pdf", "pdf"),))
    with house.ines.request() as ines:
        (message,) = queries.case(ines, amina.case).thread.messages
        name, pieces = documents.download(ines, amina.case, message.files[0].id)
        identity = documents.own_identity(ines)
    sealed, opened = b"".join(pieces), io.BytesIO()
    assert "summons" not in name and b"summons" not in sealed
    age.decrypt_io(io.BytesIO(sealed), opened, [identity])
    assert opened.getvalue() == b"a summons"
    lena = house.hire("lena", "legal")
    with lena.request() as outsider, pytest.raises(Refused):
        documents.download(outsider, amina.case, message.files[0].id)
    with amina.request() as actor:
        for verb in (
            lambda: documents.download(actor, amina.case, message.files[0].id),
            lambda: documents.own_identity(actor),
            lambda: documents.page_image(actor, amina.case, ids.new(), number=0),
        ):
            with pytest.raises(Refused):
                verb()
