"""The log of calls: what is agreed about ringing somebody up holds, and a call can end an alarm."""

from datetime import UTC, datetime, timedelta

import pytest

from amparo.alerts.models import Alarm
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans, pressing
from amparo.casework import queries, rules
from amparo.casework.models import Call
from amparo.casework.services import calls, desk
from amparo.casework.services.calls import Said
from amparo.foundation import clock, ids
from amparo.foundation.errors import Conflict, Invalid, Refused
from tests import make
from tests.make import Defender, House


@pytest.fixture
def amina(house: House) -> Defender:
    made = make.ask("They may come tonight.")
    make.take(house.ines, made.case)
    return made


def reach(house: House, amina: Defender, *lines: tuple[str, str]) -> None:
    with house.ines.request() as ines:
        found = [{"how": how, "text": text} for how, text in lines]
        desk.set_reach(ines, amina.case, reach=found)


def at(hour: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-24T{hour}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "hour", "why"),
    [
        ([], "12:00", "not agreed"),
        ([("text", "any")], "12:00", "not agreed"),
        ([("call", "any time")], "03:00", ""),
        ([("call", "18:00–20:00")], "19:59", ""),
        ([("call", "18:00 - 20:00")], "20:00", "hours"),
        ([("call", "after 22:00-02:00, not else")], "01:00", ""),
        ([("call", "09:00-10:00 or 18:00-19:00")], "18:30", ""),
        ([("call", "09:00-10:00"), ("never", "the phone is shared")], "09:30", "never"),
    ],
)
def test_when_somebody_is_not_to_be_rung_up(lines, hour, why):
    found = [{"how": how, "text": text} for how, text in lines]
    assert rules.against(found, at(hour)) == why


def test_a_call_against_what_was_agreed_wants_a_reason_and_is_written_down(house, amina):
    reach(house, amina, ("call", "Evenings"), ("never", "Not on the old number"))
    with house.ines.request() as ines:
        for log in (
            lambda: desk.log_call(ines, amina.case, outcome="reached"),
            lambda: calls.log(
                ines, Said("reached", case=amina.case, them=True, text="x"), once=ids.new()
            ),
        ):
            with pytest.raises(Invalid) as error:
                log()
            assert error.value.fields == {"reason": "against never"}
        assert not Call.objects.exists()
        desk.log_call(ines, amina.case, outcome="reached", reason="The house burns.")
        desk.log_call(ines, amina.case, outcome="reached", incoming=True)
        first = [one for one in queries.case(ines, amina.case).thread.messages if one.against]
    assert [(one.against, one.why) for one in first] == [("never", "The house burns.")]


def test_a_call_about_a_case_stands_in_the_case_and_in_the_log_only_that_it_was(house, amina):
    reach(house, amina, ("call", "any time"))
    at_ = clock.now() + timedelta(hours=2)
    said = Said(
        "call back", "her sister's phone", "She is in the bus.", case=amina.case, them=True,
        next_step="Ring again", next_at=at_,
    )  # fmt: skip
    once = ids.new()
    with house.ines.request() as ines:
        assert calls.log(ines, said, once=once) is False
        (line,) = calls.listed(ines)
        with pytest.raises(Conflict):
            calls.log(ines, said, once=once)
        texts = [one.text for one in queries.case(ines, amina.case).thread.messages]
    assert texts.count("She is in the bus.") == 1
    assert (line.text, line.who, line.case, line.next_at) == ("", "", amina.case, at_)
    with house.ines.request() as ines:
        calls.done(ines, line.id)
        assert calls.listed(ines)[0].next_at is None


def test_what_is_typed_opens_to_those_on_duty_and_for_ninety_days(house):
    once = ids.new()
    with house.ines.request() as ines:
        calls.log(ines, Said("reached", "the hotline", "They saw two cars."), once=once)
        with pytest.raises(Conflict):
            calls.log(ines, Said("reached", "the hotline", "They saw two cars."), once=once)
        assert calls.listed(ines)[0].text == "They saw two cars."
    clear = repr([row.__dict__ for alias in ("default", "keystore") for row in make.rows_of(alias)])
    assert "two cars" not in clear and "hotline" not in clear
    with house.hire("noor", "legal").request() as noor, pytest.raises(Refused):
        calls.listed(noor)
    clock.forward(timedelta(days=91))
    with house.ines.request() as ines:
        assert calls.listed(ines) == []
        assert Call.objects.filter(id=once).exists()  # to look writes nothing
        calls.log(ines, Said("reached", "the market"), once=ids.new())
    assert not Call.objects.filter(id=once).exists() and Call.objects.count() == 1


@pytest.mark.parametrize(
    "said",
    [
        Said("maybe"), Said("call back"), Said("reached", them=True), Said("reached", sure="spoke"),
        Said("no answer", them=True, sure="word"), Said("reached", text="x" * 70_000),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(house, said):
    with house.ines.request() as ines, pytest.raises(Invalid):
        calls.log(ines, said, once=ids.new())
    assert not Call.objects.exists()


def test_who_spoke_to_the_person_ends_the_alarm_and_nobody_else_does(house, amina):
    reach(house, amina, ("call", "any time"))
    draft = plans.Draft("card", (Rung(0, (DESK,)),), {}, "Your order is ready.")
    with house.ines.request() as ines:
        plan = plans.arm(ines, amina.case, draft).id
        alarm = pressing.press_for(ines, amina.case, plan, once=ids.new()).alarm
        calls.log(ines, Said("reached", alarm=alarm, who="her sister"), once=ids.new())
        assert Alarm.objects.get().state == "open"
        with pytest.raises(Invalid):
            calls.log(ines, Said("reached", alarm=alarm, sure="spoke"), once=ids.new())
        ended = calls.log(
            ines, Said("reached", alarm=alarm, them=True, sure="spoke"), once=ids.new()
        )
    assert ended and Alarm.objects.get().state == "safe"
    with house.tomas.request() as tomas:
        again = Said("reached", alarm=alarm, them=True, sure="word")
        assert calls.log(tomas, again, once=ids.new()) is False
