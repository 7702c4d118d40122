"""The directory's rules: hours over changes of clocks, areas, and how long a conversation counts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.messages import ways
from amparo.messages.ways import Way
from amparo.people import listing
from amparo.people.listing import Span

OFFICE = [Span("12345", "09:00", "17:00")]
NIGHT = [Span("5", "22:00", "06:00")]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-03-27T08:00", True),  # 09:00 in winter
        ("2026-03-27T07:59", False),
        ("2026-03-30T07:00", True),  # 09:00 in summer: the clocks went forward on the 29th
        ("2026-03-30T06:59", False),
        ("2026-03-30T15:00", False),  # 17:00
        ("2026-03-28T10:00", False),  # a Saturday
        ("2026-10-26T08:00", True),  # back again
        ("2026-10-26T07:30", False),
    ],
)
def test_hours_go_by_the_clock_on_their_wall(when: str, is_open: bool) -> None:
    assert listing.is_open(OFFICE, "Europe/Madrid", at(when)) is is_open


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-11-27T22:00", True),  # Friday night
        ("2026-11-28T05:59", True),  # is Saturday morning
        ("2026-11-28T06:00", False),
        ("2026-11-28T22:30", False),
        ("2026-11-27T05:00", False),  # Thursday's night is not named
    ],
)
def test_a_night_passes_midnight(when: str, is_open: bool) -> None:
    assert listing.is_open(NIGHT, "UTC", at(when)) is is_open


ZONES = st.sampled_from(["UTC", "America/Bogota", "Africa/Casablanca", "Asia/Kathmandu"])


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), ZONES)
def test_the_same_hour_twice_is_the_whole_day_and_no_hours_are_any(when: datetime, zone: str):
    now = when.replace(tzinfo=UTC)
    assert listing.is_open([Span("1234567", "10:00", "10:00")], zone, now)
    assert listing.is_open([], zone, now)


def test_who_works_in_a_country_works_in_its_divisions() -> None:
    assert listing.serves(["CO"], "CO-ANT") and listing.serves(["CO-ANT"], "CO")
    assert listing.serves([], "XK") and listing.serves(["CO"], "")
    assert not listing.serves(["CO-ANT"], "CO-AMA") and not listing.serves(["CO"], "CR")
    for finer in ("CO-ANT-001", "Medellín", "CO ANT", "co", "CO-"):
        assert not listing.AREA.fullmatch(finer)


def test_a_conversation_counts_for_ninety_days_and_is_asked_for_a_fortnight_before() -> None:
    spoke = date(2026, 5, 1)
    for days, stale, left in ((0, False, None), (75, False, None), (76, False, 14), (90, False, 0)):
        today = spoke + timedelta(days=days)
        assert (listing.is_stale(spoke, today), listing.days_left(spoke, today)) == (stale, left)
    assert listing.is_stale(spoke, spoke + timedelta(days=91))
    assert listing.is_stale(None, spoke) and listing.days_left(None, spoke) == 0


def doc(**more: object) -> dict[str, object]:
    return {
        "kind": "person", "name": "R.", "services": ["lawyer"], "areas": ["CO"], "languages": ["es"],
        "zone": "America/Bogota", "hours": [], "ways": [], "conditions": "", "exercise": False,
        "vetting": {"by": "a", "second": "b"}, "verified": {"on": "2026-05-01"}, "retired": "",
    } | more  # fmt: skip


def test_two_different_people_vouch_and_one_counts_once() -> None:
    assert listing.vetting_of(doc()) == "two"
    assert listing.vetting_of(doc(vetting={"by": "a", "second": "a"})) == "one"
    assert listing.vetting_of(doc(vetting={"by": ""})) == "none"
    assert listing.vetting_of(doc(vetting={"by": "a", "second": "b", "refused": "x"})) == "refused"


def test_a_new_number_beside_a_trusted_name_is_not_trusted() -> None:
    before = doc()
    assert listing.changed(before, before | {"conditions": "only women"})["verified"]["on"]
    for change in ({"ways": [{"channel": "sms"}]}, {"name": "S."}, {"kind": "authority"}):
        after = listing.changed(before, before | change)
        assert not after["verified"]["on"] and listing.vetting_of(after) == "none"


def test_ways_are_used_within_their_safe_hours_and_calls_are_never_sent() -> None:
    found = [Way("call", "+573001"), Way("sms", "+573001234", "08:00-18:00"), Way("mail", "a@b")]
    night, day = at("2026-11-28T06:00"), at("2026-11-28T15:00")  # 01:00 and 10:00 in Bogotá
    assert [one.channel for one in ways.to_send(found, "America/Bogota", night)] == ["mail"]
    assert [one.channel for one in ways.to_send(found, "America/Bogota", day)] == ["sms", "mail"]
    assert ways.fault(Way("pigeon", "x")) == "choose" and ways.fault(Way("sms", "12")) == "form"
    assert ways.fault(Way("mail", "a@b", "8-18")) == "hours"
    assert ways.of_docs([one.doc for one in found]) == found
