"""P13: whoever knocks with guessed codes, passphrases and digits gets nowhere, and keeps nobody out.

Seen to fail: when `people._may_try` is always true, when a wrong passphrase makes the name rest, and
when those who were here before wait in the strangers' line.
"""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from amparo.foundation import clock, errors, journal
from amparo.foundation.config import config
from amparo.people import rules
from amparo.people import services as people
from amparo.proofs.prove.at_rest import Desk
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.served import Server, Visitor, serving
from amparo.proofs.prove.world import World, found
from amparo.vault import codes, factors
from amparo.vault.factors import PERIOD


@proves("P13")
def guessing() -> Found:
    """Wrong codes in 64 connections; wrong passphrases; an honest person all the while."""
    result = Found()
    world = found()
    honest = world.ask(what="honest")
    count = many(10_000, 60)
    with serving(config().data.parent) as server:
        token = server.visitor().get("/back").token
        stop, waits = threading.Event(), []

        def come_back() -> None:
            while not stop.is_set():
                begun = time.monotonic()
                own = server.visitor().get("/back").token
                page = server.visitor().post("/back", {"token": own, "code": honest.text})
                waits.append(time.monotonic() - begun)
                result.expect("honest" in page.text, "an honest code did not open")

        person = threading.Thread(target=come_back)
        person.start()
        with ThreadPoolExecutor(64) as pool:
            wrong = [" ".join(codes.new_digits().shown) for _ in range(count)]
            answers = list(pool.map(lambda text: _knock(server, token, text), wrong))
        stop.set()
        person.join()
    result.expect(set(answers) <= {404, 422, 503}, f"wrong codes are answered {set(answers)}")
    # A wrong code never brings the honest person's words.
    result.expect(
        waits and max(waits) < 60, f"an honest person waited {max(waits, default=99):.1f} s"
    )
    tried = _passphrases(result, world)
    result.value = str(len(result.breaches))
    result.detail = (
        f"{count} wrong codes, the honest one opened {len(waits)} times in at most "
        f"{max(waits, default=0):.1f} s; {tried}"
    )
    return result


def _passphrases(result: Found, world: World) -> str:
    """Wrong passphrases in 16 connections, for a name that is known and for one that is not; officers
    sign in all the while, on devices that have been here before."""
    tried = many(1000, 12)
    with serving(config().data.parent) as server:
        desks = [Desk(server, officer) for officer in world.officers]
        result.expect(all(_is_in(one) for one in desks), "no officer can sign in")
        attackers = [server.visitor(keeps_cookies=True) for _ in range(16)]
        names, stop = (world.officers[0].name, "nobody here"), threading.Event()
        said: dict[str, set[tuple[int, str]]] = {name: set() for name in names}
        numbers, spent, signed = itertools.count(), [], 0

        def attack(one: Visitor) -> None:
            secret = one.get("/desk/sign-in").hidden("csrfmiddlewaretoken")
            while not stop.is_set() or next(numbers) < tried:
                name = names[next(numbers) % 2]
                given = {"name": name, "passphrase": "wrong words", "second": "000000"}
                answer = one.post("/desk/sign-in", given | {"csrfmiddlewaretoken": secret})
                said[name].add((answer.status, _why(answer.text)))

        flood = [threading.Thread(target=attack, args=(one,)) for one in attackers]
        for one in flood:
            one.start()
        for _ in range(many(4, 1)):
            time.sleep(PERIOD + 1)  # a code works once
            for desk, officer in zip(desks, world.officers, strict=True):
                begun = time.monotonic()
                desk.send("/desk/lock", {}, desk.browser.get("/desk/queue").hidden(CSRF))
                desk.sign_in(officer)
                signed += _is_in(desk)
                spent.append(time.monotonic() - begun)
        stop.set()
        for one in flood:
            one.join()
    result.expect(signed == len(spent), f"{len(spent) - signed} honest sign-ins were refused")
    result.expect(max(spent) < many(20, 120), f"an honest sign-in took {max(spent):.1f} s")
    known, unknown = said.values()
    result.expect(known == unknown, f"a known name is answered {known}, an unknown one {unknown}")
    result.expect({status for status, _ in known} == {422}, f"wrong passphrases: {known}")
    _digits(result, world)
    return (
        f"{next(numbers)} wrong passphrases in 16 connections, {signed} of {len(spent)} honest "
        f"sign-ins meanwhile, the slowest {max(spent):.1f} s"
    )


CSRF = "csrfmiddlewaretoken"


def _is_in(desk: Desk) -> bool:
    return desk.browser.get("/desk/queue").status == 200


def _why(page: str) -> str:
    return (
        "no fit" if "do not fit together" in page else "busy" if "at this moment" in page else "?"
    )


def _digits(result: Found, world: World) -> None:
    """Whoever has the passphrase too guesses no six digits, and learns from no answer that it is
    right."""
    officer, looked, real = world.officers[0], [], factors.step_of
    factors.step_of = lambda _, code: looked.append(code)  # type: ignore[assignment]
    with clock.frozen():
        answers = {_try_passphrase(officer.name, officer.passphrase) for _ in range(many(40, 12))}
        answers.add(_try_passphrase(officer.name, "wrong words"))
        answers.add(_try_passphrase("nobody here", "wrong words"))
    factors.step_of = real
    result.expect(answers == {"Refused"}, f"it is answered {answers}")
    free = rules.FREE_TRIES
    result.expect(len(looked) == free, f"{len(looked)} guesses at six digits, {free} are free")


def _knock(server: Server, token: str, text: str) -> int:
    return server.visitor().post("/back", {"token": token, "code": text}).status


def _try_passphrase(name: str, phrase: str) -> str:
    try:
        with journal.unit():
            people.sign_in(name, phrase, "000000")
    except errors.AmparoError as error:
        return type(error).__name__
    return "in"
