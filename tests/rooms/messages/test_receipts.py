"""A message is followed until it has arrived, through providers that take, fail and keep silent."""

from datetime import timedelta

import pytest

from amparo.foundation import clock, ids, journal
from amparo.messages import inbound, ringing, rules
from amparo.messages.models import Number, Ringing
from amparo.messages.ringing import Ring
from tests.rooms.messages.provider import table, two_way

NUMBER, OTHER = "+525512345678", "+34600111222"
SECOND = "the-secret-of-the-second-one"


@pytest.fixture(autouse=True)
def unit(house):
    with journal.unit():
        yield


def queue(origin, *ways, words="", urgent=True):
    ring = Ring(ids.new(), ids.new(), ways, "Your order is ready.", {"who": "p1"}, words=words)
    ringing.queue(origin, [ring], kind="answer", hours=1, urgent=urgent)
    return ring


def wait(seconds: float) -> None:
    clock.forward(timedelta(seconds=seconds))
    ringing.send_due()


def reference(server, at=-1, name="one") -> str:
    return f"{name} {server.sent[at]['id']}"


def test_what_has_arrived_is_over(one, write):
    write(two_way(one.url))
    queue(ids.new(), ("sms", NUMBER))
    ringing.send_due()
    (row,) = Ringing.objects.all()
    assert row.state == "handed" and ringing.standing().unreported == 1
    assert NUMBER.encode() not in bytes(row.reference)
    assert ringing.reported(reference(one), delivered=True)
    assert not Ringing.objects.exists()
    assert not ringing.reported(reference(one), delivered=True)
    wait(600)
    assert len(one.got) == 1


def test_what_is_silent_for_a_minute_goes_the_next_way(one, two, write):
    write(
        two_way(one.url, more="prefixes = ['+52']")
        + two_way(two.url, "two", secret=SECOND, more="prefixes = ['+34']")
    )
    queue(ids.new(), ("sms", NUMBER), ("sms", OTHER))
    ringing.send_due()
    wait(55)
    assert not two.got
    wait(6)
    assert two.to() == [OTHER] and one.to() == [NUMBER]


def test_what_has_failed_goes_the_next_way_at_once(one, two, write):
    write(
        two_way(one.url, more="prefixes = ['+52']")
        + two_way(two.url, "two", secret=SECOND, more="prefixes = ['+34']")
    )
    queue(ids.new(), ("sms", NUMBER), ("sms", OTHER))
    ringing.send_due()
    assert ringing.reported(reference(one), delivered=False)
    ringing.send_due()
    assert two.to() == [OTHER]


def test_with_one_way_the_other_gateway_is_tried_under_another_id(one, two, write):
    write(two_way(one.url) + two_way(two.url, "two", secret=SECOND))
    queue(ids.new(), ("sms", NUMBER))
    ringing.send_due()
    wait(61)
    assert len(one.got) == 1 and len(two.got) == 1
    assert one.sent[0]["id"] != two.sent[0]["id"]  # nobody drops it as known
    assert two.sent[0]["text"].endswith("(2)")


def test_a_phone_that_is_off_gets_no_heap(one, write):
    write(two_way(one.url))
    origin = ids.new()
    queue(origin, ("sms", NUMBER))
    for _ in range(60):
        wait(60)
    assert len(one.got) == rules.ROUNDS
    # Nobody is told that it has arrived.
    assert ringing.standing(origin).unreported == 1
    assert ringing.reported(reference(one), delivered=True)
    assert not Ringing.objects.exists()


def test_a_newer_message_goes_out_at_once_whatever_became_of_the_older(one, write):
    write(two_way(one.url))
    origin, ring = ids.new(), queue(ids.new(), ("sms", NUMBER))
    ringing.send_due()
    again = Ring(ring.id, ids.new(), ring.ways, ring.text, ring.link)
    ringing.queue(origin, [again], kind="answer", hours=1)
    ringing.send_due()
    assert len(one.got) == 2 and not one.sent[1]["text"].endswith("(2)")


def test_an_answer_stops_what_would_be_sent_next(one, write):
    write(two_way(one.url))
    origin = ids.new()
    queue(origin, ("sms", NUMBER), ("sms", OTHER))
    ringing.send_due()
    ringing.drop(origin)
    wait(120)
    assert one.to() == [NUMBER]


def test_what_crashed_after_the_hand_over_is_sent_under_the_same_id(one, write):
    write(two_way(one.url))
    queue(ids.new(), ("sms", NUMBER))
    (mine,) = ringing.claim()
    ringing._to_contact(mine.row)  # and the power goes
    wait(rules.RING_LEASE.total_seconds() + 1)
    assert one.sent[0]["id"] == one.sent[1]["id"] and one.sent[1]["text"].endswith("(2)")


# --- budgets -------------------------------------------------------------------------------------
def test_what_an_account_does_not_allow_waits_and_says_until_when(one, write):
    write(table(one.url, more="private = true\nper_minute = 1"))
    origin = ids.new()
    for _ in range(3):
        queue(origin, ("sms", NUMBER))
    ringing.send_due()
    stands = ringing.standing(origin)
    assert len(one.got) == 1 and stands.held == 2 and stands.untaken == 0
    assert clock.now() < stands.held_until <= clock.now() + timedelta(seconds=61)
    for _ in range(4):
        wait(61)
    assert len(one.got) == 3 and not Ringing.objects.exists()
    # What was held back is no repeat.
    assert not [one_ for one_ in one.sent if one_["text"].endswith("(2)")]


def test_another_way_is_not_held_back(one, two, write):
    write(
        table(one.url, more="private = true\nper_minute = 1\nprefixes = ['+52']")
        + table(two.url, "two", more="private = true\nprefixes = ['+34']")
    )
    for _ in range(2):
        queue(ids.new(), ("sms", NUMBER), ("sms", OTHER))
    ringing.send_due()
    assert one.to() == [NUMBER] and two.to() == [OTHER]


def test_alarms_go_before_everything_else(one, write):
    write(table(one.url, more="private = true\nper_minute = 1"))
    queue(ids.new(), ("sms", OTHER), urgent=False)
    clock.forward(timedelta(seconds=1))
    queue(ids.new(), ("sms", NUMBER))
    ringing.send_due()
    assert one.to() == [NUMBER]


def test_alarms_take_turns(one, write):
    """Whoever presses with twelve contacts does not stand before all of the next one's."""
    write(table(one.url))
    first, second = ("+525511110000", "+525511110001"), ("+525522220000", "+525522220001")
    for numbers in (first, second):
        rings = [Ring(ids.new(), ids.new(), (("sms", to),), "x", {"who": to}) for to in numbers]
        ringing.queue(ids.new(), rings, kind="answer", hours=1)
        clock.forward(timedelta(seconds=1))
    ringing.send_due()
    assert one.to() == [first[0], second[0], first[1], second[1]]


# --- numbers -------------------------------------------------------------------------------------
def test_a_number_is_known_while_its_alarm_runs_and_some_minutes_more(one, write):
    write(two_way(one.url))
    origin = ids.new()
    queue(origin, ("sms", NUMBER), words="OK/STOP")
    ringing.send_due()
    assert one.sent[0]["text"].endswith(" OK/STOP")
    (row,) = Number.objects.all()
    for kept in (row.number, row.sealed):
        assert NUMBER[1:].encode() not in bytes(kept)
    # However the carrier writes it.
    for number in (NUMBER, "+5215512345678"):
        assert [found["who"] for found in inbound.who_is(number)] == ["p1"]
    assert inbound.who_is(OTHER) == []
    inbound.over(origin)
    clock.forward(timedelta(minutes=9))
    inbound.sweep()
    assert inbound.who_is(NUMBER)
    clock.forward(timedelta(minutes=2))
    inbound.sweep()
    assert not Number.objects.exists()


def test_where_no_answer_can_come_in_no_word_is_named_and_no_number_kept(one, two, write):
    write(two_way(one.url) + table(two.url, "two"))  # the second one hears nothing
    queue(ids.new(), ("sms", NUMBER), words="OK/STOP")
    ringing.send_due()
    assert not one.sent[0]["text"].endswith("OK/STOP") and not Number.objects.exists()


def test_of_two_alarms_the_newer_stands_first(one, write):
    write(two_way(one.url))
    first, second = ids.new(), ids.new()
    for origin in (first, second):
        clock.forward(timedelta(seconds=5))
        ring = Ring(ids.new(), ids.new(), (("sms", NUMBER),), "x", {"of": str(origin)}, words="OK")
        ringing.queue(origin, [ring], kind="answer", hours=1)
    assert [one_["of"] for one_ in inbound.who_is(NUMBER)] == [str(second), str(first)]


def test_a_lockdown_leaves_no_number(one, write):
    from amparo.messages import services

    write(two_way(one.url))
    queue(ids.new(), ("sms", NUMBER), words="OK/STOP")
    services.destroy_queue()
    assert not Number.objects.exists()
