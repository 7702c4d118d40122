"""Locks round a person's root, sign-in names, vouchers, and second factors."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from amparo.foundation import clock, config, ids
from amparo.vault import factors, keys, server
from amparo.vault.models import Factor, Principal
from amparo.vault.primitives import CannotOpen, PrivateKey, token
from tests.make import House

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _house(house: House) -> None:
    pass


# --- passphrases ---------------------------------------------------------------------------------
def test_a_lock_opens_with_its_passphrase_for_its_principal() -> None:
    root, principal = token(), ids.new()
    blob = keys.lock(root, PASSPHRASE, principal)
    assert keys.unlock(blob, PASSPHRASE, principal).root == root
    assert root not in blob and len(blob) < 200
    for wrong, passphrase, whose in (
        (blob, PASSPHRASE + " ", principal),
        (blob, "", principal),
        (blob, PASSPHRASE, ids.new()),
        (blob[:-1], PASSPHRASE, principal),
        (blob[:2] + bytes(16) + blob[18:], PASSPHRASE, principal),
        (b"a9" + blob[2:], PASSPHRASE, principal),
        (b"", PASSPHRASE, principal),
    ):
        with pytest.raises(CannotOpen):
            keys.unlock(wrong, passphrase, whose)


def test_two_locks_of_the_same_are_not_alike() -> None:
    root, principal = token(), ids.new()
    assert keys.lock(root, PASSPHRASE, principal) != keys.lock(root, PASSPHRASE, principal)


def test_a_lock_says_how_hard_it_was_made_and_the_shipped_one_is_hard() -> None:
    assert config.Config().hash_level == "a1"
    assert keys.LEVELS["a1"] == (3, 1, 256 * 1024)
    assert keys.lock(token(), PASSPHRASE, ids.new()).startswith(b"a0")  # as the tests ask for


def test_a_stolen_lock_is_not_guessed_without_the_pepper(monkeypatch: pytest.MonkeyPatch) -> None:
    root, principal = token(), ids.new()
    blob = keys.lock(root, PASSPHRASE, principal)
    kept = server.load()
    other = server.ServerKeys(kept.installation, kept.keys | {"pepper": token()}, kept.founders)
    monkeypatch.setattr(server, "load", lambda: other)
    with pytest.raises(CannotOpen):
        keys.unlock(blob, PASSPHRASE, principal)


def test_a_name_is_found_however_it_is_typed_and_stands_nowhere() -> None:
    found = keys.name_digest("Inés  M")
    assert found == keys.name_digest(" inés m ")
    assert found != keys.name_digest("ines m")
    assert b"in" not in found[:4] and len(found) == 32


# --- who is trusted ------------------------------------------------------------------------------
def test_a_chain_of_vouchers_leads_to_a_founder_or_to_nobody(house: House) -> None:
    with house.ines.request() as ines:
        ring = ines.ring
    chain = [ring]
    for _ in range(5):
        key = PrivateKey.generate()
        row = keys.add_principal("person", key, by=chain[-1])
        assert keys.trusted(row)
        chain.append(keys.Ring(row.id, key))
    row.code = "founder"
    assert not keys.trusted(row)  # whatever is altered in it was not vouched for
    first = Principal.objects.get(id=chain[1].id)
    keys._known.clear()
    Principal.objects.filter(id=first.id).update(voucher=bytes(64))
    assert not keys.trusted(Principal.objects.get(id=chain[-1].id))


def test_an_endless_chain_ends(house: House) -> None:
    one, two = PrivateKey.generate(), PrivateKey.generate()
    rows = [Principal(kind="person", public=key.public.raw) for key in (one, two)]
    for row, other, key in ((rows[0], rows[1], two), (rows[1], rows[0], one)):
        row.vouched_by, row.voucher = other.id, key.sign(keys.voucher_text(row))
        row.save(force_insert=True)
    assert not keys.trusted(rows[0]) and not keys.trusted(rows[1])


def test_an_id_that_follows_from_a_key_is_like_any_other() -> None:
    public = PrivateKey.generate().public
    made = keys.id_of(public)
    assert made.version == 4 and made == keys.id_of(public)
    assert made != keys.id_of(public, "case")
    assert made != keys.id_of(PrivateKey.generate().public)


# --- second factors ------------------------------------------------------------------------------
def test_six_digits_are_taken_once_now_or_half_a_minute_late(house: House) -> None:
    with clock.frozen(datetime(2026, 3, 7, 12, 0, 10, tzinfo=UTC)):
        secret = factors.new_secret()
        factors.add_totp(house.ines.id, secret)
        Factor.objects.exclude(last_step=0).delete()
        digits = pyotp.TOTP(secret)
        for wrong in ("", "000000", digits.at(clock.now() + timedelta(seconds=30)), "abc", "١٢٣"):
            with pytest.raises(CannotOpen):
                factors.check_totp(house.ines.id, wrong)
        late = digits.at(clock.now() - timedelta(seconds=30))
        factors.check_totp(house.ines.id, f"{late[:3]} {late[3:]}")
        with pytest.raises(CannotOpen):
            factors.check_totp(house.ines.id, late)
        now = digits.at(clock.now())
        factors.check_totp(house.ines.id, now)
        for used in (now, late):
            with pytest.raises(CannotOpen):
                factors.check_totp(house.ines.id, used)


def test_a_secret_is_sealed_for_its_row(house: House) -> None:
    secret = factors.new_secret()
    row = factors.add_totp(house.ines.id, secret)
    assert secret.encode() not in bytes(row.sealed)
    other = factors.add_totp(house.tomas.id, factors.new_secret())
    Factor.objects.filter(id=other.id).update(sealed=row.sealed)
    Factor.objects.exclude(id=other.id).delete()
    with pytest.raises(CannotOpen):
        factors.check_totp(house.tomas.id, pyotp.TOTP(secret).at(clock.now()))


def test_when_somebody_signed_in_is_forgotten_and_their_digits_stay_used(house: House) -> None:
    with clock.frozen(datetime(2026, 3, 7, 12, tzinfo=UTC)):
        secret = factors.new_secret()
        row = factors.add_totp(house.ines.id, secret)
        digits = pyotp.TOTP(secret).at(clock.now())
        factors.check_totp(house.ines.id, digits)
        exact = Factor.objects.get(id=row.id).last_step
        assert factors.sweep() == 0
        clock.forward(timedelta(days=1, hours=4))
        assert factors.sweep() == 1
        step = Factor.objects.get(id=row.id).last_step
        assert step % (24 * 3600 // 30) == 0 and exact < step
        assert factors.sweep() == 0
        factors.check_totp(house.ines.id, pyotp.TOTP(secret).at(clock.now()))
