"""A house in which every page has something on it, and the addresses of all its pages."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from amparo.alerts import oncall
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import plans, pressing, roster
from amparo.casework import checklist, queries
from amparo.casework.services import (
    desk,
    erasing,
    opening,
    responses,
    sharing,
    starting,
    tasks,
    thread,
)
from amparo.consent import services as consent
from amparo.foundation import clock, ids
from amparo.people import services as people
from amparo.proofs.prove.journals import one_pixel
from amparo.proofs.prove.world import Defender, Officer, World, found, sealed_file

# What the deeds of the desk are tried on: a new request, or the case.
ON_NEW = (
    "log", "level", "open", "decline", "refer", "reassign", "merge", "spam", "take", "relink",
)  # fmt: skip
ON_CASE = ("erase", "close")
PLAN = plans.Draft(
    "card",
    (Rung(0, (DESK, "sister")), Rung(10, ("sister",))),
    {"sister": plans.Person("My sister", (("mail", "sister@example.org"),))},
    "Your order is ready.",
    name="Reem",
    word="blue kettle",
)
PARTS = ("narrative", "identity", "health", "cover")


@dataclass
class Busy:
    """Three calls, one of them opened as a case; what waits for an answer, by its name."""

    world: World
    new: Defender
    case: Defender
    other: Defender
    known: dict[str, ids.Id] = field(default_factory=dict)
    invitations: list[str] = field(default_factory=list)  # addresses that work once
    links: list[str] = field(default_factory=list)


def busy(once: int) -> Busy:
    """Calls and answers of several kinds, a file, an override, a release, an erasure; of what works
    once, `once` of each. The first two officers are signed in."""
    world = found()
    ines, ruth, tomas = world.officers
    new = world.ask(what="Two men asked my neighbour when I come home.", where="By the lake",
                    how="text", reach="“water the plants”, 18:00–20:00", language="es")  # fmt: skip
    summons = (sealed_file("summons.png", one_pixel()),)
    case = world.ask(what="My brother was arrested.", how="call", reach="Evenings", files_=summons)
    other = world.ask(what="They took my laptop at the border.", language="fr")
    made = Busy(world, new, case, other)
    _work(made, ines, tomas)
    for officer in (ines, ruth, tomas):
        with officer.request() as actor:
            people.note_key_offer(actor)  # they have been here before
    for number in range(once):
        made.invitations.append(_invitation(made, f"Nadia {number}"))
        made.links.append(_link(made))
    world.hire("olga", "house", "intake")
    return made


def _work(made: Busy, ines: Officer, tomas: Officer) -> None:
    case = made.case.case
    with ines.request() as actor:
        opening.open_case(actor, case, version=0)
        opening.write_note(actor, case, "narrative", text="Taken at 06:40 from the house.")
        reach = [{"how": "never", "text": "No calls. The phone is shared."}]
        desk.set_reach(actor, case, reach=reach, word="blue kettle")
        desk.log_call(
            actor, case, outcome="no answer", text="Rang twice, left nothing.", reason="A life."
        )
        desk.reply(actor, case, text="A lawyer is looking for him. Come back tonight.")
        file = queries.case(actor, case).thread.messages[-1].files[0].id
        made.known["file"] = file
    until = clock.today() + timedelta(days=14)
    answers: list[tuple[str, str, dict[str, Any]]] = [
        ("granted", "narrative", {"until": until}),
        ("refused", "health", {}),
        ("conditional", "location", {"until": until, "condition": "Only if he is not let go."}),
        ("asked", "finance", {}),
    ]
    with ines.request() as actor:
        for answer, compartment, more in answers:
            made.known[answer] = consent.record_answer(
                actor, case, answer=answer, recipient=tomas.id, label="Tomás R.",  # type: ignore[arg-type]
                purpose="shelter", compartment=compartment, how="oral", language="ar", **more,
            )  # fmt: skip
        made.known["override"] = consent.override(
            actor, case, compartment="location", grantee=ines.id, reason="Before the transfer."
        )
        _to_do(made, actor, case)
        plan = plans.arm(actor, case, PLAN).id
        made.known["alarm"] = pressing.press_for(actor, case, plan, once=ids.new()).alarm
        made.known["rotation"] = put_on_duty(actor, ines.id, tomas.id)
    with made.case.request() as actor:
        thread.choose(actor, purpose="own", compartment="health", yes=True)
    with tomas.request() as actor:
        made.known["release"] = consent.request_release(actor, case)
        made.known["erasure"] = erasing.ask(actor, made.other.case, reason="They called at noon.")


def put_on_duty(actor: Any, *people_: ids.Id) -> ids.Id:
    """A rotation by the day of these, from yesterday on."""
    begins, made = f"{clock.today() - timedelta(days=1)}T08:00", ids.new()
    rotation = oncall.Rotation(
        str(made), tuple(str(one) for one in people_), begins, unit="days", asks=True
    )
    roster.keep_rotation(actor, rotation, name="days", version=0)
    return made


def _to_do(made: Busy, actor: Any, case: ids.Id) -> None:
    """A playbook with a task that is done, and what can be set in motion, some of it asked for."""
    starting.start(actor, case, playbook="arrest", once=ids.new())
    first = checklist.of_case(actor, case).next[0]
    tasks.done(actor, case, first.id, text="Held at the second station since seven.")
    night = clock.now() + timedelta(hours=12)
    car = responses.Offer("car", "A car with a driver", 40, night, where="North", of=2, free=2)
    responses.pick(actor, case, responses.keep(actor, car), once=ids.new())
    old = responses.Offer("night", "A room for a night", 90, clock.now() - timedelta(hours=1))
    made.known["response"] = responses.keep(actor, old)


def _invitation(made: Busy, name: str) -> str:
    with made.world.officers[0].request() as actor:
        return f"desk/join/{people.invite(actor, name=name, teams=['house'])}"


def _link(made: Busy) -> str:
    offer = sharing.Offer("R.", "legal", ("narrative",), clock.today() + timedelta(days=3))
    with made.world.officers[0].request() as actor:
        return f"l/{sharing.share_by_link(actor, made.case.case, offer=offer, hours=5)}"


def desk_pages(
    case: ids.Id, new: ids.Id, known: dict[str, ids.Id], person: ids.Id
) -> dict[str, str]:
    """Every page of the desk with something on it: a short name -> its address.

    `known`: the ids of a file, of the answers granted, conditional and refused, and of an override
    (by somebody else), a release and an erasure that wait.
    """
    here, fresh = f"desk/c/{case}", f"desk/c/{new}"
    found_ = {
        "queue": f"desk/queue?c={new}",
        "queue-mine": "desk/queue?show=mine",
        "queue-empty": "desk/queue?show=done",
        "new": "desk/new",
        "search": "desk/search",
        "alarms": "desk/alarms",
        "tasks": f"{here}/tasks",
        "start": f"{here}/start",
        "tell": f"{here}/tell",
        "menu": f"{here}/menu",
        "responses": "desk/responses",
        "response-new": "desk/responses/new",
        "plan": f"{here}/plan",
        "press": f"{here}/press",
        "two": "desk/two",
        "approve": f"desk/two/release/{known['release']}",
        "erase": f"desk/two/erasure/{known['erasure']}",
        "keep": f"desk/two/erasure/{known['erasure']}/keep",
        "hand-over": "desk/hand-over",
        "request": fresh,
        "case": here,
        "messages": f"{here}/messages",
        "files": f"{here}/files",
        "reach": f"{here}/reach",
        "consent": f"{here}/consent",
        "record": f"{here}/consent/record",
        "ask": f"{here}/consent/ask?compartments=legal",
        "met": f"{here}/consent/{known['conditional']}/met",
        "withdraw": f"{here}/consent/{known['granted']}/withdraw",
        "give": f"{here}/consent/{known['granted']}/give",
        "sure": f"{here}/consent/sure",
        "share": f"{here}/share",
        "shown": f"{here}/shown",
        "override": f"{here}/override",
        "two-ask": f"{here}/part/identity/two",
    }
    found_ |= _of_the_house(person)
    if "alarm" in known:
        found_["alarm"] = f"desk/alarms/{known['alarm']}"
    if "rotation" in known:
        found_["duty-change"] = f"desk/duty/rotation/{known['rotation']}"

    if "response" in known:
        found_["response"] = f"desk/responses/{known['response']}"
    if "file" in known:
        found_["file"] = f"{here}/files/{known['file']}"
    found_ |= {f"part-{code}": f"{here}/part/{code}" for code in PARTS}
    found_ |= {f"do-{verb}": f"{fresh}/do/{verb}" for verb in ON_NEW}
    return found_ | {f"do-{verb}": f"{here}/do/{verb}" for verb in ON_CASE}


def _of_the_house(person: ids.Id) -> dict[str, str]:
    """The pages that belong to no case."""
    return {
        "calls": "desk/calls",
        "directory": "desk/directory",
        "listing-add": "desk/directory/add",
        "callouts": "desk/helpers",
        "people": "desk/people",
        "invite": "desk/people/invite",
        "duty": "desk/duty",
        "duty-rotation": "desk/duty/rotation",
        "duty-put": "desk/duty/put",
        "duty-swap": "desk/duty/swap",
        "duty-away": "desk/duty/away",
        "duty-hand-over": "desk/duty/hand-over",
        "duty-calendar": "desk/duty/calendar",
        "board": "desk/board",
        "leave": f"desk/people/{person}/leave",
        "teams": f"desk/people/{person}/teams",
        "team-leave": f"desk/people/{person}/teams/intake",
        "fingerprints": "desk/people/fingerprints",
        "lockdown": "desk/lockdown",
        "lockdown-now": "desk/lockdown/now",
        "journal": "desk/journal",
        "first": "desk/first",
        "settings": "desk/settings",
        "keys": "desk/settings/keys",
        "passphrase": "desk/settings/passphrase",
        "add-passkey": "desk/settings/passkey",
        "notices": "desk/settings/notices",
        "way": "desk/settings/notices/mail",
        "trial": "desk/trial",
        "key-file": "desk/settings/key-file",
        "lock-everywhere": "desk/settings/lock",
    }


OUTSIDE = {
    "sign-in": "desk/sign-in",
    "passkey": "desk/sign-in/passkey",
    "invitation": "desk/join/x",
}
NOTES = ("", "new", "back", "about", "clear", "closed", "language", "n", "p/x", "a/x", "w/x")
