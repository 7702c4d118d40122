"""Taking a key away: a new key for those who remain, then everything is sealed anew under it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from amparo.casework.models import ENTRY, FILE, Entry, File
from amparo.foundation import clock, ids
from amparo.vault import compartments, files, keys, opening
from amparo.vault.compartments import Share
from amparo.vault.keys import Ring
from amparo.vault.models import Epoch, Grant, PairWrap, Part, Principal, Upload
from amparo.vault.primitives import CannotOpen, PrivateKey
from tests import make
from tests.make import Crash, House, Officer

PART = "narrative"


def ring_of(officer: Officer) -> Ring:
    make.forget_process()
    with officer.request() as actor:
        ring: Ring = actor.ring
    return ring


def write(ring: Ring, case: ids.Id, text: str) -> Entry:
    row = Entry(case=case, compartment=PART)
    leave = opening.admit(ring, case, PART)
    with transaction.atomic():
        row.sealed = opening.seal_with(leave, ENTRY, row.id, {"text": text})
        row.save(force_insert=True)
    return row


def texts(ring: Ring, case: ids.Id) -> set[str]:
    leave = opening.admit(ring, case, PART)
    return {
        opening.open_with(leave, ENTRY, row.id, bytes(row.sealed))["text"]
        for row in Entry.objects.filter(case=case)
    }


def turn(case: ids.Id, *drop: tuple[ids.Id, str], succeed: Any = None) -> int:
    with transaction.atomic(using="keystore"):
        return compartments.rotate(case, PART, set(drop), succeed)


@pytest.fixture
def case(house: House) -> ids.Id:
    """A compartment of Inés, Tomás and the care team, with three rows in it."""
    case = ids.new()
    shares = [
        Share(house.ines.id, "protection"),
        Share(house.tomas.id, "legal", clock.today() + timedelta(days=10)),
        Share(house.tomas.id, "costs"),
        Share(keys.team("care").id, "care"),
    ]
    compartments.create(ring_of(house.ines), case, {PART: shares})
    for text in ("one", "two", "three"):
        write(ring_of(house.ines), case, text)
    return case


# --- rotating ------------------------------------------------------------------------------------
def test_what_is_written_after_a_rotation_is_shut_to_whoever_lost_the_key(
    house: House, case: ids.Id
) -> None:
    tomas = ring_of(house.tomas)
    kept = compartments.keys_of(tomas, [case], PART)[case]  # in his memory, or on his disk
    turn(case, (house.tomas.id, ""))
    row = write(ring_of(house.ines), case, "four")
    key = compartments.keys_of(ring_of(house.ines), [case], PART)[case][2]
    assert key not in kept.values()
    old = opening.with_keys(case, PART, kept, "")
    with pytest.raises(CannotOpen):
        opening.open_with(old, ENTRY, row.id, bytes(row.sealed))
    assert not Grant.objects.filter(case=case, grantee=house.tomas.id).exists()
    assert texts(ring_of(house.ruth), case) == {"one", "two", "three", "four"}


def test_his_ring_is_dropped_at_his_next_request(house: House, case: ids.Id) -> None:
    before = {row.id: row.generation for row in Principal.objects.all()}
    turn(case, (house.tomas.id, ""), (keys.team("care").id, "care"))
    moved = {row.id for row in Principal.objects.all() if row.generation > before[row.id]}
    everybody = {one.id for one in house.officers.values()}  # all are in the team that lost it
    assert moved == everybody | {keys.team("care").id}


def test_those_who_remain_hold_what_they_held(house: House, case: ids.Id) -> None:
    turn(case, (house.tomas.id, "legal"))
    held = {(share.principal, share.purpose) for share in compartments.shares_of(case, PART)}
    assert held == {
        (house.ines.id, "protection"),
        (house.tomas.id, "costs"),
        (keys.team("care").id, "care"),
    }
    turn(case, (house.ines.id, "protection"))
    turn(case)
    assert compartments.current(case, PART) == 4
    until = {share.until for share in compartments.shares_of(case, PART)}
    assert until == {None}


def test_last_days_survive_a_rotation(house: House, case: ids.Id) -> None:
    turn(case, (house.ines.id, ""))
    share = Share(house.tomas.id, "legal", clock.today() + timedelta(days=10))
    assert share in compartments.shares_of(case, PART)


def test_two_departures_in_a_row_leave_one_seat(house: House, case: ids.Id) -> None:
    """A team that held the same on its own and as a successor holds it once."""
    care, ines = keys.team("care"), ring_of(house.ines)
    second = keys.add_principal("team", PrivateKey.generate(), by=ines, succeeds=care.id)
    third = keys.add_principal("team", PrivateKey.generate(), by=ines, succeeds=second.id)
    soon = clock.today() + timedelta(days=1)
    compartments.extend(ines, case, PART, Share(second.id, "care", soon))
    compartments.extend(ines, case, PART, Share(second.id, "legal", soon))
    compartments.extend(ines, case, PART, Share(third.id, "legal", soon + timedelta(days=3)))
    turn(case, succeed=compartments._last({care.id: second.id, second.id: third.id}))
    mine = [share for share in compartments.shares_of(case, PART) if share.principal == third.id]
    assert mine == [
        Share(third.id, "care"),
        Share(third.id, "legal", soon + timedelta(days=3)),
    ]


def test_pairs_are_made_again_without_whoever_is_dropped(house: House) -> None:
    case, trio = ids.new(), [house.ines.id, house.tomas.id, house.ruth.id]
    pairs = [(one, other) for one in trio for other in trio if one != other]
    ines = ring_of(house.ines)
    compartments.create(ines, case, {PART: []}, pairs={PART: pairs})
    turn(case, (house.ruth.id, ""))
    left = set(PairWrap.objects.values_list("epoch", "first", "second"))
    assert left == {
        (epoch, *pair) for epoch in (1, 2) for pair in ((trio[0], trio[1]), (trio[1], trio[0]))
    }
    from amparo.vault import pairs as two

    peeled = two.peel(ring_of(house.tomas), case, PART)
    opened = two.open_peeled(ring_of(house.ines), case, PART, house.tomas.id, peeled)
    assert set(opened) == {1, 2} and opened[1] != opened[2]


def test_giving_the_same_again_changes_nothing(house: House, case: ids.Id) -> None:
    before = set(Grant.objects.values_list("id", flat=True))
    compartments.extend(ring_of(house.ines), case, PART, Share(house.tomas.id, "costs"))
    assert set(Grant.objects.values_list("id", flat=True)) == before
    until = clock.today() + timedelta(days=99)
    compartments.extend(ring_of(house.ines), case, PART, Share(house.tomas.id, "legal", until))
    assert Grant.objects.get(grantee=house.tomas.id, purpose="legal").until == until
    assert Grant.objects.count() == len(before)


def test_nobody_gives_what_they_do_not_hold(house: House, case: ids.Id) -> None:
    lena = house.hire("lena", "intake")
    with pytest.raises(CannotOpen):
        compartments.extend(ring_of(lena), case, PART, Share(lena.id, "legal"))


# --- writing and turning meanwhile ---------------------------------------------------------------
def test_an_epoch_that_was_turned_takes_no_new_content(house: House, case: ids.Id) -> None:
    leave = opening.admit(ring_of(house.ines), case, PART)
    turn(case, (house.tomas.id, ""))
    with pytest.raises(CannotOpen):
        opening.seal_with(leave, ENTRY, ids.new(), {"text": "too late"})


# --- re-sealing ----------------------------------------------------------------------------------
def test_re_sealing_ends_the_old_epochs(house: House, case: ids.Id) -> None:
    turn(case, (house.tomas.id, ""))
    assert compartments.pending_since(case) == clock.today()
    assert compartments.stale(ring_of(house.ines), case, PART)
    assert opening.renew(ring_of(house.ines), case, PART) == 3
    assert set(Grant.objects.values_list("epoch", flat=True).filter(case=case)) == {3}
    assert Epoch.objects.get(case=case, number=3).signer == house.ines.id
    assert not compartments.stale(ring_of(house.ines), case, PART)
    assert compartments.pending_since(case) is None
    assert texts(ring_of(house.ruth), case) == {"one", "two", "three"}


@pytest.fixture
def breaks_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the power go after so many re-sealed rows."""

    def arm(count: int) -> None:
        left, real = [count], opening._reseal

        def reseal(*given: Any) -> int:
            if left[0] == 0:
                monkeypatch.setattr(opening, "_reseal", real)
                raise Crash
            left[0] -= 1
            return real(*given)

        monkeypatch.setattr(opening, "_reseal", reseal)

    return arm


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_re_sealing_that_broke_off_is_taken_up_where_it_stopped(
    house: House, case: ids.Id, breaks_after: Callable[[int], None], count: int
) -> None:
    turn(case, (house.tomas.id, ""))
    breaks_after(count)
    with pytest.raises(Crash):
        opening.renew(ring_of(house.ines), case, PART)
    assert texts(ring_of(house.ruth), case) == {"one", "two", "three"}
    assert compartments.pending_since(case) is not None
    assert opening.renew(ring_of(house.ruth), case, PART) == 3 - count
    assert texts(ring_of(house.ines), case) == {"one", "two", "three"}
    assert set(Grant.objects.filter(case=case).values_list("epoch", flat=True)) == {3}


def test_an_edit_during_a_re_sealing_is_not_lost(
    house: House, case: ids.Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes a row and adds one, under the key as they knew it, meanwhile."""
    turn(case, (house.tomas.id, ""))
    ruth = opening.admit(ring_of(house.ruth), case, PART)
    row = Entry.objects.filter(case=case).first()
    assert row is not None
    real, done = opening._reseal, []

    def reseal(old: Any, new: Any, kind: Any, one: Any) -> int:
        if not done:
            done.append(one)
            edited = opening._sealed_with(ruth, ENTRY, row.id, {"text": "edited"})
            Entry.objects.filter(id=row.id).update(sealed=edited)
            added = Entry(case=case, compartment=PART)
            added.sealed = opening._sealed_with(ruth, ENTRY, added.id, {"text": "added"})
            added.save(force_insert=True)
        return real(old, new, kind, one)

    monkeypatch.setattr(opening, "_reseal", reseal)
    opening.renew(ring_of(house.ines), case, PART)
    found = texts(ring_of(house.ruth), case)
    assert {"edited", "added"} <= found and len(found) == 4
    assert set(Grant.objects.filter(case=case).values_list("epoch", flat=True)) == {3}


def test_what_stands_under_a_key_that_is_still_used_keeps_its_wraps(
    house: House, case: ids.Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever could not be re-sealed stays openable."""
    turn(case, (house.tomas.id, ""))
    real = opening._reseal
    spoilt = Entry.objects.filter(case=case).first()
    monkeypatch.setattr(
        opening, "_reseal", lambda *given: real(*given) if given[3].id != spoilt.id else 0
    )
    assert opening.renew(ring_of(house.ines), case, PART) == 2
    assert texts(ring_of(house.ruth), case) == {"one", "two", "three"}
    assert 1 in Grant.objects.filter(case=case).values_list("epoch", flat=True)
    for _ in range(3):
        opening.renew(ring_of(house.ines), case, PART)
    assert compartments.current(case, PART) == 3  # no new key for each try


def test_whoever_lacks_an_old_key_leaves_the_re_sealing_to_others(
    house: House, case: ids.Id
) -> None:
    turn(case, (house.tomas.id, ""))
    Grant.objects.filter(case=case, epoch=1, grantee=keys.team("care").id).delete()
    assert opening.renew(ring_of(house.ruth), case, PART) == 0
    assert compartments.current(case, PART) == 2
    assert opening.renew(ring_of(house.ines), case, PART) == 3


def test_two_who_re_seal_at_once_lose_nothing(
    house: House, case: ids.Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn(case, (house.tomas.id, ""))
    ruth, real, done = ring_of(house.ruth), opening._reseal, []

    def reseal(*given: Any) -> int:
        if not done:
            done.append(given)
            opening.renew(ruth, case, PART)
        return real(*given)

    monkeypatch.setattr(opening, "_reseal", reseal)
    opening.renew(ring_of(house.ines), case, PART)
    for officer in (house.ines, house.ruth):
        assert texts(ring_of(officer), case) == {"one", "two", "three"}


def test_a_key_that_the_server_made_is_replaced_by_one_that_a_person_made(
    house: House, case: ids.Id
) -> None:
    turn(case, (house.tomas.id, ""))
    ines = ring_of(house.ines)
    served = compartments.keys_of(ines, [case], PART)[case][2]
    compartments.extend(ines, case, PART, Share(house.tomas.id, "costs"))  # signs the list again
    opening.renew(ines, case, PART)
    held = compartments.keys_of(ring_of(house.tomas), [case], PART)[case]
    assert set(held) == {3} and served not in held.values()


# --- files ---------------------------------------------------------------------------------------
def attach(ring: Ring, case: ids.Id, content: bytes) -> File:
    arrived = make.file(content)
    arrived.own()
    row = File(case=case, compartment=PART, entry=ids.new(), upload=arrived.writer.upload)
    leave = opening.admit(ring, case, PART)
    row.sealed = opening.seal_with(leave, FILE, row.id, arrived.manifest)
    row.save(force_insert=True)
    return row


def content(ring: Ring, case: ids.Id) -> bytes:
    row = File.objects.get(case=case)
    doc = opening.open_with(opening.admit(ring, case, PART), FILE, row.id, bytes(row.sealed))
    return b"".join(files.read(doc))


def on_disk() -> set[str]:
    return {path.parent.name + path.name for path in files.folder().glob("??/*")}


def test_files_are_sealed_anew_and_the_old_parts_are_gone(house: House, case: ids.Id) -> None:
    data = make.noise(9 * make.MIB)
    attach(ring_of(house.ines), case, data)
    before = on_disk()
    turn(case, (house.tomas.id, ""))
    opening.renew(ring_of(house.ines), case, PART)
    assert content(ring_of(house.ruth), case) == data
    assert len(on_disk()) == 2 and not on_disk() & before
    assert on_disk() == {part.id.hex for part in Part.objects.all()}
    assert Upload.objects.count() == 1


def test_a_file_whose_re_sealing_broke_off_leaves_no_orphan(
    house: House, case: ids.Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach(ring_of(house.ines), case, b"a photograph")
    turn(case, (house.tomas.id, ""))

    def crash(upload: ids.Id) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(files, "destroy", crash)  # the row is new, the old parts still stand
        with pytest.raises(Crash):
            opening.renew(ring_of(house.ines), case, PART)
    assert Upload.objects.count() == 2
    opening.renew(ring_of(house.ines), case, PART)
    clock.forward(timedelta(days=3))
    files.sweep()
    assert content(ring_of(house.ruth), case) == b"a photograph"
    assert Upload.objects.count() == 1 and len(on_disk()) == 1


def test_erasing_destroys_every_wrap(house: House, case: ids.Id) -> None:
    turn(case, (house.tomas.id, ""))
    compartments.erase(case)
    assert not any(table.objects.filter(case=case).exists() for table in (Grant, PairWrap, Epoch))
    with pytest.raises(CannotOpen):
        opening.admit(ring_of(house.ines), case, PART)
