"""How a ladder climbs: nobody is skipped, nothing falls silent, what is late changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.alerts import rules
from amparo.alerts.rules import DESK, Contact, Hours, Rung

PRESSED = datetime(2026, 3, 7, 22, 0, tzinfo=UTC)
SISTER = Contact(("mail",), verified=True)
LADDER = [
    Rung(0, (DESK,)),
    Rung(5, ("sister",)),
    Rung(10, ("lawyer", DESK)),
    Rung(20, ("hotline",)),
]
PEOPLE = {"sister": SISTER, "lawyer": SISTER, "hotline": SISTER}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def moves(ladder, people, until: float, *, desk=True):
    """(minute, who is told) of a ladder that nobody answers and the engine never misses."""
    step, now, found = -1, PRESSED, []
    while now <= PRESSED + minutes(until):
        move = rules.climb(ladder, people, step=step, pressed_at=PRESSED, now=now, desk=desk)
        found.append(((now - PRESSED) / minutes(1), move.to))
        step, now = move.step, move.due_at
    return found


def test_each_rung_rings_at_its_minute_and_the_last_one_goes_on():
    assert moves(LADDER, PEOPLE, 30) == [
        (0, (DESK,)),
        (5, ("sister",)),
        (10, ("lawyer", DESK)),
        (20, ("hotline",)),
        (25, ("hotline",)),
        (30, ("hotline",)),
    ]


def test_a_rung_with_nobody_to_reach_is_fallen_through_at_once():
    asleep = Contact(("mail",), Hours("08:00", "20:00", "UTC"))
    people = PEOPLE | {"sister": asleep}
    assert moves(LADDER, people, 11)[:2] == [(0, (DESK,)), (5, ("lawyer", DESK))]
    move = rules.climb(LADDER, people, step=0, pressed_at=PRESSED, now=PRESSED + minutes(5))
    assert move.passed == (1,)


def test_when_the_last_rung_sleeps_whoever_is_awake_is_told():
    asleep = Contact(("mail",), Hours("08:00", "20:00", "UTC"))
    found = moves(LADDER, PEOPLE | {"hotline": asleep}, 20)
    assert found[-1] == (20, (DESK, "sister", "lawyer"))


def test_after_a_long_silence_only_the_newest_rung_rings():
    move = rules.climb(LADDER, PEOPLE, step=0, pressed_at=PRESSED, now=PRESSED + timedelta(days=30))
    assert (move.step, move.to) == (3, ("hotline",))


def test_a_move_that_came_late_moves_no_later_one():
    late = PRESSED + minutes(7)
    move = rules.climb(LADDER, PEOPLE, step=0, pressed_at=PRESSED, now=late)
    assert move.due_at == PRESSED + minutes(10)


def test_after_a_rung_that_was_told_early_the_next_waits_its_usual_time():
    early = rules.climb(LADDER, PEOPLE, step=0, pressed_at=PRESSED, now=PRESSED + minutes(1))
    assert early.step == 1 and early.due_at == PRESSED + minutes(6)


@pytest.mark.parametrize(
    ("zone", "at", "held"),
    [
        ("UTC", "2026-03-07T21:59", True),
        ("UTC", "2026-03-07T22:00", False),
        ("UTC", "2026-03-08T05:59", False),
        ("UTC", "2026-03-08T06:00", True),
        (
            "Europe/Paris",
            "2026-03-29T03:59",
            False,
        ),  # 05:59 there, an hour after the clocks went on
        ("Europe/Paris", "2026-03-29T04:00", True),
        ("Europe/Paris", "2026-10-25T04:59", False),  # 05:59 there, after they went back
        ("Europe/Paris", "2026-10-25T05:00", True),
    ],
)
def test_hours_are_those_of_the_place(zone, at, held):
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert Hours("06:00", "22:00", zone).hold(now) is held


def test_hours_may_pass_midnight_or_be_always():
    night = Hours("20:00", "06:00", "UTC")
    assert night.hold(PRESSED) and not night.hold(PRESSED.replace(hour=12))
    assert Hours().hold(PRESSED) and Hours("08:00", "08:00").hold(PRESSED)


# --- whatever the ladder ---
NAMES = ("a", "b", "c")
contacts = st.dictionaries(
    st.sampled_from(NAMES),
    st.builds(
        Contact,
        st.sampled_from([(), ("mail",), ("mail", "sms")]),
        st.sampled_from([Hours(), Hours("08:00", "20:00"), Hours("20:00", "08:00", "Asia/Tehran")]),
        st.booleans(),
    ),
)
ladders = st.lists(
    st.tuples(
        st.integers(0, 200), st.lists(st.sampled_from([DESK, *NAMES]), max_size=3, unique=True)
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one[0],
).map(lambda found: [Rung(at, tuple(to)) for at, to in sorted(found)])


@given(ladders, contacts, st.booleans(), st.floats(0, 3000), st.data())
def test_an_alarm_never_falls_silent(ladder, people, desk, late, data):
    """Whatever the ladder, wherever it stands, however late: it moves again within the time of the
    next rung or of the top's ring, never backwards, and tells somebody if anybody can be told."""
    step = data.draw(st.integers(-1, len(ladder) - 1))
    now = PRESSED + minutes(late)
    move = rules.climb(ladder, people, step=step, pressed_at=PRESSED, now=now, desk=desk)
    assert now < move.due_at
    assert move.due_at <= max(now, PRESSED + minutes(rules.LATEST)) + minutes(rules.TOP_RINGS)
    assert step <= move.step < len(ladder)
    assert move.step > step or step == len(ladder) - 1
    everybody = Rung(0, tuple(name for rung in ladder for name in rung.to))
    if rules.reachable(everybody, people, now, desk=desk):
        assert move.to
    assert set(move.to) <= set(everybody.to)
    # No rung that could have been told and was due later than the one told is skipped.
    for at in range(step + 1, move.step):
        due_or_empty = ladder[at].at * 60 <= late * 60 or not rules.reachable(
            ladder[at], people, now, desk=desk
        )
        assert due_or_empty


# --- answers ---
@pytest.mark.parametrize(
    ("answer", "state", "step", "asked_at", "word", "effect"),
    [
        ("on it", "open", 2, 2, False, "taken"),
        ("on it", "open", 2, 0, False, "late"),  # a late one stops no newer step
        ("on it", "answered", 2, 2, False, "over"),
        ("on it", "safe", 2, 2, False, "over"),
        ("safe", "open", 2, 0, False, "word"),
        ("safe", "open", 2, 0, True, "taken"),
        ("safe", "answered", 2, 0, True, "taken"),
        ("safe", "back", 2, 0, True, "over"),
        ("escalate", "open", 2, 2, False, "moved"),
        ("escalate", "open", 3, 2, False, "late"),  # a late one skips no newer step
        ("escalate", "answered", 2, 2, False, "late"),
        ("stop", "open", 2, 2, False, "silent"),
        ("stop", "closed", 2, 2, False, "silent"),
    ],
)
def test_what_an_answer_does(answer, state, step, asked_at, word, effect):
    found = rules.effect(answer, state=state, step=step, asked_at=asked_at, word_is_right=word)
    assert found == effect


@pytest.mark.parametrize(
    ("more", "state", "effect"),
    [
        ({"spoke": True}, "open", "confirm"),
        ({"spoke": True}, "answered", "confirm"),
        ({"spoke": True, "confirms": True}, "open", "taken"),
        ({"confirms": True}, "open", "word"),
        ({"spoke": True, "confirms": True}, "back", "over"),
    ],
)
def test_without_the_word_two_must_have_spoken_to_them(more, state, effect):
    given = {"state": state, "step": 2, "asked_at": 0, "word_is_right": False}
    assert rules.effect("safe", **given, **more) == effect


@pytest.mark.parametrize(
    ("minutes", "times", "may"),
    [(11, 0, False), (10, 0, True), (0, 2, True), (0, 3, False), (-1, 0, True)],
)
def test_who_is_on_it_may_go_on_near_the_end_and_not_for_ever(minutes, times, may):
    assert rules.may_prolong(left=timedelta(minutes=minutes), times=times) is may
    found = rules.effect(
        "on it", state="answered", step=1, asked_at=0, word_is_right=False, may_prolong=may
    )
    assert found == ("still" if may else "over")


# --- plans that would fail ---
def test_a_good_plan_has_no_fault():
    assert rules.faults(LADDER, PEOPLE) == []


@pytest.mark.parametrize(
    ("ladder", "people", "what", "grave"),
    [
        ([], {}, "nobody", True),
        ([Rung(0, ())], {}, "nobody", True),
        ([Rung(0, (DESK,)), Rung(5, ())], {}, "empty step", False),
        ([Rung(5, (DESK,)), Rung(5, (DESK,))], {}, "order", True),
        ([Rung(0, (DESK,)), Rung(2000, (DESK,))], {}, "order", True),
        ([Rung(0, (DESK, "x"))], {}, "unknown", True),
        ([Rung(0, ("a",))], {"a": SISTER}, "no desk", False),
        ([Rung(0, (DESK, "a"))], {"a": Contact((), verified=True)}, "no way", True),
        ([Rung(0, (DESK, "a"))], {"a": Contact(("mail",), Hours(zone="Moon"))}, "zone", True),
        ([Rung(0, (DESK,))], {"a": SISTER}, "never told", False),
        ([Rung(0, (DESK, "a"))], {"a": Contact(("mail",))}, "not tried", False),
        ([Rung(at, (DESK,)) for at in range(13)], {}, "too many", True),
    ],
)  # fmt: skip
def test_what_a_plan_lacks_is_named(ladder, people, what, grave):
    found = {fault.what: fault.grave for fault in rules.faults(ladder, people)}
    assert found.get(what) is grave
