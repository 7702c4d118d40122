"""A list over all cases shows what single cases would, and nothing that was planted or altered."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from amparo.casework.models import COVER, Cover
from amparo.foundation import clock, ids
from amparo.vault import compartments, keys, listing, opening, sealed, signers
from amparo.vault.compartments import Share
from amparo.vault.keys import Ring
from amparo.vault.models import Grant
from amparo.vault.primitives import CannotOpen, PrivateKey, ctx, digest, token, wrap
from amparo.vault.signers import grant_context
from tests import make
from tests.make import House, Officer

PART = "cover"


def ring_of(officer: Officer) -> Ring:
    """Keys as a request has them, with nothing opened yet."""
    make.forget_process()
    with officer.request() as actor:
        ring: Ring = actor.ring
    return ring


def listed(ring: Ring) -> dict[ids.Id, dict[int, bytes]]:
    """What a list opens, in the shape in which single cases are opened."""
    found: dict[ids.Id, dict[int, bytes]] = {}
    listing.reach(ring, PART)
    today = {row.case.hex for row in compartments.live() if row.grantee in ring.held()}
    reach = listing.reach(ring, PART)
    for case, epoch in reach._keys:
        assert case in reach
        assert case in today
        found.setdefault(ids.of(case), {})[epoch] = reach.key(case, epoch)
    return found


@pytest.fixture
def cases(house: House) -> list[ids.Id]:
    """Three cases for the intake team, one of them also for Tomás until a day."""
    made = []
    for number in range(3):
        ring = keys.new_defender(token(), token(), op=ids.new())
        shares = [Share(keys.team("intake").id, "protection"), Share(ring.id, "own")]
        if number == 0:
            shares.append(Share(house.tomas.id, "legal", clock.today() + timedelta(days=3)))
        made.append(keys.case_of(ring))
        compartments.create(ring, made[-1], {PART: shares})
    signers._good.clear()
    return made


def test_a_list_opens_what_single_cases_open(house: House, cases: list[ids.Id]) -> None:
    compartments.rotate(cases[1], PART, {(house.tomas.id, "")})
    for officer in (house.ines, house.tomas, house.ines):
        ring = ring_of(officer)
        alone = compartments.keys_of(ring_of(officer), cases, PART)
        assert listed(ring) == alone
        assert listed(ring) == alone  # warm
    assert {max(epochs) for epochs in alone.values()} == {1, 2}


def test_what_was_checked_is_not_checked_again(
    house: House, cases: list[ids.Id], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = listed(ring_of(house.ines))

    def fail(*_: Any) -> bytes:
        raise AssertionError

    monkeypatch.setattr(compartments, "_checked", fail)
    assert listed(ring_of(house.ruth)) == first


def test_what_the_server_alone_has_signed_is_checked_each_time(
    house: House, cases: list[ids.Id], monkeypatch: pytest.MonkeyPatch
) -> None:
    compartments.rotate(cases[1], PART, {(house.tomas.id, "")})
    assert set(listed(ring_of(house.ines))[cases[1]]) == {1, 2}
    real, seen = compartments._checked, []

    def watch(row: Grant, *more: Any) -> bytes:
        seen.append((row.case, row.epoch))
        return real(row, *more)

    monkeypatch.setattr(compartments, "_checked", watch)
    assert set(listed(ring_of(house.ruth))[cases[1]]) == {1, 2}
    assert seen == [(cases[1], 2)]


def test_an_altered_grant_is_not_listed(house: House, cases: list[ids.Id]) -> None:
    team = keys.team("intake").id
    real = Grant.objects.values().get(case=cases[1], grantee=team)
    other = Grant.objects.get(case=cases[2], grantee=team)
    assert cases[1] in listed(ring_of(house.ines))
    for change in (
        {"until": clock.today() + timedelta(days=300)},
        {"purpose": "legal"},
        {"epoch": 2},
        {"case": ids.new()},
        {"signature": bytes(64)},
        {"signature": b""},
        {"signature": bytes(real["signature"]) + b"x"},
        {"signer": other.signer},
        {"wrap": b""},
        {"wrap": bytes(other.wrap)},
        {"grantee": house.ines.id},
    ):
        Grant.objects.filter(id=real["id"]).update(**(real | change))
        found = listed(ring_of(house.ines))
        assert set(found) == {cases[0], cases[2]}, change
    Grant.objects.filter(id=real["id"]).update(**real)
    assert cases[1] in listed(ring_of(house.ines))


def test_a_planted_grant_is_not_listed(house: House, cases: list[ids.Id]) -> None:
    stranger, case = PrivateKey.generate(), ids.new()
    team = keys.team("intake")
    public = keys.public_of(bytes(team.public))
    context = grant_context(case, PART, 1, public, "protection", None)
    blob = wrap(token(), public, context)
    signature = stranger.sign(ctx("grant-signature", context, digest(blob)))
    for signer in (
        house.ines.id,
        ids.new(),
        Grant.objects.get(case=cases[0], purpose="own").signer,
    ):
        Grant.objects.create(
            case=case, compartment=PART, epoch=1, grantee=team.id, purpose="protection",
            wrap=blob, signer=signer, signature=signature,
        )  # fmt: skip
        assert set(listed(ring_of(house.ines))) == set(cases)
        Grant.objects.filter(case=case).delete()


def test_a_grant_that_is_over_or_gone_leaves_a_warm_list(house: House, cases: list[ids.Id]) -> None:
    Grant.objects.filter(case=cases[0], grantee=keys.team("intake").id).delete()
    Grant.objects.filter(case=cases[1]).delete()
    tomas = ring_of(house.tomas)
    assert set(listed(tomas)) == {cases[0], cases[2]}
    Grant.objects.filter(case=cases[2]).delete()
    assert set(listed(tomas)) == {cases[0]}
    clock.forward(timedelta(days=4))
    assert listed(tomas) == {}
    reach = listing.reach(tomas, PART)
    assert len(reach) == 0
    with pytest.raises(CannotOpen):
        reach.key(cases[0].hex, 1)


# --- documents -----------------------------------------------------------------------------------
def rows_of(reach: listing.Reach, cases: list[ids.Id]) -> list[sealed.Row]:
    made = []
    for number, case in enumerate(cases):
        row = ids.new()
        key = reach.key(case.hex, 1)
        blob = sealed.close(key, 1, COVER, row, case, PART, {"name": f"Señal {number}"})
        Cover.objects.create(id=row, case=case, sealed=blob)
        made.append((row.hex, case.hex, blob))
    return made


def test_documents_of_a_list_are_those_of_single_rows(house: House, cases: list[ids.Id]) -> None:
    ring = ring_of(house.ines)
    reach = opening.reach(ring, PART)
    rows = rows_of(reach, cases)
    docs = [doc for _, doc in opening.open_list(reach, COVER, rows)]
    assert docs == [
        opening.open_with(opening.admit(ring, case, PART), COVER, ids.of(row), blob)
        for (row, _, blob), case in zip(rows, cases, strict=True)
    ]
    dashed = [(str(ids.of(row)), str(ids.of(case)), blob) for row, case, blob in rows]
    assert [doc for _, doc in opening.open_list(reach, COVER, dashed)] == docs


@pytest.mark.parametrize(
    "alter",
    [
        lambda row, other: (row[0], row[1], other[2]),
        lambda row, other: (other[0], row[1], row[2]),
        lambda row, other: (row[0], other[1], row[2]),
        lambda row, _: (row[0], row[1], row[2][:-1]),
        lambda row, _: (row[0], row[1], b""),
        lambda row, _: (row[0], row[1], b"\0\0\0\x07" + row[2][4:]),
        lambda row, _: (row[0], ids.new().hex, row[2]),
    ],
)
def test_an_altered_row_is_left_out_and_stops_no_other(
    house: House, cases: list[ids.Id], alter: Callable[[sealed.Row, sealed.Row], sealed.Row]
) -> None:
    reach = opening.reach(ring_of(house.ines), PART)
    first, second, third = rows_of(reach, cases)
    found = list(opening.open_list(reach, COVER, [first, alter(second, third), third]))
    assert [bool(doc) for _, doc in found] == [True, False, True]


def test_only_what_consent_was_given_opens_a_list(house: House, cases: list[ids.Id]) -> None:
    class Like(listing.Reach):
        pass

    ring = ring_of(house.ines)
    reach = opening.reach(ring, PART)
    rows = rows_of(reach, cases)
    for other in (Like(PART, reach._keys), {}, None, opening.admit(ring, cases[0], PART)):
        with pytest.raises(CannotOpen):
            list(opening.open_list(other, COVER, rows))  # type: ignore[arg-type]
