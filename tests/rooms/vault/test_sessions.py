"""A session opens with both halves only, in one place at a time, and not after it was ended."""

import time
from datetime import timedelta

import pytest

from amparo.foundation import clock, ids
from amparo.vault import forms, keys, server, sessions
from amparo.vault.models import Principal, Session
from amparo.vault.primitives import CannotOpen, PrivateKey, token
from tests.make import House

KEY = PrivateKey.generate()  # a session takes a key of its own with the same root, and wipes it


@pytest.fixture
def someone(house: House) -> ids.Id:
    return keys.add_principal("person", KEY).id


def begun(principal: ids.Id, kind: str = "staff") -> bytes:
    return sessions.begin(PrivateKey(KEY.root), principal, 0, kind)


@pytest.mark.parametrize("cached", [True, False])
def test_its_handle_opens_it(someone: ids.Id, cached: bool) -> None:
    handle = begun(someone)
    if not cached:
        sessions.forget()  # another process, or after a restart
    ring = sessions.resume(handle, "staff")
    assert ring.id == someone and ring.person.root == KEY.root


def test_the_store_alone_holds_no_half_of_the_handle(someone: ids.Id) -> None:
    handle = begun(someone)
    row = Session.objects.get(principal_id=someone)
    stored = bytes(row.find) + bytes(row.half) + bytes(row.sealed)
    for piece in (handle[:16], handle[16:], handle[16:32], KEY.root):
        assert piece not in stored


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("at", [16, 30, 47])
def test_the_right_session_with_a_wrong_half_is_refused(
    someone: ids.Id, cached: bool, at: int
) -> None:
    """Even while this process still has the ring in memory."""
    handle = begun(someone)
    if not cached:
        sessions.forget()
    wrong = handle[:at] + bytes([handle[at] ^ 1]) + handle[at + 1 :]
    with pytest.raises(CannotOpen):
        sessions.resume(wrong, "staff")
    assert sessions.resume(handle, "staff").id == someone


@pytest.mark.parametrize("handle", [b"", bytes(47), bytes(48), bytes(49)])
def test_no_handle_opens_nothing(someone: ids.Id, handle: bytes) -> None:
    begun(someone)
    with pytest.raises(CannotOpen):
        sessions.resume(handle, "staff")
    sessions.end(handle)
    assert Session.objects.filter(principal_id=someone).count() == 1


def test_a_session_of_one_kind_is_none_of_another(someone: ids.Id) -> None:
    handle = begun(someone, "code")
    with pytest.raises(CannotOpen):
        sessions.resume(handle, "staff")


def test_a_half_that_was_exchanged_in_the_store_opens_nothing(someone: ids.Id) -> None:
    handle, other = begun(someone), begun(someone)
    sessions.forget()
    rows = list(Session.objects.filter(principal_id=someone))
    for row in rows:
        Session.objects.filter(find=row.find).update(half=token(32))
    for one in (handle, other):
        with pytest.raises(CannotOpen):
            sessions.resume(one, "staff")


def test_it_lives_while_it_is_used(someone: ids.Id) -> None:
    with clock.frozen():
        handle = begun(someone)
        for _ in range(6):
            clock.forward(timedelta(minutes=14))
            sessions.resume(handle, "staff")
        clock.forward(timedelta(minutes=15))
        with pytest.raises(CannotOpen):
            sessions.resume(handle, "staff")
        assert sessions.sweep() >= 1
        assert not Session.objects.filter(principal_id=someone).exists()


@pytest.mark.parametrize("cached", [True, False])
def test_it_ends_after_twelve_hours_however_it_is_kept_awake(someone: ids.Id, cached: bool) -> None:
    with clock.frozen(clock.now().replace(second=0, microsecond=0)):
        handle = begun(someone)
        for _ in range(12 * 6 - 1):
            clock.forward(timedelta(minutes=10))
            if not cached:
                sessions.forget()
            sessions.resume(handle, "staff")
        clock.forward(timedelta(minutes=10))
        # Somebody who can write to the table gains nothing by it.
        row = Session.objects.filter(principal_id=someone)
        assert row.get().until <= clock.now()
        row.update(until=clock.now() + timedelta(days=1))
        with pytest.raises(CannotOpen):
            sessions.resume(handle, "staff")
        assert not row.exists()


def test_who_does_not_know_the_whole_handle_does_not_keep_it_alive(someone: ids.Id) -> None:
    with clock.frozen():
        handle = begun(someone)
        clock.forward(timedelta(minutes=10))
        with pytest.raises(CannotOpen):
            sessions.resume(handle[:16] + bytes(32), "staff")
        clock.forward(timedelta(minutes=6))
        with pytest.raises(CannotOpen):
            sessions.resume(handle, "staff")


def test_a_revocation_holds_at_the_next_request(someone: ids.Id) -> None:
    handle = begun(someone)
    ring = sessions.resume(handle, "staff")
    assert sessions.resume(handle, "staff") is ring
    keys.move_generations({someone})
    again = sessions.resume(handle, "staff")
    assert again is not ring and again.generation == 1
    assert sessions.resume(handle, "staff") is again


def test_whoever_is_shut_out_has_no_session(someone: ids.Id) -> None:
    handle = begun(someone)
    Principal.objects.filter(id=someone).update(active=False)
    with pytest.raises(CannotOpen):
        sessions.resume(handle, "staff")


def test_a_code_has_one_window_and_staff_have_several(someone: ids.Id) -> None:
    first, second = begun(someone, "code"), begun(someone, "code")
    with pytest.raises(CannotOpen):
        sessions.resume(first, "code")
    assert sessions.resume(second, "code").id == someone
    desk, phone = begun(someone), begun(someone)
    assert sessions.resume(desk, "staff").id == sessions.resume(phone, "staff").id


def test_ending_one_session_leaves_the_others_and_ending_all_leaves_none(someone: ids.Id) -> None:
    one, two, three = begun(someone), begun(someone), begun(someone)
    sessions.end(one)
    with pytest.raises(CannotOpen):
        sessions.resume(one, "staff")
    assert sessions.resume(two, "staff")
    assert sessions.end_all(someone) == 2
    for handle in (two, three):
        with pytest.raises(CannotOpen):
            sessions.resume(handle, "staff")


def test_a_ring_is_thrown_away_after_a_quarter_of_an_hour(
    someone: ids.Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = begun(someone)
    ring = sessions.resume(handle, "staff")
    later = time.monotonic() + sessions.RING_LIFE + 1
    monkeypatch.setattr(sessions.time, "monotonic", lambda: later)
    assert sessions.resume(handle, "staff") is not ring


@pytest.mark.parametrize("how", ["end", "forget", "all", "old", "turned", "crowded"])
def test_the_root_of_a_ring_that_is_let_go_of_is_overwritten(
    someone: ids.Id, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    handle = begun(someone)
    ring = sessions.resume(handle, "staff")
    key, public = ring.person, ring.person.public.raw
    later = time.monotonic() + sessions.RING_LIFE + 1
    match how:
        case "end":
            sessions.end(handle)
        case "forget":
            sessions.forget()
        case "all":
            sessions.end_all(someone)
        case "old":
            monkeypatch.setattr(sessions.time, "monotonic", lambda: later)
            sessions.drop_old()
        case "turned":
            keys.move_generations({someone})
            assert sessions.resume(handle, "staff") is not ring
        case "crowded":
            monkeypatch.setattr(sessions, "RINGS", 1)
            begun(someone)
    assert bytes(key._root) == bytes(32) and key.public.raw == public
    with pytest.raises(CannotOpen):  # and nobody locks zeros in where their key was
        _ = key.root
    key.sign(b"a request that had it goes on")


def test_a_process_keeps_a_bounded_number_of_rings(
    someone: ids.Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "RINGS", 3)
    handles = [begun(someone) for _ in range(5)]
    assert len(sessions._rings) == 3
    assert all(sessions.resume(handle, "staff") for handle in handles)


# --- form tokens ---------------------------------------------------------------------------------
def test_a_form_carries_the_window_and_its_own_name(house: House) -> None:
    first, second = forms.read(forms.token(b"w" * 48)), forms.read(forms.token())
    assert first.window == b"w" * 48 and second.window == b""
    assert first.once != second.once
    assert "w" * 48 not in repr(first)


def test_a_form_that_is_old_or_altered_is_none(house: House) -> None:
    text = forms.token(b"w" * 48)
    with clock.frozen():
        for wrong in ("", "x", text[:-2], text[:20] + "A" + text[21:], "é" + text, text + "A" * 8):
            if wrong != text:
                with pytest.raises(CannotOpen):
                    forms.read(wrong)
        clock.forward(forms.LIFE + timedelta(minutes=1))
        with pytest.raises(CannotOpen):
            forms.read(text)


def test_no_form_opens_after_a_lockdown(house: House) -> None:
    text = forms.token()
    server.destroy()
    server.renew()
    with pytest.raises(CannotOpen):
        forms.read(text)
