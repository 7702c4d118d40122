"""The journal's tree: an independent RFC 6962 says the same, and every change is found and named."""

import hashlib
import io
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.foundation import journal
from amparo.foundation.models import JournalEntry
from amparo.vault import log, server
from amparo.vault.models import Checkpoint
from amparo.vault.primitives import CannotOpen, token
from tests.make import House

Lines = list[dict[str, Any]]
no_tables = pytest.mark.django_db(databases=[])


# --- an independent tree -------------------------------------------------------------------------
def merkle(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there; `leaves` are hashes of entries."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()


def hashed(count: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(count)]


@no_tables
def test_the_tree_is_the_one_of_rfc_6962() -> None:
    tree, leaves = log.Tree(), hashed(1025)
    for size, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        if size <= 130 or size >= 1023:
            assert tree.root == merkle(leaves[:size]) and tree.size == size
        assert len(tree.peaks) == size.bit_count()
    assert log.Tree().root == merkle([])


@no_tables
@settings(max_examples=50)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_it_grows_from_its_peaks_alone(batches: list[int]) -> None:
    size, peaks, leaves = 0, [], hashed(sum(batches))
    for batch in batches:
        tree = log.Tree(size, list(peaks))
        for leaf in leaves[size : size + batch]:
            tree.add(leaf)
        size, peaks = tree.size, tree.peaks
    assert log.Tree(size, peaks).root == merkle(leaves)


@no_tables
def test_an_entrys_leaf_has_the_prefix_of_a_leaf() -> None:
    """Otherwise an inner node could be passed off as an entry."""
    one = log.leaf(date(2026, 3, 7), b"d" * 32, b"s" * 32)
    assert one != log.leaf(date(2026, 3, 8), b"d" * 32, b"s" * 32)
    assert one != log.leaf(date(2026, 3, 7), b"s" * 32, b"d" * 32)


# --- a log ---------------------------------------------------------------------------------------
def write(count: int) -> None:
    for number in range(count):
        with journal.unit():
            journal.note("read", number)


@pytest.fixture
def lines(house: House) -> Lines:
    """Seven entries in three batches."""
    for batch in (3, 1, 3):
        write(batch)
        log.seal_waiting()
    return list(log.export())


def test_every_entry_gets_its_place_once(lines: Lines) -> None:
    assert log.seal_waiting() == 0
    assert [row.place for row in JournalEntry.objects.order_by("seq")] == list(range(7))
    assert [row.size for row in Checkpoint.objects.order_by("size")] == [3, 4, 7]
    assert log.verify(lines) == log.Verdict(True, 7)


def test_its_heads_are_the_independent_trees(lines: Lines) -> None:
    leaves = [
        log.leaf(line["day"], bytes.fromhex(line["digest"]), bytes.fromhex(line["sealed"]))
        for line in lines
        if "place" in line
    ]
    for head in Checkpoint.objects.all():
        assert bytes(head.root) == merkle(leaves[: head.size])


def test_a_stranger_checks_it_without_us(lines: Lines) -> None:
    """With the public key, hashes and an ordinary signature check alone."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(lines[0]["public"]))
    heads = [line for line in lines if "note" in line]
    leaves = b"".join(bytes.fromhex(line["leaves"]) for line in heads)
    text, signed = heads[-1]["note"].split("\n\n")
    import base64

    public.verify(base64.b64decode(signed.split(" ")[2])[4:], (text + "\n").encode())
    origin, size, root, day = text.split("\n")
    assert origin == lines[0]["log"] and int(size) == 7 and date.fromisoformat(day)
    cut = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    assert base64.b64decode(root) == merkle(cut)


def test_nothing_in_it_tells_who_did_what(lines: Lines) -> None:
    text = json.dumps(lines)
    assert "read" not in text
    entry = JournalEntry.objects.first()
    assert entry is not None and b"read" not in bytes(entry.sealed)
    assert {len(bytes(row.sealed)) for row in JournalEntry.objects.all()} == {len(entry.sealed)}


def test_the_same_deed_twice_looks_different(lines: Lines) -> None:
    digests = JournalEntry.objects.values_list("digest", flat=True)
    write(1)
    write(1)
    assert len({bytes(one) for one in digests.all()}) == JournalEntry.objects.count()


def entries(lines: Lines) -> list[int]:
    return [at for at, line in enumerate(lines) if "place" in line]


def test_an_edited_entry_is_named(lines: Lines) -> None:
    instead = {"digest": "00" * 32, "sealed": "00" * 32, "day": "2020-01-01", "place": 99}
    for place, at in enumerate(entries(lines)):
        for column, value in instead.items():
            edited = [*lines[:at], lines[at] | {column: value}, *lines[at + 1 :]]
            verdict = log.verify(edited)
            assert not verdict.ok and verdict.first_bad == place, (place, column)


def test_a_deleted_entry_is_named(lines: Lines) -> None:
    for place, at in enumerate(entries(lines)):
        verdict = log.verify(lines[:at] + lines[at + 1 :])
        assert not verdict.ok and verdict.first_bad == place


def test_exchanged_entries_are_named(lines: Lines) -> None:
    for one, other in ((0, 1), (1, 2), (0, 6), (2, 3), (4, 5)):
        first, second = entries(lines)[one], entries(lines)[other]
        moved = list(lines)
        moved[first], moved[second] = lines[second], lines[first]
        assert log.verify(moved).first_bad == one
        moved[first] = lines[second] | {"place": one}
        moved[second] = lines[first] | {"place": other}
        assert log.verify(moved).first_bad == one


def test_an_added_entry_is_named(lines: Lines) -> None:
    extra = {"place": 7, "day": "2026-03-07", "digest": "00" * 32, "sealed": "00" * 32}
    assert log.verify([*lines, extra]).first_bad == 7
    inside = [*lines[:-1], extra, lines[-1]]
    assert log.verify(inside).first_bad == 7
    doubled = [*lines[:2], lines[1], *lines[2:]]
    assert not log.verify(doubled).ok


def test_a_head_that_is_missing_or_forged_is_noticed(lines: Lines) -> None:
    heads = [at for at, line in enumerate(lines) if "note" in line]
    for at in heads:
        assert not log.verify(lines[:at] + lines[at + 1 :]).ok
        for wrong in (
            {"note": "x"},
            {"note": lines[at]["note"].replace("=", "A", 1)},
            {"note": lines[at]["note"].replace("\n7\n", "\n8\n").replace("\n3\n", "\n2\n")},
            {"leaves": lines[at]["leaves"][:-64]},
            {"leaves": "00" * 32 + lines[at]["leaves"][64:]},
            {"leaves": "zz"},
        ):
            if lines[at] | wrong != lines[at]:
                assert not log.verify([*lines[:at], lines[at] | wrong, *lines[at + 1 :]]).ok


def test_a_log_that_was_cut_at_a_head_fails_only_against_a_head_that_was_kept(lines: Lines) -> None:
    kept = lines[-1]["note"]
    assert log.verify(lines, kept=kept).ok
    cut = lines[:7]
    assert log.verify(cut).ok  # nobody can know
    verdict = log.verify(cut, kept=kept)
    assert not verdict.ok and "reach" in verdict.reason


def test_a_log_that_was_rewritten_and_signed_anew_fails_against_a_kept_head(lines: Lines) -> None:
    """Whoever has the machine has the log's key too; what was kept elsewhere unmasks them."""
    kept = [line["note"] for line in lines if "note" in line]
    Checkpoint.objects.all().delete()
    JournalEntry.objects.filter(place=1).delete()
    JournalEntry.objects.update(place=None)
    write(1)
    log.seal_waiting()
    rewritten = list(log.export())
    assert log.verify(rewritten).ok
    assert log.verify(rewritten, kept=kept[-1]).reason == "not the log whose checkpoint was kept"
    for head in kept:
        assert not log.verify(rewritten, kept=head).ok


def test_a_head_that_was_kept_between_two_batches_is_met(lines: Lines) -> None:
    Checkpoint.objects.all().delete()
    JournalEntry.objects.update(place=None)
    log.seal_waiting()  # the same entries, in one batch now
    assert log.verify(log.export(), kept=lines[4]["note"]).ok


def test_another_logs_key_or_head_is_refused(lines: Lines) -> None:
    assert log.verify(lines, public=log.public_key()).ok
    assert not log.verify(lines, public=token()).ok
    assert not log.verify(lines, kept="someone else\n7\nAAAA\n\n— someone AAAA\n").ok


@no_tables
def test_what_is_no_export_is_said_to_be_none() -> None:
    for rubbish in ([], [{}], [{"public": "zz"}], [{"public": 3}], [{"v": 1}]):
        verdict = log.verify(rubbish)
        assert not verdict.ok and "export" in verdict.reason


def test_the_export_is_one_document_a_line(lines: Lines) -> None:
    file = io.StringIO()
    assert log.write_export(file) == len(lines)
    assert [json.loads(line) for line in file.getvalue().splitlines()] == lines


def test_only_auditors_open_an_entry_and_only_as_it_was_noted(lines: Lines, house: House) -> None:
    entry, other = JournalEntry.objects.order_by("seq")[:2]
    with house.ines.request() as ines:
        found = log.open_detail(ines.ring, entry)
        assert found["deeds"] == [{"deed": "read", "on": ["0"]}]
        other.sealed = entry.sealed
        with pytest.raises(CannotOpen):
            log.open_detail(ines.ring, other)
    lena = house.hire("lena", "intake")
    with lena.request() as actor, pytest.raises(CannotOpen):
        log.open_detail(actor.ring, entry)


def test_the_origin_names_no_organisation(house: House) -> None:
    assert log.origin().startswith("log-") and len(log.origin()) == 20
    assert server.load().installation.hex() not in log.origin()
