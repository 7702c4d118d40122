"""Whatever happens in whatever order, a pressed alarm is never lost, never silent, and once it has
ended it never rings again."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from amparo.alerts import jobs, queries
from amparo.alerts.models import Alarm
from amparo.alerts.rules import DESK, RUNNING, TOP_RINGS, Rung
from amparo.alerts.services import answering, plans, pressing, running
from amparo.alerts.services.plans import Draft, Person
from amparo.engine import alarms
from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Conflict, NotFound
from amparo.messages import channels, ringing, rules
from amparo.messages.models import Ringing
from tests import make
from tests.make import House

ANN, BEN, CAN, OTHER = (f"{name}@example.org" for name in ("ann", "ben", "can", "other"))
LADDER = (Rung(0, (DESK, "ann")), Rung(5, ("ben",)), Rung(15, ("ann", "can")))
PEOPLE = {name: Person(name, (("mail", f"{name}@example.org"),)) for name in ("ann", "ben", "can")}
ELSE = {"other": Person("other", (("mail", OTHER),))}

names = st.sampled_from([ANN, BEN, CAN])
deeds = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 29, 31, 240, 301, 1801, 3_000_000])),
    st.tuples(st.just("time passes"), st.sampled_from([1, 301, 601, 1801, 50_000])),
    st.tuples(st.just("engine")),
    st.tuples(st.just("press again")),
    st.tuples(st.just("take back")),
    st.tuples(st.just("answer"), names, st.sampled_from(["on it", "safe", "escalate", "stop"])),
    st.tuples(st.just("word"), names),
    st.tuples(st.just("has spoken"), names),
    st.tuples(st.just("killed while sending")),
    st.tuples(st.just("channel"), st.booleans()),
    st.tuples(st.just("desk takes")),
    st.tuples(st.just("desk rings on")),
    st.tuples(st.just("desk closes")),
    st.tuples(st.just("plan is changed")),
)


class Night:
    """One alarm, everything that is done about it, and what must hold after each of it."""

    def __init__(self, house: House) -> None:
        self.house, self.defender, self.up = house, make.ask(), True
        self.sent: list[tuple[str, str]] = []
        self.bodies: dict[str, dict[str, object]] = {}
        self.card, self.once = self.arm(LADDER, PEOPLE), ids.new()
        with journal.unit():
            self.alarm = pressing.press_card(self.card, once=self.once).alarm
        self.ended, self.step, self.taken_at, self.silent = False, 0, False, set()
        self.first_card = self.card
        self.said_safe: set[str] = set()

    def arm(self, ladder, people) -> str:
        with self.defender.request() as actor:
            draft = Draft("card", ladder, people, "The parcel is here.", word="blue kettle")
            return plans.arm(actor, self.defender.case, draft).token

    def take_in(self, channel: str, address: str, idem: str, *, text: str = rules.TEXT) -> None:
        if not self.up:
            raise OSError
        self.sent.append((address, text))

    def engine(self) -> list[str]:
        """The engine runs; whom it reached. Whoever was reached opens their link."""
        before = self.row
        with journal.unit():
            while jobs.climb_due():
                pass
            after = self.row
            if before.due_at is not None and before.due_at <= clock.now():
                assert after.state == "open" and after.version > before.version
            ringing.send_due()
            found, self.sent = self.sent, []
            for address, text in found:
                token = re.search(r"/a/([\w-]+)", text)
                if token is not None:
                    self.bodies[address] = body = answering.open_link(token[1]).body
                    assert (body["what"] == "clear") == (after.state not in RUNNING)
        return [address for address, _ in found]

    @property
    def row(self) -> Alarm:
        return Alarm.objects.get(id=self.alarm)

    def at_the_desk(self, deed) -> None:
        with self.house.ines.request() as ines:
            row = next((one for one in queries.alarms(ines) if one.id == self.alarm), None)
            if row is not None:
                deed(ines, row)

    def do(self, deed: str, *given) -> None:
        before = self.row
        match deed:
            case "wait":
                clock.forward(timedelta(seconds=given[0]))
            case "time passes":
                clock.forward(timedelta(seconds=given[0]))
                self.engine()
            case "engine":
                self.engine()
            case "press again":
                with journal.unit():
                    try:
                        again = pressing.press_card(self.first_card, once=self.once)
                        assert again.alarm == self.alarm and again.again
                    except NotFound:
                        assert self.card != self.first_card
            case "take back":
                with journal.unit(), suppress(Conflict, NotFound):
                    pressing.take_back(self.first_card, press=self.once)
            case "answer" | "word":
                self.answers(before, *given)
            case "has spoken":
                self.spoke(before, *given)
            case "killed while sending":
                ringing.claim(2)
            case "channel":
                self.up = given[0]
            case "desk takes":
                with suppress(Conflict):  # who is on it already says so again near the end only
                    self.at_the_desk(
                        lambda who, row: answering.take(who, row.id, version=row.version)
                    )
            case "desk rings on":
                self.at_the_desk(
                    lambda who, row: answering.ring_on(who, row.id, version=row.version)
                )
            case "desk closes":
                self.at_the_desk(
                    lambda who, row: answering.close(who, row.id, version=row.version, how="spoke")
                )
            case "plan is changed":
                self.card = self.arm((Rung(0, ("other",)),), ELSE)
        self.holds(before)

    def answers(self, before: Alarm, address: str, what: str = "safe") -> None:
        body = self.bodies.get(address)
        if body is None:
            return
        word = "" if what != "safe" else "blue kettle"
        with journal.unit():
            effect = answering.answer(body, what, word=word)
        after = self.row
        if before.state == "open" and what in {"on it", "escalate"}:
            assert (effect == "late") == (body["step"] < before.step)
        if effect == "late":
            assert (after.step, after.state, after.due_at) == (
                before.step,
                before.state,
                before.due_at,
            )
        if effect == "over":
            assert before.state not in RUNNING or before.state == "answered"
            assert after.state == before.state
        if what == "safe" and before.state in RUNNING:
            assert effect == "taken" and after.state == "safe"

    def spoke(self, before: Alarm, address: str) -> None:
        body = self.bodies.get(address)
        if body is None:
            return
        with journal.unit():
            effect = answering.answer(body, "safe", spoke=True)
        if before.state in RUNNING:
            others = self.said_safe - {address}
            assert effect == ("taken" if others else "confirm")
            assert self.row.state in (("safe",) if others else RUNNING)
            self.said_safe.add(address)

    def holds(self, before: Alarm) -> None:
        after = self.row
        assert after.step >= before.step
        if before.state not in RUNNING:
            assert after.state == before.state, "an alarm that has ended begins again"
        if after.state in RUNNING:
            assert after.due_at is not None and bytes(after.ladder), "nothing will ring any more"
            longest = timedelta(minutes=30 if after.state == "answered" else 10)
            assert after.due_at <= clock.now() + longest, "it rings too late"
        else:
            assert after.due_at is None and not bytes(after.ladder) and not bytes(after.desk)

    def ends_well(self) -> None:
        """At last everything works again: it rings until it is closed, and never after."""
        self.up = True
        reached = []
        for _ in range(8):
            clock.forward(timedelta(minutes=TOP_RINGS * 2))
            reached += self.engine()
            self.holds(self.row)
        if self.row.state in RUNNING:
            silent = {"ann", "ben", "can"} <= self.left_alone()
            assert reached or silent, "it rings and nobody hears it"
            assert OTHER not in reached, "a changed plan changes a running alarm"
            self.at_the_desk(
                lambda who, row: answering.close(who, row.id, version=row.version, how="spoke")
            )
            self.engine()
        assert not Ringing.objects.filter(origin=self.alarm).exists()
        clock.forward(timedelta(days=2))
        assert self.engine() == [], "it rings after its end"

    def left_alone(self) -> set[str]:
        return set(running.open_ladder(self.row)["silent"])


@pytest.mark.timeout(300)
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to shrink a night takes hours
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(deeds, max_size=14))
def test_an_alarm_is_never_lost_and_an_answered_one_falls_silent(
    house: House, monkeypatch: pytest.MonkeyPatch, night: list[tuple[object, ...]]
) -> None:
    story = Night(house)
    monkeypatch.setattr(channels, "send", story.take_in)
    monkeypatch.setattr(channels, "reaches", lambda channel: True)
    try:
        for deed in night:
            story.do(*deed)
        story.ends_well()
    finally:
        Ringing.objects.all().delete()
        Alarm.objects.all().delete()


def test_a_clock_that_is_set_back_delays_nothing(house, monkeypatch) -> None:
    story = Night(house)
    monkeypatch.setattr(channels, "send", story.take_in)
    monkeypatch.setattr(channels, "reaches", lambda channel: True)
    story.engine()
    clocks = alarms._apart()
    clock.forward(timedelta(hours=-2))
    with journal.unit():
        jobs.clock_was_set_back(timedelta(seconds=round(clocks - alarms._apart())))
    story.holds(story.row)
    clock.forward(timedelta(minutes=5))
    assert story.engine() == [BEN]
    clock.forward(timedelta(minutes=10))
    assert story.engine() == [ANN, CAN]
