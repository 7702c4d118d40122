"""What the vault can say without a key, words for passphrases, known samples, and forgetting."""

import time
from datetime import timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.engine import forgetting
from amparo.foundation import clock, journal
from amparo.foundation.errors import NotFound
from amparo.people import rules
from amparo.people import services as people
from amparo.vault import duty, factors, passphrases, sample, server, sessions, watch


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Three officers, and server keys of their own."""
    monkeypatch.setattr(server, "path", lambda: tmp_path / "server.keys")
    server.create()
    secret = factors.new_secret()
    names = ("Ines", "Ruth", "Tomas")
    founders = [people.Newcomer(one, one.lower(), passphrases.generate(), secret) for one in names]
    people.found_house(founders, team_names={})
    return founders


def sign_in(person):
    with journal.unit():
        return people.sign_in(
            person.sign_in, person.passphrase, pyotp.TOTP(person.totp).at(clock.now())
        )


# --- passphrases ---------------------------------------------------------------------------------
def test_a_passphrase_has_six_different_words_of_the_list():
    words = set(passphrases._list())
    assert len(words) == 2048
    drawn = [passphrases.generate() for _ in range(300)]
    assert len(set(drawn)) == 300
    for one in drawn:
        chosen = one.split()
        assert len(chosen) == len(set(chosen)) == 6
        assert set(chosen) <= words
        assert not rules.weak(one)
        assert not sample.is_known(one)
    # Every word has its chance: 1,800 draws meet most of them.
    assert len({word for one in drawn for word in one.split()}) > 1000


@given(st.lists(st.sampled_from(["river", "candle", "orbit"]), min_size=1, max_size=6))
def test_spaces_and_capitals_do_not_count(words):
    assert passphrases.folded("  ".join(words).upper() + " ") == " ".join(words)


# --- the sample ----------------------------------------------------------------------------------
def test_known_sign_ins_carry_a_mark_that_chance_does_not_give():
    assert sample.MARK not in passphrases._list()
    for one in sample.PEOPLE:
        assert sample.is_known(one.passphrase)
        assert not rules.weak(one.passphrase)
        assert factors.step_of(one.secret, one.digits()) is not None
        assert factors.step_of(one.secret, one.digits(back=1)) is not None
    assert not sample.is_known("river candle planet orbit window fictional")
    assert sample.person(" INES ") == sample.PEOPLE[0]
    assert sample.person("nobody") is None


# --- counts --------------------------------------------------------------------------------------
def test_officers_are_counted_without_a_key(house):
    found = watch.officers()
    assert len(found.founders) == found.present == 3
    assert found.missing == ()
    assert (found.waiting, found.sessions) == (0, 0)
    sign_in(house[0])
    assert watch.officers().sessions == 1
    with journal.unit():
        people.lock_out(watch.person_called(" TOMAS "))
    assert watch.officers().present == 2
    with pytest.raises(NotFound):
        watch.person_called("tomas")


def test_a_fingerprint_that_belongs_to_nobody_is_missed(house):
    server.trust((*server.load().founders, "0" * 40))
    assert watch.officers().missing == ("0" * 40,)


def test_nothing_waits_to_be_re_sealed_until_a_key_is_turned(house):
    assert watch.resealing() == watch.Resealing(0, None)
    ines = sign_in(house[0]).actor
    with journal.unit(ines):
        people.leave(ines, watch.person_called("tomas"))
    found = watch.resealing()
    assert found.count == 2  # the organisation's own papers, and those of the desk
    assert found.since == clock.today()


# --- forgetting ----------------------------------------------------------------------------------
def test_a_ring_that_nobody_asks_for_is_let_go_of(house, monkeypatch):
    sign_in(house[0])
    assert len(sessions._rings) >= 1
    assert forgetting.once() == 0
    before = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: before + sessions.RING_LIFE + 1)
    assert forgetting.once() >= 1
    assert not sessions._rings


def test_after_a_lockdown_no_process_holds_a_key(house):
    sign_in(house[0])
    duty.seal("x", watch.person_called("ines"), {})
    assert sessions._rings
    assert duty._key
    server.destroy()  # as another process would
    forgetting.once()
    assert not sessions._rings
    assert not duty._key


def test_it_goes_on_while_the_file_of_keys_is_away(house, tmp_path):
    import threading

    (tmp_path / "server.keys").rename(tmp_path / "away")
    stop = threading.Event()
    thread = threading.Thread(target=forgetting.run, args=(stop,))
    thread.start()
    time.sleep(forgetting.PAUSE * 1.5)
    assert thread.is_alive()
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_time_moves_the_digits():
    one = sample.PEOPLE[0]
    with clock.frozen():
        before = one.digits()
        clock.forward(timedelta(seconds=sample.PERIOD))
        assert one.digits(back=1) == before
        assert 0 < sample.seconds_left() <= sample.PERIOD
