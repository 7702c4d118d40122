"""P44: after the raid button, everything that is left on the disk opens no link, notice or session; and
the way back works.

Calls for help keep coming in while it is pressed. Seen to fail: when `server.DESTROYED_BY_LOCKDOWN`
leaves out "duty" (addresses and links open, and a check-in too), when `plans.destroy_armed` leaves the
ladders, when `people.lockdown` does not end the sessions, and when
`server._write` does not overwrite the old file's bytes before it is replaced.
"""

import os
import threading
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path

from django.db import close_old_connections, connections

from amparo.casework import queries
from amparo.casework.models import Case
from amparo.casework.services import opening, sharing
from amparo.foundation import clock, errors, ids, journal
from amparo.foundation.config import config
from amparo.messages import services as messages
from amparo.messages.models import Outgoing, Route
from amparo.people import services as people
from amparo.proofs.prove.armed import alarms_left, armed, armed_again
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.world import (
    Defender,
    World,
    beat,
    bytes_at_rest,
    found,
    steal,
    stolen,
)
from amparo.vault import forms, server
from amparo.vault.models import Session


class Knocking:
    """Calls for help from several threads, as long as they are taken in."""

    def __init__(self, world: World, threads: int) -> None:
        self._world, self._stop = world, threading.Event()
        self.asked: list[Defender] = []
        self.odd: list[str] = []
        self._threads = [threading.Thread(target=self._knock) for _ in range(threads)]
        for one in self._threads:
            one.start()

    def _knock(self) -> None:
        while not self._stop.is_set():
            try:
                self.asked.append(self._world.ask(what="during the raid"))
            except errors.Unavailable:
                break
            except Exception as error:
                self.odd.append(f"{type(error).__name__}: {error}")
                break
        connections.close_all()

    def end(self) -> None:
        """Wait for all of them."""
        self._stop.set()
        for one in self._threads:
            one.join()


@proves("P44")
def raid_button() -> Found:
    """Pressed under load; what is left; lifted; work goes on."""
    result = Found()
    world = found()
    first, second, _ = world.officers
    defender = world.ask(what="before the raid")
    with first.request() as actor:
        messages.set_route(actor, channel="mail", address="ines@example.org")
        opening.open_case(actor, defender.case, version=0)
        offer = sharing.Offer("R.", "legal", ("narrative",), clock.today() + timedelta(days=3))
        token = sharing.share_by_link(actor, defender.case, offer=offer, hours=9)
    alarms = armed(world)
    form, old = forms.token(b"window"), server.load()
    with stolen() as copy:
        before = steal(copy, "--token", token)["opened"]
    result.expect(before.get("messages.route") == 1, "the thief is blind: no address before")
    result.expect(before.get("consent.link") == 1, "the thief is blind: no link before")
    knocking = Knocking(world, many(3, 2))
    while len(knocking.asked) < many(20, 4) and not knocking.odd:
        threading.Event().wait(0.05)
    queued = set(Outgoing.objects.values_list("id", flat=True))
    # A second name for the file of the server's keys: what its blocks hold when it is gone.
    behind = config().data.parent / "blocks"
    os.link(server.path(), behind)
    with second.request() as actor:
        people.lockdown(actor)
    knocking.end()
    close_old_connections()
    result.breaches += knocking.odd
    opened = _what_is_left(result, old, (token, form, first.handle), queued, behind)
    opened += alarms_left(result, alarms)
    _no_way_in(result, world, first.handle)
    _way_back(result, world, [defender, *alarms.people], knocking.asked)
    armed_again(result, alarms)
    result.value = str(opened)
    result.detail = f"{len(knocking.asked)} calls came in meanwhile, all of them kept"
    return result


def _what_is_left(
    result: Found,
    old: server.ServerKeys,
    carried: tuple[str, str, bytes],
    queued: set[ids.Id],
    behind: Path,
) -> int:
    """Everything on the disk after the button, with what people carried away."""
    opened = 0
    token, form, cookie = carried
    with stolen() as copy:
        said = steal(copy)
        for kind in ("messages.route", "consent.link", "vault.session"):
            opened += said["opened"].get(kind, 0)
        result.expect(said["outside_shadow"] == 0, f"opened: {said['opened']}")
        result.expect(not opened, f"{opened} addresses, links or sessions open")
        for name, secret in (("--token", token), ("--cookie", _text(cookie))):
            try:
                steal(copy, name, secret)
                result.breaches.append(f"{name} still opens")
                opened += 1
            except RuntimeError:
                pass
    for name in server.DESTROYED_BY_LOCKDOWN:
        key = old.keys[name]
        places = [
            place for place, data in bytes_at_rest() if key in data or key.hex().encode() in data
        ]
        result.expect(not places, f"the old {name} key is still in {places}")
        blocks = behind.read_bytes()
        gone = key not in blocks and key.hex().encode() not in blocks
        result.expect(gone, f"the old {name} key is still on the disk's blocks")
    result.expect(not Session.objects.exists(), "sessions are left")
    # A call that was under way may still leave a notice; it holds nothing that opens.
    result.expect(not Outgoing.objects.filter(id__in=queued).exists(), "notices are left")
    try:
        forms.read(form)
        result.breaches.append("a form of before is taken")
    except errors.AmparoError:
        pass
    kept = set(server.load().keys)
    result.expect({"pepper", "totp", "log", "rotation"} <= kept, f"too much was destroyed: {kept}")
    return opened


def _text(handle: bytes) -> str:
    return urlsafe_b64encode(handle).decode().rstrip("=")


def _no_way_in(result: Found, world: World, handle: bytes) -> None:
    result.expect(people.resume(handle).kind == "nobody", "a session outlived the lockdown")
    try:
        world.ask(what="too late")
        result.breaches.append("a call was taken in while locked down")
    except errors.Unavailable:
        pass


def _way_back(result: Found, world: World, before: list[Defender], asked: list[Defender]) -> None:
    first, defender = world.officers[0], before[0]
    with journal.unit():
        people.lift_lockdown()
    first.handle = b""
    with first.request() as actor:
        said = queries.case(actor, defender.case).thread.messages
        result.expect([one.text for one in said] == ["before the raid"], "sealed data was lost")
    result.expect(Route.objects.filter(owner=first.id).exists(), "the officer's route is lost")
    with stolen() as copy:
        back = steal(copy)["opened"].get("messages.route", 0)
    result.expect(back == 1, "the route does not open to the new duty key")
    for one in [*before, *asked]:
        one.window = b""
        with one.request() as actor:
            result.expect(queries.thread(actor).messages, "an acknowledged call is lost")
    result.expect(
        Case.objects.count() == len(before) + len(asked), "calls and acknowledgements differ"
    )
    world.ask(what="after the raid")
    beat()
