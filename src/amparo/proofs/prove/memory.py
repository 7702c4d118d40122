"""P42: at sign-out the program lets go of the keys; what its memory still holds is reported.

Python cannot wipe bytes, so the promise is about what the program holds: no object that it can still
reach has the person's keys or a team's, and of the server's keys that a lockdown destroys none is left
as text. How many copies of roots and of a text that was read are left in raw memory is counted from
outside and printed.

Seen to fail: when `sessions.end` does not `forget` its ring; when `server` writes its file as text.
"""

import gc
import json
import os
import time
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

from django.db import connections

from amparo.casework import queries
from amparo.casework.services import search
from amparo.people import services as people
from amparo.proofs.prove.found import Found, proves
from amparo.proofs.prove.world import World, found
from amparo.vault import server, sessions
from amparo.vault.keys import Ring

CANARY = "kanarienvogel-im-speicher"


@proves("P42")
def keys_in_memory() -> Found:
    """A process signs in, reads, signs out; then it is looked at from inside and from outside."""
    result = Found()
    world = found()
    defender = world.ask(what=f"{CANARY} words")
    connections.close_all()
    here, there = Pipe()
    child = os.fork()
    if not child:
        try:
            _work(world, defender, there)
        finally:
            os._exit(1)
    there.close()
    while_in = here.recv()
    roots = [bytes.fromhex(one) for one in while_in["roots"]]
    before = _copies(child, roots), _copies(child, [CANARY.encode()])
    here.send("sign out")
    held = here.recv()
    after = _copies(child, roots), _copies(child, [CANARY.encode()])
    time.sleep(2)
    here.send("go on working")
    here.recv()
    later = _copies(child, roots), _copies(child, [CANARY.encode()])
    written = json.loads(server.path().read_text())["keys"]
    gone = [written[name] for name in server.DESTROYED_BY_LOCKDOWN]
    here.send("lock down")
    here.recv()
    raw = _copies(child, [bytes.fromhex(one) for one in gone])
    text = _copies(child, [one.encode() for one in gone])
    here.send("end")
    os.waitpid(child, 0)
    result.expect(not text, f"{text} copies of destroyed server keys as text after a lockdown")
    result.expect(while_in["held"] > 0, "no key was held while signed in: nothing is shown")
    result.expect(held == 0, f"{held} objects with the person's keys after sign-out")
    result.value = str(held)
    result.detail = (
        f"copies of {len(roots)} roots and of a text in raw memory: signed in {before[0]} and "
        f"{before[1]}, after sign-out {after[0]} and {after[1]}, after other work {later[0]} and "
        f"{later[1]}; of the destroyed server keys after a lockdown {raw} (reported, not promised)"
    )
    return result


def _work(world: World, defender: Any, pipe: Any) -> None:
    first, second = world.officers[0], world.hire("lena", "house")
    sessions.forget()
    with first.request() as actor:
        queries.case(actor, defender.case)
        search.search(actor, "words")
        # The second one is in the house too, so that key does not go.
        seats = [seat for seat in actor.ring.teams.values() if seat.code != "house"]
        keys = [actor.ring.person, *(seat.key for seat in seats)]
        del seats
    marks = {one.public.raw for one in keys}
    pipe.send({"roots": [one.root.hex() for one in keys], "held": _held(marks)})
    pipe.recv()
    with first.request() as actor:
        people.sign_out(actor, first.handle)
    del actor, keys
    pipe.send(_held(marks))
    pipe.recv()
    for _ in range(20):
        with second.request() as actor:
            queries.queue(actor)
    pipe.send("done")
    pipe.recv()
    with second.request() as actor:
        people.lockdown(actor)
    pipe.send("locked down")
    pipe.recv()
    os._exit(0)


def _held(publics: set[bytes]) -> int:
    """Rings and keys of these public keys that can still be reached."""
    gc.collect()
    count = 0
    for one in gc.get_objects():
        person = one.person if isinstance(one, Ring) else one
        if type(person).__name__ == "PrivateKey":
            count += person.public.raw in publics
    return count


def _copies(process: int, wanted: list[bytes]) -> int:
    """How many times any of these stands in another process's memory."""
    count = 0
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            span, rights, *rest = line.split()
            if not rights.startswith("rw") or (
                len(rest) > 3 and rest[3] in {"[vvar]", "[vsyscall]"}
            ):
                continue
            begin, end = (int(one, 16) for one in span.split("-"))
            try:
                memory.seek(begin)
                data = memory.read(end - begin)
            except (OSError, ValueError, OverflowError):
                continue
            count += sum(data.count(one) for one in wanted)
    return count
