"""The roster: whom an alarm rings, who may say who is on, and what a colleague must agree to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amparo.alerts import oncall, queries, roster, rules
from amparo.alerts.models import ONCALL, Alarm, Feed, HandOver, Roster
from amparo.alerts.oncall import Rotation, Window
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans, pressing
from amparo.alerts.services import roster as services
from amparo.alerts.services.plans import Draft
from amparo.casework.services.record import due_now
from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages import services as messages
from amparo.messages.models import Outgoing, Route
from amparo.people import services as people
from amparo.vault import duty, server
from amparo.web.notes.promise import promise
from tests import make
from tests.make import House, Officer

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def house():
    """Everybody has signed in, and it is Monday morning."""
    with clock.frozen(MONDAY - timedelta(minutes=5)):
        made = make.house()
        for officer in made.officers.values():
            with journal.unit():
                officer.sign_in()
    with clock.frozen(MONDAY):
        yield made


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def go(text: str) -> None:
    """Move the clock on to a moment."""
    assert clock.now() <= at(text)
    clock.forward(at(text) - clock.now())


def rotation(*who: Officer, **more: Any) -> Rotation:
    given: dict[str, Any] = {"begins": "2026-03-02T08:00", "unit": "days", "asks": False}
    return Rotation(str(ids.new()), tuple(str(one.id) for one in who), **(given | more))


def keep(by: Officer, one: Rotation, name: str = "days") -> Rotation:
    with by.request() as actor:
        services.keep_rotation(actor, one, name=name, version=roster.version(actor))
    return one


def routes(*officers: Officer) -> None:
    for one in officers:
        with one.request() as actor:
            messages.set_route(actor, channel="mail", address=f"{one.name}@example.org")


def names(house: House, who: Any) -> list[str]:
    known = {one.id: name for name, one in house.officers.items()}
    return [known[one] for one in who]


def press(
    house: House, who: make.Defender, *, rungs: tuple[Rung, ...] = (Rung(0, (DESK,)),)
) -> None:
    draft = Draft("desk", rungs, {}, "Your order is ready.")
    with house.ines.request() as actor:
        plan = plans.arm(actor, who.case, draft).id
        pressing.press_for(actor, who.case, plan, once=ids.new())


# --- who is on, and who is rung ------------------------------------------------------------------
def test_without_a_roster_an_alarm_rings_everybody(house, phone, amina):
    routes(house.ines, house.tomas)
    assert queries.on_duty() == ()
    assert not roster.nobody_is_on()
    press(house, amina)
    assert phone.take() == ["ines@example.org", "tomas@example.org"]


def test_an_alarm_rings_who_is_on_then_the_deputy_then_everybody(house, phone, amina):
    routes(house.ines, house.tomas, house.ruth)
    keep(house.ines, rotation(house.tomas))
    keep(house.ines, rotation(house.ruth, line="second"), "deputies")
    assert names(house, queries.on_duty()) == ["tomas", "ruth"]
    press(house, amina)
    assert phone.take() == ["tomas@example.org"]
    assert phone.wait(5) == ["ruth@example.org", "tomas@example.org"]
    everybody = ["ines@example.org", "ruth@example.org", "tomas@example.org"]
    assert phone.wait(5) == everybody
    assert phone.wait(5) == everybody
    with house.ines.request() as ines:
        happened = queries.alarm(ines, Alarm.objects.get().id).happened
    rung = [one.more["staff"] for one in reversed(happened) if one.what == "told"]
    assert [len(one) for one in rung] == [1, 2, 3, 3]  # the desk reads afterwards who was rung
    assert rung[0] == [str(house.tomas.id)]


def test_everybody_is_rung_when_the_roster_cannot_be_read(house, phone, amina):
    routes(house.ines, house.tomas)
    keep(house.ines, rotation(house.tomas))
    row = Roster.objects.get()
    doc = duty.open_(ONCALL, row.id, bytes(row.armed))
    doc["rotations"][0] |= {"begins": "9999-12-31T23:00", "zone": "America/Bogota"}
    Roster.objects.update(armed=duty.seal(ONCALL, row.id, doc))
    press(house, amina)
    assert phone.take() == ["ines@example.org", "tomas@example.org"]


def test_everybody_is_rung_when_nobody_of_those_on_can_be(house, phone, amina):
    routes(house.ines)
    keep(house.ines, rotation(house.tomas))
    press(house, amina)
    assert phone.take() == ["ines@example.org"]


def test_everybody_is_rung_when_nobody_is_on(house, phone, amina):
    routes(house.ines, house.tomas)
    keep(house.ines, rotation(house.tomas, windows=(Window((0,), "20:00", "22:00"),)))
    assert roster.nobody_is_on()
    assert queries.on_duty() == ()
    press(house, amina)
    assert phone.take() == ["ines@example.org", "tomas@example.org"]


def test_the_server_knows_who_is_on_with_nobody_signed_in(house):
    keep(house.ines, rotation(house.tomas, house.ruth))
    make.forget_process()
    assert names(house, queries.on_duty(at("2026-03-03T03:00"))) == ["tomas"]
    assert names(house, queries.on_duty(at("2026-03-03T08:00"))) == ["ruth"]


def test_the_clear_columns_tell_nothing(house):
    keep(house.ines, rotation(house.tomas), "the quiet nights")
    row = Roster.objects.get()
    kept = b"".join(bytes(one) for one in (row.sealed, row.armed))
    assert b"quiet" not in kept and str(house.tomas.id).encode() not in kept
    assert "name" not in roster.armed()["rotations"][0]


def test_after_a_lockdown_everybody_is_rung_until_somebody_signs_in(house):
    routes(house.ines, house.tomas)
    keep(house.ines, rotation(house.tomas))
    with house.ines.request() as actor:
        people.lockdown(actor)
    assert queries.on_duty() == () and not roster.nobody_is_on()
    with journal.unit():
        people.lift_lockdown()
    assert queries.on_duty() == ()
    assert set(roster.to_ring(0)) == {one.id for one in house.officers.values()}
    with house.ruth.request() as ruth:
        services.renew(ruth)
    assert names(house, queries.on_duty()) == ["tomas"]


def test_whoever_has_left_is_not_on(house):
    hana = house.hire("hana", "intake")
    keep(house.ines, rotation(hana, house.tomas))
    assert names(house, queries.on_duty()) == ["hana"]
    with house.ines.request() as actor:
        people.leave(actor, hana.id)
    assert queries.on_duty() == ()
    assert {one.what for one in roster.lacks()} >= {"gap", "left"}


# --- who may say who is on -----------------------------------------------------------------------
def test_only_coordination_makes_rotations(house):
    hana = house.hire("hana", "intake")
    with pytest.raises(Refused):
        keep(hana, rotation(hana))
    with hana.request() as actor, pytest.raises(Refused):
        services.put_on(actor, hana.id, start=clock.now(), end=clock.now() + timedelta(hours=1))
    carl = house.hire("carl", "care")
    with carl.request() as actor, pytest.raises(Refused):
        roster.doc(actor)
    with pytest.raises(Invalid):
        keep(house.ines, rotation(carl))


def test_of_two_who_change_a_rotation_the_second_is_told(house):
    one = keep(house.ines, rotation(house.tomas))
    with house.ruth.request() as ruth:
        seen = roster.version(ruth)
    keep(house.ines, replace(one, length=2))
    with house.ruth.request() as ruth, pytest.raises(Conflict):
        services.keep_rotation(ruth, replace(one, length=3), name="days", version=seen)
    with house.ruth.request() as ruth:
        assert roster.doc(ruth)["rotations"][0]["length"] == 2
        services.drop_rotation(ruth, one.id, version=roster.version(ruth))
    assert roster.present() is None


def test_looking_at_a_rotation_keeps_nothing(house):
    one = rotation(house.tomas)
    with house.ines.request() as ines:
        seen = services.checked(ines, roster.doc(ines), one, "days")
        assert roster.rules_of(seen).rotations == (one,)
    assert not Roster.objects.exists()


def test_an_override_holds_for_its_hours(house):
    keep(house.ines, rotation(house.tomas))
    with house.ines.request() as ines:
        ten, noon = at("2026-03-02T10:00"), at("2026-03-02T12:00")
        services.put_on(ines, house.ruth.id, start=ten, end=noon)
        with pytest.raises(Invalid):
            services.put_on(ines, house.ruth.id, start=noon, end=ten)
    on = [names(house, queries.on_duty(at(f"2026-03-02T{hour}:00"))) for hour in ("09", "10", "12")]
    assert on == [["tomas"], ["ruth"], ["tomas"]]
    go("2026-03-02T12:00")
    keep(house.ines, rotation(house.ruth, line="second"))
    assert roster.armed()["overrides"] == []  # of who was on nothing is kept


def test_i_am_on_where_nobody_is(house):
    hana = house.hire("hana", "intake")
    with hana.request() as actor:
        assert services.be_on(actor) == clock.now() + services.BY_ONESELF
    assert names(house, queries.on_duty()) == ["hana"]
    with house.tomas.request() as actor, pytest.raises(Conflict):
        services.be_on(actor)
    with hana.request() as actor:
        services.drop_override(actor, roster.doc(actor)["overrides"][0]["id"])
    assert queries.on_duty() == ()
    keep(house.ines, rotation(house.tomas, begins="2026-03-02T10:00"))
    with hana.request() as actor:
        assert services.be_on(actor) == at("2026-03-02T10:00")


# --- swaps and leave -----------------------------------------------------------------------------
def test_a_swap_counts_when_the_other_has_said_yes(house):
    routes(house.ruth)
    keep(house.ines, rotation(house.tomas))
    day = {"start": at("2026-03-02T08:00"), "end": at("2026-03-03T08:00")}
    with house.tomas.request() as tomas:
        services.ask_swap(tomas, house.ruth.id, mine=True, **day)
        wish = roster.doc(tomas)["wishes"][0]["id"]
        with pytest.raises(NotFound):
            services.answer(tomas, wish, yes=True)  # not theirs to agree to
    assert Outgoing.objects.filter(route__owner=house.ruth.id).exists()
    assert names(house, queries.on_duty()) == ["tomas"]
    with house.ines.request() as ines, pytest.raises(NotFound):
        services.answer(ines, wish, yes=True)
    with house.ruth.request() as ruth:
        services.answer(ruth, wish, yes=True)
    assert names(house, queries.on_duty()) == ["ruth"]
    assert names(house, queries.on_duty(at("2026-03-03T08:00"))) == ["tomas"]


def test_a_turn_is_offered_and_may_be_declined_or_taken_back(house):
    keep(house.ines, rotation(house.tomas))
    day = {"start": at("2026-03-02T08:00"), "end": at("2026-03-03T08:00")}
    for who in (house.tomas, house.ruth):
        with house.ruth.request() as ruth:
            services.ask_swap(ruth, house.tomas.id, mine=False, **day)
            wish = roster.doc(ruth)["wishes"][0]
        assert (wish["person"], wish["instead"]) == (str(house.ruth.id), str(house.tomas.id))
        with who.request() as actor:
            services.answer(actor, wish["id"], yes=False)
            assert roster.doc(actor)["wishes"] == []
    assert names(house, queries.on_duty()) == ["tomas"]


def test_on_leave_nobody_is_rung_and_a_cover_is_asked(house, phone, amina):
    routes(house.ines, house.tomas, house.ruth)
    keep(house.ines, rotation(house.tomas))
    week = {"start": at("2026-03-02T08:00"), "end": at("2026-03-09T00:00")}
    with house.tomas.request() as tomas:
        services.go_on_leave(tomas, cover=house.ruth.id, **week)
    assert roster.nobody_is_on()  # asked is not answered: a gap, and shown
    assert {one.what for one in roster.lacks()} == {"gap", "on leave"}
    with house.ruth.request() as ruth:
        services.answer(ruth, roster.doc(ruth)["wishes"][0]["id"], yes=True)
    assert names(house, queries.on_duty()) == ["ruth"]
    assert roster.lacks() == []
    press(house, amina)
    assert phone.take() == ["ruth@example.org"]
    with house.tomas.request() as tomas:
        services.end_leave(tomas, roster.doc(tomas)["leaves"][0]["id"])
    assert names(house, queries.on_duty()) == ["tomas"]


def test_leave_is_ones_own_or_of_who_organises(house):
    hana = house.hire("hana", "intake")
    week = {"start": at("2026-03-02T08:00"), "end": at("2026-03-09T00:00")}
    with hana.request() as actor, pytest.raises(Refused):
        services.go_on_leave(actor, person=house.tomas.id, **week)
    with house.ines.request() as actor:
        services.go_on_leave(actor, person=hana.id, **week)
    with house.tomas.request() as actor:
        leave = roster.doc(actor)["leaves"][0]["id"]
        services.ask_cover(actor, leave, house.ruth.id)
    carl = house.hire("carl", "intake")
    with carl.request() as actor, pytest.raises(Refused):
        services.end_leave(actor, leave)
    with hana.request() as actor:
        services.end_leave(actor, leave)
        assert roster.doc(actor)["wishes"] == []


# --- hand-overs ----------------------------------------------------------------------------------
def handed(house: House) -> None:
    """Tomás until eight on Tuesday, then Ruth; each change is asked for."""
    routes(house.ines, house.tomas, house.ruth)
    keep(house.ines, rotation(house.tomas, house.ruth, asks=True))
    Outgoing.objects.all().delete()


def told() -> set[Any]:
    return set(Outgoing.objects.values_list("route__owner", flat=True))


def missed() -> int:
    with journal.unit():
        return services.tell_of_missed()


def test_until_a_hand_over_is_taken_both_are_rung(house):
    handed(house)
    go("2026-03-03T08:10")
    assert names(house, queries.on_duty()) == ["ruth", "tomas"]
    with house.ruth.request() as ruth:
        services.take(ruth)
    assert names(house, queries.on_duty()) == ["ruth"]
    go("2026-03-03T09:00")
    assert missed() == 0


def test_a_missed_hand_over_is_told_once_to_both_and_to_who_organises(house):
    handed(house)
    hana = house.hire("hana", "intake")
    routes(hana)
    go("2026-03-03T08:29")
    assert missed() == 0
    go("2026-03-03T08:30")
    assert missed() == 1
    assert told() == {house.tomas.id, house.ruth.id, house.ines.id}
    Outgoing.objects.all().delete()
    assert missed() == 0
    assert told() == set()
    with house.ines.request() as ines:  # what the engine has noted outlives the next change
        services.go_on_leave(ines, start=at("2026-04-01T08:00"), end=at("2026-04-02T08:00"))
    assert missed() == 0


def test_a_change_of_before_the_rotation_was_made_is_not_asked_for(house):
    routes(house.tomas, house.ruth)
    keep(house.ines, rotation(house.tomas, house.ruth, begins="2026-03-01T07:00", asks=True))
    assert names(house, queries.on_duty()) == ["ruth"]
    assert missed() == 0


def test_a_note_is_read_by_the_team_and_by_nobody_else(house):
    handed(house)
    with house.ines.request() as ines, pytest.raises(NotFound):
        services.leave_note(ines, text="I hand over to nobody.")
    with house.tomas.request() as tomas:
        services.leave_note(tomas, text="A. calls at nine.")
        services.leave_note(tomas, text="A. calls at ten.")
    assert b"calls" not in bytes(HandOver.objects.get().sealed)
    with house.ruth.request() as ruth:
        assert [one.text for one in roster.notes(ruth)] == ["A. calls at ten."]
    carl = house.hire("carl", "care")
    with carl.request() as actor, pytest.raises(Refused):
        roster.notes(actor)
    clock.forward(timedelta(days=16))
    services.sweep()
    assert not HandOver.objects.exists()


def test_early_only_with_the_word_of_the_one_who_goes(house):
    handed(house)
    go("2026-03-02T20:00")
    with house.tomas.request() as tomas:
        services.leave_note(tomas, text="Nothing new.")
    with house.ruth.request() as ruth, pytest.raises(Conflict):
        services.take(ruth)
    with house.tomas.request() as tomas:
        services.leave_note(tomas, text="Nothing new.", at_once=True)
    with house.ruth.request() as ruth:
        services.take(ruth)
    assert names(house, queries.on_duty()) == ["ruth"]
    go("2026-03-03T08:45")
    assert names(house, queries.on_duty()) == ["ruth"]
    assert missed() == 0
    with house.ruth.request() as ruth, pytest.raises(Conflict):
        services.take(ruth)  # it was taken; the next one is not hers to take yet


# --- what it lacks, and what is promised ---------------------------------------------------------
def test_a_plan_that_rings_the_desk_says_what_the_roster_lacks(house, amina):
    routes(house.tomas)
    keep(house.ines, rotation(house.tomas, house.ruth, windows=(Window((0, 1), "08:00", "20:00"),)))
    press(house, amina)
    with house.ines.request() as ines:
        (plan,) = queries.plans(ines, amina.case)
    assert {one.what for one in plan.faults} == {"duty gap", "duty no route"}
    assert not any(one.grave for one in plan.faults)
    assert rules.faults([Rung(0, ())], {}, duty=roster.faults())[0].what != "duty gap"


def test_what_is_promised_follows_the_roster(house):
    assert promise().always
    keep(house.ines, rotation(house.tomas, windows=(Window((0,), "08:00", "20:00"),)))
    found = promise()
    assert (found.open, found.always, found.by) == (True, False, MONDAY + timedelta(minutes=15))
    go("2026-03-02T20:00")
    found = promise()
    assert (found.open, found.by) == (False, at("2026-03-09T08:15"))
    assert due_now(15, "08:00-23:00") == found.by
    assert make.ask() and found.hours == ""


# --- one's own calendar --------------------------------------------------------------------------
def test_an_address_shows_ones_own_turns_until_there_is_another(house):
    keep(house.ines, rotation(house.tomas, house.ruth))
    with house.ruth.request() as ruth:
        first = services.new_feed(ruth)
    assert services.open_feed(first) == house.ruth.id
    spans = roster.turns_of(house.ruth.id, MONDAY, MONDAY + timedelta(days=4))
    assert [(one.start, one.end) for one in spans] == [
        (at("2026-03-03T08:00"), at("2026-03-04T08:00")),
        (at("2026-03-05T08:00"), at("2026-03-06T08:00")),
    ]
    with house.ruth.request() as ruth:
        second = services.new_feed(ruth)
    for wrong in (first, "x", "", first[:-2], "é"):
        with pytest.raises(NotFound):
            services.open_feed(wrong)
    with house.ruth.request() as ruth:
        services.stop_feed(ruth)
    with pytest.raises(NotFound):
        services.open_feed(second)


def test_an_address_dies_with_a_lockdown_and_with_its_owners_leaving(house):
    hana = house.hire("hana", "intake")
    with hana.request() as actor:
        token = services.new_feed(actor)
    with house.ines.request() as ines:
        people.leave(ines, hana.id)
    with pytest.raises(NotFound):
        services.open_feed(token)
    services.sweep()
    assert not Feed.objects.exists()
    with house.ruth.request() as ruth:
        services.new_feed(ruth)
        people.lockdown(ruth)
    assert not Feed.objects.exists()
    assert server.locked_down()
    assert not Alarm.objects.exists() and not Route.objects.filter(owner=hana.id).exists()
    assert oncall.Roster().people() == set()
