"""Packs: the shipped ones hold together, an organisation's own stand beside, nonsense is refused."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.casework import playbooks
from amparo.casework.playbooks import PLAYBOOK
from amparo.foundation import packs
from amparo.foundation.packs import BadField

SHIPPED = (PLAYBOOK.folder / "arrest.toml").read_bytes()


@pytest.fixture
def own() -> Iterator[Path]:
    """The folder of an organisation's own playbooks, empty again afterwards."""
    folder = packs.own_folder(PLAYBOOK)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for one in folder.iterdir():
        one.unlink()


def test_every_shipped_playbook_holds_together() -> None:
    found = packs.load(PLAYBOOK)
    assert found.faults == ()
    assert set(found.packs) == {
        "arrest", "border", "device", "disappearance", "journey-missed", "kidnap", "raid",
        "sexual-violence", "smear", "threat", "unclear",
    }  # fmt: skip
    for one in found.packs.values():
        play = one.content
        first = play.tasks[: playbooks.FIRST]
        assert all(task.after == playbooks.START and task.within <= 60 for task in first), one.id
        # Nothing that begins by itself tells anybody outside.
        assert not any(task.tells for task in first), one.id
        assert one.source and play.never and play.consent and one.language == "en"


def test_an_organisations_own_stands_in_the_place_of_the_shipped_one(own: Path) -> None:
    assert not packs.load(PLAYBOOK).packs["arrest"].own
    theirs = SHIPPED.replace(b"Arrest or detention", b"Arrest in our town").replace(
        b"version = 1", b"version = 7"
    )
    (own / "arrest.toml").write_bytes(theirs)
    found = packs.load(PLAYBOOK).packs["arrest"]
    assert (found.own, found.version, found.content.name) == (True, 7, "Arrest in our town")
    assert not packs.load(PLAYBOOK).packs["raid"].own
    (own / "arrest.toml").unlink()
    assert not packs.load(PLAYBOOK).packs["arrest"].own


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (b"[pack]", b"[pack", "line 1"),
        (b"within = 15", b'within = "soon"', "task[1].within"),
        (b"within = 15", b"within = true", "task[1].within"),
        (b"within = 15", b"within = 61", "task[1]"),
        (b'after = "taken"', b'after = "never"', "task[5].after"),
        (b'who = "officer"', b'who = "boss"', "task[1].who"),
        (b'tells = "partners"', b'tells = "everybody"', "task[8].tells"),
        (b'id = "lawyer"', b'id = "find"', "task[2].id"),
        (b"date = 2026-11-24", b'date = "2026-11-24"', "pack.date"),
        (b"date = 2026-11-24", b"date = 2026-11-24T10:00:00", "pack.date"),
        (b"date = 2026-11-24", b"date = 2026-13-24", "line 6"),
        (b"version = 1", b"version = true", "pack.version"),
        (b"schema = 1", b"schema = 2", "pack.schema"),
        (b"schema = 1", b"schema = 1\nextra = 1", "pack.extra"),
        (b'review = "source"', b'review = "fine"', "pack.review"),
        (b'id = "arrest"', b'id = "raid"', "pack.id"),
        (b'id = "arrest"', b'id = "../arrest"', "pack.id"),
        (b'kind = "playbook"', b'kind = "law"', "pack.kind"),
        (b'name = "Arrest', b'nam = "Arrest', "playbook.nam"),
        (b"[[task]]", b"[[tasks]]", "tasks"),
        (b"source = [", b"source = []\nx = [", "pack.x"),
        (b"Arrest or", b"Arrest \xff or", "line 16"),
    ],
)
def test_a_broken_file_is_refused_by_its_field_and_the_shipped_one_stays(
    own: Path, before: bytes, after: bytes, place: str
) -> None:
    assert before in SHIPPED
    (own / "arrest.toml").write_bytes(SHIPPED.replace(before, after, 1))
    found = packs.load(PLAYBOOK)
    assert not found.packs["arrest"].own
    (fault,) = found.faults
    assert (fault.file, fault.place, fault.own) == ("arrest.toml", place, True)


def test_what_is_too_large_too_deep_or_not_to_be_read_is_refused(own: Path) -> None:
    (own / "large.toml").write_bytes(b"#" * (packs.MOST_BYTES + 1))
    (own / "deep.toml").write_bytes(b"a = " + b"[" * 20_000)
    (own / "number.toml").write_bytes(b"a = " + b"9" * 5_000)
    (own / "gone.toml").symlink_to(own / "nowhere")
    found = packs.load(PLAYBOOK)
    assert {one.file for one in found.faults} == {"large.toml", "deep.toml", "number.toml"}
    assert len(found.packs) == 11


def test_a_draft_is_shown_to_nobody_and_a_read_translation_of_this_version_is(own: Path) -> None:
    said = SHIPPED.replace(b"Arrest or detention", b"Detencion").replace(b'"en"', b'"es"')
    (own / "arrest.toml").write_bytes(SHIPPED)
    (own / "arrest.es.toml").write_bytes(said.replace(b'"source"\n', b'"draft"\n', 1))
    shown = packs.load(PLAYBOOK).packs["arrest"].shown_in("es")
    assert shown.content.name == "Arrest or detention" and shown.language == "en"
    (own / "arrest.es.toml").write_bytes(said.replace(b'"source"\n', b'"reviewed"\n', 1))
    os.utime(own / "arrest.es.toml", (1, 1))
    pack = packs.load(PLAYBOOK).packs["arrest"]
    assert pack.shown_in("es").content.name == "Detencion"
    assert pack.shown_in("fr").content.name == "Arrest or detention"
    (own / "arrest.toml").write_bytes(SHIPPED.replace(b"version = 1", b"version = 2"))
    assert packs.load(PLAYBOOK).packs["arrest"].shown_in("es").language == "en"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=300).map(str.encode))
def test_whatever_is_in_a_file_it_is_read_or_refused(data: bytes) -> None:
    with pytest.raises(BadField) as found:
        packs.parse(PLAYBOOK, data, "x.toml")
    assert found.value.place and found.value.right


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SHIPPED) - 1), st.binary(max_size=6), st.integers(0, 40))
def test_a_shipped_file_that_was_bent_anywhere_is_read_or_refused(
    at: int, put: bytes, cut: int
) -> None:
    bent = SHIPPED[:at] + put + SHIPPED[at + cut :]
    try:
        pack = packs.parse(PLAYBOOK, bent, "arrest.toml")
    except BadField as error:
        assert error.place
    else:
        assert len(pack.content.tasks) >= playbooks.FIRST


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.floats()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["playbook", "task", "fact", "x"]), TREES, max_size=4)
    | st.fixed_dictionaries({"playbook": TREES, "task": st.lists(TREES, max_size=4)})
)
def test_a_playbook_of_any_shape_is_read_or_refused(content: dict) -> None:
    with pytest.raises(BadField):
        playbooks.read(content)
