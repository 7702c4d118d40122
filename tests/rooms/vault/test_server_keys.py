"""The server's own keys: a closed list, two of which a lockdown destroys; and what they open."""

import json

import pytest

from amparo.foundation import ids
from amparo.foundation.errors import Unavailable
from amparo.vault import duty, server
from amparo.vault.primitives import CannotOpen
from tests.make import Crash, House


@pytest.fixture(autouse=True)
def _house(house: House) -> None:
    pass


def test_the_list_is_closed_and_the_file_is_its_owners() -> None:
    written = json.loads(server.path().read_text())
    assert set(written["keys"]) == {"pepper", "duty", "totp", "log", "rotation", "form"}
    assert len(set(written["keys"].values())) == 6
    server.renew()
    assert server.path().stat().st_mode & 0o077 == 0


def test_an_installation_is_not_founded_over_another() -> None:
    with pytest.raises(Unavailable):
        server.create()


def test_a_lockdown_destroys_duty_and_form_and_nothing_else() -> None:
    before = server.load()
    server.destroy()
    after = server.load()
    assert server.locked_down()
    assert after.keys == {
        name: key for name, key in before.keys.items() if name not in {"duty", "form"}
    }
    assert after.installation == before.installation and after.founders == before.founders
    for lost in ("duty", "form"):
        assert before.keys[lost].hex() not in server.path().read_text()
        with pytest.raises(Unavailable):
            after.key(lost)


def test_the_lift_makes_fresh_keys_and_keeps_the_others() -> None:
    before = server.load()
    server.destroy()
    server.renew()
    after = server.load()
    assert not server.locked_down()
    for name in before.keys:
        assert (after.keys[name] == before.keys[name]) == (name not in {"duty", "form"})
    server.renew()
    assert server.load().keys == after.keys  # nothing was missing


def test_a_power_cut_during_a_change_leaves_the_old_keys_or_the_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = server.load()

    def crash(*_: object) -> None:
        raise Crash

    for point in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            owner = server.os if point == "fsync" else type(server.path())
            patch.setattr(owner, point, crash)
            with pytest.raises(Crash):
                server.trust(("f" * 40,))
        server._cache = None
        assert server.load() == before
    calls = []

    def second_time(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise Crash  # while the old bytes are being overwritten

    with monkeypatch.context() as patch:
        patch.setattr(server.os, "fsync", second_time)
        with pytest.raises(Crash):
            server.trust(("f" * 40,))
    server._cache = None
    assert server.load().keys == before.keys


def test_another_process_sees_a_change_at_once() -> None:
    cached = server.load()
    text = server.path().read_text().replace(cached.keys["form"].hex(), "00" * 32)
    fresh = server.path().with_suffix(".other")
    fresh.write_text(text)
    fresh.replace(server.path())
    assert server.load().keys["form"] == bytes(32)


def test_server_keys_are_never_shown() -> None:
    assert repr(server.load()) == "<ServerKeys>"


# --- duty ----------------------------------------------------------------------------------------
ROW = ids.new()
DOC = {"address": "someone@example.org"}


def test_the_duty_key_opens_what_was_sealed_to_it_in_its_place() -> None:
    blob = duty.seal("route", ROW, DOC)
    assert duty.open_("route", ROW, blob)["address"] == DOC["address"]
    for kind, row in (("link", ROW), ("route", ids.new())):
        with pytest.raises(CannotOpen):
            duty.open_(kind, row, blob)
    server.destroy()
    with pytest.raises(Unavailable):
        duty.open_("route", ROW, blob)
    with pytest.raises(Unavailable):
        duty.seal("route", ROW, DOC)
    server.renew()
    with pytest.raises(CannotOpen):
        duty.open_("route", ROW, blob)


def test_the_key_in_memory_goes_with_the_one_on_disk() -> None:
    duty.seal("route", ROW, DOC)
    assert duty._key
    server.destroy()
    assert not duty._key


def test_a_capsule_needs_the_token_and_the_duty_key() -> None:
    secret, blob = duty.make_capsule("link", ROW, DOC)
    assert duty.open_capsule("link", ROW, secret, blob)["address"] == DOC["address"]
    assert secret not in blob
    for kind, row, token, wrong in (
        ("link", ROW, bytes(16), blob),
        ("link", ROW, secret[:-1], blob),
        ("link", ROW, b"", blob),
        ("card", ROW, secret, blob),
        ("link", ids.new(), secret, blob),
        ("link", ROW, secret, b""),
        ("link", ROW, secret, blob[:1000]),
        ("link", ROW, secret, blob[:-1]),
        ("link", ROW, secret, blob[:-1] + bytes([blob[-1] ^ 1])),
        ("link", ROW, secret, b"\xff\xff" + blob[2:]),
    ):
        with pytest.raises(CannotOpen):
            duty.open_capsule(kind, row, token, wrong)
    server.destroy()
    server.renew()
    with pytest.raises(CannotOpen):
        duty.open_capsule("link", ROW, secret, blob)


def test_a_capsule_is_found_by_its_token_and_the_table_does_not_tell_it() -> None:
    secret, _ = duty.make_capsule("link", ROW, DOC)
    assert len(duty.find(secret)) == 32 and secret not in duty.find(secret)
    assert duty.find(secret) != duty.find(bytes(16))
