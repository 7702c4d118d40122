"""Who is on duty, whatever clocks do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.alerts import oncall
from amparo.alerts.oncall import (
    ALL_DAY,
    EVERY_DAY,
    WEEKEND,
    Leave,
    Override,
    Roster,
    Rotation,
    Window,
)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clocks(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


DAYS = Rotation("r", ("ana", "ben", "cho"), "2026-03-02T08:00", "Europe/Madrid", "days")
NIGHTS = (Window(EVERY_DAY, "18:00", "08:00"), Window(WEEKEND, ALL_DAY, ALL_DAY))


# --- changes of clocks ---------------------------------------------------------------------------
# A night of each kind in zones that change by an hour and by half of one, at two, at midnight, in
# the north and in the south; and one that never does.
NIGHTS_OF_CHANGE = [
    ("Europe/Madrid", "2026-03-28"), ("Europe/Madrid", "2026-10-24"),
    ("America/New_York", "2026-03-07"), ("America/New_York", "2026-10-31"),
    ("America/Santiago", "2026-09-05"), ("America/Santiago", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"), ("Australia/Lord_Howe", "2026-04-04"),
    ("Asia/Beirut", "2026-03-28"), ("Africa/Cairo", "2026-04-23"), ("Africa/Cairo", "2026-10-29"),
    ("Asia/Kathmandu", "2026-03-28"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "day"), NIGHTS_OF_CHANGE)
@pytest.mark.parametrize("hour", ["00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "08:00"])
def test_a_hand_over_stays_at_its_local_hour(zone, day, hour):
    rotation = Rotation("r", ("ana", "ben", "cho", "dov"), f"{day}T{hour}", zone, "days")
    since = oncall.change(rotation, 0)
    shifts = oncall.shifts(Roster((rotation,)), since, since + timedelta(days=4))
    assert [one.first for one in shifts[:4]] == [
        "ana",
        "ben",
        "cho",
        "dov",
    ]  # none dropped or doubled
    for number, one in enumerate(shifts[:4]):
        local = one.start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        wanted = datetime.fromisoformat(f"{day}T{hour}") + timedelta(days=number)
        if local != wanted:  # the hour is left out that night: it is the moment of the jump
            before = (one.start - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
            assert before.replace(tzinfo=None) < wanted < local


def test_an_hour_that_is_left_out_hands_over_when_the_clock_jumps():
    rotation = replace(DAYS, begins="2026-03-28T02:30")
    assert oncall.change(rotation, 1) == at("2026-03-29T01:00")
    assert clocks(oncall.change(rotation, 1), "Europe/Madrid") == "2026-03-29 03:00"
    assert oncall.on(Roster((rotation,)), "first", at("2026-03-29T00:59")) == "ana"
    assert oncall.on(Roster((rotation,)), "first", at("2026-03-29T01:00")) == "ben"


def test_an_hour_that_comes_twice_hands_over_once():
    rotation = replace(DAYS, begins="2026-10-24T02:30")
    roster = Roster((rotation,))
    assert oncall.change(rotation, 1) == at("2026-10-25T00:30")  # the first of the two
    for moment in ("2026-10-25T00:30", "2026-10-25T01:29", "2026-10-25T01:31"):
        assert oncall.on(roster, "first", at(moment)) == "ben"


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 11), ("2026-10-24", 13)])
def test_the_shift_of_the_night_is_an_hour_shorter_or_longer(day, hours):
    rotation = Rotation("r", ("ana", "ben"), f"{day}T20:00", "Europe/Madrid", "hours", 12)
    first = oncall.shifts(
        Roster((rotation,)), oncall.change(rotation, 0), oncall.change(rotation, 2)
    )
    assert [one.first for one in first] == ["ana", "ben"]
    assert first[0].end - first[0].start == timedelta(hours=hours)


def test_hours_that_pass_midnight_on_the_night_of_a_change():
    """They end once, at their hour, though it comes twice."""
    window = Window((5,), "18:00", "02:30")
    rotation = replace(DAYS, begins="2026-10-01T18:00", windows=(window,))
    roster = Roster((rotation,))
    spans = [
        one
        for one in oncall.shifts(roster, at("2026-10-24T12:00"), at("2026-10-25T12:00"))
        if one.on
    ]
    assert [(one.start, one.end) for one in spans] == [
        (at("2026-10-24T16:00"), at("2026-10-25T00:30"))
    ]


# --- rotations, overrides, leave -----------------------------------------------------------------
def test_people_follow_one_another():
    days = [oncall.of_rotation(DAYS, at(f"2026-03-0{n}T12:00")) for n in range(1, 8)]
    assert days == ["", "ana", "ben", "cho", "ana", "ben", "cho"]
    weeks = replace(DAYS, unit="weeks", length=2)
    assert oncall.of_rotation(weeks, at("2026-03-16T06:59")) == "ana"
    assert oncall.of_rotation(weeks, at("2026-03-16T07:00")) == "ben"


def test_nights_and_weekends():
    rotation = replace(DAYS, unit="weeks", windows=NIGHTS)
    roster = Roster((rotation,))
    on = {
        "2026-03-03T16:59": "", "2026-03-03T17:00": "ana", "2026-03-04T06:59": "ana",
        "2026-03-04T07:00": "", "2026-03-07T12:00": "ana", "2026-03-08T22:59": "ana",
        "2026-03-09T06:59": "ana", "2026-03-09T07:00": "",
    }  # fmt: skip
    assert {moment: oncall.on(roster, "first", at(moment)) for moment in on} == on
    assert len(oncall.gaps(roster, at("2026-03-02T17:00"), at("2026-03-09T17:00"))) == 5


def test_the_second_line_is_the_deputy():
    roster = Roster((DAYS, replace(DAYS, id="d", people=("ben", "dov"), line="second")))
    assert oncall.shifts(roster, at("2026-03-02T08:00"), at("2026-03-02T09:00"))[0].on == (
        "ana",
        "ben",
    )
    twice = oncall.shifts(roster, at("2026-03-06T08:00"), at("2026-03-06T09:00"))[0]
    assert twice.first == twice.second == "ben"
    assert twice.on == ("ben",)


def test_the_first_rotation_that_has_somebody_counts():
    nights = replace(DAYS, id="n", people=("nia",), windows=NIGHTS)
    roster = Roster((nights, DAYS))
    assert oncall.on(roster, "first", at("2026-03-03T20:00")) == "nia"
    assert oncall.on(roster, "first", at("2026-03-03T12:00")) == "ben"


SWAP = Override("s", "cho", at("2026-03-02T00:00"), at("2026-03-04T00:00"), instead="ana")
ON = Override("o", "dov", at("2026-03-02T12:00"), at("2026-03-02T14:00"))


def test_an_override_is_for_the_line_and_a_swap_for_a_person():
    roster = Roster((DAYS,), (SWAP, ON))
    on = {
        "2026-03-02T11:00": "cho", "2026-03-02T12:00": "dov", "2026-03-02T14:00": "cho",
        "2026-03-03T12:00": "ben",
    }  # fmt: skip
    assert {moment: oncall.on(roster, "first", at(moment)) for moment in on} == on


def test_swaps_follow_one_another_and_no_circle_turns_for_ever():
    further = replace(SWAP, id="t", person="dov", instead="cho")
    back = replace(SWAP, id="u", person="ana", instead="dov")
    moment = at("2026-03-02T12:00")
    assert oncall.on(Roster((DAYS,), (SWAP, further)), "first", moment) == "dov"
    assert oncall.on(Roster((DAYS,), (SWAP, further, back)), "first", moment) == "ana"


def test_whoever_was_put_on_is_on_whatever_they_had_swapped_before():
    put = Override("p", "ana", at("2026-03-02T12:00"), at("2026-03-02T14:00"))
    assert oncall.on(Roster((DAYS,), (SWAP, put)), "first", at("2026-03-02T13:00")) == "ana"
    assert oncall.on(Roster((DAYS,), (put, SWAP)), "first", at("2026-03-02T13:00")) == "cho"


def test_who_is_on_leave_or_has_left_is_not_on():
    leave = Leave("l", "ana", at("2026-03-02T10:00"), at("2026-03-02T20:00"))
    roster = Roster((DAYS,), (), (leave,))
    assert oncall.on(roster, "first", at("2026-03-02T09:00")) == "ana"
    assert oncall.on(roster, "first", at("2026-03-02T12:00")) == ""
    assert oncall.on(replace(roster, overrides=(SWAP,)), "first", at("2026-03-02T12:00")) == "cho"
    away = replace(leave, person="cho")
    assert oncall.on(Roster((DAYS,), (SWAP,), (away,)), "first", at("2026-03-02T12:00")) == ""
    assert (
        oncall.on(Roster((DAYS,), gone=frozenset({"ana"})), "first", at("2026-03-02T09:00")) == ""
    )


def test_when_somebody_is_on_again():
    rotation = replace(DAYS, windows=NIGHTS)
    assert oncall.next_on(Roster((rotation,)), at("2026-03-03T12:00")) == at("2026-03-03T17:00")
    assert oncall.next_on(Roster((rotation,)), at("2026-03-03T18:00")) == at("2026-03-03T18:00")
    assert oncall.next_on(Roster(), at("2026-03-03T18:00")) is None


def test_changes_name_who_goes_and_who_comes():
    found = oncall.changes(Roster((DAYS,), (SWAP,)), at("2026-03-02T12:00"), at("2026-03-05T12:00"))
    assert [(clocks(one.at, "UTC"), one.giver, one.taker) for one in found] == [
        ("2026-03-03 07:00", "cho", "ben"),
        ("2026-03-04 07:00", "ben", "cho"),
        ("2026-03-05 07:00", "cho", "ana"),
    ]
    alone = Roster((replace(DAYS, people=("ana",)),))
    assert oncall.changes(alone, at("2026-03-02T12:00"), at("2026-03-05T12:00")) == []
    nights = Roster((replace(DAYS, windows=NIGHTS),))
    assert oncall.changes(nights, at("2026-03-03T12:00"), at("2026-03-04T12:00")) == []


def test_what_a_roster_lacks_is_named():
    now = at("2026-03-03T12:00")
    leave = Leave("l", "cho", at("2026-03-04T07:00"), at("2026-03-05T07:00"))
    roster = Roster((DAYS,), (), (leave,), frozenset({"ben"}))
    found = oncall.lacks(roster, now, reached=["ben", "cho"])
    assert [one.what for one in found if one.person == "ben"] == ["left"]
    assert [(one.start, one.end) for one in found if one.what == "on leave"] == [
        (leave.start, leave.end)
    ]
    assert [one.person for one in found if one.what == "no route"] == ["ana"]
    assert found[0].what == "gap"
    assert found[0].start == now
    assert oncall.lacks(Roster((DAYS,)), now, reached=["ana", "ben", "cho"]) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"people": ()}, "people"), ({"people": ("ana", "ana")}, "people"),
        ({"unit": "months"}, "unit"), ({"unit": "hours", "length": 3}, "length"),
        ({"length": 0}, "length"), ({"begins": "soon"}, "begins"),
        ({"begins": "2026-03-02T08:00+00:00"}, "begins"), ({"zone": "Nowhere/Land"}, "zone"),
        ({"zone": "../etc"}, "zone"), ({"begins": "0001-01-01T08:00"}, "begins"),
        ({"begins": "9999-12-31T08:00"}, "begins"),
    ],
)  # fmt: skip
def test_what_keeps_a_rotation_from_being_kept(wrong, field):
    assert oncall.faults(DAYS) == {}
    assert field in oncall.faults(replace(DAYS, **wrong))


# --- whatever happens ----------------------------------------------------------------------------
ZONES = st.sampled_from([zone for zone, _day in NIGHTS_OF_CHANGE] + ["UTC", "Antarctica/Troll"])
PEOPLE = ("ana", "ben", "cho", "dov")
START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 365 * 24 * 4).map(lambda n: START + timedelta(minutes=15 * n))
HOURS = st.sampled_from(["00:00", "02:00", "02:30", "03:00", "08:00", "18:15"])
WINDOWS = st.builds(Window, st.sets(st.integers(0, 6), min_size=1).map(tuple), HOURS, HOURS)
LENGTHS = st.sampled_from([("hours", 4), ("hours", 12), ("days", 1), ("days", 3), ("weeks", 1)])


@st.composite
def rotations(draw):
    unit, length = draw(LENGTHS)
    return Rotation(
        "r", tuple(draw(st.permutations(PEOPLE))[: draw(st.integers(1, 4))]),
        f"2026-0{draw(st.integers(1, 9))}-05T{draw(HOURS)}", draw(ZONES), unit, length,
        draw(st.sampled_from(oncall.LINES)), tuple(draw(st.lists(WINDOWS, max_size=2))),
    )  # fmt: skip


def spans(kind, **more):
    return st.builds(
        lambda person, start, hours, **given: kind("x", person, start, start + hours, **given),
        st.sampled_from(PEOPLE), MOMENTS,
        st.integers(1, 400).map(lambda n: timedelta(hours=n)), **more,
    )  # fmt: skip


ROSTERS = st.builds(
    Roster,
    st.lists(rotations(), min_size=1, max_size=3).map(tuple),
    st.lists(
        spans(Override, line=st.sampled_from(oncall.LINES), instead=st.sampled_from(("", *PEOPLE))),
        max_size=4,
    ).map(tuple),
    st.lists(spans(Leave), max_size=3).map(tuple),
    st.sets(st.sampled_from(PEOPLE), max_size=1).map(frozenset),
)


@given(ROSTERS, MOMENTS, st.integers(1, 21), st.data())
def test_a_span_says_what_each_of_its_moments_says(roster, since, days, data):
    """One person at most in each line at each moment; spans tile, without a hole or an overlap; and
    nobody is on who is away."""
    until = since + timedelta(days=days)
    found = oncall.shifts(roster, since, until)
    assert (found[0].start, found[-1].end) == (since, until)
    assert all(one.start < one.end for one in found)
    assert all(before.end == after.start for before, after in pairwise(found))
    seconds = st.integers(0, days * 24 * 3600 - 1)
    edges = [one.start for one in found] + [one.end - timedelta(seconds=1) for one in found]
    for moment in [*edges, *(since + timedelta(seconds=data.draw(seconds)) for _ in range(5))]:
        (inside,) = [one for one in found if one.start <= moment < one.end]
        for line, person in (("first", inside.first), ("second", inside.second)):
            assert oncall.on(roster, line, moment) == person
            assert not person or not oncall.is_away(roster, person, moment)


@given(rotations(), st.integers(0, 400))
def test_turns_of_a_rotation_come_one_after_the_other(rotation, number):
    here, next_ = oncall.change(rotation, number), oncall.change(rotation, number + 1)
    assert here < next_
    assert oncall.turn(rotation, here) == number
    assert oncall.turn(rotation, next_ - timedelta(seconds=1)) == number


@given(ROSTERS)
def test_a_roster_is_read_back_from_its_document(roster):
    doc = {
        "rotations": [oncall.doc_of(one) for one in roster.rotations],
        "overrides": [
            {**vars(one), "start": one.start.isoformat(), "end": one.end.isoformat()}
            for one in roster.overrides
        ],
        "leaves": [
            {**vars(one), "start": one.start.isoformat(), "end": one.end.isoformat()}
            for one in roster.leaves
        ],
    }
    there = oncall.roster_of(doc, set(PEOPLE) - roster.gone)
    assert replace(there, gone=roster.gone) == roster
    assert there.gone == roster.people() & roster.gone
