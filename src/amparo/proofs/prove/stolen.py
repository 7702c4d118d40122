"""P02 to P05: what a copy of everything yields, alone and with the secrets of people.

The thief is a program of its own (proofs/thief.py). What it should open is worked out here from what
was done, not from the tables.

Seen to fail: P02 when `vault.sealed.close` seals under a key of zeros or under the pepper, when a
plan of the desk is armed for the server too, or an alarm that is over keeps its ladder; P03 when
`compartments.extend` wraps to the whole intake team as well; P04 when `people.rules.HOME` gives the
narrative to coordination; P05 when `opening._first_holders` adds the owner to identity, or
`opening._chosen` gives every case the wrap of those who chose.
"""

import random
from collections import defaultdict
from pathlib import Path
from typing import Any

from amparo.casework import queries
from amparo.casework.services import desk, erasing, opening, relaying, sharing, thread
from amparo.casework.services.intake import Call
from amparo.consent import gate
from amparo.consent import services as consent
from amparo.consent.rules import DUTY
from amparo.foundation import clock, errors, ids
from amparo.foundation.actor import Actor
from amparo.foundation.config import config
from amparo.people.rules import HOME, INTAKE
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.night import SERVER, TEAM, Night, night
from amparo.proofs.prove.world import (
    Defender,
    Officer,
    World,
    beat,
    found,
    sealed_file,
    steal,
    stolen,
    sure,
)
from amparo.vault import codes
from amparo.vault.compartments import COMPARTMENTS
from amparo.vault.models import Grant

FACTS = [one for one in COMPARTMENTS if one not in {"cover", "correspondence", "identity"}]


def _shadow_only(result: Found, said: dict, what: str) -> None:
    result.expect(said["outside_shadow"] == 0, f"{what}: opened {said['opened']}")
    result.expect(said["unclassified"] == 0, f"{what}: unknown bytes in {said['unknown']}")
    result.expect(said["every_key_on_everything"], f"{what}: not every key was tried")
    result.expect(said["classified"] > 0, f"{what}: nothing was looked at")


@proves("P02")
def stolen_copy() -> Found:
    """Databases, files, configuration and every server key: no case opens."""
    result, count = Found(), many(1000, 20)
    world = found()
    first = world.officers[0]
    defenders = [world.ask(what=f"call {n}", reach="+000") for n in range(count)]
    with first.request() as actor:
        opening.open_case(actor, defenders[0].case, version=0)
        opening.write_note(actor, defenders[0].case, "narrative", text="a note")
        desk.save_draft(actor, place="reply", text="a draft")
        consent.request_release(actor, defenders[0].case)
        offer = sharing.Offer("R.", "legal", ("narrative",), clock.today())
        token = sharing.share_by_link(actor, defenders[0].case, offer=offer, hours=24)
    with defenders[0].request() as actor:
        thread.write(actor, once=ids.new(), text="", files=(sealed_file("a.txt", b"x" * 99),))
    beat()
    waits = night(world)
    world.hire("carla", "house", "care")
    with stolen() as copy:
        said = steal(copy, "--budget", "100000000")
        _waiting(result, world, waits, copy, said)
        # The other way round: with the secret the same program does open it.
        quick = ("--budget", "0")
        code = steal(copy, "--code", defenders[0].text, *quick)
        link = steal(copy, "--token", token, *quick)
    _shadow_only(result, said, "everything at rest")
    result.expect(code["opened"].get("casework.entry", 0) > 0, "the thief is blind: a code opens")
    result.expect(link["opened"].get("consent.link") == 1, "the thief is blind: a token opens")
    result.value = str(said["outside_shadow"])
    result.detail = (
        f"{count} cases, {said['classified']} values of {len(said['kinds'])} kinds, "
        f"{said['attempts']} tries, passphrases at {config().hash_level}"
    )
    return result


def _waiting(result: Found, world: World, waits: Night, copy: Path, alone: dict[str, Any]) -> None:
    """Of what waits for its hour the server's keys open what the threat model says, a card's page its
    plan, a calendar's address itself; one of the intake team what lies for them, others nothing."""
    opened = {kind: count for kind, count in alone["opened"].items() if kind != "vault.factor"}
    result.expect(opened == SERVER, f"the server's keys open {opened}")
    quick = ("--budget", "0")
    for token, kind in ((waits.card, "alerts.card"), (waits.feed, "alerts.feed")):
        said = steal(copy, "--token", token, *quick)["opened"]
        more = {one: count for one, count in said.items() if count != alone["opened"].get(one)}
        result.expect(more == {kind: 1}, f"with a token for {kind}: {more}")
    for officer, wanted in ((world.officers[0], TEAM), (world.officers[-1], set[str]())):
        said = steal(copy, *_key(officer), *quick)["opened"]
        odd = (TEAM & set(said)) ^ wanted
        result.expect(not odd, f"{officer.name} ({', '.join(officer.teams)}): {sorted(odd)}")


def _expected(
    world: World, cases: list[ids.Id], given: dict, chose: set[ids.Id]
) -> dict[str, set[str]]:
    """Officer -> "case/compartment" that they should open, from what was done."""
    wanted: dict[str, set[str]] = {}
    for officer in world.officers:
        mine = set(given[officer.name])
        for case in cases:
            for part in ("cover", "correspondence", "legal", "health", "finance"):
                if HOME[part] in officer.teams:
                    mine.add(f"{case}/{part}")
        if INTAKE in officer.teams:
            mine |= {f"{case}/identity" for case in chose}
        wanted[officer.name] = mine
    return wanted


@proves("P03")
def need_to_know() -> Found:
    """20 people, 200 cases, narratives assigned by chance; each root key alone on the copied files."""
    result, chance = Found(), random.Random(seed())
    people, count = many(20, 5), many(200, 6)
    world = found()
    teams = ("house", "intake", "legal", "care", "finance")
    for number in range(people - 3):
        # Everybody is in the house; what else is by chance. Founders are in every team.
        more = [one for one in teams[1:] if chance.random() < 0.3]
        world.hire(f"officer {number}", "house", *more)
    given: dict[str, set[str]] = defaultdict(set)
    defenders = [world.ask(what=f"call {n}") for n in range(count)]
    cases = [one.case for one in defenders]
    some = chance.sample(defenders, count // 4)
    for one in some:
        _choose(one, world.officers[0])
    for case in cases:
        owner, readers = _assign(world, chance, case)
        for part in ("narrative", "location"):
            given[owner.name].add(f"{case}/{part}")
        for reader in readers:
            given[reader.name].add(f"{case}/narrative")
    wanted, right = _expected(world, cases, given, {one.case for one in some}), 0
    with stolen() as copy:
        for number, officer in enumerate(world.officers):
            key = ("--passphrase", f"{officer.name}:{officer.passphrase}")
            # Every key on everything for one of them; for the others the keys of the places.
            budget = () if number == people - 1 else ("--budget", "0")
            said = steal(copy, *key, "--rows", *budget)
            opened = {one for one in said["parts"] if one.split("/")[1] in COMPARTMENTS}
            mine = wanted[officer.name]
            pairs = {one.split("/")[0] for one in opened ^ mine}
            right += count - len(pairs)
            result.expect(not opened - mine, f"{officer.name} opens {len(opened - mine)} too many")
            result.expect(not mine - opened, f"{officer.name} lacks {len(mine - opened)}")
    result.value = f"{right}/{people * count}"
    result.detail = (
        f"{sum(map(len, given.values()))} assignments, {len(some)} let one officer open their name, "
        f"seed {seed()}"
    )
    return result


def _assign(world: World, chance: random.Random, case: ids.Id) -> tuple[Officer, list[Officer]]:
    """Somebody of the intake team opens the case; some others get its narrative."""
    may = [one for one in world.officers if "intake" in one.teams]
    owner = chance.choice(may)
    with owner.request() as actor:
        opening.open_case(actor, case, version=0)
        opening.write_note(actor, case, "narrative", text="what happened")
    others = [one for one in world.officers if one is not owner]
    readers = chance.sample(others, chance.randint(0, 3))
    for reader in readers:
        with owner.request() as actor:
            consent.record_answer(
                actor,
                case,
                answer="granted",
                recipient=reader.id,
                label=reader.name,
                purpose="protection",
                compartment="narrative",
                how="oral",
                language="en",
            )
    return owner, readers


@proves("P04")
def administrator() -> Found:
    """House and coordination, the shell, both databases, the server's keys: 0 cases."""
    result, count = Found(), many(200, 10)
    world = found()
    admin = world.hire("admin", "house", "coordination")
    defenders = [world.ask(what=f"call {n}") for n in range(count)]
    with world.officers[0].request() as actor:
        opening.open_case(actor, defenders[0].case, version=0)
        opening.write_note(actor, defenders[0].case, "narrative", text="a note")
    beat()
    with stolen() as copy:
        said = steal(copy, "--passphrase", f"admin:{admin.passphrase}", "--rows")
    opened = [one for one in said["parts"] if one.split("/")[1] in COMPARTMENTS]
    tried = _every_verb(admin, [one.case for one in defenders], result)
    result.expect(not opened, f"the administrator's key opens {opened[:3]}")
    result.expect(said["opened"].get("people.person") == 4, "the thief is blind: names of staff")
    result.value = str(len({one.split("/")[0] for one in opened}))
    result.detail = f"{count} cases by key, {tried} refusals by service"
    return result


def _every_verb(admin: Officer, cases: list[ids.Id], result: Found) -> int:
    """Whatever the desk can ask of a case, asked by somebody who holds none."""
    verbs = {
        "case": lambda actor, case: queries.case(actor, case),
        "take": lambda actor, case: desk.take(actor, case, version=0),
        "reply": lambda actor, case: desk.reply(actor, case, text="x"),
        "open": lambda actor, case: opening.open_case(actor, case, version=0),
        "note": lambda actor, case: opening.write_note(actor, case, "narrative", text="x"),
        "release": lambda actor, case: consent.request_release(actor, case),
        "relink": lambda actor, case: opening.relink(actor, case, old=cases[-1], word="x"),
        "erase": lambda actor, case: erasing.ask(actor, case, reason="x"),
    }
    refused = 0
    for case in cases[:20]:
        for name, verb in verbs.items():
            try:
                with admin.request() as actor:
                    verb(actor, case)
                result.breaches.append(f"the administrator could {name}")
            except (errors.Refused, errors.NotFound):
                refused += 1
    with admin.request() as actor:
        result.expect(not queries.queue(actor).rows, "the administrator's queue shows a case")
    return refused


def _choose(defender: Defender, by: Officer, yes: bool = True) -> None:
    """One officer may open their name when their life is in danger, or no longer; `by` makes sure."""
    with defender.request() as actor:
        thread.choose(actor, purpose=DUTY, compartment="identity", yes=yes)
    if yes:
        sure(by, defender.case)


@proves("P05")
def identity_apart() -> Found:
    """The case worker's key opens the facts and fails on identity until two persons release it, or the
    defender chose that one officer may open it."""
    result = Found()
    world = found()
    first, second, third = world.officers
    worker = world.hire("worker", "house", "intake")
    defender = world.ask(what="a call")
    with worker.request() as actor:
        opening.open_case(actor, defender.case, version=0)
        opening.write_note(actor, defender.case, "narrative", text="what happened")

    def opens(*officers: Officer) -> set[str]:
        keys = [word for one in officers for word in _key(one)]
        with stolen() as copy:
            said = steal(copy, *keys, "--rows")
        here = f"{defender.case}/"
        return {one.removeprefix(here) for one in said["parts"] if one.startswith(here)}

    before = opens(worker)
    result.expect({"narrative", "location", "cover"} <= before, f"the worker lacks facts: {before}")
    result.expect("identity" not in before, "the worker's key opens identity before a release")
    for one in (first, second, third):
        result.expect("identity" not in opens(one), f"{one.name} alone opens identity")
    result.expect("identity" in opens(first, second), "a pair of the release group cannot open")
    result.expect("identity" not in opens(first, worker), "one of the group and another open it")
    try:
        with worker.request() as actor:
            opening.write_note(actor, defender.case, "identity", text="x")
        result.breaches.append("the worker writes to identity without a key")
    except errors.Refused:
        pass
    with worker.request() as actor:
        release = consent.request_release(actor, defender.case)
    with first.request() as actor:
        result.expect(not consent.approve_release(actor, release), "one person released")
    result.expect("identity" not in opens(worker), "the worker opens identity after one yes")
    try:
        with first.request() as actor:
            consent.approve_release(actor, release)
        result.breaches.append("two roles of one person counted as two")
    except errors.Refused:
        pass
    with second.request() as actor:
        result.expect(consent.approve_release(actor, release), "the second yes did nothing")
    result.expect("identity" in opens(worker), "after two persons the worker cannot open identity")
    chose = _one_in_danger(world, worker, defender, result)
    _one_who_relays(world, worker, result)
    result.value = str(len(result.breaches))
    result.detail = (
        f"13 questions to the keys on the disk, {chose} duty wraps, each of one who chose"
    )
    return result


def _one_who_relays(world: World, worker: Officer, result: Found) -> None:
    """Whoever passes a call on holds no key of it, before and after the desk has written to them."""
    relay = world.hire("relay", "relay")
    with relay.request() as actor:
        call = Call(what="a call that was passed on")
        case = relaying.file(actor, once=ids.new(), code=codes.new_digits(), call=call).case
    with worker.request() as actor:
        opening.open_case(actor, case, version=0)
        relaying.tell(actor, case, text="on Friday")
    with stolen() as copy:
        said = steal(copy, *_key(relay), "--rows")
    result.expect(not said["parts"], f"a relay's key opens {said['parts']}")
    notes = said["opened"].get("casework.relay note")
    result.expect(notes == 1, "the thief is blind: a relay reads what was written to them")


def _one_in_danger(world: World, worker: Officer, without: Defender, result: Found) -> int:
    """The duty wraps are those of the defenders who chose, and open a name to one officer in a deed of
    its own; returns how many there are."""
    calls = [world.ask(what=f"chosen {number}") for number in range(many(20, 4))]
    chose, other = calls[: len(calls) // 2], calls[len(calls) // 2 :]
    for one in (*chose, other[0]):
        _choose(one, worker)
    for one in calls:
        with worker.request() as actor:
            opening.open_case(actor, one.case, version=0)
    _choose(other[0], worker, yes=False)  # taken back after the wrap was made
    wraps = set(Grant.objects.filter(purpose=DUTY).values_list("case", "compartment"))
    wanted = {(one.case, "identity") for one in chose}
    result.expect(wraps == wanted, f"{len(wraps ^ wanted)} duty wraps of others, or missing")
    with stolen() as copy:
        said = steal(copy, *_key(worker), "--rows")
    names = {part for part in said["parts"] if part.endswith("/identity")}
    wanted_names = {f"{one.case}/identity" for one in (*chose, without)}
    result.expect(names == wanted_names, f"the worker's key opens {len(names)} names")
    for one in calls:
        with worker.request() as actor:
            result.expect(not gate.holds(actor, one.case, "identity"), "it opens in reading")
            result.expect(_pressed(actor, one) is (one in chose), "one officer, without the choice")
    return len(wraps)


def _pressed(actor: Actor, one: Defender) -> bool:
    try:
        consent.override(
            actor, one.case, compartment="identity", grantee=actor.id, reason="no word for a day"
        )
    except errors.Refused:
        return False
    return gate.holds(actor, one.case, "identity")


def _key(officer: Officer) -> tuple[str, str]:
    return "--passphrase", f"{officer.name}:{officer.passphrase}"
