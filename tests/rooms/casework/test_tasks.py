"""A playbook runs: started by a press or a hand, worked through, late, ended; sealed all the way."""

from datetime import timedelta

import pytest

from amparo.alerts import queries as alerts
from amparo.alerts.events import Pressed
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans, pressing
from amparo.casework import checklist, jobs
from amparo.casework.models import Task
from amparo.casework.services import desk, pressed, sharing, starting, tasks, thread
from amparo.consent import queries as consent
from amparo.consent import services as consents
from amparo.foundation import clock, events, ids, journal
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages import services as messages
from amparo.messages.models import Outgoing, Route
from amparo.people import services as people
from tests import make
from tests.make import Defender, House

FEAR = "arrest"


def armed(house: House, who: Defender, danger: str = FEAR) -> str:
    """A card of somebody who has said what they fear."""
    draft = plans.Draft("card", (Rung(0, (DESK,)),), {}, "Your order is ready.", danger=danger)
    with house.ines.request() as actor:
        return plans.arm(actor, who.case, draft).token


def press(token: str, *, practice: bool = False) -> ids.Id:
    """The alarm."""
    with journal.unit():
        return pressing.press_card(token, once=ids.new(), practice=practice).alarm


def take_back(token: str, alarm: ids.Id) -> None:
    with journal.unit():
        pressing.take_back(token, press=alarm)


def listed(officer, case) -> checklist.Checklist:
    with officer.request() as actor:
        return checklist.of_case(actor, case)


def started(house: House, who: Defender, playbook: str = "threat") -> ids.Id:
    with house.ines.request() as actor:
        return starting.start(actor, who.case, playbook=playbook, once=ids.new())


@pytest.fixture
def amina(house: House) -> Defender:
    return make.ask()


class Told:
    """Whom a notice waits for."""

    def now(self) -> set[ids.Id]:
        """Since the last look."""
        routes = dict(Route.objects.values_list("id", "owner"))
        found = {routes[row.route_id] for row in Outgoing.objects.filter(waiting=True)}
        Outgoing.objects.all().delete()
        return found


@pytest.fixture
def told(house: House) -> Told:
    """Everybody at the desk has an address."""
    for officer in (house.ines, house.tomas, house.ruth):
        with officer.request() as actor:
            messages.set_route(actor, channel="console", address="x")
    return Told()


# --- by a press ----------------------------------------------------------------------------------
def test_a_press_gives_three_tasks_an_owner_an_hour_and_a_second_person(house, amina) -> None:
    press(armed(house, amina))
    rows = list(Task.objects.filter(case=amina.case, due_at__isnull=False).order_by("due_at"))
    first = rows[:3]
    assert len(first) == 3
    for row in first:
        assert row.owner and row.second and row.owner != row.second
        assert row.due_at <= clock.now() + timedelta(hours=1)
    # What it is for is sealed, and nowhere else.
    assert {row.compartment for row in Task.objects.all()} == {""}
    clock.forward(pressed.SETTLES)
    found = listed(house.ines, amina.case)
    (one,) = found.running
    assert one.words["name"] == "Arrest or detention" and one.how == "press"
    assert [task.state for task in one.tasks].count("waits") == 4
    assert {row.compartment for row in Task.objects.all()} == {"correspondence"}


def test_the_danger_stands_in_clear_nowhere(house, amina) -> None:
    press(armed(house, amina, "disappearance"))
    clear = b"\0".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for table in make.tables()
        for row in table.objects.all()
        for name, value in row.__dict__.items()
        if name != "_state"
    )
    assert b"disappear" not in clear.lower()


def test_the_same_event_changes_nothing_also_after_the_work_was_done(house, amina) -> None:
    press(armed(house, amina))
    alarm = pressing.Alarm.objects.get()
    for _ in range(2):
        event = ids.new()
        Task.objects.all().delete()
        with journal.unit():
            count = starting.start_pressed(amina.case, alarm.id, mode="actual", event=event)
            assert count > 3
        found = listed(house.ines, amina.case)
        with house.ines.request() as actor:
            tasks.done(actor, amina.case, found.running[0].open_tasks[0].id, text="done")
        before = Task.objects.count()
        with journal.unit():
            assert not starting.start_pressed(amina.case, alarm.id, mode="actual", event=event)
        assert Task.objects.count() == before


def test_whose_tasks_they_are_is_told_although_the_first_telling_broke_off(
    house, amina, told, monkeypatch
) -> None:
    press(armed(house, amina))
    alarm, event = pressing.Alarm.objects.get().id, ids.new()
    Task.objects.all().delete()
    told.now()

    def dies(*_args, **_more):
        raise OSError("the power goes")

    with monkeypatch.context() as broken, journal.unit():
        broken.setattr(starting.messages, "queue_notices", dies)
        with pytest.raises(OSError, match="power"):
            starting.start_pressed(amina.case, alarm, mode="actual", event=event)
    with journal.unit():
        assert starting.start_pressed(amina.case, alarm, mode="actual", event=event)
    assert len(told.now()) >= 2


def test_a_crash_between_the_press_and_its_tasks_is_made_good_by_the_engine(
    house, amina, monkeypatch
) -> None:
    token = armed(house, amina)

    def dies(*_args, **_more):
        raise OSError("the power goes")

    with monkeypatch.context() as broken:
        broken.setattr(starting, "start_pressed", dies)
        press(token)
    assert not Task.objects.exists()
    clock.forward(timedelta(seconds=5))
    with journal.unit():
        events.deliver_due()
    assert listed(house.ines, amina.case).running


def test_with_no_plan_opening_any_more_the_tasks_are_those_of_nobody_knows_what(
    house, amina
) -> None:
    press(armed(house, amina))
    Task.objects.all().delete()
    alarm = pressing.Alarm.objects.get()
    with house.ines.request() as actor:
        people.lockdown(actor)
    with journal.unit():
        starting.start_pressed(amina.case, alarm.id, mode="actual", event=ids.new())
    assert Task.objects.filter(owner__isnull=False).count() >= 3
    with journal.unit():
        people.lift_lockdown()
    (one,) = listed(house.tomas, amina.case).running
    assert one.words["name"].startswith("Something is wrong")


def test_those_on_duty_come_first_and_nobody_on_duty_leaves_nobody_out(
    house, amina, monkeypatch
) -> None:
    monkeypatch.setattr(alerts, "on_duty", lambda at=None: (house.ruth.id, house.tomas.id))
    press(armed(house, amina))
    rows = Task.objects.filter(due_at__isnull=False)
    assert {(row.owner, row.second) for row in rows} == {
        (house.ruth.id, house.tomas.id),
        (house.tomas.id, house.ruth.id),
    }
    Task.objects.all().delete()
    make.take(house.tomas, amina.case)
    monkeypatch.setattr(alerts, "on_duty", lambda at=None: ())
    with journal.unit():
        alarm = pressing.Alarm.objects.get().id
        starting.start_pressed(amina.case, alarm, mode="actual", event=ids.new())
    rows = Task.objects.filter(due_at__isnull=False)
    assert {row.owner for row in rows} == {house.tomas.id} and all(row.second for row in rows)


def test_a_try_starts_an_exercise_once_that_counts_nowhere_and_tells_nobody(
    house, amina, told
) -> None:
    token = armed(house, amina)
    told.now()
    press(token, practice=True)
    press(token, practice=True)
    found = listed(house.ines, amina.case)
    (one,) = found.running
    assert one.exercise and all(task.exercise for task in one.tasks)
    clock.forward(timedelta(hours=3))
    with journal.unit():
        assert tasks.tell_late() == 0
    with house.ines.request() as actor:
        board = checklist.board(actor)
    assert sum(load.open for load in board.loads) == 0 and not board.late and board.exercises
    assert listed(house.ines, amina.case).late == 0
    clock.forward(timedelta(days=2))
    with journal.unit():
        jobs.sweep()
    assert not Task.objects.exists()


@pytest.mark.parametrize("practice", [False, True])
def test_a_press_that_was_taken_back_takes_its_tasks_with_it_although_a_colleague_has_looked(
    house, amina, practice
) -> None:
    token = armed(house, amina)
    alarm = press(token, practice=practice)
    assert len(listed(house.ines, amina.case).running) == 1
    with house.ines.request() as actor:
        desk.mend(actor, amina.case)
    take_back(token, alarm)
    assert not Task.objects.exists()
    assert not listed(house.ines, amina.case).playbooks


def test_what_somebody_has_worked_on_stays_and_says_that_it_was_taken_back(house, amina) -> None:
    token = armed(house, amina)
    alarm = press(token)
    (one,) = listed(house.ines, amina.case).running
    assert not one.taken_back
    with house.ines.request() as actor:
        tasks.take(actor, amina.case, one.open_tasks[0].id, mark=0)
    take_back(token, alarm)
    (one,) = listed(house.tomas, amina.case).running
    assert one.taken_back and one.open_tasks[0].owner == "Inés M." and one.open_tasks[0].due_at
    with house.ines.request() as actor:
        tasks.end(actor, amina.case, one.id, reason="They are at home, and well.")
    assert not listed(house.ines, amina.case).running


def test_only_what_this_press_has_begun_goes_with_it(house, amina) -> None:
    press(armed(house, amina, "threat"))
    by_hand = started(house, amina, "raid")
    draft = plans.Draft("desk", (Rung(0, (DESK,)),), {}, "Your order is ready.", danger=FEAR)
    with house.ines.request() as actor:
        plan = plans.arm(actor, amina.case, draft).id
        other = pressing.press_for(actor, amina.case, plan, once=ids.new()).alarm
    found = listed(house.ines, amina.case).running
    assert len(found) == 3
    with house.tomas.request() as actor:  # work on another is no work on this one
        for one in found:
            if one.words["name"] != "Arrest or detention":
                tasks.take(actor, amina.case, one.open_tasks[0].id)
    with journal.unit():
        assert pressed.withdraw(amina.case, other) > 3
        assert not pressed.withdraw(amina.case, other)
    names = {one.words["name"] for one in listed(house.ines, amina.case).running}
    assert len(names) == 2 and "Arrest or detention" not in names
    assert Task.objects.filter(id=by_hand).exists()


def test_a_press_whose_taking_back_is_heard_of_first_begins_nothing(house, amina, monkeypatch):
    token = armed(house, amina)

    def dies(*_args, **_more):
        raise OSError("the power goes")

    with monkeypatch.context() as broken:
        broken.setattr(starting, "start_pressed", dies)
        take_back(token, press(token))
    clock.forward(timedelta(seconds=5))
    with journal.unit():
        assert events.deliver_due() == 1
    assert not Task.objects.exists()


def test_nothing_in_clear_says_that_a_press_began_it(house, amina) -> None:
    press(armed(house, amina))
    started(house, amina, "raid")
    assert {row.id.version for row in Task.objects.all()} == {4}


def test_an_exercise_steps_back_while_what_is_none_runs(house, amina) -> None:
    token = armed(house, amina)
    press(token, practice=True)
    found = listed(house.ines, amina.case)
    assert not found.aside and found.next
    Task.objects.all().delete()
    started(house, amina, "raid")
    clock.forward(timedelta(minutes=1))
    press(token, practice=True)
    found = listed(house.ines, amina.case)
    assert found.aside and [one.exercise for one in found.running] == [False, True]
    assert found.next and not any(task.exercise for task in found.next)


def test_a_press_in_a_case_that_is_gone_starts_nothing(house, amina) -> None:
    press(armed(house, amina))
    alarm = pressing.Alarm.objects.get().id
    with amina.request() as actor:
        thread.withdraw_request(actor)
    assert not Task.objects.exists()
    with journal.unit():
        assert not starting.start_pressed(amina.case, alarm, mode="actual", event=ids.new())
    assert not Task.objects.exists()


def test_what_was_laid_beside_another_case_is_not_taken_in(house, amina) -> None:
    other = make.ask()
    press(armed(house, amina))
    Task.objects.update(case=other.case)
    assert not listed(house.ines, other.case).playbooks
    assert {row.compartment for row in Task.objects.all()} == {""}


# --- by hand -------------------------------------------------------------------------------------
def test_a_hand_starts_one_and_the_first_three_are_the_officers(house, amina) -> None:
    once = ids.new()
    with house.ines.request() as actor:
        starting.start(actor, amina.case, playbook="raid", once=once)
        with pytest.raises(Conflict):
            starting.start(actor, amina.case, playbook="raid", once=once)
        with pytest.raises(NotFound):
            starting.start(actor, amina.case, playbook="flood", once=ids.new())
    (one,) = listed(house.tomas, amina.case).running
    assert [task.owner for task in one.open_tasks][:3] == ["Inés M."] * 3
    assert all(task.second not in {"", "Inés M."} for task in one.open_tasks[:3])
    with amina.request() as actor, pytest.raises(Refused):
        starting.start(actor, amina.case, playbook="raid", once=ids.new())


def test_whoever_is_no_officer_of_the_case_sees_and_does_nothing(house, amina) -> None:
    started(house, amina)
    task = Task.objects.filter(due_at__isnull=False).first().id
    nadia = house.hire("nadia", "house")
    with nadia.request() as actor:
        assert not checklist.of_case(actor, amina.case).playbooks
        assert not checklist.own(actor)
        for deed in (
            lambda: tasks.done(actor, amina.case, task, text="x"),
            lambda: starting.start(actor, amina.case, playbook="raid", once=ids.new()),
            lambda: checklist.board(actor),
        ):
            with pytest.raises(Refused):
                deed()


# --- what is done with them ----------------------------------------------------------------------
def test_take_hand_done_again_drop_prolong(house, amina, told) -> None:
    started(house, amina)
    one = listed(house.tomas, amina.case).running[0].open_tasks[0]
    told.now()
    with house.tomas.request() as actor:
        tasks.take(actor, amina.case, one.id, mark=one.mark)
        with pytest.raises(Conflict):
            tasks.take(actor, amina.case, one.id, mark=one.mark)  # drawn before
        row = Task.objects.get(id=one.id)
        assert (row.owner, row.second != row.owner) == (house.tomas.id, True)
        with pytest.raises(Invalid):
            tasks.hand(actor, amina.case, one.id, to=ids.new())
        tasks.hand(actor, amina.case, one.id, to=house.ruth.id, note="She knows the road.")
        row.refresh_from_db()
        assert row.owner == house.ruth.id and row.second not in {None, house.ruth.id}
        assert told.now() == {house.ruth.id}
        with pytest.raises(Invalid):
            tasks.prolong(actor, amina.case, one.id, minutes=60, reason=" ")
        with pytest.raises(Invalid):
            tasks.prolong(actor, amina.case, one.id, minutes=7, reason="x")
        before = row.due_at
        tasks.prolong(actor, amina.case, one.id, minutes=60, reason="The line is down.")
        row.refresh_from_db()
        assert row.due_at == before + timedelta(minutes=60)
        with pytest.raises(Conflict):
            tasks.prolong(actor, amina.case, one.id, minutes=60, reason="Again.")
        tasks.done(actor, amina.case, one.id, text="She is at her sister's.")
        row.refresh_from_db()
        assert (row.owner, row.second, row.due_at, row.told) == (None, None, None, 0)
        with pytest.raises(Conflict):
            tasks.done(actor, amina.case, one.id)
        tasks.again(actor, amina.case, one.id)
        row.refresh_from_db()
        assert row.owner == house.tomas.id and row.due_at
        with pytest.raises(Invalid):
            tasks.drop(actor, amina.case, one.id, reason="")
        tasks.drop(actor, amina.case, one.id, reason="She does not want it.")
    log = [line.what for line in listed(house.ines, amina.case).running[0].tasks[0].log]
    assert log == ["dropped", "again", "done", "prolonged", "handed", "taken"]


def test_hours_count_from_facts_and_from_tasks_before(house, amina) -> None:
    start = started(house, amina, "arrest")
    found = {task.what[:9]: task for task in listed(house.ines, amina.case).running[0].tasks}
    judge = next(task for what, task in found.items() if what.startswith("Before th"))
    assert judge.state == "waits" and judge.after == "Since when are they held?"
    taken = clock.now() - timedelta(hours=3)
    with house.ines.request() as actor:
        with pytest.raises(NotFound):
            tasks.set_time(actor, amina.case, start, fact="weather", at=taken)
        tasks.set_time(actor, amina.case, start, fact="taken", at=taken)
    row = Task.objects.get(id=judge.id)
    assert row.due_at == taken + timedelta(minutes=2640) and row.owner == house.ines.id
    with house.ines.request() as actor:  # it was an hour later
        tasks.set_time(actor, amina.case, start, fact="taken", at=taken + timedelta(hours=1))
    row.refresh_from_db()
    assert row.due_at == taken + timedelta(minutes=2700)
    after = listed(house.ines, amina.case).running[0].tasks[-1]
    assert after.state == "waits"
    with house.ines.request() as actor:
        tasks.done(actor, amina.case, judge.id, text="He was before a judge.")
    due = Task.objects.get(id=after.id).due_at
    assert clock.now() + timedelta(hours=23) < due <= clock.now() + timedelta(hours=24)


def test_an_ended_playbook_leaves_nothing_open(house, amina) -> None:
    start = started(house, amina)
    with house.ines.request() as actor:
        with pytest.raises(Invalid):
            tasks.end(actor, amina.case, start, reason=" ")
        tasks.end(actor, amina.case, start, reason="It is quiet again.")
        with pytest.raises(Conflict):
            tasks.end(actor, amina.case, start, reason="Again.")
    found = listed(house.ines, amina.case)
    assert not found.running and not Task.objects.filter(due_at__isnull=False).exists()
    assert not Task.objects.filter(owner__isnull=False).exists()
    done = found.playbooks[0].tasks[0]
    with house.ines.request() as actor, pytest.raises(Conflict):
        tasks.again(actor, amina.case, done.id)


# --- lateness ------------------------------------------------------------------------------------
def test_who_is_late_is_told_then_the_second_then_those_on_duty(
    house, amina, told, monkeypatch
) -> None:
    monkeypatch.setattr(alerts, "on_duty", lambda at=None: (house.ruth.id,))
    started(house, amina)
    first = Task.objects.filter(due_at__isnull=False).order_by("due_at").first()
    Task.objects.filter(due_at__isnull=False).exclude(id=first.id).delete()
    Task.objects.filter(id=first.id).update(owner=house.ines.id, second=house.tomas.id)
    told.now()

    def passes(minutes: float) -> set[ids.Id]:
        clock.forward(timedelta(minutes=minutes))
        with journal.unit():
            jobs.sweep()
            jobs.sweep()  # another engine, the same minute
        return told.now()

    assert passes(14) == set()
    assert passes(1.5) == {house.ines.id}
    assert passes(1) == set()
    assert passes(4) == {house.tomas.id}
    assert passes(5) == {house.ruth.id}
    assert passes(5) == set()
    assert passes(15) == {house.ruth.id}
    monkeypatch.setattr(alerts, "on_duty", lambda at=None: ())
    assert passes(60) == {house.ines.id, house.tomas.id, house.ruth.id}
    with house.ruth.request() as actor:
        tasks.take(actor, amina.case, first.id)
        tasks.done(actor, amina.case, first.id, text="Spoken to.")
    assert passes(24 * 60) == set()


def test_what_is_late_stands_at_the_case_the_queue_and_the_board(house, amina) -> None:
    started(house, amina)
    clock.forward(timedelta(minutes=20))
    with house.ines.request() as actor:
        mine = checklist.own(actor)
        assert mine[0].task.late and mine[0].name and len(mine) >= 3
        assert checklist.late_in([amina.case])[amina.case] == 1
        board = checklist.board(actor)
    assert board.late[0].task.what == mine[0].task.what and board.loads[0].late == 1
    second = Task.objects.get(id=mine[0].task.id).second
    other = next(one for one in (house.tomas, house.ruth) if one.id == second)
    with other.request() as actor:
        (beside,) = checklist.own(actor)
        assert beside.task.beside and not beside.task.mine


def test_at_the_end_of_a_shift_tasks_go_along(house, amina) -> None:
    started(house, amina)
    with house.ines.request() as actor:
        desk.hand_over(actor, to=house.tomas.id)
    rows = Task.objects.filter(due_at__isnull=False)
    assert {row.owner for row in rows} == {house.tomas.id}
    assert all(row.second not in {None, house.tomas.id} for row in rows)


# --- nobody outside without their yes ------------------------------------------------------------
def authorities(house: House, amina: Defender) -> checklist.TaskView:
    """The task of a playbook that would tell authorities."""
    started(house, amina, "threat")
    tasks_ = listed(house.ines, amina.case).running[0].tasks
    return next(one for one in tasks_ if one.tells == "authorities")


def agree(house: House, who: Defender, purpose: str, label: str = "The prosecutor") -> ids.Id:
    offer = sharing.Offer(label, purpose, ("cover",), clock.today() + timedelta(days=3))
    with house.ines.request() as actor:
        sharing.may_be_told(actor, who.case, offer=offer)
        return next(row.id for row in consent.records(actor, who.case) if row.purpose == purpose)


def test_no_authority_is_told_without_this_persons_yes_for_this_case(house, amina) -> None:
    one = authorities(house, amina)
    other = make.ask()
    elsewhere = agree(house, other, "authorities")
    for_law = agree(house, amina, "legal", "R., lawyer")
    with house.ines.request() as actor:
        colleague = consents.record_answer(
            actor, amina.case, answer="granted", recipient=house.tomas.id, label="Tomás",
            purpose="authorities", compartment="cover", how="oral", language="en",
        )  # fmt: skip
        for under in (None, colleague, for_law, elsewhere, ids.new()):
            with pytest.raises(Invalid):
                tasks.done(actor, amina.case, one.id, under=under)
        assert not consent.disclosures(actor, amina.case)
    yes = agree(house, amina, "authorities")
    with house.ines.request() as actor:
        tasks.done(actor, amina.case, one.id, text="Reported, number 12.", under=yes)
        (row,) = consent.disclosures(actor, amina.case)
    assert (row.label, row.purpose, row.how) == ("The prosecutor", "authorities", "word")


def test_a_yes_that_was_taken_back_tells_nobody_more(house, amina) -> None:
    one, yes = authorities(house, amina), agree(house, amina, "authorities")
    with amina.request() as actor:
        row = next(row for row in consent.records(actor, amina.case) if row.id == yes)
        consents.take_back(
            actor, amina.case, recipient=row.recipient, label=row.label,
            purpose=row.purpose, compartment=row.compartment,
        )  # fmt: skip
    with house.ines.request() as actor:
        desk.mend(actor, amina.case)
        with pytest.raises(Invalid):
            tasks.done(actor, amina.case, one.id, under=yes)
        assert not consent.disclosures(actor, amina.case)


def test_the_event_says_no_more_than_ids_and_the_mode() -> None:
    assert set(Pressed.__dataclass_fields__) == {"alarm", "case", "mode"}
