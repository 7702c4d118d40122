"""P32: ten thousand requests, fifty on staff at their desks, a hundred people who ask at once.

Seen to fail: when two calls of the same moment get one answer.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from amparo.casework.models import Case
from amparo.foundation.config import config
from amparo.proofs.bench import inside
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.hostile import _call
from amparo.proofs.prove.served import Server, Visitor, serving
from amparo.proofs.prove.world import Officer, World, found
from amparo.vault import log
from amparo.web import middleware

ROUNDS = 3
SLOW = 20.0  # seconds that nobody waits for a page of the desk


@proves("P32")
def load() -> Found:
    """Everybody at once: each call is there once, each page of the desk comes."""
    result = Found()
    requests, staff, at_once = many(10_000, 40), many(50, 4), many(100, 10)
    world = found()
    inside.fill(requests)
    while len(world.officers) < staff:
        world.hire(f"colleague {len(world.officers)}", "house", "intake")
    for officer in world.officers:
        with officer.request():
            pass  # they are at their desks
    with serving(config().data.parent) as server:
        reads, slowest, taken, wall = _together(result, server, world, at_once)
    stored = Case.objects.count()
    result.expect(stored == requests + taken, f"{requests + taken} taken, {stored} stored")
    result.expect(taken == at_once * ROUNDS, f"{at_once * ROUNDS - taken} calls were not taken in")
    result.expect(reads >= staff, f"{reads} pages of the desk in all")
    result.expect(slowest < many(int(SLOW), 60), f"a page of the desk took {slowest:.0f} s")
    result.expect(log.verify(log.export()).ok, "the journal does not verify")
    result.value = str(len(result.breaches))
    result.detail = (
        f"{requests} requests, {staff} on staff reading the queue ({reads} pages, the slowest in "
        f"{slowest:.1f} s), {taken} of {at_once * ROUNDS} calls taken in, {at_once} at once, "
        f"in {wall:.0f} s"
    )
    return result


def _together(
    result: Found, server: Server, world: World, at_once: int
) -> tuple[int, float, int, float]:
    """(pages read, the slowest in seconds, calls taken in, seconds in all)."""
    stop, waits = threading.Event(), list[float]()

    def desk(officer: Officer) -> None:
        cookie = f"{middleware.SESSION_COOKIE}={middleware.cookie_of(officer.handle)}"
        visitor = Visitor(server.port)
        while not stop.is_set():
            begun = time.monotonic()
            answer = visitor.get("/desk/queue", {"Cookie": cookie})
            waits.append(time.monotonic() - begun)
            result.expect(answer.status == 200, f"a page of the desk says {answer.status}")
            stop.wait(1.0)

    desks = [threading.Thread(target=desk, args=(one,)) for one in world.officers]
    for one in desks:
        one.start()
    begun, taken = time.monotonic(), 0
    with ThreadPoolExecutor(at_once) as people:
        for _ in range(ROUNDS):
            taken += sum(people.map(lambda _: _call(server), range(at_once)))
    wall = time.monotonic() - begun
    stop.set()
    for one in desks:
        one.join()
    return len(waits), max(waits), taken, wall
