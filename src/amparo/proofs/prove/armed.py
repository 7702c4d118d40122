"""What P44 arms before the raid button, and what must be left of it: no plan opens, no alarm climbs,
no check-in tells anybody but the desk; and its people are asked to arm again."""

from dataclasses import dataclass
from datetime import timedelta

from amparo.alerts import queries, rules
from amparo.alerts.models import Alarm, CheckIn, Plan
from amparo.alerts.services import checkins, plans, pressing
from amparo.consent.models import Link
from amparo.engine import alarms as engine
from amparo.foundation import clock, errors, ids, journal
from amparo.messages.models import Ringing
from amparo.proofs.prove.found import Found
from amparo.proofs.prove.world import Defender, World

SISTER = "sister@example.org"


@dataclass
class Armed:
    """One with a card that nobody has pressed, one whose alarm rings, one who is waited for."""

    people: list[Defender]
    card: str
    once: ids.Id

    @property
    def waits(self) -> Defender:
        """Who is waited for."""
        return self.people[2]


def armed(world: World) -> Armed:
    """Three people with plans, each in another state."""
    people = [world.ask(what="before the raid") for _ in range(3)]
    contacts = {"s": plans.Person("Sister", (("mail", SISTER),))}
    rungs = (rules.Rung(0, (rules.DESK, "s")), rules.Rung(5, (rules.DESK, "s")))
    draft = plans.Draft("card", rungs, contacts, "Your order is ready.", word="blue kettle")
    cards = []
    for one in people:
        with one.request() as actor:
            cards.append(plans.arm(actor, one.case, draft).token)
    once = ids.new()
    with journal.unit():
        pressing.press_card(cards[1], once=once)
    with people[2].request() as actor:
        checkins.begin(actor, people[2].case, checkins.Promise(legs=(60,), tell=True))
    return Armed(people, cards[0], once)


def alarms_left(result: Found, armed_: Armed) -> int:
    """How much still opens after the button, with the card that somebody carried away."""
    kept = Plan.objects.exclude(armed=b"").count() + Alarm.objects.exclude(ladder=b"").count()
    result.expect(not kept, f"{kept} plans or ladders are left")
    waiting = Ringing.objects.count() + Link.objects.count()
    result.expect(not waiting, f"{waiting} messages or links are left")
    opened = 0
    for row in CheckIn.objects.all():
        try:
            checkins.open_(row)
            opened += 1
        except errors.AmparoError:
            pass
    result.expect(not opened, f"{opened} check-ins open")
    try:
        with journal.unit():
            pressing.press_card(armed_.card, once=ids.new())
        result.breaches.append("a card of before presses while locked down")
    except errors.AmparoError:
        pass
    return opened


def armed_again(result: Found, armed_: Armed) -> None:
    """After the lift: who is missed is missed by the desk only; each is asked to arm again, and can."""
    for one in armed_.people:
        with one.request() as actor:
            result.expect(queries.switched_off(actor, one.case), "nobody says that a plan is off")
    clock.forward(timedelta(hours=2))
    with journal.unit():
        engine.once()
    missed = Alarm.objects.filter(case=armed_.waits.case)
    result.expect(missed.count() == 1, "whoever was waited for is forgotten")
    told = Ringing.objects.filter(origin__in=missed.values("id"), route=None).count()
    result.expect(not told, "somebody was told by a plan that nobody can open")
    contacts = {"s": plans.Person("Sister", (("mail", SISTER),))}
    draft = plans.Draft(
        "card", (rules.Rung(0, (rules.DESK, "s")),), contacts, "Your order is ready."
    )
    one = armed_.people[0]
    one.window = b""
    with one.request() as actor:
        card = plans.arm(actor, one.case, draft).token
        result.expect(not queries.switched_off(actor, one.case), "an armed plan counts as off")
    with journal.unit():
        pressed = pressing.press_card(card, once=ids.new())
    result.expect(pressed.told >= 1, "a plan that was armed again tells nobody")
