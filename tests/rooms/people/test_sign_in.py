"""Signing in: one answer to everything that is wrong, and a rest after many misses."""

import base64
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from amparo.foundation import clock, journal
from amparo.foundation.actor import NOBODY
from amparo.foundation.errors import CannotOpen, Invalid, Refused, Unavailable
from amparo.foundation.models import JournalEntry
from amparo.people import queries, services
from amparo.vault import devices, factors, keys, log, sample, server, staff
from amparo.vault.models import Session, Slot
from tests import make
from tests.make import PASSPHRASE, House, Officer


def knock(name: str = "ines", passphrase: str = PASSPHRASE, second: str = "000000") -> str:
    """What the door says: the error's kind and text, or "open"."""
    try:
        with journal.unit():
            services.sign_in(name, passphrase, second)
    except (Refused, Unavailable) as error:
        return f"{type(error).__name__} {error}"
    return "open"


def test_passphrase_and_second_device_open_the_door(house: House) -> None:
    assert knock(second=house.ines.digits()) == "open"
    assert knock("  INES ", second=house.ines.digits()) == "open"


def test_everything_wrong_is_answered_alike(house: House) -> None:
    left, waiting = house.hire("lena", "intake"), joined(house, "omar")
    with house.ines.request() as ines:
        services.leave(ines, left.id)
    good = house.tomas.digits()
    answers = {
        knock("nobody", second=good),
        knock("tomas", "another passphrase of four words", good),
        knock("tomas", PASSPHRASE, "123456"),
        knock("tomas", PASSPHRASE, ""),
        knock("tomas", "", good),
        knock("", "", ""),
        knock("ines", PASSPHRASE, good),  # somebody else's device
        knock("lena", PASSPHRASE, left.digits()),
        knock("omar", PASSPHRASE, waiting.digits()),
    }
    assert answers == {"Refused "}


def joined(house: House, name: str) -> Officer:
    """Somebody who used an invitation and whom nobody has welcomed."""
    from amparo.consent import links
    from amparo.foundation import ids

    with house.ines.request() as ines:
        token = services.invite(ines, name=name, teams=["intake"])
    secret = factors.new_secret()
    with journal.unit():
        person = ids.of(links.use(token, "invite")["person"])
        services.join(person, make.newcomer(name, secret))
    return Officer(name, person, secret)


def test_known_and_unknown_names_cost_a_hash_each(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amparo.vault import keys

    stretched: list[str] = []
    real = keys._stretch

    def stretch(passphrase: str, salt: bytes, level: str, *, known: bool) -> bytes:
        stretched.append(level)
        return real(passphrase, salt, level, known=known)

    monkeypatch.setattr(keys, "_stretch", stretch)
    knock("nobody")
    knock("ines", "wrong")
    knock("ines", PASSPHRASE, "wrong")
    assert stretched == ["a0"] * 3


@pytest.mark.parametrize("name", ["ines", "nobody", "tomas "])
def test_whoever_knows_a_name_cannot_keep_its_owner_out(house: House, name: str) -> None:
    with clock.frozen():
        assert {knock(name, "wrong") for _ in range(12)} == {"Refused "}
        owner = house.officers.get(name.strip())
        assert owner is None or knock(name, second=owner.digits()) == "open"


def test_six_digits_rest_after_five_misses_with_the_right_passphrase(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody is told, for that would say that the passphrase was right."""
    looked: list[str] = []
    monkeypatch.setattr(factors, "check_totp", lambda _, code: looked.append(code) or fail())
    with clock.frozen():
        assert {knock() for _ in range(9)} == {"Refused "} and len(looked) == 5
        for _ in range(3):
            clock.forward(timedelta(seconds=1))
            assert knock() == "Refused "
        assert len(looked) == 7  # after a second, then after two
        knock("tomas")
        assert len(looked) == 8


def fail() -> None:
    raise CannotOpen


def test_a_rest_ends_by_itself_and_misses_are_forgotten_after_a_good_sign_in(house: House) -> None:
    with clock.frozen():
        for _ in range(5):
            knock()
        digits = pyotp.TOTP(house.ines.secret).at(clock.now())
        assert knock(second=digits) == "Refused "  # they rest
        assert knock(second=house.ines.digits()) == "open"  # half a minute later
        for _ in range(4):
            knock()
        assert knock(second=house.ines.digits()) == "open"


def word(officer: Officer) -> str:
    with journal.unit():
        return services.sign_in(officer.name, PASSPHRASE, officer.digits()).device


def on(device: str, name: str = "ines", passphrase: str = PASSPHRASE, second: str = "0") -> str:
    try:
        with journal.unit():
            services.sign_in(name, passphrase, second, device=device)
    except Refused:
        return "refused"
    return "open"


def test_a_device_that_was_here_before_has_tries_of_its_own(house: House) -> None:
    device = word(house.ines)
    with clock.frozen():
        for _ in range(12):  # whoever has the passphrase, on a device of their own
            knock()
        digits = pyotp.TOTP(house.ines.secret).at(clock.now())
        clock.forward(timedelta(seconds=31))
        for _ in range(12):
            knock()
        digits = pyotp.TOTP(house.ines.secret).at(clock.now())
        assert knock(second=digits) == "Refused " and on(device, second=digits) == "open"


def test_a_device_that_misses_too_often_is_a_strangers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, lines = word(house.ines), []
    real = staff.unlock

    def unlock(name: str, passphrase: str, *, known: bool) -> Any:
        lines.append(known)
        return real(name, passphrase, known=known)

    monkeypatch.setattr(staff, "unlock", unlock)
    with clock.frozen():
        assert {on(device, passphrase="wrong") for _ in range(7)} == {"refused"}
        assert lines == [True] * 5 + [False] * 2
        clock.forward(timedelta(seconds=61))
        assert on(device, second=house.ines.digits()) == "open" and lines[-1]
        for wrong in ("", "x", device[:-4] + "AAAA", "é", word(house.tomas) + "A"):
            on(wrong)
            assert not lines[-1], wrong
        on(word(house.tomas))
        assert lines[-1]  # it names nobody, so it may be anybody's


def test_what_a_device_keeps_names_nobody_and_ends(house: House) -> None:
    one, other = word(house.ines), word(house.ines)
    assert one != other and len(one) == len(other) and len(devices.name_of(one)) == devices.NAME
    for piece in (b"ines", house.ines.id.bytes, house.ines.id.hex.encode()):
        assert piece not in base64.urlsafe_b64decode(one + "==")
    with clock.frozen(clock.now() + devices.LIFE + timedelta(days=1)):
        assert devices.name_of(one) == b""
    with journal.unit():
        signed = services.sign_in("ines", PASSPHRASE, house.ines.digits(), device=one)
    assert devices.name_of(signed.device) == devices.name_of(one)  # it keeps its own
    server.destroy()
    server.renew()
    assert devices.name_of(one) == b""


def test_misses_are_kept_within_bounds(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "KEEP_MISSES", 3)
    for number in range(5):
        on(devices.word(bytes([number]) * 16), passphrase="wrong")
    assert len(services._misses) == 3


@pytest.mark.parametrize(
    ("kept", "typed"),
    [("Inés M", "Ine\u0301s  m"), ("ｉｎｅｓ", "INES"), ("Straße", "STRASSE"), ("Ήλιος", "ΉΛΙΟΣ")],
)
def test_a_name_is_the_same_on_every_keyboard(house: House, kept: str, typed: str) -> None:
    assert keys.name_digest(kept) == keys.name_digest(typed)
    assert keys.same_word(kept, typed) and not keys.same_word(kept, typed + "x")


def test_a_passphrase_is_the_same_on_every_keyboard(house: House) -> None:
    apart, whole = "limo\u0301n a\u0301rbol camino nin\u0303o", "limón árbol camino niño"
    blob = keys.lock(bytes(32), whole, house.ines.id)
    assert keys.unlock(blob, apart, house.ines.id).root == bytes(32)
    with pytest.raises(CannotOpen):
        keys.unlock(blob, whole.title(), house.ines.id)  # capitals count


def test_the_samples_words_do_not_pass_in_other_letters() -> None:
    assert sample.is_known("ｆictional river candle") and sample.is_known("Fictional river")
    assert not sample.is_known("river fictional")


def test_digits_are_taken_once(house: House) -> None:
    digits = house.ines.digits()
    assert knock(second=digits) == "open"
    assert knock(second=digits) == "Refused "
    with clock.frozen():
        clock.forward(timedelta(seconds=61))
        before = pyotp.TOTP(house.ines.secret).at(clock.now() - timedelta(seconds=60))
        assert knock(second=before) == "Refused "


def test_refusals_and_sign_ins_are_noted_without_a_name(house: House) -> None:
    knock("nobody in particular")
    knock(second=house.ines.digits())
    with house.ruth.request() as ruth:
        found = [log.open_detail(ruth.ring, row) for row in JournalEntry.objects.order_by("seq")]
    assert [one["deeds"][0]["deed"] for one in found[:2]] == ["sign-in refused", "sign-in"]
    assert found[0]["actor"] == ["nobody", ""] and "particular" not in str(found)
    assert found[1]["actor"] == ["staff", str(house.ines.id)]


# --- sessions ------------------------------------------------------------------------------------
def test_signing_out_ends_one_session_and_locking_ends_all(house: House) -> None:
    house.ines.sign_in()
    desk = house.ines.handle
    house.ines.sign_in()
    phone = house.ines.handle
    with journal.unit():
        services.sign_out(services.resume(desk), desk)
        assert services.resume(desk) is NOBODY
        actor = services.resume(phone)
        assert actor.id == house.ines.id
        assert services.lock_everywhere(actor) == 2  # this one, and the one of the founding
        assert services.resume(phone) is NOBODY
    assert not Session.objects.filter(principal_id=house.ines.id).exists()
    assert services.resume(house.tomas.handle).id == house.tomas.id
    assert services.resume(b"nonsense") is NOBODY


def test_a_new_passphrase_ends_every_session_and_the_old_one_opens_nothing(house: House) -> None:
    new = "another five words in a row"
    with house.ines.request() as ines:
        before = ines.ring.person.root
        for old, wanted, field in (("wrong", new, "old"), (PASSPHRASE, "short", "new")):
            with pytest.raises(Invalid) as refused:
                services.change_passphrase(ines, old=old, new=wanted)
            assert set(refused.value.fields) == {field}
        services.change_passphrase(ines, old=PASSPHRASE, new=new)
    assert services.resume(house.ines.handle) is NOBODY
    assert knock(second=house.ines.digits()) == "Refused "
    house.ines.passphrase = new
    assert house.ines.sign_in().ring.person.root == before
    assert Slot.objects.filter(principal_id=house.ines.id).count() == 1


def test_sample_passphrases_open_nothing_here(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.sample, "is_known", lambda passphrase: True)
    assert knock(second=house.ines.digits()) == "Refused "
    with house.ines.request() as ines, pytest.raises(Invalid):
        services.change_passphrase(ines, old=PASSPHRASE, new="another five words in a row")


# --- who is who ----------------------------------------------------------------------------------
def test_names_are_for_colleagues_only(house: House) -> None:
    with house.ines.request() as ines:
        assert queries.names(ines)[house.tomas.id] == "Tomás R."
        assert {one.name for one in queries.colleagues(ines)} == {"Inés M.", "Tomás R.", "Ruth K."}
        team = next(one for one in queries.teams(ines) if one.code == "intake")
        assert team.name == "Duty desk" and len(team.members) == 3
    with journal.unit():
        for question in (queries.names, queries.colleagues, queries.teams):
            with pytest.raises(Refused):
                question(NOBODY)
    assert queries.roles(NOBODY) == frozenset()


def test_roles_are_the_teams_that_one_holds_a_key_of(house: House) -> None:
    lena = house.hire("lena", "intake")
    with lena.request() as actor:
        assert queries.roles(actor) == {"house", "intake"}
        with pytest.raises(Refused):
            queries.require(actor, "coordination", "legal")
        queries.require(actor, "legal", "intake")
