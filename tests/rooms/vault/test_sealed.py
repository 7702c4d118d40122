"""A field opens in its own place only: row, kind, case, compartment, epoch, installation."""

import dataclasses

import pytest

from amparo.casework.models import COVER, ENTRY, FILE
from amparo.foundation import ids
from amparo.vault import opening, sealed, server
from amparo.vault.primitives import CannotOpen, token
from tests.make import House

ROW, CASE = ids.new(), ids.new()
KEY = token()
DOC = {"text": "Two men asked my neighbour about me. اثنان", "by": "defender"}


@pytest.fixture
def blob(house: House) -> bytes:
    return sealed.close(KEY, 3, ENTRY, ROW, CASE, "narrative", DOC)


def read(blob: bytes, **instead: object) -> sealed.Document:
    place = {"key": KEY, "kind": ENTRY, "row": ROW, "case": CASE, "compartment": "narrative"}
    return sealed.read(blob=blob, **(place | instead))


def test_it_opens_where_it_was_sealed(blob: bytes) -> None:
    assert read(blob) == DOC | {"v": 1}
    assert sealed.epoch_of(blob) == 3


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"key": token()},
        {"kind": COVER},
        {"kind": FILE},
        {"row": ids.new()},
        {"case": ids.new()},
        {"compartment": "health"},
        {"compartment": "narrativ"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_blob_that_was_moved_opens_nowhere(blob: bytes, elsewhere: dict[str, object]) -> None:
    with pytest.raises(CannotOpen):
        read(blob, **elsewhere)


def test_the_epoch_it_names_is_part_of_its_place(blob: bytes) -> None:
    with pytest.raises(CannotOpen):
        read(sealed.EPOCH.pack(4) + blob[4:])
    for short in (b"", b"\0\0\0"):
        with pytest.raises(CannotOpen):
            sealed.epoch_of(short)


def test_two_installations_share_no_field(blob: bytes) -> None:
    ours = server.load()
    server._write(dataclasses.replace(ours, installation=token(16)))
    with pytest.raises(CannotOpen):
        read(blob)
    server._write(ours)
    assert read(blob)


def test_an_older_document_is_brought_to_the_present_schema_when_it_is_read(blob: bytes) -> None:
    newer = dataclasses.replace(
        ENTRY,
        version=3,
        upgrades=(lambda doc: doc | {"said": doc["text"]}, lambda doc: doc | {"v": 3}),
    )
    found = read(blob, kind=newer)
    assert found["said"] == DOC["text"] and found["v"] == 3
    written = sealed.close(KEY, 3, newer, ROW, CASE, "narrative", DOC)
    assert "said" not in read(written, kind=newer)  # already of the present schema


def test_only_a_pass_opens_however_alike_something_looks(blob: bytes) -> None:
    class Alike:
        case, compartment, purpose, newest = CASE, "narrative", "", 3
        _keys = {3: KEY}

    with pytest.raises(CannotOpen):
        opening.open_with(Alike(), ENTRY, ROW, blob)  # type: ignore[arg-type]
    with pytest.raises(CannotOpen):
        opening.seal_with(Alike(), ENTRY, ROW, DOC)  # type: ignore[arg-type]
    real = opening.with_keys(CASE, "narrative", {3: KEY}, "release")
    assert opening.open_with(real, ENTRY, ROW, blob)["by"] == "defender"
    assert KEY.hex() not in repr(real) and str(KEY) not in repr(real)


def test_ones_own_papers_open_for_oneself_only(house: House) -> None:
    with house.ines.request() as ines, house.tomas.request() as tomas:
        own = opening.seal_own(ines.ring, "draft", ROW, {"text": "half a sentence"})
        assert opening.open_own(ines.ring, "draft", ROW, own)["text"] == "half a sentence"
        for ring, kind, row in (
            (tomas.ring, "draft", ROW),
            (ines.ring, "route", ROW),
            (ines.ring, "draft", ids.new()),
        ):
            with pytest.raises(CannotOpen):
                opening.open_own(ring, kind, row, own)


def test_a_letter_to_a_team_opens_for_its_members(house: House) -> None:
    lena = house.hire("lena", "intake")
    letter = opening.seal_to_team("legal", "letter", ROW, {"text": "for you"})
    with house.ines.request() as ines:
        assert opening.open_as_team(ines.ring, "letter", ROW, letter)["text"] == "for you"
        with pytest.raises(CannotOpen):
            opening.open_as_team(ines.ring, "letter", ids.new(), letter)
        with pytest.raises(CannotOpen):
            opening.open_as_team(ines.ring, "letter", ROW, ines.id.bytes + letter[16:])
    with lena.request() as outsider, pytest.raises(CannotOpen):
        opening.open_as_team(outsider.ring, "letter", ROW, letter)
