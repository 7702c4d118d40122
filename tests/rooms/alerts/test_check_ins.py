"""Check-ins: who is late is reminded before anybody else is told; who is not heard of is looked for."""

import uuid
from contextlib import suppress

import pytest

from amparo.alerts import queries
from amparo.alerts.models import Alarm, CheckIn, Plan
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import checkins, plans, pressing
from amparo.alerts.services.checkins import Promise
from amparo.alerts.services.plans import Draft, Person
from amparo.foundation import journal
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages import services as messages
from amparo.people import services as people
from tests import make

ME, SISTER, INES = "me@example.org", "sister@example.org", "ines@example.org"
TEXT = "Your order is ready."
HOURLY = {"me": ("mail", ME), "text": TEXT, "grace": 20}


def arm(who, kind="card") -> str:
    contacts = {"sister": Person("Sister", (("mail", SISTER),))}
    with who.request() as actor:
        draft = Draft(kind, (Rung(0, (DESK, "sister")),), contacts, TEXT, word="blue kettle")
        return plans.arm(actor, who.case, draft).token


def begin(who, **given) -> checkins.Waiting:
    with who.request() as actor:
        return checkins.begin(actor, who.case, Promise(**(HOURLY | given)))


def well(who, word="") -> checkins.Waiting | None:
    with who.request() as actor:
        return checkins.well(actor, who.case, word=word)


@pytest.fixture
def ines(house):
    with house.ines.request() as actor:
        messages.set_route(actor, channel="mail", address=INES)
    return house.ines


def test_who_is_late_is_reminded_twice_and_then_looked_for(phone, ines, amina):
    arm(amina)
    assert begin(amina, legs=(60,), tell=True).left == 0
    assert phone.wait(59) == []
    assert phone.wait(1) == [ME]
    assert phone.wait(10) == [ME]
    assert phone.wait(9) == []
    assert phone.wait(1) == [INES, SISTER]
    assert not CheckIn.objects.exists() and Alarm.objects.get().state == "open"
    with ines.request() as actor:
        (row,) = queries.alarms(actor)
        happened = [one for one in queries.alarm(actor, row.id).happened if one.what == "pressed"]
    assert happened[0].more["how"] == "missed"


def test_who_is_heard_of_is_left_in_peace(phone, ines, amina):
    arm(amina)
    begin(amina, legs=(60,), tell=True)
    phone.wait(61)
    assert well(amina) is None
    assert phone.wait(600) == [] and not Alarm.objects.exists()
    # And nothing is left that the server could open by itself.
    assert [row.kind for row in Plan.objects.all()] == ["card"]


def test_whom_to_tell_needs_a_plan(phone, amina):
    with pytest.raises(Invalid):
        begin(amina, legs=(60,), tell=True)
    arm(amina)
    begin(amina, legs=(60,), tell=True)
    begin(amina, legs=(60,))  # in its place, and without them
    assert [row.kind for row in Plan.objects.all()] == ["card"]


def test_a_reminder_says_the_neutral_text_and_answers_in_one_tap(phone, ines, amina):
    begin(amina, legs=(60, 120))
    phone.wait(60)
    text = dict(phone.last)[ME]
    assert text.startswith(f"{TEXT} http://")
    token = phone.token(ME, "w")
    with journal.unit():
        body, asks = checkins.open_link(token)
        assert not asks
        checkins.well_by_link(body)
        with pytest.raises(NotFound):
            checkins.open_link(token)
    assert phone.wait(30) == []
    assert phone.wait(30) == [ME]  # the second leg of the journey


def test_a_period_goes_on_until_it_is_ended(phone, ines, amina):
    assert begin(amina, every=60).left == -1
    for _ in range(3):
        assert phone.wait(60) == [ME]
        assert well(amina) is not None
    with amina.request() as actor:
        checkins.end(actor, amina.case)
        assert checkins.running_of(actor, amina.case) is None
    assert phone.wait(600) == []


def test_without_telling_them_only_those_on_duty_are_told(phone, ines, amina):
    card = arm(amina, "card")
    begin(amina, legs=(60,), me=None, text="")
    phone.wait(60)
    phone.wait(10)
    assert phone.wait(10) == [INES]
    # Whoever holds the card sees nothing of it.
    with journal.unit(), pytest.raises(NotFound):
        pressing.look(card, press=Alarm.objects.get().press)


def test_it_is_put_off_a_few_times_and_not_for_long(phone, ines, amina):
    begin(amina, legs=(60,))
    for _ in range(3):
        with amina.request() as actor:
            checkins.snooze(actor, amina.case, minutes=60)
    with amina.request() as actor:
        with pytest.raises(Conflict):
            checkins.snooze(actor, amina.case, minutes=15)
        with pytest.raises(Invalid):
            checkins.snooze(actor, amina.case, minutes=600)
    assert phone.wait(239) == []
    assert phone.wait(1) == [ME]


def test_a_word_that_is_said_under_force_looks_the_same_and_rings_the_desk(phone, ines, amina):
    arm(amina, "card")
    begin(amina, legs=(60, 120), word="fine day", forced="fine evening")
    with pytest.raises(Invalid):
        well(amina, "good day")
    free = well(amina, "Fine  Day")
    assert phone.take() == []
    with amina.request() as actor:
        checkins.end(actor, amina.case, word="fine day")
    begin(amina, legs=(60, 120), word="fine day", forced="fine evening")
    forced = well(amina, "fine evening")
    assert (free.left, free.late, free.asks_word) == (forced.left, forced.late, forced.asks_word)
    assert phone.take() == [INES]
    with ines.request() as actor:
        (row,) = queries.alarms(actor)
        seen = queries.alarm(actor, row.id)
    assert [one.more["how"] for one in seen.happened if one.what == "pressed"] == [
        "not free to speak"
    ]


@pytest.mark.parametrize("deed", ["later", "later, used up", "end"])
def test_nothing_is_put_off_or_ended_without_the_word(phone, ines, amina, deed):
    begin(amina, legs=(60, 120), word="fine day", forced="fine evening")
    if deed == "later, used up":
        for _ in range(3):
            with amina.request() as actor:
                checkins.snooze(actor, amina.case, minutes=15, word="fine day")

    def do(word: str) -> None:
        with amina.request() as actor:
            if deed == "end":
                checkins.end(actor, amina.case, word=word)
            else:
                checkins.snooze(actor, amina.case, minutes=15, word=word)

    for wrong in ("", "good day"):
        with pytest.raises(Invalid):
            do(wrong)
    assert CheckIn.objects.exists() and phone.take() == []
    # Whoever makes them say it sees the same as with the other word, and the desk rings.
    with suppress(Conflict):
        do("fine evening")
    assert phone.take() == [INES]
    assert CheckIn.objects.exists() == (deed != "end")


def test_another_is_not_begun_over_one_that_wants_a_word(phone, ines, amina):
    begin(amina, every=60, word="fine day")
    with pytest.raises(Conflict):
        begin(amina, legs=(1440,))
    assert phone.wait(60) == [ME]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "when"),
        ({"legs": (60,), "every": 60}, "when"),
        ({"legs": (5,)}, "when"),
        ({"legs": (60, 30)}, "when"),
        ({"legs": tuple(range(60, 60 + 13))}, "when"),
        ({"every": 21 * 24 * 60}, "when"),
        ({"every": 60, "grace": 1}, "grace"),
        ({"every": 60, "me": ("mail", "nobody")}, "me"),
        ({"every": 60, "text": " "}, "text"),
        ({"every": 60, "forced": "x"}, "forced"),
        ({"every": 60, "word": "A b", "forced": "a  B"}, "forced"),
    ],
)
def test_what_cannot_be_kept_is_named(phone, amina, given, field):
    with pytest.raises(Invalid) as wrong:
        begin(amina, **given)
    assert field in wrong.value.fields and not CheckIn.objects.exists()


def test_nobody_else_says_that_somebody_is_well(phone, ines, amina):
    begin(amina, every=60)
    badra = make.ask()
    with badra.request() as other, pytest.raises(Refused):
        checkins.well(other, amina.case)


def test_after_a_lockdown_it_is_still_known_that_somebody_is_late(phone, ines, amina):
    arm(amina)
    begin(amina, legs=(60,), tell=True)
    with ines.request() as actor:
        people.lockdown(actor)
    assert phone.wait(90) == []
    with journal.unit():
        people.lift_lockdown()
    with ines.request():
        pass  # signing in again gives the server her address back
    assert phone.take() == [INES]


def test_nothing_of_a_check_in_can_be_read(phone, ines, amina):
    begin(amina, every=60, word="fine day", forced="fine evening")
    (row,) = CheckIn.objects.all()
    assert not [one for one in (b"fine", b"example", b"order") if one in bytes(row.sealed)]


def test_when_somebody_was_missed_cannot_be_tried_out(phone, ines, amina):
    """The key of a press stays in clear. Nobody may find the check-in's time by trying all of a day."""
    arm(amina, "desk")
    begin(amina, legs=(60,))
    (due,) = CheckIn.objects.values_list("due_at", flat=True)
    times = set()
    for _ in range(121):
        phone.wait(1)
        times |= set(CheckIn.objects.values_list("due_at", flat=True))
        if Alarm.objects.exists():
            break
    row = Alarm.objects.get()
    assert due in times
    assert row.press not in {uuid.uuid5(row.plan, f"missed {one.isoformat()}") for one in times}
    assert row.press.version == 4
