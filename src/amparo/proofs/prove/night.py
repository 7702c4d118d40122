"""A night on which everything waits for its hour: plans, an alarm, a check-in, helpers who are asked,
the roster. Whoever takes the house then finds what stands here, and no more."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from amparo.alerts import rules
from amparo.alerts.models import HandOver, Silence
from amparo.alerts.services import answering, callouts, checkins, keywords, plans, pressing, roster
from amparo.casework.services import calls, opening, responses, starting
from amparo.foundation import clock, errors, ids
from amparo.foundation.config import config
from amparo.messages import inbound
from amparo.messages import services as messages
from amparo.messages.ways import Way
from amparo.people import keeping
from amparo.proofs.prove.busy import put_on_duty
from amparo.proofs.prove.world import Defender, Officer, World

SISTER = "+525512345678"
# A provider that takes answers, so that numbers are remembered; nobody is there.
GATEWAY = """[[gateway]]
name = "nobody"
url = "http://127.0.0.1:9/send"
private = true
secret = "a-secret-that-nobody-calls"
body = '{"to": "{to}", "text": "{text}"}'
[gateway.inbound]
sender = "from"
text = "text"
number = "+525500000001"
"""
# What the duty key opens on that night, and how much of it: docs/THREAT_MODEL.md.
SERVER = {
    "alerts.armed": 2,  # the plan of a phrase, and that of a check-in; no card and no plan of the desk
    "alerts.ladder": 1,  # of the one alarm that rings; the one that is over has none
    "alerts.reached": 5,
    "alerts.checkin": 1,
    "alerts.on-call": 1,
    "alerts.callout": 1,
    "messages.ring": 2,  # to a contact, and to a helper
    "messages.number": 1,
    "messages.route": 1,
}
# What one of the intake team opens besides, and nobody else on staff.
TEAM = {
    "alerts.plan", "alerts.moment", "alerts.ladder.desk", "alerts.hand-over", "alerts.helper",
    "people.listing", "casework.call",
}  # fmt: skip


@dataclass
class Night:
    """What people carry away: the page of a card, the address of a calendar."""

    card: str
    feed: str


def words() -> str:
    """What somebody writes."""
    return "blue kettle moon"


def night(world: World, word: Callable[[], str] = words) -> Night:
    """Let everything wait. `word` gives what is written wherever somebody writes."""
    take_replies()
    first, second, _ = world.officers
    rings, waits, quiet, over = (world.ask(what=word()) for _ in range(4))
    with first.request() as actor:
        messages.set_route(actor, channel="mail", address="ines@example.org")
        for one in (rings, waits, quiet, over):
            opening.open_case(actor, one.case, version=0)
        plan = plans.arm(actor, rings.case, plan_of("card", word)).id
        said = keywords.Keyword(f"{word()} now", (SISTER,), answer=True)
        keywords.arm(actor, rings.case, said)
        pressing.press_for(actor, rings.case, plan, once=ids.new())
        card = plans.arm(actor, waits.case, plan_of("card", word)).token
        promise = checkins.Promise(legs=(600,), tell=True, text=word(), me=("sms", SISTER))
        checkins.begin(actor, waits.case, promise)
        plans.arm(actor, quiet.case, plan_of("desk", word))
        starting.start(actor, quiet.case, playbook="arrest", once=ids.new())
        calls.log(actor, calls.Said("reached", text=word()), once=ids.new())
        responses.keep(actor, responses.Offer("car", word(), 30, clock.now() + timedelta(hours=9)))
        put_on_duty(actor, first.id, second.id)
        feed = roster.new_feed(actor)
    _is_over(first, over, word)
    Silence(case=rings.case, number=inbound.mark(SISTER)).save(force_insert=True)
    inbound.count_strangers(3)
    for officer in (first, second):
        with officer.request() as actor, suppress(errors.NotFound):
            roster.leave_note(actor, text=word())
    assert HandOver.objects.exists()  # whoever was on
    helpers(first, second, rings.case, word)
    return Night(card, feed)


def take_replies() -> None:
    """Have a provider that takes answers."""
    (config().data / "gateways.toml").write_text(GATEWAY)


def plan_of(kind: rules.Kind, word: Callable[[], str] = words) -> plans.Draft:
    """Those on duty and a sister are told, and the sister again."""
    people = {"s": plans.Person(word(), (("sms", SISTER),))}
    ladder = (rules.Rung(0, (rules.DESK, "s")), rules.Rung(10, ("s",)))
    return plans.Draft(kind, ladder, people, word(), name=word(), word=word())


def _is_over(officer: Officer, who: Defender, word: Callable[[], str]) -> None:
    """Somebody had an alarm, which was ended."""
    draft = plans.Draft("desk", (rules.Rung(0, (rules.DESK,)),), {}, word())
    with officer.request() as actor:
        plan = plans.arm(actor, who.case, draft).id
        alarm = pressing.press_for(actor, who.case, plan, once=ids.new()).alarm
        answering.close(actor, alarm, version=1, how="false alarm", reason=word())


def helpers(
    first: Officer, second: Officer, case: ids.Id, word: Callable[[], str] = words
) -> ids.Id:
    """Somebody of the directory is asked whether they can come."""
    way = Way("mail", "marta@example.org", text=word())
    with first.request() as actor:
        draft = keeping.Draft("person", word(), ("lawyer",), ways=(way,))
        entry = keeping.add(actor, draft)
        keeping.vouch(actor, entry, version=1, how="x")
    ask = callouts.Ask("lawyer")
    with second.request() as actor:
        keeping.vouch(actor, entry, version=2, how="x")
        keeping.verify(actor, entry, version=3, how="x")
        callouts.agree(actor, case, ask, how="oral", label=word())
        return callouts.begin(actor, case, ask, chosen=[entry], once=ids.new())
