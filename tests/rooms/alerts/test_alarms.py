"""From the press to somebody who answers: nothing lost, nothing twice, nothing left over."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection

from amparo.alerts import queries
from amparo.alerts import rules as rules_
from amparo.alerts.models import Alarm, Moment, Plan
from amparo.alerts.rules import DESK, Hours, Rung
from amparo.alerts.services import answering, plans, pressing, running
from amparo.alerts.services.plans import Draft, Person
from amparo.casework.services import thread
from amparo.foundation import clock, engines, ids, journal
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages import channels, ringing, rules, services
from amparo.messages.models import Ringing
from amparo.people import services as people
from amparo.vault import server
from amparo.web.plans import lacks
from tests import make
from tests.make import Defender, House

TEXT = "The parcel has arrived."
SISTER, LAWYER = "sister@example.org", "lawyer@example.org"
LADDER = (Rung(0, (DESK, "sister")), Rung(5, ("lawyer",)), Rung(10, ("sister", "lawyer")))
PEOPLE = {
    "sister": Person("My sister", (("mail", SISTER),)),
    "lawyer": Person("Lawyer", (("mail", LAWYER),)),
}


def draft(**changes) -> Draft:
    given = {"kind": "card", "rungs": LADDER, "people": PEOPLE, "text": TEXT, "word": "blue kettle"}
    return Draft(**(given | changes))


def arm(who: Defender, **changes) -> str:
    with who.request() as actor:
        return plans.arm(actor, who.case, draft(**changes)).token


def route(house: House) -> None:
    with house.ines.request() as actor:
        services.set_route(actor, channel="mail", address="ines@example.org")


def press(token: str, once=None) -> pressing.Pressed:
    with journal.unit():
        return pressing.press_card(token, once=once or ids.new())


def wait(phone, minutes: float) -> list[str]:
    return phone.wait(minutes)


def say(body, what, **more):
    with journal.unit():
        return answering.answer(body, what, **more)


def asked(phone, amina):
    """Somebody pressed, and her sister has opened the link of her message."""
    press(arm(amina))
    phone.take()
    with journal.unit():
        return answering.open_link(phone.token(SISTER)).body


# --- arming --------------------------------------------------------------------------------------
def test_a_plan_is_for_its_person_the_desk_and_whoever_holds_the_card(house, amina):
    arm(amina)
    (row,) = Plan.objects.all()
    for kept in (row.sealed, row.armed):
        assert b"sister" not in bytes(kept) and b"parcel" not in bytes(kept)
    with amina.request() as actor:
        (seen,) = queries.plans(actor, amina.case)
    assert seen.doc["people"]["sister"]["ways"] == [["mail", SISTER]]
    with house.ines.request() as ines:
        assert queries.plans(ines, amina.case)[0].doc["text"] == TEXT
    badra = make.ask()
    with badra.request() as other, pytest.raises(Refused):
        queries.plans(other, amina.case)


def test_a_plan_that_would_not_work_is_not_armed(house, amina):
    with amina.request() as actor:
        for wrong in (
            {"rungs": ()},
            {"rungs": (Rung(0, ("nobody",)),)},
            {"text": ""},
            {"text": "x" * 161},
            {"people": {"sister": Person("Sister", (("mail", "no address"),))}},
            {"people": PEOPLE | {"sister": Person("S", (("mail", "a@b.c\nBcc: d@e.f"),))}},
            {"kind": "other"},
        ):
            with pytest.raises(Invalid):
                plans.arm(actor, amina.case, draft(**wrong))
    assert not Plan.objects.exists()


def test_arming_again_kills_the_old_card(phone, house, amina):
    first = arm(amina)
    second = arm(amina)
    with pytest.raises(NotFound):
        press(first)
    assert press(second).state == "open"


@pytest.mark.parametrize("wrong", ["", "x", "é", "A" * 22, "A" * 2000])
def test_a_wrong_card_is_no_card(house, amina, wrong):
    arm(amina)
    with pytest.raises(NotFound):
        press(wrong)


# --- pressing ------------------------------------------------------------------------------------
def test_a_press_tells_the_first_rung_at_once_and_climbs(phone, house, amina):
    route(house)
    card = arm(amina)
    assert press(card).told == 2
    assert phone.take() == ["ines@example.org", SISTER]
    texts = dict(phone.last)
    assert texts["ines@example.org"] == rules.URGENT
    assert re.fullmatch(rf"{re.escape(TEXT)} http://localhost:8000/a/[\w-]{{22}}", texts[SISTER])
    assert wait(phone, 4.9) == []
    assert wait(phone, 0.1) == [LAWYER]
    assert wait(phone, 5) == [LAWYER, SISTER]
    assert wait(phone, 5) == [LAWYER, SISTER]  # the top rung keeps ringing
    assert wait(phone, 5) == [LAWYER, SISTER]


def test_pressing_twice_is_pressing_once(phone, house, amina):
    card, once = arm(amina), ids.new()
    first, again, other = press(card, once), press(card, once), press(card)
    assert first.alarm == again.alarm == other.alarm
    assert not first.again and again.again and other.again
    assert phone.take() == [SISTER]
    badra = make.ask()
    with pytest.raises(Conflict):
        press(arm(badra), once)


def test_a_try_is_a_try_and_climbs_nowhere(phone, house, amina):
    card = arm(amina)
    with journal.unit():
        assert pressing.press_card(card, once=ids.new(), practice=True).is_try
    assert phone.take() == [LAWYER, SISTER]
    with journal.unit():
        called = answering.open_link(phone.token(SISTER))
    assert called.what == "try"
    assert say(called.body, "on it") == "taken"
    assert wait(phone, 31) == []
    assert Alarm.objects.get().state == "closed" and Plan.objects.get().tried
    # A real press in the middle of a try wins.
    with journal.unit():
        pressing.press_card(card, once=ids.new(), practice=True)
    real = press(card)
    assert not real.is_try and real.state == "open"


def test_a_mistake_is_taken_back_within_half_a_minute(phone, house, amina):
    card, once = arm(amina), ids.new()
    press(card, once)
    phone.take()
    clock.forward(timedelta(seconds=29))
    with journal.unit():
        assert pressing.take_back(card, press=once).state == "back"
    assert phone.take() == [SISTER]
    with journal.unit():
        assert answering.open_link(phone.token(SISTER)).what == "clear"
    with journal.unit():  # the answer was lost on its way
        assert pressing.take_back(card, press=once).state == "back"
    assert wait(phone, 60) == []
    late = ids.new()
    press(card, late)
    clock.forward(timedelta(seconds=31))
    with journal.unit(), pytest.raises(Conflict):
        pressing.take_back(card, press=late)


def test_an_officer_presses_for_somebody(phone, house, amina):
    arm(amina, kind="desk")
    with house.ines.request() as ines:
        (plan,) = queries.plans(ines, amina.case)
        assert pressing.press_for(ines, amina.case, plan.id, once=ids.new()).state == "open"
    assert phone.take() == [SISTER]
    with amina.request() as actor, pytest.raises(Refused):
        pressing.press_for(actor, amina.case, plan.id, once=ids.new())


def test_where_they_are_is_for_the_desk_alone(phone, house, amina):
    card, once = arm(amina), ids.new()
    press(card, once)
    with journal.unit():
        pressing.say_where(card, press=once, text="Behind the bakery")
    assert not any(b"bakery" in bytes(row.sealed) for row in Moment.objects.all())
    with house.ines.request() as ines:
        (row,) = queries.alarms(ines)
        seen = queries.alarm(ines, row.id)
    assert seen.happened[0].what == "where" and seen.happened[0].more["text"] == "Behind the bakery"


# --- answering -----------------------------------------------------------------------------------
def test_somebody_on_it_keeps_the_ladder_still_for_half_an_hour(phone, house, amina):
    card = arm(amina)
    press(card)
    phone.take()
    with journal.unit():
        called = answering.open_link(phone.token(SISTER))
    assert called.what == "alarm" and called.state == "open" and not called.moved_on
    assert say(called.body, "on it") == "taken"
    assert wait(phone, 29) == []
    assert wait(phone, 1) == [LAWYER, SISTER]  # nobody closed it: it rings on, at its newest rung
    assert Alarm.objects.get().state == "open"


def test_a_late_answer_neither_stops_nor_skips_a_newer_rung(phone, house, amina):
    body = asked(phone, amina)
    assert wait(phone, 5) == [LAWYER]
    assert say(body, "on it") == "late" and say(body, "escalate") == "late"
    assert Alarm.objects.get().state == "open"
    with journal.unit():
        now = answering.shown(body)
    assert now.moved_on
    assert wait(phone, 5) == [LAWYER, SISTER]


def test_escalating_tells_the_next_rung_now(phone, house, amina):
    body = asked(phone, amina)
    assert say(body, "escalate") == "moved"
    assert phone.take() == [LAWYER]


def test_safe_wants_the_agreed_word_or_somebody_who_spoke_to_them(phone, house, amina):
    body = asked(phone, amina)
    assert say(body, "safe") == "word"
    assert say(body, "safe", word="green kettle") == "word"
    assert Alarm.objects.get().state == "open"
    assert say(body, "safe", word=" Blue  kettle ") == "taken"
    assert phone.take() == [SISTER]  # only who was told hears that it is over
    row = Alarm.objects.get()
    assert (row.state, bytes(row.ladder), bytes(row.desk), row.due_at) == ("safe", b"", b"", None)
    assert say(body, "on it") == "over"


def test_who_has_spoken_to_them_is_confirmed_by_the_desk_or_another(phone, house, amina):
    route(house)
    body = asked(phone, amina)
    assert say(body, "safe", spoke=True) == "confirm"
    assert Alarm.objects.get().state == "answered"
    assert phone.take() == ["ines@example.org"]  # the desk is asked, at once
    # Whoever holds the phone cannot hush it for longer by saying so again and again.
    assert wait(phone, 29) == []
    assert say(body, "safe", spoke=True) == "confirm"
    assert LAWYER in wait(phone, 1)
    lawyer = phone.token(LAWYER)
    with journal.unit():
        other = answering.open_link(lawyer).body
    assert say(other, "safe", spoke=True) == "taken"
    assert Alarm.objects.get().state == "safe"


def test_who_is_on_it_goes_on_near_the_end_a_few_times(phone, house, amina):
    body = asked(phone, amina)
    assert say(body, "on it") == "taken"
    assert say(body, "on it") == "over"
    for _ in range(rules_.STILL):
        assert wait(phone, 21) == []
        with journal.unit():
            assert answering.shown(body).may_go_on
        assert say(body, "on it") == "still"
    assert wait(phone, 21) == [] and say(body, "on it") == "over"
    assert wait(phone, 9) == [LAWYER, SISTER]


def test_an_officer_goes_on_too_and_a_colleague_may_take_over(phone, house, amina):
    asked(phone, amina)

    def take(officer) -> None:
        row = Alarm.objects.get()
        with officer.request() as actor:
            answering.take(actor, row.id, version=row.version)

    take(house.ines)
    with pytest.raises(Conflict):
        take(house.ines)
    take(house.tomas)
    assert wait(phone, 25) == []
    with house.tomas.request() as actor:
        assert queries.alarm(actor, Alarm.objects.get().id).may_go_on
    take(house.tomas)
    assert wait(phone, 29) == []


def test_a_contact_who_answers_a_try_is_known_to_be_reachable(phone, house, amina):
    token = arm(amina)
    with amina.request() as actor:
        before = {fault.at for fault in queries.plans(actor, amina.case)[0].faults}
    with journal.unit():
        pressing.press_card(token, once=ids.new(), practice=True)
    phone.take()
    with journal.unit():
        body = answering.open_link(phone.token(SISTER)).body
    assert say(body, "on it") == "taken"
    with amina.request() as actor:
        (plan,) = queries.plans(actor, amina.case)
    assert before == {"sister", "lawyer"}
    assert [fault.at for fault in plan.faults if fault.what == "not tried"] == ["lawyer"]
    assert lacks(plan) == ["Lawyer: They have not answered a try yet."]


def test_a_found_card_cannot_tire_its_contacts_with_tries(phone, house, amina):
    token = arm(amina)
    for _ in range(6):
        with journal.unit():
            last = pressing.press_card(token, once=ids.new(), practice=True)
    assert last.again and Alarm.objects.count() == rules_.TRIES
    press(token)
    assert Alarm.objects.filter(mode="actual").count() == 1


def test_who_asks_to_be_left_alone_is(phone, house, amina):
    body = asked(phone, amina)
    assert say(body, "stop") == "silent"
    assert wait(phone, 5) == [LAWYER]
    assert wait(phone, 5) == [LAWYER]


def test_a_link_opens_until_its_hours_are_over_and_only_by_its_token(phone, house, amina):
    press(arm(amina))
    phone.take()
    token = phone.token(SISTER)
    with journal.unit():
        for _ in range(2):  # a second tap, a tab loaded anew
            assert answering.open_link(token).label == "My sister"
        for wrong in ("x", "", token[:-2] + "AA"):
            with pytest.raises(NotFound):
                answering.open_link(wrong)
    clock.forward(timedelta(hours=running.LINK_HOURS))
    with journal.unit(), pytest.raises(NotFound):
        answering.open_link(token)


def test_an_answer_counts_for_the_step_that_its_page_showed(phone, house, amina):
    press(arm(amina))
    phone.take()
    token = phone.token(SISTER)
    assert wait(phone, 5) == [LAWYER]
    with journal.unit():
        assert say(answering.open_link(token).body, "on it") == "late"
        # A page that claims to have seen more than there is has seen what there is.
        assert answering.open_link(token, seen=99).body["step"] == 1
        assert say(answering.open_link(token, seen=1).body, "on it") == "taken"


def test_the_desk_takes_rings_on_and_closes(phone, house, amina):
    press(arm(amina))
    phone.take()
    with house.tomas.request() as tomas:
        (row,) = queries.alarms(tomas)
        seen = queries.alarm(tomas, row.id)
        assert [one.label for one in seen.told if one.told] == ["My sister"]
        assert seen.told[0].ways == [("mail", SISTER)]
        answering.take(tomas, row.id, version=row.version)
        with pytest.raises(Conflict):
            answering.take(tomas, row.id, version=row.version)
        (row,) = queries.alarms(tomas)
        answering.ring_on(tomas, row.id, version=row.version)
    assert phone.take() == [LAWYER]
    with house.ines.request() as ines:
        (row,) = queries.alarms(ines)
        with pytest.raises(Invalid):
            answering.close(ines, row.id, version=row.version, how="false alarm")
        with pytest.raises(Invalid):
            answering.close(ines, row.id, version=row.version, how="tired")
        answering.close(ines, row.id, version=row.version, how="spoke")
        assert queries.alarms(ines) == []
        seen = queries.alarm(ines, row.id)
    assert seen.told == [] and [one.what for one in seen.happened][:2] == ["closed", "told"]
    assert phone.take() == [LAWYER, SISTER]


def test_who_holds_no_key_sees_no_alarm(phone, house, amina):
    press(arm(amina))
    alarm = Alarm.objects.get()
    lena = house.hire("Lena", "auditors")
    with lena.request() as actor:
        with pytest.raises(Refused):
            queries.alarms(actor)
        for deed in (
            lambda: queries.alarm(actor, alarm.id),
            lambda: answering.take(actor, alarm.id, version=alarm.version),
            lambda: answering.close(actor, alarm.id, version=alarm.version, how="spoke"),
        ):
            with pytest.raises((NotFound, Refused)):
                deed()
    assert Alarm.objects.get().state == "open"


# --- channels that fail --------------------------------------------------------------------------
def test_a_way_that_fails_hands_on_to_the_next_at_once(phone, house, amina):
    told = {"sister": Person("S", (("mail", SISTER), ("mail", LAWYER)))}
    phone.down = {SISTER}
    press(arm(amina, rungs=(Rung(0, ("sister",)),), people=told))
    assert phone.take() == [LAWYER]
    assert phone.last[0][1].endswith(" (2)")  # the first may have arrived after all
    assert not Ringing.objects.exists()


def test_when_nothing_takes_it_it_is_tried_until_the_alarm_ends(phone, house, amina):
    phone.down = {SISTER, LAWYER}
    press(arm(amina))
    assert phone.take() == []
    with house.ines.request() as ines:
        assert queries.alarms(ines)[0].undelivered == 1
    phone.down = set()
    assert SISTER in wait(phone, 2)


def test_whoever_is_not_reached_for_hours_is_still_tried(phone, house, amina):
    phone.down = {SISTER, LAWYER}
    press(arm(amina))
    for _ in range(100):  # more often than a message by itself is tried
        assert wait(phone, 3) == []
    phone.down = set()
    assert wait(phone, 5) == [LAWYER, SISTER]


def test_after_an_outage_nobody_gets_a_heap_of_messages(phone, house, amina):
    phone.down = {SISTER, LAWYER}
    press(arm(amina))
    for _ in range(12):
        assert wait(phone, 5) == []
    phone.down = set()
    assert wait(phone, 2) == [LAWYER, SISTER]
    # What they were sent belongs to the newest rung, so that their answer is not a late one.
    with journal.unit():
        assert not answering.open_link(phone.token(LAWYER)).moved_on


def test_a_message_caught_by_a_crash_comes_back_as_it_was(phone, house, amina):
    press(arm(amina))
    (claimed,) = ringing.claim()
    assert phone.take() == []  # somebody has it
    clock.forward(rules.RING_LEASE + timedelta(seconds=1))
    assert phone.take() == [SISTER]
    assert phone.last[0][1].endswith(" (2)")  # it may have arrived before the crash
    ringing.send(
        claimed
    )  # the first sender was only slow: it sends, and removes nothing of another's
    assert phone.take() == [SISTER]


def test_without_a_mail_server_nobody_counts_as_told(phone, house, amina, monkeypatch):
    monkeypatch.setattr(channels, "reaches", lambda channel: False)
    press(arm(amina))
    assert phone.take() == []
    with house.ines.request() as ines:
        assert queries.alarms(ines)[0].undelivered == 1


def test_a_desk_without_an_address_is_fallen_through(phone, house, amina):
    press(arm(amina, rungs=(Rung(0, (DESK,)), Rung(5, ("sister",)))))
    assert phone.take() == [SISTER]


def test_a_rung_of_people_who_want_to_be_left_alone_is_fallen_through(phone, house, amina):
    press(arm(amina, rungs=(Rung(0, ("sister",)), Rung(5, ("sister",)), Rung(10, ("lawyer",)))))
    phone.take()
    with journal.unit():
        body = answering.open_link(phone.token(SISTER)).body
    assert say(body, "stop") == "silent"
    assert wait(phone, 5) == [LAWYER]


def test_an_alarm_that_cannot_be_opened_rings_the_desk_and_stops_no_other(phone, house, amina):
    route(house)
    press(arm(amina))
    badra = make.ask()
    press(arm(badra))
    phone.take()
    Alarm.objects.filter(case=amina.case).update(ladder=b"altered")
    assert wait(phone, 5) == ["ines@example.org", LAWYER]
    assert wait(phone, 5).count("ines@example.org") == 1
    with house.ines.request() as ines:
        row = next(one for one in queries.alarms(ines) if one.case == amina.case)
        assert "cannot open" in [one.what for one in queries.alarm(ines, row.id).happened]


def test_one_alarm_with_a_fault_of_ours_stops_no_other(phone, house, amina, monkeypatch):
    press(arm(amina))
    badra = make.ask()
    press(arm(badra))
    phone.take()
    whole = running.move

    def move(alarm, *given):
        if alarm.case == amina.case:
            raise KeyError("a fault")
        return whole(alarm, *given)

    monkeypatch.setattr(running, "move", move)
    assert wait(phone, 5) == [LAWYER]
    monkeypatch.setattr(running, "move", whole)
    assert wait(phone, 1) == [LAWYER]  # the other's turn came late, and came


def test_a_place_that_is_too_long_is_refused_and_nothing_of_it_is_cut_off(phone, house, amina):
    card, once = arm(amina), ids.new()
    press(card, once)
    with journal.unit(), pytest.raises(Invalid):
        pressing.say_where(card, press=once, text="x" * 4001)


def test_hours_of_a_contact_are_kept(phone, house, amina):
    with clock.frozen(clock.now().replace(hour=23, minute=0)):
        asleep = Person("S", (("mail", SISTER),), hours=Hours("08:00", "20:00", "UTC"))
        press(arm(amina, people=PEOPLE | {"sister": asleep}, rungs=(
            Rung(0, ("sister",)), Rung(5, ("lawyer",)))))  # fmt: skip
        assert phone.take() == [LAWYER]  # fell through at once


# --- what is left --------------------------------------------------------------------------------
def test_after_a_lockdown_nothing_opens_and_nothing_rings(phone, house, amina):
    card = arm(amina)
    press(card)
    with house.tomas.request() as tomas:
        people.lockdown(tomas)
    assert server.locked_down()
    assert not any(bytes(row.armed) for row in Plan.objects.all())
    assert not any(bytes(row.ladder) for row in Alarm.objects.all())
    assert not Ringing.objects.exists()
    assert wait(phone, 60) == []


def test_an_erased_case_leaves_no_plan_and_no_alarm(phone, house, amina):
    press(arm(amina))
    with amina.request() as actor:
        thread.withdraw_request(actor)
    assert not Plan.objects.exists() and not Alarm.objects.exists() and not Moment.objects.exists()
    assert not Ringing.objects.exists()


def test_the_auditor_finds_what_did_not_happen(phone, house, amina):
    press(arm(amina))
    assert not any(queries.audit().values())
    clock.forward(timedelta(minutes=6))
    found = queries.audit()
    assert found["alarms"] == 1 and found["messages"] == 1  # nobody climbs, and nobody sends
    phone.take()
    assert not any(queries.audit().values())
    Alarm.objects.update(due_at=None)
    assert queries.audit()["stuck"] == 1


def test_how_it_stands_is_one_word(phone, house, amina, monkeypatch):
    assert queries.standing() == "ok"
    press(arm(amina))
    clock.forward(timedelta(seconds=31))
    assert queries.standing() == "late"
    phone.take()
    assert queries.standing() == "ok"
    monkeypatch.setattr(engines, "alive", lambda: 0)
    assert queries.standing() == "late"  # a house without an engine will be
    server.destroy()
    assert queries.standing() == "locked"


def test_a_look_of_the_auditor_walks_no_table(phone, house, amina):
    """Of a hundred thousand alarms that are over and as many messages that wait, none is looked at."""
    many, later = 100_000, clock.now() + timedelta(days=1)
    over = (Alarm(press=ids.new(), plan=ids.NIL, case=ids.NIL, state="closed") for _ in range(many))
    Alarm.objects.bulk_create(over, batch_size=5000)
    waiting = (Ringing(origin=ids.NIL, idem=ids.NIL, due_at=later) for _ in range(many))
    Ringing.objects.bulk_create(waiting, batch_size=5000)
    said: list[str] = []

    def explain(execute, sql, params, many_, context):
        if sql.startswith("SELECT (SELECT count"):
            with connection.cursor() as cursor:
                how = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
                cursor.execute(f"{how} {sql}", params)
                said.extend(str(tuple(row)) for row in cursor.fetchall())
        return execute(sql, params, many_, context)

    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")
    with connection.execute_wrapper(explain):
        assert not any(queries.audit().values())
    plan = "\n".join(said)
    assert plan
    for walked in ("SCAN alerts_alarm", "SCAN messages_ringing"):
        assert walked not in plan.replace("SCAN TABLE ", "SCAN "), plan
    for walked in ("Seq Scan on alerts_alarm", "Seq Scan on messages_ringing"):
        assert walked not in plan, plan


# --- what whoever has the tables could guess -------------------------------------------------------
def test_one_contact_cannot_hush_an_alarm_for_ever_by_beginning_anew(phone, house, amina):
    press(arm(amina))
    phone.take()
    token = phone.token(SISTER)
    held = 0
    for _ in range(12):
        with journal.unit():
            body = answering.open_link(token, seen=Alarm.objects.get().step).body
        if say(body, "on it") != "taken":
            break
        held += 1
        phone.wait(31)
    assert held == rules_.STILL + 1
    assert Alarm.objects.get().state == "open" and LAWYER in wait(phone, 5)


def test_no_id_of_a_message_is_made_of_what_the_tables_say(phone, house, amina, monkeypatch):
    """A carrier keeps the ids that it was given beside the address. Whoever has its records and the
    tables, but not the duty key, must not find out of which alarm a message was."""
    route(house)
    given: list[str] = []
    taken = phone.send

    def send(channel: str, address: str, idem: str, **more: str) -> None:
        given.append(idem)
        taken(channel, address, idem, **more)

    monkeypatch.setattr(channels, "send", send)
    press(arm(amina))
    rows = {str(row.id) for row in Ringing.objects.all()}
    phone.take()
    alarm = Alarm.objects.get()
    members = [str(one) for one in services.Route.objects.values_list("id", flat=True)]
    names = [*PEOPLE, DESK, *members, *[one.replace("-", "") for one in members]]
    texts = {
        text
        for name in names
        for what in ("alarm", "try", "clear")
        for text in (name, f"{what} {name}", *(f"{n} {what} {name}" for n in range(9)))
    } | {f"{n} {name}" for n in range(9) for name in names}
    first = {uuid.uuid5(alarm.id, text) for text in texts}
    guessed = first | {uuid.uuid5(one, text) for one in first for text in names}
    assert len(given) == 2 and len(rows) == 2
    assert not {one.hex for one in guessed} & set(given)
    assert not {str(one) for one in guessed} & rows
