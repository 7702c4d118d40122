"""A second code and its small request: to the eye any request, and the desk is told; never more."""

import pytest

from amparo.alerts import queries
from amparo.alerts.models import Alarm
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import answering, plans, pressing
from amparo.casework import queries as casework
from amparo.casework.services import second_code, thread
from amparo.foundation import ids, journal
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages import services
from amparo.people import services as people
from amparo.vault import codes, server
from tests import make
from tests.make import Defender, House

INES = "ines@example.org"
SMALL = "Which password is good?"


@pytest.fixture
def routed(house: House) -> House:
    with house.ines.request() as actor:
        services.set_route(actor, channel="mail", address=INES)
    return house


def agree(house: House, amina: Defender, what: str = SMALL) -> Defender:
    code = codes.new_digits()
    with house.ines.request() as actor:
        asked = second_code.agree(
            actor, amina.case, once=ids.new(), code=code, what=what, language="en"
        )
    return Defender(asked.case, code)


def enter(who: Defender) -> None:
    who.window = b""
    with who.request():
        pass


def test_the_second_code_opens_a_small_request_and_rings_the_desk_silently(
    phone, routed, amina
) -> None:
    second = agree(routed, amina)
    phone.take()
    enter(amina)
    assert phone.take() == [] and not Alarm.objects.exists()
    enter(second)
    with second.request() as actor:
        assert [one.text for one in casework.thread(actor).messages] == [SMALL]
    assert not Alarm.objects.exists()  # nothing in the time of the person's own request
    assert phone.take() == [INES]
    (row,) = Alarm.objects.all()
    assert row.case == amina.case  # the small request has no alarm that could be found at it
    with routed.tomas.request() as actor:
        seen = queries.alarm(actor, row.id)
        assert seen.silent and seen.told == []
        assert seen.happened[-1].more["how"] == "second code"
        assert casework.case(actor, second.case).row.second_of == amina.case
        assert casework.case(actor, amina.case).row.second == second.case


def test_coming_in_again_is_the_same_alarm_and_nothing_inside_stops_it(
    phone, routed, amina
) -> None:
    second = agree(routed, amina)
    for _ in range(3):
        enter(second)
        phone.take()
    (row,) = Alarm.objects.all()
    with second.request() as actor, pytest.raises(Refused):
        queries.alarms(actor)
    with second.request() as actor:
        thread.withdraw_request(actor)
    assert Alarm.objects.get().state == "open"
    with routed.ines.request() as actor:
        how = [one.what for one in queries.alarm(actor, row.id).happened]
    assert how.count("pressed again") == 2


def test_it_is_agreed_once_with_words_and_ended(phone, routed, amina) -> None:
    with pytest.raises(Invalid):
        agree(routed, amina, " ")
    second = agree(routed, amina)
    with pytest.raises(Conflict):
        agree(routed, amina)
    with pytest.raises(Conflict):
        agree(routed, second)
    with amina.request() as actor, pytest.raises((Refused, NotFound)):
        second_code.agree(
            actor, amina.case, once=ids.new(), code=codes.new_digits(), what="x", language="en"
        )
    with routed.ines.request() as actor:
        second_code.end(actor, amina.case)
    phone.take()
    enter(second)
    phone.take()
    assert not Alarm.objects.exists()
    with second.request() as actor:
        assert casework.thread(actor).messages
    agree(routed, amina)


def test_no_cover_is_longer_for_it(phone, routed, amina, monkeypatch) -> None:
    monkeypatch.setattr(casework.rules, "cover_name", lambda _: "Grey Heron")
    plain, second = make.ask(SMALL, where="", how="here", reach=""), agree(routed, amina)
    rows = casework.Cover.objects.filter(case__in=[plain.case, second.case])
    assert len({len(bytes(row.sealed)) for row in rows}) == 1


def test_an_answer_under_force_ends_it_to_the_eye_and_the_desk_is_told(
    phone, routed, amina
) -> None:
    contacts = {"s": plans.Person("Sister", (("mail", "sister@example.org"),))}
    draft = plans.Draft(
        "card", (Rung(0, (DESK, "s")),), contacts, "Your order.", word="kettle", forced="pot"
    )
    with amina.request() as actor:
        token = plans.arm(actor, amina.case, draft).token
    with journal.unit():
        pressing.press_card(token, once=ids.new())
    phone.take()
    with journal.unit():
        body = answering.open_link(phone.token("sister@example.org")).body
        assert answering.answer(body, "safe", word=" POT ") == "taken"
        assert answering.shown(body).state == "safe"
    assert phone.take() == [INES, "sister@example.org"]
    assert sorted(Alarm.objects.values_list("state", flat=True)) == ["open", "safe"]
    running_now = Alarm.objects.get(state="open")
    with routed.ines.request() as actor:
        assert queries.alarm(actor, running_now.id).silent


@pytest.mark.parametrize("forced", ["kettle", " Kettle"])
def test_two_words_differ(phone, routed, amina, forced) -> None:
    draft = plans.Draft("desk", (Rung(0, (DESK,)),), {}, "x", word="kettle", forced=forced)
    with amina.request() as actor, pytest.raises(Invalid) as wrong:
        plans.arm(actor, amina.case, draft)
    assert "forced" in wrong.value.fields


def test_while_locked_down_nobody_rings_and_nothing_falls_over(phone, routed, amina) -> None:
    second = agree(routed, amina)
    with routed.ines.request() as actor:
        people.lockdown(actor)
    assert server.locked_down()
    enter(second)
    assert phone.take() == []
