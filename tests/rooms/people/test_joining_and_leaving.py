"""Whoever joins is vouched for by a colleague; whoever leaves takes no key to what comes after."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from amparo.casework import queries as casework
from amparo.casework.services import desk
from amparo.consent import gate, links
from amparo.consent import services as consent
from amparo.foundation import clock, ids, journal, operations
from amparo.foundation.actor import NOBODY, Actor
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from amparo.foundation.models import JournalEntry
from amparo.messages.models import Route
from amparo.people import queries, services
from amparo.vault import compartments, factors, keys, log, opening, staff
from amparo.vault.keys import Ring
from amparo.vault.models import Factor, Grant, Membership, PairWrap, Principal, Session, Slot
from amparo.vault.primitives import PrivateKey
from tests import make
from tests.make import Crash, House, Officer


def deeds(house: House) -> list[str]:
    """Everything that the journal says was done."""
    with house.ruth.request() as ruth:
        rows = JournalEntry.objects.order_by("seq")
        return [one["deed"] for row in rows for one in log.open_detail(ruth.ring, row)["deeds"]]


def sweep() -> None:
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0


# --- joining -------------------------------------------------------------------------------------
def invited(house: House, name: str = "lena", *teams: str) -> ids.Id:
    with house.ines.request() as ines:
        token = services.invite(ines, name=name, teams=list(teams or ("intake",)))
    with journal.unit():
        return ids.of(links.use(token, "invite")["person"])


def joined(house: House, name: str = "lena", *teams: str) -> Officer:
    person, secret = invited(house, name, *teams), factors.new_secret()
    with journal.unit():
        services.join(person, make.newcomer(name, secret))
    return Officer(name, person, secret)


def state(house: House, person: ids.Id) -> str:
    with house.ines.request() as ines:
        return queries.colleague(ines, person).state


def fingerprint(house: House, person: ids.Id) -> str:
    with house.ines.request() as ines:
        return queries.colleague(ines, person).fingerprint


def welcome(officer: Officer, person: ids.Id, read_out: str) -> None:
    with officer.request() as actor:
        services.welcome(actor, person, fingerprint=read_out)


def test_somebody_joins_by_invitation_and_welcome(house: House) -> None:
    person = invited(house)
    assert state(house, person) == "invited"
    secret = factors.new_secret()
    with journal.unit():
        read_out = services.join(person, make.newcomer("lena", secret))
    assert state(house, person) == "waiting" and read_out == fingerprint(house, person)
    lena = Officer("lena", person, secret)
    with pytest.raises(Refused):
        lena.sign_in()
    welcome(house.tomas, person, f" {read_out[:20].upper()} {read_out[20:]} ")
    assert state(house, person) == "here"
    assert queries.roles(lena.sign_in()) == {"house", "intake"}


def test_another_fingerprint_is_no_welcome(house: House) -> None:
    lena = joined(house)
    with pytest.raises(Invalid) as refused:
        welcome(house.ines, lena.id, "0" * 40)
    assert refused.value.fields == {"fingerprint": "differs"}
    assert state(house, lena.id) == "waiting"
    with pytest.raises(Refused):
        lena.sign_in()
    assert "welcomed" not in deeds(house)


def test_only_coordination_invites_and_welcomes(house: House) -> None:
    omar = house.hire("omar", "intake")
    with omar.request() as actor, pytest.raises(Refused):
        services.invite(actor, name="x", teams=["intake"])
    lena = joined(house)
    with pytest.raises(Refused):
        welcome(omar, lena.id, fingerprint(house, lena.id))
    with journal.unit(), pytest.raises(Refused):
        services.invite(NOBODY, name="x", teams=[])
    assert "refused" in deeds(house)


def test_nobody_opens_a_team_that_they_are_not_in(house: House) -> None:
    boss = house.hire("boss", "coordination")
    lena = joined(house, "lena", "care")
    with pytest.raises(Refused):
        welcome(boss, lena.id, fingerprint(house, lena.id))
    assert state(house, lena.id) == "waiting" and "welcomed" not in deeds(house)[-3:]
    welcome(house.ines, lena.id, fingerprint(house, lena.id))
    with boss.request() as actor, pytest.raises(Refused):
        services.join_team(actor, lena.id, "finance")
    with house.ines.request() as ines:
        services.join_team(ines, lena.id, "finance")
        with pytest.raises(Conflict):
            services.join_team(ines, lena.id, "finance")
        with pytest.raises(NotFound):
            services.join_team(ines, ids.new(), "finance")
    assert queries.roles(lena.sign_in()) == {"house", "care", "finance"}


def test_an_eighth_of_the_release_group_would_be_half_of_no_pair(house: House) -> None:
    for number in range(4):
        house.hire(f"person {number}", "release")
    late = house.hire("late", "intake")
    shown = fingerprint(house, late.id)
    with house.tomas.request() as tomas, pytest.raises(Invalid) as refused:
        services.join_team(tomas, late.id, "release", fingerprint=shown)
    assert refused.value.fields == {"team": "full"}
    assert len(queries.members_of("release")) == 7


@pytest.mark.parametrize(
    ("name", "teams", "field"),
    [("", ["intake"], "name"), (" ", [], "name"), ("x", ["spies"], "teams")],
)
def test_an_invitation_says_who_and_for_what(
    house: House, name: str, teams: list[str], field: str
) -> None:
    with house.ines.request() as ines, pytest.raises(Invalid) as refused:
        services.invite(ines, name=name, teams=teams)
    assert set(refused.value.fields) == {field}


def test_what_a_newcomer_may_not_choose_is_named(house: House) -> None:
    person = invited(house)
    wrong = make.newcomer(" Ines ", passphrase="too short")
    with journal.unit(), pytest.raises(Invalid) as refused:
        services.join(person, wrong)
    assert refused.value.fields == {"sign_in": "taken", "passphrase": "weak"}
    with journal.unit():
        services.join(person, make.newcomer("lena"))
        with pytest.raises(Conflict):
            services.join(person, make.newcomer("lena again"))


def test_nobody_is_welcomed_twice_or_before_they_joined(house: House) -> None:
    lena = house.hire("lena", "intake")
    with pytest.raises(Conflict):
        welcome(house.ines, lena.id, fingerprint(house, lena.id))
    person = invited(house, "omar")
    with pytest.raises(Conflict):
        welcome(house.ines, person, "")


@pytest.mark.parametrize("point", ["people.welcome:keys", "people.welcome:data"])
def test_a_welcome_that_broke_off_is_undone_or_stands(
    house: House, crash_at: Callable[[str], None], point: str
) -> None:
    lena = joined(house)
    read_out = fingerprint(house, lena.id)
    crash_at(point)
    with pytest.raises(Crash):
        welcome(house.ines, lena.id, read_out)
    sweep()
    if point.endswith("keys"):
        assert state(house, lena.id) == "waiting"
        welcome(house.ines, lena.id, read_out)
    assert state(house, lena.id) == "here"
    assert queries.roles(lena.sign_in()) == {"house", "intake"}


# --- leaving -------------------------------------------------------------------------------------
@pytest.fixture
def lena(house: House) -> Officer:
    return house.hire("lena", "intake", "legal")


def leave(house: House, person: Officer, by: str = "ines", **more: bool) -> None:
    with house.officers[by].request() as actor:
        services.leave(actor, person.id, **more)


def root_of(officer: Officer, code: str) -> PrivateKey:
    """A team's key, as somebody who means ill would keep it."""
    with officer.request() as actor:
        key = actor.ring.key(keys.team(code).id)
    assert key is not None
    return key


def test_whoever_leaves_is_out_at_once(house: House, lena: Officer) -> None:
    with lena.request() as actor:
        handle = lena.handle
        assert actor.id == lena.id
    Route.objects.create(owner=lena.id, channel="console", sealed=b"x")
    leave(house, lena)
    assert services.resume(handle) is NOBODY
    with pytest.raises(Refused):
        lena.sign_in()
    for table in (Session, Slot, Factor):
        assert not table.objects.filter(principal_id=lena.id).exists()
    assert not Membership.objects.filter(member_id=lena.id).exists()
    assert not Route.objects.filter(owner=lena.id).exists()
    assert state(house, lena.id) == "left"


def test_those_who_stay_read_what_was_and_what_comes(house: House, lena: Officer) -> None:
    amina = make.ask("before")
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "legal", "before")
    leave(house, lena)
    late = make.ask("after")
    make.note(house.tomas, amina.case, "legal", "after")
    for officer in (house.ines, house.tomas, house.ruth):
        assert make.texts(officer, amina.case, "correspondence") == ["before"]
        assert make.texts(officer, late.case, "correspondence") == ["after"]
        assert {"before", "after"} <= set(make.texts(officer, amina.case, "legal"))
    with amina.request() as actor:
        assert [one.text for one in casework.thread(actor).messages] == ["before"]


def test_the_old_keys_of_the_teams_open_nothing_that_comes_after(
    house: House, lena: Officer
) -> None:
    amina = make.ask("before")
    old_team, old = keys.team("intake").id, root_of(lena, "intake")
    leave(house, lena)
    with amina.request() as actor:
        desk_key = compartments.keys_of(actor.ring, [amina.case], "correspondence")[amina.case]
    late = make.ask("after")
    assert keys.team("intake").id != old_team
    stolen = Ring(lena.id, PrivateKey.generate())
    stolen._teams = {old_team: keys.Seat("intake", True, old)}
    found = compartments.keys_of(stolen, [amina.case, late.case], "correspondence")
    assert late.case not in found
    assert desk_key[max(desk_key)] not in found[amina.case].values()
    with house.ines.request() as ines:
        for compartment in ("cover", "correspondence"):
            gate.mend(ines, amina.case, compartment)
    stolen.compartments.clear()
    for compartment in ("cover", "correspondence"):
        assert compartments.keys_of(stolen, [amina.case], compartment) == {}


def test_two_departures_in_a_row_with_nothing_re_sealed_between(
    house: House, lena: Officer
) -> None:
    omar = house.hire("omar", "intake")
    amina = make.ask("before")
    leave(house, lena)
    leave(house, omar, by="tomas")
    with house.ruth.request() as ruth:
        opening.admit(ruth.ring, amina.case, "cover")
        assert compartments.current(amina.case, "cover") == 3
    assert make.texts(house.ruth, amina.case, "correspondence") == ["before"]
    late = make.ask("after")
    assert make.texts(house.ruth, late.case, "correspondence") == ["after"]
    with house.ruth.request() as ruth:
        gate.mend(ruth, amina.case, "correspondence")
        assert set(opening.admit(ruth.ring, amina.case, "correspondence")._keys) == {4}
    assert make.texts(house.ines, amina.case, "correspondence") == ["before"]


def test_the_houses_own_papers_are_re_sealed_at_the_next_sign_in(
    house: House, lena: Officer
) -> None:
    leave(house, lena)
    pseudo = queries.house()
    assert compartments.pending_since(pseudo) is not None
    with house.tomas.request() as tomas:
        assert queries.names(tomas)[lena.id] == "lena"
    house.tomas.sign_in()
    assert compartments.pending_since(pseudo) is None
    with house.ruth.request() as ruth:
        assert queries.names(ruth)[house.ines.id] == "Inés M."


def test_what_they_held_themselves_is_turned(house: House, lena: Officer) -> None:
    amina = make.ask()
    make.open_case(house.ines, amina.case)
    make.note(house.ines, amina.case, "narrative", "They came on Friday.")
    with house.ines.request() as ines:
        desk.reassign(ines, amina.case, to=lena.id, version=make.version(amina.case), second=True)
        compartments.extend(
            ines.ring, amina.case, "narrative", compartments.Share(lena.id, "protection")
        )
    leave(house, lena)
    assert not Grant.objects.filter(grantee=lena.id).exists()
    assert "They came on Friday." in make.texts(house.ines, amina.case, "narrative")


@pytest.mark.parametrize("point", ["accepted", "keys"])
def test_leaving_a_team_is_done_or_said_to_be_undone(
    house: House, crash_at: Callable[[str], None], point: str
) -> None:
    lena = house.hire("lena", "intake")
    crash_at(f"people.leave team:{point}")
    with pytest.raises(Crash), house.ines.request() as ines:
        services.leave_team(ines, lena.id, "intake")
    clock.forward(operations.PATIENCE)
    with journal.unit():
        operations.sweep()
    assert operations.pending() == 0
    assert (lena.id in staff.members("intake")) is (point == "accepted")
    if point == "accepted":
        with house.ines.request() as ines:
            services.leave_team(ines, lena.id, "intake")
        assert lena.id not in staff.members("intake")


def test_nobody_leaves_while_they_alone_hold_something(house: House, lena: Officer) -> None:
    amina = make.ask()
    make.open_case(lena, amina.case)
    make.note(lena, amina.case, "narrative", "They came on Friday.")
    PairWrap.objects.filter(compartment="narrative").delete()  # as before there were any
    with pytest.raises(Invalid) as refused:
        leave(house, lena)
    assert refused.value.fields == {"person": "holds"}
    assert state(house, lena.id) == "here" and "left" not in deeds(house)
    with lena.request() as actor:
        desk.reassign(actor, amina.case, to=house.tomas.id, version=make.version(amina.case))
    leave(house, lena)
    assert "They came on Friday." in make.texts(house.tomas, amina.case, "narrative")


def test_two_persons_open_what_only_somebody_who_left_held(house: House, lena: Officer) -> None:
    amina = make.ask()
    make.open_case(lena, amina.case)
    make.note(lena, amina.case, "narrative", "They came on Friday.")
    leave(house, lena)
    assert not make.texts(house.tomas, amina.case, "narrative")
    with house.tomas.request() as tomas:
        release = consent.request_release(tomas, amina.case, compartment="narrative")
    with house.ruth.request() as ruth:
        assert consent.approve_release(ruth, release)
    assert "They came on Friday." in make.texts(house.tomas, amina.case, "narrative")


def test_what_is_lost_is_lost_knowingly(house: House, lena: Officer) -> None:
    amina = make.ask()
    make.open_case(lena, amina.case)
    PairWrap.objects.filter(compartment="narrative").delete()
    leave(house, lena, losing=True)
    assert state(house, lena.id) == "left"
    assert not Grant.objects.filter(grantee=lena.id).exists()
    assert make.texts(house.tomas, amina.case, "correspondence")


def test_the_last_one_of_a_team_does_not_leave_it(house: House) -> None:
    for one in (house.tomas, house.ruth):
        with house.ines.request() as ines:
            services.leave_team(ines, one.id, "care")
    with house.tomas.request() as tomas:
        with pytest.raises(Refused):
            services.leave(tomas, house.ines.id)  # he is not in care any more
        with pytest.raises(Refused):
            services.leave_team(tomas, house.ines.id, "care")
        with pytest.raises(Invalid):
            services.leave_team(tomas, house.tomas.id, "legal")
    assert staff.last_in(house.ines.id) == ["care"]


def test_two_stay_who_open_a_name_together(house: House) -> None:
    with house.ines.request() as ines:
        services.leave_team(ines, house.ruth.id, "release")
    with house.ines.request() as ines:
        for deed in (
            lambda: services.leave_team(ines, house.tomas.id, "release"),
            lambda: services.leave(ines, house.tomas.id),
        ):
            with pytest.raises(Invalid) as refused:
                deed()
            assert refused.value.fields == {"person": "holds"}


def test_nobody_removes_themselves_or_somebody_unknown(house: House, lena: Officer) -> None:
    with house.ines.request() as ines:
        with pytest.raises(Invalid):
            services.leave(ines, house.ines.id)
        with pytest.raises(NotFound):
            services.leave(ines, ids.new())
        with pytest.raises(NotFound):
            services.leave_team(ines, lena.id, "care")
    with lena.request() as actor, pytest.raises(Refused):
        services.leave(actor, house.tomas.id)
    boss = house.hire("boss", "coordination")
    with pytest.raises(Refused):
        leave(house, lena, by="boss")
    assert boss.id and "left" not in deeds(house)
    leave(house, lena)
    with pytest.raises(NotFound):
        leave(house, lena)


def test_leaving_one_team_leaves_the_others(house: House, lena: Officer) -> None:
    amina = make.ask("before")
    with house.ines.request() as ines:
        services.leave_team(ines, lena.id, "intake")
    with lena.request() as actor:
        assert queries.roles(actor) == {"house", "legal"}
        with pytest.raises(NotFound):
            casework.case(actor, amina.case)
    assert make.texts(house.ines, amina.case, "correspondence") == ["before"]


def test_a_key_put_in_a_members_place_is_given_nothing(house: House, lena: Officer) -> None:
    stranger = PrivateKey.generate()
    Principal.objects.filter(id=house.ruth.id).update(public=stranger.public.raw)
    leave(house, lena)
    present = Membership.objects.filter(team=keys.team("intake"))
    assert set(present.values_list("member_id", flat=True)) == {house.ines.id, house.tomas.id}


@pytest.mark.parametrize("point", ["people.leave:accepted", "people.leave:ended"])
def test_a_departure_that_broke_off_shuts_out_and_can_be_done_again(
    house: House, lena: Officer, crash_at: Callable[[str], None], point: str
) -> None:
    amina = make.ask("before")
    crash_at(point)
    with pytest.raises(Crash):
        leave(house, lena)
    sweep()
    with pytest.raises(Refused):
        lena.sign_in()
    assert state(house, lena.id) == "locked" and "left" in deeds(house)
    assert Membership.objects.filter(member_id=lena.id, team__active=True).exists()
    leave(house, lena)  # a colleague finishes it
    assert not Membership.objects.filter(member_id=lena.id).exists()
    assert make.texts(house.ines, amina.case, "correspondence") == ["before"]


def test_a_turning_of_keys_that_broke_off_goes_on(house: House, lena: Officer) -> None:
    cases = [make.ask(str(number)).case for number in range(3)]
    with house.ines.request() as ines, operations.transaction.atomic(using="keystore"):
        staff.leave(ines.ring, lena.id)
    assert services.turn_keys(limit=2) == 2
    assert services.turn_keys() == 3 * 2 + 2 - 2  # the house's own papers, and the desk's, too
    assert services.turn_keys() == 0
    for number, case in enumerate(cases):
        assert make.texts(house.tomas, case, "correspondence") == [str(number)]


def test_somebody_locked_out_keeps_nothing_but_loses_nothing_for_others(
    house: House, lena: Officer
) -> None:
    amina = make.ask()
    make.open_case(lena, amina.case)
    with journal.unit():
        assert services.lock_out(lena.id) >= 1
    with pytest.raises(Refused):
        lena.sign_in()
    services.turn_keys()
    assert Grant.objects.filter(grantee=lena.id).exists()  # until somebody decides


# --- the raid button -----------------------------------------------------------------------------
def test_lockdown_ends_sessions_links_and_what_waits(house: House) -> None:
    from amparo.messages import services as messages
    from amparo.messages.models import Outgoing

    with house.ines.request() as ines:
        messages.set_route(ines, channel="mail", address="desk@example.org")
        token = services.invite(ines, name="x", teams=["intake"])
    amina = make.ask("before")
    with amina.request():
        pass
    assert Outgoing.objects.count() == 1
    with house.tomas.request() as tomas:
        services.lockdown(tomas)
    assert not Session.objects.exists() and not Outgoing.objects.exists()
    with journal.unit(), pytest.raises(NotFound):
        links.use(token, "invite")
    assert services.resume(house.ines.handle) is NOBODY
    with pytest.raises(Unavailable):  # nobody is let in while it lasts
        house.ines.sign_in()
    with pytest.raises(Exception, match="locked down"):
        make.ask("nobody can")
    with journal.unit():
        services.lift_lockdown()
    late = make.ask("after")
    assert not Outgoing.objects.exclude(route__owner=house.ines.id).exists()
    house.ines.sign_in()  # her route is sealed anew from her own copy
    assert make.texts(house.ines, amina.case, "correspondence") == ["before"]
    from amparo.messages import jobs

    clock.forward(timedelta(hours=1))
    assert jobs.send_due() == 1
    assert late.case


def test_the_keys_go_even_if_the_journal_cannot_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError("no space left")

    with house.ines.request() as ines:
        monkeypatch.setattr(journal, "flush", full)
        with pytest.raises(OSError, match="space"):
            services.lockdown(ines)
        monkeypatch.undo()
    from amparo.vault import server

    assert server.locked_down()


def test_only_staff_press_it(house: House) -> None:
    with journal.unit(), pytest.raises(Refused):
        services.lockdown(NOBODY)
    with journal.unit(), pytest.raises(Refused):
        services.lockdown(Actor("defender"))


def test_a_house_is_founded_once(house: House) -> None:
    with pytest.raises(Conflict):
        services.found_house([make.newcomer("x")], team_names={})
