"""A week of duty: who is rung when somebody has swapped, is away, has not taken over, and on the night
on which the clock is set back."""

from datetime import UTC, datetime, timedelta

from amparo.alerts import queries, roster
from amparo.alerts.oncall import Rotation
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import answering, plans, pressing
from amparo.alerts.services import roster as services
from amparo.foundation import clock, ids
from amparo.messages import services as messages
from tests.stories.world import World

# Twelve hours each, from eight to eight by the clock of Madrid: Inés, Tomás, Ruth, Inés …
MONDAY = datetime(2026, 10, 19, 5, 0, tzinfo=UTC)


def until(world: World, moment: str) -> None:
    """Let time pass until a moment (UTC) of this week, an hour at a time."""
    wanted = datetime.fromisoformat(f"2026-10-{moment}").replace(tzinfo=UTC)
    assert wanted >= clock.now()
    while clock.now() < wanted:
        world.fast_forward(seconds=min((wanted - clock.now()).total_seconds(), 3600))


def on(world: World) -> list[str]:
    """Who is on, by name."""
    names = {one.id: name for name, one in world.house.officers.items()}
    return [names[one] for one in queries.on_duty()]


def rung(world: World, plan: ids.Id, case: ids.Id) -> list[str]:
    """Somebody presses: whom it rings. Then it is over."""
    world.texts.clear()
    with world.ines.request() as ines:
        pressed = pressing.press_for(ines, case, plan, once=ids.new())
    world.fast_forward(seconds=1)
    found = sorted({address.partition("@")[0] for address, text in world.texts if text})
    with world.ines.request() as ines:
        row = queries.alarm(ines, pressed.alarm).row
        answering.close(ines, row.id, version=row.version, how="spoke")
    world.fast_forward(seconds=1)
    world.texts.clear()
    return found


def begin(world: World) -> tuple[ids.Id, ids.Id]:
    """A roster, and somebody with a plan that rings the desk."""
    for name, officer in world.house.officers.items():
        with officer.request() as actor:
            messages.set_route(actor, channel="mail", address=f"{name}@example.org")
    amina = world.somebody()
    amina.asks("They may come one of these nights.")
    case = world.newest()
    people = tuple(str(one.id) for one in (world.ines, world.tomas, world.ruth))
    shifts = Rotation("r", people, "2026-10-19T08:00", "Europe/Madrid", "hours", 12)
    with world.ines.request() as ines:
        draft = plans.Draft("desk", (Rung(0, (DESK,)),), {}, "Your order is ready.")
        plan = plans.arm(ines, case, draft).id
        services.keep_rotation(ines, shifts, name="shifts", version=roster.version(ines))
    return plan, case


def takes(world: World, name: str) -> None:
    """Somebody comes and takes over."""
    with world.house.officers[name].request() as actor:
        services.take(actor)


def test_at_every_hour_the_right_person_is_rung(world: World) -> None:
    """Regional hotlines, trusted intermediaries, and formalized escalation ladders … timely and
    appropriate: at half past two somebody answers, and it is whoever has the night. (S99)"""
    with clock.frozen(MONDAY):
        plan, case = begin(world)
        until(world, "19T06:05")
        assert on(world) == ["ines"]  # nobody went before her
        until(world, "19T18:05")
        takes(world, "tomas")
        assert rung(world, plan, case) == ["tomas"]
        # A swap: Ruth asks Inés to take her Tuesday. It counts with Inés's yes.
        tuesday = {
            "start": datetime(2026, 10, 20, 6, tzinfo=UTC),
            "end": datetime(2026, 10, 20, 18, tzinfo=UTC),
        }
        with world.ruth.request() as ruth:
            services.ask_swap(ruth, world.ines.id, mine=True, **tuesday)
        until(world, "19T22:00")
        with world.ines.request() as ines:
            services.answer(ines, roster.doc(ines)["wishes"][0]["id"], yes=True)
        until(world, "20T06:10")
        takes(world, "ines")
        assert rung(world, plan, case) == ["ines"]
        # A leave with a cover: Tomás is away for two days, and Ruth stands in.
        with world.tomas.request() as tomas:
            services.go_on_leave(
                tomas,
                start=datetime(2026, 10, 20, 12, tzinfo=UTC),
                end=datetime(2026, 10, 22, 12, tzinfo=UTC),
                cover=world.ruth.id,
            )
        assert {one.what for one in roster.lacks()} == {"gap", "on leave"}  # nobody has said yes
        with world.ruth.request() as ruth:
            services.answer(ruth, roster.doc(ruth)["wishes"][0]["id"], yes=True)
        assert roster.lacks() == []
        _a_missed_hand_over(world, plan, case)
        _the_night_of_the_clock(world, plan, case)


def _a_missed_hand_over(world: World, plan: ids.Id, case: ids.Id) -> None:
    """Wednesday morning is Tomás's by the rotation, so Ruth's by his leave; at eight in the evening she
    goes on, and on Thursday Inés does not come."""
    until(world, "22T06:00")
    until(world, "22T06:20")
    assert on(world) == ["ines", "ruth"]
    assert rung(world, plan, case) == ["ines", "ruth"]  # both, until it is taken
    before = len(world.mails)
    until(world, "22T06:45")
    told = {address.partition("@")[0] for _channel, address in world.mails[before:]}
    assert told == {"ines", "ruth", "tomas"}  # they and who organises, by the desk's notice
    takes(world, "ines")
    assert rung(world, plan, case) == ["ines"]


def _the_night_of_the_clock(world: World, plan: ids.Id, case: ids.Id) -> None:
    """On Sunday at three the clocks of Madrid show two again: the night is an hour longer, and its
    person is rung at both half past twos and until eight."""
    until(world, "24T18:05")
    assert on(world) == ["ruth", "tomas"]
    takes(world, "ruth")
    for moment in ("25T00:30", "25T01:30", "25T06:45"):
        until(world, moment)
        assert on(world) == ["ruth"], moment
        if moment == "25T01:30":
            assert rung(world, plan, case) == ["ruth"]
    until(world, "25T07:01")
    assert on(world)[0] == "ines"
    assert clock.now() - MONDAY > timedelta(days=6)
