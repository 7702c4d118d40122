"""A night on paper moves as a real alarm does."""

from datetime import UTC, datetime

from amparo.alerts.rules import DESK, Contact, Hours, Rung
from amparo.alerts.simulation import Night, Outage, Says

PRESSED = datetime(2026, 3, 7, 22, 40, tzinfo=UTC)
LADDER = [Rung(0, (DESK, "sister")), Rung(5, ("lawyer",)), Rung(10, ("lawyer", DESK))]
PEOPLE = {"sister": Contact(("sms", "mail")), "lawyer": Contact(("sms",))}


def told(night: Night, minutes: float = 60) -> list[tuple[float, str, str]]:
    return [(one.minute, one.who, one.by) for one in night.run(minutes) if one.what == "told"]


def test_a_quiet_night_climbs_to_the_top_and_rings_on() -> None:
    assert told(Night(LADDER, PEOPLE, PRESSED), 20) == [
        (0, DESK, DESK),
        (0, "sister", "sms"),
        (5, "lawyer", "sms"),
        (10, "lawyer", "sms"),
        (10, DESK, DESK),
        (15, "lawyer", "sms"),
        (15, DESK, DESK),
        (20, "lawyer", "sms"),
        (20, DESK, DESK),
    ]


def test_two_outages_delay_no_more_than_they_must() -> None:
    """Without sms for half an hour the sister is reached by mail at once; while the engine stands
    still nothing moves, and when it is back the newest rung alone rings."""
    outages = [Outage("sms", 0, 30), Outage("engine", 4, 11)]
    found = told(Night(LADDER, PEOPLE, PRESSED, outages), 33)
    assert found[:2] == [(0, DESK, DESK), (0, "sister", "mail")]
    assert (11, DESK, DESK) in found
    assert not [one for one in found if 4 < one[0] < 11]
    assert 30 <= min(minute for minute, who, _ in found if who == "lawyer") <= 32


def test_who_is_on_it_keeps_it_still_and_who_spoke_to_them_ends_it() -> None:
    answers = {"sister": Says(2, "on it"), "lawyer": Says(3, "safe")}
    events = Night(LADDER, PEOPLE, PRESSED, (), answers).run(120)
    kept = [one.minute for one in events if one.what == "told"]
    assert kept == [0, 0, 32, 32]
    assert [(one.minute, one.more) for one in events if one.what == "answered"] == [
        (2, "on it: taken"),
        (35, "safe: taken"),
    ]
    assert events[-1].what == "over"


def test_a_wrong_word_ends_nothing() -> None:
    answers = {"sister": Says(2, "safe", word=False)}
    events = Night(LADDER, PEOPLE, PRESSED, (), answers).run(20)
    assert "safe: word" in [one.more for one in events] and events[-1].what == "told"


def test_nobody_to_be_told_is_said() -> None:
    asleep = {"lawyer": Contact(("sms",), Hours("08:00", "20:00"))}
    events = Night([Rung(0, ("lawyer",))], asleep, PRESSED).run(10)
    assert {one.what for one in events} == {"nobody"}
